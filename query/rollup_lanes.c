/* rollup_lanes.c - two threads for one rollup: each adds up partitions of its
 * own to groups of its own, and in the end the second one's are added to the
 * first.
 *
 * The engine's thread keeps the partitions that change (the engine has them
 * open once for the statement) and half of the others.  Who takes which depends
 * on the catalog only, so that groups come in the same order each time. */
#include "query/rollup_internal.h"

#include <pthread.h>
#include <signal.h>

/* What opening a partition is worth in rows. */
#define OPENING 5000
/* The second thread has at least this much to do. */
#define WORTH_IT 100000

struct beside {
    struct kura_rollup *r;
    struct kura_filter *filter;
    struct kura_scan_lane lane;
    enum kura_rc rc;
    struct kura_err err;
};

/* --- Shares ----------------------------------------------------------- */

static bool entry_counts(const struct kura_rollup *r, size_t i,
                         struct kura_span span)
{
    const struct kura_partition_entry *e = kura_engine_entry(r->engine, i);

    return e->schema == r->schema && (e->day + 1) * KURA_DAY - 1 >= span.low &&
           e->day * KURA_DAY <= span.high;
}

/* Fills lanes with 0 and 1; false when it is not worth a thread. */
static bool lanes_fill(const struct kura_rollup *r, struct kura_span span,
                       uint8_t *lanes)
{
    size_t i, n = kura_engine_count(r->engine);
    int64_t work[2] = {0, 0};
    int pass;

    for (pass = 0; pass < 2; pass++)
        for (i = 0; i < n; i++) {
            bool apart = kura_engine_is_apart(r->engine, i);
            int mine = apart && work[1] <= work[0];

            if (apart != (pass == 1) || !entry_counts(r, i, span))
                continue;
            lanes[i] = (uint8_t)mine;
            work[mine] += OPENING + kura_engine_entry(r->engine, i)->rows;
        }
    return work[1] >= WORTH_IT;
}

/* A program that uses kura.so may have told SQLite that it has no threads. */
static bool sqlite_has_threads(void)
{
    sqlite3_mutex *m = sqlite3_mutex_alloc(SQLITE_MUTEX_FAST);

    sqlite3_mutex_free(m);
    return m != NULL && sqlite3_threadsafe() != 0;
}

static uint8_t *lanes_make(const struct kura_rollup *r,
                           const struct kura_filter *f)
{
    struct kura_span all = kura_engine_span(r->engine, r->schema),
                     span = f->span;
    uint8_t *lanes;

    if (!sqlite_has_threads())
        return NULL;
    span.low = span.low > all.low ? span.low : all.low;
    span.high = span.high < all.high ? span.high : all.high;
    lanes = calloc(kura_engine_count(r->engine) + 1, 1);
    if (lanes != NULL && lanes_fill(r, span, lanes))
        return lanes;
    free(lanes);
    return NULL;
}

/* --- One from two ----------------------------------------------------- */

/* The codes of r for those of another. */
static enum kura_rc codes_translate(struct rollup_dimension *to,
                                    const struct rollup_dimension *from,
                                    struct kura_groups *groups,
                                    struct kura_err *err)
{
    uint32_t *codes = malloc(((size_t)from->texts.count + 1) * sizeof(*codes));
    enum kura_rc rc = codes == NULL ? kura_err_nomem(err) : KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < from->texts.count; i++) {
        const struct kura_dictionary_entry *e = &from->texts.entries[i];

        rc = kura_dictionary_intern(&to->texts, e->text, e->size, &codes[i],
                                    err);
    }
    for (i = 0; rc == KURA_OK && i < groups->count; i++) {
        uint64_t *key = kura_groups_key(groups, i);
        uint32_t code = rollup_key_code(from, key);

        if (code >= CODE_FIRST)
            rollup_key_put(from, key,
                           codes[code - CODE_FIRST] - 1 + CODE_FIRST);
    }
    to->upper |= from->upper;
    free(codes);
    return rc;
}

static enum kura_rc rollup_join(struct kura_rollup *r, struct kura_rollup *from,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < r->ndim; i++)
        if (r->dims[i].coded)
            rc =
                codes_translate(&r->dims[i], &from->dims[i], &from->whole, err);
    return rc == KURA_OK ? kura_rollup_whole_add(r, &from->whole, err) : rc;
}

/* --- Threads ---------------------------------------------------------- */

static void *beside_main(void *arg)
{
    struct beside *b = arg;

    b->rc = kura_rollup_add(b->r, b->filter, &b->err);
    if (b->rc != KURA_OK)
        atomic_store(&b->r->shared->failed, true);
    return NULL;
}

/* Signals are the business of the other threads. */
static bool beside_start(struct beside *b, pthread_t *thread)
{
    sigset_t all, before;
    bool started;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(thread, NULL, beside_main, b) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* Both at once; where no thread can be had, one after the other. */
static enum kura_rc lanes_run(struct kura_rollup *r, struct kura_filter *f,
                              struct beside *b, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    pthread_t thread;
    bool started = beside_start(b, &thread);
    enum kura_rc rc = kura_rollup_add(r, f, &cause);

    if (rc != KURA_OK)
        atomic_store(&r->shared->failed, true);
    if (started)
        (void)pthread_join(thread, NULL);
    else
        (void)beside_main(b);
    kura_scan_join(r->engine, &b->lane);
    /* One that ended because the other failed has nothing to say. */
    if (rc != KURA_OK && cause.msg[0] == '\0' && b->rc != KURA_OK)
        return kura_err_set(err, b->rc, "%s", b->err.msg);
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "%s", cause.msg);
    if (b->rc != KURA_OK)
        return kura_err_set(err, b->rc, "%s", b->err.msg);
    return rollup_join(r, b->r, err);
}

enum kura_rc kura_rollup_add_beside(struct kura_rollup *r,
                                    struct kura_filter *f,
                                    struct kura_filter *beside,
                                    const struct kura_dimension *dims,
                                    const struct kura_measure *measures,
                                    struct kura_err *err)
{
    struct rollup_shared shared = {.failed = false};
    uint8_t *lanes = lanes_make(r, f);
    struct kura_scan_lane mine = {.lanes = lanes, .mine = 0};
    struct beside b = {.filter = beside,
                       .lane = {.lanes = lanes, .mine = 1, .apart = true},
                       .err = KURA_ERR_INIT};
    enum kura_rc rc;

    if (lanes == NULL)
        return kura_rollup_add(r, f, err);
    rc = kura_rollup_new(r->engine, r->schema, r->memory, &b.r, err);
    if (rc == KURA_OK)
        rc =
            kura_rollup_prepare(b.r, dims, r->ndim, measures, r->nmeasure, err);
    if (rc == KURA_OK) {
        r->shared = b.r->shared = &shared;
        b.r->lane = 1;
        kura_scan_share(r->scan, &mine);
        kura_scan_share(b.r->scan, &b.lane);
        rc = lanes_run(r, f, &b, err);
        kura_scan_share(r->scan, NULL);
        r->shared = NULL;
    }
    kura_rollup_free(b.r);
    free(lanes);
    return rc;
}
