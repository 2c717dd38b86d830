/* cmd_status.c - what the warehouse holds, from the catalog: one line per table
 * and source, the gaps between its days, and why lines were rejected. */
#include "cli/cmd.h"
#include "cli/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct kura_opt status_options[] = {
    {"gaps", 0, NULL, "list every day without rows between first and last"},
    {NULL, 0, NULL, NULL}};

/* One table and source, summed over its days. */
struct status_line {
    const struct kura_holding *first;
    int64_t days, missing, rows, bytes, first_ts, last_ts, last_day;
};

static void status_gap(const struct kura_holding *h, int64_t from, int64_t to)
{
    char a[KURA_DAY_TEXT], b[KURA_DAY_TEXT];

    kura_day_format(from, a);
    kura_day_format(to, b);
    if (from == to)
        (void)printf("gap  %-9s %s  %s\n", h->table->name, a, h->source);
    else
        (void)printf("gap  %-9s %s to %s  %s\n", h->table->name, a, b,
                     h->source);
}

static void status_print(const struct status_line *l)
{
    char first[KURA_TIME_TEXT], last[KURA_TIME_TEXT];

    kura_time_format(l->first_ts, first);
    kura_time_format(l->last_ts, last);
    (void)printf("%-9s %5" PRId64 " %5" PRId64 " %12" PRId64 " %14" PRId64
                 "  %.19sZ  %.19sZ  %s\n",
                 l->first->table->name, l->days, l->missing, l->rows, l->bytes,
                 first, last, l->first->source);
}

static bool status_same(const struct kura_holding *a,
                        const struct kura_holding *b)
{
    return a->table == b->table && strcmp(a->source, b->source) == 0;
}

/* Adds a day (or a further partition of the same day). */
static void status_add(struct status_line *l, const struct kura_holding *h,
                       bool gaps)
{
    if (l->days == 0) {
        l->first = h;
        l->first_ts = h->first_ts;
        l->last_ts = h->last_ts;
    }
    if (l->days == 0 || h->day != l->last_day) {
        if (l->days != 0 && h->day - l->last_day > 1) {
            l->missing += h->day - l->last_day - 1;
            if (gaps)
                status_gap(h, l->last_day + 1, h->day - 1);
        }
        l->days++;
        l->last_day = h->day;
    }
    l->rows += h->rows;
    l->bytes += h->bytes;
    if (h->first_ts < l->first_ts)
        l->first_ts = h->first_ts;
    if (h->last_ts > l->last_ts)
        l->last_ts = h->last_ts;
}

static void status_lines(const struct kura_holding *list, size_t count,
                         bool gaps)
{
    struct status_line l;
    size_t i;

    memset(&l, 0, sizeof(l));
    for (i = 0; i < count; i++) {
        if (list[i].rows == 0)
            continue;
        if (l.days != 0 && !status_same(l.first, &list[i])) {
            if (!gaps)
                status_print(&l);
            memset(&l, 0, sizeof(l));
        }
        status_add(&l, &list[i], gaps);
    }
    if (l.days != 0 && !gaps)
        status_print(&l);
}

static enum kura_rc status_rejects(struct kura_cli *cli, struct kura_err *err)
{
    struct kura_session s = {NULL, NULL, NULL};
    int64_t rows = 0;
    const struct kura_engine_options all = {INT64_MIN, INT64_MAX, false, false};
    enum kura_rc rc = kura_session_open(cli->dir, &all, 0, &s, err);

    (void)printf("\nrejects, the commonest reason of each source\n");
    if (rc == KURA_OK)
        rc = kura_session_run(
            &s,
            "WITH r AS (SELECT source, reason, count(*) AS n FROM reject"
            " GROUP BY 1, 2) SELECT source, sum(n) AS rejects, reason,"
            " max(n) AS of_these FROM r GROUP BY 1 ORDER BY 2 DESC, 1",
            NULL, KURA_OUTPUT_TABLE, &rows, err);
    kura_session_close(&s);
    return rc;
}

static enum kura_rc status_run(struct kura_cli *cli, enum kura_exit *code,
                               struct kura_err *err)
{
    bool gaps = kura_cli_option(cli, &kura_cmd_status, "gaps") != NULL;
    struct kura_holding *list = NULL;
    struct kura_warehouse *w = NULL;
    bool rejects = false;
    size_t count = 0, i;
    enum kura_rc rc;

    (void)code;
    if (cli->args->count != 0)
        return kura_err_set(err, KURA_EUSAGE, "status has no operands");
    rc = kura_warehouse_open(cli->dir, false, &w, err);
    if (rc == KURA_OK)
        rc = kura_warehouse_holdings(w, &list, &count, err);
    if (rc == KURA_OK && count == 0)
        kura_cli_say(cli, "nothing is loaded yet");
    if (rc == KURA_OK && count != 0) {
        if (!gaps)
            (void)printf("%-9s %5s %5s %12s %14s  %-20s  %-20s  %s\n", "table",
                         "days", "gaps", "rows", "bytes", "first", "last",
                         "source");
        status_lines(list, count, gaps);
    }
    for (i = 0; i < count; i++)
        rejects |= strcmp(list[i].table->name, "reject") == 0 &&
                   list[i].rows != 0;
    kura_warehouse_holdings_free(list, count);
    kura_warehouse_close(w);
    if (rc == KURA_OK && rejects && !gaps)
        rc = status_rejects(cli, err);
    return rc;
}

const struct kura_cmd kura_cmd_status = {
    "status", "", "what is loaded: days, rows, gaps, rejects", status_options,
    status_run};
