// One GGUF file as an engine, without a pipeline around it, for tests that look at logits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bridge/engine.hpp"

namespace bench {

// Through the build tree's plugin, with `slots` sequences; threads = 0 takes one per core. Exits with the reason when it
// cannot be loaded.
std::unique_ptr<tw::engine> load_engine(const std::string& path, int slots, int threads);

std::vector<std::int32_t> tokenize(const tw::engine& model, const std::string& text);

// One pass over `tokens` at `first` … of sequence `seq`, logits for each. Valid until the next pass. Exits with the
// reason when the engine refuses.
tw::engine::logits_view decode(tw::engine& model, std::int32_t seq, std::size_t first,
                               std::span<const std::int32_t> tokens);

// Forgets sequence `seq`.
void clear(tw::engine& model, std::int32_t seq = 0);

} // namespace bench
