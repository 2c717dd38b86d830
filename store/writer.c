/* writer.c - column after column into a plain database. */
#include "store/writer.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/embedded.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/version.h"
#include "store/builder.h"
#include "store/db.h"
#include "store/segment.h"
#include "store/view.h"

#include <stdlib.h>
#include <string.h>

#define WRITER_VIEW_MAX (1u << 20)
#define WRITER_PAGE_SIZE "65536" /* KURA_FRAME: a page is a frame */

struct kura_writer {
    char *path;
    sqlite3 *db;
    const struct kura_schema *schema;
    uint32_t rows;
    sqlite3_stmt *put_chunk;
    int64_t sources;
    uint64_t *scratch; /* of one segment */
    uint8_t *present;
    struct kura_buf planes;
};

/* --- Order ------------------------------------------------------------- */

int kura_text_order(const char *a, size_t an, const char *b, size_t bn)
{
    int d = kura_text_casecmp(a, an, b, bn);

    return d != 0 ? d : kura_text_cmp(a, an, b, bn);
}

/* --- Opening ----------------------------------------------------------- */

/* The number of a stored column in the file, from 1; the shape is the last. */
static int column_id(const struct kura_schema *s, int column)
{
    int i, id = 0;

    for (i = 0; i < s->count && i != column; i++)
        id += s->columns[i].function == NULL;
    return id + 1;
}

static enum kura_rc writer_column(struct kura_writer *w, sqlite3_stmt *put,
                                  int column, struct kura_err *err)
{
    const struct kura_column *c =
        column == KURA_COLUMN_SHAPE ? NULL : &w->schema->columns[column];
    const char *name = c == NULL ? "shape" : c->name;
    bool text = c == NULL || c->type == KURA_TEXT;
    char *sql;
    enum kura_rc rc;

    (void)sqlite3_bind_int(
        put, 1, column_id(w->schema, c == NULL ? w->schema->count : column));
    (void)sqlite3_bind_text(put, 2, name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(put, 3,
                            c == NULL ? "shape" : text ? "text" : "integer",
                            -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(put, 4, c != NULL && c->nocase);
    rc = kura_db_step_done(put, err);
    if (rc != KURA_OK || !text)
        return rc;
    sql = sqlite3_mprintf(
        "CREATE TABLE \"dict_%w\" (id INTEGER PRIMARY KEY, value%s)", name,
        c == NULL ? "" : " TEXT");
    if (sql == NULL)
        return kura_err_nomem(err);
    rc = kura_db_exec(w->db, sql, err);
    sqlite3_free(sql);
    return rc;
}

static enum kura_rc writer_columns(struct kura_writer *w, struct kura_err *err)
{
    sqlite3_stmt *put = NULL;
    enum kura_rc rc;
    int i;

    rc = kura_db_prepare(w->db, "INSERT INTO \"column\" VALUES (?, ?, ?, ?)",
                         &put, err);
    for (i = 0; rc == KURA_OK && i < w->schema->count; i++)
        if (w->schema->columns[i].function == NULL)
            rc = writer_column(w, put, i, err);
    if (rc == KURA_OK)
        rc = writer_column(w, put, KURA_COLUMN_SHAPE, err);
    (void)sqlite3_finalize(put);
    return rc;
}

static enum kura_rc writer_meta(struct kura_writer *w,
                                const struct kura_writer_head *h,
                                struct kura_err *err)
{
    char day[KURA_DAY_TEXT];
    const char *const meta[][2] = {{"id", h->id},
                                   {"table", h->schema->name},
                                   {"day", day},
                                   {"state", "sealed"},
                                   {"kura", KURA_VERSION},
                                   {"replaces", h->replaces},
                                   {"of", h->of}};
    sqlite3_stmt *put = NULL;
    enum kura_rc rc;
    size_t i;

    kura_day_format(h->day, day);
    rc = kura_db_prepare(w->db, "INSERT INTO meta VALUES (?, ?)", &put, err);
    for (i = 0; rc == KURA_OK && i < sizeof(meta) / sizeof(meta[0]); i++) {
        if (meta[i][1][0] == '\0')
            continue;
        (void)sqlite3_bind_text(put, 1, meta[i][0], -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(put, 2, meta[i][1], -1, SQLITE_STATIC);
        rc = kura_db_step_done(put, err);
    }
    (void)sqlite3_finalize(put);
    return rc;
}

static uint32_t segment_rows(const struct kura_writer *w, uint32_t from)
{
    uint32_t left = w->rows - from;

    return left < KURA_SEGMENT_FILL ? left : KURA_SEGMENT_FILL;
}

static enum kura_rc writer_segments(struct kura_writer *w, const int64_t *ts,
                                    struct kura_err *err)
{
    sqlite3_stmt *put = NULL;
    uint32_t from, n, id = 0;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db, "INSERT INTO segment VALUES (?, ?, ?, ?)", &put,
                         err);
    for (from = 0; rc == KURA_OK && from < w->rows; from += n) {
        n = segment_rows(w, from);
        (void)sqlite3_bind_int64(put, 1, id++);
        (void)sqlite3_bind_int64(put, 2, n);
        (void)sqlite3_bind_int64(put, 3, ts[from]);
        (void)sqlite3_bind_int64(put, 4, ts[from + n - 1]);
        rc = kura_db_step_done(put, err);
    }
    (void)sqlite3_finalize(put);
    return rc;
}

static enum kura_rc writer_make(struct kura_writer *w,
                                const struct kura_writer_head *h,
                                struct kura_err *err)
{
    const char *tables = NULL;
    char pragmas[120];
    enum kura_rc rc = kura_embedded_text("sql/partition.sql", &tables, err);

    if (rc == KURA_OK)
        rc = kura_db_open(w->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                          &w->db, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(w->db,
                          "PRAGMA page_size = " WRITER_PAGE_SIZE ";"
                          "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                          "PRAGMA locking_mode = EXCLUSIVE; BEGIN",
                          err);
    (void)sqlite3_snprintf((int)sizeof(pragmas), pragmas,
                           "PRAGMA application_id = %d;"
                           "PRAGMA user_version = %d",
                           KURA_PARTITION_APPLICATION_ID,
                           KURA_PARTITION_VERSION);
    if (rc == KURA_OK)
        rc = kura_db_exec(w->db, pragmas, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(w->db, tables, err);
    if (rc == KURA_OK)
        rc = writer_meta(w, h, err);
    if (rc == KURA_OK)
        rc = writer_columns(w, err);
    if (rc == KURA_OK)
        rc = writer_segments(w, h->ts, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(
            w->db, "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            &w->put_chunk, err);
    return rc;
}

enum kura_rc kura_writer_open(const char *path,
                              const struct kura_writer_head *head,
                              struct kura_writer **out, struct kura_err *err)
{
    struct kura_writer *w = calloc(1, sizeof(*w));
    enum kura_rc rc = KURA_OK;

    if (w != NULL) {
        kura_buf_init(&w->planes, (size_t)KURA_SEGMENT_ROWS * 8);
        w->path = strdup(path);
        w->scratch = malloc(KURA_SEGMENT_ROWS * sizeof(*w->scratch));
        w->present = malloc(KURA_SEGMENT_ROWS);
        w->schema = head->schema;
        w->rows = head->rows;
    }
    if (w == NULL || w->path == NULL || w->scratch == NULL ||
        w->present == NULL)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK)
        rc = writer_make(w, head, err);
    if (rc == KURA_OK)
        *out = w;
    else
        kura_writer_abort(w);
    return rc;
}

/* --- Columns ----------------------------------------------------------- */

static enum kura_rc writer_chunk(struct kura_writer *w, int64_t id,
                                 const struct kura_chunk *k,
                                 struct kura_err *err)
{
    const struct kura_buf *d = &w->planes;

    (void)sqlite3_bind_int64(w->put_chunk, 1, id);
    (void)sqlite3_bind_int64(w->put_chunk, 2, k->base);
    (void)sqlite3_bind_int64(w->put_chunk, 3, k->scale);
    (void)sqlite3_bind_int64(w->put_chunk, 4, k->width);
    (void)sqlite3_bind_int64(w->put_chunk, 5, k->low);
    (void)sqlite3_bind_int64(w->put_chunk, 6, k->high);
    (void)sqlite3_bind_int64(w->put_chunk, 7, kura_crc32(d->data, d->len));
    (void)sqlite3_bind_blob64(w->put_chunk, 8, d->data, d->len, SQLITE_STATIC);
    return kura_db_step_done(w->put_chunk, err);
}

static enum kura_rc writer_dictionary(struct kura_writer *w, int column,
                                      const struct kura_text *texts,
                                      uint32_t count, struct kura_err *err)
{
    bool shape = column == KURA_COLUMN_SHAPE;
    sqlite3_stmt *put = NULL;
    char *sql = sqlite3_mprintf(
        "INSERT INTO \"dict_%w\" VALUES (?, ?)",
        shape ? "shape" : w->schema->columns[column].name);
    enum kura_rc rc;
    uint32_t i;

    if (sql == NULL)
        return kura_err_nomem(err);
    rc = kura_db_prepare(w->db, sql, &put, err);
    sqlite3_free(sql);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        (void)sqlite3_bind_int64(put, 1, (int64_t)i + 1);
        if (shape)
            (void)sqlite3_bind_blob64(put, 2, texts[i].text, texts[i].size,
                                      SQLITE_STATIC);
        else
            (void)sqlite3_bind_text64(put, 2, texts[i].text, texts[i].size,
                                      SQLITE_STATIC, SQLITE_UTF8);
        rc = kura_db_step_done(put, err);
    }
    (void)sqlite3_finalize(put);
    return rc;
}

enum kura_rc kura_writer_texts(struct kura_writer *w, int column,
                               const struct kura_text *texts, uint32_t count,
                               const uint32_t *ids, struct kura_err *err)
{
    int id = column_id(w->schema, column == KURA_COLUMN_SHAPE
                                      ? w->schema->count
                                      : column);
    struct kura_chunk k;
    uint32_t from, n, segment = 0;
    enum kura_rc rc = writer_dictionary(w, column, texts, count, err);

    for (from = 0; rc == KURA_OK && from < w->rows; from += n, segment++) {
        n = segment_rows(w, from);
        kura_buf_reset(&w->planes);
        rc = kura_segment_encode_ids(ids + from, n, &k, &w->planes, err);
        if (rc == KURA_OK && k.present)
            rc = writer_chunk(w, KURA_CHUNK_ID(id, segment), &k, err);
    }
    return rc;
}

enum kura_rc kura_writer_integers(struct kura_writer *w, int column,
                                  const int64_t *values, const uint8_t *null,
                                  struct kura_err *err)
{
    int id = column_id(w->schema, column);
    struct kura_chunk k;
    uint32_t from, n, i, segment = 0;
    enum kura_rc rc = KURA_OK;

    for (from = 0; rc == KURA_OK && from < w->rows; from += n, segment++) {
        n = segment_rows(w, from);
        for (i = 0; i < n; i++)
            w->present[i] = null == NULL || null[from + i] == 0;
        kura_buf_reset(&w->planes);
        rc = kura_segment_encode_integers(values + from, w->present, n,
                                          w->scratch, &k, &w->planes, err);
        if (rc == KURA_OK && k.present)
            rc = writer_chunk(w, KURA_CHUNK_ID(id, segment), &k, err);
    }
    return rc;
}

enum kura_rc kura_writer_source(struct kura_writer *w,
                                const struct kura_partition_source *s,
                                struct kura_err *err)
{
    const int64_t numbers[] = {s->rows, s->bytes, s->first_ts, s->last_ts};
    sqlite3_stmt *put = NULL;
    enum kura_rc rc;
    int i;

    rc = kura_db_prepare(
        w->db, "INSERT INTO source VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &put,
        err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(put, 1, ++w->sources);
    (void)sqlite3_bind_text(put, 2, s->key, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(put, 3, s->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(put, 4, s->held_bytes);
    (void)sqlite3_bind_int64(put, 5, s->held_lines);
    (void)sqlite3_bind_text(put, 6, s->held_sha256, -1, SQLITE_STATIC);
    for (i = 0; i < 4; i++)
        (void)sqlite3_bind_int64(put, 7 + i, numbers[i]);
    rc = kura_db_step_done(put, err);
    (void)sqlite3_finalize(put);
    return rc;
}

/* --- Closing ----------------------------------------------------------- */

static enum kura_rc writer_view(struct kura_writer *w, struct kura_err *err)
{
    struct kura_buf sql;
    enum kura_rc rc;

    kura_buf_init(&sql, WRITER_VIEW_MAX);
    rc = kura_view_sql(w->schema, &sql, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(w->db, sql.data, err);
    kura_buf_release(&sql);
    return rc;
}

static void writer_free(struct kura_writer *w)
{
    (void)sqlite3_finalize(w->put_chunk);
    (void)sqlite3_close(w->db);
    kura_buf_release(&w->planes);
    free(w->scratch);
    free(w->present);
    free(w->path);
    free(w);
}

enum kura_rc kura_writer_close(struct kura_writer *w, struct kura_err *err)
{
    enum kura_rc rc = writer_view(w, err);

    if (rc == KURA_OK)
        rc = kura_db_exec(w->db, "COMMIT", err);
    if (rc != KURA_OK) {
        kura_writer_abort(w);
        return rc;
    }
    writer_free(w);
    return KURA_OK;
}

void kura_writer_abort(struct kura_writer *w)
{
    if (w == NULL)
        return;
    (void)sqlite3_finalize(w->put_chunk);
    w->put_chunk = NULL;
    (void)sqlite3_close(w->db);
    w->db = NULL;
    if (w->path != NULL)
        (void)kura_fs_remove(w->path, NULL);
    writer_free(w);
}
