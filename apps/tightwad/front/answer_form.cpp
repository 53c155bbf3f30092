// The fields that name a form. At most one of them may.
#include "front/answer_form.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

void take(fields& in, api_request& out, const char* field, answer_form form) {
    if (!out.form.field.empty()) {
        in.refuse(field, "'" + out.form.field + "' and '" + field +
                             "' both say what the answer looks like; send one of them.");
        return;
    }
    out.form = std::move(form);
    out.form.field = field;
}

/// A typed format: `{"type": …}`. `path` is its place as sentences have it, `schema` the schema's in the body.
void read_typed(fields& in, api_request& out, const char* path, const json& format, const json* schema,
                const std::string& schema_path, std::string pointer) {
    const auto name = std::string(path);
    const auto type = format.value("type", json());
    if (!type.is_string()) {
        in.refuse(name + ".type", "'" + name + ".type' must be a string, as in {\"type\": \"json_object\"}.");
    } else if (type == "json_object") {
        take(in, out, path, {.kind = answer_form::what::json_object});
    } else if (type == "json_schema") {
        if (schema == nullptr || !schema->is_object())
            in.refuse(schema_path, "'" + schema_path + "' must be an object, a JSON schema.");
        else
            take(in, out, path, {.kind = answer_form::what::schema, .pointer = std::move(pointer)});
    } else if (type != "text") {
        in.refuse(name + ".type", "'" + name + ".type' is '" +
                                      std::string(cut_utf8(type.get_ref<const std::string&>(), 40)) +
                                      "'; it must be text, json_object or json_schema.");
    }
}

const json* member(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

/// A typed format that is the member "format" of `outer`, its schema beside its type.
void read_inner_format(fields& in, api_request& out, const char* outer, const char* path, std::string pointer) {
    const auto* object = in.object(outer);
    const auto* format = object ? member(*object, "format") : nullptr;
    if (format == nullptr || format->is_null()) return;
    if (!format->is_object())
        in.wrong_type(path, "an object", *format);
    else
        read_typed(in, out, path, *format, member(*format, "schema"), std::string(path) + ".schema", std::move(pointer));
}

} // namespace

void read_response_format(fields& in, api_request& out) {
    if (const auto* format = in.object("response_format")) {
        const auto* outer = member(*format, "json_schema");
        read_typed(in, out, "response_format", *format,
                   outer && outer->is_object() ? member(*outer, "schema") : nullptr,
                   "response_format.json_schema.schema", "/response_format/json_schema/schema");
    }
    if (in.object("json_schema"))
        take(in, out, "json_schema", {.kind = answer_form::what::schema, .pointer = "/json_schema"});
    if (auto grammar = in.text("grammar"); grammar && !grammar->empty())
        take(in, out, "grammar", {.kind = answer_form::what::grammar, .text = std::move(*grammar)});
}

void read_text_format(fields& in, api_request& out) {
    read_inner_format(in, out, "text", "text.format", "/text/format/schema");
}

void read_output_format(fields& in, api_request& out) {
    read_inner_format(in, out, "output_config", "output_config.format", "/output_config/format/schema");
}

void read_ollama_format(fields& in, api_request& out) {
    const auto* format = in.find("format");
    if (format == nullptr || *format == "") return;
    if (format->is_object())
        take(in, out, "format", {.kind = answer_form::what::schema, .pointer = "/format"});
    else if (*format == "json")
        take(in, out, "format", {.kind = answer_form::what::json_object});
    else
        in.refuse("format", "'format' must be \"json\" or a JSON schema.");
}

void resolve_form(std::string_view body, api_request& out) {
    using nlohmann::ordered_json;
    if (out.form.kind == answer_form::what::free) return;
    ordered_json spec;
    const bool quoted = out.form.kind == answer_form::what::schema || out.kind == endpoint::responses;
    const auto parsed = quoted ? ordered_json::parse(body) : ordered_json();
    const auto written = [&](const std::string& pointer) { return parsed.at(ordered_json::json_pointer(pointer)); };
    switch (out.form.kind) {
    case answer_form::what::free:
        break;
    case answer_form::what::json_object:
        spec["json_schema"]["type"] = "object";
        break;
    case answer_form::what::grammar:
        spec["gbnf"] = out.form.text;
        break;
    case answer_form::what::schema:
        spec["json_schema"] = written(out.form.pointer);
        break;
    }
    if (out.kind == endpoint::responses) out.form.text = written("/text/format").dump();
    out.base.sampling.grammar = spec.dump();
}

} // namespace tw::front
