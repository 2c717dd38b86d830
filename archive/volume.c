/* volume.c - opens a volume and checks it.
 *
 *     0     header  manifest.json   filling to 512
 *           header  README.txt      filling
 *           header  member 0        filling
 *           ...
 *           zero bytes to the end, 1,024 at least
 *
 * libarchive reads the headers.  It also takes extended headers, links and
 * holes, which no volume has: so every header block is looked at here before
 * libarchive sees it, and the data must begin right behind it. */
#include "archive/volume.h"

#include "base/clock.h"
#include "base/command.h"
#include "base/fs.h"
#include "store/seekable.h"

#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TAR_BLOCK 512
#define TAR_END_MAX 65536 /* zero bytes behind the last member */
#define README_MAX (INT64_C(64) << 20)
#define CHECK_STEP ((size_t)1 << 20)

/* Places in a header block. */
#define TAR_NAME_SIZE 100
#define TAR_TYPE 156
#define TAR_MAGIC 257

struct kura_volume {
    char *path; /* absolute */
    int64_t size;
    struct kura_manifest manifest;
    int64_t *offsets; /* per member */
    /* While it is opened: */
    int fd;
    struct archive *archive;
    int64_t at;           /* where the next header must be */
    const char *expected; /* name in it; NULL: none */
};

/* One entry of the tar file. */
struct volume_entry {
    const char *name; /* libarchive's, until the next header */
    int64_t header, data, size;
};

static int64_t tar_round(int64_t n)
{
    return (n + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

__attribute__((format(printf, 4, 5))) static enum kura_rc
volume_bad(const struct kura_volume *v, struct kura_err *err, int64_t at,
           const char *fmt, ...)
{
    char what[320];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return kura_err_set(err, KURA_ECORRUPT,
                        "volume '%s' is damaged at byte %" PRId64 ": %s",
                        v->path, at, what);
}

/* --- Headers ------------------------------------------------------------ */

/* What the next header block may not be; the end mark is left to libarchive, as
 * is the sum of the block. */
static enum kura_rc header_check(const struct kura_volume *v,
                                 struct kura_err *err)
{
    static const unsigned char zero[TAR_BLOCK];
    unsigned char block[TAR_BLOCK];
    int64_t at = v->at;
    enum kura_rc rc;

    if (v->size - at < TAR_BLOCK)
        return volume_bad(v, err, at,
                          "it ends here, before the end of a tar "
                          "file");
    rc = kura_fs_read_at(v->fd, v->path, at, block, sizeof(block), err);
    if (rc != KURA_OK || memcmp(block, zero, sizeof(block)) == 0)
        return rc;
    if (memcmp(block + TAR_MAGIC,
               "ustar\0"
               "00",
               8) != 0)
        return volume_bad(v, err, at, "no header of a ustar file");
    switch (block[TAR_TYPE]) {
    case '0':
        break;
    case '1':
    case '2':
        return volume_bad(v, err, at, "'%.100s' is a link", (char *)block);
    case 'x':
    case 'g':
        return volume_bad(v, err, at, "an extended (pax) header");
    case 'L':
    case 'K':
        return volume_bad(v, err, at, "a GNU header for a long name");
    case 'S':
        return volume_bad(v, err, at, "'%.100s' is a sparse file",
                          (char *)block);
    default:
        return volume_bad(v, err, at, "'%.100s' is not a regular file",
                          (char *)block);
    }
    return KURA_OK;
}

static bool name_is_safe(const char *name)
{
    const char *p;

    if (name[0] == '/')
        return false;
    for (p = name; p != NULL; p = strchr(p, '/')) {
        p += *p == '/';
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
            return false;
    }
    return true;
}

static enum kura_rc archive_failed(const struct kura_volume *v,
                                   struct kura_err *err)
{
    const char *text = archive_error_string(v->archive);

    if (text == NULL)
        text = "not a tar file";
    if (v->expected == NULL)
        return volume_bad(v, err, v->at, "%s", text);
    return volume_bad(v, err, v->at, "header of '%s': %s", v->expected, text);
}

/* Zero bytes from..to, which the digest of no member covers. */
static enum kura_rc zeros_check(const struct kura_volume *v, int64_t from,
                                int64_t to, struct kura_err *err)
{
    unsigned char step[4096];
    enum kura_rc rc;
    size_t n, i;

    for (; from < to; from += (int64_t)n) {
        n = to - from < (int64_t)sizeof(step) ? (size_t)(to - from)
                                              : sizeof(step);
        rc = kura_fs_read_at(v->fd, v->path, from, step, n, err);
        if (rc != KURA_OK)
            return rc;
        for (i = 0; i < n; i++) {
            if (step[i] != 0)
                return volume_bad(v, err, from + (int64_t)i,
                                  "a byte that is not zero between or behind "
                                  "the files");
        }
    }
    return KURA_OK;
}

/* The next entry; its name in `is` (NULL at the end of the tar file). */
static enum kura_rc entry_next(struct kura_volume *v, struct volume_entry *is,
                               struct kura_err *err)
{
    struct archive_entry *e = NULL;
    enum kura_rc rc = header_check(v, err);
    int code;

    is->name = NULL;
    if (rc != KURA_OK)
        return rc;
    code = archive_read_next_header(v->archive, &e);
    if (code == ARCHIVE_EOF)
        return KURA_OK;
    if (code != ARCHIVE_OK)
        return archive_failed(v, err);
    is->header = archive_read_header_position(v->archive);
    if (is->header != v->at)
        return volume_bad(v, err, v->at, "no file begins here");
    is->name = archive_entry_pathname(e);
    if (is->name == NULL || is->name[0] == '\0')
        return volume_bad(v, err, v->at, "a file without a name");
    if (!name_is_safe(is->name))
        return volume_bad(v, err, v->at, "'%.100s' leads out of the volume",
                          is->name);
    is->data = is->header + TAR_BLOCK;
    is->size = archive_entry_size(e);
    if (is->size < 0 || is->size > v->size - is->data ||
        tar_round(is->size) > v->size - is->data)
        return volume_bad(v, err, v->at,
                          "'%.100s' has %" PRId64 " bytes, more than the file",
                          is->name, is->size);
    v->at = is->data + tar_round(is->size);
    return zeros_check(v, is->data + is->size, v->at, err);
}

static enum kura_rc entry_expect(struct kura_volume *v, const char *name,
                                 struct volume_entry *is, struct kura_err *err)
{
    int64_t at = v->at;
    enum kura_rc rc;

    v->expected = name;
    rc = entry_next(v, is, err);
    v->expected = NULL;
    if (rc != KURA_OK)
        return rc;
    if (is->name == NULL)
        return volume_bad(v, err, at, "it ends before '%s'", name);
    if (strcmp(is->name, name) != 0)
        return volume_bad(v, err, at, "'%.100s' stands where '%s' must be",
                          is->name, name);
    return KURA_OK;
}

/* --- Opening ------------------------------------------------------------ */

static enum kura_rc volume_manifest_read(struct kura_volume *v,
                                         struct kura_err *err)
{
    struct volume_entry is;
    enum kura_rc rc;
    char *json;

    rc = entry_expect(v, "manifest.json", &is, err);
    if (rc != KURA_OK)
        return rc;
    if (is.size > (int64_t)KURA_MANIFEST_MAX)
        return volume_bad(v, err, is.header,
                          "a manifest of %" PRId64 " bytes, more than %u",
                          is.size, KURA_MANIFEST_MAX);
    json = malloc((size_t)is.size + 1);
    if (json == NULL)
        return kura_err_nomem(err);
    rc = kura_fs_read_at(v->fd, v->path, is.data, json, (size_t)is.size, err);
    if (rc == KURA_OK)
        rc = kura_manifest_read(v->path, json, (size_t)is.size, &v->manifest,
                                err);
    free(json);
    return rc;
}

static enum kura_rc member_find(struct kura_volume *v, size_t i,
                                struct kura_err *err)
{
    static const unsigned char magic[4] = {0x28, 0xB5, 0x2F, 0xFD};
    const struct kura_manifest_member *p = &v->manifest.members[i];
    unsigned char head[sizeof(magic)];
    struct volume_entry is;
    enum kura_rc rc;

    rc = entry_expect(v, p->name, &is, err);
    if (rc != KURA_OK)
        return rc;
    if (is.size != p->size)
        return volume_bad(v, err, is.header,
                          "member '%s' has %" PRId64 " bytes, the manifest "
                          "says %" PRId64,
                          p->name, is.size, p->size);
    if (is.size < (int64_t)sizeof(head))
        return volume_bad(v, err, is.data, "member '%s' is too short", p->name);
    rc = kura_fs_read_at(v->fd, v->path, is.data, head, sizeof(head), err);
    if (rc != KURA_OK)
        return rc;
    if (memcmp(head, magic, sizeof(magic)) != 0)
        return volume_bad(v, err, is.data,
                          "member '%s' does not begin as zstd does", p->name);
    v->offsets[i] = is.data;
    return KURA_OK;
}

static enum kura_rc volume_end(struct kura_volume *v, struct kura_err *err)
{
    struct volume_entry is;
    int64_t at = v->at;
    enum kura_rc rc;

    if (v->size - at < 2 * TAR_BLOCK)
        return volume_bad(v, err, v->size, "it ends before its end mark");
    if (v->size - at > TAR_END_MAX)
        return volume_bad(v, err, at,
                          "%" PRId64 " bytes that the manifest does not name",
                          v->size - at);
    rc = entry_next(v, &is, err);
    if (rc == KURA_OK && is.name != NULL)
        return volume_bad(v, err, at, "'%.100s' is not named by the manifest",
                          is.name);
    return rc == KURA_OK ? zeros_check(v, at, v->size, err) : rc;
}

static enum kura_rc volume_read(struct kura_volume *v, struct kura_err *err)
{
    struct volume_entry readme;
    enum kura_rc rc;
    size_t i;

    /* Opening looks at the first block already. */
    rc = header_check(v, err);
    if (rc != KURA_OK)
        return rc;
    if (archive_read_support_format_tar(v->archive) != ARCHIVE_OK ||
        archive_read_open_fd(v->archive, v->fd, TAR_BLOCK * 20) != ARCHIVE_OK)
        return archive_failed(v, err);
    rc = volume_manifest_read(v, err);
    if (rc == KURA_OK)
        rc = entry_expect(v, "README.txt", &readme, err);
    if (rc == KURA_OK && readme.size > README_MAX)
        rc = volume_bad(v, err, readme.header, "a README of %" PRId64 " bytes",
                        readme.size);
    if (rc != KURA_OK)
        return rc;
    v->offsets = calloc(v->manifest.member_count, sizeof(*v->offsets));
    if (v->offsets == NULL)
        return kura_err_nomem(err);
    for (i = 0; rc == KURA_OK && i < v->manifest.member_count; i++)
        rc = member_find(v, i, err);
    return rc == KURA_OK ? volume_end(v, err) : rc;
}

enum kura_rc kura_volume_open(const char *path, struct kura_volume **out,
                              struct kura_err *err)
{
    struct kura_volume *v = calloc(1, sizeof(*v));
    enum kura_rc rc;

    if (v == NULL)
        return kura_err_nomem(err);
    v->fd = -1;
    rc = kura_fs_absolute(path, &v->path, err);
    if (rc == KURA_OK)
        rc = kura_fs_open_read(v->path, false, &v->fd, &v->size, err);
    if (rc != KURA_OK)
        goto out;
    v->archive = archive_read_new();
    rc = v->archive != NULL ? volume_read(v, err) : kura_err_nomem(err);
out:
    (void)archive_read_free(v->archive); /* NULL ok */
    v->archive = NULL;
    (void)kura_fs_close(&v->fd, path, NULL);
    if (rc != KURA_OK)
        kura_volume_close(v);
    else
        *out = v;
    return rc;
}

void kura_volume_close(struct kura_volume *v)
{
    if (v == NULL)
        return;
    kura_manifest_release(&v->manifest);
    free(v->offsets);
    free(v->path);
    free(v);
}

const struct kura_manifest *kura_volume_manifest(const struct kura_volume *v)
{
    return &v->manifest;
}

int64_t kura_volume_size(const struct kura_volume *v)
{
    return v->size;
}

struct kura_location kura_volume_member(const struct kura_volume *v, size_t i)
{
    struct kura_location at = {v->path, v->offsets[i],
                               v->manifest.members[i].size};

    return at;
}

/* --- Checking ----------------------------------------------------------- */

struct volume_check {
    struct kura_volume *v;
    const char *path; /* as it was given */
    int fd;
    int64_t at, size; /* bytes hashed so far, and in the file */
    struct kura_sha256 *sha256;
    char *step;
    const volatile sig_atomic_t *stop;
    size_t damaged;
    size_t first;        /* damaged member */
    struct kura_err why; /* its damage */
    struct kura_err *err;
};

static enum kura_rc check_stop(const struct volume_check *c,
                               struct kura_err *err)
{
    if (c->stop != NULL && *c->stop != 0)
        return kura_err_set(err, KURA_ESTOPPED, "stopped");
    return KURA_OK;
}

/* Hashes up to byte `to` of the file. */
static enum kura_rc check_hash(struct volume_check *c, int64_t to)
{
    enum kura_rc rc = KURA_OK;
    size_t n;

    while (rc == KURA_OK && c->at < to) {
        n = to - c->at < (int64_t)CHECK_STEP ? (size_t)(to - c->at)
                                             : CHECK_STEP;
        rc = check_stop(c, c->err);
        if (rc == KURA_OK)
            rc = kura_fs_read_at(c->fd, c->path, c->at, c->step, n, c->err);
        if (rc == KURA_OK)
            rc = kura_sha256_update(c->sha256, c->step, n, c->err);
        c->at += (int64_t)n;
    }
    return rc;
}

static enum kura_rc check_take(void *arg, const void *p, size_t n,
                               struct kura_err *err)
{
    (void)p;
    (void)n;
    return check_stop(arg, err);
}

/* The member's bytes were read for the digest of the tar file just now, so this
 * finds them in memory. */
static enum kura_rc member_verify(struct volume_check *c, size_t i,
                                  struct kura_err *err)
{
    const struct kura_manifest_member *p = &c->v->manifest.members[i];
    struct kura_location at = kura_volume_member(c->v, i);
    struct kura_packed got;
    enum kura_rc rc;

    rc = kura_seekable_unpack(&at, check_take, c, &got, err);
    if (rc != KURA_OK)
        return rc;
    if (got.plain_bytes != p->plain_size)
        return kura_err_set(err, KURA_ECORRUPT,
                            "it unpacks to %" PRId64 " bytes, the manifest "
                            "says %" PRId64,
                            got.plain_bytes, p->plain_size);
    if (strcmp(got.sha256, p->sha256) != 0)
        return kura_err_set(err, KURA_ECORRUPT,
                            "its SHA-256 is not the manifest's");
    return KURA_OK;
}

static enum kura_rc check_member(struct volume_check *c, size_t i)
{
    int64_t end = c->v->offsets[i] + tar_round(c->v->manifest.members[i].size);
    struct kura_err why = KURA_ERR_INIT;
    enum kura_rc rc = check_hash(c, end);

    if (rc != KURA_OK)
        return rc;
    rc = member_verify(c, i, &why);
    if (rc == KURA_ECORRUPT) { /* go on: the others may be whole */
        if (c->damaged++ == 0) {
            c->first = i;
            c->why = why;
        }
        return KURA_OK;
    }
    if (rc != KURA_OK)
        return kura_err_set(c->err, rc, "%s", why.msg);
    return KURA_OK;
}

static enum kura_rc check_result(struct volume_check *c)
{
    const struct kura_manifest *m = &c->v->manifest;
    const struct kura_manifest_member *p = &m->members[c->first];
    char day[KURA_DAY_TEXT], others[48] = "";

    if (c->damaged == 0)
        return KURA_OK;
    kura_day_format(p->day, day);
    if (c->damaged > 1)
        (void)snprintf(others, sizeof(others), " and %zu others of %zu",
                       c->damaged - 1, m->member_count);
    (void)kura_err_set(c->err, KURA_ECORRUPT,
                       "member '%s'%s of volume '%s' is damaged: %.200s",
                       p->name, others, c->v->path, c->why.msg);
    kura_err_hint(c->err,
                  "%" PRId64 " rows of %s cannot be trusted here; read that "
                  "day from another copy",
                  p->rows, day);
    return KURA_ECORRUPT;
}

/* The digest in <path>.sha256; out is "" when there is no such file. */
static enum kura_rc sum_read(const char *path, char out[KURA_SHA256_HEX],
                             struct kura_err *err)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    const size_t digits = KURA_SHA256_HEX - 1;
    struct kura_buf name, line;
    enum kura_rc rc;
    size_t n;

    out[0] = '\0';
    kura_buf_init(&name, 1u << 16);
    kura_buf_init(&line, 1u << 16);
    rc = kura_buf_printf(&name, err, "%s.sha256", path);
    if (rc != KURA_OK || !kura_fs_exists(name.data))
        goto out;
    rc = kura_fs_read(name.data, &line, err);
    if (rc != KURA_OK)
        goto out;
    n = strlen(file);
    /* "<digits>  <file>\n"; sha256sum writes a '*' too. */
    if (line.len == digits + 2 + n + 1 &&
        strspn(line.data, "0123456789abcdef") == digits &&
        line.data[digits] == ' ' && strchr(" *", line.data[digits + 1]) &&
        memcmp(line.data + digits + 2, file, n) == 0 &&
        line.data[line.len - 1] == '\n') {
        memcpy(out, line.data, digits);
        out[digits] = '\0';
    } else {
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "'%s' is damaged: not one line of sha256sum for '%s'",
                          name.data, file);
    }
out:
    kura_buf_release(&name);
    kura_buf_release(&line);
    return rc;
}

static enum kura_rc sum_compare(const struct volume_check *c,
                                const char *expected, const char *got)
{
    char sum[KURA_SHA256_HEX];
    enum kura_rc rc;

    if (expected == NULL)
        return KURA_OK;
    if (expected[0] == '\0') {
        rc = sum_read(c->path, sum, c->err);
        if (rc != KURA_OK || sum[0] == '\0')
            return rc;
        expected = sum;
    }
    if (strcmp(expected, got) == 0)
        return KURA_OK;
    (void)kura_err_set(c->err, KURA_ECORRUPT,
                       "volume '%s' is not as it was written: its SHA-256 is "
                       "%s, not %s",
                       c->v->path, got, expected);
    kura_err_hint(c->err, "the members are whole: what differs is the "
                          "manifest, the README or a header");
    return KURA_ECORRUPT;
}

static enum kura_rc check_run(struct volume_check *c, const char *expected,
                              char got[KURA_SHA256_HEX])
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < c->v->manifest.member_count; i++)
        rc = check_member(c, i);
    if (rc == KURA_OK)
        rc = check_hash(c, c->size);
    if (rc == KURA_OK)
        rc = kura_sha256_peek(c->sha256, got, c->err);
    if (rc == KURA_OK)
        rc = check_result(c);
    return rc == KURA_OK ? sum_compare(c, expected, got) : rc;
}

enum kura_rc kura_volume_check(const char *path, const char *sha256,
                               const volatile sig_atomic_t *stop,
                               char got_sha256[KURA_SHA256_HEX],
                               struct kura_err *err)
{
    struct volume_check c = {.path = path, .fd = -1, .stop = stop, .err = err};
    char got[KURA_SHA256_HEX] = "";
    enum kura_rc rc;

    /* Dropped before anything is read, the manifest included. */
    rc = kura_fs_open_read(path, true, &c.fd, &c.size, err);
    if (rc == KURA_OK)
        rc = kura_volume_open(path, &c.v, err);
    if (rc == KURA_OK)
        rc = kura_sha256_new(&c.sha256, err);
    if (rc != KURA_OK)
        goto out;
    c.step = malloc(CHECK_STEP);
    rc = c.step != NULL ? check_run(&c, sha256, got) : kura_err_nomem(err);
out:
    if (got_sha256 != NULL)
        memcpy(got_sha256, got, sizeof(got));
    free(c.step);
    kura_sha256_free(c.sha256);
    kura_volume_close(c.v);
    (void)kura_fs_close(&c.fd, path, NULL);
    return rc;
}

enum kura_rc kura_volume_command(const char *command, const char *path,
                                 struct kura_err *err)
{
    const struct kura_command_variable variable = {"KURA_VOLUME", path};
    char about[300];

    (void)snprintf(about, sizeof(about), "for volume '%.250s'", path);
    return kura_command_run(command, about, &variable, 1, err);
}
