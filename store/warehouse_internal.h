/* warehouse_internal.h - what warehouse*.c, catalog.c and sources.c share. */
#ifndef KURA_STORE_WAREHOUSE_INTERNAL_H
#define KURA_STORE_WAREHOUSE_INTERNAL_H

#ifndef KURA_WAREHOUSE_PRIVATE
#error "not for you: include store/warehouse.h"
#endif

#include "store/db.h"
#include "store/partition.h"
#include "store/warehouse.h"

/* Locks are single bytes of the lock file, by what they guard. */
#define KURA_SLOT_PARTITION (INT64_C(1) << 40)
#define KURA_SLOT_SOURCE (INT64_C(1) << 41)
#define KURA_SLOT_HEAD (INT64_C(1) << 42)
#define KURA_SLOT_READERS (INT64_C(1) << 43) /* shared: readers; else sweeping */
#define KURA_SLOT_TIERS (KURA_SLOT_READERS + 1)
#define KURA_SLOT_INIT (INT64_C(1) << 44)

#define KURA_CATALOG_APPLICATION_ID 0x6B757261
#define KURA_CATALOG_VERSION 1

#define KURA_CONFIG_NAME "kura.yaml"
#define KURA_CATALOG_NAME "catalog.db"
#define KURA_LOCK_NAME "lock"

#define KURA_HINT_REBUILD                                                           \
    "the catalog of a warehouse is missing; kura catalog rebuild makes it anew"

struct kura_warehouse {
    char *dir; /* absolute */
    bool write;
    sqlite3 *db; /* catalog.db */
    struct kura_config *config;
    struct kura_zone *zone;
    struct kura_policy policy;
    int lock_fd; /* -1: read-only */
    int read_fd; /* a descriptor of its own for the readers' lock; -1: none */
    unsigned readers;
    /* Slots that this handle holds.  The system lets one descriptor lock a
     * byte twice, so a second taker within the process is refused by this. */
    int64_t *held;
    size_t held_count, held_cap;
};

/* Checks kura.yaml but for what others read; *zone is the site's, UTC when none
 * is named. */
enum kura_rc kura_config_check(const struct kura_config *c,
                               struct kura_zone **zone, struct kura_err *err);
/* Partitions without a catalog: a warehouse that lost it. */
bool kura_dir_lost_catalog(const char *dir);

/* dir/name; the caller frees it. */
enum kura_rc kura_path_join(const char *dir, const char *name, char **out,
                            struct kura_err *err);
/* Makes dir/name. */
enum kura_rc kura_subdir_make(const char *dir, const char *name,
                              struct kura_err *err);

/* KURA_EIO when it was opened for reading only. */
enum kura_rc kura_warehouse_may_write(const struct kura_warehouse *w,
                                      struct kura_err *err);
/* A write transaction of the catalog; _end commits when rc is KURA_OK, else
 * rolls back, and returns rc or what went wrong with the commit. */
enum kura_rc kura_catalog_begin(struct kura_warehouse *w, struct kura_err *err);
enum kura_rc kura_catalog_end(struct kura_warehouse *w, enum kura_rc rc,
                              struct kura_err *err);

/* KURA_EBUSY without a message when it is taken, by this handle too. */
enum kura_rc kura_slot_lock(struct kura_warehouse *w, int64_t slot,
                            struct kura_err *err);
void kura_slot_unlock(struct kura_warehouse *w, int64_t slot);
bool kura_slot_is_held(const struct kura_warehouse *w, int64_t slot);

/* Makes room for one more entry of `size` bytes in *list. */
enum kura_rc kura_list_grow(void **list, size_t count, size_t *cap, size_t size,
                            struct kura_err *err);
/* A column's text, "" for NULL; a copy of it (NULL stays NULL). */
const char *kura_column_text(sqlite3_stmt *stmt, int column);
enum kura_rc kura_column_copy(sqlite3_stmt *stmt, int column, char **out,
                              struct kura_err *err);
/* Binds a text, which must outlive the next step; NULL is NULL. */
void kura_bind_text(sqlite3_stmt *stmt, int i, const char *s);

/* dir/relative for a path of the catalog.  Files are opened and removed by it, so
 * a damaged catalog must not lead out of the warehouse: KURA_ECORRUPT. */
enum kura_rc kura_catalog_path(const struct kura_warehouse *w,
                               const char *relative, char **out,
                               struct kura_err *err);
/* A path below a destination: a relative one lies in the warehouse, so that a
 * warehouse can be moved and copied with its archive. */
enum kura_rc kura_catalog_destination(const struct kura_warehouse *w,
                                      const char *path, char **out,
                                      struct kura_err *err);
/* The other way: what follows the warehouse's directory, or path as it is. */
const char *kura_catalog_relative(const struct kura_warehouse *w,
                                  const char *path);
/* Runs an UPDATE or the like in the transaction at hand, ?1 and ?2 being two
 * numbers. */
enum kura_rc kura_catalog_run(struct kura_warehouse *w, const char *sql,
                              int64_t one, int64_t two, struct kura_err *err);
/* Copies what an open handle of partition `number` says about rows and sources
 * into the catalog, in the transaction at hand. */
enum kura_rc kura_catalog_mirror(struct kura_warehouse *w, int64_t number,
                                 struct kura_partition *p,
                                 struct kura_err *err);
/* The listed partition with this number: a list of one. */
enum kura_rc kura_catalog_entry(struct kura_warehouse *w, int64_t number,
                                struct kura_partition_entry **out,
                                struct kura_err *err);
/* The first base name of a day, "2026-08-25" or "2026-08-25.1", that was never
 * used under online/<table>/. */
#define KURA_BASE_NAME 32
enum kura_rc kura_catalog_base_name(struct kura_warehouse *w,
                                    const struct kura_schema *table,
                                    int64_t day, char out[KURA_BASE_NAME],
                                    struct kura_err *err);
void kura_id_make(char out[33]);
/* Removes dead files when nobody reads; *left (or NULL) counts what stays. */
enum kura_rc kura_files_sweep(struct kura_warehouse *w, size_t *left,
                              struct kura_err *err);

/* The schema that a row of the catalog names. */
enum kura_rc kura_catalog_schema(const char *name,
                                 const struct kura_schema **out,
                                 struct kura_err *err);

#endif
