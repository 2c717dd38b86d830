/* cmd_hold.c - kura hold add, remove, list. */
#include "cli/cmd.h"
#include "cli/job.h"

#include "archive/maintain.h"
#include "base/clock.h"
#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kura_opt hold_options[] = {
    {"case", 0, "NAME", "the case that needs it (add)"},
    {"table", 't', "TABLE", "only this table (add)"},
    {NULL, 0, NULL, NULL}};

static enum kura_rc hold_fill(struct kura_cli *cli, struct kura_cli_job *j,
                              struct kura_hold *h, struct kura_err *err)
{
    const char *name = kura_cli_option(cli, &kura_cmd_hold, "case");
    const struct kura_schema *table = NULL;
    enum kura_rc rc;

    if (name == NULL || *name == '\0')
        return kura_err_set(err, KURA_EUSAGE, "hold add needs --case NAME");
    rc = kura_cli_table(kura_cli_option(cli, &kura_cmd_hold, "table"), &table,
                        err);
    if (rc == KURA_OK)
        rc = kura_cli_days(cli, j->job.w, cli->args->operands[1], &h->first_day,
                           &h->last_day, err);
    if (rc != KURA_OK)
        return rc;
    h->name = strdup(name);
    h->table = strdup(table == NULL ? "" : table->name);
    h->owner = strdup(j->job.owner);
    h->made_us = cli->now_us;
    if (h->name == NULL || h->table == NULL || h->owner == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

static enum kura_rc hold_add(struct kura_cli *cli, struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    struct kura_hold h;
    struct kura_cli_job j;
    enum kura_rc rc;

    memset(&h, 0, sizeof(h));
    if (cli->args->count != 2)
        return kura_err_set(err, KURA_EUSAGE, "hold add needs one range");
    rc = kura_cli_job_open(cli, &j, err);
    if (rc == KURA_OK)
        rc = hold_fill(cli, &j, &h, err);
    if (rc == KURA_OK)
        rc = kura_hold_add(j.job.c, &h, err);
    if (rc == KURA_OK)
        rc = kura_case_backup(&j.job, err);
    if (rc == KURA_OK) {
        kura_day_format(h.first_day, first);
        kura_day_format(h.last_day, last);
        (void)printf("hold %" PRId64 ": %s, %s to %s (UTC)\n", h.number,
                     *h.table == '\0' ? "every table" : h.table, first, last);
    }
    free(h.name);
    free(h.table);
    free(h.owner);
    kura_cli_job_close(&j);
    return rc;
}

static enum kura_rc hold_remove(struct kura_cli *cli, struct kura_err *err)
{
    struct kura_cli_job j;
    int64_t number;
    enum kura_rc rc;

    if (cli->args->count != 2 ||
        !kura_num_parse(cli->args->operands[1],
                        strlen(cli->args->operands[1]), &number))
        return kura_err_set(err, KURA_EUSAGE, "hold remove needs a number");
    rc = kura_cli_job_open(cli, &j, err);
    if (rc == KURA_OK)
        rc = kura_hold_remove(j.job.c, number, cli->now_us, j.job.owner, err);
    if (rc == KURA_OK)
        rc = kura_case_backup(&j.job, err);
    kura_cli_job_close(&j);
    return rc;
}

static enum kura_rc hold_list(struct kura_cli *cli, struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT], made[KURA_TIME_TEXT];
    struct kura_casefile *c = NULL;
    struct kura_hold *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_cli_case_open(cli, &c, err);

    if (rc == KURA_OK)
        rc = kura_hold_list(c, &list, &count, err);
    for (i = 0; i < count; i++) {
        kura_day_format(list[i].first_day, first);
        kura_day_format(list[i].last_day, last);
        kura_time_format(list[i].made_us, made);
        (void)printf("%-4" PRId64 " %s to %s  %-9s since %.19sZ  %s  %s\n",
                     list[i].number, first, last,
                     *list[i].table == '\0' ? "all" : list[i].table, made,
                     list[i].owner, list[i].name);
    }
    kura_hold_list_free(list, count);
    kura_casefile_close(c);
    return rc;
}

static enum kura_rc hold_run(struct kura_cli *cli, enum kura_exit *code,
                             struct kura_err *err)
{
    const char *what = cli->args->count == 0 ? "" : cli->args->operands[0];

    (void)code;
    if (strcmp(what, "add") == 0)
        return hold_add(cli, err);
    if (strcmp(what, "remove") == 0)
        return hold_remove(cli, err);
    if (strcmp(what, "list") == 0)
        return hold_list(cli, err);
    return kura_err_set(err, KURA_EUSAGE, "hold knows add, remove and list");
}

const struct kura_cmd kura_cmd_hold = {
    "hold", "add|remove|list ...", "keep a period from expiring",
    hold_options, hold_run};
