/* partition.h - reading a partition: segments, chunks, dictionaries.
 *
 * A handle sees one consistent state of its partition (a read transaction that
 * lasts until close).  It belongs to one thread.  Every length and id that
 * comes from the file is checked: damage is KURA_ECORRUPT, never a crash. */
#ifndef KURA_STORE_PARTITION_H
#define KURA_STORE_PARTITION_H

#include "base/buf.h"
#include "base/err.h"
#include "store/location.h"
#include "store/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_partition;

struct kura_segment {
    int64_t id; /* from 0, in order of storage */
    uint32_t rows;
    int64_t first_ts, last_ts; /* smallest and largest ts in it */
};

/* A plain database at `path`; and any partition, wherever it lies. */
enum kura_rc kura_partition_open(const char *path, struct kura_partition **out,
                                 struct kura_err *err);
enum kura_rc kura_partition_open_at(const struct kura_location *at,
                                    struct kura_partition **out,
                                    struct kura_err *err);
void kura_partition_close(struct kura_partition *p); /* NULL ok */

const char *kura_partition_id(const struct kura_partition *p);
const struct kura_schema *kura_partition_schema(const struct kura_partition *p);
/* Days since 1970, UTC. */
int64_t kura_partition_day(const struct kura_partition *p);
/* The ids that it stands for, separated by blanks; "" for none. */
const char *kura_partition_replaces(const struct kura_partition *p);
/* It has exactly the stored columns that its table has now: only such a one can
 * take more rows. */
bool kura_partition_is_current(const struct kura_partition *p);
/* Its dictionaries are in the order of kura_text_order (writer.h). */
bool kura_partition_is_sealed(const struct kura_partition *p);
int64_t kura_partition_rows(const struct kura_partition *p);
size_t kura_partition_segments(const struct kura_partition *p);
const struct kura_segment *kura_partition_segment(
    const struct kura_partition *p, size_t i);

/* What a column's chunk of one segment holds, without reading its data. */
struct kura_chunk_info {
    bool present;      /* false: every row is NULL */
    int64_t low, high; /* smallest and largest stored value (ids for text) */
};

/* `column` is an index in the schema or KURA_COLUMN_SHAPE; a column that the
 * partition does not have is all NULL. */
#define KURA_COLUMN_SHAPE (-1)
enum kura_rc kura_partition_chunk_info(struct kura_partition *p, int column,
                                       size_t segment,
                                       struct kura_chunk_info *out,
                                       struct kura_err *err);

/* Decodes one chunk into arrays of at least `rows` entries of the segment.
 * Text: ids, 0 is NULL.  Integers: values, and null[i] = 1 where NULL (the
 * value is then 0). */
enum kura_rc kura_partition_ids(struct kura_partition *p, int column,
                                size_t segment, uint32_t *ids,
                                struct kura_err *err);
enum kura_rc kura_partition_integers(struct kura_partition *p, int column,
                                     size_t segment, int64_t *values,
                                     uint8_t *null, struct kura_err *err);

/* Entries of a text column's dictionary; ids are 1..size. */
uint32_t kura_partition_dict_size(struct kura_partition *p, int column);
/* The text of an id; read as needed and kept until close.  A column asked for
 * many ids is read whole. */
enum kura_rc kura_partition_text(struct kura_partition *p, int column,
                                 uint32_t id, const char **text, size_t *size,
                                 struct kura_err *err);
/* Reads a whole dictionary now: kura_partition_text is then a table look-up. */
enum kura_rc kura_partition_dict_load(struct kura_partition *p, int column,
                                      struct kura_err *err);
/* The id of exactly this text, 0 when it is not there. */
enum kura_rc kura_partition_find(struct kura_partition *p, int column,
                                 const char *text, size_t size, uint32_t *id,
                                 struct kura_err *err);

/* Appends the line of a row, byte for byte (the column raw). */
enum kura_rc kura_partition_raw(struct kura_partition *p, size_t segment,
                                uint32_t row, struct kura_buf *out,
                                struct kura_err *err);

/* What the partition says about its sources. */
struct kura_partition_source {
    const char *key, *name;
    int64_t held_bytes, held_lines;
    const char *held_sha256;
    int64_t rows, bytes;       /* rows of it here, and size of their lines */
    int64_t first_ts, last_ts; /* of those rows */
};
size_t kura_partition_sources(const struct kura_partition *p);
const struct kura_partition_source *kura_partition_source(
    const struct kura_partition *p, size_t i);

#endif
