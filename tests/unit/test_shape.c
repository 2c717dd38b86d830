/* What goes into a shape comes out of it, whatever bytes a line has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/shape.h"

static void check_render(int64_t v, struct kura_rendering r, const char *want)
{
    struct kura_buf b;

    kura_buf_init(&b, 1000);
    assert_int_equal(kura_render_integer(v, &r, &b, NULL), KURA_OK);
    assert_string_equal(b.data, want);
    kura_buf_release(&b);
}

static void test_decimals(void **state)
{
    struct kura_rendering r = {.kind = KURA_RENDER_DECIMAL};

    (void)state;
    check_render(0, r, "0");
    check_render(-42, r, "-42");
    check_render(INT64_MIN, r, "-9223372036854775808");
    r.width = 6;
    check_render(452, r, "   452");
    check_render(-452, r, "  -452");
    check_render(1234567, r, "1234567");
}

static void test_thousandths(void **state)
{
    struct kura_rendering r = {.kind = KURA_RENDER_FIXED, .decimals = 2};

    (void)state;
    check_render(640, r, "0.64");
    check_render(1000, r, "1.00");
    check_render(-1250, r, "-1.25");
    check_render(INT64_MIN, r, "-9223372036854775.80");
    r.decimals = 0;
    check_render(21000, r, "21");
    r.decimals = 3;
    check_render(5, r, "0.005");
    r.decimals = 1;
    check_render(12300, r, "12.3");
}

static void test_times(void **state)
{
    struct kura_rendering r = {.kind = KURA_RENDER_TIME};

    (void)state;
    r.stamp.layout = KURA_LAYOUT_EPOCH;
    r.stamp.decimals = 3;
    check_render(INT64_C(1424221299090000), r, "1424221299.090");
}

/* A shape of literal bytes, taken apart: is it the same text again? */
static void check_literal(const char *s, size_t n)
{
    struct kura_buf b;
    struct kura_shape sh;

    kura_buf_init(&b, 1000);
    assert_int_equal(kura_shape_literal(s, n, &b, NULL), KURA_OK);
    assert_int_equal(kura_shape_parse(b.data, b.len, &sh, NULL), KURA_OK);
    assert_int_equal(sh.count, n > 0);
    if (n > 0) {
        assert_int_equal(sh.parts[0].size, n);
        assert_memory_equal(sh.parts[0].literal, s, n);
    }
    kura_shape_release(&sh);
    kura_buf_release(&b);
}

static void test_any_bytes_are_literal(void **state)
{
    char all[256];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(all); i++)
        all[i] = (char)(unsigned char)i;
    check_literal("", 0);
    check_literal(all, sizeof(all));
    check_literal("{", 1);
    check_literal("{{{", 3);
    check_literal("{src_ip}", 8);
    check_literal("}}{a:d6}{", 9);
}

static void test_fields_survive(void **state)
{
    struct kura_rendering text = {.kind = KURA_RENDER_TEXT};
    struct kura_rendering wide = {.kind = KURA_RENDER_DECIMAL, .width = 6};
    struct kura_rendering fixed = {.kind = KURA_RENDER_FIXED, .decimals = 2};
    struct kura_rendering time = {.kind = KURA_RENDER_TIME};
    struct kura_buf b;
    struct kura_shape sh;

    (void)state;
    time.stamp.layout = KURA_LAYOUT_CLF;
    time.stamp.offset = 540;
    kura_buf_init(&b, 1000);
    (void)kura_shape_literal("{", 1, &b, NULL);
    (void)kura_shape_field("src_ip", &text, &b, NULL);
    (void)kura_shape_field("elapsed_ms", &wide, &b, NULL);
    (void)kura_shape_literal(" ", 1, &b, NULL);
    (void)kura_shape_field("delay", &fixed, &b, NULL);
    (void)kura_shape_field("ts", &time, &b, NULL);
    (void)kura_shape_literal("}\r\n", 3, &b, NULL);
    assert_string_equal(b.data, "{{{src_ip}{elapsed_ms:d6} {delay:fixed.2}"
                                "{ts:clf+540}}\r\n");
    assert_int_equal(kura_shape_parse(b.data, b.len, &sh, NULL), KURA_OK);
    assert_int_equal(sh.count, 7);
    assert_memory_equal(sh.parts[0].literal, "{", 1);
    assert_string_equal(sh.parts[1].column, "src_ip");
    assert_int_equal(sh.parts[1].render.kind, KURA_RENDER_TEXT);
    assert_string_equal(sh.parts[2].column, "elapsed_ms");
    assert_int_equal(sh.parts[2].render.width, 6);
    assert_int_equal(sh.parts[4].render.kind, KURA_RENDER_FIXED);
    assert_int_equal(sh.parts[4].render.decimals, 2);
    assert_int_equal(sh.parts[5].render.stamp.layout, KURA_LAYOUT_CLF);
    assert_int_equal(sh.parts[5].render.stamp.offset, 540);
    assert_int_equal(sh.parts[6].size, 3);
    kura_shape_release(&sh);
    kura_buf_release(&b);
}

static void test_what_is_no_shape_is_refused(void **state)
{
    static const char *const bad[] = {
        "{",        "{src_ip",       "{}",          "{a b}",    "{9a}",
        "{a:}",     "{a:d}",         "{a:d0}",      "{a:d-1}",  "{a:d65}",
        "{a:fixed", "{a:fixed.4}",   "{a:fixed.}",  "{a:fixed.10}",
        "{a:nope}", "{a:d99999999999999999999}", "text {a{b}",  "{:d6}",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct kura_err err = KURA_ERR_INIT;
        struct kura_shape sh;

        assert_int_equal(
            kura_shape_parse(bad[i], strlen(bad[i]), &sh, &err),
            KURA_ECORRUPT);
        assert_true(err.msg[0] != '\0');
    }
}

static void test_a_full_buffer_keeps_what_it_had(void **state)
{
    struct kura_buf b;

    (void)state;
    kura_buf_init(&b, 4);
    assert_int_equal(kura_shape_literal("ab", 2, &b, NULL), KURA_OK);
    assert_int_equal(kura_shape_literal("c{d", 3, &b, NULL), KURA_ENOMEM);
    assert_string_equal(b.data, "ab");
    kura_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_thousandths),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_any_bytes_are_literal),
        cmocka_unit_test(test_fields_survive),
        cmocka_unit_test(test_what_is_no_shape_is_refused),
        cmocka_unit_test(test_a_full_buffer_keeps_what_it_had),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
