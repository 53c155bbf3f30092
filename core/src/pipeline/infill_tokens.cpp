// Each family of models has names of its own.
#include "pipeline/infill_tokens.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace tw {
namespace {

struct names {
    std::string_view prefix, suffix, middle;
};

// As in llama.cpp, src/llama-vocab.cpp.
constexpr std::array<names, 8> families{{
    {"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"},       // Qwen
    {"<fim-prefix>", "<fim-suffix>", "<fim-middle>"},             //
    {"<fim_prefix>", "<fim_suffix>", "<fim_middle>"},             // Granite, StarCoder
    {"<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"},       // DeepSeek
    {"<PRE>", "<SUF>", "<MID>"},                                  //
    {"▁<PRE>", "▁<SUF>", "▁<MID>"},                               // CodeLlama
    {"<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"},    // GLM
    {"<|prefix|>", "<|suffix|>", "<|middle|>"},                   //
}};

} // namespace

std::optional<infill_tokens> infill_tokens_of(const std::vector<engine::token_info>& vocabulary) {
    const auto find = [&](std::string_view name) {
        const auto found = std::ranges::find(vocabulary, name, &engine::token_info::text);
        return found == vocabulary.end() ? -1 : static_cast<std::int32_t>(found - vocabulary.begin());
    };
    for (const auto& family : families) {
        const infill_tokens found{find(family.prefix), find(family.suffix), find(family.middle)};
        if (found.prefix >= 0 && found.suffix >= 0 && found.middle >= 0) return found;
    }
    return std::nullopt;
}

} // namespace tw
