/* engine.c - what belongs to a connection: one snapshot of the catalog while
 * any cursor is open, the partitions that cursors stand on or left a moment
 * ago, and the limits of kura_engine_restrict. */
#include "query/engine.h"

#include "base/clock.h"
#include "base/fs.h"
#include "query/engine_internal.h"
#include "query/functions.h"
#include "query/ioc_live.h"
#include "query/rollup_table.h"
#include "query/sighting.h"
#include "query/site_table.h"
#include "query/table.h"
#include "query/vtab.h"

/* Partitions kept open that no cursor stands on, together with those that one
 * does: a file or three (WAL) each. */
#define HANDLES 64
/* Sightings made for a snapshot that stay until its end: where everything that
 * was loaded is open still, there may be thousands. */
#define MADE_KEPT 96
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

/* What a statement asked of a table. */
struct asked {
    bool read;
    struct kura_span span;
};

struct kura_engine {
    struct kura_warehouse *w;
    struct kura_site *site;
    struct kura_function_place place;
    struct kura_span span;
    bool archived, ever;
    struct asked *asked; /* per table, of the last statement */
    /* Of the last statement; the snapshot is gone by the time one asks. */
    struct kura_coverage coverage;
    int64_t *lost; /* numbers of partitions that could not be read */
    size_t nlost;
    struct kura_scan_stats stats;
    struct guess *guesses; /* per table */
    /* The snapshot, while cursors > 0. */
    size_t cursors;
    struct kura_partition_entry *listed;
    size_t listed_count;
    /* Those listed, then their sightings. */
    struct kura_partition_entry *entries;
    const struct kura_copy **copies; /* per entry: the one to read, or NULL */
    size_t count;
    struct kura_sightings sightings;
    int64_t *rows; /* of an entry when it was first opened, -1 before */
    struct handle *handles;
    size_t nhandle;
    size_t made; /* sightings that were made and are kept */
    uint64_t clock;
    bool reading; /* the readers' lock is held */
    /* Limits. */
    const volatile sig_atomic_t *stop;
    int64_t deadline_ms; /* of the monotonic clock; 0: none */
};

/* --- Snapshot --------------------------------------------------------- */

/* The tables of logs, and that of sightings. */
static int tables_count(void)
{
    return kura_schema_count() + 1;
}

static const struct kura_schema *table_at(int i)
{
    return i < kura_schema_count() ? kura_schema_at(i) : kura_schema_sighting();
}

static int schema_index(const struct kura_schema *s)
{
    int i;

    for (i = 0; i < tables_count(); i++)
        if (table_at(i) == s)
            return i;
    return 0;
}

static void engine_count_rows(struct kura_engine *e)
{
    size_t i;

    memset(e->guesses, 0, (size_t)tables_count() * sizeof(*e->guesses));
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
    e->made = 0;
    kura_sightings_release(&e->sightings);
    free(e->entries);
    if (e->listed != NULL)
        kura_warehouse_list_free(e->listed, e->listed_count);
    e->listed = NULL;
    e->entries = NULL;
    e->count = 0;
    free(e->rows);
    e->rows = NULL;
    free(e->copies);
    e->copies = NULL;
    if (e->reading)
        kura_warehouse_read_end(e->w);
    e->reading = false;
}

/* The nearest copy of each partition that is listed, and behind them the
 * sightings of each. */
static enum kura_rc snapshot_fill(struct kura_engine *e, struct kura_err *err)
{
    size_t i, n = e->listed_count;
    enum kura_rc rc;

    e->entries = calloc(2 * n + 1, sizeof(*e->entries));
    e->rows = calloc(2 * n + 1, sizeof(*e->rows));
    e->copies = calloc(2 * n + 1, sizeof(*e->copies));
    if (e->entries == NULL || e->rows == NULL || e->copies == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < n; i++) {
        e->entries[i] = e->listed[i];
        e->copies[i] = kura_partition_copy(&e->listed[i], e->archived);
    }
    rc = kura_sightings_add(&e->sightings, e->entries, e->copies, n, &e->count,
                            err);
    for (i = 0; i < e->count; i++)
        e->rows[i] = -1;
    return rc;
}

static enum kura_rc snapshot_take(struct kura_engine *e, struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_warehouse_read_begin(e->w, err);
    if (rc != KURA_OK)
        return rc;
    e->reading = true;
    rc = kura_warehouse_list(e->w, NULL, &e->listed, &e->listed_count, err);
    if (rc != KURA_OK)
        e->listed = NULL;
    else
        rc = snapshot_fill(e, err);
    if (rc != KURA_OK) {
        snapshot_drop(e);
        return rc;
    }
    memset(e->asked, 0, (size_t)tables_count() * sizeof(*e->asked));
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

/* --- Coverage ---------------------------------------------------------- */

static bool entry_is_sighting(const struct kura_engine *e, size_t i)
{
    return i >= e->listed_count;
}

/* Sightings that are made when they are read: where $TMPDIR is full, say, no
 * partition is at fault. */
static bool entry_is_made(const struct kura_engine *e, size_t i)
{
    return entry_is_sighting(e, i) &&
           kura_sightings_is_live(&e->sightings, i - e->listed_count);
}

/* A partition and its sightings have one number. */
static int64_t lost_key(const struct kura_engine *e, size_t i)
{
    return entry_is_sighting(e, i) ? -e->entries[i].number
                                   : e->entries[i].number;
}

static bool entry_is_lost(const struct kura_engine *e, size_t i)
{
    size_t k;

    for (k = 0; k < e->nlost; k++)
        if (e->lost[k] == lost_key(e, i))
            return true;
    return false;
}

static enum kura_covered entry_covered(const struct kura_engine *e, size_t i)
{
    static const enum kura_covered tiers[] = {
        [KURA_TIER_ONLINE] = KURA_COVERED_ONLINE,
        [KURA_TIER_RESTORED] = KURA_COVERED_RESTORED,
        [KURA_TIER_VOLUME] = KURA_COVERED_IN_PLACE};
    const struct kura_partition_entry *p = &e->entries[i];
    const struct kura_copy *copy = e->copies[i];

    if (copy != NULL && entry_is_lost(e, i))
        return kura_fs_exists(copy->at.path) ? KURA_COVERED_DAMAGED
                                             : KURA_COVERED_MISSING;
    if (copy != NULL)
        return tiers[copy->tier];
    if (entry_is_sighting(e, i))
        return KURA_COVERED_MISSING;
    if (p->state == KURA_STATE_EXPIRED)
        return KURA_COVERED_EXPIRED;
    if (p->copy_count == 0)
        return KURA_COVERED_MISSING;
    return e->archived ? KURA_COVERED_NOT_MOUNTED : KURA_COVERED_ARCHIVED;
}

static const char *entry_where(const struct kura_engine *e, size_t i,
                               enum kura_covered how)
{
    if (how == KURA_COVERED_MISSING && entry_is_sighting(e, i))
        return e->entries[i].sighting.path;
    if (how == KURA_COVERED_DAMAGED || how == KURA_COVERED_MISSING)
        return e->copies[i] == NULL ? NULL : e->copies[i]->at.path;
    if (e->copies[i] != NULL)
        return e->copies[i]->where;
    return e->entries[i].copy_count == 0 ? NULL : e->entries[i].copies[0].where;
}

/* A bound beyond this is none: no log is 100,000 years old. */
#define EVER (INT64_MAX / 4)

/* The days of a table that a statement asked for; where it named none, those
 * that there are. */
static bool coverage_days(const struct kura_engine *e,
                          const struct kura_schema *s, struct kura_span span,
                          int64_t *first, int64_t *last)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    size_t i;

    for (i = 0; i < e->count; i++) {
        if (e->entries[i].schema != s)
            continue;
        low = e->entries[i].day < low ? e->entries[i].day : low;
        high = e->entries[i].day > high ? e->entries[i].day : high;
    }
    *first = span.low < -EVER ? low : kura_day_of(span.low);
    *last = span.high > EVER ? high : kura_day_of(span.high);
    return *first <= *last;
}

static enum kura_rc coverage_make(struct kura_engine *e, struct kura_err *err)
{
    enum kura_covered *how = calloc(e->count + 1, sizeof(*how));
    const char **where = calloc(e->count + 1, sizeof(*where));
    int64_t first, last;
    enum kura_rc rc = KURA_OK;
    size_t i;
    int t;

    kura_coverage_release(&e->coverage);
    if (how == NULL || where == NULL) {
        rc = kura_err_nomem(err);
        goto out;
    }
    for (i = 0; i < e->count; i++) {
        how[i] = entry_covered(e, i);
        where[i] = entry_where(e, i, how[i]);
        /* The catalog does not know how many sightings there are. */
        if (entry_is_sighting(e, i))
            e->entries[i].rows = e->rows[i] > 0 ? e->rows[i] : 0;
    }
    for (t = 0; rc == KURA_OK && t < tables_count(); t++) {
        const struct kura_schema *s = table_at(t);

        if (e->asked[t].read &&
            coverage_days(e, s, e->asked[t].span, &first, &last))
            rc = kura_coverage_add(&e->coverage, s, first, last, e->entries,
                                   how, where, e->count, err);
    }
out:
    free(how);
    free(where);
    return rc;
}

void kura_engine_note(struct kura_engine *e, const struct kura_schema *s,
                      struct kura_span span)
{
    struct asked *a = &e->asked[schema_index(s)];

    if (!a->read || span.low < a->span.low)
        a->span.low = span.low;
    if (!a->read || span.high > a->span.high)
        a->span.high = span.high;
    a->read = true;
}

static enum kura_rc coverage_copy(const struct kura_coverage *from,
                                  struct kura_coverage *to,
                                  struct kura_err *err)
{
    size_t i;

    memset(to, 0, sizeof(*to));
    to->items = calloc(from->count + 1, sizeof(*to->items));
    if (to->items == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < from->count; i++) {
        to->items[i] = from->items[i];
        to->items[i].where = strdup(from->items[i].where);
        to->count++;
        if (to->items[i].where == NULL) {
            kura_coverage_release(to);
            return kura_err_nomem(err);
        }
    }
    return KURA_OK;
}

enum kura_rc kura_engine_coverage(const struct kura_engine *e,
                                  struct kura_coverage *out,
                                  struct kura_err *err)
{
    return coverage_copy(&e->coverage, out, err);
}

size_t kura_engine_lost(const struct kura_engine *e)
{
    return e->nlost;
}

bool kura_engine_lose(struct kura_engine *e, size_t i, enum kura_rc rc)
{
    int64_t *grown;

    if (rc != KURA_ECORRUPT && rc != KURA_ENOTFOUND &&
        (rc != KURA_EIO || entry_is_made(e, i)))
        return false;
    if (entry_is_lost(e, i))
        return true;
    grown = realloc(e->lost, (e->nlost + 1) * sizeof(*grown));
    if (grown == NULL)
        return false;
    e->lost = grown;
    e->lost[e->nlost++] = lost_key(e, i);
    return true;
}

void kura_engine_leave(struct kura_engine *e)
{
    e->cursors--;
    if (e->cursors != 0)
        return;
    if (e->entries != NULL)
        (void)coverage_make(e, NULL);
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

static enum kura_rc entry_open(const struct kura_engine *e, size_t i,
                               struct kura_partition **out,
                               struct kura_err *err)
{
    const struct kura_partition_entry *entry = &e->entries[i];
    struct kura_partition *p = NULL;
    enum kura_rc rc;

    if (entry_is_sighting(e, i))
        return kura_sightings_open(&e->sightings, i - e->listed_count, out,
                                   err);
    rc = kura_partition_open_at(&e->copies[i]->at, &p, err);
    if (rc != KURA_OK)
        return rc;
    if (kura_partition_schema(p) != entry->schema ||
        strcmp(kura_partition_id(p), entry->id) != 0) {
        kura_partition_close(p);
        return kura_err_set(err, KURA_ECORRUPT,
                            "'%s' is not the partition that the catalog says",
                            e->copies[i]->at.path);
    }
    *out = p;
    return KURA_OK;
}

/* The handle of sightings that were made for this snapshot keeps a pin, so that
 * they are made once; but not that of any number of them. */
static enum kura_rc handle_open(struct kura_engine *e, size_t i,
                                struct handle **out, struct kura_err *err)
{
    struct handle *h = NULL;
    enum kura_rc rc;

    rc = handle_slot(e, &h, err);
    if (rc != KURA_OK)
        return rc;
    *out = h;
    rc = entry_open(e, i, &h->partition, err);
    if (rc != KURA_OK)
        return rc;
    h->entry = i;
    if (entry_is_made(e, i) && e->made < MADE_KEPT) {
        h->pins = 1;
        e->made++;
    }
    return KURA_OK;
}

/* A compressed partition (it has a size) is never written again. */
bool kura_engine_is_apart(const struct kura_engine *e, size_t i)
{
    return e->copies[i] != NULL && e->copies[i]->at.size != 0 &&
           !entry_is_made(e, i) && !entry_is_lost(e, i);
}

enum kura_rc kura_engine_open_apart(struct kura_engine *e, size_t i,
                                    struct kura_partition **out,
                                    struct kura_err *err)
{
    enum kura_rc rc = entry_open(e, i, out, err);

    if (rc == KURA_OK)
        e->rows[i] = kura_partition_rows(*out);
    return rc;
}

enum kura_rc kura_engine_pin(struct kura_engine *e, size_t i,
                             struct kura_partition **out, int64_t *rows,
                             struct kura_err *err)
{
    struct handle *h = handle_find(e, i);
    struct kura_err cause = KURA_ERR_INIT;
    enum kura_rc rc = KURA_OK;

    *out = NULL;
    if (e->copies[i] == NULL || entry_is_lost(e, i))
        return KURA_OK;
    if (h == NULL) {
        rc = handle_open(e, i, &h, &cause);
        if (rc != KURA_OK && kura_engine_lose(e, i, rc))
            return KURA_OK;
        if (rc != KURA_OK)
            return kura_err_set(err, rc, "%s", cause.msg);
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

static enum kura_rc engine_new(struct kura_warehouse *w,
                               const struct kura_engine_options *o,
                               struct kura_engine **out, struct kura_err *err)
{
    struct kura_engine *e = calloc(1, sizeof(*e));
    size_t n = (size_t)tables_count();
    enum kura_rc rc;

    if (e != NULL) {
        e->guesses = calloc(n, sizeof(*e->guesses));
        e->asked = calloc(n, sizeof(*e->asked));
    }
    if (e == NULL || e->guesses == NULL || e->asked == NULL) {
        kura_engine_free(e);
        return kura_err_nomem(err);
    }
    rc = kura_site_read(kura_warehouse_config(w), kura_warehouse_dir(w),
                        kura_warehouse_zone(w), &e->site, err);
    if (rc == KURA_OK)
        rc = kura_ioc_live_new(kura_warehouse_dir(w), &e->place.iocs, err);
    if (rc != KURA_OK) {
        kura_engine_free(e);
        return rc;
    }
    e->w = w;
    e->place.zone = kura_warehouse_zone(w);
    e->place.site = e->site;
    e->archived = o->archived;
    e->ever = o->ever;
    e->span.low = o->from_us;
    e->span.high = o->to_us == INT64_MAX ? o->to_us : o->to_us - 1;
    if (o->to_us == INT64_MIN) { /* nothing is before it */
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

    rc = kura_functions_register(db, &e->place, err);
    if (rc != KURA_OK)
        return rc;
    if (sqlite3_create_function_v2(db, "kura_engine", 1,
                                   SQLITE_UTF8 | SQLITE_DIRECTONLY, e,
                                   sql_engine, NULL, NULL, NULL) != SQLITE_OK)
        return kura_err_set(err, KURA_EIO, "cannot add a function: %s",
                            sqlite3_errmsg(db));
    rc = kura_site_tables_register(db, e->site, err);
    for (i = 0; rc == KURA_OK && i < tables_count(); i++) {
        rc = kura_table_register(db, e, table_at(i), err);
        if (rc == KURA_OK)
            rc = kura_rollup_register(db, e, table_at(i), err);
    }
    return rc;
}

enum kura_rc kura_engine_register(sqlite3 *db, struct kura_warehouse *w,
                                  const struct kura_engine_options *o,
                                  struct kura_engine **out,
                                  struct kura_err *err)
{
    struct kura_engine *e = NULL;
    enum kura_rc rc;

    *out = NULL;
    rc = engine_new(w, o, &e, err);
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
    kura_coverage_release(&e->coverage);
    free(e->handles);
    free(e->guesses);
    free(e->asked);
    free(e->lost);
    kura_site_free(e->site);
    kura_ioc_live_free(e->place.iocs);
    free(e);
}

const struct kura_scan_stats *kura_engine_stats(const struct kura_engine *e)
{
    return &e->stats;
}

const struct kura_site *kura_engine_site(const struct kura_engine *e)
{
    return e->site;
}

struct kura_scan_stats *kura_engine_tally(struct kura_engine *e)
{
    return &e->stats;
}

const struct kura_zone *kura_engine_zone(const struct kura_engine *e)
{
    return e->place.zone;
}

const struct kura_function_place *kura_engine_place(const struct kura_engine *e)
{
    return &e->place;
}

struct kura_span kura_engine_span(const struct kura_engine *e,
                                  const struct kura_schema *s)
{
    struct kura_span span = e->span;

    if (e->ever && s == kura_schema_sighting())
        span.low = INT64_MIN;
    return span;
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

/* What tells which tables, columns and functions there are. */
static const char *const engine_pragmas[] = {"table_info", "table_xinfo",
                                             "table_list", "function_list"};
#define PRAGMAS (sizeof(engine_pragmas) / sizeof(engine_pragmas[0]))

static bool pragma_is_fine(const char *name)
{
    size_t i;

    for (i = 0; i < PRAGMAS; i++)
        if (sqlite3_stricmp(name, engine_pragmas[i]) == 0)
            return true;
    return false;
}

static int engine_authorize(void *arg, int action, const char *a, const char *b,
                            const char *database, const char *trigger)
{
    (void)arg;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return b != NULL && function_is_refused(b) ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
        return a != NULL && pragma_is_fine(a) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

/* As below for pragma_table_info, json_each and the like; SQLite may be built
 * without. */
static void engine_connect_others(sqlite3 *db)
{
    static const char *const json[] = {"SELECT 1 FROM json_each('[]')",
                                       "SELECT 1 FROM json_tree('[]')"};
    sqlite3_stmt *stmt;
    char sql[120];
    size_t i;

    for (i = 0; i < PRAGMAS; i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT 1 FROM pragma_%s",
                       engine_pragmas[i]);
        stmt = NULL;
        (void)sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
        (void)sqlite3_finalize(stmt);
    }
    for (i = 0; i < sizeof(json) / sizeof(json[0]); i++) {
        stmt = NULL;
        (void)sqlite3_prepare_v2(db, json[i], -1, &stmt, NULL);
        (void)sqlite3_finalize(stmt);
    }
}

/* SQLite connects an eponymous table at its first use, and declaring it is a
 * CREATE TABLE that the authorizer would refuse: connect them all before. */
static enum kura_rc engine_connect_tables(sqlite3 *db, struct kura_err *err)
{
    char name[KURA_ROLLUP_NAME];
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; rc == KURA_OK && i < tables_count(); i++) {
        rc = kura_vtab_touch(db, table_at(i)->name, err);
        (void)snprintf(name, sizeof(name), "%s_rollup", table_at(i)->name);
        if (rc == KURA_OK)
            rc = kura_vtab_touch(db, name, err);
    }
    if (rc != KURA_OK)
        return rc;
    engine_connect_others(db);
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
