// Drafters that come and go while answers run: the bytes stay, the drafts come from who is there.
#include <atomic>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "harness.hpp"

using namespace tw;

namespace {

// A drafter behind a line that can be cut.
class line final : public draft_link {
  public:
    line(const std::string& options, draft_inbox& inbox, std::size_t index)
        : inbox_(inbox), index_(index), drafter_(toy_model(options), inbox, index) {}
    void send(drafter_message message) override {
        const auto* open = std::get_if<draft_open>(&message);
        if (open != nullptr && open->sequence < 1000) ++opened; // not what it is measured with
        const auto* close = std::get_if<draft_close>(&message);
        if (close != nullptr && close->sequence < 1000) ++closed;
        if (!cut_) drafter_.send(std::move(message));
    }
    [[nodiscard]] std::size_t longest() const override { return cut_ ? 0 : drafter_.longest(); }
    void cut(bool on) {
        cut_ = on;
        if (on) inbox_.put(index_, drafter_away{"The line is cut."});
        else inbox_.put(index_, drafter_back{});
    }

    std::atomic<int> opened{0}, closed{0};

  private:
    draft_inbox& inbox_;
    std::size_t index_;
    std::atomic<bool> cut_{false};
    drafter_thread drafter_;
};

// Remembers the line that was made of it.
drafter_offer offer(const std::string& name, const std::string& options, line*& made, bool fallback = false) {
    return {name, [options, &made](draft_inbox& inbox, std::size_t index) {
                auto link = std::make_unique<line>(options, inbox, index);
                made = link.get();
                return link;
            }, fallback};
}

constexpr speculator_options streaming{.most = 8, .always = false, .mode = speculator_options::way::streaming};

struct served {
    explicit served(speculator_options options, const std::string& target = R"({"delay_us":1000})") {
        auto planner = std::make_unique<speculator>(std::vector<drafter_offer>{}, options);
        drafters = planner.get();
        with = std::make_unique<scheduler>(toy_model(target), std::move(planner), scheduler_options{});
    }
    speculator* drafters;
    std::unique_ptr<scheduler> with;
    std::vector<line*> lines = std::vector<line*>(4, nullptr);
};

sequence_request endless(std::uint64_t seed, std::int32_t tokens = 150) {
    auto request = ask(seed, 1, tokens);
    request.sampling.logit_bias = {{1, -100.0F}};
    return request;
}

std::uint64_t by_models(const generation_result& result) {
    return result.stats.sources[static_cast<std::size_t>(draft_source::model)].accepted;
}

} // namespace

TEST_CASE("a drafter joins while answers run, drafts for them, and leaves again") {
    scheduler alone(toy_model(), nullptr, {});
    served it(streaming);
    for (std::uint64_t round = 0; round < 6; ++round) {
        auto sink = std::make_shared<collected>();
        REQUIRE(it.with->submit(endless(round), sink).has_value());
        sink->began.wait();
        const auto ticket = it.drafters->join(offer("late", R"({"delay_us":50})", it.lines[0]));
        const auto got = sink->result.get();
        CHECK(got.tokens == run(alone, endless(round)).outcome.tokens);
        CHECK(by_models(got) > 20);
        it.drafters->leave(ticket);
        CHECK(it.drafters->report().drafters.empty());
    }
    const auto without = run(*it.with, endless(9)).outcome;
    CHECK(by_models(without) == 0);
    CHECK(without.tokens == run(alone, endless(9)).outcome.tokens);
}

TEST_CASE("a drafter that is away is not asked, and goes on where it can when it is back") {
    scheduler alone(toy_model(), nullptr, {});
    served it(streaming);
    static_cast<void>(it.drafters->join(offer("far", R"({"delay_us":50})", it.lines[0])));
    for (std::uint64_t round = 0; round < 6; ++round) {
        auto sink = std::make_shared<collected>();
        REQUIRE(it.with->submit(endless(round), sink).has_value());
        sink->began.wait();
        it.lines[0]->cut(true);
        std::this_thread::sleep_for(std::chrono::milliseconds(10 * round)); // some of the answer goes by
        it.lines[0]->cut(false);
        const auto got = sink->result.get();
        CHECK(got.tokens == run(alone, endless(round)).outcome.tokens);
        CHECK(by_models(got) > 0);
    }
    it.lines[0]->cut(true);
    CHECK(by_models(run(*it.with, endless(7)).outcome) == 0);
    CHECK_FALSE(it.drafters->report().drafters.front().here);
}

TEST_CASE("a fallback drafts only while no other can") {
    served it(streaming);
    static_cast<void>(it.drafters->join(offer("first", R"({"delay_us":50})", it.lines[0])));
    static_cast<void>(it.drafters->join(offer("second", R"({"delay_us":50})", it.lines[1], true)));
    static_cast<void>(run(*it.with, endless(1)));
    CHECK(it.lines[0]->opened == 1);
    CHECK(it.lines[1]->opened == 0);
    it.lines[0]->cut(true);
    CHECK(by_models(run(*it.with, endless(2)).outcome) > 20);
    CHECK(it.lines[1]->opened == 1);
    it.lines[0]->cut(false);
    static_cast<void>(run(*it.with, endless(3)));
    CHECK(it.lines[1]->opened == 1);
}

TEST_CASE("who goes away in mid-answer leaves nothing open at the drafter") {
    served it(streaming);
    static_cast<void>(it.drafters->join(offer("near", R"({"delay_us":50})", it.lines[0])));
    auto sink = std::make_shared<collected>();
    const auto running = it.with->submit(endless(1, 100000), sink);
    REQUIRE(running.has_value());
    sink->began.wait();
    while (it.lines[0]->opened == 0) std::this_thread::yield();
    (*running)->cancel();
    CHECK(sink->result.get().reason == finish_reason::cancelled);
    CHECK(it.lines[0]->opened == 1);
    CHECK(it.lines[0]->closed == 1);
}

TEST_CASE("a drafter with fewer slots than answers is told so now and then, not in every round") {
    scheduler alone(toy_model(), nullptr, {});
    served it(streaming);
    static_cast<void>(it.drafters->join(offer("small", R"({"slots":1,"delay_us":50})", it.lines[0])));
    std::vector<std::shared_ptr<collected>> sinks;
    for (std::uint64_t i = 0; i < 4; ++i) {
        sinks.push_back(std::make_shared<collected>());
        REQUIRE(it.with->submit(endless(i), sinks.back()).has_value());
    }
    for (std::uint64_t i = 0; i < 4; ++i)
        CHECK(sinks[i]->result.get().tokens == run(alone, endless(i)).outcome.tokens);
    CHECK(it.lines[0]->opened < 50);
}

TEST_CASE("a newcomer is measured as soon as nobody waits for an answer") {
    served it({.most = 8});
    static_cast<void>(it.drafters->join(offer("new", R"({"delay_us":2000})", it.lines[0])));
    it.lines[0]->cut(false);
    REQUIRE(it.drafters->report().drafters.size() == 1); // also while it is measured
    const auto measured = [&] { return it.drafters->report().drafters.front().contention > 0; };
    for (int i = 0; i < 2000 && !measured(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK(measured());
    CHECK(it.drafters->report().drafters.front().token_s > 0.002);
    scheduler alone(toy_model(), nullptr, {});
    CHECK(run(*it.with, endless(3)).outcome.tokens == run(alone, endless(3)).outcome.tokens);
}
