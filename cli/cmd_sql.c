#include "cli/cmd.h"
#include "cli/period.h"
#include "cli/session.h"

#include "base/buf.h"
#include "base/fs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SQL_TEXT_MAX (1u << 20)

static const struct kura_opt sql_options[] = {
    {"format", 'f', "FORMAT", "table (default), csv, json, md"},
    {"from", 0, "TIME", "only what happened at or after this"},
    {"to", 0, "TIME", "only what happened before the end of this"},
    {"archived", 0, NULL, "read volumes that are at hand in place"},
    {"coverage", 0, NULL, "tell which days were searched, on stderr"},
    {"stats", 0, NULL, "tell what was read, on stderr"},
    {"timeout", 0, "SECONDS", "give up after so long"},
    {NULL, 0, NULL, NULL}};

/* The statement: the operand, or standard input for "-". */
static enum kura_rc sql_text(struct kura_cli *cli, struct kura_buf *out,
                             struct kura_err *err)
{
    char chunk[4096];
    enum kura_rc rc = KURA_OK;
    size_t n;

    if (strcmp(cli->args->operands[0], "-") != 0)
        return kura_buf_puts(out, cli->args->operands[0], err);
    while (rc == KURA_OK && (n = fread(chunk, 1, sizeof(chunk), stdin)) != 0)
        rc = kura_buf_append(out, chunk, n, err);
    if (rc == KURA_OK && ferror(stdin))
        return kura_err_sys(err, errno, "cannot read standard input");
    return rc;
}

/* --from and --to are read in the site's zone, which kura.yaml names. */
static enum kura_rc sql_range(struct kura_cli *cli, int64_t *from, int64_t *to,
                              struct kura_err *err)
{
    struct kura_warehouse *w = NULL;
    enum kura_rc rc = kura_warehouse_open(cli->dir, false, &w, err);

    if (rc == KURA_OK)
        rc = kura_cli_period(cli, &kura_cmd_sql, kura_warehouse_zone(w), from,
                             to, err);
    kura_warehouse_close(w);
    return rc;
}

static void sql_stats(const struct kura_session *s, int64_t rows)
{
    const struct kura_scan_stats *st = kura_engine_stats(s->engine);

    (void)fprintf(stderr,
                  "kura: partitions %" PRId64 " considered, %" PRId64
                  " opened; segments %" PRId64 " considered, %" PRId64
                  " opened; rows %" PRId64 " read, %" PRId64
                  " passed on, %" PRId64 " in the answer\n",
                  st->partitions, st->partitions_opened, st->segments,
                  st->segments_opened, st->rows_read, st->rows_passed, rows);
}

static enum kura_rc sql_timed_out(const char *seconds, struct kura_err *err)
{
    *err = (struct kura_err)KURA_ERR_INIT;
    (void)kura_err_set(err, KURA_ESTOPPED, "the time allowed is over");
    kura_err_hint(err, "--timeout was %s seconds", seconds);
    return KURA_ESTOPPED;
}

static enum kura_rc sql_run(struct kura_cli *cli, enum kura_exit *code,
                            struct kura_err *err)
{
    const char *word = kura_cli_option(cli, &kura_cmd_sql, "format");
    const char *timeout = kura_cli_option(cli, &kura_cmd_sql, "timeout");
    enum kura_output how = KURA_OUTPUT_TABLE;
    struct kura_session s = {NULL, NULL, NULL};
    struct kura_engine_options o;
    int64_t rows = 0, seconds = 0;
    struct kura_buf text;
    bool whole = true;
    enum kura_rc rc;

    if (cli->args->count != 1)
        return kura_err_set(err, KURA_EUSAGE, "sql needs one statement");
    if (word != NULL && !kura_output_find(word, &how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    kura_buf_init(&text, SQL_TEXT_MAX);
    rc = kura_cli_timeout(cli, &kura_cmd_sql, 0, &seconds, err);
    if (rc == KURA_OK)
        rc = sql_text(cli, &text, err);
    if (rc == KURA_OK)
        rc = sql_range(cli, &o.from_us, &o.to_us, err);
    o.ever = false;
    o.archived = kura_cli_option(cli, &kura_cmd_sql, "archived") != NULL;
    if (rc == KURA_OK)
        rc = kura_session_open(cli->dir, &o, seconds * 1000, &s, err);
    if (rc == KURA_OK)
        rc = kura_session_run(&s, text.data, NULL, how, &rows, err);
    if (rc == KURA_ESTOPPED && kura_cli_stop == 0 && timeout != NULL)
        rc = sql_timed_out(timeout, err);
    if (rc == KURA_OK)
        rc = kura_session_coverage(
            &s, kura_cli_option(cli, &kura_cmd_sql, "coverage") != NULL,
            &whole, err);
    if (!whole)
        *code = KURA_EXIT_NO;
    if (rc == KURA_OK && kura_cli_option(cli, &kura_cmd_sql, "stats") != NULL)
        sql_stats(&s, rows);
    kura_session_close(&s);
    kura_buf_release(&text);
    return rc;
}

const struct kura_cmd kura_cmd_sql = {
    "sql", "STATEMENT|-", "ask the warehouse in SQL (read-only)", sql_options,
    sql_run};
