/* main.c - the kura program: global options, the table of commands, exit code.
 */
#include "base/failpoint.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/cmd.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kura_cmd *const main_commands[] = {
    &kura_cmd_init,    &kura_cmd_ingest, &kura_cmd_status,
    &kura_cmd_sql,     &kura_cmd_tables, &kura_cmd_cat,
    &kura_cmd_rejects,
    &kura_cmd_formats, &kura_cmd_maintain, &kura_cmd_archive,
    &kura_cmd_restore, &kura_cmd_release,  &kura_cmd_hold,
    &kura_cmd_who,
    &kura_cmd_seen,    &kura_cmd_ioc,    &kura_cmd_site,   &kura_cmd_verify,
    &kura_cmd_volumes, &kura_cmd_catalog,  &kura_cmd_hunt,
    &kura_cmd_hunts,   &kura_cmd_finding,  &kura_cmd_allow,
    &kura_cmd_report,
    &kura_cmd_timeline,
};
#define MAIN_COMMANDS (sizeof(main_commands) / sizeof(main_commands[0]))

volatile sig_atomic_t kura_cli_stop;

static void main_on_signal(int sig)
{
    (void)sig;
    kura_cli_stop = 1;
}

/* A second signal kills, in case the first one cannot be obeyed. */
static void main_catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = main_on_signal;
    action.sa_flags = (int)SA_RESETHAND;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    action.sa_flags = 0;
    /* A limit on the size of files is told like a full disk. */
    (void)sigaction(SIGXFSZ, &action, NULL);
}

/* What only reads ends silently when nobody reads its output, as other tools do;
 * what writes must come to its end. */
static void main_mind_pipes(const struct kura_cmd *cmd,
                            const struct kura_args *args)
{
    static const struct kura_cmd *const readers[] = {
        &kura_cmd_sql,     &kura_cmd_cat,  &kura_cmd_status,
        &kura_cmd_formats, &kura_cmd_seen, &kura_cmd_tables,
        &kura_cmd_who,
        &kura_cmd_hunts,   &kura_cmd_finding, &kura_cmd_site,
        &kura_cmd_timeline,
    };
    struct sigaction action;
    size_t i;

    for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (cmd == readers[i])
            return;
    if (cmd == &kura_cmd_ioc && args->count != 0 &&
        strcmp(args->operands[0], "list") == 0)
        return;
    if (cmd == &kura_cmd_rejects &&
        kura_opt_get(cmd->options, args, "retry") == NULL)
        return;
    memset(&action, 0, sizeof(action));
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
}

/* When there is no memory to escape a text in: ASCII, and '?' for the rest. */
static void main_print_bare(FILE *f, const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        (void)fputc(s[i] >= 0x20 && s[i] < 0x7f ? s[i] : '?', f);
    (void)fputc('\n', f);
}

static void main_print(FILE *f, const char *prefix, const char *text)
{
    const char *line = text, *end;
    struct kura_buf out;
    size_t n;

    kura_buf_init(&out, 1u << 16);
    while (line != NULL) {
        end = strchr(line, '\n');
        n = end != NULL ? (size_t)(end - line) : strlen(line);
        kura_buf_reset(&out);
        if (line != text)
            prefix = "";
        if (kura_text_escape(line, n, &out, NULL) == KURA_OK) {
            (void)fprintf(f, "kura: %s%s\n", prefix, out.data);
        } else {
            (void)fprintf(f, "kura: %s", prefix);
            main_print_bare(f, line, n);
        }
        line = end != NULL ? end + 1 : NULL;
    }
    kura_buf_release(&out);
}

void kura_cli_say(const struct kura_cli *cli, const char *text)
{
    if (cli->verbosity >= 0) {
        kura_cli_progress_done();
        main_print(stderr, "", text);
    }
}

void kura_cli_error(const struct kura_err *err)
{
    kura_cli_progress_done();
    main_print(stderr, "error: ", err->msg);
}

const char *kura_cli_option(const struct kura_cli *cli,
                            const struct kura_cmd *cmd, const char *name)
{
    return kura_opt_get(cmd->options, cli->args, name);
}

enum kura_rc kura_cli_flush(struct kura_err *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return kura_err_sys(err, errno, "cannot write the output");
    return KURA_OK;
}

static void main_usage(FILE *f)
{
    size_t i;

    (void)fprintf(f,
                  "usage: kura [-C DIR] [-q|-v] [--now TIME] COMMAND [OPTION]... "
                  "[OPERAND]...\n\n");
    for (i = 0; i < MAIN_COMMANDS; i++)
        (void)fprintf(f, "  %-8s %-20s %s\n", main_commands[i]->name,
                      main_commands[i]->operands, main_commands[i]->about);
    (void)fprintf(f,
                  "\n  -C, --directory DIR  the warehouse (or KURA_DIR in the "
                  "environment, or .)\n"
                  "  -q, --quiet          no messages but errors\n"
                  "  -v, --verbose        more messages\n"
                  "  --now TIME           what time it is, for what depends on "
                  "it\n"
                  "  --version, --help\n"
                  "\nkura COMMAND --help tells the options of a command.\n");
}

static void main_command_usage(const struct kura_cmd *cmd, FILE *f)
{
    (void)fprintf(f, "usage: kura %s [OPTION]... %s\n\n%s\n\n", cmd->name,
                  cmd->operands, cmd->about);
    kura_opt_print(cmd->options, f);
}

static const struct kura_cmd *main_find(const char *name)
{
    size_t i;

    for (i = 0; i < MAIN_COMMANDS; i++) {
        if (strcmp(main_commands[i]->name, name) == 0)
            return main_commands[i];
    }
    return NULL;
}

static const struct kura_opt main_options[] = {
    {"directory", 'C', "DIR", ""}, {"quiet", 'q', NULL, ""},
    {"verbose", 'v', NULL, ""},    {"now", 0, "TIME", ""},
    {"version", 0, NULL, ""},      {"help", 'h', NULL, ""},
    {NULL, 0, NULL, NULL}};

/* Where the command stands: after the global options. */
static int main_command_at(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        if (strcmp(argv[i], "-C") == 0 || strcmp(argv[i], "--now") == 0 ||
            strcmp(argv[i], "--directory") == 0)
            i++;
    }
    return i < argc ? i : argc;
}

static enum kura_rc main_set_now(struct kura_cli *cli, const char *text,
                                 struct kura_err *err)
{
    struct kura_zone *utc = NULL;
    int64_t to;
    enum kura_rc rc;

    cli->now_us = kura_clock_now();
    if (text == NULL)
        return KURA_OK;
    rc = kura_zone_new("UTC", &utc, err);
    if (rc == KURA_OK)
        rc = kura_range_parse(text, utc, cli->now_us, &cli->now_us, &to, err);
    kura_zone_free(utc);
    if (rc == KURA_EINPUT)
        rc = err->rc = KURA_EUSAGE;
    return rc;
}

static enum kura_rc main_run(const struct kura_cmd *cmd, struct kura_cli *cli,
                             int argc, char **argv, enum kura_exit *code,
                             struct kura_err *err)
{
    struct kura_args args;
    enum kura_rc rc;
    int i;

    for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            main_command_usage(cmd, stdout);
            return kura_cli_flush(err);
        }
    }
    rc = kura_opt_parse(cmd->options, argc, argv, &args, err);
    if (rc == KURA_OK)
        rc = kura_schema_load(err);
    if (rc != KURA_OK)
        return rc;
    main_mind_pipes(cmd, &args);
    cli->args = &args;
    rc = cmd->run(cli, code, err);
    kura_cli_progress_done();
    return rc == KURA_OK ? kura_cli_flush(err) : rc;
}

static enum kura_exit main_exit(const struct kura_cmd *cmd,
                                const struct kura_err *err)
{
    kura_cli_error(err);
    if (err->rc != KURA_EUSAGE)
        return KURA_EXIT_FAILED;
    if (cmd != NULL)
        (void)fprintf(stderr, "usage: kura %s [OPTION]... %s\n", cmd->name,
                      cmd->operands);
    else
        main_usage(stderr);
    return KURA_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct kura_err err = KURA_ERR_INIT;
    enum kura_exit code = KURA_EXIT_OK;
    const struct kura_cmd *cmd = NULL;
    struct kura_args args;
    struct kura_cli cli;
    enum kura_rc rc;
    int at = main_command_at(argc, argv);

    (void)setlocale(LC_CTYPE, "");
    kura_failpoint_init();
    main_catch_signals();
    memset(&cli, 0, sizeof(cli));
    rc = kura_opt_parse(main_options, at - 1, argv + 1, &args, &err);
    if (rc != KURA_OK)
        return (int)main_exit(NULL, &err);
    if (kura_opt_get(main_options, &args, "version") != NULL) {
        (void)printf("kura %s\n", KURA_VERSION);
        return fflush(stdout) == 0 ? 0 : KURA_EXIT_FAILED;
    }
    if (kura_opt_get(main_options, &args, "help") != NULL) {
        main_usage(stdout);
        return fflush(stdout) == 0 ? 0 : KURA_EXIT_FAILED;
    }
    cli.dir = kura_opt_get(main_options, &args, "directory");
    if (cli.dir == NULL)
        cli.dir = getenv("KURA_DIR");
    if (cli.dir == NULL || *cli.dir == '\0')
        cli.dir = ".";
    if (kura_opt_get(main_options, &args, "quiet") != NULL)
        cli.verbosity = -1;
    if (kura_opt_get(main_options, &args, "verbose") != NULL)
        cli.verbosity = 1;
    rc = main_set_now(&cli, kura_opt_get(main_options, &args, "now"), &err);
    if (rc == KURA_OK && at >= argc)
        rc = kura_err_set(&err, KURA_EUSAGE, "no command given");
    if (rc == KURA_OK) {
        cmd = main_find(argv[at]);
        if (cmd == NULL)
            rc = kura_err_set(&err, KURA_EUSAGE, "unknown command '%s'",
                              argv[at]);
        else
            rc = main_run(cmd, &cli, argc - at - 1, argv + at + 1, &code, &err);
    }
    return (int)(rc == KURA_OK ? code : main_exit(cmd, &err));
}
