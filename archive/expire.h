/* expire.h - a volume whose keep period is over goes.
 *
 * In the order that loses nothing: the audit trail says so, the catalog calls it
 * expired, then its files go from every destination that is at hand.  What is
 * on a medium that is not mounted stays there and is told. */
#ifndef KURA_ARCHIVE_EXPIRE_H
#define KURA_ARCHIVE_EXPIRE_H

#include "archive/job.h"

/* KURA_EIO when case.db is missing: without holds nothing expires. */
enum kura_rc kura_expire(const struct kura_job *j, int64_t volume,
                         struct kura_err *err);
/* Removes files of expired volumes that a crash or an absent medium left. */
enum kura_rc kura_expire_recover(const struct kura_job *j,
                                 struct kura_err *err);

#endif
