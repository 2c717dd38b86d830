/* dictionary.h - the distinct texts of one column while its partition is open.
 *
 * Ids are 1, 2, 3 ... in the order of first use; texts are distinct byte by
 * byte and stay where they are until release.  One thread. */
#ifndef KURA_STORE_DICTIONARY_H
#define KURA_STORE_DICTIONARY_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct kura_dictionary_entry {
    const char *text;
    uint32_t size;
};

struct kura_dictionary_slot {
    uint32_t hash; /* high half of the text's hash */
    uint32_t id;   /* 0: free */
};

struct kura_dictionary {
    struct kura_dictionary_entry *entries; /* entries[id - 1] */
    uint32_t count, capacity;
    struct kura_dictionary_slot *slots; /* open addressing, power of two */
    uint32_t mask;
    uint32_t last;                        /* the id of the last intern */
    struct kura_dictionary_block *blocks; /* where texts live */
    size_t text_bytes;                    /* of all texts */
    size_t memory;                        /* bytes allocated */
};

void kura_dictionary_init(struct kura_dictionary *d);
void kura_dictionary_release(struct kura_dictionary *d);

/* The id of a text, which is copied when it is new. */
enum kura_rc kura_dictionary_intern(struct kura_dictionary *d, const char *text,
                                    uint32_t size, uint32_t *out_id,
                                    struct kura_err *err);
/* The same without adding: 0 when it is not there.  Changes nothing, so any
 * number of threads may look while none adds. */
uint32_t kura_dictionary_find(const struct kura_dictionary *d, const char *text,
                              uint32_t size);

#endif
