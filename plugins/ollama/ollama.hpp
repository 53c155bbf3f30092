// An Ollama that runs somewhere: its answers, served as they come.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tightwad/sdk/server_backend.hpp>
#include <tightwad/sdk/server_site.hpp>

#include "token_stream.hpp"
#include "vocabulary.hpp"
#include "wire.hpp"

namespace ollama {

class server : public tw::sdk::server_backend {
  public:
    static constexpr std::array options{
        tw::sdk::text_option("url", "The Ollama that runs: http://HOST:11434.", "http://127.0.0.1:11434"),
        tw::sdk::required(tw::sdk::text_option("model", "The model's name, as `ollama list` shows it.")),
        tw::sdk::integer_option("context", "Tokens that prompt and answer may have together; 0 = Ollama's own limit.",
                                "0", 0, 1 << 24),
        tw::sdk::text_option("keep_alive", "How long Ollama keeps the model loaded, such as \"30m\"; default: its own."),
        tw::sdk::text_option("api_key", "The key that a proxy in front of it asks for, by reference."),
        tw::sdk::path_option("ca_file", "PEM file of the authorities to trust with https; default: the system's."),
        tw::sdk::integer_option("first_token_timeout", "Seconds of silence until the answer begins; a model may have to be loaded.",
                                "600", 1, 86400),
    };
    using reader = wire::stream;

    // Throws TW_NOT_FOUND when the Ollama is there and the model is not.
    server(tw::sdk::host host, const tw::sdk::config& config);

    [[nodiscard]] tw::sdk::http_request ask(const tw::sdk::chat_request& request) const;
    // By the vocabulary that was told last.
    [[nodiscard]] std::optional<tw::sdk::token_request<token_stream>> go_on(std::span<const std::int32_t> prompt,
                                                                            std::uint32_t most) const;
    [[nodiscard]] tw::sdk::http_request question(std::string_view what, const tw::sdk::json::value& asked) const;
    [[nodiscard]] std::string reply(std::string_view what, std::string body) const;
    [[nodiscard]] tw::sdk::http_request pass(const tw::sdk::pass_request& asked) const;
    [[nodiscard]] tw::sdk::failure refusal(const tw::sdk::http_head& head, const std::string& body) const;

  private:
    void look() const;
    [[nodiscard]] std::string learn(std::string_view shown) const;

    tw::sdk::host host_;
    wire::settings how_;
    tw::sdk::server_site site_;

    mutable std::mutex words_mutex_;
    mutable std::shared_ptr<const vocabulary> words_; // null = nobody has asked
};

} // namespace ollama
