/* rollup_table.h - <table>_rollup: a table added up by the columns that a
 * statement names, as an eponymous virtual table of SQLite.
 *
 * Its columns are those of the table that one groups by, then events, first_ts,
 * last_ts, and sum_<column> for each stored integer column that is no time.
 * ts and time are hidden: WHERE bounds them, before anything is added up, and
 * nobody can read them. */
#ifndef KURA_QUERY_ROLLUP_TABLE_H
#define KURA_QUERY_ROLLUP_TABLE_H

#include "base/err.h"
#include "query/engine.h"
#include "query/groups.h"
#include "store/schema.h"
#include "store/sqlite.h"

enum kura_rollup_role {
    KURA_ROLLUP_DIMENSION,
    KURA_ROLLUP_BOUND, /* ts, time */
    KURA_ROLLUP_MEASURE
};
#define KURA_ROLLUP_NAME 64
struct kura_rollup_column {
    char name[KURA_ROLLUP_NAME];
    enum kura_rollup_role role;
    int column;                     /* of the table; -1: none */
    enum kura_measure_kind measure; /* of a measure */
};

/* The columns in their order; the caller frees the array.  SQLite says of each
 * of the first 63 columns whether a statement uses it: a table that has more
 * dimensions than fit there keeps day, hour, weekday and its first ones. */
enum kura_rc kura_rollup_columns(const struct kura_schema *s,
                                 struct kura_rollup_column **out, size_t *count,
                                 struct kura_err *err);

/* Both are borrowed and must outlive db. */
enum kura_rc kura_rollup_register(sqlite3 *db, struct kura_engine *e,
                                  const struct kura_schema *schema,
                                  struct kura_err *err);

#endif
