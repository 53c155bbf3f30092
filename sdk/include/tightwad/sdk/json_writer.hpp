// Writes a JSON object, and takes a request over with some of its members replaced.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <tightwad/sdk/json.hpp>

namespace tw::sdk::json {

class object_writer {
  public:
    object_writer& raw(std::string_view key, std::string_view json) {
        text_.append(text_.size() > 1 ? "," : "").append(quote(key)).append(":").append(json);
        return *this;
    }
    object_writer& text(std::string_view key, std::string_view words) { return raw(key, quote(words)); }
    object_writer& boolean(std::string_view key, bool flag) { return raw(key, flag ? "true" : "false"); }
    object_writer& integer(std::string_view key, std::int64_t number) { return raw(key, std::to_string(number)); }

    // The members of `from` but those named.
    object_writer& members(const value& from, std::initializer_list<std::string_view> without = {}) {
        for (const auto& [key, member] : from.members())
            if (std::find(without.begin(), without.end(), key) == without.end()) raw(key, member.raw());
        return *this;
    }

    [[nodiscard]] bool empty() const { return text_.size() == 1; }
    [[nodiscard]] std::string str() const { return text_ + "}"; }

  private:
    std::string text_ = "{";
};

// The seed of a request as every server takes it: 31 bits, the same for the same seed. None when there is none.
[[nodiscard]] inline std::optional<std::int64_t> small_seed(const value& request) {
    const auto seed = request.find("seed");
    if (!seed || seed->kind() != kind::number) return std::nullopt;
    const auto digits = seed->raw();
    std::uint64_t out = 0;
    std::from_chars(digits.data() + (digits.front() == '-' ? 1 : 0), digits.data() + digits.size(), out);
    return static_cast<std::int64_t>(out & 0x7FFFFFFFU);
}

} // namespace tw::sdk::json
