/* rollup.c - from the segments of a scan to groups: keys of a block of rows,
 * their groups, then each measure over the block. */
#include "query/rollup_internal.h"

enum kura_rc kura_rollup_new(struct kura_engine *e, const struct kura_schema *s,
                             size_t memory, struct kura_rollup **out,
                             struct kura_err *err)
{
    struct kura_rollup *r = calloc(1, sizeof(*r));
    enum kura_rc rc;
    uint32_t i;

    if (r == NULL)
        return kura_err_nomem(err);
    rc = kura_scan_new(e, s, &r->scan, err);
    if (rc != KURA_OK) {
        free(r);
        return rc;
    }
    r->engine = e;
    r->schema = s;
    r->memory = memory;
    r->entry = SIZE_MAX;
    for (i = 0; i < KURA_GROUPS_BLOCK; i++)
        r->all[i] = i;
    *out = r;
    return KURA_OK;
}

static void maps_drop(struct kura_rollup *r)
{
    size_t i;

    for (i = 0; i < r->ndim; i++) {
        free(r->dims[i].map);
        r->dims[i].map = NULL;
    }
}

static void rollup_reset(struct kura_rollup *r)
{
    size_t i;

    maps_drop(r);
    for (i = 0; i < r->ndim; i++)
        kura_dictionary_release(&r->dims[i].texts);
    kura_groups_release(&r->part);
    kura_groups_release(&r->whole);
    free(r->dims);
    free(r->measures);
    free(r->kinds);
    free(r->block);
    free(r->order);
    r->order = NULL;
    r->dims = NULL;
    r->measures = NULL;
    r->kinds = NULL;
    r->block = NULL;
    r->ndim = r->nmeasure = 0;
    r->entry = SIZE_MAX;
}

void kura_rollup_free(struct kura_rollup *r)
{
    if (r == NULL)
        return;
    rollup_reset(r);
    kura_scan_free(r->scan);
    free(r);
}

/* --- The layout of a key ---------------------------------------------- */

static void dimension_start(const struct kura_rollup *r,
                            struct rollup_dimension *d,
                            const struct kura_dimension *from)
{
    const struct kura_column *c = &r->schema->columns[from->column];

    memset(d, 0, sizeof(*d));
    d->column = from->column;
    d->source = kura_scan_source(r->schema, from->column);
    d->coded = kura_source_has_ids(d->source);
    d->integer = d->coded && c->type == KURA_INTEGER;
    d->fold = from->fold && d->coded && c->nocase;
    kura_dictionary_init(&d->texts);
}

/* Codes two to a word, then integers, then a word that says which of the
 * integers are NULL. */
static void key_layout(struct kura_rollup *r)
{
    size_t i, codes = 0, integers = 0;

    for (i = 0; i < r->ndim; i++) {
        struct rollup_dimension *d = &r->dims[i];

        if (!d->coded)
            continue;
        d->word = codes / 2;
        d->shift = codes % 2 ? 32 : 0;
        codes++;
    }
    codes = (codes + 1) / 2;
    for (i = 0; i < r->ndim; i++) {
        struct rollup_dimension *d = &r->dims[i];

        if (d->coded)
            continue;
        d->word = codes + integers;
        d->null = UINT64_C(1) << integers++;
    }
    r->nullword = codes + integers;
    r->keys = r->nullword + (integers > 0);
    if (r->keys == 0)
        r->keys = 1; /* one group, of key 0 */
}

enum kura_rc kura_rollup_prepare(struct kura_rollup *r,
                                 const struct kura_dimension *dims, size_t ndim,
                                 const struct kura_measure *measures,
                                 size_t nmeasure, struct kura_err *err)
{
    size_t i;

    rollup_reset(r);
    r->dims = calloc(ndim + 1, sizeof(*r->dims));
    r->measures = calloc(nmeasure + 1, sizeof(*r->measures));
    r->kinds = calloc(nmeasure + 1, sizeof(*r->kinds));
    if (r->dims == NULL || r->measures == NULL || r->kinds == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < ndim; i++)
        dimension_start(r, &r->dims[i], &dims[i]);
    r->ndim = ndim;
    for (i = 0; i < nmeasure; i++) {
        r->measures[i] = measures[i];
        r->kinds[i] = measures[i].kind;
    }
    r->nmeasure = nmeasure;
    key_layout(r);
    r->block = malloc(KURA_GROUPS_BLOCK * r->keys * sizeof(*r->block));
    if (r->block == NULL)
        return kura_err_nomem(err);
    kura_groups_init(&r->part, r->keys, r->kinds, nmeasure);
    kura_groups_init(&r->whole, r->keys, r->kinds, nmeasure);
    return KURA_OK;
}

/* --- Keys of rows ----------------------------------------------------- */

static bool text_folds(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (s[i] >= 'A' && s[i] <= 'Z')
            return true;
    return false;
}

/* The code of an id that is met for the first time in its partition. */
static enum kura_rc code_learn(struct kura_rollup *r,
                               struct rollup_dimension *d, uint32_t id,
                               struct kura_err *err)
{
    struct kura_scan_value v = {KURA_OPERAND_NULL, 0, NULL, 0};
    enum kura_rc rc = kura_scan_of_id(r->scan, d->column, id, &v, err);
    uint32_t code = 0;

    if (rc != KURA_OK)
        return rc;
    if (v.kind == KURA_OPERAND_NULL) {
        d->map[id] = CODE_NULL;
        return KURA_OK;
    }
    if (v.kind == KURA_OPERAND_INTEGER) {
        v.text = (const char *)&v.number;
        v.size = sizeof(v.number);
    } else if (d->fold && !d->upper) {
        d->upper = text_folds(v.text, v.size);
    }
    if (v.size > UINT32_MAX)
        return kura_err_nomem(err);
    rc =
        kura_dictionary_intern(&d->texts, v.text, (uint32_t)v.size, &code, err);
    if (rc == KURA_OK)
        d->map[id] = code - 1 + CODE_FIRST;
    return rc;
}

/* Decodes what the columns need.  Ids first: their dictionary is open then, and
 * none of them is beyond its size. */
static enum kura_rc segment_decode(struct kura_rollup *r, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < r->ndim; i++) {
        struct rollup_dimension *d = &r->dims[i];

        if (!d->coded) {
            rc = kura_scan_integers(r->scan, d->column, &d->values, &d->nulls,
                                    err);
            continue;
        }
        rc = kura_scan_ids(r->scan, d->column, &d->ids, err);
        if (rc != KURA_OK || d->map != NULL)
            continue;
        d->map_end = kura_scan_id_end(r->scan, d->column);
        d->map = calloc(d->map_end, sizeof(*d->map));
        if (d->map == NULL)
            return kura_err_nomem(err);
        d->map[0] = CODE_NULL;
    }
    return rc;
}

static enum kura_rc keys_of_codes(struct kura_rollup *r,
                                  struct rollup_dimension *d,
                                  const uint32_t *rows, size_t n,
                                  struct kura_err *err)
{
    uint64_t *to = r->block + d->word;
    const uint32_t *ids = d->ids;
    enum kura_rc rc;
    size_t i;

    for (i = 0; i < n; i++, to += r->keys) {
        uint32_t id = ids[rows[i]];

        if (d->map[id] == CODE_UNKNOWN) {
            rc = code_learn(r, d, id, err);
            if (rc != KURA_OK)
                return rc;
        }
        *to |= (uint64_t)d->map[id] << d->shift;
    }
    return KURA_OK;
}

static void keys_of_integers(struct kura_rollup *r,
                             const struct rollup_dimension *d,
                             const uint32_t *rows, size_t n)
{
    uint64_t *to = r->block;
    size_t i;

    for (i = 0; i < n; i++, to += r->keys) {
        bool null = d->nulls[rows[i]] != 0;

        to[d->word] = null ? 0 : (uint64_t)d->values[rows[i]];
        to[r->nullword] |= null ? d->null : 0;
    }
}

static enum kura_rc block_keys(struct kura_rollup *r, const uint32_t *rows,
                               size_t n, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    memset(r->block, 0, n * r->keys * sizeof(*r->block));
    for (i = 0; rc == KURA_OK && i < r->ndim; i++) {
        if (r->dims[i].coded)
            rc = keys_of_codes(r, &r->dims[i], rows, n, err);
        else
            keys_of_integers(r, &r->dims[i], rows, n);
    }
    return rc;
}

/* --- Segments and partitions ------------------------------------------ */

/* Moves the columns of the segment by one block. */
static void columns_advance(struct kura_rollup *r, size_t n)
{
    size_t i;

    for (i = 0; i < r->ndim; i++) {
        struct rollup_dimension *d = &r->dims[i];

        if (d->coded) {
            d->ids += n;
        } else {
            d->values += n;
            d->nulls += n;
        }
    }
}

/* The rows from..from+n of the selection; where that is every row, the values
 * move and the rows are 0..n. */
static enum kura_rc block_add(struct kura_rollup *r, size_t from,
                              const uint32_t *rows, size_t n,
                              struct kura_err *err)
{
    uint32_t at[KURA_GROUPS_BLOCK];
    enum kura_rc rc = block_keys(r, rows, n, err);
    size_t i;

    if (rc == KURA_OK)
        rc = kura_groups_find(&r->part, r->block, n, at, err);
    for (i = 0; rc == KURA_OK && i < r->nmeasure; i++) {
        const int64_t *values;
        const uint8_t *null;

        if (r->kinds[i] == KURA_MEASURE_ROWS) {
            kura_groups_count(&r->part, i, at, n);
            continue;
        }
        rc = kura_scan_integers(r->scan, r->measures[i].column, &values, &null,
                                err);
        if (rc == KURA_OK)
            kura_groups_add(&r->part, i, at, n, values + from, null + from,
                            rows);
    }
    return rc;
}

static enum kura_rc segment_add(struct kura_rollup *r,
                                const struct kura_scan_rows *s,
                                struct kura_err *err)
{
    enum kura_rc rc = segment_decode(r, err);
    size_t from, n;

    for (from = 0; rc == KURA_OK && from < s->count; from += n) {
        n = s->count - from;
        if (n > KURA_GROUPS_BLOCK)
            n = KURA_GROUPS_BLOCK;
        if (s->rows != NULL) {
            rc = block_add(r, 0, s->rows + from, n, err);
            continue;
        }
        rc = block_add(r, from, r->all, n, err);
        columns_advance(r, n);
    }
    return rc;
}

/* The column with the most values is the one to do without. */
static enum kura_rc rollup_too_large(const struct kura_rollup *r,
                                     struct kura_err *err)
{
    const struct rollup_dimension *most = NULL;
    size_t i;

    for (i = 0; i < r->ndim; i++)
        if (r->dims[i].coded &&
            (most == NULL || r->dims[i].texts.count > most->texts.count))
            most = &r->dims[i];
    (void)kura_err_set(
        err, KURA_EINPUT, "%s_rollup: %zu groups need more than %zu MiB",
        r->schema->name, r->whole.count + r->part.count, r->memory >> 20);
    if (most != NULL)
        kura_err_hint(
            err, "%s has %u values: leave it out, or ask about less time",
            r->schema->columns[most->column].name, (unsigned)most->texts.count);
    else
        kura_err_hint(err, "name fewer columns, or ask about less time");
    return KURA_EINPUT;
}

static enum kura_rc rollup_weigh(const struct kura_rollup *r,
                                 struct kura_err *err)
{
    size_t i, sum = r->part.memory + r->whole.memory;

    for (i = 0; i < r->ndim; i++)
        sum += r->dims[i].texts.memory;
    if (r->shared != NULL) {
        atomic_store(&r->shared->weight[r->lane], sum);
        sum += atomic_load(&r->shared->weight[1 - r->lane]);
    }
    return sum <= r->memory ? KURA_OK : rollup_too_large(r, err);
}

enum kura_rc kura_rollup_whole_add(struct kura_rollup *r,
                                   const struct kura_groups *from,
                                   struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, k, n;

    for (i = 0; rc == KURA_OK && i < from->count; i += n) {
        uint32_t at[KURA_GROUPS_BLOCK];

        n = from->count - i;
        if (n > KURA_GROUPS_BLOCK)
            n = KURA_GROUPS_BLOCK;
        for (k = 0; k < n; k++)
            memcpy(r->block + k * r->keys, kura_groups_key(from, i + k),
                   r->keys * sizeof(*r->block));
        if (i % ROLLUP_CHECK_EVERY == 0)
            rc = kura_engine_check(r->engine, err);
        if (rc == KURA_OK)
            rc = kura_groups_find(&r->whole, r->block, n, at, err);
        for (k = 0; rc == KURA_OK && k < n; k++)
            kura_groups_combine(&r->whole, at[k], from, (uint32_t)(i + k));
    }
    return rc;
}

/* The partition at hand is over: what it has joins the rest, unless it turned
 * out damaged. */
static enum kura_rc partition_end(struct kura_rollup *r, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    if (r->entry == SIZE_MAX)
        return KURA_OK;
    if (kura_scan_damaged(r->scan) != r->entry && r->whole.count == 0) {
        struct kura_groups empty = r->whole;

        r->whole = r->part;
        r->part = empty;
    } else if (kura_scan_damaged(r->scan) != r->entry) {
        rc = kura_rollup_whole_add(r, &r->part, err);
    }
    kura_groups_clear(&r->part);
    maps_drop(r);
    r->entry = SIZE_MAX;
    return rc == KURA_OK ? rollup_weigh(r, err) : rc;
}

static enum kura_rc rollup_step(struct kura_rollup *r, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_scan_rows rows;
    enum kura_rc rc = KURA_OK;

    if (r->shared != NULL && atomic_load(&r->shared->failed))
        return KURA_ESTOPPED;
    kura_scan_rows(r->scan, &rows);
    if (rows.entry != r->entry)
        rc = partition_end(r, err);
    if (rc != KURA_OK)
        return rc;
    r->entry = rows.entry;
    rc = segment_add(r, &rows, &cause);
    if (rc != KURA_OK)
        return kura_scan_lose(r->scan, rc, &cause, err);
    rc = rollup_weigh(r, err);
    return rc == KURA_OK ? kura_scan_next_rows(r->scan, err) : rc;
}

/* --- Running ---------------------------------------------------------- */

enum kura_rc kura_rollup_add(struct kura_rollup *r, struct kura_filter *f,
                             struct kura_err *err)
{
    enum kura_rc rc = kura_filter_begin(f, r->scan, err);

    while (rc == KURA_OK && !kura_scan_is_over(r->scan))
        rc = rollup_step(r, err);
    if (rc == KURA_OK)
        rc = partition_end(r, err);
    maps_drop(r);
    kura_groups_release(&r->part);
    return rc;
}

enum kura_rc kura_rollup_run(struct kura_rollup *r, struct kura_filter *f,
                             struct kura_filter *beside,
                             const struct kura_dimension *dims, size_t ndim,
                             const struct kura_measure *measures,
                             size_t nmeasure, struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_rollup_prepare(r, dims, ndim, measures, nmeasure, err);
    if (rc == KURA_OK && beside != NULL)
        rc = kura_rollup_add_beside(r, f, beside, dims, measures, err);
    else if (rc == KURA_OK)
        rc = kura_rollup_add(r, f, err);
    return rc == KURA_OK ? kura_rollup_fold(r, err) : rc;
}
