/* sources.c - what was loaded: the sources of a warehouse, how far each one
 * is held, and what each partition holds of them. */
#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/fs.h"
#include "store/partition.h"

#define NAME_MAX_BYTES 65536
#define SAME_NAME_MAX 1000000

/* --- The list ---------------------------------------------------------- */

static bool source_matches(const char *name, const char *key, const char *want)
{
    size_t n = strlen(name), m = strlen(want);

    if (strcmp(name, want) == 0 || strncmp(key, want, m) == 0)
        return true;
    return n > m && name[n - m - 1] == '/' && strcmp(name + n - m, want) == 0;
}

/* Copies a text of the catalog into an array of the entry. */
static enum kura_rc text_fit(sqlite3_stmt *stmt, int column, char *out,
                             size_t size, struct kura_err *err)
{
    const char *s = kura_column_text(stmt, column);
    size_t n = strlen(s);

    if (n >= size)
        return kura_err_set(err, KURA_ECORRUPT,
                            "the catalog has an entry that is too long: "
                            "'%.80s'",
                            s);
    memcpy(out, s, n + 1);
    return KURA_OK;
}

static void source_release(struct kura_source_entry *s)
{
    free(s->name);
    free(s->format);
}

#define SOURCE_COLUMNS                                                         \
    "SELECT number, key, name, format, bytes, lines, sha256, terminated, "     \
    "as_of, last_ts "

static enum kura_rc source_read(sqlite3_stmt *stmt, struct kura_source_entry *s,
                                struct kura_err *err)
{
    enum kura_rc rc;

    memset(s, 0, sizeof(*s));
    s->number = sqlite3_column_int64(stmt, 0);
    s->bytes = sqlite3_column_int64(stmt, 4);
    s->lines = sqlite3_column_int64(stmt, 5);
    s->terminated = sqlite3_column_int(stmt, 7) != 0;
    s->as_of = sqlite3_column_type(stmt, 8) == SQLITE_NULL
                   ? INT64_MIN
                   : sqlite3_column_int64(stmt, 8);
    s->last_ts = sqlite3_column_type(stmt, 9) == SQLITE_NULL
                     ? INT64_MIN
                     : sqlite3_column_int64(stmt, 9);
    rc = text_fit(stmt, 1, s->key, sizeof(s->key), err);
    if (rc == KURA_OK)
        rc = text_fit(stmt, 6, s->sha256, sizeof(s->sha256), err);
    if (rc == KURA_OK)
        rc = kura_column_copy(stmt, 2, &s->name, err);
    if (rc == KURA_OK)
        rc = kura_column_copy(stmt, 3, &s->format, err);
    if (rc != KURA_OK)
        source_release(s);
    return rc;
}

enum kura_rc kura_warehouse_sources(struct kura_warehouse *w, const char *name,
                                    struct kura_source_entry **out,
                                    size_t *count, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *list = NULL;
    size_t n = 0, cap = 0;
    bool row = true;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db, SOURCE_COLUMNS "FROM source ORDER BY number",
                         &stmt, err);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        if (name != NULL && !source_matches(kura_column_text(stmt, 2),
                                            kura_column_text(stmt, 1), name))
            continue;
        rc = kura_list_grow(&list, n, &cap, sizeof(**out), err);
        if (rc == KURA_OK)
            rc = source_read(stmt, (struct kura_source_entry *)list + n, err);
        if (rc == KURA_OK)
            n++;
    }
    (void)sqlite3_finalize(stmt);
    if (rc != KURA_OK) {
        kura_warehouse_sources_free(list, n);
        return rc;
    }
    *out = list;
    *count = n;
    return KURA_OK;
}

void kura_warehouse_sources_free(struct kura_source_entry *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        source_release(&list[i]);
    free(list);
}

/* --- Registering ------------------------------------------------------- */

/* Whether `sql` (with one parameter) gives a row for the text. */
static enum kura_rc text_is_taken(sqlite3_stmt *stmt, const char *text,
                                  bool *taken, struct kura_err *err)
{
    enum kura_rc rc;

    kura_bind_text(stmt, 1, text);
    rc = kura_db_step(stmt, taken, err);
    (void)sqlite3_reset(stmt);
    return rc;
}

/* Appends to `out` the first of text, text<mark>2, text<mark>3 ... that the
 * column of table source does not have. */
static enum kura_rc text_make_unique(struct kura_warehouse *w, const char *sql,
                                     const char *text, char mark,
                                     struct kura_buf *out, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool taken = true;
    int i;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db, sql, &stmt, err);
    for (i = 1; rc == KURA_OK && taken && i < SAME_NAME_MAX; i++) {
        kura_buf_reset(out);
        rc = i == 1 ? kura_buf_puts(out, text, err)
                    : kura_buf_printf(out, err, "%s%c%d", text, mark, i);
        if (rc == KURA_OK)
            rc = text_is_taken(stmt, out->data, &taken, err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && taken)
        rc =
            kura_err_set(err, KURA_EINPUT, "too many sources named '%s'", text);
    return rc;
}

/* A source of the same head of which nothing was consumed is this one: a run
 * that registered it and stopped, or another process that is about to load
 * it. */
static enum kura_rc source_find_untouched(struct kura_warehouse *w,
                                          struct kura_source_entry *s,
                                          bool *found, struct kura_err *err)
{
    struct kura_source_entry known;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         SOURCE_COLUMNS "FROM source WHERE bytes = 0 AND "
                                        "(key = ?1 OR substr(key, 1, "
                                        "length(?1) + 1) = ?1 || ':') "
                                        "ORDER BY number",
                         &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, s->key);
        rc = kura_db_step(stmt, found, err);
    }
    if (rc == KURA_OK && *found) {
        rc = source_read(stmt, &known, err);
        if (rc == KURA_OK) {
            s->number = known.number;
            memcpy(s->key, known.key, sizeof(s->key));
            free(s->name);
            s->name = known.name;
            free(known.format);
        }
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static void source_bind_time(sqlite3_stmt *stmt, int i, int64_t us)
{
    if (us == INT64_MIN)
        (void)sqlite3_bind_null(stmt, i);
    else
        (void)sqlite3_bind_int64(stmt, i, us);
}

/* Parameters 2 to 8 of both statements that write a source. */
static void source_bind(sqlite3_stmt *stmt, const struct kura_source_entry *s)
{
    kura_bind_text(stmt, 2, s->format);
    (void)sqlite3_bind_int64(stmt, 3, s->bytes);
    (void)sqlite3_bind_int64(stmt, 4, s->lines);
    kura_bind_text(stmt, 5, s->sha256);
    (void)sqlite3_bind_int(stmt, 6, s->terminated);
    source_bind_time(stmt, 7, s->as_of);
    source_bind_time(stmt, 8, s->last_ts);
}

static enum kura_rc source_insert(struct kura_warehouse *w,
                                  const struct kura_source_entry *s,
                                  const char *key, const char *name,
                                  struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "INSERT INTO source (key, format, bytes, lines, "
                         "sha256, terminated, as_of, last_ts, name) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                         &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, key);
        source_bind(stmt, s);
        kura_bind_text(stmt, 9, name);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* s->name is the caller's heap memory; a changed name takes its place. */
static enum kura_rc source_new(struct kura_warehouse *w,
                               struct kura_source_entry *s,
                               struct kura_err *err)
{
    struct kura_buf key, name;
    char *copy = NULL;
    enum kura_rc rc;

    kura_buf_init(&key, sizeof(s->key) - 1);
    kura_buf_init(&name, NAME_MAX_BYTES);
    rc = text_make_unique(w, "SELECT 1 FROM source WHERE key = ?", s->key, ':',
                          &key, err);
    if (rc == KURA_OK)
        rc = text_make_unique(w, "SELECT 1 FROM source WHERE name = ?", s->name,
                              '#', &name, err);
    if (rc == KURA_OK) {
        copy = strdup(name.data);
        if (copy == NULL)
            rc = kura_err_nomem(err);
    }
    if (rc == KURA_OK)
        rc = source_insert(w, s, key.data, name.data, err);
    if (rc == KURA_OK) {
        s->number = sqlite3_last_insert_rowid(w->db);
        memcpy(s->key, key.data, key.len + 1);
        free(s->name);
        s->name = copy;
        copy = NULL;
    }
    free(copy);
    kura_buf_release(&key);
    kura_buf_release(&name);
    return rc;
}

enum kura_rc kura_warehouse_source_add(struct kura_warehouse *w,
                                       struct kura_source_entry *s,
                                       struct kura_err *err)
{
    bool found = false;
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = source_find_untouched(w, s, &found, err);
    if (rc == KURA_OK && !found)
        rc = source_new(w, s, err);
    return kura_catalog_end(w, rc, err);
}

enum kura_rc kura_warehouse_source_mark(struct kura_warehouse *w,
                                        const struct kura_source_entry *s,
                                        struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_prepare(w->db,
                         "UPDATE source SET format = ?2, bytes = ?3, "
                         "lines = ?4, sha256 = ?5, terminated = ?6, as_of = ?7, "
                         "last_ts = ?8 WHERE number = ?1",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, s->number);
        source_bind(stmt, s);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && sqlite3_changes(w->db) != 1)
        rc = kura_err_set(err, KURA_ENOTFOUND, "no source has number %lld",
                          (long long)s->number);
    return kura_catalog_end(w, rc, err);
}

enum kura_rc kura_warehouse_source_lock(struct kura_warehouse *w,
                                        int64_t number, struct kura_err *err)
{
    enum kura_rc rc = kura_slot_lock(w, KURA_SLOT_SOURCE + number, err);

    if (rc == KURA_EBUSY)
        return kura_err_set(err, rc,
                            "source %lld is being loaded by another process",
                            (long long)number);
    return rc;
}

void kura_warehouse_source_unlock(struct kura_warehouse *w, int64_t number)
{
    kura_slot_unlock(w, KURA_SLOT_SOURCE + number);
}

enum kura_rc kura_warehouse_source_set_head(struct kura_warehouse *w,
                                            int64_t number, const void *p,
                                            size_t n, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_prepare(w->db, "UPDATE source SET head = ?2 WHERE number = ?1",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        (void)sqlite3_bind_blob64(stmt, 2, p, n, SQLITE_STATIC);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return kura_catalog_end(w, rc, err);
}

enum kura_rc kura_warehouse_source_by_head(struct kura_warehouse *w,
                                           const void *p, size_t n,
                                           const char *name, int64_t *number,
                                           struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    *number = 0;
    rc = kura_db_prepare(w->db,
                         "SELECT number FROM source WHERE length(head) > ?2 "
                         "AND bytes >= ?2 AND substr(head, 1, ?2) = ?1 "
                         "AND (?3 IS NULL OR name = ?3 OR "
                         "(substr(name, 1, length(?3) + 1) = ?3 || '#' AND "
                         "substr(name, length(?3) + 2) GLOB '[0-9]*' AND "
                         "substr(name, length(?3) + 2) NOT GLOB '*[^0-9]*'))",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_blob64(stmt, 1, p, n, SQLITE_STATIC);
        (void)sqlite3_bind_int64(stmt, 2, (int64_t)n);
        kura_bind_text(stmt, 3, name);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row)
        *number = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* A byte chosen by the digest: two heads that share it only take turns. */
static int64_t source_head_slot(const char *hex)
{
    char prefix[11];

    (void)snprintf(prefix, sizeof(prefix), "%.10s", hex);
    return KURA_SLOT_HEAD + (int64_t)strtoull(prefix, NULL, 16);
}

enum kura_rc kura_warehouse_head_lock(struct kura_warehouse *w, const char *hex,
                                      struct kura_err *err)
{
    enum kura_rc rc = kura_slot_lock(w, source_head_slot(hex), err);

    if (rc == KURA_EBUSY)
        return kura_err_set(err, rc, "it is being loaded by another process");
    return rc;
}

void kura_warehouse_head_unlock(struct kura_warehouse *w, const char *hex)
{
    kura_slot_unlock(w, source_head_slot(hex));
}

/* --- What partitions hold ---------------------------------------------- */

static enum kura_rc partition_held(const struct kura_partition_entry *e,
                                   const char *key, int64_t *bytes,
                                   struct kura_err *err)
{
    const struct kura_copy *copy = kura_partition_copy(e, false);
    const struct kura_partition_source *s;
    struct kura_partition *p = NULL;
    size_t i;
    enum kura_rc rc;

    if (copy == NULL || !kura_fs_exists(copy->at.path))
        return kura_err_set(err, KURA_ECORRUPT,
                            "partition '%s' is in the catalog, but its file "
                            "is missing",
                            copy == NULL ? e->id : copy->at.path);
    rc = kura_partition_open_at(&copy->at, &p, err);
    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < kura_partition_sources(p); i++) {
        s = kura_partition_source(p, i);
        if (strcmp(s->key, key) == 0 && s->held_bytes > *bytes)
            *bytes = s->held_bytes;
    }
    kura_partition_close(p);
    return KURA_OK;
}

/* The largest mark of the partitions that never change again, for one day or
 * (every_day) for all. */
static enum kura_rc catalog_held(struct kura_warehouse *w, const char *table,
                                 int64_t day, bool every_day, const char *key,
                                 int64_t *bytes, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    rc = kura_db_prepare(
        w->db,
        "SELECT max(s.held_bytes) FROM partition p "
        "JOIN partition_source s ON s.partition = p.number AND s.key = ?1 "
        "WHERE p.\"table\" = ?2 AND (?4 OR p.day = ?3) "
        "AND p.state IN ('sealed', 'archived', 'expired')",
        &stmt, err);
    if (rc != KURA_OK)
        return rc;
    kura_bind_text(stmt, 1, key);
    kura_bind_text(stmt, 2, table);
    (void)sqlite3_bind_int64(stmt, 3, day);
    (void)sqlite3_bind_int(stmt, 4, every_day);
    rc = kura_db_step(stmt, &row, err);
    if (rc == KURA_OK && row)
        *bytes = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_warehouse_held(struct kura_warehouse *w,
                                 const struct kura_schema *table, int64_t day,
                                 const char *key, int64_t *bytes,
                                 struct kura_err *err)
{
    /* A reject's day is that of its loading: an earlier run's may be any. */
    bool every_day = strcmp(table->name, "reject") == 0;
    struct kura_partition_entry *list = NULL;
    size_t count = 0, i;
    int64_t most = 0;
    enum kura_rc rc;

    /* The list first: what is sealed between the two is in both. */
    rc = kura_warehouse_read_begin(w, err);
    if (rc != KURA_OK)
        return rc;
    rc = kura_warehouse_list(w, table, &list, &count, err);
    for (i = 0; rc == KURA_OK && i < count; i++)
        if (list[i].state <= KURA_STATE_FULL &&
            (every_day || list[i].day == day))
            rc = partition_held(&list[i], key, &most, err);
    kura_warehouse_list_free(list, count);
    kura_warehouse_read_end(w);
    if (rc == KURA_OK) {
        *bytes = 0;
        rc = catalog_held(w, table->name, day, every_day, key, bytes, err);
    }
    if (rc == KURA_OK && most > *bytes)
        *bytes = most;
    return rc;
}

/* --- Bringing the catalog up to date ----------------------------------- */

static enum kura_rc mirror_source(sqlite3_stmt *to, int64_t number,
                                  const struct kura_partition_source *s,
                                  struct kura_err *err)
{
    const int64_t v[] = {s->held_bytes, s->held_lines, s->rows,
                         s->bytes,      s->first_ts,   s->last_ts};
    int i;

    (void)sqlite3_bind_int64(to, 1, number);
    kura_bind_text(to, 2, s->key);
    kura_bind_text(to, 3, s->name);
    kura_bind_text(to, 4, s->held_sha256);
    for (i = 0; i < 6; i++)
        (void)sqlite3_bind_int64(to, 5 + i, v[i]);
    return kura_db_step_done(to, err);
}

static enum kura_rc mirror_sources(struct kura_warehouse *w, int64_t number,
                                   struct kura_partition *p, int64_t *bytes,
                                   struct kura_err *err)
{
    sqlite3_stmt *to = NULL;
    enum kura_rc rc;
    size_t i;

    rc = kura_catalog_run(w, "DELETE FROM partition_source WHERE partition = ?1",
                          number, 0, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(w->db,
                             "INSERT INTO partition_source (partition, key, "
                             "name, held_sha256, held_bytes, held_lines, rows, "
                             "bytes, first_ts, last_ts) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                             &to, err);
    for (i = 0; rc == KURA_OK && i < kura_partition_sources(p); i++) {
        *bytes += kura_partition_source(p, i)->bytes;
        rc = mirror_source(to, number, kura_partition_source(p, i), err);
    }
    (void)sqlite3_finalize(to);
    return rc;
}

/* The smallest and largest ts of a partition's rows. */
static void partition_span(const struct kura_partition *p, int64_t *first,
                           int64_t *last)
{
    size_t i;

    *first = *last = 0;
    for (i = 0; i < kura_partition_segments(p); i++) {
        const struct kura_segment *s = kura_partition_segment(p, i);

        *first = i == 0 || s->first_ts < *first ? s->first_ts : *first;
        *last = i == 0 || s->last_ts > *last ? s->last_ts : *last;
    }
}

enum kura_rc kura_catalog_mirror(struct kura_warehouse *w, int64_t number,
                                 struct kura_partition *p, struct kura_err *err)
{
    int64_t v[] = {kura_partition_rows(p), 0, 0, 0};
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = mirror_sources(w, number, p, &v[1], err);
    int i;

    partition_span(p, &v[2], &v[3]);
    if (rc == KURA_OK)
        rc = kura_db_prepare(w->db,
                             "UPDATE partition SET rows = ?3, bytes = ?4, "
                             "first_ts = ?5, last_ts = ?6 "
                             "WHERE number = ?1 AND id = ?2",
                             &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, number);
    kura_bind_text(stmt, 2, kura_partition_id(p));
    for (i = 0; i < 4; i++)
        (void)sqlite3_bind_int64(stmt, 3 + i, v[i]);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && sqlite3_changes(w->db) != 1)
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "'%s' is not the partition that the catalog means",
                          kura_partition_id(p));
    return rc;
}

enum kura_rc kura_warehouse_committed(struct kura_warehouse *w, int64_t number,
                                      const char *path, struct kura_err *err)
{
    struct kura_partition *p = NULL;
    enum kura_rc rc = kura_partition_open(path, &p, err);

    if (rc == KURA_OK)
        rc = kura_catalog_begin(w, err);
    if (rc == KURA_OK)
        rc = kura_catalog_end(w, kura_catalog_mirror(w, number, p, err), err);
    kura_partition_close(p);
    return rc;
}

enum kura_rc kura_warehouse_partition_has(struct kura_warehouse *w,
                                          int64_t number, const char *name,
                                          bool *out, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "SELECT 1 FROM partition_source "
                         "WHERE partition = ? AND name = ? AND rows > 0",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, number);
    kura_bind_text(stmt, 2, name);
    rc = kura_db_step(stmt, out, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* --- Holdings ---------------------------------------------------------- */

static enum kura_rc holding_read(sqlite3_stmt *stmt, struct kura_holding *h,
                                 struct kura_err *err)
{
    char *source = NULL;
    enum kura_rc rc;

    rc = kura_catalog_schema(kura_column_text(stmt, 0), &h->table, err);
    if (rc == KURA_OK)
        rc = kura_column_copy(stmt, 2, &source, err);
    h->day = sqlite3_column_int64(stmt, 1);
    h->source = source;
    h->rows = sqlite3_column_int64(stmt, 3);
    h->bytes = sqlite3_column_int64(stmt, 4);
    h->first_ts = sqlite3_column_int64(stmt, 5);
    h->last_ts = sqlite3_column_int64(stmt, 6);
    return rc;
}

enum kura_rc kura_warehouse_holdings(struct kura_warehouse *w,
                                     struct kura_holding **out, size_t *count,
                                     struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *list = NULL;
    size_t n = 0, cap = 0;
    bool row = true;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "SELECT p.\"table\", p.day, s.name, s.rows, s.bytes, "
                         "s.first_ts, s.last_ts FROM partition p "
                         "JOIN partition_source s ON s.partition = p.number "
                         "WHERE p.state IN ('open', 'full', 'sealed', "
                         "'archived') ORDER BY p.\"table\", s.name, p.day, p.number",
                         &stmt, err);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = kura_list_grow(&list, n, &cap, sizeof(**out), err);
        if (rc == KURA_OK)
            rc = holding_read(stmt, (struct kura_holding *)list + n, err);
        if (rc == KURA_OK)
            n++;
    }
    (void)sqlite3_finalize(stmt);
    if (rc != KURA_OK) {
        kura_warehouse_holdings_free(list, n);
        return rc;
    }
    *out = list;
    *count = n;
    return KURA_OK;
}

void kura_warehouse_holdings_free(struct kura_holding *list, size_t count)
{
    union {
        const char *text;
        void *memory;
    } u; /* the list gives its names out as const, and owns them */
    size_t i;

    for (i = 0; i < count; i++) {
        u.text = list[i].source;
        free(u.memory);
    }
    free(list);
}
