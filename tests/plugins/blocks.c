/* A bad plugin: start takes its time, on a thread that must not block. */
#include "bad_backend.h"

#include <threads.h>

static tw_code start(tw_backend* self, tw_str request, const tw_sink* sink, tw_error* error) {
    const struct timespec long_time = {0, 400000000};
    thrd_sleep(&long_time, NULL);
    return bad_start(self, request, sink, error);
}
BAD_TABLE(&start)
BAD_ENTRY("blocks", 0)
