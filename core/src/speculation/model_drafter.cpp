// Orders in, tokens out: what a drafter holds is compared with what it is told, and the rest is one pass.
#include "speculation/model_drafter.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "speculation/cache_choice.hpp"

namespace tw {
namespace {

constexpr std::size_t branch_length = 4;
// A branch costs about 30 bytes: there is one per order, where the pick is no surer than this and where the answer
// comes to a correction with at least this chance.
constexpr grade unsure = 3;
constexpr float worth_a_branch = 0.1F;
constexpr float unknown_chance = 0.8F; // of every grade, until an order says better

} // namespace

grade grade_of(float margin) {
    constexpr std::array<float, grades - 1> bounds{0.15F, 0.4F, 0.8F, 1.4F, 2.2F, 3.5F, 5.5F};
    return static_cast<grade>(std::distance(bounds.begin(), std::upper_bound(bounds.begin(), bounds.end(), margin)));
}

model_drafter::model_drafter(std::unique_ptr<engine> model)
    : model_(std::move(model)), slots_(static_cast<std::size_t>(model_->info().n_seq)) {}

void model_drafter::apply(drafter_message message) {
    if (auto* opened = std::get_if<draft_open>(&message)) open(std::move(*opened));
    else if (auto* order = std::get_if<draft_order>(&message)) follow(std::move(*order));
    else if (auto* at = find(std::get<draft_close>(message).sequence)) close(*at);
}

void model_drafter::close(slot& at) {
    at.sequence = 0;
    at.used_at = ++clock_;
}

model_drafter::slot* model_drafter::find(sequence_id sequence) {
    const auto found = std::find_if(slots_.begin(), slots_.end(),
                                    [&](const slot& each) { return each.sequence == sequence; });
    return found == slots_.end() || sequence == 0 ? nullptr : &*found;
}

void model_drafter::open(draft_open message) {
    if (auto* before = find(message.sequence)) close(*before);
    slot* best = nullptr;
    std::optional<cache_choice> choice;
    for (auto& each : slots_) {
        if (each.sequence != 0) continue;
        // What a cache holds without its beginning is of no use to anybody.
        const auto held = each.base == 0 ? std::span<const std::int32_t>(each.held) : std::span<const std::int32_t>();
        const cache_choice one(held, each.prompt, each.used_at, message.prompt);
        if (choice && !one.better(*choice)) continue;
        choice = one;
        best = &each;
    }
    if (best == nullptr) return;
    slot fresh;
    fresh.sequence = message.sequence;
    fresh.base = best->base;
    fresh.held = std::move(best->held);
    fresh.prompt = fresh.audited = message.prompt.size();
    fresh.tokens = std::move(message.prompt);
    fresh.chance.fill(unknown_chance);
    fresh.digests = {empty_prefix};
    for (const auto token : fresh.tokens) fresh.digests.push_back(extend(fresh.digests.back(), token));
    fresh.sampler.emplace(std::move(message.sampling), model_->info().n_vocab);
    fresh.sampler->prompt(fresh.tokens);
    // An engine that has no grammars drafts freely.
    if (const auto& grammar = fresh.sampler->params().grammar; !grammar.empty())
        if (auto mask = model_->make_grammar(grammar)) fresh.sampler->constrain(std::move(*mask));
    *best = std::move(fresh);
}

void model_drafter::follow(draft_order order) {
    auto* at = find(order.sequence);
    if (at == nullptr) return lost_.push_back({order.sequence, order.epoch});
    if (order.epoch <= at->order.epoch) return; // late or repeated
    const auto give_up = [&] {
        close(*at);
        lost_.push_back({order.sequence, order.epoch});
    };
    const std::size_t base = order.base;
    const auto committed = at->committed();
    if (at->side) at->marks[at->side->at - committed].branched = false; // it has not been sent
    if (order.tail.size() > base || base - order.tail.size() > at->tokens.size() || base < committed) return give_up();
    const auto start = base - order.tail.size();
    const std::span<const std::int32_t> told(order.tail);
    const auto same = start + common_prefix(std::span(at->tokens).subspan(start), told);
    if (same < base) {
        if (same < committed) return give_up();
        cut_back(*at, same);
        for (auto i = same; i < base; ++i) append(*at, order.tail[i - start]);
        at->marks.clear();
        at->sent = 0;
    } else {
        at->marks.erase(at->marks.begin(), at->marks.begin() + static_cast<std::ptrdiff_t>(base - committed));
        at->sent -= std::min(at->sent, base - committed);
    }
    if (at->digests[base] != order.prefix) return give_up();
    if (!order.audit) at->audited = base;
    at->complete = order.want == 0;
    at->audit_due = order.audit;
    at->side.reset();
    at->branched = false;
    order.tail.clear();
    if (order.chance) at->chance = *order.chance;
    at->order = std::move(order);
}

void model_drafter::cut_back(slot& at, std::size_t length) {
    const auto committed = at.committed();
    at.sampler->pop(at.tokens.size() - length);
    at.tokens.resize(length);
    at.digests.resize(length + 1);
    at.marks.resize(length - std::min(length, committed));
}

void model_drafter::append(slot& at, std::int32_t token) {
    at.tokens.push_back(token);
    at.digests.push_back(extend(at.digests.back(), token));
    at.sampler->push(token);
}

double model_drafter::survival(const slot& at) {
    double chance = 1;
    for (const auto& each : at.marks) chance *= static_cast<double>(at.chance[each.grade]);
    return chance;
}

bool model_drafter::wants_token(const slot& at) const {
    return !at.complete && at.marks.size() < std::min<std::size_t>(at.order.want, longest()) &&
           (at.marks.empty() || survival(at) >= static_cast<double>(at.order.floor));
}

// Where an order is done and asks for branches: the place of the draft that is likeliest to be corrected, with all
// before it accepted. Places further ahead have their turn when the answer comes nearer.
std::optional<std::size_t> model_drafter::likely_correction(const slot& at) {
    if (!at.order.branches || at.sequence == 0 || !at.complete || at.branched) return {};
    std::optional<std::size_t> best;
    float most = worth_a_branch, reached = 1;
    for (std::size_t i = 0; i < at.marks.size() && reached >= most; ++i) {
        const auto& each = at.marks[i];
        const auto stands = at.chance[each.grade];
        const bool fit = !each.branched && each.runner_up >= 0 && each.grade <= unsure;
        if (fit && reached * (1 - stands) >= most) {
            most = reached * (1 - stands);
            best = i;
        }
        reached *= stands;
    }
    return best;
}

void model_drafter::begin_branch(slot& at) {
    const auto where = likely_correction(at);
    if (!where) return;
    auto& place = at.marks[*where];
    place.branched = at.branched = true;
    at.side = branch{.at = at.committed() + *where, .tokens = {place.runner_up}, .grades = {}};
}

bool model_drafter::has_work() const {
    return !lost_.empty() || std::any_of(slots_.begin(), slots_.end(), [](const slot& at) {
        return at.sequence != 0 && (!at.complete || at.audit_due || at.side || likely_correction(at));
    });
}

// Makes the engine's cache a prefix of `path` without its last token, whose row picks the next, and without those whose
// rows an audit needs: an answer that was given before is in the cache, and was never judged.
result<void> model_drafter::align(slot& at, std::int32_t index, const std::vector<std::int32_t>& path) {
    const auto context = static_cast<std::size_t>(model_->info().n_ctx);
    if (path.size() < at.base + 1 || path.size() - at.base > context) {
        at.base = path.size() > context ? path.size() - context / 2 : 0;
        if (const auto cleared = model_->truncate(index, 0); !cleared) return cleared;
        at.held.clear();
    }
    const auto tail = std::span(path).subspan(at.base);
    auto kept = tail.size() - 1;
    if (at.audit_due && !at.side) kept = std::min(kept, std::max(at.audited, at.base + 1) - at.base - 1);
    const auto same = common_prefix(at.held, tail.first(kept));
    if (same == at.held.size()) return {};
    if (model_->truncate(index, static_cast<std::int32_t>(same))) {
        at.held.resize(same);
        return {};
    }
    at.held.clear(); // a model that cannot roll back starts over
    return model_->truncate(index, 0);
}

void model_drafter::feed(slot& at, std::int32_t index, const std::vector<std::int32_t>& path, std::vector<fed>& out) {
    const auto room = static_cast<std::size_t>(model_->info().n_batch) - rows_.size();
    const bool picks = at.side || wants_token(at);
    const auto from = at.base + at.held.size();
    // Without a pick the last row is left for later: its logits are not needed yet.
    const auto end = std::min(picks ? path.size() : path.size() - 1, from + room);
    if (end <= from) return;
    fed what{.of = &at, .first_row = wanted_, .judged_from = 0, .judged_to = 0,
             .head = picks && end == path.size()};
    if (!at.side && at.audit_due) {
        what.judged_to = std::min(at.committed(), end + 1);
        what.judged_from = std::min(what.judged_to, std::max(at.audited, from + 1));
    }
    for (auto i = from; i < end; ++i) {
        const bool wanted = (i + 1 >= what.judged_from && i + 1 < what.judged_to) || (what.head && i + 1 == end);
        rows_.push_back({index, static_cast<std::int32_t>(i - at.base), path[i], wanted});
        at.held.push_back(path[i]);
        if (wanted) ++wanted_;
    }
    out.push_back(what);
}

result<void> model_drafter::step(std::vector<drafter_reply>& out) {
    for (const auto& each : std::exchange(lost_, {})) out.push_back(each);
    rows_.clear();
    wanted_ = 0;
    std::vector<fed> pass;
    for (std::size_t i = 0; i < slots_.size() && rows_.size() < static_cast<std::size_t>(model_->info().n_batch); ++i) {
        auto& at = slots_[i];
        if (at.sequence == 0) continue;
        if (!at.complete && !wants_token(at)) {
            at.complete = true;
            send(at, out);
        }
        if (!at.side && !wants_token(at)) begin_branch(at);
        const bool audits = at.audit_due;
        if (!at.side && !audits && !wants_token(at)) continue;
        auto path = at.tokens;
        if (at.side) {
            path.resize(at.side->at);
            path.insert(path.end(), at.side->tokens.begin(), at.side->tokens.end());
        }
        const auto index = static_cast<std::int32_t>(i);
        if (const auto aligned = align(at, index, path); !aligned) return aligned;
        feed(at, index, path, pass);
        if (audits && (pass.empty() || pass.back().of != &at)) { // all of it was fed before
            at.audited = at.committed();
            at.audit_due = false;
            out.push_back(draft_audit{at.sequence, at.order.epoch, {}, true});
        }
    }
    if (rows_.empty()) return {};
    const auto start = std::chrono::steady_clock::now();
    const auto logits = model_->decode(rows_);
    if (!logits) return logits.error();
    const std::chrono::duration<float> spent = std::chrono::steady_clock::now() - start;
    for (const auto& what : pass) {
        auto& at = *what.of;
        if (!at.side) at.seconds += spent.count();
        const auto judged = static_cast<std::int32_t>(what.judged_to - what.judged_from);
        if (at.audit_due && !at.side) audit(what, *logits, out);
        if (!what.head) continue;
        const auto row = what.first_row + judged;
        if (at.side) grow_branch(at, *logits, row, out);
        else draft(at, *logits, row, out);
    }
    return {};
}

// Says of each newly told token that was fed whether the drafter would have picked it.
void model_drafter::audit(const fed& what, const engine::logits_view& logits, std::vector<drafter_reply>& out) {
    auto& at = *what.of;
    draft_audit report{at.sequence, at.order.epoch, {}, false};
    at.sampler->pop(at.tokens.size() - what.judged_from);
    auto row = what.first_row;
    for (auto i = what.judged_from; i < what.judged_to; ++i) {
        const auto pick = at.sampler->pick_ranked(logits.row(row++), static_cast<std::int64_t>(i));
        report.entries.push_back({grade_of(pick.margin), pick.token == at.tokens[i]});
        at.sampler->push(at.tokens[i]);
    }
    for (auto i = what.judged_to; i < at.tokens.size(); ++i) at.sampler->push(at.tokens[i]);
    at.audited = std::max(at.audited, what.judged_to);
    report.complete = at.audited == at.committed();
    at.audit_due = !report.complete;
    out.push_back(std::move(report));
}

void model_drafter::draft(slot& at, const engine::logits_view& logits, std::int32_t row,
                          std::vector<drafter_reply>& out) {
    const auto start = std::chrono::steady_clock::now();
    const auto pick = at.sampler->pick_ranked(logits.row(row), static_cast<std::int64_t>(at.tokens.size()));
    append(at, pick.token);
    at.marks.push_back({pick.runner_up, grade_of(pick.margin), false});
    at.seconds += std::chrono::duration<float>(std::chrono::steady_clock::now() - start).count();
    at.complete = !wants_token(at);
    const bool due = at.order.stream && (at.sent == 0 || at.marks.size() - at.sent >= at.order.group);
    if (at.complete || due) send(at, out);
}

void model_drafter::grow_branch(slot& at, const engine::logits_view& logits, std::int32_t row,
                                std::vector<drafter_reply>& out) {
    auto& side = *at.side;
    const auto put_back = at.tokens.size() - side.at;
    at.sampler->pop(put_back);
    for (const auto token : side.tokens) at.sampler->push(token);
    const auto position = side.at + side.tokens.size();
    const auto pick = at.sampler->pick_ranked(logits.row(row), static_cast<std::int64_t>(position));
    at.sampler->pop(side.tokens.size());
    for (auto i = side.at; i < at.tokens.size(); ++i) at.sampler->push(at.tokens[i]);
    side.tokens.push_back(pick.token);
    side.grades.push_back(grade_of(pick.margin));
    if (side.grades.size() < branch_length) return;
    draft_batch batch{.sequence = at.sequence, .epoch = at.order.epoch,
                      .base = static_cast<std::uint32_t>(side.at + 1),
                      .prefix = extend(at.digests[side.at], side.tokens.front()), .tokens = {}, .complete = false,
                      .seconds = 0};
    for (std::size_t i = 0; i < side.grades.size(); ++i) batch.tokens.push_back({side.tokens[i + 1], side.grades[i]});
    out.push_back(std::move(batch));
    at.side.reset();
}

void model_drafter::send(slot& at, std::vector<drafter_reply>& out) {
    const auto base = at.committed() + at.sent;
    const auto spent = std::exchange(at.seconds, 0.0F);
    draft_batch batch{.sequence = at.sequence, .epoch = at.order.epoch, .base = static_cast<std::uint32_t>(base),
                      .prefix = at.digests[base], .tokens = {}, .complete = at.complete,
                      .seconds = at.order.stream ? 0 : spent};
    for (; at.sent < at.marks.size(); ++at.sent)
        batch.tokens.push_back({at.tokens[at.committed() + at.sent], at.marks[at.sent].grade});
    out.push_back(std::move(batch));
}

} // namespace tw
