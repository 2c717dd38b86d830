/* test_ioc_set.c - what a value matches, and against a naive matcher over
 * generated indicators and values. */
#include "base/host.h"
#include "base/network.h"
#include "query/functions.h"
#include "query/ioc_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct indicator {
    enum kura_indicator_type type;
    char value[64];
};

static struct kura_ioc_set *set_of(const struct indicator *list, size_t n)
{
    struct kura_ioc_set *s = NULL;
    size_t i;

    assert_int_equal(kura_ioc_set_new(&s, NULL), KURA_OK);
    for (i = 0; i < n; i++)
        assert_int_equal(kura_ioc_set_add(s, list[i].type, list[i].value,
                                          (int64_t)i + 1, NULL),
                         KURA_OK);
    assert_int_equal(kura_ioc_set_seal(s, NULL), KURA_OK);
    return s;
}

struct told {
    char text[256];
};

static void on_match(void *arg, int64_t number, enum kura_ioc_how how)
{
    struct told *t = arg;
    size_t n = strlen(t->text);

    (void)snprintf(t->text + n, sizeof(t->text) - n, "%s%d %s",
                   n == 0 ? "" : ", ", (int)number, kura_ioc_how_word(how));
}

static void check(const struct kura_ioc_set *s, enum kura_ioc_kind kind,
                  const char *value, const char *wanted)
{
    struct told t = {""};

    kura_ioc_set_each(s, kind, value, strlen(value), on_match, &t);
    if (strcmp(t.text, wanted) != 0)
        fail_msg("%s: '%s', not '%s'", value, t.text, wanted);
}

static const struct indicator known[] = {
    {KURA_INDICATOR_DOMAIN, "evil.example.com"},       /* 1 */
    {KURA_INDICATOR_DOMAIN, "www.evil.example.com"},   /* 2 */
    {KURA_INDICATOR_DOMAIN, "co.jp"},                  /* 3: itself only */
    {KURA_INDICATOR_ADDRESS, "203.0.113.7"},           /* 4 */
    {KURA_INDICATOR_NETWORK, "203.0.113.0/24"},        /* 5 */
    {KURA_INDICATOR_NETWORK, "203.0.113.0/28"},        /* 6 */
    {KURA_INDICATOR_ADDRESS, "2001:db8::7"},           /* 7 */
    {KURA_INDICATOR_URL, "http://shop.example/gate"},  /* 8 */
    {KURA_INDICATOR_URL, "https://shop.example/a/"},   /* 9 */
    {KURA_INDICATOR_URL, "http://203.0.113.9:8080/x"}, /* 10 */
    {KURA_INDICATOR_EMAIL, "bad@evil.example.com"},    /* 11 */
    {KURA_INDICATOR_SUBJECT, "re: your invoice"},      /* 12 */
    {KURA_INDICATOR_FILENAME, "invoice.exe"},          /* 13 */
    {KURA_INDICATOR_HASH, "d41d8cd98f00b204e9800998ecf8427e"}, /* 14 */
    {KURA_INDICATOR_ACCOUNT, "backdoor"},                      /* 15 */
    {KURA_INDICATOR_USERAGENT, "evil/1.0 (x)"},                /* 16 */
    {KURA_INDICATOR_DOMAIN, "xn--wgv71a.jp"},                  /* 17 */
};

static void test_hosts(void **state)
{
    struct kura_ioc_set *s = set_of(known, sizeof(known) / sizeof(known[0]));

    (void)state;
    check(s, KURA_IOC_HOST, "evil.example.com", "1 exact");
    check(s, KURA_IOC_HOST, "EVIL.Example.com.", "1 exact");
    check(s, KURA_IOC_HOST, "evil.example.com:443", "1 exact");
    check(s, KURA_IOC_HOST, "a.b.www.evil.example.com", "2 below, 1 below");
    check(s, KURA_IOC_HOST, "www.evil.example.com", "2 exact, 1 below");
    check(s, KURA_IOC_HOST, "notevil.example.com", "");
    check(s, KURA_IOC_HOST, "example.com", "");
    check(s, KURA_IOC_HOST, "co.jp", "3 exact");
    check(s, KURA_IOC_HOST, "a.co.jp", "");
    check(s, KURA_IOC_HOST, "\xE6\x97\xA5\xE6\x9C\xAC.jp", "17 exact");
    check(s, KURA_IOC_HOST, "203.0.113.7", "4 exact, 6 inside");
    check(s, KURA_IOC_HOST, "::ffff:203.0.113.7", "4 exact, 6 inside");
    check(s, KURA_IOC_HOST, "203.0.113.200", "5 inside");
    check(s, KURA_IOC_HOST, "203.0.114.1", "");
    check(s, KURA_IOC_HOST, "[2001:DB8::7]", "7 exact");
    check(s, KURA_IOC_HOST, "shop.example", "9 host of url, 8 host of url");
    check(s, KURA_IOC_HOST, "www.shop.example", "");
    check(s, KURA_IOC_HOST, "203.0.113.9", "6 inside, 10 host of url");
    check(s, KURA_IOC_HOST, "", "");
    check(s, KURA_IOC_HOST, ".", "");
    check(s, KURA_IOC_HOST, "..evil.example.com", "1 below");
    assert_int_equal(kura_ioc_set_find(s, KURA_IOC_HOST, "shop.example", 12),
                     0);
    kura_ioc_set_free(s);
    kura_ioc_set_free(NULL);
}

static void test_urls(void **state)
{
    struct kura_ioc_set *s = set_of(known, sizeof(known) / sizeof(known[0]));

    (void)state;
    check(s, KURA_IOC_URL, "http://shop.example/gate", "8 url");
    check(s, KURA_IOC_URL, "http://SHOP.example:80/GATE?x=1", "8 url");
    check(s, KURA_IOC_URL, "https://shop.example/gate/b", "8 url");
    check(s, KURA_IOC_URL, "http://shop.example/gateway", "");
    check(s, KURA_IOC_URL, "http://shop.example/", "");
    check(s, KURA_IOC_URL, "http://shop.example:8080/gate", "");
    check(s, KURA_IOC_URL, "http://shop.example/a/deep/er", "9 url");
    check(s, KURA_IOC_URL, "http://shop.example/a", "");
    check(s, KURA_IOC_URL, "shop.example:443", "9 host of url, 8 host of url");
    check(s, KURA_IOC_URL, "shop.example:8443", "");
    check(s, KURA_IOC_URL, "http://203.0.113.9:8080/x", "10 url");
    check(s, KURA_IOC_URL, "http://evil.example.com/", "");
    check(s, KURA_IOC_URL, "error:invalid-request", "");
    kura_ioc_set_free(s);
}

static void test_others(void **state)
{
    struct kura_ioc_set *s = set_of(known, sizeof(known) / sizeof(known[0]));

    (void)state;
    check(s, KURA_IOC_EMAIL, "BAD@evil.example.com", "11 exact, 1 sender");
    check(s, KURA_IOC_EMAIL, "<x@mail.evil.example.com>", "1 sender");
    check(s, KURA_IOC_EMAIL, "x@[203.0.113.7]", "4 sender, 6 sender");
    check(s, KURA_IOC_EMAIL, "x@shop.example", "");
    check(s, KURA_IOC_EMAIL, "evil.example.com", "");
    check(s, KURA_IOC_EMAIL, "@", "");
    check(s, KURA_IOC_SUBJECT, " RE:  your\tINVOICE ", "12 exact");
    check(s, KURA_IOC_SUBJECT, "re: your invoices", "");
    check(s, KURA_IOC_FILENAME, "INVOICE.exe", "13 exact");
    check(s, KURA_IOC_FILENAME, "C:\\Temp\\Invoice.exe", "13 exact");
    check(s, KURA_IOC_FILENAME, "/tmp/invoice.exe", "13 exact");
    check(s, KURA_IOC_FILENAME, "xinvoice.exe", "");
    check(s, KURA_IOC_HASH, "MD5=D41D8CD98F00B204E9800998ECF8427E,SHA1=x",
          "14 exact");
    check(s, KURA_IOC_HASH, "d41d8cd98f00b204e9800998ecf8427e00", "");
    check(s, KURA_IOC_ACCOUNT, "CORP\\Backdoor", "15 exact");
    check(s, KURA_IOC_ACCOUNT, "backdoor", "15 exact");
    check(s, KURA_IOC_USERAGENT, "Evil/1.0 (X)", "16 exact");
    check(s, KURA_IOC_USERAGENT, "Evil/1.0", "");
    kura_ioc_set_free(s);
}

static void test_has(void **state)
{
    const struct indicator one[] = {{KURA_INDICATOR_NETWORK, "10.0.0.0/8"}};
    struct kura_ioc_set *s = set_of(one, 1);

    (void)state;
    assert_true(kura_ioc_set_has(s, KURA_IOC_HOST));
    assert_true(kura_ioc_set_has(s, KURA_IOC_EMAIL));
    assert_false(kura_ioc_set_has(s, KURA_IOC_URL));
    assert_false(kura_ioc_set_has(s, KURA_IOC_SUBJECT));
    kura_ioc_set_free(s);
    s = set_of(NULL, 0);
    assert_false(kura_ioc_set_has(s, KURA_IOC_HOST));
    assert_int_equal(kura_ioc_set_find(s, KURA_IOC_HOST, "a", 1), 0);
    kura_ioc_set_free(s);
}

/* --- Against a naive matcher -------------------------------------------- */

static uint32_t seed = 1;

static uint32_t next(uint32_t n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

/* Few labels and bytes, so that much matches. */
static void random_name(char *to, size_t room)
{
    static const char *const labels[] = {"a", "b", "www", "Mail", "x1"};
    size_t n = 0;
    uint32_t i, count = 1 + next(3);

    for (i = 0; i < count; i++)
        n += (size_t)snprintf(to + n, room - n, "%s.", labels[next(5)]);
    (void)snprintf(to + n, room - n, "%s", next(2) ? "evil.com" : "co.jp");
}

static void random_value(char *to, size_t room)
{
    if (next(2))
        random_name(to, room);
    else
        (void)snprintf(to, room, "10.%u.%u.%u", next(3), next(3), next(4));
}

static void lower(char *s)
{
    for (; *s != '\0'; s++)
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s - 'A' + 'a');
}

static void random_indicator(struct indicator *i)
{
    struct kura_network net;

    switch (next(3)) {
    case 0:
        i->type = KURA_INDICATOR_DOMAIN;
        random_name(i->value, sizeof(i->value));
        lower(i->value);
        break;
    case 1:
        i->type = KURA_INDICATOR_ADDRESS;
        (void)snprintf(i->value, sizeof(i->value), "10.%u.%u.%u", next(3),
                       next(3), next(4));
        break;
    default:
        i->type = KURA_INDICATOR_NETWORK;
        (void)snprintf(i->value, sizeof(i->value), "10.%u.%u.%u/%u", next(3),
                       next(3), next(4), 8 + next(24));
        assert_true(kura_network_parse(i->value, strlen(i->value), &net));
        (void)kura_network_mask(&net);
        kura_network_format(&net, i->value);
        break;
    }
}

static long bits_of(const char *network)
{
    const char *slash = strchr(network, '/');

    return slash != NULL ? strtol(slash + 1, NULL, 10) : 32;
}

/* One test of SQL for each indicator; the narrowest network only. */
static bool naive(const struct indicator *list, size_t n, size_t at,
                  const char *value)
{
    const struct kura_text_test_kind *k = kura_text_test_find(
        list[at].type == KURA_INDICATOR_DOMAIN ? "domain_under" : "ip_in");
    struct kura_text_test *t = NULL;
    bool answer;
    size_t i;

    assert_int_equal(
        k->compile(list[at].value, strlen(list[at].value), &t, NULL), KURA_OK);
    answer = k->matches(t, value, strlen(value));
    k->free(t);
    if (!answer || list[at].type != KURA_INDICATOR_NETWORK)
        return answer;
    for (i = 0; i < n; i++)
        if (list[i].type == KURA_INDICATOR_NETWORK &&
            bits_of(list[i].value) > bits_of(list[at].value) &&
            naive(list, n, i, value))
            return false;
    return true;
}

struct collected {
    bool found[64];
};

static void on_number(void *arg, int64_t number, enum kura_ioc_how how)
{
    struct collected *c = arg;

    (void)how;
    c->found[number - 1] = true;
}

static bool is_there(const struct indicator *list, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (list[i].type == list[n].type &&
            strcmp(list[i].value, list[n].value) == 0)
            return true;
    return false;
}

static void test_naive(void **state)
{
    struct indicator list[24];
    char value[64];
    size_t round, n, i;
    size_t hits = 0;
    int v;

    (void)state;
    for (round = 0; round < 200; round++) {
        struct kura_ioc_set *s;

        for (n = 0; n < 24;) {
            random_indicator(&list[n]);
            n += !is_there(list, n);
        }
        s = set_of(list, n);
        for (v = 0; v < 100; v++) {
            struct collected c = {{false}};

            random_value(value, sizeof(value));
            kura_ioc_set_each(s, KURA_IOC_HOST, value, strlen(value), on_number,
                              &c);
            for (i = 0; i < n; i++) {
                if (c.found[i] != naive(list, n, i, value))
                    fail_msg("%s against %s", value, list[i].value);
                hits += c.found[i];
            }
        }
        kura_ioc_set_free(s);
    }
    assert_true(hits > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts), cmocka_unit_test(test_urls),
        cmocka_unit_test(test_others), cmocka_unit_test(test_has),
        cmocka_unit_test(test_naive)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
