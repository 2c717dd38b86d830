/* json.h - writing JSON. */
#ifndef KURA_BASE_JSON_H
#define KURA_BASE_JSON_H

#include "base/buf.h"

#include <stddef.h>

/* Appends s as a JSON string: valid UTF-8 whatever s is (an invalid byte becomes
 * U+FFFD), with everything escaped that a terminal would obey or that hides
 * text: C0, DEL, C1, bidi controls, line separators. */
enum kura_rc kura_json_text(const char *s, size_t n, struct kura_buf *out,
                            struct kura_err *err);

#endif
