#include "cli/place.h"

#include <stdlib.h>
#include <string.h>

static int entry_cmp(const void *a, const void *b)
{
    const struct kura_partition_entry *x = a, *y = b;

    return strcmp(x->id, y->id);
}

static void place_result(sqlite3_context *ctx,
                         const struct kura_partition_entry *e)
{
    const struct kura_copy *copy = kura_partition_copy(e, false);
    sqlite3_str *text = sqlite3_str_new(NULL);
    size_t i;

    if (copy != NULL && copy->tier == KURA_TIER_RESTORED)
        sqlite3_str_appendf(text, "restored %s", copy->where);
    else if (copy != NULL)
        sqlite3_str_appendall(text, "online");
    else if (e->state == KURA_STATE_EXPIRED)
        sqlite3_str_appendall(text, "expired");
    else if (e->copy_count == 0)
        sqlite3_str_appendall(text, "missing");
    else
        sqlite3_str_appendall(text, "archived");
    for (i = 0;
         copy == NULL && e->state != KURA_STATE_EXPIRED && i < e->copy_count;
         i++)
        if (i == 0 || strcmp(e->copies[i].where, e->copies[i - 1].where) != 0)
            sqlite3_str_appendf(text, "%s%s", i == 0 ? " " : " or ",
                                e->copies[i].where);
    sqlite3_result_text(ctx, sqlite3_str_finish(text), -1, sqlite3_free);
}

static void sql_place(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const struct kura_places *p = sqlite3_user_data(ctx);
    const char *id = (const char *)sqlite3_value_text(argv[0]);
    struct kura_partition_entry key, *e;

    (void)argc;
    if (id == NULL || strlen(id) >= sizeof(key.id))
        return;
    memset(&key, 0, sizeof(key));
    memcpy(key.id, id, strlen(id));
    e = p->count == 0
            ? NULL
            : bsearch(&key, p->list, p->count, sizeof(key), entry_cmp);
    if (e != NULL)
        place_result(ctx, e);
}

enum kura_rc kura_places_open(struct kura_warehouse *w, struct kura_places *out,
                              struct kura_err *err)
{
    enum kura_rc rc;

    memset(out, 0, sizeof(*out));
    rc = kura_warehouse_list(w, NULL, &out->list, &out->count, err);
    if (rc != KURA_OK)
        memset(out, 0, sizeof(*out));
    else if (out->count != 0)
        qsort(out->list, out->count, sizeof(*out->list), entry_cmp);
    return rc;
}

void kura_places_release(struct kura_places *p)
{
    if (p->list != NULL)
        kura_warehouse_list_free(p->list, p->count);
    memset(p, 0, sizeof(*p));
}

enum kura_rc kura_places_register(sqlite3 *db, struct kura_places *p,
                                  struct kura_err *err)
{
    if (sqlite3_create_function(db, "place", 1, SQLITE_UTF8, p, sql_place, NULL,
                                NULL) != SQLITE_OK)
        return kura_err_set(err, KURA_EIO, "cannot add a function: %s",
                            sqlite3_errmsg(db));
    return KURA_OK;
}
