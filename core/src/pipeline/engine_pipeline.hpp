// A pipeline whose target hands out logits: prompts are rendered and tokenised here, then scheduled.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bridge/chat_template.hpp"
#include "pipeline/pipeline.hpp"
#include "scheduler/scheduler.hpp"

namespace tw {

struct engine_pipeline_parts {
    std::string name;
    std::vector<std::string> serves;
    std::unique_ptr<engine> target;
    std::unique_ptr<engine> draft;           // may be null
    std::unique_ptr<tw::chat_template> chat; // may be null: no chat, `no_chat` says why
    std::string no_chat;
    std::string no_draft; // why there is no speculation, for the status; empty when there is
    scheduler_options scheduling;
};

class engine_pipeline final : public pipeline {
  public:
    explicit engine_pipeline(engine_pipeline_parts parts);

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return serves_; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    [[nodiscard]] nlohmann::json status() const override;

    // The prompt's token ids, as start() would use them.
    [[nodiscard]] result<token_ids> prompt_tokens(const generation_request& request) const;

  private:
    [[nodiscard]] result<token_ids> render(const std::vector<chat_message>& messages) const;
    [[nodiscard]] result<token_ids> tokenize(std::string_view text, bool bos) const;

    std::string name_;
    std::vector<std::string> serves_;
    std::unique_ptr<tw::chat_template> chat_;
    std::vector<std::string> chat_stops_;
    std::string no_chat_, no_draft_, draft_model_;
    std::int32_t draft_length_;
    scheduler scheduler_;
    std::size_t longest_text_; // bytes; no longer text can fit the context
};

} // namespace tw
