#include "query/sighting.h"

#include "base/buf.h"
#include "base/fs.h"
#include "store/sighting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIGHTING_PATH_MAX 65536
/* Rows of logs a sighting, about: for the planner. */
#define SIGHTING_SHARE 4

void kura_sightings_release(struct kura_sightings *s)
{
    free(s->list);
    s->list = NULL;
}

/* The file, or else the partition itself; false when neither can be read. */
static bool sighting_find(const struct kura_partition_entry *e,
                          const struct kura_copy *nearest,
                          struct kura_sighting_of *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->id, e->id, sizeof(out->id));
    if (e->sighting.path != NULL && kura_fs_exists(e->sighting.path)) {
        out->copy.tier = KURA_TIER_ONLINE;
        out->copy.at = e->sighting;
        return true;
    }
    if (nearest == NULL)
        return false;
    out->copy = *nearest;
    out->live = true;
    return true;
}

enum kura_rc kura_sightings_add(struct kura_sightings *s,
                                struct kura_partition_entry *entries,
                                const struct kura_copy **copies, size_t n,
                                size_t *count, struct kura_err *err)
{
    size_t i, k = 0;

    s->list = calloc(n + 1, sizeof(*s->list));
    if (s->list == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < n; i++) {
        if (!kura_sighting_has(entries[i].schema))
            continue;
        copies[n + k] = sighting_find(&entries[i], copies[i], &s->list[k])
                            ? &s->list[k].copy
                            : NULL;
        entries[n + k] = entries[i];
        entries[n + k].schema = kura_schema_sighting();
        entries[n + k].rows = entries[i].rows / SIGHTING_SHARE;
        k++;
    }
    *count = n + k;
    return KURA_OK;
}

bool kura_sightings_is_live(const struct kura_sightings *s, size_t i)
{
    return s->list[i].live;
}

/* --- Made for the moment ----------------------------------------------- */

/* A directory of our own: nobody else can put a file in our way. */
static enum kura_rc scratch_make(struct kura_buf *dir, struct kura_buf *path,
                                 struct kura_err *err)
{
    const char *top = getenv("TMPDIR");
    enum kura_rc rc;

    if (top == NULL || top[0] == '\0')
        top = "/tmp";
    rc = kura_buf_printf(dir, err, "%s/kura-XXXXXX", top);
    if (rc != KURA_OK)
        return rc;
    if (mkdtemp(dir->data) == NULL) {
        rc = kura_err_sys(err, errno, "cannot make '%s'", dir->data);
        kura_buf_reset(dir);
        return rc;
    }
    return kura_buf_printf(path, err, "%s/sighting.db", dir->data);
}

/* The open file lives on without its name. */
static enum kura_rc sighting_make(struct kura_partition *p,
                                  struct kura_partition **out,
                                  struct kura_err *err)
{
    struct kura_buf dir, path;
    enum kura_rc rc;

    kura_buf_init(&dir, SIGHTING_PATH_MAX);
    kura_buf_init(&path, SIGHTING_PATH_MAX);
    rc = scratch_make(&dir, &path, err);
    if (rc == KURA_OK)
        rc = kura_sighting_write(p, path.data, err);
    if (rc == KURA_OK)
        rc = kura_partition_open(path.data, out, err);
    if (path.len != 0)
        (void)kura_fs_remove(path.data, NULL);
    if (dir.len != 0)
        (void)rmdir(dir.data);
    kura_buf_release(&dir);
    kura_buf_release(&path);
    return rc;
}

static enum kura_rc sighting_live(const struct kura_sighting_of *s,
                                  struct kura_partition **out,
                                  struct kura_err *err)
{
    struct kura_partition *p = NULL;
    enum kura_rc rc = kura_partition_open_at(&s->copy.at, &p, err);

    if (rc == KURA_OK && strcmp(kura_partition_id(p), s->id) != 0)
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "'%s' is not the partition that the catalog says",
                          s->copy.at.path);
    if (rc == KURA_OK)
        rc = sighting_make(p, out, err);
    kura_partition_close(p);
    return rc;
}

/* --- Files ------------------------------------------------------------- */

/* Its rows say which partition they are of. */
static enum kura_rc sighting_check(const struct kura_sighting_of *s,
                                   struct kura_partition *p,
                                   struct kura_err *err)
{
    const struct kura_schema *schema = kura_schema_sighting();
    uint32_t id = 1;
    enum kura_rc rc = KURA_OK;

    if (kura_partition_schema(p) != schema)
        id = 0;
    else if (kura_partition_rows(p) != 0)
        rc = kura_partition_find(p, kura_schema_column(schema, "partition"),
                                 s->id, strlen(s->id), &id, err);
    if (rc == KURA_OK && id == 0)
        rc = kura_err_set(err, KURA_ECORRUPT,
                          "'%s' holds no sightings of partition '%s'",
                          s->copy.at.path, s->id);
    return rc;
}

enum kura_rc kura_sightings_open(const struct kura_sightings *s, size_t i,
                                 struct kura_partition **out,
                                 struct kura_err *err)
{
    const struct kura_sighting_of *of = &s->list[i];
    struct kura_partition *p = NULL;
    enum kura_rc rc;

    if (of->live)
        return sighting_live(of, out, err);
    rc = kura_partition_open_at(&of->copy.at, &p, err);
    if (rc == KURA_OK)
        rc = sighting_check(of, p, err);
    if (rc == KURA_OK)
        *out = p;
    else
        kura_partition_close(p);
    return rc;
}
