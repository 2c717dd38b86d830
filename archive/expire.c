#include "archive/expire.h"

#include "archive/pack.h"
#include "store/tier.h"

#include <string.h>

static enum kura_rc copy_remove(const struct kura_job *j,
                                const struct kura_volume_copy *c,
                                struct kura_err *err)
{
    enum kura_rc rc;

    if (!c->present)
        return KURA_OK;
    rc = kura_pack_remove(c->path, err);
    if (rc == KURA_OK)
        kura_job_say(j, "removed %s", c->path);
    return rc;
}

static enum kura_rc volume_remove(const struct kura_job *j,
                                  const struct kura_volume_entry *v,
                                  struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < v->copy_count; i++)
        rc = copy_remove(j, &v->copies[i], err);
    return rc;
}

static enum kura_rc volume_expire(const struct kura_job *j,
                                  const struct kura_volume_entry *v,
                                  struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;

    if (strcmp(v->state, "live") == 0) {
        rc = kura_audit(j->c, j->now_us, j->owner, "expire", v->name, err);
        if (rc == KURA_OK)
            rc = kura_volume_retire(j->w, v->number, "expired", err);
    }
    /* A statement that reads it in place keeps the file open: its bytes stay
     * until it is done. */
    return rc == KURA_OK ? volume_remove(j, v, err) : rc;
}

/* Each volume for which `number` is 0 or its own, in one of the states. */
static enum kura_rc volumes_each(const struct kura_job *j, int64_t number,
                                 const char *state, size_t *found,
                                 struct kura_err *err)
{
    struct kura_volume_entry *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_volume_list(j->w, &list, &count, err);

    *found = 0;
    for (i = 0; rc == KURA_OK && i < count; i++) {
        if ((number != 0 && list[i].number != number) ||
            (state != NULL && strcmp(list[i].state, state) != 0))
            continue;
        ++*found;
        rc = volume_expire(j, &list[i], err);
    }
    kura_volume_list_free(list, count);
    return rc;
}

enum kura_rc kura_expire(const struct kura_job *j, int64_t volume,
                         struct kura_err *err)
{
    size_t found;
    enum kura_rc rc;

    if (kura_casefile_is_missing(j->c))
        return kura_err_set(err, KURA_EIO,
                            "case.db is missing: nothing expires without it");
    rc = volumes_each(j, volume, NULL, &found, err);
    if (rc == KURA_OK && found == 0)
        rc = kura_err_set(err, KURA_ENOTFOUND, "there is no volume %lld",
                          (long long)volume);
    return rc;
}

enum kura_rc kura_expire_recover(const struct kura_job *j, struct kura_err *err)
{
    size_t found;

    return volumes_each(j, 0, "expired", &found, err);
}
