/* test_seal.c - what a sealed partition holds is what its inputs held: checked
 * with the zstd and sqlite3 programs alone, through the view in the file. */
#include "base/clock.h"
#include "base/fs.h"
#include "store/builder.h"
#include "store/digest.h"
#include "store/partition.h"
#include "store/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ID(c) #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c #c
#define INPUTS 3

static char dir[32], to[64], inputs[INPUTS][64];
static const char *const ids[INPUTS] = {ID(1a), ID(2b), ID(3c)};
static struct kura_err err;
static const struct kura_schema *proxy;
static int64_t today;

static void check_at(enum kura_rc rc, int line)
{
    if (rc != KURA_OK)
        fail_msg("line %d: %d %s", line, (int)rc, err.msg);
}
#define OK(call) check_at(call, __LINE__)

static int setup(void **state)
{
    int i;

    (void)state;
    memset(&err, 0, sizeof(err));
    assert_int_equal(kura_schema_load(NULL), KURA_OK);
    proxy = kura_schema_find("proxy");
    today = kura_days_from_civil(2026, 8, 25);
    (void)snprintf(dir, sizeof(dir), "/tmp/kura_test_XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(to, sizeof(to), "%s/sealed.db.zst", dir);
    for (i = 0; i < INPUTS; i++)
        (void)snprintf(inputs[i], sizeof(inputs[i]), "%s/in%d.db", dir, i);
    return 0;
}

static int teardown(void **state)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    char path[320];

    (void)state;
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        (void)unlink(path);
    }
    (void)closedir(d);
    return rmdir(dir);
}

/* --- Inputs -------------------------------------------------------------- */

static struct kura_builder *input(int i)
{
    struct kura_builder *b = NULL;

    OK(kura_builder_create(inputs[i], proxy, today, ids[i], &b, &err));
    return b;
}

static void input_end(struct kura_builder *b)
{
    struct kura_held held = {HEAD ":12", "made.log", 1, 1, ""};

    memset(held.sha256, '0', 64);
    OK(kura_builder_commit(b, &held, 1, &err));
    kura_builder_close(b);
}

/* A row at `second` of the day; NULL and INT64_MIN leave a column out. */
static void row(struct kura_builder *b, int64_t second, int64_t line,
                const char *host, const char *agent, int64_t bytes)
{
    struct kura_cell cells[6];
    size_t n = 0;

    memset(cells, 0, sizeof(cells));
    cells[n].column = kura_schema_column(proxy, "line");
    cells[n++].number = line;
    cells[n].column = kura_schema_column(proxy, "source");
    cells[n].text = "made.log";
    cells[n++].size = 8;
    if (host != NULL) {
        cells[n].column = kura_schema_column(proxy, "cs_host");
        cells[n].text = host;
        cells[n++].size = (uint32_t)strlen(host);
    }
    if (agent != NULL) {
        cells[n].column = kura_schema_column(proxy, "c_useragent");
        cells[n].text = agent;
        cells[n++].size = (uint32_t)strlen(agent);
    }
    if (bytes != INT64_MIN) {
        cells[n].column = kura_schema_column(proxy, "sc_bytes");
        cells[n++].number = bytes;
    }
    cells[n].column = KURA_CELL_SHAPE;
    cells[n].text = line % 2 != 0 ? "{cs_host} \n" : "x{{y\r\n";
    cells[n].size = (uint32_t)strlen(cells[n].text);
    n++;
    OK(kura_builder_append(b, today * KURA_DAY + second * KURA_SECOND, cells, n,
                           20, &err));
}

static struct kura_sealed seal(int count)
{
    struct kura_location at[INPUTS];
    struct kura_sealed out;
    int i;

    for (i = 0; i < count; i++)
        at[i] = (struct kura_location){inputs[i], 0, 0};
    OK(kura_seal(at, (size_t)count, count == 1 ? ids[0] : ID(4d), to,
                 KURA_LEVEL_SEAL, &out, &err));
    return out;
}

/* --- The programs of others ------------------------------------------------ */

/* What a command writes, at most 1 MB; it must succeed. */
static char *output(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
static char *output(const char *fmt, ...)
{
    static char text[1 << 20];
    char command[4096];
    size_t n;
    va_list ap;
    FILE *f;

    va_start(ap, fmt);
    (void)vsnprintf(command, sizeof(command), fmt, ap);
    va_end(ap);
    f = popen(command, "r");
    assert_non_null(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    if (pclose(f) != 0)
        fail_msg("%s: %s", command, text);
    return text;
}

static void unpacked(void)
{
    (void)output("zstd -q -d -f %s -o %s/plain.db", to, dir);
}

static void says_at(const char *sql, const char *want, int line)
{
    char *got = output("sqlite3 -readonly %s/plain.db \"%s\"", dir, sql);

    if (strcmp(got, want) != 0)
        fail_msg("line %d: '%s' instead of '%s'", line, got, want);
}
#define SAYS(sql, want) says_at(sql, want, __LINE__)

/* The view of the result is that of the inputs by ts, ties as they came. */
static void same_rows(int count)
{
    char from[256] = "SELECT 0 AS part, row_number() OVER () AS nth, * "
                     "FROM main.proxy",
         attach[256] = "";
    char *wanted;
    int i;

    for (i = 1; i < count; i++) {
        (void)snprintf(attach + strlen(attach), sizeof(attach) - strlen(attach),
                       "ATTACH '%s' AS a%d; ", inputs[i], i);
        (void)snprintf(from + strlen(from), sizeof(from) - strlen(from),
                       " UNION ALL SELECT %d, row_number() OVER (), * "
                       "FROM a%d.proxy",
                       i, i);
    }
    wanted = strdup(output(
        "sqlite3 -json %s \"%s CREATE TEMP TABLE t AS SELECT * FROM (%s) "
        "ORDER BY ts, part, nth; ALTER TABLE t DROP COLUMN part; "
        "ALTER TABLE t DROP COLUMN nth; SELECT * FROM t\"",
        inputs[0], attach, from));
    assert_string_equal(
        output("sqlite3 -json -readonly %s/plain.db 'SELECT * FROM proxy'",
               dir),
        wanted);
    assert_true(strlen(wanted) > 2);
    free(wanted);
}

static void digest_of(const char *path, int64_t size, struct kura_digest *d)
{
    const struct kura_location at = {path, 0, size};
    struct kura_partition *p = NULL;

    OK(kura_partition_open_at(&at, &p, &err));
    OK(kura_digest_add(p, d, &err));
    kura_partition_close(p);
}

static void same_digest(int count, const struct kura_sealed *s)
{
    struct kura_digest in = {0, 0}, out = {0, 0};
    int i;

    for (i = 0; i < count; i++)
        digest_of(inputs[i], 0, &in);
    digest_of(to, s->packed.packed_bytes, &out);
    assert_int_equal(in.rows, out.rows);
    assert_true(in.sum == out.sum);
    assert_int_equal(out.rows, s->rows);
}

/* --- Tests ------------------------------------------------------------------ */

static void several(void **state)
{
    static const char *const hosts[] = {"www.Example.com", "WWW.example.COM",
                                        "www.example.com", "", NULL,
                                        "zz.example.net",  "Zz.example.net",
                                        "a'b\"c",          "\xe3\x83\x86"};
    static const char *const agents[] = {NULL, "Mozilla", "mozilla", "curl/8"};
    struct kura_builder *b;
    struct kura_sealed s;
    int64_t rows = 0;
    int i, k;

    (void)state;
    for (i = 0; i < INPUTS; i++) {
        b = input(i);
        for (k = 0; k < 700; k++, rows++) /* back and forth, many ties */
            row(b, (k * 7919 + i * 13) % 86400 / 200, k + 1,
                hosts[(k + i) % 9], i == 1 ? NULL : agents[k % 4],
                k % 5 == 0 ? INT64_MIN : (k % 3 - 1) * INT64_C(5000000000));
        input_end(b);
    }
    s = seal(INPUTS);
    assert_int_equal(s.rows, rows);
    assert_int_equal(s.raw_bytes, 20 * rows);
    assert_int_equal(s.first_ts, today * KURA_DAY);
    unpacked();
    same_rows(INPUTS);
    same_digest(INPUTS, &s);
    SAYS("PRAGMA integrity_check", "ok\n");
    SAYS("PRAGMA journal_mode", "delete\n");
    SAYS("SELECT value FROM meta WHERE key = 'state'", "sealed\n");
    SAYS("SELECT value FROM meta WHERE key = 'replaces'",
         ID(1a) " " ID(2b) " " ID(3c) "\n");
    SAYS("SELECT value FROM meta WHERE key = 'id'", ID(4d) "\n");
    /* Each text once, whatever its case; NOCASE first, then the bytes. */
    SAYS("SELECT group_concat(value, '|') FROM (SELECT value FROM dict_cs_host "
         "ORDER BY id)",
         "|a'b\"c|WWW.example.COM|www.Example.com|www.example.com|"
         "Zz.example.net|zz.example.net|\xe3\x83\x86\n");
    SAYS("SELECT group_concat(id, ' ') FROM dict_c_useragent", "1 2 3\n");
    SAYS("SELECT rows || ' ' || bytes FROM source", "2100 42000\n");
    assert_string_equal(
        output("sha256sum <%s/plain.db | cut -c1-64 | tr -d '\\n'", dir),
        s.packed.sha256);
}

static void ties(void **state)
{
    struct kura_builder *b = input(0);

    (void)state;
    row(b, 5, 1, "c", NULL, 1);
    row(b, 5, 2, "b", NULL, 1);
    row(b, 4, 3, "a", NULL, 1);
    row(b, 5, 4, "a", NULL, 1);
    input_end(b);
    b = input(1);
    row(b, 5, 5, "z", NULL, 1);
    row(b, 3, 6, "y", NULL, 1);
    row(b, 5, 5, "z", NULL, 1); /* the very same row again stays two */
    input_end(b);
    (void)seal(2);
    unpacked();
    SAYS("SELECT group_concat(line, ' ') FROM proxy", "6 3 1 2 4 5 5\n");
    same_rows(2);
}

/* One input keeps its id and what it stood for. */
static void single(void **state)
{
    struct kura_builder *b = input(0);
    struct kura_sealed s;

    (void)state;
    OK(kura_builder_set_replaces(b, ids[2], &err));
    row(b, 9, 1, NULL, NULL, INT64_MIN);
    input_end(b);
    s = seal(1);
    unpacked();
    SAYS("SELECT value FROM meta WHERE key = 'id'", ID(1a) "\n");
    SAYS("SELECT value FROM meta WHERE key = 'replaces'", ID(3c) "\n");
    SAYS("SELECT count(*) || ' ' || count(cs_host) || ' ' || count(sc_bytes) "
         "FROM proxy",
         "1 0 0\n");
    same_digest(1, &s);
}

static void no_rows(void **state)
{
    struct kura_sealed s;

    (void)state;
    input_end(input(0));
    s = seal(1);
    assert_int_equal(s.rows, 0);
    unpacked();
    SAYS("SELECT count(*) FROM proxy", "0\n");
    SAYS("PRAGMA integrity_check", "ok\n");
    same_digest(1, &s);
}

/* More than a segment, in the wrong order. */
static void segments(void **state)
{
    const int rows = KURA_SEGMENT_ROWS + 500;
    struct kura_builder *b = input(0);
    struct kura_partition *p = NULL;
    struct kura_location at = {to, 0, 0};
    struct kura_sealed s;
    char host[32];
    int i;

    (void)state;
    for (i = 0; i < rows; i++) {
        (void)snprintf(host, sizeof(host), "h%d.example.com", i % 3000);
        row(b, 86399 - i, i + 1, i % 11 == 0 ? NULL : host, NULL, i);
    }
    input_end(b);
    s = seal(1);
    same_digest(1, &s);
    unpacked();
    SAYS("SELECT count(*) FROM segment", "2\n");
    SAYS("SELECT sum(rows) FROM segment", "66036\n");
    SAYS("SELECT (SELECT last_ts FROM segment WHERE id = 0) < "
         "(SELECT first_ts FROM segment WHERE id = 1)",
         "1\n");
    /* The first row in came last in time. */
    SAYS("SELECT group_concat(line || ' ' || cs_host, ',') FROM (SELECT line, "
         "cs_host FROM proxy LIMIT 2)",
         "66036 h35.example.com,66035 h34.example.com\n");
    at.size = s.packed.packed_bytes;
    OK(kura_partition_open_at(&at, &p, &err));
    assert_true(kura_partition_is_sealed(p));
    assert_int_equal(kura_partition_segments(p), 2);
    assert_int_equal(kura_partition_dict_size(
                         p, kura_schema_column(proxy, "cs_host")),
                     3000);
    kura_partition_close(p);
}

/* A sealed one is sealed again, with another: folding. */
static void sealed_again(void **state)
{
    struct kura_location at[2];
    struct kura_sealed s;
    struct kura_builder *b = input(0);
    char again[64];

    (void)state;
    row(b, 5, 1, "B", NULL, 1);
    row(b, 2, 2, "b", "x", 2);
    input_end(b);
    b = input(1);
    row(b, 3, 3, "a", NULL, INT64_MIN);
    input_end(b);
    s = seal(1);
    (void)snprintf(again, sizeof(again), "%s/again.db.zst", dir);
    at[0] = (struct kura_location){to, 0, s.packed.packed_bytes};
    at[1] = (struct kura_location){inputs[1], 0, 0};
    OK(kura_seal(at, 2, ID(4d), again, KURA_LEVEL_SEAL, &s, &err));
    memcpy(to, again, sizeof(to));
    unpacked();
    same_rows(2);
    same_digest(2, &s);
    SAYS("SELECT value FROM meta WHERE key = 'replaces'",
         ID(1a) " " ID(2b) "\n");
}

/* What is left of a run that died is cleared. */
static void leftovers(void **state)
{
    struct kura_builder *b = input(0);
    struct kura_sealed s;

    (void)state;
    row(b, 5, 1, "B", NULL, 1);
    input_end(b);
    (void)output("echo junk | tee %s.plain >%s.tmp", to, to);
    s = seal(1);
    assert_int_equal(s.rows, 1);
    assert_string_equal(output("ls %s | grep -E 'plain$|tmp$'; true", dir), "");
    unpacked();
    SAYS("SELECT count(*) FROM proxy", "1\n");
}

/* A damaged input, and one of another day: nothing is made. */
static void refused(void **state)
{
    struct kura_location at[2] = {{inputs[0], 0, 0}, {inputs[1], 0, 0}};
    struct kura_builder *b = input(0);
    struct kura_sealed s;

    (void)state;
    row(b, 5, 1, "B", NULL, 1);
    row(b, 6, 2, "C", NULL, 300);
    input_end(b);
    OK(kura_builder_create(inputs[1], proxy, today + 1, ids[1], &b, &err));
    row(b, 86405, 1, "B", NULL, 1);
    input_end(b);
    assert_int_equal(kura_seal(at, 2, ID(4d), to, KURA_LEVEL_SEAL, &s, &err),
                     KURA_ECORRUPT);
    assert_non_null(strstr(err.msg, inputs[1]));
    (void)output("sqlite3 %s \"UPDATE chunk SET data = "
                 "zeroblob(length(data)), crc = crc + 1 WHERE id = (SELECT "
                 "max(id) FROM chunk WHERE length(data) > 0)\"",
                 inputs[0]);
    assert_int_equal(kura_seal(at, 1, ids[0], to, KURA_LEVEL_SEAL, &s, &err),
                     KURA_ECORRUPT);
    assert_non_null(strstr(err.msg, inputs[0]));
    assert_string_equal(output("ls %s | grep -c sealed; true", dir), "0\n");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(several),  EACH(ties),         EACH(single), EACH(no_rows),
        EACH(segments), EACH(sealed_again), EACH(leftovers),  EACH(refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
