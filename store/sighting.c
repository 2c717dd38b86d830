/* sighting.c - what was seen in a partition, column by column.
 *
 * One pass over a column's chunks counts its dictionary: first, last, number.
 * A second one lays the clients of each value side by side, so that different
 * ones are counted without sorting. */
#include "store/sighting.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/host.h"
#include "store/builder.h"
#include "store/dictionary.h"
#include "store/writer.h"

#include <stdlib.h>
#include <string.h>

#define SIGHTING_PATH_MAX 65536
#define SIGHTING_NAME_MAX (1u << 16)
/* Computed columns that may be observable, per table. */
#define SIGHTING_COMPUTED 8

/* One row of the result. */
struct seen {
    struct kura_text text;
    int64_t first, last;
    uint32_t column, value; /* of the schema; number in the dictionary */
    uint32_t events, clients;
};

/* The values of one column, by id. */
struct tally {
    uint32_t size; /* ids are 1..size */
    int64_t *first, *last;
    uint32_t *events, *clients;
    uint32_t *start; /* in placed: after the last client laid there */
};

struct work {
    struct kura_partition *p;
    const struct kura_schema *schema;
    /* Of one segment. */
    uint32_t *ids, *who;
    int64_t *ts;
    uint8_t *null;
    /* Clients that differ by case only are one; 0 is none. */
    uint32_t *client_of, clients;
    uint32_t *placed; /* clients of all rows, value by value */
    uint32_t *stamp;  /* per client: the value that it was last counted for */
    /* Texts of computed columns stay until the result is written. */
    struct kura_dictionary computed[SIGHTING_COMPUTED];
    int ncomputed;
    struct seen *list;
    size_t count, room;
};

bool kura_sighting_has(const struct kura_schema *s)
{
    int i;

    for (i = 0; i < s->count; i++)
        if (s->columns[i].observable)
            return true;
    return false;
}

static enum kura_rc work_damaged(const struct work *w, struct kura_err *err)
{
    return kura_err_set(err, KURA_ECORRUPT,
                        "partition '%s' names a text that it does not have",
                        kura_partition_id(w->p));
}

/* --- Clients ----------------------------------------------------------- */

struct named {
    struct kura_text text;
    uint32_t id;
};

static int named_cmp(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    return kura_text_order(x->text.text, x->text.size, y->text.text,
                           y->text.size);
}

static bool text_is_same(const struct kura_text *a, const struct kura_text *b)
{
    return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool text_is_alike(const struct kura_text *a, const struct kura_text *b)
{
    size_t i;

    if (a->size != b->size)
        return false;
    for (i = 0; i < a->size; i++)
        if (folded(a->text[i]) != folded(b->text[i]))
            return false;
    return true;
}

/* Numbers the clients; in order those alike lie together. */
static enum kura_rc clients_number(struct work *w, struct kura_err *err)
{
    int column = w->schema->client;
    uint32_t i, n = kura_partition_dict_size(w->p, column);
    struct named *list = calloc((size_t)n + 1, sizeof(*list));
    enum kura_rc rc = KURA_OK;

    w->client_of = calloc((size_t)n + 1, sizeof(*w->client_of));
    if (list == NULL || w->client_of == NULL)
        rc = kura_err_nomem(err);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        list[i].id = i + 1;
        rc = kura_partition_text(w->p, column, i + 1, &list[i].text.text,
                                 &list[i].text.size, err);
    }
    if (rc == KURA_OK) {
        qsort(list, n, sizeof(*list), named_cmp);
        for (i = 0; i < n; i++) {
            if (i == 0 || !text_is_alike(&list[i - 1].text, &list[i].text))
                w->clients++;
            w->client_of[list[i].id] = w->clients;
        }
    }
    free(list);
    return rc;
}

static enum kura_rc clients_open(struct work *w, struct kura_err *err)
{
    size_t rows = (size_t)kura_partition_rows(w->p);
    enum kura_rc rc;

    if (w->schema->client < 0)
        return KURA_OK;
    rc = kura_partition_dict_load(w->p, w->schema->client, err);
    if (rc == KURA_OK)
        rc = clients_number(w, err);
    if (rc != KURA_OK)
        return rc;
    w->placed = malloc((rows + 1) * sizeof(*w->placed));
    w->stamp = malloc(((size_t)w->clients + 1) * sizeof(*w->stamp));
    return w->placed == NULL || w->stamp == NULL ? kura_err_nomem(err)
                                                 : KURA_OK;
}

/* The clients of a segment's rows, in w->who. */
static enum kura_rc clients_read(struct work *w, size_t segment,
                                 struct kura_err *err)
{
    uint32_t i, rows = kura_partition_segment(w->p, segment)->rows;
    uint32_t n = kura_partition_dict_size(w->p, w->schema->client);
    enum kura_rc rc;

    rc = kura_partition_ids(w->p, w->schema->client, segment, w->who, err);
    for (i = 0; rc == KURA_OK && i < rows; i++) {
        if (w->who[i] > n)
            return work_damaged(w, err);
        w->who[i] = w->client_of[w->who[i]];
    }
    return rc;
}

/* --- One column -------------------------------------------------------- */

static void tally_release(struct tally *t)
{
    free(t->first);
    free(t->last);
    free(t->events);
    free(t->clients);
    free(t->start);
}

static enum kura_rc tally_room(struct tally *t, struct kura_err *err)
{
    size_t n = (size_t)t->size + 1;

    t->first = malloc(n * sizeof(*t->first));
    t->last = malloc(n * sizeof(*t->last));
    t->events = calloc(n, sizeof(*t->events));
    t->clients = calloc(n, sizeof(*t->clients));
    t->start = malloc(n * sizeof(*t->start));
    if (t->first == NULL || t->last == NULL || t->events == NULL ||
        t->clients == NULL || t->start == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

/* The ids of a segment's rows, in w->ids; `map` (or NULL) is from the ids of
 * the stored column to those of a computed one. */
static enum kura_rc ids_read(struct work *w, int stored, const uint32_t *map,
                             size_t segment, struct kura_err *err)
{
    uint32_t i, rows = kura_partition_segment(w->p, segment)->rows;
    uint32_t n = kura_partition_dict_size(w->p, stored);
    enum kura_rc rc;

    rc = kura_partition_ids(w->p, stored, segment, w->ids, err);
    for (i = 0; rc == KURA_OK && i < rows; i++) {
        if (w->ids[i] > n)
            return work_damaged(w, err);
        if (map != NULL)
            w->ids[i] = map[w->ids[i]];
    }
    return rc;
}

static enum kura_rc tally_count(struct work *w, struct tally *t, int stored,
                                const uint32_t *map, struct kura_err *err)
{
    int ts = kura_schema_column(w->schema, "ts");
    size_t segment;
    uint32_t i, rows;
    enum kura_rc rc = KURA_OK;

    for (segment = 0; rc == KURA_OK && segment < kura_partition_segments(w->p);
         segment++) {
        rows = kura_partition_segment(w->p, segment)->rows;
        rc = ids_read(w, stored, map, segment, err);
        if (rc == KURA_OK)
            rc =
                kura_partition_integers(w->p, ts, segment, w->ts, w->null, err);
        for (i = 0; rc == KURA_OK && i < rows; i++) {
            uint32_t id = w->ids[i];

            if (t->events[id] == 0 || w->ts[i] < t->first[id])
                t->first[id] = w->ts[i];
            if (t->events[id] == 0 || w->ts[i] > t->last[id])
                t->last[id] = w->ts[i];
            t->events[id]++;
        }
    }
    return rc;
}

/* How many different clients each value has. */
static enum kura_rc tally_clients(struct work *w, struct tally *t, int stored,
                                  const uint32_t *map, struct kura_err *err)
{
    uint32_t i, id, rows, at = 0;
    size_t segment;
    enum kura_rc rc = KURA_OK;

    for (id = 0; id <= t->size; id++) {
        t->start[id] = at;
        at += t->events[id];
    }
    for (segment = 0; rc == KURA_OK && segment < kura_partition_segments(w->p);
         segment++) {
        rows = kura_partition_segment(w->p, segment)->rows;
        rc = ids_read(w, stored, map, segment, err);
        if (rc == KURA_OK)
            rc = clients_read(w, segment, err);
        for (i = 0; rc == KURA_OK && i < rows; i++)
            w->placed[t->start[w->ids[i]]++] = w->who[i];
    }
    if (rc != KURA_OK)
        return rc;
    memset(w->stamp, 0, ((size_t)w->clients + 1) * sizeof(*w->stamp));
    for (id = 1; id <= t->size; id++)
        for (i = t->start[id] - t->events[id]; i < t->start[id]; i++) {
            uint32_t who = w->placed[i];

            if (who != 0 && w->stamp[who] != id)
                t->clients[id]++;
            w->stamp[who] = id;
        }
    return KURA_OK;
}

static enum kura_rc list_add(struct work *w, const struct tally *t, int column,
                             uint32_t id, const char *text, size_t size,
                             struct kura_err *err)
{
    struct seen *s;

    if (t->events[id] == 0 || size == 0)
        return KURA_OK;
    if (w->count == w->room) {
        size_t more = w->room == 0 ? 1024 : w->room * 2;

        s = more >= UINT32_MAX ? NULL : realloc(w->list, more * sizeof(*s));
        if (s == NULL)
            return kura_err_nomem(err);
        w->list = s;
        w->room = more;
    }
    s = &w->list[w->count++];
    memset(s, 0, sizeof(*s));
    s->text.text = text;
    s->text.size = size;
    s->first = t->first[id];
    s->last = t->last[id];
    s->column = (uint32_t)column;
    s->events = t->events[id];
    s->clients = t->clients[id];
    return KURA_OK;
}

static enum kura_rc column_tally(struct work *w, struct tally *t, int stored,
                                 const uint32_t *map, struct kura_err *err)
{
    enum kura_rc rc = tally_room(t, err);

    if (rc == KURA_OK)
        rc = tally_count(w, t, stored, map, err);
    if (rc == KURA_OK && w->schema->client >= 0)
        rc = tally_clients(w, t, stored, map, err);
    return rc;
}

static enum kura_rc column_stored(struct work *w, int column,
                                  struct kura_err *err)
{
    struct tally t;
    const char *text;
    uint32_t id;
    size_t size;
    enum kura_rc rc = kura_partition_dict_load(w->p, column, err);

    memset(&t, 0, sizeof(t));
    if (rc == KURA_OK) {
        t.size = kura_partition_dict_size(w->p, column);
        rc = column_tally(w, &t, column, NULL, err);
    }
    for (id = 1; rc == KURA_OK && id <= t.size; id++) {
        rc = kura_partition_text(w->p, column, id, &text, &size, err);
        if (rc == KURA_OK)
            rc = list_add(w, &t, column, id, text, size, err);
    }
    tally_release(&t);
    return rc;
}

/* From the ids of the column that it is computed from to those of `d`. */
static enum kura_rc computed_map(struct work *w, int stored,
                                 struct kura_dictionary *d, uint32_t *map,
                                 struct kura_err *err)
{
    uint32_t id, n = kura_partition_dict_size(w->p, stored);
    struct kura_buf name;
    enum kura_rc rc = KURA_OK;

    kura_buf_init(&name, SIGHTING_NAME_MAX);
    for (id = 1; rc == KURA_OK && id <= n; id++) {
        const char *text = NULL;
        bool is_null = true;
        size_t size = 0;

        kura_buf_reset(&name);
        rc = kura_partition_text(w->p, stored, id, &text, &size, err);
        /* Longer than any name of a host. */
        if (rc == KURA_OK && size < SIGHTING_NAME_MAX / 2)
            rc = kura_registered_domain(text, size, &name, &is_null, err);
        if (rc == KURA_OK && !is_null)
            rc = kura_dictionary_intern(d, name.data, (uint32_t)name.len,
                                        &map[id], err);
    }
    kura_buf_release(&name);
    return rc;
}

static enum kura_rc column_computed(struct work *w, int column,
                                    struct kura_err *err)
{
    const struct kura_column *c = &w->schema->columns[column];
    struct kura_dictionary *d = &w->computed[w->ncomputed];
    uint32_t *map = NULL;
    struct tally t;
    uint32_t id;
    enum kura_rc rc;

    if (strcmp(c->function, "registered_domain") != 0 || c->argument < 0 ||
        w->ncomputed == SIGHTING_COMPUTED)
        return kura_err_set(err, KURA_EINPUT,
                            "column '%s' of table '%s' cannot be observable",
                            c->name, w->schema->name);
    memset(&t, 0, sizeof(t));
    kura_dictionary_init(d);
    w->ncomputed++;
    rc = kura_partition_dict_load(w->p, c->argument, err);
    if (rc != KURA_OK)
        return rc;
    map = calloc((size_t)kura_partition_dict_size(w->p, c->argument) + 1,
                 sizeof(*map));
    if (map == NULL)
        return kura_err_nomem(err);
    rc = computed_map(w, c->argument, d, map, err);
    t.size = d->count;
    if (rc == KURA_OK)
        rc = column_tally(w, &t, c->argument, map, err);
    for (id = 1; rc == KURA_OK && id <= t.size; id++)
        rc = list_add(w, &t, column, id, d->entries[id - 1].text,
                      d->entries[id - 1].size, err);
    free(map);
    tally_release(&t);
    return rc;
}

/* --- Result ------------------------------------------------------------ */

static int seen_by_text(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;

    return kura_text_order(x->text.text, x->text.size, y->text.text,
                           y->text.size);
}

static int seen_by_time(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

/* What the writer takes: arrays over all rows. */
struct result {
    struct kura_text *texts;
    uint32_t *ids;
    int64_t *numbers;
    uint8_t *null;
    struct kura_writer *out;
    uint32_t rows;
};

static enum kura_rc result_room(struct result *r, size_t rows,
                                struct kura_err *err)
{
    size_t n = rows + 1;

    r->rows = (uint32_t)rows;
    r->texts = malloc(n * sizeof(*r->texts));
    r->ids = malloc(n * sizeof(*r->ids));
    r->numbers = malloc(n * sizeof(*r->numbers));
    r->null = calloc(n, 1);
    return r->texts == NULL || r->ids == NULL || r->numbers == NULL ||
                   r->null == NULL
               ? kura_err_nomem(err)
               : KURA_OK;
}

static void result_release(struct result *r)
{
    kura_writer_abort(r->out);
    free(r->texts);
    free(r->ids);
    free(r->numbers);
    free(r->null);
}

static int column_of(const char *name)
{
    return kura_schema_column(kura_schema_sighting(), name);
}

/* Different texts of all columns make one dictionary. */
static uint32_t values_number(struct work *w, struct result *r)
{
    uint32_t n = 0;
    size_t i;

    qsort(w->list, w->count, sizeof(*w->list), seen_by_text);
    for (i = 0; i < w->count; i++) {
        if (i == 0 || !text_is_same(&w->list[i - 1].text, &w->list[i].text))
            r->texts[n++] = w->list[i].text;
        w->list[i].value = n;
    }
    qsort(w->list, w->count, sizeof(*w->list), seen_by_time);
    return n;
}

/* A column with the same text in every row. */
static enum kura_rc write_constant(struct result *r, const char *column,
                                   const char *text, struct kura_err *err)
{
    struct kura_text one = {text, strlen(text)};
    uint32_t i;

    for (i = 0; i < r->rows; i++)
        r->ids[i] = 1;
    return kura_writer_texts(r->out, column_of(column), &one, r->rows != 0,
                             r->ids, err);
}

/* The names of the observable columns that have a row. */
static enum kura_rc write_observables(const struct work *w, struct result *r,
                                      struct kura_err *err)
{
    const struct kura_schema *s = w->schema;
    struct named *list = calloc((size_t)s->count, sizeof(*list));
    struct kura_text *names = calloc((size_t)s->count, sizeof(*names));
    uint32_t *number = calloc((size_t)s->count, sizeof(*number));
    enum kura_rc rc;
    uint32_t i, n = 0;

    if (list == NULL || names == NULL || number == NULL) {
        rc = kura_err_nomem(err);
        goto out;
    }
    for (i = 0; i < r->rows; i++)
        number[w->list[i].column] = 1;
    for (i = 0; i < (uint32_t)s->count; i++)
        if (number[i] != 0) {
            list[n].text.text = s->columns[i].name;
            list[n].text.size = strlen(s->columns[i].name);
            list[n++].id = i;
        }
    qsort(list, n, sizeof(*list), named_cmp);
    for (i = 0; i < n; i++) {
        names[i] = list[i].text;
        number[list[i].id] = i + 1;
    }
    for (i = 0; i < r->rows; i++)
        r->ids[i] = number[w->list[i].column];
    rc = kura_writer_texts(r->out, column_of("observable"), names, n, r->ids,
                           err);
out:
    free(list);
    free(names);
    free(number);
    return rc;
}

static enum kura_rc write_numbers(const struct work *w, struct result *r,
                                  struct kura_err *err)
{
    enum kura_rc rc;
    uint32_t i;

    for (i = 0; i < r->rows; i++)
        r->numbers[i] = w->list[i].first;
    rc = kura_writer_integers(r->out, column_of("ts"), r->numbers, NULL, err);
    for (i = 0; i < r->rows; i++)
        r->numbers[i] = w->list[i].last;
    if (rc == KURA_OK)
        rc = kura_writer_integers(r->out, column_of("last_ts"), r->numbers,
                                  NULL, err);
    for (i = 0; i < r->rows; i++)
        r->numbers[i] = w->list[i].events;
    if (rc == KURA_OK)
        rc = kura_writer_integers(r->out, column_of("events"), r->numbers, NULL,
                                  err);
    for (i = 0; i < r->rows; i++) {
        r->numbers[i] = w->list[i].clients;
        r->null[i] = w->schema->client < 0;
    }
    if (rc == KURA_OK)
        rc = kura_writer_integers(r->out, column_of("clients"), r->numbers,
                                  r->null, err);
    return rc;
}

static enum kura_rc write_all(struct work *w, struct result *r, uint32_t values,
                              struct kura_err *err)
{
    enum kura_rc rc;
    uint32_t i;

    for (i = 0; i < r->rows; i++)
        r->ids[i] = w->list[i].value;
    rc = kura_writer_texts(r->out, column_of("value"), r->texts, values, r->ids,
                           err);
    if (rc == KURA_OK)
        rc = write_numbers(w, r, err);
    if (rc == KURA_OK)
        rc = write_observables(w, r, err);
    if (rc == KURA_OK)
        rc = write_constant(r, "table_name", w->schema->name, err);
    if (rc == KURA_OK)
        rc = write_constant(r, "partition", kura_partition_id(w->p), err);
    if (rc == KURA_OK) {
        rc = kura_writer_close(r->out, err);
        r->out = NULL;
    }
    return rc;
}

static enum kura_rc result_write(struct work *w, const char *id, const char *to,
                                 struct kura_err *err)
{
    struct kura_writer_head head;
    struct result r;
    uint32_t i, values = 0;
    enum kura_rc rc;

    memset(&r, 0, sizeof(r));
    memset(&head, 0, sizeof(head));
    rc = result_room(&r, w->count, err);
    if (rc == KURA_OK) {
        values = values_number(w, &r);
        for (i = 0; i < r.rows; i++)
            r.numbers[i] = w->list[i].first;
        head.schema = kura_schema_sighting();
        head.id = id;
        head.replaces = "";
        head.of = kura_partition_id(w->p);
        head.day = kura_partition_day(w->p);
        head.rows = r.rows;
        head.ts = r.numbers;
        rc = kura_writer_open(to, &head, &r.out, err);
    }
    if (rc == KURA_OK)
        rc = write_all(w, &r, values, err);
    result_release(&r);
    return rc;
}

/* --- A partition ------------------------------------------------------- */

static enum kura_rc work_open(struct work *w, struct kura_partition *p,
                              struct kura_err *err)
{
    memset(w, 0, sizeof(*w));
    w->p = p;
    w->schema = kura_partition_schema(p);
    w->ids = malloc(KURA_SEGMENT_ROWS * sizeof(*w->ids));
    w->who = malloc(KURA_SEGMENT_ROWS * sizeof(*w->who));
    w->ts = malloc(KURA_SEGMENT_ROWS * sizeof(*w->ts));
    w->null = malloc(KURA_SEGMENT_ROWS);
    w->list = malloc(sizeof(*w->list));
    if (w->ids == NULL || w->who == NULL || w->ts == NULL || w->null == NULL ||
        w->list == NULL)
        return kura_err_nomem(err);
    w->room = 1;
    return clients_open(w, err);
}

static void work_release(struct work *w)
{
    int i;

    for (i = 0; i < w->ncomputed; i++)
        kura_dictionary_release(&w->computed[i]);
    free(w->ids);
    free(w->who);
    free(w->ts);
    free(w->null);
    free(w->client_of);
    free(w->placed);
    free(w->stamp);
    free(w->list);
}

static enum kura_rc id_make(char out[33], struct kura_err *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[16];
    size_t i;
    enum kura_rc rc = kura_random(bytes, sizeof(bytes), err);

    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
    }
    out[32] = '\0';
    return KURA_OK;
}

static enum kura_rc sighting_write(struct kura_partition *p, const char *to,
                                   char id[33], struct kura_err *err)
{
    struct work w;
    enum kura_rc rc = work_open(&w, p, err);
    int i;

    for (i = 0; rc == KURA_OK && i < w.schema->count; i++) {
        if (!w.schema->columns[i].observable)
            continue;
        rc = w.schema->columns[i].function == NULL
                 ? column_stored(&w, i, err)
                 : column_computed(&w, i, err);
    }
    if (rc == KURA_OK)
        rc = id_make(id, err);
    if (rc == KURA_OK)
        rc = result_write(&w, id, to, err);
    work_release(&w);
    return rc;
}

enum kura_rc kura_sighting_write(struct kura_partition *p, const char *to,
                                 struct kura_err *err)
{
    char id[33];

    return sighting_write(p, to, id, err);
}

enum kura_rc kura_sighting_seal(struct kura_partition *p, const char *to,
                                char id[33], struct kura_packed *out,
                                struct kura_err *err)
{
    struct kura_buf plain, packed;
    enum kura_rc rc;

    kura_buf_init(&plain, SIGHTING_PATH_MAX);
    kura_buf_init(&packed, SIGHTING_PATH_MAX);
    rc = kura_buf_printf(&plain, err, "%s.plain", to);
    if (rc == KURA_OK)
        rc = kura_buf_printf(&packed, err, "%s.tmp", to);
    if (rc != KURA_OK)
        goto out;
    rc = kura_fs_remove(plain.data, err);
    if (rc == KURA_OK)
        rc = kura_fs_remove(packed.data, err);
    if (rc == KURA_OK)
        rc = sighting_write(p, plain.data, id, err);
    if (rc == KURA_OK)
        rc = kura_seekable_pack(plain.data, packed.data, KURA_LEVEL_SEAL, out,
                                err);
    (void)kura_fs_remove(plain.data, NULL);
    if (rc == KURA_OK)
        rc = kura_fs_publish(packed.data, to, err);
    if (rc != KURA_OK)
        (void)kura_fs_remove(packed.data, NULL);
out:
    kura_buf_release(&plain);
    kura_buf_release(&packed);
    return rc;
}
