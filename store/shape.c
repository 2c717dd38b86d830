/* shape.c - writing shapes and taking them apart. */
#include "store/shape.h"

#include "base/num.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAPE_WIDTH_MAX 64 /* of {column:dN} */

static enum kura_rc render_decimal(int64_t v, int width, struct kura_buf *out,
                                   struct kura_err *err)
{
    char text[KURA_NUM_DIGITS];
    size_t n = kura_num_format(v, text);
    enum kura_rc rc = KURA_OK;
    size_t blanks = width > 0 && (size_t)width > n ? (size_t)width - n : 0;

    while (rc == KURA_OK && blanks-- > 0)
        rc = kura_buf_putc(out, ' ', err);
    return rc == KURA_OK ? kura_buf_append(out, text, n, err) : rc;
}

/* Digits below the last decimal are cut off, and the sign stays: -5 with two
 * decimals is "-0.00". */
static enum kura_rc render_fixed(int64_t v, int decimals, struct kura_buf *out,
                                 struct kura_err *err)
{
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    unsigned frac = (unsigned)(u % 1000);
    char text[32];
    int n;

    n = snprintf(text, sizeof(text), "%s%llu.%03u", v < 0 ? "-" : "",
                 (unsigned long long)(u / 1000), frac);
    n -= decimals == 0 ? 4 : 3 - decimals; /* no decimals, no point */
    return kura_buf_append(out, text, (size_t)n, err);
}

enum kura_rc kura_render_integer(int64_t v, const struct kura_rendering *r,
                                 struct kura_buf *out, struct kura_err *err)
{
    char text[KURA_STAMP_TEXT];
    size_t n;

    switch (r->kind) {
    case KURA_RENDER_FIXED:
        return render_fixed(v, r->decimals, out, err);
    case KURA_RENDER_TIME:
        n = kura_stamp_format(v, &r->stamp, text);
        return kura_buf_append(out, text, n, err);
    case KURA_RENDER_TEXT: /* a bare {column} says nothing about its type */
        return render_decimal(v, 0, out, err);
    case KURA_RENDER_DECIMAL:
    default:
        return render_decimal(v, r->width, out, err);
    }
}

/* --- Texts ------------------------------------------------------------- */

static const char *escape_word(char c, enum kura_escape escape)
{
    if (escape == KURA_ESCAPE_XML)
        return c == '&'   ? "&amp;"
               : c == '<' ? "&lt;"
               : c == '>' ? "&gt;"
                          : NULL;
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

enum kura_rc kura_render_escaped(const char *s, size_t n,
                                 enum kura_escape escape, struct kura_buf *out,
                                 struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, done = 0;

    for (i = 0; escape != KURA_ESCAPE_NONE && i < n && rc == KURA_OK; i++) {
        const char *word = escape_word(s[i], escape);

        if (word == NULL)
            continue;
        rc = kura_buf_append(out, s + done, i - done, err);
        if (rc == KURA_OK)
            rc = kura_buf_puts(out, word, err);
        done = i + 1;
    }
    return rc == KURA_OK ? kura_buf_append(out, s + done, n - done, err) : rc;
}

/* The end of the JSON string that begins behind a quote at s[at]; n: none. */
static size_t json_string_end(const char *s, size_t n, size_t at)
{
    while (at < n && s[at] != '"')
        at += s[at] == '\\' ? 2 : 1;
    return at < n ? at : n;
}

static bool json_hex(const char *s, uint32_t *out)
{
    int i;

    *out = 0;
    for (i = 0; i < 4; i++) {
        char c = s[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

/* Takes one character behind a backslash at s[0..n); returns its size. */
static size_t json_unescape(const char *s, size_t n, uint32_t *out)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *at;
    uint32_t low;

    if (n == 0 || *s == '\0')
        return 0;
    at = strchr(letters, *s);
    if (at != NULL) {
        *out = (unsigned char)values[at - letters];
        return 1;
    }
    if (*s != 'u' || n < 5 || !json_hex(s + 1, out))
        return 0;
    if (*out < 0xD800 || *out > 0xDFFF)
        return 5;
    if (*out > 0xDBFF || n < 11 || s[5] != '\\' || s[6] != 'u' ||
        !json_hex(s + 7, &low) || low < 0xDC00 || low > 0xDFFF)
        return 0;
    *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
    return 11;
}

static size_t utf8_write(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static enum kura_rc member_damaged(struct kura_err *err)
{
    return kura_err_set(err, KURA_ECORRUPT,
                        "a shape names a member that is not there");
}

/* The member-th value of {"name":"value",...}: between its quotes. */
static bool member_find(const char *s, size_t n, int member, size_t *from,
                        size_t *to)
{
    size_t at = 1, end;

    if (n == 0 || s[0] != '{')
        return false;
    for (; at < n && s[at] == '"'; at = *to + 2) {
        end = json_string_end(s, n, at + 1);
        if (n - end < 3 || s[end + 1] != ':' || s[end + 2] != '"')
            return false;
        *from = end + 3;
        *to = json_string_end(s, n, *from);
        if (*to >= n)
            return false;
        if (--member == 0)
            return true;
    }
    return false;
}

static enum kura_rc member_render(const char *s, size_t n,
                                  const struct kura_rendering *r,
                                  struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t at = 0, end = 0, run;
    char text[4];
    uint32_t c;

    if (!member_find(s, n, r->member, &at, &end))
        return member_damaged(err);
    while (rc == KURA_OK && at < end) {
        const char *slash = memchr(s + at, '\\', end - at);

        run = slash == NULL ? end - at : (size_t)(slash - s) - at;
        rc = kura_render_escaped(s + at, run, r->escape, out, err);
        at += run;
        if (rc != KURA_OK || slash == NULL)
            break;
        run = json_unescape(s + at + 1, end - at - 1, &c);
        if (run == 0)
            return member_damaged(err);
        rc =
            kura_render_escaped(text, utf8_write(c, text), r->escape, out, err);
        at += run + 1;
    }
    return rc;
}

enum kura_rc kura_render_text(const char *s, size_t n,
                              const struct kura_rendering *r,
                              struct kura_buf *out, struct kura_err *err)
{
    if (r->member != 0)
        return member_render(s, n, r, out, err);
    return kura_render_escaped(s, n, r->escape, out, err);
}

/* --- Writing ----------------------------------------------------------- */

enum kura_rc kura_shape_literal(const char *s, size_t n, struct kura_buf *shape,
                                struct kura_err *err)
{
    size_t before = shape->len;
    enum kura_rc rc = KURA_OK;

    while (rc == KURA_OK && n > 0) {
        const char *brace = memchr(s, '{', n);
        size_t run = brace != NULL ? (size_t)(brace - s) + 1 : n;

        rc = kura_buf_append(shape, s, run, err);
        if (rc == KURA_OK && brace != NULL)
            rc = kura_buf_putc(shape, '{', err);
        s += run;
        n -= run;
    }
    if (rc != KURA_OK) {
        shape->len = before;
        shape->data[before] = '\0';
    }
    return rc;
}

enum kura_rc kura_shape_field(const char *column,
                              const struct kura_rendering *r,
                              struct kura_buf *shape, struct kura_err *err)
{
    static const char *const escapes[] = {"", "xml", "json"};
    char word[KURA_STAMP_WORD];
    size_t n;

    switch (r->kind) {
    case KURA_RENDER_DECIMAL:
        if (r->width > 0)
            return kura_buf_printf(shape, err, "{%s:d%d}", column, r->width);
        break;
    case KURA_RENDER_FIXED:
        return kura_buf_printf(shape, err, "{%s:fixed.%d}", column,
                               r->decimals);
    case KURA_RENDER_TIME:
        n = kura_stamp_word(&r->stamp, word);
        return kura_buf_printf(shape, err, "{%s:%.*s}", column, (int)n, word);
    case KURA_RENDER_TEXT:
    default:
        if (r->member != 0)
            return kura_buf_printf(
                shape, err, "{%s:m%d%s%s}", column, r->member,
                r->escape != KURA_ESCAPE_NONE ? "." : "", escapes[r->escape]);
        if (r->escape != KURA_ESCAPE_NONE)
            return kura_buf_printf(shape, err, "{%s:%s}", column,
                                   escapes[r->escape]);
        break;
    }
    return kura_buf_printf(shape, err, "{%s}", column);
}

/* --- Taking apart ------------------------------------------------------ */

static bool name_is_valid(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        char c = s[i];
        bool digit = c >= '0' && c <= '9';

        if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (digit && i > 0)))
            return false;
    }
    return n > 0;
}

static bool word_is(const char *s, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(s, word, n) == 0;
}

/* Of a text: mN, an escape, or both with a dot between them. */
static bool render_text_parse(const char *s, size_t n,
                              struct kura_rendering *out)
{
    const char *dot = memchr(s, '.', n);
    size_t number = dot != NULL ? (size_t)(dot - s) : n;
    int64_t v = 0;

    if (n > 1 && s[0] == 'm' && s[1] != '-') {
        if (!kura_num_parse(s + 1, number - 1, &v) || v < 1 ||
            v > KURA_SHAPE_MEMBER_MAX)
            return false;
        out->member = (int)v;
        if (dot == NULL)
            return true;
        n -= number + 1;
        s = dot + 1;
    }
    out->escape = word_is(s, n, "xml")    ? KURA_ESCAPE_XML
                  : word_is(s, n, "json") ? KURA_ESCAPE_JSON
                                          : KURA_ESCAPE_NONE;
    return out->escape != KURA_ESCAPE_NONE;
}

/* The word behind the colon. */
static bool render_parse(const char *s, size_t n, struct kura_rendering *out)
{
    static const char fixed[] = "fixed.";
    size_t skip = sizeof(fixed) - 1;
    int64_t v;

    if (n > 0 && (s[0] == 'm' || s[0] == 'x' || s[0] == 'j')) {
        out->kind = KURA_RENDER_TEXT;
        return render_text_parse(s, n, out);
    }
    if (n > 1 && s[0] == 'd' && s[1] != '-' &&
        kura_num_parse(s + 1, n - 1, &v)) {
        out->kind = KURA_RENDER_DECIMAL;
        out->width = v >= 1 && v <= SHAPE_WIDTH_MAX ? (int)v : 0;
        return out->width != 0;
    }
    if (n == skip + 1 && memcmp(s, fixed, skip) == 0) {
        out->kind = KURA_RENDER_FIXED;
        out->decimals = s[skip] - '0';
        return out->decimals >= 0 && out->decimals <= 3;
    }
    out->kind = KURA_RENDER_TIME;
    return kura_stamp_from_word(s, n, &out->stamp);
}

/* s[0..n) is what stands between the braces; `copy` takes the name and NUL. */
static bool field_parse(const char *s, size_t n, char *copy,
                        struct kura_shape_part *out)
{
    const char *colon = memchr(s, ':', n);
    size_t name = colon != NULL ? (size_t)(colon - s) : n;

    if (!name_is_valid(s, name))
        return false;
    memcpy(copy, s, name);
    copy[name] = '\0';
    out->column = copy;
    out->render.kind = KURA_RENDER_TEXT;
    return colon == NULL || render_parse(colon + 1, n - name - 1, &out->render);
}

/* Enough memory for a shape of these bytes.  Unescaping and cutting never make
 * them more: a name's NUL takes the place of its brace. */
static enum kura_rc shape_reserve(const char *s, size_t n,
                                  struct kura_shape *out, struct kura_err *err)
{
    size_t i, parts = 1;

    for (i = 0; i < n; i++)
        parts += s[i] == '{' ? 2 : 0;
    out->count = 0;
    out->parts = calloc(parts, sizeof(*out->parts));
    out->storage = malloc(n + 1);
    if (out->parts != NULL && out->storage != NULL)
        return KURA_OK;
    kura_shape_release(out);
    return kura_err_nomem(err);
}

/* Adds literal bytes, to the part before when that is literal too. */
static char *literal_add(struct kura_shape *sh, char *to, const char *s,
                         size_t n)
{
    struct kura_shape_part *last = NULL;

    memcpy(to, s, n);
    if (sh->count > 0 && sh->parts[sh->count - 1].literal != NULL)
        last = &sh->parts[sh->count - 1];
    if (last == NULL) {
        last = &sh->parts[sh->count++];
        last->literal = to;
    }
    last->size += n;
    return to + n;
}

enum kura_rc kura_shape_parse(const char *s, size_t n, struct kura_shape *out,
                              struct kura_err *err)
{
    enum kura_rc rc = shape_reserve(s, n, out, err);
    char *to = out->storage;
    size_t i = 0;

    while (rc == KURA_OK && i < n) {
        const char *at = memchr(s + i, '{', n - i);
        size_t run = at != NULL ? (size_t)(at - (s + i)) : n - i;
        const char *end;

        if (run > 0)
            to = literal_add(out, to, s + i, run);
        i += run;
        if (at == NULL)
            break;
        if (n - i > 1 && s[i + 1] == '{') {
            to = literal_add(out, to, s + i, 1);
            i += 2;
            continue;
        }
        end = memchr(at, '}', n - i);
        if (end == NULL || !field_parse(at + 1, (size_t)(end - at) - 1, to,
                                        &out->parts[out->count])) {
            kura_shape_release(out);
            rc = kura_err_set(err, KURA_ECORRUPT,
                              "a shape is damaged at byte %zu", i);
            break;
        }
        to += strlen(out->parts[out->count++].column) + 1;
        i += (size_t)(end - at) + 1;
    }
    return rc;
}

void kura_shape_release(struct kura_shape *s)
{
    free(s->parts);
    free(s->storage);
    s->parts = NULL;
    s->storage = NULL;
    s->count = 0;
}
