#include "ingest/source.h"

#include "base/buf.h"
#include "ingest/detect.h"
#include "ingest/setting.h"
#include "store/rebuild.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SOURCE_HEAD_BYTES 4096u /* what identity is made of */
#define SOURCE_READ (64u << 10) /* what detection sees */
#define SOURCE_NAP_NS 100000000L
/* Files that share less than this, or no whole line, may do so by chance. */
#define SOURCE_TELLING_BYTES 64u

struct kura_source {
    struct kura_warehouse *w;
    const struct kura_formats *formats;
    const char *path;
    const struct kura_load_options *o;
    struct kura_input *input;
    int member;  /* from 1 */
    bool broken; /* no member can be found after this one */
    struct stat stat;
    /* Bytes read and not yet consumed: head[used..size). */
    char head[SOURCE_READ];
    size_t size, used;
    /* The first bytes of it, kept for readers that must know them. */
    char first[SOURCE_HEAD_BYTES];
    size_t first_size;
    bool at_end, damaged;
    struct kura_sha256 *sha; /* of the bytes consumed */
    int64_t offset;          /* their number */
    struct kura_source_entry entry;
    bool was_cut;
    char *twin;     /* begins like it and then differs; NULL: none */
    int64_t locked; /* number of the source, 0: none */
    char head_hex[KURA_SHA256_HEX]; /* locked head, "": none */
    int64_t as_of;
    struct kura_zone *own_zone; /* of kura.yaml, else NULL */
};

/* --- Reading ---------------------------------------------------------- */

/* Reads until the head is full (or 4 KiB of a pipe) or the source ends. */
static enum kura_rc source_fill(struct kura_source *s, struct kura_err *err)
{
    size_t enough =
        kura_input_is_stream(s->input) ? SOURCE_HEAD_BYTES : SOURCE_READ;
    size_t got = 1;
    enum kura_rc rc = KURA_OK;

    s->size = s->used = 0;
    s->at_end = s->damaged = false;
    s->offset = 0;
    kura_sha256_free(s->sha);
    s->sha = NULL;
    rc = kura_sha256_new(&s->sha, err);
    while (rc == KURA_OK && s->size < enough && got != 0) {
        rc = kura_input_read(s->input, s->head + s->size, SOURCE_READ - s->size,
                             &got, err);
        s->size += got;
        s->at_end = got == 0;
    }
    s->first_size = s->size < sizeof(s->first) ? s->size : sizeof(s->first);
    memcpy(s->first, s->head, s->first_size);
    /* Damage further on is met again, and told, when it is read for good. */
    if (rc == KURA_EINPUT && s->size != 0 && err != NULL) {
        *err = (struct kura_err)KURA_ERR_INIT;
        s->damaged = true;
        rc = KURA_OK;
    }
    return rc;
}

/* Consumes up to `upto` bytes in all; stops early at the end of the source. */
static enum kura_rc source_consume(struct kura_source *s, int64_t upto,
                                   struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    while (rc == KURA_OK && s->offset < upto) {
        size_t have = s->size - s->used;

        if (have == 0) {
            if (s->at_end)
                return KURA_OK;
            s->used = 0;
            rc = kura_input_read(s->input, s->head, SOURCE_READ, &s->size, err);
            s->at_end = s->size == 0;
            continue;
        }
        if ((int64_t)have > upto - s->offset)
            have = (size_t)(upto - s->offset);
        rc = kura_sha256_update(s->sha, s->head + s->used, have, err);
        s->used += have;
        s->offset += (int64_t)have;
    }
    return rc;
}

/* Following a file that is empty still: its first bytes are waited for. */
static enum kura_rc source_wait(struct kura_source *s, struct kura_err *err)
{
    struct timespec nap = {0, SOURCE_NAP_NS};
    enum kura_rc rc = KURA_OK;
    size_t got;

    while (rc == KURA_OK && s->size == 0 && s->o->follow &&
           (s->o->stop == NULL || *s->o->stop == 0)) {
        (void)nanosleep(&nap, NULL);
        if (kura_source_was_rotated(s))
            return KURA_OK;
        rc = kura_input_read(s->input, s->head, SOURCE_READ, &got, err);
        if (rc == KURA_OK && got != 0) {
            s->size = got;
            s->first_size = got < sizeof(s->first) ? got : sizeof(s->first);
            memcpy(s->first, s->head, s->first_size);
            s->at_end = false;
        }
    }
    return rc;
}

static enum kura_rc source_reopen(struct kura_source *s, struct kura_err *err)
{
    enum kura_rc rc;
    bool more;
    int i;

    kura_input_close(s->input);
    s->input = NULL;
    rc = kura_input_open(s->path, s->o->stop, &s->input, err);
    for (i = 0; rc == KURA_OK && i < s->member; i++)
        rc = kura_input_next(s->input, &more, err);
    return rc == KURA_OK ? source_fill(s, err) : rc;
}

enum kura_rc kura_source_open(struct kura_warehouse *w,
                              const struct kura_formats *formats,
                              const char *path,
                              const struct kura_load_options *o,
                              struct kura_source **out, struct kura_err *err)
{
    struct kura_source *s = calloc(1, sizeof(*s));
    enum kura_rc rc;

    if (s == NULL)
        return kura_err_nomem(err);
    s->w = w;
    s->formats = formats;
    s->path = path;
    s->o = o;
    rc = kura_input_open(path, o->stop, &s->input, err);
    if (rc == KURA_OK)
        *out = s;
    else
        kura_source_close(s);
    return rc;
}

static void source_unlock(struct kura_source *s)
{
    if (s->locked != 0)
        kura_warehouse_source_unlock(s->w, s->locked);
    if (s->head_hex[0] != '\0')
        kura_warehouse_head_unlock(s->w, s->head_hex);
    s->locked = 0;
    s->head_hex[0] = '\0';
}

static void source_forget(struct kura_source *s)
{
    source_unlock(s);
    free(s->entry.name);
    free(s->entry.format);
    memset(&s->entry, 0, sizeof(s->entry));
    kura_zone_free(s->own_zone);
    s->own_zone = NULL;
    free(s->twin);
    s->twin = NULL;
    s->was_cut = false;
}

void kura_source_close(struct kura_source *s)
{
    if (s == NULL)
        return;
    source_forget(s);
    kura_sha256_free(s->sha);
    kura_input_close(s->input);
    free(s);
}

bool kura_source_was_rotated(const struct kura_source *s)
{
    struct stat st;

    return s->o->follow && !kura_input_is_stream(s->input) &&
           stat(s->path, &st) == 0 &&
           (st.st_ino != s->stat.st_ino || st.st_dev != s->stat.st_dev ||
            st.st_size < s->entry.bytes);
}

enum kura_rc kura_source_next(struct kura_source *s, bool *more,
                              struct kura_err *err)
{
    enum kura_rc rc;

    if (s->member != 0 && kura_source_was_rotated(s)) {
        kura_input_close(s->input);
        s->input = NULL;
        s->member = 0;
        rc = kura_input_open(s->path, s->o->stop, &s->input, err);
        if (rc != KURA_OK)
            return rc;
    }
    source_forget(s);
    s->member++;
    rc = kura_input_next(s->input, more, err);
    s->broken = rc != KURA_OK && !*more;
    if (rc == KURA_OK && *more && !kura_input_is_stream(s->input) &&
        stat(s->path, &s->stat) != 0)
        memset(&s->stat, 0, sizeof(s->stat));
    if (rc == KURA_OK && *more)
        rc = source_fill(s, err);
    if (rc == KURA_OK && *more)
        rc = source_wait(s, err);
    return rc;
}

bool kura_source_can_go_on(const struct kura_source *s)
{
    return s != NULL && s->input != NULL && !s->broken &&
           kura_input_has_members(s->input);
}

/* --- Which source ----------------------------------------------------- */

/* The digest and length of a key "<hex>:<bytes>[:n]". */
static size_t source_key_bytes(const char *key)
{
    const char *colon = strchr(key, ':');

    return colon == NULL ? 0 : (size_t)strtoul(colon + 1, NULL, 10);
}

static bool source_begins_like(const struct kura_source *s,
                               const struct kura_source_entry *e)
{
    size_t n = source_key_bytes(e->key);
    char hex[KURA_SHA256_HEX];

    return n != 0 && n <= s->size && n <= SOURCE_HEAD_BYTES &&
           kura_sha256_hex(s->head, n, hex, NULL) == KURA_OK &&
           strncmp(hex, e->key, KURA_SHA256_HEX - 1) == 0;
}

struct source_prefix {
    struct kura_sha256 *sha;
    int64_t left;
};

static enum kura_rc source_hash_prefix(void *arg, const char *p, size_t n,
                                       struct kura_err *err)
{
    struct source_prefix *prefix = arg;
    enum kura_rc rc;

    if ((int64_t)n > prefix->left)
        n = (size_t)prefix->left;
    rc = kura_sha256_update(prefix->sha, p, n, err);
    prefix->left -= (int64_t)n;
    return rc == KURA_OK && prefix->left == 0 ? KURA_ESTOPPED : rc;
}

/* Has the beginning of source e, of so many bytes, this digest? */
static enum kura_rc source_is_prefix(struct kura_source *s,
                                     const struct kura_source_entry *e,
                                     int64_t bytes, const char *mine,
                                     bool *same, struct kura_err *err)
{
    struct source_prefix prefix = {NULL, bytes};
    struct kura_err cause = KURA_ERR_INIT;
    char theirs[KURA_SHA256_HEX];
    enum kura_rc rc = kura_sha256_new(&prefix.sha, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_rebuild(s->w, e->name, e->lines, source_hash_prefix, &prefix,
                      &cause);
    if (rc == KURA_ESTOPPED)
        rc = KURA_OK; /* it has read enough */
    else if (rc != KURA_OK)
        (void)kura_err_set(err, rc, "%s", cause.msg);
    if (rc == KURA_OK)
        rc = kura_sha256_peek(prefix.sha, theirs, err);
    *same = rc == KURA_OK && prefix.left == 0 && strcmp(mine, theirs) == 0;
    kura_sha256_free(prefix.sha);
    return rc;
}

/* A beginning that another file will hardly share by chance. */
static bool source_is_telling(const struct kura_source *s, size_t shared)
{
    return shared >= SOURCE_TELLING_BYTES &&
           memchr(s->head, '\n', shared < s->size ? shared : s->size) != NULL;
}

/* "access.log" is the name of sources "access.log", "access.log#2" ... */
static bool source_has_name(const struct kura_source_entry *e, const char *name)
{
    size_t n = strlen(name);
    const char *rest = e->name + n;

    if (strncmp(e->name, name, n) != 0)
        return false;
    return *rest == '\0' || (*rest == '#' && rest[1] != '\0' &&
                             rest[1 + strspn(rest + 1, "0123456789")] == '\0');
}

/* May the file be the source e, by what is known without reading on?  A
 * beginning that tells little must come under the same name, or be all there is
 * of both. */
static enum kura_rc source_may_be(struct kura_source *s,
                                  const struct kura_source_entry *e, bool *may,
                                  struct kura_err *err)
{
    size_t n = source_key_bytes(e->key);
    int64_t known = e->bytes > (int64_t)n ? e->bytes : (int64_t)n;
    int64_t size = (int64_t)s->size;
    char hex[KURA_SHA256_HEX];
    enum kura_rc rc;

    *may = source_begins_like(s, e) &&
           ((s->at_end && size == known) ||
            source_is_telling(s, (size_t)(known < size ? known : size)) ||
            source_has_name(e, kura_input_name(s->input)));
    if (!*may || n >= SOURCE_HEAD_BYTES || e->bytes == 0)
        return KURA_OK;
    /* A short key: what follows it and is in memory is compared as well. */
    n = (size_t)(e->bytes < size ? e->bytes : size);
    rc = kura_sha256_hex(s->head, n, hex, err);
    if (rc == KURA_OK && e->bytes <= size)
        *may = strcmp(hex, e->sha256) == 0;
    else if (rc == KURA_OK)
        rc = source_is_prefix(s, e, size, hex, may, err);
    return rc;
}

/* Is the file the source e?  If so the input stands after what was consumed
 * (or at its end, *shorter).  If not it is rewound. */
static enum kura_rc source_try(struct kura_source *s,
                               const struct kura_source_entry *e, bool *is,
                               bool *shorter, struct kura_err *err)
{
    char hex[KURA_SHA256_HEX];
    enum kura_rc rc = source_consume(s, e->bytes, err);

    *is = *shorter = false;
    if (rc != KURA_OK)
        return rc;
    rc = kura_sha256_peek(s->sha, hex, err);
    if (rc == KURA_OK && s->offset < e->bytes) {
        rc = source_is_prefix(s, e, s->offset, hex, is, err);
        *shorter = *is;
    } else if (rc == KURA_OK) {
        *is = e->bytes == 0 || strcmp(hex, e->sha256) == 0;
    }
    if (rc != KURA_OK || *is)
        return rc;
    if (kura_input_is_stream(s->input)) {
        rc = kura_err_set(
            err, KURA_EINPUT, "%s begins like '%s' and then differs",
            strcmp(s->path, "-") == 0 ? "standard input" : "the pipe", e->name);
        kura_err_hint(err, "save it to a file and load that");
        return rc;
    }
    return source_reopen(s, err);
}

/* Notes a source that has the same beginning and is another one: what both
 * have will be there twice, which somebody may want to know. */
static enum kura_rc source_note_twin(struct kura_source *s,
                                     const struct kura_source_entry *e,
                                     struct kura_err *err)
{
    if (s->twin != NULL || e->bytes == 0 || !source_begins_like(s, e) ||
        !source_is_telling(s, source_key_bytes(e->key)))
        return KURA_OK;
    s->twin = strdup(e->name);
    return s->twin == NULL ? kura_err_nomem(err) : KURA_OK;
}

static int source_longest_first(const void *a, const void *b)
{
    const struct kura_source_entry *x = a, *y = b;

    return x->bytes < y->bytes ? 1 : (x->bytes > y->bytes ? -1 : 0);
}

static enum kura_rc source_copy(struct kura_source *s,
                                const struct kura_source_entry *e,
                                struct kura_err *err)
{
    s->entry = *e;
    s->entry.name = strdup(e->name);
    s->entry.format = e->format == NULL ? NULL : strdup(e->format);
    return s->entry.name == NULL ? kura_err_nomem(err) : KURA_OK;
}

/* A copy from when the source was shorter than its head. */
static enum kura_rc source_find_shorter(struct kura_source *s, bool *shorter,
                                        struct kura_err *err)
{
    const char *name = NULL;
    int64_t number = 0;
    enum kura_rc rc;

    *shorter = false;
    if (s->size >= SOURCE_HEAD_BYTES || !s->at_end || s->o->follow)
        return KURA_OK;
    if (!source_is_telling(s, s->size))
        name = kura_input_name(s->input);
    rc = kura_warehouse_source_by_head(s->w, s->head, s->size, name, &number,
                                       err);
    *shorter = rc == KURA_OK && number != 0;
    return rc;
}

static enum kura_rc source_find(struct kura_source *s, bool *found,
                                bool *shorter, struct kura_err *err)
{
    struct kura_source_entry *list = NULL;
    size_t count = 0, i;
    bool may;
    enum kura_rc rc = kura_warehouse_sources(s->w, NULL, &list, &count, err);

    *found = *shorter = false;
    if (rc == KURA_OK && count != 0)
        qsort(list, count, sizeof(*list), source_longest_first);
    for (i = 0; i < count && rc == KURA_OK && !*found; i++) {
        rc = source_may_be(s, &list[i], &may, err);
        if (rc == KURA_OK && may)
            rc = source_try(s, &list[i], found, shorter, err);
        if (rc == KURA_OK && *found)
            rc = source_copy(s, &list[i], err);
        else if (rc == KURA_OK)
            rc = source_note_twin(s, &list[i], err);
    }
    kura_warehouse_sources_free(list, count);
    if (rc == KURA_OK && !*found) {
        rc = source_find_shorter(s, shorter, err);
        *found = *shorter;
    }
    return rc;
}

static enum kura_rc source_register(struct kura_source *s,
                                    const struct kura_format *format,
                                    struct kura_err *err)
{
    size_t n = s->size < SOURCE_HEAD_BYTES ? s->size : SOURCE_HEAD_BYTES;
    char hex[KURA_SHA256_HEX];
    enum kura_rc rc = kura_sha256_hex(s->head, n, hex, err);

    if (rc != KURA_OK)
        return rc;
    (void)snprintf(s->entry.key, sizeof(s->entry.key), "%s:%zu", hex, n);
    s->entry.name = strdup(kura_input_name(s->input));
    s->entry.format = format == NULL ? NULL : strdup(format->name);
    s->entry.terminated = true;
    s->entry.last_ts = INT64_MIN;
    s->entry.as_of = s->as_of;
    if (s->entry.name == NULL)
        return kura_err_nomem(err);
    rc = kura_warehouse_source_add(s->w, &s->entry, err);
    if (rc == KURA_OK)
        rc = kura_warehouse_source_set_head(s->w, s->entry.number, s->head, n,
                                            err);
    return rc;
}

/* --- What is known about it ------------------------------------------- */

static enum kura_rc source_choose_format(struct kura_source *s,
                                         const struct kura_format **out,
                                         struct kura_err *err)
{
    const char *name = s->o->format;

    if (name == NULL)
        name = kura_setting_format(s->w, kura_input_name(s->input));
    if (name == NULL)
        name = s->entry.format;
    if (name == NULL)
        return kura_detect(s->formats, s->head, s->size, out, err);
    *out = kura_formats_find(s->formats, name);
    if (*out == NULL) {
        (void)kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", name);
        kura_err_hint(err, "kura formats lists them");
        return KURA_EUSAGE;
    }
    return KURA_OK;
}

/* A date such as 2026-08-25, 20260825 or 2026_08_25 in the file's name: the
 * end of that day. */
static bool source_date_in_name(const char *name, int64_t *us)
{
    const char *base = strrchr(name, '/'), *p;
    int y, m, d, used;

    for (p = base != NULL ? base + 1 : name; *p != '\0'; p++) {
        if ((p != name && isdigit((unsigned char)p[-1])) ||
            !isdigit((unsigned char)*p))
            continue;
        used = 0;
        if (!(sscanf(p, "%4d-%2d-%2d%n", &y, &m, &d, &used) == 3 &&
              used == 10) &&
            !(sscanf(p, "%4d_%2d_%2d%n", &y, &m, &d, &used) == 3 &&
              used == 10) &&
            !(sscanf(p, "%4d%2d%2d%n", &y, &m, &d, &used) == 3 && used == 8))
            continue;
        if (isdigit((unsigned char)p[used]) || y < 1990 || y > 2100 || m < 1 ||
            m > 12 || d < 1 || d > 31)
            continue;
        *us = (kura_days_from_civil(y, m, d) + 1) * KURA_DAY;
        return true;
    }
    return false;
}

static void source_choose_as_of(struct kura_source *s, bool found)
{
    if (found && s->entry.as_of != INT64_MIN) {
        /* The rest of a run that was cut short must read times as it did. */
        s->as_of = s->entry.as_of;
        s->was_cut = true;
        return;
    }
    s->as_of = s->o->as_of_us;
    if (s->as_of == INT64_MIN &&
        !source_date_in_name(kura_input_name(s->input), &s->as_of))
        s->as_of = kura_input_mtime(s->input);
    /* A clock that was wrong when the file was written says nothing. */
    if (s->o->as_of_us == INT64_MIN &&
        (s->as_of == INT64_MIN || s->as_of > s->o->now_us + KURA_DAY))
        s->as_of = s->o->now_us;
}

static enum kura_rc source_busy(const struct kura_source *s,
                                struct kura_err *err)
{
    return kura_err_set(err, KURA_EBUSY,
                        "'%s' is being loaded by another process",
                        kura_source_name(s));
}

static enum kura_rc source_lock_head(struct kura_source *s,
                                     struct kura_err *err)
{
    size_t n = s->size < SOURCE_HEAD_BYTES ? s->size : SOURCE_HEAD_BYTES;
    struct kura_err cause = KURA_ERR_INIT;
    char hex[KURA_SHA256_HEX];
    enum kura_rc rc = kura_sha256_hex(s->head, n, hex, err);

    if (rc == KURA_OK)
        rc = kura_warehouse_head_lock(s->w, hex, &cause);
    if (rc == KURA_EBUSY)
        return source_busy(s, err);
    if (cause.rc != KURA_OK)
        return kura_err_set(err, rc, "%s", cause.msg);
    if (rc == KURA_OK)
        memcpy(s->head_hex, hex, sizeof(hex));
    return rc;
}

/* Locks the source and asks whether it is still as it was found. */
static enum kura_rc source_lock(struct kura_source *s, bool *same,
                                struct kura_err *err)
{
    struct kura_source_entry *now = NULL;
    struct kura_err cause = KURA_ERR_INIT;
    size_t count = 0, i;
    enum kura_rc rc;

    rc = kura_warehouse_source_lock(s->w, s->entry.number, &cause);
    if (rc == KURA_EBUSY)
        return source_busy(s, err);
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "%s", cause.msg);
    s->locked = s->entry.number;
    *same = false;
    rc = kura_warehouse_sources(s->w, s->entry.name, &now, &count, err);
    for (i = 0; i < count; i++)
        *same |= now[i].number == s->entry.number &&
                 now[i].bytes == s->entry.bytes &&
                 now[i].as_of == s->entry.as_of;
    kura_warehouse_sources_free(now, count);
    return rc;
}

/* Finds the source and locks it; what another loader did between the two is
 * looked at again. */
static enum kura_rc source_find_locked(struct kura_source *s, bool *found,
                                       bool *shorter, struct kura_err *err)
{
    enum kura_rc rc = source_lock_head(s, err);
    bool same = false;

    while (rc == KURA_OK && !same) {
        rc = source_find(s, found, shorter, err);
        if (rc != KURA_OK || !*found || *shorter)
            return rc;
        rc = source_lock(s, &same, err);
        if (rc != KURA_OK || same)
            return rc;
        kura_warehouse_source_unlock(s->w, s->locked);
        s->locked = 0;
        free(s->entry.name);
        free(s->entry.format);
        memset(&s->entry, 0, sizeof(s->entry));
        if (kura_input_is_stream(s->input))
            return source_busy(s, err);
        rc = source_reopen(s, err);
    }
    return rc;
}

enum kura_rc kura_source_identify(struct kura_source *s,
                                  struct kura_source_entry **entry,
                                  const struct kura_format **format,
                                  const char **why, struct kura_err *err)
{
    bool found = false, shorter = false, same;
    size_t got;
    enum kura_rc rc;

    *entry = NULL;
    *why = "is empty";
    if (s->size == 0)
        return KURA_OK;
    *why = "was loaded already";
    rc = kura_setting_zone(s->w, kura_input_name(s->input), &s->own_zone, err);
    if (rc == KURA_OK)
        rc = source_find_locked(s, &found, &shorter, err);
    /* A damaged file is an error also where what it gives was loaded. */
    if (rc == KURA_OK && shorter && s->damaged)
        rc = kura_input_read(s->input, s->head, 1, &got, err);
    if (rc != KURA_OK || shorter)
        return rc;
    rc = source_choose_format(s, format, err);
    if (rc != KURA_OK)
        return rc;
    source_choose_as_of(s, found);
    if (found && s->used == s->size && s->at_end && !s->o->follow &&
        !s->was_cut)
        return s->damaged ? kura_input_read(s->input, s->head, 1, &got, err)
                          : KURA_OK;
    s->entry.as_of = s->as_of;
    if (found) {
        rc = kura_warehouse_source_mark(s->w, &s->entry, err);
    } else {
        rc = source_register(s, *format, err);
        if (rc == KURA_OK)
            rc = source_lock(s, &same, err);
    }
    if (rc == KURA_OK)
        *entry = &s->entry;
    return rc;
}

void kura_source_position(const struct kura_source *s,
                          struct kura_pipeline_start *start)
{
    start->context.zone = s->o->zone != NULL ? s->o->zone : s->own_zone;
    if (start->context.zone == NULL)
        start->context.zone = kura_warehouse_zone(s->w);
    start->context.as_of_us = s->as_of;
    start->context.head = s->first;
    start->context.head_size = s->first_size;
    start->input = s->input;
    start->head = s->head + s->used;
    start->head_size = s->size - s->used;
    start->sha = s->sha;
    start->offset = s->offset;
    start->line = s->entry.lines;
    start->last_ts = s->entry.last_ts;
}

bool kura_source_was_cut(const struct kura_source *s)
{
    return s->was_cut;
}

const char *kura_source_name(const struct kura_source *s)
{
    return s->entry.name != NULL ? s->entry.name : kura_input_name(s->input);
}

const char *kura_source_twin(const struct kura_source *s)
{
    return s->twin;
}

const char *kura_source_grown(const struct kura_source *s)
{
    const char *name = kura_input_name(s->input);

    /* What was cut short before it held anything is no growth. */
    return s->offset != 0 && !source_has_name(&s->entry, name) ? name : NULL;
}

bool kura_source_is_container(const struct kura_source *s)
{
    return kura_input_has_members(s->input);
}
