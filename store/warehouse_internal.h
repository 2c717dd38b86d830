/* warehouse_internal.h - what warehouse.c, catalog.c and sources.c share. */
#ifndef KURA_STORE_WAREHOUSE_INTERNAL_H
#define KURA_STORE_WAREHOUSE_INTERNAL_H

#ifndef KURA_WAREHOUSE_PRIVATE
#error "not for you: include store/warehouse.h"
#endif

#include "store/db.h"
#include "store/warehouse.h"

/* Locks are single bytes of the lock file, by what they guard. */
#define KURA_SLOT_PARTITION (INT64_C(1) << 40)
#define KURA_SLOT_SOURCE (INT64_C(1) << 41)
#define KURA_SLOT_HEAD (INT64_C(1) << 42)

struct kura_warehouse {
    char *dir; /* absolute */
    bool write;
    sqlite3 *db; /* catalog.db */
    struct kura_config *config;
    struct kura_zone *zone;
    int lock_fd; /* -1: read-only */
    /* Slots that this handle holds.  The system lets one descriptor lock a
     * byte twice, so a second taker within the process is refused by this. */
    int64_t *held;
    size_t held_count, held_cap;
};

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

/* The schema that a row of the catalog names. */
enum kura_rc kura_catalog_schema(const char *name,
                                 const struct kura_schema **out,
                                 struct kura_err *err);

#endif
