/* The SQL functions, as SQLite calls them: input is cut into arguments at 0xFE,
 * which are given as texts, as blobs and as a number. */
#include "base/text.h"
#include "query/functions_internal.h"
#include "query/site.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 1500;

#define STATEMENTS_MAX 128

static sqlite3 *db;
static struct kura_zone *zone;
static struct kura_site *site;
static struct kura_function_place place;
static sqlite3_stmt *statements[STATEMENTS_MAX];
static int statement_count;

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    static const char *const seeds[] = {
        "http://u:p@www.example.co.jp:8080/a/Up.EXE?x=1.jpg#d\xfe"
        "^http://([a-z.]+)\xfe"
        "1",
        "www.example.com.:443\xfe*.example.com",
        "[2001:db8::1%eth0]\xfe"
        "2001:db8::/32, 192.0.2.0/24",
        "hxxp[:]//user@www[.]example[.com:80/a.b?u=http://c.example/d.e\xfe"
        "invoice_pdf .exe\xfe"
        "7",
        "Seen smb://files.example.com, ftp://192.0.2.1 and xn--r8jz45g.jp\xfe"
        "mail.exarnple.com\xfe"
        "8",
        "kim at example dot com\xfe"
        "beats=4 burst_s=0.5 tolerance=0.1\xfe"
        "9",
        "::ffff:192.0.2.7\xfe"
        "192.0.2.0/24\xfe"
        "2",
        "=?UTF-8?B?6KuL5rGC5pu4LmV4ZQ==?=\xfe(a+)+$\xfe-1",
        "attachment; filename*=utf-8''%E8%AB%8B.exe\xfe[[:alpha:]]*\xfe"
        "0",
        "253402300800000000\xfe\\Qx\xfe"
        "99",
        "-9223372036854775808",
        "error:invalid-request",
        "",
        "\xfe\xfe"};
    size_t i;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        take(arg, seeds[i], strlen(seeds[i]));
}

/* What holds for every text: it must give 1 (NULL for NULL). */
static const char *const laws[] = {
    "SELECT defang(defang(?1)) = defang(?1)",
    "SELECT refang(refang(?1)) IS NOT NULL",
    "SELECT edit_distance(?1, ?2) IS edit_distance(?2, ?1)",
    "SELECT ifnull(edit_distance(?1, ?1), 0) = 0",
    "SELECT lookalike(?1, ?1) IS NULL",
    "SELECT ifnull(name_randomness(?1), 0) BETWEEN 0 AND 1",
    "SELECT hex_or_base64_run(?1) BETWEEN 0 AND length(CAST(?1 AS BLOB))",
};
#define LAWS (sizeof(laws) / sizeof(laws[0]))
static sqlite3_stmt *law_statements[LAWS];

static void add(const char *name, const char *arguments)
{
    char *sql = sqlite3_mprintf("SELECT %s(%s)", name, arguments);

    FUZZ_CHECK(statement_count < STATEMENTS_MAX);
    FUZZ_CHECK(sqlite3_prepare_v2(db, sql, -1, &statements[statement_count++],
                                  NULL) == SQLITE_OK);
    sqlite3_free(sql);
}

static void close_all(void)
{
    int i;

    for (i = 0; i < statement_count; i++)
        (void)sqlite3_finalize(statements[i]);
    for (i = 0; i < (int)LAWS; i++)
        (void)sqlite3_finalize(law_statements[i]);
    (void)sqlite3_close(db);
    kura_site_free(site);
    kura_zone_free(zone);
}

static enum kura_rc read_site(void)
{
    static const char text[] =
        "site:\n"
        "  networks:\n"
        "    - {network: [10.0.0.0/8, '2001:db8::/32'], name: a, zone: b}\n"
        "    - {network: 10.1.0.0/16}\n"
        "  maintenance:\n"
        "    - {name: m, hosts: [10.0.0.0/8, pc1], from: '22:00', to: '6:00'}\n"
        "  user_agents: ['*a*b*[!x]*']\n"
        "  administrators: [{account: a, hosts: [10.0.0.0/8, pc1]}]\n";
    struct kura_config *c = NULL;
    enum kura_rc rc =
        kura_config_parse("kura.yaml", text, sizeof(text) - 1, &c, NULL);

    if (rc == KURA_OK)
        rc = kura_site_read(c, ".", zone, &site, NULL);
    kura_config_free(c);
    return rc;
}

static void open_all(void)
{
    static const char *const one[] = {
        "iso_time",   "local_day", "local_hour", "local_weekday",
        "local_time", "entropy",   "median",     "mad"};
    size_t i;
    int k;

    FUZZ_CHECK(kura_zone_new("Asia/Tokyo", &zone, NULL) == KURA_OK);
    FUZZ_CHECK(read_site() == KURA_OK);
    place.zone = zone;
    place.site = site;
    FUZZ_CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
    FUZZ_CHECK(kura_functions_register(db, &place, NULL) == KURA_OK);
    for (i = 0; i < sizeof(one) / sizeof(one[0]); i++)
        add(one[i], "?1");
    for (k = 0; kura_text_function_at(k) != NULL; k++)
        add(kura_text_function_at(k)->name, "?1");
    for (k = 0; kura_text_test_at(k) != NULL; k++) {
        add(kura_text_test_at(k)->name, "?1, ?2");
        add(kura_text_test_at(k)->name, "?2, ?1");
    }
    for (i = 0; i < LAWS; i++)
        FUZZ_CHECK(sqlite3_prepare_v2(db, laws[i], -1, &law_statements[i],
                                      NULL) == SQLITE_OK);
    add("edit_distance", "?1, ?2");
    add("lookalike", "?1, ?2");
    add("type_mismatch", "?1, ?2");
    add("name_randomness", "?1");
    add("quantile", "?1, 0.5");
    add("business_hours", "?3");
    add("in_maintenance", "?3, ?1");
    add("admin_host", "?1, ?2");
    add("beacon_score", "?3, ?1, ?2");
    add("beacon_rita", "?3, ?1, ?1, ?2");
    add("regexp_extract", "?1, ?2");
    add("regexp_extract", "?1, ?2, ?3");
    (void)atexit(close_all);
}

struct argument {
    const char *s;
    int n;
};

static void bind(sqlite3_stmt *stmt, const struct argument *a, int how)
{
    int i, count = sqlite3_bind_parameter_count(stmt);

    for (i = 1; i <= count; i++) {
        if (i == 3 || how == 2)
            (void)sqlite3_bind_int64(stmt, i, strtoll(a[i - 1].s, NULL, 10));
        else if (how == 1)
            (void)sqlite3_bind_blob(stmt, i, a[i - 1].s, a[i - 1].n,
                                    SQLITE_STATIC);
        else
            (void)sqlite3_bind_text(stmt, i, a[i - 1].s, a[i - 1].n,
                                    SQLITE_STATIC);
    }
}

static void run(sqlite3_stmt *stmt, const struct argument *a, int how)
{
    int code;

    bind(stmt, a, how);
    code = sqlite3_step(stmt);
    /* One row, or an error that says what is wrong. */
    FUZZ_CHECK(code == SQLITE_ROW ||
               (code == SQLITE_ERROR && sqlite3_errmsg(db)[0] != '\0'));
    (void)sqlite3_reset(stmt);
}

static void run_law(sqlite3_stmt *stmt, const struct argument *a)
{
    bind(stmt, a, 0);
    FUZZ_CHECK(sqlite3_step(stmt) == SQLITE_ROW);
    if (sqlite3_column_int(stmt, 0) != 1)
        fprintf(stderr, "%s\n", sqlite3_sql(stmt));
    FUZZ_CHECK(sqlite3_column_int(stmt, 0) == 1);
    (void)sqlite3_reset(stmt);
}

/* Three NUL-terminated texts of one input. */
static void cut(char *s, size_t n, struct argument *a)
{
    size_t i, from = 0;
    int k = 0;

    for (i = 0; i <= n && k < 3; i++)
        if (i == n || ((uint8_t)s[i] == 0xfe && k < 2)) {
            s[i] = '\0';
            a[k].s = s + from;
            a[k++].n = (int)(i - from);
            from = i + 1;
        }
    for (; k < 3; k++)
        a[k] = (struct argument){"", 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct argument a[3];
    char *copy = malloc(n + 1);
    int i, how;

    FUZZ_CHECK(copy != NULL);
    if (db == NULL)
        open_all();
    if (n != 0)
        memcpy(copy, data, n);
    cut(copy, n, a);
    for (i = 0; i < statement_count; i++)
        for (how = 0; how < 3; how++)
            run(statements[i], a, how);
    for (i = 0; i < (int)LAWS; i++)
        run_law(law_statements[i], a);
    free(copy);
    return 0;
}
