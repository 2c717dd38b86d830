/* test_json_read.c - the tree that comes out, and what is refused and why. */
#include "base/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define MEMORY ((size_t)1 << 20)

static const struct kura_json *read_text(struct kura_json_reader *r,
                                         const char *s)
{
    const struct kura_json *v = NULL;
    struct kura_err err = KURA_ERR_INIT;

    if (kura_json_read(r, s, strlen(s), &v, &err) != KURA_OK)
        fail_msg("%s: %s", s, err.msg);
    return v;
}

static struct kura_json_reader *reader(size_t memory)
{
    struct kura_json_reader *r = NULL;

    assert_int_equal(kura_json_reader_new(memory, &r, NULL), KURA_OK);
    return r;
}

static void test_tree(void **state)
{
    struct kura_json_reader *r = reader(MEMORY);
    const struct kura_json *v, *m;

    (void)state;
    v = read_text(r, " {\"a\": [1, \"two\", null, true, false, {}],\n"
                     "\"b\": {\"c\": \"\\u8acb\\n\"}, \"a b\": -1.5e300} ");
    assert_int_equal(v->kind, KURA_JSON_OBJECT);
    assert_null(v->name);
    m = kura_json_get(v, "a");
    assert_int_equal(m->kind, KURA_JSON_ARRAY);
    m = m->child;
    assert_int_equal(m->kind, KURA_JSON_NUMBER);
    assert_string_equal(m->text, "1");
    m = m->next;
    assert_int_equal(m->kind, KURA_JSON_STRING);
    assert_string_equal(m->text, "two");
    m = m->next;
    assert_int_equal(m->kind, KURA_JSON_NULL);
    assert_string_equal(m->text, "");
    m = m->next;
    assert_int_equal(m->kind, KURA_JSON_TRUE);
    m = m->next;
    assert_int_equal(m->kind, KURA_JSON_FALSE);
    m = m->next;
    assert_int_equal(m->kind, KURA_JSON_OBJECT);
    assert_null(m->child);
    assert_null(m->next);
    m = kura_json_get(v, "b");
    assert_string_equal(kura_json_get_string(m, "c", NULL), "\xE8\xAB\x8B\n");
    assert_int_equal(m->byte, strlen(" {\"a\": [1, \"two\", null, true, false, "
                                     "{}],\n\"b\": {"));
    assert_string_equal(kura_json_get(v, "a b")->text, "-1.5e300");
    assert_null(kura_json_get(v, "c"));
    assert_null(kura_json_get(kura_json_get(v, "a"), "c"));
    assert_null(kura_json_get_string(NULL, "c", NULL));
    assert_string_equal(read_text(r, "\"alone\"")->text, "alone");
    kura_json_reader_free(r);
    kura_json_reader_free(NULL);
}

/* What parsers disagree about. */
static void test_defined(void **state)
{
    struct kura_json_reader *r = reader(MEMORY);
    const struct kura_json *v;
    const char *s;
    int64_t n = 7;
    size_t size;

    (void)state;
    v = read_text(r, "{\"a\":1,\"a\":2}");
    assert_true(kura_json_integer(kura_json_get(v, "a"), &n));
    assert_int_equal(n, 2);
    assert_string_equal(v->child->text, "1");
    v = read_text(r, "[123456789012345678901234567890, 1.0, 1e3, \"5\"]");
    assert_string_equal(v->child->text, "123456789012345678901234567890");
    for (v = v->child; v != NULL; v = v->next)
        assert_false(kura_json_integer(v, &n));
    assert_false(kura_json_integer(NULL, &n));
    assert_int_equal(n, 2);
    v = read_text(r, "{\"a\":\"x\\u0000y\", \"z\\u0000\": 1}");
    s = kura_json_get_string(v, "a", &size);
    assert_int_equal(size, 3);
    assert_memory_equal(s, "x\0y", 4);
    assert_null(kura_json_get(v, "z"));
    assert_string_equal(read_text(r, "\"\\ud83d\\ude00\"")->text,
                        "\xF0\x9F\x98\x80");
    kura_json_reader_free(r);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *where, *why;
    } bad[] = {
        {"", "line 1, byte 0", "premature EOF"},
        {"{\"a\":1", "line 1, byte 6", "premature EOF"},
        {"{\"a\":1}\n x", "line 2, byte ", ""},
        {"{} {}", "line 1, byte ", "trailing garbage"},
        {"[1,]", "line 1, byte ", "unallowed token"},
        {"[01]", "line 1, byte ", ""},
        {"[NaN]", "line 1, byte ", "invalid"},
        {"{\"a\":1,\n\"b\"=2}", "line 2, byte ", ""},
        {"[\"a\nb\"]", "line 1, byte ", "invalid character inside string"},
        {"\n\n[\"\xC3\"]", "line 3, byte ", "a string is not UTF-8"},
        {"[\"\xC0\xAF\"]", "line 1, byte ", "a string is not UTF-8"},
        {"{\"\xED\xA0\x80\":1}", "line 1, byte ", "a name is not UTF-8"},
        {"// x\n1", "line 1, byte ", ""}};
    struct kura_json_reader *r = reader(MEMORY);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct kura_json *v = NULL;
        struct kura_err err = KURA_ERR_INIT;
        enum kura_rc rc =
            kura_json_read(r, bad[i].text, strlen(bad[i].text), &v, &err);

        if (rc != KURA_EINPUT || strstr(err.msg, bad[i].where) == NULL ||
            strstr(err.msg, bad[i].why) == NULL ||
            strchr(err.msg, '\n') != NULL || v != NULL)
            fail_msg("%s: %d %s", bad[i].text, (int)rc, err.msg);
        assert_string_equal(read_text(r, "[1]")->child->text, "1");
    }
    kura_json_reader_free(r);
}

static void test_bounds(void **state)
{
    struct kura_json_reader *r = reader(MEMORY);
    const struct kura_json *v = NULL;
    struct kura_err err = KURA_ERR_INIT;
    char text[200000];
    int i;

    (void)state;
    memset(text, '[', KURA_JSON_DEPTH);
    memset(text + KURA_JSON_DEPTH, ']', KURA_JSON_DEPTH);
    assert_int_equal(kura_json_read(r, text, KURA_JSON_DEPTH * 2, &v, NULL),
                     KURA_OK);
    memset(text, '[', sizeof(text));
    assert_int_equal(kura_json_read(r, text, sizeof(text), &v, &err),
                     KURA_EINPUT);
    assert_non_null(strstr(err.msg, "too deep"));
    for (i = 0; i < 3; i++) {
        struct kura_err e = KURA_ERR_INIT;

        memset(text, '1', sizeof(text));
        for (size_t at = 1; at < sizeof(text); at += 2)
            text[at] = ',';
        text[0] = '[';
        text[sizeof(text) - 1] = ']';
        assert_int_equal(kura_json_read(r, text, sizeof(text), &v, &e),
                         KURA_EINPUT); /* "[,1" */
        text[1] = '1';
        assert_int_equal(kura_json_read(r, text, sizeof(text), &v, NULL),
                         KURA_ENOMEM);
    }
    /* A string with an escape goes through yajl's own buffer. */
    memset(text, 'x', sizeof(text));
    memcpy(text, "\"\\n", 3);
    text[sizeof(text) - 1] = '"';
    assert_int_equal(kura_json_read(r, text, sizeof(text), &v, NULL), KURA_OK);
    assert_int_equal(v->size, sizeof(text) - 3);
    kura_json_reader_free(r);
    for (size_t memory = 0; memory < 6000; memory += 16) {
        r = reader(memory);
        (void)kura_json_read(r, text, 3000, &v, NULL);
        (void)kura_json_read(r, "{\"a\":[\"\\n\"]}", 12, &v, NULL);
        kura_json_reader_free(r);
    }
}

static void test_line(void **state)
{
    (void)state;
    assert_int_equal(kura_json_line("a\nb\n", 4, 0), 1);
    assert_int_equal(kura_json_line("a\nb\n", 4, 2), 2);
    assert_int_equal(kura_json_line("a\nb\n", 4, 99), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree), cmocka_unit_test(test_defined),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_line)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
