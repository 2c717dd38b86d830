/* dictionary.c - a hash table of (hash, id) pairs, eight to a cache line, over
 * texts in blocks.  Logs repeat themselves: the text of the row before is tried
 * first, without hashing. */
#include "store/dictionary.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define DICTIONARY_BLOCK (64u << 10)

struct kura_dictionary_block {
    struct kura_dictionary_block *next;
    size_t used, size;
    char bytes[];
};

void kura_dictionary_init(struct kura_dictionary *d)
{
    memset(d, 0, sizeof(*d));
}

void kura_dictionary_release(struct kura_dictionary *d)
{
    struct kura_dictionary_block *b = d->blocks;

    while (b != NULL) {
        struct kura_dictionary_block *next = b->next;

        free(b);
        b = next;
    }
    free(d->entries);
    free(d->slots);
    kura_dictionary_init(d);
}

static char *dictionary_room(struct kura_dictionary *d, uint32_t size)
{
    struct kura_dictionary_block *b = d->blocks;
    size_t want = size > DICTIONARY_BLOCK ? size : DICTIONARY_BLOCK;
    char *room;

    if (b == NULL || b->size - b->used < size) {
        b = malloc(sizeof(*b) + want);
        if (b == NULL)
            return NULL;
        b->next = d->blocks;
        b->used = 0;
        b->size = want;
        d->blocks = b;
        d->memory += sizeof(*b) + want;
    }
    room = b->bytes + b->used;
    b->used += size;
    return room;
}

static enum kura_rc dictionary_grow(struct kura_dictionary *d,
                                    struct kura_err *err)
{
    uint32_t capacity = d->capacity == 0 ? 64 : d->capacity * 2;
    uint32_t slots = capacity * 2, i;
    struct kura_dictionary_entry *entries;
    struct kura_dictionary_slot *table;

    if (capacity > UINT32_MAX / 4)
        return kura_err_set(err, KURA_ENOMEM, "a dictionary is full");
    table = calloc(slots, sizeof(*table));
    entries = realloc(d->entries, capacity * sizeof(*entries));
    if (entries != NULL)
        d->entries = entries;
    if (table == NULL || entries == NULL) {
        free(table);
        return kura_err_nomem(err);
    }
    for (i = 0; d->slots != NULL && i <= d->mask; i++) {
        struct kura_dictionary_slot s = d->slots[i];
        uint32_t at = s.hash & (slots - 1);

        if (s.id == 0)
            continue;
        while (table[at].id != 0)
            at = (at + 1) & (slots - 1);
        table[at] = s;
    }
    free(d->slots);
    d->slots = table;
    d->memory += (size_t)(capacity - d->capacity) *
                 (sizeof(*entries) + 2 * sizeof(*table));
    d->capacity = capacity;
    d->mask = slots - 1;
    return KURA_OK;
}

static int dictionary_is(const struct kura_dictionary *d, uint32_t id,
                         const char *text, uint32_t size)
{
    const struct kura_dictionary_entry *e = &d->entries[id - 1];

    return e->size == size && memcmp(e->text, text, size) == 0;
}

enum kura_rc kura_dictionary_intern(struct kura_dictionary *d, const char *text,
                                    uint32_t size, uint32_t *out_id,
                                    struct kura_err *err)
{
    enum kura_rc rc;
    uint32_t hash, at;
    char *copy;

    if (size == 0)
        text = "";
    if (d->last != 0 && dictionary_is(d, d->last, text, size)) {
        *out_id = d->last;
        return KURA_OK;
    }
    if (d->count == d->capacity) {
        rc = dictionary_grow(d, err);
        if (rc != KURA_OK)
            return rc;
    }
    hash = (uint32_t)(kura_hash64(text, size) >> 32);
    for (at = hash & d->mask; d->slots[at].id != 0; at = (at + 1) & d->mask) {
        if (d->slots[at].hash == hash &&
            dictionary_is(d, d->slots[at].id, text, size)) {
            d->last = *out_id = d->slots[at].id;
            return KURA_OK;
        }
    }
    copy = dictionary_room(d, size);
    if (copy == NULL)
        return kura_err_nomem(err);
    memcpy(copy, text, size);
    d->entries[d->count].text = copy;
    d->entries[d->count].size = size;
    d->count++;
    d->text_bytes += size;
    d->slots[at].hash = hash;
    d->slots[at].id = d->count;
    d->last = *out_id = d->count;
    return KURA_OK;
}

uint32_t kura_dictionary_find(const struct kura_dictionary *d, const char *text,
                              uint32_t size)
{
    uint32_t hash, at;

    if (d->count == 0)
        return 0;
    hash = (uint32_t)(kura_hash64(text, size) >> 32);
    for (at = hash & d->mask; d->slots[at].id != 0; at = (at + 1) & d->mask)
        if (d->slots[at].hash == hash &&
            dictionary_is(d, d->slots[at].id, text, size))
            return d->slots[at].id;
    return 0;
}
