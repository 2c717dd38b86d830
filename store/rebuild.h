/* rebuild.h - a source written out again from its rows, byte for byte.
 *
 * Lines of one source lie in many partitions, of its table and of rejects.
 * They are put back in order window by window of line numbers, so memory is
 * bounded by the bytes of a window whatever the size of the source. */
#ifndef KURA_STORE_REBUILD_H
#define KURA_STORE_REBUILD_H

#include "store/warehouse.h"

/* Called with the bytes in order; anything but KURA_OK stops and is returned */
typedef enum kura_rc kura_rebuild_fn(void *arg, const char *p, size_t n,
                                     struct kura_err *err);

/* Gives the lines [1, lines] of the source called `name` (kura_source_entry)
 * to fn.  KURA_ECORRUPT names a line that is missing or there twice. */
enum kura_rc kura_rebuild(struct kura_warehouse *w, const char *name,
                          int64_t lines, kura_rebuild_fn *fn, void *arg,
                          struct kura_err *err);

/* The same of a source that is no text, of which records were passed over:
 * gives its rows one by one, and neither rejects nor what is missing. */
enum kura_rc kura_rebuild_records(struct kura_warehouse *w, const char *name,
                                  int64_t lines, kura_rebuild_fn *fn, void *arg,
                                  struct kura_err *err);

#endif
