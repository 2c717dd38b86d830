/* module.c - kura.so: the tables and functions in any program that loads
 * SQLite extensions.
 *
 *     .load ./kura            with KURA_DIR in the environment, or then
 *     SELECT kura_open('/srv/kura');
 *
 * The warehouse lives as long as the connection; it is only read.  What the
 * host may do besides is the host's business: nothing is restricted here. */
#include "store/sqlite.h"

#include "query/engine.h"
#include "store/schema.h"

SQLITE_EXTENSION_INIT1

/* sqlite3_vtab_in */
#define SQLITE_NEEDED 3038000

struct module {
    sqlite3 *db;
    struct kura_warehouse *w;
    struct kura_engine *engine;
};

int sqlite3_kura_init(sqlite3 *db, char **message,
                      const sqlite3_api_routines *api)
    __attribute__((visibility("default")));

/* Runs when the connection closes, after its tables are gone. */
static void module_free(void *p)
{
    struct module *m = p;

    kura_engine_free(m->engine);
    kura_warehouse_close(m->w);
    free(m);
}

static enum kura_rc module_open(struct module *m, const char *dir,
                                struct kura_err *err)
{
    /* Whoever opens a warehouse by hand wants all that is there. */
    const struct kura_engine_options all = {INT64_MIN, INT64_MAX, true, false};
    enum kura_rc rc;

    if (m->w != NULL)
        return kura_err_set(err, KURA_EUSAGE,
                            "the connection has a warehouse already");
    rc = kura_schema_load(err);
    if (rc == KURA_OK)
        rc = kura_warehouse_open(dir, false, &m->w, err);
    if (rc == KURA_OK)
        rc = kura_engine_register(m->db, m->w, &all, &m->engine, err);
    return rc;
}

/* kura_open(directory) */
static void sql_open(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    struct kura_err err = KURA_ERR_INIT;
    const char *dir = (const char *)sqlite3_value_text(argv[0]);

    (void)argc;
    if (dir == NULL)
        sqlite3_result_error(ctx, "kura_open needs a directory", -1);
    else if (module_open(sqlite3_user_data(ctx), dir, &err) != KURA_OK)
        sqlite3_result_error(ctx, err.msg, -1);
}

int sqlite3_kura_init(sqlite3 *db, char **message,
                      const sqlite3_api_routines *api)
{
    const char *dir = getenv("KURA_DIR");
    struct kura_err err = KURA_ERR_INIT;
    struct module *m;

    SQLITE_EXTENSION_INIT2(api);
    if (sqlite3_libversion_number() < SQLITE_NEEDED) {
        *message = sqlite3_mprintf("kura needs SQLite 3.38 or newer");
        return SQLITE_ERROR;
    }
    m = calloc(1, sizeof(*m));
    if (m == NULL)
        return SQLITE_NOMEM;
    m->db = db;
    /* The sqlite3 program has a REGEXP of its own, and a function cannot be
     * replaced while a statement such as SELECT kura_open() runs. */
    (void)sqlite3_create_function_v2(db, "regexp", 2, SQLITE_UTF8, NULL, NULL,
                                     NULL, NULL, NULL);
    if (sqlite3_create_function_v2(db, "kura_open", 1,
                                   SQLITE_UTF8 | SQLITE_DIRECTONLY, m, sql_open,
                                   NULL, NULL, module_free) != SQLITE_OK)
        return SQLITE_ERROR; /* m is freed */
    if (dir != NULL && dir[0] != '\0' && module_open(m, dir, &err) != KURA_OK) {
        *message = sqlite3_mprintf("%s", err.msg);
        return SQLITE_ERROR;
    }
    return SQLITE_OK;
}
