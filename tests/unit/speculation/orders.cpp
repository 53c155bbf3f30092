// What a verifier orders of a drafter and makes of what comes back: played drafters, and passes whose time is only said.
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "speculation/speculator.hpp"
#include "unit/scheduler/harness.hpp"

using namespace tw;

namespace {

using ids = std::vector<std::int32_t>;
using tell = std::function<void(drafter_event)>;
using part = std::function<void(const draft_order&, const tell&)>; // what the drafter does with an order

class played final : public draft_link {
  public:
    played(draft_inbox& inbox, std::size_t index, part play)
        : play_(std::move(play)), tell_([&inbox, index](drafter_event event) { inbox.put(index, std::move(event)); }) {}
    void send(drafter_message message) override {
        if (const auto* order = std::get_if<draft_order>(&message)) play_(*order, tell_);
    }
    [[nodiscard]] std::size_t longest() const override { return 64; }

  private:
    part play_;
    tell tell_;
};

std::vector<drafter_offer> offers(part play) {
    std::vector<drafter_offer> out;
    out.push_back({"played", [play = std::move(play)](draft_inbox& inbox, std::size_t index) {
                       return std::make_unique<played>(inbox, index, play);
                   }});
    return out;
}

constexpr sequence_id one = 1;

void say(speculator& to, const ids& picked, std::size_t rows, double seconds) {
    const round_outcome outcome{one, picked, picked};
    to.learn({&outcome, 1}, rows, seconds);
}

draft_batch batch(const draft_order& order, const ids& tokens, float seconds) {
    draft_batch out{.sequence = order.sequence, .epoch = order.epoch, .base = order.base, .prefix = order.prefix,
                    .tokens = {}, .complete = true, .seconds = seconds};
    for (const auto token : tokens) out.tokens.push_back({token, grades - 1});
    return out;
}

constexpr speculator_options waiting{.most = 8, .mode = speculator_options::way::synchronous};

} // namespace

TEST_CASE("an audit that is said again does not end the wait for drafts") {
    std::vector<std::thread> drafting;
    std::int32_t next = 1000;
    speculator verifier(offers([&](const draft_order& order, const tell& out) {
                            if (order.audit) {
                                out(draft_audit{one, order.epoch, std::vector<audit_entry>(20, {grades - 1, true}), true});
                                return;
                            }
                            out(draft_audit{one, order.epoch, {}, true});
                            drafting.emplace_back([=] { out(batch(order, {next, next + 1, next + 2}, 0.375F)); });
                        }),
                        waiting);
    const ids prompt{0, 2, 3, 4};
    verifier.open(one, {}, prompt, {});
    say(verifier, {10, 11, 12, 13, 14, 15, 16, 17}, 1, 1.0); // a step takes a second, so the drafter is waited for long
    for (int round = 0; round < 20; ++round) {
        std::vector<draft_seat> seats{{.sequence = one, .most = 8, .left = 100, .draft = {}}};
        static_cast<void>(verifier.plan(seats, 1));
        const auto& draft = seats.front().draft;
        CHECK(draft.size() == 3);
        CHECK((draft.empty() || draft.front().token == next));
        say(verifier, {next, next + 1, next + 2, next + 3}, 4, 1.0);
        next += 4;
    }
    for (auto& each : drafting) each.join();
}

TEST_CASE("a late audit does not end the wait for the next one") {
    std::vector<std::thread> listening;
    speculator verifier(offers([&](const draft_order& order, const tell& out) {
                            if (!order.audit) return out(batch(order, {}, 0.001F));
                            out(draft_audit{one, order.epoch - 1, {}, true});
                            listening.emplace_back([=] {
                                std::this_thread::sleep_for(std::chrono::milliseconds(20)); // judging takes its time
                                out(draft_audit{one, order.epoch, std::vector<audit_entry>(20, {grades - 1, true}), true});
                            });
                        }),
                        waiting);
    const ids prompt{0, 2, 3, 4};
    verifier.open(one, {}, prompt, {});
    say(verifier, {10, 11, 12, 13, 14, 15, 16, 17}, 1, 1.0); // a step takes a second, so the drafter is waited for long
    for (int round = 0; round < 20 && listening.empty(); ++round) {
        std::vector<draft_seat> seats{{.sequence = one, .most = 8, .left = 100, .draft = {}}};
        static_cast<void>(verifier.plan(seats, 1));
        CHECK((listening.empty() || verifier.report().drafters.front().observations > 19));
        say(verifier, {18 + round}, 1, 1.0);
    }
    REQUIRE(listening.size() == 1);
    for (auto& each : listening) each.join();
}

TEST_CASE("a drafter drafts when eight tokens were compared") {
    std::size_t listened = 0, asked = 0;
    speculator verifier(offers([&](const draft_order& order, const tell& out) {
                            if (order.audit) {
                                ++listened;
                                out(draft_audit{one, order.epoch, std::vector<audit_entry>(8, {grades - 1, true}), true});
                                return;
                            }
                            ++asked;
                            out(batch(order, {20, 21}, 0.001F));
                        }),
                        waiting);
    verifier.open(one, {}, ids{0, 2, 3, 4}, {});
    say(verifier, {10, 11, 12, 13, 14, 15, 16, 17}, 1, 1.0);
    std::vector<draft_seat> seats{{.sequence = one, .most = 8, .left = 100, .draft = {}}};
    static_cast<void>(verifier.plan(seats, 1));
    CHECK(listened == 1);
    CHECK(asked == 1);
}

TEST_CASE("the first pass of a shape is no measurement, and where it took long passes have shapes that were there before") {
    speculator verifier(offers([](const draft_order& order, const tell& out) { out(batch(order, {20, 21, 22, 23, 24, 25}, 0.001F)); }),
                        {.most = 6, .always = true, .mode = speculator_options::way::synchronous,
                         .passes = speculator_options::shape::follows});
    verifier.calibrate(*toy_model());
    const auto measured = verifier.report().times;
    REQUIRE(measured.contains(8));
    REQUIRE_FALSE(measured.contains(7)); // six drafts and a token
    verifier.open(one, {}, ids{0, 2, 3, 4}, {});
    const auto planned = [&] {
        std::vector<draft_seat> seats{{.sequence = one, .most = 6, .left = 100, .draft = {}}};
        const auto rows = verifier.plan(seats, 1);
        CHECK(seats.front().draft.size() == 6);
        say(verifier, {30}, std::max<std::size_t>(rows, 7), 100); // far longer than all that was measured
        return rows;
    };
    say(verifier, {30}, 10, 1000);
    CHECK(verifier.report().times == measured);
    CHECK(planned() == 8);
    CHECK(verifier.report().times.at(8) > measured.at(8));
    say(verifier, {30}, 10, 1000);
    CHECK(verifier.report().times.contains(10));
    CHECK(planned() == 8);
    say(verifier, {30}, 7, 1);
    CHECK(planned() == 7); // it is there now
}

TEST_CASE("a stream is asked for no more than the answer can still take") {
    std::vector<std::size_t> wanted;
    speculator verifier(offers([&](const draft_order& order, const tell&) { wanted.push_back(order.want); }),
                        {.most = 8, .mode = speculator_options::way::streaming});
    const ids prompt{0, 2, 3, 4};
    verifier.open(one, {}, prompt, {});
    say(verifier, {10}, 1, 0.01);
    for (const std::size_t left : {100U, 5U, 1U}) {
        std::vector<draft_seat> seats{{.sequence = one, .most = std::min<std::size_t>(left, 3), .left = left, .draft = {}}};
        static_cast<void>(verifier.plan(seats, 1));
        say(verifier, {20 + static_cast<std::int32_t>(left)}, 1, 0.01);
    }
    REQUIRE(wanted.size() == 3);
    CHECK(wanted[0] > 8); // it runs ahead of the pass
    CHECK(wanted[1] == 5);
    CHECK(wanted[2] == 1);
}

TEST_CASE("in a shape class drafting is weighed against the padded step") {
    speculator verifier({}, waiting);
    // One row takes 1 ms and eight take 4.5; every pass has eight. Of five tokens the prediction has four right.
    const ids prompt{0, 2, 3, 4};
    ids truth, prediction;
    for (std::int32_t i = 0; i < 400; ++i) {
        truth.push_back(1000 + i);
        prediction.push_back(i % 5 == 0 ? 5000 + i : 1000 + i);
    }
    verifier.open(one, {}, prompt, prediction);
    for (int i = 0; i < 300; ++i) { // two passes that picked nothing, of an answer that is not drafted for
        const ids other{1};
        const round_outcome outcome{0, other, other};
        verifier.learn({&outcome, 1}, i % 2 == 0 ? 1 : 8, i % 2 == 0 ? 0.001 : 0.0045);
    }
    REQUIRE(verifier.report().times.at(8) / verifier.report().times.at(1) > 4);
    int passes = 0;
    for (std::size_t at = 0; at < truth.size(); ++passes) {
        std::vector<draft_seat> seats{{.sequence = one, .most = 7, .left = truth.size() - at - 1, .draft = {}}};
        seats.front().most = std::min(seats.front().most, seats.front().left);
        static_cast<void>(verifier.plan(seats, 8));
        ids picked;
        for (const auto& each : seats.front().draft) {
            picked.push_back(truth[at++]);
            if (each.token != picked.back()) break;
        }
        const bool stood = picked.size() == seats.front().draft.size() &&
                           (picked.empty() || seats.front().draft.back().token == picked.back());
        if (stood && at < truth.size()) picked.push_back(truth[at++]);
        say(verifier, picked, 8, 0.0045);
    }
    CHECK(passes < 280); // three for five tokens where drafts are used, and all of 400 where they are paused
}

TEST_CASE("what is believed can be read while a drafter is waited for") {
    std::promise<tell> asked;
    std::atomic<bool> told{false};
    speculator verifier(offers([&](const draft_order&, const tell& out) {
                            if (!told.exchange(true)) asked.set_value(out);
                        }),
                        {});
    const auto target = toy_model();
    std::thread measuring([&] { verifier.measure(*target, 0); });
    const auto out = asked.get_future().get(); // it says nothing, and is waited for
    const auto start = steady::now();
    const auto report = verifier.report();
    CHECK(seconds_since(start) < 1);
    REQUIRE(report.drafters.size() == 1);
    CHECK(report.drafters.front().alive);
    out(drafter_failed{"The test ends it."});
    measuring.join();
    CHECK_FALSE(verifier.report().drafters.front().alive);
}
