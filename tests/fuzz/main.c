/* main.c - replays an entry point without libFuzzer.
 *
 *     fuzz_ENTRY [-n ROUNDS] [-s SEED] [FILE|DIR...]   the seeds, these files,
 *                                                      and mutations of them
 *     fuzz_ENTRY -w DIR                                writes the seeds there
 *
 * The same SEED gives the same mutations.  The input at hand is kept in the
 * file KURA_FUZZ_LAST (when set) before it is tried, so that one which crashes
 * is not lost. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAIN_INPUT_MAX ((size_t)256 * 1024)

struct input {
    uint8_t *data;
    size_t n;
};

struct corpus {
    struct input *items;
    size_t count;
};

/* --- The corpus ---------------------------------------------------------- */

static void corpus_add(void *arg, const void *p, size_t n)
{
    struct corpus *c = arg;
    struct input *grown =
        realloc(c->items, (c->count + 1) * sizeof(*c->items));

    FUZZ_CHECK(grown != NULL);
    c->items = grown;
    grown[c->count].data = malloc(n + 1);
    FUZZ_CHECK(grown[c->count].data != NULL);
    if (n != 0)
        memcpy(grown[c->count].data, p, n);
    grown[c->count].n = n;
    c->count++;
}

static void corpus_add_path(struct corpus *c, const char *path)
{
    static uint8_t buf[MAIN_INPUT_MAX];
    char below[4096];
    struct dirent *e;
    size_t n;
    FILE *f;
    DIR *d = opendir(path);

    if (d != NULL) {
        while ((e = readdir(d)) != NULL) {
            (void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
            if (e->d_name[0] != '.')
                corpus_add_path(c, below);
        }
        (void)closedir(d);
        return;
    }
    f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    n = fread(buf, 1, sizeof(buf), f);
    (void)fclose(f);
    corpus_add(c, buf, n);
}

static void corpus_free(struct corpus *c)
{
    size_t i;

    for (i = 0; i < c->count; i++)
        free(c->items[i].data);
    free(c->items);
}

static bool corpus_write(const struct corpus *c, const char *dir)
{
    char path[4096];
    size_t i;

    for (i = 0; i < c->count; i++) {
        bool good;
        FILE *f;

        (void)snprintf(path, sizeof(path), "%s/seed-%04zu", dir, i);
        f = fopen(path, "wb");
        if (f == NULL)
            return false;
        good = fwrite(c->items[i].data, 1, c->items[i].n, f) == c->items[i].n;
        if (fclose(f) != 0 || !good)
            return false;
    }
    return true;
}

/* --- Mutations ----------------------------------------------------------- */

static uint64_t main_state;

static uint64_t draw(uint64_t below) /* splitmix64 */
{
    uint64_t z = (main_state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (z ^ (z >> 31)) % below;
}

/* Puts k bytes at `at`, in the place of `gone` bytes; nothing when too long. */
static void splice(struct input *in, size_t at, size_t gone, const void *p,
                   size_t k)
{
    if (in->n - gone + k > MAIN_INPUT_MAX)
        return;
    memmove(in->data + at + k, in->data + at + gone, in->n - at - gone);
    if (k != 0)
        memcpy(in->data + at, p, k);
    in->n = in->n - gone + k;
}

static void mutate_once(struct input *in, const struct corpus *c)
{
    static const char *const words[] = {
        "{",  "}",    "{{",    "=?",   "?=",   "\"",       "\\",
        ":",  "%",    "[",     "]",    "-",    "- ",       "\n",
        "\r", "\xff", "\xc3",  "\xe3\x81", "*0*=", "utf-8''",
        "<",  "00000000000000000000", "9223372036854775808", "-1"};
    static uint8_t run[4096];
    const struct input *other = &c->items[draw(c->count)];
    size_t at = (size_t)draw(in->n + 1), k, from;
    const char *word;

    switch (draw(9)) {
    case 0: /* a bit */
        if (at < in->n)
            in->data[at] ^= (uint8_t)(1u << draw(8));
        break;
    case 1: /* a byte */
        if (at < in->n)
            in->data[at] = (uint8_t)draw(256);
        break;
    case 2: /* a byte more */
        run[0] = (uint8_t)draw(256);
        splice(in, at, 0, run, 1);
        break;
    case 3: /* some bytes less */
        k = in->n - at < 8 ? in->n - at : (size_t)draw(8);
        splice(in, at, k, NULL, 0);
        break;
    case 4: /* a word that means something to some entry */
        word = words[draw(sizeof(words) / sizeof(words[0]))];
        splice(in, at, 0, word, strlen(word));
        break;
    case 5: /* cut short */
        if (draw(4) == 0)
            in->n = at;
        break;
    case 6: /* the same again, or many of one byte */
        k = (size_t)draw(draw(20) == 0 ? sizeof(run) : 40);
        memset(run, at < in->n ? in->data[at] : 'a', k);
        splice(in, at, 0, run, k);
        break;
    case 7: /* a piece of this one once more */
        k = (size_t)draw((in->n - at < sizeof(run) ? in->n - at
                                                   : sizeof(run) - 1) +
                         1);
        memcpy(run, in->data + at, k);
        splice(in, (size_t)draw(in->n + 1), 0, run, k);
        break;
    default: /* a piece of another one */
        if (other->n == 0)
            break;
        from = (size_t)draw(other->n);
        k = (size_t)draw(other->n - from < 200 ? other->n - from : 200);
        splice(in, at, (size_t)draw((in->n - at < k ? in->n - at : k) + 1),
               other->data + from, k);
        break;
    }
}

/* --- Runs ---------------------------------------------------------------- */

/* From memory of exactly its size, where a sanitizer sees a byte too far. */
static void run_one(const uint8_t *data, size_t n)
{
    const char *last = getenv("KURA_FUZZ_LAST");
    uint8_t *copy = malloc(n != 0 ? n : 1);
    FILE *f = last == NULL ? NULL : fopen(last, "wb");

    FUZZ_CHECK(copy != NULL);
    if (n != 0)
        memcpy(copy, data, n);
    if (f != NULL) {
        (void)fwrite(copy, 1, n, f);
        (void)fclose(f);
    }
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static void run_mutations(const struct corpus *c, unsigned rounds)
{
    static uint8_t room[MAIN_INPUT_MAX];
    struct input in = {room, 0};
    unsigned i;
    uint64_t k;

    for (i = 0; i < rounds; i++) {
        const struct input *seed = &c->items[i % c->count];

        in.n = seed->n < sizeof(room) ? seed->n : sizeof(room);
        if (in.n != 0)
            memcpy(room, seed->data, in.n);
        for (k = draw(6) + 1; k > 0; k--)
            mutate_once(&in, c);
        run_one(in.data, in.n);
    }
}

int main(int argc, char **argv)
{
    struct corpus c = {NULL, 0};
    unsigned rounds = fuzz_rounds;
    const char *out = NULL;
    int option, code = 0;
    size_t i;

    main_state = 20150218;
    while ((option = getopt(argc, argv, "n:s:w:")) != -1) {
        if (option == 'n')
            rounds = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 's')
            main_state = strtoull(optarg, NULL, 10);
        else if (option == 'w')
            out = optarg;
        else
            return 2;
    }
    fuzz_seeds(corpus_add, &c);
    if (out != NULL) {
        code = corpus_write(&c, out) ? 0 : 2;
    } else {
        for (; optind < argc; optind++)
            corpus_add_path(&c, argv[optind]);
        for (i = 0; i < c.count; i++)
            run_one(c.items[i].data, c.items[i].n);
        run_mutations(&c, rounds);
        (void)printf("%zu inputs, %u mutations\n", c.count, rounds);
    }
    corpus_free(&c);
    return code;
}
