/* report_words.c - what a report says, in English and Japanese. */
#include "query/report_internal.h"

#include <string.h>

static const char *const words[2][KURA_WORD_COUNT] = {
    {
        [KURA_WORD_NEW] = "New",
        [KURA_WORD_STILL] = "Still there",
        [KURA_WORD_GONE] = "Gone",
        [KURA_WORD_ALLOWED] = "Allowed, not shown",
        [KURA_WORD_NOTHING_NEW] = "Nothing new was found.",
        [KURA_WORD_PERIOD] = "Period",
        [KURA_WORD_MADE] = "Made",
        [KURA_WORD_COMMAND] = "Command",
        [KURA_WORD_VERSION] = "Version",
        [KURA_WORD_LINES] = "Original lines",
        [KURA_WORD_NO_LINES] = "No lines of it were copied.",
        [KURA_WORD_FIRST] = "first",
        [KURA_WORD_LAST] = "last",
        [KURA_WORD_EVENTS] = "events",
        [KURA_WORD_CLIENTS] = "clients",
        [KURA_WORD_HUNT] = "Hunt",
        [KURA_WORD_REASON] = "Reason",
        [KURA_WORD_MATRIX] = "Stages of an attack by source of logs",
        [KURA_WORD_MATRIX_ABOUT] =
            "Findings that are there, of so many hunts that look there.",
        [KURA_WORD_ACTIVITY] = "Activity by weekday and hour",
        [KURA_WORD_ACTIVITY_ABOUT] =
            "The darker, the more events; working hours are framed.",
        [KURA_WORD_TALKERS] = "Who did most",
        [KURA_WORD_VOLUME] = "Rows a source and day",
        [KURA_WORD_VOLUME_ABOUT] =
            "UTC days of the period; a gap is a day without a row.",
        [KURA_WORD_COVERAGE] = "What was searched",
        [KURA_WORD_COVERAGE_ABOUT] =
            "\"Nothing found\" holds for the days that were searched only.",
        [KURA_WORD_RUNS] = "What each hunt did",
        [KURA_WORD_TABLE] = "Table",
        [KURA_WORD_DAYS] = "Days",
        [KURA_WORD_ROWS] = "Rows",
        [KURA_WORD_WHERE] = "Where",
        [KURA_WORD_SOURCE] = "Source",
        [KURA_WORD_SILENT] = "days without a row",
        [KURA_WORD_STATUS] = "Status",
        [KURA_WORD_FINDINGS] = "Findings",
        [KURA_WORD_CLIENT] = "Client",
        [KURA_WORD_BYTES] = "Bytes",
        [KURA_WORD_CUT] = "more are not on this page; the JSON output has them "
                          "all",
        [KURA_WORD_HOW_TO_READ] = "How to read it",
    },
    {
        [KURA_WORD_NEW] = "新規",
        [KURA_WORD_STILL] = "継続",
        [KURA_WORD_GONE] = "消滅",
        [KURA_WORD_ALLOWED] = "許可済み（非表示）",
        [KURA_WORD_NOTHING_NEW] = "新たに見つかったものはありません。",
        [KURA_WORD_PERIOD] = "対象期間",
        [KURA_WORD_MADE] = "作成",
        [KURA_WORD_COMMAND] = "コマンド",
        [KURA_WORD_VERSION] = "バージョン",
        [KURA_WORD_LINES] = "元のログ行",
        [KURA_WORD_NO_LINES] = "写しのあるログ行はありません。",
        [KURA_WORD_FIRST] = "最初",
        [KURA_WORD_LAST] = "最後",
        [KURA_WORD_EVENTS] = "件",
        [KURA_WORD_CLIENTS] = "端末",
        [KURA_WORD_HUNT] = "ハント",
        [KURA_WORD_REASON] = "理由",
        [KURA_WORD_MATRIX] = "攻撃段階とログの対応",
        [KURA_WORD_MATRIX_ABOUT] = "検出数と、その欄を調べるハントの数です。",
        [KURA_WORD_ACTIVITY] = "曜日と時間帯ごとの件数",
        [KURA_WORD_ACTIVITY_ABOUT] =
            "色が濃いほど件数が多く、枠は業務時間です。",
        [KURA_WORD_TALKERS] = "件数の多い端末",
        [KURA_WORD_VOLUME] = "ログ源と日ごとの行数",
        [KURA_WORD_VOLUME_ABOUT] =
            "対象期間の UTC の日。空白は 1 行もなかった日です。",
        [KURA_WORD_COVERAGE] = "調べた範囲",
        [KURA_WORD_COVERAGE_ABOUT] =
            "「検出なし」と言えるのは、調べた日だけです。",
        [KURA_WORD_RUNS] = "各ハントの実行結果",
        [KURA_WORD_TABLE] = "テーブル",
        [KURA_WORD_DAYS] = "日",
        [KURA_WORD_ROWS] = "行数",
        [KURA_WORD_WHERE] = "所在",
        [KURA_WORD_SOURCE] = "ログ源",
        [KURA_WORD_SILENT] = "行のない日数",
        [KURA_WORD_STATUS] = "状態",
        [KURA_WORD_FINDINGS] = "検出",
        [KURA_WORD_CLIENT] = "端末",
        [KURA_WORD_BYTES] = "バイト数",
        [KURA_WORD_CUT] = "件はこのページにありません。全件は JSON 出力にあり"
                          "ます。",
        [KURA_WORD_HOW_TO_READ] = "読み方",
    },
};

static const char *const stages[2][KURA_STAGE_COUNT] = {
    {"Reconnaissance", "Weaponization", "Delivery", "Exploitation",
     "Installation", "Command and control", "Actions on objectives"},
    {"偵察", "武器化", "デリバリ", "エクスプロイト", "インストール", "C&C",
     "目的の実行"}};

static const char *const levels[KURA_LEVEL_COUNT][3] = {
    {"informational", "informational", "情報"},
    {"low", "low", "低"},
    {"medium", "medium", "中"},
    {"high", "high", "高"},
    {"critical", "critical", "緊急"}};

static const char *const weekdays[2][7] = {
    {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
    {"月", "火", "水", "木", "金", "土", "日"}};

const char *kura_word(enum kura_language language, enum kura_word word)
{
    return words[language][word];
}

const char *kura_word_stage(enum kura_language language, int stage)
{
    return stages[language][stage];
}

const char *kura_word_level(enum kura_language language, const char *level)
{
    size_t i;

    for (i = 0; i < KURA_LEVEL_COUNT; i++)
        if (strcmp(levels[i][0], level) == 0)
            return levels[i][1 + (int)language];
    return level;
}

const char *kura_word_weekday(enum kura_language language, int weekday)
{
    return weekdays[language][weekday - 1];
}
