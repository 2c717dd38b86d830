/* fuzz.h - what each fuzz_<entry>.c gives, and what it may use.
 *
 * An entry is one function that takes any bytes and must come back; it aborts
 * when what it called broke a promise.  libFuzzer calls it (make fuzz), and so
 * does main.c with saved files and with mutations of the seeds (make check). */
#ifndef KURA_TESTS_FUZZ_H
#define KURA_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Gives each of the entry's seeds: valid input from which mutations begin. */
typedef void fuzz_take_fn(void *arg, const void *p, size_t n);
void fuzz_seeds(fuzz_take_fn *take, void *arg);

/* How many mutations a replay runs unless told. */
extern const unsigned fuzz_rounds;

#define FUZZ_CHECK(x)                                                          \
    do {                                                                       \
        if (!(x)) {                                                            \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,   \
                          #x);                                                 \
            abort();                                                           \
        }                                                                      \
    } while (0)

#endif
