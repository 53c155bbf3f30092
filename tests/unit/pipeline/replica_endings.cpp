// An answer over replicas ends once, whatever is cancelled, lost or called at the wrong time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "unit/pipeline/replica_fleet.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

TEST_CASE("a whole answer within start(), and calls after the end, do no harm") {
    fleet all(failover::same_bytes);
    auto rude = failing(4);
    rude.inside_start = rude.calls_after_done = true;
    all.a().plays(rude);
    script at_once;
    at_once.inside_start = at_once.calls_after_done = true;
    all.b().plays(at_once);
    for (int i = 0; i < 50; ++i) {
        auto sink = std::make_shared<told>();
        REQUIRE(all.models->start(asks(), sink).has_value());
        CHECK(sink->wait().reason == finish_reason::stop);
        CHECK(sink->said() == whole);
        CHECK_FALSE(sink->late);
        CHECK_FALSE(sink->overlap);
    }
    all.models.reset();
}

TEST_CASE("cancel reaches a hanging answer, before and after a move") {
    fleet all(failover::same_bytes);
    all.a().plays(hanging(3));
    auto sink = std::make_shared<told>();
    auto started = all.models->start(asks(), sink);
    REQUIRE(all.a().wait_hanging(1));
    (*started)->cancel();
    CHECK(sink->wait().reason == finish_reason::cancelled);

    all.a().plays(failing(3));
    all.b().plays(hanging(5));
    sink = std::make_shared<told>();
    started = all.models->start(asks(), sink);
    REQUIRE(all.b().wait_hanging(1));
    (*started)->cancel();
    const auto result = sink->wait();
    CHECK(result.reason == finish_reason::cancelled);
    CHECK(sink->said() == story("tell", 7, 5));
}

TEST_CASE("cancel between two replicas ends the answer, even while the next one is being asked") {
    for (int i = 0; i < 20; ++i) {
        fleet all(failover::same_bytes);
        all.a().plays(failing(3));
        all.b().close_door();
        auto sink = std::make_shared<told>();
        auto started = all.models->start(asks(), sink);
        REQUIRE(started.has_value());
        REQUIRE(all.b().requests(1).size() == 1);
        (*started)->cancel();
        all.b().open_door();
        const auto result = sink->wait();
        // The replica may have said all before the cancel reached it.
        CHECK((result.reason == finish_reason::cancelled || result.reason == finish_reason::stop));
        CHECK(whole.starts_with(sink->said()));
    }
}

TEST_CASE("cancels at any moment: one end, no text twice, nothing after the end") {
    for (int i = 0; i < 200; ++i) {
        fleet all(failover::any, 3, {"d", i % 3 == 0 ? "e" : "d", "d"});
        all.a().plays(failing(static_cast<std::size_t>(i % 9)));
        auto second = failing(static_cast<std::size_t>(5 + i % 7));
        if (i % 5 == 0) second.differs_at = 2;
        all.b().plays(second);
        std::vector<std::shared_ptr<told>> sinks;
        std::vector<std::shared_ptr<generation>> running;
        for (int j = 0; j < 3; ++j) {
            sinks.push_back(std::make_shared<told>());
            auto started = all.models->start(asks(), sinks.back());
            REQUIRE(started.has_value());
            running.push_back(*started);
        }
        std::thread other([&] {
            for (int k = 0; k < i % 40; ++k) std::this_thread::yield();
            for (auto& each : running) each->cancel();
        });
        if (i % 2 == 0) all.models.reset(); // also while they move
        other.join();
        for (auto& sink : sinks) (void)sink->wait();
        all.models.reset();
        for (auto& each : running) each->cancel();
        for (auto& sink : sinks) {
            CHECK(sink->ends.size() == 1);
            CHECK_FALSE(sink->late);
            CHECK_FALSE(sink->overlap);
            if (i % 5 != 0) CHECK(whole.starts_with(sink->all));
        }
    }
}

TEST_CASE("many answers at once over replicas that keep failing all come to the same text") {
    fleet all(failover::same_bytes, 3);
    all.a().plays(failing(6));
    all.b().plays(failing(11));
    std::vector<std::thread> clients;
    std::atomic<int> right = 0;
    for (int t = 0; t < 4; ++t)
        clients.emplace_back([&, t] {
            for (int i = 0; i < 25; ++i) {
                const auto prompt = "q" + std::to_string(t * 100 + i);
                auto sink = std::make_shared<told>();
                if (!all.models->start(asks(prompt + '|'), sink)) continue;
                std::unique_lock lock(sink->mutex);
                sink->changed.wait_for(lock, 10s, [&] { return !sink->ends.empty(); });
                const auto& end = sink->ends.front();
                // Three losses in a row end an answer; what was said until then is right all the same.
                if (end.reason == finish_reason::stop ? sink->all == story(prompt, 7) : story(prompt, 7).starts_with(sink->all))
                    ++right;
            }
        });
    for (auto& each : clients) each.join();
    CHECK(right == 100);
}
