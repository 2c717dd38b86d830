/* restore.h - archived days back for a case, as a lease.
 *
 *     lease 'making' ─> each partition: copied from a volume, proven, listed
 *       ─> counts per day compared with the manifests ─> lease 'active'
 *     release: lease 'ending' ─> files dead ─> swept ─> 'ended'
 *
 * A partition that is online is not restored; one that another lease brought back
 * is, because that lease may end first.  Killed anywhere: the lease is 'making' or 'ending', and the next
 * maintain or restore takes its files away (kura_restore_recover). */
#ifndef KURA_ARCHIVE_RESTORE_H
#define KURA_ARCHIVE_RESTORE_H

#include "archive/job.h"

#include <stddef.h>

struct kura_restore_request {
    const struct kura_schema *table; /* NULL: every one */
    int64_t first_day, last_day;     /* UTC */
    const char *name;                /* of the case */
    int64_t expires_us;
};

/* What a restore would do. */
struct kura_restore_plan {
    size_t partitions, here; /* to restore; online */
    int64_t rows, bytes;     /* of those to restore; bytes on disk */
    int64_t room;            /* bytes left on the warehouse's disk */
    char **missing;          /* paths of volumes of which no copy is at hand */
    size_t missing_count;
    size_t expired; /* partitions that are nowhere any more */
};
enum kura_rc kura_restore_plan(const struct kura_job *j,
                               const struct kura_restore_request *r,
                               struct kura_restore_plan *out,
                               struct kura_err *err);
void kura_restore_plan_release(struct kura_restore_plan *p); /* zeroed ok */

/* Restores; *lease is its number, 0 when there was nothing to restore.
 * KURA_ENOTFOUND names the volumes to mount; KURA_EIO: not enough room. */
enum kura_rc kura_restore(const struct kura_job *j,
                          const struct kura_restore_request *r, int64_t *lease,
                          struct kura_err *err);

/* Gives a lease back; one that is 'ended' is fine. */
enum kura_rc kura_release(const struct kura_job *j, int64_t lease,
                          struct kura_err *err);

/* Takes away what is left of leases that died while being made or ended. */
enum kura_rc kura_restore_recover(const struct kura_job *j,
                                  struct kura_err *err);

#endif
