#include "cli/cmd.h"
#include "cli/formats.h"
#include "ingest/load.h"

#include <inttypes.h>
#include <stdio.h>

static const struct kura_opt ingest_options[] = {
    {"format", 'f', "FORMAT",
     "what the files are (chosen by their first lines)"},
    {"zone", 0, "ZONE", "zone of times that have none (the site's)"},
    {"as-of", 0, "DATE", "when a file without years was written"},
    {"follow", 'F', NULL, "go on with what is added, across rotation"},
    {NULL, 0, NULL, NULL}};

static void ingest_progress(void *arg, const char *name, int64_t bytes,
                            int64_t lines)
{
    kura_cli_progress(arg, name, bytes, lines);
}

static void ingest_notice(void *arg, const char *text)
{
    kura_cli_say(arg, text);
}

static void ingest_failure(void *arg, const struct kura_err *err)
{
    (void)arg;
    kura_cli_error(err);
}

static enum kura_rc ingest_options_read(struct kura_cli *cli,
                                        const struct kura_zone *site,
                                        struct kura_zone **zone,
                                        struct kura_load_options *o,
                                        struct kura_err *err)
{
    const char *text = kura_cli_option(cli, &kura_cmd_ingest, "zone");
    enum kura_rc rc = KURA_OK;
    int64_t from;

    o->now_us = cli->now_us;
    o->as_of_us = INT64_MIN;
    o->stop = &kura_cli_stop;
    o->progress = ingest_progress;
    o->notice = ingest_notice;
    o->failure = ingest_failure;
    o->arg = cli;
    o->format = kura_cli_option(cli, &kura_cmd_ingest, "format");
    o->follow = kura_cli_option(cli, &kura_cmd_ingest, "follow") != NULL;
    if (text != NULL)
        rc = kura_zone_new(text, zone, err);
    o->zone = *zone;
    text = kura_cli_option(cli, &kura_cmd_ingest, "as-of");
    if (rc == KURA_OK && text != NULL)
        rc = kura_range_parse(text, *zone != NULL ? *zone : site, cli->now_us,
                              &from, &o->as_of_us, err);
    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    return rc;
}

static void ingest_summary(const struct kura_cli *cli,
                           const struct kura_load_result *r)
{
    char text[256], copies[96] = "";

    if (r->copies != 0)
        (void)snprintf(copies, sizeof(copies),
                       ", beside %" PRId64 " records that are held already",
                       r->copies);
    (void)snprintf(text, sizeof(text),
                   "%" PRId64 " new lines (%" PRId64 " rows, %" PRId64
                   " rejects)%s from %" PRId64 " source%s, %" PRId64 " bytes",
                   r->lines - r->already - r->copies, r->rows, r->rejects,
                   copies, r->sources, r->sources == 1 ? "" : "s", r->bytes);
    kura_cli_say(cli, text);
}

static enum kura_rc ingest_run(struct kura_cli *cli, enum kura_exit *code,
                               struct kura_err *err)
{
    struct kura_load_options o = {0};
    struct kura_load_result result = {0};
    struct kura_warehouse *w = NULL;
    struct kura_formats *f = NULL;
    struct kura_zone *zone = NULL;
    enum kura_rc rc;
    int i;

    if (cli->args->count == 0)
        return kura_err_set(err, KURA_EUSAGE, "ingest needs a file");
    rc = kura_warehouse_open(cli->dir, true, &w, err);
    if (rc == KURA_OK)
        rc = kura_cli_formats(w, &f, err);
    if (rc == KURA_OK)
        rc = ingest_options_read(cli, kura_warehouse_zone(w), &zone, &o, err);
    if (rc == KURA_OK && o.format != NULL &&
        kura_formats_find(f, o.format) == NULL) {
        rc = kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", o.format);
        kura_err_hint(err, "kura formats lists them");
    }
    for (i = 0; rc == KURA_OK && i < cli->args->count; i++)
        rc = kura_load(w, f, cli->args->operands[i], &o, &result, err);
    if (rc == KURA_ESTOPPED && o.follow) {
        /* How following ends. */
        *err = (struct kura_err)KURA_ERR_INIT;
        rc = KURA_OK;
    }
    if (rc == KURA_OK || rc == KURA_ESTOPPED)
        ingest_summary(cli, &result);
    if (result.failed != 0)
        *code = KURA_EXIT_FAILED;
    kura_zone_free(zone);
    kura_formats_free(f);
    kura_warehouse_close(w);
    return rc;
}

const struct kura_cmd kura_cmd_ingest = {"ingest", "FILE|DIR|-...",
                                         "load logs, each line exactly once",
                                         ingest_options, ingest_run};
