/* ioc_live.h - the indicators of a warehouse that are not removed, in memory:
 * loaded from case.db when they are first asked for, and as they were then. */
#ifndef KURA_QUERY_IOC_LIVE_H
#define KURA_QUERY_IOC_LIVE_H

#include "base/err.h"
#include "query/ioc_set.h"
#include "store/casefile.h"

struct kura_ioc_live;

/* dir is copied. */
enum kura_rc kura_ioc_live_new(const char *dir, struct kura_ioc_live **out,
                               struct kura_err *err);
void kura_ioc_live_free(struct kura_ioc_live *l); /* NULL ok */
/* *out belongs to l.  An error is told at every call. */
enum kura_rc kura_ioc_live_get(struct kura_ioc_live *l,
                               const struct kura_ioc_set **out,
                               struct kura_err *err);

/* Those of an open case.db, sealed; the caller frees *out. */
enum kura_rc kura_ioc_set_load(struct kura_casefile *c,
                               struct kura_ioc_set **out, struct kura_err *err);

#endif
