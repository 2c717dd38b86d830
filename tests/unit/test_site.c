/* test_site.c - what `site:` of kura.yaml may say, what it may not, and what
 * follows from it: networks, hours, holidays, maintenance, administrators. */
#include "base/buf.h"
#include "query/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct kura_zone *tokyo, *berlin;
static char dir[] = "/tmp/kura-site.XXXXXX";

static void put(const char *name, const char *text)
{
    char path[128];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(kura_zone_new("Asia/Tokyo", &tokyo, NULL), KURA_OK);
    assert_int_equal(kura_zone_new("Europe/Berlin", &berlin, NULL), KURA_OK);
    assert_non_null(mkdtemp(dir));
    put("days.yaml", "2026-01-01: 元日\n2026-01-12:\n");
    put("bad.yaml", "2026-01-01: a\n\n2026-02-30: b\n");
    put("list.yaml", "- 2026-01-01\n");
    put("empty.yaml", "# nothing yet\n");
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"days.yaml", "bad.yaml", "list.yaml",
                                        "empty.yaml"};
    char path[128];
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)remove(path);
    }
    (void)rmdir(dir);
    kura_zone_free(tokyo);
    kura_zone_free(berlin);
    return 0;
}

static enum kura_rc read_in(const char *text, const struct kura_zone *zone,
                            struct kura_site **out, struct kura_err *err)
{
    struct kura_config *c = NULL;
    enum kura_rc rc = kura_config_parse("k.yaml", text, strlen(text), &c, err);

    if (rc == KURA_OK)
        rc = kura_site_read(c, dir, zone, out, err);
    kura_config_free(c);
    return rc;
}

static struct kura_site *takes_in(const char *text,
                                  const struct kura_zone *zone)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_site *s = NULL;

    if (read_in(text, zone, &s, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    return s;
}

static struct kura_site *takes(const char *text)
{
    return takes_in(text, tokyo);
}

/* --- What it may not say ------------------------------------------------ */

static void refuses(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"site: 5", "k.yaml:1: a map with these keys is expected here: "},
        {"site:\n  network: 1", "k.yaml:2: unknown key 'network'"},
        {"site:\n  networks: [10.0.0.0/8]",
         "k.yaml:2: a map with these keys is expected here: network, name"},
        {"site:\n  networks:\n    - {name: a}",
         "k.yaml:3: 'network' is missing here"},
        {"site:\n  networks:\n    - {network: 10.0.0.0/33}",
         "k.yaml:3: '10.0.0.0/33' is no network such as 10.1.0.0/16"},
        {"site:\n  networks:\n    - {network: 10.1.2.3/16}",
         "k.yaml:3: '10.1.2.3/16' is an address within a network; write "
         "10.1.0.0/16"},
        {"site:\n  networks:\n    - network: 10.0.0.0/8\n"
         "    - network:\n      - 10.0.0.0/8",
         "k.yaml:5: '10.0.0.0/8' is named twice, in line 3 too"},
        {"site:\n  networks:\n    - {network: 10.0.0.0/8, zones: a}",
         "k.yaml:3: unknown key 'zones'"},
        {"site:\n  networks:\n    - {network: 10.0.0.0/8, name: [a]}",
         "k.yaml:3: a name is expected here"},
        {"site:\n  proxies: [10.0.0.0/8]",
         "k.yaml:2: '10.0.0.0/8' is no IP address"},
        {"site:\n  proxies: [{a: b}]", "k.yaml:2: an IP address is expected"},
        {"site:\n  resolvers: ns1", "k.yaml:2: 'ns1' is no IP address"},
        {"site:\n  mail_servers: ['']", "k.yaml:2: an IP address is expected"},
        {"site:\n  proxies:\n    - 2001:DB8::1\n    - 2001:db8:0::1",
         "k.yaml:4: '2001:db8::1' is named twice, in line 3 too"},
        {"site:\n  mail_domains: 'https://example.com/'",
         "k.yaml:2: 'https://example.com/' is no domain such as example.com"},
        {"site:\n  partner_domains: [a..example]",
         "k.yaml:2: 'a..example' is no domain"},
        {"site:\n  work_domains: ['10.1.2.3']",
         "k.yaml:2: '10.1.2.3' is no domain"},
        {"site:\n  work_domains: [A.example, '*.a.example.']",
         "k.yaml:2: 'a.example' is named twice"},
        {"site:\n  hours: 9-17", "k.yaml:2: weekdays with their hours are"},
        {"site:\n  hours:\n    mondays: 9:00-17:00",
         "k.yaml:3: 'mondays' is no weekday"},
        {"site:\n  hours:\n    mon-: 9:00-17:00",
         "k.yaml:3: 'mon-' is no weekday"},
        {"site:\n  hours:\n    mon: 9-17", "k.yaml:3: '9-17' are no hours"},
        {"site:\n  hours:\n    mon: 9:00-17:60", "k.yaml:3: '9:00-17:60' are"},
        {"site:\n  hours:\n    mon: 24:00-25:00", "k.yaml:3: '24:00-25:00' "},
        {"site:\n  hours:\n    mon: 09:00-09:00", "k.yaml:3: '09:00-09:00' "},
        {"site:\n  hours:\n    mon: 009:00-10:00", "k.yaml:3: '009:00-10:00' "},
        {"site:\n  hours:\n    mon: 09:00-10:00,", "k.yaml:3: '09:00-10:00,' "},
        {"site:\n  hours:\n    mon-fri: 09:00-17:00\n    fri: 16:00-20:00",
         "k.yaml:4: these hours overlap others of that day"},
        {"site:\n  hours:\n    sun: 22:00-06:00\n    mon: 05:59-07:00",
         "k.yaml:4: these hours overlap others of that day"},
        {"site:\n  holidays: [2026-02-29]",
         "k.yaml:2: '2026-02-29' is no date such as 2026-01-01"},
        {"site:\n  holidays: [2026-02-01..]", "k.yaml:2: '2026-02-01..' is no"},
        {"site:\n  holidays: [2026-02-02..2026-02-01]",
         "k.yaml:2: '2026-02-02..2026-02-01' is no range of up to a year"},
        {"site:\n  holidays: [2026-02-02..2028-02-01]",
         "k.yaml:2: '2026-02-02..2028-02-01' is no range of up to a year"},
        {"site:\n  holidays:\n    - 2026-01-01: [a]",
         "k.yaml:3: the name of a holiday is expected here"},
        {"site:\n  holidays: none.yaml",
         "k.yaml:2: the holidays cannot be read: "},
        {"site:\n  holidays: bad.yaml", "/bad.yaml:3: '2026-02-30' is no date"},
        {"site:\n  holidays: list.yaml", "/list.yaml:1: lines such as "},
        {"site:\n  maintenance: [a]", "k.yaml:2: a map with these keys"},
        {"site:\n  maintenance:\n    - {hosts: all, from: '1:00', to: '2:00'}",
         "k.yaml:3: 'name' is missing here"},
        {"site:\n  maintenance:\n    - {name: a, from: '1:00', to: '2:00'}",
         "k.yaml:3: 'hosts' is missing here"},
        {"site:\n  maintenance:\n    - {name: a, hosts: [], from: '1:00', "
         "to: '2:00'}",
         "k.yaml:3: hosts are expected here"},
        {"site:\n  maintenance:\n    - {name: a, hosts: 10.0.0.1/8, "
         "from: '1:00', to: '2:00'}",
         "k.yaml:3: '10.0.0.1/8' is an address within a network; write "
         "10.0.0.0/8"},
        {"site:\n  maintenance:\n    - {name: a, hosts: 'a b', from: '1:00', "
         "to: '2:00'}",
         "k.yaml:3: 'a b' is no address, no network and no name of a host"},
        {"site:\n  maintenance:\n    - {name: a, hosts: all, from: '1:00'}",
         "k.yaml:3: 'to' is missing here"},
        {"site:\n  maintenance:\n    - {name: a, hosts: all, from: '1:00', "
         "to: night}",
         "k.yaml:3: 'night' is no time such as 22:00"},
        {"site:\n  maintenance:\n    - {name: a, hosts: all, from: '1:00', "
         "to: '1:00'}",
         "k.yaml:3: this window is empty; a whole day is 00:00 to 24:00"},
        {"site:\n  maintenance:\n    - {name: a, hosts: all, from: '1:00', "
         "to: '2:00', weekdays: [mon, tu]}",
         "k.yaml:3: 'tu' is no weekday"},
        {"site:\n  user_agents: [{a: b}]", "k.yaml:2: a pattern such as"},
        {"site:\n  user_agents: [\"a\\x1bb\"]",
         "k.yaml:2: this text has control characters"},
        {"site:\n  user_agents: [a, a]", "k.yaml:2: 'a' is named twice"},
        {"site:\n  administrators: [{account: a}]",
         "k.yaml:2: 'hosts' is missing here"},
        {"site:\n  administrators: [{hosts: a}]",
         "k.yaml:2: 'account' is missing here"},
        {"site:\n  administrators: [{account: a, hosts: all}]",
         "k.yaml:2: name the hosts here, not 'all'"},
        {"site:\n  administrators: [{account: a, hosts: b}, "
         "{account: A, hosts: B}]",
         "k.yaml:2: 'A' is named twice"},
        {"site:\n  controllers: [{name: dc1}]",
         "k.yaml:2: 'address' is missing here"},
        {"site:\n  controllers: [{name: 'dc 1', address: 10.0.0.1}]",
         "k.yaml:2: 'dc 1' is no host name"},
        {"site:\n  controllers: [{name: dc1, address: 10.0.0.1, ip: 1}]",
         "k.yaml:2: unknown key 'ip'"},
        {"site:\n  service_accounts: [[a]]",
         "k.yaml:2: an account is expected here"},
    };
    struct kura_site *s;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kura_err err = KURA_ERR_INIT;

        s = NULL;
        if (read_in(cases[i].text, tokyo, &s, &err) != KURA_EINPUT)
            fail_msg("taken: %s", cases[i].text);
        assert_null(s);
        if (strstr(err.msg, cases[i].message) == NULL)
            fail_msg("%s\ngives %s", cases[i].text, err.msg);
    }
}

/* Every host with every weekday: what one line could make of memory ends. */
static void bounded(void **state)
{
    const size_t hosts = 20000;
    struct kura_err err = KURA_ERR_INIT;
    struct kura_site *s = NULL;
    struct kura_buf text;
    size_t i;

    (void)state;
    kura_buf_init(&text, 1 << 20);
    assert_int_equal(kura_buf_puts(&text,
                                   "site:\n  maintenance:\n    - name: a\n"
                                   "      from: '1:00'\n      to: '2:00'\n"
                                   "      hosts: [h",
                                   NULL),
                     KURA_OK);
    for (i = 0; i < hosts; i++)
        assert_int_equal(kura_buf_printf(&text, NULL, ", h%zu", i), KURA_OK);
    assert_int_equal(kura_buf_puts(&text, "]\n", NULL), KURA_OK);
    assert_int_equal(read_in(text.data, tokyo, &s, &err), KURA_EINPUT);
    assert_non_null(strstr(err.msg, "'maintenance' has more than 100000"));
    kura_buf_release(&text);
}

/* --- Networks ------------------------------------------------------------ */

static bool internal(const struct kura_site *s, const char *text)
{
    struct kura_address a;

    assert_true(kura_address_parse(text, strlen(text), &a));
    return kura_site_is_internal(s, &a);
}

static const char *network_of(const struct kura_site *s, const char *text,
                              int column)
{
    struct kura_address a;
    int64_t row;

    assert_true(kura_address_parse(text, strlen(text), &a));
    row = kura_site_network_of(s, &a);
    if (row < 0)
        return "none";
    return kura_site_text(s, KURA_SITE_NETWORK, (size_t)row, column);
}

static void networks(void **state)
{
    struct kura_site *s =
        takes("site:\n  networks:\n"
              "    - {network: 10.0.0.0/8, name: all}\n"
              "    - {network: [10.1.0.0/16, 198.51.100.0/24],"
              " name: head office, zone: client}\n"
              "    - {network: 10.1.2.0/24, zone: guest}\n");

    (void)state;
    assert_string_equal(network_of(s, "10.1.2.3", 1), "10.1.2.0/24");
    assert_string_equal(network_of(s, "10.1.2.3", 2), "guest");
    assert_string_equal(network_of(s, "10.1.3.3", 1), "head office");
    assert_string_equal(network_of(s, "10.2.3.3", 1), "all");
    assert_null(network_of(s, "10.2.3.3", 2));
    assert_string_equal(network_of(s, "192.168.0.1", 1), "none");
    assert_true(internal(s, "10.200.0.1") && internal(s, "198.51.100.7"));
    assert_true(internal(s, "::ffff:10.1.2.3"));
    /* Private, but not of this site. */
    assert_false(internal(s, "192.168.0.1"));
    assert_true(internal(s, "127.0.0.1") && internal(s, "fe80::1"));
    kura_site_free(s);

    s = takes("zone: UTC\n");
    assert_true(internal(s, "192.168.0.1") && !internal(s, "198.51.100.7"));
    assert_string_equal(network_of(s, "192.168.0.1", 1), "none");
    kura_site_free(s);
}

/* --- Hours, holidays ------------------------------------------------------ */

/* "2026-03-05T10:20", on the wall clock of the zone or, with a Z, in UTC. */
static int64_t instant(const struct kura_zone *z, const char *text)
{
    int64_t from = 0, to = 0;

    assert_int_equal(kura_range_parse(text, z, 0, &from, &to, NULL), KURA_OK);
    return from;
}

static void works(const struct kura_site *s, const struct kura_zone *z,
                  const char *text, bool want)
{
    if (kura_site_is_business(s, instant(z, text)) != want)
        fail_msg("%s: not %d", text, want);
}

static void hours_default(void **state)
{
    struct kura_site *s = takes("site:\n");

    (void)state;
    assert_int_equal(kura_site_rows(s, KURA_SITE_HOURS), 0);
    works(s, tokyo, "2026-09-01T09:00", true); /* a Tuesday */
    works(s, tokyo, "2026-09-01T08:59:59", false);
    works(s, tokyo, "2026-09-01T17:59:59", true);
    works(s, tokyo, "2026-09-01T18:00", false);
    works(s, tokyo, "2026-09-04T12:00", true);
    works(s, tokyo, "2026-09-05T12:00", false);
    works(s, tokyo, "2026-09-06T12:00", false);
    /* Before 1970, too: this was a Monday. */
    works(s, tokyo, "1969-12-29T12:00", true);
    works(s, tokyo, "1969-12-28T12:00", false);
    kura_site_free(s);
}

static void hours_given(void **state)
{
    struct kura_site *s = takes(
        "site:\n  hours:\n    mon-thu, Friday: 09:00-12:00,13:00 - 17:30\n"
        "    sat: [9:00-12:00, 22:00-24:00]\n    sun: 22:00-06:00\n");

    (void)state;
    works(s, tokyo, "2026-09-01T11:59", true);
    works(s, tokyo, "2026-09-01T12:00", false);
    works(s, tokyo, "2026-09-01T13:00", true);
    works(s, tokyo, "2026-09-04T17:29", true);
    works(s, tokyo, "2026-09-04T17:30", false);
    works(s, tokyo, "2026-09-05T23:59", true);
    works(s, tokyo, "2026-09-06T00:00", false);
    works(s, tokyo, "2026-09-06T22:00", true); /* Sunday night ... */
    works(s, tokyo, "2026-09-07T05:59", true); /* ... into Monday */
    works(s, tokyo, "2026-09-07T06:00", false);
    works(s, tokyo, "2026-09-08T05:59", false);
    /* 5 days of two, Saturday two, Sunday night in two; by weekday. */
    assert_int_equal(kura_site_rows(s, KURA_SITE_HOURS), 14);
    assert_int_equal(kura_site_number(s, KURA_SITE_HOURS, 0, 0), 1);
    assert_int_equal(kura_site_number(s, KURA_SITE_HOURS, 0, 1), 0);
    assert_int_equal(kura_site_number(s, KURA_SITE_HOURS, 0, 2), 360);
    assert_int_equal(kura_site_number(s, KURA_SITE_HOURS, 13, 0), 7);
    assert_int_equal(kura_site_number(s, KURA_SITE_HOURS, 13, 2), 1440);
    kura_site_free(s);
}

/* 09:00 on the wall is 08:00 UTC in winter and 07:00 in summer; the hour that
 * is skipped and the one that comes twice are taken as the wall shows them. */
static void hours_summer_time(void **state)
{
    struct kura_site *s =
        takes_in("site:\n  hours:\n    daily: 02:30-09:00\n", berlin);

    (void)state;
    works(s, berlin, "2026-01-15T07:59Z", true);
    works(s, berlin, "2026-01-15T08:00Z", false);
    works(s, berlin, "2026-07-15T06:59Z", true);
    works(s, berlin, "2026-07-15T07:00Z", false);
    /* 2026-03-29: 01:59:59 is followed by 03:00. */
    works(s, berlin, "2026-03-29T00:59:59Z", false);
    works(s, berlin, "2026-03-29T01:00Z", true);
    works(s, berlin, "2026-03-29T06:59Z", true);
    works(s, berlin, "2026-03-29T07:00Z", false);
    /* 2026-10-25: 02:59:59 is followed by 02:00. */
    works(s, berlin, "2026-10-25T00:29Z", false);
    works(s, berlin, "2026-10-25T00:30Z", true);
    works(s, berlin, "2026-10-25T01:00Z", false);
    works(s, berlin, "2026-10-25T01:30Z", true);
    works(s, berlin, "2026-10-25T07:59Z", true);
    works(s, berlin, "2026-10-25T08:00Z", false);
    kura_site_free(s);
}

static void holidays(void **state)
{
    struct kura_site *s =
        takes("site:\n  holidays:\n    - 2026-12-29..2027-01-03: New Year\n"
              "    - days.yaml\n    - empty.yaml\n    - 2026-08-14\n"
              "    - 2026-01-01: again\n");

    (void)state;
    assert_int_equal(kura_site_rows(s, KURA_SITE_HOLIDAY), 9);
    assert_string_equal(kura_site_text(s, KURA_SITE_HOLIDAY, 0, 0),
                        "2026-01-01");
    assert_string_equal(kura_site_text(s, KURA_SITE_HOLIDAY, 0, 1), "元日");
    assert_null(kura_site_text(s, KURA_SITE_HOLIDAY, 1, 1));
    assert_string_equal(kura_site_text(s, KURA_SITE_HOLIDAY, 8, 0),
                        "2027-01-03");
    works(s, tokyo, "2026-08-13T12:00", true);
    works(s, tokyo, "2026-08-14T12:00", false);
    works(s, tokyo, "2026-12-28T12:00", true);
    works(s, tokyo, "2026-12-29T12:00", false);
    works(s, tokyo, "2027-01-01T12:00", false);
    works(s, tokyo, "2027-01-04T12:00", true);
    /* The day is that of the wall clock: 2026-08-14 begins in Tokyo at 15:00
     * UTC of the 13th. */
    works(s, tokyo, "2026-08-14T00:30Z", false);
    works(s, tokyo, "2026-08-13T00:30Z", true);
    kura_site_free(s);
    s = takes("site:\n  holidays: days.yaml\n");
    assert_int_equal(kura_site_rows(s, KURA_SITE_HOLIDAY), 2);
    kura_site_free(s);
}

/* --- Maintenance, administrators ------------------------------------------ */

static bool maintained(const struct kura_site *s, const struct kura_zone *z,
                       const char *time, const char *host)
{
    return kura_site_in_maintenance(s, instant(z, time), host, strlen(host));
}

static void maintenance(void **state)
{
    struct kura_site *s = takes(
        "site:\n  maintenance:\n"
        "    - {name: backup, hosts: [10.2.0.0/16, '2001:DB8::7', "
        "Filer.example],"
        " weekdays: [fri, sun], from: '22:00', to: '06:00'}\n"
        "    - {name: updates, hosts: all, weekdays: wed, from: '1:00',"
        " to: '2:00'}\n"
        "    - {name: always, hosts: 10.3.0.1, from: '0:00', to: '24:00'}\n");

    (void)state;
    assert_true(maintained(s, tokyo, "2026-09-04T22:00", "10.2.9.9"));
    assert_false(maintained(s, tokyo, "2026-09-04T21:59", "10.2.9.9"));
    assert_true(maintained(s, tokyo, "2026-09-05T05:59", "10.2.9.9"));
    assert_false(maintained(s, tokyo, "2026-09-05T06:00", "10.2.9.9"));
    assert_false(maintained(s, tokyo, "2026-09-04T23:00", "10.4.9.9"));
    assert_true(maintained(s, tokyo, "2026-09-04T23:00", "2001:db8:0::7"));
    assert_true(maintained(s, tokyo, "2026-09-04T23:00", "FILER.example."));
    assert_false(maintained(s, tokyo, "2026-09-04T23:00", "filer"));
    /* Saturday night is none, Sunday's goes into Monday. */
    assert_false(maintained(s, tokyo, "2026-09-05T23:00", "10.2.9.9"));
    assert_true(maintained(s, tokyo, "2026-09-07T05:00", "10.2.9.9"));
    assert_true(maintained(s, tokyo, "2026-09-02T01:30", "whoever"));
    assert_true(maintained(s, tokyo, "2026-09-02T01:30", ""));
    assert_false(maintained(s, tokyo, "2026-09-02T02:00", "whoever"));
    assert_true(maintained(s, tokyo, "2026-09-03T23:59", "10.3.0.1"));
    /* 3 hosts in 4 pieces, one of one weekday, one of seven. */
    assert_int_equal(kura_site_rows(s, KURA_SITE_MAINTENANCE), 20);
    assert_string_equal(kura_site_text(s, KURA_SITE_MAINTENANCE, 1, 1),
                        "2001:db8::7");
    kura_site_free(s);
}

static int admin(const struct kura_site *s, const char *account,
                 const char *host)
{
    return kura_site_admin(s, account, strlen(account), host, strlen(host));
}

static void administrators(void **state)
{
    struct kura_site *s =
        takes("site:\n  administrators:\n"
              "    - {account: adm-a, hosts: [10.9.0.0/24, pc-1]}\n"
              "    - {account: adm-a, hosts: pc-2}\n"
              "    - {account: 'CORP\\adm-b', hosts: pc-3}\n"
              "    - {account: adm-c@corp.example, hosts: pc-3}\n");

    (void)state;
    assert_int_equal(admin(s, "adm-a", "10.9.0.77"), 1);
    assert_int_equal(admin(s, "ADM-A", "PC-2"), 1);
    assert_int_equal(admin(s, "CORP\\adm-a", "pc-1"), 1);
    assert_int_equal(admin(s, "adm-a@corp.example", "pc-1"), 1);
    assert_int_equal(admin(s, "adm-a", "10.1.0.77"), 0);
    assert_int_equal(admin(s, "adm-a", ""), 0);
    assert_int_equal(admin(s, "corp\\adm-b", "pc-3"), 1);
    assert_int_equal(admin(s, "OTHER\\adm-b", "pc-3"), -1);
    assert_int_equal(admin(s, "adm-b", "pc-3"), -1);
    assert_int_equal(admin(s, "adm-c@corp.example", "pc-1"), 0);
    assert_int_equal(admin(s, "", ""), -1);
    kura_site_free(s);
}

static int standard(const struct kura_site *s, const char *ua)
{
    int answer = 7;

    assert_int_equal(kura_site_user_agent(s, ua, strlen(ua), &answer, NULL),
                     KURA_OK);
    return answer;
}

static void user_agents(void **state)
{
    struct kura_site *s =
        takes("site:\n  user_agents: ['Mozilla/5.0 (*) Chrome/1[23]?.*']\n");

    (void)state;
    assert_int_equal(standard(s, "Mozilla/5.0 (X; y) Chrome/125.0"), 1);
    assert_int_equal(standard(s, "Mozilla/5.0 (X; y) Chrome/99.0"), 0);
    assert_int_equal(standard(s, ""), 0);
    kura_site_free(s);
    s = takes("");
    assert_int_equal(standard(s, "curl/8"), -1);
    kura_site_free(s);
}

/* --- All of it ------------------------------------------------------------ */

static void parts(void **state)
{
    struct kura_site *s =
        takes("site:\n  proxies: [2001:DB8:0::1, 10.0.0.1]\n"
              "  mail_domains: ['@Example.COM', .b.example]\n"
              "  controllers: {name: DC1, address: 10.0.0.2}\n"
              "  service_accounts:\n  user_agents: ~\n");
    int i;

    (void)state;
    for (i = 0; i < KURA_SITE_PARTS; i++)
        assert_int_equal(
            kura_site_part_find(kura_site_table((enum kura_site_part)i)->key),
            i);
    assert_int_equal(kura_site_part_find("network"), KURA_SITE_PARTS);
    assert_string_equal(kura_site_text(s, KURA_SITE_PROXY, 0, 0),
                        "2001:db8::1");
    assert_string_equal(kura_site_text(s, KURA_SITE_MAIL_DOMAIN, 0, 0),
                        "example.com");
    assert_string_equal(kura_site_text(s, KURA_SITE_MAIL_DOMAIN, 1, 0),
                        "b.example");
    assert_string_equal(kura_site_text(s, KURA_SITE_CONTROLLER, 0, 0), "DC1");
    assert_int_equal(kura_site_rows(s, KURA_SITE_SERVICE_ACCOUNT), 0);
    kura_site_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),        cmocka_unit_test(bounded),
        cmocka_unit_test(networks),       cmocka_unit_test(hours_default),
        cmocka_unit_test(hours_given),    cmocka_unit_test(hours_summer_time),
        cmocka_unit_test(holidays),       cmocka_unit_test(maintenance),
        cmocka_unit_test(administrators), cmocka_unit_test(user_agents),
        cmocka_unit_test(parts),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
