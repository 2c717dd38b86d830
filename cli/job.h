/* job.h - the warehouse, its case.db and the tier lock, as commands that work on
 * tiers need them. */
#ifndef KURA_CLI_JOB_H
#define KURA_CLI_JOB_H

#include "archive/job.h"
#include "cli/cmd.h"

struct kura_cli_job {
    struct kura_job job; /* says what it does through kura_cli_say */
    struct kura_cli *cli;
    bool locked;
};

/* Opens both for writing and takes the tier lock.  A warehouse that has volumes
 * but no case.db has lost it: KURA_ENOTFOUND tells from where to copy it back,
 * because without holds nothing may be removed. */
enum kura_rc kura_cli_job_open(struct kura_cli *cli, struct kura_cli_job *out,
                               struct kura_err *err);
void kura_cli_job_close(struct kura_cli_job *j); /* zeroed ok */
/* case.db for reading; the same error when it is lost. */
enum kura_rc kura_cli_case_open(struct kura_cli *cli,
                                struct kura_casefile **out,
                                struct kura_err *err);

/* The UTC days that a range of a person covers, rounded outwards. */
enum kura_rc kura_cli_days(struct kura_cli *cli, const struct kura_warehouse *w,
                           const char *text, int64_t *first, int64_t *last,
                           struct kura_err *err);
/* --table NAME: NULL when it was not given; KURA_EUSAGE when there is none. */
enum kura_rc kura_cli_table(const char *name, const struct kura_schema **out,
                            struct kura_err *err);
/* "12.3 MB" */
#define KURA_SIZE_TEXT 24
void kura_cli_size(int64_t bytes, char out[KURA_SIZE_TEXT]);

#endif
