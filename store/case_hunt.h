/* case_hunt.h - what case.db keeps of hunts: runs, the ledger of days, findings
 * with the lines behind them, and what is allowed (sql/case/2-hunts.sql).
 *
 * Findings are never deleted.  One that a later run of the same hunt, version
 * and parameters does not see again is marked as gone, when that run searched
 * the whole time in which it had been and was complete.  Allow rules do not
 * touch findings; who shows them asks kura_allow (query/allow.h).
 *
 * Texts of what the caller gives are borrowed; lists and texts that come back
 * are freed by the matching verb.  Errors are those of casefile.h. */
#ifndef KURA_STORE_CASE_HUNT_H
#define KURA_STORE_CASE_HUNT_H

#include "base/err.h"
#include "store/casefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KURA_FINDING_ID 17 /* 16 hex digits and NUL */

/* What was run: a hunt, its version, its parameters as a JSON object. */
struct kura_hunt_what {
    const char *hunt, *version, *params;
};

struct kura_hunt_run {
    int64_t number; /* filled when it is recorded */
    struct kura_hunt_what what;
    int64_t from_ts, to_ts; /* half-open, microseconds */
    bool archived;
    bool cut; /* more was found than `findings` holds */
    int64_t started_us, ms;
    const char *status, *reason;
    const char *coverage; /* JSON */
};

/* A day of the site's zone (days since 1970) and the rows that the hunt's
 * tables had on it. */
struct kura_hunt_day {
    int64_t day, rows;
};

struct kura_evidence {
    char *table;
    int64_t ts;
    char *source;
    int64_t line;
    char *raw;
};

enum kura_finding_state {
    KURA_FINDING_NEW,   /* no earlier run saw it */
    KURA_FINDING_STILL, /* an earlier run saw it as well */
    KURA_FINDING_GONE   /* an earlier run saw it, this one looked in vain */
};
const char *kura_finding_state_word(enum kura_finding_state state);

struct kura_finding {
    char id[KURA_FINDING_ID];
    char *hunt, *version, *params;
    char *level, *why;
    char *key, *row; /* JSON objects */
    bool dated;      /* it has first_ts and last_ts */
    int64_t first_ts, last_ts;
    bool counted; /* it has events */
    int64_t events;
    enum kura_finding_state state; /* as of its last run, or the run recorded */
    int64_t first_run, last_run;
    struct kura_evidence *evidence; /* of a new one; else not filled */
    size_t evidence_count;
};
void kura_finding_release(struct kura_finding *f); /* zeroed ok */
void kura_finding_list_free(struct kura_finding *list, size_t count);
void kura_evidence_list_free(struct kura_evidence *list, size_t count);

/* Is there a finding of this id? */
enum kura_rc kura_finding_is_known(struct kura_casefile *c, const char *id,
                                   bool *out, struct kura_err *err);

/* Records a run in one transaction: its row, its days, its findings (which get
 * their state, and those that are new their evidence), and marks those that are
 * gone.  Days and the mark only for a run that is done or partial; gone only
 * when it is done. */
enum kura_rc kura_hunt_run_record(struct kura_casefile *c,
                                  struct kura_hunt_run *run,
                                  const struct kura_hunt_day *days,
                                  size_t day_count,
                                  struct kura_finding *findings, size_t count,
                                  struct kura_err *err);

/* The ledger: rows that were there when the hunt last searched the day; -1: it
 * never did. */
enum kura_rc kura_hunt_day_rows(struct kura_casefile *c,
                                const struct kura_hunt_what *what, int64_t day,
                                int64_t *rows, struct kura_err *err);
/* Has any run of this version (whatever its parameters) been recorded? */
enum kura_rc kura_hunt_was_run(struct kura_casefile *c,
                               const struct kura_hunt_what *what, bool *out,
                               struct kura_err *err);

/* Was the run over exactly this range? */
enum kura_rc kura_hunt_run_is_over(struct kura_casefile *c, int64_t number,
                                   int64_t from_ts, int64_t to_ts, bool *out,
                                   struct kura_err *err);

/* Reports: the end of the last period of which one was made (INT64_MIN: none),
 * and that one was made. */
enum kura_rc kura_report_last(struct kura_casefile *c, const char *report,
                              int64_t *to_ts, struct kura_err *err);
enum kura_rc kura_report_record(struct kura_casefile *c, const char *report,
                                int64_t from_ts, int64_t to_ts, int64_t now_us,
                                int64_t fresh, struct kura_err *err);

/* Findings in the order of hunt, key, id.  hunt NULL: of every hunt; id: those
 * whose id starts with it, or NULL; last_run: those that this run saw, or 0;
 * gone_run: those that went away in this run, or 0.  evidence is not filled. */
struct kura_finding_filter {
    const char *hunt, *id;
    int64_t last_run, gone_run;
};
enum kura_rc kura_finding_list(struct kura_casefile *c,
                               const struct kura_finding_filter *filter,
                               struct kura_finding **out, size_t *count,
                               struct kura_err *err);
enum kura_rc kura_evidence_list(struct kura_casefile *c, const char *id,
                                struct kura_evidence **out, size_t *count,
                                struct kura_err *err);

/* --- What is allowed ---------------------------------------------------- */

struct kura_allow {
    int64_t number;
    char *hunt; /* "" every hunt */
    char *column;
    char *kind; /* exact, domain, network, glob */
    char *value, *reason, *owner;
    int64_t made_us;
    int64_t expires_us; /* INT64_MAX: never */
};
/* Fills number. */
enum kura_rc kura_allow_add(struct kura_casefile *c, struct kura_allow *a,
                            struct kura_err *err);
enum kura_rc kura_allow_remove(struct kura_casefile *c, int64_t number,
                               int64_t now_us, const char *owner,
                               struct kura_err *err);
/* Those that were not removed, by number; expired ones too. */
enum kura_rc kura_allow_list(struct kura_casefile *c, struct kura_allow **out,
                             size_t *count, struct kura_err *err);
void kura_allow_list_free(struct kura_allow *list, size_t count);

#endif
