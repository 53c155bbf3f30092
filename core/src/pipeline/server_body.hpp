// What a server is asked, as tw_backend_v1::start has it.
#pragma once

#include <nlohmann/json.hpp>

#include "scheduler/generation.hpp"

namespace tw {

// The OpenAI body of what is asked. What the client left open is the server's affair, which has defaults of its own.
[[nodiscard]] nlohmann::ordered_json to_server_body(const generation_request& request);

} // namespace tw
