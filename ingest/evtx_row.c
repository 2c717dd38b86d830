/* evtx_row.c - a record's values through a program into cells.
 *
 * One pass over the items of the program (and of those that its values are)
 * takes cells and members of data, and notes for each item how it stands in the
 * shape: left out, as a placeholder, or as it is.  Records of a template mostly
 * do that alike, so a shape is found by these notes and made once per chunk. */
#include "ingest/evtx_internal.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "store/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_NOTES 8192u
#define ROW_LITERALS 2048u
#define ROW_CELLS 256u
#define ROW_SHAPES 256u /* slots */
#define ROW_NESTING 16
#define TYPE_XML 0x21u

enum note_kind {
    NOTE_XML,
    NOTE_EMPTY,
    NOTE_PLACE,
    NOTE_PLACE_XML, /* with & < > as entities */
    NOTE_LITERAL,
    NOTE_TIME
};

/* A note in one number: the item's address, the kind, and the member of data
 * (or the last digit of the time). */
#define NOTE_ADDRESS ((UINT64_C(1) << 48) - 1)
#define NOTE_KIND_SHIFT 48
#define NOTE_EXTRA_SHIFT 52

struct member {
    const char *name, *json, *text;
    uint32_t name_size, json_size, size;
    uint32_t note; /* which gets its number */
    bool plain;
};

struct literal {
    const char *text;
    uint32_t size;
    bool ready; /* as it stands in the shape */
};

struct shape_slot {
    uint64_t hash;
    const uint64_t *notes;
    uint32_t count, size;
    const char *text;
};

struct evtx_rows {
    const struct kura_event *event;
    const struct kura_schema *schema;
    struct evtx_compiler *compiler;
    struct kura_zone *zone;
    int src_ip, data, ip_address, event_id;
    bool *taken;
    struct kura_arena shapes;
    struct shape_slot slots[ROW_SHAPES];
    struct kura_buf json, shape, text;
    /* Of the record at hand. */
    struct evtx_chunk *k;
    struct kura_arena *arena;
    struct kura_cell cells[ROW_CELLS];
    uint32_t ncell;
    struct member members[KURA_SHAPE_MEMBER_MAX];
    uint32_t nmember;
    uint64_t notes[ROW_NOTES];
    uint32_t nnote;
    struct literal literals[ROW_LITERALS];
    uint32_t nliteral;
    int unnamed;
    bool has_time;
    int64_t ts;
    const char *why;
};

enum kura_rc kura_evtx_rows_new(const struct kura_event *event,
                                struct evtx_compiler *compiler,
                                struct evtx_rows **out, struct kura_err *err)
{
    struct evtx_rows *r = calloc(1, sizeof(*r));
    enum kura_rc rc;

    if (r == NULL)
        return kura_err_nomem(err);
    r->event = event;
    r->compiler = compiler;
    r->schema = kura_schema_find("windows");
    r->src_ip = kura_schema_column(r->schema, "src_ip");
    r->data = kura_schema_column(r->schema, "data");
    r->ip_address = kura_schema_column(r->schema, "IpAddress");
    r->event_id = kura_schema_column(r->schema, "EventID");
    kura_buf_init(&r->json, 4 * KURA_EVTX_OUTPUT);
    kura_buf_init(&r->shape, 8 * KURA_EVTX_OUTPUT);
    kura_buf_init(&r->text, 4 * KURA_EVTX_OUTPUT);
    rc = kura_zone_new("+00:00", &r->zone, err);
    r->taken = calloc((size_t)r->schema->count + 1, sizeof(bool));
    if (rc == KURA_OK && r->taken == NULL)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK)
        *out = r;
    else
        kura_evtx_rows_free(r);
    return rc;
}

void kura_evtx_rows_free(struct evtx_rows *r)
{
    if (r == NULL)
        return;
    kura_zone_free(r->zone);
    kura_arena_release(&r->shapes);
    kura_buf_release(&r->json);
    kura_buf_release(&r->shape);
    kura_buf_release(&r->text);
    free(r->taken);
    free(r);
}

/* Shapes that were given out live on in the caller's arena. */
void kura_evtx_rows_reset(struct evtx_rows *r)
{
    kura_arena_reset(&r->shapes);
    memset(r->slots, 0, sizeof(r->slots));
}

static bool fail(struct evtx_rows *r, const char *why)
{
    if (r->why == NULL)
        r->why = why;
    return false;
}

static bool charge(struct evtx_rows *r, size_t bytes)
{
    r->k->output += bytes;
    return (++r->k->steps <= KURA_EVTX_STEPS &&
            r->k->output <= KURA_EVTX_OUTPUT) ||
           fail(r, "its chunk takes too much work");
}

/* --- Notes -----------------------------------------------------------------
 */

static bool note(struct evtx_rows *r, const struct evtx_item *i,
                 enum note_kind kind, uint64_t extra)
{
    if (r->nnote == ROW_NOTES)
        return fail(r, "it has too many values");
    r->notes[r->nnote++] = ((uint64_t)(uintptr_t)i & NOTE_ADDRESS) |
                           (uint64_t)kind << NOTE_KIND_SHIFT |
                           extra << NOTE_EXTRA_SHIFT;
    return true;
}

static bool note_literal(struct evtx_rows *r, const struct evtx_item *i,
                         const char *text, size_t size, bool ready)
{
    if (r->nliteral == ROW_LITERALS)
        return fail(r, "it has too many values");
    r->literals[r->nliteral++] = (struct literal){text, (uint32_t)size, ready};
    return note(r, i, NOTE_LITERAL, 0);
}

/* How a value that stands in a column or member stands in the shape. */
static bool note_place(struct evtx_rows *r, const struct evtx_item *i,
                       const char *text, size_t size)
{
    bool attribute = i->kind == EVTX_ITEM_ATTRIBUTE;
    enum note_kind kind = NOTE_PLACE;
    size_t k;

    for (k = 0; k < size; k++) {
        char c = text[k];

        if (c == '&' || c == '<' || c == '>')
            kind = NOTE_PLACE_XML;
        else if (c == '"' && attribute)
            return note_literal(r, i, text, size, false);
    }
    return note(r, i, kind, 0);
}

/* --- Values ----------------------------------------------------------------
 */

static struct kura_cell *cell_add(struct evtx_rows *r, int column)
{
    struct kura_cell *c = &r->cells[r->ncell++];

    r->taken[column] = true;
    memset(c, 0, sizeof(*c));
    c->column = column;
    return c;
}

static bool member_add(struct evtx_rows *r, const struct evtx_item *i,
                       const char *text, size_t size, bool plain)
{
    struct member *m = &r->members[r->nmember];
    char name[32];
    int n;

    if (r->nmember == KURA_SHAPE_MEMBER_MAX)
        return fail(r, "it has too many values");
    m->name = i->name;
    m->name_size = i->name_size;
    m->json = i->json;
    m->json_size = i->json_size;
    if (i->unnamed) {
        n = snprintf(name, sizeof(name), "\"param%d\"", ++r->unnamed);
        m->json = kura_arena_copy(r->arena, name, (size_t)n, NULL);
        if (m->json == NULL)
            return false;
        m->json_size = (uint32_t)n;
        m->name = m->json + 1;
        m->name_size = (uint32_t)n - 2;
    }
    m->text = text;
    m->size = (uint32_t)size;
    m->plain = plain;
    m->note = r->nnote;
    r->nmember++;
    /* Half a character is another one in the JSON. */
    if (!plain && !kura_text_is_clean(text, size)) {
        size_t at = 0, used;
        uint32_t c;

        for (; at < size; at += used) {
            used = kura_text_decode(text + at, size - at, &c);
            if (c == 0xFFFD && used == 1) {
                m->note = UINT32_MAX;
                return note_literal(r, i, text, size, false);
            }
        }
    }
    return note_place(r, i, text, size);
}

static bool column_integer(struct evtx_rows *r, const struct evtx_item *i,
                           const char *text, size_t size, bool *taken)
{
    char digits[KURA_NUM_DIGITS];
    int64_t v;

    *taken = kura_num_parse(text, size, &v);
    if (!*taken) {
        *taken = size == 1 && *text == '-';
        return !*taken || note_literal(r, i, text, size, false);
    }
    cell_add(r, i->column)->number = v;
    if (kura_num_format(v, digits) == size && memcmp(digits, text, size) == 0)
        return note(r, i, NOTE_PLACE, 0);
    return note_literal(r, i, text, size, false);
}

static bool column_address(struct evtx_rows *r, const char *text, size_t size)
{
    char address[48];
    struct kura_cell *c;
    size_t n;

    if (!kura_event_address(text, size, address, &n))
        return true;
    c = cell_add(r, r->src_ip);
    c->text = kura_arena_copy(r->arena, address, n, NULL);
    c->size = (uint32_t)n;
    return c->text != NULL;
}

static bool column_text(struct evtx_rows *r, const struct evtx_item *i,
                        const char *text, size_t size, bool plain)
{
    const char *as = text;
    size_t n = size;
    struct kura_cell *c;
    bool same = plain && text[0] != ' ' && text[size - 1] != ' ';

    if (!same) {
        if (kura_event_clean(text, size, &r->text, &same, NULL) != KURA_OK)
            return false;
        if (!same) {
            n = r->text.len;
            as = kura_arena_copy(r->arena, r->text.data, n, NULL);
            if (as == NULL)
                return false;
            if (n == 0)
                return note_literal(r, i, text, size, false);
        }
    }
    c = cell_add(r, i->column);
    c->text = as;
    c->size = (uint32_t)n;
    if (i->column == r->ip_address && !column_address(r, as, n))
        return false;
    return same ? note_place(r, i, text, size)
                : note_literal(r, i, text, size, false);
}

static bool value_time(struct evtx_rows *r, const struct evtx_item *i,
                       const char *text, size_t size)
{
    struct kura_stamp stamp;
    const char *dot = memchr(text, '.', size);
    char copy[40];
    size_t n = size;

    if (size < sizeof(copy)) {
        memcpy(copy, text, size);
        /* Digits behind the sixth. */
        if (dot != NULL && size > (size_t)(dot - text) + 8 &&
            text[size - 1] == 'Z') {
            n = (size_t)(dot - text) + 8;
            copy[n - 1] = 'Z';
        }
        r->has_time = kura_stamp_parse(copy, n, KURA_LAYOUT_ISO, r->zone, 0,
                                       &r->ts, &stamp) ||
                      kura_stamp_parse(copy, n, KURA_LAYOUT_PLAIN, r->zone, 0,
                                       &r->ts, &stamp);
    }
    return note_literal(r, i, text, size, false);
}

/* A text that an item is; not empty. */
static bool value_take(struct evtx_rows *r, const struct evtx_item *i,
                       const char *text, size_t size, bool plain)
{
    bool taken = false;

    if (!charge(r, size))
        return false;
    if (i->time && !r->has_time)
        return value_time(r, i, text, size);
    if (i->column >= 0 && !r->taken[i->column]) {
        if (!i->integer)
            return column_text(r, i, text, size, plain);
        if (!column_integer(r, i, text, size, &taken) || taken)
            return r->why == NULL && taken;
    }
    if (i->name == NULL && !i->unnamed)
        return note_literal(r, i, text, size, false);
    return member_add(r, i, text, size, plain);
}

static bool run_xml(struct evtx_rows *r, const struct evtx_value *v,
                    const struct evtx_item *i, int depth);

/* A list in a text stands there as one element after the other. */
static bool run_list(struct evtx_rows *r, const struct evtx_value *v,
                     const struct evtx_item *i)
{
    struct evtx_value one;
    const char *text;
    size_t at = 0, size, k = 0;
    bool plain;

    while (kura_evtx_value_next(v, &at, &one)) {
        if (!kura_evtx_value_text(&one, r->arena, &text, &size, &plain))
            return false;
        if (k++ != 0 && !note_literal(r, i, i->close, i->close_size, true))
            return false;
        if (size == 0 ? !charge(r, 1) || !note(r, i, NOTE_EMPTY, 0)
                      : !value_take(r, i, text, size, plain))
            return false;
    }
    return k != 0 || note(r, i, NOTE_EMPTY, 0);
}

/* An item that is one value of the record. */
static bool run_value(struct evtx_rows *r, const struct evtx_value *v,
                      const struct evtx_item *i, int depth)
{
    const char *text;
    unsigned hundreds;
    size_t size;
    int64_t n;
    bool plain;

    if (v->size == 0 || v->type == 0)
        return charge(r, 1) && note(r, i, NOTE_EMPTY, 0);
    if (v->type == TYPE_XML && i->kind == EVTX_ITEM_TEXT)
        return run_xml(r, v, i, depth);
    if (kura_evtx_value_is_list(v) && i->kind == EVTX_ITEM_TEXT)
        return run_list(r, v, i);
    if (i->time && !r->has_time && kura_evtx_value_time(v, &n, &hundreds)) {
        r->has_time = true;
        r->ts = n;
        return charge(r, 8) && note(r, i, NOTE_TIME, hundreds);
    }
    if (i->integer && !r->taken[i->column] && kura_evtx_value_integer(v, &n)) {
        cell_add(r, i->column)->number = n;
        return charge(r, 8) && note(r, i, NOTE_PLACE, 0);
    }
    if (!kura_evtx_value_text(v, r->arena, &text, &size, &plain))
        return false;
    return size == 0 ? charge(r, 1) && note(r, i, NOTE_EMPTY, 0)
                     : value_take(r, i, text, size, plain);
}

static const struct evtx_value *piece_value(const struct evtx_piece *p,
                                            const struct evtx_values *values)
{
    static const struct evtx_value none = {(const unsigned char *)"", 0, 0};

    return p->value < values->count ? &values->list[p->value] : &none;
}

/* An item of several pieces, or of a text that stands in the XML itself. */
static bool run_pieces(struct evtx_rows *r, const struct evtx_item *i,
                       const struct evtx_values *values)
{
    const char *text;
    size_t size;
    uint32_t k;
    bool plain;

    kura_buf_reset(&r->text);
    for (k = 0; k < i->npiece; k++) {
        const struct evtx_piece *p = &i->pieces[k];

        text = p->text;
        size = p->size;
        if (text == NULL &&
            !kura_evtx_value_text(piece_value(p, values), r->arena, &text,
                                  &size, &plain))
            return false;
        if (!charge(r, size) ||
            kura_buf_append(&r->text, text, size, NULL) != KURA_OK)
            return false;
    }
    size = r->text.len;
    if (size == 0)
        return note(r, i, NOTE_EMPTY, 0);
    text = kura_arena_copy(r->arena, r->text.data, size, NULL);
    return text != NULL && value_take(r, i, text, size, false);
}

static bool run_program(struct evtx_rows *r, const struct evtx_program *p,
                        const struct evtx_values *values, int depth)
{
    uint32_t k;

    for (k = 0; k < p->count; k++) {
        const struct evtx_item *i = &p->items[k];
        bool good;

        if (i->kind == EVTX_ITEM_XML)
            good = charge(r, 1) && note(r, i, NOTE_XML, 0);
        else if (i->npiece == 1 && i->pieces[0].text == NULL)
            good = run_value(r, piece_value(&i->pieces[0], values), i, depth);
        else
            good = run_pieces(r, i, values);
        if (!good)
            return false;
    }
    return true;
}

/* XML at p[at..end): an instance of a template, or elements. */
static bool run_part(struct evtx_rows *r, size_t at, size_t end,
                     enum evtx_section section, int depth)
{
    const unsigned char *p = r->k->p;
    const struct evtx_program *program;
    struct evtx_values values = {NULL, 0};
    const char *why = NULL;

    if (depth > ROW_NESTING)
        return fail(r, "its elements are nested too deep");
    if (end - at >= 4 && p[at] == 0x0F)
        at += 4;
    if (at == end || p[at] == 0)
        return true;
    if (p[at] == 0x0C) {
        at++;
        program = kura_evtx_instance(r->compiler, r->k, &at, end, section,
                                     &values, r->arena, &why);
    } else {
        program = kura_evtx_fragment(r->compiler, r->k, at, end, section, &why);
    }
    if (program == NULL)
        return why != NULL ? fail(r, why) : false;
    return run_program(r, program, &values, depth);
}

static bool run_xml(struct evtx_rows *r, const struct evtx_value *v,
                    const struct evtx_item *i, int depth)
{
    size_t at = (size_t)(v->p - r->k->p);

    return charge(r, 1) && run_part(r, at, at + v->size,
                                    (enum evtx_section)i->section, depth + 1);
}

/* --- The row ---------------------------------------------------------------
 */

static bool member_is_before(const struct member *a, const struct member *b)
{
    return kura_text_cmp(a->name, a->name_size, b->name, b->name_size) < 0;
}

static bool json_value(struct evtx_rows *r, const struct member *m)
{
    if (!m->plain || memchr(m->text, '"', m->size) != NULL ||
        memchr(m->text, '\\', m->size) != NULL)
        return kura_json_text(m->text, m->size, &r->json, NULL) == KURA_OK;
    if (kura_buf_reserve(&r->json, m->size + 2, NULL) != KURA_OK)
        return false;
    r->json.data[r->json.len++] = '"';
    memcpy(r->json.data + r->json.len, m->text, m->size);
    r->json.len += m->size;
    r->json.data[r->json.len++] = '"';
    r->json.data[r->json.len] = '\0';
    return true;
}

static bool members_write(struct evtx_rows *r)
{
    uint16_t order[KURA_SHAPE_MEMBER_MAX];
    struct kura_cell *c;
    uint32_t i, k;

    for (i = 0; i < r->nmember; i++) {
        for (k = i; k > 0 &&
                    member_is_before(&r->members[i], &r->members[order[k - 1]]);
             k--)
            order[k] = order[k - 1];
        order[k] = (uint16_t)i;
    }
    kura_buf_reset(&r->json);
    for (i = 0; i < r->nmember; i++) {
        const struct member *m = &r->members[order[i]];

        if (kura_buf_putc(&r->json, i == 0 ? '{' : ',', NULL) != KURA_OK ||
            kura_buf_append(&r->json, m->json, m->json_size, NULL) != KURA_OK ||
            kura_buf_putc(&r->json, ':', NULL) != KURA_OK || !json_value(r, m))
            return false;
        if (m->note != UINT32_MAX)
            r->notes[m->note] |= (uint64_t)(i + 1) << NOTE_EXTRA_SHIFT;
    }
    if (r->nmember == 0)
        return true;
    if (kura_buf_putc(&r->json, '}', NULL) != KURA_OK ||
        !charge(r, r->json.len))
        return false;
    c = cell_add(r, r->data);
    c->text = kura_arena_copy(r->arena, r->json.data, r->json.len, NULL);
    c->size = (uint32_t)r->json.len;
    return c->text != NULL;
}

static const struct evtx_item *note_item(uint64_t n)
{
    return (const struct evtx_item *)(uintptr_t)(n & NOTE_ADDRESS);
}

static enum kura_rc shape_literal(struct evtx_rows *r, const struct literal *l,
                                  bool attribute)
{
    enum kura_rc rc;
    size_t i;

    if (l->ready)
        return kura_buf_append(&r->shape, l->text, l->size, NULL);
    kura_buf_reset(&r->text);
    rc = kura_render_escaped(l->text, l->size, KURA_ESCAPE_XML, &r->text, NULL);
    if (!attribute && rc == KURA_OK)
        return kura_shape_literal(r->text.data, r->text.len, &r->shape, NULL);
    for (i = 0; i < r->text.len && rc == KURA_OK; i++)
        rc = r->text.data[i] == '"'
                 ? kura_buf_puts(&r->shape, "&quot;", NULL)
                 : kura_shape_literal(r->text.data + i, 1, &r->shape, NULL);
    return rc;
}

static enum kura_rc shape_value(struct evtx_rows *r, uint64_t n,
                                enum note_kind kind, uint32_t *literal)
{
    const struct evtx_item *i = note_item(n);
    unsigned extra = (unsigned)(n >> NOTE_EXTRA_SHIFT);
    struct kura_rendering place = {.kind = KURA_RENDER_TEXT};

    if (kind == NOTE_LITERAL)
        return shape_literal(r, &r->literals[(*literal)++],
                             i->kind == EVTX_ITEM_ATTRIBUTE);
    if (kind == NOTE_TIME)
        return kura_buf_printf(&r->shape, NULL, "{ts:plaint.6}%uZ", extra);
    place.escape = kind == NOTE_PLACE_XML ? KURA_ESCAPE_XML : KURA_ESCAPE_NONE;
    place.member = (int)extra;
    if (extra != 0)
        return kura_shape_field("data", &place, &r->shape, NULL);
    if (kind == NOTE_PLACE)
        return kura_buf_append(&r->shape, i->place, i->place_size, NULL);
    return kura_shape_field(r->schema->columns[i->column].name, &place,
                            &r->shape, NULL);
}

static bool shape_build(struct evtx_rows *r)
{
    enum kura_rc rc = KURA_OK;
    uint32_t k, literal = 0;

    kura_buf_reset(&r->shape);
    for (k = 0; k < r->nnote && rc == KURA_OK; k++) {
        const struct evtx_item *i = note_item(r->notes[k]);
        enum note_kind kind =
            (enum note_kind)(r->notes[k] >> NOTE_KIND_SHIFT & 15);
        bool around = i->kind == EVTX_ITEM_ATTRIBUTE && kind != NOTE_EMPTY;

        if (kind == NOTE_XML || around)
            rc = kura_buf_append(&r->shape, i->open, i->open_size, NULL);
        if (rc == KURA_OK && kind != NOTE_XML && kind != NOTE_EMPTY)
            rc = shape_value(r, r->notes[k], kind, &literal);
        if (rc == KURA_OK && around)
            rc = kura_buf_append(&r->shape, i->close, i->close_size, NULL);
    }
    return rc == KURA_OK && charge(r, r->shape.len);
}

static uint64_t notes_hash(const uint64_t *n, uint32_t count)
{
    uint64_t h = count;
    uint32_t i;

    for (i = 0; i < count; i++) {
        h = (h ^ n[i]) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 32;
    }
    return h;
}

/* The shape of these notes, made where it is new. */
static bool shape_cell(struct evtx_rows *r)
{
    uint64_t hash = notes_hash(r->notes, r->nnote);
    struct shape_slot *s = &r->slots[hash & (ROW_SHAPES - 1)];
    struct kura_cell *c = &r->cells[r->ncell++];
    size_t bytes = r->nnote * sizeof(r->notes[0]);
    uint64_t *notes;
    char *text;

    memset(c, 0, sizeof(*c));
    c->column = KURA_CELL_SHAPE;
    if (r->nliteral == 0 && s->text != NULL && s->hash == hash &&
        s->count == r->nnote && memcmp(s->notes, r->notes, bytes) == 0) {
        c->text = s->text;
        c->size = s->size;
        return true;
    }
    if (!shape_build(r))
        return false;
    text = kura_arena_copy(r->arena, r->shape.data, r->shape.len, NULL);
    if (text == NULL)
        return false;
    c->text = text;
    c->size = (uint32_t)r->shape.len;
    if (r->nliteral != 0)
        return true;
    notes = kura_arena_alloc(&r->shapes, bytes + 8, NULL);
    if (notes == NULL)
        return false;
    memcpy(notes, r->notes, bytes);
    *s = (struct shape_slot){hash, notes, r->nnote, c->size, text};
    return true;
}

static bool row_make(struct evtx_rows *r, size_t at, size_t end)
{
    if (!run_part(r, at, end, EVTX_TOP, 0))
        return false;
    if (!r->taken[r->event_id])
        return fail(r, "no Windows event: it has no EventID");
    if (r->ncell + 4 > ROW_CELLS)
        return fail(r, "it has too many values");
    return members_write(r) && shape_cell(r);
}

enum kura_rc kura_evtx_row(struct evtx_rows *r, struct evtx_chunk *k, size_t at,
                           size_t end, struct kura_arena *arena,
                           struct kura_evtx_record *out, struct kura_err *err)
{
    r->k = k;
    r->arena = arena;
    r->ncell = r->nmember = r->nnote = r->nliteral = 0;
    r->unnamed = 0;
    r->has_time = false;
    r->why = NULL;
    memset(r->taken, 0, (size_t)r->schema->count * sizeof(bool));
    if (!row_make(r, at, end)) {
        out->why = r->why;
        return r->why != NULL ? KURA_OK : kura_err_nomem(err);
    }
    if (r->has_time)
        out->ts = r->ts;
    out->count = r->ncell;
    out->cells = kura_arena_alloc(arena, r->ncell * sizeof(*out->cells), NULL);
    if (out->cells == NULL)
        return kura_err_nomem(err);
    memcpy(out->cells, r->cells, r->ncell * sizeof(*out->cells));
    return KURA_OK;
}
