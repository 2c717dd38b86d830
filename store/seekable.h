/* seekable.h - the zstd seekable format: compressed, and read at any place.
 *
 * The plain bytes are cut into pieces of KURA_FRAME bytes (the last may be
 * shorter); each is a zstd frame of its own with its content size and checksum
 * in it.  Two skippable frames follow, the checks and the seek table:
 *
 *     5C 2A 4D 18 | u32 size of what follows
 *     per frame: u32 CRC-32 of its packed bytes
 *
 *     5E 2A 4D 18 | u32 size of what follows
 *     per frame: u32 packed size, u32 plain size
 *     of the checks: u32 packed size, u32 0
 *     u32 number of frames, the checks included
 *     u8 descriptor (0: no checksums in the table) | B1 EA 92 8F
 *
 * all little-endian (contrib/seekable_format in zstd's sources).  `zstd -d`
 * gives the plain bytes back.  The checks are there because a changed bit can
 * inflate to the right bytes still (another offset into a run of zeros).
 *
 * A reader refuses a table whose sums are not the size of the file, a frame
 * whose header says another size than the table, and a frame whose checksum is
 * wrong: KURA_ECORRUPT with file and byte.  Unpacking refuses any change.
 *
 * A reader or packer belongs to one thread. */
#ifndef KURA_STORE_SEEKABLE_H
#define KURA_STORE_SEEKABLE_H

#include "base/err.h"
#include "base/hash.h"
#include "store/location.h"

#include <stddef.h>
#include <stdint.h>

#define KURA_FRAME 65536u /* plain bytes: one page of a sealed partition */
#define KURA_FRAMES_MAX (1u << 22) /* 256 GiB; a reader's table is 32 MiB */
#define KURA_LEVEL_SEAL 6 /* 5 % smaller than 3, and 0.1 s a day longer */
#define KURA_LEVEL_ARCHIVE 9
#define KURA_LEVEL_MAX 19

/* Takes compressed bytes in order. */
typedef enum kura_rc kura_sink_fn(void *arg, const void *p, size_t n,
                                  struct kura_err *err);

struct kura_packed {
    int64_t plain_bytes, packed_bytes;
    char sha256[KURA_SHA256_HEX]; /* of the plain bytes */
};

/* --- Packing ---------------------------------------------------------- */

struct kura_packer;
/* level is zstd's, 1 to KURA_LEVEL_MAX (else KURA_EUSAGE).  Frames are packed
 * by threads of its own, the same bytes whatever their number; the sink is
 * called in the caller's thread.  After an error only _free is left. */
enum kura_rc kura_packer_new(int level, kura_sink_fn *sink, void *arg,
                             struct kura_packer **out, struct kura_err *err);
enum kura_rc kura_packer_write(struct kura_packer *p, const void *bytes,
                               size_t n, struct kura_err *err);
/* The last frame and the seek table. */
enum kura_rc kura_packer_finish(struct kura_packer *p, struct kura_packed *out,
                                struct kura_err *err);
void kura_packer_free(struct kura_packer *p); /* NULL ok */

/* Packs the plain file `from` into a new file `to` and syncs it; `to` must not
 * exist and is removed after an error. */
enum kura_rc kura_seekable_pack(const char *from, const char *to, int level,
                                struct kura_packed *out, struct kura_err *err);

/* --- Reading ---------------------------------------------------------- */

struct kura_seekable;
/* Reads and checks the seek table.  `cache` is how many plain frames are kept
 * (at least 1).  The path is copied. */
enum kura_rc kura_seekable_open(const struct kura_location *at, unsigned cache,
                                struct kura_seekable **out,
                                struct kura_err *err);
void kura_seekable_close(struct kura_seekable *s);         /* NULL ok */
int64_t kura_seekable_size(const struct kura_seekable *s); /* plain bytes */
/* Exactly n plain bytes from offset; beyond the end is KURA_ECORRUPT. */
enum kura_rc kura_seekable_read(struct kura_seekable *s, int64_t offset,
                                void *to, size_t n, struct kura_err *err);
/* All plain bytes in order, each frame checked, past the cache; *out as when
 * it was packed (packed_bytes: what was read).  sink NULL: only checks. */
enum kura_rc kura_seekable_unpack(const struct kura_location *at,
                                  kura_sink_fn *sink, void *arg,
                                  struct kura_packed *out,
                                  struct kura_err *err);

#endif
