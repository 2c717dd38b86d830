/* report.h - a report: what is new, what is known, what was searched.
 *
 * It is a database in memory (sql/report.sql) that is filled piece by piece and
 * then written in any of the formats.  Everything is written in a total order,
 * and but for what kura_report_set says of the run nothing depends on when it
 * was made: two reports over the same data are the same bytes.
 *
 * Log content is hostile: it is escaped for HTML, Markdown and CSV, hosts
 * outside are defanged where people read, and the page allows itself nothing
 * but its own style.  HTML stays under KURA_REPORT_HTML_MAX whatever was found:
 * what is cut is counted, and the page says where the rest is. */
#ifndef KURA_QUERY_REPORT_H
#define KURA_QUERY_REPORT_H

#include "query/engine.h"
#include "query/hunt.h"
#include "query/hunt_run.h"
#include "query/report_plan.h"
#include "store/case_hunt.h"
#include "store/warehouse.h"

#include <stdio.h>

#define KURA_REPORT_HTML_MAX ((size_t)5000000)
/* Slices of the period in a sparkline. */
#define KURA_REPORT_SLICES 48

struct kura_report;

/* The period is half-open; zone is borrowed. */
enum kura_rc kura_report_new(const struct kura_zone *zone,
                             enum kura_language language, int64_t from_ts,
                             int64_t to_ts, struct kura_report **out,
                             struct kura_err *err);
void kura_report_free(struct kura_report *r); /* NULL ok */

/* What stands about it: title, name, command, version, site, made (when and how
 * long: the one thing that differs from run to run). */
enum kura_rc kura_report_set(struct kura_report *r, const char *name,
                             const char *value, struct kura_err *err);

/* h may be NULL when the hunt is gone, allowed when no rule takes it. */
enum kura_rc kura_report_add_finding(struct kura_report *r,
                                     const struct kura_finding *f,
                                     const struct kura_hunt *h,
                                     const char *allowed, struct kura_err *err);
enum kura_rc kura_report_add_evidence(struct kura_report *r, const char *id,
                                      const struct kura_evidence *list,
                                      size_t count, struct kura_err *err);
/* found: findings of the run. */
enum kura_rc kura_report_add_run(struct kura_report *r,
                                 const struct kura_hunt *h, int64_t from_ts,
                                 int64_t to_ts,
                                 const struct kura_hunt_answer *a,
                                 int64_t found, struct kura_err *err);

/* Of the period, through a connection that has the tables: activity by weekday
 * and hour, who did most, and which days were searched. */
enum kura_rc kura_report_collect(struct kura_report *r, sqlite3 *db,
                                 const struct kura_engine *engine,
                                 struct kura_err *err);
/* Rows a source and day, from the catalog. */
enum kura_rc kura_report_collect_volume(struct kura_report *r,
                                        struct kura_warehouse *w,
                                        struct kura_err *err);

struct kura_report_count {
    int64_t fresh, still, gone, allowed;
};
enum kura_rc kura_report_tally(struct kura_report *r,
                               struct kura_report_count *out,
                               struct kura_err *err);

enum kura_rc kura_report_write(struct kura_report *r,
                               enum kura_report_output how, FILE *f,
                               struct kura_err *err);

#endif
