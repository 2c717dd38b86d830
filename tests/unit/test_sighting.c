/* test_sighting.c - the table sighting says what SQL over the logs says: of
 * partitions that are open, of sealed ones, and of those whose file is gone. */
#include "base/fs.h"
#include "query/engine.h"
#include "store/sighting.h"
#include "store/tier.h"
#include "store/warehouse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ROWS 70000 /* more than a segment */

struct fixture {
    char top[32], dir[64];
    struct kura_err err;
    struct kura_warehouse *w;
    struct kura_engine *engine;
    sqlite3 *db;
    uint32_t seed;
};

static void check_at(struct fixture *f, enum kura_rc rc, int line)
{
    if (rc != KURA_OK)
        fail_msg("line %d: %d %s", line, (int)rc, f->err.msg);
}
#define OK(f, call) check_at(f, call, __LINE__)

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

static uint32_t roll(struct fixture *f, uint32_t n)
{
    f->seed = f->seed * 1664525u + 1013904223u;
    return (f->seed >> 8) % n;
}

/* --- Rows --------------------------------------------------------------- */

static void put(const struct kura_schema *s, struct kura_cell *cells,
                size_t *count, const char *column, const char *text)
{
    struct kura_cell *c = &cells[*count];

    if (text == NULL)
        return;
    memset(c, 0, sizeof(*c));
    c->column = kura_schema_column(s, column);
    assert_true(c->column >= 0);
    c->text = text;
    c->size = (uint32_t)strlen(text);
    ++*count;
}

/* Names in every case, few and many, none and empty. */
static const char *name_make(struct fixture *f, char *out, size_t size,
                             const char *domain, uint32_t n)
{
    uint32_t k = roll(f, n);

    if (k == 0)
        return NULL;
    if (k == 1)
        return "";
    (void)snprintf(out, size, "%s%u.%s", k % 3 == 0 ? "WWW" : "www", k / 2,
                   domain);
    return out;
}

static void rows_add(struct fixture *f, const char *table, int64_t day,
                     const char *const *columns, size_t ncolumn, int rows)
{
    const struct kura_schema *s = kura_schema_find(table);
    struct kura_held held = {HEAD ":12", "made.log", 1, 1, ""};
    struct kura_builder *b = NULL;
    int64_t number;
    int i;

    memset(held.sha256, '0', 64);
    OK(f, kura_warehouse_builder(f->w, s, day, &b, &number, &f->err));
    for (i = 0; i < rows; i++) {
        struct kura_cell cells[8];
        char text[8][64];
        size_t count = 0, c;
        int64_t ts = day * KURA_DAY + (int64_t)roll(f, 86400) * KURA_SECOND;

        for (c = 0; c < ncolumn; c++)
            put(s, cells, &count, columns[c],
                name_make(f, text[c], sizeof(text[c]),
                          c == 0 ? "client.test" : "example.co.jp",
                          c == 0   ? 40
                          : c == 1 ? 5000
                                   : 12));
        OK(f, kura_builder_append(b, ts, cells, count, 40, &f->err));
    }
    OK(f, kura_builder_commit(b, &held, 1, &f->err));
    OK(f,
       kura_warehouse_committed(f->w, number, kura_builder_path(b), &f->err));
    kura_warehouse_builder_close(f->w, number, b);
}

static void engine_open(struct fixture *f)
{
    const struct kura_engine_options all = {INT64_MIN, INT64_MAX, false, false};

    assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
    OK(f, kura_engine_register(f->db, f->w, &all, &f->engine, &f->err));
}

static void engine_close(struct fixture *f)
{
    assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
    kura_engine_free(f->engine);
    f->db = NULL;
    f->engine = NULL;
}

static int setup(void **state)
{
    static const char *const proxy[] = {"src_ip", "cs_host", "cs_username",
                                        "c_useragent", "cs_method"};
    static const char *const mail[] = {"client_ip", "envelope_from",
                                       "attachment_name"};
    struct fixture *f = calloc(1, sizeof(*f));
    int64_t day = kura_days_from_civil(2026, 8, 25);

    assert_non_null(f);
    (void)snprintf(f->top, sizeof(f->top), "/tmp/kura_test_XXXXXX");
    assert_non_null(mkdtemp(f->top));
    (void)snprintf(f->dir, sizeof(f->dir), "%s/house", f->top);
    OK(f, kura_warehouse_init(f->dir, "Asia/Tokyo", &f->err));
    OK(f, kura_warehouse_open(f->dir, true, &f->w, &f->err));
    rows_add(f, "proxy", day, proxy, 5, ROWS);
    rows_add(f, "proxy", day + 2, proxy, 5, 50);
    rows_add(f, "mail", day, mail, 3, 500);
    engine_open(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    engine_close(f);
    kura_warehouse_close(f->w);
    tree_remove(f->top);
    free(f);
    return 0;
}

/* --- Comparing ---------------------------------------------------------- */

static int64_t number_at(struct fixture *f, const char *sql, int line)
{
    sqlite3_stmt *stmt = NULL;
    int64_t n;

    if (sqlite3_prepare_v2(f->db, sql, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW)
        fail_msg("line %d: %s: %s", line, sql, sqlite3_errmsg(f->db));
    n = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return n;
}
#define NUMBER(f, sql) number_at(f, sql, __LINE__)

/* How many rows one side has and the other has not. */
static void same_as_logs(struct fixture *f, const char *table,
                         const char *column, const char *client)
{
    char *sql = sqlite3_mprintf(
        "WITH logs AS MATERIALIZED (SELECT %s || '' AS v, min(ts) AS a,"
        " max(ts) AS b, count(*) AS n, count(DISTINCT %s) AS c FROM %s"
        " WHERE %s <> '' GROUP BY %s || '', ts / 86400000000),"
        " seen AS MATERIALIZED (SELECT value || '' AS v, ts AS a, last_ts AS b,"
        " events AS n, clients AS c FROM sighting WHERE table_name = '%s'"
        " AND observable = '%s'),"
        " less AS (SELECT * FROM logs EXCEPT SELECT * FROM seen),"
        " more AS (SELECT * FROM seen EXCEPT SELECT * FROM logs)"
        " SELECT (SELECT count(*) FROM less) + (SELECT count(*) FROM more)"
        " + abs((SELECT count(*) FROM logs) - (SELECT count(*) FROM seen))"
        " + 1000000 * ((SELECT count(*) FROM logs) = 0)",
        column, client, table, column, column, table, column);

    if (NUMBER(f, sql) != 0)
        fail_msg("%s.%s: sightings differ from the logs: %lld", table, column,
                 (long long)NUMBER(f, sql));
    sqlite3_free(sql);
}

static void all_same(struct fixture *f)
{
    same_as_logs(f, "proxy", "src_ip", "src_ip");
    same_as_logs(f, "proxy", "cs_host", "src_ip");
    same_as_logs(f, "proxy", "registered_domain", "src_ip");
    same_as_logs(f, "proxy", "cs_username", "src_ip");
    same_as_logs(f, "proxy", "c_useragent", "src_ip");
    same_as_logs(f, "mail", "client_ip", "client_ip");
    same_as_logs(f, "mail", "envelope_from", "client_ip");
    same_as_logs(f, "mail", "attachment_name", "client_ip");
    /* Not observable. */
    assert_int_equal(NUMBER(f, "SELECT count(*) FROM sighting WHERE "
                               "observable = 'cs_method'"),
                     0);
    assert_int_equal(NUMBER(f, "SELECT count(*) FROM sighting WHERE day <> "
                               "strftime('%Y-%m-%d', ts / 1000000, "
                               "'unixepoch') OR time <> iso_time(ts) OR "
                               "last_time <> iso_time(last_ts)"),
                     0);
}

/* Constraints that are pushed down find what a plain table finds. */
static void all_found(struct fixture *f)
{
    static const char *const where[] = {
        "value = 'www4.example.co.jp'",
        "value IN ('www4.example.co.jp', 'WWW7.EXAMPLE.co.jp', 'x')",
        "value LIKE 'www1%.client.test'",
        "value GLOB 'WWW1*'",
        "domain_under(value, 'client.test')",
        "value = 'WWW4.example.co.jp' COLLATE BINARY",
        "observable = 'cs_host' AND events > 5",
        "day = '2026-08-27'",
        "day < '2026-08-26' AND table_name = 'MAIL'",
        "ts >= 1787788800000000",
        "clients = 1"};
    char sql[400];
    size_t i;

    assert_int_equal(sqlite3_exec(f->db,
                                  "CREATE TABLE plain (ts INTEGER, day TEXT, "
                                  "table_name TEXT COLLATE NOCASE, observable "
                                  "TEXT COLLATE NOCASE, value TEXT COLLATE "
                                  "NOCASE, events INTEGER, clients INTEGER);"
                                  "INSERT INTO plain SELECT ts, day, "
                                  "table_name, observable, value, events, "
                                  "clients FROM sighting",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
        int64_t want, got;

        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM plain WHERE %s",
                       where[i]);
        want = NUMBER(f, sql);
        (void)snprintf(sql, sizeof(sql),
                       "SELECT count(*) FROM sighting WHERE %s", where[i]);
        got = NUMBER(f, sql);
        if (want == 0 || got != want)
            fail_msg("%s: %lld, not %lld", where[i], (long long)got,
                     (long long)want);
    }
    assert_int_equal(sqlite3_exec(f->db, "DROP TABLE plain", NULL, NULL, NULL),
                     SQLITE_OK);
}

static void test_open(void **state)
{
    all_same(*state);
    all_found(*state);
}

static void seal_all(struct fixture *f)
{
    struct kura_partition_entry *list = NULL;
    size_t i, count = 0;

    OK(f, kura_tier_lock(f->w, &f->err));
    OK(f, kura_warehouse_list(f->w, NULL, &list, &count, &f->err));
    for (i = 0; i < count; i++)
        OK(f, kura_tier_seal(f->w, list[i].number, &f->err));
    kura_warehouse_list_free(list, count);
    kura_tier_unlock(f->w);
}

/* The sightings of the proxy's first day. */
static void file_of(struct fixture *f, char *out, size_t size)
{
    struct kura_partition_entry *list = NULL;
    size_t count = 0;

    OK(f, kura_warehouse_list(f->w, kura_schema_find("proxy"), &list, &count,
                              &f->err));
    assert_int_equal(count, 2);
    assert_non_null(list[0].sighting.path);
    (void)snprintf(out, size, "%s", list[0].sighting.path);
    kura_warehouse_list_free(list, count);
}

static void test_sealed(void **state)
{
    struct fixture *f = *state;
    char path[256];

    seal_all(f);
    file_of(f, path, sizeof(path));
    assert_true(kura_fs_exists(path));
    all_same(f);
    all_found(f);
}

static void test_a_missing_file_is_made_up_for(void **state)
{
    struct fixture *f = *state;
    char path[256];

    seal_all(f);
    file_of(f, path, sizeof(path));
    OK(f, kura_fs_remove(path, &f->err));
    all_same(f);
    assert_int_equal(kura_engine_lost(f->engine), 0);
    assert_false(kura_fs_exists(path));
}

static void test_damage_is_told(void **state)
{
    struct fixture *f = *state;
    struct kura_coverage c;
    bool damaged = false;
    char path[256];
    FILE *file;
    size_t i;

    seal_all(f);
    file_of(f, path, sizeof(path));
    file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 200, SEEK_SET), 0);
    assert_int_equal(fwrite("damaged damaged", 1, 15, file), 15);
    assert_int_equal(fclose(file), 0);
    /* The other partitions answer. */
    assert_true(NUMBER(f, "SELECT count(*) FROM sighting") > 0);
    assert_int_equal(kura_engine_lost(f->engine), 1);
    OK(f, kura_engine_coverage(f->engine, &c, &f->err));
    for (i = 0; i < c.count; i++)
        damaged |= c.items[i].how == KURA_COVERED_DAMAGED &&
                   strcmp(c.items[i].where, path) == 0;
    assert_true(damaged);
    assert_false(kura_coverage_is_complete(&c));
    kura_coverage_release(&c);
    /* The logs themselves are whole. */
    assert_int_equal(NUMBER(f, "SELECT count(*) FROM proxy"), ROWS + 50);
}

static void test_nothing_stays_in_tmpdir(void **state)
{
    struct fixture *f = *state;
    char dir[64];

    (void)snprintf(dir, sizeof(dir), "%s/tmp", f->top);
    OK(f, kura_fs_mkdirs(dir, &f->err));
    assert_int_equal(setenv("TMPDIR", dir, 1), 0);
    assert_true(NUMBER(f, "SELECT count(*) FROM sighting") > 0);
    assert_int_equal(rmdir(dir), 0); /* it is empty */
    /* Where there is no room for them, the statement fails. */
    assert_int_equal(
        sqlite3_exec(f->db, "SELECT count(*) FROM sighting", NULL, NULL, NULL),
        SQLITE_ERROR);
    assert_non_null(strstr(sqlite3_errmsg(f->db), dir));
    assert_int_equal(kura_engine_lost(f->engine), 0);
    assert_int_equal(unsetenv("TMPDIR"), 0);
}

static void test_tables_without_observables_have_none(void **state)
{
    (void)state;
    assert_false(kura_sighting_has(kura_schema_find("reject")));
    assert_false(kura_sighting_has(kura_schema_sighting()));
    assert_true(kura_sighting_has(kura_schema_find("dns")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sealed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_missing_file_is_made_up_for,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_stays_in_tmpdir, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_tables_without_observables_have_none, setup, teardown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
