/* functions_ioc.c - ioc(kind, value): the indicator that a value matches. */
#include "query/functions_internal.h"

#include "query/ioc_live.h"

#include <string.h>

/* ioc(kind, value) */
static void sql_ioc(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const struct kura_function_place *place = sqlite3_user_data(ctx);
    const struct kura_ioc_set *set = NULL;
    struct kura_err err = KURA_ERR_INIT;
    enum kura_ioc_kind kind;
    const char *word, *s;
    size_t word_n, n;
    int64_t number;
    enum kura_rc rc;

    (void)argc;
    word = kura_arg_text(argv[0], &word_n);
    s = kura_arg_text(argv[1], &n);
    if (word == NULL)
        return;
    if (!kura_ioc_kind_find(word, word_n, &kind)) {
        sqlite3_result_error(ctx,
                             "ioc knows host, url, email, subject, filename, "
                             "hash, account and useragent",
                             -1);
        return;
    }
    if (s == NULL || place->iocs == NULL)
        return;
    rc = kura_ioc_live_get(place->iocs, &set, &err);
    if (rc != KURA_OK) {
        kura_function_fail(ctx, rc, &err);
        return;
    }
    number = kura_ioc_set_find(set, kind, s, n);
    if (number != 0)
        sqlite3_result_int64(ctx, number);
}

int kura_functions_add_ioc(sqlite3 *db, const struct kura_function_place *place)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

    return sqlite3_create_function_v2(db, "ioc", 2, flags,
                                      (void *)(uintptr_t)place, sql_ioc, NULL,
                                      NULL, NULL);
}
