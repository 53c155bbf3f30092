// A bad plugin: an exception crosses the border when the request is not JSON.
#include <stdexcept>

#include "bad_backend.h"

static tw_code start(tw_backend* self, tw_str request, const tw_sink* sink, tw_error* error) {
    if (request.size == 0 || request.data[request.size - 1] != '}')
        throw std::runtime_error("this request is not JSON");
    return bad_start(self, request, sink, error);
}
BAD_TABLE(&start)
BAD_ENTRY("throws", 0)
