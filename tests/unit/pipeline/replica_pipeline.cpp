// Answers over several replicas: who gets them, how they move, and that they end once.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "pipeline/replica_pipeline.hpp"
#include "unit/pipeline/scripted_pipeline.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

namespace {

struct told final : generation_sink {
    std::mutex mutex;
    std::condition_variable changed;
    std::string all;
    std::vector<generation_result> ends;
    bool late = false;
    std::atomic<int> inside = 0;
    std::atomic<bool> overlap = false;

    struct visit {
        explicit visit(told& which) : whose(which) {
            if (whose.inside++ > 0) whose.overlap = true;
        }
        ~visit() { --whose.inside; }
        told& whose;
    };
    void text(std::string_view piece) override {
        const visit here(*this);
        const std::lock_guard lock(mutex);
        if (!ends.empty()) late = true;
        all += piece;
        changed.notify_all();
    }
    void call(tool_call_piece piece) override {
        const visit here(*this);
        const std::lock_guard lock(mutex);
        if (!ends.empty()) late = true;
        all += '[' + piece.more.name + ']';
    }
    void done(generation_result outcome) override {
        const visit here(*this);
        const std::lock_guard lock(mutex);
        ends.push_back(std::move(outcome));
        changed.notify_all();
    }
    generation_result wait() {
        std::unique_lock lock(mutex);
        REQUIRE(changed.wait_for(lock, 10s, [this] { return !ends.empty(); }));
        return ends.front();
    }
    std::string said() {
        const std::lock_guard lock(mutex);
        return all;
    }
};

/// Up to three replicas whose digests and presence a test sets.
struct fleet {
    explicit fleet(failover policy, std::size_t count = 2, std::array<std::string, 3> digests_ = {"d", "d", "d"},
                   bool in_order = false)
        : digests(std::move(digests_)) {
        for (std::size_t i = 0; i < count; ++i)
            machines.push_back(std::make_shared<scripted_pipeline>(std::string(1, static_cast<char>('a' + i))));
        std::vector<replica> all;
        for (std::size_t i = 0; i < count; ++i)
            all.push_back({machines[i]->name(), machines[i], [this, i] { return up[i].load(); },
                           [this, i] { return digests[i]; }});
        models = std::make_unique<replica_pipeline>("chat", std::vector<std::string>{"model"}, std::move(all), policy,
                                                    in_order);
    }

    std::vector<std::shared_ptr<scripted_pipeline>> machines;
    std::array<std::atomic<bool>, 3> up{true, true, true};
    std::array<std::string, 3> digests;
    std::unique_ptr<replica_pipeline> models;

    scripted_pipeline& a() { return *machines[0]; }
    scripted_pipeline& b() { return *machines[1]; }
    scripted_pipeline& c() { return *machines[2]; }
};

generation_request asks(std::variant<std::vector<chat_message>, std::string, token_ids> input = std::string("tell|")) {
    generation_request request;
    request.input = std::move(input);
    request.sampling.seed = 7;
    return request;
}

struct outcome {
    std::string text;
    generation_result result;
};

outcome ask(fleet& all, generation_request request = asks()) {
    auto sink = std::make_shared<told>();
    REQUIRE(all.models->start(std::move(request), sink).has_value());
    auto result = sink->wait();
    return {sink->said(), std::move(result)};
}

script failing(std::size_t after, tw::code with = code::unavailable) {
    script out;
    out.fail_after = after;
    out.fails_with = with;
    return out;
}

script refusing(tw::code why, std::chrono::milliseconds retry_after = 0ms) {
    script out;
    out.refuse = error{.code = why, .message = "No.", .retry_after = retry_after};
    return out;
}

script hanging(std::size_t after) {
    script out;
    out.hang_after = after;
    return out;
}

const std::string whole = story("tell", 7);

} // namespace

TEST_CASE("an answer goes to the first replica, and to the next when it is down or refuses") {
    fleet all(failover::same_bytes);
    CHECK(ask(all).text == whole);
    CHECK(all.a().requests().size() == 1);
    all.up[0] = false;
    CHECK(ask(all).text == whole);
    CHECK(all.b().requests().size() == 1);
    all.up[0] = true;
    for (const auto why : {code::busy, code::unavailable}) {
        all.a().plays(refusing(why));
        const auto got = ask(all);
        CHECK(got.text == whole);
        CHECK(got.result.continued_on.empty());
    }
    CHECK(all.models->status()["moves"] == 0);
}

TEST_CASE("when all refuse, the last refusal comes back with the soonest time to retry") {
    fleet all(failover::same_bytes, 3);
    all.a().plays(refusing(code::busy, 700ms));
    all.b().plays(refusing(code::busy, 300ms));
    all.c().plays(refusing(code::unavailable));
    const auto sink = std::make_shared<told>();
    const auto got = all.models->start(asks(), sink);
    REQUIRE(got.has_error());
    CHECK(got.error().code == code::unavailable);
    CHECK(got.error().retry_after == 300ms);
    CHECK(sink->ends.empty());
}

TEST_CASE("a refusal that is the request's own fault is not tried elsewhere") {
    fleet all(failover::any);
    all.a().plays(refusing(code::context_overflow));
    const auto got = all.models->start(asks(), std::make_shared<told>());
    REQUIRE(got.has_error());
    CHECK(got.error().code == code::context_overflow);
    CHECK(all.b().requests().empty());
}

TEST_CASE("with no replica up the refusal names them all") {
    fleet all(failover::same_bytes);
    all.up[0] = all.up[1] = false;
    const auto got = all.models->start(asks(), std::make_shared<told>());
    REQUIRE(got.has_error());
    CHECK(got.error().code == code::unavailable);
    CHECK(got.error().message == "No replica of pipeline \"chat\" is up (\"a\", \"b\"). Start one of these machines, or "
                                 "see /v1/tightwad/status for what is wrong.");
}

TEST_CASE("answers spread over replicas by load") {
    fleet all(failover::same_bytes);
    for (auto& each : all.machines) each->plays(hanging(1));
    std::vector<std::shared_ptr<told>> sinks;
    for (int i = 0; i < 6; ++i) {
        sinks.push_back(std::make_shared<told>());
        REQUIRE(all.models->start(asks("question " + std::to_string(i) + '|'), sinks.back()).has_value());
    }
    CHECK(all.a().requests().size() == 3);
    CHECK(all.b().requests().size() == 3);
    CHECK(all.models->status()["replicas"][0]["running"] == 3);
    all.models.reset(); // cancels them
    for (auto& sink : sinks) CHECK(sink->wait().reason == finish_reason::cancelled);
}

TEST_CASE("a prompt goes where its beginning was, unless that replica is the busier by two") {
    fleet all(failover::same_bytes);
    const std::string beginning(300, 'x');
    all.up[0] = false;
    (void)ask(all, asks(beginning + "one|"));
    all.up[0] = true;
    (void)ask(all, asks(beginning + "two|"));
    CHECK(all.b().requests().size() == 2);
    (void)ask(all, asks(std::string(200, 'x') + "too short a beginning|"));
    CHECK(all.a().requests().size() == 1);

    all.b().plays(hanging(1));
    auto first = std::make_shared<told>(), second = std::make_shared<told>();
    REQUIRE(all.models->start(asks(beginning + "three|"), first).has_value());
    REQUIRE(all.models->start(asks(beginning + "four|"), second).has_value());
    CHECK(all.b().requests().size() == 4);
    (void)ask(all, asks(beginning + "five|"));
    CHECK(all.a().requests().size() == 2);
}

TEST_CASE("the same beginning as text and as chat are two") {
    prompt_memory memory;
    const std::string long_text(640, 'x');
    memory.remember(chain_of(asks(long_text)));
    CHECK(memory.shared(chain_of(asks(long_text))) == 640);
    CHECK(memory.shared(chain_of(asks(long_text.substr(0, 400)))) == 384);
    CHECK(memory.shared(chain_of(asks(std::vector<chat_message>{{"user", long_text}}))) == 0);
    memory.remember(chain_of(asks(std::string(1U << 20U, 'y'))));
    CHECK(memory.shared(chain_of(asks(std::string(2U << 20U, 'y')))) == 64U << 10U);
    for (char c = '!'; c < '!' + 32; ++c) memory.remember(chain_of(asks(std::string(256, c))));
    CHECK(memory.shared(chain_of(asks(long_text))) == 0); // 32 others came since
}

TEST_CASE("a lost answer goes on elsewhere with the same bytes, seed and prediction") {
    for (const auto code : {code::unavailable, code::timed_out}) {
        for (const std::size_t after : {0U, 1U, 7U, 20U}) {
            fleet all(failover::same_bytes);
            all.a().plays(failing(after, code));
            const auto got = ask(all);
            CHECK(got.text == whole);
            CHECK(got.result.reason == finish_reason::stop);
            CHECK(got.result.completion_tokens == 20);
            CHECK(got.result.stats.tokens == 20);
            CHECK(got.result.stats.rounds == 20 + after);
            CHECK(got.result.stats.verify_s == 1.0);
            CHECK(got.result.continued_on.empty());
            const auto again = all.b().requests().at(0);
            CHECK(again.sampling.seed == 7);
            CHECK(again.prediction == story("tell", 7, after));
            CHECK(all.models->status()["moves"] == 1);
        }
    }
}

TEST_CASE("a client's own prediction stays when it begins with what was said") {
    fleet all(failover::same_bytes);
    all.a().plays(failing(3));
    auto right = asks();
    right.prediction = whole + "and more";
    (void)ask(all, right);
    CHECK(all.b().requests().at(0).prediction == right.prediction);
    auto wrong = asks();
    wrong.prediction = "something else";
    (void)ask(all, wrong);
    CHECK(all.b().requests().at(1).prediction == story("tell", 7, 3));
}

TEST_CASE("same_bytes takes an equal digest only, and reads it anew") {
    fleet all(failover::same_bytes, 3, {"d", "e", "d"});
    all.a().plays(failing(4));
    CHECK(ask(all).text == whole);
    CHECK(all.b().requests().empty());
    CHECK(all.c().requests().size() == 1);

    all.digests[2] = "f"; // another machine came back under its name
    const auto none = ask(all);
    CHECK(none.result.reason == finish_reason::failed);
    CHECK(none.result.failure->code == code::unavailable);
    CHECK(none.result.failure->message ==
          "Replica \"a\" was lost after " + std::to_string(story("tell", 7, 4).size()) +
              " bytes of the answer (The link to a broke.), and no other one goes on: Of the 3 replicas of pipeline "
              "\"chat\" (\"a\", \"b\", \"c\") no other one that is up has the same exactness digest. Ask again.");
    CHECK(none.text == story("tell", 7, 4));
    CHECK(none.result.completion_tokens == 4);

    all.digests = {"", "", ""};
    CHECK(ask(all).result.failure->code == code::unavailable);
    CHECK(all.b().requests().empty());
}

TEST_CASE("before the first text any replica will do") {
    fleet all(failover::same_bytes, 2, {"d", "e", ""});
    all.a().plays(failing(0));
    const auto got = ask(all);
    CHECK(got.text == whole);
    CHECK(got.result.continued_on.empty());
}

TEST_CASE("a replica of equal digest that says something else ends the answer") {
    script other, shorter;
    other.differs_at = 2;
    shorter.stops_after = 3;
    for (const auto& how : {other, shorter}) {
        fleet all(failover::same_bytes);
        all.a().plays(failing(5));
        all.b().plays(how);
        const auto got = ask(all);
        CHECK(got.text == story("tell", 7, 5));
        CHECK(got.result.reason == finish_reason::failed);
        CHECK(got.result.failure->code == code::corrupt);
        CHECK(got.result.failure->message.find("\"b\" gives another text from byte") != std::string::npos);
    }
}

TEST_CASE("with `any` an unequal digest is marked, an equal one is preferred and not marked") {
    fleet marked(failover::any, 2, {"d", "e", ""});
    marked.a().plays(failing(4));
    const auto got = ask(marked);
    CHECK(got.text == whole);
    CHECK(got.result.continued_on == "b");

    fleet unknown(failover::any, 2, {"", "", ""});
    unknown.a().plays(failing(4));
    CHECK(ask(unknown).result.continued_on == "b");

    fleet equal(failover::any, 3, {"d", "e", "d"});
    equal.a().plays(failing(4));
    CHECK(ask(equal).result.continued_on.empty());
    CHECK(equal.b().requests().empty());
}

TEST_CASE("with `any` a text prompt goes on behind what was delivered when the other says something else") {
    for (const bool counts : {true, false}) {
        fleet all(failover::any, 2, {"d", "e", ""});
        auto lost = failing(5);
        lost.counts = counts;
        all.a().plays(lost);
        script other;
        other.differs_at = 3;
        all.b().plays(other);
        auto request = asks();
        request.max_tokens = 12;
        const auto got = ask(all, request);
        CHECK(got.text.starts_with(story("tell", 7, 5) + "other"));
        CHECK(std::count(got.text.begin(), got.text.end(), ' ') == 12);
        CHECK(got.result.reason == finish_reason::length);
        CHECK(got.result.completion_tokens == 12);
        CHECK(got.result.prompt_tokens == 5);
        CHECK(got.result.continued_on == "b");
        const auto asked = all.b().requests(2);
        CHECK(std::get<std::string>(asked.at(1).input) == "tell|" + story("tell", 7, 5));
        CHECK(asked.at(1).max_tokens == 7);
    }
}

TEST_CASE("a continued answer that is lost again goes on behind both parts") {
    fleet all(failover::any, 2, {"d", "e", ""});
    all.a().plays(std::vector{failing(5), script{}});
    auto other = failing(9);
    other.differs_at = 3;
    all.b().plays(other);
    const auto got = ask(all);
    CHECK(got.result.reason == finish_reason::stop);
    CHECK(got.text.starts_with(story("tell", 7, 5) + "other"));
    CHECK(got.text.ends_with(whole.substr(story("tell", 7, 14).size())));
    CHECK(got.result.completion_tokens == 20);
    CHECK(got.result.prompt_tokens == 5);
    CHECK(got.result.continued_on == "a");
    CHECK(all.models->status()["moves"] == 2);
}

TEST_CASE("when nothing is left of max_tokens, a continuation is not asked for") {
    fleet all(failover::any, 2, {"d", "e", ""});
    all.a().plays(failing(5));
    script other;
    other.differs_at = 3;
    all.b().plays(other);
    auto request = asks();
    request.max_tokens = 5;
    const auto got = ask(all, request);
    CHECK(got.text == story("tell", 7, 5));
    CHECK(got.result.reason == finish_reason::length);
    CHECK(got.result.completion_tokens == 5);
    CHECK(all.b().requests().size() == 1);
}

TEST_CASE("with `any` a chat and token ids end with an error where the other says something else") {
    script other;
    other.differs_at = 3;
    for (auto input : {asks(std::vector<chat_message>{{"user", "hello"}}), asks(token_ids{1, 2, 3})}) {
        fleet all(failover::any, 2, {"d", "e", ""});
        all.a().plays(failing(5));
        all.b().plays(other);
        const auto got = ask(all, input);
        CHECK(got.result.reason == finish_reason::failed);
        CHECK(got.result.failure->code == code::unavailable);
        CHECK(got.result.failure->message.ends_with("only an answer to a prompt in text can be continued from there. Ask again."));
    }
}

TEST_CASE("with `none` the loss itself is delivered") {
    fleet all(failover::none);
    all.a().plays(failing(4));
    const auto got = ask(all);
    CHECK(got.text == story("tell", 7, 4));
    CHECK(got.result.failure->message == "The link to a broke.");
    CHECK(all.b().requests().empty());
}

TEST_CASE("a replica that refuses before its first word is passed over, whatever the policy, and left alone as long as it asked") {
    for (const auto code : {code::busy, code::corrupt, code::denied, code::not_found}) {
        fleet all(failover::none, 3);
        auto refuses = failing(0, code);
        refuses.retry_after = 30s;
        all.a().plays(refuses);
        all.b().plays(refuses);
        const auto got = ask(all);
        CHECK(got.text == whole);
        CHECK(got.result.reason == finish_reason::stop);
        CHECK(got.result.continued_on.empty());
        CHECK(all.models->status()["moves"] == 0);
        if (code != code::busy) continue;
        CHECK(ask(all).text == whole);
        CHECK(all.a().requests().size() == 1); // it said when to come back
        CHECK(all.c().requests().size() == 2);
    }
}

TEST_CASE("in order, the first one's pause is kept, too") {
    fleet all(failover::same_bytes, 2, {"d", "d", "d"}, true);
    auto refuses = failing(0, code::busy);
    refuses.retry_after = 30s;
    all.a().plays(std::vector{refuses, script{}});
    for (int i = 0; i < 3; ++i) CHECK(ask(all).text == whole);
    CHECK(all.a().requests().size() == 1);
    CHECK(all.b().requests().size() == 3);
}

TEST_CASE("when all refuse before their first word, what a later try may not meet comes back, with the soonest advice") {
    fleet all(failover::same_bytes, 3);
    auto busy = failing(0, code::busy);
    busy.retry_after = 7s;
    all.a().plays(busy);
    busy.retry_after = 3s;
    all.b().plays(busy);
    all.c().plays(failing(0, code::denied));
    const auto got = ask(all);
    CHECK(got.text.empty());
    REQUIRE(got.result.failure);
    CHECK(got.result.failure->code == code::busy);
    CHECK(got.result.failure->message == "The link to b broke.");
    CHECK(got.result.failure->retry_after == 3s);
    for (const auto& each : all.machines) CHECK(each->requests().size() == 1);
}

TEST_CASE("a refusal behind the first word ends the answer") {
    fleet all(failover::any);
    all.a().plays(failing(4, code::busy));
    const auto got = ask(all);
    CHECK(got.text == story("tell", 7, 4));
    CHECK(got.result.failure->code == code::busy);
    CHECK(all.b().requests().empty());
}

TEST_CASE("an answer that may call tools, or has log probabilities, moves before its first word only") {
    auto with_tools = asks();
    with_tools.tools.functions = R"([{"type":"function","function":{"name":"f"}}])";
    auto with_logprobs = asks();
    with_logprobs.top_logprobs = 1;
    for (const auto& request : {with_tools, with_logprobs}) {
        fleet all(failover::any);
        all.a().plays(std::vector{failing(0), failing(3)});
        CHECK(ask(all, request).text == whole);
        all.up[1] = false;
        const auto got = ask(all, request);
        CHECK(got.text == story("tell", 7, 3));
        CHECK(got.result.failure->message == "The link to a broke.");
        CHECK(all.b().requests().size() == 1);
    }
}

TEST_CASE("once a tool was called the answer stays") {
    fleet all(failover::any);
    auto calls = failing(3);
    calls.calls_after = 0;
    all.a().plays(calls);
    auto request = asks();
    request.tools.functions = R"([{"type":"function","function":{"name":"f"}}])";
    const auto got = ask(all, request);
    CHECK(got.text == "[f]" + story("tell", 7, 3));
    CHECK(got.result.reason == finish_reason::failed);
    CHECK(all.b().requests().empty());
}

TEST_CASE("a replica that cannot do what is asked leaves it to one that can") {
    fleet all(failover::same_bytes);
    all.a().plays(refusing(code::unsupported));
    CHECK(ask(all).text == whole);
    all.b().plays(refusing(code::unsupported));
    const auto none = all.models->start(asks(), std::make_shared<told>());
    REQUIRE(none.has_error());
    CHECK(none.error().code == code::unsupported);
}

TEST_CASE("an error that another machine would make too is delivered as it is") {
    fleet all(failover::same_bytes);
    all.a().plays(failing(4, code::internal));
    CHECK(ask(all).result.failure->message == "The link to a broke.");
    CHECK(all.b().requests().empty());
}

TEST_CASE("an answer moves three times and no more") {
    fleet all(failover::same_bytes);
    for (auto& each : all.machines) each->plays(failing(4));
    const auto got = ask(all);
    CHECK(got.text == story("tell", 7, 4));
    CHECK(got.result.reason == finish_reason::failed);
    CHECK(got.result.failure->message.find("after 3 moves") != std::string::npos);
    CHECK(all.a().requests().size() == 2);
    CHECK(all.b().requests().size() == 2);
    CHECK(all.models->status()["moves"] == 3);
}

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

TEST_CASE("the status is that of the first replica that is up, and names all") {
    fleet all(failover::any, 2, {"d", "", ""});
    all.up[0] = false;
    const auto status = all.models->status();
    CHECK(status["name"] == "chat");
    CHECK(status["serves"] == nlohmann::json::array({"model"}));
    CHECK(status["of"] == "b");
    CHECK(status["slots"]["total"] == 4);
    CHECK(status["failover"] == "any");
    CHECK(status["moves"] == 0);
    REQUIRE(status["replicas"].size() == 2);
    CHECK(status["replicas"][0]["up"] == false);
    CHECK(status["replicas"][0]["exactness_known"] == true);
    CHECK(status["replicas"][1]["exactness_known"] == false);
    CHECK(status["replicas"][1]["status"]["of"] == "b");
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
