/* scenario.c - the streams, the days, and the files of a scenario. */
#include "tests/bench/gen/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_BYTES 4096u

/* ---- streams ---- */

static bool stream_room(struct stream *st)
{
    if (st->n == st->cap) {
        size_t cap = st->cap != 0 ? st->cap * 2 : 4096;
        struct line *p = realloc(st->lines, cap * sizeof(*p));

        if (p == NULL)
            return false;
        st->lines = p;
        st->cap = cap;
    }
    if (st->room - st->used < LINE_MAX_BYTES) {
        size_t room = st->room * 2 + LINE_MAX_BYTES * 16;
        char *p = realloc(st->text, room);

        if (p == NULL)
            return false;
        st->text = p;
        st->room = room;
    }
    return true;
}

void scenario_line(struct scenario *s, enum source source, int64_t ms,
                   const char *format, ...)
{
    struct stream *st = &s->into[source];
    va_list args;
    int n;

    if (!stream_room(st)) {
        s->failed = true;
        return;
    }
    va_start(args, format);
    n = vsnprintf(st->text + st->used, LINE_MAX_BYTES - 1, format, args);
    va_end(args);
    if (n < 0 || n >= (int)LINE_MAX_BYTES - 1) {
        errno = EOVERFLOW;
        s->failed = true;
        return;
    }
    st->text[st->used + (size_t)n] = '\n';
    st->lines[st->n++] = (struct line){ms, st->used, (uint32_t)n + 1};
    st->used += (size_t)n + 1;
}

static int line_cmp(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    if (x->ms != y->ms)
        return x->ms < y->ms ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static void stream_sort(struct stream *st)
{
    if (st->n > 0)
        qsort(st->lines, st->n, sizeof(*st->lines), line_cmp);
}

static int line_cmp_place(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

/* Removes the first n lines; the text of the others moves down, in order of
 * place, so that none is overwritten before its turn. */
static void stream_drop(struct stream *st, size_t n)
{
    size_t i;

    st->used = 0;
    st->n -= n;
    if (st->n == 0)
        return;
    memmove(st->lines, st->lines + n, st->n * sizeof(*st->lines));
    qsort(st->lines, st->n, sizeof(*st->lines), line_cmp_place);
    for (i = 0; i < st->n; i++) {
        struct line *l = &st->lines[i];

        memmove(st->text + st->used, st->text + l->at, l->n);
        l->at = st->used;
        st->used += l->n;
    }
}

static void stream_free(struct stream *st)
{
    free(st->lines);
    free(st->text);
}

/* ---- writing ---- */

/* The lines of both streams before `end`, in order of time. */
static void source_write(struct scenario *s, enum source source, int64_t end,
                         size_t *planted)
{
    struct stream *day = &s->today[source], *plants = &s->planted[source];
    size_t i = 0;

    stream_sort(day);
    for (;;) {
        const struct line *a = i < day->n ? &day->lines[i] : NULL;
        const struct line *b =
            *planted < plants->n ? &plants->lines[*planted] : NULL;
        bool plant = a == NULL || (b != NULL && b->ms < a->ms);
        const struct line *next = plant ? b : a;

        if (next == NULL || next->ms >= end)
            break;
        if (fwrite((plant ? plants : day)->text + next->at, 1, next->n,
                   s->files[source]) != next->n)
            s->failed = true;
        s->written++;
        if (plant)
            (*planted)++;
        else
            i++;
    }
    stream_drop(day, i);
}

static void days_write(struct scenario *s)
{
    size_t planted[SOURCES] = {0};
    uint32_t day;
    int i;

    for (i = 0; i < SOURCES; i++)
        stream_sort(&s->planted[i]);
    s->into = s->today;
    for (day = 0; day < s->days && !s->failed; day++) {
        /* What goes on without people: a fifth. */
        double n = s->per_workday * (is_workday(s, day) ? 1 : 0.2);

        background_proxy(s, day, (uint64_t)(n * 0.42));
        background_firewall(s, day, (uint64_t)(n * 0.23));
        background_dns(s, day, (uint64_t)(n * 0.19));
        background_mail(s, day, (uint64_t)(n * 0.08));
        background_windows(s, day, (uint64_t)(n * 0.08));
        background_odd(s, day);
        for (i = 0; i < SOURCES; i++)
            source_write(s, (enum source)i,
                         day + 1 < s->days ? at(s, day + 1, 0, 0, 0)
                                           : INT64_MAX,
                         &planted[i]);
    }
}

/* ---- labels ---- */

static void label(struct scenario *s, const char *hunt, const char *kind,
                  const char *words_, const char *pairs, va_list args)
{
    (void)fprintf(s->labels, "%s\t%s\t", hunt, kind);
    (void)vfprintf(s->labels, pairs, args);
    if (fprintf(s->labels, "\t%s\n", words_) < 0)
        s->failed = true;
}

void hit(struct scenario *s, const char *hunt, const char *words_,
         const char *pairs, ...)
{
    va_list args;

    va_start(args, pairs);
    label(s, hunt, "hit", words_, pairs, args);
    va_end(args);
}

void miss(struct scenario *s, const char *hunt, const char *words_,
          const char *pairs, ...)
{
    va_list args;

    va_start(args, pairs);
    label(s, hunt, "miss", words_, pairs, args);
    va_end(args);
}

static void plants_grow(struct scenario *s)
{
    static const struct plant *const lists[] = {plants_mail,    plants_firewall,
                                                plants_proxy,   plants_dns,
                                                plants_windows, plants_story};
    uint32_t i;

    s->into = s->planted;
    for (i = 0; i < COUNT(lists); i++) {
        const struct plant *p;

        for (p = lists[i]; p->hunt != NULL; p++)
            p->grow(s, workday(s, p->day), p->who);
    }
}

/* ---- a run ---- */

static FILE *file_open(const char *dir, const char *name)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

    if (n < 0 || n >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return fopen(path, "w");
}

static bool file_close(FILE **f)
{
    bool ok = *f == NULL || fclose(*f) == 0;

    *f = NULL;
    return ok;
}

static bool texts_write(const struct scenario *s, const char *dir)
{
    FILE *f = file_open(dir, "kura.yaml");
    bool ok = f != NULL && site_write(s, f);

    ok = file_close(&f) && ok;
    if (!ok)
        return false;
    f = file_open(dir, "indicators.csv");
    ok = f != NULL && indicators_write(f);
    return file_close(&f) && ok;
}

static void workdays_weigh(struct scenario *s)
{
    double weight = 0;
    uint32_t day;

    for (day = 0; day < s->days; day++)
        weight += is_workday(s, day) ? 1 : 0.2;
    s->per_workday = (double)s->lines / weight;
}

static bool scenario_prepare(struct scenario *s,
                             const struct scenario_options *o)
{
    static const char *const names[SOURCES] = {[MAIL] = "maillog",
                                               [FIREWALL] = "firewall.log",
                                               [PROXY] = "access.log",
                                               [DNS] = "queries.log",
                                               [WINDOWS] = "security.json"};
    uint64_t a_day = o->lines / o->days;
    uint32_t i;

    s->chance.state = mix(o->seed + 77);
    s->date.day = -1;
    s->first_day = o->first_day;
    s->days = o->days;
    s->lines = o->lines;
    s->npeople = a_day / 50 < PEOPLE_MIN   ? PEOPLE_MIN
                 : a_day / 50 > PEOPLE_MAX ? PEOPLE_MAX
                                           : (uint32_t)(a_day / 50);
    s->nsites = a_day / 4 + 100 < SITES ? (uint32_t)(a_day / 4) + 100 : SITES;
    s->people = calloc(s->npeople, sizeof(*s->people));
    s->sites = calloc(s->nsites, sizeof(*s->sites));
    if (s->people == NULL || s->sites == NULL)
        return false;
    people_fill(s);
    for (i = 0; i < s->nsites; i++) {
        site_fill(&s->sites[i], i);
        /* The other ranges belong to partners and attackers here. */
        s->sites[i].ip = 0xc6120000u + (uint32_t)(mix(i + 5) % 50000);
    }
    office_fill(s);
    quantiles_fill(s->size, 5000, 1.5, 8000000);
    workdays_weigh(s);
    if (!zipf_fill(&s->by_person, s->npeople, 0.3) ||
        !zipf_fill(&s->by_site, s->nsites, 0.9))
        return false;
    if (mkdir(o->dir, 0777) != 0 && errno != EEXIST)
        return false;
    for (i = 0; i < SOURCES; i++) {
        s->files[i] = file_open(o->dir, names[i]);
        if (s->files[i] == NULL)
            return false;
    }
    s->labels = file_open(o->dir, "labels.tsv");
    return s->labels != NULL && texts_write(s, o->dir);
}

static bool scenario_release(struct scenario *s)
{
    bool ok = file_close(&s->labels);
    int i;

    for (i = 0; i < SOURCES; i++) {
        ok = file_close(&s->files[i]) && ok;
        stream_free(&s->today[i]);
        stream_free(&s->planted[i]);
    }
    free(s->people);
    free(s->sites);
    free(s->by_person.keep);
    free(s->by_person.other);
    free(s->by_site.keep);
    free(s->by_site.other);
    return ok;
}

bool scenario_run(const struct scenario_options *options)
{
    struct scenario s = {0};
    bool ok = scenario_prepare(&s, options);

    if (ok && !options->background_only)
        plants_grow(&s);
    if (ok)
        days_write(&s);
    ok = ok && !s.failed;
    return scenario_release(&s) && ok;
}
