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

/* The functions of one text, all of them; NULL at the end. */
const struct kura_text_function *kura_text_function_at(int i);

/* The same by subject; a name of NULL ends each. */
extern const struct kura_text_function kura_functions_host[];
extern const struct kura_text_function kura_functions_url[];
extern const struct kura_text_function kura_functions_name[];
extern const struct kura_text_function kura_functions_site[];
extern const struct kura_text_function kura_functions_account[];

/* ASCII only, whatever the locale. */
char kura_ascii_lower(char c);
bool kura_ascii_is_digit(char c);
bool kura_ascii_is_alnum(char c);
enum kura_rc kura_append_lower(const char *s, size_t n, struct kura_buf *out,
                               struct kura_err *err);
/* Whether s[0..n), folded, is one of the words of a list that NULL ends. */
bool kura_word_in(const char *const *list, const char *s, size_t n);

/* Of an argument: its bytes; NULL when it is NULL or memory is gone. */
const char *kura_arg_text(sqlite3_value *v, size_t *n);
/* An instant within the years 0000 to 9999, so that nothing overflows. */
bool kura_arg_instant(sqlite3_value *v, int64_t *us);

/* "regexp" said exactly: 1, 0, or -1 when the match limit was reached. */
int kura_text_test_regexp(struct kura_text_test *t, const char *s, size_t n);

/* Counts what kura_regex_match says: -1. */
void kura_text_note(int answer);

/* Reports an error of ours as the result of a SQL function. */
void kura_function_fail(sqlite3_context *ctx, enum kura_rc rc,
                        const struct kura_err *err);

/* Adds median, mad and quantile. */
int kura_functions_add_aggregates(sqlite3 *db);
/* An instant in microseconds, moved into the years 0 to 9999, so that nothing
 * overflows; false when it is no number. */
bool kura_arg_instant(sqlite3_value *v, int64_t *us);

/* Adds beacon_score and beacon_rita. */
int kura_functions_add_beacon(sqlite3 *db);
/* Adds what compares two texts: edit_distance, lookalike, type_mismatch. */
int kura_functions_add_pairs(sqlite3 *db);

/* Adds ioc. */
int kura_functions_add_ioc(sqlite3 *db,
                           const struct kura_function_place *place);

/* Adds business_hours, in_maintenance and admin_host. */
int kura_functions_add_site(sqlite3 *db,
                            const struct kura_function_place *place);

#endif
