/* Capability: a model at token level. The heart: rows of many sequences in, logits out. */
#pragma once

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: exact speculation needs every row's logits and a cache that can be cut back. An engine is thin:
 * it loads a model, decodes the rows the host's scheduler hands it, and truncates. Batching, sampling,
 * drafting and caching are the host's, written once for every engine; an engine never samples. */
#define TW_ENGINE_V1 "tightwad.engine/1"

typedef struct tw_engine tw_engine; /* the plugin's own */

/* What an engine is. The strings live until destroy. */
typedef struct tw_engine_info {
    uint32_t size;
    int32_t n_vocab;
    int32_t n_ctx;     /* tokens one sequence can hold */
    int32_t n_seq;     /* sequences; ids are 0 … n_seq-1 */
    int32_t n_batch;   /* rows one decode takes at most */
    int32_t bos;       /* token id, -1 = none */
    int32_t add_bos;   /* 1 = a prompt begins with bos */
    int32_t truncates; /* 1 = truncate to any length works (not so for recurrent models) */
    int64_t weight_bytes;
    tw_str model;         /* what was loaded, e.g. "llama 1B Q4_0" */
    tw_str device;        /* where it runs, e.g. "CPU" */
    tw_str build;         /* the engine's own version */
    tw_str chat_template; /* source of the model's chat template, empty = none */
    tw_str identity;      /* since 1.1: what the weights are, a digest; empty = not known */
} tw_engine_info;

enum {
    TW_TOKEN_CONTROL = 1u, /* renders to nothing in an answer */
    TW_TOKEN_EOG = 2u,     /* ends a generation */
    TW_TOKEN_BYTE = 4u,    /* one raw byte */
};

/* One entry of the vocabulary. The strings live until destroy. */
typedef struct tw_token {
    uint32_t size;
    uint32_t flags;
    uint32_t attributes; /* the model file's own bits, part of the vocabulary digest */
    tw_str text;         /* as the vocabulary spells it */
    tw_str piece;        /* the bytes it adds to an answer */
} tw_token;

/* One row of a decode: token `token` stands at position `pos` of sequence `seq`. */
typedef struct tw_row {
    int32_t seq;
    int32_t pos;
    int32_t token;
    int32_t want_logits; /* 1 = this row's logits are needed */
} tw_row;

/* The logits of the rows that wanted them, in their order: row i begins at data + i * n_vocab. */
typedef struct tw_logits {
    uint32_t size;
    int32_t n_rows;
    int32_t n_vocab;
    const float *data; /* valid until the next decode or destroy of this engine */
} tw_logits;

/* Progress of a load, 0 … 1. Returning 0 gives up: create answers TW_CANCELLED. */
typedef struct tw_progress {
    uint32_t size;
    void *ctx;
    int32_t (*report)(const struct tw_progress *self, float fraction);
} tw_progress;

enum {
    TW_TOKENIZE_SPECIAL = 1u, /* the text of a control token becomes that token */
    TW_TOKENIZE_BOS = 2u,     /* begin as the model wants a prompt to begin */
};

/* Plugin side. One instance is used by one thread at a time, except the functions tagged [any]. */
typedef struct tw_engine_v1 {
    uint32_t size;
    const tw_option *const *options; /* null-terminated; null = none */

    /* [pool] Looks at the instance's table and files without loading: is the model there, whole and
     * of a kind this engine reads? Fast enough for `tightwad check`. */
    tw_code (*check)(tw_str config_json, tw_error *error);

    /* [pool] Loads; may take minutes. `progress` may be null. */
    tw_code (*create)(const tw_host *host, tw_str config_json, const tw_progress *progress,
                      tw_engine **out, tw_error *error);

    /* [pool] */
    void (*destroy)(tw_engine *self);

    /* [any] The caller sets out->size. */
    void (*info)(tw_engine *self, tw_engine_info *out);

    /* [any] id in 0 … n_vocab-1; the caller sets out->size. */
    tw_code (*token)(tw_engine *self, int32_t id, tw_token *out, tw_error *error);

    /* [any] Tokens of `text` into `out` (room for `capacity`). *n becomes the number needed; when that
     * exceeds the capacity nothing is written and the answer is TW_OK: call again with room. */
    tw_code (*tokenize)(tw_engine *self, tw_str text, uint32_t flags, int32_t *out, size_t capacity,
                        size_t *n, tw_error *error);

    /* [pool] One forward pass. Rows are sorted by sequence, and within one by position; a sequence's
     * first row stands right after what its cache holds. 1 ≤ n_rows ≤ n_batch. On an error the caches
     * of all sequences named in the rows are unspecified: truncate them to 0. */
    tw_code (*decode)(tw_engine *self, const tw_row *rows, size_t n_rows, tw_logits *out,
                      tw_error *error);

    /* [pool] Keeps the first `length` tokens of a sequence's cache. Length 0 always works;
     * TW_UNSUPPORTED when the model cannot roll back to the length asked for. */
    tw_code (*truncate)(tw_engine *self, int32_t seq, int32_t length, tw_error *error);
} tw_engine_v1;

#ifdef __cplusplus
}
#endif
