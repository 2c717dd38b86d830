/* fs.h - the file system: the only place that calls rename and unlink.
 *
 * Durable change is: a temporary file in the same directory, fsync, rename,
 * fsync of the directory. */
#ifndef KURA_BASE_FS_H
#define KURA_BASE_FS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool kura_fs_exists(const char *path);
bool kura_fs_is_dir(const char *path);

/* Makes the directory and its parents (mode 0777 less umask); fine if there. */
enum kura_rc kura_fs_mkdirs(const char *path, struct kura_err *err);

/* Appends the whole file; more than out->max is KURA_ENOMEM. */
enum kura_rc kura_fs_read(const char *path, struct kura_buf *out,
                          struct kura_err *err);

/* Writes `path` anew: after KURA_OK it is durable, on error untouched. */
enum kura_rc kura_fs_write(const char *path, const void *p, size_t n,
                           struct kura_err *err);

/* Writes all n bytes at the file's place; `path` is for messages. */
enum kura_rc kura_fs_put(int fd, const char *path, const void *p, size_t n,
                         struct kura_err *err);

/* A regular file (else KURA_EIO) for reading.  `cold`: pages of it that the
 * system keeps in memory are dropped first as far as the system can, so that
 * what is read is what the disk holds. */
enum kura_rc kura_fs_open_read(const char *path, bool cold, int *out_fd,
                               int64_t *out_size, struct kura_err *err);
/* Exactly n bytes from offset; a file that ends before is KURA_ECORRUPT. */
enum kura_rc kura_fs_read_at(int fd, const char *path, int64_t offset, void *to,
                             size_t n, struct kura_err *err);
/* A new file for writing; one that is there already is KURA_EIO. */
enum kura_rc kura_fs_create(const char *path, int *out_fd,
                            struct kura_err *err);
/* A file without a name in `dir`, for writing and reading: it is gone when it
 * is closed or the process dies. */
enum kura_rc kura_fs_scratch(const char *dir, int *out_fd,
                             struct kura_err *err);
/* fsync of the file. */
enum kura_rc kura_fs_sync(int fd, const char *path, struct kura_err *err);
/* Sets *fd to -1, which is a no-op; closing a written file can fail. */
enum kura_rc kura_fs_close(int *fd, const char *path, struct kura_err *err);

/* Copies `from` into the new file `to` and syncs it and its name; `to` must not
 * exist and is removed after an error.  sha256 (may be NULL): of what was
 * copied.  *stop (may be NULL) non-zero: KURA_ESTOPPED. */
enum kura_rc kura_fs_copy(const char *from, const char *to,
                          const volatile sig_atomic_t *stop,
                          char sha256[KURA_SHA256_HEX], struct kura_err *err);

/* Bytes that somebody without privileges can still write below `dir`. */
enum kura_rc kura_fs_free_space(const char *dir, int64_t *out,
                                struct kura_err *err);

/* Publishes `tmp` as `final`: after KURA_OK the new name is durable and the
 * old one gone.  Idempotent.  On error `final` is untouched. */
enum kura_rc kura_fs_publish(const char *tmp, const char *final,
                             struct kura_err *err);

/* Removes a file; fine if it is gone already. */
enum kura_rc kura_fs_remove(const char *path, struct kura_err *err);

enum kura_rc kura_fs_sync_dir(const char *dir, struct kura_err *err);

/* The absolute path without links or dots; *out is the caller's (free). */
enum kura_rc kura_fs_absolute(const char *path, char **out,
                              struct kura_err *err);

/* Locks that die with the process (open file description locks): one byte at
 * `slot` of the lock file. */
enum kura_rc kura_fs_lock_open(const char *path, int *out_fd,
                               struct kura_err *err);
/* KURA_EBUSY without a message when another holder has it. */
enum kura_rc kura_fs_lock(int fd, int64_t slot, bool exclusive,
                          struct kura_err *err);
/* Opened without permission to write: good for shared locks only. */
bool kura_fs_lock_is_shared_only(int fd);
void kura_fs_unlock(int fd, int64_t slot);
void kura_fs_lock_close(int fd); /* -1 ok */

#endif
