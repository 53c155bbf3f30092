// A pipeline whose target hands out logits: prompts are rendered and tokenised here, then scheduled.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/chat_template.hpp"
#include "exactness/probe.hpp"
#include "pipeline/chat_prompts.hpp"
#include "pipeline/infill_tokens.hpp"
#include "pipeline/pipeline.hpp"
#include "scheduler/scheduler.hpp"
#include "speculation/speculator.hpp"

namespace tw {

// What is known about the target's numerics, for the status.
struct exactness_claim {
    std::optional<exactness_class> kind; // none = not probed
    double cost = 1;              // a plain step as it is made, over the cheapest plain step of this engine
    std::string settings;         // the engine's cache, as far as there was a choice
    std::vector<std::string> findings;
};

struct engine_pipeline_parts {
    std::string name;
    std::vector<std::string> serves;
    std::unique_ptr<engine> target;
    struct drafter {
        drafter_offer offer;
        std::string model; // for the status
    };
    std::vector<drafter> drafts; // may be empty: what was said before is drafted from all the same
    std::unique_ptr<tw::chat> own_chat;      // the model's own form; may be null
    std::unique_ptr<tw::chat_template> chat; // a known one, where that is; both null: no chat, `no_chat` says why
    std::string no_chat;
    std::string no_draft; // why a wanted drafter is not there, for the status; empty when all are
    scheduler_options scheduling;
    speculator_options speculation;
    bool measure = false;   // measure passes and drafters before the first request
    exactness_claim exactness;
};

// Why nothing is drafted for a target that does not truncate.
[[nodiscard]] std::string cannot_be_drafted_for(const std::string& model);

class engine_pipeline final : public pipeline {
  public:
    explicit engine_pipeline(engine_pipeline_parts parts);

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return serves_; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;
    [[nodiscard]] nlohmann::json status() const override;

    // False where the target cannot roll back: nobody may join then.
    [[nodiscard]] bool can_be_drafted_for() const { return speculator_ != nullptr; }
    // A drafter of the target's vocabulary that comes while answers run, and goes. Any thread; leave() waits for
    // what the drafter is doing.
    [[nodiscard]] std::size_t join(drafter_offer offer) { return speculator_->join(std::move(offer)); }
    void leave(std::size_t ticket) { speculator_->leave(ticket); }

    [[nodiscard]] const engine& target() const { return scheduler_.target(); }
    [[nodiscard]] const exactness_claim& exactness() const { return exactness_; }

    // The prompt's token ids, as start() would use them.
    [[nodiscard]] result<token_ids> prompt_tokens(const generation_request& request) const;

  private:
    [[nodiscard]] result<token_count> count(const generation_request& request) const;
    [[nodiscard]] result<token_ids> tokens_of(const chat_prompts::prepared& chat) const;
    [[nodiscard]] token_ids control_tokens(const std::vector<std::string>& texts) const;
    [[nodiscard]] result<token_ids> tokenize(std::string_view text, bool bos) const;
    [[nodiscard]] result<token_ids> around_gap(const std::string& before, const std::string& behind) const;
    [[nodiscard]] token_ids predicted_tokens(const generation_request& request) const;

    std::string name_;
    std::vector<std::string> serves_;
    std::string no_draft_;
    std::vector<std::string> draft_models_;
    std::size_t draft_limit_;
    consensus believed_;
    exactness_claim exactness_;
    std::unique_ptr<speculator> made_; // on its way into the scheduler
    speculator* speculator_;           // there; null = the target cannot be drafted for
    scheduler scheduler_;
    chat_prompts chats_; // after the scheduler, whose engine it needs
    std::optional<infill_tokens> infill_;
    std::size_t longest_text_; // bytes; no longer text can fit the context
};

} // namespace tw
