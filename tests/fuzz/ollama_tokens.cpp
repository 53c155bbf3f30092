// Fuzz target: what an Ollama says of its model's tokens, and what it drafts, may be any bytes.
//
// The first byte says where the rest is cut in two; the reader of drafts must not care.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tightwad/sdk/json.hpp>

#include "plugins/ollama/token_stream.hpp"
#include "plugins/ollama/vocabulary.hpp"

namespace {

namespace json = tw::sdk::json;

const auto words = std::make_shared<const ollama::vocabulary>(
    R"({"model_info":{"tokenizer.ggml.model":"llama","tokenizer.ggml.tokens":["<s>","▁a","b","<0xC3>"],"tokenizer.ggml.token_type":[3,1,1,6]}})");

struct drafted {
    std::vector<std::int32_t> tokens;
    bool failed = false;

    bool operator==(const drafted&) const = default;
};

drafted read(std::string_view first, std::string_view second) {
    drafted out;
    const tw_token_sink sink{sizeof(tw_token_sink), &out,
                             [](const tw_token_sink* self, const tw_continued* tokens, std::size_t n) {
                                 for (std::size_t i = 0; i < n; ++i) {
                                     if (tokens[i].token < 0 || tokens[i].token >= 4) __builtin_trap();
                                     static_cast<drafted*>(self->ctx)->tokens.push_back(tokens[i].token);
                                 }
                             },
                             nullptr, nullptr};
    const tw::sdk::token_answer answer(&sink);
    ollama::token_stream stream(words);
    try {
        stream.feed(first, answer);
        stream.feed(second, answer);
        stream.end();
    } catch (const tw::sdk::failure&) {
        out.failed = true;
    }
    return out;
}

void learn(std::string_view shown) {
    try {
        const ollama::vocabulary told(shown);
        const auto listed = told.pieces_json();
        const auto pieces = json::value::parse(listed).elements();
        if (pieces.size() != told.size()) __builtin_trap();
        for (std::int32_t id = 0; id < static_cast<std::int32_t>(pieces.size()); ++id) {
            const auto& piece = pieces[static_cast<std::size_t>(id)];
            if (piece.kind() == json::kind::string) static_cast<void>(told.find(piece.as_string()));
            const std::int32_t twice[]{id, id};
            if (const auto text = told.text_of(twice)) static_cast<void>(json::value::parse(json::quote(*text)));
        }
    } catch (const tw::sdk::failure&) {
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    learn(bytes);
    if (bytes.empty()) return 0;
    const auto rest = bytes.substr(1);
    const auto at = rest.empty() ? 0 : static_cast<unsigned char>(bytes[0]) % rest.size();
    if (read(rest.substr(0, at), rest.substr(at)) != read(rest, {})) __builtin_trap();
    return 0;
}
