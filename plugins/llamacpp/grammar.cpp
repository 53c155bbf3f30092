// Grammars through libllama's grammar sampler, which is asked only what it would refuse.
#include "grammar.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
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

struct grammar_spec {
    std::string gbnf, prefix; // the prompt's end is the beginning of what the grammar is about
    bool lazy = false;        // only from a trigger on
    std::vector<std::string> patterns;
    std::vector<llama_token> tokens, kept;
};

llama_token token_of(const tw::sdk::json::value& id) { return static_cast<llama_token>(id.as_integer()); }

// As common_sampler_init has them (common/sampling.cpp).
void add_trigger(grammar_spec& to, const tw::sdk::json::value& trigger) {
    enum { token, word, pattern, pattern_full };
    const auto value = trigger.find("value")->as_string();
    switch (trigger.find("type")->as_integer()) {
    case token:
        to.tokens.push_back(token_of(*trigger.find("token")));
        break;
    case word: {
        std::string escaped;
        for (const char c : value) {
            if (std::string_view(".^$|()*+?[]{}\\").find(c) != std::string_view::npos) escaped += '\\';
            escaped += c;
        }
        to.patterns.push_back(escaped);
        break;
    }
    case pattern:
        to.patterns.push_back(value);
        break;
    default:
        to.patterns.push_back((value.starts_with('^') ? "" : "^") + value + (value.ends_with('$') ? "" : "$"));
    }
}

// "prefix", "triggers" and "kept" are what chat.cpp says of a model's tool calls.
grammar_spec read_spec(std::string_view spec_json) {
    grammar_spec out;
    for (const auto& [name, value] : tw::sdk::json::value::parse(spec_json).members()) {
        if ((name == "gbnf" || name == "json_schema") && !out.gbnf.empty())
            throw failure(TW_INVALID_ARGUMENT, "A grammar is either \"gbnf\" or \"json_schema\".");
        if (name == "gbnf") out.gbnf = value.as_string();
        else if (name == "json_schema") out.gbnf = gbnf_of_schema(value.raw());
        else if (name == "prefix") out.prefix = value.as_string();
        else if (name == "kept")
            for (const auto& id : value.elements()) out.kept.push_back(token_of(id));
        else if (name == "triggers") {
            out.lazy = true;
            for (const auto& trigger : value.elements()) add_trigger(out, trigger);
        } else
            throw failure(TW_UNSUPPORTED, "This engine has no grammars with \"" + name + "\".");
    }
    std::sort(out.kept.begin(), out.kept.end());
    return out;
}

// As they stand in the middle of a text: some tokenizers put a space before the first one, or into it.
std::vector<std::int32_t> tokens_of(const engine& of, const std::string& text) {
    auto out = of.tokenize(text, true, false);
    if (out.empty() || text.starts_with(' ') || !of.token(out.front()).piece.starts_with(' ')) return out;
    out = of.tokenize("\n" + text, true, false);
    const auto line = std::find_if(out.begin(), out.end(), [&](auto id) { return of.token(id).piece == "\n"; });
    out.erase(out.begin(), line == out.end() ? line : line + 1);
    return out;
}

llama_sampler* made(const llama_vocab* vocab, const grammar_spec& spec) {
    if (!spec.lazy) return llama_sampler_init_grammar(vocab, spec.gbnf.c_str(), "root");
    std::vector<const char*> patterns;
    for (const auto& pattern : spec.patterns) patterns.push_back(pattern.c_str());
    return llama_sampler_init_grammar_lazy_patterns(vocab, spec.gbnf.c_str(), "root", patterns.data(), patterns.size(),
                                                    spec.tokens.data(), spec.tokens.size());
}

} // namespace

grammar::grammar(const engine& of, std::string_view spec_json) : vocab_(of.vocab()) {
    refuse_too_large(spec_json);
    auto spec = read_spec(spec_json);
    refuse_too_large(spec.gbnf);
    lazy_ = spec.lazy;
    kept_ = std::move(spec.kept);
    const error_log log;
    state_.reset(made(vocab_, spec));
    if (!state_ || spec.gbnf.empty())
        throw failure(TW_INVALID_ARGUMENT, "The grammar cannot be read" + log.because() + ".");
    for (const auto token : tokens_of(of, spec.prefix)) {
        if (!fits(token))
            throw failure(TW_INTERNAL, "The grammar of the model's tool calls does not fit its template.");
        llama_sampler_accept(state_.get(), token);
    }
}

grammar::grammar(const grammar& other)
    : vocab_(other.vocab_), lazy_(other.lazy_), kept_(other.kept_), state_(llama_sampler_clone(other.state_.get())) {}

bool grammar::fits(std::int32_t token) const {
    llama_token_data one{.id = token, .logit = 0, .p = 0};
    llama_token_data_array row{.data = &one, .size = 1, .selected = -1, .sorted = false};
    llama_sampler_apply(state_.get(), &row);
    return !std::isinf(one.logit);
}

void grammar::allowed(std::span<const std::int32_t> tokens, std::span<std::uint8_t> out) const {
    std::vector<llama_token_data> asked;
    asked.reserve(tokens.size());
    for (const auto token : tokens) asked.push_back({.id = token, .logit = 0, .p = 0});
    llama_token_data_array row{.data = asked.data(), .size = asked.size(), .selected = -1, .sorted = false};
    llama_sampler_apply(state_.get(), &row);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        // A control token adds nothing to an answer, whatever it is called.
        const bool silent = !lazy_ && llama_vocab_is_control(vocab_, tokens[i]) &&
                            !llama_vocab_is_eog(vocab_, tokens[i]) &&
                            !std::binary_search(kept_.begin(), kept_.end(), tokens[i]);
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
