/* functions_internal.h - what the files functions*.c share with each other;
 * nobody else includes it. */
#ifndef KURA_QUERY_FUNCTIONS_INTERNAL_H
#define KURA_QUERY_FUNCTIONS_INTERNAL_H

#include "query/functions.h"

#include <stddef.h>
#include <stdint.h>

/* No text that a function makes is longer. */
#define KURA_FUNCTION_TEXT (16u * 1024 * 1024)

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

/* The functions of one text; NULL at the end. */
const struct kura_text_function *kura_text_function_at(int i);

/* "regexp" said exactly: 1, 0, or -1 when the match limit was reached. */
int kura_text_test_regexp(struct kura_text_test *t, const char *s, size_t n);

/* Reports an error of ours as the result of a SQL function. */
void kura_function_fail(sqlite3_context *ctx, enum kura_rc rc,
                        const struct kura_err *err);

/* Adds median and mad. */
int kura_functions_add_aggregates(sqlite3 *db);

#endif
