// Cross-origin headers from an allow-list.
#include "front/cors.hpp"

#include <algorithm>

namespace tw::front {
namespace {

bool is_header_list(const std::string& text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == ',' || c == ' ';
    });
}

} // namespace

header_list cors_headers(const std::vector<std::string>& allowed, const request_head& head) {
    if (allowed.empty()) return {};
    if (std::ranges::count(allowed, "*") > 0)
        return {{"Access-Control-Allow-Origin", "*"},
                {"Access-Control-Expose-Headers", "x-request-id, retry-after"}};
    header_list out{{"Vary", "Origin"}};
    if (!head.origin.empty() && std::ranges::count(allowed, head.origin) > 0) {
        out.emplace_back("Access-Control-Allow-Origin", head.origin);
        out.emplace_back("Access-Control-Expose-Headers", "x-request-id, retry-after");
    }
    return out;
}

bool from_unlisted_page(const std::vector<std::string>& allowed, const request_head& head) {
    return !head.origin.empty() && std::ranges::count(allowed, "*") == 0 && std::ranges::count(allowed, head.origin) == 0;
}

reply preflight_reply(const std::vector<std::string>& allowed, const request_head& head,
                      const std::string& methods) {
    reply out{.status = 204, .body = "", .headers = {{"Allow", methods}}, .content_type = ""};
    if (head.origin.empty() || from_unlisted_page(allowed, head)) return out;
    out.headers.emplace_back("Access-Control-Allow-Methods", methods);
    // The clients' own headers (x-stainless-...) differ by version, so what is asked for is
    // granted; none of them carries a credential that the page does not already have.
    const bool asked =
        !head.cors_request_headers.empty() && is_header_list(head.cors_request_headers);
    out.headers.emplace_back("Access-Control-Allow-Headers",
                             asked ? head.cors_request_headers
                                   : "Authorization, Content-Type, X-Api-Key");
    out.headers.emplace_back("Access-Control-Max-Age", "600");
    return out;
}

} // namespace tw::front
