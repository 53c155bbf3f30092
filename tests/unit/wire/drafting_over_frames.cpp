// A drafter behind frames that are repeated and lost: the answer is the target's, and drafts still help.
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "unit/scheduler/harness.hpp"
#include "wire/frame.hpp"

using namespace tw;

namespace {

// Encodes and decodes everything that passes; one frame in `odds` is lost, another one comes twice.
class bad_line final : public draft_link {
  public:
    bad_line(draft_inbox& inbox, std::size_t index, unsigned odds)
        : inbox_(inbox), index_(index), odds_(odds), drafter_(toy_model(R"({"disturb":0.1})")) {}

    void send(drafter_message message) override {
        for (auto copies = fate(); copies > 0; --copies) {
            auto arrived = wire::decode(wire::encode(1, wire::as_message(std::move(message))).value());
            REQUIRE(arrived.has_value());
            drafter_.apply(wire::narrow<drafter_message>(std::move(arrived->body)).value());
        }
        std::vector<drafter_reply> replies, arrived;
        while (drafter_.has_work()) REQUIRE(drafter_.step(replies).has_value());
        for (const auto& reply : replies)
            for (auto copies = fate(); copies > 0; --copies) {
                auto got = wire::decode(wire::encode(1, wire::as_message(reply)).value());
                REQUIRE(got.has_value());
                arrived.push_back(wire::narrow<drafter_reply>(std::move(got->body)).value());
            }
        inbox_.put(index_, arrived);
    }
    [[nodiscard]] std::size_t longest() const override { return drafter_.longest(); }

  private:
    int fate() {
        if (odds_ == 0) return 1;
        const auto roll = dice_() % odds_;
        return roll == 0 ? 0 : roll == 1 ? 2 : 1;
    }

    draft_inbox& inbox_;
    std::size_t index_;
    unsigned odds_;
    std::mt19937 dice_{7};
    model_drafter drafter_;
};

// Answers are asked for until so many drafts were accepted, since a busy machine may keep the policy silent for a while.
std::uint64_t accepted_over(unsigned odds, std::uint64_t wanted) {
    std::vector<drafter_offer> offers;
    offers.push_back({"line", [odds](draft_inbox& inbox, std::size_t index) {
                          return std::make_unique<bad_line>(inbox, index, odds);
                      }});
    scheduler alone(toy_model(), nullptr, {});
    scheduler with(toy_model(R"({"delay_us":2000})"), std::make_unique<speculator>(std::move(offers), speculator_options{
                       .most = 8, .always = false, .mode = speculator_options::way::streaming}), {});
    std::uint64_t accepted = 0;
    for (std::uint64_t seed = 0; seed < 100 && accepted < wanted; ++seed) {
        const auto got = run(with, ask(seed, 1, 120)).outcome;
        CHECK(got.tokens == run(alone, ask(seed, 1, 120)).outcome.tokens);
        accepted += got.stats.accepted;
    }
    return accepted;
}

} // namespace

TEST_CASE("drafts come through frames, and through frames that are lost and repeated") {
    CHECK(accepted_over(0, 100) >= 100);
    CHECK(accepted_over(8, 100) >= 100);
}
