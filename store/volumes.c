/* volumes.c - volumes and leases in the catalog. */
#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/failpoint.h"
#include "base/fs.h"
#include "store/tier.h"

#define VOLUME_TRIES 10000
#define VOLUME_PATH_MAX 65536

/* --- Destinations ------------------------------------------------------ */

enum kura_rc kura_catalog_destination(const struct kura_warehouse *w,
                                      const char *path, char **out,
                                      struct kura_err *err)
{
    if (path[0] != '/')
        return kura_path_join(w->dir, path, out, err);
    *out = strdup(path);
    return *out == NULL ? kura_err_nomem(err) : KURA_OK;
}

const char *kura_catalog_relative(const struct kura_warehouse *w,
                                  const char *path)
{
    size_t n = strlen(w->dir);

    return strncmp(path, w->dir, n) == 0 && path[n] == '/' ? path + n + 1
                                                           : path;
}

enum kura_rc kura_destination_path(const struct kura_warehouse *w, int i,
                                   char **out, struct kura_err *err)
{
    return kura_catalog_destination(w, w->policy.destinations[i], out, err);
}

/* --- The list ---------------------------------------------------------- */

void kura_volume_list_free(struct kura_volume_entry *list, size_t count)
{
    size_t i, j;

    for (i = 0; i < count; i++) {
        for (j = 0; j < list[i].copy_count; j++) {
            free(list[i].copies[j].destination);
            free(list[i].copies[j].path);
        }
        free(list[i].copies);
        free(list[i].name);
        free(list[i].state);
    }
    free(list);
}

static enum kura_rc volume_read(const struct kura_warehouse *w,
                                sqlite3_stmt *stmt, struct kura_volume_entry *v,
                                struct kura_err *err)
{
    const char *id = kura_column_text(stmt, 1);
    const char *sha256 = kura_column_text(stmt, 8);
    enum kura_rc rc;

    memset(v, 0, sizeof(*v));
    if (strlen(id) != 32 || strlen(sha256) >= sizeof(v->sha256))
        return kura_err_set(err, KURA_ECORRUPT,
                            "the catalog of '%s' has a bad volume '%s'", w->dir,
                            id);
    v->number = sqlite3_column_int64(stmt, 0);
    memcpy(v->id, id, 33);
    v->first_day = sqlite3_column_int64(stmt, 4);
    v->last_day = sqlite3_column_int64(stmt, 5);
    v->bytes = sqlite3_column_int64(stmt, 6);
    v->made_us = sqlite3_column_int64(stmt, 7);
    memcpy(v->sha256, sha256, strlen(sha256) + 1);
    v->rows = sqlite3_column_int64(stmt, 10);
    v->member_count = (size_t)sqlite3_column_int64(stmt, 11);
    rc = kura_catalog_schema(kura_column_text(stmt, 3), &v->schema, err);
    if (rc == KURA_OK)
        rc = kura_column_copy(stmt, 2, &v->name, err);
    if (rc == KURA_OK)
        rc = kura_column_copy(stmt, 9, &v->state, err);
    return rc;
}

static enum kura_rc copy_read(const struct kura_warehouse *w,
                              sqlite3_stmt *stmt, struct kura_volume_entry *v,
                              struct kura_err *err)
{
    struct kura_volume_copy *c;
    enum kura_rc rc;

    c = realloc(v->copies, (v->copy_count + 1) * sizeof(*c));
    if (c == NULL)
        return kura_err_nomem(err);
    v->copies = c;
    c += v->copy_count++;
    memset(c, 0, sizeof(*c));
    c->verified_us = sqlite3_column_type(stmt, 1) == SQLITE_NULL
                         ? INT64_MIN
                         : sqlite3_column_int64(stmt, 1);
    rc = kura_catalog_destination(w, kura_column_text(stmt, 0),
                                  &c->destination, err);
    if (rc == KURA_OK)
        rc = kura_path_join(c->destination, v->name, &c->path, err);
    if (rc == KURA_OK)
        c->present = kura_fs_exists(c->path);
    return rc;
}

static enum kura_rc copies_read(struct kura_warehouse *w,
                                struct kura_volume_entry *v,
                                struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "SELECT destination, verified_at FROM volume_copy "
                         "WHERE volume = ? ORDER BY destination",
                         &stmt, err);
    if (rc == KURA_OK)
        (void)sqlite3_bind_int64(stmt, 1, v->number);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = copy_read(w, stmt, v, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_volume_list(struct kura_warehouse *w,
                              struct kura_volume_entry **out, size_t *count,
                              struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *list = NULL;
    size_t n = 0, cap = 0, i;
    bool row = true;
    enum kura_rc rc;

    rc = kura_db_prepare(
        w->db,
        "SELECT v.number, v.id, v.name, v.\"table\", v.first_day, v.last_day, "
        "v.bytes, v.made_at, v.sha256, v.state, ifnull(sum(p.rows), 0), "
        "count(m.partition) FROM volume v "
        "LEFT JOIN member m ON m.volume = v.number "
        "LEFT JOIN partition p ON p.number = m.partition GROUP BY v.number "
        "ORDER BY v.\"table\", v.first_day, v.number",
        &stmt, err);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = kura_list_grow(&list, n, &cap, sizeof(**out), err);
        if (rc == KURA_OK)
            rc = volume_read(w, stmt, (struct kura_volume_entry *)list + n++,
                             err);
    }
    (void)sqlite3_finalize(stmt);
    for (i = 0; rc == KURA_OK && i < n; i++)
        rc = copies_read(w, (struct kura_volume_entry *)list + i, err);
    if (rc != KURA_OK) {
        kura_volume_list_free(list, n);
        return rc;
    }
    *out = list;
    *count = n;
    return KURA_OK;
}

/* --- Making ------------------------------------------------------------ */

/* "2025Q1/proxy-2025-01.tar", then ".1.tar" and so on. */
static void volume_name(const struct kura_schema *table, int64_t day, int n,
                        char *out, size_t size)
{
    char more[16] = "";
    int year, month, date;

    kura_civil_from_days(day, &year, &month, &date);
    if (n > 0)
        (void)snprintf(more, sizeof(more), ".%d", n);
    (void)snprintf(out, size, "%04dQ%d/%.60s-%04d-%02d%s.tar", year,
                   (month + 2) / 3, table->name, year, month, more);
}

static enum kura_rc name_is_taken(struct kura_warehouse *w, const char *name,
                                  bool *taken, struct kura_err *err)
{
    char *dir = NULL, *path = NULL;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    int i;

    rc = kura_db_prepare(w->db, "SELECT 1 FROM volume WHERE name = ?", &stmt,
                         err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, name);
        rc = kura_db_step(stmt, taken, err);
    }
    (void)sqlite3_finalize(stmt);
    for (i = 0; rc == KURA_OK && !*taken && i < w->policy.destination_count;
         i++) {
        rc = kura_destination_path(w, i, &dir, err);
        if (rc == KURA_OK)
            rc = kura_path_join(dir, name, &path, err);
        if (rc == KURA_OK)
            *taken = kura_fs_exists(path);
        free(dir);
        free(path);
        dir = path = NULL;
    }
    return rc;
}

static enum kura_rc volume_insert(struct kura_warehouse *w,
                                  const struct kura_volume_entry *v,
                                  struct kura_err *err)
{
    const struct kura_value values[] = {
        {v->id, 0},           {v->name, 0},        {v->schema->name, 0},
        {NULL, v->first_day}, {NULL, v->last_day}, {NULL, v->made_us}};

    return kura_db_run(w->db,
                       "INSERT INTO volume (id, name, \"table\", first_day, "
                       "last_day, made_at, state) "
                       "VALUES (?, ?, ?, ?, ?, ?, 'making')",
                       values, 6, err);
}

static enum kura_rc volume_reserve(struct kura_warehouse *w,
                                   struct kura_volume_entry *v,
                                   struct kura_err *err)
{
    bool taken = true;
    char name[128];
    enum kura_rc rc = KURA_OK;
    int n;

    for (n = 0; rc == KURA_OK && taken && n < VOLUME_TRIES; n++) {
        volume_name(v->schema, v->first_day, n, name, sizeof(name));
        taken = false;
        rc = name_is_taken(w, name, &taken, err);
    }
    if (rc == KURA_OK && taken)
        rc = kura_err_set(err, KURA_EIO, "no free name for a volume '%s'",
                          name);
    if (rc != KURA_OK)
        return rc;
    v->name = strdup(name);
    v->state = strdup("making");
    if (v->name == NULL || v->state == NULL)
        return kura_err_nomem(err);
    rc = volume_insert(w, v, err);
    v->number = sqlite3_last_insert_rowid(w->db);
    return rc;
}

enum kura_rc kura_volume_begin(struct kura_warehouse *w,
                               const struct kura_schema *table,
                               int64_t first_day, int64_t last_day,
                               int64_t now_us, struct kura_volume_entry *out,
                               struct kura_err *err)
{
    struct kura_volume_entry v;
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    memset(&v, 0, sizeof(v));
    kura_id_make(v.id);
    v.schema = table;
    v.first_day = first_day;
    v.last_day = last_day;
    v.made_us = now_us;
    rc = kura_catalog_end(w, volume_reserve(w, &v, err), err);
    kura_failpoint(KURA_FAIL_VOLUME_RESERVED);
    if (rc == KURA_OK) {
        *out = v;
        return KURA_OK;
    }
    free(v.name);
    free(v.state);
    return rc;
}

static enum kura_rc copy_add(struct kura_warehouse *w, int64_t volume,
                             const char *destination, int64_t verified_us,
                             struct kura_err *err)
{
    const struct kura_value values[] = {
        {NULL, volume},
        {kura_catalog_relative(w, destination), 0},
        {NULL, verified_us}};

    /* INT64_MIN, which no clock shows, is never: NULL. */
    return kura_db_run(w->db,
                       verified_us == INT64_MIN
                           ? "INSERT INTO volume_copy VALUES (?1, ?2, NULL) "
                             "ON CONFLICT DO UPDATE SET verified_at = NULL"
                           : "INSERT INTO volume_copy VALUES (?1, ?2, ?3) "
                             "ON CONFLICT DO UPDATE SET verified_at = ?3",
                       values, verified_us == INT64_MIN ? 2 : 3, err);
}

static enum kura_rc member_add(struct kura_warehouse *w, int64_t volume,
                               const struct kura_volume_member *m,
                               struct kura_err *err)
{
    const struct kura_value values[] = {{NULL, m->partition},
                                        {NULL, volume},
                                        {m->name, 0},
                                        {NULL, m->offset},
                                        {NULL, m->size}};

    return kura_db_run(w->db,
                       "INSERT OR REPLACE INTO member (partition, volume, "
                       "name, offset, size) VALUES (?, ?, ?, ?, ?)",
                       values, 5, err);
}

/* The partition lies in a live volume: its file online is not needed. */
static enum kura_rc member_archive(struct kura_warehouse *w, int64_t partition,
                                   struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_catalog_run(w,
                          "UPDATE partition SET state = 'archived' "
                          "WHERE number = ?1 AND state IN ('sealed', 'expired')",
                          partition, 0, err);
    if (rc == KURA_OK)
        rc = kura_catalog_run(w,
                              "UPDATE file SET state = 'dead' "
                              "WHERE partition = ?1 AND kind = 'online' "
                              "AND state = 'live'",
                              partition, 0, err);
    return rc;
}

static enum kura_rc volume_publish(struct kura_warehouse *w,
                                   const struct kura_volume_entry *v,
                                   struct kura_err *err)
{
    const struct kura_value values[] = {
        {NULL, v->number}, {NULL, v->bytes}, {v->sha256, 0}};

    return kura_db_run(w->db,
                       "UPDATE volume SET state = 'live', bytes = ?2, "
                       "sha256 = ?3 WHERE number = ?1",
                       values, 3, err);
}

enum kura_rc kura_volume_commit(struct kura_warehouse *w,
                                const struct kura_volume_entry *v,
                                const struct kura_volume_member *members,
                                size_t count, int64_t now_us,
                                struct kura_err *err)
{
    enum kura_rc rc = kura_catalog_begin(w, err);
    size_t i;

    if (rc != KURA_OK)
        return rc;
    rc = volume_publish(w, v, err);
    for (i = 0; rc == KURA_OK && i < v->copy_count; i++)
        rc = copy_add(w, v->number, v->copies[i].destination, now_us, err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        rc = member_add(w, v->number, &members[i], err);
        if (rc == KURA_OK)
            rc = member_archive(w, members[i].partition, err);
    }
    rc = kura_catalog_end(w, rc, err);
    kura_failpoint(KURA_FAIL_VOLUME_LISTED);
    return rc;
}

enum kura_rc kura_volume_abort(struct kura_warehouse *w, int64_t number,
                               struct kura_err *err)
{
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_catalog_run(
        w, "DELETE FROM volume WHERE number = ?1 AND state = 'making'", number,
        0, err);
    return kura_catalog_end(w, rc, err);
}

enum kura_rc kura_volume_verified(struct kura_warehouse *w, int64_t number,
                                  const char *destination, int64_t now_us,
                                  struct kura_err *err)
{
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    return kura_catalog_end(w, copy_add(w, number, destination, now_us, err),
                            err);
}

enum kura_rc kura_volume_retire(struct kura_warehouse *w, int64_t number,
                                const char *state, struct kura_err *err)
{
    const struct kura_value values[] = {{NULL, number}, {state, 0}};
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(w->db, "UPDATE volume SET state = ?2 WHERE number = ?1",
                     values, 2, err);
    if (rc == KURA_OK)
        rc = kura_catalog_run(
            w,
            "UPDATE partition SET state = 'expired' WHERE state = 'archived' "
            "AND number IN (SELECT partition FROM member WHERE volume = ?1) "
            "AND NOT EXISTS (SELECT 1 FROM member m "
            "JOIN volume v ON v.number = m.volume AND v.state = 'live' "
            "WHERE m.partition = partition.number)",
            number, 0, err);
    rc = kura_catalog_end(w, rc, err);
    kura_failpoint(KURA_FAIL_VOLUME_EXPIRED);
    return rc;
}

/* --- Leases ------------------------------------------------------------ */

/* "proxy/2025-01-31.db.zst" as the volume calls it. */
static enum kura_rc member_name(struct kura_warehouse *w, int64_t partition,
                                char *out, size_t size, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "SELECT name FROM member WHERE partition = ? "
                         "ORDER BY volume LIMIT 1",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, partition);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && !row)
        rc = kura_err_set(err, KURA_ENOTFOUND,
                          "partition %lld lies in no volume",
                          (long long)partition);
    if (rc == KURA_OK)
        (void)snprintf(out, size, "%s", kura_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc restored_row(struct kura_warehouse *w, int64_t lease,
                                 int64_t partition, const char *name,
                                 struct kura_err *err)
{
    char label[24];
    const struct kura_value values[] = {
        {NULL, partition}, {label, 0}, {name, 0}};

    (void)snprintf(label, sizeof(label), "L%lld", (long long)lease);
    return kura_db_run(w->db,
                       "INSERT INTO file (partition, kind, lease, path, state) "
                       "VALUES (?, 'restored', ?, ?, 'making') "
                       "ON CONFLICT (path) DO UPDATE SET state = 'making' "
                       "WHERE state <> 'live'",
                       values, 3, err);
}

enum kura_rc kura_restored_path(struct kura_warehouse *w, int64_t lease,
                                int64_t partition, char **path,
                                struct kura_err *err)
{
    char member[128], name[192], dir[192];
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = member_name(w, partition, member, sizeof(member), err);
    if (rc == KURA_OK) {
        (void)snprintf(name, sizeof(name), "restored/L%lld/%s",
                       (long long)lease, member);
        rc = restored_row(w, lease, partition, name, err);
    }
    rc = kura_catalog_end(w, rc, err);
    if (rc != KURA_OK)
        return rc;
    (void)snprintf(dir, sizeof(dir), "%.*s",
                   (int)(strrchr(name, '/') - name), name);
    rc = kura_subdir_make(w->dir, dir, err);
    if (rc == KURA_OK)
        rc = kura_catalog_path(w, name, path, err);
    return rc;
}

enum kura_rc kura_restored_add(struct kura_warehouse *w, int64_t partition,
                               const char *path, int64_t size,
                               struct kura_err *err)
{
    const struct kura_value values[] = {
        {NULL, partition}, {path + strlen(w->dir) + 1, 0}, {NULL, size}};
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(w->db,
                     "UPDATE file SET state = 'live', size = ?3 "
                     "WHERE partition = ?1 AND path = ?2",
                     values, 3, err);
    rc = kura_catalog_end(w, rc, err);
    kura_failpoint(KURA_FAIL_RESTORE_LISTED);
    return rc;
}

enum kura_rc kura_restored_drop(struct kura_warehouse *w, int64_t lease,
                                struct kura_err *err)
{
    char label[24];
    const struct kura_value values[] = {{label, 0}};
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    (void)snprintf(label, sizeof(label), "L%lld", (long long)lease);
    rc = kura_db_run(w->db,
                     "UPDATE file SET state = 'dead' WHERE lease = ? "
                     "AND state IN ('making', 'live')",
                     values, 1, err);
    rc = kura_catalog_end(w, rc, err);
    kura_failpoint(KURA_FAIL_LEASE_DROPPED);
    return rc;
}
