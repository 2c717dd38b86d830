/* location.h - where the bytes of a partition lie.
 *
 * An open partition is a plain database; a sealed one is compressed in frames
 * (seekable.h), as a file of its own or as a member of a volume. */
#ifndef KURA_STORE_LOCATION_H
#define KURA_STORE_LOCATION_H

#include <stdint.h>

struct kura_location {
    const char *path; /* absolute */
    int64_t offset;   /* of the compressed bytes in the file */
    int64_t size;     /* of the compressed bytes; 0: a plain database */
};

#endif
