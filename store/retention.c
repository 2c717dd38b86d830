/* retention.c - the plan. */
#include "store/retention.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* --- Items ------------------------------------------------------------- */

static enum kura_rc plan_add(struct kura_plan *p, enum kura_due what, int table,
                             struct kura_due_item **out, struct kura_err *err)
{
    struct kura_due_item *grown;

    grown = realloc(p->items, (p->count + 1) * sizeof(*grown));
    if (grown == NULL)
        return kura_err_nomem(err);
    p->items = grown;
    grown += p->count++;
    memset(grown, 0, sizeof(*grown));
    grown->what = what;
    grown->table = table;
    grown->first_day = INT64_MAX;
    grown->last_day = INT64_MIN;
    *out = grown;
    return KURA_OK;
}

static enum kura_rc item_number(struct kura_due_item *i, int64_t number,
                                struct kura_err *err)
{
    int64_t *grown = realloc(i->numbers, (i->count + 1) * sizeof(*grown));

    if (grown == NULL)
        return kura_err_nomem(err);
    i->numbers = grown;
    grown[i->count++] = number;
    return KURA_OK;
}

static enum kura_rc item_partition(struct kura_due_item *i,
                                   const struct kura_due_partition *p,
                                   struct kura_err *err)
{
    i->first_day = p->day < i->first_day ? p->day : i->first_day;
    i->last_day = p->day > i->last_day ? p->day : i->last_day;
    i->rows += p->rows;
    i->bytes += p->bytes;
    i->partitions++;
    return item_number(i, p->number, err);
}

void kura_plan_release(struct kura_plan *p)
{
    size_t i;

    for (i = 0; i < p->count; i++)
        free(p->items[i].numbers);
    free(p->items);
    memset(p, 0, sizeof(*p));
}

/* --- Days -------------------------------------------------------------- */

/* The day that it is by the wall clock and by the logs alike; false when there
 * are no logs. */
static bool retention_today(const struct kura_retention *r, int64_t *day)
{
    int64_t now = r->newest_us < r->now_us ? r->newest_us : r->now_us;

    *day = now == INT64_MIN ? 0 : kura_day_of(now);
    return now != INT64_MIN;
}

static bool is_wanted(const struct kura_retention *r, int table)
{
    return r->only_table < 0 || r->only_table == table;
}

static bool is_over(const struct kura_retention *r, int64_t day)
{
    int64_t today;

    return retention_today(r, &today) &&
           day + r->policy->lateness_days < today;
}

/* Days of this table before the result are due for the archive. */
static int64_t archive_limit(const struct kura_retention *r, int table)
{
    const struct kura_period *online = &r->policy->online[table];
    int64_t limit, today;
    int year, month, date;

    if (!retention_today(r, &today))
        return INT64_MIN;
    if (r->before_day != INT64_MIN)
        limit = r->before_day < today ? r->before_day : today;
    else if (kura_period_is_forever(online))
        return INT64_MIN;
    else
        limit = kura_period_before(online, today);
    if (!r->whole_months)
        return limit;
    kura_civil_from_days(limit, &year, &month, &date);
    return kura_days_from_civil(year, month, 1);
}

static bool is_due_to_archive(const struct kura_retention *r,
                              const struct kura_due_partition *p)
{
    return is_wanted(r, p->table) && p->day < archive_limit(r, p->table);
}

/* Also what goes to the archive, should the allowance for late lines be longer
 * than the online period. */
static bool is_due_to_seal(const struct kura_retention *r,
                           const struct kura_due_partition *p)
{
    return !p->sealed && is_wanted(r, p->table) &&
           (p->full || is_over(r, p->day) || is_due_to_archive(r, p));
}

static bool will_be_sealed(const struct kura_retention *r,
                           const struct kura_due_partition *p)
{
    return p->sealed || is_due_to_seal(r, p);
}

static int month_of(int64_t day)
{
    int year, month, date;

    kura_civil_from_days(day, &year, &month, &date);
    return year * 12 + month;
}

/* --- The five kinds ---------------------------------------------------- */

static enum kura_rc plan_seal(const struct kura_retention *r,
                              struct kura_plan *p, struct kura_err *err)
{
    struct kura_due_item *item;
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < r->partition_count; i++) {
        if (!is_due_to_seal(r, &r->partitions[i]))
            continue;
        rc = plan_add(p, KURA_DUE_SEAL, r->partitions[i].table, &item, err);
        if (rc == KURA_OK)
            rc = item_partition(item, &r->partitions[i], err);
    }
    return rc;
}

static bool is_same_day(const struct kura_due_partition *a,
                        const struct kura_due_partition *b)
{
    return a->table == b->table && a->day == b->day;
}

/* Partitions of one table and day follow each other; they are taken from the
 * left as long as they fit into one. */
static enum kura_rc plan_fold(const struct kura_retention *r,
                              struct kura_plan *p, struct kura_err *err)
{
    const struct kura_due_partition *first = NULL;
    struct kura_due_item *item = NULL;
    enum kura_rc rc = KURA_OK;
    int64_t rows = 0;
    size_t i;

    for (i = 0; rc == KURA_OK && i < r->partition_count; i++) {
        const struct kura_due_partition *d = &r->partitions[i];

        if (!is_wanted(r, d->table) || !is_over(r, d->day) ||
            !will_be_sealed(r, d))
            continue;
        if (first == NULL || !is_same_day(first, d) ||
            rows + d->rows > KURA_SEAL_ROWS) {
            first = d;
            rows = d->rows;
            item = NULL;
            continue;
        }
        if (item == NULL) {
            rc = plan_add(p, KURA_DUE_FOLD, d->table, &item, err);
            if (rc == KURA_OK)
                rc = item_partition(item, first, err);
        }
        if (rc == KURA_OK)
            rc = item_partition(item, d, err);
        rows += d->rows;
    }
    return rc;
}

static enum kura_rc plan_archive(const struct kura_retention *r,
                                 struct kura_plan *p, struct kura_err *err)
{
    struct kura_due_item *item = NULL;
    enum kura_rc rc = KURA_OK;
    int month = 0;
    size_t i;

    for (i = 0; rc == KURA_OK && i < r->partition_count; i++) {
        const struct kura_due_partition *d = &r->partitions[i];

        if (!is_due_to_archive(r, d) || !will_be_sealed(r, d))
            continue;
        if (item == NULL || item->table != d->table ||
            month != month_of(d->day)) {
            rc = plan_add(p, KURA_DUE_ARCHIVE, d->table, &item, err);
            month = month_of(d->day);
        }
        if (rc == KURA_OK)
            rc = item_partition(item, d, err);
    }
    return rc;
}

static bool is_held(const struct kura_retention *r,
                    const struct kura_due_volume *v)
{
    size_t i;

    for (i = 0; i < r->hold_count; i++) {
        const struct kura_due_hold *h = &r->holds[i];

        if ((h->table < 0 || h->table == v->table) &&
            h->first_day <= v->last_day && v->first_day <= h->last_day)
            return true;
    }
    return false;
}

static bool is_past_keep(const struct kura_retention *r,
                         const struct kura_due_volume *v)
{
    const struct kura_period *keep = &r->policy->keep[v->table];
    int64_t today;

    return is_wanted(r, v->table) && !kura_period_is_forever(keep) &&
           retention_today(r, &today) &&
           v->last_day < kura_period_before(keep, today);
}

static enum kura_rc plan_expire(const struct kura_retention *r,
                                struct kura_plan *p, struct kura_err *err)
{
    struct kura_due_item *item;
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < r->volume_count; i++) {
        const struct kura_due_volume *v = &r->volumes[i];

        if (!is_past_keep(r, v))
            continue;
        if (is_held(r, v)) {
            p->held++;
            continue;
        }
        rc = plan_add(p, KURA_DUE_EXPIRE, v->table, &item, err);
        if (rc != KURA_OK)
            break;
        item->first_day = v->first_day;
        item->last_day = v->last_day;
        item->rows = v->rows;
        item->bytes = v->bytes;
        item->partitions = v->members;
        rc = item_number(item, v->number, err);
    }
    return rc;
}

static enum kura_rc plan_release(const struct kura_retention *r,
                                 struct kura_plan *p, struct kura_err *err)
{
    struct kura_due_item *item;
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < r->lease_count; i++) {
        if (r->leases[i].expires_us > r->now_us)
            continue;
        rc = plan_add(p, KURA_DUE_RELEASE, -1, &item, err);
        if (rc == KURA_OK)
            rc = item_number(item, r->leases[i].number, err);
    }
    return rc;
}

enum kura_rc kura_retention_plan(const struct kura_retention *r,
                                 struct kura_plan *out, struct kura_err *err)
{
    struct kura_plan p;
    enum kura_rc rc;

    memset(&p, 0, sizeof(p));
    rc = plan_seal(r, &p, err);
    if (rc == KURA_OK)
        rc = plan_fold(r, &p, err);
    if (rc == KURA_OK)
        rc = plan_archive(r, &p, err);
    if (rc == KURA_OK)
        rc = plan_expire(r, &p, err);
    if (rc == KURA_OK)
        rc = plan_release(r, &p, err);
    if (rc == KURA_OK)
        *out = p;
    else
        kura_plan_release(&p);
    return rc;
}
