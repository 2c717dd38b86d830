/* beacon_rita.c - RITA v5 (github.com/activecm/rita), its method in our
 * words. */
#include "query/beacon_rita.h"

#include <math.h>
#include <stdlib.h>

#define HOURS 24
#define MODE_SHARE 0.05 /* bars this near to each other are one mode */
#define MODE_HEIGHTS 22 /* 1 / MODE_SHARE, and its ends */
#define MODE_MIN_HOURS 11
#define MODE_OUTLIERS 1
#define MIN_HOURS 6
#define IDEAL_RUN_HOURS 12

static double thousandth(double v)
{
    return round(v * 1000) / 1000;
}

static double thousandth_up(double v)
{
    return fmin(1.0, ceil(v * 1000) / 1000);
}

static int double_cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_of(const double *v, size_t n)
{
    return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* 1 - |Bowley skewness|; quartiles are the medians of the halves, without the
 * middle one. */
static double symmetry_of(const double *v, size_t n)
{
    size_t half = n / 2;
    double low = median_of(v, half), mid = median_of(v, n),
           high = median_of(v + n - half, half), width = high - low;

    if (width < 10 || !(mid > low && mid < high))
        return 1.0;
    return 1.0 - fabs((low + high - 2 * mid) / width);
}

/* v: sorted, n >= 3; work: room for n. */
static double statistic(const double *v, size_t n, double small, double *work)
{
    double mid = median_of(v, n), even = small;
    size_t i;

    for (i = 0; i < n; i++)
        work[i] = fabs(v[i] - mid);
    qsort(work, n, sizeof(*work), double_cmp);
    if (mid >= 1)
        even = fmax(0.0, (mid - median_of(work, n)) / mid);
    return thousandth((symmetry_of(v, n) + even) / 2);
}

struct histogram {
    int64_t bar[HOURS];
    int bars, longest_run; /* over the end of the range to its beginning */
};

static void histogram_fill(struct histogram *h, const int64_t *ts, size_t n,
                           int64_t from, int64_t to)
{
    double step = (double)(to - from) / HOURS;
    int run = 0, at = 0, i;
    size_t k;

    *h = (struct histogram){{0}, 0, 0};
    for (k = 0; k < n; k++) {
        while (at < HOURS - 1 &&
               (double)ts[k] >= (double)from + (at + 1) * step)
            at++;
        h->bar[at]++;
    }
    for (i = 0; i < 2 * HOURS; i++) {
        run = h->bar[i % HOURS] > 0 ? run + 1 : 0;
        if (run > h->longest_run)
            h->longest_run = run > HOURS ? HOURS : run;
        h->bars += i < HOURS && h->bar[i] > 0;
    }
}

/* 1 - the coefficient of variation of the bars. */
static double flatness_of(const struct histogram *h, size_t n)
{
    double mean = (double)n / HOURS, sum = 0;
    int i;

    for (i = 0; i < HOURS; i++)
        sum += ((double)h->bar[i] - mean) * ((double)h->bar[i] - mean);
    return fmax(0.0, thousandth(1.0 - sqrt(sum / HOURS) / mean));
}

/* The share of bars that have one of the two commonest heights. */
static double modes_of(const struct histogram *h)
{
    int64_t highest = 0, width;
    int count[MODE_HEIGHTS] = {0}, first = 0, second = 0, i;
    double share;

    if (h->bars < MODE_MIN_HOURS)
        return 0.0;
    for (i = 0; i < HOURS; i++)
        highest = h->bar[i] > highest ? h->bar[i] : highest;
    width = (int64_t)ceil((double)highest * MODE_SHARE);
    for (i = 0; i < HOURS; i++)
        if (h->bar[i] > 0)
            count[h->bar[i] / width]++;
    for (i = 0; i < MODE_HEIGHTS; i++) {
        if (count[i] > first) {
            second = first;
            first = count[i];
        } else if (count[i] > second) {
            second = count[i];
        }
    }
    share = (double)(first + second) / fmax(1.0, h->bars - MODE_OUTLIERS);
    return fmin(1.0, thousandth(share));
}

static double duration_of(const struct histogram *h, int64_t first,
                          int64_t last, int64_t from, int64_t to)
{
    if (h->bars < MIN_HOURS)
        return 0.0;
    return fmax(thousandth_up((double)(last - first) / (double)(to - from)),
                thousandth_up((double)h->longest_run / IDEAL_RUN_HOURS));
}

enum kura_rc kura_rita_score(const int64_t *ts, double *bytes, size_t n,
                             int64_t from, int64_t to, struct kura_rita *out,
                             bool *defined, struct kura_err *err)
{
    struct kura_rita r;
    struct histogram h;
    size_t count = 0, i;
    double *gaps;

    *defined = false;
    if (n < 4 || to <= from)
        return KURA_OK;
    gaps = malloc(2 * n * sizeof(*gaps));
    if (gaps == NULL)
        return kura_err_nomem(err);
    for (i = 1; i < n; i++)
        if (ts[i] > ts[i - 1])
            gaps[count++] = (double)(ts[i] - ts[i - 1]);
    if (count >= 3) {
        qsort(gaps, count, sizeof(*gaps), double_cmp);
        r.times = statistic(gaps, count, 1.0, gaps + n);
        qsort(bytes, n, sizeof(*bytes), double_cmp);
        r.sizes = statistic(bytes, n, 0.0, gaps + n);
        histogram_fill(&h, ts, n, from, to);
        r.histogram = fmax(flatness_of(&h, n), modes_of(&h));
        r.duration = duration_of(&h, ts[0], ts[n - 1], from, to);
        r.score =
            thousandth((r.times + r.sizes + r.histogram + r.duration) / 4);
        *out = r;
        *defined = true;
    }
    free(gaps);
    return KURA_OK;
}
