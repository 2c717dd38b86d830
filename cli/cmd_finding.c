/* cmd_finding.c - kura finding list, show, hosts: what hunts found, the lines
 * behind it, and how far an attack came on each host. */
#include "cli/cmd.h"
#include "cli/findings.h"
#include "cli/job.h"

#include "base/buf.h"
#include "base/num.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define FINDING_LINE_MAX ((size_t)1 << 20)

static const struct kura_opt finding_options[] = {
    {"hunt", 0, "NAME", "only what this hunt found (list)"},
    {"show-allowed", 0, NULL, "what an allow rule takes out too (list)"},
    {"within", 0, "LENGTH", "stages of so much time: 14d, by default (hosts)"},
    {"min", 0, "N", "smallest number of stages: 3, by default (hosts)"},
    {"format", 'f', "FORMAT", "table (default), csv, json, md (list, hosts)"},
    {NULL, 0, NULL, NULL}};

static const char *option(const struct kura_cli *cli, const char *name)
{
    return kura_cli_option(cli, &kura_cmd_finding, name);
}

/* --- list -------------------------------------------------------------- */

static enum kura_rc list_fill(struct kura_cli *cli, struct kura_casefile *c,
                              struct kura_findings *f, struct kura_err *err)
{
    struct kura_finding_filter filter = {option(cli, "hunt"), NULL, 0, 0};
    struct kura_finding *list = NULL;
    struct kura_allow *rules = NULL;
    struct kura_hunt_set set;
    size_t count = 0, rule_count = 0, i;
    enum kura_rc rc;

    memset(&set, 0, sizeof(set));
    rc = kura_hunt_set_load(cli->dir, &set, err);
    if (rc == KURA_OK)
        rc = kura_finding_list(c, &filter, &list, &count, err);
    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = kura_findings_add(f, &list[i],
                               kura_hunt_set_find(&set, list[i].hunt), err);
    if (rc == KURA_OK)
        rc = kura_allow_list(c, &rules, &rule_count, err);
    if (rc == KURA_OK)
        rc = kura_findings_allow(f, rules, rule_count, cli->now_us, err);
    kura_allow_list_free(rules, rule_count);
    kura_finding_list_free(list, count);
    kura_hunt_set_release(&set);
    return rc;
}

/* Everything that was found, with what is allowed marked; *out is the caller's
 * also on error. */
static enum kura_rc list_open(struct kura_cli *cli, struct kura_warehouse *w,
                              struct kura_findings **out, struct kura_err *err)
{
    struct kura_casefile *c = NULL;
    enum kura_rc rc = kura_cli_case_open(cli, &c, err);

    if (rc == KURA_OK)
        rc = kura_findings_new(kura_warehouse_zone(w), out, err);
    if (rc == KURA_OK)
        rc = list_fill(cli, c, *out, err);
    kura_casefile_close(c);
    return rc;
}

static enum kura_rc format_read(struct kura_cli *cli, const char *what,
                                enum kura_output *how, struct kura_err *err)
{
    const char *word = option(cli, "format");

    *how = KURA_OUTPUT_TABLE;
    if (cli->args->count != 1)
        return kura_err_set(err, KURA_EUSAGE, "finding %s has no operands",
                            what);
    if (word != NULL && !kura_output_find(word, how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    return KURA_OK;
}

static enum kura_rc finding_list(struct kura_cli *cli, struct kura_err *err)
{
    enum kura_output how;
    struct kura_warehouse *w = NULL;
    struct kura_findings *f = NULL;
    enum kura_rc rc = format_read(cli, "list", &how, err);

    if (rc == KURA_OK)
        rc = kura_warehouse_open(cli->dir, false, &w, err);
    if (rc == KURA_OK)
        rc = list_open(cli, w, &f, err);
    if (rc == KURA_OK)
        rc = kura_findings_write(f, how, option(cli, "show-allowed") != NULL,
                                 err);
    kura_findings_free(f);
    kura_warehouse_close(w);
    return rc;
}

/* --- hosts --------------------------------------------------------------- */

static enum kura_rc hosts_limits(struct kura_cli *cli,
                                 const struct kura_zone *zone, int64_t *within,
                                 int64_t *min, struct kura_err *err)
{
    const char *text = option(cli, "within"), *n = option(cli, "min");
    int64_t from = 0, to = 0;
    enum kura_rc rc;

    *min = 3;
    if (n != NULL && (!kura_num_parse(n, strlen(n), min) || *min < 1))
        return kura_err_set(err, KURA_EUSAGE, "--min is a number from 1");
    rc = kura_range_parse(text != NULL ? text : "14d", zone, cli->now_us, &from,
                          &to, err);
    *within = to - from;
    if (rc == KURA_OK && (to != cli->now_us || *within <= 0))
        rc = kura_err_set(err, KURA_EINPUT, "'%s' is no length of time", text);
    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    return rc;
}

static enum kura_rc finding_hosts(struct kura_cli *cli, enum kura_exit *code,
                                  struct kura_err *err)
{
    enum kura_output how;
    struct kura_warehouse *w = NULL;
    struct kura_findings *f = NULL;
    int64_t within = 0, min = 0, rows = 0;
    enum kura_rc rc = format_read(cli, "hosts", &how, err);

    if (rc == KURA_OK)
        rc = kura_warehouse_open(cli->dir, false, &w, err);
    if (rc == KURA_OK)
        rc = hosts_limits(cli, kura_warehouse_zone(w), &within, &min, err);
    if (rc == KURA_OK)
        rc = list_open(cli, w, &f, err);
    if (rc == KURA_OK)
        rc = kura_findings_write_hosts(f, how, within, min, &rows, err);
    if (rc == KURA_OK && rows == 0)
        *code = KURA_EXIT_NO;
    kura_findings_free(f);
    kura_warehouse_close(w);
    return rc;
}

/* --- show -------------------------------------------------------------- */

/* Log content, escaped for terminals. */
static enum kura_rc show_text(const char *name, const char *text,
                              struct kura_err *err)
{
    struct kura_buf out;
    enum kura_rc rc;

    if (*text == '\0')
        return KURA_OK;
    kura_buf_init(&out, FINDING_LINE_MAX);
    rc = kura_text_escape(text, strlen(text), &out, err);
    if (rc == KURA_OK)
        (void)printf("%-10s %s\n", name, out.data);
    kura_buf_release(&out);
    return rc;
}

static void show_time(const char *name, int64_t us)
{
    char text[KURA_TIME_TEXT];

    kura_time_format(us, text);
    (void)printf("%-10s %s\n", name, text);
}

static enum kura_rc show_evidence(struct kura_casefile *c,
                                  const struct kura_finding *f,
                                  struct kura_err *err)
{
    struct kura_evidence *list = NULL;
    struct kura_buf name;
    size_t count = 0, i;
    enum kura_rc rc = kura_evidence_list(c, f->id, &list, &count, err);

    kura_buf_init(&name, FINDING_LINE_MAX);
    if (rc == KURA_OK && count == 0)
        (void)printf("no lines of it were copied\n");
    for (i = 0; rc == KURA_OK && i < count; i++) {
        kura_buf_reset(&name);
        rc = kura_text_escape(list[i].source, strlen(list[i].source), &name,
                              err);
        if (rc == KURA_OK)
            (void)printf("%s:%lld (%s)\n", name.data, (long long)list[i].line,
                         list[i].table);
        if (rc == KURA_OK)
            rc = show_text("", list[i].raw, err);
    }
    kura_buf_release(&name);
    kura_evidence_list_free(list, count);
    return rc;
}

static enum kura_rc show_finding(struct kura_casefile *c,
                                 const struct kura_finding *f,
                                 const struct kura_hunt *h,
                                 struct kura_err *err)
{
    enum kura_rc rc = show_text("finding", f->id, err);

    if (rc == KURA_OK)
        rc = show_text("why", f->why, err);
    (void)printf("%-10s %s (version %s)%s%s\n", "hunt", f->hunt, f->version,
                 h != NULL ? ": " : "", h != NULL ? h->title : "");
    (void)printf("%-10s %s, %s\n", "level", f->level,
                 kura_finding_state_word(f->state));
    if (h != NULL)
        (void)printf("%-10s %s%s%s\n", "stage", kura_stage_word((int)h->stage),
                     *h->attack != '\0' ? ", " : "", h->attack);
    if (f->dated) {
        show_time("first", f->first_ts);
        show_time("last", f->last_ts);
    }
    if (rc == KURA_OK && strcmp(f->params, "{}") != 0)
        rc = show_text("params", f->params, err);
    if (rc == KURA_OK)
        rc = show_text("row", f->row, err);
    if (rc == KURA_OK && h != NULL)
        rc = show_text("about", h->about, err);
    (void)printf("\n");
    return rc == KURA_OK ? show_evidence(c, f, err) : rc;
}

static enum kura_rc finding_show(struct kura_cli *cli, struct kura_err *err)
{
    struct kura_finding_filter filter = {NULL, NULL, 0, 0};
    struct kura_casefile *c = NULL;
    struct kura_finding *list = NULL;
    struct kura_hunt_set set;
    size_t count = 0;
    enum kura_rc rc;

    memset(&set, 0, sizeof(set));
    if (cli->args->count != 2 || cli->args->operands[1][0] == '\0')
        return kura_err_set(err, KURA_EUSAGE,
                            "finding show needs the id of one, or its begin");
    filter.id = cli->args->operands[1];
    rc = kura_cli_case_open(cli, &c, err);
    if (rc == KURA_OK)
        rc = kura_hunt_set_load(cli->dir, &set, err);
    if (rc == KURA_OK)
        rc = kura_finding_list(c, &filter, &list, &count, err);
    if (rc == KURA_OK && count != 1) {
        rc = kura_err_set(err, KURA_ENOTFOUND,
                          count == 0 ? "there is no finding '%s'"
                                     : "several findings begin with '%s'",
                          filter.id);
        kura_err_hint(err, "'kura finding list' shows their ids");
    }
    if (rc == KURA_OK)
        rc = show_finding(c, list, kura_hunt_set_find(&set, list->hunt), err);
    kura_finding_list_free(list, count);
    kura_hunt_set_release(&set);
    kura_casefile_close(c);
    return rc;
}

static enum kura_rc finding_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err)
{
    const char *what = cli->args->count == 0 ? "" : cli->args->operands[0];

    if (strcmp(what, "hosts") == 0)
        return finding_hosts(cli, code, err);
    if (strcmp(what, "list") == 0)
        return finding_list(cli, err);
    if (strcmp(what, "show") == 0)
        return finding_show(cli, err);
    return kura_err_set(err, KURA_EUSAGE, "finding knows list, show and hosts");
}

const struct kura_cmd kura_cmd_finding = {
    "finding", "list|show ID|hosts",
    "what hunts found, the lines behind it, and how far it went on each host",
    finding_options, finding_run};
