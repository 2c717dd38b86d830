#include "query/hunt_statement.h"

#include "base/buf.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

#define STATEMENT_MAX ((size_t)1 << 20)

/* The line of the file in which byte `at` of the statement stands. */
static size_t line_of(const struct kura_hunt *h, int at)
{
    size_t line = h->sql_line;
    int i;

    for (i = 0; i < at && h->sql[i] != '\0'; i++)
        line += h->sql[i] == '\n';
    return line;
}

static const char *skip_space_and_comments(const char *s)
{
    for (;;) {
        s += strspn(s, " \t\r\n;");
        if (s[0] != '-' || s[1] != '-')
            return s;
        s += strcspn(s, "\n");
    }
}

enum kura_rc kura_hunt_prepare(const struct kura_hunt *h, sqlite3 *db,
                               sqlite3_stmt **out, struct kura_err *err)
{
    const char *tail = NULL;
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(db, h->sql, -1, &stmt, &tail) != SQLITE_OK)
        return kura_err_set(err, KURA_EINPUT, "%s:%zu: %s", h->file,
                            line_of(h, sqlite3_error_offset(db)),
                            sqlite3_errmsg(db));
    if (stmt == NULL || sqlite3_column_count(stmt) == 0 ||
        !sqlite3_stmt_readonly(stmt)) {
        (void)sqlite3_finalize(stmt);
        return kura_err_set(err, KURA_EINPUT, "%s:%zu: a hunt is one SELECT",
                            h->file, h->sql_line);
    }
    if (*skip_space_and_comments(tail) != '\0') {
        (void)sqlite3_finalize(stmt);
        return kura_err_set(err, KURA_EINPUT,
                            "%s:%zu: a second statement begins here", h->file,
                            line_of(h, (int)(tail - h->sql)));
    }
    *out = stmt;
    return KURA_OK;
}

/* The key columns that the table has, as a condition; none: KURA_EINPUT. */
static enum kura_rc where_of_key(const struct kura_hunt *h,
                                 const struct kura_schema *table,
                                 struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, n = 0;

    for (i = 0; rc == KURA_OK && i < h->key_count; i++) {
        if (kura_schema_column(table, h->keys[i]) < 0)
            continue;
        rc = kura_buf_printf(out, err, "%s\"%s\" IS :%s",
                             n++ > 0 ? " AND " : "", h->keys[i], h->keys[i]);
    }
    if (rc == KURA_OK && n == 0)
        return kura_err_set(err, KURA_EINPUT,
                            "no key column is one of table '%s'; say which "
                            "rows with 'evidence: %s: ...'",
                            table->name, table->name);
    return rc;
}

/* first_ts and last_ts narrow it down; where the row has none, the range. */
enum kura_rc kura_hunt_prepare_evidence(const struct kura_hunt *h, size_t i,
                                        sqlite3 *db, sqlite3_stmt **out,
                                        struct kura_err *err)
{
    const struct kura_schema *table =
        i < h->evidence_count ? h->evidence[i].table : h->tables[0];
    struct kura_buf where, sql;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    kura_buf_init(&where, STATEMENT_MAX);
    kura_buf_init(&sql, STATEMENT_MAX);
    if (i < h->evidence_count)
        rc = kura_buf_puts(&where, h->evidence[i].where, err);
    else
        rc = where_of_key(h, table, &where, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(&sql, err,
                             "SELECT '%s', ts, source, line, raw FROM \"%s\" "
                             "WHERE ts >= coalesce(:first_ts, :from_ts) AND "
                             "ts <= coalesce(:last_ts, :to_ts - 1) AND (%s) "
                             "LIMIT %d",
                             table->name, table->name, where.data,
                             KURA_EVIDENCE_LINES);
    if (rc == KURA_OK &&
        sqlite3_prepare_v2(db, sql.data, -1, &stmt, NULL) != SQLITE_OK)
        rc = kura_err_set(err, KURA_EINPUT, "%s", sqlite3_errmsg(db));
    kura_buf_release(&where);
    kura_buf_release(&sql);
    if (rc == KURA_OK)
        *out = stmt;
    return rc;
}

bool kura_hunt_is_bound(const struct kura_hunt *h, const char *name)
{
    return strcmp(name, "from_ts") == 0 || strcmp(name, "to_ts") == 0 ||
           strcmp(name, "first_ts") == 0 || strcmp(name, "last_ts") == 0 ||
           kura_hunt_param(h, name) != NULL;
}

static int index_of(sqlite3_stmt *stmt, const char *name)
{
    char text[80];

    (void)snprintf(text, sizeof(text), ":%s", name);
    return sqlite3_bind_parameter_index(stmt, text);
}

void kura_hunt_bind_integer(sqlite3_stmt *stmt, const char *name, int64_t v)
{
    int i = index_of(stmt, name);

    if (i != 0)
        (void)sqlite3_bind_int64(stmt, i, v);
}

void kura_hunt_bind_param(sqlite3_stmt *stmt, const struct kura_hunt_param *p,
                          const char *value)
{
    int i = index_of(stmt, p->name);
    int64_t n = 0;

    if (i == 0)
        return;
    if (p->type == KURA_PARAM_INTEGER) {
        (void)kura_num_parse(value, strlen(value), &n);
        (void)sqlite3_bind_int64(stmt, i, n);
    } else if (p->type == KURA_PARAM_REAL) {
        (void)sqlite3_bind_double(stmt, i, strtod(value, NULL));
    } else {
        (void)sqlite3_bind_text(stmt, i, value, -1, SQLITE_TRANSIENT);
    }
}
