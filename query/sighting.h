/* sighting.h - the partitions behind the table `sighting`.
 *
 * A sealed partition has its sightings in a file that outlives it.  Those of a
 * partition that has no such file, since it is open or the file is gone, are
 * made from the partition when they are first read, in a file without a name
 * under $TMPDIR.  Only query/engine.c includes this. */
#ifndef KURA_QUERY_SIGHTING_H
#define KURA_QUERY_SIGHTING_H

#include "base/err.h"
#include "store/partition.h"
#include "store/warehouse.h"

#include <stdbool.h>
#include <stddef.h>

struct kura_sighting_of {
    struct kura_copy copy; /* paths belong to the list */
    char id[33];           /* of the partition */
    bool live;             /* copy is the partition's: to be made of it */
};
struct kura_sightings {
    struct kura_sighting_of *list;
};

/* Adds an entry and copy (NULL: cannot be read) behind the first n of both
 * arrays, which have room for 2 n, for each of those that has sightings. */
enum kura_rc kura_sightings_add(struct kura_sightings *s,
                                struct kura_partition_entry *entries,
                                const struct kura_copy **copies, size_t n,
                                size_t *count, struct kura_err *err);
void kura_sightings_release(struct kura_sightings *s); /* zeroed ok */

/* Opens, and if need be makes, those added as number i from 0. */
enum kura_rc kura_sightings_open(const struct kura_sightings *s, size_t i,
                                 struct kura_partition **out,
                                 struct kura_err *err);
bool kura_sightings_is_live(const struct kura_sightings *s, size_t i);

#endif
