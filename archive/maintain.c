#include "archive/maintain.h"

#include "archive/expire.h"
#include "archive/pack.h"
#include "archive/restore.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "store/tier.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAINTAIN_PATH_MAX 65536

/* --- Gathering --------------------------------------------------------- */

/* What the plan is made of. */
struct facts {
    struct kura_retention r;
    struct kura_partition_entry *entries;
    size_t entry_count;
    struct kura_volume_entry *volume_list;
    size_t volume_list_count;
    struct kura_lease *lease_list;
    size_t lease_list_count;
    struct kura_hold *hold_list;
    size_t hold_list_count;
    struct kura_due_partition *partitions;
    struct kura_due_volume *volumes;
    struct kura_due_lease *leases;
    struct kura_due_hold *holds;
};

static int table_index(const char *name)
{
    int i;

    for (i = 0; i < kura_schema_count(); i++)
        if (strcmp(kura_schema_at(i)->name, name) == 0)
            return i;
    return -1;
}

static void facts_release(struct facts *f)
{
    kura_warehouse_list_free(f->entries, f->entry_count);
    kura_volume_list_free(f->volume_list, f->volume_list_count);
    kura_lease_list_free(f->lease_list, f->lease_list_count);
    kura_hold_list_free(f->hold_list, f->hold_list_count);
    free(f->partitions);
    free(f->volumes);
    free(f->leases);
    free(f->holds);
}

/* By table, then day: what retention.h wants. */
static int due_order(const void *a, const void *b)
{
    const struct kura_due_partition *x = a, *y = b;

    if (x->table != y->table)
        return x->table - y->table;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Restored and archived partitions are nobody's to move; nor, with sealed_only,
 * are those that are not sealed yet. */
static void facts_partitions(struct facts *f, bool sealed_only)
{
    struct kura_due_partition *d = f->partitions;
    size_t i;

    f->r.newest_us = INT64_MIN;
    for (i = 0; i < f->entry_count; i++) {
        const struct kura_partition_entry *e = &f->entries[i];

        if (strcmp(e->schema->name, "reject") != 0 && e->rows != 0 &&
            e->last_ts > f->r.newest_us)
            f->r.newest_us = e->last_ts;
        if (e->state > KURA_STATE_SEALED ||
            (sealed_only && e->state != KURA_STATE_SEALED))
            continue;
        d->number = e->number;
        d->table = table_index(e->schema->name);
        d->day = e->day;
        d->sealed = e->state == KURA_STATE_SEALED;
        d->full = e->state == KURA_STATE_FULL;
        d->rows = e->rows;
        d->bytes = e->bytes;
        d++;
    }
    f->r.partitions = f->partitions;
    f->r.partition_count = (size_t)(d - f->partitions);
    qsort(f->partitions, f->r.partition_count, sizeof(*f->partitions),
          due_order);
}

static void facts_hold(struct facts *f, const char *table, int64_t first_day,
                       int64_t last_day)
{
    struct kura_due_hold *h = &f->holds[f->r.hold_count++];

    h->table = table_index(table);
    h->first_day = first_day;
    h->last_day = last_day;
}

static void facts_rest(struct facts *f)
{
    size_t i;

    for (i = 0; i < f->volume_list_count; i++) {
        const struct kura_volume_entry *v = &f->volume_list[i];

        if (strcmp(v->state, "live") != 0)
            continue;
        f->volumes[f->r.volume_count].number = v->number;
        f->volumes[f->r.volume_count].table = table_index(v->schema->name);
        f->volumes[f->r.volume_count].first_day = v->first_day;
        f->volumes[f->r.volume_count].last_day = v->last_day;
        f->volumes[f->r.volume_count].rows = v->rows;
        f->volumes[f->r.volume_count].members = v->member_count;
        f->volumes[f->r.volume_count++].bytes = v->bytes;
    }
    for (i = 0; i < f->lease_list_count; i++) {
        f->leases[i].number = f->lease_list[i].number;
        f->leases[i].expires_us = f->lease_list[i].expires_us;
    }
    for (i = 0; i < f->hold_list_count; i++)
        facts_hold(f, f->hold_list[i].table, f->hold_list[i].first_day,
                   f->hold_list[i].last_day);
    /* A case is working with what is restored: that is as good as a hold. */
    for (i = 0; i < f->lease_list_count; i++)
        facts_hold(f, f->lease_list[i].table, f->lease_list[i].first_day,
                   f->lease_list[i].last_day);
    f->r.volumes = f->volumes;
    f->r.leases = f->leases;
    f->r.lease_count = f->lease_list_count;
    f->r.holds = f->holds;
}

static enum kura_rc facts_read(const struct kura_job *j, struct facts *f,
                               struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_warehouse_list(j->w, NULL, &f->entries, &f->entry_count, err);
    if (rc == KURA_OK)
        rc = kura_volume_list(j->w, &f->volume_list, &f->volume_list_count,
                              err);
    if (rc == KURA_OK)
        rc = kura_lease_list(j->c, false, &f->lease_list, &f->lease_list_count,
                             err);
    if (rc == KURA_OK)
        rc = kura_hold_list(j->c, &f->hold_list, &f->hold_list_count, err);
    if (rc != KURA_OK)
        return rc;
    f->partitions = calloc(f->entry_count + 1, sizeof(*f->partitions));
    f->volumes = calloc(f->volume_list_count + 1, sizeof(*f->volumes));
    f->leases = calloc(f->lease_list_count + 1, sizeof(*f->leases));
    f->holds = calloc(f->hold_list_count + f->lease_list_count + 1,
                      sizeof(*f->holds));
    if (f->partitions == NULL || f->volumes == NULL || f->leases == NULL ||
        f->holds == NULL)
        return kura_err_nomem(err);
    return KURA_OK;
}

/* kura archive moves what is due for the archive and seals no more than that. */
static void plan_narrow(struct kura_plan *p)
{
    size_t i, k, n, kept = 0;

    for (i = 0; i < p->count; i++) {
        bool keep = p->items[i].what == KURA_DUE_ARCHIVE;

        for (k = 0; p->items[i].what == KURA_DUE_SEAL && k < p->count; k++)
            for (n = 0; p->items[k].what == KURA_DUE_ARCHIVE && !keep &&
                        n < p->items[k].count;
                 n++)
                keep = p->items[k].numbers[n] == p->items[i].numbers[0];
        if (keep) {
            struct kura_due_item swap = p->items[kept];

            p->items[kept++] = p->items[i];
            p->items[i] = swap;
        }
    }
    for (i = kept; i < p->count; i++)
        free(p->items[i].numbers);
    p->count = kept;
}

static enum kura_rc plan_make(const struct kura_job *j,
                              const struct kura_maintain_options *o,
                              bool sealed_only, struct kura_plan *out,
                              struct kura_err *err)
{
    struct facts f;
    enum kura_rc rc;

    memset(&f, 0, sizeof(f));
    rc = facts_read(j, &f, err);
    if (rc == KURA_OK) {
        facts_partitions(&f, sealed_only);
        facts_rest(&f);
        f.r.policy = kura_warehouse_policy(j->w);
        f.r.now_us = j->now_us;
        f.r.whole_months = !o->all && !o->archive_only;
        f.r.before_day = o->before_day;
        f.r.only_table = o->only_table;
        rc = kura_retention_plan(&f.r, out, err);
    }
    if (rc == KURA_OK && o->archive_only)
        plan_narrow(out);
    facts_release(&f);
    return rc;
}

enum kura_rc kura_maintain_plan(const struct kura_job *j,
                                const struct kura_maintain_options *o,
                                struct kura_plan *out, struct kura_err *err)
{
    return plan_make(j, o, false, out, err);
}

/* --- Doing ------------------------------------------------------------- */

/* A run: what failed first, while the rest went on. */
struct run {
    const struct kura_job *j;
    struct kura_err first;
};

static void run_note(struct run *r, enum kura_rc rc, const struct kura_err *e)
{
    if (rc == KURA_OK)
        return;
    if (rc != KURA_ESTOPPED)
        kura_job_say(r->j, "%s", e->msg);
    if (r->first.rc == KURA_OK) {
        r->first = *e;
        r->first.rc = rc;
    }
}

/* A partition that is being written is not due yet after all. */
static enum kura_rc item_seal(const struct kura_job *j,
                              const struct kura_due_item *i,
                              struct kura_err *err)
{
    char day[KURA_DAY_TEXT];
    enum kura_rc rc = kura_tier_seal(j->w, i->numbers[0], err);

    kura_day_format(i->first_day, day);
    if (rc == KURA_OK)
        kura_job_say(j, "sealed %s %s, %" PRId64 " rows",
                     kura_schema_at(i->table)->name, day, i->rows);
    if (rc != KURA_EBUSY)
        return rc;
    kura_job_say(j, "%s %s is being loaded: left for the next time",
                 kura_schema_at(i->table)->name, day);
    return KURA_OK;
}

static enum kura_rc item_do(const struct kura_job *j,
                            const struct kura_due_item *i, struct kura_err *err)
{
    char day[KURA_DAY_TEXT];
    enum kura_rc rc = kura_job_check(j, err);

    if (rc != KURA_OK)
        return rc;
    switch (i->what) {
    case KURA_DUE_SEAL:
        return item_seal(j, i, err);
    case KURA_DUE_FOLD:
        rc = kura_tier_fold(j->w, i->numbers, i->count, err);
        kura_day_format(i->first_day, day);
        if (rc == KURA_OK)
            kura_job_say(j, "folded %zu partitions of %s %s into one", i->count,
                         kura_schema_at(i->table)->name, day);
        return rc;
    case KURA_DUE_ARCHIVE:
        return kura_pack(j, kura_schema_at(i->table), i->numbers, i->count,
                         err);
    case KURA_DUE_EXPIRE:
        return kura_expire(j, i->numbers[0], err);
    case KURA_DUE_RELEASE:
        rc = kura_release(j, i->numbers[0], err);
        if (rc == KURA_OK)
            kura_job_say(j, "lease L%" PRId64 " is over", i->numbers[0]);
        return rc;
    }
    return KURA_OK;
}

/* One pass over a fresh plan: the kinds from `from` to `to`.  What should have
 * been sealed before and was not (it is being loaded, or damaged) keeps nothing
 * else from being folded and archived. */
static void run_pass(struct run *r, const struct kura_maintain_options *o,
                     enum kura_due from, enum kura_due to)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_plan p;
    enum kura_rc rc;
    size_t i;

    memset(&p, 0, sizeof(p));
    rc = plan_make(r->j, o, from != KURA_DUE_SEAL, &p, &cause);
    run_note(r, rc, &cause);
    for (i = 0; rc != KURA_ESTOPPED && i < p.count; i++) {
        if (p.items[i].what < from || p.items[i].what > to)
            continue;
        cause = (struct kura_err)KURA_ERR_INIT;
        rc = item_do(r->j, &p.items[i], &cause);
        run_note(r, rc, &cause);
    }
    kura_plan_release(&p);
}

enum kura_rc kura_case_backup(const struct kura_job *j, struct kura_err *err)
{
    int n = kura_warehouse_policy(j->w)->destination_count, i;
    struct kura_buf path;
    enum kura_rc rc = KURA_OK;
    char *dir = NULL;

    kura_buf_init(&path, MAINTAIN_PATH_MAX);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        kura_buf_reset(&path);
        rc = kura_destination_path(j->w, i, &dir, err);
        if (rc == KURA_OK)
            rc = kura_buf_printf(&path, err, "%s/case.db", dir);
        if (rc == KURA_OK && kura_fs_is_dir(dir))
            rc = kura_casefile_backup(j->c, path.data, err);
        free(dir);
        dir = NULL;
    }
    kura_buf_release(&path);
    return rc;
}

/* What somebody who died left: a destination that is not there keeps only its
 * own things waiting. */
static void run_recover(struct run *r)
{
    static enum kura_rc (*const steps[])(const struct kura_job *,
                                         struct kura_err *) = {
        kura_pack_recover, kura_restore_recover, kura_expire_recover};
    struct kura_err cause = KURA_ERR_INIT;
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        cause = (struct kura_err)KURA_ERR_INIT;
        run_note(r, steps[i](r->j, &cause), &cause);
    }
    cause = (struct kura_err)KURA_ERR_INIT;
    run_note(r, kura_tier_sweep(r->j->w, NULL, &cause), &cause);
}

enum kura_rc kura_maintain(const struct kura_job *j,
                           const struct kura_maintain_options *o,
                           struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct run r;

    memset(&r, 0, sizeof(r));
    r.j = j;
    run_recover(&r);
    /* Each pass sees what the one before it made. */
    run_pass(&r, o, KURA_DUE_SEAL, KURA_DUE_SEAL);
    if (r.first.rc != KURA_ESTOPPED)
        run_pass(&r, o, KURA_DUE_FOLD, KURA_DUE_FOLD);
    if (r.first.rc != KURA_ESTOPPED)
        run_pass(&r, o, KURA_DUE_ARCHIVE, KURA_DUE_RELEASE);
    cause = (struct kura_err)KURA_ERR_INIT;
    run_note(&r, kura_tier_sweep(j->w, NULL, &cause), &cause);
    cause = (struct kura_err)KURA_ERR_INIT;
    run_note(&r, kura_case_backup(j, &cause), &cause);
    if (r.first.rc != KURA_OK)
        return kura_err_set(err, r.first.rc, "%s", r.first.msg);
    return KURA_OK;
}
