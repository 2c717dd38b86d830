/* describe.h - what a manifest says of a partition: its sources, and their rows
 * by hour. */
#ifndef KURA_ARCHIVE_DESCRIBE_H
#define KURA_ARCHIVE_DESCRIBE_H

#include "archive/manifest.h"
#include "store/partition.h"

/* Fills all of *m but name, size, plain_size and sha256; what was allocated is
 * the manifest's (kura_manifest_release), also after an error. */
enum kura_rc kura_describe(struct kura_partition *p,
                           struct kura_manifest_member *m,
                           struct kura_err *err);

#endif
