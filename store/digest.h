/* digest.h - what a partition holds, whatever the order of its rows and the
 * numbers of its dictionaries: the sum over all rows of a hash of their values.
 *
 * Keyed by the process (kura_hash64): it is compared within one process and
 * never stored.  Two partitions with equal digests and rows hold the same
 * values in the same rows, but for a chance of one in 2^64. */
#ifndef KURA_STORE_DIGEST_H
#define KURA_STORE_DIGEST_H

#include "base/err.h"
#include "store/partition.h"

#include <stdint.h>

struct kura_digest {
    uint64_t sum;
    int64_t rows;
};

/* Adds all rows of p to *d, which the caller has zeroed.  Reads every chunk
 * and dictionary, so it is also the proof that they can be read. */
enum kura_rc kura_digest_add(struct kura_partition *p, struct kura_digest *d,
                             struct kura_err *err);

#endif
