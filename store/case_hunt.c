/* case_hunt.c - runs, days and findings in case.db. */
#include "store/case_hunt.h"

#include "store/casefile_internal.h"

#include <stdlib.h>
#include <string.h>

const char *kura_finding_state_word(enum kura_finding_state state)
{
    static const char *const words[] = {"new", "still", "gone"};

    return words[state];
}

/* --- Freeing ----------------------------------------------------------- */

void kura_evidence_list_free(struct kura_evidence *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        free(list[i].table);
        free(list[i].source);
        free(list[i].raw);
    }
    free(list);
}

void kura_finding_release(struct kura_finding *f)
{
    free(f->hunt);
    free(f->version);
    free(f->params);
    free(f->level);
    free(f->why);
    free(f->key);
    free(f->row);
    kura_evidence_list_free(f->evidence, f->evidence_count);
    memset(f, 0, sizeof(*f));
}

void kura_finding_list_free(struct kura_finding *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        kura_finding_release(&list[i]);
    free(list);
}

/* --- Statements -------------------------------------------------------- */

static void bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
    (void)sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
}

/* NULL when it is not there. */
static void bind_maybe(sqlite3_stmt *stmt, int i, bool there, int64_t v)
{
    if (there)
        (void)sqlite3_bind_int64(stmt, i, v);
    else
        (void)sqlite3_bind_null(stmt, i);
}

static int bind_what(sqlite3_stmt *stmt, const struct kura_hunt_what *what)
{
    bind_text(stmt, 1, what->hunt);
    bind_text(stmt, 2, what->version);
    bind_text(stmt, 3, what->params);
    return 3;
}

/* --- Questions --------------------------------------------------------- */

/* The one integer of a prepared question; `none` when there is no row. */
static enum kura_rc ask(sqlite3_stmt *stmt, int64_t none, int64_t *out,
                        struct kura_err *err)
{
    bool row;
    enum kura_rc rc = kura_db_step(stmt, &row, err);

    if (rc == KURA_OK)
        *out = row ? sqlite3_column_int64(stmt, 0) : none;
    return rc;
}

enum kura_rc kura_finding_is_known(struct kura_casefile *c, const char *id,
                                   bool *out, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;
    enum kura_rc rc;

    *out = false;
    if (c->db == NULL)
        return KURA_OK;
    rc = kura_db_prepare(c->db, "SELECT 1 FROM finding WHERE id = ?1", &stmt,
                         err);
    if (rc == KURA_OK) {
        bind_text(stmt, 1, id);
        rc = ask(stmt, 0, &n, err);
    }
    (void)sqlite3_finalize(stmt);
    *out = n == 1;
    return rc;
}

enum kura_rc kura_hunt_day_rows(struct kura_casefile *c,
                                const struct kura_hunt_what *what, int64_t day,
                                int64_t *rows, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    *rows = -1;
    if (c->db == NULL)
        return KURA_OK;
    rc = kura_db_prepare(c->db,
                         "SELECT rows FROM hunt_day WHERE hunt = ?1 AND "
                         "version = ?2 AND params = ?3 AND day = ?4",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, bind_what(stmt, what) + 1, day);
        rc = ask(stmt, -1, rows, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_hunt_was_run(struct kura_casefile *c,
                               const struct kura_hunt_what *what, bool *out,
                               struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;
    enum kura_rc rc;

    *out = false;
    if (c->db == NULL)
        return KURA_OK;
    rc = kura_db_prepare(c->db,
                         "SELECT 1 FROM hunt_run WHERE hunt = ?1 AND "
                         "version = ?2 AND status IN ('done', 'partial') "
                         "LIMIT 1",
                         &stmt, err);
    if (rc == KURA_OK) {
        bind_text(stmt, 1, what->hunt);
        bind_text(stmt, 2, what->version);
        rc = ask(stmt, 0, &n, err);
    }
    (void)sqlite3_finalize(stmt);
    *out = n == 1;
    return rc;
}

enum kura_rc kura_hunt_run_is_over(struct kura_casefile *c, int64_t number,
                                   int64_t from_ts, int64_t to_ts, bool *out,
                                   struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;
    enum kura_rc rc;

    *out = false;
    rc = kura_db_prepare(c->db,
                         "SELECT 1 FROM hunt_run WHERE number = ?1 AND "
                         "from_ts = ?2 AND to_ts = ?3",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        (void)sqlite3_bind_int64(stmt, 2, from_ts);
        (void)sqlite3_bind_int64(stmt, 3, to_ts);
        rc = ask(stmt, 0, &n, err);
    }
    (void)sqlite3_finalize(stmt);
    *out = n == 1;
    return rc;
}

/* --- Reports --------------------------------------------------------- */

enum kura_rc kura_report_last(struct kura_casefile *c, const char *report,
                              int64_t *to_ts, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    *to_ts = INT64_MIN;
    rc = kura_db_prepare(c->db,
                         "SELECT to_ts FROM report_run WHERE report = ?1 "
                         "ORDER BY to_ts DESC LIMIT 1",
                         &stmt, err);
    if (rc == KURA_OK) {
        bind_text(stmt, 1, report);
        rc = ask(stmt, INT64_MIN, to_ts, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_report_record(struct kura_casefile *c, const char *report,
                                int64_t from_ts, int64_t to_ts, int64_t now_us,
                                int64_t fresh, struct kura_err *err)
{
    const struct kura_value v[] = {{report, 0},
                                   {NULL, from_ts},
                                   {NULL, to_ts},
                                   {NULL, now_us},
                                   {NULL, fresh}};
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(c->db,
                     "INSERT INTO report_run (report, from_ts, to_ts, made_at, "
                     "fresh) VALUES (?, ?, ?, ?, ?)",
                     v, 5, err);
    return kura_case_end(c, rc, err);
}

/* --- Recording --------------------------------------------------------- */

static enum kura_rc record_run(struct kura_casefile *c,
                               struct kura_hunt_run *run, size_t findings,
                               struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    int i;

    rc = kura_db_prepare(c->db,
                         "INSERT INTO hunt_run (hunt, version, params, "
                         "from_ts, to_ts, archived, started_at, ms, status, "
                         "reason, findings, coverage) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    i = bind_what(stmt, &run->what);
    (void)sqlite3_bind_int64(stmt, ++i, run->from_ts);
    (void)sqlite3_bind_int64(stmt, ++i, run->to_ts);
    (void)sqlite3_bind_int(stmt, ++i, run->archived);
    (void)sqlite3_bind_int64(stmt, ++i, run->started_us);
    (void)sqlite3_bind_int64(stmt, ++i, run->ms);
    bind_text(stmt, ++i, run->status);
    bind_text(stmt, ++i, run->reason);
    (void)sqlite3_bind_int64(stmt, ++i, (int64_t)findings);
    bind_text(stmt, ++i, run->coverage);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK)
        run->number = sqlite3_last_insert_rowid(c->db);
    return rc;
}

static enum kura_rc record_days(struct kura_casefile *c,
                                const struct kura_hunt_run *run,
                                const struct kura_hunt_day *days, size_t count,
                                struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    size_t k;
    int i;

    rc = kura_db_prepare(c->db,
                         "INSERT OR REPLACE INTO hunt_day (hunt, version, "
                         "params, day, run, rows) VALUES (?, ?, ?, ?, ?, ?)",
                         &stmt, err);
    for (k = 0; rc == KURA_OK && k < count; k++) {
        i = bind_what(stmt, &run->what);
        (void)sqlite3_bind_int64(stmt, ++i, days[k].day);
        (void)sqlite3_bind_int64(stmt, ++i, run->number);
        (void)sqlite3_bind_int64(stmt, ++i, days[k].rows);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static const char finding_put_sql[] =
    "INSERT INTO finding (id, hunt, version, params, level, why, \"key\", "
    "\"row\", first_ts, last_ts, events, first_run, last_run) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?12, ?12) "
    "ON CONFLICT (id) DO UPDATE SET level = excluded.level, "
    "why = excluded.why, \"row\" = excluded.\"row\", "
    "first_ts = min(coalesce(first_ts, excluded.first_ts), "
    "excluded.first_ts), "
    "last_ts = max(coalesce(last_ts, excluded.last_ts), excluded.last_ts), "
    "events = excluded.events, last_run = excluded.last_run, gone_run = NULL";

static enum kura_rc record_finding(sqlite3_stmt *stmt, int64_t run,
                                   const struct kura_finding *f,
                                   struct kura_err *err)
{
    int i = 0;

    bind_text(stmt, ++i, f->id);
    bind_text(stmt, ++i, f->hunt);
    bind_text(stmt, ++i, f->version);
    bind_text(stmt, ++i, f->params);
    bind_text(stmt, ++i, f->level);
    bind_text(stmt, ++i, f->why);
    bind_text(stmt, ++i, f->key);
    bind_text(stmt, ++i, f->row);
    bind_maybe(stmt, ++i, f->dated, f->first_ts);
    bind_maybe(stmt, ++i, f->dated, f->last_ts);
    bind_maybe(stmt, ++i, f->counted, f->events);
    (void)sqlite3_bind_int64(stmt, ++i, run);
    return kura_db_step_done(stmt, err);
}

static enum kura_rc record_evidence(sqlite3_stmt *stmt,
                                    const struct kura_finding *f,
                                    struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t k;

    for (k = 0; rc == KURA_OK && k < f->evidence_count; k++) {
        const struct kura_evidence *e = &f->evidence[k];
        int i = 0;

        bind_text(stmt, ++i, f->id);
        (void)sqlite3_bind_int64(stmt, ++i, (int64_t)k + 1);
        bind_text(stmt, ++i, e->table);
        (void)sqlite3_bind_int64(stmt, ++i, e->ts);
        bind_text(stmt, ++i, e->source);
        (void)sqlite3_bind_int64(stmt, ++i, e->line);
        bind_text(stmt, ++i, e->raw);
        rc = kura_db_step_done(stmt, err);
    }
    return rc;
}

static enum kura_rc record_findings(struct kura_casefile *c,
                                    const struct kura_hunt_run *run,
                                    struct kura_finding *list, size_t count,
                                    struct kura_err *err)
{
    sqlite3_stmt *put = NULL, *line = NULL;
    enum kura_rc rc;
    bool known;
    size_t i;

    rc = kura_db_prepare(c->db, finding_put_sql, &put, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(c->db,
                             "INSERT OR IGNORE INTO evidence "
                             "VALUES (?, ?, ?, ?, ?, ?, ?)",
                             &line, err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        rc = kura_finding_is_known(c, list[i].id, &known, err);
        if (rc != KURA_OK)
            break;
        list[i].state = known ? KURA_FINDING_STILL : KURA_FINDING_NEW;
        rc = record_finding(put, run->number, &list[i], err);
        if (rc == KURA_OK)
            rc = record_evidence(line, &list[i], err);
    }
    (void)sqlite3_finalize(put);
    (void)sqlite3_finalize(line);
    return rc;
}

/* Those that were seen within the range of this run, and not by it; asked of a
 * run only that kept all it found. */
static enum kura_rc record_gone(struct kura_casefile *c,
                                const struct kura_hunt_run *run,
                                struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    int i;

    rc = kura_db_prepare(
        c->db,
        "UPDATE finding SET gone_run = ?6 WHERE hunt = ?1 AND version = ?2 "
        "AND params = ?3 AND last_run <> ?6 AND gone_run IS NULL "
        "AND CASE WHEN first_ts IS NULL THEN "
        "(SELECT from_ts >= ?4 AND to_ts <= ?5 FROM hunt_run "
        "WHERE number = last_run) ELSE first_ts >= ?4 AND last_ts < ?5 END",
        &stmt, err);
    if (rc != KURA_OK)
        return rc;
    i = bind_what(stmt, &run->what);
    (void)sqlite3_bind_int64(stmt, ++i, run->from_ts);
    (void)sqlite3_bind_int64(stmt, ++i, run->to_ts);
    (void)sqlite3_bind_int64(stmt, ++i, run->number);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_hunt_run_record(struct kura_casefile *c,
                                  struct kura_hunt_run *run,
                                  const struct kura_hunt_day *days,
                                  size_t day_count,
                                  struct kura_finding *findings, size_t count,
                                  struct kura_err *err)
{
    bool done = strcmp(run->status, "done") == 0;
    bool partial = strcmp(run->status, "partial") == 0;
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = record_run(c, run, count, err);
    if (rc == KURA_OK && (done || partial))
        rc = record_days(c, run, days, day_count, err);
    if (rc == KURA_OK)
        rc = record_findings(c, run, findings, count, err);
    if (rc == KURA_OK && done && !run->cut)
        rc = record_gone(c, run, err);
    return kura_case_end(c, rc, err);
}

/* --- Lists ------------------------------------------------------------- */

static enum kura_rc finding_read(sqlite3_stmt *stmt, struct kura_finding *f,
                                 struct kura_err *err)
{
    char **const texts[] = {&f->hunt, &f->version, &f->params, &f->level,
                            &f->why,  &f->key,     &f->row};
    const char *id = (const char *)sqlite3_column_text(stmt, 0);
    int i = 1;
    size_t k;

    memset(f, 0, sizeof(*f));
    (void)snprintf(f->id, sizeof(f->id), "%s", id == NULL ? "" : id);
    for (k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
        *texts[k] = kura_case_text(stmt, i++);
        if (*texts[k] == NULL)
            return kura_err_nomem(err);
    }
    f->dated = sqlite3_column_type(stmt, i) != SQLITE_NULL;
    f->first_ts = sqlite3_column_int64(stmt, i++);
    f->last_ts = sqlite3_column_int64(stmt, i++);
    f->counted = sqlite3_column_type(stmt, i) != SQLITE_NULL;
    f->events = sqlite3_column_int64(stmt, i++);
    f->first_run = sqlite3_column_int64(stmt, i++);
    f->last_run = sqlite3_column_int64(stmt, i++);
    f->state = sqlite3_column_type(stmt, i) != SQLITE_NULL ? KURA_FINDING_GONE
               : f->first_run == f->last_run               ? KURA_FINDING_NEW
                                                           : KURA_FINDING_STILL;
    return KURA_OK;
}

/* Room for one more in a growing list. */
static enum kura_rc list_grow(void **list, size_t count, size_t size,
                              struct kura_err *err)
{
    void *grown;

    if (count != 0 && (count & (count - 1)) != 0)
        return KURA_OK; /* room doubles at each power of two */
    grown = realloc(*list, (count == 0 ? 1 : 2 * count) * size);
    if (grown == NULL)
        return kura_err_nomem(err);
    *list = grown;
    return KURA_OK;
}

static const char finding_list_sql[] =
    "SELECT id, hunt, version, params, level, why, \"key\", \"row\", "
    "first_ts, last_ts, events, first_run, last_run, gone_run FROM finding "
    "WHERE (?1 IS NULL OR hunt = ?1) "
    "AND (?2 IS NULL OR substr(id, 1, length(?2)) = ?2) "
    "AND (?3 = 0 OR gone_run = ?3) "
    "AND (?4 = 0 OR last_run = ?4) ORDER BY hunt, \"key\", id";

enum kura_rc kura_finding_list(struct kura_casefile *c,
                               const struct kura_finding_filter *filter,
                               struct kura_finding **out, size_t *count,
                               struct kura_err *err)
{
    struct kura_finding *list = NULL;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = KURA_OK;
    bool row = c->db != NULL;
    size_t n = 0;

    if (c->db != NULL)
        rc = kura_db_prepare(c->db, finding_list_sql, &stmt, err);
    if (rc == KURA_OK && c->db != NULL) {
        bind_text(stmt, 1, filter->hunt);
        bind_text(stmt, 2, filter->id);
        (void)sqlite3_bind_int64(stmt, 3, filter->gone_run);
        (void)sqlite3_bind_int64(stmt, 4, filter->last_run);
    }
    while (rc == KURA_OK && row) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = list_grow((void **)&list, n, sizeof(*list), err);
        if (rc == KURA_OK)
            rc = finding_read(stmt, &list[n++], err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK) {
        *out = list;
        *count = n;
    } else {
        kura_finding_list_free(list, n);
    }
    return rc;
}

enum kura_rc kura_evidence_list(struct kura_casefile *c, const char *id,
                                struct kura_evidence **out, size_t *count,
                                struct kura_err *err)
{
    struct kura_evidence *list = NULL;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = KURA_OK;
    bool row = c->db != NULL;
    size_t n = 0;

    if (c->db != NULL)
        rc = kura_db_prepare(c->db,
                             "SELECT \"table\", source, raw, ts, line "
                             "FROM evidence WHERE finding = ?1 "
                             "ORDER BY number",
                             &stmt, err);
    if (rc == KURA_OK && c->db != NULL)
        bind_text(stmt, 1, id);
    while (rc == KURA_OK && row) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = list_grow((void **)&list, n, sizeof(*list), err);
        if (rc != KURA_OK)
            break;
        list[n].table = kura_case_text(stmt, 0);
        list[n].source = kura_case_text(stmt, 1);
        list[n].raw = kura_case_text(stmt, 2);
        list[n].ts = sqlite3_column_int64(stmt, 3);
        list[n].line = sqlite3_column_int64(stmt, 4);
        n++;
        if (list[n - 1].table == NULL || list[n - 1].source == NULL ||
            list[n - 1].raw == NULL)
            rc = kura_err_nomem(err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK) {
        *out = list;
        *count = n;
    } else {
        kura_evidence_list_free(list, n);
    }
    return rc;
}
