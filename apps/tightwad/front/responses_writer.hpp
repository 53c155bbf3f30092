// Answers as OpenAI's responses API writes them: a response object, or the events that build it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "front/answer_writer.hpp"

namespace tw::front {

class responses_writer final : public answer_writer {
  public:
    responses_writer(const api_request& request, answer_identity who);

    [[nodiscard]] std::string opening() override;
    [[nodiscard]] std::string closing() override;
    [[nodiscard]] std::string whole() override;

  private:
    [[nodiscard]] std::string piece(const answer_event& event) override;
    [[nodiscard]] std::string ended(std::size_t index) override;
    [[nodiscard]] std::string named(const char* name, nlohmann::ordered_json fields);
    [[nodiscard]] nlohmann::ordered_json response(const char* status) const;
    [[nodiscard]] nlohmann::ordered_json finished() const;
    [[nodiscard]] nlohmann::ordered_json item(const char* status) const;
    [[nodiscard]] const char* status() const;

    std::string item_id_, instructions_, format_; // the format as JSON, empty = text
    double temperature_, top_p_;
    std::optional<std::int32_t> max_tokens_;
    std::uint64_t events_ = 0;
};

} // namespace tw::front
