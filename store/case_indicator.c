/* case_indicator.c - indicators in case.db. */
#include "store/case_indicator.h"

#include "store/casefile_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[KURA_INDICATOR_TYPES] = {
    "address", "network",  "domain", "url",     "email",
    "subject", "filename", "hash",   "account", "useragent"};

const char *kura_indicator_word(enum kura_indicator_type type)
{
    return words[type];
}

bool kura_indicator_find(const char *word, size_t n,
                         enum kura_indicator_type *out)
{
    int i;

    for (i = 0; i < KURA_INDICATOR_TYPES; i++)
        if (strlen(words[i]) == n && memcmp(words[i], word, n) == 0) {
            *out = (enum kura_indicator_type)i;
            return true;
        }
    return false;
}

static void bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
    (void)sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
}

static void bind_time(sqlite3_stmt *stmt, int i, int64_t us)
{
    if (us == KURA_INDICATOR_NEVER)
        (void)sqlite3_bind_null(stmt, i);
    else
        (void)sqlite3_bind_int64(stmt, i, us);
}

static int64_t column_time(sqlite3_stmt *stmt, int i)
{
    return sqlite3_column_type(stmt, i) == SQLITE_NULL
               ? KURA_INDICATOR_NEVER
               : sqlite3_column_int64(stmt, i);
}

/* Of a column that is NOT NULL; "" when memory is gone. */
static const char *column_text(sqlite3_stmt *stmt, int i)
{
    const unsigned char *s = sqlite3_column_text(stmt, i);

    return s != NULL ? (const char *)s : "";
}

/* --- Importing --------------------------------------------------------- */

struct kura_indicator_import {
    struct kura_casefile *c;
    sqlite3_stmt *insert, *update, *there;
    int64_t now_us, added, changed;
};

/* ?12 is now. */
static const char insert_sql[] =
    "INSERT INTO indicator (type, value, written, source, confidence, stated,"
    " tlp, first_seen, expires_at, campaign, comment, warning, added_at,"
    " changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13,"
    " ?12, ?12)";
static const char there_sql[] =
    "SELECT 1 FROM indicator WHERE type = ?1 AND value = ?2 COLLATE BINARY"
    " AND removed_at IS NULL";
static const char update_sql[] =
    "UPDATE indicator SET source = ?4, confidence = ?5, stated = ?6,"
    " tlp = iif(?7 = '', tlp, ?7),"
    " first_seen = coalesce(min(first_seen, ?8), first_seen, ?8),"
    " expires_at = ?9, campaign = iif(?10 = '', campaign, ?10),"
    " comment = iif(?11 = '', comment, ?11), warning = ?13, changed_at = ?12"
    " WHERE type = ?1 AND value = ?2 COLLATE BINARY AND removed_at IS NULL"
    " AND (source, confidence, stated, expires_at, warning)"
    " IS NOT (?4, ?5, ?6, ?9, ?13)"
    " OR type = ?1 AND value = ?2 COLLATE BINARY AND removed_at IS NULL"
    " AND (?7 NOT IN ('', tlp) OR ?10 NOT IN ('', campaign)"
    " OR ?11 NOT IN ('', comment) OR ?8 < first_seen"
    " OR first_seen IS NULL AND ?8 IS NOT NULL)";

enum kura_rc kura_indicator_import_begin(struct kura_casefile *c,
                                         int64_t now_us,
                                         struct kura_indicator_import **out,
                                         struct kura_err *err)
{
    struct kura_indicator_import *i = calloc(1, sizeof(*i));
    enum kura_rc rc;

    if (i == NULL)
        return kura_err_nomem(err);
    rc = kura_case_begin(c, err);
    if (rc != KURA_OK) {
        free(i);
        return rc;
    }
    i->c = c;
    i->now_us = now_us;
    rc = kura_db_prepare(c->db, insert_sql, &i->insert, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(c->db, update_sql, &i->update, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(c->db, there_sql, &i->there, err);
    if (rc == KURA_OK)
        *out = i;
    else
        (void)kura_indicator_import_end(i, rc, false, "", "", NULL);
    return rc;
}

static enum kura_rc import_run(struct kura_indicator_import *i,
                               sqlite3_stmt *stmt,
                               const struct kura_indicator *ind, bool *changed,
                               struct kura_err *err)
{
    enum kura_rc rc;

    bind_text(stmt, 1, kura_indicator_word(ind->type));
    bind_text(stmt, 2, ind->value);
    bind_text(stmt, 3, ind->written);
    bind_text(stmt, 4, ind->source);
    (void)sqlite3_bind_int(stmt, 5, ind->confidence);
    (void)sqlite3_bind_int(stmt, 6, ind->stated);
    bind_text(stmt, 7, ind->tlp);
    bind_time(stmt, 8, ind->first_seen);
    bind_time(stmt, 9, ind->expires_at);
    bind_text(stmt, 10, ind->campaign);
    bind_text(stmt, 11, ind->comment);
    (void)sqlite3_bind_int64(stmt, 12, i->now_us);
    bind_text(stmt, 13, ind->warning);
    rc = kura_db_step_done(stmt, err);
    *changed = rc == KURA_OK && sqlite3_changes(i->c->db) != 0;
    return rc;
}

enum kura_rc kura_indicator_import_put(struct kura_indicator_import *i,
                                       const struct kura_indicator *ind,
                                       enum kura_indicator_put *out,
                                       struct kura_err *err)
{
    bool changed, there = false;
    enum kura_rc rc;

    bind_text(i->there, 1, kura_indicator_word(ind->type));
    bind_text(i->there, 2, ind->value);
    rc = kura_db_step(i->there, &there, err);
    (void)sqlite3_reset(i->there);
    *out = KURA_INDICATOR_NEW;
    if (rc == KURA_OK && !there) {
        rc = import_run(i, i->insert, ind, &changed, err);
        i->added++;
    }
    if (rc != KURA_OK || !there)
        return rc;
    rc = import_run(i, i->update, ind, &changed, err);
    i->changed += changed;
    *out = changed ? KURA_INDICATOR_CHANGED : KURA_INDICATOR_SAME;
    return rc;
}

enum kura_rc kura_indicator_import_end(struct kura_indicator_import *i,
                                       enum kura_rc rc, bool keep,
                                       const char *owner, const char *subject,
                                       struct kura_err *err)
{
    char text[512];

    (void)sqlite3_finalize(i->insert);
    (void)sqlite3_finalize(i->update);
    (void)sqlite3_finalize(i->there);
    if (rc == KURA_OK && keep && i->added + i->changed != 0) {
        (void)snprintf(text, sizeof(text),
                       "%" PRId64 " new, %" PRId64 " changed: %.400s", i->added,
                       i->changed, subject);
        rc = kura_case_trail(i->c, i->now_us, owner, "indicator-import", text,
                             err);
    }
    if (rc == KURA_OK && !keep)
        rc = kura_db_exec(i->c->db, "ROLLBACK", err);
    else
        rc = kura_case_end(i->c, rc, err);
    free(i);
    return rc;
}

/* --- Reading and removing ---------------------------------------------- */

static void indicator_row(sqlite3_stmt *stmt, struct kura_indicator *ind)
{
    const char *type = column_text(stmt, 1);

    memset(ind, 0, sizeof(*ind));
    ind->number = sqlite3_column_int64(stmt, 0);
    (void)kura_indicator_find(type, strlen(type), &ind->type);
    ind->value = column_text(stmt, 2);
    ind->written = column_text(stmt, 3);
    ind->source = column_text(stmt, 4);
    ind->confidence = sqlite3_column_int(stmt, 5);
    ind->stated = sqlite3_column_int(stmt, 6);
    ind->tlp = column_text(stmt, 7);
    ind->first_seen = column_time(stmt, 8);
    ind->expires_at = column_time(stmt, 9);
    ind->campaign = column_text(stmt, 10);
    ind->comment = column_text(stmt, 11);
    ind->warning = column_text(stmt, 12);
    ind->added_at = sqlite3_column_int64(stmt, 13);
    ind->changed_at = sqlite3_column_int64(stmt, 14);
}

enum kura_rc kura_indicator_each(struct kura_casefile *c, kura_indicator_fn *fn,
                                 void *arg, struct kura_err *err)
{
    struct kura_indicator ind;
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum kura_rc rc;

    if (c->db == NULL)
        return KURA_OK;
    rc = kura_db_prepare(c->db,
                         "SELECT number, type, value, written, source,"
                         " confidence, stated, tlp, first_seen, expires_at,"
                         " campaign, comment, warning, added_at, changed_at"
                         " FROM indicator WHERE removed_at IS NULL"
                         " ORDER BY number",
                         &stmt, err);
    while (rc == KURA_OK && row) {
        rc = kura_db_step(stmt, &row, err);
        if (rc == KURA_OK && row) {
            indicator_row(stmt, &ind);
            rc = fn(arg, &ind, err);
        }
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc remove_run(struct kura_casefile *c, int64_t number,
                               const char *value, const char *source,
                               int64_t now_us, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(c->db,
                         "UPDATE indicator SET removed_at = ?4"
                         " WHERE removed_at IS NULL"
                         " AND (?1 = 0 OR number = ?1)"
                         " AND (?2 IS NULL OR value = ?2)"
                         " AND (?3 IS NULL OR source = ?3)",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, number);
    bind_text(stmt, 2, value);
    bind_text(stmt, 3, source);
    (void)sqlite3_bind_int64(stmt, 4, now_us);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_indicator_remove(struct kura_casefile *c, int64_t number,
                                   const char *value, const char *source,
                                   int64_t now_us, const char *owner, bool keep,
                                   int64_t *count, struct kura_err *err)
{
    char text[512];
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = remove_run(c, number, value, source, now_us, err);
    *count = rc == KURA_OK ? sqlite3_changes(c->db) : 0;
    (void)snprintf(text, sizeof(text),
                   "%" PRId64 " removed: number %" PRId64
                   ", value '%.200s', source '%.200s'",
                   *count, number, value != NULL ? value : "",
                   source != NULL ? source : "");
    if (rc == KURA_OK && *count != 0)
        rc = kura_case_trail(c, now_us, owner, "indicator-remove", text, err);
    if (rc == KURA_OK && !keep)
        return kura_db_exec(c->db, "ROLLBACK", err);
    return kura_case_end(c, rc, err);
}

/* --- What was matched and found ---------------------------------------- */

enum kura_rc kura_indicator_matched_get(struct kura_casefile *c,
                                        struct kura_indicator_matched *m,
                                        struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc = KURA_OK;

    m->rows = m->upto = m->lines = 0;
    if (c->db == NULL)
        return KURA_OK;
    rc = kura_db_prepare(c->db,
                         "SELECT rows, upto, lines FROM indicator_matched"
                         " WHERE partition = ?1",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    bind_text(stmt, 1, m->partition);
    rc = kura_db_step(stmt, &row, err);
    if (rc == KURA_OK && row) {
        m->rows = sqlite3_column_int64(stmt, 0);
        m->upto = sqlite3_column_int64(stmt, 1);
        m->lines = sqlite3_column_int64(stmt, 2);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* ?12 is the run, ?13 now; the day may have been found before, in a partition
 * that was replaced or beside this one. */
static const char hit_sql[] =
    "WITH before AS (SELECT min(run) AS run, min(found_at) AS found_at"
    " FROM indicator_hit WHERE indicator = ?1 AND \"table\" = ?2"
    " AND \"column\" = ?3 AND how = ?5 AND day = ?6)"
    "INSERT INTO indicator_hit (indicator, \"table\", \"column\", partition,"
    " how, day, first_ts, last_ts, events, clients, value, run, found_at,"
    " last_run) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
    " coalesce(run, ?12), coalesce(found_at, ?13), ?12 FROM before"
    " WHERE true"
    " ON CONFLICT DO UPDATE SET first_ts = excluded.first_ts,"
    " last_ts = excluded.last_ts, events = excluded.events,"
    " clients = excluded.clients, value = excluded.value,"
    " last_run = excluded.last_run";

static enum kura_rc record_hits(struct kura_casefile *c,
                                const struct kura_indicator_hit *hits,
                                size_t count, int64_t run, int64_t now_us,
                                struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_db_prepare(c->db, hit_sql, &stmt, err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < count; i++) {
        const struct kura_indicator_hit *h = &hits[i];

        (void)sqlite3_bind_int64(stmt, 1, h->indicator);
        bind_text(stmt, 2, h->table);
        bind_text(stmt, 3, h->column);
        bind_text(stmt, 4, h->partition);
        bind_text(stmt, 5, h->how);
        (void)sqlite3_bind_int64(stmt, 6, h->day);
        (void)sqlite3_bind_int64(stmt, 7, h->first_ts);
        (void)sqlite3_bind_int64(stmt, 8, h->last_ts);
        (void)sqlite3_bind_int64(stmt, 9, h->events);
        bind_time(stmt, 10, h->clients < 0 ? KURA_INDICATOR_NEVER : h->clients);
        bind_text(stmt, 11, h->value);
        (void)sqlite3_bind_int64(stmt, 12, run);
        (void)sqlite3_bind_int64(stmt, 13, now_us);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc record_partitions(struct kura_casefile *c,
                                      const struct kura_indicator_matched *list,
                                      size_t count, struct kura_err *err)
{
    sqlite3_stmt *put = NULL, *there = NULL;
    enum kura_rc rc;
    size_t i;

    rc = kura_db_exec(c->db,
                      "CREATE TEMP TABLE IF NOT EXISTS there (partition TEXT"
                      " PRIMARY KEY, \"table\" TEXT, day INTEGER, now INTEGER,"
                      " whole INTEGER, urls TEXT)"
                      " WITHOUT ROWID; DELETE FROM there",
                      err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(c->db,
                             "INSERT INTO there VALUES (?1, ?2, ?3, ?4,"
                             " ?5, ?6)",
                             &there, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(c->db,
                             "INSERT OR REPLACE INTO indicator_matched"
                             " VALUES (?1, ?2, ?3, ?4)",
                             &put, err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        const struct kura_indicator_matched *m = &list[i];

        bind_text(there, 1, m->partition);
        bind_text(there, 2, m->table);
        (void)sqlite3_bind_int64(there, 3, m->day);
        (void)sqlite3_bind_int(there, 4, m->now);
        (void)sqlite3_bind_int(there, 5, m->whole);
        bind_text(there, 6, m->urls);
        rc = kura_db_step_done(there, err);
        if (rc != KURA_OK || !m->now)
            continue;
        bind_text(put, 1, m->partition);
        (void)sqlite3_bind_int64(put, 2, m->rows);
        (void)sqlite3_bind_int64(put, 3, m->upto);
        (void)sqlite3_bind_int64(put, 4, m->lines);
        rc = kura_db_step_done(put, err);
    }
    (void)sqlite3_finalize(there);
    (void)sqlite3_finalize(put);
    return rc;
}

/* What a whole new match of a partition did not find again, and hosts of URLs
 * where the URLs were read by now. */
static const char gone_sql[] =
    "DELETE FROM indicator_hit WHERE last_run < ?1 AND EXISTS (SELECT 1"
    " FROM there AS t WHERE t.partition = indicator_hit.partition AND (whole"
    " OR how = 'host of url' AND urls <> \"column\"))";
/* Partitions that others took the place of. */
static const char replaced_sql[] =
    "DELETE FROM indicator_hit WHERE partition NOT IN"
    " (SELECT partition FROM there) AND (\"table\", day) IN"
    " (SELECT \"table\", day FROM there WHERE now);"
    "DELETE FROM indicator_matched WHERE partition NOT IN"
    " (SELECT partition FROM there)";

enum kura_rc
kura_indicator_record(struct kura_casefile *c,
                      const struct kura_indicator_hit *hits, size_t nhits,
                      const struct kura_indicator_matched *partitions,
                      size_t npartitions, int64_t now_us, const char *owner,
                      int64_t *run, struct kura_err *err)
{
    struct kura_value v;
    char text[128];
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_integer(c->db,
                         "SELECT coalesce(max(last_run), 0) + 1"
                         " FROM indicator_hit",
                         run, err);
    if (rc == KURA_OK)
        rc = record_hits(c, hits, nhits, *run, now_us, err);
    if (rc == KURA_OK)
        rc = record_partitions(c, partitions, npartitions, err);
    v.text = NULL;
    v.number = *run;
    if (rc == KURA_OK)
        rc = kura_db_run(c->db, gone_sql, &v, 1, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(c->db, replaced_sql, err);
    (void)snprintf(text, sizeof(text), "%zu hit(s)", nhits);
    if (rc == KURA_OK && nhits != 0)
        rc = kura_case_trail(c, now_us, owner, "indicator-match", text, err);
    if (rc != KURA_OK)
        (void)kura_db_exec(c->db, "ROLLBACK", NULL);
    return rc;
}

enum kura_rc kura_indicator_record_end(struct kura_casefile *c, bool keep,
                                       struct kura_err *err)
{
    return kura_db_exec(c->db, keep ? "COMMIT" : "ROLLBACK", err);
}
