/* test_warehouse.c - the directory, its catalog, its locks. */
#include "base/fs.h"
#include "store/warehouse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define NOBODY 65534

struct fixture {
    char top[32];
    char dir[64];
    struct kura_err err;
    struct kura_warehouse *w;
    const struct kura_schema *dns;
    int64_t day; /* 2026-08-25 */
};

static void check_at(struct fixture *f, enum kura_rc rc, int line)
{
    if (rc != KURA_OK)
        fail_msg("line %d: %d %s", line, (int)rc, f->err.msg);
}
#define OK(f, call) check_at(f, call, __LINE__)

/* The call fails so, and its message holds these words. */
static void refused_at(struct fixture *f, enum kura_rc rc, enum kura_rc want,
                       const char *words, int line)
{
    if (rc != want || strstr(f->err.msg, words) == NULL)
        fail_msg("line %d: %d '%s'", line, (int)rc, f->err.msg);
    memset(&f->err, 0, sizeof(f->err));
}
#define REFUSED(f, call, want, words) refused_at(f, call, want, words, __LINE__)

static void tree_remove(const char *path)
{
    char below[512];
    struct dirent *e;
    DIR *d = opendir(path);

    if (d == NULL) {
        (void)unlink(path);
        return;
    }
    while ((e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
        tree_remove(below);
    }
    (void)closedir(d);
    (void)rmdir(path);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    (void)snprintf(f->top, sizeof(f->top), "/tmp/kura_test_XXXXXX");
    assert_non_null(mkdtemp(f->top));
    (void)snprintf(f->dir, sizeof(f->dir), "%s/house", f->top);
    f->day = kura_days_from_civil(2026, 8, 25);
    OK(f, kura_warehouse_init(f->dir, "Asia/Tokyo", &f->err));
    OK(f, kura_warehouse_open(f->dir, true, &f->w, &f->err));
    f->dns = kura_schema_find("dns");
    assert_non_null(f->dns);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    kura_warehouse_close(f->w);
    tree_remove(f->top);
    free(f);
    return 0;
}

static void config_put(struct fixture *f, const char *text)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/kura.yaml", f->dir);
    OK(f, kura_fs_write(path, text, strlen(text), &f->err));
}

static bool file_is_there(const struct fixture *f, const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    return kura_fs_exists(path);
}

/* One row at noon of the day, of a source held up to `held`. */
static void row_add(struct fixture *f, struct kura_builder *b,
                    const char *source, int64_t held)
{
    struct kura_held h = {HEAD ":12", source, held, 1, ""};
    struct kura_cell cells[2] = {{0}};
    int64_t ts = kura_builder_day(b) * KURA_DAY + KURA_DAY / 2;

    cells[0].column = kura_schema_column(kura_builder_schema(b), "source");
    cells[0].text = source;
    cells[0].size = (uint32_t)strlen(source);
    cells[1].column = kura_schema_column(kura_builder_schema(b), "line");
    cells[1].number = 1;
    memset(h.sha256, '0', 64);
    OK(f, kura_builder_append(b, ts, cells, 2, 40, &f->err));
    OK(f, kura_builder_commit(b, &h, 1, &f->err));
}

static void test_init(void **state)
{
    struct fixture *f = *state;
    char other[96];

    assert_string_equal(kura_zone_name(kura_warehouse_zone(f->w)),
                        "Asia/Tokyo");
    assert_true(file_is_there(f, "formats"));
    REFUSED(f, kura_warehouse_init(f->dir, "UTC", &f->err), KURA_EINPUT,
            "already");
    REFUSED(f, kura_warehouse_init(f->top, "UTC", &f->err), KURA_EINPUT,
            "not empty");
    (void)snprintf(other, sizeof(other), "%s/deep/er", f->top);
    REFUSED(f, kura_warehouse_init(other, "Atlantis/Poseidonis", &f->err),
            KURA_EINPUT, "Atlantis");
    assert_false(kura_fs_exists(other));
    OK(f, kura_warehouse_init(other, NULL, &f->err));
}

static void test_open_nothing(void **state)
{
    struct fixture *f = *state;
    struct kura_warehouse *w = NULL;

    REFUSED(f, kura_warehouse_open(f->top, true, &w, &f->err), KURA_ENOTFOUND,
            "no warehouse in");
    REFUSED(f, kura_warehouse_open("/nowhere/at/all", false, &w, &f->err),
            KURA_ENOTFOUND, "no warehouse in");
    assert_null(w);
}

/* A warehouse with partitions that has lost its catalog, or its settings. */
static void test_open_lost(void **state)
{
    struct fixture *f = *state;
    struct kura_warehouse *w = NULL;
    struct kura_builder *b;
    int64_t number;
    char path[128];

    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &b, &number, &f->err));
    kura_warehouse_builder_close(f->w, number, b);
    kura_warehouse_close(f->w);
    f->w = NULL;
    (void)snprintf(path, sizeof(path), "%s/kura.yaml", f->dir);
    assert_int_equal(unlink(path), 0);
    REFUSED(f, kura_warehouse_open(f->dir, true, &w, &f->err), KURA_ENOTFOUND,
            "kura.yaml' is missing\nhint: ");
    OK(f, kura_warehouse_open(f->dir, false, &w, &f->err));
    kura_warehouse_close(w);
    w = NULL;
    config_put(f, "");
    OK(f, kura_warehouse_open(f->dir, true, &w, &f->err));
    kura_warehouse_close(w);
    w = NULL;
    (void)snprintf(path, sizeof(path), "%s/catalog.db", f->dir);
    assert_int_equal(unlink(path), 0);
    REFUSED(f, kura_warehouse_open(f->dir, false, &w, &f->err), KURA_ENOTFOUND,
            "kura catalog rebuild makes it anew");
    REFUSED(f, kura_warehouse_init(f->dir, NULL, &f->err), KURA_EINPUT,
            "kura catalog rebuild makes it anew");
    assert_null(w);
}

static void config_refused(struct fixture *f, const char *text,
                           const char *words)
{
    struct kura_warehouse *w = NULL;

    config_put(f, text);
    REFUSED(f, kura_warehouse_open(f->dir, false, &w, &f->err), KURA_EINPUT,
            words);
}

static void test_config(void **state)
{
    struct fixture *f = *state;
    struct kura_warehouse *w = NULL;

    config_refused(f, "# x\nzone: UTC\nzon: 1\n",
                   "kura.yaml:3: unknown key 'zon'");
    config_refused(f, "zone: Mars/North\n", "kura.yaml:1:");
    config_refused(f, "oldest: 2001-02-30\n", "'oldest' must be a date");
    config_refused(f, "sources: x\n", "must be a list");
    config_refused(f, "sources:\n  - format: bind-query\n", "needs 'match'");
    config_refused(f, "sources:\n  - match: a\n    zone: No/Where\n",
                   "kura.yaml:3:");
    config_put(f, "");
    OK(f, kura_warehouse_open(f->dir, false, &w, &f->err));
    assert_string_equal(kura_zone_name(kura_warehouse_zone(w)), "UTC");
    kura_warehouse_close(w);
    config_put(f, "oldest: 2004-02-29\nsources:\n  - match: '*.log'\n"
                  "    format: bind-query\n    zone: Europe/Berlin\n");
    OK(f, kura_warehouse_open(f->dir, false, &w, &f->err));
    assert_non_null(
        kura_node_get(kura_config_root(kura_warehouse_config(w)), "sources"));
    kura_warehouse_close(w);
}

static void test_builder_goes_on(void **state)
{
    struct fixture *f = *state;
    struct kura_partition_entry *list;
    struct kura_builder *b, *c;
    int64_t first, second;
    size_t count;

    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &b, &first, &f->err));
    assert_true(file_is_there(f, "online/dns/2026-08-25.db"));
    /* The first is being written: the day goes on beside it. */
    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &c, &second, &f->err));
    assert_int_not_equal(first, second);
    assert_true(file_is_there(f, "online/dns/2026-08-25.1.db"));
    kura_warehouse_builder_close(f->w, second, c);
    row_add(f, b, "q.log", 40);
    OK(f, kura_warehouse_list(f->w, NULL, &list, &count, &f->err));
    assert_int_equal(count, 2);
    OK(f, kura_warehouse_committed(f->w, first, list[0].copies[0].at.path, &f->err));
    kura_warehouse_builder_close(f->w, first, b);
    kura_warehouse_list_free(list, count);
    /* Nobody writes it now: it goes on with its row. */
    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &b, &second, &f->err));
    assert_int_equal(first, second);
    assert_int_equal(kura_builder_rows(b), 1);
    kura_warehouse_builder_close(f->w, second, b);

    OK(f, kura_warehouse_list(f->w, f->dns, &list, &count, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].number, first);
    assert_int_equal(list[0].day, f->day);
    assert_int_equal(list[0].rows, 1);
    assert_int_equal(list[0].bytes, 40);
    assert_ptr_equal(list[0].schema, f->dns);
    assert_int_equal(list[0].copies[0].at.path[0], '/');
    assert_int_equal(list[1].rows, 0);
    kura_warehouse_list_free(list, count);
    OK(f, kura_warehouse_list(f->w, kura_schema_find("mail"), &list, &count,
                              &f->err));
    assert_int_equal(count, 0);
    kura_warehouse_list_free(list, count);
}

/* A file that the catalog does not know keeps its name. */
static void test_orphan_name(void **state)
{
    struct fixture *f = *state;
    struct kura_builder *b;
    char path[128];
    int64_t number;

    (void)snprintf(path, sizeof(path), "%s/online/dns", f->dir);
    OK(f, kura_fs_mkdirs(path, &f->err));
    (void)snprintf(path, sizeof(path), "%s/online/dns/2026-08-25.db", f->dir);
    OK(f, kura_fs_write(path, "x", 1, &f->err));
    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &b, &number, &f->err));
    assert_true(file_is_there(f, "online/dns/2026-08-25.1.db"));
    kura_warehouse_builder_close(f->w, number, b);
}

static void test_missing_file(void **state)
{
    struct fixture *f = *state;
    struct kura_partition_entry *list;
    struct kura_builder *b;
    int64_t number, bytes;
    size_t count;

    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &b, &number, &f->err));
    kura_warehouse_builder_close(f->w, number, b);
    OK(f, kura_warehouse_list(f->w, f->dns, &list, &count, &f->err));
    OK(f, kura_fs_remove(list[0].copies[0].at.path, &f->err));
    kura_warehouse_list_free(list, count);
    OK(f, kura_warehouse_list(f->w, f->dns, &list, &count, &f->err));
    assert_int_equal(count, 1);
    kura_warehouse_list_free(list, count);
    REFUSED(f,
            kura_warehouse_builder(f->w, f->dns, f->day, &b, &number, &f->err),
            KURA_ECORRUPT, "2026-08-25.db");
    REFUSED(
        f,
        kura_warehouse_held(f->w, f->dns, f->day, HEAD ":12", &bytes, &f->err),
        KURA_ECORRUPT, "2026-08-25.db");
}

static void test_held(void **state)
{
    struct fixture *f = *state;
    const struct kura_schema *reject = kura_schema_find("reject");
    struct kura_builder *b, *c;
    int64_t first, second, bytes = -1;

    OK(f,
       kura_warehouse_held(f->w, f->dns, f->day, HEAD ":12", &bytes, &f->err));
    assert_int_equal(bytes, 0);
    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &b, &first, &f->err));
    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &c, &second, &f->err));
    row_add(f, b, "q.log", 40);
    row_add(f, c, "q.log", 90);
    kura_warehouse_builder_close(f->w, first, b);
    kura_warehouse_builder_close(f->w, second, c);
    /* The catalog was told nothing: the partitions themselves are asked. */
    OK(f,
       kura_warehouse_held(f->w, f->dns, f->day, HEAD ":12", &bytes, &f->err));
    assert_int_equal(bytes, 90);
    OK(f, kura_warehouse_held(f->w, f->dns, f->day + 1, HEAD ":12", &bytes,
                              &f->err));
    assert_int_equal(bytes, 0);
    OK(f, kura_warehouse_builder(f->w, reject, f->day, &b, &first, &f->err));
    row_add(f, b, "q.log", 70);
    kura_warehouse_builder_close(f->w, first, b);
    OK(f, kura_warehouse_held(f->w, reject, f->day + 9, HEAD ":12", &bytes,
                              &f->err));
    assert_int_equal(bytes, 70);
}

static void test_holdings(void **state)
{
    struct fixture *f = *state;
    struct kura_partition_entry *list;
    struct kura_holding *h;
    struct kura_builder *b;
    int64_t number;
    size_t count, n, i;

    for (i = 2; i > 0; i--) {
        OK(f, kura_warehouse_builder(f->w, f->dns, f->day + (int64_t)i, &b,
                                     &number, &f->err));
        row_add(f, b, "q.log", 40);
        kura_warehouse_builder_close(f->w, number, b);
    }
    OK(f, kura_warehouse_list(f->w, NULL, &list, &count, &f->err));
    for (i = 0; i < count; i++) /* twice: it replaces what it said before */
        OK(f, kura_warehouse_committed(f->w, list[i % 2].number,
                                       list[i % 2].copies[0].at.path, &f->err));
    OK(f,
       kura_warehouse_committed(f->w, list[0].number, list[0].copies[0].at.path, &f->err));
    REFUSED(
        f,
        kura_warehouse_committed(f->w, list[0].number, list[1].copies[0].at.path, &f->err),
        KURA_ECORRUPT, "not the partition");
    kura_warehouse_list_free(list, count);
    OK(f, kura_warehouse_holdings(f->w, &h, &n, &f->err));
    assert_int_equal(n, 2);
    assert_int_equal(h[0].day, f->day + 1);
    assert_int_equal(h[1].day, f->day + 2);
    assert_string_equal(h[0].source, "q.log");
    assert_int_equal(h[0].rows, 1);
    assert_int_equal(h[0].bytes, 40);
    assert_int_equal(h[0].first_ts, (f->day + 1) * KURA_DAY + KURA_DAY / 2);
    assert_int_equal(h[0].last_ts, h[0].first_ts);
    kura_warehouse_holdings_free(h, n);
}

static void test_replace(void **state)
{
    struct fixture *f = *state;
    struct kura_partition_entry *list;
    struct kura_builder *b, *c;
    int64_t first, second, third;
    size_t count;

    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &b, &first, &f->err));
    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &c, &second, &f->err));
    kura_warehouse_builder_close(f->w, first, b);
    kura_warehouse_builder_close(f->w, second, c);
    /* Only what was made for it may take a partition's place. */
    REFUSED(f, kura_warehouse_replace(f->w, first, second, &f->err),
            KURA_ENOTFOUND, "cannot take the place");
    OK(f, kura_warehouse_list(f->w, NULL, &list, &count, &f->err));
    assert_int_equal(count, 2);
    OK(f, kura_warehouse_successor(f->w, &list[0], &b, &third, &f->err));
    kura_warehouse_builder_close(f->w, third, b);
    kura_warehouse_list_free(list, count);
    /* Nobody sees it before. */
    OK(f, kura_warehouse_list(f->w, NULL, &list, &count, &f->err));
    assert_int_equal(count, 2);
    kura_warehouse_list_free(list, count);
    OK(f, kura_warehouse_replace(f->w, first, third, &f->err));
    assert_false(file_is_there(f, "online/dns/2026-08-25.db"));
    assert_false(file_is_there(f, "online/dns/2026-08-25.db-wal"));
    OK(f, kura_warehouse_list(f->w, NULL, &list, &count, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].number, second);
    assert_int_equal(list[1].number, third);
    kura_warehouse_list_free(list, count);
    /* Neither the number nor the name comes back. */
    assert_true(third > second && second > first);
    assert_true(file_is_there(f, "online/dns/2026-08-25.2.db"));
}

static void source_make(struct kura_source_entry *s, const char *key,
                        const char *name)
{
    memset(s, 0, sizeof(*s));
    (void)snprintf(s->key, sizeof(s->key), "%s", key);
    s->name = strdup(name);
    assert_non_null(s->name);
    s->as_of = INT64_MIN;
    s->last_ts = INT64_MIN;
}

static void test_sources(void **state)
{
    struct fixture *f = *state;
    struct kura_source_entry a, b, c, *list;
    size_t count;

    source_make(&a, HEAD ":12", "/var/log/q.log");
    OK(f, kura_warehouse_source_add(f->w, &a, &f->err));
    /* Nothing of it was consumed: the same head is the same source. */
    source_make(&b, HEAD ":12", "/var/log/q.log.1");
    OK(f, kura_warehouse_source_add(f->w, &b, &f->err));
    assert_int_equal(a.number, b.number);
    assert_string_equal(b.name, "/var/log/q.log");
    a.bytes = 512;
    a.lines = 7;
    a.terminated = true;
    a.as_of = 5;
    a.format = strdup("bind-query");
    memset(a.sha256, 'a', 64);
    OK(f, kura_warehouse_source_mark(f->w, &a, &f->err));
    source_make(&c, HEAD ":12", "/var/log/q.log");
    OK(f, kura_warehouse_source_add(f->w, &c, &f->err));
    assert_string_equal(c.name, "/var/log/q.log#2");
    assert_string_equal(c.key, HEAD ":12:2");

    OK(f, kura_warehouse_sources(f->w, NULL, &list, &count, &f->err));
    assert_int_equal(count, 2);
    kura_warehouse_sources_free(list, count);
    OK(f, kura_warehouse_sources(f->w, "q.log", &list, &count, &f->err));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].bytes, 512);
    assert_int_equal(list[0].lines, 7);
    assert_int_equal(list[0].as_of, 5);
    assert_true(list[0].terminated);
    assert_string_equal(list[0].format, "bind-query");
    assert_string_equal(list[0].sha256, a.sha256);
    kura_warehouse_sources_free(list, count);
    OK(f, kura_warehouse_sources(f->w, "0011", &list, &count, &f->err));
    assert_int_equal(count, 2);
    assert_true(list[1].as_of == INT64_MIN);
    kura_warehouse_sources_free(list, count);
    OK(f, kura_warehouse_sources(f->w, "log", &list, &count, &f->err));
    assert_int_equal(count, 0);
    kura_warehouse_sources_free(list, count);
    a.number = 99;
    REFUSED(f, kura_warehouse_source_mark(f->w, &a, &f->err), KURA_ENOTFOUND,
            "99");
    free(a.format);
    free(a.name);
    free(b.name);
    free(c.name);
}

/* Another handle is another process as far as locks go. */
static void test_two_writers(void **state)
{
    struct fixture *f = *state;
    struct kura_warehouse *other;
    struct kura_builder *a, *b;
    int64_t first, second;

    OK(f, kura_warehouse_open(f->dir, true, &other, &f->err));
    OK(f, kura_warehouse_source_lock(f->w, 3, &f->err));
    OK(f, kura_warehouse_source_lock(other, 4, &f->err));
    REFUSED(f, kura_warehouse_source_lock(other, 3, &f->err), KURA_EBUSY,
            "being loaded");
    kura_warehouse_source_unlock(f->w, 3);
    OK(f, kura_warehouse_source_lock(other, 3, &f->err));

    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &a, &first, &f->err));
    OK(f, kura_warehouse_builder(other, f->dns, f->day, &b, &second, &f->err));
    assert_int_not_equal(first, second);
    REFUSED(f, kura_warehouse_partition_lock(other, first, &f->err),
            KURA_EBUSY, "");
    REFUSED(f, kura_warehouse_replace(other, first, second, &f->err),
            KURA_EBUSY, "written by");
    kura_warehouse_builder_close(f->w, first, a);
    kura_warehouse_builder_close(other, second, b);
    kura_warehouse_close(other);
}

/* What a user without any permission to write is told. */
static int write_as_nobody(const struct fixture *f)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_warehouse *w = NULL;

    if (geteuid() == 0 && setuid(NOBODY) != 0)
        return 1;
    if (kura_warehouse_open(f->dir, true, &w, &err) != KURA_EIO)
        return 2;
    return strstr(err.msg, "no permission to write '") == NULL ||
           strstr(err.msg, "/lock'") == NULL;
}

static void test_write_as_nobody(void **state)
{
    struct fixture *f = *state;
    char lock[128];
    int status;
    pid_t pid;

    (void)snprintf(lock, sizeof(lock), "%s/lock", f->dir);
    assert_int_equal(chmod(lock, 0444), 0);
    assert_int_equal(chmod(f->top, 0755), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(write_as_nobody(f));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What a user without any permission to write sees; 0 when all is there. */
static int read_as_nobody(const struct fixture *f)
{
    struct kura_partition_entry *list = NULL;
    struct kura_warehouse *w = NULL;
    struct kura_builder *b = NULL;
    int64_t number = 0;
    size_t count = 0;

    if (geteuid() == 0 && setuid(NOBODY) != 0)
        return 1;
    if (kura_warehouse_open(f->dir, false, &w, NULL) != KURA_OK)
        return 2;
    if (kura_warehouse_list(w, NULL, &list, &count, NULL) != KURA_OK ||
        count != 1)
        return 3;
    if (kura_warehouse_builder(w, f->dns, f->day, &b, &number, NULL) !=
        KURA_EIO)
        return 4;
    kura_warehouse_list_free(list, count);
    kura_warehouse_close(w);
    return 0;
}

static void test_read_only(void **state)
{
    struct fixture *f = *state;
    struct kura_builder *b;
    int64_t number;
    int status, round;
    pid_t pid;

    OK(f, kura_warehouse_builder(f->w, f->dns, f->day, &b, &number, &f->err));
    kura_warehouse_builder_close(f->w, number, b);
    assert_int_equal(chmod(f->top, 0555), 0);
    assert_int_equal(chmod(f->dir, 0555), 0);
    /* While a writer has it open, and after it has gone. */
    for (round = 0; round < 2; round++) {
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(read_as_nobody(f));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        kura_warehouse_close(f->w);
        f->w = NULL;
    }
    assert_int_equal(chmod(f->top, 0755), 0);
    assert_int_equal(chmod(f->dir, 0755), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_init),        TEST(test_open_nothing),
        TEST(test_config),      TEST(test_builder_goes_on),
        TEST(test_orphan_name), TEST(test_missing_file),
        TEST(test_held),        TEST(test_holdings),
        TEST(test_replace),     TEST(test_sources),
        TEST(test_two_writers), TEST(test_read_only),
        TEST(test_write_as_nobody),
        TEST(test_open_lost),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
