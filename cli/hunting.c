#include "cli/hunting.h"

#include "cli/session.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Opening ----------------------------------------------------------- */

static enum kura_rc open_casefile(struct kura_hunting *g, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    char text[640];
    enum kura_rc rc;

    if (!g->keep)
        return KURA_OK;
    rc = kura_casefile_open(kura_warehouse_dir(g->w), true, &g->casefile,
                            &cause);
    if (rc == KURA_OK)
        return KURA_OK;
    if (rc != KURA_EIO && rc != KURA_ENOTFOUND)
        return kura_err_set(err, rc, "%s", cause.msg);
    g->keep = false;
    (void)snprintf(text, sizeof(text), "findings are not kept: %s", cause.msg);
    kura_cli_say(g->cli, text);
    return KURA_OK;
}

enum kura_rc kura_hunting_open(struct kura_hunting *g, struct kura_err *err)
{
    enum kura_rc rc = kura_warehouse_open(g->cli->dir, false, &g->w, err);

    if (rc == KURA_OK)
        rc = open_casefile(g, err);
    if (rc == KURA_OK)
        rc = kura_warehouse_list(g->w, NULL, &g->entries, &g->entry_count, err);
    if (rc == KURA_OK)
        rc = kura_findings_new(kura_warehouse_zone(g->w), &g->findings, err);
    return rc;
}

void kura_hunting_close(struct kura_hunting *g)
{
    size_t i;

    for (i = 0; i < g->done_count; i++)
        kura_hunt_answer_release(&g->done[i].answer);
    free(g->done);
    kura_findings_free(g->findings);
    if (g->entries != NULL)
        kura_warehouse_list_free(g->entries, g->entry_count);
    kura_casefile_close(g->casefile);
    kura_warehouse_close(g->w);
    memset(g, 0, sizeof(*g));
}

/* --- Parameters --------------------------------------------------------- */

/* By parameter of the hunt; several hunts share --param, so a name that this
 * one does not have is passed over (the command checks that one has it). */
static enum kura_rc params_read(const struct kura_hunting *g,
                                const struct kura_hunt *h, const char **values,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, k;

    for (k = 0; rc == KURA_OK && g->params != NULL && g->params[k] != NULL;
         k++) {
        const char *equal = strchr(g->params[k], '=');
        size_t n = equal == NULL ? 0 : (size_t)(equal - g->params[k]);

        for (i = 0; rc == KURA_OK && i < h->param_count; i++) {
            const struct kura_hunt_param *p = &h->params[i];

            if (strlen(p->name) != n || memcmp(p->name, g->params[k], n) != 0)
                continue;
            rc = kura_hunt_value_check(p, equal + 1, err);
            values[i] = equal + 1;
        }
    }
    return rc;
}

/* --- Ranges -------------------------------------------------------------- */

static bool entry_is_of(const struct kura_partition_entry *e,
                        const struct kura_hunt *h)
{
    size_t i;

    for (i = 0; i < h->table_count; i++)
        if (h->tables[i] == e->schema)
            return true;
    return false;
}

/* From the first to the last day of the zone on which the hunt's tables have
 * rows that can be read; false when there are none. */
static bool range_of_logs(const struct kura_hunting *g,
                          const struct kura_hunt *h, int64_t *from, int64_t *to)
{
    const struct kura_zone *zone = kura_warehouse_zone(g->w);
    int64_t low = INT64_MAX, high = INT64_MIN, unread_to = INT64_MIN, day;
    size_t i;

    for (i = 0; i < g->entry_count; i++) {
        const struct kura_partition_entry *e = &g->entries[i];

        if (!entry_is_of(e, h) || e->rows == 0)
            continue;
        if (kura_partition_copy(e, g->archived) == NULL) {
            if ((e->day + 1) * KURA_DAY > unread_to)
                unread_to = (e->day + 1) * KURA_DAY;
            continue;
        }
        low = e->first_ts < low ? e->first_ts : low;
        high = e->last_ts > high ? e->last_ts : high;
    }
    if (low > high)
        return false;
    day = kura_zone_day(zone, low);
    *from = kura_zone_to_utc(zone, day * KURA_DAY);
    /* A day of the zone whose begin lies in the archive is not whole. */
    if (*from < unread_to && unread_to <= low)
        *from = kura_zone_to_utc(zone, (day + 1) * KURA_DAY);
    day = kura_zone_day(zone, high);
    *to = kura_zone_to_utc(zone, (day + 1) * KURA_DAY);
    return true;
}

/* What was asked for; where an end was left open, that of the logs.  Without
 * any logs it is today, so that the run can say that there are none. */
static void range_asked(const struct kura_hunting *g, const struct kura_hunt *h,
                        int64_t *from, int64_t *to)
{
    *from = g->cli->now_us - KURA_DAY;
    *to = g->cli->now_us;
    (void)range_of_logs(g, h, from, to);
    if (g->from_ts != INT64_MIN)
        *from = g->from_ts;
    if (g->to_ts != INT64_MAX)
        *to = g->to_ts;
    if (*to < *from)
        *to = *from;
}

/* --- One run ---------------------------------------------------------------
 */

static int64_t now_ms(void)
{
    return kura_clock_now() / 1000;
}

static enum kura_rc hunt_ask(struct kura_hunting *g, struct kura_hunted *d,
                             const char *const *values, struct kura_err *err)
{
    const struct kura_engine_options o = {kura_hunt_begin(d->hunt, d->from_ts),
                                          d->to_ts, g->archived, true};
    struct kura_session s = {NULL, NULL, NULL};
    struct kura_hunt_ask ask;
    enum kura_rc rc;

    rc = kura_session_open(g->cli->dir, &o, g->timeout_s * 1000, &s, err);
    if (rc == KURA_OK)
        rc = kura_hunt_check(d->hunt, s.db, err);
    if (rc == KURA_OK) {
        memset(&ask, 0, sizeof(ask));
        ask.hunt = d->hunt;
        ask.db = s.db;
        ask.engine = s.engine;
        ask.zone = kura_warehouse_zone(s.w);
        ask.stop = &kura_cli_stop;
        ask.from_ts = d->from_ts;
        ask.to_ts = d->to_ts;
        ask.values = values;
        ask.known = g->casefile;
        rc = kura_hunt_run(&ask, &d->answer, err);
    }
    kura_session_close(&s);
    return rc;
}

/* Also of a hunt that did not get as far as running. */
static void hunt_failed(struct kura_hunted *d, const struct kura_err *cause)
{
    d->answer.status = KURA_HUNT_FAILED;
    (void)snprintf(d->answer.reason, sizeof(d->answer.reason), "%s",
                   cause->msg);
}

static enum kura_rc hunt_hand_on(struct kura_hunting *g,
                                 const struct kura_hunted *d,
                                 struct kura_finding *finding,
                                 struct kura_err *err)
{
    enum kura_rc rc = kura_findings_add(g->findings, finding, d->hunt, err);

    if (rc == KURA_OK && g->found != NULL)
        rc = g->found(g->arg, finding, err);
    return rc;
}

static enum kura_rc record_gone(struct kura_hunting *g, struct kura_hunted *d,
                                int64_t run, struct kura_err *err)
{
    struct kura_finding_filter filter = {d->hunt->name, NULL, 0, run};
    struct kura_finding *gone = NULL;
    size_t count = 0, i;
    enum kura_rc rc =
        kura_finding_list(g->casefile, &filter, &gone, &count, err);

    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = hunt_hand_on(g, d, &gone[i], err);
    d->gone = (int64_t)count;
    kura_finding_list_free(gone, count);
    return rc;
}

static enum kura_rc hunt_record(struct kura_hunting *g, struct kura_hunted *d,
                                int64_t started_us, struct kura_err *err)
{
    struct kura_hunt_answer *a = &d->answer;
    struct kura_hunt_run run;
    struct kura_hunt_day *days = NULL;
    size_t count = 0;
    bool known = false;
    enum kura_rc rc;

    memset(&run, 0, sizeof(run));
    run.what.hunt = d->hunt->name;
    run.what.version = d->hunt->version;
    run.what.params = a->params != NULL ? a->params : "{}";
    run.from_ts = d->from_ts;
    run.to_ts = d->to_ts;
    run.archived = g->archived;
    run.cut = a->more != 0;
    run.started_us = started_us;
    run.ms = d->ms;
    run.status = kura_hunt_status_word(a->status);
    run.reason = a->reason;
    run.coverage = a->coverage != NULL ? a->coverage : "[]";
    rc = kura_hunt_was_run(g->casefile, &run.what, &known, err);
    d->first = !known;
    if (rc == KURA_OK)
        rc = kura_hunt_days(d->hunt, kura_warehouse_zone(g->w), g->entries,
                            g->entry_count, d->from_ts, d->to_ts, &days, &count,
                            err);
    if (rc == KURA_OK)
        rc = kura_hunt_run_record(g->casefile, &run, days, count, a->findings,
                                  a->count, err);
    free(days);
    d->run = run.number;
    return rc == KURA_OK ? record_gone(g, d, run.number, err) : rc;
}

/* The findings are in the list now; the answer keeps what is said of it. */
static enum kura_rc hunt_gather(struct kura_hunting *g, struct kura_hunted *d,
                                struct kura_err *err)
{
    struct kura_hunt_answer *a = &d->answer;
    enum kura_rc rc = KURA_OK;
    size_t i;

    d->found = (int64_t)a->count + a->more;
    for (i = 0; rc == KURA_OK && i < a->count; i++) {
        d->fresh += a->findings[i].state == KURA_FINDING_NEW;
        rc = hunt_hand_on(g, d, &a->findings[i], err);
    }
    kura_finding_list_free(a->findings, a->count);
    a->findings = NULL;
    a->count = 0;
    return rc;
}

static enum kura_rc done_add(struct kura_hunting *g, const struct kura_hunt *h,
                             struct kura_hunted **out, struct kura_err *err)
{
    struct kura_hunted *grown =
        realloc(g->done, (g->done_count + 1) * sizeof(*grown));

    if (grown == NULL)
        return kura_err_nomem(err);
    g->done = grown;
    *out = &grown[g->done_count++];
    memset(*out, 0, sizeof(**out));
    (*out)->hunt = h;
    return KURA_OK;
}

static void hunt_progress(const struct kura_hunting *g,
                          const struct kura_hunt *h)
{
    if (g->cli->verbosity >= 0 && isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r\033[K%zu hunts done, now %.60s ...",
                      g->done_count, h->name);
}

static void hunt_progress_done(const struct kura_hunting *g)
{
    if (g->cli->verbosity >= 0 && isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r\033[K");
}

static enum kura_rc hunt_once(struct kura_hunting *g, const struct kura_hunt *h,
                              const char *const *values, int64_t from,
                              int64_t to, struct kura_err *err)
{
    int64_t started = g->cli->now_us, began = now_ms();
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_hunted *d = NULL;
    enum kura_rc rc;

    hunt_progress(g, h);
    rc = done_add(g, h, &d, err);
    if (rc != KURA_OK)
        return rc;
    d->from_ts = from;
    d->to_ts = to;
    rc = hunt_ask(g, d, values, &cause);
    if (rc != KURA_OK)
        hunt_failed(d, &cause);
    d->ms = now_ms() - began;
    hunt_progress_done(g);
    if (rc == KURA_ENOMEM)
        return kura_err_set(err, rc, "%s", cause.msg);
    rc = KURA_OK;
    if (g->casefile != NULL)
        rc = hunt_record(g, d, started, err);
    if (rc == KURA_OK)
        rc = hunt_gather(g, d, err);
    if (rc == KURA_OK && d->answer.status == KURA_HUNT_STOPPED)
        rc = kura_err_set(err, KURA_ESTOPPED, "stopped");
    return rc;
}

/* --- What is due ------------------------------------------------------------
 */

/* The last instant that a run may reach: the begin of the zone's today. */
static int64_t today_begin(const struct kura_hunting *g)
{
    const struct kura_zone *zone = kura_warehouse_zone(g->w);
    int64_t now = g->cli->now_us;
    int64_t day = kura_zone_day(zone, now);

    return kura_zone_to_utc(zone, day * KURA_DAY);
}

static enum kura_rc range_push(struct kura_hunting_range **list, size_t *count,
                               const struct kura_zone *zone, int64_t day,
                               struct kura_err *err)
{
    struct kura_hunting_range *grown, *last;
    int64_t from = kura_zone_to_utc(zone, day * KURA_DAY);
    int64_t to = kura_zone_to_utc(zone, (day + 1) * KURA_DAY);

    last = *count > 0 ? &(*list)[*count - 1] : NULL;
    if (last != NULL && last->to_ts == from) {
        last->to_ts = to;
        last->days++;
        return KURA_OK;
    }
    grown = realloc(*list, (*count + 1) * sizeof(*grown));
    if (grown == NULL)
        return kura_err_nomem(err);
    *list = grown;
    grown[*count] = (struct kura_hunting_range){from, to, 1};
    ++*count;
    return KURA_OK;
}

/* The parameters as the ledger writes them: asked of a run over nothing would
 * cost a connection, so due runs are those with the defaults. */
static enum kura_rc due_days(struct kura_hunting *g, const struct kura_hunt *h,
                             const struct kura_hunt_day *days, size_t count,
                             struct kura_hunting_range **out, size_t *n,
                             struct kura_err *err)
{
    const struct kura_hunt_what what = {h->name, h->version, "{}"};
    int64_t rows = -1;
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < count; i++) {
        if (g->casefile != NULL)
            rc =
                kura_hunt_day_rows(g->casefile, &what, days[i].day, &rows, err);
        if (rc == KURA_OK && rows != days[i].rows &&
            (!g->late_only || rows >= 0))
            rc =
                range_push(out, n, kura_warehouse_zone(g->w), days[i].day, err);
    }
    return rc;
}

enum kura_rc kura_hunting_due(struct kura_hunting *g, const struct kura_hunt *h,
                              struct kura_hunting_range **out, size_t *count,
                              struct kura_err *err)
{
    struct kura_hunt_day *days = NULL;
    struct kura_hunting_range *list = NULL;
    int64_t from, to, today = today_begin(g);
    size_t day_count = 0, n = 0;
    enum kura_rc rc;

    *out = NULL;
    *count = 0;
    if (!range_of_logs(g, h, &from, &to))
        return KURA_OK;
    if (g->from_ts > from)
        from = g->from_ts;
    if (g->to_ts < to)
        to = g->to_ts;
    if (to > today)
        to = today;
    if (from >= to)
        return KURA_OK;
    rc = kura_hunt_days(h, kura_warehouse_zone(g->w), g->entries,
                        g->entry_count, from, to, &days, &day_count, err);
    if (rc == KURA_OK)
        rc = due_days(g, h, days, day_count, &list, &n, err);
    free(days);
    if (rc == KURA_OK) {
        *out = list;
        *count = n;
    } else {
        free(list);
    }
    return rc;
}

static enum kura_rc hunt_due(struct kura_hunting *g, const struct kura_hunt *h,
                             const char *const *values, struct kura_err *err)
{
    struct kura_hunting_range *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_hunting_due(g, h, &list, &count, err);

    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = hunt_once(g, h, values, list[i].from_ts, list[i].to_ts, err);
    free(list);
    return rc;
}

enum kura_rc kura_hunting_run(struct kura_hunting *g, const struct kura_hunt *h,
                              bool due, struct kura_err *err)
{
    const char **values = calloc(h->param_count + 1, sizeof(*values));
    int64_t from, to;
    enum kura_rc rc;

    if (values == NULL)
        return kura_err_nomem(err);
    rc = params_read(g, h, values, err);
    if (rc == KURA_OK && due) {
        rc = hunt_due(g, h, values, err);
    } else if (rc == KURA_OK) {
        range_asked(g, h, &from, &to);
        rc = hunt_once(g, h, values, from, to, err);
    }
    free(values);
    return rc;
}

enum kura_rc kura_hunting_allow(struct kura_hunting *g, struct kura_err *err)
{
    struct kura_casefile *c = NULL;
    struct kura_allow *rules = NULL;
    size_t count = 0;
    enum kura_rc rc;

    rc = kura_casefile_open(g->cli->dir, false, &c, err);
    if (rc == KURA_OK)
        rc = kura_allow_list(c, &rules, &count, err);
    if (rc == KURA_OK)
        rc =
            kura_findings_allow(g->findings, rules, count, g->cli->now_us, err);
    kura_allow_list_free(rules, count);
    kura_casefile_close(c);
    return rc;
}
