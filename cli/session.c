#include "cli/session.h"

#include "cli/cmd.h"
#include "query/functions.h"
#include "store/casefile.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SESSION_COVERAGE_MAX (16u << 20)

enum kura_rc kura_session_open(const char *dir,
                               const struct kura_engine_options *o,
                               int64_t timeout_ms, struct kura_session *out,
                               struct kura_err *err)
{
    enum kura_rc rc;

    memset(out, 0, sizeof(*out));
    rc = kura_warehouse_open(dir, false, &out->w, err);
    if (rc == KURA_OK &&
        sqlite3_open_v2(":memory:", &out->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI,
                        NULL) != SQLITE_OK)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK)
        rc = kura_case_attach(out->db, dir, err);
    if (rc == KURA_OK)
        rc = kura_engine_register(out->db, out->w, o, &out->engine, err);
    if (rc == KURA_OK)
        rc = kura_engine_restrict(out->db, KURA_SESSION_MEMORY, timeout_ms,
                                  &kura_cli_stop, err);
    return rc;
}

void kura_session_close(struct kura_session *s)
{
    (void)sqlite3_close(s->db);
    kura_engine_free(s->engine);
    kura_warehouse_close(s->w);
    memset(s, 0, sizeof(*s));
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c == '_';
}

static bool sql_names(const char *sql, const char *word)
{
    size_t n = strlen(word);
    const char *p;

    for (p = sql; *p != '\0'; p++)
        if (sqlite3_strnicmp(p, word, (int)n) == 0 && !is_word(p[n]) &&
            (p == sql || !is_word(p[-1])))
            return true;
    return false;
}

/* The table of ours that the statement names, if it is one. */
static const char *sql_table(const char *sql)
{
    const char *found = "";
    int i, n = kura_schema_count();

    for (i = 0; i <= n; i++) {
        const char *name =
            i < n ? kura_schema_at(i)->name : kura_schema_sighting()->name;

        if (!sql_names(sql, name))
            continue;
        if (found[0] != '\0')
            return "";
        found = name;
    }
    return found;
}

/* Where the mistake is, and where one looks up what there is. */
static void session_hint(const char *sql, int at, struct kura_err *err)
{
    static const char column[] = "no such column", table[] = "no such table";
    char tables[64] = "";

    if (strncmp(err->msg, column, sizeof(column) - 1) == 0)
        (void)snprintf(tables, sizeof(tables),
                       "'kura tables%s%s' lists what there is",
                       sql_table(sql)[0] != '\0' ? " " : "", sql_table(sql));
    else if (strncmp(err->msg, table, sizeof(table) - 1) == 0)
        (void)snprintf(tables, sizeof(tables), "'kura tables' lists what "
                       "there is");
    if (at >= 0)
        kura_err_hint(err, "%s%sat byte %d: %.40s", tables,
                      tables[0] != '\0' ? "; " : "", at, sql + at);
    else if (tables[0] != '\0')
        kura_err_hint(err, "%s", tables);
}

static enum kura_rc session_prepare(struct kura_session *s, const char *sql,
                                    const char *const *binds,
                                    sqlite3_stmt **stmt, const char **tail,
                                    struct kura_err *err)
{
    int i;

    if (sqlite3_prepare_v2(s->db, sql, -1, stmt, tail) != SQLITE_OK) {
        int at = sqlite3_error_offset(s->db);

        (void)kura_err_set(err, KURA_EINPUT, "%s", sqlite3_errmsg(s->db));
        session_hint(sql, at, err);
        return KURA_EINPUT;
    }
    for (i = 0; binds != NULL && binds[i] != NULL; i++)
        (void)sqlite3_bind_text(*stmt, i + 1, binds[i], -1, SQLITE_STATIC);
    return KURA_OK;
}

enum kura_rc kura_session_json(struct kura_session *s, int64_t gave_up,
                               FILE *f, struct kura_err *err)
{
    struct kura_coverage c;
    struct kura_buf out;
    enum kura_rc rc;

    memset(&c, 0, sizeof(c));
    kura_buf_init(&out, SESSION_COVERAGE_MAX);
    rc = kura_engine_coverage(s->engine, &c, err);
    if (rc == KURA_OK && (c.count != 0 || gave_up != 0)) {
        rc = kura_buf_puts(&out, "{\"coverage\":", err);
        if (rc == KURA_OK)
            rc = kura_coverage_json(&c, &out, err);
        if (rc == KURA_OK && gave_up != 0)
            rc = kura_buf_printf(&out, err, ",\"gave_up\":%lld",
                                 (long long)gave_up);
        if (rc == KURA_OK)
            (void)fprintf(f, "%s}\n", out.data);
    }
    kura_buf_release(&out);
    kura_coverage_release(&c);
    return rc;
}

/* Damage met before the first row is out costs only time. */
static enum kura_rc session_statement(struct kura_session *s,
                                      sqlite3_stmt *stmt, enum kura_output how,
                                      int64_t *rows, int64_t *gave_up,
                                      struct kura_err *err)
{
    size_t lost = kura_engine_lost(s->engine);
    int64_t gave_up_before;
    struct kura_err cause = KURA_ERR_INIT;
    int64_t before = *rows;
    enum kura_rc rc;

    for (;;) {
        gave_up_before = kura_text_gave_up();
        rc = kura_output_write(stmt, how, stdout, rows, &cause);
        if (rc == KURA_OK || *rows != before ||
            kura_engine_lost(s->engine) == lost)
            break;
        lost = kura_engine_lost(s->engine);
        cause = (struct kura_err)KURA_ERR_INIT;
        (void)sqlite3_reset(stmt);
    }
    *gave_up = kura_text_gave_up() - gave_up_before;
    if (rc == KURA_OK)
        return KURA_OK;
    (void)kura_err_set(err, rc, "%s", cause.msg);
    return rc;
}

static void session_gave_up(int64_t count)
{
    if (count != 0)
        (void)fprintf(stderr,
                      "kura: a pattern gave up on %lld text(s): it would take "
                      "too many steps; these rows are not in the answer\n",
                      (long long)count);
}

enum kura_rc kura_session_run(struct kura_session *s, const char *sql,
                              const char *const *binds, enum kura_output how,
                              int64_t *rows, struct kura_err *err)
{
    const char *tail = sql;
    sqlite3_stmt *stmt;
    int64_t gave_up = 0;
    enum kura_rc rc = KURA_OK;

    while (rc == KURA_OK && *tail != '\0') {
        stmt = NULL;
        rc = session_prepare(s, tail, binds, &stmt, &tail, err);
        if (rc == KURA_OK && stmt != NULL)
            rc = session_statement(s, stmt, how, rows, &gave_up, err);
        (void)sqlite3_finalize(stmt);
        if (rc != KURA_OK || stmt == NULL)
            continue;
        if (how == KURA_OUTPUT_JSON)
            rc = kura_session_json(s, gave_up, stdout, err);
        session_gave_up(gave_up);
    }
    return rc;
}

/* Days that were not searched and had logs; whether a file is at fault. */
static int64_t coverage_left_out(const struct kura_coverage *c, bool *lost)
{
    int64_t days = 0;
    size_t i;

    *lost = false;
    for (i = 0; i < c->count; i++) {
        if (kura_covered_is_searched(c->items[i].how) ||
            c->items[i].how == KURA_COVERED_NO_LOGS)
            continue;
        days += c->items[i].last_day - c->items[i].first_day + 1;
        *lost |= c->items[i].how == KURA_COVERED_MISSING ||
                 c->items[i].how == KURA_COVERED_DAMAGED;
    }
    return days;
}

enum kura_rc kura_session_coverage(struct kura_session *s, bool all,
                                   bool *whole, struct kura_err *err)
{
    struct kura_coverage c;
    struct kura_buf out;
    bool lost;
    int64_t days;
    enum kura_rc rc;

    memset(&c, 0, sizeof(c));
    kura_buf_init(&out, SESSION_COVERAGE_MAX);
    rc = kura_engine_coverage(s->engine, &c, err);
    if (rc == KURA_OK) {
        days = coverage_left_out(&c, &lost);
        *whole = !lost;
        if (all || lost)
            rc = kura_coverage_print(&c, &out, err);
        if (rc == KURA_OK && days != 0)
            (void)fprintf(stderr,
                          "kura: %lld day(s) of the range were NOT searched%s\n",
                          (long long)days,
                          all || lost ? ":" : " (--coverage lists them)");
        if (rc == KURA_OK)
            (void)fputs(out.data, stderr);
    }
    kura_buf_release(&out);
    kura_coverage_release(&c);
    return rc;
}
