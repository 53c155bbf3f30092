// A scheduler over toy engines, and answers that can be waited for.
#pragma once

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "bridge/engine.hpp"
#include "scheduler/scheduler.hpp"
#include "service/plugin_host.hpp"
#include "speculation/drafter_thread.hpp"
#include "speculation/speculator.hpp"
#include "support/toy_engine.hpp"

struct collected final : tw::generation_sink {
    std::string all;
    std::promise<tw::generation_result> ended;
    std::future<tw::generation_result> result = ended.get_future();
    std::promise<void> first;
    std::future<void> began = first.get_future();
    bool started = false;

    void text(std::string_view piece) override {
        all += piece;
        if (!started) first.set_value();
        started = true;
    }
    void done(tw::generation_result outcome) override { ended.set_value(std::move(outcome)); }
};

struct answer {
    std::string text;
    tw::generation_result outcome;
};

inline std::unique_ptr<tw::engine> toy_model(const std::string& options = "{}") {
    auto made = tw::engine::create(toy::api(), "toy", std::make_unique<tw::plugin_host>("toy", std::map<std::string, tw::secret_ref>{}),
                                   options, [](float) { return true; });
    REQUIRE(made.has_value());
    (*made)->with_grammars(toy::grammar_api());
    return std::move(*made);
}

// A planner that drafts `length` tokens in every round, whether it pays or not.
inline std::unique_ptr<tw::draft_planner> toy_drafter(const std::string& options, std::size_t length = 4) {
    std::vector<tw::drafter_offer> offers;
    offers.push_back({"toy", [&](tw::draft_inbox& inbox, std::size_t index) {
                          return std::make_unique<tw::drafter_thread>(toy_model(options), inbox, index);
                      }});
    return std::make_unique<tw::speculator>(std::move(offers), tw::speculator_options{.most = length, .always = true});
}

inline tw::sequence_request ask(std::uint64_t seed, float temperature, std::int32_t max_tokens = 60) {
    tw::sequence_request request;
    request.prompt = {0, 2 + static_cast<std::int32_t>(seed % 26), 3, 4};
    request.sampling.seed = seed;
    request.sampling.temperature = temperature;
    request.max_tokens = max_tokens;
    request.logits_digest = true;
    return request;
}

inline answer run(tw::scheduler& scheduler, tw::sequence_request request) {
    auto sink = std::make_shared<collected>();
    auto started = scheduler.submit(std::move(request), sink);
    REQUIRE(started.has_value());
    auto outcome = sink->result.get();
    return {sink->all, std::move(outcome)};
}
