// A few answers at a time: who waits, who is refused, who is forgotten; and servers that are left alone for a while.
#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "pipeline/limited_pipeline.hpp"
#include "pipeline/server_health.hpp"
#include "unit/pipeline/listener.hpp"
#include "unit/pipeline/scripted_pipeline.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

namespace {

script hanging() {
    script out;
    out.hang_after = 1;
    return out;
}

struct place {
    std::shared_ptr<scripted_pipeline> server = std::make_shared<scripted_pipeline>("far");
    std::unique_ptr<limited_pipeline> models;

    place(std::size_t most, std::size_t queue) : models(std::make_unique<limited_pipeline>(server, most, queue)) {}
};

} // namespace

TEST_CASE("more answers than there are places wait, in their order, and more than may wait are refused") {
    place at(1, 2);
    at.server->plays({hanging(), script{}, script{}});
    const auto first = begin(*at.models), second = begin(*at.models, "second|"), third = begin(*at.models, "third|");
    const auto fourth = begin(*at.models);
    REQUIRE(fourth.running.has_error());
    CHECK(fourth.running.error().code == code::busy);
    CHECK(fourth.running.error().retry_after == 1s);
    CHECK(fourth.running.error().message ==
          "All 1 answers that 'far' may give at a time are being given and 2 requests are waiting. Try again in a moment.");
    REQUIRE(at.server->wait_hanging(1));
    CHECK(at.server->requests().size() == 1);
    CHECK(at.models->status()["slots"] == nlohmann::json{{"total", 1}, {"active", 1}, {"queued", 2}});
    (*first.running)->cancel();
    CHECK(second.heard->wait().reason == finish_reason::stop);
    CHECK(second.heard->said() == story("second", 7));
    CHECK(third.heard->wait().reason == finish_reason::stop);
    CHECK(first.heard->wait().reason == finish_reason::cancelled);
    CHECK(std::get<std::string>(at.server->requests(3)[1].input) == "second|");
    CHECK(begin(*at.models).heard->wait().reason == finish_reason::stop);
}

TEST_CASE("who gives up waiting is told so once, and its place in the queue is free") {
    place at(1, 1);
    at.server->plays({hanging(), script{}});
    const auto first = begin(*at.models);
    const auto gone = begin(*at.models);
    (*gone.running)->cancel();
    (*gone.running)->cancel();
    CHECK(gone.heard->wait().reason == finish_reason::cancelled);
    const auto next = begin(*at.models);
    REQUIRE(next.running.has_value());
    (*first.running)->cancel();
    CHECK(next.heard->wait().reason == finish_reason::stop);
    CHECK(gone.heard->ends() == 1);
    CHECK(at.server->requests().size() == 2);
}

TEST_CASE("a refusal reaches who waited as a failure, who did not wait as an error, and keeps no place") {
    place at(1, 4);
    script refuses;
    refuses.refuse = error{.code = code::unavailable, .message = "No."};
    at.server->plays({hanging(), refuses, refuses, script{}});
    const auto first = begin(*at.models), second = begin(*at.models), third = begin(*at.models), fourth = begin(*at.models);
    (*first.running)->cancel();
    for (const auto* each : {&second, &third}) {
        const auto end = each->heard->wait();
        CHECK(end.reason == finish_reason::failed);
        CHECK(end.failure->message == "No.");
    }
    CHECK(fourth.heard->wait().reason == finish_reason::stop);
    at.server->plays(refuses);
    const auto at_once = begin(*at.models);
    REQUIRE(at_once.running.has_error());
    CHECK(at_once.heard->ends() == 0);
    CHECK(at.models->status()["slots"]["active"] == 0);
}

TEST_CASE("answers that end as they begin leave their places in turn, however many wait") {
    constexpr std::size_t most = 20'000;
    place at(1, most);
    script at_once;
    at_once.inside_start = true;
    at_once.stops_after = 0;
    at.server->plays({hanging(), at_once});
    const auto first = begin(*at.models);
    std::vector<begun> waiting;
    for (std::size_t i = 0; i < most; ++i) waiting.push_back(begin(*at.models));
    (*first.running)->cancel();
    for (const auto& each : waiting) REQUIRE(each.heard->wait().reason == finish_reason::stop);
    CHECK(at.models->status()["slots"]["queued"] == 0);
}

TEST_CASE("places are counted while many come, leave and give up at the same time") {
    constexpr int threads = 4, rounds = 100;
    place at(2, threads);
    script brief;
    brief.stops_after = 1;
    at.server->plays(brief);
    std::vector<std::thread> crowd;
    std::atomic<int> ended = 0;
    for (int t = 0; t < threads; ++t)
        crowd.emplace_back([&, t] {
            for (int i = 0; i < rounds; ++i) {
                const auto one = begin(*at.models);
                if (one.running.has_error()) continue;
                if ((i + t) % 3 == 0) (*one.running)->cancel();
                if (one.heard->ended()) ended += one.heard->ends();
            }
        });
    for (auto& each : crowd) each.join();
    CHECK(ended == threads * rounds);
    for (int i = 0; i < 2000 && at.models->status()["slots"]["active"] != 0; ++i) std::this_thread::sleep_for(5ms);
    CHECK(at.models->status()["slots"] == nlohmann::json{{"total", 2}, {"active", 0}, {"queued", 0}});
}

TEST_CASE("a pipeline that goes refuses what waits and ends what runs") {
    place at(1, 2);
    at.server->plays(hanging());
    const auto first = begin(*at.models), second = begin(*at.models);
    REQUIRE(at.server->wait_hanging(1));
    at.server.reset();
    at.models.reset();
    CHECK(first.heard->wait().reason == finish_reason::cancelled);
    CHECK(second.heard->wait().failure->code == code::unavailable);
    CHECK(second.heard->ends() == 1);
}

TEST_CASE("a server that fails is left alone for longer and longer, and one sign of life ends that") {
    server_health health;
    auto now = server_health::clock::time_point{} + 1h;
    const std::optional<error> down = fail(code::unavailable, "No."), slow = fail(code::timed_out, "No."),
                               fault = fail(code::invalid_argument, "No."), gone = fail(code::cancelled, "No.");
    CHECK(health.is_up(now));
    health.note(down, now);
    CHECK_FALSE(health.is_up(now + 999ms));
    CHECK(health.is_up(now + 1s));
    health.note(slow, now);
    CHECK_FALSE(health.is_up(now + 1999ms));
    CHECK(health.is_up(now + 2s));
    for (int i = 0; i < 40; ++i) health.note(down, now);
    CHECK_FALSE(health.is_up(now + 9999ms));
    CHECK(health.is_up(now + 10s));
    health.note(gone, now); // nobody waited: says nothing
    CHECK_FALSE(health.is_up(now));
    health.note(fault, now); // it answered
    CHECK(health.is_up(now));
    CHECK(health.failures() == 0);
}
