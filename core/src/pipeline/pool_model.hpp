// What the process of a pool is to hold: found by its name, and looked at before anything is touched.
#pragma once

#include <filesystem>
#include <string>

#include "config/config.hpp"
#include "plugin/registry.hpp"

namespace tw {

struct pool_model {
    std::string name;    // as it was asked for
    std::string backend; // [backend.NAME] over the pool, whose settings hold
    std::string file{};  // in place of that one's model_path; empty = its own
};

// `asked`: a backend of the configuration over the same pool as `now`, or as model_path is written, relative to the
// configuration's folder; such a file is used with the settings of the backend of `now`. Errors: neither is there, or
// the backend lies elsewhere; the sentence lists what there is.
[[nodiscard]] result<pool_model> find_pool_model(const std::string& asked, const pool_model& now,
                                                 const configuration& config);

// Reads headers alone. Errors: what check_pipelines() would say of such a backend, a file that cannot be read, or that the
// layers do not fit the memory that the workers' "vram" names, where all of them name it.
[[nodiscard]] result<void> look_at(const pool_model& model, const configuration& config, const registry& plugins);

// The options of the model's backend with its file, a JSON object.
[[nodiscard]] std::string options_of(const node_config& backend, const std::string& file);

} // namespace tw
