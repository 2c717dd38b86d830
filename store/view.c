/* view.c - the pure-SQL view of a partition.
 *
 * A byte of a blob is found with substr and turned into a number with
 * instr(X'000102..FF', byte) - 1.  substr copies its whole argument, so the
 * planes (up to 65,536 bytes) are first cut into pieces of 512 bytes:
 *
 *     piece     one row per 512 rows of a segment; of each column its width
 *               (w), base (b), scale (x), step (s), the list of its values (l)
 *               and the pieces of its planes (p0..)
 *     then      one row per row of a piece: bytes to numbers, ids to texts
 *
 * LIMIT -1 keeps SQLite from merging the first step into the second, which
 * would cut anew for every value; CROSS JOIN keeps the order of storage.  Texts
 * are joined rather than looked up by subqueries, which open a cursor for each
 * value (half the speed); SQLite drops the joins that a SELECT without
 * aggregates leaves unused.  A join takes 64 tables, so what is over is looked
 * up all the same.
 * Planes that a chunk does not have are NULL and never looked at. */
#include "store/view.h"

#include "store/segment.h"

#define VIEW_CHUNK_STRIDE 1048576 /* docs/format.md: id of a chunk */
#define VIEW_INTEGER_PLANES 8
#define VIEW_TEXT_PLANES 4
#define VIEW_JOINS_MAX 60

/* One stored column, numbered as in the table "column". */
struct view_column {
    const char *name;
    int id;
    int planes; /* at most */
    bool text;
    bool joined; /* the dictionary is part of the join */
};

static enum kura_rc head_write(struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc;
    int i;

    rc = kura_buf_puts(
        out,
        " AS\nWITH RECURSIVE\n"
        "    at(i) AS (VALUES (1) UNION ALL"
        " SELECT i + 1 FROM at WHERE i < 512),\n"
        "    cut(k) AS (VALUES (0) UNION ALL"
        " SELECT k + 1 FROM cut WHERE k < 127),\n"
        "    piece AS (SELECT min(512, s.rows - 512 * k) AS n, 512 * k AS o,"
        "\n        X'",
        err);
    for (i = 0; rc == KURA_OK && i < 256; i++)
        rc = kura_buf_printf(out, err, "%02X", (unsigned)i);
    return rc == KURA_OK ? kura_buf_puts(out, "' AS h", err) : rc;
}

/* What the piece needs to know about a column. */
static enum kura_rc piece_write(const struct view_column *c,
                                struct kura_buf *out, struct kura_err *err)
{
    static const char *const what[] = {"width", "base", "scale"};
    static const char letter[] = "wbx";
    enum kura_rc rc = KURA_OK;
    int i, parts = c->text ? 2 : 3;
    int first = c->id * VIEW_CHUNK_STRIDE;

    for (i = 0; rc == KURA_OK && i < parts; i++)
        rc = kura_buf_printf(out, err,
                             ",\n        (SELECT %s FROM chunk"
                             " WHERE id = %d + s.id) AS %c%d",
                             what[i], first, letter[i], c->id);
    if (rc == KURA_OK && !c->text)
        rc = kura_buf_printf(
            out, err,
            ",\n        (SELECT CAST(substr(data, width * s.rows + 1, %d)"
            " AS INTEGER) FROM chunk WHERE id = %d + s.id) AS s%d"
            ",\n        (SELECT CASE WHEN scale = 0 THEN"
            " substr(data, s.rows + 1) END FROM chunk"
            " WHERE id = %d + s.id) AS l%d",
            KURA_CHUNK_NUMBER, first, c->id, first, c->id);
    for (i = 0; rc == KURA_OK && i < c->planes; i++)
        rc = kura_buf_printf(out, err,
                             ",\n        (SELECT CASE WHEN width > %d THEN"
                             " substr(data, %d * s.rows + 512 * k + 1, 512)"
                             " END FROM chunk WHERE id = %d + s.id) AS p%d_%d",
                             i, i, first, c->id, i);
    return rc;
}

/* The number that the planes make: bytes joined from the low one up, as far
 * as the chunk has planes. */
static enum kura_rc stored_write(const struct view_column *c,
                                 struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc;
    int i;

    rc = kura_buf_printf(out, err, "instr(h, substr(p%d_0, i, 1)) - 1", c->id);
    for (i = 1; rc == KURA_OK && i < c->planes; i++)
        rc = kura_buf_printf(out, err,
                             " | CASE WHEN w%d > %d THEN"
                             " instr(h, substr(p%d_%d, i, 1)) - 1 << %d",
                             c->id, i, c->id, i, 8 * i);
    for (i = 1; rc == KURA_OK && i < c->planes; i++)
        rc = kura_buf_puts(out, " ELSE 0 END", err);
    return rc;
}

/* The id of a text, 0 or NULL where there is none. */
static enum kura_rc id_write(const struct view_column *c, struct kura_buf *out,
                             struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_buf_printf(out, err, "CASE w%d WHEN 0 THEN b%d ELSE ", c->id,
                         c->id);
    if (rc == KURA_OK)
        rc = stored_write(c, out, err);
    return rc == KURA_OK ? kura_buf_puts(out, " END", err) : rc;
}

static enum kura_rc join_write(const struct view_column *c,
                               struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc;

    if (!c->joined)
        return KURA_OK;
    rc = kura_buf_printf(
        out, err, "\n    LEFT JOIN \"dict_%s\" AS d%d ON d%d.id = ", c->name,
        c->id, c->id);
    return rc == KURA_OK ? id_write(c, out, err) : rc;
}

/* A number of the list, or what lies on and above the line from the base. */
static enum kura_rc integer_write(const struct view_column *c,
                                  struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_buf_printf(
        out, err,
        "    CASE WHEN w%d = 0 THEN b%d + ifnull(s%d, 0) * (o + i - 1)"
        " WHEN x%d = 0 THEN CAST(substr(l%d,"
        " %d * (nullif(instr(h, substr(p%d_0, i, 1)) - 1, 0) - 1) + 1, %d)"
        " AS INTEGER) ELSE b%d + s%d * (o + i - 1) + x%d * (nullif(",
        c->id, c->id, c->id, c->id, c->id, KURA_CHUNK_NUMBER, c->id,
        KURA_CHUNK_NUMBER, c->id, c->id, c->id);
    if (rc == KURA_OK)
        rc = stored_write(c, out, err);
    return rc == KURA_OK ? kura_buf_puts(out, ", 0) - 1) END", err) : rc;
}

static enum kura_rc value_write(const struct view_column *c,
                                struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc;

    if (c->joined)
        return kura_buf_printf(out, err, "    d%d.value", c->id);
    if (c->text) {
        rc = kura_buf_printf(
            out, err,
            "    (SELECT value FROM \"dict_%s\" WHERE id = ", c->name);
        if (rc == KURA_OK)
            rc = id_write(c, out, err);
        return rc == KURA_OK ? kura_buf_putc(out, ')', err) : rc;
    }
    return integer_write(c, out, err);
}

/* Calls `write` for each stored column and last for the shape. */
static enum kura_rc
columns_write(const struct kura_schema *s,
              enum kura_rc (*write)(const struct view_column *c,
                                    struct kura_buf *out, struct kura_err *err),
              const char *separator, struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    int i, id = 0, texts = 0;

    for (i = 0; rc == KURA_OK && i <= s->count; i++) {
        struct view_column c = {"shape", 0, VIEW_TEXT_PLANES, true, false};

        if (i < s->count) {
            if (s->columns[i].function != NULL)
                continue;
            c.name = s->columns[i].name;
            c.text = s->columns[i].type == KURA_TEXT;
            c.planes = c.text ? VIEW_TEXT_PLANES : VIEW_INTEGER_PLANES;
        }
        c.id = ++id;
        c.joined = c.text && texts++ < VIEW_JOINS_MAX;
        if (id > 1)
            rc = kura_buf_puts(out, separator, err);
        if (rc == KURA_OK)
            rc = write(&c, out, err);
    }
    return rc;
}

static enum kura_rc name_write(const struct view_column *c,
                               struct kura_buf *out, struct kura_err *err)
{
    return kura_buf_printf(out, err, "\"%s\"", c->name);
}

enum kura_rc kura_view_sql(const struct kura_schema *s, struct kura_buf *out,
                           struct kura_err *err)
{
    enum kura_rc rc;

    rc = kura_buf_printf(out, err, "CREATE VIEW \"%s\"(", s->name);
    if (rc == KURA_OK)
        rc = columns_write(s, name_write, ", ", out, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(out, ")", err);
    if (rc == KURA_OK)
        rc = head_write(out, err);
    if (rc == KURA_OK)
        rc = columns_write(s, piece_write, "", out, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(out,
                           "\n        FROM segment AS s CROSS JOIN cut"
                           " WHERE 512 * k < s.rows LIMIT -1)\nSELECT\n",
                           err);
    if (rc == KURA_OK)
        rc = columns_write(s, value_write, ",\n", out, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(out, "\nFROM piece CROSS JOIN at", err);
    if (rc == KURA_OK)
        rc = columns_write(s, join_write, "", out, err);
    if (rc == KURA_OK)
        rc = kura_buf_puts(out, "\nWHERE i <= n;\n", err);
    return rc;
}
