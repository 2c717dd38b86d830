#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum kura_rc kura_err_set(struct kura_err *err, enum kura_rc rc,
                          const char *fmt, ...)
{
    va_list ap;

    if (err == NULL || err->rc != KURA_OK)
        return rc;
    err->rc = rc;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    return rc;
}

enum kura_rc kura_err_sys(struct kura_err *err, int errnum, const char *fmt,
                          ...)
{
    enum kura_rc rc = errnum == ENOMEM ? KURA_ENOMEM : KURA_EIO;
    char cause[128];
    size_t len;
    va_list ap;

    if (err == NULL || err->rc != KURA_OK)
        return rc;
    err->rc = rc;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    if (strerror_r(errnum, cause, sizeof(cause)) != 0)
        (void)snprintf(cause, sizeof(cause), "error %d", errnum);
    len = strlen(err->msg);
    (void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", cause);
    return rc;
}

void kura_err_hint(struct kura_err *err, const char *fmt, ...)
{
    size_t len;
    va_list ap;

    if (err == NULL || err->rc == KURA_OK ||
        strstr(err->msg, "\nhint: ") != NULL)
        return;
    len = strlen(err->msg);
    (void)snprintf(err->msg + len, sizeof(err->msg) - len, "\nhint: ");
    len = strlen(err->msg);
    va_start(ap, fmt);
    (void)vsnprintf(err->msg + len, sizeof(err->msg) - len, fmt, ap);
    va_end(ap);
}

enum kura_rc kura_err_nomem(struct kura_err *err)
{
    return kura_err_set(err, KURA_ENOMEM, "out of memory");
}
