/* table.h - a table of the warehouse as an eponymous virtual table of SQLite.
 *
 * Its columns are those of the schema, in order.  rowid is the partition's
 * number << 36 | segment << 16 | row: unique, and the same in every statement
 * until a partition is replaced.  docs/architecture.md describes idxStr. */
#ifndef KURA_QUERY_TABLE_H
#define KURA_QUERY_TABLE_H

#include "base/err.h"
#include "query/engine.h"
#include "store/schema.h"
#include "store/sqlite.h"

/* Both are borrowed and must outlive db. */
enum kura_rc kura_table_register(sqlite3 *db, struct kura_engine *e,
                                 const struct kura_schema *schema,
                                 struct kura_err *err);

#endif
