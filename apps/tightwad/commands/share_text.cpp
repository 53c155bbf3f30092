// A line for each machine.
#include "commands/share_text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace tw::cli {
namespace {

std::string layers_text(const plan::share& one) {
    std::string out = one.count == 0 ? "" : std::to_string(one.first) + "-" + std::to_string(one.first + one.count - 1);
    if (!one.experts_away.empty()) out += " (of " + ranges(one.experts_away) + " no experts)";
    const auto add = [&](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
    if (!one.experts_of.empty()) add("experts of " + ranges(one.experts_of));
    if (one.output) add("output");
    return out.empty() ? "-" : out;
}

} // namespace

std::string ranges(std::vector<std::size_t> numbers, const std::string& between) {
    std::ranges::sort(numbers);
    std::string out;
    for (std::size_t begin = 0; begin < numbers.size();) {
        auto end = begin + 1;
        while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
        out += (out.empty() ? "" : between) + std::to_string(numbers[begin]);
        if (end > begin + 1) out += '-' + std::to_string(numbers[end - 1]);
        begin = end;
    }
    return out;
}

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
                       {"experts_of", share.experts_of},
                       {"experts_away", share.experts_away},
                       {"weight_bytes", share.weight_bytes},
                       {"cache_bytes", share.cache_bytes},
                       {"memory_bytes", share.memory_bytes},
                       {"fits", share.fits()}});
    return out;
}

} // namespace tw::cli
