/* output.c - rows of a statement as table, CSV, JSON Lines or Markdown.
 *
 * A row is built in a buffer and written at once; every write is checked, so
 * that a full disk is never taken for the end of the rows. */
#include "query/output.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_HELD_ROWS 1000
#define TABLE_HELD_BYTES (16u * 1024 * 1024)
#define TABLE_CELL_WIDTH 120 /* on a terminal */
#define ROW_BYTES (1u << 31)
#define ELLIPSIS "\xe2\x80\xa6"

int kura_output_find(const char *word, enum kura_output *out)
{
    static const struct {
        const char *word;
        enum kura_output how;
    } words[] = {
        {"table", KURA_OUTPUT_TABLE},     {"csv", KURA_OUTPUT_CSV},
        {"json", KURA_OUTPUT_JSON},       {"jsonl", KURA_OUTPUT_JSON},
        {"md", KURA_OUTPUT_MARKDOWN},     {"markdown", KURA_OUTPUT_MARKDOWN},
    };
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].word, word) == 0) {
            *out = words[i].how;
            return 1;
        }
    }
    return 0;
}

/* --- Cells ------------------------------------------------------------ */

struct cell {
    const char *s; /* as SQLite gave it; valid until the next step */
    size_t n;
    int type; /* SQLITE_INTEGER ... SQLITE_NULL */
    bool failed;
};

/* Text of a value; for a BLOB its bytes.  Out of memory is not NULL. */
static struct cell cell_read(sqlite3_stmt *stmt, int column)
{
    struct cell c = {NULL, 0, SQLITE_NULL, false};

    c.type = sqlite3_column_type(stmt, column);
    if (c.type == SQLITE_NULL)
        return c;
    if (c.type == SQLITE_BLOB)
        c.s = sqlite3_column_blob(stmt, column);
    else
        c.s = (const char *)sqlite3_column_text(stmt, column);
    c.n = (size_t)sqlite3_column_bytes(stmt, column);
    c.failed = c.s == NULL && (c.type != SQLITE_BLOB || c.n != 0);
    if (c.s == NULL)
        c.s = "";
    return c;
}

static struct cell cell_name(sqlite3_stmt *stmt, int column)
{
    struct cell c = {NULL, 0, SQLITE_TEXT, false};

    c.s = sqlite3_column_name(stmt, column);
    c.failed = c.s == NULL;
    c.n = c.s != NULL ? strlen(c.s) : 0;
    return c;
}

static bool cell_is_number(const struct cell *c)
{
    return c->type == SQLITE_INTEGER || c->type == SQLITE_FLOAT;
}

static enum kura_rc append_hex(const struct cell *c, struct kura_buf *out,
                               struct kura_err *err)
{
    static const char digits[] = "0123456789abcdef";
    enum kura_rc rc = kura_buf_reserve(out, c->n * 2, err);
    size_t i;

    for (i = 0; rc == KURA_OK && i < c->n; i++) {
        unsigned char b = (unsigned char)c->s[i];

        out->data[out->len++] = digits[b >> 4];
        out->data[out->len++] = digits[b & 15];
    }
    out->data[out->len] = '\0';
    return rc;
}

/* --- CSV -------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* [+-] digits [. digits] [e [+-] digits]: no spreadsheet runs that. */
static bool is_plain_number(const char *s, size_t n)
{
    size_t i = 0, digits = 0, exponent = 0;

    if (i < n && (s[i] == '+' || s[i] == '-'))
        i++;
    for (; i < n && is_digit(s[i]); i++)
        digits++;
    if (i < n && s[i] == '.')
        for (i++; i < n && is_digit(s[i]); i++)
            digits++;
    if (digits == 0)
        return false;
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < n && (s[i] == '+' || s[i] == '-'))
            i++;
        for (; i < n && is_digit(s[i]); i++)
            exponent++;
        if (exponent == 0)
            return false;
    }
    return i == n;
}

/* Some spreadsheets take the full-width forms for the same, and look behind
 * blanks. */
static bool is_formula(const char *s, size_t n)
{
    uint32_t cp = ' ';
    size_t used = 0;

    while (n > used && (cp == ' ' || cp == 0xA0 || cp == 0x3000)) {
        s += used;
        n -= used;
        used = kura_text_decode(s, n, &cp);
    }
    if (n == 0 || is_plain_number(s, n))
        return false;
    return cp == '=' || cp == '+' || cp == '-' || cp == '@' || cp == '\t' ||
           cp == '\r' || cp == '\n' || cp == 0xFF1D || cp == 0xFF0B ||
           cp == 0xFF0D || cp == 0xFF20;
}

static bool csv_needs_quotes(const char *s, size_t n)
{
    size_t i;

    if (n == 0 || s[0] == ' ' || s[n - 1] == ' ')
        return true; /* an empty text, because NULL is nothing at all */
    for (i = 0; i < n; i++)
        if (s[i] == ',' || s[i] == '"' || s[i] == '\r' || s[i] == '\n')
            return true;
    return false;
}

static enum kura_rc csv_text(const char *s, size_t n, struct kura_buf *out,
                             struct kura_err *err)
{
    bool quotes = csv_needs_quotes(s, n);
    enum kura_rc rc = KURA_OK;
    const char *q;
    size_t size;

    if (quotes)
        rc = kura_buf_putc(out, '"', err);
    if (rc == KURA_OK && is_formula(s, n))
        rc = kura_buf_putc(out, '\'', err);
    while (rc == KURA_OK && n > 0) {
        q = memchr(s, '"', n);
        size = q != NULL ? (size_t)(q - s) + 1 : n;
        rc = kura_buf_append(out, s, size, err);
        if (rc == KURA_OK && q != NULL)
            rc = kura_buf_putc(out, '"', err);
        s += size;
        n -= size;
    }
    if (rc == KURA_OK && quotes)
        rc = kura_buf_putc(out, '"', err);
    return rc;
}

/* For a program the bytes as they are; on a terminal nothing that it obeys. */
static enum kura_rc csv_shown(const struct cell *c, struct kura_buf *out,
                              struct kura_err *err)
{
    struct kura_buf shown;
    enum kura_rc rc;

    kura_buf_init(&shown, ROW_BYTES);
    rc = kura_text_escape(c->s, c->n, &shown, err);
    if (rc == KURA_OK)
        rc = csv_text(shown.len != 0 ? shown.data : "", shown.len, out, err);
    kura_buf_release(&shown);
    return rc;
}

static enum kura_rc csv_cell(const struct cell *c, bool terminal,
                             struct kura_buf *out, struct kura_err *err)
{
    if (c->type == SQLITE_NULL)
        return KURA_OK;
    if (c->type == SQLITE_BLOB)
        return append_hex(c, out, err);
    if (cell_is_number(c))
        return kura_buf_append(out, c->s, c->n, err);
    if (terminal)
        return csv_shown(c, out, err);
    return csv_text(c->s, c->n, out, err);
}

/* --- JSON ------------------------------------------------------------- */

static enum kura_rc json_cell(const struct cell *c, double number,
                              struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc;

    if (c->type == SQLITE_NULL ||
        (c->type == SQLITE_FLOAT && !isfinite(number)))
        return kura_buf_puts(out, "null", err);
    if (cell_is_number(c))
        return kura_buf_append(out, c->s, c->n, err);
    if (c->type == SQLITE_TEXT)
        return kura_json_text(c->s, c->n, out, err);
    rc = kura_buf_putc(out, '"', err);
    if (rc == KURA_OK)
        rc = append_hex(c, out, err);
    return rc == KURA_OK ? kura_buf_putc(out, '"', err) : rc;
}

/* --- Markdown --------------------------------------------------------- */

/* Besides what breaks the table: what would make a link, an image or HTML of
 * a log's words. */
static enum kura_rc markdown_cell(const struct cell *c, struct kura_buf *out,
                                  struct kura_err *err)
{
    struct kura_buf shown;
    enum kura_rc rc;
    size_t i;

    if (c->type == SQLITE_NULL)
        return KURA_OK;
    if (c->type == SQLITE_BLOB)
        return append_hex(c, out, err);
    kura_buf_init(&shown, ROW_BYTES);
    rc = kura_text_escape(c->s, c->n, &shown, err);
    for (i = 0; rc == KURA_OK && i < shown.len; i++) {
        if (memchr("|\\<[`", shown.data[i], 5) != NULL)
            rc = kura_buf_putc(out, '\\', err);
        if (rc == KURA_OK)
            rc = kura_buf_putc(out, shown.data[i], err);
    }
    kura_buf_release(&shown);
    return rc;
}

/* --- Rows of CSV, JSON and Markdown ------------------------------------ */

struct writer {
    sqlite3_stmt *stmt;
    enum kura_output how;
    FILE *f;
    kura_output_step step; /* NULL: the rows are those of stmt */
    void *arg;
    int nested; /* JSON: the column that holds a JSON text, -1 none */
    int columns;
    bool terminal;
    char **keys; /* JSON: one a column, all different */
    struct kura_buf row;
    struct kura_err *err;
};

static enum kura_rc writer_flush(struct writer *w)
{
    size_t n = w->row.len;

    errno = 0;
    if (n != 0 && fwrite(w->row.data, 1, n, w->f) != n)
        return kura_err_sys(w->err, errno != 0 ? errno : EIO,
                            "cannot write the output");
    kura_buf_reset(&w->row);
    return KURA_OK;
}

static enum kura_rc writer_cell(struct writer *w, const struct cell *c,
                                int column)
{
    if (c->failed)
        return kura_err_nomem(w->err);
    if (w->how == KURA_OUTPUT_CSV)
        return csv_cell(c, w->terminal, &w->row, w->err);
    if (w->how == KURA_OUTPUT_MARKDOWN)
        return markdown_cell(c, &w->row, w->err);
    if (column == w->nested && c->type == SQLITE_TEXT)
        return kura_buf_append(&w->row, c->s, c->n, w->err);
    return json_cell(c, sqlite3_column_double(w->stmt, column), &w->row,
                     w->err);
}

static bool key_is_taken(const struct writer *w, const char *key, int column)
{
    int i;

    for (i = 0; i < column; i++)
        if (strcmp(w->keys[i], key) == 0)
            return true;
    return false;
}

static bool key_is_name(const struct writer *w, const char *key)
{
    const char *name;
    int i;

    for (i = 0; i < w->columns; i++) {
        name = sqlite3_column_name(w->stmt, i);
        if (name != NULL && strcmp(name, key) == 0)
            return true;
    }
    return false;
}

/* The first column of a name has it, further ones the name with _2, _3 ... */
static char *key_make(const struct writer *w, int column)
{
    const char *name = sqlite3_column_name(w->stmt, column);
    char *key = NULL;
    int i;

    if (name != NULL)
        key = sqlite3_mprintf("%s", name);
    if (key == NULL || !key_is_taken(w, key, column))
        return key;
    for (i = 2; key != NULL &&
                (key_is_name(w, key) || key_is_taken(w, key, column));
         i++) {
        sqlite3_free(key);
        key = sqlite3_mprintf("%s_%d", name, i);
    }
    return key;
}

static enum kura_rc writer_make_keys(struct writer *w)
{
    int i;

    w->keys = calloc((size_t)w->columns, sizeof(*w->keys));
    if (w->keys == NULL)
        return kura_err_nomem(w->err);
    for (i = 0; i < w->columns; i++) {
        w->keys[i] = key_make(w, i);
        if (w->keys[i] == NULL)
            return kura_err_nomem(w->err);
    }
    return KURA_OK;
}

static void writer_free_keys(struct writer *w)
{
    int i;

    for (i = 0; w->keys != NULL && i < w->columns; i++)
        sqlite3_free(w->keys[i]);
    free(w->keys);
}

static enum kura_rc writer_json_key(struct writer *w, int column)
{
    const char *key = w->keys[column];
    enum kura_rc rc = kura_json_text(key, strlen(key), &w->row, w->err);

    return rc == KURA_OK ? kura_buf_putc(&w->row, ':', w->err) : rc;
}

/* One line: the names of the columns or a row. */
static enum kura_rc writer_line(struct writer *w, bool names)
{
    static const char *const first[] = {"", "", "{", "| "};
    static const char *const next[] = {"", ",", ",", " | "};
    static const char *const last[] = {"\n", "\r\n", "}\n", " |\n"};
    enum kura_rc rc = kura_buf_puts(&w->row, first[w->how], w->err);
    struct cell c;
    int i;

    for (i = 0; rc == KURA_OK && i < w->columns; i++) {
        if (i > 0)
            rc = kura_buf_puts(&w->row, next[w->how], w->err);
        if (rc == KURA_OK && w->how == KURA_OUTPUT_JSON)
            rc = writer_json_key(w, i);
        c = names ? cell_name(w->stmt, i) : cell_read(w->stmt, i);
        if (rc == KURA_OK)
            rc = writer_cell(w, &c, i);
    }
    /* A reader of CSV would skip an empty line. */
    if (rc == KURA_OK && w->how == KURA_OUTPUT_CSV && w->row.len == 0)
        rc = kura_buf_puts(&w->row, "\"\"", w->err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(&w->row, last[w->how], w->err);
    return rc == KURA_OK ? writer_flush(w) : rc;
}

static enum kura_rc writer_header(struct writer *w)
{
    enum kura_rc rc = KURA_OK;
    int i;

    if (w->how == KURA_OUTPUT_JSON)
        return writer_make_keys(w);
    rc = writer_line(w, true);
    if (rc != KURA_OK || w->how != KURA_OUTPUT_MARKDOWN)
        return rc;
    for (i = 0; rc == KURA_OK && i < w->columns; i++)
        rc = kura_buf_puts(&w->row, i == 0 ? "| ---" : " | ---", w->err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(&w->row, " |\n", w->err);
    return rc == KURA_OK ? writer_flush(w) : rc;
}

/* SQLITE_ROW: *more is true.  The words of SQLite's error otherwise. */
static enum kura_rc writer_step(struct writer *w, bool *more)
{
    enum kura_rc rc = KURA_EINPUT;
    int code;

    if (w->step != NULL)
        return w->step(w->arg, &w->stmt, more, w->err);
    code = sqlite3_step(w->stmt);
    *more = code == SQLITE_ROW;
    switch (code & 0xFF) {
    case SQLITE_ROW:
    case SQLITE_DONE:
        return KURA_OK;
    case SQLITE_INTERRUPT:
        return kura_err_set(w->err, KURA_ESTOPPED,
                            "the statement was stopped");
    case SQLITE_NOMEM:
        rc = KURA_ENOMEM;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        rc = KURA_ECORRUPT;
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        rc = KURA_EBUSY;
        break;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
        rc = KURA_EIO;
        break;
    default:
        break;
    }
    return kura_err_set(w->err, rc, "%s",
                        sqlite3_errmsg(sqlite3_db_handle(w->stmt)));
}

static enum kura_rc writer_stream(struct writer *w, int64_t *rows)
{
    bool more = false;
    enum kura_rc rc = writer_step(w, &more);

    /* Nothing is out yet when the first step fails: it can be tried again. */
    if (rc == KURA_OK)
        rc = writer_header(w);
    while (rc == KURA_OK && more) {
        rc = writer_line(w, false);
        if (rc != KURA_OK)
            break;
        (*rows)++;
        rc = writer_step(w, &more);
    }
    return rc;
}

/* --- Table ------------------------------------------------------------ */

struct shown {
    size_t start, n; /* in table.text */
    size_t width;
    bool is_null, is_number;
};

struct table {
    struct writer *w;
    struct kura_buf text;   /* escaped cells, one after another */
    struct shown *cell;     /* the names, then the rows */
    size_t count, cap;      /* cells */
    size_t *width;          /* per column */
    bool *is_right;         /* per column: every value in it is a number */
    bool cut;               /* the reader is a terminal */
};

/* Cuts the text at `start` so that it and an ellipsis fit. */
static enum kura_rc table_cut(struct table *t, size_t start)
{
    size_t i = start, columns = 0, used, width;
    uint32_t cp;

    while (i < t->text.len) {
        used = kura_text_decode(t->text.data + i, t->text.len - i, &cp);
        width = kura_text_width(t->text.data + i, used);
        if (columns + width > TABLE_CELL_WIDTH - 1)
            break;
        columns += width;
        i += used;
    }
    t->text.len = i;
    t->text.data[i] = '\0';
    return kura_buf_puts(&t->text, ELLIPSIS, t->w->err);
}

static enum kura_rc table_add_cell(struct table *t, const struct cell *c)
{
    struct shown *s = &t->cell[t->count];
    enum kura_rc rc = KURA_OK;

    if (c->failed)
        return kura_err_nomem(t->w->err);
    s->start = t->text.len;
    s->is_null = c->type == SQLITE_NULL;
    s->is_number = cell_is_number(c);
    if (c->type == SQLITE_BLOB)
        rc = append_hex(c, &t->text, t->w->err);
    else if (!s->is_null)
        rc = kura_text_escape(c->s, c->n, &t->text, t->w->err);
    if (rc != KURA_OK)
        return rc;
    s->width = kura_text_width(t->text.data + s->start, t->text.len - s->start);
    if (t->cut && s->width > TABLE_CELL_WIDTH) {
        rc = table_cut(t, s->start);
        s->width =
            kura_text_width(t->text.data + s->start, t->text.len - s->start);
    }
    s->n = t->text.len - s->start;
    t->count++;
    return rc;
}

static enum kura_rc table_reserve(struct table *t)
{
    size_t columns = (size_t)t->w->columns, cap;
    struct shown *cell;

    if (t->cap - t->count >= columns)
        return KURA_OK;
    cap = t->cap * 2 + columns * 8;
    cell = realloc(t->cell, cap * sizeof(*cell));
    if (cell == NULL)
        return kura_err_nomem(t->w->err);
    t->cell = cell;
    t->cap = cap;
    return KURA_OK;
}

static enum kura_rc table_add_line(struct table *t, bool names)
{
    enum kura_rc rc = table_reserve(t);
    struct cell c;
    int i;

    for (i = 0; rc == KURA_OK && i < t->w->columns; i++) {
        c = names ? cell_name(t->w->stmt, i) : cell_read(t->w->stmt, i);
        rc = table_add_cell(t, &c);
    }
    return rc;
}

static void table_measure(struct table *t)
{
    size_t columns = (size_t)t->w->columns, i, c;
    bool seen;

    for (c = 0; c < columns; c++) {
        seen = false;
        t->is_right[c] = true;
        for (i = c; i < t->count; i += columns) {
            if (t->cell[i].width > t->width[c])
                t->width[c] = t->cell[i].width;
            if (i < columns || t->cell[i].is_null)
                continue;
            seen = true;
            if (!t->cell[i].is_number)
                t->is_right[c] = false;
        }
        t->is_right[c] = t->is_right[c] && seen;
    }
}

static enum kura_rc table_fill(struct table *t, char c, size_t n)
{
    struct kura_buf *row = &t->w->row;
    enum kura_rc rc = kura_buf_reserve(row, n, t->w->err);

    if (rc != KURA_OK)
        return rc;
    memset(row->data + row->len, c, n);
    row->len += n;
    row->data[row->len] = '\0';
    return KURA_OK;
}

/* No blanks behind the last cell. */
static enum kura_rc table_put_cell(struct table *t, const struct shown *s,
                                   size_t column)
{
    size_t pad = t->width[column] > s->width ? t->width[column] - s->width : 0;
    bool is_last = column + 1 == (size_t)t->w->columns;
    enum kura_rc rc = KURA_OK;

    if (t->is_right[column])
        rc = table_fill(t, ' ', pad);
    if (rc == KURA_OK)
        rc = kura_buf_append(&t->w->row, t->text.data + s->start, s->n,
                             t->w->err);
    if (rc == KURA_OK && !t->is_right[column] && !is_last)
        rc = table_fill(t, ' ', pad);
    if (rc == KURA_OK && !is_last)
        rc = table_fill(t, ' ', 2);
    return rc;
}

static enum kura_rc table_put_rule(struct table *t)
{
    size_t columns = (size_t)t->w->columns, i;
    enum kura_rc rc = KURA_OK;

    for (i = 0; rc == KURA_OK && i < columns; i++) {
        rc = table_fill(t, '-', t->width[i]);
        if (rc == KURA_OK && i + 1 < columns)
            rc = table_fill(t, ' ', 2);
    }
    if (rc == KURA_OK)
        rc = kura_buf_putc(&t->w->row, '\n', t->w->err);
    return rc == KURA_OK ? writer_flush(t->w) : rc;
}

static enum kura_rc table_put_line(struct table *t, size_t first)
{
    size_t columns = (size_t)t->w->columns, i;
    enum kura_rc rc = KURA_OK;

    for (i = 0; rc == KURA_OK && i < columns; i++)
        rc = table_put_cell(t, &t->cell[first + i], i);
    if (rc == KURA_OK)
        rc = kura_buf_putc(&t->w->row, '\n', t->w->err);
    return rc == KURA_OK ? writer_flush(t->w) : rc;
}

/* Writes what is held: names and rule come first, once. */
static enum kura_rc table_put_held(struct table *t, bool with_names,
                                   int64_t *rows)
{
    size_t columns = (size_t)t->w->columns, i = 0;
    enum kura_rc rc = KURA_OK;

    if (with_names) {
        table_measure(t);
        rc = table_put_line(t, 0);
        if (rc == KURA_OK)
            rc = table_put_rule(t);
        i = columns;
    }
    for (; rc == KURA_OK && i < t->count; i += columns) {
        rc = table_put_line(t, i);
        if (rc == KURA_OK)
            (*rows)++;
    }
    t->count = 0;
    kura_buf_reset(&t->text);
    return rc;
}

static enum kura_rc table_run(struct table *t, int64_t *rows)
{
    enum kura_rc rc = table_add_line(t, true), failed;
    bool more = true, with_names = true;
    int held = 0;

    while (rc == KURA_OK && more) {
        rc = writer_step(t->w, &more);
        if (rc == KURA_OK && more)
            rc = table_add_line(t, false);
        if (rc != KURA_OK || !more)
            break;
        held++;
        if (with_names && held < TABLE_HELD_ROWS &&
            t->text.len < TABLE_HELD_BYTES)
            continue;
        rc = table_put_held(t, with_names, rows);
        with_names = false;
    }
    /* After an error too: rows that were found before it are shown, as the
     * other forms have shown them already. */
    t->count -= t->count % (size_t)t->w->columns;
    if (t->count == 0 || (rc != KURA_OK && (held == 0 ||
                                            ferror(t->w->f))))
        return rc;
    failed = rc;
    rc = table_put_held(t, with_names, rows);
    return failed != KURA_OK ? failed : rc;
}

static enum kura_rc table_write(struct writer *w, int64_t *rows)
{
    size_t columns = (size_t)w->columns;
    struct table t = {0};
    enum kura_rc rc;

    t.w = w;
    t.cut = w->terminal;
    kura_buf_init(&t.text, ROW_BYTES);
    t.width = calloc(columns, sizeof(*t.width));
    t.is_right = calloc(columns, sizeof(*t.is_right));
    if (t.width == NULL || t.is_right == NULL)
        rc = kura_err_nomem(w->err);
    else
        rc = table_run(&t, rows);
    kura_buf_release(&t.text);
    free(t.cell);
    free(t.width);
    free(t.is_right);
    return rc;
}

/* --- Entry ------------------------------------------------------------ */

static enum kura_rc writer_run(struct writer w, int64_t *rows,
                               struct kura_err *err)
{
    int64_t count = 0;
    enum kura_rc rc;
    int fd = fileno(w.f);

    w.err = err;
    w.columns = sqlite3_column_count(w.stmt);
    w.terminal = fd >= 0 && isatty(fd);
    kura_buf_init(&w.row, ROW_BYTES);
    if (w.columns <= 0)
        rc = kura_err_set(err, KURA_EINPUT,
                          "a statement that gives no rows is not run: nothing "
                          "can be changed");
    else if (w.how == KURA_OUTPUT_TABLE)
        rc = table_write(&w, &count);
    else
        rc = writer_stream(&w, &count);
    errno = 0;
    if ((fflush(w.f) != 0 || ferror(w.f)) && rc == KURA_OK)
        rc = kura_err_sys(err, errno != 0 ? errno : EIO,
                          "cannot write the output");
    kura_buf_release(&w.row);
    writer_free_keys(&w);
    if (rows != NULL)
        *rows = count;
    return rc;
}

enum kura_rc kura_output_write(sqlite3_stmt *stmt, enum kura_output how,
                               FILE *f, int64_t *rows, struct kura_err *err)
{
    struct writer w = {.stmt = stmt, .how = how, .f = f, .nested = -1};

    return writer_run(w, rows, err);
}

enum kura_rc kura_output_write_from(sqlite3_stmt *columns,
                                    kura_output_step step, void *arg,
                                    int nested, enum kura_output how, FILE *f,
                                    int64_t *rows, struct kura_err *err)
{
    struct writer w = {.stmt = columns,
                       .how = how,
                       .f = f,
                       .step = step,
                       .arg = arg,
                       .nested = nested};

    return writer_run(w, rows, err);
}
