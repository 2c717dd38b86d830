/* place.h - where the partitions are now, for people who ask what lies where.
 */
#ifndef KURA_CLI_PLACE_H
#define KURA_CLI_PLACE_H

#include "base/err.h"
#include "store/sqlite.h"
#include "store/warehouse.h"

#include <stddef.h>

struct kura_places {
    struct kura_partition_entry *list; /* by id */
    size_t count;
};

enum kura_rc kura_places_open(struct kura_warehouse *w, struct kura_places *out,
                              struct kura_err *err);
void kura_places_release(struct kura_places *p); /* zeroed ok */

/* Adds place(id): "online", "restored L1", "archived 2025Q1/proxy-2025-01.tar",
 * "expired", "missing".  p is borrowed and outlives db. */
enum kura_rc kura_places_register(sqlite3 *db, struct kura_places *p,
                                  struct kura_err *err);

#endif
