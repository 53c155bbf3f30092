// Requests to a llama-server.
#include "server.hpp"

#include <utility>

#include "wire.hpp"

namespace llamacpp {

using namespace tw::sdk;

server::server(host host, const config& config)
    : host_(host), model_(config.text("model", "")),
      site_(host, wire::root_of(config.text("url")), config, {.who = "The llama-server", .repeatable = true}) {
    look();
}

/// The server may come later, so what is not there is worth a line and no more.
void server::look() const {
    try {
        const auto found = wire::read_properties(site_.look_at("/props"));
        host_.info("event=server url=" + site_.root() + " model=\"" + found.model_path + "\" build=\"" + found.build +
                   "\" context=" + std::to_string(found.context) + " slots=" + std::to_string(found.slots));
    } catch (const failure& e) {
        site_.not_ready(e);
    }
}

http_request server::ask(const chat_request& asked) const {
    auto out = site_.post(wire::path_of(asked), wire::body_of(asked, model_));
    out.headers.emplace_back("Accept", "text/event-stream");
    return out;
}

token_request<token_stream> server::go_on(std::span<const std::int32_t> prompt, std::uint32_t most) const {
    auto out = site_.post("/completion", wire::body_of(prompt, most, model_));
    out.headers.emplace_back("Accept", "text/event-stream");
    return {std::move(out), {}};
}

http_request server::question(std::string_view what, const json::value& asked) const {
    const auto path = wire::path_of(what);
    if (what == "health" || what == "vocabulary" || what == "about" || what == "load") return site_.glance(path);
    return what == "properties" ? site_.request("GET", path) : site_.post(path, wire::body_of(what, asked, model_));
}

/// A chat's tokens are those of what its template makes of it.
std::optional<http_request> server::further(std::string_view what, std::size_t step, std::string_view body) const {
    if (what != "count" || step > 0) return std::nullopt;
    return site_.post(wire::path_of("tokenize"), wire::split_body_of(body, model_));
}

std::string server::reply(std::string_view what, std::string body) const {
    if (what == "vocabulary") return wire::vocabulary_of(body, model_);
    if (what == "about") return wire::facts_of(wire::read_properties(body));
    if (what == "load") return wire::load_of(body);
    return what == "count" ? wire::count_of(body) : body;
}

http_request server::pass(const pass_request& asked) const { return site_.pass(asked, std::string(asked.target), model_); }

failure server::refusal(const http_head& head, const std::string& body) const { return site_.refusal(head, body); }

} // namespace llamacpp
