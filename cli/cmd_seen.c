/* cmd_seen.c - was a value ever seen: from the sightings, which stay online
 * whatever became of the logs. */
#include "cli/cmd.h"
#include "cli/place.h"
#include "cli/session.h"

#include "base/host.h"
#include "base/refang.h"
#include "query/functions.h"
#include "store/db.h"
#include "store/sighting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEN_VALUES_MAX 200 /* SQLite joins up to 500 SELECTs */
#define SEEN_TEXT_MAX (1u << 20)

static const struct kura_opt seen_options[] = {
    {"format", 'f', "FORMAT", "table (default), csv, json, md"},
    {"from", 0, "TIME", "on this UTC day or later"},
    {"to", 0, "TIME", "on this UTC day or earlier"},
    {"under", 'u', NULL, "names below a domain as well"},
    {NULL, 0, NULL, NULL}};

/* What is looked for, and how: a constraint on the column value. */
struct wanted {
    const char *word;           /* as given */
    struct kura_buf text;       /* what it is looked up as */
    char *path;                 /* of a URL: what follows the host; else NULL */
    const char *before, *after; /* around the number of its parameter */
};

struct seen {
    struct kura_cli *cli;
    struct kura_session session;
    struct kura_engine_options range;
    struct wanted *wanted;
    const char **binds;
    size_t count;
    struct kura_places places;
};

/* --- What is looked for ------------------------------------------------ */

/* Where the host of a URL starts, NULL when the text is none.  Without a scheme
 * it must be a name that can be registered, or "Mozilla/5.0" were one. */
static const char *url_host(const char *s)
{
    const char *at = strstr(s, "://");
    const char *slash = strchr(s, '/');
    struct kura_buf domain;
    bool is_null = true;

    if (at != NULL && at != s && strcspn(s, " /?#") > (size_t)(at - s))
        return at + 3;
    if (slash == NULL || strpbrk(s, " \t") != NULL)
        return NULL;
    kura_buf_init(&domain, SEEN_TEXT_MAX);
    (void)kura_registered_domain(s, (size_t)(slash - s), &domain, &is_null,
                                 NULL);
    kura_buf_release(&domain);
    return is_null ? NULL : s;
}

/* Leaves the host in w->text: without user, port and brackets. */
static enum kura_rc url_take(struct wanted *w, const char *host,
                             struct kura_err *err)
{
    size_t n = strcspn(host, "/?#"), skip = 0, i, start;
    const char *all = w->text.data;

    start = (size_t)(host - all);
    for (i = 0; i < n; i++)
        if (host[i] == '@')
            skip = i + 1;
    w->path = strdup(host + n);
    if (w->path == NULL)
        return kura_err_nomem(err);
    start += skip;
    n = kura_host_size(all + start, n - skip);
    if (n >= 2 && all[start] == '[') {
        const char *close = memchr(all + start, ']', n);

        n = close == NULL ? n : (size_t)(close - all) - start - 1;
        start += close != NULL;
    }
    memmove(w->text.data, w->text.data + start, n);
    w->text.len = n;
    w->text.data[n] = '\0';
    if (n == 0)
        return kura_err_set(err, KURA_EUSAGE, "'%s' names no host", w->word);
    return KURA_OK;
}

static bool text_is_network(const char *s)
{
    const struct kura_text_test_kind *k = kura_text_test_find("ip_in");
    struct kura_text_test *t = NULL;

    if (strchr(s, '/') == NULL || k->compile(s, strlen(s), &t, NULL) != KURA_OK)
        return false;
    k->free(t);
    return true;
}

static enum kura_rc wanted_make(const char *word, bool under, struct wanted *w,
                                struct kura_err *err)
{
    const char *host;
    enum kura_rc rc;

    w->word = word;
    kura_buf_init(&w->text, SEEN_TEXT_MAX);
    rc = kura_refang(word, strlen(word), &w->text, err);
    if (rc != KURA_OK)
        return rc;
    if (w->text.len == 0)
        return kura_err_set(err, KURA_EUSAGE, "a value must not be empty");
    if (text_is_network(w->text.data)) {
        w->before = "ip_in(value, ?";
        w->after = ")";
        return KURA_OK;
    }
    host = url_host(w->text.data);
    if (host != NULL)
        rc = url_take(w, host, err);
    under = under && kura_host_is_name(w->text.data, w->text.len);
    w->before = under ? "domain_under(value, ?" : "value = ?";
    w->after = under ? ")" : "";
    return rc;
}

static void wanted_release(struct wanted *w)
{
    free(w->path);
    kura_buf_release(&w->text);
}

/* --- The range --------------------------------------------------------- */

static enum kura_rc range_word(struct seen *s, struct kura_warehouse *w,
                               const char *name, int64_t *from, int64_t *to,
                               struct kura_err *err)
{
    const char *text = kura_cli_option(s->cli, &kura_cmd_seen, name);
    enum kura_rc rc;

    if (text == NULL)
        return KURA_OK;
    rc = kura_range_parse(text, kura_warehouse_zone(w), s->cli->now_us, from,
                          to, err);
    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    return rc;
}

/* Sightings are of whole UTC days: those that the range touches. */
static enum kura_rc range_read(struct seen *s, struct kura_err *err)
{
    struct kura_warehouse *w = NULL;
    int64_t from = INT64_MIN, to = INT64_MAX, unused;
    enum kura_rc rc = kura_warehouse_open(s->cli->dir, false, &w, err);

    if (rc == KURA_OK)
        rc = range_word(s, w, "from", &from, &unused, err);
    if (rc == KURA_OK)
        rc = range_word(s, w, "to", &unused, &to, err);
    kura_warehouse_close(w);
    s->range.from_us = from == INT64_MIN ? from : kura_day_of(from) * KURA_DAY;
    s->range.to_us =
        to == INT64_MAX ? to : (kura_day_of(to - 1) + 1) * KURA_DAY;
    s->range.archived = s->range.ever = false;
    return rc;
}

/* --- Asking ------------------------------------------------------------ */

/* What differs by case only is one value.  Clients of two sightings may be the
 * same ones, so the largest number is sure, the sum is not. */
static const char *const seen_sql =
    ", at AS MATERIALIZED (SELECT table_name AS t, observable AS o,"
    " value AS v, place(partition) AS place, count(DISTINCT day) AS days"
    " FROM hit GROUP BY 1, 2, 3, 4 ORDER BY min(day))"
    " SELECT value, table_name AS \"table\", observable,"
    " iso_time(min(ts)) AS first_seen, iso_time(max(last_ts)) AS last_seen,"
    " sum(events) AS events, count(DISTINCT day) AS days,"
    " max(clients) AS max_clients_a_day,"
    " (SELECT group_concat(place || ': ' || days || ' d', ', ') FROM at"
    " WHERE t = table_name AND o = observable AND v = value) AS now_in"
    " FROM hit GROUP BY value, table_name, observable"
    " ORDER BY min(ts), value, table_name, observable";

static enum kura_rc hits_sql(const struct seen *s, struct kura_buf *out,
                             struct kura_err *err)
{
    enum kura_rc rc = kura_buf_puts(out, "WITH hit AS MATERIALIZED (", err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < s->count; i++)
        rc = kura_buf_printf(out, err,
                             "%sSELECT table_name, observable, value, day, ts,"
                             " last_ts, events, clients, partition"
                             " FROM sighting WHERE %s%zu%s",
                             i == 0 ? "" : " UNION ", s->wanted[i].before,
                             i + 1, s->wanted[i].after);
    if (rc == KURA_OK)
        rc = kura_buf_putc(out, ')', err);
    return rc == KURA_OK ? kura_buf_puts(out, seen_sql, err) : rc;
}

static void say(const struct seen *s, const char *text)
{
    if (text != NULL)
        kura_cli_say(s->cli, text);
}

/* The partitions that were asked: how many, and of which days. */
static void say_never(const struct seen *s, const struct wanted *w)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    int64_t low = INT64_MAX, high = INT64_MIN;
    size_t i, n = 0;
    char *text;

    for (i = 0; i < s->places.count; i++) {
        const struct kura_partition_entry *e = &s->places.list[i];

        if (!kura_sighting_has(e->schema) ||
            e->day * KURA_DAY >= s->range.to_us ||
            (e->day + 1) * KURA_DAY <= s->range.from_us)
            continue;
        low = e->day < low ? e->day : low;
        high = e->day > high ? e->day : high;
        n++;
    }
    if (n == 0) {
        text = sqlite3_mprintf("'%s': nothing is loaded for that time",
                               w->text.data);
    } else {
        kura_day_format(low, first);
        kura_day_format(high, last);
        text =
            sqlite3_mprintf("'%s' was never seen in %llu partition(s) from "
                            "%s to %s",
                            w->text.data, (unsigned long long)n, first, last);
    }
    say(s, text);
    sqlite3_free(text);
}

/* Sightings know the host of a URL, the rows of those days the rest. */
static void say_url(const struct seen *s, const struct wanted *w,
                    const char *first, const char *last)
{
    char *text = sqlite3_mprintf(
        "'%s' was looked up by its host '%s'; whether it is this URL tell the "
        "rows from %s to %s:\n"
        "  SELECT time, src_ip, cs_username, c_uri, sc_status FROM proxy\n"
        "  WHERE cs_host = %Q AND instr(c_uri, %Q) > 0\n"
        "  AND ts >= unixepoch(%Q) * 1000000 AND ts < unixepoch(%Q, '+1 day') "
        "* 1000000",
        w->word, w->text.data, first, last, w->text.data, w->path, first, last);

    say(s, text);
    sqlite3_free(text);
}

/* What is to be said of one value besides its rows. */
static enum kura_rc value_tell(const struct seen *s, const struct wanted *w,
                               struct kura_err *err)
{
    char *sql = sqlite3_mprintf("SELECT min(day), max(day) FROM sighting"
                                " WHERE %s1%s",
                                w->before, w->after);
    sqlite3_stmt *stmt = NULL;
    bool row = false, seen;
    enum kura_rc rc;

    if (sql == NULL)
        return kura_err_nomem(err);
    rc = kura_db_prepare(s->session.db, sql, &stmt, err);
    sqlite3_free(sql);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_text(stmt, 1, w->text.data, -1, SQLITE_STATIC);
        rc = kura_db_step(stmt, &row, err);
    }
    seen = row && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
    if (rc == KURA_OK && !seen)
        say_never(s, w);
    else if (rc == KURA_OK && w->path != NULL)
        say_url(s, w, (const char *)sqlite3_column_text(stmt, 0),
                (const char *)sqlite3_column_text(stmt, 1));
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc values_ask(struct seen *s, enum kura_output how,
                               enum kura_exit *code, struct kura_err *err)
{
    struct kura_buf sql;
    bool whole = true;
    int64_t rows = 0;
    size_t i;
    enum kura_rc rc;

    kura_buf_init(&sql, SEEN_TEXT_MAX);
    rc = hits_sql(s, &sql, err);
    if (rc == KURA_OK)
        rc = kura_session_run(&s->session, sql.data, s->binds, how, &rows, err);
    if (rc == KURA_OK)
        rc = kura_cli_flush(err);
    if (rc == KURA_OK)
        rc = kura_session_coverage(&s->session, false, &whole, err);
    for (i = 0; rc == KURA_OK && i < s->count; i++) {
        const struct wanted *w = &s->wanted[i];

        if (rows == 0)
            say_never(s, w);
        else if (s->count > 1 || w->path != NULL)
            rc = value_tell(s, w, err);
    }
    kura_buf_release(&sql);
    if (rows == 0) /* what was not read is no evidence */
        *code = whole ? KURA_EXIT_NO : KURA_EXIT_FAILED;
    return rc;
}

/* --- The command ------------------------------------------------------- */

static enum kura_rc seen_prepare(struct seen *s, struct kura_err *err)
{
    bool under = kura_cli_option(s->cli, &kura_cmd_seen, "under") != NULL;
    size_t n = (size_t)s->cli->args->count;
    enum kura_rc rc = KURA_OK;

    s->wanted = calloc(n, sizeof(*s->wanted));
    s->binds = calloc(n + 1, sizeof(*s->binds));
    if (s->wanted == NULL || s->binds == NULL)
        return kura_err_nomem(err);
    while (rc == KURA_OK && s->count < n) {
        struct wanted *w = &s->wanted[s->count++];

        rc = wanted_make(s->cli->args->operands[s->count - 1], under, w, err);
        s->binds[s->count - 1] = w->text.data;
    }
    return rc;
}

static void seen_release(struct seen *s)
{
    size_t i;

    for (i = 0; i < s->count; i++)
        wanted_release(&s->wanted[i]);
    free(s->wanted);
    free(s->binds);
    kura_session_close(&s->session);
    kura_places_release(&s->places);
}

static enum kura_rc seen_run(struct kura_cli *cli, enum kura_exit *code,
                             struct kura_err *err)
{
    const char *word = kura_cli_option(cli, &kura_cmd_seen, "format");
    enum kura_output how = KURA_OUTPUT_TABLE;
    struct seen s;
    enum kura_rc rc;

    if (cli->args->count < 1 || cli->args->count > SEEN_VALUES_MAX)
        return kura_err_set(err, KURA_EUSAGE, "seen needs 1 to %d values",
                            SEEN_VALUES_MAX);
    if (word != NULL && !kura_output_find(word, &how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    memset(&s, 0, sizeof(s));
    s.cli = cli;
    rc = seen_prepare(&s, err);
    if (rc == KURA_OK)
        rc = range_read(&s, err);
    if (rc == KURA_OK)
        rc = kura_session_open(cli->dir, &s.range, 0, &s.session, err);
    if (rc == KURA_OK)
        rc = kura_places_open(s.session.w, &s.places, err);
    if (rc == KURA_OK)
        rc = kura_places_register(s.session.db, &s.places, err);
    if (rc == KURA_OK)
        rc = values_ask(&s, how, code, err);
    seen_release(&s);
    return rc;
}

const struct kura_cmd kura_cmd_seen = {
    "seen", "VALUE...", "was a name, address, account ... ever seen, and when",
    seen_options, seen_run};
