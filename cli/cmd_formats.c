#include "cli/cmd.h"
#include "cli/formats.h"

#include "base/fs.h"

#include <stdio.h>

enum kura_rc kura_cli_formats(const struct kura_warehouse *w,
                              struct kura_formats **out, struct kura_err *err)
{
    char dir[4096];

    if (w == NULL)
        return kura_formats_load(NULL, out, err);
    (void)snprintf(dir, sizeof(dir), "%s/formats", kura_warehouse_dir(w));
    return kura_formats_load(dir, out, err);
}

static const struct kura_opt formats_options[] = {{NULL, 0, NULL, NULL}};

static enum kura_rc formats_run(struct kura_cli *cli, enum kura_exit *code,
                                struct kura_err *err)
{
    struct kura_warehouse *w = NULL;
    struct kura_formats *f = NULL;
    char config[4096];
    enum kura_rc rc = KURA_OK;
    int i;

    (void)code;
    /* Outside a warehouse the built-in formats are told all the same. */
    (void)snprintf(config, sizeof(config), "%s/kura.yaml", cli->dir);
    if (kura_fs_exists(config))
        rc = kura_warehouse_open(cli->dir, false, &w, err);
    if (rc == KURA_OK)
        rc = kura_cli_formats(w, &f, err);
    for (i = 0; rc == KURA_OK && i < kura_formats_count(f); i++) {
        const struct kura_format *at = kura_formats_at(f, i);

        if (at->reader == KURA_READER_LINES)
            (void)printf("%-18s %-9s %2d patterns, %2d samples pass  %s\n",
                         at->name, at->schema->name, at->npattern, at->nsample,
                         at->origin);
        else
            (void)printf("%-18s %-9s a reader,    %2d samples pass  %s\n",
                         at->name, at->schema->name, at->nsample, at->origin);
        (void)printf("                   %s\n",
                     at->about != NULL ? at->about : "");
    }
    kura_formats_free(f);
    kura_warehouse_close(w);
    return rc;
}

const struct kura_cmd kura_cmd_formats = {
    "formats", "", "list the formats, each checked against its samples",
    formats_options, formats_run};
