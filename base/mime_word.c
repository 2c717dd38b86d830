/* mime_word.c - encoded words of RFC 2047 made readable.
 *
 * An encoded word is =?charset?B or Q?text?=.  Neighbours of one charset are
 * turned into bytes together before conversion, because senders cut between
 * the bytes of a character; when that fails each is tried alone, and one that
 * is hardly text stays as it was written.  A fold is the line break in a long
 * header: "\r\n " in the mail, "? " or "??" in a log of Postfix, which
 * replaces control characters by '?'. */
#include "base/mime.h"

#include "base/mime_internal.h"

struct word {
    struct span all; /* as written, from =? to ?= */
    struct span charset;
    struct span text;
    char encoding; /* 'b' or 'q' */
    bool cut;      /* the end ?= is missing */
};

/* "charset?B?" at s; the text after it is not looked at. */
static bool word_begins(const char *s, size_t n, struct word *w)
{
    size_t i = 0;

    while (i < n && i < KURA_MIME_CHARSET_MAX + 16 && s[i] != '\0' &&
           (alnum_is(s[i]) || strchr("-_.:+*", s[i]) != NULL))
        i++;
    if (n - i < 3 || s[i] != '?' || s[i + 2] != '?')
        return false;
    w->encoding = lower(s[i + 1]);
    w->charset.s = s;
    w->charset.n = i;
    w->text.s = s + i + 3;
    w->text.n = 0;
    return w->encoding == 'b' || w->encoding == 'q';
}

/* "=?charset?B?" at t.s[i]; or "?charset?B?" where the sender lost the '=',
 * which only a charset tells from a question. */
static bool word_begins_at(struct span t, size_t i, struct word *w)
{
    const char *s = t.s + i;
    size_t n = t.n - i;

    if (n > 2 && s[0] == '=' && s[1] == '?')
        return word_begins(s + 2, n - 2, w);
    return n > 1 && s[0] == '?' &&
           (i == 0 || blank_is(s[-1]) || s[-1] == '"' || s[-1] == '=') &&
           word_begins(s + 1, n - 1, w) &&
           kura_mime_charset_is_known(w->charset);
}

/* Where the ?= of a word is, in one piece from t.s[i] to there; t.n when there
 * is none. */
static size_t word_end_find(struct span t, size_t i)
{
    for (; t.n - i > 1 && !blank_is(t.s[i]); i++) {
        if (t.s[i] == '?' && t.s[i + 1] == '=')
            return i;
        if (strchr("\";<>", t.s[i]) != NULL ||
            (t.s[i] == '=' && t.s[i + 1] == '?'))
            return t.n;
    }
    return t.n;
}

/* "a?=E6=97?=": the question mark of a sender who did not encode it. */
static bool question_is(struct span t, size_t i)
{
    return t.n - i > 3 && hex_value(t.s[i + 2]) >= 0 &&
           hex_value(t.s[i + 3]) >= 0 && t.s[i + 2] < 'a' && t.s[i + 3] < 'a' &&
           word_end_find(t, i + 4) < t.n;
}

static bool base64_is(char c)
{
    return alnum_is(c) || (c != '\0' && strchr("+/-_=", c) != NULL) ||
           gap_is(c);
}

/* Reads the word at t.s[at].  It ends at ?=, at the next word, at a byte that
 * base64 cannot hold, or with the text. */
static bool word_read(struct span t, size_t at, struct word *w)
{
    struct word next;
    size_t i, junk = 0; /* stray bytes are let go up to here */

    if (!word_begins_at(t, at, w))
        return false;
    w->cut = true;
    for (i = (size_t)(w->text.s - t.s); i < t.n; i++) {
        char c = t.s[i];

        if (c == '?' && t.n - i > 1 && t.s[i + 1] == '=') {
            /* ??=?utf-8?B?: a fold, and the '=' of the next word */
            if (word_begins_at(t, i + 1, &next))
                break;
            if (w->encoding == 'q' && question_is(t, i))
                continue;
            w->cut = false;
            break;
        }
        if ((c == '=' || c == '?') && word_begins_at(t, i, &next))
            break;
        if (w->encoding == 'b' && !base64_is(c) && i >= junk) {
            junk = word_end_find(t, i);
            if (junk == t.n)
                break;
        }
    }
    w->text.n = (size_t)(t.s + i - w->text.s);
    w->all.s = t.s + at;
    w->all.n = i - at + (w->cut ? 0 : 2);
    return true;
}

size_t kura_mime_word_length(struct span t, size_t i)
{
    struct word w;

    return word_read(t, i, &w) ? w.all.n : 0;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-') /* the second is the alphabet of URLs */
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Padding ends a group wherever it stands, so joined texts decode too, and a
 * group that was cut gives the bytes that it holds. */
static enum kura_rc base64_decode(struct span t, struct kura_buf *out,
                                  struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    unsigned bits = 0, have = 0;
    size_t i;

    for (i = 0; i < t.n && rc == KURA_OK; i++) {
        int v = base64_value(t.s[i]);

        if (v < 0) {
            if (t.s[i] == '=')
                bits = have = 0;
            continue;
        }
        bits = (bits << 6 | (unsigned)v) & 0xFFFF;
        have += 6;
        if (have >= 8) {
            have -= 8;
            rc = kura_buf_putc(out, (char)(bits >> have & 0xFF), err);
        }
    }
    return rc;
}

/* Length of the fold at t.s[i]; 0 when there is none. */
static size_t fold_length(struct span t, size_t i)
{
    char c = t.s[i];

    if (c == '\r' || c == '\n' || c == '\t')
        return 1;
    return c == '?' && i + 1 < t.n && gap_is(t.s[i + 1]) ? 2 : 0;
}

static enum kura_rc quoted_decode(struct span t, bool cut, struct kura_buf *out,
                                  struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; i < t.n && rc == KURA_OK; i++) {
        size_t fold = fold_length(t, i);
        char c = t.s[i];

        if (fold > 0) {
            i += fold - 1;
            continue;
        }
        /* the '?' of an end that was cut, or half of a =XX */
        if (cut && (c == '?' || c == '=') && i + 1 == t.n)
            break;
        if (c == '=' && i + 2 < t.n && hex_value(t.s[i + 1]) >= 0 &&
            hex_value(t.s[i + 2]) >= 0) {
            c = (char)(hex_value(t.s[i + 1]) * 16 + hex_value(t.s[i + 2]));
            i += 2;
        } else if (c == '=' && cut && i + 2 == t.n) {
            break;
        } else if (c == '_') {
            c = ' ';
        }
        rc = kura_buf_putc(out, c, err);
    }
    return rc;
}

static enum kura_rc word_bytes(const struct word *w, struct kura_buf *out,
                               struct kura_err *err)
{
    if (w->encoding == 'b')
        return base64_decode(w->text, out, err);
    return quoted_decode(w->text, w->cut, out, err);
}

static enum kura_rc word_decode(const struct word *w, struct kura_buf *bytes,
                                struct kura_buf *out, bool *ok,
                                struct kura_err *err)
{
    enum kura_rc rc;
    struct span in;

    kura_buf_reset(bytes);
    rc = word_bytes(w, bytes, err);
    if (rc != KURA_OK)
        return rc;
    in.s = bytes->data;
    in.n = bytes->len;
    rc = kura_mime_charset_decode(w->charset, in, w->cut, out, ok, err);
    if (rc == KURA_OK && !*ok)
        rc = kura_mime_charset_decode_most(w->charset, in, out, ok, err);
    if (rc == KURA_OK && !*ok)
        rc = kura_text_clean(w->all.s, w->all.n, out, err);
    return rc;
}

/* The next word of t after `at` and a gap; *start is where it begins. */
static bool word_next(struct span t, size_t at, struct word *w, size_t *start)
{
    for (*start = at; *start < t.n; (*start)++) {
        if (word_read(t, *start, w))
            return true;
        if (!gap_is(t.s[*start]))
            return false;
    }
    return false;
}

/* Appends text that is no word; a real line break in it is one blank. */
static enum kura_rc literal_append(struct span t, struct kura_buf *out,
                                   struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i = 0;

    while (i < t.n && rc == KURA_OK) {
        size_t from = i;
        bool fold = false;

        while (i < t.n && !blank_is(t.s[i]))
            i++;
        rc = kura_text_clean(t.s + from, i - from, out, err);
        from = i;
        for (; i < t.n && blank_is(t.s[i]); i++)
            fold = fold || t.s[i] != ' ';
        if (rc == KURA_OK && i > from)
            rc = fold ? kura_buf_putc(out, ' ', err)
                      : kura_buf_append(out, t.s + from, i - from, err);
    }
    return rc;
}

/* Decodes the words from `at` on that share a charset; *end is where the last
 * of them ends. */
static enum kura_rc run_decode(struct span t, size_t at, struct kura_buf *bytes,
                               struct kura_buf *out, size_t *end,
                               struct kura_err *err)
{
    struct word w = {0}, first = {0};
    size_t start = at, words = 0, done;
    enum kura_rc rc = KURA_OK;
    struct span in;
    bool ok, readable = true, cut = false;

    kura_buf_reset(bytes);
    for (*end = at; rc == KURA_OK && word_next(t, *end, &w, &start); words++) {
        if (words == 0)
            first = w;
        else if (kura_text_casecmp(w.charset.s, w.charset.n, first.charset.s,
                                   first.charset.n) != 0)
            break;
        rc = word_bytes(&w, bytes, err);
        *end = start + w.all.n;
        cut = w.cut;
    }
    if (rc != KURA_OK)
        return rc;
    in.s = bytes->data;
    in.n = bytes->len;
    rc = kura_mime_charset_decode(first.charset, in, cut, out, &ok, err);
    done = at;
    while (rc == KURA_OK && !ok && words-- > 0 &&
           word_next(t, done, &w, &start)) {
        /* the gap belongs to a word that stays as it was written */
        if (!readable)
            rc = literal_append((struct span){t.s + done, start - done}, out,
                                err);
        if (rc == KURA_OK)
            rc = word_decode(&w, bytes, out, &readable, err);
        done = start + w.all.n;
    }
    return rc;
}

/* Text beside words.  RFC 2047 wants a blank between the two, so a '?' that
 * touches a word is what is left of a fold; elsewhere it may be a question. */
static enum kura_rc between_append(struct span t, bool after, bool before,
                                   struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    bool blank = false;
    size_t skip = 0;

    while (skip < t.n && gap_is(t.s[skip]))
        skip++;
    if (skip == t.n && (before || after) && t.n > 0 &&
        memchr(t.s, '?', t.n) != NULL)
        return KURA_OK;
    if (after && t.n > 1 && t.s[0] == '?' && gap_is(t.s[1])) {
        t.s += skip;
        t.n -= skip;
        rc = kura_buf_putc(out, ' ', err);
    }
    if (before && t.n > 2 && memcmp(t.s + t.n - 2, "??", 2) == 0) {
        t.n -= 2;
        blank = true;
    }
    if (rc == KURA_OK)
        rc = literal_append(t, out, err);
    if (rc == KURA_OK && blank)
        rc = kura_buf_putc(out, ' ', err);
    return rc;
}

/* A cut may leave a next word without its encoding: " =?utf-8?".  Nothing can
 * be read from it, and behind a word it is no text. */
static bool word_stub_is(struct span t)
{
    size_t i = 0;

    while (i < t.n && gap_is(t.s[i]))
        i++;
    if (t.n - i < 2 || t.s[i] != '=' || t.s[i + 1] != '?')
        return false;
    for (i += 2; i < t.n && t.s[i] != '\0' && t.s[i] != '?'; i++)
        if (!alnum_is(t.s[i]) && strchr("-_.:+*", t.s[i]) == NULL)
            return false;
    return t.n - i < 2 || (t.n - i == 2 && strchr("bBqQ", t.s[i + 1]) != NULL);
}

enum kura_rc kura_mime_text_decode(struct span t, struct kura_buf *out,
                                   struct kura_err *err)
{
    struct kura_buf bytes;
    size_t at = 0, from = 0;
    bool after = false;
    enum kura_rc rc = KURA_OK;
    struct word w;

    kura_buf_init(&bytes, t.n + 1);
    while (at < t.n && rc == KURA_OK) {
        struct span plain = {t.s + from, at - from};
        size_t gap = 0;

        if ((t.s[at] != '=' && t.s[at] != '?') || !word_read(t, at, &w)) {
            at++;
            continue;
        }
        while (gap < plain.n && gap_is(plain.s[gap]))
            gap++;
        if (!after || gap < plain.n)
            rc = between_append(plain, after, true, out, err);
        if (rc == KURA_OK)
            rc = run_decode(t, at, &bytes, out, &at, err);
        from = at;
        after = true;
    }
    if (rc == KURA_OK && from < t.n) {
        struct span plain = {t.s + from, t.n - from};

        if (!after || !word_stub_is(plain))
            rc = between_append(plain, after, false, out, err);
    }
    kura_buf_release(&bytes);
    return rc;
}

enum kura_rc kura_mime_decode(const char *s, size_t n, struct kura_buf *out,
                              struct kura_err *err)
{
    struct span t = {s, n};
    size_t was = out->len;

    return appended(out, was, kura_mime_text_decode(t, out, err));
}
