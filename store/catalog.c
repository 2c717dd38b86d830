/* catalog.c - the partitions of a warehouse.
 *
 * A partition comes into being in three steps, so that a crash leaves at most
 * an empty file that nobody counts:
 *
 *     1. one transaction takes its number and its name: state 'making'
 *     2. its lock is taken, the file is made and synced
 *     3. one transaction makes it 'open': from here on it is listed
 *
 * and goes the same way back: 'replaced' in the transaction that gives its
 * place to another one, then the file is removed, then 'gone'.  The rows of
 * partitions that are gone stay: names are never used again. */
#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/failpoint.h"
#include "base/fs.h"

#define PATH_MAX_BYTES 65536
#define NAME_TRIES 100000

/* --- The list ---------------------------------------------------------- */

/* A path of the catalog, made absolute.  Files are opened and removed by it,
 * so a damaged catalog must not lead out of the warehouse. */
static enum kura_rc partition_path(const struct kura_warehouse *w,
                                   const char *relative, char **out,
                                   struct kura_err *err)
{
    if (strncmp(relative, "online/", 7) != 0 || strstr(relative, "..") != NULL)
        return kura_err_set(err, KURA_ECORRUPT,
                            "the catalog names a strange path '%s'", relative);
    return kura_path_join(w->dir, relative, out, err);
}

/* Columns: number, id, table, day, rows, bytes, path. */
static enum kura_rc entry_read(const struct kura_warehouse *w,
                               sqlite3_stmt *stmt,
                               struct kura_partition_entry *e,
                               struct kura_err *err)
{
    const char *id = kura_column_text(stmt, 1);
    enum kura_rc rc;

    memset(e, 0, sizeof(*e));
    if (strlen(id) != sizeof(e->id) - 1)
        return kura_err_set(err, KURA_ECORRUPT,
                            "the catalog of '%s' has a bad partition id '%s'",
                            w->dir, id);
    memcpy(e->id, id, sizeof(e->id));
    e->number = sqlite3_column_int64(stmt, 0);
    e->day = sqlite3_column_int64(stmt, 3);
    e->rows = sqlite3_column_int64(stmt, 4);
    e->bytes = sqlite3_column_int64(stmt, 5);
    rc = kura_catalog_schema(kura_column_text(stmt, 2), &e->schema, err);
    if (rc == KURA_OK)
        rc = partition_path(w, kura_column_text(stmt, 6), &e->path, err);
    return rc;
}

#define ENTRY_COLUMNS "SELECT number, id, \"table\", day, rows, bytes, path "

/* One statement is one snapshot. */
static enum kura_rc list_read(struct kura_warehouse *w, sqlite3_stmt *stmt,
                              struct kura_partition_entry **out, size_t *count,
                              struct kura_err *err)
{
    void *list = NULL;
    size_t n = 0, cap = 0;
    enum kura_rc rc = KURA_OK;
    bool row = true;

    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = kura_list_grow(&list, n, &cap, sizeof(**out), err);
        if (rc == KURA_OK)
            rc = entry_read(w, stmt, (struct kura_partition_entry *)list + n,
                            err);
        if (rc == KURA_OK)
            n++;
    }
    if (rc != KURA_OK) {
        kura_warehouse_list_free(list, n);
        return rc;
    }
    *out = list;
    *count = n;
    return KURA_OK;
}

enum kura_rc kura_warehouse_list(struct kura_warehouse *w,
                                 const struct kura_schema *table,
                                 struct kura_partition_entry **out,
                                 size_t *count, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         ENTRY_COLUMNS
                         "FROM partition WHERE state IN ('open', 'full') "
                         "AND (?1 IS NULL OR \"table\" = ?1) "
                         "ORDER BY day, number",
                         &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, table == NULL ? NULL : table->name);
        rc = list_read(w, stmt, out, count, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

void kura_warehouse_list_free(struct kura_partition_entry *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        free(list[i].path);
    free(list);
}

/* --- Builders ---------------------------------------------------------- */

/* Runs one UPDATE of a partition's state in its own transaction. */
static enum kura_rc partition_set_state(struct kura_warehouse *w,
                                        int64_t number, const char *state,
                                        struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_prepare(
        w->db, "UPDATE partition SET state = ?2 WHERE number = ?1", &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        kura_bind_text(stmt, 2, state);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return kura_catalog_end(w, rc, err);
}

static enum kura_rc partition_is_open(struct kura_warehouse *w, int64_t number,
                                      bool *open, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "SELECT 1 FROM partition "
                         "WHERE number = ? AND state = 'open'",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        rc = kura_db_step(stmt, open, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Closes it, and remembers when it takes no more rows.  That is only to save
 * the next one from opening it, so failing is no failure. */
static void builder_put_back(struct kura_warehouse *w, int64_t number,
                             struct kura_builder *b)
{
    bool full =
        b != NULL && kura_builder_is_full(b) && !kura_builder_is_dirty(b);

    kura_builder_close(b);
    if (full)
        (void)partition_set_state(w, number, "full", NULL);
    kura_slot_unlock(w, KURA_SLOT_PARTITION + number);
}

static enum kura_rc builder_check(const struct kura_builder *b,
                                  const struct kura_partition_entry *e,
                                  struct kura_err *err)
{
    if (strcmp(kura_builder_id(b), e->id) == 0 &&
        kura_builder_day(b) == e->day &&
        strcmp(kura_builder_schema(b)->name, e->schema->name) == 0)
        return KURA_OK;
    return kura_err_set(err, KURA_ECORRUPT,
                        "'%s' is not the partition that the catalog means",
                        e->path);
}

/* Goes on with this partition; *out stays NULL when somebody else writes it
 * or it is full. */
static enum kura_rc builder_try(struct kura_warehouse *w,
                                const struct kura_partition_entry *e,
                                struct kura_builder **out, struct kura_err *err)
{
    struct kura_builder *b = NULL;
    bool open = false;
    enum kura_rc rc;

    rc = kura_slot_lock(w, KURA_SLOT_PARTITION + e->number, err);
    if (rc == KURA_EBUSY)
        return KURA_OK;
    if (rc != KURA_OK)
        return rc;
    /* It may have been filled or replaced before the lock was ours. */
    rc = partition_is_open(w, e->number, &open, err);
    if (rc != KURA_OK || !open)
        goto out;
    if (!kura_fs_exists(e->path)) {
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "partition '%s' is in the catalog, but its file is "
                          "missing",
                          e->path);
        goto out;
    }
    rc = kura_builder_open(e->path, &b, err);
    if (rc == KURA_OK)
        rc = builder_check(b, e, err);
    if (rc == KURA_OK && !kura_builder_is_full(b)) {
        *out = b;
        return KURA_OK;
    }
out:
    builder_put_back(w, e->number, b);
    return rc;
}

/* Walks the open partitions of the day, oldest first. */
static enum kura_rc builder_go_on(struct kura_warehouse *w,
                                  const struct kura_schema *table, int64_t day,
                                  struct kura_builder **out,
                                  int64_t *out_number, struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    size_t count = 0, i;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         ENTRY_COLUMNS "FROM partition WHERE \"table\" = ? "
                                       "AND day = ? AND state = 'open' "
                                       "ORDER BY number",
                         &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, table->name);
        (void)sqlite3_bind_int64(stmt, 2, day);
        rc = list_read(w, stmt, &list, &count, err);
    }
    (void)sqlite3_finalize(stmt);
    for (i = 0; rc == KURA_OK && *out == NULL && i < count; i++) {
        *out_number = list[i].number;
        rc = builder_try(w, &list[i], out, err);
    }
    kura_warehouse_list_free(list, count);
    return rc;
}

/* The first name of the day that neither catalog nor directory has. */
static enum kura_rc partition_choose_name(struct kura_warehouse *w,
                                          const struct kura_schema *table,
                                          int64_t day, char *out, size_t size,
                                          struct kura_err *err)
{
    char date[KURA_DAY_TEXT];
    sqlite3_stmt *stmt = NULL;
    char *path = NULL;
    bool taken = true;
    int i;
    enum kura_rc rc;

    kura_day_format(day, date);
    rc = kura_db_prepare(w->db, "SELECT 1 FROM partition WHERE path = ?", &stmt,
                         err);
    for (i = 0; rc == KURA_OK && taken && i < NAME_TRIES; i++) {
        if (i == 0)
            (void)snprintf(out, size, "online/%s/%s.db", table->name, date);
        else
            (void)snprintf(out, size, "online/%s/%s.%d.db", table->name, date,
                           i);
        kura_bind_text(stmt, 1, out);
        rc = kura_db_step(stmt, &taken, err);
        (void)sqlite3_reset(stmt);
        if (rc != KURA_OK || taken)
            continue;
        rc = kura_path_join(w->dir, out, &path, err);
        if (rc == KURA_OK)
            taken = kura_fs_exists(path);
        free(path);
        path = NULL;
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && taken)
        rc = kura_err_set(err, KURA_EIO,
                          "no free name for a partition of %s and %s",
                          table->name, date);
    return rc;
}

static void id_make(char out[33])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[16];
    size_t i;

    sqlite3_randomness((int)sizeof(bytes), bytes);
    for (i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
    }
    out[32] = '\0';
}

/* Takes number, name and id of a new partition, in one transaction. */
static enum kura_rc partition_reserve(struct kura_warehouse *w,
                                      struct kura_partition_entry *e,
                                      struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    char name[128];
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    id_make(e->id);
    rc = partition_choose_name(w, e->schema, e->day, name, sizeof(name), err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(w->db,
                             "INSERT INTO partition "
                             "(id, \"table\", day, path, state) "
                             "VALUES (?, ?, ?, ?, 'making')",
                             &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, e->id);
        kura_bind_text(stmt, 2, e->schema->name);
        (void)sqlite3_bind_int64(stmt, 3, e->day);
        kura_bind_text(stmt, 4, name);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    e->number = sqlite3_last_insert_rowid(w->db);
    if (rc == KURA_OK)
        rc = kura_path_join(w->dir, name, &e->path, err);
    return kura_catalog_end(w, rc, err);
}

/* With `hidden` it stays 'making', and is listed once it replaces another. */
static enum kura_rc builder_make(struct kura_warehouse *w,
                                 const struct kura_schema *table, int64_t day,
                                 bool hidden, struct kura_builder **out,
                                 int64_t *out_number, struct kura_err *err)
{
    struct kura_partition_entry e = {0};
    struct kura_builder *b = NULL;
    char dir[80];
    enum kura_rc rc;

    e.schema = table;
    e.day = day;
    (void)snprintf(dir, sizeof(dir), "online/%s", table->name);
    rc = kura_subdir_make(w->dir, dir, err);
    if (rc == KURA_OK)
        rc = partition_reserve(w, &e, err);
    if (rc == KURA_OK)
        rc = kura_slot_lock(w, KURA_SLOT_PARTITION + e.number, err);
    if (rc != KURA_OK)
        goto out;
    rc = kura_builder_create(e.path, table, day, e.id, &b, err);
    kura_failpoint(KURA_FAIL_PARTITION_CREATED);
    if (rc == KURA_OK && !hidden)
        rc = partition_set_state(w, e.number, "open", err);
    kura_failpoint(KURA_FAIL_PARTITION_REGISTERED);
    if (rc != KURA_OK) {
        builder_put_back(w, e.number, b);
        goto out;
    }
    *out = b;
    *out_number = e.number;
out:
    free(e.path);
    return rc;
}

enum kura_rc kura_warehouse_builder(struct kura_warehouse *w,
                                    const struct kura_schema *table,
                                    int64_t day, struct kura_builder **out,
                                    int64_t *out_number, struct kura_err *err)
{
    struct kura_builder *b = NULL;
    int64_t number = 0;
    enum kura_rc rc = kura_warehouse_may_write(w, err);

    if (rc == KURA_OK)
        rc = builder_go_on(w, table, day, &b, &number, err);
    if (rc == KURA_OK && b == NULL)
        rc = builder_make(w, table, day, false, &b, &number, err);
    if (rc == KURA_OK) {
        *out = b;
        *out_number = number;
    }
    return rc;
}

enum kura_rc kura_warehouse_successor(struct kura_warehouse *w,
                                      const struct kura_partition_entry *old,
                                      struct kura_builder **out,
                                      int64_t *out_number, struct kura_err *err)
{
    struct kura_builder *b = NULL;
    enum kura_rc rc = kura_warehouse_may_write(w, err);

    if (rc == KURA_OK)
        rc = builder_make(w, old->schema, old->day, true, &b, out_number, err);
    if (rc == KURA_OK)
        rc = kura_builder_set_replaces(b, old->id, err);
    if (rc == KURA_OK)
        *out = b;
    else if (b != NULL)
        builder_put_back(w, *out_number, b);
    return rc;
}

enum kura_rc kura_warehouse_partition_lock(struct kura_warehouse *w,
                                           int64_t number, struct kura_err *err)
{
    return kura_slot_lock(w, KURA_SLOT_PARTITION + number, err);
}

void kura_warehouse_partition_unlock(struct kura_warehouse *w, int64_t number)
{
    kura_slot_unlock(w, KURA_SLOT_PARTITION + number);
}

void kura_warehouse_builder_close(struct kura_warehouse *w, int64_t number,
                                  struct kura_builder *b)
{
    builder_put_back(w, number, b);
}

/* --- Replacing --------------------------------------------------------- */

/* Removes the files of partitions that were replaced, also those that a crash
 * left behind. */
static enum kura_rc warehouse_sweep(struct kura_warehouse *w,
                                    struct kura_err *err)
{
    static const char *const more[] = {"-wal", "-shm", "", NULL};
    struct kura_partition_entry *list = NULL;
    struct kura_buf path;
    size_t count = 0, i, j;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    kura_buf_init(&path, PATH_MAX_BYTES);
    rc = kura_db_prepare(
        w->db, ENTRY_COLUMNS "FROM partition WHERE state = 'replaced'", &stmt,
        err);
    if (rc == KURA_OK)
        rc = list_read(w, stmt, &list, &count, err);
    (void)sqlite3_finalize(stmt);
    for (i = 0; i < count; i++) {
        for (j = 0; rc == KURA_OK && more[j] != NULL; j++) {
            kura_buf_reset(&path);
            rc = kura_buf_printf(&path, err, "%s%s", list[i].path, more[j]);
            if (rc == KURA_OK)
                rc = kura_fs_remove(path.data, err);
        }
        if (rc == KURA_OK)
            rc = partition_set_state(w, list[i].number, "gone", err);
    }
    kura_warehouse_list_free(list, count);
    kura_buf_release(&path);
    return rc;
}

static enum kura_rc replace_in_catalog(struct kura_warehouse *w, int64_t number,
                                       int64_t with, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_prepare(
        w->db,
        "UPDATE partition SET state = 'replaced', replaced_by = ?2 "
        "WHERE number = ?1 AND state IN ('open', 'full') AND ?1 <> ?2 "
        "AND EXISTS (SELECT 1 FROM partition p WHERE p.number = ?2 "
        "AND p.state = 'making' AND p.day = partition.day "
        "AND p.\"table\" = partition.\"table\")",
        &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        (void)sqlite3_bind_int64(stmt, 2, with);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && sqlite3_changes(w->db) != 1)
        rc = kura_err_set(err, KURA_ENOTFOUND,
                          "partition %lld cannot take the place of %lld",
                          (long long)with, (long long)number);
    if (rc == KURA_OK) {
        char sql[80];

        (void)snprintf(sql, sizeof(sql),
                       "UPDATE partition SET state='open' WHERE number=%lld",
                       (long long)with);
        rc = kura_db_exec(w->db, sql, err);
    }
    return kura_catalog_end(w, rc, err);
}

enum kura_rc kura_warehouse_replace(struct kura_warehouse *w, int64_t number,
                                    int64_t with, struct kura_err *err)
{
    bool mine = kura_slot_is_held(w, KURA_SLOT_PARTITION + number);
    enum kura_rc rc = KURA_OK;

    /* A partition that is being written is not replaced: its rows would go. */
    if (!mine)
        rc = kura_slot_lock(w, KURA_SLOT_PARTITION + number, err);
    if (rc == KURA_EBUSY)
        return kura_err_set(err, rc,
                            "partition %lld is written by another process",
                            (long long)number);
    if (rc != KURA_OK)
        return rc;
    rc = replace_in_catalog(w, number, with, err);
    if (rc == KURA_OK)
        rc = warehouse_sweep(w, err);
    if (!mine)
        kura_slot_unlock(w, KURA_SLOT_PARTITION + number);
    return rc;
}
