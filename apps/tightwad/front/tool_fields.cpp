// Tools and calls of three APIs, checked. What reaches the pipeline has OpenAI's form.
#include "front/tool_fields.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/strangers_json.hpp"
#include "base/text.hpp"
#include "front/input_fields.hpp"
#include "front/json_body.hpp"

namespace tw::front {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t most_tools = 128, longest_name = 64;

/// OpenAI's rule. Names cross into grammars and are told apart by them, so it is kept.
bool is_name(const json& name) {
    if (!name.is_string()) return false;
    const auto& text = name.get_ref<const std::string&>();
    return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

std::string refuse_name(fields& in, const std::string& path) {
    in.refuse(path, "'" + path + "' must be a name of 1 to 64 letters, digits, underscores and hyphens.");
    return {};
}

/// The name of a function; `schema` is the key of its parameters.
std::string read_function(fields& in, const std::string& path, const json& function, const char* schema) {
    if (const auto given = function.find(schema); given != function.end() && !given->is_null() && !given->is_object())
        in.wrong_type(path + '.' + schema, "an object, a JSON schema", *given);
    const auto name = function.value("name", json());
    return is_name(name) ? name.get<std::string>() : refuse_name(in, path + ".name");
}

bool is_function(fields& in, const std::string& path, const json& tool) {
    if (!tool.is_object())
        in.wrong_type(path, "an object", tool);
    else if (tool.value("type", json("function")) != "function")
        in.refuse(path + ".type", "Tools of other types than function are not supported yet (" + path + ").",
                  tw::code::unsupported);
    return !in.failure();
}

std::string read_flat_tool(fields& in, const std::string& path, const json& tool) {
    return is_function(in, path, tool) ? read_function(in, path, tool, "parameters") : std::string();
}

std::string read_tool(fields& in, const std::string& path, const json& tool) {
    if (!is_function(in, path, tool)) return {};
    const auto function = tool.find("function");
    if (function == tool.end() || !function->is_object()) {
        in.refuse(path + ".function", "'" + path + ".function' must be an object with the function's name.");
        return {};
    }
    return read_function(in, path + ".function", *function, "parameters");
}

std::string read_anthropic_tool(fields& in, const std::string& path, const json& tool) {
    if (!tool.is_object()) {
        in.wrong_type(path, "an object", tool);
        return {};
    }
    if (const auto type = tool.value("type", json("custom")); type != "custom" && !type.is_null()) {
        in.refuse(path + ".type", "Tools that run at a server are not supported yet (" + path + ").",
                  tw::code::unsupported);
        return {};
    }
    return read_function(in, path, tool, "input_schema");
}

template <class Read> std::vector<std::string> read_list(fields& in, Read read) {
    std::vector<std::string> names;
    const auto* tools = in.find("tools");
    if (tools == nullptr) return names;
    if (!tools->is_array())
        in.wrong_type("tools", "an array", *tools);
    else if (tools->size() > most_tools)
        in.refuse("tools", "'tools' holds " + std::to_string(tools->size()) + " tools; at most 128 are taken.");
    for (std::size_t i = 0; tools->is_array() && i < tools->size() && !in.failure(); ++i)
        names.push_back(read(in, at("tools", i), (*tools)[i]));
    return names;
}

/// The one function that the answer must call.
void choose(fields& in, api_request& out, const std::vector<std::string>& names, const json& name) {
    if (!name.is_string() || std::ranges::find(names, name.get_ref<const std::string&>()) == names.end()) {
        in.refuse("tool_choice", "'tool_choice' names no function of 'tools'.");
        return;
    }
    out.offered.only = name.get<std::string>();
    out.base.tools.required = true;
}

/// JSON in a string, made anew: texts in it are then what they look like.
std::string read_arguments(fields& in, const std::string& path, const json& given) {
    auto arguments = given;
    if (given.is_string()) {
        const auto& text = given.get_ref<const std::string&>();
        if (text.empty()) return "{}";
        const auto parsed = parse_ordered(text);
        if (parsed.is_object()) return parsed.dump();
        arguments = json();
    }
    if (arguments.is_object()) return arguments.dump();
    in.refuse(path, "'" + path + "' must be a JSON object in a string.");
    return {};
}

} // namespace

void read_tools(fields& in, api_request& out) {
    out.base.tools.parallel = in.boolean("parallel_tool_calls").value_or(true);
    const auto* choice = in.find("tool_choice");
    if (choice && *choice == "none") return;
    const bool flat = out.kind == endpoint::responses;
    const auto names = read_list(in, flat ? read_flat_tool : read_tool);
    out.offered.any = !names.empty();
    if (!choice || *choice == "auto" || in.failure()) return;
    if (names.empty())
        in.refuse("tool_choice", "'tool_choice' asks for a tool, and 'tools' offers none.");
    else if (*choice == "required")
        out.base.tools.required = true;
    else if (json_member(*choice, "type") == "function")
        choose(in, out, names, json_member(flat ? *choice : json_member(*choice, "function"), "name"));
    else
        in.refuse("tool_choice", "'tool_choice' must be none, auto, required, or name a function.");
}

void read_anthropic_tools(fields& in, api_request& out) {
    const auto* choice = in.object("tool_choice");
    const auto type = choice ? json_member(*choice, "type") : json("auto");
    if (type == "none") return;
    const auto names = read_list(in, read_anthropic_tool);
    out.offered.any = !names.empty();
    out.base.tools.parallel = !choice || json_member(*choice, "disable_parallel_tool_use") != true;
    if (type == "auto" || in.failure()) return;
    if (names.empty())
        in.refuse("tool_choice", "'tool_choice' asks for a tool, and 'tools' offers none.");
    else if (type == "any")
        out.base.tools.required = true;
    else if (type == "tool")
        choose(in, out, names, json_member(*choice, "name"));
    else
        in.refuse("tool_choice.type", "'tool_choice.type' must be auto, any, tool or none.");
}

tool_call read_call(fields& in, const std::string& path, const json& id, const json& function) {
    const auto name = json_member(function, "name");
    if (!is_name(name)) {
        refuse_name(in, path + ".name");
        return {};
    }
    return {id.is_string() ? id.get<std::string>() : std::string(), name.get<std::string>(),
            read_arguments(in, path + ".arguments", json_member(function, "arguments"))};
}

std::vector<tool_call> read_calls(fields& in, const std::string& path, const json& calls) {
    std::vector<tool_call> out;
    if (!calls.is_array()) in.wrong_type(path, "an array", calls);
    for (std::size_t i = 0; calls.is_array() && i < calls.size() && !in.failure(); ++i)
        out.push_back(read_call(in, at(path, i) + ".function", json_member(calls[i], "id"), json_member(calls[i], "function")));
    return out;
}

void resolve_tools(std::string_view body, api_request& out) {
    if (!out.offered.any) return;
    const auto written = ordered_json::parse(body);
    auto tools = ordered_json::array();
    for (const auto& tool : written.at("tools")) {
        const bool anthropic = out.kind == endpoint::messages, flat = anthropic || out.kind == endpoint::responses;
        const auto& from = flat ? tool : tool.at("function");
        if (!out.offered.only.empty() && from.at("name") != out.offered.only) continue;
        ordered_json function{{"name", from.at("name")}};
        const auto description = from.find("description");
        if (description != from.end() && description->is_string()) function["description"] = *description;
        const auto schema = from.find(anthropic ? "input_schema" : "parameters");
        if (schema != from.end() && schema->is_object()) function["parameters"] = *schema;
        if (const auto strict = from.find("strict"); strict != from.end() && strict->is_boolean()) function["strict"] = *strict;
        tools.push_back({{"type", "function"}, {"function", std::move(function)}});
    }
    out.base.tools.functions = tools.dump();
}

} // namespace tw::front
