/* partition.c - the reader.
 *
 * Chunks are read by id, checked (size, CRC-32, range of ids) and decoded with
 * one plain loop per width.  Dictionaries are read a text at a time until a
 * column was asked for many, then whole, into one arena.  Lines are rebuilt by
 * shapes that are taken apart once; the chunks that a line needs are kept, and
 * single bytes are picked from their planes. */
#include "store/partition.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/num.h"
#include "store/builder.h"
#include "store/db.h"
#include "store/segment.h"
#include "store/shape.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PART_COLUMNS_MAX 1024
#define PART_SEGMENTS_MAX 1048576 /* what an id of a chunk has room for */
#define PART_IDS_MAX (1 << 26)    /* more than any partition has rows */
#define PART_MISSES_MAX 256       /* then a dictionary is read whole */
#define PART_CACHE_SLOTS 512      /* power of two, twice the misses */

/* A text that was read alone. */
struct part_text {
    uint32_t id; /* 0: free */
    int size;
    char *text;
};

struct part_dict {
    bool opened;
    bool loaded;
    uint32_t size;           /* ids are 1..size */
    sqlite3_stmt *by_id;     /* NULL once loaded */
    struct part_text *cache; /* open addressing; texts live until close */
    int misses;
    char *arena;      /* loaded: texts, each with a NUL */
    uint32_t *starts; /* loaded: size + 1 offsets into arena */
};

/* A chunk; data belongs to a statement or to the column that keeps it. */
struct part_chunk {
    bool present;
    int width;
    uint32_t rows;
    int64_t base, step, scale;
    uint32_t listed;   /* integers: entries of list, 0 where there is none */
    int64_t list[255]; /* value of the stored number i + 1 */
    const uint8_t *data;
};

struct part_column {
    char *name;
    int id; /* in "column", from 1 */
    bool text;
    struct part_dict dict;
    /* What kura_partition_raw keeps: the chunk of one segment. */
    struct part_chunk kept;
    size_t kept_segment; /* SIZE_MAX: none */
    uint8_t *kept_data;
    size_t kept_cap;
};

/* A shape with its columns looked up. */
struct part_line {
    struct kura_shape shape;
    struct part_column **columns; /* per part; NULL for literals */
};

struct kura_partition {
    sqlite3 *db;
    sqlite3_stmt *chunk; /* whole */
    sqlite3_stmt *range; /* low and high only */
    char *path;
    struct kura_location at;
    char id[33];
    char *replaces;
    int64_t day;
    bool sealed;
    const struct kura_schema *schema;
    struct part_column *columns; /* as in the file */
    size_t ncolumn;
    struct part_column **map; /* per column of the schema; NULL: not here */
    struct part_column *shape;
    struct kura_segment *segments;
    size_t nsegment;
    int64_t rows;
    struct kura_partition_source *sources;
    size_t nsource;
    struct part_line **lines; /* by shape id; NULL: not yet taken apart */
};

static enum kura_rc part_damaged(const struct kura_partition *p,
                                 const char *what, struct kura_err *err)
{
    return kura_err_set(err, KURA_ECORRUPT, "partition '%s' is damaged: %s",
                        p->path, what);
}

static struct part_column *part_column(const struct kura_partition *p,
                                       int column)
{
    if (column == KURA_COLUMN_SHAPE)
        return p->shape;
    return column >= 0 && column < p->schema->count ? p->map[column] : NULL;
}

/* Room for one more entry in an array of `count`, which doubles when it is
 * full: the array, perhaps moved, or NULL (it is then as it was). */
static void *array_grow(void *array, size_t count, size_t size,
                        struct kura_err *err)
{
    size_t cap = 16;
    void *grown;

    while (cap < count)
        cap *= 2;
    if (count != 0 && count != cap)
        return array;
    if (count != 0)
        cap *= 2;
    grown = cap > SIZE_MAX / size ? NULL : realloc(array, cap * size);
    if (grown == NULL)
        (void)kura_err_nomem(err);
    return grown;
}

static char *column_text(sqlite3_stmt *stmt, int i)
{
    const unsigned char *s = sqlite3_column_text(stmt, i);

    return strdup(s != NULL ? (const char *)s : "");
}

/* --- Opening ----------------------------------------------------------- */

static bool id_is_valid(const char *id)
{
    return strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32;
}

/* The value of a key, "" when it is not there; the caller frees it. */
static enum kura_rc meta_read(struct kura_partition *p, const char *key,
                              char **out, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    bool row = false;

    rc = kura_db_prepare(p->db, "SELECT value FROM meta WHERE key = ?", &stmt,
                         err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
    rc = kura_db_step(stmt, &row, err);
    if (rc == KURA_OK) {
        *out = row ? column_text(stmt, 0) : strdup("");
        if (*out == NULL)
            rc = kura_err_nomem(err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc identify_with(struct kura_partition *p, const char *id,
                                  const char *table, const char *day,
                                  const char *state, struct kura_err *err)
{
    if (!id_is_valid(id))
        return part_damaged(p, "it has no id", err);
    memcpy(p->id, id, sizeof(p->id));
    p->schema = kura_schema_find(table);
    if (p->schema == NULL)
        return part_damaged(p, "it is of no known table", err);
    if (!kura_day_parse(day, &p->day))
        return part_damaged(p, "it has no day", err);
    p->sealed = strcmp(state, "sealed") == 0;
    return KURA_OK;
}

static enum kura_rc part_identify(struct kura_partition *p,
                                  struct kura_err *err)
{
    char *id = NULL, *table = NULL, *day = NULL, *state = NULL;
    enum kura_rc rc;

    rc = meta_read(p, "id", &id, err);
    if (rc == KURA_OK)
        rc = meta_read(p, "table", &table, err);
    if (rc == KURA_OK)
        rc = meta_read(p, "day", &day, err);
    if (rc == KURA_OK)
        rc = meta_read(p, "state", &state, err);
    if (rc == KURA_OK)
        rc = meta_read(p, "replaces", &p->replaces, err);
    if (rc == KURA_OK)
        rc = identify_with(p, id, table, day, state, err);
    free(id);
    free(table);
    free(day);
    free(state);
    return rc;
}

static enum kura_rc column_add(struct kura_partition *p, sqlite3_stmt *stmt,
                               struct kura_err *err)
{
    const char *type = (const char *)sqlite3_column_text(stmt, 2);
    int64_t id = sqlite3_column_int64(stmt, 0);
    struct part_column *c;

    if (id < 1 || id > PART_COLUMNS_MAX || type == NULL ||
        p->ncolumn == PART_COLUMNS_MAX)
        return part_damaged(p, "a column is not as it must be", err);
    c = array_grow(p->columns, p->ncolumn, sizeof(*c), err);
    if (c == NULL)
        return KURA_ENOMEM;
    p->columns = c;
    c = &p->columns[p->ncolumn];
    memset(c, 0, sizeof(*c));
    c->id = (int)id;
    c->text = strcmp(type, "integer") != 0;
    c->kept_segment = SIZE_MAX;
    c->name = column_text(stmt, 1);
    if (c->name == NULL)
        return kura_err_nomem(err);
    p->ncolumn++;
    return KURA_OK;
}

/* Which column of the file is which of the schema.  The array of columns does
 * not grow any more. */
static enum kura_rc columns_map(struct kura_partition *p, struct kura_err *err)
{
    size_t i;

    p->map = calloc((size_t)p->schema->count, sizeof(*p->map));
    if (p->map == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < p->ncolumn; i++) {
        struct part_column *c = &p->columns[i];
        int at = kura_schema_column(p->schema, c->name);

        if (strcmp(c->name, "shape") == 0 && c->text) {
            p->shape = c;
        } else if (at >= 0 && p->schema->columns[at].function == NULL) {
            if (c->text != (p->schema->columns[at].type == KURA_TEXT))
                return part_damaged(p, "a column has another type", err);
            p->map[at] = c;
        }
    }
    return KURA_OK;
}

static enum kura_rc segment_add(struct kura_partition *p, sqlite3_stmt *stmt,
                                struct kura_err *err)
{
    int64_t rows = sqlite3_column_int64(stmt, 1);
    struct kura_segment *s;

    if (sqlite3_column_int64(stmt, 0) != (int64_t)p->nsegment || rows < 1 ||
        rows > KURA_SEGMENT_ROWS || p->nsegment == PART_SEGMENTS_MAX)
        return part_damaged(p, "a segment is not as it must be", err);
    s = array_grow(p->segments, p->nsegment, sizeof(*s), err);
    if (s == NULL)
        return KURA_ENOMEM;
    p->segments = s;
    s = &p->segments[p->nsegment];
    s->id = (int64_t)p->nsegment++;
    s->rows = (uint32_t)rows;
    s->first_ts = sqlite3_column_int64(stmt, 2);
    s->last_ts = sqlite3_column_int64(stmt, 3);
    p->rows += rows;
    return KURA_OK;
}

static enum kura_rc source_add(struct kura_partition *p, sqlite3_stmt *stmt,
                               struct kura_err *err)
{
    struct kura_partition_source *s;

    s = array_grow(p->sources, p->nsource, sizeof(*s), err);
    if (s == NULL)
        return KURA_ENOMEM;
    p->sources = s;
    s = &p->sources[p->nsource++];
    s->key = column_text(stmt, 0);
    s->name = column_text(stmt, 1);
    s->held_bytes = sqlite3_column_int64(stmt, 2);
    s->held_lines = sqlite3_column_int64(stmt, 3);
    s->held_sha256 = column_text(stmt, 4);
    s->rows = sqlite3_column_int64(stmt, 5);
    s->bytes = sqlite3_column_int64(stmt, 6);
    s->first_ts = sqlite3_column_int64(stmt, 7);
    s->last_ts = sqlite3_column_int64(stmt, 8);
    if (s->key == NULL || s->name == NULL || s->held_sha256 == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

/* Calls `add` for each row of a query. */
static enum kura_rc rows_read(struct kura_partition *p, const char *sql,
                              enum kura_rc (*add)(struct kura_partition *p,
                                                  sqlite3_stmt *stmt,
                                                  struct kura_err *err),
                              struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    bool row;

    rc = kura_db_prepare(p->db, sql, &stmt, err);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = add(p, stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* The transaction begins with the first look and ends with the connection. */
static enum kura_rc part_read(struct kura_partition *p, struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_db_open_lean(&p->at, &p->db, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(p->db, "BEGIN", err);
    if (rc == KURA_OK)
        rc = kura_db_check(p->db, KURA_PARTITION_APPLICATION_ID,
                           KURA_PARTITION_VERSION, err);
    if (rc == KURA_OK)
        rc = part_identify(p, err);
    if (rc == KURA_OK)
        rc = rows_read(p, "SELECT id, name, type FROM \"column\" ORDER BY id",
                       column_add, err);
    if (rc == KURA_OK)
        rc = columns_map(p, err);
    if (rc == KURA_OK)
        rc = rows_read(p,
                       "SELECT id, rows, first_ts, last_ts FROM segment"
                       " ORDER BY id",
                       segment_add, err);
    if (rc == KURA_OK)
        rc = rows_read(p,
                       "SELECT key, name, held_bytes, held_lines, held_sha256,"
                       " rows, bytes, first_ts, last_ts FROM source"
                       " ORDER BY id",
                       source_add, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(p->db,
                             "SELECT base, scale, width, crc, data FROM chunk"
                             " WHERE id = ?",
                             &p->chunk, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(p->db, "SELECT low, high FROM chunk WHERE id = ?",
                             &p->range, err);
    return rc;
}

enum kura_rc kura_partition_open(const char *path, struct kura_partition **out,
                                 struct kura_err *err)
{
    const struct kura_location at = {path, 0, 0};

    return kura_partition_open_at(&at, out, err);
}

enum kura_rc kura_partition_open_at(const struct kura_location *at,
                                    struct kura_partition **out,
                                    struct kura_err *err)
{
    struct kura_partition *p = calloc(1, sizeof(*p));
    enum kura_rc rc = KURA_OK;

    if (p != NULL)
        p->path = strdup(at->path);
    if (p == NULL || p->path == NULL)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK) {
        p->at = *at;
        p->at.path = p->path;
        rc = part_read(p, err);
    }
    if (rc == KURA_OK)
        *out = p;
    else
        kura_partition_close(p);
    return rc;
}

static void dict_release(struct part_dict *d)
{
    size_t i;

    (void)sqlite3_finalize(d->by_id);
    for (i = 0; d->cache != NULL && i < PART_CACHE_SLOTS; i++)
        free(d->cache[i].text);
    free(d->cache);
    free(d->arena);
    free(d->starts);
}

static void line_free(struct part_line *l)
{
    if (l == NULL)
        return;
    kura_shape_release(&l->shape);
    free(l->columns);
    free(l);
}

/* free() for what the public struct shows as constant. */
static void text_free(const char *s)
{
    union {
        const char *shown;
        char *owned;
    } u = {s};

    free(u.owned);
}

void kura_partition_close(struct kura_partition *p)
{
    size_t i;

    if (p == NULL)
        return;
    for (i = 0; p->lines != NULL && i <= p->shape->dict.size; i++)
        line_free(p->lines[i]);
    free(p->lines);
    for (i = 0; i < p->ncolumn; i++) {
        dict_release(&p->columns[i].dict);
        free(p->columns[i].name);
        free(p->columns[i].kept_data);
    }
    for (i = 0; i < p->nsource; i++) {
        text_free(p->sources[i].key);
        text_free(p->sources[i].name);
        text_free(p->sources[i].held_sha256);
    }
    free(p->sources);
    free(p->segments);
    free(p->map);
    free(p->columns);
    (void)sqlite3_finalize(p->chunk);
    (void)sqlite3_finalize(p->range);
    (void)sqlite3_close(p->db);
    free(p->replaces);
    free(p->path);
    free(p);
}

const char *kura_partition_id(const struct kura_partition *p)
{
    return p->id;
}

const struct kura_schema *kura_partition_schema(const struct kura_partition *p)
{
    return p->schema;
}

int64_t kura_partition_day(const struct kura_partition *p)
{
    return p->day;
}

const char *kura_partition_replaces(const struct kura_partition *p)
{
    return p->replaces;
}

bool kura_partition_is_current(const struct kura_partition *p)
{
    size_t stored = 1; /* the shape */
    int i;

    for (i = 0; i < p->schema->count; i++) {
        if (p->schema->columns[i].function != NULL)
            continue;
        if (p->map[i] == NULL || p->map[i]->id != (int)stored)
            return false;
        stored++;
    }
    return p->ncolumn == stored && p->shape != NULL;
}

bool kura_partition_is_sealed(const struct kura_partition *p)
{
    return p->sealed;
}

int64_t kura_partition_rows(const struct kura_partition *p)
{
    return p->rows;
}

size_t kura_partition_segments(const struct kura_partition *p)
{
    return p->nsegment;
}

const struct kura_segment *
kura_partition_segment(const struct kura_partition *p, size_t i)
{
    return i < p->nsegment ? &p->segments[i] : NULL;
}

size_t kura_partition_sources(const struct kura_partition *p)
{
    return p->nsource;
}

const struct kura_partition_source *
kura_partition_source(const struct kura_partition *p, size_t i)
{
    return i < p->nsource ? &p->sources[i] : NULL;
}

/* --- Dictionaries ------------------------------------------------------ */

static enum kura_rc dict_prepare(struct kura_partition *p,
                                 const struct part_column *c, const char *fmt,
                                 sqlite3_stmt **out, struct kura_err *err)
{
    char *sql = sqlite3_mprintf(fmt, c->name);
    enum kura_rc rc;

    if (sql == NULL)
        return kura_err_nomem(err);
    rc = kura_db_prepare(p->db, sql, out, err);
    sqlite3_free(sql);
    return rc;
}

/* Learns the size, once. */
static enum kura_rc dict_open(struct kura_partition *p, struct part_column *c,
                              struct kura_err *err)
{
    struct part_dict *d = &c->dict;
    sqlite3_stmt *stmt = NULL;
    int64_t size = 0;
    enum kura_rc rc;
    bool row = false;

    if (d->opened)
        return KURA_OK;
    if (!c->text)
        return part_damaged(p, "text is asked of a column of integers", err);
    rc = dict_prepare(p, c, "SELECT max(id) FROM \"dict_%w\"", &stmt, err);
    if (rc == KURA_OK)
        rc = kura_db_step(stmt, &row, err);
    if (rc == KURA_OK && row)
        size = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && (size < 0 || size > PART_IDS_MAX))
        rc = part_damaged(p, "a dictionary is too large", err);
    if (rc != KURA_OK)
        return rc;
    d->size = (uint32_t)size;
    d->opened = true;
    return KURA_OK;
}

uint32_t kura_partition_dict_size(struct kura_partition *p, int column)
{
    struct part_column *c = part_column(p, column);

    if (c == NULL || !c->text || dict_open(p, c, NULL) != KURA_OK)
        return 0;
    return c->dict.size;
}

/* Appends the texts to `arena` and fills d->starts. */
static enum kura_rc dict_read(struct kura_partition *p, struct part_dict *d,
                              sqlite3_stmt *stmt, struct kura_buf *arena,
                              struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    uint32_t id;
    bool row;

    for (id = 1; rc == KURA_OK && id <= d->size; id++) {
        const void *text;

        d->starts[id - 1] = (uint32_t)arena->len;
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK)
            break;
        if (!row || sqlite3_column_int64(stmt, 0) != (int64_t)id)
            return part_damaged(p, "a dictionary has gaps", err);
        text = sqlite3_column_blob(stmt, 1);
        rc = kura_buf_append(arena, text, (size_t)sqlite3_column_bytes(stmt, 1),
                             err);
        if (rc == KURA_OK)
            rc = kura_buf_putc(arena, '\0', err);
    }
    d->starts[d->size] = (uint32_t)arena->len;
    return rc;
}

static enum kura_rc dict_load(struct kura_partition *p, struct part_column *c,
                              struct kura_err *err)
{
    struct part_dict *d = &c->dict;
    sqlite3_stmt *stmt = NULL;
    struct kura_buf arena;
    enum kura_rc rc;

    rc = dict_open(p, c, err);
    if (rc != KURA_OK || d->loaded)
        return rc;
    kura_buf_init(&arena, UINT32_MAX);
    d->starts = malloc(((size_t)d->size + 1) * sizeof(*d->starts));
    if (d->starts == NULL) {
        rc = kura_err_nomem(err);
        goto out;
    }
    rc = dict_prepare(p, c, "SELECT id, value FROM \"dict_%w\" ORDER BY id",
                      &stmt, err);
    if (rc == KURA_OK)
        rc = dict_read(p, d, stmt, &arena, err);
out:
    (void)sqlite3_finalize(stmt);
    if (rc != KURA_OK || arena.cap == 0) {
        kura_buf_release(&arena);
        arena.data = NULL;
    }
    if (rc == KURA_OK) {
        d->arena = arena.data;
        d->loaded = true;
        (void)sqlite3_finalize(d->by_id);
        d->by_id = NULL;
    } else {
        free(d->starts);
        d->starts = NULL;
    }
    return rc;
}

enum kura_rc kura_partition_dict_load(struct kura_partition *p, int column,
                                      struct kura_err *err)
{
    struct part_column *c = part_column(p, column);

    return c == NULL ? KURA_OK : dict_load(p, c, err);
}

/* The slot of an id, or the free one where it belongs. */
static struct part_text *cache_slot(const struct part_dict *d, uint32_t id)
{
    size_t i = id * 2654435761u >> 7 & (PART_CACHE_SLOTS - 1);

    while (d->cache[i].id != 0 && d->cache[i].id != id)
        i = (i + 1) & (PART_CACHE_SLOTS - 1);
    return &d->cache[i];
}

static enum kura_rc text_copy(struct kura_partition *p, sqlite3_stmt *stmt,
                              struct part_text *out, struct kura_err *err)
{
    const void *text;
    enum kura_rc rc;
    bool row;
    int size;

    rc = kura_db_step(stmt, &row, err);
    if (rc != KURA_OK)
        return rc;
    if (!row)
        return part_damaged(p, "a text is missing", err);
    text = sqlite3_column_blob(stmt, 0);
    size = sqlite3_column_bytes(stmt, 0);
    out->text = malloc((size_t)size + 1);
    if (out->text == NULL) {
        rc = kura_err_nomem(err);
    } else {
        if (size > 0)
            memcpy(out->text, text, (size_t)size);
        out->text[size] = '\0';
        out->size = size;
    }
    (void)sqlite3_reset(stmt);
    return rc;
}

/* Reads one text, or the whole dictionary when there were many. */
static enum kura_rc text_miss(struct kura_partition *p, struct part_column *c,
                              uint32_t id, struct kura_err *err)
{
    struct part_dict *d = &c->dict;
    struct part_text *slot;
    enum kura_rc rc = KURA_OK;

    if (d->misses == PART_MISSES_MAX)
        return dict_load(p, c, err);
    if (d->by_id == NULL)
        rc = dict_prepare(p, c, "SELECT value FROM \"dict_%w\" WHERE id = ?",
                          &d->by_id, err);
    if (rc != KURA_OK)
        return rc;
    slot = cache_slot(d, id);
    (void)sqlite3_bind_int64(d->by_id, 1, id);
    rc = text_copy(p, d->by_id, slot, err);
    if (rc != KURA_OK)
        return rc;
    slot->id = id;
    d->misses++;
    return KURA_OK;
}

static enum kura_rc dict_text(struct kura_partition *p, struct part_column *c,
                              uint32_t id, const char **text, size_t *size,
                              struct kura_err *err)
{
    struct part_dict *d = &c->dict;
    struct part_text *slot;
    enum kura_rc rc;

    rc = dict_open(p, c, err);
    if (rc != KURA_OK)
        return rc;
    if (id == 0 || id > d->size)
        return part_damaged(p, "an id is beyond its dictionary", err);
    if (!d->loaded && d->cache == NULL) {
        d->cache = calloc(PART_CACHE_SLOTS, sizeof(*d->cache));
        if (d->cache == NULL)
            return kura_err_nomem(err);
    }
    if (!d->loaded && cache_slot(d, id)->id == 0) {
        rc = text_miss(p, c, id, err);
        if (rc != KURA_OK)
            return rc;
    }
    if (d->loaded) {
        *text = d->arena + d->starts[id - 1];
        *size = d->starts[id] - d->starts[id - 1] - 1;
        return KURA_OK;
    }
    slot = cache_slot(d, id);
    *text = slot->text;
    *size = (size_t)slot->size;
    return KURA_OK;
}

enum kura_rc kura_partition_text(struct kura_partition *p, int column,
                                 uint32_t id, const char **text, size_t *size,
                                 struct kura_err *err)
{
    struct part_column *c = part_column(p, column);

    if (c == NULL)
        return part_damaged(p, "text is asked of a missing column", err);
    return dict_text(p, c, id, text, size, err);
}

static uint32_t dict_search(const struct part_dict *d, const char *text,
                            size_t size)
{
    uint32_t i;

    for (i = 0; i < d->size; i++) {
        const char *s = d->arena + d->starts[i];

        if (d->starts[i + 1] - d->starts[i] - 1 == size &&
            memcmp(s, text, size) == 0)
            return i + 1;
    }
    return 0;
}

enum kura_rc kura_partition_find(struct kura_partition *p, int column,
                                 const char *text, size_t size, uint32_t *id,
                                 struct kura_err *err)
{
    struct part_column *c = part_column(p, column);
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    bool row = false;

    *id = 0;
    if (c == NULL || size > INT_MAX)
        return KURA_OK;
    rc = dict_open(p, c, err);
    if (rc != KURA_OK)
        return rc;
    if (c->dict.loaded) {
        *id = dict_search(&c->dict, text, size);
        return KURA_OK;
    }
    rc = dict_prepare(p, c, "SELECT id FROM \"dict_%w\" WHERE value = ?", &stmt,
                      err);
    if (rc != KURA_OK)
        return rc;
    if (c == p->shape)
        (void)sqlite3_bind_blob(stmt, 1, text, (int)size, SQLITE_STATIC);
    else
        (void)sqlite3_bind_text(stmt, 1, text, (int)size, SQLITE_STATIC);
    rc = kura_db_step(stmt, &row, err);
    if (rc == KURA_OK && row) {
        int64_t found = sqlite3_column_int64(stmt, 0);

        if (found < 1 || found > c->dict.size)
            rc = part_damaged(p, "a dictionary has a wrong id", err);
        else
            *id = (uint32_t)found;
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* --- Chunks ------------------------------------------------------------ */

/* A number behind the planes: blanks, then decimal digits. */
static bool number_parse(const uint8_t *at, int64_t *out)
{
    size_t blanks = 0;

    while (blanks < KURA_CHUNK_NUMBER && at[blanks] == ' ')
        blanks++;
    return kura_num_parse((const char *)at + blanks, KURA_CHUNK_NUMBER - blanks,
                          out);
}

/* What follows the planes of integers: nothing, a step, or with scale 0 the
 * list of the values. */
static bool tail_parse(struct part_chunk *k, size_t size)
{
    size_t planes = (size_t)k->width * k->rows;
    size_t count = (size - planes) / KURA_CHUNK_NUMBER, i;
    bool listed = k->scale == 0 && k->width != 0;
    size_t most = listed ? sizeof(k->list) / sizeof(k->list[0]) : 1;

    if ((size - planes) % KURA_CHUNK_NUMBER != 0 || count > most ||
        (listed && (count == 0 || k->width != 1)))
        return false;
    for (i = 0; i < count; i++) {
        if (!number_parse(k->data + planes + i * KURA_CHUNK_NUMBER,
                          listed ? &k->list[i] : &k->step))
            return false;
    }
    k->listed = listed ? (uint32_t)count : 0;
    return true;
}

static enum kura_rc chunk_check(struct kura_partition *p,
                                const struct part_column *c,
                                struct part_chunk *k, size_t size, int64_t crc,
                                struct kura_err *err)
{
    int most = c->text ? 4 : 8;
    size_t planes, i;

    if (k->width < 0 || k->width > most)
        return part_damaged(p, "a chunk has a wrong width", err);
    planes = (size_t)k->width * k->rows;
    if (size < planes || (c->text && size != planes))
        return part_damaged(p, "a chunk has a wrong size", err);
    if (crc != (int64_t)kura_crc32(k->data, size))
        return part_damaged(p, "a chunk differs from its checksum", err);
    if (c->text && k->width == 0 && (k->base < 0 || k->base > c->dict.size))
        return part_damaged(p, "an id is beyond its dictionary", err);
    if (!c->text && !tail_parse(k, size))
        return part_damaged(p, "a chunk has a wrong end", err);
    for (i = 0; k->listed != 0 && i < planes; i++)
        if (k->data[i] > k->listed)
            return part_damaged(p, "a number is beyond its list", err);
    return KURA_OK;
}

/* Reads a chunk; its data lasts until p->chunk is reset or stepped again. */
static enum kura_rc chunk_read(struct kura_partition *p, struct part_column *c,
                               size_t segment, struct part_chunk *out,
                               struct kura_err *err)
{
    static const uint8_t none[1];
    enum kura_rc rc = KURA_OK;
    bool row;

    memset(out, 0, sizeof(*out));
    if (segment >= p->nsegment)
        return part_damaged(p, "a segment is missing", err);
    if (c->text)
        rc = dict_open(p, c, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_reset(p->chunk);
    (void)sqlite3_bind_int64(p->chunk, 1, KURA_CHUNK_ID(c->id, segment));
    rc = kura_db_step(p->chunk, &row, err);
    if (rc != KURA_OK || !row)
        return rc;
    out->present = true;
    out->rows = p->segments[segment].rows;
    out->base = sqlite3_column_int64(p->chunk, 0);
    out->scale = sqlite3_column_int64(p->chunk, 1);
    out->width = sqlite3_column_int(p->chunk, 2);
    out->data = sqlite3_column_blob(p->chunk, 4);
    if (out->data == NULL)
        out->data = none;
    rc = chunk_check(p, c, out, (size_t)sqlite3_column_bytes(p->chunk, 4),
                     sqlite3_column_int64(p->chunk, 3), err);
    if (rc != KURA_OK)
        (void)sqlite3_reset(p->chunk);
    return rc;
}

enum kura_rc kura_partition_chunk_info(struct kura_partition *p, int column,
                                       size_t segment,
                                       struct kura_chunk_info *out,
                                       struct kura_err *err)
{
    struct part_column *c = part_column(p, column);
    struct kura_chunk_info info = {false, 0, 0};
    enum kura_rc rc = KURA_OK;
    bool row;

    if (c == NULL || segment >= p->nsegment) {
        *out = info;
        return KURA_OK;
    }
    if (c->text)
        rc = dict_open(p, c, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(p->range, 1, KURA_CHUNK_ID(c->id, segment));
    rc = kura_db_step(p->range, &row, err);
    if (rc != KURA_OK)
        return rc;
    if (row) {
        info.present = true;
        info.low = sqlite3_column_int64(p->range, 0);
        info.high = sqlite3_column_int64(p->range, 1);
        (void)sqlite3_reset(p->range);
        if (info.low > info.high ||
            (c->text && (info.low < 0 || info.high > c->dict.size)))
            return part_damaged(p, "a chunk has a wrong range", err);
    }
    *out = info;
    return KURA_OK;
}

static void planes_ids(const uint8_t *d, size_t n, int width, uint32_t *out)
{
    const uint8_t *d1 = d + n, *d2 = d1 + n, *d3 = d2 + n;
    size_t i;

    switch (width) {
    case 1:
        for (i = 0; i < n; i++)
            out[i] = d[i];
        break;
    case 2:
        for (i = 0; i < n; i++)
            out[i] = d[i] | (uint32_t)d1[i] << 8;
        break;
    case 3:
        for (i = 0; i < n; i++)
            out[i] = d[i] | (uint32_t)d1[i] << 8 | (uint32_t)d2[i] << 16;
        break;
    default:
        for (i = 0; i < n; i++)
            out[i] = d[i] | (uint32_t)d1[i] << 8 | (uint32_t)d2[i] << 16 |
                     (uint32_t)d3[i] << 24;
        break;
    }
}

static uint32_t ids_max(const uint32_t *ids, size_t n)
{
    uint32_t max = 0;
    size_t i;

    for (i = 0; i < n; i++)
        max = ids[i] > max ? ids[i] : max;
    return max;
}

enum kura_rc kura_partition_ids(struct kura_partition *p, int column,
                                size_t segment, uint32_t *ids,
                                struct kura_err *err)
{
    struct part_column *c = part_column(p, column);
    struct part_chunk k = {0};
    uint32_t rows, i;
    enum kura_rc rc = KURA_OK;

    if (segment >= p->nsegment || (c != NULL && !c->text))
        return part_damaged(p, "there are no ids here", err);
    rows = p->segments[segment].rows;
    if (c != NULL)
        rc = chunk_read(p, c, segment, &k, err);
    if (rc != KURA_OK)
        return rc;
    if (!k.present) {
        memset(ids, 0, rows * sizeof(*ids));
        return KURA_OK;
    }
    if (k.width == 0) {
        for (i = 0; i < rows; i++)
            ids[i] = (uint32_t)k.base;
    } else {
        planes_ids(k.data, rows, k.width, ids);
        if (ids_max(ids, rows) > c->dict.size)
            rc = part_damaged(p, "an id is beyond its dictionary", err);
    }
    (void)sqlite3_reset(p->chunk);
    return rc;
}

/* The stored number of each row; the common widths have a loop of their own. */
static void planes_stored(const uint8_t *d, size_t n, int width, uint64_t *out)
{
    const uint8_t *d1 = d + n, *d2 = d1 + n, *d3 = d2 + n;
    size_t i;
    int p;

    switch (width) {
    case 1:
        for (i = 0; i < n; i++)
            out[i] = d[i];
        return;
    case 2:
        for (i = 0; i < n; i++)
            out[i] = d[i] | (uint64_t)d1[i] << 8;
        return;
    case 3:
        for (i = 0; i < n; i++)
            out[i] = d[i] | (uint64_t)d1[i] << 8 | (uint64_t)d2[i] << 16;
        return;
    default:
        for (i = 0; i < n; i++)
            out[i] = d[i] | (uint64_t)d1[i] << 8 | (uint64_t)d2[i] << 16 |
                     (uint64_t)d3[i] << 24;
        break;
    }
    for (p = 4; p < width; p++)
        for (i = 0; i < n; i++)
            out[i] |= (uint64_t)d[(size_t)p * n + i] << (8 * p);
}

/* Wraps instead of overflowing: a damaged base gives a wrong number, no more.
 */
static int64_t chunk_value(const struct part_chunk *k, uint32_t row,
                           uint64_t stored)
{
    if (k->listed != 0)
        return k->list[stored - 1];
    return (int64_t)((uint64_t)k->base + row * (uint64_t)k->step +
                     (stored - 1) * (uint64_t)k->scale);
}

enum kura_rc kura_partition_integers(struct kura_partition *p, int column,
                                     size_t segment, int64_t *values,
                                     uint8_t *null, struct kura_err *err)
{
    struct part_column *c = part_column(p, column);
    struct part_chunk k = {0};
    uint32_t rows, i;
    enum kura_rc rc = KURA_OK;

    if (segment >= p->nsegment || (c != NULL && c->text))
        return part_damaged(p, "there are no integers here", err);
    rows = p->segments[segment].rows;
    if (c != NULL)
        rc = chunk_read(p, c, segment, &k, err);
    if (rc != KURA_OK)
        return rc;
    memset(null, !k.present, rows);
    if (!k.present) {
        memset(values, 0, rows * sizeof(*values));
        return KURA_OK;
    }
    if (k.width == 0) {
        for (i = 0; i < rows; i++)
            values[i] = (int64_t)((uint64_t)k.base + i * (uint64_t)k.step);
    } else {
        planes_stored(k.data, rows, k.width, (uint64_t *)values);
        for (i = 0; i < rows; i++) {
            uint64_t stored = (uint64_t)values[i];

            null[i] = stored == 0;
            values[i] = stored == 0 ? 0 : chunk_value(&k, i, stored);
        }
    }
    (void)sqlite3_reset(p->chunk);
    return KURA_OK;
}

/* --- Lines ------------------------------------------------------------- */

/* Keeps a copy of the column's chunk of this segment. */
static enum kura_rc chunk_keep(struct kura_partition *p, struct part_column *c,
                               size_t segment, struct kura_err *err)
{
    struct part_chunk k;
    size_t size;
    enum kura_rc rc;

    if (c->kept_segment == segment)
        return KURA_OK;
    c->kept_segment = SIZE_MAX;
    rc = chunk_read(p, c, segment, &k, err);
    if (rc != KURA_OK)
        return rc;
    size = (size_t)k.width * k.rows;
    if (size > c->kept_cap) {
        uint8_t *data = realloc(c->kept_data, size);

        if (data == NULL) {
            (void)sqlite3_reset(p->chunk);
            return kura_err_nomem(err);
        }
        c->kept_data = data;
        c->kept_cap = size;
    }
    if (size > 0)
        memcpy(c->kept_data, k.data, size);
    (void)sqlite3_reset(p->chunk);
    c->kept = k;
    c->kept.data = c->kept_data;
    c->kept_segment = segment;
    return KURA_OK;
}

/* The stored number of one row; *null says whether there is none. */
static enum kura_rc value_pick(struct kura_partition *p, struct part_column *c,
                               size_t segment, uint32_t row, int64_t *out,
                               bool *null, struct kura_err *err)
{
    const struct part_chunk *k = &c->kept;
    uint64_t stored = 0;
    enum kura_rc rc;
    int i;

    rc = chunk_keep(p, c, segment, err);
    if (rc != KURA_OK)
        return rc;
    *null = !k->present;
    *out = (int64_t)((uint64_t)k->base + row * (uint64_t)k->step);
    if (*null || k->width == 0)
        return KURA_OK;
    for (i = 0; i < k->width; i++)
        stored |= (uint64_t)k->data[(size_t)i * k->rows + row] << (8 * i);
    *null = stored == 0;
    if (!*null)
        *out = c->text ? (int64_t)stored : chunk_value(k, row, stored);
    return KURA_OK;
}

/* A shape's columns are looked up by name in the file, so that a line comes
 * back even where the table has lost the column since. */
static enum kura_rc line_resolve(struct kura_partition *p, struct part_line *l,
                                 struct kura_err *err)
{
    size_t i, j;

    l->columns = calloc(l->shape.count + 1, sizeof(struct part_column *));
    if (l->columns == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < l->shape.count; i++) {
        const struct kura_shape_part *part = &l->shape.parts[i];

        if (part->literal != NULL)
            continue;
        for (j = 0; j < p->ncolumn; j++)
            if (strcmp(p->columns[j].name, part->column) == 0)
                l->columns[i] = &p->columns[j];
        if (l->columns[i] == NULL || l->columns[i] == p->shape)
            return part_damaged(p, "a shape names an unknown column", err);
        if (l->columns[i]->text && part->render.kind != KURA_RENDER_TEXT)
            return part_damaged(p, "a shape wants a number of a text", err);
        if (!l->columns[i]->text && (part->render.member != 0 ||
                                     part->render.escape != KURA_ESCAPE_NONE))
            return part_damaged(p, "a shape wants a text of a number", err);
    }
    return KURA_OK;
}

static enum kura_rc line_parse(struct kura_partition *p, uint32_t id,
                               struct part_line **out, struct kura_err *err)
{
    struct part_line *l = calloc(1, sizeof(*l));
    const char *text;
    size_t size;
    enum kura_rc rc;

    if (l == NULL)
        return kura_err_nomem(err);
    rc = dict_text(p, p->shape, id, &text, &size, err);
    if (rc == KURA_OK)
        rc = kura_shape_parse(text, size, &l->shape, NULL);
    if (rc == KURA_ECORRUPT)
        rc = part_damaged(p, "a shape is not as it must be", err);
    if (rc == KURA_ENOMEM)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK)
        rc = line_resolve(p, l, err);
    if (rc == KURA_OK)
        *out = l;
    else
        line_free(l);
    return rc;
}

/* The shape of a row, taken apart the first time it is met. */
static enum kura_rc line_find(struct kura_partition *p, size_t segment,
                              uint32_t row, struct part_line **out,
                              struct kura_err *err)
{
    int64_t id = 0;
    bool null = true;
    enum kura_rc rc = KURA_OK;

    if (p->shape != NULL)
        rc = value_pick(p, p->shape, segment, row, &id, &null, err);
    if (rc != KURA_OK)
        return rc;
    if (null || id < 1 || id > p->shape->dict.size)
        return part_damaged(p, "a row has no shape", err);
    if (p->lines == NULL)
        p->lines = calloc((size_t)p->shape->dict.size + 1, sizeof(*p->lines));
    if (p->lines == NULL)
        return kura_err_nomem(err);
    if (p->lines[id] == NULL)
        rc = line_parse(p, (uint32_t)id, &p->lines[id], err);
    if (rc == KURA_OK)
        *out = p->lines[id];
    return rc;
}

static enum kura_rc field_write(struct kura_partition *p, struct part_column *c,
                                const struct kura_rendering *r, size_t segment,
                                uint32_t row, struct kura_buf *out,
                                struct kura_err *err)
{
    const char *text;
    size_t size;
    int64_t v;
    bool null;
    enum kura_rc rc;

    rc = value_pick(p, c, segment, row, &v, &null, err);
    if (rc != KURA_OK)
        return rc;
    if (null)
        return part_damaged(p, "a field of a line is missing", err);
    if (!c->text)
        return kura_render_integer(v, r, out, err);
    rc = dict_text(p, c, (uint32_t)v, &text, &size, err);
    if (rc == KURA_OK)
        rc = kura_render_text(text, size, r, out, NULL);
    if (rc == KURA_ECORRUPT)
        return part_damaged(p, "a shape is not as it must be", err);
    return rc == KURA_ENOMEM ? kura_err_nomem(err) : rc;
}

enum kura_rc kura_partition_raw(struct kura_partition *p, size_t segment,
                                uint32_t row, struct kura_buf *out,
                                struct kura_err *err)
{
    struct part_line *l = NULL;
    size_t i, before = out->len;
    enum kura_rc rc;

    if (segment >= p->nsegment || row >= p->segments[segment].rows)
        return part_damaged(p, "a row is missing", err);
    rc = line_find(p, segment, row, &l, err);
    for (i = 0; rc == KURA_OK && i < l->shape.count; i++) {
        const struct kura_shape_part *part = &l->shape.parts[i];

        if (part->literal != NULL)
            rc = kura_buf_append(out, part->literal, part->size, err);
        else
            rc = field_write(p, l->columns[i], &part->render, segment, row, out,
                             err);
    }
    if (rc != KURA_OK)
        out->len = before;
    return rc;
}
