/* cmd_report.c - kura report: runs the hunts of a report over its period and
 * writes what they found, beside what is normal and what was searched.
 *
 *     plan (kura.yaml) -> hunts (days with late rows, then the period)
 *                      -> report -> files -> delivery
 *
 * Files are written beside their names and published at the end, so that a run
 * that dies leaves the last report as it was. */
#include "cli/cmd.h"
#include "cli/hunting.h"
#include "cli/session.h"

#include "base/buf.h"
#include "base/command.h"
#include "base/fs.h"
#include "base/text.h"
#include "base/version.h"
#include "query/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_PATH_MAX 65536
/* How far back late rows are looked for. */
#define LATE_DAYS 31

static const struct kura_opt report_options[] = {
    {"period", 0, "PERIOD", "instead of the one in kura.yaml"},
    {"output", 'o', "DIR", "where to write the files, instead of its folder"},
    {"no-deliver", 0, NULL, "do not run the configured command"},
    {"exit-code", 0, NULL, "exit with 1 when something new was found"},
    {"list", 0, NULL, "list the reports of kura.yaml"},
    {NULL, 0, NULL, NULL}};

static const char *option(const struct kura_cli *cli, const char *name)
{
    return kura_cli_option(cli, &kura_cmd_report, name);
}

/* A report being made. */
struct making {
    struct kura_cli *cli;
    struct kura_report_plan plan;
    struct kura_hunt_set set;
    struct kura_hunting hunting;
    struct kura_report *report;
    int64_t from_ts, to_ts, began_us;
    struct kura_report_count count;
    size_t failed;
    struct kura_finding *found; /* in the order in which they were */
    size_t found_count;
    char *paths[KURA_REPORT_OUTPUTS]; /* published; NULL: not asked for */
};

/* --- Hunts --------------------------------------------------------- */

static bool plan_wants(const struct kura_report_plan *p,
                       const struct kura_hunt *h)
{
    size_t i;

    if (p->all || (p->tag != NULL && kura_hunt_has_tag(h, p->tag)))
        return true;
    for (i = 0; i < p->hunt_count; i++)
        if (strcmp(p->hunts[i], h->name) == 0)
            return true;
    return false;
}

/* A name in kura.yaml that is no hunt must not stay unnoticed. */
static enum kura_rc names_check(const struct making *m, struct kura_err *err)
{
    size_t i;

    for (i = 0; i < m->plan.hunt_count; i++)
        if (kura_hunt_set_find(&m->set, m->plan.hunts[i]) == NULL)
            return kura_err_set(err, KURA_EINPUT,
                                "kura.yaml: report '%s': there is no hunt '%s'",
                                m->plan.name, m->plan.hunts[i]);
    return KURA_OK;
}

/* Days of a month before the period that have got rows since they were searched,
 * then the period. */
static enum kura_rc hunt_run(struct making *m, const struct kura_hunt *h,
                             struct kura_err *err)
{
    struct kura_hunting *g = &m->hunting;
    enum kura_rc rc;

    g->late_only = true;
    g->from_ts = m->from_ts - LATE_DAYS * KURA_DAY;
    g->to_ts = m->from_ts;
    rc = kura_hunting_run(g, h, true, err);
    g->late_only = false;
    g->from_ts = m->from_ts;
    g->to_ts = m->to_ts;
    return rc == KURA_OK ? kura_hunting_run(g, h, false, err) : rc;
}

static enum kura_rc hunts_run(struct making *m, struct kura_err *err)
{
    enum kura_rc rc = kura_hunt_set_load(m->cli->dir, &m->set, err);
    size_t i, chosen = 0;

    for (i = 0; rc == KURA_OK && i < m->set.broken_count; i++)
        kura_cli_error(&m->set.broken[i]);
    m->failed += m->set.broken_count;
    if (rc == KURA_OK)
        rc = names_check(m, err);
    for (i = 0; rc == KURA_OK && i < m->set.count; i++)
        if (plan_wants(&m->plan, m->set.list[i])) {
            rc = hunt_run(m, m->set.list[i], err);
            chosen++;
        }
    if (rc == KURA_OK && chosen == 0)
        rc = kura_err_set(err, KURA_EINPUT,
                          "kura.yaml: report '%s': no hunt has the tag '%s'",
                          m->plan.name,
                          m->plan.tag != NULL ? m->plan.tag : "");
    return rc;
}

/* --- Findings -------------------------------------------------------- */

/* A finding is new in a report when no run over another range saw it before: a
 * report that is made again says the same. */
static enum kura_rc finding_state(struct making *m, struct kura_finding *f,
                                  struct kura_err *err)
{
    struct kura_finding_filter filter = {NULL, f->id, 0, 0};
    struct kura_finding *list = NULL;
    size_t count = 0;
    bool here = false;
    enum kura_rc rc;

    if (f->state != KURA_FINDING_STILL)
        return KURA_OK;
    rc = kura_finding_list(m->hunting.casefile, &filter, &list, &count, err);
    if (rc == KURA_OK && count == 1)
        rc = kura_hunt_run_is_over(m->hunting.casefile, list[0].first_run,
                                   m->from_ts, m->to_ts, &here, err);
    kura_finding_list_free(list, count);
    if (rc == KURA_OK && here)
        f->state = KURA_FINDING_NEW;
    return rc;
}

/* As the run found it, whatever other runs do meanwhile.  Of days before the
 * period that have got late rows only what is new belongs here. */
static enum kura_rc on_found(void *arg, struct kura_finding *f,
                             struct kura_err *err)
{
    struct making *m = arg;
    struct kura_finding *grown;
    enum kura_rc rc = KURA_OK;

    if (!m->hunting.late_only)
        rc = finding_state(m, f, err);
    else if (f->state != KURA_FINDING_NEW)
        return KURA_OK;
    if (rc != KURA_OK)
        return rc;
    grown = realloc(m->found, (m->found_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return kura_err_nomem(err);
    m->found = grown;
    grown[m->found_count++] = *f;
    memset(f, 0, sizeof(*f));
    return KURA_OK;
}

static enum kura_rc finding_add(struct making *m, const struct kura_finding *f,
                                struct kura_err *err)
{
    struct kura_evidence *lines = NULL;
    char *allowed = NULL;
    size_t count = 0;
    enum kura_rc rc;

    rc = kura_findings_rule_of(m->hunting.findings, f->id, &allowed, err);
    if (rc == KURA_OK)
        rc = kura_report_add_finding(m->report, f,
                                     kura_hunt_set_find(&m->set, f->hunt),
                                     allowed, err);
    if (rc == KURA_OK)
        rc = kura_evidence_list(m->hunting.casefile, f->id, &lines, &count,
                                err);
    if (rc == KURA_OK)
        rc = kura_report_add_evidence(m->report, f->id, lines, count, err);
    kura_evidence_list_free(lines, count);
    free(allowed);
    return rc;
}

static enum kura_rc findings_add(struct making *m, struct kura_err *err)
{
    enum kura_rc rc = kura_hunting_allow(&m->hunting, err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < m->hunting.done_count; i++) {
        const struct kura_hunted *d = &m->hunting.done[i];

        rc = kura_report_add_run(m->report, d->hunt, d->from_ts, d->to_ts,
                                 &d->answer, d->found, err);
        if (d->answer.status == KURA_HUNT_FAILED ||
            d->answer.status == KURA_HUNT_TIMEOUT)
            m->failed++;
    }
    for (i = 0; rc == KURA_OK && i < m->found_count; i++)
        rc = finding_add(m, &m->found[i], err);
    return rc;
}

/* --- The period ------------------------------------------------------ */

static enum kura_rc normal_add(struct making *m, struct kura_err *err)
{
    const struct kura_engine_options o = {m->from_ts, m->to_ts,
                                          m->plan.archived, false};
    struct kura_session s = {NULL, NULL, NULL};
    enum kura_rc rc;

    rc = kura_session_open(m->cli->dir, &o, 0, &s, err);
    if (rc == KURA_OK)
        rc = kura_report_collect(m->report, s.db, s.engine, err);
    if (rc == KURA_OK)
        rc = kura_report_collect_volume(m->report, s.w, err);
    kura_session_close(&s);
    return rc;
}

static void day_text(const struct making *m, int64_t us, char out[16])
{
    const struct kura_zone *zone = kura_warehouse_zone(m->hunting.w);
    char text[KURA_TIME_TEXT];

    kura_time_format(kura_zone_local(zone, us), text);
    (void)snprintf(out, 16, "%.10s", text);
}

static enum kura_rc about_add(struct making *m, struct kura_err *err)
{
    char first[16], last[16], text[400], made[KURA_TIME_TEXT];
    int64_t ms = (kura_clock_now() - m->began_us) / 1000;
    enum kura_rc rc;

    day_text(m, m->from_ts, first);
    day_text(m, m->to_ts - 1, last);
    (void)snprintf(text, sizeof(text), "%s – %s (%.200s)", first, last,
                   kura_zone_name(kura_warehouse_zone(m->hunting.w)));
    rc = kura_report_set(m->report, "title", m->plan.title, err);
    if (rc == KURA_OK)
        rc = kura_report_set(m->report, "period", text, err);
    (void)snprintf(text, sizeof(text), "kura report %.100s%s%.100s",
                   m->plan.name,
                   option(m->cli, "period") != NULL ? " --period " : "",
                   option(m->cli, "period") != NULL ? option(m->cli, "period")
                                                    : "");
    if (rc == KURA_OK)
        rc = kura_report_set(m->report, "command", text, err);
    if (rc == KURA_OK)
        rc = kura_report_set(m->report, "version", "kura " KURA_VERSION, err);
    kura_time_format(m->cli->now_us, made);
    (void)snprintf(text, sizeof(text), "%.19sZ, %" PRId64 ".%" PRId64 " s",
                   made, ms / 1000, ms % 1000 / 100);
    return rc == KURA_OK ? kura_report_set(m->report, "made", text, err) : rc;
}

/* --- Files ----------------------------------------------------------- */

/* What umask says; asking is setting. */
static mode_t file_mask(void)
{
    mode_t mask = umask(022);

    (void)umask(mask);
    return mask;
}

/* Writes one output beside its name; *tmp is the caller's. */
static enum kura_rc file_write(struct making *m, const char *path,
                               enum kura_report_output how, char **tmp,
                               struct kura_err *err)
{
    struct kura_buf name;
    FILE *f = NULL;
    int fd = -1;
    enum kura_rc rc;

    kura_buf_init(&name, REPORT_PATH_MAX);
    rc = kura_buf_printf(&name, err, "%s.XXXXXX", path);
    if (rc == KURA_OK) {
        *tmp = strdup(name.data);
        rc = *tmp == NULL ? kura_err_nomem(err) : KURA_OK;
    }
    if (rc == KURA_OK) {
        fd = mkstemp(*tmp);
        if (fd < 0 || fchmod(fd, 0666 & ~file_mask()) != 0)
            rc = kura_err_sys(err, errno, "cannot make '%s'", *tmp);
    }
    if (rc == KURA_OK) {
        f = fdopen(fd, "w");
        rc = f == NULL ? kura_err_nomem(err)
                       : kura_report_write(m->report, how, f, err);
    }
    if (f == NULL && fd >= 0)
        (void)close(fd);
    if (f != NULL && fclose(f) != 0 && rc == KURA_OK)
        rc = kura_err_sys(err, errno, "cannot write '%s'", path);
    kura_buf_release(&name);
    return rc;
}

/* folder/name-2025-03-04.html, or with two days for a longer period. */
static enum kura_rc file_path(struct making *m, const char *folder,
                              enum kura_report_output how, char **out,
                              struct kura_err *err)
{
    char first[16], last[16];
    struct kura_buf path;
    enum kura_rc rc;

    day_text(m, m->from_ts, first);
    day_text(m, m->to_ts - 1, last);
    kura_buf_init(&path, REPORT_PATH_MAX);
    rc = kura_buf_printf(&path, err, "%s/%s-%s%s%s%s", folder, m->plan.name,
                         first, strcmp(first, last) != 0 ? "_" : "",
                         strcmp(first, last) != 0 ? last : "",
                         kura_report_output_suffix((int)how));
    if (rc == KURA_OK) {
        *out = strdup(path.data);
        if (*out == NULL)
            rc = kura_err_nomem(err);
    }
    kura_buf_release(&path);
    return rc;
}

static enum kura_rc folder_make(struct making *m, struct kura_buf *out,
                                struct kura_err *err)
{
    const char *given = option(m->cli, "output");
    enum kura_rc rc;

    if (given != NULL && *given == '\0')
        return kura_err_set(err, KURA_EUSAGE, "--output needs a directory");
    if (given != NULL)
        rc = kura_buf_puts(out, given, err);
    else if (*m->plan.folder == '/')
        rc = kura_buf_puts(out, m->plan.folder, err);
    else
        rc = kura_buf_printf(out, err, "%s/%s", m->cli->dir, m->plan.folder);
    return rc == KURA_OK ? kura_fs_mkdirs(out->data, err) : rc;
}

/* All are written before the first one is published. */
static enum kura_rc files_write(struct making *m, struct kura_err *err)
{
    char *tmp[KURA_REPORT_OUTPUTS] = {NULL};
    struct kura_buf folder;
    enum kura_rc rc;
    int i;

    kura_buf_init(&folder, REPORT_PATH_MAX);
    rc = folder_make(m, &folder, err);
    for (i = 0; rc == KURA_OK && i < KURA_REPORT_OUTPUTS; i++) {
        if (!m->plan.outputs[i])
            continue;
        rc = file_path(m, folder.data, (enum kura_report_output)i, &m->paths[i],
                       err);
        if (rc == KURA_OK)
            rc = file_write(m, m->paths[i], (enum kura_report_output)i, &tmp[i],
                            err);
    }
    for (i = 0; rc == KURA_OK && i < KURA_REPORT_OUTPUTS; i++) {
        if (tmp[i] == NULL)
            continue;
        rc = kura_fs_publish(tmp[i], m->paths[i], err);
        if (rc == KURA_OK)
            (void)printf("%s\n", m->paths[i]);
    }
    for (i = 0; i < KURA_REPORT_OUTPUTS; i++) {
        if (rc != KURA_OK && tmp[i] != NULL)
            (void)kura_fs_remove(tmp[i], NULL);
        free(tmp[i]);
    }
    kura_buf_release(&folder);
    return rc;
}

/* --- Delivery -------------------------------------------------------- */

static enum kura_rc deliver(struct making *m, struct kura_err *err)
{
    static const char *const names[] = {"KURA_REPORT_HTML", "KURA_REPORT_MD",
                                        "KURA_REPORT_JSON", "KURA_REPORT_CSV",
                                        "KURA_REPORT_TIMELINE"};
    struct kura_command_variable v[KURA_REPORT_OUTPUTS + 3];
    char fresh[24], period[40], first[16], last[16];
    size_t n = 0;
    int i;

    if (m->plan.deliver == NULL || option(m->cli, "no-deliver") != NULL)
        return KURA_OK;
    (void)snprintf(fresh, sizeof(fresh), "%" PRId64, m->count.fresh);
    day_text(m, m->from_ts, first);
    day_text(m, m->to_ts - 1, last);
    (void)snprintf(period, sizeof(period), "%s..%s", first, last);
    v[n++] = (struct kura_command_variable){"KURA_REPORT", m->plan.name};
    v[n++] = (struct kura_command_variable){"KURA_REPORT_NEW", fresh};
    v[n++] = (struct kura_command_variable){"KURA_REPORT_PERIOD", period};
    for (i = 0; i < KURA_REPORT_OUTPUTS; i++)
        if (m->paths[i] != NULL)
            v[n++] = (struct kura_command_variable){names[i], m->paths[i]};
    return kura_command_run(m->plan.deliver, "that delivers the report", v, n,
                            err);
}

/* --- One report ------------------------------------------------------ */

static void making_release(struct making *m)
{
    int i;

    for (i = 0; i < KURA_REPORT_OUTPUTS; i++)
        free(m->paths[i]);
    kura_finding_list_free(m->found, m->found_count);
    kura_report_free(m->report);
    kura_hunting_close(&m->hunting);
    kura_hunt_set_release(&m->set);
}

static enum kura_rc make_report(struct making *m, struct kura_err *err)
{
    enum kura_rc rc;

    m->hunting.cli = m->cli;
    m->hunting.keep = true;
    m->hunting.archived = m->plan.archived;
    m->hunting.timeout_s = m->plan.timeout_s;
    m->hunting.found = on_found;
    m->hunting.arg = m;
    rc = kura_hunting_open(&m->hunting, err);
    if (rc == KURA_OK && m->hunting.casefile == NULL)
        rc = kura_err_set(err, KURA_EIO,
                          "a report needs case.db, to know what is new");
    if (rc == KURA_OK)
        rc =
            kura_report_new(kura_warehouse_zone(m->hunting.w), m->plan.language,
                            m->from_ts, m->to_ts, &m->report, err);
    if (rc == KURA_OK)
        rc = hunts_run(m, err);
    if (rc == KURA_OK)
        rc = findings_add(m, err);
    if (rc == KURA_OK)
        rc = normal_add(m, err);
    if (rc == KURA_OK)
        rc = about_add(m, err);
    if (rc == KURA_OK)
        rc = kura_report_tally(m->report, &m->count, err);
    if (rc == KURA_OK)
        rc = files_write(m, err);
    return rc;
}

/* Made is what was delivered: what was not is made and delivered again with the
 * next one.  A period of the user's own is not one of the row. */
static enum kura_rc hand_out(struct making *m, struct kura_err *err)
{
    enum kura_rc rc = deliver(m, err);

    if (rc == KURA_OK && option(m->cli, "period") == NULL)
        rc = kura_report_record(m->hunting.casefile, m->plan.name, m->from_ts,
                                m->to_ts, m->cli->now_us, m->count.fresh, err);
    return rc;
}

static enum kura_rc one_report(struct kura_cli *cli,
                               const struct kura_report_plan *plan,
                               int64_t from, int64_t to, enum kura_exit *code,
                               struct kura_err *err)
{
    struct kura_err undelivered = KURA_ERR_INIT;
    struct making m;
    char text[200];
    enum kura_rc rc;

    memset(&m, 0, sizeof(m));
    m.cli = cli;
    m.plan = *plan;
    m.from_ts = from;
    m.to_ts = to;
    m.began_us = kura_clock_now();
    rc = make_report(&m, err);
    if (rc == KURA_OK) {
        (void)snprintf(text, sizeof(text),
                       "%s: %" PRId64 " new, %" PRId64 " still there, %" PRId64
                       " gone, %" PRId64 " allowed; %zu hunt(s) failed",
                       plan->name, m.count.fresh, m.count.still, m.count.gone,
                       m.count.allowed, m.failed);
        kura_cli_say(cli, text);
        if (option(cli, "exit-code") != NULL && m.count.fresh > 0)
            *code = KURA_EXIT_NO;
        if (m.failed != 0)
            *code = KURA_EXIT_FAILED;
        if (hand_out(&m, &undelivered) != KURA_OK) {
            kura_cli_error(&undelivered);
            *code = KURA_EXIT_FAILED;
        }
    }
    making_release(&m);
    return rc;
}

/* --- Which periods --------------------------------------------------- */

/* Periods of a report that a pause left out: at most so many days back. */
#define CATCH_UP_DAYS 31

static enum kura_rc last_made(struct kura_cli *cli, const char *name,
                              int64_t *to, struct kura_err *err)
{
    struct kura_casefile *c = NULL;
    enum kura_rc rc = kura_casefile_open(cli->dir, true, &c, err);

    if (rc == KURA_OK)
        rc = kura_report_last(c, name, to, err);
    kura_casefile_close(c);
    return rc;
}

static enum kura_rc reports_due(struct kura_cli *cli,
                                const struct kura_report_plan *plan,
                                const struct kura_zone *zone,
                                enum kura_exit *code, struct kura_err *err)
{
    int64_t made = INT64_MIN, from, to;
    enum kura_rc rc = last_made(cli, plan->name, &made, err);
    int back;

    /* The present one is made in any case, those before it when none was. */
    for (back = CATCH_UP_DAYS; rc == KURA_OK && back >= 0; back--) {
        rc = kura_report_period(plan->period, zone,
                                cli->now_us - back * KURA_DAY, &from, &to, err);
        if (rc != KURA_OK || from >= to ||
            (back > 0 && (made == INT64_MIN || from < made)))
            continue;
        rc = one_report(cli, plan, from, to, code, err);
        made = to;
    }
    return rc;
}

/* Titles are the user's, but nothing that a terminal obeys. */
static enum kura_rc list_one(const struct kura_report_plan *p,
                             struct kura_err *err)
{
    struct kura_buf title;
    enum kura_rc rc;
    int k;

    kura_buf_init(&title, REPORT_PATH_MAX);
    rc = kura_text_escape(p->title, strlen(p->title), &title, err);
    if (rc == KURA_OK) {
        (void)printf("%-16s %-16s", p->name, p->period);
        for (k = 0; k < KURA_REPORT_OUTPUTS; k++)
            if (p->outputs[k])
                (void)printf(" %s", kura_report_output_word(k));
        (void)printf("  %s\n", title.data);
    }
    kura_buf_release(&title);
    return rc;
}

static enum kura_rc report_list(const struct kura_warehouse *w,
                                struct kura_err *err)
{
    struct kura_report_plan *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc =
        kura_report_plan_list(kura_warehouse_config(w), &list, &count, err);

    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = list_one(&list[i], err);
    free(list);
    return rc;
}

static enum kura_rc report_run(struct kura_cli *cli, enum kura_exit *code,
                               struct kura_err *err)
{
    const char *period = option(cli, "period");
    struct kura_warehouse *w = NULL;
    struct kura_report_plan plan;
    int64_t from, to;
    enum kura_rc rc;

    if (cli->args->count != (option(cli, "list") != NULL ? 0 : 1))
        return kura_err_set(err, KURA_EUSAGE,
                            "report needs one name, or --list");
    rc = kura_warehouse_open(cli->dir, false, &w, err);
    if (rc == KURA_OK && option(cli, "list") != NULL) {
        rc = report_list(w, err);
        kura_warehouse_close(w);
        return rc;
    }
    if (rc == KURA_OK)
        rc = kura_report_plan_find(kura_warehouse_config(w),
                                   cli->args->operands[0], &plan, err);
    if (rc == KURA_OK && period != NULL) {
        rc = kura_report_period(period, kura_warehouse_zone(w), cli->now_us,
                                &from, &to, err);
        if (rc == KURA_EINPUT)
            rc = err->rc = KURA_EUSAGE;
        if (rc == KURA_OK)
            rc = one_report(cli, &plan, from, to, code, err);
    } else if (rc == KURA_OK) {
        rc = reports_due(cli, &plan, kura_warehouse_zone(w), code, err);
    }
    kura_warehouse_close(w);
    return rc;
}

const struct kura_cmd kura_cmd_report = {
    "report", "NAME", "write a report: what is new, normal, and searched",
    report_options, report_run};
