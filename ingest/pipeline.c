#include "ingest/pipeline.h"

#include "ingest/queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Room for a block and for the begin of the next one's first line. */
#define PIPELINE_DATA (KURA_BLOCK_SIZE + KURA_LINE_MAX)
#define PIPELINE_FOLLOW_NS 200000000L

struct kura_pipeline {
    struct kura_pipeline_start start;
    struct kura_block blocks[KURA_PIPELINE_BLOCKS];
    struct kura_queue free_blocks, read_blocks, parsed_blocks;
    pthread_t reader, parser;
    bool reader_runs, parser_runs;
    atomic_bool quit, follow;
    struct kura_err reader_err, parser_err;
    /* The reader's: bytes read but not yet in a block. */
    char *carry;
    size_t carry_size;
    size_t head_used;
    int64_t offset;
    int piece;
    bool whole;    /* the last record of the block at hand is complete */
    int64_t line;  /* the parser's: number of the next record */
    bool failed;   /* the input cannot be read further */
    int64_t began; /* by the wall clock */
};

static bool pipeline_stops(struct kura_pipeline *p)
{
    return atomic_load(&p->quit) ||
           (p->start.stop != NULL && *p->start.stop != 0);
}

/* --- The reader ------------------------------------------------------- */

/* More bytes, from what was read before the start, then the input. */
static enum kura_rc reader_read(struct kura_pipeline *p, char *to, size_t n,
                                size_t *got)
{
    size_t left = p->start.head_size - p->head_used;
    struct timespec nap = {0, PIPELINE_FOLLOW_NS};
    enum kura_rc rc;

    if (left != 0) {
        *got = left < n ? left : n;
        memcpy(to, p->start.head + p->head_used, *got);
        p->head_used += *got;
        return KURA_OK;
    }
    for (;;) {
        rc = kura_input_read(p->start.input, to, n, got, &p->reader_err);
        if (rc != KURA_OK || *got != 0 || !atomic_load(&p->follow) ||
            pipeline_stops(p))
            return rc;
        (void)nanosleep(&nap, NULL);
    }
}

static size_t reader_last_line_end(const char *s, size_t n)
{
    while (n != 0 && s[n - 1] != '\n')
        n--;
    return n;
}

static const struct kura_framing *
pipeline_framing(const struct kura_pipeline *p)
{
    return kura_parser_framing(p->blocks[0].parser);
}

/* Hands the first `size` bytes of the block on; the rest is carried over. */
static enum kura_rc reader_emit(struct kura_pipeline *p, struct kura_block *b,
                                size_t size, size_t have, int piece)
{
    enum kura_rc rc;

    p->carry_size = have - size;
    memcpy(p->carry, b->data + size, p->carry_size);
    b->size = size;
    b->offset = p->offset;
    b->piece = piece;
    b->terminated = piece == 0 ? p->whole : b->data[size - 1] == '\n';
    rc = kura_sha256_update(p->start.sha, b->data, size, &p->reader_err);
    if (rc == KURA_OK)
        rc = kura_sha256_peek(p->start.sha, b->sha256, &p->reader_err);
    if (rc != KURA_OK)
        return rc;
    p->offset += (int64_t)size;
    return kura_queue_push(&p->read_blocks, b) ? KURA_OK : KURA_ESTOPPED;
}

/* Records of a block from its start on: how many bytes, with the last one held
 * back where it may go on behind them (record.h). */
static size_t reader_records(struct kura_pipeline *p,
                             const struct kura_block *b, size_t have, bool last)
{
    const struct kura_framing *f = pipeline_framing(p);
    bool follow = atomic_load(&p->follow);
    size_t at = 0, before = 0, size;

    while (at < have) {
        size = kura_record_size(f, b->data + at, have - at,
                                p->offset + (int64_t)at, last, &p->whole);
        if (size == 0)
            break;
        before = at;
        at += size;
    }
    if (last)
        return have;
    p->whole = true;
    return follow || p->failed || before == 0 ? at : before;
}

/* How much of the block is handed on as whole records, 0: nothing.  A last one
 * without its end goes with the file that ends there; where reading failed, or
 * following was stopped, the rest of it is somewhere still. */
static size_t reader_whole(struct kura_pipeline *p, const struct kura_block *b,
                           size_t have, bool end)
{
    const struct kura_framing *f = pipeline_framing(p);
    bool last = end && !p->failed && !atomic_load(&p->follow);
    size_t whole;

    switch (f->reader) {
    case KURA_READER_LINES:
        whole = last ? have : reader_last_line_end(b->data, have);
        p->whole = whole != 0 && b->data[whole - 1] == '\n';
        return whole;
    case KURA_READER_EVTX:
        p->whole = true;
        return last ? have : kura_record_chunks(f, have, p->offset);
    case KURA_READER_XML:
    case KURA_READER_JSON:
    case KURA_READER_CSV:
        break;
    }
    return reader_records(p, b, have, last);
}

/* Bytes for one block, what was carried over first; *end at the end of the
 * input, which an error is too. */
static size_t reader_fill(struct kura_pipeline *p, struct kura_block *b,
                          bool *end)
{
    size_t have = p->carry_size, got;

    memcpy(b->data, p->carry, have);
    p->carry_size = 0;
    *end = p->failed;
    while (!*end && have < PIPELINE_DATA) {
        got = 0;
        p->failed = reader_read(p, b->data + have, PIPELINE_DATA - have,
                                &got) != KURA_OK;
        have += got;
        *end = got == 0 || p->failed;
        if (have >= KURA_BLOCK_SIZE)
            break;
        /* Following, a block ends where the file ends for now: its lines must
         * not wait for a whole megabyte. */
        if (atomic_load(&p->follow) && reader_last_line_end(b->data, have) &&
            reader_whole(p, b, have, false) != 0)
            break;
    }
    return have;
}

static size_t reader_cut(struct kura_pipeline *p, const struct kura_block *b,
                         size_t have, bool end, int *piece)
{
    const char *newline = memchr(b->data, '\n', have);
    size_t first = newline != NULL ? (size_t)(newline - b->data) + 1 : have;
    bool lines = pipeline_framing(p)->reader == KURA_READER_LINES;
    size_t whole = 0;

    *piece = p->piece;
    if (p->piece == 0 && !lines) {
        whole = reader_whole(p, b, have, end);
        if (whole != 0 || have < KURA_LINE_MAX)
            return whole;
        *piece = 1;
    } else if (p->piece == 0) {
        if ((newline != NULL ? first - 1 : first) < KURA_LINE_MAX)
            return reader_whole(p, b, have, end);
        *piece = 1;
    }
    /* In the middle of a long record, or of one that was loaded without its
     * end: pieces until a line ends. */
    if (first > KURA_LINE_MAX)
        return KURA_LINE_MAX;
    return newline == NULL && p->failed ? 0 : first;
}

/* Fills one block; *end when nothing is left. */
static enum kura_rc reader_block(struct kura_pipeline *p, struct kura_block *b,
                                 bool *end)
{
    size_t have = reader_fill(p, b, end), size = 0;
    int piece;

    if (have != 0)
        size = reader_cut(p, b, have, *end, &piece);
    if (size == 0) {
        /* Following, the begin of a record waits here for the rest of it. */
        memcpy(p->carry, b->data, have);
        p->carry_size = have;
        (void)kura_queue_push(&p->free_blocks, b);
        return KURA_OK;
    }
    *end = *end && size == have;
    if (reader_emit(p, b, size, have, piece) != KURA_OK)
        return KURA_ESTOPPED;
    p->piece = piece == 0 || b->terminated ? 0 : piece + 1;
    return KURA_OK;
}

static void *reader_main(void *arg)
{
    struct kura_pipeline *p = arg;
    struct kura_block *b;
    enum kura_rc rc = KURA_OK;
    bool end = false;

    while (rc == KURA_OK && !end && !pipeline_stops(p)) {
        b = kura_queue_pop(&p->free_blocks);
        if (b == NULL)
            break;
        rc = reader_block(p, b, &end);
    }
    kura_queue_close(&p->read_blocks);
    return NULL;
}

/* --- The parser ------------------------------------------------------- */

static struct kura_line *parser_room(struct kura_block *b)
{
    size_t capacity = b->capacity == 0 ? 1024 : b->capacity * 2;
    struct kura_line *lines;

    if (b->count < b->capacity)
        return &b->lines[b->count];
    lines = realloc(b->lines, capacity * sizeof(*lines));
    if (lines == NULL)
        return NULL;
    b->lines = lines;
    b->capacity = capacity;
    return &b->lines[b->count];
}

static size_t parser_terminator(const char *s, size_t n)
{
    if (n == 0 || s[n - 1] != '\n')
        return 0;
    return n > 1 && s[n - 2] == '\r' ? 2 : 1;
}

/* The size of the record at `at`, and with lines of their end. */
static size_t parser_record(const struct kura_block *b, size_t at, size_t *term)
{
    const struct kura_framing *f = kura_parser_framing(b->parser);
    size_t n = b->size - at;

    if (b->piece == 0)
        n = kura_record_size(f, b->data + at, n, b->offset + (int64_t)at, true,
                             NULL);
    *term = parser_terminator(b->data + at, n);
    return n;
}

static enum kura_rc parser_records(struct kura_pipeline *p,
                                   struct kura_block *b, int64_t *previous)
{
    size_t at = 0, n, term;
    struct kura_line *l;
    enum kura_rc rc = KURA_OK;

    while (rc == KURA_OK && at < b->size) {
        n = parser_record(b, at, &term);
        l = parser_room(b);
        if (l == NULL)
            return kura_err_nomem(&p->parser_err);
        l->start = (uint32_t)at;
        l->size = (uint32_t)n;
        if (b->piece != 0)
            rc = kura_parse_piece(b->parser, b->data + at, n, &l->row,
                                  &p->parser_err);
        else
            rc = kura_parse_line(b->parser, b->data + at, n, term, *previous,
                                 &l->row, &p->parser_err);
        if (rc == KURA_OK && l->row.schema != NULL)
            *previous = l->row.ts;
        b->count++;
        at += n;
    }
    return rc;
}

static enum kura_rc parser_chunks(struct kura_pipeline *p, struct kura_block *b,
                                  int64_t *previous)
{
    struct kura_line *l;
    size_t start, size;
    enum kura_rc rc = KURA_OK;
    bool more = true;

    kura_parse_chunks(b->parser, b->data, b->size, b->offset);
    while (rc == KURA_OK) {
        l = parser_room(b);
        if (l == NULL)
            return kura_err_nomem(&p->parser_err);
        rc = kura_parse_chunk_record(b->parser, &more, &start, &size, &l->row,
                                     &p->parser_err);
        if (rc != KURA_OK || !more)
            break;
        l->start = (uint32_t)start;
        l->size = (uint32_t)size;
        if (l->row.schema != NULL)
            *previous = l->row.ts;
        b->count++;
    }
    return rc;
}

static enum kura_rc parser_block(struct kura_pipeline *p, struct kura_block *b,
                                 int64_t *previous)
{
    bool chunks = kura_parser_framing(b->parser)->reader == KURA_READER_EVTX;
    enum kura_rc rc;

    kura_parser_reset(b->parser);
    /* Following takes days; what is too far in the future moves with them. */
    if (p->start.follow)
        kura_parser_set_newest(b->parser, p->start.context.newest_us +
                                              kura_clock_now() - p->began);
    b->count = 0;
    rc = chunks && b->piece == 0 ? parser_chunks(p, b, previous)
                                 : parser_records(p, b, previous);
    b->last_ts = *previous;
    b->line = p->line;
    if (b->piece == 0)
        p->line += (int64_t)b->count;
    else if (b->terminated)
        p->line++;
    return rc;
}

static void *parser_main(void *arg)
{
    struct kura_pipeline *p = arg;
    int64_t previous = p->start.last_ts;
    struct kura_block *b;

    while ((b = kura_queue_pop(&p->read_blocks)) != NULL) {
        if (parser_block(p, b, &previous) != KURA_OK)
            break;
        if (!kura_queue_push(&p->parsed_blocks, b))
            break;
    }
    /* The reader must not wait for a parser that gave up. */
    kura_queue_close(&p->read_blocks);
    kura_queue_close(&p->parsed_blocks);
    return NULL;
}

/* --- Public ----------------------------------------------------------- */

static enum kura_rc pipeline_allocate(struct kura_pipeline *p,
                                      struct kura_err *err)
{
    enum kura_rc rc;
    int i;

    p->carry = malloc(PIPELINE_DATA);
    if (p->carry == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < KURA_PIPELINE_BLOCKS; i++) {
        struct kura_block *b = &p->blocks[i];

        b->data = malloc(PIPELINE_DATA);
        if (b->data == NULL)
            return kura_err_nomem(err);
        rc = kura_parser_new(&p->start.context, &b->parser, err);
        if (rc != KURA_OK)
            return rc;
        (void)kura_queue_push(&p->free_blocks, b);
    }
    return KURA_OK;
}

enum kura_rc kura_pipeline_start(const struct kura_pipeline_start *start,
                                 struct kura_pipeline **out,
                                 struct kura_err *err)
{
    struct kura_pipeline *p = calloc(1, sizeof(*p));
    enum kura_rc rc;

    if (p == NULL)
        return kura_err_nomem(err);
    p->start = *start;
    p->began = kura_clock_now();
    p->offset = start->offset;
    p->line = start->line + (start->continues ? 0 : 1);
    p->piece = start->continues ? 1 : 0;
    atomic_init(&p->quit, false);
    atomic_init(&p->follow, start->follow);
    rc = kura_queue_init(&p->free_blocks, err);
    if (rc == KURA_OK)
        rc = kura_queue_init(&p->read_blocks, err);
    if (rc == KURA_OK)
        rc = kura_queue_init(&p->parsed_blocks, err);
    if (rc == KURA_OK)
        rc = pipeline_allocate(p, err);
    if (rc == KURA_OK) {
        p->reader_runs = pthread_create(&p->reader, NULL, reader_main, p) == 0;
        p->parser_runs = pthread_create(&p->parser, NULL, parser_main, p) == 0;
        if (!p->reader_runs || !p->parser_runs)
            rc = kura_err_set(err, KURA_ENOMEM, "cannot start a thread");
    }
    if (rc == KURA_OK)
        *out = p;
    else
        kura_pipeline_stop(p);
    return rc;
}

enum kura_rc kura_pipeline_next(struct kura_pipeline *p, bool wait,
                                struct kura_block **out, bool *ended,
                                struct kura_err *err)
{
    const struct kura_err *e;
    bool closed = kura_queue_is_closed(&p->parsed_blocks);

    *ended = false;
    *out = wait ? kura_queue_pop(&p->parsed_blocks)
                : kura_queue_try(&p->parsed_blocks);
    /* Closed before the look: nothing can have come after it. */
    if (*out != NULL || (!wait && !closed))
        return KURA_OK;
    *ended = true;
    /* Both threads are done with their errors once the queue is closed and
     * they were joined. */
    if (p->parser_runs)
        (void)pthread_join(p->parser, NULL);
    if (p->reader_runs) {
        atomic_store(&p->quit, true);
        kura_queue_close(&p->free_blocks);
        (void)pthread_join(p->reader, NULL);
    }
    p->parser_runs = p->reader_runs = false;
    e = p->parser_err.rc != KURA_OK ? &p->parser_err : &p->reader_err;
    if (e->rc != KURA_OK)
        return kura_err_set(err, e->rc, "%s", e->msg);
    return KURA_OK;
}

void kura_pipeline_give_back(struct kura_pipeline *p, struct kura_block *b)
{
    (void)kura_queue_push(&p->free_blocks, b);
}

void kura_pipeline_finish(struct kura_pipeline *p)
{
    atomic_store(&p->follow, false);
}

void kura_pipeline_stop(struct kura_pipeline *p)
{
    int i;

    if (p == NULL)
        return;
    atomic_store(&p->quit, true);
    kura_queue_close(&p->free_blocks);
    kura_queue_close(&p->read_blocks);
    kura_queue_close(&p->parsed_blocks);
    if (p->reader_runs)
        (void)pthread_join(p->reader, NULL);
    if (p->parser_runs)
        (void)pthread_join(p->parser, NULL);
    for (i = 0; i < KURA_PIPELINE_BLOCKS; i++) {
        free(p->blocks[i].data);
        free(p->blocks[i].lines);
        kura_parser_free(p->blocks[i].parser);
    }
    kura_queue_release(&p->free_blocks);
    kura_queue_release(&p->read_blocks);
    kura_queue_release(&p->parsed_blocks);
    free(p->carry);
    free(p);
}
