/* db.c - opening SQLite files and translating SQLite's errors. */
#include "store/db.h"

#include "store/zvfs.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

static const char *db_name(sqlite3 *db)
{
    const char *name = sqlite3_db_filename(db, "main");

    return name == NULL || name[0] == '\0' ? "(memory)" : name;
}

static enum kura_rc db_rc(int code)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return KURA_ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return KURA_EBUSY;
    case SQLITE_INTERRUPT:
    case SQLITE_ABORT:
        return KURA_ESTOPPED;
    case SQLITE_ERROR: /* an unknown table or column: not the file it claims */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return KURA_ECORRUPT;
    default:
        return KURA_EIO;
    }
}

/* Why a compressed partition could not be read, in the words of its reader;
 * KURA_OK when the error is another. */
static enum kura_rc db_read_error(sqlite3 *db, int code, struct kura_err *err)
{
    code &= 0xff;
    if (code != SQLITE_CORRUPT && code != SQLITE_IOERR && code != SQLITE_NOMEM)
        return KURA_OK;
    return kura_zvfs_error(db, err);
}

enum kura_rc kura_db_error(sqlite3 *db, const char *what, struct kura_err *err)
{
    int code = sqlite3_extended_errcode(db);
    enum kura_rc rc = db_read_error(db, code, err);

    if (rc != KURA_OK)
        return rc;
    rc = db_rc(code);
    if (rc == KURA_ENOMEM)
        return kura_err_nomem(err);
    return kura_err_set(err, rc, "%s '%s': %s", what, db_name(db),
                        sqlite3_errmsg(db));
}

/* The same before there is a file that SQLite could name. */
static enum kura_rc db_open_error(sqlite3 *db, const char *path,
                                  struct kura_err *err)
{
    enum kura_rc rc = db_rc(sqlite3_extended_errcode(db));

    if (rc == KURA_ENOMEM)
        return kura_err_nomem(err);
    return kura_err_set(err, rc, "cannot open '%s': %s", path,
                        sqlite3_errmsg(db));
}

/* Makes SQLite look at the file, which opening alone does not. */
static int db_touch(sqlite3 *db)
{
    return sqlite3_exec(db, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL,
                        NULL);
}

/* The view of a partition is 36 KB of SQL, and parsing it is most of the work
 * of opening one (1.3 of 1.4 ms).  Whoever does without gives the parser a
 * limit below it, and bears that the schema has errors: a table that is missing
 * then is one that SQLite does not know. */
#define SCHEMA_SQL_MAX 4096

static int db_touch_lean(sqlite3 *db)
{
    int limit = sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, SCHEMA_SQL_MAX);
    int code;

    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
    code = db_touch(db);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0, NULL);
    (void)sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, limit);
    return code;
}

/* True when everything that the database holds is in the file itself. */
static bool db_is_whole(const char *path)
{
    char *wal = sqlite3_mprintf("%s-wal", path);
    struct stat st;
    bool whole = false;

    if (wal != NULL)
        whole = stat(wal, &st) != 0 ? errno == ENOENT : st.st_size == 0;
    sqlite3_free(wal);
    return whole;
}

/* "file:PATH?immutable=1" with what a URI gives a meaning to escaped. */
static char *db_immutable_uri(const char *path)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    const char *p;

    sqlite3_str_appendall(s, path[0] == '/' ? "file://" : "file:");
    for (p = path; *p != '\0'; p++) {
        if (*p == '%' || *p == '?' || *p == '#')
            sqlite3_str_appendf(s, "%%%02x", (unsigned)(unsigned char)*p);
        else
            sqlite3_str_appendchar(s, 1, *p);
    }
    sqlite3_str_appendall(s, "?immutable=1");
    return sqlite3_str_finish(s);
}

/* A WAL database whose -shm cannot be made (no permission to write there)
 * opens only as immutable; that is right while its WAL is empty. */
static enum kura_rc db_open_immutable(const char *path, int flags,
                                      int (*touch)(sqlite3 *db), sqlite3 **out,
                                      struct kura_err *err)
{
    char *uri = db_immutable_uri(path);
    enum kura_rc rc = KURA_OK;

    *out = NULL;
    if (uri == NULL)
        return kura_err_nomem(err);
    if (sqlite3_open_v2(uri, out, flags | SQLITE_OPEN_URI, NULL) != SQLITE_OK ||
        touch(*out) != SQLITE_OK)
        rc =
            *out == NULL ? kura_err_nomem(err) : db_open_error(*out, path, err);
    sqlite3_free(uri);
    return rc;
}

static enum kura_rc db_configure(sqlite3 *db, bool writable,
                                 struct kura_err *err)
{
    enum kura_rc rc;
    int on = 1;

    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, writable, NULL);
    rc = kura_db_exec(db, "PRAGMA cell_size_check=ON", err);
    if (rc != KURA_OK || !writable)
        return rc;
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
    return kura_db_exec(db, "PRAGMA synchronous=FULL", err);
}

static enum kura_rc db_open(const char *path, int flags,
                            int (*touch)(sqlite3 *db), sqlite3 **out,
                            struct kura_err *err)
{
    bool writable = (flags & SQLITE_OPEN_READWRITE) != 0;
    int code;

    code = sqlite3_open_v2(path, out, flags, NULL);
    if (*out == NULL)
        return kura_err_nomem(err);
    (void)sqlite3_busy_timeout(*out, KURA_DB_TIMEOUT_MS);
    if (code == SQLITE_OK)
        code = touch(*out);
    if (code == SQLITE_OK)
        return KURA_OK;
    code &= 0xff;
    if (writable || (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) ||
        !db_is_whole(path))
        return db_open_error(*out, path, err);
    (void)sqlite3_close(*out);
    return db_open_immutable(path, flags, touch, out, err);
}

static enum kura_rc db_open_file(const char *path, int flags,
                                 int (*touch)(sqlite3 *db), sqlite3 **out,
                                 struct kura_err *err)
{
    sqlite3 *db = NULL;
    struct stat st;
    enum kura_rc rc;

    *out = NULL;
    if ((flags & SQLITE_OPEN_CREATE) == 0 && stat(path, &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return kura_err_set(err, KURA_ENOTFOUND,
                                "cannot open '%s': no such file", path);
        return kura_err_sys(err, errno, "cannot open '%s'", path);
    }
    flags |= SQLITE_OPEN_NOMUTEX;
    rc = db_open(path, flags, touch, &db, err);
    if (rc == KURA_OK)
        rc = db_configure(db, (flags & SQLITE_OPEN_READWRITE) != 0, err);
    if (rc == KURA_OK) {
        *out = db;
        db = NULL;
    }
    (void)sqlite3_close(db); /* NULL is a no-op */
    return rc;
}

enum kura_rc kura_db_open(const char *path, int flags, sqlite3 **out,
                          struct kura_err *err)
{
    return db_open_file(path, flags, db_touch, out, err);
}

static enum kura_rc db_open_at(const struct kura_location *at,
                               int (*touch)(sqlite3 *db), sqlite3 **out,
                               struct kura_err *err)
{
    sqlite3 *db = NULL;
    enum kura_rc rc;

    *out = NULL;
    if (at->size == 0)
        return db_open_file(at->path, SQLITE_OPEN_READONLY, touch, out, err);
    rc = kura_zvfs_open(at, &db, err);
    if (rc != KURA_OK)
        return rc;
    rc = db_configure(db, false, err);
    if (rc == KURA_OK && touch(db) != SQLITE_OK)
        rc = kura_db_error(db, "cannot open", err);
    if (rc == KURA_OK)
        *out = db;
    else
        (void)sqlite3_close(db);
    return rc;
}

enum kura_rc kura_db_open_at(const struct kura_location *at, sqlite3 **out,
                             struct kura_err *err)
{
    return db_open_at(at, db_touch, out, err);
}

enum kura_rc kura_db_open_lean(const struct kura_location *at, sqlite3 **out,
                               struct kura_err *err)
{
    return db_open_at(at, db_touch_lean, out, err);
}

enum kura_rc kura_db_check(sqlite3 *db, int64_t application_id, int64_t version,
                           struct kura_err *err)
{
    int64_t id, v;
    enum kura_rc rc;

    rc = kura_db_integer(db, "PRAGMA application_id", &id, err);
    if (rc == KURA_OK)
        rc = kura_db_integer(db, "PRAGMA user_version", &v, err);
    if (rc != KURA_OK)
        return rc;
    if (id != application_id)
        return kura_err_set(err, KURA_EINPUT,
                            "'%s' is not a kura file of the kind wanted here",
                            db_name(db));
    if (v != version)
        return kura_err_set(err, KURA_EINPUT,
                            "'%s' has format version %lld, this kura reads "
                            "version %lld",
                            db_name(db), (long long)v, (long long)version);
    return KURA_OK;
}

enum kura_rc kura_db_exec(sqlite3 *db, const char *sql, struct kura_err *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return kura_db_error(db, "cannot use", err);
    return KURA_OK;
}

enum kura_rc kura_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out,
                             struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt,
                           NULL) != SQLITE_OK)
        return kura_db_error(db, "cannot use", err);
    *out = stmt;
    return KURA_OK;
}

enum kura_rc kura_db_step(sqlite3_stmt *stmt, bool *row, struct kura_err *err)
{
    int code = sqlite3_step(stmt);
    enum kura_rc rc = KURA_OK;

    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return KURA_OK;
    if (code != SQLITE_DONE)
        rc = kura_db_error(sqlite3_db_handle(stmt), "cannot use", err);
    (void)sqlite3_reset(stmt);
    return rc;
}

enum kura_rc kura_db_step_done(sqlite3_stmt *stmt, struct kura_err *err)
{
    enum kura_rc rc;
    bool row;

    rc = kura_db_step(stmt, &row, err);
    (void)sqlite3_reset(stmt);
    return rc;
}

enum kura_rc kura_db_run(sqlite3 *db, const char *sql,
                         const struct kura_value *values, int n,
                         struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc = kura_db_prepare(db, sql, &stmt, err);
    int i;

    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < n; i++) {
        if (values[i].text != NULL)
            (void)sqlite3_bind_text(stmt, i + 1, values[i].text, -1,
                                    SQLITE_STATIC);
        else
            (void)sqlite3_bind_int64(stmt, i + 1, values[i].number);
    }
    rc = kura_db_step_done(stmt, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_db_integer(sqlite3 *db, const char *sql, int64_t *out,
                             struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    bool row = false;

    rc = kura_db_prepare(db, sql, &stmt, err);
    if (rc == KURA_OK)
        rc = kura_db_step(stmt, &row, err);
    if (rc == KURA_OK && !row)
        rc = kura_err_set(err, KURA_ENOTFOUND, "'%s' has no such value",
                          db_name(db));
    if (rc == KURA_OK)
        *out = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return rc;
}
