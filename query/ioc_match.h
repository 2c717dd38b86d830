/* ioc_match.h - indicators against everything that was kept.
 *
 * Hosts, addresses, e-mail addresses, accounts, user agents and file names are
 * matched against the sightings, whatever became of their logs.  What has no
 * sightings is read from the lines of the logs at hand: subjects, and URLs,
 * these only in partitions in which their host was seen.  A partition that was
 * matched before is asked for newer indicators only. */
#ifndef KURA_QUERY_IOC_MATCH_H
#define KURA_QUERY_IOC_MATCH_H

#include "base/err.h"
#include "query/engine.h"
#include "query/ioc_set.h"
#include "store/case_indicator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_ioc_plan {
    const struct kura_ioc_set *set;
    int64_t last; /* the highest number in it */
    bool all;     /* whatever was matched before */
    /* Indicators that a warning list names, by number: the host of such a URL
     * says nothing. */
    const int64_t *listed;
    size_t nlisted;
    /* What is known of a partition (kura_indicator_matched_get). */
    enum kura_rc (*matched)(void *arg, struct kura_indicator_matched *m,
                            struct kura_err *err);
    void *arg;
};

/* A column that was to be read and lies in partitions that are not at hand. */
struct kura_ioc_unread {
    const struct kura_schema *schema;
    int column;
    int64_t first_day, last_day;
    size_t partitions;
};

struct kura_ioc_result {
    struct kura_indicator_hit *hits;
    size_t nhits;
    struct kura_indicator_matched *partitions; /* all that have sightings */
    size_t npartitions;
    struct kura_ioc_unread *unread;
    size_t nunread;
    int64_t looked_up; /* values */
};

/* Within the engine's range.  The engine's coverage tells afterwards what was
 * searched.  Released by the caller after an error, too. */
enum kura_rc kura_ioc_match(struct kura_engine *e,
                            const struct kura_ioc_plan *plan,
                            struct kura_ioc_result *out, struct kura_err *err);
void kura_ioc_result_release(struct kura_ioc_result *r); /* zeroed ok */

#endif
