/* casefile.c - case.db. */
#include "store/casefile.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/embedded.h"
#include "base/fs.h"
#include "base/num.h"
#include "store/casefile_internal.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CASE_NAME "case.db"
#define CASE_APPLICATION_ID 0x6B756361 /* "kuca" */
#define CASE_PATH_MAX 65536
#define CASE_SUBJECT 512

const char *kura_owner(void)
{
    static char name[64]; /* of the process: written once with one value */
    const struct passwd *pw = getpwuid(getuid());

    if (name[0] == '\0' && pw != NULL && pw->pw_name[0] != '\0')
        (void)snprintf(name, sizeof(name), "%s", pw->pw_name);
    else if (name[0] == '\0')
        (void)snprintf(name, sizeof(name), "uid %ld", (long)getuid());
    return name;
}

/* --- Opening ----------------------------------------------------------- */

/* The number of "sql/case/2-hunts.sql": 2; 0 for other files. */
static int64_t case_step(const struct kura_embedded *e)
{
    static const char folder[] = "sql/case/";
    int64_t n = 0;

    if (strncmp(e->path, folder, sizeof(folder) - 1) != 0)
        return 0;
    return kura_num_parse(e->path + sizeof(folder) - 1,
                          strspn(e->path + sizeof(folder) - 1, "0123456789"),
                          &n)
               ? n
               : 0;
}

/* The version that this kura reads: the number of the last step. */
static int64_t case_version(void)
{
    const struct kura_embedded *e;
    int64_t last = 0;

    for (e = kura_embedded; e->path != NULL; e++)
        if (case_step(e) > last)
            last = case_step(e);
    return last;
}

static enum kura_rc case_take_step(sqlite3 *db, int64_t number,
                                   struct kura_err *err)
{
    const struct kura_embedded *e;

    for (e = kura_embedded; e->path != NULL; e++)
        if (case_step(e) == number)
            return kura_db_exec(db, e->text, err);
    return kura_err_set(err, KURA_ENOTFOUND,
                        "there is no step %" PRId64 " of case.db", number);
}

/* The tables of case.db in db, or those that an older version lacks. */
static enum kura_rc case_schema(sqlite3 *db, struct kura_err *err)
{
    int64_t version = 0, step, last = case_version();
    char pragmas[96];
    enum kura_rc rc = kura_db_integer(db, "PRAGMA user_version", &version, err);

    for (step = version + 1; rc == KURA_OK && step <= last; step++)
        rc = case_take_step(db, step, err);
    if (rc != KURA_OK || version >= last)
        return rc;
    (void)snprintf(pragmas, sizeof(pragmas),
                   "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
                   CASE_APPLICATION_ID, last);
    return kura_db_exec(db, pragmas, err);
}

/* In one transaction, so that a file with the application id is a whole one. */
static enum kura_rc case_make(sqlite3 *db, struct kura_err *err)
{
    enum kura_rc rc =
        kura_db_exec(db, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE", err);

    if (rc != KURA_OK)
        return rc;
    rc = case_schema(db, err);
    if (rc == KURA_OK)
        rc = kura_db_exec(db, "COMMIT", err);
    if (rc != KURA_OK)
        (void)kura_db_exec(db, "ROLLBACK", NULL);
    return rc;
}

/* What an older kura wrote is brought up to date by whoever may write; a reader
 * who may not is told. */
static enum kura_rc case_upgrade(const char *path, struct kura_err *err)
{
    sqlite3 *db = NULL;
    enum kura_rc rc = kura_db_open(path, SQLITE_OPEN_READWRITE, &db, err);

    if (rc == KURA_OK)
        rc = case_make(db, err);
    (void)sqlite3_close(db);
    if (rc != KURA_OK)
        kura_err_hint(err, "an older kura made this file; any command run by "
                           "its owner brings it up to date");
    return rc;
}

static enum kura_rc case_open(struct kura_casefile *c, const char *path,
                              bool write, struct kura_err *err)
{
    bool there = kura_fs_exists(path);
    int64_t id = 0, version = 0;
    enum kura_rc rc;

    if (!there && !write)
        return KURA_OK;
    rc = kura_db_open(path,
                      write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                            : SQLITE_OPEN_READONLY,
                      &c->db, err);
    /* SQLite opens what may not be written for reading, without a word. */
    if (rc == KURA_OK && write && sqlite3_db_readonly(c->db, "main") == 1)
        rc = kura_err_set(err, KURA_EIO, "'%s' may not be written", path);
    if (rc == KURA_OK)
        rc = kura_db_integer(c->db, "PRAGMA application_id", &id, err);
    if (rc == KURA_OK)
        rc = kura_db_integer(c->db, "PRAGMA user_version", &version, err);
    if (rc == KURA_OK && id == 0 && !write) { /* being made */
        (void)sqlite3_close(c->db);
        c->db = NULL;
        return KURA_OK;
    }
    if (rc == KURA_OK && (id == 0 || id == CASE_APPLICATION_ID) &&
        version < case_version())
        rc = write ? case_make(c->db, err) : case_upgrade(path, err);
    if (rc == KURA_OK)
        rc = kura_db_check(c->db, CASE_APPLICATION_ID, case_version(), err);
    return rc;
}

enum kura_rc kura_casefile_open(const char *dir, bool write,
                                struct kura_casefile **out,
                                struct kura_err *err)
{
    struct kura_casefile *c = calloc(1, sizeof(*c));
    struct kura_buf path;
    enum kura_rc rc;

    if (c == NULL)
        return kura_err_nomem(err);
    kura_buf_init(&path, CASE_PATH_MAX);
    rc = kura_buf_printf(&path, err, "%s/%s", dir, CASE_NAME);
    if (rc == KURA_OK)
        rc = case_open(c, path.data, write, err);
    kura_buf_release(&path);
    if (rc == KURA_OK)
        *out = c;
    else
        kura_casefile_close(c);
    return rc;
}

void kura_casefile_close(struct kura_casefile *c)
{
    if (c == NULL)
        return;
    (void)sqlite3_close(c->db);
    free(c);
}

bool kura_casefile_is_missing(const struct kura_casefile *c)
{
    return c->db == NULL;
}

sqlite3 *kura_casefile_db(struct kura_casefile *c)
{
    return c->db;
}

/* A file: URI of the path, to be read only. */
static enum kura_rc case_uri(const char *path, struct kura_buf *out,
                             struct kura_err *err)
{
    enum kura_rc rc = kura_buf_puts(out, "file:", err);

    for (; rc == KURA_OK && *path != '\0'; path++)
        rc = strchr("%?#", *path) != NULL
                 ? kura_buf_printf(out, err, "%%%02X", (unsigned char)*path)
                 : kura_buf_putc(out, *path, err);
    return rc == KURA_OK ? kura_buf_puts(out, "?mode=ro", err) : rc;
}

enum kura_rc kura_case_attach(sqlite3 *db, const char *dir,
                              struct kura_err *err)
{
    struct kura_casefile *c = NULL;
    struct kura_buf path, uri;
    struct kura_value v;
    enum kura_rc rc;

    /* An older one is brought up to date by opening it. */
    rc = kura_casefile_open(dir, false, &c, err);
    if (rc != KURA_OK)
        return rc;
    if (kura_casefile_is_missing(c)) {
        kura_casefile_close(c);
        return case_schema(db, err);
    }
    kura_casefile_close(c);
    kura_buf_init(&path, CASE_PATH_MAX);
    kura_buf_init(&uri, 4 * CASE_PATH_MAX);
    rc = kura_buf_printf(&path, err, "%s/%s", dir, CASE_NAME);
    if (rc == KURA_OK)
        rc = case_uri(path.data, &uri, err);
    v.text = uri.data;
    v.number = 0;
    if (rc == KURA_OK)
        rc = kura_db_run(db, "ATTACH ?1 AS kura_case", &v, 1, err);
    kura_buf_release(&uri);
    kura_buf_release(&path);
    return rc;
}

/* --- Changes ----------------------------------------------------------- */

enum kura_rc kura_case_begin(struct kura_casefile *c, struct kura_err *err)
{
    if (c->db == NULL)
        return kura_err_set(err, KURA_EIO,
                            "case.db was opened for reading only");
    return kura_db_exec(c->db, "BEGIN IMMEDIATE", err);
}

enum kura_rc kura_case_end(struct kura_casefile *c, enum kura_rc rc,
                           struct kura_err *err)
{
    if (rc == KURA_OK)
        rc = kura_db_exec(c->db, "COMMIT", err);
    if (rc != KURA_OK)
        (void)kura_db_exec(c->db, "ROLLBACK", NULL);
    return rc;
}

enum kura_rc kura_case_trail(struct kura_casefile *c, int64_t now_us,
                             const char *owner, const char *what,
                             const char *subject, struct kura_err *err)
{
    const struct kura_value v[] = {
        {NULL, now_us}, {owner, 0}, {what, 0}, {subject, 0}};

    return kura_db_run(c->db,
                       "INSERT INTO audit (at, owner, what, subject) "
                       "VALUES (?, ?, ?, ?)",
                       v, 4, err);
}

/* KURA_ENOTFOUND unless the last statement changed one row. */
enum kura_rc kura_case_changed(struct kura_casefile *c, const char *what,
                               int64_t number, struct kura_err *err)
{
    if (sqlite3_changes(c->db) == 1)
        return KURA_OK;
    return kura_err_set(err, KURA_ENOTFOUND, "there is no %s %" PRId64, what,
                        number);
}

enum kura_rc kura_audit(struct kura_casefile *c, int64_t now_us,
                        const char *owner, const char *what,
                        const char *subject, struct kura_err *err)
{
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    return kura_case_end(
        c, kura_case_trail(c, now_us, owner, what, subject, err), err);
}

/* "case 'X', proxy 2025-01-01 to 2025-03-31", for the trail. */
static void case_subject(const char *kind, int64_t number, const char *name,
                         const char *table, int64_t first, int64_t last,
                         char out[CASE_SUBJECT])
{
    char a[KURA_DAY_TEXT], b[KURA_DAY_TEXT];

    kura_day_format(first, a);
    kura_day_format(last, b);
    (void)snprintf(out, CASE_SUBJECT,
                   "%s %" PRId64 ": %s %s to %s, case '%.300s'", kind, number,
                   *table == '\0' ? "every table" : table, a, b, name);
}

enum kura_rc kura_hold_add(struct kura_casefile *c, struct kura_hold *h,
                           struct kura_err *err)
{
    const struct kura_value v[] = {{h->name, 0},         {h->table, 0},
                                   {NULL, h->first_day}, {NULL, h->last_day},
                                   {NULL, h->made_us},   {h->owner, 0}};
    char subject[CASE_SUBJECT];
    int64_t number = 0;
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(c->db,
                     "INSERT INTO hold (name, \"table\", first_day, last_day, "
                     "made_at, owner) VALUES (?, ?, ?, ?, ?, ?)",
                     v, 6, err);
    if (rc == KURA_OK) {
        number = sqlite3_last_insert_rowid(c->db);
        case_subject("hold", number, h->name, h->table, h->first_day,
                     h->last_day, subject);
        rc = kura_case_trail(c, h->made_us, h->owner, "hold-add", subject, err);
    }
    rc = kura_case_end(c, rc, err);
    if (rc == KURA_OK)
        h->number = number;
    return rc;
}

enum kura_rc kura_hold_remove(struct kura_casefile *c, int64_t number,
                              int64_t now_us, const char *owner,
                              struct kura_err *err)
{
    const struct kura_value v[] = {{NULL, number}, {NULL, now_us}};
    char subject[CASE_SUBJECT];
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(c->db,
                     "UPDATE hold SET removed_at = ?2 "
                     "WHERE number = ?1 AND removed_at IS NULL",
                     v, 2, err);
    if (rc == KURA_OK)
        rc = kura_case_changed(c, "hold", number, err);
    (void)snprintf(subject, sizeof(subject), "hold %" PRId64, number);
    if (rc == KURA_OK)
        rc = kura_case_trail(c, now_us, owner, "hold-remove", subject, err);
    return kura_case_end(c, rc, err);
}

enum kura_rc kura_lease_add(struct kura_casefile *c, struct kura_lease *l,
                            struct kura_err *err)
{
    const struct kura_value v[] = {{l->name, 0},         {l->owner, 0},
                                   {l->table, 0},        {NULL, l->first_day},
                                   {NULL, l->last_day},  {NULL, l->made_us},
                                   {NULL, l->expires_us}};
    char subject[CASE_SUBJECT];
    int64_t number = 0;
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(c->db,
                     "INSERT INTO lease (name, owner, \"table\", first_day, "
                     "last_day, made_at, expires_at, state) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, 'making')",
                     v, 7, err);
    if (rc == KURA_OK) {
        number = sqlite3_last_insert_rowid(c->db);
        case_subject("lease", number, l->name, l->table, l->first_day,
                     l->last_day, subject);
        rc =
            kura_case_trail(c, l->made_us, l->owner, "lease-add", subject, err);
    }
    rc = kura_case_end(c, rc, err);
    if (rc == KURA_OK)
        l->number = number;
    return rc;
}

enum kura_rc kura_lease_set_state(struct kura_casefile *c, int64_t number,
                                  const char *state, int64_t now_us,
                                  const char *owner, struct kura_err *err)
{
    const struct kura_value v[] = {{NULL, number}, {state, 0}};
    char subject[CASE_SUBJECT];
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(c->db, "UPDATE lease SET state = ?2 WHERE number = ?1", v,
                     2, err);
    if (rc == KURA_OK)
        rc = kura_case_changed(c, "lease", number, err);
    (void)snprintf(subject, sizeof(subject), "lease %" PRId64 " is %s", number,
                   state);
    if (rc == KURA_OK)
        rc = kura_case_trail(c, now_us, owner, "lease-state", subject, err);
    return kura_case_end(c, rc, err);
}

enum kura_rc kura_lease_extend(struct kura_casefile *c, int64_t number,
                               int64_t expires_us, int64_t now_us,
                               const char *owner, struct kura_err *err)
{
    const struct kura_value v[] = {{NULL, number}, {NULL, expires_us}};
    char subject[CASE_SUBJECT], until[KURA_TIME_TEXT];
    enum kura_rc rc = kura_case_begin(c, err);

    if (rc != KURA_OK)
        return rc;
    rc = kura_db_run(c->db,
                     "UPDATE lease SET expires_at = ?2 "
                     "WHERE number = ?1 AND state IN ('making', 'active')",
                     v, 2, err);
    if (rc == KURA_OK)
        rc = kura_case_changed(c, "lease", number, err);
    kura_time_format(expires_us, until);
    (void)snprintf(subject, sizeof(subject), "lease %" PRId64 " until %s",
                   number, until);
    if (rc == KURA_OK)
        rc = kura_case_trail(c, now_us, owner, "lease-extend", subject, err);
    return kura_case_end(c, rc, err);
}

/* --- Lists ------------------------------------------------------------- */

char *kura_case_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *s = sqlite3_column_text(stmt, column);

    return strdup(s == NULL ? "" : (const char *)s);
}

static bool hold_read(sqlite3_stmt *stmt, void *at)
{
    struct kura_hold *h = at;

    h->number = sqlite3_column_int64(stmt, 0);
    h->name = kura_case_text(stmt, 1);
    h->table = kura_case_text(stmt, 2);
    h->first_day = sqlite3_column_int64(stmt, 3);
    h->last_day = sqlite3_column_int64(stmt, 4);
    h->made_us = sqlite3_column_int64(stmt, 5);
    h->owner = kura_case_text(stmt, 6);
    return h->name != NULL && h->table != NULL && h->owner != NULL;
}

static bool lease_read(sqlite3_stmt *stmt, void *at)
{
    struct kura_lease *l = at;

    l->number = sqlite3_column_int64(stmt, 0);
    l->name = kura_case_text(stmt, 1);
    l->owner = kura_case_text(stmt, 2);
    l->table = kura_case_text(stmt, 3);
    l->first_day = sqlite3_column_int64(stmt, 4);
    l->last_day = sqlite3_column_int64(stmt, 5);
    l->made_us = sqlite3_column_int64(stmt, 6);
    l->expires_us = sqlite3_column_int64(stmt, 7);
    l->state = kura_case_text(stmt, 8);
    return l->name != NULL && l->owner != NULL && l->table != NULL &&
           l->state != NULL;
}

/* Entries of `size` bytes, as `read` fills them.  After an error *out holds
 * what was read, for the caller to free. */
static enum kura_rc case_list(struct kura_casefile *c, const char *sql,
                              size_t size,
                              bool (*read)(sqlite3_stmt *stmt, void *at),
                              void **out, size_t *count, struct kura_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    bool row;
    char *grown;

    *out = NULL;
    *count = 0;
    if (c->db == NULL)
        return KURA_OK;
    rc = kura_db_prepare(c->db, sql, &stmt, err);
    while (rc == KURA_OK) {
        rc = kura_db_step(stmt, &row, err);
        if (rc != KURA_OK || !row)
            break;
        grown = realloc(*out, (*count + 1) * size);
        if (grown == NULL) {
            rc = kura_err_nomem(err);
            break;
        }
        *out = grown;
        memset(grown + *count * size, 0, size);
        if (!read(stmt, grown + *count * size))
            rc = kura_err_nomem(err);
        ++*count;
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

enum kura_rc kura_hold_list(struct kura_casefile *c, struct kura_hold **out,
                            size_t *count, struct kura_err *err)
{
    void *list = NULL;
    size_t n = 0;
    enum kura_rc rc;

    rc = case_list(c,
                   "SELECT number, name, \"table\", first_day, last_day, "
                   "made_at, owner FROM hold WHERE removed_at IS NULL "
                   "ORDER BY number",
                   sizeof(**out), hold_read, &list, &n, err);
    if (rc != KURA_OK) {
        kura_hold_list_free(list, n);
        return rc;
    }
    *out = list;
    *count = n;
    return KURA_OK;
}

void kura_hold_list_free(struct kura_hold *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        free(list[i].name);
        free(list[i].table);
        free(list[i].owner);
    }
    free(list);
}

enum kura_rc kura_lease_list(struct kura_casefile *c, bool all,
                             struct kura_lease **out, size_t *count,
                             struct kura_err *err)
{
    void *list = NULL;
    size_t n = 0;
    enum kura_rc rc;

    rc = case_list(c,
                   all ? "SELECT number, name, owner, \"table\", first_day, "
                         "last_day, made_at, expires_at, state FROM lease "
                         "ORDER BY number"
                       : "SELECT number, name, owner, \"table\", first_day, "
                         "last_day, made_at, expires_at, state FROM lease "
                         "WHERE state <> 'ended' ORDER BY number",
                   sizeof(**out), lease_read, &list, &n, err);
    if (rc != KURA_OK) {
        kura_lease_list_free(list, n);
        return rc;
    }
    *out = list;
    *count = n;
    return KURA_OK;
}

void kura_lease_list_free(struct kura_lease *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        free(list[i].name);
        free(list[i].owner);
        free(list[i].table);
        free(list[i].state);
    }
    free(list);
}

/* --- Backup ------------------------------------------------------------ */

/* With what SQLite keeps beside it. */
static enum kura_rc case_tmp_remove(const char *path, struct kura_err *err)
{
    static const char *const ends[] = {"", "-wal", "-shm", NULL};
    struct kura_buf file;
    enum kura_rc rc = KURA_OK;
    int i;

    kura_buf_init(&file, CASE_PATH_MAX);
    for (i = 0; rc == KURA_OK && ends[i] != NULL; i++) {
        kura_buf_reset(&file);
        rc = kura_buf_printf(&file, err, "%s%s", path, ends[i]);
        if (rc == KURA_OK)
            rc = kura_fs_remove(file.data, err);
    }
    kura_buf_release(&file);
    return rc;
}

/* SQLite's own copy, then durable and in place by a rename. */
static enum kura_rc case_copy(struct kura_casefile *c, const char *to,
                              struct kura_err *err)
{
    sqlite3 *db = NULL;
    sqlite3_backup *b;
    int off = 0;
    enum kura_rc rc;

    rc = kura_db_open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, err);
    if (rc != KURA_OK)
        return rc;
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &off);
    b = sqlite3_backup_init(db, "main", c->db, "main");
    if (b == NULL || sqlite3_backup_step(b, -1) != SQLITE_DONE)
        rc = kura_db_error(db, "cannot write", err);
    if (sqlite3_backup_finish(b) != SQLITE_OK && rc == KURA_OK)
        rc = kura_db_error(db, "cannot write", err);
    /* One file, without a log beside it. */
    if (rc == KURA_OK)
        rc = kura_db_exec(db, "PRAGMA journal_mode = DELETE", err);
    (void)sqlite3_close(db);
    return rc;
}

enum kura_rc kura_casefile_backup(struct kura_casefile *c, const char *path,
                                  struct kura_err *err)
{
    struct kura_buf tmp;
    enum kura_rc rc;

    if (c->db == NULL)
        return KURA_OK;
    kura_buf_init(&tmp, CASE_PATH_MAX);
    rc = kura_buf_printf(&tmp, err, "%s.tmp", path);
    if (rc == KURA_OK)
        rc = case_tmp_remove(tmp.data, err);
    if (rc == KURA_OK)
        rc = case_copy(c, tmp.data, err);
    if (rc != KURA_OK && tmp.len != 0)
        (void)case_tmp_remove(tmp.data, NULL);
    if (rc == KURA_OK)
        rc = kura_fs_publish(tmp.data, path, err);
    kura_buf_release(&tmp);
    return rc;
}
