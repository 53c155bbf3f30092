// The ranges of the sampler's settings.
#include "sampling/validate.hpp"

#include <cmath>
#include <limits>
#include <sstream>
#include <string>

namespace tw {
namespace {

template <class Number> error refuse(const char* field, Number value, const char* remedy) {
    std::ostringstream text;
    text << field << " is " << value << "; " << remedy << '.';
    auto failure = fail(code::invalid_argument, text.str());
    failure.param = field;
    return failure;
}

bool in_unit(float value) {
    return value >= 0.0F && value <= 1.0F;
}

} // namespace

result<void> validate(const sampling_params& params, std::int32_t n_vocab) {
    if (!std::isfinite(params.temperature) || params.temperature < 0.0F)
        return refuse("temperature", params.temperature, "use 0 (greedy) or more");
    if (params.top_k < 0) return refuse("top_k", params.top_k, "use 0 (off) or more");
    if (!in_unit(params.top_p)) return refuse("top_p", params.top_p, "use 0 to 1 (off)");
    if (!in_unit(params.min_p)) return refuse("min_p", params.min_p, "use 0 (off) to 1");
    if (!std::isfinite(params.repeat_penalty) || params.repeat_penalty <= 0.0F)
        return refuse("repeat_penalty", params.repeat_penalty, "use more than 0; 1 is off");
    if (params.repeat_last_n < -1)
        return refuse("repeat_last_n", params.repeat_last_n, "use -1 (all), 0 (off) or more");
    if (!std::isfinite(params.presence_penalty))
        return refuse("presence_penalty", params.presence_penalty, "use a finite number; 0 is off");
    if (!std::isfinite(params.frequency_penalty))
        return refuse("frequency_penalty", params.frequency_penalty,
                      "use a finite number; 0 is off");
    for (const auto& [token, bias] : params.logit_bias) {
        if (token < 0 || token >= n_vocab) {
            const auto remedy = "use ids from 0 to " + std::to_string(n_vocab - 1);
            auto failure = refuse("logit_bias", token, remedy.c_str());
            failure.message.insert(0, "A token id in ");
            return failure;
        }
        if (std::isnan(bias) || bias == std::numeric_limits<float>::infinity()) {
            auto failure =
                refuse("logit_bias", bias, "use a finite number, or -infinity to ban it");
            failure.message.insert(0, "The bias of token " + std::to_string(token) + " in ");
            return failure;
        }
    }
    return {};
}

} // namespace tw
