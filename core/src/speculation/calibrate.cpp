// Start-up measurements: v(k), each drafter's pace, and what drafting at the same time costs the target.
#include <algorithm>
#include <chrono>

#include "bridge/engine.hpp"
#include "speculation/speculator.hpp"

namespace tw {
namespace {

constexpr double budget_s = 2;       // for the table of pass times
constexpr double tolerated = 1.05;   // a target step beside a streaming drafter, over one alone
constexpr double least_pace = 0.5;   // of the drafter's own, beside the target
constexpr sequence_id measuring = ~sequence_id{0};

double timed(engine& target, std::int32_t at, std::size_t rows) {
    std::vector<tw_row> batch;
    const auto token = std::max(target.info().bos, 0);
    for (std::size_t i = 0; i < rows; ++i) batch.push_back({0, at + static_cast<std::int32_t>(i), token, 1});
    const auto start = std::chrono::steady_clock::now();
    const bool done = target.decode(batch).has_value() && target.truncate(0, at).has_value();
    return done ? std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() : 0;
}

} // namespace

void speculator::calibrate(engine& target) {
    const std::lock_guard lock(mutex_);
    const auto& info = target.info();
    const auto room = static_cast<std::size_t>(std::min(info.n_batch, info.n_ctx - 1));
    const auto start = clock::now();
    static_cast<void>(timed(target, 0, 1)); // the first pass pays for what is set up once
    for (const auto rows : step_times::worth_measuring(std::min(options_.most + 1, room))) {
        const auto spent = std::chrono::duration<double>(clock::now() - start).count();
        if (rows > 1 && spent + 2 * times_.seconds(rows) > budget_s) continue;
        times_.measured(rows, std::min({timed(target, 0, rows), timed(target, 0, rows), timed(target, 0, rows)}));
    }
    for (std::size_t d = 0; d < drafters_.size(); ++d) measure_drafter(d, target, times_.seconds(1));
    static_cast<void>(target.truncate(0, 0));
}

void speculator::measure_drafter(std::size_t index, engine& target, double step_s) {
    auto& each = drafters_[index];
    const std::vector<std::int32_t> prompt(8, std::max(target.info().bos, 0));
    auto& of = answers_.try_emplace(measuring, answer{draft_path(prompt, {}, drafters_.size()), prompt.size(), sampling_params{.temperature = 0},
                                                      std::vector<ear>(drafters_.size()), {}, {}}).first->second;
    const std::vector<draft_seat> seats{{.sequence = measuring, .most = options_.most, .draft = {}}};
    const auto want = static_cast<std::uint16_t>(std::min<std::size_t>(8, each.link->longest()));
    for (int repetition = 0; repetition < 3; ++repetition) {
        of.path.commit(prompt); // a text the drafter has not seen yet
        each.order_s = 0;
        each.order_tokens = 0;
        const auto start = clock::now();
        tell(index, measuring, {.want = want});
        if (!await(index, seats, start + std::chrono::seconds{10}) || !each.alive || each.order_tokens == 0) break;
        const auto waited = std::chrono::duration<double>(clock::now() - start).count();
        const auto token_s = each.order_s / static_cast<double>(each.order_tokens);
        if (each.token_s > 0 && token_s >= each.token_s) continue; // something else was in its way
        each.token_s = token_s;
        each.handover_s = std::max(0.0, waited - each.order_s);
    }
    if (each.alive && each.token_s > 0 && options_.mode == speculator_options::way::measured)
        each.streams = bears_company(index, target, step_s) && bears_company(index, target, step_s);
    if (each.alive) each.link->send(draft_close{measuring});
    answers_.erase(measuring);
}

// Both at once: a drafter may stream when neither of the two is slowed down much. Engines that take turns on the
// same cores leave the target its pace and take the drafter's; a drafter that slept meanwhile proves nothing.
bool speculator::bears_company(std::size_t index, engine& target, double step_s) {
    auto& each = drafters_[index];
    auto& of = answers_.at(measuring);
    of.path.commit(std::vector<std::int32_t>(8, std::max(target.info().bos, 0))); // what it has drafted is of no use
    const auto& waiting = of.ears[index].waiting;
    const auto before = each.tokens;
    const auto start = clock::now();
    tell(index, measuring, {.want = static_cast<std::uint16_t>(std::min<std::size_t>(each.link->longest(), 1000)),
                            .stream = true});
    std::vector<double> beside;
    while (beside.size() < 5 && waiting && (beside.empty() || beside.front() < 4 * step_s)) {
        beside.push_back(timed(target, 0, 1));
        collect();
    }
    if (beside.empty() || step_s <= 0) return false;
    const auto elapsed = std::chrono::duration<double>(clock::now() - start).count();
    const auto alone = std::min(elapsed / each.token_s, static_cast<double>(std::min<std::size_t>(each.link->longest(), 1000)));
    const auto pace = static_cast<double>(each.tokens - before) / std::max(1.0, alone);
    std::nth_element(beside.begin(), beside.begin() + static_cast<std::ptrdiff_t>(beside.size() / 2), beside.end());
    each.contention = std::max({each.contention, beside[beside.size() / 2] / step_s, 1 / std::max(pace, 0.01)});
    return beside[beside.size() / 2] <= tolerated * step_s && pace >= least_pace;
}

} // namespace tw
