/* text.h - bytes as text: UTF-8, control bytes, width on a terminal, and the
 * NOCASE order of SQLite (which folds ASCII letters only). */
#ifndef KURA_BASE_TEXT_H
#define KURA_BASE_TEXT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Valid UTF-8 (no overlong forms, no surrogates, at most U+10FFFF) without a
 * control character (C0, DEL, U+0080..U+009F): what may be stored as it is. */
bool kura_text_is_clean(const char *s, size_t n);

/* Appends s with every byte that is not clean written as \xHH. */
enum kura_rc kura_text_clean(const char *s, size_t n, struct kura_buf *out,
                             struct kura_err *err);

/* Decodes one character of valid or invalid UTF-8 at s[0..n), n > 0; returns
 * the bytes used (1 for an invalid byte, *cp then 0xFFFD). */
size_t kura_text_decode(const char *s, size_t n, uint32_t *cp);

/* Columns on a terminal, East Asian wide characters counting two, combining
 * ones and invisible format characters none. */
size_t kura_text_width(const char *s, size_t n);

/* Appends s so that a terminal shows it and obeys none of it: control
 * characters (C0, DEL, C1), bidi controls, characters that do not show (blanks
 * and joiners without width, tags) and invalid bytes become \xHH or \u{HHHH}.
 */
enum kura_rc kura_text_escape(const char *s, size_t n, struct kura_buf *out,
                              struct kura_err *err);

/* memcmp order, the shorter first; and the same after folding A-Z. */
int kura_text_cmp(const char *a, size_t na, const char *b, size_t nb);
int kura_text_casecmp(const char *a, size_t na, const char *b, size_t nb);

#endif
