/* detect.h - which format a text is in. */
#ifndef KURA_INGEST_DETECT_H
#define KURA_INGEST_DETECT_H

#include "ingest/format.h"

/* The format that takes the most of the first lines; NULL when none takes any.
 */
enum kura_rc kura_detect(const struct kura_formats *f, const char *text,
                         size_t n, const struct kura_format **out,
                         struct kura_err *err);

#endif
