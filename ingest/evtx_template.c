/* evtx_template.c - binary XML compiled into programs.
 *
 * One pass over the tokens, with the elements that are open on a stack.  Text
 * of XML gathers in a buffer until a value stands between; an element decides
 * by where it stands what its text and its attributes are (event.h):
 *
 *   System/X            X; its attribute A is X_A, TimeCreated's the time
 *   EventData/Data      named by its attribute Name, or without a name
 *   EventData/X, UserData/.../X   X
 *   RenderingInfo/Message         Message
 *
 * Programs and what they point to live as long as the chunk. */
#include "ingest/evtx_internal.h"

#include "base/json.h"
#include "base/utf16.h"
#include "store/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEMPLATE_HEAD 24u /* next, GUID, size */
#define TEMPLATE_ITEMS 4096u
#define TEMPLATE_PIECES 4096u

enum token {
    TOKEN_END,
    TOKEN_OPEN,
    TOKEN_CLOSE_START,
    TOKEN_CLOSE_EMPTY,
    TOKEN_CLOSE,
    TOKEN_VALUE,
    TOKEN_ATTRIBUTE,
    TOKEN_CDATA,
    TOKEN_CHARACTER,
    TOKEN_ENTITY,
    TOKEN_PI_TARGET,
    TOKEN_PI_DATA,
    TOKEN_TEMPLATE,
    TOKEN_SUBSTITUTION,
    TOKEN_OPTIONAL,
    TOKEN_FRAGMENT
};

struct element {
    const char *name;
    uint32_t name_size;
    uint8_t section;   /* of its children */
    bool is_leaf;      /* its text is a value */
    bool varies;       /* its attributes hold values of the record */
    const char *label; /* EventData: its attribute Name */
    uint32_t label_size;
};

struct evtx_compiler {
    const struct kura_event *event;
    struct kura_arena arena; /* programs of the chunk */
    struct evtx_cached *slots[EVTX_TEMPLATE_SLOTS];
    struct kura_buf xml;  /* of the shape, not in an item yet */
    struct kura_buf text; /* scratch */
    struct kura_buf tag;  /* the start tag of the element at hand */
    struct evtx_item items[TEMPLATE_ITEMS];
    struct evtx_piece pieces[TEMPLATE_PIECES];
    uint32_t nitem, npiece;
    struct element stack[KURA_EVTX_DEPTH + 1];
    int depth;
    uint32_t first_piece; /* of the value at hand */
    /* While it runs. */
    struct evtx_chunk *k;
    size_t at, end;
    bool in_template;
    const char *why;
};

enum kura_rc kura_evtx_compiler_new(const struct kura_event *event,
                                    struct evtx_compiler **out,
                                    struct kura_err *err)
{
    struct evtx_compiler *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return kura_err_nomem(err);
    c->event = event;
    kura_buf_init(&c->xml, KURA_EVTX_OUTPUT);
    kura_buf_init(&c->text, KURA_EVTX_OUTPUT);
    kura_buf_init(&c->tag, KURA_EVTX_OUTPUT);
    *out = c;
    return KURA_OK;
}

void kura_evtx_compiler_free(struct evtx_compiler *c)
{
    if (c == NULL)
        return;
    kura_arena_release(&c->arena);
    kura_buf_release(&c->xml);
    kura_buf_release(&c->text);
    kura_buf_release(&c->tag);
    free(c);
}

void kura_evtx_compiler_reset(struct evtx_compiler *c)
{
    kura_arena_reset(&c->arena);
    memset(c->slots, 0, sizeof(c->slots));
}

/* --- Bytes -----------------------------------------------------------------
 */

static bool fail(struct evtx_compiler *c, const char *why)
{
    if (c->why == NULL)
        c->why = why;
    return false;
}

static bool need(struct evtx_compiler *c, size_t n)
{
    return c->end - c->at >= n || fail(c, "its XML is cut short");
}

static bool take_u16(struct evtx_compiler *c, uint16_t *out)
{
    if (!need(c, 2))
        return false;
    *out = evtx_u16(c->k->p + c->at);
    c->at += 2;
    return true;
}

static bool take_u32(struct evtx_compiler *c, uint32_t *out)
{
    if (!need(c, 4))
        return false;
    *out = evtx_u32(c->k->p + c->at);
    c->at += 4;
    return true;
}

static bool step(struct evtx_compiler *c)
{
    return ++c->k->steps <= KURA_EVTX_STEPS ||
           fail(c, "its chunk takes too much work");
}

/* Memory is gone: no reason is given. */
static bool kept(const void *p)
{
    return p != NULL;
}

/* UTF-16 as a text that lives with the program. */
static bool text_keep(struct evtx_compiler *c, size_t at, size_t units,
                      const char **text, uint32_t *size)
{
    char *to = kura_arena_alloc(&c->arena, units * 3 + 1, NULL);

    if (to == NULL)
        return kept(to);
    *size = (uint32_t)kura_utf16_write(c->k->p + at, units, to, NULL);
    kura_arena_trim(&c->arena, (units * 3 + 1 - *size) & ~(size_t)7);
    *text = to;
    return true;
}

/* next (4) hash (2) units (2) text zero(2), at an offset in the chunk; where
 * that is here, it is passed over. */
static bool take_name(struct evtx_compiler *c, const char **name,
                      uint32_t *size)
{
    uint32_t offset;
    size_t units;

    if (!take_u32(c, &offset))
        return false;
    if (offset > c->k->size || c->k->size - offset < 8)
        return fail(c, "a name lies outside of its chunk");
    units = evtx_u16(c->k->p + offset + 6);
    if ((c->k->size - offset - 8) / 2 < units)
        return fail(c, "a name lies outside of its chunk");
    if (offset == c->at) {
        if (!need(c, 10 + 2 * units))
            return false;
        c->at += 10 + 2 * units;
    }
    if (units == 0 || units > 1024)
        return fail(c, "a name that is none");
    return text_keep(c, offset + 8, units, name, size);
}

/* --- Items -----------------------------------------------------------------
 */

static bool xml_puts(struct evtx_compiler *c, const char *s)
{
    return kura_buf_puts(&c->xml, s, NULL) == KURA_OK;
}

static bool xml_name(struct evtx_compiler *c, const char *s, size_t n)
{
    return kura_shape_literal(s, n, &c->xml, NULL) == KURA_OK;
}

static struct evtx_item *item_add(struct evtx_compiler *c,
                                  enum evtx_item_kind kind)
{
    struct evtx_item *i = &c->items[c->nitem];

    if (c->nitem == TEMPLATE_ITEMS) {
        (void)fail(c, "its XML has too many values");
        return NULL;
    }
    memset(i, 0, sizeof(*i));
    i->kind = (uint8_t)kind;
    i->column = -1;
    c->nitem++;
    return i;
}

static bool xml_keep(struct evtx_compiler *c, const char **text, uint32_t *size)
{
    *text = kura_arena_copy(&c->arena, c->xml.data, c->xml.len, NULL);
    *size = (uint32_t)c->xml.len;
    kura_buf_reset(&c->xml);
    return kept(*text);
}

/* What gathered becomes an item. */
static bool xml_flush(struct evtx_compiler *c)
{
    struct evtx_item *i;

    if (c->xml.len == 0)
        return true;
    i = item_add(c, EVTX_ITEM_XML);
    return i != NULL && xml_keep(c, &i->open, &i->open_size);
}

static bool piece_add(struct evtx_compiler *c, const char *text, uint32_t size,
                      uint16_t value)
{
    struct evtx_piece *p = &c->pieces[c->npiece];

    if (c->npiece == TEMPLATE_PIECES)
        return fail(c, "its XML has too many values");
    p->text = text;
    p->size = size;
    p->value = value;
    c->npiece++;
    return true;
}

/* Which column or member the value of that name is. */
static bool item_name(struct evtx_compiler *c, struct evtx_item *i,
                      enum kura_event_part part, const char *name,
                      uint32_t size)
{
    const struct kura_schema *s = kura_schema_find("windows");

    i->name = name;
    i->name_size = size;
    i->column = (int16_t)kura_event_column(c->event, part, name, size);
    kura_buf_reset(&c->text);
    if (kura_json_text(name, size, &c->text, NULL) != KURA_OK)
        return false;
    i->json = kura_arena_copy(&c->arena, c->text.data, c->text.len, NULL);
    i->json_size = (uint32_t)c->text.len;
    if (i->json == NULL || i->column < 0)
        return kept(i->json);
    i->integer = s->columns[i->column].type == KURA_INTEGER;
    kura_buf_reset(&c->text);
    if (kura_buf_printf(&c->text, NULL, "{%s}", s->columns[i->column].name) !=
        KURA_OK)
        return false;
    i->place = kura_arena_copy(&c->arena, c->text.data, c->text.len, NULL);
    i->place_size = (uint32_t)c->text.len;
    return kept(i->place);
}

static bool name_is(const char *s, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(s, word, n) == 0;
}

static bool item_text_name(struct evtx_compiler *c, struct evtx_item *i,
                           const struct element *e, enum evtx_section section)
{
    switch (section) {
    case EVTX_SYSTEM:
        return item_name(c, i, KURA_EVENT_SYSTEM, e->name, e->name_size);
    case EVTX_EVENT_DATA:
        if (e->label != NULL)
            return item_name(c, i, KURA_EVENT_DATA, e->label, e->label_size);
        i->unnamed = name_is(e->name, e->name_size, "Data");
        return i->unnamed ||
               item_name(c, i, KURA_EVENT_DATA, e->name, e->name_size);
    case EVTX_USER_DATA:
        return item_name(c, i, KURA_EVENT_DATA, e->name, e->name_size);
    case EVTX_RENDERING:
        return !name_is(e->name, e->name_size, "Message") ||
               item_name(c, i, KURA_EVENT_DATA, e->name, e->name_size);
    case EVTX_TOP:
    case EVTX_EVENT:
    case EVTX_OTHER:
        break;
    }
    return true;
}

/* The pieces of a text are complete: an item of the element that is open. */
static bool text_end(struct evtx_compiler *c)
{
    struct element *e = &c->stack[c->depth];
    struct evtx_item *i;

    if (c->npiece == c->first_piece)
        return true;
    if (!xml_flush(c))
        return false;
    i = item_add(c, EVTX_ITEM_TEXT);
    if (i == NULL)
        return false;
    i->pieces = &c->pieces[c->first_piece];
    i->npiece = c->npiece - c->first_piece;
    c->first_piece = c->npiece;
    i->section = e->section;
    i->in_template = c->in_template;
    if (e->is_leaf && !item_text_name(c, i, e, (enum evtx_section)e->section))
        return false;
    if (!e->is_leaf || e->varies)
        return true;
    if (!xml_puts(c, "</") || !xml_name(c, e->name, e->name_size) ||
        !xml_puts(c, ">") ||
        kura_buf_append(&c->xml, c->tag.data, c->tag.len, NULL) != KURA_OK)
        return false;
    return xml_keep(c, &i->close, &i->close_size);
}

/* --- Tokens ----------------------------------------------------------------
 */

/* The section of the children of an element with that name. */
static enum evtx_section section_below(enum evtx_section section,
                                       const char *name, size_t n)
{
    switch (section) {
    case EVTX_TOP:
        return EVTX_EVENT;
    case EVTX_EVENT:
        return name_is(name, n, "System")          ? EVTX_SYSTEM
               : name_is(name, n, "EventData")     ? EVTX_EVENT_DATA
               : name_is(name, n, "UserData")      ? EVTX_USER_DATA
               : name_is(name, n, "RenderingInfo") ? EVTX_RENDERING
                                                   : EVTX_OTHER;
    case EVTX_SYSTEM:
    case EVTX_EVENT_DATA:
    case EVTX_USER_DATA:
    case EVTX_RENDERING:
    case EVTX_OTHER:
        break;
    }
    return section;
}

static bool token_open(struct evtx_compiler *c, bool attributes)
{
    const struct element *above = &c->stack[c->depth];
    enum evtx_section section = (enum evtx_section)above->section;
    struct element *e;
    uint16_t dependency;
    uint32_t size;

    if (c->depth == KURA_EVTX_DEPTH)
        return fail(c, "its elements are nested too deep");
    if (c->in_template && !take_u16(c, &dependency))
        return false;
    if (!take_u32(c, &size))
        return false;
    e = &c->stack[c->depth + 1];
    memset(e, 0, sizeof(*e));
    if (!take_name(c, &e->name, &e->name_size) ||
        (attributes && !take_u32(c, &size)))
        return false;
    e->section = (uint8_t)section_below(section, e->name, e->name_size);
    e->is_leaf = section != EVTX_TOP && section != EVTX_EVENT;
    c->depth++;
    kura_buf_reset(&c->tag);
    return xml_puts(c, "<") && xml_name(c, e->name, e->name_size) &&
           kura_buf_putc(&c->tag, '<', NULL) == KURA_OK &&
           kura_shape_literal(e->name, e->name_size, &c->tag, NULL) == KURA_OK;
}

/* A text of an attribute, escaped as XML and for the shape. */
static bool text_escaped(struct evtx_compiler *c, const char *s, size_t n,
                         struct kura_buf *out)
{
    const char *quote;
    bool good = true;

    while (good && n != 0) {
        size_t run;

        quote = memchr(s, '"', n);
        run = quote == NULL ? n : (size_t)(quote - s);
        kura_buf_reset(&c->text);
        good = kura_render_escaped(s, run, KURA_ESCAPE_XML, &c->text, NULL) ==
                   KURA_OK &&
               kura_shape_literal(c->text.data, c->text.len, out, NULL) ==
                   KURA_OK &&
               (quote == NULL || kura_buf_puts(out, "&quot;", NULL) == KURA_OK);
        s += run + (quote != NULL);
        n -= run + (quote != NULL);
    }
    return good;
}

static bool value_text(struct evtx_compiler *c, const char **text,
                       uint32_t *size)
{
    uint16_t units;

    /* Values in XML are strings; other types are values of records. */
    if (!need(c, 1))
        return false;
    if (c->k->p[c->at] != 1)
        return fail(c, "a value in its XML is no text");
    c->at++;
    if (!take_u16(c, &units) || !need(c, 2u * units))
        return false;
    c->at += 2u * units;
    return text_keep(c, c->at - 2u * units, units, text, size);
}

static bool entity_text(struct evtx_compiler *c, const char **text,
                        uint32_t *size)
{
    static const char *const names[] = {"amp", "lt", "gt", "quot", "apos"};
    static const char *const texts[] = {"&", "<", ">", "\"", "'"};
    size_t i;

    if (!take_name(c, text, size))
        return false;
    for (i = 0; i < 5; i++)
        if (name_is(*text, *size, names[i])) {
            *text = texts[i];
            *size = 1;
            return true;
        }
    return fail(c, "an entity that is not known");
}

/* One piece of a text or of an attribute's value; *is: it was one. */
static bool token_piece(struct evtx_compiler *c, unsigned token, bool *is)
{
    const char *text = NULL;
    uint32_t size = 0;
    uint16_t value = 0;
    char *copy;

    *is = true;
    switch (token & 0xBFu) {
    case TOKEN_VALUE:
        if (!value_text(c, &text, &size))
            return false;
        break;
    case TOKEN_CDATA:
        if (!take_u16(c, &value) || !need(c, 2u * value))
            return false;
        c->at += 2u * value;
        if (!text_keep(c, c->at - 2u * value, value, &text, &size))
            return false;
        break;
    case TOKEN_CHARACTER:
        if (!need(c, 2))
            return false;
        c->at += 2;
        if (!text_keep(c, c->at - 2, 1, &text, &size))
            return false;
        break;
    case TOKEN_ENTITY:
        if (!entity_text(c, &text, &size))
            return false;
        break;
    case TOKEN_SUBSTITUTION:
    case TOKEN_OPTIONAL:
        if (!c->in_template)
            return fail(c, "a hole for a value outside of a template");
        if (!take_u16(c, &value) || !need(c, 1))
            return false;
        c->at++;
        return piece_add(c, NULL, 0, value);
    default:
        *is = false;
        return true;
    }
    /* An empty text is a piece all the same, with an address. */
    copy = text != NULL ? NULL : kura_arena_alloc(&c->arena, 1, NULL);
    return piece_add(c, text != NULL ? text : copy, size, 0);
}

static bool attribute_constant(struct evtx_compiler *c, struct element *e,
                               const char *name, size_t n)
{
    const struct evtx_piece *p = &c->pieces[c->first_piece];
    uint32_t i, count = c->npiece - c->first_piece;
    struct kura_buf *outs[2] = {&c->xml, &c->tag};
    size_t k;

    if (e->section == EVTX_EVENT_DATA && name_is(name, n, "Name") &&
        count == 1) {
        e->label = p->text;
        e->label_size = p->size;
    }
    for (k = 0; k < 2; k++) {
        if (kura_buf_putc(outs[k], ' ', NULL) != KURA_OK ||
            kura_shape_literal(name, n, outs[k], NULL) != KURA_OK ||
            kura_buf_puts(outs[k], "=\"", NULL) != KURA_OK)
            return false;
        for (i = 0; i < count; i++)
            if (!text_escaped(c, p[i].text, p[i].size, outs[k]))
                return false;
        if (kura_buf_putc(outs[k], '"', NULL) != KURA_OK)
            return false;
    }
    return true;
}

/* Attributes of System are values whatever stands in them. */
static bool attribute_item(struct evtx_compiler *c, struct element *e,
                           const char *name, size_t n)
{
    struct evtx_item *i;
    char joined[2100];
    int size;

    e->varies = true;
    if (!xml_flush(c))
        return false;
    i = item_add(c, EVTX_ITEM_ATTRIBUTE);
    if (i == NULL)
        return false;
    i->pieces = &c->pieces[c->first_piece];
    i->npiece = c->npiece - c->first_piece;
    if (e->section == EVTX_SYSTEM && !name_is(name, n, "xmlns")) {
        const char *copy;

        size = snprintf(joined, sizeof(joined), "%.*s_%.*s", (int)e->name_size,
                        e->name, (int)n, name);
        if (size < 0 || (size_t)size >= sizeof(joined))
            return fail(c, "a name that is none");
        i->time = name_is(joined, (size_t)size, "TimeCreated_SystemTime");
        copy = kura_arena_copy(&c->arena, joined, (size_t)size, NULL);
        if (copy == NULL || (!i->time && !item_name(c, i, KURA_EVENT_SYSTEM,
                                                    copy, (uint32_t)size)))
            return false;
    }
    if (!xml_puts(c, " ") || !xml_name(c, name, n) || !xml_puts(c, "=\"") ||
        !xml_keep(c, &i->open, &i->open_size))
        return false;
    i->close = "\"";
    i->close_size = 1;
    return true;
}

static bool token_attribute(struct evtx_compiler *c)
{
    struct element *e = &c->stack[c->depth];
    const char *name = NULL;
    uint32_t size, i;
    bool is = true, constant = true;

    if (c->depth == 0 || !take_name(c, &name, &size))
        return c->depth != 0 ? false : fail(c, "an attribute of no element");
    c->first_piece = c->npiece;
    while (is && c->at < c->end) {
        unsigned token = c->k->p[c->at];

        if (!step(c))
            return false;
        c->at++;
        if (!token_piece(c, token, &is))
            return false;
        if (!is)
            c->at--;
    }
    for (i = c->first_piece; i < c->npiece; i++)
        constant = constant && c->pieces[i].text != NULL;
    if (constant && e->section != EVTX_SYSTEM)
        is = attribute_constant(c, e, name, size);
    else
        is = attribute_item(c, e, name, size);
    c->first_piece = c->npiece;
    return is;
}

static bool token_close(struct evtx_compiler *c, unsigned token)
{
    const struct element *e = &c->stack[c->depth];

    if (c->depth == 0)
        return fail(c, "an end of no element");
    if (token == TOKEN_CLOSE_START) {
        return xml_puts(c, ">") && kura_buf_putc(&c->tag, '>', NULL) == KURA_OK;
    }
    if (token == TOKEN_CLOSE_EMPTY) {
        c->depth--;
        return xml_puts(c, "/>");
    }
    if (!xml_puts(c, "</") || !xml_name(c, e->name, e->name_size) ||
        !xml_puts(c, ">"))
        return false;
    c->depth--;
    return true;
}

/* Processing instructions are passed over. */
static bool token_instruction(struct evtx_compiler *c, unsigned token)
{
    const char *name;
    uint32_t size;
    uint16_t units;

    if (token == TOKEN_PI_TARGET)
        return take_name(c, &name, &size);
    if (!take_u16(c, &units) || !need(c, 2u * units))
        return false;
    c->at += 2u * units;
    return true;
}

static bool token_other(struct evtx_compiler *c, unsigned token)
{
    switch (token) {
    case TOKEN_OPEN:
    case TOKEN_OPEN | 0x40:
        return token_open(c, (token & 0x40u) != 0);
    case TOKEN_CLOSE_START:
    case TOKEN_CLOSE_EMPTY:
    case TOKEN_CLOSE:
        return token_close(c, token);
    case TOKEN_ATTRIBUTE:
    case TOKEN_ATTRIBUTE | 0x40:
        return token_attribute(c);
    case TOKEN_PI_TARGET:
    case TOKEN_PI_DATA:
        return token_instruction(c, token);
    case TOKEN_FRAGMENT:
        if (!need(c, 3))
            return false;
        c->at += 3;
        return true;
    default:
        return fail(c, "a token of its XML is not known");
    }
}

/* All of the tokens, up to the end of the XML or of its bytes. */
static bool tokens_read(struct evtx_compiler *c)
{
    bool piece;

    while (c->at < c->end && c->k->p[c->at] != TOKEN_END) {
        unsigned token = c->k->p[c->at++];

        if (!step(c) || !token_piece(c, token, &piece))
            return false;
        if (piece)
            continue;
        if (!text_end(c) || !token_other(c, token))
            return false;
    }
    if (!text_end(c) || !xml_flush(c))
        return false;
    return c->depth == 0 || fail(c, "its XML ends in an element");
}

static const struct evtx_program *program_keep(struct evtx_compiler *c)
{
    struct evtx_program *p = kura_arena_alloc(&c->arena, sizeof(*p), NULL);
    struct evtx_item *items = kura_arena_alloc(
        &c->arena, (size_t)(c->nitem + 1) * sizeof(*items), NULL);
    struct evtx_piece *pieces = kura_arena_alloc(
        &c->arena, (size_t)(c->npiece + 1) * sizeof(*pieces), NULL);
    uint32_t i;

    if (p == NULL || items == NULL || pieces == NULL)
        return NULL;
    memcpy(items, c->items, c->nitem * sizeof(*items));
    memcpy(pieces, c->pieces, c->npiece * sizeof(*pieces));
    for (i = 0; i < c->nitem; i++)
        if (items[i].pieces != NULL)
            items[i].pieces = pieces + (items[i].pieces - c->pieces);
    p->items = items;
    p->count = c->nitem;
    return p;
}

static const struct evtx_program *compile(struct evtx_compiler *c,
                                          struct evtx_chunk *k, size_t at,
                                          size_t end, bool in_template,
                                          enum evtx_section section)
{
    c->k = k;
    c->at = at;
    c->end = end;
    c->in_template = in_template;
    c->why = NULL;
    c->nitem = c->npiece = c->first_piece = 0;
    c->depth = 0;
    memset(&c->stack[0], 0, sizeof(c->stack[0]));
    c->stack[0].section = (uint8_t)section;
    kura_buf_reset(&c->xml);
    return tokens_read(c) ? program_keep(c) : NULL;
}

const struct evtx_program *
kura_evtx_fragment(struct evtx_compiler *c, struct evtx_chunk *k, size_t at,
                   size_t end, enum evtx_section section, const char **why)
{
    const struct evtx_program *p = compile(c, k, at, end, false, section);

    *why = c->why;
    return p;
}

/* --- Instances -------------------------------------------------------------
 */

static const char *const damaged_template = "its template is damaged";

/* The program of the template whose definition is at that offset. */
static struct evtx_cached *template_find(struct evtx_compiler *c,
                                         struct evtx_chunk *k, uint32_t offset,
                                         enum evtx_section section,
                                         const char **why)
{
    struct evtx_cached **slot =
        &c->slots[(offset / 8 + section * 7u) % EVTX_TEMPLATE_SLOTS];
    struct evtx_cached *t;
    uint32_t size;

    for (t = *slot; t != NULL; t = t->next)
        if (t->offset == offset && t->section == section) {
            *why = damaged_template;
            return t;
        }
    t = kura_arena_alloc(&c->arena, sizeof(*t), NULL);
    if (t == NULL)
        return NULL;
    t->offset = offset;
    t->section = (uint8_t)section;
    t->program = NULL;
    t->next = *slot;
    *slot = t;
    *why = damaged_template;
    if (offset > k->size || k->size - offset < TEMPLATE_HEAD)
        return t;
    size = evtx_u32(k->p + offset + 20);
    if (size > k->size - offset - TEMPLATE_HEAD)
        return t;
    t->program = compile(c, k, offset + TEMPLATE_HEAD,
                         offset + TEMPLATE_HEAD + size, true, section);
    if (t->program != NULL || c->why == NULL)
        return t->program != NULL ? t : NULL;
    *why = c->why;
    return t;
}

/* count, (size, type, 0) for each, then their bytes. */
static const char *values_read(struct evtx_chunk *k, size_t *at, size_t end,
                               struct evtx_values *values,
                               struct kura_arena *arena)
{
    struct evtx_value *list;
    size_t data;
    uint32_t count, i;

    if (end - *at < 4)
        return "its values are cut short";
    count = evtx_u32(k->p + *at);
    *at += 4;
    if (count > (end - *at) / 4)
        return "its values are cut short";
    k->output += count * sizeof(*list);
    if (k->output > KURA_EVTX_OUTPUT)
        return "its chunk takes too much work";
    list = kura_arena_alloc(arena, (count + 1) * sizeof(*list), NULL);
    if (list == NULL)
        return NULL;
    values->list = list;
    values->count = count;
    data = *at + 4 * (size_t)count;
    for (i = 0; i < count; i++) {
        const unsigned char *d = k->p + *at + 4 * (size_t)i;

        list[i].size = evtx_u16(d);
        list[i].type = d[2];
        list[i].p = k->p + data;
        if (list[i].size > end - data)
            return "its values are cut short";
        data += list[i].size;
    }
    *at = data;
    return NULL;
}

const struct evtx_program *
kura_evtx_instance(struct evtx_compiler *c, struct evtx_chunk *k, size_t *at,
                   size_t end, enum evtx_section section,
                   struct evtx_values *values, struct kura_arena *arena,
                   const char **why)
{
    struct evtx_cached *t;
    uint32_t offset;

    *why = "its template is cut short";
    if (end - *at < 9)
        return NULL;
    offset = evtx_u32(k->p + *at + 5);
    *at += 9;
    /* The first record that uses a template has its definition in it. */
    if (offset == *at) {
        if (end - *at < TEMPLATE_HEAD ||
            evtx_u32(k->p + *at + 20) > end - *at - TEMPLATE_HEAD)
            return NULL;
        *at += TEMPLATE_HEAD + evtx_u32(k->p + *at + 20);
    }
    *why = NULL;
    values->list = NULL;
    t = template_find(c, k, offset, section, why);
    if (t == NULL) {
        *why = NULL;
        return NULL;
    }
    if (t->program == NULL)
        return NULL;
    *why = values_read(k, at, end, values, arena);
    return *why == NULL && values->list != NULL ? t->program : NULL;
}
