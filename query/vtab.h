/* vtab.h - what the virtual tables (table.c, rollup_table.c) share towards
 * SQLite. */
#ifndef KURA_QUERY_VTAB_H
#define KURA_QUERY_VTAB_H

#include "base/err.h"
#include "query/constraint.h"
#include "query/scan.h"
#include "store/sqlite.h"

int kura_vtab_code(enum kura_rc rc);
/* The same, and leaves the message with the table. */
int kura_vtab_fail(sqlite3_vtab *t, enum kura_rc rc,
                   const struct kura_err *err);
/* The value, or the error, of a column. */
int kura_vtab_result(sqlite3_context *ctx, enum kura_rc rc,
                     const struct kura_scan_value *v,
                     const struct kura_err *err);
/* Hands the plan over as idxStr. */
int kura_vtab_plan(const struct kura_choice *p, sqlite3_index_info *info);
enum kura_rc kura_vtab_touch(sqlite3 *db, const char *name,
                             struct kura_err *err);
/* xFindFunction: the tests of functions.h. */
int kura_vtab_find_function(sqlite3_vtab *base, int argc, const char *name,
                            void (**out)(sqlite3_context *, int,
                                         sqlite3_value **),
                            void **out_arg);

#endif
