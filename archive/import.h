/* import.h - volumes that come from elsewhere, and volumes that are gone. */
#ifndef KURA_ARCHIVE_IMPORT_H
#define KURA_ARCHIVE_IMPORT_H

#include "archive/job.h"
#include "store/adopt.h"

/* Lists the volume at `path`, or a further copy of one, after every byte of it
 * was read and compared and the `verify:` command agreed.  Partitions that had
 * expired with it are archived again; sightings that are missing are made. */
enum kura_rc kura_import(const struct kura_job *j, const char *path,
                         struct kura_err *err);

/* Lists a volume whose tar file has this digest; see kura_adopt.  `refused`
 * NULL: a transaction of its own, else in the one at hand. */
enum kura_rc kura_import_list(struct kura_warehouse *w, const char *path,
                              const char *sha256, int64_t verified_us,
                              kura_adopt_refused *refused, void *arg,
                              size_t *out_listed, struct kura_err *err);

/* The medium of a volume is lost: its partitions that are nowhere else are
 * 'expired', which is told day by day and written to the audit trail.  KURA_EINPUT
 * when a hold wants such a day and `force` is false. */
enum kura_rc kura_forget(const struct kura_job *j, const char *name, bool force,
                         struct kura_err *err);

#endif
