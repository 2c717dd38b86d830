/* manifest.c - the manifest of a volume: one set of rules, checked when it is
 * written and when it is read; SQLite parses the JSON.
 *
 * Every object is read whole into a table of the values that are wanted, each
 * of the wanted kind, none missing and none twice; then the rules are checked
 * on the finished struct. */
#include "archive/manifest.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "store/db.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST_TEXT_MAX 65536u /* longest text in it */
#define MANIFEST_WHERE 64

/* --- The rules --------------------------------------------------------- */

static bool is_hex(const char *s, size_t digits)
{
    return strlen(s) == digits && strspn(s, "0123456789abcdef") == digits;
}

/* Ids with one blank between them. */
static bool is_ids(const char *s, const char *own)
{
    while (*s != '\0') {
        if (strspn(s, "0123456789abcdef") != 32 || strncmp(s, own, 32) == 0)
            return false;
        s += 32;
        if (*s == ' ' && s[1] != '\0')
            s++;
        else if (*s != '\0')
            return false;
    }
    return true;
}

/* "<table>/<day>[.<n>].db.zst", nothing else. */
static bool is_member_name(const char *s, const char *table, int64_t day)
{
    size_t n = strlen(table), digits;
    char text[KURA_DAY_TEXT];

    kura_day_format(day, text);
    if (strncmp(s, table, n) != 0 || s[n] != '/' ||
        strncmp(s + n + 1, text, strlen(text)) != 0)
        return false;
    s += n + 1 + strlen(text);
    if (*s == '.') {
        digits = strspn(s + 1, "0123456789");
        if (digits > 0 && digits < 10 && s[1] != '0')
            s += 1 + digits;
    }
    return strcmp(s, ".db.zst") == 0;
}

/* A relative path that stays below where it starts, of letters, digits, '-',
 * '_', '.' and '/', and no part of it begins with a '.'. */
static bool is_volume_name(const char *s)
{
    size_t n = strlen(s), i;

    if (n < 5 || n > 255 || strcmp(s + n - 4, ".tar") != 0)
        return false;
    for (i = 0; i < n; i++) {
        bool starts = i == 0 || s[i - 1] == '/';

        if ((starts && (s[i] == '.' || s[i] == '/' || s[i] == '-')) ||
            strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                   "0123456789-_./",
                   s[i]) == NULL)
            return false;
    }
    return true;
}

/* Names of columns in messages; `where` is the JSON path of the object. */
struct manifest_check {
    const char *path; /* of the volume; NULL while it is written */
    char where[MANIFEST_WHERE];
    struct kura_err *err;
};

__attribute__((format(printf, 2, 3))) static enum kura_rc
manifest_bad(struct manifest_check *c, const char *fmt, ...)
{
    char what[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    if (c->path == NULL)
        return kura_err_set(c->err, KURA_ECORRUPT,
                            "cannot write manifest: %s%s", c->where, what);
    return kura_err_set(c->err, KURA_ECORRUPT,
                        "manifest of volume '%s' is damaged: %s%s", c->path,
                        c->where, what);
}

/* The numbers that sources and members have alike. */
static enum kura_rc check_rows(struct manifest_check *c, int64_t rows,
                               int64_t bytes, int64_t first, int64_t last)
{
    if (rows < 0)
        return manifest_bad(c, ".rows is negative");
    if (bytes < 0)
        return manifest_bad(c, ".bytes is negative");
    if (rows > 0 && first > last)
        return manifest_bad(c, ".first_ts is after last_ts");
    return KURA_OK;
}

static enum kura_rc check_source(struct manifest_check *c,
                                 const struct kura_manifest_source *s,
                                 int64_t rows)
{
    int64_t sum = 0;
    int i;

    if (s->key[0] == '\0' || !kura_text_is_clean(s->key, strlen(s->key)))
        return manifest_bad(c, ".key is not a text");
    if (s->name[0] == '\0' || !kura_text_is_clean(s->name, strlen(s->name)))
        return manifest_bad(c, ".name is not a text");
    if (s->held_bytes < 0)
        return manifest_bad(c, ".held_bytes is negative");
    if (s->held_lines < 0)
        return manifest_bad(c, ".held_lines is negative");
    if (s->held_sha256[0] != '\0' && !is_hex(s->held_sha256, 64))
        return manifest_bad(c, ".held_sha256 is not 64 hex digits");
    for (i = 0; i < 24; i++) {
        if (s->hours[i] < 0)
            return manifest_bad(c, ".hours[%d] is negative", i);
        if (__builtin_add_overflow(sum, s->hours[i], &sum))
            return manifest_bad(c, ".hours are too many");
    }
    if (sum != s->rows)
        return manifest_bad(c, ".hours have %lld rows, not %lld",
                            (long long)sum, (long long)s->rows);
    if (s->rows > rows)
        return manifest_bad(c, ".rows is more than its member has");
    return check_rows(c, s->rows, s->bytes, s->first_ts, s->last_ts);
}

static enum kura_rc check_member(struct manifest_check *c,
                                 const struct kura_manifest *m,
                                 const struct kura_manifest_member *p)
{
    if (!is_hex(p->id, 32))
        return manifest_bad(c, ".id is not 32 hex digits");
    if (!is_ids(p->replaces, p->id))
        return manifest_bad(c, ".replaces is not a list of other ids");
    if (p->day < m->first_day || p->day > m->last_day)
        return manifest_bad(c, ".day is not a day of the volume");
    if (!is_member_name(p->name, m->schema->name, p->day))
        return manifest_bad(c,
                            ".name '%.64s' is not one of table '%s' and "
                            "its day",
                            p->name, m->schema->name);
    if (p->size <= 0)
        return manifest_bad(c, ".size is not above 0");
    if (p->plain_size <= 0)
        return manifest_bad(c, ".plain_size is not above 0");
    if (!is_hex(p->sha256, 64))
        return manifest_bad(c, ".sha256 is not 64 hex digits");
    if (p->source_count > KURA_MANIFEST_SOURCES)
        return manifest_bad(c, ".sources are more than %u",
                            KURA_MANIFEST_SOURCES);
    return check_rows(c, p->rows, p->bytes, p->first_ts, p->last_ts);
}

static int text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* No text twice; sorts them. */
static enum kura_rc check_distinct(struct manifest_check *c, const char *what,
                                   const char **texts, size_t n)
{
    size_t i;

    qsort(texts, n, sizeof(*texts), text_order);
    for (i = 1; i < n; i++) {
        if (strcmp(texts[i - 1], texts[i]) == 0)
            return manifest_bad(c, "%s '%.64s' is there twice", what, texts[i]);
    }
    return KURA_OK;
}

static enum kura_rc check_sources(struct manifest_check *c, size_t member,
                                  const struct kura_manifest_member *p,
                                  const char **texts)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < p->source_count; i++) {
        (void)snprintf(c->where, sizeof(c->where),
                       "$.members[%zu].sources[%zu]", member, i);
        rc = check_source(c, &p->sources[i], p->rows);
        texts[i] = p->sources[i].key;
    }
    (void)snprintf(c->where, sizeof(c->where), "$.members[%zu]: ", member);
    return rc == KURA_OK ? check_distinct(c, "source", texts, p->source_count)
                         : rc;
}

static enum kura_rc check_members(struct manifest_check *c,
                                  const struct kura_manifest *m,
                                  const char **texts)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    for (i = 0; rc == KURA_OK && i < m->member_count; i++) {
        (void)snprintf(c->where, sizeof(c->where), "$.members[%zu]", i);
        rc = check_member(c, m, &m->members[i]);
        if (rc == KURA_OK)
            rc = check_sources(c, i, &m->members[i], texts);
    }
    c->where[0] = '\0';
    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < m->member_count; i++)
        texts[i] = m->members[i].name;
    rc = check_distinct(c, "member", texts, m->member_count);
    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < m->member_count; i++)
        texts[i] = m->members[i].id;
    return check_distinct(c, "id", texts, m->member_count);
}

static enum kura_rc manifest_check(const char *path,
                                   const struct kura_manifest *m,
                                   struct kura_err *err)
{
    struct manifest_check c = {path, "$", err};
    size_t room = m->member_count, i;
    const char **texts;
    enum kura_rc rc;

    if (!is_hex(m->id, 32))
        return manifest_bad(&c, ".id is not 32 hex digits");
    if (!is_volume_name(m->name))
        return manifest_bad(&c, ".name is not the name of a volume");
    if (m->kura[0] == '\0' || !kura_text_is_clean(m->kura, strlen(m->kura)))
        return manifest_bad(&c, ".kura is not a version");
    if (m->first_day > m->last_day)
        return manifest_bad(&c, ".first_day is after last_day");
    if (m->member_count == 0 || m->member_count > KURA_MANIFEST_MEMBERS)
        return manifest_bad(&c, ".members are %zu, not 1 to %u",
                            m->member_count, KURA_MANIFEST_MEMBERS);
    for (i = 0; i < m->member_count; i++) {
        if (m->members[i].source_count > room)
            room = m->members[i].source_count;
    }
    texts = calloc(room, sizeof(*texts));
    if (texts == NULL)
        return kura_err_nomem(err);
    rc = check_members(&c, m, texts);
    free(texts);
    return rc;
}

/* --- Writing ----------------------------------------------------------- */

/* Appends and keeps the first failure, so that the form below stays readable.
 */
struct manifest_out {
    struct kura_buf *to;
    enum kura_rc rc;
    struct kura_err *err;
};

static void put(struct manifest_out *o, const char *text)
{
    if (o->rc == KURA_OK)
        o->rc = kura_buf_puts(o->to, text, o->err);
}

static void put_text(struct manifest_out *o, const char *before, const char *s)
{
    put(o, before);
    if (o->rc == KURA_OK)
        o->rc = kura_json_text(s, strlen(s), o->to, o->err);
}

static void put_integer(struct manifest_out *o, const char *before, int64_t v)
{
    put(o, before);
    if (o->rc == KURA_OK)
        o->rc = kura_buf_printf(o->to, o->err, "%lld", (long long)v);
}

static void put_day(struct manifest_out *o, const char *before, int64_t day)
{
    char text[KURA_DAY_TEXT];

    kura_day_format(day, text);
    put_text(o, before, text);
}

static void put_columns(struct manifest_out *o, const struct kura_schema *s)
{
    const struct kura_column *c;
    const char *before = "\n";
    int i;

    for (i = 0; i < s->count; i++) {
        c = &s->columns[i];
        if (c->function != NULL) /* not stored: kura computes it */
            continue;
        put(o, before);
        put_text(o, "  {\"name\": ", c->name);
        put_text(o, ", \"type\": ", c->type == KURA_TEXT ? "text" : "integer");
        put_text(o, ", \"about\": ", c->about != NULL ? c->about : "");
        put(o, "}");
        before = ",\n";
    }
}

static void put_source(struct manifest_out *o,
                       const struct kura_manifest_source *s)
{
    int i;

    put_text(o, "    {\"key\": ", s->key);
    put_text(o, ", \"name\": ", s->name);
    put_integer(o, ", \"held_bytes\": ", s->held_bytes);
    put_integer(o, ", \"held_lines\": ", s->held_lines);
    put_text(o, ", \"held_sha256\": ", s->held_sha256);
    put_integer(o, ",\n     \"rows\": ", s->rows);
    put_integer(o, ", \"bytes\": ", s->bytes);
    put_integer(o, ", \"first_ts\": ", s->rows > 0 ? s->first_ts : 0);
    put_integer(o, ", \"last_ts\": ", s->rows > 0 ? s->last_ts : 0);
    put(o, ",\n     \"hours\": [");
    for (i = 0; i < 24; i++)
        put_integer(o, i == 0 ? "" : ", ", s->hours[i]);
    put(o, "]}");
}

static void put_member(struct manifest_out *o,
                       const struct kura_manifest_member *p)
{
    size_t i;

    put_text(o, "  {\"name\": ", p->name);
    put_text(o, ", \"id\": ", p->id);
    put_text(o, ", \"replaces\": ", p->replaces);
    put_day(o, ",\n   \"day\": ", p->day);
    put_integer(o, ", \"rows\": ", p->rows);
    put_integer(o, ", \"bytes\": ", p->bytes);
    put_integer(o, ", \"first_ts\": ", p->rows > 0 ? p->first_ts : 0);
    put_integer(o, ", \"last_ts\": ", p->rows > 0 ? p->last_ts : 0);
    put_integer(o, ",\n   \"size\": ", p->size);
    put_integer(o, ", \"plain_size\": ", p->plain_size);
    put_text(o, ",\n   \"sha256\": ", p->sha256);
    put(o, ",\n   \"sources\": [");
    for (i = 0; i < p->source_count && o->rc == KURA_OK; i++) {
        put(o, i == 0 ? "\n" : ",\n");
        put_source(o, &p->sources[i]);
    }
    put(o, "]}");
}

enum kura_rc kura_manifest_write(const struct kura_manifest *m,
                                 struct kura_buf *out, struct kura_err *err)
{
    struct manifest_out o = {out, manifest_check(NULL, m, err), err};
    char made[KURA_TIME_TEXT];
    size_t i;

    kura_time_format(m->made_us, made);
    put_integer(&o, "{\"schema_version\": ", KURA_MANIFEST_VERSION);
    put_text(&o, ",\n \"kura\": ", m->kura);
    put_text(&o, ",\n \"id\": ", m->id);
    put_text(&o, ",\n \"name\": ", m->name);
    put_text(&o, ",\n \"made\": ", made);
    put_integer(&o, ",\n \"made_us\": ", m->made_us);
    put_text(&o, ",\n \"table\": ", m->schema->name);
    put_text(&o, ",\n \"about\": ",
             m->schema->about != NULL ? m->schema->about : "");
    put_day(&o, ",\n \"first_day\": ", m->first_day);
    put_day(&o, ",\n \"last_day\": ", m->last_day);
    put(&o, ",\n \"columns\": [");
    put_columns(&o, m->schema);
    put(&o, "],\n \"members\": [");
    for (i = 0; i < m->member_count && o.rc == KURA_OK; i++) {
        put(&o, i == 0 ? "\n" : ",\n");
        put_member(&o, &m->members[i]);
    }
    put(&o, "]}\n");
    return o.rc;
}

/* --- Reading ----------------------------------------------------------- */

enum manifest_kind { MANIFEST_TEXT, MANIFEST_INTEGER, MANIFEST_ARRAY };

struct manifest_key {
    const char *name;
    enum manifest_kind kind;
};

struct manifest_value {
    char *text; /* of a text or an array; owned until somebody takes it */
    int64_t integer;
    bool is_set;
};

#define MANIFEST_KEYS 12 /* most that an object has */

struct manifest_reader {
    struct manifest_check c;
    sqlite3 *db;
    sqlite3_stmt *object;
    struct manifest_value values[MANIFEST_KEYS]; /* of the object being read */
};

static void values_free(struct manifest_value *values)
{
    size_t i;

    for (i = 0; i < MANIFEST_KEYS; i++) {
        free(values[i].text);
        values[i].text = NULL;
        values[i].is_set = false;
    }
}

static char *value_take(struct manifest_value *v)
{
    char *text = v->text;

    v->text = NULL;
    return text;
}

/* A column of the row at hand as a text of its own; NULL: a NUL in it, too
 * long, or memory is gone, which *err then says. */
static enum kura_rc value_text(struct manifest_reader *r, sqlite3_stmt *stmt,
                               int column, const char *name, size_t max,
                               char **out)
{
    const char *s = (const char *)sqlite3_column_text(stmt, column);
    size_t n = (size_t)sqlite3_column_bytes(stmt, column);
    char *copy;

    if (s == NULL)
        return kura_err_nomem(r->c.err);
    if (n > max || memchr(s, '\0', n) != NULL)
        return manifest_bad(&r->c, ".%s is too long or has a NUL", name);
    copy = malloc(n + 1);
    if (copy == NULL)
        return kura_err_nomem(r->c.err);
    memcpy(copy, s, n);
    copy[n] = '\0';
    *out = copy;
    return KURA_OK;
}

/* One key of an object: object's columns are key, type, value. */
static enum kura_rc value_read(struct manifest_reader *r,
                               const struct manifest_key *key,
                               struct manifest_value *v)
{
    static const char *const types[] = {"text", "integer", "array"};
    const char *type = (const char *)sqlite3_column_text(r->object, 1);

    if (type == NULL)
        return kura_err_nomem(r->c.err);
    if (v->is_set)
        return manifest_bad(&r->c, ".%s is there twice", key->name);
    /* An integer beyond 64 bits comes back as a REAL. */
    if (strcmp(type, types[key->kind]) != 0 ||
        (key->kind == MANIFEST_INTEGER &&
         sqlite3_column_type(r->object, 2) != SQLITE_INTEGER))
        return manifest_bad(&r->c, ".%s is not %s %s", key->name,
                            key->kind == MANIFEST_TEXT ? "a" : "an",
                            types[key->kind]);
    v->is_set = true;
    if (key->kind == MANIFEST_INTEGER) {
        v->integer = sqlite3_column_int64(r->object, 2);
        return KURA_OK;
    }
    return value_text(r, r->object, 2, key->name,
                      key->kind == MANIFEST_TEXT ? MANIFEST_TEXT_MAX
                                                 : KURA_MANIFEST_MAX,
                      &v->text);
}

/* SQLite's words for a text that it cannot parse name no place in it. */
static enum kura_rc reader_step(struct manifest_reader *r, sqlite3_stmt *stmt,
                                bool *row)
{
    int code = sqlite3_step(stmt);

    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return KURA_OK;
    if (code == SQLITE_NOMEM)
        return kura_err_nomem(r->c.err);
    return manifest_bad(&r->c, ": %s", sqlite3_errmsg(r->db));
}

static enum kura_rc object_key(struct manifest_reader *r,
                               const struct manifest_key *keys, size_t n)
{
    const char *name = (const char *)sqlite3_column_text(r->object, 0);
    size_t i;

    if (name == NULL)
        return kura_err_nomem(r->c.err);
    for (i = 0; i < n; i++) {
        if (strcmp(name, keys[i].name) == 0)
            return value_read(r, &keys[i], &r->values[i]);
    }
    return KURA_OK;
}

/* Reads the wanted keys of an object into r->values, in the order of `keys`. */
static enum kura_rc object_read(struct manifest_reader *r, const char *json,
                                size_t size, const struct manifest_key *keys,
                                size_t n)
{
    enum kura_rc rc = KURA_OK;
    bool row = true;
    size_t i;

    values_free(r->values);
    if (json[0] != '{')
        return manifest_bad(&r->c, " is not an object");
    if (sqlite3_bind_text64(r->object, 1, json, size, SQLITE_STATIC,
                            SQLITE_UTF8) != SQLITE_OK)
        return kura_err_nomem(r->c.err);
    while (rc == KURA_OK) {
        rc = reader_step(r, r->object, &row);
        if (rc != KURA_OK || !row)
            break;
        rc = object_key(r, keys, n);
    }
    (void)sqlite3_reset(r->object);
    (void)sqlite3_clear_bindings(r->object);
    for (i = 0; rc == KURA_OK && i < n; i++) {
        if (!r->values[i].is_set)
            rc = manifest_bad(&r->c, ".%s is missing", keys[i].name);
    }
    return rc;
}

/* Calls `add` with each object of an array (the JSON text of it). */
typedef enum kura_rc manifest_add_fn(struct manifest_reader *r, void *arg,
                                     size_t i, const char *json, size_t size);

static enum kura_rc array_read(struct manifest_reader *r, const char *json,
                               manifest_add_fn *add, void *arg)
{
    sqlite3_stmt *stmt = NULL;
    enum kura_rc rc;
    const char *item;
    bool row = true;
    size_t i;

    rc = kura_db_prepare(r->db, "SELECT value FROM json_each(?1)", &stmt,
                         r->c.err);
    if (rc == KURA_OK &&
        sqlite3_bind_text(stmt, 1, json, -1, SQLITE_STATIC) != SQLITE_OK)
        rc = kura_err_nomem(r->c.err);
    for (i = 0; rc == KURA_OK; i++) {
        rc = reader_step(r, stmt, &row);
        if (rc != KURA_OK || !row)
            break;
        item = (const char *)sqlite3_column_text(stmt, 0);
        rc = add(r, arg, i, item != NULL ? item : "",
                 (size_t)sqlite3_column_bytes(stmt, 0));
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* Room for item i of an array that grows, all bytes of the new room zero. */
static void *array_room(void *items, size_t size, size_t i)
{
    size_t cap = 16;
    char *grown;

    if (i != 0 && (i < cap || (i & (i - 1)) != 0))
        return items;
    if (i != 0)
        cap = i * 2;
    grown = realloc(items, cap * size);
    if (grown != NULL)
        memset(grown + i * size, 0, (cap - i) * size);
    return grown;
}

/* "[1,2,...]" of 24 numbers, as SQLite writes it. */
static bool hours_parse(const char *s, int64_t hours[24])
{
    size_t n;
    int i;

    for (i = 0; i < 24; i++) {
        if (*s++ != (i == 0 ? '[' : ','))
            return false;
        n = strcspn(s, ",]");
        if (!kura_num_parse(s, n, &hours[i]))
            return false;
        s += n;
    }
    return strcmp(s, "]") == 0;
}

/* Copies a text of fixed length; one that is longer is cut by one byte less
 * than too long, so that the rules find it. */
static void copy_fixed(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", strlen(from) < size ? from : "?");
}

static enum kura_rc source_add(struct manifest_reader *r, void *arg, size_t i,
                               const char *json, size_t size)
{
    static const struct manifest_key keys[] = {
        {"key", MANIFEST_TEXT},           {"name", MANIFEST_TEXT},
        {"held_bytes", MANIFEST_INTEGER}, {"held_lines", MANIFEST_INTEGER},
        {"held_sha256", MANIFEST_TEXT},   {"rows", MANIFEST_INTEGER},
        {"bytes", MANIFEST_INTEGER},      {"first_ts", MANIFEST_INTEGER},
        {"last_ts", MANIFEST_INTEGER},    {"hours", MANIFEST_ARRAY},
    };
    struct kura_manifest_member *p = arg;
    struct kura_manifest_source *s;
    struct manifest_value *v = r->values;
    char *bracket = strrchr(r->c.where, '[');
    enum kura_rc rc;

    (void)snprintf(bracket, MANIFEST_WHERE - (size_t)(bracket - r->c.where),
                   "[%zu]", i);
    if (i >= KURA_MANIFEST_SOURCES)
        return manifest_bad(&r->c, " is one too many");
    s = array_room(p->sources, sizeof(*s), i);
    if (s == NULL)
        return kura_err_nomem(r->c.err);
    p->sources = s;
    s += i;
    rc = object_read(r, json, size, keys, sizeof(keys) / sizeof(keys[0]));
    if (rc != KURA_OK)
        return rc;
    if (!hours_parse(v[9].text, s->hours))
        return manifest_bad(&r->c, ".hours are not 24 numbers");
    p->source_count = i + 1;
    s->key = value_take(&v[0]);
    s->name = value_take(&v[1]);
    s->held_bytes = v[2].integer;
    s->held_lines = v[3].integer;
    copy_fixed(s->held_sha256, sizeof(s->held_sha256), v[4].text);
    s->rows = v[5].integer;
    s->bytes = v[6].integer;
    s->first_ts = v[7].integer;
    s->last_ts = v[8].integer;
    return KURA_OK;
}

static enum kura_rc read_day(struct manifest_reader *r, const char *name,
                             const char *text, int64_t *out)
{
    if (!kura_day_parse(text, out))
        return manifest_bad(&r->c, ".%s is not a day", name);
    return KURA_OK;
}

static enum kura_rc member_add(struct manifest_reader *r, void *arg, size_t i,
                               const char *json, size_t size)
{
    static const struct manifest_key keys[] = {
        {"name", MANIFEST_TEXT},        {"id", MANIFEST_TEXT},
        {"replaces", MANIFEST_TEXT},    {"day", MANIFEST_TEXT},
        {"rows", MANIFEST_INTEGER},     {"bytes", MANIFEST_INTEGER},
        {"first_ts", MANIFEST_INTEGER}, {"last_ts", MANIFEST_INTEGER},
        {"size", MANIFEST_INTEGER},     {"plain_size", MANIFEST_INTEGER},
        {"sha256", MANIFEST_TEXT},      {"sources", MANIFEST_ARRAY},
    };
    struct kura_manifest *m = arg;
    struct kura_manifest_member *p;
    struct manifest_value *v = r->values;
    enum kura_rc rc;
    char *sources;

    (void)snprintf(r->c.where, sizeof(r->c.where), "$.members[%zu]", i);
    if (i >= KURA_MANIFEST_MEMBERS)
        return manifest_bad(&r->c, " is one too many");
    p = array_room(m->members, sizeof(*p), i);
    if (p == NULL)
        return kura_err_nomem(r->c.err);
    m->members = p;
    p += i;
    rc = object_read(r, json, size, keys, sizeof(keys) / sizeof(keys[0]));
    if (rc == KURA_OK)
        rc = read_day(r, "day", v[3].text, &p->day);
    if (rc != KURA_OK)
        return rc;
    m->member_count = i + 1;
    p->name = value_take(&v[0]);
    copy_fixed(p->id, sizeof(p->id), v[1].text);
    p->replaces = value_take(&v[2]);
    p->rows = v[4].integer;
    p->bytes = v[5].integer;
    p->first_ts = v[6].integer;
    p->last_ts = v[7].integer;
    p->size = v[8].integer;
    p->plain_size = v[9].integer;
    copy_fixed(p->sha256, sizeof(p->sha256), v[10].text);
    sources = value_take(&v[11]);
    (void)snprintf(r->c.where, sizeof(r->c.where), "$.members[%zu].sources[]",
                   i);
    rc = array_read(r, sources, source_add, p);
    free(sources);
    return rc;
}

/* A version that is not ours comes first: other keys may mean other things. */
static enum kura_rc version_read(struct manifest_reader *r, const char *json,
                                 size_t size)
{
    static const struct manifest_key key = {"schema_version", MANIFEST_INTEGER};
    enum kura_rc rc = object_read(r, json, size, &key, 1);
    int64_t version = r->values[0].integer;

    if (rc != KURA_OK)
        return rc;
    if (version > KURA_MANIFEST_VERSION)
        return kura_err_set(r->c.err, KURA_EINPUT,
                            "a newer kura wrote volume '%s': its manifest has "
                            "version %lld, this program knows %d",
                            r->c.path, (long long)version,
                            KURA_MANIFEST_VERSION);
    if (version != KURA_MANIFEST_VERSION)
        return manifest_bad(&r->c, ".schema_version is %lld",
                            (long long)version);
    return KURA_OK;
}

static enum kura_rc manifest_read(struct manifest_reader *r, const char *json,
                                  size_t size, struct kura_manifest *m)
{
    static const struct manifest_key keys[] = {
        {"kura", MANIFEST_TEXT},     {"id", MANIFEST_TEXT},
        {"name", MANIFEST_TEXT},     {"made_us", MANIFEST_INTEGER},
        {"table", MANIFEST_TEXT},    {"first_day", MANIFEST_TEXT},
        {"last_day", MANIFEST_TEXT}, {"members", MANIFEST_ARRAY},
    };
    struct manifest_value *v = r->values;
    enum kura_rc rc = version_read(r, json, size);
    char *members;

    if (rc == KURA_OK)
        rc = object_read(r, json, size, keys, sizeof(keys) / sizeof(keys[0]));
    if (rc == KURA_OK)
        rc = read_day(r, "first_day", v[5].text, &m->first_day);
    if (rc == KURA_OK)
        rc = read_day(r, "last_day", v[6].text, &m->last_day);
    if (rc != KURA_OK)
        return rc;
    m->schema = kura_schema_find(v[4].text);
    if (m->schema == NULL)
        return kura_err_set(r->c.err, KURA_EINPUT,
                            "this kura does not know table '%.64s' of volume "
                            "'%s'",
                            v[4].text, r->c.path);
    m->kura = value_take(&v[0]);
    copy_fixed(m->id, sizeof(m->id), v[1].text);
    m->name = value_take(&v[2]);
    m->made_us = v[3].integer;
    members = value_take(&v[7]);
    rc = array_read(r, members, member_add, m);
    free(members);
    return rc;
}

/* A connection that can do nothing but parse. */
static enum kura_rc reader_open(struct manifest_reader *r)
{
    int rc = sqlite3_open_v2(":memory:", &r->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc != SQLITE_OK)
        return kura_err_nomem(r->c.err);
    (void)sqlite3_limit(r->db, SQLITE_LIMIT_LENGTH,
                        (int)KURA_MANIFEST_MAX + 1024);
    (void)sqlite3_limit(r->db, SQLITE_LIMIT_SQL_LENGTH, 4096);
    (void)sqlite3_limit(r->db, SQLITE_LIMIT_ATTACHED, 0);
    return kura_db_prepare(r->db, "SELECT key, type, value FROM json_each(?1)",
                           &r->object, r->c.err);
}

enum kura_rc kura_manifest_read(const char *path, const char *json, size_t n,
                                struct kura_manifest *out, struct kura_err *err)
{
    struct manifest_reader r = {.c = {path, "$", err}};
    struct kura_manifest m = {.members = NULL};
    const char *nul = n != 0 ? memchr(json, '\0', n) : NULL;
    enum kura_rc rc;

    if (n == 0 || n > KURA_MANIFEST_MAX)
        return manifest_bad(&r.c, " has %zu bytes, not 1 to %u", n,
                            KURA_MANIFEST_MAX);
    /* SQLite would take what comes before it for the whole. */
    if (nul != NULL)
        return manifest_bad(&r.c, " has a NUL at byte %zu",
                            (size_t)(nul - json));
    rc = reader_open(&r);
    if (rc == KURA_OK)
        rc = manifest_read(&r, json, n, &m);
    if (rc == KURA_OK)
        rc = manifest_check(path, &m, err);
    values_free(r.values);
    (void)sqlite3_finalize(r.object);
    (void)sqlite3_close(r.db);
    if (rc != KURA_OK) {
        kura_manifest_release(&m);
        return rc;
    }
    *out = m;
    return KURA_OK;
}

void kura_manifest_release(struct kura_manifest *m)
{
    struct kura_manifest_member *p;
    size_t i, k;

    for (i = 0; i < m->member_count; i++) {
        p = &m->members[i];
        for (k = 0; k < p->source_count; k++) {
            free(p->sources[k].key);
            free(p->sources[k].name);
        }
        free(p->sources);
        free(p->name);
        free(p->replaces);
    }
    free(m->members);
    free(m->name);
    free(m->kura);
    memset(m, 0, sizeof(*m));
}
