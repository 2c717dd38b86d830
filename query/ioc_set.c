/* ioc_set.c - a dictionary for each type; id - 1 indexes what belongs to it. */
#include "query/ioc_set.h"

#include "base/host.h"
#include "base/network.h"
#include "base/punycode.h"
#include "base/text.h"
#include "query/indicator.h"
#include "store/dictionary.h"

#include <stdlib.h>
#include <string.h>

/* A host, an account, a file name: longer values match nothing.  Subjects and
 * user agents are looked up at full length. */
#define SET_NAME 512u

static const char *const kinds[KURA_IOC_KINDS] = {
    "host",     "url",  "email",   "subject",
    "filename", "hash", "account", "useragent"};

bool kura_ioc_kind_find(const char *word, size_t n, enum kura_ioc_kind *out)
{
    int i;

    for (i = 0; i < KURA_IOC_KINDS; i++)
        if (strlen(kinds[i]) == n && memcmp(kinds[i], word, n) == 0) {
            *out = (enum kura_ioc_kind)i;
            return true;
        }
    return false;
}

const char *kura_ioc_how_word(enum kura_ioc_how how)
{
    static const char *const words[] = {"exact",  "below", "inside",
                                        "sender", "url",   "host of url"};

    return words[how];
}

/* --- Texts and their numbers ------------------------------------------- */

struct texts {
    struct kura_dictionary words;
    int64_t *numbers;
    size_t room;
};

static void texts_release(struct texts *t)
{
    kura_dictionary_release(&t->words);
    free(t->numbers);
}

static enum kura_rc texts_add(struct texts *t, const char *s, size_t n,
                              int64_t number, uint32_t *id,
                              struct kura_err *err)
{
    enum kura_rc rc;
    int64_t *grown;

    rc = kura_dictionary_intern(&t->words, s, (uint32_t)n, id, err);
    if (rc != KURA_OK)
        return rc;
    if (t->room < t->words.count) {
        t->room = t->room == 0 ? 64 : t->room * 2;
        grown = realloc(t->numbers, t->room * sizeof(*grown));
        if (grown == NULL)
            return kura_err_nomem(err);
        t->numbers = grown;
    }
    t->numbers[*id - 1] = number;
    return KURA_OK;
}

static int64_t texts_find(const struct texts *t, const char *s, size_t n)
{
    uint32_t id = kura_dictionary_find(&t->words, s, (uint32_t)n);

    return id == 0 ? 0 : t->numbers[id - 1];
}

/* --- The set ----------------------------------------------------------- */

/* A URL indicator, chained to the next one of the same host. */
struct url {
    int64_t number;
    const char *value; /* all of it, kept by a dictionary */
    struct kura_url_parts parts;
    uint32_t next; /* index + 1 */
};

struct kura_ioc_set {
    struct texts
        of[KURA_INDICATOR_TYPES]; /* networks and URLs have their own */
    struct texts narrow;          /* domains that are public suffixes */
    struct kura_dictionary urls_text;
    struct texts url_hosts; /* number: index + 1 of the first in urls */
    struct url *urls;
    size_t nurls, urls_room;
    struct kura_network *nets;
    int64_t *net_numbers;
    size_t nnets, nets_room;
    struct kura_networks *networks;
};

enum kura_rc kura_ioc_set_new(struct kura_ioc_set **out, struct kura_err *err)
{
    *out = calloc(1, sizeof(**out));
    return *out != NULL ? KURA_OK : kura_err_nomem(err);
}

void kura_ioc_set_free(struct kura_ioc_set *s)
{
    int i;

    if (s == NULL)
        return;
    for (i = 0; i < KURA_INDICATOR_TYPES; i++)
        texts_release(&s->of[i]);
    texts_release(&s->narrow);
    texts_release(&s->url_hosts);
    kura_dictionary_release(&s->urls_text);
    free(s->urls);
    free(s->nets);
    free(s->net_numbers);
    kura_networks_free(s->networks);
    free(s);
}

static enum kura_rc add_network(struct kura_ioc_set *s, const char *value,
                                int64_t number, struct kura_err *err)
{
    struct kura_network *nets;
    int64_t *numbers;

    if (s->nnets == s->nets_room) {
        size_t room = s->nets_room == 0 ? 64 : s->nets_room * 2;

        nets = realloc(s->nets, room * sizeof(*nets));
        if (nets != NULL)
            s->nets = nets;
        numbers = realloc(s->net_numbers, room * sizeof(*numbers));
        if (numbers != NULL)
            s->net_numbers = numbers;
        if (nets == NULL || numbers == NULL)
            return kura_err_nomem(err);
        s->nets_room = room;
    }
    if (!kura_network_parse(value, strlen(value), &s->nets[s->nnets]))
        return kura_err_set(err, KURA_ECORRUPT, "'%s' is no network", value);
    s->net_numbers[s->nnets++] = number;
    return KURA_OK;
}

static enum kura_rc add_url(struct kura_ioc_set *s, const char *value,
                            int64_t number, struct kura_err *err)
{
    struct url *u;
    uint32_t id;
    enum kura_rc rc;

    if (s->nurls == s->urls_room) {
        size_t room = s->urls_room == 0 ? 64 : s->urls_room * 2;

        u = realloc(s->urls, room * sizeof(*u));
        if (u == NULL)
            return kura_err_nomem(err);
        s->urls = u;
        s->urls_room = room;
    }
    rc = kura_dictionary_intern(&s->urls_text, value, (uint32_t)strlen(value),
                                &id, err);
    if (rc != KURA_OK)
        return rc;
    u = &s->urls[s->nurls];
    u->number = number;
    u->value = s->urls_text.entries[id - 1].text;
    if (!kura_url_split(u->value, s->urls_text.entries[id - 1].size, &u->parts))
        return kura_err_set(err, KURA_ECORRUPT, "'%s' is no URL", value);
    u->next =
        (uint32_t)texts_find(&s->url_hosts, u->parts.host, u->parts.host_size);
    s->nurls++;
    return texts_add(&s->url_hosts, u->parts.host, u->parts.host_size,
                     (int64_t)s->nurls, &id, err);
}

static enum kura_rc is_public_suffix(const char *value, bool *out,
                                     struct kura_err *err)
{
    struct kura_buf domain;
    enum kura_rc rc;

    kura_buf_init(&domain, SET_NAME);
    rc = kura_registered_domain(value, strlen(value), &domain, out, err);
    kura_buf_release(&domain);
    return rc;
}

enum kura_rc kura_ioc_set_add(struct kura_ioc_set *s,
                              enum kura_indicator_type type, const char *value,
                              int64_t number, struct kura_err *err)
{
    struct kura_address a;
    bool narrow = false;
    uint32_t id;
    enum kura_rc rc = KURA_OK;

    if (type == KURA_INDICATOR_NETWORK)
        return add_network(s, value, number, err);
    if (type == KURA_INDICATOR_URL)
        return add_url(s, value, number, err);
    if (type == KURA_INDICATOR_ADDRESS &&
        !kura_address_parse(value, strlen(value), &a))
        return kura_err_set(err, KURA_ECORRUPT, "'%s' is no address", value);
    if (type == KURA_INDICATOR_ADDRESS)
        return texts_add(&s->of[type], (const char *)a.byte, a.bits / 8, number,
                         &id, err);
    if (type == KURA_INDICATOR_DOMAIN)
        rc = is_public_suffix(value, &narrow, err);
    if (rc != KURA_OK)
        return rc;
    return texts_add(narrow ? &s->narrow : &s->of[type], value, strlen(value),
                     number, &id, err);
}

enum kura_rc kura_ioc_set_seal(struct kura_ioc_set *s, struct kura_err *err)
{
    return s->nnets == 0
               ? KURA_OK
               : kura_networks_new(s->nets, s->nnets, &s->networks, err);
}

static bool has_type(const struct kura_ioc_set *s,
                     enum kura_indicator_type type)
{
    return s->of[type].words.count != 0;
}

static bool has_hosts(const struct kura_ioc_set *s)
{
    return has_type(s, KURA_INDICATOR_ADDRESS) ||
           has_type(s, KURA_INDICATOR_DOMAIN) || s->narrow.words.count != 0 ||
           s->nnets != 0;
}

bool kura_ioc_set_has(const struct kura_ioc_set *s, enum kura_ioc_kind kind)
{
    switch (kind) {
    case KURA_IOC_HOST:
        return has_hosts(s) || s->nurls != 0;
    case KURA_IOC_URL:
        return s->nurls != 0;
    case KURA_IOC_EMAIL:
        return has_hosts(s) || has_type(s, KURA_INDICATOR_EMAIL);
    case KURA_IOC_SUBJECT:
        return has_type(s, KURA_INDICATOR_SUBJECT);
    case KURA_IOC_FILENAME:
        return has_type(s, KURA_INDICATOR_FILENAME);
    case KURA_IOC_HASH:
        return has_type(s, KURA_INDICATOR_HASH);
    case KURA_IOC_ACCOUNT:
        return has_type(s, KURA_INDICATOR_ACCOUNT);
    case KURA_IOC_USERAGENT:
        break;
    }
    return has_type(s, KURA_INDICATOR_USERAGENT);
}

/* --- Looking up -------------------------------------------------------- */

struct look {
    const struct kura_ioc_set *set;
    kura_ioc_fn *fn;
    void *arg;
};

static void tell(const struct look *l, int64_t number, enum kura_ioc_how how)
{
    if (number != 0)
        l->fn(l->arg, number, how);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* false: it needs more room than there is. */
static bool lowered(const char *s, size_t n, char to[SET_NAME])
{
    size_t i;

    if (n > SET_NAME)
        return false;
    for (i = 0; i < n; i++)
        to[i] = lower(s[i]);
    return true;
}

static void look_address(const struct look *l, const struct kura_address *a,
                         bool exact)
{
    const struct kura_ioc_set *s = l->set;
    int64_t at;

    tell(l,
         texts_find(&s->of[KURA_INDICATOR_ADDRESS], (const char *)a->byte,
                    a->bits / 8),
         exact ? KURA_IOC_EXACT : KURA_IOC_SENDER);
    at = kura_networks_find(s->networks, a);
    if (at >= 0)
        tell(l, s->net_numbers[at], exact ? KURA_IOC_INSIDE : KURA_IOC_SENDER);
}

/* The name and every one above it; exact is false for domains of addresses. */
static void look_name(const struct look *l, const char *name, size_t n,
                      bool exact)
{
    const struct texts *domains = &l->set->of[KURA_INDICATOR_DOMAIN];
    enum kura_ioc_how how = exact ? KURA_IOC_EXACT : KURA_IOC_SENDER;
    size_t i;

    tell(l, texts_find(&l->set->narrow, name, n), how);
    if (domains->words.count == 0)
        return;
    tell(l, texts_find(domains, name, n), how);
    for (i = 0; i + 1 < n; i++)
        if (name[i] == '.')
            tell(l, texts_find(domains, name + i + 1, n - i - 1),
                 exact ? KURA_IOC_BELOW : KURA_IOC_SENDER);
}

static bool maybe_address(const char *s, size_t n)
{
    return (s[0] >= '0' && s[0] <= '9') || s[0] == '[' ||
           memchr(s, ':', n) != NULL;
}

/* The URLs of a host, of which nothing else is known. */
static void look_url_host(const struct look *l, const char *name, size_t n)
{
    uint32_t at = (uint32_t)texts_find(&l->set->url_hosts, name, n);

    for (; at != 0; at = l->set->urls[at - 1].next)
        tell(l, l->set->urls[at - 1].number, KURA_IOC_OF_URL);
}

static size_t address_text(const struct kura_address *a, char to[SET_NAME])
{
    struct kura_network net = {*a, a->bits};
    char text[KURA_NETWORK_TEXT];

    kura_network_format(&net, text);
    memcpy(to, text, strlen(text));
    return strlen(text);
}

/* The host as it stands in the set: an address (a->bits is not 0), or a name in
 * `to`; false: it is none. */
static bool host_normal(const char *s, size_t n, char to[SET_NAME],
                        size_t *size, struct kura_address *a)
{
    struct kura_buf made;
    bool is_null = true;
    size_t i;

    n = kura_host_size(s, n);
    if (n == 0)
        return false;
    a->bits = 0;
    *size = 0;
    if (maybe_address(s, n) && kura_address_parse(s, n, a))
        return true;
    if (!lowered(s, n, to))
        return false;
    *size = n;
    for (i = 0; i < n && (s[i] & 0x80) == 0;)
        i++;
    if (i == n)
        return true;
    kura_buf_init(&made, SET_NAME);
    if (kura_punycode_encode(s, n, &made, &is_null, NULL) == KURA_OK &&
        !is_null && made.len <= SET_NAME) {
        memcpy(to, made.data, made.len);
        *size = made.len;
    }
    kura_buf_release(&made);
    return true;
}

static void look_host(const struct look *l, const char *s, size_t n, bool exact)
{
    char name[SET_NAME];
    struct kura_address a;
    size_t size;

    if (!host_normal(s, n, name, &size, &a))
        return;
    if (a.bits != 0)
        look_address(l, &a, exact);
    else
        look_name(l, name, size, exact);
    if (!exact || l->set->nurls == 0)
        return;
    if (a.bits != 0)
        size = address_text(&a, name);
    look_url_host(l, name, size);
}

static bool rest_goes_on(const struct kura_url_parts *from,
                         const struct kura_url_parts *logged)
{
    const char *rest = logged->rest_size != 0 ? logged->rest : "/";
    size_t n = logged->rest_size != 0 ? logged->rest_size : 1;
    char last, next;

    if (rest[0] != '/') /* http://host?query */
        return from->rest_size == 1;
    if (n < from->rest_size ||
        kura_text_casecmp(rest, from->rest_size, from->rest, from->rest_size) !=
            0)
        return false;
    if (n == from->rest_size)
        return true;
    last = from->rest[from->rest_size - 1];
    next = rest[from->rest_size];
    return strchr("/?=&", last) != NULL || strchr("/?#&;", next) != NULL;
}

static void look_url(const struct look *l, const char *s, size_t n)
{
    struct kura_url_parts p;
    struct kura_address a;
    char name[SET_NAME];
    size_t size;
    uint32_t at;

    if (l->set->nurls == 0 || !kura_url_split(s, n, &p) ||
        !host_normal(p.host, p.host_size, name, &size, &a))
        return;
    if (a.bits != 0)
        size = address_text(&a, name);
    at = (uint32_t)texts_find(&l->set->url_hosts, name, size);
    for (; at != 0; at = l->set->urls[at - 1].next) {
        const struct url *u = &l->set->urls[at - 1];

        if (p.tunnel) {
            if (u->parts.port == p.port ||
                (u->parts.port == 0 && p.port == 443))
                tell(l, u->number, KURA_IOC_OF_URL);
        } else if (u->parts.port == p.port && rest_goes_on(&u->parts, &p)) {
            tell(l, u->number, KURA_IOC_WHOLE);
        }
    }
}

/* A text of any length in lower case, blanks once: what subjects are. */
static void look_words(const struct look *l, const struct texts *t,
                       const char *s, size_t n)
{
    char room[SET_NAME], *p = n <= SET_NAME ? room : malloc(n);
    size_t i, size = 0;

    if (p == NULL)
        return;
    p[0] = '\0';
    for (i = 0; i < n; i++) {
        char c = s[i] == '\t' ? ' ' : lower(s[i]);

        if (c != ' ' || (size != 0 && p[size - 1] != ' '))
            p[size++] = c;
    }
    if (size != 0 && p[size - 1] == ' ')
        size--;
    tell(l, texts_find(t, p, size), KURA_IOC_EXACT);
    if (p != room)
        free(p);
}

static void look_email(const struct look *l, const char *s, size_t n)
{
    const struct texts *emails = &l->set->of[KURA_INDICATOR_EMAIL];
    char text[SET_NAME], host[SET_NAME];
    struct kura_address a;
    size_t at, size;

    if (n > 2 && s[0] == '<' && s[n - 1] == '>') {
        s++;
        n -= 2;
    }
    for (at = n; at > 0 && s[at - 1] != '@';)
        at--;
    if (at == 0 || at == n || !host_normal(s + at, n - at, host, &size, &a) ||
        !lowered(s, at, text))
        return;
    if (a.bits != 0)
        size = address_text(&a, host);
    if (at + size > SET_NAME)
        return;
    if (emails->words.count != 0) {
        memcpy(text + at, host, size);
        tell(l, texts_find(emails, text, at + size), KURA_IOC_EXACT);
    }
    look_host(l, host, size, false);
}

/* All of a path, and the name at its end. */
static void look_filename(const struct look *l, const char *s, size_t n)
{
    const struct texts *t = &l->set->of[KURA_INDICATOR_FILENAME];
    size_t i;

    if (t->words.count == 0)
        return;
    look_words(l, t, s, n);
    for (i = n; i > 0 && s[i - 1] != '/' && s[i - 1] != '\\';)
        i--;
    if (i != 0)
        look_words(l, t, s + i, n - i);
}

/* "CORP\taro" is "taro" as well. */
static void look_account(const struct look *l, const char *s, size_t n)
{
    const struct texts *t = &l->set->of[KURA_INDICATOR_ACCOUNT];
    const char *slash;

    if (t->words.count == 0)
        return;
    look_words(l, t, s, n);
    slash = memchr(s, '\\', n);
    if (slash != NULL)
        look_words(l, t, slash + 1, n - (size_t)(slash + 1 - s));
}

static bool is_hex(char c)
{
    c = lower(c);
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Every run of hex digits: "SHA1=...,MD5=...". */
static void look_hash(const struct look *l, const char *s, size_t n)
{
    size_t i = 0, end;

    while (i < n) {
        for (end = i; end < n && is_hex(s[end]);)
            end++;
        if (end - i >= 32)
            look_words(l, &l->set->of[KURA_INDICATOR_HASH], s + i, end - i);
        i = end + 1;
    }
}

void kura_ioc_set_each(const struct kura_ioc_set *s, enum kura_ioc_kind kind,
                       const char *value, size_t n, kura_ioc_fn *fn, void *arg)
{
    const struct look l = {s, fn, arg};

    if (n == 0)
        return;
    switch (kind) {
    case KURA_IOC_HOST:
        look_host(&l, value, n, true);
        break;
    case KURA_IOC_URL:
        look_url(&l, value, n);
        break;
    case KURA_IOC_EMAIL:
        look_email(&l, value, n);
        break;
    case KURA_IOC_SUBJECT:
        look_words(&l, &s->of[KURA_INDICATOR_SUBJECT], value, n);
        break;
    case KURA_IOC_FILENAME:
        look_filename(&l, value, n);
        break;
    case KURA_IOC_HASH:
        look_hash(&l, value, n);
        break;
    case KURA_IOC_ACCOUNT:
        look_account(&l, value, n);
        break;
    case KURA_IOC_USERAGENT:
        look_words(&l, &s->of[KURA_INDICATOR_USERAGENT], value, n);
        break;
    }
}

static void keep_first(void *arg, int64_t number, enum kura_ioc_how how)
{
    int64_t *found = arg;

    if (*found == 0 && how != KURA_IOC_OF_URL)
        *found = number;
}

int64_t kura_ioc_set_find(const struct kura_ioc_set *s, enum kura_ioc_kind kind,
                          const char *value, size_t n)
{
    int64_t found = 0;

    kura_ioc_set_each(s, kind, value, n, keep_first, &found);
    return found;
}
