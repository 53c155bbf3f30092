// A recorded session, replayed: requests with their seeds, what the drafter had sent before which round, and how long passes
// took give the same rounds, without a drafter and without a clock.
#include <catch2/catch_test_macros.hpp>

#include "harness.hpp"

using namespace tw;

namespace {

struct tape {
    std::vector<std::vector<drafter_event>> arrivals; // before each round
    std::vector<double> seconds;                      // of each pass
};

// A drafter whose replies wait outside until a round begins. Without a model it says what is on the tape.
class deck final : public draft_link {
  public:
    deck(std::unique_ptr<engine> model, draft_inbox& inbox, std::size_t index, tape& on) : inbox_(inbox), index_(index), tape_(on) {
        if (model) drafter_ = std::make_unique<drafter_thread>(std::move(model), outside_, 0);
    }
    void send(drafter_message message) override {
        if (drafter_) drafter_->send(std::move(message));
    }
    [[nodiscard]] std::size_t longest() const override { return 128; }
    void begin_round() {
        if (drafter_) {
            auto& arrived = tape_.arrivals.emplace_back();
            for (auto& each : outside_.take()) arrived.push_back(std::move(each.reply));
        }
        if (round_ == tape_.arrivals.size()) return; // it has gone another way, which the test sees
        for (const auto& each : tape_.arrivals[round_++]) inbox_.put(index_, each);
    }

  private:
    draft_inbox& inbox_;
    std::size_t index_;
    tape& tape_;
    std::size_t round_ = 0;
    draft_inbox outside_;
    std::unique_ptr<drafter_thread> drafter_;
};

// The verifier's side, which hears of the drafter at the beginning of a round only, and of times by the tape. It uses whatever
// has come: whether somebody is worth waiting for is measured by a clock, which no tape holds.
class session final : public draft_planner {
  public:
    session(const char* drafter, tape& on) : tape_(on), records_(drafter != nullptr) {
        std::vector<drafter_offer> offers;
        offers.push_back({"toy", [&](draft_inbox& inbox, std::size_t index) {
                              auto made = std::make_unique<deck>(drafter ? toy_model(drafter) : nullptr, inbox, index, on);
                              deck_ = made.get();
                              return made;
                          }});
        policy_ = std::make_unique<speculator>(std::move(offers),
                                               speculator_options{.most = 8, .always = true,
                                                                  .mode = speculator_options::way::streaming});
    }
    void open(sequence_id sequence, const sampling_params& sampling, std::span<const std::int32_t> prompt,
              std::span<const std::int32_t> prediction) override {
        policy_->open(sequence, sampling, prompt, prediction);
    }
    void close(sequence_id sequence) override { policy_->close(sequence); }
    std::size_t plan(std::span<draft_seat> seats, std::size_t least_rows) override {
        deck_->begin_round();
        return policy_->plan(seats, least_rows);
    }
    void learn(std::span<const round_outcome> outcomes, std::size_t rows, double seconds) override {
        if (records_) tape_.seconds.push_back(seconds);
        policy_->learn(outcomes, rows, pass_ < tape_.seconds.size() ? tape_.seconds[pass_++] : 0);
    }
    [[nodiscard]] drafting_report report() const override { return policy_->report(); }

  private:
    tape& tape_;
    bool records_;
    std::size_t pass_ = 0;
    deck* deck_ = nullptr;
    std::unique_ptr<speculator> policy_;
};

std::vector<generation_result> play(scheduler& with) {
    std::vector<generation_result> out;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        auto request = ask(seed, 1, 80);
        request.record_rounds = true;
        out.push_back(run(with, request).outcome);
    }
    return out;
}

} // namespace

TEST_CASE("a session recorded under a streaming drafter replays to the round, through speculator, inbox and path") {
    tape recording;
    std::vector<generation_result> live, again;
    double acceptance = 0;
    {
        scheduler with(toy_model(R"({"delay_us":400})"),
                       std::make_unique<session>(R"({"disturb":0.2,"delay_us":120})", recording), {});
        live = play(with);
        acceptance = with.planner()->report().drafters.front().acceptance;
    }
    {
        scheduler with(toy_model(), std::make_unique<session>(nullptr, recording), {});
        again = play(with);
        CHECK(with.planner()->report().drafters.front().acceptance == acceptance);
    }
    std::uint64_t accepted = 0;
    for (std::size_t i = 0; i < live.size(); ++i) {
        CHECK(again[i].tokens == live[i].tokens);
        REQUIRE(again[i].rounds.size() == live[i].rounds.size());
        for (std::size_t round = 0; round < live[i].rounds.size(); ++round) {
            CHECK(again[i].rounds[round].draft == live[i].rounds[round].draft);
            CHECK(again[i].rounds[round].accepted == live[i].rounds[round].accepted);
            accepted += live[i].rounds[round].accepted;
        }
    }
    CHECK(accepted > 0);
}
