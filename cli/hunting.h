/* hunting.h - runs hunts one after the other, each on a connection of its own
 * (so that time, memory and coverage are its own), records what came out in
 * case.db, and gathers the findings.
 *
 * A hunt that fails does not keep the others from running. */
#ifndef KURA_CLI_HUNTING_H
#define KURA_CLI_HUNTING_H

#include "cli/cmd.h"
#include "cli/findings.h"
#include "query/hunt_run.h"

#define KURA_HUNTING_SECONDS 600 /* seconds, where nothing else is said */

/* What became of one hunt over one range. */
struct kura_hunted {
    const struct kura_hunt *hunt;
    int64_t from_ts, to_ts, ms;
    int64_t run; /* its number in case.db; 0: it was not recorded */
    struct kura_hunt_answer answer; /* its findings were handed on */
    int64_t found, fresh, gone;
    bool first; /* no run of this version was recorded before */
};

struct kura_hunting {
    struct kura_cli *cli;
    bool archived;
    bool keep; /* record in case.db; false after it could not be opened */
    int64_t timeout_s;
    int64_t from_ts, to_ts; /* INT64_MIN, INT64_MAX: as far as there are logs */
    const char *const *params; /* NAME=VALUE, NULL-terminated, or NULL */
    bool late_only; /* due are only days that have rows since they were searched */
    /* Takes each finding over as it is recorded (it may empty it); NULL: nobody
     * does. */
    enum kura_rc (*found)(void *arg, struct kura_finding *finding,
                          struct kura_err *err);
    void *arg;
    /* Of the warehouse: */
    struct kura_warehouse *w;
    struct kura_casefile *casefile; /* NULL: nothing is kept */
    struct kura_partition_entry *entries;
    size_t entry_count;
    struct kura_findings *findings;
    struct kura_hunted *done; /* in the order in which they ran */
    size_t done_count;
};

/* Fill cli, archived, keep, timeout_s, range and params before.  keep without
 * permission to write case.db: a notice, and keep becomes false. */
enum kura_rc kura_hunting_open(struct kura_hunting *g, struct kura_err *err);
void kura_hunting_close(struct kura_hunting *g); /* zeroed ok */

/* Over the range, or with `due` over each run of days that the ledger asks for:
 * days that are over, can be read, and were never searched by this version and
 * these parameters, or have got rows since.  The hunt is borrowed until close.
 * KURA_ESTOPPED when the user said so, after what ran was recorded. */
enum kura_rc kura_hunting_run(struct kura_hunting *g, const struct kura_hunt *h,
                              bool due, struct kura_err *err);

/* Takes the findings out that a rule allows: after the last run. */
enum kura_rc kura_hunting_allow(struct kura_hunting *g, struct kura_err *err);

/* The days that are due: half-open ranges of instants.  *out is the caller's.
 */
struct kura_hunting_range {
    int64_t from_ts, to_ts, days;
};
enum kura_rc kura_hunting_due(struct kura_hunting *g, const struct kura_hunt *h,
                              struct kura_hunting_range **out, size_t *count,
                              struct kura_err *err);

#endif
