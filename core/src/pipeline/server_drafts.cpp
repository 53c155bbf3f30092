// A connection to the server, and who says what its tokens must be.
#include "pipeline/server_drafts.hpp"

#include <chrono>
#include <condition_variable>
#include <utility>

#include <spdlog/spdlog.h>

#include "bridge/backend.hpp"
#include "bridge/interfaces.hpp"
#include "peer/lent_server.hpp"
#include "speculation/server_link.hpp"

namespace tw {
namespace {

constexpr std::chrono::seconds server_patience{30}, target_patience{60}; // for one question; a vocabulary has 10 MB

// The ids of one prompt; its answer does not matter.
class prompt_ids final : public generation_sink {
  public:
    void text(std::string_view) override {}
    void done(generation_result outcome) override {
        const std::lock_guard lock(mutex_);
        outcome_ = std::move(outcome);
        over_.notify_all();
    }
    [[nodiscard]] std::optional<generation_result> wait(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        over_.wait_for(lock, stop, target_patience, [&] { return outcome_.has_value(); });
        return outcome_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable_any over_;
    std::optional<generation_result> outcome_;
};

// The tokens of the probing text, by the log probabilities of a prompt.
result<std::vector<likely_token>> tokens_at(pipeline& target, const std::stop_token& stop) {
    generation_request asked;
    asked.input = std::string(probing_text());
    asked.sampling.temperature = 0;
    asked.max_tokens = 1;
    asked.speculate = false;
    asked.top_logprobs = 0;
    asked.prompt_logprobs = true;
    const auto sink = std::make_shared<prompt_ids>();
    const auto begun = target.start(std::move(asked), sink);
    if (!begun) return begun.error();
    const auto outcome = sink->wait(stop);
    if (!outcome) {
        (*begun)->cancel();
        return fail(code::timed_out, "The target '" + target.name() + "' did not say what tokens a text is made of.");
    }
    if (outcome->failure) return *outcome->failure;
    std::vector<likely_token> out;
    for (const auto& each : outcome->prompt_logprobs) out.push_back(each.chosen);
    if (out.empty()) return fail(code::unavailable, "The target '" + target.name() + "' did not say what tokens a text is made of.");
    return out;
}

vocabulary_sample sample_of(const std::vector<likely_token>& probed, const wire::served_engine& target) {
    vocabulary_sample out{target.name, target.n_vocab, {{std::string(probing_text()), {}}}, {}};
    for (const auto& each : probed) {
        out.probes.front().ids.push_back(each.token);
        if (!each.bytes.empty() && each.token >= 0 && each.token < target.n_vocab) out.spelled.push_back({each.token, each.bytes});
    }
    return out;
}

} // namespace

bool is_drafting_server(const resolved_node& node) {
    return node.code != nullptr && node.as_engine == nullptr && node.as_backend != nullptr && !node.node->peer &&
           node.node->pool.empty() && find_question_api(*node.code) != nullptr && find_continuation_api(*node.code) != nullptr;
}

result<drafter_offer> server_draft(const resolved_node& draft, const server_config& settings, const engine& target,
                                   const std::string& target_name) {
    auto sample = sample_of(target, target_name);
    if (!sample) return sample.error();
    auto opened = open_backend(draft, settings);
    if (!opened) return opened.error();
    const std::shared_ptr<backend> server = std::move(*opened);
    const auto check = [far = server, name = draft.node->name, wanted = std::move(*sample)](const std::stop_token& stop) {
        return compare_vocabulary(*far, name, wanted, server_patience, stop);
    };
    const auto found = check({});
    if (!found && found.error().code == code::unsupported) return found.error();
    std::optional<server_drafter::terms> known;
    if (found) known = *found;
    else spdlog::warn("event=draft_server_away server={} why=\"{}\"", draft.node->name, found.error().message);
    return drafter_offer{draft.node->name,
                         [drafter = server_drafter::make(draft.node->name, server, check, known)](
                             draft_inbox& inbox, std::size_t index) {
                             return std::make_unique<server_link>(drafter, inbox, index);
                         }};
}

void far_vocabulary::is_of(std::weak_ptr<pipeline> target, std::function<std::optional<wire::served_engine>()> remote) {
    const std::lock_guard lock(mutex_);
    if (remote_) return;
    target_ = std::move(target);
    remote_ = std::move(remote);
}

result<vocabulary_sample> far_vocabulary::sample(const std::stop_token& stop) {
    std::shared_ptr<pipeline> target;
    std::optional<wire::served_engine> engine;
    {
        const std::lock_guard lock(mutex_);
        target = target_.lock();
        if (target) engine = remote_();
        if (engine && !digest_.empty() && engine->vocabulary == digest_) return sample_;
    }
    if (!target || !engine) return fail(code::unavailable, "The target that it is to draft for is not there yet.");
    const auto probed = tokens_at(*target, stop);
    if (!probed) return probed.error();
    const std::lock_guard lock(mutex_);
    digest_ = engine->vocabulary;
    sample_ = sample_of(*probed, *engine);
    return sample_;
}

std::string far_vocabulary::digest() const {
    const std::lock_guard lock(mutex_);
    return digest_;
}

result<std::shared_ptr<peer::served_drafter>>
lend_server(const resolved_node& draft, const server_config& settings, std::shared_ptr<far_vocabulary> target) {
    auto opened = open_backend(draft, settings);
    if (!opened) return opened.error();
    const std::shared_ptr<backend> server = std::move(*opened);
    auto check = [far = server, name = draft.node->name, target](const std::stop_token& stop) -> result<server_drafter::terms> {
        const auto sample = target->sample(stop);
        if (!sample) return sample.error();
        return compare_vocabulary(*far, name, *sample, server_patience, stop);
    };
    auto drafter = server_drafter::make(draft.node->name, server, std::move(check));
    return std::make_shared<peer::lent_server>(draft.node->name, std::move(drafter), [target] { return target->digest(); });
}

} // namespace tw
