/* functions_beacon.c - the aggregates beacon_score and beacon_rita. */
#include "query/functions.h"

#include "query/beacon.h"
#include "query/beacon_rita.h"
#include "query/functions_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of an event; NAN when they are not known. */
static double arg_bytes(sqlite3_value *v)
{
    int type = sqlite3_value_numeric_type(v);

    return type == SQLITE_INTEGER || type == SQLITE_FLOAT
               ? sqlite3_value_double(v)
               : (double)NAN;
}

/* --- beacon_score(ts, bytes [, options]) ---------------------------------- */

struct score_group {
    struct kura_beacon *beacon;
};

static bool score_begin(sqlite3_context *ctx, struct score_group *g, int argc,
                        sqlite3_value **argv)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_beacon_options options;
    const char *s = NULL;
    size_t n = 0;
    enum kura_rc rc;

    if (argc > 2)
        s = kura_arg_text(argv[2], &n);
    rc = kura_beacon_options_read(s, n, &options, &err);
    if (rc == KURA_OK)
        rc = kura_beacon_new(&options, &g->beacon, &err);
    if (rc != KURA_OK)
        kura_function_fail(ctx, rc, &err);
    return rc == KURA_OK;
}

static void score_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    struct kura_err err = KURA_ERR_INIT;
    struct score_group *g;
    enum kura_rc rc;
    int64_t ts;

    if (!kura_arg_instant(argv[0], &ts))
        return;
    g = sqlite3_aggregate_context(ctx, sizeof(*g));
    if (g == NULL) {
        sqlite3_result_error_nomem(ctx);
        return;
    }
    if (g->beacon == NULL && !score_begin(ctx, g, argc, argv))
        return;
    rc = kura_beacon_add(g->beacon, ts, arg_bytes(argv[1]), &err);
    if (rc != KURA_OK)
        kura_function_fail(ctx, rc, &err);
}

/* sqlite3_str writes a dot whatever the locale of the host program. */
static void score_json(sqlite3_str *out, const struct kura_beacon_score *s)
{
    if (!s->scored) {
        sqlite3_str_appendf(out,
                            "{\"score\":null,\"events\":%lld,"
                            "\"checkins\":%lld,\"span_h\":%.2f,\"strobe\":%d}",
                            (long long)s->events, (long long)s->checkins,
                            s->span_h, s->strobe);
        return;
    }
    sqlite3_str_appendf(out,
                        "{\"score\":%.4f,\"period_s\":%.3f,\"jitter\":%.4f,"
                        "\"events\":%lld,\"checkins\":%lld,\"on_beat\":%.4f,"
                        "\"tightness\":%.4f,\"early\":%.4f,\"size\":",
                        s->score, s->period_s, s->jitter, (long long)s->events,
                        (long long)s->checkins, s->on_beat, s->tightness,
                        s->early);
    if (s->has_size)
        sqlite3_str_appendf(out, "%.4f", s->size);
    else
        sqlite3_str_appendall(out, "null");
    sqlite3_str_appendf(out,
                        ",\"persistence\":%.4f,\"span_h\":%.2f,"
                        "\"confidence\":%.4f,\"same_size\":%d,\"strobe\":%d}",
                        s->persistence, s->span_h, s->confidence, s->same_size,
                        s->strobe);
}

static void json_result(sqlite3_context *ctx, sqlite3_str *out)
{
    int n = sqlite3_str_length(out);
    char *text = sqlite3_str_finish(out);

    if (text == NULL)
        sqlite3_result_error_nomem(ctx);
    else
        sqlite3_result_text(ctx, text, n, sqlite3_free);
}

static void score_final(sqlite3_context *ctx)
{
    struct score_group *g = sqlite3_aggregate_context(ctx, 0);
    struct kura_err err = KURA_ERR_INIT;
    struct kura_beacon_score s;
    sqlite3_str *out;
    enum kura_rc rc;

    if (g == NULL || g->beacon == NULL)
        return; /* no event: NULL */
    rc = kura_beacon_get(g->beacon, &s, &err);
    kura_beacon_free(g->beacon);
    g->beacon = NULL;
    if (rc != KURA_OK) {
        kura_function_fail(ctx, rc, &err);
        return;
    }
    if (!s.scored && !s.strobe)
        return; /* too few */
    out = sqlite3_str_new(sqlite3_context_db_handle(ctx));
    score_json(out, &s);
    json_result(ctx, out);
}

/* --- beacon_rita(ts, bytes [, from_ts, to_ts]) -----------------------------
 */

/* Events of one group: 16 MiB.  RITA calls a pair with more than one a second
 * all day a strobe and scores it no more. */
#define RITA_MAX (1024u * 1024)

struct rita_event {
    int64_t second;
    double bytes;
};

struct rita_group {
    struct rita_event *event;
    size_t count, cap;
    int64_t from, to; /* seconds; the same: not given */
    bool overflow;
};

static bool rita_reserve(struct rita_group *g)
{
    size_t cap = g->cap == 0 ? 64 : g->cap * 2;
    struct rita_event *event;

    if (g->count < g->cap)
        return true;
    event = sqlite3_realloc64(g->event, cap * sizeof(*event));
    if (event == NULL)
        return false;
    g->event = event;
    g->cap = cap;
    return true;
}

static void rita_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    double bytes = arg_bytes(argv[1]);
    int64_t ts, from, to;
    struct rita_group *g;

    if (!kura_arg_instant(argv[0], &ts))
        return;
    g = sqlite3_aggregate_context(ctx, sizeof(*g));
    if (g == NULL || (!g->overflow && !rita_reserve(g))) {
        sqlite3_result_error_nomem(ctx);
        return;
    }
    if (g->count == 0 && argc > 2 && kura_arg_instant(argv[2], &from) &&
        kura_arg_instant(argv[3], &to)) {
        g->from = from / KURA_SECOND;
        g->to = to / KURA_SECOND;
    }
    g->overflow = g->overflow || g->count == RITA_MAX;
    if (!g->overflow)
        g->event[g->count++] =
            (struct rita_event){ts / KURA_SECOND, isnan(bytes) ? 0.0 : bytes};
}

static int event_cmp(const void *a, const void *b)
{
    const struct rita_event *x = a, *y = b;

    return (x->second > y->second) - (x->second < y->second);
}

/* The whole days of the events, when no range was given. */
static void rita_range(struct rita_group *g)
{
    const int64_t day = KURA_DAY / KURA_SECOND;

    if (g->from < g->to)
        return;
    g->from = kura_day_of(g->event[0].second * KURA_SECOND) * day;
    g->to =
        (kura_day_of(g->event[g->count - 1].second * KURA_SECOND) + 1) * day;
}

static void rita_result(sqlite3_context *ctx, const struct kura_rita *r)
{
    sqlite3_str *out = sqlite3_str_new(sqlite3_context_db_handle(ctx));

    sqlite3_str_appendf(out,
                        "{\"score\":%.3f,\"times\":%.3f,\"sizes\":%.3f,"
                        "\"histogram\":%.3f,\"duration\":%.3f}",
                        r->score, r->times, r->sizes, r->histogram,
                        r->duration);
    json_result(ctx, out);
}

static void rita_score(sqlite3_context *ctx, struct rita_group *g)
{
    int64_t *second = sqlite3_malloc64(g->count * sizeof(*second));
    double *bytes = sqlite3_malloc64(g->count * sizeof(*bytes));
    struct kura_err err = KURA_ERR_INIT;
    enum kura_rc rc = KURA_ENOMEM;
    bool defined = false;
    struct kura_rita r;
    size_t i;

    if (second == NULL || bytes == NULL)
        goto out;
    qsort(g->event, g->count, sizeof(*g->event), event_cmp);
    rita_range(g);
    for (i = 0; i < g->count; i++) {
        second[i] = g->event[i].second;
        bytes[i] = g->event[i].bytes;
    }
    rc = kura_rita_score(second, bytes, g->count, g->from, g->to, &r, &defined,
                         &err);
out:
    if (rc != KURA_OK)
        kura_function_fail(ctx, rc, &err);
    else if (defined)
        rita_result(ctx, &r);
    sqlite3_free(second);
    sqlite3_free(bytes);
}

static void rita_final(sqlite3_context *ctx)
{
    struct rita_group *g = sqlite3_aggregate_context(ctx, 0);

    if (g == NULL)
        return;
    if (g->count != 0 && !g->overflow)
        rita_score(ctx, g);
    sqlite3_free(g->event);
    *g = (struct rita_group){0};
}

int kura_functions_add_beacon(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = SQLITE_OK, args;

    for (args = 2; rc == SQLITE_OK && args <= 3; args++)
        rc = sqlite3_create_function_v2(db, "beacon_score", args, flags, NULL,
                                        NULL, score_step, score_final, NULL);
    for (args = 2; rc == SQLITE_OK && args <= 4; args += 2)
        rc = sqlite3_create_function_v2(db, "beacon_rita", args, flags, NULL,
                                        NULL, rita_step, rita_final, NULL);
    return rc;
}
