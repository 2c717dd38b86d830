#define KURA_WAREHOUSE_PRIVATE
#include "store/warehouse_internal.h"

#include "base/fs.h"
#include "store/adopt.h"
#include "store/builder.h"
#include "store/seekable.h"
#include "store/sighting.h"

#define ADOPT_PIECES 65536 /* pieces of a line, at most */
#define ADOPT_TRIES 100000
#define ADOPT_NAME 192

/* --- Ids --------------------------------------------------------------- */

bool kura_adopt_has_id(const char *ids, const char *id)
{
    size_t n = strlen(id);
    const char *at = ids;

    while (n != 0 && (at = strstr(at, id)) != NULL) {
        if ((at == ids || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' '))
            return true;
        at += n;
    }
    return false;
}

enum kura_rc kura_adopt_find(struct kura_warehouse *w, const char *id,
                             int64_t *number, char state[KURA_STATE_TEXT],
                             struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    *number = 0;
    state[0] = '\0';
    rc = kura_db_prepare(w->db,
                         "SELECT number, state FROM partition WHERE id = ?",
                         &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, id);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row) {
        *number = sqlite3_column_int64(stmt, 0);
        (void)snprintf(state, KURA_STATE_TEXT, "%s", kura_column_text(stmt, 1));
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_adopt_is_replaced(struct kura_warehouse *w, const char *id,
                                    bool *is, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    *is = false;
    rc = kura_db_prepare(w->db,
                         "SELECT 1 FROM partition "
                         "WHERE instr(' ' || replaces || ' ', ' ' || ?1 || ' ') "
                         "AND state NOT IN ('making', 'replaced')",
                         &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, id);
        rc = kura_db_step(stmt, is, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* --- Rows that are here already ----------------------------------------- */

struct lines {
    int64_t *at; /* line * ADOPT_PIECES + piece, of one source */
    size_t count;
};

static int lines_compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* Of the segment at hand. */
struct lines_segment {
    uint32_t sources[KURA_SEGMENT_ROWS];
    int64_t lines[KURA_SEGMENT_ROWS], pieces[KURA_SEGMENT_ROWS];
    uint8_t null[KURA_SEGMENT_ROWS], piece_null[KURA_SEGMENT_ROWS];
};

static enum kura_rc lines_add(struct kura_partition *p, size_t segment,
                              uint32_t source, struct lines_segment *s,
                              struct lines *l, struct kura_err *err)
{
    const struct kura_schema *schema = kura_partition_schema(p);
    int piece = kura_schema_column(schema, "piece");
    uint32_t rows = kura_partition_segment(p, segment)->rows, i;
    enum kura_rc rc;

    rc = kura_partition_ids(p, kura_schema_column(schema, "source"), segment,
                            s->sources, err);
    if (rc == KURA_OK)
        rc = kura_partition_integers(p, kura_schema_column(schema, "line"),
                                     segment, s->lines, s->null, err);
    memset(s->piece_null, 1, sizeof(s->piece_null));
    if (rc == KURA_OK && piece >= 0)
        rc = kura_partition_integers(p, piece, segment, s->pieces,
                                     s->piece_null, err);
    for (i = 0; rc == KURA_OK && i < rows; i++) {
        if (s->sources[i] != source || s->null[i] || s->lines[i] < 0 ||
            s->lines[i] > INT64_MAX / ADOPT_PIECES - 1)
            continue;
        l->at[l->count++] = s->lines[i] * ADOPT_PIECES +
                            (s->piece_null[i] ? 0 : s->pieces[i]);
    }
    return rc;
}

static enum kura_rc lines_read(struct kura_partition *p, const char *name,
                               struct lines *l, struct kura_err *err)
{
    int column = kura_schema_column(kura_partition_schema(p), "source");
    struct lines_segment *s = malloc(sizeof(*s));
    uint32_t id = 0;
    enum kura_rc rc;
    size_t i;

    l->count = 0;
    l->at = calloc((size_t)kura_partition_rows(p) + 1, sizeof(*l->at));
    if (s == NULL || l->at == NULL) {
        free(s);
        return kura_err_nomem(err);
    }
    rc = kura_partition_find(p, column, name, strlen(name), &id, err);
    for (i = 0; rc == KURA_OK && id != 0 && i < kura_partition_segments(p); i++)
        rc = lines_add(p, i, id, s, l, err);
    if (l->count != 0)
        qsort(l->at, l->count, sizeof(*l->at), lines_compare);
    free(s);
    return rc;
}

static bool lines_meet(const struct lines *a, const struct lines *b)
{
    size_t i = 0, k = 0;

    while (i < a->count && k < b->count) {
        if (a->at[i] == b->at[k])
            return true;
        if (a->at[i] < b->at[k])
            i++;
        else
            k++;
    }
    return false;
}

/* What cannot be read cannot be told apart: then they are taken to meet. */
static enum kura_rc partitions_meet(struct kura_warehouse *w,
                                    struct kura_partition *p, int64_t other,
                                    const char *name, bool *meet,
                                    struct kura_err *err)
{
    struct kura_partition_entry *e = NULL;
    struct lines mine = {NULL, 0}, theirs = {NULL, 0};
    const struct kura_copy *copy = NULL;
    struct kura_partition *o = NULL;
    enum kura_rc rc = kura_catalog_entry(w, other, &e, err);

    *meet = true;
    if (rc == KURA_OK)
        copy = kura_partition_copy(e, true);
    if (copy != NULL &&
        kura_partition_open_at(&copy->at, &o, NULL) == KURA_OK) {
        rc = lines_read(p, name, &mine, err);
        if (rc == KURA_OK)
            rc = lines_read(o, name, &theirs, err);
        *meet = rc != KURA_OK || lines_meet(&mine, &theirs);
    }
    kura_partition_close(o);
    free(mine.at);
    free(theirs.at);
    if (e != NULL)
        kura_warehouse_list_free(e, 1);
    return rc;
}

static enum kura_rc source_doubled(struct kura_warehouse *w,
                                   struct kura_partition *p,
                                   const struct kura_partition_source *s,
                                   int64_t *with, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true, meet = false;
    enum kura_rc rc;

    rc = kura_db_prepare(
        w->db,
        "SELECT p.number, p.id FROM partition p "
        "JOIN partition_source s ON s.partition = p.number AND s.key = ?1 "
        "WHERE p.\"table\" = ?2 AND p.day = ?3 AND p.id <> ?4 AND s.rows > 0 "
        "AND p.state IN ('open', 'full', 'sealed', 'archived')",
        &stmt, err);
    if (rc != KURA_OK)
        return rc;
    kura_bind_text(stmt, 1, s->key);
    kura_bind_text(stmt, 2, kura_partition_schema(p)->name);
    (void)sqlite3_bind_int64(stmt, 3, kura_partition_day(p));
    kura_bind_text(stmt, 4, kura_partition_id(p));
    while (rc == KURA_OK && !meet) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        if (kura_adopt_has_id(kura_partition_replaces(p),
                              kura_column_text(stmt, 1)))
            continue;
        rc = partitions_meet(w, p, sqlite3_column_int64(stmt, 0), s->name,
                             &meet, err);
        if (rc == KURA_OK && meet)
            *with = sqlite3_column_int64(stmt, 0);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_adopt_doubled(struct kura_warehouse *w,
                                struct kura_partition *p, int64_t *with,
                                struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    *with = 0;
    for (i = 0; rc == KURA_OK && *with == 0 && i < kura_partition_sources(p);
         i++) {
        const struct kura_partition_source *s = kura_partition_source(p, i);

        if (s->rows != 0)
            rc = source_doubled(w, p, s, with, err);
    }
    return rc;
}

/* --- Partitions -------------------------------------------------------- */

enum kura_rc kura_adopt_partition(struct kura_warehouse *w,
                                  struct kura_partition *p, const char *state,
                                  const char *sha256, int64_t *out_number,
                                  struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "INSERT INTO partition (id, \"table\", day, state, "
                         "sha256, replaces) VALUES (?, ?, ?, ?, "
                         "nullif(?, ''), ?)",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    kura_bind_text(stmt, 1, kura_partition_id(p));
    kura_bind_text(stmt, 2, kura_partition_schema(p)->name);
    (void)sqlite3_bind_int64(stmt, 3, kura_partition_day(p));
    kura_bind_text(stmt, 4, state);
    kura_bind_text(stmt, 5, sha256);
    kura_bind_text(stmt, 6, kura_partition_replaces(p));
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    *out_number = sqlite3_last_insert_rowid(w->db);
    return rc == KURA_OK ? kura_catalog_mirror(w, *out_number, p, err) : rc;
}

enum kura_rc kura_adopt_update(struct kura_warehouse *w, int64_t number,
                               const char *state, const char *sha256,
                               struct kura_partition *p, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "UPDATE partition SET state = ?2, sha256 = ?3, "
                         "replaces = ?4 WHERE number = ?1",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, number);
    kura_bind_text(stmt, 2, state);
    kura_bind_text(stmt, 3, sha256);
    kura_bind_text(stmt, 4, kura_partition_replaces(p));
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc == KURA_OK ? kura_catalog_mirror(w, number, p, err) : rc;
}

/* --- Members ----------------------------------------------------------- */

struct adopt {
    struct kura_warehouse *w;
    const struct kura_adopt_volume *v;
    int64_t number; /* of the volume */
    kura_adopt_refused *refused;
    void *arg;
    size_t listed;
};

/* Something is wrong with a member: the error, or only told. */
static enum kura_rc adopt_refuse(struct adopt *a, struct kura_err *err,
                                 enum kura_rc rc, const struct kura_err *cause)
{
    if (a->refused == NULL || rc == KURA_ENOMEM)
        return kura_err_set(err, rc, "%s", cause->msg);
    a->refused(a->arg, cause->msg);
    return KURA_OK;
}

static enum kura_rc member_list(struct adopt *a, int64_t partition,
                                const struct kura_adopt_member *m,
                                struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(a->w->db,
                         "INSERT OR REPLACE INTO member (partition, volume, "
                         "name, offset, size) VALUES (?, ?, ?, ?, ?)",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, partition);
    (void)sqlite3_bind_int64(stmt, 2, a->number);
    kura_bind_text(stmt, 3, m->name);
    (void)sqlite3_bind_int64(stmt, 4, m->at.offset);
    (void)sqlite3_bind_int64(stmt, 5, m->at.size);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    a->listed += rc == KURA_OK;
    return rc;
}

static enum kura_rc member_open(struct adopt *a,
                                const struct kura_adopt_member *m,
                                struct kura_partition **p, struct kura_err *err)
{
    enum kura_rc rc = kura_partition_open_at(&m->at, p, err);

    if (rc != KURA_OK)
        return rc;
    if (strcmp(kura_partition_id(*p), m->id) == 0 &&
        strcmp(kura_partition_replaces(*p), m->replaces) == 0 &&
        kura_partition_schema(*p) == a->v->schema &&
        kura_partition_day(*p) == m->day && kura_partition_rows(*p) == m->rows)
        return KURA_OK;
    return kura_err_set(err, KURA_ECORRUPT,
                        "member '%s' of '%s' is not the partition that the "
                        "manifest tells of",
                        m->name, m->at.path);
}

static enum kura_rc known_rows(struct kura_warehouse *w, int64_t number,
                               int64_t *rows, char sha256[KURA_SHA256_HEX],
                               struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "SELECT rows, sha256 FROM partition WHERE number = ?",
                         &stmt, err);
    if (rc == KURA_OK) {
        (void)sqlite3_bind_int64(stmt, 1, number);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row) {
        *rows = sqlite3_column_int64(stmt, 0);
        (void)snprintf(sha256, KURA_SHA256_HEX, "%s",
                       kura_column_text(stmt, 1));
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* An id that the catalog knows: a further copy, or one that comes back. */
static enum kura_rc member_known(struct adopt *a,
                                 const struct kura_adopt_member *m,
                                 struct kura_partition *p, int64_t number,
                                 const char *state, struct kura_err *err)
{
    bool writable =
        strcmp(state, "open") == 0 || strcmp(state, "full") == 0;
    char sha256[KURA_SHA256_HEX] = "";
    int64_t rows = 0;
    enum kura_rc rc;

    if (strcmp(state, "replaced") == 0)
        return KURA_OK;
    rc = known_rows(a->w, number, &rows, sha256, err);
    if (rc != KURA_OK)
        return rc;
    if (strcmp(state, "making") == 0 || (writable && rows != m->rows) ||
        (sha256[0] != '\0' && strcmp(sha256, m->sha256) != 0))
        return kura_err_set(err, KURA_EINPUT,
                            "member '%s' of '%s' differs from the partition "
                            "of the same id that is here",
                            m->name, m->at.path);
    if (writable)
        rc = kura_catalog_run(a->w,
                              "UPDATE partition SET state = 'full' "
                              "WHERE number = ?1",
                              number, 0, err);
    else if (strcmp(state, "expired") == 0)
        rc = kura_adopt_update(a->w, number, "archived", m->sha256, p, err);
    return rc == KURA_OK ? member_list(a, number, m, err) : rc;
}

/* A new id must neither be replaced by something here, nor replace it, nor
 * bring rows that are here. */
static enum kura_rc member_new(struct adopt *a,
                               const struct kura_adopt_member *m,
                               struct kura_partition *p, struct kura_err *err)
{
    int64_t number = 0;
    bool replaced = false;
    enum kura_rc rc = kura_adopt_is_replaced(a->w, m->id, &replaced, err);

    if (rc != KURA_OK || replaced)
        return rc;
    rc = kura_adopt_doubled(a->w, p, &number, err);
    if (rc == KURA_OK && number != 0) {
        rc = kura_err_set(err, KURA_EINPUT,
                          "member '%s' of '%s' holds lines that are in the "
                          "warehouse already",
                          m->name, m->at.path);
        return rc;
    }
    if (rc == KURA_OK)
        rc = kura_adopt_partition(a->w, p, "archived", m->sha256, &number, err);
    return rc == KURA_OK ? member_list(a, number, m, err) : rc;
}

/* With the catalog at hand, what is listed stays listed. */
static enum kura_rc member_replaces(struct adopt *a,
                                    const struct kura_adopt_member *m,
                                    struct kura_err *err)
{
    char id[33], state[KURA_STATE_TEXT];
    const char *at = m->replaces;
    int64_t number;
    enum kura_rc rc = KURA_OK;

    if (a->refused != NULL) /* a rebuild decides it when it knows all */
        return KURA_OK;
    while (rc == KURA_OK && strlen(at) >= 32) {
        (void)snprintf(id, sizeof(id), "%.32s", at);
        at += at[32] == ' ' ? 33 : 32;
        rc = kura_adopt_find(a->w, id, &number, state, err);
        if (rc == KURA_OK && number != 0 && strcmp(state, "replaced") != 0) {
            rc = kura_err_set(err, KURA_EINPUT,
                              "member '%s' of '%s' stands for partitions that "
                              "are listed here themselves",
                              m->name, m->at.path);
            kura_err_hint(err, "kura catalog rebuild puts that in order");
        }
    }
    return rc;
}

static enum kura_rc member_adopt(struct adopt *a,
                                 const struct kura_adopt_member *m,
                                 struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_partition *p = NULL;
    char state[KURA_STATE_TEXT];
    int64_t number = 0;
    enum kura_rc rc = member_open(a, m, &p, &cause);

    if (rc == KURA_OK)
        rc = kura_adopt_find(a->w, m->id, &number, state, &cause);
    if (rc == KURA_OK && number != 0)
        rc = member_known(a, m, p, number, state, &cause);
    else if (rc == KURA_OK) {
        rc = member_replaces(a, m, &cause);
        if (rc == KURA_OK)
            rc = member_new(a, m, p, &cause);
    }
    kura_partition_close(p);
    return rc == KURA_OK ? KURA_OK : adopt_refuse(a, err, rc, &cause);
}

/* --- Volumes ----------------------------------------------------------- */

/* The number of a known volume, 0 for none; one that is not this is refused. */
static enum kura_rc volume_find(struct adopt *a, struct kura_err *err)
{
    const struct kura_adopt_volume *v = a->v;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum kura_rc rc;

    rc = kura_db_prepare(a->w->db,
                         "SELECT number, name, sha256, state FROM volume "
                         "WHERE id = ?",
                         &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, v->id);
        rc = kura_db_step(stmt, &row, err);
    }
    if (rc == KURA_OK && row) {
        a->number = sqlite3_column_int64(stmt, 0);
        if (strcmp(kura_column_text(stmt, 2), v->sha256) != 0 ||
            strcmp(kura_column_text(stmt, 3), "making") == 0)
            rc = kura_err_set(err, KURA_EINPUT,
                              "volume '%s/%s' is known with another digest",
                              v->destination, v->name);
        else if (strcmp(kura_column_text(stmt, 1), v->name) != 0)
            rc = kura_err_set(err, KURA_EINPUT,
                              "volume '%s/%s' is known as '%s': a copy needs "
                              "that path below its directory",
                              v->destination, v->name,
                              kura_column_text(stmt, 1));
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc volume_add(struct adopt *a, struct kura_err *err)
{
    const struct kura_adopt_volume *v = a->v;
    const int64_t numbers[] = {v->first_day, v->last_day, v->bytes, v->made_us};
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    int i;

    rc = kura_db_prepare(a->w->db,
                         "INSERT INTO volume (id, name, \"table\", sha256, "
                         "first_day, last_day, bytes, made_at, state) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'live')",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    kura_bind_text(stmt, 1, v->id);
    kura_bind_text(stmt, 2, v->name);
    kura_bind_text(stmt, 3, v->schema->name);
    kura_bind_text(stmt, 4, v->sha256);
    for (i = 0; i < 4; i++)
        (void)sqlite3_bind_int64(stmt, 5 + i, numbers[i]);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    a->number = sqlite3_last_insert_rowid(a->w->db);
    return rc;
}

static enum kura_rc volume_copy_add(struct adopt *a, int64_t verified_us,
                                    struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(a->w->db,
                         "INSERT INTO volume_copy VALUES (?1, ?2, ?3) "
                         "ON CONFLICT DO UPDATE SET verified_at = "
                         "ifnull(?3, verified_at)",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, a->number);
    kura_bind_text(stmt, 2, kura_catalog_relative(a->w, a->v->destination));
    if (verified_us != INT64_MIN)
        (void)sqlite3_bind_int64(stmt, 3, verified_us);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_adopt(struct kura_warehouse *w,
                        const struct kura_adopt_volume *v, int64_t verified_us,
                        kura_adopt_refused *refused, void *arg,
                        size_t *out_listed, struct kura_err *err)
{
    struct adopt a = {w, v, 0, refused, arg, 0};
    enum kura_rc rc = volume_find(&a, err);
    size_t i;

    if (rc == KURA_OK && a.number == 0)
        rc = volume_add(&a, err);
    else if (rc == KURA_OK)
        rc = kura_catalog_run(w,
                              "UPDATE volume SET state = 'live' "
                              "WHERE number = ?1",
                              a.number, 0, err);
    if (rc == KURA_OK)
        rc = volume_copy_add(&a, verified_us, err);
    for (i = 0; rc == KURA_OK && i < v->count; i++)
        rc = member_adopt(&a, &v->members[i], err);
    if (rc == KURA_OK)
        *out_listed = a.listed;
    return rc;
}

enum kura_rc kura_adopt_now(struct kura_warehouse *w,
                            const struct kura_adopt_volume *v,
                            int64_t verified_us, size_t *out_listed,
                            struct kura_err *err)
{
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    return kura_catalog_end(
        w, kura_adopt(w, v, verified_us, NULL, NULL, out_listed, err), err);
}

/* --- Sightings --------------------------------------------------------- */

static enum kura_rc sighting_row(struct kura_warehouse *w, int64_t partition,
                                 const char *name, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db,
                         "INSERT INTO file (partition, kind, path, state) "
                         "VALUES (?, 'sighting', ?, 'making')",
                         &stmt, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, partition);
    kura_bind_text(stmt, 2, name);
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc sighting_name_free(struct kura_warehouse *w,
                                       const char *name, bool *is_free,
                                       struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    char *path = NULL;
    enum kura_rc rc;

    rc = kura_db_prepare(w->db, "SELECT 1 FROM file WHERE path = ?", &stmt,
                         err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, name);
        rc = kura_db_step(stmt, &row, err);
    }
    (void)sqlite3_finalize(stmt);
    if (rc == KURA_OK)
        rc = kura_path_join(w->dir, name, &path, err);
    *is_free = rc == KURA_OK && !row && !kura_fs_exists(path);
    free(path);
    return rc;
}

/* A path below sighting/ that was never used, with its row. */
static enum kura_rc sighting_reserve(struct kura_warehouse *w,
                                     const struct kura_partition_entry *e,
                                     char name[ADOPT_NAME],
                                     struct kura_err *err)
{
    char day[KURA_DAY_TEXT], more[16] = "";
    bool is_free = false;
    enum kura_rc rc = kura_catalog_begin(w, err);
    int i;

    if (rc != KURA_OK)
        return rc;
    kura_day_format(e->day, day);
    for (i = 0; rc == KURA_OK && !is_free && i < ADOPT_TRIES; i++) {
        if (i != 0)
            (void)snprintf(more, sizeof(more), ".%d", i);
        (void)snprintf(name, ADOPT_NAME, "sighting/%.60s/%s%s.db.zst",
                       e->schema->name, day, more);
        rc = sighting_name_free(w, name, &is_free, err);
    }
    if (rc == KURA_OK && !is_free)
        rc = kura_err_set(err, KURA_EIO, "no free name for sightings '%s'",
                          name);
    if (rc == KURA_OK)
        rc = sighting_row(w, e->number, name, err);
    return kura_catalog_end(w, rc, err);
}

static enum kura_rc sighting_publish(struct kura_warehouse *w, const char *name,
                                     int64_t size, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_catalog_begin(w, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_prepare(w->db,
                         "UPDATE file SET state = 'live', size = ?2 "
                         "WHERE path = ?1",
                         &stmt, err);
    if (rc == KURA_OK) {
        kura_bind_text(stmt, 1, name);
        (void)sqlite3_bind_int64(stmt, 2, size);
        rc = kura_db_step_done(stmt, err);
    }
    (void)sqlite3_finalize(stmt);
    return kura_catalog_end(w, rc, err);
}

static enum kura_rc sighting_make(struct kura_warehouse *w,
                                  const struct kura_partition_entry *e,
                                  const struct kura_copy *copy,
                                  struct kura_err *err)
{
    char name[ADOPT_NAME] = "", dir[ADOPT_NAME], id[33];
    struct kura_partition *p = NULL;
    struct kura_packed packed;
    char *path = NULL;
    enum kura_rc rc;

    (void)snprintf(dir, sizeof(dir), "sighting/%.60s", e->schema->name);
    rc = kura_subdir_make(w->dir, dir, err);
    if (rc == KURA_OK)
        rc = kura_partition_open_at(&copy->at, &p, err);
    if (rc == KURA_OK)
        rc = sighting_reserve(w, e, name, err);
    if (rc == KURA_OK)
        rc = kura_path_join(w->dir, name, &path, err);
    if (rc == KURA_OK)
        rc = kura_sighting_seal(p, path, id, &packed, err);
    if (rc == KURA_OK)
        rc = sighting_publish(w, name, packed.packed_bytes, err);
    kura_partition_close(p);
    free(path);
    return rc;
}

enum kura_rc kura_adopt_sightings(struct kura_warehouse *w, size_t *made,
                                  struct kura_err *err)
{
    struct kura_partition_entry *list = NULL;
    size_t count = 0, i;
    enum kura_rc rc = kura_warehouse_list(w, NULL, &list, &count, err);

    *made = 0;
    for (i = 0; rc == KURA_OK && i < count; i++) {
        const struct kura_partition_entry *e = &list[i];
        const struct kura_copy *copy = kura_partition_copy(e, true);

        if ((e->state != KURA_STATE_SEALED &&
             e->state != KURA_STATE_ARCHIVED) ||
            copy == NULL || e->sighting.path != NULL ||
            !kura_sighting_has(e->schema))
            continue;
        /* The lock keeps a sweep from the file while it is made. */
        rc = kura_slot_lock(w, KURA_SLOT_PARTITION + e->number, err);
        if (rc == KURA_EBUSY) {
            rc = KURA_OK;
            continue;
        }
        if (rc == KURA_OK)
            rc = sighting_make(w, e, copy, err);
        kura_slot_unlock(w, KURA_SLOT_PARTITION + e->number);
        *made += rc == KURA_OK;
    }
    kura_warehouse_list_free(list, count);
    return rc;
}
