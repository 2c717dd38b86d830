/* pack.h - sealed partitions move into a volume.
 *
 *     reserve name ─> write to the first destination ─> copy to the others
 *       ─> publish, sum, sign ─> read every copy back from disk, compare
 *       ─> one transaction: volume listed, partitions archived, online files dead
 *
 * Until the last step the partitions are online and the volume is 'making':
 * killed anywhere, kura_pack_recover removes what lies at the destinations and
 * the work is done again.  Nothing leaves the warehouse before every copy was
 * read whole and every member's digest compared. */
#ifndef KURA_ARCHIVE_PACK_H
#define KURA_ARCHIVE_PACK_H

#include "archive/job.h"

#include <stddef.h>

/* Packs these sealed partitions of one table and month. */
enum kura_rc kura_pack(const struct kura_job *j, const struct kura_schema *table,
                       const int64_t *numbers, size_t count,
                       struct kura_err *err);

/* Removes what was being made when somebody died.  KURA_EIO when a destination
 * that may hold some of it cannot be reached: nothing is forgotten then. */
enum kura_rc kura_pack_recover(const struct kura_job *j, struct kura_err *err);

/* Removes the volume's tar file and, before it, all that lies beside it under
 * its name: sums and signatures ("<path>.*"). */
enum kura_rc kura_pack_remove(const char *path, struct kura_err *err);

/* Refuses destinations that are not there: an absolute one is often a mount
 * point, and must exist; one below the warehouse is made. */
enum kura_rc kura_destinations_check(const struct kura_job *j,
                                     struct kura_err *err);

#endif
