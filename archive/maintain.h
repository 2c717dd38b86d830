/* maintain.h - everything that is due, in the order of retention.h, after what
 * an interrupted run left was put right.
 *
 * Each piece of work is whole or not there; a run that is stopped or fails at
 * one piece has done the others before it, and the next run goes on.  A failure
 * of one piece does not keep the others from being done: the first error is
 * returned at the end. */
#ifndef KURA_ARCHIVE_MAINTAIN_H
#define KURA_ARCHIVE_MAINTAIN_H

#include "archive/job.h"
#include "store/retention.h"

#include <stdbool.h>

struct kura_maintain_options {
    bool all;        /* archive every day that is due, not whole months only */
    bool archive_only; /* kura archive: nothing but what moves to the archive */
    int64_t before_day; /* INT64_MIN: as kura.yaml says */
    int only_table;     /* -1: every one */
};

/* What would be done now; the same plan that kura_maintain carries out. */
enum kura_rc kura_maintain_plan(const struct kura_job *j,
                                const struct kura_maintain_options *o,
                                struct kura_plan *out, struct kura_err *err);
enum kura_rc kura_maintain(const struct kura_job *j,
                           const struct kura_maintain_options *o,
                           struct kura_err *err);

/* Writes case.db to every destination that is at hand. */
enum kura_rc kura_case_backup(const struct kura_job *j, struct kura_err *err);

#endif
