/* evtx_read FILE - how many records a second the EVTX reader makes rows of, on
 * one core and without storing them: records, lost, seconds, and seconds of
 * CPU, which count where others use the machine too. */
#include "ingest/event.h"
#include "ingest/evtx.h"
#include "store/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNKS 16u

static double now(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static char block[CHUNKS * KURA_EVTX_CHUNK];
    struct kura_arena arena = {0};
    struct kura_event *event = NULL;
    struct kura_evtx *x = NULL;
    struct kura_evtx_record r;
    int64_t records = 0, lost = 0, offset = 0;
    bool more;
    double start;
    size_t n;
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;

    if (f == NULL || kura_schema_load(NULL) != KURA_OK ||
        kura_event_new(&event, NULL) != KURA_OK ||
        kura_evtx_new(event, &x, NULL) != KURA_OK)
        return 2;
    start = now(CLOCK_MONOTONIC);
    n = fread(block, 1, KURA_EVTX_HEADER, f);
    for (;;) {
        kura_evtx_begin(x, block, n, offset, KURA_EVTX_HEADER);
        offset += (int64_t)n;
        while (kura_evtx_next(x, &arena, &r, &more, NULL) == KURA_OK && more) {
            records += r.why == NULL;
            lost += r.why != NULL;
        }
        kura_arena_reset(&arena);
        n = fread(block, 1, sizeof(block), f);
        if (n == 0)
            break;
    }
    (void)printf("%" PRId64 " %" PRId64 " %.3f %.3f\n", records, lost,
                 now(CLOCK_MONOTONIC) - start, now(CLOCK_PROCESS_CPUTIME_ID));
    kura_evtx_free(x);
    kura_event_free(event);
    kura_arena_release(&arena);
    (void)fclose(f);
    return 0;
}
