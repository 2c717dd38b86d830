/* functions_test.c - the tests of a text against an argument: regexp, ip_in,
 * domain_under.  The argument is taken apart once, then asked per text. */
#include "query/functions.h"

#include "base/network.h"
#include "base/regex.h"
#include "base/text.h"
#include "query/functions_internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What an argument for ip_in may name at most. */
#define TEST_NETWORKS 65536u

/* One struct for all kinds: each uses its own part, the rest is zero. */
struct kura_text_test {
    struct kura_regex *re; /* regexp */
    struct kura_matcher *matcher;
    struct kura_network *networks; /* ip_in */
    size_t count;
    char *domain; /* domain_under: as written, without dots at its ends */
    size_t domain_size;
};

static void test_free(struct kura_text_test *t)
{
    if (t == NULL)
        return;
    kura_matcher_free(t->matcher);
    kura_regex_free(t->re);
    free(t->networks);
    free(t->domain);
    free(t);
}

static enum kura_rc test_new(struct kura_text_test **out, struct kura_err *err)
{
    *out = calloc(1, sizeof(**out));
    return *out != NULL ? KURA_OK : kura_err_nomem(err);
}

/* --- regexp ----------------------------------------------------------- */

static enum kura_rc regexp_compile(const char *arg, size_t n,
                                   struct kura_text_test **out,
                                   struct kura_err *err)
{
    struct kura_text_test *t;
    enum kura_rc rc = test_new(&t, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_regex_new(arg, n, KURA_REGEX_UTF, &t->re, err);
    if (rc != KURA_OK)
        goto out;
    rc = kura_matcher_new(kura_regex_groups(t->re), &t->matcher, err);
out:
    if (rc == KURA_OK)
        *out = t;
    else
        test_free(t);
    return rc;
}

/* Connections of several threads share it in kura.so. */
static atomic_llong regexp_gave_up;

int64_t kura_text_gave_up(void)
{
    return atomic_load(&regexp_gave_up);
}

void kura_text_note(int answer)
{
    if (answer < 0)
        (void)atomic_fetch_add(&regexp_gave_up, 1);
}

int kura_text_test_regexp(struct kura_text_test *t, const char *s, size_t n)
{
    int answer = kura_regex_match(t->re, t->matcher, s, n);

    kura_text_note(answer);
    return answer;
}

static bool regexp_matches(struct kura_text_test *t, const char *s, size_t n)
{
    return kura_text_test_regexp(t, s, n) == 1;
}

/* --- ip_in ------------------------------------------------------------ */

static bool is_separator(char c)
{
    return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r';
}

static size_t networks_count(const char *s, size_t n)
{
    size_t count = 0, i;

    for (i = 0; i < n; i++)
        if (!is_separator(s[i]) && (i == 0 || is_separator(s[i - 1])))
            count++;
    return count;
}

static enum kura_rc networks_fill(struct kura_text_test *t, const char *s,
                                  size_t n, struct kura_err *err)
{
    size_t start = 0, end;

    while (start < n) {
        if (is_separator(s[start])) {
            start++;
            continue;
        }
        for (end = start; end < n && !is_separator(s[end]);)
            end++;
        if (!kura_network_parse(s + start, end - start, &t->networks[t->count]))
            return kura_err_set(err, KURA_EINPUT,
                                "'%.*s' is no address and no network",
                                end - start > 64 ? 64 : (int)(end - start),
                                s + start);
        t->count++;
        start = end;
    }
    return KURA_OK;
}

static enum kura_rc ip_in_compile(const char *arg, size_t n,
                                  struct kura_text_test **out,
                                  struct kura_err *err)
{
    size_t count = networks_count(arg, n);
    struct kura_text_test *t;
    enum kura_rc rc;

    if (count > TEST_NETWORKS)
        return kura_err_set(err, KURA_EINPUT, "more than %u networks",
                            TEST_NETWORKS);
    rc = test_new(&t, err);
    if (rc != KURA_OK)
        return rc;
    t->networks = calloc(count + 1, sizeof(*t->networks));
    rc = t->networks != NULL ? networks_fill(t, arg, n, err)
                             : kura_err_nomem(err);
    if (rc == KURA_OK)
        *out = t;
    else
        test_free(t);
    return rc;
}

static bool ip_in_matches(struct kura_text_test *t, const char *s, size_t n)
{
    struct kura_address a;
    size_t i;

    if (!kura_address_parse(s, n, &a))
        return false;
    for (i = 0; i < t->count; i++)
        if (kura_address_under(&a, &t->networks[i].net, t->networks[i].bits))
            return true;
    return false;
}

/* --- domain_under ----------------------------------------------------- */

static enum kura_rc domain_under_compile(const char *arg, size_t n,
                                         struct kura_text_test **out,
                                         struct kura_err *err)
{
    struct kura_text_test *t;
    enum kura_rc rc;

    /* People write .example.com and *.example.com for the same. */
    if (n > 1 && arg[0] == '*' && arg[1] == '.') {
        arg++;
        n--;
    }
    if (n > 0 && arg[0] == '.') {
        arg++;
        n--;
    }
    if (n > 0 && arg[n - 1] == '.')
        n--;
    rc = test_new(&t, err);
    if (rc != KURA_OK)
        return rc;
    t->domain = malloc(n + 1);
    if (t->domain == NULL) {
        test_free(t);
        return kura_err_nomem(err);
    }
    if (n != 0)
        memcpy(t->domain, arg, n);
    t->domain_size = n;
    *out = t;
    return KURA_OK;
}

static bool domain_under_matches(struct kura_text_test *t, const char *s,
                                 size_t n)
{
    size_t size = t->domain_size;

    n = kura_host_size(s, n);
    if (size == 0 || n < size || (n > size && s[n - size - 1] != '.'))
        return false;
    return kura_text_casecmp(s + n - size, size, t->domain, size) == 0;
}

/* --- The list --------------------------------------------------------- */

const struct kura_text_test_kind *kura_text_test_at(int i)
{
    static const struct kura_text_test_kind kinds[] = {
        {"regexp", regexp_compile, regexp_matches, test_free},
        {"ip_in", ip_in_compile, ip_in_matches, test_free},
        {"domain_under", domain_under_compile, domain_under_matches,
         test_free},
    };

    return i >= 0 && (size_t)i < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[i]
                                                                  : NULL;
}

const struct kura_text_test_kind *kura_text_test_find(const char *name)
{
    const struct kura_text_test_kind *k;
    int i;

    for (i = 0; (k = kura_text_test_at(i)) != NULL; i++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}
