/* cmd_ioc.c - kura ioc: dispatches to import, list, remove and match. */
#include "cli/ioc.h"

#include "base/embedded.h"
#include "base/num.h"
#include "query/functions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct kura_opt ioc_options[] = {
    {"as", 0, "FORMAT", "import: text, csv, stix or misp (else it is seen)"},
    {"type", 't', "TYPE", "import: of values that tell none; else: only these"},
    {"source", 's', "NAME", "import: who says so; else: only these"},
    {"confidence", 0, "N", "import: 0 to 100"},
    {"expires", 0, "TIME", "import: until when they count"},
    {"campaign", 0, "NAME", "import: what they belong to"},
    {"tlp", 0, "WORD", "import: clear, green, amber, amber+strict, red"},
    {"dry-run", 'n', NULL, "import, remove, match: change nothing"},
    {"expired", 0, NULL, "list: only those that are expired"},
    {"live", 0, NULL, "list: only those that are not"},
    {"all", 'a', NULL, "match: all against all, and show all"},
    {"archived", 0, NULL, "match: read volumes in place for URLs and subjects"},
    {"from", 0, "TIME", "match: on this UTC day or later"},
    {"to", 0, "TIME", "match: on this UTC day or earlier"},
    {"exit-code", 0, NULL, "match: exit 1 when something is found"},
    {"coverage", 0, NULL, "match: every day that was searched or not"},
    {"format", 'f', "FORMAT", "list, match: table (default), csv, json, md"},
    {NULL, 0, NULL, NULL}};

const char *kura_ioc_option(const struct kura_cli *cli, const char *name)
{
    return kura_cli_option(cli, &kura_cmd_ioc, name);
}

enum kura_rc kura_ioc_output(const struct kura_cli *cli, enum kura_output *out,
                             struct kura_err *err)
{
    const char *word = kura_ioc_option(cli, "format");

    *out = KURA_OUTPUT_TABLE;
    if (word != NULL && !kura_output_find(word, out))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    return KURA_OK;
}

enum kura_rc kura_ioc_type(const struct kura_cli *cli,
                           enum kura_indicator_type *type, bool *given,
                           struct kura_err *err)
{
    const char *word = kura_ioc_option(cli, "type");

    *given = word != NULL;
    if (word == NULL || kura_indicator_find(word, strlen(word), type))
        return KURA_OK;
    return kura_err_set(err, KURA_EUSAGE,
                        "unknown type '%s': address, network, domain, url, "
                        "email, subject, filename, hash, account or useragent",
                        word);
}

enum kura_rc kura_ioc_prepare(struct kura_casefile *c, const char *name,
                              sqlite3_stmt **out, struct kura_err *err)
{
    static struct kura_function_place place; /* no zone, site or indicators */
    sqlite3 *db = kura_casefile_db(c);
    const char *sql;
    enum kura_rc rc;

    rc = kura_functions_register(db, &place, err);
    if (rc == KURA_OK)
        rc = kura_embedded_text(name, &sql, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(db, sql, out, err);
    return rc;
}

/* --- List -------------------------------------------------------------- */

static enum kura_rc ioc_list(struct kura_cli *cli, struct kura_err *err)
{
    bool expired = kura_ioc_option(cli, "expired") != NULL;
    bool live = kura_ioc_option(cli, "live") != NULL, given = false;
    const char *source = kura_ioc_option(cli, "source");
    enum kura_indicator_type type = KURA_INDICATOR_ADDRESS;
    struct kura_casefile *c = NULL;
    sqlite3_stmt *stmt = NULL;
    enum kura_output how;
    int64_t rows = 0;
    enum kura_rc rc = kura_ioc_output(cli, &how, err);

    if (rc == KURA_OK)
        rc = kura_ioc_type(cli, &type, &given, err);
    if (rc == KURA_OK && cli->args->count != 1)
        rc = kura_err_set(err, KURA_EUSAGE, "ioc list takes options only");
    if (rc == KURA_OK)
        rc = kura_cli_case_open(cli, &c, err);
    if (rc == KURA_OK && !kura_casefile_is_missing(c)) {
        rc = kura_ioc_prepare(c, "sql/reports/ioc-list.sql", &stmt, err);
        (void)sqlite3_bind_int64(stmt, 1, cli->now_us);
        if (given)
            (void)sqlite3_bind_text(stmt, 2, kura_indicator_word(type), -1,
                                    SQLITE_STATIC);
        if (source != NULL)
            (void)sqlite3_bind_text(stmt, 3, source, -1, SQLITE_STATIC);
        if (expired != live)
            (void)sqlite3_bind_int(stmt, 4, expired);
        (void)sqlite3_bind_int(stmt, 5, kura_ioc_is_for_people(how));
        if (rc == KURA_OK)
            rc = kura_output_write(stmt, how, stdout, &rows, err);
    }
    (void)sqlite3_finalize(stmt);
    kura_casefile_close(c);
    return rc;
}

bool kura_ioc_is_for_people(enum kura_output how)
{
    return how == KURA_OUTPUT_TABLE || how == KURA_OUTPUT_MARKDOWN;
}

/* --- Remove ------------------------------------------------------------ */

/* A number, or a value as people write it. */
static enum kura_rc remove_one(struct kura_cli_job *j, const char *word,
                               int64_t *count, struct kura_err *err)
{
    const char *source = kura_ioc_option(j->cli, "source");
    struct kura_indicator_text text;
    int64_t number = 0;
    enum kura_rc rc = KURA_OK;

    kura_indicator_text_init(&text);
    if (!kura_num_parse(word, strlen(word), &number) || number <= 0) {
        enum kura_indicator_type type = KURA_INDICATOR_ADDRESS;
        bool given;

        number = 0;
        rc = kura_ioc_type(j->cli, &type, &given, err);
        if (rc == KURA_OK)
            rc = kura_indicator_read(word, strlen(word), given ? &type : NULL,
                                     &text, err);
    }
    if (rc == KURA_OK)
        rc = kura_indicator_remove(
            j->job.c, number, number != 0 ? NULL : text.value.data, source,
            j->job.now_us, j->job.owner,
            kura_ioc_option(j->cli, "dry-run") == NULL, count, err);
    if (rc == KURA_OK && *count == 0)
        rc = kura_err_set(err, KURA_ENOTFOUND, "there is no indicator '%s'",
                          word);
    kura_indicator_text_release(&text);
    return rc;
}

static enum kura_rc ioc_remove(struct kura_cli *cli, struct kura_err *err)
{
    const char *source = kura_ioc_option(cli, "source");
    bool dry = kura_ioc_option(cli, "dry-run") != NULL;
    int64_t count = 0, sum = 0;
    struct kura_cli_job j;
    enum kura_rc rc;
    int i;

    if (cli->args->count < 2 && source == NULL)
        return kura_err_set(err, KURA_EUSAGE,
                            "ioc remove needs numbers, values or --source");
    rc = kura_cli_job_open(cli, &j, err);
    if (rc == KURA_OK && cli->args->count < 2)
        rc = kura_indicator_remove(j.job.c, 0, NULL, source, cli->now_us,
                                   j.job.owner, !dry, &sum, err);
    for (i = 1; rc == KURA_OK && i < cli->args->count; i++) {
        rc = remove_one(&j, cli->args->operands[i], &count, err);
        sum += count;
    }
    if (rc == KURA_OK && !dry)
        rc = kura_case_backup(&j.job, err);
    if (rc == KURA_OK)
        (void)printf("%s%" PRId64 " indicator(s) removed\n",
                     dry ? "dry run: " : "", sum);
    kura_cli_job_close(&j);
    return rc;
}

static enum kura_rc ioc_run(struct kura_cli *cli, enum kura_exit *code,
                            struct kura_err *err)
{
    const char *what = cli->args->count == 0 ? "" : cli->args->operands[0];

    if (strcmp(what, "import") == 0)
        return kura_ioc_import_run(cli, code, err);
    if (strcmp(what, "list") == 0)
        return ioc_list(cli, err);
    if (strcmp(what, "remove") == 0)
        return ioc_remove(cli, err);
    if (strcmp(what, "match") == 0)
        return kura_ioc_match_run(cli, code, err);
    return kura_err_set(err, KURA_EUSAGE,
                        "ioc knows import, list, remove and match");
}

const struct kura_cmd kura_cmd_ioc = {
    "ioc", "import|list|remove|match ...",
    "indicators: what to look for, and where it was seen", ioc_options,
    ioc_run};
