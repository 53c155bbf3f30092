// What the process of a pool is to hold: found by its name, and looked at before anything is touched.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "config/config.hpp"
#include "plan/model_shape.hpp"
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

// Of the caches of all slots together, for the options of a backend, a JSON object.
[[nodiscard]] std::uint64_t cached_tokens(const plan::model_shape& shape, const nlohmann::json& options);

// The error says of the first worker that its "vram" is too little for what an engine with these options would give it.
// Nothing is said where the free memory divides the layers, or gpu_layers keeps some here. `gpu_bytes`: of this machine's
// GPU, which takes a share of them; 0 = not known, none = there is none.
[[nodiscard]] result<void> fits_pool(const plan::model_shape& shape, const std::string& name, const pool_config& pool,
                                     const nlohmann::json& options, std::optional<std::uint64_t> gpu_bytes);

// The pool with numbers of layers for each worker whose experts are "balanced", as they fall for the backend's options (a JSON
// object or null) and this machine's first GPU; the pool as it is where none is. Errors: who holds which layers cannot be
// known here.
[[nodiscard]] result<pool_config> with_experts_placed(const pool_config& pool, const plan::model_shape& shape,
                                                      const nlohmann::json& options);
// Of the model whose file the options name. Errors besides: of its header, which is read where it is needed.
[[nodiscard]] result<pool_config> with_experts_placed(const pool_config& pool, const std::string& options_json);

// Reads headers alone. Errors: what check_pipelines() would say of such a backend, a file that cannot be read, or, where no
// llama-server holds the model, those of fits_pool() with this machine's first GPU.
[[nodiscard]] result<void> look_at(const pool_model& model, const configuration& config, const registry& plugins);

// The options of the model's backend with its file, a JSON object.
[[nodiscard]] std::string options_of(const node_config& backend, const std::string& file);

} // namespace tw
