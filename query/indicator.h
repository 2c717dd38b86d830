/* indicator.h - one indicator as people write it, and its normal form.
 *
 * What was done to keep others from clicking is undone (base/refang.h); then:
 *   address    canonical IPv4 or IPv6, without brackets, zone and port
 *   network    ADDRESS/BITS, host bits 0; one of a single address is an address
 *   domain     lower case, other scripts as xn--, without "*.", port and dots
 *              at the ends; names below it match too
 *   url        scheme, host as above, port unless the scheme's, path, query; no
 *              user and no fragment
 *   email      lower case, without a display name; "@domain" is a domain
 *   hash       hex digits in lower case: MD5, SHA-1, SHA-2, by length
 *   subject, filename, account, useragent   lower case, blanks once
 * Pure: no state, any thread.  Input is hostile and at most
 * KURA_INDICATOR_SIZE bytes. */
#ifndef KURA_QUERY_INDICATOR_H
#define KURA_QUERY_INDICATOR_H

#include "base/buf.h"
#include "base/err.h"
#include "store/case_indicator.h"

#include <stdbool.h>
#include <stddef.h>

#define KURA_INDICATOR_SIZE 8192

struct kura_indicator_text {
    enum kura_indicator_type type;
    struct kura_buf value;
    bool refanged; /* what was written was made harmless */
};
void kura_indicator_text_init(struct kura_indicator_text *t);
void kura_indicator_text_release(struct kura_indicator_text *t);

/* Reads s[0..n).  The type that is wanted may become a narrower one: a domain
 * that is an address is an address.  NULL: guessed.  KURA_EINPUT says why it is
 * none. */
enum kura_rc kura_indicator_read(const char *s, size_t n,
                                 const enum kura_indicator_type *wanted,
                                 struct kura_indicator_text *out,
                                 struct kura_err *err);

/* The parts of a URL as logged or in normal form. */
struct kura_url_parts {
    const char *host, *rest; /* rest: from the path; "" when there is none */
    size_t host_size, rest_size;
    int port;    /* that is not the scheme's own; 0 */
    bool tunnel; /* HOST:PORT, as CONNECT logs it: nothing else is known */
};
/* false when the text names no host.  Points into s. */
bool kura_url_split(const char *s, size_t n, struct kura_url_parts *out);

#endif
