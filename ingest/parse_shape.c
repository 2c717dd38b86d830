/* parse_shape.c - the shape of a line.
 *
 * Most lines of a log share few shapes.  So the shape is looked up by a key
 * (the bytes between the placeholders, column and rendering of each) and built
 * only when it is new.  The table of shapes is bounded by the bytes that it
 * holds; a full one is emptied, and its texts live on until
 * kura_parser_reset. */
#include "ingest/parse_internal.h"
#include "store/shape.h"

#define CACHE_PROBES 4u
#define CACHE_BYTES ((size_t)1 << 20)
#define CACHE_KEY_MAX 4096u /* longer ones are not worth keeping */

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
    out->member = (int)(v >> 48 & 0x3ff);
    out->escape = (enum kura_escape)(v >> 58 & 3);
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
static char *key_place(char *to, const struct kura_parse_place *place)
{
    uint16_t head = (uint16_t)(place->column << 1 | (place->render != 0));

    to = key_bytes(to, &head, sizeof(head));
    if (place->render != 0)
        to = key_bytes(to, &place->render, sizeof(place->render));
    return to;
}

/* Everything that the shape is made of.  It is short, since hashing it is a
 * good part of what a line costs. */
static enum kura_rc key_make(struct kura_parser *p,
                             const struct kura_parse_work *w,
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
        const struct kura_parse_place *place = &p->places[i];

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

static enum kura_rc shape_build(struct kura_parser *p,
                                const struct kura_parse_work *w,
                                struct kura_buf *out, struct kura_err *err)
{
    const struct kura_schema *schema = p->cx.format->schema;
    enum kura_rc rc = KURA_OK;
    size_t done = 0;
    size_t i;

    kura_buf_reset(out);
    for (i = 0; i < p->nplace && rc == KURA_OK; i++) {
        const struct kura_parse_place *place = &p->places[i];
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

/* Keeps key and text; an emptied table's texts go to the rows' memory. */
static enum kura_rc cache_keep(struct kura_parser *p,
                               struct kura_parse_slot *slot, uint64_t hash,
                               const struct kura_buf *text,
                               struct kura_err *err)
{
    size_t need = p->key.len + text->len;
    char *key, *copy;

    if (p->shape_bytes + need > CACHE_BYTES) {
        memset(p->slots, 0, KURA_PARSE_SHAPES * sizeof(*p->slots));
        kura_arena_move(&p->rows, &p->shapes);
        p->shape_bytes = 0;
    }
    key = kura_arena_copy(&p->shapes, p->key.data, p->key.len, err);
    if (key == NULL)
        return KURA_ENOMEM;
    copy = kura_arena_copy(&p->shapes, text->data, text->len, err);
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
static struct kura_parse_slot *cache_find(struct kura_parser *p, uint64_t hash,
                                          bool *found)
{
    uint32_t home = (uint32_t)hash & (KURA_PARSE_SHAPES - 1);
    struct kura_parse_slot *free_slot = NULL;
    uint32_t i;

    *found = false;
    for (i = 0; i < CACHE_PROBES; i++) {
        struct kura_parse_slot *s =
            &p->slots[(home + i) & (KURA_PARSE_SHAPES - 1)];

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

enum kura_rc kura_parse_shape_cell(struct kura_parser *p,
                                   struct kura_parse_work *w,
                                   struct kura_err *err)
{
    struct kura_cell *cell = &w->cells[w->count];
    struct kura_parse_slot *slot;
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
                kura_arena_copy(&p->rows, p->scratch.data, p->scratch.len, err);
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
