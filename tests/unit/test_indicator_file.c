/* test_indicator_file.c - what each format of files hands out, and what it
 * reports. */
#include "query/indicator_file.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* All that happened, a line each: "LINE TYPE TEXT", "LINE! PROBLEM", "* NOTE".
 */
struct log {
    char text[4096];
    struct kura_indicator_entry last;
    char source[64], campaign[64], comment[64], tlp[16];
};

static void put(struct log *l, const char *line)
{
    size_t n = strlen(l->text);

    (void)snprintf(l->text + n, sizeof(l->text) - n, "%s\n", line);
}

static void keep(char *to, size_t room, const char *s)
{
    (void)snprintf(to, room, "%s", s != NULL ? s : "(null)");
}

static enum kura_rc on_entry(void *arg, const struct kura_indicator_entry *e,
                             struct kura_err *err)
{
    struct log *l = arg;
    char line[512];

    (void)err;
    (void)snprintf(line, sizeof(line), "%zu %s %.*s", e->line,
                   e->type != NULL ? kura_indicator_word(*e->type) : "?",
                   (int)e->size, e->text);
    put(l, line);
    l->last = *e;
    keep(l->source, sizeof(l->source), e->source);
    keep(l->campaign, sizeof(l->campaign), e->campaign);
    keep(l->comment, sizeof(l->comment), e->comment);
    keep(l->tlp, sizeof(l->tlp), e->tlp);
    return KURA_OK;
}

static void on_problem(void *arg, size_t line, const char *text)
{
    char all[512];

    (void)snprintf(all, sizeof(all), "%zu! %.*s", line, (int)strcspn(text, ":"),
                   text);
    put(arg, all);
}

static void on_note(void *arg, const char *text)
{
    char all[512];

    (void)snprintf(all, sizeof(all), "* %s", text);
    put(arg, all);
}

static struct log log_of(const char *data, enum kura_indicator_format format)
{
    struct log l;
    struct kura_indicator_file f = {data,       strlen(data), format, on_entry,
                                    on_problem, on_note,      &l};
    struct kura_err err = KURA_ERR_INIT;

    memset(&l, 0, sizeof(l));
    if (kura_indicator_file_read(&f, &err) != KURA_OK)
        put(&l, err.msg);
    return l;
}

static void check(const char *data, const char *wanted)
{
    struct log l = log_of(data, KURA_INDICATORS_GUESS);

    assert_string_equal(l.text, wanted);
}

static void check_day(int64_t us, const char *wanted)
{
    char day[KURA_DAY_TEXT];

    kura_day_format(kura_day_of(us), day);
    assert_string_equal(day, wanted);
}

static void test_text(void **state)
{
    (void)state;
    check("", "");
    check("\n\n# only\n", "");
    check("\xEF\xBB\xBF"
          "a.example\r\n\tb.example # why\r\n"
          "http://x.example/#frag\n  # c\nlast",
          "1 ? a.example\n2 ? b.example\n3 ? http://x.example/#frag\n"
          "5 ? last\n");
    check("127.0.0.1 localhost localhost.localdomain\n0.0.0.0 a.example "
          "b.example # x\n::1 ip6-localhost\n203.0.113.7\n",
          "2 domain a.example\n2 domain b.example\n4 ? 203.0.113.7\n");
}

static void test_csv(void **state)
{
    struct log l;

    (void)state;
    check("value\na.example\n", "2 ? a.example\n");
    check("comment,Type,Value\nx,domain,a.example\ny,sha256,00\nz,gun,b\n"
          "w,ip,\n",
          "2 domain a.example\n3 hash 00\n4! the type 'gun' is not "
          "understood\n5! there is no value\n");
    check("url;tags\n\"http://a.example/;b\";\"x;\"\"y\"\n",
          "2 url http://a.example/;b\n");
    check("ip\tport\n203.0.113.7\t80\n", "2 address 203.0.113.7\n");
    check("value,comment\n\"a.example\",\"two\nlines\"\n\nb.example,\n# c\n"
          "c.example",
          "2 ? a.example\n5 ? b.example\n7 ? c.example\n");
    /* MalwareBazaar: several values a row. */
    check("# first\n# \"first_seen_utc\",\"sha256_hash\",\"md5_hash\","
          "\"file_name\"\n\"2024-05-01 10:00:00\", \"aa\", \"bb\", \"n/a\"\n",
          "3 hash aa\n3 hash bb\n");
    l = log_of("indicator,type,confidence,tlp,malware,description,source,"
               "valid_from,valid_until\n"
               "a.example,domain,77,TLP:RED,PlugX,c2,CERT,2024-01-02,"
               "2025-03-04T05:06:07Z\n",
               KURA_INDICATORS_CSV);
    assert_string_equal(l.text, "2 domain a.example\n");
    assert_int_equal(l.last.confidence, 77);
    assert_string_equal(l.tlp, "red");
    assert_string_equal(l.campaign, "PlugX");
    assert_string_equal(l.comment, "c2");
    assert_string_equal(l.source, "CERT");
    check_day(l.last.first_seen, "2024-01-02");
    check_day(l.last.expires_at, "2025-03-04");
    l = log_of("value,confidence,expires\na.example,101,soon\n",
               KURA_INDICATORS_CSV);
    assert_string_equal(l.text, "2! '101' is no confidence from 0 to 100\n"
                                "2! 'soon' is no time\n2 ? a.example\n");
    assert_int_equal(l.last.confidence, -1);
    l = log_of("a,b\nc,d\n", KURA_INDICATORS_CSV);
    assert_non_null(strstr(l.text, "there is no header"));
}

#define STIX(pattern)                                                          \
    "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"id\":"        \
    "\"indicator--1\",\"pattern_type\":\"stix\",\"pattern\":\"" pattern        \
    "\"}]}"

static void test_stix_patterns(void **state)
{
    (void)state;
    check(STIX("[ipv4-addr:value = '203.0.113.7']"), "1 address 203.0.113.7\n");
    check(STIX("([domain-name:value='a.b' OR url:value = 'http://a.b/'] OR "
               "[email-addr:value = 'x@a.b'])"),
          "1 domain a.b\n1 url http://a.b/\n1 email x@a.b\n");
    check(STIX("[(file:name = 'it\\\\'s.exe') OR file:hashes.'SHA-256' = 'ab' "
               "or file:hashes.MD5 IN ('c', 'd')]"),
          "1 filename it's.exe\n1 hash ab\n1 hash c\n1 hash d\n");
    check(STIX("[ipv4-addr:value ISSUBSET '10.0.0.0/8']"),
          "1 address 10.0.0.0/8\n");
    check(STIX("[network-traffic:extensions.'http-request-ext'."
               "request_header.'User-Agent' = 'x']"),
          "1 useragent x\n");
    check(STIX("[email-message:subject = 's']"), "1 subject s\n");
    check(STIX("[user-account:account_login = 'u']"), "1 account u\n");
    /* Half of it would match what nobody meant. */
    check(STIX("[file:name = 'a' AND file:size = 1]"),
          "1! the pattern is not understood, it joins by AND\n");
    check(STIX("[domain-name:value = 'a'] AND [domain-name:value = 'b']"),
          "1! the pattern is not understood, observations in it are joined or "
          "qualified\n");
    check(STIX("[domain-name:value = 'a'] REPEATS 5 TIMES"),
          "1! the pattern is not understood, observations in it are joined or "
          "qualified\n");
    check(
        STIX("[domain-name:value LIKE 'a%']"),
        "1! the pattern is not understood, it compares otherwise than by =\n");
    check(STIX("[NOT domain-name:value = 'a']"),
          "1! the pattern is not understood, it names something that no log "
          "here has\n");
    check(STIX("[process:name = 'a']"),
          "1! the pattern is not understood, it names something that no log "
          "here has\n");
    check(STIX("[domain-name:value = 'a"),
          "1! the pattern is not understood, a text in it does not end\n");
    check(STIX("[(domain-name:value = 'a']"),
          "1! the pattern is not understood, its brackets do not match\n");
    check(
        STIX(""),
        "1! the pattern is not understood, it is no observation in brackets\n");
}

static void test_stix(void **state)
{
    struct log l = log_of(
        "{\"type\":\"bundle\",\"objects\":[\n"
        "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"name\":\"N\","
        "\"created_by_ref\":\"identity--1\",\"pattern_type\":\"stix\","
        "\"pattern\":\"[domain-name:value = 'a.b']\",\"confidence\":12,"
        "\"valid_from\":\"2024-01-02T00:00:00.000Z\",\"valid_until\":"
        "\"2025-01-02T00:00:00Z\",\"object_marking_refs\":[\"x\","
        "\"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed\"]},\n"
        "{\"type\":\"indicator\",\"id\":\"indicator--2\",\"revoked\":true,"
        "\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = 'c']\"},"
        "\n{\"type\":\"indicator\",\"id\":\"indicator--3\",\"pattern_type\":"
        "\"yara\",\"pattern\":\"rule\"},\n"
        "{\"type\":\"relationship\",\"relationship_type\":\"indicates\","
        "\"source_ref\":\"indicator--1\",\"target_ref\":\"malware--1\"},"
        "{\"type\":\"malware\",\"id\":\"malware--1\",\"name\":\"PlugX\"},"
        "{\"type\":\"identity\",\"id\":\"identity--1\",\"name\":\"CERT\"}]}",
        KURA_INDICATORS_GUESS);

    (void)state;
    assert_string_equal(l.text,
                        "2 domain a.b\n4! a pattern of type 'yara' is not "
                        "understood\n* 1 revoked indicator(s) left out\n"
                        "* 3 object(s) are no indicators\n");
    assert_string_equal(l.source, "CERT");
    assert_string_equal(l.campaign, "PlugX");
    assert_string_equal(l.comment, "N");
    assert_string_equal(l.tlp, "red");
    assert_int_equal(l.last.confidence, 12);
    check_day(l.last.first_seen, "2024-01-02");
    check_day(l.last.expires_at, "2025-01-02");
    check("{\"type\":\"bundle\"}", "a STIX bundle without a list of objects\n");
}

#define MISP(type, value)                                                      \
    "{\"Event\":{\"Attribute\":[{\"type\":\"" type "\",\"value\":\"" value     \
    "\",\"to_ids\":true}]}}"

static void test_misp_types(void **state)
{
    (void)state;
    check(MISP("ip-src", "1"), "1 address 1\n");
    check(MISP("ip-dst|port", "1|80"), "1 address 1\n");
    check(MISP("hostname", "h"), "1 domain h\n");
    check(MISP("domain|ip", "d|1"), "1 domain d\n1 address 1\n");
    check(MISP("url", "u|v"), "1 url u|v\n");
    check(MISP("uri", "u"), "1 url u\n");
    check(MISP("user-agent", "a"), "1 useragent a\n");
    check(MISP("email-src", "e"), "1 email e\n");
    check(MISP("email-dst", "e"), "1 email e\n");
    check(MISP("email-subject", "s|t"), "1 subject s|t\n");
    check(MISP("email-attachment", "f"), "1 filename f\n");
    check(MISP("filename", "f"), "1 filename f\n");
    check(MISP("filename|sha256", "f|00"), "1 filename f\n1 hash 00\n");
    check(MISP("md5", "0"), "1 hash 0\n");
    check(MISP("sha1", "0"), "1 hash 0\n");
    check(MISP("sha256", "0"), "1 hash 0\n");
    check(MISP("imphash", "0"),
          "1! an attribute of type 'imphash' is not understood\n");
}

static void test_misp(void **state)
{
    struct log l = log_of(
        "{\"response\":[{\"Event\":{\"info\":\"I\",\"Orgc\":{\"name\":\"O\"},"
        "\"Tag\":[{\"name\":\"x\"},{\"name\":\"tlp:green\"}],\"Attribute\":[\n"
        "{\"type\":\"domain\",\"value\":\"a\",\"to_ids\":false},\n"
        "{\"type\":\"domain\",\"value\":\"b\",\"to_ids\":true,\"deleted\":"
        "true}],\"Object\":[{\"Attribute\":[\n{\"type\":\"domain\",\"value\":"
        "\"c\",\"to_ids\":true,\"comment\":\"C\",\"timestamp\":\"1704153600\","
        "\"Tag\":[{\"name\":\"tlp:amber+strict\"}]}]}]}}]}",
        KURA_INDICATORS_GUESS);

    (void)state;
    assert_string_equal(l.text, "4 domain c\n* 2 attribute(s) that are not for "
                                "detection (to_ids) left out\n");
    assert_string_equal(l.source, "O");
    assert_string_equal(l.campaign, "I");
    assert_string_equal(l.comment, "C");
    assert_string_equal(l.tlp, "amber+strict");
    check_day(l.last.first_seen, "2024-01-02");
    l = log_of("{\"response\":{\"Attribute\":[{\"type\":\"domain\",\"value\":"
               "\"a\",\"to_ids\":\"1\",\"Event\":{\"info\":\"J\"}}]}}",
               KURA_INDICATORS_GUESS);
    assert_string_equal(l.text, "1 domain a\n");
    assert_string_equal(l.campaign, "J");
    l = log_of("{\"x\":1}", KURA_INDICATORS_GUESS);
    assert_non_null(strstr(l.text, "neither a STIX bundle nor a MISP event"));
    l = log_of("[]", KURA_INDICATORS_MISP);
    assert_non_null(strstr(l.text, "neither a STIX bundle nor a MISP event"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),          cmocka_unit_test(test_csv),
        cmocka_unit_test(test_stix_patterns), cmocka_unit_test(test_stix),
        cmocka_unit_test(test_misp_types),    cmocka_unit_test(test_misp)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
