#include "cli/opt.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static int opt_find(const struct kura_opt *table, const char *name, size_t n)
{
    int i;

    for (i = 0; table[i].name != NULL; i++) {
        if (strlen(table[i].name) == n && memcmp(table[i].name, name, n) == 0)
            return i;
    }
    return -1;
}

static int opt_find_letter(const struct kura_opt *table, char letter)
{
    int i;

    for (i = 0; table[i].name != NULL; i++) {
        if (table[i].letter != 0 && table[i].letter == letter)
            return i;
    }
    return -1;
}

static bool opt_is_many(const struct kura_opt *o)
{
    size_t n = o->value != NULL ? strlen(o->value) : 0;

    return n > 3 && strcmp(o->value + n - 3, "...") == 0;
}

/* One argument that begins with '-'; *at is left on the last one used. */
static enum kura_rc opt_one(const struct kura_opt *table, int argc, char **argv,
                            int *at, struct kura_args *out,
                            struct kura_err *err)
{
    const char *arg = argv[*at], *value = NULL;
    size_t n;
    int i;

    if (arg[1] == '-') {
        n = strcspn(arg + 2, "=");
        i = opt_find(table, arg + 2, n);
        if (arg[2 + n] == '=')
            value = arg + 2 + n + 1;
    } else {
        i = opt_find_letter(table, arg[1]);
        if (arg[2] != '\0')
            value = arg + 2;
    }
    if (i < 0)
        return kura_err_set(err, KURA_EUSAGE, "unknown option '%s'", arg);
    if (table[i].value == NULL) {
        if (value != NULL)
            return kura_err_set(err, KURA_EUSAGE, "option '--%s' has no value",
                                table[i].name);
        value = "";
    } else if (value == NULL) {
        if (*at + 1 >= argc)
            return kura_err_set(err, KURA_EUSAGE, "option '--%s' needs %s",
                                table[i].name, table[i].value);
        value = argv[++*at];
    }
    out->values[i] = value;
    if (!opt_is_many(&table[i]))
        return KURA_OK;
    if (out->many_count == KURA_OPT_MANY)
        return kura_err_set(err, KURA_EUSAGE, "option '--%s' too often",
                            table[i].name);
    out->many[out->many_count].option = i;
    out->many[out->many_count++].value = value;
    return KURA_OK;
}

enum kura_rc kura_opt_parse(const struct kura_opt *table, int argc, char **argv,
                            struct kura_args *out, struct kura_err *err)
{
    enum kura_rc rc;
    int i, n = 0;

    memset(out, 0, sizeof(*out));
    for (i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            for (i++; i < argc; i++)
                argv[n++] = argv[i];
            break;
        }
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[n++] = argv[i];
            continue;
        }
        rc = opt_one(table, argc, argv, &i, out, err);
        if (rc != KURA_OK)
            return rc;
    }
    out->operands = argv;
    out->count = n;
    return KURA_OK;
}

const char *kura_opt_get(const struct kura_opt *table,
                         const struct kura_args *args, const char *name)
{
    int i = opt_find(table, name, strlen(name));

    assert(i >= 0);
    return args->values[i];
}

const char *kura_opt_next(const struct kura_opt *table,
                          const struct kura_args *args, const char *name,
                          int *at)
{
    int i = opt_find(table, name, strlen(name));

    assert(i >= 0 && opt_is_many(&table[i]));
    while (*at < args->many_count) {
        int k = (*at)++;

        if (args->many[k].option == i)
            return args->many[k].value;
    }
    return NULL;
}

void kura_opt_print(const struct kura_opt *table, FILE *f)
{
    char left[64];
    int i;

    for (i = 0; table[i].name != NULL; i++) {
        const struct kura_opt *o = &table[i];

        (void)snprintf(
            left, sizeof(left), "%c%c%s--%s%s%s", o->letter != 0 ? '-' : ' ',
            o->letter != 0 ? o->letter : ' ', o->letter != 0 ? ", " : "  ",
            o->name, o->value != NULL ? " " : "",
            o->value != NULL ? o->value : "");
        (void)fprintf(f, "  %-23s  %s\n", left, o->about);
    }
}
