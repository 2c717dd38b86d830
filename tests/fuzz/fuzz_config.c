/* kura.yaml: any bytes are a configuration, or a message that names a line. */
#include "base/config.h"
#include "store/policy.h"
#include "store/warehouse.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <unistd.h>

const unsigned fuzz_rounds = 800;

static char dir[64];

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
        "# nothing\n", "", "a: &x [1]\nb: *x\n", "--- !!map {}\n...\n",
        "? [a]\n: |\n  text\n", "[[[[[[[[", "\"\\u00e9\\x00\"", "\xef\xbb\xbf~"};
    size_t i;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        take(arg, seeds[i], strlen(seeds[i]));
}

static void remove_dir(void)
{
    static const char *const names[] = {"catalog.db",     "catalog.db-wal",
                                        "catalog.db-shm", "kura.yaml",
                                        "lock",           "online",
                                        "formats"};
    char path[128];
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        if (unlink(path) != 0)
            (void)rmdir(path);
    }
    (void)rmdir(dir);
}

static void make_dir(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(dir, sizeof(dir), "%s/kura-fuzz.XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    FUZZ_CHECK(mkdtemp(dir) != NULL);
    (void)atexit(remove_dir);
    FUZZ_CHECK(kura_warehouse_init(dir, "UTC", NULL) == KURA_OK);
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
    }
    kura_config_free(c);
    open_warehouse(data, n);
    return 0;
}
