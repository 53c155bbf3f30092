// Reads frames that a stranger wrote.
#include "wire/bytes.hpp"

#include "base/text.hpp"
#include "wire/limits.hpp"

namespace tw::wire {

void reader::fail_once(std::string what) {
    if (!failure_) failure_ = fail(code::corrupt, "A frame of kind " + std::string(kind_) + ' ' + std::move(what) + '.');
}

void reader::ends_inside(const char* field) {
    fail_once("ends after " + std::to_string(bytes_.size()) + " bytes, inside \"" + field + '"');
}

void reader::not_a_time(const char* field) {
    fail_once(std::string("holds a time in \"") + field + "\" that is negative or not finite");
}

void reader::unknown_value(std::uint64_t value, const char* field) {
    fail_once("holds " + std::to_string(value) + " in \"" + field + "\", which means nothing here");
}

std::uint64_t reader::little_endian(int n_bytes, const char* field) {
    if (!failure_ && left() < static_cast<std::size_t>(n_bytes)) ends_inside(field);
    if (failure_) return 0;
    std::uint64_t value = 0;
    for (int i = 0; i < n_bytes; ++i)
        value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes_[at_++])) << (8 * i);
    return value;
}

void reader::byte(std::uint8_t& value, const char* field) {
    value = static_cast<std::uint8_t>(little_endian(1, field));
}

// Only the shortest form of a number is taken: one message, one form.
std::uint64_t reader::number(const char* field, std::uint64_t most) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !failure_; shift += 7) {
        const auto next = little_endian(1, field);
        if (failure_) break;
        const bool overflows = shift == 63 && next > 1;
        const bool padded = shift > 0 && next == 0;
        if (overflows || padded) {
            fail_once(std::string("holds a malformed number in \"") + field + '"');
            break;
        }
        value |= (next & 0x7FU) << shift;
        if (next < 0x80) break;
    }
    if (!failure_ && value > most)
        fail_once("holds " + std::to_string(value) + " in \"" + field + "\"; at most " + std::to_string(most) +
                  " is allowed");
    return failure_ ? 0 : value;
}

void reader::zigzag(std::int32_t& value, const char* field) {
    const auto folded = static_cast<std::uint32_t>(number(field, 0xFFFFFFFFU));
    value = static_cast<std::int32_t>((folded >> 1U) ^ (~(folded & 1U) + 1U));
}

void reader::fixed32(std::uint32_t& value, const char* field) {
    value = static_cast<std::uint32_t>(little_endian(4, field));
}

void reader::fixed64(std::uint64_t& value, const char* field) { value = little_endian(8, field); }

void reader::bytes(std::string& value, const char* field, std::size_t most) {
    const auto size = static_cast<std::size_t>(number(field, most));
    if (size > left()) ends_inside(field);
    if (failure_) return;
    value.assign(bytes_.substr(at_, size));
    at_ += size;
}

void reader::utf8(std::string& value, const char* field, std::size_t most) {
    bytes(value, field, most);
    if (is_valid_utf8(value)) return;
    value.clear();
    fail_once(std::string("holds malformed UTF-8 in \"") + field + '"');
}

void reader::text(std::string& value, const char* field, std::size_t most) {
    bytes(value, field, most);
    if (is_plain(value)) return;
    value.clear();
    fail_once(std::string("holds control characters or malformed UTF-8 in \"") + field + '"');
}

void reader::sentence(std::string& value, const char* field) { text(value, field, max_sentence_bytes); }

result<void> reader::finish() {
    if (left() != 0) fail_once("has " + std::to_string(left()) + " bytes too many at its end");
    if (failure_) return *failure_;
    return {};
}

} // namespace tw::wire
