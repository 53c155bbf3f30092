/* Capability: what else the server behind a backend can be asked, besides for answers. */
#pragma once

#include "backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: servers make embeddings, order documents and know their tokens, too. One reply, not streamed.
 * Optional, beside tightwad.backend/1 of the same plugin; without it such requests are refused. */
#define TW_QUESTION_V1 "tightwad.question/1"

/* Host side. Lives until `done` has returned. */
typedef struct tw_reply {
    uint32_t size;
    void *ctx;
    /* [any] Exactly once for every question that start accepted. With an error the text is empty. */
    void (*done)(const struct tw_reply *self, tw_str reply_json, const tw_error *error);
    /* [any] 1 = nobody is waiting any more; call done soon. */
    int32_t (*cancelled)(const struct tw_reply *self);
} tw_reply;

/* Plugin side. */
typedef struct tw_question_v1 {
    uint32_t size;

    /* [loop] Begins one question to an instance of this plugin and returns at once; on an error done is
     * never called. Questions and replies are objects, `what` is one of
     *   "embeddings"  {"input": [texts, or lists of token ids], "truncate": too long ones are cut} and maybe
     *                 "dimensions"; reply as OpenAI's: "data" with an "embedding" for each input, and "usage"
     *   "rerank"      {"query": text, "documents": [texts]}; reply {"results": [{"index", "relevance_score"}]},
     *                 and "usage"
     *   "tokenize"    {"content", "add_special", "parse_special"}; reply {"tokens": [{"id", "piece"}]}, where a
     *                 piece that is no text is a list of bytes
     *   "detokenize"  {"tokens": [ids]}; reply {"content"}
     *   "count"       a chat as tw_backend_v1::start takes it; reply {"tokens": how many its prompt has}
     *   "properties"  {}; reply as llama.cpp's GET /props
     *   "vocabulary"  {}; reply {"tokens": how many the model has, "context": how many a prompt and its answer may
     *                 have together, where known, "pieces": for each token what it adds to an answer, as above, of a
     *                 control token its name; left out by a server that can be asked to "tokenize" instead}
     *   "health"      {}; any reply: the server can answer. Asked again and again while it seems gone: it must cost nothing
     *   "about"       {}; what the status shows of the server as it came, at most 64 KiB: {"context", "slots", "capabilities",
     *                 "usd_per_million_prompt_tokens", …}, whatever is known
     *   "load"        {}; reply {"slots": how many answers it gives at a time, "busy": how many it gives, whoever asked}
     * and anything else, or what this server cannot do, is TW_UNSUPPORTED. */
    tw_code (*start)(tw_backend *backend, tw_str what, tw_str question_json, const tw_reply *reply,
                     tw_error *error);
} tw_question_v1;

#ifdef __cplusplus
}
#endif
