// One turn's answers: drafts, one decode that judges them all, and the tokens that come of it.
#include <algorithm>
#include <string>

#include "sampling/digest.hpp"
#include "scheduler/scheduler.hpp"

namespace tw {

void scheduler::round() {
    list answering;
    std::copy_if(active_.begin(), active_.end(), std::back_inserter(answering),
                 [](const auto& answer) { return !answer->finished && answer->prefilled(); });
    // A shape class may hold fewer rows than there are answers, or those of one.
    const auto each = options_.one_sequence ? 1 : most_rows();
    for (std::size_t from = 0; from < answering.size(); from += each) {
        const auto to = std::min(answering.size(), from + each);
        pass({answering.begin() + static_cast<std::ptrdiff_t>(from), answering.begin() + static_cast<std::ptrdiff_t>(to)});
    }
}

void scheduler::pass(const list& answers) {
    const auto held = draft(answers); // rows each, 0 = as the drafts need
    auto rows_each = std::max<std::size_t>(held, 1);
    for (const auto& answer : answers) rows_each = std::max(rows_each, answer->draft.size() + 1);
    const auto fillers = fill_gaps(answers, rows_each);
    const auto padded = pad_drafts(answers, answers.size() + fillers.size(), rows_each);
    add_rows(answers, fillers, padded, shaped() || held > 0);
    const auto before = decode_.wall;
    const auto logits = decode();
    if (!logits) {
        for (const auto& each : fillers) forget(each.slot);
        return fail_all(answers, logits.error());
    }
    const auto spent = decode_.wall - before;
    for (const auto& each : fillers) static_cast<void>(target_->truncate(each.slot, each.held));

    for (const auto& answer : answers) {
        answer->cached = answer->tokens.size() + padded;
        answer->stats.verify_s += spent / static_cast<double>(answers.size());
    }
    conclude(answers, *logits, rows_.size(), spent);
}

// The tokens of a pass, what the planner learns of them, which answers they end, and their text.
void scheduler::conclude(const list& answers, const engine::logits_view& logits, std::size_t rows, double seconds) {
    if (answers.empty()) return;
    std::vector<verdict> verdicts;
    const stopwatch watch;
    for (const auto& answer : answers) verdicts.push_back(pick(*answer, logits));
    picking_ += watch.read();
    std::vector<round_outcome> outcomes;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        take(*answers[i], verdicts[i], logits);
        const auto fresh = answers[i]->fresh;
        outcomes.push_back({answers[i]->drafted_as, std::span(answers[i]->tokens).last(fresh), std::span(verdicts[i].picks).first(fresh)});
    }
    if (planner_) planner_->learn(outcomes, rows, seconds);

    const auto full = context();
    for (const auto& answer : answers) {
        if (auto failure = answer->sampler.failure()) {
            answer->unsent.clear();
            finish(*answer, finish_reason::failed, std::move(failure));
        } else if (answer->ending) finish(*answer, *answer->ending);
        else if (answer->remaining() == 0 || answer->tokens.size() >= full) finish(*answer, finish_reason::length);
        else keep(*answer, answer->tokens.size() - 1);
    }
    for (const auto& answer : answers) deliver(*answer);
}

// What a round brought leaves in one piece, when everything else of the round is done.
void scheduler::deliver(sequence& answer) {
    if (answer.unsent.empty()) return;
    deliver_likelihoods(answer, false);
    answer.sink->text(answer.unsent);
    answer.unsent.clear();
}

// Fills in each answer's draft. No draft is always right: it is then a plain step. Returns what the planner does.
std::size_t scheduler::draft(const list& answers) {
    for (const auto& answer : answers) answer->draft.clear();
    if (!planner_) return 0;
    seats_.clear();
    for (const auto& answer : answers) {
        const auto room = std::min(answer->remaining(), context() - answer->tokens.size()) - 1;
        const auto left = answer->drafted_as == 0 ? 0 : room;
        const auto rows = most_rows() / answers.size() - 1;
        seats_.push_back({answer->drafted_as, std::min(left, rows), left, {}, 0});
    }
    const auto start = steady::now();
    const auto rows_each = planner_->plan(seats_, static_cast<std::size_t>(options_.least_rows));
    const auto spent = seconds_since(start);
    waited_s_ += seats_.front().waited_s;
    const auto drafted_for = std::count_if(seats_.begin(), seats_.end(), [](const auto& seat) { return seat.sequence != 0; });
    for (std::size_t i = 0; i < answers.size(); ++i) {
        answers[i]->draft = std::move(seats_[i].draft);
        if (seats_[i].sequence != 0) answers[i]->stats.draft_s += spent / static_cast<double>(drafted_for);
    }
    return rows_each;
}

// An engine decodes in one pass what is neighbouring, and a pass costs far more than a row: so the sequences
// in between take part with rows nobody reads, where that is the cheaper way.
std::vector<scheduler::filler> scheduler::fill_gaps(const list& answers, std::size_t rows_each) const {
    std::vector<filler> out;
    if (!target_->info().truncates) return out;
    std::size_t breaks = 0;
    for (std::size_t i = 1; i < answers.size(); ++i) {
        auto slot = answers[i - 1]->slot + 1;
        if (slot < answers[i]->slot) ++breaks;
        for (; slot < answers[i]->slot; ++slot) {
            auto held = slots_.held(slot);
            for (const auto& other : active_)
                if (other->slot == slot) held = other->cached;
            if (held + rows_each > static_cast<std::size_t>(target_->info().n_ctx)) return {};
            out.push_back({slot, static_cast<std::int32_t>(held)});
        }
    }
    if (out.size() > 2 * breaks || (out.size() + answers.size()) * rows_each > most_rows()) return {};
    return out;
}

// Every sequence of a pass brings the same number of rows, because an engine cuts unequal lengths into several
// passes. The shorter ones are padded with rows nobody reads; drafts are cut where an answer has no room left
// for padding or the pass would have too many rows. Returns the rows behind each answer's last token.
std::size_t scheduler::pad_drafts(const list& answers, std::size_t members, std::size_t rows_each) const {
    auto room = most_rows() / members - 1;
    for (const auto& answer : answers)
        room = std::min(room, static_cast<std::size_t>(target_->info().n_ctx) - answer->tokens.size());
    const auto least = (static_cast<std::size_t>(options_.least_rows) + members - 1) / members - 1;
    const auto rows = std::min(std::max(rows_each - 1, least), room);
    for (const auto& answer : answers)
        if (answer->draft.size() > rows) answer->draft.resize(rows);
    return rows;
}

// A pass failed: what the sequences in it held is unspecified.
void scheduler::forget(std::int32_t slot) {
    if (slots_.idle(slot)) return slots_.cut(slot, 0);
    for (const auto& other : active_)
        if (other->slot == slot) keep(*other, 0);
}

void scheduler::add_rows(const list& answers, const std::vector<filler>& fillers, std::size_t padded, bool all_wanted) {
    rows_.clear();
    std::int32_t wanted = 0;
    const auto add = [&](std::int32_t slot, std::int32_t at, std::int32_t token, bool read) {
        rows_.push_back({slot, at, token, read || all_wanted});
        wanted += rows_.back().want_logits;
    };
    auto next = fillers.begin();
    const auto add_filler = [&] {
        for (std::size_t i = 0; i <= padded; ++i) add(next->slot, next->held + static_cast<std::int32_t>(i), 0, false);
        ++next;
    };
    for (const auto& answer : answers) {
        while (next != fillers.end() && next->slot < answer->slot) add_filler();
        auto at = static_cast<std::int32_t>(answer->tokens.size() - 1);
        answer->first_row = wanted;
        add(answer->slot, at, answer->tokens.back(), true);
        for (std::size_t i = 0; i < padded; ++i) {
            const bool drafted = i < answer->draft.size();
            add(answer->slot, ++at, drafted ? answer->draft[i].token : answer->tokens.back(), drafted);
        }
    }
}

result<engine::logits_view> scheduler::decode() {
    const stopwatch watch;
    auto out = target_->decode(rows_);
    decode_ += watch.read();
    return out;
}

// Picks from one answer's rows.
verdict scheduler::pick(sequence& answer, const engine::logits_view& logits) const {
    const auto position = static_cast<std::int64_t>(answer.tokens.size());
    const auto ends = [&](std::int32_t token) {
        return (target_->vocabulary()[static_cast<std::size_t>(token)].flags & TW_TOKEN_EOG) != 0;
    };
    const auto limit = std::min(answer.remaining(), context() - answer.tokens.size());
    return accept(logits, answer.first_row, position, answer.draft, limit, answer.sampler, ends);
}

// Makes what was picked part of the answer, up to where it ends, and counts that.
void scheduler::take(sequence& answer, const verdict& picked, const engine::logits_view& logits) {
    answer.fresh = 0;
    auto row = answer.first_row;
    for (const auto token : picked.tokens) {
        if (answer.request.logits_digest) answer.digests.push_back(digest(logits.row(row)));
        if (answer.request.top_logprobs) note_likelihood(answer, token, logits.row(row));
        ++row;
        ++answer.fresh;
        answer.ending = accept_token(answer, token);
        if (answer.ending) break;
    }
    count(answer, picked);
}

void scheduler::count(sequence& answer, const verdict& picked) {
    const auto& draft = answer.draft;
    const auto stood = std::min(picked.stood, answer.fresh);
    ++answer.stats.rounds;
    answer.stats.drafted += draft.size();
    for (std::size_t i = 0; i < draft.size(); ++i) {
        auto& share = answer.stats.sources[static_cast<std::size_t>(draft[i].source)];
        ++share.drafted;
        if (i >= stood) continue;
        const bool accepted = picked.picks[i] == draft[i].token;
        share.accepted += accepted ? 1 : 0;
        answer.stats.accepted += accepted ? 1 : 0;
        answer.stats.overruled += accepted ? 0 : 1;
        answer.stats.agreed += draft[i].agreed ? 1 : 0;
    }
    if (!draft.empty() && answer.fresh > draft.size()) ++answer.stats.bonus;
    if (!answer.request.record_rounds) return;
    auto& round = answer.rounds.emplace_back();
    for (const auto& each : draft) round.draft.push_back(each.token);
    round.accepted = stood;
}

// One more token of the answer; says how it ends when it ends with it.
std::optional<finish_reason> scheduler::accept_token(sequence& answer, std::int32_t token) {
    const auto& entry = target_->vocabulary()[static_cast<std::size_t>(token)];
    answer.tokens.push_back(token);
    if ((entry.flags & TW_TOKEN_EOG) != 0) return finish_reason::stop;
    const bool shown = std::binary_search(answer.request.shown.begin(), answer.request.shown.end(), token);
    const auto out = answer.text.push(shown ? entry.text : entry.piece);
    answer.unsent += out.text;
    if (out.stopped) return finish_reason::stop;
    return {};
}

// Cuts the target's cache back to `length` tokens. A model that cannot roll back is fed again.
void scheduler::keep(sequence& answer, std::size_t length) {
    if (answer.cached <= length && length > 0) return;
    if (target_->truncate(answer.slot, static_cast<std::int32_t>(length))) {
        answer.cached = length;
        return;
    }
    answer.cached = 0;
    if (const auto cleared = target_->truncate(answer.slot, 0); !cleared && !answer.finished)
        finish(answer, finish_reason::failed, cleared.error());
}

} // namespace tw
