/* test_policy.c - periods of the calendar, and what kura.yaml says of keeping. */
#include "base/clock.h"
#include "store/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static int table(const char *name)
{
    int i;

    for (i = 0; i < kura_schema_count(); i++)
        if (strcmp(kura_schema_at(i)->name, name) == 0)
            return i;
    fail_msg("no table %s", name);
    return -1;
}

static enum kura_rc policy_of(const char *text, struct kura_policy *p,
                              struct kura_config **c, struct kura_err *err)
{
    enum kura_rc rc = kura_config_parse("k.yaml", text, strlen(text), c, err);

    if (rc != KURA_OK)
        fail_msg("%s", err->msg);
    return kura_policy_read(*c, p, err);
}

static void takes(const char *text, void (*check)(const struct kura_policy *))
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_config *c = NULL;
    struct kura_policy p;

    if (policy_of(text, &p, &c, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    check(&p);
    kura_config_free(c);
}

/* The message, but for its hint, is exactly this; the policy is left alone. */
static void refuses(const char *text, const char *message)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_config *c = NULL;
    struct kura_policy p, untouched;

    memset(&p, 0x5a, sizeof(p));
    memset(&untouched, 0x5a, sizeof(untouched));
    assert_int_equal(policy_of(text, &p, &c, &err), KURA_EINPUT);
    err.msg[strcspn(err.msg, "\n")] = '\0';
    assert_string_equal(err.msg, message);
    assert_memory_equal(&p, &untouched, sizeof(p));
    kura_config_free(c);
}

/* --- Periods ----------------------------------------------------------- */

static void period_parse(void **state)
{
    static const struct {
        const char *text;
        int months, days;
    } good[] = {{"1d", 0, 1},      {"2w", 0, 14},        {"3mo", 3, 0},
                {"1y", 12, 0},     {"36500d", 0, 36500}, {"forever", 0, 0},
                {"36500y", 438000, 0}};
    static const char *const bad[] = {"",    "d",    "3",      "3m",   "0d",
                                      "-1d", "1.5d", "3 mo",   "3MO",  "36501d",
                                      "3mo ", "Forever", "99999999999999999999d"};
    struct kura_err err;
    struct kura_period p;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(kura_period_parse(good[i].text, &p, NULL), KURA_OK);
        assert_int_equal(p.months, good[i].months);
        assert_int_equal(p.days, good[i].days);
        assert_int_equal(kura_period_is_forever(&p),
                         good[i].months == 0 && good[i].days == 0);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err = (struct kura_err)KURA_ERR_INIT;
        if (kura_period_parse(bad[i], &p, &err) != KURA_EINPUT)
            fail_msg("'%s' was taken", bad[i]);
        assert_non_null(strstr(err.msg, bad[i]));
    }
}

static void period_before(void **state)
{
    static const struct {
        const char *day, *period, *before;
    } cases[] = {
        {"2025-03-31", "3mo", "2024-12-31"}, {"2025-05-31", "3mo", "2025-02-28"},
        {"2024-05-31", "3mo", "2024-02-29"}, {"2025-05-30", "3mo", "2025-02-28"},
        {"2025-05-28", "3mo", "2025-02-28"}, {"2025-05-27", "3mo", "2025-02-27"},
        {"2025-07-31", "1mo", "2025-06-30"}, {"2025-03-01", "3mo", "2024-12-01"},
        {"2025-01-31", "1mo", "2024-12-31"}, {"2025-01-15", "13mo", "2023-12-15"},
        {"2024-02-29", "1y", "2023-02-28"},  {"2024-02-29", "4y", "2020-02-29"},
        {"2025-12-31", "12mo", "2024-12-31"}, {"2025-01-01", "1d", "2024-12-31"},
        {"2025-03-01", "2w", "2025-02-15"},  {"2000-03-01", "1d", "2000-02-29"},
        {"2025-11-30", "9mo", "2025-02-28"}, {"2025-12-15", "36mo", "2022-12-15"}};
    struct kura_period p;
    char got[KURA_DAY_TEXT];
    int64_t day = 0;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(kura_day_parse(cases[i].day, &day));
        assert_int_equal(kura_period_parse(cases[i].period, &p, NULL), KURA_OK);
        kura_day_format(kura_period_before(&p, day), got);
        if (strcmp(got, cases[i].before) != 0)
            fail_msg("%s less %s: %s", cases[i].day, cases[i].period, got);
    }
}

/* A later day never has an earlier limit. */
static void period_is_monotonous(void **state)
{
    const struct kura_period periods[] = {{1, 0}, {3, 0}, {12, 0}, {17, 0},
                                          {0, 45}};
    int64_t from = kura_days_from_civil(1999, 1, 1), day;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(periods) / sizeof(periods[0]); i++)
        for (day = from; day < from + 3000; day++) {
            int64_t a = kura_period_before(&periods[i], day);
            int64_t b = kura_period_before(&periods[i], day + 1);

            assert_true(a <= b && b - a <= 5 && a < day);
        }
}

/* --- kura.yaml --------------------------------------------------------- */

static void is_default(const struct kura_policy *p)
{
    int i;

    assert_int_equal(p->lateness_days, 2);
    for (i = 0; i < kura_schema_count(); i++) {
        assert_int_equal(p->online[i].months, 3);
        assert_int_equal(p->online[i].days, 0);
        assert_true(kura_period_is_forever(&p->keep[i]));
    }
    assert_int_equal(p->destination_count, 1);
    assert_string_equal(p->destinations[0], "archive");
    assert_int_equal(p->level, 9);
    assert_null(p->sign);
    assert_null(p->verify);
}

static void policy_default(void **state)
{
    struct kura_policy p;

    (void)state;
    assert_int_equal(kura_policy_read(NULL, &p, NULL), KURA_OK);
    is_default(&p);
    takes("zone: UTC\n", is_default);
    takes("retention:\narchive:\n", is_default);
    takes("retention:\n  online:\n  tables:\narchive:\n  destinations:\n",
          is_default);
}

static void is_full(const struct kura_policy *p)
{
    assert_int_equal(p->lateness_days, 7);
    assert_int_equal(p->online[table("proxy")].days, 90);
    assert_int_equal(p->keep[table("proxy")].months, 24);
    assert_int_equal(p->online[table("dns")].months, 1);
    assert_int_equal(p->keep[table("dns")].months, 24);
    assert_int_equal(p->online[table("mail")].days, 90);
    assert_int_equal(p->keep[table("mail")].days, 30);
    assert_true(kura_period_is_forever(&p->online[table("firewall")]));
    assert_true(kura_period_is_forever(&p->keep[table("firewall")]));
    assert_int_equal(p->destination_count, 2);
    assert_string_equal(p->destinations[1], "/mnt/vault");
    assert_int_equal(p->level, 19);
    assert_string_equal(p->sign, "s \"$KURA_VOLUME\"");
    assert_string_equal(p->verify, "v");
}

static void policy_full(void **state)
{
    (void)state;
    takes("retention:\n"
          "  tables:\n"
          "    dns: { online: 1mo }\n"
          "    mail: { keep: 30d, force: true }\n"
          "    firewall: { online: forever, keep: forever }\n"
          "  lateness: 1w\n"
          "  online: 90d\n"
          "  keep: 2y\n"
          "archive:\n"
          "  destinations: [ one, /mnt/vault ]\n"
          "  level: 19\n"
          "  sign: 's \"$KURA_VOLUME\"'\n"
          "  verify: v\n",
          is_full);
}

static void is_a_year(const struct kura_policy *p)
{
    assert_true(p->keep[0].months == 12 || p->keep[0].days == 365);
}

static void is_forced(const struct kura_policy *p)
{
    assert_int_equal(p->keep[table("proxy")].months, 6);
}

#define SHORT "logs would be kept for less than a year"

static void policy_keep(void **state)
{
    (void)state;
    takes("retention: { keep: 1y }\n", is_a_year);
    takes("retention: { keep: 12mo }\n", is_a_year);
    takes("retention: { keep: 365d }\n", is_a_year);
    takes("retention: { keep: 6mo, force: true }\n", is_forced);
    refuses("retention:\n  keep: 11mo\n", "k.yaml:2: " SHORT);
    refuses("retention:\n  keep: 364d\n", "k.yaml:2: " SHORT);
    refuses("retention:\n  keep: 52w\n", "k.yaml:2: " SHORT);
    refuses("retention:\n  keep: 6mo\n  force: false\n", "k.yaml:2: " SHORT);
    refuses("retention:\n  keep: 6mo\n  force: maybe\n",
            "k.yaml:3: 'force' is true or false");
    refuses("retention:\n  tables:\n    dns:\n      online: 1mo\n"
            "      keep: 1mo\n",
            "k.yaml:5: " SHORT);
}

/* What is forced for all is forced for a table that has only a period of its
 * own to stay online. */
static void policy_forced_tables(void **state)
{
    (void)state;
    takes("retention:\n  keep: 6mo\n  force: true\n  tables:\n"
          "    dns: { online: 1mo }\n",
          is_forced);
}

static void policy_refuses(void **state)
{
    (void)state;
    refuses("a: 1\nretention:\n  on-line: 3mo\n",
            "k.yaml:3: unknown key 'on-line'");
    refuses("retention: 3mo\n", "k.yaml:1: keys with values are expected here");
    refuses("retention:\n  online: soon\n",
            "k.yaml:2: 'soon' is no period such as 10d, 2w, 3mo, 1y or forever");
    refuses("retention:\n  online: [ 1 ]\n",
            "k.yaml:2: a text is expected here");
    refuses("retention:\n  lateness: 1mo\n",
            "k.yaml:2: 'lateness' is a number of days such as 2d");
    refuses("retention:\n  lateness: forever\n",
            "k.yaml:2: 'lateness' is a number of days such as 2d");
    refuses("retention:\n  tables: [ dns ]\n",
            "k.yaml:2: tables with their periods go here");
    refuses("retention:\n  tables:\n    dns: { lateness: 1d }\n",
            "k.yaml:3: unknown key 'lateness'");
    refuses("retention:\n  tables:\n    nope: {}\n", "k.yaml:3: no table 'nope'");
    refuses("archive:\n  destinations: archive\n",
            "k.yaml:2: 'destinations' is a list of 1 to 8 directories");
    refuses("archive:\n  destinations: []\n",
            "k.yaml:2: 'destinations' is a list of 1 to 8 directories");
    refuses("archive:\n  destinations: [a,b,c,d,e,f,g,h,i]\n",
            "k.yaml:2: 'destinations' is a list of 1 to 8 directories");
    refuses("archive:\n  destinations:\n    - a\n    - b\n    - a\n",
            "k.yaml:5: this destination is named twice");
    refuses("archive:\n  destinations:\n    - a\n    - ''\n",
            "k.yaml:4: a directory is expected here");
    refuses("archive:\n  level: 20\n",
            "k.yaml:2: 'level' is a number from 1 to 19");
    refuses("archive:\n  level: 0\n",
            "k.yaml:2: 'level' is a number from 1 to 19");
    refuses("archive:\n  sign: { a: b }\n",
            "k.yaml:2: a text is expected here");
}

static int setup(void **state)
{
    (void)state;
    return kura_schema_load(NULL) == KURA_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(period_parse),
        cmocka_unit_test(period_before),
        cmocka_unit_test(period_is_monotonous),
        cmocka_unit_test(policy_default),
        cmocka_unit_test(policy_full),
        cmocka_unit_test(policy_keep),
        cmocka_unit_test(policy_forced_tables),
        cmocka_unit_test(policy_refuses),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
