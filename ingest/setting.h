/* setting.h - what kura.yaml says about a source:
 *     sources: [{match: GLOB, format: NAME, zone: NAME}]
 * The first entry whose glob matches the source's name and that has the key. */
#ifndef KURA_INGEST_SETTING_H
#define KURA_INGEST_SETTING_H

#include "store/warehouse.h"

/* NULL: nothing is said. */
const char *kura_setting_format(const struct kura_warehouse *w,
                                const char *source);
/* *out stays NULL when nothing is said; else the caller frees it. */
enum kura_rc kura_setting_zone(const struct kura_warehouse *w,
                               const char *source, struct kura_zone **out,
                               struct kura_err *err);

#endif
