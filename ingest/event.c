/* event.c - names to columns, the JSON of the rest, and the places of both. */
#include "ingest/event.h"

#include "base/host.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "ingest/parse_internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_VALUES KURA_SHAPE_MEMBER_MAX
#define EVENT_NAMES 512u /* slots; a table has at most some 130 columns */
#define EVENT_TEXT_MAX ((size_t)16 << 20)

struct event_value {
    const char *name, *text;
    uint32_t name_size, size;
    int column;     /* -1: a member of data */
    int member;     /* its number there, from 1 */
    int64_t number; /* of an integer column */
    struct kura_event_place place;
};

struct kura_event {
    const struct kura_schema *schema;
    struct kura_arena *arena;
    int16_t names[EVENT_NAMES]; /* column + 1 */
    bool *of_system;            /* by column: a name of System */
    bool *taken;                /* by column: the event has it */
    bool *reserved;             /* by column: no event fills it by name */
    int src_ip, data, ip_address, event_id, channel, provider;
    struct event_value values[EVENT_VALUES];
    struct event_value *members[EVENT_VALUES];
    size_t count;
    size_t shift; /* of places */
    int unnamed;
    bool has_time;
    int64_t ts;
    struct kura_stamp stamp;
    struct kura_event_place ts_place;
    struct kura_buf json, text;
};

/* --- Names -----------------------------------------------------------------
 */

static uint32_t name_hash(const char *s, size_t n)
{
    uint32_t h = 2166136261u;
    size_t i;

    for (i = 0; i < n; i++)
        h = (h ^ ((unsigned char)s[i] | 0x20u)) * 16777619u;
    return h ^ h >> 15;
}

static void names_fill(struct kura_event *e)
{
    static const char *const of_system[] = {"EventID",
                                            "Channel",
                                            "Computer",
                                            "Level",
                                            "Task",
                                            "Opcode",
                                            "Keywords",
                                            "Version",
                                            "EventRecordID",
                                            "Provider_Name",
                                            "Provider_Guid",
                                            "Correlation_ActivityID",
                                            "Execution_ProcessID",
                                            "Execution_ThreadID",
                                            "Security_UserID"};
    static const char *const reserved[] = {"ts",     "src_ip",     "data",
                                           "byte",   "source",     "line",
                                           "format", "time_origin"};
    size_t i;
    int c;

    for (c = 0; c < e->schema->count; c++) {
        const char *name = e->schema->columns[c].name;
        uint32_t at = name_hash(name, strlen(name)) & (EVENT_NAMES - 1);

        while (e->names[at] != 0)
            at = (at + 1) & (EVENT_NAMES - 1);
        e->names[at] = (int16_t)(c + 1);
        e->reserved[c] = e->schema->columns[c].function != NULL;
    }
    for (i = 0; i < sizeof(of_system) / sizeof(of_system[0]); i++)
        e->of_system[kura_schema_column(e->schema, of_system[i])] = true;
    for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        e->reserved[kura_schema_column(e->schema, reserved[i])] = true;
}

int kura_event_column(const struct kura_event *e, enum kura_event_part part,
                      const char *name, size_t n)
{
    uint32_t at = name_hash(name, n) & (EVENT_NAMES - 1);
    int c;

    for (; e->names[at] != 0; at = (at + 1) & (EVENT_NAMES - 1)) {
        c = e->names[at] - 1;
        if (kura_text_casecmp(e->schema->columns[c].name,
                              strlen(e->schema->columns[c].name), name, n) == 0)
            return !e->reserved[c] &&
                           e->of_system[c] == (part == KURA_EVENT_SYSTEM)
                       ? c
                       : -1;
    }
    return -1;
}

enum kura_rc kura_event_new(struct kura_event **out, struct kura_err *err)
{
    struct kura_event *e = calloc(1, sizeof(*e));
    size_t columns;

    if (e == NULL)
        return kura_err_nomem(err);
    e->schema = kura_schema_find("windows");
    columns = (size_t)e->schema->count + 1;
    kura_buf_init(&e->json, EVENT_TEXT_MAX);
    kura_buf_init(&e->text, EVENT_TEXT_MAX);
    e->of_system = calloc(columns, sizeof(bool));
    e->taken = calloc(columns, sizeof(bool));
    e->reserved = calloc(columns, sizeof(bool));
    if (e->of_system == NULL || e->taken == NULL || e->reserved == NULL) {
        kura_event_free(e);
        return kura_err_nomem(err);
    }
    names_fill(e);
    e->src_ip = kura_schema_column(e->schema, "src_ip");
    e->data = kura_schema_column(e->schema, "data");
    e->ip_address = kura_schema_column(e->schema, "IpAddress");
    e->event_id = kura_schema_column(e->schema, "EventID");
    e->channel = kura_schema_column(e->schema, "Channel");
    e->provider = kura_schema_column(e->schema, "Provider_Name");
    *out = e;
    return KURA_OK;
}

void kura_event_free(struct kura_event *e)
{
    if (e == NULL)
        return;
    kura_buf_release(&e->json);
    kura_buf_release(&e->text);
    free(e->of_system);
    free(e->taken);
    free(e->reserved);
    free(e);
}

void kura_event_begin(struct kura_event *e, struct kura_arena *arena)
{
    e->arena = arena;
    e->count = 0;
    e->shift = 0;
    e->unnamed = 0;
    e->has_time = false;
    memset(e->taken, 0, (size_t)e->schema->count * sizeof(bool));
}

bool kura_event_has(const struct kura_event *e, int column)
{
    return column >= 0 && e->taken[column];
}

void kura_event_shift(struct kura_event *e, size_t bytes)
{
    e->shift = bytes;
}

static struct kura_event_place place_shift(const struct kura_event *e,
                                           const struct kura_event_place *place)
{
    struct kura_event_place p = {0, 0, KURA_ESCAPE_NONE};

    if (place != NULL && place->end != 0) {
        p = *place;
        p.start += e->shift;
        p.end += e->shift;
    }
    return p;
}

/* --- Values ----------------------------------------------------------------
 */

static bool byte_is_break(char c)
{
    return c == '\n' || c == '\r' || c == '\t';
}

enum kura_rc kura_event_clean(const char *s, size_t n, struct kura_buf *out,
                              bool *same, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t at = 0, run, all = n;

    while (n != 0 && (s[n - 1] == ' ' || byte_is_break(s[n - 1])))
        n--;
    while (at < n && (s[at] == ' ' || byte_is_break(s[at])))
        at++;
    *same = n == all && at == 0 && kura_text_is_clean(s, n);
    if (*same)
        return KURA_OK;
    kura_buf_reset(out);
    while (rc == KURA_OK && at < n) {
        for (run = at; run < n && byte_is_break(s[run]); run++)
            continue;
        if (run != at && out->len != 0 && run != n)
            rc = kura_buf_putc(out, ' ', err);
        for (at = run; run < n && !byte_is_break(s[run]); run++)
            continue;
        if (rc == KURA_OK)
            rc = kura_text_clean(s + at, run - at, out, err);
        at = run;
    }
    return rc;
}

bool kura_event_address(const char *s, size_t n, char out[48], size_t *size)
{
    struct kura_address a;

    if (n < 2 || !kura_address_parse(s, n, &a) ||
        inet_ntop(a.bits == 32 ? AF_INET : AF_INET6, a.byte, out, 48) == NULL)
        return false;
    *size = strlen(out);
    return true;
}

/* The value of a column; false: it is none that the column can have. */
static enum kura_rc value_take(struct kura_event *e, struct event_value *v,
                               bool *fits, struct kura_err *err)
{
    bool same;
    enum kura_rc rc;

    *fits = true;
    if (e->schema->columns[v->column].type == KURA_INTEGER) {
        *fits = kura_num_parse(v->text, v->size, &v->number);
        return KURA_OK;
    }
    rc = kura_event_clean(v->text, v->size, &e->text, &same, err);
    if (rc != KURA_OK || same)
        return rc;
    v->size = (uint32_t)e->text.len;
    v->text = kura_arena_copy(e->arena, e->text.data, e->text.len, err);
    *fits = v->size != 0;
    return v->text == NULL ? KURA_ENOMEM : KURA_OK;
}

enum kura_rc kura_event_add(struct kura_event *e, enum kura_event_part part,
                            const char *name, size_t name_size,
                            const char *text, size_t size,
                            const struct kura_event_place *place,
                            struct kura_err *err)
{
    struct event_value *v = &e->values[e->count];
    enum kura_rc rc;
    bool fits = false;

    if (size == 0)
        return KURA_OK;
    if (e->count == EVENT_VALUES)
        return kura_err_set(err, KURA_EINPUT, "over %d values", EVENT_VALUES);
    memset(v, 0, sizeof(*v));
    v->column = kura_event_column(e, part, name, name_size);
    v->name_size = (uint32_t)name_size;
    v->size = (uint32_t)size;
    v->name = kura_arena_copy(e->arena, name, name_size, err);
    v->text = kura_arena_copy(e->arena, text, size, err);
    if (v->name == NULL || v->text == NULL)
        return KURA_ENOMEM;
    v->place = place_shift(e, place);
    if (v->column >= 0 && !e->taken[v->column]) {
        rc = value_take(e, v, &fits, err);
        if (rc != KURA_OK)
            return rc;
        /* "-" stands for no number, blanks for no text; they stay in the
         * line. */
        if (!fits && (v->size == 0 || (size == 1 && *text == '-')))
            return KURA_OK;
    }
    if (fits)
        e->taken[v->column] = true;
    else
        v->column = -1;
    e->count++;
    return KURA_OK;
}

enum kura_rc kura_event_add_unnamed(struct kura_event *e, const char *text,
                                    size_t size,
                                    const struct kura_event_place *place,
                                    struct kura_err *err)
{
    char name[32];
    int n = snprintf(name, sizeof(name), "param%d", ++e->unnamed);

    return kura_event_add(e, KURA_EVENT_DATA, name, (size_t)n, text, size,
                          place, err);
}

/* --- Time ------------------------------------------------------------------
 */

bool kura_event_has_time(const struct kura_event *e)
{
    return e->has_time;
}

void kura_event_time_is(struct kura_event *e, int64_t us)
{
    if (e->has_time)
        return;
    e->has_time = true;
    e->ts = us;
    e->ts_place.end = 0;
}

/* Windows counts 100 nanoseconds and writes 7 or 9 digits; what is behind the
 * sixth stands in the shape. */
void kura_event_time(struct kura_event *e, const struct kura_parser *p,
                     const char *text, size_t size,
                     const struct kura_event_place *place)
{
    static const enum kura_layout layouts[] = {KURA_LAYOUT_ISO,
                                               KURA_LAYOUT_PLAIN};
    char copy[64], again[KURA_STAMP_TEXT];
    const char *dot = memchr(text, '.', size);
    size_t digits = 0, cut = 0, n, i;

    if (e->has_time || size >= sizeof(copy))
        return;
    while (dot != NULL && dot + 1 + digits < text + size &&
           dot[1 + digits] >= '0' && dot[1 + digits] <= '9')
        digits++;
    if (digits > 6)
        cut = digits - 6;
    n = cut == 0 ? size : (size_t)(dot - text) + 7;
    memcpy(copy, text, n);
    memcpy(copy + n, text + n + cut, size - n - cut);
    for (i = 0; i < 2 && !e->has_time; i++)
        e->has_time = kura_stamp_parse(copy, size - cut, layouts[i], p->cx.zone,
                                       p->cx.as_of_us, &e->ts, &e->stamp);
    if (!e->has_time)
        return;
    e->ts_place.end = 0;
    if (place == NULL || place->end - place->start != size)
        return;
    e->ts_place = place_shift(e, place);
    if (cut != 0) {
        e->stamp.layout =
            text[10] == 'T' ? KURA_LAYOUT_PLAINT : KURA_LAYOUT_PLAIN;
        e->stamp.zulu = false;
        e->ts_place.end = e->ts_place.start + n;
        size = n;
    }
    if (kura_stamp_format(e->ts, &e->stamp, again) != size ||
        memcmp(again, text, size) != 0)
        e->ts_place.end = 0;
}

/* --- The row ---------------------------------------------------------------
 */

static int member_order(const void *a, const void *b)
{
    const struct event_value *x = *(struct event_value *const *)a;
    const struct event_value *y = *(struct event_value *const *)b;
    int d = kura_text_cmp(x->name, x->name_size, y->name, y->name_size);

    return d != 0 ? d : (x < y ? -1 : x > y);
}

static enum kura_rc members_write(struct kura_event *e, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, n = 0;

    for (i = 0; i < e->count; i++)
        if (e->values[i].column < 0)
            e->members[n++] = &e->values[i];
    kura_buf_reset(&e->json);
    if (n == 0)
        return KURA_OK;
    qsort(e->members, n, sizeof(e->members[0]), member_order);
    for (i = 0; i < n && rc == KURA_OK; i++) {
        struct event_value *v = e->members[i];

        v->member = (int)i + 1;
        rc = kura_buf_putc(&e->json, i == 0 ? '{' : ',', err);
        if (rc == KURA_OK)
            rc = kura_json_text(v->name, v->name_size, &e->json, err);
        if (rc == KURA_OK)
            rc = kura_buf_putc(&e->json, ':', err);
        if (rc == KURA_OK)
            rc = kura_json_text(v->text, v->size, &e->json, err);
    }
    return rc == KURA_OK ? kura_buf_putc(&e->json, '}', err) : rc;
}

/* Does the value, written with this escape, give the bytes of the record? */
static enum kura_rc place_gives(struct kura_event *e,
                                const struct event_value *v,
                                const struct kura_parse_work *w,
                                enum kura_escape escape, bool *gives,
                                struct kura_err *err)
{
    const char *raw = w->line + v->place.start;
    size_t size = v->place.end - v->place.start;
    enum kura_rc rc;

    if (escape == KURA_ESCAPE_NONE) {
        *gives = v->size == size && memcmp(v->text, raw, size) == 0;
        return KURA_OK;
    }
    kura_buf_reset(&e->text);
    rc = kura_render_escaped(v->text, v->size, escape, &e->text, err);
    *gives = rc == KURA_OK && e->text.len == size &&
             memcmp(e->text.data, raw, size) == 0;
    return rc;
}

/* Invalid bytes of a member are U+FFFD in the JSON. */
static bool member_is_exact(const struct event_value *v)
{
    size_t at = 0, used;
    uint32_t c;

    if (v->member == 0 || kura_text_is_clean(v->text, v->size))
        return true;
    while (at < v->size) {
        used = kura_text_decode(v->text + at, v->size - at, &c);
        if (c == 0xFFFD && used == 1)
            return false;
        at += used;
    }
    return true;
}

static enum kura_rc place_add(struct kura_event *e, struct kura_parser *p,
                              const struct kura_parse_work *w,
                              const struct event_value *v, struct kura_err *err)
{
    struct kura_rendering r = {.kind = KURA_RENDER_TEXT, .member = v->member};
    char digits[KURA_NUM_DIGITS];
    size_t size = v->place.end - v->place.start;
    bool gives = false;
    enum kura_rc rc = KURA_OK;

    if (v->place.end == 0 || v->place.end > w->size ||
        v->place.start > v->place.end)
        return KURA_OK;
    if (v->column >= 0 && e->schema->columns[v->column].type == KURA_INTEGER) {
        gives = kura_num_format(v->number, digits) == size &&
                memcmp(digits, w->line + v->place.start, size) == 0;
    } else if (member_is_exact(v)) {
        rc = place_gives(e, v, w, KURA_ESCAPE_NONE, &gives, err);
        if (rc == KURA_OK && !gives) {
            r.escape = v->place.escape;
            if (r.escape != KURA_ESCAPE_NONE)
                rc = place_gives(e, v, w, r.escape, &gives, err);
        }
    }
    if (rc == KURA_OK && gives)
        p->places[p->nplace++] = (struct kura_parse_place){
            v->place.start, v->place.end, v->column >= 0 ? v->column : e->data,
            kura_parse_render_pack(&r), false};
    return rc;
}

static int place_order(const void *a, const void *b)
{
    const struct kura_parse_place *x = a, *y = b;

    return x->start < y->start ? -1 : x->start > y->start;
}

static enum kura_rc places_make(struct kura_event *e, struct kura_parser *p,
                                const struct kura_parse_work *w,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, kept = 0;

    p->nplace = 0;
    if (e->ts_place.end != 0) {
        struct kura_rendering r = {.kind = KURA_RENDER_TIME, .stamp = e->stamp};

        p->places[p->nplace++] = (struct kura_parse_place){
            e->ts_place.start, e->ts_place.end, p->ts_column,
            kura_parse_render_pack(&r), false};
    }
    for (i = 0; i < e->count && rc == KURA_OK; i++)
        rc = place_add(e, p, w, &e->values[i], err);
    qsort(p->places, p->nplace, sizeof(p->places[0]), place_order);
    /* What a reader said twice is there once. */
    for (i = 0; i < p->nplace; i++)
        if (kept == 0 || p->places[kept - 1].end <= p->places[i].start)
            p->places[kept++] = p->places[i];
    p->nplace = kept;
    return rc;
}

static enum kura_rc cells_fill(struct kura_event *e, struct kura_parse_work *w,
                               struct kura_err *err)
{
    char address[48];
    size_t i, n;

    for (i = 0; i < e->count; i++) {
        const struct event_value *v = &e->values[i];
        struct kura_cell *c;

        if (v->column < 0)
            continue;
        c = kura_parse_cell_add(w, v->column);
        if (e->schema->columns[v->column].type == KURA_INTEGER) {
            c->number = v->number;
            continue;
        }
        c->text = v->text;
        c->size = v->size;
        if (v->column != e->ip_address ||
            !kura_event_address(v->text, v->size, address, &n))
            continue;
        c = kura_parse_cell_add(w, e->src_ip);
        c->size = (uint32_t)n;
        c->text = kura_arena_copy(e->arena, address, n, err);
        if (c->text == NULL)
            return KURA_ENOMEM;
    }
    if (e->json.len == 0)
        return KURA_OK;
    {
        struct kura_cell *c = kura_parse_cell_add(w, e->data);

        c->size = (uint32_t)e->json.len;
        c->text = kura_arena_copy(e->arena, e->json.data, e->json.len, err);
        return c->text == NULL ? KURA_ENOMEM : KURA_OK;
    }
}

const char *kura_event_finish(struct kura_event *e, struct kura_parser *p,
                              struct kura_parse_work *w, enum kura_rc *rc,
                              struct kura_err *err)
{
    if (!e->taken[e->event_id] ||
        !(e->taken[e->channel] || e->taken[e->provider]))
        return "no Windows event: EventID, or both Channel and provider, are "
               "missing";
    if (!e->has_time)
        return "not a real time";
    if (e->ts < p->cx.oldest_us || e->ts > p->cx.newest_us)
        return "time out of range";
    w->ts = e->ts;
    *rc = members_write(e, err);
    if (*rc == KURA_OK)
        *rc = places_make(e, p, w, err);
    if (*rc != KURA_OK)
        return NULL;
    w->cells = kura_arena_alloc(
        e->arena, ((size_t)e->schema->count + 2) * sizeof(*w->cells), err);
    *rc = w->cells == NULL ? KURA_ENOMEM : cells_fill(e, w, err);
    return NULL;
}
