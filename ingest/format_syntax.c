/* format_syntax.c - reads the syntax of a pattern before PCRE2 gets it.
 *
 * The source is scanned twice, always with the same small reader (struct
 * scan): once for captures that lie inside others, once for the texts that
 * every line of the pattern holds.  What that reader does not understand
 * (comments, conditions, \Q, extended mode) is refused, so that both are right
 * for every pattern that loads. */
#include "ingest/format_internal.h"

#define SCAN_DEPTH 64

/* --- Reading a pattern's syntax ------------------------------------------ */

enum token {
    TOKEN_END,
    TOKEN_BYTE,    /* stands for itself: `byte` */
    TOKEN_OTHER,   /* a class, an escape, an anchor, a dot */
    TOKEN_REPEAT0, /* a quantifier that allows none */
    TOKEN_REPEAT,  /* another quantifier */
    TOKEN_OR,
    TOKEN_OPEN, /* `name` and `size` for a capture, else NULL */
    TOKEN_CLOSE,
    TOKEN_BAD /* `why` */
};

struct scan {
    const char *s;
    size_t n, at;
    char byte;
    const char *name; /* "" for a capture without a name */
    size_t size;
    const char *why;
};

static enum token scan_bad(struct scan *c, const char *why)
{
    c->why = why;
    return TOKEN_BAD;
}

static enum token scan_escape(struct scan *c)
{
    char e;

    if (c->at + 1 >= c->n)
        return scan_bad(c, "ends with a backslash");
    e = c->s[c->at + 1];
    c->at += 2;
    if (e == 'x') {
        /* Two digits at most, or any number in braces. */
        size_t stop = c->at + 2;

        if (c->at < c->n && c->s[c->at] == '{')
            return scan_bad(c, "has \\x{...}: two digits make a byte");
        while (c->at < c->n && c->at < stop &&
               strchr("0123456789ABCDEFabcdef", c->s[c->at]) != NULL)
            c->at++;
        return TOKEN_OTHER;
    }
    if (strchr("dDsSwWhHvVRNbBAzZKtnrfae", e) != NULL && e != '\0')
        return TOKEN_OTHER;
    if ((e >= '0' && e <= '9') || (e >= 'a' && e <= 'z') ||
        (e >= 'A' && e <= 'Z'))
        return scan_bad(c, "has an escape that formats do not use");
    c->byte = e;
    return TOKEN_BYTE;
}

static enum token scan_class(struct scan *c)
{
    size_t i = c->at + 1;

    if (i < c->n && c->s[i] == '^')
        i++;
    if (i < c->n && c->s[i] == ']')
        i++;
    while (i < c->n && c->s[i] != ']') {
        if (c->s[i] == '\\') {
            if (i + 1 < c->n && (c->s[i + 1] == 'Q' || c->s[i + 1] == 'E'))
                return scan_bad(c, "has \\Q or \\E");
            i++;
        } else if (c->s[i] == '[' && i + 1 < c->n && c->s[i + 1] == ':') {
            /* [:alpha:] */
            size_t k = i + 2;

            while (k < c->n && c->s[k] >= 'a' && c->s[k] <= 'z')
                k++;
            if (k + 1 < c->n && c->s[k] == ':' && c->s[k + 1] == ']')
                i = k + 1;
        }
        i++;
    }
    if (i >= c->n)
        return scan_bad(c, "has a class without ']'");
    c->at = i + 1;
    return TOKEN_OTHER;
}

static enum token scan_named(struct scan *c, size_t from, char close)
{
    const char *end = memchr(c->s + from, close, c->n - from);

    if (end == NULL)
        return scan_bad(c, "has a group name without an end");
    c->name = c->s + from;
    c->size = (size_t)(end - c->name);
    c->at = from + c->size + 1;
    return TOKEN_OPEN;
}

static enum token scan_open(struct scan *c)
{
    const char *s = c->s + c->at;
    size_t left = c->n - c->at;
    size_t i = 2;

    c->name = NULL;
    if (left >= 2 && s[1] == '*')
        return scan_bad(c, "has a verb: '(*'");
    if (left < 3 || s[1] != '?') {
        c->name = "";
        c->size = 0;
        c->at++;
        return TOKEN_OPEN;
    }
    if (s[2] == '<' && left > 3 && s[3] != '=' && s[3] != '!')
        return scan_named(c, c->at + 3, '>');
    if (s[2] == 'P' && left > 3 && s[3] == '<')
        return scan_named(c, c->at + 4, '>');
    if (s[2] == '\'')
        return scan_named(c, c->at + 3, '\'');
    if (s[2] == '<') {
        c->at += 4;
        return TOKEN_OPEN;
    }
    if (strchr(":|>=!", s[2]) != NULL && s[2] != '\0') {
        c->at += 3;
        return TOKEN_OPEN;
    }
    /* Flags, for a group only: outside of one they would reach further. */
    while (i < left &&
           (s[i] == 'i' || s[i] == 's' || s[i] == 'm' || s[i] == '-'))
        i++;
    if (i < left && s[i] == ':' && i > 2) {
        c->at += i + 1;
        return TOKEN_OPEN;
    }
    return scan_bad(c, "has a '(?' construct that formats do not use");
}

/* {n}, {n,} or {n,m}; else a brace that stands for itself. */
static enum token scan_brace(struct scan *c)
{
    size_t i = c->at + 1;
    bool digits = false;

    while (i < c->n &&
           ((c->s[i] >= '0' && c->s[i] <= '9') || (c->s[i] == ',' && digits))) {
        digits = true;
        i++;
    }
    if (!digits || i >= c->n || c->s[i] != '}') {
        c->at++;
        return TOKEN_OTHER;
    }
    c->at = i + 1;
    return TOKEN_REPEAT0;
}

static enum token scan_next(struct scan *c)
{
    if (c->at >= c->n)
        return TOKEN_END;
    switch (c->s[c->at]) {
    case '\\':
        return scan_escape(c);
    case '[':
        return scan_class(c);
    case '(':
        return scan_open(c);
    case '{':
        return scan_brace(c);
    case ')':
        c->at++;
        return TOKEN_CLOSE;
    case '|':
        c->at++;
        return TOKEN_OR;
    case '?':
    case '*':
        c->at++;
        return TOKEN_REPEAT0;
    case '+':
        c->at++;
        return TOKEN_REPEAT;
    case '.':
    case '^':
    case '$':
        c->at++;
        return TOKEN_OTHER;
    default:
        c->byte = c->s[c->at++];
        return TOKEN_BYTE;
    }
}

/* --- What a pattern's syntax says ---------------------------------------- */

static int group_find(const struct kura_regex *re, const char *name, size_t n)
{
    int g;

    for (g = 1; g <= kura_regex_groups(re); g++) {
        const char *s = kura_regex_group_name(re, g);

        if (s != NULL && strlen(s) == n && memcmp(s, name, n) == 0)
            return g;
    }
    return 0;
}

/* Says which captures lie inside others. */
enum kura_rc kura_format_nesting_find(struct kura_loader *l,
                                      const struct kura_buf *src, size_t line,
                                      const struct kura_regex *re,
                                      struct kura_field *fields)
{
    struct scan c = {.s = src->data, .n = src->len};
    bool capture[SCAN_DEPTH];
    enum token t;
    int depth = 0;
    int inside = 0; /* open captures */

    for (t = scan_next(&c); t != TOKEN_END; t = scan_next(&c)) {
        if (t == TOKEN_BAD) {
            (void)kura_format_fail(l, line,
                                   "the pattern %s near byte %zu: %.40s", c.why,
                                   c.at, c.s + c.at);
            kura_err_hint(l->err,
                          "groups are (?:...), (?<name>...),"
                          " (?|...), (?>...), (?i:...) and look-around");
            return KURA_EINPUT;
        }
        if (t == TOKEN_OPEN) {
            int g;

            if (depth == SCAN_DEPTH)
                return kura_format_fail(l, line,
                                        "the pattern nests more than %d groups",
                                        SCAN_DEPTH);
            if (c.name != NULL && c.size == 0)
                return kura_format_fail(
                    l, line,
                    "a group captures without a name near "
                    "byte %zu: %.40s\nhint: write (?:...) or "
                    "(?<column>...)",
                    c.at, c.s + c.at);
            capture[depth++] = c.name != NULL;
            if (c.name == NULL)
                continue;
            g = group_find(re, c.name, c.size);
            if (g != 0 && inside > 0)
                fields[g].nested = true;
            inside++;
        } else if (t == TOKEN_CLOSE && depth > 0) {
            inside -= capture[--depth];
        }
    }
    return KURA_OK;
}

/* The texts that every line of the pattern holds, from its first to its last:
 * runs of bytes outside of groups and alternatives.  Appends those of at least
 * `least` bytes, each with a NUL. */
enum kura_rc kura_format_texts_find(struct kura_loader *l,
                                    const struct kura_buf *src, size_t least,
                                    struct kura_buf *out)
{
    struct scan c = {.s = src->data, .n = src->len};
    enum kura_rc rc = KURA_OK;
    struct kura_buf run;
    enum token t = TOKEN_OTHER;
    int depth = 0;

    kura_buf_init(&run, KURA_FORMAT_REGEX_MAX);
    while (t != TOKEN_END && t != TOKEN_BAD && rc == KURA_OK) {
        t = scan_next(&c);
        if (t == TOKEN_OPEN)
            depth++;
        if (t == TOKEN_OR && depth == 0) {
            kura_buf_reset(out);
            break;
        }
        if (t == TOKEN_BYTE && depth == 0) {
            rc = kura_buf_putc(&run, c.byte, l->err);
            continue;
        }
        if (t == TOKEN_CLOSE)
            depth--;
        if (t == TOKEN_REPEAT0 && run.len > 0)
            run.len--;
        if (run.len >= least) {
            rc = kura_buf_append(out, run.data, run.len, l->err);
            if (rc == KURA_OK)
                rc = kura_buf_putc(out, '\0', l->err);
        }
        kura_buf_reset(&run);
    }
    kura_buf_release(&run);
    return rc;
}
