// A pipeline whose target hands out logits.
#include "pipeline/engine_pipeline.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/messages.hpp"
#include "sampling/validate.hpp"

namespace tw {
namespace {

template <class... Functions> struct overloaded : Functions... { using Functions::operator()...; };

std::unique_ptr<model_drafter> make_drafter(std::unique_ptr<engine> model) {
    return model ? std::make_unique<model_drafter>(std::move(model)) : nullptr;
}

// The context times the longest token. A text above it need not be tokenised to be refused, which would
// take seconds for the megabytes a request may have.
std::size_t longest_text(const engine& target) {
    std::size_t longest = 1;
    for (const auto& token : target.vocabulary()) longest = std::max(longest, token.text.size());
    return longest * static_cast<std::size_t>(target.info().n_ctx);
}

} // namespace

engine_pipeline::engine_pipeline(engine_pipeline_parts parts)
    : name_(std::move(parts.name)), serves_(std::move(parts.serves)), chat_(std::move(parts.chat)),
      chat_stops_(chat_ ? chat_->stops() : std::vector<std::string>{}), no_chat_(std::move(parts.no_chat)),
      no_draft_(std::move(parts.no_draft)), draft_model_(parts.draft ? parts.draft->info().model : ""),
      draft_length_(parts.scheduling.draft_length),
      scheduler_(std::move(parts.target), make_drafter(std::move(parts.draft)), parts.scheduling),
      longest_text_(longest_text(scheduler_.target())) {}

result<std::shared_ptr<generation>> engine_pipeline::start(generation_request request,
                                                           std::shared_ptr<generation_sink> sink) {
    const auto& info = scheduler_.target().info();
    if (auto valid = validate(request.sampling, info.n_vocab); !valid) return valid.error();
    auto prompt = prompt_tokens(request);
    if (!prompt) return prompt.error();
    if (std::holds_alternative<std::vector<chat_message>>(request.input))
        request.stop.insert(request.stop.end(), chat_stops_.begin(), chat_stops_.end());
    return scheduler_.submit(
        {.prompt = std::move(*prompt),
         .sampling = std::move(request.sampling),
         .max_tokens = request.max_tokens.value_or(std::numeric_limits<std::int32_t>::max()),
         .stop = std::move(request.stop),
         .speculate = request.speculate,
         .logits_digest = request.logits_digest},
        std::move(sink));
}

result<token_ids> engine_pipeline::prompt_tokens(const generation_request& request) const {
    const auto& target = scheduler_.target();
    return std::visit(
        overloaded{
            [&](const std::vector<chat_message>& messages) { return render(messages); },
            [&](const std::string& text) { return tokenize(text, true); },
            [&](const token_ids& ids) -> result<token_ids> {
                for (const auto id : ids)
                    if (id < 0 || id >= target.info().n_vocab)
                        return error{.code = code::invalid_argument,
                                     .message = "Token id " + std::to_string(id) + " of the prompt is not in the "
                                                "vocabulary, whose ids run from 0 to " +
                                                std::to_string(target.info().n_vocab - 1) + ".",
                                     .param = "prompt"};
                return ids;
            },
        },
        request.input);
}

result<token_ids> engine_pipeline::render(const std::vector<chat_message>& messages) const {
    if (!chat_) return fail(code::unsupported, no_chat_);
    const auto prompt = chat_->render(to_json(messages).dump());
    if (!prompt) return prompt.error();
    const auto& target = scheduler_.target();
    // Some templates write the beginning-of-sequence token themselves; a second one spoils the answer.
    const auto bos = target.info().bos;
    const bool written = bos >= 0 && prompt->starts_with(target.vocabulary()[static_cast<std::size_t>(bos)].text);
    return tokenize(*prompt, !written);
}

result<token_ids> engine_pipeline::tokenize(std::string_view text, bool bos) const {
    if (text.size() > longest_text_)
        return fail(code::context_overflow,
                    "The prompt is " + std::to_string(text.size()) + " bytes long, and the model's context of " +
                        std::to_string(scheduler_.target().info().n_ctx) + " tokens holds at most " +
                        std::to_string(longest_text_) + ". Shorten the prompt.");
    return scheduler_.target().tokenize(text, true, bos);
}

nlohmann::json engine_pipeline::status() const {
    const auto state = scheduler_.state();
    const auto& totals = state.totals;
    const auto& info = scheduler_.target().info();
    const auto ratio = [](double a, double b) { return b > 0 ? a / b : 0.0; };
    return {
        {"name", name_},
        {"serves", serves_},
        {"target",
         {{"model", info.model}, {"device", info.device}, {"build", info.build}, {"context", info.n_ctx},
          {"weight_bytes", info.weight_bytes}, {"vocabulary", scheduler_.target().vocabulary_digest()}}},
        {"draft", draft_model_.empty() ? nlohmann::json(nullptr) : nlohmann::json{{"model", draft_model_}}},
        {"speculation",
         {{"active", state.drafting},
          {"why_not", state.drafting || !draft_model_.empty() ? nlohmann::json(nullptr) : nlohmann::json(no_draft_)},
          {"max_draft_tokens", draft_length_},
          {"verify", "exact"}}},
        {"slots", {{"total", state.slots}, {"active", state.active}, {"queued", state.queued}}},
        {"stats",
         {{"requests", state.requests}, {"rounds", totals.rounds}, {"drafted", totals.drafted},
          {"accepted", totals.accepted}, {"bonus", totals.bonus}, {"tokens", totals.tokens},
          {"acceptance", totals.acceptance()},
          {"tokens_per_round", ratio(static_cast<double>(totals.tokens), static_cast<double>(totals.rounds))},
          {"queue_s", totals.queue_s}, {"prefill_s", totals.prefill_s}, {"draft_s", totals.draft_s},
          {"verify_s", totals.verify_s}}},
    };
}

} // namespace tw
