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

/* The word behind the colon. */
static bool render_parse(const char *s, size_t n, struct kura_rendering *out)
{
    static const char fixed[] = "fixed.";
    size_t skip = sizeof(fixed) - 1;
    int64_t v;

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
