/* layout.c - reading and writing times as logs write them.
 *
 * This runs once or twice a line, so digits are read by hand at fixed places.
 * A text is taken only when kura_stamp_format() gives the same bytes again:
 * no "24:00:00", no leap second, no "-00:00", no digits past microseconds. */
#include "base/clock.h"

#include <string.h>

#define MINUTE (60 * KURA_SECOND)
#define TIME_FIRST (INT64_C(-719528) * KURA_DAY)    /* 0000-01-01 */
#define TIME_LAST (INT64_C(2932897) * KURA_DAY - 1) /* 9999-12-31 */
#define OFFSET_MAX 1439                             /* 23:59 */

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* What a layout's word carries besides the layout. */
struct layout_kind {
    const char *word;
    bool decimals;
    bool offset;
};

static const struct layout_kind layout_kinds[KURA_LAYOUT_COUNT] = {
    [KURA_LAYOUT_NONE] = {"none", false, false},
    [KURA_LAYOUT_EPOCH] = {"epoch", true, false},
    [KURA_LAYOUT_BSD] = {"bsd", false, true},
    [KURA_LAYOUT_BSD0] = {"bsd0", false, true},
    [KURA_LAYOUT_BSD1] = {"bsd1", false, true},
    [KURA_LAYOUT_ISO] = {"iso", true, true},
    [KURA_LAYOUT_ISOC] = {"isoc", true, true},
    [KURA_LAYOUT_PLAIN] = {"plain", true, true},
    [KURA_LAYOUT_PLAINT] = {"plaint", true, true},
    [KURA_LAYOUT_CLF] = {"clf", false, true},
    [KURA_LAYOUT_BIND] = {"bind", true, true},
};

static const unsigned power_of_10[] = {1,     10,     100,    1000,
                                       10000, 100000, 1000000};

const char *kura_layout_word(enum kura_layout l)
{
    return l < KURA_LAYOUT_COUNT ? layout_kinds[l].word : "none";
}

enum kura_layout kura_layout_find(const char *word, size_t n)
{
    int l;

    for (l = KURA_LAYOUT_EPOCH; l < KURA_LAYOUT_COUNT; l++)
        if (strlen(layout_kinds[l].word) == n &&
            memcmp(layout_kinds[l].word, word, n) == 0)
            return (enum kura_layout)l;
    return KURA_LAYOUT_NONE;
}

/* --- Reading ---------------------------------------------------------- */

/* A time while it is read: wall clock first, then the instant. */
struct reading {
    const struct kura_zone *zone;
    int64_t as_of;
    int64_t local;
    int64_t us;
    struct kura_stamp st;
};

static inline bool digit_is(char c)
{
    return c >= '0' && c <= '9';
}

/* Two digits, or -1: negative results survive being or-ed together. */
static inline int two_read(const char *s)
{
    unsigned a = (unsigned)s[0] - '0', b = (unsigned)s[1] - '0';

    return a > 9 || b > 9 ? -1 : (int)(a * 10 + b);
}

/* Jan = 1; 0 when it is no month. */
static int month_read(const char *s)
{
    int i;

    for (i = 0; i < 12; i++)
        if (month_names[i * 3] == s[0] && month_names[i * 3 + 1] == s[1] &&
            month_names[i * 3 + 2] == s[2])
            return i + 1;
    return 0;
}

static bool date_is_real(int year, int month, int day)
{
    static const signed char days[] = {31, 28, 31, 30, 31, 30,
                                       31, 31, 30, 31, 30, 31};

    if (month < 1 || month > 12 || day < 1)
        return false;
    if (day <= days[month - 1])
        return true;
    return month == 2 && day == 29 && year % 4 == 0 &&
           (year % 100 != 0 || year % 400 == 0);
}

static bool date_set(struct reading *r, int year, int month, int day)
{
    if (!date_is_real(year, month, day))
        return false;
    r->local = kura_days_from_civil(year, month, day) * KURA_DAY;
    return true;
}

/* HH:MM:SS, 8 bytes, added to the wall clock. */
static bool clock_read(struct reading *r, const char *s)
{
    int h = two_read(s), m = two_read(s + 3), sec = two_read(s + 6);

    if ((h | m | sec) < 0 || s[2] != ':' || s[5] != ':' || h > 23 || m > 59 ||
        sec > 59)
        return false;
    r->local += (h * 3600 + m * 60 + sec) * KURA_SECOND;
    return true;
}

/* An optional point with 1 to 6 digits; returns the bytes used, or -1. */
static int fraction_read(const char *s, size_t n, struct kura_stamp *st,
                         int64_t *us)
{
    unsigned v = 0, k = 0;

    *us = 0;
    st->decimals = 0;
    if (n == 0 || s[0] != '.')
        return 0;
    while (k + 1 < n && digit_is(s[k + 1])) {
        if (++k > 6)
            return -1;
        v = v * 10 + (unsigned)(s[k] - '0');
    }
    if (k == 0)
        return -1;
    *us = (int64_t)v * power_of_10[6 - k];
    st->decimals = (uint8_t)k;
    return (int)k + 1;
}

/* +HHMM, or +HH:MM with `colon`. */
static bool offset_read(struct reading *r, const char *s, bool colon)
{
    int h = two_read(s + 1), m = two_read(s + (colon ? 4 : 3));
    int minutes = h * 60 + m;

    if ((s[0] != '+' && s[0] != '-') || (colon && s[3] != ':') || (h | m) < 0 ||
        h > 23 || m > 59)
        return false;
    /* "-00:00" would come back as "+00:00" */
    if (s[0] == '-' && minutes == 0)
        return false;
    r->st.offset = (int16_t)(s[0] == '-' ? -minutes : minutes);
    r->us = r->local - r->st.offset * MINUTE;
    return true;
}

static void zone_apply(struct reading *r)
{
    r->us = kura_zone_to_utc(r->zone, r->local);
    r->st.offset = (int16_t)((r->local - r->us) / MINUTE);
}

static bool epoch_read(struct reading *r, const char *s, size_t n)
{
    bool minus = n > 0 && s[0] == '-';
    size_t i = minus, start = i;
    int64_t second = 0, fraction;
    int used;

    while (i < n && digit_is(s[i]) && i - start < 12)
        second = second * 10 + (s[i++] - '0');
    if (i == start || (i - start > 1 && s[start] == '0'))
        return false;
    used = fraction_read(s + i, n - i, &r->st, &fraction);
    if (used < 0 || i + (size_t)used != n)
        return false;
    r->us = second * KURA_SECOND + fraction;
    if (minus && r->us == 0)
        return false;
    if (minus)
        r->us = -r->us;
    return true;
}

/* The latest year that puts the time at or before as_of plus two days.  Eight
 * years always hold a leap day. */
static bool year_choose(struct reading *r, int month, int day,
                        const char *clock)
{
    int64_t limit = r->as_of + 2 * KURA_DAY;
    int year, m, d, last;

    /* A day more than any zone is ahead; one round more at New Year only. */
    kura_civil_from_days(kura_day_of(limit) + 1, &year, &m, &d);
    for (last = year - 9; year >= last && year >= 0; year--) {
        if (!date_set(r, year, month, day))
            continue;
        if (!clock_read(r, clock))
            return false;
        zone_apply(r);
        if (r->us <= limit)
            return true;
    }
    return false;
}

/* "Feb 16 11:43:32"; the day's width tells the three kinds apart. */
static bool bsd_read(struct reading *r, const char *s, size_t n)
{
    enum kura_layout want = r->st.layout, is = KURA_LAYOUT_NONE;
    int month, day;
    size_t clock = 7;

    if (n < 14 || n > 15 || s[3] != ' ')
        return false;
    month = month_read(s);
    if (n == 14) {
        if (!digit_is(s[4]))
            return false;
        day = s[4] - '0';
        is = KURA_LAYOUT_BSD1;
        clock = 6;
    } else if (s[4] == ' ') {
        if (!digit_is(s[5]))
            return false;
        day = s[5] - '0';
        is = KURA_LAYOUT_BSD;
    } else {
        day = two_read(s + 4);
        if (day < 10)
            is = KURA_LAYOUT_BSD0;
        else
            is = want;
    }
    if (want != KURA_LAYOUT_BSD && want != is)
        return false;
    if (month == 0 || day < 1 || s[clock - 1] != ' ')
        return false;
    r->st.layout = is;
    return year_choose(r, month, day, s + clock);
}

static bool ymd_read(struct reading *r, const char *s)
{
    int century = two_read(s), year = two_read(s + 2);
    int month = two_read(s + 5), day = two_read(s + 8);

    if ((century | year | month | day) < 0 || s[4] != '-' || s[7] != '-')
        return false;
    return date_set(r, century * 100 + year, month, day);
}

/* Which layouts a reader of `want` takes. */
static bool layout_serves(enum kura_layout want, enum kura_layout is)
{
    if (want == KURA_LAYOUT_ISO)
        return is == KURA_LAYOUT_ISO || is == KURA_LAYOUT_ISOC ||
               is == KURA_LAYOUT_PLAINT;
    if (want == KURA_LAYOUT_PLAIN)
        return is == KURA_LAYOUT_PLAIN || is == KURA_LAYOUT_PLAINT;
    return want == is;
}

/* "2014-12-16T01:02:01.258399" and whatever offset may follow it. */
static bool iso_read(struct reading *r, const char *s, size_t n)
{
    enum kura_layout want = r->st.layout;
    const char *rest = s + 19;
    int64_t fraction;
    size_t left;
    int used;

    if (n < 19 || (s[10] != 'T' && s[10] != ' ') || !ymd_read(r, s) ||
        !clock_read(r, s + 11))
        return false;
    used = fraction_read(rest, n - 19, &r->st, &fraction);
    if (used < 0)
        return false;
    r->local += fraction;
    rest += used;
    left = n - 19 - (size_t)used;
    if (left == 0)
        r->st.layout = s[10] == 'T' ? KURA_LAYOUT_PLAINT : KURA_LAYOUT_PLAIN;
    else if (s[10] != 'T')
        return false;
    else
        r->st.layout = left == 5 ? KURA_LAYOUT_ISOC : KURA_LAYOUT_ISO;
    if (!layout_serves(want, r->st.layout))
        return false;
    if (left == 0) {
        zone_apply(r);
        return true;
    }
    if (left == 1 && rest[0] == 'Z') {
        r->st.zulu = true;
        r->us = r->local;
        return true;
    }
    return (left == 5 || left == 6) && offset_read(r, rest, left == 6);
}

/* "12/Feb/2015:13:53:00 +0900" and, with '-', "16-Dec-2014 01:03:55". */
static bool dmy_read(struct reading *r, const char *s, char dash, char before)
{
    int day = two_read(s), century = two_read(s + 7), year = two_read(s + 9);
    int month = month_read(s + 3);

    return (day | century | year) >= 0 && s[2] == dash && s[6] == dash &&
           s[11] == before && month != 0 &&
           date_set(r, century * 100 + year, month, day) &&
           clock_read(r, s + 12);
}

static bool clf_read(struct reading *r, const char *s, size_t n)
{
    return n == 26 && s[20] == ' ' && dmy_read(r, s, '/', ':') &&
           offset_read(r, s + 21, false);
}

static bool bind_read(struct reading *r, const char *s, size_t n)
{
    int64_t fraction;
    int used;

    if (n < 20 || !dmy_read(r, s, '-', ' '))
        return false;
    used = fraction_read(s + 20, n - 20, &r->st, &fraction);
    if (used < 0 || (size_t)used != n - 20)
        return false;
    r->local += fraction;
    zone_apply(r);
    return true;
}

static bool layout_read(struct reading *r, const char *s, size_t n)
{
    switch (r->st.layout) {
    case KURA_LAYOUT_EPOCH:
        return epoch_read(r, s, n);
    case KURA_LAYOUT_BSD:
    case KURA_LAYOUT_BSD0:
    case KURA_LAYOUT_BSD1:
        return bsd_read(r, s, n);
    case KURA_LAYOUT_ISO:
    case KURA_LAYOUT_ISOC:
    case KURA_LAYOUT_PLAIN:
    case KURA_LAYOUT_PLAINT:
        return iso_read(r, s, n);
    case KURA_LAYOUT_CLF:
        return clf_read(r, s, n);
    case KURA_LAYOUT_BIND:
        return bind_read(r, s, n);
    case KURA_LAYOUT_NONE:
    case KURA_LAYOUT_COUNT:
        break;
    }
    return false;
}

bool kura_stamp_parse(const char *s, size_t n, enum kura_layout layout,
                      const struct kura_zone *zone, int64_t as_of_us,
                      int64_t *out_us, struct kura_stamp *out_stamp)
{
    struct reading r = {zone, as_of_us, 0, 0, {layout, 0, false, 0}};

    if (r.as_of < TIME_FIRST)
        r.as_of = TIME_FIRST;
    if (r.as_of > TIME_LAST)
        r.as_of = TIME_LAST;
    /* An offset may push a time of the year 0 or 9999 over the edge. */
    if (!layout_read(&r, s, n) || r.us < TIME_FIRST || r.us > TIME_LAST)
        return false;
    *out_us = r.us;
    *out_stamp = r.st;
    return true;
}

/* --- Writing ---------------------------------------------------------- */

static inline char *two_write(char *p, unsigned v)
{
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
    return p + 2;
}

static char *fraction_write(char *p, unsigned micro, unsigned decimals)
{
    unsigned i;

    if (decimals == 0)
        return p;
    if (decimals > 6)
        decimals = 6;
    micro /= power_of_10[6 - decimals];
    *p++ = '.';
    for (i = decimals; i-- > 0; micro /= 10)
        p[i] = (char)('0' + micro % 10);
    return p + decimals;
}

static char *offset_write(char *p, int minutes, bool colon)
{
    unsigned m = (unsigned)(minutes < 0 ? -minutes : minutes);

    if (m > OFFSET_MAX)
        m = OFFSET_MAX;
    *p++ = minutes < 0 ? '-' : '+';
    p = two_write(p, m / 60);
    if (colon)
        *p++ = ':';
    return two_write(p, m % 60);
}

static char *number_write(char *p, uint64_t v)
{
    char digits[20];
    size_t n = sizeof(digits);

    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    memcpy(p, digits + n, sizeof(digits) - n);
    return p + sizeof(digits) - n;
}

static char *epoch_write(char *p, int64_t us, unsigned decimals)
{
    uint64_t v = us < 0 ? (uint64_t)-us : (uint64_t)us;

    if (us < 0)
        *p++ = '-';
    p = number_write(p, v / 1000000);
    return fraction_write(p, (unsigned)(v % 1000000), decimals);
}

static char *clock_write(char *p, unsigned second)
{
    p = two_write(p, second / 3600);
    *p++ = ':';
    p = two_write(p, second / 60 % 60);
    *p++ = ':';
    return two_write(p, second % 60);
}

static char *month_write(char *p, int month)
{
    memcpy(p, month_names + (month - 1) * 3, 3);
    return p + 3;
}

static char *year_write(char *p, int year)
{
    p = two_write(p, (unsigned)year / 100);
    return two_write(p, (unsigned)year % 100);
}

static char *bsd_write(char *p, enum kura_layout layout, int month, int day)
{
    p = month_write(p, month);
    *p++ = ' ';
    if (day < 10) {
        if (layout != KURA_LAYOUT_BSD1)
            *p++ = layout == KURA_LAYOUT_BSD ? ' ' : '0';
        *p++ = (char)('0' + day);
    } else {
        p = two_write(p, (unsigned)day);
    }
    *p++ = ' ';
    return p;
}

static char *date_write(char *p, enum kura_layout layout, int64_t days)
{
    int year, month, day;

    kura_civil_from_days(days, &year, &month, &day);
    switch (layout) {
    case KURA_LAYOUT_BSD:
    case KURA_LAYOUT_BSD0:
    case KURA_LAYOUT_BSD1:
        return bsd_write(p, layout, month, day);
    case KURA_LAYOUT_CLF:
    case KURA_LAYOUT_BIND:
        p = two_write(p, (unsigned)day);
        *p++ = layout == KURA_LAYOUT_CLF ? '/' : '-';
        p = month_write(p, month);
        *p++ = layout == KURA_LAYOUT_CLF ? '/' : '-';
        p = year_write(p, year);
        *p++ = layout == KURA_LAYOUT_CLF ? ':' : ' ';
        return p;
    default:
        p = year_write(p, year);
        *p++ = '-';
        p = two_write(p, (unsigned)month);
        *p++ = '-';
        p = two_write(p, (unsigned)day);
        *p++ = layout == KURA_LAYOUT_PLAIN ? ' ' : 'T';
        return p;
    }
}

static char *zone_write(char *p, const struct kura_stamp *st)
{
    if (st->layout == KURA_LAYOUT_CLF) {
        *p++ = ' ';
        return offset_write(p, st->offset, false);
    }
    if (st->layout == KURA_LAYOUT_ISOC)
        return offset_write(p, st->offset, false);
    if (st->layout != KURA_LAYOUT_ISO)
        return p;
    if (!st->zulu)
        return offset_write(p, st->offset, true);
    *p++ = 'Z';
    return p;
}

size_t kura_stamp_format(int64_t us, const struct kura_stamp *st,
                         char out[KURA_STAMP_TEXT])
{
    char *p = out;
    int64_t days, rest;

    if (us < TIME_FIRST)
        us = TIME_FIRST;
    if (us > TIME_LAST)
        us = TIME_LAST;
    if (st->layout == KURA_LAYOUT_EPOCH) {
        p = epoch_write(p, us, st->decimals);
    } else if (st->layout > KURA_LAYOUT_NONE &&
               st->layout < KURA_LAYOUT_COUNT) {
        us += st->offset * MINUTE;
        if (us < TIME_FIRST)
            us = TIME_FIRST;
        if (us > TIME_LAST)
            us = TIME_LAST;
        days = kura_day_of(us);
        rest = us - days * KURA_DAY;
        p = date_write(p, st->layout, days);
        p = clock_write(p, (unsigned)(rest / KURA_SECOND));
        if (layout_kinds[st->layout].decimals)
            p = fraction_write(p, (unsigned)(rest % KURA_SECOND), st->decimals);
        p = zone_write(p, st);
    }
    *p = '\0';
    return (size_t)(p - out);
}

/* --- The word in a shape ---------------------------------------------- */

size_t kura_stamp_word(const struct kura_stamp *st, char out[KURA_STAMP_WORD])
{
    const char *word = kura_layout_word(st->layout);
    size_t n = strlen(word);
    const struct layout_kind *kind;
    char *p = out + n;
    int offset = st->offset;

    memcpy(out, word, n + 1);
    if (st->layout == KURA_LAYOUT_NONE || st->layout >= KURA_LAYOUT_COUNT)
        return n;
    kind = &layout_kinds[st->layout];
    if (st->layout == KURA_LAYOUT_ISO && st->zulu) {
        *p++ = 'z';
        offset = 0;
    }
    if (kind->decimals && st->decimals > 0) {
        *p++ = '.';
        *p++ = (char)('0' + (st->decimals > 6 ? 6 : st->decimals));
    }
    if (kind->offset && offset != 0) {
        *p++ = offset < 0 ? '-' : '+';
        p = number_write(p, (uint64_t)(offset < 0 ? -offset : offset));
    }
    *p = '\0';
    return (size_t)(p - out);
}

/* The layout and `zulu` from the letters of a word. */
static bool word_layout(const char *s, size_t n, struct kura_stamp *st)
{
    if (n == 4 && memcmp(s, "isoz", 4) == 0) {
        st->layout = KURA_LAYOUT_ISO;
        st->zulu = true;
        return true;
    }
    st->layout = kura_layout_find(s, n);
    return st->layout != KURA_LAYOUT_NONE;
}

/* "+540": 1 to 4 digits, none of them a leading zero. */
static bool word_offset(const char *s, size_t n, int16_t *offset)
{
    int v = 0;
    size_t i;

    if (n < 2 || n > 5 || s[1] == '0')
        return false;
    for (i = 1; i < n; i++) {
        if (!digit_is(s[i]))
            return false;
        v = v * 10 + (s[i] - '0');
    }
    if (v > OFFSET_MAX)
        return false;
    *offset = (int16_t)(s[0] == '-' ? -v : v);
    return true;
}

bool kura_stamp_from_word(const char *s, size_t n, struct kura_stamp *out)
{
    struct kura_stamp st = {KURA_LAYOUT_NONE, 0, false, 0};
    const struct layout_kind *kind;
    size_t i = 0;

    while (i < n && s[i] != '.' && s[i] != '+' && s[i] != '-')
        i++;
    if (!word_layout(s, i, &st))
        return false;
    kind = &layout_kinds[st.layout];
    if (i < n && s[i] == '.') {
        if (!kind->decimals || i + 1 >= n || s[i + 1] < '1' || s[i + 1] > '6')
            return false;
        st.decimals = (uint8_t)(s[i + 1] - '0');
        i += 2;
    }
    if (i < n) {
        if (!kind->offset || st.zulu || (s[i] != '+' && s[i] != '-') ||
            !word_offset(s + i, n - i, &st.offset))
            return false;
    }
    *out = st;
    return true;
}
