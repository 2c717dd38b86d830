/* scan.h - goes over the rows of a table that a set of predicates lets pass.
 *
 * Partitions are chosen by day and dictionary, segments by their times and by
 * the smallest and largest value of their chunks, rows one predicate after the
 * other, the cheapest first.  A chunk is decoded when its first value is
 * needed: counting rows reads none.  Everything stands still between two calls;
 * values are valid until the next call.  One thread. */
#ifndef KURA_QUERY_SCAN_H
#define KURA_QUERY_SCAN_H

#include "query/engine_internal.h"
#include "query/pushdown.h"
#include "store/schema.h"

/* Where the values of a column come from. */
enum kura_source_kind {
    KURA_FROM_INTEGERS, /* stored */
    KURA_FROM_IDS,      /* stored: a text column */
    KURA_FROM_FUNCTION, /* a text function of a stored text column */
    KURA_FROM_TIME,     /* iso_time of a stored integer column */
    KURA_FROM_DAY,      /* local_day */
    KURA_FROM_UTC_DAY,  /* utc_day */
    KURA_FROM_HOUR,     /* local_hour */
    KURA_FROM_WEEKDAY,  /* local_weekday */
    KURA_FROM_WORKING,  /* business_hours */
    KURA_FROM_LINE,     /* raw */
    KURA_FROM_UNKNOWN   /* a function that there is not */
};
enum kura_source_kind kura_scan_source(const struct kura_schema *s, int column);

/* Column and predicate; the scan owns the predicate from begin on. */
struct kura_term {
    int column;
    struct kura_predicate *predicate;
};

struct kura_scan_value {
    enum kura_operand_kind kind; /* NULL, INTEGER or TEXT */
    int64_t number;
    const char *text;
    size_t size;
};

struct kura_scan;
/* Enters the engine; free leaves it. */
enum kura_rc kura_scan_new(struct kura_engine *e, const struct kura_schema *s,
                           struct kura_scan **out, struct kura_err *err);
void kura_scan_free(struct kura_scan *s); /* NULL ok */

/* Starts anew before the first row and goes to it.  The predicates are taken
 * over even when it fails; the array is copied. */
enum kura_rc kura_scan_begin(struct kura_scan *s, struct kura_span span,
                             const struct kura_term *terms, size_t n,
                             struct kura_err *err);
enum kura_rc kura_scan_next(struct kura_scan *s, struct kura_err *err);
bool kura_scan_is_over(const struct kura_scan *s);
int64_t kura_scan_rowid(const struct kura_scan *s);
enum kura_rc kura_scan_value(struct kura_scan *s, int column,
                             struct kura_scan_value *out, struct kura_err *err);

/* A share of the partitions, for one of several scans at once.  One that runs
 * in a thread beside the engine's changes nothing of the engine: that is done,
 * in the engine's thread, when it has joined. */
struct kura_scan_lane {
    const uint8_t *lanes; /* per partition of the snapshot: whose it is */
    uint8_t mine;
    bool apart; /* in a thread of its own; all of its partitions are
                 * kura_engine_is_apart */
    struct kura_scan_stats stats;
    struct kura_scan_loss *lost;
    size_t nlost;
};
/* The lane is borrowed and must outlive the scan; NULL: every partition. */
void kura_scan_share(struct kura_scan *s, struct kura_scan_lane *lane);
void kura_scan_join(struct kura_engine *e, struct kura_scan_lane *lane);

/* Whole segments, for whoever adds up: instead of next, until it is over. */
struct kura_scan_rows {
    size_t entry; /* the partition, in the snapshot */
    const uint32_t
        *rows; /* those that pass, ascending; NULL: the first count */
    uint32_t count;
};
void kura_scan_rows(const struct kura_scan *s, struct kura_scan_rows *out);
enum kura_rc kura_scan_next_rows(struct kura_scan *s, struct kura_err *err);
/* The partition that turned out damaged last; SIZE_MAX: none. */
size_t kura_scan_damaged(const struct kura_scan *s);
/* The values of the segment at hand failed with this: leaves its partition out
 * and goes on behind it, if it is at fault; else fails again. */
enum kura_rc kura_scan_lose(struct kura_scan *s, enum kura_rc rc,
                            const struct kura_err *cause, struct kura_err *err);
/* Per row of the segment.  Ids: of the stored text column that the column is or
 * is computed from.  Integers: of every other column but raw; of a date the
 * days since 1970, of another time the microseconds; null[i] where NULL. */
enum kura_rc kura_scan_ids(struct kura_scan *s, int column,
                           const uint32_t **ids, struct kura_err *err);
enum kura_rc kura_scan_integers(struct kura_scan *s, int column,
                                const int64_t **values, const uint8_t **null,
                                struct kura_err *err);
/* One more than the largest of the ids, in the partition at hand. */
size_t kura_scan_id_end(struct kura_scan *s, int column);
/* What the column is for an id. */
enum kura_rc kura_scan_of_id(struct kura_scan *s, int column, uint32_t id,
                             struct kura_scan_value *out, struct kura_err *err);
/* The text of a date or time that kura_scan_integers gave. */
#define KURA_SCAN_TIME_TEXT KURA_TIME_TEXT
void kura_scan_time_text(enum kura_source_kind source, int64_t n,
                         char out[KURA_SCAN_TIME_TEXT]);
bool kura_source_is_time(enum kura_source_kind source);
bool kura_source_has_ids(enum kura_source_kind source);

#endif
