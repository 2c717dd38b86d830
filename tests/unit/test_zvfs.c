/* A compressed database answers as the plain one does, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "store/db.h"
#include "store/seekable.h"
#include "store/zvfs.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

/* A name with everything that a URI gives a meaning to. */
#define ODD "odd ?vfs=unix&offset=1#x%41'蔵"
#define QUERY                                                                  \
    "SELECT count(*), sum(n), max(name), sum(length(data)), "                  \
    "group_concat(substr(hex(data), 1 + n % 999, 8)) FROM t WHERE n % 7 = 3"

static char dir[64], plain[128], packed[192];
static struct kura_location at = {packed, 0, 0};

static sqlite3 *open_at(const struct kura_location *where)
{
    struct kura_err err = KURA_ERR_INIT;
    sqlite3 *db = NULL;

    if (kura_db_open_at(where, &db, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    return db;
}

/* The first column of every row, to be freed; NULL and *err after an error. */
static char *answer(sqlite3 *db, const char *sql, struct kura_err *err)
{
    struct kura_buf out;
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    bool row = true;

    kura_buf_init(&out, SIZE_MAX / 2);
    rc = kura_db_prepare(db, sql, &stmt, err);
    while (rc == KURA_OK && row) {
        rc = kura_db_step(stmt, &row, err);
        for (int i = 0; rc == KURA_OK && row && i < sqlite3_column_count(stmt);
             i++) {
            const void *text = sqlite3_column_text(stmt, i);

            rc = kura_buf_printf(&out, err, "%s|",
                                 text == NULL ? "NULL" : (const char *)text);
        }
    }
    (void)sqlite3_finalize(stmt);
    if (rc != KURA_OK)
        kura_buf_release(&out);
    return rc == KURA_OK ? out.data : NULL;
}

static void check_same(sqlite3 *a, sqlite3 *b, const char *sql)
{
    struct kura_err err = KURA_ERR_INIT;
    char *x = answer(a, sql, &err), *y = answer(b, sql, &err);

    if (x == NULL || y == NULL)
        fail_msg("%s", err.msg);
    assert_string_equal(x, y);
    free(x);
    free(y);
}

static void make(const char *journal)
{
    static const char rows[] =
        "CREATE TABLE t(n INTEGER PRIMARY KEY, name TEXT, data BLOB);"
        "CREATE INDEX i ON t(name);"
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
        " WHERE n < 1500) INSERT INTO t SELECT n, 'host' || (n * 7919 % 997),"
        " CAST(printf('%.*c', n % 1500, 'a') || n * n * n AS BLOB) FROM c;"
        "INSERT INTO t VALUES(5000, 'big', zeroblob(300000)),"
        " (5001, 'noise', randomblob(900000));";
    char *sql = sqlite3_mprintf("PRAGMA page_size=65536; %s", journal);
    struct kura_packed done;
    sqlite3 *db = NULL;

    (void)unlink(plain);
    (void)unlink(packed);
    assert_int_equal(kura_db_open(plain,
                                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                  &db, NULL),
                     KURA_OK);
    assert_int_equal(kura_db_exec(db, sql, NULL), KURA_OK);
    assert_int_equal(kura_db_exec(db, rows, NULL), KURA_OK);
    (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                    NULL);
    (void)sqlite3_close(db);
    sqlite3_free(sql);
    assert_int_equal(kura_seekable_pack(plain, packed, 3, &done, NULL),
                     KURA_OK);
    at.size = done.packed_bytes;
}

static int setup(void **state)
{
    (void)state;
    make("");
    return 0;
}

static void test_same_answers(void **state)
{
    static const char *const sql[] = {
        QUERY,
        "PRAGMA integrity_check",
        "PRAGMA page_size",
        "SELECT n, hex(data) FROM t ORDER BY name, n DESC",
        "SELECT name FROM t WHERE name BETWEEN 'host3' AND 'host4'",
        "SELECT length(data), name FROM t WHERE n >= 5000",
    };
    struct kura_location alone = {plain, 0, 0};
    sqlite3 *a = open_at(&alone), *b = open_at(&at);

    (void)state;
    for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++)
        check_same(a, b, sql[i]);
    assert_true(sqlite3_db_readonly(b, "main"));
    assert_string_equal(sqlite3_db_filename(b, "main"), packed);
    (void)sqlite3_close(a);
    (void)sqlite3_close(b);
}

static void test_only_reads(void **state)
{
    sqlite3 *db = open_at(&at);
    char *attach = sqlite3_mprintf("ATTACH %Q AS x", packed);

    (void)state;
    assert_int_equal(sqlite3_exec(db, "DELETE FROM t", NULL, NULL, NULL),
                     SQLITE_READONLY);
    assert_int_not_equal(
        sqlite3_exec(db, "PRAGMA journal_mode=WAL; CREATE TABLE u(x)", NULL,
                     NULL, NULL),
        SQLITE_OK);
    /* Only kura_zvfs_open opens through it. */
    assert_int_not_equal(sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK);
    /* The words of an error that is not about the file are SQLite's. */
    {
        struct kura_err err = KURA_ERR_INIT;

        assert_int_not_equal(kura_db_exec(db, "SELECT nosuch", &err), KURA_OK);
        assert_non_null(strstr(err.msg, "no such column"));
        assert_int_equal(kura_zvfs_error(db, NULL), KURA_OK);
    }
    sqlite3_free(attach);
    (void)sqlite3_close(db);
}

/* A big sort spills into temporary files, which are ordinary ones. */
static void test_spills(void **state)
{
    sqlite3 *db = open_at(&at);
    char *n;

    (void)state;
    assert_int_equal(kura_db_exec(db,
                                  "PRAGMA cache_size=1; PRAGMA temp_store=1;"
                                  "CREATE TEMP TABLE s AS SELECT a.n, a.data "
                                  "FROM t a, (SELECT 1 FROM t LIMIT 20)",
                                  NULL),
                     KURA_OK);
    n = answer(db,
               "SELECT count(*) FROM (SELECT n, data FROM s ORDER BY data, n "
               "LIMIT -1)",
               NULL);
    assert_string_equal(n, "30040|");
    free(n);
    (void)sqlite3_close(db);
}

static void test_members(void **state)
{
    static unsigned char gap[1000];
    char volume[160];
    struct kura_location first = {volume, 512, at.size}, second = first;
    struct kura_buf file, big;
    sqlite3 *plain_db, *a, *b;
    struct kura_location alone = {plain, 0, 0};

    (void)state;
    (void)snprintf(volume, sizeof(volume), "%s/volume-%s.tar", dir, ODD);
    kura_buf_init(&file, SIZE_MAX / 2);
    kura_buf_init(&big, SIZE_MAX / 2);
    assert_int_equal(kura_fs_read(packed, &file, NULL), KURA_OK);
    (void)kura_buf_append(&big, gap, 512, NULL);
    (void)kura_buf_append(&big, file.data, file.len, NULL);
    (void)kura_buf_append(&big, gap, 1000, NULL);
    second.offset = (int64_t)big.len;
    plain_db = open_at(&alone);
    assert_int_equal(kura_db_exec(plain_db, "SELECT 1", NULL), KURA_OK);
    (void)sqlite3_close(plain_db);
    (void)sqlite3_open(plain, &plain_db);
    (void)sqlite3_exec(plain_db, "DELETE FROM t WHERE n % 2", NULL, NULL, NULL);
    (void)sqlite3_close(plain_db);
    (void)unlink(packed);
    {
        struct kura_packed done;

        assert_int_equal(kura_seekable_pack(plain, packed, 9, &done, NULL),
                         KURA_OK);
        second.size = at.size = done.packed_bytes;
    }
    file.len = 0;
    assert_int_equal(kura_fs_read(packed, &file, NULL), KURA_OK);
    (void)kura_buf_append(&big, file.data, file.len, NULL);
    (void)kura_buf_append(&big, gap, 1000, NULL);
    assert_int_equal(kura_fs_write(volume, big.data, big.len, NULL), KURA_OK);

    /* Both at once: two files of one name. */
    a = open_at(&first);
    b = open_at(&second);
    plain_db = open_at(&alone);
    check_same(plain_db, b, QUERY);
    {
        char *n = answer(a, "SELECT count(*) FROM t", NULL);

        assert_string_equal(n, "1502|");
        free(n);
        n = answer(b, "SELECT count(*) FROM t", NULL);
        assert_string_equal(n, "751|");
        free(n);
    }
    (void)sqlite3_close(a);
    (void)sqlite3_close(b);
    (void)sqlite3_close(plain_db);
    (void)unlink(volume);
    kura_buf_release(&file);
    kura_buf_release(&big);
}

static void test_wal_header(void **state)
{
    struct kura_location alone = {plain, 0, 0};
    unsigned char header[20];
    char *ghost = sqlite3_mprintf("%s-wal", packed);
    sqlite3 *a, *b;
    int fd;

    (void)state;
    make("PRAGMA journal_mode=WAL;");
    fd = open(plain, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, header, sizeof(header), 0), sizeof(header));
    (void)close(fd);
    assert_int_equal(header[18], 2);
    /* What lies beside it has nothing to do with it. */
    assert_int_equal(kura_fs_write(ghost, "not a WAL", 9, NULL), KURA_OK);
    a = open_at(&alone);
    b = open_at(&at);
    check_same(a, b, QUERY);
    assert_true(sqlite3_db_readonly(b, "main"));
    assert_int_equal(sqlite3_exec(b, "DELETE FROM t", NULL, NULL, NULL),
                     SQLITE_READONLY);
    (void)sqlite3_close(a);
    (void)sqlite3_close(b);
    (void)unlink(ghost);
    sqlite3_free(ghost);
    ghost = sqlite3_mprintf("%s-wal", plain);
    (void)unlink(ghost);
    sqlite3_free(ghost);
    ghost = sqlite3_mprintf("%s-shm", plain);
    (void)unlink(ghost);
    sqlite3_free(ghost);
}

/* The right answer, or an error of the file: true when it was an error. */
static bool is_refused(const char *right)
{
    struct kura_err err = KURA_ERR_INIT;
    sqlite3 *db = NULL;
    char *got = NULL;

    if (kura_db_open_at(&at, &db, &err) == KURA_OK)
        got = answer(db, QUERY, &err);
    (void)sqlite3_close(db);
    if (got != NULL) {
        assert_string_equal(got, right);
        free(got);
        return false;
    }
    if (err.rc != KURA_ECORRUPT || strstr(err.msg, packed) == NULL ||
        strstr(err.msg, "byte") == NULL)
        fail_msg("unclear: %s", err.msg);
    return true;
}

static void test_damage(void **state)
{
    sqlite3 *db = open_at(&at);
    char *right = answer(db, QUERY, NULL);
    int refused = 0, fd = open(packed, O_RDWR | O_CLOEXEC);

    (void)state;
    assert_non_null(right);
    (void)sqlite3_close(db);
    for (int64_t i = 0; i < at.size; i += 1 + at.size / 150) {
        unsigned char c, bad;

        assert_int_equal(pread(fd, &c, 1, (off_t)i), 1);
        bad = (unsigned char)(c ^ 0x10);
        assert_int_equal(pwrite(fd, &bad, 1, (off_t)i), 1);
        refused += is_refused(right);
        assert_int_equal(pwrite(fd, &c, 1, (off_t)i), 1);
    }
    assert_in_range(refused, 75, 151);
    assert_false(is_refused(right));
    /* Cut while it is open, so that the table was still read. */
    db = open_at(&at);
    assert_int_equal(ftruncate(fd, (off_t)at.size / 2), 0);
    {
        struct kura_err err = KURA_ERR_INIT;

        assert_null(answer(db, "SELECT sum(length(hex(data))) FROM t", &err));
        assert_int_equal(err.rc, KURA_ECORRUPT);
        assert_non_null(strstr(err.msg, "the file ends there"));
        assert_int_equal(kura_zvfs_error(db, NULL), KURA_ECORRUPT);
    }
    (void)sqlite3_close(db);
    assert_true(is_refused(right));
    (void)close(fd);
    free(right);
}

static void test_no_database(void **state)
{
    struct kura_location none = {"/nonexistent/x.db.zst", 0, 100};
    struct kura_err err = KURA_ERR_INIT;
    struct kura_packed done;
    sqlite3 *db = NULL;

    (void)state;
    assert_int_equal(kura_db_open_at(&none, &db, &err), KURA_ENOTFOUND);
    none.size = 0;
    assert_int_equal(kura_db_open_at(&none, &db, NULL), KURA_ENOTFOUND);
    (void)unlink(packed);
    assert_int_equal(
        kura_fs_write(plain, "no database, but a text of lines", 32, NULL),
        KURA_OK);
    assert_int_equal(kura_seekable_pack(plain, packed, 3, &done, NULL),
                     KURA_OK);
    at.size = done.packed_bytes;
    assert_int_equal(kura_db_open_at(&at, &db, NULL), KURA_ECORRUPT);
    assert_null(db);
}

static void *thread_run(void *arg)
{
    char **out = arg;
    sqlite3 *db = NULL;

    for (int i = 0; i < 5; i++) {
        free(*out);
        *out = NULL;
        if (kura_db_open_at(&at, &db, NULL) != KURA_OK)
            return NULL;
        *out = answer(db, QUERY, NULL);
        (void)sqlite3_close(db);
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t thread[4];
    char *out[4] = {NULL};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, thread_run, &out[i]),
                         0);
    for (int i = 0; i < 4; i++) {
        (void)pthread_join(thread[i], NULL);
        assert_non_null(out[i]);
        assert_string_equal(out[i], out[0]);
    }
    for (int i = 0; i < 4; i++)
        free(out[i]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        T(test_threads), /* first: they register the VFS together */
        T(test_same_answers), T(test_only_reads), T(test_spills),
        T(test_members),      T(test_wal_header), T(test_damage),
        T(test_no_database),
#undef T
    };
    int failed;

    cmocka_set_message_output(CM_OUTPUT_TAP);
    (void)snprintf(dir, sizeof(dir), "/tmp/kura-zvfs-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return 1;
    (void)snprintf(plain, sizeof(plain), "%s/plain.db", dir);
    (void)snprintf(packed, sizeof(packed), "%s/%s.db.zst", dir, ODD);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(plain);
    (void)unlink(packed);
    (void)rmdir(dir);
    return failed;
}
