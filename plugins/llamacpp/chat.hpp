// How a GGUF model chats: its own Jinja template and its own form of tool calls, through libllama-common.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tightwad/sdk/chat.hpp>

#include "call_reader.hpp"

struct common_chat_templates;

namespace llamacpp {

class engine;

class chat : public tw::sdk::chat {
  public:
    using engine = llamacpp::engine;
    using answer = call_reader;

    explicit chat(const engine& of);
    [[nodiscard]] std::string begin(std::string_view request_json, std::unique_ptr<answer>* reader) const;

  private:
    struct deleter {
        void operator()(common_chat_templates* templates) const;
    };

    const engine& engine_;
    std::unique_ptr<common_chat_templates, deleter> templates_;
    bool has_calls_ = false; // the template knows them
};

} // namespace llamacpp
