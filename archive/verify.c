/* verify.c - catalog against disk, and what lies there against its digests.
 *
 * The disk is listed first and the catalog read after it: rows stand before the
 * files do, so a file that is being made is never taken for an orphan. */
#include "archive/verify.h"

#include "archive/volume.h"
#include "base/clock.h"
#include "base/fs.h"
#include "store/db.h"
#include "store/digest.h"
#include "store/partition.h"
#include "store/seekable.h"
#include "store/tier.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define VERIFY_TEXT_MAX 65536
#define VERIFY_DEPTH 16     /* of folders */
#define VERIFY_SOURCES 3    /* named in a remedy */
#define VERIFY_STEPS 100000 /* of SQLite between looks at the stop flag */

/* A file of the warehouse, as the catalog has it. */
struct row {
    char *path; /* from the warehouse */
    char *state;
};

/* A file or copy that can be read again. */
struct unit {
    const struct kura_partition_entry *e; /* NULL: a copy of a volume */
    const struct kura_copy *c;            /* NULL with e: its sightings */
    struct kura_volume_entry *volume;
    struct kura_volume_copy *copy;
    int64_t bytes;
    uint64_t order; /* in which a share is taken */
};

struct verify {
    const struct kura_verify *q;
    struct kura_warehouse *w;
    struct kura_verify_summary sum;
    char *dir;        /* of the warehouse, absolute */
    sqlite3 *catalog; /* a connection of our own, read-only */
    struct kura_partition_entry *entries;
    size_t entry_count;
    const struct kura_partition_entry **by_id;
    struct kura_volume_entry *volumes;
    size_t volume_count;
    struct row *rows; /* by path */
    size_t row_count, row_cap;
    char **roots; /* absolute: online, sighting, restored, destinations */
    size_t root_count;
    char **disk; /* files below the roots, absolute */
    size_t *disk_root;
    size_t disk_count, disk_cap;
    struct unit *units;
    size_t unit_count, unit_cap;
    struct kura_buf reason, meaning, remedy;
    const char *reading;           /* for progress */
    struct kura_warehouse *writer; /* to note what was proven; may stay NULL */
    bool writer_tried;
};

#define ROOTS_ONLINE 3 /* the first so many are below the warehouse */

const char *kura_verify_word(enum kura_verify_kind kind)
{
    static const char *const words[] = {"damaged", "missing", "orphan",
                                        "leftover", "away"};

    return words[kind];
}

bool kura_verify_is_wrong(enum kura_verify_kind kind)
{
    return kind < KURA_VERIFY_LEFTOVER;
}

/* --- Findings ---------------------------------------------------------- */

/* What makes one finding, while the others are looked for. */
static bool is_finding(enum kura_rc rc)
{
    return rc == KURA_ECORRUPT || rc == KURA_EIO || rc == KURA_EINPUT ||
           rc == KURA_ENOTFOUND;
}

/* Sets a text of a finding.  Memory that is gone shortens it. */
__attribute__((format(printf, 2, 3))) static void text_set(struct kura_buf *b,
                                                           const char *fmt, ...)
{
    char text[2048];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    kura_buf_reset(b);
    (void)kura_buf_puts(b, text, NULL);
}

__attribute__((format(printf, 2, 3))) static void text_add(struct kura_buf *b,
                                                           const char *fmt, ...)
{
    char text[2048];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (void)kura_buf_puts(b, text, NULL);
}

static const char *text_of(const struct kura_buf *b)
{
    return b->data == NULL ? "" : b->data;
}

/* A finding is one line. */
static void text_flatten(struct kura_buf *b)
{
    size_t i;

    for (i = 0; i < b->len; i++)
        if (b->data[i] == '\n')
            b->data[i] = ' ';
}

static void texts_reset(struct verify *v)
{
    kura_buf_reset(&v->reason);
    kura_buf_reset(&v->meaning);
    kura_buf_reset(&v->remedy);
    text_set(&v->reason, "%s", "");
    text_set(&v->meaning, "%s", "");
    text_set(&v->remedy, "%s", "");
}

static struct kura_verify_finding finding(enum kura_verify_kind kind,
                                          const char *place, const char *path)
{
    struct kura_verify_finding f = {
        .kind = kind, .place = place, .path = path, .volume = "", .member = ""};

    return f;
}

static void finding_of(struct kura_verify_finding *f,
                       const struct kura_partition_entry *e)
{
    f->schema = e->schema;
    f->first_day = f->last_day = e->day;
    f->rows = e->rows;
}

/* With the texts of v. */
static void finding_tell(struct verify *v, struct kura_verify_finding *f)
{
    text_flatten(&v->reason);
    text_flatten(&v->meaning);
    text_flatten(&v->remedy);
    f->reason = text_of(&v->reason);
    f->meaning = text_of(&v->meaning);
    f->remedy = text_of(&v->remedy);
    v->sum.findings[f->kind]++;
    v->q->found(v->q->arg, f);
}

static void progress(struct verify *v)
{
    if (v->q->progress != NULL)
        v->q->progress(v->q->arg, v->reading, v->sum.bytes_read,
                       v->sum.rows_read);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* --- Databases --------------------------------------------------------- */

static int on_steps(void *arg)
{
    const struct kura_job *j = arg;

    return kura_job_check(j, NULL) != KURA_OK;
}

static enum kura_rc integrity(struct verify *v, sqlite3 *db,
                              struct kura_err *err)
{
    union {
        const struct kura_job *shown;
        void *taken;
    } u = {v->q->job};
    sqlite3_stmt *stmt = NULL;
    const unsigned char *text;
    bool row = false;
    enum kura_rc rc;

    sqlite3_progress_handler(db, VERIFY_STEPS, on_steps, u.taken);
    rc = kura_db_prepare(db, "PRAGMA integrity_check(1)", &stmt, err);
    if (rc == KURA_OK)
        rc = kura_db_step(stmt, &row, err);
    if (rc == KURA_OK) {
        text = row ? sqlite3_column_text(stmt, 0) : NULL;
        if (text == NULL || strcmp((const char *)text, "ok") != 0)
            rc = kura_err_set(err, KURA_ECORRUPT, "SQLite's check says: %.300s",
                              text == NULL ? "nothing" : (const char *)text);
    }
    (void)sqlite3_finalize(stmt);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return rc;
}

static enum kura_rc database_check(struct verify *v, const char *path,
                                   struct kura_err *err)
{
    sqlite3 *db = NULL;
    enum kura_rc rc = kura_db_open(path, SQLITE_OPEN_READONLY, &db, err);

    if (rc == KURA_OK)
        rc = integrity(v, db, err);
    (void)sqlite3_close(db);
    return rc;
}

/* Where a copy of case.db is that is whole; NULL: nowhere at hand. */
static char *case_backup(struct verify *v)
{
    char *dir = NULL, *path = NULL;
    int i, n;

    n = v->w == NULL ? 0 : kura_warehouse_policy(v->w)->destination_count;
    for (i = 0; i < n; i++) {
        struct kura_buf at;

        kura_buf_init(&at, VERIFY_TEXT_MAX);
        if (kura_destination_path(v->w, i, &dir, NULL) == KURA_OK &&
            kura_buf_printf(&at, NULL, "%s/case.db", dir) == KURA_OK &&
            kura_fs_exists(at.data) &&
            database_check(v, at.data, NULL) == KURA_OK)
            path = strdup(at.data);
        kura_buf_release(&at);
        free(dir);
        dir = NULL;
        if (path != NULL)
            break;
    }
    return path;
}

static void case_tell(struct verify *v, enum kura_verify_kind kind,
                      const char *path, const char *why)
{
    struct kura_verify_finding f = finding(kind, "case", path);
    char *backup = case_backup(v);

    texts_reset(v);
    text_set(&v->reason, "%s", why);
    text_set(&v->meaning, "holds, leases and the audit trail are not known; "
                          "nothing expires without them");
    if (backup != NULL)
        text_set(&v->remedy, "a whole copy is '%s': copy it back", backup);
    else
        text_set(&v->remedy, "bring it back from a backup, or mount a "
                             "destination: each has a copy of it");
    free(backup);
    finding_tell(v, &f);
}

static enum kura_rc case_check(struct verify *v, struct kura_err *err)
{
    struct kura_err why = KURA_ERR_INIT;
    struct kura_buf path;
    enum kura_rc rc;

    kura_buf_init(&path, VERIFY_TEXT_MAX);
    rc = kura_buf_printf(&path, err, "%s/case.db", v->dir);
    if (rc == KURA_OK && kura_fs_exists(path.data)) {
        rc = database_check(v, path.data, &why);
        if (is_finding(rc)) {
            case_tell(v, KURA_VERIFY_DAMAGED, path.data, why.msg);
            rc = KURA_OK;
        } else if (rc != KURA_OK) {
            (void)kura_err_set(err, rc, "%s", why.msg);
        }
    } else if (rc == KURA_OK && v->volume_count != 0) {
        case_tell(v, KURA_VERIFY_MISSING, path.data, "it is not there");
    }
    kura_buf_release(&path);
    return rc;
}

static void catalog_tell(struct verify *v, const char *path, const char *why)
{
    struct kura_verify_finding f =
        finding(KURA_VERIFY_DAMAGED, "catalog", path);

    texts_reset(v);
    text_set(&v->reason, "%s", why);
    text_set(&v->meaning, "it says where every partition lies: no answer of "
                          "the whole warehouse can be trusted; the logs "
                          "themselves are not touched");
    text_set(&v->remedy, "kura catalog rebuild makes it anew from the "
                         "partitions and volumes");
    finding_tell(v, &f);
}

/* *whole: the rest can be compared with it. */
static enum kura_rc catalog_check(struct verify *v, bool *whole,
                                  struct kura_err *err)
{
    struct kura_err why = KURA_ERR_INIT;
    struct kura_buf path;
    enum kura_rc rc;

    *whole = true;
    kura_buf_init(&path, VERIFY_TEXT_MAX);
    rc = kura_buf_printf(&path, err, "%s/catalog.db", v->dir);
    if (rc == KURA_OK) {
        rc = kura_db_open(path.data, SQLITE_OPEN_READONLY, &v->catalog, &why);
        if (rc == KURA_OK)
            rc = integrity(v, v->catalog, &why);
        *whole = rc == KURA_OK;
        if (is_finding(rc)) {
            catalog_tell(v, path.data, why.msg);
            rc = KURA_OK;
        } else if (rc != KURA_OK) {
            (void)kura_err_set(err, rc, "%s", why.msg);
        }
    }
    kura_buf_release(&path);
    return rc;
}

/* --- What there is ----------------------------------------------------- */

static enum kura_rc grow(void **list, size_t count, size_t *cap, size_t size,
                         struct kura_err *err)
{
    size_t more = *cap == 0 ? 64 : *cap * 2;
    void *p;

    if (count < *cap)
        return KURA_OK;
    p = realloc(*list, more * size);
    if (p == NULL)
        return kura_err_nomem(err);
    *list = p;
    *cap = more;
    return KURA_OK;
}

static const char *column(sqlite3_stmt *stmt, int i)
{
    const unsigned char *s = sqlite3_column_text(stmt, i);

    return s == NULL ? "" : (const char *)s;
}

static enum kura_rc row_add(struct verify *v, sqlite3_stmt *stmt,
                            struct kura_err *err)
{
    void *list = v->rows;
    struct row *r;
    enum kura_rc rc = grow(&list, v->row_count, &v->row_cap, sizeof(*r), err);

    v->rows = list;
    if (rc != KURA_OK)
        return rc;
    r = &v->rows[v->row_count++];
    r->path = strdup(column(stmt, 0));
    r->state = strdup(column(stmt, 1));
    return r->path == NULL || r->state == NULL ? kura_err_nomem(err) : KURA_OK;
}

static enum kura_rc rows_load(struct verify *v, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum kura_rc rc;

    rc = kura_db_prepare(v->catalog,
                         "SELECT path, state FROM file "
                         "ORDER BY path COLLATE BINARY",
                         &stmt, err);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = row_add(v, stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* "live", "making", "dead", "gone"; NULL: the catalog has no such path. */
static const char *row_state(const struct verify *v, const char *path, size_t n)
{
    size_t low = 0, high = v->row_count;

    while (low < high) {
        size_t at = low + (high - low) / 2;
        int order = strncmp(v->rows[at].path, path, n);

        if (order == 0 && v->rows[at].path[n] == '\0')
            return v->rows[at].state;
        if (order >= 0)
            high = at;
        else
            low = at + 1;
    }
    return NULL;
}

static int id_order(const void *a, const void *b)
{
    const struct kura_partition_entry *const *x = a, *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

static const struct kura_partition_entry *entry_of(const struct verify *v,
                                                   const char *id)
{
    size_t low = 0, high = v->entry_count;

    while (low < high) {
        size_t at = low + (high - low) / 2;
        int order = strcmp(v->by_id[at]->id, id);

        if (order == 0)
            return v->by_id[at];
        if (order > 0)
            high = at;
        else
            low = at + 1;
    }
    return NULL;
}

static enum kura_rc entries_load(struct verify *v, struct kura_err *err)
{
    enum kura_rc rc;
    size_t i;

    rc = kura_warehouse_list(v->w, NULL, &v->entries, &v->entry_count, err);
    if (rc != KURA_OK)
        return rc;
    v->by_id = calloc(v->entry_count + 1, sizeof(v->by_id[0]));
    if (v->by_id == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < v->entry_count; i++)
        v->by_id[i] = &v->entries[i];
    qsort(v->by_id, v->entry_count, sizeof(v->by_id[0]), id_order);
    return KURA_OK;
}

/* --- The disk ---------------------------------------------------------- */

/* Takes path, also when it fails; a root that is there already is fine. */
static enum kura_rc root_add(struct verify *v, char *path, struct kura_err *err)
{
    char **grown;
    size_t i;

    for (i = 0; i < v->root_count; i++) {
        if (strcmp(v->roots[i], path) == 0) {
            free(path);
            return KURA_OK;
        }
    }
    grown = realloc(v->roots, (v->root_count + 1) * sizeof(*grown));
    if (grown == NULL) {
        free(path);
        return kura_err_nomem(err);
    }
    v->roots = grown;
    grown[v->root_count++] = path;
    return KURA_OK;
}

static enum kura_rc path_of(const char *dir, const char *name, char **out,
                            struct kura_err *err)
{
    size_t room = strlen(dir) + strlen(name) + 2;

    *out = malloc(room);
    if (*out == NULL)
        return kura_err_nomem(err);
    (void)snprintf(*out, room, "%s/%s", dir, name);
    return KURA_OK;
}

static enum kura_rc roots_find(struct verify *v, struct kura_err *err)
{
    static const char *const below[ROOTS_ONLINE] = {"online", "sighting",
                                                    "restored"};
    enum kura_rc rc = KURA_OK;
    char *path = NULL;
    size_t i, k;
    int d;

    for (i = 0; rc == KURA_OK && i < ROOTS_ONLINE; i++) {
        rc = path_of(v->dir, below[i], &path, err);
        if (rc == KURA_OK)
            rc = root_add(v, path, err);
    }
    for (d = 0;
         rc == KURA_OK && d < kura_warehouse_policy(v->w)->destination_count;
         d++) {
        rc = kura_destination_path(v->w, d, &path, err);
        if (rc == KURA_OK)
            rc = root_add(v, path, err);
    }
    for (i = 0; rc == KURA_OK && i < v->volume_count; i++) {
        for (k = 0; rc == KURA_OK && k < v->volumes[i].copy_count; k++) {
            path = strdup(v->volumes[i].copies[k].destination);
            rc = path == NULL ? kura_err_nomem(err) : root_add(v, path, err);
        }
    }
    return rc;
}

/* Takes path, also when it fails. */
static enum kura_rc disk_add(struct verify *v, size_t root, char *path,
                             struct kura_err *err)
{
    void *list = v->disk, *roots = v->disk_root;
    size_t cap = v->disk_cap;
    enum kura_rc rc;

    rc = grow(&list, v->disk_count, &cap, sizeof(char *), err);
    v->disk = list;
    if (rc == KURA_OK)
        rc = grow(&roots, v->disk_count, &v->disk_cap, sizeof(size_t), err);
    v->disk_root = roots;
    if (rc != KURA_OK) {
        free(path);
        return rc;
    }
    v->disk[v->disk_count] = path;
    v->disk_root[v->disk_count++] = root;
    return KURA_OK;
}

static void directory_tell(struct verify *v, const char *path, int errnum)
{
    struct kura_verify_finding f = finding(KURA_VERIFY_DAMAGED, "file", path);
    struct kura_err why = KURA_ERR_INIT;

    (void)kura_err_sys(&why, errnum, "cannot read the directory");
    texts_reset(v);
    text_set(&v->reason, "%s", why.msg);
    text_set(&v->meaning, "what lies in it was not looked at");
    finding_tell(v, &f);
}

static enum kura_rc disk_walk(struct verify *v, size_t root, const char *dir,
                              int depth, struct kura_err *err)
{
    DIR *d = opendir(dir);
    enum kura_rc rc = KURA_OK;
    struct dirent *e;
    struct stat st;
    char *path;

    if (d == NULL) {
        if (errno != ENOENT && errno != ENOTDIR)
            directory_tell(v, dir, errno);
        return KURA_OK;
    }
    while (rc == KURA_OK && (e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, "lost+found") == 0)
            continue;
        rc = kura_job_check(v->q->job, err);
        if (rc == KURA_OK)
            rc = path_of(dir, e->d_name, &path, err);
        if (rc != KURA_OK)
            break;
        if (lstat(path, &st) != 0) {
            free(path); /* gone meanwhile */
        } else if (S_ISDIR(st.st_mode) && depth < VERIFY_DEPTH) {
            rc = disk_walk(v, root, path, depth + 1, err);
            free(path);
        } else {
            rc = disk_add(v, root, path, err);
        }
    }
    (void)closedir(d);
    return rc;
}

static enum kura_rc disk_list(struct verify *v, struct kura_err *err)
{
    enum kura_rc rc = roots_find(v, err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < v->root_count; i++)
        rc = disk_walk(v, i, v->roots[i], 0, err);
    return rc;
}

/* --- Orphans ----------------------------------------------------------- */

static bool ends_with(const char *s, size_t n, const char *end)
{
    size_t m = strlen(end);

    return n > m && memcmp(s + n - m, end, m) == 0;
}

/* Names "proxy/2015-02-18.db" and "2015Q1/proxy-2015-02.tar" tell table and day
 * or month; a file whose name tells neither is in no range. */
static bool orphan_is_asked(const struct verify *v, const char *relative)
{
    const struct kura_verify *q = v->q;
    const char *name = base_name(relative), *date = name;
    char text[11] = "";
    int64_t first, last;
    size_t n;

    if (q->table != NULL) {
        n = strlen(q->table->name);
        if (strncmp(name, q->table->name, n) == 0 && name[n] == '-')
            date = name + n + 1;
        else if (name - relative < (ptrdiff_t)n + 1 || name[-1] != '/' ||
                 strncmp(name - 1 - n, q->table->name, n) != 0)
            return false;
    } else {
        date += strcspn(name, "0123456789");
    }
    if (q->first_day == INT64_MIN && q->last_day == INT64_MAX)
        return true;
    (void)snprintf(text, sizeof(text), "%s", date);
    if (kura_day_parse(text, &first))
        return first >= q->first_day && first <= q->last_day;
    (void)snprintf(text + (strlen(text) < 7 ? strlen(text) : 7), 4, "-01");
    if (!kura_day_parse(text, &first))
        return false;
    last = first + 30;
    return last >= q->first_day && first <= q->last_day;
}

static void orphan_tell(struct verify *v, enum kura_verify_kind kind,
                        const char *path, const char *reason,
                        const char *meaning, const char *remedy)
{
    struct kura_verify_finding f = finding(kind, "file", path);

    texts_reset(v);
    text_set(&v->reason, "%s", reason);
    text_set(&v->meaning, "%s", meaning);
    text_set(&v->remedy, "%s", remedy);
    finding_tell(v, &f);
}

static void leftover_tell(struct verify *v, const char *path)
{
    orphan_tell(v, KURA_VERIFY_LEFTOVER, path,
                "it is being made or not needed any more", "",
                "it goes with the next maintain");
}

/* Of a file below the warehouse; *more: it is what SQLite (or, *temporary, a
 * writer) keeps beside the file of that row. */
static const char *online_state(const struct verify *v, const char *relative,
                                bool *temporary)
{
    static const char *const beside[] = {"-wal", "-shm", "-journal", ".tmp",
                                         ".plain"};
    const char *state;
    size_t n = strlen(relative), i;

    *temporary = false;
    state = row_state(v, relative, n);
    for (i = 0; state == NULL && i < 5; i++) {
        if (!ends_with(relative, n, beside[i]))
            continue;
        state = row_state(v, relative, n - strlen(beside[i]));
        *temporary = beside[i][0] == '.';
    }
    return state;
}

static void online_check(struct verify *v, const char *path)
{
    const char *relative = path + strlen(v->dir) + 1;
    bool temporary;
    const char *state = online_state(v, relative, &temporary);

    if (!orphan_is_asked(v, relative))
        return;
    if (state != NULL && strcmp(state, "live") == 0 && !temporary)
        return;
    if (state != NULL &&
        (strcmp(state, "making") == 0 || strcmp(state, "dead") == 0)) {
        leftover_tell(v, path);
        return;
    }
    orphan_tell(v, KURA_VERIFY_ORPHAN, path, "the catalog does not know it",
                "no answer takes it into account",
                "if it holds logs that are missed, kura catalog rebuild takes "
                "it in; else remove it");
}

/* The volume that a file of a destination belongs to: itself, what lies beside
 * it (sum, signature), or what it is written to first. */
static const struct kura_volume_entry *
volume_of(const struct verify *v, const char *relative, bool *part)
{
    const struct kura_volume_entry *found = NULL;
    const char *base = base_name(relative);
    size_t folder = (size_t)(base - relative), i;

    *part = base[0] == '.' && ends_with(base, strlen(base), ".part");
    for (i = 0; found == NULL && i < v->volume_count; i++) {
        const char *name = v->volumes[i].name;
        size_t n = strlen(name);

        if (strncmp(relative, name, n) == 0 &&
            (relative[n] == '\0' || relative[n] == '.'))
            found = &v->volumes[i];
        else if (*part && strncmp(relative, name, folder) == 0 &&
                 strlen(base) == n - folder + 6 &&
                 strncmp(base + 1, name + folder, n - folder) == 0)
            found = &v->volumes[i];
    }
    return found;
}

static void archive_check(struct verify *v, const char *root, const char *path)
{
    const char *relative = path + strlen(root) + 1;
    const struct kura_volume_entry *e;
    bool part, tar;

    if (strncmp(relative, "case.db", 7) == 0 || !orphan_is_asked(v, relative))
        return;
    e = volume_of(v, relative, &part);
    if (e != NULL && strcmp(e->state, "live") == 0 && !part)
        return;
    if (e != NULL &&
        (strcmp(e->state, "making") == 0 || strcmp(e->state, "expired") == 0)) {
        leftover_tell(v, path);
        return;
    }
    tar = ends_with(path, strlen(path), ".tar");
    orphan_tell(v, KURA_VERIFY_ORPHAN, path, "the catalog does not know it",
                tar ? "no answer takes it into account" : "",
                tar ? "if it is a volume whose logs are missed, import it; "
                      "else remove it"
                    : "remove it, or keep it elsewhere");
}

static enum kura_rc orphans_check(struct verify *v, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < v->disk_count; i++) {
        rc = kura_job_check(v->q->job, err);
        if (rc == KURA_OK && v->disk_root[i] < ROOTS_ONLINE)
            online_check(v, v->disk[i]);
        else if (rc == KURA_OK)
            archive_check(v, v->roots[v->disk_root[i]], v->disk[i]);
    }
    return rc;
}

/* --- What damage means ------------------------------------------------- */

static enum kura_rc sink(void *arg, const void *p, size_t n,
                         struct kura_err *err)
{
    struct verify *v = arg;

    (void)p;
    v->sum.bytes_read += (int64_t)n;
    progress(v);
    return kura_job_check(v->q->job, err);
}

/* All frames, and the digest of the database ("": not known). */
static enum kura_rc bytes_prove(struct verify *v,
                                const struct kura_location *at,
                                const char *sha256, struct kura_err *err)
{
    struct kura_packed got;
    enum kura_rc rc = kura_seekable_unpack(at, sink, v, &got, err);

    if (rc == KURA_OK && *sha256 != '\0' && strcmp(got.sha256, sha256) != 0)
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "its database has SHA-256 %s, the catalog has %s",
                          got.sha256, sha256);
    return rc;
}

/* Another copy of e that was read now and is whole; NULL: none at hand. */
static const struct kura_copy *whole_copy(struct verify *v,
                                          const struct kura_partition_entry *e,
                                          const char *but)
{
    size_t i;

    for (i = 0; i < e->copy_count; i++) {
        const struct kura_copy *c = &e->copies[i];

        if (strcmp(c->at.path, but) != 0 && c->at.size != 0 &&
            kura_fs_exists(c->at.path) &&
            bytes_prove(v, &c->at, e->sha256, NULL) == KURA_OK)
            return c;
    }
    return NULL;
}

/* A copy that lies on a medium that is not here. */
static const struct kura_copy *away_copy(const struct kura_partition_entry *e,
                                         const char *but)
{
    size_t i;

    for (i = 0; i < e->copy_count; i++)
        if (strcmp(e->copies[i].at.path, but) != 0 &&
            e->copies[i].tier == KURA_TIER_VOLUME &&
            !kura_fs_exists(e->copies[i].at.path))
            return &e->copies[i];
    return NULL;
}

/* The files that the lines were read from may still be somewhere. */
static void sources_name(struct verify *v, const struct kura_partition_entry *e)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    int n = 0;

    if (kura_db_prepare(v->catalog,
                        "SELECT name FROM partition_source WHERE partition = ? "
                        "AND rows > 0 ORDER BY rows DESC, name",
                        &stmt, NULL) != KURA_OK)
        return;
    (void)sqlite3_bind_int64(stmt, 1, e->number);
    while (kura_db_step(stmt, &row, NULL) == KURA_OK && row) {
        if (n++ == VERIFY_SOURCES) {
            text_add(&v->remedy, " ...");
            break;
        }
        text_add(&v->remedy, "%s '%.300s'",
                 n == 1 ? "; its lines came from" : ",", column(stmt, 0));
    }
    (void)sqlite3_finalize(stmt);
}

/* Meaning and remedy for a copy of e that cannot be used. */
static void copy_explain(struct verify *v, const struct kura_partition_entry *e,
                         const struct kura_copy *bad)
{
    const struct kura_copy *good = whole_copy(v, e, bad->at.path);
    const struct kura_copy *away = away_copy(e, bad->at.path);
    char day[KURA_DAY_TEXT];

    kura_day_format(e->day, day);
    text_set(&v->meaning, "%" PRId64 " rows of %s on %s cannot be answered",
             e->rows, e->schema->name, day);
    if (bad->tier == KURA_TIER_VOLUME)
        text_add(&v->meaning, " from this copy");
    if (bad->tier == KURA_TIER_RESTORED && good != NULL)
        text_set(&v->remedy,
                 "kura release %s, then kura restore %s: a whole copy is '%s'",
                 bad->where, day, good->at.path);
    else if (good != NULL && bad->tier == KURA_TIER_VOLUME &&
             good->tier == KURA_TIER_VOLUME)
        text_set(&v->remedy,
                 "a whole copy is '%s': kura restore %s takes it from there; "
                 "copy that volume over this one",
                 good->at.path, day);
    else if (good != NULL)
        text_set(&v->remedy, "a whole copy is '%s'", good->at.path);
    else if (away != NULL)
        text_set(&v->remedy, "mount what holds '%s' and restore %s from it",
                 away->at.path, day);
    else
        text_set(&v->remedy,
                 "no other copy is known: bring '%s' back from a "
                 "backup",
                 bad->at.path);
    if (good == NULL && away == NULL)
        sources_name(v, e);
}

/* It may have gone since the list was made, if we may not lock. */
static bool is_still(struct verify *v, const char *sql, const char *key)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;

    if (kura_db_prepare(v->catalog, sql, &stmt, NULL) == KURA_OK) {
        (void)sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
        if (kura_db_step(stmt, &row, NULL) != KURA_OK)
            row = true;
    }
    (void)sqlite3_finalize(stmt);
    return row;
}

/* A file of a partition (c NULL: its sightings) is not as it must be. */
static void file_tell(struct verify *v, const struct kura_partition_entry *e,
                      const struct kura_copy *c, enum kura_verify_kind kind,
                      const char *why)
{
    const char *path = c == NULL ? e->sighting.path : c->at.path;
    struct kura_verify_finding f =
        finding(kind,
                c == NULL                     ? "sighting"
                : c->tier == KURA_TIER_ONLINE ? "online"
                                              : "restored",
                path);
    char day[KURA_DAY_TEXT];

    if (kind == KURA_VERIFY_MISSING &&
        !is_still(v, "SELECT 1 FROM file WHERE path = ? AND state = 'live'",
                  path + strlen(v->dir) + 1))
        return;
    texts_reset(v);
    text_set(&v->reason, "%s", why);
    finding_of(&f, e);
    if (c != NULL) {
        copy_explain(v, e, c);
    } else {
        kura_day_format(e->day, day);
        text_set(&v->meaning,
                 "kura seen cannot answer for %s on %s; the %" PRId64
                 " rows of that day are not touched",
                 e->schema->name, day, e->rows);
        text_set(&v->remedy, "bring '%s' back from a backup", path);
    }
    finding_tell(v, &f);
}

/* --- Partitions -------------------------------------------------------- */

static enum kura_rc meta_is(sqlite3 *db, const char *key, const char *value,
                            struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    rc =
        kura_db_prepare(db, "SELECT value FROM meta WHERE key = ?", &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && (!row || strcmp(column(stmt, 0), value) != 0))
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "it is about '%s', not about partition '%s'",
                          row ? column(stmt, 0) : "nothing", value);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc differs(const char *what, const char *where,
                            struct kura_err *err)
{
    return kura_err_set(err, KURA_ECORRUPT,
                        "source '%s' is not as in the catalog: %.200s", where,
                        what);
}

/* What a partition or manifest says of one source, against the catalog. */
static enum kura_rc source_compare(struct verify *v, int64_t number,
                                   const struct kura_partition_source *s,
                                   struct kura_err *err)
{
    const int64_t is[] = {s->held_bytes, s->held_lines, s->rows,
                          s->bytes,      s->first_ts,   s->last_ts};
    static const char *const names[] = {
        "held bytes", "held lines", "rows", "bytes", "first time", "last time"};
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;
    int i;

    rc = kura_db_prepare(v->catalog,
                         "SELECT held_bytes, held_lines, rows, bytes, "
                         "first_ts, last_ts, name, held_sha256 "
                         "FROM partition_source WHERE partition = ? "
                         "AND key = ?",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        (void)sqlite3_bind_text(stmt, 2, s->key, -1, SQLITE_STATIC);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && !row)
        rc = differs("it is not there", s->name, err);
    /* Times mean nothing where there are no rows. */
    for (i = 0; rc == KURA_OK && i < (s->rows == 0 ? 4 : 6); i++)
        if (sqlite3_column_int64(stmt, i) != is[i])
            rc = differs(names[i], s->name, err);
    if (rc == KURA_OK && strcmp(column(stmt, 6), s->name) != 0)
        rc = differs("name", s->name, err);
    if (rc == KURA_OK && strcmp(column(stmt, 7), s->held_sha256) != 0)
        rc = differs("SHA-256", s->name, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc sources_count(struct verify *v, int64_t number,
                                  size_t count, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    int64_t n = -1;
    enum kura_rc rc;

    rc = kura_db_prepare(v->catalog,
                         "SELECT count(*) FROM partition_source "
                         "WHERE partition = ?",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row)
        n = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && n != (int64_t)count)
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "it has %zu sources, the catalog has %" PRId64, count,
                          n);
    return rc;
}

/* Rows and sources; an open one may have more rows than the catalog knew when
 * the list was made. */
static enum kura_rc partition_compare(struct verify *v,
                                      const struct kura_partition_entry *e,
                                      const struct kura_partition *p,
                                      struct kura_err *err)
{
    int64_t rows = kura_partition_rows(p);
    bool sealed = e->sha256[0] != '\0';
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (strcmp(kura_partition_id(p), e->id) != 0 ||
        kura_partition_schema(p) != e->schema ||
        kura_partition_day(p) != e->day)
        return kura_err_set(err, KURA_ECORRUPT,
                            "it is not the partition that the catalog means, "
                            "but '%s'",
                            kura_partition_id(p));
    if (sealed ? rows != e->rows : rows < e->rows)
        return kura_err_set(err, KURA_ECORRUPT,
                            "it has %" PRId64 " rows, the catalog has %" PRId64,
                            rows, e->rows);
    if (!sealed)
        return KURA_OK;
    if (!kura_partition_is_sealed(p))
        return kura_err_set(err, KURA_ECORRUPT, "it is not sealed");
    for (i = 0; rc == KURA_OK && i < kura_partition_sources(p); i++)
        rc = source_compare(v, e->number, kura_partition_source(p, i), err);
    if (rc == KURA_OK)
        rc = sources_count(v, e->number, kura_partition_sources(p), err);
    return rc;
}

static enum kura_rc content_check(struct verify *v,
                                  const struct kura_partition_entry *e,
                                  const struct kura_location *at, bool sighting,
                                  struct kura_err *err)
{
    struct kura_partition *p = NULL;
    struct kura_digest d = {0, 0};
    sqlite3 *db = NULL;
    enum kura_rc rc = kura_db_open_at(at, &db, err);

    if (rc == KURA_OK)
        rc = integrity(v, db, err);
    if (rc == KURA_OK && sighting)
        rc = meta_is(db, "of", e->id, err);
    (void)sqlite3_close(db);
    if (rc == KURA_OK)
        rc = kura_job_check(v->q->job, err);
    if (rc == KURA_OK)
        rc = kura_partition_open_at(at, &p, err);
    if (rc == KURA_OK)
        rc = kura_digest_add(p, &d, err);
    if (rc == KURA_OK && !sighting)
        rc = partition_compare(v, e, p, err);
    kura_partition_close(p);
    if (rc == KURA_OK)
        v->sum.rows_read += d.rows;
    return rc;
}

/* What the system has of the file in memory is dropped, so that the disk is
 * read. */
static enum kura_rc file_chill(const char *path, int64_t *size,
                               struct kura_err *err)
{
    int fd = -1;
    enum kura_rc rc = kura_fs_open_read(path, true, &fd, size, err);

    (void)kura_fs_close(&fd, path, NULL);
    return rc;
}

static enum kura_rc file_deep(struct verify *v, const struct unit *u,
                              struct kura_err *err)
{
    const struct kura_location *at = u->c == NULL ? &u->e->sighting : &u->c->at;
    struct kura_err why = KURA_ERR_INIT;
    int64_t size = 0;
    enum kura_rc rc;

    v->reading = base_name(at->path);
    progress(v);
    rc = file_chill(at->path, &size, &why);
    if (rc == KURA_OK && at->size != 0)
        rc = bytes_prove(v, at, u->c == NULL ? "" : u->e->sha256, &why);
    else if (rc == KURA_OK)
        v->sum.bytes_read += size;
    if (rc == KURA_OK)
        rc = content_check(v, u->e, at, u->c == NULL, &why);
    if (is_finding(rc)) {
        file_tell(v, u->e, u->c,
                  rc == KURA_ENOTFOUND ? KURA_VERIFY_MISSING
                                       : KURA_VERIFY_DAMAGED,
                  why.msg);
        rc = KURA_OK;
    } else if (rc != KURA_OK) {
        return kura_err_set(err, rc, "%s", why.msg);
    }
    v->sum.partitions_read += u->c != NULL;
    v->sum.sightings_read += u->c == NULL;
    return rc;
}

/* --- Volumes ----------------------------------------------------------- */

static bool is_asked(const struct verify *v, const struct kura_schema *schema,
                     int64_t first, int64_t last)
{
    return (v->q->table == NULL || v->q->table == schema) &&
           last >= v->q->first_day && first <= v->q->last_day;
}

static const struct kura_copy *copy_at(const struct kura_partition_entry *e,
                                       const char *path)
{
    size_t i;

    for (i = 0; i < e->copy_count; i++)
        if (strcmp(e->copies[i].at.path, path) == 0)
            return &e->copies[i];
    return NULL;
}

static struct kura_verify_finding
volume_finding(enum kura_verify_kind kind, const struct kura_volume_entry *e,
               const char *path)
{
    struct kura_verify_finding f = finding(kind, "volume", path);

    f.volume = e->name;
    f.schema = e->schema;
    f.first_day = e->first_day;
    f.last_day = e->last_day;
    f.rows = e->rows;
    return f;
}

/* Where else the volume is. */
static void volume_remedy(struct verify *v, const struct kura_volume_entry *e,
                          const struct kura_volume_copy *bad)
{
    size_t i;

    for (i = 0; i < e->copy_count; i++) {
        const struct kura_volume_copy *c = &e->copies[i];

        if (c == bad || !c->present)
            continue;
        if (kura_volume_check(c->path, e->sha256, v->q->job->stop, NULL,
                              NULL) != KURA_OK)
            continue;
        text_set(&v->remedy, "a whole copy is '%s': copy it to '%s'", c->path,
                 bad->path);
        return;
    }
    for (i = 0; i < e->copy_count; i++) {
        if (&e->copies[i] != bad && !e->copies[i].present) {
            text_set(&v->remedy, "mount what holds '%s' and copy it to '%s'",
                     e->copies[i].path, bad->path);
            return;
        }
    }
    text_set(&v->remedy,
             "no other whole copy is known: bring '%s' back from a "
             "backup",
             bad->path);
}

static void member_tell(struct verify *v, const struct kura_volume_entry *e,
                        const struct kura_partition_entry *p,
                        const struct kura_copy *c, const char *why)
{
    struct kura_verify_finding f =
        finding(KURA_VERIFY_DAMAGED, "member", c->at.path);
    struct kura_buf name;
    char day[KURA_DAY_TEXT];

    kura_buf_init(&name, VERIFY_TEXT_MAX);
    kura_day_format(p->day, day);
    if (kura_buf_printf(&name, NULL, "%s/%s", p->schema->name, day) == KURA_OK)
        f.member = name.data;
    finding_of(&f, p);
    f.volume = e->name;
    texts_reset(v);
    text_set(&v->reason, "%s", why);
    copy_explain(v, p, c);
    finding_tell(v, &f);
    kura_buf_release(&name);
}

/* Something is wrong in the file: which partitions of it are damaged? */
static enum kura_rc members_check(struct verify *v,
                                  const struct kura_volume_entry *e,
                                  const struct kura_volume_copy *copy,
                                  size_t *damaged, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < v->entry_count; i++) {
        const struct kura_copy *c = copy_at(&v->entries[i], copy->path);
        struct kura_err why = KURA_ERR_INIT;

        if (c == NULL)
            continue;
        rc = bytes_prove(v, &c->at, v->entries[i].sha256, &why);
        if (is_finding(rc)) {
            member_tell(v, e, &v->entries[i], c, why.msg);
            ++*damaged;
            rc = KURA_OK;
        } else if (rc != KURA_OK) {
            (void)kura_err_set(err, rc, "%s", why.msg);
        }
    }
    return rc;
}

static enum kura_rc member_compare(struct verify *v, const char *path,
                                   const struct kura_manifest_member *m,
                                   const struct kura_location *at,
                                   struct kura_err *err)
{
    const struct kura_partition_entry *e = entry_of(v, m->id);
    const struct kura_copy *c = e == NULL ? NULL : copy_at(e, path);
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (c == NULL)
        return kura_err_set(err, KURA_ECORRUPT,
                            "member '%s' is not in the catalog", m->name);
    if (e->day != m->day || e->rows != m->rows || e->bytes != m->bytes ||
        strcmp(e->sha256, m->sha256) != 0 ||
        (m->rows != 0 &&
         (e->first_ts != m->first_ts || e->last_ts != m->last_ts)))
        return kura_err_set(err, KURA_ECORRUPT,
                            "member '%s' is not as in the catalog", m->name);
    if (c->at.offset != at->offset || c->at.size != at->size)
        return kura_err_set(err, KURA_ECORRUPT,
                            "member '%s' is at byte %" PRId64
                            ", the catalog has %" PRId64,
                            m->name, at->offset, c->at.offset);
    for (i = 0; rc == KURA_OK && i < m->source_count; i++) {
        const struct kura_manifest_source *s = &m->sources[i];
        const struct kura_partition_source is = {
            s->key,  s->name,  s->held_bytes, s->held_lines, s->held_sha256,
            s->rows, s->bytes, s->first_ts,   s->last_ts};

        rc = source_compare(v, e->number, &is, err);
    }
    return rc == KURA_OK ? sources_count(v, e->number, m->source_count, err)
                         : rc;
}

static enum kura_rc manifest_compare(struct verify *v,
                                     const struct kura_volume_entry *e,
                                     const char *path, struct kura_err *err)
{
    struct kura_volume *volume = NULL;
    const struct kura_manifest *m;
    struct kura_location at;
    enum kura_rc rc = kura_volume_open(path, &volume, err);
    size_t i;

    if (rc != KURA_OK)
        return rc;
    m = kura_volume_manifest(volume);
    if (strcmp(m->id, e->id) != 0 || strcmp(m->name, e->name) != 0 ||
        m->schema != e->schema || m->member_count != e->member_count)
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "it is not the volume that the catalog means, but "
                          "'%s' with %zu partitions",
                          m->name, m->member_count);
    for (i = 0; rc == KURA_OK && i < m->member_count; i++) {
        at = kura_volume_member(volume, i);
        rc = member_compare(v, path, &m->members[i], &at, err);
    }
    kura_volume_close(volume);
    return rc;
}

/* Notes that a copy is proven at this time, or (INT64_MIN) is not, where that may
 * be written. */
static void volume_note(struct verify *v, struct unit *u, int64_t at_us)
{
    struct kura_err why = KURA_ERR_INIT;
    enum kura_rc rc = KURA_OK;

    u->copy->verified_us = at_us;
    if (!v->writer_tried) {
        v->writer_tried = true;
        rc = kura_warehouse_open(v->dir, true, &v->writer, &why);
    }
    if (v->writer == NULL) {
        v->sum.unrecorded++;
        if (rc != KURA_OK)
            v->sum.why = why;
        return;
    }
    rc = kura_tier_lock(v->writer, &why);
    if (rc == KURA_OK) {
        rc =
            kura_volume_verified(v->writer, u->volume->number,
                                 u->copy->destination, at_us, &why);
        kura_tier_unlock(v->writer);
    }
    if (rc == KURA_OK)
        return;
    v->sum.unrecorded++;
    v->sum.why = why;
}

/* A volume that fails as a whole: its partitions one by one, and if they are
 * all whole, it itself. */
static enum kura_rc volume_blame(struct verify *v, const struct unit *u,
                                 const char *why, bool members,
                                 struct kura_err *err)
{
    struct kura_verify_finding f =
        volume_finding(KURA_VERIFY_DAMAGED, u->volume, u->copy->path);
    size_t damaged = 0;
    enum kura_rc rc = KURA_OK;

    if (members)
        rc = members_check(v, u->volume, u->copy, &damaged, err);
    if (rc != KURA_OK || damaged != 0)
        return rc;
    texts_reset(v);
    text_set(&v->reason, "%s", why);
    text_set(&v->meaning,
             "its %zu partitions are whole and can be read; the volume does "
             "not describe itself any more, nobody else may trust it",
             u->volume->member_count);
    volume_remedy(v, u->volume, u->copy);
    finding_tell(v, &f);
    return KURA_OK;
}

/* The sum beside it, for sha256sum -c, is what the catalog has. */
static enum kura_rc sum_compare(const struct kura_volume_entry *e,
                                const char *path, struct kura_err *err)
{
    size_t digits = strlen(e->sha256);
    struct kura_buf name, wanted, is;
    enum kura_rc rc;

    kura_buf_init(&name, VERIFY_TEXT_MAX);
    kura_buf_init(&wanted, VERIFY_TEXT_MAX);
    kura_buf_init(&is, VERIFY_TEXT_MAX);
    rc = kura_buf_printf(&name, err, "%s.sha256", path);
    if (rc == KURA_OK)
        rc = kura_buf_printf(&wanted, err, "%s  %s\n", e->sha256,
                             base_name(path));
    if (rc == KURA_OK && kura_fs_exists(name.data)) {
        rc = kura_fs_read(name.data, &is, err);
        if (rc == KURA_OK && is.len > digits + 1 && is.data[digits + 1] == '*')
            is.data[digits + 1] = ' '; /* as sha256sum -b writes it */
        if (rc == KURA_OK &&
            (is.len != wanted.len || memcmp(is.data, wanted.data, is.len) != 0))
            rc = kura_err_set(err, KURA_ECORRUPT,
                              "'%s' is not the sum that the catalog has",
                              name.data);
    }
    kura_buf_release(&name);
    kura_buf_release(&wanted);
    kura_buf_release(&is);
    return rc;
}

static enum kura_rc volume_deep(struct verify *v, struct unit *u,
                                struct kura_err *err)
{
    const char *command = kura_warehouse_policy(v->w)->verify;
    struct kura_err why = KURA_ERR_INIT;
    bool read;
    enum kura_rc rc;

    v->reading = base_name(u->copy->path);
    progress(v);
    rc = kura_volume_check(u->copy->path, u->volume->sha256, v->q->job->stop,
                           NULL, &why);
    read = rc == KURA_OK;
    if (rc == KURA_OK)
        rc = manifest_compare(v, u->volume, u->copy->path, &why);
    if (rc == KURA_OK)
        rc = sum_compare(u->volume, u->copy->path, &why);
    if (rc == KURA_OK && command != NULL)
        rc = kura_volume_command(command, u->copy->path, &why);
    v->sum.bytes_read += u->bytes;
    v->sum.copies_read++;
    if (rc == KURA_OK) {
        volume_note(v, u, v->q->job->now_us);
        v->sum.rows_read += u->volume->rows;
        return KURA_OK;
    }
    if (!is_finding(rc))
        return kura_err_set(err, rc, "%s", why.msg);
    volume_note(v, u, INT64_MIN);
    return volume_blame(v, u, why.msg, !read, err);
}

static bool dir_is_empty(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;
    bool empty = true;

    if (d == NULL)
        return true;
    while (empty && (e = readdir(d)) != NULL)
        empty = e->d_name[0] == '.' || strcmp(e->d_name, "lost+found") == 0;
    (void)closedir(d);
    return empty;
}

/* A destination outside the warehouse with nothing in it is a medium that is
 * not mounted. */
static bool is_away(const struct verify *v, const struct kura_volume_copy *c)
{
    size_t n = strlen(v->dir);

    if (strncmp(c->destination, v->dir, n) == 0 && c->destination[n] == '/')
        return false;
    return dir_is_empty(c->destination);
}

/* The rows that no copy at hand answers. */
static void volume_absent(struct verify *v, const struct kura_volume_entry *e,
                          const struct kura_volume_copy *c)
{
    bool away = is_away(v, c), other = false;
    struct kura_verify_finding f = volume_finding(
        away ? KURA_VERIFY_AWAY : KURA_VERIFY_MISSING, e, c->path);
    size_t i;

    if (!is_still(v, "SELECT 1 FROM volume WHERE id = ? AND state = 'live'",
                  e->id))
        return;
    for (i = 0; i < e->copy_count; i++)
        other |= e->copies[i].present;
    texts_reset(v);
    text_set(&v->reason, away ? "its destination is not mounted"
                              : "the volume is not there");
    if (other)
        text_set(&v->meaning, "another copy is at hand");
    else
        text_set(&v->meaning, "these days cannot be answered, but for what is "
                              "restored of them");
    if (away)
        text_set(&v->remedy, "mount '%s'", c->destination);
    else
        volume_remedy(v, e, c);
    finding_tell(v, &f);
}

/* --- All of it --------------------------------------------------------- */

static enum kura_rc unit_add(struct verify *v, const struct unit *u,
                             struct kura_err *err)
{
    void *list = v->units;
    enum kura_rc rc = grow(&list, v->unit_count, &v->unit_cap, sizeof(*u), err);

    v->units = list;
    if (rc == KURA_OK)
        v->units[v->unit_count++] = *u;
    return rc;
}

/* Whether a file is there with its size (0: any).  *size: what it has. */
static const char *size_check(const char *path, int64_t wanted, int64_t *size,
                              char text[96])
{
    struct stat st;

    if (stat(path, &st) != 0) {
        (void)snprintf(text, 96, "%s",
                       errno == ENOENT ? "the file is not there"
                                       : "the file cannot be looked at");
        return text;
    }
    *size = (int64_t)st.st_size;
    if (S_ISREG(st.st_mode) && (wanted == 0 || wanted == *size))
        return NULL;
    if (!S_ISREG(st.st_mode))
        (void)snprintf(text, 96, "it is not a regular file");
    else
        (void)snprintf(text, 96,
                       "it has %" PRId64 " bytes, the catalog has %" PRId64,
                       *size, wanted);
    return text;
}

static enum kura_rc file_check(struct verify *v,
                               const struct kura_partition_entry *e,
                               const struct kura_copy *c, struct kura_err *err)
{
    const struct kura_location *at = c == NULL ? &e->sighting : &c->at;
    struct unit u = {.e = e, .c = c};
    char text[96];
    const char *why = size_check(at->path, at->size, &u.bytes, text);

    v->sum.partitions += c != NULL;
    v->sum.sightings += c == NULL;
    if (why != NULL) {
        file_tell(v, e, c,
                  kura_fs_exists(at->path) ? KURA_VERIFY_DAMAGED
                                           : KURA_VERIFY_MISSING,
                  why);
        return KURA_OK;
    }
    u.order = kura_hash64(at->path, strlen(at->path));
    return unit_add(v, &u, err);
}

/* The catalog itself says that a partition is somewhere, and not where. */
static void entry_check(struct verify *v, const struct kura_partition_entry *e)
{
    struct kura_verify_finding f =
        finding(KURA_VERIFY_DAMAGED, "catalog", "catalog.db");
    char day[KURA_DAY_TEXT];

    if (e->state == KURA_STATE_EXPIRED || e->copy_count != 0)
        return;
    kura_day_format(e->day, day);
    finding_of(&f, e);
    texts_reset(v);
    text_set(&v->reason, "it lists no file or volume for partition '%s'",
             e->id);
    text_set(&v->meaning, "%" PRId64 " rows of %s on %s cannot be answered",
             e->rows, e->schema->name, day);
    text_set(&v->remedy, "kura catalog rebuild looks for it in the partitions "
                         "and volumes");
    finding_tell(v, &f);
}

static enum kura_rc files_check(struct verify *v, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, k;

    for (i = 0; rc == KURA_OK && i < v->entry_count; i++) {
        const struct kura_partition_entry *e = &v->entries[i];

        if (!is_asked(v, e->schema, e->day, e->day))
            continue;
        rc = kura_job_check(v->q->job, err);
        entry_check(v, e);
        for (k = 0; rc == KURA_OK && k < e->copy_count; k++)
            if (e->copies[k].tier != KURA_TIER_VOLUME)
                rc = file_check(v, e, &e->copies[k], err);
        if (rc == KURA_OK && e->sighting.path != NULL)
            rc = file_check(v, e, NULL, err);
    }
    return rc;
}

static enum kura_rc copy_check(struct verify *v, struct kura_volume_entry *e,
                               struct kura_volume_copy *c, struct kura_err *err)
{
    struct unit u = {.volume = e, .copy = c};
    struct kura_verify_finding f =
        volume_finding(KURA_VERIFY_DAMAGED, e, c->path);
    char text[96];
    const char *why;

    v->sum.copies++;
    if (!c->present) {
        volume_absent(v, e, c);
        return KURA_OK;
    }
    why = size_check(c->path, e->bytes, &u.bytes, text);
    u.order = c->verified_us < 0 ? 0 : (uint64_t)c->verified_us;
    if (why == NULL || v->q->share >= 1) /* reading tells which members */
        return unit_add(v, &u, err);
    texts_reset(v);
    text_set(&v->reason, "%s", why);
    text_set(&v->meaning, "partitions behind the damage cannot be read from "
                          "it; --deep tells which");
    volume_remedy(v, e, c);
    finding_tell(v, &f);
    return KURA_OK;
}

static enum kura_rc volumes_check(struct verify *v, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, k;

    for (i = 0; rc == KURA_OK && i < v->volume_count; i++) {
        struct kura_volume_entry *e = &v->volumes[i];

        if (strcmp(e->state, "live") != 0 ||
            !is_asked(v, e->schema, e->first_day, e->last_day))
            continue;
        for (k = 0; rc == KURA_OK && k < e->copy_count; k++) {
            rc = kura_job_check(v->q->job, err);
            if (rc == KURA_OK)
                rc = copy_check(v, e, &e->copies[k], err);
        }
    }
    return rc;
}

/* Files of partitions, then volumes; each in the order in which a share of them
 * is taken. */
static int unit_order(const void *a, const void *b)
{
    const struct unit *x = a, *y = b;

    if ((x->volume == NULL) != (y->volume == NULL))
        return x->volume == NULL ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static enum kura_rc units_read(struct verify *v, struct unit *list,
                               size_t count, struct kura_err *err)
{
    double all = 0, done = 0;
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; i < count; i++)
        all += (double)list[i].bytes;
    for (i = 0; rc == KURA_OK && i < count; i++) {
        if (v->q->share < 1 && done >= all * v->q->share && i > 0)
            break;
        done += (double)list[i].bytes;
        rc = kura_job_check(v->q->job, err);
        if (rc == KURA_OK)
            rc = list[i].volume != NULL ? volume_deep(v, &list[i], err)
                                        : file_deep(v, &list[i], err);
    }
    return rc;
}

static enum kura_rc deep_check(struct verify *v, struct kura_err *err)
{
    size_t files = 0;
    enum kura_rc rc;

    if (v->q->share <= 0)
        return KURA_OK;
    if (v->unit_count != 0)
        qsort(v->units, v->unit_count, sizeof(*v->units), unit_order);
    while (files < v->unit_count && v->units[files].volume == NULL)
        files++;
    rc = units_read(v, v->units, files, err);
    if (rc == KURA_OK && files < v->unit_count)
        rc = units_read(v, v->units + files, v->unit_count - files, err);
    return rc;
}

/* When was each volume last read whole, wherever? */
static void proofs_sum(struct verify *v)
{
    size_t i, k;

    v->sum.proven_us = INT64_MIN;
    for (i = 0; i < v->volume_count; i++) {
        const struct kura_volume_entry *e = &v->volumes[i];
        int64_t last = INT64_MIN;

        if (strcmp(e->state, "live") != 0 || e->copy_count == 0 ||
            !is_asked(v, e->schema, e->first_day, e->last_day))
            continue;
        for (k = 0; k < e->copy_count; k++)
            if (e->copies[k].verified_us > last)
                last = e->copies[k].verified_us;
        v->sum.volumes++;
        if (last == INT64_MIN)
            v->sum.never++;
        else if (v->sum.proven_us == INT64_MIN || last < v->sum.proven_us)
            v->sum.proven_us = last;
    }
}

static enum kura_rc lists_load(struct verify *v, struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_volume_list(v->w, &v->volumes, &v->volume_count, err);
    if (rc == KURA_OK)
        rc = disk_list(v, err);
    kura_volume_list_free(v->volumes, v->volume_count);
    v->volumes = NULL;
    v->volume_count = 0;
    if (rc == KURA_OK)
        rc = entries_load(v, err);
    if (rc == KURA_OK)
        rc = kura_volume_list(v->w, &v->volumes, &v->volume_count, err);
    return rc == KURA_OK ? rows_load(v, err) : rc;
}

static enum kura_rc everything_check(struct verify *v, struct kura_err *err)
{
    struct kura_err why = KURA_ERR_INIT;
    struct kura_buf path;
    bool whole = false;
    enum kura_rc rc = catalog_check(v, &whole, err);

    if (rc != KURA_OK || !whole || v->w == NULL)
        return rc == KURA_OK ? case_check(v, err) : rc;
    rc = lists_load(v, &why);
    if (rc == KURA_ECORRUPT) {
        kura_buf_init(&path, VERIFY_TEXT_MAX);
        if (kura_buf_printf(&path, NULL, "%s/catalog.db", v->dir) == KURA_OK)
            catalog_tell(v, path.data, why.msg);
        kura_buf_release(&path);
        return case_check(v, err);
    }
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "%s", why.msg);
    rc = case_check(v, err);
    if (rc == KURA_OK)
        rc = files_check(v, err);
    if (rc == KURA_OK)
        rc = volumes_check(v, err);
    if (rc == KURA_OK)
        rc = orphans_check(v, err);
    if (rc == KURA_OK)
        rc = deep_check(v, err);
    proofs_sum(v);
    return rc;
}

static void verify_release(struct verify *v)
{
    size_t i;

    (void)sqlite3_close(v->catalog);
    kura_warehouse_list_free(v->entries, v->entry_count);
    kura_volume_list_free(v->volumes, v->volume_count);
    kura_warehouse_close(v->writer);
    for (i = 0; i < v->row_count; i++) {
        free(v->rows[i].path);
        free(v->rows[i].state);
    }
    for (i = 0; i < v->disk_count; i++)
        free(v->disk[i]);
    for (i = 0; i < v->root_count; i++)
        free(v->roots[i]);
    free(v->rows);
    free(v->disk);
    free(v->disk_root);
    free(v->roots);
    free(v->units);
    free(v->by_id);
    free(v->dir);
    kura_buf_release(&v->reason);
    kura_buf_release(&v->meaning);
    kura_buf_release(&v->remedy);
}

enum kura_rc kura_verify(const struct kura_verify *q,
                         struct kura_verify_summary *out, struct kura_err *err)
{
    struct verify v;
    enum kura_rc rc;

    memset(&v, 0, sizeof(v));
    v.q = q;
    v.w = q->job->w;
    v.sum.proven_us = INT64_MIN;
    kura_buf_init(&v.reason, VERIFY_TEXT_MAX);
    kura_buf_init(&v.meaning, VERIFY_TEXT_MAX);
    kura_buf_init(&v.remedy, VERIFY_TEXT_MAX);
    rc = kura_fs_absolute(q->dir, &v.dir, err);
    if (rc == KURA_OK && v.w != NULL)
        rc = kura_warehouse_read_begin(v.w, err);
    if (rc == KURA_OK) {
        rc = everything_check(&v, err);
        if (v.w != NULL)
            kura_warehouse_read_end(v.w);
    }
    *out = v.sum;
    verify_release(&v);
    return rc;
}
