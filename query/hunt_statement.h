/* hunt_statement.h - the SQL statements of a hunt, prepared and bound.
 *
 * Only query/hunt_*.c include it.  A statement that does not compile is
 * KURA_EINPUT with file and line of the hunt. */
#ifndef KURA_QUERY_HUNT_STATEMENT_H
#define KURA_QUERY_HUNT_STATEMENT_H

#include "query/hunt.h"

/* Lines copied of a finding, over all of its tables. */
#define KURA_EVIDENCE_LINES 20

/* The one statement of the hunt. */
enum kura_rc kura_hunt_prepare(const struct kura_hunt *h, sqlite3 *db,
                               sqlite3_stmt **out, struct kura_err *err);
/* The i-th statement of its evidence (table, ts, source, line, raw); one that
 * is made of the key columns when the header gives none. */
enum kura_rc kura_hunt_prepare_evidence(const struct kura_hunt *h, size_t i,
                                        sqlite3 *db, sqlite3_stmt **out,
                                        struct kura_err *err);
/* Is `name` a parameter that every run binds: from_ts, to_ts, a declared one?
 */
bool kura_hunt_is_bound(const struct kura_hunt *h, const char *name);

/* Binds a parameter by name with the value's type; one that the statement does
 * not have is passed over. */
void kura_hunt_bind_integer(sqlite3_stmt *stmt, const char *name, int64_t v);
void kura_hunt_bind_param(sqlite3_stmt *stmt, const struct kura_hunt_param *p,
                          const char *value);

#endif
