/* recollect.h - what the catalog kept of a source, from its rows. */
#ifndef KURA_STORE_RECOLLECT_H
#define KURA_STORE_RECOLLECT_H

#include "store/warehouse.h"

#define KURA_RECOLLECT_HEAD 4096

struct kura_recollected {
    char head[KURA_RECOLLECT_HEAD]; /* its first bytes */
    size_t head_size;               /* 0: they are not at hand */
    int64_t last_ts;  /* of its last row; INT64_MIN: there is none */
    bool terminated;  /* its last line has its end (true if not at hand) */
    char *format;     /* of its last line; NULL: none */
};

/* Reads the partitions that the catalog lists for `key` and that are at hand;
 * `name` is what their rows call it. */
enum kura_rc kura_recollect(struct kura_warehouse *w, const char *key,
                            const char *name, struct kura_recollected *out,
                            struct kura_err *err);
void kura_recollect_release(struct kura_recollected *r); /* zeroed ok */

#endif
