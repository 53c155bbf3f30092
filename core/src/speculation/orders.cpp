// What drafters are told, how long they are waited for, and what becomes of those that are late.
#include <algorithm>
#include <cmath>
#include <utility>

#include <spdlog/spdlog.h>

#include "speculation/speculator.hpp"

namespace tw {
namespace {

constexpr double stream_ahead = 16;      // tokens a streaming drafter may run ahead of the verifier's next look
constexpr double longest_stream = 256;
constexpr double patience = 3;           // times the expected time that a drafter is waited for
constexpr auto grace = std::chrono::milliseconds{3};
constexpr auto long_enough = std::chrono::seconds{30}; // where drafts are wanted at any price

bool alike(const std::array<float, grades>& a, const std::array<float, grades>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), [](float x, float y) { return std::abs(x - y) < 0.03F; });
}

} // namespace

void speculator::collect() {
    for (auto& [index, event, at] : inbox_.take()) heard(index, event, at);
}

void speculator::heard(std::size_t index, drafter_event& event, clock::time_point at) {
    auto& from = drafters_[index];
    const auto find = [&](sequence_id sequence) {
        const auto found = answers_.find(sequence);
        return found == answers_.end() ? nullptr : &found->second;
    };
    if (const auto* failed = std::get_if<drafter_failed>(&event)) {
        from.alive = false;
        spdlog::error("event=drafter_lost drafter={} why=\"{}\" remedy=\"answers go on without it\"", from.name,
                      failed->why);
    } else if (const auto* away = std::get_if<drafter_away>(&event)) {
        if (from.here) spdlog::warn("event=drafter_away drafter={} why=\"{}\"", from.name, away->why);
        from.here = false;
        for (auto& [sequence, of] : answers_) of.ears[index].waiting = false;
    } else if (std::holds_alternative<drafter_back>(event)) {
        if (!from.here) spdlog::info("event=drafter_here drafter={}", from.name);
        from.here = true;
    } else if (const auto* lost = std::get_if<draft_lost>(&event)) {
        auto* of = find(lost->sequence);
        if (of == nullptr || lost->epoch < of->ears[index].opened) return; // it was opened again since
        auto& told = of->ears[index];
        told = {.epoch = told.epoch, .losses = told.losses + 1, .pause = 1 << std::min(told.losses, 6)};
    } else if (const auto* audit = std::get_if<draft_audit>(&event)) {
        auto* of = find(audit->sequence);
        for (const auto& entry : audit->entries) {
            rates_[2 + index].record(entry.grade, entry.agreed);
            if (of != nullptr) of->path.own()[2 + index].record(entry.grade, entry.agreed);
        }
        // A late one is not the answer to an order for drafts, nor to a later one for an audit.
        if (of == nullptr) return;
        auto& told = of->ears[index];
        if (audit->complete && told.audits && audit->epoch == told.epoch) told.waiting = false;
    } else {
        const auto& batch = std::get<draft_batch>(event);
        auto* of = find(batch.sequence);
        if (of == nullptr) return;
        of->path.post(index, batch);
        from.order_s += static_cast<double>(batch.seconds);
        from.tokens += batch.tokens.size();
        from.order_tokens = std::max(from.order_tokens, batch.tokens.size());
        auto& told = of->ears[index];
        told.losses = 0;
        if (from.streams && answers_.size() == 1) time_stream(from, told, batch, at);
        if (batch.complete && batch.epoch == told.epoch) told.waiting = false;
    }
}

// A stream does not say what it took. The first batch to a new order that begins behind what is committed took both ways and
// a drafter step; one that goes on from the batch before took its tokens. On a link several may come at once after a while,
// so only what is far longer than usual is taken for a stall.
void speculator::time_stream(drafter& from, ear& told, const draft_batch& batch, clock::time_point at) const {
    if (batch.epoch == told.ended) return; // what follows the end of an order are branches
    if (batch.complete) told.ended = batch.epoch;
    const auto expected = std::exchange(told.next, 0), base = batch.base;
    if (batch.tokens.empty()) return;
    const auto since = [&](clock::time_point start) { return std::chrono::duration<double>(at - start).count(); };
    const auto follow = [](double& mean, double value) {
        mean = mean > 0 ? mean + 0.1 * (std::min(value, 16 * mean) - mean) : value;
    };
    const auto tokens = static_cast<double>(batch.tokens.size());
    if (batch.epoch == told.epoch && base == told.told) {
        const auto waited = since(told.told_at);
        if (told.epoch != told.opened) follow(from.handover_s, std::max(0.0, waited - tokens * cost(from, 1).token_s));
    } else if (base == expected) {
        follow(from.token_s, since(told.heard_at) / tokens);
    }
    if (!batch.complete) told.next = base + static_cast<std::uint32_t>(batch.tokens.size());
    told.heard_at = at;
}

// Sends an order about what is committed now, opening the sequence first where that is due.
void speculator::tell(std::size_t index, sequence_id sequence, draft_order order) {
    auto& of = answers_.at(sequence);
    auto& told = of.ears[index];
    const auto committed = of.path.committed();
    if (!told.open) {
        drafters_[index].link->send(draft_open{sequence, of.sampling, {committed.begin(), committed.begin() + static_cast<std::ptrdiff_t>(of.prompt)}});
        told.open = true;
        told.told = of.prompt;
        told.opened = told.epoch + 1;
        told.chance.reset();
    }
    if (order.chance) {
        if (told.chance && alike(*told.chance, *order.chance)) order.chance.reset();
        else told.chance = order.chance;
    }
    order.sequence = sequence;
    order.epoch = ++told.epoch;
    order.base = static_cast<std::uint32_t>(committed.size());
    order.prefix = of.path.prefix();
    order.tail.assign(committed.begin() + static_cast<std::ptrdiff_t>(told.told), committed.end());
    told.told = committed.size();
    told.waiting = true;
    told.branches = order.branches;
    told.audits = order.audit;
    told.told_at = clock::now();
    drafters_[index].link->send(std::move(order));
}

// False when it is not `there` by then, though the drafter can be reached.
bool speculator::await(std::size_t index, clock::time_point deadline, const std::function<bool()>& there) {
    while (true) {
        collect();
        if (!reachable(drafters_[index]) || there()) return true;
        if (!inbox_.wait(deadline)) return false;
    }
}

bool speculator::await(std::size_t index, std::span<const draft_seat> seats, clock::time_point deadline) {
    return await(index, deadline, [&] { return answered(index, seats); });
}

bool speculator::answered(std::size_t index, std::span<const draft_seat> seats) const {
    return std::none_of(seats.begin(), seats.end(), [&](const draft_seat& seat) {
        return seat.sequence != 0 && answers_.at(seat.sequence).ears[index].waiting;
    });
}

// Waits for a round's drafts, but not for ever: what is late is used when it fits, or never. False when they are late.
bool speculator::wait_out(std::size_t index, clock::time_point start, double expected_s, const std::function<bool()>& there) {
    const auto deadline = start + grace + std::chrono::duration_cast<clock::duration>(
                                              std::chrono::duration<double>(patience * expected_s));
    const bool punctual = await(index, deadline, there);
    waited_s_ += std::chrono::duration<double>(clock::now() - start).count();
    ordered_ = true;
    auto& each = drafters_[index];
    if (!punctual) late(index);
    else each.strikes -= each.strikes > 0 && each.skip == 0 ? 1 : 0;
    return punctual;
}

// What it still owes is used when it comes and where it fits; nobody waits for it any more.
void speculator::late(std::size_t index) {
    auto& each = drafters_[index];
    for (auto& [sequence, of] : answers_) of.ears[index].waiting = false;
    each.skip = 16 << std::min(each.strikes, 6);
    ++each.strikes;
}

std::array<float, grades> speculator::chances(std::size_t index, const answer& of) const {
    std::array<float, grades> out{};
    for (std::size_t g = 0; g < grades; ++g)
        out[g] = static_cast<float>(of.path.own()[2 + index].chance(static_cast<grade>(g), rates_[2 + index]));
    return out;
}

// Orders drafts, of all that are to draft before any of them is waited for.
void speculator::ask(const intent& what, std::span<draft_seat> seats) {
    auto start = clock::now();
    std::vector<sent_order> sent;
    for (const auto index : what.drafters) sent.push_back(send_order(index, what.of.plan, seats));
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const auto index = what.drafters[i];
        const bool punctual = wait_out(index, start, sent[i].expected_s, [&] { return answered(index, seats); });
        const auto now = clock::now();
        // What came while another one was waited for says nothing of its own way.
        std::optional<double> waited;
        if (sent.size() == 1) waited = std::chrono::duration<double>(now - start).count();
        start = now;
        if (punctual && sent[i].behind <= 2 * seats.size() + 8) time_order(index, seats.size(), waited);
    }
}

speculator::sent_order speculator::send_order(std::size_t index, const round_plan& plan, std::span<const draft_seat> seats) {
    auto& each = drafters_[index];
    const auto price = cost(each, seats.size());
    std::size_t longest = 0;
    sent_order out;
    each.order_s = 0;
    each.order_tokens = 0;
    for (const auto& seat : seats) {
        if (seat.most == 0 || !worth_asking(seat)) continue;
        const auto& of = answers_.at(seat.sequence);
        const auto want = std::min({seat.most, options_.most, each.link->longest(), 2 * plan.length + 2});
        const auto alpha = of.path.own()[2 + index].mean(rates_[2 + index]);
        out.behind += of.path.committed().size() - (of.ears[index].open ? of.ears[index].told : 0);
        longest = std::max(longest, want);
        tell(index, seat.sequence,
             {.want = static_cast<std::uint16_t>(want),
              .floor = survival_floor(plan.length, usual(seats.size(), plan.rate()), seats.size(), alpha, passes(seats.size()), price),
              .chance = chances(index, of)});
    }
    out.expected_s = static_cast<double>(longest + out.behind / 4) * price.token_s + price.handover_s;
    return out;
}

// What the order that was just answered says of the drafter's pace.
void speculator::time_order(std::size_t index, std::size_t answers, std::optional<double> waited_s) {
    auto& each = drafters_[index];
    if (each.order_tokens == 0) return;
    const auto token = each.order_s / static_cast<double>(each.order_tokens);
    if (answers == 1) {
        each.token_s += 0.1 * (token - each.token_s);
    } else if (each.token_s > 0) {
        const auto crowd = (token / each.token_s - 1) / static_cast<double>(answers - 1);
        each.crowd += 0.1 * (std::clamp(crowd, 0.0, 1.0) - each.crowd);
    }
    if (waited_s) each.handover_s += 0.1 * (std::max(0.0, *waited_s - each.order_s) - each.handover_s);
}

// Streaming drafters learn at once how the answer went on; nobody waits for them.
void speculator::stream(std::span<const draft_seat> seats) {
    for (std::size_t d = 0; d < drafters_.size(); ++d) {
        const auto& each = drafters_[d];
        if (!reachable(each) || !each.streams || options_.always) continue;
        // What it is told is old by half the way, and what it answers by the other half.
        const auto pace = cost(each, seats.size());
        const auto step = plain_step(1);
        const auto ahead = std::min(longest_stream, stream_ahead + pace.handover_s / pace.token_s);
        // Where a correction is answered well within a step, a branch would only come earlier by less than that.
        const bool branches = options_.branches && pace.handover_s > step / 4;
        const auto group = std::clamp(step / (4 * pace.token_s), 1.0, 4.0); // the verifier looks once in a step, or waits
        for (const auto& seat : seats) {
            if (seat.most == 0) continue;
            auto& of = answers_.at(seat.sequence);
            if (of.ears[d].pause > 0) {
                --of.ears[d].pause;
                continue;
            }
            const auto want = std::min({each.link->longest(), static_cast<std::size_t>(ahead), seat.left});
            tell(d, seat.sequence, {.want = static_cast<std::uint16_t>(want),
                                    .floor = pace.handover_s > step ? 0.01F : 0.05F, .chance = chances(d, of),
                                    .stream = true, .group = static_cast<std::uint8_t>(group),
                                    .branches = branches});
        }
    }
    collect();
}

// A streaming drafter has its order already: waits until as much as was planned is there.
void speculator::hear_out(const intent& what, std::span<const draft_seat> seats) {
    const auto index = what.drafters.front();
    const auto price = cost(drafters_[index], seats.size());
    const auto told_all = [&](const draft_seat& seat) {
        if (seat.most == 0 || !worth_asking(seat)) return true;
        const auto& of = answers_.at(seat.sequence);
        return !of.ears[index].waiting ||
               of.path.best(std::min(seat.most, options_.most), rates_).size() >= std::min(seat.most, what.of.plan.length);
    };
    wait_out(index, clock::now(), static_cast<double>(what.of.plan.length) * price.token_s + price.handover_s,
             [&] { return std::all_of(seats.begin(), seats.end(), told_all); });
}

// Every drafter, in every round, as much as may be.
void speculator::order_always(std::span<draft_seat> seats) {
    for (std::size_t d = 0; d < drafters_.size(); ++d) {
        if (!reachable(drafters_[d]) || options_.most == 0) continue;
        const auto start = clock::now();
        for (const auto& seat : seats)
            if (seat.most > 0)
                tell(d, seat.sequence,
                     {.want = static_cast<std::uint16_t>(std::min({seat.most, options_.most, drafters_[d].link->longest()})),
                      .stream = drafters_[d].streams, .branches = drafters_[d].streams && options_.branches});
        if (!drafters_[d].streams && !await(d, seats, start + long_enough)) late(d);
        waited_s_ += std::chrono::duration<double>(clock::now() - start).count();
        ordered_ = true;
    }
}

} // namespace tw
