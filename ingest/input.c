/* input.c - plain bytes by read(2), everything else through libarchive.
 *
 * The first bytes decide: only a file that begins with the magic of a
 * compressed file or container goes to libarchive, so that no log line is ever
 * taken for one.  mmap is not used: a file that is cut while it is read would
 * kill the process. */
#include "ingest/input.h"

#include "base/fs.h"
#include "base/clock.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_HEAD 512
#define INPUT_NAME_MAX 8192
#define INPUT_BLOCK (128u << 10)

/* A compressed log that grows more than 250 times is none (gzip of real logs
 * reaches 40): stop before it fills the disk. */
#define INPUT_BOMB_BYTES (INT64_C(256) << 20)
#define INPUT_BOMB_RATIO 250

struct kura_input {
    char *path; /* absolute, or "-" */
    int fd;     /* plain: read from here, after head */
    unsigned char head[INPUT_HEAD];
    size_t head_size, head_used;
    struct archive *archive; /* NULL: plain */
    bool raw;                /* one compressed file, no container */
    bool started;
    char feed[INPUT_BLOCK]; /* what libarchive reads from standard input */
    struct kura_buf name;
    int64_t mtime;
    int64_t given; /* bytes handed out of this source */
    /* What libarchive unpacked and nobody took yet; it owns the bytes. */
    const char *block;
    size_t block_size;
    int64_t block_at; /* where they belong; a sparse file has zeros before */
    bool damaged;     /* an error came together with the block */
};

struct input_magic {
    size_t offset, size;
    const char *bytes;
};

static const struct input_magic input_magics[] = {
    {0, 2, "\x1f\x8b"},           {0, 2, "\x1f\x9d"},
    {0, 6, "\xfd" "7zXZ\0"},      {0, 4, "\x28\xb5\x2f\xfd"},
    {0, 3, "BZh"},                {0, 4, "\x04\x22\x4d\x18"},
    {0, 4, "LZIP"},               {0, 4, "PK\x03\x04"},
    {0, 4, "PK\x05\x06"},         {0, 6, "7z\xbc\xaf\x27\x1c"},
    {257, 5, "ustar"},
};

static bool input_is_packed(const struct kura_input *in)
{
    size_t i;

    for (i = 0; i < sizeof(input_magics) / sizeof(input_magics[0]); i++) {
        const struct input_magic *m = &input_magics[i];

        if (in->head_size >= m->offset + m->size &&
            memcmp(in->head + m->offset, m->bytes, m->size) == 0)
            return true;
    }
    return false;
}

static enum kura_rc input_read_fd(struct kura_input *in, void *p, size_t n,
                                  size_t *got, struct kura_err *err)
{
    ssize_t r;

    do {
        r = read(in->fd, p, n);
    } while (r < 0 && errno == EINTR);
    if (r < 0)
        return kura_err_sys(err, errno, "cannot read '%s' at byte %" PRId64,
                            in->path, in->given);
    *got = (size_t)r;
    return KURA_OK;
}

/* What libarchive calls: the head first, then the descriptor. */
static la_ssize_t input_feed(struct archive *a, void *client,
                             const void **buffer)
{
    struct kura_input *in = client;
    size_t got = 0;

    if (in->head_used < in->head_size) {
        *buffer = in->head + in->head_used;
        got = in->head_size - in->head_used;
        in->head_used = in->head_size;
        return (la_ssize_t)got;
    }
    *buffer = in->feed;
    if (input_read_fd(in, in->feed, sizeof(in->feed), &got, NULL) != KURA_OK) {
        archive_set_error(a, errno, "cannot read");
        return -1;
    }
    return (la_ssize_t)got;
}

static enum kura_rc input_archive_error(struct kura_input *in, enum kura_rc rc,
                                        struct kura_err *err)
{
    const char *text = archive_error_string(in->archive);

    return kura_err_set(err, rc, "cannot read '%s' after byte %" PRId64 ": %s",
                        in->name.len != 0 ? in->name.data : in->path, in->given,
                        text != NULL ? text : "damaged");
}

static enum kura_rc input_open_archive(struct kura_input *in,
                                       struct kura_err *err)
{
    struct archive *a = archive_read_new();
    int r;

    if (a == NULL)
        return kura_err_nomem(err);
    in->archive = a;
    (void)archive_read_support_filter_gzip(a);
    (void)archive_read_support_filter_xz(a);
    (void)archive_read_support_filter_zstd(a);
    (void)archive_read_support_filter_bzip2(a);
    (void)archive_read_support_filter_lz4(a);
    (void)archive_read_support_filter_compress(a);
    (void)archive_read_support_filter_lzip(a);
    (void)archive_read_support_format_tar(a);
    (void)archive_read_support_format_zip(a);
    (void)archive_read_support_format_7zip(a);
    (void)archive_read_support_format_raw(a);
    (void)archive_read_support_format_empty(a);
    if (in->fd == STDIN_FILENO)
        r = archive_read_open(a, in, NULL, input_feed, NULL);
    else
        r = archive_read_open_filename(a, in->path, INPUT_BLOCK);
    if (r != ARCHIVE_OK)
        return input_archive_error(in, KURA_EINPUT, err);
    return KURA_OK;
}

static enum kura_rc input_open_file(struct kura_input *in, const char *path,
                                    struct kura_err *err)
{
    struct stat st;
    enum kura_rc rc;

    if (strcmp(path, "-") == 0) {
        in->path = strdup("-");
        in->fd = STDIN_FILENO;
        return in->path == NULL ? kura_err_nomem(err) : KURA_OK;
    }
    rc = kura_fs_absolute(path, &in->path, err);
    if (rc != KURA_OK)
        return rc;
    in->fd = open(in->path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return kura_err_sys(err, errno, "cannot open '%s'", path);
    if (fstat(in->fd, &st) != 0)
        return kura_err_sys(err, errno, "cannot stat '%s'", path);
    if (S_ISDIR(st.st_mode))
        return kura_err_set(err, KURA_EINPUT, "'%s' is a directory", path);
    in->mtime = (int64_t)st.st_mtim.tv_sec * KURA_SECOND +
                st.st_mtim.tv_nsec / 1000;
    return KURA_OK;
}

enum kura_rc kura_input_open(const char *path, struct kura_input **out,
                             struct kura_err *err)
{
    struct kura_input *in = calloc(1, sizeof(*in));
    enum kura_rc rc;
    size_t got = 1;

    if (in == NULL)
        return kura_err_nomem(err);
    in->fd = -1;
    in->mtime = INT64_MIN;
    kura_buf_init(&in->name, INPUT_NAME_MAX);
    rc = input_open_file(in, path, err);
    while (rc == KURA_OK && got != 0 && in->head_size < sizeof(in->head)) {
        rc = input_read_fd(in, in->head + in->head_size,
                           sizeof(in->head) - in->head_size, &got, err);
        in->head_size += got;
    }
    if (rc == KURA_OK && input_is_packed(in))
        rc = input_open_archive(in, err);
    if (rc == KURA_OK)
        *out = in;
    else
        kura_input_close(in);
    return rc;
}

void kura_input_close(struct kura_input *in)
{
    if (in == NULL)
        return;
    if (in->archive != NULL)
        (void)archive_read_free(in->archive);
    if (in->fd > STDIN_FILENO)
        (void)close(in->fd);
    kura_buf_release(&in->name);
    free(in->path);
    free(in);
}

/* "/abs/logs.tar!member", the member's name made printable. */
static enum kura_rc input_set_name(struct kura_input *in, const char *member,
                                   struct kura_err *err)
{
    enum kura_rc rc;

    kura_buf_reset(&in->name);
    rc = kura_text_clean(in->path, strlen(in->path), &in->name, err);
    if (rc == KURA_OK && member != NULL)
        rc = kura_buf_putc(&in->name, '!', err);
    if (rc == KURA_OK && member != NULL)
        rc = kura_text_clean(member, strlen(member), &in->name, err);
    return rc;
}

enum kura_rc kura_input_next(struct kura_input *in, bool *more,
                             struct kura_err *err)
{
    struct archive_entry *entry;
    const char *member;
    enum kura_rc rc;
    int r;

    in->given = in->block_at = 0;
    in->block_size = 0;
    in->damaged = false;
    *more = false;
    if (in->archive == NULL) {
        *more = !in->started;
        in->started = true;
        return input_set_name(in, NULL, err);
    }
    do {
        r = archive_read_next_header(in->archive, &entry);
        if (r == ARCHIVE_EOF || (r == ARCHIVE_OK && in->raw))
            return KURA_OK;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
            return input_archive_error(in, KURA_EINPUT, err);
        in->raw = archive_format(in->archive) == ARCHIVE_FORMAT_RAW ||
                  archive_format(in->archive) == ARCHIVE_FORMAT_EMPTY;
    } while (!in->raw && archive_entry_filetype(entry) != AE_IFREG);
    member = in->raw ? NULL : archive_entry_pathname(entry);
    if (!in->raw && member == NULL)
        member = "?";
    if (!in->raw && archive_entry_mtime_is_set(entry))
        in->mtime = (int64_t)archive_entry_mtime(entry) * KURA_SECOND;
    rc = input_set_name(in, member, err);
    if (rc != KURA_OK)
        return rc;
    *more = true;
    if (archive_entry_is_encrypted(entry)) {
        rc = kura_err_set(err, KURA_EINPUT, "'%s' is encrypted", in->name.data);
        kura_err_hint(err, "unpack it with its password and load the result");
    }
    return rc;
}

const char *kura_input_name(const struct kura_input *in)
{
    return in->name.data;
}

int64_t kura_input_mtime(const struct kura_input *in)
{
    return in->mtime;
}

bool kura_input_is_plain(const struct kura_input *in)
{
    return in->archive == NULL;
}

static enum kura_rc input_check_bomb(const struct kura_input *in,
                                     struct kura_err *err)
{
    int64_t packed = archive_filter_bytes(in->archive, -1);
    enum kura_rc rc;

    if (in->given < INPUT_BOMB_BYTES || packed <= 0 ||
        in->given / packed < INPUT_BOMB_RATIO)
        return KURA_OK;
    rc = kura_err_set(err, KURA_EINPUT,
                      "'%s' grows more than %d times when unpacked, stopped "
                      "after byte %" PRId64,
                      in->name.data, INPUT_BOMB_RATIO, in->given);
    kura_err_hint(err, "if it is a log, unpack it and load the result");
    return rc;
}

/* Has a block ready, unless the source ends.  archive_read_data would do most
 * of this, but after an error it forgets what it unpacked before. */
static enum kura_rc input_fill(struct kura_input *in, struct kura_err *err)
{
    const void *p;
    size_t n;
    la_int64_t at;
    int r;

    while (in->block_size == 0) {
        if (in->damaged)
            return input_archive_error(in, KURA_EINPUT, err);
        p = NULL;
        n = 0;
        at = in->given;
        r = archive_read_data_block(in->archive, &p, &n, &at);
        if (r == ARCHIVE_EOF)
            return KURA_OK;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
            return input_archive_error(in, KURA_EINPUT, err);
        if (n != 0 && at < in->given)
            return kura_err_set(err, KURA_EINPUT,
                                "cannot read '%s' after byte %" PRId64
                                ": its parts overlap",
                                in->name.data, in->given);
        in->damaged = r == ARCHIVE_WARN;
        in->block = p;
        in->block_size = n;
        in->block_at = at;
    }
    return KURA_OK;
}

static enum kura_rc input_unpack(struct kura_input *in, char *to, size_t n,
                                 size_t *got, struct kura_err *err)
{
    enum kura_rc rc = input_check_bomb(in, err);

    if (rc == KURA_OK)
        rc = input_fill(in, err);
    if (rc != KURA_OK || in->block_size == 0)
        return rc;
    if (in->block_at > in->given) {
        if ((int64_t)n > in->block_at - in->given)
            n = (size_t)(in->block_at - in->given);
        memset(to, 0, n);
    } else {
        if (n > in->block_size)
            n = in->block_size;
        memcpy(to, in->block, n);
        in->block += n;
        in->block_size -= n;
        in->block_at += (int64_t)n;
    }
    *got = n;
    return KURA_OK;
}

enum kura_rc kura_input_read(struct kura_input *in, void *p, size_t n,
                             size_t *got, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    *got = 0;
    if (in->archive != NULL) {
        rc = input_unpack(in, p, n, got, err);
    } else if (in->head_used < in->head_size) {
        *got = in->head_size - in->head_used;
        if (*got > n)
            *got = n;
        memcpy(p, in->head + in->head_used, *got);
        in->head_used += *got;
    } else {
        rc = input_read_fd(in, p, n, got, err);
    }
    in->given += (int64_t)*got;
    return rc;
}
