/* output.h - rows of a statement as table, CSV, JSON Lines or Markdown.
 *
 * Log content is hostile: tables escape what a terminal would obey and align by
 * East Asian width; CSV (RFC 4180) puts a ' before what a spreadsheet would run
 * and, where f is a terminal, escapes as tables do; JSON is valid UTF-8, integers
 * above 2^53 stay numbers, a second column of a name gets _2. */
#ifndef KURA_QUERY_OUTPUT_H
#define KURA_QUERY_OUTPUT_H

#include "base/err.h"
#include "store/sqlite.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum kura_output {
    KURA_OUTPUT_TABLE,
    KURA_OUTPUT_CSV,
    KURA_OUTPUT_JSON, /* JSON Lines: one object a row */
    KURA_OUTPUT_MARKDOWN
};

/* "table", "csv", "json", "jsonl", "md", "markdown"; false when unknown. */
int kura_output_find(const char *word, enum kura_output *out);

/* Steps stmt to its end and writes its rows to f.  A table holds up to 1,000
 * rows before it chooses its widths and goes on with them.  *rows counts. */
enum kura_rc kura_output_write(sqlite3_stmt *stmt, enum kura_output how,
                               FILE *f, int64_t *rows, struct kura_err *err);

/* Rows that come from one statement after the other, all with the columns of
 * `columns`: step goes to the next one, *more is false when there is none.
 * nested: the column whose texts are JSON and stay so in JSON; -1 none. */
typedef enum kura_rc (*kura_output_step)(void *arg, sqlite3_stmt **stmt,
                                         bool *more, struct kura_err *err);
enum kura_rc kura_output_write_from(sqlite3_stmt *columns,
                                    kura_output_step step, void *arg,
                                    int nested, enum kura_output how, FILE *f,
                                    int64_t *rows, struct kura_err *err);

#endif
