/* test_fs.c - files, durable renames, locks. */
#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every test runs in a directory of its own, empty and current. */
static int enter(void **state)
{
    static char dir[] = "/tmp/kura_test_fs.XXXXXX";

    memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
    *state = dir;
    return mkdtemp(dir) == NULL ? -1 : chdir(dir);
}

static void empty(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;

    if (d == NULL)
        return;
    while ((e = readdir(d)) != NULL) {
        char name[4096];

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        if (kura_fs_is_dir(name))
            empty(name);
        (void)remove(name);
    }
    (void)closedir(d);
}

static int leave(void **state)
{
    empty(*state);
    return chdir("/") != 0 || rmdir(*state) != 0;
}

static size_t count_names(const char *path)
{
    DIR *d = opendir(path);
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n - 2;
}

static void put(const char *path, const char *text)
{
    assert_int_equal(kura_fs_write(path, text, strlen(text), NULL), KURA_OK);
}

static void check_holds(const char *path, const char *text)
{
    struct kura_buf b;

    kura_buf_init(&b, 1000);
    assert_int_equal(kura_fs_read(path, &b, NULL), KURA_OK);
    assert_string_equal(b.data, text);
    assert_int_equal(b.len, strlen(text));
    kura_buf_release(&b);
}

static void test_mkdirs(void **state)
{
    struct kura_err err = KURA_ERR_INIT;

    (void)state;
    assert_int_equal(kura_fs_mkdirs("a/b//c/", &err), KURA_OK);
    assert_true(kura_fs_is_dir("a/b/c"));
    assert_int_equal(kura_fs_mkdirs("a/b/c", &err), KURA_OK);
    assert_int_equal(kura_fs_mkdirs("/", &err), KURA_OK);
    put("file", "x");
    assert_false(kura_fs_is_dir("file"));
    assert_int_equal(kura_fs_mkdirs("file/d", &err), KURA_EIO);
    assert_non_null(strstr(err.msg, "'file'"));
}

static void test_write_and_read(void **state)
{
    (void)state;
    put("f", "one");
    check_holds("f", "one");
    put("f", "");
    check_holds("f", "");
    put("./f", "two");
    check_holds("f", "two");
    assert_int_equal(count_names("."), 1); /* no temporary file is left */
}

static void test_write_fails(void **state)
{
    struct kura_err err = KURA_ERR_INIT;

    (void)state;
    assert_int_equal(kura_fs_mkdirs("d/x", NULL), KURA_OK);
    assert_int_equal(kura_fs_write("d", "text", 4, &err), KURA_EIO);
    assert_non_null(strstr(err.msg, "'d'"));
    assert_int_equal(count_names("."), 1);
    assert_int_equal(kura_fs_write("no/f", "text", 4, NULL), KURA_ENOTFOUND);
}

static void test_read_limits(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf b;

    (void)state;
    put("f", "12345");
    kura_buf_init(&b, 7);
    assert_int_equal(kura_buf_puts(&b, "ab", NULL), KURA_OK);
    assert_int_equal(kura_fs_read("f", &b, NULL), KURA_OK);
    assert_string_equal(b.data, "ab12345");
    kura_buf_release(&b);

    kura_buf_init(&b, 6);
    assert_int_equal(kura_buf_puts(&b, "ab", NULL), KURA_OK);
    assert_int_equal(kura_fs_read("f", &b, &err), KURA_ENOMEM);
    assert_string_equal(b.data, "ab"); /* as it was */
    assert_int_equal(b.len, 2);
    kura_buf_release(&b);

    kura_buf_init(&b, 0);
    assert_int_equal(kura_fs_read("f", &b, NULL), KURA_ENOMEM);
    put("f", "");
    assert_int_equal(kura_fs_read("f", &b, NULL), KURA_OK);
    assert_int_equal(kura_fs_read("none", &b, NULL), KURA_ENOTFOUND);
    assert_int_equal(kura_fs_read(".", &b, NULL), KURA_EIO);
    kura_buf_release(&b);
}

static void test_read_large(void **state)
{
    const size_t n = 1000000;
    char *text = malloc(n);
    struct kura_buf b;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(i * 31 >> 3);
    assert_int_equal(kura_fs_write("f", text, n, NULL), KURA_OK);
    kura_buf_init(&b, n);
    assert_int_equal(kura_fs_read("f", &b, NULL), KURA_OK);
    assert_int_equal(b.len, n);
    assert_memory_equal(b.data, text, n);
    kura_buf_release(&b);
    free(text);
}

static void test_publish(void **state)
{
    struct kura_err err = KURA_ERR_INIT;

    (void)state;
    assert_int_equal(kura_fs_mkdirs("tmp", NULL), KURA_OK);
    put("f", "old");
    put("tmp/f", "new");
    assert_int_equal(kura_fs_publish("tmp/f", "f", &err), KURA_OK);
    check_holds("f", "new");
    assert_false(kura_fs_exists("tmp/f"));
    /* Again, as after a kill. */
    assert_int_equal(kura_fs_publish("tmp/f", "f", &err), KURA_OK);
    check_holds("f", "new");
    assert_int_equal(kura_fs_publish("none", "none either", &err),
                     KURA_ENOTFOUND);
    assert_int_equal(err.rc, KURA_ENOTFOUND);
}

static void test_publish_fails(void **state)
{
    (void)state;
    put("f", "old");
    put("g", "new");
    assert_int_equal(kura_fs_publish("f/x", "g", NULL), KURA_EIO);
    check_holds("g", "new");
    assert_int_equal(kura_fs_mkdirs("d/x", NULL), KURA_OK);
    assert_int_equal(kura_fs_publish("g", "d", NULL), KURA_EIO);
    check_holds("g", "new");
}

static void test_remove(void **state)
{
    (void)state;
    put("f", "x");
    assert_true(kura_fs_exists("f"));
    assert_int_equal(kura_fs_remove("f", NULL), KURA_OK);
    assert_false(kura_fs_exists("f"));
    assert_int_equal(kura_fs_remove("f", NULL), KURA_OK);
}

static void test_absolute(void **state)
{
    char *path = NULL;

    assert_int_equal(kura_fs_mkdirs("a/b", NULL), KURA_OK);
    assert_int_equal(symlink("a", "link"), 0);
    assert_int_equal(kura_fs_absolute("link/./b/..", &path, NULL), KURA_OK);
    assert_int_equal(path[0], '/');
    assert_non_null(strstr(path, (const char *)*state));
    assert_string_equal(path + strlen(path) - 2, "/a");
    free(path);
    assert_int_equal(kura_fs_absolute("none", &path, NULL), KURA_ENOTFOUND);
}

static int lock_fd(void)
{
    int fd = -1;

    assert_int_equal(kura_fs_lock_open("lock", &fd, NULL), KURA_OK);
    assert_true(fd >= 0);
    return fd;
}

/* Two holders in one process exclude each other as two processes do. */
static void test_locks(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    int a = lock_fd(), b = lock_fd();

    (void)state;
    assert_int_equal(kura_fs_lock(a, 0, true, &err), KURA_OK);
    assert_int_equal(kura_fs_lock(a, 0, true, &err), KURA_OK);
    assert_int_equal(kura_fs_lock(b, 0, true, &err), KURA_EBUSY);
    assert_int_equal(kura_fs_lock(b, 0, false, &err), KURA_EBUSY);
    assert_int_equal(err.rc, KURA_OK); /* busy is no error yet */
    assert_int_equal(kura_fs_lock(b, 1, true, &err), KURA_OK);
    assert_int_equal(kura_fs_lock(b, INT64_C(1) << 40, true, &err), KURA_OK);
    kura_fs_unlock(a, 0);
    assert_int_equal(kura_fs_lock(b, 0, false, &err), KURA_OK);
    assert_int_equal(kura_fs_lock(a, 0, false, &err), KURA_OK);
    assert_int_equal(kura_fs_lock(a, 0, true, &err), KURA_EBUSY);
    kura_fs_lock_close(b);
    assert_int_equal(kura_fs_lock(a, 0, true, &err), KURA_OK);
    kura_fs_lock_close(a);
    kura_fs_lock_close(-1);
}

static void test_lock_dies_with_process(void **state)
{
    int fd = lock_fd(), status = 0;
    pid_t pid;

    (void)state;
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int other = -1;

        if (kura_fs_lock_open("lock", &other, NULL) != KURA_OK)
            _exit(2);
        _exit(kura_fs_lock(other, 5, true, NULL) == KURA_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(kura_fs_lock(fd, 5, true, NULL), KURA_OK);
    kura_fs_lock_close(fd);
}

static void test_lock_bad(void **state)
{
    struct kura_err err = KURA_ERR_INIT;
    int fd = -1;

    (void)state;
    assert_int_equal(kura_fs_lock_open("none/lock", &fd, &err), KURA_ENOTFOUND);
    assert_int_equal(fd, -1);
    err.rc = KURA_OK;
    assert_int_equal(kura_fs_lock(-1, 0, true, &err), KURA_EIO);
    assert_string_equal(err.msg, "cannot lock: Bad file descriptor");
}

#define FS_TEST(t) cmocka_unit_test_setup_teardown(t, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FS_TEST(test_mkdirs),        FS_TEST(test_write_and_read),
        FS_TEST(test_write_fails),   FS_TEST(test_read_limits),
        FS_TEST(test_read_large),    FS_TEST(test_publish),
        FS_TEST(test_publish_fails), FS_TEST(test_remove),
        FS_TEST(test_absolute),      FS_TEST(test_locks),
        FS_TEST(test_lock_bad),      FS_TEST(test_lock_dies_with_process),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
