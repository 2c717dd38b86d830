#include "base/utf16.h"

#include <stdint.h>
#include <string.h>

static char *utf8_put(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xE0 | c >> 12);
        } else {
            *to++ = (char)(0xF0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (c & 0x3F));
    return to;
}

static inline uint32_t unit_at(const unsigned char *p, size_t i, bool big)
{
    return big ? (uint32_t)p[2 * i] << 8 | p[2 * i + 1]
               : (uint32_t)p[2 * i + 1] << 8 | p[2 * i];
}

/* One character from unit *i on. */
static char *character_put(char *to, const unsigned char *p, size_t units,
                           size_t *i, bool big)
{
    uint32_t c = unit_at(p, (*i)++, big), low;

    if (c >= 0xD800 && c <= 0xDBFF && *i < units) {
        low = unit_at(p, *i, big);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            (*i)++;
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return utf8_put(to, c);
}

/* Eight units that are printable ASCII at a time; returns how many were. */
static size_t plain_put(const unsigned char *p, size_t units, char *to)
{
    size_t i = 0;

    for (; i + 4 <= units; i += 4) {
        uint64_t v;

        memcpy(&v, p + 2 * i, sizeof(v));
        /* High bytes zero; low ones neither above 0x7E nor below 0x20. */
        if (((v | (v + UINT64_C(0x0001000100010001)) |
              (v - UINT64_C(0x0020002000200020))) &
             UINT64_C(0xFF80FF80FF80FF80)) != 0)
            break;
        to[i] = (char)p[2 * i];
        to[i + 1] = (char)p[2 * i + 2];
        to[i + 2] = (char)p[2 * i + 4];
        to[i + 3] = (char)p[2 * i + 6];
    }
    for (;
         i < units && p[2 * i + 1] == 0 && p[2 * i] >= 0x20 && p[2 * i] < 0x7F;
         i++)
        to[i] = (char)p[2 * i];
    return i;
}

size_t kura_utf16_write(const void *p, size_t units, char *to, bool *plain)
{
    const unsigned char *s = p;
    char *start = to;
    size_t i = plain_put(s, units, to);

    to += i;
    if (plain != NULL)
        *plain = i == units;
    while (i < units)
        to = character_put(to, s, units, &i, false);
    return (size_t)(to - start);
}

enum kura_rc kura_utf16_append(const void *p, size_t units, bool big,
                               struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = units > SIZE_MAX / 3
                          ? kura_err_nomem(err)
                          : kura_buf_reserve(out, units * 3, err);
    char *to = rc == KURA_OK ? out->data + out->len : NULL;
    size_t i = 0;

    if (rc != KURA_OK)
        return rc;
    if (!big) {
        out->len += kura_utf16_write(p, units, to, NULL);
    } else {
        while (i < units)
            to = character_put(to, p, units, &i, true);
        out->len = (size_t)(to - out->data);
    }
    out->data[out->len] = '\0';
    return KURA_OK;
}
