/* casefile_internal.h - what the files that keep something in case.db share.
 * Only store/casefile.c and store/case_*.c include it. */
#ifndef KURA_STORE_CASEFILE_INTERNAL_H
#define KURA_STORE_CASEFILE_INTERNAL_H

#include "store/casefile.h"
#include "store/db.h"

struct kura_casefile {
    sqlite3 *db; /* NULL: there is none yet, and it was opened for reading */
};

/* A change is begin, statements, a line of the trail, end: `end` commits when
 * rc is KURA_OK and rolls back otherwise; it returns what became of it. */
enum kura_rc kura_case_begin(struct kura_casefile *c, struct kura_err *err);
enum kura_rc kura_case_end(struct kura_casefile *c, enum kura_rc rc,
                           struct kura_err *err);
enum kura_rc kura_case_trail(struct kura_casefile *c, int64_t now_us,
                             const char *owner, const char *what,
                             const char *subject, struct kura_err *err);
/* KURA_ENOTFOUND "there is no WHAT NUMBER" unless the last statement changed
 * one row. */
enum kura_rc kura_case_changed(struct kura_casefile *c, const char *what,
                               int64_t number, struct kura_err *err);
/* A column as text of the caller's ("" for NULL); NULL when memory is gone. */
char *kura_case_text(sqlite3_stmt *stmt, int column);

#endif
