// A parsed TOML file as a plain tree in which every key and value knows its place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace tw::toml_tree {

struct member;

struct value {
    enum class kind { text, integer, number, boolean, date, list, table };

    kind type = kind::table;
    location at;
    std::string text;
    std::int64_t integer = 0;
    double number = 0;
    bool boolean = false;
    std::vector<value> list;
    std::vector<member> table;

    [[nodiscard]] const member* find(std::string_view key) const;
};

struct member {
    std::string key;
    location at; // of the key
    toml_tree::value value;
};

// "a string", "a table", …
[[nodiscard]] const char* describe(value::kind type);

// At most this many bytes are read.
inline constexpr std::size_t max_file_bytes = 1U << 20U;

// The whole file as text; fails when it is not there, is a folder, or is too large.
[[nodiscard]] result<std::string> read_text(const std::filesystem::path& file);

// The tree, or the place and the reason of the first syntax error.
[[nodiscard]] boost::system::result<value, std::vector<diagnostic>> read(std::string_view text,
                                                                        const std::string& file);

} // namespace tw::toml_tree
