/* scan.c - partitions, segments, rows: three loops that each leave out what the
 * predicates exclude, and vectors of one segment's values. */
#include "query/scan.h"

#include "base/buf.h"
#include "base/clock.h"
#include "query/functions.h"
#include "store/builder.h"

#define LINE_MAX_BYTES ((size_t)1 << 28)
#define MEMO_MAX_BYTES ((size_t)1 << 30)
/* Dictionary entries between two looks at the stop sign. */
#define CHECK_EVERY 4096u

/* One column of the segment at hand. */
struct vector {
    bool ready;
    uint32_t *ids;   /* text columns */
    int64_t *values; /* integer columns, stored or computed */
    uint8_t *null;   /* beside values */
};

/* A text function's results, per id of its argument in the partition at hand.
 */
struct memo {
    uint8_t *state; /* MEMO_*; NULL before the first use */
    size_t count;
    int64_t *numbers; /* integer functions */
    size_t *starts;   /* text functions: in arena, which has a NUL after each */
    size_t *sizes;
    struct kura_buf arena;
};
enum { MEMO_UNKNOWN, MEMO_NULL, MEMO_VALUE };

struct column {
    enum kura_source_kind source;
    int stored; /* the stored column that its values come from */
    const struct kura_text_function *function;
    struct vector vector;
    struct memo memo;
};

/* A predicate over ids, worked out for the dictionary at hand. */
struct term {
    int column;
    struct kura_predicate *predicate;
    uint8_t *map; /* per id: passes; NULL: not over ids */
    size_t count; /* entries of map */
    uint32_t first,
        last; /* the ids that pass lie between; first > last: none */
};

/* The offset of a stretch of time: log lines are near each other. */
struct stretch {
    int64_t from, to;
    int64_t offset;
};

struct kura_scan {
    struct kura_engine *engine;
    const struct kura_schema *schema;
    struct kura_scan_lane *lane; /* NULL: alone */
    int ts;
    struct column *columns;
    struct kura_buf text; /* a value that is made for the moment */
    struct stretch known;

    struct kura_span span;
    struct term *terms;
    size_t nterm;

    bool over;
    size_t entry;                     /* index in the snapshot */
    size_t damaged;                   /* the last one that was; or SIZE_MAX */
    struct kura_partition *partition; /* pinned; NULL: none */
    int64_t rows_left;  /* of the snapshot, from this segment on */
    size_t segment;     /* the next one to look at is +1 */
    uint32_t *selected; /* rows that passed */
    bool dense;         /* all rows did: selected is not filled */
    uint32_t count, at;
};

/* --- Columns ---------------------------------------------------------- */

enum kura_source_kind kura_scan_source(const struct kura_schema *s, int column)
{
    static const struct {
        const char *function;
        enum kura_source_kind source;
    } known[] = {
        {"iso_time", KURA_FROM_TIME},
        {"local_day", KURA_FROM_DAY},
        {"local_hour", KURA_FROM_HOUR},
        {"local_weekday", KURA_FROM_WEEKDAY},
        {"utc_day", KURA_FROM_UTC_DAY},
        {"raw", KURA_FROM_LINE},
        {"business_hours", KURA_FROM_WORKING},
    };
    const struct kura_column *c = &s->columns[column];
    const struct kura_text_function *f;
    size_t i;

    if (c->function == NULL)
        return c->type == KURA_INTEGER ? KURA_FROM_INTEGERS : KURA_FROM_IDS;
    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(c->function, known[i].function) == 0)
            return known[i].source == KURA_FROM_LINE ||
                           (c->argument >= 0 &&
                            s->columns[c->argument].type == KURA_INTEGER)
                       ? known[i].source
                       : KURA_FROM_UNKNOWN;
    f = kura_text_function_find(c->function);
    if (f == NULL || c->argument < 0 ||
        s->columns[c->argument].type != KURA_TEXT ||
        f->is_integer != (c->type == KURA_INTEGER))
        return KURA_FROM_UNKNOWN;
    return KURA_FROM_FUNCTION;
}

static void vector_release(struct vector *v)
{
    free(v->ids);
    free(v->values);
    free(v->null);
}

static void memo_drop(struct memo *m)
{
    free(m->state);
    free(m->numbers);
    free(m->starts);
    free(m->sizes);
    m->state = NULL;
    m->numbers = NULL;
    m->starts = m->sizes = NULL;
    m->count = 0;
    kura_buf_release(&m->arena);
}

enum kura_rc kura_scan_new(struct kura_engine *e, const struct kura_schema *s,
                           struct kura_scan **out, struct kura_err *err)
{
    struct kura_scan *n = calloc(1, sizeof(*n));
    enum kura_rc rc;
    int i;

    if (n != NULL) {
        n->columns = calloc((size_t)s->count, sizeof(*n->columns));
        n->selected = malloc(KURA_SEGMENT_ROWS * sizeof(*n->selected));
    }
    if (n == NULL || n->columns == NULL || n->selected == NULL)
        rc = kura_err_nomem(err);
    else
        rc = kura_engine_enter(e, err);
    if (rc != KURA_OK) {
        if (n != NULL) {
            free(n->columns);
            free(n->selected);
        }
        free(n);
        return rc;
    }
    n->engine = e;
    n->schema = s;
    n->ts = kura_schema_column(s, "ts");
    n->over = true;
    kura_buf_init(&n->text, LINE_MAX_BYTES);
    for (i = 0; i < s->count; i++) {
        struct column *c = &n->columns[i];

        c->source = kura_scan_source(s, i);
        c->stored = s->columns[i].function ? s->columns[i].argument : i;
        if (c->source == KURA_FROM_FUNCTION)
            c->function = kura_text_function_find(s->columns[i].function);
        kura_buf_init(&c->memo.arena, MEMO_MAX_BYTES);
    }
    *out = n;
    return KURA_OK;
}

/* --- Lanes ------------------------------------------------------------ */

struct kura_scan_loss {
    size_t entry;
    enum kura_rc rc;
};

static bool scan_is_apart(const struct kura_scan *s)
{
    return s->lane != NULL && s->lane->apart;
}

void kura_scan_share(struct kura_scan *s, struct kura_scan_lane *lane)
{
    s->lane = lane;
}

void kura_scan_join(struct kura_engine *e, struct kura_scan_lane *lane)
{
    struct kura_scan_stats *all = kura_engine_tally(e);
    size_t i;

    for (i = 0; i < lane->nlost; i++)
        (void)kura_engine_lose(e, lane->lost[i].entry, lane->lost[i].rc);
    free(lane->lost);
    lane->lost = NULL;
    lane->nlost = 0;
    all->partitions += lane->stats.partitions;
    all->partitions_opened += lane->stats.partitions_opened;
    all->segments += lane->stats.segments;
    all->segments_opened += lane->stats.segments_opened;
    all->rows_read += lane->stats.rows_read;
    memset(&lane->stats, 0, sizeof(lane->stats));
}

static struct kura_scan_stats *scan_tally(struct kura_scan *s)
{
    return scan_is_apart(s) ? &s->lane->stats : kura_engine_tally(s->engine);
}

/* As kura_engine_lose. */
static bool lane_lose(struct kura_scan_lane *lane, size_t entry,
                      enum kura_rc rc)
{
    struct kura_scan_loss *grown;

    if (rc != KURA_ECORRUPT && rc != KURA_ENOTFOUND && rc != KURA_EIO)
        return false;
    grown = realloc(lane->lost, (lane->nlost + 1) * sizeof(*grown));
    if (grown == NULL)
        return false;
    lane->lost = grown;
    grown[lane->nlost].entry = entry;
    grown[lane->nlost++].rc = rc;
    return true;
}

static bool scan_is_at_fault(struct kura_scan *s, enum kura_rc rc)
{
    return scan_is_apart(s) ? lane_lose(s->lane, s->entry, rc)
                            : kura_engine_lose(s->engine, s->entry, rc);
}

/* s->partition is NULL when the partition at hand cannot be read. */
static enum kura_rc scan_pin(struct kura_scan *s, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    enum kura_rc rc;

    if (!scan_is_apart(s))
        return kura_engine_pin(s->engine, s->entry, &s->partition,
                               &s->rows_left, err);
    rc = kura_engine_open_apart(s->engine, s->entry, &s->partition, &cause);
    if (rc != KURA_OK && lane_lose(s->lane, s->entry, rc))
        return KURA_OK;
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "%s", cause.msg);
    s->lane->stats.partitions_opened++;
    s->rows_left = kura_partition_rows(s->partition);
    return KURA_OK;
}

static void scan_unpin(struct kura_scan *s)
{
    if (scan_is_apart(s))
        kura_partition_close(s->partition);
    else
        kura_engine_unpin(s->engine, s->entry);
    s->partition = NULL;
}

static void scan_leave_partition(struct kura_scan *s)
{
    size_t i;
    int c;

    if (s->partition == NULL)
        return;
    for (i = 0; i < s->nterm; i++) {
        free(s->terms[i].map);
        s->terms[i].map = NULL;
    }
    for (c = 0; c < s->schema->count; c++) {
        memo_drop(&s->columns[c].memo);
        s->columns[c].vector.ready = false;
    }
    scan_unpin(s);
}

static void scan_reset(struct kura_scan *s)
{
    size_t i;

    scan_leave_partition(s);
    for (i = 0; i < s->nterm; i++)
        kura_predicate_free(s->terms[i].predicate);
    free(s->terms);
    s->terms = NULL;
    s->nterm = 0;
    s->over = true;
    s->count = s->at = 0;
    s->damaged = SIZE_MAX;
}

void kura_scan_free(struct kura_scan *s)
{
    int i;

    if (s == NULL)
        return;
    scan_reset(s);
    for (i = 0; i < s->schema->count; i++)
        vector_release(&s->columns[i].vector);
    kura_engine_leave(s->engine);
    kura_buf_release(&s->text);
    free(s->columns);
    free(s->selected);
    free(s);
}

/* --- Values of a segment ---------------------------------------------- */

static int64_t instant_clamp(int64_t us)
{
    const int64_t least = kura_days_from_civil(0, 1, 1) * KURA_DAY;
    const int64_t most = kura_days_from_civil(10000, 1, 1) * KURA_DAY - 1;

    return us < least ? least : us > most ? most : us;
}

/* No zone changes its offset twice within it. */
#define STRETCH (900 * KURA_SECOND)

static int64_t instant_local(struct kura_scan *s, int64_t us)
{
    const struct kura_zone *zone = kura_engine_zone(s->engine);
    struct stretch *known = &s->known;
    int64_t from;

    us = instant_clamp(us);
    if (us >= known->from && us < known->to)
        return us + known->offset;
    from = us - (us % STRETCH + STRETCH) % STRETCH;
    known->offset = kura_zone_offset(zone, from) * KURA_SECOND;
    if (kura_zone_offset(zone, from + STRETCH - 1) * KURA_SECOND ==
        known->offset) {
        known->from = from;
        known->to = from + STRETCH;
        return us + known->offset;
    }
    return us + kura_zone_offset(zone, us) * KURA_SECOND;
}

/* Of a stored instant. */
static int64_t part_of(struct kura_scan *s, enum kura_source_kind source,
                       int64_t us)
{
    int64_t local, day, n;

    if (source == KURA_FROM_UTC_DAY)
        return kura_day_of(instant_clamp(us));
    if (source == KURA_FROM_WORKING)
        return kura_site_is_business(kura_engine_site(s->engine),
                                     instant_clamp(us));
    local = instant_local(s, us);
    day = kura_day_of(local);
    if (source == KURA_FROM_DAY)
        return day;
    if (source == KURA_FROM_HOUR)
        return (local - day * KURA_DAY) / (3600 * KURA_SECOND);
    n = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return (n < 0 ? n + 7 : n) + 1;
}

static enum kura_rc vector_room(struct vector *v, bool ids,
                                struct kura_err *err)
{
    if (ids && v->ids == NULL)
        v->ids = malloc(KURA_SEGMENT_ROWS * sizeof(*v->ids));
    if (!ids && v->values == NULL)
        v->values = malloc(KURA_SEGMENT_ROWS * sizeof(*v->values));
    if (!ids && v->null == NULL)
        v->null = malloc(KURA_SEGMENT_ROWS);
    if (ids ? v->ids == NULL : v->values == NULL || v->null == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

static uint32_t segment_rows(const struct kura_scan *s)
{
    return kura_partition_segment(s->partition, s->segment)->rows;
}

/* Decodes a stored column of the segment, once. */
static enum kura_rc scan_decode(struct kura_scan *s, int column,
                                struct vector **out, struct kura_err *err)
{
    struct vector *v = &s->columns[column].vector;
    bool ids = s->columns[column].source == KURA_FROM_IDS;
    enum kura_rc rc = KURA_OK;

    *out = v;
    if (v->ready)
        return KURA_OK;
    rc = vector_room(v, ids, err);
    if (rc == KURA_OK && ids)
        rc = kura_partition_ids(s->partition, column, s->segment, v->ids, err);
    else if (rc == KURA_OK)
        rc = kura_partition_integers(s->partition, column, s->segment,
                                     v->values, v->null, err);
    v->ready = rc == KURA_OK;
    return rc;
}

/* The values of an integer column that no dictionary is behind. */
static enum kura_rc scan_integers(struct kura_scan *s, int column,
                                  struct vector **out, struct kura_err *err)
{
    struct column *c = &s->columns[column];
    struct vector *from;
    uint32_t i, n;
    enum kura_rc rc;

    rc = scan_decode(s, c->stored, &from, err);
    *out = from;
    if (rc != KURA_OK || c->source == KURA_FROM_INTEGERS ||
        c->source == KURA_FROM_TIME)
        return rc;
    *out = &c->vector;
    if (c->vector.ready)
        return KURA_OK;
    rc = vector_room(&c->vector, false, err);
    if (rc != KURA_OK)
        return rc;
    n = segment_rows(s);
    memcpy(c->vector.null, from->null, n);
    for (i = 0; i < n; i++)
        c->vector.values[i] = part_of(s, c->source, from->values[i]);
    c->vector.ready = true;
    return KURA_OK;
}

/* --- Text functions --------------------------------------------------- */

static enum kura_rc memo_room(struct kura_scan *s, struct column *c,
                              struct kura_err *err)
{
    struct memo *m = &c->memo;
    size_t n = (size_t)kura_partition_dict_size(s->partition, c->stored) + 1;

    if (m->state != NULL)
        return KURA_OK;
    m->state = calloc(n, 1);
    if (c->function->is_integer) {
        m->numbers = malloc(n * sizeof(*m->numbers));
    } else {
        m->starts = malloc(n * sizeof(*m->starts));
        m->sizes = malloc(n * sizeof(*m->sizes));
    }
    if (m->state == NULL ||
        (c->function->is_integer ? m->numbers == NULL
                                 : m->starts == NULL || m->sizes == NULL)) {
        memo_drop(m);
        return kura_err_nomem(err);
    }
    m->count = n;
    m->state[0] = MEMO_NULL;
    return KURA_OK;
}

static enum kura_rc memo_fill(struct kura_scan *s, struct column *c,
                              uint32_t id, struct kura_err *err)
{
    struct memo *m = &c->memo;
    size_t start = m->arena.len, n;
    bool is_null = false;
    int64_t number = 0;
    const char *text;
    enum kura_rc rc;

    rc = kura_partition_text(s->partition, c->stored, id, &text, &n, err);
    if (rc != KURA_OK)
        return rc;
    rc = kura_text_function_call(c->function, kura_engine_place(s->engine),
                                 text, n, &m->arena, &number, &is_null, err);
    if (rc != KURA_OK)
        return rc;
    if (c->function->is_integer) {
        m->numbers[id] = number;
    } else {
        m->starts[id] = start;
        m->sizes[id] = m->arena.len - start;
        rc = kura_buf_putc(&m->arena, '\0', err);
    }
    if (rc == KURA_OK)
        m->state[id] = is_null ? MEMO_NULL : MEMO_VALUE;
    return rc;
}

/* What a text column, or a function of one, is for an id. */
enum kura_rc kura_scan_of_id(struct kura_scan *s, int column, uint32_t id,
                             struct kura_scan_value *out, struct kura_err *err)
{
    struct column *c = &s->columns[column];
    enum kura_rc rc;

    out->kind = KURA_OPERAND_NULL;
    if (id == 0)
        return KURA_OK;
    if (c->source == KURA_FROM_IDS) {
        out->kind = KURA_OPERAND_TEXT;
        return kura_partition_text(s->partition, column, id, &out->text,
                                   &out->size, err);
    }
    rc = memo_room(s, c, err);
    if (rc == KURA_OK && id >= c->memo.count)
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "partition '%s' names a text that it does not have",
                          kura_partition_id(s->partition));
    if (rc == KURA_OK && c->memo.state[id] == MEMO_UNKNOWN)
        rc = memo_fill(s, c, id, err);
    if (rc != KURA_OK || c->memo.state[id] == MEMO_NULL)
        return rc;
    if (c->function->is_integer) {
        out->kind = KURA_OPERAND_INTEGER;
        out->number = c->memo.numbers[id];
    } else {
        out->kind = KURA_OPERAND_TEXT;
        out->text = c->memo.arena.data + c->memo.starts[id];
        out->size = c->memo.sizes[id];
    }
    return KURA_OK;
}

/* --- Predicates over a dictionary ------------------------------------- */

static enum kura_rc term_ask(struct kura_scan *s, struct term *t, uint32_t id,
                             bool *pass, struct kura_err *err)
{
    struct kura_scan_value v;
    enum kura_rc rc;

    rc = kura_scan_of_id(s, t->column, id, &v, err);
    if (rc != KURA_OK)
        return rc;
    if (v.kind == KURA_OPERAND_NULL)
        *pass = kura_predicate_null(t->predicate);
    else if (v.kind == KURA_OPERAND_INTEGER)
        *pass = kura_predicate_integer(t->predicate, v.number);
    else
        rc = kura_predicate_text(t->predicate, v.text, v.size, pass, err);
    return rc;
}

bool kura_source_has_ids(enum kura_source_kind source)
{
    return source == KURA_FROM_IDS || source == KURA_FROM_FUNCTION;
}

/* An empty map: no id passes but, perhaps, that of NULL. */
static enum kura_rc term_begin(struct kura_scan *s, struct term *t,
                               struct kura_err *err)
{
    size_t n = (size_t)kura_partition_dict_size(s->partition,
                                                s->columns[t->column].stored) +
               1;

    t->map = calloc(n, 1);
    if (t->map == NULL)
        return kura_err_nomem(err);
    t->count = n;
    t->first = UINT32_MAX;
    t->last = 0;
    t->map[0] = kura_predicate_null(t->predicate);
    return KURA_OK;
}

static void term_pass(struct term *t, uint32_t from, uint32_t to)
{
    memset(t->map + from, 1, to - from);
    if (from < t->first)
        t->first = from;
    if (to - 1 > t->last)
        t->last = to - 1;
}

/* Asks about the ids from..to-1 that pass the others (terms over the same ids
 * that are worked out; a row must pass all of them). */
static enum kura_rc term_ask_all(struct kura_scan *s, struct term *t,
                                 uint32_t from, uint32_t to,
                                 struct term *const *others, size_t n,
                                 struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    uint32_t id;
    size_t i;

    for (id = from; rc == KURA_OK && id < to; id++) {
        bool pass = false;

        if (id % CHECK_EVERY == 0)
            rc = kura_engine_check(s->engine, err);
        for (i = 0; i < n && others[i]->map[id]; i++)
            continue;
        if (rc == KURA_OK && i == n)
            rc = term_ask(s, t, id, &pass, err);
        if (rc == KURA_OK && pass)
            term_pass(t, id, id + 1);
    }
    return rc;
}

/* A sorted dictionary, and a predicate that takes ranges of it: few texts are
 * read. */
static bool term_has_ranges(const struct kura_scan *s, const struct term *t)
{
    return s->columns[t->column].source == KURA_FROM_IDS &&
           kura_partition_is_sealed(s->partition) &&
           kura_predicate_ranges(t->predicate) > 0;
}

static enum kura_rc term_find(struct kura_scan *s, struct term *t,
                              struct kura_err *err)
{
    size_t i, n = kura_predicate_ranges(t->predicate);
    enum kura_rc rc = term_begin(s, t, err);

    for (i = 0; rc == KURA_OK && i < n; i++) {
        struct kura_text_range r;
        uint32_t from = 0, to = 0;

        kura_predicate_range(t->predicate, i, &r);
        rc = kura_partition_seek(s->partition, t->column, &r.from, &from, err);
        if (rc == KURA_OK)
            rc = kura_partition_seek(s->partition, t->column, &r.to, &to, err);
        if (rc != KURA_OK || from >= to)
            continue;
        if (r.exact)
            term_pass(t, from, to);
        else
            rc = term_ask_all(s, t, from, to, NULL, 0, err);
    }
    return rc;
}

/* Asks about every entry of the dictionary that is still in question. */
static enum kura_rc term_map(struct kura_scan *s, struct term *t,
                             struct term **others, struct kura_err *err)
{
    int stored = s->columns[t->column].stored;
    enum kura_rc rc = KURA_OK;
    size_t i, n = 0;

    for (i = 0; i < s->nterm; i++)
        if (s->terms[i].map != NULL &&
            s->columns[s->terms[i].column].stored == stored)
            others[n++] = &s->terms[i];
    if (n == 0)
        rc = kura_partition_dict_load(s->partition, stored, err);
    if (rc == KURA_OK)
        rc = term_begin(s, t, err);
    if (rc == KURA_OK)
        rc = term_ask_all(s, t, 1, (uint32_t)t->count, others, n, err);
    return rc;
}

/* Works the terms out for the partition, those that find their texts first;
 * *pass is false when one of them lets no row of it through. */
static enum kura_rc terms_prepare(struct kura_scan *s, bool *pass,
                                  struct kura_err *err)
{
    struct term **others = calloc(s->nterm ? s->nterm : 1, sizeof(*others));
    enum kura_rc rc = others == NULL ? kura_err_nomem(err) : KURA_OK;
    size_t i;

    *pass = true;
    for (i = 0; rc == KURA_OK && *pass && i < 2 * s->nterm; i++) {
        struct term *t = &s->terms[i % s->nterm];
        bool finds = i < s->nterm;

        if (!kura_source_has_ids(s->columns[t->column].source) ||
            term_has_ranges(s, t) != finds)
            continue;
        rc = finds ? term_find(s, t, err) : term_map(s, t, others, err);
        *pass = rc != KURA_OK || t->first <= t->last || t->map[0] != 0;
    }
    free(others);
    return rc;
}

/* May a row of the segment pass, going by the ends of the chunk? */
static enum kura_rc term_reaches(struct kura_scan *s, const struct term *t,
                                 bool *pass, struct kura_err *err)
{
    const struct column *c = &s->columns[t->column];
    struct kura_chunk_info info = {false, 0, 0};
    enum kura_rc rc;

    *pass = true;
    if (c->source != KURA_FROM_INTEGERS && t->map == NULL)
        return KURA_OK;
    if (t->map != NULL ? t->map[0] != 0 : kura_predicate_null(t->predicate))
        return KURA_OK;
    rc = kura_partition_chunk_info(s->partition, c->stored, s->segment, &info,
                                   err);
    if (rc != KURA_OK)
        return rc;
    if (!info.present)
        *pass = false;
    else if (t->map != NULL)
        *pass = info.low <= (int64_t)t->last && info.high >= (int64_t)t->first;
    else
        *pass = kura_predicate_reaches(t->predicate, info.low, info.high);
    return KURA_OK;
}

/* --- Rows ------------------------------------------------------------- */

static void selection_fill(struct kura_scan *s)
{
    uint32_t i;

    if (!s->dense)
        return;
    for (i = 0; i < s->count; i++)
        s->selected[i] = i;
    s->dense = false;
}

static enum kura_rc select_by_time(struct kura_scan *s, struct kura_err *err)
{
    struct vector *v;
    uint32_t i, kept = 0;
    enum kura_rc rc = scan_decode(s, s->ts, &v, err);

    if (rc != KURA_OK)
        return rc;
    selection_fill(s);
    for (i = 0; i < s->count; i++) {
        uint32_t row = s->selected[i];
        bool pass = !v->null[row] && v->values[row] >= s->span.low &&
                    v->values[row] <= s->span.high;

        s->selected[kept] = row;
        kept += pass;
    }
    s->count = kept;
    return KURA_OK;
}

static enum kura_rc select_by_map(struct kura_scan *s, const struct term *t,
                                  struct kura_err *err)
{
    struct vector *v;
    uint32_t i, kept = 0;
    enum kura_rc rc = scan_decode(s, s->columns[t->column].stored, &v, err);

    if (rc != KURA_OK)
        return rc;
    selection_fill(s);
    for (i = 0; i < s->count; i++) {
        uint32_t row = s->selected[i], id = v->ids[row];

        s->selected[kept] = row;
        kept += id >= t->count || t->map[id]; /* damage: told by its value */
    }
    s->count = kept;
    return KURA_OK;
}

static enum kura_rc select_by_integer(struct kura_scan *s, const struct term *t,
                                      struct kura_err *err)
{
    bool null = kura_predicate_null(t->predicate);
    struct vector *v;
    uint32_t i, kept = 0;
    enum kura_rc rc = scan_integers(s, t->column, &v, err);

    if (rc != KURA_OK)
        return rc;
    selection_fill(s);
    for (i = 0; i < s->count; i++) {
        uint32_t row = s->selected[i];
        bool pass = v->null[row]
                        ? null
                        : kura_predicate_integer(t->predicate, v->values[row]);

        s->selected[kept] = row;
        kept += pass;
    }
    s->count = kept;
    return KURA_OK;
}

static enum kura_rc segment_select(struct kura_scan *s,
                                   const struct kura_segment *g,
                                   struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (g->first_ts < s->span.low || g->last_ts > s->span.high)
        rc = select_by_time(s, err);
    for (i = 0; rc == KURA_OK && s->count > 0 && i < s->nterm; i++)
        rc = s->terms[i].map != NULL ? select_by_map(s, &s->terms[i], err)
                                     : select_by_integer(s, &s->terms[i], err);
    return rc;
}

/* Selects the rows of the segment that pass: s->count of them, perhaps 0. */
static enum kura_rc segment_enter(struct kura_scan *s, struct kura_err *err)
{
    const struct kura_segment *g =
        kura_partition_segment(s->partition, s->segment);
    struct kura_scan_stats *stats = scan_tally(s);
    enum kura_rc rc = kura_engine_check(s->engine, err);
    bool pass = true;
    size_t i;
    int c;

    s->count = s->at = 0;
    stats->segments++;
    if (rc != KURA_OK)
        return rc;
    if (g->rows > KURA_SEGMENT_ROWS)
        return kura_err_set(err, KURA_ECORRUPT,
                            "partition '%s' has a segment of %u rows",
                            kura_partition_id(s->partition), (unsigned)g->rows);
    if (g->last_ts < s->span.low || g->first_ts > s->span.high)
        return KURA_OK;
    for (i = 0; i < s->nterm; i++) {
        rc = term_reaches(s, &s->terms[i], &pass, err);
        if (rc != KURA_OK || !pass)
            return rc;
    }
    for (c = 0; c < s->schema->count; c++)
        s->columns[c].vector.ready = false;
    s->dense = true;
    s->count =
        s->rows_left < (int64_t)g->rows ? (uint32_t)s->rows_left : g->rows;
    stats->segments_opened++;
    stats->rows_read += s->count;
    return segment_select(s, g, err);
}

/* To the next segment of the partition with a row that passes. */
static enum kura_rc scan_next_segment(struct kura_scan *s, bool *found,
                                      struct kura_err *err)
{
    enum kura_rc rc;

    *found = false;
    for (;;) {
        if (s->segment != SIZE_MAX) /* rows that lie behind us */
            s->rows_left -= segment_rows(s);
        s->segment++;
        if (s->segment >= kura_partition_segments(s->partition) ||
            s->rows_left <= 0)
            return KURA_OK;
        rc = segment_enter(s, err);
        *found = s->count > 0;
        if (rc != KURA_OK || *found)
            return rc;
    }
}

/* Pins the entry if it may have rows that pass; else s->partition is NULL. */
static enum kura_rc scan_enter_entry(struct kura_scan *s, struct kura_err *err)
{
    const struct kura_partition_entry *e =
        kura_engine_entry(s->engine, s->entry);
    enum kura_rc rc;
    bool pass;

    if (e->schema != s->schema ||
        (s->lane != NULL && s->lane->lanes[s->entry] != s->lane->mine))
        return KURA_OK;
    scan_tally(s)->partitions++;
    if ((e->day + 1) * KURA_DAY - 1 < s->span.low ||
        e->day * KURA_DAY > s->span.high)
        return KURA_OK;
    rc = kura_engine_check(s->engine, err);
    if (rc == KURA_OK)
        rc = scan_pin(s, err);
    if (rc != KURA_OK || s->partition == NULL)
        return rc;
    s->segment = SIZE_MAX;
    rc = terms_prepare(s, &pass, err);
    if (rc != KURA_OK || !pass)
        scan_leave_partition(s);
    return rc;
}

/* Goes on in the partition at hand, or into the next one. */
static enum kura_rc scan_step(struct kura_scan *s, bool *found,
                              struct kura_err *err)
{
    enum kura_rc rc;

    *found = false;
    if (s->partition != NULL) {
        rc = scan_next_segment(s, found, err);
        if (rc != KURA_OK || *found)
            return rc;
        scan_leave_partition(s);
    }
    s->entry++;
    if (s->entry < kura_engine_count(s->engine))
        return scan_enter_entry(s, err);
    s->over = true;
    return KURA_OK;
}

/* Leaves the partition at hand if it is at fault. */
static enum kura_rc scan_lose(struct kura_scan *s, enum kura_rc rc,
                              const struct kura_err *cause,
                              struct kura_err *err)
{
    if (s->entry >= kura_engine_count(s->engine) || !scan_is_at_fault(s, rc))
        return kura_err_set(err, rc, "%s", cause->msg);
    s->damaged = s->entry;
    s->count = s->at = 0;
    scan_leave_partition(s);
    return KURA_OK;
}

/* From the end of a segment to the next row that passes.  A partition that
 * turns out damaged is left where it stands, and coverage says so. */
static enum kura_rc scan_advance(struct kura_scan *s, struct kura_err *err)
{
    struct kura_err cause;
    enum kura_rc rc;
    bool found = false;

    while (!s->over && !found) {
        cause = (struct kura_err)KURA_ERR_INIT;
        rc = scan_step(s, &found, &cause);
        if (rc != KURA_OK)
            rc = scan_lose(s, rc, &cause, err);
        if (rc != KURA_OK)
            return rc;
    }
    return KURA_OK;
}

static enum kura_rc scan_arrive(struct kura_scan *s, enum kura_rc rc)
{
    if (rc != KURA_OK)
        s->over = true;
    return rc;
}

/* Integers first, then short work per entry, then patterns. */
static int term_cmp(const void *a, const void *b)
{
    const struct term *x = a, *y = b;
    int cx = kura_predicate_cost(x->predicate);
    int cy = kura_predicate_cost(y->predicate);

    return cx != cy ? (cx > cy) - (cx < cy)
                    : (x->column > y->column) - (x->column < y->column);
}

enum kura_rc kura_scan_begin(struct kura_scan *s, struct kura_span span,
                             const struct kura_term *terms, size_t n,
                             struct kura_err *err)
{
    struct kura_span all = kura_engine_span(s->engine, s->schema);
    bool none;
    size_t i;

    scan_reset(s);
    s->terms = calloc(n ? n : 1, sizeof(*s->terms));
    if (s->terms == NULL) {
        for (i = 0; i < n; i++)
            kura_predicate_free(terms[i].predicate);
        return kura_err_nomem(err);
    }
    s->nterm = n;
    s->span.low = span.low > all.low ? span.low : all.low;
    s->span.high = span.high < all.high ? span.high : all.high;
    none = s->span.low > s->span.high;
    if (!none && !scan_is_apart(s))
        kura_engine_note(s->engine, s->schema, s->span);
    for (i = 0; i < n; i++) {
        s->terms[i].column = terms[i].column;
        s->terms[i].predicate = terms[i].predicate;
        if (kura_predicate_is_none(terms[i].predicate))
            none = true;
    }
    if (none)
        return KURA_OK;
    qsort(s->terms, n, sizeof(*s->terms), term_cmp);
    s->over = false;
    s->entry = SIZE_MAX; /* before the first */
    return scan_arrive(s, scan_advance(s, err));
}

enum kura_rc kura_scan_next(struct kura_scan *s, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    s->at++;
    if (s->at >= s->count)
        rc = scan_advance(s, err);
    return scan_arrive(s, rc);
}

bool kura_scan_is_over(const struct kura_scan *s)
{
    return s->over;
}

static uint32_t scan_row(const struct kura_scan *s)
{
    return s->dense ? s->at : s->selected[s->at];
}

int64_t kura_scan_rowid(const struct kura_scan *s)
{
    uint64_t number = (uint64_t)kura_engine_entry(s->engine, s->entry)->number;

    return (int64_t)(number << 36 | (uint64_t)s->segment << 16 | scan_row(s));
}

/* --- Values of a row -------------------------------------------------- */

bool kura_source_is_time(enum kura_source_kind source)
{
    return source == KURA_FROM_TIME || source == KURA_FROM_DAY ||
           source == KURA_FROM_UTC_DAY;
}

void kura_scan_time_text(enum kura_source_kind source, int64_t n,
                         char out[KURA_SCAN_TIME_TEXT])
{
    if (source == KURA_FROM_TIME)
        kura_time_format(n, out);
    else
        kura_day_format(n, out);
}

static enum kura_rc value_of_time(struct kura_scan *s,
                                  enum kura_source_kind source, int64_t us,
                                  struct kura_scan_value *out,
                                  struct kura_err *err)
{
    enum kura_rc rc;

    kura_buf_reset(&s->text);
    rc = kura_buf_reserve(&s->text, KURA_SCAN_TIME_TEXT, err);
    if (rc != KURA_OK)
        return rc;
    kura_scan_time_text(source,
                        source == KURA_FROM_TIME ? us : part_of(s, source, us),
                        s->text.data);
    out->kind = KURA_OPERAND_TEXT;
    out->text = s->text.data;
    out->size = strlen(s->text.data);
    return KURA_OK;
}

static enum kura_rc value_of_line(struct kura_scan *s,
                                  struct kura_scan_value *out,
                                  struct kura_err *err)
{
    enum kura_rc rc;

    kura_buf_reset(&s->text);
    rc = kura_partition_raw(s->partition, s->segment, scan_row(s), &s->text,
                            err);
    out->kind = KURA_OPERAND_TEXT;
    out->text = s->text.data;
    out->size = s->text.len;
    /* Without its end, so that `$` and LIKE '%x' mean the end of the text. */
    if (out->size != 0 && out->text[out->size - 1] == '\n') {
        out->size--;
        if (out->size != 0 && out->text[out->size - 1] == '\r')
            out->size--;
    }
    return rc;
}

static enum kura_rc scan_value(struct kura_scan *s, int column,
                               struct kura_scan_value *out,
                               struct kura_err *err)
{
    const struct column *c = &s->columns[column];
    uint32_t row = scan_row(s);
    struct vector *v;
    enum kura_rc rc;

    out->kind = KURA_OPERAND_NULL;
    if (c->source == KURA_FROM_LINE)
        return value_of_line(s, out, err);
    if (c->source == KURA_FROM_UNKNOWN)
        return KURA_OK;
    if (kura_source_has_ids(c->source)) {
        rc = scan_decode(s, c->stored, &v, err);
        return rc == KURA_OK ? kura_scan_of_id(s, column, v->ids[row], out, err)
                             : rc;
    }
    rc = scan_integers(s, kura_source_is_time(c->source) ? c->stored : column,
                       &v, err);
    if (rc != KURA_OK || v->null[row])
        return rc;
    if (kura_source_is_time(c->source))
        return value_of_time(s, c->source, v->values[row], out, err);
    out->kind = KURA_OPERAND_INTEGER;
    out->number = v->values[row];
    return KURA_OK;
}

enum kura_rc kura_scan_value(struct kura_scan *s, int column,
                             struct kura_scan_value *out, struct kura_err *err)
{
    enum kura_rc rc = scan_value(s, column, out, err);

    /* Too late to leave it out of this statement; the next one will. */
    if (rc != KURA_OK)
        (void)kura_engine_lose(s->engine, s->entry, rc);
    return rc;
}

/* --- Whole segments --------------------------------------------------- */

void kura_scan_rows(const struct kura_scan *s, struct kura_scan_rows *out)
{
    out->entry = s->entry;
    out->rows = s->dense ? NULL : s->selected;
    out->count = s->over ? 0 : s->count;
}

enum kura_rc kura_scan_next_rows(struct kura_scan *s, struct kura_err *err)
{
    return scan_arrive(s, scan_advance(s, err));
}

size_t kura_scan_damaged(const struct kura_scan *s)
{
    return s->damaged;
}

enum kura_rc kura_scan_lose(struct kura_scan *s, enum kura_rc rc,
                            const struct kura_err *cause, struct kura_err *err)
{
    rc = scan_lose(s, rc, cause, err);
    if (rc == KURA_OK)
        rc = scan_advance(s, err);
    return scan_arrive(s, rc);
}

enum kura_rc kura_scan_ids(struct kura_scan *s, int column,
                           const uint32_t **ids, struct kura_err *err)
{
    struct vector *v;
    enum kura_rc rc = scan_decode(s, s->columns[column].stored, &v, err);

    *ids = v->ids;
    return rc;
}

enum kura_rc kura_scan_integers(struct kura_scan *s, int column,
                                const int64_t **values, const uint8_t **null,
                                struct kura_err *err)
{
    struct vector *v;
    enum kura_rc rc = scan_integers(s, column, &v, err);

    *values = v->values;
    *null = v->null;
    return rc;
}

size_t kura_scan_id_end(struct kura_scan *s, int column)
{
    return (size_t)kura_partition_dict_size(s->partition,
                                            s->columns[column].stored) +
           1;
}
