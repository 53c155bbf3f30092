// Placing answers on replicas.
#include "pipeline/replica_pipeline.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace tw {
namespace {

const char* word(failover policy) {
    switch (policy) {
    case failover::same_bytes: return "same-bytes";
    case failover::any: return "any";
    case failover::none: break;
    }
    return "none";
}

// What another replica may not refuse.
bool may_do_elsewhere(const error& why) {
    return why.code == code::busy || why.code == code::unavailable || why.code == code::unsupported;
}

} // namespace

replica_pipeline::replica_pipeline(std::string name, std::vector<std::string> serves, std::vector<replica> replicas,
                                   failover policy, bool in_order)
    : name_(std::move(name)), serves_(std::move(serves)), replicas_(std::move(replicas)), policy_(policy),
      in_order_(in_order), board_(std::make_shared<replica_board>(replicas_.size())),
      desk_(std::make_shared<replica_desk>()), worker_([this] { work(); }) {}

replica_pipeline::~replica_pipeline() {
    for (const auto& one : desk_->present()) one->cancel();
    desk_->wait_until_empty();
    desk_->close();
    worker_.join();
}

bool replica_pipeline::is_up(std::size_t index) const {
    const auto& ask = replicas_[index].is_up;
    return !ask || ask();
}

std::string replica_pipeline::digest_of(std::size_t index) const {
    const auto& ask = replicas_[index].exactness_digest;
    return ask ? ask() : std::string();
}

result<std::shared_ptr<generation>> replica_pipeline::start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) {
    auto answer = std::make_shared<replicated_answer>(std::move(request), std::move(sink), policy_, board_, desk_);
    desk_->enter(answer);
    if (auto placed = place(answer); !placed) {
        desk_->leave(answer.get());
        return placed.error();
    }
    return answer;
}

result<std::shared_ptr<generation>> replica_pipeline::ask(question asked, finding_function done) {
    std::optional<error> refusal;
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
        if (!is_up(i)) continue;
        auto begun = replicas_[i].what->ask(asked, done);
        if (begun) return begun;
        const auto& why = begun.error();
        if (!may_do_elsewhere(why)) return why;
        note_refusal(refusal, why);
    }
    return refusal ? *refusal : nobody({});
}

result<std::shared_ptr<generation>> replica_pipeline::pass(std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink) {
    auto passed = std::make_shared<replicated_pass>(std::move(request), std::move(sink), desk_);
    desk_->enter(passed);
    if (auto placed = place(passed); !placed) {
        desk_->leave(passed.get());
        return placed.error();
    }
    return passed;
}

result<void> replica_pipeline::place(const std::shared_ptr<replicated_pass>& pass) {
    while (const auto index = pass->next(replicas_.size())) {
        if (!is_up(*index)) continue;
        auto begun = pass->run_on(*replicas_[*index].what);
        if (begun) return {};
        if (!may_do_elsewhere(begun.error())) return begun.error();
        pass->note(std::move(begun.error()));
    }
    const auto refused = pass->refusal();
    return refused ? *refused : nobody({});
}

result<void> replica_pipeline::place(const std::shared_ptr<replicated_answer>& answer) {
    const auto wish = answer->wants();
    std::vector<bool> tried(replicas_.size());
    std::optional<error> refusal;
    while (!answer->cancelled()) {
        std::vector<replica_board::candidate> candidates;
        std::vector<std::string> digests(replicas_.size());
        for (std::size_t i = 0; i < replicas_.size(); ++i) {
            if (tried[i] || std::ranges::find(wish.elsewhere, i) != wish.elsewhere.end() || !is_up(i)) continue;
            digests[i] = digest_of(i);
            const bool same = !digests[i].empty() && digests[i] == wish.digest;
            if (same || !wish.only_same) candidates.push_back({i, same || wish.digest.empty()});
            if (in_order_ && !candidates.empty() && candidates.back().preferred && !board_->rests(candidates.back().index)) break;
        }
        const auto chosen = board_->take(candidates, answer->prompt());
        if (!chosen) break;
        tried[*chosen] = true;
        const auto& at = replicas_[*chosen];
        auto started = answer->run_on({*chosen, at.name, std::move(digests[*chosen])}, *at.what);
        if (started) {
            board_->accepted(*chosen, answer->prompt());
            return {};
        }
        const auto& why = started.error();
        board_->left(*chosen);
        if (why.code == code::busy) board_->rest(*chosen, why.retry_after);
        if (!may_do_elsewhere(why)) return why;
        note_refusal(refusal, why);
    }
    return refusal ? *refusal : nobody(wish);
}

error replica_pipeline::nobody(const replicated_answer::wish& wish) const {
    std::string names;
    for (const auto& each : replicas_) names += (names.empty() ? "\"" : ", \"") + each.name + '"';
    const auto count = std::to_string(replicas_.size());
    if (wish.only_same)
        return fail(code::unavailable, "Of the " + count + " replicas of pipeline \"" + name_ + "\" (" + names +
                                           ") no other one that is up has the same exactness digest. Ask again.");
    if (!wish.elsewhere.empty())
        return fail(code::unavailable, "Of the " + count + " replicas of pipeline \"" + name_ + "\" (" + names +
                                           ") no other one is up.");
    return fail(code::unavailable, "No replica of pipeline \"" + name_ + "\" is up (" + names +
                                       "). Start one of these machines, or see /v1/tightwad/status for what is wrong.");
}

void replica_pipeline::work() {
    while (const auto job = desk_->next()) {
        if (job->stop) job->stop->cancel();
        if (job->answer)
            if (const auto placed = place(job->answer); !placed) job->answer->give_up(placed.error());
        if (job->pass)
            if (const auto placed = place(job->pass); !placed) job->pass->give_up(placed.error());
    }
}

nlohmann::json replica_pipeline::status() const {
    auto list = nlohmann::json::array();
    nlohmann::json top;
    bool found = false;
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
        const bool up = is_up(i);
        auto inner = replicas_[i].what->status();
        if (i == 0 || (up && !found)) top = inner;
        found = found || up;
        list.push_back({{"name", replicas_[i].name}, {"up", up}, {"running", board_->running(i)},
                        {"exactness_known", !digest_of(i).empty()}, {"status", std::move(inner)}});
    }
    top["name"] = name_;
    top["serves"] = serves_;
    top["failover"] = word(policy_);
    top["moves"] = board_->moves();
    top["replicas"] = std::move(list);
    return top;
}

} // namespace tw
