/* ioc_live.c - case.db into a set. */
#include "query/ioc_live.h"

#include "store/case_indicator.h"

#include <stdlib.h>
#include <string.h>

struct kura_ioc_live {
    struct kura_ioc_set *set; /* NULL: not asked for yet, or it failed */
    char dir[];
};

enum kura_rc kura_ioc_live_new(const char *dir, struct kura_ioc_live **out,
                               struct kura_err *err)
{
    size_t n = strlen(dir) + 1;
    struct kura_ioc_live *l = malloc(sizeof(*l) + n);

    if (l == NULL)
        return kura_err_nomem(err);
    l->set = NULL;
    memcpy(l->dir, dir, n);
    *out = l;
    return KURA_OK;
}

void kura_ioc_live_free(struct kura_ioc_live *l)
{
    if (l == NULL)
        return;
    kura_ioc_set_free(l->set);
    free(l);
}

static enum kura_rc on_indicator(void *arg, const struct kura_indicator *ind,
                                 struct kura_err *err)
{
    return kura_ioc_set_add(arg, ind->type, ind->value, ind->number, err);
}

enum kura_rc kura_ioc_set_load(struct kura_casefile *c,
                               struct kura_ioc_set **out, struct kura_err *err)
{
    struct kura_ioc_set *s = NULL;
    enum kura_rc rc = kura_ioc_set_new(&s, err);

    if (rc == KURA_OK)
        rc = kura_indicator_each(c, on_indicator, s, err);
    if (rc == KURA_OK)
        rc = kura_ioc_set_seal(s, err);
    if (rc == KURA_OK)
        *out = s;
    else
        kura_ioc_set_free(s);
    return rc;
}

enum kura_rc kura_ioc_live_get(struct kura_ioc_live *l,
                               const struct kura_ioc_set **out,
                               struct kura_err *err)
{
    struct kura_casefile *c = NULL;
    enum kura_rc rc = KURA_OK;

    if (l->set == NULL) {
        rc = kura_casefile_open(l->dir, false, &c, err);
        if (rc == KURA_OK)
            rc = kura_ioc_set_load(c, &l->set, err);
        kura_casefile_close(c);
    }
    *out = l->set;
    return rc;
}
