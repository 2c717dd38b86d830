/* The tables that a user sees, as sql/tables/ defines them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/partition.h"
#include "store/schema.h"

static const struct kura_column *column_of(const char *table, const char *name)
{
    const struct kura_schema *s = kura_schema_find(table);
    int i;

    assert_non_null(s);
    i = kura_schema_column(s, name);
    assert_true(i >= 0);
    return &s->columns[i];
}

static void test_tables_are_there(void **state)
{
    (void)state;
    assert_non_null(kura_schema_find("mail"));
    assert_non_null(kura_schema_find("firewall"));
    assert_non_null(kura_schema_find("proxy"));
    assert_non_null(kura_schema_find("dns"));
    assert_non_null(kura_schema_find("reject"));
    assert_null(kura_schema_find("common"));
    assert_null(kura_schema_find("nonsense"));
    assert_null(kura_schema_at(-1));
    assert_null(kura_schema_at(kura_schema_count()));
}

static void test_loading_again_changes_nothing(void **state)
{
    int count = kura_schema_count();
    const struct kura_schema *proxy = kura_schema_find("proxy");

    (void)state;
    assert_int_equal(kura_schema_load(NULL), KURA_OK);
    assert_int_equal(kura_schema_count(), count);
    assert_ptr_equal(kura_schema_find("proxy"), proxy);
}

static void test_time_comes_first_and_raw_last(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < kura_schema_count(); i++) {
        const struct kura_schema *s = kura_schema_at(i);

        assert_string_equal(s->columns[0].name, "time");
        assert_string_equal(s->columns[1].name, "ts");
        assert_string_equal(s->columns[s->count - 1].name, "raw");
        assert_true(s->about[0] != '\0');
    }
}

static void test_types_and_collation(void **state)
{
    (void)state;
    assert_int_equal(column_of("proxy", "cs_host")->type, KURA_TEXT);
    assert_true(column_of("proxy", "cs_host")->nocase);
    assert_int_equal(column_of("proxy", "sc_bytes")->type, KURA_INTEGER);
    assert_false(column_of("proxy", "sc_bytes")->nocase);
    assert_null(column_of("proxy", "cs_host")->function);
    assert_string_equal(column_of("proxy", "sc_bytes")->about,
                        "bytes sent to the client");
}

static void test_computed_columns_name_what_they_read(void **state)
{
    const struct kura_schema *s = kura_schema_find("proxy");
    const struct kura_column *c = column_of("proxy", "registered_domain");

    (void)state;
    assert_string_equal(c->function, "registered_domain");
    assert_int_equal(c->argument, kura_schema_column(s, "cs_host"));
    c = column_of("proxy", "raw");
    assert_string_equal(c->function, "raw");
    assert_int_equal(c->argument, KURA_COLUMN_SHAPE);
    c = column_of("proxy", "time");
    assert_int_equal(c->argument, kura_schema_column(s, "ts"));
}

static void test_sighting_is_no_table_of_logs(void **state)
{
    const struct kura_schema *s = kura_schema_find("sighting");
    int i;

    (void)state;
    assert_non_null(s);
    assert_ptr_equal(s, kura_schema_sighting());
    assert_false(s->log);
    assert_int_equal(kura_schema_column(s, "raw"), -1);
    assert_int_equal(kura_schema_column(s, "source"), -1);
    for (i = 0; i < kura_schema_count(); i++) {
        assert_ptr_not_equal(kura_schema_at(i), s);
        assert_true(kura_schema_at(i)->log);
    }
}

static void test_marks(void **state)
{
    const struct kura_schema *proxy = kura_schema_find("proxy");

    (void)state;
    assert_int_equal(proxy->client, kura_schema_column(proxy, "src_ip"));
    assert_int_equal(kura_schema_find("reject")->client, -1);
    assert_true(column_of("proxy", "src_ip")->observable);
    assert_true(column_of("proxy", "cs_host")->observable);
    assert_false(column_of("proxy", "cs_host")->client);
    assert_true(column_of("dns", "registered_domain")->observable);
    assert_false(column_of("proxy", "c_uri")->observable);
    assert_string_equal(column_of("proxy", "cs_host")->kind, "host");
    assert_string_equal(column_of("proxy", "c_uri")->kind, "url");
    assert_null(column_of("dns", "registered_domain")->kind);
    /* The mark is no part of what the column means. */
    assert_string_equal(column_of("proxy", "src_ip")->about, "client address");
}

static void test_every_name_is_unique_and_explained(void **state)
{
    int i, j;

    (void)state;
    for (i = 0; i < kura_schema_count(); i++) {
        const struct kura_schema *s = kura_schema_at(i);

        for (j = 0; j < s->count; j++) {
            assert_int_equal(kura_schema_column(s, s->columns[j].name), j);
            assert_true(s->columns[j].about[0] != '\0');
        }
        assert_int_equal(kura_schema_column(s, "no_such_column"), -1);
    }
}

static int setup(void **state)
{
    struct kura_err err = KURA_ERR_INIT;

    (void)state;
    if (kura_schema_load(&err) != KURA_OK)
        print_error("%s\n", err.msg);
    return err.rc == KURA_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_there),
        cmocka_unit_test(test_loading_again_changes_nothing),
        cmocka_unit_test(test_time_comes_first_and_raw_last),
        cmocka_unit_test(test_types_and_collation),
        cmocka_unit_test(test_computed_columns_name_what_they_read),
        cmocka_unit_test(test_sighting_is_no_table_of_logs),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_every_name_is_unique_and_explained),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
