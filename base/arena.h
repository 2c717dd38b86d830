/* arena.h - memory for what lives until the next reset.
 *
 * Zeroed is empty.  A reset keeps some blocks for the next round; release
 * frees them all. */
#ifndef KURA_BASE_ARENA_H
#define KURA_BASE_ARENA_H

#include "base/err.h"

#include <stddef.h>

struct kura_block;

struct kura_arena {
    struct kura_block *used;
    struct kura_block *spare;
    int nspare;
    char *at;
    size_t left;
};

/* NULL: no memory, and an error. */
void *kura_arena_alloc(struct kura_arena *a, size_t n, struct kura_err *err);
char *kura_arena_copy(struct kura_arena *a, const char *s, size_t n,
                      struct kura_err *err);
/* Gives back the end of what was allocated last. */
void kura_arena_trim(struct kura_arena *a, size_t n);
void kura_arena_reset(struct kura_arena *a);
/* Hands all blocks of `from` over to `to`, which frees them at its reset. */
void kura_arena_move(struct kura_arena *to, struct kura_arena *from);
void kura_arena_release(struct kura_arena *a);

#endif
