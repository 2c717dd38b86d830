/* test_manifest.c - the manifest comes back as it was written, and whatever a
 * stranger may have changed in it is refused with the place. */
#include "archive/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define ID_A "00112233445566778899aabbccddeeff"
#define ID_B "ffeeddccbbaa99887766554433221100"
#define ID_C "0123456789abcdef0123456789abcdef"
#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DAY 16436 /* 2015-01-01 */

static char member_0[] = "dns/2015-01-01.db.zst";
static char member_1[] = "dns/2015-01-02.3.db.zst";
static char none[] = "", replaced[] = ID_B " " ID_C;
static char key[] = "inode-1", key_2[] = "inode-2";
static char file[] = "/var/log/\"q\" \\ \xe8\x94\xb5\xe2\x80\xae.log";
static char name[] = "2015Q1/dns-2015-01.tar", version[] = "0.1.0";

static struct kura_manifest_source sources[2];
static struct kura_manifest_member members[2];
static struct kura_manifest m;

static int fill(void **state)
{
    (void)state;
    memset(sources, 0, sizeof(sources));
    memset(members, 0, sizeof(members));
    sources[0].key = key;
    sources[0].name = file;
    sources[0].held_bytes = INT64_C(9007199254740993); /* no double holds it */
    sources[0].held_lines = 7;
    memcpy(sources[0].held_sha256, SUM, sizeof(SUM));
    sources[0].rows = 5;
    sources[0].bytes = 500;
    sources[0].first_ts = DAY * INT64_C(86400000000);
    sources[0].last_ts = sources[0].first_ts + 1;
    sources[0].hours[0] = 2;
    sources[0].hours[23] = 3;
    sources[1].key = key_2;
    sources[1].name = file;
    memcpy(members[0].id, ID_A, 33);
    members[0].name = member_0;
    members[0].replaces = replaced;
    members[0].day = DAY;
    members[0].rows = 5;
    members[0].bytes = 500;
    members[0].first_ts = sources[0].first_ts;
    members[0].last_ts = sources[0].last_ts;
    members[0].size = 1000;
    members[0].plain_size = 65536;
    memcpy(members[0].sha256, SUM, sizeof(SUM));
    members[0].sources = sources;
    members[0].source_count = 2;
    members[1] = members[0];
    memcpy(members[1].id, ID_B, 33);
    members[1].name = member_1;
    members[1].replaces = none;
    members[1].day = DAY + 1;
    members[1].rows = 0;
    members[1].sources = NULL;
    members[1].source_count = 0;
    memcpy(m.id, ID_C, 33);
    m.name = name;
    m.schema = kura_schema_find("dns");
    m.kura = version;
    m.made_us = INT64_C(1430000000000000);
    m.first_day = DAY;
    m.last_day = DAY + 30;
    m.members = members;
    m.member_count = 2;
    return 0;
}

static char *write_it(void)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf out;

    kura_buf_init(&out, KURA_MANIFEST_MAX);
    if (kura_manifest_write(&m, &out, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    return out.data; /* one malloc: the caller frees it */
}

static void test_round_trip(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_manifest got;
    char *json = write_it(), *again;

    (void)state;
    if (kura_manifest_read("v.tar", json, strlen(json), &got, &err) != KURA_OK)
        fail_msg("%s\n%s", err.msg, json);
    assert_string_equal(got.name, name);
    assert_ptr_equal(got.schema, m.schema);
    assert_int_equal(got.made_us, m.made_us);
    assert_int_equal(got.first_day, DAY);
    assert_int_equal(got.last_day, DAY + 30);
    assert_int_equal(got.member_count, 2);
    assert_string_equal(got.members[0].replaces, replaced);
    assert_int_equal(got.members[0].source_count, 2);
    assert_string_equal(got.members[0].sources[0].name, file);
    assert_int_equal(got.members[0].sources[0].held_bytes,
                     INT64_C(9007199254740993));
    assert_int_equal(got.members[0].sources[0].hours[23], 3);
    assert_string_equal(got.members[0].sources[1].held_sha256, "");
    /* All the rest: written again it is the same text. */
    m = got;
    again = write_it();
    assert_string_equal(again, json);
    free(again);
    kura_manifest_release(&m);
    free(json);
}

static void test_for_readers(void **state)
{
    char *json = write_it();

    (void)state;
    assert_non_null(strstr(json, "\"schema_version\": 1"));
    assert_non_null(strstr(json, "{\"name\": \"ts\", \"type\": \"integer\""));
    assert_non_null(strstr(json, "\"about\": \"name asked for\""));
    assert_null(strstr(json, "\xe2\x80\xae")); /* turns text around */
    assert_non_null(strstr(json, "\\u202e"));
    free(json);
}

/* `from` (which must be there) replaced by `to`, then read. */
static void refuse(const char *from, const char *to, const char *words)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_manifest got;
    char *json = write_it(), *at = strstr(json, from), *changed;
    size_t size = strlen(json) + strlen(to) + 1;

    if (at == NULL)
        fail_msg("no %s in %s", from, json);
    changed = malloc(size);
    assert_non_null(changed);
    (void)snprintf(changed, size, "%.*s%s%s", (int)(at - json), json, to,
                   at + strlen(from));
    if (kura_manifest_read("v.tar", changed, strlen(changed), &got, &err) ==
        KURA_OK)
        fail_msg("taken: %s instead of %s", to, from);
    if (strstr(err.msg, words) == NULL || strstr(err.msg, "v.tar") == NULL)
        fail_msg("'%s' does not say '%s'", err.msg, words);
    free(changed);
    free(json);
}

static void test_names(void **state)
{
    static const char *const bad[] = {
        "/dns/2015-01-01.db.zst",
        "../dns/2015-01-01.db.zst",
        "dns/../2015-01-01.db.zst",
        "proxy/2015-01-01.db.zst",
        "dns/2015-01-02.db.zst",
        "dns/2015-01-01.db",
        "dns/2015-01-01.x.db.zst",
        "dns/2015-01-01..db.zst",
        "dns/2015-01-01.01.db.zst",
        "dns/2015-01-01.db.zst/",
        "dns/2015-01-01.db.zst\\u0001",
        "dns//2015-01-01.db.zst",
        "dns/2015-01-01.1234567890.db.zst",
        "",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuse(member_0, bad[i], "$.members[0].name");
    refuse(name, "../x.tar", "$.name");
    refuse(name, "/x.tar", "$.name");
    refuse(name, "a/../x.tar", "$.name");
    refuse(name, "a/;rm.tar", "$.name");
}

static void test_values(void **state)
{
    (void)state;
    refuse("\"id\": \"" ID_C, "\"id\": \"G", "$.id");
    refuse("\"id\": \"" ID_A, "\"id\": \"" ID_A "0", "$.members[0].id");
    refuse("\"id\": \"" ID_A, "\"id\": \"0011", "$.members[0].id");
    refuse(ID_B " " ID_C, ID_B "  " ID_C, "replaces");
    refuse(ID_B " " ID_C, ID_B " ", "replaces");
    refuse(ID_B " " ID_C, ID_A, "replaces");
    refuse("2015-01-01\",", "2015-02-30\",", "first_day");
    refuse("2015-01-31", "2014-12-31", "first_day is after");
    refuse("\"day\": \"2015-01-01", "\"day\": \"2015-02-01",
           "$.members[0].day");
    refuse("\"size\": 1000", "\"size\": 0", "$.members[0].size");
    refuse("\"size\": 1000", "\"size\": -1", "$.members[0].size");
    refuse("\"size\": 1000", "\"size\": 1e3", "$.members[0].size");
    refuse("\"size\": 1000", "\"size\": \"1000\"", "$.members[0].size");
    refuse("\"size\": 1000", "\"size\": true", "$.members[0].size");
    refuse("\"size\": 1000", "\"size\": 9223372036854775808",
           "$.members[0].size");
    refuse("\"size\": 1000, ", "", "$.members[0].size is missing");
    refuse("\"size\": 1000", "\"size\": 1000, \"size\": 2000",
           "$.members[0].size is there twice");
    refuse("\"plain_size\": 65536", "\"plain_size\": 0", "plain_size");
    refuse("\"sha256\": \"0", "\"sha256\": \"A", "sha256");
    refuse("\"rows\": 5", "\"rows\": -5", "rows");
    refuse("\"rows\": 5", "\"rows\": 4", "$.members[0].sources[0].rows");
    refuse("\"first_ts\": 14", "\"first_ts\": 94", "first_ts is after");
    refuse("[2, 0", "[3, 0", "$.members[0].sources[0].hours have 6 rows");
    refuse("[2, 0", "[2", "hours are not 24");
    refuse("[2, 0", "[2, 0, 0", "hours are not 24");
    refuse("[2, 0", "[-2, 0", "hours[0] is negative");
    refuse("[2, 0", "[{}, 0", "hours are not 24");
    refuse("\"held_bytes\": 9", "\"held_bytes\": -9", "held_bytes");
    refuse("\"key\": \"inode-1", "\"key\": \"", "sources[0].key");
    refuse("\"key\": \"inode-1", "\"key\": \"a\\u0007", "sources[0].key");
    refuse("\"key\": \"inode-2", "\"key\": \"inode-1",
           "source 'inode-1' is there twice");
}

static void test_forms(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_manifest got;

    (void)state;
    refuse("\"schema_version\": 1", "\"schema_version\": 2", "newer kura");
    refuse("\"schema_version\": 1", "\"schema_version\": 0", "schema_version");
    refuse("\"table\": \"dns\"", "\"table\": \"cheese\"", "'cheese'");
    refuse("]}\n", "", "v.tar");
    refuse("]}\n", "]} x", "v.tar");
    refuse("\"members\": [", "\"members\": [7, ", "$.members[0] is not an obj");
    refuse("\"members\": [", "\"members\": {}, \"x\": [",
           "members is not an array");
    refuse("\"members\": [", "\"members\": [], \"x\": [", "members are 0");
    refuse("\"members\"", "\"m\"", "$.members is missing");
    assert_int_equal(kura_manifest_read("v", "", 0, &got, &err), KURA_ECORRUPT);
    assert_int_equal(kura_manifest_read("v", "[]", 2, &got, NULL),
                     KURA_ECORRUPT);
    assert_int_equal(kura_manifest_read("v", "{}\0{}", 5, &got, NULL),
                     KURA_ECORRUPT);
}

static void test_depth(void **state)
{
    size_t n = 1u << 20;
    char *json = malloc(n);
    struct kura_manifest got;

    (void)state;
    assert_non_null(json);
    memset(json, '[', n);
    memcpy(json, "{\"a\":", 5);
    assert_int_equal(kura_manifest_read("v", json, n, &got, NULL),
                     KURA_ECORRUPT);
    free(json);
}

static void test_twice(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf out;

    (void)state;
    kura_buf_init(&out, KURA_MANIFEST_MAX);
    members[1] = members[0];
    memcpy(members[1].id, ID_C, 33);
    members[1].replaces = none;
    assert_int_equal(kura_manifest_write(&m, &out, &err), KURA_ECORRUPT);
    assert_non_null(strstr(err.msg, "member 'dns/2015-01-01.db.zst' is there"));
    members[1].name = member_1;
    members[1].day++;
    memcpy(members[1].id, ID_A, 33);
    assert_int_equal(kura_manifest_write(&m, &out, NULL), KURA_ECORRUPT);
    kura_buf_release(&out);
}

/* Any byte changed: refused or read, never a crash (run under asan). */
static void test_any_byte(void **state)
{
    char *json = write_it(), was;
    struct kura_manifest got;
    size_t n = strlen(json), i;

    (void)state;
    for (i = 0; i < n; i++) {
        was = json[i];
        json[i] = (char)(was ^ (1 << i % 7));
        if (kura_manifest_read("v", json, n, &got, NULL) == KURA_OK)
            kura_manifest_release(&got);
        json[i] = was;
        if (i % 16 == 0)
            assert_int_not_equal(kura_manifest_read("v", json, i, &got, NULL),
                                 KURA_OK);
    }
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_round_trip, fill),
        cmocka_unit_test_setup(test_for_readers, fill),
        cmocka_unit_test_setup(test_names, fill),
        cmocka_unit_test_setup(test_values, fill),
        cmocka_unit_test_setup(test_forms, fill),
        cmocka_unit_test_setup(test_depth, fill),
        cmocka_unit_test_setup(test_twice, fill),
        cmocka_unit_test_setup(test_any_byte, fill),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (kura_schema_load(NULL) != KURA_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
