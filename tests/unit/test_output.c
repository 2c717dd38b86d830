/* What the rows of a statement look like in each form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query/output.h"

#include <string.h>

static enum kura_rc run(FILE *f, const char *sql, enum kura_output how,
                        int64_t *rows, struct kura_err *err)
{
    sqlite3_stmt *stmt;
    enum kura_rc rc;
    sqlite3 *db;

    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    rc = kura_output_write(stmt, how, f, rows, err);
    (void)sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return rc;
}

static char *text_of(FILE *f)
{
    long size = ftell(f);
    char *text = malloc((size_t)size + 1);

    assert_non_null(text);
    rewind(f);
    assert_int_equal(fread(text, 1, (size_t)size, f), (size_t)size);
    text[size] = '\0';
    return text;
}

static void expect(const char *sql, enum kura_output how, const char *want)
{
    FILE *f = tmpfile();
    int64_t rows;
    char *got;

    assert_non_null(f);
    assert_int_equal(run(f, sql, how, &rows, NULL), KURA_OK);
    got = text_of(f);
    assert_string_equal(got, want);
    free(got);
    (void)fclose(f);
}

static void words(void **state)
{
    enum kura_output how;

    (void)state;
    assert_true(kura_output_find("jsonl", &how));
    assert_int_equal(how, KURA_OUTPUT_JSON);
    assert_true(kura_output_find("md", &how));
    assert_int_equal(how, KURA_OUTPUT_MARKDOWN);
    assert_false(kura_output_find("xml", &how));
}

static void table_is_aligned(void **state)
{
    (void)state;
    expect("SELECT column1 AS n, column2 AS host, column3 AS x FROM (VALUES "
           "(5, 'a.example', 'y'), (1234, NULL, ''), (NULL, 'b', 'z'))",
           KURA_OUTPUT_TABLE,
           "   n  host       x\n"
           "----  ---------  -\n"
           "   5  a.example  y\n"
           "1234             \n"
           "      b          z\n");
    expect("SELECT 1 AS a WHERE 0", KURA_OUTPUT_TABLE, "a\n-\n");
    expect("SELECT char(0x8ACB, 0x6C42) AS a, 1 AS b UNION ALL SELECT 'x', 2",
           KURA_OUTPUT_TABLE,
           "a     b\n----  -\n\xe8\xab\x8b\xe6\xb1\x82  1\nx     2\n");
}

static void table_obeys_nothing(void **state)
{
    (void)state;
    expect("SELECT 'a' || char(27) || '[2J' AS a", KURA_OUTPUT_TABLE,
           "a\n--------\na\\x1b[2J\n");
}

static void table_goes_on_with_its_widths(void **state)
{
    FILE *f = tmpfile();
    const char *p;
    int64_t rows;
    char *got;
    int lines = 0;

    (void)state;
    assert_non_null(f);
    assert_int_equal(run(f,
                         "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT "
                         "x + 1 FROM n WHERE x < 12000) SELECT x FROM n",
                         KURA_OUTPUT_TABLE, &rows, NULL),
                     KURA_OK);
    assert_int_equal(rows, 12000);
    got = text_of(f);
    for (p = got; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, 12002);
    assert_non_null(strstr(got, "\n   1\n   2\n"));
    assert_non_null(strstr(got, "\n9999\n10000\n"));
    free(got);
    (void)fclose(f);
}

static void csv(void **state)
{
    (void)state;
    expect("SELECT 1 AS \"a,b\", 'x\"y' AS c, NULL AS d, '' AS e, 1.5 AS f",
           KURA_OUTPUT_CSV, "\"a,b\",c,d,e,f\r\n1,\"x\"\"y\",,\"\",1.5\r\n");
    expect("SELECT 'a' || char(10) || 'b' AS a", KURA_OUTPUT_CSV,
           "a\r\n\"a\nb\"\r\n");
    expect("SELECT NULL AS a", KURA_OUTPUT_CSV, "a\r\n\"\"\r\n");
    expect("SELECT x'00ff' AS a", KURA_OUTPUT_CSV, "a\r\n00ff\r\n");
}

static void csv_runs_nothing(void **state)
{
    (void)state;
    expect("SELECT '=1+1' AS a, '+1 2' AS b, '-cmd' AS c, '@x' AS d, "
           "char(9) || 'x' AS e, char(0xFF1D) || '1' AS f, '=a,b' AS g",
           KURA_OUTPUT_CSV,
           "a,b,c,d,e,f,g\r\n"
           "'=1+1,'+1 2,'-cmd,'@x,'\tx,'\xef\xbc\x9d" "1,\"'=a,b\"\r\n");
    expect("SELECT -5 AS a, '-5' AS b, '+1.5e3' AS c, '-' AS d, 'a=b' AS e",
           KURA_OUTPUT_CSV, "a,b,c,d,e\r\n-5,-5,+1.5e3,'-,a=b\r\n");
    expect("SELECT '  =1' AS a, char(0xA0) || '@x' AS b, ' -5' AS c, ' a' AS d, "
           "'   ' AS e",
           KURA_OUTPUT_CSV,
           "a,b,c,d,e\r\n\"'  =1\",'\xc2\xa0@x,\" -5\",\" a\",\"   \"\r\n");
}

static void json(void **state)
{
    (void)state;
    expect("SELECT 9223372036854775807 AS a, NULL AS b, 1.5 AS c, x'0aff' AS d",
           KURA_OUTPUT_JSON,
           "{\"a\":9223372036854775807,\"b\":null,\"c\":1.5,"
           "\"d\":\"0aff\"}\n");
    expect("SELECT 'q\" b\\ n' || char(10, 1, 127, 155) AS \"k\"\"\"",
           KURA_OUTPUT_JSON,
           "{\"k\\\"\":\"q\\\" b\\\\ n\\n\\u0001\\u007f\\u009b\"}\n");
    expect("SELECT CAST(x'61ff62' AS TEXT) AS a", KURA_OUTPUT_JSON,
           "{\"a\":\"a\\ufffdb\"}\n");
    expect("SELECT char(0x8ACB) AS a, 9e999 AS b", KURA_OUTPUT_JSON,
           "{\"a\":\"\xe8\xab\x8b\",\"b\":null}\n");
    expect("SELECT 1 AS a WHERE 0", KURA_OUTPUT_JSON, "");
    expect("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a UNION ALL "
           "SELECT 5, 6, 7, 8",
           KURA_OUTPUT_JSON,
           "{\"a\":1,\"a_3\":2,\"a_2\":3,\"a_4\":4}\n"
           "{\"a\":5,\"a_3\":6,\"a_2\":7,\"a_4\":8}\n");
}

static void markdown(void **state)
{
    (void)state;
    expect("SELECT 'a|b\\c' AS a_b, NULL AS n, '<i>' AS h",
           KURA_OUTPUT_MARKDOWN,
           "| a_b | n | h |\n| --- | --- | --- |\n"
           "| a\\|b\\\\c |  | \\<i> |\n");
    expect("SELECT 'a' || char(10) || '| b |' AS a", KURA_OUTPUT_MARKDOWN,
           "| a |\n| --- |\n| a\\\\x0a\\| b \\| |\n");
}

static void full_disk_is_an_error(void **state)
{
    const enum kura_output all[] = {KURA_OUTPUT_TABLE, KURA_OUTPUT_CSV,
                                    KURA_OUTPUT_JSON, KURA_OUTPUT_MARKDOWN};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct kura_err err = KURA_ERR_INIT;
        FILE *f = fopen("/dev/full", "w");
        int64_t rows;

        assert_non_null(f);
        assert_int_equal(run(f, "SELECT 'x' AS a", all[i], &rows, &err),
                         KURA_EIO);
        assert_non_null(strstr(err.msg, "No space left"));
        (void)fclose(f);
    }
}

static void rows_before_an_error_are_shown(void **state)
{
    const char *sql = "SELECT CASE column1 WHEN 2 THEN "
                      "abs(-9223372036854775808) ELSE column1 END AS a "
                      "FROM (VALUES (1), (2))";
    struct kura_err err = KURA_ERR_INIT;
    FILE *f = tmpfile();
    int64_t rows;
    char *got;

    (void)state;
    assert_non_null(f);
    assert_int_equal(run(f, sql, KURA_OUTPUT_TABLE, &rows, &err), KURA_EINPUT);
    assert_string_equal(err.msg, "integer overflow");
    assert_int_equal(rows, 1);
    got = text_of(f);
    assert_string_equal(got, "a\n-\n1\n");
    free(got);
    (void)fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(table_is_aligned),
        cmocka_unit_test(table_obeys_nothing),
        cmocka_unit_test(table_goes_on_with_its_widths),
        cmocka_unit_test(csv),
        cmocka_unit_test(csv_runs_nothing),
        cmocka_unit_test(json),
        cmocka_unit_test(markdown),
        cmocka_unit_test(full_disk_is_an_error),
        cmocka_unit_test(rows_before_an_error_are_shown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
