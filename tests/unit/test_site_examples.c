/* test_site_examples.c - the examples that ship: a site with every key, and the
 * holidays of Japan, day by day against the law as this file states it. */
#include "base/embedded.h"
#include "query/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/kura-site.XXXXXX";

/* --- The law -------------------------------------------------------------- */

/* 1 Monday to 7 Sunday. */
static int weekday_of(int64_t day)
{
    return (int)((day + 3) % 7) + 1;
}

/* Holidays that a year moved elsewhere: the Olympic games. */
static const struct {
    int year, month, date;
    const char *name;
} moved[] = {
    {2020, 7, 23, "海の日"},       {2020, 7, 24, "スポーツの日"},
    {2020, 8, 10, "山の日"},       {2021, 7, 22, "海の日"},
    {2021, 7, 23, "スポーツの日"}, {2021, 8, 8, "山の日"},
};

static bool is_moved(int year, const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
        if (moved[i].year == year && strcmp(moved[i].name, name) == 0)
            return true;
    return false;
}

/* The days of March and September on which the equinoxes fall, as the National
 * Astronomical Observatory gives them. */
static int spring(int year)
{
    /* The 20th, but the 21st in each of these. */
    static const int late[] = {2014, 2015, 2018, 2019, 2022, 2023, 2027};
    size_t i;

    for (i = 0; i < sizeof(late) / sizeof(late[0]); i++)
        if (late[i] == year)
            return 21;
    return 20;
}

static int autumn(int year)
{
    /* The 23rd, but the 22nd in leap years. */
    return year % 4 == 0 ? 22 : 23;
}

struct fixed {
    int month, date;
    const char *name;
    int from, to; /* years */
};

static const char *national_fixed(int year, int month, int date)
{
    static const struct fixed list[] = {
        {1, 1, "元日", 0, 9999},
        {2, 11, "建国記念の日", 0, 9999},
        {12, 23, "天皇誕生日", 0, 2018},
        {2, 23, "天皇誕生日", 2020, 9999},
        {4, 29, "昭和の日", 0, 9999},
        {5, 3, "憲法記念日", 0, 9999},
        {5, 4, "みどりの日", 0, 9999},
        {5, 5, "こどもの日", 0, 9999},
        {8, 11, "山の日", 2016, 9999},
        {11, 3, "文化の日", 0, 9999},
        {11, 23, "勤労感謝の日", 0, 9999},
        {5, 1, "天皇の即位の日", 2019, 2019},
        {10, 22, "即位礼正殿の儀の行われる日", 2019, 2019},
    };
    size_t i;

    for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (list[i].month == month && list[i].date == date &&
            year >= list[i].from && year <= list[i].to &&
            !is_moved(year, list[i].name))
            return list[i].name;
    if (month == 3 && date == spring(year))
        return "春分の日";
    return month == 9 && date == autumn(year) ? "秋分の日" : NULL;
}

/* "Happy Mondays": the nth Monday of a month. */
static const char *national_monday(int year, int month, int date)
{
    const char *sports = year < 2020 ? "体育の日" : "スポーツの日";
    int nth = (date + 6) / 7;

    if (month == 1 && nth == 2)
        return "成人の日";
    if (month == 7 && nth == 3 && !is_moved(year, "海の日"))
        return "海の日";
    if (month == 9 && nth == 3)
        return "敬老の日";
    return month == 10 && nth == 2 && !is_moved(year, sports) ? sports : NULL;
}

/* Article 2. */
static const char *national(int64_t day)
{
    const char *name = NULL;
    int year, month, date;
    size_t i;

    kura_civil_from_days(day, &year, &month, &date);
    for (i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
        if (moved[i].year == year && moved[i].month == month &&
            moved[i].date == date)
            return moved[i].name;
    if (weekday_of(day) == 1)
        name = national_monday(year, month, date);
    return name != NULL ? name : national_fixed(year, month, date);
}

static const char *holiday(int64_t day)
{
    const char *name = national(day);
    int64_t before;

    if (name != NULL)
        return name;
    /* Article 3, 2: the first day after a holiday on a Sunday that is none. */
    for (before = day - 1; national(before) != NULL; before--)
        if (weekday_of(before) == 7)
            return "振替休日";
    /* Article 3, 3: between two of them. */
    if (national(day - 1) != NULL && national(day + 1) != NULL)
        return "国民の休日";
    return NULL;
}

/* --- The examples --------------------------------------------------------- */

static void put_holidays(void)
{
    const char *text = NULL;
    char path[64];
    FILE *f;

    assert_int_equal(
        kura_embedded_text("docs/examples/holidays-jp.yaml", &text, NULL),
        KURA_OK);
    (void)snprintf(path, sizeof(path), "%s/holidays-jp.yaml", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    put_holidays();
    return 0;
}

static int teardown(void **state)
{
    char path[64];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/holidays-jp.yaml", dir);
    return remove(path) != 0 || rmdir(dir) != 0;
}

static struct kura_site *site_of(const char *text, const struct kura_zone *zone)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_config *c = NULL;
    struct kura_site *s = NULL;
    enum kura_rc rc = kura_config_parse("k.yaml", text, strlen(text), &c, &err);

    if (rc == KURA_OK)
        rc = kura_site_read(c, dir, zone, &s, &err);
    if (rc != KURA_OK)
        fail_msg("%s", err.msg);
    kura_config_free(c);
    return s;
}

static void holidays_of_japan(void **state)
{
    struct kura_zone *zone = NULL;
    struct kura_site *s;
    int64_t day = kura_days_from_civil(2014, 1, 1);
    int64_t end = kura_days_from_civil(2031, 1, 1);
    size_t row = 0, rows;

    (void)state;
    assert_int_equal(kura_zone_new("Asia/Tokyo", &zone, NULL), KURA_OK);
    s = site_of("site: {holidays: holidays-jp.yaml}", zone);
    rows = kura_site_rows(s, KURA_SITE_HOLIDAY);
    for (; day < end; day++) {
        const char *name = holiday(day);
        char text[KURA_DAY_TEXT];

        if (name == NULL)
            continue;
        kura_day_format(day, text);
        if (row >= rows ||
            strcmp(kura_site_text(s, KURA_SITE_HOLIDAY, row, 0), text) != 0 ||
            strcmp(kura_site_text(s, KURA_SITE_HOLIDAY, row, 1), name) != 0)
            fail_msg("%s %s is not the next of the file", text, name);
        row++;
    }
    assert_int_equal(row, rows);
    /* What everybody remembers. */
    assert_non_null(holiday(kura_days_from_civil(2019, 4, 30)));
    assert_non_null(holiday(kura_days_from_civil(2019, 5, 2)));
    assert_non_null(holiday(kura_days_from_civil(2015, 9, 22)));
    assert_non_null(holiday(kura_days_from_civil(2021, 8, 9)));
    assert_non_null(holiday(kura_days_from_civil(2024, 2, 12)));
    assert_null(holiday(kura_days_from_civil(2020, 10, 12)));
    assert_null(holiday(kura_days_from_civil(2019, 12, 23)));
    kura_site_free(s);
    kura_zone_free(zone);
}

/* It shows every key, and each column has a value somewhere. */
static void full_example(void **state)
{
    struct kura_zone *zone = NULL;
    const char *text = NULL;
    struct kura_site *s;
    int part, column;
    size_t row;

    (void)state;
    assert_int_equal(kura_zone_new("Asia/Tokyo", &zone, NULL), KURA_OK);
    assert_int_equal(kura_embedded_text("docs/examples/site.yaml", &text, NULL),
                     KURA_OK);
    s = site_of(text, zone);
    for (part = 0; part < KURA_SITE_PARTS; part++) {
        const struct kura_site_table *t =
            kura_site_table((enum kura_site_part)part);

        for (column = 0; column < KURA_SITE_COLUMNS; column++) {
            bool seen = t->columns[column].name == NULL;

            for (row = 0;
                 !seen && row < kura_site_rows(s, (enum kura_site_part)part);
                 row++)
                seen = t->columns[column].is_integer ||
                       kura_site_text(s, (enum kura_site_part)part, row,
                                      column) != NULL;
            if (!seen)
                fail_msg("the example shows no %s.%s", t->name,
                         t->columns[column].name);
        }
    }
    kura_site_free(s);
    kura_zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holidays_of_japan),
        cmocka_unit_test(full_example),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
