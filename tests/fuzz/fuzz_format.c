/* Format files: any YAML loads as a format whose samples hold, or is refused
 * with a message that names a line.
 *
 * This program has an embedded.h table of its own, in which the input is the
 * only format built in: so one file is read and not all of them each time. */
#define kura_embedded embedded_all
#include "embedded.c"
#undef kura_embedded

#include "ingest/format.h"
#include "store/schema.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 6000;

#define FOLDER "ingest/formats/"
#define NAME FOLDER "site.yaml"
#define TABLE_MAX 256

/* What the linker finds instead of the table that is generated. */
struct embedded_all kura_embedded[TABLE_MAX];

static const char small[] =
    "name: tester\ntable: proxy\nabout: lines of the tests\nfields:\n"
    "  ts: {time: [iso, epoch]}\n  _ts: {time: bsd}\n"
    "  elapsed_ms: {integer: true}\n  sc_status: {integer: true, null: \"-\"}\n"
    "  sc_bytes: {thousandths: true}\n  cs_username: {null: [\"-\", none]}\n"
    "macros:\n  word: '[^ ]++'\n"
    "patterns:\n  - name: full\n    regex: 'A (?<ts>{{word}}) "
    "(?<elapsed_ms> *[-+0-9]+) (?<c_uri>[^ }]*(?<cs_host>h[0-9]+)?)'\n"
    "    set: {cs_method: GET, dst_port: 443}\n"
    "  - name: fixed\n    regex: 'D (?<ts>[^ ]+) (?<sc_bytes>.*)'\n"
    "    literal: 'D '\n"
    "samples:\n  - line: 'A 2020-01-02T03:04:05Z 1 h1'\n    pattern: full\n"
    "    fields: {elapsed_ms: 1, cs_host: h1}\n"
    "  - line: 'D 2020-01-02T03:04:05Z 0.5'\n    pattern: fixed\n"
    "misses:\n  - 'E x'\n";

static int is_format(const struct embedded_all *e)
{
    return strncmp(e->path, FOLDER, strlen(FOLDER)) == 0 &&
           strcmp(e->path, FOLDER "common.yaml") != 0;
}

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    const struct embedded_all *e;
    int i;

    /* The small one often: a mutation of it meets more than samples. */
    for (i = 0; i < 12; i++)
        take(arg, small, sizeof(small) - 1);
    for (e = embedded_all; e->path != NULL; e++)
        if (is_format(e) && e->size < 9000)
            take(arg, e->text, e->size);
}

/* All but the formats, and the input. */
static void table_make(const char *text, size_t n)
{
    const struct embedded_all *e;
    int at = 0;

    for (e = embedded_all; e->path != NULL; e++) {
        FUZZ_CHECK(at < TABLE_MAX - 2);
        if (!is_format(e))
            kura_embedded[at++] = *e;
    }
    kura_embedded[at++] = (struct embedded_all){NAME, text, n};
    kura_embedded[at] = (struct embedded_all){NULL, NULL, 0};
}

/* A format shows with samples what it reads, unless that is binary; one that
 * reads lines has patterns. */
static int is_whole(const struct kura_format *f)
{
    if (f->reader == KURA_READER_EVTX)
        return f->npattern == 0;
    return f->nsample > 0 &&
           (f->npattern > 0) == (f->reader == KURA_READER_LINES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_formats *f = NULL;
    char *text = malloc(n + 1);
    enum kura_rc rc;

    FUZZ_CHECK(text != NULL);
    if (n != 0)
        memcpy(text, data, n);
    text[n] = '\0';
    table_make(text, n);
    FUZZ_CHECK(kura_schema_load(NULL) == KURA_OK);
    rc = kura_formats_load(NULL, &f, &err);
    FUZZ_CHECK(rc == KURA_OK || rc == KURA_EINPUT);
    if (rc == KURA_OK)
        FUZZ_CHECK(kura_formats_count(f) == 1 &&
                   is_whole(kura_formats_at(f, 0)));
    else
        FUZZ_CHECK(f == NULL && strstr(err.msg, NAME ":") == err.msg);
    kura_formats_free(f);
    free(text);
    return 0;
}
