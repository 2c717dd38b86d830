#include "cli/cmd.h"
#include "cli/formats.h"
#include "cli/session.h"
#include "ingest/load.h"

#include <inttypes.h>
#include <stdio.h>

static const struct kura_opt rejects_options[] = {
    {"format", 'f', "FORMAT", "table (default), csv, json, md"},
    {"lines", 'l', NULL, "every line instead of a summary"},
    {"retry", 0, NULL, "try all again with the formats as they are now"},
    {NULL, 0, NULL, NULL}};

static const char *const rejects_summary_sql =
    "SELECT source, reason, count(*) AS lines, min(line) AS first_line,"
    " max(line) AS last_line FROM reject GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2";

static const char *const rejects_lines_sql =
    "SELECT source, line, byte, reason, raw AS text"
    " FROM reject ORDER BY source, line, piece";

static void rejects_notice(void *arg, const char *text)
{
    kura_cli_say(arg, text);
}

static enum kura_rc rejects_retry(struct kura_cli *cli, struct kura_err *err)
{
    struct kura_load_options o = {0};
    struct kura_load_result result = {0};
    struct kura_warehouse *w = NULL;
    struct kura_formats *f = NULL;
    char text[128];
    enum kura_rc rc;

    o.now_us = cli->now_us;
    o.as_of_us = INT64_MIN;
    o.stop = &kura_cli_stop;
    o.notice = rejects_notice;
    o.arg = cli;
    rc = kura_warehouse_open(cli->dir, true, &w, err);
    if (rc == KURA_OK)
        rc = kura_cli_formats(w, &f, err);
    if (rc == KURA_OK)
        rc = kura_load_retry(w, f, &o, &result, err);
    if (rc == KURA_OK) {
        (void)snprintf(text, sizeof(text),
                       "%" PRId64 " rejects tried, %" PRId64
                       " are rows now, %" PRId64 " stay",
                       result.rows + result.rejects, result.rows,
                       result.rejects);
        kura_cli_say(cli, text);
    }
    kura_formats_free(f);
    kura_warehouse_close(w);
    return rc;
}

static enum kura_rc rejects_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err)
{
    const char *word = kura_cli_option(cli, &kura_cmd_rejects, "format");
    enum kura_output how = KURA_OUTPUT_TABLE;
    struct kura_session s = {NULL, NULL, NULL};
    int64_t rows = 0;
    const struct kura_engine_options all = {INT64_MIN, INT64_MAX, false, false};
    enum kura_rc rc;

    (void)code;
    if (cli->args->count != 0)
        return kura_err_set(err, KURA_EUSAGE, "rejects has no operands");
    if (word != NULL && !kura_output_find(word, &how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    if (kura_cli_option(cli, &kura_cmd_rejects, "retry") != NULL)
        return rejects_retry(cli, err);
    rc = kura_session_open(cli->dir, &all, 0, &s, err);
    if (rc == KURA_OK)
        rc = kura_session_run(
            &s,
            kura_cli_option(cli, &kura_cmd_rejects, "lines") != NULL
                ? rejects_lines_sql
                : rejects_summary_sql,
            NULL, how, &rows, err);
    kura_session_close(&s);
    return rc;
}

const struct kura_cmd kura_cmd_rejects = {
    "rejects", "", "lines that are no rows, and why", rejects_options,
    rejects_run};
