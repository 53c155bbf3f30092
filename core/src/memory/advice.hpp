// What to do about a machine's memory before a model is loaded. Changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "memory/facts.hpp"

namespace tw::memory {

enum class severity { note, warning, critical };

[[nodiscard]] const char* word_of(severity how);

struct advice {
    severity how = severity::note;
    std::string sentence;
    std::vector<std::string> commands{}; // for a shell; empty = there is nothing to run
};

// For a model of that many bytes, or for none. Never empty.
[[nodiscard]] std::vector<advice> advise(const facts& machine, std::optional<std::uint64_t> model_bytes);

} // namespace tw::memory
