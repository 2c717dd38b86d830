/* lists.h - the lists of names that come with kura: sql/lists/<name>.txt, part
 * of the binary.
 *
 * A line is a name in lower case, a [category] of those that follow, a comment
 * after '#', or empty.  Each list is read once, at its first use, and lives
 * until the process ends; reading it from several threads is safe. */
#ifndef KURA_QUERY_LISTS_H
#define KURA_QUERY_LISTS_H

#include "base/err.h"

#include <stddef.h>

enum kura_list_id { KURA_LIST_DYNAMIC_DNS, KURA_LIST_DROP_SITE };

struct kura_list_entry {
    const char *name, *category; /* not terminated; category may be empty */
    size_t name_size, category_size;
};

/* Finds the longest name of the list that the host is or is below; *out is NULL
 * when there is none.  Port, trailing dot and case do not matter.  KURA_EINPUT:
 * the list itself is wrong, file and line are named. */
enum kura_rc kura_list_find(enum kura_list_id id, const char *host, size_t n,
                            const struct kura_list_entry **out,
                            struct kura_err *err);

#endif
