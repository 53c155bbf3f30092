// An instance's table of the configuration, read by key; and the table of options a plugin
// declares.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tightwad/sdk/json.hpp>

namespace tw::sdk {

// Keys that are absent yield the fallback, or TW_INVALID_ARGUMENT where there is none. A value of
// the wrong kind is always TW_INVALID_ARGUMENT, with the key in the sentence. Copies what it is
// given.
class config {
  public:
    explicit config(std::string_view json_text) {
        if (json_text.empty()) return;
        for (auto& [key, member] : json::value::parse(json_text).members())
            values_.emplace_back(std::move(key), std::string(member.raw()));
    }

    [[nodiscard]] bool has(std::string_view key) const { return raw(key).has_value(); }

    [[nodiscard]] std::string text(std::string_view key) const {
        return read(key, required(key), &json::value::as_string);
    }
    [[nodiscard]] std::string text(std::string_view key, std::string_view fallback) const {
        const auto found = raw(key);
        return found ? read(key, *found, &json::value::as_string) : std::string(fallback);
    }
    [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t fallback) const {
        const auto found = raw(key);
        return found ? read(key, *found, &json::value::as_integer) : fallback;
    }
    // An integer that must lie in low … high.
    [[nodiscard]] std::int32_t integer(std::string_view key, std::int32_t fallback,
                                       std::int32_t low, std::int32_t high) const {
        const auto n = integer(key, std::int64_t{fallback});
        if (n < low || n > high)
            throw failure{TW_INVALID_ARGUMENT, std::string(key) + " is " + std::to_string(n) +
                                                   "; it must lie between " + std::to_string(low) +
                                                   " and " + std::to_string(high) + "."};
        return static_cast<std::int32_t>(n);
    }
    [[nodiscard]] double number(std::string_view key, double fallback) const {
        const auto found = raw(key);
        return found ? read(key, *found, &json::value::as_number) : fallback;
    }
    [[nodiscard]] bool boolean(std::string_view key, bool fallback) const {
        const auto found = raw(key);
        return found ? read(key, *found, &json::value::as_boolean) : fallback;
    }

    // The JSON text of any value, e.g. an array or a table, for json::value::parse. Borrows this
    // object.
    [[nodiscard]] std::optional<std::string_view> raw(std::string_view key) const {
        const auto at = std::find_if(values_.begin(), values_.end(),
                                     [&](const auto& entry) { return entry.first == key; });
        if (at == values_.end() || at->second == "null") return std::nullopt;
        return at->second;
    }

  private:
    [[nodiscard]] std::string_view required(std::string_view key) const {
        const auto found = raw(key);
        if (!found) throw failure{TW_INVALID_ARGUMENT, std::string(key) + " is missing."};
        return *found;
    }
    template <class T>
    static T read(std::string_view key, std::string_view text, T (json::value::*as)() const) {
        try {
            return (json::value::parse(text).*as)();
        } catch (const failure& e) {
            throw failure{e.code(), std::string(key) + ": " + e.what()};
        }
    }

    std::vector<std::pair<std::string, std::string>> values_;
};

// The entries of a class's option table:
//   static constexpr std::array options{tw::sdk::required(tw::sdk::path_option("model_path", "…")),
//   …};
// `default_value` is written as in TOML, null = none; it is told to people, the constructor applies
// it.
using option = tw_option;

[[nodiscard]] constexpr option make_option(tw_option_type type, const char* name, const char* help,
                                           const char* default_value, double min = 0,
                                           double max = 0) {
    return {sizeof(tw_option), type, name, default_value, help, 0, min, max};
}
[[nodiscard]] constexpr option text_option(const char* name, const char* help,
                                           const char* default_value = nullptr) {
    return make_option(TW_OPTION_STRING, name, help, default_value);
}
[[nodiscard]] constexpr option path_option(const char* name, const char* help,
                                           const char* default_value = nullptr) {
    return make_option(TW_OPTION_PATH, name, help, default_value);
}
[[nodiscard]] constexpr option name_or_path_option(const char* name, const char* help,
                                                   const char* default_value = nullptr) {
    return make_option(TW_OPTION_NAME_OR_PATH, name, help, default_value);
}
[[nodiscard]] constexpr option integer_option(const char* name, const char* help,
                                              const char* default_value = nullptr, double min = 0,
                                              double max = 0) {
    return make_option(TW_OPTION_INTEGER, name, help, default_value, min, max);
}
[[nodiscard]] constexpr option number_option(const char* name, const char* help,
                                             const char* default_value = nullptr, double min = 0,
                                             double max = 0) {
    return make_option(TW_OPTION_NUMBER, name, help, default_value, min, max);
}
[[nodiscard]] constexpr option boolean_option(const char* name, const char* help,
                                              const char* default_value = nullptr) {
    return make_option(TW_OPTION_BOOLEAN, name, help, default_value);
}
[[nodiscard]] constexpr option required(option entry) {
    entry.required = 1;
    return entry;
}

} // namespace tw::sdk
