#include "base/embedded.h"

#include <string.h>

enum kura_rc kura_embedded_text(const char *path, const char **out,
                                struct kura_err *err)
{
    const struct kura_embedded *e;

    for (e = kura_embedded; e->path != NULL; e++) {
        if (strcmp(e->path, path) == 0) {
            *out = e->text;
            return KURA_OK;
        }
    }
    return kura_err_set(err, KURA_ENOTFOUND,
                        "this program was built without '%s'", path);
}
