/* Capability: texts to vectors, by an engine that was made for it. */
#pragma once

#include "engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: search and memory compare texts by vectors, and the same model files and the same code hold such
 * models. Optional, beside tightwad.engine/1 of the same plugin: an engine whose table says
 * "embeddings": true is used through these functions; it keeps info, token and tokenize, and refuses
 * decode and truncate. A plugin whose option table has no "embeddings" is never asked. */
#define TW_EMBEDDING_V1 "tightwad.embedding/1"

typedef struct tw_embedding_info {
    uint32_t size;
    int32_t dimensions; /* numbers in a vector */
    int32_t n_tokens;   /* that the texts of one call may have together; one text may have all of them */
    int32_t n_texts;    /* of one call */
} tw_embedding_info;

/* A text as the model's tokens. */
typedef struct tw_embedding_text {
    const int32_t *tokens;
    size_t n; /* at least 1 */
} tw_embedding_text;

/* Plugin side. */
typedef struct tw_embedding_v1 {
    uint32_t size;

    /* [any] The caller sets out->size. TW_UNSUPPORTED when this engine was made for answers, or
     * to put documents in order (draft/ranking.h). */
    tw_code (*info)(tw_engine *engine, tw_embedding_info *out, tw_error *error);

    /* [pool] The vectors of `n` texts into `out`, which has room for n * dimensions, in their order and as
     * the model's pooling makes them: the host brings them to length 1. A text's vector does not depend
     * on the texts beside it, but for rounding. */
    tw_code (*embed)(tw_engine *engine, const tw_embedding_text *texts, size_t n, float *out,
                     tw_error *error);
} tw_embedding_v1;

#ifdef __cplusplus
}
#endif
