/* Series made by the same generator every time: beacons score 0.70 or more,
 * people and chance less; and plain SQL comes to the same numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query/beacon.h"
#include "query/beacon_rita.h"
#include "query/functions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600.0
#define DAY 86400.0
#define SEEDS 60
#define EVENTS 20000

/* --- The generator ---------------------------------------------------------
 */

struct event {
    int64_t ts;
    double bytes;
};

struct series {
    struct event event[EVENTS];
    size_t n;
    uint64_t state;
};

/* xorshift64*, 0 <= v < 1. */
static double chance(struct series *s)
{
    s->state ^= s->state >> 12;
    s->state ^= s->state << 25;
    s->state ^= s->state >> 27;
    return (double)((s->state * UINT64_C(2685821657736338717)) >> 11) /
           9007199254740992.0;
}

static double exponential(struct series *s, double mean)
{
    return -mean * log(1.0 - chance(s));
}

static double lognormal(struct series *s, double mu, double sigma)
{
    double u = 1.0 - chance(s), v = chance(s);

    return exp(mu + sigma * sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
}

static double any_size(struct series *s)
{
    return floor(lognormal(s, 6.5, 0.8)) + 100;
}

static double steady_size(struct series *s)
{
    return 300 + floor(chance(s) * 11);
}

static double one_size(struct series *s)
{
    (void)s;
    return 512;
}

static double no_size(struct series *s)
{
    (void)s;
    return NAN;
}

static void put(struct series *s, double at, double bytes)
{
    assert_true(s->n < EVENTS);
    s->event[s->n++] =
        (struct event){INT64_C(1424131200000000) + (int64_t)(at * 1e6), bytes};
}

struct beacon {
    double period, jitter, from, missing;
    double span; /* 0: a day */
    int more_requests;
    bool shorter;                    /* jitter only shortens the sleep */
    double (*size)(struct series *); /* NULL: steady */
};

static void beacon(struct series *s, struct beacon b)
{
    double at = b.from + chance(s) * b.period;
    double end = b.from + (b.span > 0 ? b.span : DAY);
    int i;

    while (at < end) {
        if (chance(s) >= b.missing)
            for (i = 0; i <= b.more_requests; i++)
                put(s, at + i * chance(s) * 1.5,
                    b.size != NULL ? b.size(s) : steady_size(s));
        at += b.period * (b.shorter ? 1 - b.jitter * chance(s)
                                    : 1 + b.jitter * (2 * chance(s) - 1));
    }
}

/* Sessions of about 15 requests. */
static void browsing(struct series *s, int sessions, double span)
{
    double at;
    int i, n;

    for (; sessions > 0; sessions--) {
        at = chance(s) * span;
        n = (int)exponential(s, 15) + 1;
        for (i = 0; i < n; i++) {
            put(s, at, any_size(s));
            at += lognormal(s, 2.5, 1.3);
        }
    }
}

static void by_chance(struct series *s, double mean, double span,
                      double (*size)(struct series *))
{
    double at = exponential(s, mean);

    for (; at < span; at += exponential(s, mean))
        put(s, at, size(s));
}

/* --- The series ------------------------------------------------------------
 */

#define BEACON(...) beacon(s, (struct beacon){__VA_ARGS__})

static void no_jitter(struct series *s)
{
    BEACON(.period = 60);
}
static void jitter_20(struct series *s)
{
    BEACON(.period = 300, .jitter = 0.2);
}
static void jitter_50(struct series *s)
{
    BEACON(.period = 300, .jitter = 0.5);
}
static void cobalt_strike(struct series *s)
{
    BEACON(.period = 900, .jitter = 0.25, .shorter = true);
}
static void hourly(struct series *s)
{
    BEACON(.period = HOUR, .jitter = 0.1);
}
static void office_hours(struct series *s)
{
    BEACON(.period = 300, .jitter = 0.05, .from = 9 * HOUR, .span = 9 * HOUR);
}
static void office_week(struct series *s)
{
    int day;

    for (day = 0; day < 5; day++)
        BEACON(.period = 600, .jitter = 0.1, .from = day * DAY + 9 * HOUR,
               .span = 9 * HOUR);
}
static void missed_beats(struct series *s)
{
    BEACON(.period = 600, .jitter = 0.05, .missing = 0.3);
}
static void three_requests(struct series *s)
{
    BEACON(.period = 300, .jitter = 0.05, .more_requests = 2);
}
static void random_sizes(struct series *s)
{
    BEACON(.period = 300, .jitter = 0.05, .size = any_size);
}
static void without_sizes(struct series *s)
{
    BEACON(.period = 300, .jitter = 0.2, .size = no_size);
}
static void under_browsing(struct series *s)
{
    BEACON(.period = 600, .jitter = 0.05);
    browsing(s, 12, DAY);
}
static void four_hours_a_day(struct series *s)
{
    BEACON(.period = 4 * HOUR, .jitter = 0.05);
}
static void four_hours_a_week(struct series *s)
{
    BEACON(.period = 4 * HOUR, .jitter = 0.05, .span = 7 * DAY);
}
static void daily(struct series *s)
{
    BEACON(.period = DAY, .jitter = 0.02, .span = 15 * DAY);
}
static void people(struct series *s)
{
    browsing(s, 12, DAY);
}
static void people_all_week(struct series *s)
{
    browsing(s, 60, 7 * DAY);
}
static void chance_300(struct series *s)
{
    by_chance(s, 300, DAY, any_size);
}
static void chance_60_same(struct series *s)
{
    by_chance(s, 60, DAY, one_size);
}
static void chance_10_same(struct series *s)
{
    by_chance(s, 10, DAY, one_size);
}
static void chance_1800_same(struct series *s)
{
    by_chance(s, 1800, DAY, one_size);
}
static void chance_300_without(struct series *s)
{
    by_chance(s, 300, DAY, no_size);
}
static void chance_4h(struct series *s)
{
    by_chance(s, 4 * HOUR, 7 * DAY, any_size);
}
static void chance_4h_same(struct series *s)
{
    by_chance(s, 4 * HOUR, 7 * DAY, one_size);
}

enum kind { BEACON_SERIES, NOISE, TOO_FEW };

static const struct {
    const char *name;
    void (*make)(struct series *);
    enum kind kind;
    double period; /* 0: not asked */
} series_list[] = {
    {"60 s", no_jitter, BEACON_SERIES, 60},
    {"300 s +-20 %", jitter_20, BEACON_SERIES, 300},
    {"300 s +-50 %", jitter_50, BEACON_SERIES, 300},
    {"900 s -25 %", cobalt_strike, BEACON_SERIES, 787},
    {"1 h +-10 %", hourly, BEACON_SERIES, 3600},
    {"300 s in office hours", office_hours, BEACON_SERIES, 300},
    {"600 s in office hours, a week", office_week, BEACON_SERIES, 600},
    {"600 s, 30 % missed", missed_beats, BEACON_SERIES, 600},
    {"300 s, 3 requests each", three_requests, BEACON_SERIES, 300},
    {"300 s, sizes at random", random_sizes, BEACON_SERIES, 300},
    {"300 s +-20 %, no sizes", without_sizes, BEACON_SERIES, 300},
    {"600 s under browsing", under_browsing, BEACON_SERIES, 600},
    {"4 h, 7 days", four_hours_a_week, BEACON_SERIES, 4 * HOUR},
    {"1 day, 15 days", daily, BEACON_SERIES, DAY},
    {"4 h, 1 day", four_hours_a_day, TOO_FEW, 0},
    {"12 sessions of a person", people, NOISE, 0},
    {"60 sessions in a week", people_all_week, NOISE, 0},
    {"Poisson 300 s", chance_300, NOISE, 0},
    {"Poisson 60 s, one size", chance_60_same, NOISE, 0},
    {"Poisson 10 s, one size", chance_10_same, NOISE, 0},
    {"Poisson 30 min, one size", chance_1800_same, NOISE, 0},
    {"Poisson 300 s, no sizes", chance_300_without, NOISE, 0},
    {"Poisson 4 h, 7 days", chance_4h, NOISE, 0},
    {"Poisson 4 h, 7 days, one size", chance_4h_same, NOISE, 0},
};

#define SERIES (sizeof(series_list) / sizeof(series_list[0]))

static struct series *make(size_t k, unsigned seed)
{
    static struct series s;

    s.n = 0;
    s.state = UINT64_C(0x9E3779B97F4A7C15) * (seed + 1) + k;
    (void)chance(&s);
    series_list[k].make(&s);
    return &s;
}

/* The order of the events must not matter. */
static void shuffle(struct series *s)
{
    size_t i;

    for (i = s->n; i > 1; i--) {
        size_t at = (size_t)(chance(s) * (double)i);
        struct event e = s->event[at];

        s->event[at] = s->event[i - 1];
        s->event[i - 1] = e;
    }
}

static struct kura_beacon_score score_with(const struct series *s,
                                           const char *text)
{
    struct kura_beacon_options options;
    struct kura_beacon_score out;
    struct kura_beacon *b;
    size_t i;

    assert_int_equal(
        kura_beacon_options_read(text, strlen(text), &options, NULL), KURA_OK);
    assert_int_equal(kura_beacon_new(&options, &b, NULL), KURA_OK);
    for (i = 0; i < s->n; i++)
        assert_int_equal(
            kura_beacon_add(b, s->event[i].ts, s->event[i].bytes, NULL),
            KURA_OK);
    assert_int_equal(kura_beacon_get(b, &out, NULL), KURA_OK);
    kura_beacon_free(b);
    return out;
}

static int double_cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* --- Tests ------------------------------------------------------------------
 */

static void check_series(size_t k, double *out_scores)
{
    struct kura_beacon_score s;
    unsigned seed;

    for (seed = 0; seed < SEEDS; seed++) {
        s = score_with(make(k, seed), "");
        out_scores[seed] = s.scored ? s.score : 0.0;
        assert_false(s.strobe);
        if (series_list[k].kind == BEACON_SERIES) {
            assert_true(s.scored && s.checkins >= 14);
            assert_true(s.score >= 0.70 && s.score <= 1.0);
            assert_true(fabs(s.period_s - series_list[k].period) <=
                        (series_list[k].make == jitter_50 ? 0.2 : 0.1) *
                            series_list[k].period);
        } else {
            assert_true(!s.scored || (s.score < 0.70 && s.score >= 0.0));
        }
    }
}

static void beacons_stand_out(void **state)
{
    double scores[SEEDS];
    size_t k;

    (void)state;
    for (k = 0; k < SERIES; k++) {
        check_series(k, scores);
        qsort(scores, SEEDS, sizeof(*scores), double_cmp);
        print_message("# %-30s least %.2f median %.2f most %.2f\n",
                      series_list[k].name, scores[0],
                      (scores[SEEDS / 2 - 1] + scores[SEEDS / 2]) / 2,
                      scores[SEEDS - 1]);
    }
}

static void order_does_not_matter(void **state)
{
    struct kura_beacon_score a, b;
    struct series *s;
    size_t k;

    (void)state;
    for (k = 0; k < SERIES; k++) {
        s = make(k, 7);
        a = score_with(s, "");
        shuffle(s);
        b = score_with(s, "");
        assert_true(fabs(a.score - b.score) < 1e-12);
        assert_true(fabs(a.period_s - b.period_s) < 1e-9);
        assert_int_equal(a.checkins, b.checkins);
    }
}

static void options_are_obeyed(void **state)
{
    static const char *const wrong[] = {
        "burst",   "burst_s=",  "burst_s=x",      "burst_s=-1",
        "beats=0", "beats=1.5", "min_checkins=3", "tolerance=0.5",
        "size=1",  "=5",        "beats=4x"};
    struct kura_beacon_options options;
    struct kura_err err = KURA_ERR_INIT;
    struct series *s = make(0, 1); /* every 60 s */
    size_t i;

    (void)state;
    assert_false(score_with(s, "burst_s=61").scored);
    assert_true(score_with(s, "burst_s=59.5, min_checkins=1000").scored);
    s->n = 8;
    assert_true(score_with(s, "").scored);
    assert_false(score_with(s, "min_checkins=9").scored);
    s = make(1, 1); /* +-20 % */
    assert_true(score_with(s, "tolerance=0.05").on_beat < 0.5);
    s = make(7, 1); /* beats missed */
    assert_true(score_with(s, "beats=1").on_beat <
                score_with(s, "beats=4").on_beat - 0.1);
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        err = (struct kura_err)KURA_ERR_INIT;
        assert_int_equal(kura_beacon_options_read(wrong[i], strlen(wrong[i]),
                                                  &options, &err),
                         KURA_EINPUT);
        assert_non_null(strstr(err.msg, wrong[i]));
    }
}

/* Traffic that never pauses, whatever its amount. */
static void strobes(void **state)
{
    static struct series s;
    struct kura_beacon_options options;
    struct kura_beacon_score out;
    struct kura_beacon *b;
    int64_t i;

    (void)state;
    for (s.n = 0; s.n < 1800; s.n++) /* one a second for half an hour */
        s.event[s.n] = (struct event){(int64_t)s.n * 1000000, 100};
    assert_false(score_with(&s, "").strobe);
    s.event[s.n++] = (struct event){INT64_C(1800000000), 100};
    out = score_with(&s, "");
    assert_true(out.strobe && !out.scored);
    assert_int_equal(out.events, 1801);
    assert_int_equal(out.checkins, 1);

    /* More runs than are kept, in the worst order. */
    assert_int_equal(kura_beacon_options_read("", 0, &options, NULL), KURA_OK);
    assert_int_equal(kura_beacon_new(&options, &b, NULL), KURA_OK);
    for (i = 0; i < 1000000; i++)
        assert_int_equal(
            kura_beacon_add(b, (1000000 - i) * INT64_C(6000000), 1, NULL),
            KURA_OK);
    assert_int_equal(kura_beacon_get(b, &out, NULL), KURA_OK);
    assert_true(out.strobe && !out.scored);
    assert_int_equal(out.events, 1000000);
    kura_beacon_free(b);

    /* As many events in bursts are kept: a beacon every 5 minutes, 2000
     * events each. */
    assert_int_equal(kura_beacon_new(&options, &b, NULL), KURA_OK);
    for (i = 0; i < 1000000; i++)
        assert_int_equal(
            kura_beacon_add(b, i % 500 * INT64_C(300000000) + i / 500 * 1000, 1,
                            NULL),
            KURA_OK);
    assert_int_equal(kura_beacon_get(b, &out, NULL), KURA_OK);
    assert_true(out.scored && out.score > 0.99);
    assert_int_equal(out.checkins, 500);
    assert_true(fabs(out.period_s - 300) < 1e-6);
    kura_beacon_free(b);
}

/* --- RITA's ------------------------------------------------------------ */

static int event_cmp(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    return (x->ts > y->ts) - (x->ts < y->ts);
}

static double rita_of(struct series *s)
{
    const int64_t from = INT64_C(1424131200), day = 86400;
    static int64_t ts[EVENTS];
    static double bytes[EVENTS];
    struct kura_rita r;
    bool defined;
    size_t i;

    qsort(s->event, s->n, sizeof(*s->event), event_cmp);
    for (i = 0; i < s->n; i++) {
        ts[i] = s->event[i].ts / 1000000;
        bytes[i] = s->event[i].bytes;
    }
    assert_int_equal(
        kura_rita_score(ts, bytes, s->n, from, from + day, &r, &defined, NULL),
        KURA_OK);
    return defined ? r.score : 0.0;
}

/* The medians that somebody else's program of the same formula gave for such
 * series. */
static void rita_is_as_elsewhere(void **state)
{
    static const struct {
        void (*make)(struct series *);
        double median;
    } want[] = {
        {no_jitter, 1.00},     {jitter_20, 0.97},      {jitter_50, 0.94},
        {cobalt_strike, 0.98}, {hourly, 0.97},         {office_hours, 0.67},
        {missed_beats, 0.82},  {random_sizes, 0.92},   {three_requests, 0.81},
        {chance_300, 0.74},    {chance_60_same, 0.85},
    };
    static struct series s;
    double scores[SEEDS], middle;
    unsigned seed;
    size_t k;

    (void)state;
    for (k = 0; k < sizeof(want) / sizeof(want[0]); k++) {
        for (seed = 0; seed < SEEDS; seed++) {
            s.n = 0;
            s.state = UINT64_C(0x9E3779B97F4A7C15) * (seed + 1) + k;
            want[k].make(&s);
            scores[seed] = rita_of(&s);
        }
        qsort(scores, SEEDS, sizeof(*scores), double_cmp);
        middle = (scores[SEEDS / 2 - 1] + scores[SEEDS / 2]) / 2;
        if (fabs(middle - want[k].median) > 0.03)
            print_message("# series %zu: %.3f\n", k, middle);
        assert_true(fabs(middle - want[k].median) <= 0.03);
    }
}

/* --- Plain SQL
 * ---------------------------------------------------------------- */

/* The method of beacon.h for all check-ins of each series, in SQL alone. */
static const char oracle[] =
    "WITH g AS (SELECT id, ts / 1e6 AS t, bytes,"
    "    ts / 1e6 - lag(ts / 1e6) OVER (PARTITION BY id ORDER BY ts) AS gap"
    "  FROM event),"
    " s AS (SELECT *, sum(gap IS NULL OR gap > 5) OVER"
    "    (PARTITION BY id ORDER BY t) AS run FROM g),"
    " c AS (SELECT id, run, min(t) AS t, sum(bytes) AS bytes FROM s"
    "  GROUP BY id, run),"
    " d0 AS (SELECT id, t - lag(t) OVER (PARTITION BY id ORDER BY t) AS dt"
    "  FROM c),"
    " d AS MATERIALIZED (SELECT id, dt, floor(ln(dt) / ln(1.1)) AS bin FROM d0"
    "  WHERE dt IS NOT NULL),"
    " h AS (SELECT id, bin, count(*) AS n FROM d GROUP BY id, bin),"
    " w AS (SELECT a.id, a.bin, row_number() OVER (PARTITION BY a.id ORDER BY"
    "    (SELECT sum(b.n) FROM h b WHERE b.id = a.id"
    "      AND b.bin BETWEEN a.bin - 1 AND a.bin + 1) DESC, a.n DESC, a.bin)"
    "    AS place FROM h a),"
    " p0 AS (SELECT d.id, median(dt) AS p FROM d JOIN w ON w.id = d.id"
    "    AND place = 1 AND d.bin BETWEEN w.bin - 1 AND w.bin + 1 GROUP BY "
    "d.id),"
    " p AS (SELECT d.id, median(dt) AS p FROM d JOIN p0 ON p0.id = d.id"
    "    AND dt BETWEEN 0.5 * p AND 1.5 * p GROUP BY d.id),"
    " m AS (SELECT d.id, dt, p, max(1.0, floor(dt / p + 0.5)) AS m FROM d"
    "  JOIN p ON p.id = d.id),"
    " f AS (SELECT *, abs(dt - m * p) AS off, m <= 4 AND abs(dt - m * p) <="
    "    max(2.0, 0.25 * p) * sqrt(m) AS fits FROM m),"
    " z AS (SELECT id, max(0.0, floor(ln(bytes) / ln(1.1))) AS bin,"
    "    count(*) AS n FROM c WHERE bytes > 0 GROUP BY 1, 2),"
    " zz AS (SELECT a.id, a.n + max(ifnull(l.n, 0), ifnull(r.n, 0)) AS n,"
    "    row_number() OVER (PARTITION BY a.id ORDER BY a.n DESC, a.bin) AS"
    "    place FROM z a LEFT JOIN z l ON l.id = a.id AND l.bin = a.bin - 1"
    "    LEFT JOIN z r ON r.id = a.id AND r.bin = a.bin + 1),"
    " q AS (SELECT id, count(*) AS n, max(t) - min(t) AS span FROM c"
    "  GROUP BY id),"
    " t AS (SELECT id, avg(fits) AS on_beat, avg(dt < 0.5 * p) AS early,"
    "    max(0.0, 1 - 2 * median(iif(fits, off, NULL)) / p) AS tightness"
    "  FROM f GROUP BY id)"
    "SELECT q.id, p.p, on_beat, tightness, early,"
    "    min(1.0, q.n / (span / p.p + 1)), 1 - exp(-q.n / 8.0),"
    "    zz.n * 1.0 / q.n, q.n,"
    "    (1 - exp(-q.n / 8.0)) * (0.45 * on_beat * (1 + tightness) / 2"
    "      * (1 - early) + 0.2 * min(1.0, q.n / (span / p.p + 1))"
    "      + 0.15 * min(1.0, span / 28800) + ifnull(0.2 * zz.n / q.n, 0))"
    "      / iif(zz.n IS NULL, 0.8, 1)"
    "  FROM q JOIN t ON t.id = q.id JOIN p ON p.id = q.id"
    "  LEFT JOIN zz ON zz.id = q.id AND zz.place = 1 ORDER BY 1";

/* The oracle of the published method, which takes the median of all times for
 * the period: the same for beacons whose beats are neither missed nor hidden.
 */
static const char short_oracle[] =
    "WITH g AS (SELECT *, ts / 1e6 AS t, ts / 1e6 - lag(ts / 1e6) OVER w AS gap"
    "    FROM event WINDOW w AS (PARTITION BY id ORDER BY ts)),"
    " c AS (SELECT * FROM g WHERE gap IS NULL OR gap > 5),"
    " d AS (SELECT id, t - lag(t) OVER w AS dt FROM c"
    "    WINDOW w AS (PARTITION BY id ORDER BY t)),"
    " r AS (SELECT *, row_number() OVER w AS rn,"
    "    count(*) OVER (PARTITION BY id) AS n FROM d WHERE dt IS NOT NULL"
    "    WINDOW w AS (PARTITION BY id ORDER BY dt)),"
    " m AS (SELECT id, n, avg(dt) AS P FROM r"
    "    WHERE rn IN ((n + 1) / 2, (n + 2) / 2) GROUP BY 1, 2)"
    "SELECT d.id, m.P, avg(abs(d.dt - max(1, round(d.dt / m.P)) * m.P) <="
    "    max(2.0, 0.25 * m.P) AND round(d.dt / m.P) <= 4)"
    "  FROM d JOIN m USING (id) WHERE d.dt IS NOT NULL GROUP BY 1 ORDER BY 1";

static const char ours[] =
    "SELECT id, s ->> 'period_s', s ->> 'on_beat', s ->> 'tightness',"
    "    s ->> 'early', s ->> 'persistence', s ->> 'confidence', s ->> 'size',"
    "    s ->> 'checkins', s ->> 'score', s ->> 'same_size'"
    "  FROM (SELECT id, beacon_score(ts, bytes) AS s FROM event GROUP BY id)"
    "  WHERE s IS NOT NULL ORDER BY id";

struct sql {
    sqlite3 *db;
    struct kura_zone *zone;
    struct kura_function_place place;
};

static int sql_set_up(void **state)
{
    static struct sql f;

    assert_int_equal(kura_zone_new("UTC", &f.zone, NULL), KURA_OK);
    f.place.zone = f.zone;
    assert_int_equal(sqlite3_open(":memory:", &f.db), SQLITE_OK);
    assert_int_equal(kura_functions_register(f.db, &f.place, NULL), KURA_OK);
    assert_int_equal(sqlite3_exec(f.db, "CREATE TABLE event(id, ts, bytes)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    *state = &f;
    return 0;
}

static int sql_tear_down(void **state)
{
    struct sql *f = *state;

    assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
    kura_zone_free(f->zone);
    return 0;
}

/* Every series with three seeds: id = series * 100 + seed. */
static void fill(sqlite3 *db)
{
    sqlite3_stmt *put_event;
    struct series *s;
    size_t k, i;
    unsigned seed;

    assert_int_equal(
        sqlite3_exec(db, "DELETE FROM event; BEGIN", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "INSERT INTO event VALUES (?1, ?2, ?3)",
                                        -1, &put_event, NULL),
                     SQLITE_OK);
    for (k = 0; k < SERIES; k++)
        for (seed = 0; seed < 3; seed++) {
            s = make(k, seed);
            shuffle(s);
            for (i = 0; i < s->n; i++) {
                (void)sqlite3_bind_int64(put_event, 1,
                                         (int64_t)(k * 100 + seed));
                (void)sqlite3_bind_int64(put_event, 2, s->event[i].ts);
                (void)sqlite3_bind_double(put_event, 3, s->event[i].bytes);
                assert_int_equal(sqlite3_step(put_event), SQLITE_DONE);
                (void)sqlite3_reset(put_event);
            }
        }
    (void)sqlite3_finalize(put_event);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    if (rc != SQLITE_OK)
        print_message("# %s\n", sqlite3_errmsg(db));
    assert_int_equal(rc, SQLITE_OK);
    return stmt;
}

static void near(sqlite3_stmt *a, sqlite3_stmt *b, int column, double within)
{
    double x = sqlite3_column_double(a, column),
           y = sqlite3_column_double(b, column);

    if (fabs(x - y) > within)
        print_message("# series %d, column %d: %f, plain SQL %f\n",
                      sqlite3_column_int(a, 0), column, x, y);
    assert_true(fabs(x - y) <= within);
    assert_int_equal(sqlite3_column_type(a, column) == SQLITE_NULL,
                     sqlite3_column_type(b, column) == SQLITE_NULL);
}

static void plain_sql_agrees(void **state)
{
    struct sql *f = *state;
    sqlite3_stmt *a, *b;
    int rows = 0, column, ra, rb;

    fill(f->db);
    a = prepare(f->db, ours);
    b = prepare(f->db, oracle);
    while ((ra = sqlite3_step(a)) == SQLITE_ROW) {
        do /* the oracle knows no least number of check-ins */
            rb = sqlite3_step(b);
        while (rb == SQLITE_ROW && sqlite3_column_int64(b, 8) < 6);
        assert_int_equal(rb, SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(a, 0),
                         sqlite3_column_int64(b, 0));
        if (sqlite3_column_int(a, 10) != 0) {
            /* Check-ins of one size were better than all. */
            assert_true(sqlite3_column_double(a, 9) >=
                        sqlite3_column_double(b, 9) - 1e-4);
            continue;
        }
        near(a, b, 1, 0.001);
        for (column = 2; column < 10; column++)
            near(a, b, column, 0.0001);
        rows++;
    }
    assert_int_equal(ra, SQLITE_DONE);
    assert_true(rows > (int)SERIES * 2);
    (void)sqlite3_finalize(a);
    (void)sqlite3_finalize(b);
}

/* The check-ins of the commonest size of each series, instead of all. */
static const char keep_same_size[] =
    "CREATE TEMP TABLE ours AS SELECT id, s ->> 'period_s' AS p,"
    "    s ->> 'on_beat' AS on_beat, s ->> 'tightness' AS tightness,"
    "    s ->> 'early' AS early, s ->> 'persistence' AS persistence,"
    "    s ->> 'confidence' AS confidence, NULL, s ->> 'checkins' AS n"
    "  FROM (SELECT id, beacon_score(ts, bytes) AS s FROM event GROUP BY id)"
    "  WHERE s ->> 'same_size';"
    "CREATE TEMP TABLE same AS WITH"
    " g AS (SELECT *, ts - lag(ts) OVER (PARTITION BY id ORDER BY ts) AS gap"
    "  FROM event WHERE id IN (SELECT id FROM ours)),"
    " s AS (SELECT *, sum(gap IS NULL OR gap > 5000000) OVER"
    "    (PARTITION BY id ORDER BY ts) AS run FROM g),"
    " c AS MATERIALIZED (SELECT id, min(ts) AS ts, sum(bytes) AS bytes,"
    "    floor(ln(sum(bytes)) / ln(1.1)) AS bin FROM s GROUP BY id, run),"
    " z AS (SELECT id, bin, count(*) AS n FROM c GROUP BY 1, 2),"
    " m AS (SELECT a.id, iif(ifnull(l.n, 0) >= ifnull(r.n, 0), a.bin - 1,"
    "    a.bin) AS low, row_number() OVER (PARTITION BY a.id ORDER BY a.n DESC,"
    "    a.bin) AS place FROM z a LEFT JOIN z l ON l.id = a.id"
    "    AND l.bin = a.bin - 1 LEFT JOIN z r ON r.id = a.id"
    "    AND r.bin = a.bin + 1)"
    " SELECT c.id, ts, bytes FROM c JOIN m ON m.id = c.id AND place = 1"
    "    WHERE bin BETWEEN low AND low + 1;"
    "DELETE FROM event; INSERT INTO event SELECT * FROM same";

static void plain_sql_agrees_on_same_size(void **state)
{
    struct sql *f = *state;
    sqlite3_stmt *a, *b;
    int rows = 0, column;

    fill(f->db);
    assert_int_equal(sqlite3_exec(f->db, keep_same_size, NULL, NULL, NULL),
                     SQLITE_OK);
    a = prepare(f->db, "SELECT * FROM ours ORDER BY id");
    b = prepare(f->db, oracle);
    while (sqlite3_step(a) == SQLITE_ROW) {
        assert_int_equal(sqlite3_step(b), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(a, 0),
                         sqlite3_column_int64(b, 0));
        near(a, b, 1, 0.001);
        for (column = 2; column < 7; column++)
            near(a, b, column, 0.0001);
        assert_int_equal(sqlite3_column_int64(a, 8),
                         sqlite3_column_int64(b, 8));
        rows++;
    }
    assert_true(rows >= 3); /* a beacon under browsing, and what is left */
    (void)sqlite3_finalize(a);
    (void)sqlite3_finalize(b);
}

static void published_oracle_agrees(void **state)
{
    struct sql *f = *state;
    sqlite3_stmt *a, *b;
    int rows = 0;

    fill(f->db);
    /* 60 s; 1 h +-10 %; office hours; three requests; sizes at random; 4 h. */
    a = prepare(f->db,
                "SELECT * FROM (SELECT id, s ->> 'period_s',"
                "   s ->> 'on_beat' FROM (SELECT id,"
                "   beacon_score(ts, bytes) AS s FROM event GROUP BY id))"
                " WHERE id / 100 IN (0, 4, 5, 8, 9, 12) ORDER BY id");
    b = prepare(f->db, short_oracle);
    while (sqlite3_step(a) == SQLITE_ROW) {
        do
            assert_int_equal(sqlite3_step(b), SQLITE_ROW);
        while (sqlite3_column_int64(b, 0) != sqlite3_column_int64(a, 0));
        near(a, b, 1, 0.001);
        near(a, b, 2, 0.0001);
        rows++;
    }
    assert_int_equal(rows, 18);
    (void)sqlite3_finalize(a);
    (void)sqlite3_finalize(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beacons_stand_out),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(options_are_obeyed),
        cmocka_unit_test(strobes),
        cmocka_unit_test(rita_is_as_elsewhere),
        cmocka_unit_test_setup_teardown(plain_sql_agrees, sql_set_up,
                                        sql_tear_down),
        cmocka_unit_test_setup_teardown(plain_sql_agrees_on_same_size,
                                        sql_set_up, sql_tear_down),
        cmocka_unit_test_setup_teardown(published_oracle_agrees, sql_set_up,
                                        sql_tear_down),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("beacon", tests, NULL, NULL);
}
