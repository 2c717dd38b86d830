/* functions_internal.h - what the files functions*.c share with each other;
 * nobody else includes it. */
#ifndef KURA_QUERY_FUNCTIONS_INTERNAL_H
#define KURA_QUERY_FUNCTIONS_INTERNAL_H

#include "base/host.h"
#include "query/functions.h"

#include <stddef.h>
#include <stdint.h>

/* No text that a function makes is longer. */
#define KURA_FUNCTION_TEXT (16u * 1024 * 1024)

/* The functions of one text; NULL at the end. */
const struct kura_text_function *kura_text_function_at(int i);

/* "regexp" said exactly: 1, 0, or -1 when the match limit was reached. */
int kura_text_test_regexp(struct kura_text_test *t, const char *s, size_t n);

/* Counts what kura_regex_match says: -1. */
void kura_text_note(int answer);

/* Reports an error of ours as the result of a SQL function. */
void kura_function_fail(sqlite3_context *ctx, enum kura_rc rc,
                        const struct kura_err *err);

/* Adds median and mad. */
int kura_functions_add_aggregates(sqlite3 *db);

#endif
