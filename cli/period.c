#include "cli/period.h"

#include "base/num.h"

#include <string.h>

#define TIMEOUT_MAX 86400

static enum kura_rc period_one(const struct kura_cli *cli,
                               const struct kura_zone *zone, const char *text,
                               int64_t *from, int64_t *to, struct kura_err *err)
{
    enum kura_rc rc = kura_range_parse(text, zone, cli->now_us, from, to, err);

    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    return rc;
}

enum kura_rc kura_cli_period(const struct kura_cli *cli,
                             const struct kura_cmd *cmd,
                             const struct kura_zone *zone, int64_t *from,
                             int64_t *to, struct kura_err *err)
{
    const char *from_text = kura_cli_option(cli, cmd, "from");
    const char *to_text = kura_cli_option(cli, cmd, "to");
    int64_t unused;
    enum kura_rc rc = KURA_OK;

    *from = INT64_MIN;
    *to = INT64_MAX;
    if (from_text != NULL)
        rc = period_one(cli, zone, from_text, from, &unused, err);
    if (rc == KURA_OK && to_text != NULL)
        rc = period_one(cli, zone, to_text, &unused, to, err);
    return rc;
}

enum kura_rc kura_cli_timeout(const struct kura_cli *cli,
                              const struct kura_cmd *cmd, int64_t none,
                              int64_t *seconds, struct kura_err *err)
{
    const char *text = kura_cli_option(cli, cmd, "timeout");

    *seconds = none;
    if (text == NULL)
        return KURA_OK;
    if (!kura_num_parse(text, strlen(text), seconds) || *seconds < 1 ||
        *seconds > TIMEOUT_MAX)
        return kura_err_set(err, KURA_EUSAGE,
                            "'%s' is no number of seconds up to %d", text,
                            TIMEOUT_MAX);
    return KURA_OK;
}
