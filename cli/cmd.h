/* cmd.h - what a command is, and what commands share.
 *
 * One cmd_<name>.c per command, each exporting one struct kura_cmd; main.c
 * lists them.  Commands return an exit code from kura_exit: 0 done, 1 a
 * negative answer, 2 usage, 3 failed.  stdout is data, stderr messages. */
#ifndef KURA_CLI_CMD_H
#define KURA_CLI_CMD_H

#include "base/clock.h"
#include "cli/opt.h"
#include "store/warehouse.h"

#include <signal.h>
#include <stdbool.h>

enum kura_exit { KURA_EXIT_OK, KURA_EXIT_NO, KURA_EXIT_USAGE, KURA_EXIT_FAILED };

/* What the options before the command say. */
struct kura_cli {
    const char *dir; /* the warehouse */
    int verbosity;   /* -1 quiet, 0, 1 verbose */
    int64_t now_us;
    const struct kura_args *args;
};

struct kura_cmd {
    const char *name;
    const char *operands; /* "FILE|DIR|-..." */
    const char *about;
    const struct kura_opt *options;
    /* *exit is KURA_EXIT_OK when entered; an error prints and exits 2 or 3. */
    enum kura_rc (*run)(struct kura_cli *cli, enum kura_exit *exit,
                        struct kura_err *err);
};

extern const struct kura_cmd kura_cmd_init, kura_cmd_ingest, kura_cmd_status,
    kura_cmd_sql, kura_cmd_tables, kura_cmd_cat, kura_cmd_rejects,
    kura_cmd_formats,
    kura_cmd_maintain, kura_cmd_archive, kura_cmd_restore, kura_cmd_release,
    kura_cmd_hold, kura_cmd_seen, kura_cmd_who, kura_cmd_ioc, kura_cmd_site, kura_cmd_verify,
    kura_cmd_volumes, kura_cmd_catalog, kura_cmd_hunt, kura_cmd_hunts,
    kura_cmd_finding, kura_cmd_allow, kura_cmd_report, kura_cmd_timeline;

/* Set by SIGINT and SIGTERM; read between pieces of work. */
extern volatile sig_atomic_t kura_cli_stop;

/* A message on stderr, escaped for terminals, unless -q. */
void kura_cli_say(const struct kura_cli *cli, const char *text);
void kura_cli_error(const struct kura_err *err);

/* "yes" option: the value of an option of the running command. */
const char *kura_cli_option(const struct kura_cli *cli,
                            const struct kura_cmd *cmd, const char *name);

/* Flushes stdout; KURA_EIO when what was written did not arrive. */
enum kura_rc kura_cli_flush(struct kura_err *err);

/* Progress on a terminal, at most ten times a second; done clears it. */
void kura_cli_progress(const struct kura_cli *cli, const char *name,
                       int64_t bytes, int64_t lines);
void kura_cli_progress_done(void);

#endif
