/* load.h - sources into partitions, exactly once.
 *
 * Three threads in a row: read (decompress, hash, split into blocks of whole
 * lines), parse, build (the caller's thread: dictionaries, chunks, commits).
 * Blocks go through bounded queues, so memory is bounded whatever the input.
 *
 * Order of durability: partitions commit (each with how far it holds the
 * source), then the catalog's resume mark moves.  After a crash the same
 * command reads from the mark and passes over lines that the partition of their
 * table and day already holds.  See docs/architecture.md. */
#ifndef KURA_INGEST_LOAD_H
#define KURA_INGEST_LOAD_H

#include "base/clock.h"
#include "ingest/format.h"
#include "store/warehouse.h"

#include <signal.h>

struct kura_load_options {
    const char *format;           /* NULL: chosen by the first lines */
    const struct kura_zone *zone; /* of times without one; NULL: the site's */
    int64_t as_of_us;             /* INT64_MIN: by name, member, file */
    int64_t now_us;
    bool follow;
    const volatile sig_atomic_t *stop; /* set by a signal; NULL: never */
    /* Called now and then from the caller's thread; NULL ok. */
    void (*progress)(void *arg, const char *name, int64_t bytes, int64_t lines);
    /* Called with each line of news ("... already loaded"); NULL ok. */
    void (*notice)(void *arg, const char *text);
    /* Called for each source that could not be read to its end; NULL ok. */
    void (*failure)(void *arg, const struct kura_err *err);
    void *arg;
};

/* Why a copy of a Windows record in a text is a reject; it is not tried again. */
#define KURA_LOAD_COPY "a copy of a record that is held already"

struct kura_load_result {
    int64_t sources; /* read */
    int64_t lines, bytes; /* from their marks on */
    int64_t rows, rejects; /* new lines; one in pieces counts once */
    int64_t already; /* the others: a run that was cut short loaded them */
    int64_t copies;  /* Windows records that are held already */
    int64_t failed;  /* sources that could not be read to their end */
};

/* Loads one path: a file, a directory (all files below it, in order of names),
 * or "-".  A source that fails is reported through failure and counted; the
 * others are loaded all the same. */
enum kura_rc kura_load(struct kura_warehouse *w, const struct kura_formats *f,
                       const char *path, const struct kura_load_options *o,
                       struct kura_load_result *result, struct kura_err *err);

/* Tries every reject again (kura rejects --retry). */
enum kura_rc kura_load_retry(struct kura_warehouse *w,
                             const struct kura_formats *f,
                             const struct kura_load_options *o,
                             struct kura_load_result *result,
                             struct kura_err *err);

#endif
