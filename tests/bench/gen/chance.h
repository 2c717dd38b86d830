/* chance.h - reproducible randomness: the same state gives the same values on
 * every machine. */
#ifndef KURA_BENCH_CHANCE_H
#define KURA_BENCH_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

#define QUANTILES 1024u
#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

struct chance {
    uint64_t state;
};

/* Walker's alias method: one look-up a sample. */
struct zipf {
    uint32_t n;
    uint32_t *keep;
    uint32_t *other;
};

/* A number that looks like chance and depends on `x` alone. */
uint64_t mix(uint64_t x);

uint64_t chance_bits(struct chance *c);
uint32_t chance_below(struct chance *c, uint32_t n);
bool chance_of(struct chance *c, uint32_t in_10000);

/* `q` has QUANTILES values of a distribution. */
void quantiles_fill(uint32_t *q, double median, double sigma, double max);
uint32_t chance_value(struct chance *c, const uint32_t *quantiles);

/* False when memory is gone; what was allocated is the caller's either way. */
bool zipf_fill(struct zipf *z, uint32_t n, double exponent);
uint32_t zipf_pick(struct chance *c, const struct zipf *z);

#endif
