/* pushdown.h - constraints of SQLite as predicates over values.
 *
 * SQLite rechecks every row (omit is always 0), so a predicate may pass rows
 * that SQLite drops but must never drop one that SQLite keeps.  Where the type
 * of a bound makes SQLite convert (a text against an integer column, a number
 * against a text column) nothing is pruned.  Predicates copy their operands,
 * are immutable after that but for tests (functions.h), and know nothing of
 * partitions: the table asks them once per dictionary entry, or per integer. */
#ifndef KURA_QUERY_PUSHDOWN_H
#define KURA_QUERY_PUSHDOWN_H

#include "base/clock.h"
#include "base/err.h"
#include "query/functions.h"
#include "store/lookup.h"
#include "store/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The letters of idxStr (docs/architecture.md); a test of functions.h is
 * KURA_OP_TEST plus its index. */
enum kura_op {
    KURA_OP_EQ = '=',
    KURA_OP_NE = '!',
    KURA_OP_LT = '<',
    KURA_OP_LE = '{',
    KURA_OP_GT = '>',
    KURA_OP_GE = '}',
    KURA_OP_IN = 'I',
    KURA_OP_LIKE = 'L',
    KURA_OP_GLOB = 'G',
    KURA_OP_REGEXP = 'R',
    KURA_OP_ISNULL = '0',
    KURA_OP_NOTNULL = '1',
    KURA_OP_IS = 'S',
    KURA_OP_ISNOT = 'N',
    KURA_OP_TEST = 'a'
};

enum kura_operand_kind {
    KURA_OPERAND_NULL,
    KURA_OPERAND_INTEGER,
    KURA_OPERAND_REAL,
    KURA_OPERAND_TEXT,
    KURA_OPERAND_OTHER
};
struct kura_operand {
    enum kura_operand_kind kind;
    int64_t integer;
    double real;
    const char *text;
    size_t size;
};

struct kura_predicate;

/* Makes the predicate `<column of this type> op v`; n is 1 but for IN (any
 * number) and IS [NOT] NULL (0).  nocase: the collation of the comparison is
 * NOCASE, else BINARY; others must not be given.  *out is NULL when nothing
 * can be pruned. */
enum kura_rc kura_predicate_new(enum kura_type type, enum kura_op op,
                                bool nocase, const struct kura_operand *v,
                                size_t n, struct kura_predicate **out,
                                struct kura_err *err);
void kura_predicate_free(struct kura_predicate *p); /* NULL ok */

/* No value and no NULL passes. */
bool kura_predicate_is_none(const struct kura_predicate *p);
/* A NULL passes. */
bool kura_predicate_null(const struct kura_predicate *p);
/* Rough work per value, to order predicates. */
int kura_predicate_cost(const struct kura_predicate *p);
/* KURA_INTEGER: the value passes; some value in low..high might. */
bool kura_predicate_integer(const struct kura_predicate *p, int64_t v);
bool kura_predicate_reaches(const struct kura_predicate *p, int64_t low,
                            int64_t high);
/* KURA_TEXT: the text passes. */
enum kura_rc kura_predicate_text(struct kura_predicate *p, const char *s,
                                 size_t n, bool *pass, struct kura_err *err);

/* In the order of NOCASE, every text that passes lies in one of these ranges;
 * `exact`: every text of the range passes.  They may overlap.  None (count 0):
 * it may lie anywhere.  Places point into the predicate. */
struct kura_text_range {
    struct kura_place from, to;
    bool exact;
};
size_t kura_predicate_ranges(const struct kura_predicate *p);
void kura_predicate_range(const struct kura_predicate *p, size_t i,
                          struct kura_text_range *out);

/* Instants, both ends included; empty when low > high. */
struct kura_span {
    int64_t low, high;
};
/* Narrow a span by `ts op v`, `time op v` (the text of kura_time_format) and
 * `day op v` (a date in the zone, NULL: UTC); EQ, IS and the four inequalities, other
 * operators leave it. */
void kura_span_ts(struct kura_span *s, enum kura_op op,
                  const struct kura_operand *v);
void kura_span_time(struct kura_span *s, enum kura_op op, bool nocase,
                    const struct kura_operand *v);
void kura_span_day(struct kura_span *s, const struct kura_zone *zone,
                   enum kura_op op, bool nocase, const struct kura_operand *v);

#endif
