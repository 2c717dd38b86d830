/* punycode.c - label by label, so that one that is wrong hides no other. */
#include "base/punycode.h"

#include "base/text.h"

#include <idn2.h>
#include <string.h>

#define LABEL_MAX 63u /* RFC 1035 */
/* No name that libidn2 would take is longer: 253 characters of 4 bytes. */
#define NAME_MAX_BYTES 1024u

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

static bool is_ascii(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if ((s[i] & 0x80) != 0)
            return false;
    return true;
}

static enum kura_rc append_lower(const char *s, size_t n, struct kura_buf *out,
                                 struct kura_err *err)
{
    size_t i, start = out->len;
    enum kura_rc rc = kura_buf_append(out, s, n, err);

    for (i = start; rc == KURA_OK && i < out->len; i++)
        if (out->data[i] >= 'A' && out->data[i] <= 'Z')
            out->data[i] = (char)(out->data[i] - 'A' + 'a');
    return rc;
}

enum kura_rc kura_punycode_encode(const char *s, size_t n, struct kura_buf *out,
                                  bool *is_null, struct kura_err *err)
{
    char text[NAME_MAX_BYTES + 1], *made = NULL;
    enum kura_rc rc;
    int answer;

    *is_null = false;
    if (is_ascii(s, n))
        return append_lower(s, n, out, err);
    *is_null = true;
    if (n > NAME_MAX_BYTES || memchr(s, '\0', n) != NULL)
        return KURA_OK;
    memcpy(text, s, n);
    text[n] = '\0';
    answer =
        idn2_to_ascii_8z(text, &made, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    if (answer == IDN2_MALLOC)
        return kura_err_nomem(err);
    if (answer != IDN2_OK)
        return KURA_OK;
    *is_null = false;
    rc = append_lower(made, strlen(made), out, err);
    idn2_free(made);
    return rc;
}
