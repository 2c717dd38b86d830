/* indicators.c - the list that arrives from outside. */
#include "tests/bench/gen/scenario.h"

bool indicators_write(FILE *f)
{
    static const char text[] =
        "value,type,source,comment\n"
        "kisetsu-dayori[.]invalid,domain,CSIRT exchange,C2\n"
        "198.51.100[.]66,address,CSIRT exchange,C2\n"
        "hxxp://files.hokan-soko[.]test/dl/tool.zip,url,CSIRT "
        "exchange,tools\n" BAD_SENDER ",email,CSIRT exchange,sender\n" BAD_FILE
        ",filename,CSIRT exchange,attachment\n" BAD_SUBJECT
        ",subject,CSIRT exchange,bait\n";

    return fputs(text, f) >= 0;
}
