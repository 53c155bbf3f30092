// A model in a cloud: its answers, served as they come, with what they cost in the log.
#pragma once

#include <array>
#include <string>

#include <tightwad/sdk/openai_stream.hpp>
#include <tightwad/sdk/server_backend.hpp>
#include <tightwad/sdk/server_site.hpp>

#include "wire.hpp"

namespace openrouter {

class cloud : public tw::sdk::server_backend {
  public:
    static constexpr std::array options{
        tw::sdk::text_option("url", "The API's root with its version; any OpenAI-compatible cloud.",
                             "https://openrouter.ai/api/v1"),
        tw::sdk::required(tw::sdk::text_option("model", "The model's name in that cloud, such as \"qwen/qwen3-32b\".")),
        tw::sdk::required(tw::sdk::text_option("api_key", "The key, by reference: { env = \"NAME\" } or { file = \"path\" }.")),
        tw::sdk::text_option("provider_order", "OpenRouter: providers to try, in this order, separated by commas."),
        tw::sdk::text_option("provider_sort", "OpenRouter: take the best by price, throughput or latency."),
        tw::sdk::boolean_option("allow_fallbacks", "OpenRouter: other providers, when the first ones fail.", "true"),
        tw::sdk::text_option("data_collection", "OpenRouter: deny = only providers that keep nothing; or allow."),
        tw::sdk::path_option("ca_file", "PEM file of the authorities to trust; default: the system's."),
        tw::sdk::integer_option("first_token_timeout", "Seconds of silence until the answer begins.", "120", 1, 86400),
    };
    using reader = tw::sdk::openai_stream;

    // Throws when there is no key, or when the cloud lists its models and this one is not among them.
    cloud(tw::sdk::host host, const tw::sdk::config& config);

    [[nodiscard]] tw::sdk::http_request ask(const tw::sdk::chat_request& request) const;
    [[nodiscard]] tw::sdk::http_request question(std::string_view what, const tw::sdk::json::value& asked) const;
    [[nodiscard]] std::string reply(std::string_view what, std::string body) const;
    [[nodiscard]] tw::sdk::http_request pass(const tw::sdk::pass_request& asked) const;
    [[nodiscard]] tw::sdk::failure refusal(const tw::sdk::http_head& head, const std::string& body) const;
    void ended(const reader& answer) const;

  private:
    void look() const;

    tw::sdk::host host_;
    std::string model_;
    tw::sdk::server_site site_;
    wire::routing how_;
};

} // namespace openrouter
