/* session.h - a read-only SQL connection over a warehouse, as commands need
 * it. */
#ifndef KURA_CLI_SESSION_H
#define KURA_CLI_SESSION_H

#include "query/engine.h"
#include "query/output.h"
#include "store/warehouse.h"

#include <stdbool.h>
#include <stdio.h>

struct kura_session {
    struct kura_warehouse *w;
    struct kura_engine *engine;
    sqlite3 *db;
};

#define KURA_SESSION_MEMORY (INT64_C(1) << 30)

enum kura_rc kura_session_open(const char *dir,
                               const struct kura_engine_options *o,
                               int64_t timeout_ms, struct kura_session *out,
                               struct kura_err *err);
void kura_session_close(struct kura_session *s); /* zeroed ok */

/* Runs every statement of the text and writes the rows of each to stdout; JSON
 * ends with the coverage of each, as an object of its own.  Parameters ?1 ...
 * take `binds` (text), NULL-terminated; NULL for none.  Texts on which a pattern
 * gave up are counted on stderr and in the JSON.  A statement that meets
 * damage before its first row is out is run again without that partition. */
enum kura_rc kura_session_run(struct kura_session *s, const char *sql,
                              const char *const *binds, enum kura_output how,
                              int64_t *rows, struct kura_err *err);

/* The last line of JSON: what the last statement searched, and how many texts a
 * pattern gave up on. */
enum kura_rc kura_session_json(struct kura_session *s, int64_t gave_up,
                               FILE *f, struct kura_err *err);

/* Tells on stderr what the last statement searched (all: every day, else only
 * that something was left out), escaped for terminals.  *whole is false when a
 * partition was missing or damaged. */
enum kura_rc kura_session_coverage(struct kura_session *s, bool all,
                                   bool *whole, struct kura_err *err);

#endif
