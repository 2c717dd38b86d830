#include "store/rebuild.h"

#include "store/partition.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define REBUILD_WINDOW 65536
#define REBUILD_BYTES ((size_t)512 << 20)

/* A line of the window: where its bytes are. */
struct rebuild_line {
    int64_t line;
    int32_t piece;
    uint32_t order; /* of appending: the first of equals is the row */
    bool reject;
    size_t start, size;
};

struct rebuild {
    struct kura_warehouse *w;
    const char *name;
    bool records; /* rows only, whatever is missing */
    bool *asked;      /* per partition: it may hold lines of the source */
    int64_t from, to; /* the window: from <= line < to */
    struct kura_buf bytes;
    struct rebuild_line *lines;
    size_t count, capacity;
    /* Of the segment at hand. */
    int64_t numbers[KURA_SEGMENT_ROWS], pieces[KURA_SEGMENT_ROWS];
    uint32_t sources[KURA_SEGMENT_ROWS];
    uint8_t null[KURA_SEGMENT_ROWS], piece_null[KURA_SEGMENT_ROWS];
};

static struct rebuild_line *rebuild_room(struct rebuild *r)
{
    size_t capacity = r->capacity == 0 ? REBUILD_WINDOW : r->capacity * 2;
    struct rebuild_line *lines;

    if (r->count < r->capacity)
        return &r->lines[r->count];
    lines = realloc(r->lines, capacity * sizeof(*lines));
    if (lines == NULL)
        return NULL;
    r->lines = lines;
    r->capacity = capacity;
    return &r->lines[r->count];
}

static enum kura_rc rebuild_row(struct rebuild *r, struct kura_partition *p,
                                size_t segment, uint32_t row, bool reject,
                                struct kura_err *err)
{
    struct rebuild_line *l = rebuild_room(r);
    enum kura_rc rc;

    if (l == NULL)
        return kura_err_nomem(err);
    l->line = r->numbers[row];
    l->piece = r->piece_null[row] ? 0 : (int32_t)r->pieces[row];
    l->reject = reject;
    l->order = (uint32_t)r->count;
    l->start = r->bytes.len;
    rc = kura_partition_raw(p, segment, row, &r->bytes, err);
    if (rc != KURA_OK)
        return rc;
    l->size = r->bytes.len - l->start;
    r->count++;
    return KURA_OK;
}

static enum kura_rc rebuild_segment(struct rebuild *r, struct kura_partition *p,
                                    size_t segment, uint32_t source,
                                    struct kura_err *err)
{
    const struct kura_schema *s = kura_partition_schema(p);
    uint32_t rows = kura_partition_segment(p, segment)->rows, i;
    int line = kura_schema_column(s, "line");
    int piece = kura_schema_column(s, "piece");
    struct kura_chunk_info info;
    enum kura_rc rc;

    rc = kura_partition_chunk_info(p, line, segment, &info, err);
    if (rc != KURA_OK || !info.present || info.high < r->from ||
        info.low >= r->to)
        return rc;
    rc = kura_partition_ids(p, kura_schema_column(s, "source"), segment,
                            r->sources, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, line, segment, r->numbers, r->null,
                                     err);
    memset(r->piece_null, 1, sizeof(r->piece_null));
    if (rc == KURA_OK && piece >= 0)
        rc = kura_partition_integers(p, piece, segment, r->pieces,
                                     r->piece_null, err);
    for (i = 0; i < rows && rc == KURA_OK; i++) {
        if (r->sources[i] == source && !r->null[i] &&
            r->numbers[i] >= r->from && r->numbers[i] < r->to)
            rc = rebuild_row(r, p, segment, i, piece >= 0, err);
    }
    return rc;
}

/* The error for a partition of which no copy is at hand. */
static enum kura_rc rebuild_missing(const struct kura_partition_entry *e,
                                    struct kura_err *err)
{
    char day[KURA_DAY_TEXT];

    kura_day_format(e->day, day);
    if (e->copy_count == 0)
        return kura_err_set(err, KURA_ENOTFOUND,
                            "the %s logs of %s are not kept any more",
                            e->schema->name, day);
    (void)kura_err_set(err, KURA_ENOTFOUND,
                       "the %s logs of %s are in volume '%s', which is not "
                       "at hand",
                       e->schema->name, day, e->copies[0].where);
    kura_err_hint(err, "mount it, so that '%s' is there",
                  e->copies[0].at.path);
    return KURA_ENOTFOUND;
}

static enum kura_rc rebuild_partition(struct rebuild *r,
                                      const struct kura_partition_entry *e,
                                      struct kura_err *err)
{
    const struct kura_copy *copy = kura_partition_copy(e, true);
    struct kura_partition *p = NULL;
    uint32_t source = 0;
    size_t i;
    enum kura_rc rc;

    if (copy == NULL)
        return rebuild_missing(e, err);
    rc = kura_partition_open_at(&copy->at, &p, err);
    if (rc != KURA_OK)
        return rc;
    rc = kura_partition_find(
        p, kura_schema_column(kura_partition_schema(p), "source"), r->name,
        strlen(r->name), &source, err);
    for (i = 0; rc == KURA_OK && source != 0 && i < kura_partition_segments(p);
         i++)
        rc = rebuild_segment(r, p, i, source, err);
    kura_partition_close(p);
    return rc;
}

/* By line; a row before a reject of the same line (which a retry that was cut
 * short may have left), then pieces in order. */
static int rebuild_compare(const void *a, const void *b)
{
    const struct rebuild_line *x = a, *y = b;

    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->piece != y->piece)
        return x->piece < y->piece ? -1 : 1;
    if (x->reject != y->reject)
        return x->reject ? 1 : -1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static enum kura_rc rebuild_give(struct rebuild *r, kura_rebuild_fn *fn,
                                 void *arg, struct kura_err *err)
{
    int64_t expected = r->from;
    enum kura_rc rc = KURA_OK;
    size_t i;

    qsort(r->lines, r->count, sizeof(*r->lines), rebuild_compare);
    for (i = 0; i < r->count && rc == KURA_OK; i++) {
        const struct rebuild_line *l = &r->lines[i];
        const struct rebuild_line *before = i == 0 ? NULL : l - 1;

        if (r->records && l->reject)
            continue;
        if (before != NULL && before->line == l->line &&
            before->piece == l->piece) {
            if (l->reject && !before->reject)
                continue;
            return kura_err_set(err, KURA_ECORRUPT,
                                "line %" PRId64 " of '%s' is there twice",
                                l->line, r->name);
        }
        if (l->line > expected && !r->records)
            break;
        rc = fn(arg, r->bytes.data + l->start, l->size, err);
        expected = l->line + 1;
    }
    if (rc == KURA_OK && expected < r->to && !r->records)
        return kura_err_set(err, KURA_ECORRUPT,
                            "line %" PRId64 " of '%s' is missing", expected,
                            r->name);
    return rc;
}

/* Sealed partitions change no more: the catalog says which of them hold lines of
 * the source, and only these are looked at.  Open ones may hold more than the
 * catalog knows. */
static enum kura_rc rebuild_narrow(struct rebuild *r,
                                   const struct kura_partition_entry *list,
                                   size_t count, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    r->asked = calloc(count + 1, sizeof(*r->asked));
    if (r->asked == NULL)
        return kura_err_nomem(err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        r->asked[i] = true;
        if (list[i].state >= KURA_STATE_SEALED)
            rc = kura_warehouse_partition_has(r->w, list[i].number, r->name,
                                              &r->asked[i], err);
    }
    return rc;
}

static enum kura_rc rebuild_window(struct rebuild *r,
                                   struct kura_partition_entry *list,
                                   size_t count, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    r->count = 0;
    kura_buf_reset(&r->bytes);
    for (i = 0; i < count && rc == KURA_OK; i++)
        if (r->asked[i])
            rc = rebuild_partition(r, &list[i], err);
    return rc;
}

static enum kura_rc rebuild_all(struct kura_warehouse *w, const char *name,
                                bool records, int64_t lines,
                                kura_rebuild_fn *fn, void *arg,
                                struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    struct rebuild *r = calloc(1, sizeof(*r));
    size_t count = 0;
    enum kura_rc rc;

    if (r == NULL)
        return kura_err_nomem(err);
    kura_buf_init(&r->bytes, REBUILD_BYTES);
    r->w = w;
    r->name = name;
    r->records = records;
    rc = kura_warehouse_read_begin(w, err);
    if (rc != KURA_OK)
        goto out;
    rc = kura_warehouse_list(w, NULL, &list, &count, err);
    if (rc == KURA_OK)
        rc = rebuild_narrow(r, list, count, err);
    for (r->from = 1; rc == KURA_OK && r->from <= lines; r->from = r->to) {
        r->to = r->from + REBUILD_WINDOW;
        if (r->to > lines + 1)
            r->to = lines + 1;
        rc = rebuild_window(r, list, count, err);
        if (rc == KURA_OK)
            rc = rebuild_give(r, fn, arg, err);
    }
    kura_warehouse_list_free(list, count);
    kura_warehouse_read_end(w);
out:
    kura_buf_release(&r->bytes);
    free(r->asked);
    free(r->lines);
    free(r);
    return rc;
}

enum kura_rc kura_rebuild(struct kura_warehouse *w, const char *name,
                          int64_t lines, kura_rebuild_fn *fn, void *arg,
                          struct kura_err *err)
{
    return rebuild_all(w, name, false, lines, fn, arg, err);
}

enum kura_rc kura_rebuild_records(struct kura_warehouse *w, const char *name,
                                  int64_t lines, kura_rebuild_fn *fn, void *arg,
                                  struct kura_err *err)
{
    return rebuild_all(w, name, true, lines, fn, arg, err);
}
