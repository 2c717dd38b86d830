/* test_text.c - UTF-8, escapes, width and order. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* A literal and its size, which may hold NUL. */
#define LIT(s) (s), (sizeof(s) - 1)

static void check_written(enum kura_rc (*write)(const char *, size_t,
                                                struct kura_buf *,
                                                struct kura_err *),
                          const char *s, size_t n, const char *expected)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf out;

    kura_buf_init(&out, 1000);
    assert_int_equal(kura_buf_puts(&out, ">", &err), KURA_OK);
    assert_int_equal(write(s, n, &out, &err), KURA_OK);
    assert_int_equal(out.data[0], '>');
    assert_string_equal(out.data + 1, expected);
    kura_buf_release(&out);
}

static void test_clean_text(void **state)
{
    (void)state;
    assert_true(kura_text_is_clean(LIT("")));
    assert_true(kura_text_is_clean(LIT("a")));
    assert_true(kura_text_is_clean(LIT(" ~ GET /index.html HTTP/1.1 \\ {")));
    assert_true(kura_text_is_clean(LIT("caf\xC3\xA9 and more after it")));
    assert_true(
        kura_text_is_clean(LIT("\xE8\x94\xB5\xE8\x94\xB5\xE8\x94\xB5")));
    assert_true(kura_text_is_clean(LIT("\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF")));
    assert_true(
        kura_text_is_clean(LIT("\xEF\xBF\xBD\xED\x9F\xBF\xEE\x80\x80")));
}

static void test_unclean_text(void **state)
{
    (void)state;
    assert_false(kura_text_is_clean(LIT("\0")));
    assert_false(kura_text_is_clean(LIT("\x80")));
    assert_false(kura_text_is_clean(LIT("\xC0\xAF"))); /* overlong */
    assert_false(kura_text_is_clean(LIT("\xC1\xBF")));
    assert_false(kura_text_is_clean(LIT("\xE0\x80\xAF")));
    assert_false(kura_text_is_clean(LIT("\xF0\x80\x80\xAF")));
    assert_false(kura_text_is_clean(LIT("\xED\xA0\x80")));     /* surrogate */
    assert_false(kura_text_is_clean(LIT("\xF4\x90\x80\x80"))); /* too large */
    assert_false(kura_text_is_clean(LIT("\xF5\x80\x80\x80")));
    assert_false(kura_text_is_clean(LIT("\xFF\xFE")));
    assert_false(kura_text_is_clean(LIT("abcdefgh\xE8\x94"))); /* cut off */
    assert_false(kura_text_is_clean(LIT("\x8F\xBF"
                                        "abcdefgh")));
}

/* Eight bytes at a time must see what one byte at a time sees: every byte at
 * every place of texts of every small size.  The memory ends with the text, so
 * that a sanitizer sees a read past it. */
static void test_clean_every_place(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 26; n++) {
        char *s = malloc(n);

        assert_non_null(s);
        for (size_t at = 0; at < n; at++)
            for (int c = 0; c < 256; c++) {
                memset(s, c & 1 ? ' ' : '~', n);
                s[at] = (char)c;
                assert_int_equal(kura_text_is_clean(s, n),
                                 c >= 0x20 && c < 0x7F);
            }
        free(s);
    }
}

static void test_clean_wide_every_place(void **state)
{
    char s[40];

    (void)state;
    for (size_t n = 3; n <= 30; n++)
        for (size_t at = 0; at + 3 <= n; at++) {
            memset(s, 'x', sizeof(s));
            memcpy(s + at, "\xE8\x94\xB5", 3);
            assert_true(kura_text_is_clean(s, n));
            assert_false(kura_text_is_clean(s, at + 2));
            s[at + 1] = 'x';
            assert_false(kura_text_is_clean(s, n));
        }
}

static void test_clean_writes(void **state)
{
    (void)state;
    check_written(kura_text_clean, LIT(""), "");
    check_written(kura_text_clean, LIT("plain"), "plain");
    check_written(kura_text_clean, LIT("a\tb\0c\x7F"), "a\\x09b\\x00c\\x7f");
    check_written(kura_text_clean, LIT("\xE8\x94\xB5\xE8\x94"),
                  "\xE8\x94\xB5\\xe8\\x94");
    check_written(kura_text_clean, LIT("\xED\xA0\x80"), "\\xed\\xa0\\x80");
    check_written(kura_text_clean, LIT("\xC2\x80\xC2\x9F\xC2\xA0"),
                  "\\xc2\\x80\\xc2\\x9f\xC2\xA0");
    assert_false(kura_text_is_clean(LIT("evil.example\xC2\x9B[2J.test")));
    assert_true(kura_text_is_clean(LIT("caf\xC3\xA9\xC2\xA0")));
}

static void test_clean_full_buffer(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf out;

    (void)state;
    kura_buf_init(&out, 5);
    assert_int_equal(kura_text_clean(LIT("\x01\x02"), &out, &err), KURA_ENOMEM);
    kura_buf_release(&out);
}

static void test_decode(void **state)
{
    uint32_t cp = 0;

    (void)state;
    assert_int_equal(kura_text_decode(LIT("A"), &cp), 1);
    assert_int_equal(cp, 'A');
    assert_int_equal(kura_text_decode(LIT("\xC3\xA9x"), &cp), 2);
    assert_int_equal(cp, 0xE9);
    assert_int_equal(kura_text_decode(LIT("\xE8\x94\xB5"), &cp), 3);
    assert_int_equal(cp, 0x8535);
    assert_int_equal(kura_text_decode(LIT("\xF0\x9F\x98\x80"), &cp), 4);
    assert_int_equal(cp, 0x1F600);
    assert_int_equal(kura_text_decode("\xE8\x94\xB5", 2, &cp), 1);
    assert_int_equal(cp, 0xFFFD);
    assert_int_equal(kura_text_decode(LIT("\xC0\x80"), &cp), 1);
    assert_int_equal(cp, 0xFFFD);
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(kura_text_width(LIT("")), 0);
    assert_int_equal(kura_text_width(LIT("twelve chars")), 12);
    assert_int_equal(kura_text_width(LIT("caf\xC3\xA9")), 4);
    assert_int_equal(kura_text_width(LIT("e\xCC\x81")), 1); /* combining */
    assert_int_equal(kura_text_width(LIT("\xE8\x94\xB5")), 2);
    assert_int_equal(kura_text_width(LIT("\xEF\xBD\xB6")), 1); /* halfwidth */
    assert_int_equal(kura_text_width(LIT("\xEF\xBC\xA1")), 2); /* fullwidth */
    assert_int_equal(kura_text_width(LIT("\xF0\x9F\x98\x80")), 2);
    assert_int_equal(kura_text_width(LIT("a\xE2\x80\x8B")), 1); /* zero width */
    assert_int_equal(kura_text_width(LIT("\xF0\xA0\x80\x80")), 2);
}

static void test_escape(void **state)
{
    (void)state;
    check_written(kura_text_escape, LIT("plain text \xE8\x94\xB5"),
                  "plain text \xE8\x94\xB5");
    check_written(kura_text_escape, LIT("\x1B[31mred\r\n"),
                  "\\x1b[31mred\\x0d\\x0a");
    check_written(kura_text_escape, LIT("a long start\x7Fthe rest of it"),
                  "a long start\\x7fthe rest of it");
    check_written(kura_text_escape,
                  LIT("\xC2\x9B"
                      "2J"),
                  "\\u{009b}2J");
    check_written(kura_text_escape, LIT("exe.\xE2\x80\xAEgpj"),
                  "exe.\\u{202e}gpj");
    check_written(kura_text_escape, LIT("\xE2\x81\xA6\xD8\x9C"),
                  "\\u{2066}\\u{061c}");
    check_written(kura_text_escape, LIT("a\xE2\x80\x8B\xEF\xBB\xBF\xE2\x80\xA8"),
                  "a\\u{200b}\\u{feff}\\u{2028}");
    check_written(kura_text_escape,
                  LIT("\xE2\x81\xA0\xF3\xA0\x81\x81\xE3\x80\x80"),
                  "\\u{2060}\\u{e0041}\xE3\x80\x80");
    check_written(kura_text_escape, LIT("\x9B\xFF"), "\\x9b\\xff");
    check_written(kura_text_escape, LIT("\xEF\xBF\xBD"), "\xEF\xBF\xBD");
}

static void test_order(void **state)
{
    (void)state;
    assert_int_equal(kura_text_cmp(LIT("a"), LIT("a")), 0);
    assert_true(kura_text_cmp(LIT("a"), LIT("ab")) < 0);
    assert_true(kura_text_cmp(LIT("b"), LIT("ab")) > 0);
    assert_true(kura_text_cmp(LIT(""), LIT("")) == 0);
    assert_true(kura_text_cmp(LIT("Z"), LIT("a")) < 0);
    assert_true(kura_text_cmp(LIT("\x7F"), LIT("\x80")) < 0);
    assert_int_equal(kura_text_casecmp(LIT("Example.COM"), LIT("eXAMPLE.com")),
                     0);
    assert_true(kura_text_casecmp(LIT("Z"), LIT("a")) > 0);
    assert_true(kura_text_casecmp(LIT("_"), LIT("A")) < 0);
    assert_true(kura_text_casecmp(LIT("A"), LIT("ab")) < 0);
    /* Only ASCII letters fold. */
    assert_true(kura_text_casecmp(LIT("\xC3\x89"), LIT("\xC3\xA9")) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean_text),
        cmocka_unit_test(test_unclean_text),
        cmocka_unit_test(test_clean_every_place),
        cmocka_unit_test(test_clean_wide_every_place),
        cmocka_unit_test(test_clean_writes),
        cmocka_unit_test(test_clean_full_buffer),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_order),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
