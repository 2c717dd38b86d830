/* writer.h - writes a partition that is complete when it is made: column after
 * column, as a sealed one is laid out (docs/format.md, "Sealed").
 *
 * The caller gives rows in their final order and dictionaries in their final
 * order (kura_text_order), so that ids are ranks.  The file is a plain database
 * with 64 KiB pages, journal mode off, and never synced: pack it (seekable.h)
 * and throw it away. */
#ifndef KURA_STORE_WRITER_H
#define KURA_STORE_WRITER_H

#include "base/err.h"
#include "store/partition.h"
#include "store/schema.h"

#include <stddef.h>
#include <stdint.h>

struct kura_writer;

struct kura_writer_head {
    const struct kura_schema *schema;
    const char *id;       /* 32 hex digits */
    const char *replaces; /* ids, separated by blanks; "" for none */
    const char *of;       /* sightings: the id of their partition; else "" */
    int64_t day;
    uint32_t rows;
    const int64_t *ts; /* of each row, ascending: makes the segments */
};

/* The order of dictionary texts: SQLite's NOCASE, then byte by byte; shapes
 * byte by byte.  Like memcmp. */
int kura_text_order(const char *a, size_t an, const char *b, size_t bn);

enum kura_rc kura_writer_open(const char *path,
                              const struct kura_writer_head *head,
                              struct kura_writer **out, struct kura_err *err);
/* A text column, or KURA_COLUMN_SHAPE: `count` distinct texts in order, and per
 * row an id (0 NULL, 1..count).  Columns are given in any order, each once;
 * one that is not given is all NULL. */
struct kura_text {
    const char *text;
    size_t size;
};
enum kura_rc kura_writer_texts(struct kura_writer *w, int column,
                               const struct kura_text *texts, uint32_t count,
                               const uint32_t *ids, struct kura_err *err);
enum kura_rc kura_writer_integers(struct kura_writer *w, int column,
                                  const int64_t *values, const uint8_t *null,
                                  struct kura_err *err);
enum kura_rc kura_writer_source(struct kura_writer *w,
                                const struct kura_partition_source *s,
                                struct kura_err *err);
/* Writes the view and closes; after KURA_OK the file is complete.  Frees w in
 * any case; after an error the file is gone. */
enum kura_rc kura_writer_close(struct kura_writer *w, struct kura_err *err);
void kura_writer_abort(struct kura_writer *w); /* NULL ok; removes the file */

#endif
