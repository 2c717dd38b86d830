/* config.h - reads a YAML file into a tree that knows its lines (libyaml).
 *
 * Nodes belong to the tree.  Only what configuration needs: maps, lists and
 * scalars; anchors, tags and more than 64 levels are refused.  Files over
 * 1 MiB are refused. */
#ifndef KURA_BASE_CONFIG_H
#define KURA_BASE_CONFIG_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kura_config;
struct kura_node;

enum kura_node_kind { KURA_NODE_SCALAR, KURA_NODE_LIST, KURA_NODE_MAP };

/* `name` is how messages call the text.  KURA_EINPUT with name:line:column. */
enum kura_rc kura_config_parse(const char *name, const char *text, size_t n,
                               struct kura_config **out, struct kura_err *err);
enum kura_rc kura_config_load(const char *path, struct kura_config **out,
                              struct kura_err *err);
void kura_config_free(struct kura_config *c); /* NULL ok */

const char *kura_config_name(const struct kura_config *c);
/* NULL for an empty file. */
const struct kura_node *kura_config_root(const struct kura_config *c);

enum kura_node_kind kura_node_kind(const struct kura_node *n);
size_t kura_node_line(const struct kura_node *n); /* from 1 */
/* The text of a scalar, NUL-terminated; NULL for a list or map. */
const char *kura_node_text(const struct kura_node *n);
size_t kura_node_text_size(const struct kura_node *n);
bool kura_node_is_null(const struct kura_node *n); /* empty plain, ~ or null */

/* Lists and maps: number of children, the i-th, and a map's i-th key. */
size_t kura_node_count(const struct kura_node *n);
const struct kura_node *kura_node_at(const struct kura_node *n, size_t i);
const char *kura_node_key(const struct kura_node *n, size_t i);
/* The line of a map's i-th key. */
size_t kura_node_key_line(const struct kura_node *n, size_t i);
/* The value of a key; NULL when n is NULL, no map, or has no such key. */
const struct kura_node *kura_node_get(const struct kura_node *n,
                                      const char *key);

#endif
