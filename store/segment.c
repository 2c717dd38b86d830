#include "store/segment.h"

static uint64_t segment_gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t r = a % b;

        a = b;
        b = r;
    }
    return a;
}

static int segment_width(uint64_t most)
{
    int width = 0;

    for (; most != 0; most >>= 8)
        width++;
    return width;
}

enum kura_rc kura_segment_encode_ids(const uint32_t *ids, uint32_t rows,
                                     struct kura_chunk *out,
                                     struct kura_buf *data,
                                     struct kura_err *err)
{
    uint32_t low = UINT32_MAX, high = 0, all = ids[0], i;
    uint8_t *plane;
    bool same = true;
    enum kura_rc rc;
    int p;

    for (i = 0; i < rows; i++) {
        same &= ids[i] == all;
        if (ids[i] > high)
            high = ids[i];
        if (ids[i] != 0 && ids[i] < low)
            low = ids[i];
    }
    out->present = high != 0;
    if (high == 0)
        return KURA_OK;
    out->base = same ? (int64_t)all : 0;
    out->scale = 0;
    out->low = low;
    out->high = high;
    out->width = same ? 0 : segment_width(high);
    rc = kura_buf_reserve(data, (size_t)rows * (size_t)out->width, err);
    if (rc != KURA_OK)
        return rc;
    for (p = 0; p < out->width; p++) {
        plane = (uint8_t *)data->data + data->len;
        for (i = 0; i < rows; i++)
            plane[i] = (uint8_t)(ids[i] >> (8 * p));
        data->len += rows;
    }
    return KURA_OK;
}

enum kura_rc kura_segment_encode_integers(const int64_t *values,
                                          const uint8_t *present, uint32_t rows,
                                          uint64_t *scratch,
                                          struct kura_chunk *out,
                                          struct kura_buf *data,
                                          struct kura_err *err)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    uint64_t scale = 0, span;
    bool nulls = false;
    uint8_t *plane;
    enum kura_rc rc;
    uint32_t i;
    int p;

    for (i = 0; i < rows; i++) {
        if (!present[i]) {
            nulls = true;
            continue;
        }
        if (values[i] < low)
            low = values[i];
        if (values[i] > high)
            high = values[i];
    }
    out->present = low <= high;
    if (low > high)
        return KURA_OK;
    span = (uint64_t)high - (uint64_t)low;
    /* The largest step that all values share: it keeps the milliseconds of a
     * log from spreading over the low planes of a microsecond column. */
    for (i = 0; i < rows && scale != 1; i++) {
        if (present[i])
            scale = segment_gcd((uint64_t)values[i] - (uint64_t)low, scale);
    }
    if (scale == 0)
        scale = 1;
    out->base = low;
    out->scale = (int64_t)scale;
    out->low = low;
    out->high = high;
    out->width = span == 0 && !nulls ? 0 : segment_width(span / scale + 1);
    if (out->width == 0)
        return KURA_OK;
    rc = kura_buf_reserve(data, (size_t)rows * (size_t)out->width, err);
    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < rows; i++)
        scratch[i] =
            present[i] ? ((uint64_t)values[i] - (uint64_t)low) / scale + 1 : 0;
    for (p = 0; p < out->width; p++) {
        plane = (uint8_t *)data->data + data->len;
        for (i = 0; i < rows; i++)
            plane[i] = (uint8_t)(scratch[i] >> (8 * p));
        data->len += rows;
    }
    return KURA_OK;
}
