/* parse_internal.h - what the files of parse.c share.  Nobody else includes
 * it. */
#ifndef KURA_INGEST_PARSE_INTERNAL_H
#define KURA_INGEST_PARSE_INTERNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/regex.h"
#include "ingest/event.h"
#include "ingest/evtx.h"
#include "ingest/parse.h"
#include "store/shape.h"

#include <stdbool.h>

#define KURA_PARSE_STAMP 48
#define KURA_PARSE_SHAPES 4096u /* slots of the table of shapes */

/* A placeholder of the line at hand. */
struct kura_parse_place {
    size_t start, end;
    int column;
    uint64_t render; /* packed; 0: {column} alone */
    bool repeats;    /* perhaps: only if the column holds these bytes */
};

struct kura_parse_slot {
    uint64_t hash;
    const char *key; /* NULL: free */
    const char *text;
    uint32_t key_size;
    uint32_t size;
};

/* The last time that a group read: most lines repeat it. */
struct kura_parse_moment {
    char text[KURA_PARSE_STAMP];
    size_t size; /* 0: none yet */
    int64_t us;
    struct kura_stamp stamp;
    bool exact; /* the stamp gives the text again */
};

/* What the parser knows of one pattern beyond its definition. */
struct kura_parse_plan {
    struct kura_cell *constants;
    struct kura_parse_moment *moments; /* by group */
};

struct kura_parser {
    struct kura_parse_context cx;
    struct kura_format none; /* without patterns: stands for no format */
    struct kura_matcher *matcher;
    struct kura_parse_plan *plans;
    unsigned char *keys; /* of the line at hand: enum key_state */
    struct kura_parse_place *places;
    size_t nplace;
    int pattern; /* of the last line, -1: none took it */
    int ts_column;
    int origin_column; /* time_origin, or -1 */
    struct kura_arena rows;
    struct kura_arena shapes;
    size_t shape_bytes;
    struct kura_parse_slot *slots;
    /* Readers of events: else NULL. */
    struct kura_framing framing;
    struct kura_event *event;
    struct kura_json_reader *json;
    struct kura_event_csv *csv;
    struct kura_event_xml *xml;
    struct kura_evtx *evtx;
    struct kura_buf text; /* a record as UTF-8 */
    struct kura_buf key;
    struct kura_buf scratch;
    struct kura_buf scratch2;
};

/* A line while it is taken apart. */
struct kura_parse_work {
    const char *line;
    size_t size; /* without terminator */
    size_t term;
    bool plain; /* nothing but printable ASCII */
    int64_t ts;
    struct kura_cell *cells;
    size_t count;
};

/* A rendering in one number.
 *  bits  0-1 kind, 2-9 width, 10-13 decimals, 14-21 layout,
 *        22-29 decimals of the stamp, 30 zulu, 32-47 offset,
 *        48-57 member, 58-59 escape  */
static inline uint64_t kura_parse_render_pack(const struct kura_rendering *r)
{
    return (uint64_t)r->kind | (uint64_t)(r->width & 0xff) << 2 |
           (uint64_t)(r->decimals & 0xf) << 10 |
           (uint64_t)r->stamp.layout << 14 | (uint64_t)r->stamp.decimals << 22 |
           (uint64_t)r->stamp.zulu << 30 |
           (uint64_t)(uint16_t)r->stamp.offset << 32 |
           (uint64_t)r->member << 48 | (uint64_t)r->escape << 58;
}

/* parse_value.c: the captures of the line as cells, and their places. */
enum kura_rc kura_parse_fields_take(struct kura_parser *p,
                                    struct kura_parse_work *w,
                                    const struct kura_pattern *pat,
                                    struct kura_parse_plan *plan,
                                    struct kura_err *err);
/* The columns that are computed from others. */
enum kura_rc kura_parse_derives_take(struct kura_parser *p,
                                     struct kura_parse_work *w,
                                     const struct kura_pattern *pat,
                                     struct kura_err *err);
/* Drops the places of what should repeat a column and does not. */
void kura_parse_repeats_settle(struct kura_parser *p,
                               const struct kura_parse_work *w);
/* The time that a group holds; NULL: none. */
const struct kura_parse_moment *
kura_parse_moment_read(struct kura_parser *p, const struct kura_field *f,
                       struct kura_parse_moment *m, const char *s, size_t n);
struct kura_cell *kura_parse_cell_add(struct kura_parse_work *w, int column);
bool kura_parse_bytes_are_plain(const char *s, size_t n);

/* event_*.c: the values of a record into p->event.  w->line is the record as
 * UTF-8; exact: those are its bytes, so that places in it count.  *why (static)
 * when it is no event. */
enum kura_rc kura_event_json_read(struct kura_parser *p,
                                  const struct kura_parse_work *w, bool exact,
                                  const char **why, struct kura_err *err);
enum kura_rc kura_event_xml_new(struct kura_event_xml **out,
                                struct kura_err *err);
void kura_event_xml_free(struct kura_event_xml *x); /* NULL ok */
enum kura_rc kura_event_xml_read(struct kura_parser *p,
                                 const struct kura_parse_work *w, bool exact,
                                 const char **why, struct kura_err *err);
enum kura_rc kura_event_csv_new(struct kura_parser *p, const char *head,
                                size_t n, struct kura_event_csv **out,
                                struct kura_err *err);
void kura_event_csv_free(struct kura_event_csv *c); /* NULL ok */
enum kura_rc kura_event_csv_read(struct kura_parser *p,
                                 const struct kura_parse_work *w, bool exact,
                                 const char **why, struct kura_err *err);

/* parse_shape.c: the shape of the line, as its last cell. */
enum kura_rc kura_parse_shape_cell(struct kura_parser *p,
                                   struct kura_parse_work *w,
                                   struct kura_err *err);

#endif
