/* groups.c - (hash, number) pairs over an array of groups. */
#include "query/groups.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define GROUPS_FIRST ((size_t)2 * KURA_GROUPS_BLOCK)
/* Words a measure takes. */
#define WIDTH(kind) ((kind) == KURA_MEASURE_SUM ? 2u : 1u)
/* The high word of a sum without a value: no sum of 2^63 values gets there. */
#define NO_SUM ((uint64_t)1 << 63)

struct kura_groups_slot {
    uint32_t hash;
    uint32_t at; /* number + 1; 0: free */
};

__extension__ typedef unsigned __int128 wide;

void kura_groups_init(struct kura_groups *g, size_t keys,
                      const enum kura_measure_kind *measures, size_t nmeasure)
{
    static const char name[2] = {'a', 'b'};
    size_t i;

    memset(g, 0, sizeof(*g));
    g->keys = keys;
    g->words = keys;
    g->measures = measures;
    g->nmeasure = nmeasure;
    for (i = 0; i < nmeasure; i++)
        g->words += WIDTH(measures[i]);
    /* Whoever writes the log knows neither. */
    g->seed[0] = kura_hash64(&name[0], 1);
    g->seed[1] = kura_hash64(&name[1], 1) | 1;
}

void kura_groups_release(struct kura_groups *g)
{
    free(g->groups);
    free(g->slots);
    g->groups = NULL;
    g->slots = NULL;
    g->count = g->room = g->mask = g->memory = 0;
}

void kura_groups_clear(struct kura_groups *g)
{
    if (g->count != 0)
        memset(g->slots, 0, (g->mask + 1) * sizeof(*g->slots));
    g->count = 0;
}

static size_t measure_offset(const struct kura_groups *g, size_t measure)
{
    size_t i, at = g->keys;

    for (i = 0; i < measure; i++)
        at += WIDTH(g->measures[i]);
    return at;
}

uint64_t *kura_groups_key(const struct kura_groups *g, size_t i)
{
    return g->groups + i * g->words;
}

/* --- Finding ---------------------------------------------------------- */

static inline uint64_t key_hash(const struct kura_groups *g,
                                const uint64_t *key, size_t words)
{
    uint64_t h = g->seed[0];
    size_t i;

    for (i = 0; i < words; i++) {
        wide product = (wide)(h ^ key[i]) * (g->seed[1] + 2 * i);

        h = (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    return h;
}

static enum kura_rc groups_rehash(struct kura_groups *g, size_t slots,
                                  struct kura_err *err)
{
    struct kura_groups_slot *table = calloc(slots, sizeof(*table));
    size_t i;

    if (table == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < g->count; i++) {
        uint64_t h = key_hash(g, kura_groups_key(g, i), g->keys);
        size_t at = (size_t)(h >> 32) & (slots - 1);

        while (table[at].at != 0)
            at = (at + 1) & (slots - 1);
        table[at].hash = (uint32_t)h;
        table[at].at = (uint32_t)i + 1;
    }
    free(g->slots);
    g->slots = table;
    g->mask = slots - 1;
    return KURA_OK;
}

/* Room for n more groups, in slots that are at most half full. */
static enum kura_rc groups_reserve(struct kura_groups *g, size_t n,
                                   struct kura_err *err)
{
    size_t room = g->room > 0 ? g->room : GROUPS_FIRST;
    uint64_t *grown;
    enum kura_rc rc;

    if (g->count + n <= g->room)
        return KURA_OK;
    while (room < g->count + n)
        room *= 2;
    if (room > KURA_GROUPS_MAX || room > SIZE_MAX / 16 / g->words)
        return kura_err_set(err, KURA_ENOMEM, "there are too many groups");
    grown = realloc(g->groups, room * g->words * sizeof(*grown));
    if (grown == NULL)
        return kura_err_nomem(err);
    g->groups = grown;
    rc = groups_rehash(g, room * 2, err);
    if (rc != KURA_OK)
        return rc;
    g->room = room;
    g->memory = room * (g->words * sizeof(*g->groups) + 2 * sizeof(*g->slots));
    return KURA_OK;
}

static void group_start(struct kura_groups *g, const uint64_t *key)
{
    uint64_t *to = g->groups + g->count * g->words;
    size_t i;

    memcpy(to, key, g->keys * sizeof(*to));
    to += g->keys;
    for (i = 0; i < g->nmeasure; i++) {
        *to = 0;
        if (g->measures[i] == KURA_MEASURE_MIN)
            *to = (uint64_t)INT64_MAX;
        else if (g->measures[i] == KURA_MEASURE_MAX)
            *to = (uint64_t)INT64_MIN;
        else if (g->measures[i] == KURA_MEASURE_SUM)
            *++to = NO_SUM;
        to++;
    }
    g->count++;
}

static inline bool key_is(const uint64_t *a, const uint64_t *b, size_t words)
{
    size_t i;

    for (i = 0; i < words; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* Made for each of the usual widths. */
static inline void find_keys(struct kura_groups *g, const uint64_t *keys,
                             size_t n, uint32_t *out, size_t words)
{
    size_t i;

    for (i = 0; i < n; i++, keys += words) {
        uint64_t h = key_hash(g, keys, words);
        size_t at = (size_t)(h >> 32) & g->mask;

        while (g->slots[at].at != 0 &&
               (g->slots[at].hash != (uint32_t)h ||
                !key_is(g->groups + (size_t)(g->slots[at].at - 1) * g->words,
                        keys, words)))
            at = (at + 1) & g->mask;
        if (g->slots[at].at == 0) {
            group_start(g, keys);
            g->slots[at].hash = (uint32_t)h;
            g->slots[at].at = (uint32_t)g->count;
        }
        out[i] = g->slots[at].at - 1;
    }
}

enum kura_rc kura_groups_find(struct kura_groups *g, const uint64_t *keys,
                              size_t n, uint32_t *at, struct kura_err *err)
{
    enum kura_rc rc = groups_reserve(g, n, err);

    if (rc != KURA_OK)
        return rc;
    if (g->keys == 1)
        find_keys(g, keys, n, at, 1);
    else if (g->keys == 2)
        find_keys(g, keys, n, at, 2);
    else
        find_keys(g, keys, n, at, g->keys);
    return KURA_OK;
}

/* --- Adding up -------------------------------------------------------- */

void kura_groups_count(struct kura_groups *g, size_t measure,
                       const uint32_t *at, size_t n)
{
    uint64_t *to = g->groups + measure_offset(g, measure);
    size_t i;

    for (i = 0; i < n; i++)
        to[at[i] * g->words]++;
}

static inline void sum_add(uint64_t *to, uint64_t low, uint64_t high)
{
    uint64_t sum = to[0] + low;

    to[1] = (to[1] == NO_SUM ? 0 : to[1]) + high + (sum < low);
    to[0] = sum;
}

static void sums_add(struct kura_groups *g, uint64_t *to, const uint32_t *at,
                     size_t n, const int64_t *values, const uint8_t *null,
                     const uint32_t *rows)
{
    size_t i;

    for (i = 0; i < n; i++) {
        int64_t v = values[rows[i]];

        if (!null[rows[i]])
            sum_add(to + at[i] * g->words, (uint64_t)v, v < 0 ? UINT64_MAX : 0);
    }
}

void kura_groups_add(struct kura_groups *g, size_t measure, const uint32_t *at,
                     size_t n, const int64_t *values, const uint8_t *null,
                     const uint32_t *rows)
{
    uint64_t *to = g->groups + measure_offset(g, measure);
    bool least = g->measures[measure] == KURA_MEASURE_MIN;
    size_t i;

    if (g->measures[measure] == KURA_MEASURE_SUM) {
        sums_add(g, to, at, n, values, null, rows);
        return;
    }
    for (i = 0; i < n; i++) {
        uint64_t *one = to + at[i] * g->words;
        int64_t v = values[rows[i]], was = (int64_t)*one;

        if (!null[rows[i]] && (least ? v < was : v > was))
            *one = (uint64_t)v;
    }
}

void kura_groups_combine(struct kura_groups *g, uint32_t to,
                         const struct kura_groups *other, uint32_t from)
{
    uint64_t *a = kura_groups_key(g, to) + g->keys;
    const uint64_t *b = kura_groups_key(other, from) + g->keys;
    size_t i;

    for (i = 0; i < g->nmeasure; i++) {
        switch (g->measures[i]) {
        case KURA_MEASURE_ROWS:
            *a += *b;
            break;
        case KURA_MEASURE_MIN:
            *a = (int64_t)*b < (int64_t)*a ? *b : *a;
            break;
        case KURA_MEASURE_MAX:
            *a = (int64_t)*b > (int64_t)*a ? *b : *a;
            break;
        case KURA_MEASURE_SUM:
            if (b[1] != NO_SUM)
                sum_add(a, b[0], b[1]);
            break;
        }
        a += WIDTH(g->measures[i]);
        b += WIDTH(g->measures[i]);
    }
}

bool kura_groups_value(const struct kura_groups *g, size_t i, size_t measure,
                       int64_t *out, bool *overflow)
{
    const uint64_t *from = kura_groups_key(g, i) + measure_offset(g, measure);

    *overflow = false;
    *out = (int64_t)*from;
    switch (g->measures[measure]) {
    case KURA_MEASURE_MIN:
        return *out != INT64_MAX;
    case KURA_MEASURE_MAX:
        return *out != INT64_MIN;
    case KURA_MEASURE_SUM:
        *overflow = from[1] != (*out < 0 ? UINT64_MAX : 0);
        return from[1] != NO_SUM;
    default:
        return true;
    }
}
