// Requests to a cloud.
#include "openrouter.hpp"

#include <tightwad/sdk/server_errors.hpp>

namespace openrouter {

using namespace tw::sdk;

cloud::cloud(host host, const config& config)
    : host_(host), root_(wire::root_of(config.text("url", "https://openrouter.ai/api/v1"))), model_(config.text("model")),
      ca_file_(config.text("ca_file", "")),
      how_{config.text("provider_order", ""), config.text("provider_sort", ""), config.text("data_collection", ""),
           config.boolean("allow_fallbacks", true), root_.find("//openrouter.ai/") != std::string::npos},
      first_token_(config.integer("first_token_timeout", 120, 1, 86400)) {
    wire::check(how_);
    static_cast<void>(host_.secret("api_key")); // throws with the remedy when there is none
    look();
}

http_request cloud::request(const char* method, const std::string& path) const {
    http_request out{.method = method, .url = root_ + path};
    out.ca_file = ca_file_;
    out.first_byte_timeout = first_token_;
    out.headers.emplace_back("Authorization", "Bearer " + host_.secret("api_key"));
    return out;
}

/// A cloud that is not reached now may be later, so that is worth a line and no more.
void cloud::look() const {
    wire::listing found;
    try {
        auto question = request("GET", "/models");
        question.connect_timeout = std::chrono::seconds{5};
        question.first_byte_timeout = std::chrono::seconds{10};
        question.max_body_bytes = 16U << 20U;
        const auto answer = http(host_).fetch(question);
        if (answer.head.status != 200) throw refusal(answer.head, answer.body);
        found = wire::find_model(answer.body, model_);
    } catch (const failure& e) {
        host_.warn("event=server_not_ready url=" + root_ + " why=\"" + e.what() + '"');
        return;
    }
    if (!found.found)
        throw failure{TW_NOT_FOUND, "The cloud at " + root_ + " lists no model \"" + model_ + "\"; " + root_ +
                                        "/models shows those it has."};
    auto line = "event=server url=" + root_ + " model=\"" + model_ + '"';
    if (found.cost)
        line += " usd_per_million_prompt_tokens=" + std::to_string(found.cost->prompt) +
                " usd_per_million_completion_tokens=" + std::to_string(found.cost->completion);
    host_.info(line);
}

http_request cloud::ask(const chat_request& asked) const {
    auto out = request("POST", wire::path_of(asked));
    out.headers.emplace_back("Content-Type", "application/json");
    out.headers.emplace_back("Accept", "text/event-stream");
    out.body = wire::body_of(asked, model_, how_);
    return out;
}

failure cloud::refusal(const http_head& head, const std::string& body) const {
    return refusal_of("The cloud at " + root_, head.status, body, head.retry_after);
}

void cloud::ended(const reader& answer) const {
    if (const auto cost = answer.cost())
        host_.info("event=answer_cost model=\"" + model_ + "\" usd=" + std::to_string(*cost));
}

} // namespace openrouter
