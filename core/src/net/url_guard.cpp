// The table of addresses.
#include "net/url_guard.hpp"

#include <algorithm>
#include <array>

namespace tw::net {
namespace {

using v4_bytes = std::array<unsigned char, 4>;
using v6_bytes = std::array<unsigned char, 16>;

// Who may have it dialled.
enum class rule { nobody, operator_only };

template <class Bytes> struct range {
    Bytes first;
    int bits;
    rule who;
    std::string_view what;
};

// The first that fits decides, so exceptions stand before what they are part of.
constexpr range<v4_bytes> v4_ranges[] = {
    {{0, 0, 0, 0}, 8, rule::nobody, "no address of a machine; for this one write 127.0.0.1"},
    {{10, 0, 0, 0}, 8, rule::operator_only, "a private address"},
    {{100, 100, 100, 200}, 32, rule::nobody, "a cloud's metadata service"},
    {{100, 64, 0, 0}, 10, rule::operator_only, "an address shared behind a provider or in a private overlay"},
    {{127, 0, 0, 0}, 8, rule::operator_only, "a loopback address"},
    {{168, 63, 129, 16}, 32, rule::nobody, "a cloud's metadata service"},
    {{169, 254, 0, 0}, 16, rule::nobody, "a link-local address, where clouds keep their metadata services"},
    {{172, 16, 0, 0}, 12, rule::operator_only, "a private address"},
    {{192, 0, 0, 0}, 24, rule::nobody, "an address reserved for protocols"},
    {{192, 0, 2, 0}, 24, rule::nobody, "an address for documentation"},
    {{192, 88, 99, 0}, 24, rule::nobody, "a relay from IPv6 to IPv4"},
    {{192, 168, 0, 0}, 16, rule::operator_only, "a private address"},
    {{198, 18, 0, 0}, 15, rule::operator_only, "an address for benchmarks"},
    {{198, 51, 100, 0}, 24, rule::nobody, "an address for documentation"},
    {{203, 0, 113, 0}, 24, rule::nobody, "an address for documentation"},
    {{224, 0, 0, 0}, 4, rule::nobody, "a multicast address"},
    {{240, 0, 0, 0}, 4, rule::nobody, "a reserved or broadcast address"},
};

constexpr range<v6_bytes> v6_ranges[] = {
    {{}, 128, rule::nobody, "no address of a machine; for this one write [::1]"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, rule::operator_only, "a loopback address"},
    {{}, 96, rule::nobody, "an IPv4 address in a form that is no longer used"},
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, rule::nobody, "an IPv4 address behind a local translator"},
    {{1}, 64, rule::nobody, "an address that discards what it is sent"},
    {{0x20, 1, 0, 0}, 32, rule::nobody, "a Teredo tunnel"},
    {{0x20, 1, 0x0d, 0xb8}, 32, rule::nobody, "an address for documentation"},
    {{0x3f, 0xff}, 20, rule::nobody, "an address for documentation"},
    {{0x20, 1, 0, 2}, 48, rule::operator_only, "an address for benchmarks"},
    {{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54}, 128, rule::nobody, "a cloud's metadata service"},
    {{0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54}, 128, rule::nobody, "a cloud's metadata service"},
    {{0xfc}, 7, rule::operator_only, "a private address"},
    {{0xfe, 0x80}, 10, rule::nobody, "a link-local address"},
    {{0xfe, 0xc0}, 10, rule::operator_only, "a site-local address"},
    {{0xff}, 8, rule::nobody, "a multicast address"},
};

// IPv6 prefixes that carry an IPv4 address, and where in it. A translated or tunnelled one is for the operator alone.
struct carrier {
    v6_bytes first;
    int bits;
    std::size_t at;
    bool strangers;
    std::string_view what;
};
constexpr carrier carriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12, true, "a mapped IPv4 address"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12, false, "a translated IPv4 address"},
    {{0, 0x64, 0xff, 0x9b}, 96, 12, false, "an IPv4 address behind a translator (NAT64)"},
    {{0x20, 2}, 16, 2, false, "an IPv4 address in a tunnel (6to4)"},
};

bool within(std::span<const unsigned char> address, std::span<const unsigned char> first, int bits) {
    const auto whole = static_cast<std::size_t>(bits / 8);
    if (!std::equal(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(whole), address.begin())) return false;
    const int rest = bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<unsigned char>(0xFF00U >> static_cast<unsigned>(rest));
    return (address[whole] & mask) == (first[whole] & mask);
}

template <class Ranges>
std::string_view judge(const Ranges& ranges, std::span<const unsigned char> address, url_author author) {
    const auto* found = std::ranges::find_if(
        ranges, [&](const auto& one) { return within(address, one.first, one.bits); });
    if (found == std::end(ranges)) return {};
    const bool allowed = found->who == rule::operator_only && author == url_author::operator_of_this_host;
    return allowed ? std::string_view() : found->what;
}

} // namespace

std::string_view forbidden_address(std::span<const unsigned char> address, url_author author) {
    if (address.size() == 4) return judge(v4_ranges, address, author);
    if (address.size() != 16) return "no IP address";
    for (const auto& one : carriers) {
        if (!within(address, one.first, one.bits)) continue;
        if (!one.strangers && author == url_author::stranger) return one.what;
        return judge(v4_ranges, address.subspan(one.at, 4), author);
    }
    return judge(v6_ranges, address, author);
}

} // namespace tw::net
