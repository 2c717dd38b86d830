/* evtx.c - chunks and the records in them, damaged ones too.
 *
 * Within a chunk records stand one behind the other.  Where one should begin
 * and does not, the next place is looked for at which a record's signature
 * stands and its size again at its end; what lies between is told.  How far
 * records go is what the chunk's header says, if its checksums are right:
 * behind that lie records of former times.  Where they are wrong, all of the
 * chunk is read. */
#include "ingest/evtx_internal.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_HEAD 512u
#define CHUNK_FREE 48u    /* where free space begins */
#define CHUNK_RECORDS 52u /* checksum of the records */
#define CHUNK_CHECKSUM 124u
#define RECORD_HEAD 24u
#define RECORD_MIN 28u
#define FILE_CHUNKS 42u /* 2 bytes */
#define FILE_FLAGS 120u
#define FILE_DIRTY 1u /* the counts may be old */
#define FILE_CHECKSUM 124u
#define FILE_SUMMED 120u

static const char file_magic[] = "ElfFile";
static const char chunk_magic[] = "ElfChnk";

enum evtx_state { EVTX_BETWEEN, EVTX_RECORDS };

struct kura_evtx {
    struct evtx_compiler *compiler;
    struct evtx_rows *rows;
    const char *p; /* as given */
    size_t n, at;
    int64_t offset;
    size_t base;
    int64_t chunks; /* that a good header counts; 0 when it is not known */
    enum evtx_state state;
    struct evtx_chunk chunk;
    size_t chunk_at; /* in p */
    size_t limit;    /* of records in the chunk */
    bool exact;      /* the limit is known */
    bool cut;        /* the file ends in the chunk */
    size_t next;     /* in the chunk */
};

bool kura_evtx_is(const char *head, size_t n)
{
    return n >= 128 && (memcmp(head, file_magic, 8) == 0 ||
                        memcmp(head, chunk_magic, 8) == 0);
}

size_t kura_evtx_base(const char *head, size_t n)
{
    return n >= 8 && memcmp(head, chunk_magic, 8) == 0 ? 0 : KURA_EVTX_HEADER;
}

enum kura_rc kura_evtx_new(const struct kura_event *event,
                           struct kura_evtx **out, struct kura_err *err)
{
    struct kura_evtx *x = calloc(1, sizeof(*x));
    enum kura_rc rc;

    if (x == NULL)
        return kura_err_nomem(err);
    rc = kura_evtx_compiler_new(event, &x->compiler, err);
    if (rc == KURA_OK)
        rc = kura_evtx_rows_new(event, x->compiler, &x->rows, err);
    if (rc == KURA_OK)
        *out = x;
    else
        kura_evtx_free(x);
    return rc;
}

void kura_evtx_free(struct kura_evtx *x)
{
    if (x == NULL)
        return;
    kura_evtx_rows_free(x->rows);
    kura_evtx_compiler_free(x->compiler);
    free(x);
}

void kura_evtx_begin(struct kura_evtx *x, const char *p, size_t n,
                     int64_t offset, size_t base)
{
    x->p = p;
    x->n = n;
    x->at = 0;
    x->offset = offset;
    x->base = base;
    x->state = EVTX_BETWEEN;
}

static void give(struct kura_evtx *x, struct kura_evtx_record *out,
                 size_t start, size_t size, const char *why)
{
    memset(out, 0, sizeof(*out));
    out->start = start;
    out->size = size;
    out->bytes = x->p + start;
    out->why = why;
}

static bool all_zero(const unsigned char *p, size_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* --- Records ---------------------------------------------------------------
 */

/* Is a record at that place, whole? */
static bool record_at(const struct evtx_chunk *k, size_t at, size_t limit,
                      size_t *size)
{
    const unsigned char *p = k->p + at;
    uint32_t n;

    if (limit - at < RECORD_MIN || evtx_u32(p) != 0x00002A2A)
        return false;
    n = evtx_u32(p + 4);
    if (n < RECORD_MIN || n > limit - at || evtx_u32(p + n - 4) != n)
        return false;
    *size = n;
    return true;
}

static size_t record_find(const struct evtx_chunk *k, size_t at, size_t limit)
{
    const unsigned char *found;
    size_t size;

    while (at < limit &&
           (found = memchr(k->p + at, 0x2A, limit - at)) != NULL) {
        at = (size_t)(found - k->p);
        if (record_at(k, at, limit, &size))
            return at;
        at++;
    }
    return limit;
}

/* What should be a record is none: up to the next one. */
static bool record_lost(struct kura_evtx *x, struct kura_evtx_record *out)
{
    const struct evtx_chunk *k = &x->chunk;
    size_t at = x->next, end = record_find(k, at + 1, x->limit);
    const char *why = "no record where one should be";

    x->next = end;
    if (end == x->limit) {
        /* Space that was never used, and behind the known limit old records. */
        if (all_zero(k->p + at, end - at))
            return false;
        if (evtx_u32(k->p + at) == 0x00002A2A && x->cut)
            why = "the file ends in this record";
        else if (!x->exact && !x->cut && evtx_u32(k->p + at) != 0x00002A2A)
            why = "no record can be found in the rest of the chunk";
    }
    give(x, out, x->chunk_at + at, end - at, why);
    return true;
}

static enum kura_rc record_read(struct kura_evtx *x, size_t size,
                                struct kura_arena *arena,
                                struct kura_evtx_record *out,
                                struct kura_err *err)
{
    size_t at = x->next;
    unsigned hundreds;

    x->next += size;
    give(x, out, x->chunk_at + at, size, NULL);
    out->ts = kura_evtx_filetime(evtx_u64(x->chunk.p + at + 16), &hundreds);
    return kura_evtx_row(x->rows, &x->chunk, at + RECORD_HEAD, at + size - 4,
                         arena, out, err);
}

/* *more = false at the chunk's end. */
static enum kura_rc records_next(struct kura_evtx *x, struct kura_arena *arena,
                                 struct kura_evtx_record *out, bool *more,
                                 struct kura_err *err)
{
    size_t size;

    *more = true;
    if (x->next + 4 <= x->limit &&
        record_at(&x->chunk, x->next, x->limit, &size))
        return record_read(x, size, arena, out, err);
    *more = x->next + 4 <= x->limit && record_lost(x, out);
    return KURA_OK;
}

/* --- Chunks ----------------------------------------------------------------
 */

/* Why the chunk's header or records are not as their checksums say. */
static const char *chunk_check(struct kura_evtx *x)
{
    const unsigned char *p = x->chunk.p;
    unsigned char summed[504];
    uint32_t free_space;

    x->exact = false;
    x->limit = x->chunk.size;
    if (x->chunk.size < CHUNK_HEAD || memcmp(p, chunk_magic, 8) != 0)
        return "no chunk where one should be: its records were looked for";
    memcpy(summed, p, 120);
    memcpy(summed + 120, p + 128, 384);
    if (kura_crc32(summed, sizeof(summed)) != evtx_u32(p + CHUNK_CHECKSUM))
        return "the checksum of the chunk's header is wrong: its records were "
               "read all the same";
    free_space = evtx_u32(p + CHUNK_FREE);
    if (free_space < CHUNK_HEAD || free_space > KURA_EVTX_CHUNK)
        return "the chunk's header makes no sense: its records were looked for";
    if (free_space > x->chunk.size)
        return "the file ends in this chunk";
    if (kura_crc32(p + CHUNK_HEAD, free_space - CHUNK_HEAD) !=
        evtx_u32(p + CHUNK_RECORDS))
        return "the checksum of the chunk's records is wrong: they were read "
               "all the same";
    x->exact = true;
    x->limit = free_space;
    return NULL;
}

/* A chunk of zero bytes: behind the last one it is room for more. */
static bool chunk_is_lost(const struct kura_evtx *x)
{
    int64_t at = x->offset + (int64_t)x->chunk_at - (int64_t)x->base;

    return at / (int64_t)KURA_EVTX_CHUNK < x->chunks;
}

/* Begins the chunk at x->at; *told: something is to be said of it. */
static void chunk_begin(struct kura_evtx *x, struct kura_evtx_record *out,
                        bool *told)
{
    size_t size =
        x->n - x->at < KURA_EVTX_CHUNK ? x->n - x->at : KURA_EVTX_CHUNK;
    const unsigned char *p = (const unsigned char *)x->p + x->at;
    const char *why;

    *told = false;
    x->chunk = (struct evtx_chunk){p, size, 0, 0};
    x->chunk_at = x->at;
    x->cut = size < KURA_EVTX_CHUNK;
    x->at += size;
    if (all_zero(p, size)) {
        *told = chunk_is_lost(x);
        if (*told)
            give(x, out, x->chunk_at, size < CHUNK_HEAD ? size : CHUNK_HEAD,
                 "nothing is here where the file's header counts a chunk");
        return;
    }
    kura_evtx_compiler_reset(x->compiler);
    kura_evtx_rows_reset(x->rows);
    why = chunk_check(x);
    x->next = CHUNK_HEAD;
    x->state = EVTX_RECORDS;
    if (x->chunk.size < CHUNK_HEAD) {
        x->state = EVTX_BETWEEN;
        why = "the file ends in the header of this chunk";
    }
    *told = why != NULL;
    if (why != NULL)
        give(x, out, x->chunk_at, size < CHUNK_HEAD ? size : CHUNK_HEAD, why);
}

/* Of the file's header only the number of chunks is of use; damage to it is
 * told. */
static void header_pass(struct kura_evtx *x, struct kura_evtx_record *out,
                        bool *told)
{
    const unsigned char *p = (const unsigned char *)x->p + x->at;
    size_t size = x->base - (size_t)x->offset - x->at;

    if (size > x->n - x->at)
        size = x->n - x->at;
    *told = x->offset == 0 && x->at == 0 &&
            (size < 128 || memcmp(p, file_magic, 8) != 0 ||
             kura_crc32(p, FILE_SUMMED) != evtx_u32(p + FILE_CHECKSUM));
    if (*told)
        give(x, out, x->at, size < 128 ? size : 128,
             "the checksum of the file's header is wrong");
    else if (x->offset == 0 && x->at == 0 &&
             (evtx_u32(p + FILE_FLAGS) & FILE_DIRTY) == 0)
        x->chunks = p[FILE_CHUNKS] | p[FILE_CHUNKS + 1] << 8;
    x->at += size;
}

enum kura_rc kura_evtx_next(struct kura_evtx *x, struct kura_arena *arena,
                            struct kura_evtx_record *out, bool *more,
                            struct kura_err *err)
{
    enum kura_rc rc;
    bool told = false;

    *more = true;
    for (;;) {
        if (x->state == EVTX_RECORDS) {
            rc = records_next(x, arena, out, &told, err);
            if (rc != KURA_OK || told)
                return rc;
            x->state = EVTX_BETWEEN;
        }
        if (x->at == x->n)
            break;
        if (x->offset + (int64_t)x->at < (int64_t)x->base)
            header_pass(x, out, &told);
        else
            chunk_begin(x, out, &told);
        if (told)
            return KURA_OK;
    }
    *more = false;
    return KURA_OK;
}
