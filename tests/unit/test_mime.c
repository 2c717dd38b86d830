/* Header text as readers see it, with the damage that logs do to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mime.h"
#include "base/text.h"

struct sample {
    const char *text;
    const char *want; /* NULL: nothing is found */
};

static void decode_check(const char *text, const char *want)
{
    struct kura_buf out;

    kura_buf_init(&out, 4096);
    assert_int_equal(kura_mime_decode(text, strlen(text), &out, NULL), KURA_OK);
    assert_string_equal(out.data, want);
    assert_true(kura_text_is_clean(out.data, out.len));
    kura_buf_release(&out);
}

static void decode_all(const struct sample *s, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        decode_check(s[i].text, s[i].want);
}

static void plain_text_stays(void **state)
{
    static const struct sample samples[] = {
        {"", ""},
        {"Hello, world", "Hello, world"},
        {"really?? yes? no", "really?? yes? no"},
        {"2 =? 3", "2 =? 3"},
        {"=?utf-8?", "=?utf-8?"},
        {"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
        {"folded\r\n line", "folded line"},
        {"\xE6\x9C\xAC", "\xE6\x9C\xAC"},
        {"bad \x99 byte\x01", "bad \\x99 byte\\x01"},
    };

    (void)state;
    decode_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void words_are_decoded(void **state)
{
    static const struct sample samples[] = {
        {"=?UTF-8?B?5pel5pys?=", "日本"},
        {"=?utf-8?q?a_b=3Dc?=", "a b=c"},
        {"=?utf-8*en?Q?abc?=", "abc"},
        {"=?ISO-8859-1?Q?effectu=E9e?=", "effectuée"},
        {"=?ISO-8859-1?Q?=80_5?=", "€ 5"},
        {"=?Shift_JIS?B?k/qWew==?=", "日本"},
        {"=?Shift_JIS?B?h0A=?=", "①"},
        {"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"},
        {"=?ISO-2022-JP?B?GyRCLSEbKEI=?=", "①"},
        {"=?ISO-2022-JP?B?GyhJMbIbKEI=?=", "=?ISO-2022-JP?B?GyhJMbIbKEI=?="},
        {"=?ISO-2022-JP?B?GyhJMTIbKEI=?=", "ｱｲ"},
        {"=?GB2312?B?yNWxvg==?=", "日本"},
        {"=?gb2312?B?6UY=?=", "镕"},
        {"=?ks_c_5601-1987?B?x9GxuQ==?=", "한국"},
        {"=?unknown-8bit?B?5pel?=", "日"},
        {"=?UTF-8?B?5pel5pys", "日本"},
        {"Re: =?UTF-8?B?5pel?= and =?UTF-8?B?5pys?= end", "Re: 日 and 本 end"},
        {"\"=?UTF-8?B?5pel?=\" <a@example.com>", "\"日\" <a@example.com>"},
    };

    (void)state;
    decode_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void neighbours_are_joined(void **state)
{
    static const struct sample samples[] = {
        {"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"},
        {"=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"},
        {"=?utf-8?Q?a?=\r\n =?utf-8?Q?b?=", "ab"},
        {"=?utf-8?Q?a?=? =?utf-8?Q?b?=", "ab"},
        {"=?utf-8?Q?a?=?\?=?utf-8?Q?b?=", "ab"},
        /* a character cut in two, in one encoding and in both */
        {"=?utf-8?B?5pel5g==?= =?UTF-8?B?nKw=?=", "日本"},
        {"=?utf-8?B?5pel5pw=?= =?UTF-8?Q?=AC?=", "日本"},
        {"=?Shift_JIS?B?k/qW?= =?Shift_JIS?B?ew==?=", "日本"},
        /* one that is broken does not spoil the other */
        {"=?utf-8?Q?=FF?= =?utf-8?Q?b?=", "=?utf-8?Q?=FF?= b"},
        {"=?utf-8?Q?a?= =?iso-8859-1?Q?=E9?=", "aé"},
    };

    (void)state;
    decode_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void cut_words_give_what_they_hold(void **state)
{
    static const struct sample samples[] = {
        {"=?utf-8?B?", ""},
        {"=?utf-8?B?5pel5p", "日"},
        {"=?utf-8?B?5pel5pys?", "日本"},
        {"=?utf-8?B?YWJ", "ab"},
        {"=?utf-8?Q?=D1=8B=D1", "ы"},
        {"=?utf-8?Q?=D1=8B=D", "ы"},
        {"=?utf-8?Q?=D1=8B=", "ы"},
        {"=?utf-8?Q?abc?", "abc"},
        {"=?utf-8?B?5pel? =?utf-8?B?5pys?=", "日本"},
    };

    (void)state;
    decode_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void folds_are_taken_out(void **state)
{
    static const struct sample samples[] = {
        {"=?utf-8?B?5pel? 5pys?=", "日本"},
        {"=?utf-8?B?5pel??5pys?=", "日本"},
        {"=?utf-8?B? 5pel5pys?=", "日本"},
        {"=?utf-8?Q?ab? cd?=", "abcd"},
        {"=?UTF-8?q?Jane?=?\?<jane@example.com>", "Jane <jane@example.com>"},
        {"=?UTF-8?q?Jane?=? <jane@example.com>", "Jane <jane@example.com>"},
        {"Re: a?\?=?UTF-8?q?b?=", "Re: a b"},
        {"? =?UTF-8?q?b?=", "b"},
        {"=?UTF-8?q?b?=??", "b"},
        {"Really? =?UTF-8?q?b?=", "Really? b"},
    };

    (void)state;
    decode_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void what_cannot_be_decoded_stays(void **state)
{
    static const struct sample samples[] = {
        {"=?x-none?B?5pel?=", "=?x-none?B?5pel?="},
        {"=?../../x?B?5pel?=", "=?../../x?B?5pel?="},
        {"=?utf-8?Q?=E6=97?= x", "=?utf-8?Q?=E6=97?= x"},
        {"=?utf-8?B?/////w==?=", "=?utf-8?B?/////w==?="},
        {"=?utf-8?Q?=00=07[2J?=", "\\x00\\x07[2J"},
        {"=?utf-8?Q?a=zz=?=", "a=zz="},
    };

    (void)state;
    decode_all(samples, sizeof(samples) / sizeof(samples[0]));
}

/* --- File names ------------------------------------------------------- */

static void filename_check(const char *text, const char *want)
{
    struct kura_buf out, raw;
    bool found;

    kura_buf_init(&out, 4096);
    kura_buf_init(&raw, 4096);
    assert_int_equal(
        kura_mime_filename(text, strlen(text), &out, &raw, &found, NULL),
        KURA_OK);
    if (found != (want != NULL))
        fail_msg("%s: %s", found ? "found" : "not found", text);
    assert_string_equal(out.data, want != NULL ? want : "");
    assert_int_equal(raw.len > 0, found);
    assert_true(kura_text_is_clean(out.data, out.len));
    kura_buf_release(&out);
    kura_buf_release(&raw);
}

static void filenames_are_found(void **state)
{
    static const struct sample samples[] = {
        {"attachment; filename=\"a b.exe\"", "a b.exe"},
        {"attachment; filename=a.exe; size=1", "a.exe"},
        {"attachment; FileName = \"a.exe\"", "a.exe"},
        {"attachment; filename=my file.exe; size=1", "my file.exe"},
        {"attachment filename=\"a.exe\"", "a.exe"},
        {"application/zip; name=\"a.zip\"", "a.zip"},
        {"application/zip; name=n.zip; filename=f.zip", "f.zip"},
        {"attachment; filename=\"a;b\\\"c.exe\"", "a;b\"c.exe"},
        {"attachment; filename=\"C:\\tmp\\a.exe\"", "C:\\tmp\\a.exe"},
        {"attachment; filename=\"a.exe", "a.exe"},
        {"attachment;??filename=\"a.exe\"; size=2;??", "a.exe"},
        {"attachment;? filename=\"a.exe\"", "a.exe"},
        {"attachment;?? filename==?utf-8?B?5pel?= =?utf-8?B?5pys?=; size=1",
         "日本"},
        {"attachment; filename=\"\"=?utf-8?B?5pel?= =?utf-8?B?5pys?=", "日本"},
        {"attachment;??filename=\"=?utf-8?B?5pel?=? =?utf-8?B?5pysLmV4ZQ",
         "日本.exe"},
        {"attachment", NULL},
        {"", NULL},
        {"attachment; filename=\"\"", NULL},
        {"attachment; filename=", NULL},
        {"attachment; xfilename=a; filenamex=b", NULL},
        {"text/plain; charset=utf-8", NULL},
        {"attachment; filename=\"\"; name=b.exe", "b.exe"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        filename_check(samples[i].text, samples[i].want);
}

#define XLSX                                                                   \
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

static void secret_list_is_found(void **state)
{
    static const char want[] = "【マル秘】顧客情報\xEF\xBC\x81.exe";

    (void)state;
    filename_check(XLSX ";? name=\"=?Shift_JIS?B?"
                        "gXmDfYOLlOmBeozai3GP7pXxgUkuZXhl?=\"\"",
                   want);
    filename_check(XLSX ";? name=\"=?Shift_JIS?B? "
                        "gXmDfYOLlOmBeozai3GP7pXxgUkuZXhl?=\"\"",
                   want);
    filename_check(XLSX ";? name=\"=?Shift_JIS?B?gXmDfYOLlOmBeoza? "
                        "i3GP7pXxgUkuZXhl?=\"\"",
                   want);
}

static void extended_filenames_are_found(void **state)
{
    static const struct sample samples[] = {
        {"attachment; filename*=UTF-8''%E6%97%A5%20a.exe", "日 a.exe"},
        {"attachment; filename*=\"utf-8'ja'%E6%97%A5.exe\"", "日.exe"},
        {"attachment; filename=a.txt; filename*=UTF-8''b.exe", "b.exe"},
        {"attachment; filename*=Shift_JIS''%93%FA%96%7B", "日本"},
        {"attachment; filename*0=\"abc\"; filename*1=\"def.exe\"",
         "abcdef.exe"},
        {"attachment; filename*1=\"def.exe\"; filename*0=\"abc\"",
         "abcdef.exe"},
        {"attachment;??filename*0*=UTF-8''%E6%97;??filename*1*=%A5%2E;??"
         "filename*2=\"%41.exe\"",
         "日.%41.exe"},
        {"attachment; filename*0*=UTF-8''%E6%97%A5%E6%9C", "日"},
        {"attachment; filename*0=a; filename*2=c", "a"},
        {"attachment; filename*0=\"=?utf-8?B?5pel\"; "
         "filename*1=\"5pys?=\"",
         "日本"},
        {"attachment; filename*=x-none''%41b", "x-none''%41b"},
        {"attachment; filename*=%E6%97%A5.exe", "日.exe"},
        {"attachment; filename*=UTF-8''%zz%4", "%zz%4"},
        {"attachment; filename*99999999999=a", NULL},
        {"attachment; filename*x=a", NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        filename_check(samples[i].text, samples[i].want);
}

static void name_as_written_is_kept(void **state)
{
    static const char text[] = "a; filename=\"=?utf-8?B?5pel?=\"";
    struct kura_buf out, raw;
    bool found;

    (void)state;
    kura_buf_init(&out, 100);
    kura_buf_init(&raw, 100);
    assert_int_equal(
        kura_mime_filename(text, sizeof(text) - 1, &out, &raw, &found, NULL),
        KURA_OK);
    assert_string_equal(raw.data, "=?utf-8?B?5pel?=");
    kura_buf_release(&out);
    kura_buf_release(&raw);
}

/* --- Types, addresses, extensions ------------------------------------- */

static void types_are_lower_case(void **state)
{
    static const struct sample samples[] = {
        {"Application/ZIP; name=a", "application/zip"},
        {"? text/plain?", "text/plain"},
        {"application/vnd.ms-excel", "application/vnd.ms-excel"},
        {"text", ""},
        {"/plain", ""},
        {"text/", ""},
        {"", ""},
    };
    struct kura_buf out;
    size_t i;

    (void)state;
    kura_buf_init(&out, 300);
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        kura_buf_reset(&out);
        assert_int_equal(kura_mime_type(samples[i].text,
                                        strlen(samples[i].text), &out, NULL),
                         KURA_OK);
        assert_string_equal(out.data, samples[i].want);
    }
    kura_buf_release(&out);
}

static void addresses_are_split(void **state)
{
    static const struct {
        const char *text, *addr, *name;
    } samples[] = {
        {"a@example.com", "a@example.com", ""},
        {"<a@example.com>", "a@example.com", ""},
        {"Jane <a@example.com>", "a@example.com", "Jane"},
        {"\"Doe, \\\"J\\\"\" <a@example.com>", "a@example.com", "Doe, \"J\""},
        {"Doe, Jane <a@example.com>", "a@example.com", "Doe, Jane"},
        {"\"x@example.org\" <a@example.com>", "a@example.com", "x@example.org"},
        {"\"<x@example.org>\" <a@example.com>", "a@example.com",
         "<x@example.org>"},
        {"a@example.com, b@example.com", "a@example.com", ""},
        {"Jane <a@example.com>, b@example.com", "a@example.com", "Jane"},
        {"a@example.com (Jane)", "a@example.com", "Jane"},
        {"=?UTF-8?B?5pel5pys?= <a@example.com>", "a@example.com", "日本"},
        {"\"=?UTF-8?B?5pel5pys?=\" <a@example.com>", "a@example.com", "日本"},
        {"=?UTF-8?q?Jane?=?\?<a@example.com>", "a@example.com", "Jane"},
        {"\"Jane\"?\?<a@example.com>", "a@example.com", "Jane"},
        {"Jane <a@example.com", "a@example.com", "Jane"},
        {"undisclosed-recipients:;", "", "undisclosed-recipients:;"},
        {"", "", ""},
        {"<>", "", ""},
        {"\"", "", "\""},
        {"(", "", ""},
        {"a@b (", "a@b", ""},
        {"\"\\", "", "\"\\"},
    };
    struct kura_buf addr, name;
    size_t i;

    (void)state;
    kura_buf_init(&addr, 300);
    kura_buf_init(&name, 300);
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        kura_buf_reset(&addr);
        kura_buf_reset(&name);
        assert_int_equal(kura_mime_address(samples[i].text,
                                           strlen(samples[i].text), &addr,
                                           &name, NULL),
                         KURA_OK);
        assert_string_equal(addr.data, samples[i].addr);
        assert_string_equal(name.data, samples[i].name);
    }
    assert_int_equal(kura_mime_address("a@b", 3, NULL, NULL, NULL), KURA_OK);
    kura_buf_release(&addr);
    kura_buf_release(&name);
}

static void extensions_are_what_windows_runs(void **state)
{
    static const struct sample samples[] = {
        {"report.pdf .exe", "exe"},
        {"a.EXE", "exe"},
        {"a.exe. . ", "exe"},
        {"a.exe\xE3\x80\x80", "exe"},
        {"a. exe", "exe"},
        {"a", ""},
        {"", ""},
        {"...", ""},
        {"a.b/c", ""},
        {"Mr. John Doe", ""},
        {".exe", "exe"},
        {"a.12345678901234567", ""},
    };
    struct kura_buf out;
    size_t i;

    (void)state;
    kura_buf_init(&out, 100);
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        kura_buf_reset(&out);
        assert_int_equal(kura_mime_extension(samples[i].text,
                                             strlen(samples[i].text), &out,
                                             NULL),
                         KURA_OK);
        assert_string_equal(out.data, samples[i].want);
    }
    kura_buf_release(&out);
}

/* Any bytes give clean text, and what does not fit leaves out as it was. */
static void noise_gives_clean_text(void **state)
{
    static const char *const pieces[] = {"=?utf-8?B?",
                                         "=?ISO-2022-JP?B?",
                                         "=?utf-8?Q?",
                                         "?=",
                                         "\"",
                                         ";",
                                         "filename*0*=",
                                         "filename=",
                                         "name*=utf-8''",
                                         "%E6",
                                         "=E6",
                                         "5pel",
                                         "\xFF",
                                         "?",
                                         " ",
                                         "<",
                                         ">",
                                         "(",
                                         "\\",
                                         "@",
                                         ",",
                                         "\x1B",
                                         "=",
                                         "?? "};
    uint64_t x = 88172645463325252ULL;
    struct kura_buf text, out;
    int round;

    (void)state;
    kura_buf_init(&text, 4096);
    kura_buf_init(&out, 200);
    for (round = 0; round < 20000; round++) {
        size_t k, n;
        bool found;

        kura_buf_reset(&text);
        x = x * 6364136223846793005ULL + 1442695040888963407ULL;
        n = (size_t)(x >> 33) % 20;
        for (k = 0; k < n; k++) {
            x = x * 6364136223846793005ULL + 1442695040888963407ULL;
            (void)kura_buf_puts(
                &text, pieces[(x >> 33) % (sizeof(pieces) / sizeof(pieces[0]))],
                NULL);
        }
        kura_buf_reset(&out);
        (void)kura_mime_decode(text.data, text.len, &out, NULL);
        (void)kura_mime_filename(text.data, text.len, &out, &out, &found, NULL);
        (void)kura_mime_address(text.data, text.len, &out, &out, NULL);
        (void)kura_mime_type(text.data, text.len, &out, NULL);
        (void)kura_mime_extension("a.b", 3, &out, NULL);
        assert_true(kura_text_is_clean(out.data, out.len));
    }
    kura_buf_release(&text);
    kura_buf_release(&out);
}

static void limit_of_the_buffer_holds(void **state)
{
    static const char text[] = "plain =?utf-8?B?5pel5pys?=";
    struct kura_err err = KURA_ERR_INIT;
    struct kura_buf out;

    (void)state;
    kura_buf_init(&out, 8);
    assert_int_equal(kura_mime_decode(text, sizeof(text) - 1, &out, &err),
                     KURA_ENOMEM);
    assert_int_equal(out.len, 0);
    kura_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(words_are_decoded),
        cmocka_unit_test(neighbours_are_joined),
        cmocka_unit_test(cut_words_give_what_they_hold),
        cmocka_unit_test(folds_are_taken_out),
        cmocka_unit_test(what_cannot_be_decoded_stays),
        cmocka_unit_test(filenames_are_found),
        cmocka_unit_test(secret_list_is_found),
        cmocka_unit_test(extended_filenames_are_found),
        cmocka_unit_test(name_as_written_is_kept),
        cmocka_unit_test(types_are_lower_case),
        cmocka_unit_test(addresses_are_split),
        cmocka_unit_test(extensions_are_what_windows_runs),
        cmocka_unit_test(noise_gives_clean_text),
        cmocka_unit_test(limit_of_the_buffer_holds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
