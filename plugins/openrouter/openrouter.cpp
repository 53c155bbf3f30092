// Requests to a cloud.
#include "openrouter.hpp"

namespace openrouter {

using namespace tw::sdk;

cloud::cloud(host host, const config& config)
    : host_(host), model_(config.text("model")),
      site_(host, wire::root_of(config.text("url", "https://openrouter.ai/api/v1")), config,
            {.who = "The cloud",
             .needs_key = true,
             .first_token_s = 120,
             .look_connect = std::chrono::seconds{5},
             .look_first_byte = std::chrono::seconds{10},
             .look_bytes = std::uint64_t{16} << 20U}),
      how_{config.text("provider_order", ""), config.text("provider_sort", ""), config.text("data_collection", ""),
           config.boolean("allow_fallbacks", true), site_.root().find("//openrouter.ai/") != std::string::npos,
           site_.root().find("//api.openai.com/") != std::string::npos} {
    wire::check(how_);
    static_cast<void>(host_.secret("api_key")); // throws with the remedy when there is none
    look();
}

/// A cloud that is not reached now may be later, so that is worth a line and no more.
void cloud::look() const {
    wire::listing found;
    try {
        found = wire::find_model(site_.look_at("/models"), model_);
    } catch (const failure& e) {
        site_.not_ready(e);
        return;
    }
    if (!found.found)
        throw failure{TW_NOT_FOUND, "The cloud at " + site_.root() + " lists no model \"" + model_ + "\"; " + site_.root() +
                                        "/models shows those it has."};
    auto line = "event=server url=" + site_.root() + " model=\"" + model_ + '"';
    if (found.cost)
        line += " usd_per_million_prompt_tokens=" + std::to_string(found.cost->prompt) +
                " usd_per_million_completion_tokens=" + std::to_string(found.cost->completion);
    host_.info(line);
}

http_request cloud::ask(const chat_request& asked) const {
    auto out = site_.post(wire::path_of(asked), wire::body_of(asked, model_, how_));
    out.headers.emplace_back("Accept", "text/event-stream");
    return out;
}

http_request cloud::question(std::string_view what, const json::value& asked) const {
    if (what == "health" || what == "about") return site_.glance("/models");
    return site_.post(wire::path_of(what), wire::question_body_of(what, asked, model_));
}

std::string cloud::reply(std::string_view what, std::string body) const {
    return what == "about" ? wire::facts_of(wire::find_model(body, model_)) : body;
}

http_request cloud::pass(const pass_request& asked) const {
    constexpr std::string_view version = "/v1"; // the root of this API ends with its own
    if (!asked.target.starts_with("/v1/")) throw failure{TW_UNSUPPORTED, "A cloud is passed on what is below /v1/ only."};
    return site_.pass(asked, std::string(asked.target.substr(version.size())), model_);
}

failure cloud::refusal(const http_head& head, const std::string& body) const { return site_.refusal(head, body); }

void cloud::ended(const reader& answer) const {
    if (const auto cost = answer.cost())
        host_.info("event=answer_cost model=\"" + model_ + "\" usd=" + std::to_string(*cost));
}

} // namespace openrouter
