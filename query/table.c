/* table.c - the virtual table: constraints in xBestIndex become idxStr, idxStr
 * and values become predicates in xFilter (constraint.h), and a scan (scan.h)
 * does the rest.
 *
 * SQLite rechecks everything: omit is never set. */
#include "query/table.h"

#include "base/buf.h"
#include "query/engine_internal.h"
#include "query/scan.h"
#include "query/vtab.h"

#define DECLARATION_MAX ((size_t)1 << 16)

struct table_def {
    struct kura_engine *engine;
    const struct kura_schema *schema;
};

struct table {
    sqlite3_vtab base; /* first: SQLite's view of it */
    const struct table_def *def;
};

struct cursor {
    sqlite3_vtab_cursor base; /* first */
    struct kura_scan *scan;
};

/* --- Connecting ------------------------------------------------------- */

static enum kura_rc declaration(const struct kura_schema *s,
                                struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = kura_buf_puts(out, "CREATE TABLE x(", err);
    int i;

    for (i = 0; rc == KURA_OK && i < s->count; i++) {
        const struct kura_column *c = &s->columns[i];

        if (kura_scan_source(s, i) == KURA_FROM_UNKNOWN)
            return kura_err_set(err, KURA_ENOTFOUND,
                                "table '%s': no function '%s' for column '%s'",
                                s->name, c->function, c->name);
        rc = kura_buf_printf(out, err, "%s\"%s\" %s%s", i > 0 ? ", " : "",
                             c->name, c->type == KURA_TEXT ? "TEXT" : "INTEGER",
                             c->nocase ? " COLLATE NOCASE" : "");
    }
    if (rc == KURA_OK)
        rc = kura_buf_putc(out, ')', err);
    return rc;
}

static int table_connect(sqlite3 *db, void *aux, int argc,
                         const char *const *argv, sqlite3_vtab **out,
                         char **message)
{
    const struct table_def *def = aux;
    struct kura_err err = KURA_ERR_INIT;
    struct table *t;
    struct kura_buf text;
    int code;

    (void)argc;
    (void)argv;
    kura_buf_init(&text, DECLARATION_MAX);
    code = kura_vtab_code(declaration(def->schema, &text, &err));
    if (code != SQLITE_OK)
        *message = sqlite3_mprintf("%s", err.msg);
    else
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

/* --- Planning --------------------------------------------------------- */

/* Work is counted in rows handed to SQLite: opening a partition is about 200
 * of them, a row that only a predicate sees a twentieth. */
static void table_guess(const struct kura_choice *g,
                        const struct table_def *def, sqlite3_index_info *info)
{
    int64_t total, partitions;
    double seen, rows;

    kura_engine_guess(def->engine, def->schema, &total, &partitions);
    seen = (double)total * g->time;
    rows = seen * g->rows;
    info->estimatedRows = rows < 1.0 ? 1 : (sqlite3_int64)rows;
    info->estimatedCost = 100.0 + (double)partitions * g->time * 200.0 +
                          seen * 0.05 * (g->terms > 0) + rows;
}

static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct table_def *def = ((struct table *)base)->def;
    struct kura_err err = KURA_ERR_INIT;
    enum kura_rc rc = KURA_OK;
    struct kura_choice choice;
    int i, code;

    kura_choice_init(&choice, def->schema);
    for (i = 0; rc == KURA_OK && i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn;

        if (info->aConstraint[i].usable && column >= 0 &&
            column < def->schema->count)
            rc = kura_choice_add(&choice, info, i, column, &err);
    }
    code = kura_vtab_fail(base, rc, &err);
    if (code == SQLITE_OK) {
        table_guess(&choice, def, info);
        code = kura_vtab_plan(&choice, info);
    }
    kura_choice_release(&choice);
    return code;
}

/* --- Cursors ---------------------------------------------------------- */

static int cursor_arrive(struct cursor *c, enum kura_rc rc,
                         const struct kura_err *err)
{
    const struct table_def *def = ((struct table *)c->base.pVtab)->def;

    if (rc == KURA_OK && !kura_scan_is_over(c->scan))
        kura_engine_tally(def->engine)->rows_passed++;
    return kura_vtab_fail(c->base.pVtab, rc, err);
}

static int cursor_filter(sqlite3_vtab_cursor *base, int number,
                         const char *plan, int argc, sqlite3_value **argv)
{
    const struct table_def *def = ((struct table *)base->pVtab)->def;
    struct cursor *c = (struct cursor *)base;
    struct kura_err err = KURA_ERR_INIT;
    struct kura_filter f;
    enum kura_rc rc;

    (void)number;
    rc = kura_filter_read(&f, def->schema, kura_engine_zone(def->engine), false,
                          plan, argc, argv, &err);
    if (rc == KURA_OK)
        rc = kura_filter_begin(&f, c->scan, &err);
    kura_filter_release(&f);
    return cursor_arrive(c, rc, &err);
}

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    const struct table_def *def = ((struct table *)base)->def;
    struct kura_err err = KURA_ERR_INIT;
    struct cursor *c = calloc(1, sizeof(*c));
    enum kura_rc rc;

    if (c == NULL)
        return SQLITE_NOMEM;
    rc = kura_scan_new(def->engine, def->schema, &c->scan, &err);
    if (rc != KURA_OK) {
        free(c);
        return kura_vtab_fail(base, rc, &err);
    }
    *out = &c->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *c = (struct cursor *)base;

    kura_scan_free(c->scan);
    free(c);
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *c = (struct cursor *)base;
    struct kura_err err = KURA_ERR_INIT;

    return cursor_arrive(c, kura_scan_next(c->scan, &err), &err);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    return kura_scan_is_over(((struct cursor *)base)->scan);
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = kura_scan_rowid(((struct cursor *)base)->scan);
    return SQLITE_OK;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx,
                         int column)
{
    struct cursor *c = (struct cursor *)base;
    struct kura_scan_value v = {KURA_OPERAND_NULL, 0, NULL, 0};
    struct kura_err err = KURA_ERR_INIT;

    return kura_vtab_result(ctx, kura_scan_value(c->scan, column, &v, &err), &v,
                            &err);
}

/* --- Register --------------------------------------------------------- */

/* No xCreate: the tables are there without CREATE VIRTUAL TABLE. */
static const sqlite3_module table_module = {
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
    .xFindFunction = kura_vtab_find_function,
};

enum kura_rc kura_table_register(sqlite3 *db, struct kura_engine *e,
                                 const struct kura_schema *schema,
                                 struct kura_err *err)
{
    struct table_def *def = malloc(sizeof(*def));

    if (def == NULL)
        return kura_err_nomem(err);
    def->engine = e;
    def->schema = schema;
    /* Frees def itself when it fails. */
    if (sqlite3_create_module_v2(db, schema->name, &table_module, def, free) !=
        SQLITE_OK)
        return kura_err_set(err, KURA_EIO, "cannot add table '%s': %s",
                            schema->name, sqlite3_errmsg(db));
    return kura_vtab_touch(db, schema->name, err);
}
