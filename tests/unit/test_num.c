/* test_num.c - decimal integers and checked arithmetic. */
#include "base/num.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define BOUND (INT64_C(1) << 62)

static bool parses_as(const char *s, int64_t expected)
{
    int64_t v = 7;

    return kura_num_parse(s, strlen(s), &v) && v == expected;
}

static bool refuses(const char *s, size_t n)
{
    int64_t v = 7;

    return !kura_num_parse(s, n, &v) && v == 7;
}

static void test_parse_numbers(void **state)
{
    (void)state;
    assert_true(parses_as("0", 0));
    assert_true(parses_as("-0", 0));
    assert_true(parses_as("00042", 42));
    assert_true(parses_as("-15", -15));
    assert_true(parses_as("4611686018427387904", BOUND));
    assert_true(parses_as("-4611686018427387904", -BOUND));
    assert_true(parses_as("00000000000000000000000000000001", 1));
}

static void test_parse_refuses(void **state)
{
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.5",
        "--1",
        "1-",
        "0x10",
        "4611686018427387905",
        "-4611686018427387905",
        "9223372036854775808",
        "18446744073709551617",
        "99999999999999999999999999",
        "/",
        ":",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_true(refuses(bad[i], strlen(bad[i])));
    assert_true(refuses("1\0", 2));
}

static void test_parse_stays_inside(void **state)
{
    int64_t v = 0;

    (void)state;
    assert_true(kura_num_parse("12345", 3, &v));
    assert_int_equal(v, 123);
}

static void test_format(void **state)
{
    static const struct {
        int64_t v;
        const char *text;
    } cases[] = {
        {0, "0"},
        {9, "9"},
        {-10, "-10"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    char out[KURA_NUM_DIGITS];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(kura_num_format(cases[i].v, out),
                         strlen(cases[i].text));
        assert_string_equal(out, cases[i].text);
    }
}

static void test_checked(void **state)
{
    size_t v = 7;

    (void)state;
    assert_true(kura_num_add(SIZE_MAX - 1, 1, &v));
    assert_true(v == SIZE_MAX);
    assert_false(kura_num_add(SIZE_MAX, 1, &v));
    assert_true(v == SIZE_MAX);
    assert_true(kura_num_mul(SIZE_MAX / 2, 2, &v));
    assert_true(v == SIZE_MAX - 1);
    assert_false(kura_num_mul(SIZE_MAX / 2 + 1, 2, &v));
    assert_true(v == SIZE_MAX - 1);
    assert_true(kura_num_mul(SIZE_MAX, 0, &v));
    assert_true(v == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_numbers),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_parse_stays_inside),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_checked),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
