/* A partition written by hand after docs/format.md: the reader and the view in
 * it must give the rows that were put in, and the reader must refuse damage.
 *
 * (Its segments are shorter than real ones, so that the view is quick.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "store/db.h"
#include "store/partition.h"
#include "store/segment.h"
#include "store/view.h"

#include <unistd.h>

#define ROWS_0 1300 /* more than two pieces of the view */
#define ROWS_1 5
#define ADDRESSES 300 /* more than are read one by one */
#define T0 INT64_C(1420070400000000)

static char path[64];

static void run(sqlite3 *db, const char *sql)
{
    struct kura_err err = KURA_ERR_INIT;

    if (kura_db_exec(db, sql, &err) != KURA_OK)
        fail_msg("%s\n%s", err.msg, sql);
}

__attribute__((format(printf, 2, 3))) static void runf(sqlite3 *db,
                                                       const char *fmt, ...)
{
    va_list ap;
    char *sql;

    va_start(ap, fmt);
    sql = sqlite3_vmprintf(fmt, ap);
    va_end(ap);
    assert_non_null(sql);
    run(db, sql);
    sqlite3_free(sql);
}

static sqlite3 *edit(void)
{
    sqlite3 *db = NULL;

    assert_int_equal(kura_db_open(path,
                                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                  &db, NULL),
                     KURA_OK);
    return db;
}

static int64_t chunk_id(sqlite3 *db, const char *column, int segment)
{
    char sql[128];
    int64_t id = 0;

    (void)snprintf(sql, sizeof(sql),
                   "SELECT id * 1048576 + %d FROM \"column\" WHERE name = '%s'",
                   segment, column);
    assert_int_equal(kura_db_integer(db, sql, &id, NULL), KURA_OK);
    return id;
}

struct chunk {
    const char *column;
    int segment, rows, width;
    int64_t base, scale;
    uint64_t (*stored)(int row);
};

static void put(sqlite3 *db, struct chunk c)
{
    static uint8_t data[8 * ROWS_0];
    size_t size = (size_t)c.width * (size_t)c.rows;
    sqlite3_stmt *stmt = NULL;
    int i, p;

    for (p = 0; p < c.width; p++)
        for (i = 0; i < c.rows; i++)
            data[p * c.rows + i] = (uint8_t)(c.stored(i) >> (8 * p));
    assert_int_equal(
        kura_db_prepare(db, "INSERT INTO chunk VALUES(?,?,?,?,0,200,?,?)",
                        &stmt, NULL),
        KURA_OK);
    (void)sqlite3_bind_int64(stmt, 1, chunk_id(db, c.column, c.segment));
    (void)sqlite3_bind_int64(stmt, 2, c.base);
    (void)sqlite3_bind_int64(stmt, 3, c.scale);
    (void)sqlite3_bind_int(stmt, 4, c.width);
    (void)sqlite3_bind_int64(stmt, 5, kura_crc32(data, size));
    (void)sqlite3_bind_blob(stmt, 6, data, (int)size, SQLITE_STATIC);
    assert_int_equal(kura_db_step_done(stmt, NULL), KURA_OK);
    (void)sqlite3_finalize(stmt);
}

/* --- What the rows are ------------------------------------------------- */

static uint64_t stored_ts(int i)
{
    return (uint64_t)i * 997 + 1;
}

/* From -5,000,000,000 up over the sign. */
static uint64_t stored_bytes(int i)
{
    return (uint64_t)i * UINT64_C(9000001) + 1;
}

static uint64_t stored_elapsed(int i)
{
    return i % 3 == 0 ? 0 : (uint64_t)i;
}

static uint64_t stored_address(int i)
{
    return (uint64_t)(i * 7 % (ADDRESSES + 1));
}

static uint64_t stored_uri(int i)
{
    return (uint64_t)(i % 4);
}

static uint64_t stored_shape(int i)
{
    return i % 3 == 0 || i * 7 % (ADDRESSES + 1) == 0 ? 2 : 1;
}

/* -2^62 and what lies up to 2^62 - 2 in five steps. */
static uint64_t stored_huge(int i)
{
    return (uint64_t)i * UINT64_C(0x1fffffffffffffff) + 1;
}

static void columns_make(sqlite3 *db, const struct kura_schema *s)
{
    int i, id = 0;

    for (i = 0; i < s->count; i++) {
        const struct kura_column *c = &s->columns[i];
        bool text = c->type == KURA_TEXT;

        if (c->function != NULL)
            continue;
        runf(db, "INSERT INTO \"column\" VALUES(%d, '%s', '%s', %d)", ++id,
             c->name, text ? "text" : "integer", c->nocase);
        if (text)
            runf(db, "CREATE TABLE dict_%s(id INTEGER PRIMARY KEY, value)",
                 c->name);
    }
    runf(db, "INSERT INTO \"column\" VALUES(%d, 'shape', 'shape', 0)", ++id);
}

static void tables_make(sqlite3 *db)
{
    const struct kura_schema *s = kura_schema_find("proxy");
    struct kura_buf view;

    run(db, "PRAGMA journal_mode=WAL;"
            "PRAGMA application_id=0x6B757261; PRAGMA user_version=1;"
            "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
            "CREATE TABLE \"column\"(id INTEGER PRIMARY KEY, name TEXT,"
            " type TEXT, nocase INTEGER);"
            "CREATE TABLE source(id INTEGER PRIMARY KEY, key TEXT UNIQUE,"
            " name TEXT, held_bytes INTEGER, held_lines INTEGER,"
            " held_sha256 TEXT, rows INTEGER, bytes INTEGER,"
            " first_ts INTEGER, last_ts INTEGER);"
            "CREATE TABLE segment(id INTEGER PRIMARY KEY, rows INTEGER,"
            " first_ts INTEGER, last_ts INTEGER);"
            "CREATE TABLE chunk(id INTEGER PRIMARY KEY, base INTEGER,"
            " scale INTEGER, width INTEGER, low INTEGER, high INTEGER,"
            " crc INTEGER, data BLOB);"
            "CREATE TABLE dict_shape(id INTEGER PRIMARY KEY, value);"
            "INSERT INTO meta VALUES('id', '00112233445566778899aabbccddeeff'),"
            " ('table', 'proxy'), ('day', '2015-01-01'), ('state', 'open');"
            "INSERT INTO source VALUES(1, 'key', 'access.log', 900, 9, 'ab',"
            " 7, 800, 1, 2);");
    columns_make(db, s);
    kura_buf_init(&view, 1 << 20);
    assert_int_equal(kura_view_sql(s, &view, NULL), KURA_OK);
    run(db, view.data);
    kura_buf_release(&view);
}

static void rows_make(sqlite3 *db)
{
    put(db, (struct chunk){"ts", 0, ROWS_0, 3, T0, 1000, stored_ts});
    put(db, (struct chunk){"sc_bytes", 0, ROWS_0, 5, INT64_C(-5000000000), 1,
                           stored_bytes});
    put(db,
        (struct chunk){"elapsed_ms", 0, ROWS_0, 2, -30, 10, stored_elapsed});
    put(db, (struct chunk){"cs_bytes", 0, ROWS_0, 0, -7, 0, NULL});
    put(db, (struct chunk){"src_ip", 0, ROWS_0, 2, 0, 0, stored_address});
    put(db, (struct chunk){"c_uri", 0, ROWS_0, 1, 0, 0, stored_uri});
    put(db, (struct chunk){"cs_host", 0, ROWS_0, 0, 2, 0, NULL});
    put(db, (struct chunk){"shape", 0, ROWS_0, 1, 0, 0, stored_shape});
    put(db, (struct chunk){"ts", 1, ROWS_1, 1, T0, 1, stored_uri});
    put(db, (struct chunk){"sc_bytes", 1, ROWS_1, 8, -(INT64_C(1) << 62), 1,
                           stored_huge});
    runf(db,
         "INSERT INTO segment VALUES(0, %d, %lld, %lld), (1, %d, 5, 6);"
         "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
         " WHERE i < %d) INSERT INTO dict_src_ip SELECT i, '192.0.2.' || i"
         " FROM n;"
         "INSERT INTO dict_cs_host VALUES(1, 'a.example'), (2, 'b.example');"
         "INSERT INTO dict_c_uri VALUES(1, ''), (2, 'http://x.example/'),"
         " (3, char(34180));",
         ROWS_0, (long long)T0,
         (long long)(T0 + INT64_C(997000) * (ROWS_0 - 1)), ROWS_1, ADDRESSES);
    run(db, "INSERT INTO dict_shape VALUES"
            " (1, CAST('{elapsed_ms:d6} {src_ip} {{{sc_bytes} {cs_bytes}'"
            " || char(10) AS BLOB)),"
            " (2, X'FF007B63735F686F73747D')"); /* FF 00 {cs_host} */
}

static int setup(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    sqlite3 *db;
    int fd;

    (void)state;
    if (kura_schema_load(&err) != KURA_OK)
        return -1;
    (void)snprintf(path, sizeof(path), "/tmp/kura-partition.XXXXXX");
    fd = mkstemp(path);
    if (fd < 0)
        return -1;
    (void)close(fd);
    db = edit();
    run(db, "BEGIN");
    run(db, "ROLLBACK");
    tables_make(db);
    rows_make(db);
    (void)sqlite3_close(db);
    return 0;
}

static int teardown(void **state)
{
    char other[80];

    (void)state;
    (void)unlink(path);
    (void)snprintf(other, sizeof(other), "%s-wal", path);
    (void)unlink(other);
    (void)snprintf(other, sizeof(other), "%s-shm", path);
    (void)unlink(other);
    return 0;
}

static struct kura_partition *open_it(void)
{
    struct kura_partition *p = NULL;
    struct kura_err err = KURA_ERR_INIT;

    if (kura_partition_open(path, &p, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    return p;
}

static int column(const struct kura_partition *p, const char *name)
{
    return kura_schema_column(kura_partition_schema(p), name);
}

/* --- Reading ----------------------------------------------------------- */

static void test_describes_itself(void **state)
{
    struct kura_partition *p = open_it();
    const struct kura_partition_source *s = kura_partition_source(p, 0);

    (void)state;
    assert_string_equal(kura_partition_id(p),
                        "00112233445566778899aabbccddeeff");
    assert_string_equal(kura_partition_schema(p)->name, "proxy");
    assert_int_equal(kura_partition_rows(p), ROWS_0 + ROWS_1);
    assert_int_equal(kura_partition_segments(p), 2);
    assert_int_equal(kura_partition_segment(p, 0)->rows, ROWS_0);
    assert_int_equal(kura_partition_segment(p, 1)->last_ts, 6);
    assert_null(kura_partition_segment(p, 2));
    assert_int_equal(kura_partition_sources(p), 1);
    assert_string_equal(s->key, "key");
    assert_string_equal(s->name, "access.log");
    assert_int_equal(s->held_bytes, 900);
    assert_string_equal(s->held_sha256, "ab");
    assert_int_equal(s->last_ts, 2);
    kura_partition_close(p);
}

static void test_integers(void **state)
{
    static int64_t v[ROWS_0];
    static uint8_t null[ROWS_0];
    struct kura_partition *p = open_it();
    int i;

    (void)state;
    assert_int_equal(
        kura_partition_integers(p, column(p, "sc_bytes"), 0, v, null, NULL),
        KURA_OK);
    for (i = 0; i < ROWS_0; i++) {
        assert_int_equal(null[i], 0);
        assert_true(v[i] == INT64_C(-5000000000) + i * INT64_C(9000001));
    }
    assert_int_equal(
        kura_partition_integers(p, column(p, "elapsed_ms"), 0, v, null, NULL),
        KURA_OK);
    for (i = 0; i < ROWS_0; i++) {
        assert_int_equal(null[i], i % 3 == 0);
        assert_int_equal(v[i], i % 3 == 0 ? 0 : -30 + (i - 1) * 10);
    }
    assert_int_equal(
        kura_partition_integers(p, column(p, "cs_bytes"), 0, v, null, NULL),
        KURA_OK);
    assert_true(v[0] == -7 && v[ROWS_0 - 1] == -7 && null[0] == 0);
    assert_int_equal(
        kura_partition_integers(p, column(p, "sc_status"), 0, v, null, NULL),
        KURA_OK);
    assert_true(v[5] == 0 && null[5] == 1 && null[ROWS_0 - 1] == 1);
    assert_int_equal(
        kura_partition_integers(p, column(p, "sc_bytes"), 1, v, null, NULL),
        KURA_OK);
    assert_true(v[0] == -(INT64_C(1) << 62));
    assert_true(v[4] == (INT64_C(1) << 62) - 4);
    kura_partition_close(p);
}

static void test_texts_one_by_one_and_whole(void **state)
{
    static uint32_t ids[ROWS_0];
    struct kura_partition *p = open_it();
    int c = column(p, "src_ip");
    const char *first = NULL, *text = NULL;
    size_t size;
    uint32_t id;
    char want[32];

    (void)state;
    assert_int_equal(kura_partition_dict_size(p, c), ADDRESSES);
    assert_int_equal(kura_partition_ids(p, c, 0, ids, NULL), KURA_OK);
    assert_int_equal(ids[0], 0);
    assert_int_equal(ids[1], 7);
    assert_int_equal(ids[43], 0);
    assert_int_equal(ids[42], 294);
    assert_int_equal(kura_partition_text(p, c, 1, &first, &size, NULL),
                     KURA_OK);
    for (id = 1; id <= ADDRESSES; id++) {
        (void)snprintf(want, sizeof(want), "192.0.2.%u", id);
        assert_int_equal(kura_partition_text(p, c, id, &text, &size, NULL),
                         KURA_OK);
        assert_int_equal(size, strlen(want));
        assert_memory_equal(text, want, size);
    }
    assert_memory_equal(first, "192.0.2.1", 9);
    c = column(p, "c_uri");
    assert_int_equal(kura_partition_text(p, c, 1, &text, &size, NULL), KURA_OK);
    assert_int_equal(size, 0);
    c = column(p, "cs_host");
    assert_int_equal(kura_partition_dict_load(p, c, NULL), KURA_OK);
    assert_int_equal(kura_partition_text(p, c, 2, &text, &size, NULL), KURA_OK);
    assert_int_equal(size, 9);
    assert_memory_equal(text, "b.example", 9);
    kura_partition_close(p);
}

static void test_find(void **state)
{
    struct kura_partition *p = open_it();
    int c = column(p, "src_ip");
    uint32_t id, loaded;

    (void)state;
    for (loaded = 0; loaded < 2; loaded++) {
        (void)kura_partition_find(p, c, "192.0.2.77", 10, &id, NULL);
        assert_int_equal(id, 77);
        (void)kura_partition_find(p, c, "192.0.2.777", 11, &id, NULL);
        assert_int_equal(id, 0);
        assert_int_equal(kura_partition_dict_load(p, c, NULL), KURA_OK);
    }
    assert_int_equal(
        kura_partition_find(p, column(p, "c_uri"), "", 0, &id, NULL), KURA_OK);
    assert_int_equal(id, 1);
    kura_partition_close(p);
}

static void test_chunk_info(void **state)
{
    struct kura_partition *p = open_it();
    struct kura_chunk_info info;

    (void)state;
    assert_int_equal(
        kura_partition_chunk_info(p, column(p, "src_ip"), 0, &info, NULL),
        KURA_OK);
    assert_true(info.present && info.low == 0 && info.high == 200);
    assert_int_equal(
        kura_partition_chunk_info(p, column(p, "sc_status"), 0, &info, NULL),
        KURA_OK);
    assert_false(info.present);
    kura_partition_close(p);
}

static void test_raw(void **state)
{
    struct kura_partition *p = open_it();
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf b;

    (void)state;
    kura_buf_init(&b, 1000);
    assert_int_equal(kura_partition_raw(p, 0, 1, &b, &err), KURA_OK);
    assert_string_equal(b.data, "   -30 192.0.2.7 {-4990999999 -7\n");
    kura_buf_reset(&b);
    assert_int_equal(kura_partition_raw(p, 0, 0, &b, &err), KURA_OK);
    assert_int_equal(b.len, 11);
    assert_memory_equal(b.data, "\xff\0b.example", 11);
    kura_buf_reset(&b);
    assert_int_equal(kura_partition_raw(p, 0, ROWS_0 - 1, &b, &err), KURA_OK);
    assert_int_equal(kura_partition_raw(p, 1, 0, &b, &err), KURA_ECORRUPT);
    kura_buf_release(&b);
    kura_partition_close(p);
}

/* --- The view ---------------------------------------------------------- */

static void check_text(struct kura_partition *p, int c, uint32_t id,
                       sqlite3_stmt *stmt, int at)
{
    const char *text;
    size_t size;

    if (id == 0) {
        assert_int_equal(sqlite3_column_type(stmt, at), SQLITE_NULL);
        return;
    }
    assert_int_equal(sqlite3_column_type(stmt, at),
                     c == KURA_COLUMN_SHAPE ? SQLITE_BLOB : SQLITE_TEXT);
    assert_int_equal(kura_partition_text(p, c, id, &text, &size, NULL),
                     KURA_OK);
    assert_int_equal(sqlite3_column_bytes(stmt, at), size);
    if (size > 0)
        assert_memory_equal(sqlite3_column_blob(stmt, at), text, size);
}

/* Compares one column of the view with the reader, all rows. */
static void check_column(struct kura_partition *p, sqlite3 *db, int c)
{
    static uint32_t ids[ROWS_0];
    static int64_t v[ROWS_0];
    static uint8_t null[ROWS_0];
    const struct kura_schema *s = kura_partition_schema(p);
    const char *name = c < 0 ? "shape" : s->columns[c].name;
    bool text = c < 0 || s->columns[c].type == KURA_TEXT;
    sqlite3_stmt *stmt = NULL;
    char sql[128];
    size_t seg;
    uint32_t i;

    (void)snprintf(sql, sizeof(sql), "SELECT \"%s\" FROM proxy", name);
    assert_int_equal(kura_db_prepare(db, sql, &stmt, NULL), KURA_OK);
    for (seg = 0; seg < kura_partition_segments(p); seg++) {
        if (text)
            assert_int_equal(kura_partition_ids(p, c, seg, ids, NULL), KURA_OK);
        else
            assert_int_equal(kura_partition_integers(p, c, seg, v, null, NULL),
                             KURA_OK);
        for (i = 0; i < kura_partition_segment(p, seg)->rows; i++) {
            assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
            if (text) {
                check_text(p, c, ids[i], stmt, 0);
                continue;
            }
            assert_int_equal(sqlite3_column_type(stmt, 0),
                             null[i] ? SQLITE_NULL : SQLITE_INTEGER);
            assert_true(sqlite3_column_int64(stmt, 0) == v[i]);
        }
    }
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    (void)sqlite3_finalize(stmt);
}

static void test_view_gives_what_the_reader_gives(void **state)
{
    struct kura_partition *p = open_it();
    const struct kura_schema *s = kura_partition_schema(p);
    sqlite3 *db = NULL;
    int c;

    (void)state;
    assert_int_equal(kura_db_open(path, SQLITE_OPEN_READONLY, &db, NULL),
                     KURA_OK);
    for (c = KURA_COLUMN_SHAPE; c < s->count; c++)
        if (c < 0 || s->columns[c].function == NULL)
            check_column(p, db, c);
    (void)sqlite3_close(db);
    kura_partition_close(p);
}

static void test_view_has_the_stored_columns_in_order(void **state)
{
    const struct kura_schema *s = kura_schema_find("proxy");
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;
    int i, n = 0;

    (void)state;
    assert_int_equal(kura_db_open(path, SQLITE_OPEN_READONLY, &db, NULL),
                     KURA_OK);
    assert_int_equal(kura_db_prepare(db, "SELECT * FROM proxy", &stmt, NULL),
                     KURA_OK);
    for (i = 0; i < s->count; i++)
        if (s->columns[i].function == NULL)
            assert_string_equal(sqlite3_column_name(stmt, n++),
                                s->columns[i].name);
    assert_string_equal(sqlite3_column_name(stmt, n++), "shape");
    assert_int_equal(sqlite3_column_count(stmt), n);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

/* --- What the encoder makes of integers -------------------------------- */

struct encoded {
    int64_t values[ROWS_0];
    uint8_t present[ROWS_0];
    struct kura_chunk chunk;
    struct kura_buf data;
};

/* Puts the chunk in the place of that of `line` in the first segment. */
static void put_encoded(const struct encoded *e)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = edit();

    assert_int_equal(kura_db_prepare(db,
                                     "INSERT OR REPLACE INTO chunk"
                                     " VALUES(?,?,?,?,?,?,?,?)",
                                     &stmt, NULL),
                     KURA_OK);
    (void)sqlite3_bind_int64(stmt, 1, chunk_id(db, "line", 0));
    (void)sqlite3_bind_int64(stmt, 2, e->chunk.base);
    (void)sqlite3_bind_int64(stmt, 3, e->chunk.scale);
    (void)sqlite3_bind_int(stmt, 4, e->chunk.width);
    (void)sqlite3_bind_int64(stmt, 5, e->chunk.low);
    (void)sqlite3_bind_int64(stmt, 6, e->chunk.high);
    (void)sqlite3_bind_int64(stmt, 7, kura_crc32(e->data.data, e->data.len));
    (void)sqlite3_bind_blob64(stmt, 8, e->data.data, e->data.len,
                              SQLITE_STATIC);
    assert_int_equal(kura_db_step_done(stmt, NULL), KURA_OK);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

static void encode(struct encoded *e)
{
    static uint64_t scratch[ROWS_0];

    kura_buf_init(&e->data, 8 * ROWS_0);
    assert_int_equal(kura_segment_encode_integers(e->values, e->present, ROWS_0,
                                                  scratch, &e->chunk, &e->data,
                                                  NULL),
                     KURA_OK);
    assert_true(e->chunk.present);
}

static void fill(struct encoded *e, int64_t (*value)(int row, bool *null))
{
    int i;

    for (i = 0; i < ROWS_0; i++) {
        bool null = false;

        e->values[i] = value(i, &null);
        e->present[i] = !null;
    }
    encode(e);
}

/* The reader, one row at a time too, and the view give the values back. */
static void check_encoded(const struct encoded *e)
{
    static int64_t v[ROWS_0];
    static uint8_t null[ROWS_0];
    struct kura_partition *p;
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db;
    int i;

    put_encoded(e);
    p = open_it();
    db = edit();
    assert_int_equal(
        kura_partition_integers(p, column(p, "line"), 0, v, null, NULL),
        KURA_OK);
    assert_int_equal(kura_db_prepare(db, "SELECT line, typeof(line) FROM proxy",
                                     &stmt, NULL),
                     KURA_OK);
    for (i = 0; i < ROWS_0; i++) {
        assert_int_equal(null[i], !e->present[i]);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        assert_string_equal(sqlite3_column_text(stmt, 1),
                            e->present[i] ? "integer" : "null");
        if (e->present[i]) {
            assert_true(v[i] == e->values[i]);
            assert_true(sqlite3_column_int64(stmt, 0) == e->values[i]);
        }
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    kura_partition_close(p);
}

static int64_t each_line(int i, bool *null)
{
    (void)null;
    return 70001 + i;
}

static int64_t most_lines(int i, bool *null)
{
    *null = i == 0 || i == 7 || i == ROWS_0 - 1;
    return 70001 + i + i / 100;
}

static int64_t falling(int i, bool *null)
{
    (void)null;
    return 5 - INT64_C(3000) * i + i % 200;
}

static int64_t milliseconds(int i, bool *null)
{
    (void)null;
    return T0 + INT64_C(48000) * i + INT64_C(1000) * (i * i % 31);
}

static int64_t far_apart(int i, bool *null)
{
    static const int64_t some[] = {443, -(INT64_C(1) << 62) + 1, 0,
                                   (INT64_C(1) << 62) - 1, -1};

    *null = i % 6 == 5;
    return some[i % 5];
}

static int64_t many(int i, bool *null)
{
    (void)null;
    return (int64_t)(i * i % 1291) * 1000003 + i % 3;
}

static void test_what_the_encoder_makes(void **state)
{
    static const struct {
        int64_t (*value)(int row, bool *null);
        int width;
        size_t size;
    } cases[] = {
        {each_line, 0, 20},
        {most_lines, 1, ROWS_0 + 20},
        {falling, 1, ROWS_0 + 20},
        {milliseconds, 1, ROWS_0 + 20},
        {far_apart, 1, ROWS_0 + 5 * 20},
        {many, 4, 4 * ROWS_0},
    };
    static struct encoded e;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fill(&e, cases[i].value);
        assert_int_equal(e.chunk.width, cases[i].width);
        assert_int_equal(e.data.len, cases[i].size);
        check_encoded(&e);
        kura_buf_release(&e.data);
    }
}

/* A line is made of single rows, by a way of its own. */
static void test_raw_of_a_step_and_a_list(void **state)
{
    static int64_t (*const values[])(int, bool *) = {most_lines, far_apart};
    static struct encoded e;
    char want[64];
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct kura_partition *p;
        sqlite3 *db = edit();
        struct kura_buf b;

        run(db, "UPDATE dict_shape SET value = CAST('{line}' AS BLOB)");
        (void)sqlite3_close(db);
        fill(&e, values[i]);
        put_encoded(&e);
        p = open_it();
        kura_buf_init(&b, 1000);
        assert_int_equal(kura_partition_raw(p, 0, 1203, &b, NULL), KURA_OK);
        (void)snprintf(want, sizeof(want), "%lld", (long long)e.values[1203]);
        assert_string_equal(b.data, want);
        kura_buf_release(&b);
        kura_partition_close(p);
        kura_buf_release(&e.data);
    }
}

static void refuse_encoded(const struct encoded *e)
{
    static int64_t v[ROWS_0];
    static uint8_t null[ROWS_0];
    struct kura_partition *p;

    put_encoded(e);
    p = open_it();
    assert_int_equal(
        kura_partition_integers(p, column(p, "line"), 0, v, null, NULL),
        KURA_ECORRUPT);
    kura_partition_close(p);
}

static void test_a_wrong_end_of_a_chunk(void **state)
{
    static struct encoded e;

    (void)state;
    fill(&e, far_apart);
    e.data.len -= 20; /* a row has the number that is gone */
    refuse_encoded(&e);
    e.data.len -= 1;
    refuse_encoded(&e);
    e.data.len = ROWS_0; /* no list at all */
    refuse_encoded(&e);
    e.data.len = ROWS_0 + 5 * 20;
    e.data.data[ROWS_0 + 19] = 'x';
    refuse_encoded(&e);
    kura_buf_release(&e.data);
    fill(&e, each_line);
    e.chunk.scale = 0; /* width 0: a step, not a list */
    check_encoded(&e);
    memset(e.data.data, ' ', 20);
    refuse_encoded(&e);
    kura_buf_release(&e.data);
    fill(&e, many);
    e.chunk.scale = 0;
    refuse_encoded(&e);
    kura_buf_release(&e.data);
}

/* --- Damage ------------------------------------------------------------ */

static void damage(const char *column_name, int segment, const char *set)
{
    sqlite3 *db = edit();

    runf(db, "UPDATE chunk SET %s WHERE id = %lld", set,
         (long long)chunk_id(db, column_name, segment));
    (void)sqlite3_close(db);
}

static void test_wrong_checksum(void **state)
{
    static int64_t v[ROWS_0];
    static uint8_t null[ROWS_0];
    struct kura_partition *p;
    struct kura_err err = KURA_ERR_INIT;

    (void)state;
    damage("sc_bytes", 0, "crc = crc + 1");
    p = open_it();
    assert_int_equal(
        kura_partition_integers(p, column(p, "sc_bytes"), 0, v, null, &err),
        KURA_ECORRUPT);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(
        kura_partition_integers(p, column(p, "ts"), 0, v, null, NULL), KURA_OK);
    kura_partition_close(p);
    damage("sc_bytes", 0, "crc = crc - 1");
}

static void test_wrong_sizes(void **state)
{
    static const char *const bad[] = {"width = 4", "width = 9", "width = -1",
                                      "data = NULL", "width = 0"};
    static int64_t v[ROWS_0];
    static uint8_t null[ROWS_0];
    struct kura_partition *p;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sqlite3 *db = edit();

        run(db, "CREATE TABLE saved AS SELECT * FROM chunk");
        (void)sqlite3_close(db);
        damage("sc_bytes", 0, bad[i]);
        p = open_it();
        assert_int_equal(
            kura_partition_integers(p, column(p, "sc_bytes"), 0, v, null, NULL),
            KURA_ECORRUPT);
        kura_partition_close(p);
        db = edit();
        run(db, "DELETE FROM chunk; INSERT INTO chunk SELECT * FROM saved;"
                "DROP TABLE saved");
        (void)sqlite3_close(db);
    }
}

static void test_ids_beyond_the_dictionary(void **state)
{
    static uint32_t ids[ROWS_0];
    struct kura_partition *p;
    sqlite3 *db = edit();
    const char *text;
    size_t size;

    (void)state;
    run(db, "DELETE FROM dict_src_ip WHERE id > 200;"
            "DELETE FROM dict_cs_host WHERE id > 1;"
            "DELETE FROM dict_c_uri WHERE id = 2;"
            "DELETE FROM dict_shape WHERE id = 2");
    (void)sqlite3_close(db);
    p = open_it();
    assert_int_equal(kura_partition_ids(p, column(p, "src_ip"), 0, ids, NULL),
                     KURA_ECORRUPT);
    assert_int_equal(kura_partition_ids(p, column(p, "cs_host"), 0, ids, NULL),
                     KURA_ECORRUPT);
    assert_int_equal(
        kura_partition_text(p, column(p, "src_ip"), 201, &text, &size, NULL),
        KURA_ECORRUPT);
    assert_int_equal(
        kura_partition_text(p, column(p, "src_ip"), 0, &text, &size, NULL),
        KURA_ECORRUPT);
    /* A gap inside a dictionary. */
    assert_int_equal(
        kura_partition_text(p, column(p, "c_uri"), 2, &text, &size, NULL),
        KURA_ECORRUPT);
    assert_int_equal(kura_partition_dict_load(p, column(p, "c_uri"), NULL),
                     KURA_ECORRUPT);
    kura_partition_close(p);
}

static void test_a_shape_that_is_none(void **state)
{
    static const char *const bad[] = {"{", "{nobody}", "{src_ip:d6}", "{ts:x}",
                                      "{shape}"};
    struct kura_partition *p;
    struct kura_buf b;
    size_t i;

    (void)state;
    kura_buf_init(&b, 1000);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sqlite3 *db = edit();

        runf(db, "UPDATE dict_shape SET value = CAST('%s' AS BLOB)", bad[i]);
        (void)sqlite3_close(db);
        p = open_it();
        assert_int_equal(kura_partition_raw(p, 0, 1, &b, NULL), KURA_ECORRUPT);
        assert_int_equal(b.len, 0);
        kura_partition_close(p);
    }
    kura_buf_release(&b);
}

static void test_files_that_are_no_partition(void **state)
{
    struct kura_partition *p = NULL;
    struct kura_err err = KURA_ERR_INIT;
    sqlite3 *db;

    (void)state;
    assert_int_equal(kura_partition_open("/nonexistent/x.db", &p, &err),
                     KURA_ENOTFOUND);
    assert_non_null(strstr(err.msg, "/nonexistent/x.db"));
    assert_int_equal(kura_partition_open("/bin/sh", &p, NULL), KURA_ECORRUPT);
    db = edit();
    run(db, "PRAGMA user_version=2");
    (void)sqlite3_close(db);
    assert_int_equal(kura_partition_open(path, &p, NULL), KURA_EINPUT);
    db = edit();
    run(db, "PRAGMA user_version=1; UPDATE segment SET rows = 65537");
    (void)sqlite3_close(db);
    assert_int_equal(kura_partition_open(path, &p, NULL), KURA_ECORRUPT);
    db = edit();
    run(db, "DROP TABLE segment");
    (void)sqlite3_close(db);
    assert_int_equal(kura_partition_open(path, &p, NULL), KURA_ECORRUPT);
    assert_null(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(test_describes_itself),
        T(test_integers),
        T(test_texts_one_by_one_and_whole),
        T(test_find),
        T(test_chunk_info),
        T(test_raw),
        T(test_view_gives_what_the_reader_gives),
        T(test_view_has_the_stored_columns_in_order),
        T(test_what_the_encoder_makes),
        T(test_raw_of_a_step_and_a_list),
        T(test_a_wrong_end_of_a_chunk),
        T(test_wrong_checksum),
        T(test_wrong_sizes),
        T(test_ids_beyond_the_dictionary),
        T(test_a_shape_that_is_none),
        T(test_files_that_are_no_partition),
#undef T
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
