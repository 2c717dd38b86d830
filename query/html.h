/* html.h - what every page that kura writes has in common: log content made
 * harmless, and a head that allows the page its own style and nothing else. */
#ifndef KURA_QUERY_HTML_H
#define KURA_QUERY_HTML_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* Log content for a page: control, bidi and invisible characters made visible,
 * then & < > " ' as entities. */
enum kura_rc kura_html_text(const char *s, size_t n, struct kura_buf *out,
                            struct kura_err *err);

/* From the first byte to the heading of the page, which is the title, with the
 * style of sql/report.css.  language: "en" ... */
enum kura_rc kura_html_begin(const char *language, const char *title, size_t n,
                             struct kura_buf *out, struct kura_err *err);

#endif
