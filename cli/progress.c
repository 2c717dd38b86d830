/* progress.c - one line on stderr that says how far a long command is; only on
 * a terminal, only after a second. */
#include "cli/cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* The command line has one thread that prints: this is its state. */
static int64_t progress_began, progress_last;
static bool progress_shown;

void kura_cli_progress(const struct kura_cli *cli, const char *name,
                       int64_t bytes, int64_t lines)
{
    int64_t now = kura_clock_now();

    if (cli->verbosity < 0 || !isatty(STDERR_FILENO))
        return;
    if (progress_began == 0)
        progress_began = now;
    if (now - progress_began < KURA_SECOND ||
        now - progress_last < KURA_SECOND / 10)
        return;
    progress_last = now;
    progress_shown = true;
    (void)fprintf(stderr, "\r\033[K%.40s: %" PRId64 " MB, %" PRId64 " lines",
                  name, bytes / 1000000, lines);
}

void kura_cli_progress_done(void)
{
    if (progress_shown)
        (void)fprintf(stderr, "\r\033[K");
    progress_shown = false;
    progress_began = 0;
}
