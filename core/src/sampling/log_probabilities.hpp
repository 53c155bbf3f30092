// What the model itself thought of a token: log probabilities of a row of logits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tw {

struct row_likelihood {
    struct entry {
        std::int32_t token = 0;
        double logprob = 0;
    };
    double logprob = 0;     // of the token asked for
    std::vector<entry> top; // the likeliest tokens, likeliest first, equal ones by id
};

// log softmax of the row as the model gave it: before bias, penalties, truncation and temperature. A NaN counts as
// -infinity. At most `most` entries in `top`. `token` must lie in the row. About as dear as a dozen picks.
[[nodiscard]] row_likelihood log_probabilities(std::span<const float> logits, std::int32_t token, std::size_t most);

} // namespace tw
