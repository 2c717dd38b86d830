/* lookup.h - places in the sorted dictionary of a sealed partition. */
#ifndef KURA_STORE_LOOKUP_H
#define KURA_STORE_LOOKUP_H

#include "base/err.h"
#include "store/partition.h"

#include <stddef.h>
#include <stdint.h>

/* A place between two texts in the order of NOCASE. */
enum kura_edge {
    KURA_EDGE_FIRST,  /* before all texts */
    KURA_EDGE_BEFORE, /* before those that equal the text */
    KURA_EDGE_AFTER,  /* behind those that equal it */
    KURA_EDGE_BEYOND, /* behind those that begin with it */
    KURA_EDGE_LAST    /* behind all texts */
};
struct kura_place {
    enum kura_edge edge;
    const char *text;
    size_t size;
};

/* The first id behind the place, the size of the dictionary + 1 when there is
 * none.  Reads about log2(size) texts.  Only of a text column of a sealed
 * partition (kura_partition_is_sealed), and not of the shapes. */
enum kura_rc kura_partition_seek(struct kura_partition *p, int column,
                                 const struct kura_place *place, uint32_t *id,
                                 struct kura_err *err);

#endif
