// Typed reading of a JSON object's fields; remembers the first thing that is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"

namespace tw::front {

/// "a string", "the number 0.5", "an array": a value as a sentence about the request names it.
[[nodiscard]] std::string in_words(const nlohmann::json& value);

/// Null where there is no such member, and of what is no object. Part of `object`.
[[nodiscard]] const nlohmann::json& json_member(const nlohmann::json& object, const char* key);
const nlohmann::json& json_member(nlohmann::json&& object, const char* key) = delete;

/// An absent field and null are the same. After the first error everything reads as absent.
class fields {
  public:
    /// `prefix` goes before the field names in errors, e.g. "stream_options.".
    explicit fields(const nlohmann::json& object, std::string prefix = "");

    [[nodiscard]] const nlohmann::json* find(const char* key) const;
    [[nodiscard]] const nlohmann::json& all() const { return object_; }
    [[nodiscard]] std::optional<double> number(const char* key, double low, double high);
    [[nodiscard]] std::optional<std::int64_t> integer(const char* key, std::int64_t low,
                                                      std::int64_t high);
    [[nodiscard]] std::optional<bool> boolean(const char* key);
    [[nodiscard]] std::optional<std::string> text(const char* key);
    [[nodiscard]] const nlohmann::json* object(const char* key);

    /// Records an error about `key`, a name or a path below it.
    void refuse(const std::string& key, std::string sentence,
                tw::code code = tw::code::invalid_argument);
    void wrong_type(const std::string& key, const char* expected, const nlohmann::json& value);

    /// Takes over another reader's error.
    void adopt(const fields& other);

    [[nodiscard]] const std::optional<error>& failure() const { return failure_; }

  private:
    const nlohmann::json& object_;
    std::string prefix_;
    std::optional<error> failure_;
};

} // namespace tw::front
