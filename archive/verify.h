/* verify.h - is what the catalog knows there, and is it whole?
 *
 * Catalog against disk, both ways; with `share` also the bytes: digest,
 * SQLite's own check, every chunk and dictionary, sources, volumes with their
 * members, manifests and signatures.
 *
 * Nothing is changed but volume_copy.verified_at, and that only where it may be
 * written and nobody else works on the tiers: a read-only warehouse is fine.
 * Damage is a finding, not an error: a run goes on to its end, and returns an
 * error only when it cannot go on (stopped, no memory).  The readers' lock is
 * held meanwhile, so no file goes while it is looked at. */
#ifndef KURA_ARCHIVE_VERIFY_H
#define KURA_ARCHIVE_VERIFY_H

#include "archive/job.h"

#include <stddef.h>

enum kura_verify_kind {
    KURA_VERIFY_DAMAGED,
    KURA_VERIFY_MISSING,
    KURA_VERIFY_ORPHAN, /* on disk, not in the catalog */
    /* Not wrong: */
    KURA_VERIFY_LEFTOVER, /* goes with the next maintain */
    KURA_VERIFY_AWAY,     /* on a medium that is not mounted */
    KURA_VERIFY_KINDS
};
/* "damaged", "missing" ... */
const char *kura_verify_word(enum kura_verify_kind kind);
bool kura_verify_is_wrong(enum kura_verify_kind kind);

/* One thing that was found; texts live until the call returns, "" for none. */
struct kura_verify_finding {
    enum kura_verify_kind kind;
    const char *place; /* online, restored, sighting, volume, member, catalog,
                          case, file */
    const char *path;
    const struct kura_schema *schema; /* NULL: of no table */
    int64_t first_day, last_day;      /* UTC; only with a schema */
    int64_t rows;                     /* of the log; only with a schema */
    const char *volume, *member;
    const char *reason;  /* what is wrong */
    const char *meaning; /* what cannot be answered for it */
    const char *remedy;
};

struct kura_verify {
    /* `w` may be opened for reading only; NULL when its catalog is too damaged
     * to be opened: then only the databases are looked at.  `c` is not used. */
    const struct kura_job *job;
    const char *dir;                 /* the warehouse */
    const struct kura_schema *table; /* NULL: every one */
    int64_t first_day, last_day;     /* UTC; INT64_MIN, INT64_MAX: all */
    double share; /* of the bytes to be read again: 0 none, 1 all.  A smaller
                     one takes partitions at random and of the volumes those
                     that were not proven for the longest time. */
    void (*found)(void *arg, const struct kura_verify_finding *f);
    /* What is being read, and how much was; may be NULL. */
    void (*progress)(void *arg, const char *name, int64_t bytes, int64_t rows);
    void *arg;
};

struct kura_verify_summary {
    size_t findings[KURA_VERIFY_KINDS];
    /* What should be there, and what of it was read whole. */
    size_t partitions, sightings, copies; /* files, files, of volumes */
    size_t partitions_read, sightings_read, copies_read;
    int64_t rows_read, bytes_read;
    size_t volumes;      /* live ones of which a copy is known */
    size_t never;        /* of these, never proven since they were written */
    int64_t proven_us;   /* the oldest proof of the others; INT64_MIN: none */
    size_t unrecorded;   /* copies that were proven and could not be noted */
    struct kura_err why; /* of the last of these */
};

enum kura_rc kura_verify(const struct kura_verify *q,
                         struct kura_verify_summary *out, struct kura_err *err);

#endif
