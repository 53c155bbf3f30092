// Words and order.
#include "migrate/difference.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tw::migrate {

std::string_view word_of(difference_kind kind) {
    switch (kind) {
    case difference_kind::no_counterpart:
        return "no counterpart";
    case difference_kind::other_meaning:
        return "other meaning";
    case difference_kind::other_default:
        return "other default";
    case difference_kind::made_safe:
        return "made safe";
    case difference_kind::unknown_key:
        return "unknown key";
    case difference_kind::not_usable:
        return "not usable";
    }
    return "";
}

namespace {

// One line, however the file names its keys.
std::string one_line(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
    return out;
}

} // namespace

void differences::add(difference_kind kind, const location& at, std::string_view key, std::string_view message) {
    all_.push_back({at, one_line(key), kind, one_line(message)});
}

std::vector<difference> differences::in_order() {
    std::ranges::stable_sort(all_, [](const difference& a, const difference& b) {
        return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
    });
    return std::exchange(all_, {});
}

} // namespace tw::migrate
