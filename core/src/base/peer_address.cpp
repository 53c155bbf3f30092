// Reads a peer's address.
#include "base/peer_address.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace tw::net {
namespace {

constexpr std::size_t longest_address = 300;

bool host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
}

bool address_character(char c) {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

bool scope_character(char c) { return host_character(c) || c == '%'; }

error wrong(std::string_view text, const std::string& what) {
    return fail(code::invalid_argument, "'" + to_valid_utf8(cut_utf8(text, longest_address)) + "' is no peer address: " +
                                            what + "; write tw://HOST:9191, or tws://HOST:9191 for TLS.");
}

bool is_ip_v6(std::string_view host) {
    const auto scope = std::min(host.find('%'), host.size());
    return std::ranges::count(host.substr(0, scope), ':') >= 2 &&
           std::ranges::all_of(host.substr(0, scope), address_character) &&
           std::ranges::all_of(host.substr(scope), scope_character);
}

} // namespace

std::string peer_address::url() const {
    const bool brackets = host.find(':') != std::string::npos;
    return (tls ? "tws://" : "tw://") + (brackets ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

result<peer_address> parse_peer_address(std::string_view text) {
    if (text.size() > longest_address)
        return wrong(text.substr(0, 40), "it is " + std::to_string(text.size()) + " characters long");
    peer_address out;
    auto rest = text;
    if (rest.starts_with("tws://")) {
        out.tls = true;
        rest.remove_prefix(6);
    } else if (rest.starts_with("tw://")) rest.remove_prefix(5);
    else return wrong(text, "it does not begin with tw:// or tws://");

    if (rest.starts_with('[')) {
        const auto end = rest.find(']');
        if (end == std::string_view::npos) return wrong(text, "the bracket of the IPv6 address is not closed");
        out.host = rest.substr(1, end - 1);
        rest.remove_prefix(end + 1);
        if (!is_ip_v6(out.host)) return wrong(text, "what stands in brackets is no IPv6 address");
    } else {
        const auto end = std::min(rest.find(':'), rest.size());
        out.host = rest.substr(0, end);
        rest.remove_prefix(end);
        if (rest.find(':') != rest.rfind(':')) return wrong(text, "an IPv6 address needs brackets");
        if (out.host.empty()) return wrong(text, "the host is missing");
        if (!std::ranges::all_of(out.host, host_character))
            return wrong(text, "a host is made of letters, digits, '.', '-' and '_'");
    }
    if (rest.empty()) return out;
    if (rest.front() != ':') return wrong(text, "nothing but a port may follow the host");
    rest.remove_prefix(1);
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), out.port);
    if (problem != std::errc{} || end != rest.data() + rest.size() || out.port == 0)
        return wrong(text, "the port must be a number from 1 to 65535");
    return out;
}

} // namespace tw::net
