/* punycode.h - names of other scripts as they are read (RFC 3492), by
 * libidn2. */
#ifndef KURA_BASE_PUNYCODE_H
#define KURA_BASE_PUNYCODE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends the host name s with each label that begins with xn-- decoded.  A
 * label that does not decode, or decodes to control characters, stays; so does
 * everything else.  No more text than input, but for a fixed factor. */
enum kura_rc kura_punycode_decode(const char *s, size_t n, struct kura_buf *out,
                                  struct kura_err *err);

/* Appends a host name as it is asked for on the network: in lower case, other
 * scripts as xn-- (IDNA 2008, TR 46); *is_null: it is no name that can be.  A
 * name of ASCII only is lowered and not looked at any closer. */
enum kura_rc kura_punycode_encode(const char *s, size_t n, struct kura_buf *out,
                                  bool *is_null, struct kura_err *err);

#endif
