/* retention.h - what is due, and nothing else: a pure function of what there
 * is, the policy, the holds and the time.
 *
 * A day is over when both the wall clock and the warehouse's newest event say
 * so: `now` is the earlier of the two, so that a clock that jumps ahead moves
 * nothing early, and a warehouse that nothing comes into any more keeps what it
 * has.  Days are UTC.
 *
 *   seal     open or full partitions of days that are over for `lateness`, and
 *            full ones of any day
 *   fold     two and more sealed online partitions of one table and day, when
 *            they have KURA_SEAL_ROWS rows together at most
 *   archive  sealed partitions of days before now less `online`; with `whole
 *            months`, only of months of which every day is due
 *   expire   live volumes whose last day is before now less `keep` and in
 *            whose range no hold lies
 *   release  leases whose time is over by the wall clock
 *
 * In this order.  What is held may be archived, never expired. */
#ifndef KURA_STORE_RETENTION_H
#define KURA_STORE_RETENTION_H

#include "base/err.h"
#include "store/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sealed partition has so many rows at most: sealing holds a column of all of
 * them in memory. */
#define KURA_SEAL_ROWS (1 << 22)

enum kura_due {
    KURA_DUE_SEAL,
    KURA_DUE_FOLD,
    KURA_DUE_ARCHIVE,
    KURA_DUE_EXPIRE,
    KURA_DUE_RELEASE
};

/* A partition that can be opened, volumes, leases and holds, as the plan needs
 * them.  `table` is an index of kura_schema_at; -1 in a hold: every table. */
struct kura_due_partition {
    int64_t number;
    int table;
    int64_t day;
    bool sealed, full;
    int64_t rows, bytes; /* bytes: of its file */
};
struct kura_due_volume {
    int64_t number;
    int table;
    int64_t first_day, last_day;
    int64_t rows, bytes;
    size_t members;
};
struct kura_due_lease {
    int64_t number; /* of case.db */
    int64_t expires_us;
};
struct kura_due_hold {
    int table;
    int64_t first_day, last_day; /* both held */
};

struct kura_retention {
    const struct kura_policy *policy;
    int64_t now_us;    /* the wall clock, or --now */
    int64_t newest_us; /* last event of any table but reject; INT64_MIN: none */
    bool whole_months; /* maintain without --all */
    int64_t before_day; /* archive --before: due if before this day, instead of
                           `online`; INT64_MIN: not given */
    int only_table;    /* -1: every table */
    const struct kura_due_partition *partitions; /* by table, day, number */
    size_t partition_count;
    const struct kura_due_volume *volumes;
    size_t volume_count;
    const struct kura_due_lease *leases;
    size_t lease_count;
    const struct kura_due_hold *holds;
    size_t hold_count;
};

/* One piece of work.  ARCHIVE: one table and month, `numbers` its partitions
 * (sealing of which may stand before it in the plan); SEAL: one; FOLD: two and
 * more; EXPIRE: a volume; RELEASE: a lease. */
struct kura_due_item {
    enum kura_due what;
    int table; /* -1: RELEASE */
    int64_t first_day, last_day;
    int64_t *numbers;
    size_t count;
    size_t partitions; /* EXPIRE: of the volume; else count */
    int64_t rows, bytes;
};
struct kura_plan {
    struct kura_due_item *items;
    size_t count;
    size_t held; /* volumes that only a hold keeps from expiring */
};

enum kura_rc kura_retention_plan(const struct kura_retention *r,
                                 struct kura_plan *out, struct kura_err *err);
void kura_plan_release(struct kura_plan *p); /* zeroed ok */

#endif
