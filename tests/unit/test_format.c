/* Which definitions load, and what their author is told when they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ingest/format.h"
#include "ingest/parse.h"

#include <unistd.h>

#define HEAD "name: tester\ntable: proxy\n"
#define FIELDS "fields:\n  ts: {time: iso}\n"
#define PATTERN                                                                \
    "patterns:\n  - name: one\n    regex: '(?<ts>[^ ]+) (?<src_ip>.*)'\n"
#define SAMPLE "samples:\n  - line: '2020-01-02T03:04:05Z 192.0.2.1'\n"

static enum kura_rc load(const char *common, const char *text,
                         struct kura_formats **out, struct kura_err *err)
{
    char dir[] = "/tmp/kura-format-XXXXXX";
    char names[2][64];
    const char *texts[2];
    enum kura_rc rc;
    int i;

    assert_non_null(mkdtemp(dir));
    (void)snprintf(names[0], sizeof(names[0]), "%s/common.yaml", dir);
    (void)snprintf(names[1], sizeof(names[1]), "%s/a.yaml", dir);
    texts[0] = common;
    texts[1] = text;
    for (i = 0; i < 2; i++) {
        FILE *f;

        if (texts[i] == NULL)
            continue;
        f = fopen(names[i], "w");
        assert_non_null(f);
        assert_true(fputs(texts[i], f) >= 0);
        assert_int_equal(fclose(f), 0);
    }
    rc = kura_formats_load(dir, out, err);
    (void)unlink(names[0]);
    (void)unlink(names[1]);
    assert_int_equal(rmdir(dir), 0);
    return rc;
}

/* Every message names the file; `where` is the line, `what` part of it. */
static void refused(const char *text, const char *where, const char *what)
{
    struct kura_formats *f = NULL;
    struct kura_err err = KURA_ERR_INIT;

    assert_int_equal(load(NULL, text, &f, &err), KURA_EINPUT);
    assert_null(f);
    if (strstr(err.msg, where) == NULL || strstr(err.msg, what) == NULL)
        fail_msg("expected '%s' and '%s' in: %s", where, what, err.msg);
}

static void loads(const char *common, const char *text)
{
    struct kura_formats *f = NULL;
    struct kura_err err = KURA_ERR_INIT;

    if (load(common, text, &f, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    assert_non_null(kura_formats_find(f, "tester"));
    kura_formats_free(f);
}

static void built_in_formats(void **state)
{
    struct kura_formats *f = NULL;
    struct kura_err err = KURA_ERR_INIT;
    int i;

    (void)state;
    if (kura_formats_load(NULL, &f, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    assert_true(kura_formats_count(f) > 0);
    for (i = 0; i < kura_formats_count(f); i++) {
        const struct kura_format *x = kura_formats_at(f, i);

        assert_string_equal(x->origin, "built in");
        /* No text is a sample of a binary format. */
        assert_true(x->nsample > 0 || x->reader == KURA_READER_EVTX);
        assert_ptr_equal(kura_formats_find(f, x->name), x);
        if (i > 0)
            assert_true(strcmp(kura_formats_at(f, i - 1)->name, x->name) < 0);
    }
    assert_null(kura_formats_find(f, "common"));
    assert_null(kura_formats_find(f, "no such format"));
    kura_formats_free(f);
    kura_formats_free(NULL);
}

static void missing_folder_is_none(void **state)
{
    struct kura_formats *f = NULL;
    struct kura_err err = KURA_ERR_INIT;

    (void)state;
    assert_int_equal(kura_formats_load("/nonexistent/formats", &f, &err),
                     KURA_OK);
    kura_formats_free(f);
}

static void site_overrides_built_in(void **state)
{
    struct kura_formats *f = NULL;
    struct kura_err err = KURA_ERR_INIT;
    const struct kura_format *x;

    (void)state;
    assert_int_equal(
        load(NULL, "name: squid-native\ntable: proxy\n" FIELDS PATTERN SAMPLE,
             &f, &err),
        KURA_OK);
    x = kura_formats_find(f, "squid-native");
    assert_non_null(x);
    assert_int_equal(x->npattern, 1);
    assert_non_null(strstr(x->origin, "a.yaml"));
    kura_formats_free(f);
}

static void good_definition(void **state)
{
    struct kura_formats *f = NULL;
    struct kura_err err = KURA_ERR_INIT;
    const struct kura_pattern *p;

    (void)state;
    if (load(NULL, HEAD FIELDS "  received_ts: {time: iso}\n" PATTERN SAMPLE,
             &f, &err) == KURA_OK)
        fail_msg("proxy has no column received_ts");
    err.rc = KURA_OK;
    assert_int_equal(
        load(NULL,
             HEAD FIELDS
             "patterns:\n"
             "  - name: one\n"
             "    regex: '(?<ts>[^ ]+) x+literal\\[?(?<c_uri>a(?<cs_host>b)?c)"
             "(?|(?<src_ip>1)|(?<src_ip>2))'\n"
             "samples:\n"
             "  - {line: '2020-01-02T03:04:05Z xliteralabc2', pattern: one,"
             " fields: {cs_host: b, c_uri: abc, src_ip: 2, dst_ip: null,"
             " time: '2020-01-02T03:04:05.000000Z'}}\n",
             &f, &err),
        KURA_OK);
    p = &kura_formats_find(f, "tester")->patterns[0];
    assert_int_equal(p->ts_group, 1);
    assert_int_equal(p->groups, 4);
    assert_false(p->fields[2].nested);
    assert_true(p->fields[3].nested);
    assert_false(p->fields[4].nested);
    /* The text that is always there: not the '[' nor the 'x'. */
    assert_int_equal(p->nkey, 1);
    assert_string_equal(kura_formats_find(f, "tester")->keys[p->keys[0]].text,
                        "literal");
    kura_formats_free(f);
}

/* A pattern is passed over by the texts that the fewest others hold. */
static void keys_tell_patterns_apart(void **state)
{
    struct kura_formats *f = NULL;
    struct kura_err err = KURA_ERR_INIT;
    const struct kura_format *x;

    (void)state;
    assert_int_equal(
        load(NULL,
             HEAD "patterns:\n"
                  "  - {name: a, regex: 'program: (?<src_ip>.)end'}\n"
                  "  - {name: b, regex: 'program: (?<src_ip>.)fin (?:x|y)'}\n"
                  "  - {name: c, regex: 'program: c|(?<src_ip>d)'}\n"
                  "samples:\n"
                  "  - {line: 'program: 1end', pattern: a}\n"
                  "  - {line: 'program: 1fin x', pattern: b}\n"
                  "  - {line: 'd', pattern: c}\n",
             &f, &err),
        KURA_OK);
    x = kura_formats_find(f, "tester");
    assert_non_null(x);
    assert_int_equal(x->patterns[0].nkey, 2);
    assert_string_equal(x->keys[x->patterns[0].keys[0]].text, "end");
    assert_string_equal(x->keys[x->patterns[0].keys[1]].text, "program: ");
    assert_string_equal(x->keys[x->patterns[1].keys[0]].text, "fin ");
    assert_int_equal(x->patterns[2].nkey, 0);
    kura_formats_free(f);
}

static void macros(void **state)
{
    (void)state;
    loads("macros:\n  rest: '(?<{{col}}>.*)'\n",
          HEAD FIELDS "macros: {col: src_ip}\n"
                      "patterns:\n  - {name: one, regex: '(?<ts>[^ ]+) "
                      "{{rest}}'}\n" SAMPLE);
    refused(HEAD FIELDS "patterns:\n  - name: one\n    regex: '{{no}}'\n",
            "a.yaml:7:", "unknown macro '{{no}}'");
    refused(HEAD "macros: {a: '{{b}}', b: '{{a}}'}\npatterns:\n"
                 "  - {name: one, regex: '{{a}}'}\n",
            "a.yaml:5:", "16 levels");
    refused(HEAD "patterns:\n  - {name: one, regex: 'x{{a'}\n",
            "a.yaml:4:", "without '}}'");
}

static void unknown_names(void **state)
{
    (void)state;
    refused(HEAD "colour: red\n", "a.yaml:3:", "unknown key 'colour'");
    refused("name: x\ntable: nosuch\n", "a.yaml:2:", "no table 'nosuch'");
    refused(HEAD "fields:\n  sorc_ip: {null: '-'}\n", "a.yaml:4:", "sorc_ip");
    refused(HEAD "fields: {ts: {time: french}}\n" PATTERN SAMPLE,
            "a.yaml:3:", "unknown time layout 'french'");
    refused(HEAD "fields: {ts: {tiem: iso}}\n" PATTERN SAMPLE,
            "a.yaml:3:", "unknown key 'tiem'");
    refused(HEAD "patterns:\n  - {name: one, regex: '(?<sorc_ip>.)'}\n",
            "a.yaml:4:", "a capture names 'sorc_ip'");
    refused(HEAD "patterns:\n  - {name: one, regex: '(?<time>.)'}\n",
            "a.yaml:4:", "computed");
    refused(HEAD "patterns:\n  - name: one\n    regex: x\n"
                 "    set: {nosuch: 1}\n",
            "a.yaml:6:", "nosuch");
    refused(HEAD FIELDS PATTERN "    derive: {cs_host: rot13(src_ip)}\n",
            "a.yaml:8:", "unknown function");
    refused(HEAD FIELDS PATTERN "    derive: {cs_host: extension(c_uri)}\n",
            "a.yaml:8:", "before pattern 'one' fills it");
    refused(HEAD FIELDS PATTERN SAMPLE "    fields: {sorc_ip: 1}\n",
            "a.yaml:10:", "sorc_ip");
    refused(HEAD FIELDS PATTERN "samples:\n  - {lien: x}\n",
            "a.yaml:9:", "unknown key 'lien'");
}

static void kinds_and_columns(void **state)
{
    (void)state;
    refused(HEAD "patterns:\n  - {name: one, regex: '(?<sc_status>.)'}\n",
            "a.yaml:4:", "is INTEGER");
    refused(HEAD "fields: {src_ip: {integer: true}}\npatterns:\n"
                 "  - {name: one, regex: '(?<src_ip>.)'}\n",
            "a.yaml:3:", "is TEXT");
    refused(HEAD "patterns:\n  - {name: one, regex: x, set: {sc_status: a}}\n",
            "a.yaml:4:", "INTEGER");
    refused(HEAD FIELDS PATTERN "    set: {src_ip: a}\n",
            "a.yaml:8:", "fills column 'src_ip' twice");
}

static void bad_patterns(void **state)
{
    (void)state;
    refused(HEAD "patterns:\n  - {name: one, regex: 'a)(?:b'}\n",
            "a.yaml:4:", "pattern 'one'");
    refused(HEAD "patterns:\n  - {name: one, regex: 'a(b)'}\n",
            "a.yaml:4:", "without a name");
    refused(HEAD "patterns:\n  - {name: one, regex: '(?i)ab'}\n",
            "a.yaml:4:", "formats do not use");
    refused(HEAD "patterns:\n  - {name: one, regex: '\\Qab'}\n",
            "a.yaml:4:", "pattern 'one'");
    refused(HEAD "patterns: []\n", "a.yaml:3:", "'patterns' must be a list");
    refused(HEAD, "a.yaml:1:", "'patterns' must be a list");
}

static void samples_teach(void **state)
{
    (void)state;
    refused(HEAD FIELDS PATTERN, "a.yaml:6:", "pattern 'one' has no sample");
    refused(HEAD FIELDS PATTERN "samples:\n  - line: 'none'\n", "a.yaml:9:",
            "is not taken: no pattern of the format matches\nsample: none\n"
            "hint: ");
    refused(HEAD FIELDS PATTERN "samples:\n  - line: '2020-99-01 x'\n",
            "a.yaml:9:", "not a real time");
    refused(HEAD FIELDS PATTERN SAMPLE "    fields: {src_ip: 192.0.2.9}\n",
            "a.yaml:10:",
            "expected '192.0.2.9', found '192.0.2.1'\nsample: 2020-01-02");
    refused(HEAD FIELDS PATTERN SAMPLE "    fields: {src_ip: null}\n",
            "a.yaml:10:", "expected NULL, found '192.0.2.1'");
    refused(HEAD FIELDS PATTERN SAMPLE "    fields: {cs_host: a}\n",
            "a.yaml:10:", "expected 'a', found NULL");
    refused(HEAD FIELDS PATTERN
            "  - {name: two, regex: '(?<ts>[^ ]+) (?<cs_host>.*)'}\n" SAMPLE
            "    pattern: two\n",
            "a.yaml:10:", "expected 'two', found 'one'");
    refused(HEAD FIELDS PATTERN SAMPLE "misses: ['2020-01-02T03:04:05Z x']\n",
            "a.yaml:10:", "pattern 'one' takes a line");
    /* A literal that its own sample lacks. */
    refused(HEAD FIELDS PATTERN "    literal: zzz\n" SAMPLE,
            "a.yaml:10:", "is not taken");
}

static void broken_yaml(void **state)
{
    (void)state;
    refused("a: [1\n", "a.yaml", ":");
    refused("", "a.yaml", "empty");
    refused("- 1\n", "a.yaml:1:", "must be a map");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_formats),
        cmocka_unit_test(missing_folder_is_none),
        cmocka_unit_test(site_overrides_built_in),
        cmocka_unit_test(good_definition),
        cmocka_unit_test(keys_tell_patterns_apart),
        cmocka_unit_test(macros),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(kinds_and_columns),
        cmocka_unit_test(bad_patterns),
        cmocka_unit_test(samples_teach),
        cmocka_unit_test(broken_yaml),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
