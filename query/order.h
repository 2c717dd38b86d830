/* order.h - numbers for values that say which comes first, and putting things
 * into the order of such numbers. */
#ifndef KURA_QUERY_ORDER_H
#define KURA_QUERY_ORDER_H

#include "base/err.h"
#include "store/dictionary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kura_order_kind {
    KURA_ORDER_BINARY,
    KURA_ORDER_NOCASE,
    KURA_ORDER_NUMBERS /* texts that are int64_t */
};

/* ranks[i] is how many different ones come before value i: equal ones have one
 * rank.  *count is how many ranks there are. */
enum kura_rc kura_order_texts(const struct kura_dictionary_entry *texts,
                              size_t n, enum kura_order_kind kind,
                              uint32_t *ranks, uint32_t *count,
                              struct kura_err *err);
enum kura_rc kura_order_numbers(const int64_t *numbers, size_t n,
                                uint32_t *ranks, uint32_t *count,
                                struct kura_err *err);

/* Puts the n things of `order` into the order of ranks[thing], which are below
 * count; things of one rank stay as they are. */
enum kura_rc kura_order_by(uint32_t *order, size_t n, const uint32_t *ranks,
                           uint32_t count, bool descending,
                           struct kura_err *err);

#endif
