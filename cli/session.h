/* session.h - a read-only SQL connection over a warehouse, as commands need
 * it. */
#ifndef KURA_CLI_SESSION_H
#define KURA_CLI_SESSION_H

#include "query/engine.h"
#include "query/output.h"
#include "store/warehouse.h"

struct kura_session {
    struct kura_warehouse *w;
    struct kura_engine *engine;
    sqlite3 *db;
};

#define KURA_SESSION_MEMORY (INT64_C(1) << 30)

/* Rows with from_us <= ts < to_us only. */
enum kura_rc kura_session_open(const char *dir, int64_t from_us, int64_t to_us,
                               int64_t timeout_ms, struct kura_session *out,
                               struct kura_err *err);
void kura_session_close(struct kura_session *s); /* zeroed ok */

/* Runs every statement of the text and writes the rows of each to stdout.
 * Parameters ?1 ... take `binds` (text), NULL-terminated; NULL for none. */
enum kura_rc kura_session_run(struct kura_session *s, const char *sql,
                              const char *const *binds, enum kura_output how,
                              int64_t *rows, struct kura_err *err);

#endif
