/* warehouse_init.c - making a warehouse, and finishing what an init left that
 * was cut short. */
#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/embedded.h"
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#define CONFIG_MAX_BYTES 65536
#define SITE_EXAMPLE "docs/examples/site.yaml"
#define HOLIDAYS_NAME "holidays-jp.yaml"
#define HOLIDAYS_ZONE "Asia/Tokyo"

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
    "# Older days move into the archive (kura maintain); archived logs are "
    "kept\n"
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
    "#    zone: Europe/Berlin\n"
    "\n";

/* The example of a site, every line of it commented out. */
static enum kura_rc config_put_site(struct kura_buf *text, struct kura_err *err)
{
    const char *line = NULL, *end;
    enum kura_rc rc = kura_embedded_text(SITE_EXAMPLE, &line, err);

    for (; rc == KURA_OK && *line != '\0'; line = end) {
        end = line + strcspn(line, "\n");
        end += *end == '\n';
        if (*line != '\n')
            rc = kura_buf_putc(text, '#', err);
        if (rc == KURA_OK)
            rc = kura_buf_append(text, line, (size_t)(end - line), err);
    }
    return rc;
}

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
        rc = config_put_site(&text, err);
    if (rc == KURA_OK)
        rc = kura_config_parse(KURA_CONFIG_NAME, text.data, text.len, &c, err);
    if (rc == KURA_OK)
        rc = kura_config_check(c, &z, err);
    if (rc == KURA_OK && zone != NULL && strcmp(kura_zone_name(z), zone) != 0)
        rc = kura_err_set(err, KURA_EINPUT, "unknown time zone '%s'", zone);
    if (rc != KURA_OK || dry_run)
        goto out;
    rc = kura_path_join(dir, KURA_CONFIG_NAME, &path, err);
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
                   KURA_CATALOG_APPLICATION_ID, KURA_CATALOG_VERSION);
    rc = kura_embedded_text("sql/catalog.sql", &schema, err);
    if (rc == KURA_OK)
        rc = kura_path_join(dir, KURA_CATALOG_NAME, &path, err);
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

/* NAME.0123456789abcdef.tmp: kura_fs_write was cut short. */
static bool is_temporary_of(const char *name, const char *of)
{
    size_t n = strlen(of), digits;

    if (strncmp(name, of, n) != 0 || name[n] != '.')
        return false;
    digits = strspn(name + n + 1, "0123456789abcdef");
    return digits == 16 && strcmp(name + n + 1 + digits, ".tmp") == 0;
}

static bool name_is_temporary(const char *name)
{
    return is_temporary_of(name, KURA_CONFIG_NAME) ||
           is_temporary_of(name, HOLIDAYS_NAME);
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

bool kura_dir_lost_catalog(const char *dir)
{
    char *online = NULL, *catalog = NULL;
    bool lost;

    lost = kura_path_join(dir, "online", &online, NULL) == KURA_OK &&
           kura_path_join(dir, KURA_CATALOG_NAME, &catalog, NULL) == KURA_OK &&
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
    else if (strcmp(name, KURA_LOCK_NAME) == 0)
        fine = file_is_empty(path);
    else if (strcmp(name, KURA_CATALOG_NAME) == 0)
        fine = catalog_is_unfinished(path);
    else
        fine = strcmp(name, KURA_CONFIG_NAME) == 0 ||
               strcmp(name, HOLIDAYS_NAME) == 0 || name_is_temporary(name) ||
               strcmp(name, KURA_CATALOG_NAME "-wal") == 0 ||
               strcmp(name, KURA_CATALOG_NAME "-shm") == 0 ||
               strcmp(name, KURA_CATALOG_NAME "-journal") == 0;
    free(path);
    if (fine)
        return KURA_OK;
    (void)kura_err_set(err, KURA_EINPUT, "directory '%s' is not empty", dir);
    if (kura_dir_lost_catalog(dir))
        kura_err_hint(err, KURA_HINT_REBUILD);
    return KURA_EINPUT;
}

/* A catalog that was finished says so before anything else is looked at. */
static enum kura_rc dir_check_catalog(const char *dir, struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(dir, KURA_CATALOG_NAME, &path, err);

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

/* A kura.yaml of an init that was cut short may have been edited since: it
 * stays, if it is good and does not contradict the zone asked for. */
static enum kura_rc config_keep(const char *dir, const char *zone, bool *kept,
                                struct kura_err *err)
{
    struct kura_config *c = NULL;
    struct kura_zone *z = NULL;
    char *path = NULL;
    enum kura_rc rc = kura_path_join(dir, KURA_CONFIG_NAME, &path, err);

    *kept = rc == KURA_OK && kura_fs_exists(path);
    if (*kept)
        rc = kura_config_load(path, &c, err);
    if (*kept && rc == KURA_OK)
        rc = kura_config_check(c, &z, err);
    if (*kept && rc == KURA_OK && zone != NULL &&
        strcmp(kura_zone_name(z), zone) != 0) {
        rc = kura_err_set(err, KURA_EINPUT,
                          "'%s' is there already, with zone "
                          "'%s'",
                          path, kura_zone_name(z));
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
    enum kura_rc rc = kura_path_join(dir, KURA_LOCK_NAME, &path, err);

    if (rc == KURA_OK && !kura_fs_exists(path))
        rc = dir_check_empty(dir, err);
    if (rc == KURA_OK)
        rc = kura_fs_mkdirs(dir, err);
    if (rc != KURA_OK)
        goto out;
    rc = kura_fs_lock_open(path, fd, &cause);
    if (rc == KURA_OK)
        rc = kura_fs_lock(*fd, KURA_SLOT_INIT, true, &cause);
    if (rc == KURA_EBUSY)
        rc = kura_err_set(err, rc,
                          "another process is making a warehouse in '%s'", dir);
    else if (rc != KURA_OK && dir_check_empty(dir, err) == KURA_OK)
        rc = kura_err_set(err, rc, "%s", cause.msg);
out:
    free(path);
    return rc;
}

/* The holidays of Japan, for `site:` in kura.yaml; those that are there stay.
 */
static enum kura_rc holidays_write(const char *dir, const char *zone,
                                   struct kura_err *err)
{
    const char *text = NULL;
    char *path = NULL;
    enum kura_rc rc;

    if (zone == NULL || strcmp(zone, HOLIDAYS_ZONE) != 0)
        return KURA_OK;
    rc = kura_embedded_text("docs/examples/" HOLIDAYS_NAME, &text, err);
    if (rc == KURA_OK)
        rc = kura_path_join(dir, HOLIDAYS_NAME, &path, err);
    if (rc == KURA_OK && !kura_fs_exists(path))
        rc = kura_fs_write(path, text, strlen(text), err);
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
        rc = holidays_write(dir, zone, err);
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
