/* chance.c - see chance.h. */
#include "tests/bench/gen/chance.h"

#include <math.h>

uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t chance_bits(struct chance *c)
{
    c->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(c->state);
}

uint32_t chance_below(struct chance *c, uint32_t n)
{
    return (uint32_t)(((chance_bits(c) >> 32) * n) >> 32);
}

bool chance_of(struct chance *c, uint32_t in_10000)
{
    return chance_below(c, 10000) < in_10000;
}

uint32_t chance_value(struct chance *c, const uint32_t *quantiles)
{
    uint64_t bits = chance_bits(c);
    uint64_t v = quantiles[bits % QUANTILES];

    /* Between half and one and a half, so that values are not few. */
    return (uint32_t)((v * (512 + ((bits >> 20) & 1023))) >> 10);
}

/* Near to a log-normal distribution: the logistic one stands for the normal. */
void quantiles_fill(uint32_t *q, double median, double sigma, double max)
{
    uint32_t i;

    for (i = 0; i < QUANTILES; i++) {
        double p = (i + 0.5) / QUANTILES;
        double v = median * exp(sigma * log(p / (1 - p)) / 1.702);

        q[i] = (uint32_t)(v < max ? v : max);
    }
}

bool zipf_fill(struct zipf *z, uint32_t n, double exponent)
{
    double *w = calloc(n, sizeof(*w)), sum = 0;
    uint32_t *todo = calloc(n, sizeof(*todo));
    uint32_t i, low = 0, high = n;

    z->n = n;
    z->keep = calloc(n, sizeof(*z->keep));
    z->other = calloc(n, sizeof(*z->other));
    if (w == NULL || todo == NULL || z->keep == NULL || z->other == NULL) {
        free(w);
        free(todo);
        return false;
    }
    for (i = 0; i < n; i++)
        sum += w[i] = pow(i + 1.0, -exponent);
    for (i = 0; i < n; i++) {
        w[i] *= n / sum;
        z->keep[i] = UINT32_MAX;
        z->other[i] = i;
        if (w[i] < 1)
            todo[low++] = i;
        else
            todo[--high] = i;
    }
    while (low > 0 && high < n) {
        uint32_t poor = todo[--low], rich = todo[high];

        z->keep[poor] = (uint32_t)(w[poor] * UINT32_MAX);
        z->other[poor] = rich;
        w[rich] -= 1 - w[poor];
        if (w[rich] < 1) {
            high++;
            todo[low++] = rich;
        }
    }
    free(w);
    free(todo);
    return true;
}

uint32_t zipf_pick(struct chance *c, const struct zipf *z)
{
    uint64_t bits = chance_bits(c);
    uint32_t i = (uint32_t)(((bits >> 32) * z->n) >> 32);

    return (uint32_t)bits <= z->keep[i] ? i : z->other[i];
}
