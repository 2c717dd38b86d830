/* embedded.h - files of the source tree that are part of the binary: table
 * definitions and formats.  The table is written by sql/embed.sh at build
 * time; texts end with a NUL that `size` does not count. */
#ifndef KURA_BASE_EMBEDDED_H
#define KURA_BASE_EMBEDDED_H

#include "base/err.h"

#include <stddef.h>

struct kura_embedded {
    const char *path; /* from the top of the source tree: "sql/tables/dns.sql" */
    const char *text; /* bytes, NUL after the last */
    size_t size;      /* without the NUL */
};

/* Ended by an entry whose path is NULL. */
extern const struct kura_embedded kura_embedded[];

/* The text of one; KURA_ENOTFOUND is a mistake of the build. */
enum kura_rc kura_embedded_text(const char *path, const char **out,
                                struct kura_err *err);

#endif
