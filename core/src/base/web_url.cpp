// A strict reader of URLs: what is odd is refused rather than guessed at.
#include "base/web_url.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace tw::net {
namespace {

constexpr std::size_t longest_url = 8192, longest_host = 253;

error wrong(std::string_view text, const std::string& what) {
    return fail(code::invalid_argument, "'" + to_valid_utf8(cut_utf8(text, 200)) + "' is no URL of a server: " + what +
                                            "; write http://HOST:PORT or https://HOST.");
}

bool host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool literal_character(char c) {
    return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

} // namespace

std::string web_url::origin() const {
    const bool brackets = host.find(':') != std::string::npos;
    return (tls ? "https://" : "http://") + (brackets ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

std::string web_url::authority() const {
    auto out = origin().substr(tls ? 8 : 7);
    if (port == (tls ? 443 : 80)) out.resize(out.rfind(':'));
    return out;
}

result<web_url> parse_web_url(std::string_view text) {
    if (text.size() > longest_url) return wrong(text.substr(0, 40), "it is longer than 8192 bytes");
    if (!std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; }))
        return wrong(text, "it holds a space, a control character or a letter outside ASCII");
    const auto lowered = lower(text);
    web_url out;
    std::size_t at = 7;
    if (lowered.starts_with("https://")) {
        out.tls = true;
        out.port = 443;
        at = 8;
    } else if (!lowered.starts_with("http://"))
        return wrong(text, "it begins with neither http:// nor https://");
    if (text.find('#') != std::string_view::npos) return wrong(text, "it has a fragment (#)");
    if (text.find('\\') != std::string_view::npos) return wrong(text, "it holds a backslash");
    const auto end = std::min(lowered.find_first_of("/?", at), lowered.size());
    auto host = std::string_view(lowered).substr(at, end - at);
    if (host.find('@') != std::string_view::npos)
        return wrong("http…", "a user name or password does not belong into a URL");
    std::string_view port;
    if (host.starts_with('[')) {
        const auto close = host.find(']');
        if (close == std::string_view::npos) return wrong(text, "the bracket of the IPv6 address is not closed");
        out.host = host.substr(1, close - 1);
        port = host.substr(close + 1);
        if (!std::ranges::all_of(out.host, literal_character) || std::ranges::count(out.host, ':') < 2)
            return wrong(text, "what stands in brackets is no IPv6 address");
    } else {
        const auto colon = std::min(host.find(':'), host.size());
        out.host = host.substr(0, colon);
        port = host.substr(colon);
        if (!std::ranges::all_of(out.host, host_character))
            return wrong(text, "a host is made of letters, digits, '.', '-' and '_', and an IPv6 address needs brackets");
    }
    if (out.host.empty() || out.host.size() > longest_host) return wrong(text, "the host is missing or too long");
    if (!port.empty()) {
        const auto* last = port.data() + port.size();
        const auto [stop, failed] = std::from_chars(port.data() + 1, last, out.port);
        if (port.front() != ':' || failed != std::errc{} || stop != last || out.port == 0)
            return wrong(text, "the port must be a number from 1 to 65535");
    }
    if (end < text.size()) out.target = (text[end] == '?' ? "/" : "") + std::string(text.substr(end));
    return out;
}

} // namespace tw::net
