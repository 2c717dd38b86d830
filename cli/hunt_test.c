#include "cli/hunt_test.h"

#include "cli/formats.h"
#include "cli/hunting.h"

#include "base/buf.h"
#include "base/fs.h"
#include "ingest/load.h"
#include "query/indicator_import.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEST_PATH_MAX 65536
#define TEST_CONFIG_MAX ((size_t)1 << 20)

/* A warehouse that lasts as long as one test. */
struct scratch {
    struct kura_cli cli; /* as the caller's, on the scratch warehouse */
    char dir[256];
    bool made;
};

/* A warehouse is folders of files, a few levels deep. */
static void remove_tree(const char *path, int depth)
{
    DIR *d = depth < 8 ? opendir(path) : NULL;
    const struct dirent *e;
    struct kura_buf name;

    kura_buf_init(&name, TEST_PATH_MAX);
    while (d != NULL && (e = readdir(d)) != NULL) {
        kura_buf_reset(&name);
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            kura_buf_printf(&name, NULL, "%s/%s", path, e->d_name) != KURA_OK)
            continue;
        if (kura_fs_is_dir(name.data))
            remove_tree(name.data, depth + 1);
        else
            (void)kura_fs_remove(name.data, NULL);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(path);
    kura_buf_release(&name);
}

static void scratch_remove(struct scratch *s)
{
    if (s->made)
        remove_tree(s->dir, 0);
    s->made = false;
}

/* DIR/kura.yaml, or what init writes. */
static enum kura_rc scratch_site(struct scratch *s, const char *dir,
                                 struct kura_err *err)
{
    struct kura_buf path, text;
    enum kura_rc rc;

    kura_buf_init(&path, TEST_PATH_MAX);
    kura_buf_init(&text, TEST_CONFIG_MAX);
    rc = kura_buf_printf(&path, err, "%s/kura.yaml", dir);
    if (rc == KURA_OK && kura_fs_exists(path.data)) {
        rc = kura_fs_read(path.data, &text, err);
        kura_buf_reset(&path);
        if (rc == KURA_OK)
            rc = kura_buf_printf(&path, err, "%s/kura.yaml", s->dir);
        if (rc == KURA_OK)
            rc = kura_fs_write(path.data, text.data, text.len, err);
    }
    kura_buf_release(&text);
    kura_buf_release(&path);
    return rc;
}

static void test_told(void *arg, enum kura_indicator_event what,
                      const char *file, size_t line, const char *text)
{
    struct kura_err *err = arg;

    if (what == KURA_INDICATOR_PROBLEM)
        (void)kura_err_set(err, KURA_EINPUT, "%s:%zu: %s", file, line, text);
}

/* DIR/indicators.csv, where it is there. */
static enum kura_rc scratch_indicators(struct scratch *s, const char *dir,
                                       struct kura_err *err)
{
    struct kura_indicator_importer importer;
    struct kura_casefile *c = NULL;
    struct kura_warnings *warnings = NULL;
    struct kura_buf path, data;
    enum kura_rc rc;

    memset(&importer, 0, sizeof(importer));
    importer.options.confidence = -1;
    importer.options.expires_at = KURA_INDICATOR_NEVER;
    importer.tell = test_told;
    importer.arg = err;
    kura_buf_init(&path, TEST_PATH_MAX);
    kura_buf_init(&data, TEST_CONFIG_MAX);
    rc = kura_buf_printf(&path, err, "%s/indicators.csv", dir);
    if (rc != KURA_OK || !kura_fs_exists(path.data))
        goto out;
    rc = kura_fs_read(path.data, &data, err);
    if (rc == KURA_OK)
        rc = kura_casefile_open(s->dir, true, &c, err);
    if (rc == KURA_OK)
        rc = kura_warnings_new(s->dir, &warnings, err);
    if (rc == KURA_OK)
        rc = kura_indicator_import_begin(c, s->cli.now_us, &importer.into, err);
    if (rc == KURA_OK) {
        importer.warnings = warnings;
        rc = kura_indicator_import_file(&importer, path.data, data.data,
                                        data.len, err);
        rc = rc == KURA_OK && err->rc != KURA_OK ? err->rc : rc;
        rc = kura_indicator_import_end(importer.into, rc, true, kura_owner(),
                                       "hunts --test", err);
    }
out:
    kura_warnings_free(warnings);
    kura_casefile_close(c);
    kura_buf_release(&data);
    kura_buf_release(&path);
    return rc;
}

static enum kura_rc scratch_make(struct scratch *s, const struct kura_cli *cli,
                                 const char *dir, struct kura_err *err)
{
    const char *top = getenv("TMPDIR");
    enum kura_rc rc;

    memset(s, 0, sizeof(*s));
    (void)snprintf(s->dir, sizeof(s->dir), "%.200s/kura-hunt-XXXXXX",
                   top != NULL && *top != '\0' ? top : "/tmp");
    if (mkdtemp(s->dir) == NULL)
        return kura_err_sys(err, errno, "cannot make '%s'", s->dir);
    s->made = true;
    s->cli = *cli;
    s->cli.dir = s->dir;
    s->cli.verbosity = -1;
    rc = kura_warehouse_init(s->dir, NULL, err);
    if (rc == KURA_OK)
        rc = scratch_site(s, dir, err);
    return rc == KURA_OK ? scratch_indicators(s, dir, err) : rc;
}

static void test_notice(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

static enum kura_rc test_load(struct scratch *s, const char *dir,
                              char *const *files, size_t count,
                              struct kura_err *err)
{
    struct kura_load_options o = {0};
    struct kura_load_result result = {0};
    struct kura_warehouse *w = NULL;
    struct kura_formats *f = NULL;
    struct kura_buf path;
    enum kura_rc rc;
    size_t i;

    o.now_us = s->cli.now_us;
    o.as_of_us = INT64_MIN;
    o.stop = &kura_cli_stop;
    o.notice = test_notice;
    kura_buf_init(&path, TEST_PATH_MAX);
    rc = kura_warehouse_open(s->dir, true, &w, err);
    if (rc == KURA_OK)
        rc = kura_cli_formats(w, &f, err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        kura_buf_reset(&path);
        rc = kura_buf_printf(&path, err, "%s/%s", dir, files[i]);
        if (rc == KURA_OK)
            rc = kura_load(w, f, path.data, &o, &result, err);
    }
    if (rc == KURA_OK && (result.failed != 0 || result.rejects != 0))
        rc = kura_err_set(err, KURA_EINPUT,
                          "%s: %lld line(s) that no format takes", files[0],
                          (long long)result.rejects);
    kura_buf_release(&path);
    kura_formats_free(f);
    kura_warehouse_close(w);
    return rc;
}

/* How many findings it makes of these logs. */
static enum kura_rc test_count(struct kura_cli *cli, const char *dir,
                               const struct kura_hunt *h, char *const *files,
                               size_t count, int64_t *found, char reason[512],
                               struct kura_err *err)
{
    struct kura_hunting g;
    struct scratch s;
    enum kura_rc rc;

    memset(&g, 0, sizeof(g));
    g.from_ts = INT64_MIN;
    g.to_ts = INT64_MAX;
    g.timeout_s = KURA_HUNTING_SECONDS;
    rc = scratch_make(&s, cli, dir, err);
    if (rc == KURA_OK)
        rc = test_load(&s, dir, files, count, err);
    g.cli = &s.cli;
    if (rc == KURA_OK)
        rc = kura_hunting_open(&g, err);
    if (rc == KURA_OK)
        rc = kura_hunting_run(&g, h, false, err);
    if (rc == KURA_OK) {
        *found = g.done[0].found;
        (void)snprintf(reason, 512, "%s", g.done[0].answer.reason);
        if (g.done[0].answer.status != KURA_HUNT_DONE)
            rc = kura_err_set(err, KURA_EINPUT, "%s: %s",
                              kura_hunt_status_word(g.done[0].answer.status),
                              g.done[0].answer.reason);
    }
    kura_hunting_close(&g);
    scratch_remove(&s);
    return rc;
}

static enum kura_rc test_one(struct kura_cli *cli, const char *dir,
                             const struct kura_hunt *h, bool *passed,
                             struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    int64_t hits = 0, misses = 0;
    char reason[512] = "";
    enum kura_rc rc;

    rc = test_count(cli, dir, h, h->hits, h->hit_count, &hits, reason, &cause);
    if (rc == KURA_OK)
        rc = test_count(cli, dir, h, h->misses, h->miss_count, &misses, reason,
                        &cause);
    if (rc == KURA_ENOMEM || rc == KURA_ESTOPPED)
        return kura_err_set(err, rc, "%s", cause.msg);
    *passed = rc == KURA_OK && hits > 0 && misses == 0;
    if (rc != KURA_OK)
        (void)printf("FAILED  %s: %s\n", h->name, cause.msg);
    else if (hits == 0)
        (void)printf("FAILED  %s: no finding in its hit logs\n", h->name);
    else if (misses != 0)
        (void)printf("FAILED  %s: %lld finding(s) in its miss logs\n", h->name,
                     (long long)misses);
    else
        (void)printf("passed  %s: %lld finding(s)\n", h->name, (long long)hits);
    (void)fflush(stdout);
    return KURA_OK;
}

enum kura_rc kura_hunt_test(struct kura_cli *cli, const char *dir,
                            const struct kura_selection *s,
                            enum kura_exit *code, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i, failed = 0;

    for (i = 0; rc == KURA_OK && i < s->count; i++) {
        bool passed = false;

        rc = test_one(cli, dir, s->list[i], &passed, err);
        failed += !passed;
    }
    if (failed != 0 || s->set.broken_count != 0)
        *code = KURA_EXIT_NO;
    return rc;
}
