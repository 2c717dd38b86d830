/* cmd_timeline.c - everything known about one entity, in the order of time. */
#include "cli/cmd.h"
#include "cli/period.h"
#include "cli/session.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/refang.h"
#include "query/functions.h"
#include "query/timeline.h"
#include "query/timeline_html.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMELINE_VALUE_MAX 4096
#define TIMELINE_PATH_MAX 4096
#define ROW_COLUMN 11 /* `row` of what programs get */

static const struct kura_opt timeline_options[] = {
    {"host", 0, "NAME", "everything about this host"},
    {"user", 0, "ACCOUNT", "everything about this account or mail address"},
    {"address", 0, "IP", "everything about this address"},
    {"under", 'u', NULL, "names below the host as well"},
    {"from", 0, "TIME", "only what happened at or after this"},
    {"to", 0, "TIME", "only what happened before the end of this"},
    {"archived", 0, NULL, "read volumes that are at hand in place"},
    {"table", 't', "TABLE", "only this table, finding or indicator"},
    {"fold", 0, NULL,
     "show once what is the same within an hour, and how often"},
    {"limit", 'n', "ROWS", "stop after so many rows (html: 10000)"},
    {"format", 'f', "FORMAT", "table (default), csv, json, md, html"},
    {"output", 'o', "FILE", "write to this file, when all is there"},
    {"coverage", 0, NULL, "tell which days were searched, on stderr"},
    {NULL, 0, NULL, NULL}};

struct work {
    struct kura_cli *cli;
    struct kura_session session;
    struct kura_timeline_ask ask;
    struct kura_buf value;
    enum kura_output how;
    bool html;
    struct kura_timeline *timeline;
    const char *path; /* of --output, NULL: stdout */
    struct kura_buf tmp;
    FILE *out;
};

static const char *option(const struct work *w, const char *name)
{
    return kura_cli_option(w->cli, &kura_cmd_timeline, name);
}

/* --- What is asked ------------------------------------------------------- */

static enum kura_rc read_entity(struct work *w, struct kura_err *err)
{
    static const enum kura_entity kinds[] = {KURA_ENTITY_HOST, KURA_ENTITY_USER,
                                             KURA_ENTITY_ADDRESS};
    const char *value = NULL;
    int given = 0;
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *text = option(w, kura_entity_word(kinds[i]));

        if (text == NULL)
            continue;
        value = text;
        w->ask.kind = kinds[i];
        given++;
    }
    if (given != 1 || w->cli->args->count != 0)
        return kura_err_set(err, KURA_EUSAGE,
                            "timeline needs one of --host, --user, --address");
    w->ask.under = option(w, "under") != NULL;
    if (w->ask.under && w->ask.kind != KURA_ENTITY_HOST)
        return kura_err_set(err, KURA_EUSAGE, "--under goes with --host");
    if (w->ask.kind == KURA_ENTITY_USER)
        return kura_buf_puts(&w->value, value, err);
    return kura_refang(value, strlen(value), &w->value, err);
}

static enum kura_rc read_options(struct work *w, struct kura_err *err)
{
    const char *format = option(w, "format"), *limit = option(w, "limit");
    enum kura_rc rc = read_entity(w, err);

    if (rc != KURA_OK)
        return rc;
    w->ask.value = w->value.data;
    w->ask.archived = option(w, "archived") != NULL;
    w->ask.fold = option(w, "fold") != NULL;
    w->ask.table = option(w, "table");
    w->path = option(w, "output");
    w->html = format != NULL && strcmp(format, "html") == 0;
    if (w->html)
        w->ask.limit = KURA_TIMELINE_HTML_ROWS;
    if (format != NULL && !w->html && !kura_output_find(format, &w->how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", format);
    w->ask.machine = w->how == KURA_OUTPUT_CSV || w->how == KURA_OUTPUT_JSON;
    if (limit != NULL &&
        (!kura_num_parse(limit, strlen(limit), &w->ask.limit) ||
         w->ask.limit < 1 || w->ask.limit > INT32_MAX))
        return kura_err_set(err, KURA_EUSAGE, "'%s' is no number of rows",
                            limit);
    return KURA_OK;
}

/* Sightings are of whole UTC days, so the session sees those that the range
 * touches. */
static enum kura_rc session_open(struct work *w, struct kura_err *err)
{
    struct kura_engine_options o = {INT64_MIN, INT64_MAX, w->ask.archived,
                                    false};
    struct kura_warehouse *house = NULL;
    enum kura_rc rc = kura_warehouse_open(w->cli->dir, false, &house, err);

    if (rc == KURA_OK)
        rc = kura_cli_period(w->cli, &kura_cmd_timeline,
                             kura_warehouse_zone(house), &w->ask.from_us,
                             &w->ask.to_us, err);
    kura_warehouse_close(house);
    if (rc != KURA_OK)
        return rc;
    if (w->ask.from_us != INT64_MIN)
        o.from_us = kura_day_of(w->ask.from_us) * KURA_DAY;
    if (w->ask.to_us != INT64_MAX && w->ask.to_us != INT64_MIN)
        o.to_us = (kura_day_of(w->ask.to_us - 1) + 1) * KURA_DAY;
    rc = kura_session_open(w->cli->dir, &o, 0, &w->session, err);
    w->ask.db = w->session.db;
    w->ask.engine = w->session.engine;
    if (rc == KURA_OK)
        w->ask.zone = kura_warehouse_zone(w->session.w);
    return rc;
}

/* --- Where it goes -------------------------------------------------------- */

static enum kura_rc out_open(struct work *w, struct kura_err *err)
{
    enum kura_rc rc;

    w->out = stdout;
    if (w->path == NULL)
        return KURA_OK;
    rc = kura_buf_printf(&w->tmp, err, "%s.%ld.tmp", w->path, (long)getpid());
    if (rc != KURA_OK)
        return rc;
    w->out = fopen(w->tmp.data, "w");
    if (w->out == NULL)
        return kura_err_sys(err, errno, "cannot write '%s'", w->path);
    return KURA_OK;
}

/* What was there before stays unless everything is written. */
static enum kura_rc out_close(struct work *w, enum kura_rc rc,
                              struct kura_err *err)
{
    if (w->path == NULL)
        return rc == KURA_OK ? kura_cli_flush(err) : rc;
    if (w->out == NULL)
        return rc;
    if (fclose(w->out) != 0 && rc == KURA_OK)
        rc = kura_err_sys(err, errno, "cannot write '%s'", w->path);
    if (rc == KURA_OK)
        rc = kura_fs_publish(w->tmp.data, w->path, err);
    if (rc != KURA_OK)
        (void)kura_fs_remove(w->tmp.data, NULL);
    return rc;
}

/* --- What is said besides ---------------------------------------------------
 */

static void say(const struct work *w, char *text)
{
    if (text != NULL)
        kura_cli_say(w->cli, text);
    sqlite3_free(text);
}

static void say_away(const struct work *w, const struct kura_timeline_away *a)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];

    kura_day_format(a->first_day, first);
    kura_day_format(a->last_day, last);
    say(w, sqlite3_mprintf("%s %s%s%s: up to %lld event(s) on %lld day(s) NOT "
                           "searched: %s%s%s%s",
                           a->schema->name, first, a->days > 1 ? ".." : "",
                           a->days > 1 ? last : "", (long long)a->events,
                           (long long)a->days, kura_covered_word(a->how),
                           a->where[0] != '\0' ? " (" : "", a->where,
                           a->where[0] != '\0' ? ")" : ""));
}

/* What was cut off, and what lies where it was not looked at. */
static void say_missing(const struct work *w)
{
    const struct kura_timeline_away *away;
    size_t i, n = kura_timeline_away(w->timeline, &away);
    char day[KURA_DAY_TEXT];
    int64_t at;

    for (i = 0; i < n; i++)
        say_away(w, &away[i]);
    if (!kura_timeline_is_cut(w->timeline, &at))
        return;
    kura_day_format(at, day);
    say(w, sqlite3_mprintf("cut after %lld rows (--limit), on %s: what follows "
                           "is not shown",
                           (long long)w->ask.limit, day));
}

/* Nothing at all is a negative answer, if everything was looked at. */
static enum kura_rc say_end(struct work *w, int64_t rows, enum kura_exit *code,
                            struct kura_err *err)
{
    const struct kura_timeline_away *away;
    size_t naway = kura_timeline_away(w->timeline, &away);
    bool whole = true;
    enum kura_rc rc;

    say_missing(w);
    if (rows == 0 && naway == 0)
        say(w, sqlite3_mprintf("nothing is known of %s '%s'",
                               kura_entity_word(w->ask.kind), w->ask.value));
    rc = kura_session_coverage(&w->session, option(w, "coverage") != NULL,
                               &whole, err);
    if (rows == 0)
        *code = whole && naway == 0 ? KURA_EXIT_NO : KURA_EXIT_FAILED;
    else if (!whole)
        *code = KURA_EXIT_NO; /* as kura sql */
    return rc;
}

/* --- The command ------------------------------------------------------------
 */

/* As it was asked for. */
static enum kura_rc page_write(struct work *w, int64_t *rows,
                               struct kura_err *err)
{
    const char *from = option(w, "from"), *to = option(w, "to");
    char *range =
        sqlite3_mprintf("from %s to %s", from != NULL ? from : "the first log",
                        to != NULL ? to : "the last");
    enum kura_rc rc;

    if (range == NULL)
        return kura_err_nomem(err);
    rc = kura_timeline_html(w->timeline, &w->ask, range, w->out, rows, err);
    sqlite3_free(range);
    return rc;
}

static enum kura_rc timeline_write(struct work *w, int64_t *rows,
                                   struct kura_err *err)
{
    int64_t before = kura_text_gave_up(), gave_up;
    enum kura_rc rc;

    if (w->html)
        rc = page_write(w, rows, err);
    else
        rc = kura_output_write_from(kura_timeline_columns(w->timeline),
                                    kura_timeline_step, w->timeline, ROW_COLUMN,
                                    w->how, w->out, rows, err);
    kura_timeline_finish(w->timeline);
    gave_up = kura_text_gave_up() - before;
    if (gave_up != 0)
        say(w, sqlite3_mprintf("a pattern gave up on %lld text(s): what holds "
                               "them is not shown",
                               (long long)gave_up));
    if (rc == KURA_OK && w->how == KURA_OUTPUT_JSON)
        rc = kura_session_json(&w->session, gave_up, w->out, err);
    return rc;
}

static enum kura_rc timeline_show(struct work *w, enum kura_exit *code,
                                  struct kura_err *err)
{
    int64_t rows = 0;
    enum kura_rc rc = out_open(w, err);

    if (rc == KURA_OK)
        rc = timeline_write(w, &rows, err);
    rc = out_close(w, rc, err);
    return rc == KURA_OK ? say_end(w, rows, code, err) : rc;
}

static enum kura_rc timeline_run(struct kura_cli *cli, enum kura_exit *code,
                                 struct kura_err *err)
{
    struct work w;
    enum kura_rc rc;

    memset(&w, 0, sizeof(w));
    w.cli = cli;
    w.how = KURA_OUTPUT_TABLE;
    kura_buf_init(&w.value, TIMELINE_VALUE_MAX);
    kura_buf_init(&w.tmp, TIMELINE_PATH_MAX);
    rc = read_options(&w, err);
    if (rc == KURA_OK)
        rc = session_open(&w, err);
    if (rc == KURA_OK)
        rc = kura_timeline_open(&w.ask, &w.timeline, err);
    if (rc == KURA_OK)
        rc = timeline_show(&w, code, err);
    kura_timeline_close(w.timeline);
    kura_session_close(&w.session);
    kura_buf_release(&w.value);
    kura_buf_release(&w.tmp);
    return rc;
}

const struct kura_cmd kura_cmd_timeline = {
    "timeline", "", "everything known about a host, account or address",
    timeline_options, timeline_run};
