/* segment.h - chunks: one column of one segment as byte planes.
 *
 * The layout is docs/format.md, "Partition": `width` planes of one byte per
 * row, low plane first.  Encoding is here, for the builder; decoding is in
 * partition.c, beside the checks of what comes from disk. */
#ifndef KURA_STORE_SEGMENT_H
#define KURA_STORE_SEGMENT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The chunk of column c and segment s. */
#define KURA_CHUNK_ID(c, s) ((int64_t)(c)*1048576 + (int64_t)(s))
/* A decimal number behind the planes: a step or an entry of a list. */
#define KURA_CHUNK_NUMBER 20

struct kura_chunk {
    bool present;        /* false: all NULL, nothing to store */
    int64_t base, scale; /* integers: scale 0 says that a list follows */
    int width;
    int64_t low, high;
};

/* Encodes ids (0 is NULL); the planes are appended to `data`. */
enum kura_rc kura_segment_encode_ids(const uint32_t *ids, uint32_t rows,
                                     struct kura_chunk *out,
                                     struct kura_buf *data,
                                     struct kura_err *err);
/* Encodes integers within +-2^62; present[i] = 0 where NULL.  `scratch` is
 * room for `rows` numbers.  A step or a list, where there is one, is the end
 * of `data`; it never makes a chunk larger than plain planes would be. */
enum kura_rc kura_segment_encode_integers(const int64_t *values,
                                          const uint8_t *present, uint32_t rows,
                                          uint64_t *scratch,
                                          struct kura_chunk *out,
                                          struct kura_buf *data,
                                          struct kura_err *err);

#endif
