/* Host service: a call after a delay. */
#pragma once

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TW_HOST_TIMER_V1 "tightwad.host.timer/1"

typedef struct tw_host_timer {
    uint32_t size;

    /* [any] Runs fn(arg) once on a pool thread, as [pool], no earlier than delay_ms from now. Returns
     * an id that is never 0, or 0 when the host is stopping (fn is never called then). A timer that is
     * not due when the host stops never runs. */
    uint64_t (*start)(const tw_host *host, int64_t delay_ms, void (*fn)(void *arg), void *arg);

    /* [any] 1 = fn will never run; 0 = it ran, is running, or the id is unknown. */
    int32_t (*cancel)(const tw_host *host, uint64_t id);
} tw_host_timer;

#ifdef __cplusplus
}
#endif
