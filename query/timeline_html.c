/* timeline_html.c - see timeline_html.h.
 *
 * The events are written first, into memory, because what stands above them
 * says how many there are and whether that is all. */
#include "query/timeline_html.h"

#include "base/clock.h"
#include "query/html.h"

#include <errno.h>
#include <string.h>

/* Room for what stands around the events. */
#define AROUND ((size_t)500000)
#define CELL_BYTES 600
#define LEFT_OUT_ROWS 500 /* of the table of days that were not searched */
#define DAY_BYTES 10      /* of a time: 2015-02-18 */

struct page {
    struct kura_timeline *t;
    const struct kura_timeline_ask *ask;
    const char *range;
    struct kura_buf head, events, foot;
    int64_t rows, findings;
    int64_t days;
    bool full; /* no room for more events */
    char day[DAY_BYTES + 1], last[KURA_TIME_TEXT];
};

static enum kura_rc put_text(struct kura_buf *out, const char *s, size_t max,
                             struct kura_err *err)
{
    size_t n = s == NULL ? 0 : strlen(s), whole = n;
    enum kura_rc rc;

    if (n > max)
        for (n = max; n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80;)
            n--;
    rc = n == 0 ? KURA_OK : kura_html_text(s, n, out, err);
    return rc == KURA_OK && n < whole ? kura_buf_puts(out, "…", err) : rc;
}

/* --- Events ----------------------------------------------------------------
 */

static enum kura_rc day_heading(struct page *p, const char *day,
                                struct kura_err *err)
{
    static const char *const weekdays[] = {"Monday",   "Tuesday", "Wednesday",
                                           "Thursday", "Friday",  "Saturday",
                                           "Sunday"};
    const char *end = p->days == 0 ? "" : "</tbody></table>\n";
    int64_t n = 0;

    (void)snprintf(p->day, sizeof(p->day), "%.*s", DAY_BYTES, day);
    p->days++;
    (void)kura_day_parse(p->day, &n);
    return kura_buf_printf(
        &p->events, err,
        "%s<h2>%s <span class=\"soft\">%s</span></h2>\n"
        "<table class=\"t\"><thead><tr><th>time</th><th>table</th>"
        "<th>event</th><th>other end</th><th>where</th></tr></thead><tbody>\n",
        end, p->day, weekdays[((n + 3) % 7 + 7) % 7]);
}

/* Findings stand out by their level, which their sentence begins with. */
static const char *row_class(const char *table, const char *event)
{
    static const char *const levels[] = {"critical", "high", "medium"};
    static const char *const classes[] = {" class=\"finding critical\"",
                                          " class=\"finding high\"",
                                          " class=\"finding medium\""};
    size_t i;

    if (strcmp(table, "indicator") == 0)
        return " class=\"finding\"";
    if (strcmp(table, "finding") != 0)
        return "";
    for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (strncmp(event, levels[i], strlen(levels[i])) == 0)
            return classes[i];
    return " class=\"finding\"";
}

static const char *cell(sqlite3_stmt *stmt, int i)
{
    const char *s = (const char *)sqlite3_column_text(stmt, i);

    return s == NULL ? "" : s;
}

/* The end of the path; all of it for who points at it. */
static enum kura_rc put_where(struct page *p, const char *where,
                              struct kura_err *err)
{
    const char *name = strrchr(where, '/');
    enum kura_rc rc = kura_buf_puts(&p->events, "<td title=\"", err);

    if (rc == KURA_OK)
        rc = put_text(&p->events, where, CELL_BYTES, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(&p->events, "\">", err);
    if (rc == KURA_OK)
        rc = put_text(&p->events, name != NULL ? name + 1 : where, CELL_BYTES,
                      err);
    return rc == KURA_OK ? kura_buf_puts(&p->events, "</td></tr>\n", err) : rc;
}

static enum kura_rc event_row(struct page *p, sqlite3_stmt *stmt,
                              struct kura_err *err)
{
    const char *time = cell(stmt, 0), *table = cell(stmt, 1);
    enum kura_rc rc = KURA_OK;
    int i;

    if (strncmp(time, p->day, DAY_BYTES) != 0)
        rc = day_heading(p, time, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(
            &p->events, err, "<tr%s><td>%s</td><td>%s</td>",
            row_class(table, cell(stmt, 2)),
            strlen(time) > DAY_BYTES ? time + DAY_BYTES + 1 : time, table);
    for (i = 2; rc == KURA_OK && i < 4; i++) {
        rc = kura_buf_puts(&p->events, "<td>", err);
        if (rc == KURA_OK)
            rc = put_text(&p->events, cell(stmt, i), CELL_BYTES, err);
        if (rc == KURA_OK)
            rc = kura_buf_puts(&p->events, "</td>", err);
    }
    if (rc == KURA_OK)
        rc = put_where(p, cell(stmt, 4), err);
    (void)snprintf(p->last, sizeof(p->last), "%s", time);
    p->findings += strcmp(table, "finding") == 0;
    p->rows++;
    return rc;
}

static enum kura_rc put_events(struct page *p, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = true;
    enum kura_rc rc = KURA_OK;

    while (rc == KURA_OK && !p->full) {
        rc = kura_timeline_step(p->t, &stmt, &more, err);
        if (rc != KURA_OK || !more)
            break;
        if (p->events.len + AROUND > KURA_TIMELINE_HTML_MAX)
            p->full = true;
        else
            rc = event_row(p, stmt, err);
    }
    if (rc == KURA_OK && p->days != 0)
        rc = kura_buf_puts(&p->events, "</tbody></table>\n", err);
    return rc;
}

/* --- Above them -------------------------------------------------------------
 */

static enum kura_rc put_time(struct page *p, int64_t us, struct kura_err *err)
{
    const struct kura_zone *zone = p->ask->zone;
    char text[KURA_TIME_TEXT];

    kura_time_format(kura_zone_local(zone, us),
                     text);
    return kura_buf_printf(&p->head, err, "<td>%.10s %.8s</td>", text,
                           text + 11);
}

static enum kura_rc put_seen(struct page *p, struct kura_err *err)
{
    const struct kura_timeline_seen *s;
    size_t i, n = kura_timeline_seen(p->t, &s);
    enum kura_rc rc;

    if (n == 0)
        return kura_buf_puts(
            &p->head, "<p>The sightings do not know it at all.</p>\n", err);
    rc = kura_buf_puts(
        &p->head,
        "<h2>Where it was seen</h2>\n<p class=\"soft\">By the sightings, "
        "wherever the logs are now, on whole UTC days that the period "
        "touches.</p>\n<div class=\"wide\"><table><thead><tr><th>table</th>"
        "<th>as</th><th>first</th><th>last</th><th class=\"n\">days</th>"
        "<th class=\"n\">events</th></tr></thead><tbody>\n",
        err);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        rc = kura_buf_printf(&p->head, err, "<tr><td>%s</td><td>%s</td>",
                             s[i].schema->name,
                             s[i].schema->columns[s[i].column].name);
        if (rc == KURA_OK)
            rc = put_time(p, s[i].first_ts, err);
        if (rc == KURA_OK)
            rc = put_time(p, s[i].last_ts, err);
        if (rc == KURA_OK)
            rc = kura_buf_printf(
                &p->head, err,
                "<td class=\"n\">%lld</td><td class=\"n\">%lld</td></tr>\n",
                (long long)s[i].days, (long long)s[i].events);
    }
    return rc == KURA_OK
               ? kura_buf_puts(&p->head, "</tbody></table></div>\n", err)
               : rc;
}

static enum kura_rc put_away(struct page *p, struct kura_err *err)
{
    const struct kura_timeline_away *a;
    size_t i, n = kura_timeline_away(p->t, &a);
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    enum kura_rc rc = KURA_OK;

    if (n != 0)
        rc = kura_buf_puts(
            &p->head,
            "<h2 class=\"no\">Not searched</h2>\n<p>It was seen "
            "there too, and those logs were not read:</p>\n<ul>\n",
            err);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        kura_day_format(a[i].first_day, first);
        kura_day_format(a[i].last_day, last);
        rc = kura_buf_printf(
            &p->head, err,
            "<li>%s, %lld day(s) from %s to %s, up to %lld event(s): %s ",
            a[i].schema->name, (long long)a[i].days, first, last,
            (long long)a[i].events, kura_covered_word(a[i].how));
        if (rc == KURA_OK)
            rc = put_text(&p->head, a[i].where, CELL_BYTES, err);
        if (rc == KURA_OK)
            rc = kura_buf_puts(&p->head, "</li>\n", err);
    }
    if (rc == KURA_OK && n != 0)
        rc = kura_buf_puts(&p->head, "</ul>\n", err);
    return rc;
}

static enum kura_rc put_cut(struct page *p, struct kura_err *err)
{
    int64_t day;
    bool cut = kura_timeline_is_cut(p->t, &day);

    if (!cut && !p->full)
        return KURA_OK;
    return kura_buf_printf(
        &p->head, err,
        "<p class=\"no\">This page ends after %lld events, at %s: what follows "
        "is not shown. %s</p>\n",
        (long long)p->rows, p->last,
        cut ? "A larger --limit, a narrower --from and --to, or --fold shows "
              "more."
            : "A narrower --from and --to, or --fold, shows the rest.");
}

static enum kura_rc put_head(struct page *p, struct kura_err *err)
{
    struct kura_buf title;
    enum kura_rc rc;

    kura_buf_init(&title, KURA_TIMELINE_HTML_MAX);
    rc = kura_buf_printf(&title, err, "%s %s%s", kura_entity_word(p->ask->kind),
                         p->ask->value, p->ask->under ? " and below" : "");
    if (rc == KURA_OK)
        rc = kura_html_begin("en", title.data, title.len, &p->head, err);
    kura_buf_release(&title);
    if (rc == KURA_OK)
        rc = kura_buf_puts(&p->head, "<p class=\"soft\">Timeline, ", err);
    if (rc == KURA_OK)
        rc = put_text(&p->head, p->range, CELL_BYTES, err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(
            &p->head, err,
            "; times in %s%s%s%s</p>\n<div class=\"sum\">\n"
            "<div><b>%lld</b>rows</div>\n<div><b>%lld</b>days</div>\n"
            "<div><b>%lld</b>findings</div>\n</div>\n",
            kura_zone_name(p->ask->zone),
            p->ask->fold ? "; what is the same within an hour is one row" : "",
            p->ask->table != NULL ? "; only table " : "",
            p->ask->table != NULL ? p->ask->table : "", (long long)p->rows,
            (long long)p->days, (long long)p->findings);
    if (rc == KURA_OK)
        rc = put_cut(p, err);
    if (rc == KURA_OK)
        rc = put_away(p, err);
    return rc == KURA_OK ? put_seen(p, err) : rc;
}

/* --- Below them ------------------------------------------------------ */

static enum kura_rc covered_row(struct page *p,
                                const struct kura_coverage_item *c,
                                struct kura_err *err)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    enum kura_rc rc;

    kura_day_format(c->first_day, first);
    kura_day_format(c->last_day, last);
    rc = kura_buf_printf(&p->foot, err,
                         "<tr><td>%s</td><td>%s</td><td>%s</td>"
                         "<td%s>%s</td><td class=\"n\">%lld</td><td>",
                         c->schema->name, first, last,
                         kura_covered_is_searched(c->how) ||
                                 c->how == KURA_COVERED_NO_LOGS
                             ? ""
                             : " class=\"no\"",
                         kura_covered_word(c->how), (long long)c->rows);
    if (rc == KURA_OK)
        rc = put_text(&p->foot, c->where, CELL_BYTES, err);
    return rc == KURA_OK ? kura_buf_puts(&p->foot, "</td></tr>\n", err) : rc;
}

static enum kura_rc put_coverage(struct page *p, struct kura_err *err)
{
    struct kura_coverage c;
    enum kura_rc rc;
    size_t i;

    memset(&c, 0, sizeof(c));
    rc = kura_engine_coverage(p->ask->engine, &c, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(
            &p->foot,
            "<h2>What was searched</h2>\n<p class=\"soft\">Days on which the "
            "sightings do not know it were answered by them.</p>\n"
            "<div class=\"wide\"><table><thead><tr><th>table</th><th>from</th>"
            "<th>to</th><th></th><th class=\"n\">rows</th><th>where</th></tr>"
            "</thead><tbody>\n",
            err);
    for (i = 0; rc == KURA_OK && i < c.count && i < LEFT_OUT_ROWS; i++)
        rc = covered_row(p, &c.items[i], err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(&p->foot, "</tbody></table></div>\n", err);
    if (rc == KURA_OK && c.count > LEFT_OUT_ROWS)
        rc = kura_buf_printf(&p->foot, err,
                             "<p class=\"no\">%zu more line(s): --coverage "
                             "lists them.</p>\n",
                             c.count - LEFT_OUT_ROWS);
    kura_coverage_release(&c);
    return rc == KURA_OK ? kura_buf_puts(&p->foot, "</body>\n</html>\n", err)
                         : rc;
}

static enum kura_rc page_write(const struct page *p, FILE *f,
                               struct kura_err *err)
{
    const struct kura_buf *parts[] = {&p->head, &p->events, &p->foot};
    size_t i;

    errno = 0;
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i]->len != 0 &&
            fwrite(parts[i]->data, 1, parts[i]->len, f) != parts[i]->len)
            return kura_err_sys(err, errno != 0 ? errno : EIO,
                                "cannot write the page");
    return KURA_OK;
}

enum kura_rc kura_timeline_html(struct kura_timeline *t,
                                const struct kura_timeline_ask *ask,
                                const char *range, FILE *f, int64_t *rows,
                                struct kura_err *err)
{
    struct page p;
    enum kura_rc rc;

    memset(&p, 0, sizeof(p));
    p.t = t;
    p.ask = ask;
    p.range = range;
    kura_buf_init(&p.head, KURA_TIMELINE_HTML_MAX);
    kura_buf_init(&p.events, KURA_TIMELINE_HTML_MAX);
    kura_buf_init(&p.foot, KURA_TIMELINE_HTML_MAX);
    rc = put_events(&p, err);
    kura_timeline_finish(t);
    if (rc == KURA_OK)
        rc = put_head(&p, err);
    if (rc == KURA_OK)
        rc = put_coverage(&p, err);
    if (rc == KURA_OK)
        rc = page_write(&p, f, err);
    *rows = p.rows;
    kura_buf_release(&p.head);
    kura_buf_release(&p.events);
    kura_buf_release(&p.foot);
    return rc;
}
