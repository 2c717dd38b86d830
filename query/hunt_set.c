/* hunt_set.c - finds the hunt files, and checks a hunt against the tables. */
#include "query/hunt.h"

#include "base/buf.h"
#include "base/embedded.h"
#include "base/fs.h"
#include "query/hunt_statement.h"
#include "query/hunt_why.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SET_FILE_MAX ((size_t)1 << 20)
#define SET_PATH_MAX 65536
#define SET_HUNTS_MAX 10000

/* --- Finding them ------------------------------------------------------ */

/* "sql/hunts/name.sql" and "name.sql": the name without folder and .sql; false
 * when it is no such file. */
static bool name_of(const char *path, const char *folder, char out[128])
{
    size_t n = strlen(folder), size;

    if (strncmp(path, folder, n) != 0 || strchr(path + n, '/') != NULL)
        return false;
    size = strlen(path + n);
    if (size < 5 || size >= 128 || path[n] == '.' ||
        strcmp(path + n + size - 4, ".sql") != 0)
        return false;
    memcpy(out, path + n, size - 4);
    out[size - 4] = '\0';
    return true;
}

static enum kura_rc set_broken(struct kura_hunt_set *s,
                               const struct kura_err *cause,
                               struct kura_err *err)
{
    struct kura_err *grown =
        realloc(s->broken, (s->broken_count + 1) * sizeof(*grown));

    if (grown == NULL)
        return kura_err_nomem(err);
    s->broken = grown;
    grown[s->broken_count++] = *cause;
    return KURA_OK;
}

/* Takes h over; one of the same name makes way. */
static enum kura_rc set_put(struct kura_hunt_set *s, struct kura_hunt *h,
                            struct kura_err *err)
{
    struct kura_hunt **grown;
    size_t i;

    for (i = 0; i < s->count; i++)
        if (strcmp(s->list[i]->name, h->name) == 0) {
            kura_hunt_free(s->list[i]);
            s->list[i] = h;
            return KURA_OK;
        }
    grown = realloc(s->list, (s->count + 1) * sizeof(struct kura_hunt *));
    if (grown == NULL || s->count == SET_HUNTS_MAX) {
        s->list = grown != NULL ? grown : s->list;
        kura_hunt_free(h);
        return grown == NULL ? kura_err_nomem(err)
                             : kura_err_set(err, KURA_EINPUT,
                                            "there are more than %d hunts",
                                            SET_HUNTS_MAX);
    }
    s->list = grown;
    grown[s->count++] = h;
    return KURA_OK;
}

static enum kura_rc set_add(struct kura_hunt_set *s, const char *name,
                            const char *file, const char *text, size_t n,
                            bool built_in, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_hunt *h = NULL;
    enum kura_rc rc = kura_hunt_parse(name, file, text, n, &h, &cause);

    if (rc == KURA_EINPUT)
        return set_broken(s, &cause, err);
    if (rc != KURA_OK)
        return kura_err_set(err, rc, "%s", cause.msg);
    h->built_in = built_in;
    return set_put(s, h, err);
}

static enum kura_rc set_built_in(struct kura_hunt_set *s, struct kura_err *err)
{
    const struct kura_embedded *e;
    enum kura_rc rc = KURA_OK;
    char name[128];

    for (e = kura_embedded; rc == KURA_OK && e->path != NULL; e++)
        if (name_of(e->path, "sql/hunts/", name))
            rc = set_add(s, name, e->path, e->text, e->size, true, err);
    return rc;
}

/* Opening a pipe that nobody writes to would wait for ever. */
static enum kura_rc set_read(const char *path, struct kura_buf *out,
                             struct kura_err *err)
{
    struct stat st;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return kura_err_set(err, KURA_EINPUT, "'%s' is no regular file", path);
    return kura_fs_read(path, out, err);
}

static enum kura_rc set_file(struct kura_hunt_set *s, const char *dir,
                             const char *entry, struct kura_err *err)
{
    struct kura_err cause = KURA_ERR_INIT;
    struct kura_buf path, text;
    char name[128];
    enum kura_rc rc;

    if (!name_of(entry, "", name))
        return KURA_OK;
    kura_buf_init(&path, SET_PATH_MAX);
    kura_buf_init(&text, SET_FILE_MAX);
    rc = kura_buf_printf(&path, err, "%s/%s", dir, entry);
    if (rc == KURA_OK && set_read(path.data, &text, &cause) != KURA_OK)
        rc = set_broken(s, &cause, err);
    else if (rc == KURA_OK)
        rc = set_add(s, name, path.data, text.data, text.len, false, err);
    kura_buf_release(&text);
    kura_buf_release(&path);
    return rc;
}

static enum kura_rc set_folder(struct kura_hunt_set *s, const char *dir,
                               struct kura_err *err)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    enum kura_rc rc = KURA_OK;

    if (d == NULL && errno == ENOENT)
        return KURA_OK;
    if (d == NULL)
        return kura_err_sys(err, errno, "cannot read '%s'", dir);
    while (rc == KURA_OK && (e = readdir(d)) != NULL)
        rc = set_file(s, dir, e->d_name, err);
    (void)closedir(d);
    return rc;
}

static int hunt_cmp(const void *a, const void *b)
{
    const struct kura_hunt *const *x = a;
    const struct kura_hunt *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

enum kura_rc kura_hunt_set_load(const char *dir, struct kura_hunt_set *out,
                                struct kura_err *err)
{
    struct kura_buf path;
    enum kura_rc rc;

    memset(out, 0, sizeof(*out));
    kura_buf_init(&path, SET_PATH_MAX);
    rc = set_built_in(out, err);
    if (rc == KURA_OK && dir != NULL) {
        rc = kura_buf_printf(&path, err, "%s/hunts", dir);
        if (rc == KURA_OK)
            rc = set_folder(out, path.data, err);
    }
    kura_buf_release(&path);
    if (rc != KURA_OK)
        kura_hunt_set_release(out);
    else if (out->count > 1)
        qsort(out->list, out->count, sizeof(struct kura_hunt *), hunt_cmp);
    return rc;
}

void kura_hunt_set_release(struct kura_hunt_set *s)
{
    size_t i;

    for (i = 0; i < s->count; i++)
        kura_hunt_free(s->list[i]);
    free(s->list);
    free(s->broken);
    memset(s, 0, sizeof(*s));
}

const struct kura_hunt *kura_hunt_set_find(const struct kura_hunt_set *s,
                                           const char *name)
{
    size_t i;

    for (i = 0; i < s->count; i++)
        if (strcmp(s->list[i]->name, name) == 0)
            return s->list[i];
    return NULL;
}

/* --- Checking one ------------------------------------------------------- */

static enum kura_rc check_fail(const struct kura_hunt *h, size_t line,
                               const char *what, const char *about,
                               struct kura_err *err)
{
    return kura_err_set(err, KURA_EINPUT, "%s:%zu: %s '%.100s'", h->file, line,
                        what, about);
}

static bool result_has(sqlite3_stmt *stmt, const char *column)
{
    int i;

    for (i = 0; i < sqlite3_column_count(stmt); i++)
        if (sqlite3_stricmp(sqlite3_column_name(stmt, i), column) == 0)
            return true;
    return false;
}

static enum kura_rc check_columns(const struct kura_hunt *h, sqlite3_stmt *stmt,
                                  struct kura_err *err)
{
    struct kura_why_part part;
    const char *at = h->why;
    char column[64];
    enum kura_rc rc = KURA_OK;
    size_t i;
    int k, n = sqlite3_column_count(stmt);

    for (k = 0; k < n; k++)
        for (i = 0; i < (size_t)k; i++)
            if (sqlite3_stricmp(sqlite3_column_name(stmt, k),
                                sqlite3_column_name(stmt, (int)i)) == 0)
                return check_fail(h, h->sql_line, "two columns have the name",
                                  sqlite3_column_name(stmt, k), err);
    for (i = 0; i < h->key_count; i++)
        if (!result_has(stmt, h->keys[i]))
            return check_fail(h, h->key_line, "the result has no key column",
                              h->keys[i], err);
    while (rc == KURA_OK && kura_why_next(&at, &part)) {
        if (part.kind == KURA_WHY_BAD)
            return check_fail(h, h->why_line, "why: not understood:", part.text,
                              err);
        (void)snprintf(column, sizeof(column), "%.*s", (int)part.size,
                       part.text);
        if (part.kind != KURA_WHY_TEXT && !result_has(stmt, column))
            return check_fail(h, h->why_line, "the result has no column",
                              column, err);
    }
    return rc;
}

/* Every parameter of an evidence statement is a column of the result. */
static enum kura_rc check_evidence(const struct kura_hunt *h, size_t i,
                                   sqlite3 *db, sqlite3_stmt *result,
                                   struct kura_err *err)
{
    size_t line = i < h->evidence_count ? h->evidence[i].line : h->key_line;
    struct kura_err cause = KURA_ERR_INIT;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_hunt_prepare_evidence(h, i, db, &stmt, &cause);
    const char *name;
    int k;

    if (rc == KURA_EINPUT)
        rc = kura_err_set(err, rc, "%s:%zu: evidence: %s", h->file, line,
                          cause.msg);
    else if (rc != KURA_OK)
        rc = kura_err_set(err, rc, "%s", cause.msg);
    for (k = 1; rc == KURA_OK && k <= sqlite3_bind_parameter_count(stmt); k++) {
        name = sqlite3_bind_parameter_name(stmt, k);
        if (name == NULL || *name != ':' ||
            (!result_has(result, name + 1) && !kura_hunt_is_bound(h, name + 1)))
            rc = check_fail(h, line, "evidence: the result has no column",
                            name == NULL ? "?" : name + 1, err);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static enum kura_rc check_params(const struct kura_hunt *h, sqlite3_stmt *stmt,
                                 struct kura_err *err)
{
    size_t i;
    int k;

    for (k = 1; k <= sqlite3_bind_parameter_count(stmt); k++) {
        const char *name = sqlite3_bind_parameter_name(stmt, k);

        if (name == NULL || *name != ':' || !kura_hunt_is_bound(h, name + 1))
            return check_fail(h, h->sql_line, "the header has no parameter",
                              name == NULL ? "?" : name, err);
    }
    for (i = 0; i < h->param_count; i++) {
        char name[80];

        (void)snprintf(name, sizeof(name), ":%s", h->params[i].name);
        if (sqlite3_bind_parameter_index(stmt, name) == 0)
            return check_fail(h, h->sql_line,
                              "the statement does not use the parameter",
                              h->params[i].name, err);
    }
    return KURA_OK;
}

enum kura_rc kura_hunt_check(const struct kura_hunt *h, sqlite3 *db,
                             struct kura_err *err)
{
    size_t i, n = h->evidence_count == 0 ? 1 : h->evidence_count;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_hunt_prepare(h, db, &stmt, err);

    if (rc == KURA_OK)
        rc = check_params(h, stmt, err);
    if (rc == KURA_OK)
        rc = check_columns(h, stmt, err);
    for (i = 0; rc == KURA_OK && i < n; i++)
        rc = check_evidence(h, i, db, stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}
