/* functions_aggregate.c - median, mad and quantile: exact, so each group keeps
 * its values (memory of SQLite, so that a limit on SQLite's memory holds here).
 */
#include "query/functions.h"

#include "query/functions_internal.h"

#include <math.h>
#include <stdlib.h>

/* Values of one group: 128 MiB. */
#define GROUP_MAX (16u * 1024 * 1024)

struct group {
    double *value;
    size_t count, cap;
    double q; /* quantile only: the first one given */
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

/* The group, with one value more; NULL when it takes none or has failed. */
static struct group *group_add(sqlite3_context *ctx, sqlite3_value *value)
{
    struct group *g;
    int type = sqlite3_value_numeric_type(value);

    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT)
        return NULL;
    g = sqlite3_aggregate_context(ctx, sizeof(*g));
    if (g == NULL) {
        sqlite3_result_error_nomem(ctx);
        return NULL;
    }
    if (g->count == GROUP_MAX) {
        sqlite3_result_error(ctx, "more than 16777216 values in one group", -1);
        return NULL;
    }
    if (group_reserve(g) != SQLITE_OK) {
        sqlite3_result_error_nomem(ctx);
        return NULL;
    }
    g->value[g->count++] = sqlite3_value_double(value);
    return g;
}

static void group_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    (void)group_add(ctx, argv[0]);
}

static void quantile_step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    double q = sqlite3_value_double(argv[1]);
    struct group *g;

    (void)argc;
    if (sqlite3_value_numeric_type(argv[1]) == SQLITE_NULL)
        return;
    if (!(q >= 0.0 && q <= 1.0)) {
        sqlite3_result_error(ctx, "a quantile is between 0 and 1", -1);
        return;
    }
    g = group_add(ctx, argv[0]);
    if (g != NULL && g->count == 1)
        g->q = q;
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

static void group_clear(struct group *g)
{
    sqlite3_free(g->value);
    g->value = NULL;
    g->count = g->cap = 0;
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
    group_clear(g);
}

static void median_final(sqlite3_context *ctx)
{
    group_finish(ctx, false);
}

static void mad_final(sqlite3_context *ctx)
{
    group_finish(ctx, true);
}

/* Between the two values around the place (n - 1) * q of the sorted ones. */
static void quantile_final(sqlite3_context *ctx)
{
    struct group *g = sqlite3_aggregate_context(ctx, 0);
    double place, part;
    size_t low;

    if (g == NULL)
        return;
    if (g->count != 0) {
        qsort(g->value, g->count, sizeof(*g->value), double_cmp);
        place = (double)(g->count - 1) * g->q;
        low = (size_t)place;
        part = place - (double)low;
        sqlite3_result_double(ctx, part > 0.0 ? g->value[low] * (1.0 - part) +
                                                    g->value[low + 1] * part
                                              : g->value[low]);
    }
    group_clear(g);
}

int kura_functions_add_aggregates(sqlite3 *db)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = sqlite3_create_function_v2(db, "median", 1, flags, NULL, NULL,
                                        group_step, median_final, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(db, "mad", 1, flags, NULL, NULL,
                                        group_step, mad_final, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_function_v2(db, "quantile", 2, flags, NULL, NULL,
                                        quantile_step, quantile_final, NULL);
    return rc;
}
