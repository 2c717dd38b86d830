/* indicator_import.h - files of indicators into case.db: read, made normal,
 * looked up in the warning lists, put in.  One transaction for all files. */
#ifndef KURA_QUERY_INDICATOR_IMPORT_H
#define KURA_QUERY_INDICATOR_IMPORT_H

#include "base/err.h"
#include "query/indicator_file.h"
#include "query/warning_list.h"
#include "store/case_indicator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KURA_INDICATOR_CONFIDENCE 50 /* of what says nothing of it */

/* What the user says goes before what the files say; NULL, -1 and
 * KURA_INDICATOR_NEVER: nothing. */
struct kura_indicator_import_options {
    enum kura_indicator_format format;
    const enum kura_indicator_type *type; /* of what has none in the file */
    const char *source, *campaign, *tlp;
    int confidence;
    int64_t expires_at;
};

/* What happened to one entry; `text` lasts for the call. */
enum kura_indicator_event {
    KURA_INDICATOR_PROBLEM,  /* not imported; text says why */
    KURA_INDICATOR_NOTE,     /* of the file; line 0 */
    KURA_INDICATOR_REFANGED, /* text: "as written -> value" */
    KURA_INDICATOR_WARNED    /* text: "value, confidence 20 of 80: LIST" */
};
typedef void kura_indicator_tell(void *arg, enum kura_indicator_event what,
                                 const char *file, size_t line,
                                 const char *text);

struct kura_indicator_sums {
    size_t added, changed, same, refused, refanged, warned;
    size_t types[KURA_INDICATOR_TYPES];
};

struct kura_indicator_importer {
    struct kura_indicator_import *into;
    const struct kura_warnings *warnings;
    struct kura_indicator_import_options options;
    kura_indicator_tell *tell;
    void *arg;
    struct kura_indicator_sums sums;
};

/* One file; its base name is the source when nobody says another. */
enum kura_rc kura_indicator_import_file(struct kura_indicator_importer *i,
                                        const char *name, const char *data,
                                        size_t size, struct kura_err *err);

#endif
