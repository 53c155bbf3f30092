// Loads a target with the cache settings that keep it exact, as the probe finds them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bridge/engine.hpp"
#include "exactness/probe.hpp"

namespace tw {

struct exact_target {
    std::unique_ptr<engine> model;
    exactness_report report;
    double cost = 1; // a plain step as it is made here, over one with the cheapest settings and no padding
    std::string settings; // of the cache, where the plugin has a choice
    bool probed = false; // false = `numeric` was asked for, so nothing was measured
};

// As the system calls it: the same build picks other code for another one.
[[nodiscard]] std::string processor_name();

// Gets 0 … 1; false = give up.
using exact_progress = std::function<bool(float)>;

// Makes an engine with the given options, a JSON object.
using engine_maker =
    std::function<result<std::unique_ptr<engine>>(const std::string& options_json, const exact_progress& progress)>;

// `wanted`: "auto" takes the cheapest settings that are bitwise, else the best class there is; "bitwise" and
// "shape-class" fail where the engine does not reach them, with what it reaches and costs in the sentence;
// "numeric" takes the cheapest settings unprobed. Where the plugin has no choice of settings (`has_cache`
// false) or the operator made it, there is one candidate. Results are kept in the cache folder. A probe may take
// minutes; `progress` is asked after each of its passes.
[[nodiscard]] result<exact_target> load_exact_target(const engine_maker& make, const std::string& options_json,
                                                     bool has_cache, const std::string& wanted,
                                                     const probe_options& probing, const exact_progress& progress);

} // namespace tw
