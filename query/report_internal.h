/* report_internal.h - what the writers of a report share.  Only query/report*.c
 * include it. */
#ifndef KURA_QUERY_REPORT_INTERNAL_H
#define KURA_QUERY_REPORT_INTERNAL_H

#include "base/buf.h"
#include "query/functions.h"
#include "query/html.h"
#include "query/report.h"

struct kura_report {
    sqlite3 *db;
    struct kura_function_place place; /* of the functions of db */
    enum kura_language language;
    int64_t from_ts, to_ts;
};

/* Runs a statement for each of its rows; `row` may stop by an error. */
enum kura_rc kura_report_each(struct kura_report *r, const char *sql,
                              enum kura_rc (*row)(void *arg, sqlite3_stmt *stmt,
                                                  struct kura_err *err),
                              void *arg, struct kura_err *err);
/* A value of the table about, "" when it was not set; lives until the next
 * call. */
enum kura_rc kura_report_about(struct kura_report *r, const char *name,
                               struct kura_buf *out, struct kura_err *err);

/* --- Words (report_words.c) --------------------------------------------- */

enum kura_word {
    KURA_WORD_NEW,
    KURA_WORD_STILL,
    KURA_WORD_GONE,
    KURA_WORD_ALLOWED,
    KURA_WORD_NOTHING_NEW,
    KURA_WORD_PERIOD,
    KURA_WORD_MADE,
    KURA_WORD_COMMAND,
    KURA_WORD_VERSION,
    KURA_WORD_LINES,
    KURA_WORD_NO_LINES,
    KURA_WORD_FIRST,
    KURA_WORD_LAST,
    KURA_WORD_EVENTS,
    KURA_WORD_CLIENTS,
    KURA_WORD_HUNT,
    KURA_WORD_REASON,
    KURA_WORD_MATRIX,
    KURA_WORD_MATRIX_ABOUT,
    KURA_WORD_ACTIVITY,
    KURA_WORD_ACTIVITY_ABOUT,
    KURA_WORD_TALKERS,
    KURA_WORD_VOLUME,
    KURA_WORD_VOLUME_ABOUT,
    KURA_WORD_COVERAGE,
    KURA_WORD_COVERAGE_ABOUT,
    KURA_WORD_RUNS,
    KURA_WORD_TABLE,
    KURA_WORD_DAYS,
    KURA_WORD_ROWS,
    KURA_WORD_WHERE,
    KURA_WORD_SOURCE,
    KURA_WORD_SILENT,
    KURA_WORD_STATUS,
    KURA_WORD_FINDINGS,
    KURA_WORD_CLIENT,
    KURA_WORD_BYTES,
    KURA_WORD_CUT,
    KURA_WORD_HOW_TO_READ,
    KURA_WORD_COUNT
};
const char *kura_word(enum kura_language language, enum kura_word word);
/* "Delivery", of a stage or level; weekday 1 Monday to 7. */
const char *kura_word_stage(enum kura_language language, int stage);
const char *kura_word_level(enum kura_language language, const char *level);
const char *kura_word_weekday(enum kura_language language, int weekday);

/* --- Writers ------------------------------------------------------------- */

enum kura_rc kura_report_html(struct kura_report *r, struct kura_buf *out,
                              struct kura_err *err);
enum kura_rc kura_report_markdown(struct kura_report *r, struct kura_buf *out,
                                  struct kura_err *err);

/* --- Pictures (report_svg.c) ---------------------------------------------- */

/* n values as bars, all in `title` for those who cannot see. */
enum kura_rc kura_svg_bars(const int64_t *values, size_t n, int width,
                           int height, struct kura_buf *out,
                           struct kura_err *err);
/* 7 days by 24 hours; working hours are framed. */
enum kura_rc kura_svg_week(const int64_t values[7][24],
                           const double working[7][24],
                           enum kura_language language, struct kura_buf *out,
                           struct kura_err *err);

#endif
