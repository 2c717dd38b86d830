/* mime_parameter.c - the file name in a header's parameters (RFC 2183, 2231).
 *
 * Parameters are found first, then the parts of one name are put together,
 * and their bytes are made readable last: a character, or an encoded word, may
 * begin in one part and end in the next. */
#include "base/mime.h"

#include "base/mime_internal.h"

#include <stdint.h>

#define PARTS_MAX 64

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
    while (i < t.n && !(t.s[i] == '"' && quote_closes(t, i))) {
        size_t jis = kura_mime_jis_length(t, i);

        if (t.s[i] == '\\' && i + 1 < t.n &&
            (t.s[i + 1] == '\\' || (t.s[i + 1] == '"' && i + 2 < t.n)))
            i++;
        i += jis > 0 ? jis : 1;
    }
    p->value.n = (size_t)(t.s + i - p->value.s);
    /* name="=?...?="": the inner one is not part of the name */
    if (i < t.n && p->value.n > 0 && t.s[i - 1] == '"' &&
        (p->value.n < 2 || t.s[i - 2] != '\\'))
        p->value.n--;
    return i < t.n ? i + 1 : i;
}

/* What a ';' may be inside of: an encoded word, or a stretch of JIS. */
static size_t unit_length(struct span t, size_t i)
{
    size_t n = kura_mime_word_length(t, i);

    return n > 0 ? n : kura_mime_jis_length(t, i);
}

static size_t value_bare(struct span t, size_t at, struct param *p)
{
    size_t i = at;

    while (i < t.n && t.s[i] != ';') {
        size_t unit = unit_length(t, i);

        i += unit > 0 ? unit : 1;
    }
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
        while (i < t.n && gap_is(t.s[i]) && unit_length(t, i) == 0)
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

enum kura_rc kura_mime_unquote(struct span t, struct kura_buf *out,
                               struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i = 0;

    while (i < t.n && rc == KURA_OK) {
        size_t jis = kura_mime_jis_length(t, i);

        if (jis == 0 && t.s[i] == '\\' && i + 1 < t.n &&
            (t.s[i + 1] == '"' || t.s[i + 1] == '\\'))
            i++;
        rc = kura_buf_append(out, t.s + i, jis > 0 ? jis : 1, err);
        i += jis > 0 ? jis : 1;
    }
    return rc;
}

static enum kura_rc value_append(const struct param *p, struct kura_buf *out,
                                 struct kura_err *err)
{
    if (p->quoted)
        return kura_mime_unquote(p->value, out, err);
    return kura_buf_append(out, p->value.s, p->value.n, err);
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

/* A quote of RFC 2231 at or after t.s[i], or one that was itself encoded: its
 * place, and its length in *n; t.n when there is none. */
static size_t apostrophe_find(struct span t, size_t i, size_t *n)
{
    for (; i < t.n; i++) {
        *n = t.s[i] == '\'' ? 1 : 3;
        if (*n == 1 || (t.n - i > 2 && memcmp(t.s + i, "%27", 3) == 0))
            return i;
    }
    return t.n;
}

/* charset'language'text: the charset is taken off t. */
static struct span charset_take(struct span *t)
{
    struct span charset = {"", 0};
    size_t len_a, len_b, a, b;

    a = apostrophe_find(*t, 0, &len_a);
    if (a == t->n)
        return charset;
    b = apostrophe_find(*t, a + len_a, &len_b);
    if (b == t->n)
        return charset;
    charset.s = t->s;
    charset.n = a;
    t->s += b + len_b;
    t->n -= b + len_b;
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

/* A name of which no charset is told; it may hold encoded words. */
static enum kura_rc name_decode(struct span in, struct kura_buf *out,
                                struct kura_err *err)
{
    struct kura_buf text;
    struct span t;
    enum kura_rc rc;

    kura_buf_init(&text, in.n > SIZE_MAX / 8 ? SIZE_MAX / 2 : in.n * 4 + 1);
    rc = kura_mime_charset_guess(in, &text, err);
    t.s = text.data;
    t.n = text.len;
    if (rc == KURA_OK)
        rc = kura_mime_text_decode(t, out, err);
    kura_buf_release(&text);
    return rc;
}

/* A name of RFC 2231 whose charset is told, or left empty. */
static enum kura_rc extended_decode(struct span charset, struct span in,
                                    struct span written, struct kura_buf *out,
                                    struct kura_err *err)
{
    struct kura_buf text;
    struct span t;
    enum kura_rc rc;
    bool ok = false;

    kura_buf_init(&text, out->max);
    rc = kura_mime_charset_decode(charset, in, true, &text, &ok, err);
    if (rc == KURA_OK && !ok && charset.n == 0) {
        rc = name_decode(in, &text, err);
        ok = true;
    }
    if (rc == KURA_OK && !ok)
        rc = kura_mime_charset_decode_most(charset, in, &text, &ok, err);
    if (rc == KURA_OK && !ok)
        rc = kura_text_clean(written.s, written.n, &text, err);
    t.s = text.data;
    t.n = text.len;
    /* filename*=utf-8''=?utf-8?B?...?=: some encode twice */
    if (rc == KURA_OK)
        rc = kura_mime_text_decode(t, out, err);
    kura_buf_release(&text);
    return rc;
}

/* The readable form of a name in parts. */
static enum kura_rc parts_decode(const struct part *parts, size_t n,
                                 size_t room, struct kura_buf *out,
                                 struct kura_buf *raw, struct kura_err *err)
{
    struct span charset = {"", 0}, in, as_sent;
    struct kura_buf bytes, written;
    enum kura_rc rc;

    kura_buf_init(&bytes, room);
    kura_buf_init(&written, room);
    rc = parts_join(parts, n, &bytes, &written, &charset, err);
    if (rc != KURA_OK)
        goto out;
    in.s = bytes.data;
    in.n = bytes.len;
    as_sent.s = written.data;
    as_sent.n = written.len;
    if (parts[0].extended)
        rc = extended_decode(charset, in, as_sent, out, err);
    else
        rc = name_decode(in, out, err);
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
    size_t at = 0, n = 0, first;

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
    first = have[0] ? 0 : 1; /* some count from one */
    for (; first + n < PARTS_MAX && have[first + n]; n++)
        parts[n] = parts[first + n];
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
