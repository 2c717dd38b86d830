/* derive.h - catalog.db made anew from what lies in the warehouse and in
 * volumes, never from an older catalog.
 *
 *     lock everything ─> catalog.db.new, one transaction ─> synced
 *       ─> the old one becomes catalog.db.old, its WAL goes with it
 *       ─> the new one takes its name
 *
 * Killed before the end: the old catalog, or none (and then every command but
 * this one says so); done again it begins anew.  Numbers are given anew; all
 * else is derived.  What cannot be read is told, counted, and left where it is.
 * Order of the calls: _begin, _online, volumes (kura_adopt), _restored,
 * _replaced, _sightings, _sources, _publish. */
#ifndef KURA_STORE_DERIVE_H
#define KURA_STORE_DERIVE_H

#include "store/warehouse.h"

struct kura_derive;

typedef void kura_derive_say(void *arg, const char *text);

/* KURA_EBUSY while anybody loads, reads or works on tiers: every lock of the
 * warehouse is taken, and kept until kura_derive_free. */
enum kura_rc kura_derive_begin(const char *dir, kura_derive_say *say, void *arg,
                               struct kura_derive **out, struct kura_err *err);
void kura_derive_free(struct kura_derive *d); /* NULL ok */
/* The new catalog in its transaction; destinations of kura.yaml. */
struct kura_warehouse *kura_derive_warehouse(struct kura_derive *d);
/* Something that was passed over (of the form of kura_adopt_refused). */
void kura_derive_problem(void *derive, const char *text);
size_t kura_derive_problems(const struct kura_derive *d);

enum kura_rc kura_derive_online(struct kura_derive *d, struct kura_err *err);
/* Files of other leases than these are dead, unless they are the only copy. */
enum kura_rc kura_derive_restored(struct kura_derive *d, const int64_t *leases,
                                  size_t count, struct kura_err *err);
enum kura_rc kura_derive_replaced(struct kura_derive *d, struct kura_err *err);
enum kura_rc kura_derive_sightings(struct kura_derive *d, struct kura_err *err);
/* A source whose bytes are all there has its mark; of another nothing counts as
 * consumed, and loading it again adds what is missing. */
enum kura_rc kura_derive_sources(struct kura_derive *d, int64_t now_us,
                                 struct kura_err *err);
enum kura_rc kura_derive_publish(struct kura_derive *d, struct kura_err *err);

/* Paths of all files below root/name, from root and in order; hidden ones are
 * left out.  A directory that is not there has none. */
enum kura_rc kura_derive_files(const char *root, const char *name, char ***out,
                               size_t *count, struct kura_err *err);
void kura_derive_files_free(char **list, size_t count);

#endif
