#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/buf.h"
#include "store/builder.h"
#include "store/recollect.h"

/* A line has a byte at least: the head ends within so many lines. */
#define HEAD_LINES KURA_RECOLLECT_HEAD
#define LINE_BYTES ((size_t)4 << 20)

struct head_line {
    int64_t line, piece;
    bool reject;
    size_t start, size; /* in head_bytes */
};

struct recollect {
    const char *name;
    struct kura_recollected *out;
    struct kura_buf raw, head_bytes;
    struct head_line *lines;
    size_t count, cap;
    int64_t best_row, best_line, best_piece; /* 0: none seen yet */
    /* Of the segment at hand. */
    uint32_t sources[KURA_SEGMENT_ROWS], formats[KURA_SEGMENT_ROWS];
    int64_t numbers[KURA_SEGMENT_ROWS], pieces[KURA_SEGMENT_ROWS];
    int64_t ts[KURA_SEGMENT_ROWS];
    uint8_t null[KURA_SEGMENT_ROWS], piece_null[KURA_SEGMENT_ROWS];
};

void kura_recollect_release(struct kura_recollected *r)
{
    free(r->format);
    r->format = NULL;
}

static enum kura_rc head_add(struct recollect *r, struct kura_partition *p,
                             size_t segment, uint32_t row, int64_t piece,
                             bool reject, struct kura_err *err)
{
    void *list = r->lines;
    struct head_line *l;
    enum kura_rc rc;

    rc = kura_list_grow(&list, r->count, &r->cap, sizeof(*l), err);
    r->lines = list;
    kura_buf_reset(&r->raw);
    if (rc == KURA_OK)
        rc = kura_partition_raw(p, segment, row, &r->raw, err);
    if (rc != KURA_OK)
        return rc;
    l = &r->lines[r->count++];
    l->line = r->numbers[row];
    l->piece = piece;
    l->reject = reject;
    l->start = r->head_bytes.len;
    l->size = r->raw.len < KURA_RECOLLECT_HEAD ? r->raw.len
                                               : KURA_RECOLLECT_HEAD;
    return kura_buf_append(&r->head_bytes, r->raw.data, l->size, err);
}

static enum kura_rc format_take(struct recollect *r, struct kura_partition *p,
                                int column, uint32_t id, struct kura_err *err)
{
    const char *text;
    size_t size;
    enum kura_rc rc;

    kura_recollect_release(r->out);
    if (id == 0)
        return KURA_OK;
    rc = kura_partition_text(p, column, id, &text, &size, err);
    if (rc != KURA_OK)
        return rc;
    r->out->format = strndup(text, size);
    return r->out->format == NULL ? kura_err_nomem(err) : KURA_OK;
}

/* The last row so far, and the last line so far. */
static enum kura_rc tail_take(struct recollect *r, struct kura_partition *p,
                              size_t segment, uint32_t row, int64_t piece,
                              bool reject, struct kura_err *err)
{
    int column = kura_schema_column(kura_partition_schema(p), "format");
    int64_t line = r->numbers[row];
    enum kura_rc rc = KURA_OK;

    if (!reject && line > r->best_row) {
        r->best_row = line;
        r->out->last_ts = r->ts[row];
        rc = format_take(r, p, column, r->formats[row], err);
    }
    if (rc != KURA_OK || line < r->best_line ||
        (line == r->best_line && piece < r->best_piece))
        return rc;
    r->best_line = line;
    r->best_piece = piece;
    if (r->best_row == 0)
        rc = format_take(r, p, column, r->formats[row], err);
    kura_buf_reset(&r->raw);
    if (rc == KURA_OK)
        rc = kura_partition_raw(p, segment, row, &r->raw, err);
    if (rc == KURA_OK)
        r->out->terminated =
            r->raw.len != 0 && r->raw.data[r->raw.len - 1] == '\n';
    return rc;
}

static enum kura_rc segment_decode(struct recollect *r,
                                   struct kura_partition *p, size_t segment,
                                   struct kura_err *err)
{
    const struct kura_schema *s = kura_partition_schema(p);
    int piece = kura_schema_column(s, "piece");
    enum kura_rc rc;

    memset(r->piece_null, 1, sizeof(r->piece_null));
    memset(r->formats, 0, sizeof(r->formats));
    rc = kura_partition_ids(p, kura_schema_column(s, "source"), segment,
                            r->sources, err);
    if (rc == KURA_OK)
        rc = kura_partition_ids(p, kura_schema_column(s, "format"), segment,
                                r->formats, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, kura_schema_column(s, "ts"), segment,
                                     r->ts, r->null, err);
    if (rc == KURA_OK && piece >= 0)
        rc = kura_partition_integers(p, piece, segment, r->pieces,
                                     r->piece_null, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, kura_schema_column(s, "line"), segment,
                                     r->numbers, r->null, err);
    return rc;
}

static enum kura_rc segment_read(struct recollect *r, struct kura_partition *p,
                                 size_t segment, uint32_t source,
                                 struct kura_err *err)
{
    const struct kura_schema *s = kura_partition_schema(p);
    uint32_t rows = kura_partition_segment(p, segment)->rows, i, last = rows;
    bool reject = kura_schema_column(s, "piece") >= 0;
    struct kura_chunk_info info;
    enum kura_rc rc;

    rc = kura_partition_chunk_info(p, kura_schema_column(s, "line"), segment,
                                   &info, err);
    if (rc != KURA_OK || !info.present ||
        (info.low > HEAD_LINES &&
         info.high < (reject ? r->best_line : r->best_row)))
        return rc;
    rc = segment_decode(r, p, segment, err);
    for (i = 0; rc == KURA_OK && i < rows; i++) {
        int64_t piece = r->piece_null[i] ? 0 : r->pieces[i];

        if (r->sources[i] != source || r->null[i])
            continue;
        if (last == rows || r->numbers[i] > r->numbers[last] ||
            (r->numbers[i] == r->numbers[last] && piece > 0))
            last = i;
        if (r->numbers[i] <= HEAD_LINES && piece == 0)
            rc = head_add(r, p, segment, i, piece, reject, err);
    }
    if (rc == KURA_OK && last != rows)
        rc = tail_take(r, p, segment, last,
                       r->piece_null[last] ? 0 : r->pieces[last], reject, err);
    return rc;
}

static enum kura_rc partition_read(struct recollect *r,
                                   struct kura_warehouse *w, int64_t number,
                                   struct kura_err *err)
{
    struct kura_partition_entry *e = NULL;
    const struct kura_copy *copy = NULL;
    struct kura_partition *p = NULL;
    uint32_t source = 0;
    enum kura_rc rc = kura_catalog_entry(w, number, &e, err);
    size_t i;

    if (rc == KURA_OK)
        copy = kura_partition_copy(e, true);
    if (copy != NULL)
        rc = kura_partition_open_at(&copy->at, &p, err);
    if (rc == KURA_OK && p != NULL)
        rc = kura_partition_find(
            p, kura_schema_column(kura_partition_schema(p), "source"), r->name,
            strlen(r->name), &source, err);
    for (i = 0; rc == KURA_OK && source != 0 && i < kura_partition_segments(p);
         i++)
        rc = segment_read(r, p, i, source, err);
    kura_partition_close(p);
    if (e != NULL)
        kura_warehouse_list_free(e, 1);
    return rc;
}

static int head_compare(const void *a, const void *b)
{
    const struct head_line *x = a, *y = b;

    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (int)x->reject - (int)y->reject;
}

/* Up to the first line that is missing. */
static void head_join(struct recollect *r)
{
    struct kura_recollected *out = r->out;
    int64_t expected = 1;
    size_t i;

    if (r->count != 0)
        qsort(r->lines, r->count, sizeof(*r->lines), head_compare);
    for (i = 0; i < r->count && r->lines[i].line <= expected; i++) {
        size_t n = r->lines[i].size;

        if (r->lines[i].line < expected)
            continue;
        if (n > KURA_RECOLLECT_HEAD - out->head_size)
            n = KURA_RECOLLECT_HEAD - out->head_size;
        memcpy(out->head + out->head_size,
               r->head_bytes.data + r->lines[i].start, n);
        out->head_size += n;
        expected++;
    }
}

enum kura_rc kura_recollect(struct kura_warehouse *w, const char *key,
                            const char *name, struct kura_recollected *out,
                            struct kura_err *err)
{
    struct recollect *r = calloc(1, sizeof(*r));
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum kura_rc rc;

    memset(out, 0, sizeof(*out));
    out->last_ts = INT64_MIN;
    out->terminated = true;
    if (r == NULL)
        return kura_err_nomem(err);
    kura_buf_init(&r->raw, LINE_BYTES);
    kura_buf_init(&r->head_bytes,
                  (size_t)HEAD_LINES * 2 * KURA_RECOLLECT_HEAD);
    r->name = name;
    r->out = out;
    rc = kura_db_prepare(
        w->db,
        "SELECT p.number FROM partition_source s "
        "JOIN partition p ON p.number = s.partition "
        "WHERE s.key = ? AND s.rows > 0 "
        "AND p.state IN ('open', 'full', 'sealed', 'archived') "
        "ORDER BY s.last_ts DESC",
        &stmt, err);
    if (rc == KURA_OK)
        kura_bind_text(stmt, 1, key);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = partition_read(r, w, sqlite3_column_int64(stmt, 0), err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK)
        head_join(r);
    kura_buf_release(&r->raw);
    kura_buf_release(&r->head_bytes);
    free(r->lines);
    free(r);
    if (rc != KURA_OK)
        kura_recollect_release(out);
    return rc;
}
