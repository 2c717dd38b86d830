/* sqlite.h - SQLite, linked (kura) or borrowed from the host (kura.so). */
#ifndef KURA_STORE_SQLITE_H
#define KURA_STORE_SQLITE_H

#ifdef KURA_MODULE
#include <sqlite3ext.h>
extern const sqlite3_api_routines *sqlite3_api;
#else
#include <sqlite3.h>
#endif

#endif
