/* evtx_value.c - the types of values, as Windows writes them in XML. */
#include "ingest/evtx_internal.h"

#include "base/clock.h"
#include "base/utf16.h"

#include <stdio.h>
#include <string.h>

#define LIST 0x80u
#define NUMBER_TEXT 80 /* a SID has the longest: 15 numbers of 10 digits */
#define SID_TEXT 192

enum {
    VALUE_NULL,
    VALUE_STRING,
    VALUE_ANSI,
    VALUE_INT8,
    VALUE_UINT8,
    VALUE_INT16,
    VALUE_UINT16,
    VALUE_INT32,
    VALUE_UINT32,
    VALUE_INT64,
    VALUE_UINT64,
    VALUE_REAL32,
    VALUE_REAL64,
    VALUE_BOOL,
    VALUE_BINARY,
    VALUE_GUID,
    VALUE_SIZE,
    VALUE_FILETIME,
    VALUE_SYSTEMTIME,
    VALUE_SID,
    VALUE_HEX32,
    VALUE_HEX64,
    VALUE_HANDLE = 0x20,
    VALUE_XML = 0x23
};

/* The size of one of the types of which all are of a size; 0: any. */
static size_t type_size(unsigned type)
{
    static const uint8_t sizes[] = {0, 0, 0, 1, 1,  2, 2, 4,  4, 8, 8,
                                    4, 8, 4, 0, 16, 0, 8, 16, 0, 4, 8};

    return type < sizeof(sizes) ? sizes[type] : 0;
}

int64_t kura_evtx_filetime(uint64_t v, unsigned *hundreds)
{
    /* 1601-01-01 in units of 100 nanoseconds before 1970. */
    const uint64_t epoch = UINT64_C(116444736000000000);

    *hundreds = (unsigned)(v % 10);
    if (v > UINT64_C(1) << 62)
        return INT64_MAX;
    return ((int64_t)v - (int64_t)epoch - (int64_t)*hundreds) / 10;
}

static bool systemtime(const unsigned char *p, int64_t *us)
{
    unsigned y = evtx_u16(p), m = evtx_u16(p + 2), d = evtx_u16(p + 6);
    unsigned h = evtx_u16(p + 8), min = evtx_u16(p + 10);
    unsigned s = evtx_u16(p + 12), ms = evtx_u16(p + 14);

    if (y < 1601 || y > 9999 || m < 1 || m > 12 || d < 1 || d > 31 || h > 23 ||
        min > 59 || s > 59 || ms > 999)
        return false;
    *us = kura_days_from_civil((int)y, (int)m, (int)d) * KURA_DAY +
          (int64_t)((h * 60 + min) * 60 + s) * KURA_SECOND + (int64_t)ms * 1000;
    return true;
}

bool kura_evtx_value_time(const struct evtx_value *v, int64_t *us,
                          unsigned *hundreds)
{
    *hundreds = 0;
    if (v->type == VALUE_FILETIME && v->size == 8) {
        *us = kura_evtx_filetime(evtx_u64(v->p), hundreds);
        return *us != INT64_MAX;
    }
    return v->type == VALUE_SYSTEMTIME && v->size == 16 && systemtime(v->p, us);
}

bool kura_evtx_value_integer(const struct evtx_value *v, int64_t *out)
{
    const unsigned char *p = v->p;
    uint64_t u;

    if (type_size(v->type) != v->size || v->size == 0)
        return false;
    switch (v->type) {
    case VALUE_INT8:
        *out = (int8_t)p[0];
        return true;
    case VALUE_UINT8:
        *out = p[0];
        return true;
    case VALUE_INT16:
        *out = (int16_t)evtx_u16(p);
        return true;
    case VALUE_UINT16:
        *out = evtx_u16(p);
        return true;
    case VALUE_INT32:
        *out = (int32_t)evtx_u32(p);
        return true;
    case VALUE_UINT32:
        *out = evtx_u32(p);
        return true;
    case VALUE_INT64:
    case VALUE_UINT64:
        u = evtx_u64(p);
        *out = (int64_t)u;
        /* The bound of stored integers (num.h). */
        return u <= UINT64_C(1) << 62 || (v->type == VALUE_INT64 && *out < 0 &&
                                          *out >= -(INT64_C(1) << 62));
    default:
        return false;
    }
}

/* --- Texts -----------------------------------------------------------------
 */

/* {54849625-5478-4994-A5BA-3E3B0328C30D}: the first three are numbers. */
static size_t guid_text(const unsigned char *p, char *out)
{
    static const uint8_t order[] = {3, 2, 1,  0,  5,  4,  7,  6,
                                    8, 9, 10, 11, 12, 13, 14, 15};
    char *to = out;
    size_t i;

    *to++ = '{';
    for (i = 0; i < sizeof(order); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = "0123456789ABCDEF"[p[order[i]] >> 4];
        *to++ = "0123456789ABCDEF"[p[order[i]] & 15];
    }
    *to++ = '}';
    return (size_t)(to - out);
}

static char *decimal_write(char *to, uint64_t v)
{
    char digits[20];
    size_t n = sizeof(digits);

    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    memcpy(to, digits + n, sizeof(digits) - n);
    return to + sizeof(digits) - n;
}

static char *hex_write(char *to, uint64_t v)
{
    int shift = 60;

    *to++ = '0';
    *to++ = 'x';
    while (shift > 0 && (v >> shift & 15) == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[v >> shift & 15];
    return to;
}

/* S-1-5-21-...: revision, authority (big-endian), numbers. */
static size_t sid_text(const unsigned char *p, size_t n, char *out)
{
    uint64_t authority = 0;
    char *to = out;
    unsigned i;

    if (n < 8 || p[1] > 15 || n < 8 + 4u * p[1])
        return 0;
    for (i = 2; i < 8; i++)
        authority = authority << 8 | p[i];
    memcpy(to, "S-", 2);
    to = decimal_write(to + 2, p[0]);
    *to++ = '-';
    to = authority > UINT32_MAX ? hex_write(to, authority)
                                : decimal_write(to, authority);
    for (i = 0; i < p[1]; i++) {
        *to++ = '-';
        to = decimal_write(to, evtx_u32(p + 8 + 4 * i));
    }
    return (size_t)(to - out);
}

static size_t time_text(const struct evtx_value *v, char *out)
{
    char text[KURA_TIME_TEXT];
    unsigned hundreds;
    int64_t us;
    int n;

    if (!kura_evtx_value_time(v, &us, &hundreds))
        return 0;
    kura_time_format(us, text);
    if (v->type == VALUE_SYSTEMTIME)
        n = snprintf(out, NUMBER_TEXT, "%.23sZ", text);
    else
        n = snprintf(out, NUMBER_TEXT, "%.26s%uZ", text, hundreds);
    return n < 0 ? 0 : (size_t)n;
}

static size_t real_text(const struct evtx_value *v, char *out)
{
    uint32_t bits32 = v->size == 4 ? evtx_u32(v->p) : 0;
    uint64_t bits64 = v->size == 8 ? evtx_u64(v->p) : 0;
    float f;
    double d;
    int n;

    memcpy(&f, &bits32, sizeof(f));
    memcpy(&d, &bits64, sizeof(d));
    n = v->size == 4 ? snprintf(out, NUMBER_TEXT, "%.9g", (double)f)
                     : snprintf(out, NUMBER_TEXT, "%.17g", d);
    return n < 0 ? 0 : (size_t)n;
}

/* Values of a fixed size and SIDs; 0: not of that type after all. */
static size_t short_text(const struct evtx_value *v, char *out)
{
    const unsigned char *p = v->p;
    int64_t n;

    switch (v->type) {
    case VALUE_BOOL:
        memcpy(out, evtx_u32(p) != 0 ? "true" : "false", 5);
        return evtx_u32(p) != 0 ? 4 : 5;
    case VALUE_GUID:
        return guid_text(p, out);
    case VALUE_SIZE:
    case VALUE_HANDLE:
        if (v->size != 4 && v->size != 8)
            return 0;
        return (
            size_t)(hex_write(out, v->size == 4 ? evtx_u32(p) : evtx_u64(p)) -
                    out);
    case VALUE_HEX32:
        return (size_t)(hex_write(out, evtx_u32(p)) - out);
    case VALUE_HEX64:
        return (size_t)(hex_write(out, evtx_u64(p)) - out);
    case VALUE_FILETIME:
    case VALUE_SYSTEMTIME:
        return time_text(v, out);
    case VALUE_SID:
        return sid_text(p, v->size, out);
    case VALUE_REAL32:
    case VALUE_REAL64:
        return real_text(v, out);
    case VALUE_UINT64:
        return (size_t)(decimal_write(out, evtx_u64(p)) - out);
    case VALUE_INT64:
        n = (int64_t)evtx_u64(p);
        *out = '-';
        return (size_t)(decimal_write(out + (n < 0),
                                      n < 0 ? 0 - (uint64_t)n : (uint64_t)n) -
                        out);
    default:
        if (!kura_evtx_value_integer(v, &n))
            return 0;
        *out = '-';
        return (size_t)(decimal_write(out + (n < 0),
                                      n < 0 ? 0 - (uint64_t)n : (uint64_t)n) -
                        out);
    }
}

static bool text_copy(struct kura_arena *arena, const char *s, size_t n,
                      const char **text, size_t *size)
{
    *text = kura_arena_copy(arena, s, n, NULL);
    *size = n;
    return *text != NULL;
}

static bool string_text(const struct evtx_value *v, struct kura_arena *arena,
                        const char **text, size_t *size, bool *plain)
{
    size_t units = v->size / 2u, room;
    char *to;

    /* The zero at its end is not always there, and no part of it. */
    while (units != 0 && v->p[2 * units - 2] == 0 && v->p[2 * units - 1] == 0)
        units--;
    *size = 0;
    *text = "";
    if (units == 0)
        return true;
    room = units * 3;
    to = kura_arena_alloc(arena, room, NULL);
    if (to == NULL)
        return false;
    *size = kura_utf16_write(v->p, units, to, plain);
    *text = to;
    kura_arena_trim(arena, (room - *size) & ~(size_t)7);
    return true;
}

static bool binary_text(const struct evtx_value *v, struct kura_arena *arena,
                        const char **text, size_t *size)
{
    char *to = kura_arena_alloc(arena, 2u * v->size + 1, NULL);
    size_t i;

    if (to == NULL)
        return false;
    for (i = 0; i < v->size; i++) {
        to[2 * i] = "0123456789ABCDEF"[v->p[i] >> 4];
        to[2 * i + 1] = "0123456789ABCDEF"[v->p[i] & 15];
    }
    *text = to;
    *size = 2u * v->size;
    return true;
}

bool kura_evtx_value_text(const struct evtx_value *v, struct kura_arena *arena,
                          const char **text, size_t *size, bool *plain)
{
    char number[SID_TEXT];
    size_t fixed = type_size(v->type), n = 0;

    *plain = true;
    *size = 0;
    *text = "";
    if (v->size == 0 || v->type == VALUE_NULL)
        return true;
    if (v->type == VALUE_STRING || v->type == VALUE_XML)
        return string_text(v, arena, text, size, plain);
    if (v->type == VALUE_ANSI) {
        n = v->size;
        while (n != 0 && v->p[n - 1] == 0)
            n--;
        *plain = false;
        return text_copy(arena, (const char *)v->p, n, text, size);
    }
    if (v->type != VALUE_BINARY && (fixed == 0 || fixed == v->size))
        n = short_text(v, number);
    if (n != 0)
        return text_copy(arena, number, n, text, size);
    return binary_text(v, arena, text, size);
}

/* --- Lists -----------------------------------------------------------------
 */

/* Strings of a list end in a zero each. */
static bool string_next(const struct evtx_value *v, size_t *at,
                        struct evtx_value *out)
{
    size_t width = out->type == VALUE_ANSI ? 1 : 2, end;

    if (*at + width > v->size)
        return false;
    for (end = *at; end + width <= v->size; end += width)
        if (v->p[end] == 0 && v->p[end + width - 1] == 0)
            break;
    out->p = v->p + *at;
    out->size = (uint16_t)(end - *at);
    *at = end + width;
    return true;
}

bool kura_evtx_value_is_list(const struct evtx_value *v)
{
    return (v->type & LIST) != 0;
}

bool kura_evtx_value_next(const struct evtx_value *v, size_t *at,
                          struct evtx_value *out)
{
    size_t size;

    *out = *v;
    out->type = (uint8_t)(v->type & ~LIST);
    if (out->type == VALUE_STRING || out->type == VALUE_ANSI)
        return string_next(v, at, out);
    size = out->type == VALUE_SIZE ? 8 : type_size(out->type);
    if (size == 0)
        size = v->size;
    if (v->size - *at < size || *at == v->size)
        return false;
    out->p = v->p + *at;
    out->size = (uint16_t)size;
    *at += size;
    return true;
}
