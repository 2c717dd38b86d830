/* job.h - what every piece of work on the tiers is given. */
#ifndef KURA_ARCHIVE_JOB_H
#define KURA_ARCHIVE_JOB_H

#include "base/err.h"
#include "store/casefile.h"
#include "store/warehouse.h"

#include <signal.h>
#include <stdint.h>

struct kura_job {
    struct kura_warehouse *w;  /* opened for writing, tier lock held */
    struct kura_casefile *c;   /* opened for writing */
    int64_t now_us;            /* the wall clock, or --now */
    const char *owner;         /* for the audit trail */
    const volatile sig_atomic_t *stop; /* non-zero: end at the next safe place */
    /* What is done, a line at a time; may be NULL. */
    void (*say)(void *arg, const char *text);
    void *arg;
};

void kura_job_say(const struct kura_job *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* KURA_ESTOPPED when the user asked for it. */
enum kura_rc kura_job_check(const struct kura_job *j, struct kura_err *err);

#endif
