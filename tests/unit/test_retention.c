/* test_retention.c - what is due, case by case.
 *
 * A case is written in words, one fact a line; the plan is compared as words:
 *
 *   seal dns 2025-01-01: 1           fold dns 2025-01-01: 1 2
 *   archive dns 2025-01-01..2025-01-31: 1 2
 *   expire dns 2024-01-01..2024-01-31: 7       release: 3
 *   held 1                            (volumes that only a hold keeps) */
#include "base/buf.h"
#include "base/clock.h"
#include "store/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define MANY 16

struct due_case {
    struct kura_policy policy;
    struct kura_due_partition partitions[MANY];
    struct kura_due_volume volumes[MANY];
    struct kura_due_lease leases[MANY];
    struct kura_due_hold holds[MANY];
    struct kura_retention r;
};

static struct due_case one;

static int table(const char *name)
{
    int i;

    for (i = 0; i < kura_schema_count(); i++)
        if (strcmp(kura_schema_at(i)->name, name) == 0)
            return i;
    return -1;
}

static int64_t day(const char *text)
{
    int64_t d = 0;

    if (!kura_day_parse(text, &d))
        fail_msg("'%s' is no day", text);
    return d;
}

static struct kura_period period(const char *text)
{
    struct kura_period p;

    assert_int_equal(kura_period_parse(text, &p, NULL), KURA_OK);
    return p;
}

/* By default: now and the newest event are at noon of this day. */
static void begin(const char *today)
{
    struct kura_retention *r = &one.r;

    memset(&one, 0, sizeof(one));
    assert_int_equal(kura_policy_read(NULL, &one.policy, NULL), KURA_OK);
    r->policy = &one.policy;
    r->now_us = r->newest_us = day(today) * KURA_DAY + KURA_DAY / 2;
    r->before_day = INT64_MIN;
    r->only_table = -1;
    r->partitions = one.partitions;
    r->volumes = one.volumes;
    r->leases = one.leases;
    r->holds = one.holds;
}

/* state: "open", "full", "sealed". */
static void partition(const char *name, const char *at, const char *state,
                      int64_t rows)
{
    struct kura_due_partition *p = &one.partitions[one.r.partition_count];

    assert_true(one.r.partition_count < MANY);
    p->number = (int64_t)++one.r.partition_count;
    p->table = table(name);
    p->day = day(at);
    p->sealed = strcmp(state, "sealed") == 0;
    p->full = strcmp(state, "full") == 0;
    p->rows = rows;
    p->bytes = 10 * rows;
}

static void volume(const char *name, const char *first, const char *last)
{
    struct kura_due_volume *v = &one.volumes[one.r.volume_count];

    v->number = (int64_t)++one.r.volume_count;
    v->table = table(name);
    v->first_day = day(first);
    v->last_day = day(last);
    v->bytes = 1000;
}

static void hold(const char *name, const char *first, const char *last)
{
    struct kura_due_hold *h = &one.holds[one.r.hold_count++];

    h->table = name == NULL ? -1 : table(name);
    h->first_day = day(first);
    h->last_day = day(last);
}

static void item_words(const struct kura_due_item *i, struct kura_buf *out)
{
    static const char *const words[] = {"seal", "fold", "archive", "expire",
                                        "release"};
    char first[KURA_DAY_TEXT], last[KURA_DAY_TEXT];
    size_t k;

    (void)kura_buf_puts(out, words[i->what], NULL);
    if (i->what != KURA_DUE_RELEASE) {
        kura_day_format(i->first_day, first);
        kura_day_format(i->last_day, last);
        (void)kura_buf_printf(out, NULL, " %s %s",
                              kura_schema_at(i->table)->name, first);
        if (i->first_day != i->last_day)
            (void)kura_buf_printf(out, NULL, "..%s", last);
    }
    (void)kura_buf_puts(out, ":", NULL);
    for (k = 0; k < i->count; k++)
        (void)kura_buf_printf(out, NULL, " %lld", (long long)i->numbers[k]);
    (void)kura_buf_puts(out, "\n", NULL);
}

static void due_at(const char *want, int line)
{
    struct kura_err err = KURA_ERR_INIT;
    struct kura_plan p = {NULL, 0, 0};
    struct kura_buf got;
    size_t i;

    kura_buf_init(&got, 1 << 16);
    if (kura_retention_plan(&one.r, &p, &err) != KURA_OK)
        fail_msg("%s", err.msg);
    for (i = 0; i < p.count; i++)
        item_words(&p.items[i], &got);
    if (p.held != 0)
        (void)kura_buf_printf(&got, NULL, "held %zu\n", p.held);
    (void)kura_buf_puts(&got, "", NULL);
    if (strcmp(got.data == NULL ? "" : got.data, want) != 0)
        fail_msg("line %d: got\n%swanted\n%s", line, got.data, want);
    kura_buf_release(&got);
    kura_plan_release(&p);
}
#define DUE(want) due_at(want, __LINE__)

/* --- Sealing ------------------------------------------------------------ */

static void nothing(void **state)
{
    (void)state;
    begin("2025-07-10");
    DUE("");
    one.r.newest_us = INT64_MIN; /* nothing but rejects, or nothing at all */
    partition("reject", "2020-01-01", "open", 5);
    partition("reject", "2020-01-01", "sealed", 5);
    volume("dns", "2000-01-01", "2000-01-31");
    one.policy.keep[table("dns")] = period("1y");
    DUE("");
}

static void lateness(void **state)
{
    (void)state;
    begin("2025-07-10");
    partition("dns", "2025-07-06", "sealed", 5);
    partition("dns", "2025-07-07", "open", 5); /* over, and two days more */
    partition("dns", "2025-07-08", "open", 5);
    partition("dns", "2025-07-09", "full", 5);
    partition("dns", "2025-07-10", "open", 5);
    partition("dns", "2025-07-10", "full", 5);
    DUE("seal dns 2025-07-07: 2\n"
        "seal dns 2025-07-09: 4\n"
        "seal dns 2025-07-10: 6\n");
    one.policy.lateness_days = 1;
    DUE("seal dns 2025-07-07: 2\n"
        "seal dns 2025-07-08: 3\n"
        "seal dns 2025-07-09: 4\n"
        "seal dns 2025-07-10: 6\n");
    one.policy.lateness_days = 200;
    DUE("seal dns 2025-07-09: 4\n"
        "seal dns 2025-07-10: 6\n");
    /* The last microsecond of a day is still that day. */
    begin("2025-07-10");
    partition("dns", "2025-07-08", "open", 5);
    one.r.now_us = one.r.newest_us = day("2025-07-11") * KURA_DAY - 1;
    DUE("");
    one.r.now_us++;
    DUE("");
    one.r.newest_us++;
    DUE("seal dns 2025-07-08: 1\n");
}

/* Both the clock and the logs must say so. */
static void clocks(void **state)
{
    (void)state;
    begin("2025-07-10");
    partition("dns", "2025-04-09", "sealed", 5);
    partition("dns", "2025-04-10", "sealed", 5);
    partition("dns", "2025-07-09", "open", 5);
    DUE("archive dns 2025-04-09: 1\n");
    one.r.now_us = day("2099-01-01") * KURA_DAY;
    DUE("archive dns 2025-04-09: 1\n");
    begin("2025-07-10");
    partition("dns", "2025-04-09", "sealed", 5);
    partition("dns", "2025-07-09", "open", 5);
    one.r.newest_us = day("2025-09-10") * KURA_DAY;
    DUE("archive dns 2025-04-09: 1\n");
    one.r.now_us = day("2025-01-01") * KURA_DAY; /* went back */
    DUE("");
}

/* --- Folding ------------------------------------------------------------- */

static void folding(void **state)
{
    (void)state;
    begin("2025-07-10");
    partition("dns", "2025-07-01", "sealed", 5);
    partition("dns", "2025-07-01", "open", 5); /* sealed first */
    partition("dns", "2025-07-02", "sealed", 5);
    partition("dns", "2025-07-09", "sealed", 5); /* may grow */
    partition("dns", "2025-07-09", "full", 5);
    partition("mail", "2025-07-02", "sealed", 5);
    partition("proxy", "2025-07-02", "sealed", 5);
    partition("proxy", "2025-07-02", "sealed", 5);
    partition("proxy", "2025-07-02", "sealed", 5);
    DUE("seal dns 2025-07-01: 2\n"
        "seal dns 2025-07-09: 5\n"
        "fold dns 2025-07-01: 1 2\n"
        "fold proxy 2025-07-02: 7 8 9\n");
}

static void folding_what_fits(void **state)
{
    (void)state;
    begin("2025-07-10");
    partition("dns", "2025-07-01", "sealed", KURA_SEAL_ROWS);
    partition("dns", "2025-07-01", "sealed", 1);
    partition("dns", "2025-07-01", "sealed", KURA_SEAL_ROWS - 1);
    partition("dns", "2025-07-01", "sealed", 1);
    partition("dns", "2025-07-02", "sealed", KURA_SEAL_ROWS);
    partition("dns", "2025-07-02", "sealed", KURA_SEAL_ROWS);
    DUE("fold dns 2025-07-01: 2 3\n");
}

/* --- Archiving ------------------------------------------------------------ */

/* Days before `limit` are due, `limit` is not. */
static void limit(const char *today, const char *online, const char *at)
{
    char before[KURA_DAY_TEXT], want[80];

    kura_day_format(day(at) - 1, before);
    begin(today);
    one.policy.online[table("dns")] = period(online);
    partition("dns", before, "sealed", 5);
    partition("dns", at, "sealed", 5);
    (void)snprintf(want, sizeof(want), "archive dns %s: 1\n", before);
    DUE(want);
}

static void online_period(void **state)
{
    (void)state;
    limit("2025-04-01", "3mo", "2025-01-01");
    limit("2025-03-31", "3mo", "2024-12-31");
    limit("2025-05-31", "3mo", "2025-02-28"); /* February has no 31st */
    limit("2024-05-31", "3mo", "2024-02-29");
    limit("2025-05-28", "3mo", "2025-02-28");
    limit("2025-06-01", "3mo", "2025-03-01");
    limit("2025-07-31", "1mo", "2025-06-30");
    limit("2024-02-29", "1y", "2023-02-28");
    limit("2025-07-10", "10d", "2025-06-30");
    limit("2025-07-10", "2w", "2025-06-26");
}

static void whole_months(void **state)
{
    (void)state;
    begin("2025-04-30");
    partition("dns", "2024-12-31", "sealed", 5);
    partition("dns", "2025-01-01", "sealed", 5);
    partition("dns", "2025-01-29", "sealed", 5);
    partition("dns", "2025-01-30", "sealed", 5);
    one.r.whole_months = true;
    DUE("archive dns 2024-12-31: 1\n");
    one.r.whole_months = false;
    DUE("archive dns 2024-12-31: 1\n"
        "archive dns 2025-01-01..2025-01-29: 2 3\n");
    /* January has 31 days: all of it is due when February's first is not. */
    one.r.whole_months = true;
    one.r.now_us = one.r.newest_us = day("2025-05-01") * KURA_DAY;
    DUE("archive dns 2024-12-31: 1\n"
        "archive dns 2025-01-01..2025-01-30: 2 3 4\n");
    /* May's end less three months is February's, which is not over then. */
    begin("2025-05-31");
    partition("dns", "2025-01-31", "sealed", 5);
    partition("dns", "2025-02-27", "sealed", 5);
    one.r.whole_months = true;
    DUE("archive dns 2025-01-31: 1\n");
}

static void months_and_tables(void **state)
{
    (void)state;
    begin("2025-07-10");
    one.policy.online[table("mail")] = period("forever");
    one.policy.online[table("proxy")] = period("1y");
    partition("dns", "2024-02-10", "sealed", 5);
    partition("dns", "2025-02-10", "sealed", 5); /* the same month, later */
    partition("dns", "2025-02-11", "open", 5);   /* came late */
    partition("dns", "2025-02-11", "sealed", 5);
    partition("mail", "2000-01-01", "sealed", 5);
    partition("proxy", "2024-07-09", "sealed", 5);
    partition("proxy", "2024-07-10", "sealed", 5);
    DUE("seal dns 2025-02-11: 3\n"
        "fold dns 2025-02-11: 3 4\n"
        "archive dns 2024-02-10: 1\n"
        "archive dns 2025-02-10..2025-02-11: 2 3 4\n"
        "archive proxy 2024-07-09: 6\n");
    one.r.only_table = table("proxy");
    DUE("archive proxy 2024-07-09: 6\n");
}

/* Online for less than the allowance for late lines: the archive wins. */
static void sealed_for_the_archive(void **state)
{
    (void)state;
    begin("2025-07-10");
    one.policy.lateness_days = 30;
    one.policy.online[table("dns")] = period("5d");
    partition("dns", "2025-07-04", "open", 5);
    partition("dns", "2025-07-05", "open", 5);
    DUE("seal dns 2025-07-04: 1\n"
        "archive dns 2025-07-04: 1\n");
}

static void before(void **state)
{
    (void)state;
    begin("2025-07-10");
    one.policy.online[table("dns")] = period("forever");
    partition("dns", "2025-07-01", "open", 5);
    partition("dns", "2025-07-02", "open", 5);
    partition("dns", "2025-07-10", "open", 5);
    one.r.before_day = day("2025-07-02");
    DUE("seal dns 2025-07-01: 1\n"
        "seal dns 2025-07-02: 2\n"
        "archive dns 2025-07-01: 1\n");
    one.r.before_day = day("2099-01-01"); /* what is not over stays */
    DUE("seal dns 2025-07-01: 1\n"
        "seal dns 2025-07-02: 2\n"
        "archive dns 2025-07-01..2025-07-02: 1 2\n");
}

/* --- Expiry, holds, leases -------------------------------------------------- */

static void expiry(void **state)
{
    (void)state;
    begin("2025-07-10");
    volume("dns", "2024-06-01", "2024-06-30");
    volume("dns", "2024-07-01", "2024-07-09");
    volume("dns", "2024-07-01", "2024-07-10");
    volume("mail", "2000-01-01", "2000-01-31");
    DUE("");
    one.policy.keep[table("dns")] = period("1y");
    DUE("expire dns 2024-06-01..2024-06-30: 1\n"
        "expire dns 2024-07-01..2024-07-09: 2\n");
    one.r.now_us = day("2099-01-01") * KURA_DAY;
    DUE("expire dns 2024-06-01..2024-06-30: 1\n"
        "expire dns 2024-07-01..2024-07-09: 2\n");
    one.r.newest_us = day("2025-07-09") * KURA_DAY;
    DUE("expire dns 2024-06-01..2024-06-30: 1\n");
    one.r.only_table = table("mail");
    DUE("");
}

/* One volume 2024-03-01..2024-03-31 and one hold: does it keep it? */
static void held(const char *name, const char *first, const char *last,
                 bool keeps)
{
    begin("2025-07-10");
    one.policy.keep[table("dns")] = period("1y");
    volume("dns", "2024-03-01", "2024-03-31");
    hold(name, first, last);
    DUE(keeps ? "held 1\n" : "expire dns 2024-03-01..2024-03-31: 1\n");
}

static void holds(void **state)
{
    (void)state;
    held(NULL, "2024-03-10", "2024-03-12", true);
    held(NULL, "2024-01-01", "2024-12-31", true);
    held("dns", "2024-03-31", "2024-04-30", true); /* by its last day */
    held("dns", "2024-02-01", "2024-03-01", true); /* by its first */
    held("dns", "2024-02-01", "2024-02-29", false);
    held("dns", "2024-04-01", "2024-04-30", false);
    held("proxy", "2024-03-01", "2024-03-31", false);
    begin("2025-07-10"); /* two holds, and what is held may be archived */
    one.policy.keep[table("dns")] = period("1y");
    volume("dns", "2024-03-01", "2024-03-31");
    volume("dns", "2025-03-01", "2025-03-31"); /* would not expire anyway */
    hold("dns", "2024-03-01", "2025-03-31");
    hold(NULL, "2024-03-01", "2025-03-31");
    partition("dns", "2025-03-01", "sealed", 5);
    DUE("archive dns 2025-03-01: 1\n"
        "held 1\n");
}

/* A lease ends by the wall clock, whatever the logs say. */
static void leases(void **state)
{
    (void)state;
    begin("2025-07-10");
    one.leases[0].number = 4;
    one.leases[0].expires_us = one.r.now_us;
    one.leases[1].number = 5;
    one.leases[1].expires_us = one.r.now_us + 1;
    one.r.lease_count = 2;
    DUE("release: 4\n");
    one.r.newest_us = INT64_MIN;
    DUE("release: 4\n");
}

/* What is told beside the numbers. */
static void sums(void **state)
{
    struct kura_plan p = {NULL, 0, 0};

    (void)state;
    begin("2025-07-10");
    partition("dns", "2025-01-01", "sealed", 7);
    partition("dns", "2025-01-02", "sealed", 8);
    assert_int_equal(kura_retention_plan(&one.r, &p, NULL), KURA_OK);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.items[0].rows, 15);
    assert_int_equal(p.items[0].bytes, 150);
    kura_plan_release(&p);
    kura_plan_release(&p);
}

static int setup(void **state)
{
    (void)state;
    return kura_schema_load(NULL) == KURA_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(lateness),
        cmocka_unit_test(clocks),
        cmocka_unit_test(folding),
        cmocka_unit_test(folding_what_fits),
        cmocka_unit_test(online_period),
        cmocka_unit_test(whole_months),
        cmocka_unit_test(months_and_tables),
        cmocka_unit_test(sealed_for_the_archive),
        cmocka_unit_test(before),
        cmocka_unit_test(expiry),
        cmocka_unit_test(holds),
        cmocka_unit_test(leases),
        cmocka_unit_test(sums),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
