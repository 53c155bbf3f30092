// Between the scheduler and a client: the text of an answer in, its words and its tool calls out.
#pragma once

#include <memory>
#include <optional>

#include "bridge/chat.hpp"
#include "scheduler/generation.hpp"

namespace tw {

class call_sink final : public generation_sink {
  public:
    call_sink(std::shared_ptr<generation_sink> to, std::unique_ptr<chat_answer> reader);

    void text(std::string_view piece) override;
    void likelihoods(std::vector<token_likelihood> tokens) override;
    void done(generation_result result) override;

  private:
    void read(std::string_view piece, chat_answer::state how);

    std::shared_ptr<generation_sink> to_;
    std::unique_ptr<chat_answer> reader_;
    std::optional<error> failure_;
};

} // namespace tw
