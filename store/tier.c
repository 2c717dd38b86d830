/* tier.c - sealing and folding. */
#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/failpoint.h"
#include "base/fs.h"
#include "store/partition.h"
#include "store/seal.h"
#include "store/sighting.h"
#include "store/tier.h"

#define NAME_BYTES 160

/* A sealed partition that is being made: its files, by name and in full. */
struct making {
    int64_t number; /* the partition's */
    const struct kura_schema *schema;
    char id[33];
    char name[NAME_BYTES], sighting_name[NAME_BYTES];
    char *path, *sighting_path;
    struct kura_sealed sealed;
    struct kura_packed sighting;
    struct kura_partition *made; /* the result, open */
};

enum kura_rc kura_tier_lock(struct kura_warehouse *w, struct kura_err *err)
{
    enum kura_rc rc = kura_slot_lock(w, KURA_SLOT_TIERS, err);

    if (rc == KURA_EBUSY)
        return kura_err_set(err, rc,
                            "another process works on the tiers of '%s'",
                            w->dir);
    return rc;
}

void kura_tier_unlock(struct kura_warehouse *w)
{
    kura_slot_unlock(w, KURA_SLOT_TIERS);
}

enum kura_rc kura_tier_sweep(struct kura_warehouse *w, size_t *left,
                             struct kura_err *err)
{
    return kura_files_sweep(w, left, err);
}

/* --- Files ------------------------------------------------------------- */

static void making_release(struct making *m)
{
    kura_partition_close(m->made);
    free(m->path);
    free(m->sighting_path);
}

/* Names the files after the base name of the day ("2026-08-25.1"). */
static enum kura_rc making_name(struct kura_warehouse *w, struct making *m,
                                const char *base, struct kura_err *err)
{
    char dir[NAME_BYTES];
    enum kura_rc rc;

    (void)snprintf(m->name, sizeof(m->name), "online/%.60s/%.60s.db.zst",
                   m->schema->name, base);
    (void)snprintf(m->sighting_name, sizeof(m->sighting_name),
                   "sighting/%.60s/%.60s.db.zst", m->schema->name, base);
    (void)snprintf(dir, sizeof(dir), "sighting/%.60s", m->schema->name);
    rc = kura_subdir_make(w->dir, dir, err);
    if (rc == KURA_OK)
        rc = kura_path_join(w->dir, m->name, &m->path, err);
    if (rc == KURA_OK)
        rc = kura_path_join(w->dir, m->sighting_name, &m->sighting_path, err);
    return rc;
}

static enum kura_rc file_reserve(struct kura_warehouse *w, int64_t partition,
                                 const char *kind, const char *name,
                                 struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "INSERT INTO file (partition, kind, path, state) "
                         "VALUES (?, ?, ?, 'making') "
                         "ON CONFLICT (path) DO UPDATE SET state = 'making' "
                         "WHERE partition = excluded.partition "
                         "AND state IN ('making', 'gone')",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, partition);
    kura_bind_text(stmt, 2, kind);
    kura_bind_text(stmt, 3, name);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK && sqlite3_changes(w->db) != 1)
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "the catalog has '%s' for another purpose", name);
    return rc;
}

/* The rows stand before the files do, so that a sweep finds what a crash
 * leaves. */
static enum kura_rc making_reserve(struct kura_warehouse *w,
                                   const struct making *m, struct kura_err *err)
{
    enum kura_rc rc = file_reserve(w, m->number, "online", m->name, err);

    if (rc == KURA_OK && kura_sighting_has(m->schema))
        rc = file_reserve(w, m->number, "sighting", m->sighting_name, err);
    return rc;
}

/* Both files, proven and published. */
static enum kura_rc making_write(struct making *m,
                                 const struct kura_location *inputs,
                                 size_t count, struct kura_err *err)
{
    struct kura_location at = {m->path, 0, 0};
    char id[33];
    enum kura_rc rc = kura_fs_remove(m->path, err);

    if (rc == KURA_OK)
        rc = kura_seal(inputs, count, m->id, m->path, KURA_LEVEL_SEAL,
                       &m->sealed, err);
    at.size = m->sealed.packed.packed_bytes;
    if (rc == KURA_OK)
        rc = kura_partition_open_at(&at, &m->made, err);
    if (rc != KURA_OK || !kura_sighting_has(m->schema))
        return rc;
    rc = kura_fs_remove(m->sighting_path, err);
    if (rc == KURA_OK)
        rc = kura_sighting_seal(m->made, m->sighting_path, id, &m->sighting,
                                err);
    return rc;
}

static enum kura_rc file_publish(struct kura_warehouse *w, const char *name,
                                 int64_t size, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(
        w->db, "UPDATE file SET state = 'live', size = ?2 WHERE path = ?1",
        &stmt, err);
    if (rc != KURA_OK)
        return rc;
    kura_bind_text(stmt, 1, name);
    (void)sqlite3_bind_int64(stmt, 2, size);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* In the transaction at hand: the partition is sealed, its new files are live. */
static enum kura_rc making_publish(struct kura_warehouse *w,
                                   const struct making *m,
                                   struct kura_partition *p,
                                   struct kura_err *err)
{
    const struct kura_packed *packed = &m->sealed.packed;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "UPDATE partition SET state = 'sealed', sha256 = ?2, "
                         "replaces = ?3 WHERE number = ?1",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, m->number);
    kura_bind_text(stmt, 2, packed->sha256);
    kura_bind_text(stmt, 3, kura_partition_replaces(p));
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK)
        rc = kura_catalog_mirror(w, m->number, p, err);
    if (rc == KURA_OK)
        rc = file_publish(w, m->name, packed->packed_bytes, err);
    if (rc == KURA_OK && kura_sighting_has(m->schema))
        rc = file_publish(w, m->sighting_name, m->sighting.packed_bytes, err);
    return rc;
}

/* --- Sealing ----------------------------------------------------------- */

/* "2026-08-25.1" of ".../2026-08-25.1.db". */
static enum kura_rc base_of(const char *path, char out[KURA_BASE_NAME],
                            struct kura_err *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t n = strlen(name);

    if (n < 4 || n - 3 >= KURA_BASE_NAME || strcmp(name + n - 3, ".db") != 0)
        return kura_err_set(err, KURA_ECORRUPT,
                            "'%s' is no name of an open partition", path);
    memcpy(out, name, n - 3);
    out[n - 3] = '\0';
    return KURA_OK;
}

static enum kura_rc seal_publish(struct kura_warehouse *w,
                                 const struct making *m, struct kura_err *err)
{
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_catalog_run(w,
                          "UPDATE file SET state = 'dead' "
                          "WHERE partition = ?1 AND state = 'live'",
                          m->number, 0, err);
    if (rc == KURA_OK)
        rc = making_publish(w, m, m->made, err);
    return kura_catalog_end(w, rc, err);
}

/* The partition's lock is held. */
static enum kura_rc seal_locked(struct kura_warehouse *w,
                                const struct kura_partition_entry *e,
                                struct kura_err *err)
{
    const struct kura_copy *copy = kura_partition_copy(e, false);
    char base[KURA_BASE_NAME];
    struct making m;
    enum kura_rc rc;

    if (copy == NULL)
        return kura_err_set(err, KURA_ECORRUPT,
                            "the file of partition '%s' is not in the catalog",
                            e->id);
    memset(&m, 0, sizeof(m));
    m.number = e->number;
    m.schema = e->schema;
    memcpy(m.id, e->id, sizeof(m.id));
    rc = base_of(copy->at.path, base, err);
    if (rc == KURA_OK)
        rc = making_name(w, &m, base, err);
    if (rc == KURA_OK)
        rc = kura_catalog_begin(w, err);
    if (rc == KURA_OK)
        rc = kura_catalog_end(w, making_reserve(w, &m, err), err);
    if (rc == KURA_OK)
        rc = making_write(&m, &copy->at, 1, err);
    if (rc == KURA_OK)
        rc = seal_publish(w, &m, err);
    kura_failpoint(KURA_FAIL_SEAL_LISTED);
    making_release(&m);
    return rc;
}

enum kura_rc kura_tier_seal(struct kura_warehouse *w, int64_t number,
                            struct kura_err *err)
{
    struct kura_partition_entry *e = NULL;
    enum kura_rc rc;

    rc = kura_slot_lock(w, KURA_SLOT_PARTITION + number, err);
    if (rc == KURA_EBUSY)
        return kura_err_set(err, rc,
                            "partition %lld is written by another process",
                            (long long)number);
    if (rc != KURA_OK)
        return rc;
    rc = kura_catalog_entry(w, number, &e, err);
    if (rc == KURA_OK && e->state <= KURA_STATE_FULL)
        rc = seal_locked(w, e, err);
    if (e != NULL)
        kura_warehouse_list_free(e, 1);
    kura_slot_unlock(w, KURA_SLOT_PARTITION + number);
    if (rc == KURA_OK)
        rc = kura_files_sweep(w, NULL, err);
    return rc;
}

/* --- Folding ----------------------------------------------------------- */

struct fold {
    struct kura_partition_entry **entries;
    struct kura_location *inputs;
    size_t count, locked;
    struct making into;
};

/* Locks each and reads what the catalog says of it. */
static enum kura_rc fold_open(struct kura_warehouse *w, struct fold *f,
                              const int64_t *numbers, size_t count,
                              struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    f->entries = calloc(count, sizeof(struct kura_partition_entry *));
    f->inputs = calloc(count, sizeof(*f->inputs));
    if (f->entries == NULL || f->inputs == NULL)
        return kura_err_nomem(err);
    f->count = count;
    for (i = 0; rc == KURA_OK && i < count; i++) {
        const struct kura_copy *copy = NULL;

        rc = kura_slot_lock(w, KURA_SLOT_PARTITION + numbers[i], err);
        if (rc == KURA_EBUSY)
            rc = kura_err_set(err, rc, "partition %lld is in use",
                              (long long)numbers[i]);
        if (rc != KURA_OK)
            break;
        f->locked++;
        rc = kura_catalog_entry(w, numbers[i], &f->entries[i], err);
        if (rc == KURA_OK)
            copy = kura_partition_copy(f->entries[i], false);
        if (rc == KURA_OK &&
            (f->entries[i]->state != KURA_STATE_SEALED || copy == NULL))
            rc = kura_err_set(err, KURA_EINPUT,
                              "partition %lld is not sealed and online",
                              (long long)numbers[i]);
        if (rc == KURA_OK)
            f->inputs[i] = copy->at;
    }
    return rc;
}

static void fold_release(struct kura_warehouse *w, struct fold *f,
                         const int64_t *numbers)
{
    size_t i;

    for (i = 0; i < f->locked; i++)
        kura_slot_unlock(w, KURA_SLOT_PARTITION + numbers[i]);
    for (i = 0; f->entries != NULL && i < f->count; i++)
        if (f->entries[i] != NULL)
            kura_warehouse_list_free(f->entries[i], 1);
    if (f->into.number != 0)
        kura_slot_unlock(w, KURA_SLOT_PARTITION + f->into.number);
    making_release(&f->into);
    free(f->entries);
    free(f->inputs);
}

/* Takes number, names and lock of the result. */
static enum kura_rc fold_reserve(struct kura_warehouse *w, struct fold *f,
                                 struct kura_err *err)
{
    const struct kura_partition_entry *first = f->entries[0];
    struct making *m = &f->into;
    char base[KURA_BASE_NAME];
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    m->schema = first->schema;
    kura_id_make(m->id);
    rc = kura_catalog_base_name(w, m->schema, first->day, base, err);
    if (rc == KURA_OK)
        rc = making_name(w, m, base, err);
    if (rc == KURA_OK)
        rc = kura_db_prepare(w->db,
                             "INSERT INTO partition (id, \"table\", day, state)"
                             " VALUES (?, ?, ?, 'making')",
                             &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, m->id);
        kura_bind_text(stmt, 2, m->schema->name);
        (void)sqlite3_bind_int64(stmt, 3, first->day);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK)
        rc = kura_slot_lock(
            w, KURA_SLOT_PARTITION + sqlite3_last_insert_rowid(w->db), err);
    if (rc != KURA_OK)
        return rc;
    m->number = sqlite3_last_insert_rowid(w->db);
    return making_reserve(w, m, err);
}

static enum kura_rc fold_publish(struct kura_warehouse *w, const struct fold *f,
                                 struct kura_err *err)
{
    enum kura_rc rc = kura_catalog_begin(w, err);
    size_t i;

    if (rc != KURA_OK)
        return rc;
    for (i = 0; rc == KURA_OK && i < f->count; i++) {
        rc = kura_catalog_run(w,
                              "UPDATE partition SET state = 'replaced', "
                              "replaced_by = ?2 WHERE number = ?1",
                              f->entries[i]->number, f->into.number, err);
        if (rc == KURA_OK)
            rc = kura_catalog_run(w,
                                  "UPDATE file SET state = 'dead' "
                                  "WHERE partition = ?1 AND state = 'live'",
                                  f->entries[i]->number, 0, err);
    }
    if (rc == KURA_OK)
        rc = making_publish(w, &f->into, f->into.made, err);
    return kura_catalog_end(w, rc, err);
}

enum kura_rc kura_tier_fold(struct kura_warehouse *w, const int64_t *numbers,
                            size_t count, struct kura_err *err)
{
    struct fold f;
    enum kura_rc rc;

    memset(&f, 0, sizeof(f));
    rc = fold_open(w, &f, numbers, count, err);
    if (rc == KURA_OK)
        rc = kura_catalog_begin(w, err);
    if (rc == KURA_OK)
        rc = kura_catalog_end(w, fold_reserve(w, &f, err), err);
    if (rc == KURA_OK)
        rc = making_write(&f.into, f.inputs, count, err);
    if (rc == KURA_OK)
        rc = fold_publish(w, &f, err);
    kura_failpoint(KURA_FAIL_SEAL_LISTED);
    fold_release(w, &f, numbers);
    if (rc == KURA_OK)
        rc = kura_files_sweep(w, NULL, err);
    return rc;
}
