/* test_casefile.c - holds, leases and the trail: made, changed, kept. */
#include "base/clock.h"
#include "base/embedded.h"
#include "store/casefile.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[32], path[64];
static struct kura_err err;

static void check_at(enum kura_rc rc, int line)
{
    if (rc != KURA_OK)
        fail_msg("line %d: %d %s", line, (int)rc, err.msg);
}
#define OK(call) check_at(call, __LINE__)

static int setup(void **state)
{
    (void)state;
    memset(&err, 0, sizeof(err));
    (void)snprintf(dir, sizeof(dir), "/tmp/kura_test_XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/case.db", dir);
    return kura_schema_load(NULL) == KURA_OK ? 0 : -1;
}

static int teardown(void **state)
{
    static const char *const names[] = {"case.db",     "case.db-wal",
                                        "case.db-shm", "copy.db",
                                        "copy.db-wal", "copy.db-shm"};
    char name[96];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
        (void)unlink(name);
    }
    return rmdir(dir); /* nothing else may be left in it */
}

static struct kura_casefile *casefile(bool write)
{
    struct kura_casefile *c = NULL;

    OK(kura_casefile_open(dir, write, &c, &err));
    return c;
}

/* One value of a database, whatever holds it. */
static char *ask(const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    char *text;

    assert_int_equal(sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    text = strdup((const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return text;
}

static void says_at(const char *file, const char *sql, const char *want,
                    int line)
{
    char *got = ask(file, sql);

    if (got == NULL || strcmp(got, want) != 0)
        fail_msg("line %d: '%s'", line, got);
    free(got);
}
#define SAYS(file, sql, want) says_at(file, sql, want, __LINE__)

static int64_t hold(struct kura_casefile *c, const char *name, int64_t first,
                    int64_t last)
{
    char case_name[512], table[] = "proxy", owner[] = "kei";
    struct kura_hold h = {0, case_name, table, first, last, 77, owner};

    (void)snprintf(case_name, sizeof(case_name), "%s", name);
    OK(kura_hold_add(c, &h, &err));
    return h.number;
}

static int64_t lease(struct kura_casefile *c, int64_t expires)
{
    char name[] = "case", table[] = "", owner[] = "kei", state[] = "";
    struct kura_lease l = {0, name, owner, table, 100, 200, 5, expires, state};

    OK(kura_lease_add(c, &l, &err));
    return l.number;
}

/* --- Missing, foreign, read only ----------------------------------------- */

static void missing(void **state)
{
    struct kura_casefile *c = casefile(false);
    struct kura_hold *holds = NULL, h;
    struct kura_lease *leases = NULL;
    size_t count = 9;

    (void)state;
    assert_true(kura_casefile_is_missing(c));
    OK(kura_hold_list(c, &holds, &count, &err));
    assert_int_equal(count, 0);
    count = 9;
    OK(kura_lease_list(c, true, &leases, &count, &err));
    assert_int_equal(count, 0);
    memset(&h, 0, sizeof(h));
    assert_int_not_equal(kura_hold_remove(c, 1, 0, "kei", &err), KURA_OK);
    assert_int_not_equal(kura_audit(c, 0, "kei", "a", "b", &err), KURA_OK);
    kura_casefile_close(c);
    assert_int_equal(access(path, F_OK), -1); /* reading makes nothing */
    c = casefile(true);
    assert_false(kura_casefile_is_missing(c));
    kura_casefile_close(c);
    c = casefile(false);
    assert_false(kura_casefile_is_missing(c));
    kura_casefile_close(c);
}

static void foreign(void **state)
{
    struct kura_casefile *c = NULL;
    FILE *f = fopen(path, "w");

    (void)state;
    assert_non_null(f);
    assert_true(fputs("this is no database, however long it may be", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_not_equal(kura_casefile_open(dir, true, &c, &err), KURA_OK);
    assert_non_null(strstr(err.msg, "case.db"));
    assert_null(c);
    assert_int_equal(unlink(path), 0);
}

/* --- Holds -----------------------------------------------------------------
 */

static void holds(void **state)
{
    struct kura_casefile *c = casefile(true);
    struct kura_hold *list = NULL;
    size_t count = 0;

    (void)state;
    assert_int_equal(hold(c, "IR-1 '); DROP TABLE hold; --", -5, 100), 1);
    assert_int_equal(hold(c, "事件", 7, 7), 2);
    kura_casefile_close(c);
    c = casefile(false);
    OK(kura_hold_list(c, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "IR-1 '); DROP TABLE hold; --");
    assert_string_equal(list[0].table, "proxy");
    assert_int_equal(list[0].first_day, -5);
    assert_int_equal(list[0].last_day, 100);
    assert_int_equal(list[0].made_us, 77);
    assert_string_equal(list[0].owner, "kei");
    assert_string_equal(list[1].name, "事件");
    kura_hold_list_free(list, count);
    kura_casefile_close(c);
    c = casefile(true);
    OK(kura_hold_remove(c, 1, 99, "rin", &err));
    assert_int_equal(kura_hold_remove(c, 1, 99, "rin", &err), KURA_ENOTFOUND);
    assert_int_equal(kura_hold_remove(c, 3, 99, "rin", &err), KURA_ENOTFOUND);
    OK(kura_hold_list(c, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].number, 2);
    kura_hold_list_free(list, count);
    assert_int_equal(hold(c, "next", 1, 1), 3); /* a number is not reused */
    kura_casefile_close(c);
    SAYS(path, "SELECT count(*) FROM hold", "3");
    SAYS(path, "SELECT removed_at FROM hold WHERE number = 1", "99");
    SAYS(path,
         "SELECT group_concat(at || ' ' || owner || ' ' || what, ',') "
         "FROM audit",
         "77 kei hold-add,77 kei hold-add,99 rin hold-remove,77 kei hold-add");
    SAYS(path,
         "SELECT count(*) FROM audit WHERE subject LIKE '%IR-1%proxy%' OR "
         "subject LIKE '%proxy%1969-12-27 to 1970-04-11%IR-1%'",
         "1");
}

/* A name that is longer than a line of the trail. */
static void long_name(void **state)
{
    struct kura_casefile *c = casefile(true);
    char name[500];
    struct kura_hold *list = NULL;
    size_t count = 0;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    (void)hold(c, name, 1, 2);
    OK(kura_hold_list(c, &list, &count, &err));
    assert_string_equal(list[0].name, name);
    kura_hold_list_free(list, count);
    kura_casefile_close(c);
}

/* --- Leases -----------------------------------------------------------------
 */

static void leases(void **state)
{
    struct kura_casefile *c = casefile(true);
    struct kura_lease *list = NULL;
    size_t count = 0;

    (void)state;
    assert_int_equal(lease(c, 1000), 1);
    assert_int_equal(lease(c, 2000), 2);
    OK(kura_lease_list(c, false, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].state, "making");
    assert_int_equal(list[1].expires_us, 2000);
    assert_int_equal(list[1].last_day, 200);
    kura_lease_list_free(list, count);
    OK(kura_lease_set_state(c, 1, "active", 6, "kei", &err));
    OK(kura_lease_extend(c, 1, 5000, 7, "rin", &err));
    OK(kura_lease_set_state(c, 2, "ended", 8, "kei", &err));
    assert_int_equal(kura_lease_set_state(c, 9, "ended", 8, "kei", &err),
                     KURA_ENOTFOUND);
    assert_int_equal(kura_lease_extend(c, 9, 5000, 7, "rin", &err),
                     KURA_ENOTFOUND);
    OK(kura_lease_list(c, false, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].state, "active");
    assert_int_equal(list[0].expires_us, 5000);
    kura_lease_list_free(list, count);
    OK(kura_lease_list(c, true, &list, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[1].state, "ended");
    kura_lease_list_free(list, count);
    assert_int_not_equal(kura_lease_set_state(c, 1, "lost", 9, "kei", &err),
                         KURA_OK);
    kura_casefile_close(c);
    /* What failed left no line: 2 made, 2 states, 1 extended. */
    SAYS(path, "SELECT count(*) FROM audit", "5");
    SAYS(path, "SELECT state FROM lease WHERE number = 1", "active");
}

/* --- The trail
 * ---------------------------------------------------------------- */

static void trail(void **state)
{
    struct kura_casefile *c = casefile(true);
    sqlite3 *db = NULL;

    (void)state;
    OK(kura_audit(c, 12, kura_owner(), "expire", "2025Q1/x.tar", &err));
    kura_casefile_close(c);
    assert_true(*kura_owner() != '\0');
    SAYS(path, "SELECT at || what || subject FROM audit",
         "12expire2025Q1/x.tar");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM audit", 0, 0, NULL),
                         SQLITE_OK);
    assert_int_not_equal(
        sqlite3_exec(db, "UPDATE audit SET what = 'x'", 0, 0, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    SAYS(path, "SELECT count(*) FROM audit WHERE what = 'expire'", "1");
}

static void backup(void **state)
{
    struct kura_casefile *c = casefile(true);
    char copy[64], gone[96];

    (void)state;
    (void)snprintf(copy, sizeof(copy), "%s/copy.db", dir);
    (void)snprintf(gone, sizeof(gone), "%s/no/copy.db", dir);
    (void)hold(c, "one", 1, 2);
    OK(kura_casefile_backup(c, copy, &err));
    SAYS(copy, "SELECT count(*) FROM hold", "1");
    (void)hold(c, "two", 1, 2);
    assert_int_not_equal(kura_casefile_backup(c, gone, &err), KURA_OK);
    SAYS(copy, "SELECT count(*) FROM hold", "1");
    OK(kura_casefile_backup(c, copy, &err)); /* in place of the older one */
    SAYS(copy, "SELECT count(*) FROM hold", "2");
    SAYS(copy, "PRAGMA integrity_check", "ok");
    kura_casefile_close(c);
    /* The copy serves as case.db. */
    assert_int_equal(rename(copy, path), 0);
    (void)snprintf(gone, sizeof(gone), "%s-wal", path);
    (void)unlink(gone);
    (void)snprintf(gone, sizeof(gone), "%s-shm", path);
    (void)unlink(gone);
    c = casefile(true);
    assert_int_equal(hold(c, "three", 1, 2), 3);
    kura_casefile_close(c);
}

/* A file of the first version keeps its holds and gains the later tables, also
 * when it is opened for reading. */
static void upgrade(void **state)
{
    struct kura_casefile *c;
    struct kura_hold *list = NULL;
    const char *first = NULL;
    sqlite3 *db = NULL;
    size_t count = 0;
    int64_t n = 0;

    (void)state;
    OK(kura_embedded_text("sql/case/1-tiers.sql", &first, &err));
    OK(kura_db_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db,
                    &err));
    OK(kura_db_exec(db, first, &err));
    OK(kura_db_exec(db,
                    "PRAGMA application_id = 1802855265; "
                    "PRAGMA user_version = 1; "
                    "INSERT INTO hold VALUES (1, 'one', '', 1, 2, 3, 'me', "
                    "NULL)",
                    &err));
    (void)sqlite3_close(db);
    c = casefile(false);
    OK(kura_hold_list(c, &list, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].name, "one");
    kura_hold_list_free(list, count);
    kura_casefile_close(c);
    OK(kura_db_open(path, SQLITE_OPEN_READONLY, &db, &err));
    OK(kura_db_integer(db, "SELECT count(*) FROM finding", &n, &err));
    assert_int_equal(n, 0);
    (void)sqlite3_close(db);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(missing), EACH(foreign), EACH(holds),  EACH(long_name),
        EACH(leases),  EACH(trail),   EACH(backup), EACH(upgrade),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
