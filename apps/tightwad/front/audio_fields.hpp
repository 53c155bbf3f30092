// Audio in chats, as OpenAI's parts have it.
#pragma once

#include <string>

#include "front/fields.hpp"

namespace tw::front {

[[nodiscard]] bool is_audio(const nlohmann::json& part);

/// The part as it came: what is in it is the server's to read. Refused where it holds nothing.
[[nodiscard]] nlohmann::json read_audio(fields& in, const std::string& path, const nlohmann::json& part);

} // namespace tw::front
