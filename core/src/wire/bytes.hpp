// The alphabet of a frame: varints (LEB128), fixed little-endian words, and lists with their length in front.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tw::wire {

class byte_writer {
  public:
    void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
    void varint(std::uint64_t value);
    void token(std::int32_t value) { varint(static_cast<std::uint32_t>(value)); }
    void word(std::uint64_t value); // 8 bytes
    void real(float value);         // 4 bytes, bit for bit
    void text(std::string_view value);
    void tokens(const std::vector<std::int32_t>& values);

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    std::string out_;
};

// Reads a stranger's bytes. The first thing that is wrong is kept and everything after it reads as zero, so
// a decoder reads all its fields and asks once. Nothing is allocated that the bytes left could not fill.
class byte_reader {
  public:
    explicit byte_reader(std::string_view bytes) : bytes_(bytes), size_(bytes.size()) {}

    std::uint8_t byte();
    std::uint64_t varint();
    // A varint that fits `Number`.
    template <std::unsigned_integral Number> Number number() {
        const auto value = varint();
        if (value > static_cast<Number>(-1)) stop("holds the number " + std::to_string(value) + ", which is too large");
        return static_cast<Number>(ok() ? value : 0);
    }
    std::int32_t token() { return static_cast<std::int32_t>(number<std::uint32_t>()); }
    std::uint64_t word();
    float real();
    std::string text();
    std::vector<std::int32_t> tokens();
    // The length of a list whose entries have at least `least` bytes each.
    std::size_t count(std::size_t least);

    void stop(std::string why); // the sentence goes on behind "The frame …"
    [[nodiscard]] bool ok() const { return why_.empty(); }
    // What is wrong with a frame of that name, trailing bytes included.
    [[nodiscard]] result<void> end(std::string_view name);

  private:
    std::string_view cut(std::size_t bytes);

    std::string_view bytes_; // left
    std::size_t size_;       // of the whole frame
    std::string why_;        // empty = all is well
};

} // namespace tw::wire
