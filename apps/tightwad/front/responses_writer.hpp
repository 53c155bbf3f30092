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
    /// A message, or the call of that number.
    struct item {
        std::string id, text{};
        std::optional<std::size_t> call{};
    };

    [[nodiscard]] std::string piece(const answer_event& event) override;
    [[nodiscard]] std::string call(const answer_event& event) override;
    [[nodiscard]] std::string ended(std::size_t index) override;
    [[nodiscard]] item message(std::string text = {}) const;
    [[nodiscard]] std::string open(item begun);
    [[nodiscard]] std::string close();
    [[nodiscard]] std::string at_item(const char* name, nlohmann::ordered_json fields, bool in_message);
    [[nodiscard]] std::string named(const char* name, nlohmann::ordered_json fields);
    [[nodiscard]] nlohmann::ordered_json json_of(const item& one, const char* status) const;
    [[nodiscard]] nlohmann::ordered_json response(const char* status) const;
    [[nodiscard]] nlohmann::ordered_json finished() const;
    [[nodiscard]] std::vector<item> answered() const;
    [[nodiscard]] const char* status() const;

    std::vector<item> items_; // of a stream
    bool open_ = false;       // the last of them is being written
    std::string instructions_, format_; // the format as JSON, empty = text
    offered_tools offered_;
    bool parallel_;
    double temperature_, top_p_;
    std::optional<std::int32_t> max_tokens_;
    std::uint64_t events_ = 0;
};

} // namespace tw::front
