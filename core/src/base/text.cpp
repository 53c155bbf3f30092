// Small text tools.
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <vector>

namespace tw {
namespace {

struct scan_result {
    std::size_t length; // bytes consumed: the code point, or the maximal ill-formed subpart
    enum { good, bad, incomplete } kind;
};

// Table 3-7 of the Unicode Standard: the range of the second byte depends on the first.
scan_result scan(std::string_view s) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(s[i]); };
    const auto first = byte(0);
    if (first < 0x80) return {1, scan_result::good};
    if (first < 0xC2 || first > 0xF4) return {1, scan_result::bad};
    const std::size_t need = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    std::uint8_t low = 0x80, high = 0xBF;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    for (std::size_t i = 1; i < need; ++i) {
        if (i == s.size()) return {i, scan_result::incomplete};
        if (byte(i) < low || byte(i) > high) return {i, scan_result::bad};
        low = 0x80;
        high = 0xBF;
    }
    return {need, scan_result::good};
}

} // namespace

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

std::size_t count_code_points(std::string_view text) {
    return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues_code_point));
}

std::string_view cut_utf8(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return text;
    auto end = max_bytes;
    while (end > 0 && continues_code_point(text[end])) --end;
    return text.substr(0, end);
}

bool is_valid_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto step = scan(text);
        if (step.kind != scan_result::good) return false;
        text.remove_prefix(step.length);
    }
    return true;
}

std::string to_valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto step = scan(text);
        if (step.kind == scan_result::good) out.append(text.substr(0, step.length));
        else out.append("\xEF\xBF\xBD");
        text.remove_prefix(step.length);
    }
    return out;
}

std::size_t incomplete_tail(std::string_view text) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        if (continues_code_point(text[text.size() - back])) continue;
        const auto step = scan(text.substr(text.size() - back));
        return step.kind == scan_result::incomplete ? back : 0;
    }
    return 0;
}

std::string near_name(std::string_view name, std::span<const std::string> candidates) {
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        std::vector<std::size_t> row(candidate.size() + 1);
        std::iota(row.begin(), row.end(), std::size_t{0});
        for (std::size_t i = 1; i <= name.size(); ++i) {
            auto diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j <= candidate.size(); ++j) {
                const auto above = row[j];
                const auto change = diagonal + (name[i - 1] == candidate[j - 1] ? 0U : 1U);
                row[j] = std::min({above + 1, row[j - 1] + 1, change});
                diagonal = above;
            }
        }
        if (row.back() < best_distance) {
            best_distance = row.back();
            best = candidate;
        }
    }
    return best;
}

std::string human_bytes(double bytes) {
    static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < units.size()) {
        bytes /= 1024;
        ++unit;
    }
    std::array<char, 32> text{};
    const int n = std::snprintf(text.data(), text.size(), unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s",
                                bytes, units[unit]);
    return {text.data(), static_cast<std::size_t>(n)};
}

} // namespace tw
