/* ioc_set.h - many indicators in memory, and which of them a value matches.
 *
 * Hash sets by type, a walk over the labels of a name, networks by binary
 * search, URLs by their host: what one look-up costs does not grow with the
 * number of indicators.  Filled, sealed, then immutable and shared by threads.
 * Values that are looked up are as logged; letters count without their case. */
#ifndef KURA_QUERY_IOC_SET_H
#define KURA_QUERY_IOC_SET_H

#include "base/err.h"
#include "store/case_indicator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value is: the kinds of columns (store/schema.h). */
enum kura_ioc_kind {
    KURA_IOC_HOST, /* a name or address */
    KURA_IOC_URL,
    KURA_IOC_EMAIL,
    KURA_IOC_SUBJECT,
    KURA_IOC_FILENAME,
    KURA_IOC_HASH,
    KURA_IOC_ACCOUNT,
    KURA_IOC_USERAGENT
};
#define KURA_IOC_KINDS 8
bool kura_ioc_kind_find(const char *word, size_t n, enum kura_ioc_kind *out);

/* How an indicator matches. */
enum kura_ioc_how {
    KURA_IOC_EXACT,
    KURA_IOC_BELOW,  /* a name below the domain */
    KURA_IOC_INSIDE, /* an address in the network */
    KURA_IOC_SENDER, /* an e-mail address of the domain or below it */
    KURA_IOC_WHOLE,  /* a URL that is the indicator or goes on from it */
    KURA_IOC_OF_URL  /* the host of the URL; nothing is known of the rest */
};
const char *kura_ioc_how_word(enum kura_ioc_how how); /* "exact", "below" ... */

struct kura_ioc_set;
enum kura_rc kura_ioc_set_new(struct kura_ioc_set **out, struct kura_err *err);
void kura_ioc_set_free(struct kura_ioc_set *s); /* NULL ok */
/* The value in normal form; number > 0.  A domain that is a public suffix (com,
 * co.jp) matches itself only. */
enum kura_rc kura_ioc_set_add(struct kura_ioc_set *s,
                              enum kura_indicator_type type, const char *value,
                              int64_t number, struct kura_err *err);
enum kura_rc kura_ioc_set_seal(struct kura_ioc_set *s, struct kura_err *err);

/* Whether anything in it can match values of the kind; an address or a domain
 * matches e-mail addresses as well. */
bool kura_ioc_set_has(const struct kura_ioc_set *s, enum kura_ioc_kind kind);

typedef void kura_ioc_fn(void *arg, int64_t number, enum kura_ioc_how how);
/* Calls fn for each indicator that the value matches: of nested domains each,
 * of nested networks the narrowest.  The nearest comes first. */
void kura_ioc_set_each(const struct kura_ioc_set *s, enum kura_ioc_kind kind,
                       const char *value, size_t n, kura_ioc_fn *fn, void *arg);
/* The first of them that is more than the host of a URL; 0 when there is none.
 */
int64_t kura_ioc_set_find(const struct kura_ioc_set *s, enum kura_ioc_kind kind,
                          const char *value, size_t n);

#endif
