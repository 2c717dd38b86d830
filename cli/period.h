/* period.h - the options --from and --to: what a person writes for a time, in
 * the site's zone. */
#ifndef KURA_CLI_PERIOD_H
#define KURA_CLI_PERIOD_H

#include "cli/cmd.h"

/* Half-open [*from, *to) in microseconds; INT64_MIN and INT64_MAX where an
 * option was not given.  KURA_EUSAGE for what is no time. */
enum kura_rc kura_cli_period(const struct kura_cli *cli,
                             const struct kura_cmd *cmd,
                             const struct kura_zone *zone, int64_t *from,
                             int64_t *to, struct kura_err *err);
/* --timeout: seconds, or `none` when it was not given. */
enum kura_rc kura_cli_timeout(const struct kura_cli *cli,
                              const struct kura_cmd *cmd, int64_t none,
                              int64_t *seconds, struct kura_err *err);

#endif
