/* lookalike.c - both domains are taken apart; then one question after the
 * other. */
#include "query/lookalike.h"

#include "base/buf.h"
#include "base/confusable.h"
#include "base/distance.h"
#include "base/host.h"
#include "base/punycode.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define TEXT_MAX 4096u /* a name has 253 bytes; a log may have more */

/* A domain taken apart.  The texts are in lower case. */
struct parts {
    bool known;             /* it has a registered domain */
    struct kura_buf domain; /* the registered one, as written */
    struct kura_buf name;   /* its first label, decoded */
    struct kura_buf plain;  /* the same without hyphens */
    struct kura_buf look;   /* the skeleton of the name */
    struct kura_buf below;  /* the labels below it, decoded; may be empty */
    const char *suffix;     /* within domain */
    size_t characters;      /* of the name */
};

static void parts_init(struct parts *p)
{
    memset(p, 0, sizeof(*p));
    kura_buf_init(&p->domain, TEXT_MAX);
    kura_buf_init(&p->name, TEXT_MAX);
    kura_buf_init(&p->plain, TEXT_MAX);
    kura_buf_init(&p->look, TEXT_MAX);
    kura_buf_init(&p->below, TEXT_MAX);
}

static void parts_release(struct parts *p)
{
    kura_buf_release(&p->domain);
    kura_buf_release(&p->name);
    kura_buf_release(&p->plain);
    kura_buf_release(&p->look);
    kura_buf_release(&p->below);
}

static size_t characters_of(const struct kura_buf *b)
{
    size_t count = 0, i;

    for (i = 0; i < b->len; i++)
        count += ((unsigned char)b->data[i] & 0xC0) != 0x80;
    return count;
}

static void lower_all(struct kura_buf *b)
{
    size_t i;

    for (i = 0; i < b->len; i++)
        if (b->data[i] >= 'A' && b->data[i] <= 'Z')
            b->data[i] = (char)(b->data[i] - 'A' + 'a');
}

static enum kura_rc parts_fill(struct parts *p, const char *s, size_t n,
                               struct kura_err *err)
{
    const char *dot = strchr(p->domain.data, '.');
    size_t label = (size_t)(dot - p->domain.data), i;
    enum kura_rc rc;

    p->suffix = dot + 1;
    rc = kura_punycode_decode(p->domain.data, label, &p->name, err);
    if (rc == KURA_OK && n > p->domain.len)
        rc = kura_punycode_decode(s, n - p->domain.len - 1, &p->below, err);
    lower_all(&p->name);
    lower_all(&p->below);
    for (i = 0; i < p->name.len && rc == KURA_OK; i++)
        if (p->name.data[i] != '-')
            rc = kura_buf_putc(&p->plain, p->name.data[i], err);
    if (rc == KURA_OK)
        rc = kura_skeleton(p->name.data, p->name.len, &p->look, err);
    p->characters = characters_of(&p->name);
    return rc;
}

static enum kura_rc parts_read(struct parts *p, const char *s, size_t n,
                               struct kura_err *err)
{
    bool is_null = true;
    enum kura_rc rc = KURA_OK;

    n = kura_host_size(s, n);
    if (n < TEXT_MAX / 4)
        rc = kura_registered_domain(s, n, &p->domain, &is_null, err);
    if (rc != KURA_OK || is_null || strchr(p->domain.data, '.') == NULL)
        return rc;
    p->known = true;
    return parts_fill(p, s, n, err);
}

static bool same(const struct kura_buf *a, const struct kura_buf *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static bool is_ascii(const struct kura_buf *b)
{
    size_t i;

    for (i = 0; i < b->len; i++)
        if ((b->data[i] & 0x80) != 0)
            return false;
    return true;
}

static bool is_homoglyph(const struct parts *d, const struct parts *r)
{
    return !same(&d->name, &r->name) && same(&d->look, &r->look) &&
           r->characters >= (is_ascii(&d->name) ? 4u : 2u);
}

/* How many slips lie between the names as written or as they look. */
static int slips(const struct parts *d, const struct parts *r)
{
    int written =
        kura_distance(d->name.data, d->name.len, r->name.data, r->name.len);
    int look =
        kura_distance(d->look.data, d->look.len, r->look.data, r->look.len);

    return look >= 0 && (look < written || written < 0) ? look : written;
}

static bool is_letter(const struct kura_buf *b, size_t i)
{
    return i < b->len && ((b->data[i] >= 'a' && b->data[i] <= 'z') ||
                          (b->data[i] & 0x80) != 0);
}

/* Whether word is in b, at `whole` only where no letter touches it. */
static bool has_word(const struct kura_buf *b, const char *word, size_t n,
                     bool whole)
{
    size_t i;

    for (i = 0; n != 0 && i + n <= b->len; i++) {
        if (memcmp(b->data + i, word, n) != 0)
            continue;
        if (!whole ||
            ((i == 0 || !is_letter(b, i - 1)) && !is_letter(b, i + n)))
            return true;
    }
    return false;
}

/* example.com.evil.example and example-com.evil.example */
static bool has_domain(const struct parts *d, const struct parts *r)
{
    char text[256];
    size_t i, n = r->domain.len;

    if (n >= sizeof(text))
        return false;
    memcpy(text, r->domain.data, n);
    if (has_word(&d->below, text, n, true))
        return true;
    for (i = 0; i < n; i++)
        if (text[i] == '.')
            text[i] = '-';
    return has_word(&d->below, text, n, true) ||
           has_word(&d->name, text, n, true);
}

static const char *reason_of(const struct parts *d, const struct parts *r)
{
    size_t least =
        d->characters < r->characters ? d->characters : r->characters;
    const char *name = r->name.data;
    size_t n = r->name.len;
    int distance;

    if (is_homoglyph(d, r))
        return "homoglyph";
    if (same(&d->name, &r->name))
        return r->characters >= 5 ? "other suffix" : NULL;
    if (same(&d->plain, &r->plain) && r->characters >= 5)
        return "hyphens";
    distance = slips(d, r);
    if (distance >= 0 && distance <= 1 && least >= 6)
        return "one slip";
    if (distance == 2 && least >= 10)
        return "two slips";
    if (r->characters >= 5 && has_word(&d->name, name, n, r->characters < 7))
        return "name in domain";
    if (has_domain(d, r) ||
        (r->characters >= 5 && has_word(&d->below, name, n, true)))
        return "name in subdomain";
    return NULL;
}

enum kura_rc kura_lookalike(const char *domain, size_t n, const char *reference,
                            size_t reference_n, const char **reason,
                            struct kura_err *err)
{
    struct parts d, r;
    enum kura_rc rc;

    *reason = NULL;
    parts_init(&d);
    parts_init(&r);
    rc = parts_read(&r, reference, reference_n, err);
    if (rc == KURA_OK && r.known)
        rc = parts_read(&d, domain, n, err);
    if (rc == KURA_OK && d.known && r.known && !same(&d.domain, &r.domain))
        *reason = reason_of(&d, &r);
    parts_release(&d);
    parts_release(&r);
    return rc;
}
