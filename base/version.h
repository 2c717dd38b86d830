/* version.h - what this program is, and what it writes to disk. */
#ifndef KURA_BASE_VERSION_H
#define KURA_BASE_VERSION_H

#define KURA_VERSION "0.1.0"
/* "kura" in ASCII: PRAGMA application_id of every file that kura makes. */
#define KURA_APPLICATION_ID 0x6B757261
/* PRAGMA user_version: docs/format.md. */
#define KURA_FORMAT_VERSION 1

#endif
