/* test_network.c - networks are read and written; the narrowest is found as
 * going through all of them finds it. */
#include "base/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reads_and_writes(void **state)
{
    static const struct {
        const char *text, *masked;
        bool clean;
    } good[] = {
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3/32", "10.1.2.3", true},
        {"10.1.0.0/16", "10.1.0.0/16", true},
        {"10.1.2.3/16", "10.1.0.0/16", false},
        {"10.255.255.255/9", "10.128.0.0/9", false},
        {"0.0.0.0/0", "0.0.0.0/0", true},
        {"1.2.3.4/0", "0.0.0.0/0", false},
        {"2001:DB8:0:0::/32", "2001:db8::/32", true},
        {"2001:db8::1/127", "2001:db8::/127", false},
        {"::1", "::1", true},
        {"::/0", "::/0", true},
        {"::ffff:192.0.2.0/120", "192.0.2.0/24", true},
        {"[2001:db8::1]", "2001:db8::1", true},
    };
    static const char *const bad[] = {"",
                                      "/",
                                      "10.1.2",
                                      "10.1.2.3/",
                                      "10.1.2.3/33",
                                      "10.1.2.3/-1",
                                      "10.1.2.3/a",
                                      "::1/129",
                                      "host/8",
                                      "10.0.0.0 /8",
                                      "::ffff:1.2.3.4/95",
                                      "10.0.0.0/0008"};
    char text[KURA_NETWORK_TEXT];
    struct kura_network net;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(
            kura_network_parse(good[i].text, strlen(good[i].text), &net));
        assert_int_equal(kura_network_mask(&net), good[i].clean);
        kura_network_format(&net, text);
        assert_string_equal(text, good[i].masked);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (kura_network_parse(bad[i], strlen(bad[i]), &net))
            fail_msg("'%s' was taken", bad[i]);
}

static bool is(bool (*test)(const struct kura_address *), const char *s)
{
    struct kura_address a;

    assert_true(kura_address_parse(s, strlen(s), &a));
    return test(&a);
}

static void kinds(void **state)
{
    (void)state;
    assert_true(is(kura_address_is_local, "127.0.0.53"));
    assert_true(is(kura_address_is_local, "fe80::1%eth0"));
    assert_true(is(kura_address_is_local, "::1"));
    assert_false(is(kura_address_is_local, "10.0.0.1"));
    assert_true(is(kura_address_is_private, "10.0.0.1"));
    assert_true(is(kura_address_is_private, "fd00::1"));
    assert_false(is(kura_address_is_private, "172.32.0.1"));
    assert_false(is(kura_address_is_private, "2001:db8::1"));
}

/* --- Sets -------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252u;

static uint32_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}

/* Few different bits, so that networks nest, repeat and touch. */
static struct kura_network network_random(void)
{
    struct kura_network n;
    unsigned i;

    memset(&n, 0, sizeof(n));
    n.net.bits = random_next() % 3 == 0 ? 128 : 32;
    for (i = 0; i < n.net.bits / 8; i++)
        n.net.byte[i] = (uint8_t)(random_next() % 4 == 0 ? random_next() : 0);
    n.bits = random_next() % (n.net.bits + 1);
    return n;
}

static int64_t slowly(const struct kura_network *list, size_t n,
                      const struct kura_address *a)
{
    int64_t best = -1;
    size_t i;

    for (i = 0; i < n; i++)
        if (kura_address_under(a, &list[i].net, list[i].bits) &&
            (best < 0 || list[i].bits > list[best].bits))
            best = (int64_t)i;
    return best;
}

static void narrowest(void **state)
{
    static struct kura_network list[3000];
    struct kura_networks *set = NULL;
    size_t round, i, n, found = 0;

    (void)state;
    for (round = 0; round < 40; round++) {
        n = round == 0 ? 0 : random_next() % 3000;
        for (i = 0; i < n; i++)
            list[i] = network_random();
        assert_int_equal(kura_networks_new(list, n, &set, NULL), KURA_OK);
        for (i = 0; i < 500; i++) {
            struct kura_network at = network_random();
            int64_t want = slowly(list, n, &at.net);

            assert_int_equal(kura_networks_find(set, &at.net), want);
            found += want >= 0;
        }
        kura_networks_free(set);
    }
    assert_true(found > 1000);
    assert_int_equal(kura_networks_find(NULL, &list[0].net), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(kinds),
        cmocka_unit_test(narrowest),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
