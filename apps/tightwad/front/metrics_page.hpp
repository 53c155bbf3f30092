// What a Prometheus reads from time to time.
#pragma once

#include "front/http_types.hpp"
#include "front/pages.hpp"

namespace tw::front {

/// The figures of the endpoint and of every pipeline that has them, in Prometheus' text format 0.0.4; seconds and tokens
/// since the start.
[[nodiscard]] reply metrics_page(const catalogue& models, const counters& counts);

} // namespace tw::front
