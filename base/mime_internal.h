/* mime_internal.h - what the files mime*.c share with each other; nobody else
 * includes it. */
#ifndef KURA_BASE_MIME_INTERNAL_H
#define KURA_BASE_MIME_INTERNAL_H

#include "base/buf.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

struct span {
    const char *s;
    size_t n;
};

static inline bool blank_is(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What a fold or a gap between two words is made of. */
static inline bool gap_is(char c)
{
    return blank_is(c) || c == '?';
}

static inline char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool alnum_is(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

static inline int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool same_text(struct span a, const char *b)
{
    return kura_text_casecmp(a.s, a.n, b, strlen(b)) == 0;
}

static inline struct span trim(struct span t)
{
    while (t.n > 0 && blank_is(t.s[0])) {
        t.s++;
        t.n--;
    }
    while (t.n > 0 && blank_is(t.s[t.n - 1]))
        t.n--;
    return t;
}

/* Appends nothing on failure. */
static inline enum kura_rc appended(struct kura_buf *out, size_t was,
                                    enum kura_rc rc)
{
    if (rc != KURA_OK && out->len > was) {
        out->len = was;
        out->data[was] = '\0';
    }
    return rc;
}

/* --- mime_charset.c ---------------------------------------------------- */

/* Longer names are no charset. */
#define KURA_MIME_CHARSET_MAX 48

bool kura_mime_charset_is_known(struct span charset);

/* Appends the bytes as clean UTF-8; *ok is false, and nothing appended, when
 * the charset is unknown (unless all is ASCII) or the bytes are not text in
 * it, nor in UTF-8.  With `cut` an unfinished character at the end is let
 * go. */
enum kura_rc kura_mime_charset_decode(struct span charset, struct span in,
                                      bool cut, struct kura_buf *out, bool *ok,
                                      struct kura_err *err);

/* The last resort: a byte without a meaning becomes \xHH, as long as more
 * characters than bytes of that sort come out. */
enum kura_rc kura_mime_charset_decode_most(struct span charset, struct span in,
                                           struct kura_buf *out, bool *ok,
                                           struct kura_err *err);

/* --- mime_guess.c ----------------------------------------------------- */

/* --- mime_guess.c ----------------------------------------------------- */

/* --- mime_guess.c ----------------------------------------------------- */

/* Appends bytes of which nobody says what they are: ISO-2022-JP, EUC-JP and
 * Shift_JIS are recognised, anything else goes through as it is.  What is
 * appended need not be clean. */
enum kura_rc kura_mime_charset_guess(struct span in, struct kura_buf *out,
                                     struct kura_err *err);

/* Length of a stretch of ISO-2022-JP that begins at t.s[i], from its escape
 * to the one that ends it; 0 when none begins there.  An escape may have been
 * made '?' by Postfix.  Inside, quotes and semicolons are halves of
 * characters. */
size_t kura_mime_jis_length(struct span t, size_t i);

/* --- mime_word.c ------------------------------------------------------- */

/* Length of the encoded word at t.s[i], ended or cut; 0 when there is none. */
size_t kura_mime_word_length(struct span t, size_t i);

/* kura_mime_decode, which may leave a beginning in out when it fails. */
enum kura_rc kura_mime_text_decode(struct span t, struct kura_buf *out,
                                   struct kura_err *err);

/* --- mime_parameter.c -------------------------------------------------- */

/* Appends what stands in a quoted string, its escapes taken out. */
enum kura_rc kura_mime_unquote(struct span t, struct kura_buf *out,
                               struct kura_err *err);

#endif
