#include "cli/job.h"

#include "base/clock.h"
#include "base/fs.h"
#include "store/tier.h"

#include <stdio.h>
#include <string.h>

static void job_say(void *arg, const char *text)
{
    struct kura_cli_job *j = arg;

    kura_cli_say(j->cli, text);
}

static enum kura_rc case_check(struct kura_warehouse *w, struct kura_err *err)
{
    struct kura_casefile *c = NULL;
    struct kura_volume_entry *list = NULL;
    char *dir = NULL;
    size_t count = 0;
    bool missing;
    enum kura_rc rc;

    rc = kura_casefile_open(kura_warehouse_dir(w), false, &c, err);
    if (rc != KURA_OK)
        return rc;
    missing = kura_casefile_is_missing(c);
    kura_casefile_close(c);
    if (!missing)
        return KURA_OK;
    rc = kura_volume_list(w, &list, &count, err);
    kura_volume_list_free(list, count);
    if (rc != KURA_OK || count == 0)
        return rc;
    rc = kura_destination_path(w, 0, &dir, err);
    if (rc == KURA_OK) {
        rc = kura_err_set(err, KURA_ENOTFOUND,
                          "case.db is missing: holds and leases are not known");
        kura_err_hint(err,
                      "copy it back from '%s/case.db', or, if it is lost for "
                      "good: kura catalog rebuild --new-case",
                      dir);
    }
    free(dir);
    return rc;
}

enum kura_rc kura_cli_job_open(struct kura_cli *cli, struct kura_cli_job *out,
                               struct kura_err *err)
{
    enum kura_rc rc;

    memset(out, 0, sizeof(*out));
    out->cli = cli;
    out->job.now_us = cli->now_us;
    out->job.owner = kura_owner();
    out->job.stop = &kura_cli_stop;
    out->job.say = job_say;
    out->job.arg = out;
    rc = kura_warehouse_open(cli->dir, true, &out->job.w, err);
    if (rc == KURA_OK)
        rc = kura_tier_lock(out->job.w, err);
    out->locked = rc == KURA_OK;
    if (rc == KURA_OK)
        rc = case_check(out->job.w, err);
    if (rc == KURA_OK)
        rc = kura_casefile_open(kura_warehouse_dir(out->job.w), true,
                                &out->job.c, err);
    return rc;
}

enum kura_rc kura_cli_case_open(struct kura_cli *cli,
                                struct kura_casefile **out,
                                struct kura_err *err)
{
    struct kura_warehouse *w = NULL;
    enum kura_rc rc = kura_warehouse_open(cli->dir, false, &w, err);

    if (rc == KURA_OK)
        rc = case_check(w, err);
    if (rc == KURA_OK)
        rc = kura_casefile_open(kura_warehouse_dir(w), false, out, err);
    kura_warehouse_close(w);
    return rc;
}

void kura_cli_job_close(struct kura_cli_job *j)
{
    kura_casefile_close(j->job.c);
    if (j->locked)
        kura_tier_unlock(j->job.w);
    kura_warehouse_close(j->job.w);
    memset(j, 0, sizeof(*j));
}

enum kura_rc kura_cli_days(struct kura_cli *cli, const struct kura_warehouse *w,
                           const char *text, int64_t *first, int64_t *last,
                           struct kura_err *err)
{
    int64_t from, to;
    enum kura_rc rc;

    rc = kura_range_parse(text, kura_warehouse_zone(w), cli->now_us, &from, &to,
                          err);
    if (rc == KURA_EINPUT && err != NULL)
        rc = err->rc = KURA_EUSAGE;
    if (rc != KURA_OK)
        return rc;
    *first = kura_day_of(from);
    *last = kura_day_of(to - 1);
    return KURA_OK;
}

enum kura_rc kura_cli_table(const char *name, const struct kura_schema **out,
                            struct kura_err *err)
{
    *out = NULL;
    if (name == NULL)
        return KURA_OK;
    *out = kura_schema_find(name);
    if (*out == NULL)
        return kura_err_set(err, KURA_EUSAGE, "there is no table '%s'", name);
    return KURA_OK;
}

void kura_cli_size(int64_t bytes, char out[KURA_SIZE_TEXT])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double n = (double)bytes;
    size_t i = 0;

    while (n >= 1000 && i + 1 < sizeof(units) / sizeof(units[0])) {
        n /= 1000;
        i++;
    }
    (void)snprintf(out, KURA_SIZE_TEXT, i == 0 ? "%.0f %s" : "%.1f %s", n,
                   units[i]);
}
