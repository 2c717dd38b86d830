/* json_read.h - reading JSON that others wrote, as a tree.
 *
 * One text at a time: a whole file of indicators, or one event of a log line
 * after line.  The values live in the reader until the next text; nothing of
 * the text is kept.  Strings are valid UTF-8 and may hold any character, U+0000
 * too, so they carry their size; half of a surrogate pair (\ud800) becomes '?'.
 * Numbers stay as they were written, whatever their size.  A name that an
 * object has twice is there twice, and kura_json_get gives the last.  Input is
 * hostile: values nest at most KURA_JSON_DEPTH deep and take at most the
 * memory that was allowed.  A reader belongs to one thread. */
#ifndef KURA_BASE_JSON_READ_H
#define KURA_BASE_JSON_READ_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KURA_JSON_DEPTH 128

enum kura_json_kind {
    KURA_JSON_NULL,
    KURA_JSON_FALSE,
    KURA_JSON_TRUE,
    KURA_JSON_NUMBER,
    KURA_JSON_STRING,
    KURA_JSON_ARRAY,
    KURA_JSON_OBJECT
};

struct kura_json {
    const char *name; /* of a member of an object, else NULL; NUL after it */
    const char *text; /* string or number, NUL after it; "" for the others */
    struct kura_json *child; /* first of an array or object */
    struct kura_json *next;  /* the one behind this one in the same */
    uint32_t name_size, size;
    uint32_t byte; /* where in the text it was read, to say so */
    enum kura_json_kind kind;
};

struct kura_json_reader;

/* Values, names and strings of one text may take max_memory bytes. */
enum kura_rc kura_json_reader_new(size_t max_memory,
                                  struct kura_json_reader **out,
                                  struct kura_err *err);
void kura_json_reader_free(struct kura_json_reader *r); /* NULL ok */

/* Reads s[0..n), one value with nothing but blanks around it.  KURA_EINPUT
 * "what is wrong in line L, byte B" when it is not JSON, KURA_ENOMEM when it
 * takes more than allowed; what was read before is gone either way. */
enum kura_rc kura_json_read(struct kura_json_reader *r, const char *s, size_t n,
                            const struct kura_json **out, struct kura_err *err);

/* The member of an object; NULL when there is none or v is none (or NULL). */
const struct kura_json *kura_json_get(const struct kura_json *v,
                                      const char *name);
/* The string of a member; NULL when it is none.  It ends at its first U+0000
 * for those who do not ask for *size (may be NULL). */
const char *kura_json_get_string(const struct kura_json *v, const char *name,
                                 size_t *size);
/* A number without fraction or exponent, within the bounds of kura_num_parse;
 * v may be NULL. */
bool kura_json_integer(const struct kura_json *v, int64_t *out);
/* The line that holds byte `byte` of the text, from 1. */
size_t kura_json_line(const char *s, size_t n, size_t byte);

#endif
