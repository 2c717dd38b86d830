/* cmd_maintain.c - kura maintain and kura archive: what is due is done. */
#include "cli/cmd.h"
#include "cli/job.h"

#include "archive/maintain.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* For the estimate of a dry run, in bytes of log lines a second on one slow
 * core; measured by make bench. */
#define SEAL_RATE 60e6
#define ARCHIVE_RATE 40e6

static const struct kura_opt maintain_options[] = {
    {"dry-run", 'n', NULL, "tell what would be done, do nothing"},
    {"all", 0, NULL, "archive all days that are due, not whole months only"},
    {"table", 't', "TABLE", "only this table"},
    {NULL, 0, NULL, NULL}};

static const struct kura_opt archive_options[] = {
    {"dry-run", 'n', NULL, "tell what would be done, do nothing"},
    {"before", 0, "DATE", "days before this, instead of the online period"},
    {"table", 't', "TABLE", "only this table"},
    {NULL, 0, NULL, NULL}};

static void item_days(const struct kura_due_item *i, char out[32])
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];

    kura_day_format(i->first_day, first);
    kura_day_format(i->last_day, last);
    if (i->first_day == i->last_day)
        (void)snprintf(out, 32, "%s", first);
    else
        (void)snprintf(out, 32, "%s to %s", first, last);
}

static void item_print(const struct kura_due_item *i)
{
    static const char *const words[] = {"seal", "fold", "archive", "expire",
                                        "release"};
    char days[32], size[KURA_SIZE_TEXT];

    if (i->what == KURA_DUE_RELEASE) {
        (void)printf("%-8s L%" PRId64 "\n", words[i->what], i->numbers[0]);
        return;
    }
    item_days(i, days);
    kura_cli_size(i->bytes, size);
    (void)printf("%-8s %-9s %-24s %3zu partition(s) %12" PRId64 " rows  %s\n",
                 words[i->what], kura_schema_at(i->table)->name, days,
                 i->partitions,
                 i->rows, size);
}

static void plan_print(const struct kura_plan *p)
{
    double seconds = 0;
    int64_t bytes = 0;
    char size[KURA_SIZE_TEXT];
    size_t i;

    for (i = 0; i < p->count; i++) {
        const struct kura_due_item *t = &p->items[i];

        item_print(t);
        if (t->what == KURA_DUE_SEAL || t->what == KURA_DUE_FOLD)
            seconds += (double)t->bytes / SEAL_RATE;
        if (t->what == KURA_DUE_ARCHIVE)
            seconds += (double)t->bytes / ARCHIVE_RATE;
        if (t->what != KURA_DUE_EXPIRE)
            bytes += t->bytes;
    }
    kura_cli_size(bytes, size);
    if (p->count == 0)
        (void)printf("nothing is due\n");
    else
        (void)printf("%zu piece(s) of work, %s of log lines, about %.0f "
                     "minute(s)\n",
                     p->count, size, seconds / 60 + 0.5);
    if (p->held != 0)
        (void)printf("%zu volume(s) would expire but for a hold\n", p->held);
}

static enum kura_rc due_run(struct kura_cli *cli,
                            const struct kura_maintain_options *o, bool dry_run,
                            struct kura_err *err)
{
    struct kura_cli_job j;
    struct kura_plan p;
    enum kura_rc rc;

    memset(&p, 0, sizeof(p));
    rc = kura_cli_job_open(cli, &j, err);
    if (rc == KURA_OK && dry_run) {
        rc = kura_maintain_plan(&j.job, o, &p, err);
        if (rc == KURA_OK)
            plan_print(&p);
        kura_plan_release(&p);
    } else if (rc == KURA_OK) {
        rc = kura_maintain(&j.job, o, err);
    }
    kura_cli_job_close(&j);
    return rc;
}

static enum kura_rc due_table(const char *name, int *out, struct kura_err *err)
{
    const struct kura_schema *s = NULL;
    enum kura_rc rc = kura_cli_table(name, &s, err);
    int i;

    *out = -1;
    for (i = 0; s != NULL && i < kura_schema_count(); i++)
        if (kura_schema_at(i) == s)
            *out = i;
    return rc;
}

static enum kura_rc maintain_run(struct kura_cli *cli, enum kura_exit *code,
                                 struct kura_err *err)
{
    struct kura_maintain_options o = {false, false, INT64_MIN, -1};
    enum kura_rc rc;

    (void)code;
    if (cli->args->count != 0)
        return kura_err_set(err, KURA_EUSAGE, "maintain has no operands");
    o.all = kura_cli_option(cli, &kura_cmd_maintain, "all") != NULL;
    rc = due_table(kura_cli_option(cli, &kura_cmd_maintain, "table"),
                   &o.only_table, err);
    if (rc != KURA_OK)
        return rc;
    return due_run(cli, &o,
                   kura_cli_option(cli, &kura_cmd_maintain, "dry-run") != NULL,
                   err);
}

const struct kura_cmd kura_cmd_maintain = {
    "maintain", "", "do what is due: seal, fold, archive, expire, release",
    maintain_options, maintain_run};

/* The first day that is not before DATE. */
static enum kura_rc archive_before(struct kura_cli *cli, const char *text,
                                   int64_t *day, struct kura_err *err)
{
    struct kura_zone *utc = NULL;
    int64_t from, to;
    enum kura_rc rc = kura_zone_new("UTC", &utc, err);

    if (rc == KURA_OK)
        rc = kura_range_parse(text, utc, cli->now_us, &from, &to, err);
    kura_zone_free(utc);
    if (rc == KURA_EINPUT && err != NULL)
        rc = err->rc = KURA_EUSAGE;
    if (rc == KURA_OK)
        *day = kura_day_of(from);
    return rc;
}

static enum kura_rc archive_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err)
{
    const char *before = kura_cli_option(cli, &kura_cmd_archive, "before");
    struct kura_maintain_options o = {true, true, INT64_MIN, -1};
    enum kura_rc rc;

    (void)code;
    if (cli->args->count != 0)
        return kura_err_set(err, KURA_EUSAGE, "archive has no operands");
    rc = due_table(kura_cli_option(cli, &kura_cmd_archive, "table"),
                   &o.only_table, err);
    if (rc == KURA_OK && before != NULL)
        rc = archive_before(cli, before, &o.before_day, err);
    if (rc != KURA_OK)
        return rc;
    return due_run(cli, &o,
                   kura_cli_option(cli, &kura_cmd_archive, "dry-run") != NULL,
                   err);
}

const struct kura_cmd kura_cmd_archive = {
    "archive", "", "move the days that are due into volumes", archive_options,
    archive_run};
