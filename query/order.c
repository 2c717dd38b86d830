/* order.c - a sort of the different values, then a counting sort. */
#include "query/order.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct ranked {
    const char *text;
    size_t size;
    int64_t number;
    uint32_t at;
};

static int cmp_binary(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return kura_text_cmp(x->text, x->size, y->text, y->size);
}

static int cmp_nocase(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return kura_text_casecmp(x->text, x->size, y->text, y->size);
}

static int cmp_number(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static uint32_t rank_all(struct ranked *list, size_t n,
                         int (*cmp)(const void *, const void *),
                         uint32_t *ranks)
{
    uint32_t rank = 0;
    size_t i;

    if (n == 0)
        return 0;
    qsort(list, n, sizeof(*list), cmp);
    for (i = 0; i < n; i++) {
        rank += i > 0 && cmp(&list[i - 1], &list[i]) != 0;
        ranks[list[i].at] = rank;
    }
    return rank + 1;
}

enum kura_rc kura_order_texts(const struct kura_dictionary_entry *texts,
                              size_t n, enum kura_order_kind kind,
                              uint32_t *ranks, uint32_t *count,
                              struct kura_err *err)
{
    struct ranked *list = calloc(n + 1, sizeof(*list));
    size_t i;

    if (list == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < n; i++) {
        list[i].text = texts[i].text;
        list[i].size = texts[i].size;
        list[i].at = (uint32_t)i;
        if (kind == KURA_ORDER_NUMBERS)
            memcpy(&list[i].number, texts[i].text, sizeof(list[i].number));
    }
    *count = rank_all(list, n,
                      kind == KURA_ORDER_NUMBERS  ? cmp_number
                      : kind == KURA_ORDER_NOCASE ? cmp_nocase
                                                  : cmp_binary,
                      ranks);
    free(list);
    return KURA_OK;
}

enum kura_rc kura_order_numbers(const int64_t *numbers, size_t n,
                                uint32_t *ranks, uint32_t *count,
                                struct kura_err *err)
{
    struct ranked *list = calloc(n + 1, sizeof(*list));
    size_t i;

    if (list == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < n; i++) {
        list[i].number = numbers[i];
        list[i].at = (uint32_t)i;
    }
    *count = rank_all(list, n, cmp_number, ranks);
    free(list);
    return KURA_OK;
}

enum kura_rc kura_order_by(uint32_t *order, size_t n, const uint32_t *ranks,
                           uint32_t count, bool descending,
                           struct kura_err *err)
{
    size_t *starts = calloc((size_t)count + 1, sizeof(*starts)), sum = 0, i;
    uint32_t *sorted = malloc((n + 1) * sizeof(*sorted));

    if (starts == NULL || sorted == NULL) {
        free(starts);
        free(sorted);
        return kura_err_nomem(err);
    }
    for (i = 0; i < n; i++)
        starts[ranks[order[i]]]++;
    for (i = 0; i < count; i++) {
        size_t rank = descending ? count - 1 - i : i, here = starts[rank];

        starts[rank] = sum;
        sum += here;
    }
    for (i = 0; i < n; i++)
        sorted[starts[ranks[order[i]]]++] = order[i];
    memcpy(order, sorted, n * sizeof(*order));
    free(starts);
    free(sorted);
    return KURA_OK;
}
