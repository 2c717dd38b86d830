/* punycode.c - label by label, so that one that is wrong hides no other. */
#include "base/punycode.h"

#include "base/text.h"

#include <idn2.h>
#include <string.h>

#define LABEL_MAX 63u /* RFC 1035 */

static enum kura_rc label_decode(const char *s, size_t n, struct kura_buf *out,
                                 struct kura_err *err)
{
    char label[LABEL_MAX + 1], *plain = NULL;
    enum kura_rc rc;
    size_t size;
    int code;

    if (n < 5 || n > LABEL_MAX || kura_text_casecmp(s, 4, "xn--", 4) != 0 ||
        memchr(s, '\0', n) != NULL)
        return kura_buf_append(out, s, n, err);
    memcpy(label, s, n);
    label[n] = '\0';
    code = idn2_to_unicode_8z8z(label, &plain, 0);
    if (code == IDN2_MALLOC)
        return kura_err_nomem(err);
    size = plain != NULL ? strlen(plain) : 0;
    if (code == IDN2_OK && size != 0 && kura_text_is_clean(plain, size))
        rc = kura_buf_append(out, plain, size, err);
    else
        rc = kura_buf_append(out, s, n, err);
    idn2_free(plain);
    return rc;
}

enum kura_rc kura_punycode_decode(const char *s, size_t n, struct kura_buf *out,
                                  struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t start, end;

    for (start = 0; start < n && rc == KURA_OK; start = end + 1) {
        for (end = start; end < n && s[end] != '.';)
            end++;
        rc = label_decode(s + start, end - start, out, err);
        if (rc == KURA_OK && end < n)
            rc = kura_buf_putc(out, '.', err);
    }
    return rc;
}
