/* Draft capability: a server that goes on from tokens, and so can draft for a target that is elsewhere. */
#pragma once

#include "../ext/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: a server picks its own tokens, so it cannot judge a draft; but its tokens, which the plugin knows by
 * their ids or finds by their text, are a draft for somebody else's model of the same vocabulary. Optional,
 * beside tightwad.backend/1 and tightwad.question/1 of the same plugin: the host asks "vocabulary", and
 * "tokenize" where that does not spell the tokens, before it believes that the vocabularies are one. */
#define TW_CONTINUATION_V1 "tightwad.continuation/1"

/* What is asked: how the model likes best to go on behind these tokens. */
typedef struct tw_continuation {
    uint32_t size;
    uint32_t most;         /* tokens that are of use, at least 1; fewer may come */
    const int32_t *prompt; /* the first one included that a prompt begins with; valid during the call */
    size_t n_prompt;       /* at least 1 */
} tw_continuation;

typedef struct tw_continued {
    int32_t token;
    float margin; /* ln of how much likelier it is than the runner-up, at least 0; below 0 = not known */
} tw_continued;

/* Host side. Lives until `done` has returned; the plugin must not touch it after that. */
typedef struct tw_token_sink {
    uint32_t size;
    void *ctx;
    /* [any] The next tokens, without a gap; never after done, never two at once for one request. */
    void (*emit)(const struct tw_token_sink *self, const tw_continued *tokens, size_t n_tokens);
    /* [any] Exactly once for every request that start accepted. Null = no more come, for whatever reason. */
    void (*done)(const struct tw_token_sink *self, const tw_error *error);
    /* [any] 1 = nobody is waiting any more; call done soon. */
    int32_t (*cancelled)(const struct tw_token_sink *self);
} tw_token_sink;

/* Plugin side. */
typedef struct tw_continuation_v1 {
    uint32_t size;

    /* [loop] Begins one request to an instance of this plugin and returns at once: then emit*, then exactly
     * one done, from any thread (also before start returns). On an error neither is ever called. The server
     * should keep what it has read of the prompt: the next one mostly begins alike. */
    tw_code (*start)(tw_backend *backend, const tw_continuation *asked, const tw_token_sink *sink, tw_error *error);
} tw_continuation_v1;

#ifdef __cplusplus
}
#endif
