// Anthropic's messages: the system prompt lies beside them.
#include <array>

#include <nlohmann/json.hpp>

#include "front/input_fields.hpp"
#include "front/readers.hpp"
#include "front/request_fields.hpp"

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
    out.push_back({role->get<std::string>(), read_content(in, path + ".content",
                                                          without_thoughts(*content), text_block)});
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

bool is_wanted(const json* choice) {
    return !choice || !choice->is_object() || choice->value("type", json()) != "none";
}

} // namespace

void read_anthropic(fields& in, api_request& out, request_limits limits) {
    if (is_set(in.find("tools")) && is_wanted(in.find("tool_choice")))
        refuse_unsupported(in, "tools", "Tools are");
    if (const auto* thinking = in.object("thinking");
        thinking && thinking->value("type", json()) == "enabled")
        refuse_unsupported(in, "thinking", "Thinking apart is");
    if (is_set(in.find("mcp_servers"))) refuse_unsupported(in, "mcp_servers", "MCP servers are");
    read_conversation(in, out);
    out.stream = in.boolean("stream").value_or(false);
    read_sampling(in, out.base.sampling);
    read_stop(in, "stop_sequences", 16, out.base.stop);
    read_max_tokens(in, "max_tokens", limits.max_tokens, true, out.base.max_tokens);
    read_extension(in, out);
}

} // namespace tw::front
