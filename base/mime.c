/* mime.c - how encoded header text is made readable.
 *
 * An encoded word is =?charset?B or Q?text?=.  Neighbours of one charset are
 * turned into bytes together before conversion, because senders cut between
 * the bytes of a character; when that fails each is tried alone, and one that
 * fails alone stays as it was written.  A fold is the line break in a long
 * header: "\r\n " in the mail, "? " or "??" in a log of Postfix, which
 * replaces control characters by '?'.  This is the only file that calls
 * iconv. */
#include "base/mime.h"

#include "base/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#define CHARSET_MAX 48
#define PARTS_MAX 64

struct span {
    const char *s;
    size_t n;
};

static bool blank_is(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What a fold or a gap between two words is made of. */
static bool gap_is(char c)
{
    return blank_is(c) || c == '?';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool alnum_is(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool same_text(struct span a, const char *b)
{
    return kura_text_casecmp(a.s, a.n, b, strlen(b)) == 0;
}

static struct span trim(struct span t)
{
    while (t.n > 0 && blank_is(t.s[0])) {
        t.s++;
        t.n--;
    }
    while (t.n > 0 && blank_is(t.s[t.n - 1]))
        t.n--;
    return t;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* --- Charsets --------------------------------------------------------- */

/* What mail calls a charset, and what to try for it in this order. */
struct charset_alias {
    const char *name;
    const char *tries[3];
};

static const struct charset_alias charset_aliases[] = {
    {"", {"UTF-8"}},
    {"utf8", {"UTF-8"}},
    {"unknown-8bit", {"UTF-8"}},
    {"x-unknown", {"UTF-8"}},
    {"unknown", {"UTF-8"}},
    {"us-ascii", {"UTF-8"}},
    {"ascii", {"UTF-8"}},
    {"iso-8859-1", {"WINDOWS-1252", "ISO-8859-1"}},
    {"shift_jis", {"SHIFT_JIS", "CP932"}},
    {"shift-jis", {"SHIFT_JIS", "CP932"}},
    {"sjis", {"SHIFT_JIS", "CP932"}},
    {"x-sjis", {"SHIFT_JIS", "CP932"}},
    {"ms_kanji", {"SHIFT_JIS", "CP932"}},
    {"windows-31j", {"CP932"}},
    {"cp932", {"CP932"}},
    {"euc-jp", {"EUC-JP", "EUC-JP-MS"}},
    {"iso-2022-jp", {"ISO-2022-JP", "ISO-2022-JP-3", "JIS"}},
    {"iso-2022-jp-ms", {"ISO-2022-JP-3", "JIS"}},
    {"cp50220", {"ISO-2022-JP-3", "JIS"}},
    {"cp50221", {"ISO-2022-JP-3", "JIS"}},
    {"gb2312", {"GB18030"}},
    {"gbk", {"GB18030"}},
    {"x-gbk", {"GB18030"}},
    {"cp936", {"GB18030"}},
    {"big5", {"BIG5", "CP950", "BIG5-HKSCS"}},
    {"euc-kr", {"EUC-KR", "CP949"}},
    {"ks_c_5601-1987", {"EUC-KR", "CP949"}},
    {"iso-8859-8-i", {"ISO-8859-8"}},
};

/* Only what names of charsets are made of: no '/', which iconv would take as
 * an option or a path.  RFC 2231 adds "*language". */
static bool charset_copy(struct span name, char out[CHARSET_MAX])
{
    size_t i;

    for (i = 0; i < name.n && name.s[i] != '*'; i++) {
        if (i + 1 >= CHARSET_MAX ||
            (!alnum_is(name.s[i]) && strchr("-_.:+", name.s[i]) == NULL))
            return false;
        out[i] = name.s[i];
    }
    out[i] = '\0';
    return true;
}

/* Converts all of in; *ok says whether every byte had a meaning.  With `cut`
 * an unfinished character at the end is let go. */
static enum kura_rc charset_convert(const char *charset, struct span in,
                                    bool cut, struct kura_buf *out, bool *ok,
                                    struct kura_err *err)
{
    iconv_t cd = iconv_open("UTF-8", charset);
    enum kura_rc rc = KURA_OK;
    char *from = (char *)(uintptr_t)in.s;
    size_t left = in.n;
    bool flush = false;

    *ok = false;
    kura_buf_reset(out);
    if (cd == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr) */
        return KURA_OK;
    for (;;) {
        size_t room, was, got;
        char *to;

        rc = kura_buf_reserve(out, left + 64, err);
        if (rc != KURA_OK)
            break;
        room = was = out->cap - 1 - out->len;
        if (room > out->max - out->len)
            room = was = out->max - out->len;
        to = out->data + out->len;
        got = flush ? iconv(cd, NULL, NULL, &to, &room)
                    : iconv(cd, &from, &left, &to, &room);
        out->len += was - room;
        out->data[out->len] = '\0';
        if (got == (size_t)-1 && errno == E2BIG)
            continue;
        if (got == (size_t)-1 && !(errno == EINVAL && cut))
            break;
        *ok = flush;
        if (flush)
            break;
        flush = true;
    }
    (void)iconv_close(cd);
    return rc;
}

/* ISO-2022-JP with the characters of Windows: the two-byte sets as EUC-JP. */
static enum kura_rc jis_to_euc(struct span in, struct kura_buf *out,
                               struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    char mode = 'B'; /* 'B' one byte, 'I' half-width katakana, '2' two bytes */
    size_t i;

    kura_buf_reset(out);
    for (i = 0; i < in.n && rc == KURA_OK; i++) {
        char c = in.s[i];

        if (c == 0x1B && in.n - i > 2) {
            if (in.s[i + 1] == '$')
                mode = '2';
            else
                mode = in.s[i + 2] == 'I' ? 'I' : 'B';
            i += 2;
            continue;
        }
        if (mode == 'I' && c > 0x20)
            rc = kura_buf_putc(out, (char)0x8E, err);
        if (mode != 'B' && c > 0x20)
            c = (char)((unsigned char)c | 0x80u);
        if (rc == KURA_OK)
            rc = kura_buf_putc(out, c, err);
    }
    return rc;
}

static enum kura_rc charset_try(const char *charset, struct span in, bool cut,
                                struct kura_buf *out, bool *ok,
                                struct kura_err *err)
{
    struct kura_buf euc;
    struct span bytes;
    enum kura_rc rc;

    if (strcmp(charset, "JIS") != 0)
        return charset_convert(charset, in, cut, out, ok, err);
    kura_buf_init(&euc, in.n * 2 + 1);
    rc = jis_to_euc(in, &euc, err);
    if (rc == KURA_OK) {
        bytes.s = euc.data;
        bytes.n = euc.len;
        rc = charset_convert("EUC-JP-MS", bytes, cut, out, ok, err);
    }
    kura_buf_release(&euc);
    return rc;
}

/* Appends the bytes as clean UTF-8; *ok is false, and nothing appended, when
 * the charset is unknown or the bytes are not text in it. */
static enum kura_rc bytes_decode(struct span charset, struct span in, bool cut,
                                 struct kura_buf *out, bool *ok,
                                 struct kura_err *err)
{
    const size_t aliases = sizeof(charset_aliases) / sizeof(charset_aliases[0]);
    const char *tries[3] = {NULL, NULL, NULL};
    char name[CHARSET_MAX];
    struct kura_buf text;
    enum kura_rc rc = KURA_OK;
    size_t i;

    *ok = false;
    if (!charset_copy(charset, name))
        return KURA_OK;
    tries[0] = name;
    charset.s = name;
    charset.n = strlen(name);
    for (i = 0; i < aliases; i++)
        if (same_text(charset, charset_aliases[i].name))
            memcpy(tries, charset_aliases[i].tries, sizeof(tries));
    /* The worst is a byte that becomes four letters of three bytes (TSCII). */
    kura_buf_init(&text, in.n > SIZE_MAX / 16 ? SIZE_MAX / 2 : in.n * 16 + 256);
    for (i = 0; i < 3 && tries[i] != NULL && !*ok && rc == KURA_OK; i++) {
        rc = charset_try(tries[i], in, cut, &text, ok, err);
        /* iconv lets an escape that it does not know pass as a character */
        if (*ok && i < 2 && tries[i + 1] != NULL &&
            memchr(text.data, 0x1B, text.len) != NULL)
            *ok = false;
    }
    if (rc == KURA_OK && *ok)
        rc = kura_text_clean(text.data, text.len, out, err);
    kura_buf_release(&text);
    return rc;
}

/* --- Encoded words ---------------------------------------------------- */

struct word {
    struct span all; /* as written, from =? to ?= */
    struct span charset;
    struct span text;
    char encoding; /* 'b' or 'q' */
    bool cut;      /* the end ?= is missing */
};

/* "=?charset?B?" at s; the text after it is not looked at. */
static bool word_begins(const char *s, size_t n, struct word *w)
{
    size_t i = 2;

    if (n < 5 || s[0] != '=' || s[1] != '?')
        return false;
    while (i < n && i < CHARSET_MAX + 16 &&
           (alnum_is(s[i]) || strchr("-_.:+*", s[i]) != NULL) && s[i] != '\0')
        i++;
    if (n - i < 3 || s[i] != '?' || s[i + 2] != '?')
        return false;
    w->encoding = lower(s[i + 1]);
    w->charset.s = s + 2;
    w->charset.n = i - 2;
    w->text.s = s + i + 3;
    w->text.n = 0;
    return w->encoding == 'b' || w->encoding == 'q';
}

static bool base64_is(char c)
{
    return alnum_is(c) || c == '+' || c == '/' || c == '=' || gap_is(c);
}

/* Reads the word at s[0..n).  It ends at ?=, at the next word, at a byte that
 * base64 cannot hold, or with the text. */
static bool word_read(const char *s, size_t n, struct word *w)
{
    struct word next;
    const char *end = s + n;
    const char *p;

    if (!word_begins(s, n, w))
        return false;
    w->cut = true;
    for (p = w->text.s; p < end; p++) {
        if (p[0] == '?' && end - p > 1 && p[1] == '=') {
            w->cut = false;
            break;
        }
        if (word_begins(p, (size_t)(end - p), &next) ||
            (w->encoding == 'b' && !base64_is(*p)))
            break;
    }
    w->text.n = (size_t)(p - w->text.s);
    w->all.s = s;
    w->all.n = (size_t)(p - s) + (w->cut ? 0 : 2);
    return true;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
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
    rc = bytes_decode(w->charset, in, w->cut, out, ok, err);
    if (rc == KURA_OK && !*ok)
        rc = kura_text_clean(w->all.s, w->all.n, out, err);
    return rc;
}

/* The next word of t after `at` and a gap; *start is where it begins. */
static bool word_next(struct span t, size_t at, struct word *w, size_t *start)
{
    while (at < t.n && gap_is(t.s[at]))
        at++;
    *start = at;
    return at < t.n && word_read(t.s + at, t.n - at, w);
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
    rc = bytes_decode(first.charset, in, cut, out, &ok, err);
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

static enum kura_rc text_decode(struct span t, struct kura_buf *out,
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

        if (t.s[at] != '=' || !word_read(t.s + at, t.n - at, &w)) {
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

        rc = between_append(plain, after, false, out, err);
    }
    kura_buf_release(&bytes);
    return rc;
}

/* Appends nothing on failure. */
static enum kura_rc appended(struct kura_buf *out, size_t was, enum kura_rc rc)
{
    if (rc != KURA_OK && out->len > was) {
        out->len = was;
        out->data[was] = '\0';
    }
    return rc;
}

enum kura_rc kura_mime_decode(const char *s, size_t n, struct kura_buf *out,
                              struct kura_err *err)
{
    struct span t = {s, n};
    size_t was = out->len;

    return appended(out, was, text_decode(t, out, err));
}

/* --- Parameters ------------------------------------------------------- */

struct param {
    struct span name;
    struct span value; /* as written, without the quotes around it */
    bool quoted;
};

/* A quote ends its value only where a value can end: senders write quotes
 * inside quotes, and words after an empty pair of quotes. */
static bool quote_closes(struct span t, size_t i)
{
    return i + 1 >= t.n || t.s[i + 1] == ';' || t.s[i + 1] == ',' ||
           gap_is(t.s[i + 1]);
}

static size_t value_quoted(struct span t, size_t at, struct param *p)
{
    size_t i = at + 1;

    /* ""=?utf-8?B?...: the quotes went wrong, not the name */
    if (i < t.n && t.s[i] == '"' && !quote_closes(t, i))
        i++;
    p->quoted = true;
    p->value.s = t.s + i;
    for (; i < t.n && !(t.s[i] == '"' && quote_closes(t, i)); i++)
        if (t.s[i] == '\\' && i + 1 < t.n &&
            (t.s[i + 1] == '\\' || (t.s[i + 1] == '"' && i + 2 < t.n)))
            i++;
    p->value.n = (size_t)(t.s + i - p->value.s);
    /* name="=?...?="": the inner one is not part of the name */
    if (i < t.n && p->value.n > 0 && t.s[i - 1] == '"' &&
        (p->value.n < 2 || t.s[i - 2] != '\\'))
        p->value.n--;
    return i < t.n ? i + 1 : i;
}

static size_t value_bare(struct span t, size_t at, struct param *p)
{
    struct word w;
    size_t i = at;

    while (i < t.n && t.s[i] != ';')
        i += word_read(t.s + i, t.n - i, &w) ? w.all.n : 1;
    p->quoted = false;
    p->value.s = t.s + at;
    p->value.n = i - at;
    p->value = trim(p->value);
    return i;
}

static bool token_ends(char c)
{
    return gap_is(c) || c == ';' || c == '=' || c == '"' || c == ',';
}

/* The next parameter from *at on. */
static bool param_next(struct span t, size_t *at, struct param *p)
{
    size_t i = *at;

    while (i < t.n) {
        size_t from;

        while (i < t.n && token_ends(t.s[i]))
            i++;
        from = i;
        while (i < t.n && !token_ends(t.s[i]))
            i++;
        p->name.s = t.s + from;
        p->name.n = i - from;
        while (i < t.n && gap_is(t.s[i]))
            i++;
        if (i >= t.n || t.s[i] != '=' || p->name.n == 0)
            continue;
        i++;
        while (i < t.n && gap_is(t.s[i]))
            i++;
        *at = i < t.n && t.s[i] == '"' ? value_quoted(t, i, p)
                                       : value_bare(t, i, p);
        return true;
    }
    return false;
}

/* A part of a name: filename, filename*, filename*1, filename*1*. */
struct part {
    struct param p;
    int index; /* -1: the whole name */
    bool extended;
};

static bool part_of(const struct param *p, const char *base, struct part *out)
{
    size_t n = strlen(base), i = n;
    struct span head = {p->name.s, n};
    int index = 0;

    if (p->name.n < n || !same_text(head, base))
        return false;
    out->p = *p;
    out->index = -1;
    out->extended = false;
    if (i == p->name.n)
        return true;
    if (p->name.s[i++] != '*')
        return false;
    if (i == p->name.n) {
        out->extended = true;
        return true;
    }
    for (; i < p->name.n && p->name.s[i] >= '0' && p->name.s[i] <= '9'; i++) {
        index = index * 10 + (p->name.s[i] - '0');
        if (index >= PARTS_MAX)
            return false;
    }
    out->index = index;
    out->extended = i + 1 == p->name.n && p->name.s[i] == '*';
    return out->extended || i == p->name.n;
}

/* Appends a quoted value with its escapes taken out. */
static enum kura_rc value_append(const struct param *p, struct kura_buf *out,
                                 struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; i < p->value.n && rc == KURA_OK; i++) {
        char c = p->value.s[i];

        if (p->quoted && c == '\\' && i + 1 < p->value.n &&
            (p->value.s[i + 1] == '"' || p->value.s[i + 1] == '\\'))
            c = p->value.s[++i];
        rc = kura_buf_putc(out, c, err);
    }
    return rc;
}

static enum kura_rc percent_append(struct span t, struct kura_buf *out,
                                   struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; i < t.n && rc == KURA_OK; i++) {
        char c = t.s[i];

        if (c == '%' && i + 2 < t.n && hex_value(t.s[i + 1]) >= 0 &&
            hex_value(t.s[i + 2]) >= 0) {
            c = (char)(hex_value(t.s[i + 1]) * 16 + hex_value(t.s[i + 2]));
            i += 2;
        }
        rc = kura_buf_putc(out, c, err);
    }
    return rc;
}

/* charset'language'text: the charset is taken off t. */
static struct span charset_take(struct span *t)
{
    const char *a = memchr(t->s, '\'', t->n), *b = NULL;
    struct span charset = {"", 0};
    size_t used;

    if (a != NULL)
        b = memchr(a + 1, '\'', t->n - (size_t)(a + 1 - t->s));
    if (b == NULL)
        return charset;
    charset.s = t->s;
    charset.n = (size_t)(a - t->s);
    used = (size_t)(b + 1 - t->s);
    t->s += used;
    t->n -= used;
    return charset;
}

/* Parts in their order: bytes as sent, and `raw` as written. */
static enum kura_rc parts_join(const struct part *parts, size_t n,
                               struct kura_buf *bytes, struct kura_buf *raw,
                               struct span *charset, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; i < n && rc == KURA_OK; i++) {
        struct span t = parts[i].p.value;

        if (i == 0 && parts[i].extended)
            *charset = charset_take(&t);
        rc = kura_buf_append(raw, parts[i].p.value.s, parts[i].p.value.n, err);
        if (rc != KURA_OK)
            break;
        rc = parts[i].extended ? percent_append(t, bytes, err)
                               : value_append(&parts[i].p, bytes, err);
    }
    return rc;
}

/* The readable form of a name in parts. */
static enum kura_rc parts_decode(const struct part *parts, size_t n,
                                 size_t room, struct kura_buf *out,
                                 struct kura_buf *raw, struct kura_err *err)
{
    struct span charset = {"", 0}, in;
    struct kura_buf bytes, written;
    enum kura_rc rc;
    bool ok = false;

    kura_buf_init(&bytes, room);
    kura_buf_init(&written, room);
    rc = parts_join(parts, n, &bytes, &written, &charset, err);
    if (rc != KURA_OK)
        goto out;
    in.s = bytes.data;
    in.n = bytes.len;
    if (!parts[0].extended) {
        rc = text_decode(in, out, err);
    } else {
        rc = bytes_decode(charset, in, true, out, &ok, err);
        if (rc == KURA_OK && !ok)
            rc = kura_text_clean(written.data, written.len, out, err);
    }
    if (rc == KURA_OK && raw != NULL)
        rc = kura_text_clean(written.data, written.len, raw, err);
out:
    kura_buf_release(&bytes);
    kura_buf_release(&written);
    return rc;
}

/* The parts of the name that the parameters called `base` give: filename* is
 * better than filename*0..., and that is better than filename (RFC 6266).
 * Returns their number; an empty name is none. */
static size_t parts_find(struct span t, const char *base,
                         struct part parts[PARTS_MAX])
{
    struct part whole = {0}, part;
    bool have[PARTS_MAX] = {false}, plain = false;
    struct param p;
    size_t at = 0, n = 0;

    while (param_next(t, &at, &p)) {
        if (!part_of(&p, base, &part) || p.value.n == 0)
            continue;
        if (part.index >= 0 && !have[part.index]) {
            parts[part.index] = part;
            have[part.index] = true;
        } else if (part.index < 0 &&
                   (!plain || (part.extended && !whole.extended))) {
            whole = part;
            plain = true;
        }
    }
    while (n < PARTS_MAX && have[n])
        n++;
    if (plain && (n == 0 || whole.extended)) {
        parts[0] = whole;
        n = 1;
    }
    return n;
}

enum kura_rc kura_mime_filename(const char *s, size_t n, struct kura_buf *out,
                                struct kura_buf *raw, bool *found,
                                struct kura_err *err)
{
    size_t was = out->len, raw_was = raw != NULL ? raw->len : 0;
    struct part parts[PARTS_MAX];
    struct span t = {s, n};
    enum kura_rc rc;
    size_t count;

    *found = false;
    count = parts_find(t, "filename", parts);
    if (count == 0)
        count = parts_find(t, "name", parts);
    if (count == 0)
        return KURA_OK;
    rc = appended(out, was, parts_decode(parts, count, n, out, raw, err));
    if (rc == KURA_OK)
        *found = true;
    else if (raw != NULL)
        (void)appended(raw, raw_was, rc);
    return rc;
}

/* --- Types, addresses, extensions ------------------------------------- */

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

/* Past what is opened at t.s[i] by a quote or a bracket; i + 1 otherwise. */
static size_t quote_skip(struct span t, size_t i)
{
    size_t depth = 0;
    char open = t.s[i];

    if (open != '"' && open != '(')
        return i + 1;
    for (; i < t.n; i++) {
        if (t.s[i] == '\\')
            i++;
        else if (open == '"' && depth == 1 && t.s[i] == '"')
            return i + 1;
        else if (t.s[i] == open)
            depth++;
        else if (open == '(' && t.s[i] == ')' && --depth == 0)
            return i + 1;
    }
    return t.n;
}

/* The first of several addresses: up to a comma after an '@', since a bare
 * comma in a name ("Doe, Jane <jane@example.com>") is common. */
static struct span mailbox_first(struct span t)
{
    bool at = false;
    size_t i = 0;

    while (i < t.n && !(t.s[i] == ',' && at)) {
        at = at || t.s[i] == '@';
        i = quote_skip(t, i);
    }
    t.n = i < t.n ? i : t.n;
    return t;
}

/* "Name"??: what follows the closing quote is a fold. */
static struct span name_trim(struct span t)
{
    struct span cut = t;

    while (cut.n > 0 && gap_is(cut.s[cut.n - 1]))
        cut.n--;
    if (cut.n > 0 && cut.s[cut.n - 1] == '"')
        return trim(cut);
    if (t.n > 2 && memcmp(t.s + t.n - 2, "??", 2) == 0)
        t.n -= 2;
    return trim(t);
}

static enum kura_rc name_append(struct span t, struct kura_buf *out,
                                struct kura_err *err)
{
    struct param p = {{"", 0}, name_trim(t), false};
    struct kura_buf plain;
    struct span in;
    enum kura_rc rc;

    if (p.value.n > 1 && p.value.s[0] == '"' &&
        p.value.s[p.value.n - 1] == '"') {
        p.quoted = true;
        p.value.s++;
        p.value.n -= 2;
    }
    kura_buf_init(&plain, p.value.n);
    rc = value_append(&p, &plain, err);
    in.s = plain.data;
    in.n = plain.len;
    if (rc == KURA_OK)
        rc = text_decode(trim(in), out, err);
    kura_buf_release(&plain);
    return rc;
}

/* Splits one mailbox into what its address and its name are written in. */
static void mailbox_split(struct span t, struct span *addr, struct span *name)
{
    size_t i = 0, end;

    addr->n = name->n = 0;
    addr->s = name->s = t.s;
    while (i < t.n && t.s[i] != '<' && t.s[i] != '(')
        i = t.s[i] == '"' ? quote_skip(t, i) : i + 1;
    if (i < t.n && t.s[i] == '<') {
        const char *gt = memchr(t.s + i, '>', t.n - i);

        end = gt != NULL ? (size_t)(gt - t.s) : t.n;
        name->n = i;
        addr->s = t.s + i + 1;
        addr->n = end - i - 1;
    } else if (i < t.n) { /* jane@example.com (Jane) */
        end = quote_skip(t, i);
        addr->n = i;
        name->s = t.s + i + 1;
        name->n = end - i - (t.s[end - 1] == ')' ? 2 : 1);
    } else if (t.n > 0 && memchr(t.s, '@', t.n) != NULL) {
        addr->n = t.n;
    } else {
        name->n = t.n;
    }
    *addr = trim(*addr);
}

enum kura_rc kura_mime_address(const char *s, size_t n, struct kura_buf *addr,
                               struct kura_buf *name, struct kura_err *err)
{
    size_t addr_was = addr != NULL ? addr->len : 0;
    size_t name_was = name != NULL ? name->len : 0;
    struct span t = {s, n}, a, d;
    enum kura_rc rc = KURA_OK;

    mailbox_split(mailbox_first(t), &a, &d);
    if (addr != NULL)
        rc = kura_text_clean(a.s, a.n, addr, err);
    if (rc == KURA_OK && name != NULL)
        rc = name_append(d, name, err);
    if (addr != NULL)
        (void)appended(addr, addr_was, rc);
    if (name != NULL)
        (void)appended(name, name_was, rc);
    return rc;
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

enum kura_rc kura_mime_extension(const char *s, size_t n, struct kura_buf *out,
                                 struct kura_err *err)
{
    size_t was = out->len, dot, i;
    struct span t = {s, n};
    enum kura_rc rc = KURA_OK;

    while (t.n > 0 && (blank_at_end(t) > 0 || t.s[t.n - 1] == '.'))
        t.n -= t.s[t.n - 1] == '.' ? 1 : blank_at_end(t);
    for (dot = t.n; dot > 0 && t.s[dot - 1] != '.'; dot--)
        ;
    if (dot == 0)
        return KURA_OK;
    t.s += dot;
    t.n -= dot;
    t = trim(t);
    if (t.n == 0 || t.n > 16)
        return KURA_OK;
    for (i = 0; i < t.n; i++)
        if (blank_is(t.s[i]) || t.s[i] == '/' || t.s[i] == '\\')
            return KURA_OK;
    for (i = 0; i < t.n && rc == KURA_OK; i++)
        rc = kura_buf_putc(out, lower(t.s[i]), err);
    return appended(out, was, rc);
}
