/* beacon.h - how much the traffic of one pair looks like a program that calls
 * home by the clock.  No SQLite and no I/O here.
 *
 * Events come in any order.  Those that follow each other by no more than
 * burst_s are one check-in (a redirect, a CONNECT and what it carries).  From
 * the times between check-ins:
 *
 *   period       the median around the fullest place of their histogram, so
 *                that neither gaps nor other traffic move it
 *   on_beat      the share that is 1 to `beats` periods long, within tolerance:
 *                missed beats and hours asleep do not count against it
 *   tightness    1 - jitter; jitter is twice the median distance from the beat,
 *                in periods: 0.2 for a sleep of +-20 %
 *   early        the share that is shorter than half a period: beacons do not
 *                call before their time, and calls at random mostly do
 *   size         the share of check-ins of the commonest size (+-10 %)
 *   persistence  check-ins by those that fit between the first and the last
 *   span         time from the first to the last, full at 8 hours
 *   confidence   1 - exp(-checkins / 8)
 *
 *   score = confidence * (0.45 * on_beat * (1 + tightness) / 2 * (1 - early)
 *           + 0.20 * size + 0.20 * persistence + 0.15 * span)
 *
 * Without sizes the other weights share theirs.  Check-ins of the commonest
 * size are looked at on their own too, when there are 14 or more: a beacon
 * under other traffic to the same place.  The better of the two counts.
 *
 * Traffic that never pauses has no period.  It is a strobe: 20,000 events a day
 * or more, or half of all events in one unbroken run of half an hour or more,
 * or more check-ins than are kept (262,144: 8 MiB; memory has that bound
 * whatever the number of events).
 *
 * Ownership: the caller frees with kura_beacon_free.  Not shared between
 * threads.  Errors: KURA_ENOMEM, and KURA_EINPUT for options. */
#ifndef KURA_QUERY_BEACON_H
#define KURA_QUERY_BEACON_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_beacon_options {
    double burst_s;   /* 5 */
    double tolerance; /* 0.25 of a period, 2 s at least */
    int min_checkins; /* 6: fewer have no score */
    int beats;        /* 4 */
};

struct kura_beacon_score {
    int64_t events, checkins; /* checkins: of the series that is scored */
    double span_h;
    bool strobe;
    bool scored; /* what follows is set */
    bool same_size;
    bool has_size;
    double score, period_s, jitter, on_beat, tightness, early, size,
        persistence, confidence;
};

/* Reads "burst_s=5 min_checkins=6 tolerance=0.25 beats=4", any of them, in any
 * order, blanks or commas between; the rest stays as it is by default. */
enum kura_rc kura_beacon_options_read(const char *s, size_t n,
                                      struct kura_beacon_options *out,
                                      struct kura_err *err);

struct kura_beacon;
enum kura_rc kura_beacon_new(const struct kura_beacon_options *options,
                             struct kura_beacon **out, struct kura_err *err);
void kura_beacon_free(struct kura_beacon *b);

/* One event at ts, in microseconds; bytes is NAN when they are not known. */
enum kura_rc kura_beacon_add(struct kura_beacon *b, int64_t ts, double bytes,
                             struct kura_err *err);

/* The score of what was added so far. */
enum kura_rc kura_beacon_get(struct kura_beacon *b,
                             struct kura_beacon_score *out,
                             struct kura_err *err);

#endif
