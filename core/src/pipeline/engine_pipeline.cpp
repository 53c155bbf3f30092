// A pipeline whose target hands out logits.
#include "pipeline/engine_pipeline.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/call_sink.hpp"
#include "pipeline/engine_questions.hpp"
#include "sampling/validate.hpp"

namespace tw {
namespace {

constexpr auto text_alone = "the models that are loaded here read text only.";

template <class... Functions> struct overloaded : Functions... { using Functions::operator()...; };

std::unique_ptr<speculator> make_speculator(engine_pipeline_parts& parts) {
    if (!parts.target->info().truncates) return nullptr; // drafts that fail must be cut off again
    std::vector<drafter_offer> offers;
    for (auto& each : parts.drafts) offers.push_back(std::move(each.offer));
    auto made = std::make_unique<speculator>(std::move(offers), parts.speculation);
    if (parts.measure) made->calibrate(*parts.target);
    return made;
}

std::string why_not(engine_pipeline_parts& parts) {
    const auto& info = parts.target->info();
    return info.truncates ? std::move(parts.no_draft) : cannot_be_drafted_for(info.model);
}

std::vector<std::string> models_of(const std::vector<engine_pipeline_parts::drafter>& drafts) {
    std::vector<std::string> out;
    for (const auto& each : drafts) out.push_back(each.model);
    return out;
}

// The context times the longest token. A text above it need not be tokenised to be refused, which would
// take seconds for the megabytes a request may have.
std::size_t longest_text(const engine& target) {
    std::size_t longest = 1;
    for (const auto& token : target.vocabulary()) longest = std::max(longest, token.text.size());
    return longest * static_cast<std::size_t>(target.info().n_ctx);
}

} // namespace

std::string cannot_be_drafted_for(const std::string& model) {
    return "The target " + model + " cannot take tokens back, so no draft can be verified with it and no prompt is reused. "
           "Recurrent and hybrid models are so; choose another target to speculate.";
}

engine_pipeline::engine_pipeline(engine_pipeline_parts parts)
    : name_(std::move(parts.name)), serves_(std::move(parts.serves)), no_draft_(why_not(parts)),
      draft_models_(models_of(parts.drafts)), draft_limit_(parts.speculation.most), believed_(parts.speculation.believed),
      exactness_(std::move(parts.exactness)), made_(make_speculator(parts)), speculator_(made_.get()),
      scheduler_(std::move(parts.target), std::move(made_), parts.scheduling),
      chats_(std::move(parts.own_chat), std::move(parts.chat), std::move(parts.no_chat),
             scheduler_.target().vocabulary()),
      infill_(infill_tokens_of(scheduler_.target().vocabulary())), longest_text_(longest_text(scheduler_.target())) {}

result<std::shared_ptr<generation>> engine_pipeline::start(generation_request request,
                                                           std::shared_ptr<generation_sink> sink) {
    const auto& info = scheduler_.target().info();
    if (auto valid = validate(request.sampling, info.n_vocab); !valid) return valid.error();
    if (auto can = only_text(request, text_alone); !can) return can.error();
    if (auto can = without_form_beside_tools(request); !can) return can.error();
    result<token_ids> prompt = token_ids{};
    token_ids shown;
    if (const auto* messages = std::get_if<std::vector<chat_message>>(&request.input)) {
        auto chat = chats_.prepare(*messages, request.tools, request.said);
        if (!chat) return chat.error();
        prompt = tokens_of(*chat);
        shown = control_tokens(chat->shown);
        request.stop.insert(request.stop.end(), chat->stops.begin(), chat->stops.end());
        if (!chat->grammar.empty()) request.sampling.grammar = std::move(chat->grammar);
        if (chat->reader) sink = std::make_shared<call_sink>(std::move(sink), std::move(chat->reader));
    } else {
        prompt = prompt_tokens(request);
    }
    if (!prompt) return prompt.error();
    return scheduler_.submit(
        {.prompt = std::move(*prompt),
         .prediction = predicted_tokens(request),
         .sampling = std::move(request.sampling),
         .max_tokens = request.max_tokens.value_or(std::numeric_limits<std::int32_t>::max()),
         .stop = std::move(request.stop),
         .shown = std::move(shown),
         .speculate = request.speculate,
         .top_logprobs = request.top_logprobs,
         .prompt_logprobs = request.prompt_logprobs,
         .logits_digest = request.logits_digest,
         .record_rounds = request.record_rounds},
        std::move(sink));
}

result<token_count> engine_pipeline::count(const generation_request& request) const {
    if (auto can = only_text(request, text_alone); !can) return can.error();
    const auto prompt = prompt_tokens(request);
    if (!prompt) return prompt.error();
    return token_count{static_cast<std::int64_t>(prompt->size())};
}

result<std::shared_ptr<generation>> engine_pipeline::ask(question asked, finding_function done) {
    if (const auto* counted = std::get_if<count_question>(&asked)) {
        const auto tokens = count(counted->request);
        if (!tokens) return tokens.error();
        done(*tokens);
        return std::make_shared<answered>();
    }
    auto found = about_engine(scheduler_.target(), asked);
    if (!found) return cannot_answer(asked, "the model was loaded for answers. Load one that was trained for this.");
    if (auto* known = found->has_value() ? std::get_if<model_properties>(&**found) : nullptr)
        known->calls_tools = chats_.calls_tools();
    done(std::move(*found));
    return std::make_shared<answered>();
}

// A prediction that cannot be used costs nothing: it only makes the answer no faster.
token_ids engine_pipeline::predicted_tokens(const generation_request& request) const {
    if (request.prediction.empty() || request.prediction.size() > longest_text_) return {};
    auto tokens = scheduler_.target().tokenize(request.prediction, false, false);
    return tokens ? std::move(*tokens) : token_ids{};
}

result<token_ids> engine_pipeline::prompt_tokens(const generation_request& request) const {
    const auto& target = scheduler_.target();
    return std::visit(
        overloaded{
            [&](const std::vector<chat_message>& messages) -> result<token_ids> {
                const auto chat = chats_.prepare(messages, request.tools, request.said);
                if (!chat) return chat.error();
                return tokens_of(*chat);
            },
            [&](const std::string& text) {
                return request.suffix.empty() ? tokenize(text, true) : around_gap(text, request.suffix);
            },
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

result<token_ids> engine_pipeline::around_gap(const std::string& before, const std::string& behind) const {
    if (!infill_)
        return fills_no_gap("the vocabulary of '" + serves_.front() + "' has no tokens for that, such as <|fim_prefix|> or <PRE>.");
    auto out = tokenize("", true);
    for (const auto& [mark, text] : {std::pair{infill_->prefix, &before}, std::pair{infill_->suffix, &behind}}) {
        const auto part = tokenize(*text, false);
        if (!part) return part.error();
        out->push_back(mark);
        out->insert(out->end(), part->begin(), part->end());
    }
    out->push_back(infill_->middle);
    return out;
}

result<token_ids> engine_pipeline::tokens_of(const chat_prompts::prepared& chat) const {
    const auto& target = scheduler_.target();
    // Some templates write the beginning-of-sequence token themselves; a second one spoils the answer.
    const auto bos = target.info().bos;
    const bool written = bos >= 0 && chat.prompt.starts_with(target.vocabulary()[static_cast<std::size_t>(bos)].text);
    if (chat.mark.empty()) return tokenize(chat.prompt, !written);
    token_ids out;
    const std::string_view all = chat.prompt;
    for (std::size_t from = 0; from <= all.size();) {
        const auto to = std::min(all.find(chat.mark, from), all.size());
        const auto part = tokenize(all.substr(from, to - from), from == 0 && !written);
        if (!part) return part.error();
        out.insert(out.end(), part->begin(), part->end());
        from = to + chat.mark.size();
    }
    return out;
}

token_ids engine_pipeline::control_tokens(const std::vector<std::string>& texts) const {
    token_ids out;
    const auto& vocabulary = scheduler_.target().vocabulary();
    for (std::size_t id = 0; !texts.empty() && id < vocabulary.size(); ++id) {
        const auto& token = vocabulary[id];
        const bool control = (token.flags & TW_TOKEN_CONTROL) != 0 && (token.flags & TW_TOKEN_EOG) == 0;
        if (control && std::find(texts.begin(), texts.end(), token.text) != texts.end())
            out.push_back(static_cast<std::int32_t>(id));
    }
    return out;
}

result<token_ids> engine_pipeline::tokenize(std::string_view text, bool bos) const {
    if (text.size() > longest_text_)
        return fail(code::context_overflow,
                    "The prompt is " + std::to_string(text.size()) + " bytes long, and the model's context of " +
                        std::to_string(scheduler_.target().info().n_ctx) + " tokens holds at most " +
                        std::to_string(longest_text_) + ". Shorten the prompt.");
    return scheduler_.target().tokenize(text, true, bos);
}

} // namespace tw
