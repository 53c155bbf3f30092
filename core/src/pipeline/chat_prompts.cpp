// One request of the contract, with and without marks.
#include "pipeline/chat_prompts.hpp"

#include <algorithm>
#include <utility>

#include "pipeline/messages.hpp"

namespace tw {
namespace {

error about(const char* param, error why) {
    why.param = param;
    return why;
}

// Of the template, where the client named some.
void put_arguments(nlohmann::ordered_json& request, const std::string& said) {
    constexpr const char* key = "chat_template_kwargs";
    if (said.find(key) == std::string::npos) return;
    const auto all = nlohmann::ordered_json::parse(said);
    if (const auto found = all.find(key); found != all.end() && found->is_object()) request[key] = *found;
}

// Messages that a template refuses, or tools that it cannot have.
error refused(error why, bool with_tools) {
    return about(with_tools && why.code == code::unsupported ? "tool_choice" : "messages", std::move(why));
}

} // namespace

chat_prompts::chat_prompts(std::unique_ptr<chat> own, std::unique_ptr<chat_template> known, std::string none,
                           const std::vector<engine::token_info>& vocabulary)
    : own_(std::move(own)), known_(std::move(known)), none_(std::move(none)), control_text_(vocabulary) {}

result<chat_prompts::prepared> chat_prompts::prepare(const std::vector<chat_message>& messages,
                                                     const tool_use& tools, const std::string& said) const {
    if (!own_) return by_template(messages, tools);
    const bool with_tools = !tools.functions.empty();
    auto request = to_json(messages, tools);
    put_arguments(request, said);
    const auto marked = control_text_.mark(request);
    prepared out;
    if (marked) {
        auto form = own_->begin(marked->request.dump(), false);
        if (!form) return refused(form.error(), with_tools);
        out.prompt = std::move(form->prompt);
        out.stops = std::move(form->stops);
        out.mark = marked->mark;
        if (!with_tools) return out;
    }
    // Marks would become a part of what the answer must look like.
    auto form = own_->begin(request.dump(), with_tools);
    if (!form) return refused(form.error(), with_tools);
    if (!marked) out.prompt = std::move(form->prompt);
    out.stops = std::move(form->stops);
    out.shown = std::move(form->shown);
    out.grammar = std::move(form->grammar);
    out.reader = std::move(form->reader);
    return out;
}

bool chat_prompts::calls_tools() const {
    const tool_use offered{.functions = R"([{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])"};
    return prepare({{.role = "user", .content = "hello"}}, offered).has_value();
}

result<chat_prompts::prepared> chat_prompts::by_template(const std::vector<chat_message>& messages,
                                                         const tool_use& tools) const {
    if (!known_) return fail(code::unsupported, none_);
    const bool called =
        std::any_of(messages.begin(), messages.end(), [](const auto& each) { return !each.calls.empty(); });
    if (called || !tools.functions.empty())
        return about(called ? "messages" : "tools",
                     fail(code::unsupported, "Tools are not served here: the engine of this model does not know its "
                                             "form of tool calls. Leave them out."));
    const auto request = to_json(messages);
    const auto marked = control_text_.mark(request);
    auto prompt = known_->render((marked ? marked->request : request).dump());
    if (!prompt) return prompt.error();
    prepared out;
    out.prompt = std::move(*prompt);
    out.stops = known_->stops();
    if (marked) out.mark = marked->mark;
    return out;
}

} // namespace tw
