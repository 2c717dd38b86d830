/* num.c - decimal integers and checked arithmetic. */
#include "base/num.h"

#include <string.h>

#define NUM_BOUND (UINT64_C(1) << 62)

bool kura_num_parse(const char *s, size_t n, int64_t *out)
{
    uint64_t v = 0;
    bool minus = n != 0 && s[0] == '-';
    size_t i = minus ? 1 : 0;

    if (i == n)
        return false;
    for (; i < n; i++) {
        unsigned digit = (unsigned)(unsigned char)s[i] - '0';

        if (digit > 9)
            return false;
        /* v is at most 2^62 here, so that ten times v still fits. */
        if (v > NUM_BOUND / 10)
            return false;
        v = v * 10 + digit;
        if (v > NUM_BOUND)
            return false;
    }
    *out = minus ? -(int64_t)v : (int64_t)v;
    return true;
}

size_t kura_num_format(int64_t v, char out[KURA_NUM_DIGITS])
{
    /* Negated as unsigned, because -INT64_MIN is not an int64_t. */
    uint64_t u = v < 0 ? UINT64_C(0) - (uint64_t)v : (uint64_t)v;
    char digits[KURA_NUM_DIGITS];
    size_t at = sizeof(digits);
    size_t n;

    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u != 0);
    if (v < 0)
        digits[--at] = '-';
    n = sizeof(digits) - at;
    memcpy(out, digits + at, n);
    out[n] = '\0';
    return n;
}

bool kura_num_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

bool kura_num_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}
