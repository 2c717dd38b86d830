/* hunt.h - a canned query: one file with a header of comments and one SELECT.
 *
 *     -- title: Refused on the way out
 *     -- table: firewall
 *     -- needs: firewall.src_ip, firewall.dst_ip, site_proxy
 *     -- window: 14d
 *     -- stage: command-and-control, actions-on-objectives
 *     -- attack: v19 T1071, T1571
 *     -- level: high
 *     -- tags: guide, core
 *     -- reference: JPCERT/CC 2015, 5.2.1
 *     -- param: min_events integer 3 "smallest number of refusals"
 *     -- key: src_ip, dst_ip
 *     -- why: {src_ip} was refused {events} times by {dst_ip:defang}
 *     -- evidence: firewall: src_ip = :src_ip AND dst_ip = :dst_ip
 *     -- about: How to read it.
 *     --   A line with more blanks goes on with the one above.
 *     -- hit: fw-denied-outbound.hit.log
 *     -- miss: fw-denied-outbound.miss.log
 *     SELECT ...
 *
 * title, table, stage, level, key, why, about, hit and miss must be there;
 * param, evidence, hit and miss may be there several times.  `key` are columns
 * of the result that identify a finding.  `needs` are columns that some log in
 * the asked range must fill (TABLE.COLUMN), and tables that must not be empty.
 * The statement has the parameters :from_ts and :to_ts (microseconds,
 * half-open) and those declared.  `evidence` is a WHERE over a table with the
 * columns of the result as parameters; without it, the key columns that the
 * table has.
 *
 * Its version is a hash of everything that its answer depends on: statement,
 * key, evidence, needs, window, parameters and defaults, not of its words.
 *
 * Built-in hunts are sql/hunts/NAME.sql; those of the user are
 * WAREHOUSE/hunts/NAME.sql and take the place of a built-in one of that name.
 * Immutable once loaded.  Errors: KURA_EINPUT names file and line. */
#ifndef KURA_QUERY_HUNT_H
#define KURA_QUERY_HUNT_H

#include "base/err.h"
#include "store/schema.h"
#include "store/sqlite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KURA_HUNT_TABLES 8
#define KURA_HUNT_VERSION 13 /* 12 hex digits and NUL */
#define KURA_HUNT_WINDOW_MAX 3660

/* The kill chain of the guide; also the order in which stages are shown. */
enum kura_stage {
    KURA_STAGE_RECONNAISSANCE,
    KURA_STAGE_WEAPONIZATION,
    KURA_STAGE_DELIVERY,
    KURA_STAGE_EXPLOITATION,
    KURA_STAGE_INSTALLATION,
    KURA_STAGE_COMMAND_AND_CONTROL,
    KURA_STAGE_ACTIONS_ON_OBJECTIVES,
    KURA_STAGE_COUNT
};
/* "command-and-control"; NULL at the end. */
const char *kura_stage_word(int stage);

enum kura_level {
    KURA_LEVEL_INFORMATIONAL,
    KURA_LEVEL_LOW,
    KURA_LEVEL_MEDIUM,
    KURA_LEVEL_HIGH,
    KURA_LEVEL_CRITICAL,
    KURA_LEVEL_COUNT
};
const char *kura_level_word(int level); /* NULL at the end */
bool kura_level_find(const char *word, enum kura_level *out);

enum kura_param_type { KURA_PARAM_INTEGER, KURA_PARAM_REAL, KURA_PARAM_TEXT };

struct kura_hunt_param {
    char *name;
    enum kura_param_type type;
    char *value; /* the default, as text */
    char *about;
};

/* A column that a log must fill; column NULL: a table that has rows. */
struct kura_hunt_need {
    char *table, *column;
};

struct kura_hunt_evidence {
    const struct kura_schema *table;
    char *where;
    size_t line; /* of the file */
};

struct kura_hunt {
    char *name; /* of its file, without .sql */
    char *file; /* for messages */
    bool built_in;
    char *title, *why, *about;
    char *attack, *reference, *tags; /* "" when not given */
    const struct kura_schema *tables[KURA_HUNT_TABLES];
    size_t table_count;
    struct kura_hunt_need *needs;
    size_t need_count;
    int64_t window_days;
    enum kura_stage stage; /* the first one of the header */
    unsigned stages;       /* 1 << stage of each */
    enum kura_level level;
    struct kura_hunt_param *params;
    size_t param_count;
    char **keys;
    size_t key_count;
    struct kura_hunt_evidence *evidence;
    size_t evidence_count;
    char **hits, **misses; /* file names */
    size_t hit_count, miss_count;
    char *sql;
    size_t sql_line; /* its first line in the file, from 1 */
    size_t why_line, key_line;
    char version[KURA_HUNT_VERSION];
};

/* Reads one file of n bytes; `file` is how messages call it. */
enum kura_rc kura_hunt_parse(const char *name, const char *file,
                             const char *text, size_t n, struct kura_hunt **out,
                             struct kura_err *err);
void kura_hunt_free(struct kura_hunt *h); /* NULL ok */

/* Prepares its statements on a connection that has the tables (engine.h):
 * columns, parameters, key, why and evidence are what it says.  The statement
 * must give one row set and read only. */
enum kura_rc kura_hunt_check(const struct kura_hunt *h, sqlite3 *db,
                             struct kura_err *err);

/* Is `tag` one of its tags? */
bool kura_hunt_has_tag(const struct kura_hunt *h, const char *tag);
const struct kura_hunt_param *kura_hunt_param(const struct kura_hunt *h,
                                              const char *name);

/* All hunts by name.  A file that is no hunt does not keep the others from
 * loading: its error stands in `broken`. */
struct kura_hunt_set {
    struct kura_hunt **list;
    size_t count;
    struct kura_err *broken;
    size_t broken_count;
};
/* dir: the warehouse, or NULL for the built-in ones. */
enum kura_rc kura_hunt_set_load(const char *dir, struct kura_hunt_set *out,
                                struct kura_err *err);
void kura_hunt_set_release(struct kura_hunt_set *s); /* zeroed ok */
/* NULL when there is none. */
const struct kura_hunt *kura_hunt_set_find(const struct kura_hunt_set *s,
                                           const char *name);

#endif
