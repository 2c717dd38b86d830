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

/* Bytes that mean no text are no failure, however much they grow. */
static void bytes_at_random_are_guessed(void **state)
{
    uint32_t seed = 4711;
    struct kura_buf out;
    char bytes[40];
    size_t i, n;
    int round;

    (void)state;
    kura_buf_init(&out, 4096);
    for (round = 0; round < 20000; round++) {
        n = 1 + (size_t)round % sizeof(bytes);
        for (i = 0; i < n; i++) {
            seed = seed * 1664525 + 1013904223;
            /* mostly what CP932 and EUC-JP make control characters of */
            bytes[i] =
                (char)(round % 2 ? seed >> 24 : 0x80 | (seed >> 24) % 32);
        }
        kura_buf_reset(&out);
        assert_int_equal(kura_mime_guess(bytes, n, &out, NULL), KURA_OK);
    }
    kura_buf_release(&out);
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
        {"=?ISO-2022-JP?B?GyhJMbIbKEI=?=", "ｱｲ"},
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

/* --- What senders and logs do wrong ----------------------------------- */

static void lost_equals_signs_are_put_back(void **state)
{
    static const struct sample samples[] = {
        {"?iso-8859-2?q?plan_of_b=F3l.pdf?=", "plan of ból.pdf"},
        {"Re: ?UTF-8?B?5pel5pys?= x", "Re: 日本 x"},
        {"=?utf-8?B?5pel?\?=?utf-8?B?5pys?=", "日本"},
        /* no word */
        {"really?utf-8?q?abc?=", "really?utf-8?q?abc?="},
        {"was ?x-none?b?that?= it", "was ?x-none?b?that?= it"},
        {"??b??", "??b??"},
    };

    (void)state;
    decode_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void words_that_senders_broke_are_decoded(void **state)
{
    static const struct sample samples[] = {
        /* blanks, a question mark and a blank between =XX */
        {"=?utf-8?Q?a b.exe?=", "a b.exe"},
        {"=?utf-8?Q?a?=20b=E6=97=A5?=", "a? b日"},
        {"=?utf-8?Q?=e6=97=a5.exe?=", "日.exe"},
        /* base64 with the alphabet of URLs, a stray byte, bad padding */
        {"=?utf-8?B?8J-Ygg==?=", "😂"},
        {"=?utf-8?B?5pel!5pys?=", "日本"},
        {"=?utf-8?B?5pel==5pys?=", "日本"},
        {"=?utf-8?B?5pel5pys=====?=", "日本"},
        {"=?utf-8?b?5pel\r\n\t5pys?=", "日本"},
        {"=?utf-8?B?YS5leGUA?=", "a.exe"},
        /* the bytes are not in the charset that was named */
        {"=?us-ascii?Q?=E6=97=A5.exe?=", "日.exe"},
        {"=?utf-8?B?GyRCRnxLXBsoQi5leGU=?=", "日本.exe"},
        {"=?utf-8?Q?caf=E9.exe?=", "caf\\xe9.exe"},
        {"=?utf-8?B?Y2Fm6S5leGU=?=", "caf\\xe9.exe"},
        {"=?x-none?Q?a.exe?=", "a.exe"},
        {"=?x-none?B?YS5leGU=?=", "a.exe"},
        {"=?x-none?Q?=E9.exe?=", "=?x-none?Q?=E9.exe?="},
    };

    (void)state;
    decode_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void tail_of_a_cut_word_is_dropped(void **state)
{
    static const struct sample samples[] = {
        {"=?utf-8?B?5pel?=? =?utf-8?", "日"},
        {"=?utf-8?B?5pel?=? =?utf-8?B", "日"},
        {"=?utf-8?B?5pel?=? =?ut", "日"},
        {"=?utf-8?B?5pel?= =?", "日"},
        {"=?utf-8?B?5pel?= =", "日 ="},
        {"=?utf-8?B?5pel?= = 5", "日 = 5"},
        {"=?utf-8?B?5pel?= a =?utf-8?", "日 a =?utf-8?"},
    };

    (void)state;
    decode_all(samples, sizeof(samples) / sizeof(samples[0]));
}

static void charsets_have_many_names(void **state)
{
    static const struct sample samples[] = {
        {"=?cp932?B?h0A=?=", "①"},
        {"=?x-sjis?B?h0A=?=", "①"},
        {"=?MS932?B?h0A=?=", "①"},
        {"=?windows-31j*ja?B?h0A=?=", "①"},
        {"=?x-ms-cp932?B?h0A=?=", "①"},
        {"=?ISO-2022-JP-MS?B?GyRCLSEbKEI=?=", "①"},
        {"=?x-euc-jp?B?xvzL3A==?=", "日本"},
        {"=?ks_c_5601-1987?B?sMs=?=", "검"},
        {"=?windows-949?B?x9GxuQ==?=", "한국"},
        {"=?gb_2312-80?B?yNWxvg==?=", "日本"},
        {"=?x-x-big5?B?pOmluw==?=", "日本"},
        {"=?unicode-1-1-utf-7?Q?+ZeU-?=", "日"},
        {"=?utf_8?B?5pel?=", "日"},
        {"=?iso8859-1?Q?=80?=", "€"},
        {"=?latin1?Q?=E9?=", "é"},
        {"=?cp1251?B?z/Do4uXy?=", "Привет"},
        {"=?koi8-r?B?8NLJ18XU?=", "Привет"},
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
    /* with padding that is not needed, and cut before the end */
    filename_check(XLSX ";? name=\"=?Shift_JIS?B?"
                        "gXmDfYOLlOmBeozai3GP7pXxgUkuZXhl=?=\"\"",
                   want);
    filename_check(XLSX ";? name=\"=?Shift_JIS?B???"
                        "gXmDfYOLlOmBeozai3GP7pXxgUku??ZXhl",
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
        {"attachment; filename*=x-none''%41b", "Ab"},
        {"attachment; filename*=x-none''%E6b", "x-none''%E6b"},
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

static void damaged_filenames_are_found(void **state)
{
    static const struct sample samples[] = {
        {"attachment;??filename=\"?iso-8859-2?q?plan_of_two.pdf?=\"; size=2;??",
         "plan of two.pdf"},
        {"attachment; filename=?utf-8?B?5pel5pys?=; size=2", "日本"},
        {"attachment; filename=? ?utf-8?B?5pel5pys?=", "日本"},
        {"attachment;??filename=\"\"=?utf-8?B?5pel?=? =?utf-8?B?5pys?=? "
         "=?utf-8?",
         "日本"},
        {"attachment; filename=\"=?utf-8?Q?a b.exe?=\"", "a b.exe"},
        {"attachment; filename==?utf-8?Q?a b;c.exe?=; size=1", "a b;c.exe"},
        {"attachment; filename=\"=?utf-8?Q?\"a\".exe?=\"", "\"a\".exe"},
        {"attachment; filename=\"\\\"a.exe\\\"\"", "\"a.exe\""},
        {"attachment; filename=\"=?iso-8859-1?Q?=E9?= =?utf-8?B?5pel?=.exe\"",
         "é日.exe"},
        {"attachment; filename=\"=?utf-8?Q?a=E2=80=AEfdp.exe?=\"",
         "a\xE2\x80\xAE"
         "fdp.exe"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        filename_check(samples[i].text, samples[i].want);
}

static void raw_filenames_are_read(void **state)
{
    static const struct sample samples[] = {
        {"attachment; filename=\"日本.exe\"", "日本.exe"},
        {"attachment; filename=日本.exe; size=1", "日本.exe"},
        /* ISO-2022-JP, with its escape and with what Postfix makes of it */
        {"attachment; filename=\"\x1B$BF|K\\\x1B(B.exe\"", "日本.exe"},
        {"attachment; filename=\"a?$BF|K\\?(B.exe\"; size=1", "a日本.exe"},
        {"attachment; filename=?$BF|K\\?(B.exe; size=1", "日本.exe"},
        /* the halves of a character may be a quote and a semicolon */
        {"attachment; filename=\"?$B%\";3?(B.exe\"; size=1", "ア山.exe"},
        {"attachment; filename=\"?$B%$%s?(B?$B!!?(B.exe\"", "イン　.exe"},
        /* Shift_JIS and EUC-JP */
        {"attachment; filename=\"\x93\xFA\x96\x7B.exe\"", "日本.exe"},
        {"attachment; filename=\"\x95\x5C\x8E\xA6.exe\"", "表示.exe"},
        {"attachment; filename=\"\xC6\xFC\xCB\xDC.exe\"", "日本.exe"},
        /* neither */
        {"attachment; filename=\"caf\xE9.exe\"", "caf\\xe9.exe"},
        {"attachment; filename=\"r\xE9sum\xE9s.exe\"", "r\\xe9sum\\xe9s.exe"},
        {"attachment; filename=\"cost?$Bill.exe\"", "cost?$Bill.exe"},
        {"attachment; filename=\"what?(B.exe\"", "what?(B.exe"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        filename_check(samples[i].text, samples[i].want);
}

static void damaged_extended_filenames_are_found(void **state)
{
    static const struct sample samples[] = {
        {"attachment; filename*=utf-8*en''%E6%97%A5.exe", "日.exe"},
        {"attachment; filename*=utf-8%27%27%E6%97%A5.exe", "日.exe"},
        {"attachment; filename*=utf-8''=?utf-8?B?5pelLmV4ZQ==?=", "日.exe"},
        {"attachment; filename*=cp932''%93%FA%96%7B.exe", "日本.exe"},
        {"attachment; filename*=us-ascii''%E6%97%A5.exe", "日.exe"},
        {"attachment; filename*=''%93%FA%96%7B.exe", "日本.exe"},
        {"attachment; filename*1*=utf-8''%E6%97; filename*2*=%A5.exe",
         "日.exe"},
        {"attachment; filename*0*=utf-8''%E6%97;? filename*1*=%A5.ex", "日.ex"},
        {"attachment; filename*0=\"=?utf-8?B?5pel5p\"; "
         "filename*1=\"ysLmV4ZQ==\"",
         "日本.exe"},
        {"attachment; filename*00*=utf-8''a; filename*01*=b", "ab"},
        {"attachment; filename*=utf-8''a%00.exe%00", "a\\x00.exe"},
        {"attachment; filename*=utf-8''%E6%97%zz%.exe", "\\xe6\\x97%zz%.exe"},
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
        {"=?x-none?Q?=E9.exe?=", "exe"},
        {"\"a.exe\"", "exe"},
        {"a\xE2\x80\xAE"
         "fdp.exe",
         "exe"},
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
        cmocka_unit_test(bytes_at_random_are_guessed),
        cmocka_unit_test(words_are_decoded),
        cmocka_unit_test(neighbours_are_joined),
        cmocka_unit_test(cut_words_give_what_they_hold),
        cmocka_unit_test(folds_are_taken_out),
        cmocka_unit_test(what_cannot_be_decoded_stays),
        cmocka_unit_test(lost_equals_signs_are_put_back),
        cmocka_unit_test(words_that_senders_broke_are_decoded),
        cmocka_unit_test(tail_of_a_cut_word_is_dropped),
        cmocka_unit_test(charsets_have_many_names),
        cmocka_unit_test(filenames_are_found),
        cmocka_unit_test(damaged_filenames_are_found),
        cmocka_unit_test(raw_filenames_are_read),
        cmocka_unit_test(damaged_extended_filenames_are_found),
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
