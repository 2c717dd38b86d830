/* baseline.c - what the bench divides by.
 *
 *     baseline FILE            one thread: every line of FILE against the
 *                              built-in squid-native pattern, SHA-256 over all
 *     baseline --run CMD...    runs CMD with its output thrown away; prints its
 *                              wall seconds, peak memory in KiB, and seconds of
 *                              CPU
 *
 * The first form prints "SECONDS LINES BYTES MATCHED".  It is the least that
 * any loader does that reads lines with this pattern and proves what it read:
 * nothing is kept. */
#include "base/hash.h"
#include "ingest/format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* BSD, thus behind no POSIX macro; Linux and the BSDs have it. */
extern pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);

#define HASH_CHUNK (1u << 20)

static double seconds_now(void)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum kura_rc hash_all(const char *p, size_t n, struct kura_err *err)
{
    struct kura_sha256 *sha = NULL;
    char hex[KURA_SHA256_HEX];
    size_t part;
    enum kura_rc rc = kura_sha256_new(&sha, err);

    for (; rc == KURA_OK && n > 0; p += part, n -= part) {
        part = n < HASH_CHUNK ? n : HASH_CHUNK;
        rc = kura_sha256_update(sha, p, part, err);
    }
    if (rc == KURA_OK)
        rc = kura_sha256_peek(sha, hex, err);
    kura_sha256_free(sha);
    return rc;
}

static void match_all(const struct kura_regex *re, struct kura_matcher *m,
                      const char *p, size_t n, int64_t *lines, int64_t *matched)
{
    const char *end = p + n, *nl;

    for (; p < end; p = nl + 1) {
        nl = memchr(p, '\n', (size_t)(end - p));
        if (nl == NULL)
            nl = end;
        *matched += kura_regex_match(re, m, p, (size_t)(nl - p)) == 1;
        ++*lines;
    }
}

static enum kura_rc measure(const char *p, size_t n, struct kura_err *err)
{
    struct kura_formats *formats = NULL;
    struct kura_matcher *m = NULL;
    const struct kura_format *f = NULL;
    int64_t lines = 0, matched = 0;
    double began;
    enum kura_rc rc = kura_formats_load(NULL, &formats, err);

    if (rc != KURA_OK)
        goto out;
    f = kura_formats_find(formats, "squid-native");
    if (f == NULL) {
        rc = kura_err_set(err, KURA_ENOTFOUND, "no format squid-native");
        goto out;
    }
    rc = kura_matcher_new(f->patterns[0].groups, &m, err);
    if (rc != KURA_OK)
        goto out;
    began = seconds_now();
    match_all(f->patterns[0].regex, m, p, n, &lines, &matched);
    rc = hash_all(p, n, err);
    if (rc == KURA_OK)
        (void)printf("%.3f %" PRId64 " %zu %" PRId64 "\n",
                     seconds_now() - began, lines, n, matched);
out:
    kura_matcher_free(m);
    kura_formats_free(formats);
    return rc;
}

static enum kura_rc baseline(const char *path, struct kura_err *err)
{
    struct stat st;
    void *p = MAP_FAILED;
    enum kura_rc rc;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st) != 0) {
        rc = kura_err_sys(err, errno, "cannot open '%s'", path);
        goto out;
    }
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) {
        rc = kura_err_sys(err, errno, "cannot read '%s'", path);
        goto out;
    }
    rc = measure(p, (size_t)st.st_size, err);
    (void)munmap(p, (size_t)st.st_size);
out:
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

static int run(char **argv)
{
    struct rusage usage;
    double began = seconds_now();
    int status = 0, null;
    pid_t pid = fork();

    if (pid == 0) {
        null = open("/dev/null", O_WRONLY);
        if (null >= 0)
            (void)dup2(null, STDOUT_FILENO);
        (void)execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        perror("baseline");
        return 3;
    }
    (void)printf("%.3f %ld %.3f\n", seconds_now() - began, usage.ru_maxrss,
                 (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) /
                         1e6);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

int main(int argc, char **argv)
{
    struct kura_err err = KURA_ERR_INIT;

    if (argc > 2 && strcmp(argv[1], "--run") == 0)
        return run(argv + 2);
    if (argc != 2) {
        (void)fprintf(stderr, "usage: baseline FILE | --run CMD...\n");
        return 2;
    }
    if (baseline(argv[1], &err) == KURA_OK)
        return 0;
    (void)fprintf(stderr, "baseline: %s\n", err.msg);
    return 3;
}
