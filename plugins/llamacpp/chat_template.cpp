// The chat templates libllama recognises.
#include "chat_template.hpp"

#include <algorithm>

namespace llamacpp {
using tw::sdk::failure;

namespace {

std::vector<std::string_view> names() {
    std::vector<const char*> found(static_cast<std::size_t>(llama_chat_builtin_templates(nullptr, 0)));
    llama_chat_builtin_templates(found.data(), found.size());
    return {found.begin(), found.end()};
}

// libllama's templates take any other role for one of these.
const char* known_role(const std::string& role) {
    if (role == "system" || role == "developer") return "system";
    if (role == "user") return "user";
    if (role == "assistant") return "assistant";
    throw failure(TW_INVALID_ARGUMENT, "The chat template knows the roles system, user and assistant, not " + role + ".");
}

} // namespace

bool is_builtin_template(std::string_view name) {
    const auto all = names();
    return std::find(all.begin(), all.end(), name) != all.end();
}

std::string builtin_template_names() {
    std::string out;
    for (const auto name : names()) out.append(out.empty() ? "" : ", ").append(name);
    return out;
}

chat_template::chat_template(tw::sdk::host, std::string_view source) : source_(source) {
    const llama_chat_message probe{"user", "hello"};
    if (llama_chat_apply_template(source_.c_str(), &probe, 1, true, nullptr, 0) < 0)
        throw failure(TW_UNSUPPORTED, "The model's chat template is not one that llama.cpp recognises, so chat requests "
                                      "cannot be rendered. Use /v1/completions with a prompt of your own.");
}

std::string chat_template::apply(const std::vector<llama_chat_message>& chat, bool answer_begins) const {
    std::size_t size = 256;
    for (const auto& [role, content] : chat) size += 2 * std::string_view(content).size() + 64;
    std::string prompt(size, '\0');
    const auto run = [&] {
        return llama_chat_apply_template(source_.c_str(), chat.data(), chat.size(), answer_begins, prompt.data(),
                                         static_cast<std::int32_t>(prompt.size()));
    };
    auto n = run();
    if (n > static_cast<std::int32_t>(prompt.size())) {
        prompt.resize(static_cast<std::size_t>(n));
        n = run();
    }
    if (n < 0) throw failure(TW_INVALID_ARGUMENT, "The chat template cannot render these messages.");
    prompt.resize(static_cast<std::size_t>(n));
    return prompt;
}

std::string chat_template::render(const std::vector<tw::sdk::message>& messages) const {
    std::vector<llama_chat_message> chat;
    chat.reserve(messages.size());
    for (const auto& message : messages) {
        if (message.content.find('\0') != std::string::npos)
            throw failure(TW_INVALID_ARGUMENT, "A message holds a character of the code zero, at which this template would end.");
        chat.push_back({known_role(message.role), message.content.c_str()});
    }
    return apply(chat, true);
}

std::vector<std::string> chat_template::stops() const {
    constexpr std::string_view words = "answer", space = " \n";
    const auto turns = apply({{"user", "question"}, {"assistant", words.data()}}, false);
    const auto end = turns.rfind(words);
    const auto begin = end == std::string::npos ? end : turns.find_first_not_of(space, end + words.size());
    if (begin == std::string::npos) return {};
    return {turns.substr(begin, turns.find_first_of(space, begin) - begin)};
}

} // namespace llamacpp
