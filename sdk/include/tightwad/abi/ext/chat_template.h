/* Capability: messages to prompt. */
#pragma once

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: every chat model was trained on a form of its own, and a wrong one silently spoils answers. */
#define TW_CHAT_TEMPLATE_V1 "tightwad.chat_template/1"

typedef struct tw_chat_template tw_chat_template; /* the plugin's own */

/* Plugin side. */
typedef struct tw_chat_template_v1 {
    uint32_t size;

    /* [pool] `source` is a template's text (as in a GGUF) or a name the plugin knows. TW_UNSUPPORTED
     * when it is neither. */
    tw_code (*create)(const tw_host *host, tw_str source, tw_chat_template **out, tw_error *error);
    /* [pool] */
    void (*destroy)(tw_chat_template *self);
    /* [any] `messages_json` is [{"role": …, "content": …}, …]. Writes the prompt, up to where the
     * assistant's answer begins. */
    tw_code (*render)(tw_chat_template *self, tw_str messages_json, const tw_writer *prompt,
                      tw_error *error);
    /* [any] Writes a JSON array of texts that end an answer, besides the end-of-generation tokens. */
    tw_code (*stops)(tw_chat_template *self, const tw_writer *stops_json, tw_error *error);
} tw_chat_template_v1;

#ifdef __cplusplus
}
#endif
