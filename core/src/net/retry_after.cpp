// Reads Retry-After (RFC 9110, 10.2.3).
#include "net/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <ctime>

namespace tw::net {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds none{0}, day = std::chrono::hours{24};

} // namespace

milliseconds read_retry_after(const std::string& value, std::chrono::system_clock::time_point now) {
    double seconds = 0;
    const auto* end = value.data() + value.size();
    const auto [stop, failed] = std::from_chars(value.data(), end, seconds);
    if (failed == std::errc{} && stop == end) {
        if (!(seconds > 0)) return none;
        return milliseconds{static_cast<std::int64_t>(std::min(seconds, 86400.0) * 1000)};
    }
    std::tm date{};
    const char* rest = ::strptime(value.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (rest == nullptr || *rest != '\0') return none;
    const auto when = std::chrono::system_clock::from_time_t(::timegm(&date));
    return std::clamp(std::chrono::duration_cast<milliseconds>(when - now), none, day);
}

} // namespace tw::net
