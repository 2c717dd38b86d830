#include "archive/describe.h"

#include "base/clock.h"
#include "store/builder.h"

#include <stdlib.h>
#include <string.h>

#define HOUR (3600 * KURA_SECOND)

/* One segment, and which source of the member an id stands for. */
struct counter {
    struct kura_manifest_source **by_id;
    uint32_t ids[KURA_SEGMENT_ROWS];
    int64_t ts[KURA_SEGMENT_ROWS];
    uint8_t null[KURA_SEGMENT_ROWS];
};

static enum kura_rc source_copy(const struct kura_partition_source *from,
                                struct kura_manifest_source *to,
                                struct kura_err *err)
{
    size_t n = strlen(from->held_sha256);

    to->key = strdup(from->key);
    to->name = strdup(from->name);
    if (to->key == NULL || to->name == NULL)
        return kura_err_nomem(err);
    memcpy(to->held_sha256, from->held_sha256,
           n < sizeof(to->held_sha256) ? n + 1 : 0);
    to->held_bytes = from->held_bytes;
    to->held_lines = from->held_lines;
    to->rows = from->rows;
    to->bytes = from->bytes;
    to->first_ts = from->first_ts;
    to->last_ts = from->last_ts;
    return KURA_OK;
}

static enum kura_rc sources_copy(struct kura_partition *p,
                                 struct kura_manifest_member *m,
                                 struct kura_err *err)
{
    size_t i, n = kura_partition_sources(p);
    enum kura_rc rc = KURA_OK;

    m->sources = calloc(n == 0 ? 1 : n, sizeof(*m->sources));
    if (m->sources == NULL)
        return kura_err_nomem(err);
    m->source_count = n;
    for (i = 0; rc == KURA_OK && i < n; i++) {
        rc = source_copy(kura_partition_source(p, i), &m->sources[i], err);
        m->bytes += m->sources[i].bytes;
    }
    return rc;
}

static enum kura_rc counter_map(struct kura_partition *p, int column,
                                const struct kura_manifest_member *m,
                                struct counter *c, struct kura_err *err)
{
    uint32_t id, n = kura_partition_dict_size(p, column);
    const char *text;
    size_t size, i;
    enum kura_rc rc = KURA_OK;

    c->by_id = calloc((size_t)n + 1, sizeof(struct kura_manifest_source *));
    if (c->by_id == NULL)
        return kura_err_nomem(err);
    for (id = 1; rc == KURA_OK && id <= n; id++) {
        rc = kura_partition_text(p, column, id, &text, &size, err);
        for (i = 0; rc == KURA_OK && i < m->source_count; i++)
            if (strlen(m->sources[i].name) == size &&
                memcmp(m->sources[i].name, text, size) == 0)
                c->by_id[id] = &m->sources[i];
    }
    return rc;
}

static enum kura_rc segment_count(struct kura_partition *p, int source, int ts,
                                  size_t segment, struct counter *c,
                                  struct kura_err *err)
{
    uint32_t i, n = kura_partition_segment(p, segment)->rows;
    int64_t start = kura_partition_day(p) * KURA_DAY, hour;
    enum kura_rc rc = kura_partition_ids(p, source, segment, c->ids, err);

    if (rc == KURA_OK)
        rc = kura_partition_integers(p, ts, segment, c->ts, c->null, err);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        hour = (c->ts[i] - start) / HOUR;
        if (c->by_id[c->ids[i]] != NULL && hour >= 0 && hour < 24)
            c->by_id[c->ids[i]]->hours[hour]++;
    }
    return rc;
}

static enum kura_rc hours_count(struct kura_partition *p,
                                struct kura_manifest_member *m,
                                struct kura_err *err)
{
    const struct kura_schema *s = kura_partition_schema(p);
    int source = kura_schema_column(s, "source");
    int ts = kura_schema_column(s, "ts");
    struct counter *c = calloc(1, sizeof(*c));
    enum kura_rc rc;
    size_t i;

    if (c == NULL)
        return kura_err_nomem(err);
    rc = counter_map(p, source, m, c, err);
    for (i = 0; rc == KURA_OK && i < kura_partition_segments(p); i++)
        rc = segment_count(p, source, ts, i, c, err);
    free(c->by_id);
    free(c);
    return rc;
}

enum kura_rc kura_describe(struct kura_partition *p,
                           struct kura_manifest_member *m, struct kura_err *err)
{
    enum kura_rc rc;
    size_t i;

    memcpy(m->id, kura_partition_id(p), sizeof(m->id));
    m->replaces = strdup(kura_partition_replaces(p));
    if (m->replaces == NULL)
        return kura_err_nomem(err);
    m->day = kura_partition_day(p);
    m->rows = kura_partition_rows(p);
    for (i = 0; i < kura_partition_segments(p); i++) {
        const struct kura_segment *s = kura_partition_segment(p, i);

        m->first_ts = i == 0 || s->first_ts < m->first_ts ? s->first_ts
                                                          : m->first_ts;
        m->last_ts = i == 0 || s->last_ts > m->last_ts ? s->last_ts
                                                       : m->last_ts;
    }
    rc = sources_copy(p, m, err);
    return rc == KURA_OK ? hours_count(p, m, err) : rc;
}
