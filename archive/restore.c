#include "archive/restore.h"

#include "archive/volume.h"
#include "base/failpoint.h"
#include "base/fs.h"
#include "store/partition.h"
#include "store/seekable.h"
#include "store/tier.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RESTORE_BLOCK ((size_t)1 << 20)
#define RESTORE_SPARE ((int64_t)16 << 20) /* bytes that stay free */

/* --- Plan -------------------------------------------------------------- */

static bool is_asked(const struct kura_restore_request *r,
                     const struct kura_partition_entry *e)
{
    return (r->table == NULL || r->table == e->schema) &&
           e->day >= r->first_day && e->day <= r->last_day;
}

/* What a lease of another case brought back goes with that lease. */
static bool is_online(const struct kura_partition_entry *e)
{
    return e->copy_count != 0 && e->copies[0].tier == KURA_TIER_ONLINE;
}

/* A copy to restore from; NULL: its volume must be mounted. */
static const struct kura_copy *copy_to_copy(
    const struct kura_partition_entry *e)
{
    return kura_partition_copy(e, true);
}

/* The volume must be mounted: once per volume. */
static enum kura_rc plan_missing(struct kura_restore_plan *p, const char *path,
                                 struct kura_err *err)
{
    char **grown;
    size_t i;

    for (i = 0; i < p->missing_count; i++)
        if (strcmp(p->missing[i], path) == 0)
            return KURA_OK;
    grown = realloc(p->missing, (p->missing_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return kura_err_nomem(err);
    p->missing = grown;
    grown[p->missing_count] = strdup(path);
    if (grown[p->missing_count] == NULL)
        return kura_err_nomem(err);
    p->missing_count++;
    return KURA_OK;
}

static enum kura_rc plan_entry(struct kura_restore_plan *p,
                               const struct kura_partition_entry *e,
                               struct kura_err *err)
{
    const struct kura_copy *c;

    if (is_online(e)) {
        p->here++;
        return KURA_OK;
    }
    if (e->copy_count == 0) {
        p->expired++;
        return KURA_OK;
    }
    c = copy_to_copy(e);
    if (c == NULL)
        return plan_missing(p, e->copies[0].at.path, err);
    p->partitions++;
    p->rows += e->rows;
    p->bytes += c->at.size;
    return KURA_OK;
}

void kura_restore_plan_release(struct kura_restore_plan *p)
{
    size_t i;

    for (i = 0; i < p->missing_count; i++)
        free(p->missing[i]);
    free(p->missing);
    memset(p, 0, sizeof(*p));
}

static enum kura_rc plan_make(const struct kura_job *j,
                              const struct kura_restore_request *r,
                              const struct kura_partition_entry *list,
                              size_t count, struct kura_restore_plan *out,
                              struct kura_err *err)
{
    struct kura_restore_plan p;
    enum kura_rc rc;
    size_t i;

    memset(&p, 0, sizeof(p));
    rc = kura_fs_free_space(kura_warehouse_dir(j->w), &p.room, err);
    for (i = 0; rc == KURA_OK && i < count; i++)
        if (is_asked(r, &list[i]))
            rc = plan_entry(&p, &list[i], err);
    if (rc == KURA_OK)
        *out = p;
    else
        kura_restore_plan_release(&p);
    return rc;
}

enum kura_rc kura_restore_plan(const struct kura_job *j,
                               const struct kura_restore_request *r,
                               struct kura_restore_plan *out,
                               struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    size_t count = 0;
    enum kura_rc rc = kura_warehouse_list(j->w, r->table, &list, &count, err);

    if (rc == KURA_OK)
        rc = plan_make(j, r, list, count, out, err);
    kura_warehouse_list_free(list, count);
    return rc;
}

/* --- Restoring --------------------------------------------------------- */

/* What the configured command said of each volume file: it is asked once. */
struct verdict {
    const char *path; /* borrowed */
    struct kura_err why; /* rc KURA_OK: it is good */
};
struct verdicts {
    struct verdict *items;
    size_t count;
};

static enum kura_rc volume_vouch(const struct kura_job *j, struct verdicts *v,
                                 const char *path, struct kura_err *err)
{
    const char *verify = kura_warehouse_policy(j->w)->verify;
    struct verdict *grown;
    size_t i;

    if (verify == NULL)
        return KURA_OK;
    for (i = 0; i < v->count; i++)
        if (strcmp(v->items[i].path, path) == 0)
            break;
    if (i == v->count) {
        grown = realloc(v->items, (i + 1) * sizeof(*grown));
        if (grown == NULL)
            return kura_err_nomem(err);
        v->items = grown;
        v->count++;
        grown[i].path = path;
        grown[i].why = (struct kura_err)KURA_ERR_INIT;
        grown[i].why.rc = kura_volume_command(verify, path, &grown[i].why);
    }
    if (v->items[i].why.rc != KURA_OK)
        return kura_err_set(err, v->items[i].why.rc, "'%s' is not trusted: %s",
                            path, v->items[i].why.msg);
    return KURA_OK;
}

/* The copy against what the catalog knows from the manifest: the digest of the
 * database, and what it says of itself. */
static enum kura_rc copy_prove(const struct kura_partition_entry *e,
                               const char *path, int64_t size,
                               struct kura_err *err)
{
    const struct kura_location at = {path, 0, size};
    struct kura_partition *p = NULL;
    struct kura_packed got;
    enum kura_rc rc = kura_seekable_unpack(&at, NULL, NULL, &got, err);

    if (rc == KURA_OK && strcmp(got.sha256, e->sha256) != 0)
        return kura_err_set(err, KURA_ECORRUPT,
                            "'%s' has digest %s, the catalog has %s", path,
                            got.sha256, e->sha256);
    if (rc == KURA_OK)
        rc = kura_partition_open_at(&at, &p, err);
    if (rc == KURA_OK && (strcmp(kura_partition_id(p), e->id) != 0 ||
                          kura_partition_rows(p) != e->rows))
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "'%s' is not the partition that the catalog means",
                          path);
    kura_partition_close(p);
    return rc;
}

static enum kura_rc parent_sync(const char *path, struct kura_err *err)
{
    char *dir = strdup(path);
    enum kura_rc rc;

    if (dir == NULL)
        return kura_err_nomem(err);
    *strrchr(dir, '/') = '\0';
    rc = kura_fs_sync_dir(dir, err);
    free(dir);
    return rc;
}

/* The member's bytes into a new file, durably. */
static enum kura_rc member_copy(const struct kura_location *from,
                                const char *to,
                                const volatile sig_atomic_t *stop,
                                struct kura_err *err)
{
    char *block = malloc(RESTORE_BLOCK);
    int64_t size, done = 0;
    int in = -1, out = -1;
    enum kura_rc rc;

    if (block == NULL)
        return kura_err_nomem(err);
    rc = kura_fs_remove(to, err); /* of a run that died */
    if (rc == KURA_OK)
        rc = kura_fs_open_read(from->path, false, &in, &size, err);
    if (rc == KURA_OK)
        rc = kura_fs_create(to, &out, err);
    while (rc == KURA_OK && done < from->size) {
        size_t n = from->size - done < (int64_t)RESTORE_BLOCK
                       ? (size_t)(from->size - done)
                       : RESTORE_BLOCK;

        if (stop != NULL && *stop != 0)
            rc = kura_err_set(err, KURA_ESTOPPED, "stopped");
        if (rc == KURA_OK)
            rc = kura_fs_read_at(in, from->path, from->offset + done, block, n,
                                 err);
        if (rc == KURA_OK)
            rc = kura_fs_put(out, to, block, n, err);
        done += (int64_t)n;
    }
    if (rc == KURA_OK)
        rc = kura_fs_sync(out, to, err);
    if (rc == KURA_OK)
        rc = kura_fs_close(&out, to, err);
    if (rc == KURA_OK)
        rc = parent_sync(to, err);
    (void)kura_fs_close(&out, to, NULL);
    (void)kura_fs_close(&in, from->path, NULL);
    free(block);
    return rc;
}

/* Says what is damaged: the copy that was read, not the one just written. */
static enum kura_rc member_damaged(const struct kura_partition_entry *e,
                                   const struct kura_copy *from,
                                   const struct kura_err *proof,
                                   struct kura_err *err)
{
    char day[KURA_DAY_TEXT];

    if (proof->rc != KURA_ECORRUPT)
        return kura_err_set(err, proof->rc, "%s", proof->msg);
    kura_day_format(e->day, day);
    (void)kura_err_set(err, KURA_ECORRUPT,
                       "'%s' is damaged: %s of %s, %" PRId64
                       " rows, cannot be restored from it",
                       from->at.path, e->schema->name, day, e->rows);
    kura_err_hint(err, "kura verify --deep says more; bring the volume back "
                       "from another copy, or restore the days around it");
    return KURA_ECORRUPT;
}

/* One partition, from any copy of its volume that is whole. */
static enum kura_rc restore_one(const struct kura_job *j, int64_t lease,
                                const struct kura_partition_entry *e,
                                struct verdicts *v, struct kura_err *err)
{
    struct kura_err first = KURA_ERR_INIT, cause, proof;
    enum kura_rc rc = KURA_ENOTFOUND;
    char *path = NULL;
    size_t i;

    if (kura_restored_path(j->w, lease, e->number, &path, err) != KURA_OK)
        return err == NULL ? KURA_EIO : err->rc;
    for (i = 0; rc != KURA_ESTOPPED && i < e->copy_count; i++) {
        const struct kura_copy *c = &e->copies[i];

        if (!kura_fs_exists(c->at.path))
            continue;
        cause = (struct kura_err)KURA_ERR_INIT;
        proof = cause;
        rc = KURA_OK;
        if (c->tier == KURA_TIER_VOLUME)
            rc = volume_vouch(j, v, c->at.path, &cause);
        if (rc == KURA_OK)
            rc = member_copy(&c->at, path, j->stop, &cause);
        if (rc == KURA_OK && copy_prove(e, path, c->at.size, &proof) != KURA_OK)
            rc = member_damaged(e, c, &proof, &cause);
        kura_failpoint(KURA_FAIL_RESTORE_WRITTEN);
        if (rc != KURA_OK && first.rc == KURA_OK)
            first = cause;
        if (rc == KURA_OK)
            break;
    }
    /* The file stays when this fails: the catalog may have it after all. */
    if (rc == KURA_OK) {
        rc = kura_restored_add(j->w, e->number, path, e->copies[i].at.size,
                               err);
        free(path);
        return rc;
    }
    free(path);
    return kura_err_set(err, rc, "%s",
                        first.rc == KURA_OK ? "its volume is not at hand"
                                            : first.msg);
}

/* Rows per day of what is at hand now, against the catalog (which has them from
 * the manifests). */
static enum kura_rc restore_prove(const struct kura_job *j,
                                  const struct kura_restore_request *r,
                                  struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    char day[KURA_DAY_TEXT];
    size_t count = 0, i;
    int64_t rows = 0, days = 0, last = INT64_MIN;
    enum kura_rc rc = kura_warehouse_list(j->w, r->table, &list, &count, err);

    for (i = 0; rc == KURA_OK && i < count; i++) {
        if (!is_asked(r, &list[i]) || list[i].copy_count == 0)
            continue;
        kura_day_format(list[i].day, day);
        if (kura_partition_copy(&list[i], false) == NULL)
            rc = kura_err_set(err, KURA_ECORRUPT,
                              "%s of %s is not there after the restore",
                              list[i].schema->name, day);
        rows += list[i].rows;
        days += list[i].day != last;
        last = list[i].day;
    }
    kura_warehouse_list_free(list, count);
    if (rc == KURA_OK)
        kura_job_say(j, "proven: %" PRId64 " rows of %" PRId64 " days at hand",
                     rows, days);
    return rc;
}

static enum kura_rc restore_check(const struct kura_restore_plan *p,
                                  struct kura_err *err)
{
    if (p->missing_count != 0) {
        (void)kura_err_set(err, KURA_ENOTFOUND,
                           "%zu volume(s) are not at hand, the first is '%s'",
                           p->missing_count, p->missing[0]);
        kura_err_hint(err, "mount what holds them; kura volumes lists where "
                           "copies are");
        return KURA_ENOTFOUND;
    }
    if (p->bytes + RESTORE_SPARE > p->room)
        return kura_err_set(err, KURA_EIO,
                            "%" PRId64 " bytes are needed, %" PRId64
                            " are left on the warehouse's disk",
                            p->bytes + RESTORE_SPARE, p->room);
    return KURA_OK;
}

static enum kura_rc restore_all(const struct kura_job *j,
                                const struct kura_restore_request *r,
                                int64_t lease,
                                const struct kura_partition_entry *list,
                                size_t count, struct kura_err *err)
{
    struct verdicts v = {NULL, 0};
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < count; i++) {
        if (!is_asked(r, &list[i]) || list[i].copy_count == 0 ||
            is_online(&list[i]))
            continue;
        rc = kura_job_check(j, err);
        if (rc == KURA_OK)
            rc = restore_one(j, lease, &list[i], &v, err);
    }
    free(v.items);
    return rc == KURA_OK ? restore_prove(j, r, err) : rc;
}

static enum kura_rc lease_begin(const struct kura_job *j,
                                const struct kura_restore_request *r,
                                int64_t *lease, struct kura_err *err)
{
    struct kura_lease l;
    enum kura_rc rc;

    memset(&l, 0, sizeof(l));
    l.name = strdup(r->name);
    l.owner = strdup(j->owner);
    l.table = strdup(r->table == NULL ? "" : r->table->name);
    l.first_day = r->first_day;
    l.last_day = r->last_day;
    l.made_us = j->now_us;
    l.expires_us = r->expires_us;
    if (l.name == NULL || l.owner == NULL || l.table == NULL)
        rc = kura_err_nomem(err);
    else
        rc = kura_lease_add(j->c, &l, err);
    *lease = l.number;
    free(l.name);
    free(l.owner);
    free(l.table);
    kura_failpoint(KURA_FAIL_LEASE_ADDED);
    return rc;
}

/* The active lease of the same case and days: a command that was cut short after
 * its work, and is given again, has nothing more to do. */
static enum kura_rc lease_find(const struct kura_job *j,
                               const struct kura_restore_request *r,
                               int64_t *number, struct kura_err *err)
{
    const char *table = r->table == NULL ? "" : r->table->name;
    struct kura_lease *list = NULL;
    size_t count = 0, i;
    int64_t expires = 0;
    enum kura_rc rc = kura_lease_list(j->c, false, &list, &count, err);

    *number = 0;
    for (i = 0; i < count; i++) {
        const struct kura_lease *l = &list[i];

        if (strcmp(l->state, "active") != 0 || strcmp(l->name, r->name) != 0 ||
            strcmp(l->table, table) != 0 || l->first_day != r->first_day ||
            l->last_day != r->last_day)
            continue;
        *number = l->number;
        expires = l->expires_us;
    }
    kura_lease_list_free(list, count);
    if (rc == KURA_OK && *number != 0 && r->expires_us > expires)
        rc = kura_lease_extend(j->c, *number, r->expires_us, j->now_us,
                               j->owner, err);
    return rc;
}

enum kura_rc kura_restore(const struct kura_job *j,
                          const struct kura_restore_request *r, int64_t *lease,
                          struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    struct kura_restore_plan plan;
    size_t count = 0;
    int64_t made = 0;
    enum kura_rc rc;

    memset(&plan, 0, sizeof(plan));
    rc = lease_find(j, r, &made, err);
    if (rc == KURA_OK && made != 0) {
        *lease = made;
        return restore_prove(j, r, err);
    }
    if (rc == KURA_OK)
        rc = kura_warehouse_list(j->w, r->table, &list, &count, err);
    if (rc == KURA_OK)
        rc = plan_make(j, r, list, count, &plan, err);
    if (rc == KURA_OK)
        rc = restore_check(&plan, err);
    if (rc == KURA_OK && plan.partitions != 0)
        rc = lease_begin(j, r, &made, err);
    if (rc == KURA_OK && made != 0)
        rc = restore_all(j, r, made, list, count, err);
    if (rc == KURA_OK && made != 0)
        rc = kura_lease_set_state(j->c, made, "active", j->now_us, j->owner,
                                  err);
    kura_failpoint(KURA_FAIL_LEASE_ACTIVE);
    if (rc != KURA_OK && made != 0)
        (void)kura_release(j, made, NULL);
    if (rc == KURA_OK)
        *lease = made;
    kura_restore_plan_release(&plan);
    kura_warehouse_list_free(list, count);
    return rc;
}

/* --- Giving back ------------------------------------------------------- */

static enum kura_rc lease_state(const struct kura_job *j, int64_t number,
                                char state[16], struct kura_err *err)
{
    struct kura_lease *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_lease_list(j->c, true, &list, &count, err);

    state[0] = '\0';
    for (i = 0; i < count; i++)
        if (list[i].number == number && strlen(list[i].state) < 16)
            memcpy(state, list[i].state, strlen(list[i].state) + 1);
    kura_lease_list_free(list, count);
    if (rc == KURA_OK && state[0] == '\0')
        rc = kura_err_set(err, KURA_ENOTFOUND, "there is no lease L%" PRId64,
                          number);
    return rc;
}

enum kura_rc kura_release(const struct kura_job *j, int64_t lease,
                          struct kura_err *err)
{
    char state[16];
    size_t left = 0;
    enum kura_rc rc = lease_state(j, lease, state, err);

    if (rc != KURA_OK || strcmp(state, "ended") == 0)
        return rc;
    if (strcmp(state, "ending") != 0)
        rc = kura_lease_set_state(j->c, lease, "ending", j->now_us, j->owner,
                                  err);
    kura_failpoint(KURA_FAIL_LEASE_ENDING);
    if (rc == KURA_OK)
        rc = kura_restored_drop(j->w, lease, err);
    if (rc == KURA_OK)
        rc = kura_tier_sweep(j->w, &left, err);
    if (rc == KURA_OK)
        rc = kura_lease_set_state(j->c, lease, "ended", j->now_us, j->owner,
                                  err);
    if (rc == KURA_OK && left != 0)
        kura_job_say(j, "%zu file(s) are being read and go with the next "
                        "maintain",
                     left);
    return rc;
}

enum kura_rc kura_restore_recover(const struct kura_job *j,
                                  struct kura_err *err)
{
    struct kura_lease *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_lease_list(j->c, false, &list, &count, err);

    for (i = 0; rc == KURA_OK && i < count; i++)
        if (strcmp(list[i].state, "active") != 0)
            rc = kura_release(j, list[i].number, err);
    kura_lease_list_free(list, count);
    return rc;
}
