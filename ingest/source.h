/* source.h - which source a file is, and where to go on with it.
 *
 * A source is known by the SHA-256 of its first min(4 KiB, size) bytes after
 * decompression together with that length.  A file that begins like a known
 * source is that source when the bytes that were consumed of it are the same:
 * proven by digest, or, for a file that is shorter than what was consumed, by
 * rebuilding the source's beginning from the warehouse.  Else it is a new
 * source. */
#ifndef KURA_INGEST_SOURCE_H
#define KURA_INGEST_SOURCE_H

#include "ingest/load.h"
#include "ingest/pipeline.h"

struct kura_source;

/* Opens a file, archive or "-"; borrows everything given. */
enum kura_rc kura_source_open(struct kura_warehouse *w,
                              const struct kura_formats *formats,
                              const char *path,
                              const struct kura_load_options *o,
                              struct kura_source **out, struct kura_err *err);
void kura_source_close(struct kura_source *s); /* NULL ok */

/* Goes to the next member; following, to the file that took the place of the
 * one that was rotated away. */
enum kura_rc kura_source_next(struct kura_source *s, bool *more,
                              struct kura_err *err);
/* After an error: there may be further members. */
bool kura_source_can_go_on(const struct kura_source *s);

/* Finds or registers the source, locks it until the next one or close (an error
 * of KURA_EBUSY when another process loads it) and positions the input after
 * what was consumed.  *entry belongs to s; NULL: there is nothing to load, *why says
 * so.  *format is NULL when no format takes the first lines. */
enum kura_rc kura_source_identify(struct kura_source *s,
                                  struct kura_source_entry **entry,
                                  const struct kura_format **format,
                                  const char **why, struct kura_err *err);

/* How it is called: its name in the warehouse once identified. */
const char *kura_source_name(const struct kura_source *s);

/* After identify: what a pipeline needs to go on. */
void kura_source_position(const struct kura_source *s,
                          struct kura_pipeline_start *start);
/* A run over it did not finish: rows may be held beyond the mark. */
bool kura_source_was_cut(const struct kura_source *s);
/* After identify: a source of the same beginning that differs further on, NULL
 * when there is none; under which other name this one grew, NULL: under its
 * own; whether its file may hold others. */
const char *kura_source_twin(const struct kura_source *s);
const char *kura_source_grown(const struct kura_source *s);
bool kura_source_is_container(const struct kura_source *s);
/* Following: the path now names another file. */
bool kura_source_was_rotated(const struct kura_source *s);

#endif
