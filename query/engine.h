/* engine.h - SQL over a warehouse: the tables, the functions, read-only.
 *
 * kura_engine_register is what both the kura program and kura.so call: it adds
 * the eponymous tables (mail, firewall, proxy, dns, reject, sighting, their
 * rollups, site_...) and the SQL functions to a connection.  A statement sees
 * one snapshot of the catalog. */
#ifndef KURA_QUERY_ENGINE_H
#define KURA_QUERY_ENGINE_H

#include "base/err.h"
#include "query/coverage.h"
#include "query/site.h"
#include "store/sqlite.h"
#include "store/warehouse.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Counters of what statements did; see kura sql --stats. */
struct kura_scan_stats {
    int64_t partitions, partitions_opened; /* considered; opened */
    int64_t segments, segments_opened;
    int64_t rows_read;   /* rows of opened segments */
    int64_t rows_passed; /* handed to SQLite */
};

struct kura_engine;

/* Only rows with from_us <= ts < to_us exist (INT64_MIN, INT64_MAX: all).
 * archived: volumes that are at hand are read in place. */
struct kura_engine_options {
    int64_t from_us, to_us;
    bool archived;
    bool ever; /* sightings from before from_us are there all the same */
};

/* Registers on db; the engine borrows w and must outlive db. */
enum kura_rc kura_engine_register(sqlite3 *db, struct kura_warehouse *w,
                                  const struct kura_engine_options *o,
                                  struct kura_engine **out,
                                  struct kura_err *err);
void kura_engine_free(struct kura_engine *e); /* after sqlite3_close; NULL ok */
const struct kura_scan_stats *kura_engine_stats(const struct kura_engine *e);
/* As kura.yaml said when the engine was registered. */
const struct kura_site *kura_engine_site(const struct kura_engine *e);

/* What the last statement searched: of each table that it read, in the range
 * that its WHERE and the options left.  *out is released by the caller. */
enum kura_rc kura_engine_coverage(const struct kura_engine *e,
                                  struct kura_coverage *out,
                                  struct kura_err *err);
/* How many partitions turned out missing or damaged so far.  They are left out
 * from then on, so that a statement that failed at one can be run again. */
size_t kura_engine_lost(const struct kura_engine *e);

/* Refuses everything but reading on db: an authorizer, limits on memory
 * (bytes, 0 for none), and an interrupt when *stop becomes non-zero or
 * timeout_ms has passed (0: never). */
enum kura_rc kura_engine_restrict(sqlite3 *db, int64_t memory,
                                  int64_t timeout_ms,
                                  const volatile sig_atomic_t *stop,
                                  struct kura_err *err);

#endif
