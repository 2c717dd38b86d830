/* table.c - the virtual table: constraints in xBestIndex become idxStr, idxStr
 * and values become predicates in xFilter, and a scan (scan.h) does the rest.
 *
 * SQLite rechecks everything: omit is never set. */
#include "query/table.h"

#include "base/buf.h"
#include "query/engine_internal.h"
#include "query/functions.h"
#include "query/pushdown.h"
#include "query/scan.h"

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

/* --- Errors ----------------------------------------------------------- */

static int code_of(enum kura_rc rc)
{
    switch (rc) {
    case KURA_OK:
        return SQLITE_OK;
    case KURA_ENOMEM:
        return SQLITE_NOMEM;
    case KURA_ECORRUPT:
        return SQLITE_CORRUPT_VTAB;
    case KURA_ESTOPPED:
        return SQLITE_INTERRUPT;
    default:
        return SQLITE_ERROR;
    }
}

static int table_fail(sqlite3_vtab *t, enum kura_rc rc,
                      const struct kura_err *err)
{
    if (rc != KURA_OK && err->msg[0] != '\0') {
        sqlite3_free(t->zErrMsg);
        t->zErrMsg = sqlite3_mprintf("%s", err->msg);
    }
    return code_of(rc);
}

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
    code = code_of(declaration(def->schema, &text, &err));
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

/* The letter of a constraint, 0 for one that is not used. */
static int letter_of(int op, bool in)
{
    if (op >= SQLITE_INDEX_CONSTRAINT_FUNCTION)
        return KURA_OP_TEST + (op - SQLITE_INDEX_CONSTRAINT_FUNCTION);
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return in ? KURA_OP_IN : KURA_OP_EQ;
    case SQLITE_INDEX_CONSTRAINT_NE:
        return KURA_OP_NE;
    case SQLITE_INDEX_CONSTRAINT_LT:
        return KURA_OP_LT;
    case SQLITE_INDEX_CONSTRAINT_LE:
        return KURA_OP_LE;
    case SQLITE_INDEX_CONSTRAINT_GT:
        return KURA_OP_GT;
    case SQLITE_INDEX_CONSTRAINT_GE:
        return KURA_OP_GE;
    case SQLITE_INDEX_CONSTRAINT_LIKE:
        return KURA_OP_LIKE;
    case SQLITE_INDEX_CONSTRAINT_GLOB:
        return KURA_OP_GLOB;
    case SQLITE_INDEX_CONSTRAINT_REGEXP:
        return KURA_OP_REGEXP;
    case SQLITE_INDEX_CONSTRAINT_ISNULL:
        return KURA_OP_ISNULL;
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL:
        return KURA_OP_NOTNULL;
    case SQLITE_INDEX_CONSTRAINT_IS:
        return KURA_OP_IS;
    case SQLITE_INDEX_CONSTRAINT_ISNOT:
        return KURA_OP_ISNOT;
    default:
        return 0;
    }
}

static bool letter_compares(int op)
{
    return strchr("=<{>}IS", op) != NULL;
}

static bool letter_has_operand(int op)
{
    return op != KURA_OP_ISNULL && op != KURA_OP_NOTNULL;
}

static bool source_is_time(enum kura_source_kind source)
{
    return source == KURA_FROM_TIME || source == KURA_FROM_DAY ||
           source == KURA_FROM_UTC_DAY;
}

static bool column_is_time(const struct kura_schema *s, int column)
{
    enum kura_source_kind source = kura_scan_source(s, column);
    int from = s->columns[column].argument;

    return source_is_time(source) && strcmp(s->columns[from].name, "ts") == 0;
}

static bool column_is_ts(const struct kura_schema *s, int column)
{
    return strcmp(s->columns[column].name, "ts") == 0;
}

/* Does a constraint with this letter narrow anything down? */
static bool letter_serves(const struct kura_schema *s, int column, int op)
{
    enum kura_source_kind source = kura_scan_source(s, column);

    if (source == KURA_FROM_LINE || source == KURA_FROM_UNKNOWN)
        return false;
    if (source_is_time(source))
        return column_is_time(s, column) && letter_compares(op);
    if (s->columns[column].type == KURA_INTEGER)
        return strchr("=!<{>}I01SN", op) != NULL;
    return true;
}

/* 'N' NOCASE, 'B' BINARY, 0 for a collation that is not ours.  SQLite does not
 * know the collation of the other operators; they do without. */
static char collation_of(sqlite3_index_info *info, int i, int op)
{
    const char *name;

    if (!letter_compares(op))
        return 'B';
    name = sqlite3_vtab_collation(info, i);
    if (name == NULL || sqlite3_stricmp(name, "BINARY") == 0)
        return 'B';
    return sqlite3_stricmp(name, "NOCASE") == 0 ? 'N' : 0;
}

struct guess {
    double time, rows; /* shares that are left */
    int terms;
};

static void guess_narrow(struct guess *g, const struct kura_schema *s,
                         int column, int op)
{
    bool bound = strchr("<{>}", op) != NULL, equal = op == '=' || op == 'S';
    bool time = column_is_time(s, column) || column_is_ts(s, column);

    g->terms++;
    if (time)
        g->time *= equal || op == 'I' ? 0.01 : bound ? 0.2 : 1.0;
    else if (equal)
        g->rows *= s->columns[column].type == KURA_TEXT ? 0.005 : 0.02;
    else if (op == 'I')
        g->rows *= 0.05;
    else if (op == '!' || op == 'N' || op == KURA_OP_NOTNULL)
        g->rows *= 0.9;
    else
        g->rows *= bound ? 0.4 : 0.1;
}

/* Work is counted in rows handed to SQLite: opening a partition is about 200
 * of them, a row that only a predicate sees a twentieth. */
static void guess_write(const struct guess *g, const struct table_def *def,
                        sqlite3_index_info *info)
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

static int plan_add(sqlite3_index_info *info, int i, const struct table *t,
                    struct kura_buf *text, int *args, struct guess *g,
                    struct kura_err *err)
{
    const struct kura_schema *s = t->def->schema;
    int column = info->aConstraint[i].iColumn, op;
    bool in;
    char collation;

    if (!info->aConstraint[i].usable || column < 0 || column >= s->count)
        return SQLITE_OK;
    in = sqlite3_vtab_in(info, i, -1) != 0;
    op = letter_of(info->aConstraint[i].op, in);
    if (op == 0 || !letter_serves(s, column, op))
        return SQLITE_OK;
    collation = collation_of(info, i, op);
    if (collation == 0)
        return SQLITE_OK;
    if (in)
        (void)sqlite3_vtab_in(info, i, 1);
    if (letter_has_operand(op))
        info->aConstraintUsage[i].argvIndex = ++*args;
    guess_narrow(g, s, column, op);
    return code_of(
        kura_buf_printf(text, err, "%c%c%d;", op, collation, column));
}

static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    struct table *t = (struct table *)base;
    struct kura_err err = KURA_ERR_INIT;
    struct guess g = {1.0, 1.0, 0};
    struct kura_buf text;
    int i, args = 0, code = SQLITE_OK;

    kura_buf_init(&text, DECLARATION_MAX);
    for (i = 0; code == SQLITE_OK && i < info->nConstraint; i++)
        code = plan_add(info, i, t, &text, &args, &g, &err);
    if (code == SQLITE_OK) {
        info->idxStr = sqlite3_mprintf("%s", text.data);
        info->needToFreeIdxStr = 1;
        if (info->idxStr == NULL)
            code = SQLITE_NOMEM;
        guess_write(&g, t->def, info);
    }
    kura_buf_release(&text);
    return code;
}

/* --- Filtering -------------------------------------------------------- */

/* What idxStr and the values make. */
struct filter {
    const struct kura_schema *schema;
    const struct kura_zone *zone; /* of the site */
    struct kura_span span;
    struct kura_term *terms;
    size_t count, room;
    struct kura_operand *operands; /* of the constraint at hand */
    sqlite3_value **copies;        /* that own the texts of an IN */
    size_t noperand;
};

static enum kura_rc operand_of(sqlite3_value *v, struct kura_operand *o,
                               struct kura_err *err)
{
    memset(o, 0, sizeof(*o));
    switch (sqlite3_value_type(v)) {
    case SQLITE_NULL:
        o->kind = KURA_OPERAND_NULL;
        break;
    case SQLITE_INTEGER:
        o->kind = KURA_OPERAND_INTEGER;
        o->integer = sqlite3_value_int64(v);
        break;
    case SQLITE_FLOAT:
        o->kind = KURA_OPERAND_REAL;
        o->real = sqlite3_value_double(v);
        break;
    case SQLITE_TEXT:
        o->kind = KURA_OPERAND_TEXT;
        o->text = (const char *)sqlite3_value_text(v);
        if (o->text == NULL)
            return kura_err_nomem(err);
        o->size = (size_t)sqlite3_value_bytes(v);
        break;
    default:
        o->kind = KURA_OPERAND_OTHER;
        break;
    }
    return KURA_OK;
}

static void operands_free(struct filter *f)
{
    size_t i;

    if (f->copies != NULL)
        for (i = 0; i < f->noperand; i++)
            sqlite3_value_free(f->copies[i]);
    free(f->copies);
    free(f->operands);
    f->copies = NULL;
    f->operands = NULL;
    f->noperand = 0;
}

static enum kura_rc operands_add(struct filter *f, size_t *room,
                                 sqlite3_value *v, struct kura_err *err)
{
    size_t n = f->noperand;

    if (n == *room) {
        size_t more = *room > 0 ? *room * 2 : 16;
        struct kura_operand *o = realloc(f->operands, more * sizeof(*o));
        sqlite3_value **c;

        if (o == NULL)
            return kura_err_nomem(err);
        f->operands = o;
        c = realloc(f->copies, more * sizeof(*c));
        if (c == NULL)
            return kura_err_nomem(err);
        f->copies = c;
        *room = more;
    }
    f->copies[n] = sqlite3_value_dup(v);
    if (f->copies[n] == NULL)
        return kura_err_nomem(err);
    f->noperand++;
    return operand_of(f->copies[n], &f->operands[n], err);
}

/* Reads the one value of a constraint, or all those of an IN. */
static enum kura_rc operands_read(struct filter *f, enum kura_op op,
                                  sqlite3_value *v, struct kura_err *err)
{
    sqlite3_value *item = NULL;
    enum kura_rc rc = KURA_OK;
    size_t room = 0;
    int code;

    if (op != KURA_OP_IN)
        return operands_add(f, &room, v, err);
    for (code = sqlite3_vtab_in_first(v, &item);
         rc == KURA_OK && code == SQLITE_OK;
         code = sqlite3_vtab_in_next(v, &item))
        rc = operands_add(f, &room, item, err);
    if (rc == KURA_OK && code != SQLITE_DONE)
        rc = kura_err_set(err, code == SQLITE_NOMEM ? KURA_ENOMEM : KURA_EIO,
                          "cannot read the values of an IN: %s",
                          sqlite3_errstr(code));
    return rc;
}

static void span_of(const struct filter *f, struct kura_span *span, int column,
                    enum kura_op op, bool nocase, const struct kura_operand *v)
{
    const struct kura_schema *s = f->schema;

    if (column_is_ts(s, column))
        kura_span_ts(span, op, v);
    else if (kura_scan_source(s, column) == KURA_FROM_TIME)
        kura_span_time(span, op, nocase, v);
    else
        kura_span_day(span,
                      kura_scan_source(s, column) == KURA_FROM_UTC_DAY
                          ? NULL
                          : f->zone,
                      op, nocase, v);
}

/* Narrows the span; of an IN, to what holds all of its values. */
static void filter_span(struct filter *f, int column, enum kura_op op,
                        bool nocase)
{
    struct kura_span hull = {INT64_MAX, INT64_MIN};
    size_t i;

    if (op != KURA_OP_IN) {
        if (f->noperand == 1)
            span_of(f, &f->span, column, op, nocase, f->operands);
        return;
    }
    for (i = 0; i < f->noperand; i++) {
        struct kura_span one = {INT64_MIN, INT64_MAX};

        span_of(f, &one, column, KURA_OP_EQ, nocase, &f->operands[i]);
        if (one.low > one.high)
            continue;
        hull.low = one.low < hull.low ? one.low : hull.low;
        hull.high = one.high > hull.high ? one.high : hull.high;
    }
    f->span.low = hull.low > f->span.low ? hull.low : f->span.low;
    f->span.high = hull.high < f->span.high ? hull.high : f->span.high;
}

static enum kura_rc filter_predicate(struct filter *f, int column,
                                     enum kura_op op, bool nocase,
                                     struct kura_err *err)
{
    struct kura_predicate *p;
    struct kura_term *terms;
    enum kura_rc rc;

    if (f->count == f->room) {
        size_t more = f->room > 0 ? f->room * 2 : 8;

        terms = realloc(f->terms, more * sizeof(*terms));
        if (terms == NULL)
            return kura_err_nomem(err);
        f->terms = terms;
        f->room = more;
    }
    rc = kura_predicate_new(f->schema->columns[column].type, op, nocase,
                            f->operands, f->noperand, &p, err);
    if (rc == KURA_OK && p != NULL) {
        f->terms[f->count].column = column;
        f->terms[f->count++].predicate = p;
    }
    return rc;
}

static enum kura_rc filter_add(struct filter *f, int column, enum kura_op op,
                               bool nocase, struct kura_err *err)
{
    bool is_ts = column_is_ts(f->schema, column);

    if (column_is_time(f->schema, column) || is_ts)
        filter_span(f, column, op, nocase);
    /* Bounds on ts are exact in the span already. */
    if (column_is_time(f->schema, column) ||
        (is_ts && letter_compares((int)op) && op != KURA_OP_IN))
        return KURA_OK;
    return filter_predicate(f, column, op, nocase, err);
}

/* Takes idxStr apart: see docs/architecture.md. */
static enum kura_rc filter_parse(struct filter *f, const char *plan, int argc,
                                 sqlite3_value **argv, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int arg = 0;

    while (rc == KURA_OK && *plan != '\0') {
        enum kura_op op = (enum kura_op)plan[0];
        bool nocase = plan[1] == 'N';
        int column = 0;

        for (plan += 2; *plan >= '0' && *plan <= '9'; plan++)
            column = column * 10 + (*plan - '0');
        plan++; /* the ';' */
        if (letter_has_operand((int)op) && arg < argc)
            rc = operands_read(f, op, argv[arg++], err);
        if (rc == KURA_OK)
            rc = filter_add(f, column, op, nocase, err);
        operands_free(f);
    }
    return rc;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int number,
                         const char *plan, int argc, sqlite3_value **argv)
{
    struct cursor *c = (struct cursor *)base;
    struct kura_err err = KURA_ERR_INIT;
    struct filter f;
    enum kura_rc rc;
    size_t i;

    (void)number;
    memset(&f, 0, sizeof(f));
    f.schema = ((struct table *)base->pVtab)->def->schema;
    f.zone = kura_engine_zone(((struct table *)base->pVtab)->def->engine);
    f.span.low = INT64_MIN;
    f.span.high = INT64_MAX;
    rc = filter_parse(&f, plan != NULL ? plan : "", argc, argv, &err);
    if (rc == KURA_OK)
        rc = kura_scan_begin(c->scan, f.span, f.terms, f.count, &err);
    else
        for (i = 0; i < f.count; i++)
            kura_predicate_free(f.terms[i].predicate);
    free(f.terms);
    return table_fail(base->pVtab, rc, &err);
}

/* --- Cursors ---------------------------------------------------------- */

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
        return table_fail(base, rc, &err);
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
    enum kura_rc rc = kura_scan_next(c->scan, &err);

    return rc == KURA_OK ? SQLITE_OK : table_fail(base->pVtab, rc, &err);
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

/* Texts are copied: SQLite keeps the address of a static text beyond the row,
 * for max() say, while its partition may be closed to make room for others. */
static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx,
                         int column)
{
    struct cursor *c = (struct cursor *)base;
    struct kura_scan_value v = {KURA_OPERAND_NULL, 0, NULL, 0};
    struct kura_err err = KURA_ERR_INIT;
    enum kura_rc rc;

    rc = kura_scan_value(c->scan, column, &v, &err);
    if (rc != KURA_OK) {
        sqlite3_result_error(ctx, err.msg, -1);
        sqlite3_result_error_code(ctx, code_of(rc));
        return code_of(rc);
    }
    if (v.kind == KURA_OPERAND_INTEGER)
        sqlite3_result_int64(ctx, v.number);
    else if (v.kind == KURA_OPERAND_TEXT)
        sqlite3_result_text64(ctx, v.text, v.size, SQLITE_TRANSIENT,
                              SQLITE_UTF8);
    return SQLITE_OK;
}

/* --- Overloaded functions --------------------------------------------- */

/* A compiled second argument, kept for the statement. */
struct compiled {
    const struct kura_text_test_kind *kind;
    struct kura_text_test *test;
};

static void compiled_free(void *p)
{
    struct compiled *c = p;

    if (c->test != NULL)
        c->kind->free(c->test);
    free(c);
}

static struct compiled *compiled_new(const struct kura_text_test_kind *kind,
                                     sqlite3_value *arg, struct kura_err *err)
{
    struct compiled *c = calloc(1, sizeof(*c));
    const char *text = (const char *)sqlite3_value_text(arg);
    enum kura_rc rc;

    if (c == NULL || text == NULL) {
        free(c);
        (void)kura_err_nomem(err);
        return NULL;
    }
    c->kind = kind;
    rc = kind->compile(text, (size_t)sqlite3_value_bytes(arg), &c->test, err);
    if (rc == KURA_OK)
        return c;
    free(c);
    return NULL;
}

/* ip_in(column, argument) and the like, meaning what functions.h registers:
 * SQLite wants the function together with the number of its constraint. */
static void sql_test(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    struct compiled *made = NULL, *c = sqlite3_get_auxdata(ctx, 1);
    struct kura_err err = KURA_ERR_INIT;
    const char *text;

    (void)argc;
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL ||
        sqlite3_value_type(argv[1]) == SQLITE_NULL)
        return;
    if (c == NULL)
        c = made = compiled_new(sqlite3_user_data(ctx), argv[1], &err);
    if (c == NULL) {
        sqlite3_result_error(ctx, err.msg, -1);
        sqlite3_result_error_code(ctx, code_of(err.rc));
        return;
    }
    text = (const char *)sqlite3_value_text(argv[0]);
    if (text == NULL)
        sqlite3_result_error_nomem(ctx);
    else
        sqlite3_result_int(
            ctx, c->kind->matches(c->test, text,
                                  (size_t)sqlite3_value_bytes(argv[0])));
    if (made != NULL) /* may free it at once */
        sqlite3_set_auxdata(ctx, 1, made, compiled_free);
}

/* SQLite hands the second address back as a pointer that is not const. */
static void *data_of(const void *p)
{
    void *q;

    memcpy(&q, &p, sizeof(q));
    return q;
}

static int table_find_function(sqlite3_vtab *base, int argc, const char *name,
                               void (**out)(sqlite3_context *, int,
                                            sqlite3_value **),
                               void **out_arg)
{
    const struct kura_text_test_kind *k;
    int i;

    (void)base;
    if (argc != 2 || sqlite3_stricmp(name, "regexp") == 0)
        return 0; /* an operator, with its column second */
    for (i = 0; (k = kura_text_test_at(i)) != NULL; i++)
        if (sqlite3_stricmp(name, k->name) == 0) {
            *out = sql_test;
            *out_arg = data_of(k);
            return SQLITE_INDEX_CONSTRAINT_FUNCTION + i;
        }
    return 0;
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
    .xFindFunction = table_find_function,
};

/* Makes SQLite connect the table now: its declaration looks like a change of
 * the schema to an authorizer that is set later. */
static enum kura_rc table_touch(sqlite3 *db, const char *name,
                                struct kura_err *err)
{
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\"", name);
    sqlite3_stmt *stmt = NULL;
    int code;

    if (sql == NULL)
        return kura_err_nomem(err);
    code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    (void)sqlite3_finalize(stmt);
    sqlite3_free(sql);
    if (code != SQLITE_OK)
        return kura_err_set(err, KURA_EIO, "cannot connect table '%s': %s",
                            name, sqlite3_errmsg(db));
    return KURA_OK;
}

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
    return table_touch(db, schema->name, err);
}
