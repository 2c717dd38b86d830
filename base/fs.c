/* fs.c - files, directories, durable renames and locks. */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The headers hide these two from strict POSIX programs of this edition; both
 * are part of every Linux that kura runs on, and of POSIX 2024 and XSI. */
#ifndef F_OFD_SETLK
#define F_OFD_SETLK 37
#endif
char *realpath(const char *restrict path, char *restrict resolved);

#define FS_READ_STEP ((size_t)64 * 1024)
#define FS_COPY_STEP ((size_t)1 << 20)

/* A missing file is an answer of its own, all else is the system's refusal. */
static enum kura_rc fs_fail(struct kura_err *err, int errnum, const char *doing,
                            const char *path)
{
    if (errnum == ENOENT)
        return kura_err_set(err, KURA_ENOTFOUND,
                            "cannot %s '%s': no such file or directory", doing,
                            path);
    return kura_err_sys(err, errnum, "cannot %s '%s'", doing, path);
}

static enum kura_rc fs_open(const char *path, int flags, int *out_fd,
                            struct kura_err *err)
{
    int fd;

    do
        fd = open(path, flags | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return fs_fail(err, errno, "open", path);
    *out_fd = fd;
    return KURA_OK;
}

/* -1 is a no-op.  Never tried twice: the descriptor is gone either way. */
enum kura_rc kura_fs_close(int *fd, const char *path, struct kura_err *err)
{
    int rc = *fd >= 0 ? close(*fd) : 0;

    *fd = -1;
    if (rc != 0 && errno != EINTR)
        return fs_fail(err, errno, "close", path);
    return KURA_OK;
}

enum kura_rc kura_fs_sync(int fd, const char *path, struct kura_err *err)
{
    int rc;

    do
        rc = fsync(fd);
    while (rc != 0 && errno == EINTR);
    if (rc != 0)
        return fs_fail(err, errno, "sync", path);
    return KURA_OK;
}

/* The directory that holds `path`, to be freed; NULL when memory is gone. */
static char *fs_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 1 : (size_t)(slash - path);
    char *dir;

    if (slash == path)
        n = 1;
    dir = malloc(n + 1);
    if (dir == NULL)
        return NULL;
    memcpy(dir, slash == NULL ? "." : path, n);
    dir[n] = '\0';
    return dir;
}

static enum kura_rc fs_sync_parent(const char *path, struct kura_err *err)
{
    char *dir = fs_parent(path);
    enum kura_rc rc;

    if (dir == NULL)
        return kura_err_nomem(err);
    rc = kura_fs_sync_dir(dir, err);
    free(dir);
    return rc;
}

bool kura_fs_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

bool kura_fs_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum kura_rc fs_mkdir(const char *path, struct kura_err *err)
{
    if (kura_fs_is_dir(path))
        return KURA_OK;
    if (mkdir(path, 0777) == 0)
        return fs_sync_parent(path, err);
    /* Somebody else may have made it meanwhile. */
    if (errno == EEXIST && kura_fs_is_dir(path))
        return KURA_OK;
    return fs_fail(err, errno, "make directory", path);
}

enum kura_rc kura_fs_mkdirs(const char *path, struct kura_err *err)
{
    size_t n = strlen(path);
    char *part = malloc(n + 1);
    enum kura_rc rc = KURA_OK;

    if (part == NULL)
        return kura_err_nomem(err);
    while (n > 1 && path[n - 1] == '/')
        n--;
    for (size_t i = 1; i <= n && rc == KURA_OK; i++) {
        if (i < n && (path[i] != '/' || path[i - 1] == '/'))
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        rc = fs_mkdir(part, err);
    }
    free(part);
    return rc;
}

static enum kura_rc fs_read_some(int fd, const char *path, struct kura_buf *out,
                                 bool *done, struct kura_err *err)
{
    size_t room = out->max - out->len;
    size_t want = room < FS_READ_STEP ? room : FS_READ_STEP;
    char probe;
    enum kura_rc rc;
    ssize_t got;

    rc = kura_buf_reserve(out, want, err);
    if (rc != KURA_OK)
        return rc;
    /* A full buffer is fine when nothing follows. */
    if (want == 0)
        got = read(fd, &probe, 1);
    else
        got = read(fd, out->data + out->len, want);
    if (got < 0)
        return errno == EINTR ? KURA_OK : fs_fail(err, errno, "read", path);
    if (got > 0 && want == 0)
        return kura_err_set(err, KURA_ENOMEM,
                            "'%s' is larger than its limit of %zu bytes", path,
                            out->max);
    *done = got == 0;
    out->len += (size_t)got;
    return KURA_OK;
}

enum kura_rc kura_fs_read(const char *path, struct kura_buf *out,
                          struct kura_err *err)
{
    size_t before = out->len;
    bool done = false;
    enum kura_rc rc;
    int fd = -1;

    rc = fs_open(path, O_RDONLY, &fd, err);
    while (rc == KURA_OK && !done)
        rc = fs_read_some(fd, path, out, &done, err);
    if (rc != KURA_OK)
        out->len = before;
    /* Where nothing was ever appended there is no NUL of its own to set. */
    if (out->cap != 0)
        out->data[out->len] = '\0';
    (void)kura_fs_close(&fd, path, NULL);
    return rc;
}

enum kura_rc kura_fs_put(int fd, const char *path, const void *p, size_t n,
                         struct kura_err *err)
{
    const char *s = p;

    while (n != 0) {
        ssize_t put = write(fd, s, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fs_fail(err, errno, "write", path);
        s += put;
        n -= (size_t)put;
    }
    return KURA_OK;
}

static enum kura_rc fs_rename(const char *from, const char *to,
                              struct kura_err *err)
{
    if (rename(from, to) != 0)
        return kura_err_sys(err, errno, "cannot rename '%s' to '%s'", from, to);
    return KURA_OK;
}

enum kura_rc kura_fs_write(const char *path, const void *p, size_t n,
                           struct kura_err *err)
{
    bool is_made = false;
    struct kura_buf tmp;
    uint64_t random = 0;
    enum kura_rc rc;
    int fd = -1;

    kura_buf_init(&tmp, SIZE_MAX / 2);
    rc = kura_random(&random, sizeof(random), err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(&tmp, err, "%s.%016llx.tmp", path,
                             (unsigned long long)random);
    if (rc == KURA_OK)
        rc = fs_open(tmp.data, O_WRONLY | O_CREAT | O_EXCL, &fd, err);
    if (rc != KURA_OK)
        goto out;
    is_made = true;
    rc = kura_fs_put(fd, path, p, n, err);
    if (rc != KURA_OK)
        goto out;
    rc = kura_fs_sync(fd, path, err);
    if (rc != KURA_OK)
        goto out;
    rc = kura_fs_close(&fd, path, err);
    if (rc != KURA_OK)
        goto out;
    /* Commit point: a crash before this line leaves `path` as it was. */
    rc = fs_rename(tmp.data, path, err);
    if (rc != KURA_OK)
        goto out;
    is_made = false;
    rc = fs_sync_parent(path, err);
out:
    (void)kura_fs_close(&fd, path, NULL);
    if (is_made)
        (void)unlink(tmp.data);
    kura_buf_release(&tmp);
    return rc;
}

/* --- Whole files in steps ---------------------------------------------- */

enum kura_rc kura_fs_open_read(const char *path, bool cold, int *out_fd,
                               int64_t *out_size, struct kura_err *err)
{
    struct stat st;
    enum kura_rc rc;
    int fd = -1;

    /* O_NONBLOCK: opening a pipe would wait for its writer. */
    rc = fs_open(path, O_RDONLY | O_NONBLOCK, &fd, err);
    if (rc != KURA_OK)
        return rc;
    if (fstat(fd, &st) != 0) {
        rc = fs_fail(err, errno, "read", path);
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        rc = kura_err_set(err, KURA_EIO, "cannot read '%s': not a regular file",
                          path);
        goto out;
    }
    if (cold) {
        /* Only pages that are on the disk can be dropped.  A medium that is
         * read-only has none that are not, and may refuse to sync. */
        (void)fsync(fd);
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    }
    *out_fd = fd;
    *out_size = (int64_t)st.st_size;
    fd = -1;
out:
    (void)kura_fs_close(&fd, path, NULL);
    return rc;
}

enum kura_rc kura_fs_read_at(int fd, const char *path, int64_t offset, void *to,
                             size_t n, struct kura_err *err)
{
    char *p = to;
    ssize_t got;

    while (n != 0) {
        got = pread(fd, p, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return kura_err_sys(err, errno, "cannot read '%s' at byte %lld",
                                path, (long long)offset);
        if (got == 0)
            return kura_err_set(err, KURA_ECORRUPT,
                                "'%s' ends at byte %lld, %zu bytes too early",
                                path, (long long)offset, n);
        p += got;
        n -= (size_t)got;
        offset += got;
    }
    return KURA_OK;
}

enum kura_rc kura_fs_create(const char *path, int *out_fd, struct kura_err *err)
{
    return fs_open(path, O_WRONLY | O_CREAT | O_EXCL, out_fd, err);
}

enum kura_rc kura_fs_scratch(const char *dir, int *out_fd, struct kura_err *err)
{
    struct kura_buf name;
    uint64_t random = 0;
    enum kura_rc rc;

    kura_buf_init(&name, SIZE_MAX / 2);
    rc = kura_random(&random, sizeof(random), err);
    if (rc == KURA_OK)
        rc = kura_buf_printf(&name, err, "%s/scratch.%016llx.tmp", dir,
                             (unsigned long long)random);
    if (rc == KURA_OK)
        rc = fs_open(name.data, O_RDWR | O_CREAT | O_EXCL, out_fd, err);
    if (rc == KURA_OK)
        (void)unlink(name.data);
    kura_buf_release(&name);
    return rc;
}

static enum kura_rc fs_copy_bytes(int in, const char *from, int out,
                                  const char *to,
                                  const volatile sig_atomic_t *stop,
                                  struct kura_sha256 *sha256,
                                  struct kura_err *err)
{
    char *step = malloc(FS_COPY_STEP);
    enum kura_rc rc = step != NULL ? KURA_OK : kura_err_nomem(err);
    ssize_t got = 1;

    while (rc == KURA_OK && got != 0) {
        if (stop != NULL && *stop != 0) {
            rc = kura_err_set(err, KURA_ESTOPPED, "stopped");
            break;
        }
        got = read(in, step, FS_COPY_STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            rc = fs_fail(err, errno, "read", from);
            break;
        }
        rc = kura_sha256_update(sha256, step, (size_t)got, err);
        if (rc == KURA_OK)
            rc = kura_fs_put(out, to, step, (size_t)got, err);
    }
    free(step);
    return rc;
}

enum kura_rc kura_fs_copy(const char *from, const char *to,
                          const volatile sig_atomic_t *stop,
                          char sha256[KURA_SHA256_HEX], struct kura_err *err)
{
    struct kura_sha256 *hash = NULL;
    int in = -1, out = -1;
    bool is_made = false;
    enum kura_rc rc;
    int64_t size;

    rc = kura_sha256_new(&hash, err);
    if (rc == KURA_OK)
        rc = kura_fs_open_read(from, false, &in, &size, err);
    if (rc == KURA_OK)
        rc = kura_fs_create(to, &out, err);
    if (rc != KURA_OK)
        goto out;
    is_made = true;
    rc = fs_copy_bytes(in, from, out, to, stop, hash, err);
    if (rc == KURA_OK)
        rc = kura_fs_sync(out, to, err);
    if (rc == KURA_OK)
        rc = kura_fs_close(&out, to, err);
    if (rc == KURA_OK)
        rc = fs_sync_parent(to, err);
    if (rc == KURA_OK && sha256 != NULL)
        rc = kura_sha256_peek(hash, sha256, err);
out:
    (void)kura_fs_close(&in, from, NULL);
    (void)kura_fs_close(&out, to, NULL);
    if (rc != KURA_OK && is_made)
        (void)unlink(to);
    kura_sha256_free(hash);
    return rc;
}

enum kura_rc kura_fs_free_space(const char *dir, int64_t *out,
                                struct kura_err *err)
{
    struct statvfs v;
    uint64_t bytes;

    while (statvfs(dir, &v) != 0) {
        if (errno != EINTR)
            return fs_fail(err, errno, "look at", dir);
    }
    if (__builtin_mul_overflow((uint64_t)v.f_bavail, (uint64_t)v.f_frsize,
                               &bytes) ||
        bytes > (uint64_t)INT64_MAX)
        bytes = (uint64_t)INT64_MAX;
    *out = (int64_t)bytes;
    return KURA_OK;
}

enum kura_rc kura_fs_publish(const char *tmp, const char *final,
                             struct kura_err *err)
{
    enum kura_rc rc;
    int fd = -1;

    /* A run that was killed after its rename is run again: finish it. */
    if (!kura_fs_exists(tmp) && errno == ENOENT && kura_fs_exists(final))
        return fs_sync_parent(final, err);
    rc = fs_open(tmp, O_RDONLY, &fd, err);
    if (rc != KURA_OK)
        goto out;
    rc = kura_fs_sync(fd, tmp, err);
    if (rc != KURA_OK)
        goto out;
    /* Closing can fail, so on this path it is work and not cleanup. */
    rc = kura_fs_close(&fd, tmp, err);
    if (rc != KURA_OK)
        goto out;
    /* Commit point: a crash before this line leaves `final` as it was. */
    rc = fs_rename(tmp, final, err);
    if (rc != KURA_OK)
        goto out;
    rc = fs_sync_parent(final, err);
    if (rc != KURA_OK)
        goto out;
    /* Another directory must forget the old name as durably. */
    rc = fs_sync_parent(tmp, err);
out:
    (void)kura_fs_close(&fd, tmp, NULL); /* -1 is a no-op */
    return rc;
}

enum kura_rc kura_fs_remove(const char *path, struct kura_err *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return fs_fail(err, errno, "remove", path);
    return KURA_OK;
}

enum kura_rc kura_fs_sync_dir(const char *dir, struct kura_err *err)
{
    enum kura_rc rc;
    int fd = -1;

    rc = fs_open(dir, O_RDONLY | O_DIRECTORY, &fd, err);
    if (rc != KURA_OK)
        return rc;
    rc = kura_fs_sync(fd, dir, err);
    (void)kura_fs_close(&fd, dir, NULL);
    return rc;
}

enum kura_rc kura_fs_absolute(const char *path, char **out,
                              struct kura_err *err)
{
    char *full = realpath(path, NULL);

    if (full == NULL)
        return fs_fail(err, errno, "find", path);
    *out = full;
    return KURA_OK;
}

enum kura_rc kura_fs_lock_open(const char *path, int *out_fd,
                               struct kura_err *err)
{
    /* A reader without permission to write can still hold shared locks. */
    if (fs_open(path, O_RDWR | O_CREAT, out_fd, NULL) == KURA_OK)
        return KURA_OK;
    return fs_open(path, O_RDONLY, out_fd, err);
}

static int fs_lock_set(int fd, int64_t slot, short type)
{
    struct flock lock = {
        .l_type = type,
        .l_whence = SEEK_SET,
        .l_start = (off_t)slot,
        .l_len = 1,
    };
    int rc;

    do
        rc = fcntl(fd, F_OFD_SETLK, &lock);
    while (rc != 0 && errno == EINTR);
    return rc == 0 ? 0 : errno;
}

bool kura_fs_lock_is_shared_only(int fd)
{
    return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

enum kura_rc kura_fs_lock(int fd, int64_t slot, bool exclusive,
                          struct kura_err *err)
{
    int errnum = fs_lock_set(fd, slot, exclusive ? F_WRLCK : F_RDLCK);

    if (errnum == EBADF && exclusive && kura_fs_lock_is_shared_only(fd))
        return kura_err_set(err, KURA_EIO,
                            "cannot lock: no permission to write the lock "
                            "file");

    if (errnum == EAGAIN || errnum == EACCES)
        return KURA_EBUSY;
    if (errnum != 0)
        return kura_err_sys(err, errnum, "cannot lock");
    return KURA_OK;
}

void kura_fs_unlock(int fd, int64_t slot)
{
    (void)fs_lock_set(fd, slot, F_UNLCK);
}

void kura_fs_lock_close(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}
