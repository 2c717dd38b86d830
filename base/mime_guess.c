/* mime_guess.c - names sent as bare bytes, without a word of their charset.
 *
 * ISO-2022-JP shows itself by its escapes (Postfix writes '?' for ESC), EUC-JP
 * and Shift_JIS by two characters of Japanese side by side: a letter of Latin-1
 * with what follows it makes one by chance, seldom two. */
#include "base/mime.h"
#include "base/mime_internal.h"

#include <stdint.h>

/* A longer stretch is none: every "?$B" is looked at, and text may be made of
 * nothing else. */
#define JIS_MAX 512

static bool escape_is(struct span t, size_t i, char set, const char *ends)
{
    return t.n - i > 2 && (t.s[i] == 0x1B || t.s[i] == '?') &&
           t.s[i + 1] == set && t.s[i + 2] != '\0' &&
           strchr(ends, t.s[i + 2]) != NULL;
}

static bool jis_byte_is(char c)
{
    return c > 0x20 && c < 0x7F;
}

size_t kura_mime_jis_length(struct span t, size_t i)
{
    size_t at = i + 3;

    if (i >= t.n || !escape_is(t, i, '$', "@B"))
        return 0;
    while (at < t.n && at - i < JIS_MAX) {
        if (escape_is(t, at, '(', "BJ"))
            return at > i + 3 ? at + 3 - i : 0;
        if (t.n - at < 2 || !jis_byte_is(t.s[at]) || !jis_byte_is(t.s[at + 1]))
            return 0;
        at += 2;
    }
    return 0;
}

static bool utf8_is(struct span t)
{
    size_t at = 0;

    while (at < t.n) {
        uint32_t cp;
        size_t n = kura_text_decode(t.s + at, t.n - at, &cp);

        if (cp == 0xFFFD && n == 1)
            return false;
        at += n;
    }
    return true;
}

/* Two characters between U+3000 and U+9FFF (kana, kanji) side by side. */
static bool japanese_is(const struct kura_buf *text)
{
    size_t at = 0, run = 0;

    while (at < text->len && run < 2) {
        uint32_t cp;

        at += kura_text_decode(text->data + at, text->len - at, &cp);
        run = cp >= 0x3000 && cp < 0xA000 ? run + 1 : 0;
    }
    return run == 2;
}

static enum kura_rc bytes_guess(struct span in, struct kura_buf *out, bool *ok,
                                struct kura_err *err)
{
    static const char *const charsets[] = {"EUC-JP", "CP932"};
    enum kura_rc rc = KURA_OK;
    size_t i;

    *ok = false;
    for (i = 0; i < 2 && rc == KURA_OK && !*ok; i++) {
        struct span charset = {charsets[i], strlen(charsets[i])};

        kura_buf_reset(out);
        rc = kura_mime_charset_decode(charset, in, false, out, ok, err);
        *ok = *ok && japanese_is(out);
    }
    return rc;
}

/* A stretch of ISO-2022-JP, its escapes put back. */
static enum kura_rc jis_append(struct span in, struct kura_buf *out,
                               struct kura_err *err)
{
    static const struct span charset = {"iso-2022-jp", 11};
    struct kura_buf bytes;
    struct span fixed;
    enum kura_rc rc;
    bool ok = false;

    kura_buf_init(&bytes, in.n);
    rc = kura_buf_append(&bytes, in.s, in.n, err);
    if (rc != KURA_OK)
        goto out;
    bytes.data[0] = bytes.data[in.n - 3] = 0x1B;
    fixed.s = bytes.data;
    fixed.n = bytes.len;
    rc = kura_mime_charset_decode(charset, fixed, false, out, &ok, err);
    if (rc == KURA_OK && !ok)
        rc = kura_buf_append(out, in.s, in.n, err);
out:
    kura_buf_release(&bytes);
    return rc;
}

enum kura_rc kura_mime_charset_guess(struct span in, struct kura_buf *out,
                                     struct kura_err *err)
{
    struct kura_buf text;
    enum kura_rc rc = KURA_OK;
    bool ok = false;
    size_t i = 0;

    if (!utf8_is(in)) {
        /* Control characters are written \xHH, a byte of theirs as four. */
        kura_buf_init(&text,
                      in.n > SIZE_MAX / 16 ? SIZE_MAX / 2 : in.n * 12 + 1);
        rc = bytes_guess(in, &text, &ok, err);
        if (rc == KURA_OK && ok)
            rc = kura_buf_append(out, text.data, text.len, err);
        kura_buf_release(&text);
        if (rc != KURA_OK || ok)
            return rc;
    }
    while (i < in.n && rc == KURA_OK) {
        struct span jis = {in.s + i, kura_mime_jis_length(in, i)};

        rc = jis.n > 0 ? jis_append(jis, out, err)
                       : kura_buf_putc(out, in.s[i], err);
        i += jis.n > 0 ? jis.n : 1;
    }
    return rc;
}

/* What stands between control characters, which stay as they are. */
static enum kura_rc lines_decode(const char *name, struct span in,
                                 struct kura_buf *out, bool *ok,
                                 struct kura_err *err)
{
    struct span charset = {name, strlen(name)};
    enum kura_rc rc = KURA_OK;
    size_t at = 0, end;

    kura_buf_reset(out);
    *ok = true;
    while (at < in.n && rc == KURA_OK && *ok) {
        for (end = at; end < in.n && (unsigned char)in.s[end] >= 0x20; end++)
            continue;
        if (end != at)
            rc = kura_mime_charset_decode(
                charset, (struct span){in.s + at, end - at}, false, out, ok,
                err);
        if (rc == KURA_OK && end < in.n)
            rc = kura_buf_putc(out, in.s[end], err);
        at = end + 1;
    }
    *ok = *ok && japanese_is(out);
    return rc;
}

enum kura_rc kura_mime_guess(const char *s, size_t n, struct kura_buf *out,
                             struct kura_err *err)
{
    static const char *const charsets[] = {"EUC-JP", "CP932"};
    struct span in = {s, n};
    struct kura_buf text;
    enum kura_rc rc = KURA_OK;
    bool ok = false;
    size_t i;

    kura_buf_init(&text, n > SIZE_MAX / 16 ? SIZE_MAX / 2 : n * 8 + 64);
    for (i = 0; i < 2 && rc == KURA_OK && !ok && !utf8_is(in); i++)
        rc = lines_decode(charsets[i], in, &text, &ok, err);
    if (rc == KURA_OK)
        rc = kura_buf_append(out, ok ? text.data : s, ok ? text.len : n, err);
    kura_buf_release(&text);
    return rc;
}
