/* zvfs.c - SQLite reads a compressed partition as if it were plain.
 *
 * The location does not go through the file name, which may hold any byte and
 * is the same for all members of a volume: the opening thread leaves it, and
 * takes the words of a failure, in zvfs_opening.  sqlite3_open_v2 opens the
 * file before it returns.
 *
 * Temporary files of a connection (sorting) go to the default VFS. */
#include "store/zvfs.h"

#include "store/seekable.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define ZVFS_NAME "kura-zst"
#define ZVFS_PATH_MAX 4096
#define ZVFS_SECTOR 4096

struct zvfs_file {
    sqlite3_file base; /* first, as SQLite wants it */
    struct kura_seekable *seekable;
    struct kura_err err; /* of the last read */
};

struct zvfs_opening {
    const struct kura_location *at;
    struct kura_err *err;
};

/* Set while kura_zvfs_open is in sqlite3_open_v2. */
static _Thread_local struct zvfs_opening *zvfs_opening;

static int zvfs_code(enum kura_rc rc)
{
    switch (rc) {
    case KURA_OK:
        return SQLITE_OK;
    case KURA_ENOMEM:
        return SQLITE_IOERR_NOMEM;
    case KURA_ECORRUPT:
        return SQLITE_CORRUPT;
    default:
        return SQLITE_IOERR_READ;
    }
}

/* --- A file ----------------------------------------------------------- */

static int file_close(sqlite3_file *file)
{
    struct zvfs_file *f = (struct zvfs_file *)file;

    kura_seekable_close(f->seekable);
    f->seekable = NULL;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *to, int n, sqlite3_int64 offset)
{
    struct zvfs_file *f = (struct zvfs_file *)file;
    int64_t size = kura_seekable_size(f->seekable);
    int64_t left = offset < size ? size - offset : 0;
    size_t want = left < n ? (size_t)left : (size_t)n;
    enum kura_rc rc;

    f->err.rc = KURA_OK;
    rc = want == 0 ? KURA_OK
                   : kura_seekable_read(f->seekable, offset, to, want, &f->err);
    /* SQLite reads the header before it has opened: a failure there closes the
     * file, and its words with it. */
    if (rc != KURA_OK && zvfs_opening != NULL)
        (void)kura_err_set(zvfs_opening->err, rc, "%s", f->err.msg);
    if (rc != KURA_OK)
        return zvfs_code(rc);
    if (want == (size_t)n)
        return SQLITE_OK;
    memset((char *)to + want, 0, (size_t)n - want);
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *from, int n,
                      sqlite3_int64 offset)
{
    (void)file;
    (void)from;
    (void)n;
    (void)offset;
    return SQLITE_READONLY;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    (void)file;
    (void)size;
    return SQLITE_READONLY;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out)
{
    *out = kura_seekable_size(((struct zvfs_file *)file)->seekable);
    return SQLITE_OK;
}

/* Syncing, locking and unlocking have nothing to do. */
static int file_nothing(sqlite3_file *file, int what)
{
    (void)file;
    (void)what;
    return SQLITE_OK;
}

static int file_is_reserved(sqlite3_file *file, int *out)
{
    (void)file;
    *out = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int what, void *arg)
{
    (void)file;
    (void)what;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file)
{
    (void)file;
    return ZVFS_SECTOR;
}

/* Immutable: SQLite looks for no journal, believes a WAL header to be stale,
 * and does not read page 1 again for every statement. */
static int file_traits(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods zvfs_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_nothing,
    .xFileSize = file_size,
    .xLock = file_nothing,
    .xUnlock = file_nothing,
    .xCheckReservedLock = file_is_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

/* --- The VFS ---------------------------------------------------------- */

static sqlite3_vfs *vfs_base(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                    int flags, int *out_flags)
{
    struct zvfs_file *f = (struct zvfs_file *)file;
    struct zvfs_opening *opening = zvfs_opening;
    enum kura_rc rc;

    file->pMethods = NULL; /* nothing to close after a failure */
    if (name == NULL)
        return vfs_base(vfs)->xOpen(vfs_base(vfs), name, file, flags,
                                    out_flags);
    if (opening == NULL || (flags & SQLITE_OPEN_MAIN_DB) == 0)
        return SQLITE_CANTOPEN;
    memset(f, 0, sizeof(*f));
    rc = kura_seekable_open(opening->at, KURA_ZVFS_FRAMES, &f->seekable,
                            opening->err);
    if (rc != KURA_OK)
        return rc == KURA_ENOMEM ? SQLITE_NOMEM : SQLITE_CANTOPEN;
    file->pMethods = &zvfs_methods;
    if (out_flags != NULL)
        *out_flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    (void)vfs;
    (void)name;
    (void)sync_dir;
    return SQLITE_READONLY;
}

/* There is no journal and no WAL beside the file, whatever lies there. */
static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    (void)name;
    (void)flags;
    *out = 0;
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int room, char *to)
{
    size_t n = strlen(name) + 1;

    (void)vfs;
    if (n > (size_t)room)
        return SQLITE_CANTOPEN;
    memcpy(to, name, n);
    return SQLITE_OK;
}

static void *vfs_dl_open(sqlite3_vfs *vfs, const char *name)
{
    (void)vfs;
    (void)name;
    return NULL;
}

static void vfs_dl_error(sqlite3_vfs *vfs, int room, char *to)
{
    (void)vfs;
    (void)snprintf(to, (size_t)room, "no extensions in a compressed partition");
}

static int vfs_randomness(sqlite3_vfs *vfs, int n, char *to)
{
    return vfs_base(vfs)->xRandomness(vfs_base(vfs), n, to);
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    return vfs_base(vfs)->xSleep(vfs_base(vfs), us);
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    return vfs_base(vfs)->xCurrentTime(vfs_base(vfs), out);
}

static int vfs_last_error(sqlite3_vfs *vfs, int room, char *to)
{
    (void)vfs;
    (void)room;
    (void)to;
    return 0;
}

static sqlite3_vfs zvfs = {
    .iVersion = 1,
    .mxPathname = ZVFS_PATH_MAX,
    .zName = ZVFS_NAME,
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_path,
    .xDlOpen = vfs_dl_open,
    .xDlError = vfs_dl_error,
    .xRandomness = vfs_randomness,
    .xSleep = vfs_sleep,
    .xCurrentTime = vfs_time,
    .xGetLastError = vfs_last_error,
};

static pthread_mutex_t zvfs_lock = PTHREAD_MUTEX_INITIALIZER;
static bool zvfs_is_registered;

static enum kura_rc zvfs_register(struct kura_err *err)
{
    int code = SQLITE_OK;

    (void)pthread_mutex_lock(&zvfs_lock);
    if (!zvfs_is_registered) {
        sqlite3_vfs *base = sqlite3_vfs_find(NULL);
        int room = (int)sizeof(struct zvfs_file);

        if (base == NULL) {
            code = SQLITE_ERROR;
        } else {
            zvfs.pAppData = base;
            zvfs.szOsFile = base->szOsFile > room ? base->szOsFile : room;
            code = sqlite3_vfs_register(&zvfs, 0);
        }
        zvfs_is_registered = code == SQLITE_OK;
    }
    (void)pthread_mutex_unlock(&zvfs_lock);
    if (code == SQLITE_NOMEM)
        return kura_err_nomem(err);
    if (code != SQLITE_OK)
        return kura_err_set(err, KURA_EIO,
                            "cannot register the file system for compressed "
                            "partitions");
    return KURA_OK;
}

#ifdef KURA_MODULE
/* The host unloads the module with the last connection that loaded it, and
 * keeps its list of file systems. */
__attribute__((destructor)) static void zvfs_unregister(void)
{
    if (zvfs_is_registered)
        (void)sqlite3_vfs_unregister(&zvfs);
}
#endif

/* --- Opening ---------------------------------------------------------- */

enum kura_rc kura_zvfs_open(const struct kura_location *at, sqlite3 **out,
                            struct kura_err *err)
{
    /* A cache shared by name would mix the members of a volume. */
    int flags =
        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    struct kura_err why = KURA_ERR_INIT;
    struct zvfs_opening opening = {at, &why};
    enum kura_rc rc = zvfs_register(err);
    sqlite3 *db = NULL;
    int code;

    if (rc != KURA_OK)
        return rc;
    zvfs_opening = &opening;
    code = sqlite3_open_v2(at->path, &db, flags, ZVFS_NAME);
    zvfs_opening = NULL;
    if (code == SQLITE_OK) {
        *out = db;
        return KURA_OK;
    }
    if (why.rc != KURA_OK)
        rc = kura_err_set(err, why.rc, "%s", why.msg);
    else if (db == NULL || code == SQLITE_NOMEM)
        rc = kura_err_nomem(err);
    else
        rc = kura_err_set(err, KURA_EIO, "cannot open '%s': %s", at->path,
                          sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    return rc;
}

enum kura_rc kura_zvfs_error(sqlite3 *db, struct kura_err *err)
{
    sqlite3_file *file = NULL;
    const struct zvfs_file *f;

    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
            SQLITE_OK ||
        file == NULL || file->pMethods != &zvfs_methods)
        return KURA_OK;
    f = (const struct zvfs_file *)file;
    if (f->err.rc == KURA_OK)
        return KURA_OK;
    return kura_err_set(err, f->err.rc, "%s", f->err.msg);
}
