/* distance.c - three rows of the table, on the stack. */
#include "base/distance.h"

#include "base/text.h"

#include <stdint.h>
#include <string.h>

struct characters {
    uint32_t c[KURA_DISTANCE_MAX];
    size_t n;
};

static bool characters_read(const char *s, size_t n, struct characters *out)
{
    size_t i = 0;
    uint32_t cp;

    for (out->n = 0; i < n; out->n++) {
        if (out->n == KURA_DISTANCE_MAX)
            return false;
        i += kura_text_decode(s + i, n - i, &cp);
        out->c[out->n] = cp >= 'A' && cp <= 'Z' ? cp + 0x20 : cp;
    }
    return true;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* One row: the distances of a[0..i] to every beginning of b. */
static void row_fill(const struct characters *a, const struct characters *b,
                     size_t i, const int *two_up, const int *up, int *row)
{
    size_t k;

    row[0] = (int)i + 1;
    for (k = 0; k < b->n; k++) {
        int change = up[k] + (a->c[i] != b->c[k]);

        row[k + 1] = least(least(up[k + 1], row[k]) + 1, change);
        if (i > 0 && k > 0 && a->c[i] == b->c[k - 1] && a->c[i - 1] == b->c[k])
            row[k + 1] = least(row[k + 1], two_up[k - 1] + 1);
    }
}

int kura_distance(const char *a, size_t na, const char *b, size_t nb)
{
    int rows[3][KURA_DISTANCE_MAX + 1];
    struct characters x, y;
    size_t i;

    if (!characters_read(a, na, &x) || !characters_read(b, nb, &y))
        return -1;
    for (i = 0; i <= y.n; i++)
        rows[2][i] = (int)i; /* the row above the first */
    for (i = 0; i < x.n; i++)
        row_fill(&x, &y, i, rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3]);
    return rows[(x.n + 2) % 3][y.n];
}
