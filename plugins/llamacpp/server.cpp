// Requests to a llama-server.
#include "server.hpp"

#include "wire.hpp"

namespace llamacpp {

using namespace tw::sdk;

server::server(host host, const config& config)
    : host_(host), root_(wire::root_of(config.text("url"))), model_(config.text("model", "")),
      ca_file_(config.text("ca_file", "")), first_token_(config.integer("first_token_timeout", 600, 1, 86400)) {
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

/// The server may come later, so what is not there is worth a line and no more.
void server::look() const {
    try {
        auto question = request("GET", "/props");
        question.connect_timeout = std::chrono::seconds{3};
        question.first_byte_timeout = std::chrono::seconds{5};
        question.max_body_bytes = 4U << 20U;
        const auto answer = http(host_).fetch(question);
        if (answer.head.status != 200) throw refusal(answer.head, answer.body);
        const auto found = wire::read_properties(answer.body);
        host_.info("event=server url=" + root_ + " model=\"" + found.model_path + "\" build=\"" + found.build +
                   "\" context=" + std::to_string(found.context) + " slots=" + std::to_string(found.slots));
    } catch (const failure& e) {
        host_.warn("event=server_not_ready url=" + root_ + " why=\"" + e.what() + '"');
    }
}

http_request server::ask(const chat_request& asked) const {
    auto out = request("POST", wire::path_of(asked));
    out.headers.emplace_back("Content-Type", "application/json");
    out.headers.emplace_back("Accept", "text/event-stream");
    out.body = wire::body_of(asked, model_);
    return out;
}

failure server::refusal(const http_head& head, const std::string& body) const {
    return refusal_of("The llama-server at " + root_, head.status, body, head.retry_after);
}

} // namespace llamacpp
