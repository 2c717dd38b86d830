#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/embedded.h"
#include "base/failpoint.h"
#include "base/fs.h"
#include "store/adopt.h"
#include "store/derive.h"
#include "store/recollect.h"
#include "store/seekable.h"
#include "store/tier.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

/* As in base/fs.c. */
#ifndef F_OFD_SETLK
#define F_OFD_SETLK 37
#endif

/* The same as kura_warehouse_init gives a catalog. */
#define CATALOG_APPLICATION_ID 0x6B757261
#define CATALOG_VERSION 1

#define DERIVE_DEPTH 8
#define DERIVE_TEXT 1024
/* A year, less the two days that a time without a year may lie ahead. */
#define DERIVE_YEAR (363 * KURA_DAY)

struct kura_derive {
    struct kura_warehouse *w; /* its db is catalog.db.new */
    kura_derive_say *say;
    void *arg;
    size_t problems;
};

/* --- Files below a directory ------------------------------------------- */

struct files {
    void *at; /* char ** */
    size_t count, cap;
};

void kura_derive_files_free(char **list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

static int files_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum kura_rc files_walk(const char *root, const char *name, int depth,
                               struct files *f, struct kura_err *err);

static enum kura_rc files_entry(const char *root, const char *name, int depth,
                                struct files *f, struct kura_err *err)
{
    char *path = NULL;
    struct stat st;
    enum kura_rc rc = kura_path_join(root, name, &path, err);
    bool dir = false, file = false;

    if (rc == KURA_OK && lstat(path, &st) == 0) {
        dir = S_ISDIR(st.st_mode);
        file = S_ISREG(st.st_mode);
    }
    free(path);
    if (rc == KURA_OK && dir && depth < DERIVE_DEPTH)
        return files_walk(root, name, depth + 1, f, err);
    if (rc != KURA_OK || !file)
        return rc;
    rc = kura_list_grow(&f->at, f->count, &f->cap, sizeof(char *), err);
    if (rc != KURA_OK)
        return rc;
    ((char **)f->at)[f->count] = strdup(name);
    if (((char **)f->at)[f->count] == NULL)
        return kura_err_nomem(err);
    f->count++;
    return KURA_OK;
}

static enum kura_rc files_walk(const char *root, const char *name, int depth,
                               struct files *f, struct kura_err *err)
{
    char *path = NULL, *below = NULL;
    struct dirent *e;
    DIR *d = NULL;
    enum kura_rc rc = name[0] == '\0' ? KURA_OK
                                      : kura_path_join(root, name, &path, err);

    if (rc != KURA_OK)
        return rc;
    d = opendir(path == NULL ? root : path);
    if (d == NULL && errno != ENOENT)
        rc = kura_err_sys(err, errno, "cannot read directory '%s'",
                          path == NULL ? root : path);
    while (rc == KURA_OK && d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        if (name[0] == '\0') {
            rc = files_entry(root, e->d_name, depth, f, err);
            continue;
        }
        rc = kura_path_join(name, e->d_name, &below, err);
        if (rc == KURA_OK)
            rc = files_entry(root, below, depth, f, err);
        free(below);
        below = NULL;
    }
    if (d != NULL)
        (void)closedir(d);
    free(path);
    return rc;
}

enum kura_rc kura_derive_files(const char *root, const char *name, char ***out,
                               size_t *count, struct kura_err *err)
{
    struct files f = {NULL, 0, 0};
    enum kura_rc rc = files_walk(root, name, 0, &f, err);

    if (rc != KURA_OK) {
        kura_derive_files_free(f.at, f.count);
        return rc;
    }
    if (f.count != 0)
        qsort(f.at, f.count, sizeof(char *), files_compare);
    *out = f.at;
    *count = f.count;
    return KURA_OK;
}

/* --- What is told ------------------------------------------------------- */

static void derive_say(struct kura_derive *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void derive_say(struct kura_derive *d, const char *fmt, ...)
{
    char text[DERIVE_TEXT];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (d->say != NULL)
        d->say(d->arg, text);
}

void kura_derive_problem(void *derive, const char *text)
{
    struct kura_derive *d = derive;

    d->problems++;
    derive_say(d, "passed over: %s", text);
}

size_t kura_derive_problems(const struct kura_derive *d)
{
    return d->problems;
}

struct kura_warehouse *kura_derive_warehouse(struct kura_derive *d)
{
    return d->w;
}

/* Damage is told and passed over; what is ours (memory, disk) ends it. */
static enum kura_rc derive_pass(struct kura_derive *d, enum kura_rc rc,
                                const struct kura_err *cause,
                                struct kura_err *err)
{
    if (rc == KURA_OK)
        return KURA_OK;
    if (rc == KURA_ENOMEM || rc == KURA_ESTOPPED)
        return kura_err_set(err, rc, "%s", cause->msg);
    kura_derive_problem(d, cause->msg);
    return KURA_OK;
}

/* --- Beginning ---------------------------------------------------------- */

static enum kura_rc catalog_remove_new(const char *dir, struct kura_err *err)
{
    static const char *const names[] = {"catalog.db.new-wal",
                                        "catalog.db.new-shm",
                                        "catalog.db.new-journal",
                                        "catalog.db.new", NULL};
    enum kura_rc rc = KURA_OK;
    char *path = NULL;
    int i;

    for (i = 0; rc == KURA_OK && names[i] != NULL; i++) {
        rc = kura_path_join(dir, names[i], &path, err);
        if (rc == KURA_OK)
            rc = kura_fs_remove(path, err);
        free(path);
        path = NULL;
    }
    return rc;
}

static enum kura_rc catalog_make_new(struct kura_warehouse *w,
                                     struct kura_err *err)
{
    const char *schema = NULL;
    char *path = NULL;
    char pragmas[128];
    enum kura_rc rc;

    (void)snprintf(pragmas, sizeof(pragmas),
                   "PRAGMA journal_mode = MEMORY; PRAGMA application_id = %d; "
                   "PRAGMA user_version = %d",
                   CATALOG_APPLICATION_ID, CATALOG_VERSION);
    rc = kura_embedded_text("sql/catalog.sql", &schema, err);
    if (rc == KURA_OK)
        rc = kura_path_join(w->dir, "catalog.db.new", &path, err);
    if (rc == KURA_OK)
        rc = kura_db_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                          &w->db, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(w->db, pragmas, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(w->db, "BEGIN IMMEDIATE", err);
    if (rc == KURA_OK)
        rc = kura_db_exec(w->db, schema, err);
    free(path);
    return rc;
}

/* All bytes that anybody locks: partitions, sources, heads, readers, tiers. */
static enum kura_rc derive_lock(struct kura_warehouse *w, struct kura_err *err)
{
    struct flock all;
    char *path = NULL;
    enum kura_rc rc = kura_path_join(w->dir, "lock", &path, err);

    if (rc == KURA_OK)
        rc = kura_fs_lock_open(path, &w->lock_fd, err);
    free(path);
    if (rc != KURA_OK)
        return rc;
    memset(&all, 0, sizeof(all));
    all.l_type = F_WRLCK;
    all.l_whence = SEEK_SET;
    all.l_start = KURA_SLOT_PARTITION;
    all.l_len = KURA_SLOT_TIERS + 1 - KURA_SLOT_PARTITION;
    if (fcntl(w->lock_fd, F_OFD_SETLK, &all) == 0)
        return KURA_OK;
    if (errno != EAGAIN && errno != EACCES)
        return kura_err_sys(err, errno, "cannot lock '%s'", w->dir);
    (void)kura_err_set(err, KURA_EBUSY,
                       "somebody loads, reads or maintains '%s'", w->dir);
    kura_err_hint(err, "the catalog is made anew while nobody uses it");
    return KURA_EBUSY;
}

static enum kura_rc derive_config(struct kura_warehouse *w,
                                  struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(w->dir, "kura.yaml", &path, err);

    if (rc == KURA_OK && kura_fs_exists(path))
        rc = kura_config_load(path, &w->config, err);
    else if (rc == KURA_OK)
        rc = kura_config_parse(path, "", 0, &w->config, err);
    if (rc == KURA_OK)
        rc = kura_policy_read(w->config, &w->policy, err);
    free(path);
    return rc;
}

/* A directory that never was a warehouse does not become one. */
static enum kura_rc derive_check_dir(const char *dir, struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(dir, "online", &path, err);
    bool fits = rc == KURA_OK && kura_fs_is_dir(path);

    free(path);
    if (rc != KURA_OK || fits)
        return rc;
    (void)kura_err_set(err, KURA_ENOTFOUND,
                       "no warehouse in '%s': it has no directory 'online'",
                       dir);
    kura_err_hint(err, "kura init makes one");
    return KURA_ENOTFOUND;
}

enum kura_rc kura_derive_begin(const char *dir, kura_derive_say *say, void *arg,
                               struct kura_derive **out, struct kura_err *err)
{
    struct kura_derive *d = calloc(1, sizeof(*d));
    struct kura_warehouse *w = calloc(1, sizeof(*w));
    enum kura_rc rc;

    if (d == NULL || w == NULL) {
        free(d);
        free(w);
        return kura_err_nomem(err);
    }
    d->w = w;
    d->say = say;
    d->arg = arg;
    w->write = true;
    w->lock_fd = w->read_fd = -1;
    rc = kura_schema_load(err);
    if (rc == KURA_OK)
        rc = derive_check_dir(dir, err);
    if (rc == KURA_OK)
        rc = kura_fs_absolute(dir, &w->dir, err);
    if (rc == KURA_OK)
        rc = derive_config(w, err);
    if (rc == KURA_OK)
        rc = derive_lock(w, err);
    if (rc == KURA_OK)
        rc = catalog_remove_new(w->dir, err);
    if (rc == KURA_OK)
        rc = catalog_make_new(w, err);
    if (rc == KURA_OK)
        *out = d;
    else
        kura_derive_free(d);
    return rc;
}

void kura_derive_free(struct kura_derive *d)
{
    if (d == NULL)
        return;
    if (d->w != NULL && d->w->db != NULL) { /* not published */
        (void)sqlite3_close(d->w->db);
        d->w->db = NULL;
        (void)catalog_remove_new(d->w->dir, NULL);
    }
    kura_warehouse_close(d->w);
    free(d);
}

/* --- Files of the warehouse --------------------------------------------- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

/* A file of a partition that is looked at. */
struct found {
    const char *name; /* from the warehouse */
    char *path;
    struct kura_location at;
    struct kura_partition *p;
    char sha256[KURA_SHA256_HEX]; /* "": a plain database */
};

static void found_release(struct found *f)
{
    kura_partition_close(f->p);
    free(f->path);
}

/* Opens it; a packed one is read whole. */
static enum kura_rc found_open(struct kura_derive *d, const char *name,
                               struct found *f, struct kura_err *err)
{
    struct kura_packed packed;
    struct stat st;
    enum kura_rc rc;

    memset(f, 0, sizeof(*f));
    f->name = name;
    rc = kura_catalog_path(d->w, name, &f->path, err);
    if (rc != KURA_OK)
        return rc;
    f->at.path = f->path;
    if (ends_with(name, ".zst")) {
        if (stat(f->path, &st) != 0)
            return kura_err_sys(err, errno, "cannot read '%s'", f->path);
        f->at.size = (int64_t)st.st_size;
        if (st.st_size == 0)
            return kura_err_set(err, KURA_ECORRUPT, "'%s' is empty", f->path);
        rc = kura_seekable_unpack(&f->at, NULL, NULL, &packed, err);
        if (rc == KURA_OK)
            memcpy(f->sha256, packed.sha256, sizeof(f->sha256));
    }
    return rc == KURA_OK ? kura_partition_open_at(&f->at, &f->p, err) : rc;
}

static enum kura_rc file_add(struct kura_warehouse *w, int64_t partition,
                             const char *kind, const char *lease,
                             const char *name, int64_t size, const char *state,
                             struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "INSERT INTO file (partition, size, kind, lease, path, "
                         "state) VALUES (?, ?, ?, ?, ?, ?)",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, partition);
    (void)sqlite3_bind_int64(stmt, 2, size);
    kura_bind_text(stmt, 3, kind);
    kura_bind_text(stmt, 4, lease);
    kura_bind_text(stmt, 5, name);
    kura_bind_text(stmt, 6, state);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* One integer of the new catalog, 0 for none. */
static enum kura_rc derive_integer(struct kura_warehouse *w, const char *sql,
                                   int64_t one, int64_t *out,
                                   struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc = kura_db_prepare(w->db, sql, &stmt, err);

    *out = 0;
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, one);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row)
        *out = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* What the middle of a seal leaves; every lock is ours. */
static enum kura_rc leftover_remove(struct kura_derive *d, const char *name,
                                    bool *is, struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc;

    *is = ends_with(name, ".db.zst.tmp") || ends_with(name, ".db.zst.plain");
    if (!*is)
        return KURA_OK;
    rc = kura_catalog_path(d->w, name, &path, err);
    if (rc == KURA_OK)
        rc = kura_fs_remove(path, err);
    free(path);
    return rc;
}

/* online/<table>/<day>... of its own table and day. */
static enum kura_rc online_belongs(const struct found *f, struct kura_err *err)
{
    char want[128], day[KURA_DAY_TEXT];

    kura_day_format(kura_partition_day(f->p), day);
    (void)snprintf(want, sizeof(want), "online/%.60s/%s",
                   kura_partition_schema(f->p)->name, day);
    if (strncmp(f->name, want, strlen(want)) == 0 &&
        strlen(strrchr(f->name, '/') + 1) < KURA_BASE_NAME)
        return KURA_OK;
    return kura_err_set(err, KURA_EINPUT,
                        "'%s' is not where a partition of %s and %s belongs",
                        f->path, kura_partition_schema(f->p)->name, day);
}

/* Two files of one name, with and without ".zst". */
static enum kura_rc online_is_twin(struct kura_warehouse *w, int64_t number,
                                   const char *name, bool *twin,
                                   struct kura_err *err)
{
    size_t n = strlen(name) - (ends_with(name, ".zst") ? 4 : 0);
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    *twin = false;
    rc = kura_db_prepare(w->db,
                         "SELECT path FROM file WHERE partition = ? "
                         "AND kind = 'online' AND state = 'live'",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row) {
        const char *other = kura_column_text(stmt, 0);
        size_t m = strlen(other) - (ends_with(other, ".zst") ? 4 : 0);

        *twin = n == m && strncmp(name, other, n) == 0;
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* The id is there already.  A crash while sealing leaves both files: the sealed
 * one counts, unless the other has got rows since. */
static enum kura_rc online_again(struct kura_derive *d, const struct found *f,
                                 int64_t number, struct kura_err *err)
{
    int64_t rows = 0;
    bool twin = false;
    enum kura_rc rc = online_is_twin(d->w, number, f->name, &twin, err);

    if (rc == KURA_OK && !twin)
        return kura_err_set(err, KURA_EINPUT,
                            "'%s' is a copy of another file of the warehouse",
                            f->path);
    if (rc == KURA_OK)
        rc = derive_integer(d->w, "SELECT rows FROM partition WHERE number = ?1",
                            number, &rows, err);
    if (rc != KURA_OK || f->at.size == 0 || kura_partition_rows(f->p) < rows)
        return rc == KURA_OK ? file_add(d->w, number, "online", NULL, f->name,
                                        f->at.size, "dead", err)
                             : rc;
    rc = kura_catalog_run(d->w,
                          "UPDATE file SET state = 'dead' WHERE partition = ?1",
                          number, 0, err);
    if (rc == KURA_OK)
        rc = kura_adopt_update(d->w, number, "sealed", f->sha256, f->p, err);
    return rc == KURA_OK ? file_add(d->w, number, "online", NULL, f->name,
                                    f->at.size, "live", err)
                         : rc;
}

/* A file that was put back after its rows were loaded again. */
static enum kura_rc online_check(struct kura_derive *d, const struct found *f,
                                 struct kura_err *err)
{
    bool replaced = false;
    int64_t with = 0;
    enum kura_rc rc = kura_adopt_is_replaced(d->w, kura_partition_id(f->p),
                                             &replaced, err);

    if (rc == KURA_OK && !replaced)
        rc = kura_adopt_doubled(d->w, f->p, &with, err);
    if (rc == KURA_OK && with != 0)
        rc = kura_err_set(err, KURA_EINPUT,
                          "'%s' holds lines that are in another partition too",
                          f->path);
    return rc;
}

static enum kura_rc online_new(struct kura_derive *d, const struct found *f,
                               struct kura_err *err)
{
    bool sealed = f->at.size != 0;
    /* The successor of a retry that has not got its rows: they come in one
     * transaction with what it says of its sources. */
    bool hollow = !sealed && kura_partition_replaces(f->p)[0] != '\0' &&
                  kura_partition_sources(f->p) == 0;
    int64_t number = 0;
    enum kura_rc rc = online_check(d, f, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_adopt_partition(d->w, f->p,
                              hollow   ? "making"
                              : sealed ? "sealed"
                                       : "open",
                              f->sha256, &number, err);
    return rc == KURA_OK
               ? file_add(d->w, number, "online", NULL, f->name, f->at.size,
                          hollow ? "making" : "live", err)
               : rc;
}

static enum kura_rc online_file(struct kura_derive *d, const char *name,
                                struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    char state[KURA_STATE_TEXT];
    struct found f;
    bool leftover;
    int64_t number = 0;
    enum kura_rc rc = leftover_remove(d, name, &leftover, err);

    if (rc != KURA_OK || leftover ||
        (!ends_with(name, ".db") && !ends_with(name, ".db.zst")))
        return rc;
    rc = found_open(d, name, &f, &cause);
    if (rc == KURA_OK)
        rc = online_belongs(&f, &cause);
    if (rc == KURA_OK)
        rc = kura_adopt_find(d->w, kura_partition_id(f.p), &number, state,
                             &cause);
    if (rc == KURA_OK)
        rc = number == 0 ? online_new(d, &f, &cause)
                         : online_again(d, &f, number, &cause);
    found_release(&f);
    return derive_pass(d, rc, &cause, err);
}

typedef enum kura_rc derive_file_fn(struct kura_derive *d, const char *name,
                                    struct kura_err *err);

static enum kura_rc derive_each(struct kura_derive *d, const char *below,
                                derive_file_fn *fn, struct kura_err *err)
{
    char **list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_derive_files(d->w->dir, below, &list, &count, err);

    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = fn(d, list[i], err);
    kura_derive_files_free(list, count);
    return rc;
}

enum kura_rc kura_derive_online(struct kura_derive *d, struct kura_err *err)
{
    return derive_each(d, "online", online_file, err);
}

/* --- Restored ------------------------------------------------------------ */

/* "L3" of "restored/L3/proxy/2025-01-31.db.zst". */
static bool lease_of(const char *name, char out[24], int64_t *number)
{
    size_t skip = strlen("restored/L");
    size_t n = strspn(name + skip, "0123456789");

    if (strncmp(name, "restored/L", skip) != 0 || n == 0 || n > 18 ||
        name[skip + n] != '/')
        return false;
    (void)snprintf(out, 24, "L%.*s", (int)n, name + skip);
    *number = strtoll(name + skip, NULL, 10);
    return true;
}

/* Something else than this file has the partition. */
static enum kura_rc has_copy(struct kura_warehouse *w, int64_t number,
                             int64_t *has, struct kura_err *err)
{
    return derive_integer(
        w,
        "SELECT EXISTS (SELECT 1 FROM file WHERE partition = ?1 "
        "AND state = 'live' AND kind <> 'sighting') "
        "OR EXISTS (SELECT 1 FROM member WHERE partition = ?1)",
        number, has, err);
}

static enum kura_rc restored_known(struct kura_derive *d,
                                   const struct found *f, int64_t number,
                                   int64_t *has, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false, same = false;
    enum kura_rc rc;

    rc = kura_db_prepare(d->w->db,
                         "SELECT sha256 FROM partition WHERE number = ?", &stmt,
                         err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row)
        same = strcmp(kura_column_text(stmt, 0), f->sha256) == 0;
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && !same)
        return kura_err_set(err, KURA_EINPUT,
                            "'%s' differs from the partition of the same id",
                            f->path);
    return rc == KURA_OK ? has_copy(d->w, number, has, err) : rc;
}

static enum kura_rc restored_file(struct kura_derive *d, const char *name,
                                  const int64_t *leases, size_t count,
                                  struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    char state[KURA_STATE_TEXT], label[24];
    struct found f;
    int64_t number = 0, lease = 0, has = 0;
    bool active = false;
    size_t i;
    enum kura_rc rc;

    if (!ends_with(name, ".db.zst") || !lease_of(name, label, &lease))
        return KURA_OK;
    for (i = 0; i < count; i++)
        active |= leases[i] == lease;
    rc = found_open(d, name, &f, &cause);
    if (rc == KURA_OK)
        rc = kura_adopt_find(d->w, kura_partition_id(f.p), &number, state,
                             &cause);
    if (rc == KURA_OK && number != 0)
        rc = restored_known(d, &f, number, &has, &cause);
    else if (rc == KURA_OK)
        rc = kura_adopt_partition(d->w, f.p, "archived", f.sha256, &number,
                                  &cause);
    if (rc == KURA_OK && !active && has == 0)
        derive_say(d, "%s stays: no other copy of it was found", f.path);
    if (rc == KURA_OK)
        rc = file_add(d->w, number, "restored", label, name, f.at.size,
                      active || has == 0 ? "live" : "dead", &cause);
    found_release(&f);
    return derive_pass(d, rc, &cause, err);
}

enum kura_rc kura_derive_restored(struct kura_derive *d, const int64_t *leases,
                                  size_t lease_count, struct kura_err *err)
{
    char **list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_derive_files(d->w->dir, "restored", &list, &count,
                                        err);

    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = restored_file(d, list[i], leases, lease_count, err);
    kura_derive_files_free(list, count);
    return rc;
}

/* --- Replaced ------------------------------------------------------------ */

struct replacer {
    int64_t number;
    char id[33];
    char *replaces;
    bool online; /* this warehouse made it */
};

/* Of each source at least as many rows, on the same day of the same table; a
 * partition of rejects may have lost some to tables. */
static enum kura_rc replacer_covers(struct kura_warehouse *w, int64_t number,
                                    int64_t old, int64_t *lacks,
                                    struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    *lacks = 1;
    rc = kura_db_prepare(
        w->db,
        "SELECT EXISTS (SELECT 1 FROM partition_source s WHERE "
        "s.partition = ?2 AND s.rows > 0 AND NOT EXISTS (SELECT 1 FROM "
        "partition_source n WHERE n.partition = ?1 AND n.key = s.key "
        "AND (n.rows >= s.rows OR (a.\"table\" = 'reject' "
        "AND n.held_bytes >= s.held_bytes)))) "
        "OR a.\"table\" <> b.\"table\" OR a.day <> b.day "
        "FROM partition a JOIN partition b ON b.number = ?2 "
        "WHERE a.number = ?1",
        &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        (void)sqlite3_bind_int64(stmt, 2, old);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row)
        *lacks = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* It claims what it does not hold: it is not listed. */
static enum kura_rc replacer_drop(struct kura_derive *d,
                                  const struct replacer *r,
                                  struct kura_err *err)
{
    static const char *const sql[] = {
        "DELETE FROM member WHERE partition = ?1",
        "DELETE FROM file WHERE partition = ?1",
        "DELETE FROM partition_source WHERE partition = ?1",
        "UPDATE partition SET replaced_by = NULL WHERE replaced_by = ?1",
        "DELETE FROM partition WHERE number = ?1", NULL};
    char text[DERIVE_TEXT];
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; rc == KURA_OK && sql[i] != NULL; i++)
        rc = kura_catalog_run(d->w, sql[i], r->number, 0, err);
    (void)snprintf(text, sizeof(text),
                   "partition %s says that it stands for others, and lacks "
                   "rows of them",
                   r->id);
    if (rc == KURA_OK)
        kura_derive_problem(d, text);
    return rc;
}

static enum kura_rc replaced_one(struct kura_derive *d,
                                 const struct replacer *r, int64_t old,
                                 struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_catalog_run(d->w,
                          "UPDATE partition SET state = 'replaced', "
                          "replaced_by = ?2 WHERE number = ?1",
                          old, r->number, err);
    /* What came from elsewhere does not make files of the warehouse go. */
    if (rc == KURA_OK && r->online)
        rc = kura_catalog_run(d->w,
                              "UPDATE file SET state = 'dead' "
                              "WHERE partition = ?1",
                              old, 0, err);
    return rc;
}

/* All ids of the list: `check` only asks whether the claim holds. */
static enum kura_rc replacer_walk(struct kura_derive *d,
                                  const struct replacer *r, bool check,
                                  int64_t *lacks, struct kura_err *err)
{
    char id[33], state[KURA_STATE_TEXT];
    const char *at = r->replaces;
    int64_t old;
    enum kura_rc rc = KURA_OK;

    *lacks = 0;
    while (rc == KURA_OK && *lacks == 0 && strlen(at) >= 32) {
        (void)snprintf(id, sizeof(id), "%.32s", at);
        at += at[32] == ' ' ? 33 : 32;
        rc = kura_adopt_find(d->w, id, &old, state, err);
        if (rc != KURA_OK || old == 0 || old == r->number ||
            strcmp(state, "replaced") == 0)
            continue;
        rc = check ? replacer_covers(d->w, r->number, old, lacks, err)
                   : replaced_one(d, r, old, err);
    }
    return rc;
}

static enum kura_rc replacer_apply(struct kura_derive *d,
                                   const struct replacer *r,
                                   struct kura_err *err)
{
    char state[KURA_STATE_TEXT];
    int64_t number, lacks = 0;
    enum kura_rc rc = kura_adopt_find(d->w, r->id, &number, state, err);

    if (rc != KURA_OK || number == 0 || strcmp(state, "replaced") == 0)
        return rc;
    if (!r->online)
        rc = replacer_walk(d, r, true, &lacks, err);
    if (rc == KURA_OK && lacks != 0)
        return replacer_drop(d, r, err);
    return rc == KURA_OK ? replacer_walk(d, r, false, &lacks, err) : rc;
}

static enum kura_rc replacer_read(sqlite3_stmt *stmt, struct replacer *r,
                                  struct kura_err *err)
{
    r->number = sqlite3_column_int64(stmt, 0);
    (void)snprintf(r->id, sizeof(r->id), "%s", kura_column_text(stmt, 1));
    r->online = sqlite3_column_int(stmt, 3) != 0;
    return kura_column_copy(stmt, 2, &r->replaces, err);
}

enum kura_rc kura_derive_replaced(struct kura_derive *d, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    struct replacer *r = NULL;
    void *list = NULL;
    size_t count = 0, cap = 0, i;
    bool row = true;
    enum kura_rc rc;

    rc = kura_db_prepare(
        d->w->db,
        "SELECT number, id, replaces, EXISTS (SELECT 1 FROM file f WHERE "
        "f.partition = p.number AND f.kind = 'online' AND f.state = 'live') "
        "AS o FROM partition p WHERE replaces <> '' AND state <> 'making' "
        "ORDER BY o DESC, number",
        &stmt, err);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = kura_list_grow(&list, count, &cap, sizeof(*r), err);
        if (rc == KURA_OK)
            rc = replacer_read(stmt, (struct replacer *)list + count, err);
        count += rc == KURA_OK;
    }
    (void)sqlite3_finalize(stmt);
    r = list;
    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = replacer_apply(d, &r[i], err);
    for (i = 0; i < count; i++)
        free(r[i].replaces);
    free(list);
    return rc;
}

/* --- Sightings ----------------------------------------------------------- */

/* Which partition it was made of. */
static enum kura_rc sighting_of(const struct kura_location *at, char id[33],
                                struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;
    bool row = false;
    enum kura_rc rc = kura_db_open_at(at, &db, err);

    id[0] = '\0';
    if (rc == KURA_OK)
        rc = kura_db_prepare(db, "SELECT value FROM meta WHERE key = 'of'",
                             &stmt, err);
    if (rc == KURA_OK)
        rc = kura_db_step(stmt, &row, err);
    if (rc == KURA_OK && row)
        (void)snprintf(id, 33, "%s", kura_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    if (rc == KURA_OK && strspn(id, "0123456789abcdef") != 32)
        rc = kura_err_set(err, KURA_EINPUT,
                          "'%s' does not say of what its sightings are",
                          at->path);
    return rc;
}

/* "proxy" of "sighting/proxy/2025-01-31.db.zst". */
static enum kura_rc sighting_table(const char *name,
                                   const struct kura_schema **out,
                                   struct kura_err *err)
{
    const char *from = strchr(name, '/');
    const char *to = from == NULL ? NULL : strchr(from + 1, '/');
    char table[64] = "";

    if (to != NULL && to - from <= (ptrdiff_t)sizeof(table))
        (void)snprintf(table, sizeof(table), "%.*s", (int)(to - from - 1),
                       from + 1);
    *out = kura_schema_find(table);
    if (*out == NULL)
        return kura_err_set(err, KURA_EINPUT,
                            "'%s' has sightings of an unknown table", name);
    return KURA_OK;
}

/* Its partition is nowhere any more: expired, or on a medium that is not at
 * hand (and then importing it gives it back). */
static enum kura_rc sighting_orphan(struct kura_derive *d, const struct found *f,
                                    const char *id, int64_t *number,
                                    struct kura_err *err)
{
    const struct kura_schema *table = NULL;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = sighting_table(f->name, &table, err);

    if (rc == KURA_OK)
        rc = kura_db_prepare(d->w->db,
                             "INSERT INTO partition (id, \"table\", day, state)"
                             " VALUES (?, ?, ?, 'expired')",
                             &stmt, err);
    if (rc != KURA_OK)
        return rc;
    kura_bind_text(stmt, 1, id);
    kura_bind_text(stmt, 2, table->name);
    (void)sqlite3_bind_int64(stmt, 3, kura_partition_day(f->p));
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    *number = sqlite3_last_insert_rowid(d->w->db);
    return rc;
}

static enum kura_rc sighting_add(struct kura_derive *d, const struct found *f,
                                 struct kura_err *err)
{
    char id[33], state[KURA_STATE_TEXT];
    int64_t number = 0, has = 0;
    bool live;
    enum kura_rc rc = sighting_of(&f->at, id, err);

    if (rc == KURA_OK)
        rc = kura_adopt_find(d->w, id, &number, state, err);
    if (rc == KURA_OK && number == 0) {
        (void)snprintf(state, sizeof(state), "expired");
        rc = sighting_orphan(d, f, id, &number, err);
    }
    if (rc == KURA_OK)
        rc = derive_integer(d->w,
                            "SELECT EXISTS (SELECT 1 FROM file WHERE "
                            "partition = ?1 AND kind = 'sighting' "
                            "AND state = 'live')",
                            number, &has, err);
    live = has == 0 && (strcmp(state, "sealed") == 0 ||
                        strcmp(state, "archived") == 0 ||
                        strcmp(state, "expired") == 0);
    return rc == KURA_OK ? file_add(d->w, number, "sighting", NULL, f->name,
                                    f->at.size, live ? "live" : "dead", err)
                         : rc;
}

static enum kura_rc sighting_file(struct kura_derive *d, const char *name,
                                  struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct found f;
    bool leftover;
    enum kura_rc rc = leftover_remove(d, name, &leftover, err);

    if (rc != KURA_OK || leftover || !ends_with(name, ".db.zst"))
        return rc;
    rc = found_open(d, name, &f, &cause);
    if (rc == KURA_OK)
        rc = sighting_add(d, &f, &cause);
    found_release(&f);
    return derive_pass(d, rc, &cause, err);
}

enum kura_rc kura_derive_sightings(struct kura_derive *d, struct kura_err *err)
{
    return derive_each(d, "sighting", sighting_file, err);
}

/* --- Sources ------------------------------------------------------------- */

/* What all partitions together say of a source. */
struct sum {
    const char *key;
    char *name;
    int64_t held, rows, bytes, first_ts, last_ts;
    /* The largest mark of which the digest is known. */
    int64_t mark, lines;
    char sha256[KURA_SHA256_HEX];
};

#define SUMS_SQL                                                               \
    "WITH s AS (SELECT s.*, p.\"table\" AS t FROM partition_source s "         \
    "JOIN partition p ON p.number = s.partition "                              \
    "WHERE p.state IN ('open', 'full', 'sealed', 'archived') "                 \
    "AND instr(s.key, ':') = 65) "                                             \
    "SELECT key, (SELECT n.name FROM s n WHERE n.key = s.key "                 \
    "ORDER BY n.held_bytes DESC LIMIT 1), max(held_bytes), sum(rows), "        \
    "sum(bytes), ifnull(min(CASE WHEN rows > 0 AND t <> 'reject' "             \
    "THEN first_ts END), 0), ifnull(max(CASE WHEN rows > 0 AND "               \
    "t <> 'reject' THEN last_ts END), 0) "                                     \
    "FROM s GROUP BY key ORDER BY min(partition), key"

static enum kura_rc sum_mark(struct kura_warehouse *w, struct sum *s,
                             struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    rc = kura_db_prepare(
        w->db,
        "SELECT s.held_bytes, s.held_lines, s.held_sha256 "
        "FROM partition_source s JOIN partition p ON p.number = s.partition "
        "WHERE s.key = ? AND length(s.held_sha256) = 64 AND p.state IN "
        "('open', 'full', 'sealed', 'archived') "
        "ORDER BY s.held_bytes DESC LIMIT 1",
        &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, s->key);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row) {
        s->mark = sqlite3_column_int64(stmt, 0);
        s->lines = sqlite3_column_int64(stmt, 1);
        (void)snprintf(s->sha256, sizeof(s->sha256), "%s",
                       kura_column_text(stmt, 2));
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static bool sum_is_whole(const struct sum *s)
{
    return s->mark > 0 && s->mark == s->held && s->bytes == s->held;
}

/* The head that its key is made of, if the rows give it back. */
static size_t head_size(const char *key, const struct kura_recollected *r)
{
    size_t n = (size_t)strtoul(key + 65, NULL, 10);
    char hex[KURA_SHA256_HEX];

    if (n == 0 || n > r->head_size ||
        kura_sha256_hex(r->head, n, hex, NULL) != KURA_OK ||
        strncmp(hex, key, 64) != 0)
        return 0;
    return n;
}

static enum kura_rc name_is_taken(struct kura_warehouse *w, const char *name,
                                  bool *taken, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    *taken = false;
    rc = kura_db_prepare(w->db, "SELECT 1 FROM source WHERE name = ?", &stmt,
                         err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, name);
        rc = kura_db_step(stmt, taken, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Of two warehouses: the name of the second one's source gets "#2". */
static enum kura_rc source_name(struct kura_warehouse *w, const char *name,
                                struct kura_buf *out, struct kura_err *err)
{
    bool taken = true;
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 1; rc == KURA_OK && taken; i++) {
        kura_buf_reset(out);
        rc = i == 1 ? kura_buf_puts(out, name, err)
                    : kura_buf_printf(out, err, "%s#%d", name, i);
        if (rc == KURA_OK)
            rc = name_is_taken(w, out->data, &taken, err);
    }
    return rc;
}

/* Times without a year must be read as before: as late a time as gives all rows
 * that are here the year that they have. */
static int64_t sum_as_of(const struct sum *s, int64_t now_us)
{
    int64_t span = s->last_ts - s->first_ts;
    int64_t as_of = s->last_ts;

    if (s->last_ts == 0)
        return now_us;
    if (span < DERIVE_YEAR)
        as_of += DERIVE_YEAR - span;
    return as_of < now_us ? as_of : now_us;
}

static enum kura_rc source_insert(struct kura_derive *d, const struct sum *s,
                                  const char *name,
                                  const struct kura_recollected *r,
                                  int64_t now_us, struct kura_err *err)
{
    bool whole = sum_is_whole(s);
    size_t head = whole ? head_size(s->key, r) : 0;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(d->w->db,
                         "INSERT INTO source (key, name, format, bytes, lines, "
                         "sha256, terminated, as_of, last_ts, head) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    kura_bind_text(stmt, 1, s->key);
    kura_bind_text(stmt, 2, name);
    kura_bind_text(stmt, 3, r->format);
    (void)sqlite3_bind_int64(stmt, 4, whole ? s->mark : 0);
    (void)sqlite3_bind_int64(stmt, 5, whole ? s->lines : 0);
    kura_bind_text(stmt, 6, whole ? s->sha256 : "");
    (void)sqlite3_bind_int(stmt, 7, !whole || r->terminated);
    if (!whole)
        (void)sqlite3_bind_int64(stmt, 8, sum_as_of(s, now_us));
    if (whole && r->last_ts != INT64_MIN)
        (void)sqlite3_bind_int64(stmt, 9, r->last_ts);
    if (head != 0)
        (void)sqlite3_bind_blob64(stmt, 10, r->head, head, SQLITE_STATIC);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc source_add(struct kura_derive *d, struct sum *s,
                               int64_t now_us, size_t *cut,
                               struct kura_err *err)
{
    struct kura_recollected r;
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_buf name;
    enum kura_rc rc = sum_mark(d->w, s, err);

    if (rc != KURA_OK)
        return rc;
    kura_buf_init(&name, 65536);
    memset(&r, 0, sizeof(r));
    r.last_ts = INT64_MIN;
    r.terminated = true;
    rc = kura_recollect(d->w, s->key, s->name, &r, &cause);
    if (rc != KURA_OK) { /* rows that cannot be read: known without them */
        rc = derive_pass(d, rc, &cause, err);
        memset(&r, 0, sizeof(r));
        r.last_ts = INT64_MIN;
        r.terminated = true;
    }
    if (rc == KURA_OK)
        rc = source_name(d->w, s->name, &name, err);
    if (rc == KURA_OK)
        rc = source_insert(d, s, name.data, &r, now_us, err);
    if (rc == KURA_OK && !sum_is_whole(s)) {
        ++*cut;
        derive_say(d,
                   "'%s' is not whole: %lld of %lld bytes are at hand; loading "
                   "it again adds the rest",
                   name.data, (long long)s->bytes, (long long)s->held);
    }
    kura_recollect_release(&r);
    kura_buf_release(&name);
    return rc;
}

enum kura_rc kura_derive_sources(struct kura_derive *d, int64_t now_us,
                                 struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    struct sum s;
    size_t cut = 0;
    bool row = true;
    enum kura_rc rc = kura_db_prepare(d->w->db, SUMS_SQL, &stmt, err);

    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        memset(&s, 0, sizeof(s));
        s.key = kura_column_text(stmt, 0);
        s.held = sqlite3_column_int64(stmt, 2);
        s.rows = sqlite3_column_int64(stmt, 3);
        s.bytes = sqlite3_column_int64(stmt, 4);
        s.first_ts = sqlite3_column_int64(stmt, 5);
        s.last_ts = sqlite3_column_int64(stmt, 6);
        rc = kura_column_copy(stmt, 1, &s.name, err);
        if (rc == KURA_OK)
            rc = source_add(d, &s, now_us, &cut, err);
        free(s.name);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && cut != 0)
        derive_say(d, "%zu source(s) are not whole: where volumes are not at "
                      "hand, mount them and do this again before loading",
                   cut);
    return rc;
}

/* --- Publishing ---------------------------------------------------------- */

static enum kura_rc catalog_move(const char *dir, const char *from,
                                 const char *to, struct kura_err *err)
{
    char *a = NULL, *b = NULL;
    enum kura_rc rc = kura_path_join(dir, from, &a, err);

    if (rc == KURA_OK)
        rc = kura_path_join(dir, to, &b, err);
    if (rc == KURA_OK && kura_fs_exists(a))
        rc = kura_fs_publish(a, b, err);
    free(a);
    free(b);
    return rc;
}

static enum kura_rc catalog_remove(const char *dir, const char *name,
                                   struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(dir, name, &path, err);

    if (rc == KURA_OK)
        rc = kura_fs_remove(path, err);
    free(path);
    return rc;
}

static enum kura_rc catalog_close(struct kura_warehouse *w,
                                  struct kura_err *err)
{
    enum kura_rc rc = kura_db_exec(w->db, "COMMIT", err);

    if (rc == KURA_OK)
        rc = kura_db_exec(w->db,
                          "PRAGMA journal_mode = WAL; "
                          "PRAGMA wal_checkpoint(TRUNCATE)",
                          err);
    if (rc == KURA_OK && sqlite3_close(w->db) != SQLITE_OK)
        rc = kura_err_set(err, KURA_EIO, "cannot close catalog.db.new");
    if (rc != KURA_OK)
        return rc;
    w->db = NULL;
    rc = catalog_remove(w->dir, "catalog.db.new-wal", err);
    return rc == KURA_OK ? catalog_remove(w->dir, "catalog.db.new-shm", err)
                         : rc;
}

enum kura_rc kura_derive_publish(struct kura_derive *d, struct kura_err *err)
{
    const char *dir = d->w->dir;
    char *path = NULL;
    enum kura_rc rc = catalog_close(d->w, err);

    kura_failpoint(KURA_FAIL_CATALOG_WRITTEN);
    /* The file first: a catalog without its WAL would be an older one, a WAL
     * without its catalog is nothing. */
    if (rc == KURA_OK && kura_path_join(dir, "catalog.db", &path, err) != KURA_OK)
        rc = KURA_ENOMEM;
    if (rc == KURA_OK && kura_fs_exists(path)) {
        rc = catalog_remove(dir, "catalog.db.old-wal", err);
        if (rc == KURA_OK)
            rc = catalog_move(dir, "catalog.db", "catalog.db.old", err);
    }
    free(path);
    if (rc == KURA_OK)
        rc = catalog_move(dir, "catalog.db-wal", "catalog.db.old-wal", err);
    if (rc == KURA_OK)
        rc = catalog_remove(dir, "catalog.db-shm", err);
    if (rc == KURA_OK)
        rc = catalog_remove(dir, "catalog.db.old-shm", err);
    if (rc == KURA_OK)
        rc = catalog_move(dir, "catalog.db.new", "catalog.db", err);
    kura_failpoint(KURA_FAIL_CATALOG_PUBLISHED);
    return rc;
}
