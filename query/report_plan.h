/* report_plan.h - `reports:` of kura.yaml: which reports there are.
 *
 *     reports:
 *       - name: daily
 *         title: Yesterday          # what stands on it; the name if not said
 *         tag: core                 # or hunts: [a, b], or all: true
 *         period: yesterday
 *         language: en              # or ja
 *         outputs: [html, md, json, csv, timeline]   # html if not said
 *         folder: reports           # below the warehouse
 *         archived: false           # true: read volumes in place
 *         timeout: 600              # seconds a hunt
 *         deliver: 'mail -s "kura $KURA_REPORT" -A "$KURA_REPORT_HTML"
 * soc@example.com </dev/null'
 *
 * A period is what a person writes for a time (yesterday, 7d, 2025-03, 2025Q1),
 * or `last N days`, `last week`, `last month`, `last quarter`, `last year`:
 * whole days of the site's zone that are over.
 * Texts belong to the configuration.  KURA_EINPUT names file and line. */
#ifndef KURA_QUERY_REPORT_PLAN_H
#define KURA_QUERY_REPORT_PLAN_H

#include "base/clock.h"
#include "base/config.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kura_report_output {
    KURA_REPORT_HTML,
    KURA_REPORT_MARKDOWN,
    KURA_REPORT_JSON,
    KURA_REPORT_CSV,
    KURA_REPORT_TIMELINE,
    KURA_REPORT_OUTPUTS
};
/* "html"; NULL at the end. */
const char *kura_report_output_word(int output);
/* What a file of it is called behind the report's name: ".html",
 * "-timeline.csv" ... */
const char *kura_report_output_suffix(int output);

enum kura_language { KURA_ENGLISH, KURA_JAPANESE };

#define KURA_REPORT_HUNTS 256

struct kura_report_plan {
    const char *name, *title;
    const char *period;
    const char *tag;                      /* NULL: not by tag */
    const char *hunts[KURA_REPORT_HUNTS]; /* by name */
    size_t hunt_count;
    bool all;
    enum kura_language language;
    bool outputs[KURA_REPORT_OUTPUTS];
    const char *folder;
    bool archived;
    int64_t timeout_s;
    const char *deliver; /* NULL: nothing is delivered */
};

/* The report of that name; KURA_ENOTFOUND lists those that there are.  root is
 * that of kura.yaml (NULL: empty). */
enum kura_rc kura_report_plan_find(const struct kura_config *config,
                                   const char *name,
                                   struct kura_report_plan *out,
                                   struct kura_err *err);
/* Reads them all, so that a mistake in one is told before its morning. */
enum kura_rc kura_report_plan_list(const struct kura_config *config,
                                   struct kura_report_plan **out, size_t *count,
                                   struct kura_err *err);

/* The period as half-open instants of the zone. */
enum kura_rc kura_report_period(const char *text, const struct kura_zone *zone,
                                int64_t now_us, int64_t *from, int64_t *to,
                                struct kura_err *err);

#endif
