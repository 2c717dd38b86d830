/* site_table.c - a cursor is the number of a row; SQLite filters. */
#include "query/site_table.h"

#include "base/buf.h"

#include <stdlib.h>

#define DECLARATION_MAX 4096u

struct table_def {
    const struct kura_site *site;
    enum kura_site_part part;
};

struct table {
    sqlite3_vtab base; /* first: SQLite's view of it */
    const struct table_def *def;
};

struct cursor {
    sqlite3_vtab_cursor base; /* first */
    size_t row;
};

static const struct table_def *def_of(const sqlite3_vtab_cursor *base)
{
    return ((const struct table *)(const void *)base->pVtab)->def;
}

static enum kura_rc declaration(const struct kura_site_table *t,
                                struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = kura_buf_puts(out, "CREATE TABLE x(", err);
    int i;

    for (i = 0; rc == KURA_OK && i < KURA_SITE_COLUMNS; i++) {
        const struct kura_site_column *c = &t->columns[i];

        if (c->name != NULL)
            rc = kura_buf_printf(
                out, err, "%s%s %s", i > 0 ? ", " : "", c->name,
                c->is_integer ? "INTEGER" : "TEXT COLLATE NOCASE");
    }
    return rc == KURA_OK ? kura_buf_putc(out, ')', err) : rc;
}

static int table_connect(sqlite3 *db, void *aux, int argc,
                         const char *const *argv, sqlite3_vtab **out,
                         char **message)
{
    const struct table_def *def = aux;
    struct kura_buf text;
    struct table *t;
    int code = SQLITE_NOMEM;

    (void)argc;
    (void)argv;
    (void)message;
    kura_buf_init(&text, DECLARATION_MAX);
    if (declaration(kura_site_table(def->part), &text, NULL) == KURA_OK)
        code = sqlite3_declare_vtab(db, text.data);
    kura_buf_release(&text);
    if (code != SQLITE_OK)
        return code;
    t = calloc(1, sizeof(*t));
    if (t == NULL)
        return SQLITE_NOMEM;
    t->def = def;
    *out = &t->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
    free(base);
    return SQLITE_OK;
}

/* All of it, whatever is asked. */
static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct table_def *def = ((struct table *)base)->def;
    size_t rows = kura_site_rows(def->site, def->part);

    info->estimatedRows = rows == 0 ? 1 : (sqlite3_int64)rows;
    info->estimatedCost = (double)rows + 1;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct cursor *c = calloc(1, sizeof(*c));

    (void)base;
    if (c == NULL)
        return SQLITE_NOMEM;
    *out = &c->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    free(base);
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int number,
                         const char *plan, int argc, sqlite3_value **argv)
{
    (void)number;
    (void)plan;
    (void)argc;
    (void)argv;
    ((struct cursor *)base)->row = 0;
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->row++;
    return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct table_def *def = def_of(base);

    return ((struct cursor *)base)->row >= kura_site_rows(def->site, def->part);
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct cursor *)base)->row + 1;
    return SQLITE_OK;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx,
                         int column)
{
    const struct table_def *def = def_of(base);
    size_t row = ((struct cursor *)base)->row;

    if (kura_site_table(def->part)->columns[column].is_integer)
        sqlite3_result_int64(
            ctx, kura_site_number(def->site, def->part, row, column));
    else /* the site outlives the connection */
        sqlite3_result_text(ctx,
                            kura_site_text(def->site, def->part, row, column),
                            -1, SQLITE_STATIC);
    return SQLITE_OK;
}

/* No xCreate: the tables are there without CREATE VIRTUAL TABLE. */
static const sqlite3_module site_module = {
    .iVersion = 1,
    .xConnect = table_connect,
    .xBestIndex = table_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

static enum kura_rc part_register(sqlite3 *db, const struct kura_site *s,
                                  enum kura_site_part part,
                                  struct kura_err *err)
{
    const char *name = kura_site_table(part)->name;
    struct table_def *def = malloc(sizeof(*def));
    sqlite3_stmt *stmt = NULL;
    char sql[80];
    int code;

    if (def == NULL)
        return kura_err_nomem(err);
    def->site = s;
    def->part = part;
    /* Frees def itself when it fails. */
    code = sqlite3_create_module_v2(db, name, &site_module, def, free);
    /* Connects it now: an authorizer that is set later would take that for a
     * change of the schema. */
    (void)sqlite3_snprintf((int)sizeof(sql), sql, "SELECT 1 FROM %s", name);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    (void)sqlite3_finalize(stmt);
    if (code != SQLITE_OK)
        return kura_err_set(err, KURA_EIO, "cannot add table '%s': %s", name,
                            sqlite3_errmsg(db));
    return KURA_OK;
}

enum kura_rc kura_site_tables_register(sqlite3 *db, const struct kura_site *s,
                                       struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; rc == KURA_OK && i < KURA_SITE_PARTS; i++)
        rc = part_register(db, s, (enum kura_site_part)i, err);
    return rc;
}
