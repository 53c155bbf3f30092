// Bounds first, bytes second.
#include "wire/bytes.hpp"

#include <bit>
#include <utility>

namespace tw::wire {

void byte_writer::varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) byte(static_cast<std::uint8_t>(value | 0x80U));
    byte(static_cast<std::uint8_t>(value));
}

void byte_writer::word(std::uint64_t value) {
    for (int i = 0; i < 8; ++i, value >>= 8U) byte(static_cast<std::uint8_t>(value));
}

void byte_writer::real(float value) {
    auto bits = std::bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i, bits >>= 8U) byte(static_cast<std::uint8_t>(bits));
}

void byte_writer::text(std::string_view value) {
    varint(value.size());
    out_ += value;
}

void byte_writer::tokens(const std::vector<std::int32_t>& values) {
    varint(values.size());
    for (const auto value : values) token(value);
}

void byte_reader::stop(std::string why) {
    if (ok()) why_ = std::move(why);
    bytes_ = {};
}

std::string_view byte_reader::cut(std::size_t bytes) {
    if (bytes > bytes_.size()) {
        stop("ends after " + std::to_string(size_) + " bytes, in the middle of a field");
        return {};
    }
    const auto out = bytes_.substr(0, bytes);
    bytes_.remove_prefix(bytes);
    return out;
}

std::uint8_t byte_reader::byte() {
    const auto one = cut(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
}

std::uint64_t byte_reader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint64_t next = byte();
        if (shift == 63 && next > 1) break;
        value |= (next & 0x7FU) << shift;
        if (next < 0x80) return value;
    }
    stop("holds a number of more than 64 bits");
    return 0;
}

std::uint64_t byte_reader::word() {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
}

float byte_reader::real() {
    std::uint32_t bits = 0;
    for (unsigned i = 0; i < 4; ++i) bits |= std::uint32_t{byte()} << (8 * i);
    return std::bit_cast<float>(bits);
}

std::size_t byte_reader::count(std::size_t least) {
    const auto entries = varint();
    if (entries <= bytes_.size() / least) return static_cast<std::size_t>(entries);
    stop("announces a list of " + std::to_string(entries) + " entries and has " + std::to_string(bytes_.size()) +
         " bytes left");
    return 0;
}

std::string byte_reader::text() { return std::string(cut(count(1))); }

std::vector<std::int32_t> byte_reader::tokens() {
    std::vector<std::int32_t> out(count(1));
    for (auto& each : out) each = token();
    return out;
}

result<void> byte_reader::end(std::string_view name) {
    if (!bytes_.empty()) stop("has " + std::to_string(bytes_.size()) + " bytes behind its last field");
    if (ok()) return {};
    return fail(code::corrupt, "The frame " + std::string(name) + " " + why_ + ".");
}

} // namespace tw::wire
