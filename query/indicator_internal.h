/* indicator_internal.h - what the files indicator_*.c share; nobody else
 * includes it. */
#ifndef KURA_QUERY_INDICATOR_INTERNAL_H
#define KURA_QUERY_INDICATOR_INTERNAL_H

#include "base/clock.h"
#include "base/json_read.h"
#include "query/indicator_file.h"

#include <stdbool.h>

extern const enum kura_indicator_type kura_indicator_types[]; /* to point at */

/* An entry of which only the text is said. */
struct kura_indicator_entry kura_indicator_entry_of(const char *s, size_t n,
                                                    size_t line);

/* An instant as feeds write it: ISO 8601, a date, "DATE TIME [UTC]", seconds
 * since 1970; in UTC. */
bool kura_indicator_time(const struct kura_zone *utc, const char *s, size_t n,
                         int64_t *out);
void kura_indicator_problem(const struct kura_indicator_file *f, size_t line,
                            const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void kura_indicator_note(const struct kura_indicator_file *f, const char *fmt,
                         ...) __attribute__((format(printf, 2, 3)));

/* Whether the file reads as CSV with a header that names something known. */
enum kura_rc kura_indicator_csv_is(const struct kura_indicator_file *f,
                                   bool *out, struct kura_err *err);
enum kura_rc kura_indicator_csv(const struct kura_indicator_file *f,
                                const struct kura_zone *utc,
                                struct kura_err *err);
enum kura_rc kura_indicator_stix(const struct kura_indicator_file *f,
                                 const struct kura_json *root,
                                 const struct kura_zone *utc,
                                 struct kura_err *err);
enum kura_rc kura_indicator_misp(const struct kura_indicator_file *f,
                                 const struct kura_json *root,
                                 const struct kura_zone *utc,
                                 struct kura_err *err);

/* The line on which a value was read: asked for in the order of the file. */
struct kura_indicator_lines {
    size_t byte, line;
};
size_t kura_indicator_line(const struct kura_indicator_file *f,
                           struct kura_indicator_lines *at,
                           const struct kura_json *v);

#endif
