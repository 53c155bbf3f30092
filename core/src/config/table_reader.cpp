// Types, ranges, unknown keys.
#include "config/table_reader.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/paths.hpp"

namespace tw {

using toml_tree::member;
using toml_tree::value;

namespace {

std::string in_quotes(std::string_view key) { return "\"" + std::string(key) + "\""; }

} // namespace

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
    if (const auto near = near_name(name, known); !near.empty())
        return "; did you mean " + in_quotes(near) + "?";
    if (known.empty()) return ".";
    std::string all;
    for (const auto& one : known) all += (all.empty() ? "" : ", ") + one;
    return "; known: " + all + ".";
}

std::string any_of_these(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i)
        out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return out;
}

const member* table_reader::take(std::string_view key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    return table_.find(key);
}

void table_reader::wrong_type(const member& found, const char* expected) {
    report_.add(found.value.at, in_quotes(found.key) + " must be " + expected + ", not " +
                                    toml_tree::describe(found.value.type) + ".");
}

bool table_reader::has_variable(const value& text, std::string_view key) {
    const auto begin = text.text.find("${");
    if (begin == std::string::npos) return false;
    const auto end = text.text.find('}', begin);
    const auto name = text.text.substr(begin + 2, end == std::string::npos ? end : end - begin - 2);
    report_.add(text.at, in_quotes(key) + " contains ${" + name +
                             "}, and variables inside a string are not expanded. Write the value itself "
                             "(a path may begin with ~/, cache: or ollama:), or for a secret { env = \"" +
                             name + "\" }.");
    return true;
}

std::optional<std::string> table_reader::text(std::string_view key) {
    const auto* found = take(key);
    if (found == nullptr) return std::nullopt;
    if (found->value.type != value::kind::text) {
        wrong_type(*found, "a string");
        return std::nullopt;
    }
    if (has_variable(found->value, key)) return std::nullopt;
    return found->value.text;
}

std::optional<std::string> table_reader::one_of(std::string_view key, const std::vector<std::string>& allowed) {
    auto word = text(key);
    if (!word || std::find(allowed.begin(), allowed.end(), *word) != allowed.end()) return word;
    std::vector<std::string> quoted;
    for (const auto& one : allowed) quoted.push_back(in_quotes(one));
    report_.add(table_.find(key)->value.at,
                in_quotes(key) + " is " + in_quotes(*word) + "; it must be " + any_of_these(quoted) + ".");
    return std::nullopt;
}

std::optional<std::vector<std::string>> table_reader::texts(std::string_view key) {
    const auto* found = take(key);
    if (found == nullptr) return std::nullopt;
    if (found->value.type == value::kind::text) {
        if (has_variable(found->value, key)) return std::nullopt;
        return std::vector{found->value.text};
    }
    if (found->value.type != value::kind::list) {
        wrong_type(*found, "a list of strings");
        return std::nullopt;
    }
    std::vector<std::string> out;
    bool good = true;
    for (const auto& one : found->value.list) {
        if (one.type != value::kind::text) {
            report_.add(one.at, in_quotes(key) + " must hold strings, not " +
                                    toml_tree::describe(one.type) + ".");
            good = false;
        } else if (has_variable(one, key)) {
            good = false;
        } else {
            out.push_back(one.text);
        }
    }
    return good ? std::optional(out) : std::nullopt;
}

std::optional<std::int64_t> table_reader::integer(std::string_view key, std::int64_t min,
                                                  std::int64_t max) {
    const auto* found = take(key);
    if (found == nullptr) return std::nullopt;
    if (found->value.type != value::kind::integer) {
        wrong_type(*found, "an integer");
        return std::nullopt;
    }
    const auto number = found->value.integer;
    if (number >= min && number <= max) return number;
    report_.add(found->value.at, in_quotes(key) + " is " + std::to_string(number) + "; it must be from " +
                                     std::to_string(min) + " to " + std::to_string(max) + ".");
    return std::nullopt;
}

std::optional<double> table_reader::number(std::string_view key) {
    const auto* found = take(key);
    if (found == nullptr) return std::nullopt;
    if (found->value.type != value::kind::number && found->value.type != value::kind::integer) {
        wrong_type(*found, "a number");
        return std::nullopt;
    }
    return found->value.number;
}

std::optional<bool> table_reader::boolean(std::string_view key) {
    const auto* found = take(key);
    if (found == nullptr) return std::nullopt;
    if (found->value.type == value::kind::boolean) return found->value.boolean;
    wrong_type(*found, "true or false");
    return std::nullopt;
}

std::optional<secret_ref> table_reader::secret(std::string_view key) {
    const auto* found = take(key);
    if (found == nullptr) return std::nullopt;
    if (found->value.type == value::kind::text) {
        report_.add(found->value.at, in_quotes(key) + " is a secret and must not stand in the file. Write " +
                                         std::string(key) + " = { env = \"NAME\" } or " +
                                         std::string(key) + " = { file = \"path\" }.");
        return std::nullopt;
    }
    if (found->value.type != value::kind::table) {
        wrong_type(*found, "{ env = \"NAME\" } or { file = \"path\" }");
        return std::nullopt;
    }
    table_reader inner(found->value, in_quotes(key), report_);
    const auto env = inner.text("env");
    const auto file = inner.text("file");
    const bool both = inner.has("env") && inner.has("file");
    const bool none = !inner.has("env") && !inner.has("file");
    inner.finish();
    const bool misspelt = none && !found->value.table.empty(); // reported by finish()
    if (misspelt) return std::nullopt;
    if (both || none || (env && env->empty()) || (file && file->empty())) {
        report_.add(found->value.at, in_quotes(key) + " must be exactly one of { env = \"NAME\" } and "
                                                   "{ file = \"path\" }.");
        return std::nullopt;
    }
    if (env) return secret_ref{secret_ref::kind::env, *env};
    if (file) return secret_ref{secret_ref::kind::file, resolve_path(*file, report_.folder).string()};
    return std::nullopt;
}

void table_reader::missing(std::string_view key, std::string_view what) {
    report_.add(table_.at, title_ + " needs " + in_quotes(key) + ": " + std::string(what));
}

void table_reader::finish() {
    for (const auto& one : table_.table)
        if (std::find(known_.begin(), known_.end(), one.key) == known_.end())
            report_.add(one.at, title_ + " has no key " + in_quotes(one.key) + suggestion(one.key, known_));
}

} // namespace tw
