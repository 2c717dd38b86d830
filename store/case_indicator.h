/* case_indicator.h - what case.db keeps of indicators: the values that are
 * looked for, what was matched against them, and what was found
 * (sql/case/3-indicators.sql).
 *
 * A type and value is there once: importing it again changes the row.  Removed
 * ones stay for the trail and are matched no more.  Values are in normal form
 * (query/indicator.h); texts that the caller gives are borrowed, those handed
 * to a callback last for the call.  Errors are those of casefile.h. */
#ifndef KURA_STORE_CASE_INDICATOR_H
#define KURA_STORE_CASE_INDICATOR_H

#include "base/err.h"
#include "store/casefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kura_indicator_type {
    KURA_INDICATOR_ADDRESS,
    KURA_INDICATOR_NETWORK,
    KURA_INDICATOR_DOMAIN,
    KURA_INDICATOR_URL,
    KURA_INDICATOR_EMAIL,
    KURA_INDICATOR_SUBJECT,
    KURA_INDICATOR_FILENAME,
    KURA_INDICATOR_HASH,
    KURA_INDICATOR_ACCOUNT,
    KURA_INDICATOR_USERAGENT
};
#define KURA_INDICATOR_TYPES 10
const char *kura_indicator_word(enum kura_indicator_type type);
bool kura_indicator_find(const char *word, size_t n,
                         enum kura_indicator_type *out);

#define KURA_INDICATOR_NEVER INT64_MIN /* a time that is not said */

struct kura_indicator {
    int64_t number; /* filled when it is read */
    enum kura_indicator_type type;
    const char *value, *written, *source;
    int confidence, stated; /* 0 to 100 */
    const char *tlp, *campaign, *comment, *warning;
    int64_t first_seen, expires_at; /* or KURA_INDICATOR_NEVER */
    int64_t added_at, changed_at;   /* filled when it is read */
};

/* --- Importing: one transaction ---------------------------------------- */

struct kura_indicator_import;
enum kura_indicator_put {
    KURA_INDICATOR_NEW,
    KURA_INDICATOR_CHANGED,
    KURA_INDICATOR_SAME
};
enum kura_rc kura_indicator_import_begin(struct kura_casefile *c,
                                         int64_t now_us,
                                         struct kura_indicator_import **out,
                                         struct kura_err *err);
/* What the import says replaces what was there, but an empty text replaces
 * none, and the earlier first_seen stays. */
enum kura_rc kura_indicator_import_put(struct kura_indicator_import *i,
                                       const struct kura_indicator *ind,
                                       enum kura_indicator_put *out,
                                       struct kura_err *err);
/* keep: with a line of the trail; else, or after an error rc, nothing has
 * happened.  Frees i. */
enum kura_rc kura_indicator_import_end(struct kura_indicator_import *i,
                                       enum kura_rc rc, bool keep,
                                       const char *owner, const char *subject,
                                       struct kura_err *err);

/* --- Reading and removing ---------------------------------------------- */

typedef enum kura_rc kura_indicator_fn(void *arg,
                                       const struct kura_indicator *ind,
                                       struct kura_err *err);
/* All that are not removed, by number. */
enum kura_rc kura_indicator_each(struct kura_casefile *c, kura_indicator_fn *fn,
                                 void *arg, struct kura_err *err);
/* Removes those of the number (0: any), value and source (NULL: any) that are
 * given; at least one is.  *count of them were there.  keep false: they are
 * counted, and nothing has happened. */
enum kura_rc kura_indicator_remove(struct kura_casefile *c, int64_t number,
                                   const char *value, const char *source,
                                   int64_t now_us, const char *owner, bool keep,
                                   int64_t *count, struct kura_err *err);

/* --- What was matched and found ---------------------------------------- */

struct kura_indicator_matched {
    char partition[33];
    const char *table; /* of the partition */
    int64_t day;
    int64_t rows, upto; /* upto 0: was never matched */
    int64_t lines;      /* the same for what has no sightings */
    bool now;           /* by this run; the others are only there still */
    const char *urls;   /* the column, when its URLs were read: hits of hosts of
                           URLs in other columns are settled */
    bool whole; /* by this run against all: what it had before is gone */
};
/* Fills rows, upto and lines from the partition. */
enum kura_rc kura_indicator_matched_get(struct kura_casefile *c,
                                        struct kura_indicator_matched *m,
                                        struct kura_err *err);

struct kura_indicator_hit {
    int64_t indicator;
    const char *table, *column, *how;
    char partition[33];
    int64_t day;
    int64_t first_ts, last_ts, events;
    int64_t clients; /* -1: not known */
    char *value;
};
/* Records what one run did, and leaves its transaction open so that it can be
 * shown before _end keeps it or not: `partitions` are all that have sightings.
 * Hits of a partition that others have replaced give way to theirs, which count
 * as found when those were.  *run is the number of this one. */
enum kura_rc
kura_indicator_record(struct kura_casefile *c,
                      const struct kura_indicator_hit *hits, size_t nhits,
                      const struct kura_indicator_matched *partitions,
                      size_t npartitions, int64_t now_us, const char *owner,
                      int64_t *run, struct kura_err *err);
enum kura_rc kura_indicator_record_end(struct kura_casefile *c, bool keep,
                                       struct kura_err *err);

#endif
