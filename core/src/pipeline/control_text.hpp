// Keeps what a user wrote text: a tokenizer takes "</s>" for the token of that name, wherever it stands.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "bridge/engine.hpp"

namespace tw {

// The texts of a vocabulary's control tokens. Const functions from any thread.
class control_text {
  public:
    explicit control_text(const std::vector<engine::token_info>& vocabulary);

    struct marked {
        nlohmann::ordered_json request;
        std::string mark;
    };
    // The request with a mark inside every control token's text in its texts and names: cut the rendered prompt at the
    // marks, tokenize the parts one by one, and no part holds such a text that a user wrote. None when there is nothing
    // to mark: then the prompt is tokenized in one piece as ever.
    [[nodiscard]] std::optional<marked> mark(const nlohmann::ordered_json& request) const;

  private:
    [[nodiscard]] std::vector<std::size_t> places(std::string_view text) const;

    std::vector<std::string> texts_;
    std::array<bool, 256> begins_{}; // bytes that a text begins with
};

} // namespace tw
