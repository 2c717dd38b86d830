/* A predicate must pass every value that SQLite would keep: asked of SQLite
 * itself, for each operator and each type of bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "query/pushdown.h"
#include "store/sqlite.h"

#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
    enum kura_op op;
    const char *sql;
} operators[] = {
    {KURA_OP_EQ, "="},      {KURA_OP_NE, "<>"},        {KURA_OP_LT, "<"},
    {KURA_OP_LE, "<="},     {KURA_OP_GT, ">"},         {KURA_OP_GE, ">="},
    {KURA_OP_IS, "IS"},     {KURA_OP_ISNOT, "IS NOT"}, {KURA_OP_LIKE, "LIKE"},
    {KURA_OP_GLOB, "GLOB"},
};

static struct kura_operand integer(int64_t v)
{
    struct kura_operand o = {KURA_OPERAND_INTEGER, v, 0.0, NULL, 0};

    return o;
}

static struct kura_operand real(double v)
{
    struct kura_operand o = {KURA_OPERAND_REAL, 0, v, NULL, 0};

    return o;
}

static struct kura_operand text(const char *s)
{
    struct kura_operand o = {KURA_OPERAND_TEXT, 0, 0.0, s, strlen(s)};

    return o;
}

static struct kura_operand null(void)
{
    struct kura_operand o = {KURA_OPERAND_NULL, 0, 0.0, NULL, 0};

    return o;
}

static struct kura_predicate *make(enum kura_type type, enum kura_op op,
                                   bool nocase, const struct kura_operand *v,
                                   size_t n)
{
    struct kura_predicate *p = NULL;
    struct kura_err err = KURA_ERR_INIT;

    if (kura_predicate_new(type, op, nocase, v, n, &p, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    return p;
}

static bool passes_text(struct kura_predicate *p, const char *s)
{
    bool pass = false;

    assert_int_equal(kura_predicate_text(p, s, strlen(s), &pass, NULL),
                     KURA_OK);
    return pass;
}

static void bind(sqlite3_stmt *stmt, int at, const struct kura_operand *o)
{
    switch (o->kind) {
    case KURA_OPERAND_INTEGER:
        assert_int_equal(sqlite3_bind_int64(stmt, at, o->integer), SQLITE_OK);
        break;
    case KURA_OPERAND_REAL:
        assert_int_equal(sqlite3_bind_double(stmt, at, o->real), SQLITE_OK);
        break;
    case KURA_OPERAND_TEXT:
        assert_int_equal(
            sqlite3_bind_text(stmt, at, o->text, (int)o->size, SQLITE_STATIC),
            SQLITE_OK);
        break;
    default:
        assert_int_equal(sqlite3_bind_null(stmt, at), SQLITE_OK);
        break;
    }
}

/* Puts `v op bound` to SQLite, v in a column with its type and collation. */
static bool sqlite_keeps(sqlite3 *db, const char *column, const char *op,
                         const struct kura_operand *v,
                         const struct kura_operand *bound)
{
    sqlite3_stmt *stmt = NULL;
    char *sql;
    bool kept;

    assert_int_equal(sqlite3_exec(db, "DELETE FROM t", NULL, NULL, NULL),
                     SQLITE_OK);
    sql = sqlite3_mprintf("INSERT INTO t(%s) VALUES (?1)", column);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    sqlite3_free(sql);
    bind(stmt, 1, v);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    sql = sqlite3_mprintf("SELECT 1 FROM t WHERE %s %s ?1", column, op);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    sqlite3_free(sql);
    bind(stmt, 1, bound);
    kept = sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_finalize(stmt);
    return kept;
}

static bool predicate_passes(struct kura_predicate *p,
                             const struct kura_operand *v)
{
    if (v->kind == KURA_OPERAND_NULL)
        return kura_predicate_null(p);
    if (v->kind == KURA_OPERAND_INTEGER)
        return kura_predicate_integer(p, v->integer);
    return passes_text(p, v->text);
}

/* Every value against every bound.  exact: nothing else passes either. */
static void compare(enum kura_type type, bool nocase, const char *column,
                    const struct kura_operand *values, size_t nvalue,
                    const struct kura_operand *bounds, size_t nbound,
                    bool exact)
{
    sqlite3 *db = NULL;
    size_t o, b, v;

    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE TABLE t(i INTEGER, b TEXT, n TEXT COLLATE "
                     "NOCASE)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    for (o = 0; o < COUNT(operators); o++)
        for (b = 0; b < nbound; b++) {
            struct kura_predicate *p =
                make(type, operators[o].op, nocase, &bounds[b], 1);

            for (v = 0; p != NULL && v < nvalue; v++) {
                bool kept = sqlite_keeps(db, column, operators[o].sql,
                                         &values[v], &bounds[b]);
                bool pass = predicate_passes(p, &values[v]);

                if ((kept && !pass) || (exact && pass && !kept))
                    fail_msg("value %d %s bound %d: SQLite %d, we %d", (int)v,
                             operators[o].sql, (int)b, kept, pass);
            }
            kura_predicate_free(p);
        }
    sqlite3_close(db);
}

static void test_integers_agree_with_sqlite(void **state)
{
    const struct kura_operand values[] = {
        null(),
        integer(0),
        integer(1),
        integer(5),
        integer(6),
        integer(-5),
        integer(-6),
        integer(404),
        integer(INT64_MAX),
        integer(INT64_MIN),
        integer(INT64_MAX - 1),
        integer((INT64_C(1) << 53) + 1),
    };
    const struct kura_operand bounds[] = {
        null(),
        integer(5),
        integer(-5),
        integer(INT64_MAX),
        integer(INT64_MIN),
        real(5.0),
        real(5.5),
        real(-5.5),
        real(1e300),
        real(-1e300),
        real(9007199254740992.0),
        real(9223372036854775808.0),
        real(-9223372036854775808.0),
        real(INFINITY),
        real(-INFINITY),
        text("5"),
        text("abc"),
        text(""),
    };

    (void)state;
    compare(KURA_INTEGER, false, "i", values, COUNT(values), bounds,
            COUNT(bounds), true);
}

static void test_texts_agree_with_sqlite(void **state)
{
    const struct kura_operand values[] = {
        null(),
        text(""),
        text("a"),
        text("A"),
        text("abc"),
        text("ABC"),
        text("abd"),
        text("Zebra"),
        text("zebra"),
        text("_"),
        text("10"),
        text("5 "),
        text("10.0.0.1"),
        text("www.Example.com"),
        text("50%"),
        text("caf\xc3\xa9"),
        text("CAF\xc3\x89"),
    };
    const struct kura_operand bounds[] = {
        null(),        text(""),
        text("abc"),   text("ABC"),
        text("a%"),    text("%EXAMPLE%"),
        text("a*"),    text("[A-Z]*"),
        text("10"),    text("_"),
        text("zebra"), integer(10),
        real(10.5),    text("caf\xc3\xa9"),
        text("50\\%"),
    };

    (void)state;
    compare(KURA_TEXT, true, "n", values, COUNT(values), bounds, COUNT(bounds),
            false);
    compare(KURA_TEXT, false, "b", values, COUNT(values), bounds, COUNT(bounds),
            false);
}

static void test_in(void **state)
{
    const struct kura_operand numbers[] = {integer(404), null(), real(5.0),
                                           real(7.5)};
    const struct kura_operand words[] = {text("GET"), text("post"), null()};
    const struct kura_operand mixed[] = {integer(1), text("2")};
    struct kura_predicate *p =
        make(KURA_INTEGER, KURA_OP_IN, false, numbers, COUNT(numbers));

    (void)state;
    assert_true(kura_predicate_integer(p, 404));
    assert_true(kura_predicate_integer(p, 5));
    assert_false(kura_predicate_integer(p, 7));
    assert_false(kura_predicate_null(p));
    assert_true(kura_predicate_reaches(p, 6, 404));
    assert_false(kura_predicate_reaches(p, 6, 403));
    kura_predicate_free(p);
    p = make(KURA_TEXT, KURA_OP_IN, true, words, COUNT(words));
    assert_true(passes_text(p, "get"));
    assert_true(passes_text(p, "POST"));
    assert_false(passes_text(p, "PUT"));
    kura_predicate_free(p);
    assert_null(make(KURA_INTEGER, KURA_OP_IN, false, mixed, COUNT(mixed)));
    p = make(KURA_TEXT, KURA_OP_IN, true, NULL, 0);
    assert_true(kura_predicate_is_none(p));
    kura_predicate_free(p);
}

static void test_nulls(void **state)
{
    struct kura_predicate *p = make(KURA_TEXT, KURA_OP_ISNULL, false, NULL, 0);

    (void)state;
    assert_true(kura_predicate_null(p));
    assert_false(passes_text(p, ""));
    kura_predicate_free(p);
    p = make(KURA_INTEGER, KURA_OP_NOTNULL, false, NULL, 0);
    assert_false(kura_predicate_null(p));
    assert_true(kura_predicate_integer(p, 0));
    kura_predicate_free(p);
}

static void test_chunk_ends(void **state)
{
    const struct kura_operand five = integer(5);
    struct kura_predicate *p = make(KURA_INTEGER, KURA_OP_NE, false, &five, 1);

    (void)state;
    assert_false(kura_predicate_reaches(p, 5, 5));
    assert_true(kura_predicate_reaches(p, 5, 6));
    kura_predicate_free(p);
    p = make(KURA_INTEGER, KURA_OP_GT, false, &five, 1);
    assert_false(kura_predicate_reaches(p, 0, 5));
    assert_true(kura_predicate_reaches(p, 0, 6));
    kura_predicate_free(p);
}

static void test_functions(void **state)
{
    const struct kura_operand net = text("10.0.0.0/8"), bad = text("10.0/8/8"),
                              pattern = text("^a.c$"), open = text("(");
    struct kura_predicate *p = NULL;
    int op = KURA_OP_TEST, i;

    (void)state;
    for (i = 0; kura_text_test_at(i) != NULL; i++)
        if (strcmp(kura_text_test_at(i)->name, "ip_in") == 0)
            op += i;
    p = make(KURA_TEXT, (enum kura_op)op, false, &net, 1);
    assert_true(passes_text(p, "10.1.2.3"));
    assert_false(passes_text(p, "192.0.2.1"));
    kura_predicate_free(p);
    /* What does not compile is left to SQLite, which says why. */
    assert_null(make(KURA_TEXT, (enum kura_op)op, false, &bad, 1));
    p = make(KURA_TEXT, KURA_OP_REGEXP, false, &pattern, 1);
    assert_true(passes_text(p, "abc"));
    assert_false(passes_text(p, "abcd"));
    kura_predicate_free(p);
    assert_null(make(KURA_TEXT, KURA_OP_REGEXP, false, &open, 1));
}

static const enum kura_op bounds_of_time[] = {
    KURA_OP_EQ, KURA_OP_LT, KURA_OP_LE, KURA_OP_GT, KURA_OP_GE};

static bool holds(enum kura_op op, int c)
{
    switch (op) {
    case KURA_OP_EQ:
        return c == 0;
    case KURA_OP_LT:
        return c < 0;
    case KURA_OP_LE:
        return c <= 0;
    case KURA_OP_GT:
        return c > 0;
    default:
        return c >= 0;
    }
}

/* The span of `time op bound` is exact: asked at its ends and around. */
static void test_time_text(void **state)
{
    static const char *const bounds[] = {
        "2015-02-19T00:00:00.000000Z",
        "2015-02-19",
        "2015",
        "",
        "~",
        "2015-02-",
        "2015-02-19T23:59:59.999999Zx",
        "1969-12-31T23:59:59.999999Z",
    };
    const int64_t day = kura_days_from_civil(2015, 2, 19) * KURA_DAY;
    const int64_t instants[] = {
        day - 1,        day, day + 1, day + KURA_DAY - 1,
        day + KURA_DAY, 0,   -1,      day - 400 * KURA_DAY};
    size_t b, o, i;

    (void)state;
    for (b = 0; b < COUNT(bounds); b++)
        for (o = 0; o < COUNT(bounds_of_time); o++)
            for (i = 0; i < COUNT(instants); i++) {
                struct kura_span s = {INT64_MIN, INT64_MAX};
                struct kura_operand v = text(bounds[b]);
                char written[KURA_TIME_TEXT];
                bool in;

                kura_span_time(&s, bounds_of_time[o], false, &v);
                kura_time_format(instants[i], written);
                in = instants[i] >= s.low && instants[i] <= s.high;
                assert_int_equal(
                    in, holds(bounds_of_time[o], strcmp(written, bounds[b])));
            }
}

/* The instants of a date in a zone, no more where the zone stands still. */
static void test_day_text(void **state)
{
    const int64_t day = kura_days_from_civil(2015, 2, 19) * KURA_DAY;
    const int64_t hour = 3600 * KURA_SECOND;
    struct kura_span s = {INT64_MIN, INT64_MAX}, t = s, u = s, w = s;
    struct kura_operand v = text("2015-02-19"), none = text("2015-02-19x"),
                        spring = text("2015-03-29");
    struct kura_zone *tokyo = NULL, *berlin = NULL;

    (void)state;
    assert_int_equal(kura_zone_new("Asia/Tokyo", &tokyo, NULL), KURA_OK);
    assert_int_equal(kura_zone_new("Europe/Berlin", &berlin, NULL), KURA_OK);
    kura_span_day(&s, NULL, KURA_OP_EQ, false, &v);
    assert_true(s.low == day && s.high == day + KURA_DAY - 1);
    kura_span_day(&t, tokyo, KURA_OP_EQ, false, &v);
    assert_true(t.low == day - 9 * hour);
    assert_true(t.high == day + 15 * hour - 1);
    kura_span_day(&u, tokyo, KURA_OP_EQ, false, &none);
    assert_true(u.low > u.high);
    /* A day of 23 hours: all of it, and not much more. */
    kura_span_day(&w, berlin, KURA_OP_EQ, false, &spring);
    assert_true(w.low <= day + 38 * KURA_DAY - hour);
    assert_true(w.high >= day + 39 * KURA_DAY - 2 * hour - 1);
    assert_true(w.high - w.low < 2 * KURA_DAY);
    kura_zone_free(tokyo);
    kura_zone_free(berlin);
}

static void test_ts(void **state)
{
    struct kura_span s = {INT64_MIN, INT64_MAX};
    const struct kura_operand low = real(10.5), high = integer(20),
                              word = text("5");

    (void)state;
    kura_span_ts(&s, KURA_OP_LT, &word);
    kura_span_ts(&s, KURA_OP_GE, &low);
    kura_span_ts(&s, KURA_OP_LT, &high);
    assert_int_equal(s.low, 11);
    assert_int_equal(s.high, 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_agree_with_sqlite),
        cmocka_unit_test(test_texts_agree_with_sqlite),
        cmocka_unit_test(test_in),
        cmocka_unit_test(test_nulls),
        cmocka_unit_test(test_chunk_ends),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_time_text),
        cmocka_unit_test(test_day_text),
        cmocka_unit_test(test_ts),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
