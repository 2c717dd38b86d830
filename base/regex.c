/* regex.c - PCRE2 behind an interface of bytes and offsets. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "base/regex.h"

#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>

/* Patterns come with formats and from the command line, subjects from
 * attackers: a match that backtracks more than this is given up. */
#define REGEX_MATCH_LIMIT 100000u
#define REGEX_STACK_START (32u * 1024u)
#define REGEX_STACK_MAX (512u * 1024u)
#define REGEX_HEAP_LIMIT_KIB 20480u

struct kura_regex {
    pcre2_code *code;
    uint32_t groups;
    bool is_jit; /* compiled to machine code, so the fast entry is allowed */
};

struct kura_matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack; /* NULL: PCRE2 was built without a JIT */
};

static enum kura_rc regex_explain(int code, size_t at, struct kura_err *err)
{
    PCRE2_UCHAR text[160];

    if (code == PCRE2_ERROR_NOMEMORY)
        return kura_err_nomem(err);
    /* A negative result means that the text was cut, which is fine. */
    (void)pcre2_get_error_message(code, text, sizeof(text));
    return kura_err_set(err, KURA_EINPUT, "%s at byte %zu of the pattern",
                        (const char *)text, at);
}

static uint32_t regex_options(unsigned flags)
{
    uint32_t options = 0;

    if ((flags & KURA_REGEX_CASELESS) != 0)
        options |= PCRE2_CASELESS;
    /* Otherwise a pattern may not switch UTF mode on by itself with (*UTF):
     * then subjects that are not UTF-8 would be errors. */
    if ((flags & KURA_REGEX_UTF) != 0)
        options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    else
        options |= PCRE2_NEVER_UTF;
    return options;
}

enum kura_rc kura_regex_new(const char *pattern, size_t n, unsigned flags,
                            struct kura_regex **out, struct kura_err *err)
{
    struct kura_regex *re = calloc(1, sizeof(*re));
    enum kura_rc rc = KURA_OK;
    PCRE2_SIZE at = 0;
    size_t jit_size = 0;
    int code = 0;

    if (re == NULL)
        return kura_err_nomem(err);
    re->code = pcre2_compile((PCRE2_SPTR)(n != 0 ? pattern : ""), n,
                             regex_options(flags), &code, &at, NULL);
    if (re->code == NULL) {
        rc = regex_explain(code, at, err);
        goto out;
    }
    (void)pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &re->groups);
    /* What the JIT cannot do, the interpreter does: slower, same answers. */
    if (pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) == 0 &&
        pcre2_pattern_info(re->code, PCRE2_INFO_JITSIZE, &jit_size) == 0)
        re->is_jit = jit_size != 0;
    *out = re;
    re = NULL;
out:
    kura_regex_free(re);
    return rc;
}

void kura_regex_free(struct kura_regex *re)
{
    if (re == NULL)
        return;
    pcre2_code_free(re->code);
    free(re);
}

int kura_regex_groups(const struct kura_regex *re)
{
    return (int)re->groups;
}

const char *kura_regex_group_name(const struct kura_regex *re, int group)
{
    PCRE2_SPTR entry = NULL;
    uint32_t count = 0, size = 0;

    (void)pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void)pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &entry);
    /* An entry is the number of the group in two bytes, high one first, and
     * the name with its NUL. */
    for (uint32_t i = 0; i < count; i++, entry += size)
        if ((entry[0] << 8 | entry[1]) == group)
            return (const char *)(entry + 2);
    return NULL;
}

enum kura_rc kura_matcher_new(int max_groups, struct kura_matcher **out,
                              struct kura_err *err)
{
    struct kura_matcher *m;
    uint32_t jit = 0;

    if (max_groups < 0 || max_groups >= UINT16_MAX)
        return kura_err_set(err, KURA_EINPUT, "a pattern has too many groups");
    m = calloc(1, sizeof(*m));
    if (m == NULL)
        return kura_err_nomem(err);
    m->data = pcre2_match_data_create((uint32_t)max_groups + 1, NULL);
    m->context = pcre2_match_context_create(NULL);
    if (m->data == NULL || m->context == NULL)
        goto nomem;
    (void)pcre2_set_match_limit(m->context, REGEX_MATCH_LIMIT);
    (void)pcre2_set_heap_limit(m->context, REGEX_HEAP_LIMIT_KIB);
    (void)pcre2_config(PCRE2_CONFIG_JIT, &jit);
    if (jit != 0) {
        m->stack =
            pcre2_jit_stack_create(REGEX_STACK_START, REGEX_STACK_MAX, NULL);
        if (m->stack == NULL)
            goto nomem;
        pcre2_jit_stack_assign(m->context, NULL, m->stack);
    }
    *out = m;
    return KURA_OK;
nomem:
    kura_matcher_free(m);
    return kura_err_nomem(err);
}

void kura_matcher_free(struct kura_matcher *m)
{
    if (m == NULL)
        return;
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->context);
    pcre2_jit_stack_free(m->stack);
    free(m);
}

int kura_regex_match(const struct kura_regex *re, struct kura_matcher *m,
                     const char *s, size_t n)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(n != 0 ? s : "");
    int rc;

    if (re->is_jit)
        rc = pcre2_jit_match(re->code, subject, n, 0, 0, m->data, m->context);
    else
        rc = pcre2_match(re->code, subject, n, 0, 0, m->data, m->context);
    /* 0 is a match with more groups than the matcher has room for. */
    if (rc >= 0)
        return 1;
    return rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

const size_t *kura_matcher_offsets(const struct kura_matcher *m)
{
    return pcre2_get_ovector_pointer(m->data);
}
