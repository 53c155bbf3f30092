// The shape of passes where another one has a price: held where rows are cheap, followed where they are not.
#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "speculation/held_shape.hpp"

using namespace tw;

namespace {

// Seconds of a pass: `row` for each row beside 10 ms.
step_times passes(double row) {
    step_times out;
    for (const std::size_t rows : {1U, 2U, 64U}) out.measured(rows, 0.01 + row * static_cast<double>(rows));
    return out;
}

struct trial {
    int changes = 0;
    double padding_s = 0;
};

// A thousand passes of one answer that need what `needs` says.
template <class Needs> trial run(const step_times& times, double price_s, Needs needs) {
    held_shape shape;
    trial out;
    std::size_t last = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::size_t needed = needs(i);
        const auto rows = shape.rows(1, needed, times, price_s);
        REQUIRE(rows >= needed);
        out.changes += rows != last ? 1 : 0;
        out.padding_s += times.seconds(rows) - times.seconds(needed);
        last = rows;
    }
    return out;
}

std::size_t uneven(int i) { return 1 + static_cast<std::size_t>(i * 7 % 9); }

} // namespace

TEST_CASE("where the link is the cost one shape is held") {
    CHECK(run(passes(0.0001), 0.02, uneven).changes <= 9);
    CHECK(run(passes(0.0001), std::numeric_limits<double>::infinity(), uneven).changes <= 9);
}

TEST_CASE("where rows are the cost the shape follows the drafts") {
    const auto got = run(passes(0.005), 0.002, uneven);
    CHECK(got.changes > 900);
    CHECK(got.padding_s == 0);
}

TEST_CASE("a shape that is no longer needed is given up once its rows have cost as much as another one") {
    const auto times = passes(0.001);
    const auto got = run(times, 0.02, [](int i) { return i == 0 ? std::size_t{21} : std::size_t{1}; });
    CHECK(got.changes == 2);
    CHECK(got.padding_s <= 0.04);
    // It shrinks to the most that was needed meanwhile, not to the last.
    held_shape shape;
    CHECK(shape.rows(1, 21, times, 0.02) == 21);
    CHECK(shape.rows(1, 11, times, 0.02) == 21);
    CHECK(shape.rows(1, 2, times, 0.02) == 11);
    CHECK(shape.rows(1, 2, times, 0.02) == 11);
}

TEST_CASE("whatever the drafts need, padding and changes together cost no more than three times the better of both ways") {
    std::minstd_rand dice(7);
    for (const double row : {0.00001, 0.0003, 0.001, 0.01}) {
        const auto times = passes(row);
        constexpr double price = 0.01;
        double follow = 0, hold = 0;
        std::vector<std::size_t> needs;
        for (int i = 0; i < 1000; ++i) needs.push_back(1 + dice() % 9);
        for (std::size_t i = 1; i < needs.size(); ++i) {
            follow += needs[i] != needs[i - 1] ? price : 0;
            hold += times.seconds(9) - times.seconds(needs[i]);
        }
        const auto got = run(times, price, [&](int i) { return needs[static_cast<std::size_t>(i)]; });
        CHECK(got.changes * price + got.padding_s <= 3 * std::min(follow, hold) + 9 * price);
    }
}

TEST_CASE("another number of answers is another shape") {
    held_shape shape;
    const auto times = passes(0);
    CHECK(shape.rows(1, 9, times, 1) == 9);
    CHECK(shape.rows(2, 3, times, 1) == 3);
    CHECK(shape.rows(2, 2, times, 1) == 3);
    CHECK(shape.rows(1, 2, times, 1) == 2);
}
