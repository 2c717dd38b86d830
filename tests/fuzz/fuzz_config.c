/* kura.yaml: any bytes are a configuration, or a message that names a line. */
#include "base/config.h"
#include "query/site.h"
#include "store/policy.h"
#include "store/warehouse.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <unistd.h>

const unsigned fuzz_rounds = 800;

static char dir[64];
static struct kura_zone *zone;

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    static const char *const seeds[] = {
        "zone: Asia/Tokyo\noldest: 2000-01-01\n",
        "sources:\n  - match: '*/squid/access.log*'\n    format: squid-native\n"
        "  - {match: '*/branch/*', zone: '+09:00'}\n",
        "zone: UTC\nretention:\n  lateness: 2d\n  online: 3mo\n"
        "  keep: forever\n  tables:\n    dns: { online: 1mo, keep: 2y }\n",
        "archive:\n  destinations: [ archive, /mnt/vault/kura ]\n  level: 9\n"
        "  sign: 'minisign -S -m \"$KURA_VOLUME\"'\n  verify: true\n",
        "site:\n  networks:\n    - {network: [10.1.0.0/16, '::1'], name: a,"
        " zone: b}\n  proxies: [10.0.0.1]\n  resolvers: 10.0.0.2\n"
        "  mail_domains: ['*.a.example']\n  service_accounts: [x]\n",
        "site:\n  hours:\n    mon-fri, sun: [08:30-12:00, '22:00-06:00']\n"
        "    sat: 9:00-24:00\n  holidays:\n    - 2026-12-29..2027-01-03: b\n"
        "    - 2026-08-14\n    - no.yaml\n",
        "site:\n  maintenance:\n    - {name: a, hosts: all, from: '22:00', to: "
        "'6:00', weekdays: [mon-wed, sat]}\n    - {name: b, hosts: [pc1, "
        "10.0.0.0/8], from: '0:00', to: '24:00'}\n",
        "site:\n  user_agents: ['*[a-z]?']\n  administrators: [{account: a, "
        "hosts: [pc1, 10.0.0.1]}]\n  controllers: {name: d, address: '::2'}\n",
        "# nothing\n",
        "",
        "a: &x [1]\nb: *x\n",
        "--- !!map {}\n...\n",
        "? [a]\n: |\n  text\n",
        "[[[[[[[[",
        "\"\\u00e9\\x00\"",
        "\xef\xbb\xbf~"};
    size_t i;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        take(arg, seeds[i], strlen(seeds[i]));
}

static void remove_dir(void)
{
    static const char *const names[] = {
        "catalog.db", "catalog.db-wal", "catalog.db-shm", "kura.yaml",
        "lock",       "online",         "formats"};
    char path[128];
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        if (unlink(path) != 0)
            (void)rmdir(path);
    }
    (void)rmdir(dir);
    kura_zone_free(zone);
}

static void make_dir(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(dir, sizeof(dir), "%s/kura-fuzz.XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    FUZZ_CHECK(mkdtemp(dir) != NULL);
    (void)atexit(remove_dir);
    FUZZ_CHECK(kura_warehouse_init(dir, "UTC", NULL) == KURA_OK);
    FUZZ_CHECK(kura_zone_new("Europe/Berlin", &zone, NULL) == KURA_OK);
}

static void walk(const struct kura_node *n)
{
    size_t i;

    if (n == NULL)
        return;
    FUZZ_CHECK(kura_node_line(n) > 0);
    if (kura_node_kind(n) == KURA_NODE_SCALAR)
        FUZZ_CHECK(kura_node_text(n)[kura_node_text_size(n)] == '\0');
    for (i = 0; i < kura_node_count(n); i++) {
        if (kura_node_kind(n) == KURA_NODE_MAP)
            FUZZ_CHECK(kura_node_key(n, i) != NULL &&
                       kura_node_key_line(n, i) > 0);
        walk(kura_node_at(n, i));
    }
}

static void check_refusal(enum kura_rc rc, const struct kura_err *err)
{
    FUZZ_CHECK(rc == KURA_OK || rc == KURA_EINPUT);
    FUZZ_CHECK(rc == KURA_OK || strstr(err->msg, "yaml:") != NULL);
}

/* What a site says can be asked. */
static void read_site(const struct kura_config *c)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_site *s = NULL;
    struct kura_address a;
    enum kura_rc rc = kura_site_read(c, dir, zone, &s, &err);
    int64_t row;

    check_refusal(rc, &err);
    if (rc != KURA_OK)
        return;
    FUZZ_CHECK(kura_address_parse("10.1.2.3", 8, &a));
    row = kura_site_network_of(s, &a);
    FUZZ_CHECK(row < (int64_t)kura_site_rows(s, KURA_SITE_NETWORK));
    FUZZ_CHECK(row < 0 || kura_site_is_internal(s, &a));
    (void)kura_site_is_business(s, -1);
    (void)kura_site_in_maintenance(s, 1424012400000000, "pc1", 3);
    (void)kura_site_admin(s, "D\\a@b", 5, "pc1", 3);
    kura_site_free(s);
}

/* As a program sees it that opens the warehouse. */
static void open_warehouse(const uint8_t *data, size_t n)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_warehouse *w = NULL;
    char path[128];
    enum kura_rc rc;
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/kura.yaml", dir);
    f = fopen(path, "wb");
    FUZZ_CHECK(f != NULL);
    (void)fwrite(data, 1, n, f);
    (void)fclose(f);
    rc = kura_warehouse_open(dir, false, &w, &err);
    check_refusal(rc, &err);
    if (rc == KURA_OK)
        kura_warehouse_close(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_config *c = NULL;
    struct kura_policy policy;
    enum kura_rc rc;

    if (dir[0] == '\0') {
        make_dir();
        FUZZ_CHECK(kura_schema_load(NULL) == KURA_OK);
    }
    rc = kura_config_parse("site.yaml", (const char *)data, n, &c, &err);
    check_refusal(rc, &err);
    if (rc == KURA_OK) {
        walk(kura_config_root(c));
        rc = kura_policy_read(c, &policy, &err);
        check_refusal(rc, &err);
        FUZZ_CHECK(rc != KURA_OK || policy.destination_count > 0);
        read_site(c);
    }
    kura_config_free(c);
    open_warehouse(data, n);
    return 0;
}
