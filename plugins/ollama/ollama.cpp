// Requests to an Ollama.
#include "ollama.hpp"

#include <tightwad/sdk/server_errors.hpp>

namespace ollama {

using namespace tw::sdk;

server::server(host host, const config& config)
    : host_(host), root_(wire::root_of(config.text("url", "http://127.0.0.1:11434"))), ca_file_(config.text("ca_file", "")),
      how_{config.text("model"), config.text("keep_alive", ""), config.integer("context", 0, 0, 1 << 24)},
      first_token_(config.integer("first_token_timeout", 600, 1, 86400)) {
    try {
        keyed_ = !host_.secret("api_key").empty();
    } catch (const failure& e) {
        host_.debug(std::string("event=no_key why=\"") + e.what() + '"');
    }
    look();
}

http_request server::request(const char* method, const std::string& path) const {
    http_request out{.method = method, .url = root_ + path};
    out.ca_file = ca_file_;
    out.first_byte_timeout = first_token_;
    out.repeatable = true; // it costs nobody anything
    if (keyed_) out.headers.emplace_back("Authorization", "Bearer " + host_.secret("api_key"));
    return out;
}

std::string server::look_at(const std::string& path) const {
    auto question = request("GET", path);
    question.connect_timeout = std::chrono::seconds{3};
    question.first_byte_timeout = std::chrono::seconds{5};
    question.max_body_bytes = 4U << 20U;
    auto answer = http(host_).fetch(question);
    if (answer.head.status != 200) throw refusal(answer.head, answer.body);
    return std::move(answer.body);
}

/// The server may come later, so one that is not there is worth a line and no more.
void server::look() const {
    std::vector<std::string> names;
    try {
        const auto version = wire::read_version(look_at("/api/version"));
        names = wire::read_names(look_at("/api/tags"));
        host_.info("event=server url=" + root_ + " ollama=\"" + version + "\" models=" + std::to_string(names.size()));
    } catch (const failure& e) {
        host_.warn("event=server_not_ready url=" + root_ + " why=\"" + e.what() + '"');
        return;
    }
    if (wire::is_among(how_.model, names)) return;
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    throw failure{TW_NOT_FOUND, "The Ollama at " + root_ + " has no model \"" + how_.model + "\"" +
                                    (list.empty() ? std::string(" and no other") : "; it has " + list) +
                                    ". Fetch it there with `ollama pull " + how_.model + "`."};
}

http_request server::ask(const chat_request& asked) const {
    auto out = request("POST", wire::path_of(asked));
    out.headers.emplace_back("Content-Type", "application/json");
    out.body = wire::body_of(asked, how_);
    return out;
}

failure server::refusal(const http_head& head, const std::string& body) const {
    return refusal_of("The Ollama at " + root_, head.status, body, head.retry_after);
}

} // namespace ollama
