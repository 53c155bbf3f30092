// One step of the path at a time: every source proposes, the one that is surest wins.
#include "speculation/draft_path.hpp"

#include <algorithm>
#include <utility>

namespace tw {
namespace {

constexpr std::array<double, grades> said_before{0.1, 0.3, 0.4, 0.5, 0.65, 0.75, 0.85, 0.9};
constexpr std::array<double, grades> client_expects{0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95};
constexpr std::array<double, grades> drafted{0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.95};
constexpr double own_memory = 64;
// How many tokens of one answer weigh as much as what all answers say of a model's token of that grade: an answer shows few
// of each, and one that failed must not look like a worse drafter.
constexpr double own_model_weight = 32;

// Seven tokens of the prediction that came as expected say more than none; a match of two, little.
grade grade_of_run(std::size_t length) { return grade_of_match(length + 1); }

} // namespace

draft_path::rates draft_path::fresh(std::size_t drafters, double memory, double weight) {
    rates out;
    out.emplace_back(said_before, prior_weight, memory);
    out.emplace_back(client_expects, prior_weight, memory);
    for (std::size_t i = 0; i < drafters; ++i) admit(out, i, memory, weight);
    return out;
}

void draft_path::admit(rates& all, std::size_t drafter, double memory, double weight) {
    const acceptance_rate unknown(drafted, weight, memory);
    if (all.size() == 2 + drafter) all.push_back(unknown);
    else all[2 + drafter] = unknown;
}

void draft_path::admit(std::size_t drafter) {
    admit(own_, drafter, own_memory, own_model_weight);
    endings_.resize(own_.size() - 2);
    endings_[drafter] = ending::as_drafted;
    std::erase_if(board_, [&](const auto& entry) { return entry.second.drafter == drafter; });
}

std::size_t draft_path::index_of(const drafted_token& token) {
    return static_cast<std::size_t>(token.source) + (token.source == draft_source::model ? token.drafter : 0);
}

draft_path::draft_path(std::span<const std::int32_t> prompt, std::span<const std::int32_t> prediction,
                       std::size_t drafters, consensus believed)
    : tokens_(prompt.begin(), prompt.end()), prefix_(extend(empty_prefix, prompt)),
      own_(fresh(drafters, own_memory, own_model_weight)), endings_(drafters), believed_(believed) {
    said_.append(prompt);
    prediction_.append(prediction);
    expected_ = {0, 0};
    root_ = root();
}

void draft_path::post(std::size_t drafter, const draft_batch& batch) {
    auto prefix = batch.prefix;
    auto index = batch.base;
    for (const auto& what : batch.tokens) {
        const auto [first, last] = board_.equal_range(prefix);
        const bool known = std::any_of(first, last, [&](const auto& entry) { return entry.second.drafter == drafter; });
        if (!known && index >= tokens_.size()) board_.emplace(prefix, posted{what, drafter, index});
        prefix = extend(prefix, what.token);
        ++index;
    }
}

void draft_path::commit(std::span<const std::int32_t> tokens) {
    const auto end = tokens_.size() + tokens.size();
    endings_.assign(own_.size() - 2, ending::as_drafted);
    for (const auto token : tokens) {
        if (tokens_.size() + 1 == end) {
            const auto [first, last] = board_.equal_range(prefix_);
            for (auto entry = first; entry != last; ++entry)
                if (entry->second.what.token != token) endings_[entry->second.drafter] = ending::corrected;
        }
        tokens_.push_back(token);
        prefix_ = extend(prefix_, token);
        said_.append(token);
        realign(token);
    }
    root_ = root();
    std::erase_if(board_, [&](const auto& entry) { return entry.second.at < tokens_.size(); });
    const auto [first, last] = board_.equal_range(prefix_);
    for (auto entry = first; entry != last; ++entry)
        if (auto& how = endings_[entry->second.drafter]; how == ending::corrected) how = ending::cached;
}

// Keeps the place in the prediction while the answer follows it; else looks for it by what was said last.
void draft_path::realign(std::int32_t token) {
    if (prediction_.size() == 0) return;
    if (expected_.next < prediction_.size() && prediction_[expected_.next] == token) {
        ++expected_.next;
        ++expected_.length;
        return;
    }
    expected_ = prediction_.find(tokens_);
}

draft_path::cursors draft_path::root() const {
    cursors out;
    if (const auto match = said_.find(tokens_); match.length > 0) out.repetition = match;
    if (expected_.next < prediction_.size()) out.expected = expected_;
    return out;
}

std::int32_t draft_path::at(std::size_t index, std::span<const drafted_token> path) const {
    return index < tokens_.size() ? tokens_[index] : path[index - tokens_.size()].token;
}

drafted_token draft_path::judged(drafted_token token, const rates& all) const {
    const auto index = index_of(token);
    token.chance = own_[index].chance(token.grade, all[index]);
    return token;
}

void draft_path::candidates(const cursors& where, prefix_digest prefix, std::span<const drafted_token> path,
                            const rates& all, std::vector<drafted_token>& out) const {
    out.clear();
    if (where.repetition)
        out.push_back(judged({.token = at(where.repetition->next, path), .source = draft_source::ngram,
                              .grade = grade_of_match(where.repetition->length)}, all));
    if (where.expected)
        out.push_back(judged({.token = prediction_[where.expected->next], .source = draft_source::prediction,
                              .grade = grade_of_run(where.expected->length)}, all));
    const auto [first, last] = board_.equal_range(prefix);
    for (auto entry = first; entry != last; ++entry)
        out.push_back(judged({.token = entry->second.what.token, .source = draft_source::model,
                              .drafter = entry->second.drafter, .grade = entry->second.what.grade}, all));
}

// Of what is proposed for one place, each drafter at most once: what enough of them say is certain.
void draft_path::agree(std::vector<drafted_token>& choices) const {
    if (!believed_.on()) return;
    const auto of_drafters = [](const drafted_token& each) { return each.source == draft_source::model; };
    const auto voices = std::count_if(choices.begin(), choices.end(), of_drafters);
    for (auto& each : choices) {
        if (!of_drafters(each)) continue;
        const auto same = std::count_if(choices.begin(), choices.end(), [&](const auto& other) {
            return of_drafters(other) && other.token == each.token;
        });
        each.agreed = believed_.met(static_cast<std::size_t>(same), static_cast<std::size_t>(voices - same));
        if (each.agreed) each.chance = 1;
    }
}

std::vector<drafted_token> draft_path::next(const rates& all) const {
    std::vector<drafted_token> out;
    candidates(root_, prefix_, {}, all, out);
    return out;
}

std::vector<drafted_token> draft_path::best(std::size_t most, const rates& all) const {
    std::vector<drafted_token> path, choices;
    auto where = root_;
    auto prefix = prefix_;
    while (path.size() < most) {
        candidates(where, prefix, path, all, choices);
        if (choices.empty()) break;
        agree(choices);
        const auto chosen = *std::max_element(choices.begin(), choices.end(), [](const auto& a, const auto& b) {
            return std::pair(a.agreed, a.chance) < std::pair(b.agreed, b.chance);
        });
        path.push_back(chosen);
        prefix = extend(prefix, chosen.token);
        if (where.repetition) {
            if (at(where.repetition->next, path) == chosen.token) ++where.repetition->next, ++where.repetition->length;
            else where.repetition.reset();
        }
        if (where.expected) {
            if (prediction_[where.expected->next] == chosen.token) ++where.expected->next, ++where.expected->length;
            else where.expected.reset();
            if (where.expected && where.expected->next >= prediction_.size()) where.expected.reset();
        }
    }
    return path;
}

} // namespace tw
