/* distance.h - how many slips of a finger lie between two texts. */
#ifndef KURA_BASE_DISTANCE_H
#define KURA_BASE_DISTANCE_H

#include <stddef.h>

/* Characters of a text that is compared at most. */
#define KURA_DISTANCE_MAX 255

/* The fewest insertions, deletions, changes and swaps of neighbours that make
 * one text of the other, no place being changed twice (Damerau-Levenshtein,
 * optimal string alignment), in characters, A-Z folded; -1 when one of them
 * is longer than KURA_DISTANCE_MAX characters. */
int kura_distance(const char *a, size_t na, const char *b, size_t nb);

#endif
