/* rebuild.h - catalog.db made anew, volumes included (store/derive.h). */
#ifndef KURA_ARCHIVE_REBUILD_H
#define KURA_ARCHIVE_REBUILD_H

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_rebuild_options {
    const char *const *from; /* directories with volumes, beside kura.yaml's */
    size_t from_count;
    bool new_case; /* make an empty case.db when it is missing */
    int64_t now_us;
    const char *owner;
    const volatile sig_atomic_t *stop;
    void (*say)(void *arg, const char *text); /* may be NULL */
    void *arg;
};

/* *problems counts what was passed over: files and volumes that cannot be read
 * or contradict others.  They are told by `say` and stay where they are. */
enum kura_rc kura_catalog_rebuild(const char *dir,
                                  const struct kura_rebuild_options *o,
                                  size_t *problems, struct kura_err *err);

#endif
