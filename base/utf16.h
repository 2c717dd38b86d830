/* utf16.h - UTF-16 made UTF-8. */
#ifndef KURA_BASE_UTF16_H
#define KURA_BASE_UTF16_H

#include "base/buf.h"

#include <stdbool.h>

/* Appends `units` code units of two bytes each at p.  Half of a surrogate pair
 * becomes the three bytes that UTF-8 would have for it if it might, so that it
 * is seen as an invalid byte sequence (kura_text_clean) and never lost. */
enum kura_rc kura_utf16_append(const void *p, size_t units, bool big,
                               struct kura_buf *out, struct kura_err *err);
/* The same of little-endian units into memory for 3 * units bytes; returns the
 * size.  *plain (may be NULL): all of it is printable ASCII. */
size_t kura_utf16_write(const void *p, size_t units, char *to, bool *plain);

#endif
