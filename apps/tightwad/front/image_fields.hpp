// Images of four APIs, as the parts that OpenAI's chat has. Nobody here looks into them.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "front/fields.hpp"

namespace tw::front {

/// How an API writes an image among the parts of a message.
enum class image_form {
    openai,    // {"type": "image_url", "image_url": {"url": …}}
    responses, // {"type": "input_image", "image_url": …}
    anthropic, // {"type": "image", "source": {…}}
};

/// Whether a part says that it is an image.
[[nodiscard]] bool is_image(image_form form, const nlohmann::json& part);

/// As OpenAI's chat has it; an image of that API as it came. `path` is the part's place. Null after an error.
[[nodiscard]] nlohmann::json read_image(fields& in, const std::string& path, const nlohmann::json& part, image_form form);

/// Ollama's: base64, whose first bytes tell the type.
[[nodiscard]] nlohmann::json read_bare_image(fields& in, const std::string& path, const nlohmann::json& data);

} // namespace tw::front
