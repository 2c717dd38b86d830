/* input.h - bytes in: plain files, pipes, compressed files (zlib, libarchive)
 * and members of containers (libarchive).
 *
 * Filters gzip, xz, zstd, bzip2, lz4, compress, lzip; containers tar, zip,
 * 7zip: named one by one, never "all" (a log line that starts with "begin 644"
 * is no uuencoded file).  A file without any of these is read as it is.
 * Members are sources of their own.  Sizes are unbounded, memory is not: data
 * is handed out in the caller's buffer. */
#ifndef KURA_INGEST_INPUT_H
#define KURA_INGEST_INPUT_H

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_input;

/* path "-" is standard input.  KURA_EIO names the file and the cause.  Once
 * *stop is set, waiting for a pipe ends with KURA_ESTOPPED; NULL: never. */
enum kura_rc kura_input_open(const char *path,
                             const volatile sig_atomic_t *stop,
                             struct kura_input **out, struct kura_err *err);
void kura_input_close(struct kura_input *in); /* NULL ok */

/* Goes to the next source (the first too): *more = false at the end.  Folders
 * and links in a container are passed over.  An encrypted member is
 * KURA_EINPUT; the next call goes on with the member after it. */
enum kura_rc kura_input_next(struct kura_input *in, bool *more,
                             struct kura_err *err);
/* "/abs/access.log", "/abs/logs.tar.gz!dir/access.log"; a pipe as it was
 * given: "-", "/dev/fd/63" */
const char *kura_input_name(const struct kura_input *in);
/* Modification time of the member or file, microseconds UTC; INT64_MIN when
 * unknown. */
int64_t kura_input_mtime(const struct kura_input *in);
/* A pipe or device: what was read of it cannot be read again. */
bool kura_input_is_stream(const struct kura_input *in);
/* A container, whose sources are files in it. */
bool kura_input_has_members(const struct kura_input *in);

/* Fills up to n bytes; *got = 0 at the end of the source.  Damage in a
 * compressed file is KURA_EINPUT with file and byte, after all readable bytes
 * were handed out, and at every further call. */
enum kura_rc kura_input_read(struct kura_input *in, void *p, size_t n,
                             size_t *got, struct kura_err *err);

#endif
