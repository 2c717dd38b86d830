/* cmd_restore.c - kura restore and kura release. */
#include "cli/cmd.h"
#include "cli/job.h"

#include "archive/maintain.h"
#include "archive/restore.h"
#include "base/clock.h"
#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct kura_opt restore_options[] = {
    {"case", 0, "NAME", "the case that needs it (required)"},
    {"for", 0, "PERIOD", "for how long, such as 30d (default)"},
    {"table", 't', "TABLE", "only this table"},
    {"dry-run", 'n', NULL, "tell what it would take, do nothing"},
    {"list", 'l', NULL, "list what is restored, by whom, until when"},
    {NULL, 0, NULL, NULL}};

static const struct kura_opt release_options[] = {{NULL, 0, NULL, NULL}};

static void restore_estimate(const struct kura_restore_plan *p)
{
    char size[KURA_SIZE_TEXT], room[KURA_SIZE_TEXT];
    size_t i;

    kura_cli_size(p->bytes, size);
    kura_cli_size(p->room, room);
    (void)printf("%zu partition(s) to restore, %" PRId64 " rows, %s; %s free; "
                 "%zu at hand already\n",
                 p->partitions, p->rows, size, room, p->here);
    for (i = 0; i < p->missing_count; i++)
        (void)printf("to be mounted: %s\n", p->missing[i]);
    if (p->expired != 0)
        (void)printf("%zu partition(s) are not kept any more\n", p->expired);
}

/* The end of the lease, on the calendar: a period after now. */
static enum kura_rc restore_until(struct kura_cli *cli, const char *text,
                                  int64_t *until, struct kura_err *err)
{
    struct kura_period p;
    int year, month, date, i;
    int64_t day;
    enum kura_rc rc = kura_period_parse(text, &p, err);

    if (rc == KURA_OK && kura_period_is_forever(&p))
        rc = kura_err_set(err, KURA_EINPUT, "a lease has an end");
    if (rc == KURA_EINPUT && err != NULL)
        rc = err->rc = KURA_EUSAGE;
    if (rc != KURA_OK)
        return rc;
    day = kura_day_of(cli->now_us);
    for (i = 0; i < p.months; i++) {
        kura_civil_from_days(day, &year, &month, &date);
        day = kura_days_from_civil(month == 12 ? year + 1 : year,
                                   month == 12 ? 1 : month + 1,
                                   date > 28 ? 28 : date);
    }
    *until = cli->now_us + (day - kura_day_of(cli->now_us) + p.days) * KURA_DAY;
    return KURA_OK;
}

static enum kura_rc restore_read(struct kura_cli *cli,
                                 const struct kura_warehouse *w,
                                 struct kura_restore_request *r,
                                 struct kura_err *err)
{
    const char *period = kura_cli_option(cli, &kura_cmd_restore, "for");
    enum kura_rc rc;

    r->name = kura_cli_option(cli, &kura_cmd_restore, "case");
    if (r->name == NULL || *r->name == '\0')
        return kura_err_set(err, KURA_EUSAGE, "restore needs --case NAME");
    rc = kura_cli_table(kura_cli_option(cli, &kura_cmd_restore, "table"),
                        &r->table, err);
    if (rc == KURA_OK)
        rc = kura_cli_days(cli, w, cli->args->operands[0], &r->first_day,
                           &r->last_day, err);
    if (rc == KURA_OK)
        rc = restore_until(cli, period == NULL ? "30d" : period,
                           &r->expires_us, err);
    return rc;
}

static enum kura_rc restore_do(const struct kura_job *j,
                               const struct kura_restore_request *r,
                               bool dry_run, struct kura_err *err)
{
    char until[KURA_TIME_TEXT];
    struct kura_restore_plan p;
    int64_t lease = 0;
    size_t here;
    enum kura_rc rc;

    memset(&p, 0, sizeof(p));
    rc = kura_restore_plan(j, r, &p, err);
    here = p.here;
    if (rc == KURA_OK)
        restore_estimate(&p);
    kura_restore_plan_release(&p);
    if (rc != KURA_OK || dry_run)
        return rc;
    rc = kura_restore_recover(j, err);
    if (rc == KURA_OK)
        rc = kura_restore(j, r, &lease, err);
    kura_time_format(r->expires_us, until);
    if (rc == KURA_OK && lease == 0)
        (void)printf(here == 0 ? "there are no logs of that range\n"
                               : "nothing to restore: all of it is online\n");
    else if (rc == KURA_OK)
        (void)printf("lease L%" PRId64 " until %.19sZ\n", lease, until);
    if (rc == KURA_OK)
        rc = kura_case_backup(j, err);
    return rc;
}

static enum kura_rc restore_list(struct kura_cli *cli, struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT], until[KURA_TIME_TEXT];
    struct kura_casefile *c = NULL;
    struct kura_lease *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_cli_case_open(cli, &c, err);

    if (rc == KURA_OK)
        rc = kura_lease_list(c, false, &list, &count, err);
    for (i = 0; i < count; i++) {
        kura_day_format(list[i].first_day, first);
        kura_day_format(list[i].last_day, last);
        kura_time_format(list[i].expires_us, until);
        (void)printf("L%-4" PRId64 " %s to %s  %-9s until %.19sZ  %s  %s  %s\n",
                     list[i].number, first, last,
                     *list[i].table == '\0' ? "all" : list[i].table, until,
                     list[i].state, list[i].owner, list[i].name);
    }
    kura_lease_list_free(list, count);
    kura_casefile_close(c);
    return rc;
}

static enum kura_rc restore_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err)
{
    struct kura_restore_request r;
    struct kura_cli_job j;
    enum kura_rc rc;

    (void)code;
    if (kura_cli_option(cli, &kura_cmd_restore, "list") != NULL)
        return restore_list(cli, err);
    if (cli->args->count != 1)
        return kura_err_set(err, KURA_EUSAGE, "restore needs one range");
    memset(&r, 0, sizeof(r));
    rc = kura_cli_job_open(cli, &j, err);
    if (rc == KURA_OK)
        rc = restore_read(cli, j.job.w, &r, err);
    if (rc == KURA_OK)
        rc = restore_do(&j.job, &r,
                        kura_cli_option(cli, &kura_cmd_restore, "dry-run") !=
                            NULL,
                        err);
    kura_cli_job_close(&j);
    return rc;
}

const struct kura_cmd kura_cmd_restore = {
    "restore", "RANGE", "bring archived days back for a case", restore_options,
    restore_run};

static enum kura_rc release_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err)
{
    const char *name = cli->args->count == 1 ? cli->args->operands[0] : "";
    struct kura_cli_job j;
    int64_t number = 0;
    enum kura_rc rc;

    (void)code;
    if ((name[0] != 'L' && name[0] != 'l') ||
        !kura_num_parse(name + 1, strlen(name + 1), &number))
        return kura_err_set(err, KURA_EUSAGE,
                            "release needs one lease, such as L3");
    rc = kura_cli_job_open(cli, &j, err);
    if (rc == KURA_OK)
        rc = kura_release(&j.job, number, err);
    if (rc == KURA_OK)
        rc = kura_case_backup(&j.job, err);
    kura_cli_job_close(&j);
    if (rc == KURA_OK)
        (void)printf("lease L%" PRId64 " is given back\n", number);
    return rc;
}

const struct kura_cmd kura_cmd_release = {
    "release", "LEASE", "give restored days back", release_options,
    release_run};
