#include "archive/pack.h"

#include "archive/describe.h"
#include "archive/volume.h"
#include "base/buf.h"
#include "base/failpoint.h"
#include "base/fs.h"
#include "base/version.h"
#include "store/partition.h"
#include "store/seekable.h"
#include "store/tier.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACK_PATH_MAX 65536
/* Room that must be left beside the volume: its scratch members, sums. */
#define PACK_SPARE ((int64_t)1 << 20)

/* One volume on its way. */
struct pack {
    const struct kura_job *j;
    struct kura_partition_entry *list; /* of the table */
    size_t list_count;
    struct kura_manifest manifest;
    struct kura_location *inputs;
    struct kura_volume_member *members;
    size_t count;
    int64_t bytes; /* of the inputs, compressed */
    struct kura_volume_entry volume;
    struct kura_volume_written written;
    char *paths[KURA_DESTINATIONS_MAX]; /* of the tar, per destination */
    char *parts[KURA_DESTINATIONS_MAX]; /* while it is written */
    int copies;
};

/* --- Paths ------------------------------------------------------------- */

/* "<dir>/2025Q1/proxy-2025-01.tar", and ".proxy-2025-01.tar.part" beside it. */
static enum kura_rc volume_paths(const char *dir, const char *name, char **path,
                                 char **part, struct kura_err *err)
{
    const char *slash = strrchr(name, '/');
    size_t room = strlen(dir) + strlen(name) + 16;

    *path = malloc(room);
    *part = malloc(room);
    if (*path == NULL || *part == NULL || slash == NULL)
        return kura_err_nomem(err);
    (void)snprintf(*path, room, "%s/%s", dir, name);
    (void)snprintf(*part, room, "%s/%.*s/.%s.part", dir, (int)(slash - name),
                   name, slash + 1);
    return KURA_OK;
}

static enum kura_rc parent_make(const char *path, struct kura_err *err)
{
    char *dir = strdup(path);
    enum kura_rc rc;

    if (dir == NULL)
        return kura_err_nomem(err);
    *strrchr(dir, '/') = '\0';
    rc = kura_fs_mkdirs(dir, err);
    free(dir);
    return rc;
}

enum kura_rc kura_destinations_check(const struct kura_job *j,
                                     struct kura_err *err)
{
    const struct kura_policy *p = kura_warehouse_policy(j->w);
    enum kura_rc rc = KURA_OK;
    char *dir = NULL;
    int i;

    for (i = 0; rc == KURA_OK && i < p->destination_count; i++) {
        rc = kura_destination_path(j->w, i, &dir, err);
        if (rc == KURA_OK && p->destinations[i][0] != '/')
            rc = kura_fs_mkdirs(dir, err);
        else if (rc == KURA_OK && !kura_fs_is_dir(dir)) {
            rc = kura_err_set(err, KURA_EIO,
                              "archive destination '%s' is not there", dir);
            kura_err_hint(err, "mount it, or make the directory");
        }
        free(dir);
        dir = NULL;
    }
    return rc;
}

static enum kura_rc pack_paths(struct pack *p, struct kura_err *err)
{
    const struct kura_policy *policy = kura_warehouse_policy(p->j->w);
    enum kura_rc rc = KURA_OK;
    char *dir = NULL;
    int64_t room;
    int i;

    for (i = 0; rc == KURA_OK && i < policy->destination_count; i++) {
        rc = kura_destination_path(p->j->w, i, &dir, err);
        if (rc == KURA_OK)
            rc = kura_fs_free_space(dir, &room, err);
        if (rc == KURA_OK && room < 2 * p->bytes + PACK_SPARE)
            rc = kura_err_set(err, KURA_EIO,
                              "destination '%s' has %" PRId64
                              " bytes left, %" PRId64 " may be needed",
                              dir, room, 2 * p->bytes + PACK_SPARE);
        if (rc == KURA_OK)
            rc = volume_paths(dir, p->volume.name, &p->paths[i], &p->parts[i],
                              err);
        if (rc == KURA_OK)
            rc = parent_make(p->paths[i], err);
        if (rc == KURA_OK)
            p->copies++;
        free(dir);
        dir = NULL;
    }
    return rc;
}

/* --- The manifest ------------------------------------------------------ */

static const struct kura_partition_entry *entry_find(const struct pack *p,
                                                     int64_t number)
{
    size_t i;

    for (i = 0; i < p->list_count; i++)
        if (p->list[i].number == number)
            return &p->list[i];
    return NULL;
}

static enum kura_rc plain_size(const struct kura_location *at, int64_t *out,
                               struct kura_err *err)
{
    struct kura_seekable *s = NULL;
    enum kura_rc rc = kura_seekable_open(at, 1, &s, err);

    if (rc == KURA_OK)
        *out = kura_seekable_size(s);
    kura_seekable_close(s);
    return rc;
}

static enum kura_rc member_describe(struct pack *p,
                                    const struct kura_partition_entry *e,
                                    size_t i, struct kura_err *err)
{
    const struct kura_copy *copy = kura_partition_copy(e, false);
    struct kura_manifest_member *m = &p->manifest.members[i];
    struct kura_partition *part = NULL;
    char name[160];
    enum kura_rc rc;

    if (e->state != KURA_STATE_SEALED || copy == NULL || copy->at.size == 0)
        return kura_err_set(err, KURA_EINPUT,
                            "partition '%s' is not sealed and online", e->id);
    (void)snprintf(name, sizeof(name), "%s/%s", e->schema->name,
                   strrchr(copy->at.path, '/') + 1);
    m->name = strdup(name);
    if (m->name == NULL)
        return kura_err_nomem(err);
    memcpy(m->sha256, e->sha256, sizeof(m->sha256));
    p->inputs[i] = copy->at;
    p->members[i].partition = e->number;
    p->members[i].name = m->name;
    p->bytes += copy->at.size;
    rc = plain_size(&copy->at, &m->plain_size, err);
    if (rc == KURA_OK)
        rc = kura_partition_open_at(&copy->at, &part, err);
    if (rc == KURA_OK)
        rc = kura_describe(part, m, err);
    kura_partition_close(part);
    return rc;
}

static enum kura_rc pack_describe(struct pack *p, const int64_t *numbers,
                                  size_t count, struct kura_err *err)
{
    const struct kura_partition_entry *e;
    enum kura_rc rc = KURA_OK;
    size_t i;

    p->manifest.members = calloc(count, sizeof(*p->manifest.members));
    p->inputs = calloc(count, sizeof(*p->inputs));
    p->members = calloc(count, sizeof(*p->members));
    if (p->manifest.members == NULL || p->inputs == NULL || p->members == NULL)
        return kura_err_nomem(err);
    p->manifest.first_day = INT64_MAX;
    p->manifest.last_day = INT64_MIN;
    for (i = 0; rc == KURA_OK && i < count; i++) {
        rc = kura_job_check(p->j, err);
        e = entry_find(p, numbers[i]);
        if (rc == KURA_OK && e == NULL)
            rc = kura_err_set(err, KURA_ENOTFOUND,
                              "there is no partition %" PRId64, numbers[i]);
        if (rc != KURA_OK)
            break;
        p->manifest.member_count = p->count = i + 1;
        rc = member_describe(p, e, i, err);
        if (e->day < p->manifest.first_day)
            p->manifest.first_day = e->day;
        if (e->day > p->manifest.last_day)
            p->manifest.last_day = e->day;
    }
    return rc;
}

/* The volume's own part, once its name is taken. */
static enum kura_rc pack_name(struct pack *p, const struct kura_schema *table,
                              struct kura_err *err)
{
    struct kura_manifest *m = &p->manifest;
    enum kura_rc rc;

    rc = kura_volume_begin(p->j->w, table, m->first_day, m->last_day,
                           p->j->now_us, &p->volume, err);
    if (rc != KURA_OK)
        return rc;
    memcpy(m->id, p->volume.id, sizeof(m->id));
    m->schema = table;
    m->made_us = p->j->now_us;
    m->name = strdup(p->volume.name);
    m->kura = strdup(KURA_VERSION);
    if (m->name == NULL || m->kura == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

/* --- Writing ----------------------------------------------------------- */

static enum kura_rc pack_write(struct pack *p, struct kura_err *err)
{
    char *scratch = strdup(p->parts[0]);
    enum kura_rc rc;
    int i;

    if (scratch == NULL)
        return kura_err_nomem(err);
    *strrchr(scratch, '/') = '\0';
    rc = kura_fs_remove(p->parts[0], err);
    if (rc == KURA_OK)
        rc = kura_volume_write(p->parts[0], scratch, &p->manifest, p->inputs,
                               kura_warehouse_policy(p->j->w)->level,
                               p->j->stop, &p->written, err);
    free(scratch);
    kura_failpoint(KURA_FAIL_VOLUME_WRITTEN);
    for (i = 1; rc == KURA_OK && i < p->copies; i++) {
        rc = kura_fs_remove(p->parts[i], err);
        if (rc == KURA_OK)
            rc = kura_fs_copy(p->parts[0], p->parts[i], p->j->stop, NULL, err);
    }
    kura_failpoint(KURA_FAIL_VOLUME_COPIED);
    return rc;
}

static enum kura_rc pack_publish(struct pack *p, struct kura_err *err)
{
    const char *sign = kura_warehouse_policy(p->j->w)->sign;
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; rc == KURA_OK && i < p->copies; i++) {
        rc = kura_fs_publish(p->parts[i], p->paths[i], err);
        if (rc == KURA_OK)
            rc = kura_volume_write_sum(p->paths[i], p->written.sha256, err);
        if (rc == KURA_OK && sign != NULL)
            rc = kura_volume_command(sign, p->paths[i], err);
    }
    kura_failpoint(KURA_FAIL_VOLUME_PUBLISHED);
    return rc;
}

/* Every copy, whole, from disk. */
static enum kura_rc pack_check(struct pack *p, struct kura_err *err)
{
    const char *verify = kura_warehouse_policy(p->j->w)->verify;
    enum kura_rc rc = KURA_OK;
    int i;

    for (i = 0; rc == KURA_OK && i < p->copies; i++) {
        rc = kura_volume_check(p->paths[i], p->written.sha256, p->j->stop, NULL,
                               err);
        if (rc == KURA_OK && verify != NULL)
            rc = kura_volume_command(verify, p->paths[i], err);
    }
    kura_failpoint(KURA_FAIL_VOLUME_CHECKED);
    return rc;
}

static enum kura_rc pack_commit(struct pack *p, struct kura_err *err)
{
    const struct kura_policy *policy = kura_warehouse_policy(p->j->w);
    struct kura_volume_entry *v = &p->volume;
    enum kura_rc rc = KURA_OK;
    size_t k;
    int i;

    v->bytes = p->written.bytes;
    memcpy(v->sha256, p->written.sha256, sizeof(v->sha256));
    v->copies = calloc((size_t)policy->destination_count, sizeof(*v->copies));
    if (v->copies == NULL)
        return kura_err_nomem(err);
    for (i = 0; rc == KURA_OK && i < p->copies; i++) {
        v->copies[i].destination = strdup(policy->destinations[i]);
        if (v->copies[i].destination == NULL)
            rc = kura_err_nomem(err);
        else
            v->copy_count++;
    }
    for (k = 0; k < p->count; k++) {
        p->members[k].offset = p->written.offsets[k];
        p->members[k].size = p->manifest.members[k].size;
    }
    /* The trail first: it may say too much after a crash, never too little. */
    if (rc == KURA_OK)
        rc = kura_audit(p->j->c, p->j->now_us, p->j->owner, "archive", v->name,
                        err);
    if (rc == KURA_OK)
        rc = kura_volume_commit(p->j->w, v, p->members, p->count, p->j->now_us,
                                err);
    return rc;
}

/* --- Undoing ----------------------------------------------------------- */

/* Is it what lies beside a volume: its sum, signature, or one of these half
 * written? */
static bool is_beside(const char *name, const char *file)
{
    size_t n = strlen(file);

    return strncmp(name, file, n) == 0 && name[n] == '.';
}

static enum kura_rc beside_remove(const char *dir, const char *file,
                                  struct kura_err *err)
{
    struct dirent *e;
    struct kura_buf path;
    enum kura_rc rc = KURA_OK;
    DIR *d = opendir(dir);

    if (d == NULL)
        return errno == ENOENT
                   ? KURA_OK
                   : kura_err_sys(err, errno, "cannot read '%s'", dir);
    kura_buf_init(&path, PACK_PATH_MAX);
    while (rc == KURA_OK && (e = readdir(d)) != NULL) {
        if (!is_beside(e->d_name, file))
            continue;
        kura_buf_reset(&path);
        rc = kura_buf_printf(&path, err, "%s/%s", dir, e->d_name);
        if (rc == KURA_OK)
            rc = kura_fs_remove(path.data, err);
    }
    kura_buf_release(&path);
    (void)closedir(d);
    return rc;
}

enum kura_rc kura_pack_remove(const char *path, struct kura_err *err)
{
    char *dir = strdup(path), *slash;
    enum kura_rc rc;

    if (dir == NULL)
        return kura_err_nomem(err);
    slash = strrchr(dir, '/');
    *slash = '\0';
    rc = beside_remove(dir, slash + 1, err);
    if (rc == KURA_OK)
        rc = kura_fs_remove(path, err);
    free(dir);
    return rc;
}

/* All that a volume of this name may have left in a destination. */
static enum kura_rc files_remove(const char *dir, const char *name,
                                 struct kura_err *err)
{
    char *path = NULL, *part = NULL;
    enum kura_rc rc = volume_paths(dir, name, &path, &part, err);

    if (rc == KURA_OK)
        rc = kura_fs_remove(part, err);
    if (rc == KURA_OK)
        rc = kura_pack_remove(path, err);
    free(path);
    free(part);
    return rc;
}

static enum kura_rc volume_undo(const struct kura_job *j,
                                const struct kura_volume_entry *v,
                                struct kura_err *err)
{
    const struct kura_policy *policy = kura_warehouse_policy(j->w);
    enum kura_rc rc = KURA_OK;
    char *dir = NULL;
    int i;

    for (i = 0; rc == KURA_OK && i < policy->destination_count; i++) {
        rc = kura_destination_path(j->w, i, &dir, err);
        if (rc == KURA_OK && kura_fs_is_dir(dir))
            rc = files_remove(dir, v->name, err);
        else if (rc == KURA_OK && policy->destinations[i][0] == '/')
            rc = kura_err_set(err, KURA_EIO,
                              "'%s' is not there: it may hold half of '%s', "
                              "which is to be removed",
                              dir, v->name);
        free(dir);
        dir = NULL;
    }
    return rc == KURA_OK ? kura_volume_abort(j->w, v->number, err) : rc;
}

enum kura_rc kura_pack_recover(const struct kura_job *j, struct kura_err *err)
{
    struct kura_volume_entry *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_volume_list(j->w, &list, &count, err);

    for (i = 0; rc == KURA_OK && i < count; i++)
        if (strcmp(list[i].state, "making") == 0)
            rc = volume_undo(j, &list[i], err);
    kura_volume_list_free(list, count);
    return rc;
}

/* --- All of it --------------------------------------------------------- */

static void pack_release(struct pack *p)
{
    size_t k;
    int i;

    for (i = 0; i < KURA_DESTINATIONS_MAX; i++) {
        free(p->paths[i]);
        free(p->parts[i]);
    }
    for (k = 0; k < p->volume.copy_count; k++)
        free(p->volume.copies[k].destination);
    free(p->volume.copies);
    free(p->volume.name);
    free(p->volume.state);
    free(p->written.offsets);
    kura_manifest_release(&p->manifest);
    free(p->inputs);
    free(p->members);
    kura_warehouse_list_free(p->list, p->list_count);
}

static enum kura_rc pack_run(struct pack *p, struct kura_err *err)
{
    enum kura_rc rc = pack_paths(p, err);

    if (rc == KURA_OK)
        rc = pack_write(p, err);
    if (rc == KURA_OK)
        rc = pack_publish(p, err);
    if (rc == KURA_OK)
        rc = pack_check(p, err);
    if (rc != KURA_OK) {
        (void)volume_undo(p->j, &p->volume, NULL);
        return rc;
    }
    /* Nothing is undone after a commit that failed: on disk it may be there,
     * which only the next to open the catalog can tell (kura_pack_recover). */
    return pack_commit(p, err);
}

enum kura_rc kura_pack(const struct kura_job *j, const struct kura_schema *table,
                       const int64_t *numbers, size_t count,
                       struct kura_err *err)
{
    struct pack p;
    enum kura_rc rc;

    memset(&p, 0, sizeof(p));
    p.j = j;
    rc = kura_destinations_check(j, err);
    if (rc == KURA_OK)
        rc = kura_warehouse_list(j->w, table, &p.list, &p.list_count, err);
    if (rc == KURA_OK)
        rc = pack_describe(&p, numbers, count, err);
    if (rc == KURA_OK)
        rc = pack_name(&p, table, err);
    if (rc == KURA_OK)
        rc = pack_run(&p, err);
    if (rc == KURA_OK)
        kura_job_say(j, "archived %s: %zu partitions, %" PRId64 " bytes, %d %s",
                     p.volume.name, p.count, p.written.bytes, p.copies,
                     p.copies == 1 ? "copy" : "copies");
    if (rc == KURA_OK)
        rc = kura_tier_sweep(j->w, NULL, err);
    pack_release(&p);
    return rc;
}
