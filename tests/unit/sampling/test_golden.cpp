// The ids of tests/golden/sampling.json, which another implementation wrote, come out here too.
#include "sampling/sampler.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>

namespace {

std::vector<float> formula(std::size_t n) {
    std::vector<float> row(n);
    for (std::size_t x = 0; x < n; ++x) {
        const auto hash = static_cast<std::uint32_t>(x) * 2654435761U;
        row[x] = static_cast<float>(hash >> 16U) / 4096.0F;
    }
    return row;
}

tw::sampling_params read(const nlohmann::json& from) {
    tw::sampling_params params;
    params.temperature = from.value("temperature", params.temperature);
    params.top_k = from.value("top_k", params.top_k);
    params.top_p = from.value("top_p", params.top_p);
    params.min_p = from.value("min_p", params.min_p);
    params.repeat_penalty = from.value("repeat_penalty", params.repeat_penalty);
    params.repeat_last_n = from.value("repeat_last_n", params.repeat_last_n);
    params.presence_penalty = from.value("presence_penalty", params.presence_penalty);
    params.frequency_penalty = from.value("frequency_penalty", params.frequency_penalty);
    params.logit_bias = from.value("logit_bias", params.logit_bias);
    params.seed = from.value("seed", params.seed);
    return params;
}

} // namespace

TEST_CASE("the golden ids come out") {
    std::ifstream file(std::string(TW_SOURCE_DIR) + "/tests/golden/sampling.json");
    const auto golden = nlohmann::json::parse(file);
    REQUIRE(golden.at("sampler_revision") == tw::sampler_revision);
    for (const auto& wanted : golden.at("cases")) {
        CAPTURE(wanted.at("name"));
        const auto row = formula(wanted.at("n_vocab"));
        const std::vector<std::int32_t> prompt = wanted.at("prompt");
        const std::vector<std::int32_t> ids = wanted.at("ids");
        tw::sampler sampler(read(wanted.at("params")), static_cast<std::int32_t>(row.size()));
        sampler.prompt(prompt);
        std::vector<std::int32_t> picked;
        while (picked.size() < ids.size()) {
            const auto position = static_cast<std::int64_t>(prompt.size() + picked.size());
            picked.push_back(sampler.pick(row, position));
            sampler.push(picked.back());
        }
        CHECK(picked == ids);
    }
}
