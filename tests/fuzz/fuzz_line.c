/* Lines of every built-in format, whole and damaged: a row or a reject, from
 * which the line comes back byte for byte.  The first byte of an input chooses
 * the format, the second the end of the line. */
#include "base/config.h"
#include "base/embedded.h"
#include "base/text.h"
#include "ingest/parse.h"
#include "store/shape.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 5000;

#define FORMATS_MAX 64
/* No stored integer lies beyond it (docs/format.md). */
#define INTEGER_MAX (INT64_C(1) << 62)

static struct kura_formats *formats;
static struct kura_zone *zone;
static struct kura_parser *parsers[FORMATS_MAX + 1];
static int parser_count;

static void close_all(void)
{
    int i;

    for (i = 0; i < parser_count; i++)
        kura_parser_free(parsers[i]);
    kura_formats_free(formats);
    kura_zone_free(zone);
}

static void open_all(void)
{
    struct kura_parse_context cx = {.format = NULL};
    int i;

    if (formats != NULL)
        return;
    FUZZ_CHECK(kura_formats_load(NULL, &formats, NULL) == KURA_OK);
    FUZZ_CHECK(kura_zone_new("Asia/Tokyo", &zone, NULL) == KURA_OK);
    FUZZ_CHECK(kura_formats_count(formats) <= FORMATS_MAX);
    cx.zone = zone;
    cx.as_of_us = kura_days_from_civil(2015, 6, 1) * KURA_DAY;
    cx.oldest_us = kura_days_from_civil(2000, 1, 1) * KURA_DAY;
    cx.newest_us = kura_days_from_civil(2030, 1, 1) * KURA_DAY;
    for (i = 0; i <= kura_formats_count(formats); i++) {
        cx.format = i == 0 ? NULL : kura_formats_at(formats, i - 1);
        FUZZ_CHECK(kura_parser_new(&cx, &parsers[i], NULL) == KURA_OK);
        parser_count++;
    }
    (void)atexit(close_all);
}

/* --- Seeds: the samples of the formats ----------------------------------- */

static void seed_samples(const struct kura_node *root, fuzz_take_fn *take,
                         void *arg)
{
    static uint8_t seed[8192];
    const struct kura_node *list = kura_node_get(root, "samples");
    const char *name = kura_node_text(kura_node_get(root, "name"));
    int at = 0;
    size_t i, n;

    while (at < kura_formats_count(formats) &&
           strcmp(kura_formats_at(formats, at)->name, name) != 0)
        at++;
    for (i = 0; list != NULL && i < kura_node_count(list); i++) {
        const struct kura_node *line =
            kura_node_get(kura_node_at(list, i), "line");

        n = kura_node_text_size(line);
        if (n > sizeof(seed) - 2)
            continue;
        seed[0] = (uint8_t)(at + 1);
        seed[1] = (uint8_t)i;
        memcpy(seed + 2, kura_node_text(line), n);
        take(arg, seed, n + 2);
    }
}

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    const struct kura_embedded *e;

    open_all();
    for (e = kura_embedded; e->path != NULL; e++) {
        struct kura_config *c = NULL;

        if (strncmp(e->path, "ingest/formats/", 15) != 0 ||
            strstr(e->path, "common.yaml") == e->path + 15)
            continue;
        FUZZ_CHECK(kura_config_parse(e->path, e->text, e->size, &c, NULL) ==
                   KURA_OK);
        seed_samples(kura_config_root(c), take, arg);
        kura_config_free(c);
    }
}

/* --- What must hold ------------------------------------------------------- */

static const struct kura_cell *cell_of(const struct kura_row *row, int column)
{
    size_t i;

    for (i = 0; i < row->count; i++)
        if (row->cells[i].column == column)
            return &row->cells[i];
    return NULL;
}

static const struct kura_schema *schema_of(const struct kura_row *row)
{
    return row->schema != NULL ? row->schema : kura_schema_find("reject");
}

static void check_cells(const struct kura_row *row)
{
    const struct kura_schema *s = schema_of(row);
    size_t i;

    for (i = 0; i < row->count; i++) {
        const struct kura_cell *c = &row->cells[i];

        FUZZ_CHECK(c->column >= KURA_CELL_SHAPE && c->column < s->count);
        FUZZ_CHECK(cell_of(row, c->column) == c);
        if (c->column == KURA_CELL_SHAPE)
            continue;
        FUZZ_CHECK(s->columns[c->column].function == NULL);
        if (s->columns[c->column].type == KURA_TEXT)
            FUZZ_CHECK(c->text != NULL && kura_text_is_clean(c->text, c->size));
        else
            FUZZ_CHECK(c->text == NULL && c->number >= -INTEGER_MAX &&
                       c->number <= INTEGER_MAX);
    }
}

static void rebuild(const struct kura_row *row, struct kura_buf *out)
{
    const struct kura_cell *c = cell_of(row, KURA_CELL_SHAPE), *v;
    const struct kura_schema *s = schema_of(row);
    struct kura_shape shape;
    size_t i;

    FUZZ_CHECK(c != NULL && c->text != NULL);
    FUZZ_CHECK(kura_shape_parse(c->text, c->size, &shape, NULL) == KURA_OK);
    for (i = 0; i < shape.count; i++) {
        const struct kura_shape_part *p = &shape.parts[i];

        if (p->literal != NULL) {
            (void)kura_buf_append(out, p->literal, p->size, NULL);
            continue;
        }
        v = cell_of(row, kura_schema_column(s, p->column));
        if (strcmp(p->column, "ts") == 0) {
            (void)kura_render_integer(row->ts, &p->render, out, NULL);
            continue;
        }
        FUZZ_CHECK(v != NULL);
        if (v->text != NULL)
            FUZZ_CHECK(kura_render_text(v->text, v->size, &p->render, out,
                                        NULL) == KURA_OK);
        else
            (void)kura_render_integer(v->number, &p->render, out, NULL);
    }
    kura_shape_release(&shape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const ends[] = {"\n", "\r\n", ""};
    struct kura_buf line, again;
    struct kura_row row;
    const char *end;
    struct kura_parser *p;

    open_all();
    if (n < 2)
        return 0;
    p = parsers[data[0] % parser_count];
    end = ends[data[1] % 3];
    kura_buf_init(&line, 1 << 21);
    kura_buf_init(&again, 1 << 21);
    (void)kura_buf_append(&line, data + 2, n - 2, NULL);
    (void)kura_buf_puts(&line, end, NULL);
    FUZZ_CHECK(kura_parse_line(p, line.data, line.len, strlen(end), INT64_MIN,
                               &row, NULL) == KURA_OK);
    FUZZ_CHECK((row.schema == NULL) == (row.reason != NULL));
    check_cells(&row);
    rebuild(&row, &again);
    FUZZ_CHECK(again.len == line.len);
    FUZZ_CHECK(memcmp(again.data, line.data, line.len) == 0);
    kura_parser_reset(p);
    kura_buf_release(&line);
    kura_buf_release(&again);
    return 0;
}
