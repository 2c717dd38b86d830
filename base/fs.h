/* fs.h - the file system: the only place that calls rename and unlink.
 *
 * Durable change is: a temporary file in the same directory, fsync, rename,
 * fsync of the directory. */
#ifndef KURA_BASE_FS_H
#define KURA_BASE_FS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
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
void kura_fs_unlock(int fd, int64_t slot);
void kura_fs_lock_close(int fd); /* -1 ok */

#endif
