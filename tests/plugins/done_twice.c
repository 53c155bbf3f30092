/* A bad plugin: calls done a second time. */
#include "bad_backend.h"

static tw_code start(tw_backend* self, tw_str request, const tw_sink* sink, tw_error* error) {
    const tw_code code = bad_start(self, request, sink, error);
    const tw_finish again = {sizeof(tw_finish), TW_FINISH_STOP, 1, 1, NULL};
    if (code == TW_OK) sink->done(sink, &again);
    return code;
}
BAD_TABLE(&start)
BAD_ENTRY("done_twice", 0)
