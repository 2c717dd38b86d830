/* command.h - runs what the user configured: a shell command with some
 * variables in its environment.
 *
 * Its standard input is empty, its output goes to our standard error.  Signals
 * that we ignore are not ignored by it. */
#ifndef KURA_BASE_COMMAND_H
#define KURA_BASE_COMMAND_H

#include "base/err.h"

#include <stddef.h>

struct kura_command_variable {
    const char *name, *value;
};

/* Waits for its end: KURA_EIO when it cannot be run, fails, or a signal ends
 * it; `about` says in messages what it is for ("for volume 'x'"). */
enum kura_rc kura_command_run(const char *command, const char *about,
                              const struct kura_command_variable *variables,
                              size_t count, struct kura_err *err);

#endif
