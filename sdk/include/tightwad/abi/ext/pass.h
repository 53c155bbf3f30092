/* Capability: hand a request on to the server behind a backend as it came, and its answer back. */
#pragma once

#include "../host/http.h"
#include "backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: servers know paths that the host does not (speech, transcriptions, images, fill-in-the-middle). What the host
 * does not model it does not touch: the bytes go up and come back as they are. Optional, beside tightwad.backend/1 of
 * the same plugin; without it such requests are refused. */
#define TW_PASS_V1 "tightwad.pass/1"

/* A POST. Lives until start has returned. */
typedef struct tw_pass_request {
    uint32_t size;
    uint32_t name_is_json; /* 1 = the name is a JSON string with its quotes, 0 = plain text (of a form) */
    tw_str target;         /* path and query as clients of OpenAI write them, such as "/v1/audio/speech"; the path has
                            * neither empty and dot segments nor percent signs */
    tw_str content_type;   /* these two as the client sent them; empty = it did not */
    tw_str accept;
    tw_str body;           /* any bytes */
    /* The bytes of the body that name the model; none when name_size is 0. A plugin replaces them where the server knows
     * the model by another name. All others go up as they are. */
    uint64_t name_at, name_size;
} tw_pass_request;

/* Host side. Lives until `done` has returned. Never two calls at once for one request, but for full and cancelled. */
typedef struct tw_pass_sink {
    uint32_t size;
    void *ctx;
    /* [any] At most once, before any byte: whatever status the server answered with is no error. */
    void (*head)(const struct tw_pass_sink *self, const tw_http_head *head);
    /* [any] Bytes of the body as they arrive, without the transfer's framing. */
    void (*bytes)(const struct tw_pass_sink *self, tw_str piece);
    /* [any] 1 = the client is behind: no more bytes until this is 0. */
    int32_t (*full)(const struct tw_pass_sink *self);
    /* [any] 1 = nobody is waiting any more; call done soon. */
    int32_t (*cancelled)(const struct tw_pass_sink *self);
    /* [any] Exactly once, last, for every request that start accepted. Null = the answer came whole. */
    void (*done)(const struct tw_pass_sink *self, const tw_error *error);
} tw_pass_sink;

/* Plugin side. */
typedef struct tw_pass_v1 {
    uint32_t size;

    /* [loop] Begins one request to an instance of this plugin and returns at once; on an error the sink is never
     * called. A target that the server has no place for is TW_UNSUPPORTED. The client's own key is not in the request;
     * the plugin sends the one that it has. */
    tw_code (*start)(tw_backend *backend, const tw_pass_request *request, const tw_pass_sink *sink, tw_error *error);
} tw_pass_v1;

#ifdef __cplusplus
}
#endif
