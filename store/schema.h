/* schema.h - the tables and their columns, read from sql/tables/.
 *
 * Each file holds one CREATE TABLE in a restricted form, one column a line:
 *     name TYPE [COLLATE NOCASE] [AS (function(column))], -- [mark] what it is
 * TYPE is TEXT or INTEGER.  A column with AS is computed when it is read and
 * never stored.  The mark may be left out; its words are client (names who
 * acted; one a table), observable (a name, an address, an account ... whose
 * values are kept as sightings), and one kind, which tells the indicators that
 * it is matched against: host, url, email, subject, filename, hash, account or
 * useragent.
 *
 * sql/tables/common.sql holds the columns of every table of logs: its first two
 * (time, ts) come first, then the table's own, then its others.  A table that
 * has a column ts of its own is not of logs: it gets none of them, and
 * kura_schema_at does not list it.
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
    bool client, observable;
    const char *kind; /* "host" ...; NULL: no indicator is matched against it */
    const char *about; /* the comment, after the mark */
};

struct kura_schema {
    const char *name;  /* "proxy" */
    const char *about; /* the comment above CREATE TABLE */
    const struct kura_column *columns;
    int count;
    bool log;   /* has the common columns; rows are lines of logs */
    int client; /* the column that names the client, or -1 */
};

/* Reads the embedded definitions; a second call does nothing. */
enum kura_rc kura_schema_load(struct kura_err *err);

/* The tables of logs. */
int kura_schema_count(void);
const struct kura_schema *kura_schema_at(int i);
/* Any table, or NULL. */
const struct kura_schema *kura_schema_find(const char *name);
/* The table `sighting` (sighting.h). */
const struct kura_schema *kura_schema_sighting(void);
/* Index into columns, or -1. */
int kura_schema_column(const struct kura_schema *s, const char *name);

#endif
