/* write.h - text into a buffer, the buffer to the standard output; dates.
 *
 * Nothing checks for room: who writes flushes before less than OUT_ROOM bytes
 * are left. */
#ifndef KURA_BENCH_WRITE_H
#define KURA_BENCH_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUT_SIZE (1u << 20)
#define OUT_ROOM 4096u /* more than any line takes */
#define NAME_MAX_BYTES 48u
#define ZONE_MS (INT64_C(9) * 3600 * 1000) /* the site's clock: +0900 */

struct out {
    char *data;
    size_t n;
};

struct name {
    char text[NAME_MAX_BYTES];
    unsigned char n;
};

struct date {
    int64_t day; /* since 1970, what the others are of */
    int year, month, mday;
};

extern const char *const months[12];

bool out_flush(struct out *o);
void put(struct out *o, const char *p, size_t n);
#define PUT(o, literal) put(o, literal, sizeof(literal) - 1)
void put_text(struct out *o, const char *s);
void put_name(struct out *o, const struct name *s);
/* At least `width` characters, filled up on the left. */
void put_padded(struct out *o, uint64_t v, int width, char fill);
void put_number(struct out *o, uint64_t v);
void put_hex(struct out *o, uint64_t v, int n, bool upper);
void put_ip(struct out *o, uint32_t ip);

int64_t days_from_date(int64_t y, int m, int d);
void date_of(struct date *d, int64_t day);
void put_clock(struct out *o, int64_t local_ms);
void put_iso_date(struct out *o, struct date *d, int64_t local_ms);

#endif
