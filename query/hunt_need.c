#include "query/hunt_need.h"

#include "base/embedded.h"

#include <stdio.h>
#include <string.h>

#define SOURCES "docs/log-sources.md"

/* The heading under which a line `<!-- fills: ... word ... -->` names it; NULL
 * when none does.  *size is that of the heading. */
static const char *heading_of(const char *text, const char *word, size_t *size)
{
    static const char mark[] = "<!-- fills:";
    const char *line, *heading = NULL, *end, *at;
    size_t n = strlen(word);

    *size = 0;
    for (line = text; *line != '\0'; line = end + (*end == '\n')) {
        end = line + strcspn(line, "\n");
        if (strncmp(line, "## ", 3) == 0) {
            heading = line + 3;
            *size = (size_t)(end - heading);
        }
        if (strncmp(line, mark, sizeof(mark) - 1) != 0)
            continue;
        for (at = line; (at = strstr(at, word)) != NULL && at < end; at += n)
            if (at[-1] == ' ' && (at[n] == ' ' || at[n] == ','))
                return heading;
    }
    return NULL;
}

static void reason_column(const struct kura_hunt_need *need, char *reason,
                          size_t size)
{
    const char *text = NULL, *heading = NULL;
    char word[160];
    size_t n = 0;

    (void)snprintf(word, sizeof(word), "%s.%s", need->table, need->column);
    if (kura_embedded_text(SOURCES, &text, NULL) == KURA_OK)
        heading = heading_of(text, word, &n);
    if (heading != NULL)
        (void)snprintf(reason, size,
                       "no log of the range fills %s: see " SOURCES
                       ", \"%.*s\"",
                       word, (int)n, heading);
    else
        (void)snprintf(reason, size, "no log of the range fills %s", word);
}

static void reason_table(const char *table, char *reason, size_t size)
{
    if (strncmp(table, "site_", 5) == 0)
        (void)snprintf(reason, size,
                       "%s is empty: see 'site' in kura.yaml and 'kura site "
                       "check'",
                       table);
    else if (strcmp(table, "indicator") == 0)
        (void)snprintf(reason, size,
                       "there are no indicators: see 'kura ioc import'");
    else
        (void)snprintf(reason, size, "no logs of table %s in the range", table);
}

/* Does the question have a row? */
static enum kura_rc has_row(const struct kura_hunt_ask *ask, char *sql,
                            bool *out, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int code;

    if (sql == NULL)
        return kura_err_nomem(err);
    code = sqlite3_prepare_v2(ask->db, sql, -1, &stmt, NULL);
    sqlite3_free(sql);
    if (code == SQLITE_OK) {
        if (sqlite3_bind_parameter_count(stmt) != 0) {
            (void)sqlite3_bind_int64(stmt, 1, ask->from_ts);
            (void)sqlite3_bind_int64(stmt, 2, ask->to_ts);
        }
        code = sqlite3_step(stmt);
    }
    *out = code == SQLITE_ROW;
    (void)sqlite3_finalize(stmt);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return KURA_OK;
    return kura_err_set(err,
                        code == SQLITE_INTERRUPT ? KURA_ESTOPPED
                        : code == SQLITE_NOMEM   ? KURA_ENOMEM
                                                 : KURA_EIO,
                        "%s", sqlite3_errmsg(ask->db));
}

static enum kura_rc table_has_rows(const struct kura_hunt_ask *ask,
                                   const char *table, bool *out,
                                   struct kura_err *err)
{
    const struct kura_schema *s = kura_schema_find(table);

    if (s != NULL && s->log)
        return has_row(ask,
                       sqlite3_mprintf("SELECT 1 FROM \"%w\" WHERE ts >= ?1 "
                                       "AND ts < ?2 LIMIT 1",
                                       table),
                       out, err);
    return has_row(ask, sqlite3_mprintf("SELECT 1 FROM \"%w\" LIMIT 1", table),
                   out, err);
}

static enum kura_rc need_is_met(const struct kura_hunt_ask *ask,
                                const struct kura_hunt_need *need, bool *out,
                                struct kura_err *err)
{
    if (need->column == NULL)
        return table_has_rows(ask, need->table, out, err);
    return has_row(ask,
                   sqlite3_mprintf("SELECT 1 FROM \"%w\" WHERE \"%w\" IS NOT "
                                   "NULL AND ts >= ?1 AND ts < ?2 LIMIT 1",
                                   need->table, need->column),
                   out, err);
}

enum kura_rc kura_hunt_needs_met(const struct kura_hunt_ask *ask, bool *met,
                                 char *reason, size_t size,
                                 struct kura_err *err)
{
    const struct kura_hunt *h = ask->hunt;
    enum kura_rc rc = KURA_OK;
    size_t i;

    *met = true;
    for (i = 0; rc == KURA_OK && *met && i < h->table_count; i++) {
        rc = table_has_rows(ask, h->tables[i]->name, met, err);
        if (rc == KURA_OK && !*met)
            reason_table(h->tables[i]->name, reason, size);
    }
    for (i = 0; rc == KURA_OK && *met && i < h->need_count; i++) {
        rc = need_is_met(ask, &h->needs[i], met, err);
        if (rc == KURA_OK && !*met && h->needs[i].column != NULL)
            reason_column(&h->needs[i], reason, size);
        else if (rc == KURA_OK && !*met)
            reason_table(h->needs[i].table, reason, size);
    }
    return rc;
}
