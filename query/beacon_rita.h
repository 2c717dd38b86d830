/* beacon_rita.h - the beacon score of RITA v5 with its default settings, so
 * that both can be compared on one's own data: a quarter each for the times
 * between events, their sizes, the histogram of 24 parts of the range, and how
 * much of the range they fill.  Pure; bounded by its input. */
#ifndef KURA_QUERY_BEACON_RITA_H
#define KURA_QUERY_BEACON_RITA_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_rita {
    double score, times, sizes, histogram, duration; /* to three places */
};

/* ts: n times in whole seconds, ascending; bytes: n sizes, any order, sorted
 * afterwards; from < to: the range in seconds.  *defined is false below 4
 * events or 3 different instants between them. */
enum kura_rc kura_rita_score(const int64_t *ts, double *bytes, size_t n,
                             int64_t from, int64_t to, struct kura_rita *out,
                             bool *defined, struct kura_err *err);

#endif
