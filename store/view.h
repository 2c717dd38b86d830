/* view.h - the view that lets anybody read a partition with SQLite alone. */
#ifndef KURA_STORE_VIEW_H
#define KURA_STORE_VIEW_H

#include "base/buf.h"
#include "base/err.h"
#include "store/schema.h"

/* Appends the CREATE VIEW statement of an open partition of table `s`: a view
 * named after the table that gives its stored columns in the order of the
 * schema, and `shape` last.  Pure SQL: it needs no function of ours, and the
 * tables of docs/format.md only.  The partition's "column" table must number
 * the stored columns from 1 in the same order. */
enum kura_rc kura_view_sql(const struct kura_schema *s, struct kura_buf *out,
                           struct kura_err *err);

#endif
