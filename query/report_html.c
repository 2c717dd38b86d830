/* report_html.c - a report as one page: inline style and SVG, no script, no
 * request.
 *
 * The page has a budget (KURA_REPORT_HTML_MAX): finding after finding is
 * written as long as there is room, lines first give way, and what is left out
 * is counted where it would stand. */
#include "query/report_internal.h"

#include <stdio.h>
#include <string.h>

/* Room for all that stands below the findings. */
#define BELOW ((size_t)900000)
#define CARD_MAX ((size_t)60000) /* about the largest card */
#define LINES_A_FINDING 5
#define LINE_BYTES 600
#define VALUE_BYTES 300

struct page {
    struct kura_report *r;
    struct kura_buf *out;
    size_t cut;     /* findings that had no room */
    int lines;      /* of the finding at hand */
    char hunt[128]; /* whose card is open; "": none is */
};

static const char *word(const struct page *p, enum kura_word w)
{
    return kura_word(p->r->language, w);
}

/* A column's text, escaped and cut at `max` bytes. */
static enum kura_rc put_column(struct page *p, sqlite3_stmt *stmt, int i,
                               size_t max, struct kura_err *err)
{
    const char *s = (const char *)sqlite3_column_text(stmt, i);
    size_t n = s == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, i), whole = n;
    enum kura_rc rc;

    if (s == NULL)
        return KURA_OK;
    if (n > max) {
        n = max;
        while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
            n--;
    }
    rc = kura_html_text(s, n, p->out, err);
    return rc == KURA_OK && n < whole ? kura_buf_puts(p->out, "…", err) : rc;
}

static enum kura_rc put_about(struct page *p, const char *name,
                              struct kura_err *err)
{
    struct kura_buf value;
    enum kura_rc rc;

    kura_buf_init(&value, p->out->max);
    rc = kura_report_about(p->r, name, &value, err);
    if (rc == KURA_OK)
        rc = kura_html_text(value.data, value.len, p->out, err);
    kura_buf_release(&value);
    return rc;
}

static enum kura_rc put_labelled(struct page *p, enum kura_word label,
                                 const char *name, struct kura_err *err)
{
    enum kura_rc rc =
        kura_buf_printf(p->out, err, "<p class=\"soft\">%s: ", word(p, label));

    if (rc == KURA_OK)
        rc = put_about(p, name, err);
    return rc == KURA_OK ? kura_buf_puts(p->out, "</p>\n", err) : rc;
}

static enum kura_rc put_heading(struct page *p, enum kura_word title,
                                const char *about, struct kura_err *err)
{
    enum kura_rc rc =
        kura_buf_printf(p->out, err, "<h2>%s</h2>\n", word(p, title));

    if (rc == KURA_OK && about != NULL)
        rc = kura_buf_printf(p->out, err, "<p class=\"soft\">%s</p>\n", about);
    return rc;
}

/* --- Head ----------------------------------------------------------------- */

static enum kura_rc head(struct page *p, struct kura_err *err)
{
    struct kura_buf title;
    enum kura_rc rc;

    kura_buf_init(&title, p->out->max);
    rc = kura_report_about(p->r, "title", &title, err);
    if (rc == KURA_OK)
        rc = kura_html_begin(p->r->language == KURA_JAPANESE ? "ja" : "en",
                             title.data, title.len, p->out, err);
    kura_buf_release(&title);
    return rc;
}

static enum kura_rc tile(struct page *p, enum kura_word label, int64_t n,
                         struct kura_err *err)
{
    return kura_buf_printf(p->out, err, "<div><b>%lld</b>%s</div>\n",
                           (long long)n, word(p, label));
}

static enum kura_rc summary(struct page *p, struct kura_err *err)
{
    struct kura_report_count n;
    enum kura_rc rc = kura_report_tally(p->r, &n, err);

    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "<div class=\"sum\">\n", err);
    if (rc == KURA_OK)
        rc = tile(p, KURA_WORD_NEW, n.fresh, err);
    if (rc == KURA_OK)
        rc = tile(p, KURA_WORD_STILL, n.still, err);
    if (rc == KURA_OK)
        rc = tile(p, KURA_WORD_GONE, n.gone, err);
    if (rc == KURA_OK)
        rc = tile(p, KURA_WORD_ALLOWED, n.allowed, err);
    return rc == KURA_OK ? kura_buf_puts(p->out, "</div>\n", err) : rc;
}

/* --- Findings ----------------------------------------------------------------
 */

static enum kura_rc line_row(void *arg, sqlite3_stmt *stmt,
                             struct kura_err *err)
{
    struct page *p = arg;
    enum kura_rc rc;

    rc = kura_buf_puts(p->out, p->lines++ == 0 ? "<pre>" : "\n", err);
    if (rc == KURA_OK)
        rc = put_column(p, stmt, 0, VALUE_BYTES, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(p->out, err, ":%lld  ",
                             (long long)sqlite3_column_int64(stmt, 1));
    return rc == KURA_OK ? put_column(p, stmt, 2, LINE_BYTES, err) : rc;
}

static enum kura_rc card_lines(struct page *p, const char *id,
                               struct kura_err *err)
{
    char sql[200];
    enum kura_rc rc;

    (void)sqlite3_snprintf((int)sizeof(sql), sql,
                           "SELECT source, line, raw FROM evidence WHERE "
                           "finding = %Q ORDER BY number LIMIT %d",
                           id, LINES_A_FINDING);
    p->lines = 0;
    rc = kura_buf_printf(p->out, err, "<details><summary>%s</summary>\n",
                         word(p, KURA_WORD_LINES));
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, sql, line_row, p, err);
    if (rc == KURA_OK)
        rc = p->lines > 0
                 ? kura_buf_puts(p->out, "</pre>", err)
                 : kura_buf_printf(p->out, err, "<p class=\"soft\">%s</p>",
                                   word(p, KURA_WORD_NO_LINES));
    return rc == KURA_OK ? kura_buf_puts(p->out, "</details>\n", err) : rc;
}

struct slices {
    int64_t values[KURA_REPORT_SLICES];
    int64_t all;
};

static enum kura_rc slice_row(void *arg, sqlite3_stmt *stmt,
                              struct kura_err *err)
{
    struct slices *s = arg;
    int64_t i = sqlite3_column_int64(stmt, 0);

    (void)err;
    if (i >= 0 && i < KURA_REPORT_SLICES)
        s->values[i] = sqlite3_column_int64(stmt, 1);
    s->all += sqlite3_column_int64(stmt, 1);
    return KURA_OK;
}

static enum kura_rc card_spark(struct page *p, const char *id,
                               struct kura_err *err)
{
    struct slices s;
    char sql[160];
    enum kura_rc rc;

    memset(&s, 0, sizeof(s));
    (void)sqlite3_snprintf((int)sizeof(sql), sql,
                           "SELECT slice, events FROM spark WHERE finding = %Q "
                           "ORDER BY slice",
                           id);
    rc = kura_report_each(p->r, sql, slice_row, &s, err);
    if (rc == KURA_OK && s.all > 0)
        rc = kura_svg_bars(s.values, KURA_REPORT_SLICES, 144, 18, p->out, err);
    return rc;
}

/* A piece of the line below the sentence, when there is something to say. */
static enum kura_rc meta(struct page *p, sqlite3_stmt *stmt, int i,
                         const char *label, struct kura_err *err)
{
    enum kura_rc rc;

    if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
        return KURA_OK;
    rc = kura_buf_printf(p->out, err, "<span>%s ", label);
    if (rc == KURA_OK)
        rc = put_column(p, stmt, i, VALUE_BYTES, err);
    return rc == KURA_OK ? kura_buf_puts(p->out, "</span>", err) : rc;
}

enum {
    CARD_ID,
    CARD_LEVEL,
    CARD_WHY,
    CARD_TITLE,
    CARD_HUNT,
    CARD_STAGE,
    CARD_ATTACK,
    CARD_FIRST,
    CARD_LAST,
    CARD_EVENTS,
    CARD_CLIENTS,
    CARD_ABOUT
};
#define CARDS_SQL                                                              \
    "SELECT id, level, why, title, hunt, stage, attack, "                      \
    "substr(local_time(first_ts), 1, 16), substr(local_time(last_ts), 1, "     \
    "16), events, clients, about FROM finding WHERE allowed IS NULL AND "      \
    "state = '%s' ORDER BY level_order DESC, hunt, \"key\", id"

static const char *stage_of(const struct page *p, const char *word)
{
    int i;

    for (i = 0; word != NULL && i < KURA_STAGE_COUNT; i++)
        if (strcmp(kura_stage_word(i), word) == 0)
            return kura_word_stage(p->r->language, i);
    return "";
}

/* What the findings of one hunt share stands once, above them. */
static enum kura_rc card_open(struct page *p, sqlite3_stmt *stmt,
                              struct kura_err *err)
{
    const char *level = (const char *)sqlite3_column_text(stmt, CARD_LEVEL);
    enum kura_rc rc;

    (void)snprintf(p->hunt, sizeof(p->hunt), "%s",
                   (const char *)sqlite3_column_text(stmt, CARD_HUNT));
    rc = kura_buf_printf(p->out, err,
                         "<section class=\"f %s\">\n<div class=\"lv\">%s"
                         "</div>\n<h3>",
                         level, kura_word_level(p->r->language, level));
    if (rc == KURA_OK)
        rc = put_column(p, stmt, CARD_TITLE, VALUE_BYTES, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "</h3>\n<div class=\"meta\">", err);
    if (rc == KURA_OK)
        rc = meta(p, stmt, CARD_HUNT, "", err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(
            p->out, err, "<span>%s</span>",
            stage_of(p, (const char *)sqlite3_column_text(stmt, CARD_STAGE)));
    if (rc == KURA_OK)
        rc = meta(p, stmt, CARD_ATTACK, "", err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(p->out, err,
                             "</div>\n<details><summary>%s</summary><p>",
                             word(p, KURA_WORD_HOW_TO_READ));
    if (rc == KURA_OK)
        rc = put_column(p, stmt, CARD_ABOUT, 4000, err);
    return rc == KURA_OK ? kura_buf_puts(p->out, "</p></details>\n", err) : rc;
}

static enum kura_rc card_close(struct page *p, struct kura_err *err)
{
    bool open = p->hunt[0] != '\0';

    p->hunt[0] = '\0';
    return open ? kura_buf_puts(p->out, "</section>\n", err) : KURA_OK;
}

static enum kura_rc card_finding(struct page *p, sqlite3_stmt *stmt,
                                 struct kura_err *err)
{
    const char *id = (const char *)sqlite3_column_text(stmt, CARD_ID);
    enum kura_rc rc;

    rc = kura_buf_puts(p->out, "<div class=\"one\">\n<div class=\"why\">", err);
    if (rc == KURA_OK)
        rc = put_column(p, stmt, CARD_WHY, 2000, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "</div>\n<div class=\"meta\">", err);
    if (rc == KURA_OK)
        rc = card_spark(p, id, err);
    if (rc == KURA_OK)
        rc = meta(p, stmt, CARD_FIRST, word(p, KURA_WORD_FIRST), err);
    if (rc == KURA_OK)
        rc = meta(p, stmt, CARD_LAST, word(p, KURA_WORD_LAST), err);
    if (rc == KURA_OK)
        rc = meta(p, stmt, CARD_EVENTS, word(p, KURA_WORD_EVENTS), err);
    if (rc == KURA_OK)
        rc = meta(p, stmt, CARD_CLIENTS, word(p, KURA_WORD_CLIENTS), err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(p->out, err, "<span>%s</span></div>\n", id);
    if (rc == KURA_OK)
        rc = card_lines(p, id, err);
    return rc == KURA_OK ? kura_buf_puts(p->out, "</div>\n", err) : rc;
}

static enum kura_rc card_row(void *arg, sqlite3_stmt *stmt,
                             struct kura_err *err)
{
    struct page *p = arg;
    const char *hunt = (const char *)sqlite3_column_text(stmt, CARD_HUNT);
    enum kura_rc rc = KURA_OK;

    if (p->out->len + CARD_MAX + BELOW > KURA_REPORT_HTML_MAX) {
        p->cut++;
        return KURA_OK;
    }
    if (strcmp(p->hunt, hunt) != 0) {
        rc = card_close(p, err);
        if (rc == KURA_OK)
            rc = card_open(p, stmt, err);
    }
    return rc == KURA_OK ? card_finding(p, stmt, err) : rc;
}

static enum kura_rc findings(struct page *p, enum kura_word title,
                             const char *state, struct kura_err *err)
{
    char sql[sizeof(CARDS_SQL) + 16];
    size_t before;
    enum kura_rc rc = put_heading(p, title, NULL, err);

    before = p->out->len;
    p->cut = 0;
    (void)snprintf(sql, sizeof(sql), CARDS_SQL, state);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, sql, card_row, p, err);
    if (rc == KURA_OK)
        rc = card_close(p, err);
    if (rc == KURA_OK && p->cut > 0)
        return kura_buf_printf(p->out, err, "<p class=\"no\">%zu %s</p>\n",
                               p->cut, word(p, KURA_WORD_CUT));
    if (rc == KURA_OK && p->out->len == before)
        rc = kura_buf_printf(
            p->out, err, "<p class=\"soft\">%s</p>\n",
            strcmp(state, "new") == 0 ? word(p, KURA_WORD_NOTHING_NEW) : "–");
    return rc;
}

/* --- Tables ---------------------------------------------------------- */

/* Columns of numbers are set to the right. */
static const char *class_of(enum kura_word head)
{
    return head == KURA_WORD_EVENTS || head == KURA_WORD_BYTES ||
                   head == KURA_WORD_ROWS || head == KURA_WORD_FINDINGS
               ? " class=\"n\""
               : "";
}

struct cells {
    struct page *p;
    const enum kura_word *heads;
};

static enum kura_rc cells_row(void *arg, sqlite3_stmt *stmt,
                              struct kura_err *err)
{
    const struct cells *c = arg;
    struct page *p = c->p;
    enum kura_rc rc = kura_buf_puts(p->out, "<tr>", err);
    int i;

    for (i = 0; rc == KURA_OK && i < sqlite3_column_count(stmt); i++) {
        rc = kura_buf_printf(p->out, err, "<td%s>", class_of(c->heads[i]));
        if (rc == KURA_OK)
            rc = put_column(p, stmt, i, VALUE_BYTES, err);
        if (rc == KURA_OK)
            rc = kura_buf_puts(p->out, "</td>", err);
    }
    return rc == KURA_OK ? kura_buf_puts(p->out, "</tr>\n", err) : rc;
}

static enum kura_rc table(struct page *p, const enum kura_word *heads,
                          size_t count, const char *sql, struct kura_err *err)
{
    struct cells c = {p, heads};
    enum kura_rc rc =
        kura_buf_puts(p->out, "<div class=\"wide\"><table>\n<tr>", err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < count; i++)
        rc = kura_buf_printf(p->out, err, "<th%s>%s</th>", class_of(heads[i]),
                             word(p, heads[i]));
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "</tr>\n", err);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, sql, cells_row, &c, err);
    return rc == KURA_OK ? kura_buf_puts(p->out, "</table></div>\n", err) : rc;
}

/* What a table had no room for is counted below it. */
static enum kura_rc rest_row(void *arg, sqlite3_stmt *stmt,
                             struct kura_err *err)
{
    struct page *p = arg;
    int64_t rest = sqlite3_column_int64(stmt, 0);

    if (rest <= 0)
        return KURA_OK;
    return kura_buf_printf(p->out, err, "<p class=\"no\">%lld %s</p>\n",
                           (long long)rest, word(p, KURA_WORD_CUT));
}

/* --- The guide's matrix ---------------------------------------------- */

static const char *const matrix_tables[] = {"mail", "firewall", "proxy", "dns",
                                            "windows"};
#define MATRIX_TABLES (sizeof(matrix_tables) / sizeof(matrix_tables[0]))

static enum kura_rc matrix_cell(void *arg, sqlite3_stmt *stmt,
                                struct kura_err *err)
{
    struct page *p = arg;
    int64_t hunts = sqlite3_column_int64(stmt, 0);
    int64_t found = sqlite3_column_int64(stmt, 1);

    if (hunts == 0)
        return kura_buf_puts(p->out, "<td class=\"none\">–</td>", err);
    return kura_buf_printf(p->out, err, "<td class=\"%s\">%lld / %lld</td>",
                           found > 0 ? "hit" : "none", (long long)found,
                           (long long)hunts);
}

static enum kura_rc matrix(struct page *p, struct kura_err *err)
{
    char sql[420];
    enum kura_rc rc =
        put_heading(p, KURA_WORD_MATRIX, word(p, KURA_WORD_MATRIX_ABOUT), err);
    size_t t;
    int stage;

    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "<div class=\"wide\"><table>\n<tr><th></th>",
                           err);
    for (t = 0; rc == KURA_OK && t < MATRIX_TABLES; t++)
        rc = kura_buf_printf(p->out, err, "<th>%s</th>", matrix_tables[t]);
    for (stage = 0; rc == KURA_OK && stage < KURA_STAGE_COUNT; stage++) {
        rc = kura_buf_printf(p->out, err, "</tr>\n<tr><td>%d %s</td>",
                             stage + 1, kura_word_stage(p->r->language, stage));
        for (t = 0; rc == KURA_OK && t < MATRIX_TABLES; t++) {
            (void)snprintf(
                sql, sizeof(sql),
                "SELECT count(DISTINCT c.hunt), (SELECT count(*) FROM finding "
                "AS f WHERE f.allowed IS NULL AND f.state <> 'gone' AND f.hunt "
                "IN (SELECT hunt FROM cover WHERE stage = %d AND \"table\" = "
                "'%s')) FROM cover AS c WHERE c.stage = %d AND c.\"table\" = "
                "'%s'",
                stage, matrix_tables[t], stage, matrix_tables[t]);
            rc = kura_report_each(p->r, sql, matrix_cell, p, err);
        }
    }
    return rc == KURA_OK ? kura_buf_puts(p->out, "</tr>\n</table></div>\n", err)
                         : rc;
}

/* --- Activity -------------------------------------------------------- */

struct week {
    int64_t values[7][24];
    double working[7][24];
    bool shares; /* the statement gives shares, not counts */
};

static enum kura_rc week_row(void *arg, sqlite3_stmt *stmt,
                             struct kura_err *err)
{
    struct week *w = arg;
    int day = sqlite3_column_int(stmt, 0), hour = sqlite3_column_int(stmt, 1);

    (void)err;
    if (day < 1 || day > 7 || hour < 0 || hour > 23)
        return KURA_OK;
    if (w->shares)
        w->working[day - 1][hour] = sqlite3_column_double(stmt, 2);
    else
        w->values[day - 1][hour] = sqlite3_column_int64(stmt, 2);
    return KURA_OK;
}

static enum kura_rc activity_table(struct page *p, struct week *w,
                                   const char *name, struct kura_err *err)
{
    char sql[160];
    enum kura_rc rc;

    memset(w->values, 0, sizeof(w->values));
    w->shares = false;
    (void)sqlite3_snprintf((int)sizeof(sql), sql,
                           "SELECT weekday, hour, events FROM activity WHERE "
                           "\"table\" = %Q",
                           name);
    rc = kura_report_each(p->r, sql, week_row, w, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(p->out, err, "<div><h3>%s</h3>", name);
    if (rc == KURA_OK)
        rc = kura_svg_week((const int64_t(*)[24])w->values,
                           (const double(*)[24])w->working, p->r->language,
                           p->out, err);
    return rc == KURA_OK ? kura_buf_puts(p->out, "</div>\n", err) : rc;
}

struct activity {
    struct page *p;
    struct week week;
};

static enum kura_rc activity_row(void *arg, sqlite3_stmt *stmt,
                                 struct kura_err *err)
{
    struct activity *a = arg;
    char name[64];

    (void)snprintf(name, sizeof(name), "%s",
                   (const char *)sqlite3_column_text(stmt, 0));
    return activity_table(a->p, &a->week, name, err);
}

static enum kura_rc activity(struct page *p, struct kura_err *err)
{
    struct activity a;
    enum kura_rc rc;

    memset(&a, 0, sizeof(a));
    a.p = p;
    a.week.shares = true;
    rc = put_heading(p, KURA_WORD_ACTIVITY, word(p, KURA_WORD_ACTIVITY_ABOUT),
                     err);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, "SELECT weekday, hour, share FROM working",
                              week_row, &a.week, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "<div class=\"weeks\">\n", err);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r,
                              "SELECT DISTINCT \"table\" FROM activity "
                              "ORDER BY 1",
                              activity_row, &a, err);
    return rc == KURA_OK ? kura_buf_puts(p->out, "</div>\n", err) : rc;
}

/* --- Volume ---------------------------------------------------------- */

#define VOLUME_DAYS 400

struct volume {
    struct page *p;
    int64_t first; /* day */
    size_t days;
    int64_t values[VOLUME_DAYS];
};

static enum kura_rc volume_day(void *arg, sqlite3_stmt *stmt,
                               struct kura_err *err)
{
    struct volume *v = arg;
    int64_t day;
    const char *s = (const char *)sqlite3_column_text(stmt, 0);

    (void)err;
    if (s == NULL || !kura_day_parse(s, &day) || day < v->first)
        return KURA_OK;
    /* A period of more days than there is room for: several a bar. */
    day = (day - v->first) * (int64_t)v->days /
          (kura_day_of(v->p->r->to_ts - 1) - v->first + 1);
    if (day < (int64_t)v->days)
        v->values[day] += sqlite3_column_int64(stmt, 1);
    return KURA_OK;
}

static enum kura_rc volume_row(void *arg, sqlite3_stmt *stmt,
                               struct kura_err *err)
{
    struct volume *v = arg;
    struct page *p = v->p;
    char *sql = sqlite3_mprintf("SELECT day, sum(rows) FROM volume WHERE "
                                "\"table\" = %Q AND source IS %Q GROUP BY 1",
                                (const char *)sqlite3_column_text(stmt, 0),
                                (const char *)sqlite3_column_text(stmt, 1));
    enum kura_rc rc = sql == NULL ? kura_err_nomem(err) : KURA_OK;

    memset(v->values, 0, sizeof(v->values));
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, sql, volume_day, v, err);
    sqlite3_free(sql);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "<tr><td>", err);
    if (rc == KURA_OK)
        rc = put_column(p, stmt, 0, VALUE_BYTES, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "</td><td>", err);
    if (rc == KURA_OK)
        rc = put_column(p, stmt, 1, VALUE_BYTES, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "</td><td>", err);
    if (rc == KURA_OK)
        rc = kura_svg_bars(v->values, v->days, 220, 22, p->out, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(p->out, err,
                             "</td><td class=\"n\">%lld</td>"
                             "<td class=\"n%s\">%lld</td></tr>\n",
                             (long long)sqlite3_column_int64(stmt, 2),
                             sqlite3_column_int64(stmt, 3) > 0 ? " no" : "",
                             (long long)sqlite3_column_int64(stmt, 3));
    return rc;
}

static enum kura_rc volume(struct page *p, struct kura_err *err)
{
    struct volume v;
    int64_t last = kura_day_of(p->r->to_ts - 1), days;
    char sql[320];
    enum kura_rc rc;

    memset(&v, 0, sizeof(v));
    v.p = p;
    v.first = kura_day_of(p->r->from_ts);
    days = last - v.first + 1;
    v.days = days > VOLUME_DAYS ? VOLUME_DAYS : (size_t)days;
    rc = put_heading(p, KURA_WORD_VOLUME, word(p, KURA_WORD_VOLUME_ABOUT), err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(
            p->out, err,
            "<div class=\"wide\"><table>\n<tr><th>%s</th><th>%s</th><th>%s"
            "</th><th class=\"n\">%s</th><th class=\"n\">%s</th></tr>\n",
            word(p, KURA_WORD_TABLE), word(p, KURA_WORD_SOURCE),
            word(p, KURA_WORD_DAYS), word(p, KURA_WORD_ROWS),
            word(p, KURA_WORD_SILENT));
    (void)snprintf(sql, sizeof(sql),
                   "SELECT \"table\", source, sum(rows), %lld - count(DISTINCT "
                   "day) FROM volume GROUP BY 1, 2 ORDER BY sum(rows) > 0, 1, 3 DESC, 2 LIMIT "
                   "60",
                   (long long)days);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, sql, volume_row, &v, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(p->out, "</table></div>\n", err);
    return rc != KURA_OK
               ? rc
               : kura_report_each(p->r,
                                  "SELECT count(*) - 60 FROM (SELECT 1 FROM "
                                  "volume GROUP BY \"table\", source)",
                                  rest_row, p, err);
}

/* --- The rest -------------------------------------------------------- */

static enum kura_rc below(struct page *p, struct kura_err *err)
{
    static const enum kura_word talkers[] = {KURA_WORD_TABLE, KURA_WORD_CLIENT,
                                             KURA_WORD_EVENTS, KURA_WORD_BYTES};
    static const enum kura_word coverage[] = {KURA_WORD_TABLE, KURA_WORD_DAYS,
                                              KURA_WORD_STATUS, KURA_WORD_ROWS,
                                              KURA_WORD_WHERE};
    static const enum kura_word runs[] = {KURA_WORD_HUNT, KURA_WORD_STATUS,
                                          KURA_WORD_FINDINGS, KURA_WORD_REASON};
    enum kura_rc rc;

    rc = put_heading(p, KURA_WORD_TALKERS, NULL, err);
    if (rc == KURA_OK)
        rc = table(
            p, talkers, 4,
            "SELECT \"table\", client, printf('%,d', events), CASE WHEN bytes "
            "IS NOT NULL THEN printf('%,d', bytes) END FROM talker ORDER "
            "BY \"table\", events DESC, client",
            err);
    if (rc == KURA_OK)
        rc = volume(p, err);
    if (rc == KURA_OK)
        rc = put_heading(p, KURA_WORD_COVERAGE,
                         word(p, KURA_WORD_COVERAGE_ABOUT), err);
    if (rc == KURA_OK)
        rc = table(p, coverage, 5,
                   "SELECT \"table\", first_day || ' – ' || last_day, how, "
                   "printf('%,d', rows), place FROM coverage ORDER BY "
                   "searched, \"table\", "
                   "first_day, place LIMIT 400",
                   err);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, "SELECT count(*) - 400 FROM coverage",
                              rest_row, p, err);
    if (rc == KURA_OK)
        rc = put_heading(p, KURA_WORD_RUNS, NULL, err);
    if (rc == KURA_OK)
        rc = table(p, runs, 4,
                   "SELECT hunt || ': ' || title, status, findings, reason || "
                   "CASE params WHEN '{}' THEN '' ELSE ' ' || params END FROM "
                   "run ORDER BY status = 'done', status, hunt, from_ts LIMIT "
                   "400",
                   err);
    if (rc == KURA_OK)
        rc = kura_report_each(p->r, "SELECT count(*) - 400 FROM run", rest_row,
                              p, err);
    if (rc == KURA_OK)
        rc = put_labelled(p, KURA_WORD_COMMAND, "command", err);
    if (rc == KURA_OK)
        rc = put_labelled(p, KURA_WORD_VERSION, "version", err);
    if (rc == KURA_OK)
        rc = put_labelled(p, KURA_WORD_MADE, "made", err);
    return rc == KURA_OK ? kura_buf_puts(p->out, "</body>\n</html>\n", err)
                         : rc;
}

enum kura_rc kura_report_html(struct kura_report *r, struct kura_buf *out,
                              struct kura_err *err)
{
    struct page p = {r, out, 0, 0, ""};
    enum kura_rc rc = head(&p, err);

    if (rc == KURA_OK)
        rc = put_labelled(&p, KURA_WORD_PERIOD, "period", err);
    if (rc == KURA_OK)
        rc = summary(&p, err);
    if (rc == KURA_OK)
        rc = findings(&p, KURA_WORD_NEW, "new", err);
    if (rc == KURA_OK)
        rc = findings(&p, KURA_WORD_STILL, "still", err);
    if (rc == KURA_OK)
        rc = findings(&p, KURA_WORD_GONE, "gone", err);
    if (rc == KURA_OK)
        rc = matrix(&p, err);
    if (rc == KURA_OK)
        rc = activity(&p, err);
    return rc == KURA_OK ? below(&p, err) : rc;
}
