#include "base/command.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Does an entry of the environment set the variable? */
static bool sets(const char *entry, const char *name)
{
    size_t n = strlen(name);

    return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

static void environment_free(char **env, size_t own)
{
    size_t i;

    for (i = 0; env != NULL && i < own; i++)
        free(env[i]);
    free(env);
}

/* Our environment with the variables in front; only their strings are its
 * own. */
static char **environment_make(const struct kura_command_variable *variables,
                               size_t count)
{
    size_t n = 0, i, k, size;
    char **env;

    while (environ[n] != NULL)
        n++;
    env = calloc(count + n + 1, sizeof(*env));
    for (k = 0; env != NULL && k < count; k++) {
        size = strlen(variables[k].name) + strlen(variables[k].value) + 2;
        env[k] = malloc(size);
        if (env[k] == NULL) {
            environment_free(env, k);
            return NULL;
        }
        (void)snprintf(env[k], size, "%s=%s", variables[k].name,
                       variables[k].value);
    }
    for (i = 0; env != NULL && i < n; i++) {
        size_t v;

        for (v = 0; v < count && !sets(environ[i], variables[v].name); v++)
            ;
        if (v == count)
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

enum kura_rc kura_command_run(const char *command, const char *about,
                              const struct kura_command_variable *variables,
                              size_t count, struct kura_err *err)
{
    char **env = environment_make(variables, count);
    int errnum, status = 0;
    pid_t pid = -1, got;

    if (env == NULL)
        return kura_err_nomem(err);
    errnum = command_start(command, env, &pid);
    environment_free(env, count);
    if (errnum != 0)
        return kura_err_sys(err, errnum, "cannot run '%s'", command);
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return kura_err_sys(err, errno, "cannot wait for '%s'", command);
    if (WIFSIGNALED(status))
        return kura_err_set(err, KURA_EIO,
                            "command '%s' %s was ended by signal %d", command,
                            about, WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return kura_err_set(err, KURA_EIO,
                            "command '%s' %s failed with exit status %d",
                            command, about, WEXITSTATUS(status));
    return KURA_OK;
}
