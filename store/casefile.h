/* casefile.h - case.db: what cannot be derived from logs.
 *
 * Holds, leases and the audit trail; what hunts found is in case_hunt.h.
 * Every change writes its line of the trail in the same transaction.  It is
 * made when it is first written; one that is missing is empty for readers, and
 * kura_casefile_is_missing tells expiry, which then does nothing.  A handle
 * belongs to one thread. */
#ifndef KURA_STORE_CASEFILE_H
#define KURA_STORE_CASEFILE_H

#include "base/err.h"
#include "store/schema.h"
#include "store/sqlite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_casefile;

/* `dir` is the warehouse.  write makes the file if it is not there. */
enum kura_rc kura_casefile_open(const char *dir, bool write,
                                struct kura_casefile **out,
                                struct kura_err *err);
void kura_casefile_close(struct kura_casefile *c); /* NULL ok */
bool kura_casefile_is_missing(const struct kura_casefile *c);
/* To ask it in SQL; NULL when it is missing. */
sqlite3 *kura_casefile_db(struct kura_casefile *c);

/* Lets statements of db, a connection that opens URIs, read the tables of
 * case.db: they are empty where there is no such file. */
enum kura_rc kura_case_attach(sqlite3 *db, const char *dir,
                              struct kura_err *err);

/* Days are UTC and both included; table "" is every table. */
struct kura_hold {
    int64_t number;
    char *name; /* of the case */
    char *table;
    int64_t first_day, last_day;
    int64_t made_us;
    char *owner; /* who made it: kura_owner */
};
enum kura_rc kura_hold_add(struct kura_casefile *c, struct kura_hold *h,
                           struct kura_err *err); /* fills number */
/* KURA_ENOTFOUND when there is no such hold. */
enum kura_rc kura_hold_remove(struct kura_casefile *c, int64_t number,
                              int64_t now_us, const char *owner,
                              struct kura_err *err);
enum kura_rc kura_hold_list(struct kura_casefile *c, struct kura_hold **out,
                            size_t *count, struct kura_err *err);
void kura_hold_list_free(struct kura_hold *list, size_t count);

/* A restored period.  state: 'making' until every partition of it is there,
 * 'active', 'ending' while its files go, 'ended'. */
struct kura_lease {
    int64_t number; /* its name is "L<number>", its folder restored/L<number> */
    char *name;     /* of the case */
    char *owner;
    char *table; /* "" every one */
    int64_t first_day, last_day;
    int64_t made_us, expires_us;
    char *state;
};
enum kura_rc kura_lease_add(struct kura_casefile *c, struct kura_lease *l,
                            struct kura_err *err); /* 'making' */
enum kura_rc kura_lease_set_state(struct kura_casefile *c, int64_t number,
                                  const char *state, int64_t now_us,
                                  const char *owner, struct kura_err *err);
enum kura_rc kura_lease_extend(struct kura_casefile *c, int64_t number,
                               int64_t expires_us, int64_t now_us,
                               const char *owner, struct kura_err *err);
/* Those that are not 'ended', by number; all: every one. */
enum kura_rc kura_lease_list(struct kura_casefile *c, bool all,
                             struct kura_lease **out, size_t *count,
                             struct kura_err *err);
void kura_lease_list_free(struct kura_lease *list, size_t count);

/* A line of the trail for what has no table here: a volume that expired. */
enum kura_rc kura_audit(struct kura_casefile *c, int64_t now_us,
                        const char *owner, const char *what,
                        const char *subject, struct kura_err *err);

/* Writes a consistent copy to `path`, durably, in place of an older one. */
enum kura_rc kura_casefile_backup(struct kura_casefile *c, const char *path,
                                  struct kura_err *err);

/* The login name of the caller, "uid N" when it has none. */
const char *kura_owner(void);

#endif
