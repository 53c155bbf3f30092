// Parses a request body: UTF-8, depth, syntax, and that it is an object.
#include "front/json_body.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"
#include "base/text.hpp"
#include "front/fields.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

/// The name in `"name": ` just before `position`, empty when something else stands there.
std::string field_before(std::string_view text, std::size_t position) {
    const auto back_to = [&](char wanted, std::string_view skipped) {
        position = text.find_last_not_of(skipped, position == 0 ? 0 : position - 1);
        return position != std::string_view::npos && text[position] == wanted;
    };
    if (!back_to(':', " \t\r\n+-.0123456789eENIanfity") || !back_to('"', " \t\r\n")) return {};
    const auto begin = position == 0 ? std::string_view::npos : text.rfind('"', position - 1);
    if (begin == std::string_view::npos || position - begin > 64) return {};
    return std::string(text.substr(begin + 1, position - begin - 1));
}

error bad(std::string sentence) {
    return fail(tw::code::invalid_argument, std::move(sentence));
}

error syntax_error(std::string_view body, std::size_t byte) {
    const auto field = field_before(body, std::min(byte, body.size()));
    auto out = bad("The request body is not valid JSON: it goes wrong at byte " +
                   std::to_string(byte) + " of " + std::to_string(body.size()) +
                   (field.empty() ? "." : ", in the value of '" + field + "'."));
    out.param = field;
    return out;
}

/// A number such as 1e999; nlohmann's message quotes it: "... number overflow parsing '1e999'".
error overflow_error(std::string_view body, std::string_view problem) {
    const auto begin = problem.find('\'');
    const auto number = problem.substr(begin + 1, problem.rfind('\'') - begin - 1);
    const auto field = begin == std::string_view::npos ? "" : field_before(body, body.find(number));
    const auto shown = std::string(number.substr(0, 40));
    auto out = bad((field.empty() ? "The request body holds the number " : "'" + field + "' is ") +
                   shown + ", which is out of range.");
    out.param = field;
    return out;
}

} // namespace

std::optional<error> parse_body(std::string_view body, json& out) {
    if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return bad("The request has no body; send a JSON object.");
    if (!is_valid_utf8(body)) return bad("The request body is not valid UTF-8.");
    if (json_deeper_than(body, max_json_depth))
        return bad("The request body is nested deeper than " + std::to_string(max_json_depth) +
                   " levels.");
    try {
        out = json::parse(body);
    } catch (const json::parse_error& problem) {
        return syntax_error(body, problem.byte);
    } catch (const json::out_of_range& problem) {
        return overflow_error(body, problem.what());
    }
    if (out.is_object()) return std::nullopt;
    return bad("The request body must be a JSON object, not " + in_words(out) + ".");
}

} // namespace tw::front
