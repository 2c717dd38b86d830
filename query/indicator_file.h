/* indicator_file.h - files of indicators, as others publish them.
 *
 *   text   one a line, # comments; hosts files (0.0.0.0 NAME...)
 *   csv    with a header, in any order; abuse.ch's, whose header is a comment
 *   stix   STIX 2.1 bundles: comparisons with = joined by OR
 *   misp   MISP JSON: events, attributes, objects, what has to_ids
 *
 * The whole file is in memory.  What is found is handed to `take` as it was
 * written; what is not understood to `problem`, with its line, and the rest of
 * the file goes on.  KURA_EINPUT: the file as a whole is none of these. */
#ifndef KURA_QUERY_INDICATOR_FILE_H
#define KURA_QUERY_INDICATOR_FILE_H

#include "base/err.h"
#include "store/case_indicator.h"

#include <stddef.h>
#include <stdint.h>

enum kura_indicator_format {
    KURA_INDICATORS_GUESS,
    KURA_INDICATORS_TEXT,
    KURA_INDICATORS_CSV,
    KURA_INDICATORS_STIX,
    KURA_INDICATORS_MISP
};
/* "text", "csv", "stix", "misp"; 0 when unknown. */
int kura_indicator_format_find(const char *word,
                               enum kura_indicator_format *out);

/* "TLP:AMBER" and "tlp:amber" are "amber", white is clear; NULL: none of it. */
const char *kura_indicator_tlp(const char *s, size_t n);

/* Texts last for the call; NULL, -1 and KURA_INDICATOR_NEVER: not said. */
struct kura_indicator_entry {
    const char *text;
    size_t size;
    const enum kura_indicator_type *type; /* NULL: to be guessed */
    size_t line;                          /* from 1 */
    int confidence;
    const char *source, *tlp, *campaign, *comment;
    int64_t first_seen, expires_at;
};

struct kura_indicator_file {
    const char *data;
    size_t size;
    enum kura_indicator_format format;
    enum kura_rc (*take)(void *arg, const struct kura_indicator_entry *e,
                         struct kura_err *err);
    /* line 0: of the file; it is a note when nothing is wrong with it. */
    void (*problem)(void *arg, size_t line, const char *text);
    void (*note)(void *arg, const char *text);
    void *arg;
};
enum kura_rc kura_indicator_file_read(const struct kura_indicator_file *f,
                                      struct kura_err *err);

#endif
