#include "base/json.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* What must be escaped, and what a terminal or a reader would stumble over:
 * C1, bidi controls, line separators. */
static bool json_is_escaped(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || cp == 0x61C ||
           cp == 0x200E || cp == 0x200F || (cp >= 0x2028 && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069) || cp == 0xFEFF || cp == 0xFFFD;
}

/* How many bytes from here on stand for themselves. */
static size_t json_plain_size(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && s[i] >= 0x20 && s[i] < 0x7F && s[i] != '"' && s[i] != '\\')
        i++;
    return i;
}

enum kura_rc kura_json_text(const char *s, size_t n, struct kura_buf *out,
                            struct kura_err *err)
{
    enum kura_rc rc = kura_buf_putc(out, '"', err);
    size_t i, used;
    uint32_t cp;

    for (i = 0; rc == KURA_OK && i < n; i += used) {
        used = json_plain_size(s + i, n - i);
        if (used != 0) {
            rc = kura_buf_append(out, s + i, used, err);
            continue;
        }
        used = kura_text_decode(s + i, n - i, &cp);
        if (cp == '"' || cp == '\\')
            rc = kura_buf_printf(out, err, "\\%c", (int)cp);
        else if (cp == '\n')
            rc = kura_buf_puts(out, "\\n", err);
        else if (cp == '\r')
            rc = kura_buf_puts(out, "\\r", err);
        else if (cp == '\t')
            rc = kura_buf_puts(out, "\\t", err);
        else if (json_is_escaped(cp))
            rc = kura_buf_printf(out, err, "\\u%04x", (unsigned)cp);
        else
            rc = kura_buf_append(out, s + i, used, err);
    }
    return rc == KURA_OK ? kura_buf_putc(out, '"', err) : rc;
}
