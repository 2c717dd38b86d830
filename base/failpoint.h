/* failpoint.h - named places at which a test can kill the process.
 *
 * KURA_FAILPOINT=name:n in the environment kills the process (SIGKILL, as a
 * power cut would) when it passes the place for the n-th time; without it a
 * place costs one comparison.  The names stand in kura_failpoints. */
#ifndef KURA_BASE_FAILPOINT_H
#define KURA_BASE_FAILPOINT_H

enum kura_failpoint {
    KURA_FAIL_SOURCE_ADDED,
    KURA_FAIL_PARTITION_CREATED,
    KURA_FAIL_PARTITION_REGISTERED,
    KURA_FAIL_ROW_APPENDED,
    KURA_FAIL_PARTITION_COMMITTED,
    KURA_FAIL_ALL_COMMITTED,
    KURA_FAIL_MARK_MOVED,
    KURA_FAIL_RETRY_COMMITTED,
    KURA_FAIL_RETRY_REPLACED,
    KURA_FAIL_SEAL_WRITTEN,
    KURA_FAIL_SEAL_PACKED,
    KURA_FAIL_SEAL_PUBLISHED,
    KURA_FAIL_SEAL_LISTED,
    KURA_FAIL_VOLUME_RESERVED,
    KURA_FAIL_VOLUME_WRITTEN,
    KURA_FAIL_VOLUME_COPIED,
    KURA_FAIL_VOLUME_PUBLISHED,
    KURA_FAIL_VOLUME_CHECKED,
    KURA_FAIL_VOLUME_LISTED,
    KURA_FAIL_FILE_REMOVED,
    KURA_FAIL_LEASE_ADDED,
    KURA_FAIL_RESTORE_WRITTEN,
    KURA_FAIL_RESTORE_LISTED,
    KURA_FAIL_LEASE_ACTIVE,
    KURA_FAIL_LEASE_ENDING,
    KURA_FAIL_LEASE_DROPPED,
    KURA_FAIL_VOLUME_EXPIRED,
    KURA_FAIL_CATALOG_WRITTEN,
    KURA_FAIL_CATALOG_PUBLISHED,
    KURA_FAIL_COUNT
};

extern const char *const kura_failpoints[KURA_FAIL_COUNT];

/* Reads the environment; call once before threads start. */
void kura_failpoint_init(void);
void kura_failpoint(enum kura_failpoint at);

#endif
