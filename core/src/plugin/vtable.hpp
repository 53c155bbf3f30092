// Whether the tables a plugin hands out have all the functions the contract requires.
#pragma once

#include <optional>
#include <string>

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
#include <tightwad/abi/plugin.h>

namespace tw {

// The rest of a sentence that begins with the plugin's name ("leaves …", "has …"), without its full
// stop; nothing when sound.
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_backend_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_engine_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_verifier_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_chat_template_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_grammar_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_chat_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_embedding_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_ranking_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_question_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_pass_v1& api);
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_continuation_v1& api);

// The first fault among the interfaces this host knows. Runs the plugin's query().
[[nodiscard]] std::optional<std::string> vtable_fault(const tw_plugin& entry);

} // namespace tw
