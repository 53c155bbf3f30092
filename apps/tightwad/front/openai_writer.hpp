// Chat and completions as OpenAI writes them.
#pragma once

#include "front/answer_writer.hpp"
#include "front/openai_response.hpp"

namespace tw::front {

class openai_writer final : public answer_writer {
  public:
    openai_writer(const api_request& request, answer_identity who);

    /// One chunk a choice.
    [[nodiscard]] std::string opening() override;
    /// Usage if asked for and [DONE], or the error.
    [[nodiscard]] std::string closing() override;
    [[nodiscard]] std::string whole() override;

  private:
    [[nodiscard]] std::string piece(const answer_event& event) override;
    [[nodiscard]] std::string thought(const answer_event& event) override;
    [[nodiscard]] std::string call(const answer_event& event) override;
    [[nodiscard]] std::string extra(const answer_event& event) override;
    [[nodiscard]] std::string ended(std::size_t index) override;

    int n_, best_of_;
    bool echoes_;
    std::vector<std::string> echo_; // one a choice; empty without echo, and where the prompt is token ids
    std::vector<std::size_t> ends_; // characters of each choice's text so far, in a stream with log probabilities
    std::vector<text_frame> frames_; // of each choice, in one without
};

} // namespace tw::front
