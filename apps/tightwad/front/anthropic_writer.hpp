// Answers as Anthropic writes them: a message, or its events.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "front/answer_writer.hpp"

namespace tw::front {

class anthropic_writer final : public answer_writer {
  public:
    anthropic_writer(const api_request& request, answer_identity who);

    [[nodiscard]] std::string opening() override;
    [[nodiscard]] std::string closing() override;
    [[nodiscard]] std::string whole() override;
    [[nodiscard]] std::string_view ping() const override;

  private:
    [[nodiscard]] std::string piece(const answer_event& event) override;
    [[nodiscard]] std::string call(const answer_event& event) override;
    [[nodiscard]] std::string ended(std::size_t index) override;
    [[nodiscard]] nlohmann::ordered_json message() const;
    void put_stop(nlohmann::ordered_json& into) const;
    [[nodiscard]] std::string open_block(bool text, const nlohmann::ordered_json& block);
    [[nodiscard]] std::string close_block();
    [[nodiscard]] std::string more(nlohmann::ordered_json what) const;

    enum class block { none, text, call };
    block open_ = block::none; // of a stream
    int index_ = 0;            // its number, or the next one's
    bool offered_;             // tools: an answer may have no text
    std::vector<std::string> stops_; // that the client named; the template has some of its own
};

} // namespace tw::front
