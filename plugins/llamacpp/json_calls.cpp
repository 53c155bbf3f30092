// Requests in JSON to messages in JSON.
#include "json_calls.hpp"

#include <tightwad/sdk/json_writer.hpp>

namespace llamacpp {
namespace {

using tw::sdk::failure;
using tw::sdk::json::kind;
using tw::sdk::json::object_writer;
using tw::sdk::json::value;

value function_of(const value& tool) {
    if (const auto function = tool.find("function")) return *function;
    throw failure(TW_INVALID_ARGUMENT, "A tool or a call has no \"function\".");
}

std::string text_of(const value& object, const char* key) {
    const auto found = object.find(key);
    return found && found->kind() == kind::string ? found->as_string() : std::string();
}

std::string said(const char* role, std::string_view content) {
    return object_writer().text("role", role).text("content", content).str();
}

std::string in_words(const value& tools) {
    std::string out = "You can call these functions:\n";
    for (const auto& tool : tools.elements())
        out.append(object_writer().members(function_of(tool), {"strict"}).str()).append("\n"); // that is for servers
    return out + "To call one, answer with one JSON object: {\"name\": its name, \"arguments\": {...}}.";
}

std::string calls_as_text(const value& calls) {
    std::string out;
    for (const auto& call : calls.elements()) {
        const auto function = function_of(call);
        const auto arguments = text_of(function, "arguments");
        if (!out.empty()) out += '\n';
        out += object_writer()
                   .text("name", text_of(function, "name"))
                   .raw("arguments", arguments.empty() ? "{}" : arguments)
                   .str();
    }
    return out;
}

std::string as_text(const value& message) {
    const auto role = text_of(message, "role");
    if (role == "tool") return said("user", "The function returned: " + text_of(message, "content"));
    const auto calls = message.find("tool_calls");
    if (!calls || calls->kind() != kind::array) return std::string(message.raw());
    const auto content = text_of(message, "content");
    return said("assistant", content.empty() ? calls_as_text(*calls) : content + '\n' + calls_as_text(*calls));
}

} // namespace

std::string told_in_json(const value& request) {
    const auto tools = request.find("tools");
    std::string out;
    const auto add = [&](const std::string& message) { out.append(out.empty() ? "" : ",").append(message); };
    bool told = !tools;
    for (const auto& message : request.find("messages")->elements()) {
        const auto role = text_of(message, "role");
        if (!told) {
            const bool system = role == "system" || role == "developer";
            add(said("system", system ? text_of(message, "content") + "\n\n" + in_words(*tools) : in_words(*tools)));
            told = true;
            if (system) continue;
        }
        add(as_text(message));
    }
    return "[" + out + "]";
}

std::string schema_of_calls(const value& tools) {
    std::string out;
    for (const auto& tool : tools.elements()) {
        const auto function = function_of(tool);
        const auto given = function.find("parameters");
        const bool any = !given || given->kind() != kind::object || given->members().empty();
        const auto arguments = any ? R"({"type":"object","properties":{}})" : std::string(given->raw());
        object_writer properties;
        properties.raw("name", object_writer().text("const", text_of(function, "name")).str()).raw("arguments", arguments);
        object_writer call;
        call.text("type", "object").raw("properties", properties.str());
        call.raw("required", R"(["name","arguments"])").raw("additionalProperties", "false");
        out.append(out.empty() ? "" : ",").append(call.str());
    }
    return R"({"anyOf":[)" + out + "]}";
}

} // namespace llamacpp
