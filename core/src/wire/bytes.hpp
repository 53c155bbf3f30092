// Writes and reads the flat form of a frame: little-endian numbers, varints (LEB128), counted lists.
//
// `writer` and `reader` have the same functions, so that one description of a message (the fields()
// of *_fields.hpp) serves both ways and neither can forget a field. Each function names its field for
// the error sentence. The first error stays: what follows it is neither written nor read, and values
// read after it are zero or empty. Neither is thread-safe.
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tw::wire {

// Well-formed UTF-8 without control characters: nothing that could forge a line of a log.
[[nodiscard]] bool is_plain(std::string_view text);

template <class T> concept bits32 = sizeof(T) == 4;

class writer {
  public:
    static constexpr bool reading = false;

    // `kind` must outlive this.
    explicit writer(const char* kind) : kind_(kind) {}

    void byte(std::uint8_t value, const char* field);
    // `most` is the largest value allowed; a negative one is over every limit.
    template <std::integral T>
    void varint(T value, const char* field, std::uint64_t most = std::numeric_limits<T>::max()) {
        number(static_cast<std::uint64_t>(value), field, most);
    }
    // Any value, near 0 in one byte.
    void zigzag(std::int32_t value, const char* field);
    // Four and eight bytes: for digests and seeds, whose bits are all in use.
    void fixed32(std::uint32_t value, const char* field);
    void fixed64(std::uint64_t value, const char* field);
    // Bit by bit: 4 bytes of a float, 8 of a double.
    template <std::floating_point T> void real(T value, const char* field) {
        if constexpr (bits32<T>) little_endian(std::bit_cast<std::uint32_t>(value), 4);
        else fixed64(std::bit_cast<std::uint64_t>(value), field);
    }
    // A time in seconds: neither negative nor infinite nor NaN.
    template <std::floating_point T> void seconds(T value, const char* field) {
        if (!(value >= 0 && std::isfinite(value))) return not_a_time(field);
        real(value, field);
    }
    template <class Enum> void choice(Enum value, const char* field, Enum least, Enum most) {
        static_cast<void>(least);
        varint(static_cast<std::uint32_t>(value), field, static_cast<std::uint64_t>(most));
    }
    // Up to eight booleans in one byte, the first one lowest.
    template <std::same_as<bool>... Bool> void flags(const char* field, Bool... bits) {
        unsigned value = 0, at = 0;
        ((value |= (bits ? 1U : 0U) << at++), ...);
        byte(static_cast<std::uint8_t>(value), field);
    }
    // Any bytes.
    void bytes(std::string_view value, const char* field, std::size_t most);
    // Text with line breaks and the like; malformed UTF-8 is replaced on the way out.
    void utf8(std::string_view value, const char* field, std::size_t most);
    // Text for people and logs; what is not plain is replaced on the way out.
    void text(std::string_view value, const char* field, std::size_t most);
    // As text, and cut where it is too long.
    void sentence(std::string_view value, const char* field);
    // `each(*this, element)` writes one element, of a byte at least.
    template <class T, class Each>
    void list(const std::vector<T>& values, const char* field, std::size_t most, const Each& each) {
        varint(values.size(), field, most);
        for (const auto& value : values) {
            if (failure_) return;
            each(*this, value);
        }
    }
    void ignore_rest() {} // see reader
    // `otherwise` goes on behind "A frame of kind X".
    void require(bool holds, const char* otherwise);

    // The bytes, or what was wrong. Call once.
    [[nodiscard]] result<std::string> finish();

  private:
    void number(std::uint64_t value, const char* field, std::uint64_t most);
    void little_endian(std::uint64_t value, int n_bytes);
    void not_a_time(const char* field);

    const char* kind_;
    std::string out_;
    std::optional<error> failure_;
};

class reader {
  public:
    static constexpr bool reading = true;

    // `bytes` and `kind` must outlive this.
    reader(std::string_view bytes, const char* kind) : kind_(kind), bytes_(bytes) {}

    void byte(std::uint8_t& value, const char* field);
    template <std::integral T>
    void varint(T& value, const char* field, std::uint64_t most = std::numeric_limits<T>::max()) {
        value = static_cast<T>(number(field, most));
    }
    void zigzag(std::int32_t& value, const char* field);
    void fixed32(std::uint32_t& value, const char* field);
    void fixed64(std::uint64_t& value, const char* field);
    template <std::floating_point T> void real(T& value, const char* field) {
        if constexpr (bits32<T>) value = std::bit_cast<T>(static_cast<std::uint32_t>(little_endian(4, field)));
        else value = std::bit_cast<T>(little_endian(8, field));
    }
    template <std::floating_point T> void seconds(T& value, const char* field) {
        real(value, field);
        if (!(value >= 0 && std::isfinite(value))) not_a_time(field);
    }
    template <class Enum> void choice(Enum& value, const char* field, Enum least, Enum most) {
        const auto got = number(field, static_cast<std::uint64_t>(most));
        if (got < static_cast<std::uint64_t>(least)) unknown_value(got, field);
        value = failure_ ? least : static_cast<Enum>(got);
    }
    template <std::same_as<bool>... Bool> void flags(const char* field, Bool&... bits) {
        std::uint8_t value = 0;
        byte(value, field);
        if (value >> sizeof...(bits) != 0) unknown_value(value, field);
        unsigned at = 0;
        ((bits = (value >> at++ & 1U) != 0), ...);
    }
    void bytes(std::string& value, const char* field, std::size_t most);
    void utf8(std::string& value, const char* field, std::size_t most);
    void text(std::string& value, const char* field, std::size_t most);
    void sentence(std::string& value, const char* field);
    // Takes no more memory than elements that are really there can fill.
    template <class T, class Each>
    void list(std::vector<T>& values, const char* field, std::size_t most, const Each& each) {
        const auto count = static_cast<std::size_t>(number(field, most));
        if (count > left()) return ends_inside(field);
        values.reserve(count);
        for (std::size_t i = 0; i < count && !failure_; ++i) each(*this, values.emplace_back());
    }
    // Takes what a newer minor has appended.
    void ignore_rest() { at_ = bytes_.size(); }
    void require(bool holds, const char* otherwise) {
        if (!holds) fail_once(otherwise);
    }

    // Ok when all was in order and every byte was read.
    [[nodiscard]] result<void> finish();

  private:
    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
    [[nodiscard]] std::uint64_t number(const char* field, std::uint64_t most);
    [[nodiscard]] std::uint64_t little_endian(int n_bytes, const char* field);
    void fail_once(std::string what);
    void ends_inside(const char* field);
    void not_a_time(const char* field);
    void unknown_value(std::uint64_t value, const char* field);

    const char* kind_;
    std::string_view bytes_;
    std::size_t at_ = 0;
    std::optional<error> failure_;
};

} // namespace tw::wire
