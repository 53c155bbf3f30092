/* Capability: what an answer of an engine may look like, token by token. */
#pragma once

#include "engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: a client that parses an answer needs one that parses. The host samples, so it must know which
 * tokens may come next; only the engine's side knows what its tokens spell and has a grammar parser.
 * Optional, beside tightwad.engine/1 of the same plugin. */
#define TW_GRAMMAR_V1 "tightwad.grammar/1"

typedef struct tw_grammar tw_grammar; /* one place in one answer; the plugin's own */

/* Plugin side. One instance is used by one thread at a time; two instances are independent. */
typedef struct tw_grammar_v1 {
    uint32_t size;

    /* [any] `spec_json` is an object with exactly one of
     *   "gbnf"         a grammar's text, whose rule "root" is the whole answer
     *   "json_schema"  a JSON schema that the answer, a JSON text, must meet
     * TW_INVALID_ARGUMENT says what is wrong with it; TW_UNSUPPORTED that it holds something this
     * plugin does not know. `engine` is one of this plugin's; it outlives the grammar. */
    tw_code (*create)(tw_engine *engine, tw_str spec_json, tw_grammar **out, tw_error *error);

    /* [any] Another one at the same place. */
    tw_code (*clone)(const tw_grammar *self, tw_grammar **out, tw_error *error);

    /* [any] */
    void (*destroy)(tw_grammar *self);

    /* [any] For each of `n` token ids, 1 into `out` when it may come next here, else 0. An
     * end-of-generation token may come where the answer may end. */
    tw_code (*allowed)(const tw_grammar *self, const int32_t *tokens, size_t n, uint8_t *out,
                       tw_error *error);

    /* [any] `token` comes next. One that is not allowed is TW_INVALID_ARGUMENT and changes nothing. */
    tw_code (*accept)(tw_grammar *self, int32_t token, tw_error *error);
} tw_grammar_v1;

#ifdef __cplusplus
}
#endif
