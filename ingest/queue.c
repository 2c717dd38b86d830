#include "ingest/queue.h"

enum kura_rc kura_queue_init(struct kura_queue *q, struct kura_err *err)
{
    q->first = q->count = 0;
    q->closed = false;
    if (pthread_mutex_init(&q->lock, NULL) != 0 ||
        pthread_cond_init(&q->changed, NULL) != 0)
        return kura_err_nomem(err);
    return KURA_OK;
}

void kura_queue_release(struct kura_queue *q)
{
    (void)pthread_cond_destroy(&q->changed);
    (void)pthread_mutex_destroy(&q->lock);
}

bool kura_queue_push(struct kura_queue *q, void *item)
{
    bool done;

    (void)pthread_mutex_lock(&q->lock);
    while (!q->closed && q->count == KURA_QUEUE_MAX)
        (void)pthread_cond_wait(&q->changed, &q->lock);
    done = !q->closed;
    if (done) {
        q->items[(q->first + q->count) % KURA_QUEUE_MAX] = item;
        q->count++;
        (void)pthread_cond_broadcast(&q->changed);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return done;
}

/* The lock is held. */
static void *queue_take(struct kura_queue *q)
{
    void *item;

    if (q->count == 0)
        return NULL;
    item = q->items[q->first];
    q->first = (q->first + 1) % KURA_QUEUE_MAX;
    q->count--;
    (void)pthread_cond_broadcast(&q->changed);
    return item;
}

void *kura_queue_pop(struct kura_queue *q)
{
    void *item;

    (void)pthread_mutex_lock(&q->lock);
    while (!q->closed && q->count == 0)
        (void)pthread_cond_wait(&q->changed, &q->lock);
    item = queue_take(q);
    (void)pthread_mutex_unlock(&q->lock);
    return item;
}

void *kura_queue_try(struct kura_queue *q)
{
    void *item;

    (void)pthread_mutex_lock(&q->lock);
    item = queue_take(q);
    (void)pthread_mutex_unlock(&q->lock);
    return item;
}

void kura_queue_close(struct kura_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->closed = true;
    (void)pthread_cond_broadcast(&q->changed);
    (void)pthread_mutex_unlock(&q->lock);
}

bool kura_queue_is_closed(struct kura_queue *q)
{
    bool closed;

    (void)pthread_mutex_lock(&q->lock);
    closed = q->closed;
    (void)pthread_mutex_unlock(&q->lock);
    return closed;
}
