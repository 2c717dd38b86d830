/* functions_site.c - the functions that ask the site (site.h): whose address,
 * what hours, which programs. */
#include "base/network.h"
#include "query/functions_internal.h"
#include "query/site.h"

#include <string.h>

/* --- Of one text ------------------------------------------------------- */

static enum kura_rc call_is_internal(const struct kura_function_place *place,
                                     const char *s, size_t n,
                                     struct kura_buf *out, int64_t *number,
                                     bool *is_null, struct kura_err *err)
{
    struct kura_address a;

    (void)out;
    (void)err;
    *is_null = !kura_address_parse(s, n, &a);
    *number = !*is_null && kura_site_is_internal(place->site, &a);
    return KURA_OK;
}

/* A column of site_network, of the narrowest network. */
static enum kura_rc network_column(const struct kura_function_place *place,
                                   int column, const char *s, size_t n,
                                   struct kura_buf *out, bool *is_null,
                                   struct kura_err *err)
{
    const char *text = NULL;
    struct kura_address a;
    int64_t row = -1;

    if (kura_address_parse(s, n, &a))
        row = kura_site_network_of(place->site, &a);
    if (row >= 0)
        text =
            kura_site_text(place->site, KURA_SITE_NETWORK, (size_t)row, column);
    *is_null = text == NULL;
    return text == NULL ? KURA_OK : kura_buf_puts(out, text, err);
}

static enum kura_rc call_network_of(const struct kura_function_place *place,
                                    const char *s, size_t n,
                                    struct kura_buf *out, int64_t *number,
                                    bool *is_null, struct kura_err *err)
{
    (void)number;
    return network_column(place, 1, s, n, out, is_null, err);
}

static enum kura_rc call_zone_of(const struct kura_function_place *place,
                                 const char *s, size_t n, struct kura_buf *out,
                                 int64_t *number, bool *is_null,
                                 struct kura_err *err)
{
    (void)number;
    return network_column(place, 2, s, n, out, is_null, err);
}

static enum kura_rc
call_standard_user_agent(const struct kura_function_place *place, const char *s,
                         size_t n, struct kura_buf *out, int64_t *number,
                         bool *is_null, struct kura_err *err)
{
    int answer = -1;
    enum kura_rc rc = kura_site_user_agent(place->site, s, n, &answer, err);

    (void)out;
    *is_null = answer < 0;
    *number = answer == 1;
    return rc;
}

const struct kura_text_function kura_functions_site[] = {
    {"is_internal", true, NULL, call_is_internal},
    {"network_of", false, NULL, call_network_of},
    {"zone_of", false, NULL, call_zone_of},
    {"standard_user_agent", true, NULL, call_standard_user_agent},
    {NULL, false, NULL, NULL},
};

/* --- Of times, hosts, accounts --------------------------------------- */

static void sql_business_hours(sqlite3_context *ctx, int argc,
                               sqlite3_value **argv)
{
    const struct kura_function_place *place = sqlite3_user_data(ctx);
    int64_t us;

    (void)argc;
    if (kura_arg_instant(argv[0], &us))
        sqlite3_result_int(ctx, kura_site_is_business(place->site, us));
}

/* in_maintenance(ts, host) */
static void sql_in_maintenance(sqlite3_context *ctx, int argc,
                               sqlite3_value **argv)
{
    const struct kura_function_place *place = sqlite3_user_data(ctx);
    size_t n;
    const char *host = kura_arg_text(argv[1], &n);
    int64_t us;

    (void)argc;
    if (host == NULL || !kura_arg_instant(argv[0], &us))
        return;
    sqlite3_result_int(ctx, kura_site_in_maintenance(place->site, us, host, n));
}

/* admin_host(account, host) */
static void sql_admin_host(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const struct kura_function_place *place = sqlite3_user_data(ctx);
    size_t n, host_n;
    const char *account = kura_arg_text(argv[0], &n);
    const char *host = kura_arg_text(argv[1], &host_n);
    int answer;

    (void)argc;
    if (account == NULL || host == NULL)
        return;
    answer = kura_site_admin(place->site, account, n, host, host_n);
    if (answer >= 0)
        sqlite3_result_int(ctx, answer);
}

int kura_functions_add_site(sqlite3 *db,
                            const struct kura_function_place *place)
{
    static const struct {
        const char *name;
        int args;
        void (*call)(sqlite3_context *, int, sqlite3_value **);
    } list[] = {
        {"business_hours", 1, sql_business_hours},
        {"in_maintenance", 2, sql_in_maintenance},
        {"admin_host", 2, sql_admin_host},
    };
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = SQLITE_OK;
    size_t i;

    for (i = 0; rc == SQLITE_OK && i < sizeof(list) / sizeof(list[0]); i++)
        rc = sqlite3_create_function_v2(db, list[i].name, list[i].args, flags,
                                        (void *)(uintptr_t)place, list[i].call,
                                        NULL, NULL, NULL);
    return rc;
}
