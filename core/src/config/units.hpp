// Values written with a unit, and addresses.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tw {

// "512", "64KiB", "10MiB", "8GB", "1.5 GiB" in bytes; KB, MB … count in thousands.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);

// "500ms", "30s", "2m", "1h".
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "127.0.0.1:8088", "[::1]:8088", "localhost:8088": host without brackets, and port (not 0).
[[nodiscard]] std::optional<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text);

// "0-11,20" as 0, 1 … 11, 20: numbers below 4096, each once.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> parse_ranges(std::string_view text);

// Digits only, nothing before or after.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

} // namespace tw
