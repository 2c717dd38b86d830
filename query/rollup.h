/* rollup.h - the rows of a table that a filter lets pass, added up by some of
 * its columns.
 *
 * A partition is added up on its own, over the codes of its dictionaries, and
 * then to the whole: one that turns out damaged leaves nothing behind, and
 * coverage says so.  Texts are counted by their bytes; where a column compares
 * without case, groups that differ only in it become one at the end, shown in
 * the spelling that is the least by its bytes.
 *
 * What all groups and their texts take is bounded: beyond it the rollup fails
 * and says which column has so many values. */
#ifndef KURA_QUERY_ROLLUP_H
#define KURA_QUERY_ROLLUP_H

#include "query/constraint.h"
#include "query/engine_internal.h"
#include "query/groups.h"
#include "query/scan.h"

/* Any column but raw. */
struct kura_dimension {
    int column;
    bool fold; /* without case */
};
/* `column` is an integer column; not used for KURA_MEASURE_ROWS. */
struct kura_measure {
    enum kura_measure_kind kind;
    int column;
};

struct kura_rollup;
/* Enters the engine; free leaves it. */
enum kura_rc kura_rollup_new(struct kura_engine *e, const struct kura_schema *s,
                             size_t memory, struct kura_rollup **out,
                             struct kura_err *err);
void kura_rollup_free(struct kura_rollup *r); /* NULL ok */

/* Adds up anew; the arrays are copied.  With `beside`, the same filter read a
 * second time, a second thread may help; NULL: it may not. */
enum kura_rc kura_rollup_run(struct kura_rollup *r, struct kura_filter *f,
                             struct kura_filter *beside,
                             const struct kura_dimension *dims, size_t ndim,
                             const struct kura_measure *measures,
                             size_t nmeasure, struct kura_err *err);

/* Puts the groups into an order, the first of `by` first: as SQLite would, NULL
 * before all values. */
struct kura_rollup_order {
    size_t dim;
    bool descending;
};
enum kura_rc kura_rollup_sort(struct kura_rollup *r,
                              const struct kura_rollup_order *by, size_t n,
                              struct kura_err *err);

/* The groups, in an order that is the same each time; texts live until the next
 * run, or the next call. */
size_t kura_rollup_count(const struct kura_rollup *r);
void kura_rollup_dimension(struct kura_rollup *r, size_t i, size_t dim,
                           struct kura_scan_value *out);
/* KURA_EINPUT: the sum is beyond 64 bits. */
enum kura_rc kura_rollup_measure(const struct kura_rollup *r, size_t i,
                                 size_t measure, struct kura_scan_value *out,
                                 struct kura_err *err);

#endif
