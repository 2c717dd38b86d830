/* policy.h - what kura.yaml says about keeping, read and checked.
 *
 *     retention:
 *       lateness: 2d          # a day is sealed when it is over for so long
 *       online: 3mo           # older days are due for the archive
 *       keep: forever         # volumes older than this expire
 *       tables:
 *         dns: { online: 1mo, keep: 2y }
 *     archive:
 *       destinations: [ archive, /mnt/vault/kura ]  # the first is written first
 *       level: 9
 *       sign: 'minisign -S -s /etc/kura.key -m "$KURA_VOLUME"'
 *       verify: 'minisign -V -p /etc/kura.pub -m "$KURA_VOLUME"'
 *
 * A keep period under one year is KURA_EINPUT unless `force: true` stands
 * beside it.  Relative destinations are below the warehouse.  Periods are in
 * days (d), weeks (w), months (mo) or years (y) of the calendar, UTC.
 * Immutable once read; texts belong to the configuration. */
#ifndef KURA_STORE_POLICY_H
#define KURA_STORE_POLICY_H

#include "base/config.h"
#include "base/err.h"
#include "store/schema.h"

#include <stdbool.h>
#include <stdint.h>

/* A length of the calendar; both 0: for ever. */
struct kura_period {
    int months, days;
};
/* "2d", "3mo", "1y", "forever"; KURA_EINPUT otherwise. */
enum kura_rc kura_period_parse(const char *text, struct kura_period *out,
                               struct kura_err *err);
bool kura_period_is_forever(const struct kura_period *p);
/* The UTC day that lies one period before `day`; a day that its month does not
 * have is its month's last. */
int64_t kura_period_before(const struct kura_period *p, int64_t day);

#define KURA_DESTINATIONS_MAX 8
#define KURA_POLICY_TABLES 32

struct kura_policy {
    int lateness_days;
    struct kura_period online[KURA_POLICY_TABLES]; /* by kura_schema_at index */
    struct kura_period keep[KURA_POLICY_TABLES];
    const char *destinations[KURA_DESTINATIONS_MAX]; /* as written */
    int destination_count; /* at least 1: "archive" */
    int level;
    const char *sign, *verify; /* NULL: none */
};

/* From the root of kura.yaml, which may be NULL: the defaults. */
enum kura_rc kura_policy_read(const struct kura_config *config,
                              struct kura_policy *out, struct kura_err *err);

#endif
