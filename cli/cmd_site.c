/* cmd_site.c - kura site check, show: what kura.yaml says of the organisation,
 * what it leaves out, and what the logs say against it. */
#include "cli/cmd.h"
#include "cli/session.h"

#include "base/buf.h"
#include "query/hunt.h"
#include "query/site.h"
#include "store/db.h"
#include "store/sighting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_DAYS 30          /* of logs, without --from */
#define ADDRESSES_MAX 4000000u /* that are remembered */
#define UNCOVERED_SHOWN 20
#define HUNTS_SHOWN 5
#define HUNTS_TEXT 512

static const struct kura_opt site_options[] = {
    {"format", 'f', "FORMAT", "table (default), csv, json, md"},
    {"from", 0, "TIME", "logs of this day (UTC) or later (check)"},
    {"to", 0, "TIME", "logs of this day (UTC) or earlier (check)"},
    {NULL, 0, NULL, NULL}};

/* --- What comes out ------------------------------------------------------ */

/* Rows go through a database in memory, because that is what
 * kura_output_write takes. */
struct table {
    sqlite3 *db;
    sqlite3_stmt *put;
};

static enum kura_rc table_fail(const struct table *t, struct kura_err *err)
{
    return kura_err_set(err, KURA_EIO, "cannot list the site: %s",
                        sqlite3_errmsg(t->db));
}

static enum kura_rc table_open(struct table *t, struct kura_err *err)
{
    memset(t, 0, sizeof(*t));
    if (sqlite3_open(":memory:", &t->db) != SQLITE_OK)
        return kura_err_nomem(err);
    if (sqlite3_exec(t->db, "CREATE TABLE t (a, b, c, d, e)", NULL, NULL,
                     NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(t->db, "INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)",
                           -1, &t->put, NULL) != SQLITE_OK)
        return table_fail(t, err);
    return KURA_OK;
}

static enum kura_rc table_put(struct table *t, const char *const texts[5],
                              struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; i < 5; i++)
        (void)sqlite3_bind_text(t->put, i + 1, texts[i], -1, SQLITE_STATIC);
    if (sqlite3_step(t->put) != SQLITE_DONE)
        rc = table_fail(t, err);
    (void)sqlite3_reset(t->put);
    return rc;
}

static enum kura_rc table_print(struct table *t, const char *sql,
                                enum kura_output how, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    int64_t rows;

    if (sqlite3_prepare_v2(t->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return table_fail(t, err);
    rc = kura_output_write(stmt, how, stdout, &rows, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static void table_close(struct table *t)
{
    (void)sqlite3_finalize(t->put);
    (void)sqlite3_close(t->db);
}

/* --- show ---------------------------------------------------------------- */

static enum kura_rc show_all(const struct kura_site *s, enum kura_output how,
                             struct kura_err *err)
{
    char rows[24];
    struct table t;
    enum kura_rc rc = table_open(&t, err);
    int i;

    for (i = 0; rc == KURA_OK && i < KURA_SITE_PARTS; i++) {
        const struct kura_site_table *k =
            kura_site_table((enum kura_site_part)i);

        (void)snprintf(rows, sizeof(rows), "%zu",
                       kura_site_rows(s, (enum kura_site_part)i));
        rc = table_put(
            &t, (const char *const[]){k->key, k->name, rows, k->about, NULL},
            err);
    }
    if (rc == KURA_OK)
        rc = table_print(&t,
                         "SELECT a AS \"key\", b AS \"table\","
                         " CAST(c AS INTEGER) AS rows, d AS meaning FROM t",
                         how, err);
    table_close(&t);
    return rc;
}

static enum kura_rc show_part(struct kura_session *s, const char *key,
                              enum kura_output how, struct kura_err *err)
{
    enum kura_site_part part = kura_site_part_find(key);
    char sql[80];
    int64_t rows;

    if (part == KURA_SITE_PARTS) {
        (void)kura_err_set(err, KURA_EUSAGE, "a site has no '%s'", key);
        kura_err_hint(err, "kura site show lists what it has");
        return KURA_EUSAGE;
    }
    (void)snprintf(sql, sizeof(sql), "SELECT * FROM %s",
                   kura_site_table(part)->name);
    return kura_session_run(s, sql, NULL, how, &rows, err);
}

static enum kura_rc site_show(struct kura_cli *cli, enum kura_output how,
                              struct kura_err *err)
{
    const struct kura_engine_options all = {INT64_MIN, INT64_MAX, false, true};
    struct kura_session s;
    enum kura_rc rc = kura_session_open(cli->dir, &all, 0, &s, err);

    if (rc == KURA_OK && cli->args->count == 1)
        rc = show_all(kura_engine_site(s.engine), how, err);
    else if (rc == KURA_OK)
        rc = show_part(&s, cli->args->operands[1], how, err);
    kura_session_close(&s);
    return rc;
}

/* --- check: the range ---------------------------------------------------- */

struct check {
    struct kura_cli *cli;
    struct kura_session session;
    struct kura_engine_options range;
    struct table out;
    const struct kura_site *site;
    struct kura_hunt_set hunts;
    bool contradicted;
};

static enum kura_rc range_word(struct check *c, struct kura_warehouse *w,
                               const char *name, int64_t *from, int64_t *to,
                               struct kura_err *err)
{
    const char *text = kura_cli_option(c->cli, &kura_cmd_site, name);
    enum kura_rc rc;

    if (text == NULL)
        return KURA_OK;
    rc = kura_range_parse(text, kura_warehouse_zone(w), c->cli->now_us, from,
                          to, err);
    return rc == KURA_EINPUT ? (err->rc = KURA_EUSAGE) : rc;
}

/* The newest day of which there are logs; INT64_MIN: there are none. */
static enum kura_rc newest_day(struct kura_warehouse *w, int64_t *day,
                               struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_warehouse_list(w, NULL, &list, &count, err);

    *day = INT64_MIN;
    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < count; i++)
        if (kura_sighting_has(list[i].schema) && list[i].day > *day)
            *day = list[i].day;
    kura_warehouse_list_free(list, count);
    return KURA_OK;
}

/* Whole UTC days, as sightings are: those asked for, else the last ones. */
static enum kura_rc range_read(struct check *c, struct kura_err *err)
{
    struct kura_warehouse *w = NULL;
    int64_t from = INT64_MIN, to = INT64_MAX, unused, newest = INT64_MIN;
    enum kura_rc rc = kura_warehouse_open(c->cli->dir, false, &w, err);

    if (rc == KURA_OK)
        rc = range_word(c, w, "from", &from, &unused, err);
    if (rc == KURA_OK)
        rc = range_word(c, w, "to", &unused, &to, err);
    if (rc == KURA_OK)
        rc = newest_day(w, &newest, err);
    kura_warehouse_close(w);
    if (rc != KURA_OK || newest == INT64_MIN)
        return rc;
    c->range.to_us = (newest + 1) * KURA_DAY;
    if (to != INT64_MAX && to < c->range.to_us)
        c->range.to_us = (kura_day_of(to - 1) + 1) * KURA_DAY;
    c->range.from_us = from == INT64_MIN
                           ? c->range.to_us - CHECK_DAYS * KURA_DAY
                           : kura_day_of(from) * KURA_DAY;
    return KURA_OK;
}

static void range_say(const struct check *c)
{
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT], text[120];

    if (c->range.from_us >= c->range.to_us) {
        kura_cli_say(c->cli, "no logs of that time to compare the site with");
        return;
    }
    kura_day_format(kura_day_of(c->range.from_us), first);
    kura_day_format(kura_day_of(c->range.to_us - 1), last);
    (void)snprintf(text, sizeof(text),
                   "the site compared with the logs of %s to %s (UTC)", first,
                   last);
    kura_cli_say(c->cli, text);
}

/* --- check: what is missing ---------------------------------------------- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c == '_';
}

static bool sql_names(const char *sql, const char *word)
{
    size_t n = strlen(word);
    const char *p;

    for (p = sql; (p = strstr(p, word)) != NULL; p++)
        if (!is_word(p[n]) && (p == sql || !is_word(p[-1])))
            return true;
    return false;
}

static bool hunt_needs(const struct kura_hunt *h, enum kura_site_part part)
{
    size_t i;

    for (i = 0; i < h->need_count; i++)
        if (strcmp(h->needs[i].table, kura_site_table(part)->name) == 0)
            return true;
    return false;
}

static bool hunt_asks(const struct kura_hunt *h, enum kura_site_part part)
{
    const struct kura_site_table *t = kura_site_table(part);
    int i;

    for (i = 0; i < KURA_SITE_ASKED_BY && t->asked_by[i] != NULL; i++)
        if (sql_names(h->sql, t->asked_by[i]))
            return true;
    return sql_names(h->sql, t->name);
}

/* The hunts that the part would serve, as "skipped: a, b; weaker: c". */
static void hunts_text(const struct check *c, enum kura_site_part part,
                       char out[HUNTS_TEXT])
{
    size_t used = 0, i, n;
    int skipped;

    out[0] = '\0';
    for (skipped = 1; skipped >= 0; skipped--) {
        for (i = n = 0; i < c->hunts.count; i++) {
            const struct kura_hunt *h = c->hunts.list[i];
            bool needs = hunt_needs(h, part);

            if (skipped ? !needs : needs || !hunt_asks(h, part))
                continue;
            if (n++ < HUNTS_SHOWN && used < HUNTS_TEXT)
                used +=
                    (size_t)snprintf(out + used, HUNTS_TEXT - used, "%s%s%s",
                                     n == 1 && used != 0 ? "; " : "",
                                     n > 1     ? ", "
                                     : skipped ? "skipped: "
                                               : "weaker: ",
                                     h->name);
        }
        if (n > HUNTS_SHOWN && used < HUNTS_TEXT)
            used += (size_t)snprintf(out + used, HUNTS_TEXT - used,
                                     " and %zu more", n - HUNTS_SHOWN);
    }
}

static enum kura_rc check_missing(struct check *c, struct kura_err *err)
{
    char hunts[HUNTS_TEXT];
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; rc == KURA_OK && i < KURA_SITE_PARTS; i++) {
        const struct kura_site_table *t =
            kura_site_table((enum kura_site_part)i);

        if (kura_site_rows(c->site, (enum kura_site_part)i) != 0)
            continue;
        hunts_text(c, (enum kura_site_part)i, hunts);
        rc =
            table_put(&c->out,
                      (const char *const[]){t->key, "missing", NULL, t->without,
                                            hunts[0] == '\0' ? NULL : hunts},
                      err);
    }
    return rc;
}

/* --- check: what no log shows --------------------------------------------- */

static enum kura_rc contradict(struct check *c, const char *key,
                               const char *finding, const char *entry,
                               const char *meaning, struct kura_err *err)
{
    c->contradicted = true;
    return table_put(&c->out,
                     (const char *const[]){key, finding, entry, meaning, NULL},
                     err);
}

/* Entries of a list that no log shows, where logs of the table that would show
 * them are there. */
static const struct {
    enum kura_site_part part;
    const char *table;
    const char *sql;
    const char *meaning;
} check_lists[] = {
    {KURA_SITE_PROXY, "firewall",
     "SELECT address FROM site_proxy WHERE address NOT IN (SELECT value FROM"
     " sighting WHERE value IN (SELECT address FROM site_proxy))",
     "no log names this address: does the firewall see another one?"},
    {KURA_SITE_RESOLVER, "firewall",
     "SELECT address FROM site_resolver WHERE address NOT IN (SELECT value"
     " FROM sighting WHERE value IN (SELECT address FROM site_resolver))",
     "no log names this address: does the firewall see another one?"},
    {KURA_SITE_MAIL_SERVER, "firewall",
     "SELECT address FROM site_mail_server WHERE address NOT IN (SELECT value"
     " FROM sighting WHERE value IN (SELECT address FROM site_mail_server))",
     "no log names this address: does the firewall see another one?"},
    {KURA_SITE_MAIL_DOMAIN, "mail",
     "WITH seen AS MATERIALIZED (SELECT DISTINCT mail_domain(value) AS d FROM"
     " sighting WHERE table_name = 'mail' AND observable IN ('envelope_from',"
     " 'envelope_to', 'header_from'))"
     " SELECT domain FROM site_mail_domain WHERE NOT EXISTS"
     " (SELECT 1 FROM seen WHERE domain_under(d, domain))",
     "no mail came from it or went to it"},
    {KURA_SITE_USER_AGENT, "proxy",
     "WITH seen AS MATERIALIZED (SELECT DISTINCT value FROM sighting WHERE"
     " table_name = 'proxy' AND observable = 'c_useragent')"
     " SELECT pattern FROM site_user_agent WHERE NOT EXISTS"
     " (SELECT 1 FROM seen WHERE value GLOB pattern)",
     "no user agent matches it: is it out of date?"},
    {KURA_SITE_CONTROLLER, "windows",
     "SELECT name FROM site_controller WHERE name NOT IN (SELECT value FROM"
     " sighting WHERE observable = 'Computer' AND value IN (SELECT name FROM"
     " site_controller))",
     "no events of this machine are loaded"},
    {KURA_SITE_ADMIN, "windows",
     "SELECT DISTINCT account FROM site_admin WHERE account NOT IN (SELECT"
     " value FROM sighting WHERE table_name = 'windows' AND value IN (SELECT"
     " account FROM site_admin)) AND account NOT GLOB '*[@\\]*'",
     "no event names this account"},
    {KURA_SITE_SERVICE_ACCOUNT, "windows",
     "SELECT account FROM site_service_account WHERE account NOT IN (SELECT"
     " value FROM sighting WHERE table_name = 'windows' AND value IN (SELECT"
     " account FROM site_service_account)) AND account NOT GLOB '*[@\\]*'",
     "no event names this account"},
};

static enum kura_rc has_sightings(struct check *c, const char *table, bool *has,
                                  struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(c->session.db,
                         "SELECT 1 FROM sighting WHERE table_name = ?1 LIMIT 1",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
        rc = kura_db_step(stmt, has, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc check_list(struct check *c, size_t i, struct kura_err *err)
{
    const char *key = kura_site_table(check_lists[i].part)->key;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    if (kura_site_rows(c->site, check_lists[i].part) == 0)
        return KURA_OK;
    rc = has_sightings(c, check_lists[i].table, &row, err);
    if (rc != KURA_OK || !row)
        return rc;
    rc = kura_db_prepare(c->session.db, check_lists[i].sql, &stmt, err);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = contradict(c, key, "unseen",
                        (const char *)sqlite3_column_text(stmt, 0),
                        check_lists[i].meaning, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* --- check: networks ------------------------------------------------------ */

/* What the addresses of the logs say about networks. */
struct survey {
    uint8_t *seen;             /* per network of the site */
    struct kura_network *lost; /* clients in none, as their /24 or /64 */
    size_t lost_count, lost_cap;
};

static enum kura_rc survey_lose(struct survey *s, const struct kura_address *a,
                                struct kura_err *err)
{
    if (s->lost_count == s->lost_cap) {
        size_t cap = s->lost_cap == 0 ? 256 : s->lost_cap * 2;
        struct kura_network *grown = realloc(s->lost, cap * sizeof(*grown));

        if (grown == NULL)
            return kura_err_nomem(err);
        s->lost = grown;
        s->lost_cap = cap;
    }
    s->lost[s->lost_count].net = *a;
    s->lost[s->lost_count].bits = a->bits == 32 ? 24 : 64;
    (void)kura_network_mask(&s->lost[s->lost_count]);
    s->lost_count++;
    return KURA_OK;
}

static enum kura_rc survey_take(struct check *c, struct survey *s,
                                const char *text, bool is_client,
                                struct kura_err *err)
{
    struct kura_address a;
    int64_t row;

    if (text == NULL || !kura_address_parse(text, strlen(text), &a))
        return KURA_OK;
    row = kura_site_network_of(c->site, &a);
    if (row >= 0)
        s->seen[row] = 1;
    else if (is_client && kura_address_is_private(&a) &&
             !kura_address_is_local(&a) && s->lost_count < ADDRESSES_MAX)
        return survey_lose(s, &a, err);
    return KURA_OK;
}

static enum kura_rc survey_read(struct check *c, struct survey *s,
                                struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    s->seen = calloc(kura_site_rows(c->site, KURA_SITE_NETWORK) + 1, 1);
    if (s->seen == NULL)
        return kura_err_nomem(err);
    rc = kura_db_prepare(c->session.db,
                         "SELECT value, max(observable IN ('src_ip',"
                         " 'client_ip')) FROM sighting"
                         " WHERE is_internal(value) OR is_private_ip(value)"
                         " GROUP BY value",
                         &stmt, err);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = survey_take(c, s, (const char *)sqlite3_column_text(stmt, 0),
                         sqlite3_column_int(stmt, 1) != 0, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static bool network_of_row(const struct kura_site *s, size_t row,
                           struct kura_network *out)
{
    const char *text = kura_site_text(s, KURA_SITE_NETWORK, row, 0);

    return kura_network_parse(text, strlen(text), out);
}

/* A network is seen, too, where one within it is. */
static bool network_is_seen(const struct check *c, const struct survey *s,
                            size_t row)
{
    size_t n = kura_site_rows(c->site, KURA_SITE_NETWORK), i;
    struct kura_network outer, inner;

    if (s->seen[row] || !network_of_row(c->site, row, &outer))
        return true;
    for (i = 0; i < n; i++)
        if (s->seen[i] && network_of_row(c->site, i, &inner) &&
            inner.bits >= outer.bits &&
            kura_address_under(&inner.net, &outer.net, outer.bits))
            return true;
    return false;
}

static int network_cmp(const void *p, const void *q)
{
    const struct kura_network *a = p, *b = q;

    if (a->net.bits != b->net.bits)
        return a->net.bits < b->net.bits ? -1 : 1;
    return memcmp(a->net.byte, b->net.byte, sizeof(a->net.byte));
}

/* The clients that lie nowhere, by their surroundings. */
static enum kura_rc survey_tell(struct check *c, struct survey *s,
                                struct kura_err *err)
{
    char text[KURA_NETWORK_TEXT], meaning[160];
    enum kura_rc rc = KURA_OK;
    size_t i, run, shown = 0, left = 0;

    if (s->lost_count != 0)
        qsort(s->lost, s->lost_count, sizeof(*s->lost), network_cmp);
    for (i = 0; rc == KURA_OK && i < s->lost_count; i += run) {
        for (run = 1; i + run < s->lost_count &&
                      network_cmp(&s->lost[i], &s->lost[i + run]) == 0;)
            run++;
        if (shown++ >= UNCOVERED_SHOWN) {
            left++;
            continue;
        }
        kura_network_format(&s->lost[i], text);
        (void)snprintf(meaning, sizeof(meaning),
                       "%zu private client%s of the logs %s in no network of "
                       "the site",
                       run, run == 1 ? "" : "s", run == 1 ? "lies" : "lie");
        rc = contradict(c, "networks", "uncovered", text, meaning, err);
    }
    (void)snprintf(meaning, sizeof(meaning), "and %zu more such networks",
                   left);
    if (rc == KURA_OK && left != 0)
        rc = contradict(c, "networks", "uncovered", NULL, meaning, err);
    return rc;
}

static enum kura_rc check_networks(struct check *c, struct kura_err *err)
{
    size_t n = kura_site_rows(c->site, KURA_SITE_NETWORK), i;
    struct survey s = {NULL, NULL, 0, 0};
    enum kura_rc rc = survey_read(c, &s, err);

    for (i = 0; rc == KURA_OK && i < n; i++)
        if (!network_is_seen(c, &s, i))
            rc = contradict(c, "networks", "unseen",
                            kura_site_text(c->site, KURA_SITE_NETWORK, i, 0),
                            "no log names an address in it", err);
    if (rc == KURA_OK)
        rc = survey_tell(c, &s, err);
    free(s.seen);
    free(s.lost);
    return rc;
}

/* --- check ---------------------------------------------------------------- */

static enum kura_rc check_all(struct check *c, struct kura_err *err)
{
    enum kura_rc rc = check_missing(c, err);
    sqlite3_stmt *held = NULL;
    bool row;
    size_t i;

    if (rc != KURA_OK || c->range.from_us >= c->range.to_us)
        return rc;
    /* While it stands on a row the engine keeps its snapshot, and with it the
     * sightings of open partitions, which are made once instead of for each
     * question. */
    rc = kura_db_prepare(c->session.db, "SELECT 1 FROM sighting", &held, err);
    if (rc == KURA_OK)
        rc = kura_db_step(held, &row, err);
    if (rc == KURA_OK)
        rc = check_networks(c, err);
    for (i = 0;
         rc == KURA_OK && i < sizeof(check_lists) / sizeof(check_lists[0]); i++)
        rc = check_list(c, i, err);
    (void)sqlite3_finalize(held);
    return rc;
}

/* Runs it again without a partition that turns out damaged. */
static enum kura_rc check_run(struct check *c, struct kura_err *err)
{
    struct kura_err cause;
    enum kura_rc rc;
    size_t lost;

    do {
        cause = (struct kura_err)KURA_ERR_INIT;
        lost = kura_engine_lost(c->session.engine);
        c->contradicted = false;
        (void)sqlite3_exec(c->out.db, "DELETE FROM t", NULL, NULL, NULL);
        rc = check_all(c, &cause);
    } while (rc != KURA_OK && kura_engine_lost(c->session.engine) > lost);
    return rc == KURA_OK ? rc : kura_err_set(err, rc, "%s", cause.msg);
}

static enum kura_rc site_check(struct kura_cli *cli, enum kura_output how,
                               enum kura_exit *code, struct kura_err *err)
{
    struct check c;
    bool whole = true;
    enum kura_rc rc;

    memset(&c, 0, sizeof(c));
    c.cli = cli;
    rc = range_read(&c, err);
    if (rc == KURA_OK)
        rc = kura_session_open(cli->dir, &c.range, 0, &c.session, err);
    if (rc == KURA_OK)
        rc = kura_hunt_set_load(kura_warehouse_dir(c.session.w), &c.hunts, err);
    if (rc == KURA_OK)
        rc = table_open(&c.out, err);
    if (rc == KURA_OK) {
        c.site = kura_engine_site(c.session.engine);
        rc = check_run(&c, err);
    }
    if (rc == KURA_OK)
        rc = table_print(&c.out,
                         "SELECT a AS \"key\", b AS finding, c AS entry,"
                         " d AS meaning, e AS hunts FROM t ORDER BY rowid",
                         how, err);
    if (rc == KURA_OK) {
        range_say(&c);
        rc = kura_session_coverage(&c.session, false, &whole, err);
    }
    if (rc == KURA_OK && c.contradicted)
        *code = KURA_EXIT_NO;
    else if (rc == KURA_OK && !whole)
        *code = KURA_EXIT_FAILED; /* what was not read contradicts nothing */
    table_close(&c.out);
    kura_hunt_set_release(&c.hunts);
    kura_session_close(&c.session);
    return rc;
}

static enum kura_rc site_run(struct kura_cli *cli, enum kura_exit *code,
                             struct kura_err *err)
{
    const char *word = kura_cli_option(cli, &kura_cmd_site, "format");
    const char *what = cli->args->count == 0 ? "" : cli->args->operands[0];
    enum kura_output how = KURA_OUTPUT_TABLE;

    if (word != NULL && !kura_output_find(word, &how))
        return kura_err_set(err, KURA_EUSAGE, "unknown format '%s'", word);
    if (strcmp(what, "check") == 0 && cli->args->count == 1)
        return site_check(cli, how, code, err);
    if (strcmp(what, "show") == 0 && cli->args->count <= 2)
        return site_show(cli, how, err);
    return kura_err_set(err, KURA_EUSAGE, "site knows check and show [KEY]");
}

const struct kura_cmd kura_cmd_site = {
    "site", "check|show [KEY]",
    "what kura.yaml says of your organisation, and what it leaves out",
    site_options, site_run};
