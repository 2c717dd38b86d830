/* constraint.h - constraints of SQLite on the columns of a table, as idxStr
 * while it plans (xBestIndex) and as a span of instants and predicates when it
 * runs (xFilter).  The tables and their rollups share it.
 * docs/architecture.md describes idxStr. */
#ifndef KURA_QUERY_CONSTRAINT_H
#define KURA_QUERY_CONSTRAINT_H

#include "base/buf.h"
#include "query/pushdown.h"
#include "query/scan.h"
#include "store/schema.h"
#include "store/sqlite.h"

/* `ts`, and what is made of it: time, day. */
bool kura_constraint_is_ts(const struct kura_schema *s, int column);
bool kura_constraint_is_time(const struct kura_schema *s, int column);

struct kura_choice {
    const struct kura_schema *schema;
    struct kura_buf text; /* idxStr, so far */
    int args;             /* values that it asks for */
    double time, rows;    /* guessed shares that are left */
    int terms;
};

void kura_choice_init(struct kura_choice *p, const struct kura_schema *s);
void kura_choice_release(struct kura_choice *p);
/* Takes the usable constraint i of info, which is about this column of the
 * schema, if it narrows anything down (info then asks for its value). */
enum kura_rc kura_choice_add(struct kura_choice *p, sqlite3_index_info *info,
                             int i, int column, struct kura_err *err);

/* What idxStr and the values make. */
struct kura_filter {
    const struct kura_schema *schema;
    const struct kura_zone *zone; /* of the site */
    /* SQLite does not check ts and time again: a value that cannot be compared
     * with them exactly is an error. */
    bool exact;
    struct kura_span span;
    struct kura_term *terms; /* predicates belong to the filter until taken */
    size_t count, room;
    /* Per column: a constraint on it tells apart texts that differ only in
     * case, and SQLite must be shown each of them. */
    bool *cased;
    struct kura_operand *operands; /* of the constraint at hand */
    sqlite3_value **copies;        /* that own the texts of an IN */
    size_t noperand;
};

/* The filter is released in any case. */
enum kura_rc kura_filter_read(struct kura_filter *f,
                              const struct kura_schema *s,
                              const struct kura_zone *zone, bool exact,
                              const char *plan, int argc, sqlite3_value **argv,
                              struct kura_err *err);
/* Starts the scan, which takes the predicates over. */
enum kura_rc kura_filter_begin(struct kura_filter *f, struct kura_scan *scan,
                               struct kura_err *err);
void kura_filter_release(struct kura_filter *f);

#endif
