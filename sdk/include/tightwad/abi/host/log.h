/* Host service: one line of log. */
#pragma once

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: one log, one format, one place to look. The host adds time, level and the plugin's id. */
#define TW_HOST_LOG_V1 "tightwad.host.log/1"

enum { TW_LOG_DEBUG = 0, TW_LOG_INFO = 1, TW_LOG_WARN = 2, TW_LOG_ERROR = 3 };

typedef struct tw_host_log {
    uint32_t size;

    /* [any] Writes one event, key=value. No prompts, keys or tokens at info and above. */
    void (*write)(const tw_host *host, int32_t level, tw_str line);

    /* [any] 1 when a line of this level would be kept. */
    int32_t (*enabled)(const tw_host *host, int32_t level);
} tw_host_log;

#ifdef __cplusplus
}
#endif
