/* warehouse.c - the directory, its configuration, its locks. */
#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/embedded.h"
#include "base/fs.h"
#include "base/num.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#define CATALOG_APPLICATION_ID 0x6B757261
#define CATALOG_VERSION 1

#define CONFIG_NAME "kura.yaml"
#define CATALOG_NAME "catalog.db"
#define LOCK_NAME "lock"

#define HINT_REBUILD                                                           \
    "the catalog of a warehouse is missing; kura catalog rebuild makes it anew"

#define CONFIG_MAX_BYTES 65536
#define READ_TRIES 5000 /* of 2 ms */

/* Its byte of the lock file, after those of warehouse_internal.h. */
#define INIT_SLOT (INT64_C(1) << 44)

/* --- Small helpers ----------------------------------------------------- */

enum kura_rc kura_list_grow(void **list, size_t count, size_t *cap, size_t size,
                            struct kura_err *err)
{
    size_t more = *cap == 0 ? 16 : *cap * 2, bytes;
    void *p;

    if (count < *cap)
        return KURA_OK;
    if (!kura_num_mul(more, size, &bytes))
        return kura_err_nomem(err);
    p = realloc(*list, bytes);
    if (p == NULL)
        return kura_err_nomem(err);
    *list = p;
    *cap = more;
    return KURA_OK;
}

const char *kura_column_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *s = sqlite3_column_text(stmt, column);

    return s == NULL ? "" : (const char *)s;
}

enum kura_rc kura_column_copy(sqlite3_stmt *stmt, int column, char **out,
                              struct kura_err *err)
{
    *out = NULL;
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return KURA_OK;
    *out = strdup(kura_column_text(stmt, column));
    return *out == NULL ? kura_err_nomem(err) : KURA_OK;
}

void kura_bind_text(sqlite3_stmt *stmt, int i, const char *s)
{
    (void)sqlite3_bind_text(stmt, i, s, -1, SQLITE_STATIC);
}

enum kura_rc kura_catalog_schema(const char *name,
                                 const struct kura_schema **out,
                                 struct kura_err *err)
{
    *out = kura_schema_find(name);
    if (*out == NULL)
        return kura_err_set(err, KURA_ECORRUPT,
                            "the catalog names an unknown table '%s'", name);
    return KURA_OK;
}

enum kura_rc kura_path_join(const char *dir, const char *name, char **out,
                            struct kura_err *err)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);

    if (path == NULL)
        return kura_err_nomem(err);
    (void)snprintf(path, size, "%s/%s", dir, name);
    *out = path;
    return KURA_OK;
}

/* --- kura.yaml --------------------------------------------------------- */

static const char *const config_top[] = {"zone",      "oldest",  "sources",
                                         "retention", "archive", "site",
                                         NULL};
static const char *const config_source[] = {"match", "format", "zone", NULL};

static bool word_is_known(const char *const *words, const char *word)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static enum kura_rc config_keys(const struct kura_config *c,
                                const struct kura_node *map,
                                const char *const *known, struct kura_err *err)
{
    const char *name = kura_config_name(c);
    size_t i;

    if (kura_node_kind(map) != KURA_NODE_MAP)
        return kura_err_set(err, KURA_EINPUT,
                            "%s:%zu: keys with values are expected here", name,
                            kura_node_line(map));
    for (i = 0; i < kura_node_count(map); i++)
        if (!word_is_known(known, kura_node_key(map, i)))
            return kura_err_set(err, KURA_EINPUT, "%s:%zu: unknown key '%s'",
                                name, kura_node_key_line(map, i),
                                kura_node_key(map, i));
    return KURA_OK;
}

/* The text of a key's value; NULL when the key is missing or has none. */
static enum kura_rc config_text(const struct kura_config *c,
                                const struct kura_node *map, const char *key,
                                const char **out, struct kura_err *err)
{
    const struct kura_node *n = kura_node_get(map, key);

    *out = NULL;
    if (n == NULL || kura_node_is_null(n))
        return KURA_OK;
    *out = kura_node_text(n);
    if (*out == NULL || strlen(*out) != kura_node_text_size(n))
        return kura_err_set(err, KURA_EINPUT, "%s:%zu: '%s' must be a text",
                            kura_config_name(c), kura_node_line(n), key);
    return KURA_OK;
}

/* The zone of a map; *out is NULL when it names none. */
static enum kura_rc config_zone(const struct kura_config *c,
                                const struct kura_node *map,
                                struct kura_zone **out, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    const char *text;
    enum kura_rc rc;

    *out = NULL;
    rc = config_text(c, map, "zone", &text, err);
    if (rc != KURA_OK || text == NULL)
        return rc;
    rc = kura_zone_new(text, out, &cause);
    if (rc != KURA_OK)
        (void)kura_err_set(err, rc, "%s:%zu: %s", kura_config_name(c),
                           kura_node_line(kura_node_get(map, "zone")),
                           cause.msg);
    return rc;
}

static enum kura_rc config_oldest(const struct kura_config *c,
                                  const struct kura_node *root,
                                  struct kura_err *err)
{
    const char *text;
    int64_t day;
    enum kura_rc rc = config_text(c, root, "oldest", &text, err);

    if (rc != KURA_OK || text == NULL || kura_day_parse(text, &day))
        return rc;
    return kura_err_set(err, KURA_EINPUT,
                        "%s:%zu: 'oldest' must be a date such as 2000-01-01, "
                        "not '%s'",
                        kura_config_name(c),
                        kura_node_line(kura_node_get(root, "oldest")), text);
}

static enum kura_rc config_check_source(const struct kura_config *c,
                                        const struct kura_node *n,
                                        struct kura_err *err)
{
    struct kura_zone *zone = NULL;
    const char *text;
    enum kura_rc rc;

    rc = config_keys(c, n, config_source, err);
    if (rc == KURA_OK)
        rc = config_zone(c, n, &zone, err);
    kura_zone_free(zone);
    if (rc == KURA_OK)
        rc = config_text(c, n, "format", &text, err);
    if (rc == KURA_OK)
        rc = config_text(c, n, "match", &text, err);
    if (rc == KURA_OK && text == NULL)
        rc = kura_err_set(err, KURA_EINPUT, "%s:%zu: a source needs 'match'",
                          kura_config_name(c), kura_node_line(n));
    return rc;
}

static enum kura_rc config_sources(const struct kura_config *c,
                                   const struct kura_node *root,
                                   struct kura_err *err)
{
    const struct kura_node *list = kura_node_get(root, "sources");
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (list == NULL || kura_node_is_null(list))
        return KURA_OK;
    if (kura_node_kind(list) != KURA_NODE_LIST)
        return kura_err_set(err, KURA_EINPUT,
                            "%s:%zu: 'sources' must be a list",
                            kura_config_name(c), kura_node_line(list));
    for (i = 0; rc == KURA_OK && i < kura_node_count(list); i++)
        rc = config_check_source(c, kura_node_at(list, i), err);
    return rc;
}

/* Checks all of it; *zone is the site's, UTC when none is named. */
static enum kura_rc config_check(const struct kura_config *c,
                                 struct kura_zone **zone, struct kura_err *err)
{
    const struct kura_node *root = kura_config_root(c);
    enum kura_rc rc = KURA_OK;

    *zone = NULL;
    if (root != NULL && kura_node_is_null(root))
        root = NULL;
    if (root != NULL) {
        rc = config_keys(c, root, config_top, err);
        if (rc == KURA_OK)
            rc = config_oldest(c, root, err);
        if (rc == KURA_OK)
            rc = config_sources(c, root, err);
        if (rc == KURA_OK)
            rc = config_zone(c, root, zone, err);
    }
    if (rc == KURA_OK && *zone == NULL)
        rc = kura_zone_new("UTC", zone, err);
    return rc;
}

/* --- Making one -------------------------------------------------------- */

static const char config_example[] =
    "# The configuration of this warehouse.\n"
    "\n"
    "# The site's time zone: columns day, hour and weekday, and the periods\n"
    "# that people write, are in it.  Times in logs that name no zone are\n"
    "# taken in it too.\n"
    "zone: %s\n"
    "\n"
    "# Lines stamped before this date are rejects.\n"
    "#oldest: 2000-01-01\n"
    "\n"
    "# Older days move into the archive (kura maintain); archived logs are kept\n"
    "# for at least a year, and for ever unless keep says otherwise.\n"
    "#retention:\n"
    "#  online: 3mo\n"
    "#  keep: 2y\n"
    "#archive:\n"
    "#  destinations: [ archive, /mnt/vault/kura ]\n"
    "\n"
    "# What is known about files by their path; the first match counts.\n"
    "#sources:\n"
    "#  - match: '*/squid/access.log*'\n"
    "#    format: squid-native\n"
    "#  - match: '*/branch-office/*'\n"
    "#    zone: Europe/Berlin\n";

/* The text of the example, checked as if it were read: what init writes,
 * open takes. */
static enum kura_rc config_write(const char *dir, const char *zone,
                                 bool dry_run, struct kura_err *err)
{
    struct kura_config *c = NULL;
    struct kura_zone *z = NULL;
    struct kura_buf text;
    char *path = NULL;
    enum kura_rc rc;

    kura_buf_init(&text, CONFIG_MAX_BYTES);
    rc = kura_buf_printf(&text, err, config_example,
                         zone == NULL ? "UTC" : zone);
    if (rc == KURA_OK)
        rc = kura_config_parse(CONFIG_NAME, text.data, text.len, &c, err);
    if (rc == KURA_OK)
        rc = config_check(c, &z, err);
    if (rc == KURA_OK && zone != NULL && strcmp(kura_zone_name(z), zone) != 0)
        rc = kura_err_set(err, KURA_EINPUT, "unknown time zone '%s'", zone);
    if (rc != KURA_OK || dry_run)
        goto out;
    rc = kura_path_join(dir, CONFIG_NAME, &path, err);
    if (rc == KURA_OK)
        rc = kura_fs_write(path, text.data, text.len, err);
out:
    free(path);
    kura_zone_free(z);
    kura_config_free(c);
    kura_buf_release(&text);
    return rc;
}

static enum kura_rc catalog_make(const char *dir, struct kura_err *err)
{
    const char *schema = NULL;
    sqlite3 *db = NULL;
    char *path = NULL;
    char pragmas[96];
    enum kura_rc rc;

    (void)snprintf(pragmas, sizeof(pragmas),
                   "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   CATALOG_APPLICATION_ID, CATALOG_VERSION);
    rc = kura_embedded_text("sql/catalog.sql", &schema, err);
    if (rc == KURA_OK)
        rc = kura_path_join(dir, CATALOG_NAME, &path, err);
    if (rc == KURA_OK)
        rc = kura_db_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db,
                          err);
    if (rc == KURA_OK)
        rc =
            kura_db_exec(db, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE", err);
    if (rc == KURA_OK)
        rc = kura_db_exec(db, pragmas, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(db, schema, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(db, "COMMIT", err);
    (void)sqlite3_close(db);
    free(path);
    return rc;
}

static bool name_is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* kura.yaml.0123456789abcdef.tmp: kura_fs_write was cut short. */
static bool name_is_temporary(const char *name)
{
    size_t n = strlen(CONFIG_NAME), digits;

    if (strncmp(name, CONFIG_NAME ".", n + 1) != 0)
        return false;
    digits = strspn(name + n + 1, "0123456789abcdef");
    return digits == 16 && strcmp(name + n + 1 + digits, ".tmp") == 0;
}

static bool dir_is_empty(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;
    bool empty = true;

    if (d == NULL)
        return false;
    while (empty && (e = readdir(d)) != NULL)
        empty = name_is_dots(e->d_name);
    (void)closedir(d);
    return empty;
}

static bool file_is_empty(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/* The transaction that makes a catalog was not committed. */
static bool catalog_is_unfinished(const char *path)
{
    sqlite3 *db = NULL;
    int64_t id = -1, tables = -1;
    enum kura_rc rc = KURA_OK;

    if (file_is_empty(path))
        return true;
    rc = kura_db_open(path, SQLITE_OPEN_READWRITE, &db, NULL);
    if (rc == KURA_OK)
        rc = kura_db_integer(db, "PRAGMA application_id", &id, NULL);
    if (rc == KURA_OK)
        rc = kura_db_integer(db, "SELECT count(*) FROM sqlite_schema", &tables,
                             NULL);
    (void)sqlite3_close(db);
    return rc == KURA_OK && id == 0 && tables == 0;
}

/* Partitions without a catalog: a warehouse that lost it. */
static bool dir_lost_catalog(const char *dir)
{
    char *online = NULL, *catalog = NULL;
    bool lost;

    lost = kura_path_join(dir, "online", &online, NULL) == KURA_OK &&
           kura_path_join(dir, CATALOG_NAME, &catalog, NULL) == KURA_OK &&
           kura_fs_is_dir(online) && !dir_is_empty(online) &&
           !kura_fs_exists(catalog);
    free(online);
    free(catalog);
    return lost;
}

/* Is this what an init that was cut short leaves? */
static enum kura_rc entry_check(const char *dir, const char *name,
                                struct kura_err *err)
{
    char *path = NULL;
    bool fine = false;
    enum kura_rc rc = kura_path_join(dir, name, &path, err);

    if (rc != KURA_OK)
        return rc;
    if (strcmp(name, "online") == 0 || strcmp(name, "formats") == 0)
        fine = dir_is_empty(path);
    else if (strcmp(name, LOCK_NAME) == 0)
        fine = file_is_empty(path);
    else if (strcmp(name, CATALOG_NAME) == 0)
        fine = catalog_is_unfinished(path);
    else
        fine = strcmp(name, CONFIG_NAME) == 0 || name_is_temporary(name) ||
               strcmp(name, CATALOG_NAME "-wal") == 0 ||
               strcmp(name, CATALOG_NAME "-shm") == 0 ||
               strcmp(name, CATALOG_NAME "-journal") == 0;
    free(path);
    if (fine)
        return KURA_OK;
    (void)kura_err_set(err, KURA_EINPUT, "directory '%s' is not empty", dir);
    if (dir_lost_catalog(dir))
        kura_err_hint(err, HINT_REBUILD);
    return KURA_EINPUT;
}

/* A catalog that was finished says so before anything else is looked at. */
static enum kura_rc dir_check_catalog(const char *dir, struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(dir, CATALOG_NAME, &path, err);

    if (rc == KURA_OK && kura_fs_exists(path) && !catalog_is_unfinished(path))
        rc = kura_err_set(err, KURA_EINPUT, "a warehouse is in '%s' already",
                          dir);
    free(path);
    return rc;
}

/* KURA_OK when there is no such directory, nothing in it, or only what an init
 * that was cut short leaves. */
static enum kura_rc dir_check_empty(const char *dir, struct kura_err *err)
{
    struct dirent *e;
    DIR *d = opendir(dir);
    enum kura_rc rc;

    if (d == NULL) {
        if (errno == ENOENT)
            return KURA_OK;
        if (errno == ENOTDIR)
            return kura_err_set(err, KURA_EINPUT, "'%s' is not a directory",
                                dir);
        return kura_err_sys(err, errno, "cannot read directory '%s'", dir);
    }
    rc = dir_check_catalog(dir, err);
    while (rc == KURA_OK && (e = readdir(d)) != NULL)
        if (!name_is_dots(e->d_name))
            rc = entry_check(dir, e->d_name, err);
    (void)closedir(d);
    return rc;
}

/* Temporary files of an init that was cut short; only under the lock. */
static enum kura_rc dir_sweep(const char *dir, struct kura_err *err)
{
    DIR *d = opendir(dir);
    enum kura_rc rc = KURA_OK;
    struct dirent *e;
    char *path;

    if (d == NULL)
        return kura_err_sys(err, errno, "cannot read directory '%s'", dir);
    while (rc == KURA_OK && (e = readdir(d)) != NULL) {
        if (!name_is_temporary(e->d_name))
            continue;
        path = NULL;
        rc = kura_path_join(dir, e->d_name, &path, err);
        if (rc == KURA_OK)
            rc = kura_fs_remove(path, err);
        free(path);
    }
    (void)closedir(d);
    return rc;
}

enum kura_rc kura_subdir_make(const char *dir, const char *name,
                              struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(dir, name, &path, err);

    if (rc == KURA_OK)
        rc = kura_fs_mkdirs(path, err);
    free(path);
    return rc;
}

/* A kura.yaml of an init that was cut short may have been edited since: it
 * stays, if it is good and does not contradict the zone asked for. */
static enum kura_rc config_keep(const char *dir, const char *zone, bool *kept,
                                struct kura_err *err)
{
    struct kura_config *c = NULL;
    struct kura_zone *z = NULL;
    char *path = NULL;
    enum kura_rc rc = kura_path_join(dir, CONFIG_NAME, &path, err);

    *kept = rc == KURA_OK && kura_fs_exists(path);
    if (*kept)
        rc = kura_config_load(path, &c, err);
    if (*kept && rc == KURA_OK)
        rc = config_check(c, &z, err);
    if (*kept && rc == KURA_OK && zone != NULL &&
        strcmp(kura_zone_name(z), zone) != 0) {
        rc = kura_err_set(err, KURA_EINPUT, "'%s' is there already, with zone "
                          "'%s'", path, kura_zone_name(z));
        kura_err_hint(err, "change the zone in it, or remove it");
    }
    kura_zone_free(z);
    kura_config_free(c);
    free(path);
    return rc;
}

/* Whoever holds this makes the warehouse.  Nothing is written to a directory
 * that has no lock file before it was found to be fit. */
static enum kura_rc init_lock(const char *dir, int *fd, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    char *path = NULL;
    enum kura_rc rc = kura_path_join(dir, LOCK_NAME, &path, err);

    if (rc == KURA_OK && !kura_fs_exists(path))
        rc = dir_check_empty(dir, err);
    if (rc == KURA_OK)
        rc = kura_fs_mkdirs(dir, err);
    if (rc != KURA_OK)
        goto out;
    rc = kura_fs_lock_open(path, fd, &cause);
    if (rc == KURA_OK)
        rc = kura_fs_lock(*fd, INIT_SLOT, true, &cause);
    if (rc == KURA_EBUSY)
        rc = kura_err_set(err, rc,
                          "another process is making a warehouse in '%s'", dir);
    else if (rc != KURA_OK && dir_check_empty(dir, err) == KURA_OK)
        rc = kura_err_set(err, rc, "%s", cause.msg);
out:
    free(path);
    return rc;
}

/* The catalog comes last: with it the warehouse is one. */
static enum kura_rc init_fill(const char *dir, const char *zone,
                              struct kura_err *err)
{
    bool kept = false;
    enum kura_rc rc = dir_sweep(dir, err);

    if (rc == KURA_OK)
        rc = kura_subdir_make(dir, "online", err);
    if (rc == KURA_OK)
        rc = kura_subdir_make(dir, "formats", err);
    if (rc == KURA_OK)
        rc = config_keep(dir, zone, &kept, err);
    if (rc == KURA_OK && !kept)
        rc = config_write(dir, zone, false, err);
    if (rc == KURA_OK)
        rc = catalog_make(dir, err);
    if (rc == KURA_OK)
        rc = kura_fs_sync_dir(dir, err);
    return rc;
}

enum kura_rc kura_warehouse_init(const char *dir, const char *zone,
                                 struct kura_err *err)
{
    int fd = -1;
    enum kura_rc rc;

    rc = config_write(dir, zone, true, err);
    if (rc == KURA_OK)
        rc = init_lock(dir, &fd, err);
    if (rc == KURA_OK)
        rc = dir_check_empty(dir, err);
    if (rc == KURA_OK)
        rc = init_fill(dir, zone, err);
    kura_fs_lock_close(fd);
    return rc;
}

/* --- Opening ----------------------------------------------------------- */

/* For reading a missing kura.yaml is as good as an empty one; what is written
 * would depend on settings that nobody chose. */
static enum kura_rc warehouse_read_config(struct kura_warehouse *w,
                                          struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(w->dir, CONFIG_NAME, &path, err);

    if (rc != KURA_OK)
        return rc;
    if (kura_fs_exists(path)) {
        rc = kura_config_load(path, &w->config, err);
    } else if (w->write) {
        rc = kura_err_set(err, KURA_ENOTFOUND, "'%s' is missing", path);
        kura_err_hint(err, "it names the zone of times that have none; copy "
                           "it back, or make one: an empty file is enough "
                           "and means UTC");
    } else {
        rc = kura_config_parse(path, "", 0, &w->config, err);
    }
    if (rc == KURA_OK)
        rc = config_check(w->config, &w->zone, err);
    if (rc == KURA_OK)
        rc = kura_policy_read(w->config, &w->policy, err);
    free(path);
    return rc;
}

static enum kura_rc warehouse_open_lock(struct kura_warehouse *w,
                                        struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(w->dir, LOCK_NAME, &path, err);

    if (rc == KURA_OK)
        rc = kura_fs_lock_open(path, &w->lock_fd, err);
    if (rc == KURA_OK && kura_fs_lock_is_shared_only(w->lock_fd))
        rc = kura_err_set(err, KURA_EIO, "no permission to write '%s'", path);
    free(path);
    return rc;
}

static enum kura_rc warehouse_open_catalog(struct kura_warehouse *w,
                                           struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(w->dir, CATALOG_NAME, &path, err);

    if (rc == KURA_OK && !kura_fs_exists(path)) {
        rc = kura_err_set(err, KURA_ENOTFOUND, "no warehouse in '%s'", w->dir);
        kura_err_hint(err, dir_lost_catalog(w->dir) ? HINT_REBUILD
                                                    : "kura init makes one");
    }
    /* Before SQLite finds out in words of its own. */
    if (rc == KURA_OK && w->write)
        rc = warehouse_open_lock(w, err);
    if (rc == KURA_OK)
        rc = kura_db_open(
            path, w->write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY,
            &w->db, err);
    if (rc == KURA_OK)
        rc = kura_db_check(w->db, CATALOG_APPLICATION_ID, CATALOG_VERSION, err);
    if (rc == KURA_ECORRUPT && err != NULL)
        kura_err_hint(err, HINT_REBUILD);
    if (rc == KURA_OK && w->write)
        rc = kura_db_exec(w->db, "PRAGMA foreign_keys = ON", err);
    free(path);
    return rc;
}

static enum kura_rc warehouse_find_dir(struct kura_warehouse *w,
                                       const char *dir, struct kura_err *err)
{
    enum kura_rc rc;

    if (kura_fs_is_dir(dir))
        return kura_fs_absolute(dir, &w->dir, err);
    rc = kura_err_set(err, KURA_ENOTFOUND,
                      "no warehouse in '%s': no such directory", dir);
    kura_err_hint(err, "kura init makes one");
    return rc;
}

enum kura_rc kura_warehouse_open(const char *dir, bool write,
                                 struct kura_warehouse **out,
                                 struct kura_err *err)
{
    struct kura_warehouse *w = calloc(1, sizeof(*w));
    enum kura_rc rc;

    if (w == NULL)
        return kura_err_nomem(err);
    w->write = write;
    w->lock_fd = w->read_fd = -1;
    rc = kura_schema_load(err);
    if (rc == KURA_OK)
        rc = warehouse_find_dir(w, dir, err);
    if (rc == KURA_OK)
        rc = warehouse_open_catalog(w, err);
    if (rc == KURA_OK)
        rc = warehouse_read_config(w, err);
    if (rc == KURA_OK)
        *out = w;
    else
        kura_warehouse_close(w);
    return rc;
}

void kura_warehouse_close(struct kura_warehouse *w)
{
    if (w == NULL)
        return;
    (void)sqlite3_close(w->db);
    kura_fs_lock_close(w->lock_fd);
    kura_fs_lock_close(w->read_fd);
    kura_zone_free(w->zone);
    kura_config_free(w->config);
    free(w->held);
    free(w->dir);
    free(w);
}

const char *kura_warehouse_dir(const struct kura_warehouse *w)
{
    return w->dir;
}

const struct kura_zone *kura_warehouse_zone(const struct kura_warehouse *w)
{
    return w->zone;
}

const struct kura_config *kura_warehouse_config(const struct kura_warehouse *w)
{
    return w->config;
}

const struct kura_policy *kura_warehouse_policy(const struct kura_warehouse *w)
{
    return &w->policy;
}

/* --- Locks and transactions -------------------------------------------- */

bool kura_slot_is_held(const struct kura_warehouse *w, int64_t slot)
{
    size_t i;

    for (i = 0; i < w->held_count; i++)
        if (w->held[i] == slot)
            return true;
    return false;
}

enum kura_rc kura_warehouse_may_write(const struct kura_warehouse *w,
                                      struct kura_err *err)
{
    if (w->write)
        return KURA_OK;
    return kura_err_set(err, KURA_EIO,
                        "warehouse '%s' was opened for reading only", w->dir);
}

enum kura_rc kura_slot_lock(struct kura_warehouse *w, int64_t slot,
                            struct kura_err *err)
{
    void *list = w->held;
    enum kura_rc rc = kura_warehouse_may_write(w, err);

    if (rc != KURA_OK)
        return rc;
    if (kura_slot_is_held(w, slot))
        return KURA_EBUSY;
    rc = kura_list_grow(&list, w->held_count, &w->held_cap, sizeof(*w->held),
                        err);
    w->held = list;
    if (rc == KURA_OK)
        rc = kura_fs_lock(w->lock_fd, slot, true, err);
    if (rc == KURA_OK)
        w->held[w->held_count++] = slot;
    return rc;
}

void kura_slot_unlock(struct kura_warehouse *w, int64_t slot)
{
    size_t i;

    for (i = 0; i < w->held_count; i++) {
        if (w->held[i] != slot)
            continue;
        w->held[i] = w->held[--w->held_count];
        kura_fs_unlock(w->lock_fd, slot);
        return;
    }
}

/* A sweep holds its lock for moments: waiting for it is fine. */
enum kura_rc kura_warehouse_read_begin(struct kura_warehouse *w,
                                       struct kura_err *err)
{
    const struct timespec pause = {0, 2000000};
    char *path = NULL;
    enum kura_rc rc = KURA_OK;
    int tries;

    if (w->readers++ > 0)
        return KURA_OK;
    if (w->read_fd < 0) {
        rc = kura_path_join(w->dir, LOCK_NAME, &path, err);
        if (rc == KURA_OK)
            (void)kura_fs_lock_open(path, &w->read_fd, NULL);
        free(path);
    }
    for (tries = 0; rc == KURA_OK && w->read_fd >= 0; tries++) {
        rc = kura_fs_lock(w->read_fd, KURA_SLOT_READERS, false, err);
        if (rc != KURA_EBUSY || tries == READ_TRIES)
            break;
        rc = KURA_OK;
        (void)nanosleep(&pause, NULL);
    }
    if (rc == KURA_EBUSY)
        rc = kura_err_set(err, rc, "warehouse '%s' is being swept", w->dir);
    if (rc != KURA_OK)
        w->readers--;
    return rc;
}

void kura_warehouse_read_end(struct kura_warehouse *w)
{
    if (--w->readers == 0 && w->read_fd >= 0)
        kura_fs_unlock(w->read_fd, KURA_SLOT_READERS);
}

enum kura_rc kura_catalog_begin(struct kura_warehouse *w, struct kura_err *err)
{
    enum kura_rc rc = kura_warehouse_may_write(w, err);

    if (rc == KURA_OK)
        rc = kura_db_exec(w->db, "BEGIN IMMEDIATE", err);
    return rc;
}

enum kura_rc kura_catalog_end(struct kura_warehouse *w, enum kura_rc rc,
                              struct kura_err *err)
{
    if (rc == KURA_OK)
        rc = kura_db_exec(w->db, "COMMIT", err);
    if (rc != KURA_OK)
        (void)kura_db_exec(w->db, "ROLLBACK", NULL);
    return rc;
}

int64_t kura_warehouse_oldest(const struct kura_warehouse *w)
{
    const struct kura_node *set =
        kura_node_get(kura_config_root(w->config), "oldest");
    int64_t from = kura_days_from_civil(2000, 1, 1) * KURA_DAY, to;

    /* It was checked when the configuration was read. */
    if (set != NULL)
        (void)kura_range_parse(kura_node_text(set), w->zone, from, &from, &to,
                               NULL);
    return from;
}
