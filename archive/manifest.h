/* manifest.h - manifest.json, the first member of a volume: what it holds,
 * enough to make a catalog anew from volumes alone.
 *
 * JSON of a fixed form (docs/format.md, "Volume"); SQLite's JSON functions read
 * it.  A manifest comes from a medium that somebody may have changed: every
 * name, number and digest is checked when it is read, by the same rules when it
 * is written, and names lead nowhere but into the volume (table/file, no "..",
 * no absolute path). */
#ifndef KURA_ARCHIVE_MANIFEST_H
#define KURA_ARCHIVE_MANIFEST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "store/schema.h"

#include <stddef.h>
#include <stdint.h>

#define KURA_MANIFEST_MAX (64u << 20) /* bytes */
#define KURA_MANIFEST_VERSION 1       /* "schema_version" */
#define KURA_MANIFEST_MEMBERS 100000u /* at most, of a volume */
#define KURA_MANIFEST_SOURCES 100000u /* at most, of a member */

struct kura_manifest_source {
    char *key, *name;
    int64_t held_bytes, held_lines;
    char held_sha256[KURA_SHA256_HEX]; /* "": not known */
    int64_t rows, bytes, first_ts, last_ts;
    int64_t hours[24]; /* rows by UTC hour of the day; their sum is `rows` */
};

struct kura_manifest_member {
    char *name; /* "proxy/2025-01-31.db.zst" */
    char id[33];
    char *replaces; /* ids, separated by blanks */
    int64_t day, rows, bytes /* of the lines */, first_ts, last_ts;
    int64_t size;                 /* compressed, in this volume */
    int64_t plain_size;           /* of the database */
    char sha256[KURA_SHA256_HEX]; /* of the database */
    struct kura_manifest_source *sources;
    size_t source_count;
};

struct kura_manifest {
    char id[33]; /* of the volume */
    char *name;  /* "2025Q1/proxy-2025-01.tar" */
    const struct kura_schema *schema;
    char *kura; /* version that wrote it */
    int64_t made_us;
    int64_t first_day, last_day; /* every member's day is one of these */
    struct kura_manifest_member *members;
    size_t member_count;
};

/* Appends the manifest (out->max bounds it).  The columns of the table are
 * written too, for readers without kura.  What kura_manifest_read would refuse
 * is KURA_ECORRUPT here too.  first_ts and last_ts mean nothing where `rows` is
 * 0. */
enum kura_rc kura_manifest_write(const struct kura_manifest *m,
                                 struct kura_buf *out, struct kura_err *err);
/* `path` names the volume in messages.  KURA_ECORRUPT says what is wrong and
 * where ("$.members[3].size"); KURA_EINPUT: a newer kura's manifest, or a table
 * that this kura does not know.  Keys that it does not know are ignored. */
enum kura_rc kura_manifest_read(const char *path, const char *json, size_t n,
                                struct kura_manifest *out,
                                struct kura_err *err);
void kura_manifest_release(struct kura_manifest *m); /* zeroed ok */

#endif
