/* mime.c - the small things: media types and extensions. */
#include "base/mime.h"

#include "base/mime_internal.h"

static bool type_byte_is(char c)
{
    return alnum_is(c) || (c != '\0' && strchr("!#$&-^_.+", c) != NULL);
}

enum kura_rc kura_mime_type(const char *s, size_t n, struct kura_buf *out,
                            struct kura_err *err)
{
    size_t was = out->len, i = 0, from, slash;
    enum kura_rc rc = KURA_OK;

    while (i < n && (gap_is(s[i]) || s[i] == '"'))
        i++;
    from = i;
    while (i < n && type_byte_is(s[i]))
        i++;
    slash = i;
    if (i == from || i >= n || s[i] != '/')
        return KURA_OK;
    for (i++; i < n && type_byte_is(s[i]);)
        i++;
    if (i == slash + 1 || i - from > 255)
        return KURA_OK;
    for (; from < i && rc == KURA_OK; from++)
        rc = kura_buf_putc(out, lower(s[from]), err);
    return appended(out, was, rc);
}

/* Bytes of the blank that ends t: ASCII, no-break or ideographic. */
static size_t blank_at_end(struct span t)
{
    if (t.n > 0 && blank_is(t.s[t.n - 1]))
        return 1;
    if (t.n > 1 && memcmp(t.s + t.n - 2, "\xC2\xA0", 2) == 0)
        return 2;
    return t.n > 2 && memcmp(t.s + t.n - 3, "\xE3\x80\x80", 3) == 0 ? 3 : 0;
}

/* Bytes at the end of t that count for nothing when a program is started:
 * blanks, dots, what no name can hold, the end of a word not decoded. */
static size_t end_ignored(struct span t)
{
    if (t.n > 1 && memcmp(t.s + t.n - 2, "?=", 2) == 0)
        return 2;
    if (t.n > 0 && strchr(".?\"", t.s[t.n - 1]) != NULL)
        return 1;
    return blank_at_end(t);
}

enum kura_rc kura_mime_extension(const char *s, size_t n, struct kura_buf *out,
                                 struct kura_err *err)
{
    size_t was = out->len, dot, i;
    struct span t = {s, n};
    enum kura_rc rc = KURA_OK;

    while (end_ignored(t) > 0)
        t.n -= end_ignored(t);
    for (dot = t.n; dot > 0 && t.s[dot - 1] != '.'; dot--)
        ;
    if (dot == 0)
        return KURA_OK;
    t.s += dot;
    t.n -= dot;
    t = trim(t);
    if (t.n == 0 || t.n > 16 || !kura_text_is_clean(t.s, t.n))
        return KURA_OK;
    for (i = 0; i < t.n; i++)
        if (blank_is(t.s[i]) || t.s[i] == '/' || t.s[i] == '\\')
            return KURA_OK;
    for (i = 0; i < t.n && rc == KURA_OK; i++)
        rc = kura_buf_putc(out, lower(t.s[i]), err);
    return appended(out, was, rc);
}
