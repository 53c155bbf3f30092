// Grammars through libllama's grammar sampler, which is asked only what it would refuse.
#include "grammar.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <tightwad/sdk/json.hpp>

#include "engine.hpp"
#include "json_schema.hpp"
#include "runtime.hpp"

namespace llamacpp {
namespace {

using tw::sdk::failure;

// llama.cpp reads a grammar by recursion, rule by rule and bracket by bracket: what a stranger sends must not end the
// process. Brackets in texts are counted too, which refuses a little more than it must.
constexpr std::size_t most_bytes = 256U << 10U, most_rules = 4096, deepest = 128;

std::size_t rules_in(std::string_view text) {
    std::size_t out = 0;
    for (auto at = text.find("::="); at != std::string_view::npos; at = text.find("::=", at + 3)) ++out;
    return out;
}

std::size_t depth_of(std::string_view text) {
    std::size_t open = 0, depth = 0;
    for (const char c : text) {
        if (c == '(') depth = std::max(depth, ++open);
        if (c == ')' && open > 0) --open;
    }
    return depth;
}

// `text` is a grammar, or a schema whose patterns become one.
void refuse_too_large(std::string_view text) {
    const auto limit = [](std::size_t count, std::size_t most, const char* what) {
        if (count > most)
            throw failure(TW_INVALID_ARGUMENT, "The grammar has " + std::to_string(count) + what + "; at most " +
                                                   std::to_string(most) + " are read.");
    };
    limit(text.size(), most_bytes, " bytes");
    limit(rules_in(text), most_rules, " rules");
    limit(depth_of(text), deepest, " brackets inside each other");
}

std::string gbnf_of(std::string_view spec_json) {
    refuse_too_large(spec_json);
    const auto spec = tw::sdk::json::value::parse(spec_json);
    const auto members = spec.members();
    if (members.size() != 1)
        throw failure(TW_INVALID_ARGUMENT, "A grammar is either \"gbnf\" or \"json_schema\".");
    const auto& [name, value] = members.front();
    if (name == "gbnf") return value.as_string();
    if (name == "json_schema") return gbnf_of_schema(value.raw());
    throw failure(TW_UNSUPPORTED, "This engine has no grammars of the kind \"" + name + "\".");
}

} // namespace

grammar::grammar(const engine& of, std::string_view spec_json) : vocab_(of.vocab()) {
    const auto gbnf = gbnf_of(spec_json);
    refuse_too_large(gbnf);
    const error_log log;
    state_.reset(llama_sampler_init_grammar(vocab_, gbnf.c_str(), "root"));
    if (!state_) throw failure(TW_INVALID_ARGUMENT, "The grammar cannot be read" + log.because() + ".");
}

grammar::grammar(const grammar& other) : vocab_(other.vocab_), state_(llama_sampler_clone(other.state_.get())) {}

void grammar::allowed(std::span<const std::int32_t> tokens, std::span<std::uint8_t> out) const {
    std::vector<llama_token_data> asked;
    asked.reserve(tokens.size());
    for (const auto token : tokens) asked.push_back({.id = token, .logit = 0, .p = 0});
    llama_token_data_array row{.data = asked.data(), .size = asked.size(), .selected = -1, .sorted = false};
    llama_sampler_apply(state_.get(), &row);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        // A control token adds nothing to an answer, whatever it is called.
        const bool silent = llama_vocab_is_control(vocab_, tokens[i]) && !llama_vocab_is_eog(vocab_, tokens[i]);
        out[i] = std::isinf(asked[i].logit) || silent ? 0 : 1;
    }
}

void grammar::accept(std::int32_t token) {
    std::uint8_t can = 0;
    allowed({&token, 1}, {&can, 1}); // libllama aborts, or throws its state away, over another one
    if (can == 0)
        throw failure(TW_INVALID_ARGUMENT, "The grammar does not allow the token " + std::to_string(token) + " here.");
    llama_sampler_accept(state_.get(), token);
}

} // namespace llamacpp
