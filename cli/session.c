#include "cli/session.h"

#include "cli/cmd.h"

#include <stdio.h>
#include <string.h>

enum kura_rc kura_session_open(const char *dir, int64_t from_us, int64_t to_us,
                               int64_t timeout_ms, struct kura_session *out,
                               struct kura_err *err)
{
    enum kura_rc rc;

    memset(out, 0, sizeof(*out));
    rc = kura_warehouse_open(dir, false, &out->w, err);
    if (rc == KURA_OK && sqlite3_open(":memory:", &out->db) != SQLITE_OK)
        rc = kura_err_nomem(err);
    if (rc == KURA_OK)
        rc = kura_engine_register(out->db, out->w, from_us, to_us, &out->engine,
                                  err);
    if (rc == KURA_OK)
        rc = kura_engine_restrict(out->db, KURA_SESSION_MEMORY, timeout_ms,
                                  &kura_cli_stop, err);
    return rc;
}

void kura_session_close(struct kura_session *s)
{
    (void)sqlite3_close(s->db);
    kura_engine_free(s->engine);
    kura_warehouse_close(s->w);
    memset(s, 0, sizeof(*s));
}

static enum kura_rc session_prepare(struct kura_session *s, const char *sql,
                                    const char *const *binds,
                                    sqlite3_stmt **stmt, const char **tail,
                                    struct kura_err *err)
{
    int i;

    if (sqlite3_prepare_v2(s->db, sql, -1, stmt, tail) != SQLITE_OK) {
        int at = sqlite3_error_offset(s->db);

        (void)kura_err_set(err, KURA_EINPUT, "%s", sqlite3_errmsg(s->db));
        if (at >= 0)
            kura_err_hint(err, "at byte %d: %.40s", at, sql + at);
        return KURA_EINPUT;
    }
    for (i = 0; binds != NULL && binds[i] != NULL; i++)
        (void)sqlite3_bind_text(*stmt, i + 1, binds[i], -1, SQLITE_STATIC);
    return KURA_OK;
}

enum kura_rc kura_session_run(struct kura_session *s, const char *sql,
                              const char *const *binds, enum kura_output how,
                              int64_t *rows, struct kura_err *err)
{
    const char *tail = sql;
    sqlite3_stmt *stmt;
    enum kura_rc rc = KURA_OK;

    while (rc == KURA_OK && *tail != '\0') {
        stmt = NULL;
        rc = session_prepare(s, tail, binds, &stmt, &tail, err);
        if (rc == KURA_OK && stmt != NULL)
            rc = kura_output_write(stmt, how, stdout, rows, err);
        (void)sqlite3_finalize(stmt);
    }
    return rc;
}
