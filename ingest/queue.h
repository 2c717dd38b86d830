/* queue.h - a bounded queue of pointers between two threads.
 *
 * Pushing waits while it is full, popping while it is empty.  After a close
 * pushes are refused and pops give what is left, then NULL. */
#ifndef KURA_INGEST_QUEUE_H
#define KURA_INGEST_QUEUE_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define KURA_QUEUE_MAX 16

struct kura_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void *items[KURA_QUEUE_MAX];
    size_t first, count;
    bool closed;
};

enum kura_rc kura_queue_init(struct kura_queue *q, struct kura_err *err);
void kura_queue_release(struct kura_queue *q); /* after both threads ended */

bool kura_queue_push(struct kura_queue *q, void *item); /* false: closed */
void *kura_queue_pop(struct kura_queue *q);             /* NULL: closed */
/* The same without waiting: NULL when there is nothing. */
void *kura_queue_try(struct kura_queue *q);
void kura_queue_close(struct kura_queue *q);
bool kura_queue_is_closed(struct kura_queue *q);

#endif
