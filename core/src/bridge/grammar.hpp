// A grammar behind its interface, as the mask of a sampler.
#pragma once

#include <memory>
#include <string>

#include <tightwad/abi/ext/grammar.h>

#include "sampling/token_mask.hpp"

namespace tw {

// `spec_json` as abi/ext/grammar.h has it. The engine outlives the mask. Any thread.
[[nodiscard]] result<std::unique_ptr<token_mask>> make_grammar(const tw_grammar_v1& api, const std::string& plugin_id,
                                                               tw_engine* engine, const std::string& spec_json);

} // namespace tw
