/* engine_internal.h - what the engine lends to the tables of its connection:
 * the snapshot of the catalog, open partitions, counters, the stop sign.
 * Only query/engine.c, scan.c, rollup.c, ioc_match.c, timeline.c and
 * the tables include it. */
#ifndef KURA_QUERY_ENGINE_INTERNAL_H
#define KURA_QUERY_ENGINE_INTERNAL_H

#include "query/engine.h"
#include "query/functions.h"
#include "query/pushdown.h"
#include "store/partition.h"

/* A cursor enters when it opens and leaves when it closes.  The first one in
 * takes the snapshot, the last one out drops it with every open partition: a
 * statement sees one state, the next one sees what was loaded since. */
enum kura_rc kura_engine_enter(struct kura_engine *e, struct kura_err *err);
void kura_engine_leave(struct kura_engine *e);

/* The partitions of the snapshot, of all tables, by day; then the sightings of
 * each that has some, as partitions of the table sighting. */
size_t kura_engine_count(const struct kura_engine *e);
const struct kura_partition_entry *
kura_engine_entry(const struct kura_engine *e, size_t i);

/* A scan reads the table within this span. */
void kura_engine_note(struct kura_engine *e, const struct kura_schema *s,
                      struct kura_span span);

/* Opens partition i, or finds it open, and keeps it open until unpin.  Only its
 * first *rows rows are part of the snapshot.  *out is NULL when it cannot be
 * read: coverage then says why. */
enum kura_rc kura_engine_pin(struct kura_engine *e, size_t i,
                             struct kura_partition **out, int64_t *rows,
                             struct kura_err *err);
void kura_engine_unpin(struct kura_engine *e, size_t i);
/* Partition i can be read, and nothing changes it: another thread may read it
 * with a handle of its own. */
bool kura_engine_is_apart(const struct kura_engine *e, size_t i);
enum kura_rc kura_engine_open_apart(struct kura_engine *e, size_t i,
                                    struct kura_partition **out,
                                    struct kura_err *err);
/* Reading partition i failed with this: true when the partition is at fault and
 * is left out from now on. */
bool kura_engine_lose(struct kura_engine *e, size_t i, enum kura_rc rc);

/* KURA_ESTOPPED when the user or the clock says so. */
enum kura_rc kura_engine_check(const struct kura_engine *e,
                               struct kura_err *err);

const struct kura_zone *kura_engine_zone(const struct kura_engine *e);
const struct kura_function_place *kura_engine_place(const struct kura_engine *e);
/* What the options leave of a table. */
struct kura_span kura_engine_span(const struct kura_engine *e,
                                  const struct kura_schema *s);
struct kura_scan_stats *kura_engine_tally(struct kura_engine *e);
/* About how much a table holds, as of the newest snapshot. */
void kura_engine_guess(const struct kura_engine *e, const struct kura_schema *s,
                       int64_t *rows, int64_t *partitions);

#endif
