// OpenAI's responses, without a memory: every request brings the whole conversation.
#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "front/answer_form.hpp"
#include "front/input_fields.hpp"
#include "front/readers.hpp"
#include "front/request_fields.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 3> text_types{"input_text", "output_text", "text"};
constexpr std::array<std::string_view, 4> roles{"system", "developer", "user", "assistant"};

void refuse_what_is_missing(fields& in) {
    const auto* choice = in.find("tool_choice");
    if (is_set(in.find("tools")) && !(choice && *choice == "none"))
        refuse_unsupported(in, "tools", "Tools are");
    for (const char* key : {"previous_response_id", "conversation", "prompt"})
        if (is_set(in.find(key))) refuse_unsupported(in, key, "Stored conversations and prompts are");
    if (in.boolean("background").value_or(false))
        refuse_unsupported(in, "background", "Answers in the background are");
}

void read_item(fields& in, const std::string& path, const json& item,
               std::vector<chat_message>& out) {
    if (!item.is_object()) {
        in.wrong_type(path, "an object", item);
        return;
    }
    const auto type = item.value("type", json("message"));
    if (type == "reasoning") return; // what a model thought is not shown to it again
    const auto role = item.value("role", json());
    const bool known = type == "message" && role.is_string() &&
                       std::ranges::find(roles, role.get_ref<const std::string&>()) != roles.end();
    if (!known) {
        in.refuse(path, "'" + path + "' must be a message of the role system, developer, user or "
                               "assistant; other items are not supported yet.",
                  tw::code::unsupported);
        return;
    }
    const auto content = item.find("content");
    if (content == item.end()) {
        in.refuse(path + ".content", "'" + path + ".content' is missing.");
        return;
    }
    out.push_back({role.get<std::string>(), read_content(in, path + ".content", *content, text_types)});
}

void read_conversation(fields& in, api_request& out) {
    std::vector<chat_message> messages;
    out.instructions = in.text("instructions").value_or("");
    if (!out.instructions.empty()) messages.push_back({"system", out.instructions});
    if (const auto* input = in.find("input"); input && input->is_string()) {
        messages.push_back({"user", input->get<std::string>()});
    } else {
        const auto* list = find_list(in, "input", "item");
        for (std::size_t i = 0; list && i < list->size() && !in.failure(); ++i)
            read_item(in, at("input", i), (*list)[i], messages);
    }
    out.inputs.emplace_back(std::move(messages));
}

} // namespace

void read_responses(fields& in, api_request& out, request_limits limits) {
    refuse_what_is_missing(in);
    read_conversation(in, out);
    out.stream = in.boolean("stream").value_or(false);
    read_text_format(in, out);
    read_sampling(in, out.base.sampling);
    read_max_tokens(in, "max_output_tokens", limits.max_tokens, true, out.base.max_tokens);
    read_extension(in, out);
}

} // namespace tw::front
