#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an empty buffer points at, so that data is never NULL. */
static char buf_empty[1];

void kura_buf_init(struct kura_buf *b, size_t max)
{
    b->data = buf_empty;
    b->len = 0;
    b->cap = 0;
    b->max = max;
}

void kura_buf_release(struct kura_buf *b)
{
    if (b->cap != 0)
        free(b->data);
    kura_buf_init(b, b->max);
}

void kura_buf_reset(struct kura_buf *b)
{
    b->len = 0;
    if (b->cap != 0)
        b->data[0] = '\0';
}

enum kura_rc kura_buf_reserve(struct kura_buf *b, size_t more,
                              struct kura_err *err)
{
    size_t need, cap;
    char *data;

    if (more > b->max - b->len)
        return kura_err_set(err, KURA_ENOMEM,
                            "a text grew over its limit of %zu bytes", b->max);
    need = b->len + more + 1;
    if (need <= b->cap)
        return KURA_OK;
    cap = b->cap < 64 ? 64 : b->cap;
    while (cap < need)
        cap += cap / 2;
    data = realloc(b->cap != 0 ? b->data : NULL, cap);
    if (data == NULL)
        return kura_err_nomem(err);
    data[b->len] = '\0';
    b->data = data;
    b->cap = cap;
    return KURA_OK;
}

enum kura_rc kura_buf_append(struct kura_buf *b, const void *p, size_t n,
                             struct kura_err *err)
{
    enum kura_rc rc = kura_buf_reserve(b, n, err);

    if (rc != KURA_OK)
        return rc;
    if (n != 0)
        memcpy(b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = '\0';
    return KURA_OK;
}

enum kura_rc kura_buf_putc(struct kura_buf *b, char c, struct kura_err *err)
{
    return kura_buf_append(b, &c, 1, err);
}

enum kura_rc kura_buf_puts(struct kura_buf *b, const char *s,
                           struct kura_err *err)
{
    return kura_buf_append(b, s, strlen(s), err);
}

enum kura_rc kura_buf_printf(struct kura_buf *b, struct kura_err *err,
                             const char *fmt, ...)
{
    enum kura_rc rc;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return kura_err_set(err, KURA_EIO, "cannot format a text");
    rc = kura_buf_reserve(b, (size_t)n, err);
    if (rc != KURA_OK)
        return rc;
    va_start(ap, fmt);
    (void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
    return KURA_OK;
}
