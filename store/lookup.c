/* lookup.c - binary search by kura_partition_text, which keeps what it read and
 * reads the whole dictionary when it is asked too often. */
#include "store/lookup.h"

#include "base/text.h"

#include <stdbool.h>

static bool text_is_behind(const char *s, size_t n, const struct kura_place *to)
{
    int d;

    if (to->edge == KURA_EDGE_BEYOND && n > to->size)
        n = to->size;
    d = kura_text_casecmp(s, n, to->text, to->size);
    return to->edge == KURA_EDGE_BEFORE ? d >= 0 : d > 0;
}

enum kura_rc kura_partition_seek(struct kura_partition *p, int column,
                                 const struct kura_place *place, uint32_t *id,
                                 struct kura_err *err)
{
    uint32_t low = 1, high = kura_partition_dict_size(p, column) + 1;

    if (place->edge == KURA_EDGE_FIRST)
        high = low;
    if (place->edge == KURA_EDGE_LAST)
        low = high;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const char *text;
        size_t size;
        enum kura_rc rc =
            kura_partition_text(p, column, mid, &text, &size, err);

        if (rc != KURA_OK)
            return rc;
        if (text_is_behind(text, size, place))
            high = mid;
        else
            low = mid + 1;
    }
    *id = low;
    return KURA_OK;
}
