// Small text tools: UTF-8 that is never split, names that are nearly right, numbers for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <tightwad/abi/base.h>

namespace tw {

[[nodiscard]] inline std::string_view view(tw_str s) { return {s.data, s.data ? s.size : 0}; }
[[nodiscard]] inline tw_str abi(std::string_view s) { return {s.data(), s.size()}; }

// Whether this byte of UTF-8 goes on with a code point that began before it.
[[nodiscard]] inline bool continues_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// ASCII letters only.
[[nodiscard]] std::string lower(std::string_view text);

// How many there are, by the bytes that begin one.
[[nodiscard]] std::size_t count_code_points(std::string_view text);

// The longest prefix of at most `max_bytes` that does not end inside a code point.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t max_bytes);

[[nodiscard]] bool is_valid_utf8(std::string_view text);

// Every byte that is not part of a well-formed code point becomes U+FFFD, one per maximal subpart.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

// The length of the incomplete, so far well-formed code point at the end of `text`: 0 … 3 bytes.
[[nodiscard]] std::size_t incomplete_tail(std::string_view text);

// The candidate closest to `name` by edit distance, empty when none is close enough to be meant.
[[nodiscard]] std::string near_name(std::string_view name, std::span<const std::string> candidates);

// "607 MiB", "1.2 GiB".
[[nodiscard]] std::string human_bytes(double bytes);
[[nodiscard]] inline std::string human_bytes(std::uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

} // namespace tw
