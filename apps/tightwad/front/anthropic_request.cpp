// Anthropic's messages: the system prompt lies beside them.
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

constexpr std::array<std::string_view, 1> text_block{"text"};

/// What the model thought in earlier turns is not shown to it again: other models leave it out too.
json without_thoughts(const json& content) {
    if (!content.is_array()) return content;
    auto out = json::array();
    for (const auto& block : content) {
        const auto type = block.is_object() ? block.value("type", json()) : json();
        if (type != "thinking" && type != "redacted_thinking") out.push_back(block);
    }
    return out;
}

/// Moves the blocks of a type out of `blocks`.
std::vector<json> take(json& blocks, const char* type) {
    std::vector<json> out;
    if (!blocks.is_array()) return out;
    auto rest = json::array();
    for (auto& block : blocks) {
        const bool wanted = block.is_object() && block.value("type", json()) == type;
        if (wanted) out.push_back(std::move(block));
        else rest.push_back(std::move(block));
    }
    blocks = std::move(rest);
    return out;
}

std::vector<tool_call> take_calls(fields& in, const std::string& path, json& blocks) {
    auto calls = json::array();
    for (const auto& block : take(blocks, "tool_use")) {
        json function{{"name", block.value("name", json())}};
        function["arguments"] = block.value("input", json::object());
        calls.push_back({{"id", block.value("id", json())}, {"function", std::move(function)}});
    }
    return read_calls(in, path, calls);
}

/// Results come before what the user says beside them. OpenAI's hold text only, so that what a tool shows is shown by
/// the user, first of all.
void take_results(fields& in, const std::string& path, json& blocks, std::vector<chat_message>& out) {
    auto shown = json::array();
    for (const auto& block : take(blocks, "tool_result")) {
        chat_message result{.role = "tool", .content = ""};
        const auto id = block.value("tool_use_id", json());
        if (id.is_string()) result.call_id = id.get<std::string>();
        auto content = block.value("content", json(""));
        for (auto& image : take(content, "image")) shown.push_back(std::move(image));
        if (!content.is_null()) result.content = read_content(in, path, content, text_block);
        out.push_back(std::move(result));
    }
    if (!shown.empty()) blocks.insert(blocks.begin(), shown.begin(), shown.end());
}

void read_message(fields& in, const std::string& path, const json& message,
                  std::vector<chat_message>& out) {
    if (!message.is_object()) {
        in.wrong_type(path, "an object", message);
        return;
    }
    const auto role = message.find("role");
    const bool known = role != message.end() && (*role == "user" || *role == "assistant");
    if (!known) {
        in.refuse(path + ".role", "'" + path + ".role' must be user or assistant; a system prompt "
                                  "belongs into 'system'.");
        return;
    }
    const auto content = message.find("content");
    if (content == message.end()) {
        in.refuse(path + ".content", "'" + path + ".content' is missing.");
        return;
    }
    auto blocks = without_thoughts(*content);
    chat_message said{.role = role->get<std::string>(), .content = ""};
    if (*role == "assistant") said.calls = take_calls(in, path + ".content", blocks);
    else take_results(in, path + ".content", blocks, out);
    const bool only_results = *role == "user" && blocks.is_array() && blocks.empty() && !content->empty();
    if (only_results) return;
    if (*role == "user") read_user_content(in, path + ".content", blocks, text_block, image_form::anthropic, said);
    else said.content = read_content(in, path + ".content", blocks, text_block);
    out.push_back(std::move(said));
}

void read_conversation(fields& in, api_request& out) {
    std::vector<chat_message> messages;
    if (const auto* system = in.find("system"); is_set(system))
        messages.push_back({"system", read_content(in, "system", *system, text_block)});
    const auto* list = find_list(in, "messages", "message");
    for (std::size_t i = 0; list && i < list->size() && !in.failure(); ++i)
        read_message(in, at("messages", i), (*list)[i], messages);
    out.inputs.emplace_back(std::move(messages));
}

} // namespace

void read_anthropic(fields& in, api_request& out, request_limits limits) {
    if (is_set(in.find("mcp_servers"))) refuse_unsupported(in, "mcp_servers", "MCP servers are");
    read_conversation(in, out);
    out.stream = in.boolean("stream").value_or(false);
    read_anthropic_tools(in, out);
    read_output_format(in, out);
    read_sampling(in, out.base.sampling);
    read_stop(in, "stop_sequences", 16, out.base.stop);
    read_max_tokens(in, "max_tokens", limits.max_tokens, true, out.base.max_tokens);
    read_extension(in, out);
    out.base.said = said_in(in, false);
}

} // namespace tw::front
