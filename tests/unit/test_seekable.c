/* What is packed comes back, at any place; what is damaged never does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "store/seekable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define PLAIN_MAX (20 * KURA_FRAME + 77)
#define BOUND (KURA_FRAME + 1024)

static char path[64];
static unsigned char plain[PLAIN_MAX];

/* Runs, words and noise, so that every kind of block is packed. */
static void plain_fill(void)
{
    uint64_t x = 88172645463325252u;

    for (size_t i = 0; i < sizeof(plain); i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        switch (i / 8192 % 4) {
        case 0:
            plain[i] = (unsigned char)x;
            break;
        case 1:
            plain[i] = 0;
            break;
        default:
            plain[i] = (unsigned char)("example.com"[i % 11] + (x % 50 == 0));
        }
    }
}

static enum kura_rc to_buf(void *arg, const void *p, size_t n,
                           struct kura_err *err)
{
    return kura_buf_append(arg, p, n, err);
}

static void pack(size_t n, size_t step, int level, struct kura_buf *out,
                 struct kura_packed *packed)
{
    struct kura_packer *p = NULL;

    kura_buf_init(out, SIZE_MAX / 2);
    assert_int_equal(kura_packer_new(level, to_buf, out, &p, NULL), KURA_OK);
    for (size_t i = 0; i < n; i += step)
        assert_int_equal(
            kura_packer_write(p, plain + i, n - i < step ? n - i : step, NULL),
            KURA_OK);
    assert_int_equal(kura_packer_finish(p, packed, NULL), KURA_OK);
    kura_packer_free(p);
}

static void store(const void *p, size_t n)
{
    assert_int_equal(kura_fs_write(path, p, n, NULL), KURA_OK);
}

static enum kura_rc unpack(size_t n, struct kura_buf *to, struct kura_err *err)
{
    struct kura_location at = {path, 0, (int64_t)n};
    struct kura_packed packed;

    return kura_seekable_unpack(&at, to == NULL ? NULL : to_buf, to, &packed,
                                err);
}

/* One frame after the other, each with a context of its own. */
static size_t frames_alone(size_t n, int level, unsigned char *to, size_t room)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i += KURA_FRAME) {
        ZSTD_CCtx *c = ZSTD_createCCtx();
        size_t part = n - i < KURA_FRAME ? n - i : KURA_FRAME, put;

        (void)ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
        (void)ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
        put = ZSTD_compress2(c, to + at, room - at, plain + i, part);
        assert_false(ZSTD_isError(put));
        at += put;
        (void)ZSTD_freeCCtx(c);
    }
    return at;
}

/* As `zstd -d` does it: frame by frame, over skippable ones. */
static void check_zstd(const struct kura_buf *file, size_t n)
{
    unsigned char *to = malloc(n + 1);
    ZSTD_DCtx *d = ZSTD_createDCtx();

    assert_non_null(to);
    assert_int_equal(ZSTD_decompressDCtx(d, to, n + 1, file->data, file->len),
                     n);
    assert_memory_equal(to, plain, n);
    (void)ZSTD_freeDCtx(d);
    free(to);
}

static void check_round(size_t n, size_t step, int level)
{
    size_t room = (n / KURA_FRAME + 1) * BOUND, alone;
    unsigned char *frames = malloc(room);
    char sha256[KURA_SHA256_HEX];
    struct kura_buf file, back;
    struct kura_packed packed, again;
    struct kura_location at = {path, 0, 0};

    assert_non_null(frames);
    pack(n, step, level, &file, &packed);
    assert_int_equal(packed.plain_bytes, n);
    assert_int_equal(packed.packed_bytes, file.len);
    (void)kura_sha256_hex(plain, n, sha256, NULL);
    assert_string_equal(packed.sha256, sha256);
    alone = frames_alone(n, level, frames, room);
    assert_true(file.len > alone);
    assert_memory_equal(file.data, frames, alone);
    check_zstd(&file, n);

    store(file.data, file.len);
    at.size = (int64_t)file.len;
    kura_buf_init(&back, SIZE_MAX / 2);
    assert_int_equal(kura_seekable_unpack(&at, to_buf, &back, &again, NULL),
                     KURA_OK);
    assert_int_equal(back.len, n);
    if (n != 0)
        assert_memory_equal(back.data, plain, n);
    assert_int_equal(again.plain_bytes, n);
    assert_int_equal(again.packed_bytes, file.len);
    assert_string_equal(again.sha256, sha256);
    kura_buf_release(&back);
    kura_buf_release(&file);
    free(frames);
}

static void test_round(void **state)
{
    static const size_t sizes[] = {0,     1,     255,           256,
                                   65535, 65536, 65537,         131072,
                                   65791, 65792, PLAIN_MAX - 3, PLAIN_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        check_round(sizes[i], 100000, KURA_LEVEL_SEAL);
    check_round(PLAIN_MAX, 4099, KURA_LEVEL_ARCHIVE);
    check_round(PLAIN_MAX, PLAIN_MAX, KURA_LEVEL_MAX);
    check_round(PLAIN_MAX, 1000, 1);
}

static void test_read_anywhere(void **state)
{
    static unsigned char got[3 * KURA_FRAME];
    struct kura_location at = {path, 4321, 0};
    struct kura_packed packed;
    struct kura_buf file, big;
    uint64_t x = 99;

    (void)state;
    pack(PLAIN_MAX, 65536, 3, &file, &packed);
    kura_buf_init(&big, SIZE_MAX / 2);
    (void)kura_buf_append(&big, plain, 4321, NULL);
    (void)kura_buf_append(&big, file.data, file.len, NULL);
    (void)kura_buf_append(&big, plain, 999, NULL);
    store(big.data, big.len);
    at.size = (int64_t)file.len;
    for (unsigned cache = 0; cache < 4; cache++) {
        struct kura_seekable *s = NULL;

        assert_int_equal(kura_seekable_open(&at, cache, &s, NULL), KURA_OK);
        assert_int_equal(kura_seekable_size(s), PLAIN_MAX);
        for (int i = 0; i < 300; i++) {
            size_t from, n;

            x = x * 6364136223846793005u + 1442695040888963407u;
            from = (size_t)(x >> 33) % PLAIN_MAX;
            n = (size_t)(x >> 20) % sizeof(got);
            n = n < PLAIN_MAX - from ? n : PLAIN_MAX - from;
            assert_int_equal(kura_seekable_read(s, (int64_t)from, got, n, NULL),
                             KURA_OK);
            assert_memory_equal(got, plain + from, n);
        }
        assert_int_equal(kura_seekable_read(s, PLAIN_MAX, got, 0, NULL),
                         KURA_OK);
        assert_int_equal(kura_seekable_read(s, PLAIN_MAX - 1, got, 2, NULL),
                         KURA_ECORRUPT);
        assert_int_equal(kura_seekable_read(s, -1, got, 1, NULL),
                         KURA_ECORRUPT);
        kura_seekable_close(s);
    }
    kura_buf_release(&big);
    kura_buf_release(&file);
}

static void poke(int fd, size_t at, unsigned char c)
{
    assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
}

/* Much repetition: where zstd has most ways to say the same. */
static void plain_repeat(void)
{
    static const char line[] = "GET http://www.example.com/index.html 200 ";

    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = i / 30000 % 2 == 0 ? (unsigned char)line[i % 42] : 0;
}

static void test_every_flip(void **state)
{
    struct kura_packed packed;
    struct kura_buf file;
    int fd;

    (void)state;
    plain_repeat();
    pack(KURA_FRAME + 700, 65536, 3, &file, &packed);
    assert_in_range(file.len, 100, 1000);
    store(file.data, file.len);
    assert_int_equal(unpack(file.len, NULL, NULL), KURA_OK);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t i = 0; i < file.len; i++) {
        unsigned char c = (unsigned char)file.data[i];

        for (int bit = 0; bit < 9; bit++) {
            struct kura_err err = KURA_ERR_INIT;
            unsigned flip = bit == 8 ? 0xff : 1u << bit;

            poke(fd, i, (unsigned char)(c ^ flip));
            if (unpack(file.len, NULL, &err) != KURA_ECORRUPT)
                fail_msg("byte %zu of %zu flipped by %02x: %d %s", i, file.len,
                         flip, err.rc, err.msg);
            assert_non_null(strstr(err.msg, path));
        }
        poke(fd, i, c);
    }
    (void)close(fd);
    assert_int_equal(unpack(file.len, NULL, NULL), KURA_OK);
    kura_buf_release(&file);
    plain_fill();
}

static void test_every_cut(void **state)
{
    struct kura_packed packed;
    struct kura_buf file;

    (void)state;
    plain_repeat();
    pack(KURA_FRAME + 700, 65536, 3, &file, &packed);
    for (size_t n = file.len - 1; n > 0; n--) {
        store(file.data, file.len);
        assert_int_equal(truncate(path, (off_t)n), 0);
        assert_int_equal(unpack(file.len, NULL, NULL), KURA_ECORRUPT);
        assert_int_equal(unpack(n, NULL, NULL), KURA_ECORRUPT);
        if (n > 60 && n < file.len - 60)
            n -= 20;
    }
    assert_int_equal(unpack(0, NULL, NULL), KURA_ECORRUPT);
    kura_buf_release(&file);
    plain_fill();
}

static void put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (8 * i));
}

/* A file of one frame, its checks and a table of `count` lines. */
static size_t forge(unsigned char *to, size_t room, size_t n, uint32_t count)
{
    size_t put = ZSTD_compress(to, room, plain, n, 3), at = put;

    put32(to + at, 0x184D2A5C);
    put32(to + at + 4, 4);
    put32(to + at + 8, kura_crc32(to, put));
    at += 12;
    put32(to + at, 0x184D2A5E);
    put32(to + at + 4, 8 * count + 9);
    put32(to + at + 8, (uint32_t)put);
    put32(to + at + 12, (uint32_t)n);
    put32(to + at + 16, 12);
    put32(to + at + 20, 0);
    put32(to + at + 24, count);
    to[at + 28] = 0;
    put32(to + at + 29, 0x8F92EAB1);
    return at + 33;
}

static void test_hostile(void **state)
{
    static unsigned char file[2 * KURA_FRAME];
    static const uint32_t counts[] = {
        0, 1, 3, 0x7fffffff, 0x20000000, 0x20000002, 0xffffffff, 0xfffffffe};
    struct kura_err err = KURA_ERR_INIT;
    struct stat st;
    size_t n;

    (void)state;
    /* Without a checksum in the frame; then too large a frame. */
    n = forge(file, sizeof(file), 1000, 2);
    store(file, n);
    assert_int_equal(unpack(n, NULL, NULL), KURA_ECORRUPT);
    memset(plain, 'x', KURA_FRAME + 1);
    n = forge(file, sizeof(file), KURA_FRAME + 1, 2);
    store(file, n);
    assert_int_equal(unpack(n, NULL, &err), KURA_ECORRUPT);
    assert_non_null(strstr(err.msg, "impossible size of a frame"));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        n = forge(file, sizeof(file), 1000, counts[i]);
        store(file, n);
        assert_int_equal(unpack(n, NULL, NULL), KURA_ECORRUPT);
    }
    /* A sparse file that could hold the largest table. */
    n = forge(file, sizeof(file), 1000, 1u << 27);
    store(file, n);
    assert_int_equal(truncate(path, INT64_C(3) << 30), 0);
    assert_int_equal(stat(path, &st), 0);
    {
        struct kura_location far = {path, st.st_size - 9, 9};
        struct kura_location over = {path, INT64_MAX - 3, 100};
        struct kura_location minus = {path, -1, 100};

        assert_int_equal(kura_seekable_unpack(&far, NULL, NULL, NULL, NULL),
                         KURA_ECORRUPT);
        assert_int_equal(kura_seekable_unpack(&over, NULL, NULL, NULL, NULL),
                         KURA_ECORRUPT);
        assert_int_equal(kura_seekable_unpack(&minus, NULL, NULL, NULL, NULL),
                         KURA_ECORRUPT);
    }
    plain_fill();
}

static enum kura_rc full(void *arg, const void *p, size_t n,
                         struct kura_err *err)
{
    (void)p;
    *(size_t *)arg += n;
    return *(size_t *)arg > 200000
               ? kura_err_set(err, KURA_EIO, "the disk is full")
               : KURA_OK;
}

static void test_sink_fails(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_packer *p = NULL;
    struct kura_packed packed;
    size_t taken = 0;

    (void)state;
    assert_int_equal(kura_packer_new(0, full, &taken, &p, NULL), KURA_EUSAGE);
    assert_int_equal(kura_packer_new(20, full, &taken, &p, NULL), KURA_EUSAGE);
    assert_int_equal(kura_packer_new(3, full, &taken, &p, NULL), KURA_OK);
    if (kura_packer_write(p, plain, PLAIN_MAX, &err) == KURA_OK)
        (void)kura_packer_finish(p, &packed, &err);
    assert_int_equal(err.rc, KURA_EIO);
    assert_string_equal(err.msg, "the disk is full");
    kura_packer_free(p);
    /* Given up in the middle. */
    assert_int_equal(kura_packer_new(19, full, &taken, &p, NULL), KURA_OK);
    taken = 0;
    assert_int_equal(kura_packer_write(p, plain, 5 * KURA_FRAME, NULL),
                     KURA_OK);
    kura_packer_free(p);
}

static void test_pack_file(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_packed packed, again;
    struct kura_location at;
    char to[80];

    (void)state;
    (void)snprintf(to, sizeof(to), "%s.zst", path);
    assert_int_equal(kura_seekable_pack("/nonexistent/x", to, 3, &packed, &err),
                     KURA_ENOTFOUND);
    assert_false(kura_fs_exists(to));
    assert_int_equal(kura_seekable_pack("/tmp", to, 3, &packed, NULL),
                     KURA_EIO);
    store(plain, PLAIN_MAX);
    assert_int_equal(kura_seekable_pack(path, to, 3, &packed, NULL), KURA_OK);
    at = (struct kura_location){to, 0, packed.packed_bytes};
    assert_int_equal(kura_seekable_unpack(&at, NULL, NULL, &again, NULL),
                     KURA_OK);
    assert_string_equal(again.sha256, packed.sha256);
    /* What is there already is not touched. */
    assert_int_equal(kura_seekable_pack(path, to, 9, &packed, NULL), KURA_EIO);
    assert_int_equal(kura_seekable_unpack(&at, NULL, NULL, &again, NULL),
                     KURA_OK);
    (void)unlink(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),      cmocka_unit_test(test_read_anywhere),
        cmocka_unit_test(test_every_flip), cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_hostile),    cmocka_unit_test(test_sink_fails),
        cmocka_unit_test(test_pack_file),
    };
    int failed;

    cmocka_set_message_output(CM_OUTPUT_TAP);
    (void)snprintf(path, sizeof(path), "/tmp/kura-seekable-%ld",
                   (long)getpid());
    plain_fill();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
