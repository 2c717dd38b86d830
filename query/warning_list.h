/* warning_list.h - lists of values that are often taken for indicators and are
 * rather not: top sites, clouds, public resolvers, private networks, empty
 * files ...  They warn and lower confidence, since listed sites carry malware
 * too; nothing is dropped.
 *
 * Our own are in sql/lists/; those of the warehouse in its folder
 * warninglists/: NAME.txt like ours, or NAME.json of MISP's collection (types
 * cidr, hostname and string).  In a .txt # name: what it is called          #
 * type: filename (else guessed) # confidence: the most that a listed indicator
 * keeps (else 25) and one value a line: a name is itself, .name that and what
 * is below it. */
#ifndef KURA_QUERY_WARNING_LIST_H
#define KURA_QUERY_WARNING_LIST_H

#include "base/err.h"
#include "store/case_indicator.h"

struct kura_warnings;

/* dir: the warehouse's.  A file of the user's that cannot be read is an error
 * that names file and line. */
enum kura_rc kura_warnings_new(const char *dir, struct kura_warnings **out,
                               struct kura_err *err);
void kura_warnings_free(struct kura_warnings *w); /* NULL ok */

/* The list that names the indicator, or NULL; a URL is looked up by its host,
 * too.  *confidence: what is left of it. */
const char *kura_warnings_find(const struct kura_warnings *w,
                               enum kura_indicator_type type, const char *value,
                               int *confidence);

#endif
