/* report_markdown.c - a report as Markdown: the same order as the page, without
 * pictures.  Log content stands in code spans and blocks, where Markdown gives
 * it no meaning. */
#include "query/report_internal.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define LINES_A_FINDING 5
#define LINE_BYTES 600

struct page {
    struct kura_report *r;
    struct kura_buf *out;
    size_t rows;
};

static const char *word(const struct page *p, enum kura_word w)
{
    return kura_word(p->r->language, w);
}

/* Escaped for terminals, then for Markdown: every mark that it knows. */
static enum kura_rc put_text(struct page *p, const char *s, size_t n,
                             struct kura_err *err)
{
    struct kura_buf seen;
    enum kura_rc rc;
    size_t i;

    kura_buf_init(&seen, p->out->max);
    rc = kura_text_escape(s, n, &seen, err);
    for (i = 0; rc == KURA_OK && i < seen.len; i++) {
        if (strchr("\\`*_{}[]()<>#+-!|~&", seen.data[i]) != NULL)
            rc = kura_buf_putc(p->out, '\\', err);
        if (rc == KURA_OK)
            rc = kura_buf_putc(p->out, seen.data[i], err);
    }
    kura_buf_release(&seen);
    return rc;
}

static enum kura_rc put_column(struct page *p, sqlite3_stmt *stmt, int i,
                               struct kura_err *err)
{
    const char *s = (const char *)sqlite3_column_text(stmt, i);

    return s == NULL
               ? KURA_OK
               : put_text(p, s, (size_t)sqlite3_column_bytes(stmt, i), err);
}

static enum kura_rc put_about(struct page *p, const char *label,
                              const char *name, struct kura_err *err)
{
    struct kura_buf value;
    enum kura_rc rc;

    kura_buf_init(&value, p->out->max);
    rc = kura_report_about(p->r, name, &value, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, label, err);
    if (rc == KURA_OK)
        rc = put_text(p, value.data, value.len, err);
    kura_buf_release(&value);
    return rc == KURA_OK ? kura_buf_puts(p->out, "\n\n", err) : rc;
}

/* Indented by four: a block that no line of it can end. */
static enum kura_rc line_row(void *arg, sqlite3_stmt *stmt,
                             struct kura_err *err)
{
    struct page *p = arg;
    const char *s = (const char *)sqlite3_column_text(stmt, 0);
    size_t n = s == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, 0);
    enum kura_rc rc = kura_buf_puts(p->out, "      ", err);

    n = n > LINE_BYTES ? LINE_BYTES : n;
    while (n > 0 && s[n] != '\0' && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    if (rc == KURA_OK)
        rc = kura_text_escape(s == NULL ? "" : s, n, p->out, err);
    return rc == KURA_OK ? kura_buf_putc(p->out, '\n', err) : rc;
}

static enum kura_rc finding_row(void *arg, sqlite3_stmt *stmt,
                                struct kura_err *err)
{
    struct page *p = arg;
    char sql[200];
    enum kura_rc rc;

    p->rows++;
    rc = kura_buf_printf(
        p->out, err, "- **%s** ",
        kura_word_level(p->r->language,
                        (const char *)sqlite3_column_text(stmt, 1)));
    if (rc == KURA_OK)
        rc = put_column(p, stmt, 2, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, " (", err);
    if (rc == KURA_OK)
        rc = put_column(p, stmt, 3, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, ", ", err);
    if (rc == KURA_OK)
        rc = put_column(p, stmt, 0, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, ")\n\n", err);
    (void)sqlite3_snprintf((int)sizeof(sql), sql,
                           "SELECT source || ':' || line || '  ' || raw FROM "
                           "evidence WHERE finding = %Q ORDER BY number LIMIT "
                           "%d",
                           (const char *)sqlite3_column_text(stmt, 0),
                           LINES_A_FINDING);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, sql, line_row, p, err);
    return rc == KURA_OK ? kura_buf_putc(p->out, '\n', err) : rc;
}

static enum kura_rc findings(struct page *p, enum kura_word title,
                             const char *state, struct kura_err *err)
{
    char sql[200];
    enum kura_rc rc = kura_buf_printf(p->out, err, "## %s\n\n", word(p, title));

    p->rows = 0;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT id, level, why, hunt FROM finding WHERE allowed IS "
                   "NULL AND state = '%s' ORDER BY level_order DESC, hunt, "
                   "\"key\", id",
                   state);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, sql, finding_row, p, err);
    if (rc == KURA_OK && p->rows == 0)
        rc = kura_buf_printf(
            p->out, err, "%s\n\n",
            strcmp(state, "new") == 0 ? word(p, KURA_WORD_NOTHING_NEW) : "–");
    return rc;
}

static enum kura_rc table_row(void *arg, sqlite3_stmt *stmt,
                              struct kura_err *err)
{
    struct page *p = arg;
    enum kura_rc rc = kura_buf_putc(p->out, '|', err);
    int i;

    for (i = 0; rc == KURA_OK && i < sqlite3_column_count(stmt); i++) {
        rc = kura_buf_putc(p->out, ' ', err);
        if (rc == KURA_OK)
            rc = put_column(p, stmt, i, err);
        if (rc == KURA_OK)
            rc = kura_buf_puts(p->out, " |", err);
    }
    return rc == KURA_OK ? kura_buf_putc(p->out, '\n', err) : rc;
}

static enum kura_rc table(struct page *p, enum kura_word title,
                          const enum kura_word *heads, size_t count,
                          const char *sql, struct kura_err *err)
{
    enum kura_rc rc =
        kura_buf_printf(p->out, err, "## %s\n\n|", word(p, title));
    size_t i;

    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = kura_buf_printf(p->out, err, " %s |", word(p, heads[i]));
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "\n|", err);
    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = kura_buf_puts(p->out, " --- |", err);
    if (rc == KURA_OK)
        rc = kura_buf_putc(p->out, '\n', err);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, sql, table_row, p, err);
    return rc == KURA_OK ? kura_buf_putc(p->out, '\n', err) : rc;
}

static enum kura_rc tables(struct page *p, struct kura_err *err)
{
    static const enum kura_word talkers[] = {KURA_WORD_TABLE, KURA_WORD_CLIENT,
                                             KURA_WORD_EVENTS, KURA_WORD_BYTES};
    static const enum kura_word coverage[] = {KURA_WORD_TABLE, KURA_WORD_FIRST,
                                              KURA_WORD_LAST,  KURA_WORD_STATUS,
                                              KURA_WORD_ROWS,  KURA_WORD_WHERE};
    static const enum kura_word runs[] = {KURA_WORD_HUNT, KURA_WORD_STATUS,
                                          KURA_WORD_FINDINGS, KURA_WORD_REASON};
    enum kura_rc rc;

    rc = table(p, KURA_WORD_TALKERS, talkers, 4,
               "SELECT \"table\", client, events, bytes FROM talker ORDER BY "
               "\"table\", events DESC, client",
               err);
    if (rc == KURA_OK)
        rc = table(p, KURA_WORD_COVERAGE, coverage, 6,
                   "SELECT \"table\", first_day, last_day, how, rows, place "
                   "FROM coverage ORDER BY searched, \"table\", first_day, "
                   "place",
                   err);
    if (rc == KURA_OK)
        rc = table(p, KURA_WORD_RUNS, runs, 4,
                   "SELECT hunt, status, findings, reason FROM run ORDER BY "
                   "status = 'done', status, hunt, from_ts",
                   err);
    return rc;
}

enum kura_rc kura_report_markdown(struct kura_report *r, struct kura_buf *out,
                                  struct kura_err *err)
{
    struct kura_report_count n;
    struct page p = {r, out, 0};
    enum kura_rc rc = put_about(&p, "# ", "title", err);

    if (rc == KURA_OK)
        rc = put_about(&p, "", "period", err);
    if (rc == KURA_OK)
        rc = kura_report_tally(r, &n, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(out, err, "%s %lld, %s %lld, %s %lld, %s %lld\n\n",
                             word(&p, KURA_WORD_NEW), (long long)n.fresh,
                             word(&p, KURA_WORD_STILL), (long long)n.still,
                             word(&p, KURA_WORD_GONE), (long long)n.gone,
                             word(&p, KURA_WORD_ALLOWED), (long long)n.allowed);
    if (rc == KURA_OK)
        rc = findings(&p, KURA_WORD_NEW, "new", err);
    if (rc == KURA_OK)
        rc = findings(&p, KURA_WORD_STILL, "still", err);
    if (rc == KURA_OK)
        rc = findings(&p, KURA_WORD_GONE, "gone", err);
    if (rc == KURA_OK)
        rc = tables(&p, err);
    if (rc == KURA_OK)
        rc = put_about(&p, "", "command", err);
    if (rc == KURA_OK)
        rc = put_about(&p, "", "version", err);
    return rc == KURA_OK ? put_about(&p, "", "made", err) : rc;
}
