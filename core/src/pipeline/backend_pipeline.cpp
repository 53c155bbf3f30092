// A pipeline whose target picks its own tokens.
#include "pipeline/backend_pipeline.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

#include "pipeline/messages.hpp"
#include "pipeline/server_questions.hpp"

namespace tw {

struct backend_pipeline::counters {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::int64_t> active{0}, tokens{0};
};

namespace {

using steady = std::chrono::steady_clock;

class running final : public generation {
  public:
    explicit running(std::shared_ptr<backend_request> request) : request_(std::move(request)) {}
    void cancel() override { request_->cancel(); }

  private:
    std::shared_ptr<backend_request> request_;
};

// The OpenAI body of what is asked; settings that say "off" are left out.
nlohmann::json to_json(const generation_request& request) {
    nlohmann::json body;
    if (const auto* messages = std::get_if<std::vector<chat_message>>(&request.input))
        body["messages"] = to_json(*messages);
    else if (const auto* text = std::get_if<std::string>(&request.input)) body["prompt"] = *text;
    else body["prompt"] = std::get<token_ids>(request.input);
    const auto& sampling = request.sampling;
    body["temperature"] = sampling.temperature;
    body["seed"] = sampling.seed;
    if (sampling.top_p < 1) body["top_p"] = sampling.top_p;
    if (sampling.top_k > 0) body["top_k"] = sampling.top_k;
    if (sampling.min_p > 0) body["min_p"] = sampling.min_p;
    if (sampling.presence_penalty != 0) body["presence_penalty"] = sampling.presence_penalty;
    if (sampling.frequency_penalty != 0) body["frequency_penalty"] = sampling.frequency_penalty;
    if (sampling.repeat_penalty != 1) body["repeat_penalty"] = sampling.repeat_penalty;
    for (const auto& [token, bias] : sampling.logit_bias) body["logit_bias"][std::to_string(token)] = bias;
    if (request.max_tokens) body["max_tokens"] = *request.max_tokens;
    if (!request.stop.empty()) body["stop"] = request.stop;
    return body;
}

generation_result to_result(const backend_finish& finish, std::uint64_t seed, double seconds) {
    generation_result out;
    out.reason = finish.reason == TW_FINISH_LENGTH ? finish_reason::length : finish_reason::stop;
    if (finish.failure) {
        out.reason = finish.failure->code == code::cancelled ? finish_reason::cancelled : finish_reason::failed;
        out.failure = finish.failure;
    }
    out.prompt_tokens = std::max<std::int64_t>(0, finish.prompt_tokens);
    out.completion_tokens = std::max<std::int64_t>(0, finish.completion_tokens);
    out.seed = seed;
    out.stats.tokens = static_cast<std::uint64_t>(out.completion_tokens);
    out.stats.total_s = seconds;
    return out;
}

} // namespace

backend_pipeline::backend_pipeline(std::string name, std::vector<std::string> serves, plain_target_info info,
                                   std::unique_ptr<backend> target)
    : name_(std::move(name)), serves_(std::move(serves)), info_(std::move(info)), target_(std::move(target)),
      counters_(std::make_shared<counters>()), health_(std::make_shared<server_health>()) {}

backend_pipeline::~backend_pipeline() = default;

result<std::shared_ptr<generation>> backend_pipeline::start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) {
    if (auto can = without_logprobs(request, "the server behind this model picks its own tokens."); !can) return can.error();
    if (auto can = without_grammar(request, "the server behind this model picks its own tokens."); !can)
        return can.error();
    if (auto can = without_tools(request, "they are not passed on to the server behind this model yet."); !can)
        return can.error();
    const auto body = to_json(request).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    ++counters_->requests;
    ++counters_->active;
    auto started = target_->start(
        body, [sink](std::uint32_t, std::string_view text) { sink->text(text); },
        [sink, counters = counters_, health = health_, seed = request.sampling.seed, begin = steady::now()](const backend_finish& finish) {
            auto result = to_result(finish, seed, std::chrono::duration<double>(steady::now() - begin).count());
            --counters->active;
            health->note(result.failure);
            counters->tokens += result.completion_tokens;
            sink->done(std::move(result));
        });
    if (!started) {
        --counters_->active;
        return started.error();
    }
    return std::make_shared<running>(std::move(*started));
}

result<std::shared_ptr<generation>> backend_pipeline::ask(question asked, finding_function done) {
    auto [what, json] = to_server(asked);
    auto begun = target_->ask(std::move(what), std::move(json),
                              [asked, done = std::move(done), health = health_](const result<std::string>& reply) {
                                  health->note(reply ? std::nullopt : std::optional(reply.error()));
                                  if (reply) done(from_server(asked, *reply));
                                  else done(reply.error());
                              });
    if (!begun) return begun.error();
    return std::make_shared<running>(std::move(*begun));
}

nlohmann::json backend_pipeline::status() const {
    return {
        {"name", name_},
        {"serves", serves_},
        {"target",
         {{"name", info_.name}, {"model", info_.name + " (" + info_.plugin + ")"}, {"server", true},
          {"up", health_->is_up()}, {"failures", health_->failures()}}},
        {"draft", nullptr},
        {"speculation", {{"active", false}, {"why_not", info_.why_not}}},
        {"slots", {{"total", nullptr}, {"active", counters_->active.load()}, {"queued", 0}}},
        {"stats", {{"requests", counters_->requests.load()}, {"tokens", counters_->tokens.load()}}},
    };
}

} // namespace tw
