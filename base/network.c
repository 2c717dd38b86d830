/* network.c - CIDR networks nest or lie apart, so that of those sorted by their
 * first address the last one before an address is inside of all that hold it,
 * or is one of them. */
#include "base/network.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool kura_network_parse(const char *s, size_t n, struct kura_network *out)
{
    const char *slash = n != 0 ? memchr(s, '/', n) : NULL;
    size_t size = slash != NULL ? (size_t)(slash - s) : n;
    struct kura_network net;
    bool mapped;
    int64_t bits;

    if (!kura_address_parse(s, size, &net.net))
        return false;
    bits = net.net.bits;
    if (slash != NULL &&
        (n - size - 1 > 3 || !kura_num_parse(slash + 1, n - size - 1, &bits)))
        return false;
    mapped = net.net.bits == 32 && memchr(s, ':', size) != NULL;
    if (slash != NULL && mapped)
        bits -= 96;
    if (bits < 0 || bits > (int64_t)net.net.bits)
        return false;
    net.bits = (unsigned)bits;
    *out = net;
    return true;
}

bool kura_network_mask(struct kura_network *net)
{
    bool clean = true;
    unsigned i;

    for (i = 0; i < net->net.bits / 8; i++) {
        unsigned kept = net->bits <= i * 8       ? 0
                        : net->bits >= i * 8 + 8 ? 8
                                                 : net->bits - i * 8;
        uint8_t masked =
            (uint8_t)(net->net.byte[i] & (unsigned)(0xff00u >> kept));

        clean &= masked == net->net.byte[i];
        net->net.byte[i] = masked;
    }
    return clean;
}

void kura_network_format(const struct kura_network *net,
                         char out[KURA_NETWORK_TEXT])
{
    char text[INET6_ADDRSTRLEN] = "";

    (void)inet_ntop(net->net.bits == 32 ? AF_INET : AF_INET6, net->net.byte,
                    text, sizeof(text));
    if (net->bits == net->net.bits)
        (void)snprintf(out, KURA_NETWORK_TEXT, "%s", text);
    else
        (void)snprintf(out, KURA_NETWORK_TEXT, "%s/%u", text, net->bits);
}

static bool address_in(const struct kura_address *a,
                       const struct kura_network *nets, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (kura_address_under(a, &nets[i].net, nets[i].bits))
            return true;
    return false;
}

bool kura_address_is_local(const struct kura_address *a)
{
    static const struct kura_network nets[] = {
        {{{127}, 32}, 8},          /* loopback */
        {{{169, 254}, 32}, 16},    /* link-local */
        {{{0xfe, 0x80}, 128}, 10}, /* link-local */
        {{{[15] = 1}, 128}, 128}   /* loopback */
    };

    return address_in(a, nets, sizeof(nets) / sizeof(nets[0]));
}

bool kura_address_is_private(const struct kura_address *a)
{
    static const struct kura_network nets[] = {
        {{{10}, 32}, 8},        /* RFC 1918 */
        {{{172, 16}, 32}, 12},  /* RFC 1918 */
        {{{192, 168}, 32}, 16}, /* RFC 1918 */
        {{{100, 64}, 32}, 10},  /* carrier grade NAT, RFC 6598 */
        {{{0xfc}, 128}, 7}      /* unique local, RFC 4193 */
    };

    return kura_address_is_local(a) ||
           address_in(a, nets, sizeof(nets) / sizeof(nets[0]));
}

/* --- Sets -------------------------------------------------------------- */

#define NOBODY SIZE_MAX

struct member {
    struct kura_network network; /* masked */
    size_t index;                /* in the list */
    size_t around; /* the narrowest member that holds it, or NOBODY */
};

struct kura_networks {
    size_t count;
    struct member members[]; /* by family, first address, width: wide first */
};

static int address_cmp(const struct kura_address *a,
                       const struct kura_address *b)
{
    if (a->bits != b->bits)
        return a->bits < b->bits ? -1 : 1;
    return memcmp(a->byte, b->byte, a->bits / 8);
}

static int member_cmp(const void *p, const void *q)
{
    const struct member *a = p, *b = q;
    int order = address_cmp(&a->network.net, &b->network.net);

    if (order != 0)
        return order;
    if (a->network.bits != b->network.bits)
        return a->network.bits < b->network.bits ? -1 : 1;
    /* The first of equal ones is the innermost. */
    return a->index > b->index ? -1 : 1;
}

static bool member_holds(const struct member *m, const struct kura_address *a)
{
    return kura_address_under(a, &m->network.net, m->network.bits);
}

enum kura_rc kura_networks_new(const struct kura_network *list, size_t n,
                               struct kura_networks **out, struct kura_err *err)
{
    struct kura_networks *s;
    size_t i, size, around = NOBODY;

    if (!kura_num_mul(n, sizeof(s->members[0]), &size) ||
        !kura_num_add(size, sizeof(*s), &size))
        return kura_err_nomem(err);
    s = calloc(1, size);
    if (s == NULL)
        return kura_err_nomem(err);
    s->count = n;
    for (i = 0; i < n; i++) {
        s->members[i].network = list[i];
        (void)kura_network_mask(&s->members[i].network);
        s->members[i].index = i;
    }
    if (n != 0)
        qsort(s->members, n, sizeof(s->members[0]), member_cmp);
    for (i = 0; i < n; i++) {
        while (around != NOBODY &&
               !member_holds(&s->members[around], &s->members[i].network.net))
            around = s->members[around].around;
        s->members[i].around = around;
        around = i;
    }
    *out = s;
    return KURA_OK;
}

void kura_networks_free(struct kura_networks *s)
{
    free(s);
}

int64_t kura_networks_find(const struct kura_networks *s,
                           const struct kura_address *a)
{
    size_t low = 0, high = s == NULL ? 0 : s->count, at;

    while (low < high) { /* members before low begin at or before the address */
        size_t middle = low + (high - low) / 2;

        if (address_cmp(&s->members[middle].network.net, a) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    at = low == 0 ? NOBODY : low - 1;
    while (at != NOBODY && !member_holds(&s->members[at], a))
        at = s->members[at].around;
    return at == NOBODY ? -1 : (int64_t)s->members[at].index;
}
