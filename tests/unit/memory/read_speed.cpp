// Not how fast, only that it is measured.
#include "memory/read_speed.hpp"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("memory is read at a speed that memory can have") {
    const auto speed = tw::memory::read_speed(2);
    CHECK(speed > 1e8);
    CHECK(speed < 1e13);
}
