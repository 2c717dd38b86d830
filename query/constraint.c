/* constraint.c - the two halves of an idxStr: written when SQLite plans, read
 * when it runs. */
#include "query/constraint.h"

#define PLAN_MAX ((size_t)1 << 16)

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

bool kura_constraint_is_time(const struct kura_schema *s, int column)
{
    enum kura_source_kind source = kura_scan_source(s, column);
    int from = s->columns[column].argument;

    return kura_source_is_time(source) &&
           strcmp(s->columns[from].name, "ts") == 0;
}

bool kura_constraint_is_ts(const struct kura_schema *s, int column)
{
    return strcmp(s->columns[column].name, "ts") == 0;
}

/* Does a constraint with this letter narrow anything down? */
static bool letter_serves(const struct kura_schema *s, int column, int op)
{
    enum kura_source_kind source = kura_scan_source(s, column);

    if (source == KURA_FROM_LINE || source == KURA_FROM_UNKNOWN)
        return false;
    if (kura_source_is_time(source))
        return kura_constraint_is_time(s, column) && letter_compares(op);
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

static void guess_narrow(struct kura_choice *g, int column, int op)
{
    const struct kura_schema *s = g->schema;
    bool bound = strchr("<{>}", op) != NULL, equal = op == '=' || op == 'S';
    bool time =
        kura_constraint_is_time(s, column) || kura_constraint_is_ts(s, column);

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

void kura_choice_init(struct kura_choice *p, const struct kura_schema *s)
{
    p->schema = s;
    p->args = p->terms = 0;
    p->time = p->rows = 1.0;
    kura_buf_init(&p->text, PLAN_MAX);
}

void kura_choice_release(struct kura_choice *p)
{
    kura_buf_release(&p->text);
}

enum kura_rc kura_choice_add(struct kura_choice *p, sqlite3_index_info *info,
                             int i, int column, struct kura_err *err)
{
    bool in = sqlite3_vtab_in(info, i, -1) != 0;
    int op = letter_of(info->aConstraint[i].op, in);
    char collation;

    if (op == 0 || !letter_serves(p->schema, column, op))
        return KURA_OK;
    collation = collation_of(info, i, op);
    if (collation == 0)
        return KURA_OK;
    if (in)
        (void)sqlite3_vtab_in(info, i, 1);
    if (letter_has_operand(op))
        info->aConstraintUsage[i].argvIndex = ++p->args;
    guess_narrow(p, column, op);
    return kura_buf_printf(&p->text, err, "%c%c%d;", op, collation, column);
}

/* --- Filtering -------------------------------------------------------- */

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

static void operands_free(struct kura_filter *f)
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

static enum kura_rc operands_add(struct kura_filter *f, size_t *room,
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
static enum kura_rc operands_read(struct kura_filter *f, enum kura_op op,
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

static void span_of(const struct kura_filter *f, struct kura_span *span,
                    int column, enum kura_op op, bool nocase,
                    const struct kura_operand *v)
{
    const struct kura_schema *s = f->schema;

    if (kura_constraint_is_ts(s, column))
        kura_span_ts(span, op, v);
    else if (kura_scan_source(s, column) == KURA_FROM_TIME)
        kura_span_time(span, op, nocase, v);
    else
        kura_span_day(
            span,
            kura_scan_source(s, column) == KURA_FROM_UTC_DAY ? NULL : f->zone,
            op, nocase, v);
}

/* Narrows the span; of an IN, to what holds all of its values. */
static void filter_span(struct kura_filter *f, int column, enum kura_op op,
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

/* A column of time compares exactly with numbers, or with texts. */
static enum kura_rc operands_settle(struct kura_filter *f, int column,
                                    struct kura_err *err)
{
    bool is_ts = kura_constraint_is_ts(f->schema, column);
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < f->noperand; i++) {
        struct kura_operand *v = &f->operands[i];
        bool fine;

        if (is_ts && v->kind == KURA_OPERAND_TEXT) { /* as SQLite converts */
            (void)sqlite3_value_numeric_type(f->copies[i]);
            rc = operand_of(f->copies[i], v, err);
        }
        fine = v->kind == KURA_OPERAND_NULL ||
               (is_ts ? v->kind == KURA_OPERAND_INTEGER ||
                            v->kind == KURA_OPERAND_REAL
                      : v->kind == KURA_OPERAND_TEXT);
        if (rc == KURA_OK && !fine)
            rc = kura_err_set(err, KURA_EINPUT,
                              "%s of %s_rollup can be compared with a %s only",
                              f->schema->columns[column].name, f->schema->name,
                              is_ts ? "number" : "text");
    }
    return rc;
}

/* Does the condition hold for all of several texts that differ in case, or
 * for none?  Where there is no predicate SQLite converts something. */
static bool condition_minds_case(enum kura_op op, bool nocase, bool predicate)
{
    if (letter_compares((int)op))
        return !nocase;
    return !predicate && op != KURA_OP_LIKE && letter_has_operand((int)op);
}

static enum kura_rc filter_predicate(struct kura_filter *f, int column,
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
    if (rc == KURA_OK && condition_minds_case(op, nocase, p != NULL))
        f->cased[column] = true;
    if (rc == KURA_OK && p != NULL) {
        f->terms[f->count].column = column;
        f->terms[f->count++].predicate = p;
    }
    return rc;
}

static enum kura_rc filter_add(struct kura_filter *f, int column,
                               enum kura_op op, bool nocase,
                               struct kura_err *err)
{
    bool is_ts = kura_constraint_is_ts(f->schema, column);
    bool is_time = kura_constraint_is_time(f->schema, column);
    enum kura_rc rc = KURA_OK;

    if (f->exact &&
        (is_ts || kura_scan_source(f->schema, column) == KURA_FROM_TIME))
        rc = operands_settle(f, column, err);
    if (rc != KURA_OK)
        return rc;
    if (is_time || is_ts)
        filter_span(f, column, op, nocase);
    /* Bounds on ts are exact in the span already. */
    if (is_time || (is_ts && letter_compares((int)op) && op != KURA_OP_IN))
        return KURA_OK;
    return filter_predicate(f, column, op, nocase, err);
}

/* Takes idxStr apart: see docs/architecture.md. */
static enum kura_rc filter_parse(struct kura_filter *f, const char *plan,
                                 int argc, sqlite3_value **argv,
                                 struct kura_err *err)
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

enum kura_rc kura_filter_read(struct kura_filter *f,
                              const struct kura_schema *s,
                              const struct kura_zone *zone, bool exact,
                              const char *plan, int argc, sqlite3_value **argv,
                              struct kura_err *err)
{
    memset(f, 0, sizeof(*f));
    f->schema = s;
    f->zone = zone;
    f->exact = exact;
    f->span.low = INT64_MIN;
    f->span.high = INT64_MAX;
    f->cased = calloc((size_t)s->count, sizeof(*f->cased));
    if (f->cased == NULL)
        return kura_err_nomem(err);
    return filter_parse(f, plan != NULL ? plan : "", argc, argv, err);
}

enum kura_rc kura_filter_begin(struct kura_filter *f, struct kura_scan *scan,
                               struct kura_err *err)
{
    size_t n = f->count;

    f->count = 0;
    return kura_scan_begin(scan, f->span, f->terms, n, err);
}

void kura_filter_release(struct kura_filter *f)
{
    size_t i;

    for (i = 0; i < f->count; i++)
        kura_predicate_free(f->terms[i].predicate);
    free(f->terms);
    free(f->cased);
    f->terms = NULL;
    f->cased = NULL;
    f->count = f->room = 0;
}
