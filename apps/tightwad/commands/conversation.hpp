// A chat with the endpoint: the history, and one streamed answer at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "commands/commands.hpp"
#include "commands/http_client.hpp"

namespace tw::cli {

struct answer_statistics {
    double tok_s = 0, acceptance = 0;
    std::int64_t tokens = 0, drafted = 0, accepted = 0;
    std::string finish_reason;
};

class conversation {
  public:
    // `token`: the endpoint's bearer token, or empty.
    conversation(const configuration& config, chat_options options, std::string token);

    // Sends the history with `question`; `piece` gets the answer as it comes. An answer that was
    // interrupted stays in the history as far as it came (the error is then `cancelled`); one that
    // failed leaves the history as it was.
    [[nodiscard]] result<answer_statistics> ask(const std::string& question,
                                                const std::function<void(std::string_view)>& piece,
                                                const interrupted& stop);

    [[nodiscard]] const std::string& model() const { return options_.model; }

  private:
    struct turn {
        const char* role;
        std::string content;
    };
    [[nodiscard]] std::string body() const;

    server_config server_;
    chat_options options_;
    std::string token_;
    std::vector<turn> history_;
};

} // namespace tw::cli
