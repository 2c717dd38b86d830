/* segment.c - values to planes.  A column of integers is laid out in the way
 * that takes the fewest planes: from its lowest value up, around a slope, or
 * as numbers of its distinct values. */
#include "store/segment.h"

#include <inttypes.h>
#include <string.h>

/* Within these, row * step and what it is taken from stay in 64 bits. */
#define SLOPE_VALUE_MAX (INT64_C(1) << 60)
#define SLOPE_SPAN_MAX (INT64_C(1) << 44)

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

/* --- Integers --------------------------------------------------------- */

/* Values that are one number each of at most 255 get it here. */
#define PALETTE_MAX 255u
#define PALETTE_SLOTS 1024u

struct segment_palette {
    int64_t value[PALETTE_MAX]; /* of number i + 1 */
    uint32_t count;
    uint8_t slots[PALETTE_SLOTS]; /* open addressing; 0: free */
};

/* What there is to know about a column before it is laid out. */
struct segment_column {
    const int64_t *values;
    const uint8_t *present;
    uint32_t rows, first, last; /* rows with the first and last value */
    bool nulls;
};

/* value = base + row * step + (stored - 1) * scale */
struct segment_line {
    int64_t base, step;
    uint64_t scale;
    int width;
};

/* Finds the ends of the values; false where all are NULL. */
static bool column_ends(struct segment_column *c, int64_t *low, int64_t *high)
{
    uint32_t i;

    *low = INT64_MAX;
    *high = INT64_MIN;
    c->first = UINT32_MAX;
    for (i = 0; i < c->rows; i++) {
        if (!c->present[i]) {
            c->nulls = true;
            continue;
        }
        if (c->first == UINT32_MAX)
            c->first = i;
        c->last = i;
        if (c->values[i] < *low)
            *low = c->values[i];
        if (c->values[i] > *high)
            *high = c->values[i];
    }
    return c->first != UINT32_MAX;
}

static int line_width(const struct segment_column *c, uint64_t span,
                      uint64_t scale)
{
    return span == 0 && !c->nulls ? 0 : segment_width(span / scale + 1);
}

/* All from the lowest value up, in the largest step that they share: it keeps
 * the milliseconds of a log from spreading over the low planes of a
 * microsecond column. */
static struct segment_line line_flat(const struct segment_column *c,
                                     int64_t low, int64_t high)
{
    struct segment_line l = {low, 0, 0, 0};
    uint32_t i;

    for (i = 0; i < c->rows && l.scale != 1; i++) {
        if (c->present[i])
            l.scale =
                segment_gcd((uint64_t)c->values[i] - (uint64_t)low, l.scale);
    }
    if (l.scale == 0)
        l.scale = 1;
    l.width = line_width(c, (uint64_t)high - (uint64_t)low, l.scale);
    return l;
}

/* The same around a line from the first value to the last: line numbers and
 * times grow with the row, and what is left of them is smaller. */
static struct segment_line line_sloped(const struct segment_column *c,
                                       const struct segment_line *flat)
{
    struct segment_line l = *flat;
    int64_t scale = (int64_t)flat->scale, low = INT64_MAX, high = INT64_MIN;
    int64_t left, rise, run;
    uint32_t i;

    rise = (c->values[c->last] - c->values[c->first]) / scale;
    run = (int64_t)c->last - (int64_t)c->first;
    l.step = (rise + (rise < 0 ? -run : run) / 2) / run * scale; /* rounded */
    for (i = c->first; i <= c->last; i++) {
        if (!c->present[i])
            continue;
        left = c->values[i] - (int64_t)i * l.step;
        if (left < low)
            low = left;
        if (left > high)
            high = left;
    }
    l.base = low;
    l.width = line_width(c, (uint64_t)high - (uint64_t)low, l.scale);
    return l;
}

/* The number of a value, from 1; 0 when there are too many values. */
static uint32_t palette_number(struct segment_palette *p, int64_t value)
{
    uint32_t at =
        (uint32_t)(((uint64_t)value * UINT64_C(0x9e3779b97f4a7c15)) >> 54);

    for (; p->slots[at] != 0; at = (at + 1) % PALETTE_SLOTS)
        if (p->value[p->slots[at] - 1] == value)
            return p->slots[at];
    if (p->count == PALETTE_MAX)
        return 0;
    p->value[p->count++] = value;
    p->slots[at] = (uint8_t)p->count;
    return p->count;
}

/* Numbers the values; false when there are too many to be worth it. */
static bool palette_fill(struct segment_palette *p,
                         const struct segment_column *c, int width,
                         uint64_t *stored)
{
    uint32_t i;

    for (i = 0; i < c->rows; i++) {
        stored[i] = c->present[i] ? palette_number(p, c->values[i]) : 0;
        if (c->present[i] && stored[i] == 0)
            return false;
    }
    return (uint64_t)p->count * KURA_CHUNK_NUMBER <
           (uint64_t)c->rows * (uint64_t)(width - 1);
}

static enum kura_rc planes_write(const uint64_t *stored, uint32_t rows,
                                 int width, struct kura_buf *data,
                                 struct kura_err *err)
{
    enum kura_rc rc = kura_buf_reserve(data, (size_t)rows * (size_t)width, err);
    uint8_t *plane;
    uint32_t i;
    int p;

    for (p = 0; p < width && rc == KURA_OK; p++) {
        plane = (uint8_t *)data->data + data->len;
        for (i = 0; i < rows; i++)
            plane[i] = (uint8_t)(stored[i] >> (8 * p));
        data->len += rows;
    }
    return rc;
}

static enum kura_rc number_write(int64_t number, struct kura_buf *data,
                                 struct kura_err *err)
{
    return kura_buf_printf(data, err, "%*" PRId64, KURA_CHUNK_NUMBER, number);
}

static enum kura_rc line_write(const struct segment_line *l,
                               const struct segment_column *c, uint64_t *stored,
                               struct kura_buf *data, struct kura_err *err)
{
    enum kura_rc rc;
    uint32_t i;

    for (i = 0; l->width != 0 && i < c->rows; i++)
        stored[i] = c->present[i]
                        ? ((uint64_t)c->values[i] - (uint64_t)l->base -
                           (uint64_t)i * (uint64_t)l->step) /
                                  l->scale +
                              1
                        : 0;
    rc = planes_write(stored, c->rows, l->width, data, err);
    if (rc == KURA_OK && l->step != 0)
        rc = number_write(l->step, data, err);
    return rc;
}

static enum kura_rc palette_write(const struct segment_palette *p,
                                  const struct segment_column *c,
                                  const uint64_t *stored, struct kura_buf *data,
                                  struct kura_err *err)
{
    enum kura_rc rc = planes_write(stored, c->rows, 1, data, err);
    uint32_t i;

    for (i = 0; i < p->count && rc == KURA_OK; i++)
        rc = number_write(p->value[i], data, err);
    return rc;
}

/* Not where a plane is less than the room that a step takes. */
static bool slope_is_worth_it(const struct segment_column *c,
                              const struct segment_line *flat, int64_t low,
                              int64_t high)
{
    return flat->width > 0 && c->last > c->first &&
           c->rows > KURA_CHUNK_NUMBER && low > -SLOPE_VALUE_MAX &&
           high < SLOPE_VALUE_MAX && high - low < SLOPE_SPAN_MAX;
}

enum kura_rc kura_segment_encode_integers(const int64_t *values,
                                          const uint8_t *present, uint32_t rows,
                                          uint64_t *scratch,
                                          struct kura_chunk *out,
                                          struct kura_buf *data,
                                          struct kura_err *err)
{
    struct segment_column c = {values, present, rows, 0, 0, false};
    struct segment_palette palette;
    struct segment_line line, sloped;
    int64_t low, high;

    out->present = column_ends(&c, &low, &high);
    if (!out->present)
        return KURA_OK;
    out->low = low;
    out->high = high;
    line = line_flat(&c, low, high);
    if (slope_is_worth_it(&c, &line, low, high)) {
        sloped = line_sloped(&c, &line);
        if (sloped.width < line.width)
            line = sloped;
    }
    memset(&palette, 0, sizeof(palette));
    if (line.width > 1 && palette_fill(&palette, &c, line.width, scratch)) {
        out->base = out->scale = 0;
        out->width = 1;
        return palette_write(&palette, &c, scratch, data, err);
    }
    out->base = line.base;
    out->scale = (int64_t)line.scale;
    out->width = line.width;
    return line_write(&line, &c, scratch, data, err);
}
