// What Ollama's clients read beside answers: which models there are and what is known of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "front/http_types.hpp"
#include "pipeline/questions.hpp"

namespace tw::front {

class catalogue;

/// "2026-11-25T12:00:00Z" of seconds since 1970.
[[nodiscard]] std::string ollama_time(std::int64_t seconds);

[[nodiscard]] reply ollama_tags_page(const catalogue& models, std::int64_t created);
[[nodiscard]] reply ollama_ps_page(const catalogue& models);
[[nodiscard]] reply ollama_version_page();

/// The model that the body of a request to /api/show names in "model", or in "name" as older clients do; or why not.
[[nodiscard]] std::variant<std::string, reply> ollama_shown_model(const catalogue& models, std::string_view body);
/// `known`: what the model says of itself, none where it cannot be asked.
[[nodiscard]] reply ollama_show_page(const std::optional<model_properties>& known, std::int64_t created);

} // namespace tw::front
