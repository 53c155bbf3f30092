// {"response": text, "logprobs": [{"token", "bytes", "top_logprobs": [{"logprob"}, …]}], "done"} a line.
#include "token_stream.hpp"

#include <optional>
#include <string>
#include <vector>

#include <tightwad/sdk/json.hpp>
#include <tightwad/sdk/server_errors.hpp>

#include "members.hpp"

namespace ollama {
namespace {

using tw::sdk::failure;
using tw::sdk::json::kind;
using tw::sdk::json::value;

std::string bytes_of(const value& token) {
    const auto told = token.find("bytes", kind::array);
    if (!told) return text(token, "token");
    std::string out;
    told->each_element([&](const value& byte) { out.push_back(static_cast<char>(byte.as_integer())); });
    return out;
}

} // namespace

void token_stream::feed(std::string_view bytes, const tw::sdk::token_answer& out) {
    lines_.feed(bytes, [&](std::string_view one) {
        if (!finished_ && !cut_ && !one.empty()) line(one, out);
    });
}

void token_stream::line(std::string_view bytes, const tw::sdk::token_answer& out) {
    try {
        const auto said = value::parse(bytes);
        if (said.find("error")) throw tw::sdk::refusal_of("The Ollama, while it drafted,", 500, bytes);
        tell(said, out);
        const auto done = said.find("done", kind::boolean);
        finished_ = !cut_ && done && done->as_boolean();
    } catch (const failure& e) {
        if (e.code() != TW_INVALID_ARGUMENT) throw;
        throw failure{TW_CORRUPT, "The Ollama sent a line that makes no sense: " + std::string(tw::sdk::cut_utf8(bytes, 100))};
    }
}

void token_stream::tell(const value& said, const tw::sdk::token_answer& out) {
    const auto likely = said.find("logprobs", kind::array);
    const auto tokens = likely ? likely->elements() : std::vector<value>();
    for (const auto& each : tokens) put(bytes_of(each), tw::sdk::margin_of(each), out);
    if (!tokens.empty()) return;
    if (!text(said, "thinking").empty()) cut_ = true; // it is no part of the response, and was a token
    if (const auto piece = text(said, "response"); !piece.empty()) put(piece, -1, out);
}

void token_stream::put(std::string_view bytes, float margin, const tw::sdk::token_answer& out) {
    if (cut_) return;
    // Ollama writes U+FFFD for what is no text.
    const auto id = bytes.find("\xEF\xBF\xBD") == std::string_view::npos ? words_->find(bytes) : std::nullopt;
    if (id) out.emit(*id, margin);
    else cut_ = true;
}

void token_stream::end() const {
    if (finished_ || cut_) return;
    throw failure{TW_UNAVAILABLE, "The Ollama broke off while it drafted."};
}

} // namespace ollama
