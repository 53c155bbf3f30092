// Takes the keys of one table one by one, reports what is wrong with each, and what is left over.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.hpp"

namespace tw {

// The mistakes found so far, and the folder that relative paths start from.
struct report {
    std::filesystem::path folder;
    std::vector<diagnostic> mistakes;

    void add(const location& at, std::string message) {
        mistakes.push_back({at, std::move(message)});
    }
};

// "; did you mean \"x\"?", else "; known: a, b.", and "." when nothing is known.
[[nodiscard]] std::string suggestion(std::string_view name, const std::vector<std::string>& known);

// "a, b or c".
[[nodiscard]] std::string any_of_these(const std::vector<std::string>& words);

class table_reader {
  public:
    // `title` names the table in messages, such as "[server]". Both references must outlive the reader.
    table_reader(const toml_tree::value& table, std::string title, report& out)
        : table_(table), title_(std::move(title)), report_(out) {}

    // Each marks `key` as known. Nothing comes back when the key is absent or its value was wrong; the
    // latter was reported.
    const toml_tree::member* take(std::string_view key);
    std::optional<std::string> text(std::string_view key);
    std::optional<std::string> one_of(std::string_view key, const std::vector<std::string>& allowed);
    std::optional<std::vector<std::string>> texts(std::string_view key); // one string is a list of one
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
    std::optional<double> number(std::string_view key);
    std::optional<bool> boolean(std::string_view key);
    std::optional<secret_ref> secret(std::string_view key);

    [[nodiscard]] bool has(std::string_view key) const { return table_.find(key) != nullptr; }
    void missing(std::string_view key, std::string_view what); // reports it at the table's header
    void finish();                                             // reports every key that nobody took

  private:
    void wrong_type(const toml_tree::member& found, const char* expected);
    bool has_variable(const toml_tree::value& text, std::string_view key);

    const toml_tree::value& table_;
    std::string title_;
    report& report_;
    std::vector<std::string> known_;
};

} // namespace tw
