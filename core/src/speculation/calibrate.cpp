// Start-up measurements: v(k), each drafter's pace, and what drafting at the same time costs the target.
#include <algorithm>
#include <chrono>

#include "base/median.hpp"
#include "bridge/engine.hpp"
#include "speculation/speculator.hpp"

namespace tw {
namespace {

constexpr double budget_s = 2;       // for the table of pass times
constexpr double tolerated = 1.05;   // a target step beside a streaming drafter, over one alone
constexpr double least_pace = 0.5;   // of the drafter's own, beside the target
constexpr double felt = 0.1;         // of a step: what a change of shape must cost to count
constexpr auto long_enough = std::chrono::milliseconds{500}; // for that price
constexpr sequence_id measuring = ~sequence_id{0};

double timed(engine& target, std::int32_t sequence, std::int32_t at, std::size_t rows) {
    std::vector<tw_row> batch;
    const auto token = std::max(target.info().bos, 0);
    for (std::size_t i = 0; i < rows; ++i) batch.push_back({sequence, at + static_cast<std::int32_t>(i), token, 1});
    const auto start = std::chrono::steady_clock::now();
    const bool done = target.decode(batch).has_value() && target.truncate(sequence, at).has_value();
    return done ? std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() : 0;
}

// What a pass costs more when the one before had another number of rows; 0 where only one number was timed. Each shape runs
// twice, and what the first time took longer than the second is the price: both are of the same moment of the machine.
double price_of_reshaping(engine& target, const step_times& times) {
    const auto table = times.table();
    const auto other = std::min<std::size_t>(4, table.rbegin()->first);
    if (!table.contains(other) || other == 1) return 0;
    static_cast<void>(timed(target, 0, 0, 1));
    std::vector<double> prices;
    const auto start = std::chrono::steady_clock::now();
    while (prices.size() < 6 || (prices.size() < 12 && std::chrono::steady_clock::now() - start < long_enough))
        for (const auto rows : {other, std::size_t{1}}) {
            const auto first = timed(target, 0, 0, rows);
            prices.push_back(first - timed(target, 0, 0, rows));
        }
    const auto price = median(prices);
    return price > felt * table.at(1) ? price : 0;
}

} // namespace

void speculator::calibrate(engine& target) {
    {
        const std::lock_guard lock(mutex_);
        const auto& info = target.info();
        const auto room = static_cast<std::size_t>(std::min(info.n_batch, info.n_ctx - 1));
        const auto most = (options_.most + 1) * static_cast<std::size_t>(info.n_seq);
        const auto start = clock::now();
        static_cast<void>(timed(target, 0, 0, 1)); // the first pass pays for what is set up once
        for (const auto rows : step_times::worth_measuring(std::min(most, room))) {
            const auto spent = std::chrono::duration<double>(clock::now() - start).count();
            if (rows > 1 && spent + 2 * times_.seconds(rows) > budget_s) continue;
            times_.measured(rows, std::min({timed(target, 0, 0, rows), timed(target, 0, 0, rows), timed(target, 0, 0, rows)}));
            shapes_.insert(rows);
        }
        reshape_s_ = price_of_reshaping(target, times_);
    }
    measure(target, 0);
}

bool speculator::wants_measuring() {
    const std::lock_guard lock(mutex_);
    collect();
    return std::any_of(drafters_.begin(), drafters_.end(),
                       [](const auto& each) { return each.present() && !each.measured; });
}

void speculator::measure(engine& target, std::int32_t sequence) {
    const std::lock_guard lock(mutex_);
    for (std::size_t d = 0; d < drafters_.size(); ++d)
        if (drafters_[d].present() && !drafters_[d].measured) measure_drafter(d, target, sequence);
    static_cast<void>(target.truncate(sequence, 0));
}

void speculator::measure_drafter(std::size_t index, engine& target, std::int32_t sequence) {
    auto& each = drafters_[index];
    each.measured = true; // whatever comes of it: a drafter that fails here is not tried again at once
    const std::vector<std::int32_t> prompt(8, std::max(target.info().bos, 0));
    auto& of = answers_.try_emplace(measuring, answer{draft_path(prompt, {}, drafters_.size()), prompt.size(), sampling_params{.temperature = 0},
                                                      std::vector<ear>(drafters_.size()), {}, {}}).first->second;
    const std::vector<draft_seat> seats{{.sequence = measuring, .most = options_.most, .left = options_.most, .draft = {}}};
    const auto want = static_cast<std::uint16_t>(std::min<std::size_t>(8, each.link->longest()));
    for (int repetition = 0; repetition < 3; ++repetition) {
        of.path.commit(prompt); // a text the drafter has not seen yet
        each.order_s = 0;
        each.order_tokens = 0;
        const auto start = clock::now();
        tell(index, measuring, {.want = want});
        if (!await(index, seats, start + std::chrono::seconds{5}) || !each.alive || each.order_tokens == 0) break;
        const auto waited = std::chrono::duration<double>(clock::now() - start).count();
        const auto token_s = each.order_s / static_cast<double>(each.order_tokens);
        if (each.token_s > 0 && token_s >= each.token_s) continue; // something else was in its way
        each.token_s = token_s;
        each.handover_s = std::max(0.0, waited - each.order_s);
    }
    if (each.alive && each.token_s > 0 && options_.mode == speculator_options::way::measured)
        each.streams = bears_company(index, target, sequence) && bears_company(index, target, sequence);
    if (reachable(each)) each.link->send(draft_close{measuring});
    answers_.erase(measuring);
}

// Both at once: a drafter may stream when neither of the two is slowed down much. Engines that take turns on the
// same cores leave the target its pace and take the drafter's; a drafter that slept meanwhile proves nothing.
bool speculator::bears_company(std::size_t index, engine& target, std::int32_t sequence) {
    auto& each = drafters_[index];
    auto& of = answers_.at(measuring);
    const auto& waiting = of.ears[index].waiting;
    const auto step_s = times_.seconds(1);
    // As many tokens as take a few steps of the target.
    const auto tokens = std::clamp<std::size_t>(static_cast<std::size_t>(6 * step_s / each.token_s), 8,
                                                std::min<std::size_t>(each.link->longest(), 1000));
    const auto alone = each.token_s * static_cast<double>(tokens);
    std::vector<double> beside;
    double together = 0;
    std::size_t made = 0;
    for (int order = 0; order < 4 && beside.size() < 5; ++order) {
        of.path.commit(std::vector<std::int32_t>(8, std::max(target.info().bos, 0))); // what it has drafted is of no use
        const auto before = each.tokens;
        const auto start = clock::now();
        const auto elapsed = [&] { return std::chrono::duration<double>(clock::now() - start).count(); };
        tell(index, measuring, {.want = static_cast<std::uint16_t>(tokens), .stream = true, .group = 8});
        // The order is under way for half of the hand-over, and so is the answer.
        while (waiting && elapsed() < each.handover_s / 2)
            if (!inbox_.wait(start + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(each.handover_s / 2)))) break;
        for (collect(); waiting && elapsed() < each.handover_s + 4 * alone + 4 * step_s; collect()) {
            const bool during = elapsed() < each.handover_s / 2 + alone;
            const auto one = timed(target, sequence, 0, 1);
            if (during) beside.push_back(one);
        }
        made += each.tokens - before;
        together += std::max(elapsed() - each.handover_s, 0.0);
        if (!beside.empty() && beside.front() > 4 * step_s) break;
    }
    if (beside.empty() || step_s <= 0 || !reachable(each)) return false;
    const auto pace = static_cast<double>(made) * each.token_s / std::max(together, 1e-9);
    const auto slower = median(beside) / step_s;
    each.contention = std::max({each.contention, slower, 1 / std::max(pace, 0.01)});
    return slower <= tolerated && pace >= least_pace;
}

} // namespace tw
