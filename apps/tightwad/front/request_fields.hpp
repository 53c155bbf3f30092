// Fields that requests of several APIs have in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "front/api_request.hpp"
#include "front/fields.hpp"

namespace tw::front {

/// temperature, top_p, top_k, min_p, penalties, logit_bias, and the seed, which is chosen when there
/// is none.
void read_sampling(fields& in, sampling_params& out);

/// A string or an array of at most `most` strings.
void read_stop(fields& in, const char* key, std::size_t most, std::vector<std::string>& out);

/// At least 1. More than `limit` is refused, or with `clamp` taken for it: an API whose clients must
/// name a bound means "at most", and is told when the answer was cut there.
void read_max_tokens(fields& in, const char* key, std::int32_t limit, bool clamp,
                     std::optional<std::int32_t>& out);

/// The most alternatives to one token that are told.
inline constexpr std::int64_t most_logprobs = 20;
/// `logprobs` says whether, `top_logprobs` how many alternatives.
void read_chat_logprobs(fields& in, api_request& out);

/// Our own field: {"tightwad": {"speculation": false}}.
void read_extension(fields& in, api_request& out);

/// Neither absent, nor null, false, zero-length or empty.
[[nodiscard]] bool is_set(const nlohmann::json* value);

/// "Tools are not supported yet; leave 'tools' out."
void refuse_unsupported(fields& in, const char* key, const char* what);

} // namespace tw::front
