/* refang.c - one pass over the bytes each way; what is known stands in
 * tables. */
#include "base/refang.h"

#include "base/host.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define SCHEME_MAX 20u

struct scan {
    const char *s;
    size_t n, i;
    struct kura_buf *out;
    struct kura_err *err;
};

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_alpha(c) || is_digit(c);
}

/* The byte before i, or a blank. */
static char before(const struct scan *t, size_t i)
{
    return i > 0 ? t->s[i - 1] : ' ';
}

static char after(const struct scan *t, size_t i)
{
    return i < t->n ? t->s[i] : ' ';
}

/* Whether the word stands at i, whatever its case. */
static bool word_at(const struct scan *t, size_t i, const char *word)
{
    size_t n = strlen(word);

    return i <= t->n && t->n - i >= n &&
           kura_text_casecmp(t->s + i, n, word, n) == 0;
}

static enum kura_rc copy(struct scan *t, size_t n)
{
    enum kura_rc rc = kura_buf_append(t->out, t->s + t->i, n, t->err);

    t->i += n;
    return rc;
}

/* Bytes of the scheme that begins at i, 0 when no word begins there. */
static size_t scheme_size(const struct scan *t, size_t i)
{
    size_t end = i;

    if (i >= t->n || !is_alpha(t->s[i]) || is_alnum(before(t, i)))
        return 0;
    if (i >= 3 && memcmp(t->s + i - 3, "[.]", 3) == 0)
        return 0; /* the last label of a name, defanged */
    while (end < t->n && end - i <= SCHEME_MAX &&
           (is_alnum(t->s[end]) || t->s[end] == '+' || t->s[end] == '*'))
        end++;
    return end - i <= SCHEME_MAX ? end - i : 0;
}

/* --- Defang ------------------------------------------------------------- */

/* Where a link ends for whoever makes one of a text. */
static bool ends_link(char c)
{
    return (unsigned char)c <= ' ' || c == '"' || c == '<' || c == '>' ||
           c == '\'' || c == '`' || c == '|';
}

static enum kura_rc put_dots(struct scan *t, size_t n)
{
    size_t end = t->i + n;
    enum kura_rc rc = KURA_OK;

    while (t->i < end && rc == KURA_OK) {
        char b = before(t, t->i);

        if (t->s[t->i] != '.' || b == '[' || b == '(' || b == '{') {
            rc = copy(t, 1);
        } else {
            t->i++;
            rc = kura_buf_puts(t->out, "[.]", t->err);
        }
    }
    return rc;
}

/* The scheme at t->i made harmless, when it is one; *found says so. */
static enum kura_rc defang_scheme(struct scan *t, bool *found)
{
    static const char *const names[][2] = {
        {"http", "hxxp"}, {"https", "hxxps"}, {"ftp", "fxp"}};
    size_t size = scheme_size(t, t->i), i;
    enum kura_rc rc;

    *found = size != 0 && (word_at(t, t->i + size, "://") ||
                           word_at(t, t->i + size, "[:]//") ||
                           word_at(t, t->i + size, "[://]"));
    if (!*found)
        return KURA_OK;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (size == strlen(names[i][0]) && word_at(t, t->i, names[i][0])) {
            t->i += size;
            return kura_buf_puts(t->out, names[i][1], t->err);
        }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (size == strlen(names[i][1]) && word_at(t, t->i, names[i][1]))
            return copy(t, size);
    rc = copy(t, size);
    if (rc == KURA_OK && t->s[t->i] == ':') {
        t->i++;
        rc = kura_buf_puts(t->out, "[:]", t->err);
    }
    return rc;
}

/* From the end of the scheme to the path. */
static enum kura_rc defang_authority(struct scan *t)
{
    size_t n = 0, sep = 0;
    enum kura_rc rc;

    while (t->i + sep < t->n && strchr(":/[]", t->s[t->i + sep]) != NULL &&
           t->s[t->i + sep] != '\0' && sep < 5)
        sep++;
    /* The bracket of an IPv6 address is no part of the separator. */
    while (sep > 3 && t->s[t->i + sep - 1] == '[')
        sep--;
    rc = copy(t, sep);
    if (rc != KURA_OK)
        return rc;
    while (t->i + n < t->n && !ends_link(t->s[t->i + n]) &&
           strchr("/?#", t->s[t->i + n]) == NULL)
        n++;
    return put_dots(t, n);
}

/* A name or an IPv4 address in running text: letters of other scripts end it,
 * but for the label before a dot. */
static enum kura_rc defang_token(struct scan *t)
{
    size_t n = 0, last;
    bool dotted, known;
    struct kura_address a;

    while (
        t->i + n < t->n &&
        (is_alnum(t->s[t->i + n]) || strchr("._-", t->s[t->i + n]) != NULL) &&
        t->s[t->i + n] != '\0')
        n++;
    while (n > 0 && t->s[t->i + n - 1] == '.')
        n--;
    if (n == 0)
        return copy(t, 1);
    for (last = n; last > 0 && t->s[t->i + last - 1] != '.';)
        last--;
    dotted = last > 1 || (last == 1 && (before(t, t->i) & 0x80) != 0);
    known = dotted && (kura_address_parse(t->s + t->i, n, &a) ||
                       kura_host_suffix_known(t->s + t->i + last, n - last));
    return known ? put_dots(t, n) : copy(t, n);
}

enum kura_rc kura_defang(const char *s, size_t n, struct kura_buf *out,
                         struct kura_err *err)
{
    struct scan t = {s, n, 0, out, err};
    enum kura_rc rc = KURA_OK;
    bool in_url = false, found;

    while (t.i < n && rc == KURA_OK) {
        rc = defang_scheme(&t, &found);
        if (rc == KURA_OK && found) {
            in_url = true;
            rc = defang_authority(&t);
        } else if (rc == KURA_OK && !in_url) {
            rc = defang_token(&t);
        } else if (rc == KURA_OK) {
            in_url = !ends_link(t.s[t.i]);
            rc = copy(&t, 1);
        }
    }
    return rc;
}

/* --- Refang ------------------------------------------------------------- */

/* http, https, ftp for the scheme at i, however it is written; else NULL. */
static const char *scheme_meant(const struct scan *t, size_t i, size_t size)
{
    static const char *const forms[][2] = {
        {"hxxp", "http"},   {"hxxps", "https"}, {"h**p", "http"},
        {"h**ps", "https"}, {"hxtp", "http"},   {"hxtps", "https"},
        {"htxp", "http"},   {"htxps", "https"}, {"hxp", "http"},
        {"hxps", "https"},  {"hp", "http"},     {"htp", "http"},
        {"fxp", "ftp"},     {"http", "http"},   {"https", "https"},
        {"ftp", "ftp"}};
    size_t k;

    for (k = 0; k < sizeof(forms) / sizeof(forms[0]); k++)
        if (size == strlen(forms[k][0]) && word_at(t, i, forms[k][0]))
            return forms[k][1];
    return NULL;
}

/* Bytes of what is written for "://" at i, 0 when it is none of that. */
static size_t separator_size(const struct scan *t, size_t i)
{
    static const char *const forms[] = {
        "://", ":\\\\",     "[:]//",   "[://]", ":[//]", "[:]\\\\",
        "__",  "[:][/][/]", ":[/][/]", "(://)", "(:)//"};
    size_t k;

    for (k = 0; k < sizeof(forms) / sizeof(forms[0]); k++)
        if (word_at(t, i, forms[k]))
            return strlen(forms[k]);
    return 0;
}

static enum kura_rc refang_scheme(struct scan *t, bool *found)
{
    size_t size, separator;
    const char *meant;
    enum kura_rc rc;

    /* h**p: the asterisks belong to it. */
    size = scheme_size(t, t->i);
    meant = size != 0 ? scheme_meant(t, t->i, size) : NULL;
    separator = meant != NULL ? separator_size(t, t->i + size) : 0;
    *found = separator != 0;
    if (!*found)
        return KURA_OK;
    rc = kura_buf_puts(t->out, meant, t->err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(t->out, "://", t->err);
    t->i += size + separator;
    while (after(t, t->i) == ' ' && t->i < t->n)
        t->i++;
    return rc;
}

struct written {
    const char *as, *meant;
    enum { ALWAYS, INSIDE, WORDS } when;
};

/* ALWAYS; INSIDE: between two letters or digits; WORDS: where every blank of
 * the text belongs to one of them.  The first that fits counts. */
static const struct written written_list[] = {
    {" [.] ", ".", ALWAYS}, {" [dot] ", ".", ALWAYS}, {" (dot) ", ".", ALWAYS},
    {" [@] ", "@", ALWAYS}, {" [at] ", "@", ALWAYS},  {" (at) ", "@", ALWAYS},
    {"[.]", ".", ALWAYS},   {"(.)", ".", ALWAYS},     {"{.}", ".", ALWAYS},
    {"[dot]", ".", ALWAYS}, {"(dot)", ".", ALWAYS},   {"{dot}", ".", ALWAYS},
    {"[@]", "@", ALWAYS},   {"(@)", "@", ALWAYS},     {"{@}", "@", ALWAYS},
    {"[at]", "@", ALWAYS},  {"(at)", "@", ALWAYS},    {"{at}", "@", ALWAYS},
    {"[:]", ":", ALWAYS},   {"[/]", "/", ALWAYS},     {"[://]", "://", ALWAYS},
    {"[.", ".", INSIDE},    {"(.", ".", INSIDE},      {"{.", ".", INSIDE},
    {".]", ".", INSIDE},    {".)", ".", INSIDE},      {".}", ".", INSIDE},
    {"\\.", ".", INSIDE},   {" dot ", ".", WORDS},    {" at ", "@", WORDS},
};

static const struct written *written_at(const struct scan *t, bool words)
{
    size_t k, n;

    for (k = 0; k < sizeof(written_list) / sizeof(written_list[0]); k++) {
        const struct written *w = &written_list[k];

        n = strlen(w->as);
        if (!word_at(t, t->i, w->as) || (w->when == WORDS && !words))
            continue;
        if (w->when != INSIDE ||
            (is_alnum(before(t, t->i)) && is_alnum(after(t, t->i + n))))
            return w;
    }
    return NULL;
}

/* Every blank of the text is one of " dot ", " at " and their like, and there
 * is a " dot ": nobody's sentence. */
static bool only_words(const char *s, size_t n)
{
    struct scan t = {s, n, 0, NULL, NULL};
    bool dot = false;

    while (t.i < n) {
        const struct written *w = s[t.i] == ' ' ? written_at(&t, true) : NULL;

        if (s[t.i] == ' ' && (w == NULL || w->as[0] != ' '))
            return false;
        dot = dot || (w != NULL && w->meant[0] == '.');
        t.i += w != NULL ? strlen(w->as) : 1;
    }
    return dot;
}

/* _dot_ where the text has no dot of its own. */
static bool underscored_dot(const struct scan *t, bool dotless)
{
    return dotless && word_at(t, t->i, "_dot_") && is_alnum(before(t, t->i)) &&
           is_alnum(after(t, t->i + 5));
}

/* "http://evil .com": the blank before a dot of the host. */
static bool blank_in_host(const struct scan *t)
{
    return t->s[t->i] == ' ' && after(t, t->i + 1) == '.' &&
           is_alnum(after(t, t->i + 2)) && is_alnum(before(t, t->i));
}

static enum kura_rc refang_one(struct scan *t, bool words, bool dotless,
                               bool *in_host)
{
    const struct written *w;
    enum kura_rc rc;
    bool found;

    rc = refang_scheme(t, &found);
    if (rc != KURA_OK || found) {
        *in_host = found;
        return rc;
    }
    if (*in_host && blank_in_host(t)) {
        t->i++;
        return KURA_OK;
    }
    if (underscored_dot(t, dotless)) {
        t->i += 5;
        return kura_buf_putc(t->out, '.', t->err);
    }
    w = written_at(t, words);
    if (w != NULL) {
        t->i += strlen(w->as);
        return kura_buf_puts(t->out, w->meant, t->err);
    }
    *in_host = *in_host && strchr("/?# ", t->s[t->i]) == NULL;
    return copy(t, 1);
}

static enum kura_rc refang_plain(const char *s, size_t n, struct kura_buf *out,
                                 struct kura_err *err)
{
    bool words = only_words(s, n), in_host = false;
    bool dotless = n != 0 && memchr(s, '.', n) == NULL;
    struct scan t = {s, n, 0, out, err};
    enum kura_rc rc = KURA_OK;

    while (t.i < n && rc == KURA_OK)
        rc = refang_one(&t, words, dotless, &in_host);
    return rc;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* http%3A%2F%2F...: the whole URL was encoded. */
static bool is_percent_encoded(const char *s, size_t n)
{
    struct scan t = {s, n, 0, NULL, NULL};
    size_t size = scheme_size(&t, 0);

    return size != 0 && scheme_meant(&t, 0, size) != NULL &&
           word_at(&t, size, "%3a%2f%2f");
}

static enum kura_rc percent_decode(const char *s, size_t n,
                                   struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; i < n && rc == KURA_OK; i++) {
        char c = s[i];

        if (c == '%' && n - i > 2 && hex_value(s[i + 1]) >= 0 &&
            hex_value(s[i + 2]) >= 0) {
            c = (char)(hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]));
            i += 2;
        }
        rc = kura_buf_putc(out, c, err);
    }
    return rc;
}

enum kura_rc kura_refang(const char *s, size_t n, struct kura_buf *out,
                         struct kura_err *err)
{
    struct kura_buf plain;
    enum kura_rc rc;

    if (!is_percent_encoded(s, n))
        return refang_plain(s, n, out, err);
    kura_buf_init(&plain, n);
    rc = percent_decode(s, n, &plain, err);
    /* What would decode to control bytes was no such URL. */
    if (rc == KURA_OK && kura_text_is_clean(plain.data, plain.len))
        rc = refang_plain(plain.data, plain.len, out, err);
    else if (rc == KURA_OK)
        rc = refang_plain(s, n, out, err);
    kura_buf_release(&plain);
    return rc;
}
