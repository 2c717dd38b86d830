#include "archive/import.h"

#include "archive/volume.h"
#include "base/clock.h"
#include "base/fs.h"
#include "store/tier.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- Where a volume is, as the catalog says it --------------------------- */

static bool path_ends_with(const char *path, const char *name)
{
    size_t n = strlen(path), m = strlen(name);

    return n > m + 1 && path[n - m - 1] == '/' &&
           strcmp(path + n - m, name) == 0;
}

static bool name_is_another(const struct kura_volume_entry *list, size_t count,
                            const char *name, const char *id)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0 && strcmp(list[i].id, id) != 0)
            return true;
    return false;
}

/* The part of the path that is the volume's name: as the catalog or the
 * manifest calls it, else as little of the path as no other volume is called. */
static const char *path_name(const struct kura_volume_entry *list, size_t count,
                             const struct kura_manifest *m, const char *path)
{
    const char *at;
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(list[i].id, m->id) == 0 &&
            path_ends_with(path, list[i].name))
            return path + strlen(path) - strlen(list[i].name);
    if (path_ends_with(path, m->name) &&
        !name_is_another(list, count, m->name, m->id))
        return path + strlen(path) - strlen(m->name);
    for (at = path + strlen(path); at > path + 1; at--)
        if (at[-1] == '/' && !name_is_another(list, count, at, m->id))
            return at;
    return NULL;
}

/* --- Listing ----------------------------------------------------------- */

static enum kura_rc members_fill(const struct kura_volume *v,
                                 struct kura_adopt_member **out,
                                 struct kura_err *err)
{
    const struct kura_manifest *m = kura_volume_manifest(v);
    struct kura_adopt_member *list;
    size_t i;

    list = calloc(m->member_count + 1, sizeof(*list));
    if (list == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < m->member_count; i++) {
        list[i].name = m->members[i].name;
        list[i].id = m->members[i].id;
        list[i].replaces = m->members[i].replaces;
        list[i].day = m->members[i].day;
        list[i].rows = m->members[i].rows;
        list[i].sha256 = m->members[i].sha256;
        list[i].at = kura_volume_member(v, i);
    }
    *out = list;
    return KURA_OK;
}

static enum kura_rc volume_adopt(struct kura_warehouse *w,
                                 const struct kura_volume *v,
                                 const char *path, const char *name,
                                 const char *sha256, int64_t verified_us,
                                 kura_adopt_refused *refused, void *arg,
                                 size_t *out_listed, struct kura_err *err)
{
    const struct kura_manifest *m = kura_volume_manifest(v);
    struct kura_adopt_member *members = NULL;
    struct kura_adopt_volume a;
    char *destination = strdup(path);
    enum kura_rc rc;

    if (destination == NULL)
        return kura_err_nomem(err);
    destination[name - path - 1] = '\0';
    memset(&a, 0, sizeof(a));
    a.id = m->id;
    a.name = name;
    a.destination = destination;
    a.schema = m->schema;
    a.first_day = m->first_day;
    a.last_day = m->last_day;
    a.made_us = m->made_us;
    a.bytes = kura_volume_size(v);
    a.sha256 = sha256;
    rc = members_fill(v, &members, err);
    a.members = members;
    a.count = m->member_count;
    if (rc == KURA_OK && refused == NULL)
        rc = kura_adopt_now(w, &a, verified_us, out_listed, err);
    else if (rc == KURA_OK)
        rc = kura_adopt(w, &a, verified_us, refused, arg, out_listed, err);
    free(members);
    free(destination);
    return rc;
}

enum kura_rc kura_import_list(struct kura_warehouse *w, const char *path,
                              const char *sha256, int64_t verified_us,
                              kura_adopt_refused *refused, void *arg,
                              size_t *out_listed, struct kura_err *err)
{
    struct kura_volume_entry *list = NULL;
    struct kura_volume *v = NULL;
    const char *name = NULL;
    size_t count = 0;
    enum kura_rc rc = kura_volume_open(path, &v, err);

    if (rc == KURA_OK)
        rc = kura_volume_list(w, &list, &count, err);
    if (rc == KURA_OK)
        name = path_name(list, count, kura_volume_manifest(v), path);
    if (rc == KURA_OK && name == NULL)
        rc = kura_err_set(err, KURA_EINPUT,
                          "another volume is listed under the path '%s'", path);
    if (rc == KURA_OK)
        rc = volume_adopt(w, v, path, name, sha256, verified_us, refused, arg,
                          out_listed, err);
    kura_volume_list_free(list, count);
    kura_volume_close(v);
    return rc;
}

enum kura_rc kura_import(const struct kura_job *j, const char *path,
                         struct kura_err *err)
{
    const char *verify = kura_warehouse_policy(j->w)->verify;
    char sha256[KURA_SHA256_HEX] = "";
    size_t listed = 0, made = 0;
    char *full = NULL;
    enum kura_rc rc = kura_fs_absolute(path, &full, err);

    if (rc == KURA_OK)
        rc = kura_volume_check(full, "", j->stop, sha256, err);
    if (rc == KURA_OK && verify != NULL)
        rc = kura_volume_command(verify, full, err);
    if (rc == KURA_OK)
        rc = kura_import_list(j->w, full, sha256, j->now_us, NULL, NULL,
                              &listed, err);
    if (rc == KURA_OK)
        rc = kura_audit(j->c, j->now_us, j->owner, "import", full, err);
    if (rc == KURA_OK)
        rc = kura_adopt_sightings(j->w, &made, err);
    if (rc == KURA_OK)
        kura_job_say(j, "imported %s: %zu partitions listed, sightings of %zu "
                        "made",
                     full, listed, made);
    free(full);
    return rc;
}

/* --- Forgetting --------------------------------------------------------- */

/* Nothing but this volume has it. */
static bool is_last_copy(const struct kura_partition_entry *e, const char *name)
{
    size_t i;

    for (i = 0; i < e->copy_count; i++)
        if (e->copies[i].tier != KURA_TIER_VOLUME ||
            strcmp(e->copies[i].where, name) != 0)
            return false;
    return e->copy_count != 0;
}

static const struct kura_hold *hold_of(const struct kura_hold *holds,
                                       size_t count,
                                       const struct kura_partition_entry *e)
{
    size_t i;

    for (i = 0; i < count; i++)
        if ((holds[i].table[0] == '\0' ||
             strcmp(holds[i].table, e->schema->name) == 0) &&
            e->day >= holds[i].first_day && e->day <= holds[i].last_day)
            return &holds[i];
    return NULL;
}

static enum kura_rc forget_check(const struct kura_job *j, const char *name,
                                 const struct kura_partition_entry *list,
                                 size_t count, struct kura_err *err)
{
    struct kura_hold *holds = NULL;
    const struct kura_hold *h = NULL;
    char day[KURA_DAY_TEXT];
    size_t held = 0, i;
    enum kura_rc rc = kura_hold_list(j->c, &holds, &held, err);

    for (i = 0; rc == KURA_OK && h == NULL && i < count; i++)
        if (is_last_copy(&list[i], name)) {
            h = hold_of(holds, held, &list[i]);
            kura_day_format(list[i].day, day);
        }
    if (rc == KURA_OK && h != NULL) {
        rc = kura_err_set(err, KURA_EINPUT,
                          "volume '%s' has the last copy of %s, which hold "
                          "%" PRId64 " (%s) keeps",
                          name, day, h->number, h->name);
        kura_err_hint(err, "--force forgets it all the same");
    }
    kura_hold_list_free(holds, held);
    return rc;
}

static void forget_tell(const struct kura_job *j, const char *name,
                        const struct kura_partition_entry *list, size_t count)
{
    char day[KURA_DAY_TEXT];
    size_t i, k, lost = 0;

    for (i = 0; i < count; i = k) {
        int64_t rows = 0;
        bool gone = false;

        for (k = i; k < count && list[k].day == list[i].day; k++) {
            if (!is_last_copy(&list[k], name))
                continue;
            gone = true;
            rows += list[k].rows;
        }
        lost += gone;
        kura_day_format(list[i].day, day);
        if (gone)
            kura_job_say(j, "lost: %s %s, %" PRId64 " rows",
                         list[i].schema->name, day, rows);
    }
    if (lost == 0)
        kura_job_say(j, "nothing is lost: all of '%s' is elsewhere too", name);
    else
        kura_job_say(j, "%zu day(s) are lost; what kura seen knows of them "
                        "stays",
                     lost);
}

static enum kura_rc forget_volume(const struct kura_job *j,
                                  const struct kura_volume_entry *v, bool force,
                                  struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    size_t count = 0;
    enum kura_rc rc;

    if (strcmp(v->state, "live") != 0)
        return kura_err_set(err, KURA_EINPUT, "volume '%s' is %s already",
                            v->name, v->state);
    rc = kura_warehouse_list(j->w, v->schema, &list, &count, err);
    if (rc == KURA_OK && !force)
        rc = forget_check(j, v->name, list, count, err);
    if (rc == KURA_OK)
        rc = kura_audit(j->c, j->now_us, j->owner, "forget", v->name, err);
    if (rc == KURA_OK)
        rc = kura_volume_retire(j->w, v->number, "forgotten", err);
    if (rc == KURA_OK)
        forget_tell(j, v->name, list, count);
    kura_warehouse_list_free(list, count);
    return rc;
}

enum kura_rc kura_forget(const struct kura_job *j, const char *name, bool force,
                         struct kura_err *err)
{
    struct kura_volume_entry *list = NULL;
    size_t count = 0, i, at = 0, found = 0;
    enum kura_rc rc = kura_volume_list(j->w, &list, &count, err);

    for (i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) != 0 && strcmp(list[i].id, name) != 0)
            continue;
        at = i;
        found++;
    }
    if (rc == KURA_OK && found == 0) {
        rc = kura_err_set(err, KURA_ENOTFOUND, "there is no volume '%s'", name);
        kura_err_hint(err, "kura volumes lists them");
    }
    if (rc == KURA_OK)
        rc = forget_volume(j, &list[at], force, err);
    kura_volume_list_free(list, count);
    return rc;
}
