/* hunt_why.h - the sentence that a hunt says of a row.
 *
 *     {src_ip} sent {bytes:size} to {cs_host:defang} since {first_ts}
 *
 * {column} is the value; a column whose name ends in _ts is microseconds and
 * shown as date and time of the site's zone.  {column:size} are bytes,
 * {column:duration} seconds, {column:defang} something outside that nobody
 * shall click.  NULL is "-".  {{ is a brace. */
#ifndef KURA_QUERY_HUNT_WHY_H
#define KURA_QUERY_HUNT_WHY_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/sqlite.h"

#include <stdbool.h>
#include <stddef.h>

enum kura_why_kind {
    KURA_WHY_TEXT,
    KURA_WHY_PLAIN,
    KURA_WHY_SIZE,
    KURA_WHY_DURATION,
    KURA_WHY_DEFANG,
    KURA_WHY_BAD /* not understood; text is from there on */
};
struct kura_why_part {
    enum kura_why_kind kind;
    const char *text; /* the text, or the name of the column */
    size_t size;
};
/* The next part of a template; false at its end. */
bool kura_why_next(const char **at, struct kura_why_part *out);

/* Appends the sentence for the row that stmt stands on.  The template was
 * checked against its columns. */
enum kura_rc kura_why_render(const char *why, sqlite3_stmt *stmt,
                             const struct kura_zone *zone, struct kura_buf *out,
                             struct kura_err *err);

/* Appends bytes as people write them: 12.3 kB. */
enum kura_rc kura_why_size(double n, struct kura_buf *out,
                           struct kura_err *err);

#endif
