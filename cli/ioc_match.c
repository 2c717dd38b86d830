/* ioc_match.c - kura ioc match: matches, records, shows. */
#include "cli/ioc.h"

#include "cli/place.h"
#include "cli/session.h"
#include "query/ioc_live.h"
#include "query/ioc_match.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct matching {
    struct kura_cli *cli;
    struct kura_session session;
    struct kura_engine_options range;
    struct kura_casefile *c;
    struct kura_places places;
    struct kura_ioc_set *set;
    struct kura_ioc_plan plan;
    struct kura_ioc_result result;
    int64_t *listed;
    size_t listed_room, count;
    size_t types[KURA_INDICATOR_TYPES];
    int64_t run;
};

static bool option(const struct matching *m, const char *name)
{
    return kura_ioc_option(m->cli, name) != NULL;
}

/* --- What is asked ----------------------------------------------------- */

static enum kura_rc range_word(struct matching *m, struct kura_warehouse *w,
                               const char *name, int64_t *from, int64_t *to,
                               struct kura_err *err)
{
    const char *text = kura_ioc_option(m->cli, name);
    enum kura_rc rc;

    if (text == NULL)
        return KURA_OK;
    rc = kura_range_parse(text, kura_warehouse_zone(w), m->cli->now_us, from,
                          to, err);
    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    return rc;
}

/* Sightings are of whole UTC days: those that the range touches. */
static enum kura_rc range_read(struct matching *m, struct kura_err *err)
{
    int64_t from = INT64_MIN, to = INT64_MAX, unused;
    struct kura_warehouse *w = NULL;
    enum kura_rc rc = kura_warehouse_open(m->cli->dir, false, &w, err);

    if (rc == KURA_OK)
        rc = range_word(m, w, "from", &from, &unused, err);
    if (rc == KURA_OK)
        rc = range_word(m, w, "to", &unused, &to, err);
    kura_warehouse_close(w);
    m->range.from_us = from == INT64_MIN ? from : kura_day_of(from) * KURA_DAY;
    m->range.to_us =
        to == INT64_MAX ? to : (kura_day_of(to - 1) + 1) * KURA_DAY;
    m->range.archived = option(m, "archived");
    return rc;
}

/* --- Indicators -------------------------------------------------------- */

static enum kura_rc on_indicator(void *arg, const struct kura_indicator *ind,
                                 struct kura_err *err)
{
    struct matching *m = arg;
    int64_t *grown;

    m->types[ind->type]++;
    m->count++;
    m->plan.last = ind->number;
    if (ind->warning[0] == '\0')
        return KURA_OK;
    if (m->plan.nlisted == m->listed_room) {
        m->listed_room = m->listed_room == 0 ? 64 : m->listed_room * 2;
        grown = realloc(m->listed, m->listed_room * sizeof(*grown));
        if (grown == NULL)
            return kura_err_nomem(err);
        m->listed = grown;
    }
    m->listed[m->plan.nlisted++] = ind->number;
    return KURA_OK;
}

static enum kura_rc on_matched(void *arg, struct kura_indicator_matched *p,
                               struct kura_err *err)
{
    struct matching *m = arg;

    return kura_indicator_matched_get(m->c, p, err);
}

static enum kura_rc plan_make(struct matching *m, struct kura_err *err)
{
    enum kura_rc rc = kura_indicator_each(m->c, on_indicator, m, err);

    if (rc == KURA_OK)
        rc = kura_ioc_set_load(m->c, &m->set, err);
    m->plan.set = m->set;
    m->plan.all = option(m, "all");
    m->plan.listed = m->listed;
    m->plan.matched = on_matched;
    m->plan.arg = m;
    return rc;
}

/* --- Telling ----------------------------------------------------------- */

static bool kind_has_column(const char *kind)
{
    int i, k;

    for (i = 0; i < kura_schema_count(); i++)
        for (k = 0; k < kura_schema_at(i)->count; k++)
            if (kura_schema_at(i)->columns[k].kind != NULL &&
                strcmp(kura_schema_at(i)->columns[k].kind, kind) == 0)
                return true;
    return false;
}

static void say_unread(const struct matching *m)
{
    char text[256], first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    size_t i, hashes = m->types[KURA_INDICATOR_HASH];

    if (hashes != 0 && !kind_has_column("hash")) {
        (void)snprintf(text, sizeof(text),
                       "%zu hash(es) were matched with nothing: no table has a "
                       "column of hashes",
                       hashes);
        kura_cli_say(m->cli, text);
    }
    for (i = 0; i < m->result.nunread; i++) {
        const struct kura_ioc_unread *u = &m->result.unread[i];

        kura_day_format(u->first_day, first);
        kura_day_format(u->last_day, last);
        (void)snprintf(text, sizeof(text),
                       "%s of %s was NOT read in %zu partition(s) from %s to "
                       "%s, which are not at hand%s",
                       u->schema->columns[u->column].name, u->schema->name,
                       u->partitions, first, last,
                       m->range.archived ? ""
                                         : ": --archived, or kura restore");
        kura_cli_say(m->cli, text);
    }
}

static enum kura_rc say_known(const struct matching *m, int64_t rows,
                              struct kura_err *err)
{
    int64_t known = 0;
    char text[128];
    enum kura_rc rc;

    if (option(m, "all"))
        return KURA_OK;
    rc = kura_db_integer(kura_casefile_db(m->c),
                         "SELECT count(DISTINCT indicator) FROM indicator_hit"
                         " JOIN indicator ON number = indicator"
                         " WHERE removed_at IS NULL",
                         &known, err);
    if (rc != KURA_OK || known == 0)
        return rc;
    (void)snprintf(text, sizeof(text),
                   "%s; %" PRId64 " indicator(s) have matches in all: --all "
                   "shows them",
                   rows == 0 ? "nothing new" : "this is what is new", known);
    kura_cli_say(m->cli, text);
    return KURA_OK;
}

static void say_what(const struct matching *m)
{
    char text[160];
    size_t i, now = 0;

    for (i = 0; i < m->result.npartitions; i++)
        now += m->result.partitions[i].now;
    (void)snprintf(text, sizeof(text),
                   "%zu indicator(s), %" PRId64 " value(s) of %zu of %zu "
                   "partition(s)",
                   m->count, m->result.looked_up, now, m->result.npartitions);
    kura_cli_say(m->cli, text);
}

/* --- Showing ----------------------------------------------------------- */

static void bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
    if (text != NULL)
        (void)sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
}

static enum kura_rc hits_show(struct matching *m, enum kura_output how,
                              int64_t *rows, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t low = m->range.from_us, high = m->range.to_us;
    enum kura_rc rc;

    rc = kura_places_register(kura_casefile_db(m->c), &m->places, err);
    if (rc == KURA_OK)
        rc = kura_ioc_prepare(m->c, "sql/reports/ioc-match.sql", &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, m->cli->now_us);
    if (!option(m, "all"))
        (void)sqlite3_bind_int64(stmt, 2, m->run);
    (void)sqlite3_bind_int(stmt, 3, kura_ioc_is_for_people(how));
    bind_text(stmt, 4, kura_ioc_option(m->cli, "type"));
    bind_text(stmt, 5, kura_ioc_option(m->cli, "source"));
    (void)sqlite3_bind_int64(stmt, 6,
                             low == INT64_MIN ? low : kura_day_of(low));
    (void)sqlite3_bind_int64(stmt, 7,
                             high == INT64_MAX ? high : kura_day_of(high - 1));
    rc = kura_output_write(stmt, how, stdout, rows, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Recorded, shown, and then kept or not. */
static enum kura_rc matches_record(struct matching *m, enum kura_output how,
                                   int64_t *rows, struct kura_err *err)
{
    const struct kura_ioc_result *r = &m->result;
    enum kura_rc rc, end;

    rc = kura_indicator_record(m->c, r->hits, r->nhits, r->partitions,
                               r->npartitions, m->cli->now_us, kura_owner(),
                               &m->run, err);
    if (rc != KURA_OK)
        return rc;
    rc = hits_show(m, how, rows, err);
    if (rc == KURA_OK)
        rc = say_known(m, *rows, err);
    end = kura_indicator_record_end(
        m->c, rc == KURA_OK && !option(m, "dry-run"), err);
    return rc == KURA_OK ? end : rc;
}

static enum kura_rc matches_make(struct matching *m, enum kura_output how,
                                 enum kura_exit *code, struct kura_err *err)
{
    int64_t rows = 0;
    bool whole = true;
    enum kura_rc rc;

    rc = kura_ioc_match(m->session.engine, &m->plan, &m->result, err);
    if (rc == KURA_OK)
        rc = matches_record(m, how, &rows, err);
    if (rc == KURA_OK && how == KURA_OUTPUT_JSON)
        rc = kura_session_json(&m->session, 0, stdout, err);
    if (rc == KURA_OK)
        rc = kura_cli_flush(err);
    if (rc != KURA_OK)
        return rc;
    say_what(m);
    say_unread(m);
    rc = kura_session_coverage(&m->session, option(m, "coverage"), &whole, err);
    if (rows != 0 && option(m, "exit-code"))
        *code = KURA_EXIT_NO;
    /* What was not read is no evidence. */
    if (!whole || kura_engine_lost(m->session.engine) != 0)
        *code = KURA_EXIT_FAILED;
    return rc;
}

static void matching_release(struct matching *m)
{
    kura_ioc_result_release(&m->result);
    kura_ioc_set_free(m->set);
    free(m->listed);
    kura_casefile_close(m->c);
    kura_places_release(&m->places);
    kura_session_close(&m->session);
}

enum kura_rc kura_ioc_match_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err)
{
    enum kura_indicator_type type;
    enum kura_output how;
    struct matching m;
    bool given;
    enum kura_rc rc;

    memset(&m, 0, sizeof(m));
    m.cli = cli;
    if (cli->args->count != 1)
        return kura_err_set(err, KURA_EUSAGE, "ioc match takes options only");
    rc = kura_ioc_output(cli, &how, err);
    if (rc == KURA_OK)
        rc = kura_ioc_type(cli, &type, &given, err);
    if (rc == KURA_OK)
        rc = range_read(&m, err);
    if (rc == KURA_OK)
        rc = kura_session_open(cli->dir, &m.range, 0, &m.session, err);
    if (rc == KURA_OK)
        rc = kura_casefile_open(cli->dir, true, &m.c, err);
    if (rc == KURA_OK)
        rc = plan_make(&m, err);
    if (rc == KURA_OK && m.count == 0)
        kura_cli_say(cli, "there are no indicators: kura ioc import FILE");
    else if (rc == KURA_OK) {
        rc = kura_places_open(m.session.w, &m.places, err);
        if (rc == KURA_OK)
            rc = matches_make(&m, how, code, err);
    }
    matching_release(&m);
    return rc;
}
