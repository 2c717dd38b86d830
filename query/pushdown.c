/* pushdown.c - every operator becomes one of a few plain forms: an interval of
 * integers (less one value), a sorted list, a comparison of texts, a pattern.
 * A form that is not exact errs towards passing. */
#include "query/pushdown.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/sqlite.h"

#define PATTERN_MAX ((size_t)1 << 30)

struct item {
    const char *text;
    size_t size;
};

struct kura_predicate {
    enum kura_op op;
    bool nocase;
    bool null_passes;
    bool value_passes; /* false: no value does, whatever it is */
    /* KURA_INTEGER: low..high, less `hole`; and one of the list, if any. */
    int64_t low, high, hole;
    bool has_hole;
    int64_t *list;
    /* KURA_TEXT: the operand, or the sorted operands of IN. */
    struct item *items;
    size_t count;  /* of list or items */
    size_t prefix; /* LIKE, GLOB: bytes that every text begins with */
    char *storage;
    const struct kura_text_test_kind *kind;
    struct kura_text_test *test;
    struct kura_buf scratch; /* a text with a NUL behind it */
};

/* --- Integers --------------------------------------------------------- */

/* Which integers are `op` a number: an interval, empty when low > high. */
static void interval_of_integer(enum kura_op op, int64_t v, int64_t *low,
                                int64_t *high)
{
    *low = INT64_MIN;
    *high = INT64_MAX;
    switch (op) {
    case KURA_OP_LT:
        *high = v;
        if (v == INT64_MIN)
            *low = INT64_MAX;
        else
            *high = v - 1;
        break;
    case KURA_OP_LE:
        *high = v;
        break;
    case KURA_OP_GT:
        *low = v;
        if (v == INT64_MAX)
            *high = INT64_MIN;
        else
            *low = v + 1;
        break;
    case KURA_OP_GE:
        *low = v;
        break;
    default:
        *low = *high = v;
        break;
    }
}

static bool op_is_upper(enum kura_op op)
{
    return op == KURA_OP_LT || op == KURA_OP_LE;
}

static bool op_is_lower(enum kura_op op)
{
    return op == KURA_OP_GT || op == KURA_OP_GE;
}

/* Exact: an integer is below 5.5 when it is at most 5. */
static void interval_of_real(enum kura_op op, double r, int64_t *low,
                             int64_t *high)
{
    const double limit = 9223372036854775808.0; /* 2^63 */
    int64_t whole;
    bool above = r >= limit, below = r < -limit;

    if (above || below) {
        bool all = (above && op_is_upper(op)) || (below && op_is_lower(op));

        *low = all ? INT64_MIN : INT64_MAX;
        *high = all ? INT64_MAX : INT64_MIN;
        return;
    }
    whole = (int64_t)r; /* towards zero */
    if ((double)whole > r)
        whole--;
    if ((double)whole >= r) {
        interval_of_integer(op, whole, low, high);
    } else if (op_is_upper(op)) { /* whole < r < whole + 1 */
        interval_of_integer(KURA_OP_LE, whole, low, high);
    } else if (op_is_lower(op)) {
        interval_of_integer(KURA_OP_GT, whole, low, high);
    } else {
        *low = INT64_MAX;
        *high = INT64_MIN;
    }
}

static bool operand_is_number(const struct kura_operand *v)
{
    return v->kind == KURA_OPERAND_INTEGER || v->kind == KURA_OPERAND_REAL;
}

static void interval_of(enum kura_op op, const struct kura_operand *v,
                        int64_t *low, int64_t *high)
{
    if (v->kind == KURA_OPERAND_INTEGER)
        interval_of_integer(op, v->integer, low, high);
    else
        interval_of_real(op, v->real, low, high);
}

static int integer_cmp(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static enum kura_rc integer_list(struct kura_predicate *p,
                                 const struct kura_operand *v, size_t n,
                                 bool *useful, struct kura_err *err)
{
    size_t i;

    p->list = calloc(n ? n : 1, sizeof *p->list);
    if (p->list == NULL)
        return kura_err_nomem(err);
    *useful = true;
    for (i = 0; i < n; i++) {
        int64_t low, high;

        if (v[i].kind == KURA_OPERAND_NULL)
            continue; /* equal to nothing */
        if (!operand_is_number(&v[i])) {
            *useful = false;
            return KURA_OK;
        }
        interval_of(KURA_OP_EQ, &v[i], &low, &high);
        if (low == high)
            p->list[p->count++] = low;
    }
    qsort(p->list, p->count, sizeof *p->list, integer_cmp);
    p->value_passes = p->count > 0;
    if (p->value_passes) {
        p->low = p->list[0];
        p->high = p->list[p->count - 1];
    }
    return KURA_OK;
}

static enum kura_rc integer_make(struct kura_predicate *p,
                                 const struct kura_operand *v, size_t n,
                                 bool *useful, struct kura_err *err)
{
    int64_t low, high;

    if (p->op == KURA_OP_IN)
        return integer_list(p, v, n, useful, err);
    *useful = operand_is_number(&v[0]);
    if (!*useful)
        return KURA_OK;
    switch (p->op) {
    case KURA_OP_NE:
    case KURA_OP_ISNOT:
        interval_of(KURA_OP_EQ, v, &low, &high);
        p->has_hole = low == high;
        p->hole = low;
        p->null_passes = p->op == KURA_OP_ISNOT;
        break;
    case KURA_OP_EQ:
    case KURA_OP_IS:
    case KURA_OP_LT:
    case KURA_OP_LE:
    case KURA_OP_GT:
    case KURA_OP_GE:
        interval_of(p->op, v, &p->low, &p->high);
        p->value_passes = p->low <= p->high;
        break;
    default:
        *useful = false;
        break;
    }
    return KURA_OK;
}

bool kura_predicate_integer(const struct kura_predicate *p, int64_t v)
{
    if (!p->value_passes || v < p->low || v > p->high)
        return false;
    if (p->has_hole && v == p->hole)
        return false;
    if (p->list != NULL)
        return bsearch(&v, p->list, p->count, sizeof v, integer_cmp) != NULL;
    return true;
}

bool kura_predicate_reaches(const struct kura_predicate *p, int64_t low,
                            int64_t high)
{
    size_t from = 0, to = p->count;

    if (!p->value_passes || high < p->low || low > p->high)
        return false;
    if (p->has_hole && low == high && low == p->hole)
        return false;
    if (p->list == NULL)
        return true;
    while (from < to) { /* the first of the list that is not below low */
        size_t mid = from + (to - from) / 2;

        if (p->list[mid] < low)
            from = mid + 1;
        else
            to = mid;
    }
    return from < p->count && p->list[from] <= high;
}

/* --- Texts ------------------------------------------------------------ */

static int item_casecmp(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    return kura_text_casecmp(x->text, x->size, y->text, y->size);
}

static enum kura_rc text_copy(struct kura_predicate *p,
                              const struct kura_operand *v, size_t n,
                              struct kura_err *err)
{
    size_t i, total = 1, at = 0;

    for (i = 0; i < n; i++)
        if (v[i].kind == KURA_OPERAND_TEXT)
            total += v[i].size + 1;
    p->storage = malloc(total);
    p->items = calloc(n ? n : 1, sizeof *p->items);
    if (p->storage == NULL || p->items == NULL)
        return kura_err_nomem(err);
    for (i = 0; i < n; i++) {
        if (v[i].kind != KURA_OPERAND_TEXT)
            continue;
        if (v[i].size > 0)
            memcpy(p->storage + at, v[i].text, v[i].size);
        p->storage[at + v[i].size] = '\0';
        p->items[p->count].text = p->storage + at;
        p->items[p->count++].size = v[i].size;
        at += v[i].size + 1;
    }
    return KURA_OK;
}

static enum kura_rc text_list(struct kura_predicate *p,
                              const struct kura_operand *v, size_t n,
                              bool *useful, struct kura_err *err)
{
    enum kura_rc rc;
    size_t i;

    *useful = true;
    for (i = 0; i < n; i++)
        if (v[i].kind != KURA_OPERAND_TEXT && v[i].kind != KURA_OPERAND_NULL)
            *useful = false;
    if (!*useful)
        return KURA_OK;
    rc = text_copy(p, v, n, err);
    if (rc != KURA_OK)
        return rc;
    qsort(p->items, p->count, sizeof *p->items, item_casecmp);
    p->value_passes = p->count > 0;
    return KURA_OK;
}

/* Tests have lower-case letters. */
static bool op_is_test(enum kura_op op)
{
    return op == KURA_OP_REGEXP ||
           ((int)op >= KURA_OP_TEST && (int)op <= KURA_OP_TEST + 25);
}

/* An argument that cannot be compiled is left to the SQL function, which
 * fails with its message when SQLite asks it about a row. */
static enum kura_rc text_test(struct kura_predicate *p, bool *useful,
                              struct kura_err *err)
{
    struct kura_err why = KURA_ERR_INIT;
    enum kura_rc rc;

    if (p->op == KURA_OP_REGEXP)
        p->kind = kura_text_test_find("regexp");
    else
        p->kind = kura_text_test_at((int)p->op - (int)KURA_OP_TEST);
    *useful = p->kind != NULL;
    if (!*useful)
        return KURA_OK;
    rc = p->kind->compile(p->items[0].text, p->items[0].size, &p->test, &why);
    if (rc == KURA_EINPUT) {
        *useful = false;
        return KURA_OK;
    }
    return rc == KURA_OK ? rc : kura_err_set(err, rc, "%s", why.msg);
}

/* How many bytes of the pattern stand for themselves at the beginning of every
 * text that it takes, but for the case of letters.  SQLite takes some
 * characters of three bytes for U+FFFD, and has its own way with what is not
 * UTF-8. */
static size_t pattern_prefix(const struct kura_predicate *p)
{
    const struct item *v = &p->items[0];
    const char *special = p->op == KURA_OP_LIKE ? "%_\xEF" : "*?[\xEF";

    return kura_text_is_clean(v->text, v->size) ? strcspn(v->text, special) : 0;
}

static enum kura_rc text_make(struct kura_predicate *p,
                              const struct kura_operand *v, size_t n,
                              bool *useful, struct kura_err *err)
{
    enum kura_rc rc;

    if (p->op == KURA_OP_IN)
        return text_list(p, v, n, useful, err);
    *useful = v[0].kind == KURA_OPERAND_TEXT;
    if (!*useful)
        return KURA_OK;
    p->null_passes = p->op == KURA_OP_ISNOT;
    rc = text_copy(p, v, 1, err);
    if (rc == KURA_OK && op_is_test(p->op))
        rc = text_test(p, useful, err);
    if (rc == KURA_OK && (p->op == KURA_OP_LIKE || p->op == KURA_OP_GLOB))
        p->prefix = pattern_prefix(p);
    return rc;
}

/* SQLite would take the text for a number if the other side of a comparison
 * were a column of numbers, and numbers are below all texts. */
static bool text_is_number_like(const char *s, size_t n)
{
    int points = 0, powers = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        if (memchr("0123456789+-.eE \t\n\v\f\r", s[i], 21) == NULL)
            return false;
        points += s[i] == '.';
        powers += s[i] == 'e' || s[i] == 'E';
    }
    return n > 0 && points <= 1 && powers <= 1;
}

/* Where texts lie that are like a number, by their first byte. */
static const struct {
    const char *from, *to;
} number_heads[] = {{"\t", "\r"}, {" ", " "}, {"+", "9"}, {"e", "e"}};
#define NUMBER_HEADS (sizeof number_heads / sizeof number_heads[0])

static int text_order(const struct kura_predicate *p, const char *s, size_t n)
{
    const struct item *v = &p->items[0];

    return p->nocase ? kura_text_casecmp(s, n, v->text, v->size)
                     : kura_text_cmp(s, n, v->text, v->size);
}

static enum kura_rc text_pattern(struct kura_predicate *p, const char *s,
                                 size_t n, bool *pass, struct kura_err *err)
{
    enum kura_rc rc;

    kura_buf_reset(&p->scratch);
    rc = kura_buf_append(&p->scratch, s, n, err);
    if (rc != KURA_OK)
        return rc;
    if (p->op == KURA_OP_LIKE)
        *pass = sqlite3_strlike(p->items[0].text, p->scratch.data, 0) == 0;
    else
        *pass = sqlite3_strglob(p->items[0].text, p->scratch.data) == 0;
    return KURA_OK;
}

enum kura_rc kura_predicate_text(struct kura_predicate *p, const char *s,
                                 size_t n, bool *pass, struct kura_err *err)
{
    struct item key;

    *pass = p->value_passes;
    if (!p->value_passes || p->items == NULL)
        return KURA_OK;
    switch (p->op) {
    case KURA_OP_EQ: /* under BINARY, folding passes too much: fine */
    case KURA_OP_IS:
        *pass =
            kura_text_casecmp(s, n, p->items[0].text, p->items[0].size) == 0;
        break;
    case KURA_OP_NE: /* SQLite does not tell under which collation */
    case KURA_OP_ISNOT:
        *pass = kura_text_cmp(s, n, p->items[0].text, p->items[0].size) != 0;
        break;
    case KURA_OP_LT:
        *pass = text_order(p, s, n) < 0 || text_is_number_like(s, n);
        break;
    case KURA_OP_LE:
        *pass = text_order(p, s, n) <= 0 || text_is_number_like(s, n);
        break;
    case KURA_OP_GT:
        *pass = text_order(p, s, n) > 0;
        break;
    case KURA_OP_GE:
        *pass = text_order(p, s, n) >= 0;
        break;
    case KURA_OP_IN:
        key.text = s;
        key.size = n;
        *pass =
            bsearch(&key, p->items, p->count, sizeof key, item_casecmp) != NULL;
        break;
    case KURA_OP_LIKE:
    case KURA_OP_GLOB:
        return text_pattern(p, s, n, pass, err);
    default:
        *pass = p->test == NULL || p->kind->matches(p->test, s, n);
        break;
    }
    return KURA_OK;
}

/* A range of ids is one of NOCASE; equality under BINARY is narrower. */
size_t kura_predicate_ranges(const struct kura_predicate *p)
{
    if (p->items == NULL)
        return 0;
    switch (p->op) {
    case KURA_OP_EQ:
    case KURA_OP_IS:
        return 1;
    case KURA_OP_IN:
        return p->count;
    case KURA_OP_GT:
    case KURA_OP_GE:
        return p->nocase ? 1 : 0;
    case KURA_OP_LT:
    case KURA_OP_LE:
        return p->nocase ? 1 + NUMBER_HEADS : 0;
    case KURA_OP_LIKE:
    case KURA_OP_GLOB:
        return p->prefix > 0 ? 1 : 0;
    default:
        return 0;
    }
}

static struct kura_place place_at(enum kura_edge edge, const char *text,
                                  size_t size)
{
    return (struct kura_place){edge, text, size};
}

/* The texts with the beginning of the pattern; all of them when nothing but
 * one % follows. */
static void range_of_pattern(const struct kura_predicate *p,
                             struct kura_text_range *out)
{
    const struct item *v = &p->items[0];

    out->from = place_at(KURA_EDGE_BEFORE, v->text, p->prefix);
    out->to = place_at(KURA_EDGE_BEYOND, v->text, p->prefix);
    out->exact = p->op == KURA_OP_LIKE && v->size == p->prefix + 1 &&
                 v->text[p->prefix] == '%';
}

void kura_predicate_range(const struct kura_predicate *p, size_t i,
                          struct kura_text_range *out)
{
    const struct item *v = &p->items[p->op == KURA_OP_IN ? i : 0];

    out->from = place_at(KURA_EDGE_FIRST, NULL, 0);
    out->to = place_at(KURA_EDGE_LAST, NULL, 0);
    out->exact = true;
    if (p->op == KURA_OP_LIKE || p->op == KURA_OP_GLOB) {
        range_of_pattern(p, out);
    } else if (op_is_upper(p->op) && i > 0) {
        out->from = place_at(KURA_EDGE_BEFORE, number_heads[i - 1].from, 1);
        out->to = place_at(KURA_EDGE_BEYOND, number_heads[i - 1].to, 1);
        out->exact = false;
    } else if (op_is_upper(p->op)) {
        out->to =
            place_at(p->op == KURA_OP_LT ? KURA_EDGE_BEFORE : KURA_EDGE_AFTER,
                     v->text, v->size);
    } else if (op_is_lower(p->op)) {
        out->from =
            place_at(p->op == KURA_OP_GE ? KURA_EDGE_BEFORE : KURA_EDGE_AFTER,
                     v->text, v->size);
    } else {
        out->from = place_at(KURA_EDGE_BEFORE, v->text, v->size);
        out->to = place_at(KURA_EDGE_AFTER, v->text, v->size);
    }
}

/* --- Either ----------------------------------------------------------- */

/* NULL as an operand: only IS and IS NOT can be true. */
static bool make_of_null(struct kura_predicate *p)
{
    bool is = p->op == KURA_OP_IS || p->op == KURA_OP_ISNULL;

    p->null_passes = is;
    p->value_passes = p->op == KURA_OP_ISNOT || p->op == KURA_OP_NOTNULL;
    return true;
}

enum kura_rc kura_predicate_new(enum kura_type type, enum kura_op op,
                                bool nocase, const struct kura_operand *v,
                                size_t n, struct kura_predicate **out,
                                struct kura_err *err)
{
    struct kura_predicate *p;
    enum kura_rc rc = KURA_OK;
    bool useful = false;

    *out = NULL;
    p = calloc(1, sizeof *p);
    if (p == NULL)
        return kura_err_nomem(err);
    kura_buf_init(&p->scratch, PATTERN_MAX);
    p->op = op;
    p->nocase = nocase;
    p->value_passes = true;
    p->low = INT64_MIN;
    p->high = INT64_MAX;
    if (op == KURA_OP_ISNULL || op == KURA_OP_NOTNULL)
        useful = make_of_null(p);
    else if (op != KURA_OP_IN && n != 1)
        useful = false;
    else if (op != KURA_OP_IN && v[0].kind == KURA_OPERAND_NULL)
        useful = make_of_null(p);
    else if (type == KURA_INTEGER)
        rc = integer_make(p, v, n, &useful, err);
    else
        rc = text_make(p, v, n, &useful, err);
    if (rc == KURA_OK && useful)
        *out = p;
    else
        kura_predicate_free(p);
    return rc;
}

void kura_predicate_free(struct kura_predicate *p)
{
    if (p == NULL)
        return;
    if (p->test != NULL)
        p->kind->free(p->test);
    kura_buf_release(&p->scratch);
    free(p->list);
    free(p->items);
    free(p->storage);
    free(p);
}

bool kura_predicate_is_none(const struct kura_predicate *p)
{
    return !p->value_passes && !p->null_passes;
}

bool kura_predicate_null(const struct kura_predicate *p)
{
    return p->null_passes;
}

int kura_predicate_cost(const struct kura_predicate *p)
{
    if (p->items == NULL)
        return p->list == NULL ? 0 : 1;
    if (p->test != NULL)
        return 4;
    return p->op == KURA_OP_LIKE || p->op == KURA_OP_GLOB ? 3 : 2;
}

/* --- Instants --------------------------------------------------------- */

static void span_cut(struct kura_span *s, int64_t low, int64_t high)
{
    if (low > s->low)
        s->low = low;
    if (high < s->high)
        s->high = high;
}

static bool op_is_bound(enum kura_op op)
{
    return op == KURA_OP_EQ || op == KURA_OP_IS || op_is_upper(op) ||
           op_is_lower(op);
}

void kura_span_ts(struct kura_span *s, enum kura_op op,
                  const struct kura_operand *v)
{
    int64_t low, high;

    if (!op_is_bound(op))
        return;
    if (v->kind == KURA_OPERAND_NULL) { /* ts is never NULL */
        span_cut(s, INT64_MAX, INT64_MIN);
    } else if (operand_is_number(v)) {
        interval_of(op, v, &low, &high);
        span_cut(s, low, high);
    }
}

/* How the text of number `at` compares with v. */
typedef int span_compare(int64_t at, bool nocase, const struct kura_operand *v);

static int compare_texts(const char *s, bool nocase,
                         const struct kura_operand *v)
{
    size_t n = strlen(s);

    return nocase ? kura_text_casecmp(s, n, v->text, v->size)
                  : kura_text_cmp(s, n, v->text, v->size);
}

static int compare_time(int64_t at, bool nocase, const struct kura_operand *v)
{
    char text[KURA_TIME_TEXT];

    kura_time_format(at, text);
    return compare_texts(text, nocase, v);
}

static int compare_day(int64_t at, bool nocase, const struct kura_operand *v)
{
    char text[KURA_DAY_TEXT];

    kura_day_format(at, text);
    return compare_texts(text, nocase, v);
}

/* The first number in from..to whose text is not below v (strict: is above
 * v); to + 1 when there is none.  The order of texts is that of numbers. */
static int64_t span_search(span_compare *compare, int64_t from, int64_t to,
                           bool strict, bool nocase,
                           const struct kura_operand *v)
{
    int64_t end = to + 1;

    while (from < end) {
        int64_t mid = from + (end - from) / 2;
        int c = compare(mid, nocase, v);

        if (c < 0 || (strict && c == 0))
            from = mid + 1;
        else
            end = mid;
    }
    return from;
}

/* Cuts first..last to the numbers whose text is `op` v. */
static struct kura_span span_of_text(span_compare *compare, int64_t first,
                                     int64_t last, enum kura_op op, bool nocase,
                                     const struct kura_operand *v)
{
    struct kura_span s = {first, last};

    if (op == KURA_OP_EQ || op == KURA_OP_IS || op == KURA_OP_GE)
        s.low = span_search(compare, first, last, false, nocase, v);
    if (op == KURA_OP_GT)
        s.low = span_search(compare, first, last, true, nocase, v);
    if (op == KURA_OP_EQ || op == KURA_OP_IS || op == KURA_OP_LE)
        s.high = span_search(compare, first, last, true, nocase, v) - 1;
    if (op == KURA_OP_LT)
        s.high = span_search(compare, first, last, false, nocase, v) - 1;
    return s;
}

/* Days of the years 0000 to 9999; instants outside are written as if they
 * were the first or the last of them. */
#define DAY_FIRST INT64_C(-719528)
#define DAY_LAST INT64_C(2932896)

static void span_text(struct kura_span *s, enum kura_op op, bool nocase,
                      const struct kura_operand *v, span_compare *compare,
                      int64_t unit)
{
    int64_t first = DAY_FIRST * (KURA_DAY / unit);
    int64_t last = (DAY_LAST + 1) * (KURA_DAY / unit) - 1;
    struct kura_span n;

    if (!op_is_bound(op))
        return;
    if (v->kind == KURA_OPERAND_NULL) {
        span_cut(s, INT64_MAX, INT64_MIN);
        return;
    }
    if (v->kind != KURA_OPERAND_TEXT)
        return;
    n = span_of_text(compare, first, last, op, nocase, v);
    if (n.low > n.high) {
        span_cut(s, INT64_MAX, INT64_MIN);
        return;
    }
    span_cut(s, n.low == first ? INT64_MIN : n.low * unit,
             n.high == last ? INT64_MAX : (n.high + 1) * unit - 1);
}

void kura_span_time(struct kura_span *s, enum kura_op op, bool nocase,
                    const struct kura_operand *v)
{
    span_text(s, op, nocase, v, compare_time, 1);
}

/* The instant of a wall-clock time, moved outwards where the zone changes its
 * offset nearby: such a day has another length. */
static int64_t local_bound(const struct kura_zone *zone, int64_t local,
                           int direction)
{
    int64_t us;

    if (zone == NULL)
        return local;
    us = kura_zone_to_utc(zone, local);
    if (kura_zone_offset(zone, us - KURA_DAY) !=
        kura_zone_offset(zone, us + KURA_DAY))
        us += direction * 3 * 3600 * KURA_SECOND;
    return us;
}

void kura_span_day(struct kura_span *s, const struct kura_zone *zone,
                   enum kura_op op, bool nocase, const struct kura_operand *v)
{
    struct kura_span local = {INT64_MIN, INT64_MAX};

    span_text(&local, op, nocase, v, compare_day, KURA_DAY);
    if (local.low > local.high) {
        span_cut(s, INT64_MAX, INT64_MIN);
        return;
    }
    span_cut(s,
             local.low == INT64_MIN ? INT64_MIN
                                    : local_bound(zone, local.low, -1),
             local.high == INT64_MAX ? INT64_MAX
                                     : local_bound(zone, local.high, 1));
}
