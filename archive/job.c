#include "archive/job.h"

#include <stdarg.h>
#include <stdio.h>

#define JOB_TEXT 1024

void kura_job_say(const struct kura_job *j, const char *fmt, ...)
{
    char text[JOB_TEXT];
    va_list ap;

    if (j->say == NULL)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    j->say(j->arg, text);
}

enum kura_rc kura_job_check(const struct kura_job *j, struct kura_err *err)
{
    if (j->stop != NULL && *j->stop != 0)
        return kura_err_set(err, KURA_ESTOPPED, "stopped");
    return KURA_OK;
}
