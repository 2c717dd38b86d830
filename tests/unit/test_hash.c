/* test_hash.c - digests against published values, and the keyed hash. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define ABC_SHA256                                                             \
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY_SHA256                                                           \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_sha256_whole(void **state)
{
    char hex[KURA_SHA256_HEX];

    (void)state;
    assert_int_equal(kura_sha256_hex("abc", 3, hex, NULL), KURA_OK);
    assert_string_equal(hex, ABC_SHA256);
    assert_int_equal(kura_sha256_hex(NULL, 0, hex, NULL), KURA_OK);
    assert_string_equal(hex, EMPTY_SHA256);
}

static void test_sha256_peek_goes_on(void **state)
{
    struct kura_sha256 *h = NULL;
    char hex[KURA_SHA256_HEX], again[KURA_SHA256_HEX];

    (void)state;
    assert_int_equal(kura_sha256_new(&h, NULL), KURA_OK);
    assert_int_equal(kura_sha256_peek(h, hex, NULL), KURA_OK);
    assert_string_equal(hex, EMPTY_SHA256);
    assert_int_equal(kura_sha256_update(h, "ab", 2, NULL), KURA_OK);
    assert_int_equal(kura_sha256_peek(h, again, NULL), KURA_OK);
    assert_string_not_equal(again, hex);
    assert_int_equal(kura_sha256_update(h, "c", 1, NULL), KURA_OK);
    assert_int_equal(kura_sha256_peek(h, hex, NULL), KURA_OK);
    assert_string_equal(hex, ABC_SHA256);
    assert_int_equal(kura_sha256_peek(h, again, NULL), KURA_OK);
    assert_string_equal(again, hex);
    kura_sha256_free(h);
    kura_sha256_free(NULL);
}

static void test_crc32(void **state)
{
    unsigned char zero[32] = {0};

    (void)state;
    assert_int_equal(kura_crc32(NULL, 0), 0);
    assert_true(kura_crc32("123456789", 9) == 0xCBF43926u);
    assert_true(kura_crc32("The quick brown fox jumps over the lazy dog", 43) ==
                0x414FA339u);
    assert_true(kura_crc32(zero, sizeof(zero)) == 0x190A55ADu);
}

/* Equal texts hash alike wherever they lie; texts that differ in one bit, or in
 * length only, do not. */
static void test_hash64_depends_on_all(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 70; n++) {
        char *a = calloc(n + 1, 1), *b = malloc(n + 1);
        uint64_t h;

        assert_non_null(a);
        assert_non_null(b);
        memset(b, 0, n + 1);
        h = kura_hash64(a, n);
        assert_true(h == kura_hash64(b + 1, n));
        assert_true(h != kura_hash64(a, n - 1));
        for (size_t bit = 0; bit < n * 8; bit++) {
            a[bit / 8] = (char)(1u << bit % 8);
            assert_true(kura_hash64(a, n) != h);
            a[bit / 8] = 0;
        }
        free(a);
        free(b);
    }
}

static int order(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* Numbered texts fill a table evenly and never meet in 64 bits. */
static void test_hash64_spreads(void **state)
{
    enum { COUNT = 200000, SLOTS = 4096 };
    uint64_t *all = malloc(COUNT * sizeof(*all));
    unsigned *slots = calloc(SLOTS, sizeof(*slots));

    (void)state;
    assert_non_null(all);
    assert_non_null(slots);
    for (size_t i = 0; i < COUNT; i++) {
        char text[40];
        int n = snprintf(text, sizeof(text), "host-%zu.example.com", i);

        all[i] = kura_hash64(text, (size_t)n);
        slots[all[i] % SLOTS]++;
    }
    for (size_t i = 0; i < SLOTS; i++)
        assert_in_range(slots[i], 5, 150); /* 49 on average */
    qsort(all, COUNT, sizeof(*all), order);
    for (size_t i = 1; i < COUNT; i++)
        assert_true(all[i] != all[i - 1]);
    free(all);
    free(slots);
}

static void test_random(void **state)
{
    unsigned char a[32] = {0}, b[32] = {0};

    (void)state;
    assert_int_equal(kura_random(a, sizeof(a), NULL), KURA_OK);
    assert_int_equal(kura_random(b, sizeof(b), NULL), KURA_OK);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(kura_random(NULL, 0, NULL), KURA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_whole),
        cmocka_unit_test(test_sha256_peek_goes_on),
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_hash64_depends_on_all),
        cmocka_unit_test(test_hash64_spreads),
        cmocka_unit_test(test_random),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
