#include "cli/cmd.h"

#include <stdio.h>

static const struct kura_opt init_options[] = {
    {"zone", 0, "ZONE", "the site's time zone, such as Asia/Tokyo (UTC)"},
    {NULL, 0, NULL, NULL}};

static enum kura_rc init_run(struct kura_cli *cli, enum kura_exit *code,
                             struct kura_err *err)
{
    const char *zone = kura_cli_option(cli, &kura_cmd_init, "zone");
    struct kura_zone *z = NULL;
    char text[1024];
    enum kura_rc rc;

    (void)code;
    if (cli->args->count != 1)
        return kura_err_set(err, KURA_EUSAGE, "init needs one directory");
    if (zone != NULL) {
        rc = kura_zone_new(zone, &z, err);
        kura_zone_free(z);
        if (rc != KURA_OK)
            return rc == KURA_EINPUT ? (err->rc = KURA_EUSAGE) : rc;
    }
    rc = kura_warehouse_init(cli->args->operands[0], zone, err);
    if (rc != KURA_OK)
        return rc;
    (void)snprintf(text, sizeof(text),
                   "made the warehouse '%s'; its settings are in kura.yaml",
                   cli->args->operands[0]);
    kura_cli_say(cli, text);
    return KURA_OK;
}

const struct kura_cmd kura_cmd_init = {"init", "DIR", "make a warehouse",
                                       init_options, init_run};
