/* A bad plugin: reads the request after start, which borrowed it, has returned. */
#include "bad_backend.h"

#include <tightwad/abi/host/executor.h>

typedef struct job {
    tw_str request;
    const tw_sink* sink;
} job;

static void run(void* arg) {
    job* kept = (job*)arg;
    const tw_delta delta = {sizeof(tw_delta), 0, {kept->request.data, 1}};
    const tw_finish finish = {sizeof(tw_finish), TW_FINISH_STOP, 1, 1, NULL};
    volatile char first = kept->request.data[0];
    (void)first;
    kept->sink->emit(kept->sink, &delta);
    kept->sink->done(kept->sink, &finish);
    free(kept);
}

static tw_code start(tw_backend* self, tw_str request, const tw_sink* sink, tw_error* error) {
    const tw_host_executor* pool =
        (const tw_host_executor*)self->host->service(self->host, TW_HOST_EXECUTOR_V1);
    if (request.size == 0 || request.data[0] != '{') return bad_refuse(error);
    job* kept = (job*)malloc(sizeof(job));
    kept->request = request;
    kept->sink = sink;
    const tw_code code = pool->post(self->host, &run, kept, error);
    if (code != TW_OK) free(kept);
    return code;
}
BAD_TABLE(&start)
BAD_ENTRY("keeps_pointer", 0)
