/* cmd_volumes.c - kura volumes, kura volumes import, kura volumes forget. */
#include "cli/cmd.h"
#include "cli/job.h"

#include "archive/import.h"
#include "archive/maintain.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "store/tier.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VOLUMES_LINE_MAX ((size_t)1 << 20)

static const struct kura_opt volumes_options[] = {
    {"json", 0, NULL, "one JSON object a volume (list)"},
    {"force", 0, NULL, "also the last copy of what a hold keeps (forget)"},
    {NULL, 0, NULL, NULL}};

/* --- Text --------------------------------------------------------------- */

static enum kura_rc copy_print(const struct kura_volume_copy *c,
                               struct kura_buf *out, struct kura_err *err)
{
    char time[KURA_TIME_TEXT];
    enum kura_rc rc;

    kura_buf_reset(out);
    rc = kura_text_escape(c->path, strlen(c->path), out, err);
    if (rc != KURA_OK)
        return rc;
    if (c->verified_us != INT64_MIN)
        kura_time_format(c->verified_us, time);
    else
        (void)snprintf(time, sizeof(time), "never");
    (void)printf("  %s  %s  verified %.19s%s\n", out->data,
                 c->present ? "present" : "not mounted", time,
                 c->verified_us != INT64_MIN ? "Z" : "");
    return KURA_OK;
}

static enum kura_rc volume_print(const struct kura_volume_entry *v,
                                 struct kura_buf *out, struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT], size[KURA_SIZE_TEXT];
    enum kura_rc rc;
    size_t i;

    kura_day_format(v->first_day, first);
    kura_day_format(v->last_day, last);
    kura_cli_size(v->bytes, size);
    rc = kura_text_escape(v->name, strlen(v->name), out, err);
    if (rc == KURA_OK)
        (void)printf("%s  %s  %s to %s  %" PRId64 " rows  %s  %s\n", out->data,
                     v->schema->name, first, last, v->rows, size, v->state);
    for (i = 0; rc == KURA_OK && i < v->copy_count; i++)
        rc = copy_print(&v->copies[i], out, err);
    return rc;
}

/* --- JSON --------------------------------------------------------------- */

static enum kura_rc json_pair(const char *key, const char *text,
                              struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = kura_buf_printf(out, err, "\"%s\":", key);

    return rc == KURA_OK ? kura_json_text(text, strlen(text), out, err) : rc;
}

static enum kura_rc copy_json(const struct kura_volume_copy *c, bool first,
                              struct kura_buf *out, struct kura_err *err)
{
    char time[KURA_TIME_TEXT];
    enum kura_rc rc = kura_buf_puts(out, first ? "{" : ",{", err);

    if (rc == KURA_OK)
        rc = json_pair("path", c->path, out, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(out, err, ",\"present\":%s,\"verified\":",
                             c->present ? "true" : "false");
    if (rc == KURA_OK && c->verified_us == INT64_MIN)
        return kura_buf_puts(out, "null}", err);
    kura_time_format(c->verified_us, time);
    return rc == KURA_OK ? kura_buf_printf(out, err, "\"%s\"}", time) : rc;
}

static enum kura_rc volume_json(const struct kura_volume_entry *v,
                                struct kura_buf *out, struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    enum kura_rc rc = kura_buf_puts(out, "{", err);
    size_t i;

    kura_day_format(v->first_day, first);
    kura_day_format(v->last_day, last);
    if (rc == KURA_OK)
        rc = json_pair("name", v->name, out, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(
            out, err,
            ",\"id\":\"%s\",\"table\":\"%s\",\"first_day\":\"%s\","
            "\"last_day\":\"%s\",\"partitions\":%zu,\"rows\":%" PRId64
            ",\"bytes\":%" PRId64
            ",\"sha256\":\"%s\",\"state\":\"%s\",\"copies\":[",
            v->id, v->schema->name, first, last, v->member_count, v->rows,
            v->bytes, v->sha256, v->state);
    for (i = 0; rc == KURA_OK && i < v->copy_count; i++)
        rc = copy_json(&v->copies[i], i == 0, out, err);
    if (rc == KURA_OK)
        (void)printf("%s]}\n", out->data);
    return rc;
}

static enum kura_rc volumes_list(struct kura_cli *cli, struct kura_err *err)
{
    bool json = kura_cli_option(cli, &kura_cmd_volumes, "json") != NULL;
    struct kura_volume_entry *list = NULL;
    struct kura_warehouse *w = NULL;
    struct kura_buf out;
    size_t count = 0, i;
    enum kura_rc rc;

    kura_buf_init(&out, VOLUMES_LINE_MAX);
    rc = kura_warehouse_open(cli->dir, false, &w, err);
    if (rc == KURA_OK)
        rc = kura_volume_list(w, &list, &count, err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        kura_buf_reset(&out);
        rc = json ? volume_json(&list[i], &out, err)
                  : volume_print(&list[i], &out, err);
    }
    kura_buf_release(&out);
    kura_volume_list_free(list, count);
    kura_warehouse_close(w);
    return rc;
}

/* --- The command -------------------------------------------------------- */

static enum kura_rc volumes_forget(struct kura_cli *cli, struct kura_err *err)
{
    bool force = kura_cli_option(cli, &kura_cmd_volumes, "force") != NULL;
    struct kura_cli_job j;
    enum kura_rc rc;

    if (cli->args->count != 2)
        return kura_err_set(err, KURA_EUSAGE, "volumes forget needs one name");
    rc = kura_cli_job_open(cli, &j, err);
    if (rc == KURA_OK)
        rc = kura_forget(&j.job, cli->args->operands[1], force, err);
    if (rc == KURA_OK)
        rc = kura_case_backup(&j.job, err);
    kura_cli_job_close(&j);
    return rc;
}

/* One that is refused does not keep the others out. */
static enum kura_rc volumes_import(struct kura_cli *cli, struct kura_err *err)
{
    struct kura_err first = KURA_ERR_INIT;
    struct kura_cli_job j;
    enum kura_rc rc;
    int i;

    if (cli->args->count < 2)
        return kura_err_set(err, KURA_EUSAGE, "volumes import needs a path");
    rc = kura_cli_job_open(cli, &j, err);
    for (i = 1; rc == KURA_OK && i < cli->args->count; i++) {
        struct kura_err cause = KURA_ERR_INIT;

        if (kura_import(&j.job, cli->args->operands[i], &cause) == KURA_OK)
            continue;
        if (first.rc == KURA_OK)
            first = cause;
        else
            kura_cli_error(&cause);
    }
    if (rc == KURA_OK)
        rc = kura_case_backup(&j.job, err);
    kura_cli_job_close(&j);
    if (rc == KURA_OK && first.rc != KURA_OK) {
        rc = first.rc;
        if (err != NULL)
            *err = first;
    }
    return rc;
}

static enum kura_rc volumes_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err)
{
    const char *what = cli->args->count == 0 ? "list" : cli->args->operands[0];

    (void)code;
    if (strcmp(what, "list") == 0 && cli->args->count <= 1)
        return volumes_list(cli, err);
    if (strcmp(what, "forget") == 0)
        return volumes_forget(cli, err);
    if (strcmp(what, "import") == 0)
        return volumes_import(cli, err);
    return kura_err_set(err, KURA_EUSAGE, "volumes cannot '%s'", what);
}

const struct kura_cmd kura_cmd_volumes = {
    "volumes", "[import|forget ...]",
    "list volumes and their copies, take one in, or forget one",
    volumes_options, volumes_run};
