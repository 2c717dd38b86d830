/* network.h - networks of IP addresses: reading and writing them, and finding
 * the narrowest of many that holds an address.
 *
 * A set is made once, immutable after that and shared by threads; finding is a
 * binary search and at most one step for each network around the one found. */
#ifndef KURA_BASE_NETWORK_H
#define KURA_BASE_NETWORK_H

#include "base/err.h"
#include "base/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_network {
    struct kura_address net;
    unsigned bits;
};

/* ADDRESS or ADDRESS/BITS, all of s[0..n); ::ffff:192.0.2.0/120 is
 * 192.0.2.0/24.  Bits of the address beyond the mask stay. */
bool kura_network_parse(const char *s, size_t n, struct kura_network *out);
/* Sets the bits beyond the mask to 0; false when one was not. */
bool kura_network_mask(struct kura_network *net);
/* The shortest form, in lower case; a single address without its bits. */
#define KURA_NETWORK_TEXT 64
void kura_network_format(const struct kura_network *net,
                         char out[KURA_NETWORK_TEXT]);

/* Private (RFC 1918, RFC 4193), carrier grade NAT (RFC 6598), or local. */
bool kura_address_is_private(const struct kura_address *a);
/* Loopback or link-local: never another network's. */
bool kura_address_is_local(const struct kura_address *a);

struct kura_networks;
/* Copies the list. */
enum kura_rc kura_networks_new(const struct kura_network *list, size_t n,
                               struct kura_networks **out,
                               struct kura_err *err);
void kura_networks_free(struct kura_networks *s); /* NULL ok */
/* The index in the list of the narrowest network that holds the address, of
 * equal ones the first; -1: none does.  s may be NULL: an empty set. */
int64_t kura_networks_find(const struct kura_networks *s,
                           const struct kura_address *a);

#endif
