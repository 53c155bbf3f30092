// Texts lent to a plugin that computes numbers of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tightwad/abi/ext/embedding.h>

#include "bridge/call.hpp"

namespace tw {

// Has the plugin's `function` write into `out`, and checks that all of it is finite. `call` gets the texts and a tw_error*.
template <class Call>
[[nodiscard]] result<void> compute(const std::string& plugin_id, const char* function, std::span<const std::vector<std::int32_t>> texts,
                                   std::span<const float> out, Call call) {
    std::vector<tw_embedding_text> lent;
    lent.reserve(texts.size());
    for (const auto& text : texts) lent.push_back({text.data(), text.size()});
    const auto done = checked(plugin_id, function, [&](tw_error* problem) { return call(lent, problem); });
    if (!done) return done.error();
    if (!std::all_of(out.begin(), out.end(), [](float x) { return std::isfinite(x); }))
        return broke_contract(plugin_id, std::string(function) + " answered a number that is not finite");
    return {};
}

} // namespace tw
