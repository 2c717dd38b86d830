#include "cli/findings.h"

#include "base/embedded.h"
#include "base/json.h"
#include "query/functions.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINDINGS_LINE_MAX ((size_t)64 << 20)

struct kura_findings {
    sqlite3 *db;
    sqlite3_stmt *put;
    struct kura_function_place place; /* of the functions of db */
};

enum kura_rc kura_findings_new(const struct kura_zone *zone,
                               struct kura_findings **out, struct kura_err *err)
{
    struct kura_findings *f = calloc(1, sizeof(*f));
    const char *schema = NULL;
    enum kura_rc rc;

    if (f == NULL)
        return kura_err_nomem(err);
    if (sqlite3_open(":memory:", &f->db) != SQLITE_OK) {
        kura_findings_free(f);
        return kura_err_nomem(err);
    }
    f->place.zone = zone;
    rc = kura_functions_register(f->db, &f->place, err);
    if (rc == KURA_OK)
        rc = kura_embedded_text("sql/findings.sql", &schema, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(f->db, schema, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(f->db,
                             "INSERT INTO shown VALUES (?, ?, ?, ?, ?, ?, ?, "
                             "?, ?, ?, ?, ?, ?, NULL)",
                             &f->put, err);
    if (rc == KURA_OK)
        *out = f;
    else
        kura_findings_free(f);
    return rc;
}

void kura_findings_free(struct kura_findings *f)
{
    if (f == NULL)
        return;
    (void)sqlite3_finalize(f->put);
    (void)sqlite3_close(f->db);
    free(f);
}

static void bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
    (void)sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
}

enum kura_rc kura_findings_add(struct kura_findings *f,
                               const struct kura_finding *finding,
                               const struct kura_hunt *h, struct kura_err *err)
{
    enum kura_level level = KURA_LEVEL_MEDIUM;
    int i = 0;

    (void)kura_level_find(finding->level, &level);
    (void)sqlite3_clear_bindings(f->put);
    bind_text(f->put, ++i, kura_finding_state_word(finding->state));
    bind_text(f->put, ++i, finding->level);
    (void)sqlite3_bind_int(f->put, ++i, (int)level);
    bind_text(f->put, ++i, finding->hunt);
    bind_text(f->put, ++i, h != NULL ? kura_stage_word((int)h->stage) : NULL);
    bind_text(f->put, ++i, h != NULL ? h->attack : NULL);
    bind_text(f->put, ++i, finding->id);
    bind_text(f->put, ++i, finding->why);
    bind_text(f->put, ++i, finding->key);
    bind_text(f->put, ++i, finding->row);
    if (finding->dated) {
        (void)sqlite3_bind_int64(f->put, i + 1, finding->first_ts);
        (void)sqlite3_bind_int64(f->put, i + 2, finding->last_ts);
    }
    if (finding->counted)
        (void)sqlite3_bind_int64(f->put, i + 3, finding->events);
    return kura_db_step_done(f->put, err);
}

enum kura_rc kura_findings_allow(struct kura_findings *f,
                                 const struct kura_allow *rules, size_t count,
                                 int64_t now_us, struct kura_err *err)
{
    const char *sql = NULL;
    enum kura_rc rc = kura_embedded_text("sql/findings_allow.sql", &sql, err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < count; i++) {
        const struct kura_allow *a = &rules[i];
        const struct kura_value v[] = {{NULL, a->number}, {a->hunt, 0},
                                       {a->column, 0},    {a->kind, 0},
                                       {a->value, 0},     {a->reason, 0}};

        if (a->expires_us > now_us)
            rc = kura_db_run(
                f->db, "INSERT INTO rule VALUES (?, ?, ?, ?, ?, ?)", v, 6, err);
    }
    return rc == KURA_OK ? kura_db_exec(f->db, sql, err) : rc;
}

enum kura_rc kura_findings_rule_of(struct kura_findings *f, const char *id,
                                   char **reason, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    *reason = NULL;
    rc = kura_db_prepare(f->db,
                         "SELECT r.reason FROM shown AS s JOIN rule AS r ON "
                         "r.number = s.allowed WHERE s.id = ?1",
                         &stmt, err);
    if (rc == KURA_OK) {
        bind_text(stmt, 1, id);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row) {
        const char *s = (const char *)sqlite3_column_text(stmt, 0);

        *reason = strdup(s == NULL ? "" : s);
        if (*reason == NULL)
            rc = kura_err_nomem(err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_findings_tally(struct kura_findings *f,
                                 struct kura_findings_count *out,
                                 struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    memset(out, 0, sizeof(*out));
    rc = kura_db_prepare(
        f->db,
        "SELECT count(*) FILTER (WHERE allowed IS NULL AND state = 'new'), "
        "count(*) FILTER (WHERE allowed IS NULL AND state = 'still'), "
        "count(*) FILTER (WHERE allowed IS NULL AND state = 'gone'), "
        "count(allowed) FROM shown",
        &stmt, err);
    if (rc == KURA_OK)
        rc = kura_db_step(stmt, &row, err);
    if (rc == KURA_OK && row) {
        out->fresh = sqlite3_column_int64(stmt, 0);
        out->still = sqlite3_column_int64(stmt, 1);
        out->gone = sqlite3_column_int64(stmt, 2);
        out->allowed = sqlite3_column_int64(stmt, 3);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* --- Writing ------------------------------------------------------------ */

/* A value of the view as JSON; key and row are JSON already. */
static enum kura_rc json_value(sqlite3_stmt *stmt, int i, struct kura_buf *out,
                               struct kura_err *err)
{
    const char *name = sqlite3_column_name(stmt, i);
    const char *text = (const char *)sqlite3_column_text(stmt, i);

    if (text == NULL)
        return kura_buf_puts(out, "null", err);
    if (sqlite3_column_type(stmt, i) == SQLITE_INTEGER ||
        strcmp(name, "key") == 0 || strcmp(name, "row") == 0)
        return kura_buf_puts(out, text, err);
    return kura_json_text(text, (size_t)sqlite3_column_bytes(stmt, i), out,
                          err);
}

static enum kura_rc json_line(sqlite3_stmt *stmt, struct kura_buf *out,
                              struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i, n = sqlite3_column_count(stmt);

    kura_buf_reset(out);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        rc = kura_buf_printf(out, err, "%c\"%s\":", i == 0 ? '{' : ',',
                             sqlite3_column_name(stmt, i));
        if (rc == KURA_OK)
            rc = json_value(stmt, i, out, err);
    }
    if (rc == KURA_OK)
        rc = kura_buf_puts(out, "}\n", err);
    return rc;
}

static enum kura_rc write_json(sqlite3_stmt *stmt, struct kura_err *err)
{
    struct kura_buf line;
    enum kura_rc rc = KURA_OK;
    bool row = true;

    kura_buf_init(&line, FINDINGS_LINE_MAX);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = json_line(stmt, &line, err);
        if (rc == KURA_OK)
            (void)fwrite(line.data, 1, line.len, stdout);
    }
    kura_buf_release(&line);
    return rc;
}

enum kura_rc kura_findings_write(struct kura_findings *f, enum kura_output how,
                                 bool all, struct kura_err *err)
{
    bool people = how == KURA_OUTPUT_TABLE || how == KURA_OUTPUT_MARKDOWN;
    const char *columns =
        people ? "state, level, hunt, id, first, last, events, why"
               : "state, level, hunt, stage, attack, id, first, last, events, "
                 "why, allowed_reason, \"key\", \"row\"";
    sqlite3_stmt *stmt = NULL;
    char sql[320];
    int64_t rows = 0;
    enum kura_rc rc;

    (void)snprintf(sql, sizeof(sql), "SELECT %s FROM %s%s", columns,
                   people ? "people" : "machine",
                   all ? "" : " WHERE allowed IS NULL");
    rc = kura_db_prepare(f->db, sql, &stmt, err);
    if (rc == KURA_OK)
        rc = how == KURA_OUTPUT_JSON
                 ? write_json(stmt, err)
                 : kura_output_write(stmt, how, stdout, &rows, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_findings_write_hosts(struct kura_findings *f,
                                       enum kura_output how, int64_t within_us,
                                       int64_t min_stages, int64_t *rows,
                                       struct kura_err *err)
{
    const char *sql = NULL;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_embedded_text("sql/findings_hosts.sql", &sql, err);

    if (rc == KURA_OK)
        rc = kura_db_prepare(f->db, sql, &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, within_us);
        (void)sqlite3_bind_int64(stmt, 2, min_stages);
        rc = kura_output_write(stmt, how, stdout, rows, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}
