/* regex.h - PCRE2 patterns over bytes (no UTF mode), compiled to machine code.
 *
 * A compiled pattern is immutable and may be shared by threads; a matcher
 * (match data, JIT stack, match limit) belongs to one thread.  Options are
 * given when compiling: at match time they would silently leave the JIT. */
#ifndef KURA_BASE_REGEX_H
#define KURA_BASE_REGEX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct kura_regex;
struct kura_matcher;

#define KURA_REGEX_CASELESS 1u
#define KURA_REGEX_UTF 2u /* invalid UTF-8 in the subject never matches */

/* On a bad pattern: KURA_EINPUT, the message holds the cause and the byte
 * offset in the pattern. */
enum kura_rc kura_regex_new(const char *pattern, size_t n, unsigned flags,
                            struct kura_regex **out, struct kura_err *err);
void kura_regex_free(struct kura_regex *re); /* NULL ok */

/* Groups 1..count; the name of a group, or NULL when it has none. */
int kura_regex_groups(const struct kura_regex *re);
const char *kura_regex_group_name(const struct kura_regex *re, int group);

/* Room for patterns of up to max_groups groups. */
enum kura_rc kura_matcher_new(int max_groups, struct kura_matcher **out,
                              struct kura_err *err);
void kura_matcher_free(struct kura_matcher *m);

/* 1 match, 0 none, -1 the match limit or JIT stack was reached (count it as
 * no match, and say so). */
int kura_regex_match(const struct kura_regex *re, struct kura_matcher *m,
                     const char *s, size_t n);

/* Offsets of the last match: pair[2g] and pair[2g+1] of group g, or
 * (size_t)-1 where the group took no part.  Valid until the next match. */
const size_t *kura_matcher_offsets(const struct kura_matcher *m);

#endif
