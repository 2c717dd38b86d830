/* arena.c - see arena.h. */
#include "base/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK ((size_t)256 << 10)
#define ARENA_SPARE 64 /* blocks that a reset keeps */

struct kura_block {
    struct kura_block *next;
    size_t size;
    char data[];
};

static void block_free_all(struct kura_block *b)
{
    while (b != NULL) {
        struct kura_block *next = b->next;

        free(b);
        b = next;
    }
}

static bool arena_grow(struct kura_arena *a, size_t n)
{
    struct kura_block *b = a->spare;
    size_t size = n > ARENA_BLOCK ? n : ARENA_BLOCK;

    if (size == ARENA_BLOCK && b != NULL) {
        a->spare = b->next;
        a->nspare--;
    } else {
        b = malloc(sizeof(*b) + size);
        if (b == NULL)
            return false;
        b->size = size;
    }
    b->next = a->used;
    a->used = b;
    a->at = b->data;
    a->left = size;
    return true;
}

void *kura_arena_alloc(struct kura_arena *a, size_t n, struct kura_err *err)
{
    void *p;

    n = (n + 7) & ~(size_t)7;
    if (n > a->left && !arena_grow(a, n)) {
        (void)kura_err_nomem(err);
        return NULL;
    }
    p = a->at;
    a->at += n;
    a->left -= n;
    return p;
}

/* Gives back the end of what was allocated last. */
void kura_arena_trim(struct kura_arena *a, size_t n)
{
    n &= ~(size_t)7;
    a->at -= n;
    a->left += n;
}

void kura_arena_reset(struct kura_arena *a)
{
    struct kura_block *b = a->used;

    while (b != NULL) {
        struct kura_block *next = b->next;

        if (b->size == ARENA_BLOCK && a->nspare < ARENA_SPARE) {
            b->next = a->spare;
            a->spare = b;
            a->nspare++;
        } else {
            free(b);
        }
        b = next;
    }
    a->used = NULL;
    a->at = NULL;
    a->left = 0;
}

/* Hands all blocks of `from` over to `to`, which frees them at its reset. */
void kura_arena_move(struct kura_arena *to, struct kura_arena *from)
{
    struct kura_block *last = from->used;

    if (last == NULL)
        return;
    while (last->next != NULL)
        last = last->next;
    if (to->used == NULL) {
        to->used = from->used;
    } else {
        /* Behind the block that is being filled. */
        last->next = to->used->next;
        to->used->next = from->used;
    }
    from->used = NULL;
    from->at = NULL;
    from->left = 0;
}

void kura_arena_release(struct kura_arena *a)
{
    block_free_all(a->used);
    block_free_all(a->spare);
}

char *kura_arena_copy(struct kura_arena *a, const char *s, size_t n,
                      struct kura_err *err)
{
    char *p = kura_arena_alloc(a, n, err);

    if (p != NULL && n != 0)
        memcpy(p, s, n);
    return p;
}
