/* volume.h - a volume: a tar file (ustar) with manifest.json, README.txt and
 * compressed partitions, in this order; never changed once it is published.
 *
 * Beside it lie <volume>.sha256 (for `sha256sum -c`) and whatever the `sign:`
 * command makes.  Members are addressed by their offset in the file, so that
 * the VFS opens them in place.  Reading trusts nothing: headers, sizes and
 * names are checked against the manifest, the manifest's digests against the
 * bytes.
 *
 * *stop (may be NULL) non-zero ends a long call with KURA_ESTOPPED. */
#ifndef KURA_ARCHIVE_VOLUME_H
#define KURA_ARCHIVE_VOLUME_H

#include "archive/manifest.h"
#include "base/err.h"
#include "base/hash.h"
#include "store/location.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

/* --- Writing (volume_write.c) ------------------------------------------ */

struct kura_volume_written {
    int64_t bytes;
    char
        sha256[KURA_SHA256_HEX]; /* of the tar file, as it was given to write */
    int64_t *offsets;            /* per member, in order; caller frees */
};

/* Writes `path` (a temporary name; must not exist) and syncs it, then opens it
 * as a volume, from which the offsets are.  inputs[i] is the sealed partition
 * of m->members[i], which has all but `size`; its bytes are recompressed at
 * `level`.  A partition whose plain bytes are not the manifest's is
 * KURA_ECORRUPT: nothing damaged is archived.  Equal partitions and manifests
 * make equal bytes.  Removes the file after an error.
 * Because sizes stand in the manifest, which comes first, members are packed
 * into a nameless file in `scratch` (a directory with room for the volume)
 * before. */
enum kura_rc kura_volume_write(const char *path, const char *scratch,
                               struct kura_manifest *m,
                               const struct kura_location *inputs, int level,
                               const volatile sig_atomic_t *stop,
                               struct kura_volume_written *out,
                               struct kura_err *err);

/* Writes <path>.sha256, durably. */
enum kura_rc kura_volume_write_sum(const char *path, const char *sha256,
                                   struct kura_err *err);

/* --- Reading (volume.c) ------------------------------------------------- */

/* An open volume: its manifest, and where each member lies. */
struct kura_volume;
/* Reads the manifest and every header.  KURA_ECORRUPT: damaged, or no volume;
 * anything in it that is not as kura_volume_write makes it is refused. */
enum kura_rc kura_volume_open(const char *path, struct kura_volume **out,
                              struct kura_err *err);
void kura_volume_close(struct kura_volume *v); /* NULL ok */
const struct kura_manifest *kura_volume_manifest(const struct kura_volume *v);
int64_t kura_volume_size(const struct kura_volume *v); /* of the tar file */
/* The place of member i of the manifest; its path lives as long as v. */
struct kura_location kura_volume_member(const struct kura_volume *v, size_t i);

/* Reads the whole file from disk once (its cached pages are dropped first):
 * every member against its digest and size, the tar against `sha256` ("":
 * against the .sha256 file beside it, if there is one; NULL: not at all).
 * KURA_ECORRUPT names the first damaged member, how many are, and what the
 * damage means.  got_sha256 (may be NULL) is set whenever the file was read to
 * its end, else "". */
enum kura_rc kura_volume_check(const char *path, const char *sha256,
                               const volatile sig_atomic_t *stop,
                               char got_sha256[KURA_SHA256_HEX],
                               struct kura_err *err);

/* Runs a configured command by /bin/sh with KURA_VOLUME=path in its
 * environment, nothing on its stdin and its stdout on our stderr; KURA_EIO with
 * its exit status when it is not 0. */
enum kura_rc kura_volume_command(const char *command, const char *path,
                                 struct kura_err *err);

#endif
