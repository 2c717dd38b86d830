/* test_config.c - YAML files as trees, and what is refused. */
#include "base/config.h"

#include "base/buf.h"
#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct kura_config *parse(const char *text)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_config *c = NULL;
    enum kura_rc rc =
        kura_config_parse("site.yaml", text, strlen(text), &c, &err);

    if (rc != KURA_OK)
        fail_msg("%s", err.msg);
    return c;
}

static void refuse(const char *text, size_t n, const char *message)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_config *c = NULL;

    assert_int_equal(kura_config_parse("site.yaml", text, n, &c, &err),
                     KURA_EINPUT);
    assert_null(c);
    assert_string_equal(err.msg, message);
}

static void refuse_text(const char *text, const char *message)
{
    refuse(text, strlen(text), message);
}

static const char *text_of(const struct kura_node *map, const char *key)
{
    const struct kura_node *n = kura_node_get(map, key);

    return n == NULL ? NULL : kura_node_text(n);
}

static void test_tree(void **state)
{
    struct kura_config *c = parse("# a site\n"
                                  "zone: Asia/Tokyo\n"
                                  "networks:\n"
                                  "  - 192.0.2.0/24\n"
                                  "  - {name: dmz, net: 198.51.100.0/24}\n"
                                  "text: |\n"
                                  "  one\n"
                                  "  two\n");
    const struct kura_node *root = kura_config_root(c), *list, *dmz;

    (void)state;
    assert_string_equal(kura_config_name(c), "site.yaml");
    assert_int_equal(kura_node_kind(root), KURA_NODE_MAP);
    assert_int_equal(kura_node_count(root), 3);
    assert_null(kura_node_text(root));
    assert_string_equal(kura_node_key(root, 1), "networks");
    assert_int_equal(kura_node_key_line(root, 1), 3);
    assert_null(kura_node_key(root, 3));
    assert_null(kura_node_at(root, 3));
    assert_string_equal(text_of(root, "zone"), "Asia/Tokyo");
    assert_string_equal(text_of(root, "text"), "one\ntwo\n");

    list = kura_node_get(root, "networks");
    assert_int_equal(kura_node_kind(list), KURA_NODE_LIST);
    assert_int_equal(kura_node_count(list), 2);
    assert_null(kura_node_key(list, 0));
    assert_null(kura_node_get(list, "name"));
    assert_string_equal(kura_node_text(kura_node_at(list, 0)), "192.0.2.0/24");
    assert_int_equal(kura_node_line(kura_node_at(list, 0)), 4);
    dmz = kura_node_at(list, 1);
    assert_int_equal(kura_node_line(dmz), 5);
    assert_string_equal(text_of(dmz, "name"), "dmz");
    assert_null(kura_node_get(dmz, "nam"));
    assert_null(kura_node_get(NULL, "name"));
    assert_int_equal(kura_node_count(kura_node_get(dmz, "net")), 0);
    kura_config_free(c);
    kura_config_free(NULL);
}

static void test_null_and_empty(void **state)
{
    struct kura_config *c = parse("a:\nb: ~\nc: null\nd: ''\ne: \"null\"\n"
                                  "f: []\ng: nil\n");
    const struct kura_node *root = kura_config_root(c);

    (void)state;
    assert_true(kura_node_is_null(kura_node_get(root, "a")));
    assert_true(kura_node_is_null(kura_node_get(root, "b")));
    assert_true(kura_node_is_null(kura_node_get(root, "c")));
    assert_false(kura_node_is_null(kura_node_get(root, "d")));
    assert_false(kura_node_is_null(kura_node_get(root, "e")));
    assert_false(kura_node_is_null(kura_node_get(root, "f")));
    assert_false(kura_node_is_null(kura_node_get(root, "g")));
    kura_config_free(c);

    c = parse("");
    assert_null(kura_config_root(c));
    kura_config_free(c);
    c = parse("# nothing but a comment\n");
    assert_null(kura_config_root(c));
    kura_config_free(c);
}

static void test_text_with_nul(void **state)
{
    struct kura_config *c = parse("a: \"x\\0y\"\n");
    const struct kura_node *n = kura_node_get(kura_config_root(c), "a");

    (void)state;
    assert_int_equal(kura_node_text_size(n), 3);
    assert_memory_equal(kura_node_text(n), "x\0y", 4);
    kura_config_free(c);
}

static void test_refused(void **state)
{
    (void)state;
    refuse_text("a: &x 1\n", "site.yaml:1:4: anchors are not allowed");
    refuse_text("a: 1\nb: *x\n", "site.yaml:2:4: aliases are not allowed");
    refuse_text("a: &x [1]\n", "site.yaml:1:4: anchors are not allowed");
    refuse_text("a: !!str 1\n", "site.yaml:1:4: tags are not allowed");
    refuse_text("a: !m {b: 1}\n", "site.yaml:1:4: tags are not allowed");
    refuse_text("[a]: 1\n", "site.yaml:1:1: a key must be a text");
    refuse_text("\"a\\0\": 1\n", "site.yaml:1:1: a key holds a NUL");
    refuse_text("a: 1\n---\nb: 2\n", "site.yaml:2:1: a second document");
    refuse_text("x:\n  a: 1\n  b: 2\n  a: 3\n",
                "site.yaml:4: key 'a' is there twice, first in line 2");
}

static void test_broken(void **state)
{
    (void)state;
    refuse_text("a: 1\nb: @x\n",
                "site.yaml:2:4: found character that cannot start any token");
    refuse_text("a: [1, 2\n",
                "site.yaml:2:1: did not find expected ',' or ']'");
    refuse_text("a: 1\nb: \xFF\n",
                "site.yaml:2:4: invalid leading UTF-8 octet");
}

static void test_depth(void **state)
{
    char text[200];

    (void)state;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[128] = '\0';
    kura_config_free(parse(text));
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    refuse(text, 130, "site.yaml:1:65: more than 64 levels");
}

/* Sizes that would hurt if something took the square of them. */
static void test_large(void **state)
{
    const size_t n = (size_t)1 << 20;
    struct kura_buf text;
    struct kura_config *c;

    (void)state;
    kura_buf_init(&text, n + 1);
    for (int i = 0; i < 60000; i++)
        assert_int_equal(kura_buf_printf(&text, NULL, "k%d: 1\n", i), KURA_OK);
    c = parse(text.data);
    assert_int_equal(kura_node_count(kura_config_root(c)), 60000);
    kura_config_free(c);

    kura_buf_reset(&text);
    assert_int_equal(kura_buf_reserve(&text, n + 1, NULL), KURA_OK);
    memset(text.data, '[', n + 1);
    refuse(text.data, n, "site.yaml:1:65: more than 64 levels");
    refuse(text.data, n + 1, "'site.yaml' is larger than 1 MiB");
    kura_buf_release(&text);
}

/* Whatever is cut off, there is a tree or words, and no crash. */
static void test_cut_anywhere(void **state)
{
    static const char text[] = "a: {b: [1, 'x', \"y\"], c: }\nd:\n  - e: |\n"
                               "      f\n    g: >-\n      h\n  - - i\n";

    (void)state;
    for (size_t n = 0; n < sizeof(text); n++) {
        struct kura_err err = KURA_ERR_INIT;
        struct kura_config *c = NULL;
        enum kura_rc rc = kura_config_parse("cut", text, n, &c, &err);

        assert_int_equal(rc == KURA_OK, c != NULL);
        assert_int_equal(rc == KURA_OK, err.msg[0] == '\0');
        kura_config_free(c);
    }
}

static void test_load(void **state)
{
    char path[] = "/tmp/kura_test_config.XXXXXX";
    struct kura_err err = KURA_ERR_INIT;
    struct kura_config *c = NULL;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "zone: UTC\n", 10), 10);
    assert_int_equal(close(fd), 0);
    assert_int_equal(kura_config_load(path, &c, &err), KURA_OK);
    assert_string_equal(kura_config_name(c), path);
    assert_string_equal(text_of(kura_config_root(c), "zone"), "UTC");
    kura_config_free(c);
    assert_int_equal(kura_fs_remove(path, &err), KURA_OK);
    assert_int_equal(kura_config_load(path, &c, &err), KURA_ENOTFOUND);
    assert_non_null(strstr(err.msg, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_null_and_empty),
        cmocka_unit_test(test_text_with_nul),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_load),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
