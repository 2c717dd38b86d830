/* schema.h - the tables and their columns, read from sql/tables/.
 *
 * Each file holds one CREATE TABLE in a restricted form, one column a line:
 *     name TYPE [COLLATE NOCASE] [AS (function(column))], -- what it means
 * TYPE is TEXT or INTEGER.  A column with AS is computed when it is read and
 * never stored.  sql/tables/common.sql holds the columns of every table: its
 * first two (time, ts) come first, then the table's own, then its others.
 *
 * Stored columns are those without AS.  `shape` (stored, a blob dictionary)
 * is not part of these lists: see shape.h.
 *
 * Loaded once at start (kura_schema_load), immutable and shared after that. */
#ifndef KURA_STORE_SCHEMA_H
#define KURA_STORE_SCHEMA_H

#include "base/err.h"

#include <stdbool.h>

enum kura_type { KURA_INTEGER, KURA_TEXT };

struct kura_column {
    const char *name;
    enum kura_type type;
    bool nocase;
    const char *function; /* computed: its function, else NULL */
    int argument;         /* computed: the column it is computed from */
    const char *about;    /* the comment */
};

struct kura_schema {
    const char *name;  /* "proxy" */
    const char *about; /* the comment above CREATE TABLE */
    const struct kura_column *columns;
    int count;
};

/* Reads the embedded definitions; a second call does nothing. */
enum kura_rc kura_schema_load(struct kura_err *err);

int kura_schema_count(void);
const struct kura_schema *kura_schema_at(int i);
const struct kura_schema *kura_schema_find(const char *name); /* or NULL */
/* Index into columns, or -1. */
int kura_schema_column(const struct kura_schema *s, const char *name);

#endif
