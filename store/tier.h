/* tier.h - the steps of a partition's life after it was filled, each one
 * transaction of the catalog around fsynced files:
 *
 *     open, full ──seal──> sealed ──volume──> archived ──expire──> expired
 *                            │  ▲                │ ▲
 *                       fold └──┘        restore └─┘ release  (a copy more or less)
 *
 * A copy is made and proven first, then one transaction lists it and makes what
 * it replaces dead, then dead files are removed once nobody reads: a crash
 * leaves a file that the catalog does not know or that it calls dead, and the
 * next kura_tier_sweep removes both.  Every call is idempotent.  Needs a
 * warehouse opened for writing; the caller holds kura_tier_lock for all but
 * sealing. */
#ifndef KURA_STORE_TIER_H
#define KURA_STORE_TIER_H

#include "base/hash.h"
#include "store/location.h"
#include "store/warehouse.h"

/* One maintainer at a time (maintain, archive, restore, release, volumes,
 * catalog rebuild): KURA_EBUSY when another process has it. */
enum kura_rc kura_tier_lock(struct kura_warehouse *w, struct kura_err *err);
void kura_tier_unlock(struct kura_warehouse *w);

/* --- Sealing ---------------------------------------------------------- */

/* Seals an open or full partition, with its sightings; one that is sealed
 * already is fine.  KURA_EBUSY when somebody writes it. */
enum kura_rc kura_tier_seal(struct kura_warehouse *w, int64_t number,
                            struct kura_err *err);
/* Makes one sealed partition of several of a table and day; they become
 * 'replaced'. */
enum kura_rc kura_tier_fold(struct kura_warehouse *w, const int64_t *numbers,
                            size_t count, struct kura_err *err);

/* Removes dead files and files that were being made when somebody died, if no
 * statement reads (it does nothing then); *left counts what stays. */
enum kura_rc kura_tier_sweep(struct kura_warehouse *w, size_t *left,
                             struct kura_err *err);

/* --- Volumes ---------------------------------------------------------- */

struct kura_volume_copy {
    char *destination;   /* directory, absolute */
    char *path;          /* of the tar file in it */
    int64_t verified_us; /* INT64_MIN: never since it was written */
    bool present;        /* the file is there now */
};
struct kura_volume_entry {
    int64_t number;
    char id[33];
    char *name; /* 2025Q1/proxy-2025-01.tar */
    const struct kura_schema *schema;
    int64_t first_day, last_day;
    int64_t bytes, made_us;
    char sha256[KURA_SHA256_HEX];
    char *state; /* making, live, expired, forgotten */
    struct kura_volume_copy *copies;
    size_t copy_count;
    int64_t rows; /* of its members */
    size_t member_count;
};
/* By table and day; freed by _list_free. */
enum kura_rc kura_volume_list(struct kura_warehouse *w,
                              struct kura_volume_entry **out, size_t *count,
                              struct kura_err *err);
void kura_volume_list_free(struct kura_volume_entry *list, size_t count);

struct kura_volume_member {
    int64_t partition; /* number */
    const char *name;
    int64_t offset, size;
};
/* Reserves id and name ("2025Q1/proxy-2025-01.tar", ".1.tar" ... if taken, also
 * on a destination's disk) for a volume of this table: state making. */
enum kura_rc kura_volume_begin(struct kura_warehouse *w,
                               const struct kura_schema *table,
                               int64_t first_day, int64_t last_day,
                               int64_t now_us, struct kura_volume_entry *out,
                               struct kura_err *err);
/* All copies are written, read back and compared: lists it, makes its members
 * 'archived' and their online files dead.  v: bytes, sha256 and copies. */
enum kura_rc kura_volume_commit(struct kura_warehouse *w,
                                const struct kura_volume_entry *v,
                                const struct kura_volume_member *members,
                                size_t count, int64_t now_us,
                                struct kura_err *err);
/* A volume that was being made when somebody died: forgets it (its files are
 * the caller's to remove before). */
enum kura_rc kura_volume_abort(struct kura_warehouse *w, int64_t number,
                               struct kura_err *err);
/* A copy was read whole, or (now_us INT64_MIN) is not: it counts as never read
 * until it is. */
enum kura_rc kura_volume_verified(struct kura_warehouse *w, int64_t number,
                                  const char *destination, int64_t now_us,
                                  struct kura_err *err);
/* state 'expired' or 'forgotten': partitions that are nowhere else become
 * 'expired'.  Sightings stay.  A forgotten volume that is imported again is live
 * again. */
enum kura_rc kura_volume_retire(struct kura_warehouse *w, int64_t number,
                                const char *state, struct kura_err *err);

/* The absolute directory of each destination of the policy. */
enum kura_rc kura_destination_path(const struct kura_warehouse *w, int i,
                                   char **out, struct kura_err *err);

/* --- Leases ------------------------------------------------------------ */

/* Reserves a path below restored/L<lease>/ for a copy of the partition; the
 * caller writes and proves the file, then _add lists it. */
enum kura_rc kura_restored_path(struct kura_warehouse *w, int64_t lease,
                                int64_t partition, char **path,
                                struct kura_err *err);
enum kura_rc kura_restored_add(struct kura_warehouse *w, int64_t partition,
                               const char *path, int64_t size,
                               struct kura_err *err);
/* Makes all files of a lease dead. */
enum kura_rc kura_restored_drop(struct kura_warehouse *w, int64_t lease,
                                struct kura_err *err);

#endif
