/* Capability: judge a draft, either a prefix of tokens or a whole answer. */
#pragma once

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: how much of a draft stands is a policy of its own. The host's "exact" verifier is built in
 * (tokens are compared with what the target itself would pick); a plugin adds others, such as a judge
 * of whole answers. */
#define TW_VERIFIER_V1 "tightwad.verifier/1"

typedef struct tw_verifier tw_verifier; /* the plugin's own */

/* A draft beside what the target picked at the same positions. */
typedef struct tw_draft {
    uint32_t size;
    const int32_t *draft;  /* n_draft ids */
    const int32_t *target; /* n_draft + 1 ids: the target's own pick at each position */
    size_t n_draft;
    tw_str prompt; /* whole-answer judging: the question, else empty */
    tw_str answer; /* whole-answer judging: the drafted text, else empty */
} tw_draft;

typedef int32_t tw_verdict_kind;
enum { TW_VERDICT_ACCEPT = 0, TW_VERDICT_CORRECT = 1, TW_VERDICT_REJECT = 2 };

typedef struct tw_verdict {
    uint32_t size;
    tw_verdict_kind kind;
    size_t n_accepted; /* tokens of the draft that stand, 0 … n_draft */
} tw_verdict;

/* Plugin side. */
typedef struct tw_verifier_v1 {
    uint32_t size;
    const tw_option *const *options; /* null-terminated; null = none */
    int32_t exact;                   /* 1 = never changes what the target alone would say */

    /* [pool] */
    tw_code (*create)(const tw_host *host, tw_str config_json, tw_verifier **out, tw_error *error);
    /* [pool] */
    void (*destroy)(tw_verifier *self);
    /* [any] `correction` receives the text that replaces the answer when the verdict corrects it.
     * The caller sets out->size. */
    tw_code (*judge)(tw_verifier *self, const tw_draft *draft, tw_verdict *out,
                     const tw_writer *correction, tw_error *error);
} tw_verifier_v1;

#ifdef __cplusplus
}
#endif
