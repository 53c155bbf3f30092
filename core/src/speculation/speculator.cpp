// One round: compose what is there, decide whether a model should add to it, learn from what the target said.
#include "speculation/speculator.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace tw {
namespace {

constexpr double worth = 1.03;        // what must be won before anybody is asked to draft
constexpr double evidence = 7.5;      // observations before a model may draft: eight, which have faded a bit
constexpr std::size_t listen_every = 8; // tokens; doubles up to 2^4 times while drafting does not pay
constexpr int quietest = 4;
constexpr double listening_share = 0.01; // of the time, while drafting does not pay
constexpr auto usual_round = std::chrono::milliseconds{100}; // that a report waits for; after it, drafters are waited for
constexpr double pace_share = 0.01;   // of the last round in the usual rate,
constexpr int pace_rounds = 16;       // which is believed after so many
constexpr double too_far = 4; // steps of hand-over: S ≤ 1 / ((1 - α)(1 + r)) leaves nothing to win by waiting

// What `free` and the round after it give when nobody waits: a streaming drafter has its draft ready by then, if the token
// between them is the one it drafted.
round_plan one_pass_later(const round_plan& free, const round_plan& waited, const std::vector<double>& alphas,
                          const drafter_cost& price) {
    const auto n = static_cast<double>(alphas.size());
    const auto alpha = std::accumulate(alphas.begin(), alphas.end(), 0.0) / n;
    const auto pass = waited.seconds - price.handover_s - static_cast<double>(waited.length) * price.token_s;
    return {0, free.tokens + n + alpha * (waited.tokens - n), free.seconds + pass};
}

double faded(double mean, double value, double share = 0.1) { return mean + share * (value - mean); }

// Of each answer's draft.
std::vector<std::vector<double>> chances_of(std::span<const draft_seat> seats) {
    std::vector<std::vector<double>> out(seats.size());
    for (std::size_t i = 0; i < seats.size(); ++i)
        for (const auto& each : seats[i].draft) out[i].push_back(each.chance);
    return out;
}

} // namespace

speculator::speculator(std::vector<drafter_offer> drafters, speculator_options options)
    : options_(options), rates_(draft_path::fresh(0, 400)), places_(options.most) {
    if (options_.believed.on()) options_.mode = speculator_options::way::synchronous;
    for (auto& each : drafters) admit(std::move(each));
    remember();
}

void speculator::open(sequence_id sequence, const sampling_params& sampling, std::span<const std::int32_t> prompt,
                      std::span<const std::int32_t> prediction) {
    const std::lock_guard lock(mutex_);
    answers_.try_emplace(sequence, answer{draft_path(prompt, prediction, drafters_.size(), believed_of(sampling)),
                                          prompt.size(), sampling, std::vector<ear>(drafters_.size()), {}, {}});
}

// A server that drafts knows neither what a grammar allows nor what a bias forbids, and a token that stands is not checked.
consensus speculator::believed_of(const sampling_params& sampling) const {
    return sampling.grammar.empty() && sampling.logit_bias.empty() ? options_.believed : consensus{};
}

void speculator::close(sequence_id sequence) {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(sequence);
    if (found == answers_.end()) return;
    for (std::size_t i = 0; i < drafters_.size(); ++i)
        if (reachable(drafters_[i]) && found->second.ears[i].open) drafters_[i].link->send(draft_close{sequence});
    answers_.erase(found);
}

bool speculator::worth_asking(const draft_seat& seat) const {
    if (seat.sequence == 0) return false;
    const auto& of = answers_.at(seat.sequence);
    return of.path.committed().size() > of.prompt;
}

drafter_cost speculator::cost(const drafter& each, std::size_t answers) const {
    const auto token = each.token_s > 0 ? each.token_s : times_.seconds(1) / 8;
    return {token * (1 + each.crowd * static_cast<double>(answers - 1)), each.handover_s};
}

// Fills every seat with its likeliest continuation; the common length that pays best is in the plan. `usual`: best_cut().
round_plan speculator::compose(std::span<draft_seat> seats, double usual) {
    for (auto& seat : seats) {
        seat.draft.clear();
        if (seat.most > 0) seat.draft = answers_.at(seat.sequence).path.best(std::min(seat.most, options_.most), rates_);
    }
    const bool silenced = free_gain_.paused() && !ordered_ && !options_.always;
    auto plan = best_cut(chances_of(seats), silenced ? 0 : options_.most, passes(seats.size()), usual);
    if (options_.always) plan.length = options_.most;
    return plan;
}

// What the next pass takes for so many answers. Rows of a shape that is held are there anyway; whether it is to be held is
// weighed afterwards.
pass_times speculator::passes(std::size_t answers) const {
    return {times_, shape_has_price() ? std::max(least_rows_, shape_.held(answers)) : least_rows_};
}

// Tokens per second of the last rounds; `planned` until there were some with so many answers.
double speculator::usual(std::size_t answers, double planned) const {
    return answers == last_answers_ && pace_.rounds >= pace_rounds ? pace_.tokens / pace_.seconds : planned;
}

// Rows for each answer; 0 = as its draft needs.
std::size_t speculator::shape_of(std::span<const draft_seat> seats, const round_plan& plan, const std::optional<intent>& order) {
    if (options_.passes == speculator_options::shape::held) {
        const auto least = (least_rows_ + seats.size() - 1) / seats.size();
        std::size_t longest = 0;
        for (const auto& seat : seats) longest = std::max(longest, std::min(seat.draft.size(), plan.length));
        return shape_.rows(seats.size(), std::max(longest + 1, least));
    }
    if (!shape_has_price()) return plan.length > 0 && setup_s_ > 0 ? familiar(seats.size(), plan.length + 1) : 0;
    const auto chances = order || plan.length > 0 ? chances_of(seats) : std::vector<std::vector<double>>(seats.size());
    const auto rate = usual(seats.size(), order ? order->of.plan.rate() : plan.rate());
    auto worth = worth_of_rows(chances, options_.most, {times_, least_rows_}, rate);
    for (std::size_t n = 0; n < worth.size(); ++n)
        if (!shapes_.contains(seats.size() * (n + 1))) worth[n] -= setup_s_;
    return shape_.rows(seats.size(), worth, reshape_s_);
}

// As many rows for each answer or more, up to twice, so that the pass has a shape it had before; as many where there is none.
std::size_t speculator::familiar(std::size_t answers, std::size_t rows) const {
    const auto found = std::find_if(shapes_.lower_bound(answers * rows), shapes_.end(),
                                    [&](std::size_t shape) { return shape % answers == 0; });
    return found == shapes_.end() || *found > 2 * answers * rows ? rows : *found / answers;
}

// The first pass with so many rows pays for what is set up once (100 ms in a pool over 10 ms of way), and says nothing of the
// others.
void speculator::observe(std::size_t rows, double seconds) {
    if (rows > 0 && !shapes_.empty() && shapes_.insert(rows).second) {
        const auto more = seconds - times_.seconds(rows);
        if (more > times_.seconds(1)) setup_s_ = std::max(setup_s_, more);
        return;
    }
    times_.observe(rows, seconds);
}

// Cuts the drafts to what pays, or to the rows of a shape that is held. Returns those.
std::size_t speculator::cut(std::span<draft_seat> seats, const round_plan& plan, const std::optional<intent>& order) {
    const auto rows = shape_of(seats, plan, order);
    const auto most = plan.length == 0 ? 0 : rows > 0 ? rows - 1 : plan.length;
    for (auto& seat : seats)
        if (seat.draft.size() > most) seat.draft.resize(most);
    return rows;
}

// What a drafter would give at its best length; none where it may not be asked.
std::optional<speculator::prospect> speculator::prospect_of(std::span<const draft_seat> seats, std::size_t index) const {
    const auto& each = drafters_[index];
    const auto& all = rates_[2 + index];
    if (!usable(each) || all.seen() < evidence) return {};
    prospect out;
    for (const auto& seat : seats) {
        const bool asked = seat.most > 0 && worth_asking(seat);
        out.alphas.push_back(asked ? answers_.at(seat.sequence).path.own()[2 + index].mean(all) : 0);
        if (asked) out.most = std::max(out.most, seat.most);
    }
    out.most = std::min({out.most, options_.most, each.link->longest()});
    if (out.most == 0) return {};
    out.price = cost(each, seats.size());
    out.plan = best_order(out.alphas, out.most, passes(seats.size()), out.price);
    return out;
}

// Whether a drafter that is waited for would beat what is there already, and plain steps.
std::optional<speculator::intent> speculator::decide(std::span<const draft_seat> seats,
                                                     const round_plan& free) const {
    if (model_gain_.paused()) return {};
    auto best = committee(seats, free);
    if (best) return best;
    for (std::size_t d = 0; d < drafters_.size(); ++d) {
        const auto one = prospect_of(seats, d);
        if (!one) continue;
        const auto instead = drafters_[d].streams
                                 ? std::max(free.rate(), one_pass_later(free, one->plan, one->alphas, one->price).rate())
                                 : free.rate();
        if (one->plan.rate() > worth * instead && (!best || one->plan.rate() > best->of.plan.rate())) best = intent{{d}, *one};
    }
    return best;
}

// All that can be asked, where enough of them could agree: a token stands at least as often as the best one's.
std::optional<speculator::intent> speculator::committee(std::span<const draft_seat> seats, const round_plan& free) const {
    if (!options_.believed.on()) return {};
    intent out{{}, {std::vector<double>(seats.size()), 0, {}, {}}};
    auto& all = out.of;
    for (std::size_t d = 0; d < drafters_.size(); ++d) {
        const auto one = prospect_of(seats, d);
        if (!one) continue;
        out.drafters.push_back(d);
        for (std::size_t i = 0; i < seats.size(); ++i)
            if (one->alphas[i] > 0) all.alphas[i] = std::max({all.alphas[i], one->alphas[i], stood_});
        all.most = std::max(all.most, one->most);
        all.price = {std::max(all.price.token_s, one->price.token_s), std::max(all.price.handover_s, one->price.handover_s)};
    }
    if (out.drafters.size() < options_.believed.quorum()) return {};
    all.plan = best_order(all.alphas, all.most, passes(seats.size()), all.price);
    if (all.plan.rate() <= worth * free.rate()) return {};
    return out;
}

std::size_t speculator::plan(std::span<draft_seat> seats, std::size_t least_rows) {
    const std::lock_guard lock(mutex_);
    least_rows_ = least_rows;
    collect();
    ordered_ = false;
    waited_s_ = 0;
    for (auto& each : drafters_)
        if (each.skip > 0) --each.skip;
    for (const auto& seat : seats)
        if (seat.most > 0) {
            auto& of = answers_.at(seat.sequence);
            of.root = of.path.next(rates_);
        }
    if (options_.always) order_always(seats);
    stream(seats);
    auto plan = compose(seats);
    std::optional<intent> order;
    if (!options_.always) {
        order = decide(seats, plan);
        if (!order && audit(seats)) order = decide(seats, plan);
        if (order) {
            if (drafters_[order->drafters.front()].streams) hear_out(*order, seats);
            else ask(*order, seats);
            plan = compose(seats, usual(seats.size(), order->of.plan.rate()));
        }
    }
    together_ = order && order->drafters.size() > 1;
    if (!together_) stood_ = faded(stood_, hoped, 0.002); // they are tried again some day
    const auto rows = cut(seats, plan, order);
    for (auto& seat : seats) {
        if (seat.sequence != 0) answers_.at(seat.sequence).draft = seat.draft;
        seat.waited_s = waited_s_;
    }
    const auto plain = static_cast<double>(seats.size()) / plain_step(seats.size());
    length_ = faded(length_, static_cast<double>(plan.length));
    predicted_ = faded(predicted_, std::max(1.0, plan.rate() / plain));
    return rows;
}

// What the picks say about the draft and about every source's next token.
void speculator::judge(answer& of, std::span<const std::int32_t> said, std::span<const std::int32_t> picked) {
    const auto record = [&](const drafted_token& token, bool accepted) {
        const auto index = draft_path::index_of(token);
        rates_[index].record(token.grade, accepted);
        of.path.own()[index].record(token.grade, accepted);
    };
    for (std::size_t i = 0; i < std::min(picked.size(), of.draft.size()); ++i) {
        const bool accepted = of.draft[i].token == picked[i];
        record(of.draft[i], accepted);
        places_[i].seen += 1;
        places_[i].accepted += accepted ? 1 : 0;
        const bool stood = of.draft[i].token == said[i];
        if (together_ && of.draft[i].source == draft_source::model) stood_ = faded(stood_, stood ? 1 : 0, 0.02);
        if (!stood) break;
    }
    for (const auto& token : of.root) {
        const bool used = !of.draft.empty() && draft_path::index_of(of.draft.front()) == draft_path::index_of(token);
        if (!used) record(token, token.token == picked.front());
    }
    of.root.clear();
    of.draft.clear();
}

void speculator::learn(std::span<const round_outcome> outcomes, std::size_t rows, double seconds) {
    const std::lock_guard lock(mutex_);
    const bool reshaped = rows != last_rows_ || outcomes.size() != last_answers_;
    last_rows_ = rows;
    if (rows == 0) {
        shape_.forget();
    } else {
        if (outcomes.size() != last_answers_) pace_ = {};
        last_answers_ = outcomes.size();
    }
    observe(rows, seconds - (reshaped ? reshape_s_ : 0));
    std::vector<double> yields;
    bool drafted = false;
    for (const auto& outcome : outcomes) {
        yields.push_back(static_cast<double>(outcome.tokens.size()));
        if (outcome.sequence == 0) continue;
        auto& of = answers_.at(outcome.sequence);
        drafted = drafted || !of.draft.empty();
        if (rows > 0 && !ordered_) unheard_ += outcome.tokens.size();
        judge(of, outcome.tokens, outcome.picks);
        of.path.commit(outcome.tokens);
        for (std::size_t d = 0; d < drafters_.size(); ++d) {
            if (!of.ears[d].branches) continue;
            drafters_[d].branch_hits += of.path.ended(d) == draft_path::ending::cached ? 1 : 0;
            drafters_[d].branch_misses += of.path.ended(d) == draft_path::ending::corrected ? 1 : 0;
        }
    }
    if (rows > 0) weigh(yields, drafted, seconds);
}

// Whether a round like this one pays, and when drafters are to be listened to again.
void speculator::weigh(const std::vector<double>& yields, bool drafted, double seconds) {
    const auto tokens = shared_tokens(yields);
    ++pace_.rounds;
    const auto share = std::max(1.0 / pace_.rounds, pace_share);
    pace_.tokens = faded(pace_.tokens, tokens, share);
    pace_.seconds = faded(pace_.seconds, seconds + waited_s_, share);
    const auto plain = static_cast<double>(yields.size()) / plain_step(yields.size());
    if (ordered_) {
        model_gain_.drafted(tokens, seconds + waited_s_, plain);
        quiet_ = 0;
        rest_s_ = 0;
    } else {
        rest_s_ -= seconds;
        model_gain_.plain();
        if (drafted) free_gain_.drafted(tokens, seconds, plain);
    }
    if (!drafted) free_gain_.plain();
}

// Listens to drafters that draft nothing now; false when there was no reason to.
bool speculator::audit(std::span<draft_seat> seats) {
    const bool anybody = std::any_of(seats.begin(), seats.end(), [&](const auto& seat) { return worth_asking(seat); });
    if (!anybody || unheard_ < listen_every << quiet_ || rest_s_ > 0) return false;
    const auto before = waited_s_;
    bool listened = false;
    for (std::size_t d = 0; d < drafters_.size(); ++d) {
        auto& each = drafters_[d];
        if (!usable(each) || each.streams || each.handover_s > too_far * plain_step(1)) continue;
        std::size_t told = 0;
        for (const auto& seat : seats) {
            if (!worth_asking(seat)) continue;
            const auto& of = answers_.at(seat.sequence);
            told += of.path.committed().size() - of.ears[d].told;
            tell(d, seat.sequence, {.want = 0, .audit = true});
        }
        const auto start = clock::now();
        const auto tokens = static_cast<double>(std::min(told, 2 * each.link->longest() * seats.size()));
        const auto patience =
            std::chrono::duration<double>(1.5 * tokens * cost(each, 1).token_s + 2 * each.handover_s + 0.01);
        if (!await(d, seats, start + std::chrono::duration_cast<clock::duration>(patience))) late(d);
        waited_s_ += std::chrono::duration<double>(clock::now() - start).count();
        listened = true;
    }
    if (!listened) return false;
    unheard_ = 0;
    rest_s_ = (waited_s_ - before) / listening_share;
    quiet_ = std::min(quiet_ + 1, quietest);
    return true;
}

drafting_report speculator::report() const {
    // Of the system clock: GCC 12's thread sanitizer does not see a lock that was taken by the steady one.
    if (const std::unique_lock lock(mutex_, std::chrono::system_clock::now() + usual_round); lock) remember();
    const std::lock_guard kept(report_mutex_);
    return report_;
}

void speculator::remember() const {
    const std::lock_guard kept(report_mutex_);
    report_ = believed();
}

drafting_report speculator::believed() const {
    drafting_report out;
    out.draft_length = length_;
    out.predicted_speedup = predicted_;
    out.step_s = times_.seconds(1);
    out.times = times_.table();
    out.reshape_s = reshape_s_;
    for (const auto& each : places_) {
        if (each.seen == 0) break;
        out.by_position.push_back(each.accepted / each.seen);
    }
    out.ngram = rates_[0].mean();
    out.prediction = rates_[1].mean();
    bool streams = false;
    for (std::size_t d = 0; d < drafters_.size(); ++d) {
        const auto& each = drafters_[d];
        streams = streams || (each.streams && reachable(each));
        if (each.link == nullptr) continue;
        out.drafters.push_back({each.name, each.alive, each.here, each.streams, rates_[2 + d].mean(),
                                rates_[2 + d].seen(), cost(each, 1).token_s, each.handover_s, each.contention,
                                each.branch_hits, each.branch_misses});
    }
    out.mode = streams ? "streaming" : length_ >= 0.05 ? "synchronous" : "silent";
    return out;
}

} // namespace tw
