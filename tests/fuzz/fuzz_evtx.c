/* Chunks of EVTX, whole and damaged: every byte of a record is read as what it
 * is or is told as lost, in order, and what a row's shape names can be had from
 * its cells. */
#include "base/text.h"
#include "ingest/event.h"
#include "ingest/evtx.h"
#include "store/schema.h"
#include "store/shape.h"
#include "tests/evtx_make.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 5000;

/* No stored integer lies beyond it (docs/format.md). */
#define INTEGER_MAX (INT64_C(1) << 62)

static struct kura_event *event;
static struct kura_evtx *evtx;
static struct kura_arena arena;
static const struct kura_schema *schema;

static void close_all(void)
{
    kura_evtx_free(evtx);
    kura_event_free(event);
    kura_arena_release(&arena);
}

static void open_all(void)
{
    if (evtx != NULL)
        return;
    FUZZ_CHECK(kura_schema_load(NULL) == KURA_OK);
    schema = kura_schema_find("windows");
    FUZZ_CHECK(kura_event_new(&event, NULL) == KURA_OK);
    FUZZ_CHECK(kura_evtx_new(event, &evtx, NULL) == KURA_OK);
    (void)atexit(close_all);
}

/* --- Seeds -----------------------------------------------------------------
 */

#define HEAD(id)                                                               \
    "<Event><System><Provider Name=\"Microsoft-Windows-Security-Auditing\" "   \
    "Guid=\"{54849625-5478-4994-A5BA-3E3B0328C30D}\"/><EventID>" id            \
    "</EventID><Version>0</Version><Level>0</Level><Task>12544</Task>"         \
    "<Opcode>0</Opcode><Keywords>0x8020000000000000</Keywords><TimeCreated "   \
    "SystemTime=\"2015-02-18T01:01:39.0901234Z\"/><EventRecordID>7"            \
    "</EventRecordID><Execution ProcessID=\"516\" ThreadID=\"1968\"/>"         \
    "<Channel>Security</Channel><Computer>dc1.example.com</Computer></System>"

static const char *const seeds[] = {
    HEAD("4624") "<EventData><Data Name=\"SubjectUserSid\">S-1-5-18</Data>"
                 "<Data Name=\"TargetUserName\">hanako</Data>"
                 "<Data Name=\"TargetLogonId\">0x3e7</Data>"
                 "<Data Name=\"LogonType\">3</Data>"
                 "<Data Name=\"LogonProcessName\">NtLmSsp </Data>"
                 "<Data Name=\"IpAddress\">::ffff:192.168.0.10</Data>"
                 "<Data Name=\"IpPort\">-</Data>"
                 "<Data Name=\"Other\">a&lt;b&gt;&amp;&quot;\\</Data>"
                 "</EventData></Event>" HEAD(
                     "4672") "<EventData><Data Name=\"PrivilegeList\">A\r\n\t"
                             "\tB</Data></EventData></Event>",
    HEAD("1102") "<UserData><LogFileCleared><SubjectUserName>taro"
                 "</SubjectUserName></LogFileCleared></UserData></Event>",
    HEAD("7045") "<EventData><Data>one</Data><Data>\xe4\xba\x8c</Data><Binary>"
                 "00FF</Binary></EventData></Event>",
    HEAD("4608") "</Event>"};

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    static struct evtx_make m;
    size_t i, n;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
        evtx_make_begin(&m);
        FUZZ_CHECK(evtx_make_xml(&m, seeds[i], strlen(seeds[i])));
        evtx_make_end(&m);
        /* The chunk, without the space behind its records. */
        for (n = m.file.len; n > 0 && m.file.data[n - 1] == '\0'; n--)
            continue;
        take(arg, m.file.data + 4096, n - 4096);
        evtx_make_release(&m);
    }
}

/* --- What must hold --------------------------------------------------------
 */

static const struct kura_cell *cell_of(const struct kura_evtx_record *r,
                                       int column)
{
    const struct kura_cell *found = NULL;
    size_t i;

    for (i = 0; i < r->count; i++) {
        if (r->cells[i].column != column)
            continue;
        FUZZ_CHECK(found == NULL);
        found = &r->cells[i];
    }
    return found;
}

static void check_cells(const struct kura_evtx_record *r)
{
    size_t i;

    for (i = 0; i < r->count; i++) {
        const struct kura_cell *c = &r->cells[i];

        FUZZ_CHECK(c->column >= KURA_CELL_SHAPE && c->column < schema->count);
        FUZZ_CHECK(cell_of(r, c->column) == c);
        if (c->column == KURA_CELL_SHAPE)
            continue;
        FUZZ_CHECK(schema->columns[c->column].function == NULL);
        if (schema->columns[c->column].type == KURA_TEXT)
            FUZZ_CHECK(c->text != NULL && c->size != 0 &&
                       kura_text_is_clean(c->text, c->size));
        else
            FUZZ_CHECK(c->text == NULL && c->number >= -INTEGER_MAX &&
                       c->number <= INTEGER_MAX);
    }
}

static void check_shape(const struct kura_evtx_record *r)
{
    const struct kura_cell *c = cell_of(r, KURA_CELL_SHAPE), *v;
    struct kura_shape shape;
    struct kura_buf out;
    size_t i;

    FUZZ_CHECK(c != NULL && c->text != NULL);
    FUZZ_CHECK(kura_shape_parse(c->text, c->size, &shape, NULL) == KURA_OK);
    kura_buf_init(&out, 1 << 24);
    for (i = 0; i < shape.count; i++) {
        const struct kura_shape_part *p = &shape.parts[i];

        if (p->literal != NULL || strcmp(p->column, "ts") == 0)
            continue;
        v = cell_of(r, kura_schema_column(schema, p->column));
        FUZZ_CHECK(v != NULL);
        kura_buf_reset(&out);
        if (v->text != NULL)
            FUZZ_CHECK(kura_render_text(v->text, v->size, &p->render, &out,
                                        NULL) == KURA_OK);
        else
            FUZZ_CHECK(p->render.member == 0 && p->render.escape == 0);
    }
    kura_buf_release(&out);
    kura_shape_release(&shape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct kura_evtx_record r;
    size_t last = 0;
    bool more = true;

    open_all();
    kura_evtx_begin(evtx, (const char *)data, n, 4096, 4096);
    for (;;) {
        FUZZ_CHECK(kura_evtx_next(evtx, &arena, &r, &more, NULL) == KURA_OK);
        if (!more)
            break;
        FUZZ_CHECK(r.start >= last && r.size != 0 && r.start + r.size <= n);
        FUZZ_CHECK(r.bytes == (const char *)data + r.start);
        last = r.start;
        if (r.why != NULL)
            continue;
        check_cells(&r);
        check_shape(&r);
    }
    kura_arena_reset(&arena);
    return 0;
}
