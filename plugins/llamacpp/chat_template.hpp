// The chat templates libllama recognises, found by the template's source as it stands in a GGUF.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tightwad/sdk/chat_template.hpp>

namespace llamacpp {

class chat_template : public tw::sdk::chat_template {
  public:
    // Throws TW_UNSUPPORTED when libllama does not recognise the source.
    chat_template(tw::sdk::host host, std::string_view source);

    [[nodiscard]] std::string render(const std::vector<tw::sdk::message>& messages) const;
    [[nodiscard]] std::vector<std::string> stops() const { return {}; }

  private:
    std::string source_;
};

} // namespace llamacpp
