/* matrix.c - the same question to the tables of a warehouse and to plain copies
 * of them must have the same answer.
 *
 *   matrix FORMS WAREHOUSE BIG [WAREHOUSE BIG]...
 *
 * FORMS is the folder matrix beside this file; matrix.t makes the warehouses:
 * each further pair has the same rows as the first in another tier.
 *
 * The copies are ordinary tables with the same declarations, filled by INSERT
 * ... SELECT from the first pair, so SQLite itself says what is right.  Every
 * form of
 * FORMS/columns.txt is asked about every column of the list `checked`, with
 * values that are there, that nearly are, and that are not.  TAP: a line for
 * each table, column and group of forms; below it, the first questions that
 * differ.
 *
 * In a form
 *
 *   $           the table, or its copy; $dns: that table
 *   @           the column
 *   ?           a value; ~ a LIKE, & a GLOB, ` a REGEXP pattern.  A parameter
 *               that is bound, or the same as a literal
 *   ^           a column of the table `bound`, which has every affinity
 *   #           a digit, 0 to 6
 *
 * A form that is no SELECT is a condition.  Rows are compared in their order
 * where the form has an ORDER BY, else sorted. */
#include "base/buf.h"
#include "query/engine.h"
#include "store/schema.h"
#include "store/warehouse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ANSWER_MAX ((size_t)1 << 28)
#define SHOWN 3 /* differences printed of a group */
#define RUNS 3  /* of a form with values, for each column */
#define PARAMS 6
#define COMBINED 400 /* conditions about several columns, for each table */

/* The columns that are asked about, of every kind that there is. */
static const struct {
    const char *table, *column;
} checked[] = {
    {"proxy", "cs_host"},           /* text */
    {"proxy", "cs_username"},       /* text, numbers among it */
    {"proxy", "c_useragent"},       /* text, empty or NULL in most rows */
    {"proxy", "registered_domain"}, /* a function of a text */
    {"proxy", "sc_bytes"},          /* integers up to the largest */
    {"proxy", "src_internal"},      /* an integer function of a text */
    {"proxy", "time"},
    {"proxy", "day"},
    {"proxy", "raw"},
    {"firewall", "service"},
    {"firewall", "blocked"},     /* a function without NOCASE */
    {"firewall", "policy_id"},   /* below 0 */
    {"firewall", "received_ts"}, /* NULL in most rows */
    {"firewall", "weekday"},
    {"firewall", "working"},
    {"mail", "subject"}, /* not ASCII */
    {"mail", "delay"},
    {"mail", "ts"},
    {"dns", "query"},
    {"dns", "hour"},
    {"dns", "time_origin"},
    {"dns", "source"},
    {"dns", "line"},
};

/* What stands for a value in a form, and how values of the column (v) become
 * literals of that kind. */
static const char marks[] = "?~&`";
enum { KINDS = 4 };

static const char *const near[KINDS] = {
    "quote(v), quote(upper(v)), quote(substr(v, 1, length(v) - 1)), quote(v || "
    "' '), quote(v || 'x'), quote(CAST(v AS BLOB)), CASE typeof(v) WHEN "
    "'integer' THEN quote(v + 1) END, CASE typeof(v) WHEN 'integer' THEN "
    "quote(v * 1.0) END, CASE typeof(v) WHEN 'integer' THEN quote(v - 0.5) END",
    "quote(v), quote(upper(v)), quote(substr(v, 1, 4) || '%'), quote('%' || "
    "substr(v, 3, 4) || '%'), quote('%' || lower(substr(v, -3))), quote('_' || "
    "substr(v, 2)), quote(substr(v, 1, 2) || '_' || substr(v, 4) || '%')",
    "quote(v), quote(upper(v)), quote(substr(v, 1, 4) || '*'), quote('*' || "
    "substr(v, 3, 4) || '*'), quote('*' || lower(substr(v, -3))), quote('?' || "
    "substr(v, 2)), quote('[' || substr(v, 1, 1) || ']*')",
    NULL};

enum side { KURA, PLAIN, SIDES };

/* Texts, each with the [heading] above it. */
struct list {
    struct form {
        char *group, *text;
    } * at;
    size_t count;
};

/* What a question is about. */
struct target {
    const char *table, *column;
    struct list near[KINDS];
};

struct matrix {
    const char *name; /* of the warehouse */
    struct kura_warehouse *w;
    struct kura_engine *engine;
    sqlite3 *db;
    struct list forms, joins, big, fixed[KINDS];
    int tests, failed;
    /* The group at hand. */
    int asked, differing;
    struct kura_buf comment;
    /* The question at hand. */
    struct kura_buf sql[SIDES], answer[SIDES];
    int kinds[PARAMS], params;
    uint64_t seed;
};

static void die(const char *what, const char *why)
{
    (void)printf("Bail out! %s: %s\n", what, why);
    exit(1);
}

static void must(enum kura_rc rc, const struct kura_err *err)
{
    if (rc != KURA_OK)
        die("matrix", err->msg);
}

static void put(struct kura_buf *b, const char *s)
{
    struct kura_err err = KURA_ERR_INIT;

    must(kura_buf_puts(b, s, &err), &err);
}

static void put_bytes(struct kura_buf *b, const void *p, size_t n)
{
    struct kura_err err = KURA_ERR_INIT;

    must(kura_buf_append(b, p, n, &err), &err);
}

static sqlite3_stmt *prepare(struct matrix *m, const char *sql)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(m->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(m->db));
    return stmt;
}

static void run(struct matrix *m, const char *sql)
{
    if (sqlite3_exec(m->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(m->db));
}

static int64_t number(struct matrix *m, const char *sql)
{
    sqlite3_stmt *stmt = prepare(m, sql);
    int64_t v;

    if (sqlite3_step(stmt) != SQLITE_ROW)
        die(sql, sqlite3_errmsg(m->db));
    v = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return v;
}

/* splitmix64: the same questions everywhere. */
static size_t dice(struct matrix *m, size_t n)
{
    uint64_t z = m->seed += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (size_t)((z ^ (z >> 31)) % n);
}

/* --- Lists ------------------------------------------------------------ */

static void list_add(struct list *l, const char *group, const char *text)
{
    struct form *grown = realloc(l->at, (l->count + 1) * sizeof(*grown));

    if (grown == NULL)
        die("matrix", "out of memory");
    l->at = grown;
    grown[l->count].group = strdup(group);
    grown[l->count].text = strdup(text);
    if (grown[l->count].group == NULL || grown[l->count].text == NULL)
        die("matrix", "out of memory");
    l->count++;
}

static void list_release(struct list *l)
{
    while (l->count > 0) {
        free(l->at[--l->count].group);
        free(l->at[l->count].text);
    }
    free(l->at);
    l->at = NULL;
}

/* A [heading] stands above its texts; -- begins a comment; a line that begins
 * with a blank goes on with the text above. */
static void list_read(struct list *l, const char *dir, const char *name)
{
    char line[4096], group[64] = "", text[4096] = "";
    FILE *f;

    (void)snprintf(line, sizeof(line), "%s/%s.txt", dir, name);
    f = fopen(line, "r");
    if (f == NULL)
        die(line, "cannot read it");
    while (fgets(line, sizeof(line), f) != NULL) {
        size_t n = strcspn(line, "\n"), at = strlen(text);

        line[n] = '\0';
        if (line[0] == ' ') {
            (void)snprintf(text + at, sizeof(text) - at, " %s", line + 4);
            continue;
        }
        if (at > 0)
            list_add(l, group, text);
        text[0] = '\0';
        if (line[0] == '[' && line[n - 1] == ']')
            (void)snprintf(group, sizeof(group), "%.*s", (int)n - 2, line + 1);
        else if (strncmp(line, "--", 2) != 0)
            (void)snprintf(text, sizeof(text), "%s", line);
    }
    if (text[0] != '\0')
        list_add(l, group, text);
    (void)fclose(f);
}

/* FORMS/values.txt has the sign of a kind as heading. */
static void values_read(struct list *kinds, const char *dir)
{
    struct list all = {NULL, 0};
    size_t i;

    list_read(&all, dir, "values");
    for (i = 0; i < all.count; i++)
        list_add(&kinds[strchr(marks, all.at[i].group[0]) - marks], "",
                 all.at[i].text);
    list_release(&all);
}

/* --- Targets ---------------------------------------------------------- */

/* Literals like the first, the last and some other values of the column. */
static void target_init(struct matrix *m, struct target *t, const char *table,
                        const char *column)
{
    int k, i;

    memset(t, 0, sizeof(*t));
    t->table = table;
    t->column = column;
    for (k = 0; k < KINDS && near[k] != NULL; k++) {
        char *sql = sqlite3_mprintf(
            "WITH d AS (SELECT DISTINCT %s COLLATE BINARY AS v FROM plain_%s "
            "WHERE length(%s) < 120), r AS (SELECT v, row_number() OVER (ORDER "
            "BY v) - 1 AS i, count(*) OVER () AS n FROM d) SELECT %s FROM r "
            "WHERE i IN (0, n / 5, n * 2 / 5, n * 3 / 5, n * 4 / 5, n - 1)",
            column, table, column, near[k]);
        sqlite3_stmt *stmt = prepare(m, sql);

        while (sqlite3_step(stmt) == SQLITE_ROW)
            for (i = 0; i < sqlite3_column_count(stmt); i++)
                if (sqlite3_column_type(stmt, i) != SQLITE_NULL)
                    list_add(&t->near[k], "",
                             (const char *)sqlite3_column_text(stmt, i));
        (void)sqlite3_finalize(stmt);
        sqlite3_free(sql);
    }
}

static void target_release(struct target *t)
{
    int k;

    for (k = 0; k < KINDS; k++)
        list_release(&t->near[k]);
}

/* Half of them are values that are in the column, or nearly. */
static const char *any(struct matrix *m, const struct target *t, int kind)
{
    const struct list *l = &t->near[kind];

    if (l->count == 0 || dice(m, 2) == 0)
        l = &m->fixed[kind];
    return l->at[dice(m, l->count)].text;
}

/* --- Groups: one TAP line each ---------------------------------------- */

static void group_begin(struct matrix *m)
{
    m->asked = m->differing = 0;
    kura_buf_reset(&m->comment);
}

static void group_end(struct matrix *m, const struct target *t,
                      const char *name)
{
    bool ok = m->differing == 0;

    m->failed += !ok;
    (void)printf("%sok %d - %s: %s%s%s: %s (%d asked, %d differ)\n%s",
                 ok ? "" : "not ", ++m->tests, m->name, t->table,
                 *t->column ? "." : "", t->column, name, m->asked, m->differing,
                 ok ? "" : m->comment.data);
}

/* Adds "# word: text" on one line, cut to what a person reads. */
static void comment_add(struct matrix *m, const char *word, const char *text,
                        size_t n)
{
    put(&m->comment, "#   ");
    put(&m->comment, word);
    put_bytes(&m->comment, text, n < 1000 ? n : 1000);
    put(&m->comment, "\n");
}

static void claim(struct matrix *m, const char *what, bool holds)
{
    m->asked++;
    if (!holds && ++m->differing <= SHOWN)
        comment_add(m, "not so: ", what, strlen(what));
}

/* The first line that the answers do not share. */
static void differs(struct matrix *m, const char *sql)
{
    const char *a = m->answer[KURA].data, *b = m->answer[PLAIN].data;

    if (++m->differing > SHOWN)
        return;
    while (*a != '\0' && strcspn(a, "\n") == strcspn(b, "\n") &&
           memcmp(a, b, strcspn(a, "\n")) == 0) {
        a += strcspn(a, "\n") + 1;
        b += strcspn(b, "\n") + 1;
    }
    comment_add(m, "sql:    ", sql, strlen(sql));
    comment_add(m, "kura:   ", a, strcspn(a, "\n"));
    comment_add(m, "sqlite: ", b, strcspn(b, "\n"));
}

/* --- Answers ---------------------------------------------------------- */

static void row_write(sqlite3_stmt *stmt, struct kura_buf *out)
{
    static const char kinds[] = " irtbN";
    int i;

    for (i = 0; i < sqlite3_column_count(stmt); i++) {
        put_bytes(out, &kinds[sqlite3_column_type(stmt, i)], 1);
        put_bytes(out, sqlite3_column_blob(stmt, i),
                  (size_t)sqlite3_column_bytes(stmt, i));
        put(out, "|");
    }
    put(out, "\n");
}

/* An error is an answer too, whatever its words. */
static void answer_read(sqlite3_stmt *stmt, struct kura_buf *out)
{
    int code;

    kura_buf_reset(out);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        row_write(stmt, out);
    put(out, code == SQLITE_DONE ? "" : "error\n");
    (void)sqlite3_reset(stmt);
}

static int line_cmp(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static void lines_sort(struct kura_buf *b)
{
    size_t n = 0, i;
    char *copy = strdup(b->data), *at, *rest = NULL;
    char **line = calloc(b->len + 1, sizeof(*line));

    if (copy == NULL || line == NULL)
        die("matrix", "out of memory");
    for (at = strtok_r(copy, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest))
        line[n++] = at;
    qsort(line, n, sizeof(*line), line_cmp);
    kura_buf_reset(b);
    for (i = 0; i < n; i++) {
        put(b, line[i]);
        put(b, "\n");
    }
    free(line);
    free(copy);
}

static bool answers_agree(struct matrix *m, bool in_order)
{
    struct kura_buf *a = m->answer;

    if (strcmp(a[KURA].data, a[PLAIN].data) == 0)
        return true;
    if (in_order)
        return false;
    lines_sort(&a[KURA]);
    lines_sort(&a[PLAIN]);
    return strcmp(a[KURA].data, a[PLAIN].data) == 0;
}

/* --- Asking ----------------------------------------------------------- */

/* Writes a form as SQL; the same seed makes the same choices. */
static void expand(struct matrix *m, const struct target *t, const char *form,
                   enum side side, bool literal)
{
    struct kura_buf *out = &m->sql[side];
    char word[16];

    for (; *form != '\0'; form++) {
        const char *mark = strchr(marks, *form);

        if (mark != NULL && literal) {
            put(out, any(m, t, (int)(mark - marks)));
        } else if (mark != NULL) {
            m->kinds[m->params++] = (int)(mark - marks);
            (void)snprintf(word, sizeof(word), "?%d", m->params);
            put(out, word);
        } else if (*form == '$') {
            put(out, side == PLAIN ? "plain_" : "");
            put(out, form[1] >= 'a' && form[1] <= 'z' ? "" : t->table);
        } else if (*form == '@') {
            put(out, t->column);
        } else if (*form == '^') {
            put_bytes(out, &"tinrbzc"[dice(m, 7)], 1);
        } else if (*form == '#') {
            put_bytes(out, &"0123456"[dice(m, 7)], 1);
        } else {
            put_bytes(out, form, 1);
        }
    }
}

static bool form_is_whole(const char *form)
{
    return strncmp(form, "SELECT ", 7) == 0 || strncmp(form, "WITH ", 5) == 0;
}

static void question_write(struct matrix *m, const struct target *t,
                           const char *form, bool literal)
{
    uint64_t seed = m->seed;
    int side;

    for (side = 0; side < SIDES; side++) {
        m->seed = seed;
        m->params = 0;
        kura_buf_reset(&m->sql[side]);
        if (!form_is_whole(form)) /* counting reads no columns */
            expand(m, t,
                   literal ? "SELECT count(*) FROM $ WHERE "
                           : "SELECT source, line FROM $ WHERE ",
                   side, literal);
        expand(m, t, form, side, literal);
    }
}

/* Binds fresh values, the same on both sides. */
static void values_bind(struct matrix *m, const struct target *t,
                        sqlite3_stmt *const *stmt)
{
    char sql[8192];
    int i, side;

    for (i = 0; i < m->params; i++) {
        sqlite3_stmt *value;

        (void)snprintf(sql, sizeof(sql), "SELECT %s", any(m, t, m->kinds[i]));
        value = prepare(m, sql);
        if (sqlite3_step(value) != SQLITE_ROW)
            die(sql, sqlite3_errmsg(m->db));
        for (side = 0; side < SIDES; side++)
            (void)sqlite3_bind_value(stmt[side], i + 1,
                                     sqlite3_column_value(value, 0));
        (void)sqlite3_finalize(value);
    }
}

/* Asks what m->sql says, `runs` times; every other time the statement has been
 * left halfway before. */
static void question_ask(struct matrix *m, const struct target *t, int runs)
{
    sqlite3_stmt *stmt[SIDES];
    const char *order = strstr(m->sql[KURA].data, "ORDER BY");
    bool in_order = order && strstr(m->sql[KURA].data, "OVER (") == NULL;
    int side, i;

    for (side = 0; side < SIDES; side++)
        stmt[side] = prepare(m, m->sql[side].data);
    for (i = 0; i < runs; i++) {
        values_bind(m, t, stmt);
        if (i % 2) {
            (void)sqlite3_step(stmt[KURA]);
            (void)sqlite3_reset(stmt[KURA]);
        }
        for (side = 0; side < SIDES; side++)
            answer_read(stmt[side], &m->answer[side]);
        m->asked++;
        if (!answers_agree(m, in_order)) {
            char *said = sqlite3_expanded_sql(stmt[KURA]);

            differs(m, said);
            sqlite3_free(said);
        }
    }
    for (side = 0; side < SIDES; side++)
        (void)sqlite3_finalize(stmt[side]);
}

static void ask(struct matrix *m, const struct target *t, const char *form)
{
    question_write(m, t, form, false);
    question_ask(m, t, strpbrk(form, "?~&`^#") != NULL ? RUNS : 1);
    if (m->params > 0) {
        question_write(m, t, form, true);
        question_ask(m, t, 1);
    }
}

/* Asks a list of forms, `only` one group of it or all. */
static void check_forms(struct matrix *m, const struct target *t,
                        const struct list *l, const char *only)
{
    size_t i;

    for (i = 0; i < l->count; i++) {
        const char *group = l->at[i].group;

        if (only != NULL && strcmp(group, only) != 0)
            continue;
        if (i == 0 || strcmp(group, l->at[i - 1].group) != 0)
            group_begin(m);
        ask(m, t, l->at[i].text);
        if (i + 1 == l->count || strcmp(group, l->at[i + 1].group) != 0)
            group_end(m, t, group);
    }
}

/* --- Conditions about several columns --------------------------------- */

/* Not those that fail: another condition may keep the row from them. */
static const char *condition(struct matrix *m)
{
    const struct form *f;

    do
        f = &m->forms.at[dice(m, m->forms.count)];
    while (form_is_whole(f->text) || strcmp(f->group, "errors") == 0);
    return f->text;
}

/* Two to four conditions, each about a column of its own. */
static void combination_write(struct matrix *m, const struct target *columns,
                              size_t n)
{
    uint64_t seed = m->seed;
    int side;

    for (side = 0; side < SIDES; side++) {
        size_t i, terms;

        m->seed = seed;
        m->params = 0;
        kura_buf_reset(&m->sql[side]);
        expand(m, &columns[0], "SELECT source, line FROM $ WHERE ", side, true);
        terms = 2 + dice(m, 3);
        for (i = 0; i < terms; i++) {
            if (i > 0)
                put(&m->sql[side], dice(m, 3) == 0 ? " OR " : " AND ");
            put(&m->sql[side], "(");
            expand(m, &columns[dice(m, n)], condition(m), side, true);
            put(&m->sql[side], ")");
        }
    }
}

static void check_combined(struct matrix *m, const struct kura_schema *s)
{
    struct target *columns = calloc((size_t)s->count, sizeof(*columns));
    struct target whole = {s->name, "", {{NULL, 0}}};
    int i;

    if (columns == NULL)
        die("matrix", "out of memory");
    for (i = 0; i < s->count; i++)
        target_init(m, &columns[i], s->name, s->columns[i].name);
    group_begin(m);
    for (i = 0; i < COMBINED; i++) {
        combination_write(m, columns, (size_t)s->count);
        question_ask(m, &whole, 1);
    }
    group_end(m, &whole, "2 to 4 conditions");
    for (i = 0; i < s->count; i++)
        target_release(&columns[i]);
    free(columns);
}

/* --- What a plain table cannot show ----------------------------------- */

static int64_t opened_by(struct matrix *m, const char *sql)
{
    int64_t before = kura_engine_stats(m->engine)->partitions_opened;

    (void)number(m, sql);
    return kura_engine_stats(m->engine)->partitions_opened - before;
}

/* Partitions of dns that a condition may open. */
static void check_pruning(struct matrix *m)
{
    static const struct {
        int most;
        const char *where;
    } list[] = {{1, "ts >= 1425081600000000 AND ts < 1425168000000000"},
                {1, "ts BETWEEN 1425081600000000.0 AND 1425167999999999.5"},
                {1, "time >= '2015-02-28' AND time < '2015-03-01'"},
                {1, "ts = (SELECT 1425081600000000)"},
                {0, "day = '2014-01-01'"},
                {0, "day IN ('2014-01-01', '2014-01-02')"},
                {0, "ts < 0"},
                {0, "ts > 9e18"},
                {0, "time > '2016'"},
                {0, "ts = NULL"}};
    const struct target t = {"dns", "", {{NULL, 0}}};
    char sql[512];
    size_t i;

    group_begin(m);
    claim(m, "all of dns is five partitions or more",
          opened_by(m, "SELECT count(ts) FROM dns") >= 5);
    for (i = 0; i < COUNT(list); i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT count(ts) FROM dns WHERE %s",
                       list[i].where);
        claim(m, sql, opened_by(m, sql) <= list[i].most);
    }
    group_end(m, &t, "bounds on time open fewer partitions");
}

/* --- Putting it together ---------------------------------------------- */

static void plain_make(struct matrix *m, const struct kura_schema *s)
{
    struct kura_buf *b = &m->sql[PLAIN];
    int i;

    kura_buf_reset(b);
    for (i = 0; i < s->count; i++) {
        const struct kura_column *c = &s->columns[i];

        put(b, i == 0 ? "CREATE TABLE plain_" : ", ");
        put(b, i == 0 ? s->name : "");
        put(b, i == 0 ? " (" : "");
        put(b, c->name);
        put(b, c->type == KURA_TEXT ? " TEXT" : " INTEGER");
        put(b, c->nocase ? " COLLATE NOCASE" : "");
    }
    put(b, "); INSERT INTO plain_");
    put(b, s->name);
    put(b, " SELECT * FROM ");
    put(b, s->name);
    run(m, b->data);
}

/* The values once more, in columns of every affinity. */
static void bound_make(struct matrix *m)
{
    struct kura_buf *b = &m->sql[PLAIN];
    size_t i;

    kura_buf_reset(b);
    put(b, "CREATE TABLE bound (id INTEGER PRIMARY KEY, t TEXT, i INTEGER, "
           "n NUMERIC, r REAL, b BLOB, z TEXT COLLATE RTRIM, c TEXT COLLATE "
           "NOCASE); WITH v(x) AS (VALUES ('www.example.com'), ('Taro'), "
           "('PERMIT '), (7), ('7'), ('squid-native')");
    for (i = 0; i < m->fixed[0].count; i++) {
        put(b, ", (");
        put(b, m->fixed[0].at[i].text);
        put(b, ")");
    }
    put(b, ") INSERT INTO bound (t, i, n, r, b, z, c) SELECT x, x, x, x, x, x, "
           "x FROM v");
    run(m, b->data);
}

/* `copies` is a database of the first warehouse's copies, made if there is
 * none. */
static void copies_open(struct matrix *m, const char *copies)
{
    FILE *f = fopen(copies, "r");
    char *sql = sqlite3_mprintf(
        f != NULL ? "ATTACH %Q AS copies" : "VACUUM INTO %Q", copies);
    int i;

    for (i = 0; f == NULL && i < kura_schema_count(); i++)
        plain_make(m, kura_schema_at(i));
    if (f == NULL)
        bound_make(m);
    else
        (void)fclose(f);
    run(m, sql);
    sqlite3_free(sql);
}

static void matrix_open(struct matrix *m, const char *dir, const char *copies)
{
    const struct kura_engine_options o = {INT64_MIN, INT64_MAX, true, false};
    struct kura_err err = KURA_ERR_INIT;

    m->name = dir;
    must(kura_warehouse_open(dir, false, &m->w, &err), &err);
    if (sqlite3_open(":memory:", &m->db) != SQLITE_OK)
        die("matrix", "out of memory");
    must(kura_engine_register(m->db, m->w, &o, &m->engine, &err), &err);
    copies_open(m, copies);
}

static void matrix_close(struct matrix *m)
{
    (void)sqlite3_close(m->db);
    kura_engine_free(m->engine);
    kura_warehouse_close(m->w);
}

static void check_columns(struct matrix *m)
{
    struct target t;
    size_t i;

    for (i = 0; i < COUNT(checked); i++) {
        target_init(m, &t, checked[i].table, checked[i].column);
        check_forms(m, &t, &m->forms, NULL);
        target_release(&t);
    }
    for (i = 0; i < (size_t)kura_schema_count(); i++)
        check_combined(m, kura_schema_at((int)i));
}

static void check_warehouse(struct matrix *m)
{
    const struct target all = {"join", "", {{NULL, 0}}};
    struct target t;
    sqlite3_stmt *held = prepare(m, "SELECT line FROM dns");

    /* While a cursor is open the partitions stay open. */
    if (sqlite3_step(held) != SQLITE_ROW)
        die("matrix", "no rows");
    check_columns(m);
    check_forms(m, &all, &m->joins, NULL);
    (void)sqlite3_finalize(held);
    check_pruning(m);
    run(m, "PRAGMA case_sensitive_like = 1");
    target_init(m, &t, "proxy", "cs_host");
    check_forms(m, &t, &m->forms, "LIKE");
    target_release(&t);
}

static void matrix_init(struct matrix *m, const char *dir)
{
    int i;

    memset(m, 0, sizeof(*m));
    kura_buf_init(&m->comment, ANSWER_MAX);
    for (i = 0; i < SIDES; i++) {
        kura_buf_init(&m->sql[i], ANSWER_MAX);
        kura_buf_init(&m->answer[i], ANSWER_MAX);
    }
    list_read(&m->forms, dir, "columns");
    list_read(&m->joins, dir, "joins");
    list_read(&m->big, dir, "big");
    values_read(m->fixed, dir);
}

static void matrix_release(struct matrix *m)
{
    int i;

    kura_buf_release(&m->comment);
    for (i = 0; i < SIDES; i++) {
        kura_buf_release(&m->sql[i]);
        kura_buf_release(&m->answer[i]);
    }
    list_release(&m->forms);
    list_release(&m->joins);
    list_release(&m->big);
    for (i = 0; i < KINDS; i++)
        list_release(&m->fixed[i]);
}

int main(int argc, char **argv)
{
    const struct target dns = {"dns", "", {{NULL, 0}}};
    struct kura_err err = KURA_ERR_INIT;
    struct matrix m;
    int i;

    if (argc < 4 || argc % 2 != 0) {
        (void)fprintf(stderr, "usage: matrix FORMS WAREHOUSE BIG...\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    must(kura_schema_load(&err), &err);
    matrix_init(&m, argv[1]);
    for (i = 2; i < argc; i += 2) {
        m.seed = 0;
        matrix_open(&m, argv[i], "copies.db");
        check_warehouse(&m);
        matrix_close(&m);
        matrix_open(&m, argv[i + 1], "big-copies.db");
        check_forms(&m, &dns, &m.big, NULL);
        matrix_close(&m);
    }
    matrix_release(&m);
    (void)printf("1..%d\n", m.tests);
    return m.failed == 0 ? 0 : 1;
}
