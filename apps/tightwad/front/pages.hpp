// The replies that only report: models, health, status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "front/http_types.hpp"

namespace tw::front {

class catalogue;

/// What the connections count; the serving thread alone.
struct counters {
    std::int64_t started = 0; // seconds since 1970
    std::size_t connections = 0, running_answers = 0;
    std::uint64_t requests = 0, answers = 0, disconnects = 0;
};

/// For whoever opens the address in a browser, and for Ollama's clients, which ask for "/" first.
[[nodiscard]] reply greeting_page();
[[nodiscard]] reply health_page(const catalogue& models);
[[nodiscard]] reply models_page(const catalogue& models, std::int64_t created);
[[nodiscard]] reply model_page(const catalogue& models, const std::string& id,
                               std::int64_t created);
[[nodiscard]] reply status_page(const catalogue& models, const counters& counts);

/// {"pipeline": NAME, "model": MODEL}: begins to load another model there and is answered 202; the status says how it goes.
[[nodiscard]] reply swap_page(const catalogue& models, std::string_view body);

} // namespace tw::front
