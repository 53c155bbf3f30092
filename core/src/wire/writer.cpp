// Writes frames, within the limits that the other side checks.
#include "wire/bytes.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "wire/limits.hpp"

namespace tw::wire {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string plain(std::string_view text) {
    auto out = to_valid_utf8(text);
    std::replace_if(out.begin(), out.end(), is_control, ' ');
    return out;
}

error refuse(const char* kind, const std::string& what) {
    return fail(code::invalid_argument, "A frame of kind " + std::string(kind) + " cannot be sent: " + what + '.');
}

} // namespace

bool is_plain(std::string_view text) {
    return std::none_of(text.begin(), text.end(), is_control) && is_valid_utf8(text);
}

void writer::not_a_time(const char* field) {
    if (!failure_) failure_ = refuse(kind_, std::string("the time in \"") + field + "\" is negative or not finite");
}

void writer::require(bool holds, const char* otherwise) {
    if (!holds && !failure_) failure_ = refuse(kind_, std::string("it ") + otherwise);
}

void writer::little_endian(std::uint64_t value, int n_bytes) {
    for (int i = 0; i < n_bytes; ++i) out_.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
}

void writer::byte(std::uint8_t value, const char*) { little_endian(value, 1); }

void writer::number(std::uint64_t value, const char* field, std::uint64_t most) {
    if (value > most && !failure_)
        failure_ = refuse(kind_, '"' + std::string(field) + "\" is negative or over its limit of " + std::to_string(most));
    for (; value >= 0x80; value >>= 7U) little_endian((value & 0x7FU) | 0x80U, 1);
    little_endian(value, 1);
}

void writer::zigzag(std::int32_t value, const char* field) {
    const auto bits = static_cast<std::uint32_t>(value);
    number((bits << 1U) ^ (value < 0 ? 0xFFFFFFFFU : 0U), field, 0xFFFFFFFFU);
}

void writer::fixed32(std::uint32_t value, const char*) { little_endian(value, 4); }

void writer::fixed64(std::uint64_t value, const char*) { little_endian(value, 8); }

void writer::bytes(std::string_view value, const char* field, std::size_t most) {
    number(value.size(), field, most);
    if (!failure_) out_ += value;
}

void writer::utf8(std::string_view value, const char* field, std::size_t most) {
    if (is_valid_utf8(value)) bytes(value, field, most);
    else bytes(to_valid_utf8(value), field, most);
}

void writer::text(std::string_view value, const char* field, std::size_t most) {
    if (is_plain(value)) bytes(value, field, most);
    else bytes(plain(value), field, most);
}

void writer::sentence(std::string_view value, const char* field) {
    const auto clean = plain(value);
    bytes(cut_utf8(clean, max_sentence_bytes), field, max_sentence_bytes);
}

result<std::string> writer::finish() {
    if (!failure_ && out_.size() > max_frame_bytes)
        failure_ = refuse(kind_, "it has " + std::to_string(out_.size()) + " bytes, over the limit of " +
                                     std::to_string(max_frame_bytes));
    if (failure_) return std::move(*failure_);
    return std::move(out_);
}

} // namespace tw::wire
