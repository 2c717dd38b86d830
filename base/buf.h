/* buf.h - a growing byte buffer with a ceiling.
 *
 * Invariants: `data` is never NULL after init and data[len] is NUL; len never
 * passes `max`.  The buffer owns data.  A failed append leaves the contents
 * as they were.  Not safe to share between threads. */
#ifndef KURA_BASE_BUF_H
#define KURA_BASE_BUF_H

#include "base/err.h"

#include <stddef.h>

struct kura_buf {
    char *data;
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated, NUL included; 0 before the first append */
    size_t max; /* ceiling of len */
};

void kura_buf_init(struct kura_buf *b, size_t max);
void kura_buf_release(struct kura_buf *b); /* and init with the same max */
void kura_buf_reset(struct kura_buf *b);   /* len = 0, memory kept */

/* Makes room for `more` bytes after len; the caller then adds to len. */
enum kura_rc kura_buf_reserve(struct kura_buf *b, size_t more,
                              struct kura_err *err);
enum kura_rc kura_buf_append(struct kura_buf *b, const void *p, size_t n,
                             struct kura_err *err);
enum kura_rc kura_buf_putc(struct kura_buf *b, char c, struct kura_err *err);
enum kura_rc kura_buf_puts(struct kura_buf *b, const char *s,
                           struct kura_err *err);
enum kura_rc kura_buf_printf(struct kura_buf *b, struct kura_err *err,
                             const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
