// The chat templates libllama knows, found by their names or by a template's source as it stands in a GGUF.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <llama.h>

#include <tightwad/sdk/chat_template.hpp>

namespace llamacpp {

[[nodiscard]] bool is_builtin_template(std::string_view name);
// With commas.
[[nodiscard]] std::string builtin_template_names();

// Of the roles system (or developer), user and assistant.
class chat_template : public tw::sdk::chat_template {
  public:
    // Throws TW_UNSUPPORTED when libllama does not recognise the source.
    chat_template(tw::sdk::host host, std::string_view source);

    [[nodiscard]] std::string render(const std::vector<tw::sdk::message>& messages) const;
    // What ends an assistant's words: a model of another family may not have it as a token.
    [[nodiscard]] std::vector<std::string> stops() const;

  private:
    [[nodiscard]] std::string apply(const std::vector<llama_chat_message>& chat, bool answer_begins) const;

    std::string source_;
};

} // namespace llamacpp
