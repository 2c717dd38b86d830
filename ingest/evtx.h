/* evtx.h - the records of Windows event log files (EVTX).
 *
 *     file    | header, 4,096 bytes | chunk | chunk | ...
 *     chunk   | header, 512 bytes: strings and templates by their hash |
 *             | record | record | ... , 65,536 bytes
 *     record  | 2A 2A 00 00 | size | number | time | binary XML | size |
 *
 * A chunk holds all that its records need, so chunks are read one by one and a
 * damaged one is no loss of the others.  Binary XML is elements, attributes and
 * values; a template is such XML with holes, and a record names a template of
 * its chunk and gives the values for its holes.  A template is compiled when it
 * is first met in a chunk into steps "value n is column c" (evtx_template.c),
 * so that most records are read by going through their values.
 *
 * Written after the documentation of the format by Joachim Metz (libevtx).
 *
 * Whatever cannot be read is given as a record with the reason: a damaged
 * record, what lies between records, a chunk of which a checksum is wrong
 * (whose records are read all the same).  Input is hostile: sizes and offsets
 * are checked against the chunk, elements nest KURA_EVTX_DEPTH deep at most,
 * and a record makes at most KURA_EVTX_TEXT bytes of text and so many values.
 */
#ifndef KURA_INGEST_EVTX_H
#define KURA_INGEST_EVTX_H

#include "base/arena.h"
#include "store/builder.h"

#include <stdbool.h>

#define KURA_EVTX_HEADER 4096u
#define KURA_EVTX_CHUNK 65536u
#define KURA_EVTX_DEPTH 24

struct kura_event;
struct kura_evtx;

/* A file or a chunk of one by its first bytes; and where its chunks begin. */
bool kura_evtx_is(const char *head, size_t n);
size_t kura_evtx_base(const char *head, size_t n);

struct kura_evtx_record {
    const char *why;    /* static: why it could not be read; else NULL */
    const char *bytes;  /* the record, or what could not be read */
    size_t start, size; /* in what kura_evtx_begin was given */
    int64_t ts;
    struct kura_cell *cells; /* in the arena, shape included */
    size_t count;
};

/* Columns are those that `event` knows; it is borrowed. */
enum kura_rc kura_evtx_new(const struct kura_event *event,
                           struct kura_evtx **out, struct kura_err *err);
void kura_evtx_free(struct kura_evtx *x); /* NULL ok */

/* Begins with whole chunks (before them perhaps the file's header, behind them
 * perhaps a part of one) at `offset` of a file whose chunks begin at `base`. */
void kura_evtx_begin(struct kura_evtx *x, const char *p, size_t n,
                     int64_t offset, size_t base);
enum kura_rc kura_evtx_next(struct kura_evtx *x, struct kura_arena *arena,
                            struct kura_evtx_record *out, bool *more,
                            struct kura_err *err);

#endif
