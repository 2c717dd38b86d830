/* format_check.c - proves a definition by its samples and misses. */
#include "ingest/format_internal.h"
#include "ingest/parse.h"

/* --- Samples -------------------------------------------------------------- */

/* What checks the samples of one format. */
struct proof {
    struct kura_parser *parser;
    int64_t as_of_us; /* of the parser */
    bool *proven;     /* by pattern */
};

static enum kura_rc proof_parser(struct kura_loader *l, struct proof *f,
                                 int64_t as_of_us)
{
    struct kura_parse_context cx = {.format = l->format,
                                    .zone = l->zone,
                                    .as_of_us = as_of_us,
                                    .oldest_us = INT64_MIN,
                                    .newest_us = INT64_MAX};

    if (f->parser != NULL && f->as_of_us == as_of_us) {
        kura_parser_reset(f->parser);
        return KURA_OK;
    }
    kura_parser_free(f->parser);
    f->parser = NULL;
    f->as_of_us = as_of_us;
    return kura_parser_new(&cx, &f->parser, l->err);
}

static const struct kura_cell *cell_of(const struct kura_row *row, int column)
{
    size_t i;

    for (i = 0; i < row->count; i++)
        if (row->cells[i].column == column)
            return &row->cells[i];
    return NULL;
}

/* The stored value as samples write it; false for NULL. */
static bool value_text(const struct kura_pattern *p, const struct kura_row *row,
                       int column, struct kura_buf *out)
{
    const struct kura_cell *c = cell_of(row, column);
    char time[KURA_TIME_TEXT];
    int g;

    if (c == NULL)
        return false;
    if (c->text != NULL)
        return kura_buf_append(out, c->text, c->size, NULL) == KURA_OK;
    for (g = 1; p != NULL && g <= p->groups; g++) {
        if (p->fields[g].column != column ||
            p->fields[g].kind != KURA_FIELD_TIME)
            continue;
        kura_time_format(c->number, time);
        return kura_buf_puts(out, time, NULL) == KURA_OK;
    }
    return kura_buf_printf(out, NULL, "%lld", (long long)c->number) == KURA_OK;
}

/* `time`, or a stored column. */
static enum kura_rc sample_field(struct kura_loader *l,
                                 const struct kura_row *row, const char *name,
                                 const struct kura_node *want, size_t line,
                                 const struct kura_pattern *p,
                                 const char *sample)
{
    const char *text = kura_node_text(want);
    char time[KURA_TIME_TEXT];
    enum kura_rc rc = KURA_OK;
    struct kura_buf found;
    bool there = true;
    bool null;
    int c;

    if (text == NULL)
        return kura_format_fail(l, line,
                                "'%.60s' must be a text, number or null", name);
    null = kura_node_is_null(want);
    kura_buf_init(&found, KURA_FORMAT_REGEX_MAX * 16);
    if (strcmp(name, "time") == 0) {
        kura_time_format(row->ts, time);
        rc = kura_buf_puts(&found, time, l->err);
    } else {
        c = kura_format_column(l, name, line, "a sample");
        if (c < 0)
            rc = KURA_EINPUT;
        else
            there = value_text(p, row, c, &found);
    }
    if (rc != KURA_OK)
        goto out;
    if (there ? !null && found.len == kura_node_text_size(want) &&
                    memcmp(found.data, text, found.len) == 0
              : null)
        goto out;
    rc = kura_format_fail(
        l, line,
        "pattern '%s' gives another '%s' than the sample states: "
        "expected %s%.80s%s, found %s%.80s%s\nsample: %.120s",
        p != NULL ? p->name : l->format->name, name, null ? "NULL" : "'",
        null ? "" : text, null ? "" : "'", there ? "'" : "NULL", found.data,
        there ? "'" : "", sample);
    kura_err_hint(l->err, "mend the regex, the field's kind or the sample");
out:
    kura_buf_release(&found);
    return rc;
}

/* Did the right pattern take it? */
static enum kura_rc sample_pattern(struct kura_loader *l,
                                   const struct kura_row *row,
                                   const struct kura_node *want, size_t line,
                                   int took, const char *sample)
{
    const struct kura_format *f = l->format;

    if (row->schema == NULL) {
        (void)kura_format_fail(l, line,
                               "the sample%s%.40s%s is not taken: %s\nsample: "
                               "%.200s",
                               want != NULL ? " of '" : "",
                               want != NULL ? kura_node_text(want) : "",
                               want != NULL ? "'" : "", row->reason, sample);
        kura_err_hint(l->err,
                      took >= 0 ? "does the layout of ts under 'fields:' fit?"
                                : "a pattern must match the whole line, blanks "
                                  "at its ends too");
        return KURA_EINPUT;
    }
    if (want == NULL || took < 0 ||
        strcmp(f->patterns[took].name, kura_node_text(want)) == 0)
        return KURA_OK;
    (void)kura_format_fail(l, line,
                           "the sample is taken by another pattern: expected "
                           "'%.60s', found '%s'\nsample: %.200s",
                           kura_node_text(want), f->patterns[took].name,
                           sample);
    kura_err_hint(l->err, "patterns are tried in the order of the file: "
                          "put the stricter one first");
    return KURA_EINPUT;
}

static enum kura_rc sample_as_of(struct kura_loader *l,
                                 const struct kura_node *n, int64_t *out)
{
    const struct kura_node *v = kura_node_get(n, "as_of");
    struct kura_err cause = KURA_ERR_INIT;
    int64_t to;

    *out = kura_days_from_civil(2026, 1, 1) * KURA_DAY;
    if (v == NULL)
        return KURA_OK;
    if (kura_node_text(v) == NULL ||
        kura_range_parse(kura_node_text(v), l->zone, *out, out, &to, &cause) !=
            KURA_OK)
        return kura_format_fail(l, kura_node_line(v),
                                "'as_of' must be a date such as "
                                "2015-03-01");
    return KURA_OK;
}

static enum kura_rc sample_check(struct kura_loader *l, struct proof *proof,
                                 const struct kura_node *n)
{
    static const char *const known[] = {"line", "pattern", "as_of", "fields",
                                        NULL};
    const struct kura_node *text = kura_node_get(n, "line");
    const struct kura_node *fields = kura_node_get(n, "fields");
    const struct kura_node *pattern = kura_node_get(n, "pattern");
    size_t line = kura_node_line(n);
    struct kura_row row;
    enum kura_rc rc;
    int64_t as_of;
    size_t i;
    int took;

    rc = kura_format_keys_check(l, n, "a sample", known);
    if (rc != KURA_OK)
        return rc;
    if (kura_format_text(l, text, line, "the sample's 'line'") == NULL ||
        (pattern != NULL &&
         kura_format_text(l, pattern, line, "the sample's 'pattern'") == NULL))
        return KURA_EINPUT;
    rc = sample_as_of(l, n, &as_of);
    if (rc == KURA_OK)
        rc = proof_parser(l, proof, as_of);
    if (rc == KURA_OK)
        rc = kura_parse_line(proof->parser, kura_node_text(text),
                             kura_node_text_size(text), 0, INT64_MIN, &row,
                             l->err);
    if (rc != KURA_OK)
        return rc;
    took = kura_parser_pattern(proof->parser);
    rc = sample_pattern(l, &row, pattern, line, took, kura_node_text(text));
    if (rc != KURA_OK)
        return rc;
    if (took >= 0)
        proof->proven[took] = true;
    if (fields != NULL && kura_node_kind(fields) != KURA_NODE_MAP)
        return kura_format_fail(l, kura_node_line(fields),
                                "'fields' must be a map");
    for (i = 0; fields != NULL && i < kura_node_count(fields) && rc == KURA_OK;
         i++)
        rc =
            sample_field(l, &row, kura_node_key(fields, i),
                         kura_node_at(fields, i), kura_node_key_line(fields, i),
                         took >= 0 ? &l->format->patterns[took] : NULL,
                         kura_node_text(text));
    return rc;
}

static enum kura_rc miss_check(struct kura_loader *l, struct proof *proof,
                               const struct kura_node *n)
{
    struct kura_row row;
    enum kura_rc rc;

    if (kura_node_text(n) == NULL)
        return kura_format_fail(l, kura_node_line(n), "a miss must be a text");
    rc = proof_parser(l, proof, kura_days_from_civil(2026, 1, 1) * KURA_DAY);
    if (rc == KURA_OK)
        rc =
            kura_parse_line(proof->parser, kura_node_text(n),
                            kura_node_text_size(n), 0, INT64_MIN, &row, l->err);
    if (rc != KURA_OK || row.schema == NULL)
        return rc;
    return kura_format_fail(
        l, kura_node_line(n),
        "pattern '%s' takes a line that stands "
        "under 'misses'\nline: %.200s\nhint: make the pattern stricter",
        l->format->reader == KURA_READER_LINES
            ? l->format->patterns[kura_parser_pattern(proof->parser)].name
            : l->format->name,
        kura_node_text(n));
}

static enum kura_rc list_check(struct kura_loader *l, const struct kura_node *n,
                               const char *what)
{
    if (n != NULL && kura_node_kind(n) != KURA_NODE_LIST &&
        !kura_node_is_null(n))
        return kura_format_fail(l, kura_node_line(n), "'%s' must be a list",
                                what);
    return KURA_OK;
}

enum kura_rc kura_format_samples_check(struct kura_loader *l)
{
    const struct kura_node *samples = kura_node_get(l->root, "samples");
    const struct kura_node *misses = kura_node_get(l->root, "misses");
    struct proof proof = {.parser = NULL};
    enum kura_rc rc;
    size_t i;
    int k;

    proof.proven = calloc((size_t)l->format->npattern + 1, sizeof(bool));
    if (proof.proven == NULL)
        return kura_err_nomem(l->err);
    rc = list_check(l, samples, "samples");
    if (rc == KURA_OK)
        rc = list_check(l, misses, "misses");
    for (i = 0;
         rc == KURA_OK && samples != NULL && i < kura_node_count(samples); i++)
        rc = sample_check(l, &proof, kura_node_at(samples, i));
    l->format->nsample = (int)i;
    for (k = 0; k < l->format->npattern && rc == KURA_OK; k++)
        if (!proof.proven[k])
            rc = kura_format_fail(
                l,
                kura_node_line(kura_node_at(kura_node_get(l->root, "patterns"),
                                            (size_t)k)),
                "pattern '%s' has no sample\nhint: put a line that it "
                "takes under 'samples:'",
                l->format->patterns[k].name);
    /* No text can be a sample of EVTX: its reader has tests of its own. */
    if (rc == KURA_OK && l->format->nsample == 0 &&
        l->format->reader != KURA_READER_EVTX &&
        l->format->reader != KURA_READER_LINES)
        rc = kura_format_fail(l, 1, "the format has no samples");
    for (i = 0; rc == KURA_OK && misses != NULL && i < kura_node_count(misses);
         i++)
        rc = miss_check(l, &proof, kura_node_at(misses, i));
    kura_parser_free(proof.parser);
    free(proof.proven);
    return rc;
}
