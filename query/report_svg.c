/* report_svg.c - the pictures of a report, as SVG that takes its colours from
 * the page's style: light and dark, screen and print. */
#include "query/report_internal.h"

#define CELL 12
#define LEFT 34
#define TOP 14

static int64_t largest(const int64_t *values, size_t n)
{
    int64_t max = 0;
    size_t i;

    for (i = 0; i < n; i++)
        max = values[i] > max ? values[i] : max;
    return max;
}

enum kura_rc kura_svg_bars(const int64_t *values, size_t n, int width,
                           int height, struct kura_buf *out,
                           struct kura_err *err)
{
    int64_t max = largest(values, n);
    enum kura_rc rc;
    size_t i;

    rc = kura_buf_printf(out, err,
                         "<svg class=\"bars\" viewBox=\"0 0 %zu %d\" "
                         "width=\"%d\" height=\"%d\" "
                         "preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                         "<path d=\"",
                         n == 0 ? 1 : n, height, width, height);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        double h =
            max == 0 ? 0 : (double)values[i] * (height - 1) / (double)max;

        if (values[i] == 0)
            continue;
        if (h < 1)
            h = 1; /* something is never nothing */
        rc = kura_buf_printf(out, err, "M%zu %dV%.1fh.8V%d", i, height,
                             height - h, height);
    }
    return rc == KURA_OK ? kura_buf_puts(out, "\"/></svg>", err) : rc;
}

static enum kura_rc week_cell(int day, int hour, int64_t value, int64_t max,
                              bool working, struct kura_buf *out,
                              struct kura_err *err)
{
    double shade = max == 0 ? 0 : (double)value / (double)max;

    return kura_buf_printf(
        out, err,
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"%s "
        "fill-opacity=\"%.2f\"><title>%d:00, %lld</title></rect>",
        LEFT + hour * CELL, TOP + day * CELL, CELL - 1, CELL - 1,
        working ? " class=\"work\"" : "", value == 0 ? 0 : 0.08 + 0.92 * shade,
        hour, (long long)value);
}

enum kura_rc kura_svg_week(const int64_t values[7][24],
                           const double working[7][24],
                           enum kura_language language, struct kura_buf *out,
                           struct kura_err *err)
{
    int64_t max = largest(&values[0][0], 7 * 24);
    enum kura_rc rc;
    int day, hour;

    rc = kura_buf_printf(out, err,
                         "<svg class=\"week\" viewBox=\"0 0 %d %d\" "
                         "role=\"img\">",
                         LEFT + 24 * CELL + 2, TOP + 7 * CELL + 2);
    for (hour = 0; rc == KURA_OK && hour < 24; hour += 6)
        rc = kura_buf_printf(out, err, "<text x=\"%d\" y=\"10\">%d</text>",
                             LEFT + hour * CELL, hour);
    for (day = 0; rc == KURA_OK && day < 7; day++) {
        rc = kura_buf_printf(out, err, "<text x=\"0\" y=\"%d\">%s</text>",
                             TOP + day * CELL + 10,
                             kura_word_weekday(language, day + 1));
        for (hour = 0; rc == KURA_OK && hour < 24; hour++)
            rc = week_cell(day, hour, values[day][hour], max,
                           working[day][hour] >= 0.5, out, err);
    }
    return rc == KURA_OK ? kura_buf_puts(out, "</svg>", err) : rc;
}
