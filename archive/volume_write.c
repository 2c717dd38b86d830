/* volume_write.c - packs members into a scratch file, then writes the tar file
 * in one pass: manifest, README, members. */
#include "archive/volume.h"

#include "base/clock.h"
#include "base/embedded.h"
#include "base/fs.h"
#include "store/seekable.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_BLOCK 10240 /* what tar programs read at once */
#define WRITE_STEP ((size_t)256 * 1024)
#define README_MAX ((size_t)64 << 20)

/* --- Packing ------------------------------------------------------------ */

struct volume_packing {
    const char *scratch; /* for messages */
    int fd;
    struct kura_packer *packer;
    const volatile sig_atomic_t *stop;
};

static enum kura_rc stop_check(const volatile sig_atomic_t *stop,
                               struct kura_err *err)
{
    if (stop != NULL && *stop != 0)
        return kura_err_set(err, KURA_ESTOPPED, "stopped");
    return KURA_OK;
}

static enum kura_rc packing_take_plain(void *arg, const void *p, size_t n,
                                       struct kura_err *err)
{
    struct volume_packing *k = arg;
    enum kura_rc rc = stop_check(k->stop, err);

    return rc == KURA_OK ? kura_packer_write(k->packer, p, n, err) : rc;
}

static enum kura_rc packing_take_packed(void *arg, const void *p, size_t n,
                                        struct kura_err *err)
{
    struct volume_packing *k = arg;

    return kura_fs_put(k->fd, k->scratch, p, n, err);
}

/* What was read and what went into the packer, against the manifest. */
static enum kura_rc member_compare(const struct kura_manifest_member *p,
                                   const struct kura_location *at,
                                   const struct kura_packed *got,
                                   struct kura_err *err)
{
    if (got->plain_bytes != p->plain_size)
        return kura_err_set(err, KURA_ECORRUPT,
                            "'%s' is not archived: it has %lld plain bytes, "
                            "not the %lld that it was sealed with",
                            at->path, (long long)got->plain_bytes,
                            (long long)p->plain_size);
    if (strcmp(got->sha256, p->sha256) != 0)
        return kura_err_set(err, KURA_ECORRUPT,
                            "'%s' is not archived: its SHA-256 is %s, not the "
                            "%s that it was sealed with",
                            at->path, got->sha256, p->sha256);
    return KURA_OK;
}

static enum kura_rc member_pack(struct volume_packing *k,
                                struct kura_manifest_member *p,
                                const struct kura_location *at, int level,
                                struct kura_err *err)
{
    struct kura_packed in, out;
    enum kura_rc rc;

    rc = kura_packer_new(level, packing_take_packed, k, &k->packer, err);
    if (rc != KURA_OK)
        return rc;
    rc = kura_seekable_unpack(at, packing_take_plain, k, &in, err);
    if (rc == KURA_OK)
        rc = kura_packer_finish(k->packer, &out, err);
    if (rc == KURA_OK)
        rc = member_compare(p, at, &in, err);
    if (rc == KURA_OK)
        rc = member_compare(p, at, &out, err);
    if (rc == KURA_OK)
        p->size = out.packed_bytes;
    kura_packer_free(k->packer);
    k->packer = NULL;
    return rc;
}

/* --- README ------------------------------------------------------------- */

static enum kura_rc readme_list(const struct kura_manifest *m,
                                struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    char day[KURA_DAY_TEXT];
    size_t i;

    for (i = 0; rc == KURA_OK && i < m->member_count; i++) {
        kura_day_format(m->members[i].day, day);
        rc = kura_buf_printf(out, err, "%s    %s  %s  %lld rows",
                             i == 0 ? "" : "\n", m->members[i].name, day,
                             (long long)m->members[i].rows);
    }
    return rc;
}

static const char *file_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash != NULL ? slash + 1 : name;
}

/* What a word in braces stands for; *n its length.  NULL: for itself. */
struct readme_word {
    const char *word, *text;
    int n; /* -1: all of text */
};

static enum kura_rc readme_fill(const char *text,
                                const struct readme_word *words, size_t count,
                                struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    const char *open;
    size_t n, i;

    while (rc == KURA_OK && (open = strchr(text, '{')) != NULL) {
        rc = kura_buf_append(out, text, (size_t)(open - text), err);
        n = strcspn(open + 1, "}");
        text = open + 1;
        for (i = 0; i < count; i++) {
            if (strlen(words[i].word) == n &&
                strncmp(words[i].word, open + 1, n) == 0)
                break;
        }
        if (rc != KURA_OK)
            break;
        if (i == count) {
            rc = kura_buf_putc(out, '{', err);
            continue;
        }
        rc = kura_buf_printf(out, err, "%.*s",
                             words[i].n >= 0 ? words[i].n
                                             : (int)strlen(words[i].text),
                             words[i].text);
        text = open + 1 + n + 1;
    }
    return rc == KURA_OK ? kura_buf_puts(out, text, err) : rc;
}

static enum kura_rc readme_write(const struct kura_manifest *m,
                                 struct kura_buf *out, struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT], made[KURA_TIME_TEXT];
    const char *example = m->members[0].name, *text;
    char rows[24], members[24];
    struct kura_buf list;
    int64_t sum = 0;
    enum kura_rc rc;
    size_t i;

    for (i = 0; i < m->member_count; i++)
        sum += m->members[i].rows;
    kura_day_format(m->first_day, first);
    kura_day_format(m->last_day, last);
    kura_time_format(m->made_us, made);
    (void)snprintf(rows, sizeof(rows), "%lld", (long long)sum);
    (void)snprintf(members, sizeof(members), "%zu", m->member_count);
    kura_buf_init(&list, README_MAX / 2);
    rc = readme_list(m, &list, err);
    if (rc == KURA_OK)
        rc = kura_embedded_text("archive/readme.txt", &text, err);
    if (rc == KURA_OK) {
        const struct readme_word words[] = {
            {"volume", m->name, -1},
            {"file", file_of(m->name), -1},
            {"table", m->schema->name, -1},
            {"about", m->schema->about != NULL ? m->schema->about : "", -1},
            {"first_day", first, -1},
            {"last_day", last, -1},
            {"rows", rows, -1},
            {"members", members, -1},
            {"made", made, 10},
            {"kura", m->kura, -1},
            {"example", example, (int)(strlen(example) - strlen(".db.zst"))},
            {"list", list.data, -1},
        };

        rc = readme_fill(text, words, sizeof(words) / sizeof(words[0]), out,
                         err);
    }
    kura_buf_release(&list);
    return rc;
}

/* --- The tar file ------------------------------------------------------- */

struct volume_tar {
    const char *path;
    int fd;
    struct archive *archive;
    struct kura_sha256 *sha256;
    int64_t bytes;
    enum kura_rc rc; /* of the callback, whose words are in *err already */
    struct kura_err *err;
};

static la_ssize_t tar_take(struct archive *a, void *arg, const void *p,
                           size_t n)
{
    struct volume_tar *t = arg;

    t->rc = kura_sha256_update(t->sha256, p, n, t->err);
    if (t->rc == KURA_OK)
        t->rc = kura_fs_put(t->fd, t->path, p, n, t->err);
    if (t->rc != KURA_OK) {
        archive_set_error(a, EIO, "cannot write");
        return -1;
    }
    t->bytes += (int64_t)n;
    return (la_ssize_t)n;
}

/* A warning while writing is a failure: what is written is for years. */
static enum kura_rc tar_result(struct volume_tar *t, int code)
{
    const char *text;

    if (t->rc != KURA_OK)
        return t->rc;
    if (code == ARCHIVE_OK)
        return KURA_OK;
    text = archive_error_string(t->archive);
    return kura_err_set(t->err, KURA_EIO, "cannot write volume '%s': %s",
                        t->path, text != NULL ? text : "no reason given");
}

static enum kura_rc tar_open(struct volume_tar *t)
{
    struct archive *a = archive_write_new();
    enum kura_rc rc;

    if (a == NULL)
        return kura_err_nomem(t->err);
    t->archive = a;
    rc = tar_result(t, archive_write_set_format_ustar(a));
    if (rc == KURA_OK)
        rc = tar_result(t, archive_write_set_bytes_per_block(a, WRITE_BLOCK));
    if (rc == KURA_OK)
        rc = tar_result(t, archive_write_set_bytes_in_last_block(a, 1));
    if (rc == KURA_OK)
        rc = tar_result(t, archive_write_open(a, t, NULL, tar_take, NULL));
    return rc;
}

static enum kura_rc tar_header(struct volume_tar *t, const char *name,
                               int64_t size, int64_t made_us)
{
    struct archive_entry *e = archive_entry_new();
    enum kura_rc rc;

    if (e == NULL)
        return kura_err_nomem(t->err);
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_uid(e, 0);
    archive_entry_set_gid(e, 0);
    archive_entry_set_size(e, size);
    archive_entry_set_mtime(e, (time_t)(made_us / KURA_SECOND), 0);
    rc = tar_result(t, archive_write_header(t->archive, e));
    archive_entry_free(e);
    return rc;
}

static enum kura_rc tar_data(struct volume_tar *t, const void *p, size_t n)
{
    la_ssize_t put = archive_write_data(t->archive, p, n);

    return tar_result(t, put == (la_ssize_t)n ? ARCHIVE_OK : ARCHIVE_FATAL);
}

static enum kura_rc tar_text(struct volume_tar *t, const char *name,
                             const struct kura_buf *text, int64_t made_us)
{
    enum kura_rc rc = tar_header(t, name, (int64_t)text->len, made_us);

    return rc == KURA_OK ? tar_data(t, text->data, text->len) : rc;
}

/* Copies n bytes of the scratch file from *offset on. */
static enum kura_rc tar_member(struct volume_tar *t, struct volume_packing *k,
                               int64_t *offset, int64_t n, char *step)
{
    enum kura_rc rc = KURA_OK;
    size_t part;

    while (rc == KURA_OK && n != 0) {
        part = n < (int64_t)WRITE_STEP ? (size_t)n : WRITE_STEP;
        rc = stop_check(k->stop, t->err);
        if (rc == KURA_OK)
            rc =
                kura_fs_read_at(k->fd, k->scratch, *offset, step, part, t->err);
        if (rc == KURA_OK)
            rc = tar_data(t, step, part);
        *offset += (int64_t)part;
        n -= (int64_t)part;
    }
    return rc;
}

static enum kura_rc tar_write(struct volume_tar *t, struct volume_packing *k,
                              const struct kura_manifest *m,
                              const struct kura_buf *manifest,
                              const struct kura_buf *readme)
{
    char *step = malloc(WRITE_STEP);
    enum kura_rc rc = step != NULL ? tar_open(t) : kura_err_nomem(t->err);
    int64_t offset = 0;
    size_t i;

    if (rc == KURA_OK)
        rc = tar_text(t, "manifest.json", manifest, m->made_us);
    if (rc == KURA_OK)
        rc = tar_text(t, "README.txt", readme, m->made_us);
    for (i = 0; rc == KURA_OK && i < m->member_count; i++) {
        rc = tar_header(t, m->members[i].name, m->members[i].size, m->made_us);
        if (rc == KURA_OK)
            rc = tar_member(t, k, &offset, m->members[i].size, step);
    }
    if (rc == KURA_OK)
        rc = tar_result(t, archive_write_close(t->archive));
    free(step);
    return rc;
}

/* The offsets, from what lies on the disk now. */
static enum kura_rc offsets_read(const char *path,
                                 const struct kura_manifest *m, int64_t **out,
                                 struct kura_err *err)
{
    struct kura_volume *v = NULL;
    int64_t *offsets;
    enum kura_rc rc;
    size_t i;

    rc = kura_volume_open(path, &v, err);
    if (rc != KURA_OK)
        return rc;
    offsets = calloc(m->member_count, sizeof(*offsets));
    for (i = 0; offsets != NULL && i < m->member_count; i++)
        offsets[i] = kura_volume_member(v, i).offset;
    kura_volume_close(v);
    if (offsets == NULL)
        return kura_err_nomem(err);
    *out = offsets;
    return KURA_OK;
}

static enum kura_rc volume_finish(struct volume_tar *t,
                                  const struct kura_manifest *m,
                                  struct kura_volume_written *out)
{
    struct kura_volume_written done = {.bytes = t->bytes};
    enum kura_rc rc;

    rc = kura_fs_sync(t->fd, t->path, t->err);
    if (rc == KURA_OK)
        rc = kura_fs_close(&t->fd, t->path, t->err);
    if (rc == KURA_OK)
        rc = kura_sha256_peek(t->sha256, done.sha256, t->err);
    if (rc == KURA_OK)
        rc = offsets_read(t->path, m, &done.offsets, t->err);
    if (rc == KURA_OK)
        *out = done;
    return rc;
}

enum kura_rc kura_volume_write(const char *path, const char *scratch,
                               struct kura_manifest *m,
                               const struct kura_location *inputs, int level,
                               const volatile sig_atomic_t *stop,
                               struct kura_volume_written *out,
                               struct kura_err *err)
{
    struct volume_packing k = {.scratch = scratch, .fd = -1, .stop = stop};
    struct volume_tar t = {.path = path, .fd = -1, .err = err};
    struct kura_buf manifest, readme;
    bool is_made = false;
    enum kura_rc rc;
    size_t i;

    kura_buf_init(&manifest, KURA_MANIFEST_MAX);
    kura_buf_init(&readme, README_MAX);
    rc = kura_fs_scratch(scratch, &k.fd, err);
    for (i = 0; rc == KURA_OK && i < m->member_count; i++)
        rc = member_pack(&k, &m->members[i], &inputs[i], level, err);
    if (rc == KURA_OK)
        rc = kura_manifest_write(m, &manifest, err);
    if (rc == KURA_OK)
        rc = readme_write(m, &readme, err);
    if (rc == KURA_OK)
        rc = kura_sha256_new(&t.sha256, err);
    if (rc == KURA_OK)
        rc = kura_fs_create(path, &t.fd, err);
    if (rc != KURA_OK)
        goto out;
    is_made = true;
    rc = tar_write(&t, &k, m, &manifest, &readme);
    if (rc == KURA_OK)
        rc = volume_finish(&t, m, out);
out:
    if (t.archive != NULL) {
        /* Freeing an archive that failed must not write its end. */
        if (rc != KURA_OK)
            (void)archive_write_fail(t.archive);
        (void)archive_write_free(t.archive);
    }
    (void)kura_fs_close(&t.fd, path, NULL);
    (void)kura_fs_close(&k.fd, scratch, NULL);
    if (rc != KURA_OK && is_made)
        (void)kura_fs_remove(path, NULL);
    kura_sha256_free(t.sha256);
    kura_buf_release(&manifest);
    kura_buf_release(&readme);
    return rc;
}

enum kura_rc kura_volume_write_sum(const char *path, const char *sha256,
                                   struct kura_err *err)
{
    struct kura_buf name, line;
    enum kura_rc rc;

    kura_buf_init(&name, 1u << 16);
    kura_buf_init(&line, 1u << 16);
    rc = kura_buf_printf(&name, err, "%s.sha256", path);
    if (rc == KURA_OK)
        rc = kura_buf_printf(&line, err, "%s  %s\n", sha256, file_of(path));
    if (rc == KURA_OK)
        rc = kura_fs_write(name.data, line.data, line.len, err);
    kura_buf_release(&name);
    kura_buf_release(&line);
    return rc;
}
