/* functions_text.c - the functions of one text: hosts, URLs, addresses,
 * actions, file names, mail headers.
 *
 * They see every distinct text of a log once, so they are plain loops over the
 * bytes.  A text that is not what the function is about gives NULL. */
#include "query/functions.h"

#include "base/mime.h"
#include "base/text.h"
#include "query/functions_internal.h"

#include <stdint.h>
#include <string.h>

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool ascii_is_alnum(char c)
{
    c = ascii_lower(c);
    return ascii_is_digit(c) || (c >= 'a' && c <= 'z');
}

static enum kura_rc append_lower(const char *s, size_t n, struct kura_buf *out,
                                 struct kura_err *err)
{
    enum kura_rc rc = kura_buf_reserve(out, n, err);
    size_t i;

    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < n; i++)
        out->data[out->len++] = ascii_lower(s[i]);
    out->data[out->len] = '\0';
    return KURA_OK;
}

/* Whether s[0..n), folded, is one of the words of a list that NULL ends. */
static bool word_in(const char *const *list, const char *s, size_t n)
{
    size_t i;

    for (i = 0; list[i] != NULL; i++)
        if (kura_text_casecmp(list[i], strlen(list[i]), s, n) == 0)
            return true;
    return false;
}

/* --- Addresses -------------------------------------------------------- */

static enum kura_rc call_is_private_ip(const char *s, size_t n,
                                       struct kura_buf *out, int64_t *number,
                                       bool *is_null, struct kura_err *err)
{
    static const struct {
        struct kura_address net;
        unsigned bits;
    } nets[] = {
        {{{10}, 32}, 8},           /* RFC 1918 */
        {{{172, 16}, 32}, 12},     /* RFC 1918 */
        {{{192, 168}, 32}, 16},    /* RFC 1918 */
        {{{100, 64}, 32}, 10},     /* carrier grade NAT, RFC 6598 */
        {{{127}, 32}, 8},          /* loopback */
        {{{169, 254}, 32}, 16},    /* link-local */
        {{{0xfc}, 128}, 7},        /* unique local, RFC 4193 */
        {{{0xfe, 0x80}, 128}, 10}, /* link-local */
        {{{[15] = 1}, 128}, 128}   /* loopback */
    };
    struct kura_address a;
    size_t i;

    (void)out;
    (void)err;
    *is_null = !kura_address_parse(s, n, &a);
    *number = 0;
    if (*is_null)
        return KURA_OK;
    for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
        if (kura_address_under(&a, &nets[i].net, nets[i].bits))
            *number = 1;
    return KURA_OK;
}

/* --- Hosts ------------------------------------------------------------ */

static enum kura_rc call_registered_domain(const char *s, size_t n,
                                           struct kura_buf *out,
                                           int64_t *number, bool *is_null,
                                           struct kura_err *err)
{
    (void)number;
    return kura_registered_domain(s, n, out, is_null, err);
}

static enum kura_rc call_reverse_host(const char *s, size_t n,
                                      struct kura_buf *out, int64_t *number,
                                      bool *is_null, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t end, start;

    (void)number;
    n = kura_host_size(s, n);
    *is_null = n == 0;
    if (!kura_host_is_name(s, n))
        return append_lower(s, n, out, err);
    for (end = n; rc == KURA_OK; end = start - 1) {
        for (start = end; start > 0 && s[start - 1] != '.';)
            start--;
        rc = append_lower(s + start, end - start, out, err);
        if (start == 0 || rc != KURA_OK)
            break;
        rc = kura_buf_putc(out, '.', err);
    }
    return rc;
}

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

    while (i < n && (ascii_is_alnum(s[i]) ||
                     (i > 0 && strchr("+-.", s[i]) != NULL && s[i] != '\0')))
        i++;
    return i > 0 && i < n && s[i] == ':' && !ascii_is_digit(s[0]) ? i + 1 : 0;
}

static bool all_digits(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (!ascii_is_digit(s[i]))
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
    return append_lower(u.host.s, u.host.n, out, err);
}

static int hex_value(char c)
{
    c = ascii_lower(c);
    if (ascii_is_digit(c))
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
    rc = percent_decode(u.path.s + i,
                        span_until(u.path.s + i, u.path.n - i, ";"), &name,
                        err);
    if (rc == KURA_OK)
        rc = kura_mime_extension(name.data, name.len, out, err);
    for (i = start; rc == KURA_OK && i < out->len; i++)
        if (!ascii_is_alnum(out->data[i]))
            out->len = start;
    out->data[out->len] = '\0';
    *is_null = out->len == start;
    kura_buf_release(&name);
    return rc;
}

/* --- Words and names -------------------------------------------------- */

static enum kura_rc call_is_blocked(const char *s, size_t n,
                                    struct kura_buf *out, int64_t *number,
                                    bool *is_null, struct kura_err *err)
{
    static const char *const blocked[] = {
        "deny",       "denied",       "drop",        "dropped",
        "reject",     "rejected",     "block",       "blocked",
        "refuse",     "refused",      "discard",     "discarded",
        "prohibit",   "prohibited",   "drop ICMP",   "reset",
        "reset-both", "reset-client", "reset-server", NULL};
    static const char *const passed[] = {
        "permit",    "permitted", "accept", "accepted", "allow", "allowed",
        "pass",      "passed",    "tunnel", "built",    "close", "forward",
        "forwarded", NULL};

    (void)number;
    *is_null = false;
    if (word_in(blocked, s, n))
        return kura_buf_puts(out, "true", err);
    if (word_in(passed, s, n))
        return kura_buf_puts(out, "false", err);
    *is_null = true;
    return KURA_OK;
}

/* Characters that a reader does not see: zero width, bidi controls, soft
 * hyphen. */
static bool is_invisible(uint32_t cp)
{
    return cp == 0xAD || (cp >= 0x200B && cp <= 0x200F) ||
           (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x2069) ||
           cp == 0x61C || cp == 0xFEFF;
}

/* Other white space than the blank becomes one: it hides an extension too. */
static bool is_space(uint32_t cp)
{
    return cp <= 0x20 || cp == 0x7F || (cp >= 0x80 && cp <= 0xA0) ||
           cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 ||
           cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

/* The name as Windows takes it: without folders, quotes and what is not
 * seen. */
static enum kura_rc name_unmask(const char *s, size_t n, struct kura_buf *out,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, used;
    uint32_t cp;

    for (i = 0; rc == KURA_OK && i < n; i += used) {
        used = kura_text_decode(s + i, n - i, &cp);
        if (cp == '/' || cp == '\\')
            kura_buf_reset(out);
        else if (is_space(cp))
            rc = kura_buf_putc(out, ' ', err);
        else if (!is_invisible(cp) && cp != '"' && cp != '\'')
            rc = kura_buf_append(out, s + i, used, err);
    }
    return rc;
}

static enum kura_rc call_is_executable_name(const char *s, size_t n,
                                            struct kura_buf *out,
                                            int64_t *number, bool *is_null,
                                            struct kura_err *err)
{
    static const char *const list[] = {
        "exe",    "com",         "scr",         "pif",        "bat",
        "cmd",    "cpl",         "msi",         "msp",        "mst",
        "js",     "jse",         "vb",          "vbs",        "vbe",
        "ws",     "wsf",         "wsh",         "wsc",        "sct",
        "hta",    "lnk",         "ps1",         "ps1xml",     "ps2",
        "psc1",   "psd1",        "psm1",        "jar",        "jnlp",
        "dll",    "ocx",         "sys",         "drv",        "reg",
        "inf",    "scf",         "url",         "chm",        "hlp",
        "gadget", "application", "appref-ms",   "msc",        "msix",
        "appx",   "xll",         "wll",         "job",        "ins",
        "isp",    "diagcab",     "library-ms",  NULL};
    struct kura_buf name, ext;
    enum kura_rc rc;

    (void)out;
    *is_null = false;
    *number = 0;
    kura_buf_init(&name, KURA_FUNCTION_TEXT);
    kura_buf_init(&ext, KURA_FUNCTION_TEXT);
    rc = name_unmask(s, n, &name, err);
    if (rc == KURA_OK)
        rc = kura_mime_extension(name.data, name.len, &ext, err);
    if (rc == KURA_OK)
        *number = word_in(list, ext.data, ext.len);
    kura_buf_release(&name);
    kura_buf_release(&ext);
    return rc;
}

static enum kura_rc call_mime_decode(const char *s, size_t n,
                                     struct kura_buf *out, int64_t *number,
                                     bool *is_null, struct kura_err *err)
{
    (void)number;
    *is_null = false;
    return kura_mime_decode(s, n, out, err);
}

static enum kura_rc call_mime_filename(const char *s, size_t n,
                                       struct kura_buf *out, int64_t *number,
                                       bool *is_null, struct kura_err *err)
{
    bool found = false;
    enum kura_rc rc = kura_mime_filename(s, n, out, NULL, &found, err);

    (void)number;
    *is_null = !found;
    return rc;
}

/* --- The list --------------------------------------------------------- */

const struct kura_text_function *kura_text_function_at(int i)
{
    static const struct kura_text_function list[] = {
        {"registered_domain", false, call_registered_domain, NULL},
        {"reverse_host", false, call_reverse_host, NULL},
        {"url_host", false, call_url_host, NULL},
        {"url_path", false, call_url_path, NULL},
        {"url_query", false, call_url_query, NULL},
        {"url_extension", false, call_url_extension, NULL},
        {"is_private_ip", true, call_is_private_ip, NULL},
        {"is_blocked", false, call_is_blocked, NULL},
        {"is_executable_name", true, call_is_executable_name, NULL},
        {"mime_decode", false, call_mime_decode, NULL},
        {"mime_filename", false, call_mime_filename, NULL},
    };

    return i >= 0 && (size_t)i < sizeof(list) / sizeof(list[0]) ? &list[i]
                                                                : NULL;
}

const struct kura_text_function *kura_text_function_find(const char *name)
{
    const struct kura_text_function *f;
    int i;

    for (i = 0; (f = kura_text_function_at(i)) != NULL; i++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}
