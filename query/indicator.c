/* indicator.c - reading one indicator. */
#include "query/indicator.h"

#include "base/host.h"
#include "base/network.h"
#include "base/num.h"
#include "base/punycode.h"
#include "base/refang.h"
#include "base/text.h"

#include <string.h>

#define HOST_MAX 253u
#define LABEL_MAX 63u

/* What is read: s[0..n) of the text, with room for what is made of it. */
struct reading {
    const char *s;
    size_t n;
    struct kura_indicator_text *out;
    struct kura_err *err;
};

void kura_indicator_text_init(struct kura_indicator_text *t)
{
    memset(t, 0, sizeof(*t));
    kura_buf_init(&t->value, 4 * KURA_INDICATOR_SIZE);
}

void kura_indicator_text_release(struct kura_indicator_text *t)
{
    kura_buf_release(&t->value);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool word_is(const char *s, size_t n, const char *word)
{
    return kura_text_casecmp(s, n, word, strlen(word)) == 0;
}

static enum kura_rc refuse(const struct reading *r, const char *why)
{
    return kura_err_set(r->err, KURA_EINPUT, "'%.*s' %s",
                        r->n > 200 ? 200 : (int)r->n, r->s, why);
}

/* --- URLs -------------------------------------------------------------- */

/* Bytes of "scheme" before "://"; 0 when there is none. */
static size_t scheme_size(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n &&
           (is_alnum(s[i]) || s[i] == '+' || s[i] == '-' || s[i] == '.'))
        i++;
    return i != 0 && n - i >= 3 && memcmp(s + i, "://", 3) == 0 ? i : 0;
}

static int scheme_port(const char *s, size_t n)
{
    if (word_is(s, n, "http"))
        return 80;
    if (word_is(s, n, "https"))
        return 443;
    return word_is(s, n, "ftp") ? 21 : 0;
}

/* Where the port starts in HOST:PORT or [V6]:PORT; n when there is none. */
static size_t port_at(const char *s, size_t n)
{
    size_t i = n;

    while (i > 0 && is_digit(s[i - 1]))
        i--;
    if (i == 0 || i == n || s[i - 1] != ':')
        return n;
    i--;
    if (memchr(s, ':', i) != NULL && (i == 0 || s[i - 1] != ']'))
        return n; /* an IPv6 address */
    return i;
}

bool kura_url_split(const char *s, size_t n, struct kura_url_parts *out)
{
    size_t scheme = scheme_size(s, n), start = scheme != 0 ? scheme + 3 : 0;
    size_t end = start, i, at;
    int64_t port = 0;

    while (end < n && s[end] != '/' && s[end] != '?' && s[end] != '#')
        end++;
    for (i = end; i > start; i--)
        if (s[i - 1] == '@') {
            start = i;
            break;
        }
    out->rest = s + end;
    out->rest_size = n - end;
    at = start + port_at(s + start, end - start);
    if (at < end && kura_num_parse(s + at + 1, end - at - 1, &port) &&
        (port < 0 || port > 65535))
        port = 0;
    out->tunnel = scheme == 0 && at < end && end == n;
    out->port = scheme != 0 && port == scheme_port(s, scheme) ? 0 : (int)port;
    if (at - start >= 2 && s[start] == '[' && s[at - 1] == ']') {
        start++;
        at--;
    }
    if (at > start && s[at - 1] == '.')
        at--;
    out->host = s + start;
    out->host_size = at - start;
    return out->host_size != 0;
}

/* --- Hosts ------------------------------------------------------------- */

/* Labels of letters, digits, - and _ within their bounds; the last one is no
 * number. */
static bool host_can_be(const char *s, size_t n)
{
    size_t i, label = 0;
    bool number = true;

    if (n == 0 || n > HOST_MAX)
        return false;
    for (i = 0; i < n; i++) {
        if (s[i] == '.') {
            if (label == 0)
                return false;
            label = 0;
            number = true;
        } else if ((!is_alnum(s[i]) && s[i] != '-' && s[i] != '_') ||
                   ++label > LABEL_MAX) {
            return false;
        } else {
            number = number && is_digit(s[i]);
        }
    }
    return label != 0 && !number;
}

static enum kura_rc put_address(struct reading *r, const struct kura_address *a)
{
    struct kura_network net = {*a, a->bits};
    char text[KURA_NETWORK_TEXT];

    kura_network_format(&net, text);
    return kura_buf_puts(&r->out->value, text, r->err);
}

/* Appends a host: an address, or a name. */
static enum kura_rc put_host(struct reading *r, const char *s, size_t n,
                             bool *is_address)
{
    size_t start = r->out->value.len;
    struct kura_address a;
    bool is_null = false;
    enum kura_rc rc;

    *is_address = kura_address_parse(s, n, &a);
    if (*is_address)
        return put_address(r, &a);
    rc = kura_punycode_encode(s, n, &r->out->value, &is_null, r->err);
    if (rc != KURA_OK)
        return rc;
    if (is_null ||
        !host_can_be(r->out->value.data + start, r->out->value.len - start))
        return refuse(r, "is no name of a host");
    return KURA_OK;
}

static enum kura_rc read_domain(struct reading *r)
{
    const char *s = r->s;
    size_t n = r->n;
    bool is_address;
    enum kura_rc rc;

    if (n > 2 && s[0] == '*' && s[1] == '.') {
        s += 2;
        n -= 2;
    }
    n = port_at(s, n);
    while (n > 0 && s[0] == '.') {
        s++;
        n--;
    }
    while (n > 0 && s[n - 1] == '.')
        n--;
    rc = put_host(r, s, n, &is_address);
    r->out->type = is_address ? KURA_INDICATOR_ADDRESS : KURA_INDICATOR_DOMAIN;
    return rc;
}

static enum kura_rc read_address(struct reading *r)
{
    size_t n = port_at(r->s, r->n);
    struct kura_network net;
    char text[KURA_NETWORK_TEXT];

    if (memchr(r->s, '/', r->n) != NULL)
        n = r->n;
    if (!kura_network_parse(r->s, n, &net))
        return refuse(r, "is no address and no network");
    (void)kura_network_mask(&net);
    kura_network_format(&net, text);
    r->out->type = net.bits == net.net.bits ? KURA_INDICATOR_ADDRESS
                                            : KURA_INDICATOR_NETWORK;
    return kura_buf_puts(&r->out->value, text, r->err);
}

/* The host, an IPv6 address in brackets. */
static enum kura_rc put_url_host(struct reading *r,
                                 const struct kura_url_parts *p)
{
    struct kura_buf *v = &r->out->value;
    size_t start = v->len;
    bool is_address;
    enum kura_rc rc = put_host(r, p->host, p->host_size, &is_address);

    if (rc != KURA_OK || memchr(v->data + start, ':', v->len - start) == NULL)
        return rc;
    rc = kura_buf_puts(v, "]]", r->err);
    if (rc != KURA_OK)
        return rc;
    memmove(v->data + start + 1, v->data + start, v->len - start - 1);
    v->data[start] = '[';
    return KURA_OK;
}

static enum kura_rc read_url(struct reading *r)
{
    struct kura_buf *v = &r->out->value;
    size_t scheme = scheme_size(r->s, r->n), i, n;
    struct kura_url_parts p;
    const char *fragment;
    enum kura_rc rc;

    for (i = 0; i < r->n; i++)
        if (is_blank(r->s[i]))
            return refuse(r, "is no URL: it has a blank");
    if (!kura_url_split(r->s, r->n, &p))
        return refuse(r, "is no URL: it names no host");
    if (scheme == 0 && (p.rest_size == 0 || p.rest[0] != '/'))
        return refuse(r, "is no URL");
    rc = scheme == 0 ? kura_buf_puts(v, "http", r->err)
                     : kura_buf_append(v, r->s, scheme, r->err);
    for (i = 0; rc == KURA_OK && i < v->len; i++)
        v->data[i] = lower(v->data[i]);
    if (rc == KURA_OK)
        rc = kura_buf_puts(v, "://", r->err);
    if (rc == KURA_OK)
        rc = put_url_host(r, &p);
    if (rc == KURA_OK && p.port != 0 && !(scheme == 0 && p.port == 80))
        rc = kura_buf_printf(v, r->err, ":%d", p.port);
    fragment = memchr(p.rest, '#', p.rest_size);
    n = fragment != NULL ? (size_t)(fragment - p.rest) : p.rest_size;
    while (fragment != NULL && n > 0 && strchr(",;", p.rest[n - 1]) != NULL)
        n--; /* as strip() leaves no such end */
    if (rc == KURA_OK && (n == 0 || p.rest[0] != '/'))
        rc = kura_buf_putc(v, '/', r->err);
    r->out->type = KURA_INDICATOR_URL;
    return rc == KURA_OK ? kura_buf_append(v, p.rest, n, r->err) : rc;
}

/* --- The rest ---------------------------------------------------------- */

/* Lower case, each run of blanks one. */
static enum kura_rc put_words(struct reading *r, const char *s, size_t n)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < n; i++)
        if (!is_blank(s[i]))
            rc = kura_buf_putc(&r->out->value, lower(s[i]), r->err);
        else if (i == 0 || !is_blank(s[i - 1]))
            rc = kura_buf_putc(&r->out->value, ' ', r->err);
    return rc;
}

static enum kura_rc read_email(struct reading *r)
{
    const char *open = memchr(r->s, '<', r->n), *s = r->s, *close, *at;
    size_t n = r->n;
    bool is_address;
    enum kura_rc rc;

    if (open != NULL) {
        n -= (size_t)(open + 1 - s);
        s = open + 1;
        close = memchr(s, '>', n);
        n = close != NULL ? (size_t)(close - s) : n;
    }
    for (at = s + n; at > s && at[-1] != '@';)
        at--;
    if (at == s || memchr(s, ' ', n) != NULL || memchr(s, '\t', n) != NULL)
        return refuse(r, "is no e-mail address");
    r->out->type = KURA_INDICATOR_EMAIL;
    if (at == s + 1 || (at == s + 2 && s[0] == '*'))
        r->out->type = KURA_INDICATOR_DOMAIN;
    else if ((rc = put_words(r, s, (size_t)(at - s))) != KURA_OK)
        return rc;
    n -= (size_t)(at - s);
    while (n > 0 && at[n - 1] == '.')
        n--;
    rc = put_host(r, at, n, &is_address);
    if (rc == KURA_OK && is_address && r->out->type == KURA_INDICATOR_DOMAIN)
        r->out->type = KURA_INDICATOR_ADDRESS;
    return rc;
}

static bool hash_is(const char *s, size_t n)
{
    size_t i;

    if (n != 32 && n != 40 && n != 56 && n != 64 && n != 96 && n != 128)
        return false;
    for (i = 0; i < n; i++)
        if (!is_digit(s[i]) && (lower(s[i]) < 'a' || lower(s[i]) > 'f'))
            return false;
    return true;
}

static enum kura_rc read_hash(struct reading *r)
{
    const char *colon = memchr(r->s, ':', r->n), *s = r->s;
    size_t n = r->n;

    if (colon != NULL && colon - s <= 7) { /* sha256: */
        n -= (size_t)(colon + 1 - s);
        s = colon + 1;
    }
    if (!hash_is(s, n))
        return refuse(r, "is no MD5, SHA-1 or SHA-2");
    r->out->type = KURA_INDICATOR_HASH;
    return put_words(r, s, n);
}

static enum kura_rc read_words(struct reading *r, enum kura_indicator_type type)
{
    r->out->type = type;
    return put_words(r, r->s, r->n);
}

/* --- Guessing ---------------------------------------------------------- */

/* Extensions that are no top-level domain, or hardly one. */
static bool is_extension(const char *s, size_t n)
{
    static const char *const known[] = {
        "exe",  "dll",  "scr",  "sys",  "bat", "cmd",  "ps1", "vbs", "vbe",
        "js",   "jse",  "wsf",  "hta",  "lnk", "msi",  "jar", "doc", "docx",
        "docm", "xls",  "xlsx", "xlsm", "ppt", "pptx", "pdf", "rtf", "iso",
        "img",  "rar",  "7z",   "gz",   "tar", "cab",  "tmp", "dat", "bin",
        "txt",  "html", "htm",  "php",  "asp", "aspx", "jsp", "jpg", "png",
        "gif",  "xml",  "log",  "ini",  "cpl", "chm",  "ocx", "drv", "pif",
        "one",  "vhd",  "vhdx", "elf",  "apk", "dmg",  "swf", "jtd", NULL};
    int i;

    for (i = 0; known[i] != NULL; i++)
        if (word_is(s, n, known[i]))
            return true;
    return false;
}

static bool looks_like_file(const char *s, size_t n)
{
    size_t i;

    if (memchr(s, '\\', n) != NULL)
        return true;
    for (i = n; i > 0 && s[i - 1] != '.';)
        i--;
    return i > 1 && is_extension(s + i, n - i);
}

static bool looks_like_name(const char *s, size_t n)
{
    size_t i;

    n = port_at(s, n);
    if (n > 2 && s[0] == '*' && s[1] == '.') {
        s += 2;
        n -= 2;
    }
    if (!kura_host_is_name(s, n > 0 && s[n - 1] == '.' ? n - 1 : n) ||
        memchr(s, '.', n) == NULL)
        return false;
    for (i = 0; i < n; i++)
        if ((s[i] & 0x80) == 0 && !is_alnum(s[i]) &&
            strchr(".-_", s[i]) == NULL)
            return false;
    return true;
}

static bool looks_like_address(const char *s, size_t n)
{
    struct kura_network net;

    return kura_network_parse(s, n, &net) ||
           kura_network_parse(s, port_at(s, n), &net);
}

static enum kura_rc guess(const struct reading *r,
                          enum kura_indicator_type *out)
{
    const char *slash = memchr(r->s, '/', r->n);
    size_t host = slash != NULL ? (size_t)(slash - r->s) : r->n;

    if (hash_is(r->s, r->n))
        *out = KURA_INDICATOR_HASH;
    else if (looks_like_address(r->s, r->n))
        *out = KURA_INDICATOR_ADDRESS;
    else if (scheme_size(r->s, r->n) != 0)
        *out = KURA_INDICATOR_URL;
    else if (memchr(r->s, '@', r->n) != NULL && slash == NULL)
        *out = KURA_INDICATOR_EMAIL;
    else if (slash != NULL &&
             (looks_like_name(r->s, host) || looks_like_address(r->s, host)))
        *out = KURA_INDICATOR_URL;
    else if (looks_like_file(r->s, r->n))
        *out = KURA_INDICATOR_FILENAME;
    else if (looks_like_name(r->s, r->n))
        *out = KURA_INDICATOR_DOMAIN;
    else
        return refuse(r, "is nothing that tells its type; --type says it");
    return KURA_OK;
}

/* --- All together ------------------------------------------------------ */

static bool type_is_refanged(enum kura_indicator_type type)
{
    return type == KURA_INDICATOR_ADDRESS || type == KURA_INDICATOR_NETWORK ||
           type == KURA_INDICATOR_DOMAIN || type == KURA_INDICATOR_URL ||
           type == KURA_INDICATOR_EMAIL;
}

/* UTF-8 without control characters but for tabs, which are blanks. */
static bool is_clean(const char *s, size_t n)
{
    const char *tab;

    while (n > 0 && (tab = memchr(s, '\t', n)) != NULL) {
        if (!kura_text_is_clean(s, (size_t)(tab - s)))
            return false;
        n -= (size_t)(tab + 1 - s);
        s = tab + 1;
    }
    return kura_text_is_clean(s, n);
}

/* Blanks around it are nobody's; of what may stand in running text quotes,
 * angle brackets and commas are not either. */
static void strip(struct reading *r, bool words)
{
    bool again = true;

    while (again) {
        again = false;
        while (r->n > 0 && is_blank(r->s[0])) {
            r->s++;
            r->n--;
        }
        while (r->n > 0 && (is_blank(r->s[r->n - 1]) ||
                            (!words && strchr(",;", r->s[r->n - 1]) != NULL)))
            r->n--;
        if (r->n >= 2 && !words &&
            ((r->s[0] == r->s[r->n - 1] && strchr("\"'`", r->s[0]) != NULL) ||
             (r->s[0] == '<' && r->s[r->n - 1] == '>'))) {
            r->s++;
            r->n -= 2;
            again = true;
        }
    }
}

static enum kura_rc read_as(struct reading *r, enum kura_indicator_type type)
{
    switch (type) {
    case KURA_INDICATOR_ADDRESS:
    case KURA_INDICATOR_NETWORK:
        return read_address(r);
    case KURA_INDICATOR_DOMAIN:
        return read_domain(r);
    case KURA_INDICATOR_URL:
        return read_url(r);
    case KURA_INDICATOR_EMAIL:
        return read_email(r);
    case KURA_INDICATOR_HASH:
        return read_hash(r);
    case KURA_INDICATOR_SUBJECT:
    case KURA_INDICATOR_FILENAME:
    case KURA_INDICATOR_ACCOUNT:
    case KURA_INDICATOR_USERAGENT:
        break;
    }
    return read_words(r, type);
}

static enum kura_rc read_refanged(struct reading *r,
                                  const enum kura_indicator_type *wanted,
                                  struct kura_buf *whole)
{
    enum kura_indicator_type type = KURA_INDICATOR_HASH;
    enum kura_rc rc;

    if (wanted != NULL ? type_is_refanged(*wanted) : !hash_is(r->s, r->n)) {
        rc = kura_refang(r->s, r->n, whole, r->err);
        if (rc != KURA_OK)
            return rc;
        r->out->refanged =
            whole->len != r->n || memcmp(whole->data, r->s, r->n) != 0;
        r->s = whole->data;
        r->n = whole->len;
        strip(r, false);
    }
    if (wanted != NULL)
        return read_as(r, *wanted);
    rc = guess(r, &type);
    return rc == KURA_OK ? read_as(r, type) : rc;
}

enum kura_rc kura_indicator_read(const char *s, size_t n,
                                 const enum kura_indicator_type *wanted,
                                 struct kura_indicator_text *out,
                                 struct kura_err *err)
{
    struct reading r = {s, n, out, err};
    struct kura_buf whole;
    enum kura_rc rc;

    kura_buf_reset(&out->value);
    out->refanged = false;
    if (n > KURA_INDICATOR_SIZE)
        return kura_err_set(err, KURA_EINPUT, "longer than %d bytes",
                            KURA_INDICATOR_SIZE);
    if (!is_clean(s, n))
        return refuse(&r, "is not UTF-8 or has control characters");
    strip(&r, wanted != NULL && !type_is_refanged(*wanted));
    if (r.n == 0)
        return kura_err_set(err, KURA_EINPUT, "there is no value");
    kura_buf_init(&whole, 4 * KURA_INDICATOR_SIZE);
    rc = read_refanged(&r, wanted, &whole);
    kura_buf_release(&whole);
    if (rc == KURA_OK && out->value.len == 0)
        rc = kura_err_set(err, KURA_EINPUT, "there is no value");
    return rc;
}
