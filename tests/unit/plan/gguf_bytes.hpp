// Writes the beginning of a GGUF file, rightly or wrongly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace tw::test {

class gguf_bytes {
  public:
    template <class T> static std::string number(T value) {
        std::string out;
        for (std::size_t i = 0; i < sizeof(T); ++i)
            out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
        return out;
    }
    static std::string text(std::string_view words) { return number(std::uint64_t{words.size()}) + std::string(words); }

    gguf_bytes& word(std::string_view key, std::string_view value) { return pair(key, 8, text(value)); }
    gguf_bytes& u32(std::string_view key, std::uint32_t value) { return pair(key, 4, number(value)); }
    gguf_bytes& words(std::string_view key, const std::vector<std::string>& values) {
        auto body = number(std::uint32_t{8}) + number(std::uint64_t{values.size()});
        for (const auto& one : values) body += text(one);
        return pair(key, 9, body);
    }
    gguf_bytes& u32s(std::string_view key, const std::vector<std::uint32_t>& values) {
        auto body = number(std::uint32_t{4}) + number(std::uint64_t{values.size()});
        for (const auto one : values) body += number(one);
        return pair(key, 9, body);
    }
    gguf_bytes& pair(std::string_view key, std::uint32_t type, const std::string& body) {
        pairs_ += text(key) + number(type) + body;
        ++keys_;
        return *this;
    }
    gguf_bytes& tensor(std::string_view name, std::uint32_t type, const std::vector<std::uint64_t>& shape,
                       std::uint64_t offset = 0) {
        tensors_ += text(name) + number(static_cast<std::uint32_t>(shape.size()));
        for (const auto one : shape) tensors_ += number(one);
        tensors_ += number(type) + number(offset);
        ++count_;
        return *this;
    }
    [[nodiscard]] std::string done(std::uint32_t version = 3) const {
        return "GGUF" + number(version) + number(count_) + number(keys_) + pairs_ + tensors_;
    }

  private:
    std::string pairs_, tensors_;
    std::uint64_t keys_ = 0, count_ = 0;
};

// A model of two layers of 16 KiB that can be looked at and nothing could be computed of.
inline void write_two_layers(const std::filesystem::path& file) {
    gguf_bytes out;
    out.word("general.architecture", "llama").u32("llama.block_count", 2).u32("llama.context_length", 128);
    out.u32("llama.embedding_length", 64).u32("llama.attention.head_count", 4).words("tokenizer.ggml.tokens", {"a", "b"});
    out.tensor("token_embd.weight", 0, {64, 2});
    for (std::uint64_t i = 0; i < 2; ++i) out.tensor("blk." + std::to_string(i) + ".attn_q.weight", 0, {64, 64}, 512 + i * 16384);
    std::ofstream(file, std::ios::binary) << out.done() << std::string(2 * 64 * 64 * 4 + 64 * 2 * 4 + 256, '\0');
}

} // namespace tw::test
