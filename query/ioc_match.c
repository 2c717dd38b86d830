/* ioc_match.c - partition by partition: its sightings, then those of its lines
 * that must be read. */
#include "query/ioc_match.h"

#include "query/engine_internal.h"
#include "store/dictionary.h"
#include "store/partition.h"

#include <stdlib.h>
#include <string.h>

#define MATCH_HITS 1000000u
#define MATCH_VALUE 1024u /* bytes kept of a value that matched */

/* A text of a dictionary that an indicator matches. */
struct match {
    uint32_t id;
    enum kura_ioc_how how;
    int64_t number;
};

struct work {
    struct kura_engine *e;
    const struct kura_ioc_plan *plan;
    struct kura_ioc_result *out;
    struct kura_err *err;
    size_t hits_room;
    /* Of one partition. */
    const struct kura_partition_entry *entry;
    int64_t newer;               /* indicators up to here were matched */
    size_t base;                 /* of its hits */
    struct kura_dictionary keys; /* (indicator, column, how): its hits */
    bool url_hosts;              /* the host of a URL was seen */
    struct match *matches;       /* of the value at hand, or of a dictionary */
    size_t nmatches, matches_room;
    enum kura_rc rc; /* of a callback */
    uint32_t at;     /* id of the value at hand */
    /* Of one segment. */
    uint32_t *ids, *other, *names;
    int64_t *ts, *last, *events, *clients;
    uint8_t *null, *no_clients;
};

void kura_ioc_result_release(struct kura_ioc_result *r)
{
    size_t i;

    for (i = 0; i < r->nhits; i++)
        free(r->hits[i].value);
    free(r->hits);
    free(r->partitions);
    free(r->unread);
    memset(r, 0, sizeof(*r));
}

/* --- Hits -------------------------------------------------------------- */

static bool is_listed(const struct kura_ioc_plan *p, int64_t number)
{
    size_t low = 0, high = p->nlisted;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->listed[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->nlisted && p->listed[low] == number;
}

static void on_match(void *arg, int64_t number, enum kura_ioc_how how)
{
    struct work *w = arg;
    struct match *grown;

    if (number <= w->newer || w->rc != KURA_OK)
        return;
    if (w->nmatches == w->matches_room) {
        w->matches_room = w->matches_room == 0 ? 64 : w->matches_room * 2;
        grown = realloc(w->matches, w->matches_room * sizeof(*grown));
        if (grown == NULL) {
            w->rc = kura_err_nomem(w->err);
            return;
        }
        w->matches = grown;
    }
    w->matches[w->nmatches].id = w->at;
    w->matches[w->nmatches].number = number;
    w->matches[w->nmatches++].how = how;
}

static enum kura_rc hit_new(struct work *w, int64_t number, int column,
                            enum kura_ioc_how how, const char *value, size_t n)
{
    struct kura_ioc_result *out = w->out;
    struct kura_indicator_hit *h;

    if (out->nhits == MATCH_HITS)
        return kura_err_set(w->err, KURA_EINPUT,
                            "more than %u hits: an indicator matches nearly "
                            "everything, or the range is too wide",
                            MATCH_HITS);
    if (out->nhits == w->hits_room) {
        w->hits_room = w->hits_room == 0 ? 256 : w->hits_room * 2;
        h = realloc(out->hits, w->hits_room * sizeof(*h));
        if (h == NULL)
            return kura_err_nomem(w->err);
        out->hits = h;
    }
    h = &out->hits[out->nhits];
    memset(h, 0, sizeof(*h));
    h->indicator = number;
    h->table = w->entry->schema->name;
    h->column = w->entry->schema->columns[column].name;
    h->how = kura_ioc_how_word(how);
    memcpy(h->partition, w->entry->id, sizeof(h->partition));
    h->day = w->entry->day;
    h->first_ts = INT64_MAX;
    h->last_ts = INT64_MIN;
    h->clients = -1;
    if (n > MATCH_VALUE)
        for (n = MATCH_VALUE; n > 0 && (value[n] & 0xC0) == 0x80;)
            n--;
    h->value = strndup(value, n);
    if (h->value == NULL)
        return kura_err_nomem(w->err);
    out->nhits++;
    return KURA_OK;
}

/* The hit of the partition at hand, made when it is the first; *out is its
 * index. */
static enum kura_rc hit_find(struct work *w, int64_t number, int column,
                             enum kura_ioc_how how, const char *value, size_t n,
                             size_t *out)
{
    const int64_t key[3] = {number, column, (int64_t)how};
    uint32_t id, before = w->keys.count;
    enum kura_rc rc;

    rc = kura_dictionary_intern(&w->keys, (const char *)key, sizeof(key), &id,
                                w->err);
    if (rc == KURA_OK && w->keys.count != before)
        rc = hit_new(w, number, column, how, value, n);
    *out = w->base + id - 1;
    return rc;
}

static void hit_count(struct kura_indicator_hit *h, int64_t first, int64_t last,
                      int64_t events, int64_t clients)
{
    h->first_ts = first < h->first_ts ? first : h->first_ts;
    h->last_ts = last > h->last_ts ? last : h->last_ts;
    h->events += events;
    h->clients = clients > h->clients ? clients : h->clients;
}

/* --- Sightings --------------------------------------------------------- */

/* The columns of a table of sightings. */
struct columns {
    int ts, last_ts, observable, value, events, clients;
};

static struct columns sighting_columns(void)
{
    const struct kura_schema *s = kura_schema_sighting();
    struct columns c = {
        kura_schema_column(s, "ts"),         kura_schema_column(s, "last_ts"),
        kura_schema_column(s, "observable"), kura_schema_column(s, "value"),
        kura_schema_column(s, "events"),     kura_schema_column(s, "clients")};

    return c;
}

/* For each name of an observable in the partition: the column of the table, or
 * -1 when nothing of its kind is looked for. */
static enum kura_rc observables(struct work *w, struct kura_partition *p,
                                int column, int **out)
{
    uint32_t id, n = kura_partition_dict_size(p, column);
    const struct kura_schema *s = w->entry->schema;
    int *list = malloc(((size_t)n + 1) * sizeof(*list));
    enum kura_ioc_kind kind;
    const char *text;
    size_t size;
    enum kura_rc rc = KURA_OK;

    if (list == NULL)
        return kura_err_nomem(w->err);
    list[0] = -1;
    for (id = 1; rc == KURA_OK && id <= n; id++) {
        rc = kura_partition_text(p, column, id, &text, &size, w->err);
        list[id] = rc == KURA_OK ? kura_schema_column(s, text) : -1;
        if (list[id] >= 0 &&
            (s->columns[list[id]].kind == NULL ||
             !kura_ioc_kind_find(s->columns[list[id]].kind,
                                 strlen(s->columns[list[id]].kind), &kind) ||
             !kura_ioc_set_has(w->plan->set, kind)))
            list[id] = -1;
    }
    *out = list;
    return rc;
}

static enum kura_rc sighting_row(struct work *w, int column, const char *text,
                                 size_t size, uint32_t row)
{
    enum kura_ioc_kind kind = KURA_IOC_HOST;
    enum kura_rc rc = KURA_OK;
    size_t i, hit;
    const char *word = w->entry->schema->columns[column].kind;

    (void)kura_ioc_kind_find(word, strlen(word), &kind);
    w->nmatches = 0;
    w->out->looked_up++;
    kura_ioc_set_each(w->plan->set, kind, text, size, on_match, w);
    if (w->rc != KURA_OK)
        return w->rc;
    for (i = 0; rc == KURA_OK && i < w->nmatches; i++) {
        const struct match *m = &w->matches[i];

        w->url_hosts |= m->how == KURA_IOC_OF_URL;
        rc = hit_find(w, m->number, column, m->how, text, size, &hit);
        if (rc == KURA_OK)
            hit_count(&w->out->hits[hit], w->ts[row], w->last[row],
                      w->events[row],
                      w->no_clients[row] ? -1 : w->clients[row]);
    }
    return rc;
}

static enum kura_rc sighting_segment(struct work *w, struct kura_partition *p,
                                     const struct columns *c,
                                     const int *observable, size_t segment)
{
    uint32_t row, rows = kura_partition_segment(p, segment)->rows;
    uint32_t values = kura_partition_dict_size(p, c->value);
    uint32_t names = kura_partition_dict_size(p, c->observable);
    const char *text;
    size_t size;
    enum kura_rc rc;

    rc = kura_partition_ids(p, c->value, segment, w->ids, w->err);
    if (rc == KURA_OK)
        rc = kura_partition_ids(p, c->observable, segment, w->names, w->err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, c->ts, segment, w->ts, w->null, w->err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, c->last_ts, segment, w->last, w->null,
                                     w->err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, c->events, segment, w->events, w->null,
                                     w->err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, c->clients, segment, w->clients,
                                     w->no_clients, w->err);
    for (row = 0; rc == KURA_OK && row < rows; row++) {
        if (w->ids[row] > values || w->names[row] > names)
            return kura_err_set(w->err, KURA_ECORRUPT,
                                "sightings of '%s' name a text that they do "
                                "not have",
                                w->entry->id);
        if (observable[w->names[row]] < 0 || w->ids[row] == 0)
            continue;
        rc =
            kura_partition_text(p, c->value, w->ids[row], &text, &size, w->err);
        if (rc == KURA_OK)
            rc = sighting_row(w, observable[w->names[row]], text, size, row);
    }
    return rc;
}

static enum kura_rc sightings_match(struct work *w, struct kura_partition *p)
{
    struct columns c = sighting_columns();
    int *observable = NULL;
    size_t segment;
    enum kura_rc rc;

    rc = kura_partition_dict_load(p, c.value, w->err);
    if (rc == KURA_OK)
        rc = kura_partition_dict_load(p, c.observable, w->err);
    if (rc == KURA_OK)
        rc = observables(w, p, c.observable, &observable);
    for (segment = 0; rc == KURA_OK && segment < kura_partition_segments(p);
         segment++)
        rc = sighting_segment(w, p, &c, observable, segment);
    free(observable);
    return rc;
}

/* --- Lines ------------------------------------------------------------- */

/* The matches of a whole dictionary, in the order of ids. */
static enum kura_rc dictionary_match(struct work *w, struct kura_partition *p,
                                     int column, enum kura_ioc_kind kind)
{
    uint32_t id, n;
    const char *text;
    size_t size;
    enum kura_rc rc = kura_partition_dict_load(p, column, w->err);

    n = rc == KURA_OK ? kura_partition_dict_size(p, column) : 0;
    w->nmatches = 0;
    for (id = 1; rc == KURA_OK && id <= n; id++) {
        rc = kura_partition_text(p, column, id, &text, &size, w->err);
        if (rc != KURA_OK)
            break;
        w->at = id;
        kura_ioc_set_each(w->plan->set, kind, text, size, on_match, w);
        rc = w->rc;
    }
    w->out->looked_up += n;
    return rc;
}

static size_t matches_from(const struct work *w, uint32_t id)
{
    size_t low = 0, high = w->nmatches;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (w->matches[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Different clients of a hit are counted as they come. */
static enum kura_rc client_count(struct work *w, struct kura_dictionary *seen,
                                 size_t hit, uint32_t client)
{
    const uint32_t key[2] = {(uint32_t)hit, client};
    struct kura_indicator_hit *h = &w->out->hits[hit];
    uint32_t id, before = seen->count;
    enum kura_rc rc;

    if (client == 0)
        return KURA_OK;
    rc = kura_dictionary_intern(seen, (const char *)key, sizeof(key), &id,
                                w->err);
    if (rc == KURA_OK && seen->count != before)
        h->clients = h->clients < 0 ? 1 : h->clients + 1;
    return rc;
}

static enum kura_rc line_row(struct work *w, struct kura_partition *p,
                             int column, uint32_t row, bool clients,
                             struct kura_dictionary *seen)
{
    size_t i = matches_from(w, w->ids[row]), size, hit;
    enum kura_rc rc = KURA_OK;
    const char *text;

    for (; rc == KURA_OK && i < w->nmatches && w->matches[i].id == w->ids[row];
         i++) {
        rc = kura_partition_text(p, column, w->ids[row], &text, &size, w->err);
        if (rc == KURA_OK)
            rc = hit_find(w, w->matches[i].number, column, w->matches[i].how,
                          text, size, &hit);
        if (rc != KURA_OK)
            break;
        hit_count(&w->out->hits[hit], w->ts[row], w->ts[row], 1, -1);
        if (clients)
            rc = client_count(w, seen, hit, w->other[row]);
    }
    return rc;
}

static enum kura_rc lines_count(struct work *w, struct kura_partition *p,
                                int column)
{
    const struct kura_schema *s = w->entry->schema;
    int ts = kura_schema_column(s, "ts");
    struct kura_dictionary seen;
    uint32_t row, rows;
    size_t segment;
    enum kura_rc rc = KURA_OK;

    kura_dictionary_init(&seen);
    for (segment = 0; rc == KURA_OK && segment < kura_partition_segments(p);
         segment++) {
        rows = kura_partition_segment(p, segment)->rows;
        rc = kura_partition_ids(p, column, segment, w->ids, w->err);
        if (rc == KURA_OK)
            rc =
                kura_partition_integers(p, ts, segment, w->ts, w->null, w->err);
        if (rc == KURA_OK && s->client >= 0)
            rc = kura_partition_ids(p, s->client, segment, w->other, w->err);
        for (row = 0; rc == KURA_OK && row < rows; row++)
            if (w->ids[row] != 0)
                rc = line_row(w, p, column, row, s->client >= 0, &seen);
    }
    kura_dictionary_release(&seen);
    return rc;
}

static enum kura_rc column_match(struct work *w, struct kura_partition *p,
                                 int column, enum kura_ioc_kind kind)
{
    enum kura_rc rc = dictionary_match(w, p, column, kind);

    if (rc == KURA_OK && w->nmatches != 0)
        rc = lines_count(w, p, column);
    return rc;
}

/* What a column of the table is read for; false: it is not. */
static bool column_is_read(const struct work *w, int column,
                           enum kura_ioc_kind *kind)
{
    const struct kura_column *c = &w->entry->schema->columns[column];

    if (c->kind == NULL || c->observable || c->function != NULL ||
        !kura_ioc_kind_find(c->kind, strlen(c->kind), kind) ||
        !kura_ioc_set_has(w->plan->set, *kind))
        return false;
    return *kind != KURA_IOC_URL || w->url_hosts;
}

static enum kura_rc unread_add(struct work *w, int column)
{
    struct kura_ioc_result *out = w->out;
    struct kura_ioc_unread *u;
    size_t i;

    for (i = 0; i < out->nunread; i++)
        if (out->unread[i].schema == w->entry->schema &&
            out->unread[i].column == column)
            break;
    if (i == out->nunread) {
        u = realloc(out->unread, (i + 1) * sizeof(*u));
        if (u == NULL)
            return kura_err_nomem(w->err);
        out->unread = u;
        memset(&u[i], 0, sizeof(*u));
        u[i].schema = w->entry->schema;
        u[i].column = column;
        u[i].first_day = w->entry->day;
        out->nunread++;
    }
    u = &out->unread[i];
    u->partitions++;
    u->last_day = w->entry->day; /* entries come by day */
    return KURA_OK;
}

/* *read: every column that was to be read was; *urls: URLs were. */
static enum kura_rc lines_match(struct work *w, size_t entry, bool *read,
                                bool *urls)
{
    const struct kura_schema *s = w->entry->schema;
    struct kura_partition *p = NULL;
    enum kura_ioc_kind kind;
    int64_t rows;
    enum kura_rc rc = KURA_OK;
    int i;

    *read = true;
    *urls = false;
    for (i = 0; rc == KURA_OK && i < s->count; i++) {
        if (!column_is_read(w, i, &kind))
            continue;
        rc = kura_engine_pin(w->e, entry, &p, &rows, w->err);
        if (rc == KURA_OK && p == NULL) {
            *read = false;
            rc = unread_add(w, i);
            continue;
        }
        if (rc != KURA_OK)
            break;
        rc = column_match(w, p, i, kind);
        kura_engine_unpin(w->e, entry);
        if (rc != KURA_OK && kura_engine_lose(w->e, entry, rc)) {
            *w->err = (struct kura_err)KURA_ERR_INIT;
            *read = false;
            rc = unread_add(w, i);
            continue;
        }
        *urls |= kind == KURA_IOC_URL;
    }
    return rc;
}

/* --- One partition ----------------------------------------------------- */

static const char *url_column(const struct kura_schema *s)
{
    int i;

    for (i = 0; i < s->count; i++)
        if (s->columns[i].kind != NULL &&
            strcmp(s->columns[i].kind, "url") == 0)
            return s->columns[i].name;
    return NULL;
}

/* The host of a URL says nothing where the URLs themselves were read (those of
 * indicators up to a number), or where a warning list names it. */
static void hosts_of_urls_drop(struct work *w, int64_t read)
{
    struct kura_ioc_result *out = w->out;
    const char *word = kura_ioc_how_word(KURA_IOC_OF_URL);
    const char *urls = url_column(w->entry->schema);
    size_t i, kept = w->base;

    for (i = w->base; i < out->nhits; i++) {
        struct kura_indicator_hit *h = &out->hits[i];
        bool settled = urls != NULL && strcmp(h->column, urls) != 0 &&
                       h->indicator <= read;

        if (h->how == word && (settled || is_listed(w->plan, h->indicator)))
            free(h->value);
        else
            out->hits[kept++] = *h;
    }
    out->nhits = kept;
}

static enum kura_rc partition_sightings(struct work *w, size_t sighting,
                                        bool *read)
{
    struct kura_partition *p = NULL;
    int64_t rows;
    enum kura_rc rc = kura_engine_pin(w->e, sighting, &p, &rows, w->err);

    *read = p != NULL;
    if (rc != KURA_OK || p == NULL)
        return rc;
    rc = sightings_match(w, p);
    kura_engine_unpin(w->e, sighting);
    if (rc != KURA_OK && kura_engine_lose(w->e, sighting, rc)) {
        *w->err = (struct kura_err)KURA_ERR_INIT;
        *read = false;
        rc = KURA_OK;
    }
    return rc;
}

/* Whether the lines of a partition can be read. */
static enum kura_rc lines_are_at_hand(struct work *w, size_t entry, bool *out)
{
    struct kura_partition *p = NULL;
    int64_t rows;
    enum kura_rc rc = kura_engine_pin(w->e, entry, &p, &rows, w->err);

    *out = p != NULL;
    if (p != NULL)
        kura_engine_unpin(w->e, entry);
    return rc;
}

/* From which indicators on the sightings and the lines of a partition are to be
 * matched.  Lines that could not be read and now can are due together with the
 * sightings, which tell where to look for URLs. */
static enum kura_rc partition_due(struct work *w, size_t entry,
                                  const struct kura_indicator_matched *m,
                                  int64_t *sightings, int64_t *lines)
{
    bool same = m->rows == w->entry->rows, readable = true;
    enum kura_rc rc = KURA_OK;

    *sightings = same ? m->upto : 0;
    *lines = same ? m->lines : 0;
    if (w->plan->all || *lines < *sightings)
        rc = lines_are_at_hand(w, entry, &readable);
    if (w->plan->all)
        *sightings = 0;
    if (w->plan->all && readable)
        *lines = 0;
    else if (readable && *lines < *sightings)
        *sightings = *lines;
    return rc;
}

/* Nothing to do where all was matched and nothing is newer. */
static enum kura_rc partition_match(struct work *w, size_t entry,
                                    size_t sighting,
                                    struct kura_indicator_matched *m)
{
    bool read = true, urls = false, found = true;
    int64_t sightings, lines;
    enum kura_rc rc = w->plan->matched(w->plan->arg, m, w->err);

    if (rc == KURA_OK)
        rc = partition_due(w, entry, m, &sightings, &lines);
    if (rc != KURA_OK || sightings >= w->plan->last)
        return rc;
    w->base = w->out->nhits;
    w->url_hosts = false;
    kura_dictionary_release(&w->keys);
    w->newer = sightings;
    rc = partition_sightings(w, sighting, &found);
    w->newer = lines;
    if (rc == KURA_OK)
        rc = lines_match(w, entry, &read, &urls);
    if (rc != KURA_OK)
        return rc;
    if (w->url_hosts)
        hosts_of_urls_drop(w, urls ? INT64_MAX : lines);
    m->now = found;
    m->urls = urls ? url_column(w->entry->schema) : NULL;
    m->whole = found && read && sightings == 0 && lines == 0;
    m->rows = w->entry->rows;
    m->upto = w->plan->last;
    m->lines = read ? w->plan->last : lines;
    return KURA_OK;
}

/* --- All of them ------------------------------------------------------- */

static bool in_span(const struct kura_partition_entry *e, struct kura_span span)
{
    return span.low <= span.high &&
           e->day <= kura_day_of(span.high > INT64_MAX / 4 ? INT64_MAX / 4
                                                           : span.high) &&
           e->day >= kura_day_of(span.low < -INT64_MAX / 4 ? -INT64_MAX / 4
                                                           : span.low);
}

static enum kura_rc work_room(struct work *w)
{
    const size_t n = 65536;

    w->ids = malloc(n * sizeof(*w->ids));
    w->other = malloc(n * sizeof(*w->other));
    w->names = malloc(n * sizeof(*w->names));
    w->ts = malloc(n * sizeof(*w->ts));
    w->last = malloc(n * sizeof(*w->last));
    w->events = malloc(n * sizeof(*w->events));
    w->clients = malloc(n * sizeof(*w->clients));
    w->null = malloc(n);
    w->no_clients = malloc(n);
    return w->ids == NULL || w->other == NULL || w->names == NULL ||
                   w->ts == NULL || w->last == NULL || w->events == NULL ||
                   w->clients == NULL || w->null == NULL ||
                   w->no_clients == NULL
               ? kura_err_nomem(w->err)
               : KURA_OK;
}

static void work_release(struct work *w)
{
    kura_dictionary_release(&w->keys);
    free(w->matches);
    free(w->ids);
    free(w->other);
    free(w->names);
    free(w->ts);
    free(w->last);
    free(w->events);
    free(w->clients);
    free(w->null);
    free(w->no_clients);
}

static void note_tables(struct work *w)
{
    const struct kura_schema *s = kura_schema_sighting();

    kura_engine_note(w->e, s, kura_engine_span(w->e, s));
}

/* The sightings come behind all logs, in the same order. */
static enum kura_rc entries_match(struct work *w)
{
    const struct kura_schema *sighting = kura_schema_sighting();
    size_t i, log = 0, n = kura_engine_count(w->e);
    enum kura_rc rc = KURA_OK;

    w->out->partitions = calloc(n + 1, sizeof(*w->out->partitions));
    if (w->out->partitions == NULL)
        return kura_err_nomem(w->err);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        struct kura_indicator_matched *m;

        if (kura_engine_entry(w->e, i)->schema != sighting)
            continue;
        while (kura_engine_entry(w->e, log)->number !=
               kura_engine_entry(w->e, i)->number)
            log++;
        w->entry = kura_engine_entry(w->e, log);
        m = &w->out->partitions[w->out->npartitions++];
        memcpy(m->partition, w->entry->id, sizeof(m->partition));
        m->table = w->entry->schema->name;
        m->day = w->entry->day;
        rc = kura_engine_check(w->e, w->err);
        if (rc == KURA_OK &&
            in_span(w->entry, kura_engine_span(w->e, sighting)))
            rc = partition_match(w, log, i, m);
    }
    return rc;
}

enum kura_rc kura_ioc_match(struct kura_engine *e,
                            const struct kura_ioc_plan *plan,
                            struct kura_ioc_result *out, struct kura_err *err)
{
    struct kura_err own = KURA_ERR_INIT;
    struct work w;
    enum kura_rc rc;

    memset(out, 0, sizeof(*out));
    memset(&w, 0, sizeof(w));
    w.e = e;
    w.plan = plan;
    w.out = out;
    w.err = err != NULL ? err : &own;
    kura_dictionary_init(&w.keys);
    rc = kura_engine_enter(e, w.err);
    if (rc != KURA_OK)
        return rc;
    note_tables(&w);
    rc = work_room(&w);
    if (rc == KURA_OK)
        rc = entries_match(&w);
    kura_engine_leave(e);
    work_release(&w);
    return rc;
}
