// Times one pick over vocabulary, temperature and truncation: bench_sampling [--json FILE].
#include "sampling/kernels.hpp"
#include "sampling/sampler.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace {

struct truncation_case {
    const char* name;
    std::int32_t top_k;
    float top_p, min_p;
};

// Milliseconds a row: the median over rounds, each a handful of rows that take turns.
double measure(const std::vector<std::vector<float>>& rows, const tw::sampling_params& params) {
    using clock = std::chrono::steady_clock;
    tw::sampler sampler(params, static_cast<std::int32_t>(rows.front().size()));
    std::vector<double> rounds;
    std::int64_t position = 0;
    std::int64_t sum = 0;
    const auto end = clock::now() + std::chrono::milliseconds(150);
    while (clock::now() < end || rounds.size() < 5) {
        const auto start = clock::now();
        for (const auto& row : rows)
            sum += sampler.pick(row, position++);
        const std::chrono::duration<double, std::milli> took = clock::now() - start;
        rounds.push_back(took.count() / static_cast<double>(rows.size()));
    }
    if (sum < 0) std::puts("impossible");
    std::nth_element(rounds.begin(), rounds.begin() + rounds.size() / 2, rounds.end());
    return rounds[rounds.size() / 2];
}

std::vector<std::vector<float>> make_rows(std::size_t n, float deviation) {
    std::mt19937_64 random(1);
    std::normal_distribution<float> normal(0.0F, 1.0F);
    std::vector<std::vector<float>> rows(4, std::vector<float>(n));
    for (auto& row : rows)
        for (auto& logit : row)
            logit = normal(random) * deviation;
    return rows;
}

} // namespace

int main(int argc, char** argv) {
    const bool to_file = argc == 3 && std::strcmp(argv[1], "--json") == 0;
    if (argc != 1 && !to_file) {
        std::fputs("usage: bench_sampling [--json FILE]\n", stderr);
        return 2;
    }
    constexpr truncation_case truncations[] = {{"none", 0, 1.0F, 0.0F},
                                               {"top_k=40", 40, 1.0F, 0.0F},
                                               {"top_p=0.95", 0, 0.95F, 0.0F},
                                               {"min_p=0.05", 0, 1.0F, 0.05F},
                                               {"all three", 40, 0.95F, 0.05F}};
    std::string json = "[";
    double worst_32k = 0, worst_152k = 0;
    std::printf("instruction set: %s\n%8s %10s %12s %12s %10s\n",
                tw::supported_kernels().front().name, "vocab", "logits", "temperature",
                "truncation", "ms a row");
    for (const std::size_t n : {std::size_t{32000}, std::size_t{152064}})
        for (const float deviation : {3.0F, 0.0F}) {
            const auto rows = make_rows(n, deviation);
            const char* shape = deviation > 0 ? "gaussian 3" : "flat";
            for (const float temperature : {0.0F, 0.7F, 1.0F})
                for (const auto& cut : truncations) {
                    tw::sampling_params params;
                    params.temperature = temperature;
                    params.top_k = cut.top_k;
                    params.top_p = cut.top_p;
                    params.min_p = cut.min_p;
                    const double ms = measure(rows, params);
                    std::printf("%8zu %10s %12.1f %12s %10.4f\n", n, shape,
                                static_cast<double>(temperature), cut.name, ms);
                    char line[256];
                    std::snprintf(
                        line, sizeof line,
                        "%s\n  {\"vocab\": %zu, \"logits\": \"%s\", \"temperature\": %.1f, "
                        "\"truncation\": \"%s\", \"ms\": %.5f}",
                        json.size() > 1 ? "," : "", n, shape, static_cast<double>(temperature),
                        cut.name, ms);
                    json += line;
                    if (temperature == 1.0F && &cut == &truncations[0]) {
                        auto& worst = n == 32000 ? worst_32k : worst_152k;
                        worst = std::max(worst, ms);
                    }
                }
        }
    json += "\n]\n";
    if (to_file && !(std::ofstream(argv[2]) << json)) {
        std::fprintf(stderr, "cannot write %s\n", argv[2]);
        return 1;
    }
    std::printf("sampling_32k_ms=%.4f sampling_152k_ms=%.4f\n", worst_32k, worst_152k);
    return 0;
}
