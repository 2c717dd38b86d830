/* cmd_tables.c - which tables and columns there are; needs no warehouse. */
#include "cli/cmd.h"

#include "query/output.h"
#include "query/rollup_table.h"
#include "query/site.h"
#include "store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROLLUP "_rollup"

static const struct kura_opt tables_options[] = {
    {"format", 'f', "FORMAT", "table (default), csv, json, md"},
    {NULL, 0, NULL, NULL}};

/* The rows go through a database in memory, because that is what
 * kura_output_write takes. */
#define TABLES_SQL "CREATE TEMP TABLE t (a, b, c, d)"
#define TABLES_PUT_SQL "INSERT INTO t VALUES (?1, ?2, ?3, ?4)"
#define TABLES_LIST_SQL                                                        \
    "SELECT a AS \"table\", b AS columns, c AS meaning FROM t ORDER BY rowid"
#define TABLES_COLUMNS_SQL                                                     \
    "SELECT a AS \"column\", b AS type, c AS kept, d AS meaning FROM t"        \
    " ORDER BY rowid"

static enum kura_rc tables_fail(sqlite3 *db, struct kura_err *err)
{
    return kura_err_set(err, KURA_EIO, "cannot list the tables: %s",
                        sqlite3_errmsg(db));
}

static enum kura_rc tables_put(sqlite3 *db, const char *const text[4],
                               struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = KURA_OK;
    int i;

    if (sqlite3_prepare_v2(db, TABLES_PUT_SQL, -1, &stmt, NULL) != SQLITE_OK)
        return tables_fail(db, err);
    for (i = 0; i < 4; i++)
        (void)sqlite3_bind_text(stmt, i + 1, text[i], -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) != SQLITE_DONE)
        rc = tables_fail(db, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc tables_put_table(sqlite3 *db, const struct kura_schema *s,
                                     struct kura_err *err)
{
    char columns[16];
    const char *const text[4] = {s->name, columns, s->about, NULL};

    (void)snprintf(columns, sizeof(columns), "%d", s->count);
    return tables_put(db, text, err);
}

static enum kura_rc tables_put_rollup(sqlite3 *db, const struct kura_schema *s,
                                      struct kura_err *err)
{
    char name[KURA_ROLLUP_NAME], about[128], columns[16];
    const char *const text[4] = {name, columns, about, NULL};
    struct kura_rollup_column *list;
    enum kura_rc rc;
    size_t n;

    rc = kura_rollup_columns(s, &list, &n, err);
    if (rc != KURA_OK)
        return rc;
    free(list);
    (void)snprintf(name, sizeof(name), "%s" ROLLUP, s->name);
    (void)snprintf(columns, sizeof(columns), "%zu", n);
    (void)snprintf(about, sizeof(about),
                   "%s, added up by the columns that a statement names.",
                   s->name);
    return tables_put(db, text, err);
}

/* Column `kept` of a rollup says what is done with it. */
static enum kura_rc tables_put_rollup_column(sqlite3 *db,
                                             const struct kura_schema *s,
                                             const struct kura_rollup_column *c,
                                             struct kura_err *err)
{
    static const char *const measures[] = {[KURA_MEASURE_ROWS] = "count",
                                           [KURA_MEASURE_MIN] = "min",
                                           [KURA_MEASURE_MAX] = "max",
                                           [KURA_MEASURE_SUM] = "sum"};
    static const char *const roles[] = {
        [KURA_ROLLUP_DIMENSION] = "group", [KURA_ROLLUP_BOUND] = "WHERE only"};
    const struct kura_column *of =
        c->column >= 0 ? &s->columns[c->column] : NULL;
    bool measure = c->role == KURA_ROLLUP_MEASURE;
    char kept[128];
    const char *const text[4] = {
        c->name,
        measure || of == NULL || of->type == KURA_INTEGER ? "INTEGER" : "TEXT",
        kept, of != NULL ? of->about : "rows of the group"};

    if (measure && of != NULL)
        (void)snprintf(kept, sizeof(kept), "%s(%s)", measures[c->measure],
                       of->name);
    else
        (void)snprintf(kept, sizeof(kept), "%s",
                       measure ? measures[c->measure] : roles[c->role]);
    return tables_put(db, text, err);
}

static enum kura_rc tables_put_rollup_columns(sqlite3 *db,
                                              const struct kura_schema *s,
                                              struct kura_err *err)
{
    struct kura_rollup_column *list;
    enum kura_rc rc;
    size_t i, n;

    rc = kura_rollup_columns(s, &list, &n, err);
    if (rc != KURA_OK)
        return rc;
    for (i = 0; rc == KURA_OK && i < n; i++)
        rc = tables_put_rollup_column(db, s, &list[i], err);
    free(list);
    return rc;
}

static enum kura_rc tables_put_column(sqlite3 *db, const struct kura_schema *s,
                                      const struct kura_column *c,
                                      struct kura_err *err)
{
    char kept[128] = "stored";
    const char *const text[4] = {
        c->name, c->type == KURA_INTEGER ? "INTEGER" : "TEXT", kept, c->about};

    if (c->function != NULL && c->argument >= 0 && c->argument < s->count)
        (void)snprintf(kept, sizeof(kept), "%s(%s)", c->function,
                       s->columns[c->argument].name);
    else if (c->function != NULL)
        (void)snprintf(kept, sizeof(kept), "computed");
    return tables_put(db, text, err);
}

/* The tables of the site have their rows from kura.yaml. */
static enum kura_rc tables_put_site(sqlite3 *db,
                                    const struct kura_site_table *t,
                                    struct kura_err *err)
{
    char columns[16];
    const char *const text[4] = {t->name, columns, t->about, NULL};
    int n = 0;

    while (n < KURA_SITE_COLUMNS && t->columns[n].name != NULL)
        n++;
    (void)snprintf(columns, sizeof(columns), "%d", n);
    return tables_put(db, text, err);
}

static enum kura_rc tables_put_site_columns(sqlite3 *db,
                                            const struct kura_site_table *t,
                                            struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; rc == KURA_OK && i < KURA_SITE_COLUMNS; i++) {
        const struct kura_site_column *c = &t->columns[i];
        const char *const text[4] = {
            c->name, c->is_integer ? "INTEGER" : "TEXT", "kura.yaml", c->about};

        if (c->name != NULL)
            rc = tables_put(db, text, err);
    }
    return rc;
}

static enum kura_rc tables_put_all(sqlite3 *db, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; rc == KURA_OK && i < kura_schema_count(); i++)
        rc = tables_put_table(db, kura_schema_at(i), err);
    if (rc == KURA_OK)
        rc = tables_put_table(db, kura_schema_sighting(), err);
    for (i = 0; rc == KURA_OK && i < kura_schema_count(); i++)
        rc = tables_put_rollup(db, kura_schema_at(i), err);
    if (rc == KURA_OK)
        rc = tables_put_rollup(db, kura_schema_sighting(), err);
    for (i = 0; rc == KURA_OK && i < KURA_SITE_PARTS; i++)
        rc = tables_put_site(db, kura_site_table((enum kura_site_part)i), err);
    return rc;
}

/* What was named: one of the two, or neither. */
struct named {
    const struct kura_schema *schema;
    bool rollup; /* that of schema */
    const struct kura_site_table *site;
};

/* Without a name every table, else the columns of that one. */
static enum kura_rc tables_fill(sqlite3 *db, const struct named *n,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i;

    if (sqlite3_exec(db, TABLES_SQL, NULL, NULL, NULL) != SQLITE_OK)
        return tables_fail(db, err);
    if (n->site != NULL)
        return tables_put_site_columns(db, n->site, err);
    if (n->schema == NULL)
        return tables_put_all(db, err);
    if (n->rollup)
        return tables_put_rollup_columns(db, n->schema, err);
    for (i = 0; rc == KURA_OK && i < n->schema->count; i++)
        rc = tables_put_column(db, n->schema, &n->schema->columns[i], err);
    return rc;
}

static enum kura_rc tables_show(const struct named *n, enum kura_output how,
                                struct kura_err *err)
{
    bool all = n->schema == NULL && n->site == NULL;

    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;
    enum kura_rc rc;
    int64_t rows;

    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        rc = kura_err_nomem(err);
    else
        rc = tables_fill(db, n, err);
    if (rc == KURA_OK &&
        sqlite3_prepare_v2(db, all ? TABLES_LIST_SQL : TABLES_COLUMNS_SQL, -1,
                           &stmt, NULL) != SQLITE_OK)
        rc = tables_fail(db, err);
    if (rc == KURA_OK)
        rc = kura_output_write(stmt, how, stdout, &rows, err);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return rc;
}

/* The table that a rollup is of, or NULL. */
static const struct kura_schema *tables_find_rollup(const char *name)
{
    size_t n = strlen(name), end = strlen(ROLLUP);
    char of[KURA_ROLLUP_NAME];

    if (n <= end || n >= sizeof(of) || strcmp(name + n - end, ROLLUP) != 0)
        return NULL;
    (void)snprintf(of, sizeof(of), "%.*s", (int)(n - end), name);
    return kura_schema_find(of);
}

static enum kura_rc tables_find(const char *name, struct named *out,
                                struct kura_err *err)
{
    int i;

    out->schema = kura_schema_find(name);
    if (out->schema == NULL) {
        out->schema = tables_find_rollup(name);
        out->rollup = out->schema != NULL;
    }
    for (i = 0; i < KURA_SITE_PARTS; i++)
        if (strcmp(kura_site_table((enum kura_site_part)i)->name, name) == 0)
            out->site = kura_site_table((enum kura_site_part)i);
    if (out->schema != NULL || out->site != NULL)
        return KURA_OK;
    (void)kura_err_set(err, KURA_EUSAGE, "no table is called '%s'", name);
    kura_err_hint(err, "kura tables lists them");
    return KURA_EUSAGE;
}

static enum kura_rc tables_run(struct kura_cli *cli, enum kura_exit *code,
                               struct kura_err *err)
{
    const char *word = kura_cli_option(cli, &kura_cmd_tables, "format");
    enum kura_output how = KURA_OUTPUT_TABLE;
    struct named n = {NULL, false, NULL};
    enum kura_rc rc = KURA_OK;

    (void)code;
    if (cli->args->count > 1)
        return kura_err_set(err, KURA_EUSAGE, "tables takes one name");
    if (word != NULL && !kura_output_find(word, &how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    if (cli->args->count == 1)
        rc = tables_find(cli->args->operands[0], &n, err);
    return rc == KURA_OK ? tables_show(&n, how, err) : rc;
}

const struct kura_cmd kura_cmd_tables = {
    "tables", "[NAME]", "list the tables, or the columns of one",
    tables_options, tables_run};
