/* wordlike.h - whether a name is made of syllables or of dice.
 *
 * Learned from the pairs of letters in sql/lists/words.txt, once, at the first
 * use; the table lives until the process ends and any thread may read it. */
#ifndef KURA_QUERY_WORDLIKE_H
#define KURA_QUERY_WORDLIKE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* 0 (words) to 1 (letters at random) in *out, 0.5 where the two are as likely.
 * Case does not matter; what is no ASCII letter or digit parts words.  *known
 * is false below KURA_WORDLIKE_MIN pairs of letters or of letter and digit. */
#define KURA_WORDLIKE_MIN 6
enum kura_rc kura_randomness(const char *s, size_t n, double *out, bool *known,
                             struct kura_err *err);

/* Bytes of the longest run of letters, digits, '+', '-' and '_' (and %2B) in s
 * that is 16 or longer and is hexadecimal or random; 0 when there is none. */
enum kura_rc kura_encoded_run(const char *s, size_t n, size_t *out,
                              struct kura_err *err);

#endif
