// The capabilities of a loaded plugin, by type.
#pragma once

#include <tightwad/abi/draft/continuation.h>
#include <tightwad/abi/draft/ranking.h>
#include <tightwad/abi/ext/backend.h>
#include <tightwad/abi/ext/chat.h>
#include <tightwad/abi/ext/chat_template.h>
#include <tightwad/abi/ext/embedding.h>
#include <tightwad/abi/ext/engine.h>
#include <tightwad/abi/ext/grammar.h>
#include <tightwad/abi/ext/pass.h>
#include <tightwad/abi/ext/question.h>
#include <tightwad/abi/ext/verifier.h>

#include "plugin/registry.hpp"

namespace tw {

// Null when the plugin does not have the capability. The registry has checked that every required
// function is there; the table lives as long as the process. Any thread.
[[nodiscard]] inline const tw_backend_v1* find_backend(const plugin& from) {
    return static_cast<const tw_backend_v1*>(from.query(TW_BACKEND_V1));
}
[[nodiscard]] inline const tw_engine_v1* find_engine(const plugin& from) {
    return static_cast<const tw_engine_v1*>(from.query(TW_ENGINE_V1));
}
[[nodiscard]] inline const tw_verifier_v1* find_verifier(const plugin& from) {
    return static_cast<const tw_verifier_v1*>(from.query(TW_VERIFIER_V1));
}
[[nodiscard]] inline const tw_chat_template_v1* find_chat_template_api(const plugin& from) {
    return static_cast<const tw_chat_template_v1*>(from.query(TW_CHAT_TEMPLATE_V1));
}
[[nodiscard]] inline const tw_grammar_v1* find_grammar_api(const plugin& from) {
    return static_cast<const tw_grammar_v1*>(from.query(TW_GRAMMAR_V1));
}
[[nodiscard]] inline const tw_chat_v1* find_chat_api(const plugin& from) {
    return static_cast<const tw_chat_v1*>(from.query(TW_CHAT_V1));
}
[[nodiscard]] inline const tw_embedding_v1* find_embedding_api(const plugin& from) {
    return static_cast<const tw_embedding_v1*>(from.query(TW_EMBEDDING_V1));
}
[[nodiscard]] inline const tw_ranking_v1* find_ranking_api(const plugin& from) {
    return static_cast<const tw_ranking_v1*>(from.query(TW_RANKING_V1));
}
[[nodiscard]] inline const tw_question_v1* find_question_api(const plugin& from) {
    return static_cast<const tw_question_v1*>(from.query(TW_QUESTION_V1));
}
[[nodiscard]] inline const tw_pass_v1* find_pass_api(const plugin& from) {
    return static_cast<const tw_pass_v1*>(from.query(TW_PASS_V1));
}
[[nodiscard]] inline const tw_continuation_v1* find_continuation_api(const plugin& from) {
    return static_cast<const tw_continuation_v1*>(from.query(TW_CONTINUATION_V1));
}

} // namespace tw
