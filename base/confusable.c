/* confusable.c - one letter for each character of a script, in the order of
 * Unicode; '.' where a character is taken for no other. */
#include "base/confusable.h"

#include "base/text.h"

#include <stdint.h>
#include <string.h>

struct strip {
    uint32_t first;
    const char *letters;
};

/* Latin-1 and Extended-A, -B; IPA; Greek; Cyrillic; Armenian; small capitals;
 * Latin Extended Additional. */
static const struct strip strips[] = {
    {0xC0, "aaaaaa.ceeeeiiiidnooooo.ouuuuyp.aaaaaa.ceeeeiiiidnooooo.ouuu"
           "uypyaaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk"
           "kllllllllllnnnnnn.nnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuu"
           "wwyyyzzzzzzf.bbbbb.ccdd..g..effg..iikk.....ooo....r22...tt.u"
           "u.uyy.......ss..l..l.........aaiioouuuuuuuuuu.aaaa....ggkkoo"
           "oo..j...gg..nnaa....aaaaeeeeiiiioooorrrruuuusstt..hh......aa"
           "eeooooooooyy...j........................"},
    {0x250, ".a.b..dd...e3...ggg.....iiil.l......no......r.r.r.s........u"
            "...y.........b..h..l................"},
    {0x370, "...............j......a.eni.o.uwiabydezhoik.mn.onp.otyox.wiu"
            "aeniuabydeznoik.uv.onpcotuox.wiuouw........................."
            ".........pcj.....c......"},
    {0x400, "ee...siij.....y.a6brdex3uuk.mhonpcty.xu4wwb.be.ra6brdex3uuk."
            "mhonpcty.xu4wwb.be.ree...siij.....y.ww..................vv.."
            "......................pp..ff......kkkkkk..hhhh....ccttyyyyxx"
            "..44..hhee..l........hh....laaaa..eeee............oooo......"
            "yyyy............dddd........ggtt..........qqww.............."
            "...."},
    {0x531, "wpq.tq.....l...h.n..j..n...nu...gi.po...........wpq.tq.....l"
            "...h.n..j..n...nu...gi.po.."},
    {0x1D00, "a...cd.e..jk.m.o........p..tu...vwz...r.n......."},
    {0x1E00, "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllll"
             "llmmmmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuu"
             "uuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy......aaaaaaaaaaaaaaaaaaaa"
             "aaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuu"
             "uuyyyyyyyy......"},
};

struct single {
    uint32_t cp;
    const char *as;
};

static const struct single singles[] = {
    {0xC6, "ae"},   {0xDF, "ss"},  {0xE6, "ae"},  {0x152, "oe"}, {0x153, "oe"},
    {0x1E9E, "ss"}, {0x10E7, "y"}, {0x10FF, "o"}, {0x2010, "-"}, {0x2011, "-"},
    {0x2012, "-"},  {0x2013, "-"}, {0x2014, "-"}, {0x2212, "-"}, {0x30FC, "-"},
    {0x210E, "h"},  {0x2113, "l"}, {0x212E, "e"}, {0x2170, "i"}, {0x2174, "v"},
    {0x2179, "x"},  {0x217C, "l"}, {0x217D, "c"}, {0x217E, "d"}, {0x217F, "m"},
    {0x2C9F, "o"},  {0x2CA3, "p"}, {0xA730, "f"}, {0xA731, "s"}, {0xA7B5, "b"},
    {0x3002, "."},  {0xFF61, "."}};

/* Digits and the i are taken for letters: 0 o, 1 i l, 2 z, 3 e, 4 a, 5 s,
 * 6 8 b, 7 t, 9 g. */
static char ascii_taken_for(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if (c >= '0' && c <= '9')
        return "olzeasbtbg"[c - '0'];
    return c == 'i' || c == '|' ? 'l' : c;
}

static const char *single_find(uint32_t cp)
{
    size_t i;

    for (i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
        if (singles[i].cp == cp)
            return singles[i].as;
    return NULL;
}

/* The letter of a strip, or 0. */
static char strip_find(uint32_t cp)
{
    size_t i;

    for (i = 0; i < sizeof(strips) / sizeof(strips[0]); i++) {
        size_t at = cp - strips[i].first;

        if (cp >= strips[i].first && at < strlen(strips[i].letters))
            return strips[i].letters[at] != '.' ? strips[i].letters[at] : '\0';
    }
    return '\0';
}

/* s[0..used) is the character. */
static enum kura_rc put_character(const char *s, size_t used, uint32_t cp,
                                  struct kura_buf *out, struct kura_err *err)
{
    enum kura_rc rc = KURA_OK;
    const char *as;
    char c;

    if (cp >= 0xFF01 && cp <= 0xFF5E) /* full width */
        cp = cp - 0xFF01 + 0x21;
    if (cp < 0x80)
        return kura_buf_putc(out, ascii_taken_for((char)cp), err);
    if ((cp >= 0x300 && cp <= 0x36F) || kura_text_width(s, used) == 0)
        return KURA_OK; /* marks, and what does not show */
    c = strip_find(cp);
    if (c != '\0')
        return kura_buf_putc(out, ascii_taken_for(c), err);
    as = single_find(cp);
    if (as == NULL)
        return kura_buf_append(out, s, used, err);
    for (; *as != '\0' && rc == KURA_OK; as++)
        rc = kura_buf_putc(out, ascii_taken_for(*as), err);
    return rc;
}

/* rn is an m, vv a w, cl a d: in place, from the given place on. */
static void join_pairs(struct kura_buf *out, size_t from)
{
    static const char pairs[][3] = {
        {'r', 'n', 'm'}, {'v', 'v', 'w'}, {'c', 'l', 'd'}};
    size_t read = from, write = from, k;

    while (read < out->len) {
        char c = out->data[read++];

        for (k = 0; read < out->len && k < 3; k++)
            if (c == pairs[k][0] && out->data[read] == pairs[k][1]) {
                c = pairs[k][2];
                read++;
                break;
            }
        out->data[write++] = c;
    }
    out->len = write;
    out->data[write] = '\0';
}

enum kura_rc kura_skeleton(const char *s, size_t n, struct kura_buf *out,
                           struct kura_err *err)
{
    size_t from = out->len, i = 0, used;
    enum kura_rc rc = KURA_OK;
    uint32_t cp;

    while (i < n && rc == KURA_OK) {
        used = kura_text_decode(s + i, n - i, &cp);
        rc = put_character(s + i, used, cp, out, err);
        i += used;
    }
    if (rc == KURA_OK && out->len > from)
        join_pairs(out, from);
    return rc;
}
