#include "query/html.h"

#include "base/embedded.h"
#include "base/text.h"

enum kura_rc kura_html_text(const char *s, size_t n, struct kura_buf *out,
                            struct kura_err *err)
{
    struct kura_buf seen;
    enum kura_rc rc;
    size_t i, from = 0;

    kura_buf_init(&seen, out->max);
    rc = kura_text_escape(s, n, &seen, err);
    for (i = 0; rc == KURA_OK && i < seen.len; i++) {
        const char *entity = seen.data[i] == '&'    ? "&amp;"
                             : seen.data[i] == '<'  ? "&lt;"
                             : seen.data[i] == '>'  ? "&gt;"
                             : seen.data[i] == '"'  ? "&quot;"
                             : seen.data[i] == '\'' ? "&#39;"
                                                    : NULL;

        if (entity == NULL)
            continue;
        rc = kura_buf_append(out, seen.data + from, i - from, err);
        if (rc == KURA_OK)
            rc = kura_buf_puts(out, entity, err);
        from = i + 1;
    }
    if (rc == KURA_OK)
        rc = kura_buf_append(out, seen.data + from, seen.len - from, err);
    kura_buf_release(&seen);
    return rc;
}

enum kura_rc kura_html_begin(const char *language, const char *title, size_t n,
                             struct kura_buf *out, struct kura_err *err)
{
    const char *style = NULL;
    enum kura_rc rc = kura_embedded_text("sql/report.css", &style, err);

    if (rc == KURA_OK)
        rc = kura_buf_printf(
            out, err,
            "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
            "<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, "
            "initial-scale=1\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" "
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            "<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
            language);
    if (rc == KURA_OK)
        rc = kura_html_text(title, n, out, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(out, err,
                             "</title>\n<style>\n%s</style>\n</head>\n<body>\n"
                             "<h1>",
                             style);
    if (rc == KURA_OK)
        rc = kura_html_text(title, n, out, err);
    return rc == KURA_OK ? kura_buf_puts(out, "</h1>\n", err) : rc;
}
