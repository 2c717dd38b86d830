/* evtx_internal.h - what the files of evtx.c share.  Nobody else includes it.
 *
 * A program is what a template (or XML without one) says, in the order of the
 * document: text of XML, and values that pieces make up: fixed texts, and
 * numbers of the values that a record gives. */
#ifndef KURA_INGEST_EVTX_INTERNAL_H
#define KURA_INGEST_EVTX_INTERNAL_H

#include "base/buf.h"
#include "ingest/event.h"
#include "ingest/evtx.h"

#include <stdint.h>

/* Steps of compiling and of running, and bytes of text, that a chunk may take.
 * Real ones take less than a tenth. */
#define KURA_EVTX_STEPS 262144u
#define KURA_EVTX_OUTPUT ((size_t)2 << 20)

/* Where in an event an element's children stand. */
enum evtx_section {
    EVTX_TOP,   /* Event */
    EVTX_EVENT, /* System, EventData, UserData ... */
    EVTX_SYSTEM,
    EVTX_EVENT_DATA,
    EVTX_USER_DATA,
    EVTX_RENDERING,
    EVTX_OTHER
};

struct evtx_piece {
    const char *text; /* NULL: value number `value` of the record */
    uint32_t size;
    uint16_t value;
};

enum evtx_item_kind { EVTX_ITEM_XML, EVTX_ITEM_TEXT, EVTX_ITEM_ATTRIBUTE };

struct evtx_item {
    uint8_t kind;
    uint8_t section; /* TEXT: for XML that is its value */
    bool time, integer, unnamed;
    bool in_template; /* XML that is its value has dependency numbers */
    int16_t column;   /* -1: a member of data; without a name of nothing */
    const char *name, *json; /* json: with its quotes */
    uint32_t name_size, json_size;
    const struct evtx_piece *pieces;
    uint32_t npiece;
    /* Of the shape, so with { doubled.  XML: open; ATTRIBUTE: around the value,
     * left out with it; TEXT: close is between two values of a list. */
    const char *open, *close;
    uint32_t open_size, close_size;
    const char *place; /* {column} */
    uint32_t place_size;
};

struct evtx_program {
    const struct evtx_item *items;
    uint32_t count;
};

/* A value of a record. */
struct evtx_value {
    const unsigned char *p;
    uint16_t size;
    uint8_t type;
};

struct evtx_values {
    const struct evtx_value *list;
    uint32_t count;
};

/* The chunk at hand. */
struct evtx_chunk {
    const unsigned char *p;
    size_t size; /* up to KURA_EVTX_CHUNK: a cut one is shorter */
    uint32_t steps;
    size_t output;
};

struct evtx_cached {
    struct evtx_cached *next;
    uint32_t offset;
    uint8_t section;
    const struct evtx_program *program; /* NULL: it could not be read */
};

#define EVTX_TEMPLATE_SLOTS 64u

/* evtx_template.c.  All of them give NULL where it cannot be read, *why says
 * so; without a reason memory is gone. */
struct evtx_compiler; /* buffers that live on */
enum kura_rc kura_evtx_compiler_new(const struct kura_event *event,
                                    struct evtx_compiler **out,
                                    struct kura_err *err);
void kura_evtx_compiler_free(struct evtx_compiler *c);
void kura_evtx_compiler_reset(struct evtx_compiler *c); /* for the next chunk */

/* The instance of a template at *at (behind its token): its program, and its
 * values in x; *at goes behind them. */
const struct evtx_program *
kura_evtx_instance(struct evtx_compiler *c, struct evtx_chunk *k, size_t *at,
                   size_t end, enum evtx_section section,
                   struct evtx_values *values, struct kura_arena *arena,
                   const char **why);
/* XML without a template, at `at`. */
const struct evtx_program *
kura_evtx_fragment(struct evtx_compiler *c, struct evtx_chunk *k, size_t at,
                   size_t end, enum evtx_section section, const char **why);

/* evtx_value.c: a value as text, in the arena; size 0 for none.  *plain:
 * printable ASCII. */
bool kura_evtx_value_text(const struct evtx_value *v, struct kura_arena *arena,
                          const char **text, size_t *size, bool *plain);
/* A value that is a number; false: none, or out of bounds. */
bool kura_evtx_value_integer(const struct evtx_value *v, int64_t *out);
bool kura_evtx_value_time(const struct evtx_value *v, int64_t *us,
                          unsigned *hundreds);
/* A list, and its values one by one: *at is 0 at first; false at its end. */
bool kura_evtx_value_is_list(const struct evtx_value *v);
bool kura_evtx_value_next(const struct evtx_value *v, size_t *at,
                          struct evtx_value *out);
int64_t kura_evtx_filetime(uint64_t v, unsigned *hundreds);

/* evtx_row.c: the record's XML at p[at..end) into cells; *why as above. */
struct evtx_rows;
enum kura_rc kura_evtx_rows_new(const struct kura_event *event,
                                struct evtx_compiler *compiler,
                                struct evtx_rows **out, struct kura_err *err);
void kura_evtx_rows_free(struct evtx_rows *r);
void kura_evtx_rows_reset(struct evtx_rows *r); /* for the next chunk */
enum kura_rc kura_evtx_row(struct evtx_rows *r, struct evtx_chunk *k, size_t at,
                           size_t end, struct kura_arena *arena,
                           struct kura_evtx_record *out, struct kura_err *err);

static inline uint16_t evtx_u16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t evtx_u32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static inline uint64_t evtx_u64(const unsigned char *p)
{
    return (uint64_t)evtx_u32(p) | (uint64_t)evtx_u32(p + 4) << 32;
}

#endif
