/* generate.c - made-up logs in the formats that kura reads, for the bench, the
 * demo and tests of size.
 *
 *     generate --product squid|postfix|netscreen|bind [--lines N] [--days D]
 *              [--start YYYY-MM-DD] [--seed S] [--clients C]
 *     generate --scenario DIR [--lines N] [--days D] [--start YYYY-MM-DD]
 *              [--seed S] [--background-only]
 *
 * The second writes a labelled year of one organisation: gen/scenario.h.
 *
 * The same arguments give the same bytes.  Sites and clients do not depend on
 * the seed, so that the logs of several products are about the same machines.
 *
 * Lines come from actors: a page being loaded, a message on its way, a session.
 * An actor writes its lines at intervals; a heap holds all actors by the time
 * of their next line, so that the log is in order although they overlap.  Each
 * new actor starts where the share of lines planned so far falls on the curve
 * of the working week; that gives exactly N lines.
 *
 * All names end in reserved domains; outside addresses are from the ranges for
 * documentation and for benchmarks (198.18.0.0/15). */
#include "tests/bench/gen/gen.h"
#include "tests/bench/gen/scenario.h"

#include <errno.h>

/* How busy an hour of the week is; machines go on at night. */
static double hour_weight(const struct gen *g, int64_t day, unsigned hour)
{
    static const unsigned char busy[24] = {3,  2,  2,  2,  2,  3,  4,  12,
                                           45, 98, 99, 95, 65, 92, 99, 97,
                                           95, 85, 50, 28, 15, 10, 7,  4};
    /* 1970-01-01 was a Thursday. */
    int64_t weekday = (day + 3) % 7;
    double w = weekday < 5 ? busy[hour] : 4;

    return w + (g->product == SQUID ? 0 : 12);
}

static bool curve_fill(struct gen *g)
{
    uint32_t n = g->days * MINUTES_A_DAY, i;
    double sum = 0;

    g->curve = calloc(n + 1, sizeof(*g->curve));
    if (g->curve == NULL)
        return false;
    for (i = 0; i < n; i++) {
        int64_t day = (g->start_ms + ZONE_MS) / 86400000 + i / MINUTES_A_DAY;
        double w = hour_weight(g, day, i % MINUTES_A_DAY / 60);

        sum += w * (0.7 + chance_below(&g->chance, 600) / 1000.0);
        g->curve[i + 1] = sum;
    }
    for (i = 1; i <= n; i++)
        g->curve[i] /= sum;
    return true;
}

static int64_t curve_time(struct gen *g, uint64_t line)
{
    uint32_t last = g->days * MINUTES_A_DAY - 1;
    double share = (double)line / (double)g->lines, from, width;

    while (g->minute < last && g->curve[g->minute + 1] < share)
        g->minute++;
    from = g->curve[g->minute];
    width = g->curve[g->minute + 1] - from;
    share = share > from ? (share - from) / width : 0;
    return g->start_ms + (int64_t)g->minute * 60000 +
           (int64_t)((share < 1 ? share : 1) * 60000);
}

static bool heap_add(struct gen *g, const struct actor *a)
{
    size_t i = g->nheap;

    if (g->nheap == g->cap) {
        size_t cap = g->cap != 0 ? g->cap * 2 : 1024;
        struct actor *p = realloc(g->heap, cap * sizeof(*p));

        if (p == NULL)
            return false;
        g->heap = p;
        g->cap = cap;
    }
    g->nheap++;
    for (; i > 0 && g->heap[(i - 1) / 2].ms > a->ms; i = (i - 1) / 2)
        g->heap[i] = g->heap[(i - 1) / 2];
    g->heap[i] = *a;
    return true;
}

/* The first actor has become another one: it goes where it belongs. */
static void heap_sink(struct gen *g)
{
    struct actor a = g->heap[0];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < g->nheap) {
        if (child + 1 < g->nheap && g->heap[child + 1].ms < g->heap[child].ms)
            child++;
        if (g->heap[child].ms >= a.ms)
            break;
        g->heap[i] = g->heap[child];
        i = child;
    }
    g->heap[i] = a;
}

static int actor_lines(struct gen *g, struct actor *a)
{
    if (a->kind == BEACON)
        return 1;
    switch (g->product) {
    case SQUID:
        return squid_start(g, a);
    case POSTFIX:
        return postfix_start(g, a);
    case BIND:
        return bind_start(a);
    default:
        return 1;
    }
}

/* Starts one at a time of its share, from *next on, and moves *next past it. */
static bool actor_new(struct gen *g, int64_t *next)
{
    uint64_t left = g->lines - g->planned;
    struct actor a = {0};
    int64_t ms = *next;

    a.client = zipf_pick(&g->chance, &g->by_client);
    a.site = zipf_pick(&g->chance, &g->by_site);
    a.id = chance_bits(&g->chance) >> 24;
    a.peer = chance_below(&g->chance, 1u << 30);
    if (ms >= g->next_beacon && g->product != POSTFIX) {
        a.kind = BEACON;
        a.client = INFECTED % g->nclient;
        g->next_beacon += BEACON_MS;
        if (g->next_beacon <= ms)
            g->next_beacon = ms + BEACON_MS;
    }
    a.end = actor_lines(g, &a);
    if ((uint64_t)a.end > left)
        a.end = (int)left;
    g->planned += (uint64_t)a.end;
    *next = curve_time(g, g->planned);
    a.ms = ms + chance_below(&g->chance, (uint32_t)(*next - ms) + 1);
    return heap_add(g, &a);
}

static int64_t actor_pause(struct gen *g)
{
    return g->product == BIND
               ? chance_below(&g->chance, 4)
               : 2 + chance_below(&g->chance,
                                  1 + chance_below(&g->chance, 400));
}

static void actor_line(struct gen *g, const struct actor *a)
{
    switch (g->product) {
    case SQUID:
        squid_line(g, a);
        break;
    case POSTFIX:
        postfix_line(g, a);
        break;
    case NETSCREEN:
        netscreen_line(g, a);
        break;
    case BIND:
        bind_line(g, a);
        break;
    }
    PUT(&g->out, "\n");
}

static bool gen_run(struct gen *g)
{
    int64_t next = curve_time(g, 0);

    while (g->planned < g->lines || g->nheap > 0) {
        struct actor *a = g->heap;

        if (g->planned < g->lines && (g->nheap == 0 || next <= a->ms)) {
            if (!actor_new(g, &next))
                return false;
            continue;
        }
        actor_line(g, a);
        if (g->out.n > OUT_SIZE - OUT_ROOM && !out_flush(&g->out))
            return false;
        a->ms += actor_pause(g);
        if (++a->at == a->end)
            *a = g->heap[--g->nheap];
        heap_sink(g);
    }
    return out_flush(&g->out);
}

static bool gen_prepare(struct gen *g)
{
    uint32_t i;

    g->out.data = malloc(OUT_SIZE);
    g->sites = calloc(SITES, sizeof(*g->sites));
    g->clients = calloc(g->nclient, sizeof(*g->clients));
    if (g->out.data == NULL || g->sites == NULL || g->clients == NULL)
        return false;
    for (i = 0; i < SITES; i++)
        site_fill(&g->sites[i], i);
    for (i = 0; i < g->nclient; i++)
        client_fill(&g->clients[i], i);
    quantiles_fill(g->elapsed, 70, 1.6, 590000);
    quantiles_fill(g->size, 5000, 1.7, 400000000);
    g->date.day = -1;
    g->next_beacon = g->start_ms;
    return zipf_fill(&g->by_site, SITES, 1.0) &&
           zipf_fill(&g->by_client, g->nclient, 0.5) && curve_fill(g);
}

static void gen_release(struct gen *g)
{
    free(g->out.data);
    free(g->sites);
    free(g->clients);
    free(g->by_site.keep);
    free(g->by_site.other);
    free(g->by_client.keep);
    free(g->by_client.other);
    free(g->curve);
    free(g->heap);
}

static bool number_read(const char *s, uint64_t min, uint64_t max,
                        uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(s, &end, 10);
    return *s >= '0' && *s <= '9' && *end == '\0' && errno == 0 &&
           *out >= min && *out <= max;
}

static bool start_read(struct gen *g, const char *s)
{
    static const char shape[] = "dddd-dd-dd";
    int v[3] = {0, 0, 0}, part = 0;
    size_t i;

    if (strlen(s) != sizeof(shape) - 1)
        return false;
    for (i = 0; s[i] != '\0'; i++) {
        if (shape[i] == '-' ? s[i] != '-' : s[i] < '0' || s[i] > '9')
            return false;
        if (s[i] == '-')
            part++;
        else
            v[part] = v[part] * 10 + (s[i] - '0');
    }
    if (v[0] < 2002 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31)
        return false;
    g->start_ms = days_from_date(v[0], v[1], v[2]) * 86400000 - ZONE_MS;
    return true;
}

static bool product_read(struct gen *g, const char *s)
{
    static const char *const names[] = {"squid", "postfix", "netscreen",
                                        "bind"};
    unsigned i;

    for (i = 0; i < COUNT(names); i++) {
        if (strcmp(s, names[i]) == 0) {
            g->product = (enum product)i;
            return true;
        }
    }
    return false;
}

static bool option_read(struct gen *g, const char *name, const char *value)
{
    uint64_t v;

    if (strcmp(name, "--product") == 0)
        return product_read(g, value);
    if (strcmp(name, "--start") == 0)
        return start_read(g, value);
    if (strcmp(name, "--lines") == 0)
        return number_read(value, 1, UINT64_C(1) << 40, &g->lines);
    if (strcmp(name, "--seed") == 0)
        return number_read(value, 0, UINT64_MAX, &g->chance.state);
    if (strcmp(name, "--days") == 0 && number_read(value, 1, DAYS_MAX, &v)) {
        g->days = (uint32_t)v;
        return true;
    }
    if (strcmp(name, "--clients") == 0 && number_read(value, 1, 50000, &v)) {
        g->nclient = (uint32_t)v;
        return true;
    }
    return false;
}

static int usage(const char *option)
{
    (void)fprintf(stderr,
                  "generate: bad option '%s'\n"
                  "usage: generate --product squid|postfix|netscreen|bind "
                  "[--lines N] [--days D] [--start YYYY-MM-DD] [--seed S] "
                  "[--clients C]\n"
                  "       generate --scenario DIR [--lines N] [--days D] "
                  "[--start YYYY-MM-DD] [--seed S] [--background-only]\n",
                  option);
    return 2;
}

static int result(bool ok)
{
    if (!ok)
        (void)fprintf(stderr, "generate: %s\n", strerror(errno));
    return ok ? 0 : 3;
}

static int product_main(struct gen *g, int argc, char **argv)
{
    bool ok;
    int i;

    g->days = 1;
    g->nclient = 600;
    (void)start_read(g, "2015-02-16");
    for (i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !option_read(g, argv[i], argv[i + 1]))
            return usage(argv[i]);
    }
    if (g->lines == 0)
        g->lines = g->days * UINT64_C(100000);
    g->chance.state = mix(g->chance.state + g->product);
    ok = gen_prepare(g) && gen_run(g);
    gen_release(g);
    return result(ok);
}

static int scenario_main(struct gen *g, int argc, char **argv)
{
    struct scenario_options o = {.dir = argv[2]};
    int i;

    g->days = 365;
    (void)start_read(g, "2025-01-01");
    for (i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--background-only") == 0)
            o.background_only = true;
        else if (i + 1 == argc || strcmp(argv[i], "--product") == 0 ||
                 strcmp(argv[i], "--clients") == 0 ||
                 !option_read(g, argv[i], argv[i + 1]))
            return usage(argv[i]);
        else
            i++;
    }
    if (g->days < SCENARIO_DAYS && !o.background_only) {
        (void)fprintf(stderr, "generate: the plants need %u days\n",
                      SCENARIO_DAYS);
        return 2;
    }
    o.first_day = (g->start_ms + ZONE_MS) / 86400000;
    o.days = g->days;
    o.lines = g->lines != 0 ? g->lines : g->days * UINT64_C(2000);
    o.seed = g->chance.state;
    return result(scenario_run(&o));
}

int main(int argc, char **argv)
{
    struct gen g = {0};

    return argc > 2 && strcmp(argv[1], "--scenario") == 0
               ? scenario_main(&g, argc, argv)
               : product_main(&g, argc, argv);
}
