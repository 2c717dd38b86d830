/* parse.c - how a line becomes cells and a shape.
 *
 * Patterns are tried in file order, whatever the lines before were, so that a
 * line always gets the same pattern.  What makes that cheap is the keys of a
 * pattern (format.h): a line without one of them is passed over.  Whether the
 * line holds a key is found out once, when a pattern first asks.
 *
 * A field stands in the shape by its placeholder when writing its stored value
 * gives the bytes of the line again; else the bytes themselves stand there. */
#include "base/num.h"
#include "ingest/parse_internal.h"
#include "store/shape.h"

#define LINE_MAX_BYTES ((size_t)64 << 20)
#define SCRATCH_MAX ((size_t)512 << 20)

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
    p->places = calloc((size_t)groups + 1, sizeof(*p->places));
    if (p->places == NULL) {
        rc = kura_err_nomem(err);
        goto out;
    }
    rc = kura_matcher_new(groups, &p->matcher, err);
    if (rc != KURA_OK)
        goto out;
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

size_t kura_parse_count(const struct kura_format *f, const char *text, size_t n,
                        struct kura_err *err)
{
    struct kura_parse_context cx = {
        .format = f, .oldest_us = INT64_MIN, .newest_us = INT64_MAX};
    struct kura_parser *p = NULL;
    struct kura_zone *zone = NULL;
    size_t count = 0;
    size_t at = 0;

    if (kura_zone_new("+00:00", &zone, err) != KURA_OK)
        goto out;
    cx.zone = zone;
    cx.as_of_us = kura_days_from_civil(2026, 1, 1) * KURA_DAY;
    if (kura_parser_new(&cx, &p, err) != KURA_OK)
        goto out;
    while (at < n) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t size = end != NULL ? (size_t)(end - text) - at + 1 : n - at;
        size_t term = end != NULL ? 1 : 0;
        struct kura_row row;

        if (term == 1 && size > 1 && text[at + size - 2] == '\r')
            term = 2;
        if (kura_parse_line(p, text + at, size, term, INT64_MIN, &row, err) !=
            KURA_OK)
            goto out;
        count += row.schema != NULL;
        kura_parser_reset(p);
        at += size;
    }
out:
    kura_parser_free(p);
    kura_zone_free(zone);
    return count;
}
