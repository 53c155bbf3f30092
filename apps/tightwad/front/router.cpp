// The routes.
#include "front/router.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "front/auth.hpp"
#include "front/errors.hpp"
#include "front/pass_through.hpp"

namespace tw::front {
namespace {

constexpr std::string_view model_prefix = "/v1/models/";

/// "/v1/models" of "/v1/models?x=1" and of "http://host/v1/models".
std::string_view path_of(std::string_view target) {
    if (const auto scheme = target.find("://");
        !target.starts_with('/') && scheme != std::string_view::npos) {
        const auto slash = target.find('/', scheme + 3);
        target = slash == std::string_view::npos ? "/" : target.substr(slash);
    }
    return target.substr(0, target.find_first_of("?#"));
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        const bool escape =
            text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16).ptr == &text[i + 1] + 2;
        out += escape ? static_cast<char>(byte) : text[i];
        if (escape) i += 2;
    }
    return to_valid_utf8(out);
}

struct known_path {
    std::string_view path;
    action what;
    endpoint as = endpoint::chat;
    inquiry about = inquiry::embeddings;
};

constexpr known_path read_paths[] = {
    {"/", action::greeting},
    {"/health", action::health},
    {"/v1/models", action::models},
    {"/v1/tightwad/status", action::status},
    {"/metrics", action::metrics},
    {"/api/tags", action::ollama_tags},
    {"/api/ps", action::ollama_ps},
    {"/api/version", action::ollama_version},
    {"/props", action::inquire, {}, inquiry::props},
};

constexpr known_path write_paths[] = {
    {"/v1/chat/completions", action::generate, endpoint::chat},
    {"/v1/completions", action::generate, endpoint::completion},
    {"/v1/responses", action::generate, endpoint::responses},
    {"/v1/messages", action::generate, endpoint::messages},
    {"/v1/messages/count_tokens", action::count_tokens, endpoint::messages},
    {"/api/chat", action::generate, endpoint::ollama_chat},
    {"/api/generate", action::generate, endpoint::ollama_generate},
    {"/api/show", action::ollama_show},
    {"/v1/embeddings", action::inquire, {}, inquiry::embeddings},
    {"/v1/rerank", action::inquire, {}, inquiry::rerank},
    {"/rerank", action::inquire, {}, inquiry::rerank},
    {"/tokenize", action::inquire, {}, inquiry::tokenize},
    {"/detokenize", action::inquire, {}, inquiry::detokenize},
    {"/api/embed", action::inquire, {}, inquiry::ollama_embed},
    {"/api/embeddings", action::inquire, {}, inquiry::ollama_embeddings},
    {"/v1/tightwad/swap", action::swap},
};

std::optional<route> by_path(std::string_view path) {
    constexpr auto read = "GET, HEAD, OPTIONS";
    constexpr auto write = "POST, OPTIONS";
    const auto to = [](const known_path& each, const char* methods) {
        return route{.what = each.what, .as = each.as, .about = each.about, .methods = methods};
    };
    for (const auto& each : read_paths)
        if (path == each.path) return to(each, read);
    for (const auto& each : write_paths)
        if (path == each.path) return to(each, write);
    if (path.size() > model_prefix.size() && path.starts_with(model_prefix))
        return route{.what = action::model,
                     .model = percent_decoded(path.substr(model_prefix.size())),
                     .methods = read};
    return std::nullopt;
}

bool is_listed(const std::string& method, const std::string& methods) {
    return (", " + methods + ",").find(", " + method + ",") != std::string::npos;
}

reply token_wanted(const request_head& head) {
    const bool tried = !head.authorization.empty() || !head.api_key.empty();
    return unauthorized(tried ? "The token is not this server's."
                              : "This server wants a token: send 'Authorization: Bearer TOKEN'.");
}

} // namespace

std::string query_value(std::string_view target, std::string_view key) {
    const auto begin = target.find('?');
    auto query = begin == std::string_view::npos ? std::string_view() : target.substr(begin + 1);
    query = query.substr(0, query.find('#'));
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.starts_with(key) && pair.substr(key.size()).starts_with('='))
            return percent_decoded(pair.substr(key.size() + 1));
    }
    return {};
}

std::variant<route, reply> route_for(const request_head& head, const authorizer& auth) {
    const auto path = path_of(head.target);
    auto found = by_path(path);
    if (head.method == "OPTIONS") {
        return route{.what = action::preflight,
                     .methods = found ? found->methods : "GET, HEAD, POST, OPTIONS"};
    }
    const bool is_open =
        found && (found->what == action::health || found->what == action::greeting);
    if (!is_open && !auth.allows(head)) return token_wanted(head);
    if (!found && head.method == "POST" && may_pass(path))
        return route{.what = action::pass, .path = std::string(path), .methods = "POST, OPTIONS"};
    if (!found)
        return http_error(404,
                          "There is nothing at " + to_valid_utf8(cut_utf8(path, 200)) +
                              "; the API is under /v1, as in /v1/chat/completions.",
                          "unknown_url");
    if (is_listed(head.method, found->methods)) return *std::move(found);
    auto out = http_error(405,
                          to_valid_utf8(cut_utf8(path, 200)) + " does not take " +
                              to_valid_utf8(cut_utf8(head.method, 40)) + "; it takes " +
                              found->methods + ".",
                          "method_not_allowed");
    out.headers.emplace_back("Allow", found->methods);
    return out;
}

} // namespace tw::front
