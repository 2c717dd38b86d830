/* test_case_indicator.c - indicators in case.db: once each, updated, removed;
 * hits that are new once, whatever becomes of their partitions. */
#include "query/warning_list.h"
#include "store/case_indicator.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[32];
static struct kura_casefile *c;

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/kura_test_XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(kura_schema_load(NULL), KURA_OK);
    return kura_casefile_open(dir, true, &c, NULL) == KURA_OK ? 0 : -1;
}

static int teardown(void **state)
{
    static const char *const names[] = {"case.db", "case.db-wal",
                                        "case.db-shm"};
    char name[96];
    size_t i;

    (void)state;
    kura_casefile_close(c);
    for (i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
        (void)unlink(name);
    }
    return rmdir(dir);
}

static struct kura_indicator indicator(const char *value)
{
    struct kura_indicator i;

    memset(&i, 0, sizeof(i));
    i.type = KURA_INDICATOR_DOMAIN;
    i.value = i.written = value;
    i.source = "S";
    i.confidence = i.stated = 50;
    i.tlp = i.campaign = i.comment = i.warning = "";
    i.first_seen = i.expires_at = KURA_INDICATOR_NEVER;
    return i;
}

static enum kura_indicator_put put(const struct kura_indicator *ind, bool keep)
{
    enum kura_indicator_put what = KURA_INDICATOR_SAME;
    struct kura_indicator_import *i = NULL;

    assert_int_equal(kura_indicator_import_begin(c, 1000, &i, NULL), KURA_OK);
    assert_int_equal(kura_indicator_import_put(i, ind, &what, NULL), KURA_OK);
    assert_int_equal(
        kura_indicator_import_end(i, KURA_OK, keep, "me", "test", NULL),
        KURA_OK);
    return what;
}

static int64_t ask(const char *sql)
{
    int64_t n = -1;

    assert_int_equal(kura_db_integer(kura_casefile_db(c), sql, &n, NULL),
                     KURA_OK);
    return n;
}

static void test_put(void **state)
{
    struct kura_indicator a = indicator("a.example"), b = a;

    (void)state;
    assert_int_equal(put(&a, false), KURA_INDICATOR_NEW);
    assert_int_equal(ask("SELECT count(*) FROM indicator"), 0);
    assert_int_equal(ask("SELECT count(*) FROM audit"), 0);
    a.first_seen = 20;
    a.expires_at = 100;
    a.comment = "why";
    assert_int_equal(put(&a, true), KURA_INDICATOR_NEW);
    assert_int_equal(put(&a, true), KURA_INDICATOR_SAME);
    assert_int_equal(ask("SELECT count(*) FROM audit"), 1);
    /* An earlier sight counts, a later or none does not; an expiry that is not
     * said any more is gone; an empty comment replaces none. */
    b.first_seen = 10;
    b.expires_at = KURA_INDICATOR_NEVER;
    assert_int_equal(put(&b, true), KURA_INDICATOR_CHANGED);
    assert_int_equal(ask("SELECT first_seen FROM indicator"), 10);
    assert_int_equal(
        ask("SELECT expires_at IS NULL AND comment = 'why' FROM indicator"), 1);
    b.first_seen = 30;
    assert_int_equal(put(&b, true), KURA_INDICATOR_SAME);
    b.confidence = 20;
    b.warning = "list";
    assert_int_equal(put(&b, true), KURA_INDICATOR_CHANGED);
    /* The same value of another type is another one. */
    b.type = KURA_INDICATOR_ACCOUNT;
    assert_int_equal(put(&b, true), KURA_INDICATOR_NEW);
    assert_int_equal(ask("SELECT max(number) FROM indicator"), 2);
}

static enum kura_rc on_each(void *arg, const struct kura_indicator *ind,
                            struct kura_err *err)
{
    int64_t *sum = arg;

    (void)err;
    *sum = *sum * 10 + ind->number;
    return KURA_OK;
}

static void test_remove(void **state)
{
    struct kura_indicator a = indicator("a.example"),
                          b = indicator("b.example");
    int64_t n = 0, seen = 0;

    (void)state;
    b.source = "T";
    (void)put(&a, true);
    (void)put(&b, true);
    assert_int_equal(
        kura_indicator_remove(c, 0, NULL, "T", 5, "me", false, &n, NULL),
        KURA_OK);
    assert_int_equal(n, 1);
    assert_int_equal(ask("SELECT count(*) FROM indicator WHERE removed_at "
                         "IS NULL"),
                     2);
    assert_int_equal(
        kura_indicator_remove(c, 1, NULL, NULL, 5, "me", true, &n, NULL),
        KURA_OK);
    assert_int_equal(
        kura_indicator_remove(c, 1, NULL, NULL, 5, "me", true, &n, NULL),
        KURA_OK);
    assert_int_equal(n, 0);
    /* One that comes back is a new one: it is matched against everything. */
    assert_int_equal(put(&a, true), KURA_INDICATOR_NEW);
    assert_int_equal(kura_indicator_each(c, on_each, &seen, NULL), KURA_OK);
    assert_int_equal(seen, 23);
}

static struct kura_indicator_hit hit(const char *partition, const char *how)
{
    static char value[] = "a.example";
    struct kura_indicator_hit h;

    memset(&h, 0, sizeof(h));
    h.indicator = 1;
    h.table = "proxy";
    h.column = "cs_host";
    h.how = how;
    (void)snprintf(h.partition, sizeof(h.partition), "%s", partition);
    h.day = 16000;
    h.first_ts = h.last_ts = 7;
    h.events = 1;
    h.clients = -1;
    h.value = value;
    return h;
}

static struct kura_indicator_matched matched(const char *partition, bool now)
{
    struct kura_indicator_matched m;

    memset(&m, 0, sizeof(m));
    (void)snprintf(m.partition, sizeof(m.partition), "%s", partition);
    m.table = "proxy";
    m.day = 16000;
    m.rows = 10;
    m.upto = m.lines = 1;
    m.now = now;
    return m;
}

static int64_t record(const struct kura_indicator_hit *h, size_t nh,
                      const struct kura_indicator_matched *m, size_t nm,
                      bool keep)
{
    int64_t run = 0;

    assert_int_equal(
        kura_indicator_record(c, h, nh, m, nm, 1000, "me", &run, NULL),
        KURA_OK);
    assert_int_equal(kura_indicator_record_end(c, keep, NULL), KURA_OK);
    return run;
}

static void test_record(void **state)
{
    struct kura_indicator a = indicator("a.example");
    struct kura_indicator_hit h[2] = {hit("p1", "exact"), hit("p1", "below")};
    struct kura_indicator_matched m[2] = {matched("p1", true),
                                          matched("p2", false)};
    struct kura_indicator_matched known = matched("p1", false);

    (void)state;
    (void)put(&a, true);
    assert_int_equal(record(h, 2, m, 2, false), 1);
    assert_int_equal(ask("SELECT count(*) FROM indicator_hit"), 0);
    assert_int_equal(record(h, 2, m, 2, true), 1);
    assert_int_equal(kura_indicator_matched_get(c, &known, NULL), KURA_OK);
    assert_int_equal(known.rows, 10);
    assert_int_equal(known.upto, 1);
    (void)snprintf(known.partition, sizeof(known.partition), "p2");
    assert_int_equal(kura_indicator_matched_get(c, &known, NULL), KURA_OK);
    assert_int_equal(known.upto, 0);
    /* Found again: no news. */
    assert_int_equal(record(h, 2, m, 2, true), 2);
    assert_int_equal(ask("SELECT max(run) FROM indicator_hit"), 1);
    /* p3 took the place of p1: its hits of that day are no news either. */
    h[0] = hit("p3", "exact");
    m[0] = matched("p3", true);
    assert_int_equal(record(h, 1, m, 2, true), 3);
    assert_int_equal(ask("SELECT count(*) FROM indicator_hit"), 1);
    assert_int_equal(ask("SELECT run FROM indicator_hit "
                         "WHERE partition = 'p3'"),
                     1);
    /* A whole match that does not find it any more. */
    m[0].whole = true;
    (void)record(NULL, 0, m, 2, true);
    assert_int_equal(ask("SELECT count(*) FROM indicator_hit"), 0);
}

/* The host of a URL gives way when the URLs were read, tunnels do not. */
static void test_hosts_of_urls(void **state)
{
    struct kura_indicator a = indicator("a.example");
    struct kura_indicator_hit h[2] = {hit("p1", "host of url"),
                                      hit("p1", "host of url")};
    struct kura_indicator_matched m = matched("p1", true);

    (void)state;
    (void)put(&a, true);
    h[1].column = "c_uri";
    (void)record(h, 2, &m, 1, true);
    m.urls = "c_uri";
    (void)record(NULL, 0, &m, 1, true);
    assert_int_equal(ask("SELECT count(*) FROM indicator_hit"), 1);
    assert_int_equal(ask("SELECT \"column\" = 'c_uri' FROM indicator_hit"), 1);
}

static void check_list(const struct kura_warnings *w,
                       enum kura_indicator_type type, const char *value,
                       const char *list, int left)
{
    int confidence = 80;
    const char *found = kura_warnings_find(w, type, value, &confidence);

    if ((found == NULL) != (list == NULL) ||
        (list != NULL && strcmp(found, list) != 0) || confidence != left)
        fail_msg("%s: %s, %d", value, found != NULL ? found : "none",
                 confidence);
}

static void test_own_lists(void **state)
{
    struct kura_warnings *w = NULL;

    (void)state;
    assert_int_equal(kura_warnings_new(dir, &w, NULL), KURA_OK);
    check_list(w, KURA_INDICATOR_ADDRESS, "8.8.8.8", "public DNS resolvers",
               20);
    check_list(w, KURA_INDICATOR_ADDRESS, "10.1.2.3",
               "private and reserved networks", 5);
    check_list(w, KURA_INDICATOR_NETWORK, "192.168.0.0/16",
               "private and reserved networks", 5);
    check_list(w, KURA_INDICATOR_ADDRESS, "104.16.1.1",
               "content networks and clouds", 30);
    check_list(w, KURA_INDICATOR_DOMAIN, "mail.google.com",
               "sites that nearly everybody visits", 20);
    check_list(w, KURA_INDICATOR_URL, "https://drive.google.com/x",
               "sites that nearly everybody visits", 20);
    check_list(w, KURA_INDICATOR_HASH, "d41d8cd98f00b204e9800998ecf8427e",
               "hashes of empty files", 0);
    check_list(w, KURA_INDICATOR_FILENAME, "setup.exe",
               "file names that harmless files have as well", 30);
    check_list(w, KURA_INDICATOR_DOMAIN, "gmail.com", "mail providers", 20);
    /* Somebody at a provider, somebody's name at a cloud. */
    check_list(w, KURA_INDICATOR_EMAIL, "x@gmail.com", NULL, 80);
    check_list(w, KURA_INDICATOR_DOMAIN, "evil.github.io", NULL, 80);
    check_list(w, KURA_INDICATOR_DOMAIN, "notgoogle.com", NULL, 80);
    check_list(w, KURA_INDICATOR_ADDRESS, "203.0.113.7", NULL, 80);
    kura_warnings_free(w);
    kura_warnings_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_put, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove, setup, teardown),
        cmocka_unit_test_setup_teardown(test_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hosts_of_urls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_lists, setup, teardown)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
