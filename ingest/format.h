/* format.h - how one product writes its logs: a YAML definition with patterns
 * and samples, checked when it is loaded.
 *
 *     name: squid-native
 *     table: proxy
 *     about: Squid's default access.log
 *     macros:                       # text put in for {{name}} in patterns;
 *       ip: '[0-9A-Fa-f.:]++'       # common.yaml has more
 *     fields:                       # captures that are not plain text
 *       ts: {time: epoch}           # a layout of base/clock.h, or a list
 *       elapsed_ms: {integer: true} # decimal, blanks before it may vary
 *       delay: {thousandths: true}  # "0.64" is stored as 640
 *       cs_username: {null: "-"}    # this text is NULL; a list is possible
 *     patterns:                     # tried in this order, always: the first
 *       - name: native              # one that takes the line has it
 *         regex: '^(?<ts>...) ...$'
 *         literal: ' TCP_'          # a line without it is passed over quickly
 *         set: {action: query}      # constants
 *         derive: {subject: mime_decode(header_value)}
 *     samples:                      # every pattern needs one
 *       - line: '1424221299.090    452 192.168.0.1 ...'
 *         pattern: native
 *         as_of: 2015-03-01         # where the time has no year
 *         fields: {src_ip: 192.168.0.1, sc_status: 200, time: 2015-...Z}
 *     misses:                       # lines that it must not take
 *       - '...'
 *
 * A capture is named after a column of the table; one whose name begins with
 * `_` fills none and stays in the shape.  `_` and a column is for what repeats
 * that column: where it does, the shape has {column} there as well (`_query`
 * for the name that BIND writes twice).  `_ts` is a second time that is kept
 * in the shape only.  Patterns are anchored by
 * themselves (\A ... \z around them) and see the line without its terminator
 * as bytes.  A capture inside another one fills its column but is not part of
 * the shape.  A pattern without `ts` takes the time of the line before, or of
 * the file (column time_origin).
 *
 * `literal` is seldom needed: without it the texts are taken that the pattern
 * holds outside of groups, classes and quantifiers, of them those that the
 * fewest other patterns hold.  It only makes loading faster where many patterns
 * are tried before the right one.
 *
 * A time may have several layouts, tried in turn: {time: [iso, bsd]}.  Names
 * of captures cannot be used twice in a pattern, and captures need a name
 * (write (?:...) for a group that captures nothing).
 *
 * Windows events are read by code instead of patterns (record.h, event.h):
 *
 *     table: windows
 *     reader: json                  # or evtx, xml, csv
 *
 * A sample is then an event; fields, macros and patterns make no sense.
 *
 * Functions of derive: mime_decode, mime_filename, mime_filename_raw,
 * mime_type, mime_address, mime_name, extension.  The argument is a column that
 * was captured or derived above it.
 *
 * Built-in formats are embedded (ingest/formats/); WAREHOUSE/formats/ adds and
 * overrides by name.  Immutable after loading and shared by threads. */
#ifndef KURA_INGEST_FORMAT_H
#define KURA_INGEST_FORMAT_H

#include "base/clock.h"
#include "base/err.h"
#include "base/regex.h"
#include "store/schema.h"

#include <stdbool.h>
#include <stddef.h>

/* How a source is cut into records, and what reads them.  Those but the first
 * read Windows events, and have no patterns. */
enum kura_reader {
    KURA_READER_LINES,
    KURA_READER_EVTX,
    KURA_READER_XML,
    KURA_READER_JSON,
    KURA_READER_CSV
};

enum kura_field_kind {
    KURA_FIELD_TEXT,
    KURA_FIELD_INTEGER,
    KURA_FIELD_THOUSANDTHS,
    KURA_FIELD_TIME
};

#define KURA_FIELD_LAYOUTS 4
#define KURA_FIELD_NULLS 4

/* What one capture group of a pattern fills. */
struct kura_field {
    const char *name;
    int column;  /* index in the schema; -1: kept in the shape only */
    int repeats; /* the column that it should repeat, or -1 */
    bool nested; /* inside another capture: no part of the shape */
    enum kura_field_kind kind;
    enum kura_layout layouts[KURA_FIELD_LAYOUTS];
    int nlayout;
    const char *nulls[KURA_FIELD_NULLS];
    int nnull;
};

enum kura_derive_fn {
    KURA_DERIVE_MIME_DECODE,
    KURA_DERIVE_MIME_FILENAME,
    KURA_DERIVE_MIME_FILENAME_RAW,
    KURA_DERIVE_MIME_TYPE,
    KURA_DERIVE_MIME_ADDRESS,
    KURA_DERIVE_MIME_NAME,
    KURA_DERIVE_EXTENSION
};

struct kura_derive {
    int column; /* the column that it fills */
    enum kura_derive_fn fn;
    int from; /* the column that it reads */
};

struct kura_constant {
    int column;
    const char *text;
};

struct kura_pattern {
    const char *name;
    struct kura_regex *regex;
    int groups;
    const struct kura_field *fields; /* [1..groups]; [0] is unused */
    int ts_group;                    /* the group of ts, 0 for none */
    int *keys;                       /* of the format: in all its lines */
    int nkey;
    bool keys_named; /* by the definition, so they may be wrong */
    const struct kura_constant *constants;
    int nconstant;
    const struct kura_derive *derives;
    int nderive;
    bool repeats; /* a field of it does */
};

/* A text without which a line cannot be of some patterns. */
struct kura_key {
    const char *text;
    size_t size;
    size_t rare;  /* which of its bytes is the rarest in logs */
    int patterns; /* how many */
};

struct kura_format {
    const char *name;
    const char *about;
    const struct kura_schema *schema;
    enum kura_reader reader;
    const struct kura_pattern *patterns;
    int npattern;
    const struct kura_key *keys;
    int nkey;
    int nsample;
    const char *origin; /* "built in" or the file's path */
};

struct kura_formats;

/* Loads the built-in formats and those of dir (NULL or missing: none), and
 * checks every one against its samples.  KURA_EINPUT names file and line, and
 * for a sample what was expected and what was found. */
enum kura_rc kura_formats_load(const char *dir, struct kura_formats **out,
                               struct kura_err *err);
void kura_formats_free(struct kura_formats *f); /* NULL ok */
int kura_formats_count(const struct kura_formats *f);
const struct kura_format *kura_formats_at(const struct kura_formats *f, int i);
const struct kura_format *kura_formats_find(const struct kura_formats *f,
                                            const char *name);

#endif
