/* rollup.c - from the segments of a scan to groups: keys of a block of rows,
 * their groups, then each measure over the block. */
#include "query/rollup.h"

#include "base/text.h"
#include "query/order.h"
#include "store/builder.h"
#include "store/dictionary.h"

/* A code of a text: 0 in a map is one that was not met yet. */
enum { CODE_UNKNOWN, CODE_NULL, CODE_FIRST };
/* Groups between two looks at the stop sign. */
#define CHECK_EVERY 65536u

struct dimension {
    int column;
    bool fold;
    bool coded;   /* by the texts below; else an integer */
    bool integer; /* coded: the texts are numbers of 8 bytes */
    enum kura_source_kind source;
    size_t word; /* of the key */
    int shift;   /* coded: two of them share a word */
    uint64_t null;
    struct kura_dictionary texts; /* of all partitions: code - CODE_FIRST + 1 */
    bool upper;                   /* a text has a letter that folds */
    uint32_t *map;                /* of the partition at hand: its ids' codes */
    size_t map_end;
    /* Of the segment at hand. */
    const uint32_t *ids;
    const int64_t *values;
    const uint8_t *nulls;
};

struct kura_rollup {
    struct kura_engine *engine;
    const struct kura_schema *schema;
    struct kura_scan *scan;
    size_t memory; /* bound */
    struct dimension *dims;
    size_t ndim;
    struct kura_measure *measures;
    enum kura_measure_kind *kinds;
    size_t nmeasure;
    size_t keys, nullword;           /* words of a key; which has the NULLs */
    struct kura_groups part, whole;  /* the partition at hand; all before */
    size_t entry;                    /* it; SIZE_MAX: none */
    uint32_t *order;                 /* of the groups; NULL: as they come */
    uint64_t *block;                 /* keys of KURA_GROUPS_BLOCK rows */
    uint32_t all[KURA_GROUPS_BLOCK]; /* 0, 1, 2 ... */
    char text[KURA_SCAN_TIME_TEXT];
};

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

static void dimension_start(const struct kura_rollup *r, struct dimension *d,
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
        struct dimension *d = &r->dims[i];

        if (!d->coded)
            continue;
        d->word = codes / 2;
        d->shift = codes % 2 ? 32 : 0;
        codes++;
    }
    codes = (codes + 1) / 2;
    for (i = 0; i < r->ndim; i++) {
        struct dimension *d = &r->dims[i];

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

static enum kura_rc rollup_prepare(struct kura_rollup *r,
                                   const struct kura_dimension *dims,
                                   size_t ndim,
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
static enum kura_rc code_learn(struct kura_rollup *r, struct dimension *d,
                               uint32_t id, struct kura_err *err)
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
        struct dimension *d = &r->dims[i];

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

static enum kura_rc keys_of_codes(struct kura_rollup *r, struct dimension *d,
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

static void keys_of_integers(struct kura_rollup *r, const struct dimension *d,
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
        struct dimension *d = &r->dims[i];

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
    const struct dimension *most = NULL;
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
    return sum <= r->memory ? KURA_OK : rollup_too_large(r, err);
}

/* Adds the groups of `from` to the whole. */
static enum kura_rc whole_add(struct kura_rollup *r,
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
        if (i % CHECK_EVERY == 0)
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
        rc = whole_add(r, &r->part, err);
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

/* --- Case ------------------------------------------------------------- */

/* The class of each text: its number among those that are equal but for case.
 * *same is true when each has one of its own. */
static enum kura_rc classes_make(const struct dimension *d, uint32_t **out,
                                 bool *same, struct kura_err *err)
{
    uint32_t *classes = malloc(((size_t)d->texts.count + 1) * sizeof(*classes));
    struct kura_dictionary folded;
    enum kura_rc rc = KURA_OK;
    struct kura_buf text;
    uint32_t i;
    size_t k;

    if (classes == NULL)
        return kura_err_nomem(err);
    kura_dictionary_init(&folded);
    kura_buf_init(&text, UINT32_MAX);
    for (i = 0; rc == KURA_OK && i < d->texts.count; i++) {
        const struct kura_dictionary_entry *e = &d->texts.entries[i];

        kura_buf_reset(&text);
        rc = kura_buf_append(&text, e->text, e->size, err);
        for (k = 0; rc == KURA_OK && k < e->size; k++)
            if (text.data[k] >= 'A' && text.data[k] <= 'Z')
                text.data[k] = (char)(text.data[k] + ('a' - 'A'));
        if (rc == KURA_OK)
            rc = kura_dictionary_intern(&folded, text.data, e->size,
                                        &classes[i], err);
    }
    *same = folded.count == d->texts.count;
    kura_buf_release(&text);
    kura_dictionary_release(&folded);
    if (rc == KURA_OK)
        *out = classes;
    else
        free(classes);
    return rc;
}

static uint32_t key_code(const struct dimension *d, const uint64_t *key)
{
    return (uint32_t)(key[d->word] >> d->shift);
}

static void key_put_code(const struct dimension *d, uint64_t *key,
                         uint32_t code)
{
    key[d->word] &= ~((uint64_t)UINT32_MAX << d->shift);
    key[d->word] |= (uint64_t)code << d->shift;
}

static bool text_is_less(const struct dimension *d, uint32_t a, uint32_t b)
{
    const struct kura_dictionary_entry *x = &d->texts.entries[a - CODE_FIRST];
    const struct kura_dictionary_entry *y = &d->texts.entries[b - CODE_FIRST];

    return kura_text_cmp(x->text, x->size, y->text, y->size) < 0;
}

/* The columns in which texts differ by nothing but case. */
struct fold {
    const struct dimension **dims;
    uint32_t **classes; /* per text of each */
    size_t n;
    /* The least spelling in each of the new groups, n to a group. */
    uint32_t *shown;
};

static enum kura_rc fold_prepare(const struct kura_rollup *r, struct fold *f,
                                 struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    f->dims = calloc(r->ndim + 1, sizeof(*f->dims));
    f->classes = calloc(r->ndim + 1, sizeof(*f->classes));
    if (f->dims == NULL || f->classes == NULL)
        return kura_err_nomem(err);
    for (i = 0; rc == KURA_OK && i < r->ndim; i++) {
        bool same = true;

        if (!r->dims[i].upper)
            continue;
        rc = classes_make(&r->dims[i], &f->classes[f->n], &same, err);
        if (rc == KURA_OK && same)
            free(f->classes[f->n]);
        else if (rc == KURA_OK)
            f->dims[f->n++] = &r->dims[i];
    }
    if (rc != KURA_OK || f->n == 0)
        return rc;
    f->shown = malloc((r->whole.count + 1) * f->n * sizeof(*f->shown));
    return f->shown == NULL ? kura_err_nomem(err) : KURA_OK;
}

static void fold_release(struct fold *f)
{
    size_t i;

    for (i = 0; i < f->n; i++)
        free(f->classes[i]);
    free(f->classes);
    free(f->dims);
    free(f->shown);
}

/* Group i of `from` goes to the group of its classes. */
static enum kura_rc fold_group(struct kura_rollup *r, const struct fold *f,
                               const struct kura_groups *from, uint32_t i,
                               struct kura_err *err)
{
    const uint64_t *key = kura_groups_key(from, i);
    size_t before = r->whole.count, k;
    uint32_t at = 0;
    enum kura_rc rc;

    memcpy(r->block, key, r->keys * sizeof(*r->block));
    for (k = 0; k < f->n; k++) {
        uint32_t code = key_code(f->dims[k], key);

        if (code >= CODE_FIRST)
            key_put_code(f->dims[k], r->block,
                         f->classes[k][code - CODE_FIRST] - 1 + CODE_FIRST);
    }
    rc = kura_groups_find(&r->whole, r->block, 1, &at, err);
    if (rc != KURA_OK)
        return rc;
    kura_groups_combine(&r->whole, at, from, i);
    for (k = 0; k < f->n; k++) {
        uint32_t code = key_code(f->dims[k], key);
        uint32_t *least = &f->shown[at * f->n + k];

        if (at == before ||
            (code >= CODE_FIRST && text_is_less(f->dims[k], code, *least)))
            *least = code;
    }
    return KURA_OK;
}

/* Makes one of the groups that differ only in case. */
static enum kura_rc rollup_fold(struct kura_rollup *r, struct kura_err *err)
{
    struct fold f = {NULL, NULL, 0, NULL};
    struct kura_groups from = r->whole;
    enum kura_rc rc = fold_prepare(r, &f, err);
    size_t i, k;

    if (rc == KURA_OK && f.n > 0) {
        kura_groups_init(&r->whole, r->keys, r->kinds, r->nmeasure);
        for (i = 0; rc == KURA_OK && i < from.count; i++) {
            rc = fold_group(r, &f, &from, (uint32_t)i, err);
            if (rc == KURA_OK && i % CHECK_EVERY == 0)
                rc = kura_engine_check(r->engine, err);
        }
        for (i = 0; rc == KURA_OK && i < r->whole.count; i++)
            for (k = 0; k < f.n; k++)
                key_put_code(f.dims[k], kura_groups_key(&r->whole, i),
                             f.shown[i * f.n + k]);
        kura_groups_release(&from);
    }
    fold_release(&f);
    return rc;
}

/* --- Running ---------------------------------------------------------- */

enum kura_rc kura_rollup_run(struct kura_rollup *r, struct kura_filter *f,
                             const struct kura_dimension *dims, size_t ndim,
                             const struct kura_measure *measures,
                             size_t nmeasure, struct kura_err *err)
{
    enum kura_rc rc;

    rc = rollup_prepare(r, dims, ndim, measures, nmeasure, err);
    if (rc == KURA_OK)
        rc = kura_filter_begin(f, r->scan, err);
    while (rc == KURA_OK && !kura_scan_is_over(r->scan))
        rc = rollup_step(r, err);
    if (rc == KURA_OK)
        rc = partition_end(r, err);
    if (rc == KURA_OK)
        rc = rollup_fold(r, err);
    maps_drop(r);
    kura_groups_release(&r->part);
    return rc;
}

/* --- Order ------------------------------------------------------------ */

/* A rank for each text, and 0 for NULL. */
static enum kura_rc ranks_of_codes(const struct kura_rollup *r,
                                   const struct dimension *d, uint32_t *ranks,
                                   uint32_t *count, struct kura_err *err)
{
    const struct kura_dictionary *t = &d->texts;
    uint32_t *of = malloc(((size_t)t->count + 1) * sizeof(*of));
    enum kura_order_kind kind = KURA_ORDER_BINARY;
    enum kura_rc rc;
    size_t i;

    if (of == NULL)
        return kura_err_nomem(err);
    if (d->integer)
        kind = KURA_ORDER_NUMBERS;
    else if (r->schema->columns[d->column].nocase)
        kind = KURA_ORDER_NOCASE;
    rc = kura_order_texts(t->entries, t->count, kind, of, count, err);
    for (i = 0; rc == KURA_OK && i < r->whole.count; i++) {
        uint32_t code = key_code(d, kura_groups_key(&r->whole, i));

        ranks[i] = code < CODE_FIRST ? 0 : of[code - CODE_FIRST] + 1;
    }
    ++*count;
    free(of);
    return rc;
}

static enum kura_rc ranks_of_integers(const struct kura_rollup *r,
                                      const struct dimension *d,
                                      uint32_t *ranks, uint32_t *count,
                                      struct kura_err *err)
{
    int64_t *numbers = malloc((r->whole.count + 1) * sizeof(*numbers));
    enum kura_rc rc;
    size_t i;

    if (numbers == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < r->whole.count; i++)
        numbers[i] = (int64_t)kura_groups_key(&r->whole, i)[d->word];
    rc = kura_order_numbers(numbers, r->whole.count, ranks, count, err);
    for (i = 0; rc == KURA_OK && i < r->whole.count; i++)
        if ((kura_groups_key(&r->whole, i)[r->nullword] & d->null) != 0)
            ranks[i] = 0;
        else
            ranks[i]++;
    ++*count;
    free(numbers);
    return rc;
}

enum kura_rc kura_rollup_sort(struct kura_rollup *r,
                              const struct kura_rollup_order *by, size_t n,
                              struct kura_err *err)
{
    size_t count = r->whole.count, i;
    uint32_t *ranks = malloc((count + 1) * sizeof(*ranks)), different = 0;
    enum kura_rc rc = KURA_OK;

    r->order = malloc((count + 1) * sizeof(*r->order));
    if (ranks == NULL || r->order == NULL)
        rc = kura_err_nomem(err);
    for (i = 0; rc == KURA_OK && i < count; i++)
        r->order[i] = (uint32_t)i;
    for (i = n; rc == KURA_OK && i-- > 0;) { /* the last one first */
        const struct dimension *d = &r->dims[by[i].dim];

        rc = d->coded ? ranks_of_codes(r, d, ranks, &different, err)
                      : ranks_of_integers(r, d, ranks, &different, err);
        if (rc == KURA_OK)
            rc = kura_order_by(r->order, count, ranks, different,
                               by[i].descending, err);
        if (rc == KURA_OK)
            rc = kura_engine_check(r->engine, err);
    }
    free(ranks);
    return rc;
}

/* --- Results ---------------------------------------------------------- */

size_t kura_rollup_count(const struct kura_rollup *r)
{
    return r->whole.count;
}

static size_t group_at(const struct kura_rollup *r, size_t i)
{
    return r->order == NULL ? i : r->order[i];
}

static void value_of_code(const struct dimension *d, uint32_t code,
                          struct kura_scan_value *out)
{
    const struct kura_dictionary_entry *e;

    if (code < CODE_FIRST)
        return;
    e = &d->texts.entries[code - CODE_FIRST];
    if (d->integer) {
        out->kind = KURA_OPERAND_INTEGER;
        memcpy(&out->number, e->text, sizeof(out->number));
        return;
    }
    out->kind = KURA_OPERAND_TEXT;
    out->text = e->text;
    out->size = e->size;
}

void kura_rollup_dimension(struct kura_rollup *r, size_t i, size_t dim,
                           struct kura_scan_value *out)
{
    const uint64_t *key = kura_groups_key(&r->whole, group_at(r, i));
    const struct dimension *d = &r->dims[dim];

    memset(out, 0, sizeof(*out));
    out->kind = KURA_OPERAND_NULL;
    if (d->coded) {
        value_of_code(d, key_code(d, key), out);
        return;
    }
    if ((key[r->nullword] & d->null) != 0)
        return;
    out->kind = KURA_OPERAND_INTEGER;
    out->number = (int64_t)key[d->word];
    if (!kura_source_is_time(d->source))
        return;
    kura_scan_time_text(d->source, out->number, r->text);
    out->kind = KURA_OPERAND_TEXT;
    out->text = r->text;
    out->size = strlen(r->text);
}

enum kura_rc kura_rollup_measure(const struct kura_rollup *r, size_t i,
                                 size_t measure, struct kura_scan_value *out,
                                 struct kura_err *err)
{
    bool overflow;

    memset(out, 0, sizeof(*out));
    out->kind = KURA_OPERAND_NULL;
    if (!kura_groups_value(&r->whole, group_at(r, i), measure, &out->number,
                           &overflow))
        return KURA_OK;
    out->kind = KURA_OPERAND_INTEGER;
    if (!overflow)
        return KURA_OK;
    return kura_err_set(err, KURA_EINPUT, "integer overflow in the sum of %s",
                        r->schema->columns[r->measures[measure].column].name);
}
