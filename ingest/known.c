/* known.c - see known.h. */
#include "ingest/known.h"

#include "base/arena.h"
#include "base/text.h"
#include "store/partition.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KNOWN_OPEN 16    /* partitions that stay open */
#define KNOWN_SEGMENTS 4 /* decoded ones */
#define KNOWN_NAP_NS 20000000L

/* What identifies a record. */
struct key {
    int64_t id, ts;
    const char *computer, *channel;
    uint32_t computer_size, channel_size;
    int64_t byte;  /* in the source */
    uint32_t line; /* in the block */
    uint32_t next; /* with the same hash */
};

/* Keys by hash: slots hold one more than an index, 0 is none. */
struct keys {
    struct key *list;
    uint32_t *slots;
    size_t count, room, mask;
};

struct decoded {
    int64_t number; /* of the partition, 0: none */
    size_t segment;
    uint32_t rows;
    uint64_t used;
    int64_t *ts, *ids, *bytes;
    uint8_t *null, *no_id;
    uint32_t *computers, *channels, *sources;
};

struct kura_known {
    struct kura_warehouse *w;
    const volatile sig_atomic_t *stop;
    const struct kura_schema *schema;
    int ts, id, computer, channel, source, byte;
    char lock[KURA_SHA256_HEX];
    bool locked;
    struct keys block, pending;
    struct kura_arena texts;    /* of pending */
    enum kura_knowledge *found; /* by line of the block */
    size_t room;
    const char *name; /* of its source */
    struct kura_partition_entry *list;
    size_t count;
    struct kura_partition *open[KNOWN_OPEN];
    int64_t numbers[KNOWN_OPEN];
    uint64_t used[KNOWN_OPEN], clock;
    struct decoded decoded[KNOWN_SEGMENTS];
    int64_t missing; /* a day, INT64_MIN: none */
};

/* --- Keys ------------------------------------------------------------------
 */

static uint64_t key_hash(int64_t id, int64_t ts)
{
    uint64_t h = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)ts;

    h ^= h >> 32;
    h *= UINT64_C(0xD6E8FEB86659FD93);
    return h ^ h >> 32;
}

static bool key_is(const struct key *k, int64_t id, int64_t ts,
                   const char *computer, size_t ncomputer, const char *channel,
                   size_t nchannel)
{
    return k->id == id && k->ts == ts &&
           kura_text_casecmp(k->computer, k->computer_size, computer,
                             ncomputer) == 0 &&
           kura_text_casecmp(k->channel, k->channel_size, channel, nchannel) ==
               0;
}

static void keys_index(struct keys *k, uint32_t at)
{
    uint32_t *slot =
        &k->slots[key_hash(k->list[at].id, k->list[at].ts) & k->mask];

    k->list[at].next = *slot;
    *slot = at + 1;
}

static enum kura_rc keys_grow(struct keys *k, struct kura_err *err)
{
    size_t room = k->room == 0 ? 4096 : k->room * 2;
    struct key *list = realloc(k->list, room * sizeof(*list));
    uint32_t *slots;
    uint32_t i;

    if (list == NULL)
        return kura_err_nomem(err);
    k->list = list;
    slots = calloc(room * 2, sizeof(*slots));
    if (slots == NULL)
        return kura_err_nomem(err);
    free(k->slots);
    k->slots = slots;
    k->room = room;
    k->mask = room * 2 - 1;
    for (i = 0; i < k->count; i++)
        keys_index(k, i);
    return KURA_OK;
}

static enum kura_rc keys_add(struct keys *k, const struct key *key,
                             struct kura_err *err)
{
    enum kura_rc rc = k->count == k->room ? keys_grow(k, err) : KURA_OK;

    if (rc != KURA_OK)
        return rc;
    k->list[k->count] = *key;
    keys_index(k, (uint32_t)k->count++);
    return KURA_OK;
}

static void keys_empty(struct keys *k)
{
    k->count = 0;
    if (k->slots != NULL)
        memset(k->slots, 0, (k->mask + 1) * sizeof(*k->slots));
}

static void keys_release(struct keys *k)
{
    free(k->list);
    free(k->slots);
}

static uint32_t keys_first(const struct keys *k, int64_t id, int64_t ts)
{
    return k->count == 0 ? 0 : k->slots[key_hash(id, ts) & k->mask];
}

/* --- Life ------------------------------------------------------------------
 */

enum kura_rc kura_known_new(struct kura_warehouse *w,
                            const volatile sig_atomic_t *stop,
                            struct kura_known **out, struct kura_err *err)
{
    static const char name[] = "records of Windows";
    struct kura_known *k = calloc(1, sizeof(*k));
    enum kura_rc rc;

    if (k == NULL)
        return kura_err_nomem(err);
    k->w = w;
    k->stop = stop;
    k->schema = kura_schema_find("windows");
    k->ts = kura_schema_column(k->schema, "ts");
    k->id = kura_schema_column(k->schema, "EventRecordID");
    k->computer = kura_schema_column(k->schema, "Computer");
    k->channel = kura_schema_column(k->schema, "Channel");
    k->source = kura_schema_column(k->schema, "source");
    k->byte = kura_schema_column(k->schema, "byte");
    k->missing = INT64_MIN;
    rc = kura_sha256_hex(name, sizeof(name), k->lock, err);
    if (rc == KURA_OK)
        *out = k;
    else
        kura_known_free(k);
    return rc;
}

static void decoded_release(struct decoded *d)
{
    free(d->ts);
    free(d->ids);
    free(d->bytes);
    free(d->null);
    free(d->no_id);
    free(d->computers);
    free(d->channels);
    free(d->sources);
}

void kura_known_end(struct kura_known *k)
{
    size_t i;

    for (i = 0; i < KNOWN_OPEN; i++) {
        kura_partition_close(k->open[i]);
        k->open[i] = NULL;
    }
    for (i = 0; i < KNOWN_SEGMENTS; i++)
        k->decoded[i].number = 0;
    kura_warehouse_list_free(k->list, k->count);
    k->list = NULL;
    k->count = 0;
    keys_empty(&k->pending);
    kura_arena_reset(&k->texts);
    if (k->locked) {
        kura_warehouse_read_end(k->w);
        kura_warehouse_head_unlock(k->w, k->lock);
    }
    k->locked = false;
}

void kura_known_free(struct kura_known *k)
{
    size_t i;

    if (k == NULL)
        return;
    kura_known_end(k);
    for (i = 0; i < KNOWN_SEGMENTS; i++)
        decoded_release(&k->decoded[i]);
    keys_release(&k->block);
    keys_release(&k->pending);
    kura_arena_release(&k->texts);
    free(k->found);
    free(k);
}

/* Waits until no other loader has records that nobody can see yet; then takes
 * the list of partitions. */
static enum kura_rc known_begin(struct kura_known *k, struct kura_err *err)
{
    struct timespec nap = {0, KNOWN_NAP_NS};
    enum kura_rc rc;

    if (k->locked)
        return KURA_OK;
    for (;;) {
        struct kura_err cause = KURA_ERR_INIT;

        rc = kura_warehouse_head_lock(k->w, k->lock, &cause);
        if (rc == KURA_OK)
            break;
        if (rc != KURA_EBUSY)
            return kura_err_set(err, rc, "%s", cause.msg);
        if (k->stop != NULL && *k->stop != 0)
            return kura_err_set(err, KURA_ESTOPPED, "stopped");
        (void)nanosleep(&nap, NULL);
    }
    rc = kura_warehouse_read_begin(k->w, err);
    if (rc != KURA_OK) {
        kura_warehouse_head_unlock(k->w, k->lock);
        return rc;
    }
    k->locked = true;
    return kura_warehouse_list(k->w, k->schema, &k->list, &k->count, err);
}

/* --- The block -------------------------------------------------------------
 */

/* false: the row is not identified. */
static bool row_key(const struct kura_known *k, const struct kura_row *row,
                    struct key *out)
{
    bool has_id = false;
    size_t i;

    if (row->schema != k->schema)
        return false;
    memset(out, 0, sizeof(*out));
    out->ts = row->ts;
    for (i = 0; i < row->count; i++) {
        const struct kura_cell *c = &row->cells[i];

        if (c->column == k->id) {
            out->id = c->number;
            has_id = true;
        } else if (c->column == k->computer) {
            out->computer = c->text;
            out->computer_size = c->size;
        } else if (c->column == k->channel) {
            out->channel = c->text;
            out->channel_size = c->size;
        }
    }
    return has_id && out->computer != NULL && out->channel != NULL;
}

static enum kura_rc block_read(struct kura_known *k, const struct kura_block *b,
                               struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    struct key key;
    size_t i;

    if (b->count > k->room) {
        enum kura_knowledge *found =
            realloc(k->found, b->count * sizeof(*found));

        if (found == NULL)
            return kura_err_nomem(err);
        k->found = found;
        k->room = b->count;
    }
    for (i = 0; i < b->count; i++)
        k->found[i] = KURA_KNOWN_NEW;
    keys_empty(&k->block);
    for (i = 0; i < b->count && rc == KURA_OK; i++) {
        if (!row_key(k, &b->lines[i].row, &key))
            continue;
        key.line = (uint32_t)i;
        key.byte = b->offset + b->lines[i].start;
        rc = keys_add(&k->block, &key, err);
    }
    return rc;
}

/* What the block's keys of one day span. */
struct span {
    int64_t day, first_ts, last_ts, first_id, last_id;
};

static void span_of(const struct keys *k, int64_t day, struct span *s)
{
    size_t i;

    memset(s, 0, sizeof(*s));
    s->day = day;
    s->first_ts = s->first_id = INT64_MAX;
    s->last_ts = s->last_id = INT64_MIN;
    for (i = 0; i < k->count; i++) {
        const struct key *key = &k->list[i];

        if (kura_day_of(key->ts) != day)
            continue;
        s->first_ts = key->ts < s->first_ts ? key->ts : s->first_ts;
        s->last_ts = key->ts > s->last_ts ? key->ts : s->last_ts;
        s->first_id = key->id < s->first_id ? key->id : s->first_id;
        s->last_id = key->id > s->last_id ? key->id : s->last_id;
    }
}

/* --- Partitions ------------------------------------------------------------
 */

static enum kura_rc partition_get(struct kura_known *k,
                                  const struct kura_partition_entry *e,
                                  struct kura_partition **out,
                                  struct kura_err *err)
{
    const struct kura_copy *copy = kura_partition_copy(e, true);
    size_t least = 0, i;
    enum kura_rc rc;

    *out = NULL;
    for (i = 0; i < KNOWN_OPEN; i++) {
        if (k->open[i] != NULL && k->numbers[i] == e->number) {
            k->used[i] = ++k->clock;
            *out = k->open[i];
            return KURA_OK;
        }
        if (k->open[i] == NULL ||
            (k->open[least] != NULL && k->used[i] < k->used[least]))
            least = i;
    }
    if (copy == NULL) {
        k->missing = e->day;
        return KURA_OK;
    }
    kura_partition_close(k->open[least]);
    k->open[least] = NULL;
    rc = kura_partition_open_at(&copy->at, &k->open[least], err);
    if (rc != KURA_OK)
        return rc;
    k->numbers[least] = e->number;
    k->used[least] = ++k->clock;
    *out = k->open[least];
    return KURA_OK;
}

static enum kura_rc decoded_room(struct decoded *d, struct kura_err *err)
{
    if (d->ts != NULL)
        return KURA_OK;
    d->ts = malloc(KURA_SEGMENT_ROWS * sizeof(*d->ts));
    d->ids = malloc(KURA_SEGMENT_ROWS * sizeof(*d->ids));
    d->bytes = malloc(KURA_SEGMENT_ROWS * sizeof(*d->bytes));
    d->null = malloc(KURA_SEGMENT_ROWS);
    d->no_id = malloc(KURA_SEGMENT_ROWS);
    d->computers = malloc(KURA_SEGMENT_ROWS * sizeof(*d->computers));
    d->channels = malloc(KURA_SEGMENT_ROWS * sizeof(*d->channels));
    d->sources = malloc(KURA_SEGMENT_ROWS * sizeof(*d->sources));
    if (d->ts != NULL && d->ids != NULL && d->bytes != NULL &&
        d->null != NULL && d->no_id != NULL && d->computers != NULL &&
        d->channels != NULL && d->sources != NULL)
        return KURA_OK;
    decoded_release(d);
    memset(d, 0, sizeof(*d));
    return kura_err_nomem(err);
}

static enum kura_rc segment_get(struct kura_known *k, int64_t number,
                                struct kura_partition *p, size_t segment,
                                struct decoded **out, struct kura_err *err)
{
    struct decoded *d = &k->decoded[0];
    enum kura_rc rc;
    size_t i;

    for (i = 0; i < KNOWN_SEGMENTS; i++) {
        struct decoded *at = &k->decoded[i];

        if (at->number == number && at->segment == segment) {
            at->used = ++k->clock;
            *out = at;
            return KURA_OK;
        }
        if (at->used < d->used)
            d = at;
    }
    d->number = 0;
    rc = decoded_room(d, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, k->ts, segment, d->ts, d->null, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, k->byte, segment, d->bytes, d->null,
                                     err);
    if (rc == KURA_OK)
        rc = kura_partition_ids(p, k->source, segment, d->sources, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, k->id, segment, d->ids, d->no_id, err);
    if (rc == KURA_OK)
        rc = kura_partition_ids(p, k->computer, segment, d->computers, err);
    if (rc == KURA_OK)
        rc = kura_partition_ids(p, k->channel, segment, d->channels, err);
    if (rc != KURA_OK)
        return rc;
    d->rows = kura_partition_segment(p, segment)->rows;
    d->number = number;
    d->segment = segment;
    d->used = ++k->clock;
    *out = d;
    return KURA_OK;
}

/* Is row `row` the record with that key, of that source, and no other? */
static enum kura_rc row_is_itself(struct kura_known *k,
                                  struct kura_partition *p,
                                  const struct decoded *d, uint32_t row,
                                  const struct key *key, bool *is,
                                  struct kura_err *err)
{
    const char *source;
    size_t size;
    enum kura_rc rc;

    *is = d->sources[row] != 0 && d->bytes[row] == key->byte;
    if (!*is)
        return KURA_OK;
    rc =
        kura_partition_text(p, k->source, d->sources[row], &source, &size, err);
    *is = rc == KURA_OK && size == strlen(k->name) &&
          memcmp(source, k->name, size) == 0;
    return rc;
}

/* The keys of the block that row `row` is. */
static enum kura_rc row_compare(struct kura_known *k, struct kura_partition *p,
                                const struct decoded *d, uint32_t row,
                                struct kura_err *err)
{
    uint32_t at = keys_first(&k->block, d->ids[row], d->ts[row]);
    const char *computer, *channel;
    size_t ncomputer, nchannel;
    bool itself;
    enum kura_rc rc;

    for (; at != 0; at = k->block.list[at - 1].next) {
        const struct key *key = &k->block.list[at - 1];

        if (key->id != d->ids[row] || key->ts != d->ts[row] ||
            k->found[key->line] != KURA_KNOWN_NEW)
            continue;
        rc = kura_partition_text(p, k->computer, d->computers[row], &computer,
                                 &ncomputer, err);
        if (rc == KURA_OK)
            rc = kura_partition_text(p, k->channel, d->channels[row], &channel,
                                     &nchannel, err);
        if (rc != KURA_OK)
            return rc;
        if (!key_is(key, d->ids[row], d->ts[row], computer, ncomputer, channel,
                    nchannel))
            continue;
        rc = row_is_itself(k, p, d, row, key, &itself, err);
        if (rc != KURA_OK)
            return rc;
        k->found[key->line] = itself ? KURA_KNOWN_ITSELF : KURA_KNOWN_COPY;
    }
    return KURA_OK;
}

static enum kura_rc segment_compare(struct kura_known *k, int64_t number,
                                    struct kura_partition *p, size_t segment,
                                    const struct span *s, struct kura_err *err)
{
    const struct kura_segment *at = kura_partition_segment(p, segment);
    struct kura_chunk_info info;
    struct decoded *d;
    uint32_t row;
    enum kura_rc rc;

    if (at->last_ts < s->first_ts || at->first_ts > s->last_ts)
        return KURA_OK;
    rc = kura_partition_chunk_info(p, k->id, segment, &info, err);
    if (rc != KURA_OK || !info.present || info.high < s->first_id ||
        info.low > s->last_id)
        return rc;
    rc = segment_get(k, number, p, segment, &d, err);
    for (row = 0; rc == KURA_OK && row < d->rows; row++)
        if (!d->no_id[row] && d->computers[row] != 0 && d->channels[row] != 0 &&
            d->ts[row] >= s->first_ts && d->ts[row] <= s->last_ts &&
            d->ids[row] >= s->first_id && d->ids[row] <= s->last_id)
            rc = row_compare(k, p, d, row, err);
    return rc;
}

static enum kura_rc day_compare(struct kura_known *k, int64_t day,
                                struct kura_err *err)
{
    struct kura_partition *p;
    struct span s;
    enum kura_rc rc = KURA_OK;
    size_t i, segment;

    span_of(&k->block, day, &s);
    for (i = 0; i < k->count && rc == KURA_OK; i++) {
        const struct kura_partition_entry *e = &k->list[i];

        if (e->day != day || e->rows == 0 || e->last_ts < s.first_ts ||
            e->first_ts > s.last_ts)
            continue;
        rc = partition_get(k, e, &p, err);
        for (segment = 0;
             rc == KURA_OK && p != NULL && segment < kura_partition_segments(p);
             segment++)
            rc = segment_compare(k, e->number, p, segment, &s, err);
    }
    return rc;
}

/* --- What no partition shows yet -------------------------------------------
 */

static bool pending_has(const struct kura_known *k, const struct key *key)
{
    uint32_t at = keys_first(&k->pending, key->id, key->ts);

    for (; at != 0; at = k->pending.list[at - 1].next)
        if (key_is(&k->pending.list[at - 1], key->id, key->ts, key->computer,
                   key->computer_size, key->channel, key->channel_size))
            return true;
    return false;
}

/* Most records are of the computer and channel of the one before. */
static enum kura_rc text_keep(struct kura_known *k, const char **text,
                              uint32_t size, const char *last,
                              uint32_t last_size, struct kura_err *err)
{
    if (last != NULL && last_size == size && memcmp(last, *text, size) == 0)
        *text = last;
    else
        *text = kura_arena_copy(&k->texts, *text, size, err);
    return *text == NULL ? KURA_ENOMEM : KURA_OK;
}

static enum kura_rc pending_add(struct kura_known *k, const struct key *key,
                                struct kura_err *err)
{
    const struct key *last =
        k->pending.count == 0 ? NULL : &k->pending.list[k->pending.count - 1];
    struct key own = *key;
    enum kura_rc rc;

    rc = text_keep(k, &own.computer, own.computer_size,
                   last == NULL ? NULL : last->computer,
                   last == NULL ? 0 : last->computer_size, err);
    if (rc == KURA_OK)
        rc = text_keep(k, &own.channel, own.channel_size,
                       last == NULL ? NULL : last->channel,
                       last == NULL ? 0 : last->channel_size, err);
    return rc == KURA_OK ? keys_add(&k->pending, &own, err) : rc;
}

/* --- Public ----------------------------------------------------------------
 */

enum kura_rc kura_known_block(struct kura_known *k, const struct kura_block *b,
                              const char *source, struct kura_err *err)
{
    enum kura_rc rc = known_begin(k, err);
    int64_t day, last = INT64_MIN, next;
    size_t i;

    k->name = source;
    if (rc == KURA_OK)
        rc = block_read(k, b, err);
    /* Day by day, from the earliest on. */
    while (rc == KURA_OK) {
        next = INT64_MAX;
        for (i = 0; i < k->block.count; i++) {
            day = kura_day_of(k->block.list[i].ts);
            if (day > last && day < next)
                next = day;
        }
        if (next == INT64_MAX)
            break;
        rc = day_compare(k, next, err);
        last = next;
    }
    for (i = 0; i < k->block.count && rc == KURA_OK; i++) {
        const struct key *key = &k->block.list[i];

        if (k->found[key->line] != KURA_KNOWN_NEW)
            continue;
        if (pending_has(k, key))
            k->found[key->line] = KURA_KNOWN_COPY;
        else
            rc = pending_add(k, key, err);
    }
    return rc;
}

enum kura_knowledge kura_known_at(const struct kura_known *k, size_t i)
{
    return k->found[i];
}

bool kura_known_missing(struct kura_known *k, int64_t *day)
{
    *day = k->missing;
    k->missing = INT64_MIN;
    return *day != INT64_MIN;
}
