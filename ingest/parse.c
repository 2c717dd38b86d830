/* parse.c - how a line becomes cells and a shape.
 *
 * Patterns are tried in file order, whatever the lines before were, so that a
 * line always gets the same pattern.  What makes that cheap is the literal of
 * a pattern (format.h): a line without it is passed over after one search.
 *
 * A field stands in the shape by its placeholder when writing its stored value
 * gives the bytes of the line again; else the bytes themselves stand there.
 * Most lines of a log share few shapes.  So the shape is looked up by a key
 * (the bytes between the placeholders, column and rendering of each) and built
 * only when it is new.  The table of shapes is bounded by the bytes that it
 * holds; a full one is emptied, and its texts live on until
 * kura_parser_reset. */
#include "ingest/parse.h"
#include "base/mime.h"
#include "base/num.h"
#include "base/text.h"
#include "store/shape.h"

#define ARENA_BLOCK ((size_t)256 << 10)
#define ARENA_SPARE 64 /* blocks that a reset keeps */

#define CACHE_SLOTS 4096u
#define CACHE_PROBES 4u
#define CACHE_BYTES ((size_t)1 << 20)
#define CACHE_KEY_MAX 4096u /* longer ones are not worth keeping */

#define LINE_MAX_BYTES ((size_t)64 << 20)
#define SCRATCH_MAX ((size_t)512 << 20)
#define WIDTH_MAX 20 /* blanks and digits of an integer in the shape */
#define STAMP_MEMORY 48

/* --- Memory of rows ---------------------------------------------------- */

struct block {
    struct block *next;
    size_t size;
    char data[];
};

struct arena {
    struct block *used;
    struct block *spare;
    int nspare;
    char *at;
    size_t left;
};

static void block_free_all(struct block *b)
{
    while (b != NULL) {
        struct block *next = b->next;

        free(b);
        b = next;
    }
}

static bool arena_grow(struct arena *a, size_t n)
{
    struct block *b = a->spare;
    size_t size = n > ARENA_BLOCK ? n : ARENA_BLOCK;

    if (size == ARENA_BLOCK && b != NULL) {
        a->spare = b->next;
        a->nspare--;
    } else {
        b = malloc(sizeof(*b) + size);
        if (b == NULL)
            return false;
        b->size = size;
    }
    b->next = a->used;
    a->used = b;
    a->at = b->data;
    a->left = size;
    return true;
}

static void *arena_alloc(struct arena *a, size_t n, struct kura_err *err)
{
    void *p;

    n = (n + 7) & ~(size_t)7;
    if (n > a->left && !arena_grow(a, n)) {
        (void)kura_err_nomem(err);
        return NULL;
    }
    p = a->at;
    a->at += n;
    a->left -= n;
    return p;
}

/* Gives back the end of what was allocated last. */
static void arena_trim(struct arena *a, size_t n)
{
    n &= ~(size_t)7;
    a->at -= n;
    a->left += n;
}

static void arena_reset(struct arena *a)
{
    struct block *b = a->used;

    while (b != NULL) {
        struct block *next = b->next;

        if (b->size == ARENA_BLOCK && a->nspare < ARENA_SPARE) {
            b->next = a->spare;
            a->spare = b;
            a->nspare++;
        } else {
            free(b);
        }
        b = next;
    }
    a->used = NULL;
    a->at = NULL;
    a->left = 0;
}

/* Hands all blocks of `from` over to `to`, which frees them at its reset. */
static void arena_move(struct arena *to, struct arena *from)
{
    struct block *last = from->used;

    if (last == NULL)
        return;
    while (last->next != NULL)
        last = last->next;
    if (to->used == NULL) {
        to->used = from->used;
    } else {
        /* Behind the block that is being filled. */
        last->next = to->used->next;
        to->used->next = from->used;
    }
    from->used = NULL;
    from->at = NULL;
    from->left = 0;
}

static void arena_release(struct arena *a)
{
    block_free_all(a->used);
    block_free_all(a->spare);
}

/* --- The parser --------------------------------------------------------- */

/* A placeholder of the line at hand. */
struct place {
    size_t start, end;
    int column;
    uint64_t render; /* packed; 0: {column} alone */
};

struct slot {
    uint64_t hash;
    const char *key; /* NULL: free */
    const char *text;
    uint32_t key_size;
    uint32_t size;
};

/* The last time that a group read: most lines repeat it. */
struct moment {
    char text[STAMP_MEMORY];
    size_t size; /* 0: none yet */
    int64_t us;
    struct kura_stamp stamp;
    bool exact; /* the stamp gives the text again */
};

/* What the parser knows of one pattern beyond its definition. */
struct plan {
    struct kura_cell *constants;
    struct moment *moments;  /* by group */
    unsigned char skip[256]; /* Horspool's table of the literal */
};

struct kura_parser {
    struct kura_parse_context cx;
    struct kura_format none; /* without patterns: stands for no format */
    struct kura_matcher *matcher;
    struct plan *plans;
    struct place *places;
    size_t nplace;
    int pattern; /* of the last line, -1: none took it */
    int ts_column;
    int origin_column; /* time_origin, or -1 */
    struct arena rows;
    struct arena shapes;
    size_t shape_bytes;
    struct slot *slots;
    struct kura_buf key;
    struct kura_buf scratch;
    struct kura_buf scratch2;
};

/* A line while it is taken apart. */
struct work {
    const char *line;
    size_t size; /* without terminator */
    size_t term;
    bool plain; /* nothing but printable ASCII */
    int64_t ts;
    struct kura_cell *cells;
    size_t count;
};

static void skip_fill(unsigned char skip[256], const char *s, size_t n)
{
    size_t i;

    memset(skip, (int)(n > 255 ? 255 : n), 256);
    for (i = 0; i + 1 < n; i++) {
        size_t d = n - 1 - i;

        skip[(unsigned char)s[i]] = (unsigned char)(d > 255 ? 255 : d);
    }
}

/* Horspool's search. */
static bool skip_find(const unsigned char skip[256], const char *s, size_t n,
                      const char *want, size_t nwant)
{
    size_t at = nwant - 1;

    while (at < n) {
        if (s[at] == want[nwant - 1] &&
            memcmp(s + at - (nwant - 1), want, nwant - 1) == 0)
            return true;
        at += skip[(unsigned char)s[at]];
    }
    return false;
}

static enum kura_rc plan_make(struct plan *plan, const struct kura_pattern *pat,
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
    if (pat->literal != NULL)
        skip_fill(plan->skip, pat->literal, pat->literal_size);
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
    p->slots = calloc(CACHE_SLOTS, sizeof(*p->slots));
    if (p->plans == NULL || p->slots == NULL) {
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
    free(p->slots);
    free(p->places);
    kura_matcher_free(p->matcher);
    arena_release(&p->rows);
    arena_release(&p->shapes);
    kura_buf_release(&p->key);
    kura_buf_release(&p->scratch);
    kura_buf_release(&p->scratch2);
    free(p);
}

void kura_parser_reset(struct kura_parser *p)
{
    arena_reset(&p->rows);
}

int kura_parser_pattern(const struct kura_parser *p)
{
    return p->pattern;
}

/* --- The shape ---------------------------------------------------------- */

/*  bits  0-1 kind, 2-9 width, 10-13 decimals, 14-21 layout,
 *        22-29 decimals of the stamp, 30 zulu, 32-47 offset  */
static uint64_t render_pack(const struct kura_rendering *r)
{
    return (uint64_t)r->kind | (uint64_t)(r->width & 0xff) << 2 |
           (uint64_t)(r->decimals & 0xf) << 10 |
           (uint64_t)r->stamp.layout << 14 | (uint64_t)r->stamp.decimals << 22 |
           (uint64_t)r->stamp.zulu << 30 |
           (uint64_t)(uint16_t)r->stamp.offset << 32;
}

static void render_unpack(uint64_t v, struct kura_rendering *out)
{
    memset(out, 0, sizeof(*out));
    out->kind = (enum kura_render)(v & 3);
    out->width = (int)(v >> 2 & 0xff);
    out->decimals = (int)(v >> 10 & 0xf);
    out->stamp.layout = (enum kura_layout)(v >> 14 & 0xff);
    out->stamp.decimals = (uint8_t)(v >> 22 & 0xff);
    out->stamp.zulu = (v >> 30 & 1) != 0;
    out->stamp.offset = (int16_t)(uint16_t)(v >> 32 & 0xffff);
}

static char *key_bytes(char *to, const void *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

/* A literal: its size in one byte, or 255 and four bytes; the bytes. */
static char *key_literal(char *to, const char *s, size_t n)
{
    uint32_t size = (uint32_t)n;

    *to++ = (char)(n < 255 ? n : 255);
    if (n >= 255)
        to = key_bytes(to, &size, sizeof(size));
    if (n == 1) {
        *to = *s;
        return to + 1;
    }
    return key_bytes(to, s, n);
}

/* A placeholder: twice the column, one more when a rendering follows. */
static char *key_place(char *to, const struct place *place)
{
    uint16_t head = (uint16_t)(place->column << 1 | (place->render != 0));

    to = key_bytes(to, &head, sizeof(head));
    if (place->render != 0)
        to = key_bytes(to, &place->render, sizeof(place->render));
    return to;
}

/* Everything that the shape is made of.  It is short, since hashing it is a
 * good part of what a line costs. */
static enum kura_rc key_make(struct kura_parser *p, const struct work *w,
                             struct kura_err *err)
{
    enum kura_rc rc;
    size_t i;
    size_t done = 0;
    char *to;

    kura_buf_reset(&p->key);
    rc = kura_buf_reserve(&p->key, w->size + w->term + 16 * (p->nplace + 2),
                          err);
    if (rc != KURA_OK)
        return rc;
    to = p->key.data;
    for (i = 0; i < p->nplace; i++) {
        const struct place *place = &p->places[i];

        to = key_literal(to, w->line + done, place->start - done);
        to = key_place(to, place);
        done = place->end;
    }
    to = key_literal(to, w->line + done, w->size + w->term - done);
    p->key.len = (size_t)(to - p->key.data);
    return KURA_OK;
}

/* Collisions cost a rebuilt shape and nothing else, so it needs no secret. */
static uint64_t key_hash(const char *s, size_t n)
{
    const uint64_t k = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t h = n * k;
    uint64_t v;

    while (n >= sizeof(v)) {
        memcpy(&v, s, sizeof(v));
        h = (h ^ v) * k;
        h ^= h >> 29;
        s += sizeof(v);
        n -= sizeof(v);
    }
    v = 0;
    memcpy(&v, s, n);
    h = (h ^ v) * k;
    return h ^ h >> 32;
}

static enum kura_rc shape_build(struct kura_parser *p, const struct work *w,
                                struct kura_buf *out, struct kura_err *err)
{
    const struct kura_schema *schema = p->cx.format->schema;
    enum kura_rc rc = KURA_OK;
    size_t done = 0;
    size_t i;

    kura_buf_reset(out);
    for (i = 0; i < p->nplace && rc == KURA_OK; i++) {
        const struct place *place = &p->places[i];
        struct kura_rendering r;

        render_unpack(place->render, &r);
        rc = kura_shape_literal(w->line + done, place->start - done, out, err);
        if (rc == KURA_OK)
            rc = kura_shape_field(schema->columns[place->column].name, &r, out,
                                  err);
        done = place->end;
    }
    if (rc != KURA_OK)
        return rc;
    return kura_shape_literal(w->line + done, w->size + w->term - done, out,
                              err);
}

static char *arena_copy(struct arena *a, const char *s, size_t n,
                        struct kura_err *err)
{
    char *p = arena_alloc(a, n, err);

    if (p != NULL && n != 0)
        memcpy(p, s, n);
    return p;
}

/* Keeps key and text; an emptied table's texts go to the rows' memory. */
static enum kura_rc cache_keep(struct kura_parser *p, struct slot *slot,
                               uint64_t hash, const struct kura_buf *text,
                               struct kura_err *err)
{
    size_t need = p->key.len + text->len;
    char *key, *copy;

    if (p->shape_bytes + need > CACHE_BYTES) {
        memset(p->slots, 0, CACHE_SLOTS * sizeof(*p->slots));
        arena_move(&p->rows, &p->shapes);
        p->shape_bytes = 0;
    }
    key = arena_copy(&p->shapes, p->key.data, p->key.len, err);
    if (key == NULL)
        return KURA_ENOMEM;
    copy = arena_copy(&p->shapes, text->data, text->len, err);
    if (copy == NULL)
        return KURA_ENOMEM;
    p->shape_bytes += need;
    slot->hash = hash;
    slot->key = key;
    slot->key_size = (uint32_t)p->key.len;
    slot->text = copy;
    slot->size = (uint32_t)text->len;
    return KURA_OK;
}

/* The slot that has the key, or the one to put it into. */
static struct slot *cache_find(struct kura_parser *p, uint64_t hash,
                               bool *found)
{
    uint32_t home = (uint32_t)hash & (CACHE_SLOTS - 1);
    struct slot *free_slot = NULL;
    uint32_t i;

    *found = false;
    for (i = 0; i < CACHE_PROBES; i++) {
        struct slot *s = &p->slots[(home + i) & (CACHE_SLOTS - 1)];

        if (s->key == NULL) {
            if (free_slot == NULL)
                free_slot = s;
        } else if (s->hash == hash && s->key_size == p->key.len &&
                   memcmp(s->key, p->key.data, p->key.len) == 0) {
            *found = true;
            return s;
        }
    }
    return free_slot != NULL ? free_slot : &p->slots[home];
}

static enum kura_rc shape_cell(struct kura_parser *p, struct work *w,
                               struct kura_err *err)
{
    struct kura_cell *cell = &w->cells[w->count];
    struct slot *slot;
    enum kura_rc rc;
    uint64_t hash;
    bool found;

    rc = key_make(p, w, err);
    if (rc != KURA_OK)
        return rc;
    hash = key_hash(p->key.data, p->key.len);
    slot = cache_find(p, hash, &found);
    *cell = (struct kura_cell){.column = KURA_CELL_SHAPE};
    if (!found) {
        rc = shape_build(p, w, &p->scratch, err);
        if (rc != KURA_OK)
            return rc;
        if (p->key.len > CACHE_KEY_MAX) {
            cell->text =
                arena_copy(&p->rows, p->scratch.data, p->scratch.len, err);
            cell->size = (uint32_t)p->scratch.len;
            w->count++;
            return cell->text == NULL ? KURA_ENOMEM : KURA_OK;
        }
        rc = cache_keep(p, slot, hash, &p->scratch, err);
        if (rc != KURA_OK)
            return rc;
    }
    cell->text = slot->text;
    cell->size = slot->size;
    w->count++;
    return KURA_OK;
}

/* --- Fields ------------------------------------------------------------- */

/* Only bytes 0x20 to 0x7E, eight at a time: a byte below borrows, one above
 * has its high bit set after adding one. */
static bool bytes_are_plain(const char *s, size_t n)
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

static struct kura_cell *cell_add(struct work *w, int column)
{
    struct kura_cell *c = &w->cells[w->count++];

    *c = (struct kura_cell){.column = column};
    return c;
}

/* In the functions below *whole says whether the stored value gives the bytes
 * again, *render then how. */

static enum kura_rc field_text(struct kura_parser *p, struct work *w,
                               const struct kura_field *f, const char *s,
                               size_t n, bool *whole, uint64_t *render,
                               struct kura_err *err)
{
    struct kura_cell *c = cell_add(w, f->column);
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
    c->text = arena_copy(&p->rows, p->scratch.data, p->scratch.len, err);
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

static void field_integer(struct work *w, const struct kura_field *f,
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
    cell_add(w, f->column)->number = v;
    if (blanks != 0 && n > WIDTH_MAX)
        return;
    *whole = digits_are_shortest(s + blanks, n - blanks);
    r.width = (int)n;
    if (blanks != 0)
        *render = render_pack(&r);
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

static enum kura_rc field_thousandths(struct kura_parser *p, struct work *w,
                                      const struct kura_field *f, const char *s,
                                      size_t n, bool *whole, uint64_t *render,
                                      struct kura_err *err)
{
    struct kura_rendering r = {.kind = KURA_RENDER_FIXED};
    enum kura_rc rc;
    int64_t v;

    *whole = false;
    if (n == 0 || !thousandths_parse(s, n, &v, &r.decimals))
        return KURA_OK;
    cell_add(w, f->column)->number = v;
    kura_buf_reset(&p->scratch);
    rc = kura_render_integer(v, &r, &p->scratch, err);
    if (rc != KURA_OK)
        return rc;
    *whole = p->scratch.len == n && memcmp(p->scratch.data, s, n) == 0;
    *render = render_pack(&r);
    return KURA_OK;
}

/* The time that a group holds; NULL: none. */
static const struct moment *moment_read(struct kura_parser *p,
                                        const struct kura_field *f,
                                        struct moment *m, const char *s,
                                        size_t n)
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
    m->exact = kura_stamp_format(m->us, &m->stamp, text) == n &&
               memcmp(text, s, n) == 0;
    memcpy(m->text, s, n);
    m->size = n;
    return m;
}

static void field_time(struct kura_parser *p, struct work *w,
                       const struct kura_field *f, struct moment *m,
                       const char *s, size_t n, bool *whole, uint64_t *render)
{
    struct kura_rendering r = {.kind = KURA_RENDER_TIME};

    *whole = false;
    if (moment_read(p, f, m, s, n) == NULL)
        return;
    cell_add(w, f->column)->number = m->us;
    r.stamp = m->stamp;
    *whole = m->exact;
    *render = render_pack(&r);
}

/* A second time that is no column of its own: often it is ts once more, with
 * fewer digits or another layout. */
static void field_echo(struct kura_parser *p, const struct work *w,
                       const struct kura_field *f, struct moment *m,
                       const char *s, size_t n, bool *whole, uint64_t *render)
{
    struct kura_rendering r = {.kind = KURA_RENDER_TIME};
    char text[KURA_STAMP_TEXT];

    *whole = false;
    if (moment_read(p, f, m, s, n) == NULL)
        return;
    r.stamp = m->stamp;
    *whole = kura_stamp_format(w->ts, &r.stamp, text) == n &&
             memcmp(text, s, n) == 0;
    *render = render_pack(&r);
}

static enum kura_rc field_take(struct kura_parser *p, struct work *w,
                               const struct kura_field *f, struct moment *m,
                               const char *s, size_t n, bool *whole,
                               uint64_t *render, struct kura_err *err)
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
        return field_thousandths(p, w, f, s, n, whole, render, err);
    case KURA_FIELD_TIME:
        field_time(p, w, f, m, s, n, whole, render);
        return KURA_OK;
    }
    return KURA_OK;
}

/* All captures of the line, in the order of the line. */
static enum kura_rc fields_take(struct kura_parser *p, struct work *w,
                                const struct kura_pattern *pat,
                                struct plan *plan, struct kura_err *err)
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
            render = render_pack(&r);
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
            p->places[p->nplace++] = (struct place){start, end, column, render};
    }
    return rc;
}

/* --- Derived columns ---------------------------------------------------- */

static const struct kura_cell *cell_find(const struct work *w, int column)
{
    size_t i;

    for (i = 0; i < w->count; i++)
        if (w->cells[i].column == column)
            return &w->cells[i];
    return NULL;
}

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

static enum kura_rc derives_take(struct kura_parser *p, struct work *w,
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
        c = cell_add(w, d->column);
        c->size = (uint32_t)text->len;
        c->text = arena_copy(&p->rows, text->data, text->len, err);
        if (c->text == NULL)
            return KURA_ENOMEM;
    }
    return KURA_OK;
}

/* --- Lines --------------------------------------------------------------- */

/* The whole line stands in the shape. */
static enum kura_rc row_reject(struct kura_parser *p, const struct work *w,
                               const char *reason, struct kura_row *row,
                               struct kura_err *err)
{
    struct kura_cell *cell;
    enum kura_rc rc;

    kura_buf_reset(&p->scratch);
    rc = kura_shape_literal(w->line, w->size + w->term, &p->scratch, err);
    if (rc != KURA_OK)
        return rc;
    cell = arena_alloc(&p->rows, sizeof(*cell), err);
    if (cell == NULL)
        return KURA_ENOMEM;
    *cell = (struct kura_cell){.column = KURA_CELL_SHAPE};
    cell->size = (uint32_t)p->scratch.len;
    cell->text = arena_copy(&p->rows, p->scratch.data, p->scratch.len, err);
    if (cell->text == NULL)
        return KURA_ENOMEM;
    row->reason = reason;
    row->cells = cell;
    row->count = 1;
    return KURA_OK;
}

/* The pattern that takes the line, or -1. */
static int pattern_choose(struct kura_parser *p, const struct work *w,
                          const char **reason)
{
    const struct kura_format *f = p->cx.format;
    int i;

    *reason = "no pattern of the format matches";
    for (i = 0; i < f->npattern; i++) {
        const struct kura_pattern *pat = &f->patterns[i];
        int found;

        if (pat->literal != NULL &&
            !skip_find(p->plans[i].skip, w->line, w->size, pat->literal,
                       pat->literal_size))
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
static const char *time_take(struct kura_parser *p, struct work *w,
                             const struct kura_pattern *pat, struct plan *plan,
                             int64_t previous_ts, const char **origin)
{
    const size_t *at = kura_matcher_offsets(p->matcher);
    int g = pat->ts_group;

    *origin = NULL;
    if (g != 0 && at[2 * g] != (size_t)-1) {
        const struct moment *m =
            moment_read(p, &pat->fields[g], &plan->moments[g],
                        w->line + at[2 * g], at[2 * g + 1] - at[2 * g]);

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

static enum kura_rc row_fill(struct kura_parser *p, struct work *w, int pattern,
                             const char *origin, struct kura_err *err)
{
    const struct kura_pattern *pat = &p->cx.format->patterns[pattern];
    struct plan *plan = &p->plans[pattern];
    enum kura_rc rc;

    rc = fields_take(p, w, pat, plan, err);
    if (rc != KURA_OK)
        return rc;
    if (pat->nconstant != 0)
        memcpy(w->cells + w->count, plan->constants,
               (size_t)pat->nconstant * sizeof(*w->cells));
    w->count += (size_t)pat->nconstant;
    if (origin != NULL && p->origin_column >= 0) {
        struct kura_cell *c = cell_add(w, p->origin_column);

        c->text = origin;
        c->size = (uint32_t)strlen(origin);
    }
    if (pat->nderive != 0) {
        rc = derives_take(p, w, pat, err);
        if (rc != KURA_OK)
            return rc;
    }
    return shape_cell(p, w, err);
}

enum kura_rc kura_parse_line(struct kura_parser *p, const char *line, size_t n,
                             size_t term, int64_t previous_ts,
                             struct kura_row *row, struct kura_err *err)
{
    struct work w = {.line = line, .size = n - term, .term = term};
    const struct kura_pattern *pat;
    const char *reason, *origin, *after;
    enum kura_rc rc;
    size_t room;
    int i;

    memset(row, 0, sizeof(*row));
    p->pattern = -1;
    if (n > LINE_MAX_BYTES)
        return kura_err_set(err, KURA_EINPUT, "a line of %zu bytes is too long",
                            n);
    if (w.size == 0)
        return row_reject(p, &w, "empty line", row, err);
    if (p->cx.format == &p->none)
        return row_reject(p, &w, "no format is known for this file", row, err);
    i = pattern_choose(p, &w, &reason);
    if (i < 0)
        return row_reject(p, &w, reason, row, err);
    p->pattern = i;
    pat = &p->cx.format->patterns[i];
    reason = time_take(p, &w, pat, &p->plans[i], previous_ts, &origin);
    if (reason != NULL)
        return row_reject(p, &w, reason, row, err);
    w.plain = bytes_are_plain(line, w.size);
    /* One cell a capture, constant and derived column; origin and shape. */
    room =
        (size_t)pat->groups + (size_t)pat->nconstant + (size_t)pat->nderive + 2;
    w.cells = arena_alloc(&p->rows, room * sizeof(*w.cells), err);
    if (w.cells == NULL)
        return KURA_ENOMEM;
    after = p->rows.at;
    rc = row_fill(p, &w, i, origin, err);
    if (rc != KURA_OK)
        return rc;
    if (p->rows.at == after)
        arena_trim(&p->rows, (room - w.count) * sizeof(*w.cells));
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
    struct work w = {.line = s, .size = n};

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
