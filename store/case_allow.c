/* case_allow.c - what is known and fine, in case.db. */
#include "store/case_hunt.h"

#include "store/casefile_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOW_SUBJECT 512

static void allow_subject(const struct kura_allow *a, int64_t number,
                          char out[ALLOW_SUBJECT])
{
    (void)snprintf(out, ALLOW_SUBJECT,
                   "allow %" PRId64 ": %.60s %.60s %.10s '%.150s', '%.150s'",
                   number, *a->hunt == '\0' ? "every hunt" : a->hunt, a->column,
                   a->kind, a->value, a->reason);
}

enum kura_rc kura_allow_add(struct kura_casefile *c, struct kura_allow *a,
                            struct kura_err *err)
{
    const struct kura_value v[] = {{a->hunt, 0},       {a->column, 0},
                                   {a->kind, 0},       {a->value, 0},
                                   {a->reason, 0},     {a->owner, 0},
                                   {NULL, a->made_us}, {NULL, a->expires_us}};
    char subject[ALLOW_SUBJECT];
    int64_t number = 0;
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(c->db,
                     "INSERT INTO allow (hunt, \"column\", kind, value, "
                     "reason, owner, made_at, expires_at) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
                     "nullif(?8, 9223372036854775807))",
                     v, 8, err);
    if (rc == KURA_OK) {
        number = sqlite3_last_insert_rowid(c->db);
        allow_subject(a, number, subject);
        rc =
            kura_case_trail(c, a->made_us, a->owner, "allow-add", subject, err);
    }
    rc = kura_case_end(c, rc, err);
    if (rc == KURA_OK)
        a->number = number;
    return rc;
}

enum kura_rc kura_allow_remove(struct kura_casefile *c, int64_t number,
                               int64_t now_us, const char *owner,
                               struct kura_err *err)
{
    const struct kura_value v[] = {{NULL, number}, {NULL, now_us}};
    char subject[ALLOW_SUBJECT];
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(c->db,
                     "UPDATE allow SET removed_at = ?2 "
                     "WHERE number = ?1 AND removed_at IS NULL",
                     v, 2, err);
    if (rc == KURA_OK)
        rc = kura_case_changed(c, "allow rule", number, err);
    (void)snprintf(subject, sizeof(subject), "allow %" PRId64, number);
    if (rc == KURA_OK)
        rc = kura_case_trail(c, now_us, owner, "allow-remove", subject, err);
    return kura_case_end(c, rc, err);
}

static enum kura_rc allow_read(sqlite3_stmt *stmt, struct kura_allow *a,
                               struct kura_err *err)
{
    char **const texts[] = {&a->hunt,  &a->column, &a->kind,
                            &a->value, &a->reason, &a->owner};
    int i = 0;
    size_t k;

    memset(a, 0, sizeof(*a));
    a->number = sqlite3_column_int64(stmt, i++);
    for (k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
        *texts[k] = kura_case_text(stmt, i++);
        if (*texts[k] == NULL)
            return kura_err_nomem(err);
    }
    a->made_us = sqlite3_column_int64(stmt, i++);
    a->expires_us = sqlite3_column_type(stmt, i) == SQLITE_NULL
                        ? INT64_MAX
                        : sqlite3_column_int64(stmt, i);
    return KURA_OK;
}

enum kura_rc kura_allow_list(struct kura_casefile *c, struct kura_allow **out,
                             size_t *count, struct kura_err *err)
{
    struct kura_allow *list = NULL, *grown;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = KURA_OK;
    bool row = c->db != NULL;
    size_t n = 0;

    if (c->db != NULL)
        rc = kura_db_prepare(c->db,
                             "SELECT number, hunt, \"column\", kind, value, "
                             "reason, owner, made_at, expires_at FROM allow "
                             "WHERE removed_at IS NULL ORDER BY number",
                             &stmt, err);
    while (rc == KURA_OK && row) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        grown = realloc(list, (n + 1) * sizeof(*list));
        if (grown == NULL) {
            rc = kura_err_nomem(err);
            break;
        }
        list = grown;
        rc = allow_read(stmt, &list[n++], err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK) {
        *out = list;
        *count = n;
    } else {
        kura_allow_list_free(list, n);
    }
    return rc;
}

void kura_allow_list_free(struct kura_allow *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        free(list[i].hunt);
        free(list[i].column);
        free(list[i].kind);
        free(list[i].value);
        free(list[i].reason);
        free(list[i].owner);
    }
    free(list);
}
