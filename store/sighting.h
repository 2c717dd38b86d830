/* sighting.h - the distinct values of a partition's observable columns.
 *
 * A sightings partition is of the table `sighting` (sql/tables/sighting.sql),
 * one row per observable column and value of one log partition: first and last
 * time, number of rows, number of distinct clients.  Values are told apart byte
 * by byte, clients as SQL does it (NOCASE); NULL and '' are no sightings. Which
 * columns are observable, and which one names the client, is marked in
 * sql/tables/ (schema.h); of the computed ones only registered_domain can be.
 *
 * It is made from the whole partition at once, sealed or open.  Memory: the
 * dictionaries of the observable columns (bounded by KURA_PARTITION_DICT_MAX an
 * input), 48 bytes a sighting, 4 a row. */
#ifndef KURA_STORE_SIGHTING_H
#define KURA_STORE_SIGHTING_H

#include "base/err.h"
#include "store/partition.h"
#include "store/seekable.h"

/* Whether partitions of this table have sightings at all. */
bool kura_sighting_has(const struct kura_schema *s);

/* Writes the sightings of p as a plain partition file `to`, which must not
 * exist.  Its id is new and random; meta key `of` and the column `partition`
 * hold the id of p. */
enum kura_rc kura_sighting_write(struct kura_partition *p, const char *to,
                                 struct kura_err *err);
/* The same packed, synced and published under `to` (.db.zst); id gets its id.
 * Killed at any point it leaves at most `<to>.plain` and `<to>.tmp`, which the
 * next call on the same name removes. */
enum kura_rc kura_sighting_seal(struct kura_partition *p, const char *to,
                                char id[33], struct kura_packed *out,
                                struct kura_err *err);

#endif
