/* shape.h - a line without its fields.
 *
 * A parsed line is kept as its fields (columns) and its shape: the text around
 * them, the line's terminator included, with a placeholder for each field.
 *
 *     {src_ip}           the column's text, byte for byte
 *     {sc_bytes}         an integer column in shortest decimal form
 *     {delay:fixed.2}    an integer column over 1000, with 2 decimals
 *     {elapsed_ms:d6}    decimal, blanks before it up to 6 columns
 *     {ts:epoch.3}       a time column in a layout of base/clock.h
 *     {ImagePath:json}   the text as a JSON string or XML text has it (xml)
 *     {data:m3}          the third value of the JSON object that the text is;
 *                        also {data:m3.json}, {data:m3.xml}
 *     {{                 one '{'
 *
 * Everything else stands for itself, any byte.  A shape is what the dictionary
 * column `shape` holds (as BLOB); docs/format.md has the grammar.  A line can
 * be rebuilt from its partition alone. */
#ifndef KURA_STORE_SHAPE_H
#define KURA_STORE_SHAPE_H

#include "base/buf.h"
#include "base/clock.h"

enum kura_render {
    KURA_RENDER_TEXT,
    KURA_RENDER_DECIMAL, /* width: pad with blanks on the left, 0 none */
    KURA_RENDER_FIXED,   /* decimals: value is in thousandths */
    KURA_RENDER_TIME     /* stamp */
};

enum kura_escape { KURA_ESCAPE_NONE, KURA_ESCAPE_XML, KURA_ESCAPE_JSON };
#define KURA_SHAPE_MEMBER_MAX 999

struct kura_rendering {
    enum kura_render kind;
    int member;              /* TEXT: from 1; 0: the text itself */
    enum kura_escape escape; /* TEXT */
    int width;               /* DECIMAL */
    int decimals;            /* FIXED: 0..3 */
    struct kura_stamp stamp; /* TIME */
};

/* Appends the bytes of a field; the same function verifies a line when it is
 * loaded and rebuilds it later. */
enum kura_rc kura_render_integer(int64_t v, const struct kura_rendering *r,
                                 struct kura_buf *out, struct kura_err *err);

/* The same of a text.  KURA_ECORRUPT: it has no such member. */
enum kura_rc kura_render_text(const char *s, size_t n,
                              const struct kura_rendering *r,
                              struct kura_buf *out, struct kura_err *err);
/* What a text is in XML (& < > as entities) or in a JSON string (" \ and the
 * control characters of \b \f \n \r \t). */
enum kura_rc kura_render_escaped(const char *s, size_t n,
                                 enum kura_escape escape, struct kura_buf *out,
                                 struct kura_err *err);

/* Appends literal bytes, escaped; and a placeholder. */
enum kura_rc kura_shape_literal(const char *s, size_t n, struct kura_buf *shape,
                                struct kura_err *err);
enum kura_rc kura_shape_field(const char *column,
                              const struct kura_rendering *r,
                              struct kura_buf *shape, struct kura_err *err);

/* A shape taken apart: literal, field, literal, field ... */
struct kura_shape_part {
    const char *literal; /* NULL: a field */
    size_t size;
    const char *column; /* NUL-terminated */
    struct kura_rendering render;
};
struct kura_shape {
    struct kura_shape_part *parts;
    size_t count;
    char *storage; /* owned: what the parts point into */
};
/* KURA_ECORRUPT when the text is no shape. */
enum kura_rc kura_shape_parse(const char *s, size_t n, struct kura_shape *out,
                              struct kura_err *err);
void kura_shape_release(struct kura_shape *s);

#endif
