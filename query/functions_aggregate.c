/* functions_aggregate.c - median and mad: exact, so each group keeps its
 * values (memory of SQLite, so that a limit on SQLite's memory holds here). */
#include "query/functions.h"

#include "query/functions_internal.h"

#include <math.h>
#include <stdlib.h>

/* Values of one group: 128 MiB. */
#define GROUP_MAX (16u * 1024 * 1024)

struct group {
    double *value;
    size_t count, cap;
};

static int group_reserve(struct group *g)
{
    size_t cap = g->cap == 0 ? 64 : g->cap * 2;
    double *value;

    if (g->count < g->cap)
        return SQLITE_OK;
    value = sqlite3_realloc64(g->value, cap * sizeof(*value));
    if (value == NULL)
        return SQLITE_NOMEM;
    g->value = value;
    g->cap = cap;
    return SQLITE_OK;
}

static void group_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    struct group *g;
    int type = sqlite3_value_numeric_type(argv[0]);

    (void)argc;
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT)
        return;
    g = sqlite3_aggregate_context(ctx, sizeof(*g));
    if (g == NULL) {
        sqlite3_result_error_nomem(ctx);
        return;
    }
    if (g->count == GROUP_MAX) {
        sqlite3_result_error(ctx, "median of more than 16777216 values", -1);
        return;
    }
    if (group_reserve(g) != SQLITE_OK) {
        sqlite3_result_error_nomem(ctx);
        return;
    }
    g->value[g->count++] = sqlite3_value_double(argv[0]);
}

static int double_cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts the values. */
static double group_median(struct group *g)
{
    size_t half = g->count / 2;

    qsort(g->value, g->count, sizeof(*g->value), double_cmp);
    if (g->count % 2 != 0)
        return g->value[half];
    return g->value[half - 1] / 2 + g->value[half] / 2;
}

static void group_finish(sqlite3_context *ctx, bool deviation)
{
    struct group *g = sqlite3_aggregate_context(ctx, 0);
    double middle;
    size_t i;

    if (g == NULL)
        return; /* no value: NULL */
    if (g->count == 0)
        goto out;
    middle = group_median(g);
    if (deviation) {
        for (i = 0; i < g->count; i++) /* infinity - infinity is no number */
            g->value[i] = g->value[i] > middle || g->value[i] < middle
                              ? fabs(g->value[i] - middle)
                              : 0.0;
        middle = group_median(g);
    }
    sqlite3_result_double(ctx, middle);
out:
    sqlite3_free(g->value);
    g->value = NULL;
    g->count = g->cap = 0;
}

static void median_final(sqlite3_context *ctx)
{
    group_finish(ctx, false);
}

static void mad_final(sqlite3_context *ctx)
{
    group_finish(ctx, true);
}

int kura_functions_add_aggregates(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = sqlite3_create_function_v2(db, "median", 1, flags, NULL, NULL,
                                        group_step, median_final, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(db, "mad", 1, flags, NULL, NULL,
                                        group_step, mad_final, NULL);
    return rc;
}
