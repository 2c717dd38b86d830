/* host.h - addresses and names of hosts. */
#ifndef KURA_BASE_HOST_H
#define KURA_BASE_HOST_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An IP address in network order; an IPv4 address uses 4 bytes.  An IPv4
 * address mapped into IPv6 is read as the IPv4 address. */
struct kura_address {
    uint8_t byte[16];
    unsigned bits; /* 32 or 128 */
};

/* Reads all of s[0..n): an address, also in brackets or with a zone (%eth0). */
bool kura_address_parse(const char *s, size_t n, struct kura_address *out);
/* The first `bits` bits are the same; false when the families differ. */
bool kura_address_under(const struct kura_address *a,
                        const struct kura_address *net, unsigned bits);

/* Leaves a port and the trailing dot of a host name out: s[0..result). */
size_t kura_host_size(const char *s, size_t n);

/* Labels of at least one byte between the dots, and no address. */
bool kura_host_is_name(const char *s, size_t n);
/* Whether a label, the last of a name, is a public suffix that is listed. */
bool kura_host_suffix_known(const char *s, size_t n);
/* Appends the public suffix and one label of a host name, in lower case;
 * *is_null: it has none.  By the list built into libpsl. */
enum kura_rc kura_registered_domain(const char *s, size_t n,
                                    struct kura_buf *out, bool *is_null,
                                    struct kura_err *err);

#endif
