/* timeline_html.h - a timeline as one page: where the entity was seen, what
 * lies where it was not looked at, and its events day by day.
 *
 * No script, no request, log content inert (html.h).  The page stays below
 * KURA_TIMELINE_HTML_MAX whatever there is: it ends earlier then, and says so.
 */
#ifndef KURA_QUERY_TIMELINE_HTML_H
#define KURA_QUERY_TIMELINE_HTML_H

#include "base/buf.h"
#include "query/timeline.h"

#define KURA_TIMELINE_HTML_MAX ((size_t)5000000)
#define KURA_TIMELINE_HTML_ROWS 10000 /* unless the caller says otherwise */

/* Steps t to its end and finishes it.  range: in words, for the page.  *rows:
 * how many events it shows. */
enum kura_rc kura_timeline_html(struct kura_timeline *t,
                                const struct kura_timeline_ask *ask,
                                const char *range, FILE *f, int64_t *rows,
                                struct kura_err *err);

#endif
