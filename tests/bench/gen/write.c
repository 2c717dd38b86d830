/* write.c - see write.h. */
#include "tests/bench/gen/write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const char *const months[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool out_flush(struct out *o)
{
    size_t done = 0;

    while (done < o->n) {
        ssize_t n = write(STDOUT_FILENO, o->data + done, o->n - done);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    o->n = 0;
    return true;
}

void put(struct out *o, const char *p, size_t n)
{
    memcpy(o->data + o->n, p, n);
    o->n += n;
}

void put_text(struct out *o, const char *s)
{
    put(o, s, strlen(s));
}

void put_name(struct out *o, const struct name *s)
{
    put(o, s->text, s->n);
}

/* At least `width` characters, filled up on the left. */
void put_padded(struct out *o, uint64_t v, int width, char fill)
{
    char digits[24];
    int n = (int)sizeof(digits);

    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while ((int)sizeof(digits) - n < width)
        digits[--n] = fill;
    put(o, digits + n, sizeof(digits) - (size_t)n);
}

void put_number(struct out *o, uint64_t v)
{
    put_padded(o, v, 1, ' ');
}

void put_hex(struct out *o, uint64_t v, int n, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    while (n-- > 0)
        o->data[o->n++] = digits[(v >> (4 * n)) & 15];
}

void put_ip(struct out *o, uint32_t ip)
{
    int shift;

    for (shift = 24; shift >= 0; shift -= 8) {
        put_number(o, (ip >> shift) & 255);
        if (shift != 0)
            PUT(o, ".");
    }
}

int64_t days_from_date(int64_t y, int m, int d)
{
    int64_t era, doy;

    y -= m <= 2;
    era = y / 400;
    doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    y -= era * 400;
    return era * 146097 + y * 365 + y / 4 - y / 100 + doy - 719468;
}

void date_of(struct date *d, int64_t day)
{
    int64_t z = day + 719468, era = z / 146097, doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    if (day == d->day)
        return;
    d->day = day;
    d->mday = (int)(doy - (153 * mp + 2) / 5 + 1);
    d->month = (int)(mp < 10 ? mp + 3 : mp - 9);
    d->year = (int)(yoe + era * 400 + (d->month <= 2));
}

void put_clock(struct out *o, int64_t local_ms)
{
    uint64_t s = (uint64_t)(local_ms / 1000) % 86400;

    put_padded(o, s / 3600, 2, '0');
    PUT(o, ":");
    put_padded(o, s / 60 % 60, 2, '0');
    PUT(o, ":");
    put_padded(o, s % 60, 2, '0');
}

void put_iso_date(struct out *o, struct date *d, int64_t local_ms)
{
    date_of(d, local_ms / 86400000);
    put_padded(o, (uint64_t)d->year, 4, '0');
    PUT(o, "-");
    put_padded(o, (uint64_t)d->month, 2, '0');
    PUT(o, "-");
    put_padded(o, (uint64_t)d->mday, 2, '0');
}
