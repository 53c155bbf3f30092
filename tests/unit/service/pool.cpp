// The pool and the timer: what is accepted runs once, what is refused never, and stopping is safe.
#include "service/pool.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "service/timer.hpp"

using namespace std::chrono_literals;

TEST_CASE("a full queue is busy and says when to come back") {
    std::promise<void> open;
    const auto gate = open.get_future().share();
    std::latch begun(1);
    tw::pool pool({.threads = 1, .queue = 2});
    REQUIRE(pool.post([&] {
        begun.count_down();
        gate.wait();
    }).has_value());
    begun.wait();
    REQUIRE(pool.post([] {}).has_value());
    REQUIRE(pool.post([] {}).has_value());
    const auto refused = pool.post([] {});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == tw::code::busy);
    CHECK(refused.error().retry_after > 0ms);
    CHECK(refused.error().message ==
          "All 1 worker threads are busy and 2 jobs are waiting; try again in a second.");
    open.set_value();
}

TEST_CASE("stopping races with posting: accepted jobs run exactly once, the others never") {
    for (int round = 0; round < 200; ++round) {
        std::atomic<int> ran{0}, accepted{0};
        {
            tw::pool pool({.threads = 3, .queue = 1000});
            std::latch go(3);
            std::vector<std::thread> posters;
            for (int i = 0; i < 3; ++i)
                posters.emplace_back([&] {
                    go.arrive_and_wait();
                    for (int n = 0; n < 20; ++n)
                        if (pool.post([&] { ++ran; })) ++accepted;
                });
            if (round % 2 == 0) pool.stop();
            for (auto& poster : posters)
                poster.join();
        }
        REQUIRE(ran == accepted);
    }
}

TEST_CASE("a pool may be released by its own thread") {
    for (int round = 0; round < 100; ++round) {
        auto pool = std::make_shared<tw::pool>(tw::pool::limits{.threads = 2, .queue = 8});
        auto held = std::make_shared<std::shared_ptr<tw::pool>>(pool);
        auto given = std::make_shared<std::promise<void>>();
        auto released = std::make_shared<std::promise<void>>();
        auto ended = released->get_future();
        REQUIRE(pool->post([held, given, released] {
            given->get_future().wait();
            held->reset();
            released->set_value();
        }).has_value());
        pool.reset();
        given->set_value();
        ended.wait();
    }
    SUCCEED("nobody waited for itself");
}

TEST_CASE("a timer runs its job once, not before its time") {
    tw::pool pool({.threads = 1, .queue = 8});
    tw::timer timer(pool);
    std::promise<std::chrono::steady_clock::time_point> ran;
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(timer.start(20ms, [&] { ran.set_value(std::chrono::steady_clock::now()); }) != 0);
    CHECK(ran.get_future().get() - begun >= 20ms);
}

TEST_CASE("timers run in the order in which they are due") {
    std::vector<int> order;
    std::promise<void> ended;
    tw::pool pool({.threads = 1, .queue = 8});
    tw::timer timer(pool);
    REQUIRE(timer.start(40ms, [&] {
        order.push_back(2);
        ended.set_value();
    }) != 0);
    REQUIRE(timer.start(10ms, [&] { order.push_back(1); }) != 0);
    ended.get_future().wait();
    CHECK(order == std::vector{1, 2});
}

TEST_CASE("a cancelled timer never runs, and cancel says whether it came in time") {
    for (int round = 0; round < 300; ++round) {
        std::atomic<int> ran{0};
        bool stopped = false;
        {
            tw::pool pool({.threads = 2, .queue = 8});
            tw::timer timer(pool);
            const auto id = timer.start(std::chrono::milliseconds{round % 2}, [&] { ++ran; });
            REQUIRE(id != 0);
            std::thread other([&] { stopped = timer.cancel(id); });
            other.join();
            CHECK_FALSE(timer.cancel(id + 1));
            if (!stopped) {
                timer.stop();
                pool.stop();
            }
        }
        REQUIRE(ran == (stopped ? 0 : 1));
    }
}

TEST_CASE("a timer that is stopped takes nothing more and drops what is not due") {
    tw::pool pool({.threads = 1, .queue = 8});
    tw::timer timer(pool);
    std::atomic<int> ran{0};
    const auto id = timer.start(1h, [&] { ++ran; });
    timer.stop();
    CHECK(timer.start(0ms, [&] { ++ran; }) == 0);
    CHECK(timer.cancel(id));
    pool.stop();
    CHECK(ran == 0);
}
