/* What a line becomes: values, shape, rejects; and that value and shape give
 * the line back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "ingest/format.h"
#include "ingest/parse.h"
#include "store/schema.h"
#include "store/shape.h"

#include <sys/stat.h>
#include <unistd.h>

static const char definition[] =
    "name: tester\n"
    "table: proxy\n"
    "about: lines of the tests\n"
    "fields:\n"
    "  ts: {time: [iso, epoch]}\n"
    "  _ts: {time: bsd}\n"
    "  elapsed_ms: {integer: true}\n"
    "  sc_status: {integer: true, null: \"-\"}\n"
    "  sc_bytes: {thousandths: true}\n"
    "  cs_username: {null: [\"-\", none]}\n"
    "patterns:\n"
    "  - name: full\n"
    "    regex: 'A (?<ts>[^ ]++) (?<elapsed_ms> *[-+0-9]+) "
    "(?<cs_username>[^ ]*) \\{(?<c_uri>[^ }]*(?<cs_host>h[0-9]+)?[^ }]*)\\}"
    "(?: (?<sc_status>[^ ]+))?'\n"
    "    set: {cs_method: GET, dst_port: 443}\n"
    "  - name: echo\n"
    "    regex: 'B (?<_ts>.{15}) (?<ts>[^ ]+) (?<_rest>.*)'\n"
    "  - name: timeless\n"
    "    regex: 'C (?<c_uri>.*)'\n"
    "  - name: fixed\n"
    "    regex: 'D (?<ts>[^ ]+) (?<sc_bytes>.*)'\n"
    "  - name: twice\n"
    "    regex: 'E (?<ts>[^ ]+) \\((?<_cs_host>[^)]*)\\) (?<cs_host>[^ ]*) "
    "(?<sc_status>[^ ]+) (?<_sc_status>[^ ]+)(?: (?<_cs_method>.+))?'\n"
    "    set: {cs_method: GET}\n"
    "samples:\n"
    "  - line: 'A 2020-01-02T03:04:05Z 1 u {x}'\n"
    "    pattern: full\n"
    "  - line: 'B Jan  2 03:04:05 2020-01-02T03:04:05Z r'\n"
    "    pattern: echo\n"
    "  - line: 'C x'\n"
    "    pattern: timeless\n"
    "  - line: 'D 2020-01-02T03:04:05Z 0.5'\n"
    "    pattern: fixed\n"
    "  - line: 'E 2020-01-02T03:04:05Z (h) h 200 200'\n"
    "    pattern: twice\n";

struct state {
    struct kura_formats *formats;
    struct kura_zone *zone;
    struct kura_parser *parser;
    struct kura_row row;
};

static int state_make(void **out)
{
    struct kura_err err = KURA_ERR_INIT;
    struct state *s = calloc(1, sizeof(*s));
    char dir[] = "/tmp/kura-parse-XXXXXX";
    char path[64];
    struct kura_parse_context cx = {.format = NULL};
    FILE *f;

    assert_non_null(s);
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/tester.yaml", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(definition, f) >= 0);
    assert_int_equal(fclose(f), 0);
    if (kura_formats_load(dir, &s->formats, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    (void)unlink(path);
    (void)rmdir(dir);
    assert_int_equal(kura_zone_new("+00:00", &s->zone, &err), KURA_OK);
    cx.format = kura_formats_find(s->formats, "tester");
    assert_non_null(cx.format);
    cx.zone = s->zone;
    cx.as_of_us = kura_days_from_civil(2020, 6, 1) * KURA_DAY;
    cx.oldest_us = kura_days_from_civil(2000, 1, 1) * KURA_DAY;
    cx.newest_us = kura_days_from_civil(2030, 1, 1) * KURA_DAY;
    assert_int_equal(kura_parser_new(&cx, &s->parser, &err), KURA_OK);
    *out = s;
    return 0;
}

static int state_free(void **in)
{
    struct state *s = *in;

    kura_parser_free(s->parser);
    kura_formats_free(s->formats);
    kura_zone_free(s->zone);
    free(s);
    return 0;
}

static const struct kura_cell *cell(const struct state *s, const char *column)
{
    const struct kura_schema *schema = kura_schema_find("proxy");
    int want =
        column == NULL ? KURA_CELL_SHAPE : kura_schema_column(schema, column);
    size_t i;

    for (i = 0; i < s->row.count; i++)
        if (s->row.cells[i].column == want)
            return &s->row.cells[i];
    return NULL;
}

/* The line again, from cells and shape alone. */
static void rebuild(const struct state *s, struct kura_buf *out)
{
    struct kura_err err = KURA_ERR_INIT;
    const struct kura_cell *c = cell(s, NULL);
    struct kura_shape shape;
    size_t i;

    assert_non_null(c);
    assert_int_equal(kura_shape_parse(c->text, c->size, &shape, &err), KURA_OK);
    for (i = 0; i < shape.count; i++) {
        const struct kura_shape_part *p = &shape.parts[i];
        const struct kura_cell *v;

        if (p->literal != NULL) {
            assert_int_equal(kura_buf_append(out, p->literal, p->size, &err),
                             KURA_OK);
            continue;
        }
        v = cell(s, p->column);
        if (strcmp(p->column, "ts") == 0) {
            assert_int_equal(
                kura_render_integer(s->row.ts, &p->render, out, &err), KURA_OK);
        } else if (v != NULL && v->text != NULL) {
            assert_int_equal(kura_buf_append(out, v->text, v->size, &err),
                             KURA_OK);
        } else {
            assert_non_null(v);
            assert_int_equal(
                kura_render_integer(v->number, &p->render, out, &err), KURA_OK);
        }
    }
    kura_shape_release(&shape);
}

/* Parses a line with its terminator and checks that it can be rebuilt. */
static void parse_bytes(struct state *s, const char *line, size_t n,
                        size_t term, int64_t previous)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf again;

    if (kura_parse_line(s->parser, line, n, term, previous, &s->row, &err) !=
        KURA_OK)
        fail_msg("%s", err.msg);
    kura_buf_init(&again, 1 << 20);
    rebuild(s, &again);
    assert_int_equal(again.len, n);
    assert_memory_equal(again.data, line, n);
    kura_buf_release(&again);
}

static void parse(struct state *s, const char *line)
{
    size_t n = strlen(line);
    size_t term = n > 0 && line[n - 1] == '\n' ? 1 : 0;

    if (term == 1 && n > 1 && line[n - 2] == '\r')
        term = 2;
    parse_bytes(s, line, n, term, INT64_MIN);
}

static void text_is(const struct state *s, const char *column, const char *want)
{
    const struct kura_cell *c = cell(s, column);

    if (want == NULL) {
        assert_null(c);
        return;
    }
    assert_non_null(c);
    assert_non_null(c->text);
    assert_int_equal(c->size, strlen(want));
    assert_memory_equal(c->text, want, c->size);
}

static void number_is(const struct state *s, const char *column, int64_t want)
{
    const struct kura_cell *c = cell(s, column);

    assert_non_null(c);
    assert_null(c->text);
    assert_int_equal(c->number, want);
}

static void values_and_shape(void **in)
{
    struct state *s = *in;

    parse(s, "A 2020-01-02T03:04:05Z 17 taro {http://h1/} 200\n");
    assert_ptr_equal(s->row.schema, kura_schema_find("proxy"));
    assert_int_equal(s->row.ts, (kura_days_from_civil(2020, 1, 2) * 86400 +
                                 3 * 3600 + 4 * 60 + 5) *
                                    KURA_SECOND);
    number_is(s, "elapsed_ms", 17);
    number_is(s, "sc_status", 200);
    number_is(s, "dst_port", 443);
    text_is(s, "cs_username", "taro");
    text_is(s, "cs_method", "GET");
    text_is(s, "time_origin", NULL);
    text_is(s, NULL,
            "A {ts:isoz} {elapsed_ms} {cs_username} {{{c_uri}} "
            "{sc_status}\n");
    assert_null(s->row.reason);
}

static void nulls_and_empty(void **in)
{
    struct state *s = *in;

    parse(s, "A 2020-01-02T03:04:05Z 17 - {} -\n");
    text_is(s, "cs_username", NULL);
    text_is(s, "c_uri", "");
    assert_null(cell(s, "sc_status"));
    parse(s, "A 2020-01-02T03:04:05Z 17 none {}\r\n");
    text_is(s, "cs_username", NULL);
    /* Not one of the words, though it begins with one. */
    parse(s, "A 2020-01-02T03:04:05Z 17 nonentity {}");
    text_is(s, "cs_username", "nonentity");
    parse(s, "A 2020-01-02T03:04:05Z 17  {}");
    text_is(s, "cs_username", "");
    /* A number that is none is NULL, and its bytes stay. */
    parse(s, "A 2020-01-02T03:04:05Z 17 u {} 2x0");
    assert_null(cell(s, "sc_status"));
}

static void integers(void **in)
{
    struct state *s = *in;

    parse(s, "A 2020-01-02T03:04:05Z    452 u {}");
    number_is(s, "elapsed_ms", 452);
    text_is(s, NULL, "A {ts:isoz} {elapsed_ms:d6} {cs_username} {{{c_uri}}");
    parse(s, "A 2020-01-02T03:04:05Z 007 u {}");
    number_is(s, "elapsed_ms", 7);
    parse(s, "A 2020-01-02T03:04:05Z -0 u {}");
    number_is(s, "elapsed_ms", 0);
    parse(s, "A 2020-01-02T03:04:05Z -12 u {}");
    number_is(s, "elapsed_ms", -12);
    parse(s, "A 2020-01-02T03:04:05Z 99999999999999999999 u {}");
    assert_null(cell(s, "elapsed_ms"));
    parse(s, "A 2020-01-02T03:04:05Z                                  5 u {}");
    number_is(s, "elapsed_ms", 5);
    parse(s, "A 2020-01-02T03:04:05Z 0 u {}");
    text_is(s, NULL, "A {ts:isoz} {elapsed_ms} {cs_username} {{{c_uri}}");
}

static void thousandths(void **in)
{
    static const struct {
        const char *text;
        int64_t want;
    } good[] = {{"0.64", 640},     {"5", 5000},
                {"12.345", 12345}, {"0.0", 0},
                {"1.23456", 1234}, {"-0.5", -500},
                {"007.5", 7500},   {"4611686018", 4611686018000}};
    static const char *const bad[] = {"1.", ".5", "1.5e3", "x", "1..2", "-"};
    struct state *s = *in;
    char line[80];
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        (void)snprintf(line, sizeof(line), "D 2020-01-02T03:04:05Z %s\n",
                       good[i].text);
        parse(s, line);
        number_is(s, "sc_bytes", good[i].want);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(line, sizeof(line), "D 2020-01-02T03:04:05Z %s\n",
                       bad[i]);
        parse(s, line);
        assert_null(cell(s, "sc_bytes"));
        assert_non_null(s->row.schema);
    }
}

static void bytes_that_are_not_text(void **in)
{
    static const char nul[] = "A 2020-01-02T03:04:05Z 1 a\0b {\xff\x01}\n";
    struct state *s = *in;

    parse_bytes(s, nul, sizeof(nul) - 1, 1, INT64_MIN);
    text_is(s, "cs_username", "a\\x00b");
    text_is(s, "c_uri", "\\xff\\x01");
    /* UTF-8 stays as it is. */
    parse(s, "A 2020-01-02T03:04:05Z 1 \xe8\x94\xb5 {}\n");
    text_is(s, "cs_username", "\xe8\x94\xb5");
    text_is(s, NULL, "A {ts:isoz} {elapsed_ms} {cs_username} {{{c_uri}}\n");
}

static void times_of_lines_without_one(void **in)
{
    struct state *s = *in;
    int64_t before = kura_days_from_civil(2019, 5, 5) * KURA_DAY;

    parse_bytes(s, "C x\n", 4, 1, before);
    assert_int_equal(s->row.ts, before);
    text_is(s, "time_origin", "previous");
    parse(s, "C x\n");
    assert_int_equal(s->row.ts, kura_days_from_civil(2020, 6, 1) * KURA_DAY);
    text_is(s, "time_origin", "file");
    text_is(s, NULL, "C {c_uri}\n");
}

static void second_time(void **in)
{
    struct state *s = *in;

    parse(s, "B Jan  2 03:04:05 2020-01-02T03:04:05Z tail");
    text_is(s, NULL, "B {ts:bsd} {ts:isoz} tail");
    parse(s, "B Jan  2 03:04:06 2020-01-02T03:04:05Z tail");
    text_is(s, NULL, "B Jan  2 03:04:06 {ts:isoz} tail");
    parse(s, "B not a time.... 2020-01-02T03:04:05.250Z tail");
}

/* What repeats a column has its placeholder, what does not its bytes. */
static void repeats(void **in)
{
    struct state *s = *in;

    parse(s, "E 2020-01-02T03:04:05Z (h1) h1 200 200 GET\n");
    text_is(s, NULL,
            "E {ts:isoz} ({cs_host}) {cs_host} {sc_status} {sc_status} "
            "{cs_method}\n");
    parse(s, "E 2020-01-02T03:04:05Z (h1) h2 200 201 PUT\n");
    text_is(s, NULL, "E {ts:isoz} (h1) {cs_host} {sc_status} 201 PUT\n");
    /* The same number, other bytes; a NULL. */
    parse(s, "E 2020-01-02T03:04:05Z () h 200 0200\n");
    text_is(s, NULL, "E {ts:isoz} () {cs_host} {sc_status} 0200\n");
    parse(s, "E 2020-01-02T03:04:05Z (H) h - -\n");
    text_is(s, NULL, "E {ts:isoz} (H) {cs_host} - -\n");
    /* An empty one is one. */
    parse(s, "E 2020-01-02T03:04:05Z ()  0200 200\n");
    text_is(s, NULL, "E {ts:isoz} ({cs_host}) {cs_host} 0200 {sc_status}\n");
    /* Bytes that are no text are stored otherwise than they are written. */
    parse(s, "E 2020-01-02T03:04:05Z (\x01) \x01 1 1\n");
    text_is(s, "cs_host", "\\x01");
    parse(s, "E 2020-01-02T03:04:05Z (\\x01) \x01 1 1\n");
    text_is(s, "cs_host", "\\x01");
}

static void layouts_in_turn(void **in)
{
    struct state *s = *in;

    parse(s, "D 1424221299.090 1");
    assert_int_equal(s->row.ts, INT64_C(1424221299090000));
    text_is(s, NULL, "D {ts:epoch.3} {sc_bytes:fixed.0}");
    parse(s, "D 1424221299.090 2");
    parse(s, "D 1424221300.090 2");
    assert_int_equal(s->row.ts, INT64_C(1424221300090000));
}

static void rejects(void **in)
{
    static const struct {
        const char *line, *reason;
    } list[] = {
        {"", "empty line"},
        {"\n", "empty line"},
        {"\r\n", "empty line"},
        {"Z {x} {{y\n", "no pattern of the format matches"},
        {"D 2020-13-02T03:04:05Z 1\n", "not a real time"},
        {"D 2020-02-30T03:04:05Z 1\n", "not a real time"},
        {"D 1999-12-31T23:59:59Z 1\n", "time out of range"},
        {"D 2030-01-02T00:00:00Z 1\n", "time out of range"},
    };
    struct state *s = *in;
    size_t i;

    for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        parse(s, list[i].line);
        assert_null(s->row.schema);
        assert_string_equal(s->row.reason, list[i].reason);
        assert_int_equal(s->row.count, 1);
    }
}

/* A line that holds what a shape uses for itself. */
static void hostile_braces(void **in)
{
    struct state *s = *in;

    parse(s, "A 2020-01-02T03:04:05Z 1 {ts} {{c_uri}");
    text_is(s, "cs_username", "{ts}");
    text_is(s, "c_uri", "{c_uri");
    parse(s, "B {ts}{{x}}{{{{ab 2020-01-02T03:04:05Z {sc_bytes:d9}");
}

/* Rows stay whole while shapes overflow their table, and after many resets. */
static void many_shapes(void **in)
{
    struct state *s = *in;
    struct kura_err err = KURA_ERR_INIT;
    enum { LINES = 30000 };
    struct kura_row *rows = calloc(LINES, sizeof(*rows));
    int round, i;

    assert_non_null(rows);
    for (round = 0; round < 2; round++) {
        char(*lines)[96] = calloc(LINES, sizeof(*lines));

        assert_non_null(lines);
        for (i = 0; i < LINES; i++) {
            int n = snprintf(lines[i], sizeof(lines[i]),
                             "B Jan  2 03:04:07 2020-01-02T03:04:05Z %d {x\n",
                             i % 20000);

            assert_int_equal(kura_parse_line(s->parser, lines[i], (size_t)n, 1,
                                             INT64_MIN, &rows[i], &err),
                             KURA_OK);
        }
        for (i = 0; i < LINES; i++) {
            struct kura_buf again;

            s->row = rows[i];
            kura_buf_init(&again, 4096);
            rebuild(s, &again);
            assert_string_equal(again.data, lines[i]);
            kura_buf_release(&again);
        }
        kura_parser_reset(s->parser);
        free(lines);
    }
    free(rows);
}

/* An unchanged shape is the same text, not a copy. */
static void shapes_are_shared(void **in)
{
    struct state *s = *in;
    const char *first;

    parse(s, "A 2020-01-02T03:04:05Z 1 u {x} 200\n");
    first = cell(s, NULL)->text;
    kura_parser_reset(s->parser);
    parse(s, "A 2021-11-12T13:14:15Z 998 other {else} 404\n");
    assert_ptr_equal(cell(s, NULL)->text, first);
}

static void counts_for_detection(void **in)
{
    static const char text[] = "C a\nZ\n\nD 2020-01-02T03:04:05Z 1\r\n"
                               "D 2020-99-02T03:04:05Z 1\nC last";
    struct state *s = *in;
    struct kura_err err = KURA_ERR_INIT;
    const struct kura_format *f = kura_formats_find(s->formats, "tester");

    assert_int_equal(kura_parse_count(f, text, sizeof(text) - 1, &err), 3);
    assert_int_equal(kura_parse_count(f, "", 0, &err), 0);
    assert_int_equal(err.rc, KURA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_shape),
        cmocka_unit_test(nulls_and_empty),
        cmocka_unit_test(integers),
        cmocka_unit_test(thousandths),
        cmocka_unit_test(bytes_that_are_not_text),
        cmocka_unit_test(times_of_lines_without_one),
        cmocka_unit_test(second_time),
        cmocka_unit_test(repeats),
        cmocka_unit_test(layouts_in_turn),
        cmocka_unit_test(rejects),
        cmocka_unit_test(hostile_braces),
        cmocka_unit_test(many_shapes),
        cmocka_unit_test(shapes_are_shared),
        cmocka_unit_test(counts_for_detection),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, state_make, state_free);
}
