/* seekable.c - packing into, and reading from, the zstd seekable format.
 *
 * A file is: frame ... frame | check frame | seek table.  All numbers are
 * little-endian and every size is known before memory is asked for, so a
 * hostile table costs at most 8 bytes for each 8 of its own. */
#include "store/seekable.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define SEEK_BOUND ((size_t)ZSTD_COMPRESSBOUND(KURA_FRAME))
#define SEEK_ENTRY 8   /* one line of the table */
#define SEEK_HEAD 8    /* magic and size of a skippable frame */
#define SEEK_FOOTER 9  /* number of frames, descriptor, magic */
#define SEEK_STEP 1024 /* entries or checks read at a time */

#define SEEK_MAGIC_FRAME UINT32_C(0xFD2FB528)
#define SEEK_MAGIC_TABLE UINT32_C(0x184D2A5E)
#define SEEK_MAGIC_CHECK UINT32_C(0x184D2A5C)
#define SEEK_MAGIC_END UINT32_C(0x8F92EAB1)

/* A frame header as packed here: single segment, with a checksum, without a
 * dictionary; the two upper bits tell the width of the content size. */
#define SEEK_DESCRIPTOR 0x24
#define SEEK_DESCRIPTOR_MASK 0x3f

static void seek_put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (8 * i));
}

static uint32_t seek_get32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* --- Packing ---------------------------------------------------------- */

/* The caller's thread cuts, hashes and sinks; workers compress.  Jobs form a
 * ring and go round in order:
 *
 *     done <= taken <= filled < done + PACK_JOBS
 *
 * [done, taken) are with the workers or finished, [taken, filled) wait, and
 * job `filled` is the one being filled.  Each frame depends on its own bytes
 * only, so the output does not depend on the number of workers. */
#define PACK_JOBS 8
#define PACK_WORKERS 4

struct pack_job {
    unsigned char *plain, *packed;
    size_t plain_n, packed_n;
    bool is_finished, is_failed;
};

struct pack_check {
    uint32_t packed, crc;
};

struct kura_packer {
    kura_sink_fn *sink;
    void *arg;
    struct kura_sha256 *sha256;
    struct kura_packed total;
    struct pack_check *frames;
    size_t frame_count, frame_cap;
    size_t last; /* plain bytes of the last frame */
    int level;

    unsigned char *memory; /* of all jobs */
    struct pack_job job[PACK_JOBS];
    size_t done, filled;
    ZSTD_CCtx *ctx; /* for the caller's thread when there are no workers */

    pthread_mutex_t lock;
    pthread_cond_t work, finished;
    size_t taken; /* under the lock, as job[].is_finished and stop */
    bool stop;
    pthread_t worker[PACK_WORKERS];
    unsigned workers;
};

static ZSTD_CCtx *pack_context(int level)
{
    ZSTD_CCtx *ctx = ZSTD_createCCtx();

    if (ctx == NULL)
        return NULL;
    if (ZSTD_isError(
            ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, level)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1))) {
        (void)ZSTD_freeCCtx(ctx);
        return NULL;
    }
    return ctx;
}

static void pack_compress(ZSTD_CCtx *ctx, struct pack_job *job)
{
    size_t n = ctx == NULL ? 0
                           : ZSTD_compress2(ctx, job->packed, SEEK_BOUND,
                                            job->plain, job->plain_n);

    job->is_failed = ctx == NULL || ZSTD_isError(n);
    job->packed_n = n;
}

static void *pack_work(void *arg)
{
    struct kura_packer *p = arg;
    ZSTD_CCtx *ctx = pack_context(p->level);

    (void)pthread_mutex_lock(&p->lock);
    for (;;) {
        struct pack_job *job;

        while (!p->stop && p->taken == p->filled)
            (void)pthread_cond_wait(&p->work, &p->lock);
        if (p->stop)
            break;
        job = &p->job[p->taken++ % PACK_JOBS];
        (void)pthread_mutex_unlock(&p->lock);
        pack_compress(ctx, job);
        (void)pthread_mutex_lock(&p->lock);
        job->is_finished = true;
        (void)pthread_cond_signal(&p->finished);
    }
    (void)pthread_mutex_unlock(&p->lock);
    (void)ZSTD_freeCCtx(ctx);
    return NULL;
}

/* With one processor, or when no thread can be had, there are no workers. */
static void pack_start(struct kura_packer *p)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned want = cpus < 2              ? 0
                    : cpus < PACK_WORKERS ? (unsigned)cpus
                                          : PACK_WORKERS;

    while (p->workers < want &&
           pthread_create(&p->worker[p->workers], NULL, pack_work, p) == 0)
        p->workers++;
}

static enum kura_rc pack_allocate(struct kura_packer *p, struct kura_err *err)
{
    size_t each = KURA_FRAME + SEEK_BOUND;

    p->memory = malloc(PACK_JOBS * each);
    p->ctx = pack_context(p->level);
    if (p->memory == NULL || p->ctx == NULL)
        return kura_err_nomem(err);
    for (size_t i = 0; i < PACK_JOBS; i++) {
        p->job[i].plain = p->memory + i * each;
        p->job[i].packed = p->job[i].plain + KURA_FRAME;
    }
    return kura_sha256_new(&p->sha256, err);
}

enum kura_rc kura_packer_new(int level, kura_sink_fn *sink, void *arg,
                             struct kura_packer **out, struct kura_err *err)
{
    struct kura_packer *p;
    enum kura_rc rc;

    if (level < 1 || level > KURA_LEVEL_MAX)
        return kura_err_set(err, KURA_EUSAGE,
                            "compression level %d is not from 1 to %d", level,
                            KURA_LEVEL_MAX);
    p = calloc(1, sizeof(*p));
    if (p == NULL)
        return kura_err_nomem(err);
    p->sink = sink;
    p->arg = arg;
    p->level = level;
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->work, NULL);
    (void)pthread_cond_init(&p->finished, NULL);
    rc = pack_allocate(p, err);
    if (rc == KURA_OK)
        *out = p;
    else
        kura_packer_free(p);
    return rc;
}

void kura_packer_free(struct kura_packer *p)
{
    if (p == NULL)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->stop = true;
    (void)pthread_cond_broadcast(&p->work);
    (void)pthread_mutex_unlock(&p->lock);
    while (p->workers > 0)
        (void)pthread_join(p->worker[--p->workers], NULL);
    (void)pthread_cond_destroy(&p->finished);
    (void)pthread_cond_destroy(&p->work);
    (void)pthread_mutex_destroy(&p->lock);
    (void)ZSTD_freeCCtx(p->ctx);
    kura_sha256_free(p->sha256);
    free(p->frames);
    free(p->memory);
    free(p);
}

static enum kura_rc pack_sink(struct kura_packer *p, const void *bytes,
                              size_t n, struct kura_err *err)
{
    p->total.packed_bytes += (int64_t)n;
    return n == 0 ? KURA_OK : p->sink(p->arg, bytes, n, err);
}

static enum kura_rc pack_note(struct kura_packer *p, const struct pack_job *job,
                              struct kura_err *err)
{
    if (p->frame_count == KURA_FRAMES_MAX)
        return kura_err_set(err, KURA_ENOMEM,
                            "a compressed partition has at most %u frames",
                            KURA_FRAMES_MAX);
    if (p->frame_count == p->frame_cap) {
        size_t cap = p->frame_cap == 0 ? 256 : 2 * p->frame_cap;
        struct pack_check *frames = realloc(p->frames, cap * sizeof(*frames));

        if (frames == NULL)
            return kura_err_nomem(err);
        p->frames = frames;
        p->frame_cap = cap;
    }
    p->frames[p->frame_count].packed = (uint32_t)job->packed_n;
    p->frames[p->frame_count].crc = kura_crc32(job->packed, job->packed_n);
    p->frame_count++;
    p->last = job->plain_n;
    return KURA_OK;
}

/* Waits for the oldest job, gives its frame out and frees its place. */
static enum kura_rc pack_retire(struct kura_packer *p, struct kura_err *err)
{
    struct pack_job *job = &p->job[p->done % PACK_JOBS];
    enum kura_rc rc;

    if (p->workers > 0) {
        (void)pthread_mutex_lock(&p->lock);
        while (!job->is_finished)
            (void)pthread_cond_wait(&p->finished, &p->lock);
        job->is_finished = false;
        (void)pthread_mutex_unlock(&p->lock);
    }
    if (job->is_failed)
        return kura_err_nomem(err); /* nothing else can happen to a frame */
    rc = pack_note(p, job, err);
    if (rc == KURA_OK)
        rc = pack_sink(p, job->packed, job->packed_n, err);
    job->plain_n = 0;
    p->done++;
    return rc;
}

static enum kura_rc pack_submit(struct kura_packer *p, struct kura_err *err)
{
    struct pack_job *job = &p->job[p->filled % PACK_JOBS];

    /* One frame is not worth a thread. */
    if (p->filled == 1 && p->workers == 0)
        pack_start(p);
    if (p->workers == 0 || p->filled == 0) {
        pack_compress(p->ctx, job);
        p->filled++;
        p->taken = p->filled;
        return pack_retire(p, err);
    }
    (void)pthread_mutex_lock(&p->lock);
    p->filled++;
    (void)pthread_cond_signal(&p->work);
    (void)pthread_mutex_unlock(&p->lock);
    return p->filled - p->done == PACK_JOBS ? pack_retire(p, err) : KURA_OK;
}

enum kura_rc kura_packer_write(struct kura_packer *p, const void *bytes,
                               size_t n, struct kura_err *err)
{
    const unsigned char *s = bytes;
    enum kura_rc rc = kura_sha256_update(p->sha256, bytes, n, err);

    p->total.plain_bytes += (int64_t)n;
    while (rc == KURA_OK && n != 0) {
        struct pack_job *job = &p->job[p->filled % PACK_JOBS];
        size_t room = KURA_FRAME - job->plain_n;
        size_t part = n < room ? n : room;

        memcpy(job->plain + job->plain_n, s, part);
        job->plain_n += part;
        s += part;
        n -= part;
        if (job->plain_n == KURA_FRAME)
            rc = pack_submit(p, err);
    }
    return rc;
}

/* The check frame and the seek table. */
static enum kura_rc pack_trailer(struct kura_packer *p, struct kura_err *err)
{
    size_t n = p->frame_count, checks = SEEK_HEAD + 4 * n;
    size_t table = SEEK_HEAD + SEEK_ENTRY * (n + 1) + SEEK_FOOTER;
    unsigned char *memory = malloc(checks + table), *q = memory;
    enum kura_rc rc;

    if (memory == NULL)
        return kura_err_nomem(err);
    seek_put32(q, SEEK_MAGIC_CHECK);
    seek_put32(q + 4, (uint32_t)(4 * n));
    q += SEEK_HEAD;
    for (size_t i = 0; i < n; i++, q += 4)
        seek_put32(q, p->frames[i].crc);
    seek_put32(q, SEEK_MAGIC_TABLE);
    seek_put32(q + 4, (uint32_t)(table - SEEK_HEAD));
    q += SEEK_HEAD;
    for (size_t i = 0; i < n; i++, q += SEEK_ENTRY) {
        seek_put32(q, p->frames[i].packed);
        seek_put32(q + 4, i + 1 == n ? (uint32_t)p->last : KURA_FRAME);
    }
    seek_put32(q, (uint32_t)checks);
    seek_put32(q + 4, 0);
    q += SEEK_ENTRY;
    seek_put32(q, (uint32_t)(n + 1));
    q[4] = 0; /* no checksums in the table */
    seek_put32(q + 5, SEEK_MAGIC_END);
    rc = pack_sink(p, memory, checks + table, err);
    free(memory);
    return rc;
}

enum kura_rc kura_packer_finish(struct kura_packer *p, struct kura_packed *out,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    if (p->job[p->filled % PACK_JOBS].plain_n != 0)
        rc = pack_submit(p, err);
    while (rc == KURA_OK && p->done != p->filled)
        rc = pack_retire(p, err);
    if (rc == KURA_OK)
        rc = pack_trailer(p, err);
    if (rc == KURA_OK)
        rc = kura_sha256_peek(p->sha256, p->total.sha256, err);
    if (rc == KURA_OK)
        *out = p->total;
    return rc;
}

/* --- Packing a file --------------------------------------------------- */

struct pack_file {
    const char *path;
    int fd;
};

static enum kura_rc pack_file_sink(void *arg, const void *p, size_t n,
                                   struct kura_err *err)
{
    const struct pack_file *to = arg;
    const char *s = p;

    while (n != 0) {
        ssize_t put = write(to->fd, s, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return kura_err_sys(err, errno, "cannot write '%s'", to->path);
        s += put;
        n -= (size_t)put;
    }
    return KURA_OK;
}

static enum kura_rc pack_open(const char *path, int flags, int *out,
                              struct kura_err *err)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
    struct stat st;

    if (fd < 0 && errno == ENOENT)
        return kura_err_set(err, KURA_ENOTFOUND,
                            "cannot open '%s': no such file or directory",
                            path);
    if (fd < 0)
        return kura_err_sys(err, errno, "cannot open '%s'", path);
    *out = fd; /* the caller closes it in any case */
    if (fstat(fd, &st) != 0)
        return kura_err_sys(err, errno, "cannot open '%s'", path);
    if (!S_ISREG(st.st_mode))
        return kura_err_set(err, KURA_EIO,
                            "cannot open '%s': not a regular file", path);
    return KURA_OK;
}

static enum kura_rc pack_copy(struct kura_packer *p, int fd, const char *from,
                              struct kura_err *err)
{
    unsigned char *bytes = malloc(KURA_FRAME);
    enum kura_rc rc = KURA_OK;

    if (bytes == NULL)
        return kura_err_nomem(err);
    while (rc == KURA_OK) {
        ssize_t got = read(fd, bytes, KURA_FRAME);

        if (got == 0)
            break;
        if (got > 0)
            rc = kura_packer_write(p, bytes, (size_t)got, err);
        else if (errno != EINTR)
            rc = kura_err_sys(err, errno, "cannot read '%s'", from);
    }
    free(bytes);
    return rc;
}

static enum kura_rc pack_sync(struct pack_file *to, struct kura_err *err)
{
    int rc = fsync(to->fd);

    if (rc == 0) {
        rc = close(to->fd);
        to->fd = -1;
    }
    if (rc != 0 && errno != EINTR)
        return kura_err_sys(err, errno, "cannot write '%s'", to->path);
    return KURA_OK;
}

enum kura_rc kura_seekable_pack(const char *from, const char *to, int level,
                                struct kura_packed *out, struct kura_err *err)
{
    struct pack_file file = {to, -1};
    struct kura_packer *p = NULL;
    struct kura_packed packed;
    enum kura_rc rc;
    int fd = -1;

    rc = pack_open(from, O_RDONLY, &fd, err);
    if (rc == KURA_OK)
        rc = kura_packer_new(level, pack_file_sink, &file, &p, err);
    if (rc == KURA_OK)
        rc = pack_open(to, O_WRONLY | O_CREAT | O_EXCL, &file.fd, err);
    if (rc != KURA_OK)
        goto out;
    rc = pack_copy(p, fd, from, err);
    if (rc == KURA_OK)
        rc = kura_packer_finish(p, &packed, err);
    if (rc == KURA_OK)
        rc = pack_sync(&file, err);
    if (rc != KURA_OK)
        (void)kura_fs_remove(to, NULL);
    else
        *out = packed;
out:
    kura_packer_free(p);
    if (file.fd >= 0)
        (void)close(file.fd);
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* --- Reading ---------------------------------------------------------- */

struct seek_slot {
    unsigned char *plain;
    uint64_t used; /* when; 0: the slot is empty */
    uint32_t frame;
};

struct kura_seekable {
    char *path;
    int fd;
    int64_t offset, size; /* as in the location */
    int64_t plain;
    uint32_t frames; /* that hold plain bytes */
    int64_t *start;  /* frames + 1 of them, from offset; the last: the checks */
    ZSTD_DCtx *ctx;
    unsigned char *packed;
    struct seek_slot *slot;
    unsigned slots;
    uint64_t clock;
};

static enum kura_rc seek_damaged(const struct kura_seekable *s, int64_t at,
                                 const char *what, struct kura_err *err)
{
    return kura_err_set(err, KURA_ECORRUPT,
                        "compressed partition '%s' is damaged at byte %lld: %s",
                        s->path, (long long)(s->offset + at), what);
}

/* n bytes of the file from `at` on, counted from the location's offset. */
static enum kura_rc seek_pread(const struct kura_seekable *s, int64_t at,
                               void *to, size_t n, struct kura_err *err)
{
    unsigned char *p = to;

    while (n != 0) {
        ssize_t got = pread(s->fd, p, n, (off_t)(s->offset + at));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return kura_err_sys(err, errno, "cannot read '%s'", s->path);
        if (got == 0)
            return seek_damaged(s, at, "the file ends there", err);
        p += got;
        at += got;
        n -= (size_t)got;
    }
    return KURA_OK;
}

static enum kura_rc seek_check_size(const struct kura_seekable *s,
                                    struct kura_err *err)
{
    struct stat st;

    if (fstat(s->fd, &st) != 0)
        return kura_err_sys(err, errno, "cannot open '%s'", s->path);
    if (s->offset < 0 || s->size < 0 || s->offset > INT64_MAX - s->size)
        return kura_err_set(err, KURA_ECORRUPT,
                            "no part of '%s' can be %lld bytes from byte %lld",
                            s->path, (long long)s->size, (long long)s->offset);
    if (st.st_size < s->offset + s->size)
        return seek_damaged(s, st.st_size - s->offset, "the file ends there",
                            err);
    if (s->size < 2 * SEEK_HEAD + SEEK_ENTRY + SEEK_FOOTER)
        return seek_damaged(s, 0, "too short to have a seek table", err);
    return KURA_OK;
}

/* The ends of the table: *out_at is where it starts. */
static enum kura_rc seek_find_table(struct kura_seekable *s, int64_t *out_at,
                                    struct kura_err *err)
{
    unsigned char footer[SEEK_FOOTER], head[SEEK_HEAD];
    int64_t at = s->size - SEEK_FOOTER, n;
    enum kura_rc rc = seek_pread(s, at, footer, sizeof(footer), err);

    if (rc != KURA_OK)
        return rc;
    n = seek_get32(footer);
    if (seek_get32(footer + 5) != SEEK_MAGIC_END || footer[4] != 0)
        return seek_damaged(s, at, "no seek table ends there", err);
    if (n < 1 || n > KURA_FRAMES_MAX + INT64_C(1) ||
        n > (at - SEEK_HEAD) / SEEK_ENTRY)
        return seek_damaged(s, at, "impossible number of frames", err);
    at -= n * SEEK_ENTRY + SEEK_HEAD;
    rc = seek_pread(s, at, head, sizeof(head), err);
    if (rc != KURA_OK)
        return rc;
    if (seek_get32(head) != SEEK_MAGIC_TABLE ||
        seek_get32(head + 4) != (uint64_t)n * SEEK_ENTRY + SEEK_FOOTER)
        return seek_damaged(s, at, "no seek table starts there", err);
    s->frames = (uint32_t)n - 1;
    *out_at = at;
    return KURA_OK;
}

/* Whether line i of the table says what a packer can have written. */
static bool seek_entry_is_sound(const struct kura_seekable *s, uint32_t i,
                                uint32_t packed, uint32_t plain)
{
    if (i == s->frames)
        return plain == 0 && packed == SEEK_HEAD + 4 * s->frames;
    if (packed == 0 || packed > SEEK_BOUND)
        return false;
    return i + 1 == s->frames ? plain >= 1 && plain <= KURA_FRAME
                              : plain == KURA_FRAME;
}

static enum kura_rc seek_load_table(struct kura_seekable *s, int64_t table,
                                    struct kura_err *err)
{
    unsigned char piece[SEEK_STEP * SEEK_ENTRY];
    int64_t at = table + SEEK_HEAD, sum = 0;
    enum kura_rc rc;

    for (uint32_t i = 0; i <= s->frames; i++, at += SEEK_ENTRY) {
        const unsigned char *p = piece + i % SEEK_STEP * SEEK_ENTRY;

        if (i % SEEK_STEP == 0) {
            uint32_t left = s->frames + 1 - i;

            rc = seek_pread(s, at, piece,
                            (left < SEEK_STEP ? left : SEEK_STEP) * SEEK_ENTRY,
                            err);
            if (rc != KURA_OK)
                return rc;
        }
        if (!seek_entry_is_sound(s, i, seek_get32(p), seek_get32(p + 4)))
            return seek_damaged(s, at, "impossible size of a frame", err);
        s->start[i] = sum;
        sum += seek_get32(p);
        s->plain += seek_get32(p + 4);
    }
    if (sum != table)
        return seek_damaged(s, table, "the frames do not fill the file", err);
    return KURA_OK;
}

static enum kura_rc seek_allocate(struct kura_seekable *s, unsigned cache,
                                  struct kura_err *err)
{
    s->slots = cache < 1 ? 1 : cache;
    if (s->slots > s->frames && s->frames > 0)
        s->slots = s->frames;
    s->start = malloc(((size_t)s->frames + 1) * sizeof(*s->start));
    s->slot = calloc(s->slots, sizeof(*s->slot));
    s->packed = malloc(SEEK_BOUND);
    s->ctx = ZSTD_createDCtx();
    if (s->start == NULL || s->slot == NULL || s->packed == NULL ||
        s->ctx == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

enum kura_rc kura_seekable_open(const struct kura_location *at, unsigned cache,
                                struct kura_seekable **out,
                                struct kura_err *err)
{
    struct kura_seekable *s = calloc(1, sizeof(*s));
    int64_t table = 0;
    enum kura_rc rc;

    if (s == NULL)
        return kura_err_nomem(err);
    s->fd = -1;
    s->offset = at->offset;
    s->size = at->size;
    s->path = strdup(at->path);
    rc = s->path == NULL ? kura_err_nomem(err)
                         : pack_open(s->path, O_RDONLY, &s->fd, err);
    if (rc == KURA_OK)
        rc = seek_check_size(s, err);
    if (rc == KURA_OK)
        rc = seek_find_table(s, &table, err);
    if (rc == KURA_OK)
        rc = seek_allocate(s, cache, err);
    if (rc == KURA_OK)
        rc = seek_load_table(s, table, err);
    if (rc == KURA_OK)
        *out = s;
    else
        kura_seekable_close(s);
    return rc;
}

void kura_seekable_close(struct kura_seekable *s)
{
    if (s == NULL)
        return;
    if (s->slot != NULL)
        for (unsigned i = 0; i < s->slots; i++)
            free(s->slot[i].plain);
    free(s->slot);
    free(s->start);
    free(s->packed);
    (void)ZSTD_freeDCtx(s->ctx);
    if (s->fd >= 0)
        (void)close(s->fd);
    free(s->path);
    free(s);
}

int64_t kura_seekable_size(const struct kura_seekable *s)
{
    return s->plain;
}

static size_t seek_plain_size(const struct kura_seekable *s, uint32_t frame)
{
    return frame + 1 == s->frames
               ? (size_t)(s->plain - (int64_t)frame * KURA_FRAME)
               : KURA_FRAME;
}

/* Inflates a frame into `plain`, which has KURA_FRAME bytes; s->packed holds
 * its packed bytes afterwards. */
static enum kura_rc seek_inflate(struct kura_seekable *s, uint32_t frame,
                                 unsigned char *plain, struct kura_err *err)
{
    int64_t at = s->start[frame];
    size_t n = (size_t)(s->start[frame + 1] - at), got;
    size_t want = seek_plain_size(s, frame);
    enum kura_rc rc = seek_pread(s, at, s->packed, n, err);

    if (rc != KURA_OK)
        return rc;
    /* The decoder would pass over a missing checksum, an unused bit and frames
     * behind the first; a packer writes none of these. */
    if (n < 5 || seek_get32(s->packed) != SEEK_MAGIC_FRAME ||
        (s->packed[4] & SEEK_DESCRIPTOR_MASK) != SEEK_DESCRIPTOR ||
        ZSTD_getFrameContentSize(s->packed, n) != want)
        return seek_damaged(s, at, "no frame of the size in the seek table",
                            err);
    if (ZSTD_findFrameCompressedSize(s->packed, n) != n)
        return seek_damaged(s, at, "the frame has another length", err);
    got = ZSTD_decompressDCtx(s->ctx, plain, KURA_FRAME, s->packed, n);
    if (ZSTD_isError(got))
        return seek_damaged(s, at, ZSTD_getErrorName(got), err);
    if (got != want)
        return seek_damaged(s, at, "the frame has another size", err);
    return KURA_OK;
}

/* The frame in the cache; else the least used slot is filled with it. */
static enum kura_rc seek_fetch(struct kura_seekable *s, uint32_t frame,
                               const unsigned char **out, struct kura_err *err)
{
    struct seek_slot *slot = s->slot;
    enum kura_rc rc;

    for (unsigned i = 0; i < s->slots; i++) {
        if (s->slot[i].used != 0 && s->slot[i].frame == frame) {
            slot = &s->slot[i];
            goto found;
        }
        if (s->slot[i].used < slot->used)
            slot = &s->slot[i];
    }
    if (slot->plain == NULL)
        slot->plain = malloc(KURA_FRAME);
    if (slot->plain == NULL)
        return kura_err_nomem(err);
    slot->used = 0; /* half inflated bytes must not be found later */
    rc = seek_inflate(s, frame, slot->plain, err);
    if (rc != KURA_OK)
        return rc;
    slot->frame = frame;
found:
    slot->used = ++s->clock;
    *out = slot->plain;
    return KURA_OK;
}

enum kura_rc kura_seekable_read(struct kura_seekable *s, int64_t offset,
                                void *to, size_t n, struct kura_err *err)
{
    unsigned char *p = to;

    if (offset < 0 || offset > s->plain || n > (uint64_t)(s->plain - offset))
        return kura_err_set(err, KURA_ECORRUPT,
                            "compressed partition '%s' has %lld plain bytes, "
                            "not %zu from byte %lld",
                            s->path, (long long)s->plain, n, (long long)offset);
    while (n != 0) {
        uint32_t frame = (uint32_t)(offset / KURA_FRAME);
        size_t from = (size_t)(offset % KURA_FRAME);
        size_t part = seek_plain_size(s, frame) - from;
        const unsigned char *plain = NULL;
        enum kura_rc rc = seek_fetch(s, frame, &plain, err);

        if (rc != KURA_OK)
            return rc;
        part = n < part ? n : part;
        memcpy(p, plain + from, part);
        p += part;
        offset += (int64_t)part;
        n -= part;
    }
    return KURA_OK;
}

/* --- Unpacking -------------------------------------------------------- */

static enum kura_rc unpack_check_head(const struct kura_seekable *s,
                                      struct kura_err *err)
{
    int64_t at = s->start[s->frames];
    unsigned char head[SEEK_HEAD];
    enum kura_rc rc = seek_pread(s, at, head, sizeof(head), err);

    if (rc == KURA_OK && (seek_get32(head) != SEEK_MAGIC_CHECK ||
                          seek_get32(head + 4) != 4 * s->frames))
        rc = seek_damaged(s, at, "no check frame starts there", err);
    return rc;
}

static enum kura_rc unpack_frame(struct kura_seekable *s, uint32_t frame,
                                 uint32_t crc, unsigned char *plain,
                                 struct kura_err *err)
{
    size_t n = (size_t)(s->start[frame + 1] - s->start[frame]);
    enum kura_rc rc = seek_inflate(s, frame, plain, err);

    /* Some damage inflates to the right bytes all the same. */
    if (rc == KURA_OK && kura_crc32(s->packed, n) != crc)
        rc = seek_damaged(s, s->start[frame], "the frame's CRC is wrong", err);
    return rc;
}

static enum kura_rc unpack_frames(struct kura_seekable *s, kura_sink_fn *sink,
                                  void *arg, unsigned char *plain,
                                  struct kura_sha256 *sha256,
                                  struct kura_err *err)
{
    int64_t checks = s->start[s->frames] + SEEK_HEAD;
    unsigned char crc[4 * SEEK_STEP];
    enum kura_rc rc = unpack_check_head(s, err);

    for (uint32_t i = 0; rc == KURA_OK && i < s->frames; i++) {
        uint32_t left = s->frames - i;
        size_t n = seek_plain_size(s, i);

        if (i % SEEK_STEP == 0)
            rc = seek_pread(s, checks + 4 * (int64_t)i, crc,
                            4 * (left < SEEK_STEP ? left : SEEK_STEP), err);
        if (rc == KURA_OK)
            rc = unpack_frame(s, i, seek_get32(crc + 4 * (i % SEEK_STEP)),
                              plain, err);
        if (rc == KURA_OK)
            rc = kura_sha256_update(sha256, plain, n, err);
        if (rc == KURA_OK && sink != NULL)
            rc = sink(arg, plain, n, err);
    }
    return rc;
}

enum kura_rc kura_seekable_unpack(const struct kura_location *at,
                                  kura_sink_fn *sink, void *arg,
                                  struct kura_packed *out, struct kura_err *err)
{
    struct kura_sha256 *sha256 = NULL;
    struct kura_seekable *s = NULL;
    unsigned char *plain = NULL;
    struct kura_packed packed;
    enum kura_rc rc;

    rc = kura_seekable_open(at, 1, &s, err);
    if (rc == KURA_OK)
        rc = kura_sha256_new(&sha256, err);
    if (rc != KURA_OK)
        goto out;
    plain = malloc(KURA_FRAME);
    rc = plain == NULL ? kura_err_nomem(err)
                       : unpack_frames(s, sink, arg, plain, sha256, err);
    if (rc == KURA_OK)
        rc = kura_sha256_peek(sha256, packed.sha256, err);
    if (rc != KURA_OK)
        goto out;
    packed.plain_bytes = s->plain;
    packed.packed_bytes = s->size;
    *out = packed;
out:
    free(plain);
    kura_sha256_free(sha256);
    kura_seekable_close(s);
    return rc;
}
