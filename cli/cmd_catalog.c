/* cmd_catalog.c - kura catalog rebuild. */
#include "cli/cmd.h"

#include "archive/rebuild.h"
#include "store/casefile.h"

#include <stdio.h>
#include <string.h>

static const struct kura_opt catalog_options[] = {
    {"from", 0, NULL, "the operands are directories with more volumes"},
    {"new-case", 0, NULL, "make an empty case.db when it is missing"},
    {NULL, 0, NULL, NULL}};

static void catalog_say(void *arg, const char *text)
{
    kura_cli_say(arg, text);
}

static enum kura_rc catalog_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err)
{
    bool from = kura_cli_option(cli, &kura_cmd_catalog, "from") != NULL;
    struct kura_rebuild_options o;
    size_t problems = 0;
    enum kura_rc rc;

    if (cli->args->count < 1 ||
        strcmp(cli->args->operands[0], "rebuild") != 0 ||
        from != (cli->args->count > 1))
        return kura_err_set(err, KURA_EUSAGE,
                            "catalog rebuild [--from DIR...]");
    memset(&o, 0, sizeof(o));
    o.from = (const char *const *)cli->args->operands + 1;
    o.from_count = (size_t)cli->args->count - 1;
    o.new_case = kura_cli_option(cli, &kura_cmd_catalog, "new-case") != NULL;
    o.now_us = cli->now_us;
    o.owner = kura_owner();
    o.stop = &kura_cli_stop;
    o.say = catalog_say;
    o.arg = cli;
    rc = kura_catalog_rebuild(cli->dir, &o, &problems, err);
    if (rc == KURA_OK && problems != 0) {
        (void)fprintf(stderr, "kura: %zu file(s) were passed over\n", problems);
        *code = KURA_EXIT_NO;
    }
    return rc;
}

const struct kura_cmd kura_cmd_catalog = {
    "catalog", "rebuild [DIR...]",
    "make the catalog anew from partitions and volumes", catalog_options,
    catalog_run};
