/* catalog.c - the partitions of a warehouse, and where their copies are.
 *
 * A partition comes into being in three steps, so that a crash leaves at most
 * an empty file that nobody counts:
 *
 *     1. one transaction takes its number and its name: both rows 'making'
 *     2. its lock is taken, the file is made and synced
 *     3. one transaction makes it 'open', its file 'live': from here it is listed
 *
 * What happens to it later is in tier.c; files go in files.c.  Rows of files
 * stay when they are gone: names are never used again. */
#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/failpoint.h"
#include "base/fs.h"
#include "store/tier.h"

#define NAME_TRIES 100000

/* --- The list ---------------------------------------------------------- */

enum kura_rc kura_catalog_path(const struct kura_warehouse *w,
                               const char *relative, char **out,
                               struct kura_err *err)
{
    static const char *const below[] = {"online/", "sighting/", "restored/"};
    size_t i;

    for (i = 0; i < sizeof(below) / sizeof(below[0]); i++)
        if (strncmp(relative, below[i], strlen(below[i])) == 0 &&
            strstr(relative, "..") == NULL)
            return kura_path_join(w->dir, relative, out, err);
    return kura_err_set(err, KURA_ECORRUPT,
                        "the catalog names a strange path '%s'", relative);
}

static bool state_find(const char *word, enum kura_partition_state *out)
{
    static const char *const words[] = {"open", "full", "sealed", "archived",
                                        "expired"};
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0) {
            *out = (enum kura_partition_state)i;
            return true;
        }
    }
    return false;
}

#define ENTRY_COLUMNS                                                          \
    "SELECT number, id, \"table\", day, state, rows, bytes, first_ts, "        \
    "last_ts, sha256 FROM partition p "
#define ENTRY_LISTED                                                           \
    "p.state IN ('open', 'full', 'sealed', 'archived', 'expired') "

static enum kura_rc entry_read(const struct kura_warehouse *w,
                               sqlite3_stmt *stmt,
                               struct kura_partition_entry *e,
                               struct kura_err *err)
{
    const char *id = kura_column_text(stmt, 1);
    const char *sha256 = kura_column_text(stmt, 9);

    memset(e, 0, sizeof(*e));
    if (strlen(id) != sizeof(e->id) - 1 || strlen(sha256) >= sizeof(e->sha256) ||
        !state_find(kura_column_text(stmt, 4), &e->state))
        return kura_err_set(err, KURA_ECORRUPT,
                            "the catalog of '%s' has a bad partition '%s'",
                            w->dir, id);
    memcpy(e->id, id, sizeof(e->id));
    memcpy(e->sha256, sha256, strlen(sha256) + 1);
    e->number = sqlite3_column_int64(stmt, 0);
    e->day = sqlite3_column_int64(stmt, 3);
    e->rows = sqlite3_column_int64(stmt, 5);
    e->bytes = sqlite3_column_int64(stmt, 6);
    e->first_ts = sqlite3_column_int64(stmt, 7);
    e->last_ts = sqlite3_column_int64(stmt, 8);
    return kura_catalog_schema(kura_column_text(stmt, 2), &e->schema, err);
}

static enum kura_rc entries_read(struct kura_warehouse *w, sqlite3_stmt *stmt,
                                 struct kura_partition_entry **out,
                                 size_t *count, struct kura_err *err)
{
    void *list = NULL;
    size_t cap = 0;
    enum kura_rc rc = KURA_OK;
    bool row = true;

    *count = 0;
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = kura_list_grow(&list, *count, &cap, sizeof(**out), err);
        if (rc == KURA_OK)
            rc = entry_read(w, stmt,
                            (struct kura_partition_entry *)list + *count, err);
        if (rc == KURA_OK)
            ++*count;
    }
    *out = list;
    return rc;
}

/* Copies of all kinds in the order of the entries; rank 3 is the sightings. */
#define COPY_COLUMNS                                                           \
    "SELECT p.number, c.rank, c.path, c.offset, c.size, c.place "              \
    "FROM partition p JOIN ("                                                  \
    "SELECT partition, CASE kind WHEN 'online' THEN 0 WHEN 'restored' THEN 1 " \
    "ELSE 3 END AS rank, path, 0 AS offset, size, ifnull(lease, '') AS place " \
    "FROM file WHERE state = 'live' "                                          \
    "UNION ALL "                                                               \
    "SELECT m.partition, 2, d.destination || '/' || v.name, m.offset, m.size, "\
    "v.name FROM member m JOIN volume v ON v.number = m.volume "               \
    "JOIN volume_copy d ON d.volume = v.number WHERE v.state = 'live'"         \
    ") c ON c.partition = p.number "

static enum kura_rc copy_add(const struct kura_warehouse *w, sqlite3_stmt *stmt,
                             struct kura_partition_entry *e,
                             struct kura_err *err)
{
    int rank = sqlite3_column_int(stmt, 1);
    struct kura_location at = {NULL, sqlite3_column_int64(stmt, 3),
                               sqlite3_column_int64(stmt, 4)};
    struct kura_copy *grown;
    char *path = NULL;
    enum kura_rc rc;

    if (rank == (int)KURA_TIER_VOLUME)
        rc = kura_catalog_destination(w, kura_column_text(stmt, 2), &path, err);
    else
        rc = kura_catalog_path(w, kura_column_text(stmt, 2), &path, err);
    if (rc != KURA_OK)
        return rc;
    at.path = path;
    if (rank == 3 && e->sighting.path == NULL) {
        e->sighting = at;
        return KURA_OK;
    }
    grown = realloc(e->copies, (e->copy_count + 1) * sizeof(*grown));
    if (grown == NULL) {
        free(path);
        return kura_err_nomem(err);
    }
    e->copies = grown;
    grown += e->copy_count++;
    grown->tier = (enum kura_tier)rank;
    grown->at = at;
    return kura_column_copy(stmt, 5, &grown->where, err);
}

/* Both lists are ordered alike. */
static enum kura_rc copies_read(struct kura_warehouse *w, sqlite3_stmt *stmt,
                                struct kura_partition_entry *list, size_t count,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    bool row = true;
    size_t i = 0;

    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        while (i < count && list[i].number != sqlite3_column_int64(stmt, 0))
            i++;
        if (i == count)
            return kura_err_set(err, KURA_ECORRUPT,
                                "the catalog of '%s' has a copy of nothing",
                                w->dir);
        rc = copy_add(w, stmt, &list[i], err);
    }
    return rc;
}

/* Partitions for which `where` holds, with ?1 a text and ?2 a number. */
static enum kura_rc list_where(struct kura_warehouse *w, const char *entries,
                               const char *copies, const char *text,
                               int64_t number,
                               struct kura_partition_entry **out, size_t *count,
                               struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    sqlite3_stmt *stmt = NULL, *more = NULL;
    size_t n = 0;
    enum kura_rc rc;

    /* Both statements see one state of the catalog. */
    bool mine = sqlite3_get_autocommit(w->db) != 0;

    rc = mine ? kura_db_exec(w->db, "BEGIN", err) : KURA_OK;
    if (rc != KURA_OK)
        return rc;
    rc = kura_db_prepare(w->db, entries, &stmt, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(w->db, copies, &more, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, text);
        (void)sqlite3_bind_int64(stmt, 2, number);
        kura_bind_text(more, 1, text);
        (void)sqlite3_bind_int64(more, 2, number);
        rc = entries_read(w, stmt, &list, &n, err);
    }
    if (rc == KURA_OK)
        rc = copies_read(w, more, list, n, err);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_finalize(more);
    if (mine)
        (void)kura_db_exec(w->db, "COMMIT", NULL);
    if (rc != KURA_OK) {
        kura_warehouse_list_free(list, n);
        return rc;
    }
    *out = list;
    *count = n;
    return KURA_OK;
}

#define WHERE_LISTED                                                           \
    "WHERE " ENTRY_LISTED "AND (?1 IS NULL OR p.\"table\" = ?1) AND ?2 = 0 "
#define WHERE_OPEN                                                             \
    "WHERE p.state = 'open' AND p.\"table\" = ?1 AND p.day = ?2 "
#define WHERE_NUMBER "WHERE " ENTRY_LISTED "AND ?1 IS NULL AND p.number = ?2 "
#define ENTRY_ORDER "ORDER BY p.day, p.number"
#define COPY_ORDER "ORDER BY p.day, p.number, c.rank, c.path"

enum kura_rc kura_warehouse_list(struct kura_warehouse *w,
                                 const struct kura_schema *table,
                                 struct kura_partition_entry **out,
                                 size_t *count, struct kura_err *err)
{
    return list_where(w, ENTRY_COLUMNS WHERE_LISTED ENTRY_ORDER,
                      COPY_COLUMNS WHERE_LISTED COPY_ORDER,
                      table == NULL ? NULL : table->name, 0, out, count, err);
}

enum kura_rc kura_catalog_entry(struct kura_warehouse *w, int64_t number,
                                struct kura_partition_entry **out,
                                struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    size_t count = 0;
    enum kura_rc rc;

    rc = list_where(w, ENTRY_COLUMNS WHERE_NUMBER ENTRY_ORDER,
                    COPY_COLUMNS WHERE_NUMBER COPY_ORDER, NULL, number, &list,
                    &count, err);
    if (rc != KURA_OK)
        return rc;
    if (count != 1) {
        kura_warehouse_list_free(list, count);
        return kura_err_set(err, KURA_ENOTFOUND, "there is no partition %lld",
                            (long long)number);
    }
    *out = list;
    return KURA_OK;
}

void kura_warehouse_list_free(struct kura_partition_entry *list, size_t count)
{
    union {
        const char *shown;
        char *owned;
    } u; /* locations show their paths as constant; the list owns them */
    size_t i, j;

    for (i = 0; i < count; i++) {
        for (j = 0; j < list[i].copy_count; j++) {
            u.shown = list[i].copies[j].at.path;
            free(u.owned);
            free(list[i].copies[j].where);
        }
        free(list[i].copies);
        u.shown = list[i].sighting.path;
        free(u.owned);
    }
    free(list);
}

const struct kura_copy *
kura_partition_copy(const struct kura_partition_entry *e, bool archived)
{
    size_t i;

    for (i = 0; i < e->copy_count; i++) {
        const struct kura_copy *c = &e->copies[i];

        /* One online that is not there is told, not passed over. */
        if (c->tier == KURA_TIER_ONLINE ||
            ((archived || c->tier == KURA_TIER_RESTORED) &&
             kura_fs_exists(c->at.path)))
            return c;
    }
    return NULL;
}

/* --- Builders ---------------------------------------------------------- */

enum kura_rc kura_catalog_run(struct kura_warehouse *w, const char *sql,
                              int64_t one, int64_t two, struct kura_err *err)
{
    const struct kura_value values[] = {{NULL, one}, {NULL, two}};

    return kura_db_run(w->db, sql, values, 2, err);
}

/* 'making' becomes 'open', with its file: from here on it is listed. */
static enum kura_rc partition_publish(struct kura_warehouse *w, int64_t number,
                                      struct kura_err *err)
{
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_catalog_run(
        w, "UPDATE partition SET state = 'open' WHERE number = ?1", number, 0,
        err);
    if (rc == KURA_OK)
        rc = kura_catalog_run(w,
                              "UPDATE file SET state = 'live' "
                              "WHERE partition = ?1 AND state = 'making'",
                              number, 0, err);
    return kura_catalog_end(w, rc, err);
}

static void partition_set_full(struct kura_warehouse *w, int64_t number)
{
    enum kura_rc rc = kura_catalog_begin(w, NULL);

    if (rc == KURA_OK)
        (void)kura_catalog_end(
            w,
            kura_catalog_run(w,
                             "UPDATE partition SET state = 'full' "
                             "WHERE number = ?1 AND state = 'open'",
                             number, 0, NULL),
            NULL);
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

/* Closes it.  One that takes no more rows is sealed at once; should that fail,
 * maintain does it, and being 'full' saves the next one from opening it. */
static void builder_put_back(struct kura_warehouse *w, int64_t number,
                             struct kura_builder *b)
{
    bool full =
        b != NULL && kura_builder_is_full(b) && !kura_builder_is_dirty(b);

    kura_builder_close(b);
    if (full)
        partition_set_full(w, number);
    kura_slot_unlock(w, KURA_SLOT_PARTITION + number);
    if (full)
        (void)kura_tier_seal(w, number, NULL);
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
                        kura_builder_path(b));
}

/* Goes on with this partition; *out stays NULL when somebody else writes it
 * or it is full. */
static enum kura_rc builder_try(struct kura_warehouse *w,
                                const struct kura_partition_entry *e,
                                struct kura_builder **out, struct kura_err *err)
{
    const struct kura_copy *copy = kura_partition_copy(e, false);
    struct kura_err cause = KURA_ERR_INIT;
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
    if (copy == NULL || !kura_fs_exists(copy->at.path)) {
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "partition '%s' is in the catalog, but its file is "
                          "missing",
                          copy == NULL ? e->id : copy->at.path);
        goto out;
    }
    rc = kura_builder_open(copy->at.path, &b, &cause);
    if (rc == KURA_EINPUT) { /* its table has got a column since */
        partition_set_full(w, e->number);
        rc = KURA_OK;
        goto out;
    }
    if (rc != KURA_OK)
        rc = kura_err_set(err, rc, "%s", cause.msg);
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
    enum kura_rc rc;

    rc = list_where(w, ENTRY_COLUMNS WHERE_OPEN ENTRY_ORDER,
                    COPY_COLUMNS WHERE_OPEN COPY_ORDER, table->name, day, &list,
                    &count, err);
    for (i = 0; rc == KURA_OK && *out == NULL && i < count; i++) {
        *out_number = list[i].number;
        rc = builder_try(w, &list[i], out, err);
    }
    kura_warehouse_list_free(list, count);
    return rc;
}

/* Whether the catalog has, or had, a file with this name, plain or packed. */
static enum kura_rc base_is_taken(struct kura_warehouse *w, sqlite3_stmt *stmt,
                                  const char *name, bool *taken,
                                  struct kura_err *err)
{
    static const char *const ends[] = {".db", ".db.zst", NULL};
    enum kura_rc rc = KURA_OK;
    char relative[128];
    char *path = NULL;
    int i;

    *taken = false;
    for (i = 0; rc == KURA_OK && !*taken && ends[i] != NULL; i++) {
        (void)snprintf(relative, sizeof(relative), "%s%s", name, ends[i]);
        kura_bind_text(stmt, 1, relative);
        rc = kura_db_step(stmt, taken, err);
        (void)sqlite3_reset(stmt);
        if (rc != KURA_OK || *taken)
            break;
        rc = kura_path_join(w->dir, relative, &path, err);
        if (rc == KURA_OK)
            *taken = kura_fs_exists(path);
        free(path);
        path = NULL;
    }
    return rc;
}

enum kura_rc kura_catalog_base_name(struct kura_warehouse *w,
                                    const struct kura_schema *table,
                                    int64_t day, char out[KURA_BASE_NAME],
                                    struct kura_err *err)
{
    char date[KURA_DAY_TEXT], name[112];
    sqlite3_stmt *stmt = NULL;
    bool taken = true;
    int i;
    enum kura_rc rc;

    kura_day_format(day, date);
    rc = kura_db_prepare(w->db, "SELECT 1 FROM file WHERE path = ?", &stmt,
                         err);
    for (i = 0; rc == KURA_OK && taken && i < NAME_TRIES; i++) {
        if (i == 0)
            (void)snprintf(out, KURA_BASE_NAME, "%s", date);
        else
            (void)snprintf(out, KURA_BASE_NAME, "%s.%d", date, i);
        (void)snprintf(name, sizeof(name), "online/%.60s/%s", table->name, out);
        rc = base_is_taken(w, stmt, name, &taken, err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && taken)
        rc = kura_err_set(err, KURA_EIO,
                          "no free name for a partition of %s and %s",
                          table->name, date);
    return rc;
}

void kura_id_make(char out[33])
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

static enum kura_rc reserve_rows(struct kura_warehouse *w,
                                 struct kura_partition_entry *e,
                                 const char *path, struct kura_err *err)
{
    const struct kura_value values[] = {
        {e->id, 0}, {e->schema->name, 0}, {NULL, e->day}};
    struct kura_value file[] = {{NULL, 0}, {path, 0}};
    enum kura_rc rc;

    rc = kura_db_run(w->db,
                     "INSERT INTO partition (id, \"table\", day, state) "
                     "VALUES (?, ?, ?, 'making')",
                     values, 3, err);
    e->number = file[0].number = sqlite3_last_insert_rowid(w->db);
    if (rc == KURA_OK)
        rc = kura_db_run(w->db,
                         "INSERT INTO file (partition, kind, path, state) "
                         "VALUES (?, 'online', ?, 'making')",
                         file, 2, err);
    return rc;
}

/* Takes number, name and id of a new partition in one transaction, and its
 * lock. */
static enum kura_rc partition_reserve(struct kura_warehouse *w,
                                      struct kura_partition_entry *e,
                                      char **path, struct kura_err *err)
{
    char base[KURA_BASE_NAME], name[128];
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    kura_id_make(e->id);
    rc = kura_catalog_base_name(w, e->schema, e->day, base, err);
    if (rc == KURA_OK) {
        (void)snprintf(name, sizeof(name), "online/%.60s/%s.db",
                       e->schema->name, base);
        rc = reserve_rows(w, e, name, err);
    }
    /* Before anybody sees the rows: a sweep takes what has no lock. */
    if (rc == KURA_OK)
        rc = kura_slot_lock(w, KURA_SLOT_PARTITION + e->number, err);
    if (rc == KURA_OK)
        rc = kura_path_join(w->dir, name, path, err);
    return kura_catalog_end(w, rc, err);
}

/* With `hidden` it stays 'making', and is listed once it replaces another. */
static enum kura_rc builder_make(struct kura_warehouse *w,
                                 const struct kura_schema *table, int64_t day,
                                 bool hidden, struct kura_builder **out,
                                 int64_t *out_number, struct kura_err *err)
{
    struct kura_partition_entry e;
    struct kura_builder *b = NULL;
    char *path = NULL, dir[80];
    enum kura_rc rc;

    memset(&e, 0, sizeof(e));
    e.schema = table;
    e.day = day;
    (void)snprintf(dir, sizeof(dir), "online/%s", table->name);
    rc = kura_subdir_make(w->dir, dir, err);
    if (rc == KURA_OK)
        rc = partition_reserve(w, &e, &path, err);
    if (rc != KURA_OK)
        goto out;
    rc = kura_builder_create(path, table, day, e.id, &b, err);
    kura_failpoint(KURA_FAIL_PARTITION_CREATED);
    if (rc == KURA_OK && !hidden)
        rc = partition_publish(w, e.number, err);
    kura_failpoint(KURA_FAIL_PARTITION_REGISTERED);
    if (rc != KURA_OK) {
        kura_builder_close(b);
        goto out;
    }
    *out = b;
    *out_number = e.number;
out:
    if (rc != KURA_OK && e.number != 0)
        kura_slot_unlock(w, KURA_SLOT_PARTITION + e.number);
    free(path);
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

static enum kura_rc replace_in_catalog(struct kura_warehouse *w, int64_t number,
                                       int64_t with, struct kura_err *err)
{
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_catalog_run(
        w,
        "UPDATE partition SET state = 'replaced', replaced_by = ?2 "
        "WHERE number = ?1 AND state IN ('open', 'full', 'sealed') "
        "AND ?1 <> ?2 AND EXISTS (SELECT 1 FROM partition p "
        "WHERE p.number = ?2 AND p.state = 'making' "
        "AND p.day = partition.day AND p.\"table\" = partition.\"table\")",
        number, with, err);
    if (rc == KURA_OK && sqlite3_changes(w->db) != 1)
        rc = kura_err_set(err, KURA_ENOTFOUND,
                          "partition %lld cannot take the place of %lld",
                          (long long)with, (long long)number);
    if (rc == KURA_OK)
        rc = kura_catalog_run(w,
                              "UPDATE file SET state = 'dead' "
                              "WHERE partition = ?1 AND state = 'live'",
                              number, 0, err);
    if (rc == KURA_OK)
        rc = kura_catalog_run(w,
                              "UPDATE file SET state = 'live' "
                              "WHERE partition = ?2 AND state = 'making' "
                              "AND ?1 <> ?2",
                              number, with, err);
    if (rc == KURA_OK)
        rc = kura_catalog_run(w,
                              "UPDATE partition SET state = 'open' "
                              "WHERE number = ?2 AND ?1 <> ?2",
                              number, with, err);
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
        rc = kura_files_sweep(w, NULL, err);
    if (!mine)
        kura_slot_unlock(w, KURA_SLOT_PARTITION + number);
    return rc;
}
