// Digest chains of prompts.
#include "pipeline/prompt_memory.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "sampling/noise.hpp"

namespace tw {
namespace {

constexpr std::size_t block_bytes = 64, most_bytes = 64U << 10U, most_prompts = 32;

std::string serialised(const generation_request& request) {
    std::string out;
    const auto add = [&out](std::string_view bytes) { out += bytes.substr(0, most_bytes - std::min(out.size(), most_bytes)); };
    if (const auto* messages = std::get_if<std::vector<chat_message>>(&request.input)) {
        for (const auto& message : *messages) {
            add(message.role);
            add(std::string_view("\0", 1));
            add(message.content);
            add(message.parts);
            add(std::string_view("\0", 1));
        }
    } else if (const auto* text = std::get_if<std::string>(&request.input)) {
        add(*text);
    } else {
        const auto& ids = std::get<token_ids>(request.input);
        out.resize(std::min(most_bytes, ids.size() * sizeof(ids[0])));
        if (!out.empty()) std::memcpy(out.data(), ids.data(), out.size());
    }
    return out;
}

std::size_t shared_blocks(const prompt_chain& a, const prompt_chain& b) {
    const auto [end, unused] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return static_cast<std::size_t>(end - a.begin());
}

} // namespace

prompt_chain chain_of(const generation_request& request) {
    const auto bytes = serialised(request);
    prompt_chain out;
    auto running = mix64(request.input.index() + 1); // a text and token ids never share a beginning
    for (std::size_t at = 0; at + block_bytes <= bytes.size(); at += block_bytes) {
        for (std::size_t i = 0; i < block_bytes; i += sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data() + at + i, sizeof word);
            running = mix64(running ^ mix64(word + 0x9e3779b97f4a7c15ULL));
        }
        out.push_back(running);
    }
    return out;
}

void prompt_memory::remember(prompt_chain chain) {
    if (chain.empty()) return;
    std::erase_if(chains_, [&](const auto& old) { return shared_blocks(old, chain) == old.size(); });
    chains_.push_back(std::move(chain));
    if (chains_.size() > most_prompts) chains_.pop_front();
}

std::size_t prompt_memory::shared(const prompt_chain& chain) const {
    std::size_t most = 0;
    for (const auto& each : chains_) most = std::max(most, shared_blocks(each, chain));
    return most * block_bytes;
}

} // namespace tw
