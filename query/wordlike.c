/* wordlike.c - how probable each letter is after the one before. */
#include "query/wordlike.h"

#include "base/embedded.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* a to z, any digit, and what parts words. */
#define DIGIT 26
#define BREAK 27
#define SYMBOLS 28

#define SMOOTHING 0.3
/* A digit beside a letter: about as rare as two letters at random. */
#define CHANGE (-7.0)
/* Bits a pair, on average: names of companies and services have -4.0 (one in
 * twenty less than -5.3), letters at random -6.9 (of twelve, one in twenty
 * more than -5.4). */
#define MIDDLE (-5.5)
#define SLOPE 1.6

#define RUN_MIN 16u

struct pairs {
    float bits[SYMBOLS][SYMBOLS];
};

static _Atomic(struct pairs *) pairs_loaded;

static int symbol_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    return c >= '0' && c <= '9' ? DIGIT : BREAK;
}

static void pairs_learn(struct pairs *p, const char *text)
{
    double count[SYMBOLS][SYMBOLS] = {{0}}, sum;
    int before = BREAK, at, a, b;

    while (*text != '\0') {
        if (*text == '#') {
            text += strcspn(text, "\n");
            continue;
        }
        at = symbol_of(*text++);
        if (at != BREAK || before != BREAK)
            count[before][at]++;
        before = at;
    }
    for (a = 0; a < SYMBOLS; a++) {
        for (sum = 0, b = 0; b < SYMBOLS; b++)
            sum += count[a][b] + SMOOTHING;
        for (b = 0; b < SYMBOLS; b++)
            p->bits[a][b] = (float)log2((count[a][b] + SMOOTHING) / sum);
    }
}

static enum kura_rc pairs_get(const struct pairs **out, struct kura_err *err)
{
    struct pairs *p = atomic_load(&pairs_loaded), *none = NULL;
    const char *text;
    enum kura_rc rc;

    if (p == NULL) {
        rc = kura_embedded_text("sql/lists/words.txt", &text, err);
        if (rc != KURA_OK)
            return rc;
        p = malloc(sizeof(*p));
        if (p == NULL)
            return kura_err_nomem(err);
        pairs_learn(p, text);
        if (!atomic_compare_exchange_strong(&pairs_loaded, &none, p)) {
            free(p);
            p = none;
        }
    }
    *out = p;
    return KURA_OK;
}

enum kura_rc kura_randomness(const char *s, size_t n, double *out, bool *known,
                             struct kura_err *err)
{
    const struct pairs *p = NULL;
    int before = BREAK, at;
    size_t count = 0, i;
    double bits = 0;
    enum kura_rc rc = pairs_get(&p, err);

    if (rc != KURA_OK)
        return rc;
    for (i = 0; i < n; i++) {
        at = symbol_of(s[i]);
        if (at < DIGIT && before < DIGIT) {
            bits += (double)p->bits[before][at];
            count++;
        } else if (at != before && at != BREAK && before != BREAK) {
            bits += CHANGE;
            count++;
        }
        before = at;
    }
    *known = count >= KURA_WORDLIKE_MIN;
    if (*known)
        *out = 1 / (1 + exp(SLOPE * (bits / (double)count - MIDDLE)));
    return KURA_OK;
}

/* Bytes of the character of a run at s, 0 when it is none. */
static size_t run_character(const char *s, size_t n)
{
    if (symbol_of(*s) != BREAK || *s == '+' || *s == '-' || *s == '_')
        return 1;
    return n >= 3 && s[0] == '%' && s[1] == '2' && (s[2] == 'B' || s[2] == 'b')
               ? 3
               : 0;
}

/* Digits and a to f of one case, both in fair number. */
static bool is_hex(const char *s, size_t n)
{
    size_t digits = 0, small = 0, large = 0, other = 0, i;

    for (i = 0; i < n; i++) {
        digits += s[i] >= '0' && s[i] <= '9';
        small += s[i] >= 'a' && s[i] <= 'f';
        large += s[i] >= 'A' && s[i] <= 'F';
        other += (s[i] >= 'g' && s[i] <= 'z') || (s[i] >= 'G' && s[i] <= 'Z') ||
                 s[i] == '%' || s[i] == '+';
    }
    return other == 0 && (small == 0 || large == 0) && digits * 5 >= n &&
           (small + large) * 8 >= n;
}

static enum kura_rc run_measure(const char *s, size_t n, size_t *longest,
                                struct kura_err *err)
{
    double random = 0;
    bool known = false;
    enum kura_rc rc = KURA_OK;

    if (n < RUN_MIN || n <= *longest)
        return KURA_OK;
    if (!is_hex(s, n))
        rc = kura_randomness(s, n, &random, &known, err);
    else
        random = 1;
    if (rc == KURA_OK && random >= 0.5)
        *longest = n;
    return rc;
}

enum kura_rc kura_encoded_run(const char *s, size_t n, size_t *out,
                              struct kura_err *err)
{
    size_t start = 0, i = 0, used, longest = 0;
    enum kura_rc rc = KURA_OK;

    while (i < n && rc == KURA_OK) {
        used = run_character(s + i, n - i);
        if (used == 0) {
            rc = run_measure(s + start, i - start, &longest, err);
            used = 1;
            start = i + 1;
        }
        i += used;
    }
    if (rc == KURA_OK)
        rc = run_measure(s + start, n - start, &longest, err);
    if (rc == KURA_OK)
        *out = longest;
    return rc;
}
