/* groups.h - a hash table from keys of fixed width to what is added up for
 * each.
 *
 * A group is a row of 64-bit words: its key, then one or two words a measure.
 * Groups are numbered in the order in which they were first met.  No more than
 * KURA_GROUPS_MAX of them; what they take is in `memory`, and the caller looks
 * at it.  One thread. */
#ifndef KURA_QUERY_GROUPS_H
#define KURA_QUERY_GROUPS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KURA_GROUPS_MAX ((size_t)1 << 30)
/* Rows that are looked up at once. */
#define KURA_GROUPS_BLOCK 1024u

enum kura_measure_kind {
    KURA_MEASURE_ROWS, /* how many */
    KURA_MEASURE_MIN,
    KURA_MEASURE_MAX,
    KURA_MEASURE_SUM /* of 128 bits: no order of adding overflows it */
};

struct kura_groups {
    size_t keys;  /* words of a key */
    size_t words; /* of a group */
    const enum kura_measure_kind *measures;
    size_t nmeasure;
    uint64_t *groups;
    size_t count, room;
    struct kura_groups_slot *slots; /* open addressing, power of two */
    size_t mask;
    uint64_t seed[2];
    size_t memory;
};

/* The measures are borrowed. */
void kura_groups_init(struct kura_groups *g, size_t keys,
                      const enum kura_measure_kind *measures, size_t nmeasure);
void kura_groups_release(struct kura_groups *g); /* zeroed ok */
void kura_groups_clear(struct kura_groups *g);   /* no groups, memory kept */

/* The numbers of n keys that lie behind each other; new ones are added with
 * empty measures.  n is at most KURA_GROUPS_BLOCK. */
enum kura_rc kura_groups_find(struct kura_groups *g, const uint64_t *keys,
                              size_t n, uint32_t *at, struct kura_err *err);

/* Adds a row to each of the groups at[0..n).  rows[i] is the row of values and
 * null that belongs to at[i]; NULL values are left out. */
void kura_groups_count(struct kura_groups *g, size_t measure,
                       const uint32_t *at, size_t n);
void kura_groups_add(struct kura_groups *g, size_t measure, const uint32_t *at,
                     size_t n, const int64_t *values, const uint8_t *null,
                     const uint32_t *rows);

/* Adds the measures of group `from` of `other`, which has the same ones. */
void kura_groups_combine(struct kura_groups *g, uint32_t to,
                         const struct kura_groups *other, uint32_t from);

uint64_t *kura_groups_key(const struct kura_groups *g, size_t i);
/* false: NULL.  *overflow: it is beyond 64 bits. */
bool kura_groups_value(const struct kura_groups *g, size_t i, size_t measure,
                       int64_t *out, bool *overflow);

#endif
