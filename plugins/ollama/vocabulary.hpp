// The tokens of an Ollama's model: what each stands for, and the text that they are together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ollama {

// As POST /api/show with "verbose" tells it, whose model_info is the header of the GGUF file. Const functions from any
// thread.
class vocabulary {
  public:
    // Throws TW_UNSUPPORTED where the answer tells no tokens, or those of a tokenizer that is not known here.
    explicit vocabulary(std::string_view shown);

    [[nodiscard]] std::size_t size() const { return pieces_.size(); }
    // Tokens of a prompt and its answer that the model was made for; 0 = not told.
    [[nodiscard]] std::int64_t context() const { return context_; }
    // A JSON list: for each token its text, or its bytes where these are no text; of a control token its name.
    [[nodiscard]] std::string pieces_json() const;

    // The token with exactly these bytes; none where no token has them, or several have.
    [[nodiscard]] std::optional<std::int32_t> find(std::string_view bytes) const;
    // What a raw prompt has to say so that Ollama reads these tokens; none where they are no text, or none at all.
    [[nodiscard]] std::optional<std::string> text_of(std::span<const std::int32_t> tokens) const;

  private:
    // The file's own numbers.
    enum class kind : std::uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

    void index();
    [[nodiscard]] kind kind_of(std::int32_t id) const { return kinds_[static_cast<std::size_t>(id)]; }
    [[nodiscard]] std::string_view piece(std::int32_t id) const { return pieces_[static_cast<std::size_t>(id)]; }

    std::vector<std::string> pieces_;
    std::vector<kind> kinds_;
    std::vector<std::int32_t> by_piece_; // those that an answer may hold, in the order of their bytes
    std::int64_t bos_ = -1, context_ = 0;
    bool adds_bos_ = true;    // Ollama begins a raw prompt with it
    bool adds_space_ = false; // and puts a space before a text, and behind a token that is not made of text
};

} // namespace ollama
