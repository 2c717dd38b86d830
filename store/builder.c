/* builder.c - column vectors in memory, chunks and dictionaries on disk.
 *
 * State: rows [0, flushed) are in SQLite (perhaps in a transaction that is not
 * committed yet); the vectors hold the rows of the current segment, `fill` of
 * them.  A full segment is written and the vectors start again at 0; a commit
 * writes the segment that is not full too, and writes it again later.
 * Dictionary entries go out in the order of their ids, so every INSERT appends
 * to its table. */
#include "store/builder.h"

#include "base/fs.h"
#include "store/db.h"
#include "store/dictionary.h"
#include "store/partition.h"
#include "store/segment.h"
#include "store/sqlite.h"
#include "store/view.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/embedded.h"
#include "base/hash.h"
#include "base/version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUILDER_FIRST_ROWS 256u
#define BUILDER_VIEW_MAX (1u << 20)
/* Dictionary entries in one INSERT: within it SQLite appends without looking
 * for the place again. */
#define BUILDER_ENTRIES 64u

/* One stored column. */
struct builder_column {
    const char *name;
    int schema; /* index in the schema; KURA_CELL_SHAPE */
    int id;     /* in the table "column" */
    bool is_text;
    bool used;        /* some row of this segment is not NULL */
    uint32_t *ids;    /* text: 0 is NULL */
    int64_t *values;  /* integer */
    uint8_t *present; /* integer: 0 where NULL */
    struct kura_dictionary dict;
    uint32_t written;          /* dictionary entries in SQLite */
    sqlite3_stmt *insert;      /* one entry */
    sqlite3_stmt *insert_many; /* BUILDER_ENTRIES, NULL until wanted */
};

/* What a source has here; the index is its id in the dictionary - 1. */
struct builder_source {
    int64_t rows, bytes, first_ts, last_ts;
};

struct kura_builder {
    sqlite3 *db;
    char *path;
    char id[33];
    const struct kura_schema *schema;
    int64_t day;
    struct builder_column *columns;
    int count;
    int *of_schema; /* schema index -> columns index, -1 computed */
    int ts, source; /* columns index */
    uint32_t capacity, fill;
    int64_t segment;           /* of the rows in the vectors */
    int64_t rows;              /* all */
    int64_t first_ts, last_ts; /* of this segment */
    size_t dict_bytes;         /* texts of all dictionaries */
    bool dirty, in_transaction;
    uint64_t *scratch;
    struct kura_buf planes;
    struct builder_source *sources;
    uint32_t source_capacity;
    sqlite3_stmt *put_chunk, *put_segment, *put_source;
};

/* --- Columns ---------------------------------------------------------- */

static enum kura_rc builder_layout(struct kura_builder *b, struct kura_err *err)
{
    const struct kura_schema *s = b->schema;
    int i, n = 0;

    b->columns = calloc((size_t)s->count + 1, sizeof(*b->columns));
    b->of_schema = calloc((size_t)s->count, sizeof(*b->of_schema));
    if (b->columns == NULL || b->of_schema == NULL)
        return kura_err_nomem(err);
    for (i = 0; i <= s->count; i++) {
        struct builder_column *c = &b->columns[n];

        if (i < s->count && s->columns[i].function != NULL) {
            b->of_schema[i] = -1;
            continue;
        }
        if (i < s->count)
            b->of_schema[i] = n;
        c->name = i < s->count ? s->columns[i].name : "shape";
        c->schema = i < s->count ? i : KURA_CELL_SHAPE;
        c->is_text = i == s->count || s->columns[i].type == KURA_TEXT;
        c->id = ++n;
        kura_dictionary_init(&c->dict);
        if (strcmp(c->name, "ts") == 0)
            b->ts = n - 1;
        if (strcmp(c->name, "source") == 0)
            b->source = n - 1;
    }
    b->count = n;
    return KURA_OK;
}

static enum kura_rc builder_grow(struct kura_builder *b, struct kura_err *err)
{
    uint32_t had = b->capacity;
    uint32_t rows = had == 0 ? BUILDER_FIRST_ROWS : had * 2;
    uint64_t *scratch;
    int i;

    scratch = realloc(b->scratch, rows * sizeof(*scratch));
    if (scratch == NULL)
        return kura_err_nomem(err);
    b->scratch = scratch;
    for (i = 0; i < b->count; i++) {
        struct builder_column *c = &b->columns[i];

        if (c->is_text) {
            uint32_t *ids = realloc(c->ids, rows * sizeof(*ids));

            if (ids == NULL)
                return kura_err_nomem(err);
            memset(ids + had, 0, (rows - had) * sizeof(*ids));
            c->ids = ids;
        } else {
            int64_t *values = realloc(c->values, rows * sizeof(*values));
            uint8_t *present = realloc(c->present, rows);

            if (values != NULL)
                c->values = values;
            if (present != NULL)
                c->present = present;
            if (values == NULL || present == NULL)
                return kura_err_nomem(err);
            memset(present + had, 0, rows - had);
        }
    }
    b->capacity = rows;
    return KURA_OK;
}

/* Starts the vectors again: NULL everywhere. */
static void builder_clear(struct kura_builder *b)
{
    int i;

    for (i = 0; i < b->count; i++) {
        struct builder_column *c = &b->columns[i];

        if (!c->used)
            continue;
        if (c->is_text)
            memset(c->ids, 0, b->fill * sizeof(*c->ids));
        else
            memset(c->present, 0, b->fill);
        c->used = false;
    }
    b->fill = 0;
}

/* --- Writing ---------------------------------------------------------- */

static enum kura_rc builder_begin(struct kura_builder *b, struct kura_err *err)
{
    enum kura_rc rc;

    if (b->in_transaction)
        return KURA_OK;
    rc = kura_db_exec(b->db, "BEGIN IMMEDIATE", err);
    if (rc == KURA_OK)
        b->in_transaction = true;
    return rc;
}

static enum kura_rc builder_prepare_many(struct kura_builder *b,
                                         struct builder_column *c,
                                         struct kura_err *err)
{
    struct kura_buf sql;
    enum kura_rc rc;
    uint32_t i;

    kura_buf_init(&sql, BUILDER_VIEW_MAX);
    rc = kura_buf_printf(&sql, err, "INSERT INTO \"dict_%s\" VALUES(?,?)",
                         c->name);
    for (i = 1; rc == KURA_OK && i < BUILDER_ENTRIES; i++)
        rc = kura_buf_puts(&sql, ",(?,?)", err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(b->db, sql.data, &c->insert_many, err);
    kura_buf_release(&sql);
    return rc;
}

/* Inserts the next `count` entries. */
static enum kura_rc builder_write_entries(struct builder_column *c,
                                          sqlite3_stmt *st, uint32_t count,
                                          struct kura_err *err)
{
    enum kura_rc rc;
    uint32_t i;

    for (i = 0; i < count; i++) {
        const struct kura_dictionary_entry *e =
            &c->dict.entries[c->written + i];
        int at = 2 * (int)i + 1;

        (void)sqlite3_bind_int64(st, at, (int64_t)c->written + i + 1);
        if (c->schema == KURA_CELL_SHAPE)
            (void)sqlite3_bind_blob(st, at + 1, e->text, (int)e->size,
                                    SQLITE_STATIC);
        else
            (void)sqlite3_bind_text(st, at + 1, e->text, (int)e->size,
                                    SQLITE_STATIC);
    }
    rc = kura_db_step_done(st, err);
    if (rc == KURA_OK)
        c->written += count;
    return rc;
}

static enum kura_rc builder_write_dictionary(struct kura_builder *b,
                                             struct builder_column *c,
                                             struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    if (c->insert_many == NULL &&
        c->dict.count - c->written >= 2 * BUILDER_ENTRIES)
        rc = builder_prepare_many(b, c, err);
    while (rc == KURA_OK && c->insert_many != NULL &&
           c->dict.count - c->written >= BUILDER_ENTRIES)
        rc = builder_write_entries(c, c->insert_many, BUILDER_ENTRIES, err);
    while (rc == KURA_OK && c->written < c->dict.count)
        rc = builder_write_entries(c, c->insert, 1, err);
    return rc;
}

static enum kura_rc builder_write_chunk(struct kura_builder *b,
                                        const struct builder_column *c,
                                        struct kura_err *err)
{
    sqlite3_stmt *st = b->put_chunk;
    struct kura_chunk chunk;
    enum kura_rc rc;

    kura_buf_reset(&b->planes);
    if (c->is_text)
        rc = kura_segment_encode_ids(c->ids, b->fill, &chunk, &b->planes, err);
    else
        rc = kura_segment_encode_integers(c->values, c->present, b->fill,
                                          b->scratch, &chunk, &b->planes, err);
    if (rc != KURA_OK || !chunk.present)
        return rc;
    (void)sqlite3_bind_int64(st, 1, KURA_CHUNK_ID(c->id, b->segment));
    (void)sqlite3_bind_int64(st, 2, chunk.base);
    (void)sqlite3_bind_int64(st, 3, chunk.scale);
    (void)sqlite3_bind_int64(st, 4, chunk.width);
    (void)sqlite3_bind_int64(st, 5, chunk.low);
    (void)sqlite3_bind_int64(st, 6, chunk.high);
    (void)sqlite3_bind_int64(st, 7, kura_crc32(b->planes.data, b->planes.len));
    (void)sqlite3_bind_blob64(st, 8, b->planes.data, b->planes.len,
                              SQLITE_STATIC);
    return kura_db_step_done(st, err);
}

/* Writes what the vectors hold, and the dictionary entries that it uses. */
static enum kura_rc builder_write_segment(struct kura_builder *b,
                                          struct kura_err *err)
{
    enum kura_rc rc = builder_begin(b, err);
    int i;

    if (b->fill == 0)
        return rc;
    for (i = 0; i < b->count && rc == KURA_OK; i++) {
        struct builder_column *c = &b->columns[i];

        if (!c->used)
            continue;
        if (c->is_text)
            rc = builder_write_dictionary(b, c, err);
        if (rc == KURA_OK)
            rc = builder_write_chunk(b, c, err);
    }
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(b->put_segment, 1, b->segment);
    (void)sqlite3_bind_int64(b->put_segment, 2, b->fill);
    (void)sqlite3_bind_int64(b->put_segment, 3, b->first_ts);
    (void)sqlite3_bind_int64(b->put_segment, 4, b->last_ts);
    return kura_db_step_done(b->put_segment, err);
}

static enum kura_rc builder_next_segment(struct kura_builder *b,
                                         struct kura_err *err)
{
    enum kura_rc rc = builder_write_segment(b, err);

    if (rc != KURA_OK)
        return rc;
    builder_clear(b);
    b->segment++;
    return KURA_OK;
}

/* --- Sources ---------------------------------------------------------- */

static enum kura_rc builder_source_room(struct kura_builder *b, uint32_t id,
                                        struct kura_err *err)
{
    uint32_t capacity = b->source_capacity == 0 ? 16 : b->source_capacity;
    struct builder_source *sources;

    if (id <= b->source_capacity)
        return KURA_OK;
    while (capacity < id)
        capacity *= 2;
    sources = realloc(b->sources, capacity * sizeof(*sources));
    if (sources == NULL)
        return kura_err_nomem(err);
    memset(sources + b->source_capacity, 0,
           (capacity - b->source_capacity) * sizeof(*sources));
    b->sources = sources;
    b->source_capacity = capacity;
    return KURA_OK;
}

static enum kura_rc builder_count_source(struct kura_builder *b, uint32_t id,
                                         int64_t ts, size_t raw_bytes,
                                         struct kura_err *err)
{
    struct builder_source *s;
    enum kura_rc rc = builder_source_room(b, id, err);

    if (rc != KURA_OK)
        return rc;
    s = &b->sources[id - 1];
    if (s->rows == 0 || ts < s->first_ts)
        s->first_ts = ts;
    if (s->rows == 0 || ts > s->last_ts)
        s->last_ts = ts;
    s->rows++;
    s->bytes += (int64_t)raw_bytes;
    return KURA_OK;
}

/* The mark only ever grows: a partition that already holds more keeps that. */
static enum kura_rc builder_write_held(struct kura_builder *b,
                                       const struct kura_held *held,
                                       struct kura_err *err)
{
    struct builder_column *c = &b->columns[b->source];
    sqlite3_stmt *st = b->put_source;
    const struct builder_source *s;
    uint32_t id;
    enum kura_rc rc;

    rc = kura_dictionary_intern(&c->dict, held->name,
                                (uint32_t)strlen(held->name), &id, err);
    if (rc == KURA_OK)
        rc = builder_write_dictionary(b, c, err);
    if (rc == KURA_OK)
        rc = builder_source_room(b, id, err);
    if (rc != KURA_OK)
        return rc;
    s = &b->sources[id - 1];
    (void)sqlite3_bind_int64(st, 1, id);
    (void)sqlite3_bind_text(st, 2, held->key, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(st, 3, held->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(st, 4, held->bytes);
    (void)sqlite3_bind_int64(st, 5, held->lines);
    (void)sqlite3_bind_text(st, 6, held->sha256, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(st, 7, s->rows);
    (void)sqlite3_bind_int64(st, 8, s->bytes);
    if (s->rows != 0) {
        (void)sqlite3_bind_int64(st, 9, s->first_ts);
        (void)sqlite3_bind_int64(st, 10, s->last_ts);
    } else {
        (void)sqlite3_bind_null(st, 9);
        (void)sqlite3_bind_null(st, 10);
    }
    return kura_db_step_done(st, err);
}

/* --- Public ----------------------------------------------------------- */

enum kura_rc kura_builder_append(struct kura_builder *b, int64_t ts,
                                 const struct kura_cell *cells, size_t count,
                                 size_t raw_bytes, struct kura_err *err)
{
    struct builder_column *c;
    uint32_t row, source = 0;
    enum kura_rc rc;
    size_t i;

    if (b->fill == KURA_SEGMENT_FILL) {
        rc = builder_next_segment(b, err);
        if (rc != KURA_OK)
            return rc;
    }
    if (b->fill == b->capacity) {
        rc = builder_grow(b, err);
        if (rc != KURA_OK)
            return rc;
    }
    row = b->fill;
    c = &b->columns[b->ts];
    c->values[row] = ts;
    c->present[row] = 1;
    c->used = true;
    for (i = 0; i < count; i++) {
        const struct kura_cell *cell = &cells[i];

        c = &b->columns[cell->column == KURA_CELL_SHAPE
                            ? b->count - 1
                            : b->of_schema[cell->column]];
        c->used = true;
        if (c->is_text) {
            size_t before = c->dict.text_bytes;

            rc = kura_dictionary_intern(&c->dict, cell->text, cell->size,
                                        &c->ids[row], err);
            if (rc != KURA_OK)
                return rc;
            b->dict_bytes += c->dict.text_bytes - before;
            if (c == &b->columns[b->source])
                source = c->ids[row];
        } else {
            c->values[row] = cell->number;
            c->present[row] = 1;
        }
    }
    if (source != 0) {
        rc = builder_count_source(b, source, ts, raw_bytes, err);
        if (rc != KURA_OK)
            return rc;
    }
    if (row == 0 || ts < b->first_ts)
        b->first_ts = ts;
    if (row == 0 || ts > b->last_ts)
        b->last_ts = ts;
    b->fill++;
    b->rows++;
    b->dirty = true;
    return KURA_OK;
}

enum kura_rc kura_builder_commit(struct kura_builder *b,
                                 const struct kura_held *held, size_t count,
                                 struct kura_err *err)
{
    enum kura_rc rc = builder_write_segment(b, err);
    size_t i;

    for (i = 0; i < count && rc == KURA_OK; i++)
        rc = builder_write_held(b, &held[i], err);
    if (rc == KURA_OK)
        rc = kura_db_exec(b->db, "COMMIT", err);
    if (rc != KURA_OK)
        return rc;
    b->in_transaction = false;
    b->dirty = false;
    return KURA_OK;
}

const char *kura_builder_id(const struct kura_builder *b)
{
    return b->id;
}

const char *kura_builder_path(const struct kura_builder *b)
{
    return b->path;
}

int64_t kura_builder_day(const struct kura_builder *b)
{
    return b->day;
}

const struct kura_schema *kura_builder_schema(const struct kura_builder *b)
{
    return b->schema;
}

int64_t kura_builder_rows(const struct kura_builder *b)
{
    return b->rows;
}

bool kura_builder_is_dirty(const struct kura_builder *b)
{
    return b->dirty;
}

bool kura_builder_is_full(const struct kura_builder *b)
{
    return b->rows >= KURA_PARTITION_ROWS_MAX ||
           b->dict_bytes >= KURA_PARTITION_DICT_MAX;
}

size_t kura_builder_memory(const struct kura_builder *b)
{
    size_t bytes = sizeof(*b);
    int i;

    for (i = 0; i < b->count; i++)
        bytes += b->columns[i].dict.memory +
                 b->capacity * (b->columns[i].is_text ? 4u : 9u);
    return bytes;
}

void kura_builder_close(struct kura_builder *b)
{
    int i;

    if (b == NULL)
        return;
    for (i = 0; i < b->count && b->columns != NULL; i++) {
        struct builder_column *c = &b->columns[i];

        (void)sqlite3_finalize(c->insert);
        (void)sqlite3_finalize(c->insert_many);
        kura_dictionary_release(&c->dict);
        free(c->ids);
        free(c->values);
        free(c->present);
    }
    (void)sqlite3_finalize(b->put_chunk);
    (void)sqlite3_finalize(b->put_segment);
    (void)sqlite3_finalize(b->put_source);
    if (b->db != NULL) {
        if (b->in_transaction)
            (void)sqlite3_exec(b->db, "ROLLBACK", NULL, NULL, NULL);
        /* An empty WAL file stays, so that a reader who may not write can
         * read.  A reader in the way only leaves it longer. */
        (void)sqlite3_wal_checkpoint_v2(b->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                        NULL, NULL);
        (void)sqlite3_close(b->db);
    }
    kura_buf_release(&b->planes);
    free(b->columns);
    free(b->of_schema);
    free(b->sources);
    free(b->scratch);
    free(b->path);
    free(b);
}

static enum kura_rc builder_connect(struct kura_builder *b, const char *path,
                                    struct kura_err *err)
{
    int persist = 1;
    enum kura_rc rc;

    kura_buf_init(&b->planes, (size_t)KURA_SEGMENT_ROWS * 8);
    b->path = strdup(path);
    if (b->path == NULL)
        return kura_err_nomem(err);
    rc = kura_db_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &b->db,
                      err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_file_control(b->db, "main", SQLITE_FCNTL_PERSIST_WAL,
                               &persist);
    return kura_db_exec(b->db,
                        "PRAGMA page_size=4096;"
                        "PRAGMA journal_mode=WAL;"
                        "PRAGMA synchronous=FULL;"
                        "PRAGMA wal_autocheckpoint=4096;"
                        "PRAGMA cache_size=-4096",
                        err);
}

static enum kura_rc builder_prepare(struct kura_builder *b,
                                    struct kura_err *err)
{
    enum kura_rc rc;
    char sql[160];
    int i;

    rc = kura_db_prepare(b->db,
                         "INSERT OR REPLACE INTO chunk VALUES(?,?,?,?,?,?,?,?)",
                         &b->put_chunk, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(b->db,
                             "INSERT OR REPLACE INTO segment VALUES(?,?,?,?)",
                             &b->put_segment, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(
            b->db,
            "INSERT INTO source VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
            " ON CONFLICT(id) DO UPDATE SET held_sha256=CASE WHEN"
            " ?4>=held_bytes THEN ?6 ELSE held_sha256 END,"
            " held_bytes=max(held_bytes,?4), held_lines=max(held_lines,?5),"
            " rows=?7, bytes=?8, first_ts=?9, last_ts=?10",
            &b->put_source, err);
    for (i = 0; i < b->count && rc == KURA_OK; i++) {
        struct builder_column *c = &b->columns[i];

        if (!c->is_text)
            continue;
        (void)sqlite3_snprintf((int)sizeof(sql), sql,
                               "INSERT INTO \"dict_%w\" VALUES(?,?)", c->name);
        rc = kura_db_prepare(b->db, sql, &c->insert, err);
    }
    return rc;
}

/* Tables, description and view of a new partition, in one transaction. */
static enum kura_rc builder_describe(struct kura_builder *b,
                                     struct kura_err *err)
{
    char day[KURA_DAY_TEXT], sql[512];
    const char *tables = NULL;
    struct kura_buf view;
    enum kura_rc rc = kura_embedded_text("sql/partition.sql", &tables, err);
    int i;

    kura_buf_init(&view, BUILDER_VIEW_MAX);
    kura_day_format(b->day, day);
    if (rc == KURA_OK)
        rc = kura_db_exec(b->db, "BEGIN IMMEDIATE", err);
    if (rc == KURA_OK)
        rc = kura_db_exec(b->db, tables, err);
    if (rc != KURA_OK)
        goto out;
    (void)sqlite3_snprintf(
        (int)sizeof(sql), sql,
        "INSERT INTO meta VALUES('id','%q'),('table','%q'),('day','%q'),"
        "('state','open'),('kura','%q'),('replaces','');"
        "PRAGMA application_id=%d; PRAGMA user_version=%d",
        b->id, b->schema->name, day, KURA_VERSION, KURA_APPLICATION_ID,
        KURA_FORMAT_VERSION);
    rc = kura_db_exec(b->db, sql, err);
    for (i = 0; i < b->count && rc == KURA_OK; i++) {
        struct builder_column *c = &b->columns[i];
        bool nocase = c->schema >= 0 && b->schema->columns[c->schema].nocase;

        (void)sqlite3_snprintf(
            (int)sizeof(sql), sql,
            "INSERT INTO \"column\" VALUES(%d,'%q','%s',%d)", c->id, c->name,
            c->schema < 0 ? "shape" : (c->is_text ? "text" : "integer"),
            nocase);
        rc = kura_db_exec(b->db, sql, err);
        if (rc != KURA_OK || !c->is_text)
            continue;
        (void)sqlite3_snprintf(
            (int)sizeof(sql), sql,
            "CREATE TABLE \"dict_%w\"(id INTEGER PRIMARY KEY, value)", c->name);
        rc = kura_db_exec(b->db, sql, err);
    }
    if (rc == KURA_OK)
        rc = kura_view_sql(b->schema, &view, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(b->db, view.data, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(b->db, "COMMIT", err);
out:
    kura_buf_release(&view);
    return rc;
}

enum kura_rc kura_builder_create(const char *path, const struct kura_schema *s,
                                 int64_t day, const char *id,
                                 struct kura_builder **out,
                                 struct kura_err *err)
{
    struct kura_builder *b = calloc(1, sizeof(*b));
    enum kura_rc rc;
    char *dir = NULL, *slash;
    int fd;

    if (b == NULL)
        return kura_err_nomem(err);
    b->schema = s;
    b->day = day;
    (void)snprintf(b->id, sizeof(b->id), "%s", id);
    /* The name must be new: names are never used twice. */
    fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0) {
        rc = kura_err_sys(err, errno, "cannot create partition '%s'", path);
        goto out;
    }
    (void)close(fd);
    rc = builder_connect(b, path, err);
    if (rc == KURA_OK)
        rc = builder_layout(b, err);
    if (rc == KURA_OK)
        rc = builder_describe(b, err);
    if (rc == KURA_OK)
        rc = builder_prepare(b, err);
    if (rc != KURA_OK)
        goto out;
    dir = strdup(path);
    slash = dir == NULL ? NULL : strrchr(dir, '/');
    if (slash == NULL) {
        rc = kura_err_set(err, KURA_EIO, "no directory in '%s'", path);
        goto out;
    }
    *slash = '\0';
    rc = kura_fs_sync_dir(dir, err);
out:
    free(dir);
    if (rc == KURA_OK)
        *out = b;
    else
        kura_builder_close(b);
    return rc;
}

enum kura_rc kura_builder_set_replaces(struct kura_builder *b, const char *id,
                                       struct kura_err *err)
{
    char sql[120];

    (void)sqlite3_snprintf((int)sizeof(sql), sql,
                           "UPDATE meta SET value='%q' WHERE key='replaces'",
                           id);
    return kura_db_exec(b->db, sql, err);
}

/* --- Going on with a partition ---------------------------------------- */

static enum kura_rc builder_load_dictionary(struct kura_partition *p,
                                            struct builder_column *c,
                                            struct kura_err *err)
{
    uint32_t count = kura_partition_dict_size(p, c->schema), id, got;
    enum kura_rc rc = kura_partition_dict_load(p, c->schema, err);
    const char *text;
    size_t size;

    for (id = 1; id <= count && rc == KURA_OK; id++) {
        rc = kura_partition_text(p, c->schema, id, &text, &size, err);
        if (rc == KURA_OK)
            rc = kura_dictionary_intern(&c->dict, text, (uint32_t)size, &got,
                                        err);
        if (rc == KURA_OK && got != id)
            rc = kura_err_set(err, KURA_ECORRUPT,
                              "dictionary of '%s' holds a text twice", c->name);
    }
    c->written = count;
    return rc;
}

/* The rows of a last segment that is not full go back into the vectors. */
static enum kura_rc builder_load_segment(struct kura_builder *b,
                                         struct kura_partition *p,
                                         struct kura_err *err)
{
    size_t last = kura_partition_segments(p), segment;
    const struct kura_segment *s;
    enum kura_rc rc = KURA_OK;
    uint32_t i;
    int k;

    if (last == 0)
        return builder_grow(b, err);
    segment = last - 1;
    s = kura_partition_segment(p, segment);
    b->segment = s->id;
    while (rc == KURA_OK && b->capacity < s->rows)
        rc = builder_grow(b, err);
    for (k = 0; k < b->count && rc == KURA_OK; k++) {
        struct builder_column *c = &b->columns[k];

        c->used = true;
        if (c->is_text) {
            rc = kura_partition_ids(p, c->schema, segment, c->ids, err);
            continue;
        }
        rc = kura_partition_integers(p, c->schema, segment, c->values,
                                     c->present, err);
        for (i = 0; i < s->rows; i++)
            c->present[i] = !c->present[i];
    }
    b->fill = s->rows;
    b->first_ts = s->first_ts;
    b->last_ts = s->last_ts;
    return rc;
}

static enum kura_rc builder_load_sources(struct kura_builder *b,
                                         struct kura_partition *p,
                                         struct kura_err *err)
{
    struct builder_column *c = &b->columns[b->source];
    size_t i;

    for (i = 0; i < kura_partition_sources(p); i++) {
        const struct kura_partition_source *s = kura_partition_source(p, i);
        struct builder_source *mine;
        uint32_t id;
        enum kura_rc rc;

        rc = kura_dictionary_intern(&c->dict, s->name,
                                    (uint32_t)strlen(s->name), &id, err);
        if (rc == KURA_OK)
            rc = builder_source_room(b, id, err);
        if (rc != KURA_OK)
            return rc;
        mine = &b->sources[id - 1];
        mine->rows = s->rows;
        mine->bytes = s->bytes;
        mine->first_ts = s->first_ts;
        mine->last_ts = s->last_ts;
    }
    return KURA_OK;
}

enum kura_rc kura_builder_open(const char *path, struct kura_builder **out,
                               struct kura_err *err)
{
    struct kura_builder *b = calloc(1, sizeof(*b));
    struct kura_partition *p = NULL;
    enum kura_rc rc;
    int i;

    if (b == NULL)
        return kura_err_nomem(err);
    rc = kura_partition_open(path, &p, err);
    if (rc == KURA_OK && !kura_partition_is_current(p))
        rc = kura_err_set(err, KURA_EINPUT,
                          "partition '%s' has other columns than its table",
                          path);
    if (rc != KURA_OK)
        goto out;
    b->schema = kura_partition_schema(p);
    b->day = kura_partition_day(p);
    b->rows = kura_partition_rows(p);
    (void)snprintf(b->id, sizeof(b->id), "%s", kura_partition_id(p));
    rc = builder_connect(b, path, err);
    if (rc == KURA_OK)
        rc = builder_layout(b, err);
    for (i = 0; rc == KURA_OK && i < b->count; i++) {
        if (!b->columns[i].is_text)
            continue;
        rc = builder_load_dictionary(p, &b->columns[i], err);
        b->dict_bytes += b->columns[i].dict.text_bytes;
    }
    if (rc == KURA_OK)
        rc = builder_load_segment(b, p, err);
    if (rc == KURA_OK)
        rc = builder_load_sources(b, p, err);
    if (rc == KURA_OK)
        rc = builder_prepare(b, err);
out:
    kura_partition_close(p);
    if (rc == KURA_OK)
        *out = b;
    else
        kura_builder_close(b);
    return rc;
}
