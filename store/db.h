/* db.h - the few things that every user of a SQLite file needs: open it, run
 * SQL, and turn what SQLite says into an error that names the file.
 *
 * A connection is a plain sqlite3 *, closed with sqlite3_close.  It belongs to
 * one thread (SQLITE_OPEN_NOMUTEX).  Errors: full disk and system calls are
 * KURA_EIO, damage is KURA_ECORRUPT, a lock that another process kept through
 * the timeout is KURA_EBUSY, an interrupt is KURA_ESTOPPED. */
#ifndef KURA_STORE_DB_H
#define KURA_STORE_DB_H

#include "base/err.h"
#include "store/location.h"
#include "store/sqlite.h"

#include <stdbool.h>
#include <stdint.h>

#define KURA_DB_TIMEOUT_MS 10000

/* "kura": the application_id of a partition, and its user_version. */
#define KURA_PARTITION_APPLICATION_ID 0x6B757261
#define KURA_PARTITION_VERSION 1

/* `flags` are those of sqlite3_open_v2: SQLITE_OPEN_READONLY, or
 * SQLITE_OPEN_READWRITE with or without SQLITE_OPEN_CREATE.  A missing file is
 * KURA_ENOTFOUND (unless created), one that is no database KURA_ECORRUPT.
 * Sets the busy timeout; refuses what a hostile schema could do.
 * Writable: synchronous=FULL, and the WAL stays in place after closing, so that
 * somebody who may not write can still read; the caller chooses page_size and
 * journal_mode.  Read-only: needs no permission to write file or directory. */
enum kura_rc kura_db_open(const char *path, int flags, sqlite3 **out,
                          struct kura_err *err);

/* Opens what lies there read-only: a plain database (size 0) as above, a
 * compressed one through the VFS of zvfs.h. */
enum kura_rc kura_db_open_at(const struct kura_location *at, sqlite3 **out,
                             struct kura_err *err);
/* The same for a partition that is read without its view, 20 times as fast. */
enum kura_rc kura_db_open_lean(const struct kura_location *at, sqlite3 **out,
                               struct kura_err *err);

/* Checks application_id and user_version: KURA_EINPUT when it is no file of
 * that kind, or when a newer kura wrote it. */
enum kura_rc kura_db_check(sqlite3 *db, int64_t application_id, int64_t version,
                           struct kura_err *err);

/* Runs statements that give no rows (rows are dropped). */
enum kura_rc kura_db_exec(sqlite3 *db, const char *sql, struct kura_err *err);

/* Prepares one statement; the caller finalizes it. */
enum kura_rc kura_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out,
                             struct kura_err *err);

/* One step: *row says whether there is a row.  After the last row and after
 * an error the statement is reset (its bindings stay). */
enum kura_rc kura_db_step(sqlite3_stmt *stmt, bool *row, struct kura_err *err);

/* Runs a statement that gives no row, and resets it. */
enum kura_rc kura_db_step_done(sqlite3_stmt *stmt, struct kura_err *err);

/* Runs one statement that gives no row with its parameters ?1 ... bound: each a
 * text, or where that is NULL a number. */
struct kura_value {
    const char *text;
    int64_t number;
};
enum kura_rc kura_db_run(sqlite3 *db, const char *sql,
                         const struct kura_value *values, int n,
                         struct kura_err *err);

/* The one integer that `sql` gives; no row is KURA_ENOTFOUND. */
enum kura_rc kura_db_integer(sqlite3 *db, const char *sql, int64_t *out,
                             struct kura_err *err);

/* Records "WHAT 'FILE': MESSAGE" for the last error of db, for example with
 * what = "cannot read"; returns the matching rc. */
enum kura_rc kura_db_error(sqlite3 *db, const char *what, struct kura_err *err);

#endif
