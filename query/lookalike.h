/* lookalike.h - whether a domain is made to be taken for another.
 *
 * Both are host names; what counts is their registered domain, and of it the
 * name: the label before the public suffix, xn-- decoded.  The first of these
 * that holds is the reason:
 *
 *   homoglyph          the names are written with different characters and read
 *                      the same (skeletons equal); a reference name of 4
 *                      characters or more, or of 2 when the other is not ASCII
 *   other suffix       the same name under another public suffix; 5 or more
 *   hyphens            the same name but for hyphens; 5 or more
 *   one slip           edit distance 1 between the names or their skeletons; 6
 *                      or more, both
 *   two slips          edit distance 2; 10 or more, both
 *   name in domain     the reference's name is a part of the other between
 *                      hyphens and digits (5 or more) or anywhere (7 or more)
 *   name in subdomain  the reference's name is a label below the other domain,
 *                      or a part of one between hyphens (5 or more); or all of
 *                      its domain is
 *
 * No reason when the domains are the same or the reference's owner has it: the
 * domain is the registered domain of the reference, or below. */
#ifndef KURA_QUERY_LOOKALIKE_H
#define KURA_QUERY_LOOKALIKE_H

#include "base/err.h"

#include <stddef.h>

/* *reason is a constant, or NULL. */
enum kura_rc kura_lookalike(const char *domain, size_t n, const char *reference,
                            size_t reference_n, const char **reason,
                            struct kura_err *err);

#endif
