/* warehouse.c - the directory, its configuration, its locks. */
#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/fs.h"
#include "base/num.h"

#include <errno.h>
#include <time.h>

#define READ_TRIES 5000 /* of 2 ms */

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

/* --- kura.yaml --------------------------------------------------------- */

static const char *const config_top[] = {"zone",      "oldest",  "sources",
                                         "retention", "archive", "site",
                                         "reports",   NULL};
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

enum kura_rc kura_config_check(const struct kura_config *c,
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

/* --- Opening ----------------------------------------------------------- */

/* For reading a missing kura.yaml is as good as an empty one; what is written
 * would depend on settings that nobody chose. */
static enum kura_rc warehouse_read_config(struct kura_warehouse *w,
                                          struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(w->dir, KURA_CONFIG_NAME, &path, err);

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
        rc = kura_config_check(w->config, &w->zone, err);
    if (rc == KURA_OK)
        rc = kura_policy_read(w->config, &w->policy, err);
    free(path);
    return rc;
}

static enum kura_rc warehouse_open_lock(struct kura_warehouse *w,
                                        struct kura_err *err)
{
    char *path = NULL;
    enum kura_rc rc = kura_path_join(w->dir, KURA_LOCK_NAME, &path, err);

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
    enum kura_rc rc = kura_path_join(w->dir, KURA_CATALOG_NAME, &path, err);

    if (rc == KURA_OK && !kura_fs_exists(path)) {
        rc = kura_err_set(err, KURA_ENOTFOUND, "no warehouse in '%s'", w->dir);
        kura_err_hint(err, kura_dir_lost_catalog(w->dir)
                               ? KURA_HINT_REBUILD
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
        rc = kura_db_check(w->db, KURA_CATALOG_APPLICATION_ID,
                           KURA_CATALOG_VERSION, err);
    if (rc == KURA_ECORRUPT && err != NULL)
        kura_err_hint(err, KURA_HINT_REBUILD);
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
        rc = kura_path_join(w->dir, KURA_LOCK_NAME, &path, err);
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
