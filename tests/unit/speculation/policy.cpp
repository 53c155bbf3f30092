// The arithmetic of draft lengths, against the design's closed form and against brute force.
#include <algorithm>
#include <cmath>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "speculation/gain.hpp"
#include "speculation/policy.hpp"

using namespace tw;

namespace {

// v(k) = 1 + βk in units of a 10 ms step.
step_times linear(double beta) {
    step_times out;
    for (const std::size_t rows : {1U, 2U, 64U}) out.measured(rows, 0.01 * (1 + beta * static_cast<double>(rows - 1)));
    return out;
}

// The lower branch of Lambert's W, by Newton steps; x in (-1/e, 0).
double lambert(double x) {
    double w = -1 - std::sqrt(2 * (1 + std::exp(1.0) * x));
    if (x > -0.2) w = std::log(-x) - std::log(-std::log(-x));
    for (int i = 0; i < 100; ++i) w -= (w * std::exp(w) - x) / (std::exp(w) * (w + 1));
    return w;
}

} // namespace

TEST_CASE("a round yields (1 - a^(n+1)) / (1 - a) tokens") {
    CHECK(expected_tokens(0, 5) == 1);
    CHECK(expected_tokens(1, 5) == 6);
    CHECK(expected_tokens(0.5, 2) == Catch::Approx(1.75));
}

TEST_CASE("the ordered length is the design's closed form to half a token, and rounding") {
    const auto alpha = GENERATE(0.5, 0.7, 0.8, 0.9);
    const auto c = GENERATE(0.05, 0.1, 0.2);
    const auto r = GENERATE(0.02, 0.3, 1.0, 3.0);
    const double beta = 0.01;
    const auto steps = linear(beta);
    const auto plan = best_order({alpha}, 63, {steps}, {c * 0.01, r * 0.01});
    const auto L = -std::log(alpha), cost = c + beta, A = 1 + r - cost;
    const auto y = -lambert(-std::exp(-1 - L * A / cost));
    const auto best = (y - 1) / L - A / cost - 1;
    CAPTURE(alpha, c, r, best, plan.length);
    CHECK(std::abs(static_cast<double>(plan.length) - std::max(1.0, best)) <= 1.0);
    const auto S = plan.rate() * 0.01;
    const auto n = static_cast<double>(plan.length);
    CHECK(S == Catch::Approx(expected_tokens(alpha, plan.length) / (n * c + r + 1 + beta * n)));
}

TEST_CASE("drafts that exist are cut where a further row costs more than it brings") {
    step_times steps; // a processor that does four rows nearly for the price of two
    for (const auto& [rows, cost] : {std::pair{1U, 1.0}, {2U, 1.5}, {4U, 1.75}, {8U, 2.8}, {16U, 4.6}})
        steps.measured(rows, cost * 0.02);
    const auto sure = std::vector<double>(15, 0.97), doubtful = std::vector<double>(15, 0.7);
    CHECK(best_cut({sure}, 31, {steps, 1}).length == 15);
    CHECK(best_cut({doubtful}, 31, {steps, 1}).length == 3);
    CHECK(best_cut({std::vector<double>(15, 0.2)}, 31, {steps, 1}).length == 0);
    CHECK(best_cut({sure}, 5, {steps, 1}).length <= 5);
    CHECK(best_cut({{}}, 31, {steps, 1}).length == 0);
    // A pass that has at least 4 rows anyway may as well carry drafts.
    CHECK(best_cut({std::vector<double>(3, 0.2)}, 31, {steps, 4}).length == 3);
}

TEST_CASE("a round is worth its tokens without those that its time usually gives") {
    step_times steps;
    for (const auto& [rows, cost] : {std::pair{1U, 1.0}, {2U, 1.3}, {3U, 1.5}, {4U, 1.8}, {5U, 2.2}, {6U, 2.5}})
        steps.measured(rows, cost * 0.02);
    const auto length = [&](const std::vector<double>& draft, double usual) { return best_cut({draft}, 5, {steps, 1}, usual).length; };
    const std::vector<double> doubtful{0.5, 0.5, 0.5}, sure(5, 0.9);
    // Rounds usually give 1.6 tokens in the time of a step: .3 of a step for half a token is dear then, not against a plain step.
    CHECK(length(doubtful, 1.6 / 0.02) < length(doubtful, 0));
    CHECK(length(sure, 1.6 / 0.02) == 5);
    // Where rounds give no more than plain steps, both say alike whether to draft.
    for (const auto chance : {0.2, 0.25, 0.35, 0.4}) CHECK((length({chance}, 1 / 0.02) > 0) == (length({chance}, 0) > 0));
}

TEST_CASE("drafts fill a shape that is held, and other shapes are weighed by what they would bring") {
    const auto steps = linear(0.1); // a row is 1 ms
    constexpr drafter_cost cost{0.0005, 0};
    CHECK(best_order({0.7}, 31, {steps, 1}, cost).length == 3);
    CHECK(best_order({0.7}, 31, {steps, 5}, cost).length == 4); // the fifth row is there anyway
    CHECK(best_cut({std::vector<double>(6, 0.7)}, 31, {steps, 5}).length == 4);
    const auto best = [](const std::vector<double>& worth) {
        return static_cast<std::size_t>(std::max_element(worth.begin(), worth.end()) - worth.begin());
    };
    for (const auto alpha : {0.3, 0.7, 0.9}) {
        const std::vector<std::vector<double>> drafts{std::vector<double>(31, alpha)};
        const auto plan = best_cut(drafts, 31, {steps, 1});
        CHECK(best(worth_of_rows(drafts, 31, {steps, 1}, plan.rate())) == plan.length); // what yields most is worth most
    }
    // Rows that no draft fills bring nothing, however sure drafts are otherwise.
    CHECK(best(worth_of_rows({{0.9, 0.9}}, 31, {steps, 1}, 100)) == 2);
    CHECK(best(worth_of_rows({{}}, 31, {steps, 1}, 100)) == 0);
}

TEST_CASE("a draft goes on while it brings what its time usually does, whatever was hoped of the round") {
    const auto steps = linear(0.1); // a row is 1 ms
    constexpr drafter_cost cost{0.001, 0};
    CHECK(survival_floor(4, 80, 1, 0.8, {steps, 1}, cost) == Catch::Approx(80 * 0.002 / 0.8));
    CHECK(survival_floor(4, 80, 1, 0.8, {steps, 11}, cost) == Catch::Approx(80 * 0.001 / 0.8)); // the rows are there anyway
}

TEST_CASE("with more answers drafting loses, and the policy counts them") {
    const auto steps = linear(0.25);
    const std::vector<double> draft(4, 0.6);
    CHECK(best_cut({draft}, 31, {steps, 1}).length > 0);
    const std::vector<std::vector<double>> eight(8, draft);
    CHECK(best_cut(eight, 31, {steps, 1}).length < best_cut({draft}, 31, {steps, 1}).length);
}

TEST_CASE("an answer without drafts is not slowed for the others' sake") {
    const auto steps = linear(0.15);
    const std::vector<double> sure(1, 0.95), none;
    CHECK(best_cut({sure, sure, sure, sure}, 31, {steps, 1}).length == 1);
    // 1.475 times the tokens of a plain step for 1.414 times its time, all of them for two of four.
    CHECK(best_cut({sure, sure, none, none}, 31, {steps, 1}).length == 0);
    CHECK(shared_tokens({2, 2, 2}) == Catch::Approx(6));
    CHECK(shared_tokens({4, 1}) == Catch::Approx(4));
}

TEST_CASE("pass times follow the machine and keep their shape") {
    auto steps = linear(0.25);
    const auto shape = steps.seconds(8) / steps.seconds(1);
    for (int i = 0; i < 200; ++i) steps.observe(1, 0.02); // half as fast now
    CHECK(steps.seconds(1) == Catch::Approx(0.02).epsilon(0.02));
    CHECK(steps.seconds(8) / steps.seconds(1) == Catch::Approx(shape));
    for (int i = 0; i < 300; ++i) {
        steps.observe(2, 0.06);
        steps.observe(1, 0.02);
    }
    CHECK(steps.seconds(2) / steps.seconds(1) > 2);
}

TEST_CASE("a pass that was measured in a bad moment is no dearer than a larger one") {
    step_times steps;
    for (const auto& [rows, ms] : {std::pair{1, 10.0}, {4, 18.0}, {5, 40.0}, {8, 30.0}}) steps.measured(static_cast<std::size_t>(rows), ms / 1000);
    CHECK(steps.seconds(5) == Catch::Approx(0.03));
    CHECK(steps.seconds(6) == Catch::Approx(0.03));
    CHECK(steps.seconds(4) == Catch::Approx(0.018));
    CHECK(steps.seconds(2) == Catch::Approx(0.01 + 0.008 / 3));
}

TEST_CASE("pass times stay what is seen, however often neighbouring row counts are") {
    step_times times;
    // Rows in fours, as a processor's kernels have them; eight answers, of which one ends before the others.
    for (const auto& [rows, ms] : {std::pair{1, 15.0}, {2, 31.0}, {3, 35.0}, {4, 28.0}, {6, 52.0}, {8, 50.0}, {12, 72.0},
                                   {16, 75.0}})
        times.measured(static_cast<std::size_t>(rows), ms / 1000);
    for (int i = 0; i < 5000; ++i) {
        times.observe(8, 0.062);
        if (i % 6 == 0) times.observe(7, 0.070); // four and three single ones
        if (i % 20 == 0) times.observe(16, 0.085);
        if (i % 50 == 0) times.observe(5, 0.045);
    }
    CHECK(times.seconds(8) == Catch::Approx(0.062).epsilon(0.05));
    CHECK(times.table().at(7) == Catch::Approx(0.070).epsilon(0.05));
    CHECK(times.seconds(7) == times.seconds(8)); // padded
    CHECK(times.seconds(16) == Catch::Approx(0.085).epsilon(0.1));
    CHECK(times.seconds(5) == Catch::Approx(0.045).epsilon(0.1));
    for (const auto& [rows, seconds] : times.table()) {
        CAPTURE(rows);
        CHECK(seconds > 0.01);
        CHECK(seconds < 0.2);
    }
}

TEST_CASE("a pass larger than any that was measured is no bargain until it was seen") {
    step_times times;
    // On two cores, where rows in dozens are read for a moment almost for nothing: 32 to 256 rows take seven times as long.
    for (const auto& [rows, ms] : {std::pair{1, 22.0}, {8, 100.0}, {24, 180.0}, {32, 200.0}}) times.measured(static_cast<std::size_t>(rows), ms / 1000);
    CHECK(times.seconds(64) == Catch::Approx(0.2 + 32 * 0.178 / 31)); // 31 rows behind the first took 178 ms
    CHECK(times.seconds(256) == Catch::Approx(0.2 + 224 * 0.178 / 31));
    times.observe(64, 0.3); // cheaper than thought
    CHECK(times.seconds(64) == Catch::Approx(0.3));
    times.observe(256, 1.9); // dearer
    CHECK(times.seconds(256) == Catch::Approx(1.9));
    CHECK(times.seconds(32) == Catch::Approx(0.2));
    step_times pool; // the way to it takes 37 ms whatever the rows
    for (const auto& [rows, ms] : {std::pair{1, 37.0}, {12, 51.0}, {16, 52.0}}) pool.measured(static_cast<std::size_t>(rows), ms / 1000);
    CHECK(pool.seconds(32) == Catch::Approx(0.068));
}

TEST_CASE("drafting that lost pauses, longer each time, and starts again") {
    gain guard;
    const auto rounds_until_pause = [&] {
        int rounds = 0;
        for (; !guard.paused() && rounds < 1000; ++rounds) guard.drafted(1, 0.02, 100); // half of what plain steps give
        return rounds;
    };
    const auto pause = [&] {
        int rounds = 0;
        for (; guard.paused(); ++rounds) guard.plain();
        return rounds;
    };
    CHECK(rounds_until_pause() < 20);
    const auto first = pause();
    CHECK(rounds_until_pause() < 20);
    CHECK(pause() == 2 * first);
    for (int i = 0; i < 100; ++i) guard.drafted(3, 0.02, 100);
    CHECK_FALSE(guard.paused());
}
