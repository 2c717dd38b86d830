#include "archive/rebuild.h"

#include "archive/import.h"
#include "archive/volume.h"
#include "base/buf.h"
#include "base/fs.h"
#include "store/derive.h"
#include "store/tier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REBUILD_SUM_MAX 65536

/* --- Volumes ------------------------------------------------------------ */

/* The digest beside the volume; without one it is read whole. */
static enum kura_rc volume_digest(const char *path,
                                  const volatile sig_atomic_t *stop,
                                  char sha256[KURA_SHA256_HEX],
                                  struct kura_err *err)
{
    struct kura_buf text;
    char *sum = NULL;
    enum kura_rc rc;
    size_t room = strlen(path) + sizeof(".sha256");

    kura_buf_init(&text, REBUILD_SUM_MAX);
    sha256[0] = '\0';
    sum = malloc(room);
    if (sum == NULL)
        return kura_err_nomem(err);
    (void)snprintf(sum, room, "%s.sha256", path);
    if (kura_fs_exists(sum) && kura_fs_read(sum, &text, NULL) == KURA_OK &&
        strspn(text.data, "0123456789abcdef") == KURA_SHA256_HEX - 1) {
        memcpy(sha256, text.data, KURA_SHA256_HEX - 1);
        sha256[KURA_SHA256_HEX - 1] = '\0';
        rc = KURA_OK;
    } else {
        rc = kura_volume_check(path, NULL, stop, sha256, err);
    }
    free(sum);
    kura_buf_release(&text);
    return rc;
}

static enum kura_rc volume_add(struct kura_derive *d, const char *path,
                               const struct kura_rebuild_options *o,
                               struct kura_err *err)
{
    char sha256[KURA_SHA256_HEX] = "";
    struct kura_err cause = KURA_ERR_INIT;
    size_t listed = 0;
    enum kura_rc rc = volume_digest(path, o->stop, sha256, &cause);

    if (rc == KURA_OK)
        rc = kura_import_list(kura_derive_warehouse(d), path, sha256, INT64_MIN,
                              kura_derive_problem, d, &listed, &cause);
    if (rc == KURA_ENOMEM || rc == KURA_ESTOPPED)
        return kura_err_set(err, rc, "%s", cause.msg);
    if (rc != KURA_OK)
        kura_derive_problem(d, cause.msg);
    return KURA_OK;
}

static bool is_volume(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".tar") == 0;
}

static enum kura_rc volumes_below(struct kura_derive *d, const char *dir,
                                  const struct kura_rebuild_options *o,
                                  struct kura_err *err)
{
    char **list = NULL, *path;
    size_t count = 0, i, room;
    enum kura_rc rc = kura_derive_files(dir, "", &list, &count, err);

    for (i = 0; rc == KURA_OK && i < count; i++) {
        if (o->stop != NULL && *o->stop != 0)
            rc = kura_err_set(err, KURA_ESTOPPED, "stopped");
        if (rc != KURA_OK || !is_volume(list[i]))
            continue;
        room = strlen(dir) + strlen(list[i]) + 2;
        path = malloc(room);
        if (path == NULL) {
            rc = kura_err_nomem(err);
            break;
        }
        (void)snprintf(path, room, "%s/%s", dir, list[i]);
        rc = volume_add(d, path, o, err);
        free(path);
    }
    kura_derive_files_free(list, count);
    return rc;
}

static enum kura_rc volumes_all(struct kura_derive *d,
                                const struct kura_rebuild_options *o,
                                struct kura_err *err)
{
    struct kura_warehouse *w = kura_derive_warehouse(d);
    int n = kura_warehouse_policy(w)->destination_count, i;
    enum kura_rc rc = KURA_OK;
    char *dir = NULL;
    size_t k;

    for (i = 0; rc == KURA_OK && i < n; i++) {
        rc = kura_destination_path(w, i, &dir, err);
        if (rc == KURA_OK)
            rc = volumes_below(d, dir, o, err);
        free(dir);
        dir = NULL;
    }
    for (k = 0; rc == KURA_OK && k < o->from_count; k++) {
        rc = kura_fs_absolute(o->from[k], &dir, err);
        if (rc == KURA_OK)
            rc = volumes_below(d, dir, o, err);
        free(dir);
        dir = NULL;
    }
    return rc;
}

/* --- Leases ------------------------------------------------------------- */

static enum kura_rc restored_all(struct kura_derive *d, struct kura_err *err)
{
    const char *dir = kura_warehouse_dir(kura_derive_warehouse(d));
    struct kura_casefile *c = NULL;
    struct kura_lease *list = NULL;
    int64_t *active = NULL;
    size_t count = 0, n = 0, i;
    enum kura_rc rc = kura_casefile_open(dir, false, &c, err);

    if (rc == KURA_OK)
        rc = kura_lease_list(c, false, &list, &count, err);
    if (rc == KURA_OK) {
        active = calloc(count + 1, sizeof(*active));
        if (active == NULL)
            rc = kura_err_nomem(err);
    }
    for (i = 0; rc == KURA_OK && i < count; i++)
        if (strcmp(list[i].state, "active") == 0)
            active[n++] = list[i].number;
    if (rc == KURA_OK)
        rc = kura_derive_restored(d, active, n, err);
    free(active);
    kura_lease_list_free(list, count);
    kura_casefile_close(c);
    return rc;
}

/* --- All of it ---------------------------------------------------------- */

static enum kura_rc rebuild_derive(struct kura_derive *d,
                                   const struct kura_rebuild_options *o,
                                   struct kura_err *err)
{
    enum kura_rc rc = kura_derive_online(d, err);

    if (rc == KURA_OK)
        rc = volumes_all(d, o, err);
    if (rc == KURA_OK)
        rc = restored_all(d, err);
    if (rc == KURA_OK)
        rc = kura_derive_replaced(d, err);
    if (rc == KURA_OK)
        rc = kura_derive_sightings(d, err);
    if (rc == KURA_OK)
        rc = kura_derive_sources(d, o->now_us, err);
    if (rc == KURA_OK)
        rc = kura_derive_publish(d, err);
    return rc;
}

static enum kura_rc case_make(const char *dir,
                              const struct kura_rebuild_options *o,
                              struct kura_err *err)
{
    struct kura_casefile *c = NULL;
    bool missing = false;
    enum kura_rc rc = kura_casefile_open(dir, false, &c, err);

    if (rc == KURA_OK)
        missing = kura_casefile_is_missing(c);
    kura_casefile_close(c);
    c = NULL;
    if (rc != KURA_OK || !missing)
        return rc;
    rc = kura_casefile_open(dir, true, &c, err);
    if (rc == KURA_OK)
        rc = kura_audit(c, o->now_us, o->owner, "new-case",
                        "case.db was lost: holds and leases begin anew", err);
    kura_casefile_close(c);
    if (rc == KURA_OK && o->say != NULL)
        o->say(o->arg, "made an empty case.db");
    return rc;
}

/* With the new catalog: files that are dead go, sightings that are missing come
 * (and what fails of that, maintain and import do again). */
static enum kura_rc rebuild_after(const char *dir, struct kura_err *err)
{
    struct kura_warehouse *w = NULL;
    size_t made = 0;
    enum kura_rc rc = kura_warehouse_open(dir, true, &w, err);

    if (rc == KURA_OK)
        rc = kura_tier_lock(w, err);
    if (rc == KURA_OK) {
        rc = kura_tier_sweep(w, NULL, err);
        if (rc == KURA_OK)
            rc = kura_adopt_sightings(w, &made, err);
        kura_tier_unlock(w);
    }
    kura_warehouse_close(w);
    return rc;
}

enum kura_rc kura_catalog_rebuild(const char *dir,
                                  const struct kura_rebuild_options *o,
                                  size_t *problems, struct kura_err *err)
{
    struct kura_derive *d = NULL;
    enum kura_rc rc = kura_derive_begin(dir, o->say, o->arg, &d, err);

    if (rc == KURA_OK)
        rc = rebuild_derive(d, o, err);
    if (rc == KURA_OK)
        *problems = kura_derive_problems(d);
    kura_derive_free(d);
    if (rc == KURA_OK && o->new_case)
        rc = case_make(dir, o, err);
    return rc == KURA_OK ? rebuild_after(dir, err) : rc;
}
