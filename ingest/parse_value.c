/* parse_value.c - what a line's captures are worth: cells, and where their
 * bytes can be had again from the stored value. */
#include "base/mime.h"
#include "base/num.h"
#include "base/text.h"
#include "ingest/parse_internal.h"
#include "store/shape.h"

#define WIDTH_MAX 20 /* blanks and digits of an integer in the shape */

/* Only bytes 0x20 to 0x7E, eight at a time: a byte below borrows, one above
 * has its high bit set after adding one. */
bool kura_parse_bytes_are_plain(const char *s, size_t n)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t bad = 0;
    uint64_t v;

    for (; n >= sizeof(v); n -= sizeof(v), s += sizeof(v)) {
        memcpy(&v, s, sizeof(v));
        bad |= v | (v + UINT64_C(0x0101010101010101)) |
               (v - UINT64_C(0x2020202020202020));
    }
    v = UINT64_C(0x2020202020202020);
    memcpy(&v, s, n);
    bad |= v | (v + UINT64_C(0x0101010101010101)) |
           (v - UINT64_C(0x2020202020202020));
    return (bad & high) == 0;
}

static bool field_is_null(const struct kura_field *f, const char *s, size_t n)
{
    int i;

    for (i = 0; i < f->nnull; i++) {
        const char *word = f->nulls[i];

        if (n == 0 ? word[0] == '\0'
                   : word[0] == s[0] && strlen(word) == n &&
                         memcmp(word, s, n) == 0)
            return true;
    }
    return false;
}

struct kura_cell *kura_parse_cell_add(struct kura_parse_work *w, int column)
{
    struct kura_cell *c = &w->cells[w->count++];

    *c = (struct kura_cell){.column = column};
    return c;
}

/* In the functions below *whole says whether the stored value gives the bytes
 * again, *render then how. */

static enum kura_rc field_text(struct kura_parser *p, struct kura_parse_work *w,
                               const struct kura_field *f, const char *s,
                               size_t n, bool *whole, uint64_t *render,
                               struct kura_err *err)
{
    struct kura_cell *c = kura_parse_cell_add(w, f->column);
    enum kura_rc rc;

    *render = KURA_RENDER_TEXT;
    c->text = s;
    c->size = (uint32_t)n;
    *whole = w->plain || kura_text_is_clean(s, n);
    if (*whole)
        return KURA_OK;
    kura_buf_reset(&p->scratch);
    rc = kura_text_clean(s, n, &p->scratch, err);
    if (rc != KURA_OK)
        return rc;
    c->text = kura_arena_copy(&p->rows, p->scratch.data, p->scratch.len, err);
    c->size = (uint32_t)p->scratch.len;
    return c->text == NULL ? KURA_ENOMEM : KURA_OK;
}

/* Shortest decimal form: no '+', no zero in front, no "-0". */
static bool digits_are_shortest(const char *s, size_t n)
{
    if (n != 0 && *s == '-')
        return n > 1 && s[1] != '0';
    return n == 1 || (n != 0 && *s != '0');
}

static void field_integer(struct kura_parse_work *w, const struct kura_field *f,
                          const char *s, size_t n, bool *whole,
                          uint64_t *render)
{
    struct kura_rendering r = {.kind = KURA_RENDER_DECIMAL};
    size_t blanks = 0;
    int64_t v;

    *whole = false;
    while (blanks < n && s[blanks] == ' ')
        blanks++;
    if (!kura_num_parse(s + blanks, n - blanks, &v))
        return;
    kura_parse_cell_add(w, f->column)->number = v;
    if (blanks != 0 && n > WIDTH_MAX)
        return;
    *whole = digits_are_shortest(s + blanks, n - blanks);
    r.width = (int)n;
    if (blanks != 0)
        *render = kura_parse_render_pack(&r);
}

/* "0.64" as 640; digits past the third are not stored. */
static bool thousandths_parse(const char *s, size_t n, int64_t *out,
                              int *decimals)
{
    const char *dot = memchr(s, '.', n);
    size_t whole = dot != NULL ? (size_t)(dot - s) : n;
    size_t i;
    int64_t part = 0;
    int64_t v;

    if (!kura_num_parse(s, whole, &v) || v > INT64_MAX / 4000 ||
        v < -(INT64_MAX / 4000))
        return false;
    *decimals = 0;
    if (dot != NULL && whole + 1 == n)
        return false;
    for (i = whole + 1; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        if (*decimals < 3) {
            part = part * 10 + (s[i] - '0');
            (*decimals)++;
        }
    }
    for (i = (size_t)*decimals; i < 3; i++)
        part *= 10;
    *out = v * 1000 + (*s == '-' ? -part : part);
    return true;
}

/* Do value and decimals give "[-]digits[.digits]" again?  Not a zero in front,
 * a fourth decimal or "-0". */
static bool thousandths_are_exact(const char *s, size_t n, int64_t v,
                                  int decimals)
{
    const char *dot = memchr(s, '.', n);
    size_t whole = dot != NULL ? (size_t)(dot - s) : n;
    size_t minus = *s == '-' ? 1 : 0;

    return (dot != NULL ? n - whole - 1 : 0) == (size_t)decimals &&
           (whole - minus == 1 || s[minus] != '0') && (minus == 0 || v != 0);
}

static void field_thousandths(struct kura_parse_work *w,
                              const struct kura_field *f, const char *s,
                              size_t n, bool *whole, uint64_t *render)
{
    struct kura_rendering r = {.kind = KURA_RENDER_FIXED};
    int64_t v;

    *whole = false;
    if (n == 0 || !thousandths_parse(s, n, &v, &r.decimals))
        return;
    kura_parse_cell_add(w, f->column)->number = v;
    *whole = thousandths_are_exact(s, n, v, r.decimals);
    *render = kura_parse_render_pack(&r);
}

/* The time that a group holds; NULL: none. */
const struct kura_parse_moment *
kura_parse_moment_read(struct kura_parser *p, const struct kura_field *f,
                       struct kura_parse_moment *m, const char *s, size_t n)
{
    char text[KURA_STAMP_TEXT];
    int i;

    if (n == 0 || n > sizeof(m->text))
        return NULL;
    if (m->size == n && memcmp(m->text, s, n) == 0)
        return m;
    m->size = 0;
    for (i = 0; i < f->nlayout; i++)
        if (kura_stamp_parse(s, n, f->layouts[i], p->cx.zone, p->cx.as_of_us,
                             &m->us, &m->stamp))
            break;
    if (i == f->nlayout)
        return NULL;
    /* Seconds are taken in their one form only, and have no zone. */
    m->exact = m->stamp.layout == KURA_LAYOUT_EPOCH ||
               (kura_stamp_format(m->us, &m->stamp, text) == n &&
                memcmp(text, s, n) == 0);
    memcpy(m->text, s, n);
    m->size = n;
    return m;
}

static void field_time(struct kura_parser *p, struct kura_parse_work *w,
                       const struct kura_field *f, struct kura_parse_moment *m,
                       const char *s, size_t n, bool *whole, uint64_t *render)
{
    struct kura_rendering r = {.kind = KURA_RENDER_TIME};

    *whole = false;
    if (kura_parse_moment_read(p, f, m, s, n) == NULL)
        return;
    kura_parse_cell_add(w, f->column)->number = m->us;
    r.stamp = m->stamp;
    *whole = m->exact;
    *render = kura_parse_render_pack(&r);
}

/* A second time that is no column of its own: often it is ts once more, with
 * fewer digits or another layout. */
static void field_echo(struct kura_parser *p, const struct kura_parse_work *w,
                       const struct kura_field *f, struct kura_parse_moment *m,
                       const char *s, size_t n, bool *whole, uint64_t *render)
{
    struct kura_rendering r = {.kind = KURA_RENDER_TIME};
    char text[KURA_STAMP_TEXT];

    *whole = false;
    if (kura_parse_moment_read(p, f, m, s, n) == NULL)
        return;
    r.stamp = m->stamp;
    *whole = kura_stamp_format(w->ts, &r.stamp, text) == n &&
             memcmp(text, s, n) == 0;
    *render = kura_parse_render_pack(&r);
}

static enum kura_rc field_take(struct kura_parser *p, struct kura_parse_work *w,
                               const struct kura_field *f,
                               struct kura_parse_moment *m, const char *s,
                               size_t n, bool *whole, uint64_t *render,
                               struct kura_err *err)
{
    *whole = false;
    if (f->column < 0 || field_is_null(f, s, n))
        return KURA_OK;
    switch (f->kind) {
    case KURA_FIELD_TEXT:
        return field_text(p, w, f, s, n, whole, render, err);
    case KURA_FIELD_INTEGER:
        field_integer(w, f, s, n, whole, render);
        return KURA_OK;
    case KURA_FIELD_THOUSANDTHS:
        field_thousandths(w, f, s, n, whole, render);
        return KURA_OK;
    case KURA_FIELD_TIME:
        field_time(p, w, f, m, s, n, whole, render);
        return KURA_OK;
    }
    return KURA_OK;
}

/* All captures of the line, in the order of the line. */
enum kura_rc kura_parse_fields_take(struct kura_parser *p,
                                    struct kura_parse_work *w,
                                    const struct kura_pattern *pat,
                                    struct kura_parse_plan *plan,
                                    struct kura_err *err)
{
    const size_t *at = kura_matcher_offsets(p->matcher);
    enum kura_rc rc = KURA_OK;
    size_t pos = 0;
    int g;

    p->nplace = 0;
    for (g = 1; g <= pat->groups; g++) {
        const struct kura_field *f = &pat->fields[g];
        size_t start = at[2 * g];
        size_t end = at[2 * g + 1];
        int column = f->column;
        bool whole = false;
        uint64_t render = 0;

        if (start == (size_t)-1 || end < start || end > w->size)
            continue;
        if (g == pat->ts_group) {
            struct kura_rendering r = {.kind = KURA_RENDER_TIME};

            r.stamp = plan->moments[g].stamp;
            whole = plan->moments[g].exact;
            render = kura_parse_render_pack(&r);
        } else if (column < 0 && f->kind == KURA_FIELD_TIME) {
            column = p->ts_column;
            field_echo(p, w, f, &plan->moments[g], w->line + start, end - start,
                       &whole, &render);
        } else {
            rc = field_take(p, w, f, &plan->moments[g], w->line + start,
                            end - start, &whole, &render, err);
            if (rc != KURA_OK)
                return rc;
        }
        /* One that lies inside another, or in a look-ahead, is no part. */
        if (f->nested || start < pos)
            continue;
        pos = end;
        if (whole)
            p->places[p->nplace++] =
                (struct kura_parse_place){start, end, column, render, false};
        else if (f->repeats >= 0)
            p->places[p->nplace++] =
                (struct kura_parse_place){start, end, f->repeats, 0, true};
    }
    return rc;
}

static const struct kura_cell *cell_find(const struct kura_parse_work *w,
                                         int column)
{
    size_t i;

    for (i = 0; i < w->count; i++)
        if (w->cells[i].column == column)
            return &w->cells[i];
    return NULL;
}

/* Does {column} stand for these bytes? */
static bool cell_gives(const struct kura_cell *c, const char *s, size_t n)
{
    char digits[KURA_NUM_DIGITS];

    if (c == NULL)
        return false;
    if (c->text != NULL)
        return c->size == n && memcmp(c->text, s, n) == 0;
    return kura_num_format(c->number, digits) == n && memcmp(digits, s, n) == 0;
}

/* A repeat may stand before the field that it repeats, or repeat a constant, so
 * they are looked at when all columns are known. */
void kura_parse_repeats_settle(struct kura_parser *p,
                               const struct kura_parse_work *w)
{
    size_t i;
    size_t kept = 0;

    for (i = 0; i < p->nplace; i++) {
        const struct kura_parse_place *at = &p->places[i];

        if (!at->repeats ||
            cell_gives(cell_find(w, at->column), w->line + at->start,
                       at->end - at->start))
            p->places[kept++] = *at;
    }
    p->nplace = kept;
}

/* --- Derived columns ---------------------------------------------------- */

/* *there: a value, '' included.  The text is in p->scratch. */
static enum kura_rc derive_call(struct kura_parser *p, enum kura_derive_fn fn,
                                const char *s, size_t n, bool *there,
                                struct kura_err *err)
{
    struct kura_buf *out = &p->scratch;
    struct kura_buf *other = &p->scratch2;
    enum kura_rc rc = KURA_OK;

    kura_buf_reset(out);
    kura_buf_reset(other);
    *there = true;
    switch (fn) {
    case KURA_DERIVE_MIME_DECODE:
        return kura_mime_decode(s, n, out, err);
    case KURA_DERIVE_MIME_FILENAME:
        return kura_mime_filename(s, n, out, NULL, there, err);
    case KURA_DERIVE_MIME_FILENAME_RAW:
        return kura_mime_filename(s, n, other, out, there, err);
    case KURA_DERIVE_MIME_TYPE:
        rc = kura_mime_type(s, n, out, err);
        break;
    case KURA_DERIVE_MIME_ADDRESS:
        rc = kura_mime_address(s, n, out, NULL, err);
        break;
    case KURA_DERIVE_MIME_NAME:
        rc = kura_mime_address(s, n, NULL, out, err);
        break;
    case KURA_DERIVE_EXTENSION:
        rc = kura_mime_extension(s, n, out, err);
        break;
    }
    *there = out->len != 0;
    return rc;
}

enum kura_rc kura_parse_derives_take(struct kura_parser *p,
                                     struct kura_parse_work *w,
                                     const struct kura_pattern *pat,
                                     struct kura_err *err)
{
    int i;

    for (i = 0; i < pat->nderive; i++) {
        const struct kura_derive *d = &pat->derives[i];
        const struct kura_cell *from = cell_find(w, d->from);
        struct kura_buf *text = &p->scratch;
        struct kura_cell *c;
        enum kura_rc rc;
        bool there;

        if (from == NULL || from->text == NULL)
            continue;
        rc = derive_call(p, d->fn, from->text, from->size, &there, err);
        if (rc != KURA_OK)
            return rc;
        if (!there)
            continue;
        if (!kura_text_is_clean(text->data, text->len)) {
            kura_buf_reset(&p->scratch2);
            rc = kura_text_clean(text->data, text->len, &p->scratch2, err);
            if (rc != KURA_OK)
                return rc;
            text = &p->scratch2;
        }
        c = kura_parse_cell_add(w, d->column);
        c->size = (uint32_t)text->len;
        c->text = kura_arena_copy(&p->rows, text->data, text->len, err);
        if (c->text == NULL)
            return KURA_ENOMEM;
    }
    return KURA_OK;
}
