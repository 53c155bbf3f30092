/* The host as a plugin sees it: services asked for by name. */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: the host owns sockets, threads, timers, secrets and logs. A plugin that makes its own cannot be
 * drained, limited, tested or cancelled.
 *
 * Host side: one tw_host for each instance, passed to `create`; it outlives the instance. */
typedef struct tw_host {
    uint32_t size;
    uint32_t abi_minor;
    void *ctx; /* the host's own */

    /* [any] A service by id, e.g. "tightwad.host.log/1", or null when this host lacks it. The answer
     * lives as long as the host object. */
    const void *(*service)(const struct tw_host *self, const char *service_id);
} tw_host;

#ifdef __cplusplus
}
#endif
