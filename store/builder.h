/* builder.h - the one writer of an open partition.
 *
 * Rows are appended to column vectors in memory; a full segment (65,535 rows)
 * is encoded into chunks and handed to SQLite; kura_builder_commit makes all
 * rows so far durable in one transaction: dictionaries, chunks, and for each
 * source how far it is held.  A last segment that is not full is rewritten
 * until it is.  Rows that were not committed do not exist after a crash.
 *
 * One builder per partition, guarded by a lock of the warehouse; one thread.
 * Text given to append is copied. */
#ifndef KURA_STORE_BUILDER_H
#define KURA_STORE_BUILDER_H

#include "base/err.h"
#include "store/retention.h"
#include "store/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KURA_SEGMENT_ROWS 65536
/* What is written: one row less, so that 65,535 line numbers in a row and the
 * NULL that every chunk keeps room for fit into two planes. */
#define KURA_SEGMENT_FILL (KURA_SEGMENT_ROWS - 1)
/* A partition is full at either: then its day goes on in another one. */
#define KURA_PARTITION_ROWS_MAX KURA_SEAL_ROWS
#define KURA_PARTITION_DICT_MAX (64u << 20) /* bytes of all dictionaries */

struct kura_builder;

/* A value of a row.  Columns that no cell names are NULL. */
struct kura_cell {
    int column;       /* index in the schema, or KURA_CELL_SHAPE */
    uint32_t size;    /* of text, bytes */
    const char *text; /* TEXT and the shape; NULL for INTEGER */
    int64_t number;   /* INTEGER */
};
#define KURA_CELL_SHAPE (-1)

/* How far a source is held by the rows of a partition. */
struct kura_held {
    const char *key;  /* the source's key (catalog.h) */
    const char *name; /* its label: the value of column `source` */
    int64_t bytes;    /* everything below this offset is held */
    int64_t lines;    /* and this many lines lie below it */
    char sha256[65];  /* digest of those bytes; "" when not known */
};

/* Makes a new, empty, durable partition file; the file must not exist. */
enum kura_rc kura_builder_create(const char *path, const struct kura_schema *s,
                                 int64_t day, const char *id,
                                 struct kura_builder **out,
                                 struct kura_err *err);
/* Writes into a new partition that it stands for the one with this id. */
enum kura_rc kura_builder_set_replaces(struct kura_builder *b, const char *id,
                                       struct kura_err *err);
/* Goes on with an open partition; KURA_EINPUT when it was made for another
 * definition of its table (a column more or less). */
enum kura_rc kura_builder_open(const char *path, struct kura_builder **out,
                               struct kura_err *err);
/* Closes without committing; NULL ok. */
void kura_builder_close(struct kura_builder *b);

const char *kura_builder_id(const struct kura_builder *b);
const char *kura_builder_path(const struct kura_builder *b);
int64_t kura_builder_day(const struct kura_builder *b);
const struct kura_schema *kura_builder_schema(const struct kura_builder *b);
int64_t kura_builder_rows(const struct kura_builder *b);
bool kura_builder_is_full(const struct kura_builder *b);
bool kura_builder_is_dirty(const struct kura_builder *b); /* uncommitted rows */
size_t kura_builder_memory(const struct kura_builder *b); /* bytes, about */

/* raw_bytes is the size of the line that the row was made of. */
enum kura_rc kura_builder_append(struct kura_builder *b, int64_t ts,
                                 const struct kura_cell *cells, size_t count,
                                 size_t raw_bytes, struct kura_err *err);

/* Commits with synchronous=FULL, and with it how far `count` sources are held.
 * A mark only ever grows. */
enum kura_rc kura_builder_commit(struct kura_builder *b,
                                 const struct kura_held *held, size_t count,
                                 struct kura_err *err);

#endif
