/* num.h - decimal integers and checked arithmetic. */
#ifndef KURA_BASE_NUM_H
#define KURA_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KURA_NUM_DIGITS 21 /* room for any int64_t and a NUL */

/* All of s[0..n) is an optional '-' and decimal digits, within +-2^62 (the
 * bound that lets a chunk store any difference of two values).  Writes *out
 * on success only. */
bool kura_num_parse(const char *s, size_t n, int64_t *out);

/* Writes the shortest decimal form, NUL-terminated; returns its length. */
size_t kura_num_format(int64_t v, char out[KURA_NUM_DIGITS]);

/* false on overflow, *out then untouched. */
bool kura_num_add(size_t a, size_t b, size_t *out);
bool kura_num_mul(size_t a, size_t b, size_t *out);

#endif
