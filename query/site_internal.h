/* site_internal.h - how a site is kept; site.c, which answers, and site_read.c,
 * which fills it, share this. */
#ifndef KURA_QUERY_SITE_INTERNAL_H
#define KURA_QUERY_SITE_INTERNAL_H

#include "query/site.h"

#define KURA_DAY_MINUTES 1440
#define KURA_WEEK_MINUTES (7 * KURA_DAY_MINUTES)

struct kura_site_cell {
    char *text;
    int64_t number;
};

struct kura_site_row {
    struct kura_site_cell cells[KURA_SITE_COLUMNS];
    size_t line; /* of kura.yaml */
};

struct kura_site_list {
    struct kura_site_row *rows;
    size_t count, cap;
};

/* A bit for each minute of a week, from Monday 00:00. */
struct kura_site_week {
    uint8_t bits[KURA_WEEK_MINUTES / 8];
};

/* Hosts by name, address and network. */
struct kura_site_hosts {
    bool all;
    struct kura_networks *networks; /* NULL: none */
    char **names;                   /* sorted, case folded */
    size_t count;
};

struct kura_site_window {
    struct kura_site_week week;
    struct kura_site_hosts hosts;
};

struct kura_site_holder {
    char *account;
    struct kura_site_hosts hosts;
};

struct kura_site {
    const struct kura_zone *zone;
    struct kura_site_list lists[KURA_SITE_PARTS];
    struct kura_networks *networks; /* by row of site_network */
    struct kura_site_week hours;    /* with the default filled in */
    int64_t *holidays;              /* sorted days */
    size_t holiday_count;
    struct kura_site_window *windows;
    size_t window_count;
    struct kura_site_holder *admins;
    size_t admin_count;
};

/* --- Reading ----------------------------------------------------------- */

struct kura_site_reader {
    const struct kura_config *config; /* kura.yaml, or a file of holidays */
    const char *dir;
    struct kura_site *site;
    struct kura_err *err;
};

/* Takes one item of a key's list. */
typedef enum kura_rc kura_site_take_fn(struct kura_site_reader *r,
                                       const struct kura_node *item);
kura_site_take_fn kura_site_take_hours, kura_site_take_holiday,
    kura_site_take_maintenance;
/* After the last key. */
enum kura_rc kura_site_finish_times(const struct kura_site_reader *r);

enum kura_rc kura_site_fail(const struct kura_site_reader *r, size_t line,
                            const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool kura_site_is_given(const struct kura_node *n);
/* A text that is not empty and has no control characters. */
enum kura_rc kura_site_read_text(const struct kura_site_reader *r,
                                 const struct kura_node *n, const char *what,
                                 const char **out);
/* The value of a key that must be there. */
enum kura_rc kura_site_read_key(const struct kura_site_reader *r,
                                const struct kura_node *map, const char *key,
                                const struct kura_node **out);
/* The item is a map, and it has no keys but these. */
enum kura_rc kura_site_read_keys(const struct kura_site_reader *r,
                                 const struct kura_node *map,
                                 const char *const *known);

/* A cell of a row to be; the text is copied. */
struct kura_site_value {
    const char *text;
    int64_t number;
};
enum kura_rc kura_site_row_add(const struct kura_site_reader *r,
                               enum kura_site_part part, size_t line,
                               const struct kura_site_value *values,
                               size_t count);

/* Hosts as rows show them; *out is released also after a failure. */
struct kura_site_named {
    char **texts;
    size_t count;
};
enum kura_rc kura_site_read_hosts(const struct kura_site_reader *r,
                                  const struct kura_node *n, bool all,
                                  struct kura_site_named *out);
void kura_site_named_release(struct kura_site_named *h);
enum kura_rc kura_site_index_hosts(const struct kura_site_reader *r,
                                   const struct kura_site_named *h,
                                   struct kura_site_hosts *out);

/* --- Answering --------------------------------------------------------- */

bool kura_site_week_has(const struct kura_site_week *w, int minute);
/* Hosts of the text: NAME in any case, with or without the dot at its end. */
bool kura_site_hosts_have(const struct kura_site_hosts *h, const char *s,
                          size_t n);
void kura_site_hosts_release(struct kura_site_hosts *h);

#endif
