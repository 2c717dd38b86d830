/* event.h - the values of one Windows event, and the row that they make.
 *
 * The readers of XML, JSON and CSV say each value by name and where it stands
 * in the record; what becomes of it is decided here, for all of them alike:
 *
 *   a column of table windows   its value; an integer column takes a decimal
 *                               number, "-" and the empty text are NULL
 *   everything else             a member of the JSON object in column data,
 *                               members in order of their names, values as they
 *                               are; empty ones are left out
 *
 * In columns line breaks and tabs in a row are one blank, and no blanks stand
 * at the ends ("NtLmSsp " is NtLmSsp). src_ip is IpAddress as a plain address.
 * A value whose bytes in the record can be had again from the column (or
 * member) is a placeholder of the shape.
 *
 * Names of System (EventID, Provider_Name ...) and of EventData do not mix: a
 * value of EventData that is called Computer is a member of data. */
#ifndef KURA_INGEST_EVENT_H
#define KURA_INGEST_EVENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/builder.h"
#include "store/shape.h"

#include <stdbool.h>

struct kura_parser;
struct kura_parse_work;

enum kura_event_part { KURA_EVENT_SYSTEM, KURA_EVENT_DATA };

/* Where a value stands in the record; end 0: nowhere as a whole. */
struct kura_event_place {
    size_t start, end;
    enum kura_escape escape; /* how the format writes texts */
};

struct kura_event;

enum kura_rc kura_event_new(struct kura_event **out, struct kura_err *err);
void kura_event_free(struct kura_event *e); /* NULL ok */

/* Begins the next event; texts live in the arena. */
void kura_event_begin(struct kura_event *e, struct kura_arena *arena);

/* The column that a name has in that part, or -1. */
int kura_event_column(const struct kura_event *e, enum kura_event_part part,
                      const char *name, size_t n);

/* The event has it already; column -1: no. */
bool kura_event_has(const struct kura_event *e, int column);
/* Places count from here on behind that byte of the record. */
void kura_event_shift(struct kura_event *e, size_t bytes);

/* Adds a value, name and text are copied.  KURA_EINPUT: too many. */
enum kura_rc kura_event_add(struct kura_event *e, enum kura_event_part part,
                            const char *name, size_t name_size,
                            const char *text, size_t size,
                            const struct kura_event_place *place,
                            struct kura_err *err);
/* The same without a name: param1, param2 ... */
enum kura_rc kura_event_add_unnamed(struct kura_event *e, const char *text,
                                    size_t size,
                                    const struct kura_event_place *place,
                                    struct kura_err *err);

/* When it happened; of several the first that is a time. */
void kura_event_time(struct kura_event *e, const struct kura_parser *p,
                     const char *text, size_t size,
                     const struct kura_event_place *place);
void kura_event_time_is(struct kura_event *e, int64_t us);
bool kura_event_has_time(const struct kura_event *e);

/* Cells and places of the event: w->ts, w->cells, p->places.  Returns why it is
 * no event (static text), or NULL; an error in *rc. */
const char *kura_event_finish(struct kura_event *e, struct kura_parser *p,
                              struct kura_parse_work *w, enum kura_rc *rc,
                              struct kura_err *err);

/* A text as a column has it; *same: it is that already and *out untouched. */
enum kura_rc kura_event_clean(const char *s, size_t n, struct kura_buf *out,
                              bool *same, struct kura_err *err);
/* IpAddress as a plain address: its text in out, or false. */
bool kura_event_address(const char *s, size_t n, char out[48], size_t *size);

#endif
