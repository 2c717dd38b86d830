/* event_csv.c - one Windows event as CSV: what Event Viewer saves (English and
 * Japanese), and what Export-Csv makes of Get-WinEvent.
 *
 * The names of the columns stand in the first record of the file, before its
 * first event; Event Viewer names one column less than there are, the last is
 * the message.  It says neither computer nor record number, and the values of
 * the event only in the words of the message: those of log-ons and tickets are
 * read out of it (csv_labels). */
#include "base/text.h"
#include "ingest/parse_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CSV_FIELDS 64

enum csv_kind {
    CSV_NONE,
    CSV_LEVEL,
    CSV_KEYWORDS,
    CSV_TIME,
    CSV_MESSAGE,
    CSV_VALUE /* a value of System */
};

struct csv_field {
    size_t start, end; /* in the text, between quotes */
    bool quoted;
};

struct csv_column {
    enum csv_kind kind;
    char name[64]; /* VALUE: of System; NONE: a member of data */
};

struct kura_event_csv {
    struct csv_column columns[CSV_FIELDS];
    size_t count;
    struct kura_buf text; /* a field without its doubled quotes */
};

struct csv_name {
    const char *name;
    enum csv_kind kind;
    const char *column;
};

static const struct csv_name csv_names[] = {
    {"Level", CSV_LEVEL, ""},
    {"レベル", CSV_LEVEL, ""},
    {"Keywords", CSV_KEYWORDS, ""},
    {"キーワード", CSV_KEYWORDS, ""},
    {"Date and Time", CSV_TIME, ""},
    {"日付と時刻", CSV_TIME, ""},
    {"TimeCreated", CSV_TIME, ""},
    {"Source", CSV_VALUE, "Provider_Name"},
    {"ソース", CSV_VALUE, "Provider_Name"},
    {"ProviderName", CSV_VALUE, "Provider_Name"},
    {"Event ID", CSV_VALUE, "EventID"},
    {"イベント ID", CSV_VALUE, "EventID"},
    {"Id", CSV_VALUE, "EventID"},
    {"Log", CSV_VALUE, "Channel"},
    {"Log Name", CSV_VALUE, "Channel"},
    {"ログ", CSV_VALUE, "Channel"},
    {"LogName", CSV_VALUE, "Channel"},
    {"Computer", CSV_VALUE, "Computer"},
    {"コンピューター", CSV_VALUE, "Computer"},
    {"MachineName", CSV_VALUE, "Computer"},
    {"RecordId", CSV_VALUE, "EventRecordID"},
    {"ProviderId", CSV_VALUE, "Provider_Guid"},
    {"Version", CSV_VALUE, "Version"},
    {"Task", CSV_VALUE, "Task"},
    {"Opcode", CSV_VALUE, "Opcode"},
    {"ProcessId", CSV_VALUE, "Execution_ProcessID"},
    {"ThreadId", CSV_VALUE, "Execution_ThreadID"},
    {"ActivityId", CSV_VALUE, "Correlation_ActivityID"},
    {"Message", CSV_MESSAGE, ""},
    {"メッセージ", CSV_MESSAGE, ""}};

static bool text_is(const char *s, size_t n, const char *word)
{
    return kura_text_casecmp(s, n, word, strlen(word)) == 0;
}

/* --- Fields ----------------------------------------------------------------
 */

/* The fields of the row at *at; *at goes behind its line end. */
static size_t row_split(const char *s, size_t n, size_t *at,
                        struct csv_field *fields)
{
    size_t count = 0, i = *at;

    while (i < n && count < CSV_FIELDS) {
        struct csv_field *f = &fields[count++];

        f->quoted = s[i] == '"';
        f->start = i + (f->quoted ? 1 : 0);
        for (i = f->start; i < n; i++) {
            if (f->quoted && s[i] == '"' && i + 1 < n && s[i + 1] == '"')
                i++;
            else if (f->quoted ? s[i] == '"'
                               : s[i] == ',' || s[i] == '\n' || s[i] == '\r')
                break;
        }
        f->end = i < n ? i : n;
        while (i < n && s[i] != ',' && s[i] != '\n')
            i++;
        if (i == n || s[i++] == '\n')
            break;
    }
    *at = i;
    return count;
}

static enum kura_rc field_text(struct kura_event_csv *c, const char *s,
                               const struct csv_field *f, const char **text,
                               size_t *size, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    size_t i;

    *text = s + f->start;
    *size = f->end - f->start;
    if (!f->quoted || memchr(*text, '"', *size) == NULL)
        return KURA_OK;
    kura_buf_reset(&c->text);
    for (i = f->start; i < f->end && rc == KURA_OK; i++) {
        rc = kura_buf_putc(&c->text, s[i], err);
        if (s[i] == '"' && i + 1 < f->end && s[i + 1] == '"')
            i++;
    }
    *text = c->text.data;
    *size = c->text.len;
    return rc;
}

/* --- The header ------------------------------------------------------------
 */

/* Is the row at `at` the names of columns?  Then they are taken, and *at goes
 * behind it. */
static bool header_take(struct kura_event_csv *c, const char *s, size_t n,
                        size_t *at)
{
    struct csv_field fields[CSV_FIELDS];
    struct csv_column columns[CSV_FIELDS];
    size_t end = *at, count, i, k, time = 0, id = 0;

    if (n - end >= 3 && memcmp(s + end, "\xef\xbb\xbf", 3) == 0)
        end += 3;
    count = row_split(s, n, &end, fields);
    for (i = 0; i < count; i++) {
        const char *name = s + fields[i].start;
        size_t size = fields[i].end - fields[i].start;
        struct csv_column *column = &columns[i];

        column->kind = CSV_NONE;
        (void)snprintf(column->name, sizeof(column->name), "%.*s",
                       (int)(size < 63 ? size : 63), name);
        for (k = 0; k < sizeof(csv_names) / sizeof(csv_names[0]); k++) {
            if (!text_is(name, size, csv_names[k].name))
                continue;
            column->kind = csv_names[k].kind;
            if (column->kind == CSV_VALUE)
                (void)snprintf(column->name, sizeof(column->name), "%s",
                               csv_names[k].column);
            time += column->kind == CSV_TIME;
            id += strcmp(csv_names[k].column, "EventID") == 0;
        }
    }
    if (time == 0 || id == 0)
        return false;
    memcpy(c->columns, columns, count * sizeof(columns[0]));
    c->count = count;
    *at = end;
    return true;
}

enum kura_rc kura_event_csv_new(struct kura_parser *p, const char *head,
                                size_t n, struct kura_event_csv **out,
                                struct kura_err *err)
{
    struct kura_event_csv *c = calloc(1, sizeof(*c));
    const char *text = NULL;
    size_t size = 0, at = 0;
    enum kura_rc rc = KURA_OK;

    if (c == NULL)
        return kura_err_nomem(err);
    kura_buf_init(&c->text, (size_t)4 << 20);
    /* What comes behind the names may be cut in the middle of a character. */
    if (n != 0 && p->framing.encoding == KURA_BYTES &&
        memchr(head, '\n', n) != NULL)
        n = (size_t)((const char *)memchr(head, '\n', n) - head) + 1;
    if (n != 0)
        rc =
            kura_record_text(&p->framing, head, n, &p->text, &text, &size, err);
    if (rc == KURA_OK && size != 0)
        (void)header_take(c, text, size, &at);
    if (rc == KURA_OK)
        *out = c;
    else
        kura_event_csv_free(c);
    return rc;
}

void kura_event_csv_free(struct kura_event_csv *c)
{
    if (c == NULL)
        return;
    kura_buf_release(&c->text);
    free(c);
}

/* --- Values ----------------------------------------------------------------
 */

struct csv_word {
    const char *word, *value;
};

static const struct csv_word csv_levels[] = {
    {"Information", "4"}, {"情報", "4"},   {"Warning", "3"},  {"警告", "3"},
    {"Error", "2"},       {"エラー", "2"}, {"Critical", "1"}, {"重大", "1"},
    {"Verbose", "5"},     {"詳細", "5"},   {NULL, NULL}};

static const struct csv_word csv_keywords[] = {
    {"Audit Success", "0x8020000000000000"},
    {"成功の監査", "0x8020000000000000"},
    {"Audit Failure", "0x8010000000000000"},
    {"失敗の監査", "0x8010000000000000"},
    {NULL, NULL}};

static enum kura_rc word_put(struct kura_parser *p,
                             const struct csv_word *words, const char *name,
                             const char *text, size_t size,
                             const struct kura_event_place *place,
                             struct kura_err *err)
{
    for (; words->word != NULL; words++)
        if (text_is(text, size, words->word))
            return kura_event_add(p->event, KURA_EVENT_SYSTEM, name,
                                  strlen(name), words->value,
                                  strlen(words->value), NULL, err);
    return kura_event_add(p->event, KURA_EVENT_SYSTEM, name, strlen(name), text,
                          size, place, err);
}

/* 2019/11/07 17:05:19, 11/7/2019 5:05:19 PM, 07.11.2019 17:05:19: the year
 * first or last; months before days where the hours have AM or PM. */
static bool time_numbers(const char *s, int64_t *local)
{
    int a, b, c, h, m, sec, used = 0, year, month, day;
    char mark;
    bool noon;

    if (sscanf(s, "%4d%*[-/.]%2d%*[-/.]%4d %2d:%2d:%2d%n", &a, &b, &c, &h, &m,
               &sec, &used) != 6)
        return false;
    while (s[used] == ' ')
        used++;
    mark = s[used];
    noon = (mark == 'A' || mark == 'P') && s[used + 1] == 'M';
    if (noon && h == 12)
        h = 0;
    if (noon && mark == 'P')
        h += 12;
    year = a > 31 ? a : c;
    month = a > 31 ? b : noon ? a : b;
    day = a > 31 ? c : noon ? b : a;
    if (month > 12 && day <= 12) {
        int swap = month;

        month = day;
        day = swap;
    }
    if (year < 1990 || year > 2100 || month < 1 || month > 12 || day < 1 ||
        day > 31 || h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59)
        return false;
    *local = kura_days_from_civil(year, month, day) * KURA_DAY +
             (int64_t)((h * 60 + m) * 60 + sec) * KURA_SECOND;
    return true;
}

static void time_put(struct kura_parser *p, const char *text, size_t size,
                     const struct kura_event_place *place)
{
    char copy[64];
    int64_t local;

    kura_event_time(p->event, p, text, size, place);
    if (kura_event_has_time(p->event) || size >= sizeof(copy))
        return;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (time_numbers(copy, &local))
        kura_event_time_is(p->event, kura_zone_to_utc(p->cx.zone, local));
}

/* --- The message -----------------------------------------------------------
 */

enum csv_account { ACCOUNT_NONE, ACCOUNT_SUBJECT, ACCOUNT_TARGET };

/* Headings of accounts, and what stands under them. */
static const struct {
    const char *heading;
    enum csv_account account;
} csv_accounts[] = {{"Subject", ACCOUNT_SUBJECT},
                    {"サブジェクト", ACCOUNT_SUBJECT},
                    {"New Logon", ACCOUNT_TARGET},
                    {"新しいログオン", ACCOUNT_TARGET},
                    {"Account For Which Logon Failed", ACCOUNT_TARGET},
                    {"ログオンを失敗したアカウント", ACCOUNT_TARGET},
                    {"Account Information", ACCOUNT_TARGET},
                    {"アカウント情報", ACCOUNT_TARGET},
                    {"Account Whose Credentials Were Used", ACCOUNT_TARGET},
                    {"資格情報が使用されたアカウント", ACCOUNT_TARGET},
                    {"Target Account", ACCOUNT_TARGET},
                    {"ターゲット アカウント", ACCOUNT_TARGET},
                    {"New Account", ACCOUNT_TARGET},
                    {"新しいアカウント", ACCOUNT_TARGET}};

/* Labels, and the value that they name: of a subject, of a target or alone. */
static const struct {
    const char *english, *japanese, *subject, *target;
} csv_labels[] = {
    {"Account Name", "アカウント名", "SubjectUserName", "TargetUserName"},
    {"Account Domain", "アカウント ドメイン", "SubjectDomainName",
     "TargetDomainName"},
    {"Security ID", "セキュリティ ID", "SubjectUserSid", "TargetUserSid"},
    {"Logon ID", "ログオン ID", "SubjectLogonId", "TargetLogonId"},
    {"Supplied Realm Name", "提供された領域名", NULL, "TargetDomainName"},
    {"Logon Type", "ログオン タイプ", NULL, "LogonType"},
    {"Logon GUID", "ログオン GUID", NULL, "LogonGuid"},
    {"Process Name", "プロセス名", NULL, "ProcessName"},
    {"Caller Process Name", "呼び出し側プロセス名", NULL, "ProcessName"},
    {"Workstation Name", "ワークステーション名", NULL, "WorkstationName"},
    {"Source Workstation", "ソース ワークステーション", NULL, "Workstation"},
    {"Source Network Address", "ソース ネットワーク アドレス", NULL,
     "IpAddress"},
    {"Network Address", "ネットワーク アドレス", NULL, "IpAddress"},
    {"Client Address", "クライアント アドレス", NULL, "IpAddress"},
    {"Source Port", "ソース ポート", NULL, "IpPort"},
    {"Port", "ポート", NULL, "IpPort"},
    {"Client Port", "クライアント ポート", NULL, "IpPort"},
    {"Logon Process", "ログオン プロセス", NULL, "LogonProcessName"},
    {"Authentication Package", "認証パッケージ", NULL,
     "AuthenticationPackageName"},
    {"Package Name (NTLM only)", "パッケージ名 (NTLM のみ)", NULL,
     "LmPackageName"},
    {"Key Length", "キーの長さ", NULL, "KeyLength"},
    {"Privileges", "特権", NULL, "PrivilegeList"},
    {"Status", "状態", NULL, "Status"},
    {"Sub Status", "サブ ステータス", NULL, "SubStatus"},
    {"Result Code", "結果コード", NULL, "Status"},
    {"Failure Code", "エラー コード", NULL, "Status"},
    {"Error Code", "エラー コード", NULL, "Status"},
    {"Logon Account", "ログオン アカウント", NULL, "TargetUserName"},
    {"Service Name", "サービス名", NULL, "ServiceName"},
    {"Service File Name", "サービス ファイル名", NULL, "ServiceFileName"},
    {"Ticket Options", "チケット オプション", NULL, "TicketOptions"},
    {"Ticket Encryption Type", "チケット暗号化の種類", NULL,
     "TicketEncryptionType"},
    {"Pre-Authentication Type", "事前認証の種類", NULL, "PreAuthType"},
    {"Object Name", "オブジェクト名", NULL, "ObjectName"},
    {"Object Type", "オブジェクトの種類", NULL, "ObjectType"},
    {"Share Name", "共有名", NULL, "ShareName"},
    {"Relative Target Name", "相対ターゲット名", NULL, "RelativeTargetName"},
    {"Access Mask", "アクセス マスク", NULL, "AccessMask"},
    {"Task Name", "タスク名", NULL, "TaskName"}};

static const char *label_column(const char *label, size_t n,
                                enum csv_account account)
{
    size_t i;

    for (i = 0; i < sizeof(csv_labels) / sizeof(csv_labels[0]); i++) {
        if (!text_is(label, n, csv_labels[i].english) &&
            !text_is(label, n, csv_labels[i].japanese))
            continue;
        if (csv_labels[i].subject == NULL)
            return csv_labels[i].target;
        return account == ACCOUNT_SUBJECT  ? csv_labels[i].subject
               : account == ACCOUNT_TARGET ? csv_labels[i].target
                                           : NULL;
    }
    return NULL;
}

static enum csv_account heading_account(const char *s, size_t n)
{
    size_t i;

    for (i = 0; i < sizeof(csv_accounts) / sizeof(csv_accounts[0]); i++)
        if (text_is(s, n, csv_accounts[i].heading))
            return csv_accounts[i].account;
    return ACCOUNT_NONE;
}

static size_t blanks_size(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r'))
        i++;
    return i;
}

/* Behind a value: the lines that only go on with it (privileges). */
static size_t value_end(const char *s, size_t n, size_t end)
{
    size_t next = end + 1, at;

    while (next < n) {
        const char *line = memchr(s + next, '\n', n - next);
        size_t stop = line == NULL ? n : (size_t)(line - s);

        at = next + blanks_size(s + next, stop - next);
        if (at - next < 2 || at == stop ||
            memchr(s + at, ':', stop - at) != NULL)
            break;
        end = stop;
        next = stop + 1;
    }
    return end;
}

static enum kura_rc label_put(struct kura_parser *p, const char *column,
                              const char *value, size_t n, struct kura_err *err)
{
    size_t skip = blanks_size(value, n);
    int c =
        kura_event_column(p->event, KURA_EVENT_DATA, column, strlen(column));
    size_t sid = strlen(column) > 3 ? strlen(column) - 3 : 0;

    value += skip;
    n -= skip;
    while (n != 0 && strchr(" \t\r\n", value[n - 1]) != NULL)
        n--;
    /* An account instead of its SID. */
    if (strcmp(column + sid, "Sid") == 0 &&
        (n < 4 || memcmp(value, "S-1-", 4) != 0))
        return KURA_OK;
    if (n == 0 || kura_event_has(p->event, c))
        return KURA_OK;
    return kura_event_add(p->event, KURA_EVENT_DATA, column, strlen(column),
                          value, n, NULL, err);
}

/* "Label:  value" line by line, under headings that end in a colon. */
static enum kura_rc message_read(struct kura_parser *p, const char *s, size_t n,
                                 bool ended, struct kura_err *err)
{
    enum csv_account account = ACCOUNT_NONE;
    enum kura_rc rc = KURA_OK;
    size_t at = 0, end, label, skip;

    while (at < n && rc == KURA_OK) {
        const char *line = memchr(s + at, '\n', n - at), *colon, *column;

        end = line == NULL ? n : (size_t)(line - s);
        skip = at + blanks_size(s + at, end - at);
        colon = memchr(s + skip, ':', end - skip);
        label = colon == NULL ? 0 : (size_t)(colon - s);
        if (colon == NULL) {
            at = end + 1;
            continue;
        }
        if (skip == at &&
            label + 1 + blanks_size(colon + 1, end - label - 1) == end) {
            account = heading_account(s + skip, label - skip);
            /* The log-off of an account tells of it as the subject. */
            if (ended && account == ACCOUNT_SUBJECT)
                account = ACCOUNT_TARGET;
        }
        column = label_column(s + skip, label - skip, account);
        if (column != NULL) {
            if (strcmp(column, "PrivilegeList") == 0)
                end = value_end(s, n, end);
            rc = label_put(p, column, s + label + 1, end - label - 1, err);
        }
        at = end + 1;
    }
    return rc;
}

static enum kura_rc message_put(struct kura_parser *p, const char *text,
                                size_t size,
                                const struct kura_event_place *place,
                                bool ended, struct kura_err *err)
{
    enum kura_rc rc = kura_event_add(p->event, KURA_EVENT_DATA, "Message", 7,
                                     text, size, place, err);

    return rc == KURA_OK ? message_read(p, text, size, ended, err) : rc;
}

/* --- Public ----------------------------------------------------------------
 */

static enum kura_rc field_put(struct kura_parser *p, const char *s, size_t i,
                              const struct csv_field *f, bool exact,
                              bool *ended, struct kura_err *err)
{
    static const struct csv_column message = {CSV_MESSAGE, ""};
    struct kura_event_csv *c = p->csv;
    const struct csv_column *column = i < c->count ? &c->columns[i] : &message;
    struct kura_event_place place = {f->start, exact ? f->end : 0,
                                     KURA_ESCAPE_NONE};
    const char *text;
    size_t size;
    enum kura_rc rc = field_text(c, s, f, &text, &size, err);

    if (rc != KURA_OK)
        return rc;
    switch (column->kind) {
    case CSV_LEVEL:
        return word_put(p, csv_levels, "Level", text, size, &place, err);
    case CSV_KEYWORDS:
        return word_put(p, csv_keywords, "Keywords", text, size, &place, err);
    case CSV_TIME:
        time_put(p, text, size, &place);
        return KURA_OK;
    case CSV_MESSAGE:
        return message_put(p, text, size, &place, *ended, err);
    case CSV_VALUE:
        if (strcmp(column->name, "EventID") == 0)
            *ended = text_is(text, size, "4634") || text_is(text, size, "4647");
        return kura_event_add(p->event, KURA_EVENT_SYSTEM, column->name,
                              strlen(column->name), text, size, &place, err);
    case CSV_NONE:
        break;
    }
    return kura_event_add(p->event, KURA_EVENT_DATA, column->name,
                          strlen(column->name), text, size, &place, err);
}

enum kura_rc kura_event_csv_read(struct kura_parser *p,
                                 const struct kura_parse_work *w, bool exact,
                                 const char **why, struct kura_err *err)
{
    struct csv_field fields[CSV_FIELDS];
    enum kura_rc rc = KURA_OK;
    size_t at = 0, count, i;
    bool ended = false;

    (void)header_take(p->csv, w->line, w->size, &at);
    if (p->csv->count == 0) {
        *why = "the names of the columns are missing";
        return KURA_OK;
    }
    count = row_split(w->line, w->size, &at, fields);
    if (count < p->csv->count || count > p->csv->count + 1) {
        *why = "not as many fields as there are columns";
        return KURA_OK;
    }
    for (i = 0; i < count && rc == KURA_OK; i++)
        rc = field_put(p, w->line, i, &fields[i], exact, &ended, err);
    return rc;
}
