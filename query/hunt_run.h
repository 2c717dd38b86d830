/* hunt_run.h - runs one hunt over one range and makes findings of its rows.
 *
 * A run reads only; who asks records what came out (case_hunt.h).  Findings are
 * in the order of their keys, one a key, so that two runs can be compared line
 * by line.  Evidence is copied for those that `known` does not have yet.
 * An answer is a whole one also when the hunt failed: status and reason say
 * what happened, so that one bad hunt does not stop the others; only lack of
 * memory is an error. */
#ifndef KURA_QUERY_HUNT_RUN_H
#define KURA_QUERY_HUNT_RUN_H

#include "query/engine.h"
#include "query/hunt.h"
#include "store/case_hunt.h"
#include "store/warehouse.h"

#include <signal.h>

/* Findings of a run that are kept; the run counts the others. */
#define KURA_FINDINGS_MAX 10000
/* Findings of a run whose lines are copied. */
#define KURA_EVIDENCE_MAX 500

enum kura_hunt_status {
    KURA_HUNT_DONE,
    KURA_HUNT_PARTIAL, /* days of the range were not searched */
    KURA_HUNT_FAILED,
    KURA_HUNT_TIMEOUT,
    KURA_HUNT_STOPPED,
    KURA_HUNT_SKIPPED /* what it needs is not there */
};
const char *kura_hunt_status_word(enum kura_hunt_status status);

struct kura_hunt_ask {
    const struct kura_hunt *hunt;
    /* A restricted connection whose engine begins at kura_hunt_begin. */
    sqlite3 *db;
    const struct kura_engine *engine;
    const struct kura_zone *zone;
    const volatile sig_atomic_t *stop;
    int64_t from_ts, to_ts;      /* half-open, microseconds */
    const char *const *values;   /* by parameter; NULL in it: the default */
    struct kura_casefile *known; /* NULL: every finding is new */
};

struct kura_hunt_answer {
    enum kura_hunt_status status;
    char reason[512]; /* "" when it is done */
    char *params;     /* JSON object of those that differ from the default */
    char *coverage;   /* JSON array */
    int64_t gave_up;  /* texts on which a pattern gave up */
    struct kura_finding *findings;
    size_t count;
    int64_t more; /* findings beyond KURA_FINDINGS_MAX, not kept */
};

/* Where the engine has to begin: the range and the hunt's window before it. */
int64_t kura_hunt_begin(const struct kura_hunt *h, int64_t from_ts);

enum kura_rc kura_hunt_run(const struct kura_hunt_ask *ask,
                           struct kura_hunt_answer *out, struct kura_err *err);
void kura_hunt_answer_release(struct kura_hunt_answer *a); /* zeroed ok */

/* A value for a parameter: KURA_EUSAGE when it is not of its type. */
enum kura_rc kura_hunt_value_check(const struct kura_hunt_param *p,
                                   const char *value, struct kura_err *err);

/* The days of the zone that lie whole in the range, with the rows that the
 * hunt's tables have on them as the catalog knows.  *out is the caller's. */
enum kura_rc kura_hunt_days(const struct kura_hunt *h,
                            const struct kura_zone *zone,
                            const struct kura_partition_entry *entries,
                            size_t entry_count, int64_t from_ts, int64_t to_ts,
                            struct kura_hunt_day **out, size_t *count,
                            struct kura_err *err);

#endif
