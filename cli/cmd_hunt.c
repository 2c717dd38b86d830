/* cmd_hunt.c - kura hunt: runs canned hunts and shows what they find. */
#include "cli/cmd.h"
#include "cli/hunting.h"
#include "cli/period.h"
#include "cli/selection.h"

#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUNT_LINE_MAX ((size_t)64 << 20)

static const struct kura_opt hunt_options[] = {
    {"all", 'a', NULL, "every hunt"},
    KURA_SELECTION_OPTIONS,
    {"from", 0, "TIME", "only what happened at or after this"},
    {"to", 0, "TIME", "only what happened before the end of this"},
    {"due", 0, NULL, "days never searched, and those with late rows"},
    {"archived", 0, NULL, "read volumes that are at hand in place"},
    {"param", 'p', "NAME=VALUE...", "a parameter; may be given several times"},
    {"format", 'f', "FORMAT", "table (default), csv, json, md"},
    {"show-allowed", 0, NULL, "findings that an allow rule takes out too"},
    {"exit-code", 0, NULL, "exit with 1 when there are findings"},
    {"no-record", 0, NULL, "do not record runs and findings"},
    {"timeout", 0, "SECONDS", "give a hunt up after so long (600)"},
    {NULL, 0, NULL, NULL}};

static const char *option(const struct kura_cli *cli, const char *name)
{
    return kura_cli_option(cli, &kura_cmd_hunt, name);
}

/* --- What is asked ------------------------------------------------------- */

/* Each is NAME=VALUE, of a parameter that one of the chosen hunts has. */
static enum kura_rc hunt_params(const struct kura_cli *cli,
                                const struct kura_selection *s,
                                const char *out[KURA_OPT_MANY + 1],
                                struct kura_err *err)
{
    const char *text, *equal;
    char name[64];
    size_t i, n = 0;
    int at = 0;

    while ((text = kura_opt_next(hunt_options, cli->args, "param", &at)) !=
           NULL) {
        equal = strchr(text, '=');
        (void)snprintf(name, sizeof(name), "%.*s",
                       equal == NULL ? 0 : (int)(equal - text), text);
        for (i = 0; i < s->count; i++)
            if (kura_hunt_param(s->list[i], name) != NULL)
                break;
        if (equal == NULL || i == s->count) {
            (void)kura_err_set(err, KURA_EUSAGE,
                               "no chosen hunt has a parameter '%s'",
                               equal == NULL ? text : name);
            kura_err_hint(err, "'kura hunts NAME' shows the parameters of one");
            return KURA_EUSAGE;
        }
        out[n++] = text;
    }
    out[n] = NULL;
    if (n != 0 && option(cli, "due") != NULL)
        return kura_err_set(err, KURA_EUSAGE,
                            "--due is about the defaults: not with --param");
    return KURA_OK;
}

/* --- What is said of it --------------------------------------------------- */

static void say_hunt(const struct kura_cli *cli, const struct kura_hunted *d)
{
    char text[800];

    if (d->answer.gave_up != 0) {
        (void)snprintf(text, sizeof(text),
                       "%s: a pattern gave up on %" PRId64 " text(s)",
                       d->hunt->name, d->answer.gave_up);
        kura_cli_say(cli, text);
    }
    if (d->answer.status == KURA_HUNT_DONE && d->answer.reason[0] == '\0')
        return;
    (void)snprintf(text, sizeof(text), "%s %s: %s", d->hunt->name,
                   kura_hunt_status_word(d->answer.status), d->answer.reason);
    if (d->answer.status == KURA_HUNT_FAILED ||
        d->answer.status == KURA_HUNT_TIMEOUT) {
        struct kura_err cause = KURA_ERR_INIT;

        (void)kura_err_set(&cause, KURA_EINPUT, "%s", text);
        kura_cli_error(&cause);
    } else {
        kura_cli_say(cli, text);
    }
}

static void range_text(const struct kura_hunting *g, char out[64])
{
    const struct kura_zone *zone = kura_warehouse_zone(g->w);
    char first[KURA_TIME_TEXT], last[KURA_TIME_TEXT];
    int64_t low = INT64_MAX, high = INT64_MIN;
    size_t i;

    for (i = 0; i < g->done_count; i++) {
        low = g->done[i].from_ts < low ? g->done[i].from_ts : low;
        high = g->done[i].to_ts > high ? g->done[i].to_ts : high;
    }
    out[0] = '\0';
    if (low >= high)
        return;
    high--; /* the last instant that was looked at */
    kura_time_format(kura_zone_local(zone, low), first);
    kura_time_format(kura_zone_local(zone, high), last);
    (void)snprintf(out, 64, ", %.10s to %.10s", first, last);
}

static enum kura_rc say_summary(struct kura_hunting *g,
                                const struct kura_findings_count *n)
{
    size_t by[6] = {0}, i, first = 0;
    char text[512], range[64];

    for (i = 0; i < g->done_count; i++) {
        by[g->done[i].answer.status]++;
        first += g->done[i].first && g->done[i].found != 0;
    }
    range_text(g, range);
    (void)snprintf(text, sizeof(text),
                   "%zu run(s)%s: %zu done, %zu partial, %zu skipped, %zu "
                   "failed; findings: %" PRId64 " new, %" PRId64
                   " still there, %" PRId64 " gone, %" PRId64 " allowed",
                   g->done_count, range, by[KURA_HUNT_DONE],
                   by[KURA_HUNT_PARTIAL], by[KURA_HUNT_SKIPPED],
                   by[KURA_HUNT_FAILED] + by[KURA_HUNT_TIMEOUT] +
                       by[KURA_HUNT_STOPPED],
                   n->fresh, n->still, n->gone, n->allowed);
    kura_cli_say(g->cli, text);
    if (first != 0 && g->keep) {
        (void)snprintf(text, sizeof(text),
                       "%zu of them ran for the first time in this version: "
                       "all that they found is new",
                       first);
        kura_cli_say(g->cli, text);
    }
    return KURA_OK;
}

/* The last line of JSON: what ran, and what it searched. */
static enum kura_rc json_run(const struct kura_hunted *d, struct kura_buf *out,
                             struct kura_err *err)
{
    const struct kura_hunt_answer *a = &d->answer;
    enum kura_rc rc;

    rc = kura_buf_printf(
        out, err,
        "{\"hunt\":\"%s\",\"version\":\"%s\",\"params\":%s,\"from_ts\":%" PRId64
        ",\"to_ts\":%" PRId64 ",\"status\":\"%s\",\"reason\":",
        d->hunt->name, d->hunt->version, a->params != NULL ? a->params : "{}",
        d->from_ts, d->to_ts, kura_hunt_status_word(a->status));
    if (rc == KURA_OK)
        rc = kura_json_text(a->reason, strlen(a->reason), out, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(out, err,
                             ",\"found\":%" PRId64 ",\"new\":%" PRId64
                             ",\"gone\":%" PRId64 ",\"not_kept\":%" PRId64
                             ",\"gave_up\":%" PRId64 ",\"ms\":%" PRId64
                             ",\"coverage\":%s}",
                             d->found, d->fresh, d->gone, a->more, a->gave_up,
                             d->ms, a->coverage != NULL ? a->coverage : "[]");
    return rc;
}

static enum kura_rc json_runs(const struct kura_hunting *g,
                              const struct kura_findings_count *n,
                              struct kura_err *err)
{
    struct kura_buf out;
    enum kura_rc rc;
    size_t i;

    kura_buf_init(&out, HUNT_LINE_MAX);
    rc = kura_buf_printf(&out, err, "{\"allowed\":%" PRId64 ",\"runs\":[",
                         n->allowed);
    for (i = 0; rc == KURA_OK && i < g->done_count; i++) {
        if (i > 0)
            rc = kura_buf_putc(&out, ',', err);
        if (rc == KURA_OK)
            rc = json_run(&g->done[i], &out, err);
    }
    if (rc == KURA_OK)
        (void)printf("%s]}\n", out.data);
    kura_buf_release(&out);
    return rc;
}

/* --- The command ------------------------------------------------------------
 */

static enum kura_rc hunt_show(struct kura_hunting *g, enum kura_output how,
                              enum kura_exit *code, struct kura_err *err)
{
    struct kura_findings_count n = {0, 0, 0, 0};
    enum kura_rc rc;
    size_t i, failed = 0;

    rc = kura_hunting_allow(g, err);
    if (rc == KURA_OK)
        rc = kura_findings_tally(g->findings, &n, err);
    if (rc == KURA_OK)
        rc = kura_findings_write(g->findings, how,
                                 option(g->cli, "show-allowed") != NULL, err);
    if (rc == KURA_OK && how == KURA_OUTPUT_JSON)
        rc = json_runs(g, &n, err);
    if (rc != KURA_OK)
        return rc;
    (void)fflush(stdout);
    for (i = 0; i < g->done_count; i++) {
        say_hunt(g->cli, &g->done[i]);
        failed += g->done[i].answer.status == KURA_HUNT_FAILED ||
                  g->done[i].answer.status == KURA_HUNT_TIMEOUT;
    }
    rc = say_summary(g, &n);
    if (option(g->cli, "exit-code") != NULL && n.fresh + n.still > 0)
        *code = KURA_EXIT_NO;
    if (failed != 0)
        *code = KURA_EXIT_FAILED;
    return rc;
}

/* A stop shows what was found until then. */
static enum kura_rc hunt_all(struct kura_hunting *g,
                             const struct kura_selection *s,
                             enum kura_output how, enum kura_exit *code,
                             struct kura_err *err)
{
    bool due = option(g->cli, "due") != NULL;
    enum kura_rc rc = KURA_OK, shown;
    size_t i;

    for (i = 0; rc == KURA_OK && i < s->count; i++)
        rc = kura_hunting_run(g, s->list[i], due, err);
    if (rc != KURA_OK && rc != KURA_ESTOPPED)
        return rc;
    shown = hunt_show(g, how, code, rc == KURA_OK ? err : NULL);
    return rc == KURA_OK ? shown : rc;
}

static enum kura_rc hunt_run(struct kura_cli *cli, enum kura_exit *code,
                             struct kura_err *err)
{
    const char *params[KURA_OPT_MANY + 1];
    const char *word = option(cli, "format");
    enum kura_output how = KURA_OUTPUT_TABLE;
    struct kura_hunting g;
    struct kura_selection s;
    enum kura_rc rc;

    memset(&g, 0, sizeof(g));
    memset(&s, 0, sizeof(s));
    if (word != NULL && !kura_output_find(word, &how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    if (cli->args->count == 0 && option(cli, "all") == NULL &&
        option(cli, "due") == NULL &&
        !kura_selection_is_narrowed(cli, &kura_cmd_hunt))
        return kura_err_set(err, KURA_EUSAGE,
                            "hunt needs names, or --all, --due, --tag ...");
    g.cli = cli;
    g.archived = option(cli, "archived") != NULL;
    g.keep = option(cli, "no-record") == NULL;
    g.params = params;
    rc = kura_cli_timeout(cli, &kura_cmd_hunt, KURA_HUNTING_SECONDS,
                          &g.timeout_s, err);
    if (rc == KURA_OK)
        rc = kura_hunting_open(&g, err);
    if (rc == KURA_OK)
        rc = kura_cli_period(cli, &kura_cmd_hunt, kura_warehouse_zone(g.w),
                             &g.from_ts, &g.to_ts, err);
    if (rc == KURA_OK)
        rc = kura_selection_make(cli, &kura_cmd_hunt, &s, err);
    if (rc == KURA_OK && s.count == 0 && s.set.broken_count == 0)
        rc = kura_err_set(err, KURA_EUSAGE, "no hunt is like that");
    if (rc == KURA_OK)
        rc = hunt_params(cli, &s, params, err);
    if (rc == KURA_OK)
        rc = hunt_all(&g, &s, how, code, err);
    if (rc == KURA_OK && s.set.broken_count != 0)
        *code = KURA_EXIT_FAILED; /* told by the selection */
    kura_hunting_close(&g);
    kura_selection_release(&s);
    return rc;
}

const struct kura_cmd kura_cmd_hunt = {
    "hunt", "[NAME]...", "run canned hunts: what is new, still there, gone",
    hunt_options, hunt_run};
