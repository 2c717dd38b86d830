/* mime_address.c - address headers split into address and display name. */
#include "base/mime.h"

#include "base/mime_internal.h"

/* Past what is opened at t.s[i] by a quote or a bracket; i + 1 otherwise. */
static size_t quote_skip(struct span t, size_t i)
{
    size_t depth = 0;
    char open = t.s[i];

    if (open != '"' && open != '(')
        return i + 1;
    for (; i < t.n; i++) {
        if (t.s[i] == '\\')
            i++;
        else if (open == '"' && depth == 1 && t.s[i] == '"')
            return i + 1;
        else if (t.s[i] == open)
            depth++;
        else if (open == '(' && t.s[i] == ')' && --depth == 0)
            return i + 1;
    }
    return t.n;
}

/* The first of several addresses: up to a comma after an '@', since a bare
 * comma in a name ("Doe, Jane <jane@example.com>") is common. */
static struct span mailbox_first(struct span t)
{
    bool at = false;
    size_t i = 0;

    while (i < t.n && !(t.s[i] == ',' && at)) {
        at = at || t.s[i] == '@';
        i = quote_skip(t, i);
    }
    t.n = i < t.n ? i : t.n;
    return t;
}

/* "Name"??: what follows the closing quote is a fold. */
static struct span name_trim(struct span t)
{
    struct span cut = t;

    while (cut.n > 0 && gap_is(cut.s[cut.n - 1]))
        cut.n--;
    if (cut.n > 0 && cut.s[cut.n - 1] == '"')
        return trim(cut);
    if (t.n > 2 && memcmp(t.s + t.n - 2, "??", 2) == 0)
        t.n -= 2;
    return trim(t);
}

static enum kura_rc name_append(struct span t, struct kura_buf *out,
                                struct kura_err *err)
{
    struct kura_buf plain;
    struct span in;
    enum kura_rc rc;

    t = name_trim(t);
    kura_buf_init(&plain, t.n);
    if (t.n > 1 && t.s[0] == '"' && t.s[t.n - 1] == '"')
        rc = kura_mime_unquote((struct span){t.s + 1, t.n - 2}, &plain, err);
    else
        rc = kura_buf_append(&plain, t.s, t.n, err);
    in.s = plain.data;
    in.n = plain.len;
    if (rc == KURA_OK)
        rc = kura_mime_text_decode(trim(in), out, err);
    kura_buf_release(&plain);
    return rc;
}

/* Splits one mailbox into what its address and its name are written in. */
static void mailbox_split(struct span t, struct span *addr, struct span *name)
{
    size_t i = 0, end;

    addr->n = name->n = 0;
    addr->s = name->s = t.s;
    while (i < t.n && t.s[i] != '<' && t.s[i] != '(')
        i = t.s[i] == '"' ? quote_skip(t, i) : i + 1;
    if (i < t.n && t.s[i] == '<') {
        const char *gt = memchr(t.s + i, '>', t.n - i);

        end = gt != NULL ? (size_t)(gt - t.s) : t.n;
        name->n = i;
        addr->s = t.s + i + 1;
        addr->n = end - i - 1;
    } else if (i < t.n) { /* jane@example.com (Jane) */
        end = quote_skip(t, i);
        addr->n = i;
        name->s = t.s + i + 1;
        name->n = end - i - (t.s[end - 1] == ')' ? 2 : 1);
    } else if (t.n > 0 && memchr(t.s, '@', t.n) != NULL) {
        addr->n = t.n;
    } else {
        name->n = t.n;
    }
    *addr = trim(*addr);
}

enum kura_rc kura_mime_address(const char *s, size_t n, struct kura_buf *addr,
                               struct kura_buf *name, struct kura_err *err)
{
    size_t addr_was = addr != NULL ? addr->len : 0;
    size_t name_was = name != NULL ? name->len : 0;
    struct span t = {s, n}, a, d;
    enum kura_rc rc = KURA_OK;

    mailbox_split(mailbox_first(t), &a, &d);
    if (addr != NULL)
        rc = kura_text_clean(a.s, a.n, addr, err);
    if (rc == KURA_OK && name != NULL)
        rc = name_append(d, name, err);
    if (addr != NULL)
        (void)appended(addr, addr_was, rc);
    if (name != NULL)
        (void)appended(name, name_was, rc);
    return rc;
}
