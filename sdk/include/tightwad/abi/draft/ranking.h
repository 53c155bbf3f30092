/* Draft capability: how well documents fit a query, by an engine that was made to say so. */
#pragma once

#include "../ext/embedding.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: a search finds many texts by their vectors, and a model that reads query and document together puts
 * the best of them in order. Optional, beside tightwad.engine/1 of the same plugin: an engine whose table
 * says "embeddings": true is used through tightwad.embedding/1 or through these functions. Which of the
 * two, its model says: info of the other one is TW_UNSUPPORTED. */
#define TW_RANKING_V1 "tightwad.ranking/1"

typedef struct tw_ranking_info {
    uint32_t size;
    int32_t n_tokens; /* that the pairs of one call may have together; one pair may have all of them */
    int32_t n_pairs;  /* of one call */
} tw_ranking_info;

/* Plugin side. */
typedef struct tw_ranking_v1 {
    uint32_t size;

    /* [any] The caller sets out->size. TW_UNSUPPORTED when this engine puts nothing in order. */
    tw_code (*info)(tw_engine *engine, tw_ranking_info *out, tw_error *error);

    /* [any] A query and a document as the tokens in which the model reads them together, into `out` (room for
     * `capacity`); *n is as tw_engine_v1::tokenize has it. Nothing in the two texts becomes a control token. */
    tw_code (*pair)(tw_engine *engine, tw_str query, tw_str document, int32_t *out, size_t capacity,
                    size_t *n, tw_error *error);

    /* [pool] A number for each of `n` such pairs into `out`, in their order: the higher, the better the
     * document fits. As the model has it, so of any size. It does not depend on the pairs beside it, but for
     * rounding. */
    tw_code (*score)(tw_engine *engine, const tw_embedding_text *pairs, size_t n, float *out,
                     tw_error *error);
} tw_ranking_v1;

#ifdef __cplusplus
}
#endif
