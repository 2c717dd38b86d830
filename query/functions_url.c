/* functions_url.c - the functions of one text that is a URL, as proxies log
 * it: their scheme, their CONNECT, their errors. */
#include "query/functions.h"

#include "base/mime.h"
#include "query/functions_internal.h"

#include <stdint.h>
#include <string.h>

/* --- URLs ------------------------------------------------------------- */

struct span {
    const char *s; /* NULL: the URL has no such part */
    size_t n;
};

struct url {
    struct span host, path, query;
};

static size_t span_until(const char *s, size_t n, const char *stops)
{
    size_t i = 0;

    while (i < n && (s[i] == '\0' || strchr(stops, s[i]) == NULL))
        i++;
    return i;
}

/* The bytes of "scheme:" at the start, 0 when there is none. */
static size_t url_scheme(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && (kura_ascii_is_alnum(s[i]) ||
                     (i > 0 && strchr("+-.", s[i]) != NULL && s[i] != '\0')))
        i++;
    return i > 0 && i < n && s[i] == ':' && !kura_ascii_is_digit(s[0]) ? i + 1
                                                                       : 0;
}

static bool all_digits(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (!kura_ascii_is_digit(s[i]))
            return false;
    return n > 0;
}

static struct span url_host_of(const char *s, size_t n)
{
    struct span host = {NULL, 0};
    const char *close;
    size_t i;

    for (i = n; i > 0; i--)
        if (s[i - 1] == '@')
            break;
    s += i;
    n -= i;
    if (n > 0 && s[0] == '[') {
        close = memchr(s, ']', n);
        if (close == NULL)
            return host;
        s++;
        n = (size_t)(close - s);
    } else {
        n = span_until(s, n, ":");
        if (n > 0 && s[n - 1] == '.')
            n--;
    }
    if (n > 0) {
        host.s = s;
        host.n = n;
    }
    return host;
}

/* The forms that proxies log: scheme://host/path?query, /path?query, and
 * host:port of CONNECT.  Anything else ("error:invalid-request") has no
 * parts. */
static void url_parse(const char *s, size_t n, struct url *u)
{
    size_t scheme = url_scheme(s, n), i;
    bool absolute = n - scheme >= 2 && scheme > 0 && s[scheme] == '/' &&
                    s[scheme + 1] == '/';

    memset(u, 0, sizeof(*u));
    if (absolute) {
        s += scheme + 2;
        n -= scheme + 2;
    } else if (scheme > 0 &&
               !all_digits(s + scheme,
                           span_until(s + scheme, n - scheme, "/?#"))) {
        return;
    }
    if (absolute || (n > 0 && s[0] != '/')) {
        i = span_until(s, n, "/?#");
        u->host = url_host_of(s, i);
        s += i;
        n -= i;
    }
    i = span_until(s, n, "?#");
    if (i > 0) {
        u->path.s = s;
        u->path.n = i;
    } else if (absolute) {
        u->path.s = "/"; /* RFC 3986, 6.2.3 */
        u->path.n = 1;
    }
    if (i < n && s[i] == '?') {
        u->query.s = s + i + 1;
        u->query.n = span_until(s + i + 1, n - i - 1, "#");
    }
}

static enum kura_rc span_append(struct span p, struct kura_buf *out,
                                bool *is_null, struct kura_err *err)
{
    *is_null = p.s == NULL;
    return p.s == NULL ? KURA_OK : kura_buf_append(out, p.s, p.n, err);
}

static enum kura_rc call_url_path(const char *s, size_t n, struct kura_buf *out,
                                  int64_t *number, bool *is_null,
                                  struct kura_err *err)
{
    struct url u;

    (void)number;
    url_parse(s, n, &u);
    return span_append(u.path, out, is_null, err);
}

static enum kura_rc call_url_query(const char *s, size_t n,
                                   struct kura_buf *out, int64_t *number,
                                   bool *is_null, struct kura_err *err)
{
    struct url u;

    (void)number;
    url_parse(s, n, &u);
    return span_append(u.query, out, is_null, err);
}

static enum kura_rc call_url_host(const char *s, size_t n, struct kura_buf *out,
                                  int64_t *number, bool *is_null,
                                  struct kura_err *err)
{
    struct url u;

    (void)number;
    url_parse(s, n, &u);
    *is_null = u.host.s == NULL;
    return kura_append_lower(u.host.s, u.host.n, out, err);
}

static int hex_value(char c)
{
    c = kura_ascii_lower(c);
    if (kura_ascii_is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum kura_rc percent_decode(const char *s, size_t n,
                                   struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = kura_buf_reserve(out, n, err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < n; i++) {
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

static enum kura_rc call_url_extension(const char *s, size_t n,
                                       struct kura_buf *out, int64_t *number,
                                       bool *is_null, struct kura_err *err)
{
    struct kura_buf name;
    size_t start = out->len, i;
    enum kura_rc rc;
    struct url u;

    (void)number;
    *is_null = true;
    kura_buf_init(&name, KURA_FUNCTION_TEXT);
    url_parse(s, n, &u);
    if (u.path.s == NULL)
        return KURA_OK;
    for (i = u.path.n; i > 0 && u.path.s[i - 1] != '/';)
        i--;
    /* Parameters of the segment (";jsessionid=...") are no part of a name. */
    rc = percent_decode(
        u.path.s + i, span_until(u.path.s + i, u.path.n - i, ";"), &name, err);
    if (rc == KURA_OK)
        rc = kura_mime_extension(name.data, name.len, out, err);
    for (i = start; rc == KURA_OK && i < out->len; i++)
        if (!kura_ascii_is_alnum(out->data[i]))
            out->len = start;
    out->data[out->len] = '\0';
    *is_null = out->len == start;
    kura_buf_release(&name);
    return rc;
}

const struct kura_text_function kura_functions_url[] = {
    {"url_host", false, call_url_host, NULL},
    {"url_path", false, call_url_path, NULL},
    {"url_query", false, call_url_query, NULL},
    {"url_extension", false, call_url_extension, NULL},
    {NULL, false, NULL, NULL},
};
