/* cmd_hunts.c - kura hunts: which hunts there are, what they cover, when they
 * last ran, and whether they find what they say. */
#include "cli/cmd.h"
#include "cli/hunt_test.h"
#include "cli/hunting.h"
#include "cli/selection.h"
#include "cli/session.h"

#include "base/embedded.h"
#include "base/fs.h"
#include "query/functions.h"
#include "store/db.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct kura_opt hunts_options[] = {
    KURA_SELECTION_OPTIONS,
    {"matrix", 0, NULL, "stages of the attack by source of logs"},
    {"ledger", 0, NULL, "what ran over which days, and what is due"},
    {"test", 0, "DIR", "try each on the hit and miss logs in DIR"},
    {"format", 'f', "FORMAT", "table (default), csv, json, md"},
    {NULL, 0, NULL, NULL}};

/* --- One hunt in full ------------------------------------------------------
 */

static void show_line(const char *name, const char *value)
{
    if (*value != '\0')
        (void)printf("%-10s %s\n", name, value);
}

static void show_lists(const struct kura_hunt *h)
{
    size_t i;

    for (i = 0; i < h->table_count; i++)
        (void)printf("%s%s", i == 0 ? "table      " : ", ", h->tables[i]->name);
    (void)printf("\n");
    for (i = 0; i < h->need_count; i++)
        (void)printf("%s%s%s%s", i == 0 ? "needs      " : ", ",
                     h->needs[i].table, h->needs[i].column != NULL ? "." : "",
                     h->needs[i].column != NULL ? h->needs[i].column : "");
    if (h->need_count != 0)
        (void)printf("\n");
    if (h->window_days != 0)
        (void)printf("%-10s %" PRId64 " days before the range\n", "window",
                     h->window_days);
    for (i = 0; i < h->key_count; i++)
        (void)printf("%s%s", i == 0 ? "key        " : ", ", h->keys[i]);
    (void)printf("\n");
    for (i = 0; i < h->param_count; i++)
        (void)printf("%-10s %s = %s  (%s)\n", i == 0 ? "parameters" : "",
                     h->params[i].name, h->params[i].value, h->params[i].about);
}

static void show_hunt(const struct kura_hunt *h)
{
    (void)printf("%s: %s\n", h->name, h->title);
    show_line("file", h->file);
    show_line("version", h->version);
    show_line("level", kura_level_word((int)h->level));
    show_line("stage", kura_stage_word((int)h->stage));
    show_line("attack", h->attack);
    show_line("tags", h->tags);
    show_line("reference", h->reference);
    show_lists(h);
    show_line("why", h->why);
    show_line("about", h->about);
    (void)printf("\n%s\n", h->sql);
}

/* --- Lists, as SQL in memory ------------------------------------------------
 */

/* Makes table `hunts` in a database in memory: a row a hunt and table. */
static enum kura_rc hunts_table(const struct kura_selection *s, sqlite3 **db,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, k;

    if (sqlite3_open(":memory:", db) != SQLITE_OK)
        return kura_err_nomem(err);
    rc = kura_db_exec(*db,
                      "CREATE TABLE hunts (hunt, \"table\", at INTEGER, level, "
                      "stage, stages INTEGER, attack, title)",
                      err);
    for (i = 0; rc == KURA_OK && i < s->count; i++)
        for (k = 0; rc == KURA_OK && k < s->list[i]->table_count; k++) {
            const struct kura_hunt *h = s->list[i];
            const struct kura_value v[] = {{h->name, 0},
                                           {h->tables[k]->name, 0},
                                           {NULL, (int64_t)k},
                                           {kura_level_word((int)h->level), 0},
                                           {kura_stage_word((int)h->stage), 0},
                                           {NULL, (int64_t)h->stages},
                                           {h->attack, 0},
                                           {h->title, 0}};

            rc = kura_db_run(
                *db, "INSERT INTO hunts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", v, 8,
                err);
        }
    return rc;
}

#define HUNTS_LIST_SQL                                                         \
    "SELECT hunt, group_concat(\"table\", ', ') AS \"table\", level, stage, "  \
    "attack, title FROM (SELECT * FROM hunts ORDER BY hunt, at) "              \
    "GROUP BY hunt ORDER BY hunt"

static enum kura_rc hunts_write(sqlite3 *db, const char *sql,
                                enum kura_output how, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t rows = 0;
    enum kura_rc rc = kura_db_prepare(db, sql, &stmt, err);

    if (rc == KURA_OK)
        rc = kura_output_write(stmt, how, stdout, &rows, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc hunts_list(const struct kura_selection *s, const char *sql,
                               enum kura_output how, struct kura_err *err)
{
    sqlite3 *db = NULL;
    enum kura_rc rc = hunts_table(s, &db, err);

    if (rc == KURA_OK)
        rc = hunts_write(db, sql, how, err);
    (void)sqlite3_close(db);
    return rc;
}

static enum kura_rc hunts_matrix(const struct kura_selection *s,
                                 enum kura_output how, struct kura_err *err)
{
    const char *sql = NULL;
    enum kura_rc rc = kura_embedded_text("sql/matrix.sql", &sql, err);
    sqlite3 *db = NULL;
    int i;

    if (rc == KURA_OK)
        rc = hunts_table(s, &db, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(db, "CREATE TABLE stage (number INTEGER, name)", err);
    for (i = 0; rc == KURA_OK && kura_stage_word(i) != NULL; i++) {
        const struct kura_value v[] = {{NULL, i}, {kura_stage_word(i), 0}};

        rc = kura_db_run(db, "INSERT INTO stage VALUES (?, ?)", v, 2, err);
    }
    if (rc == KURA_OK)
        rc = hunts_write(db, sql, how, err);
    (void)sqlite3_close(db);
    return rc;
}

/* --- The ledger -------------------------------------------------------------
 */

#define LEDGER_SQL                                                             \
    "SELECT d.hunt, d.due AS days_due, (SELECT count(*) FROM hunt_day AS l "   \
    "WHERE l.hunt = d.hunt AND l.version = d.version AND l.params = '{}') "    \
    "AS days_done, r.status AS last_status, iso_time(r.started_at) AS "        \
    "last_run, r.ms, r.findings, r.reason FROM due AS d LEFT JOIN hunt_run "   \
    "AS r ON r.number = (SELECT max(number) FROM hunt_run WHERE hunt = "       \
    "d.hunt AND version = d.version) ORDER BY d.hunt"

static enum kura_rc ledger_fill(struct kura_hunting *g,
                                const struct kura_selection *s, sqlite3 *db,
                                struct kura_err *err)
{
    enum kura_rc rc = kura_db_exec(
        db, "CREATE TEMP TABLE due (hunt, version, due INTEGER)", err);
    size_t i, k;

    for (i = 0; rc == KURA_OK && i < s->count; i++) {
        struct kura_hunting_range *list = NULL;
        size_t count = 0;
        struct kura_value v[] = {
            {s->list[i]->name, 0}, {s->list[i]->version, 0}, {NULL, 0}};

        rc = kura_hunting_due(g, s->list[i], &list, &count, err);
        for (k = 0; k < count; k++)
            v[2].number += list[k].days;
        free(list);
        if (rc == KURA_OK)
            rc = kura_db_run(db, "INSERT INTO due VALUES (?, ?, ?)", v, 3, err);
    }
    return rc;
}

static enum kura_rc hunts_ledger(struct kura_cli *cli,
                                 const struct kura_selection *s,
                                 enum kura_output how, struct kura_err *err)
{
    struct kura_function_place place = {NULL, NULL, NULL};
    struct kura_hunting g;
    sqlite3 *db = NULL;
    enum kura_rc rc;

    memset(&g, 0, sizeof(g));
    g.cli = cli;
    g.from_ts = INT64_MIN;
    g.to_ts = INT64_MAX;
    rc = kura_hunting_open(&g, err);
    if (rc == KURA_OK)
        rc = kura_casefile_open(cli->dir, false, &g.casefile, err);
    if (rc == KURA_OK &&
        sqlite3_open_v2(":memory:", &db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI,
                        NULL) != SQLITE_OK)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK)
        rc = kura_case_attach(db, cli->dir, err);
    if (rc == KURA_OK) {
        place.zone = kura_warehouse_zone(g.w);
        rc = kura_functions_register(db, &place, err);
    }
    if (rc == KURA_OK)
        rc = ledger_fill(&g, s, db, err);
    if (rc == KURA_OK)
        rc = hunts_write(db, LEDGER_SQL, how, err);
    (void)sqlite3_close(db);
    kura_hunting_close(&g);
    return rc;
}

/* --- The command ----------------------------------------------------- */

/* Against the tables of the warehouse: what is wrong is told, file by file. */
static enum kura_rc hunts_check(struct kura_cli *cli,
                                const struct kura_selection *s,
                                enum kura_exit *code, struct kura_err *err)
{
    const struct kura_engine_options all = {INT64_MIN, INT64_MAX, false, false};
    struct kura_session session = {NULL, NULL, NULL};
    enum kura_rc rc;
    size_t i;

    rc = kura_session_open(cli->dir, &all, 0, &session, err);
    for (i = 0; rc == KURA_OK && i < s->count; i++) {
        struct kura_err cause = KURA_ERR_INIT;

        if (kura_hunt_check(s->list[i], session.db, &cause) == KURA_OK)
            continue;
        kura_cli_error(&cause);
        *code = KURA_EXIT_FAILED;
    }
    kura_session_close(&session);
    return rc;
}

static enum kura_rc hunts_show(struct kura_cli *cli,
                               const struct kura_selection *s,
                               enum kura_output how, enum kura_exit *code,
                               struct kura_err *err)
{
    const char *test = kura_cli_option(cli, &kura_cmd_hunts, "test");
    size_t i;

    if (test != NULL)
        return kura_hunt_test(cli, test, s, code, err);
    if (kura_cli_option(cli, &kura_cmd_hunts, "matrix") != NULL)
        return hunts_matrix(s, how, err);
    if (kura_cli_option(cli, &kura_cmd_hunts, "ledger") != NULL)
        return hunts_ledger(cli, s, how, err);
    if (cli->args->count == 0)
        return hunts_list(s, HUNTS_LIST_SQL, how, err);
    for (i = 0; i < s->count; i++)
        show_hunt(s->list[i]);
    return KURA_OK;
}

static enum kura_rc hunts_run(struct kura_cli *cli, enum kura_exit *code,
                              struct kura_err *err)
{
    const char *word = kura_cli_option(cli, &kura_cmd_hunts, "format");
    enum kura_output how = KURA_OUTPUT_TABLE;
    struct kura_selection s;
    char config[4096];
    enum kura_rc rc;

    memset(&s, 0, sizeof(s));
    if (word != NULL && !kura_output_find(word, &how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    rc = kura_selection_make(cli, &kura_cmd_hunts, &s, err);
    if (rc == KURA_OK && s.set.broken_count != 0)
        *code = KURA_EXIT_FAILED;
    /* Outside a warehouse the built-in ones are told all the same. */
    (void)snprintf(config, sizeof(config), "%s/kura.yaml", cli->dir);
    if (rc == KURA_OK && kura_fs_exists(config))
        rc = hunts_check(cli, &s, code, err);
    if (rc == KURA_OK)
        rc = hunts_show(cli, &s, how, code, err);
    kura_selection_release(&s);
    return rc;
}

const struct kura_cmd kura_cmd_hunts = {
    "hunts", "[NAME]...", "list the hunts; with a name, show one in full",
    hunts_options, hunts_run};
