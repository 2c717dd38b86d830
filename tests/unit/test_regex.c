/* test_regex.c - patterns over hostile bytes. */
#include "base/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define NONE ((size_t)-1)

static struct kura_regex *compile(const char *pattern, unsigned flags)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_regex *re = NULL;

    assert_int_equal(kura_regex_new(pattern, strlen(pattern), flags, &re, &err),
                     KURA_OK);
    return re;
}

static struct kura_matcher *matcher(int groups)
{
    struct kura_matcher *m = NULL;

    assert_int_equal(kura_matcher_new(groups, &m, NULL), KURA_OK);
    return m;
}

static int match_once(const char *pattern, unsigned flags, const char *s,
                      size_t n)
{
    struct kura_regex *re = compile(pattern, flags);
    struct kura_matcher *m = matcher(4);
    int rc = kura_regex_match(re, m, s, n);

    kura_matcher_free(m);
    kura_regex_free(re);
    return rc;
}

static void test_groups_and_offsets(void **state)
{
    struct kura_regex *re =
        compile("^(?<host>\\S+)( [0-9]+)?(?<rest>!.*)?$", 0);
    struct kura_matcher *m = matcher(8);
    const size_t *at;

    (void)state;
    assert_int_equal(kura_regex_groups(re), 3);
    assert_string_equal(kura_regex_group_name(re, 1), "host");
    assert_null(kura_regex_group_name(re, 2));
    assert_string_equal(kura_regex_group_name(re, 3), "rest");
    assert_null(kura_regex_group_name(re, 4));

    assert_int_equal(kura_regex_match(re, m, "example.com 42!x", 16), 1);
    at = kura_matcher_offsets(m);
    assert_int_equal(at[0], 0);
    assert_int_equal(at[1], 16);
    assert_int_equal(at[2], 0);
    assert_int_equal(at[3], 11);
    assert_int_equal(at[4], 11);
    assert_int_equal(at[5], 14);
    assert_int_equal(at[6], 14);
    assert_int_equal(at[7], 16);

    assert_int_equal(kura_regex_match(re, m, "example.com", 11), 1);
    at = kura_matcher_offsets(m);
    assert_int_equal(at[3], 11);
    assert_true(at[4] == NONE && at[5] == NONE);
    assert_true(at[6] == NONE && at[7] == NONE);

    assert_int_equal(kura_regex_match(re, m, "", 0), 0);
    assert_int_equal(kura_regex_match(re, m, NULL, 0), 0);
    kura_matcher_free(m);
    kura_regex_free(re);
}

static void test_too_little_room(void **state)
{
    struct kura_regex *re = compile("(a)(b)(c)", 0);
    struct kura_matcher *m = matcher(1);

    (void)state;
    assert_int_equal(kura_regex_match(re, m, "xabc", 4), 1);
    assert_int_equal(kura_matcher_offsets(m)[0], 1);
    assert_int_equal(kura_matcher_offsets(m)[3], 2);
    kura_matcher_free(m);
    kura_regex_free(re);
}

static void test_bytes(void **state)
{
    (void)state;
    assert_int_equal(match_once("^a.b$", 0, "a\0b", 3), 1);
    assert_int_equal(match_once("^a.b$", 0,
                                "a\xFF"
                                "b",
                                3),
                     1);
    assert_int_equal(match_once("b", 0, "aab", 2), 0);
    assert_int_equal(match_once("EXAMPLE", 0, "example", 7), 0);
    assert_int_equal(match_once("EXAMPLE", KURA_REGEX_CASELESS, "example", 7),
                     1);
}

static void test_utf(void **state)
{
    (void)state;
    assert_int_equal(match_once("^.$", 0, "\xC3\xA9", 2), 0);
    assert_int_equal(match_once("^.$", KURA_REGEX_UTF, "\xC3\xA9", 2), 1);
    assert_int_equal(match_once("\xC3\x89",
                                KURA_REGEX_UTF | KURA_REGEX_CASELESS,
                                "\xC3\xA9", 2),
                     1);
    assert_int_equal(match_once("^.$", KURA_REGEX_UTF, "\xFF", 1), 0);
    assert_int_equal(match_once("a.b", KURA_REGEX_UTF,
                                "a\x80"
                                "b",
                                3),
                     0);
    assert_int_equal(match_once("ok", KURA_REGEX_UTF, "\xFF ok", 4), 1);
}

static void test_gives_up(void **state)
{
    char s[60];

    (void)state;
    memset(s, 'a', sizeof(s));
    assert_int_equal(match_once("^(a+)+$", 0, s, sizeof(s)), 1);
    s[sizeof(s) - 1] = '!';
    assert_int_equal(match_once("^(a+)+$", 0, s, sizeof(s)), -1);
    /* The interpreter is bounded in the same way. */
    assert_int_equal(match_once("(*NO_JIT)^(a+)+$", 0, s, sizeof(s)), -1);
    assert_int_equal(match_once("(*NO_JIT)a!$", 0, s, sizeof(s)), 1);
    assert_int_equal(match_once("(*NO_JIT)b", 0, s, sizeof(s)), 0);
}

static void test_deep_subject(void **state)
{
    static char s[1 << 20];

    (void)state;
    memset(s, 'a', sizeof(s));
    /* Needs a stack for every step: it ends with an answer, not a crash. */
    assert_int_equal(match_once("^(?:(a)|b)*$", 0, s, sizeof(s)), -1);
}

static void test_bad_pattern(void **state)
{
    static const char *const bad[] = {"ab(c", "[z-a]",   "(?<1x>a)",
                                      "a**+", "(*UTF)a", "\\"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct kura_err err = KURA_ERR_INIT;
        struct kura_regex *re = NULL;

        assert_int_equal(kura_regex_new(bad[i], strlen(bad[i]), 0, &re, &err),
                         KURA_EINPUT);
        assert_null(re);
        assert_non_null(strstr(err.msg, " at byte "));
    }
}

static void test_bad_pattern_says_where(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_regex *re = NULL;

    (void)state;
    assert_int_equal(kura_regex_new("ab(c", 4, 0, &re, &err), KURA_EINPUT);
    assert_string_equal(err.msg,
                        "missing closing parenthesis at byte 4 of the pattern");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_and_offsets),
        cmocka_unit_test(test_too_little_room),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_utf),
        cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_deep_subject),
        cmocka_unit_test(test_bad_pattern),
        cmocka_unit_test(test_bad_pattern_says_where),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
