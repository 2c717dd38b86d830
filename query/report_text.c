#include "query/report_internal.h"

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
