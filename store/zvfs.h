/* zvfs.h - the read-only VFS of SQLite under which a compressed partition is a
 * database, alone or at its offset in a volume.
 *
 * Registered once a process as "kura-zst", never the default.  A file opened
 * through it never changes: no locks, no journal, no WAL,
 * SQLITE_IOCAP_IMMUTABLE. Only the frames that SQLite touches are inflated;
 * KURA_ZVFS_FRAMES of them are kept per open file, so memory is bounded by the
 * number of open files. Damage is SQLITE_CORRUPT, a system call that fails
 * SQLITE_IOERR, and kura_zvfs_error tells the words of seekable.h for the
 * connection's file.
 *
 * Only kura_zvfs_open opens files through it: neither a URI nor ATTACH does. */
#ifndef KURA_STORE_ZVFS_H
#define KURA_STORE_ZVFS_H

#include "base/err.h"
#include "store/location.h"
#include "store/sqlite.h"

#define KURA_ZVFS_FRAMES 32

/* Opens a compressed partition read-only; registers the VFS at the first call
 * (any thread).  The path is absolute.  The connection is closed with
 * sqlite3_close.  Reads the seek table only, and sets nothing on the
 * connection: kura_db_open_at (db.h) is what others call.  A missing file is
 * KURA_ENOTFOUND, one that is no such file KURA_ECORRUPT. */
enum kura_rc kura_zvfs_open(const struct kura_location *at, sqlite3 **out,
                            struct kura_err *err);
/* Why the last read of db's file failed: sets *err and returns its rc, KURA_OK
 * when the VFS saw no failure or db is not of it. */
enum kura_rc kura_zvfs_error(sqlite3 *db, struct kura_err *err);

#endif
