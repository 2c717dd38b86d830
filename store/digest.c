#include "store/digest.h"

#include "base/hash.h"
#include "store/builder.h"

#include <stdlib.h>
#include <string.h>

/* Of one partition: a hash per row, to which column after column adds. */
struct digester {
    struct kura_partition *p;
    uint64_t *rows;
    uint64_t *texts; /* of the dictionary at hand, by id */
    uint32_t ids[KURA_SEGMENT_ROWS];
    int64_t values[KURA_SEGMENT_ROWS];
    uint8_t null[KURA_SEGMENT_ROWS];
};

/* The finalizer of MurmurHash3: every bit of x reaches every bit. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

static enum kura_rc digest_dictionary(struct digester *d, int column,
                                      uint64_t salt, struct kura_err *err)
{
    uint32_t id, n = kura_partition_dict_size(d->p, column);
    const char *text;
    size_t size;
    enum kura_rc rc = kura_partition_dict_load(d->p, column, err);

    if (rc != KURA_OK)
        return rc;
    free(d->texts);
    d->texts = malloc(((size_t)n + 1) * sizeof(*d->texts));
    if (d->texts == NULL)
        return kura_err_nomem(err);
    d->texts[0] = 0;
    for (id = 1; rc == KURA_OK && id <= n; id++) {
        rc = kura_partition_text(d->p, column, id, &text, &size, err);
        if (rc == KURA_OK)
            d->texts[id] = mix(kura_hash64(text, size) ^ salt);
    }
    return rc;
}

static enum kura_rc digest_texts(struct digester *d, int column, uint64_t salt,
                                 struct kura_err *err)
{
    size_t segment, at = 0;
    uint32_t i, n;
    enum kura_rc rc = digest_dictionary(d, column, salt, err);

    for (segment = 0;
         rc == KURA_OK && segment < kura_partition_segments(d->p); segment++) {
        n = kura_partition_segment(d->p, segment)->rows;
        rc = kura_partition_ids(d->p, column, segment, d->ids, err);
        for (i = 0; rc == KURA_OK && i < n; i++)
            d->rows[at + i] += d->texts[d->ids[i]];
        at += n;
    }
    return rc;
}

static enum kura_rc digest_integers(struct digester *d, int column,
                                    uint64_t salt, struct kura_err *err)
{
    size_t segment, at = 0;
    uint32_t i, n;
    enum kura_rc rc = KURA_OK;

    for (segment = 0;
         rc == KURA_OK && segment < kura_partition_segments(d->p); segment++) {
        n = kura_partition_segment(d->p, segment)->rows;
        rc = kura_partition_integers(d->p, column, segment, d->values, d->null,
                                     err);
        for (i = 0; rc == KURA_OK && i < n; i++)
            if (!d->null[i])
                d->rows[at + i] += mix(mix((uint64_t)d->values[i]) ^ salt);
        at += n;
    }
    return rc;
}

static enum kura_rc digest_column(struct digester *d, int column,
                                  struct kura_err *err)
{
    const struct kura_schema *s = kura_partition_schema(d->p);
    bool shape = column == KURA_COLUMN_SHAPE;
    const char *name = shape ? "shape" : s->columns[column].name;
    uint64_t salt = kura_hash64(name, strlen(name));

    if (shape || s->columns[column].type == KURA_TEXT)
        return digest_texts(d, column, salt, err);
    return digest_integers(d, column, salt, err);
}

enum kura_rc kura_digest_add(struct kura_partition *p, struct kura_digest *out,
                             struct kura_err *err)
{
    const struct kura_schema *s = kura_partition_schema(p);
    size_t i, n = (size_t)kura_partition_rows(p);
    struct digester *d = calloc(1, sizeof(*d));
    enum kura_rc rc = KURA_OK;
    int c;

    if (d != NULL)
        d->rows = calloc(n == 0 ? 1 : n, sizeof(*d->rows));
    if (d == NULL || d->rows == NULL) {
        free(d);
        return kura_err_nomem(err);
    }
    d->p = p;
    for (c = 0; rc == KURA_OK && c < s->count; c++)
        if (s->columns[c].function == NULL)
            rc = digest_column(d, c, err);
    if (rc == KURA_OK)
        rc = digest_column(d, KURA_COLUMN_SHAPE, err);
    for (i = 0; rc == KURA_OK && i < n; i++)
        out->sum += mix(d->rows[i]);
    if (rc == KURA_OK)
        out->rows += (int64_t)n;
    free(d->texts);
    free(d->rows);
    free(d);
    return rc;
}
