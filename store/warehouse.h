/* warehouse.h - a warehouse directory: its configuration, its lock, and its
 * catalog of partitions and sources (catalog.db).
 *
 * The catalog can be derived from the partitions.  It is written only inside
 * short transactions; several processes may load at once: a partition and a
 * source have one writer at a time (locks die with their holder).  A handle
 * belongs to one thread. */
#ifndef KURA_STORE_WAREHOUSE_H
#define KURA_STORE_WAREHOUSE_H

#include "base/clock.h"
#include "base/config.h"
#include "base/err.h"
#include "base/hash.h"
#include "store/builder.h"
#include "store/location.h"
#include "store/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_warehouse;

/* Makes the directory, an example kura.yaml and an empty catalog; zone NULL is
 * UTC.  Finishes what an init left that was cut short.  KURA_EINPUT when a
 * warehouse is there already or the directory is not empty, KURA_EBUSY while
 * another process makes it. */
enum kura_rc kura_warehouse_init(const char *dir, const char *zone,
                                 struct kura_err *err);
/* write = false needs no permission to write. */
enum kura_rc kura_warehouse_open(const char *dir, bool write,
                                 struct kura_warehouse **out,
                                 struct kura_err *err);
void kura_warehouse_close(struct kura_warehouse *w); /* NULL ok */

const char *kura_warehouse_dir(const struct kura_warehouse *w);
const struct kura_zone *kura_warehouse_zone(const struct kura_warehouse *w);
/* kura.yaml; its root is NULL when it is empty. */
const struct kura_config *kura_warehouse_config(const struct kura_warehouse *w);

/* Events before this are rejects (kura.yaml: oldest; default 2000-01-01). */
int64_t kura_warehouse_oldest(const struct kura_warehouse *w);

/* kura.yaml: retention and archive. */
const struct kura_policy *kura_warehouse_policy(const struct kura_warehouse *w);

/* Held by whoever reads partitions, from before the list is made until the last
 * of them is closed: no file goes while anybody reads.  Calls nest.  Without
 * permission to read the lock file it does nothing. */
enum kura_rc kura_warehouse_read_begin(struct kura_warehouse *w,
                                       struct kura_err *err);
void kura_warehouse_read_end(struct kura_warehouse *w);

/* --- Partitions ------------------------------------------------------- */

/* Where a copy of a partition is; the nearest first. */
enum kura_tier { KURA_TIER_ONLINE, KURA_TIER_RESTORED, KURA_TIER_VOLUME };

struct kura_copy {
    enum kura_tier tier;
    struct kura_location at; /* the path belongs to the list */
    char *where; /* VOLUME: the volume's name; RESTORED: the lease; else "" */
};

/* tier.h draws how one follows the other. */
enum kura_partition_state {
    KURA_STATE_OPEN,
    KURA_STATE_FULL,
    KURA_STATE_SEALED,
    KURA_STATE_ARCHIVED,
    KURA_STATE_EXPIRED
};

struct kura_partition_entry {
    int64_t number; /* small, unique, never reused: the high part of a rowid */
    char id[33];    /* 32 hex digits, random */
    const struct kura_schema *schema;
    int64_t day; /* days since 1970, UTC: every ts of it lies in that day */
    enum kura_partition_state state;
    int64_t rows; /* at its last commit that the catalog knows */
    int64_t bytes; /* raw bytes of those rows */
    int64_t first_ts, last_ts; /* of its rows; 0 when it has none */
    char sha256[KURA_SHA256_HEX]; /* of the plain database; "" while open */
    struct kura_copy *copies;
    size_t copy_count;
    struct kura_location sighting; /* path NULL: none */
};

/* A snapshot of all partitions that nothing replaces, wherever they lie, of one
 * table or (NULL) of all, ordered by day, then number.  *out is freed by
 * _list_free. */
enum kura_rc kura_warehouse_list(struct kura_warehouse *w,
                                 const struct kura_schema *table,
                                 struct kura_partition_entry **out,
                                 size_t *count, struct kura_err *err);
void kura_warehouse_list_free(struct kura_partition_entry *list, size_t count);

/* The copy to read: the nearest one, with `archived` also one in a volume whose
 * file is there.  NULL: it cannot be read now. */
const struct kura_copy *
kura_partition_copy(const struct kura_partition_entry *e, bool archived);

/* Whether a partition has rows of the source called `name`, as of its last commit
 * that the catalog knows. */
enum kura_rc kura_warehouse_partition_has(struct kura_warehouse *w,
                                          int64_t number, const char *name,
                                          bool *out, struct kura_err *err);

/* A builder for a table and day: goes on with an open partition that no other
 * process writes and that is not full, or makes the next one.  Holds its lock
 * until kura_warehouse_builder_close. */
enum kura_rc kura_warehouse_builder(struct kura_warehouse *w,
                                    const struct kura_schema *table,
                                    int64_t day, struct kura_builder **out,
                                    int64_t *out_number, struct kura_err *err);
void kura_warehouse_builder_close(struct kura_warehouse *w, int64_t number,
                                  struct kura_builder *b);
/* After a commit of a builder: brings the partition's row of the catalog up to
 * date (rows, bytes, sources). */
enum kura_rc kura_warehouse_committed(struct kura_warehouse *w, int64_t number,
                                      const char *path, struct kura_err *err);
/* A new open partition that is to take the place of `old`: nobody sees it before
 * kura_warehouse_replace.  Closed by kura_warehouse_builder_close. */
enum kura_rc kura_warehouse_successor(struct kura_warehouse *w,
                                      const struct kura_partition_entry *old,
                                      struct kura_builder **out,
                                      int64_t *out_number,
                                      struct kura_err *err);
/* Keeps other writers from a partition: KURA_EBUSY when there is one. */
enum kura_rc kura_warehouse_partition_lock(struct kura_warehouse *w,
                                           int64_t number,
                                           struct kura_err *err);
void kura_warehouse_partition_unlock(struct kura_warehouse *w, int64_t number);
/* Puts the successor `with` in the place of `number`: one transaction, then the
 * file of `number` is removed as soon as nobody reads. */
enum kura_rc kura_warehouse_replace(struct kura_warehouse *w, int64_t number,
                                    int64_t with, struct kura_err *err);

/* --- Sources ---------------------------------------------------------- */

struct kura_source_entry {
    int64_t number;
    char key[80];  /* "<64 hex digits of its head>:<head bytes>[:n]" */
    char *name;    /* unique label: the path, "archive.tar!member", "path#2" */
    char *format;  /* the format that was used, or NULL */
    int64_t bytes; /* consumed: the resume mark */
    int64_t lines;
    char sha256[65];  /* of the consumed bytes */
    bool terminated;  /* the last line consumed had its terminator */
    int64_t as_of;    /* of a run that did not finish, else INT64_MIN */
    int64_t last_ts;  /* of the last line consumed that had a time, else
                         INT64_MIN: lines without one take it */
};

/* All sources, or those whose name is `name`, ends with "/name" or whose key
 * starts with it.  Freed by _sources_free. */
enum kura_rc kura_warehouse_sources(struct kura_warehouse *w, const char *name,
                                    struct kura_source_entry **out,
                                    size_t *count, struct kura_err *err);
void kura_warehouse_sources_free(struct kura_source_entry *list, size_t count);

/* Registers a source; `name` is made unique with "#2", "#3" ...  Fills number,
 * name and key of *s. */
enum kura_rc kura_warehouse_source_add(struct kura_warehouse *w,
                                       struct kura_source_entry *s,
                                       struct kura_err *err);
/* Keeps the first bytes of a source, and finds one that begins with these n
 * bytes and goes on after them: *number is 0 when there is none.  With a name
 * only among the sources of that name ("name", "name#2" ...). */
enum kura_rc kura_warehouse_source_set_head(struct kura_warehouse *w,
                                            int64_t number, const void *p,
                                            size_t n, struct kura_err *err);
enum kura_rc kura_warehouse_source_by_head(struct kura_warehouse *w,
                                           const void *p, size_t n,
                                           const char *name, int64_t *number,
                                           struct kura_err *err);
/* Moves the resume mark; all partitions were committed before. */
enum kura_rc kura_warehouse_source_mark(struct kura_warehouse *w,
                                        const struct kura_source_entry *s,
                                        struct kura_err *err);
/* Held from finding a source by its head to the end of its load, so that two
 * loaders do not both register it: the head's SHA-256 in hex.  KURA_EBUSY when
 * another process has it. */
enum kura_rc kura_warehouse_head_lock(struct kura_warehouse *w, const char *hex,
                                      struct kura_err *err);
void kura_warehouse_head_unlock(struct kura_warehouse *w, const char *hex);
/* One loader at a time per source: KURA_EBUSY when another process has it. */
enum kura_rc kura_warehouse_source_lock(struct kura_warehouse *w,
                                        int64_t number, struct kura_err *err);
void kura_warehouse_source_unlock(struct kura_warehouse *w, int64_t number);

/* Up to which offset the partitions of a table and day hold a source: the
 * largest over them, 0 for none.  Reads open partitions themselves; what the
 * catalog says of those that never change is as good. */
enum kura_rc kura_warehouse_held(struct kura_warehouse *w,
                                 const struct kura_schema *table, int64_t day,
                                 const char *key, int64_t *bytes,
                                 struct kura_err *err);

/* What status shows: one row per partition and source, in the order of table,
 * source, day. */
struct kura_holding {
    const struct kura_schema *table;
    int64_t day;
    const char *source; /* belongs to the list */
    int64_t rows, bytes, first_ts, last_ts;
};
enum kura_rc kura_warehouse_holdings(struct kura_warehouse *w,
                                     struct kura_holding **out, size_t *count,
                                     struct kura_err *err);
void kura_warehouse_holdings_free(struct kura_holding *list, size_t count);

#endif
