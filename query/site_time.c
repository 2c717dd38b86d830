/* site_time.c - what `site:` of kura.yaml says about times: working hours,
 * holidays, maintenance.  Times are those of the wall clock; a span over
 * midnight is cut in two. */
#include "base/text.h"
#include "query/site_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLIDAY_RANGE_MAX 366

/* --- Weekdays and times ------------------------------------------------ */

struct span {
    int from, to; /* minutes; to <= from: over midnight */
};

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* "mon" or "monday"; *s moves behind it; -1: no weekday. */
static int weekday_parse(const char **s)
{
    static const char *const names[] = {"monday",   "tuesday", "wednesday",
                                        "thursday", "friday",  "saturday",
                                        "sunday"};
    size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyz"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    int i;

    for (i = 0; i < 7; i++)
        if ((n == 3 || n == strlen(names[i])) &&
            kura_text_casecmp(*s, n, names[i], n) == 0)
            break;
    *s += n;
    return i < 7 ? i : -1;
}

/* "mon-fri, sun" or "daily" as bits from Monday; 0: neither. */
static unsigned weekdays_parse(const char *s)
{
    unsigned mask = 0;
    int from, to;

    if (strcmp(s, "daily") == 0)
        return 0x7f;
    for (;;) {
        s = skip_blanks(s);
        from = to = weekday_parse(&s);
        s = skip_blanks(s);
        if (from >= 0 && *s == '-') {
            s = skip_blanks(s + 1);
            to = weekday_parse(&s);
            s = skip_blanks(s);
        }
        if (from < 0 || to < 0)
            return 0;
        for (mask |= 1u << to; from != to; from = (from + 1) % 7)
            mask |= 1u << from;
        if (*s == '\0')
            return mask;
        if (*s++ != ',')
            return 0;
    }
}

static enum kura_rc weekdays_read(const struct kura_site_reader *r,
                                  const struct kura_node *n, unsigned *mask)
{
    bool is_list = kura_node_kind(n) == KURA_NODE_LIST;
    size_t i, count = is_list ? kura_node_count(n) : 1;
    const char *s = NULL;
    enum kura_rc rc = KURA_OK;
    unsigned one;

    *mask = 0;
    for (i = 0; rc == KURA_OK && i < count; i++) {
        const struct kura_node *item = is_list ? kura_node_at(n, i) : n;

        rc = kura_site_read_text(r, item, "a weekday", &s);
        one = rc == KURA_OK ? weekdays_parse(s) : 0;
        if (rc == KURA_OK && one == 0)
            rc = kura_site_fail(
                r, kura_node_line(item),
                "'%.60s' is no weekday: write mon, mon-fri, daily ...", s);
        *mask |= one;
    }
    return rc;
}

/* "9:00", "09:00", "24:00" as minutes; *s moves behind it; -1: no time. */
static int time_parse(const char **s)
{
    size_t n = strspn(*s, "0123456789");
    const char *p = *s + n;
    int hour = 0, minute;
    size_t i;

    for (i = 0; i < n && i < 3; i++)
        hour = hour * 10 + ((*s)[i] - '0');
    if (n < 1 || n > 2 || p[0] != ':' || strspn(p + 1, "0123456789") != 2)
        return -1;
    minute = (p[1] - '0') * 10 + (p[2] - '0');
    *s = p + 3;
    if (minute > 59 || hour > 24 || (hour == 24 && minute != 0))
        return -1;
    return hour * 60 + minute;
}

static bool span_is_fine(const struct span *p)
{
    return p->from >= 0 && p->from < KURA_DAY_MINUTES && p->to >= 0 &&
           p->from != p->to;
}

static bool week_take(struct kura_site_week *w, int weekday, int from, int to)
{
    bool taken = false;
    int i;

    for (i = from; i < to; i++) {
        int at = weekday * KURA_DAY_MINUTES + i;

        taken |= kura_site_week_has(w, at);
        w->bits[at / 8] |= (uint8_t)(1u << (at % 8));
    }
    return taken;
}

/* The pieces of a span that begins on a weekday: *taken when the week had a
 * minute of it already. */
struct piece {
    int weekday, from, to;
};
static int span_cut(const struct span *p, int weekday, struct piece out[2])
{
    bool over = p->to < p->from;

    out[0] = (struct piece){weekday, p->from, over ? KURA_DAY_MINUTES : p->to};
    out[1] = (struct piece){(weekday + 1) % 7, 0, p->to};
    return over && p->to > 0 ? 2 : 1;
}

/* --- Hours ------------------------------------------------------------- */

static enum kura_rc hours_add(const struct kura_site_reader *r, size_t line,
                              unsigned mask, const struct span *p)
{
    enum kura_rc rc = KURA_OK;
    struct piece pieces[2];
    int weekday, i, n;

    for (weekday = 0; weekday < 7; weekday++) {
        if ((mask >> weekday & 1) == 0)
            continue;
        n = span_cut(p, weekday, pieces);
        for (i = 0; rc == KURA_OK && i < n; i++) {
            const struct piece *q = &pieces[i];
            const struct kura_site_value values[] = {
                {NULL, q->weekday + 1}, {NULL, q->from}, {NULL, q->to}};

            if (week_take(&r->site->hours, q->weekday, q->from, q->to))
                return kura_site_fail(r, line,
                                      "these hours overlap others of that day");
            rc = kura_site_row_add(r, KURA_SITE_HOURS, line, values, 3);
        }
    }
    return rc;
}

/* "09:00-12:00, 13:00-18:00" */
static enum kura_rc hours_read(const struct kura_site_reader *r,
                               const struct kura_node *n, unsigned mask)
{
    const char *s = NULL, *all;
    enum kura_rc rc =
        kura_site_read_text(r, n, "a time such as 09:00-18:00", &s);
    struct span p;

    for (all = s; rc == KURA_OK; s++) {
        s = skip_blanks(s);
        p.from = time_parse(&s);
        s = skip_blanks(s);
        p.to = -1;
        if (*s == '-') {
            s = skip_blanks(s + 1);
            p.to = time_parse(&s);
            s = skip_blanks(s);
        }
        if (!span_is_fine(&p) || (*s != '\0' && *s != ','))
            return kura_site_fail(
                r, kura_node_line(n),
                "'%.60s' are no hours such as 09:00-12:00, 13:00-18:00", all);
        rc = hours_add(r, kura_node_line(n), mask, &p);
        if (*s == '\0')
            break;
    }
    return rc;
}

enum kura_rc kura_site_take_hours(struct kura_site_reader *r,
                                  const struct kura_node *item)
{
    enum kura_rc rc = KURA_OK;
    size_t i, k;

    if (kura_node_kind(item) != KURA_NODE_MAP)
        return kura_site_fail(
            r, kura_node_line(item),
            "weekdays with their hours are expected here, such as "
            "mon-fri: 09:00-18:00");
    for (i = 0; rc == KURA_OK && i < kura_node_count(item); i++) {
        const struct kura_node *n = kura_node_at(item, i);
        unsigned mask = weekdays_parse(kura_node_key(item, i));

        if (mask == 0)
            return kura_site_fail(
                r, kura_node_key_line(item, i),
                "'%.60s' is no weekday: write mon, mon-fri, daily ...",
                kura_node_key(item, i));
        if (kura_node_kind(n) != KURA_NODE_LIST)
            rc = hours_read(r, n, mask);
        else
            for (k = 0; rc == KURA_OK && k < kura_node_count(n); k++)
                rc = hours_read(r, kura_node_at(n, k), mask);
    }
    return rc;
}

static int hours_cmp(const void *p, const void *q)
{
    const struct kura_site_row *a = p, *b = q;
    int64_t x = a->cells[0].number * KURA_DAY_MINUTES + a->cells[1].number;
    int64_t y = b->cells[0].number * KURA_DAY_MINUTES + b->cells[1].number;

    return (x > y) - (x < y);
}

static void hours_finish(struct kura_site *s)
{
    struct kura_site_list *l = &s->lists[KURA_SITE_HOURS];
    int weekday;

    if (l->count != 0)
        qsort(l->rows, l->count, sizeof(*l->rows), hours_cmp);
    else
        for (weekday = 0; weekday < 5; weekday++)
            (void)week_take(&s->hours, weekday, 9 * 60, 18 * 60);
}

/* --- Maintenance ------------------------------------------------------- */

static enum kura_rc window_time(const struct kura_site_reader *r,
                                const struct kura_node *item, const char *key,
                                int *out)
{
    const struct kura_node *n = NULL;
    const char *s = NULL, *p;
    enum kura_rc rc = kura_site_read_key(r, item, key, &n);

    if (rc == KURA_OK)
        rc = kura_site_read_text(r, n, "a time such as 22:00", &s);
    if (rc != KURA_OK)
        return rc;
    p = s;
    *out = time_parse(&p);
    if (*out < 0 || *p != '\0')
        return kura_site_fail(r, kura_node_line(n),
                              "'%.60s' is no time such as 22:00", s);
    return KURA_OK;
}

static enum kura_rc window_rows(const struct kura_site_reader *r, size_t line,
                                const char *name,
                                const struct kura_site_named *hosts,
                                unsigned mask, const struct span *p,
                                struct kura_site_week *week)
{
    enum kura_rc rc = KURA_OK;
    struct piece pieces[2];
    int weekday, i, n;
    size_t h;

    for (weekday = 0; weekday < 7; weekday++) {
        if ((mask >> weekday & 1) == 0)
            continue;
        n = span_cut(p, weekday, pieces);
        for (i = 0; i < n; i++) {
            const struct piece *q = &pieces[i];

            (void)week_take(week, q->weekday, q->from, q->to);
            for (h = 0; rc == KURA_OK && h < hosts->count; h++) {
                const struct kura_site_value values[] = {{name, 0},
                                                         {hosts->texts[h], 0},
                                                         {NULL, q->weekday + 1},
                                                         {NULL, q->from},
                                                         {NULL, q->to}};

                rc = kura_site_row_add(r, KURA_SITE_MAINTENANCE, line, values,
                                       5);
            }
        }
    }
    return rc;
}

static enum kura_rc window_new(const struct kura_site_reader *r,
                               struct kura_site_window **out)
{
    struct kura_site *s = r->site;
    struct kura_site_window *grown =
        realloc(s->windows, (s->window_count + 1) * sizeof(*grown));

    if (grown == NULL)
        return kura_err_nomem(r->err);
    s->windows = grown;
    *out = &grown[s->window_count++];
    memset(*out, 0, sizeof(**out));
    return KURA_OK;
}

enum kura_rc kura_site_take_maintenance(struct kura_site_reader *r,
                                        const struct kura_node *item)
{
    static const char *const keys[] = {"name", "hosts", "weekdays",
                                       "from", "to",    NULL};
    size_t line = kura_node_line(item);
    const struct kura_node *name = NULL, *list = NULL, *days;
    struct kura_site_window *w = NULL;
    struct kura_site_named hosts = {NULL, 0};
    struct span p = {-1, -1};
    const char *text = NULL;
    unsigned mask = 0x7f;
    enum kura_rc rc = kura_site_read_keys(r, item, keys);

    days = kura_node_get(item, "weekdays");
    if (rc == KURA_OK)
        rc = kura_site_read_key(r, item, "name", &name);
    if (rc == KURA_OK)
        rc = kura_site_read_text(r, name, "a name", &text);
    if (rc == KURA_OK)
        rc = kura_site_read_key(r, item, "hosts", &list);
    if (rc == KURA_OK)
        rc = kura_site_read_hosts(r, list, true, &hosts);
    if (rc == KURA_OK && kura_site_is_given(days))
        rc = weekdays_read(r, days, &mask);
    if (rc == KURA_OK)
        rc = window_time(r, item, "from", &p.from);
    if (rc == KURA_OK)
        rc = window_time(r, item, "to", &p.to);
    if (rc == KURA_OK && !span_is_fine(&p))
        rc = kura_site_fail(r, line,
                            "this window is empty; a whole day is 00:00 to "
                            "24:00");
    if (rc == KURA_OK)
        rc = window_new(r, &w);
    if (rc == KURA_OK)
        rc = window_rows(r, line, text, &hosts, mask, &p, &w->week);
    if (rc == KURA_OK)
        rc = kura_site_index_hosts(r, &hosts, &w->hosts);
    kura_site_named_release(&hosts);
    return rc;
}

/* --- Holidays ---------------------------------------------------------- */

static bool is_date(const char *s)
{
    return strspn(s, "0123456789") == 4 && s[4] == '-';
}

/* "2026-12-29", or "2026-12-29..2027-01-03" */
static bool dates_parse(const char *s, int64_t *from, int64_t *to)
{
    const size_t n = KURA_DAY_TEXT - 1;
    char first[KURA_DAY_TEXT] = "";
    bool range = strlen(s) == 2 * n + 2 && strncmp(s + n, "..", 2) == 0;

    if (!range && strlen(s) != n)
        return false;
    memcpy(first, s, n);
    return kura_day_parse(first, from) &&
           kura_day_parse(range ? s + n + 2 : s, to);
}

static enum kura_rc holiday_add(const struct kura_site_reader *r, size_t line,
                                const char *dates, const char *name)
{
    struct kura_site_value values[2];
    char text[KURA_DAY_TEXT];
    enum kura_rc rc = KURA_OK;
    int64_t day, to;

    if (!dates_parse(dates, &day, &to))
        return kura_site_fail(r, line,
                              "'%.60s' is no date such as 2026-01-01, and no "
                              "range such as 2026-12-29..2027-01-03",
                              dates);
    if (to < day || to - day > HOLIDAY_RANGE_MAX)
        return kura_site_fail(r, line, "'%.60s' is no range of up to a year",
                              dates);
    for (; rc == KURA_OK && day <= to; day++) {
        kura_day_format(day, text);
        values[0] = (struct kura_site_value){text, day};
        /* The number keeps the order in which they are named. */
        values[1] = (struct kura_site_value){
            name, (int64_t)r->site->lists[KURA_SITE_HOLIDAY].count};
        rc = kura_site_row_add(r, KURA_SITE_HOLIDAY, line, values, 2);
    }
    return rc;
}

/* Dates with the names of the days. */
static enum kura_rc holidays_named(const struct kura_site_reader *r,
                                   const struct kura_node *map)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < kura_node_count(map); i++) {
        const struct kura_node *n = kura_node_at(map, i);
        const char *name = NULL;

        if (kura_site_is_given(n))
            rc = kura_site_read_text(r, n, "the name of a holiday", &name);
        if (rc == KURA_OK)
            rc = holiday_add(r, kura_node_key_line(map, i),
                             kura_node_key(map, i), name);
    }
    return rc;
}

/* The file is below the warehouse, unless its path is absolute. */
static enum kura_rc holidays_load(const struct kura_site_reader *r,
                                  const struct kura_node *item,
                                  const char *name)
{
    size_t size = strlen(r->dir) + strlen(name) + 2;
    struct kura_site_reader inner = *r;
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_config *c = NULL;
    const struct kura_node *root;
    char *path = malloc(size);
    enum kura_rc rc;

    if (path == NULL)
        return kura_err_nomem(r->err);
    (void)snprintf(path, size, "%s%s%s", name[0] == '/' ? "" : r->dir,
                   name[0] == '/' ? "" : "/", name);
    rc = kura_config_load(path, &c, &cause);
    if (rc != KURA_OK) {
        rc = kura_site_fail(r, kura_node_line(item),
                            "the holidays cannot be read: %s", cause.msg);
        kura_err_hint(r->err, "kura init --zone Asia/Tokyo makes "
                              "holidays-jp.yaml; lines are 'date: name'");
        goto out;
    }
    inner.config = c;
    root = kura_config_root(c);
    if (root != NULL && kura_node_kind(root) != KURA_NODE_MAP)
        rc = kura_site_fail(&inner, kura_node_line(root),
                            "lines such as '2026-01-01: name' are expected");
    else if (root != NULL)
        rc = holidays_named(&inner, root);
out:
    kura_config_free(c);
    free(path);
    return rc;
}

enum kura_rc kura_site_take_holiday(struct kura_site_reader *r,
                                    const struct kura_node *item)
{
    const char *s = NULL;
    enum kura_rc rc;

    if (kura_node_kind(item) == KURA_NODE_MAP)
        return holidays_named(r, item);
    rc = kura_site_read_text(r, item, "a date or the name of a file", &s);
    if (rc != KURA_OK)
        return rc;
    return is_date(s) ? holiday_add(r, kura_node_line(item), s, NULL)
                      : holidays_load(r, item, s);
}

static int holiday_cmp(const void *p, const void *q)
{
    const struct kura_site_row *a = p, *b = q;
    int i = a->cells[0].number == b->cells[0].number;

    return a->cells[i].number < b->cells[i].number
               ? -1
               : a->cells[i].number > b->cells[i].number;
}

/* By day; of a day that has two names the first one stays. */
static enum kura_rc holidays_finish(const struct kura_site_reader *r)
{
    struct kura_site *s = r->site;
    struct kura_site_list *l = &s->lists[KURA_SITE_HOLIDAY];
    size_t i, n = 0;

    if (l->count == 0)
        return KURA_OK;
    s->holidays = malloc(l->count * sizeof(*s->holidays));
    if (s->holidays == NULL)
        return kura_err_nomem(r->err);
    qsort(l->rows, l->count, sizeof(*l->rows), holiday_cmp);
    for (i = 0; i < l->count; i++) {
        if (n != 0 && s->holidays[n - 1] == l->rows[i].cells[0].number) {
            free(l->rows[i].cells[0].text);
            free(l->rows[i].cells[1].text);
            continue;
        }
        s->holidays[n] = l->rows[i].cells[0].number;
        l->rows[n++] = l->rows[i];
    }
    l->count = s->holiday_count = n;
    return KURA_OK;
}

enum kura_rc kura_site_finish_times(const struct kura_site_reader *r)
{
    hours_finish(r->site);
    return holidays_finish(r);
}
