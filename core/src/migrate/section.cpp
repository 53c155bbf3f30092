// Lenient where the Python Tightwad is: it checks no types, and a number in quotes is a number.
#include "migrate/section.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/units.hpp"

namespace tw::migrate {

using toml_tree::member;
using toml_tree::value;

bool is_left_open(std::string_view text) {
    return text.find("${") != std::string_view::npos;
}

const member* section::take(std::string_view key) {
    known_.emplace_back(key);
    return map_.find(key);
}

std::optional<std::string> section::text(std::string_view key) {
    const auto* found = take(key);
    if (found == nullptr) return std::nullopt;
    const auto type = found->value.type;
    if (type == value::kind::list || type == value::kind::table)
        wrong(*found, "a string");
    else if (is_left_open(found->value.text))
        wrong(*found, "a string without ${…}, which nothing replaces");
    else
        return found->value.text;
    return std::nullopt;
}

std::optional<std::int64_t> section::integer(std::string_view key, std::int64_t min, std::int64_t max) {
    const auto* found = take(key);
    if (found == nullptr) return std::nullopt;
    auto number = found->value.type == value::kind::integer ? std::optional(found->value.integer) : std::nullopt;
    if (found->value.type == value::kind::text) number = parse_integer(found->value.text);
    if (number && *number >= min && *number <= max) return number;
    wrong(*found, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
}

std::optional<bool> section::boolean(std::string_view key) {
    const auto* found = take(key);
    if (found == nullptr) return std::nullopt;
    if (found->value.type == value::kind::boolean) return found->value.boolean;
    if (found->value.text == "true" || found->value.text == "false") return found->value.text == "true";
    wrong(*found, "true or false");
    return std::nullopt;
}

const value* section::map(std::string_view key) {
    const auto* found = take(key);
    if (found == nullptr) return nullptr;
    if (found->value.type == value::kind::table) return &found->value;
    wrong(*found, "a map of keys");
    return nullptr;
}

std::vector<std::pair<std::size_t, const value*>> section::maps(std::string_view key) {
    const auto* found = take(key);
    std::vector<std::pair<std::size_t, const value*>> out;
    if (found == nullptr) return out;
    if (found->value.type != value::kind::list) {
        wrong(*found, "a list");
        return out;
    }
    for (std::size_t i = 0; i < found->value.list.size(); ++i) {
        const auto& one = found->value.list[i];
        if (one.type == value::kind::table)
            out.emplace_back(i, &one);
        else
            out_.add(difference_kind::not_usable, one.at, named(key) + "[" + std::to_string(i) + "]",
                     "It must be a map of keys; left out.");
    }
    return out;
}

std::vector<std::string> section::texts(std::string_view key) {
    const auto* found = take(key);
    std::vector<std::string> out;
    if (found == nullptr) return out;
    if (found->value.type != value::kind::list) wrong(*found, "a list");
    for (const auto& one : found->value.list)
        if (one.type != value::kind::list && one.type != value::kind::table && !is_left_open(one.text))
            out.push_back(one.text);
    return out;
}

void section::drop(std::string_view key, difference_kind kind, std::string_view message, std::string_view harmless) {
    const auto* found = take(key);
    if (found != nullptr && (harmless.empty() || found->value.text != harmless))
        out_.add(kind, found->at, named(key), message);
}

void section::finish() {
    for (const auto& one : map_.table) {
        if (std::ranges::find(known_, one.key) != known_.end()) continue;
        const auto close = near_name(one.key, known_);
        out_.add(difference_kind::unknown_key, one.at, named(one.key),
                 "The Python Tightwad does not know this key either" +
                     (close.empty() ? std::string() : " (it knows \"" + close + "\")") + "; left out.");
    }
}

std::string section::named(std::string_view key) const {
    return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

location section::at(std::string_view key) const {
    const auto* found = map_.find(key);
    return found == nullptr ? map_.at : found->at;
}

void section::wrong(const member& found, const std::string& expected) {
    out_.add(difference_kind::not_usable, found.at, named(found.key),
             "It must be " + expected + "; the default holds.");
}

} // namespace tw::migrate
