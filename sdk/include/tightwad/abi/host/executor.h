/* Host service: work on the host's bounded pool of threads. */
#pragma once

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: a blocking call needs a thread, and only the host knows how many there may be. */
#define TW_HOST_EXECUTOR_V1 "tightwad.host.executor/1"

typedef struct tw_host_executor {
    uint32_t size;

    /* [any] Runs fn(arg) once on a pool thread, as [pool]. TW_BUSY when the queue is full,
     * TW_UNAVAILABLE when the host is stopping; then fn is never called. */
    tw_code (*post)(const tw_host *host, void (*fn)(void *arg), void *arg, tw_error *error);
} tw_host_executor;

#ifdef __cplusplus
}
#endif
