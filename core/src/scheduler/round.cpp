// One turn of the scheduler: a chunk of prompts, then drafts, then one decode that judges them all.
#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <string>

#include <spdlog/spdlog.h>

#include "sampling/digest.hpp"
#include "speculation/accept.hpp"

namespace tw {

// One decode of prompt rows, the oldest answers first. The last prompt token is left for the first
// round, which picks a token from its logits.
void scheduler::prefill() {
    rows_.clear();
    list chunk;
    auto room = static_cast<std::size_t>(std::min(options_.prefill_rows, target_->info().n_batch));
    auto oldest_first = active_;
    std::stable_sort(oldest_first.begin(), oldest_first.end(),
                     [](const auto& a, const auto& b) { return a->started < b->started; });
    for (const auto& answer : oldest_first) {
        if (answer->prefilled() || room == 0) continue;
        const auto n = std::min(room, answer->tokens.size() - 1 - answer->cached);
        for (std::size_t i = 0; i < n; ++i) {
            const auto at = answer->cached + i;
            rows_.push_back({answer->slot, static_cast<std::int32_t>(at), answer->tokens[at], 0});
        }
        room -= n;
        chunk.push_back(answer);
    }
    if (rows_.empty()) return;
    std::stable_sort(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
    const auto start = steady::now();
    if (const auto pass = target_->decode(rows_); !pass) return fail_all(chunk, pass.error());
    for (const auto& answer : chunk) answer->stats.prefill_s += seconds_since(start);
    for (const auto& row : rows_)
        for (const auto& answer : chunk)
            if (answer->slot == row.seq) answer->cached = static_cast<std::size_t>(row.pos) + 1;
}

void scheduler::round() {
    list answering;
    std::copy_if(active_.begin(), active_.end(), std::back_inserter(answering),
                 [](const auto& answer) { return !answer->finished && answer->prefilled(); });
    if (answering.empty()) return;
    draft(answering);
    const auto padded = pad_drafts(answering);

    rows_.clear();
    for (const auto& answer : answering) {
        auto at = static_cast<std::int32_t>(answer->tokens.size() - 1);
        rows_.push_back({answer->slot, at, answer->tokens.back(), 1});
        for (std::size_t i = 0; i < padded; ++i) {
            const bool drafted = i < answer->draft.size();
            rows_.push_back({answer->slot, ++at, drafted ? answer->draft[i] : answer->tokens.back(), drafted});
        }
    }
    const auto start = steady::now();
    const auto logits = target_->decode(rows_);
    if (!logits) return fail_all(answering, logits.error());
    const auto spent = seconds_since(start);

    std::int32_t first_row = 0;
    for (const auto& answer : answering) {
        answer->cached = answer->tokens.size() + padded;
        answer->stats.verify_s += spent;
        take(*answer, *logits, first_row);
        first_row += static_cast<std::int32_t>(answer->draft.size()) + 1;
    }
}

// Fills in each answer's draft. No draft is always right: it is then a plain step.
void scheduler::draft(const list& answering) {
    for (const auto& answer : answering) answer->draft.clear();
    if (!drafter_) return;
    std::vector<draft_request> requests;
    list asked;
    for (const auto& answer : answering) {
        if (!answer->request.speculate) continue;
        const auto context = static_cast<std::size_t>(target_->info().n_ctx);
        const auto want = std::min({static_cast<std::size_t>(options_.draft_length), drafter_->longest(),
                                    answer->remaining() - 1, context - answer->tokens.size() - 1});
        if (want == 0) continue;
        requests.push_back({answer->slot, answer->tokens, &answer->sampler, want});
        asked.push_back(answer);
    }
    if (requests.empty()) return;
    const auto start = steady::now();
    auto drafts = drafter_->propose(requests);
    if (!drafts) {
        spdlog::error("event=drafter_lost why=\"{}\" remedy=\"answers go on without drafts\"",
                      drafts.error().message);
        drafter_.reset();
        const std::lock_guard lock(mutex_);
        state_.drafting = false;
        return;
    }
    const auto spent = seconds_since(start);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        asked[i]->draft = std::move((*drafts)[i]);
        asked[i]->stats.draft_s += spent;
    }
}

// Every answer brings the same number of rows, because an engine cuts unequal lengths into several
// passes, and a pass costs far more than a row. The shorter ones are padded with rows nobody reads;
// drafts are cut where an answer has no room left for padding or the batch would overflow.
std::size_t scheduler::pad_drafts(const list& answering) {
    const auto& info = target_->info();
    std::size_t rows = 0;
    auto room = static_cast<std::size_t>(info.n_batch) / answering.size() - 1;
    for (const auto& answer : answering) {
        rows = std::max(rows, answer->draft.size());
        room = std::min(room, static_cast<std::size_t>(info.n_ctx) - answer->tokens.size());
    }
    rows = std::min(rows, room);
    for (const auto& answer : answering)
        if (answer->draft.size() > rows) answer->draft.resize(rows);
    return rows;
}

// Picks from one answer's rows, then sends, cuts the cache back, and ends the answer where it ends.
void scheduler::take(sequence& answer, const engine::logits_view& logits, std::int32_t first_row) {
    const auto position = static_cast<std::int64_t>(answer.tokens.size());
    const auto ends = [&](std::int32_t token) {
        return (target_->vocabulary()[static_cast<std::size_t>(token)].flags & TW_TOKEN_EOG) != 0;
    };
    const auto context = static_cast<std::size_t>(target_->info().n_ctx);
    const auto limit = std::min(answer.remaining(), context - answer.tokens.size());
    const auto verdict = accept(logits, first_row, position, answer.draft, limit, answer.sampler, ends);

    ++answer.stats.rounds;
    answer.stats.drafted += answer.draft.size();
    answer.stats.accepted += verdict.accepted;
    if (!answer.draft.empty() && verdict.tokens.size() > answer.draft.size()) ++answer.stats.bonus;

    for (const auto token : verdict.tokens) {
        answer.tokens.push_back(token);
        if (answer.request.logits_digest) answer.digests.push_back(digest(logits.row(first_row++)));
        if (ends(token)) return finish(answer, finish_reason::stop);
        const auto out = answer.text.push(target_->vocabulary()[static_cast<std::size_t>(token)].piece);
        if (!out.text.empty()) answer.sink->text(out.text);
        if (out.stopped) return finish(answer, finish_reason::stop);
    }
    if (answer.remaining() == 0 || answer.tokens.size() == context) return finish(answer, finish_reason::length);
    keep(answer, answer.tokens.size() - 1);
}

// Cuts the target's cache back to `length` tokens. A model that cannot roll back is fed again.
void scheduler::keep(sequence& answer, std::size_t length) {
    if (answer.cached <= length) return;
    if (target_->truncate(answer.slot, static_cast<std::int32_t>(length))) {
        answer.cached = length;
        return;
    }
    if (const auto cleared = target_->truncate(answer.slot, 0); !cleared)
        return finish(answer, finish_reason::failed, cleared.error());
    answer.cached = 0;
}

} // namespace tw
