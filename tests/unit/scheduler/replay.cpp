// A recorded session, replayed: the same drafts at the same rounds give the same rounds, without a clock.
#include <map>

#include <catch2/catch_test_macros.hpp>

#include "harness.hpp"

using namespace tw;

namespace {

// Hands out what was recorded, round by round.
class replayed final : public draft_planner {
  public:
    explicit replayed(std::vector<std::vector<round_record>> sessions) : sessions_(std::move(sessions)) {}
    void open(sequence_id sequence, const sampling_params&, std::span<const std::int32_t>,
              std::span<const std::int32_t>) override {
        next_[sequence] = 0;
    }
    void close(sequence_id) override {}
    std::size_t plan(std::span<draft_seat> seats, std::size_t) override {
        for (auto& seat : seats) {
            const auto& session = sessions_.at(seat.sequence - 1);
            const auto round = next_.at(seat.sequence)++;
            if (round >= session.size()) continue;
            for (const auto token : session[round].draft)
                seat.draft.push_back({.token = token, .source = draft_source::model});
        }
        return 0;
    }
    void learn(std::span<const round_outcome> outcomes, std::size_t rows, double) override {
        if (rows > 0) return;
        for (const auto& each : outcomes) ++next_.at(each.sequence); // the pass that read the prompt was a round too
    }
    [[nodiscard]] drafting_report report() const override { return {}; }

  private:
    std::vector<std::vector<round_record>> sessions_;
    std::map<sequence_id, std::size_t> next_;
};

} // namespace

TEST_CASE("a session recorded under a streaming drafter replays to the round") {
    std::vector<drafter_offer> offers;
    offers.push_back({"toy", [](draft_inbox& inbox, std::size_t index) {
                          return std::make_unique<drafter_thread>(toy_model(R"({"disturb":0.2,"delay_us":120})"), inbox, index);
                      }});
    scheduler live(toy_model(R"({"delay_us":400})"),
                   std::make_unique<speculator>(std::move(offers),
                                                speculator_options{.most = 8, .mode = speculator_options::way::streaming}),
                   {});
    std::vector<std::vector<round_record>> sessions;
    std::vector<generation_result> outcomes;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        auto request = ask(seed, 1, 80);
        request.record_rounds = true;
        outcomes.push_back(run(live, request).outcome);
        sessions.push_back(outcomes.back().rounds);
    }
    scheduler again(toy_model(), std::make_unique<replayed>(sessions), {});
    std::uint64_t accepted = 0;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        auto request = ask(seed, 1, 80);
        request.record_rounds = true;
        const auto got = run(again, request).outcome;
        CHECK(got.tokens == outcomes[seed].tokens);
        REQUIRE(got.rounds.size() == sessions[seed].size());
        for (std::size_t i = 0; i < got.rounds.size(); ++i) {
            CHECK(got.rounds[i].draft == sessions[seed][i].draft);
            CHECK(got.rounds[i].accepted == sessions[seed][i].accepted);
            accepted += got.rounds[i].accepted;
        }
    }
    CHECK(accepted > 0);
}
