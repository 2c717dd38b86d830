/* beacon.c - runs of events, merged as they come in; then a few passes over
 * the times between them. */
#include "query/beacon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 262144u
#define STROBE_PER_DAY 20000.0
#define STROBE_RUN_S 1800.0
#define SAME_SIZE_MIN 14u
#define DAY_S 86400.0
#define FULL_SPAN_S 28800.0
#define SLACK_S 2.0

/* Bins of 10 %: of seconds from 1e-6 on, of bytes from 1 on (and one below,
 * for none). */
#define BIN_RATIO 1.1
#define BIN_LOW (-160)
#define BINS 640

/* Events that follow each other by no more than burst_s; one event is a run
 * too.  Merging runs is the same as merging their events, so that they may be
 * merged at any time and in any order. */
struct run {
    int64_t start, end; /* microseconds */
    double bytes;       /* NAN: not known */
    int64_t events;
};

struct kura_beacon {
    struct kura_beacon_options options;
    struct run *runs;
    size_t count, cap;
    int64_t events;
    bool overflow; /* more runs than are kept: the rest is only counted */
    int64_t first, last;
};

/* --- Options ------------------------------------------------------------ */

static bool name_is(const char *s, size_t n, const char *name)
{
    return n == strlen(name) && memcmp(s, name, n) == 0;
}

static bool option_set(struct kura_beacon_options *o, const char *s, size_t n,
                       double v)
{
    bool whole = v >= 1 && v <= 1000 && !(v < floor(v) || v > floor(v));

    if (name_is(s, n, "burst_s") && v >= 0 && v <= 86400)
        o->burst_s = v;
    else if (name_is(s, n, "tolerance") && v > 0 && v < 0.5)
        o->tolerance = v;
    else if (name_is(s, n, "min_checkins") && whole && v >= 4)
        o->min_checkins = (int)v;
    else if (name_is(s, n, "beats") && whole)
        o->beats = (int)v;
    else
        return false;
    return true;
}

/* Digits with at most one dot: strtod would go by the locale. */
static bool decimal_read(const char *s, size_t n, double *out)
{
    double v = 0, unit = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        if (s[i] == '.' && unit == 0 && n > 1) {
            unit = 1;
        } else if (s[i] >= '0' && s[i] <= '9') {
            unit /= 10;
            v = unit > 0 ? v + unit * (s[i] - '0') : v * 10 + (s[i] - '0');
        } else {
            return false;
        }
    }
    *out = v;
    return n > 0;
}

/* name=value */
static bool option_read(const char *s, size_t n, struct kura_beacon_options *o)
{
    const char *equals = memchr(s, '=', n);
    size_t name = equals != NULL ? (size_t)(equals - s) : 0;
    double v;

    return equals != NULL && decimal_read(equals + 1, n - name - 1, &v) &&
           option_set(o, s, name, v);
}

enum kura_rc kura_beacon_options_read(const char *s, size_t n,
                                      struct kura_beacon_options *out,
                                      struct kura_err *err)
{
    struct kura_beacon_options o = {5.0, 0.25, 6, 4};
    size_t i = 0, end;

    while (i < n) {
        if (s[i] == ' ' || s[i] == ',') {
            i++;
            continue;
        }
        for (end = i; end < n && s[end] != ' ' && s[end] != ',';)
            end++;
        if (!option_read(s + i, end - i, &o))
            return kura_err_set(
                err, KURA_EINPUT,
                "'%.*s' is no option of beacon_score: burst_s (0 to 86400), "
                "tolerance (below 0.5), min_checkins (4 to 1000), beats "
                "(1 to 1000)",
                end - i > 40 ? 40 : (int)(end - i), s + i);
        i = end;
    }
    *out = o;
    return KURA_OK;
}

/* --- Events to runs ------------------------------------------------------ */

enum kura_rc kura_beacon_new(const struct kura_beacon_options *options,
                             struct kura_beacon **out, struct kura_err *err)
{
    struct kura_beacon *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return kura_err_nomem(err);
    b->options = *options;
    *out = b;
    return KURA_OK;
}

void kura_beacon_free(struct kura_beacon *b)
{
    if (b == NULL)
        return;
    free(b->runs);
    free(b);
}

static int run_cmp(const void *a, const void *b)
{
    const struct run *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

static double seconds(int64_t from, int64_t to)
{
    return (double)(to - from) / 1e6;
}

/* Sorts the runs and merges those that touch. */
static void runs_merge(struct kura_beacon *b)
{
    size_t i, n = 0;

    if (b->count == 0)
        return;
    qsort(b->runs, b->count, sizeof(*b->runs), run_cmp);
    for (i = 1; i < b->count; i++) {
        struct run *r = &b->runs[n], *next = &b->runs[i];

        if (seconds(r->end, next->start) > b->options.burst_s) {
            b->runs[++n] = *next;
            continue;
        }
        if (next->end > r->end)
            r->end = next->end;
        r->events += next->events;
        if (isnan(r->bytes))
            r->bytes = next->bytes;
        else if (!isnan(next->bytes))
            r->bytes += next->bytes;
    }
    b->count = n + 1;
}

/* Room for one more run: by merging when there are many. */
static enum kura_rc runs_reserve(struct kura_beacon *b, struct kura_err *err)
{
    size_t cap = b->cap == 0 ? 64 : b->cap * 2;
    struct run *runs;

    if (b->count < b->cap)
        return KURA_OK;
    if (b->cap == RUNS_MAX) {
        runs_merge(b);
        /* Less than half won: merging would come again and again. */
        b->overflow = b->count > RUNS_MAX / 2;
        return KURA_OK;
    }
    runs = realloc(b->runs, cap * sizeof(*runs));
    if (runs == NULL)
        return kura_err_nomem(err);
    b->runs = runs;
    b->cap = cap;
    return KURA_OK;
}

enum kura_rc kura_beacon_add(struct kura_beacon *b, int64_t ts, double bytes,
                             struct kura_err *err)
{
    enum kura_rc rc;

    if (!b->overflow) {
        rc = runs_reserve(b, err);
        if (rc != KURA_OK)
            return rc;
    }
    if (!b->overflow)
        b->runs[b->count++] = (struct run){ts, ts, bytes, 1};
    b->first = b->events == 0 || ts < b->first ? ts : b->first;
    b->last = b->events == 0 || ts > b->last ? ts : b->last;
    b->events++;
    return KURA_OK;
}

/* --- Sizes ---------------------------------------------------------------- */

static int bin_of(double v)
{
    double at = floor(log(v) / log(BIN_RATIO)) - BIN_LOW;

    return at < 0 ? 0 : at >= BINS ? BINS - 1 : (int)at;
}

static int size_bin(double bytes)
{
    return bytes >= 1 ? bin_of(bytes) : bin_of(1) - 1;
}

/* The commonest size: two bins side by side. */
struct common_size {
    bool known; /* half of the check-ins have a size */
    int low;    /* and low + 1 */
    double share;
};

static struct common_size common_size_of(const struct run *runs, size_t n)
{
    struct common_size c = {false, 0, 0.0};
    size_t count[BINS + 1] = {0}, sized = 0, i, in;
    int mode = 0, k;

    for (i = 0; i < n; i++)
        if (!isnan(runs[i].bytes)) {
            count[size_bin(runs[i].bytes)]++;
            sized++;
        }
    if (sized == 0 || sized < n - sized)
        return c;
    for (k = 1; k < BINS; k++)
        if (count[k] > count[mode])
            mode = k;
    c.known = true;
    c.low = mode > 0 && count[mode - 1] >= count[mode + 1] ? mode - 1 : mode;
    in = count[c.low] + count[c.low + 1];
    c.share = (double)in / (double)sized;
    return c;
}

static bool is_common(const struct common_size *c, double bytes)
{
    int at;

    if (isnan(bytes))
        return false;
    at = size_bin(bytes);
    return at == c->low || at == c->low + 1;
}

/* --- Times ---------------------------------------------------------------- */

static int double_cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of sorted values, n > 0. */
static double median_of(const double *v, size_t n)
{
    return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* The part of sorted v[0..n) within [low, high]; its median. */
static double median_between(const double *v, size_t n, double low, double high)
{
    size_t from = 0, to;

    while (from < n && v[from] < low)
        from++;
    for (to = from; to < n && v[to] <= high;)
        to++;
    return to > from ? median_of(v + from, to - from) : 0.0;
}

/* gaps: sorted, n > 0.  The bin that is fullest together with its neighbours;
 * then the fullest of these; then the shortest. */
static int fullest_bin(const double *gaps, size_t n)
{
    size_t count[BINS + 2] = {0}, most = 0, sum, i;
    int best = 0, k;

    for (i = 0; i < n; i++)
        count[bin_of(gaps[i]) + 1]++;
    for (k = 0; k < BINS; k++) {
        sum = count[k] + count[k + 1] + count[k + 2];
        if (count[k + 1] != 0 &&
            (sum > most || (sum == most && count[k + 1] > count[best + 1]))) {
            most = sum;
            best = k;
        }
    }
    return best;
}

static double period_of(const double *gaps, size_t n)
{
    int best = fullest_bin(gaps, n);
    size_t from = 0, to;
    double rough;

    while (from < n && bin_of(gaps[from]) < best - 1)
        from++;
    for (to = from; to < n && bin_of(gaps[to]) <= best + 1;)
        to++;
    rough = median_of(gaps + from, to - from);
    return median_between(gaps, n, 0.5 * rough, 1.5 * rough);
}

/* The distance of a gap from the beat, or -1 when it is off it. */
static double beat_distance(const struct kura_beacon_options *o, double gap,
                            double period)
{
    double beats = fmax(1.0, round(gap / period));
    double distance = fabs(gap - beats * period);
    double allowed = fmax(SLACK_S, o->tolerance * period) * sqrt(beats);

    return beats <= o->beats && distance <= allowed ? distance : -1.0;
}

/* Fills what the times say, from n >= 2 check-ins; gaps has room for them. */
static void times_score(const struct kura_beacon_options *o,
                        const struct run *runs, size_t n, double *gaps,
                        struct kura_beacon_score *s)
{
    size_t count = n - 1, early = 0, fit = 0, i;
    double distance, span = seconds(runs[0].start, runs[n - 1].start);

    for (i = 0; i < count; i++)
        gaps[i] = seconds(runs[i].start, runs[i + 1].start);
    qsort(gaps, count, sizeof(*gaps), double_cmp);
    s->period_s = period_of(gaps, count);
    for (i = 0; i < count; i++) {
        early += gaps[i] < 0.5 * s->period_s;
        distance = beat_distance(o, gaps[i], s->period_s);
        if (distance >= 0.0)
            gaps[fit++] = distance; /* what is read already */
    }
    qsort(gaps, fit, sizeof(*gaps), double_cmp);
    s->on_beat = (double)fit / (double)count;
    s->jitter = fit != 0 ? 2 * median_of(gaps, fit) / s->period_s : 1.0;
    s->tightness = fmax(0.0, 1.0 - s->jitter);
    s->early = (double)early / (double)count;
    s->persistence = fmin(1.0, (double)n / (span / s->period_s + 1));
    s->confidence = 1.0 - exp(-(double)n / 8);
    s->span_h = span / 3600;
    s->checkins = (int64_t)n;
}

static void score_series(const struct kura_beacon_options *o,
                         const struct run *runs, size_t n,
                         const struct common_size *size, double *gaps,
                         struct kura_beacon_score *s)
{
    double timing, rest;

    times_score(o, runs, n, gaps, s);
    timing = s->on_beat * (1.0 + s->tightness) / 2 * (1.0 - s->early);
    rest = 0.45 * timing + 0.20 * s->persistence +
           0.15 * fmin(1.0, s->span_h * 3600 / FULL_SPAN_S);
    s->has_size = size->known;
    s->size = size->share;
    s->score =
        s->confidence * (size->known ? rest + 0.20 * size->share : rest / 0.80);
    s->scored = true;
}

/* --- All of it ------------------------------------------------------------ */

static bool is_strobe(const struct kura_beacon *b)
{
    double days = fmax(1.0, seconds(b->first, b->last) / DAY_S);
    size_t i;

    if (b->overflow || (double)b->events / days >= STROBE_PER_DAY)
        return true;
    for (i = 0; i < b->count; i++)
        if (seconds(b->runs[i].start, b->runs[i].end) >= STROBE_RUN_S &&
            b->runs[i].events >= b->events - b->runs[i].events)
            return true;
    return false;
}

/* The check-ins of the commonest size on their own, when they score better. */
static enum kura_rc score_same_size(const struct kura_beacon *b,
                                    const struct common_size *size,
                                    double *gaps, struct kura_beacon_score *s,
                                    struct kura_err *err)
{
    struct run *same = malloc(b->count * sizeof(*same));
    struct kura_beacon_score other = *s;
    size_t n = 0, i;

    if (same == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < b->count; i++)
        if (is_common(size, b->runs[i].bytes))
            same[n++] = b->runs[i];
    if (n >= SAME_SIZE_MIN && n < b->count) {
        score_series(&b->options, same, n, size, gaps, &other);
        if (other.score > s->score) {
            *s = other;
            s->same_size = true;
        }
    }
    free(same);
    return KURA_OK;
}

enum kura_rc kura_beacon_get(struct kura_beacon *b,
                             struct kura_beacon_score *out,
                             struct kura_err *err)
{
    struct kura_beacon_score s = {0};
    struct common_size size;
    enum kura_rc rc = KURA_OK;
    double *gaps;

    runs_merge(b);
    s.events = b->events;
    s.checkins = (int64_t)b->count;
    s.span_h = seconds(b->first, b->last) / 3600;
    s.strobe = is_strobe(b);
    if (b->count >= (size_t)b->options.min_checkins && !b->overflow) {
        gaps = malloc(b->count * sizeof(*gaps));
        if (gaps == NULL)
            return kura_err_nomem(err);
        size = common_size_of(b->runs, b->count);
        score_series(&b->options, b->runs, b->count, &size, gaps, &s);
        if (size.known && size.share < 1.0)
            rc = score_same_size(b, &size, gaps, &s, err);
        free(gaps);
    }
    if (rc == KURA_OK)
        *out = s;
    return rc;
}
