/* rollup_internal.h - what the files rollup*.c share with each other; nobody
 * else includes it. */
#ifndef KURA_QUERY_ROLLUP_INTERNAL_H
#define KURA_QUERY_ROLLUP_INTERNAL_H

#include "query/rollup.h"
#include "store/dictionary.h"

#include <stdatomic.h>

/* A code of a text: 0 in a map is one that was not met yet. */
enum { CODE_UNKNOWN, CODE_NULL, CODE_FIRST };
/* Groups between two looks at the stop sign. */
#define ROLLUP_CHECK_EVERY 65536u

struct rollup_dimension {
    int column;
    bool fold;
    bool coded;   /* by the texts below; else an integer */
    bool integer; /* coded: the texts are numbers of 8 bytes */
    enum kura_source_kind source;
    size_t word; /* of the key */
    int shift;   /* coded: two of them share a word */
    uint64_t null;
    struct kura_dictionary texts; /* of all partitions: code - CODE_FIRST + 1 */
    bool upper;                   /* a text has a letter that folds */
    uint32_t *map;                /* of the partition at hand: its ids' codes */
    size_t map_end;
    /* Of the segment at hand. */
    const uint32_t *ids;
    const int64_t *values;
    const uint8_t *nulls;
};

/* Of two that work on one rollup. */
struct rollup_shared {
    atomic_size_t weight[2];
    atomic_bool failed; /* one of them: the other need not go on */
};

struct kura_rollup {
    struct kura_engine *engine;
    const struct kura_schema *schema;
    struct kura_scan *scan;
    size_t memory;                /* bound */
    struct rollup_shared *shared; /* NULL: alone */
    int lane;
    struct rollup_dimension *dims;
    size_t ndim;
    struct kura_measure *measures;
    enum kura_measure_kind *kinds;
    size_t nmeasure;
    size_t keys, nullword;           /* words of a key; which has the NULLs */
    struct kura_groups part, whole;  /* the partition at hand; all before */
    size_t entry;                    /* it; SIZE_MAX: none */
    uint32_t *order;                 /* of the groups; NULL: as they come */
    uint64_t *block;                 /* keys of KURA_GROUPS_BLOCK rows */
    uint32_t all[KURA_GROUPS_BLOCK]; /* 0, 1, 2 ... */
    char text[KURA_SCAN_TIME_TEXT];
};

/* rollup.c */
enum kura_rc kura_rollup_prepare(struct kura_rollup *r,
                                 const struct kura_dimension *dims, size_t ndim,
                                 const struct kura_measure *measures,
                                 size_t nmeasure, struct kura_err *err);
/* Adds up what the filter lets pass, in the lane of the scan. */
enum kura_rc kura_rollup_add(struct kura_rollup *r, struct kura_filter *f,
                             struct kura_err *err);
/* Adds the groups of `from` to the whole. */
enum kura_rc kura_rollup_whole_add(struct kura_rollup *r,
                                   const struct kura_groups *from,
                                   struct kura_err *err);
/* rollup_lanes.c: adds up the partitions in two threads, if that pays. */
enum kura_rc kura_rollup_add_beside(struct kura_rollup *r,
                                    struct kura_filter *f,
                                    struct kura_filter *beside,
                                    const struct kura_dimension *dims,
                                    const struct kura_measure *measures,
                                    struct kura_err *err);
/* rollup_finish.c: makes one of the groups that differ only in case. */
enum kura_rc kura_rollup_fold(struct kura_rollup *r, struct kura_err *err);

static inline uint32_t rollup_key_code(const struct rollup_dimension *d,
                                       const uint64_t *key)
{
    return (uint32_t)(key[d->word] >> d->shift);
}

static inline void rollup_key_put(const struct rollup_dimension *d,
                                  uint64_t *key, uint32_t code)
{
    key[d->word] &= ~((uint64_t)UINT32_MAX << d->shift);
    key[d->word] |= (uint64_t)code << d->shift;
}

#endif
