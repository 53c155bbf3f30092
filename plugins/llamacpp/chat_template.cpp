// The chat templates libllama recognises.
#include "chat_template.hpp"

#include <algorithm>

#include <llama.h>

namespace llamacpp {

chat_template::chat_template(tw::sdk::host, std::string_view source) : source_(source) {
    const llama_chat_message probe{"user", "hello"};
    if (llama_chat_apply_template(source_.c_str(), &probe, 1, true, nullptr, 0) < 0)
        throw tw::sdk::failure(TW_UNSUPPORTED,
                               "The model's chat template is not one that llama.cpp recognises, so chat requests "
                               "cannot be rendered. Use /v1/completions with a prompt of your own.");
}

std::string chat_template::render(const std::vector<tw::sdk::message>& messages) const {
    std::vector<llama_chat_message> chat;
    chat.reserve(messages.size());
    std::size_t size = 256;
    for (const auto& message : messages) {
        chat.push_back({message.role.c_str(), message.content.c_str()});
        size += 2 * (message.role.size() + message.content.size()) + 32;
    }
    std::string prompt(size, '\0');
    const auto apply = [&] {
        return llama_chat_apply_template(source_.c_str(), chat.data(), chat.size(), true, prompt.data(),
                                         static_cast<std::int32_t>(prompt.size()));
    };
    auto n = apply();
    if (n > static_cast<std::int32_t>(prompt.size())) {
        prompt.resize(static_cast<std::size_t>(n));
        n = apply();
    }
    if (n < 0) throw tw::sdk::failure(TW_INVALID_ARGUMENT, "The chat template cannot render these messages.");
    prompt.resize(static_cast<std::size_t>(n));
    return prompt;
}

} // namespace llamacpp
