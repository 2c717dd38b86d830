/* functions.c - hands the functions to SQLite: arguments in, results out,
 * compiled arguments kept for the statement. */
#include "query/functions.h"

#include "base/regex.h"
#include "base/text.h"
#include "query/functions_internal.h"
#include "query/hunt_why.h"
#include "query/wordlike.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCALAR_FLAGS (SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS)

/* SQLite hands back untyped what the functions only read. */
static void *data_of(const void *p)
{
    return (void *)(uintptr_t)p;
}

void kura_function_fail(sqlite3_context *ctx, enum kura_rc rc,
                        const struct kura_err *err)
{
    if (rc == KURA_ENOMEM && err->rc == KURA_OK)
        sqlite3_result_error_nomem(ctx);
    else
        sqlite3_result_error(ctx, err->msg, -1);
}

const char *kura_arg_text(sqlite3_value *v, size_t *n)
{
    const char *s = (const char *)sqlite3_value_text(v);

    *n = s != NULL ? (size_t)sqlite3_value_bytes(v) : 0;
    return s;
}

static void result_text(sqlite3_context *ctx, const char *s, size_t n)
{
    sqlite3_result_text64(ctx, s, n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* --- Functions of one text -------------------------------------------- */

/* A function, and the place that it is asked for. */
struct text_call {
    const struct kura_text_function *function;
    const struct kura_function_place *place;
};

enum kura_rc kura_text_function_call(const struct kura_text_function *f,
                                     const struct kura_function_place *place,
                                     const char *s, size_t n,
                                     struct kura_buf *out, int64_t *number,
                                     bool *is_null, struct kura_err *err)
{
    if (f->call_at != NULL)
        return f->call_at(place, s, n, out, number, is_null, err);
    return f->call(s, n, out, number, is_null, err);
}

static void sql_text_function(sqlite3_context *ctx, int argc,
                              sqlite3_value **argv)
{
    const struct text_call *c = sqlite3_user_data(ctx);
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf out;
    int64_t number = 0;
    bool is_null = true;
    enum kura_rc rc;
    const char *s;
    size_t n;

    (void)argc;
    s = kura_arg_text(argv[0], &n);
    if (s == NULL)
        return;
    kura_buf_init(&out, KURA_FUNCTION_TEXT);
    rc = kura_text_function_call(c->function, c->place, s, n, &out, &number,
                                 &is_null, &err);
    if (rc != KURA_OK)
        kura_function_fail(ctx, rc, &err);
    else if (!is_null && c->function->is_integer)
        sqlite3_result_int64(ctx, number);
    else if (!is_null)
        result_text(ctx, out.data, out.len);
    kura_buf_release(&out);
}

/* --- Tests ------------------------------------------------------------ */

/* A compiled argument and the kind that frees it. */
struct compiled {
    const struct kura_text_test_kind *kind;
    struct kura_text_test *test;
};

static void compiled_free(void *p)
{
    struct compiled *c = p;

    c->kind->free(c->test);
    free(c);
}

static struct compiled *compiled_new(const struct kura_text_test_kind *kind,
                                     const char *s, size_t n,
                                     struct kura_err *err)
{
    struct compiled *c = malloc(sizeof(*c));

    if (c == NULL) {
        (void)kura_err_nomem(err);
        return NULL;
    }
    c->kind = kind;
    c->test = NULL;
    if (kind->compile(s, n, &c->test, err) != KURA_OK) {
        free(c);
        return NULL;
    }
    return c;
}

/* regexp(pattern, text), ip_in(text, networks), domain_under(text, domain). */
static void sql_text_test(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const struct kura_text_test_kind *kind = sqlite3_user_data(ctx);
    bool is_regexp = strcmp(kind->name, "regexp") == 0;
    int at = is_regexp ? 0 : 1, answer;
    struct kura_err err = KURA_ERR_INIT;
    struct compiled *c, *made = NULL;
    const char *arg, *s;
    size_t arg_n, n;

    (void)argc;
    arg = kura_arg_text(argv[at], &arg_n);
    s = kura_arg_text(argv[1 - at], &n);
    if (arg == NULL || s == NULL)
        return;
    c = sqlite3_get_auxdata(ctx, at);
    if (c == NULL) {
        c = made = compiled_new(kind, arg, arg_n, &err);
        if (c == NULL) {
            kura_function_fail(ctx, err.rc, &err);
            return;
        }
    }
    answer = is_regexp ? kura_text_test_regexp(c->test, s, n)
                       : kind->matches(c->test, s, n);
    if (answer >= 0) /* past the match limit it is not known: NULL */
        sqlite3_result_int(ctx, answer);
    if (made != NULL) /* may free it at once */
        sqlite3_set_auxdata(ctx, at, made, compiled_free);
}

/* --- regexp_extract --------------------------------------------------- */

struct extractor {
    struct kura_regex *re;
    struct kura_matcher *matcher;
};

static void extractor_free(void *p)
{
    struct extractor *x = p;

    if (x == NULL)
        return;
    kura_matcher_free(x->matcher);
    kura_regex_free(x->re);
    free(x);
}

static struct extractor *extractor_new(const char *s, size_t n,
                                       struct kura_err *err)
{
    struct extractor *x = calloc(1, sizeof(*x));

    if (x == NULL) {
        (void)kura_err_nomem(err);
        return NULL;
    }
    if (kura_regex_new(s, n, KURA_REGEX_UTF, &x->re, err) != KURA_OK ||
        kura_matcher_new(kura_regex_groups(x->re), &x->matcher, err) !=
            KURA_OK) {
        extractor_free(x);
        return NULL;
    }
    return x;
}

static void extractor_apply(sqlite3_context *ctx, struct extractor *x,
                            const char *s, size_t n, int64_t group)
{
    const size_t *pair;
    char message[64];
    int answer;

    if (group < 0 || group > kura_regex_groups(x->re)) {
        (void)snprintf(message, sizeof(message),
                       "the pattern has no group %lld", (long long)group);
        sqlite3_result_error(ctx, message, -1);
        return;
    }
    answer = kura_regex_match(x->re, x->matcher, s, n);
    kura_text_note(answer);
    if (answer != 1)
        return;
    pair = kura_matcher_offsets(x->matcher) + 2 * group;
    if (pair[0] != (size_t)-1 && pair[0] <= pair[1] && pair[1] <= n)
        result_text(ctx, s + pair[0], pair[1] - pair[0]);
}

/* regexp_extract(text, pattern [, group]) */
static void sql_regexp_extract(sqlite3_context *ctx, int argc,
                               sqlite3_value **argv)
{
    struct kura_err err = KURA_ERR_INIT;
    struct extractor *x, *made = NULL;
    const char *s, *pattern;
    size_t n, pattern_n;
    int64_t group = 0;

    s = kura_arg_text(argv[0], &n);
    pattern = kura_arg_text(argv[1], &pattern_n);
    if (s == NULL || pattern == NULL ||
        (argc > 2 && sqlite3_value_type(argv[2]) == SQLITE_NULL))
        return;
    if (argc > 2)
        group = sqlite3_value_int64(argv[2]);
    x = sqlite3_get_auxdata(ctx, 1);
    if (x == NULL) {
        x = made = extractor_new(pattern, pattern_n, &err);
        if (x == NULL) {
            kura_function_fail(ctx, err.rc, &err);
            return;
        }
    }
    extractor_apply(ctx, x, s, n, group);
    if (made != NULL)
        sqlite3_set_auxdata(ctx, 1, made, extractor_free);
}

/* --- entropy ---------------------------------------------------------- */

static int u32_cmp(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double entropy_term(size_t count, size_t total)
{
    double p = (double)count / (double)total;

    return count != 0 && count != total ? -p * log2(p) : 0.0;
}

/* other[0..others) has room for every character that is not ASCII. */
static double entropy_of(const char *s, size_t n, uint32_t *other)
{
    size_t ascii[128] = {0}, total = 0, others = 0, i, run;
    double sum = 0.0;
    uint32_t cp;

    for (i = 0; i < n; total++) {
        i += kura_text_decode(s + i, n - i, &cp);
        if (cp < 128)
            ascii[cp]++;
        else
            other[others++] = cp;
    }
    for (i = 0; i < 128 && total != 0; i++)
        sum += entropy_term(ascii[i], total);
    if (others != 0)
        qsort(other, others, sizeof(*other), u32_cmp);
    for (i = 0; i < others; i += run) {
        for (run = 1; i + run < others && other[i + run] == other[i];)
            run++;
        sum += entropy_term(run, total);
    }
    return sum;
}

static void sql_entropy(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    size_t n, high = 0, i;
    uint32_t *other;
    const char *s;

    (void)argc;
    s = kura_arg_text(argv[0], &n);
    if (s == NULL)
        return;
    for (i = 0; i < n; i++)
        high += (s[i] & 0x80) != 0;
    other = high != 0 ? sqlite3_malloc64(high * sizeof(*other)) : NULL;
    if (high != 0 && other == NULL) {
        sqlite3_result_error_nomem(ctx);
        return;
    }
    sqlite3_result_double(ctx, entropy_of(s, n, other));
    sqlite3_free(other);
}

/* The longest of the labels that dots part; the first of several. */
static const char *longest_label_of(const char *s, size_t n, size_t *size)
{
    const char *longest = s, *dot;
    size_t label;

    *size = 0;
    for (; n != 0; s += label, n -= label) {
        dot = memchr(s, '.', n);
        label = dot != NULL ? (size_t)(dot - s) : n;
        if (label > *size) {
            *size = label;
            longest = s;
        }
        label += dot != NULL;
    }
    return longest;
}

static void sql_name_randomness(sqlite3_context *ctx, int argc,
                                sqlite3_value **argv)
{
    struct kura_err err = KURA_ERR_INIT;
    bool known = false;
    enum kura_rc rc;
    const char *s;
    double value;
    size_t n;

    (void)argc;
    s = kura_arg_text(argv[0], &n);
    if (s == NULL)
        return;
    s = longest_label_of(s, n, &n);
    rc = kura_randomness(s, n, &value, &known, &err);
    if (rc != KURA_OK)
        kura_function_fail(ctx, rc, &err);
    else if (known)
        sqlite3_result_double(ctx, value);
}

/* --- Times ------------------------------------------------------------ */

bool kura_arg_instant(sqlite3_value *v, int64_t *us)
{
    const int64_t least = kura_days_from_civil(0, 1, 1) * KURA_DAY;
    const int64_t most = kura_days_from_civil(10000, 1, 1) * KURA_DAY - 1;
    int type = sqlite3_value_numeric_type(v);

    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT)
        return false;
    *us = sqlite3_value_int64(v);
    if (*us < least)
        *us = least;
    if (*us > most)
        *us = most;
    return true;
}

/* The same, moved to the wall clock of the site. */
static bool arg_local(sqlite3_context *ctx, sqlite3_value *v, int64_t *us)
{
    const struct kura_function_place *place = sqlite3_user_data(ctx);

    if (!kura_arg_instant(v, us))
        return false;
    *us += kura_zone_offset(place->zone, *us) * KURA_SECOND;
    return true;
}

/* Microseconds since the midnight before. */
static int64_t time_of_day(int64_t us)
{
    return us - kura_day_of(us) * KURA_DAY;
}

static void sql_iso_time(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    char text[KURA_TIME_TEXT];
    int64_t us;

    (void)argc;
    if (!kura_arg_instant(argv[0], &us))
        return;
    kura_time_format(us, text);
    result_text(ctx, text, strlen(text));
}

static void sql_local_day(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    char text[KURA_DAY_TEXT];
    int64_t us;

    (void)argc;
    if (!arg_local(ctx, argv[0], &us))
        return;
    kura_day_format(kura_day_of(us), text);
    result_text(ctx, text, strlen(text));
}

static void sql_local_hour(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    int64_t us;

    (void)argc;
    if (arg_local(ctx, argv[0], &us))
        sqlite3_result_int64(ctx, time_of_day(us) / (3600 * KURA_SECOND));
}

static void sql_local_weekday(sqlite3_context *ctx, int argc,
                              sqlite3_value **argv)
{
    int64_t us, day;

    (void)argc;
    if (!arg_local(ctx, argv[0], &us))
        return;
    day = (kura_day_of(us) + 3) % 7; /* 1970-01-01 was a Thursday */
    sqlite3_result_int64(ctx, (day < 0 ? day + 7 : day) + 1);
}

static void sql_local_time(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    char day[KURA_DAY_TEXT], text[KURA_DAY_TEXT + 16];
    int64_t us;
    int s;

    (void)argc;
    if (!arg_local(ctx, argv[0], &us))
        return;
    kura_day_format(kura_day_of(us), day);
    s = (int)(time_of_day(us) / KURA_SECOND);
    (void)snprintf(text, sizeof(text), "%s %02d:%02d:%02d", day, s / 3600,
                   s / 60 % 60, s % 60);
    result_text(ctx, text, strlen(text));
}

static void sql_size_text(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf out;
    enum kura_rc rc;

    (void)argc;
    if (sqlite3_value_numeric_type(argv[0]) != SQLITE_INTEGER &&
        sqlite3_value_numeric_type(argv[0]) != SQLITE_FLOAT)
        return;
    kura_buf_init(&out, KURA_FUNCTION_TEXT);
    rc = kura_why_size(sqlite3_value_double(argv[0]), &out, &err);
    if (rc == KURA_OK)
        result_text(ctx, out.data, out.len);
    else
        kura_function_fail(ctx, rc, &err);
    kura_buf_release(&out);
}

/* --- Registration ----------------------------------------------------- */

struct scalar {
    const char *name;
    int args;
    void (*call)(sqlite3_context *, int, sqlite3_value **);
};

static int add_scalars(sqlite3 *db, const struct kura_function_place *place)
{
    static const struct scalar list[] = {
        {"iso_time", 1, sql_iso_time},
        {"local_day", 1, sql_local_day},
        {"local_hour", 1, sql_local_hour},
        {"local_weekday", 1, sql_local_weekday},
        {"local_time", 1, sql_local_time},
        {"size_text", 1, sql_size_text},
        {"entropy", 1, sql_entropy},
        {"name_randomness", 1, sql_name_randomness},
        {"regexp_extract", 2, sql_regexp_extract},
        {"regexp_extract", 3, sql_regexp_extract},
    };
    int rc = SQLITE_OK;
    size_t i;

    for (i = 0; rc == SQLITE_OK && i < sizeof(list) / sizeof(list[0]); i++)
        rc = sqlite3_create_function_v2(db, list[i].name, list[i].args,
                                        SCALAR_FLAGS, data_of(place),
                                        list[i].call, NULL, NULL, NULL);
    return rc;
}

static int add_text_function(sqlite3 *db, const struct kura_text_function *f,
                             const struct kura_function_place *place)
{
    struct text_call *c = malloc(sizeof(*c));

    if (c == NULL)
        return SQLITE_NOMEM;
    c->function = f;
    c->place = place;
    /* Frees c itself when it fails. */
    return sqlite3_create_function_v2(db, f->name, 1, SCALAR_FLAGS, c,
                                      sql_text_function, NULL, NULL, free);
}

static int add_text_functions(sqlite3 *db,
                              const struct kura_function_place *place)
{
    const struct kura_text_function *f;
    int rc = SQLITE_OK, i;

    for (i = 0; rc == SQLITE_OK && (f = kura_text_function_at(i)) != NULL; i++)
        rc = add_text_function(db, f, place);
    return rc;
}

static int add_text_tests(sqlite3 *db)
{
    const struct kura_text_test_kind *k;
    int rc = SQLITE_OK, i;

    for (i = 0; rc == SQLITE_OK && (k = kura_text_test_at(i)) != NULL; i++)
        rc =
            sqlite3_create_function_v2(db, k->name, 2, SCALAR_FLAGS, data_of(k),
                                       sql_text_test, NULL, NULL, NULL);
    return rc;
}

enum kura_rc kura_functions_register(sqlite3 *db,
                                     const struct kura_function_place *place,
                                     struct kura_err *err)
{
    int rc = add_text_functions(db, place);

    if (rc == SQLITE_OK)
        rc = add_text_tests(db);
    if (rc == SQLITE_OK)
        rc = add_scalars(db, place);
    if (rc == SQLITE_OK)
        rc = kura_functions_add_pairs(db);
    if (rc == SQLITE_OK)
        rc = kura_functions_add_site(db, place);
    if (rc == SQLITE_OK)
        rc = kura_functions_add_ioc(db, place);
    if (rc == SQLITE_OK)
        rc = kura_functions_add_beacon(db);
    if (rc == SQLITE_OK)
        rc = kura_functions_add_aggregates(db);
    if (rc == SQLITE_NOMEM)
        return kura_err_nomem(err);
    if (rc != SQLITE_OK)
        return kura_err_set(err, KURA_EIO, "cannot add the SQL functions: %s",
                            sqlite3_errmsg(db));
    return KURA_OK;
}
