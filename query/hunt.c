/* hunt.c - reads the header of a hunt file into struct kura_hunt.
 *
 * First the header becomes a list of entries (name, value, line), then each
 * name is read by its own function; what must be there is asked at the end. */
#include "query/hunt.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/num.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define HUNT_TEXT_MAX ((size_t)1 << 20)

static const char *const stage_words[] = {
    "reconnaissance",       "weaponization", "delivery",
    "exploitation",         "installation",  "command-and-control",
    "actions-on-objectives"};
static const char *const level_words[] = {"informational", "low", "medium",
                                          "high", "critical"};

const char *kura_stage_word(int stage)
{
    return stage >= 0 && stage < KURA_STAGE_COUNT ? stage_words[stage] : NULL;
}

const char *kura_level_word(int level)
{
    return level >= 0 && level < KURA_LEVEL_COUNT ? level_words[level] : NULL;
}

bool kura_level_find(const char *word, enum kura_level *out)
{
    int i;

    for (i = 0; i < KURA_LEVEL_COUNT; i++)
        if (strcmp(level_words[i], word) == 0) {
            *out = (enum kura_level)i;
            return true;
        }
    return false;
}

/* --- The header as entries --------------------------------------------- */

struct entry {
    char name[16];
    struct kura_buf value;
    size_t line;
};

struct reader {
    const char *file;
    struct kura_hunt *hunt;
    struct entry *entries;
    size_t count;
    struct kura_err *err;
};

static enum kura_rc reader_fail(const struct reader *r, size_t line,
                                const char *what, const char *about)
{
    return kura_err_set(r->err, KURA_EINPUT, "%s:%zu: %s%s%.100s%s", r->file,
                        line, what, *about != '\0' ? " '" : "", about,
                        *about != '\0' ? "'" : "");
}

static const char *skip_blanks(const char *s, const char *end)
{
    while (s < end && (*s == ' ' || *s == '\t'))
        s++;
    return s;
}

static enum kura_rc reader_begin(struct reader *r, const char *name, size_t n,
                                 size_t line)
{
    struct entry *grown = realloc(r->entries, (r->count + 1) * sizeof(*grown));

    if (grown == NULL)
        return kura_err_nomem(r->err);
    r->entries = grown;
    grown += r->count++;
    memcpy(grown->name, name, n);
    grown->name[n] = '\0';
    kura_buf_init(&grown->value, HUNT_TEXT_MAX);
    grown->line = line;
    return KURA_OK;
}

/* A line of the header after its dashes: `name: value`, or with more than one
 * blank before it what goes on with the value above. */
static enum kura_rc reader_line(struct reader *r, const char *s,
                                const char *end, size_t line)
{
    const char *text = skip_blanks(s, end);
    const char *colon;
    struct entry *last;
    enum kura_rc rc = KURA_OK;

    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    if (text == end)
        return KURA_OK;
    if (text - s < 2) {
        for (colon = text; colon < end && islower((unsigned char)*colon);)
            colon++;
        if (colon == text || colon == end || *colon != ':' ||
            (size_t)(colon - text) >= sizeof(r->entries->name))
            return reader_fail(r, line, "a line of the header is 'name: value'",
                               "");
        rc = reader_begin(r, text, (size_t)(colon - text), line);
        text = skip_blanks(colon + 1, end);
    } else if (r->count == 0) {
        return reader_fail(r, line, "nothing stands above to go on with", "");
    }
    if (rc != KURA_OK)
        return rc;
    last = &r->entries[r->count - 1];
    if (last->value.len != 0)
        rc = kura_buf_putc(&last->value, ' ', r->err);
    if (rc == KURA_OK)
        rc = kura_buf_append(&last->value, text, (size_t)(end - text), r->err);
    return rc;
}

/* Up to the first line that is no comment; *sql is where the statement is. */
static enum kura_rc reader_header(struct reader *r, const char *text, size_t n,
                                  const char **sql)
{
    const char *s = text, *end = text + n, *eol;
    size_t line = 1;
    enum kura_rc rc = KURA_OK;

    for (; rc == KURA_OK && s < end; s = eol + (eol < end), line++) {
        eol = memchr(s, '\n', (size_t)(end - s));
        if (eol == NULL)
            eol = end;
        if (eol - s >= 2 && s[0] == '-' && s[1] == '-') {
            rc = reader_line(r, s + 2, eol, line);
            continue;
        }
        if (skip_blanks(s, eol) == eol || *skip_blanks(s, eol) == '\r')
            continue;
        *sql = s;
        r->hunt->sql_line = line;
        return KURA_OK;
    }
    return rc != KURA_OK ? rc
                         : reader_fail(r, line, "there is no statement", "");
}

/* --- Values ------------------------------------------------------------ */

static enum kura_rc take_text(struct reader *r, const struct entry *e,
                              char **out)
{
    if (*out != NULL)
        return reader_fail(r, e->line, "stands twice:", e->name);
    if (e->value.len == 0)
        return reader_fail(r, e->line, "has no value:", e->name);
    *out = strdup(e->value.data);
    return *out == NULL ? kura_err_nomem(r->err) : KURA_OK;
}

/* Words separated by commas, one after the other; false at the end. */
static bool next_word(const char **at, char *out, size_t size)
{
    size_t n;

    *at += strspn(*at, ", \t");
    n = strcspn(*at, ", \t");
    if (n == 0)
        return false;
    (void)snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), *at);
    *at += n;
    return true;
}

static enum kura_rc list_add(struct reader *r, char ***list, size_t *count,
                             const char *text)
{
    char **grown = realloc(*list, (*count + 1) * sizeof(*grown));

    if (grown == NULL)
        return kura_err_nomem(r->err);
    *list = grown;
    grown[*count] = strdup(text);
    if (grown[*count] == NULL)
        return kura_err_nomem(r->err);
    ++*count;
    return KURA_OK;
}

static enum kura_rc take_tables(struct reader *r, const struct entry *e)
{
    struct kura_hunt *h = r->hunt;
    const char *at = e->value.data;
    const struct kura_schema *s;
    char word[64];

    while (next_word(&at, word, sizeof(word))) {
        s = kura_schema_find(word);
        if (s == NULL)
            return reader_fail(r, e->line, "there is no table", word);
        if (h->table_count == KURA_HUNT_TABLES)
            return reader_fail(r, e->line, "too many tables", "");
        h->tables[h->table_count++] = s;
    }
    return KURA_OK;
}

static enum kura_rc need_add(struct reader *r, const char *table,
                             const char *column)
{
    struct kura_hunt *h = r->hunt;
    struct kura_hunt_need *grown =
        realloc(h->needs, (h->need_count + 1) * sizeof(*grown));

    if (grown == NULL)
        return kura_err_nomem(r->err);
    h->needs = grown;
    grown += h->need_count++;
    grown->table = strdup(table);
    grown->column = column != NULL ? strdup(column) : NULL;
    if (grown->table == NULL || (column != NULL && grown->column == NULL))
        return kura_err_nomem(r->err);
    return KURA_OK;
}

static enum kura_rc take_needs(struct reader *r, const struct entry *e)
{
    const char *at = e->value.data;
    const struct kura_schema *s;
    char word[128], *dot;
    enum kura_rc rc = KURA_OK;

    while (rc == KURA_OK && next_word(&at, word, sizeof(word))) {
        dot = strchr(word, '.');
        if (dot != NULL) {
            *dot = '\0';
            s = kura_schema_find(word);
            if (s == NULL || kura_schema_column(s, dot + 1) < 0) {
                *dot = '.';
                return reader_fail(r, e->line, "there is no column", word);
            }
        }
        rc = need_add(r, word, dot != NULL ? dot + 1 : NULL);
    }
    return rc;
}

static enum kura_rc take_window(struct reader *r, const struct entry *e)
{
    const char *s = e->value.data;
    size_t n = e->value.len;

    if (n < 2 || s[n - 1] != 'd' ||
        !kura_num_parse(s, n - 1, &r->hunt->window_days) ||
        r->hunt->window_days < 1 || r->hunt->window_days > KURA_HUNT_WINDOW_MAX)
        return reader_fail(r, e->line,
                           "a window is a number of days such as "
                           "14d, not",
                           s);
    return KURA_OK;
}

/* The first one is the main one. */
static enum kura_rc take_stage(struct reader *r, const struct entry *e)
{
    const char *at = e->value.data;
    char word[64];
    int i;

    while (next_word(&at, word, sizeof(word))) {
        for (i = 0; i < KURA_STAGE_COUNT; i++)
            if (strcmp(stage_words[i], word) == 0)
                break;
        if (i == KURA_STAGE_COUNT)
            return reader_fail(r, e->line, "there is no stage", word);
        if (r->hunt->stages == 0)
            r->hunt->stage = (enum kura_stage)i;
        r->hunt->stages |= 1u << i;
    }
    return r->hunt->stages != 0
               ? KURA_OK
               : reader_fail(r, e->line, "has no value:", e->name);
}

static enum kura_rc take_level(struct reader *r, const struct entry *e)
{
    if (kura_level_find(e->value.data, &r->hunt->level))
        return KURA_OK;
    return reader_fail(r, e->line, "there is no level", e->value.data);
}

static bool param_fits(enum kura_param_type type, const char *value)
{
    int64_t n;
    char *end;

    if (type == KURA_PARAM_INTEGER)
        return kura_num_parse(value, strlen(value), &n);
    if (type == KURA_PARAM_TEXT)
        return true;
    (void)strtod(value, &end);
    return *value != '\0' && *end == '\0';
}

/* The default: a word, or with blanks in it a text in quotes; then what it is,
 * in quotes. */
static enum kura_rc param_read(struct reader *r, const struct entry *e,
                               const char *at, struct kura_hunt_param *p)
{
    const char *start, *end;
    size_t n;

    at += strspn(at, " \t");
    if (*at == '\'') {
        end = strchr(++at, '\'');
        n = end == NULL ? 0 : (size_t)(end - at);
        if (end == NULL)
            return reader_fail(r, e->line, "a quote has no end:", e->name);
        p->value = strndup(at, n);
        at += n + 1;
    } else {
        n = strcspn(at, " \t");
        p->value = strndup(at, n);
        at += n;
    }
    start = strchr(at, '"');
    end = start == NULL ? NULL : strrchr(at, '"');
    if (start == NULL || end == start)
        return reader_fail(r, e->line,
                           "a parameter says in quotes what it is:", p->name);
    p->about = strndup(start + 1, (size_t)(end - start - 1));
    if (p->value == NULL || p->about == NULL)
        return kura_err_nomem(r->err);
    return KURA_OK;
}

static enum kura_rc take_param(struct reader *r, const struct entry *e)
{
    static const char *const types[] = {"integer", "real", "text"};
    struct kura_hunt *h = r->hunt;
    struct kura_hunt_param *grown, *p;
    const char *at = e->value.data;
    char name[64] = "", type[16] = "";
    enum kura_rc rc;
    int i;

    (void)next_word(&at, name, sizeof(name));
    (void)next_word(&at, type, sizeof(type));
    for (i = 0; i < 3 && strcmp(type, types[i]) != 0; i++)
        ;
    if (i == 3)
        return reader_fail(r, e->line,
                           "a parameter is 'name integer|real|text "
                           "default \"what it is\"', not",
                           e->value.data);
    if (kura_hunt_param(h, name) != NULL || strcmp(name, "from_ts") == 0 ||
        strcmp(name, "to_ts") == 0)
        return reader_fail(r, e->line, "the parameter is there already:", name);
    grown = realloc(h->params, (h->param_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return kura_err_nomem(r->err);
    h->params = grown;
    p = &grown[h->param_count++];
    memset(p, 0, sizeof(*p));
    p->type = (enum kura_param_type)i;
    p->name = strdup(name);
    if (p->name == NULL)
        return kura_err_nomem(r->err);
    rc = param_read(r, e, at, p);
    if (rc == KURA_OK && !param_fits(p->type, p->value))
        rc = reader_fail(r, e->line,
                         "the default is no value of its type:", name);
    return rc;
}

static enum kura_rc take_keys(struct reader *r, const struct entry *e)
{
    const char *at = e->value.data;
    char word[128];
    enum kura_rc rc = KURA_OK;

    r->hunt->key_line = e->line;
    while (rc == KURA_OK && next_word(&at, word, sizeof(word)))
        rc = list_add(r, &r->hunt->keys, &r->hunt->key_count, word);
    return rc;
}

static enum kura_rc take_evidence(struct reader *r, const struct entry *e)
{
    struct kura_hunt *h = r->hunt;
    struct kura_hunt_evidence *grown;
    const char *colon = strchr(e->value.data, ':');
    char table[64];

    (void)snprintf(table, sizeof(table), "%.*s",
                   colon == NULL ? 0 : (int)(colon - e->value.data),
                   e->value.data);
    if (colon == NULL || kura_schema_find(table) == NULL)
        return reader_fail(r, e->line, "evidence is 'table: condition', not",
                           e->value.data);
    grown = realloc(h->evidence, (h->evidence_count + 1) * sizeof(*grown));
    if (grown == NULL)
        return kura_err_nomem(r->err);
    h->evidence = grown;
    grown += h->evidence_count;
    grown->table = kura_schema_find(table);
    grown->line = e->line;
    grown->where = strdup(skip_blanks(colon + 1, colon + strlen(colon)));
    if (grown->where == NULL)
        return kura_err_nomem(r->err);
    h->evidence_count++;
    return KURA_OK;
}

static enum kura_rc take_file(struct reader *r, const struct entry *e,
                              char ***list, size_t *count)
{
    if (e->value.len == 0 || strchr(e->value.data, '/') != NULL)
        return reader_fail(r, e->line,
                           "a file name without folder is expected:", e->name);
    return list_add(r, list, count, e->value.data);
}

static enum kura_rc reader_take(struct reader *r, const struct entry *e)
{
    struct kura_hunt *h = r->hunt;
    const char *name = e->name;

    if (strcmp(name, "title") == 0)
        return take_text(r, e, &h->title);
    if (strcmp(name, "about") == 0)
        return take_text(r, e, &h->about);
    if (strcmp(name, "attack") == 0)
        return take_text(r, e, &h->attack);
    if (strcmp(name, "reference") == 0)
        return take_text(r, e, &h->reference);
    if (strcmp(name, "tags") == 0)
        return take_text(r, e, &h->tags);
    if (strcmp(name, "why") == 0) {
        h->why_line = e->line;
        return take_text(r, e, &h->why);
    }
    if (strcmp(name, "table") == 0)
        return take_tables(r, e);
    if (strcmp(name, "needs") == 0)
        return take_needs(r, e);
    if (strcmp(name, "window") == 0)
        return take_window(r, e);
    if (strcmp(name, "stage") == 0)
        return take_stage(r, e);
    if (strcmp(name, "level") == 0)
        return take_level(r, e);
    if (strcmp(name, "param") == 0)
        return take_param(r, e);
    if (strcmp(name, "key") == 0)
        return take_keys(r, e);
    if (strcmp(name, "evidence") == 0)
        return take_evidence(r, e);
    if (strcmp(name, "hit") == 0)
        return take_file(r, e, &h->hits, &h->hit_count);
    if (strcmp(name, "miss") == 0)
        return take_file(r, e, &h->misses, &h->miss_count);
    return reader_fail(r, e->line, "unknown name in the header:", name);
}

static enum kura_rc reader_whole(struct reader *r)
{
    static const char *const must[] = {"title", "table", "stage",
                                       "level", "key",   "why",
                                       "about", "hit",   "miss"};
    size_t i, k;

    for (i = 0; i < sizeof(must) / sizeof(must[0]); i++) {
        for (k = 0; k < r->count; k++)
            if (strcmp(r->entries[k].name, must[i]) == 0)
                break;
        if (k == r->count)
            return reader_fail(r, r->hunt->sql_line, "the header does not say",
                               must[i]);
    }
    return KURA_OK;
}

/* --- Version ------------------------------------------------------------ */

static enum kura_rc hunt_set_version(struct kura_hunt *h, struct kura_err *err)
{
    char hex[KURA_SHA256_HEX];
    struct kura_buf text;
    enum kura_rc rc;
    size_t i;

    kura_buf_init(&text, 2 * HUNT_TEXT_MAX);
    rc = kura_buf_printf(&text, err, "%s\nwindow %lld\n", h->sql,
                         (long long)h->window_days);
    for (i = 0; rc == KURA_OK && i < h->key_count; i++)
        rc = kura_buf_printf(&text, err, "key %s\n", h->keys[i]);
    for (i = 0; rc == KURA_OK && i < h->param_count; i++)
        rc = kura_buf_printf(&text, err, "param %s %d %s\n", h->params[i].name,
                             (int)h->params[i].type, h->params[i].value);
    for (i = 0; rc == KURA_OK && i < h->need_count; i++)
        rc = kura_buf_printf(&text, err, "need %s %s\n", h->needs[i].table,
                             h->needs[i].column ? h->needs[i].column : "");
    for (i = 0; rc == KURA_OK && i < h->evidence_count; i++)
        rc = kura_buf_printf(&text, err, "evidence %s %s\n",
                             h->evidence[i].table->name, h->evidence[i].where);
    if (rc == KURA_OK)
        rc = kura_sha256_hex(text.data, text.len, hex, err);
    if (rc == KURA_OK) {
        memcpy(h->version, hex, KURA_HUNT_VERSION - 1);
        h->version[KURA_HUNT_VERSION - 1] = '\0';
    }
    kura_buf_release(&text);
    return rc;
}

/* --- Reading ------------------------------------------------------------- */

/* Optional texts that were not given are "". */
static enum kura_rc hunt_fill(struct kura_hunt *h, const char *sql,
                              const char *end, struct kura_err *err)
{
    char **const optional[] = {&h->attack, &h->reference, &h->tags};
    size_t i;

    while (end > sql && isspace((unsigned char)end[-1]))
        end--;
    h->sql = strndup(sql, (size_t)(end - sql));
    if (h->sql == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
        if (*optional[i] == NULL)
            *optional[i] = strdup("");
        if (*optional[i] == NULL)
            return kura_err_nomem(err);
    }
    return hunt_set_version(h, err);
}

enum kura_rc kura_hunt_parse(const char *name, const char *file,
                             const char *text, size_t n, struct kura_hunt **out,
                             struct kura_err *err)
{
    struct reader r = {file, calloc(1, sizeof(struct kura_hunt)), NULL, 0, err};
    const char *sql = NULL;
    enum kura_rc rc = KURA_OK;
    size_t i;

    if (r.hunt == NULL)
        return kura_err_nomem(err);
    r.hunt->name = strdup(name);
    r.hunt->file = strdup(file);
    if (r.hunt->name == NULL || r.hunt->file == NULL)
        rc = kura_err_nomem(err);
    else if (name[strspn(name, NAME_CHARS)] != '\0' || *name == '\0')
        rc = reader_fail(&r, 1,
                         "a name is of small letters, digits and -:", name);
    else if (memchr(text, '\0', n) != NULL)
        rc = reader_fail(&r, 1, "the file holds a NUL byte", "");
    if (rc == KURA_OK)
        rc = reader_header(&r, text, n, &sql);
    for (i = 0; rc == KURA_OK && i < r.count; i++)
        rc = reader_take(&r, &r.entries[i]);
    if (rc == KURA_OK)
        rc = reader_whole(&r);
    if (rc == KURA_OK)
        rc = hunt_fill(r.hunt, sql, text + n, err);
    for (i = 0; i < r.count; i++)
        kura_buf_release(&r.entries[i].value);
    free(r.entries);
    if (rc == KURA_OK)
        *out = r.hunt;
    else
        kura_hunt_free(r.hunt);
    return rc;
}

static void list_free(char **list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void kura_hunt_free(struct kura_hunt *h)
{
    size_t i;

    if (h == NULL)
        return;
    for (i = 0; i < h->need_count; i++) {
        free(h->needs[i].table);
        free(h->needs[i].column);
    }
    for (i = 0; i < h->param_count; i++) {
        free(h->params[i].name);
        free(h->params[i].value);
        free(h->params[i].about);
    }
    for (i = 0; i < h->evidence_count; i++)
        free(h->evidence[i].where);
    list_free(h->keys, h->key_count);
    list_free(h->hits, h->hit_count);
    list_free(h->misses, h->miss_count);
    free(h->needs);
    free(h->params);
    free(h->evidence);
    free(h->name);
    free(h->file);
    free(h->title);
    free(h->why);
    free(h->about);
    free(h->attack);
    free(h->reference);
    free(h->tags);
    free(h->sql);
    free(h);
}

bool kura_hunt_has_tag(const struct kura_hunt *h, const char *tag)
{
    const char *at = h->tags;
    char word[64];

    while (next_word(&at, word, sizeof(word)))
        if (strcmp(word, tag) == 0)
            return true;
    return false;
}

const struct kura_hunt_param *kura_hunt_param(const struct kura_hunt *h,
                                              const char *name)
{
    size_t i;

    for (i = 0; i < h->param_count; i++)
        if (strcmp(h->params[i].name, name) == 0)
            return &h->params[i];
    return NULL;
}
