/* parse.c - how a line becomes cells and a shape.
 *
 * Patterns are tried in file order, whatever the lines before were, so that a
 * line always gets the same pattern.  What makes that cheap is the keys of a
 * pattern (format.h): a line without one of them is passed over.  Whether the
 * line holds a key is found out once, when a pattern first asks.
 *
 * A field stands in the shape by its placeholder when writing its stored value
 * gives the bytes of the line again; else the bytes themselves stand there. */
#include "base/json_read.h"
#include "base/num.h"
#include "ingest/parse_internal.h"
#include "store/shape.h"

#define LINE_MAX_BYTES ((size_t)64 << 20)
#define SCRATCH_MAX ((size_t)512 << 20)
/* Of one event: a line of a megabyte is a tree of some more. */
#define JSON_MEMORY ((size_t)128 << 20)

enum key_state { KEY_UNKNOWN, KEY_MISSING, KEY_FOUND };

static enum kura_rc plan_make(struct kura_parse_plan *plan,
                              const struct kura_pattern *pat,
                              const struct kura_schema *schema,
                              struct kura_err *err)
{
    int i;

    plan->constants =
        calloc((size_t)pat->nconstant + 1, sizeof(*plan->constants));
    plan->moments = calloc((size_t)pat->groups + 1, sizeof(*plan->moments));
    if (plan->constants == NULL || plan->moments == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < pat->nconstant; i++) {
        const struct kura_constant *c = &pat->constants[i];
        struct kura_cell *cell = &plan->constants[i];

        cell->column = c->column;
        if (schema->columns[c->column].type == KURA_TEXT) {
            cell->text = c->text;
            cell->size = (uint32_t)strlen(c->text);
        } else {
            (void)kura_num_parse(c->text, strlen(c->text), &cell->number);
        }
    }
    return KURA_OK;
}

static enum kura_rc reader_make(struct kura_parser *p, enum kura_reader reader,
                                struct kura_err *err)
{
    enum kura_rc rc = kura_event_new(&p->event, err);

    if (rc != KURA_OK)
        return rc;
    switch (reader) {
    case KURA_READER_EVTX:
        return kura_evtx_new(p->event, &p->evtx, err);
    case KURA_READER_XML:
        return kura_event_xml_new(&p->xml, err);
    case KURA_READER_JSON:
        return kura_json_reader_new(JSON_MEMORY, &p->json, err);
    case KURA_READER_CSV:
        return kura_event_csv_new(p, p->cx.head, p->cx.head_size, &p->csv, err);
    case KURA_READER_LINES:
        break;
    }
    return KURA_OK;
}

enum kura_rc kura_parser_new(const struct kura_parse_context *cx,
                             struct kura_parser **out, struct kura_err *err)
{
    const struct kura_format *f;
    struct kura_parser *p = calloc(1, sizeof(*p));
    enum kura_rc rc = KURA_OK;
    int groups = 0;
    int i;

    if (p == NULL)
        return kura_err_nomem(err);
    p->cx = *cx;
    p->none.name = "";
    p->none.schema = kura_schema_find("reject");
    if (p->cx.format == NULL)
        p->cx.format = &p->none;
    f = p->cx.format;
    kura_framing_init(&p->framing, f->reader, cx->head, cx->head_size);
    kura_buf_init(&p->text, SCRATCH_MAX);
    kura_buf_init(&p->key, SCRATCH_MAX);
    kura_buf_init(&p->scratch, SCRATCH_MAX);
    kura_buf_init(&p->scratch2, SCRATCH_MAX);
    p->ts_column = kura_schema_column(f->schema, "ts");
    p->origin_column = kura_schema_column(f->schema, "time_origin");
    p->plans = calloc((size_t)f->npattern + 1, sizeof(*p->plans));
    p->slots = calloc(KURA_PARSE_SHAPES, sizeof(*p->slots));
    p->keys = calloc((size_t)f->nkey + 1, sizeof(*p->keys));
    if (p->plans == NULL || p->slots == NULL || p->keys == NULL) {
        rc = kura_err_nomem(err);
        goto out;
    }
    for (i = 0; i < f->npattern && rc == KURA_OK; i++) {
        if (f->patterns[i].groups > groups)
            groups = f->patterns[i].groups;
        rc = plan_make(&p->plans[i], &f->patterns[i], f->schema, err);
    }
    if (rc != KURA_OK)
        goto out;
    if (f->reader != KURA_READER_LINES)
        groups = KURA_SHAPE_MEMBER_MAX + f->schema->count;
    p->places = calloc((size_t)groups + 1, sizeof(*p->places));
    if (p->places == NULL) {
        rc = kura_err_nomem(err);
        goto out;
    }
    rc = f->reader == KURA_READER_LINES
             ? kura_matcher_new(groups, &p->matcher, err)
             : reader_make(p, f->reader, err);
    if (rc != KURA_OK)
        goto out;
    p->cx.head = NULL;
    *out = p;
    p = NULL;
out:
    kura_parser_free(p);
    return rc;
}

void kura_parser_free(struct kura_parser *p)
{
    int i;

    if (p == NULL)
        return;
    for (i = 0; p->plans != NULL && i < p->cx.format->npattern; i++) {
        free(p->plans[i].constants);
        free(p->plans[i].moments);
    }
    free(p->plans);
    free(p->keys);
    free(p->slots);
    free(p->places);
    kura_matcher_free(p->matcher);
    kura_arena_release(&p->rows);
    kura_arena_release(&p->shapes);
    kura_event_free(p->event);
    kura_event_xml_free(p->xml);
    kura_event_csv_free(p->csv);
    kura_json_reader_free(p->json);
    kura_evtx_free(p->evtx);
    kura_buf_release(&p->text);
    kura_buf_release(&p->key);
    kura_buf_release(&p->scratch);
    kura_buf_release(&p->scratch2);
    free(p);
}

void kura_parser_reset(struct kura_parser *p)
{
    kura_arena_reset(&p->rows);
}

int kura_parser_pattern(const struct kura_parser *p)
{
    return p->pattern;
}

/* --- Lines --------------------------------------------------------------- */

/* The whole line stands in the shape. */
static enum kura_rc row_reject(struct kura_parser *p,
                               const struct kura_parse_work *w,
                               const char *reason, struct kura_row *row,
                               struct kura_err *err)
{
    struct kura_cell *cell;
    enum kura_rc rc;

    kura_buf_reset(&p->scratch);
    rc = kura_shape_literal(w->line, w->size + w->term, &p->scratch, err);
    if (rc != KURA_OK)
        return rc;
    cell = kura_arena_alloc(&p->rows, sizeof(*cell), err);
    if (cell == NULL)
        return KURA_ENOMEM;
    *cell = (struct kura_cell){.column = KURA_CELL_SHAPE};
    cell->size = (uint32_t)p->scratch.len;
    cell->text =
        kura_arena_copy(&p->rows, p->scratch.data, p->scratch.len, err);
    if (cell->text == NULL)
        return KURA_ENOMEM;
    row->reason = reason;
    row->cells = cell;
    row->count = 1;
    return KURA_OK;
}

/* A search by memchr, which is much faster than any table for texts as short as
 * keys are in lines as short as they are. */
static bool key_find(const struct kura_key *key, const char *s, size_t n)
{
    const char *at = s + key->rare;
    const char *end;

    if (n < key->size)
        return false;
    end = s + n - key->size + key->rare + 1;
    while ((at = memchr(at, key->text[key->rare], (size_t)(end - at))) !=
           NULL) {
        if (memcmp(at - key->rare, key->text, key->size) == 0)
            return true;
        at++;
    }
    return false;
}

/* Does the line hold all keys of the pattern? */
static bool keys_hold(struct kura_parser *p, const struct kura_parse_work *w,
                      const struct kura_pattern *pat)
{
    int i;

    for (i = 0; i < pat->nkey; i++) {
        int k = pat->keys[i];

        if (p->keys[k] == KEY_UNKNOWN) {
            bool found = key_find(&p->cx.format->keys[k], w->line, w->size);

            p->keys[k] = found ? KEY_FOUND : KEY_MISSING;
        }
        if (p->keys[k] == KEY_MISSING)
            return false;
    }
    return true;
}

/* The pattern that takes the line, or -1. */
static int pattern_choose(struct kura_parser *p,
                          const struct kura_parse_work *w, int last,
                          const char **reason)
{
    const struct kura_format *f = p->cx.format;
    int i;

    *reason = "no pattern of the format matches";
    memset(p->keys, KEY_UNKNOWN, (size_t)f->nkey);
    for (i = 0; i < f->npattern; i++) {
        const struct kura_pattern *pat = &f->patterns[i];
        int found;

        /* What took the last line is likely to take this one. */
        if ((i != last || pat->keys_named) && !keys_hold(p, w, pat))
            continue;
        found = kura_regex_match(pat->regex, p->matcher, w->line, w->size);
        if (found > 0)
            return i;
        if (found < 0)
            *reason = "pattern limit reached";
    }
    return -1;
}

/* When it happened, and in *origin how that is known (NULL: from the line).
 * Returns why there is no such time, or NULL. */
static const char *time_take(struct kura_parser *p, struct kura_parse_work *w,
                             const struct kura_pattern *pat,
                             struct kura_parse_plan *plan, int64_t previous_ts,
                             const char **origin)
{
    const size_t *at = kura_matcher_offsets(p->matcher);
    int g = pat->ts_group;

    *origin = NULL;
    if (g != 0 && at[2 * g] != (size_t)-1) {
        const struct kura_parse_moment *m = kura_parse_moment_read(
            p, &pat->fields[g], &plan->moments[g], w->line + at[2 * g],
            at[2 * g + 1] - at[2 * g]);

        if (m == NULL)
            return "not a real time";
        w->ts = m->us;
    } else if (previous_ts != INT64_MIN) {
        w->ts = previous_ts;
        *origin = "previous";
    } else {
        w->ts = p->cx.as_of_us;
        *origin = "file";
    }
    if (w->ts < p->cx.oldest_us || w->ts > p->cx.newest_us)
        return "time out of range";
    return NULL;
}

static enum kura_rc row_fill(struct kura_parser *p, struct kura_parse_work *w,
                             int pattern, const char *origin,
                             struct kura_err *err)
{
    const struct kura_pattern *pat = &p->cx.format->patterns[pattern];
    struct kura_parse_plan *plan = &p->plans[pattern];
    enum kura_rc rc;

    rc = kura_parse_fields_take(p, w, pat, plan, err);
    if (rc != KURA_OK)
        return rc;
    if (pat->nconstant != 0)
        memcpy(w->cells + w->count, plan->constants,
               (size_t)pat->nconstant * sizeof(*w->cells));
    w->count += (size_t)pat->nconstant;
    if (origin != NULL && p->origin_column >= 0) {
        struct kura_cell *c = kura_parse_cell_add(w, p->origin_column);

        c->text = origin;
        c->size = (uint32_t)strlen(origin);
    }
    if (pat->nderive != 0) {
        rc = kura_parse_derives_take(p, w, pat, err);
        if (rc != KURA_OK)
            return rc;
    }
    if (pat->repeats)
        kura_parse_repeats_settle(p, w);
    return kura_parse_shape_cell(p, w, err);
}

/* --- Events --------------------------------------------------------------- */

static enum kura_rc event_read(struct kura_parser *p,
                               const struct kura_parse_work *w,
                               struct kura_parse_work *as, const char **why,
                               struct kura_err *err)
{
    bool exact;
    enum kura_rc rc = kura_record_text(&p->framing, w->line, w->size, &p->text,
                                       &as->line, &as->size, err);

    exact = as->line == w->line;
    if (rc != KURA_OK)
        return rc;
    kura_event_begin(p->event, &p->rows);
    switch (p->framing.reader) {
    case KURA_READER_XML:
        return kura_event_xml_read(p, as, exact, why, err);
    case KURA_READER_JSON:
        return kura_event_json_read(p, as, exact, why, err);
    case KURA_READER_CSV:
        return kura_event_csv_read(p, as, exact, why, err);
    case KURA_READER_EVTX:
    case KURA_READER_LINES:
        break;
    }
    *why = "records of EVTX stand in chunks";
    return KURA_OK;
}

/* All of the record's bytes stand in the shape, its end too. */
static enum kura_rc event_parse(struct kura_parser *p,
                                struct kura_parse_work *w, struct kura_row *row,
                                struct kura_err *err)
{
    struct kura_parse_work as = *w;
    const char *why = NULL;
    enum kura_rc rc;

    w->size += w->term;
    w->term = 0;
    as.size = w->size;
    rc = event_read(p, w, &as, &why, err);
    /* More values than any event has. */
    if (rc == KURA_EINPUT) {
        if (err != NULL)
            *err = (struct kura_err)KURA_ERR_INIT;
        why = "no Windows event that can be read";
        rc = KURA_OK;
    }
    if (rc == KURA_OK && why == NULL)
        why = kura_event_finish(p->event, p, w, &rc, err);
    if (rc != KURA_OK)
        return rc;
    if (why != NULL)
        return row_reject(p, w, why, row, err);
    rc = kura_parse_shape_cell(p, w, err);
    row->schema = p->cx.format->schema;
    row->ts = w->ts;
    row->cells = w->cells;
    row->count = w->count;
    return rc;
}

void kura_parse_chunks(struct kura_parser *p, const char *chunks, size_t n,
                       int64_t offset)
{
    kura_evtx_begin(p->evtx, chunks, n, offset, p->framing.base);
}

enum kura_rc kura_parse_chunk_record(struct kura_parser *p, bool *more,
                                     size_t *start, size_t *size,
                                     struct kura_row *row, struct kura_err *err)
{
    struct kura_evtx_record r;
    enum kura_rc rc;

    memset(row, 0, sizeof(*row));
    rc = kura_evtx_next(p->evtx, &p->rows, &r, more, err);
    if (rc != KURA_OK || !*more)
        return rc;
    *start = r.start;
    *size = r.size;
    if (r.why == NULL && (r.ts < p->cx.oldest_us || r.ts > p->cx.newest_us))
        r.why = "time out of range";
    if (r.why != NULL) {
        struct kura_parse_work w = {.line = r.bytes, .size = r.size};

        return row_reject(p, &w, r.why, row, err);
    }
    row->schema = p->cx.format->schema;
    row->ts = r.ts;
    row->cells = r.cells;
    row->count = r.count;
    return KURA_OK;
}

const struct kura_framing *kura_parser_framing(const struct kura_parser *p)
{
    return &p->framing;
}

enum kura_rc kura_parse_line(struct kura_parser *p, const char *line, size_t n,
                             size_t term, int64_t previous_ts,
                             struct kura_row *row, struct kura_err *err)
{
    struct kura_parse_work w = {.line = line, .size = n - term, .term = term};
    const struct kura_pattern *pat;
    const char *reason, *origin, *after;
    enum kura_rc rc;
    size_t room;
    int last, i;

    memset(row, 0, sizeof(*row));
    last = p->pattern;
    p->pattern = -1;
    if (n > LINE_MAX_BYTES)
        return kura_err_set(err, KURA_EINPUT, "a line of %zu bytes is too long",
                            n);
    if (w.size == 0)
        return row_reject(p, &w, "empty line", row, err);
    if (p->cx.format == &p->none)
        return row_reject(p, &w, "no format is known for this file", row, err);
    if (p->event != NULL)
        return event_parse(p, &w, row, err);
    i = pattern_choose(p, &w, last, &reason);
    if (i < 0)
        return row_reject(p, &w, reason, row, err);
    p->pattern = i;
    pat = &p->cx.format->patterns[i];
    reason = time_take(p, &w, pat, &p->plans[i], previous_ts, &origin);
    if (reason != NULL)
        return row_reject(p, &w, reason, row, err);
    w.plain = kura_parse_bytes_are_plain(line, w.size);
    /* One cell a capture, constant and derived column; origin and shape. */
    room =
        (size_t)pat->groups + (size_t)pat->nconstant + (size_t)pat->nderive + 2;
    w.cells = kura_arena_alloc(&p->rows, room * sizeof(*w.cells), err);
    if (w.cells == NULL)
        return KURA_ENOMEM;
    after = p->rows.at;
    rc = row_fill(p, &w, i, origin, err);
    if (rc != KURA_OK)
        return rc;
    if (p->rows.at == after)
        kura_arena_trim(&p->rows, (room - w.count) * sizeof(*w.cells));
    row->schema = p->cx.format->schema;
    row->ts = w.ts;
    row->cells = w.cells;
    row->count = w.count;
    return KURA_OK;
}

void kura_parser_set_newest(struct kura_parser *p, int64_t newest_us)
{
    p->cx.newest_us = newest_us;
}

enum kura_rc kura_parse_piece(struct kura_parser *p, const char *s, size_t n,
                              struct kura_row *row, struct kura_err *err)
{
    struct kura_parse_work w = {.line = s, .size = n};

    memset(row, 0, sizeof(*row));
    return row_reject(p, &w, "a part of a line", row, err);
}

/* --- Detection ----------------------------------------------------------- */

/* A last line that is cut off is no record. */
static enum kura_rc records_count(struct kura_parser *p, const char *text,
                                  size_t n, size_t *count, struct kura_err *err)
{
    size_t at = 0, size, term;
    enum kura_rc rc = KURA_OK;

    while (rc == KURA_OK && at < n) {
        struct kura_row row;

        size = kura_record_size(&p->framing, text + at, n - at, (int64_t)at,
                                true, NULL);
        term = text[at + size - 1] == '\n';
        if (term == 1 && size > 1 && text[at + size - 2] == '\r')
            term = 2;
        rc = kura_parse_line(p, text + at, size, term, INT64_MIN, &row, err);
        *count += rc == KURA_OK && row.schema != NULL;
        kura_parser_reset(p);
        at += size;
    }
    return rc;
}

size_t kura_parse_count(const struct kura_format *f, const char *text, size_t n,
                        struct kura_err *err)
{
    struct kura_parse_context cx = {.format = f,
                                    .oldest_us = INT64_MIN,
                                    .newest_us = INT64_MAX,
                                    .head = text,
                                    .head_size = n};
    struct kura_parser *p = NULL;
    struct kura_zone *zone = NULL;
    size_t count = 0;

    if (f->reader == KURA_READER_EVTX)
        return kura_evtx_is(text, n) ? n : 0;
    if (kura_zone_new("+00:00", &zone, err) != KURA_OK)
        goto out;
    cx.zone = zone;
    cx.as_of_us = kura_days_from_civil(2026, 1, 1) * KURA_DAY;
    if (kura_parser_new(&cx, &p, err) == KURA_OK)
        (void)records_count(p, text, n, &count, err);
out:
    kura_parser_free(p);
    kura_zone_free(zone);
    return count;
}
