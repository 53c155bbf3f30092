// The prompt-prefix cache on trial: a warm run must give the bytes of a cold one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace bench {

struct warm_figures {
    std::size_t runs = 0;       // answers over a prompt whose beginning was known
    std::size_t warm = 0;       // of these, how many took cells from the cache
    std::size_t cached = 0;     // tokens they took
    std::size_t mismatches = 0; // answers that differ from the cold one, and cold runs that were not cold
};

// Per text: asked once, asked again, and then a longer prompt that shares its beginning: the text and its
// answer, so that cells written by decoding are reused, or two thirds of the text, so that the cache must be
// cut back. Drafts are on. Each is compared with the target alone in a second copy of the models
// that has never read that beginning. `load` gives a fresh copy; the texts must begin differently.
[[nodiscard]] warm_figures check_prefix_cache(const std::function<std::shared_ptr<tw::pipeline>()>& load,
                                              const std::vector<std::string>& texts, int max_tokens);

} // namespace bench
