/* functions.h - the SQL functions, documented in docs/functions.md with an
 * example each that is a test.
 *
 * Scalars on text that computed columns use are plain C here, so that the table
 * evaluates them once per dictionary entry. */
#ifndef KURA_QUERY_FUNCTIONS_H
#define KURA_QUERY_FUNCTIONS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/sqlite.h"

#include <stdbool.h>
#include <stdint.h>

struct kura_site;
struct kura_ioc_live;

/* What functions know of the place that they answer for: all are borrowed and
 * outlive the connection. */
struct kura_function_place {
    const struct kura_zone *zone;
    const struct kura_site *site;
    struct kura_ioc_live *iocs; /* NULL: there are none */
};

/* A function of one text: writes text to out (*is_null false), an integer to
 * *number (is_integer functions), or sets *is_null.  Exactly one of call and
 * call_at is there; call_at asks the place too. */
struct kura_text_function {
    const char *name; /* "registered_domain" */
    bool is_integer;
    enum kura_rc (*call)(const char *s, size_t n, struct kura_buf *out,
                         int64_t *number, bool *is_null, struct kura_err *err);
    enum kura_rc (*call_at)(const struct kura_function_place *place,
                            const char *s, size_t n, struct kura_buf *out,
                            int64_t *number, bool *is_null,
                            struct kura_err *err);
};
enum kura_rc kura_text_function_call(const struct kura_text_function *f,
                                     const struct kura_function_place *place,
                                     const char *s, size_t n,
                                     struct kura_buf *out, int64_t *number,
                                     bool *is_null, struct kura_err *err);
const struct kura_text_function *kura_text_function_find(const char *name);

/* A two-argument test with the column first (ip_in, domain_under): compiled
 * for its second argument, then asked per text. */
struct kura_text_test;
struct kura_text_test_kind {
    const char *name;
    /* KURA_EINPUT: the argument makes no sense (the message says why). */
    enum kura_rc (*compile)(const char *arg, size_t n,
                            struct kura_text_test **out, struct kura_err *err);
    bool (*matches)(struct kura_text_test *t, const char *s, size_t n);
    void (*free)(struct kura_text_test *t);
};
/* The kinds: "regexp" (pattern second for compile), "ip_in", "domain_under". */
const struct kura_text_test_kind *kura_text_test_find(const char *name);
const struct kura_text_test_kind *kura_text_test_at(int i); /* NULL at end */

/* How many times so far, in this process, a pattern was given up on a text
 * because its match limit was reached.  Whoever wrote the log may have meant
 * that: the text is no match, and somebody must be told. */
int64_t kura_text_gave_up(void);

/* Adds every function to db; place must outlive db. */
enum kura_rc kura_functions_register(sqlite3 *db,
                                     const struct kura_function_place *place,
                                     struct kura_err *err);

#endif
