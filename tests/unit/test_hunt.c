/* test_hunt.c - the header of a hunt, its version, and the sentence. */
#include "base/clock.h"
#include "query/hunt.h"
#include "query/hunt_run.h"
#include "query/hunt_why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kura_err err;

#define HEAD                                                                   \
    "-- title: T\n-- table: proxy, dns\n-- needs: proxy.cs_host, site_proxy\n" \
    "-- window: 14d\n-- stage: delivery, exploitation\n-- level: high\n"       \
    "-- tags: guide, core\n-- param: n integer 3 \"how many\"\n"               \
    "-- param: name text 'a b' \"a \"quoted\" name\"\n"                        \
    "-- key: a, b\n-- why: {a} saw {b}\n-- evidence: proxy: src_ip = :a\n"     \
    "-- about: One line\n--   and another.\n-- hit: x.log\n-- hit: y.log\n"    \
    "-- miss: z.log\n"
#define BODY "SELECT 1 AS a, 2 AS b WHERE :n AND :name\n"

static struct kura_hunt *parse(const char *text)
{
    struct kura_hunt *h = NULL;

    memset(&err, 0, sizeof(err));
    if (kura_hunt_parse("x", "hunts/x.sql", text, strlen(text), &h, &err) !=
        KURA_OK)
        fail_msg("%s", err.msg);
    return h;
}

static void refuses(const char *text, const char *message)
{
    struct kura_hunt *h = NULL;

    memset(&err, 0, sizeof(err));
    assert_int_equal(
        kura_hunt_parse("x", "hunts/x.sql", text, strlen(text), &h, &err),
        KURA_EINPUT);
    if (strstr(err.msg, message) == NULL)
        fail_msg("'%s' does not say '%s'", err.msg, message);
}

static void header(void **state)
{
    struct kura_hunt *h = parse(HEAD BODY);

    (void)state;
    assert_string_equal(h->title, "T");
    assert_int_equal(h->table_count, 2);
    assert_string_equal(h->tables[1]->name, "dns");
    assert_int_equal(h->need_count, 2);
    assert_string_equal(h->needs[0].column, "cs_host");
    assert_null(h->needs[1].column);
    assert_int_equal(h->window_days, 14);
    assert_int_equal(h->stage, KURA_STAGE_DELIVERY);
    assert_int_equal(h->stages,
                     1u << KURA_STAGE_DELIVERY | 1u << KURA_STAGE_EXPLOITATION);
    assert_int_equal(h->level, KURA_LEVEL_HIGH);
    assert_true(kura_hunt_has_tag(h, "core"));
    assert_false(kura_hunt_has_tag(h, "cor"));
    assert_string_equal(kura_hunt_param(h, "n")->value, "3");
    assert_string_equal(kura_hunt_param(h, "name")->value, "a b");
    assert_string_equal(kura_hunt_param(h, "name")->about, "a \"quoted\" name");
    assert_string_equal(h->about, "One line and another.");
    assert_int_equal(h->hit_count, 2);
    assert_string_equal(h->evidence[0].where, "src_ip = :a");
    assert_int_equal(h->sql_line, 18);
    kura_hunt_free(h);
}

static void line_ends(void **state)
{
    struct kura_hunt *h;
    char text[2048];
    size_t n = 0;
    const char *s;

    (void)state;
    for (s = HEAD BODY; *s != '\0'; s++) {
        if (*s == '\n')
            text[n++] = '\r';
        text[n++] = *s;
    }
    text[n] = '\0';
    h = parse(text);
    assert_string_equal(h->title, "T");
    kura_hunt_free(h);
}

/* What the answer depends on makes another version; words do not. */
static void versions(void **state)
{
    struct kura_hunt *a = parse(HEAD BODY), *b;
    char text[2048];
    char *at;

    (void)state;
    (void)snprintf(text, sizeof(text), "%s", HEAD BODY);
    text[strlen("-- title: ")] = 'U';
    b = parse(text);
    assert_string_equal(a->version, b->version);
    kura_hunt_free(b);
    at = strstr(text, "integer 3");
    at[strlen("integer ")] = '4';
    b = parse(text);
    assert_string_not_equal(a->version, b->version);
    kura_hunt_free(b);
    kura_hunt_free(a);
}

static void mistakes(void **state)
{
    (void)state;
    refuses("SELECT 1", "does not say 'title'");
    refuses(HEAD, "there is no statement");
    refuses("-- title T\n" BODY, "x.sql:1: a line of the header is");
    refuses("--   goes on\n" BODY, "nothing stands above");
    refuses("-- title: A\n-- title: B\n" BODY, "x.sql:2: stands twice");
    refuses("-- table: prox\n" BODY, "there is no table 'prox'");
    refuses("-- needs: proxy.x\n" BODY, "there is no column 'proxy.x'");
    refuses("-- window: 14\n" BODY, "a window is a number of days");
    refuses("-- window: 99999d\n" BODY, "a window is a number of days");
    refuses("-- stage: nowhere\n" BODY, "there is no stage 'nowhere'");
    refuses("-- level: loud\n" BODY, "there is no level 'loud'");
    refuses("-- param: n integer x \"y\"\n" BODY, "no value of its type");
    refuses("-- param: n integer 1\n" BODY, "says in quotes");
    refuses("-- param: n number 1 \"y\"\n" BODY, "a parameter is");
    refuses("-- param: to_ts integer 1 \"y\"\n" BODY, "there already");
    refuses("-- evidence: src_ip = 1\n" BODY, "evidence is");
    refuses("-- hit: ../x.log\n" BODY, "without folder");
    refuses("-- whatever: 1\n" BODY, "unknown name in the header: 'whatever'");
}

/* --- Sentences ----------------------------------------------------------- */

static void says(const char *why, const char *sql, const char *wanted)
{
    struct kura_zone *zone = NULL;
    sqlite3_stmt *stmt = NULL;
    struct kura_buf out;
    sqlite3 *db = NULL;

    memset(&err, 0, sizeof(err));
    kura_buf_init(&out, 1u << 20);
    assert_int_equal(kura_zone_new("+09:00", &zone, &err), KURA_OK);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(kura_why_render(why, stmt, zone, &out, &err), KURA_OK);
    assert_string_equal(out.data, wanted);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    kura_zone_free(zone);
    kura_buf_release(&out);
}

static void sentences(void **state)
{
    (void)state;
    says("{a} and {B}", "SELECT 'x' AS a, NULL AS b", "x and -");
    says("{{a} {a}", "SELECT 1.5 AS a", "{a} 1.5");
    says("{n:size}, {m:size}", "SELECT 999 AS n, 12345678 AS m",
         "999 B, 12.3 MB");
    says("{n:duration} {m:duration} {k:duration}",
         "SELECT 59 AS n, 3700 AS m, 200000 AS k", "59 s 1 h 1 min 2 d 7 h");
    says("{h:defang}", "SELECT 'http://evil.example/x' AS h",
         "hxxp://evil[.]example/x");
    says("{h:defang}", "SELECT 'update.tenki.invalid' AS h",
         "update[.]tenki[.]invalid");
    says("{h:defang}", "SELECT 'a[.]example[.]com' AS h", "a[.]example[.]com");
    says("at {first_ts}", "SELECT 1424221299090000 AS first_ts",
         "at 2015-02-18 10:01:39");
    says("{a}", "SELECT '{b}' AS a", "{b}"); /* log content is no template */
}

static void long_values_are_cut(void **state)
{
    char wanted[512];

    (void)state;
    memset(wanted, 'x', 399);
    (void)snprintf(wanted + 399, sizeof(wanted) - 399, "...");
    /* The 400th byte is within a character of three. */
    says("{a}",
         "SELECT replace(hex(zeroblob(200)), '0', 'x') AS a WHERE 0 UNION ALL "
         "SELECT substr(replace(hex(zeroblob(200)), '0', 'x'), 1, 399) || "
         "char(0x3042) || 'y'",
         wanted);
}

/* --- Days of the ledger -----------------------------------------------------
 */

static void days(void **state)
{
    struct kura_hunt *h = parse(HEAD BODY);
    struct kura_partition_entry e[2];
    struct kura_hunt_day *list = NULL;
    struct kura_zone *zone = NULL;
    int64_t day = 20000;
    size_t n = 0;

    (void)state;
    memset(e, 0, sizeof(e));
    e[0].schema = kura_schema_find("proxy");
    e[0].day = day;
    e[0].rows = 5;
    e[1].schema = kura_schema_find("mail"); /* not a table of the hunt */
    e[1].day = day;
    e[1].rows = 7;
    assert_int_equal(kura_zone_new("+09:00", &zone, &err), KURA_OK);
    /* From noon of day-1 to noon of day+2 in the zone: two whole days. */
    assert_int_equal(
        kura_hunt_days(
            h, zone, e, 2, (day - 1) * KURA_DAY + 3 * 3600 * KURA_SECOND,
            (day + 2) * KURA_DAY + 3 * 3600 * KURA_SECOND, &list, &n, &err),
        KURA_OK);
    assert_int_equal(n, 2);
    assert_int_equal(list[0].day, day);
    assert_int_equal(list[0].rows, 5);
    assert_int_equal(list[1].day, day + 1); /* the UTC day reaches into it */
    assert_int_equal(list[1].rows, 5);
    free(list);
    assert_int_equal(
        kura_hunt_days(h, zone, e, 2, 0, 3600 * KURA_SECOND, &list, &n, &err),
        KURA_OK);
    assert_int_equal(n, 0);
    assert_null(list);
    kura_zone_free(zone);
    kura_hunt_free(h);
}

static int load(void **state)
{
    (void)state;
    return kura_schema_load(NULL) == KURA_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header),    cmocka_unit_test(line_ends),
        cmocka_unit_test(versions),  cmocka_unit_test(mistakes),
        cmocka_unit_test(sentences), cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(days),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, load, NULL);
}
