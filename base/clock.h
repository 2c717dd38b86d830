/* clock.h - instants, time zones, and the ways in which logs write a time.
 *
 * An instant is int64_t microseconds since 1970-01-01T00:00:00Z, without leap
 * seconds, within the years 0000 to 9999.  The clock is read here and passed
 * down; nothing in store/ reads it. */
#ifndef KURA_BASE_CLOCK_H
#define KURA_BASE_CLOCK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KURA_SECOND INT64_C(1000000)
#define KURA_DAY (INT64_C(86400) * KURA_SECOND)

/* "2026-08-25T01:02:03.000456Z" and a NUL: fixed width, so that the order of
 * texts is the order of instants. */
#define KURA_TIME_TEXT 28
#define KURA_DAY_TEXT 11 /* "2026-08-25" and a NUL */

int64_t kura_clock_now(void);

/* Instants outside the years 0000..9999 are written as the nearest one. */
void kura_time_format(int64_t us, char out[KURA_TIME_TEXT]);

/* Days since 1970-01-01 of an instant (floor), and back as text. */
int64_t kura_day_of(int64_t us);
void kura_day_format(int64_t day, char out[KURA_DAY_TEXT]);
/* Only what kura_day_format writes of a real date. */
bool kura_day_parse(const char *s, int64_t *day);

/* Civil calendar (proleptic Gregorian); month 1..12, day 1..31. */
int64_t kura_days_from_civil(int year, int month, int day);
void kura_civil_from_days(int64_t days, int *year, int *month, int *day);

/* A time zone by its tz database name ("Asia/Tokyo", "UTC") or a fixed offset
 * ("+09:00", "-0530").  Made before threads start (it asks libc once for all
 * changes of offset from 1970 to 2100); then immutable and shared. */
struct kura_zone;
enum kura_rc kura_zone_new(const char *name, struct kura_zone **out,
                           struct kura_err *err);
void kura_zone_free(struct kura_zone *z); /* NULL ok */
const char *kura_zone_name(const struct kura_zone *z);
/* Seconds east of UTC in force at an instant. */
int kura_zone_offset(const struct kura_zone *z, int64_t us);
/* What the wall clock shows at an instant, as an instant as if it were UTC; and
 * its day. */
int64_t kura_zone_local(const struct kura_zone *z, int64_t us);
int64_t kura_zone_day(const struct kura_zone *z, int64_t us);
/* The instant of a wall-clock time (given as an instant as if it were UTC).
 * A time that happens twice is the earlier one; one that is skipped is taken
 * with the offset before the gap. */
int64_t kura_zone_to_utc(const struct kura_zone *z, int64_t local_us);

/* What a person writes for a point or a span of time, in zone z:
 * 2026, 2026Q1, 2026-03, 2026-03-05, 2026-03-05T10[:20[:30[.5]]][Z|+09:00]
 * (or a blank for the T),
 * today, yesterday, now, 90d, 3mo, 1y, 12h (ago, ends now), A..B (from the
 * start of A to the end of B).  Half-open [*from, *to). */
enum kura_rc kura_range_parse(const char *text, const struct kura_zone *z,
                              int64_t now_us, int64_t *from, int64_t *to,
                              struct kura_err *err);

/* --- Times in logs ---------------------------------------------------- */

/* The layouts: a closed list, part of the on-disk format (docs/format.md),
 * because a shape names one by its word. */
enum kura_layout {
    KURA_LAYOUT_NONE = 0,
    KURA_LAYOUT_EPOCH, /* epoch    1424221299.090 (0 to 6 decimals) */
    KURA_LAYOUT_BSD,   /* bsd      Feb 16 11:43:32, day padded with a blank */
    KURA_LAYOUT_BSD0,  /* bsd0     Feb 06 11:43:32, day padded with 0 */
    KURA_LAYOUT_BSD1,  /* bsd1     Feb 6 11:43:32, day not padded */
    KURA_LAYOUT_ISO,   /* iso      2014-12-16T01:02:01.258399+09:00, or Z */
    KURA_LAYOUT_ISOC,  /* isoc     same with a compact offset: +0900 */
    KURA_LAYOUT_PLAIN, /* plain    2014-12-16 00:11:15 (0 to 6 decimals) */
    KURA_LAYOUT_PLAINT,/* plaint   2014-12-16T00:11:15, no offset */
    KURA_LAYOUT_CLF,   /* clf      12/Feb/2015:13:53:00 +0900 */
    KURA_LAYOUT_BIND,  /* bind     16-Dec-2014 01:03:55.123 (0 to 6 decimals) */
    KURA_LAYOUT_COUNT
};

/* How one text wrote an instant: with the instant, all that is needed to
 * write the same bytes again. */
struct kura_stamp {
    enum kura_layout layout;
    uint8_t decimals; /* digits after the point, 0..6 */
    bool zulu;        /* ISO: offset written as Z */
    int16_t offset;   /* minutes east of UTC that were written or assumed */
};

/* The word of a layout, and back (KURA_LAYOUT_NONE when unknown). */
const char *kura_layout_word(enum kura_layout l);
enum kura_layout kura_layout_find(const char *word, size_t n);

/* Reads all of s[0..n) in the layout; BSD stands for BSD, BSD0 and BSD1, ISO
 * for ISO, ISOC and PLAINT, PLAIN for PLAIN and PLAINT, and *out_stamp says
 * which it was.  Times without a zone are taken in `zone`; a time without a
 * year is given the year that puts it at or before as_of_us plus two days,
 * nearest to it.  false: not such a time, or not a real date. */
bool kura_stamp_parse(const char *s, size_t n, enum kura_layout layout,
                      const struct kura_zone *zone, int64_t as_of_us,
                      int64_t *out_us, struct kura_stamp *out_stamp);

#define KURA_STAMP_TEXT 48
/* Writes the instant as `st` says; returns the length. */
size_t kura_stamp_format(int64_t us, const struct kura_stamp *st,
                         char out[KURA_STAMP_TEXT]);

/* The word with its parameters as a shape holds it, e.g. "epoch.3",
 * "bsd+540", "iso.6+540", "isoz.3" (ISO with Z), "clf+540"; and back.  The
 * number after the sign is the offset in minutes; 0 is left out. */
#define KURA_STAMP_WORD 24
size_t kura_stamp_word(const struct kura_stamp *st, char out[KURA_STAMP_WORD]);
bool kura_stamp_from_word(const char *s, size_t n, struct kura_stamp *out);

#endif
