/* Host service: a secret that the configuration names by reference. */
#pragma once

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: keys never stand in a configuration file or in a log. A table says
 * `api_key = { env = "NAME" }` or `{ file = "path" }`; the plugin asks for "api_key". */
#define TW_HOST_SECRET_V1 "tightwad.host.secret/1"

typedef struct tw_host_secret {
    uint32_t size;

    /* [any] Writes the secret called `name` in the instance's table, read anew at every call.
     * TW_NOT_FOUND when the table has no such reference, or the variable or file is not there. */
    tw_code (*get)(const tw_host *host, tw_str name, const tw_writer *out, tw_error *error);
} tw_host_secret;

#ifdef __cplusplus
}
#endif
