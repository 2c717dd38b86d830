/* parse.h - one line in, one row out; no I/O.
 *
 * A parser belongs to one thread and keeps what makes lines cheap: the pattern
 * that took the last line, the last date, buffers.  Rows point into the line
 * and into the parser's arena: valid until kura_parser_reset. */
#ifndef KURA_INGEST_PARSE_H
#define KURA_INGEST_PARSE_H

#include "base/clock.h"
#include "ingest/format.h"
#include "ingest/record.h"
#include "store/builder.h"

struct kura_parser;

/* What lines of one source have in common. */
struct kura_parse_context {
    const struct kura_format *format; /* NULL: every line is a reject */
    const struct kura_zone *zone;     /* of times without one */
    int64_t as_of_us;                 /* for times without a year */
    int64_t oldest_us;                /* earlier: "time out of range" */
    int64_t newest_us;                /* later: the same */
    /* The first bytes of the source, for readers of events: borrowed until
     * kura_parser_new returns. */
    const char *head;
    size_t head_size;
};

struct kura_row {
    const struct kura_schema *schema; /* NULL: a reject */
    const char *reason;               /* reject: why; static text */
    int64_t ts;
    struct kura_cell *cells; /* shape included; not source, line, format */
    size_t count;
};

enum kura_rc kura_parser_new(const struct kura_parse_context *cx,
                             struct kura_parser **out, struct kura_err *err);
void kura_parser_free(struct kura_parser *p); /* NULL ok */

/* Frees the memory of all rows given out since the last reset. */
void kura_parser_reset(struct kura_parser *p);

/* Moves the bound of what is too far in the future. */
void kura_parser_set_newest(struct kura_parser *p, int64_t newest_us);

/* Parses line[0..n), a record for readers of events (then term does not
 * matter); of a line the last `term` bytes are its terminator (0, 1 or 2).  A
 * line that no pattern takes is a reject with a reason, not an error.
 * previous_ts is the time of the last line that had one (INT64_MIN: none). */
enum kura_rc kura_parse_line(struct kura_parser *p, const char *line, size_t n,
                             size_t term, int64_t previous_ts,
                             struct kura_row *row, struct kura_err *err);

/* A part of a line that is too long or was continued: a reject whose cells hold
 * the bytes; the caller says why. */
enum kura_rc kura_parse_piece(struct kura_parser *p, const char *s, size_t n,
                              struct kura_row *row, struct kura_err *err);

/* EVTX: chunks at `offset` of their source, or what a cut file has of one, one
 * record after the other: gives the next one and where in p it stands; *more =
 * false, and nothing, when there is none.  p stays until the last of them. */
void kura_parse_chunks(struct kura_parser *p, const char *chunks, size_t n,
                       int64_t offset);
enum kura_rc kura_parse_chunk_record(struct kura_parser *p, bool *more,
                                     size_t *start, size_t *size,
                                     struct kura_row *row,
                                     struct kura_err *err);

/* The pattern that took the last line (index), or -1. */
int kura_parser_pattern(const struct kura_parser *p);

/* How its source is cut into records. */
const struct kura_framing *kura_parser_framing(const struct kura_parser *p);

/* How many of the records of a text the format takes (for detection). */
size_t kura_parse_count(const struct kura_format *f, const char *text, size_t n,
                        struct kura_err *err);

#endif
