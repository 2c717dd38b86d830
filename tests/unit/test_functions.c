/* What the SQL functions answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "query/functions.h"
#include "query/site.h"

#include <string.h>

struct fixture {
    sqlite3 *db;
    struct kura_zone *zone;
    struct kura_site *site;
    struct kura_function_place place;
};

static int set_up(void **state)
{
    static struct fixture f;

    assert_int_equal(kura_zone_new("Asia/Tokyo", &f.zone, NULL), KURA_OK);
    assert_int_equal(sqlite3_open(":memory:", &f.db), SQLITE_OK);
    assert_int_equal(kura_site_read(NULL, ".", f.zone, &f.site, NULL), KURA_OK);
    f.place.zone = f.zone;
    f.place.site = f.site;
    assert_int_equal(kura_functions_register(f.db, &f.place, NULL), KURA_OK);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
    kura_site_free(f->site);
    kura_zone_free(f->zone);
    return 0;
}

/* The first column of the first row as text, "NULL", or "error: ...". */
static void expect(void **state, const char *expr, const char *want)
{
    struct fixture *f = *state;
    char sql[512], got[512] = "NULL";
    sqlite3_stmt *stmt;
    int rc;

    (void)snprintf(sql, sizeof(sql), "SELECT %s", expr);
    assert_int_equal(sqlite3_prepare_v2(f->db, sql, -1, &stmt, NULL),
                     SQLITE_OK);
    rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW)
        (void)snprintf(got, sizeof(got), "error: %s", sqlite3_errmsg(f->db));
    else if (sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        (void)snprintf(got, sizeof(got), "%s",
                       (const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    if (strcmp(got, want) != 0)
        print_message("# %s\n", sql);
    assert_string_equal(got, want);
}

static void hosts(void **state)
{
    expect(state, "registered_domain('WWW.Example.co.jp')", "example.co.jp");
    expect(state, "registered_domain('a.b.example.com.')", "example.com");
    expect(state, "registered_domain('example.com:443')", "example.com");
    expect(state, "registered_domain('co.jp')", "NULL");
    expect(state, "registered_domain('localhost')", "NULL");
    expect(state, "registered_domain('192.0.2.1')", "NULL");
    expect(state, "registered_domain('192.0.2.1:80')", "NULL");
    expect(state, "registered_domain('[2001:db8::1]')", "NULL");
    expect(state, "registered_domain('2001:db8::1')", "NULL");
    expect(state, "registered_domain('a..example.com')", "NULL");
    expect(state, "registered_domain('')", "NULL");
    expect(state, "registered_domain(NULL)", "NULL");
    expect(state, "reverse_host('www.Example.com')", "com.example.www");
    expect(state, "reverse_host('www.example.com.')", "com.example.www");
    expect(state, "reverse_host('localhost')", "localhost");
    expect(state, "reverse_host('192.0.2.1')", "192.0.2.1");
    expect(state, "reverse_host('a..b')", "a..b");
    expect(state, "reverse_host('')", "NULL");
    expect(state, "domain_under('www.EXAMPLE.com.', 'example.COM')", "1");
    expect(state, "domain_under('example.com', '.example.com.')", "1");
    expect(state, "domain_under('a.example.com', '*.example.com')", "1");
    expect(state, "domain_under('badexample.com', 'example.com')", "0");
    expect(state, "domain_under('com', 'example.com')", "0");
    expect(state, "domain_under('example.com', '')", "0");
    expect(state, "domain_under('', '')", "0");
    expect(state, "domain_under(NULL, 'example.com')", "NULL");
    expect(state, "domain_under('example.com', NULL)", "NULL");
}

static void urls(void **state)
{
    expect(state, "url_host('http://u:p@WWW.example.com:8080/a@b')",
           "www.example.com");
    expect(state, "url_host('www.example.com:443')", "www.example.com");
    expect(state, "url_host('http://[2001:db8::1]:80/')", "2001:db8::1");
    expect(state, "url_host('http://[2001:db8::1')", "NULL");
    expect(state, "url_host('/a/b')", "NULL");
    expect(state, "url_host('error:invalid-request')", "NULL");
    expect(state, "url_host('http://')", "NULL");
    expect(state, "url_path('http://example.com/a/B?c=/d')", "/a/B");
    expect(state, "url_path('http://example.com')", "/");
    expect(state, "url_path('http://example.com?x')", "/");
    expect(state, "url_path('example.com:443')", "NULL");
    expect(state, "url_path('/a/b?c')", "/a/b");
    expect(state, "url_path('')", "NULL");
    expect(state, "url_query('http://example.com/a?b=1&c=?#d')", "b=1&c=?");
    expect(state, "url_query('http://example.com/a?')", "");
    expect(state, "url_query('http://example.com/a#b?c')", "NULL");
    expect(state, "url_extension('http://example.com/a/Up.EXE?x=1.jpg')",
           "exe");
    expect(state, "url_extension('http://example.com/a.b/c')", "NULL");
    expect(state, "url_extension('http://example.com/a%2Eexe;s=1.x')", "exe");
    expect(state, "url_extension('http://example.com')", "NULL");
    expect(state, "url_extension('http://example.com/a.b-c')", "NULL");
    expect(state, "url_extension('http://example.com/a.%')", "NULL");
}

static void addresses(void **state)
{
    expect(state, "is_private_ip('10.1.2.3')", "1");
    expect(state, "is_private_ip('172.31.255.255')", "1");
    expect(state, "is_private_ip('172.32.0.0')", "0");
    expect(state, "is_private_ip('192.168.0.1')", "1");
    expect(state, "is_private_ip('100.127.0.1')", "1");
    expect(state, "is_private_ip('100.128.0.1')", "0");
    expect(state, "is_private_ip('169.254.1.1')", "1");
    expect(state, "is_private_ip('127.0.0.53')", "1");
    expect(state, "is_private_ip('::1')", "1");
    expect(state, "is_private_ip('fd12::1')", "1");
    expect(state, "is_private_ip('fe80::1%eth0')", "1");
    expect(state, "is_private_ip('::ffff:10.0.0.1')", "1");
    expect(state, "is_private_ip('2001:db8::1')", "0");
    expect(state, "is_private_ip('203.0.113.5')", "0");
    expect(state, "is_private_ip('pc1.example.com')", "NULL");
    expect(state, "is_private_ip('10.1.2')", "NULL");
    expect(state, "is_private_ip('')", "NULL");
    expect(state, "ip_in('203.0.113.9', '192.0.2.1,203.0.113.0/28')", "1");
    expect(state, "ip_in('203.0.113.16', '192.0.2.1 203.0.113.0/28')", "0");
    expect(state, "ip_in('203.0.113.16', '203.0.113.17/28')", "1");
    expect(state, "ip_in('192.0.2.1', '0.0.0.0/0')", "1");
    expect(state, "ip_in('192.0.2.1', '::/0')", "0");
    expect(state, "ip_in('192.0.2.1', '::ffff:192.0.2.0/120')", "1");
    expect(state, "ip_in('2001:db8::1', '2001:db8::/32')", "1");
    expect(state, "ip_in('2001:db9::1', '2001:db8::/32')", "0");
    expect(state, "ip_in('host', '0.0.0.0/0')", "0");
    expect(state, "ip_in('192.0.2.1', '')", "0");
    expect(state, "ip_in('192.0.2.1', NULL)", "NULL");
    expect(state, "ip_in('192.0.2.1', '192.0.2.0/33')",
           "error: '192.0.2.0/33' is no address and no network");
    expect(state, "ip_in('192.0.2.1', '192.0.2.0/')",
           "error: '192.0.2.0/' is no address and no network");
}

static void actions_and_names(void **state)
{
    expect(state, "is_blocked('Deny')", "true");
    expect(state, "is_blocked('DROP')", "true");
    expect(state, "is_blocked('Permit')", "false");
    expect(state, "is_blocked('accept')", "false");
    expect(state, "is_blocked('something')", "NULL");
    expect(state, "is_blocked('')", "NULL");
    expect(state, "is_executable_name('invoice.exe')", "1");
    expect(state, "is_executable_name('invoice.pdf.SCR')", "1");
    expect(state, "is_executable_name('invoice.pdf      .exe . ')", "1");
    expect(state, "is_executable_name('invoice' || char(0x202E) || 'fdp.exe')",
           "1");
    expect(state, "is_executable_name('a.e' || char(0x200B) || 'xe')", "1");
    expect(state, "is_executable_name('a.pdf' || char(0x3000) || '.exe')", "1");
    expect(state, "is_executable_name('\"run.js\"')", "1");
    expect(state, "is_executable_name('a.exe/b')", "0");
    expect(state, "is_executable_name('invoice.exe.pdf')", "0");
    expect(state, "is_executable_name('exe')", "0");
    expect(state, "is_executable_name('')", "0");
    expect(state, "is_executable_name(NULL)", "NULL");
    expect(state, "mime_decode('=?UTF-8?Q?a=20b?=')", "a b");
    expect(state, "mime_filename('attachment; filename=\"a.zip\"')", "a.zip");
    expect(state, "mime_filename('text/plain')", "NULL");
}

static void accounts_and_machines(void **state)
{
    expect(state, "account_name('CORP\\Kim')", "kim");
    expect(state, "account_name('KIM@CORP.EXAMPLE')", "kim");
    expect(state, "account_name('CORP\\PC1$')", "pc1$");
    expect(state, "account_name('@x')", "@x");
    expect(state, "account_name('CORP\\')", "corp\\");
    expect(state, "account_name('-')", "NULL");
    expect(state, "account_name('CORP\\-')", "NULL");
    expect(state, "account_name('')", "NULL");
    expect(state, "account_name(NULL)", "NULL");
    expect(state, "machine_name('\\\\PC1')", "pc1");
    expect(state, "machine_name('PC1.corp.example')", "pc1");
    expect(state, "machine_name('PC1$')", "pc1");
    expect(state, "machine_name('192.0.2.7')", "192.0.2.7");
    expect(state, "machine_name('2001:DB8::7')", "2001:db8::7");
    expect(state, "machine_name('$')", "$");
    expect(state, "machine_name('.x')", ".x");
    expect(state, "machine_name('\\\\')", "NULL");
    expect(state, "machine_name('-')", "NULL");
}

static void hosts_of_hunts(void **state)
{
    expect(state, "is_ip('192.0.2.1')", "1");
    expect(state, "is_ip('192.0.2.1:443')", "1");
    expect(state, "is_ip('2001:db8::1')", "1");
    expect(state, "is_ip('[2001:db8::1]')", "1");
    expect(state, "is_ip('[2001:db8::1]:8443')", "1");
    expect(state, "is_ip('192.0.2.1.example.com')", "0");
    expect(state, "is_ip('192.0.2.256')", "0");
    expect(state, "is_ip('1.2.3')", "0");
    expect(state, "is_ip('')", "0");
    expect(state, "is_ip(NULL)", "NULL");
    expect(state, "subdomain('WWW.a.example.co.jp.')", "www.a");
    expect(state, "subdomain('a.example.com:443')", "a");
    expect(state, "subdomain('example.com')", "NULL");
    expect(state, "subdomain('com')", "NULL");
    expect(state, "subdomain('192.0.2.1')", "NULL");
    expect(state, "subdomain('')", "NULL");
    expect(state, "longest_label('a.bcd.ef')", "3");
    expect(state, "longest_label('abc')", "3");
    expect(state, "longest_label('a.b.c:8080')", "1");
    expect(state, "longest_label('192.0.2.1')", "NULL");
    expect(state, "longest_label('')", "NULL");
    expect(state, "mail_domain('kim@example.com')", "example.com");
    expect(state, "mail_domain('<Kim@EXAMPLE.com>')", "example.com");
    expect(state, "mail_domain('\"a@b.example\" <kim@example.com.>')",
           "example.com");
    expect(state, "mail_domain('\"a@b\"@example.com')", "example.com");
    expect(state, "mail_domain('kim@[192.0.2.1]')", "192.0.2.1");
    expect(state, "mail_domain('kim@[IPv6:2001:db8::1]')", "2001:db8::1");
    expect(state, "mail_domain('kim')", "NULL");
    expect(state, "mail_domain('kim@')", "NULL");
    expect(state, "mail_domain('<>')", "NULL");
    expect(state, "mail_domain('')", "NULL");
}

static void deceptive_names(void **state)
{
    expect(state, "deceptive_name('invoice.pdf.exe')", "double extension");
    expect(state, "deceptive_name('C:\\x\\invoice.PDF .Exe')",
           "double extension");
    expect(state, "deceptive_name('invoice_pdf.scr')", "double extension");
    expect(state, "deceptive_name('\"photo.jpg.lnk\"')", "double extension");
    expect(state, "deceptive_name('invoice.doc  .exe')", "double extension");
    expect(state, "deceptive_name('a.zip.js')", "double extension");
    expect(state, "deceptive_name('invoice.pdf      .exe')", "long blanks");
    expect(state,
           "deceptive_name('invoice.pdf' || char(0x3000, 0x3000, "
           "0x3000, 0x3000) || '.exe')",
           "long blanks");
    expect(state, "deceptive_name('a          b.txt')", "long blanks");
    expect(state, "deceptive_name('invoice' || char(0x202E) || 'fdp.exe')",
           "right-to-left override");
    expect(state, "deceptive_name('a.e' || char(0x200B) || 'xe')",
           "hidden characters");
    expect(state, "deceptive_name('invoice.exe.')", "trailing dots");
    expect(state, "deceptive_name('invoice.exe. .')", "trailing dots");
    expect(state, "deceptive_name('disk.iso.')", "trailing dots");
    /* What is as it looks. */
    expect(state, "deceptive_name('setup.exe')", "NULL");
    expect(state, "deceptive_name('setup-1.2.exe')", "NULL");
    expect(state, "deceptive_name('report.pdf')", "NULL");
    expect(state, "deceptive_name('report.pdf.zip')", "NULL");
    expect(state, "deceptive_name('backup.tar.gz')", "NULL");
    expect(state, "deceptive_name('report  2015   03.pdf')", "NULL");
    expect(state, "deceptive_name('Letter of Acme Co., Ltd.')", "NULL");
    expect(state, "deceptive_name('minutes.doc.')", "NULL");
    expect(state, "deceptive_name('pdf.exe')", "NULL");
    expect(state, "deceptive_name('txt-viewer.exe')", "NULL");
    expect(state, "deceptive_name('www.example.com')", "NULL");
    expect(state, "deceptive_name('jquery.min.js')", "NULL");
    expect(state, "deceptive_name(char(0x5EA, 0x200F) || '.pdf')", "NULL");
    expect(state, "deceptive_name('          ')", "NULL");
    expect(state, "deceptive_name('...')", "NULL");
    expect(state, "deceptive_name('')", "NULL");
    expect(state, "is_archive_name('a.ZIP')", "1");
    expect(state, "is_archive_name('a.zip.exe')", "0");
    expect(state, "is_risky_container('a.docm')", "1");
    expect(state, "is_risky_container('a.docx')", "0");
    expect(state, "is_risky_container('')", "0");
}

static void fanging(void **state)
{
    /* As written; defanged.  Refanged it is as written again. */
    static const char *const pairs[][2] = {
        {"http://www.example.com/a.php?b=c.d",
         "hxxp://www[.]example[.]com/a.php?b=c.d"},
        {"HTTPS://u:p@example.com:8443/", "hxxps://u:p@example[.]com:8443/"},
        {"ftp://192.0.2.1/x", "fxp://192[.]0[.]2[.]1/x"},
        {"http://server/a", "hxxp://server/a"},
        {"http://server.local/a", "hxxp://server[.]local/a"},
        {"http://[2001:db8::1]/a.b", "hxxp://[2001:db8::1]/a.b"},
        {"smb://files.example.com/a", "smb[:]//files[.]example[.]com/a"},
        {"kim@example.com", "kim@example[.]com"},
        {"www.example.co.jp", "www[.]example[.]co[.]jp"},
        {"Seen on example.com. At 192.0.2.1:80, twice.",
         "Seen on example[.]com. At 192[.]0[.]2[.]1:80, twice."},
        {"http://a.example/?u=http://b.example/c.d and c.com",
         "hxxp://a[.]example/?u=hxxp://b[.]example/c.d and c[.]com"},
        {"report.pdf and setup.exe of e.g. v1.2",
         "report.pdf and setup.exe of e.g. v1.2"},
        {"\xe4\xbe\x8b.jp", "\xe4\xbe\x8b[.]jp"},
        {"", ""},
        {"...", "..."},
    };
    char sql[256];
    size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        (void)snprintf(sql, sizeof(sql), "defang('%s')", pairs[i][0]);
        expect(state, sql, pairs[i][1]);
        (void)snprintf(sql, sizeof(sql), "defang('%s')", pairs[i][1]);
        expect(state, sql, pairs[i][1]);
        (void)snprintf(sql, sizeof(sql), "refang('%s') = '%s' COLLATE NOCASE",
                       pairs[i][1], pairs[i][0]);
        expect(state, sql, "1");
        (void)snprintf(sql, sizeof(sql), "refang('%s')", pairs[i][0]);
        if (strncmp(pairs[i][0], "HTTPS", 5) != 0)
            expect(state, sql, pairs[i][0]);
    }
    expect(state, "has_bidi('report.pdf')", "0");
    expect(state, "has_bidi(char(0x41, 0x2066))", "1");
}

static void refanging(void **state)
{
    static const char *const pairs[][2] = {
        {"evil(.)example{.}com", "evil.example.com"},
        {"evil[.example.]com", "evil.example.com"},
        {"evil\\.example.com", "evil.example.com"},
        {"evil[dot]example(DOT)com", "evil.example.com"},
        {"evil [.] example [dot] com", "evil.example.com"},
        {"evil dot example dot com", "evil.example.com"},
        {"evil_dot_example_dot_com", "evil.example.com"},
        {"kim[@]example[.]com", "kim@example.com"},
        {"kim at example dot com", "kim@example.com"},
        {"kim(at)example.com", "kim@example.com"},
        {"hXXp://example.com", "http://example.com"},
        {"h**ps://example.com", "https://example.com"},
        {"http__example.com/a", "http://example.com/a"},
        {"http:\\\\example.com", "http://example.com"},
        {"hxxp[:]//example[.]com[/]a", "http://example.com/a"},
        {"hxxp[://]example[.]com", "http://example.com"},
        {"http:// example .com/a b", "http://example.com/a b"},
        {"http%3A%2F%2Fexample.com%2Fa", "http://example.com/a"},
        {"2001[:]db8::1", "2001:db8::1"},
        /* Left alone. */
        {"http%3A%2F%2Fexample.com%00", "http%3A%2F%2Fexample.com%00"},
        {"meet at the dot at noon", "meet at the dot at noon"},
        {"polka_dot_dress.jpg", "polka_dot_dress.jpg"},
        {"hxxp", "hxxp"},
        {"look (see a.b.)", "look (see a.b.)"},
        {"[2001:db8::1]", "[2001:db8::1]"},
    };
    char sql[256];
    size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        (void)snprintf(sql, sizeof(sql), "refang('%s')", pairs[i][0]);
        expect(state, sql, pairs[i][1]);
    }
}

static void lookalikes(void **state)
{
    /* domain, reference, reason */
    static const char *const cases[][3] = {
        {"examp1e.co.jp", "example.co.jp", "homoglyph"},
        {"mail.exarnple.com", "example.co.jp", "homoglyph"},
        {"xn--exmple-4nf.co.jp", "example.co.jp", "homoglyph"},
        {"ex\xd0\xb0mple.com", "example.com", "homoglyph"}, /* Cyrillic a */
        {"n1ct.go.jp", "nict.go.jp", "homoglyph"},
        {"xn--x-7sb.jp", "ax.jp", "homoglyph"},
        {"example.com", "example.co.jp", "other suffix"},
        {"EXAMPLE.COM:443", "mail.example.net", "other suffix"},
        {"ex-ample.com", "example.com", "hyphens"},
        {"mitsubishielectric.com", "mitsubishi-electric.co.jp", "hyphens"},
        {"exmaple.com", "example.com", "one slip"},
        {"examples.com", "example.com", "one slip"},
        {"xn--exmples-3fg.com", "example.com", "one slip"},
        {"mitsubihsi-eletric.jp", "mitsubishi-electric.co.jp", "two slips"},
        {"example-login.net", "example.com", "name in domain"},
        {"my-example2015.net", "example.com", "name in domain"},
        {"examplelogin.net", "example.com", "name in domain"},
        {"kabu-login.net", "kabu.jp", "NULL"},
        {"kabus-login.net", "kabus.jp", "name in domain"},
        {"kabuslogin.net", "kabus.jp", "NULL"},
        {"example.com.evil.net", "example.com", "name in subdomain"},
        {"login.example-com.evil.net", "example.com", "name in subdomain"},
        {"a.ab.jp.evil.net", "ab.jp", "name in subdomain"},
        {"example.evil.net", "example.com", "name in subdomain"},
        /* The same, or its owner's. */
        {"example.com", "example.com", "NULL"},
        {"www.EXAMPLE.com.", "example.com", "NULL"},
        {"example.com", "www.example.com", "NULL"},
        {"a.example.com", "b.example.com", "NULL"},
        /* Short names, and names that are not like each other. */
        {"nict.com", "nict.go.jp", "NULL"},
        {"pict.com", "nict.go.jp", "NULL"},
        {"lpa.com", "ipa.go.jp", "NULL"},
        {"ample.com", "example.com", "NULL"},
        {"simple.com", "example.com", "NULL"},
        {"nikkei.com", "rakuten.com", "NULL"},
        {"192.0.2.1", "example.com", "NULL"},
        {"com", "example.com", "NULL"},
        {"example.com", "com", "NULL"},
        {"", "example.com", "NULL"},
        {"xn--99999999999.com", "example.com", "NULL"},
    };
    char sql[256];
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(sql, sizeof(sql), "lookalike('%s', '%s')", cases[i][0],
                       cases[i][1]);
        expect(state, sql, cases[i][2]);
    }
    expect(state, "lookalike(NULL, 'example.com')", "NULL");
    expect(state, "lookalike('example.com', NULL)", "NULL");
    expect(state, "lookalike(hex(zeroblob(5000)) || '.com', 'example.com')",
           "NULL");
}

static void punycode(void **state)
{
    expect(state, "punycode_decode('www.xn--r8jz45g.jp')",
           "www.\xe4\xbe\x8b\xe3\x81\x88.jp");
    expect(state, "punycode_decode('XN--R8JZ45G.jp:443')",
           "\xe4\xbe\x8b\xe3\x81\x88.jp:443");
    expect(state, "punycode_decode('www.example.com')", "www.example.com");
    /* What does not decode, or decodes to a control character. */
    expect(state, "punycode_decode('xn--99999999999.xn--r8jz45g')",
           "xn--99999999999.\xe4\xbe\x8b\xe3\x81\x88");
    expect(state, "punycode_decode('xn--a.com')", "xn--a.com");
    expect(state, "punycode_decode('xn--.com')", "xn--.com");
    expect(state, "punycode_decode('..xn--')", "..xn--");
    expect(state, "punycode_decode('')", "");
}

static void lists(void **state)
{
    expect(state, "dynamic_dns('a.b.DuckDNS.org.')", "duckdns.org");
    expect(state, "dynamic_dns('duckdns.org:8080')", "duckdns.org");
    expect(state, "dynamic_dns('notduckdns.org')", "NULL");
    expect(state, "dynamic_dns('org')", "NULL");
    expect(state, "dynamic_dns('')", "NULL");
    expect(state, "drop_site('x.ngrok.io')", "tunnel");
    expect(state, "drop_site('pastebin.com')", "paste");
    expect(state, "drop_site('api.telegram.org')", "messenger");
    expect(state, "drop_site('telegram.org')", "NULL");
    expect(state, "drop_site('192.0.2.1')", "NULL");
}

static void encoded(void **state)
{
    expect(state, "hex_or_base64_run('id=d41d8cd98f00b204e9800998ecf8427e&a')",
           "32");
    expect(state, "hex_or_base64_run('D41D8CD98F00B204')", "16");
    expect(state, "hex_or_base64_run('D41D8CD98F00B20')", "0");
    expect(state,
           "hex_or_base64_run('q=SGVsbG8gd29ybGQgdGhpcyBpcyBhIHRlc3Q%3D')",
           "35");
    expect(state, "hex_or_base64_run('mfrggzdfmztwq2lknnwg23tp.example.com')",
           "24");
    expect(state, "hex_or_base64_run('/how-to-install-windows-10-on-a-mac/')",
           "0");
    expect(state, "hex_or_base64_run('GetUserProfileV2ByNameAndDate')", "0");
    expect(state, "hex_or_base64_run('14242212990900000001424221299090')", "0");
    expect(state, "hex_or_base64_run('www.example.com/a/b/c')", "0");
    expect(state, "hex_or_base64_run('')", "0");
    expect(state, "hex_or_base64_run(NULL)", "NULL");
}

static void agents(void **state)
{
    static const char *const cases[][2] = {
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, "
         "like Gecko) Chrome/109.0.0.0 Safari/537.36",
         "Chrome"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, "
         "like Gecko) Chrome/109.0.0.0 Safari/537.36 Edg/109.0.1",
         "Edge"},
        {"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
         "Internet Explorer"},
        {"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
         "Internet Explorer"},
        {"Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 "
         "Firefox/102.0",
         "Firefox"},
        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 "
         "(KHTML, like Gecko) Version/16.1 Safari/605.1.15",
         "Safari"},
        {"Opera/9.80 (Windows NT 6.1) Presto/2.12 Version/12.16", "Opera"},
        {"Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) "
         "HeadlessChrome/109.0 Safari/537.36",
         "NULL"},
        {"Mozilla/4.0", "NULL"},
        {"Mozilla/5.0 (compatible)", "NULL"},
        {"Mozilla/5.0 Chrome/109.0", "NULL"},
        {"Firefox/102.0", "NULL"},
        {"curl/7.88", "NULL"},
        {"-", "NULL"},
        {"", "NULL"},
    };
    char sql[256];
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(sql, sizeof(sql), "ua_family('%s')", cases[i][0]);
        expect(state, sql, cases[i][1]);
    }
}

static void types(void **state)
{
    expect(state, "type_mismatch('jpg', 'application/x-dosexec')", "1");
    expect(state, "type_mismatch('.PDF', 'Application/X-MSDownload; a=b')",
           "1");
    expect(state, "type_mismatch('exe', 'image/png')", "1");
    expect(state, "type_mismatch('dll', 'text/plain')", "1");
    expect(state, "type_mismatch('exe', 'text/html')", "0"); /* an error */
    expect(state, "type_mismatch('exe', 'application/x-dosexec')", "0");
    expect(state, "type_mismatch('jpg', 'image/jpeg')", "0");
    expect(state, "type_mismatch('jpg', 'application/octet-stream')", "0");
    expect(state, "type_mismatch('js', 'text/plain')", "0");
    expect(state, "type_mismatch('', '')", "0");
    expect(state, "type_mismatch(NULL, 'image/png')", "NULL");
    expect(state, "type_mismatch('jpg', NULL)", "NULL");
}

static double randomness(void **state, const char *name)
{
    struct fixture *f = *state;
    sqlite3_stmt *stmt;
    double value;

    assert_int_equal(sqlite3_prepare_v2(f->db, "SELECT name_randomness(?1)", -1,
                                        &stmt, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_type(stmt, 0), SQLITE_FLOAT);
    value = sqlite3_column_double(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return value;
}

/* Names that are in no list of ours, and dice. */
static void names_at_random(void **state)
{
    static const char *const names[] = {
        "googleusercontent", "googletagmanager", "stackoverflow",
        "amazonaws",         "windowsupdate",    "livejournal",
        "sourceforge",       "salesforce",       "letsencrypt",
        "kaspersky",         "trendmicro",       "yomiuri",
        "asahishimbun",      "kadokawa",         "takashimaya",
        "nicovideo",         "biglobe",          "softbank",

        "tsutaya",           "mercari",          "gurunavi",
        "tabelog",           "tripadvisor",      "washingtonpost",
        "theguardian",       "steampowered",     "minecraft",
        "dailymotion",       "soundcloud",       "squarespace",
        "namecheap",         "cloudinary",       "fontawesome",
        "optimizely",        "mailchimp",        "atlassian",
        "grammarly",         "alibaba",          "volkswagen",
        "broadcom",          "qualcomm",         "sumitomochemical",
        "kyocera",           "panasonic",        "shimadzu",
        "hamamatsu",         "duckduckgo",       "jsdelivr",
        "msftncsi"};
    const int count = (int)(sizeof(names) / sizeof(names[0]));
    char text[24];
    uint64_t dice = 1;
    int wrong = 0, i, k;

    for (i = 0; i < count; i++)
        wrong += randomness(state, names[i]) >= 0.5;
    assert_true(wrong <= count / 20);
    for (wrong = 0, i = 0; i < 1000; i++) {
        for (k = 0; k < 12; k++) {
            dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
            text[k] = (char)('a' + (dice >> 33) % 26);
        }
        text[k] = '\0';
        wrong += randomness(state, text) < 0.5;
    }
    print_message("# of 1000 names of 12 letters at random %d pass\n", wrong);
    assert_true(wrong <= 100);
    expect(state, "name_randomness('abcdef')", "NULL");
    expect(state, "name_randomness('www.krxd.net')", "NULL");
    expect(state,
           "name_randomness('a.xjpakmdcfuqe.com.') = "
           "name_randomness('xjpakmdcfuqe')",
           "1");
    expect(state, "name_randomness('...')", "NULL");
    expect(state, "name_randomness('12345678')", "NULL");
    expect(state, "name_randomness('')", "NULL");
    expect(state, "name_randomness(NULL)", "NULL");
    expect(state,
           "name_randomness('XJPAKMDCFUQE') = "
           "name_randomness('xjpakmdcfuqe')",
           "1");
}

static void distances(void **state)
{
    expect(state, "edit_distance('kitten', 'sitting')", "3");
    expect(state, "edit_distance('ab', 'ba')", "1");
    expect(state, "edit_distance('ca', 'abc')", "3"); /* OSA, not full */
    expect(state, "edit_distance('ABC', 'abc')", "0");
    expect(state, "edit_distance('', 'abc')", "3");
    expect(state, "edit_distance('abc', '')", "3");
    expect(state, "edit_distance('', '')", "0");
    expect(state, "edit_distance(char(0x8ACB, 0x6C42), char(0x8ACB))", "1");
    expect(state, "edit_distance('a', NULL)", "NULL");
    expect(state, "edit_distance(hex(zeroblob(127)), 'a')", "254");
    expect(state, "edit_distance(hex(zeroblob(128)), 'a')", "NULL");
    expect(state, "edit_distance(hex(zeroblob(120)), hex(zeroblob(110)))",
           "20");
}

static void times(void **state)
{
    expect(state, "iso_time(0)", "1970-01-01T00:00:00.000000Z");
    expect(state, "iso_time('text')", "NULL");
    expect(state, "iso_time(NULL)", "NULL");
    expect(state, "local_day(1424221299090000)", "2015-02-18");
    expect(state, "local_day(1424185200000000)", "2015-02-18");
    expect(state, "local_day(1424185199999999)", "2015-02-17");
    expect(state, "local_hour(1424185200000000)", "0");
    expect(state, "local_hour(1424185199999999)", "23");
    expect(state, "local_weekday(1424221299090000)", "3");
    expect(state, "local_weekday(-86400000000 * 4)", "7");
    expect(state, "local_weekday(-86400000000 * 3)", "1");
    expect(state, "local_time(1424221299090000)", "2015-02-18 10:01:39");
    expect(state, "local_time(-1)", "1970-01-01 08:59:59");
    expect(state, "length(local_time(9223372036854775807))", "19");
    expect(state, "length(local_time(-9223372036854775807))", "19");
}

static void patterns(void **state)
{
    expect(state, "'cmd.exe /c' REGEXP '^cmd\\.exe\\s'", "1");
    expect(state, "'CMD' REGEXP 'cmd'", "0");
    expect(state, "'CMD' REGEXP '(?i)cmd'", "1");
    expect(state, "char(0x8ACB, 0x6C42) REGEXP '^..$'", "1");
    expect(state, "NULL REGEXP 'a'", "NULL");
    expect(state, "'a' REGEXP NULL", "NULL");
    expect(state, "sum(column1 REGEXP 'b') FROM (VALUES ('abc'), ('c'), ('b'))",
           "2");
    expect(state, "sum('abc' REGEXP column1) FROM (VALUES ('a'), ('^b'))", "1");
    expect(state, "regexp_extract('id=47 user=kim', '(\\d+) user=(\\w+)', 2)",
           "kim");
    expect(state, "regexp_extract('id=47', '\\d+')", "47");
    expect(state, "regexp_extract('b', '(a)|b', 1)", "NULL");
    expect(state, "regexp_extract('b', 'a', 0)", "NULL");
    expect(state, "regexp_extract('b', 'b', 1)",
           "error: the pattern has no group 1");
    expect(state, "regexp_extract('b', 'b', -1)",
           "error: the pattern has no group -1");
}

static void patterns_that_give_up_are_counted(void **state)
{
    int64_t before = kura_text_gave_up();

    expect(state, "'aaaa' REGEXP '^(a+)+$'", "1");
    assert_int_equal(kura_text_gave_up(), before);
    expect(state,
           "replace(hex(zeroblob(40)), '0', 'a') || 'b' "
           "REGEXP '^(a+)+(?=[^b]$)'",
           "NULL");
    assert_int_equal(kura_text_gave_up(), before + 1);
    expect(state,
           "regexp_extract(replace(hex(zeroblob(40)), '0', 'a') || 'b', "
           "'^(a+)+(?=[^b]$)')",
           "NULL");
    assert_int_equal(kura_text_gave_up(), before + 2);
}

static void bad_pattern_is_named(void **state)
{
    struct fixture *f = *state;
    sqlite3_stmt *stmt;

    assert_int_equal(
        sqlite3_prepare_v2(f->db, "SELECT 'a' REGEXP '('", -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ERROR);
    assert_true(strlen(sqlite3_errmsg(f->db)) > 10);
    (void)sqlite3_finalize(stmt);
}

static void entropies(void **state)
{
    expect(state, "entropy('')", "0.0");
    expect(state, "entropy('aaaa')", "0.0");
    expect(state, "entropy('abcd')", "2.0");
    expect(state, "entropy('ab' || char(0x8ACB, 0x8ACB))", "1.5");
    expect(state, "entropy(NULL)", "NULL");
}

static void aggregates(void **state)
{
    expect(state, "median(column1) FROM (VALUES (5), (1), (NULL), (3))", "3.0");
    expect(state, "median(column1) FROM (VALUES (4), (1), ('x'), (3), (9))",
           "3.5");
    expect(state, "median(column1) FROM (VALUES (NULL))", "NULL");
    expect(state, "median(1) WHERE 0", "NULL");
    expect(state,
           "mad(column1) FROM (VALUES (1), (1), (2), (2), (4), (6), (9))",
           "1.0");
    expect(state, "mad(column1) FROM (VALUES (9e999), (9e999), (1))", "0.0");
    expect(state, "quantile(column1, 0.5) FROM (VALUES (4), (1), (3), (9))",
           "3.5");
    expect(state, "quantile(column1, 0) FROM (VALUES (4), (1), (NULL))", "1.0");
    expect(state, "quantile(column1, 1) FROM (VALUES (4), (1), ('x'))", "4.0");
    expect(state, "quantile(column1, 0.25) FROM (VALUES (0), (10))", "2.5");
    expect(state, "quantile(7, 0.3)", "7.0");
    expect(state, "quantile(NULL, 0.3)", "NULL");
    expect(state, "quantile(1, NULL)", "NULL");
    expect(state, "quantile(1, 1.1)", "error: a quantile is between 0 and 1");
    expect(state,
           "median(x) FROM (WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL "
           "SELECT x + 1 FROM n WHERE x < 1000) SELECT x FROM n)",
           "500.0");
}

/* The tables call these without SQLite. */
static void found_by_name(void **state)
{
    static const char *const names[] = {
        "registered_domain", "reverse_host",  "url_path",  "url_query",
        "url_extension",     "is_private_ip", "is_blocked"};
    const struct kura_text_function *f;
    struct kura_text_test *test;
    struct kura_buf out;
    bool is_null = true;
    int64_t number = 7;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_non_null(kura_text_function_find(names[i]));
    assert_null(kura_text_function_find("iso_time"));
    assert_null(kura_text_test_find("like"));
    kura_buf_init(&out, 1000);
    f = kura_text_function_find("is_private_ip");
    assert_int_equal(f->call("10.0.0.1x", 8, &out, &number, &is_null, NULL),
                     KURA_OK);
    assert_true(f->is_integer && !is_null && number == 1);
    f = kura_text_function_find("reverse_host");
    assert_int_equal(f->call("a.example", 9, &out, &number, &is_null, NULL),
                     KURA_OK);
    assert_string_equal(out.data, "example.a");
    /* It appends. */
    f = kura_text_function_find("registered_domain");
    assert_int_equal(f->call("a.b.com", 7, &out, &number, &is_null, NULL),
                     KURA_OK);
    assert_string_equal(out.data, "example.ab.com");
    kura_buf_release(&out);
    for (i = 0; kura_text_test_at((int)i) != NULL; i++)
        assert_ptr_equal(kura_text_test_find(kura_text_test_at((int)i)->name),
                         kura_text_test_at((int)i));
    assert_int_equal(i, 3);
    assert_int_equal(
        kura_text_test_find("regexp")->compile("(", 1, &test, NULL),
        KURA_EINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_and_machines),
        cmocka_unit_test(hosts),
        cmocka_unit_test(urls),
        cmocka_unit_test(addresses),
        cmocka_unit_test(actions_and_names),
        cmocka_unit_test(hosts_of_hunts),
        cmocka_unit_test(deceptive_names),
        cmocka_unit_test(fanging),
        cmocka_unit_test(refanging),
        cmocka_unit_test(lookalikes),
        cmocka_unit_test(punycode),
        cmocka_unit_test(lists),
        cmocka_unit_test(encoded),
        cmocka_unit_test(agents),
        cmocka_unit_test(types),
        cmocka_unit_test(names_at_random),
        cmocka_unit_test(distances),
        cmocka_unit_test(times),
        cmocka_unit_test(patterns),
        cmocka_unit_test(patterns_that_give_up_are_counted),
        cmocka_unit_test(bad_pattern_is_named),
        cmocka_unit_test(entropies),
        cmocka_unit_test(aggregates),
        cmocka_unit_test(found_by_name),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("functions", tests, set_up, tear_down);
}
