/* rollup_table.c - the virtual table: the columns that SQLite marks as used
 * become the dimensions and measures of a rollup (rollup.h), which runs whole
 * in xFilter.
 *
 * SQLite rechecks what is left of WHERE on the groups, but for ts and time,
 * which groups do not have. */
#include "query/rollup_table.h"

#include "base/buf.h"
#include "query/rollup.h"
#include "query/vtab.h"

#define DECLARATION_MAX ((size_t)1 << 16)
/* colUsed has a bit for each of these, and one for all behind them. */
#define USED_EXACTLY 63u
/* events, first_ts, last_ts, ts, time */
#define OTHERS 5u
/* What groups and their texts may take. */
#define ROLLUP_MEMORY ((size_t)512 << 20)
/* Of colUsed in idxStr. */
#define USED_DIGITS 16u

struct rollup_def {
    struct kura_engine *engine;
    const struct kura_schema *schema;
    struct kura_rollup_column *columns;
    size_t count;
};

struct rollup_table {
    sqlite3_vtab base; /* first: SQLite's view of it */
    const struct rollup_def *def;
};

struct rollup_cursor {
    sqlite3_vtab_cursor base; /* first */
    struct kura_rollup *rollup;
    int *place; /* of each column among the dimensions or measures; -1 */
    size_t at;
};

/* --- Columns ---------------------------------------------------------- */

static bool column_is(const struct kura_schema *s, int column, const char *name)
{
    return column >= 0 && strcmp(s->columns[column].name, name) == 0;
}

/* What one groups by: not the line, nor what times and counts it. */
static bool column_groups(const struct kura_schema *s, int i)
{
    static const char *const not [] = {"ts", "last_ts", "events", "line"};
    const struct kura_column *c = &s->columns[i];
    size_t k;

    if (kura_scan_source(s, i) == KURA_FROM_LINE)
        return false;
    for (k = 0; k < sizeof(not ) / sizeof(not [0]); k++)
        if (column_is(s, i, not [k]))
            return false;
    return kura_scan_source(s, i) != KURA_FROM_TIME ||
           (!column_is(s, c->argument, "ts") &&
            !column_is(s, c->argument, "last_ts"));
}

/* day, hour, weekday, working: they come first, and are there however many
 * others. */
static bool column_is_when(const struct kura_schema *s, int i)
{
    enum kura_source_kind source = kura_scan_source(s, i);

    return source == KURA_FROM_DAY || source == KURA_FROM_UTC_DAY ||
           source == KURA_FROM_HOUR || source == KURA_FROM_WEEKDAY ||
           source == KURA_FROM_WORKING;
}

static bool column_sums(const struct kura_schema *s, int i)
{
    const char *name = s->columns[i].name;
    size_t n = strlen(name);

    return kura_scan_source(s, i) == KURA_FROM_INTEGERS &&
           strcmp(name, "line") != 0 && strcmp(name, "ts") != 0 &&
           (n < 3 || strcmp(name + n - 3, "_ts") != 0);
}

static void columns_put(struct kura_rollup_column *list, size_t *n,
                        const char *prefix, const char *name,
                        enum kura_rollup_role role, int column,
                        enum kura_measure_kind measure)
{
    struct kura_rollup_column *c = &list[(*n)++];

    (void)snprintf(c->name, sizeof(c->name), "%s%s", prefix, name);
    c->role = role;
    c->column = column;
    c->measure = measure;
}

/* A sighting counts events already, and lasts. */
static void columns_put_others(const struct kura_schema *s,
                               struct kura_rollup_column *list, size_t *n)
{
    int ts = kura_schema_column(s, "ts"), time = kura_schema_column(s, "time");
    int last = kura_schema_column(s, "last_ts");
    int events = kura_schema_column(s, "events");

    columns_put(list, n, "", "events", KURA_ROLLUP_MEASURE, events,
                events >= 0 ? KURA_MEASURE_SUM : KURA_MEASURE_ROWS);
    columns_put(list, n, "", "first_ts", KURA_ROLLUP_MEASURE, ts,
                KURA_MEASURE_MIN);
    columns_put(list, n, "", "last_ts", KURA_ROLLUP_MEASURE,
                last >= 0 ? last : ts, KURA_MEASURE_MAX);
    columns_put(list, n, "", "ts", KURA_ROLLUP_BOUND, ts, KURA_MEASURE_ROWS);
    columns_put(list, n, "", "time", KURA_ROLLUP_BOUND, time,
                KURA_MEASURE_ROWS);
}

enum kura_rc kura_rollup_columns(const struct kura_schema *s,
                                 struct kura_rollup_column **out, size_t *count,
                                 struct kura_err *err)
{
    struct kura_rollup_column *list;
    size_t n = 0;
    int i, pass;

    list = calloc((size_t)s->count * 2 + OTHERS, sizeof(*list));
    if (list == NULL)
        return kura_err_nomem(err);
    for (pass = 0; pass < 2; pass++)
        for (i = 0; i < s->count && n < USED_EXACTLY - OTHERS; i++)
            if (column_groups(s, i) && column_is_when(s, i) == (pass == 0))
                columns_put(list, &n, "", s->columns[i].name,
                            KURA_ROLLUP_DIMENSION, i, KURA_MEASURE_ROWS);
    columns_put_others(s, list, &n);
    for (i = 0; i < s->count; i++)
        if (column_sums(s, i))
            columns_put(list, &n, "sum_", s->columns[i].name,
                        KURA_ROLLUP_MEASURE, i, KURA_MEASURE_SUM);
    *out = list;
    *count = n;
    return KURA_OK;
}

/* --- Connecting ------------------------------------------------------- */

static enum kura_rc declaration(const struct rollup_def *def,
                                struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = kura_buf_puts(out, "CREATE TABLE x(", err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < def->count; i++) {
        const struct kura_rollup_column *c = &def->columns[i];
        const struct kura_column *of =
            c->column >= 0 ? &def->schema->columns[c->column] : NULL;
        bool measure = c->role == KURA_ROLLUP_MEASURE;

        rc = kura_buf_printf(
            out, err, "%s\"%s\" %s%s%s", i > 0 ? ", " : "", c->name,
            measure || of == NULL || of->type == KURA_INTEGER ? "INTEGER"
                                                              : "TEXT",
            !measure && of != NULL && of->nocase ? " COLLATE NOCASE" : "",
            c->role == KURA_ROLLUP_BOUND ? " HIDDEN" : "");
    }
    if (rc == KURA_OK)
        rc = kura_buf_putc(out, ')', err);
    return rc;
}

static int rollup_connect(sqlite3 *db, void *aux, int argc,
                          const char *const *argv, sqlite3_vtab **out,
                          char **message)
{
    const struct rollup_def *def = aux;
    struct kura_err err = KURA_ERR_INIT;
    struct rollup_table *t;
    struct kura_buf text;
    int code;

    (void)argc;
    (void)argv;
    kura_buf_init(&text, DECLARATION_MAX);
    code = kura_vtab_code(declaration(def, &text, &err));
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

static int rollup_disconnect(sqlite3_vtab *base)
{
    free(base);
    return SQLITE_OK;
}

/* --- Planning --------------------------------------------------------- */

/* One cost for everything: the work is done before the first row.  It also
 * keeps SQLite from serving an OR by two rollups, whose groups overlap. */
static void rollup_guess(const struct rollup_def *def, sqlite3_index_info *info)
{
    int64_t total, partitions;

    kura_engine_guess(def->engine, def->schema, &total, &partitions);
    info->estimatedRows = 1 + total / 20;
    info->estimatedCost =
        100.0 + (double)partitions * 200.0 + (double)total * 0.1;
}

/* An operator that bounds a time exactly.  Of an IN, a scan knows only where
 * its texts begin and end. */
static bool bound_is_exact(const struct rollup_def *def, int column,
                           sqlite3_index_info *info, int i)
{
    return kura_constraint_is_ts(def->schema, column) ||
           sqlite3_vtab_in(info, i, -1) == 0;
}

/* *fits is false where a bound would have to be checked on the groups. */
static enum kura_rc plan_bound(const struct rollup_def *def,
                               struct kura_choice *choice,
                               sqlite3_index_info *info, int i, bool *fits,
                               struct kura_err *err)
{
    int column = def->columns[info->aConstraint[i].iColumn].column;
    int args = choice->args;
    enum kura_rc rc;

    if (!info->aConstraint[i].usable) {
        *fits = false;
        return KURA_OK;
    }
    if (!bound_is_exact(def, column, info, i))
        return KURA_OK;
    rc = kura_choice_add(choice, info, i, column, err);
    if (choice->args != args)
        info->aConstraintUsage[i].omit = 1;
    return rc;
}

/* Bounds come first: SQLite leaves the check to the table only for the first 16
 * values. */
static enum kura_rc plan_all(const struct rollup_def *def,
                             struct kura_choice *choice,
                             sqlite3_index_info *info, bool *fits,
                             struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i, pass;

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; rc == KURA_OK && i < info->nConstraint; i++) {
            int column = info->aConstraint[i].iColumn;
            enum kura_rollup_role role;

            if (column < 0 || (size_t)column >= def->count)
                continue;
            role = def->columns[column].role;
            if (pass == 0 && role == KURA_ROLLUP_BOUND)
                rc = plan_bound(def, choice, info, i, fits, err);
            else if (pass == 1 && role == KURA_ROLLUP_DIMENSION &&
                     info->aConstraint[i].usable)
                rc = kura_choice_add(choice, info, i,
                                     def->columns[column].column, err);
        }
    }
    return rc;
}

/* An order by dimensions alone is made here: numbers of texts sort faster than
 * the texts that SQLite would compare.  (For a GROUP BY it would do that equal
 * ones lie together; but SQLite then takes an ORDER BY like it for done.) */
static enum kura_rc plan_order(const struct rollup_def *def,
                               struct kura_choice *choice,
                               sqlite3_index_info *info, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; i < info->nOrderBy; i++) {
        int column = info->aOrderBy[i].iColumn;

        if (column < 0 || def->columns[column].role != KURA_ROLLUP_DIMENSION)
            return KURA_OK;
    }
    for (i = 0; rc == KURA_OK && i < info->nOrderBy; i++)
        rc = kura_buf_printf(&choice->text, err, "%c%d",
                             info->aOrderBy[i].desc ? '-' : '+',
                             info->aOrderBy[i].iColumn);
    info->orderByConsumed = info->nOrderBy > 0;
    return rc;
}

/* idxStr: the columns used, 16 hexadecimal digits; the order, + or - and the
 * column, of each of its terms; ';', then as of any table. */
static int rollup_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct rollup_def *def = ((struct rollup_table *)base)->def;
    struct kura_err err = KURA_ERR_INIT;
    struct kura_choice choice;
    bool fits = true;
    enum kura_rc rc;
    int code;

    kura_choice_init(&choice, def->schema);
    rc = kura_buf_printf(&choice.text, &err, "%016llx",
                         (unsigned long long)info->colUsed);
    if (rc == KURA_OK)
        rc = plan_order(def, &choice, info, &err);
    if (rc == KURA_OK)
        rc = kura_buf_putc(&choice.text, ';', &err);
    if (rc == KURA_OK)
        rc = plan_all(def, &choice, info, &fits, &err);
    code = kura_vtab_fail(base, rc, &err);
    if (code == SQLITE_OK && !fits)
        code = SQLITE_CONSTRAINT;
    if (code == SQLITE_OK) {
        rollup_guess(def, info);
        code = kura_vtab_plan(&choice, info);
    }
    kura_choice_release(&choice);
    return code;
}

/* --- Cursors ---------------------------------------------------------- */

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    const struct rollup_def *def = ((struct rollup_table *)base)->def;
    struct kura_err err = KURA_ERR_INIT;
    struct rollup_cursor *c = calloc(1, sizeof(*c));
    enum kura_rc rc;

    if (c != NULL)
        c->place = malloc(def->count * sizeof(*c->place));
    if (c == NULL || c->place == NULL) {
        free(c);
        return SQLITE_NOMEM;
    }
    rc = kura_rollup_new(def->engine, def->schema, ROLLUP_MEMORY, &c->rollup,
                         &err);
    if (rc != KURA_OK) {
        free(c->place);
        free(c);
        return kura_vtab_fail(base, rc, &err);
    }
    *out = &c->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct rollup_cursor *c = (struct rollup_cursor *)base;

    kura_rollup_free(c->rollup);
    free(c->place);
    free(c);
    return SQLITE_OK;
}

static bool column_is_used(uint64_t used, size_t column)
{
    return (used >> (column < USED_EXACTLY ? column : USED_EXACTLY) & 1) != 0;
}

/* Adds up by the columns in use. */
static enum kura_rc cursor_run(struct rollup_cursor *c,
                               const struct rollup_def *def, uint64_t used,
                               struct kura_filter *f,
                               struct kura_filter *beside, struct kura_err *err)
{
    struct kura_dimension *dims = calloc(def->count, sizeof(*dims));
    struct kura_measure *measures = calloc(def->count, sizeof(*measures));
    size_t i, ndim = 0, nmeasure = 0;
    enum kura_rc rc;

    for (i = 0; dims != NULL && measures != NULL && i < def->count; i++) {
        const struct kura_rollup_column *from = &def->columns[i];

        c->place[i] = -1;
        if (!column_is_used(used, i) || from->role == KURA_ROLLUP_BOUND)
            continue;
        if (from->role == KURA_ROLLUP_DIMENSION) {
            c->place[i] = (int)ndim;
            dims[ndim].column = from->column;
            dims[ndim++].fold = !f->cased[from->column];
        } else {
            c->place[i] = (int)nmeasure;
            measures[nmeasure].column = from->column;
            measures[nmeasure++].kind = from->measure;
        }
    }
    if (dims == NULL || measures == NULL)
        rc = kura_err_nomem(err);
    else
        rc = kura_rollup_run(c->rollup, f, beside, dims, ndim, measures,
                             nmeasure, err);
    free(dims);
    free(measures);
    return rc;
}

/* Takes the order of idxStr apart, and goes behind its ';'. */
static enum kura_rc cursor_sort(struct rollup_cursor *c, const char *order,
                                struct kura_err *err)
{
    struct kura_rollup_order by[USED_EXACTLY];
    size_t n = 0;

    while (*order != ';' && n < USED_EXACTLY) {
        char *end;

        by[n].descending = *order == '-';
        by[n++].dim = (size_t)c->place[strtoul(order + 1, &end, 10)];
        order = end;
    }
    return n == 0 ? KURA_OK : kura_rollup_sort(c->rollup, by, n, err);
}

static int cursor_arrive(struct rollup_cursor *c)
{
    const struct rollup_def *def = ((struct rollup_table *)c->base.pVtab)->def;

    if (c->at < kura_rollup_count(c->rollup))
        kura_engine_tally(def->engine)->rows_passed++;
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int number,
                         const char *plan, int argc, sqlite3_value **argv)
{
    const struct rollup_def *def = ((struct rollup_table *)base->pVtab)->def;
    struct rollup_cursor *c = (struct rollup_cursor *)base;
    char used_text[USED_DIGITS + 1] = "";
    const char *order = plan + USED_DIGITS;
    struct kura_err err = KURA_ERR_INIT;
    struct kura_filter f[2]; /* the same: one for each thread */
    uint64_t used;
    enum kura_rc rc = KURA_OK;
    int i;

    (void)number;
    c->at = 0;
    memset(f, 0, sizeof(f));
    memcpy(used_text, plan, USED_DIGITS);
    used = strtoull(used_text, NULL, 16);
    for (i = 0; rc == KURA_OK && i < 2; i++)
        rc = kura_filter_read(&f[i], def->schema, kura_engine_zone(def->engine),
                              true, strchr(plan, ';') + 1, argc, argv, &err);
    if (rc == KURA_OK)
        rc = cursor_run(c, def, used, &f[0], &f[1], &err);
    if (rc == KURA_OK)
        rc = cursor_sort(c, order, &err);
    for (i = 0; i < 2; i++)
        kura_filter_release(&f[i]);
    return rc == KURA_OK ? cursor_arrive(c)
                         : kura_vtab_fail(base->pVtab, rc, &err);
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct rollup_cursor *c = (struct rollup_cursor *)base;

    c->at++;
    return cursor_arrive(c);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    struct rollup_cursor *c = (struct rollup_cursor *)base;

    return c->at >= kura_rollup_count(c->rollup);
}

/* SQLite asks for it where it would read the groups twice. */
static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    const struct rollup_def *def = ((struct rollup_table *)base->pVtab)->def;
    struct kura_err err = KURA_ERR_INIT;

    *out = 0;
    (void)kura_err_set(&err, KURA_EINPUT,
                       "rows of %s_rollup have no rowid: put it into a "
                       "common table expression AS MATERIALIZED",
                       def->schema->name);
    return kura_vtab_fail(base->pVtab, KURA_EINPUT, &err);
}

static enum kura_rc cursor_value(struct rollup_cursor *c,
                                 const struct rollup_def *def, size_t column,
                                 struct kura_scan_value *out,
                                 struct kura_err *err)
{
    const struct kura_rollup_column *from = &def->columns[column];

    if (from->role == KURA_ROLLUP_BOUND)
        return kura_err_set(err, KURA_EINPUT,
                            "%s of %s_rollup can only be bounded in WHERE "
                            "(=, <, <=, >, >=, BETWEEN, joined by AND); "
                            "read first_ts and last_ts",
                            from->name, def->schema->name);
    if (c->place[column] < 0)
        return kura_err_set(err, KURA_EINPUT,
                            "%s of %s_rollup was not asked for", from->name,
                            def->schema->name);
    if (from->role == KURA_ROLLUP_MEASURE)
        return kura_rollup_measure(c->rollup, c->at, (size_t)c->place[column],
                                   out, err);
    kura_rollup_dimension(c->rollup, c->at, (size_t)c->place[column], out);
    return KURA_OK;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx,
                         int column)
{
    const struct rollup_def *def = ((struct rollup_table *)base->pVtab)->def;
    struct rollup_cursor *c = (struct rollup_cursor *)base;
    struct kura_scan_value v = {KURA_OPERAND_NULL, 0, NULL, 0};
    struct kura_err err = KURA_ERR_INIT;

    return kura_vtab_result(ctx, cursor_value(c, def, (size_t)column, &v, &err),
                            &v, &err);
}

/* --- Register --------------------------------------------------------- */

static const sqlite3_module rollup_module = {
    .iVersion = 1,
    .xConnect = rollup_connect,
    .xBestIndex = rollup_best_index,
    .xDisconnect = rollup_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
    .xFindFunction = kura_vtab_find_function,
};

static void rollup_free(void *p)
{
    struct rollup_def *def = p;

    free(def->columns);
    free(def);
}

enum kura_rc kura_rollup_register(sqlite3 *db, struct kura_engine *e,
                                  const struct kura_schema *schema,
                                  struct kura_err *err)
{
    struct rollup_def *def = calloc(1, sizeof(*def));
    char name[KURA_ROLLUP_NAME];
    enum kura_rc rc;

    if (def == NULL)
        return kura_err_nomem(err);
    def->engine = e;
    def->schema = schema;
    rc = kura_rollup_columns(schema, &def->columns, &def->count, err);
    if (rc != KURA_OK) {
        free(def);
        return rc;
    }
    (void)snprintf(name, sizeof(name), "%s_rollup", schema->name);
    /* Frees def itself when it fails. */
    if (sqlite3_create_module_v2(db, name, &rollup_module, def, rollup_free) !=
        SQLITE_OK)
        return kura_err_set(err, KURA_EIO, "cannot add table '%s': %s", name,
                            sqlite3_errmsg(db));
    return kura_vtab_touch(db, name, err);
}
