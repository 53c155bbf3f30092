// The shape of passes where another one has a price: held until another one would have saved it.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "speculation/held_shape.hpp"

using namespace tw;

namespace {

constexpr double price = 0.02;

// Worth of 1, 2, … 8 rows: nothing but `most` of so many.
std::vector<double> best_with(std::size_t rows, double most) {
    std::vector<double> out(8, 0.0);
    out[rows - 1] = most;
    return out;
}

} // namespace

TEST_CASE("another shape takes over when it would have saved its price, and not before") {
    held_shape shape;
    CHECK(shape.rows(1, best_with(4, 0.1), price) == 4);
    for (int i = 0; i < 9; ++i) CHECK(shape.rows(1, best_with(2, 0.002), price) == 4);
    CHECK(shape.rows(1, best_with(2, 0.0021), price) == 2);
    for (int i = 0; i < 9; ++i) CHECK(shape.rows(1, best_with(4, 0.002), price) == 2); // it begins anew
}

TEST_CASE("a shape that pays at once is taken at once") {
    held_shape shape;
    CHECK(shape.rows(1, best_with(4, 0.1), price) == 4);
    CHECK(shape.rows(1, best_with(7, 0.021), price) == 7);
    CHECK(shape.rows(1, best_with(1, 0.021), price) == 1);
}

TEST_CASE("what is best in turn is not run after") {
    held_shape shape;
    CHECK(shape.rows(1, best_with(4, 0.1), price) == 4);
    for (int i = 0; i < 1000; ++i) CHECK(shape.rows(1, best_with(i % 2 == 0 ? 6 : 4, 0.015), price) == 4);
}

TEST_CASE("the shape that is best on the whole is found, and kept") {
    std::minstd_rand dice(7);
    std::normal_distribution<double> noise(0, 0.004);
    held_shape shape;
    int changes = 0;
    std::size_t last = 0, in_best = 0;
    for (int i = 0; i < 2000; ++i) {
        std::vector<double> worth;
        for (int n = 0; n < 8; ++n) worth.push_back(noise(dice) - 0.003 * std::abs(n - 4));
        const auto rows = shape.rows(1, worth, price);
        changes += rows != last ? 1 : 0;
        last = rows;
        in_best += rows >= 4 && rows <= 6 ? 1U : 0U;
    }
    CHECK(in_best > 1900);
    CHECK(changes < 200); // the best of each pass would be another in most
}

TEST_CASE("another number of answers is another shape, and so is less room") {
    held_shape shape;
    CHECK(shape.rows(1, best_with(8, 1), price) == 8);
    CHECK(shape.held(1) == 8);
    CHECK(shape.held(2) == 0);
    CHECK(shape.rows(2, best_with(3, 1e-6), price) == 3);
    CHECK(shape.held(2) == 6);
    CHECK(shape.rows(2, {1, 0}, price) == 1);
}

TEST_CASE("behind another kind of pass the best shape is free") {
    held_shape shape;
    CHECK(shape.rows(1, best_with(4, 0.1), price) == 4);
    CHECK(shape.rows(1, best_with(2, 0.001), price) == 4);
    shape.forget();
    CHECK(shape.held(1) == 0);
    CHECK(shape.rows(1, best_with(2, 0.001), price) == 2);
}

TEST_CASE("where no price is too high a shape only grows") {
    held_shape shape;
    CHECK(shape.rows(1, std::size_t{3}) == 3);
    CHECK(shape.rows(1, std::size_t{9}) == 9);
    CHECK(shape.rows(1, std::size_t{2}) == 9);
    shape.forget();
    CHECK(shape.rows(1, std::size_t{2}) == 9);
    CHECK(shape.rows(2, std::size_t{2}) == 2);
}
