// A llama-server that somebody has started: its answers, served as they come.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tightwad/sdk/server_backend.hpp>
#include <tightwad/sdk/server_site.hpp>

#include "answer_stream.hpp"
#include "token_stream.hpp"

namespace llamacpp {

class server : public tw::sdk::server_backend {
  public:
    static constexpr std::array options{
        tw::sdk::required(tw::sdk::text_option("url", "A llama-server that runs: http://HOST:PORT or https://HOST.")),
        tw::sdk::text_option("model", "The model's name over there; needed where the server has several."),
        tw::sdk::text_option("api_key", "The key the server asks for (--api-key), by reference."),
        tw::sdk::path_option("ca_file", "PEM file of the authorities to trust with https; default: the system's."),
        tw::sdk::integer_option("first_token_timeout", "Seconds of silence until the answer begins; long prompts take long.",
                                "600", 1, 86400),
    };
    using reader = answer_stream;

    server(tw::sdk::host host, const tw::sdk::config& config);

    [[nodiscard]] tw::sdk::http_request ask(const tw::sdk::chat_request& request) const;
    [[nodiscard]] tw::sdk::token_request<token_stream> go_on(std::span<const std::int32_t> prompt, std::uint32_t most) const;
    [[nodiscard]] tw::sdk::http_request question(std::string_view what, const tw::sdk::json::value& asked) const;
    [[nodiscard]] std::optional<tw::sdk::http_request> further(std::string_view what, std::size_t step,
                                                               std::string_view body) const;
    [[nodiscard]] std::string reply(std::string_view what, std::string body) const;
    [[nodiscard]] tw::sdk::http_request pass(const tw::sdk::pass_request& asked) const;
    [[nodiscard]] tw::sdk::failure refusal(const tw::sdk::http_head& head, const std::string& body) const;

  private:
    void look() const;

    tw::sdk::host host_;
    std::string model_;
    tw::sdk::server_site site_;
};

} // namespace llamacpp
