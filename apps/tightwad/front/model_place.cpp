// JSON by the SDK's reader, whose values know their place in the text; multipart/form-data (RFC 7578) by one of our own.
#include "front/model_place.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>
#include <tightwad/sdk/json.hpp>

#include "base/text.hpp"
#include "front/fields.hpp"
#include "front/json_body.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

constexpr std::size_t longest_name = 1024, longest_boundary = 70, longest_part_head = 16U << 10U, most_parts = 1024;
constexpr std::string_view spaces = " \t\r\n";

error bad(std::string sentence, std::string param = {}) {
    auto out = fail(tw::code::invalid_argument, std::move(sentence));
    out.param = std::move(param);
    return out;
}

error bad_form(const std::string& what) { return bad("The request body is not valid multipart/form-data: " + what + "."); }

error twice() { return bad("'model' is named twice; name it once.", "model"); }

result<model_place> in_json(std::string_view body) {
    json whole;
    if (auto failure = parse_body(body, whole)) return *std::move(failure);
    constexpr std::string_view mark = "\xEF\xBB\xBF"; // which that parser steps over
    model_place out{.json = true};
    try {
        for (const auto& [key, value] : sdk::json::value::parse(body.substr(body.starts_with(mark) ? mark.size() : 0)).members()) {
            if (key != "model") continue;
            if (out.size > 0) return twice();
            out.at = static_cast<std::size_t>(value.raw().data() - body.data());
            out.size = value.raw().size();
        }
    } catch (const sdk::failure& unlike) { // it has limits of its own
        return bad(unlike.what());
    }
    const auto& named = json_member(whole, "model");
    if (named.is_null()) return model_place{};
    if (!named.is_string()) return bad("'model' must be a string, not " + in_words(named) + ".", "model");
    out.model = named.get<std::string>();
    return out;
}

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// The parameter of a header such as `form-data; name="model"`. Quotes are taken off, with their backslashes.
std::optional<std::string> parameter(std::string_view header, std::string_view wanted) {
    auto at = header.find(';');
    while (at < header.size()) {
        const auto equals = header.find('=', at);
        if (equals == std::string_view::npos) return std::nullopt;
        const auto key = lower(trimmed(header.substr(at + 1, equals - at - 1)));
        std::string value;
        at = std::min(header.find_first_not_of(" \t", equals + 1), header.size());
        if (at < header.size() && header[at] == '"') {
            for (++at; at < header.size() && header[at] != '"'; ++at) {
                if (header[at] == '\\' && at + 1 < header.size()) ++at;
                value += header[at];
            }
            at = header.find(';', at);
        } else {
            const auto end = std::min(header.find(';', at), header.size());
            value = trimmed(header.substr(at, end - at));
            at = end;
        }
        if (key == wanted) return value;
    }
    return std::nullopt;
}

// Of a field that is text, and no file.
std::optional<std::string> field_name(std::string_view part_head) {
    while (!part_head.empty()) {
        const auto end = part_head.find("\r\n");
        const auto line = part_head.substr(0, end);
        part_head.remove_prefix(end == std::string_view::npos ? part_head.size() : end + 2);
        if (!lower(line).starts_with("content-disposition:")) continue;
        if (parameter(line, "filename") || parameter(line, "filename*")) return std::nullopt;
        return parameter(line, "name");
    }
    return std::nullopt;
}

result<model_place> in_form(std::string_view content_type, std::string_view body) {
    const auto boundary = parameter(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > longest_boundary)
        return bad_form("its Content-Type names no boundary of 1 to 70 bytes");
    const auto line = "\r\n--" + *boundary;
    const bool at_once = body.starts_with(std::string_view(line).substr(2));
    auto at = at_once ? line.size() - 2 : body.find(line);
    if (at == std::string_view::npos) return bad_form("its boundary does not occur");
    if (!at_once) at += line.size();
    model_place out;
    bool found = false;
    for (std::size_t parts = 0; !body.substr(at).starts_with("--"); ++parts) {
        if (parts == most_parts) return bad_form("it has more than " + std::to_string(most_parts) + " parts");
        at = std::min(body.find_first_not_of(" \t", at), body.size());
        if (!body.substr(at).starts_with("\r\n")) return bad_form("something stands behind a boundary, at byte " + std::to_string(at));
        const auto head_end = body.find("\r\n\r\n", at);
        if (head_end == std::string_view::npos || head_end - at > longest_part_head)
            return bad_form("the head of a part, at byte " + std::to_string(at) + ", has no end or more than 16384 bytes");
        const auto begin = head_end + 4, end = body.find(line, begin);
        if (end == std::string_view::npos) return bad_form("it is cut off: no boundary ends the part at byte " + std::to_string(begin));
        const auto head = body.substr(at, head_end - at);
        if (field_name(head.substr(std::min<std::size_t>(2, head.size()))) == "model") {
            if (std::exchange(found, true)) return twice();
            out = {std::string(body.substr(begin, end - begin)), begin, end - begin, false};
        }
        at = end + line.size();
    }
    return out;
}

} // namespace

result<model_place> place_of_model(std::string_view content_type, std::string_view body) {
    const auto type = lower(trimmed(content_type.substr(0, content_type.find(';'))));
    const bool is_json = type == "application/json" || type.ends_with("+json");
    auto found = type == "multipart/form-data" ? in_form(content_type, body) : result<model_place>(model_place{});
    if (is_json) found = in_json(body);
    // curl -d says that JSON is a form of another kind
    else if (type.empty() || type == "application/x-www-form-urlencoded" || type == "text/plain") {
        const auto first = body.find_first_not_of(spaces);
        if (first != std::string_view::npos && body[first] == '{') found = in_json(body);
    }
    if (found && (found->model.size() > longest_name || !is_valid_utf8(found->model)))
        return bad("'model' must be text of at most " + std::to_string(longest_name) + " bytes.", "model");
    return found;
}

} // namespace tw::front
