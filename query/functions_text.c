/* functions_text.c - the functions of one text, as a list; and those that are
 * about no host, URL or file name.
 *
 * They see every distinct text of a log once, so they are plain loops over the
 * bytes.  A text that is not what the function is about gives NULL. */
#include "query/functions.h"

#include "base/refang.h"
#include "base/text.h"
#include "query/functions_internal.h"
#include "query/wordlike.h"

#include <stdint.h>
#include <string.h>

char kura_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool kura_ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool kura_ascii_is_alnum(char c)
{
    c = kura_ascii_lower(c);
    return kura_ascii_is_digit(c) || (c >= 'a' && c <= 'z');
}

enum kura_rc kura_append_lower(const char *s, size_t n, struct kura_buf *out,
                               struct kura_err *err)
{
    enum kura_rc rc = kura_buf_reserve(out, n, err);
    size_t i;

    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < n; i++)
        out->data[out->len++] = kura_ascii_lower(s[i]);
    out->data[out->len] = '\0';
    return KURA_OK;
}

bool kura_word_in(const char *const *list, const char *s, size_t n)
{
    size_t i;

    for (i = 0; list[i] != NULL; i++)
        if (kura_text_casecmp(list[i], strlen(list[i]), s, n) == 0)
            return true;
    return false;
}

/* --- Words and names -------------------------------------------------- */

static enum kura_rc call_is_blocked(const char *s, size_t n,
                                    struct kura_buf *out, int64_t *number,
                                    bool *is_null, struct kura_err *err)
{
    static const char *const blocked[] = {
        "deny",     "denied",     "drop",         "dropped",      "reject",
        "rejected", "block",      "blocked",      "refuse",       "refused",
        "discard",  "discarded",  "prohibit",     "prohibited",   "drop ICMP",
        "reset",    "reset-both", "reset-client", "reset-server", NULL};
    static const char *const passed[] = {
        "permit",  "permitted", "accept",    "accepted", "allow",
        "allowed", "pass",      "passed",    "tunnel",   "built",
        "close",   "forward",   "forwarded", NULL};

    (void)number;
    *is_null = false;
    if (kura_word_in(blocked, s, n))
        return kura_buf_puts(out, "true", err);
    if (kura_word_in(passed, s, n))
        return kura_buf_puts(out, "false", err);
    *is_null = true;
    return KURA_OK;
}

static enum kura_rc call_defang(const char *s, size_t n, struct kura_buf *out,
                                int64_t *number, bool *is_null,
                                struct kura_err *err)
{
    (void)number;
    *is_null = false;
    return kura_defang(s, n, out, err);
}

static enum kura_rc call_refang(const char *s, size_t n, struct kura_buf *out,
                                int64_t *number, bool *is_null,
                                struct kura_err *err)
{
    (void)number;
    *is_null = false;
    return kura_refang(s, n, out, err);
}

/* U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. */
static enum kura_rc call_has_bidi(const char *s, size_t n, struct kura_buf *out,
                                  int64_t *number, bool *is_null,
                                  struct kura_err *err)
{
    size_t i = 0;
    uint32_t cp;

    (void)out;
    (void)err;
    *is_null = false;
    *number = 0;
    while (i < n && *number == 0) {
        i += kura_text_decode(s + i, n - i, &cp);
        *number = cp == 0x061C || cp == 0x200E || cp == 0x200F ||
                  (cp >= 0x202A && cp <= 0x202E) ||
                  (cp >= 0x2066 && cp <= 0x2069);
    }
    return KURA_OK;
}

static enum kura_rc call_encoded_run(const char *s, size_t n,
                                     struct kura_buf *out, int64_t *number,
                                     bool *is_null, struct kura_err *err)
{
    size_t longest = 0;
    enum kura_rc rc = kura_encoded_run(s, n, &longest, err);

    (void)out;
    *is_null = false;
    *number = (int64_t)longest;
    return rc;
}

/* --- User agents -------------------------------------------------------- */

/* Whether the text has the product: "Firefox/" and a digit. */
static bool has_product(const char *s, size_t n, const char *product)
{
    size_t size = strlen(product), i;

    for (i = 0; i + size < n; i++)
        if (memcmp(s + i, product, size) == 0 &&
            kura_ascii_is_digit(s[i + size]) &&
            (i == 0 || !kura_ascii_is_alnum(s[i - 1])))
            return true;
    return false;
}

/* The first that fits counts: browsers name those before them.  Each names its
 * engine as well; what names a browser only is none. */
static const struct {
    const char *product, *engine, *family;
} browsers[] = {
    {"Edg/", "AppleWebKit/", "Edge"},
    {"EdgA/", "AppleWebKit/", "Edge"},
    {"EdgiOS/", "AppleWebKit/", "Edge"},
    {"Edge/", "AppleWebKit/", "Edge"},
    {"OPR/", "AppleWebKit/", "Opera"},
    {"Opera/", "Presto/", "Opera"},
    {"Vivaldi/", "AppleWebKit/", "Vivaldi"},
    {"YaBrowser/", "AppleWebKit/", "Yandex"},
    {"SamsungBrowser/", "AppleWebKit/", "Samsung"},
    {"Firefox/", "Gecko/", "Firefox"},
    {"FxiOS/", "AppleWebKit/", "Firefox"},
    {"CriOS/", "AppleWebKit/", "Chrome"},
    {"HeadlessChrome/", "AppleWebKit/", NULL},
    {"Chrome/", "AppleWebKit/", "Chrome"},
    {"Version/", "AppleWebKit/", "Safari"},
    {"MSIE ", "compatible; MSIE ", "Internet Explorer"},
    {"rv:", "Trident/", "Internet Explorer"},
};

static enum kura_rc call_ua_family(const char *s, size_t n,
                                   struct kura_buf *out, int64_t *number,
                                   bool *is_null, struct kura_err *err)
{
    const char *family = NULL;
    size_t i;

    (void)number;
    /* Mozilla/5.0 (system) ..., or the old Opera/9.80 (system) ... */
    if (n > 13 &&
        (has_product(s, 13, "Mozilla/") || has_product(s, 13, "Opera/")) &&
        memchr(s, '(', n) != NULL)
        for (i = 0; i < sizeof(browsers) / sizeof(browsers[0]); i++)
            if (has_product(s, n, browsers[i].product) &&
                has_product(s, n, browsers[i].engine)) {
                family = browsers[i].family;
                break;
            }
    *is_null = family == NULL;
    return family != NULL ? kura_buf_puts(out, family, err) : KURA_OK;
}

/* --- The list --------------------------------------------------------- */

static const struct kura_text_function functions_text[] = {
    {"is_blocked", false, call_is_blocked, NULL},
    {"defang", false, call_defang, NULL},
    {"refang", false, call_refang, NULL},
    {"has_bidi", true, call_has_bidi, NULL},
    {"hex_or_base64_run", true, call_encoded_run, NULL},
    {"ua_family", false, call_ua_family, NULL},
    {NULL, false, NULL, NULL},
};

const struct kura_text_function *kura_text_function_at(int i)
{
    static const struct kura_text_function *const lists[] = {
        kura_functions_host, kura_functions_url,     kura_functions_name,
        kura_functions_site, kura_functions_account, functions_text};
    size_t k;
    int at;

    if (i < 0)
        return NULL;
    for (k = 0; k < sizeof(lists) / sizeof(lists[0]); k++)
        for (at = 0; lists[k][at].name != NULL; at++)
            if (i-- == 0)
                return &lists[k][at];
    return NULL;
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
