// A line for each machine.
#include "commands/share_text.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace tw::cli {
namespace {

std::string layers_text(const plan::share& one) {
    std::string out =
        one.count == 0 ? "-" : std::to_string(one.first) + "-" + std::to_string(one.first + one.count - 1);
    if (one.output) out += one.count == 0 ? " output" : ", output";
    return out;
}

} // namespace

std::vector<std::vector<std::string>> share_rows(const std::vector<plan::share>& shares) {
    std::vector<std::vector<std::string>> rows{{"WHERE", "LAYERS", "WEIGHTS", "CACHE", "OF", "FITS"}};
    for (const auto& share : shares)
        rows.push_back({share.name, layers_text(share), human_bytes(share.weight_bytes), human_bytes(share.cache_bytes),
                        human_bytes(share.memory_bytes), share.fits() ? "yes" : "no"});
    return rows;
}

nlohmann::ordered_json shares_json(const std::vector<plan::share>& shares) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& share : shares)
        out.push_back({{"name", share.name},
                       {"first_layer", share.first},
                       {"layers", share.count},
                       {"output", share.output},
                       {"weight_bytes", share.weight_bytes},
                       {"cache_bytes", share.cache_bytes},
                       {"memory_bytes", share.memory_bytes},
                       {"fits", share.fits()}});
    return out;
}

} // namespace tw::cli
