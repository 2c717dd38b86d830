/* err.h - what went wrong, in words, without allocation.
 *
 * A function that can fail returns `enum kura_rc` and takes `struct kura_err
 * *err` last; NULL means that the caller does not want the words.  The first
 * error stays: later ones do not overwrite it.  Messages are lower case, have
 * no full stop and no function name, quote their subject and name the cause
 * last; bad input names file, line and byte.  A second line may give a hint.
 * Only cli/ prints. */
#ifndef KURA_BASE_ERR_H
#define KURA_BASE_ERR_H

enum kura_rc {
    KURA_OK = 0,
    KURA_ENOMEM,    /* memory is gone, or a bound of ours was reached */
    KURA_EIO,       /* the system refused: disk, permission, descriptor */
    KURA_ECORRUPT,  /* our own data is damaged */
    KURA_EINPUT,    /* input, format or configuration is not as it must be */
    KURA_EUSAGE,    /* the command line is wrong */
    KURA_EBUSY,     /* another process has it */
    KURA_ENOTFOUND, /* no such thing */
    KURA_ESTOPPED   /* the user asked to stop */
};

struct kura_err {
    enum kura_rc rc; /* KURA_OK: nothing has gone wrong yet */
    char msg[512];
};

#define KURA_ERR_INIT                                                          \
    {                                                                          \
        KURA_OK, ""                                                            \
    }

/* Records the error unless one is recorded already; returns `rc`. */
enum kura_rc kura_err_set(struct kura_err *err, enum kura_rc rc,
                          const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Same, with ": <text of errnum>" added.  Returns KURA_ENOMEM for ENOMEM,
 * else KURA_EIO. */
enum kura_rc kura_err_sys(struct kura_err *err, int errnum, const char *fmt,
                          ...) __attribute__((format(printf, 3, 4)));

/* Adds "\nhint: ..." to a recorded error that has no hint yet. */
void kura_err_hint(struct kura_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "out of memory", KURA_ENOMEM. */
enum kura_rc kura_err_nomem(struct kura_err *err);

#endif
