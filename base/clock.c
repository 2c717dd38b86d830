/* clock.c - the calendar, time zones and ranges of time.
 *
 * The calendar counts years from 1 March, so that the leap day is the last of
 * its year and a month's first day is a linear formula (Howard Hinnant,
 * "chrono-compatible low-level date algorithms").  A zone is two sorted
 * arrays of switching points, one in UTC and one in wall-clock time, so that
 * both directions are one binary search.  Offsets are whole minutes: since
 * 1970 only Liberia (until 1972) had another, which is rounded. */
#include "base/clock.h"

#include "base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE (60 * KURA_SECOND)
#define HOUR (3600 * KURA_SECOND)
#define DAY_FIRST INT64_C(-719528) /* 0000-01-01 */
#define DAY_LAST INT64_C(2932896)  /* 9999-12-31 */
#define TIME_FIRST (DAY_FIRST * KURA_DAY)
#define TIME_LAST (DAY_LAST * KURA_DAY + KURA_DAY - 1)
#define ZONE_DIR "/usr/share/zoneinfo/"
#define ZONE_DAYS 47847 /* 2101-01-01 */
#define ZONE_NAME_MAX 64

int64_t kura_clock_now(void)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
        return 0;
    return (int64_t)ts.tv_sec * KURA_SECOND + ts.tv_nsec / 1000;
}

/* --- Calendar --------------------------------------------------------- */

static int64_t div_floor(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t time_clamp(int64_t us)
{
    if (us < TIME_FIRST)
        return TIME_FIRST;
    return us > TIME_LAST ? TIME_LAST : us;
}

int64_t kura_days_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = div_floor(y, 400);
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned mp = (unsigned)(month > 2 ? month - 3 : month + 9);
    unsigned doy = (153 * mp + 2) / 5 + (unsigned)day - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + (int64_t)doe - 719468;
}

void kura_civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = div_floor(z, 146097);
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)((int64_t)yoe + era * 400 + (*month <= 2));
}

int64_t kura_day_of(int64_t us)
{
    return div_floor(us, KURA_DAY);
}

static char *digits_put(char *p, unsigned v, int width)
{
    int i;

    for (i = width; i-- > 0; v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + width;
}

void kura_day_format(int64_t day, char out[KURA_DAY_TEXT])
{
    int y, m, d;
    char *p = out;

    if (day < DAY_FIRST)
        day = DAY_FIRST;
    if (day > DAY_LAST)
        day = DAY_LAST;
    kura_civil_from_days(day, &y, &m, &d);
    p = digits_put(p, (unsigned)y, 4);
    *p++ = '-';
    p = digits_put(p, (unsigned)m, 2);
    *p++ = '-';
    p = digits_put(p, (unsigned)d, 2);
    *p = '\0';
}

bool kura_day_parse(const char *s, int64_t *day)
{
    int64_t year, month, date;
    char back[KURA_DAY_TEXT];

    if (strlen(s) != 10 || s[4] != '-' || s[7] != '-' ||
        !kura_num_parse(s, 4, &year) || !kura_num_parse(s + 5, 2, &month) ||
        !kura_num_parse(s + 8, 2, &date) || year < 0 || month < 1 ||
        month > 12 || date < 1 || date > 31)
        return false;
    *day = kura_days_from_civil((int)year, (int)month, (int)date);
    kura_day_format(*day, back);
    return strcmp(back, s) == 0; /* 30 February comes back as another day */
}

void kura_time_format(int64_t us, char out[KURA_TIME_TEXT])
{
    int64_t day, rest;
    unsigned second;
    char *p;

    us = time_clamp(us);
    day = kura_day_of(us);
    rest = us - day * KURA_DAY;
    second = (unsigned)(rest / KURA_SECOND);
    kura_day_format(day, out);
    p = out + KURA_DAY_TEXT - 1;
    *p++ = 'T';
    p = digits_put(p, second / 3600, 2);
    *p++ = ':';
    p = digits_put(p, second / 60 % 60, 2);
    *p++ = ':';
    p = digits_put(p, second % 60, 2);
    *p++ = '.';
    p = digits_put(p, (unsigned)(rest % KURA_SECOND), 6);
    *p++ = 'Z';
    *p = '\0';
}

/* --- Zones ------------------------------------------------------------ */

struct zone_change {
    int64_t utc;   /* from this instant on ... */
    int64_t local; /* ... and from this wall-clock time on ... */
    int64_t shift; /* ... the zone is so many microseconds east of UTC */
};

struct kura_zone {
    int64_t first; /* the shift before any change */
    size_t changes;
    size_t room;
    struct zone_change *change;
    char name[ZONE_NAME_MAX];
};

/* The last change whose time is not after `at`; NULL before the first. */
static int64_t zone_shift(const struct kura_zone *z, int64_t at, bool local)
{
    size_t low = 0, count = z->changes;

    while (count > 0) {
        size_t half = count / 2;
        const struct zone_change *c = &z->change[low + half];

        if ((local ? c->local : c->utc) <= at) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low == 0 ? z->first : z->change[low - 1].shift;
}

static bool two_digits(const char *s, int *v)
{
    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
        return false;
    *v = (s[0] - '0') * 10 + (s[1] - '0');
    return true;
}

/* +HH, +HHMM or +HH:MM, all of s[0..n). */
static bool offset_parse(const char *s, size_t n, int64_t *shift)
{
    int hour, minute = 0;
    size_t at = n == 6 ? 4 : 3;

    if ((n != 3 && n != 5 && n != 6) || (s[0] != '+' && s[0] != '-') ||
        (n == 6 && s[3] != ':') || !two_digits(s + 1, &hour))
        return false;
    if (n > 3 && !two_digits(s + at, &minute))
        return false;
    if (hour > 23 || minute > 59)
        return false;
    *shift = (hour * 60 + minute) * (s[0] == '-' ? -MINUTE : MINUTE);
    return true;
}

/* A name that cannot leave the directory of zones, and is one of its files. */
static bool zone_file_exists(const char *name)
{
    char path[sizeof(ZONE_DIR) + ZONE_NAME_MAX];
    char magic[4];
    bool ok = false;
    FILE *f;

    if (name[0] == '/' || strstr(name, "..") != NULL)
        return false;
    (void)snprintf(path, sizeof(path), "%s%s", ZONE_DIR, name);
    f = fopen(path, "rb");
    if (f == NULL)
        return false;
    ok = fread(magic, 1, sizeof(magic), f) == sizeof(magic) &&
         memcmp(magic, "TZif", sizeof(magic)) == 0;
    (void)fclose(f);
    return ok;
}

/* What libc says of the zone in TZ, as microseconds rounded to a minute. */
static int64_t libc_shift(int64_t second)
{
    time_t t = (time_t)second;
    int64_t east;
    struct tm tm;

    if (localtime_r(&t, &tm) == NULL)
        return 0;
    east = kura_days_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) *
               86400 +
           tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec - second;
    return div_floor(east + 30, 60) * MINUTE;
}

/* A time in a gap belongs to the offset before it, and the earlier of two
 * equal times too: the wall clock switches at the later of both readings. */
static enum kura_rc zone_add(struct kura_zone *z, int64_t second, int64_t from,
                             int64_t to, struct kura_err *err)
{
    struct zone_change *c;

    if (z->changes == z->room) {
        size_t room = z->room == 0 ? 64 : z->room * 2;

        c = realloc(z->change, room * sizeof(*c));
        if (c == NULL)
            return kura_err_nomem(err);
        z->change = c;
        z->room = room;
    }
    c = &z->change[z->changes++];
    c->utc = second * KURA_SECOND;
    c->local = c->utc + (from > to ? from : to);
    c->shift = to;
    return KURA_OK;
}

static enum kura_rc zone_probe(struct kura_zone *z, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int64_t day, before, after;

    before = z->first = libc_shift(0);
    for (day = 1; day <= ZONE_DAYS && rc == KURA_OK; day++) {
        int64_t low = (day - 1) * 86400, high = day * 86400;

        after = libc_shift(high);
        if (after == before)
            continue;
        while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;

            if (libc_shift(middle) == before)
                low = middle;
            else
                high = middle;
        }
        rc = zone_add(z, high, before, after, err);
        before = after;
    }
    return rc;
}

/* libc knows zones only through the environment, which is put back. */
static enum kura_rc zone_load(struct kura_zone *z, struct kura_err *err)
{
    const char *was = getenv("TZ");
    char *saved = NULL;
    enum kura_rc rc;

    if (was != NULL) {
        saved = strdup(was);
        if (saved == NULL)
            return kura_err_nomem(err);
    }
    if (setenv("TZ", z->name, 1) != 0) {
        rc = kura_err_sys(err, errno, "cannot set the time zone '%s'", z->name);
        goto out;
    }
    tzset();
    rc = zone_probe(z, err);
    if ((saved != NULL ? setenv("TZ", saved, 1) : unsetenv("TZ")) != 0 &&
        rc == KURA_OK)
        rc = kura_err_sys(err, errno, "cannot restore the time zone");
    tzset();
out:
    free(saved);
    return rc;
}

enum kura_rc kura_zone_new(const char *name, struct kura_zone **out,
                           struct kura_err *err)
{
    size_t n = name == NULL ? 0 : strlen(name);
    struct kura_zone *z = NULL;
    enum kura_rc rc = KURA_OK;

    if (n == 0 || n >= ZONE_NAME_MAX)
        return kura_err_set(err, KURA_EINPUT, "'%.80s' is not a time zone",
                            n == 0 ? "" : name);
    z = calloc(1, sizeof(*z));
    if (z == NULL)
        return kura_err_nomem(err);
    memcpy(z->name, name, n + 1);
    /* UTC needs no files, so it works where there are none. */
    if (strcmp(name, "UTC") == 0 || offset_parse(name, n, &z->first))
        goto out;
    if (!zone_file_exists(name)) {
        rc = kura_err_set(err, KURA_EINPUT, "unknown time zone '%s'", name);
        kura_err_hint(err, "write a name such as Asia/Tokyo or UTC, or an "
                           "offset such as +09:00");
        goto out;
    }
    rc = zone_load(z, err);
out:
    if (rc == KURA_OK)
        *out = z;
    else
        kura_zone_free(z);
    return rc;
}

void kura_zone_free(struct kura_zone *z)
{
    if (z == NULL)
        return;
    free(z->change);
    free(z);
}

const char *kura_zone_name(const struct kura_zone *z)
{
    return z->name;
}

int kura_zone_offset(const struct kura_zone *z, int64_t us)
{
    return (int)(zone_shift(z, us, false) / KURA_SECOND);
}

int64_t kura_zone_local(const struct kura_zone *z, int64_t us)
{
    return us + (int64_t)kura_zone_offset(z, us) * KURA_SECOND;
}

int64_t kura_zone_day(const struct kura_zone *z, int64_t us)
{
    return kura_day_of(kura_zone_local(z, us));
}

int64_t kura_zone_to_utc(const struct kura_zone *z, int64_t local_us)
{
    return local_us - zone_shift(z, local_us, true);
}

/* --- Ranges ----------------------------------------------------------- */

/* One side of A..B while it is read. */
struct range_part {
    const struct kura_zone *zone;
    int64_t now;
    int64_t from;
    int64_t to;
    bool ago; /* 90d and the like: `from` is the point, `to` is now */
};

static bool digits_parse(const char *s, size_t n, int *v)
{
    size_t i;

    if (n == 0 || n > 6)
        return false;
    for (*v = 0, i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *v = *v * 10 + (s[i] - '0');
    }
    return true;
}

static int month_days(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30,
                                         31, 31, 30, 31, 30, 31};

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        return 29;
    return days[month - 1];
}

/* The instant at which a local month begins; month may be 13. */
static int64_t month_start(const struct kura_zone *z, int year, int month)
{
    if (month > 12) {
        year++;
        month -= 12;
    }
    return kura_zone_to_utc(z, kura_days_from_civil(year, month, 1) * KURA_DAY);
}

static void range_days(struct range_part *p, int64_t day)
{
    p->from = kura_zone_to_utc(p->zone, day * KURA_DAY);
    p->to = kura_zone_to_utc(p->zone, (day + 1) * KURA_DAY);
}

/* Digits of a second after the point: *us is their value, *unit that of the
 * last digit. */
static bool range_fraction(const char *s, size_t n, int64_t *us, int64_t *unit)
{
    size_t i;

    *us = 0;
    *unit = KURA_SECOND;
    if (n == 0 || n > 6)
        return false;
    for (i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *unit /= 10;
        *us += (s[i] - '0') * *unit;
    }
    return true;
}

/* HH[:MM[:SS[.f]]][Z|offset] on a day: a span of its last unit. */
static bool range_time(struct range_part *p, int64_t day, const char *s,
                       size_t n)
{
    int64_t shift = 0, fraction = 0, unit = HOUR, local;
    int hour, minute = 0, second = 0;
    bool zoned = false;
    size_t clock = 0;

    while (clock < n && s[clock] != 'Z' && s[clock] != '+' && s[clock] != '-')
        clock++;
    if (clock < n) {
        zoned = true;
        if (!(n - clock == 1 && s[clock] == 'Z') &&
            !offset_parse(s + clock, n - clock, &shift))
            return false;
    }
    if (clock < 2 || !two_digits(s, &hour) || hour > 23)
        return false;
    if (clock > 2) {
        unit = MINUTE;
        if (clock < 5 || s[2] != ':' || !two_digits(s + 3, &minute) ||
            minute > 59)
            return false;
    }
    if (clock > 5) {
        unit = KURA_SECOND;
        if (clock < 8 || s[5] != ':' || !two_digits(s + 6, &second) ||
            second > 59)
            return false;
    }
    if (clock > 8 &&
        (s[8] != '.' || !range_fraction(s + 9, clock - 9, &fraction, &unit)))
        return false;
    local = day * KURA_DAY + hour * HOUR + minute * MINUTE +
            second * KURA_SECOND + fraction;
    p->from = zoned ? local - shift : kura_zone_to_utc(p->zone, local);
    p->to = p->from + unit;
    return true;
}

/* 2026, 2026Q1, 2026-03, 2026-03-05, 2026-03-05T... */
static bool range_date(struct range_part *p, const char *s, size_t n)
{
    int year, month, day, months = 1;

    if (n < 4 || !digits_parse(s, 4, &year))
        return false;
    if (n == 4) {
        month = 1;
        months = 12;
    } else if (n == 6 && (s[4] == 'Q' || s[4] == 'q') && s[5] >= '1' &&
               s[5] <= '4') {
        month = (s[5] - '1') * 3 + 1;
        months = 3;
    } else if (n < 7 || s[4] != '-' || !two_digits(s + 5, &month) ||
               month < 1 || month > 12) {
        return false;
    }
    if (n < 8) {
        p->from = month_start(p->zone, year, month);
        p->to = month_start(p->zone, year, month + months);
        return true;
    }
    if (n < 10 || s[7] != '-' || !two_digits(s + 8, &day) || day < 1 ||
        day > month_days(year, month))
        return false;
    if (n == 10) {
        range_days(p, kura_days_from_civil(year, month, day));
        return true;
    }
    return (s[10] == 'T' || s[10] == ' ') &&
           range_time(p, kura_days_from_civil(year, month, day), s + 11,
                      n - 11);
}

/* The same wall-clock time so many months ago; the 31st of a month that has
 * none is its last day. */
static int64_t months_ago(const struct range_part *p, int count)
{
    int64_t local = p->now + zone_shift(p->zone, p->now, false);
    int64_t days = kura_day_of(local);
    int year, month, day, total;

    kura_civil_from_days(days, &year, &month, &day);
    total = year * 12 + month - 1 - count;
    if (total < 0)
        return TIME_FIRST;
    year = total / 12;
    month = total % 12 + 1;
    if (day > month_days(year, month))
        day = month_days(year, month);
    return kura_zone_to_utc(
        p->zone, local - days * KURA_DAY +
                     kura_days_from_civil(year, month, day) * KURA_DAY);
}

static bool range_ago(struct range_part *p, const char *s, size_t n)
{
    size_t digits = strspn(s, "0123456789");
    const char *unit = s + digits;
    size_t rest = digits < n ? n - digits : 0;
    int count;

    if (digits > n || !digits_parse(s, digits, &count))
        return false;
    if (rest == 1 && *unit == 'h')
        p->from = p->now - count * HOUR;
    else if (rest == 1 && *unit == 'd')
        p->from = p->now - count * KURA_DAY;
    else if (rest == 1 && *unit == 'y')
        p->from = months_ago(p, count * 12);
    else if (rest == 2 && memcmp(unit, "mo", 2) == 0)
        p->from = months_ago(p, count);
    else
        return false;
    p->to = p->now;
    p->ago = true;
    return true;
}

static bool range_word(struct range_part *p, const char *s, size_t n)
{
    int64_t today = kura_day_of(p->now + zone_shift(p->zone, p->now, false));

    if (n == 5 && memcmp(s, "today", 5) == 0)
        range_days(p, today);
    else if (n == 9 && memcmp(s, "yesterday", 9) == 0)
        range_days(p, today - 1);
    else if (n == 3 && memcmp(s, "now", 3) == 0)
        p->from = p->to = p->now;
    else
        return false;
    return true;
}

static bool range_part(struct range_part *p, const char *s, size_t n)
{
    if (!range_word(p, s, n) && !range_date(p, s, n) && !range_ago(p, s, n))
        return false;
    p->from = time_clamp(p->from);
    p->to = time_clamp(p->to);
    return true;
}

static enum kura_rc range_bad(const char *text, struct kura_err *err)
{
    (void)kura_err_set(err, KURA_EINPUT, "'%.80s' is not a time or a period",
                       text);
    kura_err_hint(err, "write 2026, 2026Q1, 2026-03, 2026-03-05, "
                       "2026-03-05T10:20, today, yesterday, 90d, 3mo, 1y, 12h "
                       "or two of them as A..B");
    return KURA_EINPUT;
}

enum kura_rc kura_range_parse(const char *text, const struct kura_zone *z,
                              int64_t now_us, int64_t *from, int64_t *to,
                              struct kura_err *err)
{
    struct range_part a = {z, time_clamp(now_us), 0, 0, false}, b = a;
    const char *dots = strstr(text, "..");
    size_t n = strlen(text);

    if (dots == NULL) {
        if (!range_part(&a, text, n))
            return range_bad(text, err);
        b.to = a.to;
    } else {
        size_t first = (size_t)(dots - text);

        if (!range_part(&a, text, first) ||
            !range_part(&b, dots + 2, n - first - 2))
            return range_bad(text, err);
        /* 90d..30d ends thirty days ago, whereas 30d alone ends now. */
        if (b.ago)
            b.to = b.from;
        if (b.to <= a.from)
            return kura_err_set(err, KURA_EINPUT,
                                "the period '%.80s' ends before it begins",
                                text);
    }
    *from = a.from;
    *to = b.to;
    return KURA_OK;
}
