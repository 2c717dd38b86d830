/* seal.h - one or more partitions of a table and day, written anew as one that
 * never changes again.
 *
 * Rows in the order of ts (ties in the order of input), dictionaries sorted,
 * chunks column by column, packed into frames.  The result is read back through
 * the VFS and its content digest (digest.h) compared with the sum of the
 * inputs' before it is published: what seal made is proven to hold every value
 * of every row.
 *
 * Memory: one column of all rows at a time, and its dictionary; the inputs may
 * have KURA_SEAL_ROWS (retention.h) rows together.  Killed at any point it leaves at most
 * `<to>.plain` and `<to>.tmp`, which the next call on the same name removes. */
#ifndef KURA_STORE_SEAL_H
#define KURA_STORE_SEAL_H

#include "base/err.h"
#include "store/location.h"
#include "store/retention.h"
#include "store/seekable.h"

#include <stddef.h>

struct kura_sealed {
    struct kura_packed packed;
    int64_t rows, raw_bytes, first_ts, last_ts;
};

/* `id` of the result: that of the input when there is one, else a new one; then
 * the inputs' ids (and what they replace) become its `replaces`.  The inputs
 * are open or sealed and must not change meanwhile (the caller holds their
 * locks).  `to` ends in .db.zst and must not exist. */
enum kura_rc kura_seal(const struct kura_location *inputs, size_t count,
                       const char *id, const char *to, int level,
                       struct kura_sealed *out, struct kura_err *err);

#endif
