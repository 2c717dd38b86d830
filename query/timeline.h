/* timeline.h - everything known about one entity, a host, an account or an
 * address, in the order of time.
 *
 * Sightings tell on which days, in which tables and columns the entity was seen
 * at all: only those days are opened, one after the other, and a day on which
 * it was seen very often an hour or a minute at a time.  What a table has to
 * say of an event stands in sql/timeline/<table>.sql; findings and indicators
 * that name the entity stand among the events.  Columns that may hold it are
 * the observable ones of a fitting kind (schema.h).
 *
 * Memory: the rows of one slice of time, whatever the range.  All slices see
 * one snapshot of the catalog.  One thread. */
#ifndef KURA_QUERY_TIMELINE_H
#define KURA_QUERY_TIMELINE_H

#include "base/clock.h"
#include "base/err.h"
#include "query/coverage.h"
#include "query/engine.h"
#include "store/sqlite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum kura_entity { KURA_ENTITY_HOST, KURA_ENTITY_USER, KURA_ENTITY_ADDRESS };
const char *kura_entity_word(enum kura_entity kind); /* "host" ... */

struct kura_timeline_ask {
    sqlite3 *db; /* has the tables of the engine and those of case.db */
    struct kura_engine *engine;   /* its range holds whole UTC days */
    const struct kura_zone *zone; /* of the site */
    enum kura_entity kind;
    const char *value;
    bool under;             /* names below the host as well */
    int64_t from_us, to_us; /* half-open */
    bool archived;          /* as the engine's */
    const char *table;      /* only this one, or "finding", "indicator" */
    bool fold;              /* what is the same within an hour is one row */
    bool machine;           /* for programs: the line and its fields as well */
    int64_t limit;          /* rows, 0: all */
};

/* A column in which it was seen. */
struct kura_timeline_seen {
    const struct kura_schema *schema;
    int column;
    int64_t first_ts, last_ts; /* within whole UTC days */
    int64_t events, days;
};
/* Partitions in which it was seen and that cannot be read now. */
struct kura_timeline_away {
    const struct kura_schema *schema;
    enum kura_covered how;
    char *where; /* volume, "" */
    int64_t first_day, last_day;
    int64_t events, days; /* events: at most, one may be in several columns */
};

struct kura_timeline;
/* Looks the sightings up.  value and table are borrowed.  KURA_EUSAGE: the
 * table is none, or has no column for such an entity. */
enum kura_rc kura_timeline_open(const struct kura_timeline_ask *ask,
                                struct kura_timeline **out,
                                struct kura_err *err);
/* No more rows: the engine's coverage tells from then on which days were
 * searched, up to the last one that was gone through. */
void kura_timeline_finish(struct kura_timeline *t);
void kura_timeline_close(struct kura_timeline *t); /* NULL ok */

/* A statement that has the columns and no row. */
sqlite3_stmt *kura_timeline_columns(struct kura_timeline *t);
/* The next row: of *stmt, which lives until the next call. */
enum kura_rc kura_timeline_step(void *timeline, sqlite3_stmt **stmt, bool *more,
                                struct kura_err *err);
/* Whether rows were left out because of the limit, and the UTC day from which
 * on. */
bool kura_timeline_is_cut(const struct kura_timeline *t, int64_t *day);

size_t kura_timeline_seen(const struct kura_timeline *t,
                          const struct kura_timeline_seen **out);
size_t kura_timeline_away(const struct kura_timeline *t,
                          const struct kura_timeline_away **out);

#endif
