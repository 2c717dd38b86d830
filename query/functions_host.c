/* functions_host.c - the functions of one text that is a host: its name, its
 * address, or a mail address at it. */
#include "query/functions.h"

#include "base/mime.h"
#include "base/network.h"
#include "base/punycode.h"
#include "base/text.h"
#include "query/functions_internal.h"
#include "query/lists.h"

#include <stdint.h>
#include <string.h>

/* --- Addresses -------------------------------------------------------- */

static enum kura_rc call_is_private_ip(const char *s, size_t n,
                                       struct kura_buf *out, int64_t *number,
                                       bool *is_null, struct kura_err *err)
{
    struct kura_address a;

    (void)out;
    (void)err;
    *is_null = !kura_address_parse(s, n, &a);
    *number = !*is_null && kura_address_is_private(&a);
    return KURA_OK;
}

/* 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1]:80 */
static bool host_is_address(const char *s, size_t n)
{
    struct kura_address a;

    return kura_address_parse(s, n, &a) ||
           kura_address_parse(s, kura_host_size(s, n), &a);
}

static enum kura_rc call_is_ip(const char *s, size_t n, struct kura_buf *out,
                               int64_t *number, bool *is_null,
                               struct kura_err *err)
{
    (void)out;
    (void)err;
    *is_null = false;
    *number = host_is_address(s, n);
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
        return kura_append_lower(s, n, out, err);
    for (end = n; rc == KURA_OK; end = start - 1) {
        for (start = end; start > 0 && s[start - 1] != '.';)
            start--;
        rc = kura_append_lower(s + start, end - start, out, err);
        if (start == 0 || rc != KURA_OK)
            break;
        rc = kura_buf_putc(out, '.', err);
    }
    return rc;
}

/* Where the labels below the registered domain end, their last dot left out;
 * 0 when there are none or the host is no name under a public suffix. */
static enum kura_rc subdomain_size(const char *s, size_t n, size_t *out_size,
                                   struct kura_err *err)
{
    struct kura_buf domain;
    bool is_null;
    enum kura_rc rc;

    *out_size = 0;
    n = kura_host_size(s, n);
    kura_buf_init(&domain, KURA_FUNCTION_TEXT);
    rc = kura_registered_domain(s, n, &domain, &is_null, err);
    if (rc == KURA_OK && !is_null && n > domain.len)
        *out_size = n - domain.len - 1;
    kura_buf_release(&domain);
    return rc;
}

static enum kura_rc call_subdomain(const char *s, size_t n,
                                   struct kura_buf *out, int64_t *number,
                                   bool *is_null, struct kura_err *err)
{
    size_t size;
    enum kura_rc rc = subdomain_size(s, n, &size, err);

    (void)number;
    *is_null = size == 0;
    return rc == KURA_OK ? kura_append_lower(s, size, out, err) : rc;
}

static enum kura_rc call_longest_label(const char *s, size_t n,
                                       struct kura_buf *out, int64_t *number,
                                       bool *is_null, struct kura_err *err)
{
    size_t run = 0, i;

    (void)out;
    (void)err;
    n = kura_host_size(s, n);
    *is_null = n == 0 || host_is_address(s, n);
    *number = 0;
    for (i = 0; i < n; i++) {
        run = s[i] == '.' ? 0 : run + 1;
        *number = (int64_t)run > *number ? (int64_t)run : *number;
    }
    return KURA_OK;
}

static enum kura_rc call_punycode_decode(const char *s, size_t n,
                                         struct kura_buf *out, int64_t *number,
                                         bool *is_null, struct kura_err *err)
{
    (void)number;
    *is_null = false;
    return kura_punycode_decode(s, n, out, err);
}

/* --- Hosts on lists ----------------------------------------------------- */

static enum kura_rc call_dynamic_dns(const char *s, size_t n,
                                     struct kura_buf *out, int64_t *number,
                                     bool *is_null, struct kura_err *err)
{
    const struct kura_list_entry *e;
    enum kura_rc rc = kura_list_find(KURA_LIST_DYNAMIC_DNS, s, n, &e, err);

    (void)number;
    if (rc != KURA_OK)
        return rc;
    *is_null = e == NULL;
    return e != NULL ? kura_buf_append(out, e->name, e->name_size, err)
                     : KURA_OK;
}

static enum kura_rc call_drop_site(const char *s, size_t n,
                                   struct kura_buf *out, int64_t *number,
                                   bool *is_null, struct kura_err *err)
{
    const struct kura_list_entry *e;
    enum kura_rc rc = kura_list_find(KURA_LIST_DROP_SITE, s, n, &e, err);

    (void)number;
    if (rc != KURA_OK)
        return rc;
    *is_null = e == NULL;
    return e != NULL ? kura_buf_append(out, e->category, e->category_size, err)
                     : KURA_OK;
}

/* --- Mail addresses --------------------------------------------------- */

struct span {
    const char *s;
    size_t n;
};

/* The domain of an address without its name; [192.0.2.1] loses its brackets. */
static struct span domain_of(const char *s, size_t n)
{
    struct span d = {s, 0};
    size_t at;

    for (at = n; at > 0 && s[at - 1] != '@';)
        at--;
    if (at == 0)
        return d;
    d.s = s + at;
    d.n = n - at;
    if (d.n > 2 && d.s[0] == '[' && d.s[d.n - 1] == ']') {
        d.s++;
        d.n -= 2;
        if (d.n > 5 && kura_text_casecmp(d.s, 5, "ipv6:", 5) == 0) {
            d.s += 5;
            d.n -= 5;
        }
    } else if (d.n > 0 && d.s[d.n - 1] == '.') {
        d.n--;
    }
    return d;
}

static enum kura_rc call_mail_domain(const char *s, size_t n,
                                     struct kura_buf *out, int64_t *number,
                                     bool *is_null, struct kura_err *err)
{
    struct span d;
    struct kura_buf address;
    enum kura_rc rc;

    (void)number;
    *is_null = true;
    kura_buf_init(&address, KURA_FUNCTION_TEXT);
    rc = kura_mime_address(s, n, &address, NULL, err);
    if (rc == KURA_OK) {
        d = domain_of(address.data, address.len);
        *is_null = d.n == 0;
        rc = kura_append_lower(d.s, d.n, out, err);
    }
    kura_buf_release(&address);
    return rc;
}

const struct kura_text_function kura_functions_host[] = {
    {"registered_domain", false, call_registered_domain, NULL},
    {"reverse_host", false, call_reverse_host, NULL},
    {"subdomain", false, call_subdomain, NULL},
    {"longest_label", true, call_longest_label, NULL},
    {"is_private_ip", true, call_is_private_ip, NULL},
    {"is_ip", true, call_is_ip, NULL},
    {"mail_domain", false, call_mail_domain, NULL},
    {"punycode_decode", false, call_punycode_decode, NULL},
    {"dynamic_dns", false, call_dynamic_dns, NULL},
    {"drop_site", false, call_drop_site, NULL},
    {NULL, false, NULL, NULL},
};
