/* calendar.c - working days of Japan, and the rhythm of one. */
#include "tests/bench/gen/scenario.h"

int64_t at(const struct scenario *s, uint32_t day, int hour, int minute,
           int second)
{
    return (s->first_day + day) * 86400000 - ZONE_MS +
           ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
}

static int weekday_at(int64_t day)
{
    /* 1970-01-01 was a Thursday. */
    return (int)((day + 3) % 7) + 1;
}

int weekday_of(const struct scenario *s, uint32_t day)
{
    return weekday_at(s->first_day + day);
}

/* The days of the equinoxes, from 2000 to 2099. */
static int equinox(int year, double first)
{
    int n = year - 2000;

    return (int)(first + 0.242194 * n) - n / 4;
}

static const char *fixed_holiday(int64_t day)
{
    static const struct {
        int month, mday, nth; /* the nth Monday, or a date */
        const char *name;
    } list[] = {{1, 1, 0, "Ganjitsu"},
                {1, 0, 2, "Seijin no Hi"},
                {2, 11, 0, "Kenkoku Kinen no Hi"},
                {2, 23, 0, "Tenno Tanjobi"},
                {4, 29, 0, "Showa no Hi"},
                {5, 3, 0, "Kenpo Kinenbi"},
                {5, 4, 0, "Midori no Hi"},
                {5, 5, 0, "Kodomo no Hi"},
                {7, 0, 3, "Umi no Hi"},
                {8, 11, 0, "Yama no Hi"},
                {9, 0, 3, "Keiro no Hi"},
                {10, 0, 2, "Supotsu no Hi"},
                {11, 3, 0, "Bunka no Hi"},
                {11, 23, 0, "Kinro Kansha no Hi"}};
    struct date d = {.day = -1};
    uint32_t i;

    date_of(&d, day);
    for (i = 0; i < COUNT(list); i++) {
        if (d.month != list[i].month)
            continue;
        if (list[i].nth == 0
                ? d.mday == list[i].mday
                : weekday_at(day) == 1 && (d.mday - 1) / 7 == list[i].nth - 1)
            return list[i].name;
    }
    if (d.month == 3 && d.mday == equinox(d.year, 20.69115))
        return "Shunbun no Hi";
    if (d.month == 9 && d.mday == equinox(d.year, 23.09))
        return "Shubun no Hi";
    return NULL;
}

const char *holiday_name(int64_t day)
{
    struct date d = {.day = -1};
    const char *name = fixed_holiday(day);
    int64_t before = day - 1;

    if (name != NULL)
        return name;
    /* One that falls on a Sunday moves to the next day that is none. */
    while (fixed_holiday(before) != NULL) {
        if (weekday_at(before) == 7)
            return "Furikae Kyujitsu";
        before--;
    }
    if (fixed_holiday(day - 1) != NULL && fixed_holiday(day + 1) != NULL)
        return "Kokumin no Kyujitsu";
    date_of(&d, day);
    if ((d.month == 12 && d.mday >= 29) || (d.month == 1 && d.mday <= 3))
        return "Nenmatsu Nenshi";
    return NULL;
}

bool is_workday(const struct scenario *s, uint32_t day)
{
    return weekday_of(s, day) <= 5 && holiday_name(s->first_day + day) == NULL;
}

uint32_t workday(const struct scenario *s, uint32_t day)
{
    while (!is_workday(s, day))
        day++;
    return day;
}

void office_fill(struct scenario *s)
{
    /* By half hours from 08:00 to 22:00; work ends at 20:00 by the site file.
     */
    static const unsigned char busy[28] = {
        4,  20, 60, 95, 99, 98, 96, 90, 35, 40, 85, 95, 98, 96,
        94, 92, 90, 85, 70, 50, 35, 22, 12, 6,  0,  0,  0,  0};
    unsigned sum = 0, i, slot = 0, done = 0;

    for (i = 0; i < COUNT(busy); i++)
        sum += busy[i];
    for (i = 0; i < QUANTILES; i++) {
        unsigned want = i * sum / QUANTILES;

        while (done + busy[slot] <= want)
            done += busy[slot++];
        s->office[i] =
            (uint16_t)(8 * 60 + slot * 30 + (want - done) * 30 / busy[slot]);
    }
}

int64_t office_time(struct scenario *s, uint32_t day)
{
    uint64_t bits = chance_bits(&s->chance);
    int minute = s->office[bits % QUANTILES];

    return at(s, day, 0, minute, 0) + (int64_t)((bits >> 20) % 60000);
}
