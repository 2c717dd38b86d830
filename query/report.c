/* report.c - the database of a report, and the formats that are tables. */
#include "query/report.h"

#include "base/embedded.h"
#include "base/json.h"
#include "query/output.h"
#include "query/report_internal.h"
#include "store/db.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_TEXT_MAX ((size_t)256 << 20)

enum kura_rc kura_report_new(const struct kura_zone *zone,
                             enum kura_language language, int64_t from_ts,
                             int64_t to_ts, struct kura_report **out,
                             struct kura_err *err)
{
    struct kura_report *r = calloc(1, sizeof(*r));
    const char *schema = NULL;
    enum kura_rc rc;

    if (r == NULL)
        return kura_err_nomem(err);
    r->language = language;
    r->from_ts = from_ts;
    r->to_ts = to_ts;
    r->place.zone = zone;
    if (sqlite3_open(":memory:", &r->db) != SQLITE_OK) {
        kura_report_free(r);
        return kura_err_nomem(err);
    }
    rc = kura_functions_register(r->db, &r->place, err);
    if (rc == KURA_OK)
        rc = kura_embedded_text("sql/report.sql", &schema, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(r->db, schema, err);
    if (rc == KURA_OK)
        *out = r;
    else
        kura_report_free(r);
    return rc;
}

void kura_report_free(struct kura_report *r)
{
    if (r == NULL)
        return;
    (void)sqlite3_close(r->db);
    free(r);
}

enum kura_rc kura_report_each(struct kura_report *r, const char *sql,
                              enum kura_rc (*row)(void *arg, sqlite3_stmt *stmt,
                                                  struct kura_err *err),
                              void *arg, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool there = true;
    enum kura_rc rc = kura_db_prepare(r->db, sql, &stmt, err);

    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &there, err);
        if (rc != KURA_OK || !there)
            break;
        rc = row(arg, stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* --- Filling ------------------------------------------------------------- */

enum kura_rc kura_report_set(struct kura_report *r, const char *name,
                             const char *value, struct kura_err *err)
{
    const struct kura_value v[] = {{name, 0}, {value, 0}};

    return kura_db_run(r->db, "INSERT OR REPLACE INTO about VALUES (?, ?)", v,
                       2, err);
}

static enum kura_rc about_row(void *arg, sqlite3_stmt *stmt,
                              struct kura_err *err)
{
    const char *s = (const char *)sqlite3_column_text(stmt, 0);

    return s == NULL ? KURA_OK : kura_buf_puts(arg, s, err);
}

enum kura_rc kura_report_about(struct kura_report *r, const char *name,
                               struct kura_buf *out, struct kura_err *err)
{
    char sql[120];

    kura_buf_reset(out);
    (void)sqlite3_snprintf((int)sizeof(sql), sql,
                           "SELECT value FROM about WHERE name = %Q", name);
    return kura_report_each(r, sql, about_row, out, err);
}

static void bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
    (void)sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
}

enum kura_rc kura_report_add_finding(struct kura_report *r,
                                     const struct kura_finding *f,
                                     const struct kura_hunt *h,
                                     const char *allowed, struct kura_err *err)
{
    enum kura_level level = KURA_LEVEL_MEDIUM;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    int i = 0;

    (void)kura_level_find(f->level, &level);
    rc = kura_db_prepare(
        r->db,
        "INSERT OR REPLACE INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?12, ?13, ?14, ?15, ?12 ->> '$.clients', ?16)",
        &stmt, err);
    if (rc != KURA_OK)
        return rc;
    bind_text(stmt, ++i, f->id);
    bind_text(stmt, ++i, kura_finding_state_word(f->state));
    bind_text(stmt, ++i, f->level);
    (void)sqlite3_bind_int(stmt, ++i, (int)level);
    bind_text(stmt, ++i, f->hunt);
    bind_text(stmt, ++i, h != NULL ? h->title : NULL);
    bind_text(stmt, ++i, h != NULL ? kura_stage_word((int)h->stage) : NULL);
    bind_text(stmt, ++i, h != NULL ? h->attack : NULL);
    bind_text(stmt, ++i, f->why);
    bind_text(stmt, ++i, h != NULL ? h->about : NULL);
    bind_text(stmt, ++i, f->key);
    bind_text(stmt, ++i, f->row);
    if (f->dated) {
        (void)sqlite3_bind_int64(stmt, i + 1, f->first_ts);
        (void)sqlite3_bind_int64(stmt, i + 2, f->last_ts);
    }
    if (f->counted)
        (void)sqlite3_bind_int64(stmt, i + 3, f->events);
    bind_text(stmt, i + 4, allowed);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* The slice of the period in which an instant lies; those outside: none. */
static int slice_of(const struct kura_report *r, int64_t ts)
{
    double share;

    if (ts < r->from_ts || ts >= r->to_ts)
        return -1;
    share = (double)(ts - r->from_ts) / (double)(r->to_ts - r->from_ts);
    return (int)(share * KURA_REPORT_SLICES);
}

enum kura_rc kura_report_add_evidence(struct kura_report *r, const char *id,
                                      const struct kura_evidence *list,
                                      size_t count, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < count; i++) {
        const struct kura_value v[] = {{id, 0},
                                       {NULL, (int64_t)i + 1},
                                       {list[i].table, 0},
                                       {NULL, list[i].ts},
                                       {list[i].source, 0},
                                       {NULL, list[i].line},
                                       {list[i].raw, 0}};
        const struct kura_value s[] = {{id, 0},
                                       {NULL, slice_of(r, list[i].ts)}};

        rc = kura_db_run(r->db,
                         "INSERT OR REPLACE INTO evidence "
                         "VALUES (?, ?, ?, ?, ?, ?, ?)",
                         v, 7, err);
        if (rc == KURA_OK && s[1].number >= 0)
            rc = kura_db_run(r->db,
                             "INSERT INTO spark VALUES (?1, ?2, 1) ON CONFLICT "
                             "DO UPDATE SET events = events + 1",
                             s, 2, err);
    }
    return rc;
}

static enum kura_rc add_cover(struct kura_report *r, const struct kura_hunt *h,
                              struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t k;
    int stage;

    for (stage = 0; rc == KURA_OK && stage < KURA_STAGE_COUNT; stage++)
        for (k = 0; rc == KURA_OK && k < h->table_count; k++) {
            const struct kura_value v[] = {
                {NULL, stage}, {h->tables[k]->name, 0}, {h->name, 0}};

            if ((h->stages & 1u << stage) != 0)
                rc = kura_db_run(r->db, "INSERT INTO cover VALUES (?, ?, ?)", v,
                                 3, err);
        }
    return rc;
}

enum kura_rc kura_report_add_run(struct kura_report *r,
                                 const struct kura_hunt *h, int64_t from_ts,
                                 int64_t to_ts,
                                 const struct kura_hunt_answer *a,
                                 int64_t found, struct kura_err *err)
{
    const struct kura_value v[] = {{h->name, 0},
                                   {h->title, 0},
                                   {h->version, 0},
                                   {a->params != NULL ? a->params : "{}", 0},
                                   {NULL, from_ts},
                                   {NULL, to_ts},
                                   {kura_hunt_status_word(a->status), 0},
                                   {a->reason, 0},
                                   {NULL, found}};
    enum kura_rc rc = kura_db_run(
        r->db, "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", v, 9, err);

    return rc == KURA_OK ? add_cover(r, h, err) : rc;
}

static enum kura_rc tally_row(void *arg, sqlite3_stmt *stmt,
                              struct kura_err *err)
{
    struct kura_report_count *n = arg;

    (void)err;
    n->fresh = sqlite3_column_int64(stmt, 0);
    n->still = sqlite3_column_int64(stmt, 1);
    n->gone = sqlite3_column_int64(stmt, 2);
    n->allowed = sqlite3_column_int64(stmt, 3);
    return KURA_OK;
}

enum kura_rc kura_report_tally(struct kura_report *r,
                               struct kura_report_count *out,
                               struct kura_err *err)
{
    memset(out, 0, sizeof(*out));
    return kura_report_each(
        r,
        "SELECT count(*) FILTER (WHERE allowed IS NULL AND state = 'new'), "
        "count(*) FILTER (WHERE allowed IS NULL AND state = 'still'), "
        "count(*) FILTER (WHERE allowed IS NULL AND state = 'gone'), "
        "count(allowed) FROM finding",
        tally_row, out, err);
}

/* --- Tables ----------------------------------------------------------------
 */

#define FINDING_ORDER                                                          \
    " ORDER BY CASE state WHEN 'new' THEN 0 WHEN 'still' THEN 1 ELSE 2 END, "  \
    "level_order DESC, hunt, \"key\", id"

#define CSV_SQL                                                                \
    "SELECT state, level, hunt, stage, attack, id, iso_time(first_ts) AS "     \
    "first, iso_time(last_ts) AS last, events, why, allowed, \"key\", "        \
    "\"row\" "                                                                 \
    "FROM finding" FINDING_ORDER

/* What Timesketch and other tools for timelines read. */
#define TIMELINE_SQL                                                           \
    "SELECT iso_time(e.ts) AS datetime, 'line of ' || e.\"table\" AS "         \
    "timestamp_desc, e.raw AS message, f.hunt, f.level, f.id AS finding, "     \
    "f.why, e.source, e.line FROM evidence AS e JOIN finding AS f ON f.id = "  \
    "e.finding WHERE f.allowed IS NULL ORDER BY e.ts, f.id, e.number"

static enum kura_rc write_table(struct kura_report *r, const char *sql, FILE *f,
                                struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t rows = 0;
    enum kura_rc rc = kura_db_prepare(r->db, sql, &stmt, err);

    if (rc == KURA_OK)
        rc = kura_output_write(stmt, KURA_OUTPUT_CSV, f, &rows, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* --- JSON ------------------------------------------------------------------
 */

struct json {
    FILE *f;
    struct kura_buf line;
    bool first;
};

static enum kura_rc json_value(sqlite3_stmt *stmt, int i, struct kura_buf *out,
                               struct kura_err *err)
{
    const char *name = sqlite3_column_name(stmt, i);
    const char *text = (const char *)sqlite3_column_text(stmt, i);
    int type = sqlite3_column_type(stmt, i);

    if (text == NULL)
        return kura_buf_puts(out, "null", err);
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT ||
        strcmp(name, "key") == 0 || strcmp(name, "row") == 0 ||
        strcmp(name, "params") == 0 || strcmp(name, "lines") == 0)
        return kura_buf_puts(out, text, err); /* a number, or JSON already */
    return kura_json_text(text, (size_t)sqlite3_column_bytes(stmt, i), out,
                          err);
}

static enum kura_rc json_row(void *arg, sqlite3_stmt *stmt,
                             struct kura_err *err)
{
    struct json *j = arg;
    enum kura_rc rc;
    int i;

    kura_buf_reset(&j->line);
    rc = kura_buf_puts(&j->line, j->first ? "\n  {" : ",\n  {", err);
    j->first = false;
    for (i = 0; rc == KURA_OK && i < sqlite3_column_count(stmt); i++) {
        rc = kura_buf_printf(&j->line, err, "%s\"%s\":", i > 0 ? "," : "",
                             sqlite3_column_name(stmt, i));
        if (rc == KURA_OK)
            rc = json_value(stmt, i, &j->line, err);
    }
    if (rc == KURA_OK)
        rc = kura_buf_putc(&j->line, '}', err);
    if (rc == KURA_OK)
        (void)fwrite(j->line.data, 1, j->line.len, j->f);
    return rc;
}

static const struct {
    const char *name, *sql;
} json_parts[] = {
    {"about", "SELECT name, value FROM about ORDER BY name"},
    {"findings",
     "SELECT state, level, hunt, title, stage, attack, id, why, "
     "iso_time(first_ts) AS first, iso_time(last_ts) AS last, events, clients, "
     "allowed, \"key\", \"row\", (SELECT json_group_array(json_object('table', "
     "\"table\", 'time', iso_time(ts), 'source', source, 'line', line, 'raw', "
     "raw)) FROM (SELECT * FROM evidence WHERE finding = finding.id ORDER BY "
     "number)) AS lines FROM finding" FINDING_ORDER},
    {"runs",
     "SELECT hunt, title, version, params, iso_time(from_ts) AS \"from\", "
     "iso_time(to_ts) AS \"to\", status, reason, findings FROM run "
     "ORDER BY hunt, from_ts"},
    {"activity", "SELECT * FROM activity ORDER BY \"table\", weekday, hour"},
    {"talkers", "SELECT * FROM talker ORDER BY \"table\", events DESC, client"},
    {"volume", "SELECT * FROM volume ORDER BY \"table\", source, day"},
    {"coverage", "SELECT * FROM coverage ORDER BY \"table\", first_day, place"},
};

static enum kura_rc write_json(struct kura_report *r, FILE *f,
                               struct kura_err *err)
{
    struct json j = {f, {NULL, 0, 0, 0}, true};
    enum kura_rc rc = KURA_OK;
    size_t i;

    kura_buf_init(&j.line, REPORT_TEXT_MAX);
    for (i = 0; rc == KURA_OK && i < sizeof(json_parts) / sizeof(*json_parts);
         i++) {
        (void)fprintf(f, "%s\"%s\":[", i == 0 ? "{" : ",\n",
                      json_parts[i].name);
        j.first = true;
        rc = kura_report_each(r, json_parts[i].sql, json_row, &j, err);
        (void)fputs("]", f);
    }
    (void)fputs("}\n", f);
    kura_buf_release(&j.line);
    return rc;
}

/* --- All -------------------------------------------------------------------
 */

static enum kura_rc write_page(struct kura_report *r,
                               enum kura_report_output how, FILE *f,
                               struct kura_err *err)
{
    struct kura_buf out;
    enum kura_rc rc;

    kura_buf_init(&out, REPORT_TEXT_MAX);
    rc = how == KURA_REPORT_HTML ? kura_report_html(r, &out, err)
                                 : kura_report_markdown(r, &out, err);
    if (rc == KURA_OK)
        (void)fwrite(out.data, 1, out.len, f);
    kura_buf_release(&out);
    return rc;
}

enum kura_rc kura_report_write(struct kura_report *r,
                               enum kura_report_output how, FILE *f,
                               struct kura_err *err)
{
    enum kura_rc rc;

    switch (how) {
    case KURA_REPORT_JSON:
        rc = write_json(r, f, err);
        break;
    case KURA_REPORT_CSV:
        rc = write_table(r, CSV_SQL, f, err);
        break;
    case KURA_REPORT_TIMELINE:
        rc = write_table(r, TIMELINE_SQL, f, err);
        break;
    default:
        rc = write_page(r, how, f, err);
        break;
    }
    if (rc == KURA_OK && (fflush(f) != 0 || ferror(f)))
        rc = kura_err_sys(err, errno, "cannot write a report");
    return rc;
}
