/* format_internal.h - what the files of format.c share while definitions are
 * read.  Nobody else includes it. */
#ifndef KURA_INGEST_FORMAT_INTERNAL_H
#define KURA_INGEST_FORMAT_INTERNAL_H

#include "base/buf.h"
#include "base/config.h"
#include "ingest/format.h"

#define KURA_FORMAT_REGEX_MAX ((size_t)64 << 10)

/* Something that is freed with the formats. */
struct kura_owned {
    struct kura_owned *next;
    struct kura_regex *regex;
    struct kura_config *config;
    max_align_t data[];
};

/* One file while it is read. */
struct kura_loader {
    struct kura_formats *all;
    const struct kura_node *common[2]; /* macros: built in, of the site */
    const struct kura_zone *zone;
    const char *file;
    const struct kura_node *root;
    struct kura_format *format;
    struct kura_key *keys; /* of the format, format->nkey */
    struct kura_err *err;
};

/* Sets the error "FILE:LINE: ..." and returns its code. */
enum kura_rc kura_format_fail(struct kura_loader *l, size_t line,
                              const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Something to be freed with the formats, with n zeroed bytes; NULL without
 * an error set. */
struct kura_owned *kura_format_own(struct kura_formats *f, size_t n);
/* Zeroed memory for n things of a size, and a bit for none; NULL: an error. */
void *kura_format_alloc(struct kura_loader *l, size_t n, size_t size);
char *kura_format_copy(struct kura_loader *l, const char *s, size_t n);

/* A map that has no other keys than those. */
enum kura_rc kura_format_keys_check(struct kura_loader *l,
                                    const struct kura_node *map,
                                    const char *what, const char *const *known);
/* The text of a scalar; NULL (and an error) for anything else. */
const char *kura_format_text(struct kura_loader *l, const struct kura_node *n,
                             size_t line, const char *what);
/* A stored column of the table, or -1 and an error. */
int kura_format_column(struct kura_loader *l, const char *name, size_t line,
                       const char *where);

/* format_pattern.c: `fields` and `patterns` of a definition. */
enum kura_rc kura_format_fields_check(struct kura_loader *l);
enum kura_rc kura_format_patterns_read(struct kura_loader *l);

/* format_syntax.c: which captures lie inside others. */
enum kura_rc kura_format_nesting_find(struct kura_loader *l,
                                      const struct kura_buf *src, size_t line,
                                      const struct kura_regex *re,
                                      struct kura_field *fields);
/* The texts of at least `least` bytes that every line of the pattern holds:
 * appends each with a NUL. */
enum kura_rc kura_format_texts_find(struct kura_loader *l,
                                    const struct kura_buf *src, size_t least,
                                    struct kura_buf *out);

/* format_check.c: `samples` and `misses`. */
enum kura_rc kura_format_samples_check(struct kura_loader *l);

#endif
