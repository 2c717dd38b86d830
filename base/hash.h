/* hash.h - digests that are written to disk (SHA-256, CRC-32) and a keyed
 * hash that never leaves memory. */
#ifndef KURA_BASE_HASH_H
#define KURA_BASE_HASH_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define KURA_SHA256_SIZE 32
#define KURA_SHA256_HEX 65 /* 64 digits and a NUL */

struct kura_sha256; /* a running SHA-256 (libcrypto); one thread at a time */

enum kura_rc kura_sha256_new(struct kura_sha256 **out, struct kura_err *err);
void kura_sha256_free(struct kura_sha256 *h); /* NULL ok */
enum kura_rc kura_sha256_update(struct kura_sha256 *h, const void *p, size_t n,
                                struct kura_err *err);
/* The digest of what was given so far, as lower-case hex; h goes on. */
enum kura_rc kura_sha256_peek(const struct kura_sha256 *h,
                              char hex[KURA_SHA256_HEX], struct kura_err *err);
/* One call for a whole text. */
enum kura_rc kura_sha256_hex(const void *p, size_t n,
                             char hex[KURA_SHA256_HEX], struct kura_err *err);

/* CRC-32 as in zlib, gzip and PNG (reflected 0xEDB88320, start and end
 * inverted): zlib.crc32() of Python gives the same number. */
uint32_t kura_crc32(const void *p, size_t n);

/* For hash tables over text that attackers write: keyed with random bytes at
 * first use in the process, so that collisions cannot be prepared. */
uint64_t kura_hash64(const void *p, size_t n);

/* n random bytes from the kernel. */
enum kura_rc kura_random(void *p, size_t n, struct kura_err *err);

#endif
