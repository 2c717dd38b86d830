/* coverage.h - what a statement searched, and what it did not.
 *
 * For each table that the statement read, every UTC day of the range asked for
 * has an answer: where its partitions were read, or why they were not, or that
 * there are no logs.  "No hits" is evidence only together with this. */
#ifndef KURA_QUERY_COVERAGE_H
#define KURA_QUERY_COVERAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "store/warehouse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kura_covered {
    KURA_COVERED_ONLINE,
    KURA_COVERED_RESTORED,
    KURA_COVERED_IN_PLACE, /* in a volume */
    /* Not searched: */
    KURA_COVERED_ARCHIVED,    /* in a volume; --archived was not given */
    KURA_COVERED_NOT_MOUNTED, /* in a volume whose file is not there */
    KURA_COVERED_EXPIRED,
    KURA_COVERED_MISSING, /* the file should be there and is not */
    KURA_COVERED_DAMAGED, /* read as far as the damage, or not at all */
    KURA_COVERED_NO_LOGS
};
/* "online", "restored", "in place", "not searched: archived" ... */
const char *kura_covered_word(enum kura_covered how);
bool kura_covered_is_searched(enum kura_covered how);

/* Days first..last of a table, alike in how and where. */
struct kura_coverage_item {
    const struct kura_schema *schema;
    int64_t first_day, last_day;
    enum kura_covered how;
    int64_t rows; /* of the partitions, as the catalog knows them */
    char *where;  /* volume, lease, or the damaged file; "" */
};
struct kura_coverage {
    struct kura_coverage_item *items; /* by table, day */
    size_t count;
};

/* Adds the days of one table; entries are in the order of days, `how` and
 * `where` beside each (where NULL: ""). */
enum kura_rc kura_coverage_add(struct kura_coverage *c,
                               const struct kura_schema *schema,
                               int64_t first_day, int64_t last_day,
                               const struct kura_partition_entry *entries,
                               const enum kura_covered *how,
                               const char *const *where, size_t count,
                               struct kura_err *err);
void kura_coverage_release(struct kura_coverage *c); /* zeroed ok */

/* Everything that should have been searched was (no logs is complete). */
bool kura_coverage_is_complete(const struct kura_coverage *c);

/* A line an item for people; one JSON array. */
enum kura_rc kura_coverage_print(const struct kura_coverage *c,
                                 struct kura_buf *out, struct kura_err *err);
enum kura_rc kura_coverage_json(const struct kura_coverage *c,
                                struct kura_buf *out, struct kura_err *err);

#endif
