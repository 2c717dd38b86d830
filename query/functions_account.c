/* functions_account.c - the functions of one text that names an account or a
 * machine, as Windows writes it in one event and otherwise in the next. */
#include "query/functions.h"

#include "base/network.h"
#include "query/functions_internal.h"

#include <string.h>

/* "" and "-": the event has no such name. */
static bool is_nothing(const char *s, size_t n)
{
    return n == 0 || (n == 1 && s[0] == '-');
}

/* CORP\kim, kim@corp.example.com and Kim are kim. */
static enum kura_rc call_account_name(const char *s, size_t n,
                                      struct kura_buf *out, int64_t *number,
                                      bool *is_null, struct kura_err *err)
{
    const char *part = n == 0 ? NULL : memchr(s, '\\', n);

    (void)number;
    if (part != NULL && part + 1 < s + n) {
        n -= (size_t)(part + 1 - s);
        s = part + 1;
    }
    part = n == 0 ? NULL : memchr(s, '@', n);
    if (part != NULL && part != s)
        n = (size_t)(part - s);
    *is_null = is_nothing(s, n);
    return *is_null ? KURA_OK : kura_append_lower(s, n, out, err);
}

/* \\PC1, PC1$ and pc1.corp.example.com are pc1; an address stays. */
static enum kura_rc call_machine_name(const char *s, size_t n,
                                      struct kura_buf *out, int64_t *number,
                                      bool *is_null, struct kura_err *err)
{
    struct kura_address a;
    const char *part;

    (void)number;
    while (n > 0 && s[0] == '\\') {
        s++;
        n--;
    }
    if (!kura_address_parse(s, n, &a)) {
        part = n == 0 ? NULL : memchr(s, '.', n);
        if (part != NULL && part != s)
            n = (size_t)(part - s);
        if (n > 1 && s[n - 1] == '$')
            n--;
    }
    *is_null = is_nothing(s, n);
    return *is_null ? KURA_OK : kura_append_lower(s, n, out, err);
}

const struct kura_text_function kura_functions_account[] = {
    {"account_name", false, call_account_name, NULL},
    {"machine_name", false, call_machine_name, NULL},
    {NULL, false, NULL, NULL},
};
