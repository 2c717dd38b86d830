/* test_indicator.c - one indicator as people write it: type, normal form, and
 * why it is none. */
#include "query/indicator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

struct expected {
    const char *written, *type, *value; /* type NULL: it is none, value why */
};

static void check(const struct expected *e, size_t n,
                  const enum kura_indicator_type *wanted)
{
    struct kura_indicator_text t;
    size_t i;

    kura_indicator_text_init(&t);
    for (i = 0; i < n; i++) {
        struct kura_err err = KURA_ERR_INIT;
        enum kura_rc rc = kura_indicator_read(
            e[i].written, strlen(e[i].written), wanted, &t, &err);

        if (e[i].type == NULL) {
            if (rc != KURA_EINPUT || strstr(err.msg, e[i].value) == NULL)
                fail_msg("%s: %d %s", e[i].written, (int)rc, err.msg);
            continue;
        }
        if (rc != KURA_OK)
            fail_msg("%s: %s", e[i].written, err.msg);
        if (strcmp(kura_indicator_word(t.type), e[i].type) != 0 ||
            strcmp(t.value.data, e[i].value) != 0)
            fail_msg("%s: %s %s", e[i].written, kura_indicator_word(t.type),
                     t.value.data);
    }
    kura_indicator_text_release(&t);
}
#define CHECK(list, wanted) check(list, sizeof(list) / sizeof(list[0]), wanted)

static void test_guessed(void **state)
{
    static const struct expected list[] = {
        {"EVIL.Example.com.", "domain", "evil.example.com"},
        {"*.evil.example.com", "domain", "evil.example.com"},
        {"evil.example.com:8443", "domain", "evil.example.com"},
        {"\xE6\x97\xA5\xE6\x9C\xAC.jp", "domain", "xn--wgv71a.jp"},
        {"XN--WGV71A.jp", "domain", "xn--wgv71a.jp"},
        {"a_b.example", "domain", "a_b.example"},
        {"203.0.113.7", "address", "203.0.113.7"},
        {"203.0.113.7:443", "address", "203.0.113.7"},
        {"2001:DB8:0::7", "address", "2001:db8::7"},
        {"[2001:db8::7]:443", "address", "2001:db8::7"},
        {"::ffff:203.0.113.7", "address", "203.0.113.7"},
        {"203.0.113.7/24", "network", "203.0.113.0/24"},
        {"203.0.113.7/32", "address", "203.0.113.7"},
        {"2001:db8::1/32", "network", "2001:db8::/32"},
        {"HTTP://User:pw@EVIL.example:80/a/../B?x=Y#frag", "url",
         "http://evil.example/a/../B?x=Y"},
        {"https://evil.example", "url", "https://evil.example/"},
        {"https://evil.example:8443?q", "url", "https://evil.example:8443/?q"},
        {"http://[2001:DB8::1]:8080/", "url", "http://[2001:db8::1]:8080/"},
        {"http://\xE6\x97\xA5\xE6\x9C\xAC.jp/\xE8\xAB\x8B", "url",
         "http://xn--wgv71a.jp/\xE8\xAB\x8B"},
        {"evil.example/gate.php", "url", "http://evil.example/gate.php"},
        {"203.0.113.7/gate.php", "url", "http://203.0.113.7/gate.php"},
        {"Bad.Guy@EVIL.example.", "email", "bad.guy@evil.example"},
        {"\"X\" <a@evil.example>", "email", "a@evil.example"},
        {"@evil.example", "domain", "evil.example"},
        {"D41D8CD98F00B204E9800998ECF8427E", "hash",
         "d41d8cd98f00b204e9800998ecf8427e"},
        {"da39a3ee5e6b4b0d3255bfef95601890afd80709", "hash",
         "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"Invoice.EXE", "filename", "invoice.exe"},
        {"C:\\Users\\Public\\a.dat", "filename", "c:\\users\\public\\a.dat"},
        {"two words.exe", "filename", "two words.exe"},
        {"evil.zip", "domain", "evil.zip"}, /* a top-level domain since 2023 */
        {"  'evil.example', ", "domain", "evil.example"},
        {"b\tad@x.example", NULL, "is no e-mail address"},
        {"http://x.example/a?,#c", "url", "http://x.example/a?"},
        {"just words", NULL, "nothing that tells its type"},
        {"evil", NULL, "nothing that tells its type"},
        {"1.2.3", NULL, ""},
        {"", NULL, "there is no value"},
        {"\"\"", NULL, "there is no value"},
        {"a\x01.example", NULL, "control characters"},
        {"\xFF.example", NULL, "not UTF-8"},
        {"http:///x", NULL, "names no host"},
        {"http://a b/", NULL, "blank"},
        {"http://evil..example/", NULL, "is no name of a host"}};

    (void)state;
    CHECK(list, NULL);
}

/* The table of iocextract, and what else is seen. */
static void test_refanged(void **state)
{
    static const struct expected list[] = {
        {"hxxp://evil[.]example/a", "url", "http://evil.example/a"},
        {"hXXps://evil(.)example/a", "url", "https://evil.example/a"},
        {"evil{.}example.com", "domain", "evil.example.com"},
        {"evil\\.example.com", "domain", "evil.example.com"},
        {"evil dot example dot com", "domain", "evil.example.com"},
        {"evil_dot_example_dot_com", "domain", "evil.example.com"},
        {"a[@]evil.example", "email", "a@evil.example"},
        {"a(at)evil[dot]example", "email", "a@evil.example"},
        {"http[:]//evil.example[/]a", "url", "http://evil.example/a"},
        {"http__evil.example/a", "url", "http://evil.example/a"},
        {"http:\\\\evil.example/a", "url", "http://evil.example/a"},
        {"http:// evil .example", "url", "http://evil.example/"},
        {"evil[.example.com", "domain", "evil.example.com"},
        {"http%3A%2F%2Fevil%2Eexample%2Fa", "url", "http://evil.example/a"},
        {"203[.]0[.]113[.]7", "address", "203.0.113.7"},
        {"203.0.113[.]0/24", "network", "203.0.113.0/24"},
        {"2001[:]db8[:][:]7", "address", "2001:db8::7"}};
    struct kura_indicator_text t;

    (void)state;
    CHECK(list, NULL);
    kura_indicator_text_init(&t);
    assert_int_equal(kura_indicator_read("a[.]example", 11, NULL, &t, NULL),
                     KURA_OK);
    assert_true(t.refanged);
    assert_int_equal(kura_indicator_read("a.example", 9, NULL, &t, NULL),
                     KURA_OK);
    assert_false(t.refanged);
    kura_indicator_text_release(&t);
}

static void test_wanted(void **state)
{
    static const struct expected domains[] = {
        {"evil", "domain", "evil"},
        {"203.0.113.7", "address", "203.0.113.7"},
        {"a/b", NULL, "is no name of a host"}};
    static const struct expected subjects[] = {
        {"  [\xE9\x87\x8D\xE8\xA6\x81]  RE:\tInvoice, ", "subject",
         "[\xE9\x87\x8D\xE8\xA6\x81] re: invoice,"},
        {"hxxp://evil[.]example", "subject", "hxxp://evil[.]example"}};
    static const struct expected hashes[] = {
        {"SHA256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B8"
         "55",
         "hash",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", NULL, "is no MD5"}};
    static const struct expected addresses[] = {
        {"evil.example", NULL, "is no address"},
        {"10.0.0.0/33", NULL, "is no address"},
        {"010.1.1.1", NULL, "is no address"}};
    enum kura_indicator_type type = KURA_INDICATOR_DOMAIN;

    (void)state;
    CHECK(domains, &type);
    type = KURA_INDICATOR_SUBJECT;
    CHECK(subjects, &type);
    type = KURA_INDICATOR_HASH;
    CHECK(hashes, &type);
    type = KURA_INDICATOR_ADDRESS;
    CHECK(addresses, &type);
}

/* Reading a normal form again changes nothing. */
static void test_stable(void **state)
{
    static const char *const list[] = {"http://User@EVIL.example:81/x#y",
                                       "::ffff:203.0.113.0/120",
                                       "A@B.example",
                                       "*.X.example",
                                       "a\\B.exe",
                                       "http://[::ffff:203.0.113.7]/"};
    struct kura_indicator_text a, b;
    size_t i;

    (void)state;
    kura_indicator_text_init(&a);
    kura_indicator_text_init(&b);
    for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        assert_int_equal(
            kura_indicator_read(list[i], strlen(list[i]), NULL, &a, NULL),
            KURA_OK);
        assert_int_equal(
            kura_indicator_read(a.value.data, a.value.len, &a.type, &b, NULL),
            KURA_OK);
        assert_string_equal(a.value.data, b.value.data);
        assert_int_equal(a.type, b.type);
    }
    kura_indicator_text_release(&a);
    kura_indicator_text_release(&b);
}

static void test_long(void **state)
{
    char text[KURA_INDICATOR_SIZE + 1];
    struct kura_indicator_text t;

    (void)state;
    kura_indicator_text_init(&t);
    memset(text, 'a', sizeof(text));
    assert_int_equal(kura_indicator_read(text, sizeof(text), NULL, &t, NULL),
                     KURA_EINPUT);
    memcpy(text, "http://a.example/", 17);
    assert_int_equal(
        kura_indicator_read(text, KURA_INDICATOR_SIZE, NULL, &t, NULL),
        KURA_OK);
    kura_indicator_text_release(&t);
}

static void test_url_split(void **state)
{
    struct kura_url_parts p;

    (void)state;
    assert_true(kura_url_split("a.example:443", 13, &p));
    assert_true(p.tunnel);
    assert_int_equal(p.port, 443);
    assert_int_equal(p.host_size, 9);
    assert_true(kura_url_split("https://a.example:443/x", 23, &p));
    assert_false(p.tunnel);
    assert_int_equal(p.port, 0);
    assert_memory_equal(p.rest, "/x", 2);
    assert_true(kura_url_split("http://[2001:db8::1]/", 21, &p));
    assert_memory_equal(p.host, "2001:db8::1", 11);
    assert_int_equal(p.host_size, 11);
    assert_false(kura_url_split("/x", 2, &p));
    assert_false(kura_url_split("", 0, &p));
    assert_false(kura_url_split("http://@/", 9, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guessed), cmocka_unit_test(test_refanged),
        cmocka_unit_test(test_wanted),  cmocka_unit_test(test_stable),
        cmocka_unit_test(test_long),    cmocka_unit_test(test_url_split)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
