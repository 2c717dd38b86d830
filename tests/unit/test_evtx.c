/* test_evtx.c - types of values, XML without a template, and hostile chunks:
 * what tests with whole files (tests/cli/windows.t) do not reach. */
#include "ingest/event.h"
#include "ingest/evtx.h"
#include "store/schema.h"
#include "tests/evtx_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct evtx_make m;
static struct kura_event *event;
static struct kura_evtx *evtx;
static struct kura_arena arena;

static int open_all(void **state)
{
    (void)state;
    assert_int_equal(kura_schema_load(NULL), KURA_OK);
    assert_int_equal(kura_event_new(&event, NULL), KURA_OK);
    assert_int_equal(kura_evtx_new(event, &evtx, NULL), KURA_OK);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    kura_evtx_free(evtx);
    kura_event_free(event);
    kura_arena_release(&arena);
    return 0;
}

/* --- Records by hand -------------------------------------------------------
 */

static void system_set(const char *name, const char *text)
{
    size_t i;

    for (i = 0; i < EVTX_SYSTEM_VALUES; i++)
        if (strcmp(evtx_system_names[i], name) == 0) {
            kura_buf_reset(&m.of_system[i]);
            evtx_put(&m.of_system[i], text, strlen(text));
        }
}

static void begin(void)
{
    size_t i;

    kura_arena_reset(&arena);
    evtx_make_begin(&m);
    for (i = 0; i < EVTX_SYSTEM_VALUES; i++)
        kura_buf_reset(&m.of_system[i]);
    system_set("Provider_Name", "test");
    system_set("EventID", "1");
    system_set("TimeCreated_SystemTime", "2015-02-18T01:01:39.0901234Z");
    system_set("Channel", "Security");
    system_set("Computer", "dc1");
    evtx_chunk_begin(&m);
}

static size_t record_begin(void)
{
    size_t start = m.file.len;

    evtx_put_n(&m.file, 0x2A2A, 4);
    evtx_put_n(&m.file, 0, 4);
    evtx_put_n(&m.file, ++m.records, 8);
    evtx_put_n(&m.file, UINT64_C(130687128990901234), 8);
    return start;
}

static void record_end(size_t start)
{
    while ((m.file.len - start) % 8 != 4)
        evtx_put_n(&m.file, 0, 1);
    evtx_put_n(&m.file, m.file.len - start + 4, 4);
    evtx_set_n(&m.file, start + 4, m.file.len - start, 4);
}

/* Reads what was made; the first record, and how many there are of each. */
static struct kura_evtx_record read_all(size_t *good, size_t *lost)
{
    struct kura_evtx_record r, first = {0};
    bool more;

    evtx_make_end(&m);
    kura_evtx_begin(evtx, m.file.data, m.file.len, 0, KURA_EVTX_HEADER);
    *good = *lost = 0;
    for (;;) {
        assert_int_equal(kura_evtx_next(evtx, &arena, &r, &more, NULL),
                         KURA_OK);
        if (!more)
            break;
        if (*good + *lost == 0)
            first = r;
        *(r.why == NULL ? good : lost) += 1;
    }
    return first;
}

static const char *column_text(const struct kura_evtx_record *r,
                               const char *name)
{
    static char text[8192];
    int column = kura_schema_column(kura_schema_find("windows"), name);
    size_t i;

    if (strcmp(name, "shape") == 0)
        column = KURA_CELL_SHAPE;
    for (i = 0; i < r->count; i++) {
        const struct kura_cell *c = &r->cells[i];

        if (c->column != column)
            continue;
        if (c->text == NULL)
            (void)snprintf(text, sizeof(text), "%lld", (long long)c->number);
        else
            (void)snprintf(text, sizeof(text), "%.*s", (int)c->size, c->text);
        return text;
    }
    return "NULL";
}

/* A record with one value in EventData, of any type. */
static void typed(const char *name, unsigned type, const void *p, size_t n)
{
    size_t start = record_begin(), nested, inner;
    char key[200];

    evtx_put_instance(&m, "event", true);
    evtx_put_values(&m, true, &nested);
    evtx_copy(m.section, sizeof(m.section), "EventData");
    m.inner[0] = '\0';
    m.nvalue = 1;
    evtx_copy(m.values[0].name, sizeof(m.values[0].name), name);
    m.values[0].unnamed = strcmp(name, "Data") == 0;
    (void)snprintf(key, sizeof(key), "%s", name);
    inner = m.file.len;
    evtx_put_instance(&m, key, false);
    evtx_put_n(&m.file, 1, 4);
    evtx_put_n(&m.file, n, 2);
    evtx_put_n(&m.file, type, 2);
    evtx_put(&m.file, p, n);
    evtx_set_n(&m.file, nested, m.file.len - inner, 2);
    evtx_set_n(&m.file, nested + 2, 0x21, 1);
    record_end(start);
}

static void value_is(const char *name, unsigned type, const void *p, size_t n,
                     const char *column, const char *want)
{
    struct kura_evtx_record r;
    size_t good, lost;

    begin();
    typed(name, type, p, n);
    r = read_all(&good, &lost);
    assert_int_equal(good, 1);
    assert_int_equal(lost, 0);
    assert_string_equal(column_text(&r, column), want);
    evtx_make_release(&m);
}

/* --- Types -----------------------------------------------------------------
 */

#define DATA_IS(type, bytes, want)                                             \
    value_is("V", type, bytes, sizeof(bytes) - 1, "data",                      \
             "{\"V\":\"" want "\"}")

static void types_of_values(void **state)
{
    (void)state;
    DATA_IS(1, "a\0b\0\0\0", "ab");
    DATA_IS(1, "\x3d\xd8\x00\xde", "\xf0\x9f\x98\x80");
    DATA_IS(1, "\x3d\xd8x\0", "\\ufffd\\ufffd\\ufffdx");
    DATA_IS(2, "abc\0", "abc");
    DATA_IS(3, "\xff", "-1");
    DATA_IS(4, "\xff", "255");
    DATA_IS(5, "\xfe\xff", "-2");
    DATA_IS(6, "\xfe\xff", "65534");
    DATA_IS(7, "\xfd\xff\xff\xff", "-3");
    DATA_IS(8, "\xfd\xff\xff\xff", "4294967293");
    DATA_IS(9, "\xff\xff\xff\xff\xff\xff\xff\xff", "-1");
    DATA_IS(10, "\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615");
    DATA_IS(11, "\0\0\xc0\x3f", "1.5");
    DATA_IS(12, "\0\0\0\0\0\0\xf8\xbf", "-1.5");
    DATA_IS(13, "\x01\0\0\0", "true");
    DATA_IS(13, "\0\0\0\0", "false");
    DATA_IS(14, "\x00\xab\xff", "00ABFF");
    DATA_IS(15,
            "\x25\x96\x84\x54\x78\x54\x94\x49\xa5\xba\x3e\x3b\x03\x28\xc3\x0d",
            "{54849625-5478-4994-A5BA-3E3B0328C30D}");
    DATA_IS(16, "\x10\0\0\0\0\0\0\0", "0x10");
    DATA_IS(17, "\xf2\xdb\x61\x73\x16\x4b\xd0\x01",
            "2015-02-18T01:01:39.0901234Z");
    DATA_IS(18,
            "\xdf\x07\x02\x00\x03\x00\x12\x00\x01\x00\x01\x00\x27\x00\x5a\x00",
            "2015-02-18T01:01:39.090Z");
    DATA_IS(19, "\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0", "S-1-5-32-544");
    DATA_IS(20, "\x6d\0\0\xc0", "0xc000006d");
    DATA_IS(21, "\xe7\x03\0\0\0\0\0\0", "0x3e7");
    /* What is not as its type says is shown as bytes. */
    DATA_IS(15, "\x01\x02", "0102");
    DATA_IS(19, "\x01\x0f\0\0\0\0\0\x05\x20\0\0\0", "010F00000000000520000000");
    DATA_IS(18,
            "\xdf\x07\x0d\x00\x03\x00\x12\x00\x01\x00\x01\x00\x27\x00\x5a\x00",
            "DF070D0003001200010001002700"
            "5A00");
    DATA_IS(99, "\x01\x02", "0102");
}

static void lists(void **state)
{
    (void)state;
    value_is("Data", 0x81, "a\0\0\0b\0c\0\0\0", 10, "data",
             "{\"param1\":\"a\",\"param2\":\"bc\"}");
    value_is("Data", 0x88, "\x01\0\0\0\x02\0\0\0", 8, "data",
             "{\"param1\":\"1\",\"param2\":\"2\"}");
    value_is("Data", 0x81, "a\0\0\0b\0c\0\0\0", 10, "shape",
             "<Event "
             "xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">"
             "<System><Provider Name=\"{Provider_Name}\"/><EventID>{EventID}"
             "</EventID><Version></Version><Level></Level><Task></Task><Opcode>"
             "</Opcode><Keywords></Keywords><TimeCreated "
             "SystemTime=\"{ts:plaint.6}4Z\"/><EventRecordID></EventRecordID>"
             "<Correlation/><Execution/><Channel>{Channel}</Channel><Computer>"
             "{Computer}</Computer><Security/></System><EventData><Data>"
             "{data:m1}</Data><Data>{data:m2}</Data></EventData></Event>");
}

static void columns_of_values(void **state)
{
    (void)state;
    value_is("LogonType", 8, "\x0a\0\0\0", 4, "LogonType", "10");
    value_is("LogonType", 1, "3\0", 2, "LogonType", "3");
    value_is("LogonType", 1, "-\0", 2, "LogonType", "NULL");
    value_is("LogonType", 1, "x\0", 2, "data", "{\"LogonType\":\"x\"}");
    value_is("PrivilegeList", 1, " \0A\0\n\0\t\0\t\0B\0 \0", 14,
             "PrivilegeList", "A B");
    value_is("IpAddress", 1,
             ":\0:\0f\0f\0f\0f\0:\0"
             "1\0.\0"
             "2\0.\0"
             "3\0.\0"
             "4\0",
             28, "src_ip", "1.2.3.4");
    /* A value of EventData is no column of System or of kura. */
    value_is("Computer", 1, "x\0", 2, "Computer", "dc1");
    value_is("ts", 1, "x\0", 2, "data", "{\"ts\":\"x\"}");
    value_is("src_ip", 1, "x\0", 2, "src_ip", "NULL");
}

/* --- XML without a template, as event forwarding writes it ------------------
 */

static void plain_open(const char *name)
{
    evtx_put_n(&m.file, 0x01, 1);
    evtx_put_n(&m.file, 0, 4);
    evtx_put_name(&m, name);
    evtx_put_n(&m.file, 0x02, 1);
}

static void plain_text(const char *name, const char *text)
{
    plain_open(name);
    evtx_put_constant(&m, text);
    evtx_put_n(&m.file, 0x04, 1);
}

static void without_template(void **state)
{
    struct kura_evtx_record r;
    size_t good, lost, start;

    (void)state;
    begin();
    start = record_begin();
    evtx_put_n(&m.file, 0x0001010F, 4);
    plain_open("Event");
    plain_open("System");
    plain_text("EventID", "4624");
    plain_text("Channel", "Security");
    plain_text("Computer", "dc1");
    evtx_put_n(&m.file, 0x04, 1);
    plain_open("EventData");
    plain_text("Data", "a<b");
    evtx_put_n(&m.file, 0x04, 1);
    evtx_put_n(&m.file, 0x04, 1);
    evtx_put_n(&m.file, 0, 1);
    record_end(start);
    r = read_all(&good, &lost);
    assert_int_equal(good, 1);
    assert_int_equal(lost, 0);
    assert_string_equal(column_text(&r, "EventID"), "4624");
    assert_string_equal(column_text(&r, "data"), "{\"param1\":\"a<b\"}");
    assert_string_equal(column_text(&r, "shape"),
                        "<Event><System><EventID>{EventID}</EventID><Channel>"
                        "{Channel}</Channel><Computer>{Computer}</Computer>"
                        "</System><EventData><Data>{data:m1.xml}</Data>"
                        "</EventData></Event>");
    /* Without a time of its own the record's counts. */
    assert_true(r.ts == INT64_C(1424239299090123));
    evtx_make_release(&m);
}

/* --- Hostile ---------------------------------------------------------------
 */

static void is_lost(const char *why)
{
    struct kura_evtx_record r;
    size_t good, lost;

    r = read_all(&good, &lost);
    assert_int_equal(good, 0);
    assert_int_equal(lost, 1);
    assert_non_null(r.why);
    if (strstr(r.why, why) == NULL)
        fail_msg("%s", r.why);
    evtx_make_release(&m);
}

/* Each value is XML that has a value that is XML ... */
static void nested_values(void **state)
{
    size_t start, at[64], i;

    (void)state;
    begin();
    evtx_copy(m.section, sizeof(m.section), "EventData");
    m.nvalue = 1;
    evtx_copy(m.values[0].name, sizeof(m.values[0].name), "V");
    start = record_begin();
    for (i = 0; i < 64; i++) {
        evtx_put_instance(&m, "nested", false);
        evtx_put_n(&m.file, 1, 4);
        at[i] = m.file.len;
        evtx_put_n(&m.file, 0, 2);
        evtx_put_n(&m.file, 0x21, 2);
    }
    for (i = 0; i < 64; i++)
        evtx_set_n(&m.file, at[i], m.file.len - at[i] - 4, 2);
    record_end(start);
    is_lost("nested too deep");
}

static void nested_elements(void **state)
{
    size_t start, i;

    (void)state;
    begin();
    start = record_begin();
    for (i = 0; i < 40; i++)
        plain_open("Event");
    record_end(start);
    is_lost("nested too deep");
}

static void too_many_values(void **state)
{
    size_t start;

    (void)state;
    begin();
    start = record_begin();
    evtx_put_instance(&m, "event", true);
    evtx_put_n(&m.file, UINT32_MAX, 4);
    record_end(start);
    is_lost("values are cut short");
}

/* One long value, in thousands of places. */
static void long_value(void **state)
{
    size_t start, size, i;
    struct kura_buf *f = &m.file;

    (void)state;
    begin();
    start = record_begin();
    evtx_put_n(f, 0x0001010F, 4);
    evtx_put_n(f, 0x0C, 1);
    evtx_put_n(f, 1, 1);
    evtx_put_n(f, 7, 4);
    evtx_put_n(f, evtx_here(&m) + 4, 4);
    for (i = 0; i < 20; i++)
        evtx_put_n(f, 0, 1);
    size = f->len;
    evtx_put_n(f, 0, 4);
    evtx_put_n(f, 0x0001010F, 4);
    (void)evtx_put_open(&m, "Event", false);
    evtx_put_n(f, 0x02, 1);
    (void)evtx_put_open(&m, "EventData", false);
    evtx_put_n(f, 0x02, 1);
    for (i = 0; i < 500; i++) {
        (void)evtx_put_open(&m, "Data", false);
        evtx_put_n(f, 0x02, 1);
        evtx_put_hole(&m, 0, 1);
        evtx_put_n(f, 0x04, 1);
    }
    evtx_put_n(f, 0x0404, 2);
    evtx_put_n(f, 0, 1);
    evtx_end_size(&m, size);
    evtx_put_n(f, 1, 4);
    evtx_put_n(f, 40000, 2);
    evtx_put_n(f, 1, 2);
    for (i = 0; i < 10000; i++)
        evtx_put_n(f, 0x00410041, 4);
    record_end(start);
    is_lost("too much work");
}

static void bad_tokens(void **state)
{
    size_t start;

    (void)state;
    begin();
    start = record_begin();
    evtx_put_n(&m.file, 0x0001010F, 4);
    evtx_put_n(&m.file, 0x3F, 1);
    record_end(start);
    is_lost("token");
    begin();
    start = record_begin();
    evtx_put_n(&m.file, 0x0C, 1);
    evtx_put_n(&m.file, 1, 1);
    evtx_put_n(&m.file, 7, 4);
    evtx_put_n(&m.file, 65530, 4);
    evtx_put_n(&m.file, 0, 4);
    record_end(start);
    is_lost("template is damaged");
    begin();
    start = record_begin();
    evtx_put_n(&m.file, 0x01, 1);
    evtx_put_n(&m.file, 0, 4);
    evtx_put_n(&m.file, 65530, 4);
    record_end(start);
    is_lost("outside of its chunk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_values),   cmocka_unit_test(lists),
        cmocka_unit_test(columns_of_values), cmocka_unit_test(without_template),
        cmocka_unit_test(nested_values),     cmocka_unit_test(nested_elements),
        cmocka_unit_test(too_many_values),   cmocka_unit_test(long_value),
        cmocka_unit_test(bad_tokens),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
