/* input.c - plain bytes by read(2), gzip by zlib, the rest by libarchive.
 *
 * Layers: the file, what undoes gzip or another compression, and so on; on top
 * perhaps a container.  The first bytes of each layer decide on the next: only
 * what begins with the magic of a compressed file or container is taken for
 * one, so that no log line ever is.  gzip goes to zlib because libarchive does
 * not compare its checksums, and drops what it unpacked just before damage.
 * mmap is not used: a file that is cut while it is read would kill the
 * process. */
#include "ingest/input.h"

#include "base/fs.h"
#include "base/clock.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* One more than the zeros that tar writes where it has no file to write. */
#define INPUT_EMPTY_TAR 10240
#define INPUT_HEAD (INPUT_EMPTY_TAR + 1)
#define INPUT_NAME_MAX 8192
#define INPUT_BLOCK (128u << 10)
#define INPUT_LAYERS 4
#define INPUT_POLL_MS 200

/* A compressed log that grows more than 250 times is none (gzip of real logs
 * reaches 40): stop before it fills the disk. */
#define INPUT_BOMB_BYTES (INT64_C(256) << 20)
#define INPUT_BOMB_RATIO 250

/* What libarchive unpacks: one compressed file, or a container. */
struct input_packed {
    struct archive *archive;
    struct input_layer *below; /* NULL: it opened the file itself */
    /* What it unpacked and nobody took yet; it owns the bytes. */
    const char *block;
    size_t block_size;
    int64_t block_at; /* where they belong; a sparse file has zeros before */
    bool damaged;     /* an error came together with the block */
    bool fatal;       /* it cannot go on */
    char feed[INPUT_BLOCK];
};

/* Bytes that were unpacked n times. */
struct input_layer {
    struct kura_input *in;
    struct input_layer *below; /* NULL: the descriptor */
    struct input_packed *packed;
    z_stream *zlib;
    Bytef *feed;        /* what zlib reads */
    bool between;       /* a member of the gzip file ended */
    bool padded;        /* and zeros came after it */
    unsigned char head[INPUT_HEAD]; /* looked at before it is given out */
    size_t head_size, head_used;
    bool ended;         /* all of it is in the head */
    int64_t made;       /* bytes in all, those of the head too */
    char cause[128];    /* of the damage that was found, else "" */
    struct kura_err failed; /* the error that every further read gives */
};

struct kura_input {
    char *path; /* absolute, or as given: "-", a pipe */
    int fd;
    bool stream; /* cannot be opened again */
    const volatile sig_atomic_t *stop;
    struct input_layer *layers[INPUT_LAYERS];
    size_t count;
    struct input_packed *container; /* NULL: the last layer is the source */
    bool raw;       /* libarchive found no container after all */
    bool empty_tar; /* it is one */
    bool started;
    struct kura_buf name;
    int64_t mtime;
    int64_t given; /* bytes handed out of this source */
};

struct input_magic {
    size_t size;
    const char *bytes;
};

static const struct input_magic input_filters[] = {
    {2, "\x1f\x9d"}, {6, "\xfd" "7zXZ\0"},     {4, "\x28\xb5\x2f\xfd"},
    {3, "BZh"},      {4, "\x04\x22\x4d\x18"}, {4, "LZIP"},
};

static const struct input_magic input_containers[] = {
    {4, "PK\x03\x04"}, {4, "PK\x05\x06"}, {6, "7z\xbc\xaf\x27\x1c"},
};

static bool input_begins(const struct input_layer *l, const char *bytes,
                         size_t size)
{
    return l->head_size >= size && memcmp(l->head, bytes, size) == 0;
}

static bool input_is_gzip(const struct input_layer *l)
{
    return input_begins(l, "\x1f\x8b\x08", 3);
}

static bool input_is_filtered(const struct input_layer *l)
{
    size_t i;

    for (i = 0; i < sizeof(input_filters) / sizeof(input_filters[0]); i++) {
        if (input_begins(l, input_filters[i].bytes, input_filters[i].size))
            return true;
    }
    return false;
}

/* A header of tar holds the sum of its bytes, in octal digits; it is asked for
 * where the magic, which old ones lack, is missing. */
static bool input_is_tar(const struct input_layer *l)
{
    unsigned long sum = 0, said = 0;
    size_t i;

    if (l->head_size < 512 || l->head[0] == '\0')
        return false;
    if (memcmp(l->head + 257, "ustar", 5) == 0)
        return true;
    for (i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? ' ' : l->head[i];
    for (i = 148; i < 154 && l->head[i] == ' '; i++)
        continue;
    for (; i < 156 && l->head[i] >= '0' && l->head[i] <= '7'; i++)
        said = said * 8 + l->head[i] - '0';
    return said == sum && (l->head[154] == '\0' || l->head[154] == ' ');
}

static bool input_is_container(const struct input_layer *l)
{
    size_t i;

    for (i = 0; i < sizeof(input_containers) / sizeof(input_containers[0]);
         i++) {
        if (input_begins(l, input_containers[i].bytes,
                         input_containers[i].size))
            return true;
    }
    return input_is_tar(l);
}

/* A tar of nothing is zeros: two blocks of 512 bytes, mostly padded. */
static bool input_is_empty_tar(const struct input_layer *l)
{
    size_t i;

    if (!l->ended || l->head_size % 512 != 0 || l->head_size < 1024)
        return false;
    for (i = 0; i < l->head_size && l->head[i] == '\0'; i++)
        continue;
    return i == l->head_size;
}

/* --- Layers ----------------------------------------------------------- */

static enum kura_rc layer_read(struct input_layer *l, void *p, size_t n,
                               size_t *got, struct kura_err *err);

static bool input_stops(const struct kura_input *in)
{
    return in->stop != NULL && *in->stop != 0;
}

/* Nothing may come for hours: a signal must end the wait. */
static enum kura_rc file_wait(struct kura_input *in, struct kura_err *err)
{
    struct pollfd fd = {.fd = in->fd, .events = POLLIN};

    while (!input_stops(in)) {
        if (poll(&fd, 1, INPUT_POLL_MS) > 0)
            return KURA_OK;
    }
    return kura_err_set(err, KURA_ESTOPPED, "stopped");
}

static enum kura_rc file_read(struct input_layer *l, void *p, size_t n,
                              size_t *got, struct kura_err *err)
{
    enum kura_rc rc = l->in->stream ? file_wait(l->in, err) : KURA_OK;
    ssize_t r;

    if (rc != KURA_OK)
        return rc;
    do {
        r = read(l->in->fd, p, n);
    } while (r < 0 && errno == EINTR);
    if (r < 0)
        return kura_err_sys(err, errno, "cannot read '%s' at byte %" PRId64,
                            l->in->path, l->made);
    *got = (size_t)r;
    return KURA_OK;
}

static enum kura_rc layer_damaged(struct input_layer *l, const char *cause,
                                  struct kura_err *err)
{
    if (cause != l->cause)
        (void)snprintf(l->cause, sizeof(l->cause), "%s",
                       cause == NULL || *cause == '\0' ? "damaged" : cause);
    return kura_err_set(err, KURA_EINPUT,
                        "cannot read '%s' after byte %" PRId64 ": %s",
                        l->in->path, l->made, l->cause);
}

/* Has zlib something to read?  *ended: no, the gzip file ends here. */
static enum kura_rc gzip_feed(struct input_layer *l, bool *ended,
                              struct kura_err *err)
{
    z_stream *z = l->zlib;
    size_t got = 0;
    enum kura_rc rc;

    *ended = false;
    while (l->between || z->avail_in == 0) {
        if (z->avail_in == 0) {
            rc = layer_read(l->below, l->feed, INPUT_BLOCK, &got, err);
            *ended = rc == KURA_OK && got == 0;
            if (rc != KURA_OK || (*ended && l->between))
                return rc;
            if (*ended)
                return layer_damaged(l, "it ends too soon", err);
            z->next_in = l->feed;
            z->avail_in = (uInt)got;
        }
        if (!l->between)
            return KURA_OK;
        /* Tapes pad with zeros; else another member may follow. */
        while (z->avail_in != 0 && *z->next_in == 0) {
            l->padded = true;
            z->next_in++;
            z->avail_in--;
        }
        if (z->avail_in == 0)
            continue;
        if (l->padded || *z->next_in != 0x1f || inflateReset(z) != Z_OK)
            return layer_damaged(
                l, "what follows the compressed data is no gzip", err);
        l->between = false;
    }
    return KURA_OK;
}

static enum kura_rc gzip_read(struct input_layer *l, void *p, size_t n,
                              size_t *got, struct kura_err *err)
{
    z_stream *z = l->zlib;
    enum kura_rc rc;
    bool ended;
    int r;

    if (l->cause[0] != '\0')
        return layer_damaged(l, l->cause, err);
    n = n < INPUT_BLOCK ? n : INPUT_BLOCK;
    z->next_out = p;
    z->avail_out = (uInt)n;
    while (z->avail_out == n) {
        rc = gzip_feed(l, &ended, err);
        if (rc != KURA_OK || ended)
            return rc;
        r = inflate(z, Z_NO_FLUSH);
        if (r == Z_MEM_ERROR)
            return kura_err_nomem(err);
        l->between = r == Z_STREAM_END;
        if (r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR)
            continue;
        if (z->avail_out == n)
            return layer_damaged(l, z->msg, err);
        /* What was unpacked before the damage comes first. */
        (void)snprintf(l->cause, sizeof(l->cause), "%s",
                       z->msg != NULL ? z->msg : "damaged");
    }
    *got = n - z->avail_out;
    return KURA_OK;
}

/* --- libarchive ------------------------------------------------------- */

/* What libarchive calls. */
static la_ssize_t packed_feed(struct archive *a, void *client,
                              const void **buffer)
{
    struct input_packed *p = client;
    struct kura_err cause = KURA_ERR_INIT;
    size_t got = 0;

    *buffer = p->feed;
    if (layer_read(p->below, p->feed, sizeof(p->feed), &got, &cause) !=
        KURA_OK) {
        archive_set_error(a, EIO, "%s", p->below->cause[0] != '\0'
                                            ? p->below->cause
                                            : "cannot read");
        return -1;
    }
    return (la_ssize_t)got;
}

static enum kura_rc packed_error(struct input_packed *p, const char *name,
                                 int64_t after, struct kura_err *err)
{
    const struct kura_err *cause = p->below != NULL ? &p->below->failed : NULL;
    const char *text = archive_error_string(p->archive);
    int n = text == NULL ? 0 : (int)strcspn(text, "\n"); /* some end in one */

    /* Not damage: a failed read, or a signal. */
    if (cause != NULL && cause->rc != KURA_OK && cause->rc != KURA_EINPUT)
        return kura_err_set(err, cause->rc, "%s", cause->msg);
    return kura_err_set(err, KURA_EINPUT,
                        "cannot read '%s' after byte %" PRId64 ": %.*s", name,
                        after, n == 0 ? 7 : n, n == 0 ? "damaged" : text);
}

static void packed_free(struct input_packed *p)
{
    if (p == NULL)
        return;
    if (p->archive != NULL)
        (void)archive_read_free(p->archive);
    free(p);
}

/* file: opened by libarchive itself, which may then seek. */
static enum kura_rc packed_open(struct input_layer *below, const char *file,
                                bool container, struct input_packed **out,
                                struct kura_err *err)
{
    struct input_packed *p = calloc(1, sizeof(*p));
    struct archive *a = p == NULL ? NULL : archive_read_new();
    int r;

    *out = p;
    if (a == NULL)
        return kura_err_nomem(err);
    p->archive = a;
    if (container) {
        (void)archive_read_support_format_tar(a);
        (void)archive_read_support_format_zip(a);
        (void)archive_read_support_format_7zip(a);
    } else {
        (void)archive_read_support_filter_xz(a);
        (void)archive_read_support_filter_zstd(a);
        (void)archive_read_support_filter_bzip2(a);
        (void)archive_read_support_filter_lz4(a);
        (void)archive_read_support_filter_compress(a);
        (void)archive_read_support_filter_lzip(a);
        (void)archive_read_support_format_empty(a);
    }
    (void)archive_read_support_format_raw(a);
    if (file != NULL) {
        r = archive_read_open_filename(a, file, INPUT_BLOCK);
    } else {
        p->below = below;
        r = archive_read_open(a, p, NULL, packed_feed, NULL);
    }
    if (r != ARCHIVE_OK)
        return packed_error(p, below->in->path, 0, err);
    return KURA_OK;
}

/* Has a block ready, unless the source ends.  archive_read_data would do most
 * of this, but after an error it forgets what it unpacked before. */
static enum kura_rc packed_fill(struct input_packed *packed, const char *name,
                                int64_t given, struct kura_err *err)
{
    const void *p;
    size_t n;
    la_int64_t at;
    int r;

    while (packed->block_size == 0) {
        if (packed->damaged || packed->fatal)
            return packed_error(packed, name, given, err);
        p = NULL;
        n = 0;
        at = given;
        r = archive_read_data_block(packed->archive, &p, &n, &at);
        if (r == ARCHIVE_EOF)
            return KURA_OK;
        packed->fatal = r == ARCHIVE_FATAL;
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
            return packed_error(packed, name, given, err);
        if (n != 0 && at < given)
            return kura_err_set(err, KURA_EINPUT,
                                "cannot read '%s' after byte %" PRId64
                                ": its parts overlap",
                                name, given);
        packed->damaged = r == ARCHIVE_WARN;
        packed->block = p;
        packed->block_size = n;
        packed->block_at = at;
    }
    return KURA_OK;
}

static enum kura_rc packed_read(struct input_packed *p, const char *name,
                                int64_t given, void *to, size_t n, size_t *got,
                                struct kura_err *err)
{
    enum kura_rc rc = packed_fill(p, name, given, err);

    if (rc != KURA_OK || p->block_size == 0)
        return rc;
    if (p->block_at > given) {
        if ((int64_t)n > p->block_at - given)
            n = (size_t)(p->block_at - given);
        memset(to, 0, n);
    } else {
        if (n > p->block_size)
            n = p->block_size;
        memcpy(to, p->block, n);
        p->block += n;
        p->block_size -= n;
        p->block_at += (int64_t)n;
    }
    *got = n;
    return KURA_OK;
}

/* --- Opening ---------------------------------------------------------- */

static enum kura_rc layer_make(struct input_layer *l, void *p, size_t n,
                               size_t *got, struct kura_err *err)
{
    enum kura_rc rc = l->failed.rc;

    *got = 0;
    if (rc == KURA_OK && l->zlib != NULL)
        rc = gzip_read(l, p, n, got, &l->failed);
    else if (rc == KURA_OK && l->packed != NULL)
        rc = packed_read(l->packed, l->in->path, l->made, p, n, got,
                         &l->failed);
    else if (rc == KURA_OK)
        rc = file_read(l, p, n, got, &l->failed);
    l->made += (int64_t)*got;
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "%s", l->failed.msg);
    return KURA_OK;
}

static enum kura_rc layer_read(struct input_layer *l, void *p, size_t n,
                               size_t *got, struct kura_err *err)
{
    size_t left = l->head_size - l->head_used;

    if (left == 0)
        return layer_make(l, p, n, got, err);
    *got = left < n ? left : n;
    memcpy(p, l->head + l->head_used, *got);
    l->head_used += *got;
    return KURA_OK;
}

/* Reads the head.  From a pipe no more than has come is asked for, once it is
 * enough to know a container by.  Damage is told when it is read for good. */
static enum kura_rc layer_look(struct input_layer *l, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    enum kura_rc rc = KURA_OK;
    size_t got = 1;

    while (rc == KURA_OK && got != 0 && l->head_size < sizeof(l->head)) {
        if (l->head_size >= 512 && l->head[0] != '\0')
            break;
        rc = layer_make(l, l->head + l->head_size,
                        sizeof(l->head) - l->head_size, &got, &cause);
        l->head_size += got;
    }
    l->ended = rc == KURA_OK && got == 0;
    if (rc == KURA_OK || rc == KURA_EINPUT)
        return KURA_OK;
    return kura_err_set(err, rc, "%s", cause.msg);
}

static enum kura_rc layer_add(struct kura_input *in, struct input_layer **out,
                              struct kura_err *err)
{
    struct input_layer *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return kura_err_nomem(err);
    l->in = in;
    l->below = in->count == 0 ? NULL : in->layers[in->count - 1];
    in->layers[in->count++] = l;
    *out = l;
    return KURA_OK;
}

static void layer_free(struct input_layer *l)
{
    if (l->zlib != NULL)
        (void)inflateEnd(l->zlib);
    free(l->zlib);
    free(l->feed);
    packed_free(l->packed);
    free(l);
}

static enum kura_rc layer_open_gzip(struct input_layer *l,
                                    struct kura_err *err)
{
    l->feed = malloc(INPUT_BLOCK);
    l->zlib = calloc(1, sizeof(*l->zlib));
    /* 15: the largest window; 16: gzip, whose checksum is compared */
    if (l->feed == NULL || l->zlib == NULL ||
        inflateInit2(l->zlib, 15 + 16) != Z_OK)
        return kura_err_nomem(err);
    return KURA_OK;
}

static enum kura_rc layer_open_packed(struct input_layer *l,
                                      struct kura_err *err)
{
    struct archive_entry *entry;
    enum kura_rc rc = packed_open(l->below, NULL, false, &l->packed, err);
    int r;

    if (rc != KURA_OK)
        return rc;
    r = archive_read_next_header(l->packed->archive, &entry);
    if (r == ARCHIVE_EOF || r == ARCHIVE_OK || r == ARCHIVE_WARN)
        return KURA_OK;
    return packed_error(l->packed, l->in->path, 0, err);
}

/* Adds what the file needs, from its first bytes on. */
static enum kura_rc input_stack(struct kura_input *in, struct kura_err *err)
{
    struct input_layer *top, *next;
    enum kura_rc rc = layer_add(in, &top, err);

    if (rc == KURA_OK)
        rc = layer_look(top, err);
    while (rc == KURA_OK && in->count < INPUT_LAYERS &&
           (input_is_gzip(top) || input_is_filtered(top))) {
        bool gzip = input_is_gzip(top);

        rc = layer_add(in, &next, err);
        if (rc == KURA_OK)
            rc = gzip ? layer_open_gzip(next, err)
                      : layer_open_packed(next, err);
        if (rc == KURA_OK)
            rc = layer_look(next, err);
        top = next;
    }
    if (rc != KURA_OK)
        return rc;
    in->empty_tar = input_is_empty_tar(top);
    if (!input_is_container(top))
        return KURA_OK;
    return packed_open(top, in->count == 1 && !in->stream ? in->path : NULL,
                       true, &in->container, err);
}

static enum kura_rc input_open_file(struct kura_input *in, const char *path,
                                    struct kura_err *err)
{
    struct stat st;
    enum kura_rc rc;

    /* The real name of a pipe, "/proc/1/fd/pipe:[2]", is none. */
    in->stream = strcmp(path, "-") == 0 ||
                 (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
    if (in->stream) {
        in->path = strdup(path);
        if (in->path == NULL)
            return kura_err_nomem(err);
    } else {
        rc = kura_fs_absolute(path, &in->path, err);
        if (rc != KURA_OK)
            return rc;
    }
    in->fd = STDIN_FILENO;
    if (strcmp(path, "-") == 0)
        return KURA_OK;
    in->fd = open(in->path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return kura_err_sys(err, errno, "cannot open '%s'", path);
    if (fstat(in->fd, &st) != 0)
        return kura_err_sys(err, errno, "cannot stat '%s'", path);
    if (S_ISDIR(st.st_mode))
        return kura_err_set(err, KURA_EINPUT, "'%s' is a directory", path);
    if (!in->stream)
        in->mtime = (int64_t)st.st_mtim.tv_sec * KURA_SECOND +
                    st.st_mtim.tv_nsec / 1000;
    return KURA_OK;
}

enum kura_rc kura_input_open(const char *path,
                             const volatile sig_atomic_t *stop,
                             struct kura_input **out, struct kura_err *err)
{
    struct kura_input *in = calloc(1, sizeof(*in));
    enum kura_rc rc;

    if (in == NULL)
        return kura_err_nomem(err);
    in->fd = -1;
    in->stop = stop;
    in->mtime = INT64_MIN;
    kura_buf_init(&in->name, INPUT_NAME_MAX);
    rc = input_open_file(in, path, err);
    if (rc == KURA_OK)
        rc = input_stack(in, err);
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
    packed_free(in->container);
    while (in->count != 0)
        layer_free(in->layers[--in->count]);
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

/* --- Members ---------------------------------------------------------- */

/* Goes to the next file in a container; NULL at the end. */
static enum kura_rc input_next_entry(struct kura_input *in,
                                     struct archive_entry **entry,
                                     struct kura_err *err)
{
    struct archive *a = in->container->archive;
    int r;

    *entry = NULL;
    if (in->container->fatal)
        return kura_err_set(err, KURA_EINPUT,
                            "what follows in '%s' cannot be read", in->path);
    do {
        r = archive_read_next_header(a, entry);
        if (r == ARCHIVE_EOF || (r == ARCHIVE_OK && in->raw)) {
            *entry = NULL;
            return KURA_OK;
        }
        if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
            return packed_error(in->container,
                                in->name.len != 0 ? in->name.data : in->path,
                                0, err);
        in->raw = archive_format(a) == ARCHIVE_FORMAT_RAW;
    } while (!in->raw && archive_entry_filetype(*entry) != AE_IFREG);
    return KURA_OK;
}

enum kura_rc kura_input_next(struct kura_input *in, bool *more,
                             struct kura_err *err)
{
    struct archive_entry *entry;
    const char *member;
    enum kura_rc rc;

    in->given = 0;
    *more = false;
    if (in->container == NULL) {
        *more = !in->started && !in->empty_tar;
        in->started = true;
        return input_set_name(in, NULL, err);
    }
    in->container->block_at = 0;
    in->container->block_size = 0;
    in->container->damaged = false;
    rc = input_next_entry(in, &entry, err);
    if (rc != KURA_OK || entry == NULL)
        return rc;
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

bool kura_input_is_stream(const struct kura_input *in)
{
    return in->stream;
}

bool kura_input_has_members(const struct kura_input *in)
{
    return in->empty_tar || (in->container != NULL && !in->raw);
}

static enum kura_rc input_check_bomb(const struct kura_input *in,
                                     struct kura_err *err)
{
    int64_t packed = in->layers[0]->made;
    enum kura_rc rc;

    if (in->container != NULL && in->container->below == NULL)
        packed = archive_filter_bytes(in->container->archive, -1);
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

enum kura_rc kura_input_read(struct kura_input *in, void *p, size_t n,
                             size_t *got, struct kura_err *err)
{
    enum kura_rc rc = input_check_bomb(in, err);

    *got = 0;
    if (rc == KURA_OK && in->container != NULL)
        rc = packed_read(in->container, in->name.data, in->given, p, n, got,
                         err);
    else if (rc == KURA_OK)
        rc = layer_read(in->layers[in->count - 1], p, n, got, err);
    in->given += (int64_t)*got;
    return rc;
}
