/* files.c - files of the warehouse go.
 *
 * A file is dead from the transaction that lists something in its place.  It is
 * unlinked under the exclusive side of the readers' lock: whoever reads took
 * the shared side before the snapshot, so nobody can still open it.  A file
 * that is 'making' while nobody has its partition's lock was left by a crash;
 * restored ones die with their lease (kura_restored_drop). */
#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/failpoint.h"
#include "base/fs.h"

#define PATH_MAX_BYTES 65536

struct dead {
    int64_t number, partition;
    bool making;
    char *path; /* from the warehouse */
};

static void dead_free(struct dead *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        free(list[i].path);
    free(list);
}

static enum kura_rc dead_list(struct kura_warehouse *w, struct dead **out,
                              size_t *count, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    void *list = NULL;
    size_t cap = 0;
    bool row = true;
    enum kura_rc rc;

    *count = 0;
    rc = kura_db_prepare(w->db,
                         "SELECT number, partition, state = 'making', path "
                         "FROM file WHERE state = 'dead' "
                         "OR (state = 'making' AND kind <> 'restored') "
                         "ORDER BY number",
                         &stmt, err);
    while (rc == KURA_OK) {
        struct dead *d;

        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        rc = kura_list_grow(&list, *count, &cap, sizeof(*d), err);
        if (rc != KURA_OK)
            break;
        d = (struct dead *)list + *count;
        d->number = sqlite3_column_int64(stmt, 0);
        d->partition = sqlite3_column_int64(stmt, 1);
        d->making = sqlite3_column_int(stmt, 2) != 0;
        rc = kura_column_copy(stmt, 3, &d->path, err);
        if (rc == KURA_OK)
            ++*count;
    }
    (void)sqlite3_finalize(stmt);
    *out = list;
    return rc;
}

static enum kura_rc file_unlink(struct kura_warehouse *w, const char *relative,
                                struct kura_err *err)
{
    static const char *const more[] = {"-wal", "-shm", ".tmp", ".plain", "",
                                       NULL};
    struct kura_buf path;
    char *base = NULL;
    enum kura_rc rc = kura_catalog_path(w, relative, &base, err);
    int i;

    kura_buf_init(&path, PATH_MAX_BYTES);
    for (i = 0; rc == KURA_OK && more[i] != NULL; i++) {
        kura_buf_reset(&path);
        rc = kura_buf_printf(&path, err, "%s%s", base, more[i]);
        if (rc == KURA_OK)
            rc = kura_fs_remove(path.data, err);
    }
    kura_buf_release(&path);
    free(base);
    return rc;
}

static enum kura_rc file_remove(struct kura_warehouse *w, const struct dead *d,
                                struct kura_err *err)
{
    enum kura_rc rc = file_unlink(w, d->path, err);

    kura_failpoint(KURA_FAIL_FILE_REMOVED);
    if (rc == KURA_OK)
        rc = kura_catalog_begin(w, err);
    if (rc != KURA_OK)
        return rc;
    rc = kura_catalog_run(
        w, "UPDATE file SET state = 'gone' WHERE number = ?1", d->number, 0,
        err);
    return kura_catalog_end(w, rc, err);
}

/* Dead for good before it is removed: when the transaction that was to publish
 * it failed in this process, its pages may still stand in the write-ahead log,
 * and the next to open the catalog would take them for committed.  A commit
 * that comes through writes over them. */
static enum kura_rc file_bury(struct kura_warehouse *w, const struct dead *d,
                              struct kura_err *err)
{
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_catalog_run(w,
                          "UPDATE file SET state = 'dead' "
                          "WHERE number = ?1 AND state = 'making'",
                          d->number, 0, err);
    return kura_catalog_end(w, rc, err);
}

/* One that somebody is still making stays: *left counts it. */
static enum kura_rc file_sweep(struct kura_warehouse *w, const struct dead *d,
                               size_t *left, struct kura_err *err)
{
    int64_t slot = KURA_SLOT_PARTITION + d->partition;
    enum kura_rc rc = KURA_OK;

    if (d->making)
        rc = kura_slot_lock(w, slot, err);
    if (rc == KURA_EBUSY) {
        ++*left;
        return KURA_OK;
    }
    if (rc == KURA_OK && d->making)
        rc = file_bury(w, d, err);
    if (rc == KURA_OK)
        rc = file_remove(w, d, err);
    if (d->making)
        kura_slot_unlock(w, slot);
    return rc;
}

enum kura_rc kura_files_sweep(struct kura_warehouse *w, size_t *left,
                              struct kura_err *err)
{
    struct dead *list = NULL;
    size_t count = 0, stay = 0, i;
    enum kura_rc rc = kura_slot_lock(w, KURA_SLOT_READERS, err);
    bool mine = rc == KURA_OK;

    if (rc != KURA_OK && rc != KURA_EBUSY)
        return rc;
    rc = dead_list(w, &list, &count, err);
    for (i = 0; rc == KURA_OK && i < count; i++) {
        if (mine)
            rc = file_sweep(w, &list[i], &stay, err);
        else
            stay++;
    }
    dead_free(list, count);
    if (mine)
        kura_slot_unlock(w, KURA_SLOT_READERS);
    if (rc == KURA_OK && left != NULL)
        *left = stay;
    return rc;
}
