/* vtab.c - results and errors in SQLite's words, and the functions that a table
 * sees as constraints. */
#include "query/vtab.h"

#include "query/functions.h"

int kura_vtab_code(enum kura_rc rc)
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

int kura_vtab_fail(sqlite3_vtab *t, enum kura_rc rc, const struct kura_err *err)
{
    if (rc != KURA_OK && err->msg[0] != '\0') {
        sqlite3_free(t->zErrMsg);
        t->zErrMsg = sqlite3_mprintf("%s", err->msg);
    }
    return kura_vtab_code(rc);
}

/* Texts are copied: SQLite keeps the address of a static text beyond the row,
 * for max() say, while its partition may be closed to make room for others. */
int kura_vtab_result(sqlite3_context *ctx, enum kura_rc rc,
                     const struct kura_scan_value *v,
                     const struct kura_err *err)
{
    if (rc != KURA_OK) {
        sqlite3_result_error(ctx, err->msg, -1);
        sqlite3_result_error_code(ctx, kura_vtab_code(rc));
    } else if (v->kind == KURA_OPERAND_INTEGER) {
        sqlite3_result_int64(ctx, v->number);
    } else if (v->kind == KURA_OPERAND_TEXT) {
        sqlite3_result_text64(ctx, v->text, v->size, SQLITE_TRANSIENT,
                              SQLITE_UTF8);
    }
    return kura_vtab_code(rc);
}

int kura_vtab_plan(const struct kura_choice *p, sqlite3_index_info *info)
{
    info->idxStr = sqlite3_mprintf("%s", p->text.data);
    info->needToFreeIdxStr = 1;
    return info->idxStr == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

/* Makes SQLite connect the table now: its declaration looks like a change of
 * the schema to an authorizer that is set later. */
enum kura_rc kura_vtab_touch(sqlite3 *db, const char *name,
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
        sqlite3_result_error_code(ctx, kura_vtab_code(err.rc));
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

int kura_vtab_find_function(sqlite3_vtab *base, int argc, const char *name,
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
