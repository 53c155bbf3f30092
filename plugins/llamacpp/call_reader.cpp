// What was told is compared with what is known now; the rest is news.
#include "call_reader.hpp"

#include <algorithm>

#include <tightwad/sdk/error.hpp>
#include <tightwad/sdk/json_writer.hpp>

namespace llamacpp {
namespace {

using tw::sdk::json::object_writer;

constexpr auto npos = std::string::npos;

// What follows `told` in `now`; nothing where it has become something else, which a partial reading may.
std::string_view grown(const std::string& told, const std::string& now) {
    return now.starts_with(told) ? std::string_view(now).substr(told.size()) : std::string_view{};
}

// Behind the value that begins at `at`; npos where it is not complete.
std::size_t end_of_value(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    bool quoted = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (quoted && c == '\\') ++at;
        else if (c == '"') quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[')) ++depth;
        else if (!quoted && (c == '}' || c == ']') && --depth == 0) return at + 1;
    }
    return npos;
}

} // namespace

std::string call_reader::read(std::string_view text, bool ended, bool cut_off) {
    all_ += text;
    const bool whole = ended && !cut_off;
    const auto now = parse(all_, !whole);
    const auto lost = [] {
        return tw::sdk::failure(TW_CORRUPT, "The model's answer does not have the form of its tool calls.");
    };
    if (!now) {
        if (whole) throw lost();
        return "[]";
    }
    std::string news;
    const auto tell = [&](const object_writer& entry) { news.append(news.empty() ? "" : ",").append(entry.str()); };
    if (const auto more = grown(told_.content, now->content); !more.empty()) {
        tell(object_writer().text("content", more));
        told_.content += more;
    }
    for (std::size_t i = 0; i < now->calls.size(); ++i) {
        const auto& call = now->calls[i];
        // A name may still grow as long as nothing follows it.
        const bool sure = ended || !call.arguments.empty() || i + 1 < now->calls.size();
        if (i == told_.calls.size()) {
            if (!sure || call.name.empty()) break;
            told_.calls.push_back({call.id, call.name, ""});
            object_writer entry;
            entry.integer("call", static_cast<std::int64_t>(i)).text("name", call.name).text("id", call.id);
            tell(entry.text("arguments", call.arguments));
            told_.calls.back().arguments = call.arguments;
        } else if (const auto more = grown(told_.calls[i].arguments, call.arguments); !more.empty()) {
            tell(object_writer().integer("call", static_cast<std::int64_t>(i)).text("arguments", more));
            told_.calls[i].arguments += more;
        }
    }
    const auto alike = [](const tool_call& a, const tool_call& b) {
        return a.name == b.name && a.arguments == b.arguments;
    };
    const bool told = told_.content == now->content &&
                      std::equal(told_.calls.begin(), told_.calls.end(), now->calls.begin(), now->calls.end(), alike);
    if (whole && !told) throw lost();
    return "[" + news + "]";
}

std::optional<read_message> json_call_reader::parse(const std::string& all, bool partial) const {
    read_message out;
    // Function names have no quotes, so the first text behind the first colon is the name.
    const auto begin = all.find('"', std::min(all.find(':'), all.size()));
    const auto end = begin == npos ? npos : all.find('"', begin + 1);
    const auto key = end == npos ? npos : all.find("\"arguments\"", end + 1);
    const auto colon = key == npos ? npos : all.find(':', key);
    const auto value = colon == npos ? npos : all.find_first_not_of(" \t\r\n", colon + 1);
    if (value == npos) return partial ? std::optional(out) : std::nullopt;
    const auto close = end_of_value(all, value);
    if (close == npos && !partial) return std::nullopt;
    const auto name = all.substr(begin + 1, end - begin - 1);
    out.calls.push_back({"", name, all.substr(value, close == npos ? npos : close - value)});
    return out;
}

} // namespace llamacpp
