/* confusable.h - what a text looks like to somebody who reads quickly.
 *
 * Two names with the same skeleton are taken for each other.  The table holds
 * the letters that matter in host names: Latin with marks, Greek, Cyrillic,
 * Armenian, small capitals, full width; digits for letters; rn, vv and cl. */
#ifndef KURA_BASE_CONFUSABLE_H
#define KURA_BASE_CONFUSABLE_H

#include "base/buf.h"

#include <stddef.h>

/* Appends the skeleton of s: each character as the plain small letter that it
 * is taken for, what does not show left out.  The same for any case of ASCII.
 * Not meant to be read: i, l, 1 are one letter in it. */
enum kura_rc kura_skeleton(const char *s, size_t n, struct kura_buf *out,
                           struct kura_err *err);

#endif
