/* hash.c - SHA-256 from libcrypto, CRC-32 eight bytes at a time, and a keyed
 * hash of multiplications for tables in memory. */
#define OPENSSL_SUPPRESS_DEPRECATED /* see SHA-256 below */

#include "base/hash.h"

#include <errno.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* --- SHA-256 ---------------------------------------------------------- */

/* libcrypto's own functions for SHA-256, deprecated since 3.0 for EVP: they use
 * the same instructions of the processor, need no memory, and so cannot fail
 * half-way through setting up a provider. */
struct kura_sha256 {
    SHA256_CTX running;
};

enum kura_rc kura_sha256_new(struct kura_sha256 **out, struct kura_err *err)
{
    struct kura_sha256 *h = malloc(sizeof(*h));

    if (h == NULL)
        return kura_err_nomem(err);
    (void)SHA256_Init(&h->running);
    *out = h;
    return KURA_OK;
}

void kura_sha256_free(struct kura_sha256 *h)
{
    free(h);
}

enum kura_rc kura_sha256_update(struct kura_sha256 *h, const void *p, size_t n,
                                struct kura_err *err)
{
    if (n != 0 && SHA256_Update(&h->running, p, n) != 1)
        return kura_err_set(err, KURA_EIO, "cannot compute SHA-256");
    return KURA_OK;
}

static void sha256_format(const unsigned char digest[KURA_SHA256_SIZE],
                          char hex[KURA_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < KURA_SHA256_SIZE; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * KURA_SHA256_SIZE] = '\0';
}

enum kura_rc kura_sha256_peek(const struct kura_sha256 *h,
                              char hex[KURA_SHA256_HEX], struct kura_err *err)
{
    SHA256_CTX copy = h->running; /* so that h goes on */
    unsigned char digest[KURA_SHA256_SIZE];

    if (SHA256_Final(digest, &copy) != 1)
        return kura_err_set(err, KURA_EIO, "cannot compute SHA-256");
    sha256_format(digest, hex);
    return KURA_OK;
}

enum kura_rc kura_sha256_hex(const void *p, size_t n, char hex[KURA_SHA256_HEX],
                             struct kura_err *err)
{
    struct kura_sha256 h;
    enum kura_rc rc;

    (void)SHA256_Init(&h.running);
    rc = kura_sha256_update(&h, p, n, err);
    return rc == KURA_OK ? kura_sha256_peek(&h, hex, err) : rc;
}

/* --- CRC-32 ----------------------------------------------------------- */

/* crc_table[k][b]: the CRC of byte b followed by k zero bytes. */
static uint32_t crc_table[8][256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void crc_fill(void)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t c = b;

        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (UINT32_C(0xEDB88320) & (0 - (c & 1)));
        crc_table[0][b] = c;
    }
    for (size_t k = 1; k < 8; k++)
        for (size_t b = 0; b < 256; b++) {
            uint32_t c = crc_table[k - 1][b];

            crc_table[k][b] = c >> 8 ^ crc_table[0][c & 255];
        }
}

uint32_t kura_crc32(const void *p, size_t n)
{
    const unsigned char *s = p;
    uint32_t c = UINT32_MAX;

    (void)pthread_once(&crc_once, crc_fill);
    for (; n >= 8; n -= 8, s += 8) {
        c = crc_table[7][s[0] ^ (c & 255)] ^
            crc_table[6][s[1] ^ (c >> 8 & 255)] ^
            crc_table[5][s[2] ^ (c >> 16 & 255)] ^
            crc_table[4][s[3] ^ (c >> 24)] ^ crc_table[3][s[4]] ^
            crc_table[2][s[5]] ^ crc_table[1][s[6]] ^ crc_table[0][s[7]];
    }
    for (; n != 0; n--, s++)
        c = c >> 8 ^ crc_table[0][(c ^ *s) & 255];
    return ~c;
}

/* --- Keyed hash ------------------------------------------------------- */

static uint64_t hash_key[3];
static pthread_once_t hash_once = PTHREAD_ONCE_INIT;

static void hash_fill(void)
{
    /* Without random bytes the hash is still a hash, only a guessable one:
     * better than a program that cannot run. */
    if (kura_random(hash_key, sizeof(hash_key), NULL) != KURA_OK)
        memcpy(hash_key, "kura's hash without random", sizeof(hash_key));
}

static uint64_t hash_mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_load8(const unsigned char *s)
{
    uint64_t v;

    memcpy(&v, s, sizeof(v));
    return v;
}

static uint64_t hash_load4(const unsigned char *s)
{
    uint32_t v;

    memcpy(&v, s, sizeof(v));
    return v;
}

uint64_t kura_hash64(const void *p, size_t n)
{
    const unsigned char *s = p;
    uint64_t h, a, b;
    size_t left = n;

    (void)pthread_once(&hash_once, hash_fill);
    h = hash_key[0];
    for (; left > 16; left -= 16, s += 16)
        h = hash_mix(hash_load8(s) ^ hash_key[1], hash_load8(s + 8) ^ h);
    /* 0 to 16 bytes are left.  Loads overlap rather than loop; the length,
     * mixed in last, tells apart texts that load alike. */
    if (left >= 8) {
        a = hash_load8(s);
        b = hash_load8(s + left - 8);
    } else if (left >= 4) {
        a = hash_load4(s);
        b = hash_load4(s + left - 4);
    } else if (left > 0) {
        a = (uint64_t)s[0] << 16 | (uint64_t)s[left / 2] << 8 | s[left - 1];
        b = 0;
    } else {
        a = 0;
        b = 0;
    }
    h = hash_mix(a ^ hash_key[1], b ^ h);
    return hash_mix(h ^ hash_key[2], (uint64_t)n ^ hash_key[1]);
}

/* --- Random bytes ----------------------------------------------------- */

enum kura_rc kura_random(void *p, size_t n, struct kura_err *err)
{
    unsigned char *s = p;

    while (n != 0) {
        ssize_t got = getrandom(s, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return kura_err_sys(err, errno, "cannot get random bytes");
        s += got;
        n -= (size_t)got;
    }
    return KURA_OK;
}
