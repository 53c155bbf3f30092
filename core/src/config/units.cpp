// Sizes, durations, addresses.
#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace tw {
namespace {

struct unit {
    std::string_view name;
    double factor;
};

template <std::size_t N>
std::optional<double> scaled(std::string_view text, const std::array<unit, N>& units) {
    double number = 0;
    const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), number,
                                                std::chars_format::fixed);
    if (failed != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    while (text.starts_with(' ')) text.remove_prefix(1);
    for (const auto& one : units)
        if (one.name == text) return number * one.factor;
    return std::nullopt;
}

constexpr double ki = 1024;

} // namespace

std::optional<std::size_t> parse_size(std::string_view text) {
    static constexpr std::array<unit, 10> units{{{"", 1},
                                                 {"B", 1},
                                                 {"KB", 1e3},
                                                 {"MB", 1e6},
                                                 {"GB", 1e9},
                                                 {"TB", 1e12},
                                                 {"KiB", ki},
                                                 {"MiB", ki* ki},
                                                 {"GiB", ki* ki* ki},
                                                 {"TiB", ki* ki* ki* ki}}};
    const auto bytes = scaled(text, units);
    if (!bytes || *bytes > 1e18) return std::nullopt;
    return static_cast<std::size_t>(*bytes);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    static constexpr std::array<unit, 4> units{{{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 36e5}}};
    const auto time = scaled(text, units);
    if (!time || *time > 1e15) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*time));
}

std::optional<std::vector<std::uint32_t>> parse_ranges(std::string_view text) {
    constexpr std::int64_t most = 4096;
    std::vector<std::uint32_t> out;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        more = comma != std::string_view::npos;
        const auto part = text.substr(0, comma);
        const auto dash = part.find('-');
        const auto first = parse_integer(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : parse_integer(part.substr(dash + 1));
        if (!first || !last || *first < 0 || *last < *first || *last >= most) return std::nullopt;
        for (auto one = *first; one <= *last; ++one) {
            if (std::ranges::find(out, one) != out.end()) return std::nullopt;
            out.push_back(static_cast<std::uint32_t>(one));
        }
        if (more) text.remove_prefix(comma + 1);
    }
    return out;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t number = 0;
    const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    const auto port = parse_integer(text.substr(colon + 1));
    if (!port || *port < 1 || *port > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (host.empty() || (!bracketed && host.find(':') != std::string_view::npos)) return std::nullopt;
    if (host.find_first_of(" /[]") != std::string_view::npos) return std::nullopt;
    return std::pair{std::string(host), static_cast<std::uint16_t>(*port)};
}

} // namespace tw
