/* shim.c - a library to preload that makes one call of a program fail.
 *
 *     KURA_FAULT=memory:N     the Nth malloc, calloc or realloc gives NULL
 *     KURA_FAULT=write:N      the Nth write, ftruncate, fsync, rename, mkdir or
 *                             creation of a file fails: the disk is full
 *     KURA_FAULT=read:N       the Nth read fails: the disk is damaged
 *
 * counted from main(), from 1.  "N+" lets all calls from the Nth on fail.  When
 * a call fails its name is appended to the file KURA_FAULT_LOG, so a caller
 * knows whether there were as many.  Descriptors 0 to 2 never fail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum shim_class { SHIM_NONE, SHIM_MEMORY, SHIM_WRITE, SHIM_READ };

static enum shim_class shim_class;
static long shim_at;
static bool shim_sticky;
static int shim_log = -1;
static atomic_long shim_count;
static atomic_bool shim_logged;

/* The next definition of a function, found once. */
#define REAL(type, name, ...)                                                  \
    static type (*real)(__VA_ARGS__);                                          \
    if (real == NULL)                                                          \
    *(void **)&real = dlsym(RTLD_NEXT, name)

static void shim_note(const char *name)
{
    if (shim_log < 0 || atomic_exchange(&shim_logged, true))
        return;
    (void)syscall(SYS_write, shim_log, name, strlen(name));
    (void)syscall(SYS_write, shim_log, "\n", (size_t)1);
}

/* True when this call is to fail. */
static bool shim_fails(enum shim_class class, const char *name)
{
    long n;

    if (class != shim_class)
        return false;
    n = atomic_fetch_add(&shim_count, 1) + 1;
    if (shim_sticky ? n < shim_at : n != shim_at)
        return false;
    shim_note(name);
    errno = class == SHIM_MEMORY ? ENOMEM : class == SHIM_WRITE ? ENOSPC : EIO;
    return true;
}

static void shim_begin(void)
{
    const char *what = getenv("KURA_FAULT"), *log = getenv("KURA_FAULT_LOG");
    const char *n = what == NULL ? NULL : strchr(what, ':');
    char *end;

    if (n == NULL)
        return;
    if (log != NULL)
        shim_log = (int)syscall(SYS_openat, AT_FDCWD, log,
                                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                                0666);
    shim_at = strtol(n + 1, &end, 10);
    shim_sticky = *end == '+';
    shim_class = what[0] == 'm'   ? SHIM_MEMORY
                 : what[0] == 'w' ? SHIM_WRITE
                                  : SHIM_READ;
}

/* --- main() is where counting begins: libraries have been loaded ---------- */

static int (*shim_main)(int, char **, char **);

static int shim_started(int argc, char **argv, char **envp)
{
    shim_begin();
    return shim_main(argc, argv, envp);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack)
{
    REAL(int, "__libc_start_main", int (*)(int, char **, char **), int, char **,
         void (*)(void), void (*)(void), void (*)(void), void *);

    shim_main = main;
    return real(shim_started, argc, argv, init, fini, rtld_fini, stack);
}

/* --- Memory ------------------------------------------------------------- */

/* glibc's own; dlsym may allocate, so these are not looked up.  A sanitizer has
 * an allocator of its own, which is left alone. */
#ifndef SHIM_WITHOUT_MEMORY
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t k, size_t n);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
    return shim_fails(SHIM_MEMORY, "malloc") ? NULL : __libc_malloc(n);
}

void *calloc(size_t k, size_t n)
{
    return shim_fails(SHIM_MEMORY, "calloc") ? NULL : __libc_calloc(k, n);
}

void *realloc(void *p, size_t n)
{
    return shim_fails(SHIM_MEMORY, "realloc") ? NULL : __libc_realloc(p, n);
}
#endif

/* --- Files --------------------------------------------------------------- */

#define STREAM(fd) ((fd) >= 0 && (fd) <= 2)

ssize_t write(int fd, const void *p, size_t n)
{
    REAL(ssize_t, "write", int, const void *, size_t);

    return !STREAM(fd) && shim_fails(SHIM_WRITE, "write") ? -1 : real(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);

    return shim_fails(SHIM_WRITE, "pwrite") ? -1 : real(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);

    return shim_fails(SHIM_WRITE, "pwrite") ? -1 : real(fd, p, n, at);
}

int fsync(int fd)
{
    REAL(int, "fsync", int);

    return shim_fails(SHIM_WRITE, "fsync") ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(int, "fdatasync", int);

    return shim_fails(SHIM_WRITE, "fdatasync") ? -1 : real(fd);
}

int ftruncate(int fd, off_t n)
{
    REAL(int, "ftruncate", int, off_t);

    return shim_fails(SHIM_WRITE, "ftruncate") ? -1 : real(fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    REAL(int, "ftruncate64", int, off64_t);

    return shim_fails(SHIM_WRITE, "ftruncate") ? -1 : real(fd, n);
}

int rename(const char *from, const char *to)
{
    REAL(int, "rename", const char *, const char *);

    return shim_fails(SHIM_WRITE, "rename") ? -1 : real(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(int, "mkdir", const char *, mode_t);

    return shim_fails(SHIM_WRITE, "mkdir") ? -1 : real(path, mode);
}

/* Only what makes a file needs room on the disk. */
#define OPEN(name)                                                             \
    int name(const char *path, int flags, ...)                                 \
    {                                                                          \
        mode_t mode = 0;                                                       \
        va_list ap;                                                            \
        REAL(int, #name, const char *, int, ...);                              \
                                                                               \
        if ((flags & O_CREAT) != 0) {                                          \
            va_start(ap, flags);                                               \
            mode = va_arg(ap, mode_t);                                         \
            va_end(ap);                                                        \
            if (access(path, F_OK) != 0 && shim_fails(SHIM_WRITE, "open"))     \
                return -1;                                                     \
        }                                                                      \
        return real(path, flags, mode);                                        \
    }
OPEN(open)
OPEN(open64)

ssize_t read(int fd, void *p, size_t n)
{
    REAL(ssize_t, "read", int, void *, size_t);

    return !STREAM(fd) && shim_fails(SHIM_READ, "read") ? -1 : real(fd, p, n);
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    REAL(ssize_t, "pread", int, void *, size_t, off_t);

    return shim_fails(SHIM_READ, "pread") ? -1 : real(fd, p, n, at);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);

    return shim_fails(SHIM_READ, "pread") ? -1 : real(fd, p, n, at);
}
