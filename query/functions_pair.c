/* functions_pair.c - what compares two texts. */
#include "query/functions.h"

#include "base/distance.h"
#include "query/functions_internal.h"

/* edit_distance(a, b) */
static void sql_edit_distance(sqlite3_context *ctx, int argc,
                              sqlite3_value **argv)
{
    const char *a, *b;
    size_t na, nb;
    int distance;

    (void)argc;
    a = kura_arg_text(argv[0], &na);
    b = kura_arg_text(argv[1], &nb);
    if (a == NULL || b == NULL)
        return;
    distance = kura_distance(a, na, b, nb);
    if (distance >= 0)
        sqlite3_result_int(ctx, distance);
}

int kura_functions_add_pairs(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

    return sqlite3_create_function_v2(db, "edit_distance", 2, flags, NULL,
                                      sql_edit_distance, NULL, NULL, NULL);
}
