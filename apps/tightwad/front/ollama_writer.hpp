// Answers as Ollama writes them: one object, or a line of JSON for every piece.
#pragma once

#include <span>

#include <nlohmann/json_fwd.hpp>

#include "front/answer_writer.hpp"

namespace tw::front {

class ollama_writer final : public answer_writer {
  public:
    using answer_writer::answer_writer;

    [[nodiscard]] std::string opening() override { return {}; }
    [[nodiscard]] std::string closing() override;
    [[nodiscard]] std::string whole() override;
    [[nodiscard]] std::string_view stream_type() const override { return "application/x-ndjson"; }
    [[nodiscard]] std::string_view ping() const override { return {}; }

  private:
    [[nodiscard]] std::string piece(const answer_event& event) override;
    [[nodiscard]] std::string thought(const answer_event& event) override;
    [[nodiscard]] std::string ended(std::size_t index) override;
    void put_thoughts(nlohmann::ordered_json& into, const std::string& thoughts) const;
    void put_calls(nlohmann::ordered_json& into) const;
    void put_logprobs(nlohmann::ordered_json& into, std::span<const token_likelihood> tokens) const;
    [[nodiscard]] nlohmann::ordered_json object(std::string_view text) const;
    [[nodiscard]] nlohmann::ordered_json last(std::string_view text) const;
};

} // namespace tw::front
