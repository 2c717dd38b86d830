#include "ingest/slots.h"

#include "base/clock.h"
#include "base/failpoint.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* A builder holds its database, the WAL and the WAL's index open. */
#define SLOTS_FILES 3
#define SLOTS_OTHER_FILES 64
#define SLOTS_MIN 4
/* How long commits may go on after a signal. */
#define SLOTS_STOP_US KURA_SECOND

struct slot {
    struct kura_builder *builder; /* NULL: free */
    const struct kura_schema *table;
    int64_t day;
    int64_t number; /* of the partition */
    int64_t held;   /* lines of the source below this are held already */
    uint64_t used;  /* when last, for choosing the least used */
};

struct kura_slots {
    struct kura_warehouse *w;
    const struct kura_source_entry *source;
    bool was_cut;
    const char *marker; /* of a retry, else NULL */
    int64_t offset; /* of the line that is being placed */
    bool exact;     /* offset is source->bytes, whose digest is known */
    uint64_t clock;
    const volatile sig_atomic_t *stop;
    int64_t stop_us; /* when it was seen set, 0: not yet */
    size_t max;      /* of slots that are used */
    struct slot *last; /* most lines go where the one before went */
    struct slot slots[KURA_SLOTS_MAX];
};

/* How many builders may be open; the limit on open files is raised as far as it
 * may be. */
static size_t slots_max(void)
{
    const rlim_t want = KURA_SLOTS_MAX * SLOTS_FILES + SLOTS_OTHER_FILES;
    struct rlimit limit;
    rlim_t n;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return SLOTS_MIN;
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < want) {
        struct rlimit more = limit;

        more.rlim_cur = limit.rlim_max == RLIM_INFINITY ||
                                limit.rlim_max > want
                            ? want
                            : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            limit = more;
    }
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= want)
        return KURA_SLOTS_MAX;
    if (limit.rlim_cur <= SLOTS_OTHER_FILES)
        return SLOTS_MIN;
    n = (limit.rlim_cur - SLOTS_OTHER_FILES) / SLOTS_FILES;
    return n < SLOTS_MIN ? SLOTS_MIN : (size_t)n;
}

enum kura_rc kura_slots_new(struct kura_warehouse *w, struct kura_slots **out,
                            struct kura_err *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return kura_err_nomem(err);
    (*out)->w = w;
    (*out)->max = slots_max();
    return KURA_OK;
}

void kura_slots_obey(struct kura_slots *s, const volatile sig_atomic_t *stop)
{
    s->stop = stop;
}

void kura_slots_stop_at(struct kura_slots *s, int64_t offset)
{
    s->exact = offset == s->source->bytes;
    s->offset = offset;
}

/* What is not committed in time is read again by the next run. */
static enum kura_rc slots_in_time(struct kura_slots *s, struct kura_err *err)
{
    int64_t now;

    if (s->stop == NULL || *s->stop == 0)
        return KURA_OK;
    now = kura_clock_now();
    if (s->stop_us == 0)
        s->stop_us = now;
    if (now >= s->stop_us && now - s->stop_us < SLOTS_STOP_US)
        return KURA_OK;
    return kura_err_set(err, KURA_ESTOPPED, "stopped");
}

static void slot_close(struct kura_slots *s, struct slot *at)
{
    if (at->builder == NULL)
        return;
    kura_warehouse_builder_close(s->w, at->number, at->builder);
    at->builder = NULL;
    s->last = NULL;
}

void kura_slots_abandon(struct kura_slots *s)
{
    size_t i;

    for (i = 0; i < s->max; i++)
        slot_close(s, &s->slots[i]);
}

void kura_slots_free(struct kura_slots *s)
{
    if (s == NULL)
        return;
    kura_slots_abandon(s);
    free(s);
}

static enum kura_rc slot_commit(struct kura_slots *s, struct slot *at,
                                struct kura_err *err)
{
    struct kura_held held[2];
    enum kura_rc rc = slots_in_time(s, err);

    if (rc != KURA_OK || !kura_builder_is_dirty(at->builder))
        return rc;
    memset(held, 0, sizeof(held));
    held[0].key = s->source->key;
    held[0].name = s->source->name;
    held[0].bytes = s->marker == NULL ? s->offset : 0;
    held[0].lines = s->marker == NULL ? s->source->lines : 0;
    if (s->exact && s->marker == NULL)
        memcpy(held[0].sha256, s->source->sha256, sizeof(held[0].sha256));
    held[1].key = held[1].name = s->marker;
    held[1].bytes = s->offset + 1;
    rc = kura_builder_commit(at->builder, held, s->marker == NULL ? 1 : 2, err);
    if (rc != KURA_OK)
        return rc;
    kura_failpoint(KURA_FAIL_PARTITION_COMMITTED);
    return kura_warehouse_committed(s->w, at->number,
                                    kura_builder_path(at->builder), err);
}

/* What is held is asked once per table and day of a source. */
static enum kura_rc slot_ask_held(struct kura_slots *s, struct slot *at,
                                  struct kura_err *err)
{
    at->held = 0;
    if (!s->was_cut)
        return KURA_OK;
    return kura_warehouse_held(s->w, at->table, at->day,
                               s->marker != NULL ? s->marker : s->source->key,
                               &at->held, err);
}

void kura_slots_source(struct kura_slots *s,
                       const struct kura_source_entry *source, bool was_cut)
{
    s->source = source;
    s->was_cut = was_cut;
    s->marker = NULL;
    /* Slots know what they hold of one source only; start clean. */
    kura_slots_abandon(s);
}

void kura_slots_retry(struct kura_slots *s,
                      const struct kura_source_entry *source,
                      const char *marker)
{
    kura_slots_source(s, source, true);
    s->marker = marker;
}

static struct slot *slots_least_used(struct kura_slots *s)
{
    struct slot *least = NULL;
    size_t i;

    for (i = 0; i < s->max; i++) {
        struct slot *at = &s->slots[i];

        if (at->builder == NULL)
            return at;
        if (least == NULL || at->used < least->used)
            least = at;
    }
    return least;
}

/* The day of a reject is that of its loading, so what is held of a source is
 * asked over all days: a day must be committed before the next one begins. */
static enum kura_rc slots_end_reject_day(struct kura_slots *s,
                                         const struct kura_schema *table,
                                         struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (strcmp(table->name, "reject") != 0)
        return KURA_OK;
    for (i = 0; i < s->max && rc == KURA_OK; i++) {
        if (s->slots[i].builder != NULL && s->slots[i].table == table)
            rc = slot_commit(s, &s->slots[i], err);
    }
    return rc;
}

static enum kura_rc slots_open(struct kura_slots *s,
                               const struct kura_schema *table, int64_t day,
                               struct slot **out, struct kura_err *err)
{
    struct slot *at = slots_least_used(s);
    enum kura_rc rc = slots_end_reject_day(s, table, err);

    if (rc != KURA_OK)
        return rc;
    if (at->builder != NULL) {
        rc = slot_commit(s, at, err);
        slot_close(s, at);
    }
    at->table = table;
    at->day = day;
    if (rc == KURA_OK)
        rc = slot_ask_held(s, at, err);
    if (rc == KURA_OK)
        rc = kura_warehouse_builder(s->w, table, day, &at->builder, &at->number,
                                    err);
    *out = at;
    return rc;
}

static struct slot *slots_find(struct kura_slots *s,
                               const struct kura_schema *table, int64_t day)
{
    size_t i;

    for (i = 0; i < s->max; i++) {
        struct slot *at = &s->slots[i];

        if (at->builder != NULL && at->day == day && at->table == table)
            return at;
    }
    return NULL;
}

enum kura_rc kura_slots_get(struct kura_slots *s,
                            const struct kura_schema *table, int64_t day,
                            int64_t offset, struct kura_builder **out,
                            bool *held, struct kura_err *err)
{
    struct slot *at = s->last;
    enum kura_rc rc = KURA_OK;

    s->offset = offset;
    s->exact = false;
    if (at == NULL || at->day != day || at->table != table) {
        at = slots_find(s, table, day);
        if (at == NULL)
            rc = slots_open(s, table, day, &at, err);
        if (rc != KURA_OK)
            return rc;
        at->used = ++s->clock;
        s->last = at;
    }
    *held = offset < at->held;
    if (*held)
        return KURA_OK;
    if (kura_builder_is_full(at->builder)) {
        rc = slot_commit(s, at, err);
        slot_close(s, at);
        if (rc == KURA_OK)
            rc = kura_warehouse_builder(s->w, table, day, &at->builder,
                                        &at->number, err);
        s->last = at;
    }
    *out = at->builder;
    return rc;
}

enum kura_rc kura_slots_placed(struct kura_slots *s, struct kura_err *err)
{
    size_t memory = 0, i;
    enum kura_rc rc = KURA_OK;

    s->offset = s->source->bytes;
    s->exact = true;
    for (i = 0; i < s->max; i++) {
        if (s->slots[i].builder != NULL)
            memory += kura_builder_memory(s->slots[i].builder);
    }
    while (rc == KURA_OK && memory > KURA_SLOTS_MEMORY) {
        struct slot *least = NULL;

        for (i = 0; i < s->max; i++) {
            struct slot *at = &s->slots[i];

            if (at->builder != NULL &&
                (least == NULL || at->used < least->used))
                least = at;
        }
        memory -= kura_builder_memory(least->builder);
        rc = slot_commit(s, least, err);
        slot_close(s, least);
    }
    return rc;
}

enum kura_rc kura_slots_commit(struct kura_slots *s, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; i < s->max && rc == KURA_OK; i++) {
        if (s->slots[i].builder != NULL)
            rc = slot_commit(s, &s->slots[i], err);
    }
    return rc;
}
