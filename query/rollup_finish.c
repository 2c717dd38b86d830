/* rollup_finish.c - groups that are complete: those that differ only in case
 * are put together, sorted, and read. */
#include "query/rollup_internal.h"

#include "base/text.h"
#include "query/order.h"

/* --- Case ------------------------------------------------------------- */

/* The class of each text: its number among those that are equal but for case.
 * *same is true when each has one of its own. */
static enum kura_rc classes_make(const struct rollup_dimension *d,
                                 uint32_t **out, bool *same,
                                 struct kura_err *err)
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

static bool text_is_less(const struct rollup_dimension *d, uint32_t a,
                         uint32_t b)
{
    const struct kura_dictionary_entry *x = &d->texts.entries[a - CODE_FIRST];
    const struct kura_dictionary_entry *y = &d->texts.entries[b - CODE_FIRST];

    return kura_text_cmp(x->text, x->size, y->text, y->size) < 0;
}

/* The columns in which texts differ by nothing but case. */
struct fold {
    const struct rollup_dimension **dims;
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
        uint32_t code = rollup_key_code(f->dims[k], key);

        if (code >= CODE_FIRST)
            rollup_key_put(f->dims[k], r->block,
                           f->classes[k][code - CODE_FIRST] - 1 + CODE_FIRST);
    }
    rc = kura_groups_find(&r->whole, r->block, 1, &at, err);
    if (rc != KURA_OK)
        return rc;
    kura_groups_combine(&r->whole, at, from, i);
    for (k = 0; k < f->n; k++) {
        uint32_t code = rollup_key_code(f->dims[k], key);
        uint32_t *least = &f->shown[at * f->n + k];

        if (at == before ||
            (code >= CODE_FIRST && text_is_less(f->dims[k], code, *least)))
            *least = code;
    }
    return KURA_OK;
}

/* Makes one of the groups that differ only in case. */
enum kura_rc kura_rollup_fold(struct kura_rollup *r, struct kura_err *err)
{
    struct fold f = {NULL, NULL, 0, NULL};
    struct kura_groups from = r->whole;
    enum kura_rc rc = fold_prepare(r, &f, err);
    size_t i, k;

    if (rc == KURA_OK && f.n > 0) {
        kura_groups_init(&r->whole, r->keys, r->kinds, r->nmeasure);
        for (i = 0; rc == KURA_OK && i < from.count; i++) {
            rc = fold_group(r, &f, &from, (uint32_t)i, err);
            if (rc == KURA_OK && i % ROLLUP_CHECK_EVERY == 0)
                rc = kura_engine_check(r->engine, err);
        }
        for (i = 0; rc == KURA_OK && i < r->whole.count; i++)
            for (k = 0; k < f.n; k++)
                rollup_key_put(f.dims[k], kura_groups_key(&r->whole, i),
                               f.shown[i * f.n + k]);
        kura_groups_release(&from);
    }
    fold_release(&f);
    return rc;
}

/* --- Order ------------------------------------------------------------ */

/* A rank for each text, and 0 for NULL. */
static enum kura_rc ranks_of_codes(const struct kura_rollup *r,
                                   const struct rollup_dimension *d,
                                   uint32_t *ranks, uint32_t *count,
                                   struct kura_err *err)
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
        uint32_t code = rollup_key_code(d, kura_groups_key(&r->whole, i));

        ranks[i] = code < CODE_FIRST ? 0 : of[code - CODE_FIRST] + 1;
    }
    ++*count;
    free(of);
    return rc;
}

static enum kura_rc ranks_of_integers(const struct kura_rollup *r,
                                      const struct rollup_dimension *d,
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
        const struct rollup_dimension *d = &r->dims[by[i].dim];

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

static void value_of_code(const struct rollup_dimension *d, uint32_t code,
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
    const struct rollup_dimension *d = &r->dims[dim];

    memset(out, 0, sizeof(*out));
    out->kind = KURA_OPERAND_NULL;
    if (d->coded) {
        value_of_code(d, rollup_key_code(d, key), out);
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
