/* Capability: how a model chats: messages and tools to prompt, and its answer read back. */
#pragma once

#include "engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: a model calls tools in the form it was trained on, and its template alone says which. Whoever
 * reads that template knows the grammar of its calls and how to read them, too. Optional, beside
 * tightwad.engine/1 of the same plugin; without it the host uses tightwad.chat_template/1, and tools
 * are refused. */
#define TW_CHAT_V1 "tightwad.chat/1"

typedef struct tw_chat tw_chat;               /* the plugin's own */
typedef struct tw_chat_answer tw_chat_answer; /* likewise: one answer being read */

enum {
    TW_CHAT_GOES_ON = 0,
    TW_CHAT_ENDED = 1,   /* this was the last of it */
    TW_CHAT_CUT_OFF = 2, /* likewise, but the model had not finished */
};

/* Plugin side. */
typedef struct tw_chat_v1 {
    uint32_t size;

    /* [pool] As the model of `engine` does, which is one of this plugin's and outlives the chat.
     * TW_UNSUPPORTED when it has no template, or none that can be read. */
    tw_code (*create)(tw_engine *engine, tw_chat **out, tw_error *error);

    /* [pool] */
    void (*destroy)(tw_chat *self);

    /* [any] `request_json` has "messages" and, where tools are to be used, "tools", "tool_choice"
     * ("auto" or "required") and "parallel_tool_calls", all as OpenAI has them; it may have
     * "chat_template_kwargs", an object of arguments for the template. Writes an object with
     *   "prompt"   up to where the assistant's answer begins
     *   "stops"    texts that end an answer, besides the end-of-generation tokens
     *   "grammar"  a spec of tightwad.grammar/1 that the answer must follow; absent = none. It may have
     *              members that only this plugin knows
     *   "shown"    texts of control tokens that belong to the answer
     * and makes what reads the answer, which needs neither chat nor engine. `out` may be null: then
     * only the prompt is wanted. */
    tw_code (*begin)(tw_chat *self, tw_str request_json, const tw_writer *form_json,
                     tw_chat_answer **out, tw_error *error);

    /* [any] From one thread at a time: `text` follows what was read so far, in whole code points.
     * Writes what became certain, an array of {"content": …} and {"call": 0, …}: a call's first entry
     * has its "name" (and "id", where the model gave one), all of them a piece of its "arguments". */
    tw_code (*read)(tw_chat_answer *self, tw_str text, int32_t state, const tw_writer *news_json,
                    tw_error *error);

    /* [any] */
    void (*destroy_answer)(tw_chat_answer *self);
} tw_chat_v1;

#ifdef __cplusplus
}
#endif
