/* engine.c - what belongs to a connection: one snapshot of the catalog while
 * any cursor is open, the partitions that cursors stand on or left a moment
 * ago, and the limits of kura_engine_restrict. */
#include "query/engine.h"

#include "query/engine_internal.h"
#include "query/functions.h"
#include "query/table.h"

/* Partitions kept open that no cursor stands on, together with those that one
 * does: a file or three (WAL) each. */
#define HANDLES 64
/* Instructions of SQLite between two looks at the stop sign. */
#define PROGRESS_STEPS 2000

struct handle {
    struct kura_partition *partition; /* NULL: free */
    size_t entry;
    size_t pins;
    uint64_t used; /* of the engine's clock, when it was last pinned */
};

struct guess {
    int64_t rows, partitions;
};

struct kura_engine {
    struct kura_warehouse *w;
    struct kura_span span;
    struct kura_scan_stats stats;
    struct guess *guesses; /* per table */
    /* The snapshot, while cursors > 0. */
    size_t cursors;
    struct kura_partition_entry *entries;
    size_t count;
    int64_t *rows; /* of an entry when it was first opened, -1 before */
    struct handle *handles;
    size_t nhandle;
    uint64_t clock;
    /* Limits. */
    const volatile sig_atomic_t *stop;
    int64_t deadline_ms; /* of the monotonic clock; 0: none */
};

/* --- Snapshot --------------------------------------------------------- */

static int schema_index(const struct kura_schema *s)
{
    int i;

    for (i = 0; i < kura_schema_count(); i++)
        if (kura_schema_at(i) == s)
            return i;
    return 0;
}

static void engine_count_rows(struct kura_engine *e)
{
    size_t i;

    memset(e->guesses, 0, (size_t)kura_schema_count() * sizeof(*e->guesses));
    for (i = 0; i < e->count; i++) {
        struct guess *g = &e->guesses[schema_index(e->entries[i].schema)];

        g->rows += e->entries[i].rows;
        g->partitions++;
    }
}

static void snapshot_drop(struct kura_engine *e)
{
    size_t i;

    for (i = 0; i < e->nhandle; i++)
        kura_partition_close(e->handles[i].partition);
    e->nhandle = 0;
    if (e->entries != NULL)
        kura_warehouse_list_free(e->entries, e->count);
    e->entries = NULL;
    e->count = 0;
    free(e->rows);
    e->rows = NULL;
}

static enum kura_rc snapshot_take(struct kura_engine *e, struct kura_err *err)
{
    enum kura_rc rc;
    size_t i;

    rc = kura_warehouse_list(e->w, NULL, &e->entries, &e->count, err);
    if (rc != KURA_OK) {
        e->entries = NULL;
        e->count = 0;
        return rc;
    }
    e->rows = calloc(e->count ? e->count : 1, sizeof(*e->rows));
    if (e->rows == NULL) {
        snapshot_drop(e);
        return kura_err_nomem(err);
    }
    for (i = 0; i < e->count; i++)
        e->rows[i] = -1;
    engine_count_rows(e);
    return KURA_OK;
}

enum kura_rc kura_engine_enter(struct kura_engine *e, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    if (e->cursors == 0)
        rc = snapshot_take(e, err);
    if (rc == KURA_OK)
        e->cursors++;
    return rc;
}

void kura_engine_leave(struct kura_engine *e)
{
    e->cursors--;
    if (e->cursors == 0)
        snapshot_drop(e);
}

size_t kura_engine_count(const struct kura_engine *e)
{
    return e->count;
}

const struct kura_partition_entry *
kura_engine_entry(const struct kura_engine *e, size_t i)
{
    return &e->entries[i];
}

/* --- Open partitions -------------------------------------------------- */

static struct handle *handle_find(struct kura_engine *e, size_t entry)
{
    size_t i;

    for (i = 0; i < e->nhandle; i++)
        if (e->handles[i].partition != NULL && e->handles[i].entry == entry)
            return &e->handles[i];
    return NULL;
}

/* A slot for one more: free, or that of the partition unused for longest; a
 * new one where every other has a cursor on it. */
static enum kura_rc handle_slot(struct kura_engine *e, struct handle **out,
                                struct kura_err *err)
{
    struct handle *best = NULL, *grown;
    size_t i;

    for (i = 0; i < e->nhandle; i++) {
        struct handle *h = &e->handles[i];

        if (h->pins == 0 && (best == NULL || h->used < best->used))
            best = h;
    }
    if (best == NULL || (e->nhandle < HANDLES && best->partition != NULL)) {
        grown = realloc(e->handles, (e->nhandle + 1) * sizeof(*grown));
        if (grown == NULL)
            return kura_err_nomem(err);
        e->handles = grown;
        best = &grown[e->nhandle++];
        memset(best, 0, sizeof(*best));
    }
    kura_partition_close(best->partition);
    memset(best, 0, sizeof(*best));
    *out = best;
    return KURA_OK;
}

static enum kura_rc handle_open(struct kura_engine *e, size_t i,
                                struct handle **out, struct kura_err *err)
{
    const struct kura_partition_entry *entry = &e->entries[i];
    struct kura_partition *p = NULL;
    struct handle *h = NULL;
    enum kura_rc rc;

    rc = handle_slot(e, &h, err);
    if (rc != KURA_OK)
        return rc;
    rc = kura_partition_open(entry->path, &p, err);
    if (rc != KURA_OK)
        return rc;
    if (kura_partition_schema(p) != entry->schema ||
        strcmp(kura_partition_id(p), entry->id) != 0) {
        kura_partition_close(p);
        return kura_err_set(err, KURA_ECORRUPT,
                            "'%s' is not the partition that the catalog says",
                            entry->path);
    }
    h->partition = p;
    h->entry = i;
    *out = h;
    return KURA_OK;
}

enum kura_rc kura_engine_pin(struct kura_engine *e, size_t i,
                             struct kura_partition **out, int64_t *rows,
                             struct kura_err *err)
{
    struct handle *h = handle_find(e, i);
    enum kura_rc rc = KURA_OK;

    if (h == NULL) {
        rc = handle_open(e, i, &h, err);
        if (rc != KURA_OK)
            return rc;
        e->stats.partitions_opened++;
    }
    if (e->rows[i] < 0)
        e->rows[i] = kura_partition_rows(h->partition);
    h->pins++;
    h->used = ++e->clock;
    *out = h->partition;
    *rows = e->rows[i];
    return KURA_OK;
}

void kura_engine_unpin(struct kura_engine *e, size_t i)
{
    struct handle *h = handle_find(e, i);

    if (h != NULL && h->pins > 0)
        h->pins--;
}

/* --- Register --------------------------------------------------------- */

/* How kura_engine_restrict finds the engine of a connection: a function that
 * only a pointer of ours makes do anything. */
static void sql_engine(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    struct kura_engine **to = sqlite3_value_pointer(argv[0], "kura_engine");

    (void)argc;
    if (to != NULL)
        *to = sqlite3_user_data(ctx);
}

static struct kura_engine *engine_of(sqlite3 *db)
{
    struct kura_engine *e = NULL;
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(db, "SELECT kura_engine(?1)", -1, &stmt, NULL) ==
            SQLITE_OK &&
        sqlite3_bind_pointer(stmt, 1, &e, "kura_engine", NULL) == SQLITE_OK)
        (void)sqlite3_step(stmt);
    (void)sqlite3_finalize(stmt);
    return e;
}

static enum kura_rc engine_new(struct kura_warehouse *w, int64_t from_us,
                               int64_t to_us, struct kura_engine **out,
                               struct kura_err *err)
{
    struct kura_engine *e = calloc(1, sizeof(*e));
    size_t n = (size_t)kura_schema_count();

    if (e != NULL)
        e->guesses = calloc(n ? n : 1, sizeof(*e->guesses));
    if (e == NULL || e->guesses == NULL) {
        free(e);
        return kura_err_nomem(err);
    }
    e->w = w;
    e->span.low = from_us;
    e->span.high = to_us == INT64_MAX ? to_us : to_us - 1;
    if (to_us == INT64_MIN) { /* nothing is before it */
        e->span.low = INT64_MAX;
        e->span.high = INT64_MIN;
    }
    *out = e;
    return KURA_OK;
}

static enum kura_rc engine_add(struct kura_engine *e, sqlite3 *db,
                               struct kura_err *err)
{
    enum kura_rc rc;
    int i;

    rc = kura_functions_register(db, kura_warehouse_zone(e->w), err);
    if (rc != KURA_OK)
        return rc;
    if (sqlite3_create_function_v2(db, "kura_engine", 1,
                                   SQLITE_UTF8 | SQLITE_DIRECTONLY, e,
                                   sql_engine, NULL, NULL, NULL) != SQLITE_OK)
        return kura_err_set(err, KURA_EIO, "cannot add a function: %s",
                            sqlite3_errmsg(db));
    for (i = 0; rc == KURA_OK && i < kura_schema_count(); i++)
        rc = kura_table_register(db, e, kura_schema_at(i), err);
    return rc;
}

enum kura_rc kura_engine_register(sqlite3 *db, struct kura_warehouse *w,
                                  int64_t from_us, int64_t to_us,
                                  struct kura_engine **out,
                                  struct kura_err *err)
{
    struct kura_engine *e = NULL;
    enum kura_rc rc;

    *out = NULL;
    rc = engine_new(w, from_us, to_us, &e, err);
    if (rc != KURA_OK)
        return rc;
    rc = kura_engine_enter(e, err); /* for the guesses */
    if (rc == KURA_OK)
        kura_engine_leave(e);
    if (rc == KURA_OK)
        rc = engine_add(e, db, err);
    /* After a failure some of it may be registered: the caller closes db and
     * then frees e, as after success. */
    *out = e;
    return rc;
}

void kura_engine_free(struct kura_engine *e)
{
    if (e == NULL)
        return;
    snapshot_drop(e);
    free(e->handles);
    free(e->guesses);
    free(e);
}

const struct kura_scan_stats *kura_engine_stats(const struct kura_engine *e)
{
    return &e->stats;
}

struct kura_scan_stats *kura_engine_tally(struct kura_engine *e)
{
    return &e->stats;
}

const struct kura_zone *kura_engine_zone(const struct kura_engine *e)
{
    return kura_warehouse_zone(e->w);
}

struct kura_span kura_engine_span(const struct kura_engine *e)
{
    return e->span;
}

void kura_engine_guess(const struct kura_engine *e, const struct kura_schema *s,
                       int64_t *rows, int64_t *partitions)
{
    const struct guess *g = &e->guesses[schema_index(s)];

    *rows = g->rows;
    *partitions = g->partitions;
}

/* --- Limits ----------------------------------------------------------- */

static int64_t monotonic_ms(void)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum kura_rc kura_engine_check(const struct kura_engine *e,
                               struct kura_err *err)
{
    if (e->stop != NULL && *e->stop != 0)
        return kura_err_set(err, KURA_ESTOPPED, "stopped");
    if (e->deadline_ms != 0 && monotonic_ms() >= e->deadline_ms)
        return kura_err_set(err, KURA_ESTOPPED, "the time allowed is over");
    return KURA_OK;
}

static int engine_progress(void *arg)
{
    return kura_engine_check(arg, NULL) != KURA_OK;
}

/* Functions that touch files or raw memory, where a build of SQLite has them.
 */
static bool function_is_refused(const char *name)
{
    static const char *const refused[] = {
        "load_extension", "readfile", "writefile", "edit",
        "fts3_tokenizer", "lsmode",   "zipfile",
    };
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (sqlite3_stricmp(name, refused[i]) == 0)
            return true;
    return sqlite3_strnicmp(name, "fts", 3) == 0;
}

static int engine_authorize(void *arg, int action, const char *a, const char *b,
                            const char *database, const char *trigger)
{
    (void)arg;
    (void)a;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return b != NULL && function_is_refused(b) ? SQLITE_DENY : SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

/* SQLite connects an eponymous table at its first use, and declaring it is a
 * CREATE TABLE that the authorizer would refuse: connect them all before. */
static enum kura_rc engine_connect_tables(sqlite3 *db, struct kura_err *err)
{
    sqlite3_stmt *stmt;
    char sql[120];
    int i;

    for (i = 0; i < kura_schema_count(); i++) {
        (void)sqlite3_snprintf((int)sizeof(sql), sql, "SELECT 1 FROM \"%w\"",
                               kura_schema_at(i)->name);
        if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
            return kura_err_set(err, KURA_EIO, "cannot connect table '%s': %s",
                                kura_schema_at(i)->name, sqlite3_errmsg(db));
        (void)sqlite3_finalize(stmt);
    }
    return KURA_OK;
}

enum kura_rc kura_engine_restrict(sqlite3 *db, int64_t memory,
                                  int64_t timeout_ms,
                                  const volatile sig_atomic_t *stop,
                                  struct kura_err *err)
{
    struct kura_engine *e = engine_of(db);
    enum kura_rc rc;

    if (e == NULL)
        return kura_err_set(err, KURA_ENOTFOUND,
                            "the connection has no tables of kura");
    rc = engine_connect_tables(db, err);
    if (rc != KURA_OK)
        return rc;
    e->stop = stop;
    e->deadline_ms = timeout_ms > 0 ? monotonic_ms() + timeout_ms : 0;
    sqlite3_progress_handler(db, PROGRESS_STEPS, engine_progress, e);
    if (memory > 0)
        (void)sqlite3_hard_heap_limit64(memory);
    if (sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL) !=
            SQLITE_OK ||
        sqlite3_set_authorizer(db, engine_authorize, NULL) != SQLITE_OK)
        return kura_err_set(err, KURA_EIO, "cannot restrict a connection: %s",
                            sqlite3_errmsg(db));
    return KURA_OK;
}
