// OpenAI's responses, without a memory: every request brings the whole conversation.
#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "front/answer_form.hpp"
#include "front/input_fields.hpp"
#include "front/readers.hpp"
#include "front/request_fields.hpp"
#include "front/said_fields.hpp"
#include "front/tool_fields.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 3> text_types{"input_text", "output_text", "text"};
constexpr std::array<std::string_view, 4> roles{"system", "developer", "user", "assistant"};

void refuse_what_is_missing(fields& in) {
    for (const char* key : {"previous_response_id", "conversation", "prompt"})
        if (is_set(in.find(key))) refuse_unsupported(in, key, "Stored conversations and prompts are");
    if (in.boolean("background").value_or(false))
        refuse_unsupported(in, "background", "Answers in the background are");
}

/// Calls that follow each other, or what the assistant said, are one turn.
void read_call_item(fields& in, const std::string& path, const json& item, std::vector<chat_message>& out) {
    if (out.empty() || out.back().role != "assistant") out.push_back({.role = "assistant", .content = ""});
    out.back().calls.push_back(read_call(in, path, item.value("call_id", json()), item));
}

void read_result_item(fields& in, const std::string& path, const json& item, std::vector<chat_message>& out) {
    const auto id = item.value("call_id", json());
    const auto result = item.find("output");
    if (!id.is_string()) in.refuse(path + ".call_id", "'" + path + ".call_id' must be a string.");
    if (result == item.end()) in.refuse(path + ".output", "'" + path + ".output' is missing.");
    if (in.failure()) return;
    chat_message said{.role = "tool", .content = read_content(in, path + ".output", *result, text_types)};
    said.call_id = id.get<std::string>();
    out.push_back(std::move(said));
}

void read_item(fields& in, const std::string& path, const json& item,
               std::vector<chat_message>& out) {
    if (!item.is_object()) {
        in.wrong_type(path, "an object", item);
        return;
    }
    const auto type = item.value("type", json("message"));
    if (type == "reasoning") return; // what a model thought is not shown to it again
    if (type == "function_call") return read_call_item(in, path, item, out);
    if (type == "function_call_output") return read_result_item(in, path, item, out);
    const auto role = item.value("role", json());
    const bool known = type == "message" && role.is_string() &&
                       std::ranges::find(roles, role.get_ref<const std::string&>()) != roles.end();
    if (!known) {
        in.refuse(path, "'" + path + "' must be a message of the role system, developer, user or "
                               "assistant, a function_call or its output; other items are not supported yet.",
                  tw::code::unsupported);
        return;
    }
    const auto content = item.find("content");
    if (content == item.end()) {
        in.refuse(path + ".content", "'" + path + ".content' is missing.");
        return;
    }
    chat_message said{.role = role.get<std::string>(), .content = ""};
    if (role == "user") read_user_content(in, path + ".content", *content, text_types, image_form::responses, said);
    else said.content = read_content(in, path + ".content", *content, text_types);
    out.push_back(std::move(said));
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
    read_tools(in, out);
    if (is_set(in.find("tools"))) out.offered.tools = in.find("tools")->dump();
    if (is_set(in.find("tool_choice"))) out.offered.choice = in.find("tool_choice")->dump();
    read_sampling(in, out.base.sampling);
    read_max_tokens(in, "max_output_tokens", limits.max_tokens, true, out.base.max_tokens);
    read_extension(in, out);
    out.base.said = said_in(in, false);
}

} // namespace tw::front
