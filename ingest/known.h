/* known.h - Windows records that are held already.
 *
 * Exports overlap, a file grows, a forwarded event also stands on the machine
 * that wrote it: a record is one event whatever file it came in, known by
 * Computer, Channel (both in any case), EventRecordID and time.  Records
 * without one of these are not compared.
 *
 * A block of records is compared, exactly, with
 *   - the rows of all partitions of their days, by decoding those segments
 * whose times and record numbers overlap the block's;
 *   - the records since the last commit, which no partition shows yet.
 * So memory is bounded by a block, a few segments and what one commit holds,
 * however long the log is; and a log that does not overlap reads no segment.
 *
 * Two loaders at once would miss each other's records: from the first block
 * after a commit until the next commit a loader holds a lock of the warehouse,
 * and another one waits. */
#ifndef KURA_INGEST_KNOWN_H
#define KURA_INGEST_KNOWN_H

#include "ingest/pipeline.h"
#include "store/warehouse.h"

#include <signal.h>

struct kura_known;

enum kura_rc kura_known_new(struct kura_warehouse *w,
                            const volatile sig_atomic_t *stop,
                            struct kura_known **out, struct kura_err *err);
void kura_known_free(struct kura_known *k); /* NULL ok */

enum kura_knowledge {
    KURA_KNOWN_NEW,
    KURA_KNOWN_COPY,
    KURA_KNOWN_ITSELF /* a run that was cut short committed this very record */
};

/* Compares the records of a block of that source; KURA_ESTOPPED when stopped
 * while it waited for another loader. */
enum kura_rc kura_known_block(struct kura_known *k, const struct kura_block *b,
                              const char *source, struct kura_err *err);
/* What the i-th record of that block is. */
enum kura_knowledge kura_known_at(const struct kura_known *k, size_t i);

/* Everything that was compared is committed, or was given up. */
void kura_known_end(struct kura_known *k);

/* The day of a partition of which no copy is at hand, so that records of it
 * could not be compared, since the last call; false: none. */
bool kura_known_missing(struct kura_known *k, int64_t *day);

#endif
