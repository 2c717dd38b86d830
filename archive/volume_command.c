/* volume_command.c - runs what the user configured (sign, carry away). */
#include "archive/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_VARIABLE "KURA_VOLUME"

extern char **environ;

/* Our environment with the variable in front; its strings but the first are
 * borrowed. */
static char **command_environment(const char *path)
{
    size_t size = sizeof(COMMAND_VARIABLE "=") + strlen(path), n = 0, i, k = 1;
    char **env, *first = malloc(size);

    while (environ[n] != NULL)
        n++;
    env = calloc(n + 2, sizeof(*env));
    if (env == NULL || first == NULL) {
        free(env);
        free(first);
        return NULL;
    }
    (void)snprintf(first, size, "%s=%s", COMMAND_VARIABLE, path);
    env[0] = first;
    for (i = 0; i < n; i++) {
        if (strncmp(environ[i], COMMAND_VARIABLE "=",
                    sizeof(COMMAND_VARIABLE)) != 0)
            env[k++] = environ[i];
    }
    return env;
}

static int command_redirect(posix_spawn_file_actions_t *actions)
{
    int rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO,
                                              "/dev/null", O_RDONLY, 0);

    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, STDERR_FILENO,
                                              STDOUT_FILENO);
    return rc;
}

/* A signal that we ignore or block is not ignored or blocked by the command. */
static int command_signals(posix_spawnattr_t *attr)
{
    sigset_t usual, none;
    int rc;

    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    rc = posix_spawnattr_setsigdefault(attr, &usual);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF |
                                                POSIX_SPAWN_SETSIGMASK);
    return rc;
}

static int command_start(const char *command, char **env, pid_t *pid)
{
    /* posix_spawn does not write to these, but its type does not say so. */
    char shell[] = "sh", flag[] = "-c";
    char *text = strdup(command);
    char *argv[] = {shell, flag, text, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc;

    if (text == NULL)
        return ENOMEM;
    rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        goto out_text;
    rc = posix_spawnattr_init(&attr);
    if (rc != 0)
        goto out_actions;
    rc = command_redirect(&actions);
    if (rc == 0)
        rc = command_signals(&attr);
    if (rc == 0)
        rc = posix_spawn(pid, "/bin/sh", &actions, &attr, argv, env);
    (void)posix_spawnattr_destroy(&attr);
out_actions:
    (void)posix_spawn_file_actions_destroy(&actions);
out_text:
    free(text);
    return rc;
}

enum kura_rc kura_volume_command(const char *command, const char *path,
                                 struct kura_err *err)
{
    char **env = command_environment(path);
    int errnum, status = 0;
    pid_t pid = -1, got;

    if (env == NULL)
        return kura_err_nomem(err);
    errnum = command_start(command, env, &pid);
    free(env[0]);
    free(env);
    if (errnum != 0)
        return kura_err_sys(err, errnum, "cannot run '%s'", command);
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return kura_err_sys(err, errno, "cannot wait for '%s'", command);
    if (WIFSIGNALED(status))
        return kura_err_set(err, KURA_EIO,
                            "command '%s' for volume '%s' was ended by signal "
                            "%d",
                            command, path, WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return kura_err_set(err, KURA_EIO,
                            "command '%s' for volume '%s' failed with exit "
                            "status %d",
                            command, path, WEXITSTATUS(status));
    return KURA_OK;
}
