/* A damaged partition: whatever its bytes and values are, every way to read it
 * gives rows or says that it is damaged.
 *
 * The first byte of an input says what the rest is: a whole file (0), bytes
 * put in other places of a good one (odd), or values put into its tables, with
 * checksums made right again (even). */
#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "store/builder.h"
#include "store/db.h"
#include "store/partition.h"
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

const unsigned fuzz_rounds = 80;

#define ROWS 400
#define ROWS_READ 20 /* raw of so many rows of a segment, from either end */

static char dir[64], path[128];
static struct kura_buf good;

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[160];
    size_t i;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static void close_all(void)
{
    remove_files();
    (void)rmdir(dir);
    kura_buf_release(&good);
}

/* --- A good one ----------------------------------------------------------- */

static void cell_text(struct kura_cell *c, int column, const char *text)
{
    *c = (struct kura_cell){column, (uint32_t)strlen(text), text, 0};
}

static void rows_append(struct kura_builder *b, const struct kura_schema *s)
{
    static const char shape[] =
        "{ts:epoch.3} {elapsed_ms:d6} {src_ip} {sc_bytes} {c_uri}\n";
    int64_t t0 = INT64_C(1424221299090000);
    struct kura_cell c[8];
    char ip[32], uri[64];
    int i;

    for (i = 0; i < ROWS; i++) {
        (void)snprintf(ip, sizeof(ip), "192.0.2.%d", i * 7 % 200);
        (void)snprintf(uri, sizeof(uri), "http://h%d.example.com/%d", i % 9, i);
        cell_text(&c[0], KURA_CELL_SHAPE, shape);
        cell_text(&c[1], kura_schema_column(s, "src_ip"), ip);
        cell_text(&c[2], kura_schema_column(s, "c_uri"), uri);
        cell_text(&c[3], kura_schema_column(s, "source"), "access.log");
        cell_text(&c[4], kura_schema_column(s, "format"), "squid-native");
        c[5] = (struct kura_cell){kura_schema_column(s, "elapsed_ms"), 0, NULL,
                                  i % 3};
        c[6] = (struct kura_cell){kura_schema_column(s, "sc_bytes"), 0, NULL,
                                  (int64_t)i * i * 77};
        c[7] = (struct kura_cell){kura_schema_column(s, "line"), 0, NULL, i + 1};
        FUZZ_CHECK(kura_builder_append(b, t0 + i * KURA_SECOND, c, 8,
                                       80, NULL) == KURA_OK);
    }
}

static void good_make(void)
{
    const struct kura_schema *s;
    struct kura_held held = {"key", "access.log", 32000, ROWS, "ab"};
    struct kura_builder *b = NULL;
    sqlite3 *db = NULL;
    const char *tmp = getenv("TMPDIR");

    FUZZ_CHECK(kura_schema_load(NULL) == KURA_OK);
    s = kura_schema_find("proxy");
    (void)snprintf(dir, sizeof(dir), "%s/kura-fuzz.XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    FUZZ_CHECK(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof(path), "%s/p.db", dir);
    kura_buf_init(&good, 1 << 22);
    (void)atexit(close_all);
    FUZZ_CHECK(kura_builder_create(path, s, 16484,
                                   "00112233445566778899aabbccddeeff", &b,
                                   NULL) == KURA_OK);
    rows_append(b, s);
    FUZZ_CHECK(kura_builder_commit(b, &held, 1, NULL) == KURA_OK);
    kura_builder_close(b);
    FUZZ_CHECK(kura_db_open(path, SQLITE_OPEN_READWRITE, &db, NULL) == KURA_OK);
    FUZZ_CHECK(kura_db_exec(db, "PRAGMA journal_mode = DELETE", NULL) ==
               KURA_OK);
    FUZZ_CHECK(sqlite3_close(db) == SQLITE_OK);
    FUZZ_CHECK(kura_fs_read(path, &good, NULL) == KURA_OK);
    remove_files();
}

void fuzz_seeds(fuzz_take_fn *take, void *arg)
{
    static uint8_t seed[1 << 18];
    size_t i, k;

    if (dir[0] == '\0')
        good_make();
    FUZZ_CHECK(good.len < sizeof(seed));
    take(arg, "\1", 1);
    for (i = 1; i < 16; i++) { /* bytes and values anywhere */
        seed[0] = (uint8_t)i;
        for (k = 1; k < 33; k++)
            seed[k] = (uint8_t)(i * 37 + k * k * 11 + k);
        take(arg, seed, i % 2 == 1 ? 9 : 33);
    }
    seed[0] = 0;
    memcpy(seed + 1, good.data, good.len);
    take(arg, seed, good.len + 1);
}

/* --- Damage --------------------------------------------------------------- */

static void file_write(const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    FUZZ_CHECK(f != NULL);
    (void)fwrite(p, 1, n, f);
    (void)fclose(f);
}

/* Four bytes each: where (3) and what (1). */
static void damage_bytes(const uint8_t *data, size_t n)
{
    char *copy = malloc(good.len);
    size_t i;

    FUZZ_CHECK(copy != NULL);
    memcpy(copy, good.data, good.len);
    for (i = 0; i + 4 <= n; i += 4) {
        size_t at = (size_t)data[i] << 16 | (size_t)data[i + 1] << 8 |
                    data[i + 2];

        copy[at % good.len] = (char)data[i + 3];
    }
    file_write(copy, good.len);
    free(copy);
}

/* crc(BLOB), so that what was damaged looks as if it was meant. */
static void sql_crc(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_int64(ctx,
                         kura_crc32(sqlite3_value_blob(argv[0]),
                                    (size_t)sqlite3_value_bytes(argv[0])));
}

/* A value out of 4 bytes: which kind, which number. */
static void bind_value(sqlite3_stmt *stmt, const uint8_t *p)
{
    static const int64_t edges[] = {INT64_MIN, INT64_MAX, -1, 0, 1,
                                    65536, 65537, INT64_C(1) << 32};
    int64_t small = (int64_t)(p[2] | p[3] << 8);

    switch (p[0] % 5) {
    case 0:
        (void)sqlite3_bind_int64(stmt, 1, edges[p[1] % 8]);
        break;
    case 1:
        (void)sqlite3_bind_int64(stmt, 1, small);
        break;
    case 2:
        (void)sqlite3_bind_blob(stmt, 1, p, p[1] % 5, SQLITE_TRANSIENT);
        break;
    case 3:
        (void)sqlite3_bind_zeroblob(stmt, 1, (int)small);
        break;
    default:
        (void)sqlite3_bind_text(stmt, 1, "{x:epoch.9}", p[1] % 12,
                                SQLITE_TRANSIENT);
        break;
    }
}

static void damage_values(const uint8_t *data, size_t n)
{
    static const char *const edits[] = {
        "UPDATE chunk SET base = ?1 WHERE id % 7 = ?2",
        "UPDATE chunk SET scale = ?1 WHERE id % 7 = ?2",
        "UPDATE chunk SET width = ?1 WHERE id % 7 = ?2",
        "UPDATE chunk SET low = ?1 WHERE id % 7 = ?2",
        "UPDATE chunk SET high = ?1 WHERE id % 7 = ?2",
        "UPDATE chunk SET data = ?1 WHERE id % 7 = ?2",
        "UPDATE chunk SET data = data || ?1 WHERE id % 7 = ?2",
        "UPDATE chunk SET width = 8, data = zeroblob(3200), base = ?1",
        "UPDATE segment SET rows = ?1",
        "UPDATE segment SET first_ts = ?1",
        "UPDATE segment SET id = ?1",
        "UPDATE source SET rows = ?1",
        "UPDATE source SET key = ?1",
        "UPDATE source SET name = ?1",
        "UPDATE source SET held_bytes = ?1",
        "UPDATE source SET held_sha256 = ?1",
        "UPDATE dict_shape SET value = ?1",
        "UPDATE dict_src_ip SET value = ?1 WHERE id % 7 = ?2",
        "UPDATE dict_c_uri SET id = id + ?1 WHERE id > 300 + ?2",
        "DELETE FROM dict_src_ip WHERE id = ?1",
        "UPDATE \"column\" SET name = ?1 WHERE id = ?2",
        "UPDATE \"column\" SET type = ?1 WHERE id = ?2",
        "UPDATE OR REPLACE \"column\" SET id = ?1 WHERE id = ?2",
        "UPDATE meta SET value = ?1 WHERE key = 'day'",
        "UPDATE meta SET value = ?1 WHERE key = 'table'",
        "UPDATE meta SET value = ?1 WHERE key = 'id'",
        "UPDATE meta SET value = ?1 WHERE key = 'state'",
    };
    sqlite3_stmt *stmt;
    sqlite3 *db = NULL;
    size_t i;

    file_write(good.data, good.len);
    FUZZ_CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    (void)sqlite3_create_function(db, "crc", 1, SQLITE_UTF8, NULL, sql_crc,
                                  NULL, NULL);
    (void)sqlite3_exec(db, "PRAGMA synchronous = OFF; BEGIN", NULL, NULL, NULL);
    for (i = 0; i + 6 <= n; i += 6) {
        const char *sql = edits[data[i] % (sizeof(edits) / sizeof(edits[0]))];

        if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
            continue;
        bind_value(stmt, data + i + 2);
        if (sqlite3_bind_parameter_count(stmt) > 1)
            (void)sqlite3_bind_int(stmt, 2, data[i + 1] % 7);
        (void)sqlite3_step(stmt);
        (void)sqlite3_finalize(stmt);
    }
    (void)sqlite3_exec(db, "UPDATE chunk SET crc = crc(data)", NULL, NULL,
                       NULL);
    (void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    (void)sqlite3_close(db);
}

/* --- Reading -------------------------------------------------------------- */

static void expect(enum kura_rc rc, const struct kura_err *err)
{
    if (rc == KURA_OK)
        return;
    FUZZ_CHECK(rc != KURA_ENOMEM || strstr(err->msg, "limit") != NULL);
    FUZZ_CHECK(err->msg[0] != '\0');
}

static void read_text_column(struct kura_partition *p, int column)
{
    static uint32_t ids[KURA_SEGMENT_ROWS];
    uint32_t size = kura_partition_dict_size(p, column), k;
    const char *text;
    size_t i, n;

    for (i = 0; i < kura_partition_segments(p); i++) {
        struct kura_err err = KURA_ERR_INIT;
        enum kura_rc rc = kura_partition_ids(p, column, i, ids, &err);

        expect(rc, &err);
        for (k = 0; rc == KURA_OK && k < kura_partition_segment(p, i)->rows;
             k++) /* an id that was given can be looked up */
            FUZZ_CHECK(ids[k] <= size);
    }
    for (k = 1; k <= size && k < 1000; k += k < 20 ? 1 : 61) {
        struct kura_err err = KURA_ERR_INIT;
        enum kura_rc rc = kura_partition_text(p, column, k, &text, &n, &err);

        expect(rc, &err);
        if (rc == KURA_OK && n != 0)
            FUZZ_CHECK(memchr(text, text[n - 1], n) != NULL);
    }
    for (k = 0; k < 2; k++) {
        struct kura_err err = KURA_ERR_INIT;
        uint32_t id;

        expect(kura_partition_find(p, column, "192.0.2.7", 9, &id, &err), &err);
        expect(kura_partition_dict_load(p, column, &err), &err);
    }
}

static void read_integer_column(struct kura_partition *p, int column)
{
    static int64_t values[KURA_SEGMENT_ROWS];
    static uint8_t null[KURA_SEGMENT_ROWS];
    size_t i;

    for (i = 0; i < kura_partition_segments(p); i++) {
        struct kura_err err = KURA_ERR_INIT;

        expect(kura_partition_integers(p, column, i, values, null, &err), &err);
    }
}

static void read_lines(struct kura_partition *p)
{
    struct kura_buf out;
    size_t i;
    uint32_t k;

    kura_buf_init(&out, 1 << 20);
    for (i = 0; i < kura_partition_segments(p); i++) {
        uint32_t rows = kura_partition_segment(p, i)->rows;

        for (k = 0; k < rows; k++) {
            struct kura_err err = KURA_ERR_INIT;

            if (k == ROWS_READ && rows > 2 * ROWS_READ)
                k = rows - ROWS_READ;
            kura_buf_reset(&out);
            expect(kura_partition_raw(p, i, k, &out, &err), &err);
        }
    }
    kura_buf_release(&out);
}

static void read_all(struct kura_partition *p)
{
    const struct kura_schema *s = kura_partition_schema(p);
    size_t i;
    int c;

    for (c = KURA_COLUMN_SHAPE; c < s->count; c++) {
        if (c >= 0 && s->columns[c].function != NULL)
            continue;
        for (i = 0; i < kura_partition_segments(p); i++) {
            struct kura_err err = KURA_ERR_INIT;
            struct kura_chunk_info info;

            expect(kura_partition_chunk_info(p, c, i, &info, &err), &err);
        }
        if (c < 0 || s->columns[c].type == KURA_TEXT)
            read_text_column(p, c);
        else
            read_integer_column(p, c);
    }
    read_lines(p);
    for (i = 0; i < kura_partition_sources(p); i++) {
        const struct kura_partition_source *from = kura_partition_source(p, i);

        FUZZ_CHECK(from->key != NULL && from->name != NULL &&
                   from->held_sha256 != NULL);
        FUZZ_CHECK(strlen(from->key) + strlen(from->name) < good.len * 4);
    }
}

/* A view of somebody else's making could go on for ever. */
static int give_up(void *arg)
{
    int *left = arg;

    return --*left < 0;
}

static void read_view(void)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;
    int left = 100;

    if (kura_db_open(path, SQLITE_OPEN_READONLY, &db, NULL) != KURA_OK)
        return;
    sqlite3_progress_handler(db, 1000, give_up, &left);
    if (kura_db_prepare(db, "SELECT * FROM proxy", &stmt, NULL) == KURA_OK)
        while (sqlite3_step(stmt) == SQLITE_ROW)
            (void)sqlite3_column_text(stmt, 1);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_partition *p = NULL;
    enum kura_rc rc;

    if (dir[0] == '\0')
        good_make();
    if (n == 0)
        return 0;
    if (data[0] == 0)
        file_write(data + 1, n - 1);
    else if (data[0] % 2 == 1)
        damage_bytes(data + 1, n - 1);
    else
        damage_values(data + 1, n - 1);
    rc = kura_partition_open(path, &p, &err);
    expect(rc, &err);
    FUZZ_CHECK(n != 1 || data[0] != 1 || rc == KURA_OK);
    if (rc == KURA_OK)
        read_all(p);
    kura_partition_close(p);
    read_view();
    remove_files();
    return 0;
}
