/* slots.h - the open builders of a load, one for each table and day in use.
 *
 * A source's lines come in order; each goes to the builder of its table and
 * day.  Bounds: KURA_SLOTS_MAX builders (fewer where the process may not open so
 * many files) and KURA_SLOTS_MEMORY bytes; over either the least used is
 * committed and closed.  A builder that is full is
 * committed and the next partition of that day begun.
 *
 * Invariant: a commit of a builder says that it holds the source up to the
 * line that is being placed, and all lines below that were placed. */
#ifndef KURA_INGEST_SLOTS_H
#define KURA_INGEST_SLOTS_H

#include "store/warehouse.h"

#include <signal.h>

/* More than a year of days: each change of builders costs a commit. */
#define KURA_SLOTS_MAX 400
#define KURA_SLOTS_MEMORY ((size_t)128 << 20)

struct kura_slots;

enum kura_rc kura_slots_new(struct kura_warehouse *w, struct kura_slots **out,
                            struct kura_err *err);
/* Closes everything; what is not committed is lost.  NULL ok. */
void kura_slots_free(struct kura_slots *s);

/* Once *stop is set, whatever commits returns KURA_ESTOPPED when it takes too
 * long. */
void kura_slots_obey(struct kura_slots *s, const volatile sig_atomic_t *stop);

/* Begins a source, which is borrowed until the next begin.  was_cut: a run
 * over it was cut short, so lines may be held beyond its mark. */
void kura_slots_source(struct kura_slots *s,
                       const struct kura_source_entry *source, bool was_cut);

/* Begins a retry of rejects of that source: `offset` counts rejects and is
 * held under `marker`, the source itself keeps its marks. */
void kura_slots_retry(struct kura_slots *s,
                      const struct kura_source_entry *source,
                      const char *marker);

/* The builder for a line at `offset`; *held when the table and day hold that
 * line already (then *out is untouched). */
enum kura_rc kura_slots_get(struct kura_slots *s,
                            const struct kura_schema *table, int64_t day,
                            int64_t offset, struct kura_builder **out,
                            bool *held, struct kura_err *err);

/* Every line below source->bytes was placed; gives memory back. */
enum kura_rc kura_slots_placed(struct kura_slots *s, struct kura_err *err);

/* Only the lines below `offset` were placed: loading stops in between. */
void kura_slots_stop_at(struct kura_slots *s, int64_t offset);

/* Commits all that is dirty. */
enum kura_rc kura_slots_commit(struct kura_slots *s, struct kura_err *err);

/* Closes all builders without committing. */
void kura_slots_abandon(struct kura_slots *s);

#endif
