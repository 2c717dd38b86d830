/* test_rollup.c - groups and what is added up for them, the order of ranks, and
 * the bound on memory.  What rollups answer in SQL is in tests/sql/rollup.t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "query/groups.h"
#include "query/order.h"
#include "query/rollup.h"
#include "store/warehouse.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const enum kura_measure_kind all_kinds[] = {
    KURA_MEASURE_ROWS, KURA_MEASURE_MIN, KURA_MEASURE_MAX, KURA_MEASURE_SUM};

/* One row of a key of one word. */
static void add_one(struct kura_groups *g, uint64_t key, int64_t value,
                    uint8_t null)
{
    static const uint32_t first[1] = {0};
    uint32_t at;
    size_t m;

    assert_int_equal(kura_groups_find(g, &key, 1, &at, NULL), KURA_OK);
    kura_groups_count(g, 0, &at, 1);
    for (m = 1; m < COUNT(all_kinds); m++)
        kura_groups_add(g, m, &at, 1, &value, &null, first);
}

static void measure_is(const struct kura_groups *g, size_t i, size_t measure,
                       int64_t wanted)
{
    bool overflow;
    int64_t v;

    assert_true(kura_groups_value(g, i, measure, &v, &overflow));
    assert_false(overflow);
    assert_int_equal(v, wanted);
}

static void test_measures(void **state)
{
    struct kura_groups g, other;
    bool overflow;
    int64_t v;
    size_t m;

    (void)state;
    kura_groups_init(&g, 1, all_kinds, COUNT(all_kinds));
    kura_groups_init(&other, 1, all_kinds, COUNT(all_kinds));
    add_one(&g, 7, -5, 0);
    add_one(&g, 7, 3, 0);
    add_one(&g, 7, 0, 1); /* NULL */
    add_one(&g, 8, 0, 1);
    measure_is(&g, 0, 0, 3);
    measure_is(&g, 0, 1, -5);
    measure_is(&g, 0, 2, 3);
    measure_is(&g, 0, 3, -2);
    measure_is(&g, 1, 0, 1);
    for (m = 1; m < COUNT(all_kinds); m++) /* of nothing but NULL */
        assert_false(kura_groups_value(&g, 1, m, &v, &overflow));
    add_one(&other, 9, 10, 0);
    kura_groups_combine(&g, 1, &other, 0);
    measure_is(&g, 1, 0, 2);
    measure_is(&g, 1, 1, 10);
    measure_is(&g, 1, 3, 10);
    kura_groups_combine(&other, 0, &g, 0);
    measure_is(&other, 0, 1, -5);
    measure_is(&other, 0, 2, 10);
    measure_is(&other, 0, 3, 8);
    kura_groups_release(&g);
    kura_groups_release(&other);
}

/* Beyond 64 bits and back: only what is left counts. */
static void test_sum_wide(void **state)
{
    struct kura_groups g;
    bool overflow;
    int64_t v;

    (void)state;
    kura_groups_init(&g, 1, all_kinds, COUNT(all_kinds));
    add_one(&g, 1, INT64_MAX, 0);
    measure_is(&g, 0, 3, INT64_MAX);
    add_one(&g, 1, 1, 0);
    assert_true(kura_groups_value(&g, 0, 3, &v, &overflow));
    assert_true(overflow);
    add_one(&g, 1, INT64_MIN, 0);
    measure_is(&g, 0, 3, 0);
    add_one(&g, 1, INT64_MIN, 0);
    measure_is(&g, 0, 3, INT64_MIN);
    add_one(&g, 1, -1, 0);
    assert_true(kura_groups_value(&g, 0, 3, &v, &overflow));
    assert_true(overflow);
    kura_groups_release(&g);
}

/* Keys of several words, far more than fit at first, each met several times. */
static void test_many(void **state)
{
    enum { GROUPS = 50000, TIMES = 3, WORDS = 3 };
    static uint64_t keys[KURA_GROUPS_BLOCK * WORDS];
    static uint32_t at[KURA_GROUPS_BLOCK];
    struct kura_groups g;
    size_t i, n = 0;

    (void)state;
    kura_groups_init(&g, WORDS, all_kinds, 1);
    for (i = 0; i < (size_t)GROUPS * TIMES; i++) {
        uint64_t k = i % GROUPS;

        keys[n * WORDS] = k % 10;
        keys[n * WORDS + 1] = 0;
        keys[n * WORDS + 2] = (k / 10) << 40;
        if (++n < KURA_GROUPS_BLOCK && i + 1 < (size_t)GROUPS * TIMES)
            continue;
        assert_int_equal(kura_groups_find(&g, keys, n, at, NULL), KURA_OK);
        kura_groups_count(&g, 0, at, n);
        n = 0;
    }
    assert_int_equal(g.count, GROUPS);
    for (i = 0; i < GROUPS; i++) { /* in the order in which they came */
        const uint64_t *key = kura_groups_key(&g, i);

        assert_int_equal(key[0] + 10 * (key[2] >> 40), i);
        measure_is(&g, i, 0, TIMES);
    }
    assert_true(g.memory >= GROUPS * (WORDS + 1) * 8);
    kura_groups_clear(&g);
    assert_int_equal(kura_groups_find(&g, keys, 1, at, NULL), KURA_OK);
    assert_int_equal(g.count, 1);
    measure_is(&g, 0, 0, 0);
    kura_groups_release(&g);
}

static void test_order(void **state)
{
    static const struct kura_dictionary_entry texts[] = {
        {"b", 1}, {"A", 1}, {"a", 1}, {"", 0}, {"B", 1}};
    static const int64_t numbers[] = {5, INT64_MIN, 5, INT64_MAX};
    uint32_t ranks[5], count, order[5] = {0, 1, 2, 3, 4};
    static const uint32_t binary[] = {4, 1, 3, 0, 2},
                          nocase[] = {2, 1, 1, 0, 2};
    static const uint32_t up[] = {3, 1, 2, 0, 4}, down[] = {0, 4, 1, 2, 3};

    (void)state;
    assert_int_equal(
        kura_order_texts(texts, 5, KURA_ORDER_BINARY, ranks, &count, NULL),
        KURA_OK);
    assert_int_equal(count, 5);
    assert_memory_equal(ranks, binary, sizeof(binary));
    assert_int_equal(
        kura_order_texts(texts, 5, KURA_ORDER_NOCASE, ranks, &count, NULL),
        KURA_OK);
    assert_int_equal(count, 3);
    assert_memory_equal(ranks, nocase, sizeof(nocase));
    assert_int_equal(kura_order_by(order, 5, ranks, count, false, NULL),
                     KURA_OK);
    assert_memory_equal(order, up, sizeof(up)); /* equal ones stay */
    order[0] = 0, order[1] = 1, order[2] = 2, order[3] = 3, order[4] = 4;
    assert_int_equal(kura_order_by(order, 5, ranks, count, true, NULL),
                     KURA_OK);
    assert_memory_equal(order, down, sizeof(down));
    assert_int_equal(kura_order_numbers(numbers, 4, ranks, &count, NULL),
                     KURA_OK);
    assert_int_equal(count, 3);
    assert_int_equal(ranks[0], 1);
    assert_int_equal(ranks[1], 0);
    assert_int_equal(ranks[2], 1);
    assert_int_equal(ranks[3], 2);
}

/* --- Memory ------------------------------------------------------------- */

static void tree_remove(const char *path)
{
    char below[512];
    struct dirent *e;
    DIR *d = opendir(path);

    if (d == NULL) {
        (void)unlink(path);
        return;
    }
    while ((e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
        tree_remove(below);
    }
    (void)closedir(d);
    (void)rmdir(path);
}

static void rows_add(struct kura_warehouse *w, int64_t day, int rows)
{
    const struct kura_schema *s = kura_schema_find("proxy");
    struct kura_held held = {HEAD ":12", "made.log", 1, 1, ""};
    struct kura_builder *b = NULL;
    int64_t number;
    int i;

    memset(held.sha256, '0', 64);
    assert_int_equal(kura_warehouse_builder(w, s, day, &b, &number, NULL),
                     KURA_OK);
    for (i = 0; i < rows; i++) {
        struct kura_cell cell;
        char text[64];

        memset(&cell, 0, sizeof(cell));
        cell.column = kura_schema_column(s, "cs_host");
        cell.size = (uint32_t)snprintf(text, sizeof(text), "h%d.example", i);
        cell.text = text;
        assert_int_equal(
            kura_builder_append(b, day * KURA_DAY + i, &cell, 1, 40, NULL),
            KURA_OK);
    }
    assert_int_equal(kura_builder_commit(b, &held, 1, NULL), KURA_OK);
    assert_int_equal(
        kura_warehouse_committed(w, number, kura_builder_path(b), NULL),
        KURA_OK);
    kura_warehouse_builder_close(w, number, b);
}

/* How a rollup by host ends, within so much memory. */
static enum kura_rc run_within(struct kura_engine *e, size_t memory,
                               size_t *groups, struct kura_err *err)
{
    const struct kura_schema *s = kura_schema_find("proxy");
    const struct kura_dimension dim = {kura_schema_column(s, "cs_host"), true};
    const struct kura_measure events = {KURA_MEASURE_ROWS, -1};
    struct kura_rollup *r = NULL;
    struct kura_filter f;
    enum kura_rc rc;

    assert_int_equal(kura_rollup_new(e, s, memory, &r, err), KURA_OK);
    assert_int_equal(kura_filter_read(&f, s, NULL, true, "", 0, NULL, err),
                     KURA_OK);
    rc = kura_rollup_run(r, &f, NULL, &dim, 1, &events, 1, err);
    kura_filter_release(&f);
    *groups = kura_rollup_count(r);
    kura_rollup_free(r);
    return rc;
}

static void test_memory(void **state)
{
    const struct kura_engine_options all = {.from_us = INT64_MIN,
                                            .to_us = INT64_MAX};
    char top[32] = "/tmp/kura_test_XXXXXX", dir[64];
    struct kura_err err = KURA_ERR_INIT;
    int64_t day = kura_days_from_civil(2026, 8, 25);
    struct kura_warehouse *w = NULL;
    struct kura_engine *e = NULL;
    sqlite3 *db = NULL;
    size_t groups;

    (void)state;
    assert_non_null(mkdtemp(top));
    (void)snprintf(dir, sizeof(dir), "%s/house", top);
    assert_int_equal(kura_warehouse_init(dir, "UTC", &err), KURA_OK);
    assert_int_equal(kura_warehouse_open(dir, true, &w, &err), KURA_OK);
    rows_add(w, day, 20000);
    rows_add(w, day + 1, 30000);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(kura_engine_register(db, w, &all, &e, &err), KURA_OK);

    assert_int_equal(run_within(e, (size_t)64 << 20, &groups, &err), KURA_OK);
    assert_int_equal(groups, 30000);
    assert_int_equal(run_within(e, (size_t)2 << 20, &groups, &err),
                     KURA_EINPUT);
    assert_non_null(strstr(err.msg, "proxy_rollup: "));
    assert_non_null(strstr(err.msg, "need more than 2 MiB"));
    assert_non_null(strstr(err.msg, "hint: cs_host has "));
    err = (struct kura_err)KURA_ERR_INIT; /* and the next one works */
    assert_int_equal(run_within(e, (size_t)64 << 20, &groups, &err), KURA_OK);
    assert_int_equal(groups, 30000);

    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    kura_engine_free(e);
    kura_warehouse_close(w);
    tree_remove(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measures), cmocka_unit_test(test_sum_wide),
        cmocka_unit_test(test_many),     cmocka_unit_test(test_order),
        cmocka_unit_test(test_memory),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
