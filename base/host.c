/* host.c - addresses by inet_pton, registered domains by libpsl. */
#include "base/host.h"

#include <arpa/inet.h>
#include <libpsl.h>
#include <string.h>

static void address_unmap(struct kura_address *a)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

    if (memcmp(a->byte, mapped, sizeof(mapped)) != 0)
        return;
    memmove(a->byte, a->byte + 12, 4);
    memset(a->byte + 4, 0, 12);
    a->bits = 32;
}

bool kura_address_parse(const char *s, size_t n, struct kura_address *out)
{
    struct kura_address a = {{0}, 0};
    const char *zone;
    char text[INET6_ADDRSTRLEN];

    if (n >= 2 && s[0] == '[' && s[n - 1] == ']') {
        s++;
        n -= 2;
    }
    zone = n != 0 ? memchr(s, '%', n) : NULL;
    if (zone != NULL && memchr(s, ':', n) != NULL)
        n = (size_t)(zone - s);
    if (n == 0 || n >= sizeof(text) || memchr(s, '\0', n) != NULL)
        return false;
    memcpy(text, s, n);
    text[n] = '\0';
    if (inet_pton(AF_INET, text, a.byte) == 1) {
        a.bits = 32;
    } else if (inet_pton(AF_INET6, text, a.byte) == 1) {
        a.bits = 128;
        address_unmap(&a);
    } else {
        return false;
    }
    *out = a;
    return true;
}

bool kura_address_under(const struct kura_address *a,
                        const struct kura_address *net, unsigned bits)
{
    unsigned rest = bits % 8;
    size_t whole = bits / 8;

    if (a->bits != net->bits || bits > a->bits)
        return false;
    if (memcmp(a->byte, net->byte, whole) != 0)
        return false;
    return rest == 0 || (a->byte[whole] ^ net->byte[whole]) >> (8 - rest) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t kura_host_size(const char *s, size_t n)
{
    size_t end = n;

    while (end > 0 && is_digit(s[end - 1]))
        end--;
    /* More than one colon is an IPv6 address, not a port, but for [...]:443. */
    if (end > 0 && s[end - 1] == ':' &&
        (memchr(s, ':', end - 1) == NULL || (end > 1 && s[end - 2] == ']')))
        n = end - 1;
    if (n > 0 && s[n - 1] == '.')
        n--;
    return n;
}

/* Nothing may end the text before its time. */
bool kura_host_is_name(const char *s, size_t n)
{
    struct kura_address a;
    size_t i;

    if (n == 0 || s[0] == '.' || s[n - 1] == '.' ||
        memchr(s, '\0', n) != NULL || kura_address_parse(s, n, &a))
        return false;
    for (i = 1; i < n; i++)
        if (s[i] == '.' && s[i - 1] == '.')
            return false;
    return true;
}

bool kura_host_suffix_known(const char *s, size_t n)
{
    const psl_ctx_t *psl = psl_builtin();
    char label[64];
    size_t i;

    if (psl == NULL || n == 0 || n >= sizeof(label))
        return false;
    for (i = 0; i < n; i++) {
        if (s[i] == '\0' || s[i] == '.')
            return false;
        label[i] = lower(s[i]);
    }
    label[n] = '\0';
    return psl_is_public_suffix2(
               psl, label, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

/* The list built into libpsl: one answer for a text, whatever files the
 * machine has, and nothing to load or to free. */
enum kura_rc kura_registered_domain(const char *s, size_t n,
                                    struct kura_buf *out, bool *is_null,
                                    struct kura_err *err)
{
    const psl_ctx_t *psl = psl_builtin();
    size_t start = out->len;
    const char *found;
    char *p;
    enum kura_rc rc;

    *is_null = true;
    if (psl == NULL)
        return kura_err_set(err, KURA_ENOTFOUND,
                            "this libpsl has no public suffix list built in");
    n = kura_host_size(s, n);
    if (!kura_host_is_name(s, n))
        return KURA_OK;
    rc = kura_buf_append(out, s, n, err);
    if (rc != KURA_OK)
        return rc;
    for (p = out->data + start; *p != '\0'; p++)
        *p = lower(*p);
    found = psl_registrable_domain(psl, out->data + start);
    *is_null = found == NULL;
    n = found != NULL ? strlen(found) : 0;
    if (n != 0)
        memmove(out->data + start, found, n);
    out->len = start + n;
    out->data[out->len] = '\0';
    return KURA_OK;
}
