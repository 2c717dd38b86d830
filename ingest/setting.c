#include "ingest/setting.h"

#include <fnmatch.h>

static const char *setting_get(const struct kura_warehouse *w,
                               const char *source, const char *key)
{
    const struct kura_node *list =
        kura_node_get(kura_config_root(kura_warehouse_config(w)), "sources");
    size_t i;

    for (i = 0; list != NULL && i < kura_node_count(list); i++) {
        const struct kura_node *item = kura_node_at(list, i);
        const struct kura_node *glob = kura_node_get(item, "match");
        const struct kura_node *value = kura_node_get(item, key);

        if (glob != NULL && value != NULL &&
            fnmatch(kura_node_text(glob), source, 0) == 0)
            return kura_node_text(value);
    }
    return NULL;
}

const char *kura_setting_format(const struct kura_warehouse *w,
                                const char *source)
{
    return setting_get(w, source, "format");
}

enum kura_rc kura_setting_zone(const struct kura_warehouse *w,
                               const char *source, struct kura_zone **out,
                               struct kura_err *err)
{
    const char *name = setting_get(w, source, "zone");

    *out = NULL;
    return name == NULL ? KURA_OK : kura_zone_new(name, out, err);
}
