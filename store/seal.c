/* seal.c - several partitions in, one sealed one out.
 *
 * "Input order" numbers the rows of all inputs one after the other; order[i] is
 * the input number of the row that comes i-th in the result. */
#include "store/seal.h"

#include "base/buf.h"
#include "base/failpoint.h"
#include "base/fs.h"
#include "store/builder.h"
#include "store/db.h"
#include "store/digest.h"
#include "store/partition.h"
#include "store/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEAL_PATH_MAX 65536
#define SEAL_REPLACES_MAX (1u << 20)

struct seal {
    struct kura_partition **inputs;
    size_t count;
    const struct kura_schema *schema;
    uint32_t rows;
    int64_t *ts;     /* in the order of the result */
    uint32_t *order; /* NULL: input order is the result's */
    struct kura_writer *writer;
    /* One column: of all rows in input order, then in the result's. */
    void *gathered, *arranged;
    uint8_t *null, *null_arranged;
};

/* --- Inputs ------------------------------------------------------------ */

static enum kura_rc seal_open(struct seal *s, const struct kura_location *at,
                              size_t count, struct kura_err *err)
{
    int64_t rows = 0;
    enum kura_rc rc = KURA_OK;
    size_t i;

    s->inputs = calloc(count, sizeof(struct kura_partition *));
    if (s->inputs == NULL)
        return kura_err_nomem(err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        rc = kura_partition_open_at(&at[i], &s->inputs[i], err);
        if (rc != KURA_OK)
            break;
        s->count++;
        rows += kura_partition_rows(s->inputs[i]);
        if (kura_partition_schema(s->inputs[i]) !=
                kura_partition_schema(s->inputs[0]) ||
            kura_partition_day(s->inputs[i]) !=
                kura_partition_day(s->inputs[0]))
            rc = kura_err_set(err, KURA_ECORRUPT,
                              "'%s' is of another table or day than '%s'",
                              at[i].path, at[0].path);
    }
    if (rc == KURA_OK && rows > KURA_SEAL_ROWS)
        rc = kura_err_set(err, KURA_ENOMEM,
                          "'%s' has too many rows to be sealed at once",
                          at[0].path);
    if (rc != KURA_OK)
        return rc;
    s->rows = (uint32_t)rows;
    s->schema = kura_partition_schema(s->inputs[0]);
    return KURA_OK;
}

static enum kura_rc seal_room(struct seal *s, struct kura_err *err)
{
    size_t n = s->rows == 0 ? 1 : s->rows;

    s->ts = malloc(n * sizeof(*s->ts));
    s->gathered = malloc(n * sizeof(int64_t));
    s->arranged = malloc(n * sizeof(int64_t));
    s->null = malloc(n);
    s->null_arranged = malloc(n);
    if (s->ts == NULL || s->gathered == NULL || s->arranged == NULL ||
        s->null == NULL || s->null_arranged == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

static void seal_release(struct seal *s)
{
    size_t i;

    kura_writer_abort(s->writer);
    for (i = 0; i < s->count; i++)
        kura_partition_close(s->inputs[i]);
    free(s->inputs);
    free(s->ts);
    free(s->order);
    free(s->gathered);
    free(s->arranged);
    free(s->null);
    free(s->null_arranged);
}

/* An integer column of all rows in input order. */
static enum kura_rc seal_gather(struct seal *s, int column,
                                struct kura_err *err)
{
    int64_t *values = s->gathered;
    size_t i, segment, at = 0;
    enum kura_rc rc = KURA_OK;

    for (i = 0; i < s->count; i++) {
        struct kura_partition *p = s->inputs[i];

        for (segment = 0;
             rc == KURA_OK && segment < kura_partition_segments(p);
             segment++) {
            rc = kura_partition_integers(p, column, segment, values + at,
                                         s->null + at, err);
            at += kura_partition_segment(p, segment)->rows;
        }
    }
    return rc;
}

/* --- Order of rows ----------------------------------------------------- */

/* Merges two sorted runs; equal times keep their order. */
static void runs_merge(const int64_t *ts, const uint32_t *from, uint32_t *to,
                       size_t left, size_t middle, size_t right)
{
    size_t i = left, j = middle, k;

    for (k = left; k < right; k++) {
        if (i < middle && (j >= right || ts[from[i]] <= ts[from[j]]))
            to[k] = from[i++];
        else
            to[k] = from[j++];
    }
}

/* A merge sort from the bottom: stable, and without recursion. */
static enum kura_rc order_sort(struct seal *s, const int64_t *ts,
                               struct kura_err *err)
{
    uint32_t *a = malloc(s->rows * sizeof(*a));
    uint32_t *b = malloc(s->rows * sizeof(*b)), *swap;
    size_t width, left, n = s->rows;
    uint32_t i;

    if (a == NULL || b == NULL) {
        free(a);
        free(b);
        return kura_err_nomem(err);
    }
    for (i = 0; i < n; i++)
        a[i] = i;
    for (width = 1; width < n; width *= 2) {
        for (left = 0; left < n; left += 2 * width) {
            size_t middle = left + width < n ? left + width : n;
            size_t right = left + 2 * width < n ? left + 2 * width : n;

            runs_merge(ts, a, b, left, middle, right);
        }
        swap = a;
        a = b;
        b = swap;
    }
    free(b);
    s->order = a;
    return KURA_OK;
}

static enum kura_rc seal_order(struct seal *s, struct kura_err *err)
{
    const int64_t *ts = s->gathered;
    enum kura_rc rc;
    uint32_t i;

    rc = seal_gather(s, kura_schema_column(s->schema, "ts"), err);
    if (rc != KURA_OK)
        return rc;
    for (i = 1; i < s->rows; i++)
        if (ts[i] < ts[i - 1])
            break;
    if (i < s->rows)
        rc = order_sort(s, ts, err);
    for (i = 0; rc == KURA_OK && i < s->rows; i++)
        s->ts[i] = ts[s->order == NULL ? i : s->order[i]];
    return rc;
}

/* --- Columns ----------------------------------------------------------- */

static enum kura_rc seal_integers(struct seal *s, int column,
                                  struct kura_err *err)
{
    const int64_t *from = s->gathered;
    int64_t *to = s->arranged;
    enum kura_rc rc = seal_gather(s, column, err);
    uint32_t i;

    if (rc != KURA_OK)
        return rc;
    if (s->order == NULL)
        return kura_writer_integers(s->writer, column, from, s->null, err);
    for (i = 0; i < s->rows; i++) {
        to[i] = from[s->order[i]];
        s->null_arranged[i] = s->null[s->order[i]];
    }
    return kura_writer_integers(s->writer, column, to, s->null_arranged, err);
}

/* A dictionary entry of an input, before and after sorting. */
struct entry {
    struct kura_text text;
    uint32_t input, id;
};

static int entry_order(const void *a, const void *b)
{
    const struct kura_text *x = &((const struct entry *)a)->text;
    const struct kura_text *y = &((const struct entry *)b)->text;

    return kura_text_order(x->text, x->size, y->text, y->size);
}

/* The dictionaries of a column in all inputs as one. */
struct merged {
    struct entry *entries;
    size_t count;
    struct kura_text *texts; /* distinct, in order */
    uint32_t distinct;
    uint32_t **rank; /* per input: id -> id of the result */
};

static void merged_release(struct merged *m, size_t inputs)
{
    size_t i;

    for (i = 0; m->rank != NULL && i < inputs; i++)
        free(m->rank[i]);
    free(m->rank);
    free(m->entries);
    free(m->texts);
}

static enum kura_rc merged_room(const struct seal *s, int column,
                                struct merged *m, struct kura_err *err)
{
    size_t i, n, total = 1;

    m->rank = calloc(s->count, sizeof(uint32_t *));
    if (m->rank == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < s->count; i++) {
        n = (size_t)kura_partition_dict_size(s->inputs[i], column) + 1;
        m->rank[i] = calloc(n, sizeof(uint32_t));
        if (m->rank[i] == NULL)
            return kura_err_nomem(err);
        total += n;
    }
    m->entries = malloc(total * sizeof(*m->entries));
    m->texts = malloc(total * sizeof(*m->texts));
    if (m->entries == NULL || m->texts == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

static enum kura_rc merged_gather(const struct seal *s, int column,
                                  struct merged *m, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    uint32_t id, n;
    size_t i;

    for (i = 0; rc == KURA_OK && i < s->count; i++) {
        rc = kura_partition_dict_load(s->inputs[i], column, err);
        n = kura_partition_dict_size(s->inputs[i], column);
        for (id = 1; rc == KURA_OK && id <= n; id++) {
            struct entry *e = &m->entries[m->count++];

            e->input = (uint32_t)i;
            e->id = id;
            rc = kura_partition_text(s->inputs[i], column, id, &e->text.text,
                                     &e->text.size, err);
        }
    }
    return rc;
}

static enum kura_rc merged_make(const struct seal *s, int column,
                                struct merged *m, struct kura_err *err)
{
    enum kura_rc rc = merged_room(s, column, m, err);
    size_t i;

    if (rc == KURA_OK)
        rc = merged_gather(s, column, m, err);
    if (rc != KURA_OK)
        return rc;
    qsort(m->entries, m->count, sizeof(*m->entries), entry_order);
    for (i = 0; i < m->count; i++) {
        if (i == 0 || entry_order(&m->entries[i - 1], &m->entries[i]) != 0)
            m->texts[m->distinct++] = m->entries[i].text;
        m->rank[m->entries[i].input][m->entries[i].id] = m->distinct;
    }
    return KURA_OK;
}

static enum kura_rc seal_ids(struct seal *s, int column, const struct merged *m,
                             struct kura_err *err)
{
    uint32_t *ids = s->gathered;
    size_t i, segment, at = 0;
    enum kura_rc rc = KURA_OK;
    uint32_t k, n;

    for (i = 0; i < s->count; i++) {
        struct kura_partition *p = s->inputs[i];

        for (segment = 0;
             rc == KURA_OK && segment < kura_partition_segments(p);
             segment++) {
            n = kura_partition_segment(p, segment)->rows;
            rc = kura_partition_ids(p, column, segment, ids + at, err);
            for (k = 0; rc == KURA_OK && k < n; k++)
                ids[at + k] = m->rank[i][ids[at + k]];
            at += n;
        }
    }
    return rc;
}

static enum kura_rc seal_texts(struct seal *s, int column, struct kura_err *err)
{
    const uint32_t *from = s->gathered;
    uint32_t *to = s->arranged, i;
    struct merged m;
    enum kura_rc rc;

    memset(&m, 0, sizeof(m));
    rc = merged_make(s, column, &m, err);
    if (rc == KURA_OK)
        rc = seal_ids(s, column, &m, err);
    for (i = 0; rc == KURA_OK && i < s->rows; i++)
        to[i] = from[s->order == NULL ? i : s->order[i]];
    if (rc == KURA_OK)
        rc = kura_writer_texts(s->writer, column, m.texts, m.distinct, to, err);
    merged_release(&m, s->count);
    return rc;
}

static enum kura_rc seal_columns(struct seal *s, struct kura_err *err)
{
    const struct kura_column *c = s->schema->columns;
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; rc == KURA_OK && i < s->schema->count; i++) {
        if (c[i].function != NULL)
            continue;
        rc = c[i].type == KURA_TEXT ? seal_texts(s, i, err)
                                    : seal_integers(s, i, err);
    }
    return rc == KURA_OK ? seal_texts(s, KURA_COLUMN_SHAPE, err) : rc;
}

/* --- Sources ----------------------------------------------------------- */

static void source_add(struct kura_partition_source *to,
                       const struct kura_partition_source *from)
{
    if (from->held_bytes > to->held_bytes) {
        to->held_bytes = from->held_bytes;
        to->held_lines = from->held_lines;
        to->held_sha256 = from->held_sha256;
    }
    if (from->rows != 0 && (to->rows == 0 || from->first_ts < to->first_ts))
        to->first_ts = from->first_ts;
    if (from->rows != 0 && (to->rows == 0 || from->last_ts > to->last_ts))
        to->last_ts = from->last_ts;
    to->rows += from->rows;
    to->bytes += from->bytes;
}

/* The source `at` of input i summed over all inputs; false when an earlier
 * input has it and it was written with that. */
static bool source_sum(const struct seal *s, size_t i, size_t at,
                       struct kura_partition_source *out)
{
    size_t k, j;

    *out = *kura_partition_source(s->inputs[i], at);
    for (k = 0; k < s->count; k++) {
        for (j = 0; k != i && j < kura_partition_sources(s->inputs[k]); j++) {
            const struct kura_partition_source *other =
                kura_partition_source(s->inputs[k], j);

            if (strcmp(other->key, out->key) != 0)
                continue;
            if (k < i)
                return false;
            source_add(out, other);
        }
    }
    return true;
}

static enum kura_rc seal_sources(struct seal *s, struct kura_sealed *out,
                                 struct kura_err *err)
{
    struct kura_partition_source sum;
    enum kura_rc rc = KURA_OK;
    size_t i, j;

    for (i = 0; rc == KURA_OK && i < s->count; i++) {
        for (j = 0;
             rc == KURA_OK && j < kura_partition_sources(s->inputs[i]); j++) {
            if (!source_sum(s, i, j, &sum))
                continue;
            out->raw_bytes += sum.bytes;
            rc = kura_writer_source(s->writer, &sum, err);
        }
    }
    return rc;
}

/* --- All of it --------------------------------------------------------- */

static enum kura_rc seal_replaces(const struct seal *s, struct kura_buf *out,
                                  struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < s->count; i++) {
        const char *before = kura_partition_replaces(s->inputs[i]);

        if (s->count > 1)
            rc = kura_buf_printf(out, err, "%s%s", out->len != 0 ? " " : "",
                                 kura_partition_id(s->inputs[i]));
        if (rc == KURA_OK && *before != '\0')
            rc = kura_buf_printf(out, err, "%s%s", out->len != 0 ? " " : "",
                                 before);
    }
    return rc;
}

static enum kura_rc seal_write(struct seal *s, const char *id,
                               const char *plain, struct kura_sealed *out,
                               struct kura_err *err)
{
    struct kura_writer_head head;
    struct kura_buf replaces;
    enum kura_rc rc;

    kura_buf_init(&replaces, SEAL_REPLACES_MAX);
    rc = seal_room(s, err);
    if (rc == KURA_OK)
        rc = seal_order(s, err);
    if (rc == KURA_OK)
        rc = seal_replaces(s, &replaces, err);
    if (rc == KURA_OK) {
        memset(&head, 0, sizeof(head));
        head.schema = s->schema;
        head.id = id;
        head.replaces = replaces.data;
        head.of = "";
        head.day = kura_partition_day(s->inputs[0]);
        head.rows = s->rows;
        head.ts = s->ts;
        rc = kura_writer_open(plain, &head, &s->writer, err);
    }
    if (rc == KURA_OK)
        rc = seal_sources(s, out, err);
    if (rc == KURA_OK)
        rc = seal_columns(s, err);
    if (rc == KURA_OK) {
        rc = kura_writer_close(s->writer, err);
        s->writer = NULL;
    }
    out->rows = s->rows;
    out->first_ts = s->rows == 0 ? 0 : s->ts[0];
    out->last_ts = s->rows == 0 ? 0 : s->ts[s->rows - 1];
    kura_buf_release(&replaces);
    return rc;
}

/* Reads the result back as every later query will. */
static enum kura_rc seal_prove(const struct seal *s, const char *packed,
                               const struct kura_sealed *sealed,
                               struct kura_err *err)
{
    struct kura_location at = {packed, 0, sealed->packed.packed_bytes};
    struct kura_digest want = {0, 0}, got = {0, 0};
    struct kura_partition *p = NULL;
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < s->count; i++)
        rc = kura_digest_add(s->inputs[i], &want, err);
    if (rc == KURA_OK)
        rc = kura_partition_open_at(&at, &p, err);
    if (rc == KURA_OK)
        rc = kura_digest_add(p, &got, err);
    kura_partition_close(p);
    if (rc == KURA_OK && (want.sum != got.sum || want.rows != got.rows))
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "'%s' does not hold what it was made of", packed);
    return rc;
}

enum kura_rc kura_seal(const struct kura_location *inputs, size_t count,
                       const char *id, const char *to, int level,
                       struct kura_sealed *out, struct kura_err *err)
{
    struct kura_buf plain, packed;
    struct kura_sealed done;
    struct seal s;
    enum kura_rc rc;

    memset(&s, 0, sizeof(s));
    memset(&done, 0, sizeof(done));
    kura_buf_init(&plain, SEAL_PATH_MAX);
    kura_buf_init(&packed, SEAL_PATH_MAX);
    rc = kura_buf_printf(&plain, err, "%s.plain", to);
    if (rc == KURA_OK)
        rc = kura_buf_printf(&packed, err, "%s.tmp", to);
    if (rc == KURA_OK)
        rc = kura_fs_remove(plain.data, err);
    if (rc == KURA_OK)
        rc = kura_fs_remove(packed.data, err);
    if (rc == KURA_OK)
        rc = seal_open(&s, inputs, count, err);
    if (rc == KURA_OK)
        rc = seal_write(&s, id, plain.data, &done, err);
    kura_failpoint(KURA_FAIL_SEAL_WRITTEN);
    if (rc == KURA_OK)
        rc = kura_seekable_pack(plain.data, packed.data, level, &done.packed,
                                err);
    if (plain.len != 0)
        (void)kura_fs_remove(plain.data, NULL);
    kura_failpoint(KURA_FAIL_SEAL_PACKED);
    if (rc == KURA_OK)
        rc = seal_prove(&s, packed.data, &done, err);
    if (rc == KURA_OK)
        rc = kura_fs_publish(packed.data, to, err);
    else if (packed.len != 0)
        (void)kura_fs_remove(packed.data, NULL);
    kura_failpoint(KURA_FAIL_SEAL_PUBLISHED);
    if (rc == KURA_OK)
        *out = done;
    seal_release(&s);
    kura_buf_release(&plain);
    kura_buf_release(&packed);
    return rc;
}
