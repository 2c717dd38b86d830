#include "ingest/parse_internal.h"
struct kura_event_xml {
    int x;
};
struct kura_event_csv {
    int x;
};
struct kura_evtx {
    int x;
};
enum kura_rc kura_event_xml_new(struct kura_event_xml **out,
                                struct kura_err *err)
{
    (void)err;
    *out = NULL;
    return KURA_OK;
}
void kura_event_xml_free(struct kura_event_xml *x)
{
    (void)x;
}
enum kura_rc kura_event_xml_read(struct kura_parser *p,
                                 const struct kura_parse_work *w, bool exact,
                                 const char **why, struct kura_err *err)
{
    (void)p;
    (void)w;
    (void)exact;
    (void)err;
    *why = "x";
    return KURA_OK;
}
enum kura_rc kura_event_csv_new(struct kura_parser *p, const char *head,
                                size_t n, struct kura_event_csv **out,
                                struct kura_err *err)
{
    (void)p;
    (void)head;
    (void)n;
    (void)err;
    *out = NULL;
    return KURA_OK;
}
void kura_event_csv_free(struct kura_event_csv *x)
{
    (void)x;
}
enum kura_rc kura_event_csv_read(struct kura_parser *p,
                                 const struct kura_parse_work *w, bool exact,
                                 const char **why, struct kura_err *err)
{
    (void)p;
    (void)w;
    (void)exact;
    (void)err;
    *why = "x";
    return KURA_OK;
}
enum kura_rc kura_evtx_new(const struct kura_event *e, struct kura_evtx **out,
                           struct kura_err *err)
{
    (void)e;
    (void)err;
    *out = NULL;
    return KURA_OK;
}
void kura_evtx_free(struct kura_evtx *x)
{
    (void)x;
}
void kura_evtx_begin(struct kura_evtx *x, const char *p, size_t n, int64_t o,
                     size_t b)
{
    (void)x;
    (void)p;
    (void)n;
    (void)o;
    (void)b;
}
enum kura_rc kura_evtx_next(struct kura_evtx *x, struct kura_arena *a,
                            struct kura_evtx_record *o, bool *more,
                            struct kura_err *err)
{
    (void)x;
    (void)a;
    (void)o;
    (void)err;
    *more = false;
    return KURA_OK;
}
bool kura_evtx_is(const char *h, size_t n)
{
    (void)h;
    (void)n;
    return false;
}
size_t kura_evtx_base(const char *h, size_t n)
{
    (void)h;
    (void)n;
    return 4096;
}
