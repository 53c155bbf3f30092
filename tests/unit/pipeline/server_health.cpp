// Whether a server counts as up: by its requests alone, and with somebody who asks how it is.
#include "pipeline/server_health.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "pipeline/server_probe.hpp"

using namespace tw;
using namespace std::chrono_literals;

namespace {

const std::optional<error> lost = fail(code::unavailable, "Nothing answers."), well{};

class asked_once final : public backend_request {
  public:
    void cancel() override {}
};

/// A server that a test switches on and off, asked how it is.
struct server {
    std::atomic<int> asked{0};
    std::atomic<bool> there{false};
    std::atomic<bool> knows_the_question{true};

    server_probe::ask_function question() {
        return [this](const server_probe::reply_function& done) -> result<std::shared_ptr<backend_request>> {
            ++asked;
            if (!knows_the_question) return fail(code::unsupported, "No.");
            done(there ? result<std::string>("{}") : result<std::string>(*lost));
            return std::shared_ptr<backend_request>(std::make_shared<asked_once>());
        };
    }
};

template <class Condition> bool comes_true(Condition condition) {
    for (int i = 0; i < 10000 && !condition(); ++i) std::this_thread::sleep_for(1ms);
    return condition();
}

} // namespace

TEST_CASE("a failure keeps a server down for a second, each further one for twice as long, ten at most") {
    server_health health;
    const auto now = server_health::clock::now();
    CHECK(health.is_up(now));
    for (const auto pause : {1s, 2s, 4s, 8s, 10s, 10s}) {
        health.note(lost, now);
        CHECK_FALSE(health.is_up(now + pause - 1ms));
        CHECK(health.is_up(now + pause));
    }
    CHECK(health.failures() == 6);
    health.note(fail(code::cancelled, "x"), now); // says nothing
    CHECK(health.failures() == 6);
    health.note(fail(code::context_overflow, "x"), now);
    CHECK(health.is_up(now));
    CHECK(health.failures() == 0);
    for (const auto bad : {code::timed_out, code::corrupt, code::denied}) {
        health.note(fail(bad, "x"), now);
        CHECK_FALSE(health.is_up(now));
        health.note(well, now);
    }
    health.note(fail(code::busy, "x"), now); // it is there
    CHECK(health.is_up(now));
}

TEST_CASE("a server that was not reached is asked, and is down until it answers") {
    server far;
    const auto health = std::make_shared<server_health>();
    const server_probe probe("far", health, far.question());
    CHECK(health->is_up());
    health->note(lost, server_health::clock::now() - 1s); // its pause is over
    REQUIRE(comes_true([&] { return far.asked > 0; }));
    REQUIRE(comes_true([&] { return health->failures() > 1; }));
    CHECK_FALSE(health->is_up(server_health::clock::now() + 1h));
    far.there = true;
    REQUIRE(comes_true([&] { return health->is_up(); }));
    CHECK(health->failures() == 0);
}

TEST_CASE("a server whose plugin knows no such question is found out by the next request") {
    server far;
    far.knows_the_question = false;
    const auto health = std::make_shared<server_health>();
    const server_probe probe("far", health, far.question());
    health->note(lost, server_health::clock::now() - 1s);
    REQUIRE(comes_true([&] { return far.asked == 1 && health->is_up(); }));
    health->note(lost);
    CHECK_FALSE(health->is_up());
    CHECK(health->is_up(server_health::clock::now() + 2s)); // the second one
}

TEST_CASE("a question that is never answered does not keep the probe from ending") {
    struct patient final : backend_request {
        explicit patient(server_probe::reply_function to) : done(std::move(to)) {}
        void cancel() override { done(fail(code::cancelled, "Cancelled.")); }
        server_probe::reply_function done;
    };
    std::atomic<bool> asked{false};
    const auto health = std::make_shared<server_health>();
    {
        const server_probe probe("far", health, [&](server_probe::reply_function done) -> result<std::shared_ptr<backend_request>> {
            asked = true;
            return std::shared_ptr<backend_request>(std::make_shared<patient>(std::move(done)));
        });
        health->note(lost, server_health::clock::now() - 1s);
        REQUIRE(comes_true([&] { return asked.load(); }));
    }
    CHECK(health->failures() == 1);
}
