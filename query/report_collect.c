/* report_collect.c - the period's normal, and what was searched. */
#include "query/report.h"

#include "query/report_internal.h"
#include "store/db.h"

#include <string.h>

#define TALKERS 10

/* Copies the rows of a question about the tables into the report. */
struct copy {
    struct kura_report *r;
    const char *table;
    sqlite3_stmt *put;
};

static enum kura_rc question_fail(sqlite3 *db, struct kura_err *err)
{
    int code = sqlite3_errcode(db);

    return kura_err_set(err,
                        code == SQLITE_NOMEM       ? KURA_ENOMEM
                        : code == SQLITE_INTERRUPT ? KURA_ESTOPPED
                                                   : KURA_EIO,
                        "%s", sqlite3_errmsg(db));
}

/* `put` has the table as ?1 and the columns of the question behind it. */
static enum kura_rc copy_rows(struct kura_report *r, sqlite3 *db,
                              const char *table, char *question,
                              const char *put_sql, struct kura_err *err)
{
    sqlite3_stmt *ask = NULL, *put = NULL;
    enum kura_rc rc = KURA_OK;
    int code = SQLITE_NOMEM, i;

    if (question != NULL)
        code = sqlite3_prepare_v2(db, question, -1, &ask, NULL);
    sqlite3_free(question);
    if (code != SQLITE_OK)
        return question == NULL ? kura_err_nomem(err) : question_fail(db, err);
    (void)sqlite3_bind_int64(ask, 1, r->from_ts);
    (void)sqlite3_bind_int64(ask, 2, r->to_ts);
    rc = kura_db_prepare(r->db, put_sql, &put, err);
    while (rc == KURA_OK && (code = sqlite3_step(ask)) == SQLITE_ROW) {
        (void)sqlite3_bind_text(put, 1, table, -1, SQLITE_STATIC);
        for (i = 0; i < sqlite3_column_count(ask); i++)
            (void)sqlite3_bind_value(put, i + 2, sqlite3_column_value(ask, i));
        rc = kura_db_step_done(put, err);
    }
    if (rc == KURA_OK && code != SQLITE_DONE)
        rc = question_fail(db, err);
    (void)sqlite3_finalize(ask);
    (void)sqlite3_finalize(put);
    return rc;
}

/* The bytes of an event, where a table has them. */
static const char *bytes_of(const char *table)
{
    if (strcmp(table, "proxy") == 0)
        return "coalesce(sum(sum_sc_bytes), 0) + coalesce(sum(sum_cs_bytes), "
               "0)";
    if (strcmp(table, "firewall") == 0)
        return "coalesce(sum(sum_bytes_sent), 0) + "
               "coalesce(sum(sum_bytes_rcvd), 0)";
    if (strcmp(table, "mail") == 0)
        return "sum(sum_size)";
    return "NULL";
}

static enum kura_rc collect_table(struct kura_report *r, sqlite3 *db,
                                  const struct kura_schema *s,
                                  struct kura_err *err)
{
    enum kura_rc rc;

    rc = copy_rows(r, db, s->name,
                   sqlite3_mprintf("SELECT weekday, hour, sum(events) FROM "
                                   "\"%w_rollup\" WHERE ts >= ?1 AND ts < ?2 "
                                   "GROUP BY 1, 2",
                                   s->name),
                   "INSERT INTO activity VALUES (?1, ?2, ?3, ?4)", err);
    if (rc != KURA_OK || s->client < 0)
        return rc;
    return copy_rows(
        r, db, s->name,
        sqlite3_mprintf("SELECT \"%w\", sum(events), %s FROM \"%w_rollup\" "
                        "WHERE ts >= ?1 AND ts < ?2 AND \"%w\" IS NOT NULL "
                        "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %d",
                        s->columns[s->client].name, bytes_of(s->name), s->name,
                        s->columns[s->client].name, TALKERS),
        "INSERT INTO talker VALUES (?1, ?2, ?3, ?4)", err);
}

/* The share of each hour of the week that is working time, over four weeks from
 * the period's begin. */
static enum kura_rc collect_working(struct kura_report *r, sqlite3 *db,
                                    struct kura_err *err)
{
    return copy_rows(
        r, db, "",
        sqlite3_mprintf(
            "WITH RECURSIVE t(ts) AS (SELECT ?1 UNION ALL SELECT ts + "
            "1800000000 FROM t WHERE ts < ?1 + 28 * 86400000000) "
            "SELECT local_weekday(ts), local_hour(ts), avg(business_hours(ts)) "
            "FROM t GROUP BY 1, 2"),
        "INSERT INTO working SELECT ?2, ?3, ?4 WHERE ?1 = ''", err);
}

static enum kura_rc coverage_add(struct kura_report *r,
                                 const struct kura_coverage *c,
                                 struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < c->count; i++) {
        const struct kura_coverage_item *t = &c->items[i];
        const struct kura_value v[] = {{t->schema->name, 0},
                                       {first, 0},
                                       {last, 0},
                                       {kura_covered_word(t->how), 0},
                                       {NULL, kura_covered_is_searched(t->how)},
                                       {NULL, t->rows},
                                       {t->where, 0}};

        kura_day_format(t->first_day, first);
        kura_day_format(t->last_day, last);
        rc = kura_db_run(r->db,
                         "INSERT INTO coverage VALUES (?, ?, ?, ?, ?, ?, ?)", v,
                         7, err);
    }
    return rc;
}

/* The one statement of collect_table that was run last says which days of the
 * table were read. */
static enum kura_rc collect_coverage(struct kura_report *r,
                                     const struct kura_engine *engine,
                                     struct kura_err *err)
{
    struct kura_coverage c;
    enum kura_rc rc;

    memset(&c, 0, sizeof(c));
    rc = kura_engine_coverage(engine, &c, err);
    if (rc == KURA_OK)
        rc = coverage_add(r, &c, err);
    kura_coverage_release(&c);
    return rc;
}

enum kura_rc kura_report_collect(struct kura_report *r, sqlite3 *db,
                                 const struct kura_engine *engine,
                                 struct kura_err *err)
{
    enum kura_rc rc = collect_working(r, db, err);
    int i;

    for (i = 0; rc == KURA_OK && i < kura_schema_count(); i++) {
        rc = collect_table(r, db, kura_schema_at(i), err);
        if (rc == KURA_OK)
            rc = collect_coverage(r, engine, err);
    }
    return rc;
}

/* --- Volume -----------------------------------------------------------------
 */

/* A source that spoke on so many of the days before the period, and not in it,
 * has fallen silent; a rotated file, a name for a day or two, has not. */
#define SILENT_LOOK_BACK 28
#define SILENT_DAYS 7

static const char silent_sql[] =
    "INSERT INTO volume SELECT \"table\", source, NULL, 0 FROM before AS b "
    "WHERE NOT EXISTS (SELECT 1 FROM volume AS v WHERE v.\"table\" = "
    "b.\"table\" AND v.source = b.source) GROUP BY 1, 2 "
    "HAVING count(DISTINCT day) >= ?1";

enum kura_rc kura_report_collect_volume(struct kura_report *r,
                                        struct kura_warehouse *w,
                                        struct kura_err *err)
{
    int64_t first = kura_day_of(r->from_ts), last = kura_day_of(r->to_ts - 1);
    struct kura_holding *list = NULL;
    char day[KURA_DAY_TEXT];
    size_t count = 0, i;
    const struct kura_value silent = {NULL, SILENT_DAYS};
    enum kura_rc rc = kura_warehouse_holdings(w, &list, &count, err);

    for (i = 0; rc == KURA_OK && i < count; i++) {
        const struct kura_value v[] = {{list[i].table->name, 0},
                                       {list[i].source, 0},
                                       {day, 0},
                                       {NULL, list[i].rows}};

        if (list[i].day < first - SILENT_LOOK_BACK || list[i].day > last)
            continue;
        kura_day_format(list[i].day, day);
        rc = kura_db_run(r->db,
                         list[i].day < first
                             ? "INSERT INTO before VALUES (?, ?, ?, ?)"
                             : "INSERT INTO volume VALUES (?, ?, ?, ?)",
                         v, 4, err);
    }
    if (rc == KURA_OK)
        rc = kura_db_run(r->db, silent_sql, &silent, 1, err);
    kura_warehouse_holdings_free(list, count);
    return rc;
}
