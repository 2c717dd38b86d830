/* functions_text.c - the functions of one text, as a list; and those that are
 * about no host, URL or file name.
 *
 * They see every distinct text of a log once, so they are plain loops over the
 * bytes.  A text that is not what the function is about gives NULL. */
#include "query/functions.h"

#include "base/refang.h"
#include "base/text.h"
#include "query/functions_internal.h"

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

/* --- The list --------------------------------------------------------- */

static const struct kura_text_function functions_text[] = {
    {"is_blocked", false, call_is_blocked, NULL},
    {"defang", false, call_defang, NULL},
    {"refang", false, call_refang, NULL},
    {"has_bidi", true, call_has_bidi, NULL},
    {NULL, false, NULL, NULL},
};

const struct kura_text_function *kura_text_function_at(int i)
{
    static const struct kura_text_function *const lists[] = {
        kura_functions_host, kura_functions_url, kura_functions_name,
        kura_functions_site, functions_text};
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
