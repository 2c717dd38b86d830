/* adopt.h - a volume that the catalog does not know (or not any more) comes into
 * it: from another medium, or when the catalog is made anew.
 *
 * What the manifest says is believed only as far as each member itself says it
 * too: id, table, day, rows, what it replaces.  A partition is one whatever the
 * number of its copies: a known id keeps its number, an id that something
 * replaces is not listed, and rows that are here under another id are not
 * listed a second time.  Nothing on disk is changed or removed. */
#ifndef KURA_STORE_ADOPT_H
#define KURA_STORE_ADOPT_H

#include "base/err.h"
#include "store/location.h"
#include "store/partition.h"
#include "store/warehouse.h"

struct kura_adopt_member {
    const char *name; /* in the tar file */
    const char *id, *replaces;
    int64_t day, rows;
    const char *sha256; /* of the plain database */
    struct kura_location at;
};
struct kura_adopt_volume {
    const char *id, *name; /* destination/name is the file's path */
    const char *destination;
    const struct kura_schema *schema;
    int64_t first_day, last_day, bytes, made_us;
    const char *sha256; /* of the tar file */
    const struct kura_adopt_member *members;
    size_t count;
};

/* Lists the volume, or a further copy of it, in the transaction at hand.
 * verified_us: when it was read whole, INT64_MIN for never.  `refused` is
 * called for members that are not listed because something is wrong with them;
 * NULL: the first of them is the error.  KURA_EINPUT: the id is known with
 * another digest or name. */
typedef void kura_adopt_refused(void *arg, const char *text);
enum kura_rc kura_adopt(struct kura_warehouse *w,
                        const struct kura_adopt_volume *v, int64_t verified_us,
                        kura_adopt_refused *refused, void *arg,
                        size_t *out_listed, struct kura_err *err);
/* The same as a transaction of its own. */
enum kura_rc kura_adopt_now(struct kura_warehouse *w,
                            const struct kura_adopt_volume *v,
                            int64_t verified_us, size_t *out_listed,
                            struct kura_err *err);

/* Whether p holds lines of sources that listed partitions of its table and day
 * hold too, apart from those that p replaces: *with is such a one, or 0. */
enum kura_rc kura_adopt_doubled(struct kura_warehouse *w,
                                struct kura_partition *p, int64_t *with,
                                struct kura_err *err);
/* The row of a partition; p says everything but state and digest ("" none). */
enum kura_rc kura_adopt_partition(struct kura_warehouse *w,
                                  struct kura_partition *p, const char *state,
                                  const char *sha256, int64_t *out_number,
                                  struct kura_err *err);
/* The same for one that has a row, which keeps its number. */
enum kura_rc kura_adopt_update(struct kura_warehouse *w, int64_t number,
                               const char *state, const char *sha256,
                               struct kura_partition *p, struct kura_err *err);
/* The number and state of an id; *number is 0 when it is unknown. */
#define KURA_STATE_TEXT 16
enum kura_rc kura_adopt_find(struct kura_warehouse *w, const char *id,
                             int64_t *number, char state[KURA_STATE_TEXT],
                             struct kura_err *err);
/* Does a partition of the catalog stand in the place of this id? */
enum kura_rc kura_adopt_is_replaced(struct kura_warehouse *w, const char *id,
                                    bool *is, struct kura_err *err);
/* Is the id one of those in `ids`, separated by blanks? */
bool kura_adopt_has_id(const char *ids, const char *id);

/* Makes the sightings of sealed, archived and restored partitions that have
 * none and can be read; *made counts them. */
enum kura_rc kura_adopt_sightings(struct kura_warehouse *w, size_t *made,
                                  struct kura_err *err);

#endif
