/* test_volume.c - volumes: what is written is read back, by kura and by tar,
 * zstd, sha256sum and sqlite3; every changed byte is found; what a stranger
 * made is refused. */
#include "archive/volume.h"

#include "base/fs.h"
#include "store/seekable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY 16436 /* 2015-01-01 */
#define COUNT 3
#define ID "0123456789abcdef0123456789abcdef"

static char dir[] = "/tmp/kura_test_volume.XXXXXX";
static char name[] = "2015Q1/dns-2015-01.tar", version[] = "0.1.0", none[] = "";
static char names[COUNT][32] = {"dns/2015-01-01.db.zst",
                                "dns/2015-01-02.db.zst",
                                "dns/2015-01-02.1.db.zst"};
static struct kura_manifest_member members[COUNT];
static struct kura_manifest m;
static struct kura_location inputs[COUNT];
static char paths[COUNT][64];
static struct kura_volume_written written;

/* A database that differs from the others, of several frames. */
static void make_plain(const char *path, size_t i)
{
    char sql[512];
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)snprintf(sql, sizeof(sql),
                   "PRAGMA page_size = 65536; PRAGMA journal_mode = OFF;"
                   "CREATE TABLE t (a, b); WITH RECURSIVE n(i) AS (SELECT 1"
                   " UNION ALL SELECT i + 1 FROM n WHERE i < 8000)"
                   " INSERT INTO t SELECT i * %zu, hex(i * i) FROM n;"
                   "CREATE VIEW dns AS SELECT a AS ts, b AS query FROM t",
                   i + 1);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
}

static void make_member(size_t i)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_manifest_member *p = &members[i];
    struct kura_packed packed;
    char plain[64];

    (void)snprintf(plain, sizeof(plain), "%s/%zu.db", dir, i);
    (void)snprintf(paths[i], sizeof(paths[i]), "%s/%zu.db.zst", dir, i);
    make_plain(plain, i);
    if (kura_seekable_pack(plain, paths[i], 1, &packed, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    (void)unlink(plain);
    inputs[i].path = paths[i];
    inputs[i].size = packed.packed_bytes;
    p->name = names[i];
    memcpy(p->id, ID, sizeof(ID));
    p->id[0] = (char)('a' + (int)i);
    p->replaces = none;
    p->day = i == 0 ? DAY : DAY + 1;
    p->rows = 8000;
    p->plain_size = packed.plain_bytes;
    memcpy(p->sha256, packed.sha256, sizeof(p->sha256));
}

static int set_up(void **state)
{
    size_t i;

    (void)state;
    if (mkdtemp(dir) == NULL || chdir(dir) != 0 ||
        kura_schema_load(NULL) != KURA_OK)
        return -1;
    for (i = 0; i < COUNT; i++)
        make_member(i);
    memcpy(m.id, ID, sizeof(ID));
    m.name = name;
    m.schema = kura_schema_find("dns");
    m.kura = version;
    m.made_us = INT64_C(1430000000123456);
    m.first_day = DAY;
    m.last_day = DAY + 30;
    m.members = members;
    m.member_count = COUNT;
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    FILE *f;

    (void)state;
    free(written.offsets);
    (void)snprintf(command, sizeof(command), "cd / && rm -rf '%s'", dir);
    f = popen(command, "r");
    return f == NULL || pclose(f) != 0;
}

static void write_volume(const char *path)
{
    struct kura_err err = KURA_ERR_INIT;

    free(written.offsets);
    written.offsets = NULL;
    (void)unlink(path);
    if (kura_volume_write(path, ".", &m, inputs, 9, NULL, &written, &err) !=
        KURA_OK)
        fail_msg("%s", err.msg);
}

static struct kura_buf slurp(const char *path)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf b;

    kura_buf_init(&b, 64u << 20);
    if (kura_fs_read(path, &b, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    return b;
}

static void spew(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* The error of opening or checking `path`, which must have these words. */
static void refused(const char *path, bool check, const char *words)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_volume *v = NULL;
    enum kura_rc rc;

    rc = check ? kura_volume_check(path, NULL, NULL, NULL, &err)
               : kura_volume_open(path, &v, &err);
    if (rc == KURA_OK)
        fail_msg("taken, wanted: %s", words);
    if (strstr(err.msg, words) == NULL)
        fail_msg("'%s' does not say '%s'", err.msg, words);
    assert_int_equal(rc, KURA_ECORRUPT);
}

/* --- Written and read --------------------------------------------------- */

static void test_write(void **state)
{
    char first[KURA_SHA256_HEX], got[KURA_SHA256_HEX];
    struct kura_err err = KURA_ERR_INIT;
    struct kura_volume *v = NULL;
    struct kura_packed packed;
    struct stat st;
    size_t i;

    (void)state;
    write_volume("v.tar");
    assert_int_equal(stat("v.tar", &st), 0);
    assert_int_equal(st.st_size, written.bytes);
    if (kura_volume_open("v.tar", &v, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    assert_string_equal(kura_volume_manifest(v)->name, name);
    assert_int_equal(kura_volume_size(v), written.bytes);
    for (i = 0; i < COUNT; i++) {
        struct kura_location at = kura_volume_member(v, i);

        assert_int_equal(at.path[0], '/');
        assert_int_equal(at.offset, written.offsets[i]);
        assert_int_equal(at.offset % 512, 0);
        assert_int_equal(kura_seekable_unpack(&at, NULL, NULL, &packed, &err),
                         KURA_OK);
        assert_string_equal(packed.sha256, members[i].sha256);
    }
    kura_volume_close(v);
    if (kura_volume_check("v.tar", written.sha256, NULL, got, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    assert_string_equal(got, written.sha256);
    /* Equal inputs give equal bytes. */
    memcpy(first, written.sha256, sizeof(first));
    write_volume("v2.tar");
    assert_string_equal(first, written.sha256);
}

static void test_not_over(void **state)
{
    struct kura_volume_written w;
    struct kura_buf b;

    (void)state;
    spew("there.tar", "mine", 4);
    assert_int_equal(
        kura_volume_write("there.tar", ".", &m, inputs, 3, NULL, &w, NULL),
        KURA_EIO);
    b = slurp("there.tar");
    assert_string_equal(b.data, "mine");
    kura_buf_release(&b);
}

static void test_damaged_input(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_volume_written w;
    char was = members[1].sha256[5];

    (void)state;
    members[1].sha256[5] = was == '0' ? '1' : '0';
    assert_int_equal(
        kura_volume_write("bad.tar", ".", &m, inputs, 3, NULL, &w, &err),
        KURA_ECORRUPT);
    assert_non_null(strstr(err.msg, "1.db.zst' is not archived"));
    assert_false(kura_fs_exists("bad.tar"));
    members[1].sha256[5] = was;
}

static void test_stop(void **state)
{
    volatile sig_atomic_t stop = 1;
    struct kura_volume_written w;

    (void)state;
    assert_int_equal(
        kura_volume_write("s.tar", ".", &m, inputs, 3, &stop, &w, NULL),
        KURA_ESTOPPED);
    assert_false(kura_fs_exists("s.tar"));
    write_volume("v.tar");
    assert_int_equal(kura_volume_check("v.tar", "", &stop, NULL, NULL),
                     KURA_ESTOPPED);
}

/* --- With other people's tools ------------------------------------------ */

static void run(const char *command)
{
    struct kura_err err = KURA_ERR_INIT;

    if (kura_volume_command(command, "dns-2015-01.tar", &err) != KURA_OK)
        fail_msg("%s", err.msg);
}

static void test_stock_tools(void **state)
{
    (void)state;
    write_volume("dns-2015-01.tar");
    assert_int_equal(
        kura_volume_write_sum("dns-2015-01.tar", written.sha256, NULL),
        KURA_OK);
    run("sha256sum -c dns-2015-01.tar.sha256 2>/dev/null >&2");
    run("tar tvf dns-2015-01.tar | head -1 | grep -q -- "
        "'-rw-r--r-- 0/0 .* 2015-04-2[56] .* manifest.json'");
    /* What the README says, word for word. */
    run("tar xf dns-2015-01.tar && grep -q 'tar xf dns-2015-01.tar' README.txt"
        " && ! grep -q '{[a-z_]*}' README.txt"
        " || grep '{' README.txt | grep -q '{column}'");
    run("sed -n 's/^    zstd -d \\(.*[0-9].db.zst\\)/zstd -q -d \\1/p' "
        "README.txt | sh");
    run("test $(sqlite3 dns/2015-01-01.db 'SELECT count(*) FROM \"dns\"') = "
        "8000");
    run("sqlite3 :memory: \"SELECT json_extract(CAST(readfile('manifest.json')"
        " AS TEXT), '$.members[0].sha256') || '  dns/2015-01-01.db'\" | "
        "sha256sum -c >/dev/null");
}

/* --- Damage ------------------------------------------------------------- */

static void flipped(struct kura_buf *b, int64_t at, const char *words)
{
    b->data[at] = (char)(b->data[at] ^ 0x10);
    spew("flip.tar", b->data, b->len);
    b->data[at] = (char)(b->data[at] ^ 0x10);
    refused("flip.tar", true, words);
}

static void test_flips(void **state)
{
    struct kura_buf b;
    const char *readme;
    int64_t i, from, size, json;

    (void)state;
    write_volume("v.tar");
    b = slurp("v.tar");
    assert_int_equal(b.len, written.bytes);
    flipped(&b, 5, "at byte 0: ");
    json = strstr(b.data + 512, "\"plain_size\"") - b.data + 1;
    flipped(&b, json, "plain_size is missing");
    for (i = 0; i < COUNT; i++) {
        from = written.offsets[i];
        size = members[i].size;
        flipped(&b, from - 500, names[i]);       /* header */
        flipped(&b, from, names[i]);             /* magic */
        flipped(&b, from + size / 2, names[i]);  /* a frame */
        flipped(&b, from + size - 30, names[i]); /* seek table */
        flipped(&b, from + size - 1, names[i]);  /* its magic */
        if (size % 512 != 0)
            flipped(&b, from + size, "a byte that is not zero");
    }
    flipped(&b, (int64_t)b.len - 1, "a byte that is not zero");
    /* A README has no digest of its own: that of the tar file covers it. */
    readme = b.data + written.offsets[0] - 512 - 600;
    spew("flip.tar", b.data, b.len);
    assert_int_equal(kura_volume_write_sum("flip.tar", written.sha256, NULL),
                     KURA_OK);
    assert_int_equal(kura_volume_check("flip.tar", "", NULL, NULL, NULL),
                     KURA_OK);
    b.data[readme - b.data] ^= 1;
    spew("flip.tar", b.data, b.len);
    assert_int_equal(kura_volume_check("flip.tar", NULL, NULL, NULL, NULL),
                     KURA_OK);
    assert_int_equal(kura_volume_check("flip.tar", "", NULL, NULL, NULL),
                     KURA_ECORRUPT);
    (void)unlink("flip.tar.sha256");
    assert_int_equal(kura_volume_check("flip.tar", "", NULL, NULL, NULL),
                     KURA_OK);
    kura_buf_release(&b);
}

/* With the digest known, no byte at all can change. */
static void test_every_region(void **state)
{
    struct kura_buf b;
    size_t at;
    char was;

    (void)state;
    write_volume("v.tar");
    b = slurp("v.tar");
    for (at = 0; at < b.len; at += at < 4096 ? 61 : b.len / 40 + 1) {
        was = b.data[at];
        b.data[at] = (char)(was ^ 1);
        spew("flip.tar", b.data, b.len);
        b.data[at] = was;
        assert_int_equal(
            kura_volume_check("flip.tar", written.sha256, NULL, NULL, NULL),
            KURA_ECORRUPT);
    }
    kura_buf_release(&b);
}

static void test_cut(void **state)
{
    struct kura_buf b;
    struct kura_volume *v;
    size_t n;

    (void)state;
    write_volume("v.tar");
    b = slurp("v.tar");
    for (n = 0; n < b.len; n += n < 2048 ? 100 : b.len / 30) {
        spew("cut.tar", b.data, n);
        assert_int_equal(kura_volume_open("cut.tar", &v, NULL), KURA_ECORRUPT);
    }
    spew("cut.tar", b.data, b.len - 512);
    refused("cut.tar", false, "before its end mark");
    spew("cut.tar.sha256", "x\n", 2);
    spew("cut.tar", b.data, b.len);
    assert_int_equal(kura_volume_check("cut.tar", "", NULL, NULL, NULL),
                     KURA_ECORRUPT);
    kura_buf_release(&b);
}

static void test_several(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf b;
    size_t i;

    (void)state;
    write_volume("v.tar");
    b = slurp("v.tar");
    for (i = 1; i < COUNT; i++)
        b.data[written.offsets[i] + members[i].size / 2] ^= 4;
    spew("flip.tar", b.data, b.len);
    assert_int_equal(kura_volume_check("flip.tar", NULL, NULL, NULL, &err),
                     KURA_ECORRUPT);
    assert_non_null(strstr(err.msg, names[1]));
    assert_non_null(strstr(err.msg, "and 1 others of 3"));
    assert_non_null(strstr(err.msg, "8000 rows of 2015-01-02"));
    kura_buf_release(&b);
}

/* --- Strangers ---------------------------------------------------------- */

struct made {
    const char *name;
    mode_t type; /* AE_IF..., 0: regular */
    const char *data;
    size_t n;
    const char *link;
};

static void make_tar(int format, const struct made *e, size_t n)
{
    struct archive *a = archive_write_new();
    struct archive_entry *entry;
    size_t i;

    assert_int_equal(archive_write_set_format(a, format), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(a, "made.tar"), ARCHIVE_OK);
    for (i = 0; i < n; i++) {
        entry = archive_entry_new();
        archive_entry_set_pathname(entry, e[i].name);
        archive_entry_set_filetype(entry, e[i].type != 0 ? e[i].type
                                                         : (mode_t)AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        if (e[i].link != NULL && e[i].type == AE_IFLNK)
            archive_entry_set_symlink(entry, e[i].link);
        else if (e[i].link != NULL)
            archive_entry_set_hardlink(entry, e[i].link);
        archive_entry_set_size(entry, (int64_t)e[i].n);
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        if (e[i].n != 0)
            assert_int_equal(archive_write_data(a, e[i].data, e[i].n), e[i].n);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    (void)archive_write_free(a);
}

/* A tar file of our own manifest and README, then `last` in the place of the
 * member, of a manifest with one member. */
static void stranger(int format, const struct made *last, size_t count,
                     const char *words)
{
    struct kura_buf json;
    struct made e[8] = {{.name = "manifest.json"},
                        {.name = "README.txt", .data = "hello", .n = 5}};
    size_t i;

    kura_buf_init(&json, KURA_MANIFEST_MAX);
    m.member_count = 1;
    assert_int_equal(kura_manifest_write(&m, &json, NULL), KURA_OK);
    m.member_count = COUNT;
    e[0].data = json.data;
    e[0].n = json.len;
    for (i = 0; i < count; i++)
        e[2 + i] = last[i];
    make_tar(format, e, 2 + count);
    refused("made.tar", false, words);
    kura_buf_release(&json);
}

static void test_strangers(void **state)
{
    const int ustar = ARCHIVE_FORMAT_TAR_USTAR;
    struct kura_buf b;
    struct made good = {.name = names[0]}, bad[2];
    static char long_name[200];

    (void)state;
    write_volume("v.tar"); /* sets the sizes */
    b = slurp("v.tar");
    good.data = b.data + written.offsets[0];
    good.n = (size_t)members[0].size;

    bad[0] = good;
    bad[0].name = "/etc/passwd";
    stranger(ustar, bad, 1, "'/etc/passwd' leads out");
    bad[0].name = "dns/../../x";
    stranger(ustar, bad, 1, "'dns/../../x' leads out");
    bad[0].name = "dns/other.db.zst";
    stranger(ustar, bad, 1, "'dns/other.db.zst' stands where");
    bad[0] = good;
    bad[0].n -= 1;
    stranger(ustar, bad, 1, "the manifest says");
    bad[0] = good;
    bad[0].data = b.data;
    stranger(ustar, bad, 1, "does not begin as zstd");
    stranger(ustar, bad, 0, "it ends before 'dns/2015-01-01.db.zst'");
    bad[0] = good;
    bad[1] = good;
    stranger(ustar, bad, 2, "the manifest does not name");
    bad[1].name = "extra";
    bad[1].n = 3;
    stranger(ustar, bad, 2, "'extra' is not named by the manifest");

    bad[0] = (struct made){names[0], AE_IFLNK, NULL, 0, "/etc/passwd"};
    stranger(ustar, bad, 1, "is a link");
    bad[0] = (struct made){names[0], 0, NULL, 0, "README.txt"};
    stranger(ustar, bad, 1, "is a link");
    bad[0] = (struct made){"dns", AE_IFDIR, NULL, 0, NULL};
    stranger(ustar, bad, 1, "is not a regular file");
    bad[0] = (struct made){names[0], AE_IFIFO, NULL, 0, NULL};
    stranger(ustar, bad, 1, "is not a regular file");

    memset(long_name, 'a', sizeof(long_name) - 1);
    bad[0] = good;
    bad[0].name = long_name;
    stranger(ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, bad, 1, "extended (pax)");
    stranger(ARCHIVE_FORMAT_TAR_GNUTAR, &good, 1, "no header of a ustar");
    kura_buf_release(&b);
}

/* "GNUSparse" by GNU tar, and a GNU header for a long name in a ustar file. */
static void test_types(void **state)
{
    static const struct {
        char type;
        const char *words;
    } types[] = {{'S', "sparse"},
                 {'L', "long name"},
                 {'K', "long name"},
                 {'x', "pax"},
                 {'g', "pax"},
                 {'7', "not a regular"},
                 {'\0', "not a regular"},
                 {'V', "not a regular"}};
    struct kura_buf b;
    char *header, sum[8];
    unsigned total;
    size_t i, k;

    (void)state;
    write_volume("v.tar");
    b = slurp("v.tar");
    header = b.data + written.offsets[1] - 512;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        header[156] = types[i].type;
        memset(header + 148, ' ', 8);
        for (total = 0, k = 0; k < 512; k++)
            total += (unsigned char)header[k];
        (void)snprintf(sum, sizeof(sum), "%06o", total);
        memcpy(header + 148, sum, 7);
        spew("flip.tar", b.data, b.len);
        refused("flip.tar", false, types[i].words);
    }
    kura_buf_release(&b);
}

static void test_no_volume(void **state)
{
    struct made e = {.name = "README.txt", .data = "x", .n = 1};
    struct kura_volume *v = NULL;
    char *big = calloc(1, KURA_MANIFEST_MAX + 1);

    (void)state;
    assert_non_null(big);
    make_tar(ARCHIVE_FORMAT_TAR_USTAR, &e, 1);
    refused("made.tar", false, "'README.txt' stands where 'manifest.json'");
    e = (struct made){
        .name = "manifest.json", .data = big, .n = KURA_MANIFEST_MAX + 1};
    make_tar(ARCHIVE_FORMAT_TAR_USTAR, &e, 1);
    refused("made.tar", false, "a manifest of 67108865 bytes");
    (void)unlink("made.tar");
    spew("text.tar", "no tar file at all\n", 19);
    refused("text.tar", false, "at byte 0: it ends here");
    spew("text.tar", big, 600);
    refused("text.tar", false, "at byte 0");
    big[300] = 'x';
    spew("text.tar", big, 600);
    refused("text.tar", false, "at byte 0: no header of a ustar file");
    free(big);
    spew("text.tar", "", 0);
    refused("text.tar", false, "at byte 0: it ends here");
    assert_int_equal(mkfifo("pipe.tar", 0600), 0);
    assert_int_equal(kura_volume_open("pipe.tar", &v, NULL), KURA_EIO);
    assert_int_equal(kura_volume_open("none.tar", &v, NULL), KURA_ENOTFOUND);
}

/* --- Commands ----------------------------------------------------------- */

static void test_command(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf b;

    (void)state;
    assert_int_equal(setenv("KURA_VOLUME", "wrong", 1), 0);
    assert_int_equal(kura_volume_command("printf %s \"$KURA_VOLUME\" > said; "
                                         "cat > stdin",
                                         "a b.tar", &err),
                     KURA_OK);
    b = slurp("said");
    assert_string_equal(b.data, "a b.tar");
    kura_buf_release(&b);
    b = slurp("stdin");
    assert_int_equal(b.len, 0);
    kura_buf_release(&b);
    assert_int_equal(kura_volume_command("exit 7", "v.tar", &err), KURA_EIO);
    assert_non_null(strstr(err.msg, "exit status 7"));
    err = (struct kura_err)KURA_ERR_INIT;
    assert_int_equal(kura_volume_command("kill -9 $$", "v.tar", &err),
                     KURA_EIO);
    assert_non_null(strstr(err.msg, "signal 9"));
}

static void test_fs_copy(void **state)
{
    char sha256[KURA_SHA256_HEX];
    volatile sig_atomic_t stop = 1;
    int64_t room = 0;

    (void)state;
    write_volume("v.tar");
    assert_int_equal(kura_fs_copy("v.tar", "copy", NULL, sha256, NULL),
                     KURA_OK);
    assert_string_equal(sha256, written.sha256);
    assert_int_equal(kura_volume_check("copy", sha256, NULL, NULL, NULL),
                     KURA_OK);
    assert_int_equal(kura_fs_copy("v.tar", "copy", NULL, NULL, NULL), KURA_EIO);
    assert_true(kura_fs_exists("copy"));
    assert_int_equal(kura_fs_copy("v.tar", "no", &stop, NULL, NULL),
                     KURA_ESTOPPED);
    assert_false(kura_fs_exists("no"));
    assert_int_equal(kura_fs_free_space(".", &room, NULL), KURA_OK);
    assert_true(room > 0);
    assert_int_equal(kura_fs_free_space("none", &room, NULL), KURA_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),         cmocka_unit_test(test_not_over),
        cmocka_unit_test(test_damaged_input), cmocka_unit_test(test_stop),
        cmocka_unit_test(test_stock_tools),   cmocka_unit_test(test_flips),
        cmocka_unit_test(test_every_region),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_several),       cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_types),         cmocka_unit_test(test_no_volume),
        cmocka_unit_test(test_command),       cmocka_unit_test(test_fs_copy),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
