/* Capability: text in, text out, streamed. For servers and clouds that pick their own tokens. */
#pragma once

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: not every machine hands out logits. A backend answers chat and completion requests as text; it
 * is served plainly, never as a verifier. */
#define TW_BACKEND_V1 "tightwad.backend/1"

/* A piece of one answer. `choice` counts from 0. */
typedef struct tw_delta {
    uint32_t size;
    uint32_t choice;
    tw_str text; /* whole code points */
} tw_delta;

typedef int32_t tw_finish_reason;
enum { TW_FINISH_STOP = 0, TW_FINISH_LENGTH = 1, TW_FINISH_FILTER = 2 };

typedef struct tw_finish {
    uint32_t size;
    tw_finish_reason reason;
    int64_t prompt_tokens, completion_tokens; /* -1 = the backend does not know */
    const tw_error *error;                    /* null = success */
} tw_finish;

/* Host side. Lives until `done` has returned; the plugin must not touch it after that. */
typedef struct tw_sink {
    uint32_t size;
    void *ctx;
    /* [any] One piece; never after done, never two at once for one request. */
    void (*emit)(const struct tw_sink *self, const tw_delta *delta);
    /* [any] Exactly once for every request that start accepted. */
    void (*done)(const struct tw_sink *self, const tw_finish *finish);
    /* [any] 1 = nobody is waiting any more; call done soon. */
    int32_t (*cancelled)(const struct tw_sink *self);
    /* [any] Since 1.2. What an answer has beside its text, as an OpenAI chunk has it: an object with
     * "tool_calls" (of the delta; one without "index" is the next call, whole), "logprobs" (of the
     * choice, in either of OpenAI's two forms; before the text that it is about), "reasoning_content"
     * (a piece of what a model thinks apart from its answer), "usage" ("prompt_tokens_details",
     * "completion_tokens_details" and others that tw_finish has no place for) or "extra": members that
     * only some clients know, as objects "answer" (of the chunk), "choice" (of the choice) and "delta" (of
     * the delta: pieces that add up). As emit otherwise. */
    void (*more)(const struct tw_sink *self, uint32_t choice, tw_str json);
} tw_sink;

typedef struct tw_backend tw_backend; /* the plugin's own */

/* Plugin side. */
typedef struct tw_backend_v1 {
    uint32_t size;
    const tw_option *const *options; /* null-terminated; null = none */

    /* [pool] An instance from its table of the configuration, as JSON. `host` outlives it. */
    tw_code (*create)(const tw_host *host, tw_str config_json, tw_backend **out, tw_error *error);

    /* [pool] No request is running. */
    void (*destroy)(tw_backend *self);

    /* [loop] Begins one request and returns at once: then emit*, then exactly one done, from any
     * thread (also before start returns). On an error neither is ever called. The request is the
     * OpenAI body of /v1/chat/completions (has "messages") or /v1/completions (has "prompt"). How tokens
     * are chosen stands in it only as far as the client said it. "max_tokens" says how many are wanted;
     * "max_completion_tokens" beside it, the same number, that the client used the newer word. A plugin
     * of 1.2 may be sent "tools", "tool_choice", "parallel_tool_calls", "response_format", "grammar"
     * (GBNF), "suffix", "logprobs" and "top_logprobs"; it refuses (TW_UNSUPPORTED) what it would have to drop. Other
     * members are the client's own, which the host does not know: for servers that may know them. */
    tw_code (*start)(tw_backend *self, tw_str request_json, const tw_sink *sink, tw_error *error);
} tw_backend_v1;

#ifdef __cplusplus
}
#endif
