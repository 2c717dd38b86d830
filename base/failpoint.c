#include "base/failpoint.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

const char *const kura_failpoints[KURA_FAIL_COUNT] = {
    [KURA_FAIL_SOURCE_ADDED] = "source-added",
    [KURA_FAIL_PARTITION_CREATED] = "partition-created",
    [KURA_FAIL_PARTITION_REGISTERED] = "partition-registered",
    [KURA_FAIL_ROW_APPENDED] = "row-appended",
    [KURA_FAIL_PARTITION_COMMITTED] = "partition-committed",
    [KURA_FAIL_ALL_COMMITTED] = "all-committed",
    [KURA_FAIL_MARK_MOVED] = "mark-moved",
    [KURA_FAIL_RETRY_COMMITTED] = "retry-committed",
    [KURA_FAIL_RETRY_REPLACED] = "retry-replaced",
    [KURA_FAIL_SEAL_WRITTEN] = "seal-written",
    [KURA_FAIL_SEAL_PACKED] = "seal-packed",
    [KURA_FAIL_SEAL_PUBLISHED] = "seal-published",
    [KURA_FAIL_SEAL_LISTED] = "seal-listed",
    [KURA_FAIL_VOLUME_RESERVED] = "volume-reserved",
    [KURA_FAIL_VOLUME_WRITTEN] = "volume-written",
    [KURA_FAIL_VOLUME_COPIED] = "volume-copied",
    [KURA_FAIL_VOLUME_PUBLISHED] = "volume-published",
    [KURA_FAIL_VOLUME_CHECKED] = "volume-checked",
    [KURA_FAIL_VOLUME_LISTED] = "volume-listed",
    [KURA_FAIL_FILE_REMOVED] = "file-removed",
    [KURA_FAIL_LEASE_ADDED] = "lease-added",
    [KURA_FAIL_RESTORE_WRITTEN] = "restore-written",
    [KURA_FAIL_RESTORE_LISTED] = "restore-listed",
    [KURA_FAIL_LEASE_ACTIVE] = "lease-active",
    [KURA_FAIL_LEASE_ENDING] = "lease-ending",
    [KURA_FAIL_LEASE_DROPPED] = "lease-dropped",
    [KURA_FAIL_VOLUME_EXPIRED] = "volume-expired",
    [KURA_FAIL_CATALOG_WRITTEN] = "catalog-written",
    [KURA_FAIL_CATALOG_PUBLISHED] = "catalog-published",
};

/* Set before threads start; only the builder's thread passes failpoints. */
static enum kura_failpoint failpoint_armed = KURA_FAIL_COUNT;
static long failpoint_left;

void kura_failpoint_init(void)
{
    const char *set = getenv("KURA_FAILPOINT");
    const char *colon = set == NULL ? NULL : strchr(set, ':');
    size_t n;
    int i;

    if (set == NULL)
        return;
    n = colon != NULL ? (size_t)(colon - set) : strlen(set);
    for (i = 0; i < KURA_FAIL_COUNT; i++) {
        if (strlen(kura_failpoints[i]) == n &&
            memcmp(kura_failpoints[i], set, n) == 0)
            failpoint_armed = (enum kura_failpoint)i;
    }
    failpoint_left = colon != NULL ? strtol(colon + 1, NULL, 10) : 1;
}

void kura_failpoint(enum kura_failpoint at)
{
    if (at == failpoint_armed && --failpoint_left == 0)
        (void)raise(SIGKILL);
}
