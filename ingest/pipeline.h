/* pipeline.h - one source as blocks of parsed lines, or what else its format
 * has for records (record.h).
 *
 * Two threads: the reader cuts the input into blocks of whole records and
 * hashes them, the parser makes rows of them; the caller takes finished blocks
 * and gives them back.  At most KURA_PIPELINE_BLOCKS are in flight, which
 * bounds memory.  A line over KURA_LINE_MAX bytes comes in pieces, each a block
 * of one reject. */
#ifndef KURA_INGEST_PIPELINE_H
#define KURA_INGEST_PIPELINE_H

#include "base/hash.h"
#include "ingest/input.h"
#include "ingest/parse.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KURA_LINE_MAX (1u << 20)
#define KURA_BLOCK_SIZE (1u << 20)
#define KURA_PIPELINE_BLOCKS 4

struct kura_line {
    uint32_t start, size; /* in the block's data */
    struct kura_row row;
};

struct kura_block {
    char *data;
    size_t size;
    int64_t offset;  /* of data[0] in the source */
    int64_t line;    /* number of its first record */
    int piece;       /* 0: whole records; else this is piece n of one */
    bool terminated; /* its last record is complete */
    char sha256[KURA_SHA256_HEX]; /* of the source up to the end of it */
    int64_t last_ts;              /* of the last line so far that is a row */
    struct kura_line *lines;
    size_t count, capacity;
    struct kura_parser *parser; /* owns what the rows point to */
};

struct kura_pipeline_start {
    struct kura_parse_context context;
    struct kura_input *input; /* borrowed; positioned after `head` */
    const char *head;         /* bytes read already, from `offset` on */
    size_t head_size;
    struct kura_sha256 *sha; /* borrowed; of all bytes before `offset` */
    int64_t offset, line;    /* where to go on: lines consumed before */
    int64_t last_ts; /* what lines without a time begin with, or INT64_MIN */
    bool continues;  /* the line at `offset` goes on with line `line` */
    bool follow;     /* at the end wait for more; end by stop */
    const volatile sig_atomic_t *stop; /* NULL: never */
};

struct kura_pipeline;

enum kura_rc kura_pipeline_start(const struct kura_pipeline_start *start,
                                 struct kura_pipeline **out,
                                 struct kura_err *err);
/* The next block, or NULL at the end; an error of a thread comes after all
 * blocks before it.  wait = false: *out is NULL also when none is ready. */
enum kura_rc kura_pipeline_next(struct kura_pipeline *p, bool wait,
                                struct kura_block **out, bool *ended,
                                struct kura_err *err);
void kura_pipeline_give_back(struct kura_pipeline *p, struct kura_block *b);
/* Following: no more will come; the rest is read to its end. */
void kura_pipeline_finish(struct kura_pipeline *p);
/* Stops the threads and frees everything; NULL ok. */
void kura_pipeline_stop(struct kura_pipeline *p);

#endif
