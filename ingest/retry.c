/* retry.c - rejects tried again.
 *
 * A sealed or open partition never loses rows, so a partition of rejects from
 * which some have become rows is written anew without them and takes the old
 * one's place:
 *
 *     1. for each source of it: its lines are parsed; rows go to their tables
 *        and are committed, each partition noting under the key
 *        "retry:<partition id>:<source>" how many of the rejects it holds
 *     2. the rejects that stay are written to a successor, in one commit
 *     3. the catalog puts the successor in the place of the old partition
 *
 * A run that is cut short before 3 is done again from the start: what 1 has
 * committed is passed over, and an unfinished successor is never listed. */
#include "ingest/load.h"

#include "base/failpoint.h"
#include "ingest/detect.h"
#include "ingest/parse.h"
#include "ingest/setting.h"
#include "ingest/slots.h"
#include "store/partition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_CELLS 192
#define RETRY_SAMPLE (64u << 10)
#define RETRY_FUTURE (2 * KURA_DAY)

/* One partition of rejects. */
struct retry {
    struct kura_warehouse *w;
    const struct kura_formats *formats;
    const struct kura_load_options *o;
    struct kura_load_result *result;
    const struct kura_partition_entry *entry;
    struct kura_partition *p;
    struct kura_slots *slots;
    uint8_t *gone; /* by row number: 1, it is a row of another table now */
    int64_t accepted;
    struct kura_buf raw;
    /* Of the segment at hand. */
    uint32_t ids[KURA_SEGMENT_ROWS], reasons[KURA_SEGMENT_ROWS];
    int64_t lines[KURA_SEGMENT_ROWS], stamps[KURA_SEGMENT_ROWS],
        pieces[KURA_SEGMENT_ROWS], bytes[KURA_SEGMENT_ROWS];
    uint32_t copy; /* the reason of copies, which stay; 0: there are none */
    uint8_t null[KURA_SEGMENT_ROWS], piece_null[KURA_SEGMENT_ROWS];
};

/* One source of it. */
struct retry_source {
    const struct kura_partition_source *source;
    uint32_t id; /* in the dictionary */
    const struct kura_format *format;
    struct kura_parser *parser;
    struct kura_source_entry held; /* what the slots commit */
    char marker[160];
    int64_t tried; /* rejects of it so far */
};

static int retry_column(const struct retry *r, const char *name)
{
    return kura_schema_column(r->entry->schema, name);
}

/* Reads what is needed of a segment. */
static enum kura_rc retry_segment(struct retry *r, size_t segment,
                                  struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_partition_ids(r->p, retry_column(r, "source"), segment, r->ids,
                            err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(r->p, retry_column(r, "line"), segment,
                                     r->lines, r->null, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(r->p, retry_column(r, "ts"), segment,
                                     r->stamps, r->null, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(r->p, retry_column(r, "byte"), segment,
                                     r->bytes, r->null, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(r->p, retry_column(r, "piece"), segment,
                                     r->pieces, r->piece_null, err);
    if (rc == KURA_OK)
        rc = kura_partition_ids(r->p, retry_column(r, "reason"), segment,
                                r->reasons, err);
    return rc;
}

/* The format of a source: as it was loaded, as kura.yaml says, or as its
 * rejects look. */
static enum kura_rc retry_format(struct retry *r, struct retry_source *s,
                                 struct kura_err *err)
{
    const char *name = kura_setting_format(r->w, s->source->name);
    size_t segment;
    enum kura_rc rc = KURA_OK;
    uint32_t i;

    if (name == NULL)
        name = s->held.format;
    if (name != NULL) {
        s->format = kura_formats_find(r->formats, name);
        if (s->format != NULL)
            return KURA_OK;
    }
    kura_buf_reset(&r->raw);
    for (segment = 0; segment < kura_partition_segments(r->p); segment++) {
        rc = retry_segment(r, segment, err);
        for (i = 0; rc == KURA_OK && r->raw.len < RETRY_SAMPLE &&
                    i < kura_partition_segment(r->p, segment)->rows;
             i++) {
            if (r->ids[i] == s->id && r->piece_null[i])
                rc = kura_partition_raw(r->p, segment, i, &r->raw, err);
        }
        if (rc != KURA_OK || r->raw.len >= RETRY_SAMPLE)
            break;
    }
    if (rc == KURA_OK)
        rc = kura_detect(r->formats, r->raw.data, r->raw.len, &s->format, err);
    return rc;
}

static size_t retry_terminator(const char *s, size_t n)
{
    if (n == 0 || s[n - 1] != '\n')
        return 0;
    return n > 1 && s[n - 2] == '\r' ? 2 : 1;
}

static void retry_text(struct kura_cell *cell, int column, const char *text)
{
    cell->column = column;
    cell->text = text;
    cell->size = (uint32_t)strlen(text);
}

static enum kura_rc retry_place(struct retry *r, struct retry_source *s,
                                const struct kura_row *row, int64_t line,
                                int64_t byte, struct kura_err *err)
{
    struct kura_cell cells[RETRY_CELLS];
    struct kura_builder *b;
    size_t n = row->count;
    bool held;
    enum kura_rc rc;

    if (n > RETRY_CELLS - 8)
        return kura_err_set(err, KURA_EINPUT, "a line has too many fields");
    rc = kura_slots_get(r->slots, row->schema, kura_day_of(row->ts), s->tried,
                        &b, &held, err);
    if (rc != KURA_OK || held)
        return rc;
    memset(cells, 0, sizeof(cells));
    memcpy(cells, row->cells, n * sizeof(*cells));
    retry_text(&cells[n++], kura_schema_column(row->schema, "source"),
               s->source->name);
    retry_text(&cells[n++], kura_schema_column(row->schema, "format"),
               s->format->name);
    cells[n].column = kura_schema_column(row->schema, "line");
    cells[n++].number = line;
    if (kura_schema_column(row->schema, "byte") >= 0) {
        cells[n].column = kura_schema_column(row->schema, "byte");
        cells[n++].number = byte;
    }
    return kura_builder_append(b, row->ts, cells, n, r->raw.len, err);
}

static enum kura_rc retry_row(struct retry *r, struct retry_source *s,
                              size_t segment, uint32_t i, struct kura_err *err)
{
    struct kura_row row;
    enum kura_rc rc;

    kura_buf_reset(&r->raw);
    rc = kura_partition_raw(r->p, segment, i, &r->raw, err);
    if (rc != KURA_OK)
        return rc;
    kura_parser_reset(s->parser);
    rc = kura_parse_line(s->parser, r->raw.data, r->raw.len,
                         retry_terminator(r->raw.data, r->raw.len), INT64_MIN,
                         &row, err);
    if (rc != KURA_OK || row.schema == NULL)
        return rc;
    rc = retry_place(r, s, &row, r->lines[i], r->bytes[i], err);
    if (rc == KURA_OK) {
        r->gone[segment * KURA_SEGMENT_ROWS + i] = 1;
        r->accepted++;
        r->result->rows++;
    }
    return rc;
}

static enum kura_rc retry_parser(struct retry *r, struct retry_source *s,
                                 struct kura_zone **zone, struct kura_err *err)
{
    struct kura_parse_context cx = {0};
    enum kura_rc rc = kura_setting_zone(r->w, s->source->name, zone, err);

    if (rc != KURA_OK)
        return rc;
    cx.format = s->format;
    cx.zone = *zone != NULL ? *zone : kura_warehouse_zone(r->w);
    /* The time of loading: what is known of a line without a year. */
    cx.as_of_us = r->o->as_of_us != INT64_MIN
                      ? r->o->as_of_us
                      : (r->entry->day + 1) * KURA_DAY;
    cx.oldest_us = kura_warehouse_oldest(r->w);
    cx.newest_us = r->o->now_us + RETRY_FUTURE;
    return kura_parser_new(&cx, &s->parser, err);
}

static enum kura_rc retry_rows(struct retry *r, struct retry_source *s,
                               struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t segment;
    uint32_t i;

    for (segment = 0;
         rc == KURA_OK && segment < kura_partition_segments(r->p); segment++) {
        rc = retry_segment(r, segment, err);
        for (i = 0; rc == KURA_OK &&
                    i < kura_partition_segment(r->p, segment)->rows;
             i++) {
            if (r->ids[i] != s->id)
                continue;
            s->tried++;
            r->result->lines++;
            if (r->piece_null[i] && (r->copy == 0 || r->reasons[i] != r->copy))
                rc = retry_row(r, s, segment, i, err);
        }
    }
    return rc;
}

static enum kura_rc retry_source(struct retry *r, size_t index,
                                 struct kura_err *err)
{
    struct retry_source s = {0};
    struct kura_source_entry *known = NULL;
    struct kura_zone *zone = NULL;
    size_t count = 0;
    enum kura_rc rc;

    s.source = kura_partition_source(r->p, index);
    rc = kura_partition_find(r->p, retry_column(r, "source"), s.source->name,
                             strlen(s.source->name), &s.id, err);
    if (rc != KURA_OK || s.id == 0)
        return rc;
    rc = kura_warehouse_sources(r->w, s.source->name, &known, &count, err);
    if (rc != KURA_OK)
        return rc;
    (void)snprintf(s.held.key, sizeof(s.held.key), "%s", s.source->key);
    s.held.name = strdup(s.source->name);
    s.held.format = count != 0 ? known[0].format : NULL;
    (void)snprintf(s.marker, sizeof(s.marker), "retry:%s:%zu", r->entry->id,
                   index);
    if (s.held.name == NULL)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK)
        rc = retry_format(r, &s, err);
    if (rc == KURA_OK && s.format != NULL) {
        kura_slots_retry(r->slots, &s.held, s.marker);
        rc = retry_parser(r, &s, &zone, err);
        if (rc == KURA_OK)
            rc = retry_rows(r, &s, err);
        if (rc == KURA_OK)
            rc = kura_slots_commit(r->slots, err);
        kura_slots_abandon(r->slots);
        kura_failpoint(KURA_FAIL_RETRY_COMMITTED);
    }
    kura_parser_free(s.parser);
    kura_zone_free(zone);
    free(s.held.name);
    kura_warehouse_sources_free(known, count);
    return rc;
}

/* --- The successor ---------------------------------------------------- */

/* All cells of a reject, as they are. */
static enum kura_rc retry_copy_row(struct retry *r, struct kura_builder *to,
                                   size_t segment, uint32_t row,
                                   int64_t **numbers, uint8_t **nulls,
                                   uint32_t **ids, struct kura_err *err)
{
    const struct kura_schema *s = r->entry->schema;
    struct kura_cell cells[RETRY_CELLS];
    size_t n = 0, size;
    enum kura_rc rc = KURA_OK;
    int i;

    memset(cells, 0, sizeof(cells));
    for (i = 0; rc == KURA_OK && i <= s->count; i++) {
        int column = i < s->count ? i : KURA_CELL_SHAPE;

        if (i < s->count && (s->columns[i].function != NULL ||
                             strcmp(s->columns[i].name, "ts") == 0))
            continue;
        if (i < s->count && s->columns[i].type == KURA_INTEGER) {
            if (nulls[i][row])
                continue;
            cells[n].column = column;
            cells[n++].number = numbers[i][row];
            continue;
        }
        if (ids[i][row] == 0)
            continue;
        cells[n].column = column;
        rc = kura_partition_text(r->p, column, ids[i][row], &cells[n].text,
                                 &size, err);
        cells[n++].size = (uint32_t)size;
    }
    kura_buf_reset(&r->raw);
    if (rc == KURA_OK)
        rc = kura_partition_raw(r->p, segment, row, &r->raw, err);
    if (rc == KURA_OK)
        rc = kura_builder_append(to, r->stamps[row], cells, n, r->raw.len, err);
    return rc;
}

static enum kura_rc retry_copy_segment(struct retry *r, struct kura_builder *to,
                                       size_t segment, int64_t **numbers,
                                       uint8_t **nulls, uint32_t **ids,
                                       struct kura_err *err)
{
    const struct kura_schema *s = r->entry->schema;
    uint32_t rows = kura_partition_segment(r->p, segment)->rows, row;
    enum kura_rc rc = retry_segment(r, segment, err);
    int i;

    for (i = 0; rc == KURA_OK && i <= s->count; i++) {
        int column = i < s->count ? i : KURA_COLUMN_SHAPE;

        if (i < s->count && s->columns[i].function != NULL)
            continue;
        if (i < s->count && s->columns[i].type == KURA_INTEGER)
            rc = kura_partition_integers(r->p, column, segment, numbers[i],
                                         nulls[i], err);
        else
            rc = kura_partition_ids(r->p, column, segment, ids[i], err);
    }
    for (row = 0; rc == KURA_OK && row < rows; row++) {
        if (r->gone[segment * KURA_SEGMENT_ROWS + row])
            continue;
        rc = retry_copy_row(r, to, segment, row, numbers, nulls, ids, err);
        r->result->rejects++;
    }
    return rc;
}

static enum kura_rc retry_copy(struct retry *r, struct kura_builder *to,
                               struct kura_err *err)
{
    size_t columns = (size_t)r->entry->schema->count + 1, segment, i;
    int64_t **numbers = calloc(columns, sizeof(*numbers));
    uint8_t **nulls = calloc(columns, sizeof(*nulls));
    uint32_t **ids = calloc(columns, sizeof(*ids));
    enum kura_rc rc = KURA_OK;

    if (numbers == NULL || nulls == NULL || ids == NULL)
        rc = kura_err_nomem(err);
    for (i = 0; rc == KURA_OK && i < columns; i++) {
        numbers[i] = malloc(KURA_SEGMENT_ROWS * sizeof(**numbers));
        nulls[i] = malloc(KURA_SEGMENT_ROWS);
        ids[i] = malloc(KURA_SEGMENT_ROWS * sizeof(**ids));
        if (numbers[i] == NULL || nulls[i] == NULL || ids[i] == NULL)
            rc = kura_err_nomem(err);
    }
    for (segment = 0;
         rc == KURA_OK && segment < kura_partition_segments(r->p); segment++)
        rc = retry_copy_segment(r, to, segment, numbers, nulls, ids, err);
    for (i = 0; i < columns; i++) {
        if (numbers != NULL)
            free(numbers[i]);
        if (nulls != NULL)
            free(nulls[i]);
        if (ids != NULL)
            free(ids[i]);
    }
    free(numbers);
    free(nulls);
    free(ids);
    return rc;
}

/* What the old partition says of its sources, the successor says too. */
static enum kura_rc retry_commit(struct retry *r, struct kura_builder *to,
                                 struct kura_err *err)
{
    size_t count = kura_partition_sources(r->p), i;
    struct kura_held *held = calloc(count + 1, sizeof(*held));
    enum kura_rc rc;

    if (held == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < count; i++) {
        const struct kura_partition_source *s = kura_partition_source(r->p, i);

        held[i].key = s->key;
        held[i].name = s->name;
        held[i].bytes = s->held_bytes;
        held[i].lines = s->held_lines;
        (void)snprintf(held[i].sha256, sizeof(held[i].sha256), "%s",
                       s->held_sha256 != NULL ? s->held_sha256 : "");
    }
    rc = kura_builder_commit(to, held, count, err);
    free(held);
    return rc;
}

static enum kura_rc retry_replace(struct retry *r, struct kura_err *err)
{
    struct kura_builder *to = NULL;
    char *path = NULL;
    int64_t number = 0;
    enum kura_rc rc = kura_warehouse_successor(r->w, r->entry, &to, &number,
                                               err);

    if (rc != KURA_OK)
        return rc;
    rc = retry_copy(r, to, err);
    if (rc == KURA_OK)
        rc = retry_commit(r, to, err);
    if (rc == KURA_OK) {
        path = strdup(kura_builder_path(to));
        if (path == NULL)
            rc = kura_err_nomem(err);
    }
    kura_warehouse_builder_close(r->w, number, to);
    kura_partition_close(r->p);
    r->p = NULL;
    if (rc == KURA_OK)
        rc = kura_warehouse_committed(r->w, number, path, err);
    if (rc == KURA_OK)
        rc = kura_warehouse_replace(r->w, r->entry->number, number, err);
    kura_failpoint(KURA_FAIL_RETRY_REPLACED);
    free(path);
    return rc;
}

static enum kura_rc retry_partition(struct retry *r, struct kura_err *err)
{
    enum kura_rc rc;
    size_t i, sources;

    rc = kura_warehouse_partition_lock(r->w, r->entry->number, err);
    if (rc == KURA_EBUSY) {
        if (r->o->notice != NULL)
            r->o->notice(r->o->arg, "rejects that are being loaded right now "
                                    "are left for the next time");
        return KURA_OK;
    }
    if (rc != KURA_OK)
        return rc;
    r->accepted = 0;
    rc = kura_partition_open_at(&kura_partition_copy(r->entry, false)->at,
                                &r->p, err);
    if (rc == KURA_OK) {
        r->gone = calloc(kura_partition_segments(r->p) + 1, KURA_SEGMENT_ROWS);
        if (r->gone == NULL)
            rc = kura_err_nomem(err);
    }
    if (rc == KURA_OK)
        rc = kura_partition_find(r->p, retry_column(r, "reason"),
                                 KURA_LOAD_COPY, sizeof(KURA_LOAD_COPY) - 1,
                                 &r->copy, err);
    sources = rc == KURA_OK ? kura_partition_sources(r->p) : 0;
    for (i = 0; rc == KURA_OK && i < sources; i++)
        rc = retry_source(r, i, err);
    if (rc == KURA_OK && r->accepted != 0)
        rc = retry_replace(r, err);
    else if (rc == KURA_OK)
        r->result->rejects += kura_partition_rows(r->p);
    kura_partition_close(r->p);
    r->p = NULL;
    free(r->gone);
    r->gone = NULL;
    kura_warehouse_partition_unlock(r->w, r->entry->number);
    return rc;
}

enum kura_rc kura_load_retry(struct kura_warehouse *w,
                             const struct kura_formats *f,
                             const struct kura_load_options *o,
                             struct kura_load_result *result,
                             struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    struct retry *r = calloc(1, sizeof(*r));
    size_t count = 0, i;
    enum kura_rc rc;

    if (r == NULL)
        return kura_err_nomem(err);
    r->w = w;
    r->formats = f;
    r->o = o;
    r->result = result;
    kura_buf_init(&r->raw, (size_t)4 << 20);
    rc = kura_slots_new(w, &r->slots, err);
    if (rc == KURA_OK)
        rc = kura_warehouse_list(w, kura_schema_find("reject"), &list, &count,
                                 err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        if (o->stop != NULL && *o->stop != 0)
            rc = kura_err_set(err, KURA_ESTOPPED, "stopped");
        r->entry = &list[i];
        if (rc == KURA_OK)
            rc = retry_partition(r, err);
    }
    kura_warehouse_list_free(list, count);
    kura_slots_free(r->slots);
    kura_buf_release(&r->raw);
    free(r);
    return rc;
}
